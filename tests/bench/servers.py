# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""For bench.py: nginx and sshd, with a P-256 key of a module beside one in a file. They take turns, and each sample is written down."""

import glob
import json
import os
import pwd
import random
import select
import shutil
import socket
import subprocess
import time

START_SECONDS = 30
URI = "pkcs11:object=bench-p256;type=private?pin-value=1234"
ENGINE_CONF = """openssl_conf = all
[all]
engines = engines
[engines]
pkcs11 = pkcs11
[pkcs11]
engine_id = pkcs11
dynamic_path = %s
MODULE_PATH = %s
PIN = 1234
init = 1
[req]
distinguished_name = dn
[dn]
"""
# The module is asked for in each process anew: what it needs of the environment is passed on.
NGINX_CONF = """daemon off;
worker_processes 1;
pid %(folder)s/pid;
error_log %(folder)s/error crit;
lock_file %(folder)s/lock;
%(env)s
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path %(folder)s/1; proxy_temp_path %(folder)s/2; fastcgi_temp_path %(folder)s/3; uwsgi_temp_path %(folder)s/4; scgi_temp_path %(folder)s/5;
	ssl_session_cache off;
	ssl_session_tickets off;
	server {
		listen 127.0.0.1:%(port)d ssl;
		ssl_certificate %(folder)s/crt;
		ssl_certificate_key "%(key)s";
		ssl_protocols TLSv1.3;
		location = / { return 200 "hello"; }
	}
}
"""
SSHD_CONF = """ListenAddress 127.0.0.1:%(port)d
PidFile none
UsePAM %(pam)s
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 1000
AuthorizedKeysFile %(folder)s/user.pub
%(keys)s
"""
PASSED_ON = ("SEEDLEAF_", "SOFTHSM2_CONF", "OPENSSL_CONF", "HOME", "XDG_", "TPM2_PKCS11_")


def engine():
    return next(iter(glob.glob("/usr/lib/*/engines-3/pkcs11.so")), None)


def found(*programs):
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    return all(shutil.which(p, path=path) for p in programs)


