/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/seal.h"

#include "crypto/mac.h"
#include "token/token.h"

/* What form SL_SEAL_FORM_HEADED has before the key: u8 1 || u8 kind. */
enum { HEAD = 2, HEAD_VERSION = 1 };
enum { KIND_PRIVATE = 1, KIND_SECRET = 2 };

/* A secret key: its bytes; a private key: DER PrivateKeyInfo. */
static enum sl_err
encode(const struct sl_key *key, struct sl_secret *ret_secret)
{
	if (sl_key_kind(key) == SL_KEY_SECRET)
		return sl_key_part(key, SL_PART_SECRET, ret_secret);
	return sl_key_is_private(key) ? sl_key_pkcs8(key, ret_secret) : SL_ERR_ARG;
}

static enum sl_err
decode(const struct sl_sealed_key *sealed, const struct sl_secret *secret, struct sl_key **ret_key)
{
	const uint8_t *bytes = secret->bytes;
	size_t len = secret->len;

	if (sealed->form == SL_SEAL_FORM_HEADED) {
		if (len <= HEAD)
			return SL_ERR_FORMAT;
		if (bytes[0] != HEAD_VERSION || (bytes[1] != KIND_PRIVATE && bytes[1] != KIND_SECRET))
			return SL_ERR_VERSION;
		if ((bytes[1] == KIND_SECRET) != sealed->secret)
			return SL_ERR_MISMATCH; /* a blob in another's place */
		bytes += HEAD;
		len -= HEAD;
	} else if (sealed->form != SL_SEAL_FORM_RAW) {
		return SL_ERR_VERSION;
	}
	return sealed->secret ? sl_key_from_secret(bytes, len, ret_key) : sl_key_from_pkcs8(bytes, len, ret_key);
}

/* The authorization of bound keys, from the token secret (doc/pin.md). *ret_auth is empty where there is none. */
static enum sl_err
auth_of(const struct sl_secret *token_secret, struct sl_secret *ret_auth)
{
	static const char label[] = "seedleaf sealed key v1";
	const struct sl_part part = { label, sizeof(label) - 1 };
	SL_SECRET auth = { 0 };
	enum sl_err err;

	if (token_secret == NULL || token_secret->len == 0)
		return SL_OK;
	if ((err = sl_secret_alloc(&auth, sl_hash_len(SL_HASH_SHA256))) != SL_OK ||
	    (err = sl_hmac(SL_HASH_SHA256, token_secret->bytes, token_secret->len, &part, 1, auth.bytes)) != SL_OK)
		return err;
	*ret_auth = sl_secret_take(&auth);
	return SL_OK;
}

/* Whoever can write the store can put one blob in another's place. */
static enum sl_err
check(const struct sl_key *key, const struct sl_known *known)
{
	SL_SECRET spki = { 0 };
	enum sl_err err;

	if (known == NULL || known->spki == NULL)
		return SL_OK;
	if (sl_key_kind(key) == SL_KEY_SECRET)
		return SL_ERR_MISMATCH;
	if ((err = sl_key_part(key, SL_PART_SPKI, &spki)) != SL_OK)
		return err;
	return sl_secret_equal(spki.bytes, spki.len, known->spki, known->spki_len) ? SL_OK : SL_ERR_MISMATCH;
}

enum sl_err
sl_seal_key(struct sl_token *token, const struct sl_key *key, const struct sl_secret *token_secret, uint8_t **ret_blob,
            size_t *ret_len)
{
	SL_SECRET auth = { 0 };
	SL_SECRET secret = { 0 };
	const struct sl_seal_spec spec = { .auth = &auth, .strong = true };
	struct sl_root_name name;
	enum sl_err err;

	/* The pin of the salt key comes with the name: the secret goes to no other key. */
	if ((err = encode(key, &secret)) != SL_OK || (err = auth_of(token_secret, &auth)) != SL_OK ||
	    (err = sl_token_identify(token, &name, NULL)) != SL_OK)
		return err;
	return sl_root_seal(token->root, &spec, &secret, ret_blob, ret_len);
}

enum sl_err
sl_seal_export(struct sl_token *token, const struct sl_key *key, const struct sl_secret *auth, uint8_t **ret_der, size_t *ret_len)
{
	const struct sl_seal_spec spec = { .auth = auth };
	SL_SECRET secret = { 0 };
	struct sl_root_name name;
	enum sl_err err;

	err = sl_key_kind(key) == SL_KEY_SECRET ? sl_key_part(key, SL_PART_SECRET, &secret) : sl_key_pkcs8_short(key, &secret);
	if (err == SL_OK && secret.len > SL_SEAL_DATA_MAX)
		return SL_ERR_RANGE;
	if (err != SL_OK || (err = sl_token_identify(token, &name, NULL)) != SL_OK)
		return err;
	return sl_root_seal(token->root, &spec, &secret, ret_der, ret_len);
}

enum sl_err
sl_seal_open(struct sl_root *root, const struct sl_sealed_key *sealed, const struct sl_secret *token_secret,
             const struct sl_known *known, struct sl_key **ret_key)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET auth = { 0 };
	SL_SECRET secret = { 0 };
	enum sl_err err;

	if (sealed->bound && (token_secret == NULL || token_secret->len == 0))
		return SL_ERR_LOGIN;
	if (sealed->bound && (err = auth_of(token_secret, &auth)) != SL_OK)
		return err;
	if ((err = sl_root_unseal(root, sealed->blob, sealed->len, &auth, &secret)) != SL_OK ||
	    (err = decode(sealed, &secret, &key)) != SL_OK || (err = check(key, known)) != SL_OK)
		return err;
	*ret_key = SL_TAKE(key);
	return SL_OK;
}

enum sl_err
sl_seal_again(struct sl_root *from, struct sl_root *to, const struct sl_sealed_key *sealed, const struct sl_secret *token_secret,
              const struct sl_known *known, struct sl_resealed *ret_resealed)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET auth = { 0 };
	SL_SECRET secret = { 0 };
	const struct sl_seal_spec spec = { .auth = &auth, .strong = true };
	enum sl_err err;

	if ((err = sl_seal_open(from, sealed, token_secret, known, &key)) != SL_OK || (err = encode(key, &secret)) != SL_OK)
		return err;
	if (sealed->bound && (err = auth_of(token_secret, &auth)) != SL_OK)
		return err;
	return sl_root_seal(to, &spec, &secret, &ret_resealed->blob, &ret_resealed->len);
}
