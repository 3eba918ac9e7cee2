/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/mech.h"

#define PAIR (CKF_GENERATE_KEY_PAIR)
#define SV (CKF_SIGN | CKF_VERIFY)
#define EC (CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS)

#define DIGEST(type, hash) { type, { 0, 0, CKF_DIGEST }, CK_UNAVAILABLE_INFORMATION, SL_PARAMS_NONE, SL_SIG_ECDSA, hash }
#define ECDSA(type, hash) { type, { 256, 521, SV | EC }, CKK_EC, SL_PARAMS_NONE, SL_SIG_ECDSA, hash }
#define RSA(type, hash) { type, { 1024, 8192, SV }, CKK_RSA, SL_PARAMS_NONE, SL_SIG_RSA_PKCS1, hash }
#define PSS(type, hash) { type, { 1024, 8192, SV }, CKK_RSA, SL_PARAMS_PSS, SL_SIG_RSA_PSS, hash }
#define MAKE(type, min, max, flags, key_type) { type, { min, max, flags }, key_type, SL_PARAMS_NONE, SL_SIG_ECDSA, SL_HASH_NONE }

/* Sizes are in bits, but for CKM_AES_KEY_GEN, which has bytes (PKCS#11 3.0 current mechanisms, 2.7.3 and 2.11.2). */
static const struct sl_mech mechs[] = {
	MAKE(CKM_RSA_PKCS_KEY_PAIR_GEN, 2048, 4096, PAIR, CKK_RSA),
	MAKE(CKM_EC_KEY_PAIR_GEN, 256, 521, PAIR | EC, CKK_EC),
	MAKE(CKM_EC_EDWARDS_KEY_PAIR_GEN, 256, 256, PAIR | CKF_EC_NAMEDCURVE, CKK_EC_EDWARDS),
	MAKE(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, 256, 256, PAIR | CKF_EC_NAMEDCURVE, CKK_EC_MONTGOMERY),
	MAKE(CKM_AES_KEY_GEN, 16, 32, CKF_GENERATE, CKK_AES),
	MAKE(CKM_GENERIC_SECRET_KEY_GEN, 8, 4096, CKF_GENERATE, CKK_GENERIC_SECRET),

	ECDSA(CKM_ECDSA, SL_HASH_NONE),
	ECDSA(CKM_ECDSA_SHA1, SL_HASH_SHA1),
	ECDSA(CKM_ECDSA_SHA224, SL_HASH_SHA224),
	ECDSA(CKM_ECDSA_SHA256, SL_HASH_SHA256),
	ECDSA(CKM_ECDSA_SHA384, SL_HASH_SHA384),
	ECDSA(CKM_ECDSA_SHA512, SL_HASH_SHA512),
	/* GnuTLS names the signature mechanism when it generates an Ed25519 pair. */
	{ CKM_EDDSA, { 256, 256, SV | PAIR | CKF_EC_NAMEDCURVE }, CKK_EC_EDWARDS, SL_PARAMS_EDDSA, SL_SIG_EDDSA, SL_HASH_NONE },
	RSA(CKM_RSA_PKCS, SL_HASH_NONE),
	RSA(CKM_SHA1_RSA_PKCS, SL_HASH_SHA1),
	RSA(CKM_SHA224_RSA_PKCS, SL_HASH_SHA224),
	RSA(CKM_SHA256_RSA_PKCS, SL_HASH_SHA256),
	RSA(CKM_SHA384_RSA_PKCS, SL_HASH_SHA384),
	RSA(CKM_SHA512_RSA_PKCS, SL_HASH_SHA512),
	PSS(CKM_RSA_PKCS_PSS, SL_HASH_NONE),
	PSS(CKM_SHA1_RSA_PKCS_PSS, SL_HASH_SHA1),
	PSS(CKM_SHA224_RSA_PKCS_PSS, SL_HASH_SHA224),
	PSS(CKM_SHA256_RSA_PKCS_PSS, SL_HASH_SHA256),
	PSS(CKM_SHA384_RSA_PKCS_PSS, SL_HASH_SHA384),
	PSS(CKM_SHA512_RSA_PKCS_PSS, SL_HASH_SHA512),
	{ CKM_RSA_X_509, { 1024, 8192, SV }, CKK_RSA, SL_PARAMS_NONE, SL_SIG_RSA_RAW, SL_HASH_NONE },

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

static enum sl_hash
mgf_hash(CK_RSA_PKCS_MGF_TYPE mgf)
{
	static const struct {
		CK_RSA_PKCS_MGF_TYPE mgf;
		enum sl_hash hash;
	} mgfs[] = {
		{ CKG_MGF1_SHA1, SL_HASH_SHA1 }, { CKG_MGF1_SHA224, SL_HASH_SHA224 }, { CKG_MGF1_SHA256, SL_HASH_SHA256 },
		{ CKG_MGF1_SHA384, SL_HASH_SHA384 }, { CKG_MGF1_SHA512, SL_HASH_SHA512 },
	};

	for (size_t i = 0; i < sizeof(mgfs) / sizeof(mgfs[0]); i++)
		if (mgfs[i].mgf == mgf)
			return mgfs[i].hash;
	return SL_HASH_NONE;
}

/* PKCS#11 3.0 current mechanisms, section 2.1.10 */
static CK_RV
pss_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_sig_params *ret_params)
{
	const CK_RSA_PKCS_PSS_PARAMS *given = mechanism->pParameter;

	if (given == NULL || mechanism->ulParameterLen != sizeof(*given))
		return CKR_MECHANISM_PARAM_INVALID;
	ret_params->hash = sl_mech_hash(given->hashAlg);
	ret_params->mgf_hash = mgf_hash(given->mgf);
	ret_params->salt_len = given->sLen;
	if (ret_params->hash == SL_HASH_NONE || ret_params->mgf_hash == SL_HASH_NONE || given->sLen > 1024 ||
	    (mech->hash != SL_HASH_NONE && mech->hash != ret_params->hash))
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

/* Section 2.3.6: CK_EDDSA_PARAMS, which p11-kit's header does not have yet. Pure EdDSA only: no pre-hash, no context. */
static CK_RV
eddsa_params(const CK_MECHANISM *mechanism)
{
	struct params {
		CK_BBOOL pre_hash;
		CK_ULONG context_len;
		CK_BYTE_PTR context;
	};
	const struct params *given = mechanism->pParameter;

	if (mechanism->ulParameterLen == 0)
		return CKR_OK;
	if (mechanism->ulParameterLen != sizeof(*given) || given->pre_hash != CK_FALSE || given->context_len != 0)
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

CK_RV
sl_mech_sign_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_sig_params *ret_params)
{
	*ret_params = (struct sl_sig_params){ .alg = mech->alg, .hash = mech->hash };
	switch (mech->params) {
	case SL_PARAMS_PSS:
		return pss_params(mech, mechanism, ret_params);
	case SL_PARAMS_EDDSA:
		return eddsa_params(mechanism);
	case SL_PARAMS_NONE:
		return CKR_OK;
	}
	return CKR_MECHANISM_PARAM_INVALID;
}
