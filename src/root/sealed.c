/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealed.h"
#include "crypto/der.h"

#include "base/buf.h"

#include <string.h>

/*
 * The ASN.1 of the TSS2 PRIVATE KEY form (draft "ASN.1 Specification for TPM 2.0 Key Files"), as far as sealed data has
 * it: doc/sealed.md.
 */
enum {
	TAG_BOOLEAN = 0x01,
	TAG_INTEGER = 0x02,
	TAG_OCTETS = 0x04,
	TAG_OID = 0x06,
	TAG_UTF8 = 0x0c,
	TAG_SEQUENCE = 0x30,
	TAG_FIELD = 0xa0, /* [n] EXPLICIT, to be added to */
};
enum { EMPTY_AUTH, POLICY, SECRET, AUTH_POLICY, DESCRIPTION, RSA_PARENT };

#define AREA_MAX 0x2000 /* bytes of one area: TPMs' buffers are half of that */

/* 2.23.133.10.1.5 id-sealedkey; the others end in 3 (loadable) and 4 (importable). */
static const uint8_t oid_sealed[] = { 0x67, 0x81, 0x05, 0x0a, 0x01, 0x05 };

static size_t
head_len(size_t len)
{
	return len < 0x80 ? 2 : len < 0x100 ? 3 : 4;
}

static void
head(struct sl_writer *w, int tag, size_t len)
{
	sl_writer_u8(w, (uint8_t)tag);
	if (len >= 0x100)
		sl_writer_u8(w, 0x82);
	else if (len >= 0x80)
		sl_writer_u8(w, 0x81);
	if (len >= 0x100)
		sl_writer_u16be(w, (uint16_t)len);
	else
		sl_writer_u8(w, (uint8_t)len);
}

/* [n] EXPLICIT SEQUENCE. */
static void
write_field(struct sl_writer *w, int n, struct sl_bytes contents)
{
	if (contents.data == NULL)
		return;
	head(w, TAG_FIELD + n, head_len(contents.len) + contents.len);
	head(w, TAG_SEQUENCE, contents.len);
	sl_writer_bytes(w, contents.data, contents.len);
}

/* An OCTET STRING that holds a TPM2B. */
static void
write_area(struct sl_writer *w, struct sl_bytes area)
{
	head(w, TAG_OCTETS, area.len + 2);
	sl_writer_u16be(w, (uint16_t)area.len);
	sl_writer_bytes(w, area.data, area.len);
}

/* A positive INTEGER: a handle from 0x80000000 up needs a leading zero. */
static void
write_parent(struct sl_writer *w, uint32_t parent)
{
	uint8_t bytes[5] = { 0, (uint8_t)(parent >> 24), (uint8_t)(parent >> 16), (uint8_t)(parent >> 8),
	                    (uint8_t)parent };
	size_t skip = 0;

	while (skip < 4 && bytes[skip] == 0 && (bytes[skip + 1] & 0x80) == 0)
		skip++;
	head(w, TAG_INTEGER, sizeof(bytes) - skip);
	sl_writer_bytes(w, bytes + skip, sizeof(bytes) - skip);
}

static void
write_body(const struct sl_sealed *sealed, struct sl_writer *w)
{
	head(w, TAG_OID, sizeof(oid_sealed));
	sl_writer_bytes(w, oid_sealed, sizeof(oid_sealed));
	if (sealed->empty_auth) { /* absent is FALSE */
		head(w, TAG_FIELD + EMPTY_AUTH, 3);
		head(w, TAG_BOOLEAN, 1);
		sl_writer_u8(w, 0xff);
	}
	write_field(w, POLICY, sealed->policy);
	write_field(w, AUTH_POLICY, sealed->auth_policy);
	write_parent(w, sealed->parent);
	write_area(w, sealed->public_area);
	write_area(w, sealed->private_area);
}

