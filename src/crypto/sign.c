/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/sign.h"
#include "crypto/key_internal.h"

#include <openssl/core_names.h>
#include <string.h>

#define RSA_LEN_MAX (RSA_BITS_MAX / 8)
#define PKCS1_OVERHEAD 11

struct sl_signer {
	struct sl_key *key;
	struct sl_sig_params params;
	bool for_verify;
	size_t len;
	EVP_PKEY_CTX *ctx;     /* all but EdDSA */
	EVP_MD_CTX *md_ctx;    /* EdDSA, which libcrypto 3.0 offers over messages only */
};

static enum sl_err
check_pss(const struct sl_key *key, const struct sl_sig_params *p)
{
	const size_t em = (key->size - 1 + 7) / 8; /* RFC 8017 9.1.1: emLen */
	const size_t hash = sl_hash_len(p->hash);

	if (hash == 0 || sl_hash_len(p->mgf_hash) == 0 || em < hash + 2 || p->salt_len > em - hash - 2)
		return SL_ERR_ARG;
	return SL_OK;
}

static enum sl_err
check(const struct sl_key *key, const struct sl_sig_params *p, bool for_verify)
{
	static const enum sl_key_kind kinds[] = {
		[SL_SIG_ECDSA] = SL_KEY_EC,        [SL_SIG_EDDSA] = SL_KEY_ED25519, [SL_SIG_RSA_PKCS1] = SL_KEY_RSA,
		[SL_SIG_RSA_PSS] = SL_KEY_RSA,     [SL_SIG_RSA_RAW] = SL_KEY_RSA,
	};

	if ((unsigned)p->alg >= SL_ARRAY_LEN(kinds) || (unsigned)p->hash >= SL_HASH_COUNT_)
		return SL_ERR_UNSUPPORTED;
	if (key->kind != kinds[p->alg] || (!for_verify && !key->is_private))
		return SL_ERR_ARG;
	if (p->alg == SL_SIG_RSA_PSS)
		return check_pss(key, p);
	/* RFC 8017 9.2: 19 octets are the longest DigestInfo prefix. */
	if (p->alg == SL_SIG_RSA_PKCS1 && sl_hash_len(p->hash) + 19 + PKCS1_OVERHEAD > key->pub.n.len)
		return SL_ERR_ARG;
	return SL_OK;
}

static size_t
signature_len(const struct sl_key *key)
{
	switch (key->kind) {
	case SL_KEY_EC:
		return 2 * (size_t)((key->size + 7) / 8);
	case SL_KEY_RSA:
		return key->pub.n.len;
	default:
		return 64;
	}
}

static const char *
padding_of(enum sl_sig_alg alg)
{
	switch (alg) {
	case SL_SIG_RSA_PKCS1:
		return OSSL_PKEY_RSA_PAD_MODE_PKCSV15;
	case SL_SIG_RSA_PSS:
		return OSSL_PKEY_RSA_PAD_MODE_PSS;
	case SL_SIG_RSA_RAW:
		return OSSL_PKEY_RSA_PAD_MODE_NONE;
	default:
		return NULL;
	}
}

static OSSL_PARAM
text_param(const char *name, const char *value)
{
	return sl_key_param(name, OSSL_PARAM_UTF8_STRING, value, strlen(value));
}

static const char *
hash_name(enum sl_hash hash)
{
	const EVP_MD *md = sl_ossl_md(hash);

	return md == NULL ? NULL : EVP_MD_get0_name(md);
}

/* The padding comes first: what may follow depends on it. */
static bool
set_rsa(EVP_PKEY_CTX *ctx, const struct sl_sig_params *p)
{
	const char *padding = padding_of(p->alg);
	const char *hash = hash_name(p->hash);
	const char *mgf = hash_name(p->mgf_hash);
	const int salt = (int)p->salt_len;
	OSSL_PARAM params[5];
	size_t n = 0;

	if (padding == NULL)
		return true;
	params[n++] = text_param(OSSL_SIGNATURE_PARAM_PAD_MODE, padding);
	if (p->alg != SL_SIG_RSA_RAW && p->hash != SL_HASH_NONE) {
		if (hash == NULL)
			return false;
		params[n++] = text_param(OSSL_SIGNATURE_PARAM_DIGEST, hash);
	}
	if (p->alg == SL_SIG_RSA_PSS) {
		if (mgf == NULL)
			return false;
		params[n++] = text_param(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, mgf);
		params[n++] = sl_key_param(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, OSSL_PARAM_INTEGER, &salt, sizeof(salt));
	}
	params[n] = OSSL_PARAM_construct_end();
	return EVP_PKEY_CTX_set_params(ctx, params) == 1;
}

