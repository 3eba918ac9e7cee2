/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"
#include "pkcs11-derive.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * The token's root as a key: doc/derivation.md, "The root as a PKCS#11 key". What it computes is recomputed here from that page, with tpm2_hmac in the place
 * of the TPM's owner and libcrypto for the rest.
 */

static CK_SESSION_HANDLE s;
static CK_BYTE salt[] = "salt";
static CK_BYTE info[] = "disk encryption";

static CK_OBJECT_HANDLE
root(void)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_TEXT(CKA_LABEL, "seedleaf root") };
	CK_OBJECT_HANDLE found = 0;
	CK_ULONG n = 0;

	/* mod_find() leaves it out, for all the tests that count objects. */
	if (p11->C_FindObjectsInit(s, template, LEN(template)) != CKR_OK || p11->C_FindObjects(s, &found, 1, &n) != CKR_OK ||
	    p11->C_FindObjectsFinal(s) != CKR_OK || n != 1)
		test_bail("no root");
	return found;
}

static CK_HKDF_PARAMS
params(bool extract, bool expand)
{
	return (CK_HKDF_PARAMS){ extract, expand, CKM_SHA256, CKF_HKDF_SALT_DATA, salt, 4, 0, info, sizeof(info) - 1 };
}

#define OPEN T_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), T_BOOL(CKA_SENSITIVE, CK_FALSE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE)

static CK_ULONG
derive(CK_MECHANISM_TYPE type, void *param, CK_ULONG param_len, CK_BYTE value[64])
{
	CK_MECHANISM m = { type, param, param_len };
	CK_ATTRIBUTE template[] = { OPEN };
	CK_OBJECT_HANDLE key = 0;
	const CK_RV rv = p11->C_DeriveKey(s, &m, root(), template, LEN(template), &key);

	if (rv != CKR_OK)
		test_bail("C_DeriveKey: 0x%lx", rv);
	return mod_attr(s, key, CKA_VALUE, value, 64);
}

static CK_ULONG
hkdf(bool extract, bool expand, CK_BYTE value[64])
{
	CK_HKDF_PARAMS p = params(extract, expand);

	return derive(CKM_HKDF_DERIVE, &p, sizeof(p), value);
}

/* HMAC-SHA256 by the owner's root over SHA-256 of the context, by other means than ours. The module is not initialized. */
static void
by_hand(const void *context, size_t len, CK_BYTE mac[32])
{
	static const char script[] =
		"cd \"$SL_TPM_DIR\" && printf 'seedleaf root v1\\000' | openssl dgst -sha256 -binary >hash && printf '\\040\\000' | cat - hash >unique &&"
		" openssl dgst -sha256 -binary context >in && tpm2_createprimary -Q -C o -G hmac -u unique"
		" -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|sign' -c key.ctx && tpm2_flushcontext -t &&"
		" tpm2_hmac -Q -c key.ctx -o mac in && tpm2_flushcontext -t";
	FILE *f = fopen(mod_path("context"), "we");

	if (f == NULL || fwrite(context, 1, len, f) != len || fclose(f) != 0 || system(script) != 0)
		test_bail("tpm2_hmac");
	f = fopen(mod_path("mac"), "re");
	if (f == NULL || fread(mac, 1, 32, f) != 32)
		test_bail("no MAC");
	(void)fclose(f);
}

static void
hmac(const CK_BYTE key[32], const void *data, size_t len, CK_BYTE out[32])
{
	size_t n = 0;

	if (EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, 32, data, len, out, 32, &n) == NULL)
		test_bail("no HMAC");
}

