/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe-objects.h"

/* C_GetAttributeValue, C_SetAttributeValue, C_CopyObject, C_DestroyObject, C_GetObjectSize. */

static CK_OBJECT_HANDLE
labelled(const char *label)
{
	struct tmpl t = { .n = 0 };

	t_ulong(&t, CKA_CLASS, CKO_DATA);
	t_bool(&t, CKA_PRIVATE, false);
	t_text(&t, CKA_LABEL, label);
	t_text(&t, CKA_APPLICATION, "probe");
	return make(&t);
}

enum get {
	G_QUERY,
	G_SHORT,
	G_LONG,
	G_UNKNOWN,
	G_FOREIGN,
	G_MIXED,
	G_MIXED_SHORT,
	G_NONE,
	G_HANDLE,
	G_ZERO_BUFFER,
	G_TWICE,
	G_EMPTY,
	G_OTHER_SESSION
};

/* 5.7.5, the five steps: each attribute by itself, whatever happened to the others. */
static void
get(const void *arg, unsigned long how)
{
	const CK_OBJECT_HANDLE o = labelled("hello");
	struct bin b = room(8), c = room(8);
	CK_ATTRIBUTE a[3] = { { CKA_LABEL, NULL, 0 }, { CKA_SIGN, c.p, c.n }, { CKA_APPLICATION, b.p, b.n } };
	CK_SESSION_HANDLE other;

	switch ((enum get)how) {
	case G_QUERY:
		OK(C_GetAttributeValue, P.s, o, a, 1);
		CHECK(a[0].ulValueLen == 5 && a[0].pValue == NULL, "length %lu", a[0].ulValueLen);
		break;
	case G_SHORT:
		a[0] = (CK_ATTRIBUTE){ CKA_LABEL, b.p, 4 };
		(void)WANT((CKR_BUFFER_TOO_SMALL), C_GetAttributeValue, P.s, o, a, 1);
		CHECK(a[0].ulValueLen == CK_UNAVAILABLE_INFORMATION, "length %lu", a[0].ulValueLen);
		break;
	case G_LONG:
		a[0] = (CK_ATTRIBUTE){ CKA_LABEL, b.p, 8 };
		OK(C_GetAttributeValue, P.s, o, a, 1);
		CHECK(a[0].ulValueLen == 5 && memcmp(b.p, "hello\xa5\xa5\xa5", 8) == 0, "length %lu, or bytes behind it written",
			  a[0].ulValueLen);
		break;
	case G_ZERO_BUFFER:
		a[0] = (CK_ATTRIBUTE){ CKA_LABEL, b.p, 0 };
		(void)WANT((CKR_BUFFER_TOO_SMALL), C_GetAttributeValue, P.s, o, a, 1);
		break;
	case G_UNKNOWN:
		a[0] = (CK_ATTRIBUTE){ 0x7fff0001UL, b.p, b.n };
		(void)WANT((CKR_ATTRIBUTE_TYPE_INVALID), C_GetAttributeValue, P.s, o, a, 1);
		CHECK(a[0].ulValueLen == CK_UNAVAILABLE_INFORMATION, "length %lu", a[0].ulValueLen);
		break;
	case G_FOREIGN:
		(void)WANT((CKR_ATTRIBUTE_TYPE_INVALID), C_GetAttributeValue, P.s, o, a + 1, 1);
		CHECK(a[1].ulValueLen == CK_UNAVAILABLE_INFORMATION, "length %lu", a[1].ulValueLen);
		break;
	case G_MIXED:
		(void)WANT((CKR_ATTRIBUTE_TYPE_INVALID), C_GetAttributeValue, P.s, o, a, 3);
		CHECK(a[0].ulValueLen == 5 && a[1].ulValueLen == CK_UNAVAILABLE_INFORMATION && a[2].ulValueLen == 5 &&
				  memcmp(b.p, "probe", 5) == 0,
			  "lengths %lu %lu %lu", a[0].ulValueLen, a[1].ulValueLen, a[2].ulValueLen);
		break;
	case G_MIXED_SHORT:
		a[0] = (CK_ATTRIBUTE){ CKA_LABEL, c.p, 2 };
		a[1] = a[2];
		(void)WANT((CKR_BUFFER_TOO_SMALL), C_GetAttributeValue, P.s, o, a, 2);
		CHECK(a[0].ulValueLen == CK_UNAVAILABLE_INFORMATION && a[1].ulValueLen == 5 && memcmp(b.p, "probe", 5) == 0,
			  "lengths %lu %lu", a[0].ulValueLen, a[1].ulValueLen);
		break;
	case G_NONE: (void)WANT((CKR_OK, CKR_ARGUMENTS_BAD), C_GetAttributeValue, P.s, o, a, 0); break;
	case G_HANDLE: (void)WANT((CKR_OBJECT_HANDLE_INVALID), C_GetAttributeValue, P.s, 0x7fffff0, a, 1); break;
	case G_TWICE:
		a[1] = a[0];
		OK(C_GetAttributeValue, P.s, o, a, 2);
		CHECK(a[0].ulValueLen == 5 && a[1].ulValueLen == 5, "lengths %lu %lu", a[0].ulValueLen, a[1].ulValueLen);
		break;
	case G_EMPTY:
		a[0] = (CK_ATTRIBUTE){ CKA_VALUE, b.p, b.n };
		OK(C_GetAttributeValue, P.s, o, a, 1);
		CHECK(a[0].ulValueLen == 0, "length %lu of a value never given", a[0].ulValueLen);
		break;
	default:
		other = open_session(false);
		OK(C_GetAttributeValue, other, o, a, 1);
		CHECK(a[0].ulValueLen == 5, "length %lu", a[0].ulValueLen);
		break;
	}
}