static bool
start_eddsa(struct sl_signer *s)
{
	EVP_PKEY *pkey = s->key->pkey;
	OSSL_LIB_CTX *lib = sl_ossl_ctx();

	if (s->for_verify)
		return EVP_DigestVerifyInit_ex(s->md_ctx, NULL, NULL, lib, SL_OSSL_PROPERTIES, pkey, NULL) == 1;
	return EVP_DigestSignInit_ex(s->md_ctx, NULL, NULL, lib, SL_OSSL_PROPERTIES, pkey, NULL) == 1;
}

static enum sl_err
start(struct sl_signer *s)
{
	if (s->params.alg == SL_SIG_EDDSA) {
		if ((s->md_ctx = EVP_MD_CTX_new()) == NULL)
			return SL_ERR_MEMORY;
		return start_eddsa(s) ? SL_OK : SL_ERR_CRYPTO;
	}
	s->ctx = EVP_PKEY_CTX_new_from_pkey(sl_ossl_ctx(), s->key->pkey, SL_OSSL_PROPERTIES);
	if (s->ctx == NULL)
		return SL_ERR_MEMORY;
	if ((s->for_verify ? EVP_PKEY_verify_init(s->ctx) : EVP_PKEY_sign_init(s->ctx)) != 1 || !set_rsa(s->ctx, &s->params))
		return SL_ERR_CRYPTO;
	return SL_OK;
}

enum sl_err
sl_signer_new(struct sl_key *key, const struct sl_sig_params *params, bool for_verify, struct sl_signer **ret_signer)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL;
	enum sl_err err;

	if ((err = sl_ossl_ready()) != SL_OK || (err = check(key, params, for_verify)) != SL_OK)
		return err;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return SL_ERR_MEMORY;
	s->key = sl_key_ref(key);
	s->params = *params;
	s->for_verify = for_verify;
	s->len = signature_len(key);
	if ((err = start(s)) != SL_OK)
		return err;
	*ret_signer = SL_TAKE(s);
	return SL_OK;
}

void
sl_signer_free(struct sl_signer **signer)
{
	struct sl_signer *s = *signer;

	*signer = NULL;
	if (s == NULL)
		return;
	if (!sl_ossl_gone()) {
		EVP_PKEY_CTX_free(s->ctx);
		EVP_MD_CTX_free(s->md_ctx);
	}
	sl_key_unref(&s->key);
	free(s);
}

size_t
sl_signer_len(const struct sl_signer *signer)
{
	return signer->len;
}

static enum sl_err
check_input(const struct sl_signer *s, size_t in_len)
{
	const struct sl_sig_params *p = &s->params;
	bool fits = true;

	if (p->alg == SL_SIG_RSA_PSS || (p->alg == SL_SIG_RSA_PKCS1 && p->hash != SL_HASH_NONE))
		fits = in_len == sl_hash_len(p->hash);
	else if (p->alg == SL_SIG_RSA_PKCS1)
		fits = in_len != 0 && in_len <= s->len - PKCS1_OVERHEAD; /* an empty one would never verify */
	else if (p->alg == SL_SIG_RSA_RAW)
		fits = in_len <= s->len;
	return fits ? SL_OK : SL_ERR_RANGE;
}

static enum sl_err
sign_ecdsa(struct sl_signer *s, const uint8_t *in, size_t in_len, uint8_t *sig)
{
	uint8_t der[SL_DER_SIG_MAX];
	size_t len = sizeof(der);

	if (EVP_PKEY_sign(s->ctx, der, &len, in, in_len) != 1)
		return SL_ERR_CRYPTO;
	return sl_der_read_ecdsa(der, len, s->len / 2, sig) == SL_OK ? SL_OK : SL_ERR_CRYPTO;
}

/* One context serves many messages in libcrypto 3.0; newer ones want it started anew, and say so by failing. */
static enum sl_err
sign_eddsa(struct sl_signer *s, const uint8_t *in, size_t in_len, uint8_t *sig)
{
	size_t len = s->len;

	if (EVP_DigestSign(s->md_ctx, sig, &len, in, in_len) == 1)
		return SL_OK;
	len = s->len;
	return start_eddsa(s) && EVP_DigestSign(s->md_ctx, sig, &len, in, in_len) == 1 ? SL_OK : SL_ERR_CRYPTO;
}

