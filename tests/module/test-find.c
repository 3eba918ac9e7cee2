/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <stdio.h>
#include <string.h>

/* Searches: PKCS#11 3.0 sections 5.7.7 to 5.7.9. */

static CK_SESSION_HANDLE s;

static CK_OBJECT_HANDLE
make_data(const char *label, const char *value, bool token)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_BYTES(CKA_LABEL, label, strlen(label)),
		T_BYTES(CKA_VALUE, value, strlen(value)), T_BOOL(CKA_TOKEN, token) };
	CK_OBJECT_HANDLE object = 0;

	if (p11->C_CreateObject(s, template, LEN(template), &object) != CKR_OK)
		test_bail("cannot make %s", label);
	return object;
}

static void
finds(const char *what, const CK_ATTRIBUTE *template, CK_ULONG n, CK_ULONG want)
{
	test_eq(mod_find(s, template, n, NULL, 0), want, "find %s", what);
}

static void
by_attributes(void)
{
	const CK_ATTRIBUTE data = T_ULONG(CKA_CLASS, CKO_DATA);
	const CK_ATTRIBUTE keys = T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY);
	const CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "a") };
	const CK_ATTRIBUTE longer[] = { T_TEXT(CKA_LABEL, "ab") };
	const CK_ATTRIBUTE empty[] = { { CKA_LABEL, NULL, 0 } };
	const CK_ATTRIBUTE value[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_TEXT(CKA_VALUE, "2") };
	const CK_ATTRIBUTE nothing[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_TEXT(CKA_LABEL, "a"), T_TEXT(CKA_VALUE, "4") };
	const CK_ATTRIBUTE on_token[] = { T_BOOL(CKA_TOKEN, CK_TRUE) };
	const CK_ATTRIBUTE off_token[] = { T_BOOL(CKA_TOKEN, CK_FALSE), T_TEXT(CKA_LABEL, "a") };
	const CK_ATTRIBUTE odd[] = { { CKA_CLASS, data.pValue, 4 } };
	const CK_ATTRIBUTE unknown[] = { T_ULONG(0x4711, 0) };
	const CK_ATTRIBUTE id[] = { T_TEXT(CKA_ID, "\x42") };
	char unaligned[sizeof(CK_OBJECT_CLASS) + 1];
	const CK_ATTRIBUTE crooked[] = { { CKA_CLASS, unaligned + 1, sizeof(CK_OBJECT_CLASS) } };
	CK_OBJECT_HANDLE found[4] = { 0, 0, 0, 0 };
	const CK_OBJECT_HANDLE first = make_data("a", "1", true);

	memcpy(unaligned + 1, data.pValue, sizeof(CK_OBJECT_CLASS));
	(void)make_data("a", "2", true);
	(void)make_data("a", "3", false);
	(void)make_data("ab", "4", true);
	(void)make_data("", "5", true);
	finds("everything", NULL, 0, 5);
	finds("data", &data, 1, 5);
	finds("data, from an odd address", crooked, 1, 5);
	finds("private keys", &keys, 1, 0);
	finds("a label", label, 1, 3);
	finds("another one that begins like it", longer, 1, 1);
	finds("no label", empty, 1, 1);
	finds("a value", value, 2, 1);
	finds("label and value of two", nothing, 3, 0);
	finds("token objects", on_token, 1, 4);
	finds("session objects", off_token, 2, 1);
	finds("a class with the wrong length", odd, 1, 0);
	finds("an unknown attribute", unknown, 1, 0);
	finds("an id", id, 1, 0);
	test_eq(mod_find(s, value, 2, found, 4), 1, "the one");
	test_ok(found[0] != 0 && found[0] != first, "with a handle of its own");
	test_eq(mod_find(s, label, 1, found, 4), 3, "again");
	test_ok(found[0] == first || found[1] == first || found[2] == first, "handles stay");
}

