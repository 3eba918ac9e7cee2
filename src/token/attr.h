/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_ATTR_H
#define SL_TOKEN_ATTR_H

#include "base/err.h"
#include "pkcs11-additions.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * An owned list of attributes, each type at most once. { 0 } is the empty list. Values are copies: nothing here points into a caller's
 * template. Values are wiped when they are released, since some are private.
 */
struct sl_attr {
	CK_ATTRIBUTE_TYPE type;
	size_t len;
	unsigned char *value; /* NULL when len is 0 */
};

struct sl_attrs {
	struct sl_attr *at;
	size_t n;
	size_t room;
};

#define SL_ATTR_VALUE_MAX ((size_t)1 << 20)
/* What encryption may add to that in the store. */
#define SL_ATTR_CLOSED_MAX (SL_ATTR_VALUE_MAX + 64)

/* Adds or replaces. SL_ERR_MEMORY, SL_ERR_RANGE; the list is unchanged then. */
SL_MUST_CHECK enum sl_err sl_attrs_set(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, const void *value, size_t len);
SL_MUST_CHECK enum sl_err sl_attrs_set_ulong(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
SL_MUST_CHECK enum sl_err sl_attrs_set_bool(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, bool value);
/* Copies every attribute of src over those of attrs. */
SL_MUST_CHECK enum sl_err sl_attrs_merge(struct sl_attrs *attrs, const struct sl_attrs *src);

/* NULL when it is not there. */
const struct sl_attr *sl_attrs_get(const struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type);
/* otherwise: what an absent or misshapen one counts as. */
CK_ULONG sl_attrs_ulong(const struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise);
bool sl_attrs_bool(const struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, bool otherwise);
bool sl_attr_equal(const struct sl_attr *a, const void *value, size_t len);

void sl_attrs_remove(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type);
void sl_attrs_clear(struct sl_attrs *attrs);

#endif
