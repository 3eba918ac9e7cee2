/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* C_GenerateKey and C_GenerateKeyPair: 5.18.1, 5.18.2, and what 4.7 to 4.10 say of generated keys. */

struct secret {
	const char *name, *section;
	CK_MECHANISM_TYPE gen;
	CK_KEY_TYPE type;
	CK_ULONG bytes;        /* 0: the type has one size */
	CK_ULONG real;
};

static const struct secret secrets[] = {
	{ "aes-16", "6.11.4", CKM_AES_KEY_GEN, CKK_AES, 16, 16 },
	{ "aes-24", "6.11.4", CKM_AES_KEY_GEN, CKK_AES, 24, 24 },
	{ "aes-32", "6.11.4", CKM_AES_KEY_GEN, CKK_AES, 32, 32 },
	{ "generic-1", "6.9.3", CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, 1, 1 },
	{ "generic-64", "6.9.3", CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, 64, 64 },
	{ "chacha20", "6.58.3", STD_CKM_CHACHA20_KEY_GEN, STD_CKK_CHACHA20, 0, 32 },
	{ "hkdf", "6.62.6", STD_CKM_HKDF_KEY_GEN, STD_CKK_HKDF, 32, 32 },
	{ "xts", "6.15.3", STD_CKM_AES_XTS_KEY_GEN, STD_CKK_AES_XTS, 64, 64 },
};

enum how {
	PLAIN,
	HISTORY,
	HISTORY_SENSITIVE,
	NO_LENGTH,
	LOCAL_GIVEN,
	WRONG_CLASS,
	WRONG_TYPE,
	TWO_KEYS,
	UNKNOWN,
	TOKEN_RO,
	VALUE_GIVEN,
	READ,
	LABEL,
	PARAM,
	BAD_LENGTH,
	CONTRADICTION,
};

static void
refuse(CK_MECHANISM *m, struct tmpl *t, CK_RV a, CK_RV b)
{
	CK_OBJECT_HANDLE key = 0;
	const CK_RV rv = P.f->C_GenerateKey(P.s, m, t->a, t->n, &key);

	(void)probe_want("C_GenerateKey", rv, (const CK_RV[]){ a, b, PROBE_END });
}

static void
value_of(const struct secret *k, CK_MECHANISM *m, struct tmpl *t, enum how how)
{
	CK_OBJECT_HANDLE key = 0, other = 0;

	t_bool(t, CKA_SENSITIVE, false);
	t_bool(t, CKA_EXTRACTABLE, true);
	OK(C_GenerateKey, P.s, m, t->a, t->n, &key);
	CHECK(attr(key, CKA_VALUE).n == k->real, "CKA_VALUE has %lu bytes", attr(key, CKA_VALUE).n);
	if (how != TWO_KEYS)
		return;
	OK(C_GenerateKey, P.s, m, t->a, t->n, &other);
	CHECK(k->real < 16 || !same(attr(key, CKA_VALUE), attr(other, CKA_VALUE)), "the same key twice");
}

/* 4.7, 4.10: made here, by this mechanism; sensitive and unextractable from the first, or not. */
static void
history(const struct secret *k, CK_MECHANISM *m, struct tmpl *t, bool sensitive)
{
	CK_OBJECT_HANDLE key = 0;

	t_bool(t, CKA_SENSITIVE, sensitive);
	t_bool(t, CKA_EXTRACTABLE, !sensitive);
	OK(C_GenerateKey, P.s, m, t->a, t->n, &key);
	CHECK(attr_bool(key, CKA_LOCAL), "CKA_LOCAL is false");
	CHECK(attr_ulong(key, CKA_KEY_GEN_MECHANISM) == k->gen, "CKA_KEY_GEN_MECHANISM is 0x%lx",
		  attr_ulong(key, CKA_KEY_GEN_MECHANISM));
	CHECK(attr_bool(key, CKA_ALWAYS_SENSITIVE) == sensitive, "CKA_ALWAYS_SENSITIVE");
	CHECK(attr_bool(key, CKA_NEVER_EXTRACTABLE) == sensitive, "CKA_NEVER_EXTRACTABLE");
	CHECK(attr_ulong(key, CKA_KEY_TYPE) == k->type && attr_ulong(key, CKA_CLASS) == CKO_SECRET_KEY, "another kind of key");
}

