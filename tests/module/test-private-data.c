/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What private data objects and certificates hold is encrypted in the store (doc/pin.md, "Private values"). */

#define PIN "user pin"
#define BIG ((size_t)64 * 1024)
enum { SLOT_A = SLOT_FIRST_ADDED, SLOT_B };

static const char needle[] = "nobody reads this in the store";
static const char other_needle[] = "nor what it is set to later on";
static CK_SESSION_HANDLE s;

static void
store_path(char path[4096])
{
	(void)snprintf(path, 4096, "%s/store.db", getenv("SEEDLEAF_STORE"));
}

static void
sql(const char *text)
{
	char path[4096];
	char *why = NULL;
	sqlite3 *db = NULL;

	store_path(path);
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		test_bail("%s: %s", text, why == NULL ? "?" : why);
	(void)sqlite3_close(db);
}

/* In any file of the store. */
static bool
store_shows(const char *text)
{
	static char data[8 << 20];
	char path[4096];
	size_t len;
	FILE *f;

	store_path(path);
	if ((f = fopen(path, "re")) == NULL || (len = fread(data, 1, sizeof(data), f)) == 0 || len == sizeof(data))
		test_bail("%s", path);
	(void)fclose(f);
	return memmem(data, len, text, strlen(text)) != NULL;
}

static CK_OBJECT_HANDLE
make(const char *label, bool private, const void *value, size_t len)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_TOKEN, CK_TRUE),
		T_BOOL(CKA_PRIVATE, private), T_TEXT(CKA_APPLICATION, "an application of mine"), T_BYTES(CKA_VALUE, value, len) };
	CK_OBJECT_HANDLE data = 0;
	const CK_RV rv = p11->C_CreateObject(s, template, LEN(template), &data);

	if (rv != CKR_OK)
		test_bail("making %s: 0x%lx", label, rv);
	return data;
}

static CK_ULONG
count(const char *label)
{
	const CK_ATTRIBUTE template[] = { T_BYTES(CKA_LABEL, label, strlen(label)) };

	return mod_find(s, template, 1, NULL, 0);
}

static bool
reads(const char *label, const char *value)
{
	char got[256];
	const CK_ULONG len = mod_attr(s, mod_the(s, CKO_DATA, label), CKA_VALUE, got, sizeof(got));

	return len == strlen(value) && memcmp(got, value, len) == 0;
}

/* A new process as far as the module is concerned. */
static void
anew(bool login)
{
	mod_fini();
	mod_init();
	s = mod_open(SLOT_A, true);
	if (login && mod_login(s, CKU_USER, PIN) != CKR_OK)
		test_bail("the login");
}

static CK_OBJECT_HANDLE
make_certificate(void)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_CERTIFICATE), T_ULONG(CKA_CERTIFICATE_TYPE, CKC_X_509), T_TEXT(CKA_LABEL, "cert"),
		T_BOOL(CKA_TOKEN, CK_TRUE), T_BOOL(CKA_PRIVATE, CK_TRUE), T_TEXT(CKA_SUBJECT, "the subject of a certificate"),
		T_TEXT(CKA_VALUE, "the body of a certificate"), T_TEXT(CKA_ID, "cert id") };
	CK_OBJECT_HANDLE cert = 0;

	test_eq(p11->C_CreateObject(s, template, LEN(template), &cert), CKR_OK, "a private certificate");
	return cert;
}

static void
hidden(void)
{
	CK_ATTRIBUTE by_value[] = { T_BYTES(CKA_VALUE, needle, strlen(needle)) };
	CK_ATTRIBUTE by_application[] = { T_TEXT(CKA_APPLICATION, "an application of mine"), T_TEXT(CKA_LABEL, "d1") };
	CK_ATTRIBUTE by_id[] = { T_TEXT(CKA_ID, "cert id") };

	(void)make("d1", true, needle, strlen(needle));
	(void)make_certificate();
	test_ok(!store_shows(needle), "the store does not show the value of a private data object");
	test_ok(!store_shows("an application of mine"), "nor its application");
	test_ok(!store_shows("the subject of a certificate") && !store_shows("the body of a certificate"), "nor a private certificate");
	test_ok(reads("d1", needle), "its maker reads it");
	anew(false);
	test_eq(count("d1") + count("cert"), 0, "nobody else finds it");
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the user logs in");
	test_ok(reads("d1", needle), "and reads it, by its label");
	test_eq(mod_find(s, by_value, 1, NULL, 0), 1, "finds it by its value");
	test_eq(mod_find(s, by_application, 2, NULL, 0), 1, "by its application");
	test_eq(mod_find(s, by_id, 1, NULL, 0), 1, "and the certificate by its id");
	(void)make("open", false, other_needle, strlen(other_needle));
	test_ok(store_shows(other_needle), "public data is what it was");
	test_eq(p11->C_DestroyObject(s, mod_the(s, CKO_DATA, "open")), CKR_OK, "and goes");
	sql("VACUUM");
	test_ok(!store_shows(other_needle), "whole");
}

