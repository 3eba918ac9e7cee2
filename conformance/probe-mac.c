/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* HMAC, CMAC, GMAC. */

/* RFC 4231, test cases 1 to 4, 6, 7; RFC 2202 has the same inputs for some. The answers are libcrypto's, and of case 1 the
 * document's. */
static const struct {
	const char *id, *key, *data;
} inputs[] = {
	{ "1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265" },
	{ "2", "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f" },
	{ "3", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	  "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" },
	{ "4", "0102030405060708090a0b0c0d0e0f10111213141516171819",
	  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd" },
};

static const struct {
	const char *hash, *answer;
} first[] = {
	{ "SHA224", "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22" },
	{ "SHA256", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "SHA384", "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6" },
	{ "SHA512", "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1"
				"702e696c203a126854" },
};

enum how {
	CASE_1,
	CASE_2,
	CASE_3,
	CASE_4,
	LONG_KEY,
	PARTS,
	GOOD,
	FLIPPED,
	CUT,
	OWN_TYPE,
	GENERAL,
	GENERAL_FULL,
	GENERAL_TOO_LONG,
	GENERAL_VERIFY,
	NO_DATA,
	FORBIDDEN
};

static CK_OBJECT_HANDLE
no_sign_key(void)
{
	struct tmpl t = { .n = 0 };

	t_key(&t, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
	t_bool(&t, CKA_SIGN, false);
	t_bin(&t, CKA_VALUE, pattern(32, 1));
	return make(&t);
}

static void
general(const struct hash *h, enum how how)
{
	CK_ULONG n = how == GENERAL_FULL ? h->bytes : how == GENERAL_TOO_LONG ? h->bytes + 1 : 10;
	CK_MECHANISM m = mech(h->hmac_general, &n, sizeof(n));
	const struct bin key = pattern(h->bytes, 2), data = pattern(77, 3);
	CK_OBJECT_HANDLE o;
	struct bin sig;

	need(h->hmac_general, CKF_SIGN | CKF_VERIFY);
	o = key_secret(CKK_GENERIC_SECRET, key);
	if (how == GENERAL_TOO_LONG) {
		(void)WANT((CKR_MECHANISM_PARAM_INVALID), C_SignInit, P.s, &m, o);
		return;
	}
	sig = do_sign(&m, o, data);
	expect("HMAC", sig, cut(ossl_hmac(h->ossl, key, data), n));
	if (how == GENERAL_VERIFY) {
		(void)probe_want("C_Verify", do_verify(&m, o, data, sig), (const CK_RV[]){ CKR_OK, PROBE_END });
		sig.p[0] ^= 1;
		(void)probe_want("C_Verify", do_verify(&m, o, data, sig), (const CK_RV[]){ CKR_SIGNATURE_INVALID, PROBE_END });
	}
}

static void
hmac(const void *arg, unsigned long how)
{
	const struct hash *h = arg;
	CK_MECHANISM m = mech0(h->hmac);
	struct bin key = pattern(h->bytes, 4), data = pattern(300, 5), sig;
	CK_OBJECT_HANDLE o;
	CK_MECHANISM_INFO info;

	if (how >= GENERAL && how <= GENERAL_VERIFY) {
		general(h, (enum how)how);
		return;
	}
	need(h->hmac, CKF_SIGN | CKF_VERIFY);
	if (how <= CASE_4) {
		key = hex(inputs[how].key);
		data = hex(inputs[how].data);
	}
	if (how == LONG_KEY)
		key = pattern(h->block + 61, 6);
	if (how == NO_DATA)
		data.n = 0;
	OK(C_GetMechanismInfo, P.slot, h->hmac, &info);
	if (key.n < info.ulMinKeySize)
		probe_absent("keys of less than %lu bytes", info.ulMinKeySize);
	if (how == FORBIDDEN) {
		(void)WANT((CKR_KEY_FUNCTION_NOT_PERMITTED), C_SignInit, P.s, &m, no_sign_key());
		return;
	}
	o = key_secret(how == OWN_TYPE ? h->hmac_key : CKK_GENERIC_SECRET, key);
	sig = do_sign(&m, o, data);
	expect("HMAC", sig, ossl_hmac(h->ossl, key, data));
	for (size_t i = 0; how == CASE_1 && i < LEN(first); i++)
		if (strcmp(first[i].hash, h->name) == 0)
			expect("RFC 4231, 4.2", sig, hex(first[i].answer));
	switch ((enum how)how) {
	case PARTS:
		OK(C_SignInit, P.s, &m, o);
		OK(C_SignUpdate, P.s, data.p, 1);
		OK(C_SignUpdate, P.s, data.p + 1, 200);
		OK(C_SignUpdate, P.s, data.p + 201, data.n - 201);
		sig = room(100);
		OK(C_SignFinal, P.s, sig.p, &sig.n);
		expect("HMAC in parts", sig, ossl_hmac(h->ossl, key, data));
		break;
	case GOOD: (void)probe_want("C_Verify", do_verify(&m, o, data, sig), (const CK_RV[]){ CKR_OK, PROBE_END }); break;
	case FLIPPED:
		sig.p[sig.n - 1] ^= 0x80;
		(void)probe_want("C_Verify", do_verify(&m, o, data, sig), (const CK_RV[]){ CKR_SIGNATURE_INVALID, PROBE_END });
		break;
	case CUT:
		sig.n -= 1;
		(void)probe_want("C_Verify", do_verify(&m, o, data, sig),
						 (const CK_RV[]){ CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID, PROBE_END });
		break;
	default: break;
	}
}

/* ---- CMAC: NIST SP 800-38B appendix D (RFC 4493 for 128 bits) */

static const char cmac_data[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52"
								"eff69f2445df4f9b17ad2b417be66c3710";
static const struct cmac {
	const char *name, *key;
	unsigned n;
	const char *answer;
} cmacs[] = {
	{ "128-0", "2b7e151628aed2a6abf7158809cf4f3c", 0, "bb1d6929e95937287fa37d129b756746" },
	{ "128-16", "2b7e151628aed2a6abf7158809cf4f3c", 16, "070a16b46b4d4144f79bdd9dd04a287c" },
	{ "128-40", "2b7e151628aed2a6abf7158809cf4f3c", 40, "dfa66747de9ae63030ca32611497c827" },
	{ "128-64", "2b7e151628aed2a6abf7158809cf4f3c", 64, "51f0bebf7e3b9d92fc49741779363cfe" },
	{ "192-0", "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", 0, "d17ddf46adaacde531cac483de7a9367" },
	{ "192-40", "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", 40, "8a1de5be2eb31aad089a82e6ee908b0e" },
	{ "256-0", "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 0, "028962f61b7bf89efc6b551f4667d983" },
	{ "256-16", "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 16, "28a7023f452e8f82bd4bf28d8c37c35c" },
	{ "256-64", "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 64, "e1992190549f6ed5696a2c056c315410" },
};

static void
cmac(const void *arg, unsigned long how)
{
	const struct cmac *c = arg;
	CK_ULONG eight = 8;
	CK_MECHANISM m = how == 2 ? mech(STD_CKM_AES_CMAC_GENERAL, &eight, sizeof(eight)) : mech0(STD_CKM_AES_CMAC);
	struct bin data = cut(hex(cmac_data), c->n), sig = room(64);
	CK_OBJECT_HANDLE key;

	need(m.mechanism, CKF_SIGN | CKF_VERIFY);
	key = key_secret(CKK_AES, hex(c->key));
	if (how == 1) {
		OK(C_SignInit, P.s, &m, key);
		for (CK_ULONG i = 0; i < data.n; i += 5)
			OK(C_SignUpdate, P.s, data.p + i, data.n - i < 5 ? data.n - i : 5);
		OK(C_SignFinal, P.s, sig.p, &sig.n);
	} else
		sig = do_sign(&m, key, data);
	expect("CMAC", sig, cut(hex(c->answer), how == 2 ? 8 : 16));
	if (how != 3)
		return;
	(void)probe_want("C_Verify", do_verify(&m, key, data, sig), (const CK_RV[]){ CKR_OK, PROBE_END });
	sig.p[15] ^= 1;
	(void)probe_want("C_Verify", do_verify(&m, key, data, sig), (const CK_RV[]){ CKR_SIGNATURE_INVALID, PROBE_END });
}

/* GMAC is GCM with nothing encrypted: GCM specification, test case 1, and one with data from SP 800-38D's validation. */
static void
gmac(const void *arg, unsigned long how)
{
	struct bin iv = hex("000000000000000000000000");
	CK_MECHANISM m = mech(STD_CKM_AES_GMAC, iv.p, iv.n);
	struct bin sig;
	CK_OBJECT_HANDLE key;

	need(STD_CKM_AES_GMAC, CKF_SIGN | CKF_VERIFY);
	key = key_secret(CKK_AES, hex("00000000000000000000000000000000"));
	sig = do_sign(&m, key, text(""));
	expect("GMAC", sig, hex("58e2fccefa7e3061367f1d57a4e7455a"));
	if (how == 1) {
		sig.p[0] ^= 1;
		(void)probe_want("C_Verify", do_verify(&m, key, text(""), sig), (const CK_RV[]){ CKR_SIGNATURE_INVALID, PROBE_END });
	}
}

void
probe_mac(void)
{
	static const struct {
		enum how how;
		const char *id, *title;
	} rows[] = {
		{ CASE_1, "rfc-1", "RFC 4231 test case 1" },
		{ CASE_2, "rfc-2", "RFC 4231 test case 2" },
		{ CASE_3, "rfc-3", "RFC 4231 test case 3" },
		{ CASE_4, "rfc-4", "RFC 4231 test case 4" },
		{ LONG_KEY, "long-key", "a key longer than a block" },
		{ PARTS, "parts", "in parts" },
		{ GOOD, "verify", "a good one is verified" },
		{ FLIPPED, "flipped", "one wrong bit" },
		{ CUT, "cut", "one byte too short" },
		{ OWN_TYPE, "own-type", "with a key of the mechanism's own type" },
		{ NO_DATA, "no-data", "of nothing" },
		{ FORBIDDEN, "forbidden", "with a key that may not sign" },
		{ GENERAL, "general-10", "cut to 10 bytes" },
		{ GENERAL_FULL, "general-full", "cut to its whole length" },
		{ GENERAL_TOO_LONG, "general-long", "cut to more than there is" },
		{ GENERAL_VERIFY, "general-verify", "verified when cut" },
	};
	static const char *const conditions[] = { "answer", "parts", "general", "verify" };

	for (size_t i = 0; i < n_hashes; i++)
		for (size_t k = 0; k < LEN(rows); k++)
			if (rows[k].how != OWN_TYPE || hashes[i].hmac_key != CKK_GENERIC_SECRET)
				probe_case(0, hashes[i].section, hmac, &hashes[i], rows[k].how, "hmac-%s-%s|HMAC %s: %s", hashes[i].name,
						   rows[k].id, hashes[i].name, rows[k].title);
	for (size_t i = 0; i < LEN(cmacs); i++)
		for (size_t k = 0; k < LEN(conditions); k++)
			if (cmacs[i].n != 0 || k != 1)
				probe_case(0, "6.14", cmac, &cmacs[i], k, "cmac-%s-%s|CMAC %s of SP 800-38B, %s", cmacs[i].name, conditions[k],
						   cmacs[i].name, conditions[k]);
	probe_case(0, "6.13", gmac, NULL, 0, "gmac-answer|GMAC: GCM test case 1");
	probe_case(0, "6.13", gmac, NULL, 1, "gmac-verify|GMAC: one wrong bit");
}
