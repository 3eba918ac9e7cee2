/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/num.h"
#include "crypto/cipher_internal.h"

#include <string.h>

#define HELD_FIRST ((size_t)1 << 10)
#define BOUNCE ((size_t)1 << 12)
#define STEP ((size_t)1 << 30) /* libcrypto counts in int */
#define SEMIBLOCK ((size_t)8)  /* RFC 3394 */

bool
sl_cipher_is_blocks(const struct sl_cipher *c)
{
	return c->mode == SL_CIPHER_ECB || c->mode == SL_CIPHER_CBC || c->mode == SL_CIPHER_CBC_PAD;
}

bool
sl_cipher_is_held(const struct sl_cipher *c)
{
	switch (c->mode) {
	case SL_CIPHER_CCM:
	case SL_CIPHER_XTS:
	case SL_CIPHER_KW:
	case SL_CIPHER_KWP:
		return true;
	case SL_CIPHER_GCM:
	case SL_CIPHER_CHACHA20_POLY1305:
		return !c->encrypt;
	default:
		return false;
	}
}

static void
forget(struct sl_cipher *c)
{
	if (c->held != NULL)
		sl_secret_wipe(c->held, c->held_room);
	free(c->held);
	c->held = NULL;
	c->held_len = c->held_room = 0;
	sl_secret_wipe(c->tail, sizeof(c->tail));
	c->tail_len = 0;
}

enum sl_err
sl_cipher_new(struct sl_key *key, const struct sl_cipher_params *params, bool encrypt, struct sl_cipher **ret_cipher)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = NULL;
	enum sl_err err;

	if ((unsigned)params->mode >= SL_CIPHER_COUNT_)
		return SL_ERR_UNSUPPORTED;
	if ((err = sl_ossl_ready()) != SL_OK)
		return err;
	if ((c = calloc(1, sizeof(*c))) == NULL || (c->ctx = EVP_CIPHER_CTX_new()) == NULL)
		return SL_ERR_MEMORY;
	c->key = sl_key_ref(key);
	c->mode = params->mode;
	c->encrypt = encrypt;
	if ((err = sl_cipher_start(c, params, true)) != SL_OK)
		return err;
	*ret_cipher = SL_TAKE(c);
	return SL_OK;
}

enum sl_err
sl_cipher_reset(struct sl_cipher *cipher, const struct sl_cipher_params *params)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();

	forget(cipher);
	return sl_ossl_gone() ? SL_ERR_CRYPTO : sl_cipher_start(cipher, params, false);
}

void
sl_cipher_free(struct sl_cipher **cipher)
{
	struct sl_cipher *c = *cipher;

	*cipher = NULL;
	if (c == NULL)
		return;
	forget(c);
	if (!sl_ossl_gone())
		EVP_CIPHER_CTX_free(c->ctx);
	sl_key_unref(&c->key);
	free(c);
}

static size_t
plus(size_t a, size_t b)
{
	size_t sum = SIZE_MAX;

	(void)sl_num_add(a, b, &sum);
	return sum;
}

static size_t
minus(size_t a, size_t b)
{
	return a > b ? a - b : 0;
}

static size_t
whole(size_t len)
{
	return len - len % SL_AES_BLOCK;
}

/* Of len bytes, what goes through the cipher now. The last block of a padded text waits for the end: it may be the one with the padding. */
static size_t
ready_of(const struct sl_cipher *c, size_t len)
{
	return whole(c->mode == SL_CIPHER_CBC_PAD && !c->encrypt ? minus(len, 1) : len);
}

/* What an end gives when len bytes wait for it. */
static size_t
ending(const struct sl_cipher *c, size_t len)
{
	switch (c->mode) {
	case SL_CIPHER_CBC_PAD:
		return c->encrypt ? SL_AES_BLOCK : SL_AES_BLOCK - 1;
	case SL_CIPHER_GCM:
	case SL_CIPHER_CHACHA20_POLY1305:
		return c->encrypt ? c->tag_len : minus(len, c->tag_len);
	case SL_CIPHER_CCM:
		return c->encrypt ? plus(len, c->tag_len) : minus(len, c->tag_len);
	case SL_CIPHER_XTS:
		return len;
	case SL_CIPHER_KW:
		return c->encrypt ? plus(len, SEMIBLOCK) : minus(len, SEMIBLOCK);
	case SL_CIPHER_KWP:
		return c->encrypt ? plus(len, SEMIBLOCK + (SEMIBLOCK - len % SEMIBLOCK) % SEMIBLOCK) : minus(len, SEMIBLOCK);
	default:
		return 0;
	}
}

size_t
sl_cipher_update_max(const struct sl_cipher *cipher, size_t in_len)
{
	if (sl_cipher_is_held(cipher))
		return 0;
	return sl_cipher_is_blocks(cipher) ? ready_of(cipher, plus(in_len, cipher->tail_len)) : in_len;
}

size_t
sl_cipher_final_max(const struct sl_cipher *cipher)
{
	return ending(cipher, cipher->held_len);
}