static void
machine(void)
{
	const CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "a") };
	CK_OBJECT_HANDLE found[8];
	CK_ULONG n = 99;

	test_eq(p11->C_FindObjects(s, found, 8, &n), CKR_OPERATION_NOT_INITIALIZED, "C_FindObjects without a search");
	test_eq(p11->C_FindObjectsFinal(s), CKR_OPERATION_NOT_INITIALIZED, "C_FindObjectsFinal without a search");
	test_eq(p11->C_FindObjectsInit(s, (CK_ATTRIBUTE *)(uintptr_t)label, 1), CKR_OK, "C_FindObjectsInit");
	test_eq(p11->C_FindObjectsInit(s, NULL, 0), CKR_OPERATION_ACTIVE, "a second search");
	test_eq(p11->C_FindObjects(s, found, 0, &n), CKR_OK, "none of them");
	test_eq(n, 0, "is none");
	test_eq(p11->C_FindObjects(s, found, 2, &n), CKR_OK, "two of them");
	test_eq(n, 2, "are two");
	test_eq(p11->C_FindObjects(s, found + 2, 6, &n), CKR_OK, "the rest");
	test_eq(n, 1, "is one");
	test_ok(found[0] != found[1] && found[1] != found[2] && found[0] != found[2], "each once");
	test_eq(p11->C_FindObjects(s, found, 8, &n), CKR_OK, "and no more");
	test_eq(n, 0, "none");
	test_eq(p11->C_FindObjectsFinal(s), CKR_OK, "C_FindObjectsFinal");
	test_eq(p11->C_FindObjects(s, found, 8, &n), CKR_OPERATION_NOT_INITIALIZED, "C_FindObjects after it");
	/* An object that goes during a search may be found and is not there. */
	test_eq(p11->C_FindObjectsInit(s, (CK_ATTRIBUTE *)(uintptr_t)label, 1), CKR_OK, "a search");
	test_eq(p11->C_FindObjects(s, found, 1, &n), CKR_OK, "its first");
	test_eq(p11->C_DestroyObject(s, found[0]), CKR_OK, "is destroyed");
	test_eq(p11->C_FindObjects(s, found + 1, 7, &n), CKR_OK, "its others");
	test_eq(n, 2, "are there");
	test_eq(p11->C_FindObjectsFinal(s), CKR_OK, "done");
	finds("what is left", label, 1, 2);
}

/* Nobody can try values of secrets by searching for them. */
static void
secrets(void)
{
	CK_MECHANISM generic = { CKM_GENERIC_SECRET_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE open[] = { T_ULONG(CKA_VALUE_LEN, 1), T_BOOL(CKA_SENSITIVE, CK_FALSE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE) };
	CK_ATTRIBUTE shut[] = { T_ULONG(CKA_VALUE_LEN, 1) };
	CK_OBJECT_HANDLE key[2] = { 0, 0 };
	CK_ULONG hits = 0;
	CK_BYTE value = 0;

	test_eq(p11->C_GenerateKey(s, &generic, open, 3, &key[0]), CKR_OK, "a byte that may be read");
	test_eq(p11->C_GenerateKey(s, &generic, shut, 1, &key[1]), CKR_OK, "a byte that may not");
	test_eq(mod_attr(s, key[0], CKA_VALUE, &value, 1), 1, "the first is read");
	test_eq(mod_attr_rv(s, key[1], CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "the second is not");
	for (unsigned i = 0; i < 256; i++) {
		const CK_BYTE guess = (CK_BYTE)i;
		const CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_BYTES(CKA_VALUE, &guess, 1) };

		CK_OBJECT_HANDLE found[2] = { 0, 0 };

		if (mod_find(s, template, 2, found, 2) != 0 && (found[0] == key[1] || found[1] == key[1]))
			hits++;
	}
	test_eq(hits, 0, "no guess finds it");
}

static void
edwards(void)
{
	const CK_ATTRIBUTE class[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY) };
	const CK_ATTRIBUTE where[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_BOOL(CKA_TOKEN, CK_TRUE), T_BOOL(CKA_PRIVATE, CK_TRUE) };
	const CK_ATTRIBUTE type[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_ULONG(CKA_KEY_TYPE, CKK_EC_EDWARDS) };
	const CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "ed") };
	const CK_ATTRIBUTE sign[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_BOOL(CKA_SIGN, CK_TRUE) };
	CK_SESSION_HANDLE other;

	(void)mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "ec", true);
	(void)mod_ec(s, CKM_EC_EDWARDS_KEY_PAIR_GEN, OID_ED25519, "ed", true);
	finds("private keys: not the Edwards one", class, 1, 1);
	finds("private keys, and where they are", where, 3, 1);
	finds("Edwards keys", type, 2, 1);
	finds("the Edwards key's label", label, 1, 2);
	finds("private keys that sign", sign, 2, 2);
	s = mod_open(SLOT_ENDORSEMENT, true);
	(void)mod_ec(s, CKM_EC_EDWARDS_KEY_PAIR_GEN, NAME_ED25519, "ed", true);
	finds("private keys where edwards = always", class, 1, 1);
	other = s;
	s = mod_open(SLOT_NULL, false);
	finds("nothing on another token", NULL, 0, 0);
	mod_close(other);
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_config("[token endorsement]\nedwards = always\n");
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	by_attributes();
	machine();
	secrets();
	edwards();
	mod_fini();
	return test_done();
}