static void
generate(const void *arg, unsigned long how)
{
	const struct secret *k = arg;
	CK_MECHANISM m = mech0(k->gen);
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE key = 0;

	need(k->gen, CKF_GENERATE);
	t_bool(&t, CKA_TOKEN, false);
	if (k->bytes != 0)
		t_ulong(&t, CKA_VALUE_LEN, k->bytes);
	switch ((enum how)how) {
	case PLAIN: OK(C_GenerateKey, P.s, &m, t.a, t.n, &key); CHECK(key != 0, "no handle"); break;
	case HISTORY: history(k, &m, &t, false); break;
	case HISTORY_SENSITIVE: history(k, &m, &t, true); break;
	case READ: case TWO_KEYS: value_of(k, &m, &t, (enum how)how); break;
	case NO_LENGTH: t_drop(&t, CKA_VALUE_LEN); refuse(&m, &t, CKR_TEMPLATE_INCOMPLETE, CKR_TEMPLATE_INCOMPLETE); break;
	case BAD_LENGTH:
		t_drop(&t, CKA_VALUE_LEN);
		t_ulong(&t, CKA_VALUE_LEN, 17);
		(void)WANT((CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE, CKR_TEMPLATE_INCONSISTENT), C_GenerateKey, P.s, &m, t.a,
				   t.n, &key);
		break;
	case LOCAL_GIVEN: t_bool(&t, CKA_LOCAL, true); refuse(&m, &t, CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT); break;
	case WRONG_CLASS:
		t_ulong(&t, CKA_CLASS, CKO_PUBLIC_KEY);
		refuse(&m, &t, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID);
		break;
	case WRONG_TYPE:
		t_ulong(&t, CKA_KEY_TYPE, CKK_RSA);
		refuse(&m, &t, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID);
		break;
	case UNKNOWN: t_text(&t, 0x7fff0001UL, "?"); refuse(&m, &t, CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT); break;
	case VALUE_GIVEN:
		t_bin(&t, CKA_VALUE, pattern(k->real, 1));
		(void)WANT((CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID), C_GenerateKey, P.s, &m,
				   t.a, t.n, &key);
		break;
	case TOKEN_RO:
		t_drop(&t, CKA_TOKEN);
		t_bool(&t, CKA_TOKEN, true);
		(void)WANT((CKR_SESSION_READ_ONLY), C_GenerateKey, open_session(false), &m, t.a, t.n, &key);
		break;
	case LABEL:
		t_text(&t, CKA_LABEL, "a key");
		t_bin(&t, CKA_ID, hex("77"));
		OK(C_GenerateKey, P.s, &m, t.a, t.n, &key);
		expect("label", attr(key, CKA_LABEL), text("a key"));
		expect("id", attr(key, CKA_ID), hex("77"));
		break;
	case CONTRADICTION:
		t_text(&t, CKA_LABEL, "a");
		t_text(&t, CKA_LABEL, "b");
		refuse(&m, &t, CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCONSISTENT);
		break;
	default:
		m = mech(k->gen, &m, 1);
		(void)WANT((CKR_MECHANISM_PARAM_INVALID), C_GenerateKey, P.s, &m, t.a, t.n, &key);
		break;
	}
}

/* ---- pairs */

struct kind {
	const char *name, *section;
	CK_MECHANISM_TYPE gen;
	CK_KEY_TYPE type;
	const char *curve;     /* NULL: RSA */
	CK_ULONG bits;
};

static const struct kind pairs[] = {
	{ "rsa-2048", "6.1.4", CKM_RSA_PKCS_KEY_PAIR_GEN, CKK_RSA, NULL, 2048 },
	{ "p256", "6.3.12", CKM_EC_KEY_PAIR_GEN, CKK_EC, "P-256", 0 },
	{ "p384", "6.3.12", CKM_EC_KEY_PAIR_GEN, CKK_EC, "P-384", 0 },
	{ "p521", "6.3.12", CKM_EC_KEY_PAIR_GEN, CKK_EC, "P-521", 0 },
	{ "p224", "6.3.12", CKM_EC_KEY_PAIR_GEN, CKK_EC, "P-224", 0 },
	{ "secp256k1", "6.3.12", CKM_EC_KEY_PAIR_GEN, CKK_EC, "secp256k1", 0 },
	{ "brainpool256", "6.3.12", CKM_EC_KEY_PAIR_GEN, CKK_EC, "brainpoolP256r1", 0 },
	{ "ed25519", "6.3.14", CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, "Ed25519", 0 },
	{ "ed448", "6.3.14", CKM_EC_EDWARDS_KEY_PAIR_GEN, CKK_EC_EDWARDS, "Ed448", 0 },
	{ "x25519", "6.3.15", CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY, "X25519", 0 },
	{ "x448", "6.3.15", CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY, "X448", 0 },
};

