#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""report.py SAMPLES.json [--json | --svg]: the medians and ratios of what bench.py wrote down, as Markdown, JSON or a plot."""

import collections
import json
import statistics
import sys

OURS = "seedleaf"
OTHERS = ["libcrypto-loop", "libcrypto-prepared", "softhsm2", "tpm2-pkcs11"]


def by_round(samples):
    """(measure, threads) -> subject -> round -> sample"""
    table = collections.defaultdict(lambda: collections.defaultdict(dict))
    for s in samples:
        table[(s["measure"], s["threads"])][s["subject"]][s["round"]] = s
    return table


def median_ratio(ours, theirs, key, upside_down=False):
    """Within each round, since both met the same machine then."""
    both = sorted(set(ours) & set(theirs))
    pairs = [(theirs[r][key], ours[r][key]) if upside_down else (ours[r][key], theirs[r][key]) for r in both]
    return statistics.median(a / b for a, b in pairs) if pairs else None


def rate_rows(samples):
    rows = []
    for (measure, threads), subjects in by_round(samples).items():
        row = {"measure": measure, "threads": threads, "rate": {}, "ratio": {}, "cpu_ratio": {}}
        for name, rounds in subjects.items():
            row["rate"][name] = statistics.median(s["rate"] for s in rounds.values())
            if name != OURS and OURS in subjects:
                row["ratio"][name] = median_ratio(subjects[OURS], rounds, "rate")
                row["cpu_ratio"][name] = median_ratio(subjects[OURS], rounds, "cpu_ns", True)
        rows.append(row)
    return rows


def scaling_rows(samples):
    table = by_round(samples)
    rows = []
    for (measure, threads), subjects in table.items():
        if threads != 1:
            alone = table[(measure, 1)]
            rows.append({"measure": measure, "threads": threads,
                         "scaling": {name: median_ratio(rounds, alone.get(name, {}), "rate") for name, rounds in subjects.items()},
                         "cost": {name: median_ratio(rounds, alone.get(name, {}), "cpu_ns") for name, rounds in subjects.items()}})
    return rows


def proxy_rows(samples):
    """What the proxy costs is the difference within a round, in processor time; "x" as in the other table."""
    rows = []
    for (measure, threads), subjects in by_round(samples).items():
        direct, through = subjects[OURS], subjects["proxy"]
        both = sorted(set(direct) & set(through))
        rows.append({"measure": measure, "threads": threads, "ns": {n: statistics.median(s["cpu_ns"] for s in r.values()) for n, r in subjects.items()},
                     "cost_ns": statistics.median(through[r]["cpu_ns"] - direct[r]["cpu_ns"] for r in both),
                     "cpu_ratio": {n: median_ratio(through, r, "cpu_ns", True) for n, r in subjects.items() if n.startswith("libcrypto")}})
    return rows


def server_rows(samples):
    table = collections.defaultdict(lambda: collections.defaultdict(dict))
    for s in samples:
        table[s["server"]][s["subject"]][s["round"]] = s
    rows = []
    for server, subjects in table.items():
        for name, rounds in subjects.items():
            row = {"server": server, "subject": name, "ratio": median_ratio(rounds, subjects["file"], "rate")}
            for key in ("rate", "cpu_ns"):
                if all(key in s for s in rounds.values()):
                    row[key] = statistics.median(s[key] for s in rounds.values())
            if "cpu_ns" in row:
                row["cpu_ratio"] = median_ratio(rounds, subjects["file"], "cpu_ns", True)
            rows.append(row)
    return rows


def medians(samples, keys, values):
    groups = collections.defaultdict(list)
    for s in samples:
        groups[tuple(s[k] for k in keys)].append(s)
    return [{**dict(zip(keys, group)), **{v: statistics.median(s[v] for s in found) for v in values}} for group, found in groups.items()]


def summary(data):
    return {"machine": data["machine"], "rates": rate_rows(data["rates"]), "scaling": scaling_rows(data["rates"]),
            "proxy": proxy_rows(data["proxy"]), "servers": server_rows(data["servers"]),
            "starts": medians(data["starts"], ["subject", "measure", "step"], ["ns"]), "commands": data["commands"],
            "searches": medians(data["searches"], ["subject", "objects"], ["initialize_ns", "open_ns", "first_ns", "warm_ns", "fill_ns"]),
            "instructions": data["instructions"], "memory": data["memory"]}


