/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/object.h"

#include "token/nested.h"

#include <stdlib.h>
#include <string.h>

CK_OBJECT_CLASS
sl_object_class(const struct sl_object *object)
{
	return sl_attrs_ulong(&object->attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
}

CK_KEY_TYPE
sl_object_key_type(const struct sl_object *object)
{
	return sl_attrs_ulong(&object->attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
}

enum sl_err
sl_object_new(struct sl_attrs *take_attrs, struct sl_material *material, struct sl_object **ret_object)
{
	struct sl_object *object = calloc(1, sizeof(*object));
	CK_OBJECT_CLASS class;

	if (object == NULL)
		return SL_ERR_MEMORY;
	__atomic_store_n(&object->refs, 1, __ATOMIC_RELAXED);
	object->attrs = *take_attrs;
	*take_attrs = (struct sl_attrs){ 0 };
	object->material = sl_material_ref(material);
	class = sl_object_class(object);
	object->kind = sl_schema_kind(class, class == CKO_CERTIFICATE ?
	                              sl_attrs_ulong(&object->attrs, CKA_CERTIFICATE_TYPE, CK_UNAVAILABLE_INFORMATION) :
	                              sl_object_key_type(object));
	*ret_object = object;
	return SL_OK;
}

enum sl_err
sl_object_clone(const struct sl_object *object, struct sl_object **ret_copy)
{
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs attrs = { 0 };
	struct sl_object *copy = NULL;
	enum sl_err err;

	if ((err = sl_attrs_merge(&attrs, &object->attrs)) != SL_OK || (err = sl_object_new(&attrs, object->material, &copy)) != SL_OK)
		return err;
	copy->handle = object->handle;
	copy->home = object->home;
	copy->session = object->session;
	copy->row = object->row;
	copy->unfinished = object->unfinished;
	*ret_copy = copy;
	return SL_OK;
}

struct sl_object *
sl_object_ref(struct sl_object *object)
{
	(void)__atomic_fetch_add(&object->refs, 1, __ATOMIC_RELAXED);
	return object;
}

void
sl_object_unref(struct sl_object **pobject)
{
	struct sl_object *object = *pobject;

	*pobject = NULL;
	if (object == NULL || __atomic_fetch_sub(&object->refs, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	sl_attrs_clear(&object->attrs);
	sl_material_unref(&object->material);
	free(object);
}

bool
sl_object_is_private(const struct sl_object *object)
{
	return sl_attrs_bool(&object->attrs, CKA_PRIVATE, false);
}

bool
sl_object_hides(const struct sl_object *object, CK_ATTRIBUTE_TYPE type)
{
	const struct sl_attr_rule *rule = sl_schema_rule(object->kind, type);

	return rule != NULL && (rule->may & SL_HIDDEN) != 0 &&
	       (sl_attrs_bool(&object->attrs, CKA_SENSITIVE, true) || !sl_attrs_bool(&object->attrs, CKA_EXTRACTABLE, false));
}

bool
sl_object_wants_key(const struct sl_object *object, const CK_ATTRIBUTE *template, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++) {
		const struct sl_attr_rule *rule = sl_schema_rule(object->kind, template[i].type);

		if (rule != NULL && (rule->may & SL_HIDDEN) != 0 && !sl_object_hides(object, template[i].type))
			return true;
	}
	return false;
}

/* What is computed from the key and not known of an unfinished object. */
static bool
comes_from_key(CK_ATTRIBUTE_TYPE type)
{
	return type == CKA_EC_POINT || type == CKA_MODULUS || type == CKA_PUBLIC_KEY_INFO || type == CKA_CHECK_VALUE;
}

static bool
has_value(const struct sl_object *object, const CK_ATTRIBUTE *a)
{
	const struct sl_attr *have = sl_attrs_get(&object->attrs, a->type);
	enum sl_attr_form form;

	if (sl_schema_form(a->type, &form) && form == SL_FORM_TEMPLATE)
		return sl_nested_equal(have, a);
	return sl_attr_equal(have, a->pValue, a->ulValueLen);
}

bool
sl_object_matches(const struct sl_object *object, const CK_ATTRIBUTE *template, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++) {
		if (object->unfinished && comes_from_key(template[i].type))
			continue;
		if (sl_object_hides(object, template[i].type) || !has_value(object, &template[i]))
			return false;
	}
	return true;
}

/* The private parts of keys are not kept as attributes: they are asked of the key when it may show them. */
static enum sl_err
hidden_part(const struct sl_object *object, CK_ATTRIBUTE_TYPE type, struct sl_secret *ret_bytes)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		enum sl_key_part part;
	} parts[] = {
		{ CKA_VALUE, SL_PART_SECRET }, { CKA_PRIVATE_EXPONENT, SL_PART_SECRET }, { CKA_PRIME_1, SL_PART_P }, { CKA_PRIME_2, SL_PART_Q },
		{ CKA_EXPONENT_1, SL_PART_DP }, { CKA_EXPONENT_2, SL_PART_DQ }, { CKA_COEFFICIENT, SL_PART_QINV },
	};
	struct sl_key *key = object->material == NULL ? NULL : sl_material_have(object->material);
	enum sl_err err = SL_ERR_NOT_FOUND;

	for (size_t i = 0; key != NULL && i < SL_ARRAY_LEN(parts); i++)
		if (parts[i].type == type)
			err = sl_key_part(key, parts[i].part, ret_bytes);
	sl_key_unref(&key);
	return err;
}

static CK_RV
give(CK_ATTRIBUTE *attribute, const void *value, size_t len)
{
	if (attribute->pValue == NULL) {
		attribute->ulValueLen = len;
		return CKR_OK;
	}
	if (attribute->ulValueLen < len) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_BUFFER_TOO_SMALL;
	}
	attribute->ulValueLen = len;
	if (len != 0)
		memcpy(attribute->pValue, value, len);
	return CKR_OK;
}

CK_RV
sl_object_read(const struct sl_object *object, CK_ATTRIBUTE *attribute)
{
	const struct sl_attr_rule *rule = sl_schema_rule(object->kind, attribute->type);
	const struct sl_attr *have = sl_attrs_get(&object->attrs, attribute->type);
	SL_SECRET part = { 0 };

	if (rule == NULL) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_ATTRIBUTE_TYPE_INVALID;
	}
	if (sl_object_hides(object, attribute->type)) {
		attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
		return CKR_ATTRIBUTE_SENSITIVE;
	}
	if (have != NULL)
		return rule->form == SL_FORM_TEMPLATE ? sl_nested_read(have, attribute) : give(attribute, have->value, have->len);
	if ((rule->may & SL_HIDDEN) != 0 && hidden_part(object, attribute->type, &part) == SL_OK)
		return give(attribute, part.bytes, part.len);
	attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
	return CKR_ATTRIBUTE_TYPE_INVALID;
}

bool
sl_object_allows(const struct sl_object *object, CK_MECHANISM_TYPE type)
{
	const struct sl_attr *list = sl_attrs_get(&object->attrs, CKA_ALLOWED_MECHANISMS);
	CK_MECHANISM_TYPE one;

	if (list == NULL)
		return true;
	for (size_t at = 0; at + sizeof(one) <= list->len; at += sizeof(one)) {
		memcpy(&one, list->value + at, sizeof(one));
		if (one == type)
			return true;
	}
	return false;
}
