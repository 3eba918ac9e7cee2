/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Declared keys: a small file is all there is of them. */

static CK_SESSION_HANDLE s;
static CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };

static void
restart(void)
{
	mod_fini();
	mod_init();
	s = mod_open(SLOT_OWNER, true);
}

static void
empty_store(void)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/store.db", getenv("SEEDLEAF_STORE"));
	if (unlink(path) != 0)
		test_bail("no %s", path);
}

static void
attributes(void)
{
	const CK_OBJECT_HANDLE private = mod_the(s, CKO_PRIVATE_KEY, "web server");
	const CK_OBJECT_HANDLE public = mod_the(s, CKO_PUBLIC_KEY, "web server");
	CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "mine now") };
	CK_ATTRIBUTE to_session[] = { T_BOOL(CKA_TOKEN, CK_FALSE) };
	CK_OBJECT_HANDLE copy = 0;
	CK_BYTE id[2][64];
	char text[64];

	test_ok(mod_bool(s, private, CKA_TOKEN) && mod_bool(s, private, CKA_PRIVATE) && mod_bool(s, private, CKA_LOCAL), "on the token, private, local");
	test_ok(mod_bool(s, private, CKA_ALWAYS_SENSITIVE) && mod_bool(s, private, CKA_NEVER_EXTRACTABLE), "never to be seen");
	test_ok(mod_bool(s, private, CKA_SIGN) && !mod_bool(s, private, CKA_DERIVE), "usage = sign");
	test_ok(mod_bool(s, public, CKA_VERIFY), "and the other half verifies");
	test_ok(!mod_bool(s, private, CKA_MODIFIABLE) && !mod_bool(s, private, CKA_DESTROYABLE), "not to be changed from here");
	test_eq(p11->C_SetAttributeValue(s, private, label, 1), CKR_ACTION_PROHIBITED, "not changed");
	test_eq(p11->C_DestroyObject(s, private), CKR_ACTION_PROHIBITED, "not destroyed");
	test_eq(p11->C_CopyObject(s, private, to_session, 1, &copy), CKR_OK, "a copy in the session");
	test_eq(p11->C_SetAttributeValue(s, copy, label, 1), CKR_OK, "may be changed");
	test_eq(p11->C_DestroyObject(s, copy), CKR_OK, "and destroyed");
	test_mem(id[0], mod_attr(s, private, CKA_ID, id[0], 64), "\x0a\x0b", 2, "id = 0a0b");
	test_mem(id[0], mod_attr(s, public, CKA_ID, id[0], 64), "\x0a\x0b", 2, "of both halves");
	test_mem(text, mod_attr(s, private, CKA_SEEDLEAF_NAME, text, sizeof(text)), "web", 3, "name = web");
	test_mem(text, mod_attr(s, private, CKA_SEEDLEAF_TYPE, text, sizeof(text)), "ec:P-256", 8, "type = ec:P-256");
	test_eq(mod_ulong(s, private, CKA_SEEDLEAF_VERSION), 3, "version = 3");
	test_eq(mod_attr(s, mod_the(s, CKO_PRIVATE_KEY, "rsa"), CKA_ID, id[0], 64), 20, "an id when none is declared");
	test_mem(id[1], mod_attr(s, mod_the(s, CKO_PUBLIC_KEY, "rsa"), CKA_ID, id[1], 64), id[0], 20, "of both halves");
	test_eq(mod_ulong(s, mod_the(s, CKO_SECRET_KEY, "aes"), CKA_VALUE_LEN), 32, "an AES key's length");
	test_eq(mod_attr_rv(s, mod_the(s, CKO_SECRET_KEY, "aes"), CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "and not its value");
	test_eq(mod_ulong(s, mod_the(s, CKO_PUBLIC_KEY, "x25519"), CKA_KEY_TYPE), CKK_EC_MONTGOMERY, "an X25519 key");
}

