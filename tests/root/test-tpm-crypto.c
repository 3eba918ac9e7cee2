/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/cfb.h"
#include "crypto/mac.h"
#include "crypto/tpmkex.h"
#include "lib/test.h"
#include "root/tpm_public.h"
#include "root/tpm_rc.h"

#include <string.h>

/* SP 800-38A F.3.13 and F.3.17. */
static void
cfb(void)
{
	static const struct { const char *key; const char *cipher; } cases[] = {
		{ "2b7e151628aed2a6abf7158809cf4f3c", "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b" },
		{ "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
		  "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407b" },
	};
	uint8_t iv[16];
	uint8_t plain[32];

	(void)test_hex("000102030405060708090a0b0c0d0e0f", iv, 16);
	(void)test_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", plain, 32);
	for (size_t i = 0; i < 2; i++) {
		uint8_t key[32];
		uint8_t cipher[32];
		uint8_t data[32];
		const size_t len = test_hex(cases[i].key, key, 32);

		(void)test_hex(cases[i].cipher, cipher, 32);
		memcpy(data, plain, 32);
		test_eq(sl_cfb_crypt(key, len, iv, true, data, 32), SL_OK, "AES-%zu CFB128", len * 8);
		test_mem(data, 32, cipher, 32, "encrypts as published");
		test_eq(sl_cfb_crypt(key, len, iv, false, data, 32), SL_OK, "AES-%zu CFB128", len * 8);
		test_mem(data, 32, plain, 32, "and decrypts");
		memcpy(data, plain, 32);
		test_ok(sl_cfb_crypt(key, len, iv, true, data, 21) == SL_OK && memcmp(data, cipher, 21) == 0 &&
		        memcmp(data + 21, plain + 21, 11) == 0, "part of a block");
		test_eq(sl_cfb_crypt(key, len - 1, iv, true, data, 32), SL_ERR_ARG, "no key of %zu bytes", len - 1);
	}
}

static void
p256(void)
{
	/* The generator: what is shared with private key 1 is the other's own X. */
	uint8_t g[64];
	uint8_t ours[64] = { 0 };
	uint8_t again[64] = { 0 };
	struct sl_secret z = { 0 };

	(void)test_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
	               "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5", g, 64);
	test_eq(sl_tpmkex_p256(g, ours, &z), SL_OK, "P-256");
	test_mem(z.bytes, z.len, ours, 32, "shared with the generator: our own X");
	sl_secret_clear(&z);
	test_eq(sl_tpmkex_p256(g, again, &z), SL_OK, "again");
	test_ok(memcmp(ours, again, 64) != 0, "another key each time");
	sl_secret_clear(&z);
	g[63] ^= 1;
	memcpy(again, ours, 64);
	test_eq(sl_tpmkex_p256(g, ours, &z), SL_ERR_ARG, "a point that is not on the curve");
	test_ok(z.bytes == NULL && memcmp(again, ours, 64) == 0, "gives nothing");
	memset(g, 0, 64);
	test_eq(sl_tpmkex_p256(g, ours, &z), SL_ERR_ARG, "nor is (0, 0)");
	memset(g, 0xFF, 64);
	test_eq(sl_tpmkex_p256(g, ours, &z), SL_ERR_ARG, "nor are numbers beyond the field");
}

static void
oaep(void)
{
	uint8_t n[256];
	uint8_t message[191] = { 0 };
	uint8_t out[256];
	struct sl_tpmkex_rsa key = { .n = n, .n_len = sizeof(n), .e = 65537, .hash = SL_HASH_SHA256 };
	const struct sl_part label = { "SECRET", 7 };

	memset(n, 0xFF, sizeof(n));
	test_eq(sl_tpmkex_oaep(&key, &label, &(struct sl_part){ message, 190 }, out), SL_OK, "the longest message");
	test_eq(sl_tpmkex_oaep(&key, &label, &(struct sl_part){ message, 191 }, out), SL_ERR_RANGE, "one byte more");
	key.e = 1;
	test_eq(sl_tpmkex_oaep(&key, &label, &(struct sl_part){ message, 32 }, out), SL_ERR_ARG, "no exponent 1");
	key.e = 65536;
	test_eq(sl_tpmkex_oaep(&key, &label, &(struct sl_part){ message, 32 }, out), SL_ERR_ARG, "no even exponent");
	key.e = 65537;
	n[255] = 0xFE;
	test_eq(sl_tpmkex_oaep(&key, &label, &(struct sl_part){ message, 32 }, out), SL_ERR_ARG, "no even modulus");
	n[255] = 0xFF;
	key.n_len = 128;
	test_eq(sl_tpmkex_oaep(&key, &label, &(struct sl_part){ message, 32 }, out), SL_ERR_ARG, "no short modulus");
	/* That it is OAEP the TPM says: test-life has a session salted to an RSA key. */
}

