/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* C_GetMechanismInfo of each mechanism against the tables "mechanisms vs. functions", and functions that a mechanism is not
 * for. */

enum unit { NO_KEY, BITS, BYTES, EC_BITS };

struct row {
	CK_MECHANISM_TYPE type;
	const char *name, *section;
	CK_FLAGS may;       /* the table's columns; at least one has to be there */
	enum unit unit;     /* of the key sizes */
};

#define D CKF_DIGEST
#define SV (CKF_SIGN | CKF_VERIFY)
#define SR (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define ED (CKF_ENCRYPT | CKF_DECRYPT)
#define WU (CKF_WRAP | CKF_UNWRAP)
#define G CKF_GENERATE
#define GP CKF_GENERATE_KEY_PAIR
#define DE CKF_DERIVE
#define M(name, section, may, unit) { CKM_##name, #name, section, may, unit }
#define S(name, section, may, unit) { STD_CKM_##name, #name, section, may, unit }
static const struct row rows[] = {
	M(RSA_PKCS_KEY_PAIR_GEN, "6.1", GP, BITS),
	M(RSA_PKCS, "6.1", ED | SV | SR | WU, BITS),
	M(RSA_X_509, "6.1", ED | SV | SR | WU, BITS),
	M(RSA_PKCS_OAEP, "6.1", ED | WU, BITS),
	M(RSA_PKCS_PSS, "6.1", SV, BITS),
	M(SHA1_RSA_PKCS, "6.1", SV, BITS),
	M(SHA224_RSA_PKCS, "6.1", SV, BITS),
	M(SHA256_RSA_PKCS, "6.1", SV, BITS),
	M(SHA384_RSA_PKCS, "6.1", SV, BITS),
	M(SHA512_RSA_PKCS, "6.1", SV, BITS),
	M(SHA1_RSA_PKCS_PSS, "6.1", SV, BITS),
	M(SHA224_RSA_PKCS_PSS, "6.1", SV, BITS),
	M(SHA256_RSA_PKCS_PSS, "6.1", SV, BITS),
	M(SHA384_RSA_PKCS_PSS, "6.1", SV, BITS),
	M(SHA512_RSA_PKCS_PSS, "6.1", SV, BITS),
	S(RSA_AES_KEY_WRAP, "6.1", WU, BITS),
	S(SHA3_256_RSA_PKCS, "6.1", SV, BITS),
	M(EC_KEY_PAIR_GEN, "6.3", GP, EC_BITS),
	M(EC_EDWARDS_KEY_PAIR_GEN, "6.3", GP, EC_BITS),
	M(EC_MONTGOMERY_KEY_PAIR_GEN, "6.3", GP, EC_BITS),
	M(ECDSA, "6.3", SV, EC_BITS),
	M(ECDSA_SHA1, "6.3", SV, EC_BITS),
	M(ECDSA_SHA224, "6.3", SV, EC_BITS),
	M(ECDSA_SHA256, "6.3", SV, EC_BITS),
	M(ECDSA_SHA384, "6.3", SV, EC_BITS),
	M(ECDSA_SHA512, "6.3", SV, EC_BITS),
	S(ECDSA_SHA3_256, "6.3", SV, EC_BITS),
	M(EDDSA, "6.3", SV | GP, EC_BITS),
	M(ECDH1_DERIVE, "6.3", DE, EC_BITS),
	S(ECDH1_COFACTOR_DERIVE, "6.3", DE, EC_BITS),
	M(GENERIC_SECRET_KEY_GEN, "6.9", G, BYTES),
	M(AES_KEY_GEN, "6.11", G, BYTES),
	M(AES_ECB, "6.11", ED | WU, BYTES),
	M(AES_CBC, "6.11", ED | WU, BYTES),
	M(AES_CBC_PAD, "6.11", ED | WU, BYTES),
	M(AES_CTR, "6.12", ED | WU, BYTES),
	M(AES_GCM, "6.13", ED | WU, BYTES),
	M(AES_CCM, "6.13", ED | WU, BYTES),
	S(AES_GMAC, "6.13", SV, BYTES),
	S(AES_CMAC, "6.14", SV, BYTES),
	S(AES_CMAC_GENERAL, "6.14", SV, BYTES),
	S(AES_XTS, "6.15", ED | WU, BYTES),
	S(AES_KEY_WRAP, "6.16", ED | WU, BYTES),
	S(AES_KEY_WRAP_KWP, "6.16", ED | WU, BYTES),
	S(AES_KEY_WRAP_PAD, "6.16", ED | WU, BYTES),
	M(SHA_1, "6.20", D, NO_KEY),
	M(SHA224, "6.21", D, NO_KEY),
	M(SHA256, "6.22", D, NO_KEY),
	M(SHA384, "6.23", D, NO_KEY),
	M(SHA512, "6.24", D, NO_KEY),
	M(SHA512_224, "6.25", D, NO_KEY),
	M(SHA512_256, "6.26", D, NO_KEY),
	M(SHA3_224, "6.28", D, NO_KEY),
	M(SHA3_256, "6.29", D, NO_KEY),
	M(SHA3_384, "6.30", D, NO_KEY),
	M(SHA3_512, "6.31", D, NO_KEY),
	M(SHA_1_HMAC, "6.20", SV, BYTES),
	M(SHA224_HMAC, "6.21", SV, BYTES),
	M(SHA256_HMAC, "6.22", SV, BYTES),
	M(SHA384_HMAC, "6.23", SV, BYTES),
	M(SHA512_HMAC, "6.24", SV, BYTES),
	M(SHA256_HMAC_GENERAL, "6.22", SV, BYTES),
	S(SHA3_256_HMAC, "6.29", SV, BYTES),
	S(PKCS5_PBKD2, "6.37", G, NO_KEY),
	S(TLS12_MASTER_KEY_DERIVE, "6.40", DE, NO_KEY),
	S(TLS12_KEY_AND_MAC_DERIVE, "6.40", DE, NO_KEY),
	S(SP800_108_COUNTER_KDF, "6.42", DE, NO_KEY),
	S(SP800_108_FEEDBACK_KDF, "6.42", DE, NO_KEY),
	M(CONCATENATE_BASE_AND_KEY, "6.43", DE, NO_KEY),
	M(CONCATENATE_BASE_AND_DATA, "6.43", DE, NO_KEY),
	M(CONCATENATE_DATA_AND_BASE, "6.43", DE, NO_KEY),
	M(XOR_BASE_AND_DATA, "6.43", DE, NO_KEY),
	M(EXTRACT_KEY_FROM_KEY, "6.43", DE, NO_KEY),
	S(CHACHA20_KEY_GEN, "6.58", G, NO_KEY),
	S(CHACHA20_POLY1305, "6.61", ED, NO_KEY),
	S(HKDF_DERIVE, "6.62", DE, NO_KEY),
	S(HKDF_DATA, "6.62", DE, NO_KEY),
	S(HKDF_KEY_GEN, "6.62", G, NO_KEY),
};

