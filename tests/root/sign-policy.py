#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""Signs the boot state that the TPM has now, and adds that to a signature file in systemd's form: openssl and tpm2-tools do the work.

Usage: sign-policy.py --key PRIVATE.pem --pcrs 7,11 --out FILE.json [--ref HEX] [--claim 7,12] [--damage] [--new]
--claim: the entry says other PCRs than those that are signed. --damage: one bit of the signature is wrong. --new: FILE begins anew.
"""

import argparse
import base64
import hashlib
import json
import os
import subprocess
import tempfile


def run(*args, data=None):
    return subprocess.run(args, input=data, stdout=subprocess.PIPE, check=True).stdout


def policy(pcrs):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "policy")
        run("tpm2_createpolicy", "-Q", "--policy-pcr", "-l", "sha256:" + pcrs, "-L", path)
        run("tpm2_flushcontext", "-l")  # the tool leaves its session on a bare TPM
        with open(path, "rb") as f:
            return f.read()


def public_bytes(key):
    """RSAPublicKey or the EC point: what lies in the BIT STRING that ends a SubjectPublicKeyInfo."""
    der = run("openssl", "pkey", "-in", key, "-pubout", "-outform", "DER")
    start = der.index(b"\x00\x30\x82") if len(der) > 200 else der.index(b"\x00\x04", 20)
    return der[start + 1:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--key", required=True)
    parser.add_argument("--pcrs", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--ref", default="")
    parser.add_argument("--claim")
    parser.add_argument("--damage", action="store_true")
    parser.add_argument("--new", action="store_true")
    args = parser.parse_args()
    ref = bytes.fromhex(args.ref)
    pol = policy(args.pcrs)
    signature = bytearray(run("openssl", "dgst", "-sha256", "-sign", args.key, data=pol + ref))
    if args.damage:
        signature[-1] ^= 1
    public = public_bytes(args.key)
    entry = {"pcrs": [int(i) for i in (args.claim or args.pcrs).split(",")], "pkfp": hashlib.sha256(public).hexdigest(),
             "pol": pol.hex(), "sig": base64.b64encode(bytes(signature)).decode()}
    if ref:
        entry["ref"] = ref.hex()
    whole = {"sha256": []}
    if not args.new and os.path.exists(args.out):
        with open(args.out, encoding="ascii") as f:
            whole = json.load(f)
    whole["sha256"].append(entry)
    with open(args.out, "w", encoding="ascii") as f:
        json.dump(whole, f)


main()
