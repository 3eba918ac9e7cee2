/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/test.h"
#include "seedleaf.h"
#include "token/build.h"
#include "token/object.h"
#include "token/template.h"

#include <string.h>

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static CK_BBOOL odd = 2;
static CK_ULONG bits = 2048;
static char label[] = "k";
static char bad_utf8[] = "\xff";
static CK_OBJECT_CLASS public_class = CKO_PUBLIC_KEY;

#define A(type, var, len) { type, &(var), len }

static void
take(void)
{
	static const struct {
		const char *name;
		unsigned kind;
		unsigned may;
		CK_ATTRIBUTE a[3];
		CK_ULONG n;
		CK_RV rv;
	} cases[] = {
		{ "nothing", SL_IS_RSA_PUBLIC, SL_MAY_SET, { { 0 } }, 0, CKR_OK },
		{ "a label", SL_IS_RSA_PUBLIC, SL_MAY_SET, { A(CKA_LABEL, label, 1) }, 1, CKR_OK },
		{ "an empty label", SL_IS_RSA_PUBLIC, SL_MAY_SET, { { CKA_LABEL, NULL, 0 } }, 1, CKR_OK },
		{ "a label that is no UTF-8", SL_IS_RSA_PUBLIC, SL_MAY_SET, { A(CKA_LABEL, bad_utf8, 1) }, 1, CKR_ATTRIBUTE_VALUE_INVALID },
		{ "a length without a value", SL_IS_RSA_PUBLIC, SL_MAY_SET, { { CKA_LABEL, NULL, 4 } }, 1, CKR_ATTRIBUTE_VALUE_INVALID },
		{ "an absurd length", SL_IS_RSA_PUBLIC, SL_MAY_SET, { A(CKA_ID, label, (CK_ULONG)-1) }, 1, CKR_ATTRIBUTE_VALUE_INVALID },
		{ "a truth value of 2", SL_IS_RSA_PUBLIC, SL_MAY_SET, { A(CKA_VERIFY, odd, 1) }, 1, CKR_ATTRIBUTE_VALUE_INVALID },
		{ "a truth value of 8 bytes", SL_IS_RSA_PUBLIC, SL_MAY_SET, { A(CKA_VERIFY, bits, sizeof(bits)) }, 1,
		  CKR_ATTRIBUTE_VALUE_INVALID },
		{ "a class cannot change", SL_IS_RSA_PUBLIC, SL_MAY_SET, { A(CKA_CLASS, public_class, sizeof(public_class)) }, 1,
		  CKR_ATTRIBUTE_READ_ONLY },
		{ "nor can CKA_TOKEN", SL_IS_RSA_PUBLIC, SL_MAY_SET, { A(CKA_TOKEN, yes, 1) }, 1, CKR_ATTRIBUTE_READ_ONLY },
		{ "a copy may choose it", SL_IS_RSA_PUBLIC, SL_MAY_COPY, { A(CKA_TOKEN, yes, 1) }, 1, CKR_OK },
		{ "CKA_LOCAL is ours to say", SL_IS_RSA_PUBLIC, SL_MAY_GENERATE, { A(CKA_LOCAL, yes, 1) }, 1, CKR_ATTRIBUTE_READ_ONLY },
		{ "a vendor attribute too", SL_IS_EC_PRIVATE, SL_MAY_SET, { A(CKA_SEEDLEAF_NAME, label, 1) }, 1, CKR_ATTRIBUTE_READ_ONLY },
		{ "CKA_TRUSTED = true is no matter of generation", SL_IS_SECRET, SL_MAY_GENERATE, { A(CKA_TRUSTED, yes, 1) }, 1, CKR_ATTRIBUTE_READ_ONLY },
		{ "CKA_TRUSTED = true may be the SO's", SL_IS_CERT, SL_MAY_CREATE, { A(CKA_TRUSTED, yes, 1) }, 1, CKR_OK },
		{ "CKA_TRUSTED = false says nothing", SL_IS_CERT, SL_MAY_CREATE, { A(CKA_TRUSTED, no, 1) }, 1, CKR_OK },
		{ "a type of another class", SL_IS_DATA, SL_MAY_CREATE, { A(CKA_SIGN, yes, 1) }, 1, CKR_ATTRIBUTE_TYPE_INVALID },
		{ "an unknown type", SL_IS_RSA_PUBLIC, SL_MAY_SET, { A(0x7fffffff, yes, 1) }, 1, CKR_ATTRIBUTE_TYPE_INVALID },
		{ "one type twice, alike", SL_IS_RSA_PUBLIC, SL_MAY_SET, { A(CKA_VERIFY, yes, 1), A(CKA_VERIFY, yes, 1) }, 2, CKR_OK },
		{ "one type twice, not alike", SL_IS_RSA_PUBLIC, SL_MAY_SET, { A(CKA_VERIFY, yes, 1), A(CKA_VERIFY, no, 1) }, 2,
		  CKR_TEMPLATE_INCONSISTENT },
		{ "a date of 7 digits", SL_IS_CERT, SL_MAY_CREATE, { { CKA_START_DATE, (void *)(uintptr_t) "2026112", 7 } }, 1,
		  CKR_ATTRIBUTE_VALUE_INVALID },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_attrs_clear) struct sl_attrs attrs = { 0 };

		test_eq(sl_template_take(cases[i].kind, cases[i].may, cases[i].a, cases[i].n, &attrs), cases[i].rv, "%s", cases[i].name);
	}
	{
		SL_CLEANUP(sl_attrs_clear) struct sl_attrs attrs = { 0 };

		test_eq(sl_template_take(SL_IS_DATA, SL_MAY_SET, NULL, 1, &attrs), CKR_ARGUMENTS_BAD, "no template and a count");
		test_eq(sl_template_take(SL_IS_DATA, SL_MAY_SET, cases[1].a, SL_TEMPLATE_MAX + 1, &attrs), CKR_ARGUMENTS_BAD,
		        "too many attributes");
	}
}

