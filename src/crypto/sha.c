/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
/* Deprecated in 3.0 for applications at large; there is no other way to a running hash's state, and 3.x keeps them. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/sha.h"

#include <string.h>

/* FIPS 180-4 5.3.6: SHA-512 with other first values, cut. */
static const uint64_t sha512_224[8] = { 0x8c3d37c819544da2, 0x73e1996689dcd4d6, 0x1dfab7ae32ff9c82, 0x679dd514582f9fcf,
	                                0x0f6d2b697bd44da8, 0x77e36f7304c48942, 0x3f9d85a86a1d36c8, 0x1112e6ad91d692a1 };
static const uint64_t sha512_256[8] = { 0x22312194fc2bf72c, 0x9f555fa3c84c64c2, 0x2393b86b6f53b151, 0x963877195940eabd,
	                                0x96283ee2a88effe3, 0xbe5e1e2553863992, 0x2b0199fc2c85b8aa, 0x0eb72ddc81c52ca2 };

bool
sl_sha_has(enum sl_hash hash)
{
	return hash >= SL_HASH_SHA1 && hash <= SL_HASH_SHA512_256;
}

static bool
init_cut(SHA512_CTX *c, const uint64_t first[8], size_t len)
{
	const bool ok = SHA512_Init(c) == 1;

	for (size_t i = 0; i < 8; i++)
		c->h[i] = first[i];
	c->md_len = (unsigned)len;
	return ok;
}

bool
sl_sha_init(struct sl_sha *s, enum sl_hash hash)
{
	s->hash = hash;
	switch (hash) {
	case SL_HASH_SHA1:
		return SHA1_Init(&s->ctx.sha1) == 1;
	case SL_HASH_SHA224:
		return SHA224_Init(&s->ctx.sha256) == 1;
	case SL_HASH_SHA256:
		return SHA256_Init(&s->ctx.sha256) == 1;
	case SL_HASH_SHA384:
		return SHA384_Init(&s->ctx.sha512) == 1;
	case SL_HASH_SHA512:
		return SHA512_Init(&s->ctx.sha512) == 1;
	case SL_HASH_SHA512_224:
		return init_cut(&s->ctx.sha512, sha512_224, SHA224_DIGEST_LENGTH);
	case SL_HASH_SHA512_256:
		return init_cut(&s->ctx.sha512, sha512_256, SHA256_DIGEST_LENGTH);
	default:
		return false;
	}
}

bool
sl_sha_update(struct sl_sha *s, const void *data, size_t len)
{
	if (s->hash == SL_HASH_SHA1)
		return SHA1_Update(&s->ctx.sha1, data, len) == 1;
	if (sl_hash_block(s->hash) == SHA256_CBLOCK)
		return SHA256_Update(&s->ctx.sha256, data, len) == 1;
	return SHA512_Update(&s->ctx.sha512, data, len) == 1;
}

bool
sl_sha_final(struct sl_sha *s, uint8_t *out)
{
	if (s->hash == SL_HASH_SHA1)
		return SHA1_Final(out, &s->ctx.sha1) == 1;
	if (sl_hash_block(s->hash) == SHA256_CBLOCK)
		return SHA256_Final(out, &s->ctx.sha256) == 1;
	return SHA512_Final(out, &s->ctx.sha512) == 1;
}

static void
put_u64(struct sl_writer *w, uint64_t v)
{
	sl_writer_u32be(w, (uint32_t)(v >> 32));
	sl_writer_u32be(w, (uint32_t)v);
}

static uint64_t
get_u64(struct sl_reader *r)
{
	const uint64_t high = sl_reader_u32be(r);

	return high << 32 | sl_reader_u32be(r);
}

