#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""bench.py [--quick] OUT.json: measures Seedleaf, SoftHSM2, tpm2-pkcs11 (where they are) and libcrypto, and writes down every sample.
Run it by tests/with-tpm; report.py makes a text of it. --quick: a few operations each, to see that it works.
SL_BENCH_SECONDS: about how long it may take (default 420); less than 120 is not enough for the rest, and takes that from the accuracy."""

import collections
import glob
import json
import os
import platform
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import servers

HERE = os.path.dirname(os.path.realpath(__file__))
WITH_TPM = os.path.join(HERE, "..", "with-tpm")
SOFTHSM = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/pkcs11/libsofthsm2.so"]
TPM2_PKCS11 = ["/usr/lib/x86_64-linux-gnu/pkcs11/libtpm2_pkcs11.so", "/usr/lib/pkcs11/libtpm2_pkcs11.so"]
SIGNATURES = ["sign.ecdsa-p256", "sign.ecdsa-p384", "sign.rsa2048-pkcs", "sign.ed25519"]
# counted: how often, under callgrind, which is slow.
QUICK = {"rounds": 2, "turns": 1, "kinds": 1, "ms": 1, "only": "sign.e", "threads": "1,2", "times": 2, "number": 50,
         "objects": {"seedleaf": [10, 20], "softhsm2": [10, 20]}, "starts": SIGNATURES[:1], "counted": {"sign.ecdsa-p256": 3},
         "proxied": "sign.ecdsa-p256", "handshakes_ms": 20, "logins": 1}
FULL = {"turns": 7, "kinds": 99, "only": "", "threads": "1,2,4", "times": 9, "number": 10000, "starts": SIGNATURES, "proxied": "sign.", "handshakes_ms": 1000,
        "logins": 5, "objects": {"seedleaf": [10, 1000, 10000, 100000], "softhsm2": [10, 1000, 10000]},
        "counted": {"sign.ecdsa-p256": 100, "sign.ecdsa-p384": 5, "sign.rsa2048-pkcs": 5, "sign.ed25519": 50, "sign.hmac-sha256": 1000,
                    "encrypt.aes256-gcm-64": 1000}}
# A full run takes so many samples of operations per second, and this long for all else.
SAMPLES = 23 * 3 * 4 + 8 * 2 * 4
ELSE_SECONDS = 200


def settings(quick):
    if quick:
        return QUICK
    left = max(20.0, float(os.environ.get("SL_BENCH_SECONDS") or 420) - ELSE_SECONDS)
    rounds = 7 if left >= 100 else 5
    return {**FULL, "rounds": rounds, "ms": max(10, int(left * 1000 / (SAMPLES * rounds)))}


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

    def again(self, folder=None):
        """An empty store."""
        store = tempfile.mkdtemp(dir=folder or self.folder)
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
    """A few measures only: it asks its TPM for every signature, and leaves objects there."""
    samples = []
    for measure in how["starts"]:
        with SecondTpm() as tcti:
            module.again()
            module.env["TPM2_PKCS11_TCTI"] = tcti
            samples += bench("rates", "--rounds", 3, "--ms", max(50, how["ms"]), "--only", measure, "%s=%s" % (module.name, module.path),
                             env=module.env)
    return samples


class Proxy:
    """p11-kit's proxy module, with ours behind it and no other. It reads no private configuration as root."""

    def __init__(self):
        self.path = next(iter(glob.glob("/usr/lib/*/p11-kit-proxy.so")), None)
        self.wrapper = ["unshare", "--user", "--map-user=1000"] if os.geteuid() == 0 else []
        if self.path and subprocess.run([*self.wrapper, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.path = None
        folder = os.path.join(os.environ["XDG_CONFIG_HOME"], "pkcs11")
        os.makedirs(folder + "/modules", exist_ok=True)
        with open(folder + "/pkcs11.conf", "w", encoding="ascii") as f:
            f.write("user-config: only\n")
        with open(folder + "/modules/seedleaf.module", "w", encoding="ascii") as f:
            f.write("module: %s\n" % os.environ["SEEDLEAF_MODULE"])


def proxied(module, proxy, how):
    """The same key, directly and through the proxy."""
    if proxy.path is None:
        return []
    subjects = ["%s=%s" % (module.name, module.path), "proxy=" + proxy.path, "libcrypto-loop", "libcrypto-prepared"]
    return bench("rates", "--rounds", how["rounds"], "--ms", how["ms"], "--threads", "1,2", "--only", how["proxied"], *subjects, env=module.env,
                 wrapper=proxy.wrapper)


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


def persist():
    """The root becomes persistent, and the configuration says so; the keys stay the same."""
    added = subprocess.run(["seedleaf", "token", "persist", "owner", "--srk"], stdout=subprocess.PIPE, check=True).stdout
    with open(os.environ["SEEDLEAF_CONF"], "r+b") as f:
        before = f.read()
        f.write(added)
    return before


def all_starts(modules, how):
    samples = []
    for m in modules:
        m.run("fill", 0, 0, how["kinds"])
        samples += starts(m, how["starts"], how)
        if m.name == "seedleaf":
            before = persist()
            samples += starts(m, how["starts"][:1], how, " (persistent root)")
            with open(os.environ["SEEDLEAF_CONF"], "wb") as f:
                f.write(before)
        if m.name == "seedleaf" and "sign.rsa2048-pkcs" in how["starts"]:
            forget_hints(m)
            samples += starts(m, ["sign.rsa2048-pkcs"], how, " (no hints)")
    return samples


def commands():
    """Beside a TPM whose commands are counted: another one, since counting them costs time. First with a root that is made when it is needed."""
    start = '"$0" start "$SEEDLEAF_MODULE" sign.ecdsa-p256'
    script = '"$0" fill "$SEEDLEAF_MODULE" 0 0 1 >&2 && %s && echo && seedleaf token persist owner --srk >>"$SEEDLEAF_CONF" && %s' % (start, start)
    done = subprocess.run([WITH_TPM, "--count", "sh", "-c", script, program()], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    found = [[json.loads(line) for line in part.splitlines()] for part in done.stdout.split("\n\n")]
    return [{"root": root, **step} for root, steps in zip(("primary", "persistent"), found) for step in steps]


def memory_folder():
    """Where a file costs nothing but memory: a hundred thousand transactions of a disk would take minutes."""
    return tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None, prefix="seedleaf-bench-")


def searches(module, how, folder):
    found = []
    module.again(folder)
    have = 0
    for n in how["objects"][module.name]:
        fill = module.run("fill", have, n)[0]
        for _ in range(how["times"]):
            found.append({"subject": module.name, "objects": n, "fill_ns": fill["ns"] / (n - have), **module.run("search", n // 2, 100)[0]})
        have = n
    return found


def by_library(path):
    """Of a callgrind.out: the instructions of each library's own."""
    names, current, called, totals = {}, "", False, collections.Counter()
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            library = re.match(r"c?ob=\((\d+)\)(?: (.*))?", line)
            if library and library[2]:
                names[library[1]] = os.path.basename(library[2])
            if library and line.startswith("ob="):
                current = names[library[1]]
            elif line.startswith("calls="):
                called = True           # the next line is what was called: counted there
            elif line[0] in "0123456789+-*" and not called:
                totals[current] += int(line.split()[1])
            elif line[0] in "0123456789+-*":
                called = False
    return totals


def instructions(modules, proxy, how):
    """Of one operation, by callgrind: only what the measuring thread does is collected."""
    valgrind = shutil.which("valgrind")
    found = []
    if valgrind is None:
        return found
    out = os.path.join(os.environ["TMPDIR"], "callgrind.out")
    wrapper = [valgrind, "-q", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=work", "--callgrind-out-file=" + out]
    subjects = [("%s=%s" % (m.name, m.path), m.env, []) for m in modules] + [("libcrypto-loop", {}, []), ("libcrypto-prepared", {}, [])]
    if how is QUICK:
        subjects = [subjects[0], subjects[-1]]
    elif proxy.path:
        subjects.append(("proxy=" + proxy.path, modules[0].env, proxy.wrapper))
    for measure, count in how["counted"].items():
        for subject, env, first in subjects:
            if subject == "libcrypto-loop" and "rsa" in measure:
                continue        # making its key takes callgrind most of the time
            bench("rates", "--only", measure, "--rounds", 1, "--count", count, subject, env=env, wrapper=first + wrapper)
            own = by_library(out)
            found.append({"measure": measure, "subject": subject.split("=")[0], "instructions": sum(own.values()) / count,
                          "libraries": {name: n / count for name, n in own.items()}})
            os.remove(out)
    return found


def main(argv):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))       # what is to be cleaned up is
    how = settings("--quick" in argv)
    out = [a for a in argv if not a.startswith("--")][0]
    folder = tempfile.mkdtemp()
    paths = {"seedleaf": os.environ["SEEDLEAF_MODULE"], "softhsm2": first_there([os.environ.get("SL_SOFTHSM2")] + SOFTHSM),
             "tpm2-pkcs11": first_there([os.environ.get("SL_TPM2_PKCS11")] + TPM2_PKCS11)}
    modules = [Module(name, path, folder) for name, path in paths.items() if path is not None]
    soft = [m for m in modules if m.name != "tpm2-pkcs11"]
    proxy = Proxy()
    began = time.monotonic()

    def told(what, value):
        print("bench: %s, %d s" % (what, time.monotonic() - began), file=sys.stderr, flush=True)
        return value

    result = {"machine": machine(modules)}
    result["rates"] = told("operations", rates(soft, how))
    result["proxy"] = told("proxy", proxied(soft[0], proxy, how))
    result["starts"] = told("first signatures", all_starts(soft, how))
    result["commands"] = told("TPM commands", commands())
    result["servers"] = told("handshakes", servers.handshakes(soft[:1], folder, program(), how)) + told("logins", servers.logins(soft[:1], folder, how))
    result["instructions"] = told("instructions", instructions(soft, proxy, how))
    for m in modules[len(soft):]:
        result["rates"] += told(m.name, tpm_rates(m, how))
    with memory_folder() as fast:
        result["searches"] = [s for m in soft for s in told("searches", searches(m, how, fast))]
    result["memory"] = []
    for m in soft:
        m.again()
        result["memory"].append(told("memory", {"subject": m.name, **m.run("memory", how["number"])[0]}))
    result["machine"]["seconds"] = round(time.monotonic() - began)
    with open(out, "w", encoding="ascii") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    shutil.rmtree(folder, ignore_errors=True)


main(sys.argv[1:])
