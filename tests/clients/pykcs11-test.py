#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
"""pykcs11-test.py MODULE TOKEN PIN make|again|pins FOLDER [SO-PIN]: the module through PyKCS11, each result compared with python3-cryptography's.

Prints a line "ok NAME" or "not ok NAME: WHY" for each check; exit status 0 when none failed. An empty PIN is none.
"""

import os
import sys

import PyKCS11 as P
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CURVES = {"P-256": (ec.SECP256R1(), "06082a8648ce3d030107"), "P-384": (ec.SECP384R1(), "06052b81040022")}
DATA = os.urandom(300)
failures = 0


def check(name):
    def run(function):
        global failures
        try:
            function()
            print("ok " + name)
        except Exception as e:
            print("not ok %s: %s: %s" % (name, type(e).__name__, " ".join(str(e).split())))
            failures += 1
        return function
    return run


def that(fact, why):
    if not fact:
        raise ValueError(why)


def raises(kind, function, *args):
    try:
        function(*args)
    except kind:
        return
    raise ValueError("no " + kind.__name__)


def open_session(module, token, pin):
    lib = P.PyKCS11Lib()
    lib.load(module)
    slot = next(s for s in lib.getSlotList(tokenPresent=True) if lib.getTokenInfo(s).label.strip("\0 ") == token)
    session = lib.openSession(slot, P.CKF_SERIAL_SESSION | P.CKF_RW_SESSION)
    if pin:
        session.login(pin)
    return lib, slot, session


def pair(session, mechanism, public, token, label=""):
    common = [(P.CKA_TOKEN, token), (P.CKA_LABEL, label), (P.CKA_ID, label.encode())]
    usage = mechanism == P.CKM_RSA_PKCS_KEY_PAIR_GEN
    return session.generateKeyPair(
        common + public + [(P.CKA_VERIFY, True)] + ([(P.CKA_ENCRYPT, True)] if usage else []),
        common + [(P.CKA_SIGN, True), (P.CKA_PRIVATE, True), (P.CKA_SENSITIVE, True)] +
        ([(P.CKA_DECRYPT, True)] if usage else [(P.CKA_DERIVE, True)]), mecha=P.Mechanism(mechanism, None))


def rsa_pair(session, token, label=""):
    return pair(session, P.CKM_RSA_PKCS_KEY_PAIR_GEN, [(P.CKA_MODULUS_BITS, 2048), (P.CKA_PUBLIC_EXPONENT, (1, 0, 1))], token, label)


def ec_pair(session, curve, token, label=""):
    return pair(session, P.CKM_EC_KEY_PAIR_GEN, [(P.CKA_EC_PARAMS, bytes.fromhex(CURVES[curve][1]))], token, label)


def rsa_public(session, key):
    n, e = (int.from_bytes(bytes(v), "big") for v in session.getAttributeValue(key, [P.CKA_MODULUS, P.CKA_PUBLIC_EXPONENT]))
    return rsa.RSAPublicNumbers(e, n).public_key()


def ec_public(session, key, curve):
    point = bytes(session.getAttributeValue(key, [P.CKA_EC_POINT])[0])
    that(point[0] == 4 and point[1] == len(point) - 2, "CKA_EC_POINT is no DER OCTET STRING")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVES[curve][0], point[2:])


