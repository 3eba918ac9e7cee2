/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe-objects.h"

/* C_CreateObject: what each class needs, and what no template may say. PKCS#11 3.1 section 4.1.1 and the tables of each class.
 */

static void
data_class(struct tmpl *t)
{
	t_ulong(t, CKA_CLASS, CKO_DATA);
	t_bool(t, CKA_TOKEN, false);
	t_bool(t, CKA_PRIVATE, false);
	t_text(t, CKA_LABEL, "data");
	t_text(t, CKA_VALUE, "some data");
}

/* The fields are DER; nobody is asked to read the certificate itself. */
static void
certificate(struct tmpl *t)
{
	t_ulong(t, CKA_CLASS, CKO_CERTIFICATE);
	t_ulong(t, CKA_CERTIFICATE_TYPE, CKC_X_509);
	t_bool(t, CKA_TOKEN, false);
	t_bool(t, CKA_PRIVATE, false);
	t_bin(t, CKA_SUBJECT, hex("300f310d300b06035504030c0470726f6265"));
	t_bin(t, CKA_VALUE, hex("3003020101"));
}

static void
rsa_public(struct tmpl *t)
{
	t_rsa_public(t);
}

static void
rsa_private(struct tmpl *t)
{
	t_rsa_private(t);
}

static void
ec(struct tmpl *t, const char *name, bool private)
{
	const struct curve *c = curve_named(name);

	t_key(t, private ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY, c->type);
	t_bin(t, CKA_EC_PARAMS, hex(c->params));
	t_bin(t, private ? CKA_VALUE : CKA_EC_POINT, private ? hex(c->secret) : ec_point(c));
}

static void ec_public(struct tmpl *t) { ec(t, "P-256", false); }
static void ec_private(struct tmpl *t) { ec(t, "P-256", true); }
static void ed_public(struct tmpl *t) { ec(t, "Ed25519", false); }
static void ed_private(struct tmpl *t) { ec(t, "Ed25519", true); }
static void x_public(struct tmpl *t) { ec(t, "X25519", false); }
static void x_private(struct tmpl *t) { ec(t, "X25519", true); }

static void
secret(struct tmpl *t, CK_KEY_TYPE type)
{
	t_key(t, CKO_SECRET_KEY, type);
	t_bin(t, CKA_VALUE, pattern(32, 1));
}

static void aes(struct tmpl *t) { secret(t, CKK_AES); }
static void generic(struct tmpl *t) { secret(t, CKK_GENERIC_SECRET); }
static void hmac(struct tmpl *t) { secret(t, CKK_SHA256_HMAC); }