/* What another process did is read again under the handle that there is. */
static int
other_process(const char *what)
{
	CK_ATTRIBUTE change[] = { T_BYTES(CKA_VALUE, other_needle, strlen(other_needle)) };

	mod_init();
	s = mod_open(SLOT_A, true);
	if (mod_login(s, CKU_USER, PIN) != CKR_OK)
		return 2;
	if (strcmp(what, "change") == 0)
		return p11->C_SetAttributeValue(s, mod_the(s, CKO_DATA, "d1"), change, 1) == CKR_OK ? 0 : 1;
	return 3;
}

static void
changes(void)
{
	CK_ATTRIBUTE change[] = { T_BYTES(CKA_VALUE, other_needle, strlen(other_needle)), T_TEXT(CKA_LABEL, "d1 renamed") };
	CK_ATTRIBUTE back[] = { T_BYTES(CKA_VALUE, needle, strlen(needle)), T_TEXT(CKA_LABEL, "d1") };
	CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "d1") };
	CK_OBJECT_HANDLE data = mod_the(s, CKO_DATA, "d1");
	char got[256];

	test_eq(p11->C_SetAttributeValue(s, data, change, 2), CKR_OK, "C_SetAttributeValue");
	test_ok(!store_shows(other_needle) && store_shows("d1 renamed"), "encrypts anew; the label is readable");
	anew(true);
	test_ok(reads("d1 renamed", other_needle), "and it is what was set");
	data = mod_the(s, CKO_DATA, "d1 renamed");
	test_eq(p11->C_SetAttributeValue(s, data, back, 2), CKR_OK, "back");
	test_eq(mod_other("change"), 0, "another process changes it");
	test_eq(count("d1"), 1, "a search notices");
	test_eq(mod_attr(s, data, CKA_VALUE, got, sizeof(got)), strlen(other_needle), "the handle has what it was changed to");
	test_ok(memcmp(got, other_needle, strlen(other_needle)) == 0, "that very value");
	test_eq(p11->C_SetAttributeValue(s, data, back, 1), CKR_OK, "and may be set again");
	test_eq(p11->C_SetAttributeValue(s, data, label, 1), CKR_OK, "so may the label alone");
	test_ok(reads("d1", needle), "without touching the value");
}

