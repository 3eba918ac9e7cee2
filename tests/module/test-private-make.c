/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <string.h>

/* Who may make which objects on a token with PINs (PKCS#11 3.0 section 5.6, table of session states), copies, and trust. */

#define PIN "user pin"

static CK_SESSION_HANDLE s;
static CK_BYTE value[32] = "thirty-two bytes of an AES key..";

static CK_RV
create_key(bool private, CK_OBJECT_HANDLE *key)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, CKK_AES), T_BOOL(CKA_PRIVATE, private),
		T_BYTES(CKA_VALUE, value, 32), T_BOOL(CKA_WRAP, CK_TRUE), T_BOOL(CKA_DERIVE, CK_TRUE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE) };

	return p11->C_CreateObject(s, template, LEN(template), key);
}

static CK_RV
create_data(bool private)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_BOOL(CKA_PRIVATE, private) };
	CK_OBJECT_HANDLE data;

	return p11->C_CreateObject(s, template, LEN(template), &data);
}

static CK_RV
generate(bool private, bool token)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_VALUE_LEN, 16), T_BOOL(CKA_PRIVATE, private), T_BOOL(CKA_TOKEN, token) };
	CK_OBJECT_HANDLE key;

	return p11->C_GenerateKey(s, &m, template, LEN(template), &key);
}

static CK_RV
generate_pair(bool private, bool token)
{
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { T_BYTES(CKA_EC_PARAMS, OID_P256, 10), T_BOOL(CKA_TOKEN, token) };
	CK_ATTRIBUTE closed[] = { T_BOOL(CKA_PRIVATE, private), T_BOOL(CKA_TOKEN, token) };
	struct pair pair;

	return p11->C_GenerateKeyPair(s, &m, public, 2, closed, 2, &pair.public, &pair.private);
}

static CK_RV
copy(CK_OBJECT_HANDLE from, bool private, CK_OBJECT_HANDLE *ret_copy)
{
	CK_ATTRIBUTE template[] = { T_BOOL(CKA_PRIVATE, private) };

	return p11->C_CopyObject(s, from, template, 1, ret_copy);
}

static CK_RV
unwrap(CK_OBJECT_HANDLE by, bool private)
{
	CK_MECHANISM m = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, CKK_AES), T_BOOL(CKA_PRIVATE, private) };
	CK_BYTE wrapped[64];
	CK_ULONG len = sizeof(wrapped);
	CK_OBJECT_HANDLE key;
	const CK_RV rv = p11->C_WrapKey(s, &m, by, by, wrapped, &len);

	if (rv != CKR_OK)
		test_bail("C_WrapKey: 0x%lx", rv);
	return p11->C_UnwrapKey(s, &m, by, wrapped, len, template, LEN(template), &key);
}

static CK_RV
derive(CK_OBJECT_HANDLE base, bool private)
{
	CK_KEY_DERIVATION_STRING_DATA data = { value, 16 };
	CK_MECHANISM m = { CKM_AES_ECB_ENCRYPT_DATA, &data, sizeof(data) };
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), T_BOOL(CKA_PRIVATE, private) };
	CK_OBJECT_HANDLE key;

	return p11->C_DeriveKey(s, &m, base, template, 2, &key);
}

/* Everything that makes an object; want: for private ones. Public ones are everybody's. */
static void
makes(const char *who, CK_RV want)
{
	CK_OBJECT_HANDLE key = 0;
	CK_OBJECT_HANDLE other = 0;

	test_eq(create_key(true, &other), want, "%s: C_CreateObject of a private key", who);
	test_eq(create_data(true), want, "%s: of private data", who);
	test_eq(generate(true, false), want, "%s: C_GenerateKey, private, in the session", who);
	test_eq(generate(true, true), want, "%s: on the token", who);
	test_eq(generate_pair(true, false), want, "%s: C_GenerateKeyPair, private, in the session", who);
	test_eq(generate_pair(true, true), want, "%s: on the token", who);
	test_eq(create_key(false, &key), CKR_OK, "%s: a public secret key", who);
	test_eq(create_data(false), CKR_OK, "%s: public data", who);
	test_eq(generate(false, true), CKR_OK, "%s: a public key on the token", who);
	test_eq(generate_pair(false, true), CKR_OK, "%s: a public pair", who);
	test_eq(copy(key, false, &other), CKR_OK, "%s: C_CopyObject, public", who);
	test_eq(copy(key, true, &other), want, "%s: from public to private", who);
	test_eq(unwrap(key, false), CKR_OK, "%s: C_UnwrapKey, public", who);
	test_eq(unwrap(key, true), want, "%s: private", who);
	test_eq(derive(key, false), CKR_OK, "%s: C_DeriveKey, public", who);
	test_eq(derive(key, true), want, "%s: private", who);
}

static void
copies(void)
{
	CK_ATTRIBUTE off[] = { T_BOOL(CKA_PRIVATE, CK_FALSE) };
	const struct pair token = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "token pair", true);
	CK_OBJECT_HANDLE key = 0;
	CK_OBJECT_HANDLE made = 0;

	test_eq(create_key(true, &key), CKR_OK, "a private session key");
	test_eq(copy(key, false, &made), CKR_TEMPLATE_INCONSISTENT, "no copy of it is public");
	test_eq(copy(token.private, false, &made), CKR_TEMPLATE_INCONSISTENT, "nor of one on the token");
	test_eq(copy(token.private, true, &made), CKR_OK, "a private one is fine");
	test_eq(p11->C_SetAttributeValue(s, key, off, 1), CKR_ATTRIBUTE_READ_ONLY, "CKA_PRIVATE is not set later");
	test_eq(p11->C_DestroyObject(s, made), CKR_OK, "the copy goes");
}

