/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_public.h"
#include "base/buf.h"
#include "crypto/key.h"

#include <string.h>
#include <tss2/tss2_tpm2_types.h>

#define ROOT_LABEL "seedleaf root v1" /* hashed with its terminating zero */
#define KEY_FIXED (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN)
#define KEY_STORAGE (TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)
#define RSA_DEFAULT_EXPONENT 65537

static void
write_policy(struct sl_writer *w, const uint8_t *policy)
{
	sl_writer_u16be(w, policy != NULL ? SL_TPM_POLICY : 0);
	if (policy != NULL)
		sl_writer_bytes(w, policy, SL_TPM_POLICY);
}

enum sl_err
sl_tpm_public_root(const char *name_space, const uint8_t *policy, struct sl_tpm_template *ret_template)
{
	struct sl_tpm_template t = { 0 };
	struct sl_writer w = sl_writer_of(t.bytes, sizeof(t.bytes));
	uint8_t unique[SL_HASH_MAX];
	struct sl_digest *digest = NULL;
	enum sl_err err;

	/* This kind fetches nothing from libcrypto, which is slow the first time: C_Initialize comes here. */
	if ((err = sl_digest_new_saveable(SL_HASH_SHA256, &digest)) == SL_OK &&
	    (err = sl_digest_update(digest, ROOT_LABEL, sizeof(ROOT_LABEL))) == SL_OK &&
	    (err = sl_digest_update(digest, name_space, strlen(name_space))) == SL_OK)
		err = sl_digest_final(digest, unique);
	sl_digest_free(&digest);
	if (err != SL_OK)
		return err;
	sl_writer_u16be(&w, TPM2_ALG_KEYEDHASH);
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	sl_writer_u32be(&w, KEY_FIXED | (policy != NULL ? 0 : TPMA_OBJECT_USERWITHAUTH) | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT);
	write_policy(&w, policy);
	sl_writer_u16be(&w, TPM2_ALG_HMAC);
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	t.fixed = w.used;
	sl_writer_u16be(&w, 32);
	sl_writer_bytes(&w, unique, 32);
	t.len = w.used;
	*ret_template = t;
	return SL_OK;
}

void
sl_tpm_public_storage(struct sl_tpm_template *ret_template)
{
	static const uint8_t zeros[32];
	struct sl_tpm_template t = { 0 };
	struct sl_writer w = sl_writer_of(t.bytes, sizeof(t.bytes));

	sl_writer_u16be(&w, TPM2_ALG_ECC);
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	sl_writer_u32be(&w, KEY_FIXED | KEY_STORAGE | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA);
	sl_writer_u16be(&w, 0); /* authPolicy */
	sl_writer_u16be(&w, TPM2_ALG_AES);
	sl_writer_u16be(&w, 128);
	sl_writer_u16be(&w, TPM2_ALG_CFB);
	sl_writer_u16be(&w, TPM2_ALG_NULL); /* scheme */
	sl_writer_u16be(&w, TPM2_ECC_NIST_P256);
	sl_writer_u16be(&w, TPM2_ALG_NULL); /* kdf */
	t.fixed = w.used;
	for (int i = 0; i < 2; i++) {
		sl_writer_u16be(&w, sizeof(zeros));
		sl_writer_bytes(&w, zeros, sizeof(zeros));
	}
	t.len = w.used;
	*ret_template = t;
}

void
sl_tpm_public_storage_plain(struct sl_tpm_template *ret_template)
{
	struct sl_tpm_template t;

	sl_tpm_public_storage(&t);
	memset(t.bytes + t.fixed, 0, t.len - t.fixed);
	t.len = t.fixed + 2 * sizeof(uint16_t); /* two empty numbers */
	*ret_template = t;
}

void
sl_tpm_public_sealed(const uint8_t *policy, bool guarded, struct sl_tpm_template *ret_template)
{
	struct sl_tpm_template t = { 0 };
	struct sl_writer w = sl_writer_of(t.bytes, sizeof(t.bytes));

	sl_writer_u16be(&w, TPM2_ALG_KEYEDHASH);
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	sl_writer_u32be(&w, TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | (guarded ? 0 : TPMA_OBJECT_NODA) |
	                    (policy != NULL ? 0 : TPMA_OBJECT_USERWITHAUTH));
	write_policy(&w, policy);
	sl_writer_u16be(&w, TPM2_ALG_NULL); /* scheme */
	t.fixed = w.used;
	sl_writer_u16be(&w, 0); /* unique */
	t.len = w.used;
	*ret_template = t;
}

static enum sl_hash
hash_of(uint16_t alg)
{
	switch (alg) {
	case TPM2_ALG_SHA256:
		return SL_HASH_SHA256;
	case TPM2_ALG_SHA384:
		return SL_HASH_SHA384;
	case TPM2_ALG_SHA512:
		return SL_HASH_SHA512;
	default:
		return SL_HASH_NONE;
	}
}

/* A TPM2B number, padded on the left to width. */
static bool
read_number(struct sl_reader *r, uint8_t *out, size_t width)
{
	const size_t len = sl_reader_u16be(r);
	const uint8_t *p = sl_reader_bytes(r, len);

	if (p == NULL || len > width)
		return false;
	memset(out, 0, width - len);
	memcpy(out + (width - len), p, len);
	return true;
}

