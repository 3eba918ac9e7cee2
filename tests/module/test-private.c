/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"
#include "pkcs11-derive.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Private objects of tokens with PINs (PKCS#11 3.0 section 4.4): who sees them, what a logout ends, and that without the PIN nobody has the keys. */

#define PIN_A "pin of a"
#define PIN_B "pin of b"
enum { SLOT_A = SLOT_FIRST_ADDED, SLOT_B };

static CK_SESSION_HANDLE s;
static CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };
static CK_BYTE aes_value[32] = "an AES key that comes from afar";

static void
sql(const char *text)
{
	char path[4096];
	char *why = NULL;
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/store.db", getenv("SEEDLEAF_STORE"));
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		test_bail("%s: %s", text, why == NULL ? "?" : why);
	(void)sqlite3_close(db);
}

static CK_ULONG
count(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label)
{
	const CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, class), T_BYTES(CKA_LABEL, label, strlen(label)) };

	return mod_find(session, template, LEN(template), NULL, 0);
}

static void
user(void)
{
	if (mod_login(s, CKU_USER, PIN_A) != CKR_OK)
		test_bail("the user's login");
}

static void
out(void)
{
	if (p11->C_Logout(s) != CKR_OK)
		test_bail("the logout");
}

/* A block of zeros under the key: tells one AES key from another. */
static CK_RV
mark(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_BYTE block[16])
{
	CK_MECHANISM m = { CKM_AES_ECB, NULL, 0 };
	CK_BYTE zeros[16] = { 0 };
	CK_ULONG len = 16;
	CK_RV rv = p11->C_EncryptInit(session, &m, key);

	return rv == CKR_OK ? p11->C_Encrypt(session, zeros, 16, block, &len) : rv;
}

static CK_OBJECT_HANDLE
import_aes(const char *label)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, CKK_AES), T_BYTES(CKA_LABEL, label, strlen(label)),
		T_BOOL(CKA_TOKEN, CK_TRUE), T_BYTES(CKA_VALUE, aes_value, 32) };
	CK_OBJECT_HANDLE key = 0;
	const CK_RV rv = p11->C_CreateObject(s, template, LEN(template), &key);

	if (rv != CKR_OK)
		test_bail("importing %s: 0x%lx", label, rv);
	return key;
}

static CK_OBJECT_HANDLE
make_aes(const char *label)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_VALUE_LEN, 32), T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_OBJECT_HANDLE key = 0;
	const CK_RV rv = p11->C_GenerateKey(s, &m, template, LEN(template), &key);

	if (rv != CKR_OK)
		test_bail("generating %s: 0x%lx", label, rv);
	return key;
}

static CK_OBJECT_HANDLE
root_of(CK_SESSION_HANDLE session)
{
	CK_ATTRIBUTE template[] = { T_TEXT(CKA_LABEL, "seedleaf root") };
	CK_OBJECT_HANDLE found = 0;
	CK_ULONG n = 0;

	if (p11->C_FindObjectsInit(session, template, 1) != CKR_OK || p11->C_FindObjects(session, &found, 1, &n) != CKR_OK ||
	    p11->C_FindObjectsFinal(session) != CKR_OK)
		test_bail("looking for the root");
	return n == 1 ? found : 0;
}

static CK_ULONG
hkdf_of_root(CK_BYTE value[64])
{
	CK_BYTE salt[] = "salt";
	CK_HKDF_PARAMS p = { CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_DATA, salt, 4, 0, salt, 4 };
	CK_MECHANISM m = { CKM_HKDF_DERIVE, &p, sizeof(p) };
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), T_BOOL(CKA_SENSITIVE, CK_FALSE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE),
		T_ULONG(CKA_VALUE_LEN, 32) };
	CK_OBJECT_HANDLE key = 0;
	const CK_RV rv = p11->C_DeriveKey(s, &m, root_of(s), template, LEN(template), &key);

	if (rv != CKR_OK)
		test_bail("C_DeriveKey: 0x%lx", rv);
	return mod_attr(s, key, CKA_VALUE, value, 64);
}