static void
info(const void *arg, unsigned long how)
{
	const struct row *r = arg;
	const CK_FLAGS all = D | SV | SR | ED | WU | G | GP | DE;
	CK_MECHANISM_INFO i = { .flags = 0 };

	if (WANT((CKR_OK, CKR_MECHANISM_INVALID), C_GetMechanismInfo, P.slot, r->type, &i) != CKR_OK)
		probe_absent("mechanism 0x%lx", r->type);
	if (how == 0) {
		CHECK((i.flags & all & ~r->may) == 0, "flags 0x%lx, the table allows 0x%lx", i.flags, r->may);
		CHECK((i.flags & r->may) != 0, "flags 0x%lx: for nothing", i.flags);
		return;
	}
	switch (r->unit) {
	case BITS:
		CHECK(i.ulMinKeySize >= 256 && i.ulMinKeySize <= i.ulMaxKeySize && i.ulMaxKeySize <= 16384, "%lu to %lu bits",
			  i.ulMinKeySize, i.ulMaxKeySize);
		break;
	case EC_BITS:
		CHECK(i.ulMinKeySize >= 64 && i.ulMinKeySize <= i.ulMaxKeySize && i.ulMaxKeySize <= 640, "%lu to %lu bits",
			  i.ulMinKeySize, i.ulMaxKeySize);
		break;
	case BYTES:
		CHECK(i.ulMinKeySize <= i.ulMaxKeySize, "%lu to %lu bytes", i.ulMinKeySize, i.ulMaxKeySize);
		CHECK(strncmp(r->name, "AES_", 4) != 0 || (i.ulMinKeySize >= 16 && i.ulMaxKeySize <= 64), "%lu to %lu bytes",
			  i.ulMinKeySize, i.ulMaxKeySize);
		break;
	case NO_KEY: CHECK(i.ulMinKeySize <= i.ulMaxKeySize, "%lu to %lu", i.ulMinKeySize, i.ulMaxKeySize); break;
	}
}

/* A mechanism in a function that it is not for; those functions that need no key. */
static void
misused(const void *arg, unsigned long flag)
{
	const struct row *r = arg;
	CK_BYTE param[64] = { 0 };
	CK_MECHANISM m = mech(r->type, param, 16);
	CK_OBJECT_HANDLE a = 0, b = 0;
	struct tmpl t = { .n = 0 };

	if (has(r->type, flag))
		probe_absent("it is for that");
	t_bool(&t, CKA_TOKEN, false);
	switch (flag) {
	case CKF_DIGEST: (void)WANT((CKR_MECHANISM_INVALID), C_DigestInit, P.s, &m); break;
	case CKF_GENERATE: (void)WANT((CKR_MECHANISM_INVALID), C_GenerateKey, P.s, &m, t.a, t.n, &a); break;
	default: (void)WANT((CKR_MECHANISM_INVALID), C_GenerateKeyPair, P.s, &m, t.a, t.n, t.a, t.n, &a, &b); break;
	}
}

void
probe_mechanisms(void)
{
	static const struct {
		CK_FLAGS flag;
		const char *section, *id, *title;
	} uses[] = {
		{ CKF_DIGEST, "5.12.1", "digest", "C_DigestInit" }, { CKF_GENERATE, "5.18.1", "generate", "C_GenerateKey" },
		{ CKF_GENERATE_KEY_PAIR, "5.18.2", "pair", "C_GenerateKeyPair" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		probe_case(0, rows[i].section, info, &rows[i], 0, "mech-flags-%s|flags of CKM_%s", rows[i].name, rows[i].name);
		probe_case(0, rows[i].section, info, &rows[i], 1, "mech-sizes-%s|key sizes of CKM_%s", rows[i].name, rows[i].name);
		for (size_t k = 0; k < LEN(uses); k++)
			if ((rows[i].may & uses[k].flag) == 0)
				probe_case(0, uses[k].section, misused, &rows[i], uses[k].flag, "mech-no-%s-%s|%s with CKM_%s", uses[k].id,
						   rows[i].name, uses[k].title, rows[i].name);
	}
}
