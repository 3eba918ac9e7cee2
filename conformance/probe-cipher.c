/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* AES without authentication: NIST SP 800-38A appendix F, SP 800-38E by IEEE 1619; every mode, key size and condition. */

static const char keys[3][65] = {
	"2b7e151628aed2a6abf7158809cf4f3c", "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
	"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
};
static const char plain[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff6"
							"9f2445df4f9b17ad2b417be66c3710";

struct mode {
	const char *name, *ossl;
	CK_MECHANISM_TYPE mech;
	const char *section, *iv;
	CK_ULONG block;            /* 1: any length */
	const char *answer[3];     /* of the four blocks; by key size */
};

static const struct mode modes[] = {
	{ "ecb",
	  "ECB",
	  CKM_AES_ECB,
	  "6.11.5",
	  "",
	  16,
	  { "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f822320"
		"7104725dd4",
		"bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eefef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb1669"
		"1603c18e0e",
		"f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d"
		"8f9e24ecc7" } },
	{ "cbc",
	  "CBC",
	  CKM_AES_CBC,
	  "6.11.6",
	  "000102030405060708090a0b0c0d0e0f",
	  16,
	  { "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca"
		"307586e1a7",
		"4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9"
		"e64f5615cd",
		"f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19"
		"078c6a9d1b" } },
	{ "ctr",
	  "CTR",
	  CKM_AES_CTR,
	  "6.12",
	  "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
	  1,
	  { "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170"
		"a0f3009cee",
		"1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e941e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97da"
		"ec58c6b050",
		"601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd"
		"08457941a6" } },
};

struct job {
	const struct mode *mode;
	unsigned key;       /* 0, 1, 2 */
};

static CK_MECHANISM
mode_mech(const struct mode *mode)
{
	struct std_ctr *ctr = probe_alloc(sizeof(*ctr));
	const struct bin iv = hex(mode->iv);

	if (mode->mech != CKM_AES_CTR)
		return iv.n == 0 ? mech0(mode->mech) : mech(mode->mech, iv.p, iv.n);
	ctr->bits = 128;
	(void)memcpy(ctr->block, iv.p, 16);
	return mech(mode->mech, ctr, sizeof(*ctr));
}

enum how {
	ENCRYPT,
	DECRYPT,
	ENCRYPT_PARTS,
	DECRYPT_PARTS,
	BLOCKWISE,
	LONG,
	ODD,
	EMPTY,
	NO_PARAM,
	IN_PLACE,
	WRONG_KEY,
	FORBIDDEN,
	WRONG_PARAM,
	REUSE
};

static void
refused(const struct mode *mode, enum how how)
{
	CK_MECHANISM m = mode_mech(mode);
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE key;

	if (how == FORBIDDEN) {
		t_key(&t, CKO_SECRET_KEY, CKK_AES);
		t_bool(&t, CKA_ENCRYPT, false);
		t_bin(&t, CKA_VALUE, hex(keys[0]));
		(void)WANT((CKR_KEY_FUNCTION_NOT_PERMITTED), C_EncryptInit, P.s, &m, make(&t));
		return;
	}
	if (how == WRONG_KEY) {
		key = key_secret(CKK_GENERIC_SECRET, hex(keys[0]));
		(void)WANT((CKR_KEY_TYPE_INCONSISTENT), C_EncryptInit, P.s, &m, key);
		return;
	}
	key = key_secret(CKK_AES, hex(keys[0]));
	if (mode->mech == CKM_AES_ECB)
		probe_absent("ECB has no parameter");
	if (how == NO_PARAM)
		m = mech0(mode->mech);
	else
		m.ulParameterLen -= 1;
	(void)WANT((CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD), C_EncryptInit, P.s, &m, key);
}

static void
cipher(const void *arg, unsigned long how)
{
	const struct job *job = arg;
	const struct mode *mode = job->mode;
	CK_MECHANISM m = mode_mech(mode);
	const struct bin in = hex(plain), answer = hex(mode->answer[job->key]);
	struct bin data, out;
	CK_OBJECT_HANDLE key;
	char name[32];

	need(mode->mech, CKF_ENCRYPT | CKF_DECRYPT);
	if (how == NO_PARAM || how == WRONG_PARAM || how == WRONG_KEY || how == FORBIDDEN) {
		refused(mode, (enum how)how);
		return;
	}
	key = key_secret(CKK_AES, hex(keys[job->key]));
	(void)strcpy(name, job->key == 0 ? "AES-128-" : job->key == 1 ? "AES-192-" : "AES-256-");
	(void)strcat(name, mode->ossl);
	switch ((enum how)how) {
	case ENCRYPT: expect("SP 800-38A", do_encrypt(&m, key, in), answer); break;
	case DECRYPT: expect("SP 800-38A", do_decrypt(&m, key, answer), in); break;
	case ENCRYPT_PARTS: expect("in parts of 7", do_parts(true, &m, key, in, 7), answer); break;
	case DECRYPT_PARTS: expect("in parts of 13", do_parts(false, &m, key, answer, 13), in); break;
	case BLOCKWISE: expect("block by block", do_parts(true, &m, key, in, 16), answer); break;
	case LONG:
		data = pattern(16384 + (mode->block == 1 ? 5 : 0), 2);
		out = do_encrypt(&m, key, data);
		expect("a long text", out, ossl_cipher(name, true, hex(keys[job->key]), hex(mode->iv), data));
		expect("and back", do_decrypt(&m, key, out), data);
		break;
	case ODD:
		data = pattern(21, 3);
		if (mode->block == 1) {
			expect("21 bytes", do_encrypt(&m, key, data), ossl_cipher(name, true, hex(keys[job->key]), hex(mode->iv), data));
			break;
		}
		out = room(64);
		OK(C_EncryptInit, P.s, &m, key);
		(void)WANT((CKR_DATA_LEN_RANGE), C_Encrypt, P.s, data.p, data.n, out.p, &out.n);
		out = room(64);
		OK(C_DecryptInit, P.s, &m, key);
		(void)WANT((CKR_ENCRYPTED_DATA_LEN_RANGE), C_Decrypt, P.s, data.p, data.n, out.p, &out.n);
		break;
	case EMPTY: CHECK(do_encrypt(&m, key, text("")).n == 0, "something of nothing"); break;
	case IN_PLACE:
		data = copy(in);
		OK(C_EncryptInit, P.s, &m, key);
		OK(C_Encrypt, P.s, data.p, data.n, data.p, &data.n);
		expect("over its input", data, answer);
		break;
	default: /* REUSE: an operation starts from its parameter each time */
		expect("first", do_encrypt(&m, key, in), answer);
		expect("second", do_encrypt(&m, key, in), answer);
		break;
	}
}

/* ---- CBC_PAD */

static void
padded(const void *arg, unsigned long n)
{
	const struct bin iv = pattern(16, 5), in = pattern(n, 6), value = pattern(32, 7);
	CK_MECHANISM m = mech(CKM_AES_CBC_PAD, iv.p, iv.n);
	const CK_ULONG pad = 16 - n % 16;
	struct bin whole = join(in, room(pad)), out;
	CK_OBJECT_HANDLE key;

	need(CKM_AES_CBC_PAD, CKF_ENCRYPT | CKF_DECRYPT);
	(void)memset(whole.p + n, (int)pad, pad);
	key = key_secret(CKK_AES, value);
	out = do_encrypt(&m, key, in);
	expect("encrypted", out, ossl_cipher("AES-256-CBC", true, value, iv, whole));
	expect("decrypted", do_decrypt(&m, key, out), in);
	expect("encrypted in parts", do_parts(true, &m, key, in, 5), out);
	expect("decrypted in parts", do_parts(false, &m, key, out, 11), in);
}

static void
bad_padding(const void *arg, unsigned long how)
{
	const struct bin iv = pattern(16, 5), value = pattern(32, 7);
	CK_MECHANISM m = mech(CKM_AES_CBC_PAD, iv.p, iv.n);
	struct bin block = pattern(16, 8), out = room(64);
	CK_OBJECT_HANDLE key;

	need(CKM_AES_CBC_PAD, CKF_DECRYPT);
	block.p[15] = how == 0 ? 0 : how == 1 ? 17 : 3;
	if (how == 2)
		block.p[14] = 9;
	key = key_secret(CKK_AES, value);
	block = ossl_cipher("AES-256-CBC", true, value, iv, block);
	OK(C_DecryptInit, P.s, &m, key);
	(void)WANT((CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE), C_Decrypt, P.s, block.p, block.n, out.p, &out.n);
}

/* ---- CTR's counter: 6.12.2 */

static void
counter(const void *arg, unsigned long bits)
{
	struct std_ctr ctr = { .bits = bits };
	CK_MECHANISM m = mech(CKM_AES_CTR, &ctr, sizeof(ctr));
	const struct bin in = hex(plain), value = hex(keys[0]);
	CK_OBJECT_HANDLE key;

	need(CKM_AES_CTR, CKF_ENCRYPT);
	key = key_secret(CKK_AES, value);
	if (bits == 0 || bits > 128) {
		(void)WANT((CKR_MECHANISM_PARAM_INVALID), C_EncryptInit, P.s, &m, key);
		return;
	}
	ctr.block[15] = 1;
	expect("a narrow counter that does not overflow", do_encrypt(&m, key, in),
		   ossl_cipher("AES-128-CTR", true, value, (struct bin){ ctr.block, 16 }, in));
}

/* IEEE 1619-2007 annex B, vectors 2 and 3: vector 1 has equal halves, which FIPS 140 forbids. */
static void
xts(const void *arg, unsigned long how)
{
	const struct bin key = hex(how < 2 ? "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f022222222222222222222222222222222"
	                                   : "1111111111111111111111111111111122222222222222222222222222222222");
	struct bin tweak = hex("33333333330000000000000000000000");
	const struct bin in = hex("4444444444444444444444444444444444444444444444444444444444444444");
	const struct bin answer = hex(how < 2 ? "af85336b597afc1a900b2eb21ec949d292df4c047e0b21532186a5971a227a89"
	                                      : "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0");
	CK_MECHANISM m = mech(STD_CKM_AES_XTS, tweak.p, tweak.n);
	CK_OBJECT_HANDLE o;

	need(STD_CKM_AES_XTS, CKF_ENCRYPT | CKF_DECRYPT);
	o = key_secret(STD_CKK_AES_XTS, key);
	expect("IEEE 1619", how & 1 ? do_decrypt(&m, o, answer) : do_encrypt(&m, o, in), how & 1 ? in : answer);
}

void
probe_cipher(void)
{
	static const struct {
		enum how how;
		const char *id, *title;
		bool once;
	} rows[] = {
		{ ENCRYPT, "encrypt", "encrypts as SP 800-38A", false },
		{ DECRYPT, "decrypt", "decrypts as SP 800-38A", false },
		{ ENCRYPT_PARTS, "encrypt-parts", "encrypts in odd parts", false },
		{ DECRYPT_PARTS, "decrypt-parts", "decrypts in odd parts", false },
		{ BLOCKWISE, "blockwise", "encrypts block by block", false },
		{ LONG, "long", "a long text, there and back", false },
		{ ODD, "odd", "21 bytes", true },
		{ EMPTY, "empty", "nothing", true },
		{ NO_PARAM, "no-param", "without its parameter", true },
		{ WRONG_PARAM, "short-param", "with a parameter one byte short", true },
		{ IN_PLACE, "in-place", "over its input", true },
		{ WRONG_KEY, "key-type", "with a key of another type", true },
		{ FORBIDDEN, "forbidden", "with a key that may not encrypt", true },
		{ REUSE, "again", "starts afresh each time", true },
	};
	static const char *const sizes[] = { "128", "192", "256" };

	for (size_t i = 0; i < LEN(modes); i++)
		for (unsigned size = 0; size < 3; size++)
			for (size_t k = 0; k < LEN(rows); k++) {
				struct job *job = probe_alloc(sizeof(*job));

				*job = (struct job){ &modes[i], size };
				if (!rows[k].once || size == 0)
					probe_case(0, modes[i].section, cipher, job, rows[k].how, "aes-%s-%s-%s|AES %s, %s bits: %s", modes[i].name,
							   sizes[size], rows[k].id, modes[i].name, sizes[size], rows[k].title);
			}
	for (unsigned long n = 0; n <= 33; n += n == 0 || n == 16 || n == 32 ? 1 : n == 1 ? 14 : n == 15 ? 1 : 15)
		probe_case(0, "6.11.7", padded, NULL, n, "aes-cbc-pad-%lu|AES CBC_PAD of %lu bytes", n, n);
	probe_case(0, "6.11.7", bad_padding, NULL, 0, "aes-cbc-pad-zero|padding of length 0");
	probe_case(0, "6.11.7", bad_padding, NULL, 1, "aes-cbc-pad-long|padding longer than a block");
	probe_case(0, "6.11.7", bad_padding, NULL, 2, "aes-cbc-pad-mixed|padding of unequal bytes");
	probe_case(0, "6.12.2", counter, NULL, 0, "aes-ctr-bits-0|a counter of no bits");
	probe_case(0, "6.12.2", counter, NULL, 129, "aes-ctr-bits-129|a counter of 129 bits");
	probe_case(0, "6.12.2", counter, NULL, 32, "aes-ctr-bits-32|a counter of 32 bits");
	for (unsigned long how = 0; how < 4; how++)
		probe_case(0, "6.15", xts, NULL, how, "aes-xts-%lu|XTS-AES-128, IEEE 1619 vector %lu, %s", how, 3 - how / 2,
				   how & 1 ? "decrypted" : "encrypted");
}
