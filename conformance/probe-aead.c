/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* GCM (the vectors of its specification, test cases 1 to 4, 13 to 16), CCM (SP 800-38C examples 1 to 3), ChaCha20-Poly1305 (RFC
 * 8439, 2.8.2). */

enum alg { GCM, CCM, CHACHA };

struct vector {
	const char *name;
	enum alg alg;
	const char *key, *nonce, *aad, *in, *out;   /* out ends with the tag */
	unsigned tag;
};

#define GCM_TEXT                                                                                                               \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
static const struct vector vectors[] = {
	{ "gcm-1", GCM, "00000000000000000000000000000000", "000000000000000000000000", "", "", "58e2fccefa7e3061367f1d57a4e7455a",
	  16 },
	{ "gcm-2", GCM, "00000000000000000000000000000000", "000000000000000000000000", "", "00000000000000000000000000000000",
	  "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf", 16 },
	{ "gcm-4", GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	  GCM_TEXT,
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
	  "5bc94fbc3221a5db94fae95ae7121a47",
	  16 },
	{ "gcm-4-short-tag", GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
	  "feedfacedeadbeeffeedfacedeadbeefabaddad2", GCM_TEXT,
	  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
	  "5bc94fbc3221a5db94fae95a",
	  12 },
	{ "gcm-5-short-iv", GCM, "feffe9928665731c6d6a8f9467308308", "cafebabefacedbad", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	  GCM_TEXT,
	  "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c742373806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598"
	  "3612d2e79e3b0785561be14aaca2fccb",
	  16 },
	{ "gcm-13", GCM, "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
	  "530f8afbc74536b9a963b4f1c4cb738b", 16 },
	{ "gcm-16", GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
	  "feedfacedeadbeeffeedfacedeadbeefabaddad2", GCM_TEXT,
	  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
	  "76fc6ece0f4e1768cddf8853bb2d551b",
	  16 },
	/* 200 bytes of nonce: by SP 800-38D itself, libcrypto takes no more than 128 */
	{ "gcm-200", GCM, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	  "01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3dae1e8eff6fd040b121920272e353c434a5158"
	  "5f666d747b828990979ea5acb3bac1c8cfd6dde4ebf2f900070e151c232a31383f464d545b626970777e858c939aa1a8afb6"
	  "bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d14"
	  "1b222930373e454c535a61686f767d848b9299a0a7aeb5bcc3cad1d8dfe6edf4fb020910171e252c333a41484f565d646b72",
	  "616164", "61206e6f6e6365206c6f6e676572207468616e206c696263727970746f2074616b6573",
	  "d8fae4bbd8e29e28708a78491b921e4e4670f81d5db81272b9ef667686c2488c35900d8bd0bf657d629965981e3d42eae6cdc4", 16 },
	{ "ccm-1", CCM, "404142434445464748494a4b4c4d4e4f", "10111213141516", "0001020304050607", "20212223", "7162015b4dac255d",
	  4 },
	{ "ccm-2", CCM, "404142434445464748494a4b4c4d4e4f", "1011121314151617", "000102030405060708090a0b0c0d0e0f",
	  "202122232425262728292a2b2c2d2e2f", "d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd", 6 },
	{ "ccm-3", CCM, "404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b", "000102030405060708090a0b0c0d0e0f10111213",
	  "202122232425262728292a2b2c2d2e2f3031323334353637", "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951",
	  8 },
	{ "chacha", CHACHA, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
	  "50515253c0c1c2c3c4c5c6c7",
	  "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f666665722079"
	  "6f75206f"
	  "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069742e",
	  "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b6"
	  "7ecd3b36"
	  "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e90"
	  "2ecbd0600691",
	  16 },
};

static CK_MECHANISM
aead(const struct vector *v, CK_ULONG data_len)
{
	const struct bin nonce = hex(v->nonce), aad = hex(v->aad);
	struct std_gcm *gcm = probe_alloc(sizeof(*gcm));
	struct std_ccm *ccm = probe_alloc(sizeof(*ccm));
	struct std_chacha *chacha = probe_alloc(sizeof(*chacha));
	CK_BYTE *const aad_p = aad.n == 0 ? NULL : aad.p;

	*gcm = (struct std_gcm){ nonce.p, nonce.n, nonce.n * 8, aad_p, aad.n, v->tag * 8 };
	*ccm = (struct std_ccm){ data_len, nonce.p, nonce.n, aad_p, aad.n, v->tag };
	*chacha = (struct std_chacha){ nonce.p, nonce.n, aad_p, aad.n };
	switch (v->alg) {
	case GCM: return mech(CKM_AES_GCM, gcm, sizeof(*gcm));
	case CCM: return mech(CKM_AES_CCM, ccm, sizeof(*ccm));
	default: return mech(STD_CKM_CHACHA20_POLY1305, chacha, sizeof(*chacha));
	}
}

enum how { SEAL, OPEN, SEAL_PARTS, OPEN_PARTS, BAD_TAG, BAD_TEXT, BAD_AAD, SHORT_INPUT, QUERY };