size_t
sl_cipher_total_max(const struct sl_cipher *cipher, size_t in_len)
{
	if (sl_cipher_is_held(cipher))
		return ending(cipher, plus(cipher->held_len, in_len));
	return plus(sl_cipher_update_max(cipher, in_len), ending(cipher, 0));
}

/* As many bytes out as in: whole blocks, or a mode that makes a stream. */
static bool
run(const struct sl_cipher *c, const uint8_t *in, size_t len, uint8_t *out)
{
	for (size_t done = 0; done < len;) {
		const size_t step = len - done < STEP ? len - done : STEP;
		int n = 0;

		if (EVP_CipherUpdate(c->ctx, out + done, &n, in + done, (int)step) != 1 || (size_t)n != step)
			return false;
		done += step;
	}
	return true;
}

/*
 * With something in the tail, output is ahead of input, and would overwrite it when both are one buffer. So input is taken in whole multiples
 * of a block, and copied before output of the same length is written.
 */
static enum sl_err
through_tail(struct sl_cipher *c, const uint8_t *in, size_t len, uint8_t *out)
{
	uint8_t bounce[BOUNCE + SL_AES_BLOCK];
	bool ok = true;

	for (size_t done = 0; ok && done < len;) {
		const size_t step = len - done < BOUNCE ? len - done : BOUNCE;
		const size_t ready = ready_of(c, c->tail_len + step);

		memcpy(bounce, c->tail, c->tail_len);
		memcpy(bounce + c->tail_len, in + done, step);
		c->tail_len = c->tail_len + step - ready;
		memcpy(c->tail, bounce + ready, c->tail_len);
		ok = run(c, bounce, ready, bounce);
		if (ok && ready != 0)
			memcpy(out, bounce, ready);
		out += ready;
		done += step;
	}
	sl_secret_wipe(bounce, sizeof(bounce));
	return ok ? SL_OK : SL_ERR_CRYPTO;
}

static enum sl_err
update_blocks(struct sl_cipher *c, const uint8_t *in, size_t len, uint8_t *out)
{
	const size_t ready = ready_of(c, len);

	if (c->tail_len != 0)
		return through_tail(c, in, len, out);
	memcpy(c->tail, in + ready, len - ready);
	c->tail_len = len - ready;
	return run(c, in, ready, out) ? SL_OK : SL_ERR_CRYPTO;
}

/* Not realloc(), which would leave a copy behind. The limit of c->left keeps the sums small. */
static enum sl_err
hold(struct sl_cipher *c, const uint8_t *in, size_t len)
{
	size_t room = c->held_room != 0 ? c->held_room : HELD_FIRST;
	uint8_t *more;

	while (room < c->held_len + len)
		room *= 2;
	if (room != c->held_room) {
		if ((more = malloc(room)) == NULL)
			return SL_ERR_MEMORY;
		if (c->held != NULL) {
			memcpy(more, c->held, c->held_len);
			sl_secret_wipe(c->held, c->held_room);
		}
		free(c->held);
		c->held = more;
		c->held_room = room;
	}
	memcpy(c->held + c->held_len, in, len);
	c->held_len += len;
	return SL_OK;
}

enum sl_err
sl_cipher_update(struct sl_cipher *cipher, const uint8_t *in, size_t in_len, uint8_t *out, size_t *ret_len)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const size_t give = sl_cipher_update_max(cipher, in_len);
	enum sl_err err = SL_OK;

	if (cipher->ended)
		return SL_ERR_ARG;
	if (sl_ossl_gone())
		err = SL_ERR_CRYPTO;
	else if (in_len > cipher->left || in_len > SIZE_MAX / 2)
		err = SL_ERR_RANGE;
	else if (in_len != 0 && sl_cipher_is_held(cipher))
		err = hold(cipher, in, in_len);
	else if (in_len != 0 && sl_cipher_is_blocks(cipher))
		err = update_blocks(cipher, in, in_len, out);
	else if (in_len != 0)
		err = run(cipher, in, in_len, out) ? SL_OK : SL_ERR_CRYPTO;
	if (err != SL_OK) {
		cipher->ended = true;
		forget(cipher);
		return err;
	}
	cipher->left -= in_len;
	*ret_len = give;
	return SL_OK;
}

/* Constant time but for the answer. */
static bool
padding(const uint8_t *last, size_t *ret_pad)
{
	const uint32_t pad = last[SL_AES_BLOCK - 1];
	uint32_t bad = (pad - 1) >> 4; /* not 1 to 16 */

	for (uint32_t i = 0; i < SL_AES_BLOCK; i++)
		bad |= (last[SL_AES_BLOCK - 1 - i] ^ pad) & (0 - ((i - pad) >> 31)); /* all ones for i < pad */
	*ret_pad = pad;
	return bad == 0;
}

/* The block that has the padding. */
static enum sl_err
end_padded(struct sl_cipher *c, uint8_t *out, size_t *ret_len)
{
	size_t pad = 0;

	if (c->tail_len != SL_AES_BLOCK)
		return SL_ERR_RANGE;
	if (!run(c, c->tail, SL_AES_BLOCK, c->tail))
		return SL_ERR_CRYPTO;
	if (!padding(c->tail, &pad))
		return SL_ERR_VERIFY;
	if (pad != SL_AES_BLOCK)
		memcpy(out, c->tail, SL_AES_BLOCK - pad);
	*ret_len = SL_AES_BLOCK - pad;
	return SL_OK;
}

