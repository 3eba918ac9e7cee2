/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11-derive.h"
#include "pkcs11/mech.h"

#define PAIR (CKF_GENERATE_KEY_PAIR)
#define SIGNS (CKF_SIGN | CKF_VERIFY)
#define MESSAGES (CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY | CKF_MULTI_MESSAGE)
#define SV (SIGNS | MESSAGES)
#define SVR (SV | CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define ED (CKF_ENCRYPT | CKF_DECRYPT)
#define AEAD (ED | CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT | CKF_MULTI_MESSAGE)
#define WU (CKF_WRAP | CKF_UNWRAP)
#define EC (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)
#define RSA_BITS 1024, 8192

#define MAKE(ckm, min, max, flags, ckk) { .type = (ckm), .info = { (min), (max), (flags) }, .key_type = (ckk) }
#define OWN(ckm, flags) { .type = (ckm), .info = { 0, 0, (flags) }, .key_type = CK_UNAVAILABLE_INFORMATION, .params = SL_PARAMS_OWN }
#define AGREE(ckm) \
	{ .type = (ckm), .info = { 224, 521, CKF_DERIVE | EC }, .key_type = CK_UNAVAILABLE_INFORMATION, .params = SL_PARAMS_OWN }
#define DIGEST(ckm, h) { .type = (ckm), .info = { 0, 0, CKF_DIGEST }, .key_type = CK_UNAVAILABLE_INFORMATION, .hash = (h) }
#define ECDSA(ckm, h) { .type = (ckm), .info = { 224, 521, SV | EC }, .key_type = CKK_EC, .alg = SL_SIG_ECDSA, .hash = (h) }
#define RSA(ckm, h) { .type = (ckm), .info = { RSA_BITS, SV }, .key_type = CKK_RSA, .alg = SL_SIG_RSA_PKCS1, .hash = (h) }
#define PSS(ckm, h) \
	{ .type = (ckm), .info = { RSA_BITS, SV }, .key_type = CKK_RSA, .params = SL_PARAMS_PSS, .alg = SL_SIG_RSA_PSS, \
	  .hash = (h) }
/* Whole, and cut to a length that the parameter tells. */
#define HMAC(ckm, ckk, h) \
	{ .type = (ckm), .info = { 1, 512, SV }, .key_type = (ckk), .is_mac = true, .mac = SL_MAC_HMAC, .hash = (h) }, \
	{ .type = ckm##_GENERAL, .info = { 1, 512, SV }, .key_type = (ckk), .params = SL_PARAMS_LENGTH, .is_mac = true, \
	  .mac = SL_MAC_HMAC, .hash = (h) }
#define AES_MAC(ckm, flags, p, m) \
	{ .type = (ckm), .info = { 16, 32, (flags) }, .key_type = CKK_AES, .params = (p), .is_mac = true, .mac = (m) }
#define AES(ckm, flags, p, m) \
	{ .type = (ckm), .info = { 16, 32, (flags) }, .key_type = CKK_AES, .params = (p), .mode = (m) }

