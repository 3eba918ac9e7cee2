/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <string.h>

/* C_SetAttributeValue, C_CopyObject and C_DestroyObject: PKCS#11 3.0 sections 5.7.2, 5.7.3 and 5.7.6. */

static CK_SESSION_HANDLE rw;
static CK_SESSION_HANDLE ro;

static void
label_is(CK_OBJECT_HANDLE object, const char *want, const char *what)
{
	char label[64];
	const CK_ULONG len = mod_attr(rw, object, CKA_LABEL, label, sizeof(label));

	test_mem(label, len, want, strlen(want), "%s: label %s", what, want);
}

static CK_OBJECT_HANDLE
make_data(const char *label, bool token, CK_ATTRIBUTE_TYPE more, bool value)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_TOKEN, token),
		T_BOOL(more, value) };
	CK_OBJECT_HANDLE object = 0;

	if (p11->C_CreateObject(rw, template, more == 0 ? 3 : 4, &object) != CKR_OK)
		test_bail("cannot make %s", label);
	return object;
}

static void
change(bool token)
{
	const char *where = token ? "token object" : "session object";
	const CK_OBJECT_HANDLE data = make_data("first", token, 0, false);
	const CK_OBJECT_HANDLE fixed = make_data("fixed", token, CKA_MODIFIABLE, CK_FALSE);
	CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "second") };
	CK_ATTRIBUTE half[] = { T_TEXT(CKA_LABEL, "third"), T_BOOL(CKA_TOKEN, !token) };
	CK_ATTRIBUTE unknown[] = { T_TEXT(CKA_LABEL, "third"), T_ULONG(CKA_MODULUS_BITS, 1) };
	CK_ATTRIBUTE bad[] = { T_TEXT(CKA_LABEL, "third"), T_TEXT(CKA_DESTROYABLE, "no") };
	CK_ATTRIBUTE both[] = { T_TEXT(CKA_LABEL, "third"), T_TEXT(CKA_LABEL, "fourth") };

	test_eq(p11->C_SetAttributeValue(ro, data, label, 1), token ? CKR_SESSION_READ_ONLY : CKR_OK, "%s: in a read-only session", where);
	test_eq(p11->C_SetAttributeValue(rw, data, label, 1), CKR_OK, "%s: in a read-write session", where);
	label_is(data, "second", where);
	test_eq(p11->C_SetAttributeValue(rw, data, half, 2), CKR_ATTRIBUTE_READ_ONLY, "%s: one of two is read-only", where);
	test_eq(p11->C_SetAttributeValue(rw, data, unknown, 2), CKR_ATTRIBUTE_TYPE_INVALID, "%s: one of two is not its own", where);
	test_eq(p11->C_SetAttributeValue(rw, data, bad, 2), CKR_ATTRIBUTE_VALUE_INVALID, "%s: one of two has the wrong length", where);
	test_eq(p11->C_SetAttributeValue(rw, data, both, 2), CKR_TEMPLATE_INCONSISTENT, "%s: two labels", where);
	label_is(data, "second", where);
	test_eq(p11->C_SetAttributeValue(rw, data, NULL, 1), CKR_ARGUMENTS_BAD, "%s: no template", where);
	test_eq(p11->C_SetAttributeValue(rw, data, NULL, 0), CKR_OK, "%s: nothing to change", where);
	test_eq(p11->C_SetAttributeValue(rw, fixed, label, 1), CKR_ACTION_PROHIBITED, "%s: not modifiable", where);
	label_is(fixed, "fixed", where);
	test_eq(p11->C_DestroyObject(rw, data), CKR_OK, "%s: destroyed", where);
	test_eq(p11->C_SetAttributeValue(rw, data, label, 1), CKR_OBJECT_HANDLE_INVALID, "%s: gone", where);
	test_eq(p11->C_DestroyObject(rw, fixed), CKR_OK, "%s: one that is not modifiable can be destroyed", where);
}

