/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe-objects.h"

/* What attributes are when nobody said: the tables of chapter 4. Every attribute of the table is there and has the form it
 * should. */

enum form { IS_FALSE, IS_TRUE, A_BOOL, EMPTY, UNAVAILABLE, A_TEXT, IS_ZERO, EMPTY_OR_NONE };

struct row {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
	enum form form;
};

static const struct row storage[] = {
	{ CKA_TOKEN, "token", IS_FALSE }, { CKA_MODIFIABLE, "modifiable", IS_TRUE }, { CKA_COPYABLE, "copyable", IS_TRUE },
	{ CKA_DESTROYABLE, "destroyable", IS_TRUE }, { CKA_PRIVATE, "private", A_BOOL }, { CKA_UNIQUE_ID, "unique-id", A_TEXT },
};
static const struct row data[] = { { CKA_APPLICATION, "application", EMPTY }, { CKA_OBJECT_ID, "object-id", EMPTY } };
static const struct row cert[] = {
	{ CKA_TRUSTED, "trusted", IS_FALSE },
	{ CKA_CERTIFICATE_CATEGORY, "category", IS_ZERO },
	{ CKA_ID, "id", EMPTY },
	{ CKA_ISSUER, "issuer", EMPTY },
	{ CKA_SERIAL_NUMBER, "serial", EMPTY },
	{ CKA_START_DATE, "start", EMPTY },
	{ CKA_END_DATE, "end", EMPTY },
	{ CKA_LABEL, "label", EMPTY },
};
static const struct row key[] = {
	{ CKA_ID, "id", EMPTY },          { CKA_START_DATE, "start", EMPTY },
	{ CKA_END_DATE, "end", EMPTY },   { CKA_DERIVE, "derive", IS_FALSE },
	{ CKA_LOCAL, "local", IS_FALSE }, { CKA_KEY_GEN_MECHANISM, "gen-mechanism", UNAVAILABLE },
	{ CKA_LABEL, "label", EMPTY },    { CKA_ALLOWED_MECHANISMS, "allowed-mechanisms", EMPTY_OR_NONE },
};
static const struct row public[] = {
	{ CKA_SUBJECT, "subject", EMPTY }, { CKA_ENCRYPT, "encrypt", A_BOOL },
	{ CKA_VERIFY, "verify", A_BOOL },  { CKA_VERIFY_RECOVER, "verify-recover", A_BOOL },
	{ CKA_WRAP, "wrap", A_BOOL },      { CKA_TRUSTED, "trusted", IS_FALSE },
};
static const struct row private[] = {
	{ CKA_SUBJECT, "subject", EMPTY },
	{ CKA_SENSITIVE, "sensitive", A_BOOL },
	{ CKA_DECRYPT, "decrypt", A_BOOL },
	{ CKA_SIGN, "sign", A_BOOL },
	{ CKA_SIGN_RECOVER, "sign-recover", A_BOOL },
	{ CKA_UNWRAP, "unwrap", A_BOOL },
	{ CKA_EXTRACTABLE, "extractable", A_BOOL },
	{ CKA_ALWAYS_SENSITIVE, "always-sensitive", IS_FALSE },
	{ CKA_NEVER_EXTRACTABLE, "never-extractable", IS_FALSE },
	{ CKA_WRAP_WITH_TRUSTED, "wrap-with-trusted", IS_FALSE },
	{ CKA_ALWAYS_AUTHENTICATE, "always-authenticate", IS_FALSE },
};
static const struct row secret[] = {
	{ CKA_SENSITIVE, "sensitive", A_BOOL },
	{ CKA_ENCRYPT, "encrypt", A_BOOL },
	{ CKA_DECRYPT, "decrypt", A_BOOL },
	{ CKA_SIGN, "sign", A_BOOL },
	{ CKA_VERIFY, "verify", A_BOOL },
	{ CKA_WRAP, "wrap", A_BOOL },
	{ CKA_UNWRAP, "unwrap", A_BOOL },
	{ CKA_EXTRACTABLE, "extractable", A_BOOL },
	{ CKA_ALWAYS_SENSITIVE, "always-sensitive", IS_FALSE },
	{ CKA_NEVER_EXTRACTABLE, "never-extractable", IS_FALSE },
	{ CKA_WRAP_WITH_TRUSTED, "wrap-with-trusted", IS_FALSE },
	{ CKA_TRUSTED, "trusted", IS_FALSE },
};

struct subject {
	const struct kind *kind;
	const struct row *row;
};

