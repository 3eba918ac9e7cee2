#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""Compares the probe's reports.

    matrix.py matrix SOFTHSM SEEDLEAF    the two side by side, as Markdown; exit status 1 when SoftHSM2 passes a case that Seedleaf does not
    matrix.py sabotage FOLDER            FOLDER/plain and FOLDER/LIE, each with the reports of both: which lies each case notices
"""
import os
import sys

RESULTS = ("pass", "fail", "crash", "absent")
MODULES = ("softhsm", "seedleaf")
CHAPTERS = {
    "4": "Objects", "5.4": "General-purpose functions", "5.5": "Slots and tokens", "5.6": "Sessions and login", "5.7": "Object management",
    "5.8": "Encryption", "5.9": "Message encryption", "5.10": "Decryption", "5.11": "Message decryption", "5.12": "Digests", "5.13": "Signatures",
    "5.14": "Message signatures", "5.15": "Verification", "5.16": "Message verification", "5.17": "Dual functions", "5.18": "Key management",
    "5.19": "Random numbers", "5.20": "Parallel functions", "5.2": "Lengths of outputs", "6.1": "RSA", "6.3": "Elliptic curves", "6.8": "Wrapping private keys",
    "6.9": "Generic secrets", "6.11": "AES", "6.12": "AES CTR", "6.13": "AES GCM, CCM, GMAC", "6.14": "AES CMAC", "6.15": "AES XTS",
    "6.16": "AES key wrap", "6.17": "Derivation by encryption", "6.20": "SHA-1", "6.21": "SHA-224", "6.22": "SHA-256", "6.23": "SHA-384", "6.24": "SHA-512", "6.25": "SHA-512/224",
    "6.26": "SHA-512/256", "6.28": "SHA3-224", "6.29": "SHA3-256", "6.30": "SHA3-384", "6.31": "SHA3-512", "6.37": "PBKDF2", "6.40": "TLS 1.2",
    "6.42": "SP 800-108", "6.43": "Simple derivations", "6.58": "ChaCha20", "6.61": "ChaCha20-Poly1305", "6.62": "HKDF",
}


def read(name):
    rows = {}
    with open(name, encoding="utf-8") as f:
        for line in f:
            if line.startswith("#"):
                continue
            result, case, section, title = line.rstrip("\n").split(" ", 3)
            title, _, detail = title.partition(" -- ")
            if result not in RESULTS or case in rows:
                sys.exit("%s: not a report: %s" % (name, line))
            rows[case] = (result, section, title, detail)
    return rows


def chapter(section):
    parts = section.split(".")
    return parts[0] if parts[0] == "4" else ".".join(parts[:2])


def order(section):
    return [int(p) for p in section.split(".")]


def cell(text):
    return text.replace("|", "\\|")


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(cell(str(c)) for c in row) + " |")
    print()


def count(rows, cases, result):
    return sum(rows[c][0] == result for c in cases)


def matrix(soft, seed):
    cases = list(seed)
    behind = [c for c in cases if soft[c][0] == "pass" and seed[c][0] in ("fail", "crash")]
    lacking = [c for c in cases if soft[c][0] == "pass" and seed[c][0] == "absent"]
    ahead = [c for c in cases if seed[c][0] == "pass" and soft[c][0] != "pass"]
    print("# All of PKCS#11, side by side\n")
    print("Written by `make conformance`; do not edit. Sections are those of PKCS#11 3.1. *absent*: the module says that it does not have it;")
    print("*crash*: the process ended, or did not answer. Both tokens have PINs.\n")
    table(["module", "cases"] + list(RESULTS),
          [[name, len(cases)] + [count(rows, cases, r) for r in RESULTS] for name, rows in (("SoftHSM2", soft), ("Seedleaf", seed))])
    print("## By section\n")
    groups = {}
    for c in cases:
        groups.setdefault(chapter(seed[c][1]), []).append(c)
    head = ["section", "", "cases"] + ["SoftHSM2 " + r for r in RESULTS] + ["Seedleaf " + r for r in RESULTS]
    table(head, [[g, CHAPTERS.get(g, ""), len(groups[g])] + [count(rows, groups[g], r) for rows in (soft, seed) for r in RESULTS]
                 for g in sorted(groups, key=order)])
    for title, some, rows in (("SoftHSM2 passes, Seedleaf fails", behind, seed), ("SoftHSM2 passes, Seedleaf lacks it", lacking, seed),
                              ("Seedleaf passes, SoftHSM2 does not", ahead, soft)):
        print("## %s: %d\n" % (title, len(some)))
        if some:
            table(["case", "section", "", "the other"], [[c, seed[c][1], seed[c][2], rows[c][0] + (": " + rows[c][3] if rows[c][3] else "")] for c in some])
    print("## Every case\n")
    table(["case", "section", "", "SoftHSM2", "Seedleaf"], [[c, seed[c][1], seed[c][2], soft[c][0], seed[c][0]] for c in cases])
    return 1 if behind else 0


def sabotage(folder):
    lies = sorted(set(os.listdir(folder)) - {"plain"})
    plain = {m: read(os.path.join(folder, "plain", m)) for m in MODULES}
    passing = {c for m in MODULES for c, row in plain[m].items() if row[0] == "pass"}
    noticed = {c: set() for c in passing}
    for lie in lies:
        for m in MODULES:
            for c, row in read(os.path.join(folder, lie, m)).items():
                if plain[m][c][0] == "pass" and row[0] != "pass":
                    noticed[c].add(lie)
    for lie in lies:
        print("# %-10s noticed by %d of %d cases" % (lie, sum(lie in n for n in noticed.values()), len(passing)))
    only = sorted(c for c, n in noticed.items() if n == {"deny"})
    print("# noticing nothing but a function that fails: %d" % len(only))
    for c in only:
        print("#   %s" % c)
    never = sorted(c for c, n in noticed.items() if not n)
    print("%sok 1 - each of %d passing cases notices a lie" % ("not " if never else "", len(passing)))
    for c in never:
        print("#   %s" % c)
    print("1..1")
    return 1 if never else 0


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "matrix":
        sys.exit(matrix(read(sys.argv[2]), read(sys.argv[3])))
    if len(sys.argv) == 3 and sys.argv[1] == "sabotage":
        sys.exit(sabotage(sys.argv[2]))
    sys.exit(__doc__)
