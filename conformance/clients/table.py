#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""The table of clients.

    table.py write SOFTHSM TPM2 SEEDLEAF   three reports of run.sh as Markdown; exit status 1 when a row works elsewhere and not on Seedleaf
    table.py check TABLE REPORT            TAP: REPORT, of Seedleaf, works wherever TABLE has a W
"""
import sys

MODULES = ("SoftHSM2", "tpm2-pkcs11", "Seedleaf")


def read(name):
    """Returns the version of the module, empty for none, and {(client, operation): cell}."""
    version, client, rows = "", "", {}
    with open(name, encoding="utf-8") as f:
        for line in f:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "module":
                version = rest
            elif word == "client":
                client = rest
            elif word in ("W", "F"):
                title, _, reason = rest.partition(" -- ")
                if (client, title) in rows:
                    sys.exit("%s: twice: %s, %s" % (name, client, title))
                rows[client, title] = "W" if word == "W" else "F " + code(reason)
            elif word != "#":
                sys.exit("%s: not a report: %s" % (name, line))
    return version, rows


def code(text):
    return "`%s`" % text.replace("`", "'") if text else ""


def recorded(name):
    """The table read back: {(client, operation): the three cells}."""
    client, rows = None, {}
    with open(name, encoding="utf-8") as f:
        for line in f:
            if line.startswith("## "):
                client = line[3:].rstrip("\n")
            cells = [c.strip() for c in line.strip().strip("|").split(" | ")]
            if client and len(cells) == 4 and cells[1][:1] in ("W", "F", "-") and not cells[1].startswith("---"):
                rows[client.split(" (")[0], cells[0].strip("`")] = cells[1:]
    return rows


def write(names):
    versions, tables = zip(*(read(n) for n in names))
    ours = tables[2]
    for key in [k for t in tables[:2] for k in t]:
        if key not in ours:
            sys.exit("no such row on Seedleaf: %s, %s" % key)
    cells = {k: [t.get(k, "F `the client's rows did not get there in time`" if v else "-") for v, t in zip(versions, tables)] for k in ours}
    works = [[k for k in cells if cells[k][m] == "W"] for m in range(3)]
    behind = [k for k in cells if cells[k][2] != "W" and "W" in cells[k][:2]]
    alone = [k for k in works[2] if "W" not in cells[k][:2]]
    print("# Real clients on three modules\n")
    print("Written by `make conformance-clients`, which runs each row; do not edit. W: the client did it, and what it made was checked; F: it did not, with what")
    print("it said. Each token has PINs. SoftHSM2 keeps its keys in files; the others have a software TPM, tpm2-pkcs11 through tpm2-abrmd where that is installed.\n")
    print("| module | version | rows | W | F |\n| --- | --- | --- | --- | --- |")
    for m, name in enumerate(MODULES):
        print("| %s | %s | %d | %d | %d |" % (name, versions[m] or "not installed", len(cells), len(works[m]),
                                             sum(c[m].startswith("F") for c in cells.values())))
    print("\npkcs11-provider is not in Debian 12 and has no rows.\n")
    for title, keys in (("Works on another module and not on Seedleaf", behind), ("Does not work on Seedleaf", [k for k in cells if cells[k][2] != "W"]),
                        ("Works on Seedleaf alone", alone)):
        print("%s: %d%s" % (title, len(keys), "\n" if keys else ".\n"))
        for key in keys:
            print("- %s: `%s`" % (key[0].split(" (")[0], key[1]))
        if keys:
            print()
    client, first = None, next(iter(cells), None)
    for key, row in cells.items():
        if key[0] != client:
            client = key[0]
            print("%s## %s\n\n| operation | %s | %s | %s |\n| --- | --- | --- | --- |" % (("\n" if key != first else "", client) + MODULES))
        print("| `%s` | %s |" % (key[1], " | ".join(row)))
    return 1 if behind else 0


def check(table, report):
    want, (_, got) = recorded(table), read(report)
    got = {(client.split(" (")[0], title): cell for (client, title), cell in got.items()}
    bad = 0
    for n, key in enumerate(list(want) + [k for k in got if k not in want], 1):
        cell = got.get(key, "F `no such row`")
        fine = cell == "W" or key in want and "W" not in want[key] and key in got
        bad += not fine
        print("%sok %d - %s %s%s" % ("" if fine else "not ", n, key[0], key[1].replace("#", ""), "" if cell == "W" else ": " + cell.replace("#", "")))
    print("1..%d" % len(set(want) | set(got)))
    return 1 if bad or not want else 0


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "write":
        sys.exit(write(sys.argv[2:]))
    if len(sys.argv) == 4 and sys.argv[1] == "check":
        sys.exit(check(*sys.argv[2:]))
    sys.exit(__doc__)
