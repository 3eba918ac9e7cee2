/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/bcrypt.h"

#include "base/buf.h"
#include "crypto/digest.h"

#include <pthread.h>
#include <string.h>

/* Blowfish (Schneier, 1993): 16 rounds, P and four S-boxes, which start as the fractional part of pi. */
#define ROUNDS 16
#define P_WORDS (ROUNDS + 2)
#define S_WORDS 256
#define PI_WORDS (P_WORDS + 4 * S_WORDS)
#define GUARD 4 /* words: each of some ten thousand roundings is off by less than one in the last of them */

#define OUT 32
#define LEN_MAX 1024
#define SHA512 64

struct blowfish {
	uint32_t p[P_WORDS];
	uint32_t s[4][S_WORDS];
};

/* A fixed-point number: the integer part, then the fraction. */
struct number {
	uint32_t w[1 + PI_WORDS + GUARD];
};
#define NUMBER_WORDS (1 + PI_WORDS + GUARD)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct blowfish initial;

/* from: the words before it are zero. */
static void
divide(struct number *n, uint32_t by, size_t from)
{
	uint64_t rest = 0;

	for (size_t i = from; i < NUMBER_WORDS; i++) {
		const uint64_t at = rest << 32 | n->w[i];

		n->w[i] = (uint32_t)(at / by);
		rest = at % by;
	}
}

static void
add(struct number *to, const struct number *n, bool negative)
{
	uint64_t carry = negative ? 1 : 0;

	for (size_t i = NUMBER_WORDS; i-- > 0;) {
		carry += (uint64_t)to->w[i] + (negative ? ~n->w[i] : n->w[i]);
		to->w[i] = (uint32_t)carry;
		carry >>= 32;
	}
}

/* sum += times * arctan(1 / x) = times * (1/x - 1/3x^3 + 1/5x^5 - ...), or less it. */
static void
add_arctan(struct number *sum, uint32_t times, uint32_t x, bool negative)
{
	struct number power = { .w = { times } };
	size_t from = 0;

	divide(&power, x, 0);
	for (uint32_t k = 1;; k += 2) {
		struct number term = power;

		while (from < NUMBER_WORDS && power.w[from] == 0)
			from++;
		if (from == NUMBER_WORDS)
			return;
		divide(&term, k, from);
		add(sum, &term, negative);
		negative = !negative;
		divide(&power, x * x, from);
	}
}

/* Machin: pi = 16 arctan(1/5) - 4 arctan(1/239). Computed, since a thousand constants want to be checked by somebody. */
static void
compute_pi(void)
{
	struct number pi = { .w = { 0 } };

	add_arctan(&pi, 16, 5, false);
	add_arctan(&pi, 4, 239, true);
	memcpy(initial.p, pi.w + 1, sizeof(initial.p));
	memcpy(initial.s, pi.w + 1 + P_WORDS, sizeof(initial.s));
}

static uint32_t
f(const struct blowfish *b, uint32_t x)
{
	return ((b->s[0][x >> 24] + b->s[1][x >> 16 & 0xff]) ^ b->s[2][x >> 8 & 0xff]) + b->s[3][x & 0xff];
}

static void
encrypt(const struct blowfish *b, uint32_t block[2])
{
	uint32_t left = block[0];
	uint32_t right = block[1];

	for (size_t i = 0; i < ROUNDS; i += 2) {
		left ^= b->p[i];
		right ^= f(b, left);
		right ^= b->p[i + 1];
		left ^= f(b, right);
	}
	block[0] = right ^ b->p[ROUNDS + 1];
	block[1] = left ^ b->p[ROUNDS];
}

/* The next four bytes of a string that is repeated for ever. */
static uint32_t
word(const uint8_t text[SHA512], size_t *at)
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		v = v << 8 | text[*at];
		*at = (*at + 1) % SHA512;
	}
	return v;
}