static bool
read_ecc(struct sl_reader *r, struct sl_tpm_public *key)
{
	return sl_reader_u16be(r) == TPM2_ALG_NULL && sl_reader_u16be(r) == TPM2_ECC_NIST_P256 &&
	       sl_reader_u16be(r) == TPM2_ALG_NULL && read_number(r, key->point, 32) && read_number(r, key->point + 32, 32);
}

static bool
read_rsa(struct sl_reader *r, struct sl_tpm_public *key)
{
	const bool no_scheme = sl_reader_u16be(r) == TPM2_ALG_NULL;
	const size_t bytes = sl_reader_u16be(r) / 8;

	key->e = sl_reader_u32be(r);
	if (key->e == 0)
		key->e = RSA_DEFAULT_EXPONENT;
	if (!no_scheme || bytes < 256 || bytes > sizeof(key->n) || !read_number(r, key->n, bytes))
		return false;
	key->n_len = bytes;
	return true;
}

/*
 * A storage key that this TPM made and keeps. A key somebody loaded, whose private half he may know, is not one to send secrets to; nor is a
 * kind that we cannot compute with.
 */
static bool
read_storage(struct sl_reader *r, uint16_t type, uint32_t attributes, struct sl_tpm_public *key)
{
	if ((attributes & (KEY_FIXED | KEY_STORAGE)) != (KEY_FIXED | KEY_STORAGE) ||
	    sl_reader_u16be(r) != TPM2_ALG_AES)
		return false;
	(void)sl_reader_u16be(r); /* bits */
	(void)sl_reader_u16be(r); /* mode */
	if (type == TPM2_ALG_ECC ? !read_ecc(r, key) : type != TPM2_ALG_RSA || !read_rsa(r, key))
		return false;
	return sl_reader_done(r);
}

enum sl_err
sl_tpm_public_of(const uint8_t *bytes, size_t len, struct sl_tpm_public *ret_public)
{
	struct sl_reader r = sl_reader_of(bytes, len);
	struct sl_tpm_public key = { 0 };
	const uint16_t type = sl_reader_u16be(&r);
	const uint16_t alg = sl_reader_u16be(&r);
	const uint32_t attributes = sl_reader_u32be(&r);
	enum sl_err err;

	(void)sl_reader_bytes(&r, sl_reader_u16be(&r)); /* authPolicy */
	key.hash = hash_of(alg);
	if (r.bad || len > sizeof(key.bytes))
		return SL_ERR_FORMAT;
	if (key.hash == SL_HASH_NONE)
		return SL_ERR_UNSUPPORTED;
	key.name.bytes[0] = (uint8_t)(alg >> 8);
	key.name.bytes[1] = (uint8_t)alg;
	key.name.len = 2 + sl_hash_len(key.hash);
	if ((err = sl_hash_once(key.hash, bytes, len, key.name.bytes + 2)) != SL_OK)
		return err;
	memcpy(key.bytes, bytes, len);
	key.len = len;
	key.salts = read_storage(&r, type, attributes, &key);
	*ret_public = key;
	return SL_OK;
}

enum sl_err
sl_tpm_public_read(const uint8_t *bytes, size_t len, const uint8_t *name, size_t name_len, struct sl_tpm_public *ret_public)
{
	struct sl_tpm_public key;
	const enum sl_err err = sl_tpm_public_of(bytes, len, &key);

	if (err != SL_OK)
		return err == SL_ERR_FORMAT ? SL_ERR_DEVICE : err;
	if (name_len != key.name.len || memcmp(name, key.name.bytes, name_len) != 0)
		return SL_ERR_DEVICE;
	*ret_public = key;
	return SL_OK;
}

bool
sl_tpm_public_is_sealed(const struct sl_tpm_public *key, bool *ret_by_auth, struct sl_bytes *ret_policy)
{
	struct sl_reader r = sl_reader_of(key->bytes, key->len);
	const uint16_t type = sl_reader_u16be(&r);
	uint32_t attributes;

	(void)sl_reader_u16be(&r); /* nameAlg */
	attributes = sl_reader_u32be(&r);
	ret_policy->len = sl_reader_u16be(&r);
	ret_policy->data = sl_reader_bytes(&r, ret_policy->len);
	if (type != TPM2_ALG_KEYEDHASH || sl_reader_u16be(&r) != TPM2_ALG_NULL ||
	    (attributes & (TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_DECRYPT | TPMA_OBJECT_RESTRICTED)) != 0)
		return false;
	(void)sl_reader_bytes(&r, sl_reader_u16be(&r)); /* unique */
	*ret_by_auth = (attributes & TPMA_OBJECT_USERWITHAUTH) != 0;
	return sl_reader_done(&r);
}

bool
sl_tpm_public_fits(const struct sl_tpm_public *key, const struct sl_tpm_template *tmpl)
{
	return key->len >= tmpl->fixed && memcmp(key->bytes, tmpl->bytes, tmpl->fixed) == 0;
}

bool
sl_tpm_public_same_name(const struct sl_root_name *a, const struct sl_root_name *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}
