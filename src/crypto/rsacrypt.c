/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/rsacrypt.h"
#include "crypto/key_internal.h"
#include "crypto/oaep.h"

#include <string.h>

#define PKCS1_OVERHEAD 11
#define PKCS1_PS_MIN 8

size_t
sl_rsa_crypt_len(const struct sl_key *key)
{
	return key->pub.n.len;
}

static struct sl_oaep
oaep_of(const struct sl_rsa_crypt *p)
{
	return (struct sl_oaep){ .hash = p->hash, .mgf_hash = p->mgf_hash, .label = { p->label, p->label_len } };
}

static enum sl_err
check(const struct sl_key *key, const struct sl_rsa_crypt *p, bool need_private)
{
	if (key->kind != SL_KEY_RSA || (need_private && !key->is_private))
		return SL_ERR_ARG;
	if (p->padding != SL_RSA_PKCS1 && p->padding != SL_RSA_OAEP && p->padding != SL_RSA_NONE)
		return SL_ERR_UNSUPPORTED;
	if (p->padding == SL_RSA_OAEP && (sl_hash_len(p->hash) == 0 || sl_hash_len(p->mgf_hash) == 0))
		return SL_ERR_ARG;
	return SL_OK;
}

/*
 * RFC 8017 5.1: the representative has to be below n. It is public, but for the encryption of a chosen number without
 * padding.
 */
static bool
below_n(const struct sl_key *key, const uint8_t *number)
{
	return memcmp(number, key->pub.n.data, key->pub.n.len) < 0;
}

static enum sl_err
pad_none(const struct sl_key *key, struct sl_part message, struct sl_secret *em)
{
	if (message.len > em->len)
		return SL_ERR_RANGE;
	if (message.len != 0)
		memcpy(em->bytes + em->len - message.len, message.data, message.len);
	return below_n(key, em->bytes) ? SL_OK : SL_ERR_RANGE;
}

static enum sl_err
apply(const struct sl_key *key, bool is_private, const uint8_t *in, uint8_t *out)
{
	const struct sl_bytes from = { in, key->pub.n.len };

	return !sl_ossl_gone() && sl_provider_rsa(key->keydata, is_private, &from, out) ? SL_OK : SL_ERR_CRYPTO;
}

enum sl_err
sl_rsa_encrypt(struct sl_key *public_key, const struct sl_rsa_crypt *params, const uint8_t *in, size_t in_len,
               uint8_t *out)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const struct sl_oaep oaep = oaep_of(params);
	const struct sl_part message = { in, in_len };
	SL_SECRET em = { 0 };
	enum sl_err err;

	if ((err = check(public_key, params, false)) != SL_OK ||
	    (err = sl_secret_alloc(&em, sl_rsa_crypt_len(public_key))) != SL_OK)
		return err;
	if (params->padding == SL_RSA_OAEP)
		err = sl_oaep_pad(&oaep, message, &em);
	else if (params->padding == SL_RSA_PKCS1)
		err = sl_oaep_pad_pkcs1(message, &em);
	else
		err = pad_none(public_key, message, &em);
	return err == SL_OK ? apply(public_key, false, em.bytes, out) : err;
}

enum sl_err
sl_rsa_decrypt(struct sl_key *private_key, const struct sl_rsa_crypt *params, const uint8_t *in, size_t in_len,
               struct sl_secret *ret_out)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const struct sl_oaep oaep = oaep_of(params);
	SL_SECRET em = { 0 };
	enum sl_err err;

	if ((err = check(private_key, params, true)) != SL_OK)
		return err;
	if (in_len != sl_rsa_crypt_len(private_key))
		return SL_ERR_RANGE;
	if (!below_n(private_key, in))
		return SL_ERR_VERIFY;
	if ((err = sl_secret_alloc(&em, in_len)) != SL_OK || (err = apply(private_key, true, in, em.bytes)) != SL_OK)
		return err;
	if (params->padding == SL_RSA_OAEP)
		return sl_oaep_unpad(&oaep, &em, ret_out);
	if (params->padding == SL_RSA_PKCS1)
		return sl_oaep_unpad_pkcs1(&em, ret_out);
	*ret_out = sl_secret_take(&em);
	return SL_OK;
}

/* RFC 8017 9.2, backwards: 00 || 01 || 8 or more FF || 00 || T. All of it is public. */
static enum sl_err
unpad_signature(const struct sl_secret *em, struct sl_secret *ret_out)
{
	size_t at = 2;

	while (at < em->len && em->bytes[at] == 0xff)
		at++;
	if (em->len < PKCS1_OVERHEAD || em->bytes[0] != 0 || em->bytes[1] != 1 || at < 2 + PKCS1_PS_MIN ||
	    at == em->len || em->bytes[at] != 0)
		return SL_ERR_VERIFY;
	at++;
	if (at < em->len)
		return sl_secret_copy(ret_out, em->bytes + at, em->len - at);
	*ret_out = (struct sl_secret){ 0 };
	return SL_OK;
}

enum sl_err
sl_rsa_recover(struct sl_key *public_key, enum sl_rsa_padding padding, const uint8_t *sig, size_t sig_len,
               struct sl_secret *ret_out)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_SECRET em = { 0 };
	enum sl_err err;

	if (public_key->kind != SL_KEY_RSA)
		return SL_ERR_ARG;
	if (padding != SL_RSA_PKCS1 && padding != SL_RSA_NONE)
		return SL_ERR_UNSUPPORTED;
	if (sig_len != sl_rsa_crypt_len(public_key))
		return SL_ERR_RANGE;
	if (!below_n(public_key, sig))
		return SL_ERR_VERIFY;
	if ((err = sl_secret_alloc(&em, sig_len)) != SL_OK || (err = apply(public_key, false, sig, em.bytes)) != SL_OK)
		return err;
	if (padding == SL_RSA_PKCS1)
		return unpad_signature(&em, ret_out);
	*ret_out = sl_secret_take(&em);
	return SL_OK;
}
