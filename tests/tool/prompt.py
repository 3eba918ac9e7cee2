# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf with a real terminal: a pseudo-terminal whose other end is this program.
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

TOOL = os.path.join(os.environ["SL_BUILD"], "seedleaf")
DIR = os.environ["SL_TPM_DIR"]
count = bad = 0


def check(name, got, want):
    global count, bad
    count += 1
    ok = got == want
    print(f"{'ok' if ok else 'not ok'} {count} - {name}")
    if not ok:
        bad += 1
        print(f"# got {got!r}, expected {want!r}")
    sys.stdout.flush()


class Run:
    """One run of the tool in a session of its own, on a terminal of its own. stdin is /dev/null: it is /dev/tty that is asked."""

    def __init__(self, *words, ignore=None, stdin=False):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if ignore is not None:
                signal.signal(ignore, signal.SIG_IGN)
            if not stdin:
                os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
            os.execv(TOOL, [TOOL, *words])
        self.text = ""
        self.at = 0

    def echo(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def read(self, limit):
        ready, _, _ = select.select([self.fd], [], [], limit)
        if not ready:
            return False
        try:
            data = os.read(self.fd, 4096)
        except OSError:
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def expect(self, what):
        """Waits for the text, after what was found before."""
        end = time.monotonic() + 60
        while what not in self.text[self.at:]:
            if not self.read(max(0.0, end - time.monotonic())):
                return False
        self.at = self.text.index(what, self.at) + len(what)
        return True

    def send(self, text):
        os.write(self.fd, text.encode())

    def wait(self, flags=0):
        _, status = os.waitpid(self.pid, flags)
        return status

    def end(self):
        """Its status; what is left of the output is read first, since a terminal that nobody reads holds the writer."""
        end = time.monotonic() + 30
        while self.read(max(0.0, end - time.monotonic())):
            pass
        if time.monotonic() >= end:  # it waits for something that nobody gives
            os.kill(self.pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(self.wait())
        os.close(self.fd)
        return status


def dialog(*words, steps):
    """Prompts and answers; status and text."""
    run = Run(*words)
    for prompt, answer in steps:
        if not run.expect(prompt):
            break
        check(f"{' '.join(words[:2])}: no echo at '{prompt}'", run.echo(), False)
        run.send(answer)
    status = run.end()
    return status, run.text


def last_line(text):
    return text.strip().replace("\r", "").split("\n")[-1]


DIGEST = "00" * 32
KEY = os.path.join(DIR, "key.pem")
subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes256", "-pass", "pass:open sesame",
                "-out", KEY], check=True, stderr=subprocess.DEVNULL)
os.chmod(KEY, 0o600)
SIGN = ("policy", "sign", "--key", KEY, "--pcrs", "sha256:7", "--digest", DIGEST)
PASS = "Passphrase of the key: "

# A passphrase, asked once.
status, text = dialog(*SIGN, steps=[(PASS, "open sesame\n")])
check("the passphrase opens the key", status, 0)
check("and the signature comes", '{"sha256":[{' in text, True)
check("the passphrase is not on the terminal", "sesame" in text, False)
status, text = dialog(*SIGN, steps=[(PASS, "wrong\n")])
check("a wrong passphrase", (status, last_line(text)), (1, f"seedleaf: {KEY}: the passphrase is wrong, or the file is damaged"))
status, text = dialog(*SIGN, steps=[(PASS, "\n")])
check("an empty passphrase", (status, last_line(text)), (2, "seedleaf: Passphrase of the key: too short, expected 1 to 1023 bytes"))
status, text = dialog(*SIGN, steps=[(PASS, "x" * 1030 + "\n")])
check("a passphrase that is too long", (status, last_line(text)), (2, "seedleaf: Passphrase of the key: too long, expected 1 to 1023 bytes"))
status, text = dialog(*SIGN, steps=[(PASS, "\x04")])
check("the end of the file", (status, last_line(text)), (1, "seedleaf: Passphrase of the key: nothing was given at the terminal"))

# Standard input that is a terminal does not show it either.
run = Run(*SIGN, "--passphrase-file", "-", stdin=True)
check("standard input, a terminal: it asks", run.expect(PASS), True)
check("standard input, a terminal: no echo", run.echo(), False)
run.send("open sesame\n")
check("standard input, a terminal: the passphrase opens the key", run.end(), 0)
check("standard input, a terminal: it is not shown", "sesame" in run.text, False)

# Every way out leaves the terminal as it was.
for name, key in (("SIGINT", "\x03"), ("SIGQUIT", "\x1c"), ("SIGTERM", None), ("SIGHUP", None)):
    run = Run(*SIGN)
    run.expect(PASS)
    check(f"{name}: no echo before", run.echo(), False)
    run.send("half a secr")
    if key is not None:
        run.send(key)
    else:
        os.kill(run.pid, getattr(signal, name))
    # The exit status first: the terminal is restored before it.
    status = run.wait()
    check(f"{name}: ends the program as such a signal does", os.WTERMSIG(status) if os.WIFSIGNALED(status) else None, int(getattr(signal, name)))
    check(f"{name}: the echo is back", run.echo(), True)
    check(f"{name}: nothing is shown", "half" in run.text, False)
    os.close(run.fd)