def rsa_checks(session, pub, priv):
    public = rsa_public(session, pub)

    @check("sign SHA256-RSA-PKCS")
    def _():
        m = P.Mechanism(P.CKM_SHA256_RSA_PKCS, None)
        signature = bytes(session.sign(priv, DATA, m))
        public.verify(signature, DATA, padding.PKCS1v15(), hashes.SHA256())
        raises(InvalidSignature, public.verify, signature, DATA + b"x", padding.PKCS1v15(), hashes.SHA256())
        that(session.verify(pub, DATA, signature, m), "the module refuses it")
        that(not session.verify(pub, DATA + b"x", signature, m), "the module takes it for other data")

    @check("sign SHA384-RSA-PKCS-PSS")
    def _():
        m = P.RSA_PSS_Mechanism(P.CKM_SHA384_RSA_PKCS_PSS, P.CKM_SHA384, P.CKG_MGF1_SHA384, 48)
        signature = bytes(session.sign(priv, DATA, m))
        public.verify(signature, DATA, padding.PSS(padding.MGF1(hashes.SHA384()), 48), hashes.SHA384())
        that(session.verify(pub, DATA, signature, m), "the module refuses it")

    @check("decrypt RSA-PKCS")
    def _():
        that(bytes(session.decrypt(priv, public.encrypt(b"secret", padding.PKCS1v15()))) == b"secret", "another text")
        that(bytes(session.decrypt(priv, session.encrypt(pub, b"secret"))) == b"secret", "another text of its own")

    for label in (None, b"a label"):
        for name, code, mgf, algorithm in (("SHA-1", P.CKM_SHA_1, P.CKG_MGF1_SHA1, hashes.SHA1), ("SHA-256", P.CKM_SHA256, P.CKG_MGF1_SHA256, hashes.SHA256)):
            @check("OAEP with %s, %s" % (name, "a label" if label else "no label"))
            def _():
                m = P.RSAOAEPMechanism(code, mgf, label)
                theirs = padding.OAEP(padding.MGF1(algorithm()), algorithm(), label)
                that(bytes(session.decrypt(priv, public.encrypt(b"secret", theirs), m)) == b"secret", "another text")
                that(bytes(session.decrypt(priv, session.encrypt(pub, b"secret", m), m)) == b"secret", "another text of its own")
                other = padding.OAEP(padding.MGF1(algorithm()), algorithm(), b"another label")
                raises(P.PyKCS11Error, session.decrypt, priv, public.encrypt(b"secret", other), m)


def ec_checks(session, pub, priv, curve):
    public = ec_public(session, pub, curve)

    @check("sign ECDSA-SHA256, " + curve)
    def _():
        m = P.Mechanism(P.CKM_ECDSA_SHA256, None)
        raw = bytes(session.sign(priv, DATA, m))
        half = len(raw) // 2
        der = utils.encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
        public.verify(der, DATA, ec.ECDSA(hashes.SHA256()))
        raises(InvalidSignature, public.verify, der, DATA + b"x", ec.ECDSA(hashes.SHA256()))
        that(session.verify(pub, DATA, raw, m), "the module refuses it")
        that(not session.verify(pub, DATA + b"x", raw, m), "the module takes it for other data")

    @check("ECDH, " + curve)
    def _():
        peer = ec.generate_private_key(CURVES[curve][0])
        point = peer.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        size = (CURVES[curve][0].key_size + 7) // 8
        key = session.deriveKey(priv, [(P.CKA_CLASS, P.CKO_SECRET_KEY), (P.CKA_KEY_TYPE, P.CKK_GENERIC_SECRET), (P.CKA_TOKEN, False),
                                       (P.CKA_SENSITIVE, False), (P.CKA_EXTRACTABLE, True), (P.CKA_VALUE_LEN, size)],
                                P.ECDH1_DERIVE_Mechanism(point))
        that(bytes(session.getAttributeValue(key, [P.CKA_VALUE])[0]) == peer.exchange(ec.ECDH(), public), "another secret")


def secret_key(session, value, token=False, label="", kind=P.CKK_AES):
    usage = (P.CKA_ENCRYPT, P.CKA_DECRYPT) if kind == P.CKK_AES else (P.CKA_SIGN, P.CKA_VERIFY)
    return session.createObject([(P.CKA_CLASS, P.CKO_SECRET_KEY), (P.CKA_KEY_TYPE, kind), (P.CKA_TOKEN, token), (P.CKA_VALUE, value),
                                 (P.CKA_LABEL, label), (P.CKA_SENSITIVE, True), (P.CKA_EXTRACTABLE, False)] + [(u, True) for u in usage])


def padded(key, iv, data):
    fill = 16 - len(data) % 16
    e = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return e.update(data + bytes([fill]) * fill) + e.finalize()


