/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* generate = sealed: keys on the token are random, of the TPM's generator and the kernel's, and sealed. What they and others say of their origin. */

#define PIN "user pin"
enum { SLOT_SEALED = SLOT_FIRST_ADDED };

static CK_SESSION_HANDLE s;
static CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };

static int
one_number(void *ret, int n, char **values, char **names)
{
	(void)names;
	*(unsigned long *)ret = n == 1 && values[0] != NULL ? strtoul(values[0], NULL, 10) : ~0UL;
	return 0;
}

static unsigned long
sql(const char *text)
{
	char path[4096];
	char *why = NULL;
	sqlite3 *db = NULL;
	unsigned long number = ~0UL;

	(void)snprintf(path, sizeof(path), "%s/store.db", getenv("SEEDLEAF_STORE"));
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, text, one_number, &number, &why) != SQLITE_OK)
		test_bail("%s: %s", text, why == NULL ? "?" : why);
	(void)sqlite3_close(db);
	return number;
}

/* TPM commands of that name in the log, "" for all; then the log is empty. */
static unsigned
commands(const char *name)
{
	char line[65536];
	unsigned n = 0;
	FILE *f = fopen(getenv("SL_TPM_LOG"), "r");

	if (f == NULL)
		test_bail("SL_TPM_LOG");
	while (fgets(line, sizeof(line), f) != NULL) {
		char word[64] = "";

		n += sscanf(line, "cmd %63s", word) == 1 && (name[0] == '\0' || strcmp(word, name) == 0);
	}
	(void)fclose(f);
	if (truncate(getenv("SL_TPM_LOG"), 0) != 0)
		test_bail("truncate");
	return n;
}

static CK_OBJECT_HANDLE
make_secret(const char *label, CK_MECHANISM_TYPE type, CK_ULONG len)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_VALUE_LEN, len), T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_TOKEN, CK_TRUE),
		T_BOOL(CKA_SENSITIVE, CK_FALSE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE) };
	CK_OBJECT_HANDLE key = 0;
	const CK_RV rv = p11->C_GenerateKey(s, &m, template, LEN(template), &key);

	if (rv != CKR_OK)
		test_bail("generating %s: 0x%lx", label, rv);
	return key;
}

static void
restart(void)
{
	mod_fini();
	mod_init();
	s = mod_open(SLOT_SEALED, true);
	if (mod_login(s, CKU_USER, PIN) != CKR_OK && sql("SELECT count(*) FROM pin") > 0)
		test_bail("the login");
}