# Ignored by who started us (nohup): still ignored.
run = Run(*SIGN, ignore=signal.SIGHUP)
run.expect(PASS)
os.kill(run.pid, signal.SIGHUP)
run.send("open sesame\n")
check("an ignored SIGHUP is ignored", run.end(), 0)

# Stopped and continued: the echo is there in between, and it asks again. A shell with job control stands above it.
SHELL = ["bash", "--norc", "--noprofile", "-i"]
pid, fd = pty.fork()
if pid == 0:
    os.environ["PS1"] = "ready> "
    os.environ["HISTFILE"] = ""
    os.execvp(SHELL[0], SHELL)
shell = Run.__new__(Run)
shell.pid, shell.fd, shell.text, shell.at = pid, fd, "", 0
shell.expect("ready> ")
shell.send(" ".join([TOOL, *SIGN]) + "\n")
check("job control: it asks", shell.expect(PASS), True)
check("job control: no echo", shell.echo(), False)
shell.send("open\x1a")
check("job control: stopped", shell.expect("ready> "), True)
shell.send("stty -a | grep -c ' echo '; echo 'in between'\n")
check("job control: echo in between", shell.expect("1\r\nin between"), True)
shell.expect("ready> ")
shell.send("fg\n")
check("job control: asked again", shell.expect(PASS), True)
shell.send("open sesame\n")
check("job control: what was typed before does not count", shell.expect('{"sha256":[{'), True)
shell.expect("ready> ")
shell.send("exit\n")
shell.end()
check("job control: no secret on the terminal", "sesame" in shell.text, False)

# New ones are asked for twice.
OWNER = ("--token", "owner")
SO, SO2 = "New SO PIN of token owner: ", "New SO PIN of token owner, again: "
USER, USER2 = "New user PIN of token owner (empty: none): ", "New user PIN of token owner (empty: none), again: "
status, text = dialog("token", "init", *OWNER, steps=[(SO, "so pin\n"), (SO2, "so pim\n")])
check("two different ones", (status, last_line(text)), (2, "seedleaf: New SO PIN of token owner: these were two different ones"))
status, text = dialog("token", "init", *OWNER, steps=[(SO, "abc\n")])
check("a PIN of 3 bytes", (status, last_line(text)), (2, "seedleaf: New SO PIN of token owner: too short, expected 4 to 255 bytes"))
status, text = dialog("token", "init", *OWNER, steps=[(SO, "p" * 256 + "\n")])
check("a PIN of 256 bytes", (status, last_line(text)), (2, "seedleaf: New SO PIN of token owner: too long, expected 4 to 255 bytes"))
check("nothing has happened", "pin: none" in subprocess.run([TOOL, "status"], capture_output=True, text=True).stdout, True)
status, text = dialog("token", "init", *OWNER, steps=[(SO, "so pin\n"), (SO2, "so pin\n"), (USER, "abc\n")])
check("a user PIN of 3 bytes", (status, last_line(text)),
      (2, "seedleaf: New user PIN of token owner (empty: none): too short, expected 4 to 255 bytes"))
status, text = dialog("token", "init", *OWNER, steps=[(SO, "so pin\n"), (SO2, "so pin\n"), (USER, "\n")])
check("a SO PIN alone", status, 0)
check("no user PIN then", "pin: SO, no user\n" in subprocess.run([TOOL, "status"], capture_output=True, text=True).stdout, True)
status, text = dialog("token", "init", *OWNER, steps=[("Present SO PIN of token owner: ", "so pin\n"), (USER, "p" * 255 + "\n"), (USER2, "p" * 255 + "\n")])
check("both PINs, of 255 bytes", status, 0)
status, text = dialog("token", "pin", *OWNER, steps=[("Present user PIN of token owner: ", "p" * 255 + "\n"),
                                                     ("New user PIN of token owner: ", "pin two\n"),
                                                     ("New user PIN of token owner, again: ", "pin two\n")])
check("another user PIN", status, 0)
check("which needs no change", "pin: SO and user\n" in subprocess.run([TOOL, "status"], capture_output=True, text=True).stdout, True)
status, text = dialog("token", "reset", *OWNER, steps=[("SO PIN of token owner: ", "so pin\n"), ("New user PIN of token owner: ", "pin three\n"),
                                                       ("New user PIN of token owner, again: ", "pin three\n")])
check("a reset", status, 0)
check("no PIN is on the terminal", any(pin in text for pin in ("so pin", "pin three")), False)

# No terminal at all.
result = subprocess.run([TOOL, *SIGN], stdin=subprocess.DEVNULL, capture_output=True, text=True, start_new_session=True)
check("no terminal", (result.returncode, result.stderr),
      (2, "seedleaf: Passphrase of the key: there is no terminal to ask, expected --passphrase-file\n"))

# No core dump, no debugger, while it waits for a secret.
run = Run(*SIGN)
run.expect(PASS)
limits = open(f"/proc/{run.pid}/limits").read()
check("no core dump", [line.split()[4:6] for line in limits.split("\n") if line.startswith("Max core")], [["0", "0"]])
check("what undumpable processes have", os.stat(f"/proc/{run.pid}/environ").st_uid, 0)
if os.geteuid() != 0:
    try:
        open(f"/proc/{run.pid}/environ").close()
        check("not to be read by its user", "read", "refused")
    except PermissionError:
        check("not to be read by its user", "refused", "refused")
run.send("\x03")
run.wait()
os.close(run.fd)

print(f"1..{count}")
sys.exit(1 if bad else 0)