def cell(value, form="%.2f"):
    if value is None:
        return ""
    return "{:,.0f}".format(value) if form == "rate" else form % value


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def rates_text(s):
    subjects = [OURS] + [o for o in OTHERS if any(o in r["rate"] for r in s["rates"])]
    heads = ["operations/s, 1 thread"] + subjects + ["x " + o for o in subjects[1:]]
    rows = []
    for r in s["rates"]:
        if r["threads"] == 1:
            small = "%.2f" if min(r["rate"].values()) < 100 else "rate"
            rows.append([r["measure"]] + [cell(r["rate"].get(o), small if (r["rate"].get(o) or 100) < 100 else "rate") for o in subjects] +
                        [cell(r["cpu_ratio" if o.startswith("libcrypto") else "ratio"].get(o)) for o in subjects[1:]])
    return table(heads, rows)


def scaling_text(s, what, head):
    counts = sorted({r["threads"] for r in s["scaling"]})
    names = [n for n in [OURS] + OTHERS if any(n in r[what] for r in s["scaling"])]
    found = {(r["measure"], r["threads"]): r[what] for r in s["scaling"]}
    return table([head] + ["%s, %d" % (n, c) for c in counts for n in names],
                 [[m] + [cell(found.get((m, c), {}).get(n)) for c in counts for n in names] for m in dict.fromkeys(r["measure"] for r in s["scaling"])])


def starts_text(s):
    found = {(r["subject"], r["measure"], r["step"]): r["ns"] for r in s["starts"]}
    steps = list(dict.fromkeys(r["step"] for r in s["starts"] if r["step"] != "1000 more"))
    rows = []
    for who in dict.fromkeys((r["subject"], r["measure"]) for r in s["starts"]):
        took = [found.get((*who, step), 0) / 1e6 for step in steps]
        rows.append(["%s, %s" % who] + [cell(t) for t in took] + [cell(sum(took))])
    for root in dict.fromkeys(c["root"] for c in s["commands"]):
        commands = {c["step"]: c["commands"] for c in s["commands"] if c["root"] == root}
        rows.append(["TPM commands, %s root" % root] + ["%d" % commands[step] if step in commands else "" for step in steps] + ["%d" % sum(commands.values())])
    return table(["milliseconds"] + steps + ["all"], rows)


def searches_text(s):
    return table(["milliseconds", "objects", "C_Initialize", "slot and session", "first search", "warm search", "storing one"],
                 [[r["subject"], "{:,}".format(r["objects"])] +
                  [cell(r[k] / 1e6, "%.3f") for k in ("initialize_ns", "open_ns", "first_ns", "warm_ns", "fill_ns")] for r in s["searches"]])


def proxy_text(s):
    return table(["microseconds of processor time", "threads", "direct", "through the proxy", "the proxy's own", "x libcrypto-loop", "x libcrypto-prepared"],
                 [[r["measure"], str(r["threads"]), cell(r["ns"][OURS] / 1e3), cell(r["ns"]["proxy"] / 1e3), cell(r["cost_ns"] / 1e3)] +
                  [cell(r["cpu_ratio"].get(n)) for n in OTHERS[:2]] for r in s["proxy"]])


def servers_text(s):
    return table(["server and its key", "a second", "x file", "microseconds of the worker each", "x file by these"],
                 [["%s, %s" % (r["server"], r["subject"]), cell(r["rate"]), cell(r["ratio"]), cell(r["cpu_ns"] / 1e3) if "cpu_ns" in r else "",
                   cell(r.get("cpu_ratio"))] for r in s["servers"]])


PLACES = {"of the module itself": "seedleaf-pkcs11.so", "of libc": "libc.so", "more of libcrypto's": "libcrypto.so"}
OVER = """What separates Seedleaf from the limit: checks of arguments, handles and lengths in the module itself; locks and memory of libc; in libcrypto, the
error queue's marks around each use of it (a host finds its own errors as it left them), and a message's beginning, which C_SignInit or C_EncryptInit asks for.

"""


def over_row(measure, samples):
    ours, limit = [next(s for s in samples if s["measure"] == measure and s["subject"] == n) for n in (OURS, "libcrypto-prepared")]
    over = ours["instructions"] - limit["instructions"]

    def part(s, begin):
        return sum(n for name, n in s["libraries"].items() if name.startswith(begin))

    return ([measure, "{:,.0f} ({:.1%})".format(over, over / limit["instructions"])] +
            [cell(part(ours, begin) - part(limit, begin), "rate") for begin in PLACES.values()])


def small_text(s):
    measures = list(dict.fromkeys(r["measure"] for r in s["instructions"]))
    names = list(dict.fromkeys(r["subject"] for r in s["instructions"]))
    found = {(r["measure"], r["subject"]): r["instructions"] for r in s["instructions"]}
    text = ""
    if measures:
        text = table(["instructions"] + names, [[m] + [cell(found.get((m, n)), "rate") for n in names] for m in measures]) + "\n"
        text += OVER + table(["instructions"] + ["above the limit"] + list(PLACES), [over_row(m, s["instructions"]) for m in measures]) + "\n"
    return text + table(["bytes of heap", "number", "a session", "and its first signature", "a session object"],
                        [[r["subject"], str(r["number"])] + [cell(r[k], "rate") for k in ("session_bytes", "signing_bytes", "object_bytes")]
                         for r in s["memory"]])