static void
computes(CK_BYTE value[32])
{
	/* u32be length || bytes of: the hash's number, what is done, the salt */
	static const char extract[] = "seedleaf pkcs11 hkdf v1\0\0\0\0\x04\0\0\x02\x50\0\0\0\x07" "extract\0\0\0\x04salt";
	static const char expand[] = "seedleaf pkcs11 hkdf v1\0\0\0\0\x04\0\0\x02\x50\0\0\0\x06" "expand\0\0\0";
	static const char kdf[] = "seedleaf pkcs11 sp800-108 v1\0\0\0\0\x04\0\0\x02\x51";
	CK_SP800_108_COUNTER_FORMAT counter = { CK_FALSE, 8 };
	CK_PRF_DATA_PARAM fields[] = { { CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter) }, { CK_SP800_108_BYTE_ARRAY, info, 4 } };
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, 2, fields, 0, NULL };
	CK_BYTE prk[3][64], okm[3][64], by[32], want[32];
	CK_BYTE input[64];

	test_eq(hkdf(true, false, prk[0]), 32, "HKDF, extract: 32 bytes");
	test_eq(hkdf(true, true, okm[0]), 32, "HKDF, both: as many as the hash has");
	test_eq(hkdf(false, true, okm[1]), 32, "HKDF, expand");
	test_eq(derive(CKM_SP800_108_COUNTER_KDF, &p, sizeof(p), okm[2]), 32, "SP 800-108, counter mode");
	mod_fini();
	by_hand(extract, sizeof(extract) - 1, by);
	test_mem(prk[0], 32, by, 32, "HKDF, extract: the TPM's HMAC over the context");
	memcpy(input, info, sizeof(info) - 1);
	input[sizeof(info) - 1] = 1;
	hmac(by, input, sizeof(info), want);
	test_mem(okm[0], 32, want, 32, "HKDF, both: RFC 5869 2.3 of that");
	by_hand(expand, sizeof(expand), by);
	hmac(by, input, sizeof(info), want);
	test_mem(okm[1], 32, want, 32, "HKDF, expand: of another label, whatever the salt");
	by_hand(kdf, sizeof(kdf) - 1, by);
	memcpy(input, "\x01" "disk", 5);
	hmac(by, input, 5, want);
	test_mem(okm[2], 32, want, 32, "SP 800-108: the TPM's HMAC is the key of the PRF");
	memcpy(value, okm[0], 32);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
}

/* The same here and in another process; another one for anything else that goes in. */
static void
function_of(const CK_BYTE value[32])
{
	CK_BYTE got[64];
	CK_HKDF_PARAMS p = params(true, true);
	FILE *f;

	test_mem(got, hkdf(true, true, got), value, 32, "the same after C_Finalize");
	p.ulInfoLen--;
	(void)derive(CKM_HKDF_DERIVE, &p, sizeof(p), got);
	test_ok(memcmp(got, value, 32) != 0, "another info, another key");
	p = params(true, true);
	p.ulSaltLen--;
	(void)derive(CKM_HKDF_DERIVE, &p, sizeof(p), got);
	test_ok(memcmp(got, value, 32) != 0, "another salt, another key");
	p = params(true, true);
	p.prfHashMechanism = CKM_SHA384;
	test_eq(derive(CKM_HKDF_DERIVE, &p, sizeof(p), got), 48, "SHA-384");
	test_ok(memcmp(got, value, 32) != 0, "another hash, another key");
	s = mod_open(SLOT_ENDORSEMENT, true);
	(void)hkdf(true, true, got);
	test_ok(memcmp(got, value, 32) != 0, "another token, another key");
	mod_fini();
	f = fopen(mod_path("value"), "we");
	if (f == NULL || fwrite(value, 1, 32, f) != 32 || fclose(f) != 0)
		test_bail("cannot write");
	test_eq(mod_other("again"), 0, "another process has the same key");
	mod_init();
	s = mod_open(SLOT_OWNER, true);
}

static int
again(void)
{
	CK_BYTE want[32], got[64];
	FILE *f = fopen(mod_path("value"), "re");

	if (f == NULL || fread(want, 1, 32, f) != 32)
		return 3;
	(void)fclose(f);
	mod_init();
	s = mod_open(SLOT_OWNER, false);
	return hkdf(true, true, got) == 32 && memcmp(want, got, 32) == 0 ? 0 : 2;
}