/* What the other process does. */
static int
other(const char *what)
{
	const bool logs_in = strncmp(what, "in-", 3) == 0;
	CK_BYTE block[64];
	CK_BYTE sig[1024];
	char expected[128] = "";
	FILE *f;

	mod_init();
	s = mod_open(SLOT_A, true);
	if (logs_in && mod_login(s, CKU_USER, PIN_A) != CKR_OK)
		return 10;
	if (strcmp(what, "out") == 0) {
		if (count(s, CKO_PRIVATE_KEY, "ec") + count(s, CKO_SECRET_KEY, "aes") + count(s, CKO_SECRET_KEY, "import") + count(s, CKO_SECRET_KEY, "declared aes") != 0)
			return 1;
		if (count(s, CKO_PUBLIC_KEY, "ec") != 1 || count(s, CKO_PUBLIC_KEY, "declared") != 1 || count(s, CKO_PRIVATE_KEY, "declared") != 0)
			return 2;
		return root_of(s) == 0 ? 0 : 3;
	}
	if (strcmp(what, "in-keys") == 0) {
		const char *names[] = { "aes", "import", "declared aes" };

		if ((f = fopen(mod_path("marks"), "r")) == NULL)
			return 11;
		for (size_t i = 0; i < LEN(names); i++) {
			if (fread(expected, 1, 16, f) != 16 || mark(s, mod_the(s, CKO_SECRET_KEY, names[i]), block) != CKR_OK ||
			    memcmp(block, expected, 16) != 0)
				return (int)i + 1;
		}
		if (fread(expected, 1, 32, f) != 32 || hkdf_of_root(block) != 32 || memcmp(block, expected, 32) != 0)
			return 5;
		(void)fclose(f);
		return mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "ec"), "data", sig) == 64 &&
		       mod_verify(s, &ecdsa, mod_the(s, CKO_PUBLIC_KEY, "ec"), "data", sig, 64) == CKR_OK &&
		       mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "declared"), "data", sig) == 64 &&
		       mod_verify(s, &ecdsa, mod_the(s, CKO_PUBLIC_KEY, "declared"), "data", sig, 64) == CKR_OK ? 0 : 6;
	}
	if (strcmp(what, "in-damaged") == 0) {
		/* Keys that are said not to be bound: they are not what they were, and where there is a public key that is noticed. */
		if (p11->C_SignInit(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "ec")) != CKR_DEVICE_ERROR)
			return 1;
		return mark(s, mod_the(s, CKO_SECRET_KEY, "import"), block) == CKR_DEVICE_ERROR ? 0 : 2;
	}
	return 99;
}

