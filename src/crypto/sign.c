/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/sign.h"
#include "crypto/key_internal.h"

#include <openssl/core_names.h>
#include <string.h>

#define RSA_LEN_MAX (RSA_BITS_MAX / 8)
#define PKCS1_OVERHEAD 11
#define PARAMS_MAX 5
#define CONTEXT_MAX 255 /* RFC 8032 5.1, 5.2 */

struct sl_signer {
	struct sl_key *key;
	struct sl_sig_params params;
	bool for_verify;
	size_t len;
	void *ctx; /* provider.h */
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

/* EdDSA, but not the plain one. */
static bool
is_special(const struct sl_sig_params *p)
{
	return p->context.len != 0 || p->prehash;
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
	if (!for_verify && !key->is_private)
		return SL_ERR_ARG;
	if (key->kind != kinds[p->alg] && (p->alg != SL_SIG_EDDSA || key->kind != SL_KEY_ED448))
		return SL_ERR_ARG;
	if (p->context.len > CONTEXT_MAX || (p->alg != SL_SIG_EDDSA && is_special(p)))
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
	case SL_KEY_ED448:
		return 114;
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

/* provider-signature(7), RSA. False when a hash is not to be had. */
static bool
rsa_params(const struct sl_sig_params *p, const int *salt, OSSL_PARAM params[PARAMS_MAX])
{
	const char *padding = padding_of(p->alg);
	const char *hash = hash_name(p->hash);
	const char *mgf = hash_name(p->mgf_hash);
	size_t n = 0;

	if ((p->hash != SL_HASH_NONE && hash == NULL) || (p->alg == SL_SIG_RSA_PSS && mgf == NULL))
		return false;
	if (padding != NULL)
		params[n++] = text_param(OSSL_SIGNATURE_PARAM_PAD_MODE, padding);
	if ((p->alg == SL_SIG_RSA_PKCS1 || p->alg == SL_SIG_RSA_PSS) && hash != NULL)
		params[n++] = text_param(OSSL_SIGNATURE_PARAM_DIGEST, hash);
	if (p->alg == SL_SIG_RSA_PSS) {
		params[n++] = text_param(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, mgf);
		params[n++] = sl_key_param(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, OSSL_PARAM_INTEGER, salt, sizeof(*salt));
	}
	params[n] = OSSL_PARAM_construct_end();
	return true;
}

/* By their names, which headers before libcrypto 3.2 do not have. */
static void
eddsa_params(const struct sl_key *key, const struct sl_sig_params *p, OSSL_PARAM params[PARAMS_MAX])
{
	const char *instance = key->kind == SL_KEY_ED448 ? (p->prehash ? "Ed448ph" : "Ed448")
	                                                 : (p->prehash ? "Ed25519ph" : "Ed25519ctx");
	size_t n = 0;

	if (is_special(p)) {
		params[n++] = text_param("instance", instance);
		if (p->context.len != 0)
			params[n++] = sl_key_param("context-string", OSSL_PARAM_OCTET_STRING, p->context.data,
			                           p->context.len);
	}
	params[n] = OSSL_PARAM_construct_end();
}

static enum sl_err
start(struct sl_signer *s)
{
	const int salt = (int)s->params.salt_len;
	OSSL_PARAM params[PARAMS_MAX];

	if (s->params.alg == SL_SIG_EDDSA)
		eddsa_params(s->key, &s->params, params);
	else if (!rsa_params(&s->params, &salt, params))
		return SL_ERR_CRYPTO;
	s->ctx = sl_provider_sig_new(s->key->kind, s->key->keydata, s->for_verify, params);
	if (s->ctx == NULL)
		return is_special(&s->params) ? SL_ERR_UNSUPPORTED : SL_ERR_CRYPTO;
	s->params.context = (struct sl_bytes){ NULL, 0 };
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
	if (!sl_ossl_gone())
		sl_provider_sig_free(s->key->kind, s->ctx);
	sl_key_unref(&s->key);
	free(s);
}

size_t
sl_signer_len(const struct sl_signer *signer)
{
	return signer->len;
}

bool
sl_signer_len_fits(const struct sl_signer *signer, size_t sig_len)
{
	if (signer->params.alg == SL_SIG_ECDSA)
		return sig_len != 0 && sig_len % 2 == 0 && sig_len <= signer->len;
	return sig_len == signer->len;
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
sign_ecdsa(struct sl_signer *s, struct sl_bytes in, uint8_t *sig)
{
	uint8_t der[SL_DER_SIG_MAX];
	size_t len = sizeof(der);

	if (!sl_provider_sign(SL_KEY_EC, s->ctx, &in, der, &len))
		return SL_ERR_CRYPTO;
	return sl_der_read_ecdsa(der, len, s->len / 2, sig) == SL_OK ? SL_OK : SL_ERR_CRYPTO;
}

static enum sl_err
sign_plain(struct sl_signer *s, struct sl_bytes in, uint8_t *sig)
{
	size_t len = s->len;

	return sl_provider_sign(s->key->kind, s->ctx, &in, sig, &len) && len == s->len ? SL_OK : SL_ERR_CRYPTO;
}

/*
 * What libcrypto is given: for the raw RSA operation the integer, padded on the left, that has to be below n (RFC
 * 8017 5.2.1).
 */
static enum sl_err
prepare(const struct sl_signer *s, struct sl_bytes *in, uint8_t padded[RSA_LEN_MAX])
{
	const enum sl_err err = check_input(s, in->len);

	if (err != SL_OK)
		return err;
	if (in->len == 0)
		in->data = (const uint8_t *)"";
	if (s->params.alg != SL_SIG_RSA_RAW)
		return SL_OK;
	memset(padded, 0, s->len - in->len);
	memcpy(padded + s->len - in->len, in->data, in->len);
	*in = (struct sl_bytes){ padded, s->len };
	return memcmp(padded, s->key->pub.n.data, s->len) < 0 ? SL_OK : SL_ERR_RANGE;
}

enum sl_err
sl_signer_sign(struct sl_signer *signer, const uint8_t *in, size_t in_len, uint8_t *sig)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	uint8_t padded[RSA_LEN_MAX];
	struct sl_bytes from = { in, in_len };
	const enum sl_err err = prepare(signer, &from, padded);

	if (err != SL_OK)
		return err;
	if (signer->for_verify || sl_ossl_gone())
		return signer->for_verify ? SL_ERR_ARG : SL_ERR_CRYPTO;
	return signer->key->kind == SL_KEY_EC ? sign_ecdsa(signer, from, sig) : sign_plain(signer, from, sig);
}

enum sl_err
sl_signer_verify(struct sl_signer *signer, const uint8_t *in, size_t in_len, const uint8_t *sig, size_t sig_len)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	uint8_t padded[RSA_LEN_MAX];
	uint8_t der[SL_DER_SIG_MAX];
	struct sl_bytes from = { in, in_len };
	struct sl_bytes with = { sig, sig_len };
	const enum sl_err err = prepare(signer, &from, padded);

	if (err != SL_OK || !sl_signer_len_fits(signer, sig_len))
		return SL_ERR_RANGE;
	if (!signer->for_verify || sl_ossl_gone())
		return signer->for_verify ? SL_ERR_CRYPTO : SL_ERR_ARG;
	if (signer->key->kind == SL_KEY_EC)
		with = (struct sl_bytes){ der, sl_der_write_ecdsa(sig, sig_len / 2, der) };
	return sl_provider_verify(signer->key->kind, signer->ctx, &from, &with) ? SL_OK : SL_ERR_VERIFY;
}
