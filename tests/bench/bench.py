#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""bench.py [--quick] OUT.json: measures Seedleaf, SoftHSM2, tpm2-pkcs11 (where they are) and libcrypto, and writes down every sample.
Run it by tests/with-tpm; report.py makes a text of it. --quick: a few operations each, to see that it works."""

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
WITH_TPM = os.path.join(HERE, "..", "with-tpm")
SOFTHSM = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/pkcs11/libsofthsm2.so"]
TPM2_PKCS11 = ["/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so", "/usr/lib/pkcs11/libtpm2_pkcs11.so"]
SIGNATURES = ["sign.ecdsa-p256", "sign.ecdsa-p384", "sign.rsa2048-pkcs", "sign.ed25519"]
QUICK = {"rounds": 2, "ms": 1, "only": "sign.e", "threads": "1,2", "times": 2, "objects": [10, 20], "number": 50, "count": 3,
         "counted": SIGNATURES[:1]}
FULL = {"rounds": 7, "ms": 100, "only": "", "threads": "1,2,4", "times": 9, "objects": [10, 1000, 10000], "number": 10000, "count": 200,
        "counted": SIGNATURES}


def first_there(paths):
    return next((p for p in paths if p and os.path.exists(p)), None)


def program():
    return os.path.join(os.environ["SL_BUILD"], "tests", "bench", "bench")


def bench(*words, env=None, wrapper=()):
    """The objects that the program prints, one a line."""
    done = subprocess.run([*wrapper, program(), *map(str, words)], env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith(b"{")]


class Module:
    """A module, and what has to be in the environment for a store of its own."""

    def __init__(self, name, path, folder):
        self.name, self.path, self.folder = name, path, folder
        self.again()

    def again(self):
        """An empty store."""
        store = tempfile.mkdtemp(dir=self.folder)
        self.store = os.path.join(store, "store.db")
        self.env = {"SEEDLEAF_STORE": store} if self.name == "seedleaf" else {}
        if self.name == "softhsm2":
            self.env["SOFTHSM2_CONF"] = os.path.join(store, "softhsm2.conf")
            os.mkdir(os.path.join(store, "tokens"))
            with open(self.env["SOFTHSM2_CONF"], "w", encoding="ascii") as f:
                f.write("directories.tokendir = %s/tokens\nobjectstore.backend = file\nlog.level = ERROR\n" % store)
        if self.name == "tpm2-pkcs11":
            self.env.update(TPM2_PKCS11_STORE=store, TPM2_PKCS11_LOG_LEVEL="0", TSS2_LOG="all+none")

    def run(self, command, *words, wrapper=()):
        return bench(command, self.path, *words, env=self.env, wrapper=wrapper)


class SecondTpm:
    """tpm2-pkcs11 holds its connection, and a software TPM has one."""

    def __enter__(self):
        self.child = subprocess.Popen([WITH_TPM, "sh", "-c", 'echo "$SEEDLEAF_TCTI"; read stop'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)
        return self.child.stdout.readline().strip()

    def __exit__(self, *_):
        self.child.communicate("stop\n")


def machine(modules):
    def output(*command):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip()

    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), platform.machine())
    versions = {"libcrypto": output("openssl", "version"), "kernel": platform.release(), "swtpm": output("swtpm", "--version").split(", C")[0]}
    for m in modules:
        versions[m.name] = output("dpkg-query", "-W", "-f", "${Version}", {"softhsm2": "libsofthsm2", "tpm2-pkcs11": "libtpm2-pkcs11-1"}.get(m.name, "")) \
            if m.name != "seedleaf" else output("git", "-C", HERE, "describe", "--always", "--dirty")
    return {"processor": model, "cores": os.cpu_count(), "versions": versions, "load": os.getloadavg()[0],
            "date": time.strftime("%Y-%m-%d", time.gmtime())}


def rates(modules, how):
    env = {k: v for m in modules for k, v in m.env.items()}
    subjects = ["%s=%s" % (m.name, m.path) for m in modules] + ["libcrypto-loop", "libcrypto-prepared"]
    return bench("rates", "--rounds", how["rounds"], "--ms", how["ms"], "--threads", how["threads"], "--only", how["only"], *subjects, env=env)


def tpm_rates(module, how):
    """A few measures only: it asks its TPM for every signature."""
    samples = []
    for measure in ("sign.ecdsa-p256", "sign.rsa2048-pkcs"):
        samples += bench("rates", "--rounds", 3, "--ms", how["ms"], "--only", measure, "%s=%s" % (module.name, module.path), env=module.env)
    return samples


def starts(module, measures, how, variant=""):
    found = []
    for measure in measures:
        for _ in range(how["times"]):
            for step in module.run("start", measure, time.monotonic_ns()):
                found.append({"subject": module.name, "measure": measure + variant, **step})
    return found


def forget_hints(module):
    with sqlite3.connect(module.store) as db:
        db.execute("UPDATE recipe SET hint_p = 0, hint_q = 0")


def all_starts(modules, how):
    samples = []
    for m in modules:
        m.run("fill", 0, 0)
        samples += starts(m, how["counted"], how)
        if m.name == "seedleaf" and "sign.rsa2048-pkcs" in how["counted"]:
            forget_hints(m)
            samples += starts(m, ["sign.rsa2048-pkcs"], how, " (no hints)")
    return samples


def commands():
    """Beside a TPM whose commands are counted: another one, since counting them costs time."""
    script = '"$0" fill "$SEEDLEAF_MODULE" 0 0 >&2 && "$0" start "$SEEDLEAF_MODULE" sign.ecdsa-p256'
    done = subprocess.run([WITH_TPM, "--count", "sh", "-c", script, program()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def searches(module, how):
    found = []
    module.again()
    have = 0
    for n in how["objects"]:
        fill = module.run("fill", have, n)[0]
        for _ in range(how["times"]):
            found.append({"subject": module.name, "objects": n, "fill_ns": fill["ns"] / (n - have), **module.run("search", n // 2, 100)[0]})
        have = n
    return found


def instructions(modules, how):
    """Of one signature, by callgrind: only what the measuring thread does is collected."""
    valgrind = shutil.which("valgrind")
    found = []
    if valgrind is None:
        return found
    for measure in how["counted"]:
        for m in modules + [None]:
            subject = "libcrypto-prepared" if m is None else "%s=%s" % (m.name, m.path)
            out = os.path.join(os.environ["TMPDIR"], "callgrind.out")
            wrapper = [valgrind, "-q", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=work", "--callgrind-out-file=" + out]
            bench("rates", "--only", measure, "--rounds", 1, "--count", how["count"], subject, env=m.env if m else None, wrapper=wrapper)
            with open(out, encoding="ascii") as f:
                total = next(int(line.split()[1]) for line in f if line.startswith(("summary:", "totals:")))
            found.append({"measure": measure, "subject": subject.split("=")[0], "instructions": total / how["count"]})
    return found


def main(argv):
    how = QUICK if "--quick" in argv else FULL
    out = [a for a in argv if not a.startswith("--")][0]
    folder = tempfile.mkdtemp()
    paths = {"seedleaf": os.environ["SEEDLEAF_MODULE"], "softhsm2": first_there([os.environ.get("SL_SOFTHSM2")] + SOFTHSM),
             "tpm2-pkcs11": first_there([os.environ.get("SL_TPM2_PKCS11")] + TPM2_PKCS11)}
    modules = [Module(name, path, folder) for name, path in paths.items() if path is not None]
    soft = [m for m in modules if m.name != "tpm2-pkcs11"]
    result = {"machine": machine(modules), "rates": rates(soft, how), "starts": all_starts(soft, how), "commands": commands(),
              "instructions": instructions(soft, how), "searches": [], "memory": []}
    for m in soft:
        result["searches"] += searches(m, how)
        m.again()
        result["memory"].append({"subject": m.name, **m.run("memory", how["number"])[0]})
    for m in modules[len(soft):]:
        with SecondTpm() as tcti:
            m.env["TPM2_PKCS11_TCTI"] = tcti
            result["rates"] += tpm_rates(m, how)
            result["starts"] += starts(m, SIGNATURES[:1], how)
    with open(out, "w", encoding="ascii") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    shutil.rmtree(folder, ignore_errors=True)


main(sys.argv[1:])
