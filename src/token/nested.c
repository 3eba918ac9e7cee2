/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/nested.h"

#include "token/object.h"
#include "token/rv.h"
#include "token/template.h"

#include <stdlib.h>
#include <string.h>

struct member {
	uint64_t type;
	uint64_t len;
	const unsigned char *value;
};

/* The next member; false at the end. What we packed ourselves is well-formed; what a store holds may not be. */
static bool
next(const struct sl_attr *packed, size_t *at, struct member *ret)
{
	if (packed->len < 16 || *at > packed->len - 16)
		return false;
	memcpy(&ret->type, packed->value + *at, 8);
	memcpy(&ret->len, packed->value + *at + 8, 8);
	if (ret->len > packed->len - *at - 16)
		return false;
	ret->value = packed->value + *at + 16;
	*at += 16 + (size_t)ret->len;
	return true;
}

CK_RV
sl_nested_pack(const CK_ATTRIBUTE *array, CK_ULONG n, unsigned char **ret_packed, size_t *ret_len)
{
	unsigned char *packed;
	size_t total = 0;
	size_t at = 0;

	if (n > SL_TEMPLATE_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	for (CK_ULONG i = 0; i < n; i++) {
		if ((array[i].type & CKF_ARRAY_ATTRIBUTE) != 0 || array[i].ulValueLen > SL_ATTR_VALUE_MAX ||
		    (array[i].pValue == NULL && array[i].ulValueLen != 0))
			return CKR_ATTRIBUTE_VALUE_INVALID;
		total += 16 + array[i].ulValueLen;
		if (total > SL_ATTR_VALUE_MAX)
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	packed = malloc(total + 1);
	if (packed == NULL)
		return CKR_HOST_MEMORY;
	for (CK_ULONG i = 0; i < n; i++) {
		const uint64_t head[2] = { array[i].type, array[i].ulValueLen };

		memcpy(packed + at, head, 16);
		if (array[i].ulValueLen != 0)
			memcpy(packed + at + 16, array[i].pValue, array[i].ulValueLen);
		at += 16 + array[i].ulValueLen;
	}
	*ret_packed = packed;
	*ret_len = total;
	return CKR_OK;
}

static CK_RV
read_members(const struct sl_attr *packed, CK_ATTRIBUTE *array)
{
	struct member m;
	CK_RV rv = CKR_OK;
	size_t at = 0;

	for (; next(packed, &at, &m); array++) {
		array->type = (CK_ATTRIBUTE_TYPE)m.type;
		if (array->pValue != NULL && array->ulValueLen < m.len) {
			array->ulValueLen = CK_UNAVAILABLE_INFORMATION;
			rv = CKR_BUFFER_TOO_SMALL;
			continue;
		}
		if (array->pValue != NULL && m.len != 0)
			memcpy(array->pValue, m.value, (size_t)m.len);
		array->ulValueLen = (CK_ULONG)m.len;
	}
	return rv;
}

CK_RV
sl_nested_read(const struct sl_attr *packed, CK_ATTRIBUTE *attribute)
{
	struct member m;
	CK_ULONG need = 0;
	size_t at = 0;

	while (next(packed, &at, &m))
		need += sizeof(CK_ATTRIBUTE);
	if (attribute->pValue == NULL) {
		attribute->ulValueLen = need;
		return CKR_OK;
	}
	if (attribute->ulValueLen < need) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	attribute->ulValueLen = need;
	return read_members(packed, attribute->pValue);
}

bool
sl_nested_equal(const struct sl_attr *packed, const CK_ATTRIBUTE *attribute)
{
	unsigned char *other = NULL;
	size_t len = 0;
	bool same;

	if (packed == NULL || attribute->ulValueLen % sizeof(CK_ATTRIBUTE) != 0 ||
	    (attribute->pValue == NULL && attribute->ulValueLen != 0) ||
	    sl_nested_pack(attribute->pValue, attribute->ulValueLen / sizeof(CK_ATTRIBUTE), &other, &len) != CKR_OK)
		return false;
	same = sl_attr_equal(packed, other, len);
	free(other);
	return same;
}

bool
sl_nested_fits(const struct sl_attr *packed, const struct sl_object *object)
{
	struct member m;
	size_t at = 0;

	while (next(packed, &at, &m))
		if (sl_object_hides(object, (CK_ATTRIBUTE_TYPE)m.type) ||
		    !sl_attr_equal(sl_attrs_get(&object->attrs, (CK_ATTRIBUTE_TYPE)m.type), m.value, (size_t)m.len))
			return false;
	return true;
}

CK_RV
sl_nested_apply(const struct sl_attr *packed, unsigned kind, unsigned may, struct sl_attrs *attrs)
{
	struct member m;
	CK_RV rv = CKR_OK;
	size_t at = 0;

	while (rv == CKR_OK && next(packed, &at, &m)) {
		const CK_ATTRIBUTE one = { (CK_ATTRIBUTE_TYPE)m.type, (void *)(uintptr_t)m.value, (CK_ULONG)m.len };

		rv = sl_template_take(kind, may, &one, 1, attrs);
	}
	return rv == CKR_OK || rv == CKR_HOST_MEMORY ? rv : CKR_TEMPLATE_INCONSISTENT;
}
