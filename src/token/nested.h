/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_NESTED_H
#define SL_TOKEN_NESTED_H

#include "token/attr.h"

struct sl_object;

/*
 * Attributes whose value is an array of attributes: CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE. We keep them as one run of bytes with no
 * pointers: for each attribute u64 type, u64 length, bytes; host order, since it never leaves the machine.
 */

/* Packs a caller's array. CKR_ATTRIBUTE_VALUE_INVALID for an array inside the array, and for lengths without values. The caller frees *ret_packed. */
CK_RV sl_nested_pack(const CK_ATTRIBUTE *array, CK_ULONG n, unsigned char **ret_packed, size_t *ret_len);

/* C_GetAttributeValue (PKCS#11 3.0 section 5.7.5): the array's own length, or its members by the same convention. */
CK_RV sl_nested_read(const struct sl_attr *packed, CK_ATTRIBUTE *attribute);

/* Whether a caller's value of such an attribute is the same array. */
bool sl_nested_equal(const struct sl_attr *packed, const CK_ATTRIBUTE *attribute);

/*
 * Whether an object has every attribute of the array (PKCS#11 3.0 table 30, CKA_WRAP_TEMPLATE), as C_FindObjects matches: a hidden value never.
 */
bool sl_nested_fits(const struct sl_attr *packed, const struct sl_object *object);

/*
 * Adds every attribute of the array to attrs, those of a new object of that kind: the rules of template.h hold for them as for a caller's own, since
 * whoever made the wrapping key wrote them. CKR_TEMPLATE_INCONSISTENT where attrs says otherwise (CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE) or the
 * object cannot have the attribute.
 */
CK_RV sl_nested_apply(const struct sl_attr *packed, unsigned kind, unsigned may, struct sl_attrs *attrs);

#endif