static void
default_value(const void *arg, unsigned long how)
{
	const struct subject *s = arg;
	const CK_OBJECT_HANDLE object = kind_make(s->kind);
	struct bin value = { NULL, 0 };
	CK_ULONG number;

	/* No default is stated: an empty list, or no such attribute. */
	if (s->row->form == EMPTY_OR_NONE && attr_rv(object, s->row->type) == CKR_ATTRIBUTE_TYPE_INVALID)
		return;
	value = attr(object, s->row->type);
	switch (s->row->form) {
	case A_BOOL: (void)attr_bool(object, s->row->type); break;
	case IS_FALSE: CHECK(!attr_bool(object, s->row->type), "it is CK_TRUE"); break;
	case IS_TRUE: CHECK(attr_bool(object, s->row->type), "it is CK_FALSE"); break;
	case EMPTY: case EMPTY_OR_NONE: CHECK(value.n == 0, "it has %lu bytes", value.n); break;
	case A_TEXT: CHECK(value.n != 0, "it is empty"); break;
	default:
		number = attr_ulong(object, s->row->type);
		CHECK(number == (s->row->form == IS_ZERO ? 0 : CK_UNAVAILABLE_INFORMATION), "it is 0x%lx", number);
		break;
	}
}

static void
rows_of(const struct kind *k, const char *section, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct subject *s = probe_alloc(sizeof(*s));

		*s = (struct subject){ k, &rows[i] };
		probe_case(0, section, default_value, s, 0, "default-%s-%s|%s of %s object when not given", k->name, rows[i].name,
				   rows[i].name, k->name);
	}
}

/* ---- relations between attributes of one object */

static void
relation(const void *arg, unsigned long how)
{
	const struct kind *k = arg;
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE object;

	kind_fill(k, &t);
	switch (how) {
	case 0: /* 4.9, 4.10: a private or secret key that is sensitive from the first, but was not made here */
		t_bool(&t, CKA_SENSITIVE, true);
		t_bool(&t, CKA_EXTRACTABLE, false);
		object = make(&t);
		CHECK(!attr_bool(object, CKA_ALWAYS_SENSITIVE), "an imported key is CKA_ALWAYS_SENSITIVE");
		CHECK(!attr_bool(object, CKA_NEVER_EXTRACTABLE), "an imported key is CKA_NEVER_EXTRACTABLE");
		CHECK(attr_bool(object, CKA_SENSITIVE) && !attr_bool(object, CKA_EXTRACTABLE), "the template was not followed");
		break;
	case 1: /* 6.9.2, 6.11.2: CKA_VALUE_LEN follows CKA_VALUE */
		object = make(&t);
		CHECK(attr_ulong(object, CKA_VALUE_LEN) == 32, "CKA_VALUE_LEN is %lu", attr_ulong(object, CKA_VALUE_LEN));
		break;
	case 2: /* 6.1.2 */
		object = make(&t);
		CHECK(attr_ulong(object, CKA_MODULUS_BITS) == 2048, "CKA_MODULUS_BITS is %lu", attr_ulong(object, CKA_MODULUS_BITS));
		break;
	case 3: /* 4.8, 4.9 */
		object = make(&t);
		CHECK(attr(object, CKA_PUBLIC_KEY_INFO).n > 40, "CKA_PUBLIC_KEY_INFO has %lu bytes",
			  attr(object, CKA_PUBLIC_KEY_INFO).n);
		break;
	default: /* 4.10.2: the first three bytes of the ECB encryption of zeros; an empty one is no check value */
		t_bool(&t, CKA_SENSITIVE, false);
		object = make(&t);
		expect("CKA_CHECK_VALUE", attr(object, CKA_CHECK_VALUE),
			   cut(ossl_cipher("AES-256-ECB", true, pattern(32, 1), hex(""), hex("00000000000000000000000000000000")), 3));
		break;
	}
}

void
probe_defaults(void)
{
	for (size_t i = 0; i < n_kinds; i++) {
		const struct kind *k = &kinds[i];

		rows_of(k, "4.4", storage, LEN(storage));
		switch (k->class) {
		case CKO_DATA: rows_of(k, "4.5", data, LEN(data)); continue;
		case CKO_CERTIFICATE: rows_of(k, "4.6", cert, LEN(cert)); continue;
		case CKO_PUBLIC_KEY: rows_of(k, "4.8", public, LEN(public)); break;
		case CKO_PRIVATE_KEY: rows_of(k, "4.9", private, LEN(private)); break;
		default: rows_of(k, "4.10", secret, LEN(secret)); break;
		}
		rows_of(k, "4.7", key, LEN(key));
		if (k->class != CKO_SECRET_KEY)
			probe_case(0, "4.8", relation, k, 3, "default-%s-public-key-info|CKA_PUBLIC_KEY_INFO of %s object", k->name,
					   k->name);
		if (k->class != CKO_PUBLIC_KEY)
			probe_case(0, "4.9", relation, k, 0, "default-%s-imported|an imported %s key was never only here", k->name,
					   k->name);
		if (k->class == CKO_SECRET_KEY)
			probe_case(0, "4.10", relation, k, 1, "default-%s-value-len|CKA_VALUE_LEN of %s object", k->name, k->name);
	}
	probe_case(0, "6.1.2", relation, &kinds[2], 2, "default-rsa-public-bits|CKA_MODULUS_BITS of an imported key");
	probe_case(0, "4.10.2", relation, &kinds[10], 4, "default-aes-check-value|CKA_CHECK_VALUE of an AES key");
}
