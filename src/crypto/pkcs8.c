/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/key_internal.h"

#include <string.h>

/*
 * PrivateKeyInfo, RFC 5208, and its successor with a public key, RFC 5958. Read and written here: libcrypto's decoders
 * ask engines of our host on the way (der.h).
 */

/* A part, or an empty secret when there is none. */
static enum sl_err
part(const struct sl_key *key, enum sl_key_part which, struct sl_secret *ret_bytes)
{
	const enum sl_err err = sl_key_part(key, which, ret_bytes);

	return err == SL_ERR_NOT_FOUND ? SL_ERR_ARG : err;
}

static struct sl_bytes
bytes_of(const struct sl_secret *s)
{
	return (struct sl_bytes){ s->bytes, s->len };
}

#define RSA_PARTS 8
static const enum sl_key_part rsa_parts[RSA_PARTS] = {
	SL_PART_N, SL_PART_E, SL_PART_SECRET, SL_PART_P, SL_PART_Q, SL_PART_DP, SL_PART_DQ, SL_PART_QINV,
};

static void
clear_parts(struct sl_secret (*parts)[RSA_PARTS])
{
	for (size_t i = 0; i < RSA_PARTS; i++)
		sl_secret_clear(&(*parts)[i]);
}

/* RFC 8017 A.1.2: RSAPrivateKey. */
static enum sl_err
inner_rsa(const struct sl_key *key, struct sl_secret *ret_inner)
{
	static const uint8_t version[] = { SL_DER_INTEGER, 1, 0 };
	SL_CLEANUP(clear_parts) struct sl_secret parts[RSA_PARTS] = { { NULL, 0 } };
	size_t body = sizeof(version);
	enum sl_err err = SL_OK;
	struct sl_writer w;

	for (size_t i = 0; i < RSA_PARTS; i++) {
		if ((err = part(key, rsa_parts[i], &parts[i])) != SL_OK)
			return err;
		body += sl_der_integer_len(bytes_of(&parts[i]));
	}
	if ((err = sl_secret_alloc(ret_inner, sl_der_len(body))) != SL_OK)
		return err;
	w = sl_writer_of(ret_inner->bytes, ret_inner->len);
	sl_der_head(&w, SL_DER_SEQUENCE, body);
	sl_writer_bytes(&w, version, sizeof(version));
	for (size_t i = 0; i < RSA_PARTS; i++)
		sl_der_write_integer(&w, bytes_of(&parts[i]));
	return SL_OK;
}

/* RFC 5915: ECPrivateKey, with or without the public key; the curve is named outside. */
static enum sl_err
inner_ec(const struct sl_key *key, bool with_public, struct sl_secret *ret_inner)
{
	static const uint8_t version[] = { SL_DER_INTEGER, 1, 1 };
	const size_t point = key->pub.point.len + 1;
	SL_SECRET d = { 0 };
	struct sl_writer w;
	enum sl_err err;
	size_t body;

	if ((err = part(key, SL_PART_SECRET, &d)) != SL_OK)
		return err;
	body = sizeof(version) + sl_der_len(d.len) + (with_public ? sl_der_len(sl_der_len(point)) : 0);
	if ((err = sl_secret_alloc(ret_inner, sl_der_len(body))) != SL_OK)
		return err;
	w = sl_writer_of(ret_inner->bytes, ret_inner->len);
	sl_der_head(&w, SL_DER_SEQUENCE, body);
	sl_writer_bytes(&w, version, sizeof(version));
	sl_der_head(&w, SL_DER_OCTET_STRING, d.len);
	sl_writer_bytes(&w, d.bytes, d.len);
	if (!with_public)
		return SL_OK;
	sl_der_head(&w, SL_DER_CONTEXT_1, sl_der_len(point));
	sl_der_head(&w, SL_DER_BIT_STRING, point);
	sl_writer_u8(&w, 0);
	sl_writer_bytes(&w, key->pub.point.data, key->pub.point.len);
	return SL_OK;
}

/* RFC 8410 7: CurvePrivateKey. */
static enum sl_err
inner_raw(const struct sl_key *key, struct sl_secret *ret_inner)
{
	const enum sl_err err = sl_secret_alloc(ret_inner, sl_der_len(key->secret.len));
	struct sl_writer w;

	if (err != SL_OK)
		return err;
	w = sl_writer_of(ret_inner->bytes, ret_inner->len);
	sl_der_head(&w, SL_DER_OCTET_STRING, key->secret.len);
	sl_writer_bytes(&w, key->secret.bytes, key->secret.len);
	return SL_OK;
}