static void
keys_of_the_user(void)
{
	CK_BYTE marks[4][16];
	CK_BYTE derived[2][64];
	CK_BYTE block[16];
	CK_BYTE sig[1024];
	CK_OBJECT_HANDLE private;
	CK_OBJECT_HANDLE public;
	CK_OBJECT_HANDLE aes;
	CK_OBJECT_HANDLE root;
	FILE *f;

	test_eq(count(s, CKO_PUBLIC_KEY, "declared"), 0, "before the first login nobody can compute a declared key");
	test_eq(count(s, CKO_PRIVATE_KEY, "declared"), 0, "neither half");
	test_eq(root_of(s), 0, "the root is not there without a login");
	user();
	test_eq(count(s, CKO_PRIVATE_KEY, "declared"), 1, "the user has his declared keys");
	(void)mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "ec", true);
	aes = make_aes("aes");
	(void)import_aes("import");
	private = mod_the(s, CKO_PRIVATE_KEY, "ec");
	public = mod_the(s, CKO_PUBLIC_KEY, "declared");
	root = root_of(s);
	test_ok(root != 0, "and the root");
	test_eq(mod_sign(s, &ecdsa, private, "data", sig), 64, "a key of his signs");
	test_eq(mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "declared"), "data", sig), 64, "and a declared one");
	test_eq(mod_verify(s, &ecdsa, public, "data", sig, 64), CKR_OK, "which verifies");
	test_eq(mark(s, aes, marks[0]), CKR_OK, "AES, derived");
	test_eq(mark(s, mod_the(s, CKO_SECRET_KEY, "import"), marks[1]), CKR_OK, "AES, sealed");
	test_eq(mark(s, mod_the(s, CKO_SECRET_KEY, "declared aes"), marks[2]), CKR_OK, "AES, declared");
	test_eq(hkdf_of_root(derived[0]), 32, "derived from the root");
	if ((f = fopen(mod_path("marks"), "we")) == NULL || fwrite(marks, 16, 3, f) != 3 || fwrite(derived[0], 32, 1, f) != 1 || fclose(f) != 0)
		test_bail("marks");
	out();
	test_eq(mod_attr_rv(s, private, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "logged out: the private key's handle is none");
	test_eq(p11->C_SignInit(s, &ecdsa, private), CKR_KEY_HANDLE_INVALID, "for an operation, too");
	test_eq(mark(s, aes, block), CKR_KEY_HANDLE_INVALID, "nor the secret key's");
	test_eq(mod_attr_rv(s, root, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "nor the root's");
	test_eq(mod_attr_rv(s, public, CKA_LABEL), CKR_OK, "the public key's is what it was");
	test_eq(mod_verify(s, &ecdsa, public, "data", sig, 64), CKR_OK, "and verifies");
	test_eq(count(s, CKO_PRIVATE_KEY, "ec") + count(s, CKO_PRIVATE_KEY, "declared") + count(s, CKO_SECRET_KEY, "aes"), 0, "none is found");
	test_eq(count(s, CKO_PUBLIC_KEY, "ec") + count(s, CKO_PUBLIC_KEY, "declared"), 2, "the public ones are");
	test_eq(mod_other("out"), 0, "and so in another process");
	user();
	test_eq(mod_attr_rv(s, private, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "logged in again: an old handle stays none");
	test_eq(mod_attr_rv(s, root, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "the root's, too");
	test_ok(mod_the(s, CKO_PRIVATE_KEY, "ec") != private, "there is a new one");
	test_eq(mod_verify(s, &ecdsa, mod_the(s, CKO_PUBLIC_KEY, "declared"), "data", sig, 64), CKR_OK, "the declared public key is the same");
	test_eq(mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "declared"), "data", sig), 64, "the declared key signs again");
	test_eq(mod_verify(s, &ecdsa, public, "data", sig, 64), CKR_OK, "under the handle from before");
	test_eq(mark(s, mod_the(s, CKO_SECRET_KEY, "aes"), block), CKR_OK, "AES, derived");
	test_mem(block, 16, marks[0], 16, "is the same key");
	test_eq(mark(s, mod_the(s, CKO_SECRET_KEY, "import"), block), CKR_OK, "AES, sealed");
	test_mem(block, 16, marks[1], 16, "is the same key");
	test_eq(mark(s, mod_the(s, CKO_SECRET_KEY, "declared aes"), block), CKR_OK, "AES, declared");
	test_mem(block, 16, marks[2], 16, "is the same key");
	test_eq(hkdf_of_root(derived[1]), 32, "from the root");
	test_mem(derived[1], 32, derived[0], 32, "the same");
	test_eq(mod_other("in-keys"), 0, "all the same in another process");
	out();
}

/* With the store in hand, and the TPM, but without the PIN. */
static void
without_the_pin(void)
{
	sql("CREATE TABLE k1 AS SELECT * FROM recipe; CREATE TABLE k2 AS SELECT * FROM sealed; UPDATE recipe SET bound = 0; UPDATE sealed SET bound = 0");
	test_eq(mod_other("in-damaged"), 0, "a store that says a key is not bound does not open it");
	sql("DELETE FROM recipe; DELETE FROM sealed; INSERT INTO recipe SELECT * FROM k1; INSERT INTO sealed SELECT * FROM k2; DROP TABLE k1; DROP TABLE k2");
	test_eq(mod_other("in-keys"), 0, "put right");
}

static void
so_sees_nothing(void)
{
	const CK_ATTRIBUTE private[] = { T_BOOL(CKA_PRIVATE, CK_TRUE) };

	test_eq(mod_login(s, CKU_SO, MOD_SO_PIN), CKR_OK, "the SO logs in");
	test_eq(mod_find(s, private, 1, NULL, 0), 0, "he sees no private object");
	test_eq(root_of(s), 0, "nor the root");
	test_eq(count(s, CKO_PUBLIC_KEY, "ec"), 1, "but public ones");
	out();
}

/* Another token on the same TPM, with another PIN, in the same store. */
static void
two_users(void)
{
	const CK_SESSION_HANDLE b = mod_open(SLOT_B, true);
	const CK_SESSION_HANDLE a = s;
	CK_BYTE block[16];

	user();
	test_eq(mod_login(b, CKU_USER, PIN_A), CKR_PIN_INCORRECT, "the PIN of one token is none of the other");
	test_eq(mod_login(b, CKU_USER, PIN_B), CKR_OK, "its own is");
	s = b;
	(void)mod_ec(b, CKM_EC_KEY_PAIR_GEN, OID_P256, "ec of b", true);
	(void)import_aes("import");
	s = a;
	test_eq(p11->C_Logout(b), CKR_OK, "the other user goes");
	test_eq(count(b, CKO_PUBLIC_KEY, "ec of b"), 1, "his public key is listed");
	test_eq(count(b, CKO_PRIVATE_KEY, "ec of b"), 0, "his private key is not");
	test_eq(count(a, CKO_PRIVATE_KEY, "ec"), 1, "while the first user's is");
	test_eq(count(a, CKO_PUBLIC_KEY, "ec of b"), 0, "tokens have objects of their own");
	out();
	/* Each one's sealed key in the other's place; each one's derived key under the other's name. */
	sql("CREATE TABLE k AS SELECT s.object, s.blob FROM sealed s; UPDATE sealed SET blob = (SELECT blob FROM k WHERE k.object != sealed.object); DROP TABLE k;"
	    "CREATE TABLE k AS SELECT r.object, r.salt FROM recipe r JOIN object o ON o.id = r.object WHERE o.class = 3;"
	    "UPDATE recipe SET salt = (SELECT salt FROM k WHERE k.object != recipe.object) WHERE object IN (SELECT object FROM k); DROP TABLE k;");
	mod_fini();
	mod_init();
	s = mod_open(SLOT_A, true);
	user();
	test_eq(mark(s, mod_the(s, CKO_SECRET_KEY, "import"), block), CKR_DEVICE_ERROR, "another user's sealed key does not open");
	test_eq(p11->C_SignInit(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "ec")), CKR_DEVICE_ERROR, "his derived key is not computed");
	out();
}

