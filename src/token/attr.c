/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/attr.h"

#include "base/secret.h"

#include <string.h>

const struct sl_attr *
sl_attrs_get(const struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; i < attrs->n; i++)
		if (attrs->at[i].type == type)
			return &attrs->at[i];
	return NULL;
}

static void
release(struct sl_attr *a)
{
	if (a->value != NULL)
		sl_secret_wipe(a->value, a->len);
	free(a->value);
	a->value = NULL;
	a->len = 0;
}

static enum sl_err
grow(struct sl_attrs *attrs)
{
	const size_t room = attrs->room == 0 ? 24 : attrs->room * 2;
	struct sl_attr *at = reallocarray(attrs->at, room, sizeof(*at));

	if (at == NULL)
		return SL_ERR_MEMORY;
	attrs->at = at;
	attrs->room = room;
	return SL_OK;
}

enum sl_err
sl_attrs_set(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
	struct sl_attr fresh = { .type = type, .len = len };
	enum sl_err err;

	if (len > SL_ATTR_CLOSED_MAX)
		return SL_ERR_RANGE;
	if (len != 0) {
		fresh.value = malloc(len);
		if (fresh.value == NULL)
			return SL_ERR_MEMORY;
		memcpy(fresh.value, value, len);
	}
	for (size_t i = 0; i < attrs->n; i++) {
		if (attrs->at[i].type != type)
			continue;
		release(&attrs->at[i]);
		attrs->at[i] = fresh;
		return SL_OK;
	}
	if (attrs->n == attrs->room && (err = grow(attrs)) != SL_OK) {
		release(&fresh);
		return err;
	}
	attrs->at[attrs->n++] = fresh;
	return SL_OK;
}

enum sl_err
sl_attrs_set_ulong(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	return sl_attrs_set(attrs, type, &value, sizeof(value));
}

enum sl_err
sl_attrs_set_bool(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, bool value)
{
	const CK_BBOOL b = value ? CK_TRUE : CK_FALSE;

	return sl_attrs_set(attrs, type, &b, sizeof(b));
}

enum sl_err
sl_attrs_merge(struct sl_attrs *attrs, const struct sl_attrs *src)
{
	for (size_t i = 0; i < src->n; i++) {
		const enum sl_err err = sl_attrs_set(attrs, src->at[i].type, src->at[i].value, src->at[i].len);

		if (err != SL_OK)
			return err;
	}
	return SL_OK;
}

CK_ULONG
sl_attrs_ulong(const struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise)
{
	const struct sl_attr *a = sl_attrs_get(attrs, type);
	CK_ULONG value;

	if (a == NULL || a->len != sizeof(value))
		return otherwise;
	memcpy(&value, a->value, sizeof(value));
	return value;
}

bool
sl_attrs_bool(const struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, bool otherwise)
{
	const struct sl_attr *a = sl_attrs_get(attrs, type);

	return a == NULL || a->len != sizeof(CK_BBOOL) ? otherwise : a->value[0] != CK_FALSE;
}

bool
sl_attr_equal(const struct sl_attr *a, const void *value, size_t len)
{
	return a != NULL && a->len == len && (len == 0 || (value != NULL && memcmp(a->value, value, len) == 0));
}

void
sl_attrs_remove(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type)
{
	for (size_t i = 0; i < attrs->n; i++) {
		if (attrs->at[i].type != type)
			continue;
		release(&attrs->at[i]);
		attrs->at[i] = attrs->at[--attrs->n];
		return;
	}
}

void
sl_attrs_clear(struct sl_attrs *attrs)
{
	for (size_t i = 0; i < attrs->n; i++)
		release(&attrs->at[i]);
	free(attrs->at);
	*attrs = (struct sl_attrs){ 0 };
}
