/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/digest.h"
#include "derive/context.h"
#include "derive/keytype.h"

#include <string.h>

/* doc/derivation.md, "Context". For ever. */
enum {
	TAG_NAME = 1,
	TAG_TYPE = 2,
	TAG_VERSION = 3,
	TAG_SALT = 4,
	TAG_BINDER = 5,
	TAG_TOKEN_SECRET = 6,
};

static const char object_label[] = "seedleaf object v1"; /* with its NUL, which is hashed too */
static const char index_label[] = "seedleaf index v1";

static const char *const binder_kinds[] = { "uid", "path", "csum", "unit", "lsm" };

#define BINDER_VALUE_MAX 4096

/* Length of the UTF-8 sequence at p (RFC 3629: shortest form, no surrogates, up to U+10FFFF); 0 when there is none. */
static size_t
sequence(const unsigned char *p)
{
	const unsigned char low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
	const unsigned char high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	len = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;
	if (len == 0 || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static bool
is_utf8(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len;

	for (; *p != '\0'; p += len)
		if ((len = sequence(p)) == 0)
			return false;
	return true;
}

static bool
is_text(const char *text, size_t max)
{
	return text != NULL && text[0] != '\0' && strnlen(text, max + 1) <= max && is_utf8(text);
}

static bool
is_binder(const struct sl_binder *b)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(binder_kinds); i++)
		if (b->kind != NULL && strcmp(b->kind, binder_kinds[i]) == 0)
			return is_text(b->value, BINDER_VALUE_MAX);
	return false;
}

static bool
valid(const struct sl_keyid *id)
{
	if (!is_text(id->name, SL_NAME_MAX) || !is_text(id->type, SL_KEYTYPE_NAME_MAX - 1) || id->version == 0 ||
	    id->n_binders > SL_BINDERS_MAX)
		return false;
	for (size_t i = 0; i < id->n_binders; i++)
		if (!is_binder(&id->binders[i]))
			return false;
	return true;
}

static enum sl_err
head(struct sl_digest *d, uint8_t tag, size_t len)
{
	const uint8_t bytes[] = { tag, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };

	return sl_digest_update(d, bytes, sizeof(bytes));
}

static enum sl_err
field(struct sl_digest *d, uint8_t tag, const void *bytes, size_t len)
{
	const enum sl_err err = head(d, tag, len);

	return err == SL_OK ? sl_digest_update(d, bytes, len) : err;
}

static enum sl_err
binder(struct sl_digest *d, const struct sl_binder *b)
{
	enum sl_err err;

	if ((err = head(d, TAG_BINDER, strlen(b->kind) + 1 + strlen(b->value))) != SL_OK ||
	    (err = sl_digest_update(d, b->kind, strlen(b->kind))) != SL_OK ||
	    (err = sl_digest_update(d, "=", 1)) != SL_OK)
		return err;
	return sl_digest_update(d, b->value, strlen(b->value));
}

static enum sl_err
public_fields(struct sl_digest *d, const struct sl_keyid *id)
{
	const uint32_t v = id->version;
	const uint8_t version[] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v };
	enum sl_err err;

	if ((err = field(d, TAG_NAME, id->name, strlen(id->name))) != SL_OK ||
	    (err = field(d, TAG_TYPE, id->type, strlen(id->type))) != SL_OK ||
	    (err = field(d, TAG_VERSION, version, sizeof(version))) != SL_OK)
		return err;
	if (id->salt != NULL)
		err = field(d, TAG_SALT, id->salt, SL_SALT_LEN);
	for (size_t i = 0; err == SL_OK && i < id->n_binders; i++)
		err = binder(d, &id->binders[i]);
	return err;
}

static enum sl_err
start(const char *label, size_t label_len, const struct sl_keyid *id, struct sl_digest **ret_digest)
{
	SL_CLEANUP(sl_digest_free) struct sl_digest *d = NULL;
	enum sl_err err;

	if (!valid(id))
		return SL_ERR_ARG;
	if ((err = sl_digest_new(SL_HASH_SHA256, &d)) != SL_OK ||
	    (err = sl_digest_update(d, label, label_len)) != SL_OK ||
	    (err = public_fields(d, id)) != SL_OK)
		return err;
	*ret_digest = SL_TAKE(d);
	return SL_OK;
}

enum sl_err
sl_context(const struct sl_keyid *id, uint8_t ret_ctx[SL_CONTEXT_LEN])
{
	SL_CLEANUP(sl_digest_free) struct sl_digest *d = NULL;
	enum sl_err err = start(object_label, sizeof(object_label), id, &d);

	if (err == SL_OK && id->token_secret != NULL)
		err = field(d, TAG_TOKEN_SECRET, id->token_secret, SL_TOKEN_SECRET_LEN);
	return err == SL_OK ? sl_digest_final(d, ret_ctx) : err;
}

enum sl_err
sl_context_index(const struct sl_keyid *id, uint8_t ret_index[SL_CONTEXT_LEN])
{
	SL_CLEANUP(sl_digest_free) struct sl_digest *d = NULL;
	const enum sl_err err = start(index_label, sizeof(index_label), id, &d);

	return err == SL_OK ? sl_digest_final(d, ret_index) : err;
}