/* The table of what must be there: PKCS#11 3.1, footnote 1 of each class's table. */
const struct kind kinds[] = {
	{ "data", "4.5", data_class, CKO_DATA, 0, { 0 } },
	{ "cert", "4.6.3", certificate, CKO_CERTIFICATE, 0, { CKA_CERTIFICATE_TYPE, CKA_SUBJECT, CKA_VALUE } },
	{ "rsa-public",
	  "6.1.2",
	  rsa_public,
	  CKO_PUBLIC_KEY,
	  CKM_RSA_PKCS_KEY_PAIR_GEN,
	  { CKA_KEY_TYPE, CKA_MODULUS, CKA_PUBLIC_EXPONENT } },
	{ "rsa-private",
	  "6.1.3",
	  rsa_private,
	  CKO_PRIVATE_KEY,
	  CKM_RSA_PKCS_KEY_PAIR_GEN,
	  { CKA_KEY_TYPE, CKA_MODULUS, CKA_PRIVATE_EXPONENT } },
	{ "ec-public", "6.3.3", ec_public, CKO_PUBLIC_KEY, CKM_EC_KEY_PAIR_GEN, { CKA_KEY_TYPE, CKA_EC_PARAMS, CKA_EC_POINT } },
	{ "ec-private", "6.3.4", ec_private, CKO_PRIVATE_KEY, CKM_EC_KEY_PAIR_GEN, { CKA_KEY_TYPE, CKA_EC_PARAMS, CKA_VALUE } },
	{ "ed-public",
	  "6.3.5",
	  ed_public,
	  CKO_PUBLIC_KEY,
	  CKM_EC_EDWARDS_KEY_PAIR_GEN,
	  { CKA_KEY_TYPE, CKA_EC_PARAMS, CKA_EC_POINT } },
	{ "ed-private",
	  "6.3.6",
	  ed_private,
	  CKO_PRIVATE_KEY,
	  CKM_EC_EDWARDS_KEY_PAIR_GEN,
	  { CKA_KEY_TYPE, CKA_EC_PARAMS, CKA_VALUE } },
	{ "x-public",
	  "6.3.7",
	  x_public,
	  CKO_PUBLIC_KEY,
	  CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
	  { CKA_KEY_TYPE, CKA_EC_PARAMS, CKA_EC_POINT } },
	{ "x-private",
	  "6.3.8",
	  x_private,
	  CKO_PRIVATE_KEY,
	  CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
	  { CKA_KEY_TYPE, CKA_EC_PARAMS, CKA_VALUE } },
	{ "aes", "6.11.2", aes, CKO_SECRET_KEY, CKM_AES_KEY_GEN, { CKA_KEY_TYPE, CKA_VALUE } },
	{ "generic", "6.9.2", generic, CKO_SECRET_KEY, CKM_GENERIC_SECRET_KEY_GEN, { CKA_KEY_TYPE, CKA_VALUE } },
	{ "hmac", "6.22.4", hmac, CKO_SECRET_KEY, CKM_SHA256_HMAC, { CKA_KEY_TYPE, CKA_VALUE } },
};
const size_t n_kinds = LEN(kinds);

/* Key types that the token has no mechanism for need not be. */
void
kind_fill(const struct kind *k, struct tmpl *t)
{
	if (k->witness != 0)
		need(k->witness, 0);
	k->fill(t);
}

CK_OBJECT_HANDLE
kind_make(const struct kind *k)
{
	struct tmpl t = { .n = 0 };

	kind_fill(k, &t);
	return make(&t);
}

enum how {
	GOOD,
	NO_CLASS,
	UNKNOWN,
	BAD_BOOL,
	LONG_BOOL,
	BAD_ULONG,
	TWICE_SAME,
	TWICE_OTHER,
	LOCAL,
	GEN_MECHANISM,
	ALWAYS_SENSITIVE,
	NEVER_EXTRACTABLE,
	UNIQUE_ID,
	VALUES_READ_BACK,
	CHECK_VALUE_BAD,
	TOKEN_IN_RO,
	MISSING,
	TRUSTED,
	FOREIGN,
	LENGTH_GIVEN,
	WRONG_CLASS,
	CUT_POINT,
	BAD_DATE,
};

static void
refuse(const struct tmpl *t, CK_RV a, CK_RV b, CK_RV c)
{
	struct tmpl copy_of = *t;
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

	(void)probe_want("C_CreateObject", P.f->C_CreateObject(P.s, copy_of.a, copy_of.n, &object),
					 (const CK_RV[]){ a, b, c, PROBE_END });
}

static void
read_back(const struct kind *k)
{
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE object;

	kind_fill(k, &t);
	if (k->class == CKO_PRIVATE_KEY || k->class == CKO_SECRET_KEY) {
		t_bool(&t, CKA_SENSITIVE, false);
		t_bool(&t, CKA_EXTRACTABLE, true);
	}
	if (k->class != CKO_DATA) {
		t_bin(&t, CKA_ID, hex("0102ff"));
		t_text(&t, CKA_LABEL, "a label, \xc3\xa4");
	}
	object = make(&t);
	for (CK_ULONG i = 0; i < t.n; i++)
		expect("attribute", attr(object, t.a[i].type), (struct bin){ t.a[i].pValue, t.a[i].ulValueLen });
}

