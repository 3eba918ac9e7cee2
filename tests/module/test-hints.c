/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/*
 * An RSA key whose hints are in the store is there again in milliseconds; without them the primes are searched. Both are measured here, and
 * a wrong hint gives the same key all the same.
 */
#define TIMES 5

static CK_MECHANISM pkcs1 = { CKM_SHA256_RSA_PKCS, NULL, 0 };

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

static double
now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Milliseconds that C_SignInit takes for a key nobody has used before, less what it takes for an EC key: the TPM's part. */
static double
first_use(CK_SLOT_ID slot, const char *label, CK_BYTE sig[1024])
{
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	CK_SESSION_HANDLE s;
	CK_SESSION_HANDLE other;
	CK_OBJECT_HANDLE key;
	double begin;
	double ec;
	double rsa;

	mod_init();
	s = mod_open(slot, false);
	other = mod_open(slot, false);
	/* What the first contact with the TPM costs is paid here. */
	if (mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "warm"), "x", sig) == 0)
		test_bail("cannot sign");
	key = mod_the(s, CKO_PRIVATE_KEY, "ec");
	begin = now_ms();
	if (p11->C_SignInit(s, &ecdsa, key) != CKR_OK)
		test_bail("cannot sign");
	ec = now_ms() - begin;
	key = mod_the(s, CKO_PRIVATE_KEY, label);
	begin = now_ms();
	if (p11->C_SignInit(other, &pkcs1, key) != CKR_OK)
		test_bail("cannot sign");
	rsa = now_ms() - begin;
	mod_fini();
	return rsa > ec ? rsa - ec : rsa;
}

static double
best_of(const char *label, unsigned times)
{
	CK_BYTE sig[1024];
	double best = 1e9;

	for (unsigned i = 0; i < times; i++) {
		const double one = first_use(SLOT_OWNER, label, sig);

		best = one < best ? one : best;
	}
	return best;
}

static void
measure(const char *label, const char *what)
{
	CK_BYTE before[1024];
	CK_BYTE after[1024];
	CK_SESSION_HANDLE s;
	CK_ULONG len;
	double hinted;
	double searched;

	mod_init();
	s = mod_open(SLOT_OWNER, false);
	len = mod_sign(s, &pkcs1, mod_the(s, CKO_PRIVATE_KEY, label), "data", before);
	test_eq(len, 384, "%s: signs", what);
	mod_fini();
	hinted = best_of(label, TIMES);
	sql("UPDATE recipe SET hint_p = 0, hint_q = 0; UPDATE public SET hint_p = 0, hint_q = 0");
	searched = best_of(label, 1);
	test_note("%s: %.1f ms with hints, %.1f ms without", what, hinted, searched);
	test_ok(hinted * 5 < searched, "%s: hints are worth a factor of five", what);
	mod_init();
	s = mod_open(SLOT_OWNER, false);
	test_mem(after, mod_sign(s, &pkcs1, mod_the(s, CKO_PRIVATE_KEY, label), "data", after), before, len, "%s: the search gives the same key", what);
	mod_fini();
	sql("UPDATE recipe SET hint_p = 7, hint_q = 9; UPDATE public SET hint_p = 7, hint_q = 9");
	mod_init();
	s = mod_open(SLOT_OWNER, false);
	test_mem(after, mod_sign(s, &pkcs1, mod_the(s, CKO_PRIVATE_KEY, label), "data", after), before, len, "%s: so do wrong hints", what);
	mod_fini();
}

/* A public half that is not the key's: never a wrong signature. */
static void
mismatch(void)
{
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "ec") };
	CK_SESSION_HANDLE s;

	sql("UPDATE attribute SET value = (SELECT value FROM attribute AS a JOIN object ON object.id = a.object WHERE a.type = 297 AND "
	    "label = CAST('warm' AS BLOB) LIMIT 1) WHERE type = 297 AND object IN (SELECT id FROM object WHERE label = CAST('ec' AS BLOB))");
	mod_init();
	s = mod_open(SLOT_OWNER, false);
	test_eq(p11->C_SignInit(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "ec")), CKR_DEVICE_ERROR, "another public key on record");
	test_eq(p11->C_SignInit(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "warm")), CKR_OK, "does not touch the others");
	test_eq(mod_find(s, label, 1, NULL, 0), 2, "and can still be seen, and destroyed");
	mod_fini();
}

/* A declared key whose public half in the store is no public key: it is found out again, and stored. */
static void
damaged(void)
{
	CK_SESSION_HANDLE s;
	CK_BYTE want[1024];
	CK_BYTE got[1024];
	CK_ULONG len;

	mod_init();
	s = mod_open(SLOT_OWNER, false);
	len = mod_attr(s, mod_the(s, CKO_PUBLIC_KEY, "declared"), CKA_PUBLIC_KEY_INFO, want, sizeof(want));
	mod_fini();
	sql("UPDATE public SET spki = x'3000'");
	mod_init();
	s = mod_open(SLOT_OWNER, false);
	test_mem(got, mod_attr(s, mod_the(s, CKO_PUBLIC_KEY, "declared"), CKA_PUBLIC_KEY_INFO, got, sizeof(got)), want, len,
	         "a damaged public half is found out again");
	test_eq(mod_sign(s, &pkcs1, mod_the(s, CKO_PRIVATE_KEY, "declared"), "data", got), 384, "and the key signs");
	mod_fini();
}

int
main(int argc, char **argv)
{
	CK_SESSION_HANDLE s;

	(void)argc;
	mod_begin(argv);
	mod_config("");
	mod_declare("declared", "label = declared\ntype = rsa:3072\n");
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	(void)mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "warm", true);
	(void)mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "ec", true);
	(void)mod_rsa(s, 3072, "fresh", true);
	mod_fini();
	measure("fresh", "a fresh RSA-3072 key");
	/* Its public half and hints were stored by the searches above; they are gone now, and are found again. */
	sql("DELETE FROM public");
	measure("declared", "a declared RSA-3072 key");
	damaged();
	mismatch();
	return test_done();
}