enum sl_err
sl_sealed_write(const struct sl_sealed *sealed, uint8_t **ret_der, size_t *ret_len)
{
	uint8_t body[SL_SEALED_MAX - 4];
	struct sl_writer w = sl_writer_of(body, sizeof(body));
	size_t len;
	uint8_t *der;

	if (sealed->public_area.len > AREA_MAX || sealed->private_area.len > AREA_MAX)
		return SL_ERR_RANGE;
	write_body(sealed, &w);
	if (!sl_writer_ok(&w))
		return SL_ERR_RANGE;
	len = head_len(w.used) + w.used;
	if ((der = malloc(len)) == NULL)
		return SL_ERR_MEMORY;
	*ret_der = der;
	*ret_len = len;
	len = w.used;
	w = sl_writer_of(der, *ret_len);
	head(&w, TAG_SEQUENCE, len);
	sl_writer_bytes(&w, body, len);
	return SL_OK;
}

static bool
next_is(const struct sl_reader *r, int tag)
{
	return !r->bad && r->left != 0 && r->at[0] == tag;
}

static uint32_t
read_integer(struct sl_reader *r)
{
	struct sl_reader n = sl_der_enter(r, TAG_INTEGER);
	uint32_t value = 0;

	/* Positive, shortest, 32 bits. */
	if (n.bad || n.left == 0 || n.left > 5 || (n.at[0] & 0x80) != 0 ||
	    (n.left > 1 && n.at[0] == 0 && (n.at[1] & 0x80) == 0) ||
	    (n.left == 5 && n.at[0] != 0)) {
		r->bad = true;
		return 0;
	}
	while (n.left != 0)
		value = value << 8 | sl_reader_u8(&n);
	return value;
}

/* DER has ff for TRUE; the kernel's trusted keys are written with 01. */
static bool
read_boolean(struct sl_reader *field)
{
	struct sl_reader b = sl_der_enter(field, TAG_BOOLEAN);
	const uint8_t value = sl_reader_u8(&b);

	if (!sl_reader_done(&b) || !sl_reader_done(field) || (value != 0 && value != 1 && value != 0xff))
		field->bad = true;
	return value != 0;
}

/*
 * SEQUENCE OF TPMPolicy, where TPMPolicy ::= SEQUENCE { commandCode [0] EXPLICIT INTEGER, commandPolicy [1] EXPLICIT
 * OCTET STRING }
 */
static bool
are_policies(struct sl_reader list)
{
	while (!list.bad && list.left != 0) {
		struct sl_reader policy = sl_der_enter(&list, TAG_SEQUENCE);
		struct sl_reader code = sl_der_enter(&policy, TAG_FIELD);
		struct sl_reader command = sl_der_enter(&policy, TAG_FIELD + 1);

		(void)read_integer(&code);
		(void)sl_der_enter(&command, TAG_OCTETS);
		if (!sl_reader_done(&code) || !sl_reader_done(&command) || !sl_reader_done(&policy))
			return false;
	}
	return !list.bad;
}

/*
 * SEQUENCE OF TPMAuthPolicy, where TPMAuthPolicy ::= SEQUENCE { name [0] EXPLICIT UTF8String OPTIONAL, policy [1]
 * EXPLICIT SEQUENCE OF TPMPolicy }
 */
static bool
are_auth_policies(struct sl_reader list)
{
	while (!list.bad && list.left != 0) {
		struct sl_reader one = sl_der_enter(&list, TAG_SEQUENCE);
		struct sl_reader name = { .bad = false };
		struct sl_reader policy;

		if (next_is(&one, TAG_FIELD)) {
			name = sl_der_enter(&one, TAG_FIELD);
			(void)sl_der_enter(&name, TAG_UTF8);
		}
		policy = sl_der_enter(&one, TAG_FIELD + 1);
		if (!are_policies(sl_der_enter(&policy, TAG_SEQUENCE)) || !sl_reader_done(&name) || !sl_reader_done(&policy) ||
		    !sl_reader_done(&one))
			return false;
	}
	return !list.bad;
}

static enum sl_err
refuse(struct sl_msg *msg, enum sl_err err, const char *why)
{
	sl_msg_set(msg, "sealed key: %s", why);
	return err;
}