static CK_RV
pair_of(const struct kind *k, struct tmpl *public, struct tmpl *private, struct pair *ret_pair)
{
	CK_MECHANISM m = mech0(k->gen);
	CK_RV rv;

	need(k->gen, CKF_GENERATE_KEY_PAIR);
	if (k->curve == NULL) {
		t_ulong(public, CKA_MODULUS_BITS, k->bits);
		t_bin(public, CKA_PUBLIC_EXPONENT, hex("010001"));
	} else
		t_bin(public, CKA_EC_PARAMS, hex(curve_named(k->curve)->params));
	t_bool(private, CKA_TOKEN, false);
	rv = P.f->C_GenerateKeyPair(P.s, &m, public->a, public->n, private->a, private->n, &ret_pair->public, &ret_pair->private);
	if (k->curve != NULL && !curve_named(k->curve)->must &&
	    (rv == CKR_CURVE_NOT_SUPPORTED || rv == CKR_DOMAIN_PARAMS_INVALID))
		probe_absent("curve %s", k->curve);
	return rv;
}

enum pair_how {
	P_GOOD,
	P_HISTORY,
	P_SENSITIVE,
	P_HALVES,
	P_CLASSES,
	P_NO_PARAMS,
	P_SAME_TWICE,
	P_VALUE,
	P_POINT,
	P_TOKEN_RO,
	P_WRONG,
	P_LABELS,
	P_DEFAULTS
};

static void
halves(const struct kind *k, struct pair pair)
{
	struct bin point;

	if (k->curve == NULL) {
		expect("modulus of the private half", attr(pair.private, CKA_MODULUS), attr(pair.public, CKA_MODULUS));
		expect("public exponent", attr(pair.public, CKA_PUBLIC_EXPONENT), hex("010001"));
		CHECK(attr(pair.public, CKA_MODULUS).n == k->bits / 8, "modulus of %lu bytes", attr(pair.public, CKA_MODULUS).n);
		return;
	}
	expect("CKA_EC_PARAMS of the private half", attr(pair.private, CKA_EC_PARAMS), attr(pair.public, CKA_EC_PARAMS));
	point = attr(pair.public, CKA_EC_POINT);
	CHECK(point.n == ec_point(curve_named(k->curve)).n, "CKA_EC_POINT of %lu bytes, not %lu", point.n,
		  ec_point(curve_named(k->curve)).n);
	CHECK(memcmp(point.p, ec_point(curve_named(k->curve)).p, point.n < 130 ? 2 : 3) == 0,
		  "CKA_EC_POINT is no DER OCTET STRING");
}

/* What a pair has to be like. */
static void
pair_is(const struct kind *k, enum pair_how how, struct pair pair)
{
	const bool sensitive = how == P_SENSITIVE;

	switch (how) {
	case P_HISTORY: case P_SENSITIVE:
		CHECK(attr_bool(pair.private, CKA_LOCAL) && attr_bool(pair.public, CKA_LOCAL), "CKA_LOCAL is false");
		CHECK(attr_ulong(pair.private, CKA_KEY_GEN_MECHANISM) == k->gen &&
				  attr_ulong(pair.public, CKA_KEY_GEN_MECHANISM) == k->gen,
			  "CKA_KEY_GEN_MECHANISM");
		CHECK(attr_bool(pair.private, CKA_ALWAYS_SENSITIVE) == sensitive, "CKA_ALWAYS_SENSITIVE");
		CHECK(attr_bool(pair.private, CKA_NEVER_EXTRACTABLE) == sensitive, "CKA_NEVER_EXTRACTABLE");
		break;
	case P_HALVES: halves(k, pair); break;
	case P_CLASSES:
		CHECK(attr_ulong(pair.public, CKA_CLASS) == CKO_PUBLIC_KEY && attr_ulong(pair.private, CKA_CLASS) == CKO_PRIVATE_KEY,
			  "classes");
		CHECK(attr_ulong(pair.public, CKA_KEY_TYPE) == k->type && attr_ulong(pair.private, CKA_KEY_TYPE) == k->type,
			  "key types");
		break;
	case P_VALUE:
		CHECK(attr(pair.private, k->curve == NULL ? CKA_PRIVATE_EXPONENT : CKA_VALUE).n > 8, "no private value");
		break;
	case P_LABELS:
		expect("public label", attr(pair.public, CKA_LABEL), text("public"));
		expect("private label", attr(pair.private, CKA_LABEL), text("private"));
		expect("private id", attr(pair.private, CKA_ID), hex("0102"));
		break;
	default: break;
	}
}