static enum sl_err
write_info(const struct sl_key *key, bool with_public, struct sl_secret *ret_der)
{
	static const uint8_t version[] = { SL_DER_INTEGER, 1, 0 };
	SL_SECRET inner = { 0 };
	SL_SECRET der = { 0 };
	struct sl_bytes oid;
	struct sl_bytes params;
	struct sl_writer w;
	enum sl_err err;
	size_t body;

	if (!key->is_private || key->kind == SL_KEY_SECRET)
		return SL_ERR_ARG;
	err = key->kind == SL_KEY_RSA ? inner_rsa(key, &inner) : key->kind == SL_KEY_EC ? inner_ec(key, with_public, &inner)
	                                                                                : inner_raw(key, &inner);
	if (err != SL_OK)
		return err;
	sl_der_algorithm_of(&key->pub, &oid, &params);
	body = sizeof(version) + sl_der_len(oid.len + params.len) + sl_der_len(inner.len);
	if ((err = sl_secret_alloc(&der, sl_der_len(body))) != SL_OK)
		return err;
	w = sl_writer_of(der.bytes, der.len);
	sl_der_head(&w, SL_DER_SEQUENCE, body);
	sl_writer_bytes(&w, version, sizeof(version));
	sl_der_head(&w, SL_DER_SEQUENCE, oid.len + params.len);
	sl_writer_bytes(&w, oid.data, oid.len);
	sl_writer_bytes(&w, params.data, params.len);
	sl_der_head(&w, SL_DER_OCTET_STRING, inner.len);
	sl_writer_bytes(&w, inner.bytes, inner.len);
	if (!sl_writer_ok(&w) || w.used != der.len)
		return SL_ERR_CRYPTO;
	*ret_der = sl_secret_take(&der);
	return SL_OK;
}

enum sl_err
sl_key_pkcs8(const struct sl_key *key, struct sl_secret *ret_der)
{
	return write_info(key, true, ret_der);
}

enum sl_err
sl_key_pkcs8_short(const struct sl_key *key, struct sl_secret *ret_der)
{
	return write_info(key, false, ret_der);
}

/* What is read; all of it points into the DER. */
struct info {
	unsigned version;
	struct sl_algorithm alg;
	struct sl_reader inner;
	struct sl_bytes public; /* no bytes: none */
};

/* A small INTEGER; anything else is a bad one. */
static unsigned
small(struct sl_reader *r)
{
	const struct sl_bytes n = sl_der_integer(r);

	if (n.len > 1)
		r->bad = true;
	return n.len == 1 ? n.data[0] : 0;
}

/* The contents of a BIT STRING without unused bits. */
static struct sl_bytes
bit_string(struct sl_reader *r, uint8_t tag)
{
	struct sl_reader in = sl_der_enter(r, tag);

	if (sl_reader_u8(&in) != 0 || in.bad || in.left == 0) {
		r->bad = true;
		return (struct sl_bytes){ NULL, 0 };
	}
	return (struct sl_bytes){ in.at, in.left };
}

static bool
next_is(const struct sl_reader *r, uint8_t tag)
{
	return r->left != 0 && r->at[0] == tag;
}

/* Attributes are passed over, as none of them changes the key. */
static enum sl_err
read_info(const uint8_t *der, size_t len, struct info *info)
{
	struct sl_reader r = sl_reader_of(der, len);
	struct sl_reader seq = sl_der_enter(&r, SL_DER_SEQUENCE);
	bool good;

	*info = (struct info){ .version = small(&seq) };
	good = sl_der_algorithm(&seq, &info->alg);
	info->inner = sl_der_enter(&seq, SL_DER_OCTET_STRING);
	if (good && next_is(&seq, SL_DER_CONTEXT_0))
		good = !sl_der_enter(&seq, SL_DER_CONTEXT_0).bad;
	if (good && info->version == 1) /* RFC 5958 2: that version is for a public key alone */
		info->public = bit_string(&seq, SL_DER_CONTEXT_1_PRIMITIVE);
	if (!good || !sl_reader_done(&seq) || !sl_reader_done(&r))
		return SL_ERR_FORMAT;
	return info->version <= 1 ? SL_OK : SL_ERR_UNSUPPORTED;
}

