/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/seal.h"

#include "token/token.h"

#include <string.h>

/* What is sealed: u8 version || u8 kind || the key. */
enum { HEAD = 2, FORM = 1 };
enum { KIND_PRIVATE = 1, KIND_SECRET = 2 }; /* DER PrivateKeyInfo; the bytes */

static enum sl_err
encode(const struct sl_key *key, struct sl_secret *ret_secret)
{
	const bool secret = sl_key_kind(key) == SL_KEY_SECRET;
	SL_SECRET bytes = { 0 };
	SL_SECRET whole = { 0 };
	enum sl_err err;

	if (!secret && !sl_key_is_private(key))
		return SL_ERR_ARG;
	err = secret ? sl_key_part(key, SL_PART_SECRET, &bytes) : sl_key_pkcs8(key, &bytes);
	if (err != SL_OK || (err = sl_secret_alloc(&whole, HEAD + bytes.len)) != SL_OK)
		return err;
	whole.bytes[0] = FORM;
	whole.bytes[1] = secret ? KIND_SECRET : KIND_PRIVATE;
	memcpy(whole.bytes + HEAD, bytes.bytes, bytes.len);
	*ret_secret = sl_secret_take(&whole);
	return SL_OK;
}

static enum sl_err
decode(const struct sl_secret *secret, struct sl_key **ret_key)
{
	if (secret->len <= HEAD)
		return SL_ERR_FORMAT;
	if (secret->bytes[0] != FORM)
		return SL_ERR_VERSION;
	switch (secret->bytes[1]) {
	case KIND_PRIVATE:
		return sl_key_from_pkcs8(secret->bytes + HEAD, secret->len - HEAD, ret_key);
	case KIND_SECRET:
		return sl_key_from_secret(secret->bytes + HEAD, secret->len - HEAD, ret_key);
	default:
		return SL_ERR_VERSION;
	}
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
sl_seal_key(struct sl_token *token, const struct sl_key *key, uint8_t **ret_blob, size_t *ret_len)
{
	const struct sl_seal_spec spec = { .auth = NULL };
	SL_SECRET secret = { 0 };
	struct sl_root_name name;
	enum sl_err err;

	/* The pin of the salt key comes with the name: the secret goes to no other key. */
	if ((err = encode(key, &secret)) != SL_OK || (err = sl_token_identify(token, &name, NULL)) != SL_OK)
		return err;
	return sl_root_seal(token->root, &spec, &secret, ret_blob, ret_len);
}

enum sl_err
sl_seal_open(struct sl_root *root, const uint8_t *blob, size_t len, const struct sl_known *known,
             struct sl_key **ret_key)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET secret = { 0 };
	enum sl_err err;

	if ((err = sl_root_unseal(root, blob, len, NULL, &secret)) != SL_OK || (err = decode(&secret, &key)) != SL_OK ||
	    (err = check(key, known)) != SL_OK)
		return err;
	*ret_key = SL_TAKE(key);
	return SL_OK;
}