static void
one_way(void)
{
	static const struct {
		const char *name;
		CK_ATTRIBUTE_TYPE type;
		bool from;
		bool to;
		CK_RV rv;
	} cases[] = {
		{ "CKA_SENSITIVE to true", CKA_SENSITIVE, false, true, CKR_OK },
		{ "CKA_SENSITIVE to false", CKA_SENSITIVE, true, false, CKR_ATTRIBUTE_READ_ONLY },
		{ "CKA_SENSITIVE stays", CKA_SENSITIVE, true, true, CKR_OK },
		{ "CKA_EXTRACTABLE to false", CKA_EXTRACTABLE, true, false, CKR_OK },
		{ "CKA_EXTRACTABLE to true", CKA_EXTRACTABLE, false, true, CKR_ATTRIBUTE_READ_ONLY },
		{ "CKA_WRAP_WITH_TRUSTED to false", CKA_WRAP_WITH_TRUSTED, true, false, CKR_ATTRIBUTE_READ_ONLY },
		{ "CKA_COPYABLE to true", CKA_COPYABLE, false, true, CKR_ATTRIBUTE_READ_ONLY },
		{ "CKA_SIGN both ways", CKA_SIGN, true, false, CKR_OK },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_CLEANUP(sl_attrs_clear) struct sl_attrs now = { 0 };
		SL_CLEANUP(sl_attrs_clear) struct sl_attrs change = { 0 };

		if (sl_attrs_set_bool(&now, cases[i].type, cases[i].from) != SL_OK ||
		    sl_attrs_set_bool(&change, cases[i].type, cases[i].to) != SL_OK)
			test_bail("out of memory");
		test_eq(sl_template_one_way(SL_IS_EC_PRIVATE, &now, &change), cases[i].rv, "%s", cases[i].name);
	}
}

/* The table itself: what the code relies on. */
static void
schema(void)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_DATA, CKO_CERTIFICATE, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY };
	static const unsigned kinds[] = { SL_IS_DATA, SL_IS_CERT, SL_IS_EC_PUBLIC, SL_IS_EC_PRIVATE, SL_IS_SECRET };
	size_t n;
	const struct sl_attr_rule *rules = sl_schema_rules(&n);
	bool same_form = true;
	bool once = true;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = i + 1; j < n; j++) {
			if (rules[i].type != rules[j].type)
				continue;
			same_form = same_form && rules[i].form == rules[j].form;
			once = once && (rules[i].on & rules[j].on) == 0;
		}
	}
	test_ok(same_form, "an attribute has one form on all objects: the store relies on it");
	test_ok(once, "an object kind has one rule for an attribute");
	for (size_t c = 0; c < SL_ARRAY_LEN(classes); c++) {
		SL_CLEANUP(sl_attrs_clear) struct sl_attrs attrs = { 0 };
		bool known = sl_build_defaults(&attrs, classes[c], ~0U) == SL_OK && attrs.n > 5;

		for (size_t i = 0; i < attrs.n; i++) {
			const struct sl_attr_rule *rule = sl_schema_rule(kinds[c], attrs.at[i].type);

			if (rule != NULL && sl_schema_fits(rule->form, attrs.at[i].value, attrs.at[i].len))
				continue;
			known = false;
			test_note("class %lu: default of 0x%lx does not fit", classes[c], attrs.at[i].type);
		}
		test_ok(known, "defaults of class %lu are attributes that it has, in their form", classes[c]);
	}
}

static void
hiding(void)
{
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs attrs = { 0 };
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	CK_ATTRIBUTE guess = { CKA_VALUE, label, 1 };
	CK_BYTE room[8];
	CK_ATTRIBUTE want = { CKA_VALUE, room, sizeof(room) };

	if (sl_attrs_set_ulong(&attrs, CKA_CLASS, CKO_SECRET_KEY) != SL_OK || sl_attrs_set_ulong(&attrs, CKA_KEY_TYPE, CKK_AES) != SL_OK ||
	    sl_attrs_set(&attrs, CKA_VALUE, label, 1) != SL_OK || sl_attrs_set_bool(&attrs, CKA_SENSITIVE, true) != SL_OK ||
	    sl_attrs_set_bool(&attrs, CKA_EXTRACTABLE, true) != SL_OK || sl_object_new(&attrs, NULL, &object) != SL_OK)
		test_bail("out of memory");
	test_ok(!sl_object_matches(object, &guess, 1), "a search cannot confirm a guess of a sensitive value");
	test_eq(sl_object_read(object, &want), CKR_ATTRIBUTE_SENSITIVE, "nor is it read");
	test_eq(want.ulValueLen, CK_UNAVAILABLE_INFORMATION, "not even its length");
	if (sl_attrs_set_bool(&object->attrs, CKA_SENSITIVE, false) != SL_OK)
		test_bail("out of memory");
	want.ulValueLen = sizeof(room);
	test_eq(sl_object_read(object, &want), CKR_OK, "one that is neither sensitive nor unextractable is");
	test_ok(sl_object_matches(object, &guess, 1), "and found");
	if (sl_attrs_set_bool(&object->attrs, CKA_EXTRACTABLE, false) != SL_OK)
		test_bail("out of memory");
	test_eq(sl_object_read(object, &want), CKR_ATTRIBUTE_SENSITIVE, "unextractable alone hides it too");
}

int
main(void)
{
	take();
	one_way();
	schema();
	hiding();
	return test_done();
}