def secret_checks(session):
    raw, iv = os.urandom(32), os.urandom(16)
    keys = {}

    @check("a secret key in the session")
    def _():
        keys["aes"] = secret_key(session, raw)

    @check("AES-CBC-PAD")
    def _():
        key = keys["aes"]
        m = P.Mechanism(P.CKM_AES_CBC_PAD, iv)
        that(bytes(session.encrypt(key, DATA, m)) == padded(raw, iv, DATA), "another ciphertext")
        that(bytes(session.decrypt(key, padded(raw, iv, DATA), m)) == DATA, "another text")

    @check("AES-GCM")
    def _():
        key = keys["aes"]
        m = P.AES_GCM_Mechanism(iv[:12], b"additional", 128)
        sealed = AESGCM(raw).encrypt(iv[:12], DATA, b"additional")
        that(bytes(session.encrypt(key, DATA, m)) == sealed, "another ciphertext")
        that(bytes(session.decrypt(key, sealed, m)) == DATA, "another text")
        raises(P.PyKCS11Error, session.decrypt, key, sealed[:-1] + bytes([sealed[-1] ^ 1]), m)

    @check("HMAC-SHA256")
    def _():
        mac = hmac.HMAC(raw, hashes.SHA256())
        mac.update(DATA)
        other = secret_key(session, raw, kind=P.CKK_GENERIC_SECRET)
        that(bytes(session.sign(other, DATA, P.Mechanism(P.CKM_SHA256_HMAC, None))) == mac.finalize(), "another code")

    @check("generate AES, wrap and unwrap it")
    def _():
        made = session.generateKey([(P.CKA_CLASS, P.CKO_SECRET_KEY), (P.CKA_KEY_TYPE, P.CKK_AES), (P.CKA_TOKEN, False), (P.CKA_VALUE_LEN, 32),
                                    (P.CKA_EXTRACTABLE, True), (P.CKA_ENCRYPT, True), (P.CKA_DECRYPT, True)])
        wrapper = session.generateKey([(P.CKA_CLASS, P.CKO_SECRET_KEY), (P.CKA_KEY_TYPE, P.CKK_AES), (P.CKA_TOKEN, False), (P.CKA_VALUE_LEN, 32),
                                       (P.CKA_WRAP, True), (P.CKA_UNWRAP, True)])
        m = P.Mechanism(P.CKM_AES_KEY_WRAP, None)
        wrapped = session.wrapKey(wrapper, made, m)
        that(len(wrapped) == 40, "length of the wrapped key")
        again = session.unwrapKey(wrapper, wrapped, [(P.CKA_CLASS, P.CKO_SECRET_KEY), (P.CKA_KEY_TYPE, P.CKK_AES), (P.CKA_TOKEN, False),
                                                     (P.CKA_DECRYPT, True)], m)
        c = P.Mechanism(P.CKM_AES_CBC_PAD, iv)
        that(bytes(session.decrypt(again, session.encrypt(made, DATA, c), c)) == DATA, "another key")

    @check("digest, in one and in parts")
    def _():
        h = hashes.Hash(hashes.SHA256())
        h.update(DATA)
        want = h.finalize()
        that(bytes(session.digest(DATA, P.Mechanism(P.CKM_SHA256, None))) == want, "another digest")
        parts = session.digestSession(P.Mechanism(P.CKM_SHA256, None))
        parts.update(DATA[:7])
        parts.update(DATA[7:])
        that(bytes(parts.final()) == want, "another digest of parts")

    @check("generate random bytes")
    def _():
        a, b = bytes(session.generateRandom(64)), bytes(session.generateRandom(64))
        that(len(a) == 64 and a != b, "not random")


