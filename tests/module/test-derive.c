/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"
#include "pkcs11-derive.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/x509.h>
#include <string.h>

/* C_DeriveKey (PKCS#11 3.0 section 5.18.5) and CKM_PKCS5_PBKD2, against published figures and libcrypto. The token's root: test-root-key.c. */

static CK_SESSION_HANDLE s;

#define SECRET(type) T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, type)
#define CLOSED T_BOOL(CKA_SENSITIVE, CK_TRUE), T_BOOL(CKA_EXTRACTABLE, CK_FALSE)

static CK_OBJECT_HANDLE
make(CK_KEY_TYPE type, const void *value, CK_ULONG len, const CK_ATTRIBUTE *more, CK_ULONG n)
{
	CK_ATTRIBUTE template[16] = { SECRET(type), T_BYTES(CKA_VALUE, value, len), T_BOOL(CKA_DERIVE, CK_TRUE) };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv;

	if (n != 0)
		memcpy(template + 4, more, n * sizeof(*more));
	rv = p11->C_CreateObject(s, template, 4 + n, &key);
	if (rv != CKR_OK)
		test_bail("C_CreateObject: 0x%lx", rv);
	return key;
}

/* len 0: no CKA_VALUE_LEN */
static CK_RV
derive(CK_MECHANISM *m, CK_OBJECT_HANDLE base, CK_ULONG len, CK_OBJECT_HANDLE *key)
{
	CK_ATTRIBUTE template[] = { SECRET(CKK_GENERIC_SECRET), T_ULONG(CKA_VALUE_LEN, len) };

	return p11->C_DeriveKey(s, m, base, template, len == 0 ? 2 : 3, key);
}

/* Every mechanism that the list says can derive has to have worked here. */
static CK_MECHANISM_TYPE seen[64];
static size_t n_seen;

static void
note_seen(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < n_seen; i++)
		if (seen[i] == type)
			return;
	if (n_seen < LEN(seen))
		seen[n_seen++] = type;
}

static void
none_forgotten(void)
{
	CK_MECHANISM_TYPE list[256];
	CK_ULONG n = LEN(list);

	if (p11->C_GetMechanismList(SLOT_OWNER, list, &n) != CKR_OK)
		test_bail("no list");
	for (CK_ULONG i = 0; i < n; i++) {
		CK_MECHANISM_INFO about = { .flags = 0 };
		bool known = false;

		(void)p11->C_GetMechanismInfo(SLOT_OWNER, list[i], &about);
		for (size_t k = 0; k < n_seen; k++)
			known = known || seen[k] == list[i];
		test_ok(((about.flags & CKF_DERIVE) != 0) == known, "0x%lx is tested exactly when it derives", list[i]);
	}
}

static void
gives(CK_MECHANISM *m, CK_OBJECT_HANDLE base, CK_ULONG len, const void *want, size_t want_len, const char *what)
{
	CK_OBJECT_HANDLE key = 0;
	CK_BYTE got[1024];

	note_seen(m->mechanism);
	if (test_eq(derive(m, base, len, &key), CKR_OK, "%s: C_DeriveKey", what))
		test_mem(got, mod_attr(s, key, CKA_VALUE, got, sizeof(got)), want, want_len, "%s: the value", what);
}

static void
fails(CK_MECHANISM *m, CK_OBJECT_HANDLE base, CK_ULONG len, CK_RV want, const char *what)
{
	CK_OBJECT_HANDLE key = 4711;

	test_eq(derive(m, base, len, &key), want, "%s", what);
	test_eq(key, 4711, "no handle");
}

/* ECDH */

static void
x963(const char *hash, const CK_BYTE *z, size_t z_len, const char *info, CK_BYTE *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "X963KDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)hash, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)(uintptr_t)z, z_len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)info, strlen(info)),
		OSSL_PARAM_construct_end(),
	};

	if (EVP_KDF_derive(ctx, out, len, params) != 1)
		test_bail("no X9.63 with %s", hash);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void
