/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/template.h"

#include "token/nested.h"
#include "token/rv.h"

#include <stdlib.h>
#include <string.h>

CK_RV
sl_template_check(const CK_ATTRIBUTE *template, CK_ULONG n)
{
	if ((template == NULL && n != 0) || n > SL_TEMPLATE_MAX)
		return CKR_ARGUMENTS_BAD;
	for (CK_ULONG i = 0; i < n; i++) {
		if (template[i].ulValueLen > SL_ATTR_VALUE_MAX || (template[i].pValue == NULL && template[i].ulValueLen != 0))
			return CKR_ATTRIBUTE_VALUE_INVALID;
	}
	return CKR_OK;
}

/* CKA_TRUSTED = false is what every object has; many clients say so. */
static bool
says_nothing_new(const CK_ATTRIBUTE *a)
{
	return a->type == CKA_TRUSTED && a->ulValueLen == sizeof(CK_BBOOL) && *(const CK_BBOOL *)a->pValue == CK_FALSE;
}

static CK_RV
check(unsigned kind, unsigned may, const CK_ATTRIBUTE *a)
{
	const struct sl_attr_rule *rule = sl_schema_rule(kind, a->type);

	if (rule == NULL)
		return CKR_ATTRIBUTE_TYPE_INVALID;
	if (!sl_schema_fits(rule->form, a->pValue, a->ulValueLen))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if ((rule->may & may) == 0 && !says_nothing_new(a))
		return CKR_ATTRIBUTE_READ_ONLY;
	return CKR_OK;
}

/* One attribute into the list; arrays of attributes are packed. CKR_TEMPLATE_INCONSISTENT when the list says otherwise already. */
static CK_RV
keep(const CK_ATTRIBUTE *a, struct sl_attrs *attrs)
{
	const struct sl_attr *before = sl_attrs_get(attrs, a->type);
	SL_FREE unsigned char *packed = NULL;
	const void *value = a->pValue;
	size_t len = a->ulValueLen;
	enum sl_attr_form form;
	CK_RV rv;

	if (sl_schema_form(a->type, &form) && form == SL_FORM_TEMPLATE) {
		rv = sl_nested_pack(a->pValue, a->ulValueLen / sizeof(CK_ATTRIBUTE), &packed, &len);
		if (rv != CKR_OK)
			return rv;
		value = packed;
	}
	if (before != NULL && !sl_attr_equal(before, value, len))
		return CKR_TEMPLATE_INCONSISTENT;
	return sl_rv(sl_attrs_set(attrs, a->type, value, len));
}

CK_RV
sl_template_take(unsigned kind, unsigned may, const CK_ATTRIBUTE *template, CK_ULONG n, struct sl_attrs *ret_attrs)
{
	CK_RV rv = sl_template_check(template, n);

	for (CK_ULONG i = 0; i < n && rv == CKR_OK; i++) {
		rv = check(kind, may, &template[i]);
		if (rv == CKR_OK)
			rv = keep(&template[i], ret_attrs);
	}
	return rv;
}

CK_RV
sl_template_complete(unsigned kind, unsigned must, const struct sl_attrs *attrs)
{
	size_t n;
	const struct sl_attr_rule *rules = sl_schema_rules(&n);

	for (size_t i = 0; i < n; i++)
		if ((rules[i].on & kind) != 0 && (rules[i].may & must) != 0 && sl_attrs_get(attrs, rules[i].type) == NULL)
			return CKR_TEMPLATE_INCOMPLETE;
	return CKR_OK;
}

/* What an attribute is when change, which may be NULL, has been merged over now. */
static bool
bool_after(const struct sl_attrs *now, const struct sl_attrs *change, CK_ATTRIBUTE_TYPE type)
{
	const bool otherwise = sl_attrs_bool(now, type, false);

	return change == NULL ? otherwise : sl_attrs_bool(change, type, otherwise);
}

static bool
has_other_use(const struct sl_attrs *now, const struct sl_attrs *change)
{
	static const CK_ATTRIBUTE_TYPE uses[] = { CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_DERIVE };

	for (size_t i = 0; i < SL_ARRAY_LEN(uses); i++)
		if (bool_after(now, change, uses[i]))
			return true;
	return false;
}

static bool
only_wraps(const struct sl_attrs *now, const struct sl_attrs *change)
{
	return sl_attrs_ulong(now, CKA_CLASS, CKO_DATA) == CKO_SECRET_KEY && bool_after(now, change, CKA_WRAP) && !has_other_use(now, change);
}

bool
sl_template_only_wraps(const struct sl_attrs *attrs)
{
	return only_wraps(attrs, NULL);
}

bool
sl_template_is_for_wrapping(const struct sl_attrs *attrs)
{
	return (bool_after(attrs, NULL, CKA_WRAP) || bool_after(attrs, NULL, CKA_UNWRAP)) && !has_other_use(attrs, NULL);
}

/*
 * Whether a key only wraps is settled at its birth, for it and for all its copies: else it would wrap today and decrypt tomorrow, or its copy would
 * (Delaune, Kremer, Steel 2010; Bortolozzo et al. 2010). Between the other uses a key may change as it likes.
 */
CK_RV
sl_template_one_way(unsigned kind, const struct sl_attrs *now, const struct sl_attrs *change)
{
	if (only_wraps(now, NULL) != only_wraps(now, change))
		return CKR_ATTRIBUTE_READ_ONLY;
	for (size_t i = 0; i < change->n; i++) {
		const struct sl_attr_rule *rule = sl_schema_rule(kind, change->at[i].type);
		const bool to = sl_attrs_bool(change, change->at[i].type, false);
		const bool from = sl_attrs_bool(now, change->at[i].type, false);

		if (rule == NULL)
			return CKR_ATTRIBUTE_TYPE_INVALID;
		if (from != to && (((rule->may & SL_ONLY_TRUE) != 0 && !to) || ((rule->may & SL_ONLY_FALSE) != 0 && to)))
			return CKR_ATTRIBUTE_READ_ONLY;
	}
	return CKR_OK;
}

static CK_RV
peek(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type, void *value, size_t len)
{
	CK_RV rv = sl_template_check(template, n);

	for (CK_ULONG i = 0; i < n && rv == CKR_OK; i++) {
		if (template[i].type != type)
			continue;
		if (template[i].ulValueLen != len)
			return CKR_ATTRIBUTE_VALUE_INVALID;
		memcpy(value, template[i].pValue, len);
	}
	return rv;
}

CK_RV
sl_template_peek_ulong(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise, CK_ULONG *ret)
{
	*ret = otherwise;
	return peek(template, n, type, ret, sizeof(*ret));
}

CK_RV
sl_template_peek_bool(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type, bool otherwise, bool *ret)
{
	CK_BBOOL value = otherwise ? CK_TRUE : CK_FALSE;
	const CK_RV rv = peek(template, n, type, &value, sizeof(value));

	*ret = value != CK_FALSE;
	return rv;
}
