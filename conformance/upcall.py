#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""An independent implementation of the formats of doc/upcall.md, written from that page and not from the C code.

    upcall.py check       compare with doc/upcall-vectors.json (TAP)
    upcall.py generate    print that file

The derivation itself is that of conformance/derivation.py. SL_SRC names the source tree.
"""
import hashlib
import json
import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get("SL_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."), "conformance"))
sys.dont_write_bytecode = True
import derivation  # noqa: E402

VECTORS = os.path.join(derivation.SRC, "doc", "upcall-vectors.json")
KINDS = ["uid", "path", "csum", "unit", "lsm"]
NAME = re.compile(r"seedleaf:([a-z0-9-]{1,32}):([A-Za-z0-9._/:+=-]{1,255})(@([1-9][0-9]{0,9}))?(#[0-9A-Fa-f]{1,64})?", re.ASCII)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def helper(description, requester):
    """What the helper gives to a requester with these binders, from the test root."""
    match = NAME.fullmatch(description)
    version = int(match[4] or 1)
    row = {"name": match[2], "type": "generic:32", "version": version, "binders": ["%s=%s" % (k, requester[k]) for k in KINDS if k in requester]}
    ctx = derivation.context(row, b"seedleaf object v1", False)
    secret = derivation.mac(bytes.fromhex(derivation.ROOT), ctx)
    return ctx, derivation.hkdf_expand(secret, b"seedleaf v1 generic:32", 32)


def request_name(namespace, ctx):
    space = namespace.encode()
    return "ctx-" + sha(b"seedleaf upcall request v1\0", struct.pack(">I", len(space)), space, ctx).hex()


def module(token, namespace, ctx, requester):
    name = request_name(namespace, ctx)
    answer = helper("seedleaf:%s:%s" % (token, name), requester)[1]
    return name, answer, derivation.mac(answer, b"seedleaf upcall answer v1\0" + ctx)


def identity(token, namespace, requester):
    secret = module(token, namespace, sha(b"seedleaf upcall identity context v1"), requester)[2]
    return b"\x00\x0b" + sha(b"seedleaf upcall identity v1\0", secret)


CSUM = derivation.octets("a program")
REQUESTS = [
    ("seedleaf:web:backup", {"uid": "1000"}),
    ("seedleaf:web:backup", {"uid": "1001"}),
    ("seedleaf:web:backup@2", {"uid": "1000"}),
    ("seedleaf:web:backup#00112233", {"uid": "1000"}),
    ("seedleaf:other:backup", {"uid": "1000"}),
    ("seedleaf:web:a/b:c+d=e_f.g-h@4294967295#0", {"uid": "4294967294", "path": "/usr/bin/x"}),
    ("seedleaf:web:backup", {"uid": "0", "csum": CSUM}),
    ("seedleaf:web:backup", {"uid": "0", "unit": "backup.service"}),
    ("seedleaf:web:backup", {"uid": "0", "lsm": "system_u:system_r:x_t:s0"}),
    ("seedleaf:web:" + "n" * 255, {"uid": "1000", "path": "/opt/a b/Übung", "csum": CSUM, "unit": "x@1.service", "lsm": "x (enforce)"}),
]
MODULES = [("web", "web", "a context", {"uid": "1000"}), ("web", "", "a context", {"uid": "1000"}),
           ("web", "Zoë", "another", {"uid": "1001", "unit": "x.service"})]


def request_row(description, requester):
    ctx, answer = helper(description, requester)
    return {"description": description, "requester": requester, "context": ctx.hex(), "answer": answer.hex()}


def module_row(token, namespace, ctx, requester):
    name, answer, secret = module(token, namespace, bytes.fromhex(ctx), requester)
    return {"token": token, "namespace": namespace, "context": ctx, "requester": requester, "name": name, "answer": answer.hex(),
            "secret": secret.hex(), "identity": identity(token, namespace, requester).hex()}


def generate():
    requests = [json.dumps(request_row(*r), ensure_ascii=False) for r in REQUESTS]
    modules = [json.dumps(module_row(t, n, derivation.octets(c), r), ensure_ascii=False) for t, n, c, r in MODULES]
    print('{"format": "seedleaf upcall vectors, version 1",\n"root_key": "%s",\n"requests": [\n%s\n],\n"modules": [\n%s\n]}'
          % (derivation.ROOT, ",\n".join(requests), ",\n".join(modules)))


def check():
    with open(VECTORS, encoding="utf-8") as f:
        data = json.load(f)
    derivation.ok(data["root_key"] == derivation.ROOT and len(data["requests"]) == len(REQUESTS) and len(data["modules"]) == len(MODULES),
                  "the file has the root and all rows")
    for row in data["requests"]:
        derivation.ok(request_row(row["description"], row["requester"]) == row, "%s %s" % (row["description"][:40], row["requester"]))
    for row in data["modules"]:
        derivation.ok(module_row(row["token"], row["namespace"], row["context"], row["requester"]) == row,
                      "the module, namespace \"%s\"" % row["namespace"])
    print("1..%d" % derivation.count)
    return 1 if derivation.failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["generate"]:
        generate()
    elif sys.argv[1:] in ([], ["check"]):
        sys.exit(check())
    else:
        sys.exit(__doc__)