/* The same template without one of the attributes that it must have. */
static void
missing(const void *arg, unsigned long type)
{
	struct tmpl t = { .n = 0 };

	kind_fill(arg, &t);
	t_drop(&t, type);
	refuse(&t, CKR_TEMPLATE_INCOMPLETE,
		   type == CKA_KEY_TYPE || type == CKA_CERTIFICATE_TYPE ? CKR_TEMPLATE_INCONSISTENT : CKR_TEMPLATE_INCOMPLETE,
		   CKR_TEMPLATE_INCOMPLETE);
}

/* 4.1.1: read-only or forbidden by a footnote: CKR_ATTRIBUTE_READ_ONLY, or what the template as a whole is. */
static void
forbidden(struct tmpl *t)
{
	refuse(t, CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID);
}

static void
odd_length(struct tmpl *t, CK_ATTRIBUTE_TYPE type, CK_ULONG n)
{
	t_drop(t, type);
	t_bin(t, type, cut(hex("0101010101010101"), n));
	refuse(t, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT);
}

static void
in_ro_session(const struct tmpl *t)
{
	struct tmpl copy_of = *t;
	CK_OBJECT_HANDLE object;

	t_drop(&copy_of, CKA_TOKEN);
	t_bool(&copy_of, CKA_TOKEN, true);
	(void)WANT((CKR_SESSION_READ_ONLY), C_CreateObject, open_session(false), copy_of.a, copy_of.n, &object);
}

static void
create(const void *arg, unsigned long how)
{
	const struct kind *k = arg;
	struct tmpl t = { .n = 0 };

	kind_fill(k, &t);
	switch ((enum how)how) {
	case GOOD: (void)make(&t); break;
	case NO_CLASS:
		t_drop(&t, CKA_CLASS);
		refuse(&t, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCOMPLETE);
		break;
	case UNKNOWN:
		t_text(&t, 0x7fff0001UL, "?");
		refuse(&t, CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID);
		break;
	case BAD_BOOL: odd_length(&t, CKA_MODIFIABLE, 0); break;
	case LONG_BOOL: odd_length(&t, CKA_MODIFIABLE, 4); break;
	case BAD_ULONG:
		odd_length(&t,
				   k->class == CKO_CERTIFICATE ? CKA_CERTIFICATE_CATEGORY
				   : k->class == CKO_DATA      ? CKA_CLASS
											   : CKA_KEY_TYPE,
				   3);
		break;
	case TWICE_OTHER:
		t_text(&t, CKA_LABEL, "one");
		t_text(&t, CKA_LABEL, "other");
		refuse(&t, CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCONSISTENT);
		break;
	case LOCAL: t_bool(&t, CKA_LOCAL, true); forbidden(&t); break;
	case GEN_MECHANISM: t_ulong(&t, CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN); forbidden(&t); break;
	case ALWAYS_SENSITIVE: t_bool(&t, CKA_ALWAYS_SENSITIVE, true); forbidden(&t); break;
	case NEVER_EXTRACTABLE: t_bool(&t, CKA_NEVER_EXTRACTABLE, true); forbidden(&t); break;
	case UNIQUE_ID: t_text(&t, CKA_UNIQUE_ID, "mine"); forbidden(&t); break;
	case TRUSTED:
		t_bool(&t, CKA_TRUSTED, true);
		refuse(&t, CKR_ATTRIBUTE_READ_ONLY, CKR_USER_NOT_LOGGED_IN, CKR_TEMPLATE_INCONSISTENT);
		break;
	case TOKEN_IN_RO: in_ro_session(&t); break;
	case FOREIGN:
		if (k->class == CKO_DATA || k->class == CKO_CERTIFICATE)
			t_bool(&t, CKA_SIGN, true);
		else
			t_bin(&t, CKA_CERTIFICATE_TYPE, room(sizeof(CK_ULONG)));
		refuse(&t, CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_TYPE_INVALID);
		break;
	case LENGTH_GIVEN: t_ulong(&t, CKA_VALUE_LEN, 32); forbidden(&t); break;
	case WRONG_CLASS:
		t_drop(&t, CKA_CLASS);
		t_ulong(&t, CKA_CLASS, 0x7fff0001UL);
		refuse(&t, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID);
		break;
	case CUT_POINT:
		t_drop(&t, CKA_EC_POINT);
		t_bin(&t, CKA_EC_POINT, cut(ec_point(curve_named("P-256")), 20));
		refuse(&t, CKR_ATTRIBUTE_VALUE_INVALID, CKR_PUBLIC_KEY_INVALID, CKR_DOMAIN_PARAMS_INVALID);
		break;
	case BAD_DATE:
		t_text(&t, CKA_START_DATE, "2026x");
		refuse(&t, CKR_ATTRIBUTE_VALUE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT);
		break;
	case VALUES_READ_BACK: read_back(k); break;
	default: break;
	}
}

