/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/policy.h"
#include "base/fs.h"
#include "crypto/der.h"
#include "crypto/pem.h"

#include <string.h>

#define PEM_MAX 16384
enum { ALG_RSA = 0x0001, ALG_SHA256 = 0x000b, ALG_NULL = 0x0010, ALG_RSASSA = 0x0014, ALG_ECDSA = 0x0018, ALG_ECC = 0x0023 };
#define ATTRIBUTES 0x00060040U /* userWithAuth, decrypt, sign: as systemd has it */
#define RSA_BYTES_MAX 512

/* TPM_ECC_CURVE (Part 2, 6.4). */
static const struct {
	uint16_t id;
	unsigned size;
} curves[] = { { 3, 256 }, { 4, 384 }, { 5, 521 } };

static void
write_2b(struct sl_writer *w, const uint8_t *bytes, size_t len)
{
	sl_writer_u16be(w, (uint16_t)len);
	sl_writer_bytes(w, bytes, len);
}

static enum sl_err
write_rsa(struct sl_writer *w, const struct sl_public *pub)
{
	uint32_t e = 0;

	if (pub->size < 2048 || pub->size > 4096 || pub->n.len * 8 != pub->size || pub->e.len > 4)
		return SL_ERR_UNSUPPORTED;
	for (size_t i = 0; i < pub->e.len; i++)
		e = e << 8 | pub->e.data[i];
	sl_writer_u16be(w, (uint16_t)pub->size);
	sl_writer_u32be(w, e);
	write_2b(w, pub->n.data, pub->n.len);
	return SL_OK;
}

static enum sl_err
write_ec(struct sl_writer *w, const struct sl_public *pub)
{
	const size_t width = (pub->size + 7) / 8;

	for (size_t i = 0; i < SL_ARRAY_LEN(curves); i++) {
		if (pub->curve == sl_curve_of(SL_KEY_EC, curves[i].size)) {
			sl_writer_u16be(w, curves[i].id);
			sl_writer_u16be(w, ALG_NULL); /* kdf */
			write_2b(w, pub->point.data + 1, width);
			write_2b(w, pub->point.data + 1 + width, width);
			return SL_OK;
		}
	}
	return SL_ERR_UNSUPPORTED;
}

enum sl_err
sl_policy_key(struct sl_bytes spki, uint8_t area[SL_TPM_PUBLIC_MAX], size_t *ret_len)
{
	struct sl_writer w = sl_writer_of(area, SL_TPM_PUBLIC_MAX);
	struct sl_public pub;
	enum sl_err err = sl_der_read_spki(spki.data, spki.len, &pub);

	if (err != SL_OK)
		return err;
	if (pub.kind != SL_KEY_RSA && pub.kind != SL_KEY_EC)
		return SL_ERR_UNSUPPORTED;
	sl_writer_u16be(&w, pub.kind == SL_KEY_RSA ? ALG_RSA : ALG_ECC);
	sl_writer_u16be(&w, ALG_SHA256);
	sl_writer_u32be(&w, ATTRIBUTES);
	sl_writer_u16be(&w, 0); /* authPolicy */
	sl_writer_u16be(&w, ALG_NULL); /* symmetric */
	sl_writer_u16be(&w, ALG_NULL); /* scheme */
	err = pub.kind == SL_KEY_RSA ? write_rsa(&w, &pub) : write_ec(&w, &pub);
	if (err == SL_OK)
		*ret_len = w.used;
	return err == SL_OK && !sl_writer_ok(&w) ? SL_ERR_RANGE : err;
}

enum sl_err
sl_policy_key_read(const char *path, uint8_t area[SL_TPM_PUBLIC_MAX], size_t *ret_len, struct sl_msg *msg)
{
	SL_FREE char *text = NULL;
	SL_FREE uint8_t *der = NULL;
	size_t len = 0;
	enum sl_err err = sl_fs_read_private_text(path, PEM_MAX, &text, msg);

	if (err != SL_OK)
		return err;
	if ((err = sl_pem_read(text, "PUBLIC KEY", &der, &len)) == SL_OK)
		err = sl_policy_key((struct sl_bytes){ der, len }, area, ret_len);
	if (err == SL_ERR_NOT_FOUND || err == SL_ERR_FORMAT)
		sl_msg_set(msg, "%s: expected a PEM \"PUBLIC KEY\"", path);
	else if (err == SL_ERR_UNSUPPORTED)
		sl_msg_set(msg, "%s: expected an RSA key of 2048 to 4096 bits, or one on P-256, P-384 or P-521", path);
	return err == SL_ERR_NOT_FOUND ? SL_ERR_FORMAT : err;
}

/* A key's public area as components; point has room for an uncompressed point. */
static bool
read_rsa(struct sl_reader *r, struct sl_public *pub, uint8_t e[4])
{
	const unsigned bits = sl_reader_u16be(r);
	uint32_t number = sl_reader_u32be(r);
	size_t skip = 0;

	number = number == 0 ? 65537 : number;
	for (int i = 0; i < 4; i++)
		e[i] = (uint8_t)(number >> (24 - 8 * i));
	while (skip < 3 && e[skip] == 0)
		skip++;
	pub->kind = SL_KEY_RSA;
	pub->size = bits;
	pub->e = (struct sl_bytes){ e + skip, 4 - skip };
	pub->n.len = sl_reader_u16be(r);
	pub->n.data = sl_reader_bytes(r, pub->n.len);
	return sl_reader_done(r) && bits >= 1024 && pub->n.len * 8 == bits && pub->n.len <= RSA_BYTES_MAX && (pub->n.data[0] & 0x80) != 0;
}