static void
one_way(bool token)
{
	const char *where = token ? "token key" : "session key";
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { T_TEXT(CKA_EC_PARAMS, OID_P256), T_BOOL(CKA_TOKEN, token) };
	CK_ATTRIBUTE private[] = { T_BOOL(CKA_SENSITIVE, CK_FALSE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE), T_BOOL(CKA_TOKEN, token) };
	CK_ATTRIBUTE sensitive = T_BOOL(CKA_SENSITIVE, CK_TRUE);
	CK_ATTRIBUTE open = T_BOOL(CKA_SENSITIVE, CK_FALSE);
	CK_ATTRIBUTE kept = T_BOOL(CKA_EXTRACTABLE, CK_FALSE);
	CK_ATTRIBUTE given = T_BOOL(CKA_EXTRACTABLE, CK_TRUE);
	CK_ATTRIBUTE no_copy = T_BOOL(CKA_COPYABLE, CK_FALSE);
	CK_ATTRIBUTE copy_again = T_BOOL(CKA_COPYABLE, CK_TRUE);
	CK_ATTRIBUTE ask = T_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE);
	CK_ATTRIBUTE local = T_BOOL(CKA_LOCAL, CK_FALSE);
	struct pair pair = { 0, 0 };
	CK_OBJECT_HANDLE copy = 0;
	CK_BYTE value[64];

	test_eq(p11->C_GenerateKeyPair(rw, &m, public, 2, private, 3, &pair.public, &pair.private), CKR_OK, "%s that can be extracted", where);
	test_ok(!mod_bool(rw, pair.private, CKA_ALWAYS_SENSITIVE) && !mod_bool(rw, pair.private, CKA_NEVER_EXTRACTABLE), "%s: and says so", where);
	test_eq(mod_attr(rw, pair.private, CKA_VALUE, value, sizeof(value)), 32, "%s: its value is to be read", where);
	test_eq(p11->C_SetAttributeValue(rw, pair.private, &sensitive, 1), CKR_OK, "%s: sensitive from now on", where);
	test_eq(mod_attr_rv(rw, pair.private, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "%s: its value is not to be read any more", where);
	test_eq(p11->C_SetAttributeValue(rw, pair.private, &open, 1), CKR_ATTRIBUTE_READ_ONLY, "%s: that stays", where);
	test_eq(p11->C_CopyObject(rw, pair.private, &open, 1, &copy), CKR_ATTRIBUTE_READ_ONLY, "%s: nor is a copy less sensitive", where);
	test_eq(p11->C_SetAttributeValue(rw, pair.private, &kept, 1), CKR_OK, "%s: not extractable from now on", where);
	test_eq(p11->C_SetAttributeValue(rw, pair.private, &given, 1), CKR_ATTRIBUTE_READ_ONLY, "%s: that stays, too", where);
	test_ok(!mod_bool(rw, pair.private, CKA_ALWAYS_SENSITIVE) && !mod_bool(rw, pair.private, CKA_NEVER_EXTRACTABLE), "%s: but once it was", where);
	test_eq(p11->C_SetAttributeValue(rw, pair.private, &local, 1), CKR_ATTRIBUTE_READ_ONLY, "%s: CKA_LOCAL is ours", where);
	test_eq(p11->C_CopyObject(rw, pair.private, &ask, 1, &copy), CKR_ATTRIBUTE_VALUE_INVALID, "%s: no PIN that could be asked for", where);
	test_eq(p11->C_SetAttributeValue(rw, pair.private, &no_copy, 1), CKR_OK, "%s: not copyable from now on", where);
	test_eq(p11->C_SetAttributeValue(rw, pair.private, &copy_again, 1), CKR_ATTRIBUTE_READ_ONLY, "%s: that stays as well", where);
	test_eq(p11->C_CopyObject(rw, pair.private, NULL, 0, &copy), CKR_ACTION_PROHIBITED, "%s: not copied", where);
	test_eq(p11->C_DestroyObject(rw, pair.private), CKR_OK, "%s: destroyed", where);
	test_eq(p11->C_DestroyObject(rw, pair.public), CKR_OK, "%s: and its public half", where);
}

