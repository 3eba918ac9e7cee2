/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/log.h"
#include "crypto/mac.h"
#include "derive/expand.h"

#include <string.h>

#define INFO_PREFIX "seedleaf v1 "
#define SEED_LEN 32

static size_t
expanded_len(const struct sl_keytype *type)
{
	switch (type->alg) {
	case SL_ALG_AES:
		return type->size / 8;
	case SL_ALG_HMAC:
	case SL_ALG_GENERIC:
		return type->size;
	default:
		return SEED_LEN;
	}
}

/* Compared where a public key is on record: a wrong key is worse than none. */
static enum sl_err
check(struct sl_key *key, const struct sl_known *known)
{
	SL_SECRET spki = { 0 };
	const enum sl_err err = sl_key_part(key, SL_PART_SPKI, &spki);

	if (err != SL_OK)
		return err;
	return sl_secret_equal(spki.bytes, spki.len, known->spki, known->spki_len) ? SL_OK : SL_ERR_MISMATCH;
}

static enum sl_err
make_ec(const struct sl_secret *seed, unsigned size, struct sl_key **ret_key)
{
	SL_SECRET d = { 0 };
	const enum sl_err err = sl_detkey_ec(size, seed->bytes, seed->len, &d);

	return err == SL_OK ? sl_key_from_ec(size, d.bytes, d.len, ret_key) : err;
}

static enum sl_err
make_rsa(const struct sl_secret *seed, unsigned size, struct sl_key **ret_key, struct sl_rsa_hints *ret_hints)
{
	SL_SECRET p = { 0 };
	SL_SECRET q = { 0 };
	const enum sl_err err = sl_detkey_rsa(size, seed->bytes, seed->len, &p, &q, ret_hints);

	return err == SL_OK ? sl_key_from_rsa(p.bytes, p.len, q.bytes, q.len, ret_key) : err;
}

/*
 * Nothing was tested for primality on this way: that the modulus is the one on record is what makes it right. Any
 * failure is a wrong hint to the caller, who then searches.
 */
static enum sl_err
make_rsa_hinted(const struct sl_secret *seed, unsigned size, const struct sl_known *known, struct sl_key **ret_key)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET p = { 0 };
	SL_SECRET q = { 0 };
	enum sl_err err;

	if ((err = sl_detkey_rsa_hinted(size, seed->bytes, seed->len, known->hints, &p, &q)) != SL_OK ||
	    (err = sl_key_from_rsa(p.bytes, p.len, q.bytes, q.len, &key)) != SL_OK ||
	    (err = check(key, known)) != SL_OK)
		return err;
	*ret_key = SL_TAKE(key);
	return SL_OK;
}

static enum sl_err
make(const struct sl_secret *bytes, const struct sl_keytype *type, struct sl_key **ret_key,
     struct sl_rsa_hints *ret_hints)
{
	switch (type->alg) {
	case SL_ALG_EC:
		return make_ec(bytes, type->size, ret_key);
	case SL_ALG_RSA:
		return make_rsa(bytes, type->size, ret_key, ret_hints);
	case SL_ALG_ED25519:
		return sl_key_from_raw(SL_KEY_ED25519, bytes->bytes, bytes->len, ret_key);
	case SL_ALG_X25519:
		return sl_key_from_raw(SL_KEY_X25519, bytes->bytes, bytes->len, ret_key);
	case SL_ALG_AES:
	case SL_ALG_HMAC:
	case SL_ALG_GENERIC:
		return sl_key_from_secret(bytes->bytes, bytes->len, ret_key);
	}
	return SL_ERR_ARG;
}

static enum sl_err
make_known(const struct sl_secret *bytes, const struct sl_keytype *type, const struct sl_known *known,
           struct sl_key **ret_key, struct sl_rsa_hints *ret_hints)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	enum sl_err err;

	if (known == NULL || known->spki == NULL || !sl_keytype_is_pair(type))
		return make(bytes, type, ret_key, ret_hints);
	if (type->alg == SL_ALG_RSA && known->hints.p != 0) {
		if (make_rsa_hinted(bytes, type->size, known, ret_key) == SL_OK) {
			*ret_hints = known->hints;
			return SL_OK;
		}
		sl_log(SL_LOG_INFO, "hints %u and %u do not lead to the %s key on record: searching", known->hints.p,
		       known->hints.q, type->name);
	}
	if ((err = make(bytes, type, &key, ret_hints)) != SL_OK || (err = check(key, known)) != SL_OK)
		return err;
	*ret_key = SL_TAKE(key);
	return SL_OK;
}

enum sl_err
sl_expand(const uint8_t secret[SL_ROOT_SECRET_LEN], const struct sl_keytype *type, const struct sl_known *known,
          struct sl_key **ret_key, struct sl_rsa_hints *ret_hints)
{
	char info[sizeof(INFO_PREFIX) + SL_KEYTYPE_NAME_MAX];
	const int info_len = snprintf(info, sizeof(info), INFO_PREFIX "%s", type->name);
	struct sl_rsa_hints hints = { 0, 0 };
	SL_SECRET bytes = { 0 };
	enum sl_err err;

	if (info_len < 0 || (size_t)info_len >= sizeof(info))
		return SL_ERR_ARG;
	if ((err = sl_hkdf_expand_sha256(secret, SL_ROOT_SECRET_LEN, info, (size_t)info_len, expanded_len(type),
	                                 &bytes)) != SL_OK ||
	    (err = make_known(&bytes, type, known, ret_key, &hints)) != SL_OK)
		return err;
	if (ret_hints != NULL)
		*ret_hints = hints;
	return SL_OK;
}
