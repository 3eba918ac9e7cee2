/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/encode.h"

#include "base/buf.h"

#include <string.h>

#define SSH_BLOB_MAX 1200 /* RSA 4096: 512 bytes of modulus; more than twice that */

void
sl_encode_base64(FILE *f, const uint8_t *bytes, size_t len, size_t wrap)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t column = 0;

	for (size_t i = 0; i < len; i += 3) {
		const size_t left = len - i;
		const uint32_t v = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);

		if (wrap != 0 && column != 0 && column % wrap == 0)
			(void)fputc('\n', f);
		(void)fputc(digits[v >> 18], f);
		(void)fputc(digits[v >> 12 & 63], f);
		(void)fputc(left > 1 ? digits[v >> 6 & 63] : '=', f);
		(void)fputc(left > 2 ? digits[v & 63] : '=', f);
		column += 4;
	}
	if (wrap != 0)
		(void)fputc('\n', f);
}

void
sl_encode_pem(FILE *f, const char *label, const uint8_t *der, size_t len)
{
	(void)fprintf(f, "-----BEGIN %s-----\n", label);
	sl_encode_base64(f, der, len, 64);
	(void)fprintf(f, "-----END %s-----\n", label);
}

static void
put_string(struct sl_writer *w, const void *bytes, size_t len)
{
	sl_writer_u32be(w, (uint32_t)len);
	sl_writer_bytes(w, bytes, len);
}

/* RFC 4251 section 5: a leading zero where the first bit would be a sign. */
static void
put_mpint(struct sl_writer *w, const uint8_t *bytes, size_t len)
{
	const bool sign = len != 0 && (bytes[0] & 0x80) != 0;

	sl_writer_u32be(w, (uint32_t)(len + (sign ? 1 : 0)));
	if (sign)
		sl_writer_u8(w, 0);
	sl_writer_bytes(w, bytes, len);
}

/* RFC 5656 10.1 */
static const char *
ssh_ecdsa(const struct sl_key *key)
{
	SL_SECRET oid = { 0 };
	const char *curve;

	if (sl_key_part(key, SL_PART_EC_OID, &oid) != SL_OK || (curve = sl_key_curve_name(oid.bytes, oid.len)) == NULL)
		return NULL;
	return strcmp(curve, "P-256") == 0   ? "ecdsa-sha2-nistp256"
	       : strcmp(curve, "P-384") == 0 ? "ecdsa-sha2-nistp384"
	       : strcmp(curve, "P-521") == 0 ? "ecdsa-sha2-nistp521"
	                                     : NULL;
}

static const char *
ssh_name(const struct sl_key *key)
{
	switch (sl_key_kind(key)) {
	case SL_KEY_RSA:
		return "ssh-rsa";
	case SL_KEY_ED25519:
		return "ssh-ed25519";
	case SL_KEY_EC:
		return ssh_ecdsa(key);
	case SL_KEY_X25519:
	case SL_KEY_ED448: /* RFC 8709 has it, OpenSSH has not */
	case SL_KEY_X448:
	case SL_KEY_SECRET:
	default:
		return NULL;
	}
}

static enum sl_err
put_rsa(struct sl_writer *w, const struct sl_key *key)
{
	SL_SECRET n = { 0 };
	SL_SECRET e = { 0 };
	enum sl_err err;

	if ((err = sl_key_part(key, SL_PART_E, &e)) != SL_OK || (err = sl_key_part(key, SL_PART_N, &n)) != SL_OK)
		return err;
	put_mpint(w, e.bytes, e.len);
	put_mpint(w, n.bytes, n.len);
	return SL_OK;
}

static enum sl_err
put_point(struct sl_writer *w, const struct sl_key *key, const char *name)
{
	SL_SECRET point = { 0 };
	const enum sl_err err = sl_key_part(key, SL_PART_POINT, &point);

	if (err != SL_OK)
		return err;
	if (sl_key_kind(key) == SL_KEY_EC)
		put_string(w, name + strlen("ecdsa-sha2-"), strlen("nistp256"));
	put_string(w, point.bytes, point.len);
	return SL_OK;
}

enum sl_err
sl_encode_ssh(FILE *f, struct sl_key *key, const char *comment)
{
	uint8_t blob[SSH_BLOB_MAX];
	struct sl_writer w = sl_writer_of(blob, sizeof(blob));
	const char *name = ssh_name(key);
	enum sl_err err;

	if (name == NULL)
		return SL_ERR_UNSUPPORTED;
	put_string(&w, name, strlen(name));
	err = sl_key_kind(key) == SL_KEY_RSA ? put_rsa(&w, key) : put_point(&w, key, name);
	if (err != SL_OK || !sl_writer_ok(&w))
		return err != SL_OK ? err : SL_ERR_RANGE;
	(void)fprintf(f, "%s ", name);
	sl_encode_base64(f, blob, w.used, 0);
	(void)fprintf(f, " %s\n", comment);
	return SL_OK;
}
