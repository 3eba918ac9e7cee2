/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/buf.h"
#include "crypto/der.h"

#include <string.h>

enum {
	TAG_INTEGER = 0x02,
	TAG_BIT_STRING = 0x03,
	TAG_NULL = 0x05,
	TAG_OID = 0x06,
	TAG_PRINTABLE = 0x13,
	TAG_SEQUENCE = 0x30,
};

#define LEN_MAX 0xffff /* two octets of length are plenty for a public key */

/* 1.2.840.10045.2.1 and 1.2.840.113549.1.1.1 */
static const uint8_t oid_ec[] = { 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t oid_rsa[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01 };
static const uint8_t null[] = { TAG_NULL, 0x00 };

static const uint8_t p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const uint8_t p384[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const uint8_t p521[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 };
static const uint8_t ed25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static const uint8_t x25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x6e };
/* What was in use before RFC 8410, and PKCS#11's curveName (3.0, 2.3.5 and 2.3.8). */
static const uint8_t ed25519_gnu[] = { 0x06, 0x09, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x0f, 0x01 };
static const uint8_t x25519_gnu[] = { 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x97, 0x55, 0x01, 0x05, 0x01 };
static const uint8_t ed25519_name[] = { TAG_PRINTABLE, 12, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9' };
static const uint8_t x25519_name[] = { TAG_PRINTABLE, 10, 'c', 'u', 'r', 'v', 'e', '2', '5', '5', '1', '9' };

#define ROW(kind, size, params) { kind, size, { params, sizeof(params) } }

/* The first row of a curve is the one that is written. */
static const struct {
	enum sl_key_kind kind;
	unsigned size;
	struct sl_bytes params;
} curves[] = {
	ROW(SL_KEY_EC, 256, p256),
	ROW(SL_KEY_EC, 384, p384),
	ROW(SL_KEY_EC, 521, p521),
	ROW(SL_KEY_ED25519, 256, ed25519),
	ROW(SL_KEY_ED25519, 256, ed25519_name),
	ROW(SL_KEY_ED25519, 256, ed25519_gnu),
	ROW(SL_KEY_X25519, 256, x25519),
	ROW(SL_KEY_X25519, 256, x25519_name),
	ROW(SL_KEY_X25519, 256, x25519_gnu),
};

static bool
same(struct sl_bytes a, const uint8_t *b, size_t b_len)
{
	return a.len == b_len && memcmp(a.data, b, b_len) == 0;
}

enum sl_err
sl_key_curve(const uint8_t *params, size_t len, enum sl_key_kind *ret_kind, unsigned *ret_size)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(curves); i++) {
		if (same(curves[i].params, params, len)) {
			*ret_kind = curves[i].kind;
			*ret_size = curves[i].size;
			return SL_OK;
		}
	}
	return SL_ERR_UNSUPPORTED;
}

enum sl_err
sl_der_curve_oid(enum sl_key_kind kind, unsigned size, struct sl_bytes *ret_oid)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(curves); i++) {
		if (curves[i].kind == kind && curves[i].size == size) {
			*ret_oid = curves[i].params;
			return SL_OK;
		}
	}
	return SL_ERR_ARG;
}

/* Reads one element of the given tag; its contents, or a reader that has failed. */
static struct sl_reader
enter(struct sl_reader *r, uint8_t tag)
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

/* A positive INTEGER, without its sign octet. */
static struct sl_bytes
integer(struct sl_reader *r)
{
	struct sl_reader in = enter(r, TAG_INTEGER);

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
	struct sl_reader seq = enter(&key, TAG_SEQUENCE);

	pub->kind = SL_KEY_RSA;
	pub->n = integer(&seq);
	pub->e = integer(&seq);
	if (!sl_reader_done(&seq) || !sl_reader_done(&key) || pub->n.len == 0 || pub->e.len == 0)
		return SL_ERR_FORMAT;
	pub->size = (unsigned)(pub->n.len * 8) - (unsigned)__builtin_clz((unsigned)pub->n.data[0] << 24);
	return SL_OK;
}

static enum sl_err
read_point(struct sl_reader key, const uint8_t *params, size_t params_len, struct sl_public *pub)
{
	const enum sl_err err = sl_key_curve(params, params_len, &pub->kind, &pub->size);
	const size_t width = (pub->size + 7) / 8;

	if (err != SL_OK)
		return err;
	pub->point = (struct sl_bytes){ key.at, key.left };
	if (pub->kind != SL_KEY_EC)
		return key.left == width ? SL_OK : SL_ERR_FORMAT;
	if (key.left == 1 + width && (key.at[0] & 0xfe) == 2)
		return SL_ERR_UNSUPPORTED; /* compressed */
	return key.left == 1 + 2 * width && key.at[0] == 4 ? SL_OK : SL_ERR_FORMAT;
}