/* Bits hashed so far; false: more than a state of ours can say. */
static bool
bits_of(const struct sl_sha *s, uint64_t *ret_bits)
{
	if (s->hash == SL_HASH_SHA1)
		*ret_bits = (uint64_t)s->ctx.sha1.Nh << 32 | s->ctx.sha1.Nl;
	else if (sl_hash_block(s->hash) == SHA256_CBLOCK)
		*ret_bits = (uint64_t)s->ctx.sha256.Nh << 32 | s->ctx.sha256.Nl;
	else
		*ret_bits = s->ctx.sha512.Nl;
	return sl_hash_block(s->hash) == SHA256_CBLOCK || s->ctx.sha512.Nh == 0;
}

bool
sl_sha_save(const struct sl_sha *s, struct sl_writer *w)
{
	const size_t block = sl_hash_block(s->hash);
	const SHA_CTX *one = &s->ctx.sha1;
	const SHA_LONG words[5] = { one->h0, one->h1, one->h2, one->h3, one->h4 };
	uint64_t bits;

	if (!bits_of(s, &bits))
		return false;
	put_u64(w, bits / 8);
	if (block == SHA512_CBLOCK)
		for (size_t i = 0; i < 8; i++)
			put_u64(w, s->ctx.sha512.h[i]);
	else if (s->hash == SL_HASH_SHA1)
		for (size_t i = 0; i < 5; i++)
			sl_writer_u32be(w, words[i]);
	else
		for (size_t i = 0; i < 8; i++)
			sl_writer_u32be(w, s->ctx.sha256.h[i]);
	sl_writer_bytes(w, block == SHA512_CBLOCK ? (const void *)s->ctx.sha512.u.p : s->hash == SL_HASH_SHA1 ? (const void *)one->data : s->ctx.sha256.data,
	                bits / 8 % block);
	return sl_writer_ok(w);
}

static void
load_sha1(SHA_CTX *c, uint64_t bytes, struct sl_reader *r)
{
	SHA_LONG *const words[5] = { &c->h0, &c->h1, &c->h2, &c->h3, &c->h4 };

	for (size_t i = 0; i < 5; i++)
		*words[i] = sl_reader_u32be(r);
	c->Nl = (SHA_LONG)(bytes << 3);
	c->Nh = (SHA_LONG)(bytes >> 29);
	c->num = (unsigned)(bytes % SHA_CBLOCK);
}

static void
load_sha256(SHA256_CTX *c, uint64_t bytes, struct sl_reader *r)
{
	for (size_t i = 0; i < 8; i++)
		c->h[i] = sl_reader_u32be(r);
	c->Nl = (SHA_LONG)(bytes << 3);
	c->Nh = (SHA_LONG)(bytes >> 29);
	c->num = (unsigned)(bytes % SHA256_CBLOCK);
}

static void
load_sha512(SHA512_CTX *c, uint64_t bytes, struct sl_reader *r)
{
	for (size_t i = 0; i < 8; i++)
		c->h[i] = get_u64(r);
	c->Nl = bytes << 3;
	c->num = (unsigned)(bytes % SHA512_CBLOCK);
}

bool
sl_sha_load(struct sl_sha *s, enum sl_hash hash, struct sl_reader *r)
{
	const uint64_t bytes = get_u64(r);
	const uint8_t *rest;
	size_t len;

	if (!sl_sha_has(hash) || bytes >> 61 != 0 || !sl_sha_init(s, hash))
		return false;
	len = bytes % sl_hash_block(hash);
	if (hash == SL_HASH_SHA1)
		load_sha1(&s->ctx.sha1, bytes, r);
	else if (sl_hash_block(hash) == SHA256_CBLOCK)
		load_sha256(&s->ctx.sha256, bytes, r);
	else
		load_sha512(&s->ctx.sha512, bytes, r);
	rest = sl_reader_bytes(r, len);
	if (rest == NULL || !sl_reader_done(r))
		return false;
	memcpy(sl_hash_block(hash) == SHA512_CBLOCK ? (void *)s->ctx.sha512.u.p : hash == SL_HASH_SHA1 ? (void *)s->ctx.sha1.data : s->ctx.sha256.data, rest, len);
	return true;
}