/* Sizes are in bits, but in bytes for AES, ChaCha20 and MACs (PKCS#11 3.0 current mechanisms, 2.7.3 and 2.11.2). */
static const struct sl_mech mechs[] = {
	MAKE(CKM_RSA_PKCS_KEY_PAIR_GEN, 1024, 8192, PAIR, CKK_RSA),
	MAKE(CKM_EC_KEY_PAIR_GEN, 224, 521, PAIR | EC, CKK_EC),
	MAKE(CKM_EC_EDWARDS_KEY_PAIR_GEN, 256, 456, PAIR | CKF_EC_NAMEDCURVE, CKK_EC_EDWARDS),
	MAKE(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, 256, 448, PAIR | CKF_EC_NAMEDCURVE, CKK_EC_MONTGOMERY),
	MAKE(CKM_AES_KEY_GEN, 16, 32, CKF_GENERATE, CKK_AES),
	MAKE(CKM_AES_XTS_KEY_GEN, 32, 64, CKF_GENERATE, CKK_AES_XTS),
	MAKE(CKM_CHACHA20_KEY_GEN, 32, 32, CKF_GENERATE, CKK_CHACHA20),
	MAKE(CKM_GENERIC_SECRET_KEY_GEN, 8, 4096, CKF_GENERATE, CKK_GENERIC_SECRET),
	MAKE(CKM_HKDF_KEY_GEN, 8, 4096, CKF_GENERATE, CKK_HKDF),
	OWN(CKM_PKCS5_PBKD2, CKF_GENERATE),

	AGREE(CKM_ECDH1_DERIVE),
	AGREE(CKM_ECDH1_COFACTOR_DERIVE),
	OWN(CKM_HKDF_DERIVE, CKF_DERIVE),
	OWN(CKM_HKDF_DATA, CKF_DERIVE),
	OWN(CKM_SP800_108_COUNTER_KDF, CKF_DERIVE),
	OWN(CKM_SP800_108_FEEDBACK_KDF, CKF_DERIVE),
	OWN(CKM_CONCATENATE_BASE_AND_KEY, CKF_DERIVE),
	OWN(CKM_CONCATENATE_BASE_AND_DATA, CKF_DERIVE),
	OWN(CKM_CONCATENATE_DATA_AND_BASE, CKF_DERIVE),
	OWN(CKM_XOR_BASE_AND_DATA, CKF_DERIVE),
	OWN(CKM_EXTRACT_KEY_FROM_KEY, CKF_DERIVE),
	OWN(CKM_AES_ECB_ENCRYPT_DATA, CKF_DERIVE),
	OWN(CKM_AES_CBC_ENCRYPT_DATA, CKF_DERIVE),
	OWN(CKM_TLS12_MASTER_KEY_DERIVE, CKF_DERIVE),
	OWN(CKM_TLS12_MASTER_KEY_DERIVE_DH, CKF_DERIVE),
	OWN(CKM_TLS12_KEY_AND_MAC_DERIVE, CKF_DERIVE),
	OWN(CKM_TLS12_KEY_SAFE_DERIVE, CKF_DERIVE),
	OWN(CKM_TLS12_KDF, CKF_DERIVE),

	ECDSA(CKM_ECDSA, SL_HASH_NONE),
	ECDSA(CKM_ECDSA_SHA1, SL_HASH_SHA1),
	ECDSA(CKM_ECDSA_SHA224, SL_HASH_SHA224),
	ECDSA(CKM_ECDSA_SHA256, SL_HASH_SHA256),
	ECDSA(CKM_ECDSA_SHA384, SL_HASH_SHA384),
	ECDSA(CKM_ECDSA_SHA512, SL_HASH_SHA512),
	ECDSA(CKM_ECDSA_SHA3_224, SL_HASH_SHA3_224),
	ECDSA(CKM_ECDSA_SHA3_256, SL_HASH_SHA3_256),
	ECDSA(CKM_ECDSA_SHA3_384, SL_HASH_SHA3_384),
	ECDSA(CKM_ECDSA_SHA3_512, SL_HASH_SHA3_512),
	/* GnuTLS names the signature mechanism when it generates an Ed25519 pair. */
	{ .type = CKM_EDDSA, .info = { 256, 456, SV | PAIR | CKF_EC_NAMEDCURVE }, .key_type = CKK_EC_EDWARDS, .params = SL_PARAMS_EDDSA,
	  .alg = SL_SIG_EDDSA },
	{ .type = CKM_RSA_PKCS, .info = { RSA_BITS, SVR | ED | WU }, .key_type = CKK_RSA, .alg = SL_SIG_RSA_PKCS1, .padding = SL_RSA_PKCS1 },
	RSA(CKM_SHA1_RSA_PKCS, SL_HASH_SHA1),
	RSA(CKM_SHA224_RSA_PKCS, SL_HASH_SHA224),
	RSA(CKM_SHA256_RSA_PKCS, SL_HASH_SHA256),
	RSA(CKM_SHA384_RSA_PKCS, SL_HASH_SHA384),
	RSA(CKM_SHA512_RSA_PKCS, SL_HASH_SHA512),
	RSA(CKM_SHA3_224_RSA_PKCS, SL_HASH_SHA3_224),
	RSA(CKM_SHA3_256_RSA_PKCS, SL_HASH_SHA3_256),
	RSA(CKM_SHA3_384_RSA_PKCS, SL_HASH_SHA3_384),
	RSA(CKM_SHA3_512_RSA_PKCS, SL_HASH_SHA3_512),
	PSS(CKM_RSA_PKCS_PSS, SL_HASH_NONE),
	PSS(CKM_SHA1_RSA_PKCS_PSS, SL_HASH_SHA1),
	PSS(CKM_SHA224_RSA_PKCS_PSS, SL_HASH_SHA224),
	PSS(CKM_SHA256_RSA_PKCS_PSS, SL_HASH_SHA256),
	PSS(CKM_SHA384_RSA_PKCS_PSS, SL_HASH_SHA384),
	PSS(CKM_SHA512_RSA_PKCS_PSS, SL_HASH_SHA512),
	PSS(CKM_SHA3_224_RSA_PKCS_PSS, SL_HASH_SHA3_224),
	PSS(CKM_SHA3_256_RSA_PKCS_PSS, SL_HASH_SHA3_256),
	PSS(CKM_SHA3_384_RSA_PKCS_PSS, SL_HASH_SHA3_384),
	PSS(CKM_SHA3_512_RSA_PKCS_PSS, SL_HASH_SHA3_512),
	{ .type = CKM_RSA_X_509, .info = { RSA_BITS, SVR | ED }, .key_type = CKK_RSA, .alg = SL_SIG_RSA_RAW, .padding = SL_RSA_NONE },
	{ .type = CKM_RSA_PKCS_OAEP, .info = { RSA_BITS, ED | WU }, .key_type = CKK_RSA, .params = SL_PARAMS_OAEP, .padding = SL_RSA_OAEP },

	{ .type = CKM_RSA_AES_KEY_WRAP, .info = { RSA_BITS, WU }, .key_type = CKK_RSA, .params = SL_PARAMS_RSA_AES, .padding = SL_RSA_OAEP },

	AES(CKM_AES_ECB, ED | WU, SL_PARAMS_NONE, SL_CIPHER_ECB),
	AES(CKM_AES_CBC, ED | WU, SL_PARAMS_IV, SL_CIPHER_CBC),
	AES(CKM_AES_CBC_PAD, ED | WU, SL_PARAMS_IV, SL_CIPHER_CBC_PAD),
	AES(CKM_AES_CTR, ED, SL_PARAMS_CTR, SL_CIPHER_CTR),
	AES(CKM_AES_GCM, AEAD | WU, SL_PARAMS_GCM, SL_CIPHER_GCM),
	AES(CKM_AES_CCM, AEAD | WU, SL_PARAMS_CCM, SL_CIPHER_CCM),
	{ .type = CKM_AES_XTS, .info = { 32, 64, ED }, .key_type = CKK_AES_XTS, .params = SL_PARAMS_IV, .mode = SL_CIPHER_XTS },
	AES(CKM_AES_KEY_WRAP, ED | WU, SL_PARAMS_IV8_OR_NONE, SL_CIPHER_KW),
	AES(CKM_AES_KEY_WRAP_PAD, ED | WU, SL_PARAMS_IV4_OR_NONE, SL_CIPHER_KWP),
	AES(CKM_AES_KEY_WRAP_KWP, ED | WU, SL_PARAMS_IV4_OR_NONE, SL_CIPHER_KWP),
	{ .type = CKM_CHACHA20_POLY1305, .info = { 32, 32, AEAD }, .key_type = CKK_CHACHA20, .params = SL_PARAMS_CHACHA,
	  .mode = SL_CIPHER_CHACHA20_POLY1305 },

	HMAC(CKM_SHA_1_HMAC, CKK_SHA_1_HMAC, SL_HASH_SHA1),
	HMAC(CKM_SHA224_HMAC, CKK_SHA224_HMAC, SL_HASH_SHA224),
	HMAC(CKM_SHA256_HMAC, CKK_SHA256_HMAC, SL_HASH_SHA256),
	HMAC(CKM_SHA384_HMAC, CKK_SHA384_HMAC, SL_HASH_SHA384),
	HMAC(CKM_SHA512_HMAC, CKK_SHA512_HMAC, SL_HASH_SHA512),
	HMAC(CKM_SHA512_224_HMAC, CKK_SHA512_224_HMAC, SL_HASH_SHA512_224),
	HMAC(CKM_SHA512_256_HMAC, CKK_SHA512_256_HMAC, SL_HASH_SHA512_256),
	HMAC(CKM_SHA3_224_HMAC, CKK_SHA3_224_HMAC, SL_HASH_SHA3_224),
	HMAC(CKM_SHA3_256_HMAC, CKK_SHA3_256_HMAC, SL_HASH_SHA3_256),
	HMAC(CKM_SHA3_384_HMAC, CKK_SHA3_384_HMAC, SL_HASH_SHA3_384),
	HMAC(CKM_SHA3_512_HMAC, CKK_SHA3_512_HMAC, SL_HASH_SHA3_512),
	AES_MAC(CKM_AES_CMAC, SV, SL_PARAMS_NONE, SL_MAC_CMAC),
	AES_MAC(CKM_AES_CMAC_GENERAL, SV, SL_PARAMS_LENGTH, SL_MAC_CMAC),
	/* A nonce is for one message: not with the message functions, whose messages have no parameter. */
	AES_MAC(CKM_AES_GMAC, SIGNS, SL_PARAMS_GCM, SL_MAC_GMAC),

	DIGEST(CKM_SHA_1, SL_HASH_SHA1),
	DIGEST(CKM_SHA224, SL_HASH_SHA224),
	DIGEST(CKM_SHA256, SL_HASH_SHA256),
	DIGEST(CKM_SHA384, SL_HASH_SHA384),
	DIGEST(CKM_SHA512, SL_HASH_SHA512),
	DIGEST(CKM_SHA512_224, SL_HASH_SHA512_224),
	DIGEST(CKM_SHA512_256, SL_HASH_SHA512_256),
	DIGEST(CKM_SHA3_224, SL_HASH_SHA3_224),
	DIGEST(CKM_SHA3_256, SL_HASH_SHA3_256),
	DIGEST(CKM_SHA3_384, SL_HASH_SHA3_384),
	DIGEST(CKM_SHA3_512, SL_HASH_SHA3_512),
};

