/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe-keys.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

/* The other side: what libcrypto says. A failure here is the probe's, and fails the case with that word. */

static void
must(bool good, const char *what)
{
	CHECK(good, "the probe's libcrypto failed: %s", what);
}

struct bin
ossl_digest(const char *hash, struct bin data)
{
	struct bin out = room(EVP_MAX_MD_SIZE);
	unsigned len = 0;
	EVP_MD *md = EVP_MD_fetch(NULL, hash, NULL);

	must(md != NULL && EVP_Digest(data.p, data.n, out.p, &len, md, NULL) == 1, hash);
	return cut(out, len);
}

struct bin
ossl_hmac(const char *hash, struct bin key, struct bin data)
{
	struct bin out = room(EVP_MAX_MD_SIZE);
	size_t len = 0;

	must(EVP_Q_mac(NULL, "HMAC", NULL, hash, NULL, key.p, key.n, data.p, data.n, out.p, out.n, &len) != NULL, hash);
	return cut(out, len);
}

static EVP_PKEY *
from_params(const char *type, int selection, OSSL_PARAM_BLD *bld)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *key = NULL;

	must(ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
			 EVP_PKEY_fromdata(ctx, &key, selection, params) == 1,
		 type);
	return key;
}

static void
push_bn(OSSL_PARAM_BLD *bld, const char *name, struct bin value)
{
	must(OSSL_PARAM_BLD_push_BN(bld, name, BN_bin2bn(value.p, (int)value.n, NULL)) == 1, name);
}

void *
ossl_rsa_public(struct bin modulus, struct bin exponent)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();

	push_bn(bld, "n", modulus);
	push_bn(bld, "e", exponent);
	return from_params("RSA", EVP_PKEY_PUBLIC_KEY, bld);
}

void *
ossl_rsa(bool private)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();

	push_bn(bld, "n", hex(rsa_part('n')));
	push_bn(bld, "e", hex(rsa_part('e')));
	if (private)
		push_bn(bld, "d", hex(rsa_part('d')));
	return from_params("RSA", private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, bld);
}

void *
ossl_ec(const struct curve *c, struct bin point, bool private)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	const struct bin secret = hex(c->secret);
	const char *const name = strncmp(c->name, "Ed", 2) == 0 ? (c->bytes == 32 ? "ED25519" : "ED448") : c->name;

	if (c->type != CKK_EC) {
		EVP_PKEY *key = private ? EVP_PKEY_new_raw_private_key_ex(NULL, name, NULL, secret.p, secret.n)
		                        : EVP_PKEY_new_raw_public_key_ex(NULL, name, NULL, point.p, point.n);

		must(key != NULL, name);
		return key;
	}
	must(OSSL_PARAM_BLD_push_utf8_string(bld, "group", c->name, 0) == 1 &&
	     OSSL_PARAM_BLD_push_octet_string(bld, "pub", point.p, point.n) == 1, c->name);
	if (private)
		push_bn(bld, "priv", secret);
	return from_params("EC", private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, bld);
}

/* PKCS#11 has ECDSA signatures as r || s (6.3.1), libcrypto in DER. */
static struct bin
der_signature(struct bin raw)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	struct bin der = { NULL, 0 };
	const int half = (int)(raw.n / 2);
	int len;

	must(sig != NULL && ECDSA_SIG_set0(sig, BN_bin2bn(raw.p, half, NULL), BN_bin2bn(raw.p + half, half, NULL)) == 1,
		 "ECDSA_SIG");
	len = i2d_ECDSA_SIG(sig, &der.p);
	must(len > 0, "i2d_ECDSA_SIG");
	der.n = (CK_ULONG)len;
	return der;
}

static struct bin
raw_signature(struct bin der, CK_ULONG half)
{
	const unsigned char *at = der.p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.n);
	struct bin raw = room(2 * half);

	must(sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw.p, (int)half) >= 0 &&
	     BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw.p + half, (int)half) >= 0, "r and s");
	return raw;
}

static bool
set_rsa(EVP_PKEY_CTX *ctx, const struct ossl_sig *how, const char *hash)
{
	if (how->padding == 0)
		return true;
	if (EVP_PKEY_CTX_set_rsa_padding(ctx, how->padding) <= 0)
		return false;
	if (how->padding != RSA_PKCS1_PSS_PADDING)
		return true;
	return EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, how->mgf != NULL ? how->mgf : hash, NULL) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, how->salt_len) > 0;
}

static bool
is_ec(const EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
}

