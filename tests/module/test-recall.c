/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `generate = recall`: the same call gives the same key again, with a store or without; fresh keys are never the same. */

static CK_SESSION_HANDLE s;

static CK_ULONG
public_of(CK_OBJECT_HANDLE key, CK_BYTE spki[1024])
{
	return mod_attr(s, key, CKA_PUBLIC_KEY_INFO, spki, 1024);
}

static void
restart(bool empty_store)
{
	char path[4096];

	mod_fini();
	if (empty_store) {
		(void)snprintf(path, sizeof(path), "%s/store.db", getenv("SEEDLEAF_STORE"));
		if (unlink(path) != 0)
			test_bail("no %s", path);
	}
	mod_init();
	s = mod_open(SLOT_FIRST_ADDED, true);
}

static void
same(const char *what, struct pair (*make)(const char *label))
{
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	struct pair first = make(what);
	struct pair again;
	CK_BYTE want[1024];
	CK_BYTE got[1024];
	CK_ULONG len = public_of(first.private, want);
	const CK_ATTRIBUTE label[] = { T_BYTES(CKA_LABEL, what, strlen(what)) };

	test_eq(mod_find(s, label, 1, NULL, 0), 2, "%s: two objects", what);
	again = make(what);
	test_mem(got, public_of(again.private, got), want, len, "%s: the same again", what);
	test_eq(mod_find(s, label, 1, NULL, 0), 2, "%s: still two objects", what);
	test_eq(p11->C_SignInit(s, &ecdsa, first.private), CKR_KEY_HANDLE_INVALID, "%s: the handles of the first are gone", what);
	test_eq(p11->C_GetObjectSize(s, first.public, &(CK_ULONG){ 0 }), CKR_OBJECT_HANDLE_INVALID, "%s: both", what);
	again = make("other");
	test_ok(public_of(again.private, got) != len || memcmp(got, want, len) != 0, "%s: another label, another key", what);
	restart(false);
	test_mem(got, public_of(mod_the(s, CKO_PRIVATE_KEY, what), got), want, len, "%s: is there in the next process", what);
	restart(true);
	test_eq(mod_find(s, NULL, 0, NULL, 0), 0, "%s: nothing without the store", what);
	again = make(what);
	test_mem(got, public_of(again.private, got), want, len, "%s: and recalled from nothing", what);
	test_mem(got, public_of(again.public, got), want, len, "%s: both halves", what);
}

static struct pair
make_ec(const char *label)
{
	return mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, label, true);
}

static struct pair
make_ed(const char *label)
{
	return mod_ec(s, CKM_EDDSA, OID_ED25519, label, true);
}

static struct pair
make_rsa(const char *label)
{
	return mod_rsa(s, 2048, label, true);
}

static void
nameless(void)
{
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { T_TEXT(CKA_EC_PARAMS, OID_P256), T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_ATTRIBUTE labelled[] = { T_TEXT(CKA_EC_PARAMS, OID_P256), T_BOOL(CKA_TOKEN, CK_TRUE), T_TEXT(CKA_LABEL, "half") };
	CK_ATTRIBUTE private[] = { T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_ATTRIBUTE nul[] = { T_BOOL(CKA_TOKEN, CK_TRUE), T_TEXT(CKA_LABEL, "a\0b") };
	char name[64];
	struct pair pair;

	test_eq(p11->C_GenerateKeyPair(s, &m, public, 2, private, 1, &pair.public, &pair.private), CKR_TEMPLATE_INCOMPLETE, "nothing to recall by");
	test_eq(p11->C_GenerateKeyPair(s, &m, public, 2, nul, 2, &pair.public, &pair.private), CKR_ATTRIBUTE_VALUE_INVALID, "no name");
	test_eq(p11->C_GenerateKeyPair(s, &m, labelled, 3, private, 1, &pair.public, &pair.private), CKR_OK, "the public half's label will do");
	test_mem(name, mod_attr(s, pair.private, CKA_SEEDLEAF_NAME, name, sizeof(name)), "half", 4, "and is the name");
	test_mem(name, mod_attr(s, pair.private, CKA_SEEDLEAF_TYPE, name, sizeof(name)), "ec:P-256", 8, "the type is told");
	test_eq(mod_ulong(s, pair.private, CKA_SEEDLEAF_VERSION), 1, "the version is told");
}

static void
secrets(void)
{
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_VALUE_LEN, 32), T_BOOL(CKA_TOKEN, CK_TRUE), T_TEXT(CKA_LABEL, "disk"),
		T_BOOL(CKA_SENSITIVE, CK_FALSE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE) };
	CK_OBJECT_HANDLE key[2];
	CK_BYTE value[2][32];

	for (size_t i = 0; i < 2; i++) {
		test_eq(p11->C_GenerateKey(s, &m, template, LEN(template), &key[i]), CKR_OK, "an AES key");
		test_eq(mod_attr(s, key[i], CKA_VALUE, value[i], 32), 32, "its value");
	}
	test_mem(value[1], 32, value[0], 32, "is the same");
	restart(false);
	test_mem(value[1], mod_attr(s, mod_the(s, CKO_SECRET_KEY, "disk"), CKA_VALUE, value[1], 32), value[0], 32, "in the next process, too");
}

/* Recalling replaces what we made, not what somebody imported: the same public key may be there twice. */
static void
imported(void)
{
	const struct pair pair = make_ec("imported");
	CK_BYTE point[67];
	CK_ATTRIBUTE copy[] = { T_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), T_ULONG(CKA_KEY_TYPE, CKK_EC), T_TEXT(CKA_EC_PARAMS, OID_P256),
		{ CKA_EC_POINT, point, sizeof(point) }, T_BOOL(CKA_TOKEN, CK_TRUE), T_TEXT(CKA_LABEL, "mine") };
	CK_OBJECT_HANDLE object = 0;

	(void)mod_attr(s, pair.public, CKA_EC_POINT, point, sizeof(point));
	test_eq(p11->C_CreateObject(s, copy, LEN(copy), &object), CKR_OK, "the public key, imported");
	(void)make_ec("imported");
	test_eq(mod_the(s, CKO_PUBLIC_KEY, "mine"), object, "is still there");
	test_ok(mod_the(s, CKO_PUBLIC_KEY, "imported") != 0, "and ours is there once");
}

static void
fresh(void)
{
	CK_BYTE spki[2][1024];
	CK_ULONG len[2];

	s = mod_open(SLOT_OWNER, true);
	for (size_t i = 0; i < 2; i++)
		len[i] = public_of(make_ec("service").private, spki[i]);
	test_ok(len[0] == len[1] && memcmp(spki[0], spki[1], len[0]) != 0, "two fresh keys of one label differ");
	test_eq(mod_find(s, NULL, 0, NULL, 0), 4, "and both are there");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_config("[token again]\nroot = tpm:owner\ngenerate = recall\n");
	mod_init();
	s = mod_open(SLOT_FIRST_ADDED, true);
	same("EC", make_ec);
	same("Ed25519", make_ed);
	same("RSA", make_rsa);
	nameless();
	secrets();
	imported();
	fresh();
	mod_fini();
	return test_done();
}