/* keep = 2: versions 2 and 1 are listed, and only verify. */
static void
kept(void)
{
	const CK_ATTRIBUTE private[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_TEXT(CKA_LABEL, "rotated") };
	const CK_ATTRIBUTE public[] = { T_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), T_TEXT(CKA_LABEL, "rotated") };
	const CK_ATTRIBUTE signs[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_TEXT(CKA_LABEL, "rotated"), T_BOOL(CKA_SIGN, CK_TRUE) };
	CK_OBJECT_HANDLE found[4];
	CK_OBJECT_HANDLE old;
	CK_BYTE sig[1024];
	CK_BYTE id[64];
	CK_BYTE other_id[64];
	CK_ULONG len;
	CK_ULONG good = 0;

	/* Version 1 signs while it is the version. */
	mod_declare("rotated", "label = rotated\ntype = ec:P-256\nversion = 1\n");
	restart();
	len = mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "rotated"), "data", sig);
	test_eq(len, 64, "version 1 signs");
	mod_declare("rotated", "label = rotated\ntype = ec:P-256\nversion = 3\nkeep = 2\n");
	restart();
	test_eq(mod_find(s, private, 2, found, 4), 3, "three private keys: versions 3, 2 and 1");
	for (CK_ULONG i = 0; i < 3; i++)
		if (mod_ulong(s, found[i], CKA_SEEDLEAF_VERSION) == 1) {
			old = found[i];
			test_eq(p11->C_SignInit(s, &ecdsa, old), CKR_KEY_FUNCTION_NOT_PERMITTED, "version 1 does not sign any more");
			test_ok(!mod_bool(s, old, CKA_SIGN) && !mod_bool(s, old, CKA_DERIVE), "and says so");
			test_eq(mod_attr(s, old, CKA_ID, id, 64), 20, "its id");
		}
	test_eq(mod_find(s, signs, 3, found, 4), 1, "one that signs");
	test_eq(mod_ulong(s, found[0], CKA_SEEDLEAF_VERSION), 3, "is version 3");
	test_eq(mod_attr(s, found[0], CKA_ID, other_id, 64), 20, "its id");
	test_ok(memcmp(id, other_id, 20) != 0, "is another one");
	test_eq(mod_find(s, public, 2, found, 4), 3, "three public keys");
	for (CK_ULONG i = 0; i < 3; i++)
		good += mod_verify(s, &ecdsa, found[i], "data", sig, len) == CKR_OK;
	test_eq(good, 1, "one of them verifies what version 1 signed");
	mod_declare("rotated", "label = rotated\ntype = ec:P-256\nversion = 3\nkeep = 1\n");
	restart();
	test_eq(mod_find(s, public, 2, found, 4), 2, "keep = 1: two public keys");
	for (CK_ULONG i = 0; i < 2; i++)
		test_eq(mod_verify(s, &ecdsa, found[i], "data", sig, len), CKR_SIGNATURE_INVALID, "version 1 is forgotten");
}

static void
certificate(void)
{
	CK_BYTE spki[1024];
	const CK_BYTE *p = spki;
	const CK_ULONG len = mod_attr(s, mod_the(s, CKO_PUBLIC_KEY, "web server"), CKA_PUBLIC_KEY_INFO, spki, sizeof(spki));
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)len);
	EVP_PKEY *issuer = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	CK_OBJECT_HANDLE cert;
	unsigned char *der = NULL;
	CK_BYTE value[4096];
	FILE *f;
	int der_len;

	if (key == NULL || issuer == NULL || x == NULL)
		test_bail("libcrypto");
	(void)X509_set_version(x, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), 4711);
	(void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"web", -1, -1, 0);
	(void)X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"ca", -1, -1, 0);
	(void)X509_gmtime_adj(X509_getm_notBefore(x), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	(void)X509_set_pubkey(x, key);
	(void)X509_sign(x, issuer, EVP_sha256());
	f = fopen(mod_path("keys/web.pem"), "we");
	if (f == NULL || PEM_write_X509(f, x) != 1 || fclose(f) != 0)
		test_bail("cannot write the certificate");
	der_len = i2d_X509(x, &der);
	mod_declare("web", "label = web server\nname = web\ntype = ec:P-256\nusage = sign\nversion = 3\nid = 0a0b\ncertificate = web.pem\n");
	restart();
	cert = mod_the(s, CKO_CERTIFICATE, "web server");
	test_mem(value, mod_attr(s, cert, CKA_VALUE, value, sizeof(value)), der, (size_t)der_len, "the certificate, from PEM");
	test_mem(value, mod_attr(s, cert, CKA_ID, value, 64), "\x0a\x0b", 2, "with the key's id");
	test_mem(value, mod_attr(s, cert, CKA_PUBLIC_KEY_INFO, value, sizeof(value)), spki, len, "and the key's public key");
	test_mem(value, mod_attr(s, cert, CKA_SERIAL_NUMBER, value, 64), "\x02\x02\x12\x67", 4, "its serial number is DER");
	test_ok(!mod_bool(s, cert, CKA_PRIVATE) && !mod_bool(s, cert, CKA_TRUSTED), "public, and not trusted for it");
	test_ok(mod_ulong(s, cert, CKA_CERTIFICATE_TYPE) == CKC_X_509, "X.509");
	mod_write(mod_path("keys/web.pem"), "no certificate\n");
	mod_fini();
	test_eq(p11->C_Initialize(NULL), CKR_GENERAL_ERROR, "a certificate that is none is an error");
	mod_declare("web", "label = web server\nname = web\ntype = ec:P-256\nusage = sign\nversion = 3\nid = 0a0b\n");
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(key);
	EVP_PKEY_free(issuer);
}