def infos(lib, slot):
    @check("to_dict of the infos")
    def _():
        token = lib.getTokenInfo(slot).to_dict()
        that(token["label"].strip("\0 ") == sys.argv[2] and "CKF_TOKEN_INITIALIZED" in token["flags"], "token: %s" % token)
        that(lib.getSlotInfo(slot).to_dict()["flags"], "slot")
        that(lib.getInfo().to_dict()["cryptokiVersion"][0] >= 2, "module")
        that("CKF_SIGN" in lib.getMechanismInfo(slot, "CKM_ECDSA").to_dict()["flags"], "mechanism")
        that("CKM_AES_GCM" in lib.getMechanismList(slot), "mechanisms")


def find(session, **wanted):
    return session.findObjects([(getattr(P, "CKA_" + k), v) for k, v in wanted.items()])


def make(lib, slot, session, folder):
    pairs = {}
    infos(lib, slot)

    @check("generate in the session, CKA_TOKEN false")
    def _():
        pairs["rsa"] = rsa_pair(session, False, "gone rsa")
        for curve in CURVES:
            pairs[curve] = ec_pair(session, curve, False, "gone " + curve)
        that(all(not session.getAttributeValue(k, [P.CKA_TOKEN])[0] for both in pairs.values() for k in both), "they are on the token")

    if "rsa" in pairs:
        rsa_checks(session, *pairs["rsa"])
    for curve in CURVES:
        if curve in pairs:
            ec_checks(session, *pairs[curve], curve)
    secret_checks(session)

    @check("to_dict of a key")
    def _():
        found = find(session, CLASS=P.CKO_PRIVATE_KEY, LABEL="gone rsa")
        that(len(found) == 1, "%d keys" % len(found))
        shown = found[0].to_dict()
        that(shown["CKA_LABEL"] == "gone rsa" and shown["CKA_SENSITIVE"], "label or sensitivity")
        that(not shown.get("CKA_PRIVATE_EXPONENT"), "the private exponent is shown")

    @check("generate on the token")
    def _():
        rsa_pair(session, True, "stay rsa")
        for curve in CURVES:
            ec_pair(session, curve, True, "stay " + curve)

    @check("a secret key on the token")
    def _():
        raw, iv = os.urandom(32), os.urandom(16)
        secret_key(session, raw, True, "stay aes")
        with open(os.path.join(folder, "sealed"), "wb") as f:
            f.write(iv + padded(raw, iv, b"after the restart"))


def again(_lib, _slot, session, folder):
    @check("session objects are gone")
    def _():
        for label in ["gone rsa"] + ["gone " + c for c in CURVES]:
            that(not find(session, LABEL=label), label)

    for label in list(CURVES) + ["rsa"]:
        found = {}

        @check("the key pair is there: " + label)
        def _():
            found["public"], found["private"] = (find(session, LABEL="stay " + label, CLASS=c) for c in (P.CKO_PUBLIC_KEY, P.CKO_PRIVATE_KEY))
            that(len(found["public"]) == 1 and len(found["private"]) == 1, "%d and %d keys" % (len(found["public"]), len(found["private"])))

        if not all(found.values()):
            continue
        if label == "rsa":
            rsa_checks(session, found["public"][0], found["private"][0])
        else:
            ec_checks(session, found["public"][0], found["private"][0], label)

    @check("the secret key after a restart")
    def _():
        with open(os.path.join(folder, "sealed"), "rb") as f:
            text = f.read()
        key = find(session, LABEL="stay aes")[0]
        that(bytes(session.decrypt(key, text[16:], P.Mechanism(P.CKM_AES_CBC_PAD, text[:16]))) == b"after the restart", "another text")

    @check("rename and delete")
    def _():
        key = find(session, LABEL="stay aes")[0]
        session.setAttributeValue(key, [(P.CKA_LABEL, "renamed")])
        that(len(find(session, LABEL="renamed")) == 1 and not find(session, LABEL="stay aes"), "not renamed")
        session.destroyObject(key)
        that(not find(session, LABEL="renamed"), "not deleted")


def refused(code, function, *args):
    try:
        function(*args)
    except P.PyKCS11Error as e:
        that(e.value == code, "%s, expected %s" % (e, P.CKR[code]))
        return
    raise ValueError("no " + P.CKR[code])


