/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_SCHEMA_H
#define SL_TOKEN_SCHEMA_H

#include "token/attr.h"

/*
 * The one table of attributes: which objects have them, the form of their value, who may give it. PKCS#11 3.0, chapter 4.
 */

/* What an object is, as far as the rules care; one bit each. */
enum sl_object_kind {
	SL_IS_DATA = 1 << 0,
	SL_IS_CERT = 1 << 1,
	SL_IS_RSA_PUBLIC = 1 << 2,
	SL_IS_EC_PUBLIC = 1 << 3,   /* EC, Edwards and Montgomery */
	SL_IS_RSA_PRIVATE = 1 << 4,
	SL_IS_EC_PRIVATE = 1 << 5,
	SL_IS_SECRET = 1 << 6,
	SL_IS_PROFILE = 1 << 7,
	SL_IS_MECHANISM = 1 << 8,
};
#define SL_IS_PUBLIC (SL_IS_RSA_PUBLIC | SL_IS_EC_PUBLIC)
#define SL_IS_PRIVATE (SL_IS_RSA_PRIVATE | SL_IS_EC_PRIVATE)
#define SL_IS_KEY (SL_IS_PUBLIC | SL_IS_PRIVATE | SL_IS_SECRET)
#define SL_IS_STORAGE (SL_IS_DATA | SL_IS_CERT | SL_IS_KEY)
#define SL_IS_ANY (SL_IS_STORAGE | SL_IS_PROFILE | SL_IS_MECHANISM)

enum sl_attr_form { SL_FORM_BOOL, SL_FORM_ULONG, SL_FORM_BYTES, SL_FORM_UTF8, SL_FORM_DATE, SL_FORM_MECHANISMS, SL_FORM_TEMPLATE };

/* Who may give a value. */
enum sl_attr_may {
	SL_MAY_CREATE = 1 << 0,    /* C_CreateObject */
	SL_MAY_GENERATE = 1 << 1,  /* C_GenerateKey, C_GenerateKeyPair */
	SL_MAY_SET = 1 << 2,       /* C_SetAttributeValue */
	SL_MAY_COPY = 1 << 3,      /* C_CopyObject */
	SL_MAY_DERIVE = 1 << 4,    /* C_UnwrapKey, C_DeriveKey: the key's own value is not the caller's to give */
	SL_MUST_CREATE = 1 << 5,   /* has to be given there */
	SL_MUST_GENERATE = 1 << 6,
	SL_ONLY_TRUE = 1 << 7,     /* a change may only go from false to true */
	SL_ONLY_FALSE = 1 << 8,    /* a change may only go from true to false */
	SL_HIDDEN = 1 << 9,        /* not shown when the object is sensitive or not extractable */
};

struct sl_attr_rule {
	CK_ATTRIBUTE_TYPE type;
	enum sl_attr_form form;
	unsigned on;  /* enum sl_object_kind */
	unsigned may; /* enum sl_attr_may */
};

/* The rule of a type on objects of that kind; NULL when they have no such attribute. */
const struct sl_attr_rule *sl_schema_rule(unsigned kind, CK_ATTRIBUTE_TYPE type);

/* All rules, for checks that walk them. */
const struct sl_attr_rule *sl_schema_rules(size_t *ret_n);

/* The kind of an object of that class and key or certificate type; 0 when we have none. */
unsigned sl_schema_kind(CK_OBJECT_CLASS class, CK_ULONG type);

/* The form of an attribute's value whatever the object; false for an unknown type. */
bool sl_schema_form(CK_ATTRIBUTE_TYPE type, enum sl_attr_form *ret_form);

/* Whether a value has the form. */
bool sl_schema_fits(enum sl_attr_form form, const void *value, size_t len);

#endif