/* With how->mgf and no hash, PSS over a digest: the hash is the one of the mgf. */
static EVP_PKEY_CTX *
bare(EVP_PKEY *key, const struct ossl_sig *how, bool sign)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	must(ctx != NULL && (sign ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_init(ctx)) == 1 && set_rsa(ctx, how, NULL),
		 "sign or verify");
	if (how->padding == RSA_PKCS1_PSS_PADDING) {
		EVP_MD *md = EVP_MD_fetch(NULL, how->mgf, NULL);

		must(md != NULL && EVP_PKEY_CTX_set_signature_md(ctx, md) > 0, how->mgf);
	}
	return ctx;
}

static bool
is_pure(const EVP_PKEY *key)
{
	const int id = EVP_PKEY_get_base_id(key);

	return id == EVP_PKEY_ED25519 || id == EVP_PKEY_ED448;
}

bool
ossl_verify(void *key, const struct ossl_sig *how, struct bin data, struct bin sig)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;

	if (is_ec(key)) {
		if (sig.n == 0 || sig.n % 2 != 0)
			return false;
		sig = der_signature(sig);
	}
	if (how->hash == NULL && !is_pure(key))
		return EVP_PKEY_verify(bare(key, how, false), sig.p, sig.n, data.p, data.n) == 1;
	must(md != NULL && EVP_DigestVerifyInit_ex(md, &ctx, how->hash, NULL, NULL, key, NULL) == 1 && set_rsa(ctx, how, how->hash),
		 "verify");
	return EVP_DigestVerify(md, sig.p, sig.n, data.p, data.n) == 1;
}

struct bin
ossl_sign(void *key, const struct ossl_sig *how, struct bin data)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL;
	struct bin out = room(2048);
	size_t len = out.n;

	if (how->hash == NULL && !is_pure(key))
		must(EVP_PKEY_sign(bare(key, how, true), out.p, &len, data.p, data.n) == 1, "sign");
	else
		must(md != NULL && EVP_DigestSignInit_ex(md, &ctx, how->hash, NULL, NULL, key, NULL) == 1 &&
				 set_rsa(ctx, how, how->hash) && EVP_DigestSign(md, out.p, &len, data.p, data.n) == 1,
			 "sign");
	out.n = len;
	return is_ec(key) ? raw_signature(out, (CK_ULONG)(EVP_PKEY_get_bits(key) + 7) / 8) : out;
}

static EVP_PKEY_CTX *
encryption(EVP_PKEY *key, const struct ossl_sig *how, struct bin label, bool encrypt)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	must(ctx != NULL && (encrypt ? EVP_PKEY_encrypt_init(ctx) : EVP_PKEY_decrypt_init(ctx)) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(ctx, how->padding) > 0, "encryption");
	if (how->padding != RSA_PKCS1_OAEP_PADDING)
		return ctx;
	must(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, how->hash, NULL) > 0 &&
			 EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, how->mgf, NULL) > 0,
		 "OAEP");
	if (label.n != 0) {
		void *own = OPENSSL_memdup(label.p, label.n);

		must(own != NULL && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, own, (int)label.n) > 0, "label");
	}
	return ctx;
}

struct bin
ossl_rsa_encrypt(void *key, const struct ossl_sig *how, struct bin label, struct bin data)
{
	struct bin out = room(2048);
	size_t len = out.n;

	must(EVP_PKEY_encrypt(encryption(key, how, label, true), out.p, &len, data.p, data.n) == 1, "encrypt");
	return cut(out, len);
}

/* Here a failure is the module's: what it encrypted is not what it said. */
struct bin
ossl_rsa_decrypt(void *key, const struct ossl_sig *how, struct bin label, struct bin data)
{
	struct bin out = room(2048);
	size_t len = out.n;

	CHECK(EVP_PKEY_decrypt(encryption(key, how, label, false), out.p, &len, data.p, data.n) == 1,
		  "libcrypto cannot decrypt it");
	return cut(out, len);
}

struct bin
ossl_agree(void *key, void *peer)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	struct bin out = room(256);
	size_t len = out.n;

	must(ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	     EVP_PKEY_derive(ctx, out.p, &len) == 1, "agreement");
	return cut(out, len);
}

/* A cipher without authentication; no padding. */
struct bin
ossl_cipher(const char *name, bool encrypt, struct bin key, struct bin iv, struct bin data)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	struct bin out = room(data.n + 64);
	int len = 0, last = 0;

	must(cipher != NULL && ctx != NULL, name);
	EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	must(EVP_CipherInit_ex2(ctx, cipher, key.p, iv.n != 0 ? iv.p : NULL, encrypt, NULL) == 1 &&
	     EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 && EVP_CipherUpdate(ctx, out.p, &len, data.p, (int)data.n) == 1 &&
	     EVP_CipherFinal_ex(ctx, out.p + len, &last) == 1, name);
	return cut(out, (CK_ULONG)(len + last));
}