static void
copies(void)
{
	CK_ATTRIBUTE to_token[] = { T_BOOL(CKA_TOKEN, CK_TRUE), T_TEXT(CKA_LABEL, "on the token") };
	CK_ATTRIBUTE to_session[] = { T_BOOL(CKA_TOKEN, CK_FALSE), T_TEXT(CKA_LABEL, "in the session") };
	CK_ATTRIBUTE class = T_ULONG(CKA_CLASS, CKO_CERTIFICATE);
	CK_ATTRIBUTE bad[] = { T_TEXT(CKA_LABEL, "x"), T_ULONG(CKA_VALUE_LEN, 1) };
	CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };
	const CK_OBJECT_HANDLE data = make_data("original", false, 0, false);
	const CK_OBJECT_HANDLE fast = make_data("fast", false, CKA_DESTROYABLE, CK_FALSE);
	const struct pair session_key = mod_ec(rw, CKM_EC_KEY_PAIR_GEN, OID_P256, "session", false);
	const struct pair token_key = mod_ec(rw, CKM_EC_KEY_PAIR_GEN, OID_P256, "token", true);
	char unique[2][40];
	CK_OBJECT_HANDLE copy = 0;
	CK_OBJECT_HANDLE copy2 = 0;
	CK_BYTE sig[1024];
	CK_ULONG len;

	test_eq(p11->C_CopyObject(ro, data, NULL, 0, &copy), CKR_OK, "a copy as it is (NSS)");
	label_is(copy, "original", "the copy");
	test_ok(copy != data, "it is another object");
	test_eq(mod_attr(rw, data, CKA_UNIQUE_ID, unique[0], 40), 32, "unique id");
	test_eq(mod_attr(rw, copy, CKA_UNIQUE_ID, unique[1], 40), 32, "unique id of the copy");
	test_ok(memcmp(unique[0], unique[1], 32) != 0, "they differ");
	test_eq(p11->C_CopyObject(ro, data, to_token, 2, &copy2), CKR_SESSION_READ_ONLY, "to the token in a read-only session");
	test_eq(p11->C_CopyObject(rw, data, to_token, 2, &copy2), CKR_OK, "to the token");
	label_is(copy2, "on the token", "the copy");
	test_ok(mod_bool(rw, copy2, CKA_TOKEN) && !mod_bool(rw, copy, CKA_TOKEN), "where they live");
	test_eq(p11->C_CopyObject(rw, data, &class, 1, &copy2), CKR_ATTRIBUTE_READ_ONLY, "as something else");
	test_eq(p11->C_CopyObject(rw, data, bad, 2, &copy2), CKR_ATTRIBUTE_TYPE_INVALID, "with what it has not");
	test_eq(p11->C_CopyObject(rw, data, NULL, 2, &copy2), CKR_ARGUMENTS_BAD, "with nothing, twice");
	test_eq(p11->C_DestroyObject(rw, fast), CKR_ACTION_PROHIBITED, "not destroyable");
	test_eq(p11->C_CopyObject(rw, session_key.private, to_token, 2, &copy2), CKR_OK, "a random key is sealed");
	len = mod_sign(rw, &ecdsa, copy2, "data", sig);
	test_eq(mod_verify(rw, &ecdsa, session_key.public, "data", sig, len), CKR_OK, "and is the same key");
	test_eq(p11->C_CopyObject(rw, session_key.public, to_token, 2, &copy2), CKR_OK, "its public half may go there");
	test_eq(p11->C_CopyObject(rw, token_key.private, to_session, 2, &copy), CKR_OK, "a token key in the session");
	len = mod_sign(rw, &ecdsa, copy, "data", sig);
	test_eq(len, 64, "signs");
	test_eq(mod_verify(rw, &ecdsa, token_key.public, "data", sig, len), CKR_OK, "and is the same key");
	test_eq(p11->C_CopyObject(rw, token_key.private, NULL, 0, &copy2), CKR_OK, "a token key on the token");
	test_eq(p11->C_DestroyObject(rw, token_key.private), CKR_OK, "the original goes");
	len = mod_sign(rw, &ecdsa, copy2, "data", sig);
	test_eq(mod_verify(rw, &ecdsa, token_key.public, "data", sig, len), CKR_OK, "the copy stays");
}

/* C_SetAttributeValue(ID) on both halves, as NSS and Java do after generation. */
static void
ids(void)
{
	const struct pair pair = mod_ec(rw, CKM_EC_KEY_PAIR_GEN, OID_P384, "nss", true);
	CK_ATTRIBUTE id[] = { T_TEXT(CKA_ID, "\x01\x02\x03") };
	CK_ATTRIBUTE none[] = { { CKA_ID, NULL, 0 } };
	CK_BYTE value[32];

	test_eq(p11->C_SetAttributeValue(rw, pair.private, id, 1), CKR_OK, "an id for the private key");
	test_eq(p11->C_SetAttributeValue(rw, pair.public, id, 1), CKR_OK, "and for the public key");
	test_eq(mod_find(rw, id, 1, NULL, 0), 2, "both are found by it");
	test_mem(value, mod_attr(rw, pair.private, CKA_ID, value, sizeof(value)), id[0].pValue, 3, "and tell it");
	test_eq(p11->C_SetAttributeValue(rw, pair.public, none, 1), CKR_OK, "no id any more");
	test_eq(mod_find(rw, id, 1, NULL, 0), 1, "one is found");
	mod_fini();
	mod_init();
	rw = mod_open(SLOT_OWNER, true);
	ro = mod_open(SLOT_OWNER, false);
	test_eq(mod_find(rw, id, 1, NULL, 0), 1, "the next time, too");
	test_ok(mod_the(rw, CKO_PUBLIC_KEY, "nss") != 0, "the label was not touched");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	rw = mod_open(SLOT_OWNER, true);
	ro = mod_open(SLOT_OWNER, false);
	change(false);
	change(true);
	one_way(false);
	one_way(true);
	copies();
	ids();
	mod_fini();
	return test_done();
}