const struct sl_mech *
sl_mech_rows(size_t *ret_n)
{
	*ret_n = sizeof(mechs) / sizeof(mechs[0]);
	return mechs;
}

const struct sl_mech *
sl_mech_find(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < sizeof(mechs) / sizeof(mechs[0]); i++)
		if (mechs[i].type == type)
			return &mechs[i];
	return NULL;
}

CK_RV
sl_mech_use(const CK_MECHANISM *mechanism, CK_FLAGS flag, const struct sl_mech **ret_mech)
{
	const struct sl_mech *mech;

	if (mechanism == NULL)
		return CKR_ARGUMENTS_BAD;
	mech = sl_mech_find(mechanism->mechanism);
	if (mech == NULL || (mech->info.flags & flag) == 0)
		return CKR_MECHANISM_INVALID;
	if (mechanism->pParameter == NULL && mechanism->ulParameterLen != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	if (mech->params == SL_PARAMS_NONE && mechanism->ulParameterLen != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	*ret_mech = mech;
	return CKR_OK;
}

enum sl_hash
sl_mech_hash(CK_MECHANISM_TYPE type)
{
	const struct sl_mech *mech = sl_mech_find(type);

	return mech != NULL && (mech->info.flags & CKF_DIGEST) != 0 ? mech->hash : SL_HASH_NONE;
}