/* RFC 8017 5.2.1: the integer, padded on the left; it has to be below n. */
static enum sl_err
pad_raw(const struct sl_signer *s, const uint8_t *in, size_t in_len, uint8_t padded[RSA_LEN_MAX])
{
	memset(padded, 0, s->len - in_len);
	memcpy(padded + s->len - in_len, in, in_len);
	return memcmp(padded, s->key->pub.n.data, s->len) < 0 ? SL_OK : SL_ERR_RANGE;
}

static enum sl_err
sign_rsa(struct sl_signer *s, const uint8_t *in, size_t in_len, uint8_t *sig)
{
	uint8_t padded[RSA_LEN_MAX];
	size_t len = s->len;

	if (s->params.alg == SL_SIG_RSA_RAW) {
		const enum sl_err err = pad_raw(s, in, in_len, padded);

		if (err != SL_OK)
			return err;
		in = padded;
		in_len = s->len;
	}
	return EVP_PKEY_sign(s->ctx, sig, &len, in, in_len) == 1 && len == s->len ? SL_OK : SL_ERR_CRYPTO;
}

enum sl_err
sl_signer_sign(struct sl_signer *signer, const uint8_t *in, size_t in_len, uint8_t *sig)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const enum sl_err err = check_input(signer, in_len);
	const uint8_t *from = in_len == 0 ? (const uint8_t *)"" : in;

	if (err != SL_OK)
		return err;
	if (signer->for_verify || sl_ossl_gone())
		return signer->for_verify ? SL_ERR_ARG : SL_ERR_CRYPTO;
	switch (signer->key->kind) {
	case SL_KEY_EC:
		return sign_ecdsa(signer, from, in_len, sig);
	case SL_KEY_RSA:
		return sign_rsa(signer, from, in_len, sig);
	default:
		return sign_eddsa(signer, from, in_len, sig);
	}
}

static bool
verify_ecdsa(struct sl_signer *s, const uint8_t *in, size_t in_len, const uint8_t *sig)
{
	uint8_t der[SL_DER_SIG_MAX];
	const size_t len = sl_der_write_ecdsa(sig, s->len / 2, der);

	return EVP_PKEY_verify(s->ctx, der, len, in, in_len) == 1;
}

/* A failure may also mean that the context wants to be started anew: see sign_eddsa(). */
static bool
verify_eddsa(struct sl_signer *s, const uint8_t *in, size_t in_len, const uint8_t *sig)
{
	if (EVP_DigestVerify(s->md_ctx, sig, s->len, in, in_len) == 1)
		return true;
	return start_eddsa(s) && EVP_DigestVerify(s->md_ctx, sig, s->len, in, in_len) == 1;
}

static enum sl_err
verify_rsa(struct sl_signer *s, const uint8_t *in, size_t in_len, const uint8_t *sig)
{
	uint8_t padded[RSA_LEN_MAX];

	if (s->params.alg == SL_SIG_RSA_RAW) {
		const enum sl_err err = pad_raw(s, in, in_len, padded);

		if (err != SL_OK)
			return err;
		in = padded;
		in_len = s->len;
	}
	return EVP_PKEY_verify(s->ctx, sig, s->len, in, in_len) == 1 ? SL_OK : SL_ERR_VERIFY;
}

enum sl_err
sl_signer_verify(struct sl_signer *signer, const uint8_t *in, size_t in_len, const uint8_t *sig, size_t sig_len)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const enum sl_err err = check_input(signer, in_len);
	const uint8_t *from = in_len == 0 ? (const uint8_t *)"" : in;

	if (err != SL_OK || sig_len != signer->len)
		return SL_ERR_RANGE;
	if (!signer->for_verify || sl_ossl_gone())
		return signer->for_verify ? SL_ERR_CRYPTO : SL_ERR_ARG;
	switch (signer->key->kind) {
	case SL_KEY_EC:
		return verify_ecdsa(signer, from, in_len, sig) ? SL_OK : SL_ERR_VERIFY;
	case SL_KEY_RSA:
		return verify_rsa(signer, from, in_len, sig);
	default:
		return verify_eddsa(signer, from, in_len, sig) ? SL_OK : SL_ERR_VERIFY;
	}
}
