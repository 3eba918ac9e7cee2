/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* C_DeriveKey and C_GenerateKey by key derivation functions: HKDF, SP 800-108, PBKDF2, the simple ones, TLS 1.2. */

static struct tmpl
derived(CK_KEY_TYPE type, CK_ULONG n)
{
	struct tmpl t = { .n = 0 };

	t_key(&t, CKO_SECRET_KEY, type);
	t_bool(&t, CKA_SENSITIVE, false);
	t_bool(&t, CKA_EXTRACTABLE, true);
	if (n != 0)
		t_ulong(&t, CKA_VALUE_LEN, n);
	return t;
}

static void
gives(CK_MECHANISM *m, CK_OBJECT_HANDLE key, CK_KEY_TYPE type, CK_ULONG n, struct bin wanted)
{
	const struct tmpl t = derived(type, n);

	expect("derived", attr(do_derive(m, key, &t), CKA_VALUE), wanted);
}

/* ---- HKDF: RFC 5869 appendix A, test cases 1 to 3 */

static const struct {
	const char *ikm, *salt, *info, *prk, *okm;
} hkdfs[] = {
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
	  "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
	  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b"
	  "3c3d3e3f404142434445464748494a4b4c4d4e4f",
	  "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b"
	  "9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
	  "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaeb"
	  "ecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
	  "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
	  "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9"
	  "aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87" },
	{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
	  "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
	  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8" },
};

enum hkdf { H_BOTH, H_EXTRACT, H_EXPAND, H_DATA, H_SALT_KEY, H_NEITHER, H_BAD_PRF, H_TOO_LONG };

static void
hkdf(const void *arg, unsigned long how)
{
	const unsigned long row = how / 16;
	const struct bin ikm = hex(hkdfs[row].ikm), salt = hex(hkdfs[row].salt), info = hex(hkdfs[row].info),
					 okm = hex(hkdfs[row].okm);
	struct std_hkdf h = { CK_TRUE,
						  CK_TRUE,
						  CKM_SHA256,
						  salt.n == 0 ? 1UL : 2UL,
						  salt.n == 0 ? NULL : salt.p,
						  salt.n,
						  0,
						  info.n == 0 ? NULL : info.p,
						  info.n };
	CK_MECHANISM m = mech(STD_CKM_HKDF_DERIVE, &h, sizeof(h));
	struct tmpl t = derived(CKK_GENERIC_SECRET, okm.n);
	CK_OBJECT_HANDLE key, made = 0;

	if (how % 16 == H_DATA)
		m.mechanism = STD_CKM_HKDF_DATA;
	need(m.mechanism, CKF_DERIVE);
	key = key_secret(STD_CKK_HKDF, how % 16 == H_EXPAND ? hex(hkdfs[row].prk) : ikm);
	switch ((enum hkdf)(how % 16)) {
	case H_BOTH: gives(&m, key, CKK_GENERIC_SECRET, okm.n, okm); break;
	case H_EXTRACT:
		h.expand = CK_FALSE;
		gives(&m, key, CKK_GENERIC_SECRET, 32, hex(hkdfs[row].prk));
		break;
	case H_EXPAND:
		h.extract = CK_FALSE;
		gives(&m, key, CKK_GENERIC_SECRET, okm.n, okm);
		break;
	case H_DATA:
		t.n = 0;
		t_ulong(&t, CKA_CLASS, CKO_DATA);
		t_bool(&t, CKA_TOKEN, false);
		t_ulong(&t, CKA_VALUE_LEN, okm.n);
		expect("data", attr(do_derive(&m, key, &t), CKA_VALUE), okm);
		break;
	case H_SALT_KEY:
		h.salt_type = 4;
		h.salt = NULL;
		h.salt_len = 0;
		h.salt_key = key_secret(CKK_GENERIC_SECRET, salt);
		gives(&m, key, CKK_GENERIC_SECRET, okm.n, okm);
		break;
	case H_NEITHER:
		h.extract = h.expand = CK_FALSE;
		(void)WANT((CKR_MECHANISM_PARAM_INVALID), C_DeriveKey, P.s, &m, key, t.a, t.n, &made);
		break;
	case H_BAD_PRF:
		h.prf = CKM_AES_CBC;
		(void)WANT((CKR_MECHANISM_PARAM_INVALID), C_DeriveKey, P.s, &m, key, t.a, t.n, &made);
		break;
	default:
		t = derived(CKK_GENERIC_SECRET, 255 * 32 + 1);
		(void)WANT((CKR_KEY_SIZE_RANGE, CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT), C_DeriveKey, P.s, &m, key, t.a,
				   t.n, &made);
		break;
	}
}

