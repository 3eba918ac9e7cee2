/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/values.h"

#include "base/buf.h"
#include "crypto/cipher.h"
#include "crypto/kdf.h"
#include "crypto/rand.h"
#include "token/schema.h"

#include <string.h>

#define NONCE 12
#define TAG 16
#define KEY 32
#define UNIQUE_MAX 64

void
sl_values_clear(struct sl_values *values)
{
	sl_secret_clear(&values->key);
}

enum sl_err
sl_values_key(const struct sl_secret *token_secret, struct sl_secret *ret_key)
{
	static const char info[] = "seedleaf private values v1";

	return sl_kdf_hkdf_expand(SL_HASH_SHA256, (struct sl_part){ token_secret->bytes, token_secret->len },
	                          (struct sl_part){ info, sizeof(info) - 1 }, KEY, ret_key);
}

bool
sl_values_apply(const struct sl_attrs *attrs)
{
	const CK_OBJECT_CLASS class = sl_attrs_ulong(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

	return (class == CKO_DATA || class == CKO_CERTIFICATE) && sl_attrs_bool(attrs, CKA_PRIVATE, false);
}

/* What the store searches by stays readable, and what tells one object from another; numbers and truth values do, too. */
static bool
is_closed(CK_ATTRIBUTE_TYPE type)
{
	enum sl_attr_form form;

	if (type == CKA_LABEL || type == CKA_ID || type == CKA_UNIQUE_ID)
		return false;
	return sl_schema_form(type, &form) && form != SL_FORM_BOOL && form != SL_FORM_ULONG;
}

struct aad {
	uint8_t bytes[26 + 2 + UNIQUE_MAX + 4 + 4];
	size_t len;
};

static enum sl_err
bind(const struct sl_values_of *of, CK_ATTRIBUTE_TYPE type, struct aad *ret_aad)
{
	static const char prefix[] = "seedleaf private value v1"; /* with its 0x00 */
	const struct sl_attr *unique = sl_attrs_get(of->object, CKA_UNIQUE_ID);
	struct sl_writer w = sl_writer_of(ret_aad->bytes, sizeof(ret_aad->bytes));

	if (unique == NULL || unique->len == 0 || unique->len > UNIQUE_MAX)
		return SL_ERR_VERIFY;
	sl_writer_bytes(&w, prefix, sizeof(prefix));
	sl_writer_u16be(&w, (uint16_t)unique->len);
	sl_writer_bytes(&w, unique->value, unique->len);
	sl_writer_u32be(&w, (uint32_t)sl_attrs_ulong(of->object, CKA_CLASS, CK_UNAVAILABLE_INFORMATION));
	sl_writer_u32be(&w, (uint32_t)type);
	ret_aad->len = w.used;
	return sl_writer_ok(&w) ? SL_OK : SL_ERR_FORMAT;
}

/* The plaintext of one, or its ciphertext and tag; wiped. */
struct text {
	size_t len;
	uint8_t *bytes;
};

static void
clear_text(struct text *text)
{
	if (text->bytes != NULL)
		sl_secret_wipe(text->bytes, text->len);
	free(text->bytes);
}

/* out has room for the longer of the two and a block. */
static enum sl_err
run(const struct sl_values_of *of, const struct aad *aad, const uint8_t *nonce, bool encrypt, const struct text *in, struct text *out)
{
	const struct sl_cipher_params params = { .mode = SL_CIPHER_GCM, .iv = nonce, .iv_len = NONCE, .aad = aad->bytes, .aad_len = aad->len,
		                                 .tag_len = TAG };
	const size_t want = encrypt ? in->len + TAG : in->len - TAG;
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *cipher = NULL;
	size_t first = 0;
	size_t last = 0;
	enum sl_err err;

	if ((err = sl_key_from_secret(of->with->key.bytes, of->with->key.len, &key)) != SL_OK ||
	    (err = sl_cipher_new(key, &params, encrypt, &cipher)) != SL_OK ||
	    (in->len != 0 && (err = sl_cipher_update(cipher, in->bytes, in->len, out->bytes, &first)) != SL_OK))
		return err;
	if (first > want || sl_cipher_final_max(cipher) > out->len - first)
		return SL_ERR_CRYPTO;
	if ((err = sl_cipher_final(cipher, out->bytes + first, &last)) != SL_OK)
		return err;
	return first + last == want ? SL_OK : SL_ERR_CRYPTO;
}

static enum sl_err
encrypt(const struct sl_values_of *of, const struct sl_attr *a, struct sl_attrs *closed)
{
	const struct text in = { a->len, a->value };
	SL_CLEANUP(clear_text) struct text out = { .len = NONCE + a->len + 2 * TAG };
	struct text body;
	struct aad aad;
	enum sl_err err;

	if ((err = bind(of, a->type, &aad)) != SL_OK)
		return err;
	if ((out.bytes = malloc(out.len)) == NULL)
		return SL_ERR_MEMORY;
	body = (struct text){ out.len - NONCE, out.bytes + NONCE };
	if ((err = sl_rand(out.bytes, NONCE)) != SL_OK || (err = run(of, &aad, out.bytes, true, &in, &body)) != SL_OK)
		return err;
	return sl_attrs_set(closed, a->type, out.bytes, NONCE + a->len + TAG);
}

static enum sl_err
decrypt(const struct sl_values_of *of, const struct sl_attr *a, struct sl_attrs *attrs)
{
	SL_CLEANUP(clear_text) struct text out = { .len = a->len + TAG };
	struct text in;
	struct aad aad;
	enum sl_err err;

	if (a->len < NONCE + TAG)
		return SL_ERR_VERIFY;
	in = (struct text){ a->len - NONCE, a->value + NONCE };
	if ((err = bind(of, a->type, &aad)) != SL_OK)
		return err;
	if ((out.bytes = malloc(out.len)) == NULL)
		return SL_ERR_MEMORY;
	if ((err = run(of, &aad, a->value, false, &in, &out)) != SL_OK)
		return err;
	return sl_attrs_set(attrs, a->type, out.bytes, in.len - TAG);
}

enum sl_err
sl_values_close(const struct sl_values_of *of, const struct sl_attrs *attrs, struct sl_attrs *ret_open, struct sl_attrs *ret_closed)
{
	enum sl_err err = of->with->key.len == KEY ? SL_OK : SL_ERR_LOGIN;

	for (size_t i = 0; i < attrs->n && err == SL_OK; i++) {
		const struct sl_attr *a = &attrs->at[i];

		err = is_closed(a->type) ? encrypt(of, a, ret_closed) : sl_attrs_set(ret_open, a->type, a->value, a->len);
	}
	return err;
}

enum sl_err
sl_values_open(const struct sl_values *values, const struct sl_attrs *closed, struct sl_attrs *attrs)
{
	const struct sl_values_of of = { values, attrs };
	enum sl_err err = SL_OK;

	if (values->key.len != KEY)
		return SL_ERR_LOGIN;
	/* In the clear somebody else could have written it; and an object without its value is not the one that was stored. */
	if (!sl_values_apply(attrs) || sl_attrs_get(closed, CKA_VALUE) == NULL)
		return SL_ERR_VERIFY;
	for (size_t i = 0; i < attrs->n; i++)
		if (is_closed(attrs->at[i].type))
			return SL_ERR_VERIFY;
	for (size_t i = 0; i < closed->n && err == SL_OK; i++)
		err = is_closed(closed->at[i].type) ? decrypt(&of, &closed->at[i], attrs) : SL_ERR_VERIFY;
	return err;
}