def free_port():
    """Below those that outgoing connections take."""
    for _ in range(200):
        port = random.randrange(10000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise OSError("no port")


def until(what, limit=START_SECONDS):
    end = time.monotonic() + limit
    while not what():
        if time.monotonic() > end:
            raise TimeoutError("a server does not come up")
        select.select([], [], [], 0.02)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def run(*words, env=None, **more):
    return subprocess.run(words, env={**os.environ, **(env or {})}, check=True, **more)


class Child:
    """Ended with the block."""

    def __init__(self, *words, env=None, log=None):
        with open(log, "ab") as out:
            self.process = subprocess.Popen(words, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def children(self):
        with open("/proc/%d/task/%d/children" % (self.process.pid, self.process.pid), encoding="ascii") as f:
            return [int(pid) for pid in f.read().split()]


class Nginx(Child):
    """With the key in a file (module: None), or of a module."""

    def __init__(self, module, folder):
        os.makedirs(folder)
        self.name = module.name if module else "file"
        self.port = free_port()
        env = dict(module.env, OPENSSL_CONF=folder + "/openssl.cnf") if module else {}
        if module:
            with open(folder + "/openssl.cnf", "w", encoding="ascii") as f:
                f.write(ENGINE_CONF % (engine(), module.path))
        else:
            run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder + "/key")
        key = ["-engine", "pkcs11", "-keyform", "engine", "-key", URI] if module else ["-key", folder + "/key"]
        # With some modules it crashes when it ends, its work done.
        subprocess.run(["openssl", "req", "-x509", "-new", *key, "-subj", "/CN=localhost", "-days", "2", "-out", folder + "/crt"],
                       env={**os.environ, **env}, stderr=subprocess.DEVNULL, check=False)
        passed = ["env %s;" % name for name in {**os.environ, **env} if name.startswith(PASSED_ON)] + ["user root;"] * (os.geteuid() == 0)
        with open(folder + "/conf", "w", encoding="ascii") as f:
            f.write(NGINX_CONF % {"folder": folder, "port": self.port, "env": "\n".join(passed),
                                  "key": "engine:pkcs11:" + URI if module else folder + "/key"})
        super().__init__(shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"), "-p", folder, "-c", folder + "/conf", "-e", folder + "/error",
                         env=env, log=folder + "/log")
        until(lambda: listens(self.port) and self.children())

    def busy_ns(self):
        with open("/proc/%d/schedstat" % self.children()[0], encoding="ascii") as f:
            return int(f.read().split()[0])

    def sample(self, program, ms):
        before = self.busy_ns()
        done = json.loads(run(program, "handshakes", str(self.port), str(ms), "2", stdout=subprocess.PIPE).stdout)
        return {"rate": done["handshakes"] * 1e9 / done["ns"], "cpu_ns": (self.busy_ns() - before) / done["handshakes"]}


def pam():
    """Without PAM sshd refuses accounts that have no password ("!" in shadow, as root has where everybody uses sudo)."""
    try:
        with open("/etc/shadow", encoding="ascii") as f:
            line = next((line for line in f if line.startswith(pwd.getpwuid(os.geteuid()).pw_name + ":")), "::")
    except OSError:
        line = "::"
    return "yes" if line.split(":")[1].startswith("!") else "no"


class Agent(Child):
    """ssh-agent, with the keys of a module."""

    def __init__(self, module, folder):
        self.socket = folder + "/agent"
        with open(folder + "/askpass", "w", encoding="ascii") as f:
            f.write("#!/bin/sh\necho 1234\n")
        os.chmod(folder + "/askpass", 0o700)
        path = os.path.realpath(module.path)
        env = dict(module.env, SSH_AUTH_SOCK=self.socket, SSH_ASKPASS=folder + "/askpass", SSH_ASKPASS_REQUIRE="force")
        super().__init__("ssh-agent", "-D", "-a", self.socket, "-P", path, env=env, log=folder + "/agent.log")
        until(lambda: os.path.exists(self.socket))
        run("ssh-add", "-q", "-s", path, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.keys = run("ssh-add", "-L", env=env, stdout=subprocess.PIPE, text=True).stdout.splitlines()


class Sshd(Child):
    """With the host key in a file (module: None), or in an agent that has it of a module."""

    def __init__(self, module, folder):
        os.makedirs(folder)
        self.name, self.folder = module.name if module else "file", folder
        self.port = free_port()
        self.agent = Agent(module, folder) if module else None
        if module:
            with open(folder + "/host.pub", "w", encoding="ascii") as f:
                f.write(next(k for k in self.agent.keys if k.startswith("ecdsa-sha2-nistp256 ")) + "\n")
            keys = "HostKeyAgent %s\nHostKey %s/host.pub" % (self.agent.socket, folder)
        else:
            run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", folder + "/host")
            keys = "HostKey %s/host" % folder
        run("ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", folder + "/user")
        with open(folder + "/conf", "w", encoding="ascii") as f:
            f.write(SSHD_CONF % {"folder": folder, "port": self.port, "pam": pam(), "keys": keys})
        with open(folder + "/host.pub", encoding="ascii") as f, open(folder + "/known", "w", encoding="ascii") as known:
            known.write("[127.0.0.1]:%d %s\n" % (self.port, " ".join(f.read().split()[:2])))
        if os.geteuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        super().__init__("/usr/sbin/sshd", "-D", "-e", "-f", folder + "/conf", log=folder + "/log")
        until(lambda: listens(self.port))

    def __exit__(self, *args):
        super().__exit__(*args)
        if self.agent:
            self.agent.__exit__(*args)

    def login(self):
        run("ssh", "-F", "none", "-p", str(self.port), "-i", self.folder + "/user", "-o", "StrictHostKeyChecking=yes", "-o",
            "UserKnownHostsFile=" + self.folder + "/known", "-o", "GlobalKnownHostsFile=none", "-o", "IdentityAgent=none", "-o", "ControlMaster=no",
            "-o", "BatchMode=yes", "127.0.0.1", "true", stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def sample(self, number):
        begin = time.monotonic_ns()
        for _ in range(number):
            self.login()
        return {"rate": number * 1e9 / (time.monotonic_ns() - begin)}


def take_turns(what, servers, rounds, sample):
    return [{"server": what, "subject": s.name, "round": r, **sample(s)} for r in range(rounds) for s in servers[r % len(servers):] + servers[:r % len(servers)]]


def handshakes(modules, folder, program, how):
    if not found("nginx", "openssl") or engine() is None:
        return []
    servers = []
    try:
        for i, m in enumerate([None] + modules):
            servers.append(Nginx(m, "%s/nginx%d" % (folder, i)))
        return take_turns("nginx", servers, how["turns"], lambda s: s.sample(program, how["handshakes_ms"]))
    finally:
        for s in servers:
            s.__exit__()


def logins(modules, folder, how):
    if not found("ssh", "ssh-agent", "ssh-add", "ssh-keygen") or not os.path.exists("/usr/sbin/sshd"):
        return []
    servers = []
    try:
        for i, m in enumerate([None] + modules):
            servers.append(Sshd(m, "%s/sshd%d" % (folder, i)))
            servers[-1].login()
        return take_turns("sshd", servers, how["turns"], lambda s: s.sample(how["logins"]))
    finally:
        for s in servers:
            s.__exit__()
