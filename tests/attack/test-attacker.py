#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""Somebody with the whole store and full use of the TPM, owner's authorization included, wants a key of a token whose PIN he does not know.

Each attack comes with a control: the same steps with the right PIN or secret get the key, so that an attack that fails does not fail for a mistake
of ours. What the attacker does with the TPM is written from doc/pin.md, doc/derivation.md and doc/sealed.md, and shares no code with the module.
"""

import hashlib
import hmac
import importlib.util
import os
import pickle
import shutil
import sqlite3
import struct
import subprocess
import sys
import traceback

if "SL_IN_TPM" not in os.environ:
    os.environ["SL_IN_TPM"] = "1"
    here = os.environ.get("SL_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    os.execvp("timeout", ["timeout", "--foreground", "-k", "20", "280", os.path.join(here, "tests", "with-tpm"), "--count",
                          os.path.abspath(__file__)] + sys.argv[1:])
SRC = os.environ.get("SL_SRC") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(SRC, "tests", "attack"))
try:
    import PyKCS11 as P
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
except ImportError as e:
    print("1..0 # SKIP %s" % e)
    sys.exit(0)
import rawtpm

spec = importlib.util.spec_from_file_location("derivation", os.path.join(SRC, "conformance", "derivation.py"))
derivation = importlib.util.module_from_spec(spec)
spec.loader.exec_module(derivation)

DIR = os.environ["SL_TPM_DIR"]
SO, USER = b"so-pin-of-the-vault", b"correct horse\x00battery"
OTHER_SO, OTHER_USER = b"so-pin-of-another", b"1234-another-user"
AES_KEY, OTHER_AES = bytes(range(0x40, 0x60)), bytes(range(0x80, 0xa0))
P256 = bytes.fromhex("06082a8648ce3d030107")
NV_INDEX = 0x01c0fe00
TPM = rawtpm.Tpm()
count = failures = 0


def verdict(good, name, why=""):
    global count, failures
    count += 1
    failures += 0 if good else 1
    print("%s %d - %s" % ("ok" if good else "not ok", count, name))
    for line in ("" if good else why).splitlines()[-12:]:
        print("# " + line)
    sys.stdout.flush()


def check(name):
    def run(function):
        try:
            function()
            verdict(True, name)
        except Exception:
            verdict(False, name, traceback.format_exc())
        return function
    return run


def that(fact, why):
    if not fact:
        raise ValueError(why)


def refused(function, *args):
    """The response code with which the TPM refuses."""
    try:
        function(*args)
    except rawtpm.Refused as e:
        return e.code
    raise ValueError("not refused")


# --- Processes that use the module: each a child of its own -------------------------------------------------------------------------

def process(function, *args, store=None):
    """function(*args) in a new process; its result, or the CKR name it ended with as a text."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(r)
            if store is not None:
                os.environ["SEEDLEAF_STORE"] = store
            try:
                result = function(*args)
            except P.PyKCS11Error as e:
                result = str(P.CKR.get(e.value, e.value))
            with os.fdopen(w, "wb") as pipe:
                pickle.dump(result, pipe)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(w)
    with os.fdopen(r, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    if not data:
        raise ValueError("the process died")
    return pickle.loads(data)


def session_of(token, pin=None, who=P.CKU_USER):
    lib = P.PyKCS11Lib()
    lib.load(os.environ["SEEDLEAF_MODULE"])
    for slot in lib.getSlotList(tokenPresent=True):
        if lib.getTokenInfo(slot).label.strip("\0 ") in (token, "seedleaf-" + token):
            session = lib.openSession(slot, P.CKF_SERIAL_SESSION | P.CKF_RW_SESSION)
            if pin is not None:
                session.login(P.ckbytelist(pin), who)
            return lib, slot, session
    raise ValueError("no token " + token)


def initialise(token, so, user):
    lib = P.PyKCS11Lib()
    lib.load(os.environ["SEEDLEAF_MODULE"])
    slot = next(s for s in lib.getSlotList(tokenPresent=True) if lib.getTokenInfo(s).label.strip("\0 ") == "seedleaf-" + token)
    lib.initToken(slot, P.ckbytelist(so), token)
    session = lib.openSession(slot, P.CKF_SERIAL_SESSION | P.CKF_RW_SESSION)
    session.login(P.ckbytelist(so), P.CKU_SO)
    session.initPin(P.ckbytelist(user))
    session.logout()
    session.closeSession()
    return True


def make_keys(token, pin, aes):
    """A derived pair and derived secret key, and a sealed pair and secret key. Returns the public points."""
    _, _, session = session_of(token, pin)
    points = {}
    for label in ("derived", "bait"):
        public, _ = session.generateKeyPair(
            [(P.CKA_LABEL, label), (P.CKA_TOKEN, True), (P.CKA_EC_PARAMS, P256), (P.CKA_VERIFY, True)],
            [(P.CKA_LABEL, label), (P.CKA_TOKEN, True), (P.CKA_SIGN, True), (P.CKA_PRIVATE, True)],
            mecha=P.Mechanism(P.CKM_EC_KEY_PAIR_GEN))
        points[label] = bytes(session.getAttributeValue(public, [P.CKA_EC_POINT])[0])
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.private_numbers()
    point = b"\x04" + numbers.public_numbers.x.to_bytes(32, "big") + numbers.public_numbers.y.to_bytes(32, "big")
    session.createObject([
        (P.CKA_CLASS, P.CKO_PRIVATE_KEY), (P.CKA_KEY_TYPE, P.CKK_EC), (P.CKA_LABEL, "sealed"), (P.CKA_TOKEN, True), (P.CKA_PRIVATE, True),
        (P.CKA_EC_PARAMS, P256), (P.CKA_VALUE, numbers.private_value.to_bytes(32, "big")), (P.CKA_SIGN, True)])
    session.createObject([
        (P.CKA_CLASS, P.CKO_PUBLIC_KEY), (P.CKA_KEY_TYPE, P.CKK_EC), (P.CKA_LABEL, "sealed"), (P.CKA_TOKEN, True),
        (P.CKA_EC_PARAMS, P256), (P.CKA_EC_POINT, b"\x04" + bytes([len(point)]) + point), (P.CKA_VERIFY, True)])
    session.createObject([
        (P.CKA_CLASS, P.CKO_SECRET_KEY), (P.CKA_KEY_TYPE, P.CKK_AES), (P.CKA_LABEL, "sealed-aes"), (P.CKA_TOKEN, True),
        (P.CKA_PRIVATE, True), (P.CKA_VALUE, aes), (P.CKA_ENCRYPT, True), (P.CKA_DECRYPT, True)])
    points["sealed"] = b"\x04" + bytes([len(point)]) + point
    return points


def labels_of(token, cls, pin=None):
    _, _, session = session_of(token, pin)
    return sorted(session.getAttributeValue(o, [P.CKA_LABEL])[0] for o in session.findObjects([(P.CKA_CLASS, cls)]))


DATA = hashlib.sha256(b"what is to be signed").digest()


def sign(token, label, pin=None):
    _, _, session = session_of(token, pin)
    found = session.findObjects([(P.CKA_CLASS, P.CKO_PRIVATE_KEY), (P.CKA_LABEL, label)])
    return bytes(session.sign(found[0], DATA, P.Mechanism(P.CKM_ECDSA))) if found else "not found"


def encrypt(token, pin=None):
    _, _, session = session_of(token, pin)
    found = session.findObjects([(P.CKA_CLASS, P.CKO_SECRET_KEY), (P.CKA_LABEL, "sealed-aes")])
    return bytes(session.encrypt(found[0], DATA, P.Mechanism(P.CKM_AES_ECB))) if found else "not found"


def signs(signature, point):
    """Whether this is a signature of DATA by the key of that point."""
    if not isinstance(signature, bytes):
        return False
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point[2:])
    r, s = (int.from_bytes(x, "big") for x in (signature[:32], signature[32:]))
    try:
        public.verify(utils.encode_dss_signature(r, s), DATA, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        return True
    except InvalidSignature:
        return False


def the_aes(key=AES_KEY):
    e = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return e.update(DATA) + e.finalize()


# --- What the attacker knows: the store, the documents -----------------------------------------------------------------------------

def rows(sql, *args, store=None):
    with sqlite3.connect(os.path.join(store or os.environ["SEEDLEAF_STORE"], "store.db")) as db:
        db.row_factory = sqlite3.Row
        return db.execute(sql, args).fetchall()


def root_row(token):
    return rows("SELECT id FROM root WHERE token = ? ORDER BY id DESC", token)[0]["id"]


def recipe(token, label):
    """A derived private key's inputs as derivation.py takes them, without the token secret."""
    r = rows("SELECT r.* FROM recipe r JOIN object o ON o.id = r.object WHERE o.root = ? AND o.label = ?", root_row(token), label.encode())[0]
    return {"name": r["name"], "type": r["type"], "version": r["version"], "salt": r["salt"].hex()}


def sealed(token, label, cls):
    r = rows("SELECT s.blob FROM sealed s JOIN object o ON o.id = s.object WHERE o.root = ? AND o.label = ? AND o.class = ?",
             root_row(token), label.encode(), cls)
    return bytes(r[0]["blob"])


def pin_row(token):
    return rows("SELECT * FROM pin WHERE root = ?", root_row(token))[0]


def pin_auth(pin, role, salt):
    """doc/pin.md, "From a PIN to an authorization"."""
    return hashlib.pbkdf2_hmac("sha256", pin, b"seedleaf pin v1\0" + bytes([role, len(pin)]) + salt, 20000, 32)


def strip(auth):
    return auth.rstrip(b"\0")   # Part 1, 19.6.4.3


def unseal(blob, auth):
    return TPM.unseal(*rawtpm.tss2_parts(blob), auth=strip(auth))


def sealed_auth(secret):
    return hmac.new(secret, b"seedleaf sealed key v1", hashlib.sha256).digest()


def sealing(blob):
    """The TSS2 PRIVATE KEY in a blob of either form."""
    return blob[6:6 + struct.unpack(">H", blob[4:6])[0]] if blob[:4] == b"SLh1" else blob


def compute(namespace, inputs, secret=None, auth=b"", owner=b""):
    """The public point of a derived P-256 key, by a rebuilt primary."""
    row = dict(inputs)
    if secret is not None:
        row["token_secret"] = secret.hex()
    root = TPM.primary(derivation.template(namespace, b""), auth=auth, owner=owner)
    try:
        prk = TPM.hmac(root, derivation.context(row, b"seedleaf object v1", True), auth)
    finally:
        TPM.flush(root)
    seed = derivation.hkdf_expand(prk, b"seedleaf v1 " + row["type"].encode(), 32)
    numbers = ec.derive_private_key(derivation.det_ec("P-256", seed), ec.SECP256R1()).public_key().public_numbers()
    return b"\x04\x41\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def lockout():
    """(failures, max)"""
    def prop(p):
        rest = TPM.run("GetCapability", b"", struct.pack(">III", 6, p, 1))[1]
        return struct.unpack(">I", rest[13:17])[0]
    return prop(0x20e), prop(0x20f)


def forgive():
    """The lockout authority sets the counter to zero (TPM2_DictionaryAttackLockReset; its authorization is empty here)."""
    rawtpm.CC["DictionaryAttackLockReset"] = 0x139
    TPM.run("DictionaryAttackLockReset", struct.pack(">I", 0x4000000a), b"", [b""])


def raise_limit(n):
    """So many tries; one is forgotten every 1000 s."""
    rawtpm.CC["DictionaryAttackParameters"] = 0x13a
    TPM.run("DictionaryAttackParameters", struct.pack(">I", 0x4000000a), struct.pack(">III", n, 1000, 1000), [b""])


def edited(sql):
    """A copy of the store, changed by the attacker."""
    copy = os.path.join(DIR, "edited")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(os.environ["SEEDLEAF_STORE"], copy)
    with sqlite3.connect(os.path.join(copy, "store.db")) as db:
        for statement in sql:
            db.execute(*statement)
    os.chmod(copy, 0o700)
    return copy


def nothing(token, points, store, pin=None, aes=AES_KEY):
    """No signature of the victim's keys and no encryption under the victim's AES key comes out of the module."""
    for label, point in points.items():
        result = process(sign, token, label, pin, store=store)
        that(not signs(result, point), "signed with " + label)
    that(process(encrypt, token, pin, store=store) != the_aes(aes), "encrypted")


def main():
    conf = os.path.join(DIR, "attack.conf")
    with open(conf, "w") as f:
        f.write("[token alice]\nroot = tpm:owner\n[token bob]\nroot = tpm:owner\nnamespace = alice\n"
                "[token nv]\nroot = tpm:owner\npin-store = nv:0x%08x\n" % NV_INDEX)
    os.environ["SEEDLEAF_CONF"] = conf
    raise_limit(30)
    that(process(initialise, "alice", SO, USER) is True, "alice")
    points = process(make_keys, "alice", USER, AES_KEY)
    that(isinstance(points, dict), points)
    that(process(initialise, "bob", OTHER_SO, OTHER_USER) is True, "bob")
    others = process(make_keys, "bob", OTHER_USER, OTHER_AES)

    @check("control: with the PIN every key signs, and the sealed AES key encrypts")
    def _():
        for label, point in points.items():
            that(signs(process(sign, "alice", label, USER), point), label)
        that(process(encrypt, "alice", USER) == the_aes(), "AES")

    row = pin_row("alice")
    auth = pin_auth(USER, 2, row["user_salt"])
    secrets = {}

    @check("control: with the PIN, doc/pin.md and a TPM anybody can unseal S, by the user's and by the SO's PIN")
    def _():
        secrets["S"] = unseal(row["user_blob"], auth)
        that(len(secrets["S"]) == 32, "its length")
        that(unseal(row["so_blob"], pin_auth(SO, 1, row["so_salt"])) == secrets["S"], "the SO's")
        that(hashlib.sha256(b"seedleaf token secret v1\0" + secrets["S"]).digest()[:16] == row["secret_id"], "secret_id")

    @check("control: with S the rebuilt primary gives the derived key, so the next attacks compute the right thing")
    def _():
        that(compute("alice", recipe("alice", "derived"), secrets["S"]) == points["derived"], "another key")

    @check("without S the rebuilt primary gives another key: S left out, zeros, the public secret_id, another user's S")
    def _():
        bob = unseal(pin_row("bob")["user_blob"], pin_auth(OTHER_USER, 2, pin_row("bob")["user_salt"]))
        guesses = [None, bytes(32), row["secret_id"] * 2, row["user_salt"], hashlib.sha256(USER).digest(), bob]
        for guess in guesses:
            that(compute("alice", recipe("alice", "derived"), guess) != points["derived"], "the key")

    @check("an auth value of the primary is no part of the key: with another one, still another key without S")
    def _():
        that(compute("alice", recipe("alice", "derived"), None, auth=b"attacker") != points["derived"], "the key")
        that(compute("alice", recipe("alice", "derived"), secrets["S"], auth=b"attacker") == points["derived"], "control")

    @check("S does not unseal with an empty, a guessed or the other role's authorization, and the TPM counts each try")
    def _():
        before = lockout()[0]
        tries = [b"", b"0000", USER, pin_auth(USER, 1, row["user_salt"]), pin_auth(USER, 2, row["so_salt"])]
        for guess in tries:
            that(refused(unseal, row["user_blob"], guess) & 0xbf == 0x8e, "not TPM_RC_AUTH_FAIL")
        that(lockout()[0] == before + len(tries), "%d tries counted as %d" % (len(tries), lockout()[0] - before))
        forgive()

    @check("a sealed key does not unseal with an empty authorization, the PIN's, or another user's S; with S it does (control)")
    def _():
        blob = sealing(sealed("alice", "sealed-aes", 4))
        bob = unseal(pin_row("bob")["user_blob"], pin_auth(OTHER_USER, 2, pin_row("bob")["user_salt"]))
        for guess in (b"", auth, sealed_auth(bob), sealed_auth(bytes(32))):
            refused(unseal, blob, guess)
        that(unseal(blob, sealed_auth(secrets["S"])) == AES_KEY, "control: the key as it is")
        refused(unseal, sealing(sealed("alice", "sealed", 3)), b"")

    @check("without a login the module lists no private object of the token, and signs nothing")
    def _():
        that(process(labels_of, "alice", P.CKO_PRIVATE_KEY) == [], "private keys")
        that(process(labels_of, "alice", P.CKO_SECRET_KEY) == [], "secret keys")
        nothing("alice", points, None)

    edits = {
        "CKA_PRIVATE made false": [("UPDATE attribute SET value = 0 WHERE type = 2",)],
        "CKA_PRIVATE made false, bound made 0": [("UPDATE attribute SET value = 0 WHERE type = 2",), ("UPDATE recipe SET bound = 0",),
                                                 ("UPDATE sealed SET bound = 0",)],
        "the PIN row removed": [("DELETE FROM pin",)],
        "the PIN row removed, CKA_PRIVATE made false, bound made 0": [
            ("DELETE FROM pin",), ("UPDATE attribute SET value = 0 WHERE type = 2",), ("UPDATE recipe SET bound = 0",),
            ("UPDATE sealed SET bound = 0",)],
        "the objects moved to a root with another PIN": [("UPDATE object SET root = ?", (root_row("bob"),))],
    }
    for name, sql in edits.items():
        @check("the store edited: %s: no key" % name)
        def _(sql=sql):
            store = edited(sql)
            nothing("alice", points, store)
            nothing("bob", points, store, OTHER_USER)
            nothing("bob", points, store)

    @check("the user's sealed S exchanged for the attacker's own: his PIN logs in, and no key comes of it")
    def _():
        bob = pin_row("bob")
        store = edited([("UPDATE pin SET user_blob = ?, user_salt = ? WHERE root = ?", (bob["user_blob"], bob["user_salt"], root_row("alice"))),
                        ("UPDATE pin SET so_blob = ?, so_salt = ?, secret_id = ? WHERE root = ?",
                         (bob["so_blob"], bob["so_salt"], bob["secret_id"], root_row("alice")))])
        that(process(labels_of, "alice", P.CKO_PUBLIC_KEY, OTHER_USER, store=store) != [], "the attacker's login is the point")
        nothing("alice", points, store, OTHER_USER)

    @check("two users on one TPM and one root: each lists the other's public keys")
    def _():
        that(set(process(labels_of, "alice", P.CKO_PUBLIC_KEY)) >= {"derived", "sealed"}, "alice's")
        that(set(process(labels_of, "bob", P.CKO_PUBLIC_KEY)) >= {"derived", "sealed"}, "bob's")

    @check("and uses none of the other's private keys, with his own PIN or his own on the other's token")
    def _():
        nothing("bob", points, None, OTHER_USER)
        nothing("alice", others, None, USER, OTHER_AES)
        that(process(sign, "alice", "derived", OTHER_USER) == "CKR_PIN_INCORRECT", "the other's PIN")
        forgive()

    nv_attacks()
    limits(points)
    old = os.path.join(DIR, "old")
    shutil.copytree(os.environ["SEEDLEAF_STORE"], old)
    traffic(secrets["S"], AES_KEY, auth)

    @check("a limit that doc/threats.md names: a copy of the store from before a new PIN still opens with the old one")
    def _():
        that(signs(process(sign, "alice", "derived", USER, store=old), points["derived"]), "it does not: change the document")
        that(process(sign, "alice", "derived", USER) == "CKR_PIN_INCORRECT", "the old PIN on the new store")
        forgive()

    memory(secrets["S"], pin_auth(b"a new PIN of the user", 2, pin_row("alice")["user_salt"]))
    that(TPM.transient() == 0, "something was left on the TPM")


def nv_attacks():
    process(initialise, "nv", SO, USER)
    points = process(make_keys, "nv", USER, AES_KEY)
    salt = hashlib.sha256(b"seedleaf nv v1\0" + struct.pack(">I", NV_INDEX)).digest()
    auth = strip(pin_auth(USER, 2, salt))

    @check("NV, control: the PIN's authorization reads S from the index, and with S the derived key is computed")
    def _():
        secret = TPM.nv_read(NV_INDEX, 32, auth=auth)
        that(compute("nv", recipe("nv", "derived"), secret) == points["derived"], "another key")

    @check("NV: the owner cannot read or write S, and nobody can without the PIN")
    def _():
        refused(TPM.nv_read, NV_INDEX, 32, rawtpm.RH_OWNER)
        refused(TPM.nv_read, NV_INDEX + 1, 32, rawtpm.RH_OWNER)
        refused(TPM.nv_read, NV_INDEX, 32, None, b"")
        refused(TPM.nv_write, NV_INDEX, bytes(32), b"")
        forgive()

    @check("NV: the index removed and defined again with the attacker's authorization: his PIN logs in, and no key comes of it")
    def _():
        attributes, policy, size = TPM.nv_public(NV_INDEX)
        mine = pin_auth(b"attacker's", 2, salt)
        TPM.nv_undefine(NV_INDEX)
        TPM.nv_define(NV_INDEX, attributes & ~(1 << 29), size, strip(mine), policy)
        TPM.nv_write(NV_INDEX, bytes(32), strip(mine))
        nothing("nv", points, None, b"attacker's")
        that(process(sign, "nv", "derived", USER) == "CKR_PIN_INCORRECT", "the user's PIN")
        forgive()

    def new_pin():
        _, _, session = session_of("nv", SO, P.CKU_SO)
        session.initPin(P.ckbytelist(USER))
        return True

    @check("NV: after that the SO sets the user's PIN, and the keys are the same")
    def _():
        that(process(new_pin) is True, "C_InitPIN")
        that(signs(process(sign, "nv", "derived", USER), points["derived"]), "derived")
        that(process(encrypt, "nv", USER) == the_aes(), "sealed")


def limits(points):
    def flags(token):
        lib = P.PyKCS11Lib()
        lib.load(os.environ["SEEDLEAF_MODULE"])
        return next(lib.getTokenInfo(s).flags for s in lib.getSlotList(tokenPresent=True)
                    if lib.getTokenInfo(s).label.strip("\0 ") == token)

    @check("wrong PINs: COUNT_LOW, FINAL_TRY, then CKR_PIN_LOCKED at the TPM's own limit, the right PIN included")
    def _():
        forgive()
        raise_limit(3)
        that(process(flags, "alice") & P.CKF_USER_PIN_COUNT_LOW == 0, "COUNT_LOW at first")
        that(process(sign, "alice", "derived", b"wrong-1") == "CKR_PIN_INCORRECT", "1")
        that(process(flags, "alice") & P.CKF_USER_PIN_COUNT_LOW, "COUNT_LOW")
        that(process(sign, "alice", "derived", b"wrong-2") == "CKR_PIN_INCORRECT", "2")
        that(process(flags, "alice") & P.CKF_USER_PIN_FINAL_TRY, "FINAL_TRY")
        process(sign, "alice", "derived", b"wrong-3")
        that(process(sign, "alice", "derived", b"wrong-4") == "CKR_PIN_LOCKED", "4")
        that(process(flags, "alice") & P.CKF_USER_PIN_LOCKED, "LOCKED")
        that(process(sign, "alice", "derived", USER) == "CKR_PIN_LOCKED", "the right one")

    @check("after the lockout authority's reset the right PIN works, and nothing was lost")
    def _():
        forgive()
        raise_limit(30)
        for label, point in points.items():
            that(signs(process(sign, "alice", label, USER), point), label)
        that(process(encrypt, "alice", USER) == the_aes(), "AES")


def traffic(secret, key, auth):
    """What the module sent and got; our own raw commands are not in question: they are the control that the detector sees a secret."""
    log = os.environ["SL_TPM_LOG"]

    @check("control: the traffic log shows what an attacker's password session gives away")
    def _():
        with open(log, "rb") as f:
            text = f.read().lower()
        that(secret.hex().encode() in text, "the raw unsealing is not in the log")

    @check("nothing secret in the module's own traffic, the store, or the log at debug level")
    def _():
        open(log, "w").close()
        trace = os.path.join(DIR, "debug.log")
        os.environ["SEEDLEAF_LOG"] = "debug"
        conf = os.environ["SEEDLEAF_CONF"]
        with open(conf) as f:
            text = f.read()
        with open(conf, "w") as f:
            f.write("[seedleaf]\nlog-file = %s\n" % trace + text)

        def change():
            _, _, session = session_of("alice", USER)
            session.setPin(P.ckbytelist(USER), P.ckbytelist(b"a new PIN of the user"))
            return True
        that(process(sign, "alice", "derived", USER) and process(encrypt, "alice", USER) == the_aes(), "use")
        that(process(change) is True, "C_SetPIN")
        that(process(sign, "alice", "derived", USER) == "CKR_PIN_INCORRECT", "a wrong PIN")
        that(process(encrypt, "alice", b"a new PIN of the user") == the_aes(), "the new PIN")
        with open(log, "rb") as f:
            sent = f.read().lower()
        that(len(sent) > 1000, "no traffic was seen")
        places = {"traffic": sent}
        for path in (trace, os.path.join(os.environ["SEEDLEAF_STORE"], "store.db")):
            with open(path, "rb") as f:
                places[path] = f.read()
        that(b"C_" in places[trace] or len(places[trace]) > 0, "nothing was logged")
        for name, wanted in (("S", secret), ("the sealed key", key), ("the PIN", USER), ("the new PIN", b"a new PIN of the user"),
                             ("its authorization", auth)):
            for place, data in places.items():
                that(wanted not in data and wanted.hex().encode() not in data.lower(), "%s is in %s" % (name, place))
        forgive()


def dumped(pid, needle):
    """(copies on pages that a core dump leaves out, copies on others) in the memory of a process."""
    hidden = plain = 0
    here = None
    with open("/proc/%d/smaps" % pid) as smaps, open("/proc/%d/mem" % pid, "rb") as mem:
        for line in smaps:
            words = line.split()
            if "-" in words[0] and not words[0].endswith(":"):
                here = [int(x, 16) for x in words[0].split("-")] + [words[1]]
            elif words[0] == "VmFlags:" and here[2].startswith("rw"):
                mem.seek(here[0])
                try:
                    n = mem.read(here[1] - here[0]).count(needle)
                except OSError:
                    continue
                hidden, plain = (hidden + n, plain) if "dd" in words else (hidden, plain + n)
    return hidden, plain


def memory(secret, auth):
    """A process that has logged in and used keys, looked at from outside as a core dump would show it."""
    @check("a core dump of a process that is logged in has no S and no PIN authorization; S is in its memory (control)")
    def _():
        # A program of its own: our memory has the secrets.
        child = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--hold"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        pid = child.pid
        try:
            that(child.stdout.readline() == b"ready\n", "the process died")
            that(dumped(pid, secret)[0] > 0, "control: S is not found")
            that(dumped(pid, secret)[1] == 0, "S")
            that(dumped(pid, auth) == (0, 0), "the authorization")
            that(dumped(pid, sealed_auth(secret))[1] == 0, "the sealed keys' authorization")
        finally:
            child.communicate()


def hold():
    """Logged in, with keys in use, until standard input ends."""
    session = session_of("alice", b"a new PIN of the user")
    found = session[2].findObjects([(P.CKA_CLASS, P.CKO_PRIVATE_KEY), (P.CKA_LABEL, "sealed")])
    session[2].sign(found[0], DATA, P.Mechanism(P.CKM_ECDSA))
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__" and sys.argv[1:] == ["--hold"]:
    hold()
elif __name__ == "__main__":
    try:
        main()
    except Exception:
        verdict(False, "the test itself", traceback.format_exc())
    print("1..%d" % count)
    sys.exit(1 if failures else 0)
