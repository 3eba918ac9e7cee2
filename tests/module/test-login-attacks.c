/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ways round the user's login, each of which was open once. */

#define PIN "user pin"
#define NV_INDEX "0x01500020"
enum { SLOT_RECALL = SLOT_FIRST_ADDED, SLOT_A, SLOT_NV };

static CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };

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

static CK_RV
pair_of(CK_SESSION_HANDLE s, const char *label, bool public_is_private, bool private_is_private, struct pair *ret_pair)
{
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { T_BYTES(CKA_EC_PARAMS, OID_P256, 10), T_BOOL(CKA_TOKEN, CK_TRUE), T_BYTES(CKA_LABEL, label, strlen(label)),
		T_BOOL(CKA_PRIVATE, public_is_private) };
	CK_ATTRIBUTE private[] = { T_BOOL(CKA_TOKEN, CK_TRUE), T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_PRIVATE, private_is_private) };

	return p11->C_GenerateKeyPair(s, &m, public, LEN(public), private, LEN(private), &ret_pair->public, &ret_pair->private);
}

static CK_ULONG
count(CK_SESSION_HANDLE s, const char *label, bool private)
{
	const CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_PRIVATE, private) };

	return mod_find(s, template, LEN(template), NULL, 0);
}

/* Somebody who is not logged in makes a public key of the name of the user's recalled one. */
static void
recalled_over(void)
{
	const CK_SESSION_HANDLE s = mod_open(SLOT_RECALL, true);
	struct pair pair;

	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the user");
	test_eq(pair_of(s, "k", false, true, &pair), CKR_OK, "recalls a key");
	test_eq(p11->C_Logout(s), CKR_OK, "and goes");
	test_eq(pair_of(s, "k", false, false, &pair), CKR_OK, "nobody recalls a public one of that name");
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the user comes back");
	test_eq(count(s, "k", true), 1, "and has his key");
	test_eq(count(s, "k", false), 1, "beside the other, which is another key");
	test_eq(pair_of(s, "k", false, true, &pair), CKR_OK, "he recalls his again");
	test_eq(count(s, "k", true) + count(s, "k", false), 2, "that replaces his alone");
	mod_close(s);
}

/* A pair whose public half is the private one. */
static void
private_half(void)
{
	const CK_SESSION_HANDLE s = mod_open(SLOT_A, true);
	struct pair pair;

	test_eq(pair_of(s, "turned", true, false, &pair), CKR_USER_NOT_LOGGED_IN, "a private public key is made by nobody");
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the user");
	test_eq(pair_of(s, "turned", true, false, &pair), CKR_OK, "makes it");
	test_ok(mod_bool(s, pair.public, CKA_PRIVATE) && !mod_bool(s, pair.private, CKA_PRIVATE), "as the templates say");
	mod_close(s);
}

/* Somebody who writes the store calls the user's key public, so that it is used on when he has logged out. */
static void
called_public(void)
{
	CK_SESSION_HANDLE s = mod_open(SLOT_A, true);
	struct pair pair;

	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the user");
	test_eq(pair_of(s, "mine", false, true, &pair), CKR_OK, "makes a key");
	test_eq(p11->C_SignInit(s, &ecdsa, pair.private), CKR_OK, "that signs");
	sql("UPDATE attribute SET value = 0 WHERE type = 2 AND object IN (SELECT object FROM recipe WHERE bound = 1)");
	test_eq(count(s, "mine", true) + count(s, "mine", false), 0, "the store says that it is public: it is listed no more");
	test_eq(mod_attr_rv(s, pair.private, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "the handle is none");
	test_eq(p11->C_Logout(s), CKR_OK, "logged out");
	test_eq(p11->C_SignInit(s, &ecdsa, pair.private), CKR_KEY_HANDLE_INVALID, "it signs nothing");
	mod_close(s);
	mod_fini();
	mod_init();
	s = mod_open(SLOT_A, true);
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "another process");
	test_eq(count(s, "mine", true) + count(s, "mine", false), 0, "does not list it either");
	sql("UPDATE attribute SET value = 1 WHERE type = 2 AND object IN (SELECT object FROM recipe WHERE bound = 1)");
	test_eq(count(s, "mine", true), 1, "put right, it is there");
	mod_close(s);
}

/* A process that looked at a token before another one gave it its PINs, which are in NV. */
static void
looked_before(void)
{
	const CK_SESSION_HANDLE s = mod_open(SLOT_NV, true);
	const CK_ATTRIBUTE any[] = { T_TEXT(CKA_LABEL, "none") };
	struct pair pair;

	test_eq(pair_of(s, "before", false, true, &pair), CKR_OK, "no PINs: a key for everybody");
	test_eq(mod_find(s, any, 1, NULL, 0), 0, "a look");
	test_eq(mod_other("guard"), 0, "another process gives the token PINs");
	test_eq(pair_of(s, "after", false, true, &pair), CKR_USER_NOT_LOGGED_IN, "a private key is the user's now, for us too");
	test_eq(count(s, "before", true), 0, "and what was there is gone");
	mod_close(s);
}

/* A box with no disk: what other processes do to PINs in NV stands in no store. */
static void
reset_by_another(void)
{
	CK_BYTE before[128];
	CK_BYTE after[128];
	CK_BYTE sig[1024];
	CK_SESSION_HANDLE s;
	CK_ULONG len;

	mod_fini();
	mod_declare("declared", "label = declared\ntype = ec:P-256\ntoken = nv\n");
	if (setenv("SEEDLEAF_STORE", "/proc/no-store", 1) != 0)
		test_bail("setenv");
	mod_init();
	s = mod_open(SLOT_NV, false);
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the user of a token that has no store");
	len = mod_attr(s, mod_the(s, CKO_PUBLIC_KEY, "declared"), CKA_EC_POINT, before, sizeof(before));
	test_ok(mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "declared"), "text", sig) > 0, "has a declared key");
	test_eq(p11->C_Logout(s), CKR_OK, "logs out");
	test_eq(mod_other("guard"), 0, "another process initializes the token again");
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the PIN is the same");
	test_ok(mod_attr(s, mod_the(s, CKO_PUBLIC_KEY, "declared"), CKA_EC_POINT, after, sizeof(after)) == len && memcmp(before, after, len) != 0,
	        "the key is another");
	test_ok(mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "declared"), "text", sig) > 0, "and signs");
	mod_close(s);
}

static int
other(const char *what)
{
	mod_init();
	if (strcmp(what, "guard") == 0)
		mod_guard(SLOT_NV, PIN);
	mod_fini();
	return 0;
}

int
main(int argc, char **argv)
{
	mod_begin(argv);
	if (argc > 1)
		return other(argv[1]);
	mod_config("[token recall]\nroot = tpm:owner\ngenerate = recall\n[token a]\nroot = tpm:owner\n"
	           "[token nv]\nroot = tpm:owner\npin-store = nv:" NV_INDEX "\n");
	mod_init();
	mod_guard(SLOT_RECALL, PIN);
	mod_guard(SLOT_A, PIN);
	recalled_over();
	private_half();
	called_public();
	looked_before();
	reset_by_another();
	mod_fini();
	return test_done();
}
