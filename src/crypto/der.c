/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/der.h"

#include <string.h>

/* 1.2.840.10045.2.1 and 1.2.840.113549.1.1.1 */
static const uint8_t oid_ec[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t oid_rsa[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const uint8_t null[] = { SL_DER_NULL, 0x00 };

static bool
same(struct sl_bytes a, const uint8_t *b, size_t b_len)
{
	return a.len == b_len && memcmp(a.data, b, b_len) == 0;
}

struct sl_reader
sl_der_enter(struct sl_reader *r, uint8_t tag)
{
	struct sl_reader inner = { .bad = true };
	const uint8_t *at;
	size_t len;

	if (sl_reader_u8(r) != tag)
		r->bad = true;
	len = sl_reader_u8(r);
	if (len == 0x81)
		r->bad = (len = sl_reader_u8(r)) < 0x80 || r->bad;
	else if (len == 0x82)
		r->bad = (len = sl_reader_u16be(r)) < 0x100 || r->bad;
	else if (len >= 0x80)
		r->bad = true; /* indefinite, or longer than anything here */
	at = sl_reader_bytes(r, len);
	if (at != NULL)
		inner = sl_reader_of(at, len);
	return inner;
}

struct sl_bytes
sl_der_integer(struct sl_reader *r)
{
	struct sl_reader in = sl_der_enter(r, SL_DER_INTEGER);

	if (in.bad || in.left == 0 || (in.at[0] & 0x80) != 0)
		r->bad = true;
	else if (in.left > 1 && in.at[0] == 0 && (in.at[1] & 0x80) == 0)
		r->bad = true;
	if (r->bad)
		return (struct sl_bytes){ NULL, 0 };
	if (in.at[0] == 0)
		(void)sl_reader_u8(&in);
	return (struct sl_bytes){ in.at, in.left };
}

static enum sl_err
read_rsa(struct sl_reader key, struct sl_public *pub)
{
	struct sl_reader seq = sl_der_enter(&key, SL_DER_SEQUENCE);

	pub->kind = SL_KEY_RSA;
	pub->n = sl_der_integer(&seq);
	pub->e = sl_der_integer(&seq);
	if (!sl_reader_done(&seq) || !sl_reader_done(&key) || pub->n.len == 0 || pub->e.len == 0)
		return SL_ERR_FORMAT;
	pub->size = (unsigned)(pub->n.len * 8) - (unsigned)__builtin_clz((unsigned)pub->n.data[0] << 24);
	return SL_OK;
}

static enum sl_err
read_point(struct sl_reader key, struct sl_bytes params, struct sl_public *pub)
{
	const struct sl_curve *curve = sl_curve_find(params.data, params.len);

	if (curve == NULL)
		return SL_ERR_UNSUPPORTED;
	*pub = (struct sl_public){ .kind = curve->kind, .size = curve->size, .curve = curve };
	pub->point = (struct sl_bytes){ key.at, key.left };
	if (curve->kind != SL_KEY_EC)
		return key.left == sl_curve_point_len(curve) ? SL_OK : SL_ERR_FORMAT;
	if (key.left == 1 + sl_curve_width(curve) && (key.at[0] & 0xfe) == 2)
		return SL_ERR_UNSUPPORTED; /* compressed */
	return key.left == sl_curve_point_len(curve) && key.at[0] == 4 ? SL_OK : SL_ERR_FORMAT;
}

/* A SEQUENCE of an OBJECT IDENTIFIER and what follows it. */
bool
sl_der_algorithm(struct sl_reader *r, struct sl_algorithm *ret_alg)
{
	struct sl_reader alg = sl_der_enter(r, SL_DER_SEQUENCE);
	const uint8_t *start = alg.at;

	if (sl_der_enter(&alg, SL_DER_OID).bad)
		return false;
	ret_alg->oid = (struct sl_bytes){ start, (size_t)(alg.at - start) };
	ret_alg->params = (struct sl_bytes){ alg.at, alg.left };
	ret_alg->kind = SL_DER_OTHER;
	if (same(ret_alg->oid, oid_ec, sizeof(oid_ec)))
		ret_alg->kind = SL_DER_EC;
	else if (same(ret_alg->oid, oid_rsa, sizeof(oid_rsa)))
		ret_alg->kind = SL_DER_RSA;
	return ret_alg->kind != SL_DER_RSA || same(ret_alg->params, null, sizeof(null));
}

enum sl_err
sl_der_read_spki(const uint8_t *der, size_t len, struct sl_public *ret_pub)
{
	struct sl_reader r = sl_reader_of(der, len);
	struct sl_reader spki = sl_der_enter(&r, SL_DER_SEQUENCE);
	struct sl_algorithm alg = { 0 };
	const bool good = sl_der_algorithm(&spki, &alg);
	struct sl_reader key = sl_der_enter(&spki, SL_DER_BIT_STRING);
	struct sl_public pub = { 0 };
	enum sl_err err;

	if (!good || !sl_reader_done(&r) || !sl_reader_done(&spki) || sl_reader_u8(&key) != 0 || key.bad)
		return SL_ERR_FORMAT;
	if (alg.kind == SL_DER_EC)
		err = read_point(key, alg.params, &pub);
	else if (alg.kind == SL_DER_RSA)
		err = read_rsa(key, &pub);
	else
		err = alg.params.len == 0 ? read_point(key, alg.oid, &pub) : SL_ERR_UNSUPPORTED;
	if (err == SL_OK && alg.kind != SL_DER_RSA && (alg.kind == SL_DER_EC) != (pub.kind == SL_KEY_EC))
		err = SL_ERR_FORMAT;
	if (err == SL_OK)
		*ret_pub = pub;
	return err;
}

size_t
sl_der_len(size_t len)
{
	return len + (len < 0x80 ? 2 : len < 0x100 ? 3 : 4);
}

void
sl_der_head(struct sl_writer *w, uint8_t tag, size_t len)
{
	sl_writer_u8(w, tag);
	if (len < 0x80) {
		sl_writer_u8(w, (uint8_t)len);
	} else if (len < 0x100) {
		sl_writer_u8(w, 0x81);
		sl_writer_u8(w, (uint8_t)len);
	} else {
		sl_writer_u8(w, 0x82);
		sl_writer_u16be(w, (uint16_t)len);
	}
}

static struct sl_bytes
trim(struct sl_bytes n)
{
	while (n.len > 1 && n.data[0] == 0)
		n = (struct sl_bytes){ n.data + 1, n.len - 1 };
	return n;
}

size_t
sl_der_integer_len(struct sl_bytes n)
{
	return sl_der_len(n.len + (size_t)(n.data[0] >> 7));
}

void
sl_der_write_integer(struct sl_writer *w, struct sl_bytes n)
{
	sl_der_head(w, SL_DER_INTEGER, n.len + (size_t)(n.data[0] >> 7));
	if ((n.data[0] & 0x80) != 0)
		sl_writer_u8(w, 0);
	sl_writer_bytes(w, n.data, n.len);
}

static size_t
pair_len(struct sl_bytes a, struct sl_bytes b)
{
	return sl_der_integer_len(a) + sl_der_integer_len(b);
}

static void
write_pair(struct sl_writer *w, struct sl_bytes a, struct sl_bytes b)
{
	sl_der_head(w, SL_DER_SEQUENCE, pair_len(a, b));
	sl_der_write_integer(w, a);
	sl_der_write_integer(w, b);
}

void
sl_der_algorithm_of(const struct sl_public *pub, struct sl_bytes *ret_oid, struct sl_bytes *ret_params)
{
	*ret_params = (struct sl_bytes){ NULL, 0 };
	if (pub->kind == SL_KEY_RSA) {
		*ret_oid = (struct sl_bytes){ oid_rsa, sizeof(oid_rsa) };
		*ret_params = (struct sl_bytes){ null, sizeof(null) };
	} else if (pub->kind == SL_KEY_EC) {
		*ret_oid = (struct sl_bytes){ oid_ec, sizeof(oid_ec) };
		*ret_params = pub->curve->oid;
	} else {
		*ret_oid = pub->curve->oid;
	}
}

enum sl_err
sl_der_write_spki(const struct sl_public *pub, uint8_t **ret_der, size_t *ret_len)
{
	const bool is_rsa = pub->kind == SL_KEY_RSA;
	const size_t key_len = is_rsa ? sl_der_len(pair_len(pub->n, pub->e)) : pub->point.len;
	struct sl_bytes oid;
	struct sl_bytes params;
	struct sl_writer w;
	uint8_t *der;
	size_t alg_len;
	size_t body;

	sl_der_algorithm_of(pub, &oid, &params);
	alg_len = oid.len + params.len;
	body = sl_der_len(alg_len) + sl_der_len(key_len + 1);
	if (body > SL_DER_LEN_MAX)
		return SL_ERR_RANGE;
	if ((der = malloc(sl_der_len(body))) == NULL)
		return SL_ERR_MEMORY;
	w = sl_writer_of(der, sl_der_len(body));
	sl_der_head(&w, SL_DER_SEQUENCE, body);
	sl_der_head(&w, SL_DER_SEQUENCE, alg_len);
	sl_writer_bytes(&w, oid.data, oid.len);
	sl_writer_bytes(&w, params.data, params.len);
	sl_der_head(&w, SL_DER_BIT_STRING, key_len + 1);
	sl_writer_u8(&w, 0);
	if (is_rsa)
		write_pair(&w, pub->n, pub->e);
	else
		sl_writer_bytes(&w, pub->point.data, pub->point.len);
	*ret_der = der;
	*ret_len = w.used;
	return SL_OK;
}

enum sl_err
sl_der_read_ecdsa(const uint8_t *der, size_t len, size_t width, uint8_t *ret_rs)
{
	struct sl_reader r = sl_reader_of(der, len);
	struct sl_reader seq = sl_der_enter(&r, SL_DER_SEQUENCE);
	const struct sl_bytes a = sl_der_integer(&seq);
	const struct sl_bytes b = sl_der_integer(&seq);

	if (!sl_reader_done(&seq) || !sl_reader_done(&r) || a.len > width || b.len > width)
		return SL_ERR_FORMAT;
	memset(ret_rs, 0, 2 * width);
	memcpy(ret_rs + width - a.len, a.data, a.len);
	memcpy(ret_rs + 2 * width - b.len, b.data, b.len);
	return SL_OK;
}

size_t
sl_der_write_ecdsa(const uint8_t *rs, size_t width, uint8_t ret_der[SL_DER_SIG_MAX])
{
	struct sl_writer w = sl_writer_of(ret_der, SL_DER_SIG_MAX);

	write_pair(&w, trim((struct sl_bytes){ rs, width }), trim((struct sl_bytes){ rs + width, width }));
	return sl_writer_ok(&w) ? w.used : 0;
}