/* ---- values that are no keys */

static void
bad_key(const void *arg, unsigned long how)
{
	struct tmpl t = { .n = 0 };

	switch (how) {
	case 0: case 1: case 2:
		need(CKM_AES_KEY_GEN, 0);
		t_key(&t, CKO_SECRET_KEY, CKK_AES);
		t_bin(&t, CKA_VALUE, pattern(how == 0 ? 15 : how == 1 ? 33 : 0, 1));
		break;
	case 3:
		t_key(&t, CKO_PUBLIC_KEY, CKK_EC);
		t_bin(&t, CKA_EC_PARAMS, hex("06032a0304"));
		t_bin(&t, CKA_EC_POINT, ec_point(curve_named("P-256")));
		(void)WANT((CKR_CURVE_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID, CKR_ATTRIBUTE_VALUE_INVALID), C_CreateObject, P.s, t.a,
				   t.n, &(CK_ULONG){ 0 });
		return;
	case 4:
		t_key(&t, CKO_PUBLIC_KEY, CKK_EC);
		t_bin(&t, CKA_EC_PARAMS, hex(curve_named("P-256")->params));
		t_bin(&t, CKA_EC_POINT, copy(ec_point(curve_named("P-256"))));
		((CK_BYTE *)t.a[t.n - 1].pValue)[40] ^= 1;   /* a point beside the curve */
		break;
	case 5:
		t_key(&t, CKO_SECRET_KEY, 0x7ffffff1UL);
		t_bin(&t, CKA_VALUE, pattern(16, 1));
		refuse(&t, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCOMPLETE);
		return;
	case 6:
		t_key(&t, CKO_PRIVATE_KEY, CKK_EC);
		t_bin(&t, CKA_EC_PARAMS, hex(curve_named("P-256")->params));
		t_bin(&t, CKA_VALUE, pattern(33, 1));
		break;
	case 7:
		t_key(&t, CKO_PUBLIC_KEY, CKK_RSA);
		t_bin(&t, CKA_MODULUS, hex(""));
		t_bin(&t, CKA_PUBLIC_EXPONENT, hex("010001"));
		break;
	default:
		t_ulong(&t, CKA_CLASS, CKO_DATA);
		t_bool(&t, CKA_PRIVATE, false);
		t_bin(&t, CKA_TOKEN, hex("07"));
		break;
	}
	(void)WANT((CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT, CKR_KEY_SIZE_RANGE, CKR_PUBLIC_KEY_INVALID),
			   C_CreateObject, P.s, t.a, t.n, &(CK_ULONG){ 0 });
}