enum sl_err
sl_der_read_spki(const uint8_t *der, size_t len, struct sl_public *ret_pub)
{
	struct sl_reader r = sl_reader_of(der, len);
	struct sl_reader spki = enter(&r, TAG_SEQUENCE);
	struct sl_reader alg = enter(&spki, TAG_SEQUENCE);
	struct sl_reader key = enter(&spki, TAG_BIT_STRING);
	struct sl_public pub = { 0 };
	struct sl_bytes whole = { alg.at, alg.left };
	struct sl_bytes oid;
	enum sl_err err;

	if (!sl_reader_done(&r) || !sl_reader_done(&spki) || sl_reader_u8(&key) != 0 || key.bad)
		return SL_ERR_FORMAT;
	if (enter(&alg, TAG_OID).bad)
		return SL_ERR_FORMAT;
	oid = (struct sl_bytes){ whole.data, whole.len - alg.left };
	if (same(oid, oid_ec, sizeof(oid_ec)))
		err = read_point(key, alg.at, alg.left, &pub);
	else if (same(oid, oid_rsa, sizeof(oid_rsa)))
		err = alg.left == 2 && memcmp(alg.at, null, 2) == 0 ? read_rsa(key, &pub) : SL_ERR_FORMAT;
	else
		err = alg.left == 0 ? read_point(key, oid.data, oid.len, &pub) : SL_ERR_UNSUPPORTED;
	if (err == SL_OK)
		*ret_pub = pub;
	return err;
}

static size_t
head_len(size_t len)
{
	return len < 0x80 ? 2 : len < 0x100 ? 3 : 4;
}

static void
head(struct sl_writer *w, uint8_t tag, size_t len)
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

static size_t
integer_len(struct sl_bytes n)
{
	return n.len + (size_t)(n.data[0] >> 7);
}

static void
write_integer(struct sl_writer *w, struct sl_bytes n)
{
	head(w, TAG_INTEGER, integer_len(n));
	if ((n.data[0] & 0x80) != 0)
		sl_writer_u8(w, 0);
	sl_writer_bytes(w, n.data, n.len);
}

static size_t
pair_len(struct sl_bytes a, struct sl_bytes b)
{
	return head_len(integer_len(a)) + integer_len(a) + head_len(integer_len(b)) + integer_len(b);
}

static void
write_pair(struct sl_writer *w, struct sl_bytes a, struct sl_bytes b)
{
	head(w, TAG_SEQUENCE, pair_len(a, b));
	write_integer(w, a);
	write_integer(w, b);
}

/* AlgorithmIdentifier's contents and the BIT STRING's, in two pieces each. */
static enum sl_err
spki_pieces(const struct sl_public *pub, struct sl_bytes *ret_oid, struct sl_bytes *ret_params, size_t *ret_key_len)
{
	enum sl_err err = SL_OK;

	if (pub->kind == SL_KEY_RSA) {
		const size_t len = pair_len(pub->n, pub->e);

		*ret_oid = (struct sl_bytes){ oid_rsa, sizeof(oid_rsa) };
		*ret_params = (struct sl_bytes){ null, sizeof(null) };
		*ret_key_len = head_len(len) + len;
		return SL_OK;
	}
	err = sl_der_curve_oid(pub->kind, pub->size, ret_params);
	*ret_key_len = pub->point.len;
	if (pub->kind == SL_KEY_EC) {
		*ret_oid = (struct sl_bytes){ oid_ec, sizeof(oid_ec) };
	} else {
		*ret_oid = *ret_params;
		*ret_params = (struct sl_bytes){ NULL, 0 };
	}
	return err;
}

enum sl_err
sl_der_write_spki(const struct sl_public *pub, uint8_t **ret_der, size_t *ret_len)
{
	struct sl_bytes oid = { NULL, 0 };
	struct sl_bytes params = { NULL, 0 };
	size_t key_len = 0;
	const enum sl_err err = spki_pieces(pub, &oid, &params, &key_len);
	const size_t alg_len = oid.len + params.len;
	const size_t body = head_len(alg_len) + alg_len + head_len(key_len + 1) + key_len + 1;
	const size_t len = head_len(body) + body;
	struct sl_writer w;
	uint8_t *der;

	if (err != SL_OK || len > LEN_MAX)
		return err != SL_OK ? err : SL_ERR_RANGE;
	if ((der = malloc(len)) == NULL)
		return SL_ERR_MEMORY;
	w = sl_writer_of(der, len);
	head(&w, TAG_SEQUENCE, body);
	head(&w, TAG_SEQUENCE, alg_len);
	sl_writer_bytes(&w, oid.data, oid.len);
	sl_writer_bytes(&w, params.data, params.len);
	head(&w, TAG_BIT_STRING, key_len + 1);
	sl_writer_u8(&w, 0);
	if (pub->kind == SL_KEY_RSA)
		write_pair(&w, pub->n, pub->e);
	else
		sl_writer_bytes(&w, pub->point.data, pub->point.len);
	*ret_der = der;
	*ret_len = len;
	return SL_OK;
}

enum sl_err
sl_der_read_ecdsa(const uint8_t *der, size_t len, size_t width, uint8_t *ret_rs)
{
	struct sl_reader r = sl_reader_of(der, len);
	struct sl_reader seq = enter(&r, TAG_SEQUENCE);
	const struct sl_bytes a = integer(&seq);
	const struct sl_bytes b = integer(&seq);

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
