/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* C_FindObjects*: 5.7.7 to 5.7.9. Each case makes its own objects under its own label. */

static CK_OBJECT_HANDLE
thing(const char *label, const char *application, bool token)
{
	struct tmpl t = { .n = 0 };

	t_ulong(&t, CKA_CLASS, CKO_DATA);
	t_bool(&t, CKA_PRIVATE, false);
	t_bool(&t, CKA_TOKEN, token);
	t_text(&t, CKA_LABEL, label);
	t_text(&t, CKA_APPLICATION, application);
	return make(&t);
}

static CK_ULONG
count(CK_SESSION_HANDLE s, const struct tmpl *t, CK_OBJECT_HANDLE wanted, CK_ULONG at_once)
{
	struct tmpl copy_of = *t;
	CK_OBJECT_HANDLE found[64];
	CK_ULONG n, total = 0;
	bool seen = wanted == CK_INVALID_HANDLE;

	OK(C_FindObjectsInit, s, copy_of.n == 0 ? NULL : copy_of.a, copy_of.n);
	do {
		n = 0;
		OK(C_FindObjects, s, found, at_once, &n);
		CHECK(n <= at_once, "%lu objects, there was room for %lu", n, at_once);
		for (CK_ULONG i = 0; i < n; i++)
			seen = seen || found[i] == wanted;
		total += n;
		CHECK(total < 10000, "it does not end");
	} while (n != 0);
	OK(C_FindObjectsFinal, s);
	CHECK(seen, "the object is not among those found");
	return total;
}

enum find {
	F_LABEL,
	F_ALL,
	F_NOTHING,
	F_TWO,
	F_ONE_BY_ONE,
	F_CLASS,
	F_OTHER_SESSION,
	F_DESTROYED,
	F_INIT_TWICE,
	F_NO_INIT,
	F_NO_INIT_FINAL,
	F_FINAL_TWICE,
	F_AFTER_FINAL,
	F_UNKNOWN,
	F_ZERO,
	F_PREFIX,
	F_EMPTY_VALUE,
	F_TOKEN_FALSE,
	F_SECRET,
	F_DURING,
	F_TOKEN_OBJECT,
	F_TOKEN_STAYS,
	F_OTHER_OPERATION,
	F_BOOL,
	F_ATTRIBUTE_NOT_THERE,
};

static void
states(enum find how)
{
	CK_OBJECT_HANDLE found;
	CK_ULONG n = 0;
	CK_MECHANISM m = mech0(CKM_SHA256);
	struct bin out = room(64);

	switch (how) {
	case F_NO_INIT: (void)WANT((CKR_OPERATION_NOT_INITIALIZED), C_FindObjects, P.s, &found, 1, &n); return;
	case F_NO_INIT_FINAL: (void)WANT((CKR_OPERATION_NOT_INITIALIZED), C_FindObjectsFinal, P.s); return;
	default: break;
	}
	OK(C_FindObjectsInit, P.s, NULL, 0);
	switch (how) {
	case F_INIT_TWICE:
		(void)WANT((CKR_OPERATION_ACTIVE), C_FindObjectsInit, P.s, NULL, 0);
		OK(C_FindObjects, P.s, &found, 1, &n);
		OK(C_FindObjectsFinal, P.s);
		break;
	case F_OTHER_OPERATION:
		/* A session need not do two things at once, but then it says so, and goes on with the first. */
		if (WANT((CKR_OK, CKR_OPERATION_ACTIVE), C_DigestInit, P.s, &m) == CKR_OK)
			OK(C_Digest, P.s, out.p, 3, out.p, &out.n);
		OK(C_FindObjects, P.s, &found, 1, &n);
		OK(C_FindObjectsFinal, P.s);
		break;
	case F_FINAL_TWICE:
		OK(C_FindObjectsFinal, P.s);
		(void)WANT((CKR_OPERATION_NOT_INITIALIZED), C_FindObjectsFinal, P.s);
		break;
	default:
		OK(C_FindObjectsFinal, P.s);
		(void)WANT((CKR_OPERATION_NOT_INITIALIZED), C_FindObjects, P.s, &found, 1, &n);
		break;
	}
}

/* Token objects are everybody's and outlive the session. */
static void
token_object(enum find how)
{
	CK_OBJECT_HANDLE o;
	CK_SESSION_HANDLE mine = P.s;
	struct tmpl t = { .n = 0 };

	t_text(&t, CKA_LABEL, "find-token");
	if (how == F_TOKEN_STAYS) {
		P.s = open_session(true);
		o = thing("find-token", "x", true);
		OK(C_CloseSession, P.s);
		P.s = mine;
	} else
		o = thing("find-token", "x", true);
	CHECK(attr_bool(o, CKA_TOKEN), "CKA_TOKEN is false");
	CHECK(count(open_session(false), &t, o, 8) >= 1, "not found");
	OK(C_DestroyObject, P.s, o);
	CHECK(count(P.s, &t, 0, 8) == 0, "found after it was destroyed");
}