/* ---- SP 800-108: the PRF's input is built as the data parameters say; the answers by libcrypto's HMAC */

static struct bin
counted(const char *hash, struct bin key, struct bin fixed, struct bin iv, bool feedback, CK_ULONG n)
{
	struct bin out = { NULL, 0 }, k = iv;

	for (CK_BYTE i = 1; out.n < n; i++) {
		const struct bin counter = { (CK_BYTE[]){ 0, 0, 0, i }, 4 };

		k = ossl_hmac(hash, key, join(feedback ? join(k, counter) : copy(counter), fixed));
		out = join(out, k);
	}
	return cut(out, n);
}

static void
sp800_108(const void *arg, unsigned long how)
{
	const struct hash *h = hash_named(arg);
	const bool feedback = (how & 1) != 0;
	const struct bin key = pattern(32, 1), label = text("label"), context = text("context"), zero = { (CK_BYTE[]){ 0 }, 1 };
	const struct bin fixed = join(join(join(label, zero), context), (struct bin){ (CK_BYTE[]){ 0, 0, 2, 0x80 }, 4 });
	const struct bin iv = pattern(h->bytes, 9);
	struct std_counter_format counter = { CK_FALSE, 32 };
	struct std_dkm_format length = { 1, CK_FALSE, 32 };
	struct std_prf_data data[] = {
		{ 1, &counter, sizeof(counter) }, { 4, label.p, label.n },        { 4, zero.p, 1 },
		{ 4, context.p, context.n },      { 3, &length, sizeof(length) },
	};
	struct std_prf_data back[] = {
		{ 1, NULL, 0 },   { 2, &counter, sizeof(counter) }, { 4, label.p, label.n },
		{ 4, zero.p, 1 }, { 4, context.p, context.n },      { 3, &length, sizeof(length) },
	};
	struct std_kdf kdf = { h->hmac, LEN(data), data, 0, NULL };
	struct std_feedback fb = { h->hmac, LEN(back), back, iv.n, iv.p, 0, NULL };
	CK_MECHANISM m = feedback ? mech(STD_CKM_SP800_108_FEEDBACK_KDF, &fb, sizeof(fb))
							  : mech(STD_CKM_SP800_108_COUNTER_KDF, &kdf, sizeof(kdf));
	struct tmpl t = derived(CKK_GENERIC_SECRET, 80);
	CK_OBJECT_HANDLE o, made = 0;

	need(m.mechanism, CKF_DERIVE);
	o = key_secret(CKK_GENERIC_SECRET, key);
	if (how >= 6) {
		const struct bin all = counted(h->ossl, key, fixed, iv, feedback, 4 * h->bytes);
		CK_OBJECT_HANDLE others[2] = { 0, 0 };
		struct tmpl half = derived(CKK_GENERIC_SECRET, 16);
		struct std_derived more[] = { { half.a, half.n, &others[0] }, { half.a, half.n, &others[1] } };
		const CK_ULONG used = (48 + h->bytes - 1) / h->bytes * h->bytes;

		/* 48, 16 and 16 bytes: the 80 that the length field says, and each key of segments of its own. */
		t = derived(CKK_GENERIC_SECRET, 48);
		kdf.n_more = fb.n_more = 2;
		kdf.more = fb.more = more;
		OK(C_DeriveKey, P.s, &m, o, t.a, t.n, &made);
		expect("the first key", attr(made, CKA_VALUE), cut(all, 48));
		expect("the second", attr(others[0], CKA_VALUE), (struct bin){ all.p + used, 16 });
		expect("the third", attr(others[1], CKA_VALUE), (struct bin){ all.p + used + h->bytes, 16 });
		return;
	}
	if (how < 2) {
		gives(&m, o, CKK_GENERIC_SECRET, 80, counted(h->ossl, key, fixed, iv, feedback, 80));
		return;
	}
	if (how < 4)
		kdf.n_data = fb.n_data = 0;
	else
		kdf.prf = fb.prf = CKM_AES_CBC;
	(void)WANT((CKR_MECHANISM_PARAM_INVALID), C_DeriveKey, P.s, &m, o, t.a, t.n, &made);
}