def user_pins(session, pin):
    @check("keys are private objects")
    def _():
        ours = find(session, CLASS=P.CKO_PRIVATE_KEY)
        that(ours, "no private keys")
        session.logout()
        that(not find(session, CLASS=P.CKO_PRIVATE_KEY), "found without a login")
        that(find(session, CLASS=P.CKO_PUBLIC_KEY), "no public keys without a login")
        refused(P.CKR_KEY_HANDLE_INVALID, session.sign, ours[0], b"data", P.Mechanism(P.CKM_ECDSA_SHA256, None))
        session.login(pin)
        that(len(find(session, CLASS=P.CKO_PRIVATE_KEY)) == len(ours), "not all are back")

    @check("login with a wrong PIN")
    def _():
        session.logout()
        refused(P.CKR_PIN_INCORRECT, session.login, pin + "x")
        session.login(pin)
        refused(P.CKR_USER_ALREADY_LOGGED_IN, session.login, pin)

    @check("setPin there and back")
    def _():
        session.setPin(pin, "another-pin")
        session.logout()
        refused(P.CKR_PIN_INCORRECT, session.login, pin)
        session.login("another-pin")
        refused(P.CKR_PIN_INCORRECT, session.setPin, pin, "third-pin")
        session.setPin("another-pin", pin)
        session.logout()
        session.login(pin)
        that(find(session, CLASS=P.CKO_PRIVATE_KEY), "no private keys")


def officer_pins(session, pin, so_pin):
    @check("initPin by the SO")
    def _():
        refused(P.CKR_USER_NOT_LOGGED_IN, session.initPin, "given-pin")
        session.logout()
        refused(P.CKR_PIN_INCORRECT, session.login, pin, P.CKU_SO)
        session.login(so_pin, P.CKU_SO)
        that(not find(session, CLASS=P.CKO_PRIVATE_KEY), "the SO finds private keys")
        session.initPin("given-pin")
        session.logout()
        refused(P.CKR_PIN_INCORRECT, session.login, pin)
        session.login("given-pin")
        session.setPin("given-pin", pin)


def made_anew(lib, module, so_pin):
    @check("initToken of another token, and again")
    def _():
        slot = next(s for s in lib.getSlotList(tokenPresent=True) if lib.getTokenInfo(s).label.strip("\0 ") == "seedleaf-endorsement")
        lib.initToken(slot, so_pin, "made")
        that(lib.getTokenInfo(slot).label.strip() == "made", "no such label")
        refused(P.CKR_PIN_INCORRECT, lib.initToken, slot, so_pin + "x", "stolen")
        s = lib.openSession(slot, P.CKF_SERIAL_SESSION | P.CKF_RW_SESSION)
        refused(P.CKR_USER_PIN_NOT_INITIALIZED, s.login, "first-pin")
        s.login(so_pin, P.CKU_SO)
        s.initPin("first-pin")
        s.logout()
        s.login("first-pin")
        ec_pair(s, "P-256", True, "made")
        that(len(find(s, CLASS=P.CKO_PRIVATE_KEY)) == 1, "no key")
        refused(P.CKR_SESSION_EXISTS, lib.initToken, slot, so_pin, "made")
        s.closeSession()
        lib.initToken(slot, so_pin, "made again")
        s = lib.openSession(slot, P.CKF_SERIAL_SESSION | P.CKF_RW_SESSION)
        that(not find(s), "objects that outlive C_InitToken")
        s.closeSession()


def pins(lib, slot, session, folder):
    module, _, pin, _, _, so_pin = sys.argv[1:]
    ec_pair(session, "P-256", True, "for pins")
    user_pins(session, pin)
    officer_pins(session, pin, so_pin)
    if "seedleaf" in module:
        made_anew(lib, module, so_pin)


def main():
    module, token, pin, mode, folder = sys.argv[1:6]
    lib, slot, session = open_session(module, token, pin)
    {"make": make, "again": again, "pins": pins}[mode](lib, slot, session, folder)
    session.closeSession()
    return 0 if failures == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