static void
key_pairs(const void *arg, unsigned long how)
{
	const struct kind *k = arg;
	struct tmpl public = { .n = 0 }, private = { .n = 0 };
	struct pair pair = { 0, 0 }, other = { 0, 0 };
	CK_MECHANISM m = mech0(k->gen);
	const bool sensitive = how == P_SENSITIVE;
	CK_RV rv;

	t_bool(&public, CKA_TOKEN, false);
	switch ((enum pair_how)how) {
	case P_HISTORY: case P_SENSITIVE:
		t_bool(&private, CKA_SENSITIVE, sensitive);
		t_bool(&private, CKA_EXTRACTABLE, !sensitive);
		break;
	case P_VALUE:
		t_bool(&private, CKA_SENSITIVE, false);
		t_bool(&private, CKA_EXTRACTABLE, true);
		break;
	case P_LABELS:
		t_text(&public, CKA_LABEL, "public");
		t_text(&private, CKA_LABEL, "private");
		t_bin(&private, CKA_ID, hex("0102"));
		break;
	case P_WRONG:
		t_ulong(&public, CKA_KEY_TYPE, CKK_AES);
		break;
	default: break;
	}
	if (how == P_NO_PARAMS) {
		need(k->gen, CKF_GENERATE_KEY_PAIR);
		(void)WANT((CKR_TEMPLATE_INCOMPLETE), C_GenerateKeyPair, P.s, &m, public.a, public.n, NULL, 0, &pair.public,
				   &pair.private);
		return;
	}
	rv = pair_of(k, &public, &private, &pair);
	if (how == P_WRONG) {
		(void)probe_want("C_GenerateKeyPair", rv,
						 (const CK_RV[]){ CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID, PROBE_END });
		return;
	}
	(void)probe_want("C_GenerateKeyPair", rv, (const CK_RV[]){ CKR_OK, PROBE_END });
	if (how == P_SAME_TWICE) {
		OK(C_GenerateKeyPair, P.s, &m, public.a, public.n, private.a, private.n, &other.public, &other.private);
		CHECK(!same(attr(pair.public, k->curve == NULL ? CKA_MODULUS : CKA_EC_POINT),
					attr(other.public, k->curve == NULL ? CKA_MODULUS : CKA_EC_POINT)),
			  "the same pair twice");
		return;
	}
	pair_is(k, (enum pair_how)how, pair);
}

void
probe_generate(void)
{
	static const struct {
		enum how how;
		const char *id, *title;
	} rows[] = {
		{ PLAIN, "plain", "is made" },
		{ HISTORY, "history", "knows that it was made here" },
		{ HISTORY_SENSITIVE, "sensitive", "knows that it was always sensitive and never extractable" },
		{ READ, "value", "has its length" },
		{ LABEL, "label", "takes label and id" },
		{ NO_LENGTH, "no-length", "needs CKA_VALUE_LEN" },
		{ LOCAL_GIVEN, "local", "cannot be told CKA_LOCAL" },
		{ WRONG_CLASS, "class", "is no public key" },
		{ WRONG_TYPE, "type", "is no RSA key" },
		{ UNKNOWN, "unknown", "has no unknown attribute" },
		{ VALUE_GIVEN, "given", "cannot be told its value" },
		{ TOKEN_RO, "token-ro", "is no token object in a read-only session" },
		{ TWO_KEYS, "fresh", "is another one each time" },
		{ PARAM, "param", "generation takes no parameter" },
		{ CONTRADICTION, "contradiction", "has one label" },
		{ BAD_LENGTH, "length-17", "has no 17 bytes" },
	};
	static const struct {
		enum pair_how how;
		const char *id, *title;
	} pair_rows[] = {
		{ P_GOOD, "good", "is made" },
		{ P_HISTORY, "history", "knows that it was made here" },
		{ P_SENSITIVE, "sensitive", "knows that it was always sensitive and never extractable" },
		{ P_HALVES, "halves", "has two halves that fit" },
		{ P_CLASSES, "classes", "has classes and key types" },
		{ P_NO_PARAMS, "no-params", "needs its parameters" },
		{ P_SAME_TWICE, "fresh", "is another one each time" },
		{ P_VALUE, "value", "has a private value that can be read when it may be" },
		{ P_LABELS, "labels", "takes a label for each half" },
		{ P_WRONG, "type", "is no AES key" },
	};

	for (size_t i = 0; i < LEN(secrets); i++)
		for (size_t k = 0; k < LEN(rows); k++) {
			if ((rows[k].how == NO_LENGTH && secrets[i].bytes == 0) ||
				(rows[k].how == BAD_LENGTH && secrets[i].type != CKK_AES))
				continue;
			probe_case(0, secrets[i].section, generate, &secrets[i], rows[k].how, "generate-%s-%s|a generated %s key %s",
					   secrets[i].name, rows[k].id, secrets[i].name, rows[k].title);
		}
	for (size_t i = 0; i < LEN(pairs); i++)
		for (size_t k = 0; k < LEN(pair_rows); k++)
			probe_case(0, pairs[i].section, key_pairs, &pairs[i], pair_rows[k].how, "generate-%s-%s|a generated %s pair %s",
					   pairs[i].name, pair_rows[k].id, pairs[i].name, pair_rows[k].title);
}