/* ---- PBKDF2: RFC 6070 (HMAC-SHA1), and RFC 7914 section 11 (HMAC-SHA256) */

static const struct {
	const char *password, *salt;
	CK_ULONG iterations, prf;
	const char *answer;
} pbkdf2s[] = {
	{ "password", "salt", 1, 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6" },
	{ "password", "salt", 2, 1, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957" },
	{ "password", "salt", 4096, 1, "4b007901b765489abead49d926f721d065a429c1" },
	{ "passwordPASSWORDpassword", "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096, 1,
	  "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038" },
	{ "passwd", "salt", 1, 4,
	  "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041"
	  "d3a19783" },
};

static void
pbkdf2(const void *arg, unsigned long how)
{
	const struct bin password = text(pbkdf2s[how].password), salt = text(pbkdf2s[how].salt), answer = hex(pbkdf2s[how].answer);
	struct std_pbkdf2 p = { 1, salt.p, salt.n, pbkdf2s[how].iterations, pbkdf2s[how].prf, NULL, 0, password.p, password.n };
	CK_MECHANISM m = mech(STD_CKM_PKCS5_PBKD2, &p, sizeof(p));
	struct tmpl t = derived(CKK_GENERIC_SECRET, answer.n);
	CK_OBJECT_HANDLE key = 0;

	need(STD_CKM_PKCS5_PBKD2, CKF_GENERATE);
	OK(C_GenerateKey, P.s, &m, t.a, t.n, &key);
	expect("derived", attr(key, CKA_VALUE), answer);
}

/* ---- 6.43: concatenation, XOR, extraction */

enum simple { S_BASE_KEY, S_BASE_DATA, S_DATA_BASE, S_XOR, S_EXTRACT, S_XOR_SHORTER, S_BASE_DATA_CUT, S_TOO_LONG, S_SENSITIVE };

static void
simple(const void *arg, unsigned long how)
{
	static const CK_MECHANISM_TYPE mechs[] = {
		CKM_CONCATENATE_BASE_AND_KEY,  CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_DATA_AND_BASE,
		CKM_XOR_BASE_AND_DATA,         CKM_EXTRACT_KEY_FROM_KEY,      CKM_XOR_BASE_AND_DATA,
		CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_BASE_AND_DATA, CKM_CONCATENATE_BASE_AND_DATA,
	};
	const struct bin a = pattern(20, 1), b = pattern(12, 2);
	struct std_string s = { b.p, b.n };
	CK_ULONG bit = 21;
	CK_MECHANISM m = mech(mechs[how], &s, sizeof(s));
	struct bin wanted = room(12);
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE key, other, made = 0;

	need(mechs[how], CKF_DERIVE);
	key = key_secret(CKK_GENERIC_SECRET, a);
	switch ((enum simple)how) {
	case S_BASE_KEY:
		other = key_secret(CKK_GENERIC_SECRET, b);
		m = mech(mechs[how], &other, sizeof(other));
		gives(&m, key, CKK_GENERIC_SECRET, 0, join(a, b));
		break;
	case S_BASE_DATA: gives(&m, key, CKK_GENERIC_SECRET, 0, join(a, b)); break;
	case S_BASE_DATA_CUT: gives(&m, key, CKK_AES, 16, cut(a, 16)); break;
	case S_DATA_BASE: gives(&m, key, CKK_GENERIC_SECRET, 0, join(b, a)); break;
	case S_XOR: case S_XOR_SHORTER:
		for (CK_ULONG i = 0; i < 12; i++)
			wanted.p[i] = a.p[i] ^ b.p[i];
		if (how == S_XOR)
			gives(&m, key, CKK_GENERIC_SECRET, 0, wanted);
		else
			gives(&m, key, CKK_GENERIC_SECRET, 8, cut(wanted, 8));
		break;
	case S_EXTRACT:
		m = mech(mechs[how], &bit, sizeof(bit));
		for (CK_ULONG i = 0; i < 8; i++)
			wanted.p[i] = (CK_BYTE)(a.p[i + 2] << 5 | a.p[i + 3] >> 3);
		gives(&m, key, CKK_GENERIC_SECRET, 8, cut(wanted, 8));
		break;
	case S_TOO_LONG:
		t = derived(CKK_GENERIC_SECRET, 33);
		(void)WANT((CKR_KEY_SIZE_RANGE, CKR_TEMPLATE_INCONSISTENT, CKR_ATTRIBUTE_VALUE_INVALID), C_DeriveKey, P.s, &m, key, t.a,
				   t.n, &made);
		break;
	default: /* S_SENSITIVE: what comes of a sensitive key is sensitive (6.43.2) */
		t_key(&t, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
		t_bool(&t, CKA_SENSITIVE, true);
		t_bool(&t, CKA_DERIVE, true);
		t_bin(&t, CKA_VALUE, a);
		key = make(&t);
		t.n = 0;
		t_key(&t, CKO_SECRET_KEY, CKK_GENERIC_SECRET);
		if (WANT((CKR_OK, CKR_TEMPLATE_INCONSISTENT), C_DeriveKey, P.s, &m, key, t.a, t.n, &made) == CKR_OK)
			CHECK(attr_bool(made, CKA_SENSITIVE), "the derived key is not sensitive");
		break;
	}
}

/* ---- encryption of data: 6.17 */

static void
by_encryption(const void *arg, unsigned long how)
{
	const bool ecb = how == 0;
	const struct bin data = pattern(32, 4), iv = pattern(16, 5);
	struct std_string s = { data.p, data.n };
	struct std_cbc_data c = { .data = data.p, .len = data.n };
	CK_MECHANISM m = ecb ? mech(CKM_AES_ECB_ENCRYPT_DATA, &s, sizeof(s)) : mech(CKM_AES_CBC_ENCRYPT_DATA, &c, sizeof(c));
	const struct bin key = hex("000102030405060708090a0b0c0d0e0f");

	need(m.mechanism, CKF_DERIVE);
	(void)memcpy(c.iv, iv.p, 16);
	gives(&m, key_aes(128), CKK_GENERIC_SECRET, 32,
		  ossl_cipher(ecb ? "AES-128-ECB" : "AES-128-CBC", true, key, ecb ? text("") : iv, data));
}

/* ---- TLS 1.2: RFC 5246 section 5 and 8.1; 6.40 */

static struct bin
tls_prf(const char *hash, struct bin secret, const char *label, struct bin seed, CK_ULONG n)
{
	const struct bin all = join(text(label), seed);
	struct bin a = all, out = { NULL, 0 };

	while (out.n < n) {
		a = ossl_hmac(hash, secret, a);
		out = join(out, ossl_hmac(hash, secret, join(a, all)));
	}
	return cut(out, n);
}

static void
tls12(const void *arg, unsigned long how)
{
	const struct hash *h = hash_named(arg);
	const struct bin premaster = join(hex("0303"), pattern(46, 1)), master = pattern(48, 2), client = pattern(32, 3),
					 server = pattern(32, 4);
	struct std_randoms randoms = { client.p, 32, server.p, 32 };
	CK_VERSION version = { 0, 0 };
	struct std_tls12_master tm = { randoms, &version, h->digest };
	struct bin block, client_iv = room(4), server_iv = room(4);
	struct std_tls12_out out = { 0, 0, 0, 0, client_iv.p, server_iv.p };
	struct std_tls12_keys tk = { 160, 128, 32, CK_FALSE, randoms, &out, h->digest };
	struct std_tls_kdf kdf = { h->digest, text("EXPORTER-probe").p, 14, randoms, NULL, 0 };
	CK_MECHANISM m = mech(STD_CKM_TLS12_MASTER_KEY_DERIVE, &tm, sizeof(tm));
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE made = 0;

	if (how == 1)
		m = mech(STD_CKM_TLS12_KEY_AND_MAC_DERIVE, &tk, sizeof(tk));
	if (how == 2)
		m = mech(STD_CKM_TLS_KDF, &kdf, sizeof(kdf));
	need(m.mechanism, CKF_DERIVE);
	switch (how) {
	case 0:
		gives(&m, key_secret(CKK_GENERIC_SECRET, premaster), CKK_GENERIC_SECRET, 48,
			  tls_prf(h->ossl, premaster, "master secret", join(client, server), 48));
		CHECK(version.major == 3 && version.minor == 3, "version %u.%u", version.major, version.minor);
		break;
	case 1:
		t_bool(&t, CKA_TOKEN, false);
		t_bool(&t, CKA_SENSITIVE, false);
		t_bool(&t, CKA_EXTRACTABLE, true);
		OK(C_DeriveKey, P.s, &m, key_secret(CKK_GENERIC_SECRET, master), t.a, t.n, &made);
		block = tls_prf(h->ossl, master, "key expansion", join(server, client), 2 * (20 + 16 + 4));
		CHECK(out.client_mac != 0 && out.server_mac != 0 && out.client_key != 0 && out.server_key != 0, "handles %lu %lu %lu %lu",
		      out.client_mac, out.server_mac, out.client_key, out.server_key);
		expect("client's MAC key", attr(out.client_mac, CKA_VALUE), cut(block, 20));
		expect("server's MAC key", attr(out.server_mac, CKA_VALUE), (struct bin){ block.p + 20, 20 });
		expect("client's key", attr(out.client_key, CKA_VALUE), (struct bin){ block.p + 40, 16 });
		expect("server's key", attr(out.server_key, CKA_VALUE), (struct bin){ block.p + 56, 16 });
		expect("client's IV", client_iv, (struct bin){ block.p + 72, 4 });
		expect("server's IV", server_iv, (struct bin){ block.p + 76, 4 });
		break;
	default:
		gives(&m, key_secret(CKK_GENERIC_SECRET, master), CKK_GENERIC_SECRET, 40,
			  tls_prf(h->ossl, master, "EXPORTER-probe", join(client, server), 40));
		break;
	}
}

void
probe_derive(void)
{
	static const char *const hkdf_names[] = {
		"both", "extract", "expand", "data", "salt-key", "neither", "bad-prf", "too-long"
	};
	static const char *const simple_names[] = {
		"base-and-key|CKM_CONCATENATE_BASE_AND_KEY", "base-and-data|CKM_CONCATENATE_BASE_AND_DATA", "data-and-base|CKM_CONCATENATE_DATA_AND_BASE",
		"xor|CKM_XOR_BASE_AND_DATA", "extract|CKM_EXTRACT_KEY_FROM_KEY", "xor-shorter|CKM_XOR_BASE_AND_DATA, fewer bytes",
		"base-and-data-cut|CKM_CONCATENATE_BASE_AND_DATA, an AES key", "too-long|more bytes than there are", "sensitive|of a sensitive key",
	};
	static const char *const kdf_names[] = { "counter",          "feedback",        "counter-no-data",
											 "feedback-no-data", "counter-bad-prf", "feedback-bad-prf",
											 "counter-keys",     "feedback-keys" };
	static const char *const tls_names[] = { "master|the master secret", "keys|the keys of a connection",
											 "exporter|CKM_TLS_KDF" };
	static const char *const kdf_hashes[] = { "SHA1", "SHA256", "SHA384", "SHA512" };
	static const char *const tls_hashes[] = { "SHA256", "SHA384" };

	for (unsigned long row = 0; row < LEN(hkdfs); row++)
		for (unsigned long how = 0; how < (row == 0 ? LEN(hkdf_names) : 4); how++)
			probe_case(0, "6.62", hkdf, NULL, row * 16 + how, "hkdf-%lu-%s|HKDF, RFC 5869 test case %lu: %s", row + 1,
					   hkdf_names[how], row + 1, hkdf_names[how]);
	for (size_t i = 0; i < LEN(kdf_hashes); i++)
		for (unsigned long how = 0; how < (i == 1 ? 8 : 2); how++)
			probe_case(0, "6.42", sp800_108, kdf_hashes[i], how, "sp800-108-%s-%s|SP 800-108 %s, HMAC %s", kdf_hashes[i],
					   kdf_names[how], kdf_names[how], kdf_hashes[i]);
	for (unsigned long i = 0; i < LEN(pbkdf2s); i++)
		probe_case(0, "6.37", pbkdf2, NULL, i, "pbkdf2-%lu|PBKDF2, %s %lu", i + 1, i < 4 ? "RFC 6070 row" : "RFC 7914 row",
				   i + 1);
	for (unsigned long i = 0; i < LEN(simple_names); i++)
		probe_case(0, "6.43", simple, NULL, i, "derive-%s", simple_names[i]);
	probe_case(0, "6.17", by_encryption, NULL, 0, "derive-aes-ecb|CKM_AES_ECB_ENCRYPT_DATA");
	probe_case(0, "6.17", by_encryption, NULL, 1, "derive-aes-cbc|CKM_AES_CBC_ENCRYPT_DATA");
	for (size_t i = 0; i < LEN(tls_hashes); i++)
		for (unsigned long how = 0; how < LEN(tls_names); how++)
			probe_case(0, "6.40", tls12, tls_hashes[i], how, "tls12-%s-%s, %s", tls_hashes[i], tls_names[how], tls_hashes[i]);
}