ecdh(void)
{
	static const struct {
		CK_ULONG kdf;
		const char *hash;
		CK_ULONG len;
	} kdfs[] = {
		{ CKD_SHA1_KDF, "SHA1", 20 }, { CKD_SHA224_KDF, "SHA224", 28 }, { CKD_SHA256_KDF, "SHA256", 32 }, { CKD_SHA384_KDF, "SHA384", 48 },
		{ CKD_SHA512_KDF, "SHA512", 64 }, { CKD_SHA3_224_KDF, "SHA3-224", 28 }, { CKD_SHA3_256_KDF, "SHA3-256", 32 },
		{ CKD_SHA3_384_KDF, "SHA3-384", 48 }, { CKD_SHA3_512_KDF, "SHA3-512", 64 },
	};
	static char info[] = "shared information";
	const struct pair own = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P521, "p521", false);
	EVP_PKEY *peer = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
	EVP_PKEY *mine;
	EVP_PKEY_CTX *ctx;
	CK_BYTE spki[300];
	const CK_BYTE *p = spki;
	CK_BYTE z[66];
	CK_BYTE want[200];
	CK_BYTE point[140] = { 4, 0x81, 133 };
	size_t len = 0;
	CK_ECDH1_DERIVE_PARAMS params = { CKD_NULL, 0, NULL, 133, point + 3 };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &params, sizeof(params) };

	mine = d2i_PUBKEY(NULL, &p, (long)mod_attr(s, own.public, CKA_PUBLIC_KEY_INFO, spki, sizeof(spki)));
	ctx = EVP_PKEY_CTX_new(peer, NULL);
	if (EVP_PKEY_get_octet_string_param(peer, OSSL_PKEY_PARAM_PUB_KEY, point + 3, 133, &len) != 1 || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer(ctx, mine) != 1 || (len = sizeof(z), EVP_PKEY_derive(ctx, z, &len)) != 1)
		test_bail("libcrypto does not agree");
	gives(&m, own.private, 0, z, 66, "ECDH, raw");
	gives(&m, own.private, 16, z + 50, 16, "ECDH, raw, 16 bytes: leading ones are dropped (2.3.18)");
	m.mechanism = CKM_ECDH1_COFACTOR_DERIVE;
	gives(&m, own.private, 66, z, 66, "ECDH with cofactor");
	m.mechanism = CKM_ECDH1_DERIVE;
	params.pPublicData = point;
	params.ulPublicDataLen = 136;
	gives(&m, own.private, 0, z, 66, "ECDH, the point as CKA_EC_POINT");
	fails(&m, own.private, 67, CKR_KEY_SIZE_RANGE, "ECDH, raw, longer than there is");
	params.pSharedData = (CK_BYTE *)info;
	params.ulSharedDataLen = strlen(info);
	fails(&m, own.private, 0, CKR_MECHANISM_PARAM_INVALID, "ECDH, raw, with shared information");
	for (size_t i = 0; i < LEN(kdfs); i++) {
		params.kdf = kdfs[i].kdf;
		x963(kdfs[i].hash, z, 66, info, want, 200);
		gives(&m, own.private, 0, want, kdfs[i].len, kdfs[i].hash);
		gives(&m, own.private, 200, want, 200, kdfs[i].hash);
	}
	params.kdf = 99;
	fails(&m, own.private, 0, CKR_MECHANISM_PARAM_INVALID, "ECDH, no such KDF");
	params = (CK_ECDH1_DERIVE_PARAMS){ CKD_NULL, 0, NULL, 132, point + 3 };
	fails(&m, own.private, 0, CKR_MECHANISM_PARAM_INVALID, "ECDH, a point cut off");
	params.ulPublicDataLen = 133;
	point[100] ^= 1;
	fails(&m, own.private, 0, CKR_MECHANISM_PARAM_INVALID, "ECDH, a point off the curve");
	memset(point + 3, 0, 133);
	fails(&m, own.private, 0, CKR_MECHANISM_PARAM_INVALID, "ECDH, the point at infinity");
	m.ulParameterLen--;
	fails(&m, own.private, 0, CKR_MECHANISM_PARAM_INVALID, "ECDH, half a parameter");
	m.ulParameterLen++;
	fails(&m, own.public, 0, CKR_KEY_TYPE_INCONSISTENT, "ECDH with a public key");
	fails(&m, make(CKK_GENERIC_SECRET, "0123456789abcdef", 16, NULL, 0), 0, CKR_KEY_TYPE_INCONSISTENT, "ECDH with a secret key");
	fails(&m, mod_ec(s, CKM_EC_EDWARDS_KEY_PAIR_GEN, OID_ED25519, "ed", false).private, 0, CKR_KEY_TYPE_INCONSISTENT, "ECDH with Ed25519");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(peer);
}

/* RFC 7748 6.1 and 6.2 */
static void
montgomery(void)
{
	static const struct {
		const char *name;
		const char *oid;
		const char *d;
		const char *peer;
		const char *z;
	} cases[] = {
		{ "X25519", OID_X25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
		  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
		{ "X448", "\x06\x03\x2b\x65\x6f",
		  "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
		  "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
		  "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		CK_BYTE d[57];
		CK_BYTE peer[59] = { 4 };
		CK_BYTE z[57];
		const size_t len = test_hex(cases[i].d, d, sizeof(d));
		CK_ECDH1_DERIVE_PARAMS params = { CKD_NULL, 0, NULL, len, peer + 2 };
		CK_MECHANISM m = { CKM_ECDH1_DERIVE, &params, sizeof(params) };
		CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), T_ULONG(CKA_KEY_TYPE, CKK_EC_MONTGOMERY),
			T_BYTES(CKA_EC_PARAMS, cases[i].oid, 5), T_BYTES(CKA_VALUE, d, len), T_BOOL(CKA_DERIVE, CK_TRUE) };
		CK_OBJECT_HANDLE key = 0;

		if (p11->C_CreateObject(s, template, LEN(template), &key) != CKR_OK)
			test_bail("no %s key", cases[i].name);
		peer[1] = (CK_BYTE)len;
		(void)test_hex(cases[i].peer, peer + 2, len);
		(void)test_hex(cases[i].z, z, sizeof(z));
		gives(&m, key, 0, z, len, cases[i].name);
		params.pPublicData = peer;
		params.ulPublicDataLen = len + 2;
		gives(&m, key, 0, z, len, cases[i].name);
		params.ulPublicDataLen = len + 1;
		fails(&m, key, 0, CKR_MECHANISM_PARAM_INVALID, "a byte short");
		memset(peer, 0, sizeof(peer));
		params.ulPublicDataLen = len;
		fails(&m, key, 0, CKR_MECHANISM_PARAM_INVALID, "a point of small order");
	}
}