/* ---- secrets: which attributes of which object, and when */

struct hidden {
	const char *kind;
	CK_ATTRIBUTE_TYPE type;
};

static const struct hidden hidden[] = {
	{ "rsa-private", CKA_PRIVATE_EXPONENT },
	{ "rsa-private", CKA_PRIME_1 },
	{ "rsa-private", CKA_PRIME_2 },
	{ "rsa-private", CKA_EXPONENT_1 },
	{ "rsa-private", CKA_EXPONENT_2 },
	{ "rsa-private", CKA_COEFFICIENT },
	{ "ec-private", CKA_VALUE },
	{ "ed-private", CKA_VALUE },
	{ "x-private", CKA_VALUE },
	{ "aes", CKA_VALUE },
	{ "generic", CKA_VALUE },
	{ "hmac", CKA_VALUE },
};

static const struct kind *
kind_named(const char *name)
{
	for (size_t i = 0; i < n_kinds; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	probe_fail("the probe has no kind %s", name);
}

/* how: bit 0 sensitive, bit 1 not extractable, bit 2 a buffer rather than a length query. */
static void
secret_value(const void *arg, unsigned long how)
{
	const struct hidden *h = arg;
	struct tmpl t = { .n = 0 };
	struct bin b = room(512);
	CK_ATTRIBUTE a = { h->type, how & 4 ? b.p : NULL, how & 4 ? b.n : 0 };
	CK_OBJECT_HANDLE object;

	kind_fill(kind_named(h->kind), &t);
	t_bool(&t, CKA_SENSITIVE, (how & 1) != 0);
	t_bool(&t, CKA_EXTRACTABLE, (how & 2) == 0);
	object = make(&t);
	(void)WANT((CKR_ATTRIBUTE_SENSITIVE), C_GetAttributeValue, P.s, object, &a, 1);
	CHECK(a.ulValueLen == CK_UNAVAILABLE_INFORMATION, "length %lu", a.ulValueLen);
	CHECK(same(b, room(512)), "the buffer was written");
}

/* ---- C_SetAttributeValue */

enum set {
	S_LABEL,
	S_ID,
	S_READ_ONLY,
	S_ALL_OR_NOTHING,
	S_UNKNOWN,
	S_UNMODIFIABLE,
	S_CLASS,
	S_VALUE_LEN,
	S_HANDLE,
	S_EMPTY,
	S_TOKEN,
	S_RO_SESSION,
	S_USE,
	S_ONE
};

static void
set(const void *arg, unsigned long how)
{
	struct tmpl t = { .n = 0 }, change = { .n = 0 };
	CK_OBJECT_HANDLE o;
	CK_SESSION_HANDLE session = P.s;

	t_rsa_public(&t);
	t_bool(&t, CKA_PRIVATE, false);
	t_text(&t, CKA_LABEL, "before");
	if (how == S_UNMODIFIABLE)
		t_bool(&t, CKA_MODIFIABLE, false);
	o = make(&t);
	switch ((enum set)how) {
	case S_LABEL: case S_RO_SESSION: case S_UNMODIFIABLE: t_text(&change, CKA_LABEL, "after"); break;
	case S_ID: t_bin(&change, CKA_ID, hex("0a0b0c")); break;
	case S_USE: t_bool(&change, CKA_VERIFY, !attr_bool(o, CKA_VERIFY)); break;
	case S_READ_ONLY: t_bin(&change, CKA_MODULUS, pattern(256, 9)); break;
	case S_ALL_OR_NOTHING:
		t_text(&change, CKA_LABEL, "after");
		t_bool(&change, CKA_LOCAL, true);
		break;
	case S_UNKNOWN: t_text(&change, 0x7fff0001UL, "?"); break;
	case S_CLASS: t_ulong(&change, CKA_CLASS, CKO_DATA); break;
	case S_VALUE_LEN: t_bin(&change, CKA_VERIFY, hex("010101")); break;
	case S_TOKEN: t_bool(&change, CKA_TOKEN, true); break;
	default: t_text(&change, CKA_LABEL, ""); break;
	}
	if (how == S_RO_SESSION)
		session = open_session(false);
	switch ((enum set)how) {
	case S_LABEL: case S_ID: case S_RO_SESSION: case S_EMPTY: case S_USE:
		OK(C_SetAttributeValue, session, o, change.a, change.n);
		expect("the attribute", attr(o, change.a[0].type), (struct bin){ change.a[0].pValue, change.a[0].ulValueLen });
		return;
	case S_HANDLE: (void)WANT((CKR_OBJECT_HANDLE_INVALID), C_SetAttributeValue, P.s, 0x7fffff0, change.a, change.n); break;
	case S_UNMODIFIABLE:
		(void)WANT((CKR_ACTION_PROHIBITED, CKR_ATTRIBUTE_READ_ONLY), C_SetAttributeValue, P.s, o, change.a, change.n);
		break;
	case S_UNKNOWN: (void)WANT((CKR_ATTRIBUTE_TYPE_INVALID), C_SetAttributeValue, P.s, o, change.a, change.n); break;
	case S_VALUE_LEN: (void)WANT((CKR_ATTRIBUTE_VALUE_INVALID), C_SetAttributeValue, P.s, o, change.a, change.n); break;
	case S_ALL_OR_NOTHING:
		(void)WANT((CKR_ATTRIBUTE_READ_ONLY), C_SetAttributeValue, P.s, o, change.a, change.n);
		expect("the label", attr(o, CKA_LABEL), text("before"));
		/* the other order too */
		t_drop(&change, CKA_LABEL);
		t_text(&change, CKA_LABEL, "after");
		(void)WANT((CKR_ATTRIBUTE_READ_ONLY), C_SetAttributeValue, P.s, o, change.a, change.n);
		break;
	default: (void)WANT((CKR_ATTRIBUTE_READ_ONLY), C_SetAttributeValue, P.s, o, change.a, change.n); break;
	}
	expect("the label", attr(o, CKA_LABEL), text("before"));
}

/* ---- attributes that go one way only: 4.9 and 4.10, footnotes 11 and 12 */

struct way {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
	bool to;            /* the way that is open */
};

static const struct way ways[] = {
	{ CKA_SENSITIVE, "sensitive", true },
	{ CKA_EXTRACTABLE, "extractable", false },
	{ CKA_WRAP_WITH_TRUSTED, "wrap-with-trusted", true },
};

/* how: bit 0 the closed way, bit 1 by C_CopyObject, bit 2 a private key. */
static void
one_way(const void *arg, unsigned long how)
{
	const struct way *w = arg;
	const bool closed = (how & 1) != 0;
	struct tmpl t = { .n = 0 }, change = { .n = 0 };
	CK_OBJECT_HANDLE o, made = 0;

	kind_fill(kind_named(how & 4 ? "ec-private" : "aes"), &t);
	t_bool(&t, w->type, closed ? w->to : !w->to);
	t_bool(&change, w->type, closed ? !w->to : w->to);
	o = make(&t);
	if (closed && (how & 2) != 0) {
		(void)WANT((CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT), C_CopyObject, P.s, o, change.a, change.n, &made);
		return;
	}
	if (closed) {
		(void)WANT((CKR_ATTRIBUTE_READ_ONLY), C_SetAttributeValue, P.s, o, change.a, change.n);
		CHECK(attr_bool(o, w->type) == w->to, "it changed");
		return;
	}
	/* Footnote 8: a token may allow it, and need not; for the two that footnote 8 names, everybody does. */
	if (w->type == CKA_WRAP_WITH_TRUSTED && P.f->C_SetAttributeValue(P.s, o, change.a, change.n) == CKR_ATTRIBUTE_READ_ONLY) {
		CHECK(attr_bool(o, w->type) != w->to, "it changed");
		return;
	}
	if ((how & 2) != 0 && w->type != CKA_WRAP_WITH_TRUSTED) {
		OK(C_CopyObject, P.s, o, change.a, change.n, &made);
		CHECK(attr_bool(o, w->type) != w->to, "the original changed");
		o = made;
	} else
		OK(C_SetAttributeValue, P.s, o, change.a, change.n);
	CHECK(attr_bool(o, w->type) == w->to, "it did not change");
}

/* ---- C_CopyObject, C_DestroyObject, C_GetObjectSize */

enum copying {
	C_EMPTY,
	C_NULL,
	C_LABEL,
	C_KEPT,
	C_UNCOPYABLE,
	C_READ_ONLY,
	C_UNKNOWN,
	C_HANDLE,
	C_CLASS,
	C_INDEPENDENT,
	C_TOKEN_RO,
	C_SENSITIVE_KEPT,
	D_GONE,
	D_TWICE,
	D_UNDESTROYABLE,
	D_RO_SESSION,
	D_OTHER_SESSION,
	Z_SIZE,
	Z_HANDLE,
	C_KEY_WORKS,
};

static void
destroying(enum copying how, CK_OBJECT_HANDLE o)
{
	CK_ULONG size = 0;

	switch (how) {
	case D_GONE: case D_TWICE:
		OK(C_DestroyObject, P.s, o);
		if (how == D_TWICE)
			(void)WANT((CKR_OBJECT_HANDLE_INVALID), C_DestroyObject, P.s, o);
		(void)WANT((CKR_OBJECT_HANDLE_INVALID), C_GetObjectSize, P.s, o, &size);
		break;
	case D_UNDESTROYABLE:
		(void)WANT((CKR_ACTION_PROHIBITED), C_DestroyObject, P.s, o);
		expect("label", attr(o, CKA_LABEL), text("original"));
		break;
	case D_RO_SESSION: OK(C_DestroyObject, open_session(false), o); break;
	case D_OTHER_SESSION:
		OK(C_DestroyObject, open_session(true), o);
		(void)WANT((CKR_OBJECT_HANDLE_INVALID), C_GetObjectSize, P.s, o, &size);
		break;
	case Z_SIZE:
		(void)WANT((CKR_OK, CKR_INFORMATION_SENSITIVE), C_GetObjectSize, P.s, o, &size);
		CHECK(size == CK_UNAVAILABLE_INFORMATION || (size >= 16 && size < 100000), "size %lu", size);
		break;
	default: (void)WANT((CKR_OBJECT_HANDLE_INVALID), C_GetObjectSize, P.s, 0x7fffff0, &size); break;
	}
}

static void
copying(const void *arg, unsigned long how)
{
	struct tmpl t = { .n = 0 }, change = { .n = 0 };
	CK_OBJECT_HANDLE o, made = 0;

	t_rsa_public(&t);
	t_bool(&t, CKA_PRIVATE, false);
	t_text(&t, CKA_LABEL, "original");
	if (how == C_UNCOPYABLE)
		t_bool(&t, CKA_COPYABLE, false);
	if (how == D_UNDESTROYABLE)
		t_bool(&t, CKA_DESTROYABLE, false);
	o = make(&t);
	switch ((enum copying)how) {
	case C_EMPTY:
		OK(C_CopyObject, P.s, o, change.a, 0, &made);
		expect("modulus", attr(made, CKA_MODULUS), attr(o, CKA_MODULUS));
		break;
	case C_NULL: OK(C_CopyObject, P.s, o, NULL, 0, &made); expect("label", attr(made, CKA_LABEL), text("original")); break;
	case C_LABEL:
		t_text(&change, CKA_LABEL, "copy");
		OK(C_CopyObject, P.s, o, change.a, change.n, &made);
		expect("the copy's label", attr(made, CKA_LABEL), text("copy"));
		expect("the original's label", attr(o, CKA_LABEL), text("original"));
		break;
	case C_KEPT:
		OK(C_CopyObject, P.s, o, change.a, 0, &made);
		for (CK_ULONG i = 0; i < t.n; i++)
			expect("attribute", attr(made, t.a[i].type), (struct bin){ t.a[i].pValue, t.a[i].ulValueLen });
		break;
	case C_INDEPENDENT:
		OK(C_CopyObject, P.s, o, change.a, 0, &made);
		CHECK(made != o, "the copy has the original's handle");
		OK(C_DestroyObject, P.s, o);
		expect("the copy's label", attr(made, CKA_LABEL), text("original"));
		break;
	case C_UNCOPYABLE: (void)WANT((CKR_ACTION_PROHIBITED), C_CopyObject, P.s, o, change.a, 0, &made); break;
	case C_READ_ONLY:
		t_bin(&change, CKA_MODULUS, pattern(256, 9));
		(void)WANT((CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT), C_CopyObject, P.s, o, change.a, change.n, &made);
		break;
	case C_CLASS:
		t_ulong(&change, CKA_CLASS, CKO_DATA);
		(void)WANT((CKR_ATTRIBUTE_READ_ONLY, CKR_TEMPLATE_INCONSISTENT), C_CopyObject, P.s, o, change.a, change.n, &made);
		break;
	case C_UNKNOWN:
		t_text(&change, 0x7fff0001UL, "?");
		(void)WANT((CKR_ATTRIBUTE_TYPE_INVALID, CKR_TEMPLATE_INCONSISTENT), C_CopyObject, P.s, o, change.a, change.n, &made);
		break;
	case C_TOKEN_RO:
		t_bool(&change, CKA_TOKEN, true);
		(void)WANT((CKR_SESSION_READ_ONLY), C_CopyObject, open_session(false), o, change.a, change.n, &made);
		break;
	case C_HANDLE: (void)WANT((CKR_OBJECT_HANDLE_INVALID), C_CopyObject, P.s, 0x7fffff0, change.a, 0, &made); break;
	default: destroying((enum copying)how, o); break;
	}
}

/* A copy of a private key signs, and keeps what the original was. */
static void
copied_key(const void *arg, unsigned long how)
{
	const struct curve *c = curve_named("P-256");
	const struct pair pair = key_pair(CKM_EC_KEY_PAIR_GEN, hex(c->params));
	CK_MECHANISM m = mech0(CKM_ECDSA);
	CK_OBJECT_HANDLE made = 0;
	const struct bin data = pattern(32, 4);

	OK(C_CopyObject, P.s, pair.private, NULL, 0, &made);
	if (how == 0) {
		const struct bin sig = do_sign(&m, made, data);

		(void)probe_want("C_Verify", do_verify(&m, pair.public, data, sig), (const CK_RV[]){ CKR_OK, PROBE_END });
		return;
	}
	CHECK(attr_bool(made, CKA_LOCAL) == attr_bool(pair.private, CKA_LOCAL), "CKA_LOCAL of the copy");
	CHECK(attr_ulong(made, CKA_KEY_GEN_MECHANISM) == attr_ulong(pair.private, CKA_KEY_GEN_MECHANISM),
		  "CKA_KEY_GEN_MECHANISM of the copy");
	CHECK(attr_bool(made, CKA_NEVER_EXTRACTABLE) == attr_bool(pair.private, CKA_NEVER_EXTRACTABLE),
		  "CKA_NEVER_EXTRACTABLE of the copy");
}

static void
rows(const char *section, probe_run run, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		probe_case(0, section, run, NULL, i, "%s", names[i]);
}

void
probe_attributes(void)
{
	static const char *const gets[] = {
		"get-query|a length query",
		"get-short|a short buffer",
		"get-long|a long buffer",
		"get-unknown|an unknown attribute",
		"get-foreign|an attribute of another class",
		"get-mixed|one bad attribute among good ones",
		"get-mixed-short|one short buffer among good ones",
		"get-none|no attribute at all",
		"get-handle|a handle that is none",
		"get-zero|a buffer of no bytes",
		"get-twice|one attribute twice",
		"get-empty|an empty attribute",
		"get-other-session|through another session",
	};
	static const char *const sets[] = {
		"set-label|CKA_LABEL",
		"set-id|CKA_ID",
		"set-modulus|CKA_MODULUS is read-only",
		"set-all-or-nothing|one bad attribute spoils all",
		"set-unknown|an unknown attribute",
		"set-unmodifiable|an object that is not CKA_MODIFIABLE",
		"set-class|CKA_CLASS is read-only",
		"set-bool-3|a CK_BBOOL of three bytes",
		"set-handle|a handle that is none",
		"set-empty|an empty label",
		"set-token|CKA_TOKEN is read-only",
		"set-ro-session|a session object in a read-only session",
		"set-use|CKA_VERIFY",
	};
	static const char *const copies[] = {
		"copy-empty|an empty template", "copy-null|no template", "copy-label|with another label", "copy-kept|attributes are kept",
		"copy-uncopyable|an object that is not CKA_COPYABLE", "copy-modulus|CKA_MODULUS stays", "copy-unknown|an unknown attribute",
		"copy-handle|a handle that is none", "copy-class|CKA_CLASS stays", "copy-independent|the copy outlives the original",
		"copy-token-ro|to a token object in a read-only session", NULL,
		"destroy|C_DestroyObject", "destroy-twice|C_DestroyObject twice", "destroy-undestroyable|an object that is not CKA_DESTROYABLE",
		"destroy-ro|a session object through a read-only session", "destroy-other|through another session", "size|C_GetObjectSize",
		"size-handle|C_GetObjectSize of a handle that is none",
	};

	rows("5.7.5", get, gets, LEN(gets));
	for (size_t i = 0; i < LEN(hidden); i++)
		for (unsigned long how = 1; how < 8; how++)
			if ((how & 3) != 0 && how != 7 && how != 3)
				probe_case(0, "5.7.5", secret_value, &hidden[i], how, "secret-%s-%lx-%s%s|attribute 0x%lx of %s key",
						   hidden[i].kind, hidden[i].type, how & 1 ? "sensitive" : "unextractable", how & 4 ? "-buffer" : "",
						   hidden[i].type, hidden[i].kind);
	rows("5.7.6", set, sets, LEN(sets));
	for (size_t i = 0; i < LEN(ways); i++)
		for (unsigned long how = 0; how < 8; how++)
			probe_case(0, how & 4 ? "4.9" : "4.10", one_way, &ways[i], how, "one-way-%s-%s-%s-%s|%s, the %s way",
					   how & 4 ? "private" : "secret", ways[i].name, how & 2 ? "copy" : "set", how & 1 ? "closed" : "open",
					   ways[i].name, how & 1 ? "closed" : "open");
	for (size_t i = 0; i < LEN(copies); i++)
		if (copies[i] != NULL)
			probe_case(0, i < D_GONE ? "5.7.2" : i < Z_SIZE ? "5.7.3" : "5.7.4", copying, NULL, i, "%s", copies[i]);
	probe_case(0, "5.7.2", copied_key, NULL, 0, "copy-key-signs|a copied private key signs");
	probe_case(0, "5.7.2", copied_key, NULL, 1, "copy-key-history|a copied private key keeps its history");
}