/* The key schedule; salt NULL: zeros. */
static void
expand(struct blowfish *b, const uint8_t *salt, const uint8_t key[SHA512])
{
	uint32_t block[2] = { 0, 0 };
	size_t at = 0;

	for (size_t i = 0; i < P_WORDS; i++)
		b->p[i] ^= word(key, &at);
	at = 0;
	for (size_t i = 0; i < PI_WORDS; i += 2) {
		uint32_t *to = i < P_WORDS ? b->p + i : b->s[(i - P_WORDS) / S_WORDS] + (i - P_WORDS) % S_WORDS;

		if (salt != NULL) {
			block[0] ^= word(salt, &at);
			block[1] ^= word(salt, &at);
		}
		encrypt(b, block);
		to[0] = block[0];
		to[1] = block[1];
	}
}

/* The bcrypt that bcrypt_pbkdf has: both inputs 64 bytes, cost 6, another text. */
static void
hash(struct blowfish *b, const uint8_t pass[SHA512], const uint8_t salt[SHA512], uint8_t ret_out[OUT])
{
	static const char text[] = "OxychromaticBlowfishSwatDynamite";
	uint32_t blocks[OUT / 4] = { 0 };
	struct sl_reader r = sl_reader_of(text, OUT);

	*b = initial;
	expand(b, salt, pass);
	for (unsigned i = 0; i < 64; i++) {
		expand(b, NULL, salt);
		expand(b, NULL, pass);
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(blocks); i++)
		blocks[i] = sl_reader_u32be(&r);
	for (unsigned i = 0; i < 64; i++)
		for (size_t k = 0; k < SL_ARRAY_LEN(blocks); k += 2)
			encrypt(b, blocks + k);
	for (size_t i = 0; i < OUT; i++)
		ret_out[i] = (uint8_t)(blocks[i / 4] >> (8 * (i % 4)));
	sl_secret_wipe(blocks, sizeof(blocks));
}

/* Everything that is secret in between. */
struct scratch {
	struct blowfish state;
	uint8_t pass[SHA512];
	uint8_t salt[SHA512];
	uint8_t one[OUT];
	uint8_t all[OUT];
};

/* One block of PBKDF2: the XOR of what each round gives, the first from salt || count. */
static enum sl_err
derive_block(struct scratch *s, const uint8_t *salted, size_t len, uint32_t rounds)
{
	enum sl_err err = sl_hash_once(SL_HASH_SHA512, salted, len, s->salt);

	memset(s->all, 0, OUT);
	for (uint32_t i = 0; err == SL_OK && i < rounds; i++) {
		hash(&s->state, s->pass, s->salt, s->one);
		for (size_t k = 0; k < OUT; k++)
			s->all[k] ^= s->one[k];
		err = sl_hash_once(SL_HASH_SHA512, s->one, OUT, s->salt);
	}
	return err;
}

enum sl_err
sl_bcrypt_pbkdf(const struct sl_secret *passphrase, struct sl_bytes salt, uint32_t rounds, size_t len, struct sl_secret *ret_key)
{
	const size_t stride = (len + OUT - 1) / OUT; /* blocks; each gives every stride-th byte of the key */
	SL_SECRET room = { 0 };
	SL_SECRET salted = { 0 };
	SL_SECRET key = { 0 };
	struct scratch *s;
	enum sl_err err;

	if (passphrase->len == 0 || salt.len == 0 || rounds == 0)
		return SL_ERR_ARG;
	if (len == 0 || len > LEN_MAX)
		return SL_ERR_RANGE;
	if ((err = sl_secret_alloc(&room, sizeof(*s))) != SL_OK || (err = sl_secret_alloc(&key, len)) != SL_OK ||
	    (err = sl_secret_alloc(&salted, salt.len + 4)) != SL_OK)
		return err;
	(void)pthread_once(&once, compute_pi);
	s = (struct scratch *)(void *)room.bytes;
	memcpy(salted.bytes, salt.data, salt.len);
	if ((err = sl_hash_once(SL_HASH_SHA512, passphrase->bytes, passphrase->len, s->pass)) != SL_OK)
		return err;
	for (size_t block = 0; block < stride; block++) {
		salted.bytes[salt.len + 3] = (uint8_t)(block + 1);
		if ((err = derive_block(s, salted.bytes, salted.len, rounds)) != SL_OK)
			return err;
		for (size_t i = 0; i * stride + block < len && i < OUT; i++)
			key.bytes[i * stride + block] = s->all[i];
	}
	*ret_key = sl_secret_take(&key);
	return SL_OK;
}
