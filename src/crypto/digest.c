/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/digest.h"
#include "base/secret.h"
#include "crypto/ossl_internal.h"
#include "crypto/sha.h"

struct sl_digest {
	enum sl_hash hash;
	EVP_MD_CTX *ctx;  /* NULL: sha */
	struct sl_sha sha;
};

/* FIPS 180-4 figure 1; FIPS 202 section 6.1 and table 3. */
static const struct {
	size_t len;
	size_t block;
} sizes[SL_HASH_COUNT_] = {
	[SL_HASH_SHA1] = { 20, 64 },
	[SL_HASH_SHA224] = { 28, 64 },
	[SL_HASH_SHA256] = { 32, 64 },
	[SL_HASH_SHA384] = { 48, 128 },
	[SL_HASH_SHA512] = { 64, 128 },
	[SL_HASH_SHA512_224] = { 28, 128 },
	[SL_HASH_SHA512_256] = { 32, 128 },
	[SL_HASH_SHA3_224] = { 28, 144 },
	[SL_HASH_SHA3_256] = { 32, 136 },
	[SL_HASH_SHA3_384] = { 48, 104 },
	[SL_HASH_SHA3_512] = { 64, 72 },
};

size_t
sl_hash_len(enum sl_hash hash)
{
	return (unsigned)hash < SL_HASH_COUNT_ ? sizes[hash].len : 0;
}

size_t
sl_hash_block(enum sl_hash hash)
{
	return (unsigned)hash < SL_HASH_COUNT_ ? sizes[hash].block : 0;
}

static enum sl_err
make(enum sl_hash hash, bool saveable, struct sl_digest **ret_digest)
{
	SL_CLEANUP(sl_digest_free) struct sl_digest *d = calloc(1, sizeof(*d));

	if (d == NULL || (!saveable && (d->ctx = EVP_MD_CTX_new()) == NULL))
		return SL_ERR_MEMORY;
	d->hash = hash;
	*ret_digest = SL_TAKE(d);
	return SL_OK;
}

static enum sl_err
begin(enum sl_hash hash, bool saveable, struct sl_digest **ret_digest)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(sl_digest_free) struct sl_digest *d = NULL;
	enum sl_err err;

	if (sl_hash_len(hash) == 0)
		return SL_ERR_ARG;
	if ((err = sl_ossl_ready()) != SL_OK || (err = make(hash, saveable, &d)) != SL_OK || (err = sl_digest_reset(d)) != SL_OK)
		return err;
	*ret_digest = SL_TAKE(d);
	return SL_OK;
}

enum sl_err
sl_digest_new(enum sl_hash hash, struct sl_digest **ret_digest)
{
	return begin(hash, false, ret_digest);
}

enum sl_err
sl_digest_new_saveable(enum sl_hash hash, struct sl_digest **ret_digest)
{
	return begin(hash, sl_sha_has(hash), ret_digest);
}

enum sl_err
sl_digest_update(struct sl_digest *d, const void *data, size_t len)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();

	if (sl_ossl_gone())
		return SL_ERR_CRYPTO;
	if (d->ctx == NULL)
		return len == 0 || sl_sha_update(&d->sha, data, len) ? SL_OK : SL_ERR_CRYPTO;
	return len == 0 || EVP_DigestUpdate(d->ctx, data, len) == 1 ? SL_OK : SL_ERR_CRYPTO;
}

enum sl_err
sl_digest_final(struct sl_digest *d, uint8_t *out)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();

	if (sl_ossl_gone() || (d->ctx == NULL ? !sl_sha_final(&d->sha, out) : EVP_DigestFinal_ex(d->ctx, out, NULL) != 1))
		return SL_ERR_CRYPTO;
	return sl_digest_reset(d);
}

enum sl_err
sl_digest_reset(struct sl_digest *d)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const EVP_MD *md;

	if (d->ctx == NULL)
		return sl_sha_init(&d->sha, d->hash) ? SL_OK : SL_ERR_CRYPTO;
	md = sl_ossl_md(d->hash);

	return md != NULL && EVP_DigestInit_ex2(d->ctx, md, NULL) == 1 ? SL_OK : SL_ERR_CRYPTO;
}

enum sl_err
sl_digest_copy(const struct sl_digest *d, struct sl_digest **ret_copy)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(sl_digest_free) struct sl_digest *copy = NULL;
	enum sl_err err;

	if (sl_ossl_gone())
		return SL_ERR_CRYPTO;
	if ((err = make(d->hash, d->ctx == NULL, &copy)) != SL_OK)
		return err;
	if (d->ctx == NULL)
		copy->sha = d->sha;
	else if (EVP_MD_CTX_copy_ex(copy->ctx, d->ctx) != 1)
		return SL_ERR_CRYPTO;
	*ret_copy = SL_TAKE(copy);
	return SL_OK;
}

enum sl_err
sl_digest_save(const struct sl_digest *d, uint8_t ret_state[SL_DIGEST_STATE_MAX], size_t *ret_len)
{
	struct sl_writer w = sl_writer_of(ret_state, SL_DIGEST_STATE_MAX);

	if (d->ctx != NULL || !sl_sha_save(&d->sha, &w))
		return SL_ERR_UNSUPPORTED;
	*ret_len = w.used;
	return SL_OK;
}

enum sl_err
sl_digest_load(struct sl_digest *d, const uint8_t *state, size_t len)
{
	struct sl_reader r = sl_reader_of(state, len);
	struct sl_sha sha;

	if (d->ctx != NULL)
		return SL_ERR_UNSUPPORTED;
	if (!sl_sha_load(&sha, d->hash, &r))
		return SL_ERR_FORMAT;
	d->sha = sha;
	return SL_OK;
}

enum sl_hash
sl_digest_hash(const struct sl_digest *d)
{
	return d->hash;
}

void
sl_digest_free(struct sl_digest **d)
{
	if (*d == NULL)
		return;
	if (!sl_ossl_gone())
		EVP_MD_CTX_free((*d)->ctx);
	sl_secret_wipe(&(*d)->sha, sizeof((*d)->sha));
	free(*d);
	*d = NULL;
}

enum sl_err
sl_hash_once(enum sl_hash hash, const void *data, size_t len, uint8_t *out)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const EVP_MD *md;

	if (sl_hash_len(hash) == 0)
		return SL_ERR_ARG;
	if ((md = sl_ossl_md(hash)) == NULL || EVP_Digest(len == 0 ? "" : data, len, out, NULL, md, NULL) != 1)
		return SL_ERR_CRYPTO;
	return SL_OK;
}