static void
pairs(bool bound)
{
	static const struct { const char *label; CK_MECHANISM_TYPE type; const char *params; CK_MECHANISM_TYPE sign; } table[] = {
		{ "P-256", CKM_EC_KEY_PAIR_GEN, OID_P256, CKM_ECDSA_SHA256 },
		{ "P-521", CKM_EC_KEY_PAIR_GEN, OID_P521, CKM_ECDSA_SHA256 },
		{ "secp256k1", CKM_EC_KEY_PAIR_GEN, OID_K256, CKM_ECDSA_SHA256 },
		{ "Ed25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, OID_ED25519, CKM_EDDSA },
		{ "RSA", CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, CKM_SHA256_RSA_PKCS },
	};
	CK_BYTE sig[1024];

	for (size_t i = 0; i < LEN(table); i++) {
		struct pair pair;

		(void)commands("");
		pair = table[i].params != NULL ? mod_ec(s, table[i].type, table[i].params, table[i].label, true) : mod_rsa(s, 2048, table[i].label, true);
		test_ok(commands("GetRandom") != 0, "%s: the TPM's generator takes part", table[i].label);
		test_eq(mod_ulong(s, pair.private, CKA_SEEDLEAF_ORIGIN), SEEDLEAF_ORIGIN_RANDOM, "%s: random", table[i].label);
		test_eq(mod_attr_rv(s, pair.private, CKA_SEEDLEAF_NAME), CKR_ATTRIBUTE_TYPE_INVALID, "%s: derived from nothing", table[i].label);
		test_ok(mod_bool(s, pair.private, CKA_LOCAL) && mod_bool(s, pair.private, CKA_NEVER_EXTRACTABLE), "%s: made here", table[i].label);
	}
	test_eq(sql("SELECT count(*) FROM recipe"), 0, "nothing in the store is derived");
	test_eq(sql(bound ? "SELECT count(*) FROM sealed WHERE bound = 1 AND form = 2" : "SELECT count(*) FROM sealed WHERE bound = 0 AND form = 2"), LEN(table),
	        "all are sealed, %s", bound ? "and bound to the token secret" : "and bound to nobody");
	restart();
	for (size_t i = 0; i < LEN(table); i++) {
		CK_MECHANISM m = { table[i].sign, NULL, 0 };
		const CK_OBJECT_HANDLE private = mod_the(s, CKO_PRIVATE_KEY, table[i].label);
		CK_ULONG len;

		(void)commands("");
		len = mod_sign(s, &m, private, "data", sig);
		test_note("first use of the %s %s key: %u TPM commands", bound ? "bound" : "free", table[i].label, commands(""));
		test_eq(mod_verify(s, &m, mod_the(s, CKO_PUBLIC_KEY, table[i].label), "data", sig, len), CKR_OK, "%s: there after a restart", table[i].label);
		test_eq(mod_sign(s, &m, private, "data", sig), len, "%s: and again", table[i].label);
		test_eq(commands(""), 0, "%s: for which nobody asks the TPM", table[i].label);
	}
}

static void
secrets(void)
{
	static const struct { const char *label; CK_MECHANISM_TYPE type; CK_ULONG len; } table[] = {
		{ "AES", CKM_AES_KEY_GEN, 32 }, { "generic", CKM_GENERIC_SECRET_KEY_GEN, 32 }, { "long", CKM_GENERIC_SECRET_KEY_GEN, 300 },
	};
	CK_BYTE value[LEN(table)][512];
	CK_BYTE again[512];

	for (size_t i = 0; i < LEN(table); i++) {
		CK_OBJECT_HANDLE key;

		(void)commands("");
		key = make_secret(table[i].label, table[i].type, table[i].len);
		test_ok(commands("GetRandom") != 0, "%s: the TPM's generator takes part", table[i].label);
		test_eq(mod_attr(s, key, CKA_VALUE, value[i], 512), table[i].len, "%s: its value", table[i].label);
		test_eq(mod_ulong(s, key, CKA_SEEDLEAF_ORIGIN), SEEDLEAF_ORIGIN_RANDOM, "%s: random", table[i].label);
		key = make_secret("second", table[i].type, table[i].len);
		(void)mod_attr(s, key, CKA_VALUE, again, 512);
		test_ok(memcmp(again, value[i], table[i].len) != 0, "%s: another one is another one", table[i].label);
		test_eq(p11->C_DestroyObject(s, key), CKR_OK, "%s: destroyed", table[i].label);
	}
	restart();
	for (size_t i = 0; i < LEN(table); i++)
		test_mem(again, mod_attr(s, mod_the(s, CKO_SECRET_KEY, table[i].label), CKA_VALUE, again, 512), value[i], table[i].len,
		         "%s: the same after a restart", table[i].label);
}

/* Of derived and imported keys. */
static void
origins(void)
{
	CK_BYTE bytes[16] = "sixteen bytes...";
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, CKK_AES), T_TEXT(CKA_LABEL, "import"),
		T_BOOL(CKA_TOKEN, CK_TRUE), T_BYTES(CKA_VALUE, bytes, 16) };
	CK_ATTRIBUTE to_token[] = { T_BOOL(CKA_TOKEN, CK_TRUE) };
	const CK_SESSION_HANDLE owner = mod_open(SLOT_OWNER, true);
	struct pair pair = mod_ec(owner, CKM_EC_KEY_PAIR_GEN, OID_P256, "derived", true);
	CK_OBJECT_HANDLE key = 0;
	CK_BYTE sig[1024];

	test_eq(mod_ulong(owner, pair.private, CKA_SEEDLEAF_ORIGIN), SEEDLEAF_ORIGIN_DERIVED, "a derived key says so");
	test_eq(p11->C_CreateObject(s, template, LEN(template), &key), CKR_OK, "an imported key");
	test_eq(mod_ulong(s, key, CKA_SEEDLEAF_ORIGIN), SEEDLEAF_ORIGIN_IMPORTED, "says so");
	pair = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "session", false);
	test_eq(mod_attr_rv(s, pair.private, CKA_SEEDLEAF_ORIGIN), CKR_ATTRIBUTE_TYPE_INVALID, "a session key says nothing");
	test_eq(p11->C_CopyObject(s, pair.private, to_token, 1, &key), CKR_OK, "its copy on the token");
	test_eq(mod_ulong(s, key, CKA_SEEDLEAF_ORIGIN), SEEDLEAF_ORIGIN_IMPORTED, "was not made there");
	test_eq(mod_sign(s, &ecdsa, key, "data", sig), 64, "and signs");
	mod_close(owner);
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin_counted(argv);
	mod_config("[token sealed]\nroot = tpm:owner\ngenerate = sealed\n");
	mod_init();
	s = mod_open(SLOT_SEALED, true);
	pairs(false);
	secrets();
	origins();
	mod_close(s);
	mod_guard(SLOT_SEALED, PIN);
	(void)sql("DELETE FROM object; DELETE FROM recipe; DELETE FROM sealed"); /* the other token's */
	s = mod_open(SLOT_SEALED, true);
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the user of a token with PINs");
	pairs(true);
	secrets();
	mod_fini();
	return test_done();
}