static void
bad(const struct vector *v, CK_OBJECT_HANDLE key, enum how how)
{
	CK_MECHANISM m = aead(v, strlen(v->in) / 2);
	struct bin sealed = copy(hex(v->out)), out = room(sealed.n + 64);
	const CK_ULONG text_len = sealed.n - v->tag;
	CK_RV rv;

	if (how == BAD_TAG)
		sealed.p[sealed.n - 1] ^= 1;
	else if (how == BAD_TEXT && text_len != 0)
		sealed.p[0] ^= 1;
	else if (how == SHORT_INPUT)
		sealed.n = v->tag - 1;
	else if (how == BAD_AAD && v->aad[0] != '\0') {
		if (v->alg == GCM)
			((struct std_gcm *)m.pParameter)->aad[0] ^= 1;
		else if (v->alg == CCM)
			((struct std_ccm *)m.pParameter)->aad[0] ^= 1;
		else
			((struct std_chacha *)m.pParameter)->aad[0] ^= 1;
	} else
		sealed.p[0] ^= 1;
	OK(C_DecryptInit, P.s, &m, key);
	rv = P.f->C_Decrypt(P.s, sealed.p, sealed.n, out.p, &out.n);
	(void)probe_want("C_Decrypt", rv,
					 (const CK_RV[]){ CKR_ENCRYPTED_DATA_INVALID, STD_CKR_AEAD_DECRYPT_FAILED, CKR_ENCRYPTED_DATA_LEN_RANGE,
									  PROBE_END });
	CHECK(text_len < 8 || memcmp(out.p, hex(v->in).p, 8) != 0, "the text was given although the tag is wrong");
}

static void
vector(const void *arg, unsigned long how)
{
	const struct vector *v = arg;
	const struct bin in = hex(v->in), sealed = hex(v->out);
	CK_MECHANISM m = aead(v, in.n);
	CK_ULONG n = 0;
	CK_OBJECT_HANDLE key;

	need(m.mechanism, CKF_ENCRYPT | CKF_DECRYPT);
	key = key_secret(v->alg == CHACHA ? STD_CKK_CHACHA20 : CKK_AES, hex(v->key));
	switch ((enum how)how) {
	case SEAL: expect("encrypted", do_encrypt(&m, key, in), sealed); break;
	case OPEN: expect("decrypted", do_decrypt(&m, key, sealed), in); break;
	case SEAL_PARTS: expect("encrypted in parts", do_parts(true, &m, key, in, 7), sealed); break;
	case OPEN_PARTS: expect("decrypted in parts", do_parts(false, &m, key, sealed, 7), in); break;
	case QUERY:
		OK(C_EncryptInit, P.s, &m, key);
		OK(C_Encrypt, P.s, in.p, in.n, NULL, &n);
		CHECK(n >= sealed.n && n <= sealed.n + 16, "the length is told as %lu, not %lu", n, sealed.n);
		break;
	default: bad(v, key, (enum how)how); break;
	}
}

/* ---- parameters that are none */

static void
bad_param(const void *arg, unsigned long how)
{
	struct bin iv = pattern(16, 1);
	struct std_gcm gcm = { iv.p, 12, 96, NULL, 0, 128 };
	struct std_ccm ccm = { 16, iv.p, 12, NULL, 0, 16 };
	CK_MECHANISM m = mech(CKM_AES_GCM, &gcm, sizeof(gcm));
	CK_OBJECT_HANDLE key;

	switch (how) {
	case 0: gcm.tag_bits = 129; break;
	case 1: gcm.tag_bits = 7; break;
	case 2: gcm.iv = NULL; break;
	case 3: gcm.aad_len = 4; break;
	case 4: m.ulParameterLen -= 1; break;
	case 5: m = mech0(CKM_AES_GCM); break;
	case 6: gcm.iv_len = gcm.iv_bits = 0; break;
	default: m = mech(CKM_AES_CCM, &ccm, sizeof(ccm)); break;
	}
	switch (how) {
	case 7: ccm.nonce_len = 6; break;
	case 8: ccm.nonce_len = 14; break;
	case 9: ccm.mac_len = 5; break;
	case 10: ccm.mac_len = 18; break;
	default: break;
	}
	need(m.mechanism, CKF_ENCRYPT);
	key = key_aes(128);
	(void)WANT((CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD), C_EncryptInit, P.s, &m, key);
}

void
probe_aead(void)
{
	static const struct {
		enum how how;
		const char *id, *title;
	} rows[] = {
		{ SEAL, "seal", "encrypts" },
		{ OPEN, "open", "decrypts" },
		{ SEAL_PARTS, "seal-parts", "encrypts in parts" },
		{ OPEN_PARTS, "open-parts", "decrypts in parts" },
		{ BAD_TAG, "bad-tag", "refuses a wrong tag" },
		{ BAD_TEXT, "bad-text", "refuses a wrong text" },
		{ BAD_AAD, "bad-aad", "refuses other additional data" },
		{ SHORT_INPUT, "short", "refuses less than a tag" },
		{ QUERY, "query", "tells the length" },
	};
	static const char *const params[] = {
		"gcm-tag-129|GCM with a tag of 129 bits",
		"gcm-tag-7|GCM with a tag of 7 bits",
		"gcm-null-iv|GCM with NULL for 12 bytes of IV",
		"gcm-null-aad|GCM with NULL for 4 bytes of additional data",
		"gcm-param-short|GCM with a parameter one byte short",
		"gcm-no-param|GCM without a parameter",
		"gcm-iv-0|GCM with an IV of no bytes",
		"ccm-nonce-6|CCM with a nonce of 6 bytes",
		"ccm-nonce-14|CCM with a nonce of 14 bytes",
		"ccm-mac-5|CCM with a tag of 5 bytes",
		"ccm-mac-18|CCM with a tag of 18 bytes",
	};
	static const char *const sections[] = { "6.13.3", "6.13.4", "6.61" };

	for (size_t i = 0; i < LEN(vectors); i++)
		for (size_t k = 0; k < LEN(rows); k++)
			probe_case(0, sections[vectors[i].alg], vector, &vectors[i], rows[k].how, "aead-%s-%s|%s: %s", vectors[i].name,
					   rows[k].id, vectors[i].name, rows[k].title);
	for (size_t i = 0; i < LEN(params); i++)
		probe_case(0, i < 7 ? "6.13.3" : "6.13.4", bad_param, NULL, i, "aead-%s", params[i]);
}
