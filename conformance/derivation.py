#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""An independent implementation of doc/derivation.md, written from that page and not from the C code.

    derivation.py check [--full]    compare with doc/derivation-vectors.json (TAP); --full searches for all RSA primes
    derivation.py generate          print that file

Standard library and python3-cryptography. SL_SRC names the source tree, SL_DET_VECTORS the folder with C2SP's published vectors.
"""
import base64
import hashlib
import hmac
import json
import math
import os
import random
import struct
import sys

try:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key
except ImportError:
    print("1..0 # SKIP python3-cryptography is missing")
    sys.exit(0)

SRC = os.environ.get("SL_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
VECTORS = os.path.join(SRC, "doc", "derivation-vectors.json")
PUBLISHED = os.environ.get("SL_DET_VECTORS") or os.path.join(SRC, "..", "shared", "data", "det-keygen")
E = 65537
CURVES = {
    "P-224": (ec.SECP224R1(), 224, 0xffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3d),
    "P-256": (ec.SECP256R1(), 256, 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551),
    "P-384": (ec.SECP384R1(), 384,
              0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973),
    "P-521": (ec.SECP521R1(), 521,
              0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409),
}


def mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


# --- Root ---------------------------------------------------------------------------------------------------------------------

def template(namespace, policy):
    """TPMT_PUBLIC of the primary."""
    attributes = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 10 | 1 << 18     # fixedTPM fixedParent sensitiveDataOrigin noDA sign
    if not policy:
        attributes |= 1 << 6                                      # userWithAuth
    unique = hashlib.sha256(b"seedleaf root v1\0" + namespace.encode()).digest()
    return (struct.pack(">HHI", 0x0008, 0x000b, attributes) + struct.pack(">H", len(policy)) + policy
            + struct.pack(">HH", 0x0005, 0x000b) + struct.pack(">H", len(unique)) + unique)


# --- Context ------------------------------------------------------------------------------------------------------------------

def field(tag, data):
    return struct.pack(">BI", tag, len(data)) + data


def context(row, label, with_token_secret):
    data = field(1, row["name"].encode()) + field(2, row["type"].encode()) + field(3, struct.pack(">I", row["version"]))
    if "salt" in row:
        data += field(4, bytes.fromhex(row["salt"]))
    for binder in row.get("binders", []):
        data += field(5, binder.encode())
    if with_token_secret and "token_secret" in row:
        data += field(6, bytes.fromhex(row["token_secret"]))
    return hashlib.sha256(label + b"\0" + data).digest()


# --- Expansion ----------------------------------------------------------------------------------------------------------------

def hkdf_expand(prk, info, length):
    okm = block = b""
    for i in range(1, (length + 31) // 32 + 1):
        block = mac(prk, block + info + bytes([i]))
        okm += block
    return okm[:length]


class Drbg:
    """HMAC_DRBG with SHA-256, SP 800-90A Rev. 1, 10.1.2."""

    def __init__(self, seed):
        self.k, self.v = bytes(32), b"\1" * 32
        self.fresh = True
        self.update(seed)

    def update(self, data):
        for tag in (b"\0", b"\1") if data else (b"\0",):
            self.k = mac(self.k, self.v + tag + data)
            self.v = mac(self.k, self.v)

    def bits(self, length):
        if not self.fresh:
            self.update(b"")
        self.fresh = False
        out = b""
        while len(out) < length:
            self.v = mac(self.k, self.v)
            out += self.v
        return out[:length]


def det_ec(name, seed):
    _, bits, order = CURVES[name]
    drbg = Drbg(seed + b"det ECDSA key gen " + name.encode())
    width = (bits + 7) // 8
    for _ in range(2 if name == "P-256" else 1):
        d = int.from_bytes(drbg.bits(width), "big") >> (8 * width - bits)
        if 0 < d < order:
            return d
    raise ValueError("no scalar")


SMALL = [i for i in range(3, 2000, 2) if all(i % k for k in range(3, math.isqrt(i) + 1, 2))]


def is_prime(t, rounds=6):
    if any(t % s == 0 for s in SMALL):
        return False
    half = (t - 1) // 2     # odd, since t is 7 modulo 8
    return all(pow(random.randrange(2, t - 1), half, t) in (1, t - 1) for _ in range(rounds))


class Candidates:
    def __init__(self, bits, seed):
        self.drbg = Drbg(seed + b"det RSA key gen" + struct.pack(">H", bits))
        self.width = bits // 16
        self.count = 0

    def next(self):
        t = bytearray(self.drbg.bits(self.width))
        t[0] |= 0xc0
        t[-1] |= 0x07
        self.count += 1
        return int.from_bytes(t, "big")

    def at(self, number):
        while True:
            t = self.next()
            if self.count == number:
                return t

    def prime(self):
        while True:
            t = self.next()
            if is_prime(t):
                return t, self.count


def det_rsa(bits, seed):
    """p, q, and the numbers of their candidates."""
    stream = Candidates(bits, seed)
    while True:
        (p, i), (q, k) = stream.prime(), stream.prime()
        if math.gcd(p - 1, q - 1) < 1 << 32 and (p - 1) % E and (q - 1) % E:
            return p, q, i, k


def det_rsa_hinted(bits, seed, i, k):
    stream = Candidates(bits, seed)
    return stream.at(i), stream.at(k), i, k


def spki(public):
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()


def expand_rsa(bits, seed, hints):
    p, q, i, k = det_rsa_hinted(bits, seed, *hints) if hints else det_rsa(bits, seed)
    if not (is_prime(p) and is_prime(q)):
        return {"value": "the hints do not lead to primes"}
    d = pow(E, -1, (p - 1) * (q - 1) // math.gcd(p - 1, q - 1))
    return {"hint_p": i, "hint_q": k, "value": d.to_bytes((d.bit_length() + 7) // 8, "big").hex(),
            "spki": spki(rsa.RSAPublicNumbers(E, p * q).public_key())}


def expand(kind, secret, hints=None):
    algorithm, _, size = kind.partition(":")
    length = {"aes": lambda: int(size) // 8, "hmac": lambda: int(size), "generic": lambda: int(size)}.get(algorithm, lambda: 32)()
    data = hkdf_expand(secret, b"seedleaf v1 " + kind.encode(), length)
    if algorithm == "ec":
        curve, bits, _ = CURVES[size]
        d = det_ec(size, data)
        return {"value": d.to_bytes((bits + 7) // 8, "big").hex(), "spki": spki(ec.derive_private_key(d, curve).public_key())}
    if algorithm == "rsa":
        return expand_rsa(int(size), data, hints)
    out = {"value": data.hex()}
    if algorithm == "ed25519":
        out["spki"] = spki(ed25519.Ed25519PrivateKey.from_private_bytes(data).public_key())
    if algorithm == "x25519":
        out["spki"] = spki(x25519.X25519PrivateKey.from_private_bytes(data).public_key())
    return out


# --- The vectors --------------------------------------------------------------------------------------------------------------

ROOT = hashlib.sha256(b"seedleaf test root").hexdigest()


def octets(text):
    return hashlib.sha256(text.encode()).hexdigest()


INPUTS = [
    {"name": "NAS host key", "type": "ec:P-256", "version": 1},
    {"name": "NAS host key", "type": "ec:P-256", "version": 2},
    {"name": "Schlüssel für Zoë 🔑", "type": "ec:P-384", "version": 1},
    {"name": "名" * 85, "type": "ec:P-521", "version": 4294967295},
    {"name": "mail signing", "type": "rsa:2048", "version": 1, "salt": octets("salt 1")},
    {"name": "code signing", "type": "rsa:3072", "version": 2, "token_secret": octets("token secret 1")},
    {"name": "root CA", "type": "rsa:4096", "version": 1},
    {"name": "git", "type": "ed25519", "version": 1, "binders": ["uid=1000"]},
    {"name": "tunnel", "type": "x25519", "version": 7, "salt": octets("salt 2"),
     "binders": ["uid=0", "path=/usr/bin/Übung"], "token_secret": octets("token secret 2")},
    {"name": "disk", "type": "aes:128", "version": 1},
    {"name": "disk", "type": "aes:192", "version": 1, "salt": octets("salt 3")},
    {"name": "disk", "type": "aes:256", "version": 1, "binders": ["unit=backup.service", "lsm=x_t", "csum=" + octets("x")]},
    {"name": "api", "type": "hmac:32", "version": 1, "token_secret": octets("token secret 1")},
    {"name": "api", "type": "hmac:64", "version": 1},
    {"name": "x", "type": "generic:1", "version": 256},
    {"name": "blob", "type": "generic:512", "version": 1},
]
ROOTS = [
    {"label": "seedleaf pkcs11 hkdf v1", "parts": ["00000250", b"extract".hex(), b"salt".hex()]},
    {"label": "seedleaf pkcs11 hkdf v1", "parts": ["00000250", b"extract".hex(), b"salt".hex()], "token_secret": octets("token secret")},
    {"label": "seedleaf pkcs11 sp800-108 v1", "parts": ["00000251"]},
    {"label": "seedleaf pkcs11 sp800-108 v1", "parts": ["00000251"], "token_secret": octets("token secret")},
]
KEYRINGS = [
    {"key": octets("kernel key"), "namespace": "", "context": octets("context 1")},
    {"key": octets("kernel key"), "namespace": "web", "context": octets("context 1")},
    {"key": octets("another") + octets("kernel key") + octets("of 96 bytes"), "namespace": "Zoë", "context": octets("context 2")},
]
TEMPLATES = [("", ""), ("mail", ""), ("Zoë", octets("policy"))]


def root_answer(row):
    """The root as a PKCS#11 key."""
    parts = [bytes.fromhex(p) for p in row["parts"] + [row[k] for k in ("token_secret",) if k in row]]
    ctx = hashlib.sha256(row["label"].encode() + b"\0" + b"".join(struct.pack(">I", len(p)) + p for p in parts)).digest()
    return dict(row, context=ctx.hex(), secret=mac(bytes.fromhex(ROOT), ctx).hex())