static void
find(const void *arg, unsigned long how)
{
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE a, b, found[8];
	CK_ULONG n = 0;
	char label[32] = "find-";

	if ((how >= F_INIT_TWICE && how <= F_AFTER_FINAL) || how == F_OTHER_OPERATION) {
		states((enum find)how);
		return;
	}
	if (how == F_TOKEN_OBJECT || how == F_TOKEN_STAYS) {
		token_object((enum find)how);
		return;
	}
	label[5] = (char)('a' + how);
	a = thing(label, "one", false);
	b = thing(label, "other", false);
	if (how != F_ALL)
		t_text(&t, CKA_LABEL, label);
	switch ((enum find)how) {
	case F_LABEL: CHECK(count(P.s, &t, a, 8) == 2, "not two objects"); break;
	case F_ALL: CHECK(count(P.s, &t, a, 8) >= 2, "not all objects"); break;
	case F_TWO: t_text(&t, CKA_APPLICATION, "other"); CHECK(count(P.s, &t, b, 8) == 1, "not one object"); break;
	case F_NOTHING: t_text(&t, CKA_APPLICATION, "third"); CHECK(count(P.s, &t, 0, 8) == 0, "something found"); break;
	case F_ONE_BY_ONE: CHECK(count(P.s, &t, b, 1) == 2, "not two objects"); break;
	case F_CLASS: t_ulong(&t, CKA_CLASS, CKO_DATA); CHECK(count(P.s, &t, a, 8) == 2, "not two objects"); break;
	case F_BOOL: t_bool(&t, CKA_TOKEN, true); CHECK(count(P.s, &t, 0, 8) == 0, "session objects found as token objects"); break;
	case F_TOKEN_FALSE: t_bool(&t, CKA_TOKEN, false); CHECK(count(P.s, &t, a, 8) == 2, "not two objects"); break;
	case F_OTHER_SESSION: CHECK(count(open_session(false), &t, a, 8) == 2, "not two objects"); break;
	case F_DESTROYED: OK(C_DestroyObject, P.s, a); CHECK(count(P.s, &t, b, 8) == 1, "not one object"); break;
	case F_PREFIX:
		t_drop(&t, CKA_LABEL);
		t_text(&t, CKA_LABEL, "find-");
		CHECK(count(P.s, &t, 0, 8) == 0, "the beginning of a label found it");
		break;
	case F_UNKNOWN: t_text(&t, 0x7fff0001UL, "?"); CHECK(count(P.s, &t, 0, 8) == 0, "found by an unknown attribute"); break;
	case F_ATTRIBUTE_NOT_THERE:
		t_bool(&t, CKA_SIGN, false);
		CHECK(count(P.s, &t, 0, 8) == 0, "data objects have no CKA_SIGN");
		break;
	case F_EMPTY_VALUE:
		t_text(&t, CKA_OBJECT_ID, "");
		CHECK(count(P.s, &t, a, 8) == 2, "an empty attribute is not found");
		break;
	case F_ZERO:
		OK(C_FindObjectsInit, P.s, t.a, t.n);
		OK(C_FindObjects, P.s, found, 0, &n);
		CHECK(n == 0, "%lu objects where none was asked for", n);
		OK(C_FindObjects, P.s, found, 8, &n);
		CHECK(n == 2, "%lu objects after it", n);
		OK(C_FindObjectsFinal, P.s);
		break;
	default: /* F_DURING: an object destroyed while somebody searches */
		OK(C_FindObjectsInit, P.s, t.a, t.n);
		OK(C_DestroyObject, P.s, a);
		OK(C_FindObjects, P.s, found, 8, &n);
		OK(C_FindObjectsFinal, P.s);
		CHECK(n >= 1 && n <= 2 && (found[0] == b || found[n - 1] == b), "%lu objects", n);
		break;
	}
}

void
probe_find(void)
{
	static const struct {
		enum find how;
		const char *section, *name;
	} rows[] = {
		{ F_LABEL, "5.7.7", "find-label|by label" },
		{ F_ALL, "5.7.7", "find-all|everything" },
		{ F_NOTHING, "5.7.7", "find-nothing|nothing matches" },
		{ F_TWO, "5.7.7", "find-two-attributes|by two attributes" },
		{ F_ONE_BY_ONE, "5.7.8", "find-one-by-one|one at a time" },
		{ F_CLASS, "5.7.7", "find-class|by class and label" },
		{ F_BOOL, "5.7.7", "find-token-true|session objects are no token objects" },
		{ F_TOKEN_FALSE, "5.7.7", "find-token-false|by CKA_TOKEN = false" },
		{ F_OTHER_SESSION, "5.7.7", "find-other-session|another session's objects" },
		{ F_DESTROYED, "5.7.7", "find-destroyed|not what was destroyed" },
		{ F_PREFIX, "5.7.7", "find-prefix|values are compared whole" },
		{ F_UNKNOWN, "5.7.7", "find-unknown|by an unknown attribute" },
		{ F_ATTRIBUTE_NOT_THERE, "5.7.7", "find-foreign|by an attribute the objects do not have" },
		{ F_EMPTY_VALUE, "5.7.7", "find-empty|by an empty attribute" },
		{ F_ZERO, "5.7.8", "find-zero|no more than asked for" },
		{ F_DURING, "5.7.8", "find-during|an object goes during a search" },
		{ F_INIT_TWICE, "5.7.7", "find-init-twice|a search in a search" },
		{ F_NO_INIT, "5.7.8", "find-no-init|C_FindObjects without a search" },
		{ F_NO_INIT_FINAL, "5.7.9", "find-no-init-final|C_FindObjectsFinal without a search" },
		{ F_FINAL_TWICE, "5.7.9", "find-final-twice|C_FindObjectsFinal twice" },
		{ F_AFTER_FINAL, "5.7.8", "find-after-final|C_FindObjects after the end" },
		{ F_OTHER_OPERATION, "5.7.7", "find-and-digest|a digest during a search" },
		{ F_TOKEN_OBJECT, "4.4", "token-object|a token object is found and destroyed" },
		{ F_TOKEN_STAYS, "5.6.2", "token-object-stays|a token object outlives its session" },
	};

	for (size_t i = 0; i < LEN(rows); i++)
		probe_case(0, rows[i].section, find, NULL, rows[i].how, "%s", rows[i].name);
}