/* A private session object goes with the login, whoever's session it is in. */
static void
session_objects(void)
{
	const CK_SESSION_HANDLE other = mod_open(SLOT_OWNER, false);
	CK_OBJECT_HANDLE private = 0;
	CK_OBJECT_HANDLE public = 0;

	test_eq(create_key(true, &private), CKR_OK, "private, in the session");
	test_eq(create_key(false, &public), CKR_OK, "public, in the session");
	test_eq(p11->C_Logout(other), CKR_OK, "logged out in another session");
	test_eq(mod_attr_rv(s, private, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "the private one is gone");
	test_eq(p11->C_DestroyObject(s, private), CKR_OBJECT_HANDLE_INVALID, "and cannot be destroyed");
	test_eq(mod_attr_rv(s, public, CKA_LABEL), CKR_OK, "the public one is there");
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "logged in again");
	test_eq(mod_attr_rv(s, private, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "it was destroyed");
	mod_close(other);
}

static CK_RV
trust(CK_OBJECT_HANDLE key, bool on)
{
	CK_ATTRIBUTE a[] = { T_BOOL(CKA_TRUSTED, on) };

	return p11->C_SetAttributeValue(s, key, a, 1);
}

static CK_RV
wrap(CK_OBJECT_HANDLE by, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM m = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	CK_BYTE wrapped[64];
	CK_ULONG len = sizeof(wrapped);

	return p11->C_WrapKey(s, &m, by, key, wrapped, &len);
}

static void
trusted(void)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, CKK_AES), T_BOOL(CKA_PRIVATE, CK_FALSE),
		T_BYTES(CKA_VALUE, value, 32), T_TEXT(CKA_LABEL, "wrapper"), T_BOOL(CKA_TOKEN, CK_TRUE), T_BOOL(CKA_TRUSTED, CK_TRUE) };
	CK_ATTRIBUTE with_trusted[] = { T_BOOL(CKA_WRAP_WITH_TRUSTED, CK_TRUE) };
	CK_OBJECT_HANDLE wrapper = 0;
	CK_OBJECT_HANDLE plain = 0;
	CK_OBJECT_HANDLE made = 0;
	CK_OBJECT_HANDLE key = 0;

	test_eq(p11->C_CreateObject(s, template, LEN(template), &wrapper), CKR_ATTRIBUTE_READ_ONLY, "the user makes no trusted key");
	test_eq(p11->C_CreateObject(s, template, LEN(template) - 1, &wrapper), CKR_OK, "but one that is not");
	test_eq(trust(wrapper, true), CKR_ATTRIBUTE_READ_ONLY, "and does not trust it");
	test_eq(create_key(true, &key), CKR_OK, "a key");
	test_eq(p11->C_SetAttributeValue(s, key, with_trusted, 1), CKR_OK, "that is wrapped by trusted keys only");
	test_eq(wrap(wrapper, key), CKR_KEY_NOT_WRAPPABLE, "this one is not");
	test_eq(p11->C_Logout(s), CKR_OK, "the user goes");
	test_eq(trust(wrapper, true), CKR_ATTRIBUTE_READ_ONLY, "nobody trusts it");
	test_eq(mod_login(s, CKU_SO, MOD_SO_PIN), CKR_OK, "the SO comes");
	test_eq(trust(wrapper, true), CKR_OK, "and does");
	template[4] = (CK_ATTRIBUTE)T_TEXT(CKA_LABEL, "another");
	test_eq(p11->C_CreateObject(s, template, LEN(template), &made), CKR_OK, "he makes a trusted one, too");
	test_ok(mod_bool(s, wrapper, CKA_TRUSTED) && mod_bool(s, made, CKA_TRUSTED), "both say so");
	test_eq(p11->C_Logout(s), CKR_OK, "the SO goes");
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the user comes");
	test_eq(create_key(true, &key), CKR_OK, "a key");
	test_eq(p11->C_SetAttributeValue(s, key, with_trusted, 1), CKR_OK, "that is wrapped by trusted keys only");
	test_eq(wrap(wrapper, key), CKR_OK, "by this one");
	test_eq(copy(wrapper, false, &plain), CKR_OK, "a copy that the user makes");
	test_ok(!mod_bool(s, plain, CKA_TRUSTED), "is not trusted");
	test_eq(wrap(plain, key), CKR_KEY_NOT_WRAPPABLE, "and wraps no such key");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	makes("no PINs", CKR_OK);
	mod_close(s);
	mod_guard(SLOT_OWNER, PIN);
	s = mod_open(SLOT_OWNER, true);
	makes("nobody", CKR_USER_NOT_LOGGED_IN);
	test_eq(mod_login(s, CKU_SO, MOD_SO_PIN), CKR_OK, "the SO");
	makes("SO", CKR_USER_NOT_LOGGED_IN);
	test_eq(p11->C_Logout(s), CKR_OK, "leaves");
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the user");
	makes("user", CKR_OK);
	copies();
	session_objects();
	trusted();
	mod_fini();
	return test_done();
}