/* RFC 5869 appendix A, in one step, in two, and with the salt in a key */
static void
hkdf(void)
{
	static const struct {
		const char *name;
		CK_MECHANISM_TYPE hash;
		const char *ikm;
		const char *salt;
		const char *info;
		const char *prk;
		const char *okm;
	} cases[] = {
		{ "RFC 5869 A.1", CKM_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		  "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
		  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865" },
		{ "RFC 5869 A.3", CKM_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
		  "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
		  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8" },
		{ "RFC 5869 A.4", CKM_SHA_1, "0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		  "9b6c18c432a7bf8f0e71c8eb88f4b30baa2ba243",
		  "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896" },
		{ "RFC 5869 A.7", CKM_SHA_1, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", "", "", "2adccada18779e7c2077ad2eb19d3f3e731385dd",
		  "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5673a081d70cce7acfc48" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		CK_BYTE ikm[80], salt[80], info[80], prk[64], okm[100];
		const size_t ikm_len = test_hex(cases[i].ikm, ikm, sizeof(ikm));
		const size_t salt_len = test_hex(cases[i].salt, salt, sizeof(salt));
		const size_t info_len = test_hex(cases[i].info, info, sizeof(info));
		const size_t prk_len = test_hex(cases[i].prk, prk, sizeof(prk));
		const size_t okm_len = test_hex(cases[i].okm, okm, sizeof(okm));
		CK_HKDF_PARAMS p = { CK_TRUE, CK_TRUE, cases[i].hash, salt_len == 0 ? CKF_HKDF_SALT_NULL : CKF_HKDF_SALT_DATA, salt, salt_len, 0, info,
			info_len };
		CK_MECHANISM m = { CKM_HKDF_DERIVE, &p, sizeof(p) };
		CK_MECHANISM data = { CKM_HKDF_DATA, &p, sizeof(p) };
		CK_ATTRIBUTE len[] = { T_ULONG(CKA_VALUE_LEN, okm_len), T_TEXT(CKA_LABEL, "data") };
		const CK_OBJECT_HANDLE base = make(CKK_GENERIC_SECRET, ikm, ikm_len, NULL, 0);
		CK_OBJECT_HANDLE object = 0;
		CK_BYTE got[100];

		gives(&m, base, okm_len, okm, okm_len, cases[i].name);
		gives(&m, base, 0, okm, prk_len, cases[i].name);
		test_eq(p11->C_DeriveKey(s, &data, base, len, 2, &object), CKR_OK, "%s: CKM_HKDF_DATA", cases[i].name);
		note_seen(data.mechanism);
		test_eq(mod_ulong(s, object, CKA_CLASS), CKO_DATA, "a data object");
		test_mem(got, mod_attr(s, object, CKA_VALUE, got, sizeof(got)), okm, okm_len, "%s: as data", cases[i].name);
		p.bExpand = CK_FALSE;
		gives(&m, base, 0, prk, prk_len, "extract");
		fails(&m, base, prk_len + 1, CKR_KEY_SIZE_RANGE, "extract, too long");
		if (salt_len != 0) {
			p.ulSaltType = CKF_HKDF_SALT_KEY;
			p.hSaltKey = make(CKK_GENERIC_SECRET, salt, salt_len, NULL, 0);
			gives(&m, base, 0, prk, prk_len, "extract with a key for salt");
			p.hSaltKey = make(CKK_GENERIC_SECRET, salt, salt_len, NULL, 0);
			test_eq(p11->C_SetAttributeValue(s, p.hSaltKey, (CK_ATTRIBUTE[]){ T_BOOL(CKA_DERIVE, CK_FALSE) }, 1), CKR_OK, "one that does not derive");
			fails(&m, base, 0, CKR_KEY_FUNCTION_NOT_PERMITTED, "is no salt: it would be a MAC key");
			p.hSaltKey = 999999;
			fails(&m, base, 0, CKR_KEY_HANDLE_INVALID, "no salt");
		}
		p.bExtract = CK_FALSE;
		p.bExpand = CK_TRUE;
		gives(&m, make(CKK_HKDF, prk, prk_len, NULL, 0), okm_len, okm, okm_len, "expand");
		fails(&m, base, 255 * prk_len + 1, CKR_KEY_SIZE_RANGE, "expand, too long");
		p.bExpand = CK_FALSE;
		fails(&m, base, 0, CKR_MECHANISM_PARAM_INVALID, "neither");
		p.bExpand = CK_TRUE;
		p.prfHashMechanism = CKM_SHA256_HMAC;
		fails(&m, base, 0, CKR_MECHANISM_PARAM_INVALID, "no hash");
	}
}

/* NIST CAVP, KBKDF, CAVS 14.4, counter before fixed data; and feedback */
static void
kdf108(void)
{
	CK_BYTE ki[32], fixed[64], ko[64], iv[16];
	CK_SP800_108_COUNTER_FORMAT counter = { CK_FALSE, 32 };
	CK_PRF_DATA_PARAM fields[3] = { { CK_SP800_108_ITERATION_VARIABLE, &counter, sizeof(counter) }, { CK_SP800_108_BYTE_ARRAY, fixed, 0 } };
	CK_SP800_108_KDF_PARAMS p = { CKM_SHA256_HMAC, 2, fields, 0, NULL };
	CK_SP800_108_FEEDBACK_KDF_PARAMS f = { CKM_AES_CMAC, 2, fields, 16, iv, 0, NULL };
	CK_MECHANISM m = { CKM_SP800_108_COUNTER_KDF, &p, sizeof(p) };
	CK_MECHANISM feedback = { CKM_SP800_108_FEEDBACK_KDF, &f, sizeof(f) };
	CK_OBJECT_HANDLE base;

	fields[1].ulValueLen = test_hex("7b03b98d9f94b899e591f3ef264b71b193fba7043c7e953cde23bc5384bc1a6293580115fae3495fd845dadbd02bd6455cf48d0f62b33e62364a3a80",
	                                fixed, sizeof(fixed));
	(void)test_hex("e204d6d466aad507ffaf6d6dab0a5b26152c9e21e764370464e360c8fbc765c6", ki, sizeof(ki));
	(void)test_hex("770dfab6a6a4a4bee0257ff335213f78d8287b4fd537d5c1fffa956910e7c779", ko, sizeof(ko));
	base = make(CKK_GENERIC_SECRET, ki, 32, NULL, 0);
	gives(&m, base, 32, ko, 32, "CAVP, counter mode");
	gives(&m, base, 0, ko, 32, "CAVP, counter mode, no length");
	counter.ulWidthInBits = 12;
	fails(&m, base, 32, CKR_MECHANISM_PARAM_INVALID, "a counter of 12 bits");
	counter.ulWidthInBits = 1UL << 32 | 32;
	fails(&m, base, 32, CKR_MECHANISM_PARAM_INVALID, "one of 2^32 + 32");
	counter.ulWidthInBits = 32;
	p.prfType = CKM_SHA256;
	fails(&m, base, 32, CKR_MECHANISM_PARAM_INVALID, "no PRF");
	p.prfType = CKM_SHA256_HMAC;
	p.ulNumberOfDataParams = 0;
	fails(&m, base, 32, CKR_MECHANISM_PARAM_INVALID, "no fields");
	p.ulNumberOfDataParams = 1000;
	fails(&m, base, 32, CKR_MECHANISM_PARAM_INVALID, "a thousand fields");
	fields[0] = (CK_PRF_DATA_PARAM){ CK_SP800_108_ITERATION_VARIABLE, NULL, 0 };
	p.ulNumberOfDataParams = 2;
	fails(&m, base, 32, CKR_MECHANISM_PARAM_INVALID, "a counter without form");
	fields[1].ulValueLen = test_hex("62afe5fed91e797221a854336b0aadd8a05ad0e3c8345729897b2efcec5a1178a2fa4c063007b67a7015e0d6b7271ea8d86b44", fixed,
	                                sizeof(fixed));
	(void)test_hex("5c996c922f65de97d4408373229814c6", ki, sizeof(ki));
	(void)test_hex("28dc945cb8337ab5336c3e9b5bad21c7", iv, sizeof(iv));
	(void)test_hex("88a9aae193abdd3fe8143bab66014ae41dc2d12ea9d08f5871588fc5d827924eb9942989d7a36d4b3b107997566472cad5942bd13cb5cff32b9dae30f1bb6300", ko,
	               sizeof(ko));
	gives(&feedback, make(CKK_AES, ki, 16, NULL, 0), 64, ko, 64, "CAVP, feedback mode, CMAC");
	fields[0].ulValueLen = 8;
	fields[0].pValue = iv;
	fails(&feedback, make(CKK_AES, ki, 16, NULL, 0), 64, CKR_MECHANISM_PARAM_INVALID, "chaining with a form");
}

static void
pbkdf2(void)
{
	static const struct {
		const char *name;
		CK_ULONG prf;
		const char *password;
		const char *salt;
		CK_ULONG rounds;
		const char *key;
	} cases[] = {
		{ "RFC 7914 11", CKP_PKCS5_PBKD2_HMAC_SHA256, "passwd", "salt", 1,
		  "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783" },
		{ "RFC 6070, 1", CKP_PKCS5_PBKD2_HMAC_SHA1, "password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6" },
		{ "RFC 6070, 3", CKP_PKCS5_PBKD2_HMAC_SHA1, "password", "salt", 4096, "4b007901b765489abead49d926f721d065a429c1" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		CK_BYTE want[64];
		CK_BYTE got[64];
		const size_t len = test_hex(cases[i].key, want, sizeof(want));
		CK_PKCS5_PBKD2_PARAMS2 p = { CKZ_SALT_SPECIFIED, (void *)(uintptr_t)cases[i].salt, strlen(cases[i].salt), cases[i].rounds, cases[i].prf, NULL, 0,
			(CK_BYTE *)(uintptr_t)cases[i].password, strlen(cases[i].password) };
		CK_MECHANISM m = { CKM_PKCS5_PBKD2, &p, sizeof(p) };
		CK_ATTRIBUTE template[] = { SECRET(CKK_GENERIC_SECRET), T_ULONG(CKA_VALUE_LEN, len) };
		CK_OBJECT_HANDLE key = 0;

		test_eq(p11->C_GenerateKey(s, &m, template, LEN(template), &key), CKR_OK, "%s: C_GenerateKey", cases[i].name);
		test_mem(got, mod_attr(s, key, CKA_VALUE, got, sizeof(got)), want, len, "%s: the key", cases[i].name);
		test_ok(mod_bool(s, key, CKA_LOCAL) && mod_ulong(s, key, CKA_KEY_GEN_MECHANISM) == CKM_PKCS5_PBKD2, "%s: made here", cases[i].name);
		p.iterations = 0;
		test_eq(p11->C_GenerateKey(s, &m, template, LEN(template), &key), CKR_MECHANISM_PARAM_INVALID, "no rounds");
		p.iterations = 1;
		p.prf = 2;
		test_eq(p11->C_GenerateKey(s, &m, template, LEN(template), &key), CKR_MECHANISM_PARAM_INVALID, "GOST");
	}
}

static CK_BYTE ten[] = "0123456789";
static CK_KEY_DERIVATION_STRING_DATA string = { ten, 10 };

static void
plain(void)
{
	CK_MECHANISM behind = { CKM_CONCATENATE_BASE_AND_DATA, &string, sizeof(string) };
	CK_MECHANISM before = { CKM_CONCATENATE_DATA_AND_BASE, &string, sizeof(string) };
	CK_MECHANISM xored = { CKM_XOR_BASE_AND_DATA, &string, sizeof(string) };
	CK_OBJECT_HANDLE other = make(CKK_GENERIC_SECRET, "XYZ", 3, NULL, 0);
	CK_ULONG bit = 4;
	CK_MECHANISM key = { CKM_CONCATENATE_BASE_AND_KEY, &other, sizeof(other) };
	CK_MECHANISM piece = { CKM_EXTRACT_KEY_FROM_KEY, &bit, sizeof(bit) };
	const CK_OBJECT_HANDLE base = make(CKK_GENERIC_SECRET, "abcd", 4, NULL, 0);

	gives(&behind, base, 0, "abcd0123456789", 14, "base and data");
	gives(&behind, base, 6, "abcd01", 6, "base and data, cut");
	fails(&behind, base, 15, CKR_KEY_SIZE_RANGE, "base and data, too long");
	gives(&before, base, 0, "0123456789abcd", 14, "data and base");
	gives(&key, base, 0, "abcdXYZ", 7, "base and key");
	gives(&xored, base, 0, "\x51\x53\x51\x57", 4, "XOR");
	gives(&piece, base, 2, "\x16\x26", 2, "a piece from bit 4");
	bit = 28;
	gives(&piece, base, 2, "\x46\x16", 2, "a piece round the end");
	bit = 32;
	fails(&piece, base, 2, CKR_MECHANISM_PARAM_INVALID, "a piece behind the end");
	bit = 0;
	fails(&piece, base, 0, CKR_TEMPLATE_INCOMPLETE, "a piece of no length");
	other = 999999;
	fails(&key, base, 0, CKR_KEY_HANDLE_INVALID, "base and nothing");
	string.pData = NULL;
	fails(&behind, base, 0, CKR_MECHANISM_PARAM_INVALID, "ten bytes from nowhere");
	string.pData = ten;
}

/*
 * What can be turned back stays as closed as what it was made of. Clulow, On the Security of PKCS#11, CHES 2003, sections 2.3 and 2.4 (C); Bortolozzo
 * and others, Attacking and Fixing PKCS#11 Security Tokens, CCS 2010 (T); PKCS#11 3.0 current mechanisms, 2.44 (P).
 */
static void
closing(void)
{
	static const CK_BYTE bytes[32] = "nobody may see what is in here..";
	const CK_ATTRIBUTE shut[] = { CLOSED };
	const CK_ATTRIBUTE sensitive[] = { T_BOOL(CKA_SENSITIVE, CK_TRUE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE) };
	const CK_OBJECT_HANDLE base = make(CKK_GENERIC_SECRET, bytes, 32, shut, 2);
	const CK_OBJECT_HANDLE open = make(CKK_GENERIC_SECRET, bytes, 32, NULL, 0);
	CK_OBJECT_HANDLE other = base;
	CK_BYTE zeros[32] = { 0 };
	CK_ULONG bit = 0;
	CK_KEY_DERIVATION_STRING_DATA all = { zeros, 32 };
	CK_MECHANISM ways[] = { { CKM_CONCATENATE_BASE_AND_DATA, &string, sizeof(string) }, { CKM_CONCATENATE_DATA_AND_BASE, &string, sizeof(string) },
		{ CKM_XOR_BASE_AND_DATA, &all, sizeof(all) }, { CKM_EXTRACT_KEY_FROM_KEY, &bit, sizeof(bit) },
		{ CKM_CONCATENATE_BASE_AND_KEY, &other, sizeof(other) } };
	static const CK_ULONG lengths[] = { 42, 42, 32, 32, 64 };
	CK_ATTRIBUTE shows[] = { SECRET(CKK_GENERIC_SECRET), T_BOOL(CKA_SENSITIVE, CK_FALSE), T_ULONG(CKA_VALUE_LEN, 32) };
	CK_ATTRIBUTE goes[] = { SECRET(CKK_GENERIC_SECRET), T_BOOL(CKA_EXTRACTABLE, CK_TRUE), T_ULONG(CKA_VALUE_LEN, 32) };
	CK_OBJECT_HANDLE key = 0;

	for (size_t i = 0; i < LEN(ways); i++) {
		const CK_MECHANISM_TYPE type = ways[i].mechanism;
		const CK_OBJECT_HANDLE from = type == CKM_CONCATENATE_BASE_AND_KEY ? open : base;

		test_eq(p11->C_DeriveKey(s, &ways[i], from, shows, 4, &key), CKR_TEMPLATE_INCONSISTENT, "0x%lx: not opened (P)", type);
		test_eq(p11->C_DeriveKey(s, &ways[i], from, goes, 4, &key), CKR_TEMPLATE_INCONSISTENT, "0x%lx: nor made extractable (P)", type);
		if (test_eq(derive(&ways[i], from, lengths[i], &key), CKR_OK, "0x%lx: whole", type)) {
			test_ok(mod_bool(s, key, CKA_SENSITIVE) && !mod_bool(s, key, CKA_EXTRACTABLE), "0x%lx: as closed", type);
			test_eq(mod_attr_rv(s, key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "0x%lx: not shown", type);
		}
		fails(&ways[i], from, 1, CKR_KEY_SIZE_RANGE, "no single byte of it, to be guessed (C 2.4, T)");
		fails(&ways[i], from, lengths[i] - 1, CKR_KEY_SIZE_RANGE, "nor all but one");
		if (type != CKM_CONCATENATE_BASE_AND_KEY)
			test_eq(derive(&ways[i], make(CKK_GENERIC_SECRET, bytes, 32, sensitive, 2), 1, &key), CKR_KEY_SIZE_RANGE, "0x%lx: nor if it may be wrapped",
			        type);
	}
	all.ulLen = 1;
	fails(&ways[2], base, 0, CKR_KEY_SIZE_RANGE, "XOR with one byte (C 2.4)");
	test_eq(p11->C_SetAttributeValue(s, other, (CK_ATTRIBUTE[]){ T_BOOL(CKA_DERIVE, CK_FALSE) }, 1), CKR_OK, "a key that does not derive");
	fails(&ways[4], open, 64, CKR_KEY_FUNCTION_NOT_PERMITTED, "takes no part");
	fails(&ways[0], base, 42, CKR_KEY_FUNCTION_NOT_PERMITTED, "in any place");
}

/* CKA_DERIVE_TEMPLATE, CKA_ALLOWED_MECHANISMS and what else a key says of its children */
static void
derive_templates(void)
{
	CK_ATTRIBUTE shut[] = { CLOSED };
	const CK_ATTRIBUTE rule[] = { { CKA_DERIVE_TEMPLATE, shut, sizeof(shut) } };
	const CK_ATTRIBUTE trust[] = { T_BOOL(CKA_TRUSTED, CK_TRUE) };
	const CK_ATTRIBUTE trusting[] = { { CKA_DERIVE_TEMPLATE, (void *)(uintptr_t)trust, sizeof(trust) } };
	CK_MECHANISM_TYPE only = CKM_HKDF_DERIVE;
	const CK_ATTRIBUTE one[] = { T_BYTES(CKA_ALLOWED_MECHANISMS, &only, sizeof(only)) };
	const CK_OBJECT_HANDLE base = make(CKK_GENERIC_SECRET, ten, 10, rule, 1);
	CK_OBJECT_HANDLE other = base;
	CK_HKDF_PARAMS p = { CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, NULL, 0 };
	CK_MECHANISM m = { CKM_HKDF_DERIVE, &p, sizeof(p) };
	CK_MECHANISM data = { CKM_HKDF_DATA, &p, sizeof(p) };
	CK_MECHANISM with = { CKM_CONCATENATE_BASE_AND_KEY, &other, sizeof(other) };
	CK_ATTRIBUTE open[] = { SECRET(CKK_AES), T_BOOL(CKA_SENSITIVE, CK_FALSE) };
	CK_OBJECT_HANDLE key = 4711;

	test_eq(p11->C_DeriveKey(s, &m, base, open, 3, &key), CKR_TEMPLATE_INCONSISTENT, "CKA_DERIVE_TEMPLATE: not otherwise");
	test_eq(p11->C_DeriveKey(s, &data, base, NULL, 0, &key), CKR_TEMPLATE_INCONSISTENT, "CKA_DERIVE_TEMPLATE: nor as data");
	test_eq(key, 4711, "no handle");
	test_eq(p11->C_DeriveKey(s, &m, base, open, 2, &key), CKR_OK, "CKA_DERIVE_TEMPLATE: added");
	test_ok(mod_bool(s, key, CKA_SENSITIVE) && !mod_bool(s, key, CKA_EXTRACTABLE) && mod_ulong(s, key, CKA_VALUE_LEN) == 32, "and it holds");
	test_eq(p11->C_DeriveKey(s, &with, make(CKK_GENERIC_SECRET, ten, 10, NULL, 0), open, 3, &key), CKR_TEMPLATE_INCONSISTENT,
	        "CKA_DERIVE_TEMPLATE of the second key counts, too");
	test_eq(derive(&m, make(CKK_GENERIC_SECRET, ten, 10, trusting, 1), 0, &key), CKR_TEMPLATE_INCONSISTENT, "CKA_DERIVE_TEMPLATE gives no trust");
	test_eq(derive(&with, make(CKK_GENERIC_SECRET, ten, 10, one, 1), 0, &key), CKR_MECHANISM_INVALID, "CKA_ALLOWED_MECHANISMS");
}

/* RFC 5246: the PRF is what test-kdf.c holds against the published vector; here libcrypto has it. */
static void
prf(const CK_BYTE *secret, size_t len, const char *label, const CK_BYTE *seed, size_t seed_len, CK_BYTE *out, size_t out_len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	char hash[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, (void *)(uintptr_t)secret, len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)(uintptr_t)label, strlen(label)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)(uintptr_t)seed, seed_len),
		OSSL_PARAM_construct_end(),
	};

	if (EVP_KDF_derive(ctx, out, out_len, params) != 1)
		test_bail("no TLS PRF");
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void
tls(void)
{
	CK_BYTE pre[48] = { 3, 3, 7 };
	CK_BYTE cs[64], sc[64], want[128], got[48], iv[2][16];
	CK_VERSION version = { 0, 0 };
	const CK_ATTRIBUTE shut[] = { CLOSED };
	const CK_OBJECT_HANDLE base = make(CKK_GENERIC_SECRET, pre, 48, NULL, 0);
	CK_SSL3_RANDOM_DATA randoms = { cs, 32, cs + 32, 32 };
	CK_TLS12_MASTER_KEY_DERIVE_PARAMS p = { randoms, &version, CKM_SHA256 };
	CK_SSL3_KEY_MAT_OUT out = { base, base, base, base, iv[0], iv[1] };
	CK_TLS12_KEY_MAT_PARAMS k = { 256, 128, 32, CK_FALSE, randoms, &out, CKM_SHA256 };
	CK_TLS_KDF_PARAMS e = { CKM_SHA256, (CK_BYTE *)(uintptr_t)"EXPORTER", 8, randoms, NULL, 0 };
	CK_MECHANISM master = { CKM_TLS12_MASTER_KEY_DERIVE, &p, sizeof(p) };
	CK_MECHANISM keys = { CKM_TLS12_KEY_AND_MAC_DERIVE, &k, sizeof(k) };
	CK_MECHANISM exporter = { CKM_TLS12_KDF, &e, sizeof(e) };
	CK_ATTRIBUTE aes[] = { SECRET(CKK_AES) };
	CK_OBJECT_HANDLE *const handles[] = { &out.hClientMacSecret, &out.hServerMacSecret, &out.hClientKey, &out.hServerKey };
	static const CK_ULONG lengths[] = { 32, 32, 16, 16 };
	size_t at = 0;

	for (size_t i = 0; i < 64; i++) {
		cs[i] = (CK_BYTE)(i + 1);
		sc[i] = (CK_BYTE)((i + 32) % 64 + 1);
	}
	prf(pre, 48, "master secret", cs, 64, want, 48);
	gives(&master, base, 0, want, 48, "TLS 1.2 master secret");
	test_ok(version.major == 3 && version.minor == 3, "the client's version");
	fails(&master, make(CKK_GENERIC_SECRET, pre, 48, shut, 2), 0, CKR_MECHANISM_PARAM_INVALID, "two bytes of a closed key are not shown");
	fails(&master, make(CKK_GENERIC_SECRET, pre, 47, NULL, 0), 0, CKR_KEY_SIZE_RANGE, "a pre-master secret of 47 bytes");
	p.pVersion = NULL;
	master.mechanism = CKM_TLS12_MASTER_KEY_DERIVE_DH;
	prf(pre, 32, "master secret", cs, 64, want, 48);
	gives(&master, make(CKK_GENERIC_SECRET, pre, 32, NULL, 0), 48, want, 48, "TLS 1.2 master secret of an agreed one");
	prf(pre, 48, "EXPORTER", cs, 64, want, 40);
	gives(&exporter, base, 40, want, 40, "RFC 5705 exporter");
	prf(pre, 48, "key expansion", sc, 64, want, 104);
	test_eq(p11->C_DeriveKey(s, &keys, base, aes, 2, NULL), CKR_OK, "TLS 1.2 keys");
	for (size_t i = 0; i < 4; i++, at += lengths[i - 1])
		test_mem(got, mod_attr(s, *handles[i], CKA_VALUE, got, sizeof(got)), want + at, lengths[i], "key %zu", i);
	test_mem(iv[0], 4, want + 96, 4, "client's IV");
	test_mem(iv[1], 4, want + 100, 4, "server's IV");
	note_seen(keys.mechanism);
	keys.mechanism = CKM_TLS12_KEY_SAFE_DERIVE;
	memset(iv, 0x5a, sizeof(iv));
	test_eq(p11->C_DeriveKey(s, &keys, base, aes, 2, NULL), CKR_OK, "TLS 1.2 keys, safe");
	note_seen(keys.mechanism);
	test_mem(got, mod_attr(s, out.hServerKey, CKA_VALUE, got, sizeof(got)), want + 80, 16, "the same key");
	test_ok(iv[0][0] == 0x5a && iv[1][3] == 0x5a, "and no IV");
	keys.mechanism = CKM_TLS12_KEY_AND_MAC_DERIVE;
	out.hServerKey = out.hServerMacSecret = out.hClientKey = out.hClientMacSecret = base;
	k.ulKeySizeInBits = 40;
	test_eq(p11->C_DeriveKey(s, &keys, base, aes, 2, NULL), CKR_KEY_SIZE_RANGE, "an AES key of 40 bits");
	test_ok(out.hClientMacSecret == CK_INVALID_HANDLE && out.hServerKey == CK_INVALID_HANDLE, "none is made");
	test_eq(mod_ulong(s, base, CKA_VALUE_LEN), 48, "and what the handles were before is left alone");
}

/* FIPS 197, appendix C.1; with an IV of zeros, CBC gives the same. */
static void
encrypted(void)
{
	CK_BYTE key[16];
	CK_BYTE data[17];
	CK_BYTE want[16];
	CK_KEY_DERIVATION_STRING_DATA ecb = { data, 16 };
	CK_AES_CBC_ENCRYPT_DATA_PARAMS cbc = { { 0 }, data, 16 };
	CK_MECHANISM by_ecb = { CKM_AES_ECB_ENCRYPT_DATA, &ecb, sizeof(ecb) };
	CK_MECHANISM by_cbc = { CKM_AES_CBC_ENCRYPT_DATA, &cbc, sizeof(cbc) };
	CK_OBJECT_HANDLE base;

	(void)test_hex("000102030405060708090a0b0c0d0e0f", key, sizeof(key));
	(void)test_hex("00112233445566778899aabbccddeeff", data, sizeof(data));
	(void)test_hex("69c4e0d86a7b0430d8cdb78070b4c55a", want, sizeof(want));
	base = make(CKK_AES, key, 16, NULL, 0);
	gives(&by_ecb, base, 0, want, 16, "data under AES-ECB");
	gives(&by_ecb, base, 4, want + 12, 4, "the end of it");
	gives(&by_cbc, base, 0, want, 16, "data under AES-CBC");
	fails(&by_ecb, base, 17, CKR_KEY_SIZE_RANGE, "more than there is");
	fails(&by_ecb, make(CKK_GENERIC_SECRET, key, 16, NULL, 0), 0, CKR_KEY_TYPE_INCONSISTENT, "data under no AES key");
	ecb.ulLen = 17;
	fails(&by_ecb, base, 0, CKR_MECHANISM_PARAM_INVALID, "no whole block");
	ecb.ulLen = 0;
	fails(&by_ecb, base, 0, CKR_MECHANISM_PARAM_INVALID, "no data");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	ecdh();
	montgomery();
	hkdf();
	kdf108();
	pbkdf2();
	plain();
	encrypted();
	closing();
	derive_templates();
	tls();
	none_forgotten();
	mod_fini();
	return test_done();
}