static void
codes(void)
{
	static const struct { uint32_t rc; enum sl_err err; enum sl_tpm_cure cure; } cases[] = {
		{ 0, SL_OK, SL_TPM_CURE_NONE },
		{ 0x98E, SL_ERR_AUTH, SL_TPM_CURE_NONE },
		{ 0x9A2, SL_ERR_AUTH, SL_TPM_CURE_NONE },
		{ 0x921, SL_ERR_LOCKED, SL_TPM_CURE_NONE },
		{ 0x99D, SL_ERR_POLICY, SL_TPM_CURE_NONE },
		{ 0x128, SL_ERR_POLICY, SL_TPM_CURE_NONE },
		{ 0x185, SL_ERR_ABSENT, SL_TPM_CURE_NONE },
		{ 0x100, SL_ERR_ABSENT, SL_TPM_CURE_NONE },
		{ 0x18B, SL_ERR_NOT_FOUND, SL_TPM_CURE_NONE },
		{ 0x910, SL_ERR_NOT_FOUND, SL_TPM_CURE_NONE },
		{ 0x14C, SL_ERR_EXISTS, SL_TPM_CURE_NONE },
		{ 0x143, SL_ERR_UNSUPPORTED, SL_TPM_CURE_NONE },
		{ 0xB0143, SL_ERR_UNSUPPORTED, SL_TPM_CURE_NONE },
		{ 0x922, SL_ERR_BUSY, SL_TPM_CURE_WAIT },
		{ 0x902, SL_ERR_BUSY, SL_TPM_CURE_OBJECTS },
		{ 0x903, SL_ERR_BUSY, SL_TPM_CURE_SESSIONS },
		{ 0x901, SL_ERR_BUSY, SL_TPM_CURE_SAVED },
		{ 0x101, SL_ERR_DEVICE, SL_TPM_CURE_NONE },
		{ 0x1D5, SL_ERR_DEVICE, SL_TPM_CURE_NONE },
		{ 0xFFFFFFFF, SL_ERR_DEVICE, SL_TPM_CURE_NONE },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		test_eq(sl_tpm_rc_err(cases[i].rc), cases[i].err, "response code 0x%x", cases[i].rc);
		test_eq(sl_tpm_rc_cure(cases[i].rc), cases[i].cure, "its cure");
	}
}

/* The template is for ever: bytes, not code, are the reference. */
static void
template(void)
{
	static const char fixed[] = "0008000b00040472" "0000" "0005000b" "0020"
	                            "4d6b15692eba532262af599e2fbfa43d64404c5539fe8ed4e9fba93c810a6143";
	struct sl_tpm_template t;
	uint8_t bytes[64];
	const size_t len = test_hex(fixed, bytes, sizeof(bytes));
	uint8_t name[34] = { 0, 0x0B };
	struct sl_tpm_public key;

	test_eq(sl_tpm_public_root("default", NULL, &t), SL_OK, "root template");
	test_mem(t.bytes, t.len, bytes, len, "is what it has always been");
	if (sl_hash_once(SL_HASH_SHA256, t.bytes, t.len, name + 2) != SL_OK)
		test_bail("hash");
	test_eq(sl_tpm_public_read(t.bytes, t.len, name, 34, &key), SL_OK, "read back");
	test_ok(sl_tpm_public_fits(&key, &t) && !key.salts, "a root, and no storage key");
	for (size_t i = 0; i < t.len; i++) {
		struct sl_tpm_public other;

		if (sl_tpm_public_read(t.bytes, i, name, 34, &other) != SL_ERR_DEVICE)
			test_ok(false, "cut to %zu bytes", i);
	}
	name[5] ^= 1;
	test_eq(sl_tpm_public_read(t.bytes, t.len, name, 34, &key), SL_ERR_DEVICE, "under a wrong name");
	test_eq(sl_tpm_public_read(t.bytes, t.len, name, 33, &key), SL_ERR_DEVICE, "under a short name");
}

int
main(void)
{
	cfb();
	p256();
	oaep();
	codes();
	template();
	return test_done();
}