static void
copies(void)
{
	CK_ATTRIBUTE as[] = { T_TEXT(CKA_LABEL, "d2") };
	CK_ATTRIBUTE in_session[] = { T_TEXT(CKA_LABEL, "d3"), T_BOOL(CKA_TOKEN, CK_FALSE) };
	CK_ATTRIBUTE to_token[] = { T_TEXT(CKA_LABEL, "d4"), T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_OBJECT_HANDLE made = 0;
	CK_OBJECT_HANDLE data = mod_the(s, CKO_DATA, "d1");

	test_eq(p11->C_CopyObject(s, data, as, 1, &made), CKR_OK, "a copy on the token");
	test_eq(p11->C_CopyObject(s, data, in_session, 2, &made), CKR_OK, "one in the session");
	test_eq(p11->C_CopyObject(s, made, to_token, 2, &made), CKR_OK, "and from there to the token");
	test_ok(!store_shows(needle), "nothing of it is to be seen");
	anew(true);
	test_ok(reads("d2", needle) && reads("d4", needle), "all are the same");
	test_eq(count("d3"), 0, "but the session's, which is gone");
}

static void
big(void)
{
	static unsigned char value[BIG];
	static unsigned char got[BIG];

	for (size_t i = 0; i < BIG; i++)
		value[i] = (unsigned char)(i * 7 + i / 251);
	(void)make("big", true, value, BIG);
	(void)make("empty", true, "", 0);
	anew(true);
	test_eq(mod_attr(s, mod_the(s, CKO_DATA, "big"), CKA_VALUE, got, BIG), BIG, "64 KiB");
	test_ok(memcmp(got, value, BIG) == 0, "come back");
	test_eq(mod_attr(s, mod_the(s, CKO_DATA, "empty"), CKA_VALUE, got, BIG), 0, "and so does nothing at all");
	test_eq(p11->C_DestroyObject(s, mod_the(s, CKO_DATA, "big")), CKR_OK, "it goes");
}

/* By somebody who can write the store. */
static void
swapped(void)
{
	sql("CREATE TABLE k AS SELECT * FROM closed");
	sql("UPDATE closed SET value = (SELECT k.value FROM k JOIN object o ON o.id = k.object WHERE o.label = x'6432' AND k.type = closed.type)"
	    " WHERE object = (SELECT id FROM object WHERE label = x'6431')");
	test_eq(count("d1"), 0, "values of another object in its place: a process that has it does not show it any more");
	anew(true);
	test_eq(count("d1"), 0, "nor does another");
	test_ok(reads("d2", needle), "the others are there");
	sql("DELETE FROM closed; INSERT INTO closed SELECT * FROM k");
	test_ok(reads("d1", needle), "put right, so is this one");
	sql("UPDATE closed SET value = (SELECT k.value FROM k WHERE k.object = closed.object AND k.type = 0x10) WHERE type = 0x11"
	    " AND object IN (SELECT object FROM k WHERE type = 0x10)");
	anew(true);
	test_eq(count("d1") + count("d2"), 0, "the application in the place of the value");
	sql("DELETE FROM closed; INSERT INTO closed SELECT * FROM k; DELETE FROM closed WHERE type = 0x11");
	anew(true);
	test_eq(count("d1"), 0, "no value");
	sql("DELETE FROM closed; INSERT INTO attribute SELECT object, type, CAST('forged' AS BLOB) FROM k WHERE type = 0x11");
	anew(true);
	test_eq(count("d1"), 0, "one in the clear");
	sql("DELETE FROM attribute WHERE type = 0x11; INSERT INTO closed SELECT * FROM k; UPDATE attribute SET value = 0 WHERE type = 2");
	anew(true);
	test_eq(count("d1"), 0, "a private object that the store calls public");
	test_eq(p11->C_Logout(s), CKR_OK, "logged out");
	test_eq(count("d1"), 0, "that is nobody's");
	sql("UPDATE attribute SET value = 1 WHERE type = 2 AND object IN (SELECT object FROM k); DROP TABLE k");
	anew(true);
	test_ok(reads("d1", needle), "all is well again");
	test_ok(store_shows("d1"), "(the store is looked at)");
}

/* One token's object as another's: the same TPM, the same root, another S. */
static void
another_s(void)
{
	mod_close(s);
	s = mod_open(SLOT_B, true);
	test_eq(mod_login(s, CKU_USER, "pin of b"), CKR_OK, "another token's user");
	(void)make("of b", true, "b's own", 7);
	sql("CREATE TABLE k AS SELECT * FROM object; UPDATE object SET root = (SELECT k.root FROM k WHERE k.label = CAST('of b' AS BLOB))"
	    " WHERE label = x'6431'");
	test_eq(count("d1"), 0, "does not see an object of the first");
	test_ok(reads("of b", "b's own"), "but his own");
	sql("UPDATE object SET root = (SELECT k.root FROM k WHERE k.id = object.id); DROP TABLE k");
	mod_close(s);
	s = mod_open(SLOT_A, true);
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "back");
	test_ok(reads("d1", needle), "it is there");
}

/* The token without its PINs, as somebody who removed their row has it. */
static void
without_pins(void)
{
	sql("CREATE TABLE k AS SELECT * FROM pin; DELETE FROM pin");
	anew(false);
	test_eq(count("d1"), 0, "no PINs: what is encrypted is not shown");
	sql("INSERT INTO pin SELECT * FROM k; DROP TABLE k");
	anew(true);
	test_ok(reads("d1", needle), "with them it is");
}

static void
initialized_again(void)
{
	mod_close(s);
	mod_guard(SLOT_A, PIN);
	s = mod_open(SLOT_A, true);
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "a new S");
	test_eq(count("d1") + count("cert"), 0, "nothing is there");
	(void)make("d1", true, needle, strlen(needle));
	test_ok(reads("d1", needle), "until somebody makes it");
}

int
main(int argc, char **argv)
{
	mod_begin(argv);
	if (argc > 1)
		return other_process(argv[1]);
	mod_config("[token a]\nroot = tpm:owner\n[token b]\nroot = tpm:owner\n");
	mod_init();
	mod_guard(SLOT_A, PIN);
	mod_guard(SLOT_B, "pin of b");
	s = mod_open(SLOT_A, true);
	if (mod_login(s, CKU_USER, PIN) != CKR_OK)
		test_bail("the login");
	hidden();
	changes();
	copies();
	big();
	swapped();
	another_s();
	without_pins();
	initialized_again();
	mod_fini();
	return test_done();
}