def keyring_root(row, ctx):
    return mac(bytes.fromhex(row["key"]), hashlib.sha256(b"seedleaf root v1\0" + row["namespace"].encode()).digest() + ctx)


def keyring_answer(row):
    """A root that the kernel keeps."""
    own = keyring_root(row, hashlib.sha256(b"seedleaf keyring identity v1").digest())
    return dict(row, secret=keyring_root(row, bytes.fromhex(row["context"])).hex(),
                identity="000b" + hashlib.sha256(b"seedleaf keyring root v1\0" + own).hexdigest())


def keyring_blob(row, salt, nonce, secret, auth):
    """doc/sealed.md: what is sealed under such a root."""
    head = (b"\1" if auth else b"\0") + salt
    own = keyring_root(row, hashlib.sha256(b"seedleaf keyring seal v1\0" + head).digest())
    key = mac(own, b"seedleaf keyring seal key v1\0" + auth.rstrip(b"\0"))
    head = b"SLk1" + struct.pack(">H", len(head)) + head
    return key.hex(), (head + nonce + AESGCM(key).encrypt(nonce, secret, head)).hex()


def answer(row, hints=None):
    out = dict(row)
    ctx = context(row, b"seedleaf object v1", True)
    secret = mac(bytes.fromhex(ROOT), ctx)
    out["context"] = ctx.hex()
    out["index"] = context(row, b"seedleaf index v1", False).hex()
    out["secret"] = secret.hex()
    out.update(expand(row["type"], secret, hints))
    return out