static enum sl_err
from_rsa(struct sl_reader *r, struct sl_key **ret_key)
{
	struct sl_reader seq = sl_der_enter(r, SL_DER_SEQUENCE);
	const unsigned version = small(&seq);
	struct sl_bytes n[RSA_PARTS];

	for (size_t i = 0; i < RSA_PARTS; i++) {
		n[i] = sl_der_integer(&seq);
		if (n[i].len == 0)
			return SL_ERR_FORMAT;
	}
	if (version == 1 && !seq.bad && sl_reader_done(r))
		return SL_ERR_UNSUPPORTED; /* more than two primes */
	if (version != 0 || !sl_reader_done(&seq) || !sl_reader_done(r))
		return SL_ERR_FORMAT;
	return sl_key_from_rsa_parts(&(const struct sl_rsa_parts){ n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7] },
	                             ret_key);
}

/* params: of the AlgorithmIdentifier. A public key given here is left in *info. */
static enum sl_err
from_ec(struct info *info, struct sl_key **ret_key)
{
	const struct sl_bytes params = info->alg.params;
	struct sl_reader seq = sl_der_enter(&info->inner, SL_DER_SEQUENCE);
	const unsigned version = small(&seq);
	const struct sl_reader d = sl_der_enter(&seq, SL_DER_OCTET_STRING);
	struct sl_bytes again = params;
	struct sl_reader sub;

	if (next_is(&seq, SL_DER_CONTEXT_0)) {
		sub = sl_der_enter(&seq, SL_DER_CONTEXT_0);
		again = (struct sl_bytes){ sub.at, sub.left };
	}
	if (next_is(&seq, SL_DER_CONTEXT_1)) {
		sub = sl_der_enter(&seq, SL_DER_CONTEXT_1);
		info->public = bit_string(&sub, SL_DER_BIT_STRING);
		if (!sl_reader_done(&sub))
			return SL_ERR_FORMAT;
	}
	if (version != 1 || d.bad || !sl_reader_done(&seq) || !sl_reader_done(&info->inner))
		return SL_ERR_FORMAT;
	if (sl_curve_find(params.data, params.len) == NULL)
		return SL_ERR_UNSUPPORTED;
	if (again.len != params.len || memcmp(again.data, params.data, params.len) != 0 ||
	    sl_curve_find(params.data, params.len)->kind != SL_KEY_EC)
		return SL_ERR_FORMAT;
	return sl_key_from_ec_curve(params.data, params.len, d.at, d.left, ret_key);
}

static enum sl_err
from_raw(struct info *info, struct sl_key **ret_key)
{
	const struct sl_curve *curve = sl_curve_find(info->alg.oid.data, info->alg.oid.len);
	struct sl_reader bytes;

	if (curve == NULL || curve->kind == SL_KEY_EC)
		return SL_ERR_UNSUPPORTED;
	bytes = sl_der_enter(&info->inner, SL_DER_OCTET_STRING);
	if (info->alg.params.len != 0 || bytes.bad || !sl_reader_done(&info->inner) ||
	    bytes.left != sl_curve_width(curve))
		return SL_ERR_FORMAT;
	return sl_key_from_raw(curve->kind, bytes.at, bytes.left, ret_key);
}

/* EC: also compressed, as RFC 5480 2.2 permits. */
static bool
public_agrees(const struct sl_key *key, struct sl_bytes given)
{
	const struct sl_bytes have = key->pub.point;

	if (given.len == 0 || key->kind == SL_KEY_RSA)
		return true;
	if (key->kind == SL_KEY_EC && given.len == 1 + sl_curve_width(key->pub.curve))
		return given.data[0] == (have.data[have.len - 1] & 1) + 2 &&
		       memcmp(given.data + 1, have.data + 1, given.len - 1) == 0;
	return given.len == have.len && memcmp(given.data, have.data, have.len) == 0;
}

enum sl_err
sl_key_from_pkcs8(const uint8_t *der, size_t len, struct sl_key **ret_key)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	struct info info;
	enum sl_err err = read_info(der, len, &info);

	if (err != SL_OK)
		return err;
	err = info.alg.kind == SL_DER_RSA ? from_rsa(&info.inner, &key)
	      : info.alg.kind == SL_DER_EC ? from_ec(&info, &key)
	                                   : from_raw(&info, &key);
	if (err != SL_OK)
		return err;
	if (!public_agrees(key, info.public))
		return SL_ERR_ARG;
	*ret_key = SL_TAKE(key);
	return SL_OK;
}