static void
register_kind(const struct kind *k)
{
	static const struct {
		enum how how;
		const char *section, *id, *title;
	} rows[] = {
		{ GOOD, NULL, "good", "as it should be" },
		{ VALUES_READ_BACK, "5.7.5", "read-back", "reads back what was given" },
		{ NO_CLASS, "4.1.1", "no-class", "without a class" },
		{ UNKNOWN, "4.1.1", "unknown", "with an unknown attribute" },
		{ BAD_BOOL, "4.1.1", "bool-0", "with a CK_BBOOL of no bytes" },
		{ LONG_BOOL, "4.1.1", "bool-4", "with a CK_BBOOL of four bytes" },
		{ BAD_ULONG, "4.1.1", "ulong-3", "with a CK_ULONG of three bytes" },
		{ TWICE_OTHER, "4.1.1", "contradiction", "with two labels" },
		{ UNIQUE_ID, "4.4.1", "unique-id", "with a CKA_UNIQUE_ID of its own" },
		{ TOKEN_IN_RO, "5.7.1", "token-ro", "as a token object in a read-only session" },
		{ WRONG_CLASS, "4.1.1", "bad-class", "of an unknown class" },
		{ FOREIGN, "4.1.1", "foreign", "with another class's attribute" },
	};
	static const struct {
		enum how how;
		const char *section, *id, *title;
	} key_rows[] = {
		{ LOCAL, "4.7", "local", "says CKA_LOCAL" }, { GEN_MECHANISM, "4.7", "gen-mechanism", "says CKA_KEY_GEN_MECHANISM" },
		{ BAD_DATE, "4.7", "date", "with a bad CKA_START_DATE" },
		{ ALWAYS_SENSITIVE, "4.9", "always-sensitive", "says CKA_ALWAYS_SENSITIVE" },
		{ NEVER_EXTRACTABLE, "4.9", "never-extractable", "says CKA_NEVER_EXTRACTABLE" },
	};
	const bool key = k->class != CKO_DATA && k->class != CKO_CERTIFICATE;

	for (size_t i = 0; i < LEN(rows); i++)
		probe_case(0, rows[i].section == NULL ? k->section : rows[i].section, create, k, rows[i].how,
				   "create-%s-%s|%s object %s", k->name, rows[i].id, k->name, rows[i].title);
	for (size_t i = 0; key && i < (k->class == CKO_PUBLIC_KEY ? 3 : LEN(key_rows)); i++)
		probe_case(0, key_rows[i].section, create, k, key_rows[i].how, "create-%s-%s|%s template %s", k->name, key_rows[i].id,
				   k->name, key_rows[i].title);
	for (size_t i = 0; i < LEN(k->needed) && (i == 0 ? k->class != CKO_DATA : k->needed[i] != 0); i++)
		probe_case(0, k->section, missing, k, k->needed[i], "create-%s-without-%lx|%s object without attribute 0x%lx", k->name,
				   k->needed[i], k->name, k->needed[i]);
	if (k->class == CKO_SECRET_KEY)
		probe_case(0, k->section, create, k, LENGTH_GIVEN, "create-%s-value-len|%s object with CKA_VALUE_LEN", k->name,
				   k->name);
	if (k->class == CKO_PUBLIC_KEY || k->class == CKO_CERTIFICATE || k->class == CKO_SECRET_KEY)
		probe_case(0, "4.7", create, k, TRUSTED, "create-%s-trusted|%s object that the user calls trusted", k->name, k->name);
}

void
probe_objects(void)
{
	static const char *const bad[] = {
		"aes-15|an AES key of 15 bytes",   "aes-33|an AES key of 33 bytes",  "aes-0|an AES key of no bytes",
		"curve|an unknown curve",          "point|a point beside the curve", "key-type|an unknown key type",
		"ec-long|a P-256 key of 33 bytes", "modulus|an empty modulus",       "bool-7|a CK_BBOOL of 7",
	};

	for (size_t i = 0; i < n_kinds; i++)
		register_kind(&kinds[i]);
	probe_case(0, "6.3.3", create, &kinds[4], CUT_POINT, "create-bad-cut-point|a public key whose point is cut short");
	for (size_t i = 0; i < LEN(bad); i++)
		probe_case(0, "4.1.1", bad_key, NULL, i, "create-bad-%s", bad[i]);
}