def generate():
    lines = [json.dumps(answer(row), ensure_ascii=False) for row in INPUTS]
    templates = [json.dumps({"namespace": n, "policy": p, "tpmt_public": template(n, bytes.fromhex(p)).hex()}, ensure_ascii=False)
                 for n, p in TEMPLATES]
    roots = [json.dumps(root_answer(row)) for row in ROOTS]
    keyrings = [json.dumps(keyring_answer(row), ensure_ascii=False) for row in KEYRINGS]
    print('{"format": "seedleaf derivation vectors, version 1",\n"root_key": "%s",\n"templates": [\n%s\n],\n"keys": [\n%s\n],\n"roots": [\n%s\n],\n'
          '"keyrings": [\n%s\n]}' % tuple([ROOT] + [",\n".join(part) for part in (templates, lines, roots, keyrings)]))


count = failed = 0


def ok(good, name):
    global count, failed
    count += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", count, name), flush=True)


def check_key(row, full):
    given = {k: row[k] for k in ("name", "type", "version", "salt", "binders", "token_secret") if k in row}
    search = full or row["type"] == "rsa:2048"
    hints = None if search or "hint_p" not in row else (row["hint_p"], row["hint_q"])
    got = answer(given, hints)
    bad = [k for k in sorted(set(row) | set(got)) if row.get(k) != got.get(k)]
    ok(not bad, "%s version %d, \"%s\"%s" % (row["type"], row["version"], row["name"][:20], " differs in " + ", ".join(bad) if bad else ""))