/* [n] EXPLICIT SEQUENCE OF, kept as it is. */
static enum sl_err
read_list(struct sl_reader *field, bool (*check)(struct sl_reader), struct sl_bytes *ret_contents, struct sl_msg *msg)
{
	const struct sl_reader list = sl_der_enter(field, TAG_SEQUENCE);

	if (list.bad || !sl_reader_done(field) || !check(list))
		return refuse(msg, SL_ERR_FORMAT, "a policy is not of the form it has to have");
	*ret_contents = (struct sl_bytes){ list.at, list.left };
	return SL_OK;
}

static enum sl_err
read_field(int n, struct sl_reader *field, struct sl_sealed *sealed, struct sl_msg *msg)
{
	switch (n) {
	case EMPTY_AUTH:
		sealed->empty_auth = read_boolean(field);
		break;
	case POLICY:
		return read_list(field, are_policies, &sealed->policy, msg);
	case AUTH_POLICY:
		return read_list(field, are_auth_policies, &sealed->auth_policy, msg);
	case DESCRIPTION:
		(void)sl_der_enter(field, TAG_UTF8);
		break;
	case RSA_PARENT:
		if (read_boolean(field))
			return refuse(msg, SL_ERR_UNSUPPORTED,
			              "its parent is an RSA key made from a template; only P-256 is offered");
		break;
	case SECRET:
		return refuse(msg, SL_ERR_UNSUPPORTED, "it is to be imported first");
	default:
		return refuse(msg, SL_ERR_UNSUPPORTED, "it has a field that is not known here");
	}
	return sl_reader_done(field) ? SL_OK : refuse(msg, SL_ERR_FORMAT,
	                                              "an optional field is not of the form it has to have");
}

/* Optional fields, in ascending order. */
static enum sl_err
read_fields(struct sl_reader *key, struct sl_sealed *sealed, struct sl_msg *msg)
{
	int last = -1;
	enum sl_err err = SL_OK;

	while (err == SL_OK && !key->bad && key->left != 0 && (key->at[0] & 0xe0) == TAG_FIELD) {
		const int n = key->at[0] & 0x1f;
		struct sl_reader field = sl_der_enter(key, key->at[0]);

		if (field.bad || n <= last)
			return refuse(msg, SL_ERR_FORMAT, "an optional field is not where it has to be");
		err = read_field(n, &field, sealed, msg);
		last = n;
	}
	return err;
}

static struct sl_bytes
read_area(struct sl_reader *r)
{
	struct sl_reader octets = sl_der_enter(r, TAG_OCTETS);
	const size_t len = sl_reader_u16be(&octets);
	const uint8_t *at = sl_reader_bytes(&octets, len);

	if (!sl_reader_done(&octets) || len == 0 || len > AREA_MAX)
		r->bad = true;
	return (struct sl_bytes){ at, len };
}

enum sl_err
sl_sealed_read(const uint8_t *der, size_t len, struct sl_sealed *ret_sealed, struct sl_msg *msg)
{
	struct sl_reader r = sl_reader_of(der, len);
	struct sl_reader key = sl_der_enter(&r, TAG_SEQUENCE);
	struct sl_reader oid = sl_der_enter(&key, TAG_OID);
	struct sl_sealed sealed = { .parent = 0 };
	enum sl_err err;

	if (len > SL_SEALED_MAX || !sl_reader_done(&r) || oid.bad)
		return refuse(msg, SL_ERR_FORMAT, "not a TSS2 PRIVATE KEY");
	if (oid.left != sizeof(oid_sealed) || memcmp(oid.at, oid_sealed, sizeof(oid_sealed)) != 0)
		return refuse(msg, SL_ERR_UNSUPPORTED, "another kind of key than sealed data (2.23.133.10.1.5)");
	if ((err = read_fields(&key, &sealed, msg)) != SL_OK)
		return err;
	sealed.parent = read_integer(&key);
	sealed.public_area = read_area(&key);
	sealed.private_area = read_area(&key);
	if (!sl_reader_done(&key))
		return refuse(msg, SL_ERR_FORMAT, "parent, public or private part is not of the form it has to have");
	*ret_sealed = sealed;
	return SL_OK;
}