static bool
read_ec(struct sl_reader *r, struct sl_public *pub, uint8_t *point)
{
	const uint16_t id = sl_reader_u16be(r);
	size_t width;

	for (size_t i = 0; i < SL_ARRAY_LEN(curves); i++)
		if (curves[i].id == id)
			pub->curve = sl_curve_of(SL_KEY_EC, curves[i].size);
	if (pub->curve == NULL || sl_reader_u16be(r) != ALG_NULL)
		return false;
	pub->kind = SL_KEY_EC;
	pub->size = pub->curve->size;
	width = (pub->size + 7) / 8;
	point[0] = 4;
	for (size_t i = 0; i < 2; i++) {
		const size_t len = sl_reader_u16be(r);
		const uint8_t *at = sl_reader_bytes(r, len);
		uint8_t *to = point + 1 + width * i;

		if (at == NULL || len > width)
			return false;
		memset(to, 0, width - len);
		memcpy(to + (width - len), at, len);
	}
	pub->point = (struct sl_bytes){ point, 1 + 2 * width };
	return sl_reader_done(r);
}

struct parts {
	struct sl_public pub;
	uint8_t e[4];
	uint8_t point[SL_CURVE_POINT_MAX];
};

static bool
read_area(struct sl_bytes area, struct parts *parts)
{
	struct sl_reader r = sl_reader_of(area.data, area.len);
	const uint16_t type = sl_reader_u16be(&r);

	(void)sl_reader_u16be(&r); /* nameAlg */
	(void)sl_reader_u32be(&r); /* objectAttributes */
	(void)sl_reader_bytes(&r, sl_reader_u16be(&r)); /* authPolicy */
	if (sl_reader_u16be(&r) != ALG_NULL)
		return false;
	switch (sl_reader_u16be(&r)) {
	case ALG_NULL:
		break;
	case ALG_RSASSA:
	case ALG_ECDSA:
		(void)sl_reader_u16be(&r); /* its hash */
		break;
	default:
		return false;
	}
	return type == ALG_RSA ? read_rsa(&r, &parts->pub, parts->e) : type == ALG_ECC && read_ec(&r, &parts->pub, parts->point);
}

enum sl_err
sl_policy_key_fingerprint(struct sl_bytes area, uint8_t out[32])
{
	struct parts parts = { .pub = { .size = 0 } };
	uint8_t der[RSA_BYTES_MAX + 32];
	struct sl_writer w = sl_writer_of(der, sizeof(der));
	uint8_t hash[SL_HASH_MAX];
	enum sl_err err;

	if (!read_area(area, &parts))
		return SL_ERR_UNSUPPORTED;
	if (parts.pub.kind == SL_KEY_RSA) {
		sl_der_head(&w, SL_DER_SEQUENCE, sl_der_integer_len(parts.pub.n) + sl_der_integer_len(parts.pub.e));
		sl_der_write_integer(&w, parts.pub.n);
		sl_der_write_integer(&w, parts.pub.e);
	} else {
		sl_writer_bytes(&w, parts.pub.point.data, parts.pub.point.len);
	}
	if (!sl_writer_ok(&w))
		return SL_ERR_RANGE;
	if ((err = sl_hash_once(SL_HASH_SHA256, der, w.used, hash)) != SL_OK)
		return err;
	memcpy(out, hash, 32);
	return SL_OK;
}

enum sl_err
sl_policy_signature(struct sl_bytes area, struct sl_bytes raw, uint8_t out[SL_POLICY_SIGNATURE_MAX], size_t *ret_len)
{
	struct sl_writer w = sl_writer_of(out, SL_POLICY_SIGNATURE_MAX);
	struct parts parts = { .pub = { .size = 0 } };
	uint8_t rs[2 * SL_CURVE_BYTES_MAX];
	size_t width;

	if (!read_area(area, &parts))
		return SL_ERR_UNSUPPORTED;
	sl_writer_u16be(&w, parts.pub.kind == SL_KEY_RSA ? ALG_RSASSA : ALG_ECDSA);
	sl_writer_u16be(&w, ALG_SHA256);
	if (parts.pub.kind == SL_KEY_RSA) {
		if (raw.len != parts.pub.n.len)
			return SL_ERR_FORMAT;
		write_2b(&w, raw.data, raw.len);
	} else {
		width = (parts.pub.size + 7) / 8;
		if (sl_der_read_ecdsa(raw.data, raw.len, width, rs) != SL_OK)
			return SL_ERR_FORMAT;
		write_2b(&w, rs, width);
		write_2b(&w, rs + width, width);
	}
	if (!sl_writer_ok(&w))
		return SL_ERR_RANGE;
	*ret_len = w.used;
	return SL_OK;
}