static void
nothing_else(void)
{
	const CK_OBJECT_HANDLE key = root();
	CK_BYTE out[64] = { 0 };
	CK_ULONG len = sizeof(out);
	CK_HKDF_PARAMS p = params(true, true);
	CK_MECHANISM derives = { CKM_HKDF_DERIVE, &p, sizeof(p) };
	CK_MECHANISM mac = { CKM_SHA256_HMAC, NULL, 0 };
	CK_MECHANISM kwp = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	CK_MECHANISM sha = { CKM_SHA256, NULL, 0 };
	CK_MECHANISM joins[] = { { CKM_CONCATENATE_BASE_AND_DATA, NULL, 0 }, { CKM_CONCATENATE_BASE_AND_KEY, (void *)(uintptr_t)&key, sizeof(key) },
		{ CKM_XOR_BASE_AND_DATA, NULL, 0 }, { CKM_EXTRACT_KEY_FROM_KEY, NULL, 0 }, { CKM_TLS12_KDF, NULL, 0 }, { CKM_ECDH1_DERIVE, NULL, 0 } };
	CK_ATTRIBUTE aes[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, CKK_AES), T_BYTES(CKA_VALUE, out, 32), T_BOOL(CKA_DERIVE, CK_TRUE) };
	CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "mine") };
	CK_OBJECT_HANDLE wrapper = 0;
	CK_OBJECT_HANDLE made = 0;

	test_ok(mod_bool(s, key, CKA_SENSITIVE) && mod_bool(s, key, CKA_ALWAYS_SENSITIVE) && !mod_bool(s, key, CKA_EXTRACTABLE) &&
	        mod_bool(s, key, CKA_NEVER_EXTRACTABLE) && mod_bool(s, key, CKA_LOCAL) && mod_bool(s, key, CKA_DERIVE), "what it is");
	test_ok(!mod_bool(s, key, CKA_SIGN) && !mod_bool(s, key, CKA_ENCRYPT) && !mod_bool(s, key, CKA_WRAP) && !mod_bool(s, key, CKA_UNWRAP) &&
	        !mod_bool(s, key, CKA_MODIFIABLE) && !mod_bool(s, key, CKA_DESTROYABLE) && !mod_bool(s, key, CKA_COPYABLE), "and what it is not");
	test_eq(mod_attr_rv(s, key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "its value is not shown");
	test_eq(p11->C_CopyObject(s, key, NULL, 0, &made), CKR_ACTION_PROHIBITED, "it is not copied");
	test_eq(p11->C_DestroyObject(s, key), CKR_ACTION_PROHIBITED, "nor destroyed");
	test_eq(p11->C_SetAttributeValue(s, key, label, 1), CKR_ACTION_PROHIBITED, "nor changed");
	test_eq(p11->C_SignInit(s, &mac, key), CKR_KEY_FUNCTION_NOT_PERMITTED, "it signs nothing");
	test_eq(p11->C_DigestInit(s, &sha), CKR_OK, "a digest");
	test_ok(p11->C_DigestKey(s, key) == CKR_KEY_INDIGESTIBLE, "is not of it");
	test_eq(p11->C_CreateObject(s, aes, 4, &wrapper), CKR_OK, "a wrapping key");
	test_eq(p11->C_WrapKey(s, &kwp, wrapper, key, out, &len), CKR_KEY_UNEXTRACTABLE, "does not wrap it");
	test_eq(p11->C_WrapKey(s, &kwp, key, wrapper, out, &len), CKR_WRAPPING_KEY_TYPE_INCONSISTENT, "nor it that");
	for (size_t i = 0; i < LEN(joins); i++)
		test_eq(p11->C_DeriveKey(s, &joins[i], key, aes, 2, &made), CKR_KEY_TYPE_INCONSISTENT, "0x%lx is not for it", joins[i].mechanism);
	test_eq(p11->C_DeriveKey(s, &joins[1], wrapper, aes, 1, &made), CKR_KEY_HANDLE_INVALID, "nor as the second of two");
	p.ulSaltType = CKF_HKDF_SALT_KEY;
	p.hSaltKey = key;
	test_eq(p11->C_DeriveKey(s, &derives, wrapper, aes, 2, &made), CKR_KEY_HANDLE_INVALID, "nor as a salt");
	p = params(true, true);
	test_eq(p11->C_DeriveKey(s, &derives, key, aes, 2, &made), CKR_OK, "an AES key of it");
	test_ok(mod_bool(s, made, CKA_SENSITIVE) && !mod_bool(s, made, CKA_EXTRACTABLE) && mod_bool(s, made, CKA_ALWAYS_SENSITIVE) &&
	        mod_bool(s, made, CKA_NEVER_EXTRACTABLE), "is closed when nobody says otherwise");
}

int
main(int argc, char **argv)
{
	CK_BYTE value[32];

	mod_begin(argv);
	if (argc > 1 && strcmp(argv[1], "again") == 0)
		return again();
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	computes(value);
	function_of(value);
	nothing_else();
	mod_fini();
	return test_done();
}