TEXT = """# Benchmarks

Written by `make bench`; not edited by hand. Processor: %(processor)s, %(cores)d cores, load %(load).1f when it began; %(date)s; %(seconds)d s. Versions: %(versions)s.

Each figure is a median. All subjects take turns in each round, and a ratio is the median of the ratios within the rounds. "x" is how many
times as fast Seedleaf is: to libcrypto by processor time, which does not notice other work of the machine; to the other modules by the clock. `libcrypto-loop`
makes a context for each operation, `libcrypto-prepared` keeps one: the limit of what a module can reach. An operation of a module is
C_SignInit and C_Sign, and so on. tpm2-pkcs11 asks its TPM for each signature: here a software TPM, which computes it by libcrypto, too, 3 to 5 milliseconds in
all; a chip takes 20 to 200.

![Signatures](benchmarks.svg)

## Operations

%(rates)s
## Threads

%(scaling)s
With more threads than cores nothing can be won; what must not happen is that something is lost. What threads cost each other, whatever else the machine
does:

%(cost)s
## Through p11-kit's proxy

%(proxy)s
The proxy wraps each call of a module in calls of its own; what it takes for them it takes for any module. Where the noise hides it, the instructions below tell: `proxy`
less `seedleaf`.

## Servers

nginx: TLS 1.3 handshakes with a P-256 certificate, each a connection of its own, one worker; its key by OpenSSL's engine. The client runs on the same cores,
and takes more of them than the server. sshd: logins, with a P-256 host key in ssh-agent.

%(servers)s
## The first signature of a process

%(starts)s
## Searching by label

The stores are in memory (/dev/shm): a disk adds its own time to storing, 2 to 5 milliseconds for what is to survive a power failure.

%(searches)s
## Instructions and memory

Instructions by callgrind, which stands for a processor of fewer abilities. `libcrypto-prepared` is the limit: the bare operation on a context that is
there.

%(small)s"""


def markdown(s):
    m = s["machine"]
    return TEXT % {**m, "versions": ", ".join("%s %s" % (k, v or "unknown") for k, v in sorted(m["versions"].items())), "rates": rates_text(s),
                   "scaling": scaling_text(s, "scaling", "rate, times that of 1 thread"),
                   "cost": scaling_text(s, "cost", "processor time per operation, times that of 1 thread"), "starts": starts_text(s),
                   "searches": searches_text(s), "proxy": proxy_text(s), "servers": servers_text(s), "small": small_text(s)}


def svg(s):
    """Signatures on one thread, libcrypto-prepared being 1."""
    shown = [(OURS, "#2e7d32"), ("libcrypto-loop", "#9e9e9e"), ("softhsm2", "#ef6c00")]
    rows = [r for r in s["rates"] if r["threads"] == 1 and r["measure"].startswith("sign.") and "libcrypto-prepared" in r["rate"]]
    height = 60 + 56 * len(rows)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="760" height="%d" font-family="sans-serif" font-size="13">' % height,
           '<rect width="760" height="%d" fill="white"/>' % height]
    for i, (name, color) in enumerate(shown):
        out.append('<rect x="%d" y="12" width="14" height="14" fill="%s"/><text x="%d" y="24">%s</text>' % (170 + 150 * i, color, 190 + 150 * i, name))
    for i, r in enumerate(rows):
        top = 44 + 56 * i
        out.append('<text x="160" y="%d" text-anchor="end">%s</text>' % (top + 24, r["measure"].split(".", 1)[1]))
        for k, (name, color) in enumerate(shown):
            if name in r["rate"]:
                part = r["rate"][name] / r["rate"]["libcrypto-prepared"]
                out.append('<rect x="170" y="%d" width="%.1f" height="13" fill="%s"/><text x="%.1f" y="%d" font-size="11">%.2f: %s/s</text>' %
                           (top + 15 * k, 400 * min(part, 1.1), color, 176 + 400 * min(part, 1.1), top + 11 + 15 * k, part,
                            cell(r["rate"][name], "rate")))
    out.append('<line x1="570" y1="36" x2="570" y2="%d" stroke="black" stroke-dasharray="4 3"/><text x="574" y="%d" font-size="11">'
               'libcrypto, prepared</text></svg>' % (height - 16, height - 6))
    return "\n".join(out) + "\n"


def main(argv):
    with open([a for a in argv if not a.startswith("--")][0], encoding="ascii") as f:
        s = summary(json.load(f))
    if "--json" in argv:
        json.dump(s, sys.stdout, indent=1)
    else:
        sys.stdout.write(svg(s) if "--svg" in argv else markdown(s))


main(sys.argv[1:])