def published(name):
    try:
        with open(os.path.join(PUBLISHED, name), encoding="utf-8") as f:
            return json.load(f)
    except FileNotFoundError:
        return None


def check_published(full):
    for name in ("ecdsa.json", "rsa.json"):
        rows = published(name)
        if rows is None:
            global count
            count += 1
            print("ok %d - the published det-keygen vectors in %s # SKIP no file" % (count, name))
            continue
        small = [row for row in rows if full or row.get("bits", 0) <= 4096]
        print("# %s: %d of %d vectors" % (name, len(small), len(rows)))
        for row in small:
            seed = base64.b64decode(row["seed"])
            want = load_der_private_key(base64.b64decode(row["private_key_pkcs8"]), None).private_numbers()
            if "curve" in row:
                ok(det_ec("P-" + row["curve"][4:7], seed) == want.private_value, "published %s, seed of %d bytes" % (row["curve"], len(seed)))
            else:
                ok(set(det_rsa(row["bits"], seed)[:2]) == {want.p, want.q}, "published rsa %d, seed of %d bytes" % (row["bits"], len(seed)))


def check_blobs():
    """The vectors in doc/sealed.md are these."""
    with open(os.path.join(SRC, "doc", "sealed.md"), encoding="utf-8") as f:
        page = "".join(f.read().split())
    for auth in b"", bytes(range(1, 33)):
        key, blob = keyring_blob(KEYRINGS[0], bytes(range(0x60, 0x80)), bytes(range(0x40, 0x4c)), b"a kept secret", auth)
        ok("K" + key + "blob" + blob in page, "a secret under a kernel's root%s" % (", with an authorization" if auth else ""))


def check(full):
    with open(VECTORS, encoding="utf-8") as f:
        data = json.load(f)
    ok(data["root_key"] == ROOT and len(data["keys"]) == len(INPUTS), "the file has a root and %d keys" % len(data["keys"]))
    for row in data["templates"]:
        ok(template(row["namespace"], bytes.fromhex(row["policy"])).hex() == row["tpmt_public"], "template \"%s\"" % row["namespace"])
    for row in data["keys"]:
        check_key(row, full)
    ok(len(data["roots"]) == len(ROOTS), "%d rows of the root as a key" % len(ROOTS))
    for row in data["roots"]:
        ok(root_answer({k: row[k] for k in ("label", "parts", "token_secret") if k in row}) == row,
           "%s%s" % (row["label"], ", with a token secret" if "token_secret" in row else ""))
    ok(len(data["keyrings"]) == len(KEYRINGS), "%d rows of roots that a kernel keeps" % len(KEYRINGS))
    for row in data["keyrings"]:
        ok(keyring_answer({k: row[k] for k in ("key", "namespace", "context")}) == row, "keyring, namespace \"%s\"" % row["namespace"])
    check_blobs()
    ok(det_ec("P-256", bytes.fromhex("b432f9be30890480298218510559aed7")) != 0, "the seed whose first P-256 candidate is too big")
    check_published(full)
    print("1..%d" % count)
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["generate"]:
        generate()
    elif sys.argv[1:] in ([], ["check"], ["check", "--full"]):
        sys.exit(check("--full" in sys.argv))
    else:
        sys.exit(__doc__)