static enum sl_err
end_blocks(struct sl_cipher *c, uint8_t *out, size_t *ret_len)
{
	const size_t pad = SL_AES_BLOCK - c->tail_len;

	if (c->mode != SL_CIPHER_CBC_PAD) {
		if (c->tail_len != 0)
			return SL_ERR_RANGE;
		*ret_len = 0;
		return SL_OK;
	}
	if (!c->encrypt)
		return end_padded(c, out, ret_len);
	memset(c->tail + c->tail_len, (int)pad, pad); /* RFC 5652 6.3 */
	if (!run(c, c->tail, SL_AES_BLOCK, out))
		return SL_ERR_CRYPTO;
	*ret_len = SL_AES_BLOCK;
	return SL_OK;
}

static enum sl_err
end_stream(const struct sl_cipher *c, uint8_t *out, size_t *ret_len)
{
	uint8_t none[SL_AES_BLOCK];
	int n = 0;

	if (EVP_CipherFinal_ex(c->ctx, none, &n) != 1 || n != 0)
		return SL_ERR_CRYPTO;
	if (c->tag_len != 0 && EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_GET_TAG, (int)c->tag_len, out) != 1)
		return SL_ERR_CRYPTO;
	*ret_len = c->tag_len;
	return SL_OK;
}

static bool
held_fits(const struct sl_cipher *c)
{
	const size_t len = c->held_len;

	switch (c->mode) {
	case SL_CIPHER_CCM:
		return len == c->data_len + (c->encrypt ? 0 : c->tag_len);
	case SL_CIPHER_XTS:
		return len >= SL_AES_BLOCK;
	case SL_CIPHER_KW:
		return len % SEMIBLOCK == 0 && len >= (c->encrypt ? 2 : 3) * SEMIBLOCK;
	case SL_CIPHER_KWP:
		return c->encrypt ? len != 0 : len % SEMIBLOCK == 0 && len >= 2 * SEMIBLOCK;
	default:
		return len >= c->tag_len;
	}
}

/* All of the message, in place; *ret_len bytes of plaintext lie at c->held. */
static enum sl_err
open_held(struct sl_cipher *c, size_t *ret_len)
{
	size_t len = c->held_len - c->tag_len;
	uint8_t none[SL_AES_BLOCK];
	int n = 0;

	if (c->tag_len != 0 && EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_SET_TAG, (int)c->tag_len, c->held + len) != 1)
		return SL_ERR_CRYPTO;
	if ((len != 0 || c->mode == SL_CIPHER_CCM) && EVP_CipherUpdate(c->ctx, c->held, &n, c->held, (int)len) != 1)
		return SL_ERR_VERIFY;
	if (n < 0 || (size_t)n > len)
		return SL_ERR_CRYPTO;
	len = (size_t)n;
	if ((c->mode == SL_CIPHER_GCM || c->mode == SL_CIPHER_CHACHA20_POLY1305) && EVP_CipherFinal_ex(c->ctx, none, &n) != 1)
		return SL_ERR_VERIFY;
	*ret_len = len;
	return SL_OK;
}

/* CCM with nothing to encrypt wants an address all the same. */
static enum sl_err
seal_held(struct sl_cipher *c, uint8_t *out, size_t *ret_len)
{
	static const uint8_t none[1];
	const uint8_t *in = c->held_len != 0 ? c->held : none;
	int n = 0;

	if (EVP_CipherUpdate(c->ctx, out, &n, in, (int)c->held_len) != 1 || n < 0)
		return SL_ERR_CRYPTO;
	if (c->tag_len != 0 && EVP_CIPHER_CTX_ctrl(c->ctx, EVP_CTRL_AEAD_GET_TAG, (int)c->tag_len, out + n) != 1)
		return SL_ERR_CRYPTO;
	*ret_len = (size_t)n + c->tag_len;
	return SL_OK;
}

static enum sl_err
end_held(struct sl_cipher *c, uint8_t *out, size_t *ret_len)
{
	size_t len = 0;
	enum sl_err err;

	if (!held_fits(c))
		return SL_ERR_RANGE;
	if (c->encrypt)
		return seal_held(c, out, ret_len);
	if ((err = open_held(c, &len)) != SL_OK)
		return err;
	if (len != 0)
		memcpy(out, c->held, len);
	*ret_len = len;
	return SL_OK;
}

enum sl_err
sl_cipher_final(struct sl_cipher *cipher, uint8_t *out, size_t *ret_len)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	enum sl_err err;

	if (cipher->ended)
		return SL_ERR_ARG;
	if (sl_ossl_gone())
		err = SL_ERR_CRYPTO;
	else if (sl_cipher_is_held(cipher))
		err = end_held(cipher, out, ret_len);
	else
		err = sl_cipher_is_blocks(cipher) ? end_blocks(cipher, out, ret_len) : end_stream(cipher, out, ret_len);
	cipher->ended = true;
	forget(cipher);
	return err;
}