static void
again(const char *label, const char *what)
{
	CK_BYTE want[1024];
	CK_BYTE got[1024];
	CK_BYTE unique[2][32];
	const CK_ULONG len = mod_attr(s, mod_the(s, CKO_PRIVATE_KEY, label), CKA_PUBLIC_KEY_INFO, want, sizeof(want));

	(void)mod_attr(s, mod_the(s, CKO_PRIVATE_KEY, label), CKA_UNIQUE_ID, unique[0], 32);
	restart();
	test_mem(got, mod_attr(s, mod_the(s, CKO_PRIVATE_KEY, label), CKA_PUBLIC_KEY_INFO, got, sizeof(got)), want, len,
	         "%s: the same with the store", what);
	mod_fini();
	empty_store();
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	test_mem(got, mod_attr(s, mod_the(s, CKO_PRIVATE_KEY, label), CKA_PUBLIC_KEY_INFO, got, sizeof(got)), want, len,
	         "%s: the same without the store", what);
	(void)mod_attr(s, mod_the(s, CKO_PRIVATE_KEY, label), CKA_UNIQUE_ID, unique[1], 32);
	test_mem(unique[1], 32, unique[0], 32, "%s: and the same unique id", what);
	test_eq(mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "web server"), "data", got), 64, "%s: and it signs", what);
}

static void
hidden(void)
{
	const CK_ATTRIBUTE class[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY) };
	const CK_ATTRIBUTE type[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_ULONG(CKA_KEY_TYPE, CKK_EC_EDWARDS) };
	const CK_ULONG asked = mod_find(s, class, 1, NULL, 0);

	test_eq(mod_find(s, type, 2, NULL, 0), 1, "the Edwards key, when it is asked for");
	mod_fini();
	mod_config("[token owner]\nedwards = always\n");
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	/* The X25519 key is kept back for the same reason. */
	test_eq(mod_find(s, class, 1, NULL, 0), asked + 2, "edwards = always: listed with the others");
}

static void
refused(void)
{
	static const char *const bad[] = {
		"label = x\n", "type = ec:P-256\n", "label = x\ntype = ec:P-257\n", "label = x\ntype = rsa:1024\n",
		"label = x\ntype = ed25519\nusage = decrypt\n", "label = x\ntype = ec:P-256\nversion = 0\n",
		"label = x\ntype = ec:P-256\ntoken = nobody\n", "label = web server\ntype = ed25519\n",
		"label = x\ntype = ec:P-256\ncertificate = missing.pem\n",
	};

	mod_fini();
	for (size_t i = 0; i < LEN(bad); i++) {
		mod_declare("bad", bad[i]);
		test_eq(p11->C_Initialize(NULL), CKR_GENERAL_ERROR, "bad key file %zu", i);
	}
	(void)unlink(mod_path("keys/bad.key"));
	mod_init();
	test_eq(p11->C_GetInfo(&(CK_INFO){ .flags = 0 }), CKR_OK, "without it all is well");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_config("");
	mod_declare("web", "label = web server\nname = web\ntype = ec:P-256\nusage = sign\nversion = 3\nid = 0a0b\n");
	mod_declare("rsa", "label = rsa\ntype = rsa:2048\n");
	mod_declare("ed", "label = ed\ntype = ed25519\n");
	mod_declare("x25519", "label = x25519\ntype = x25519\n");
	mod_declare("aes", "label = aes\ntype = aes:256\n");
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	attributes();
	again("web server", "EC");
	again("rsa", "RSA");
	certificate();
	kept();
	hidden();
	refused();
	mod_fini();
	return test_done();
}