/* Everything of before is gone, also for a process that was not there. */
static void
initialized_again(void)
{
	CK_BYTE before[2][256];
	CK_BYTE root[2][64];
	CK_ULONG len;

	user();
	len = mod_attr(s, mod_the(s, CKO_PUBLIC_KEY, "declared"), CKA_PUBLIC_KEY_INFO, before[0], 256);
	(void)hkdf_of_root(root[0]);
	mod_close(s);
	mod_guard(SLOT_A, PIN_A);
	s = mod_open(SLOT_A, true);
	test_eq(count(s, CKO_PUBLIC_KEY, "ec") + count(s, CKO_PUBLIC_KEY, "declared"), 0, "C_InitToken: nothing is there");
	user();
	test_eq(count(s, CKO_PRIVATE_KEY, "ec"), 0, "no private key either");
	test_eq(mod_attr(s, mod_the(s, CKO_PUBLIC_KEY, "declared"), CKA_PUBLIC_KEY_INFO, before[1], 256), len, "the declared key");
	test_ok(memcmp(before[0], before[1], len) != 0, "is another key now");
	(void)hkdf_of_root(root[1]);
	test_ok(memcmp(root[0], root[1], 32) != 0, "and so is what comes from the root");
}

static void
last_session(void)
{
	const CK_OBJECT_HANDLE key = mod_the(s, CKO_PRIVATE_KEY, "declared");

	mod_close(s);
	s = mod_open(SLOT_A, true);
	test_eq(count(s, CKO_PRIVATE_KEY, "declared"), 0, "the last session's end is a logout");
	user();
	test_eq(mod_attr_rv(s, key, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "and the end of handles");
	out();
}

int
main(int argc, char **argv)
{
	mod_begin(argv);
	if (argc > 1)
		return other(argv[1]);
	mod_config("[token a]\nroot = tpm:owner\n[token b]\nroot = tpm:owner\n");
	mod_declare("declared", "label = declared\ntoken = a\ntype = ec:P-256\n");
	mod_declare("aes", "label = declared aes\ntoken = a\ntype = aes:256\n");
	mod_init();
	mod_guard(SLOT_A, PIN_A);
	mod_guard(SLOT_B, PIN_B);
	s = mod_open(SLOT_A, true);
	keys_of_the_user();
	without_the_pin();
	so_sees_nothing();
	two_users();
	initialized_again();
	last_session();
	mod_fini();
	return test_done();
}
