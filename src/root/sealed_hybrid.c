/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealed.h"

#include "base/buf.h"
#include "crypto/cipher.h"

#include <string.h>

/*
 * doc/sealed.md, "Long secrets" and "Under a root that the kernel keeps": magic || u16 length || DER || nonce || ciphertext || tag; what stands before the nonce
 * is authenticated, too.
 */
#define TAG 16

#define MAGIC 4

static const uint8_t hybrid_magic[MAGIC] = { 'S', 'L', 'h', '1' };
static const uint8_t keyed_magic[MAGIC] = { 'S', 'L', 'k', '1' };

struct layout {
	struct sl_bytes head; /* up to the nonce */
	struct sl_bytes der;
	const uint8_t *nonce;
	struct sl_bytes body; /* ciphertext || tag */
};

bool
sl_sealed_is_hybrid(const uint8_t *blob, size_t len)
{
	return len > MAGIC && memcmp(blob, hybrid_magic, MAGIC) == 0;
}

bool
sl_sealed_is_keyed(const uint8_t *blob, size_t len)
{
	return len > MAGIC && memcmp(blob, keyed_magic, MAGIC) == 0;
}

static enum sl_err
take_apart(const uint8_t *blob, size_t len, struct layout *ret_layout)
{
	struct sl_reader r = sl_reader_of(blob, len);
	struct layout l = { .nonce = NULL };

	if (len > SL_SEALED_MAX || (!sl_sealed_is_hybrid(blob, len) && !sl_sealed_is_keyed(blob, len)))
		return SL_ERR_FORMAT;
	(void)sl_reader_bytes(&r, MAGIC);
	l.der.len = sl_reader_u16be(&r);
	l.der.data = sl_reader_bytes(&r, l.der.len);
	l.head = (struct sl_bytes){ blob, len - r.left };
	l.nonce = sl_reader_bytes(&r, SL_SEALED_NONCE);
	if (r.bad || r.left <= TAG)
		return SL_ERR_FORMAT;
	l.body = (struct sl_bytes){ r.at, r.left };
	*ret_layout = l;
	return SL_OK;
}

/* One message; out has room for what comes out, which is *ret_len bytes. */
static enum sl_err
run(const struct layout *l, const struct sl_secret *key, bool encrypt, struct sl_bytes in, uint8_t *out)
{
	const struct sl_cipher_params params = { .mode = SL_CIPHER_GCM, .iv = l->nonce, .iv_len = SL_SEALED_NONCE,
	                                        .aad = l->head.data,
		                                 .aad_len = l->head.len, .tag_len = TAG };
	const size_t want = encrypt ? in.len + TAG : in.len - TAG;
	SL_CLEANUP(sl_key_unref) struct sl_key *k = NULL;
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *cipher = NULL;
	SL_SECRET room = { 0 };
	size_t first = 0;
	size_t last = 0;
	enum sl_err err;

	if ((err = sl_key_from_secret(key->bytes, key->len, &k)) != SL_OK ||
	    (err = sl_cipher_new(k, &params, encrypt, &cipher)) != SL_OK ||
	    (err = sl_secret_alloc(&room, in.len + 2 * TAG)) != SL_OK ||
	    (err = sl_cipher_update(cipher, in.data, in.len, room.bytes, &first)) != SL_OK)
		return err;
	if (first > want || sl_cipher_final_max(cipher) > room.len - first)
		return SL_ERR_CRYPTO;
	if ((err = sl_cipher_final(cipher, room.bytes + first, &last)) != SL_OK)
		return err;
	if (first + last != want)
		return SL_ERR_CRYPTO;
	memcpy(out, room.bytes, want);
	return SL_OK;
}

enum sl_err
sl_sealed_wrap(const struct sl_sealed_hybrid *hybrid, const struct sl_secret *secret, uint8_t **ret_blob,
               size_t *ret_len)
{
	const size_t head_len = MAGIC + 2 + hybrid->der.len;
	const size_t len = head_len + SL_SEALED_NONCE + secret->len + TAG;
	SL_FREE uint8_t *blob = NULL;
	struct sl_writer w;
	struct layout l;
	enum sl_err err;

	if (hybrid->key->len != SL_SEALED_KEY || secret->len == 0)
		return SL_ERR_ARG;
	if (hybrid->der.len > UINT16_MAX || len > SL_SEALED_MAX)
		return SL_ERR_RANGE;
	if ((blob = calloc(1, len)) == NULL)
		return SL_ERR_MEMORY;
	w = sl_writer_of(blob, len);
	sl_writer_bytes(&w, hybrid->keyed ? keyed_magic : hybrid_magic, MAGIC);
	sl_writer_u16be(&w, (uint16_t)hybrid->der.len);
	sl_writer_bytes(&w, hybrid->der.data, hybrid->der.len);
	sl_writer_bytes(&w, hybrid->nonce, SL_SEALED_NONCE);
	l = (struct layout){ .head = { blob, head_len }, .nonce = blob + head_len };
	err = run(&l, hybrid->key, true, (struct sl_bytes){ secret->bytes, secret->len }, blob + w.used);
	if (err != SL_OK)
		return err;
	*ret_blob = SL_TAKE(blob);
	*ret_len = len;
	return SL_OK;
}

enum sl_err
sl_sealed_hybrid_key(const uint8_t *blob, size_t len, struct sl_bytes *ret_der)
{
	struct layout l = { .nonce = NULL };
	const enum sl_err err = take_apart(blob, len, &l);

	if (err == SL_OK)
		*ret_der = l.der;
	return err;
}

enum sl_err
sl_sealed_unwrap(const uint8_t *blob, size_t len, const struct sl_secret *key, struct sl_secret *ret_secret)
{
	struct layout l = { .nonce = NULL };
	SL_SECRET secret = { 0 };
	enum sl_err err;

	if ((err = take_apart(blob, len, &l)) != SL_OK)
		return err;
	if (key->len != SL_SEALED_KEY)
		return SL_ERR_VERIFY;
	if ((err = sl_secret_alloc(&secret, l.body.len - TAG)) != SL_OK ||
	    (err = run(&l, key, false, l.body, secret.bytes)) != SL_OK)
		return err;
	*ret_secret = sl_secret_take(&secret);
	return SL_OK;
}
