#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""The benchmark's plumbing: that it runs everything, writes down what was measured, and computes its medians and ratios right. No times are judged."""

import json
import os
import subprocess
import sys
import tempfile
import xml.dom.minidom

HERE = os.path.dirname(os.path.realpath(__file__))
PROGRAM = os.path.join(os.environ["SL_BUILD"], "tests", "bench", "bench")
WITH_TPM = os.path.join(HERE, "..", "with-tpm")
tests = [0]
failed = [0]


def check(good, what):
    tests[0] += 1
    failed[0] += not good
    print("%sok %d - %s" % ("" if good else "not ", tests[0], what), flush=True)


def report(samples, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump(samples, f)
        f.flush()
        return subprocess.run([HERE + "/report.py", f.name, *options], stdout=subprocess.PIPE, text=True, check=True).stdout


def sample(subject, threads, number, rate, cpu):
    return {"measure": "sign.x", "subject": subject, "threads": threads, "round": number, "steps": 9, "rate": rate, "cpu_ns": cpu}


def statistics():
    """Known samples. The ratio is the median of the rounds' ratios (3, 2, 0.5), which is not that of the medians (200 / 50)."""
    known = {"machine": {"processor": "p", "cores": 2, "load": 0, "date": "d", "seconds": 9, "versions": {}}, "starts": [], "commands": [],
             "searches": [], "instructions": [], "memory": [],
             "proxy": [sample("seedleaf", 1, 0, 9, 1000), sample("proxy", 1, 0, 9, 1500), sample("seedleaf", 1, 1, 9, 2000),
                       sample("proxy", 1, 1, 9, 2100), sample("libcrypto-loop", 1, 0, 9, 3000), sample("libcrypto-loop", 1, 1, 9, 2100)],
             "servers": [{"server": "nginx", "subject": n, "round": r, "rate": rate, "cpu_ns": 5}
                         for n, r, rate in (("file", 0, 100), ("seedleaf", 0, 90), ("file", 1, 200), ("seedleaf", 1, 220))],
             "rates": [sample("seedleaf", 1, 0, 300, 10), sample("seedleaf", 1, 1, 200, 10), sample("seedleaf", 1, 2, 20, 10),
                       sample("libcrypto-prepared", 1, 0, 100, 5), sample("libcrypto-prepared", 1, 1, 100, 8), sample("libcrypto-prepared", 1, 2, 40, 20),
                       sample("seedleaf", 2, 0, 300, 10), sample("seedleaf", 2, 1, 390, 11), sample("seedleaf", 2, 2, 390, 13)]}
    found = json.loads(report(known, "--json"))
    row = found["rates"][0]
    check(row["rate"] == {"seedleaf": 200, "libcrypto-prepared": 100}, "medians of the rates")
    check(row["ratio"] == {"libcrypto-prepared": 2}, "the ratio is the median of the rounds' ratios")
    check(row["cpu_ratio"] == {"libcrypto-prepared": 0.8}, "and so is that of processor time")
    check(found["scaling"][0]["scaling"]["seedleaf"] == 1.95, "threads are compared with one thread of the same round")
    check(found["scaling"][0]["cost"]["seedleaf"] == 1.1, "and so is their processor time")
    check(found["proxy"][0]["cost_ns"] == 300 and found["proxy"][0]["cpu_ratio"] == {"libcrypto-loop": 1.5}, "the proxy's cost within a round")
    check([r["ratio"] for r in found["servers"]] == [1, 1], "a server's key beside the one in a file")
    check("| sign.x | 200 | 100 | 0.80 |" in report(known), "the text has them")
    drawing = report(known, "--svg")
    check(xml.dom.minidom.parseString(drawing).documentElement.tagName == "svg" and ">2.00: 200/s<" in drawing, "the plot has them")
    known["rates"][1]["rate"] = 250
    check("| sign.x | 250 | 100 | 0.80 |" in report(known), "another sample makes another text")


def run_of(samples, key):
    return {s[key] for s in samples}


def whole():
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "bench.json")
        done = subprocess.run([WITH_TPM, HERE + "/bench.py", "--quick", out], stdout=sys.stderr, check=False)
        check(done.returncode == 0, "a quick run ends well")
        with open(out, encoding="ascii") as f:
            data = json.load(f)
    rates = data["rates"]
    subjects = run_of(rates, "subject")
    check({"seedleaf", "libcrypto-loop", "libcrypto-prepared"} <= subjects, "subjects: %s" % ", ".join(sorted(subjects)))
    for name in sorted(subjects & {"seedleaf", "softhsm2", "libcrypto-loop", "libcrypto-prepared"}):
        have = {(s["measure"], s["threads"], s["round"]) for s in rates if s["subject"] == name}
        check(have == {(m, t, r) for m in ("sign.ecdsa-p256", "sign.ecdsa-p384", "sign.ed25519") for t in (1, 2) for r in (0, 1)},
              "%s: every measure, thread count and round" % name)
    check(all(s["rate"] > 0 and s["cpu_ns"] > 0 and s["steps"] >= s["threads"] for s in rates), "every sample was measured")
    check(len({s["rate"] for s in rates}) > len(rates) // 2, "and they are not all the same")
    totals = {}
    for root in ("primary", "persistent"):
        commands = {s["step"]: s["commands"] for s in data["commands"] if s["root"] == root}
        totals[root] = sum(commands.values())
        check(list(commands) == ["load", "C_Initialize", "open", "find", "C_SignInit", "C_Sign", "1000 more"], "a first signature has its steps")
        check(commands["C_Initialize"] == 0 and commands["open"] > 0 and commands["C_SignInit"] > 0 and commands["1000 more"] == 0,
              "TPM commands, %s root: %s" % (root, ", ".join("%s %d" % c for c in commands.items())))
    check(totals["persistent"] < totals["primary"], "a persistent root spares some")
    served = {(s["server"], s["subject"]) for s in data["servers"]}
    check(served in ({(a, b) for a in there for b in ("file", "seedleaf")} for there in ((), ("nginx",), ("sshd",), ("nginx", "sshd"))),
          "servers with both keys: %s" % sorted(served))
    check(all(s["rate"] > 0 for s in data["servers"] + data["proxy"]), "handshakes and logins were made")
    check(all(s["first_ns"] > 0 and s["initialize_ns"] > 0 for s in data["searches"]) and run_of(data["searches"], "objects") == {10, 20}, "searches")
    counts = data["instructions"]
    check(counts == [] or all(abs(sum(c["libraries"].values()) - c["instructions"]) < 1 and c["libraries"].get("seedleaf-pkcs11.so", 0) > 0
                              for c in counts if c["subject"] == "seedleaf"), "instructions: of %d" % len(counts))
    check(all(m["session_bytes"] > 0 and m["number"] == 50 for m in data["memory"]), "memory")
    text = report(data)
    check("seedleaf, sign.ecdsa-p256" in text and "## Searching by label" in text, "the report of the run")


def counted():
    command = [WITH_TPM, "sh", "-c", '"$0" rates --rounds 1 --count 7 --only sign.ed25519 seedleaf="$SEEDLEAF_MODULE"', PROGRAM]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    check(json.loads(done.stdout)["steps"] == 7, "as many operations as were asked for")
    done = subprocess.run([PROGRAM, "rates", "nothing=/nonexistent"], stderr=subprocess.PIPE, check=False)
    check(done.returncode == 1 and b"/nonexistent" in done.stderr, "a module that is not there is told")


statistics()
whole()
counted()
print("1..%d" % tests[0])
sys.exit(failed[0] != 0)
