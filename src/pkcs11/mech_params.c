/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/mech.h"

#include "base/clean.h"

/*
 * The parameters of mechanisms: PKCS#11 3.0 current mechanisms, chapter 2. Lengths and pointers come from a caller and
 * are trusted for nothing.
 */

#define SALT_MAX 1024
#define CONTEXT_MAX 255 /* RFC 8032 */
#define AES_BLOCK 16
#define IV_MAX 256
#define AAD_MAX ((CK_ULONG)1 << 30)
#define LABEL_MAX ((CK_ULONG)1 << 20)

/* A length and where its bytes are. */
static bool
there(const void *data, CK_ULONG len, CK_ULONG max)
{
	return len <= max && (data != NULL || len == 0);
}

static enum sl_hash
mgf_hash(CK_RSA_PKCS_MGF_TYPE mgf)
{
	static const struct {
		CK_RSA_PKCS_MGF_TYPE mgf;
		enum sl_hash hash;
	} mgfs[] = {
		{ CKG_MGF1_SHA1, SL_HASH_SHA1 }, { CKG_MGF1_SHA224, SL_HASH_SHA224 }, { CKG_MGF1_SHA256, SL_HASH_SHA256 },
		{ CKG_MGF1_SHA384, SL_HASH_SHA384 }, { CKG_MGF1_SHA512, SL_HASH_SHA512 }, { CKG_MGF1_SHA3_224, SL_HASH_SHA3_224 },
		{ CKG_MGF1_SHA3_256, SL_HASH_SHA3_256 }, { CKG_MGF1_SHA3_384, SL_HASH_SHA3_384 }, { CKG_MGF1_SHA3_512,
			SL_HASH_SHA3_512 },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(mgfs); i++)
		if (mgfs[i].mgf == mgf)
			return mgfs[i].hash;
	return SL_HASH_NONE;
}

/* Section 2.1.10 */
static CK_RV
pss_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_sig_params *ret_params)
{
	const CK_RSA_PKCS_PSS_PARAMS *given = mechanism->pParameter;

	if (given == NULL || mechanism->ulParameterLen != sizeof(*given))
		return CKR_MECHANISM_PARAM_INVALID;
	ret_params->hash = sl_mech_hash(given->hashAlg);
	ret_params->mgf_hash = mgf_hash(given->mgf);
	ret_params->salt_len = given->sLen;
	if (ret_params->hash == SL_HASH_NONE || ret_params->mgf_hash == SL_HASH_NONE || given->sLen > SALT_MAX ||
	    (mech->hash != SL_HASH_NONE && mech->hash != ret_params->hash))
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

/* Section 2.3.6 */
static CK_RV
eddsa_params(const CK_MECHANISM *mechanism, struct sl_sig_params *ret_params)
{
	const CK_EDDSA_PARAMS *given = mechanism->pParameter;

	if (mechanism->ulParameterLen == 0)
		return CKR_OK;
	if (mechanism->ulParameterLen != sizeof(*given) || given->phFlag > CK_TRUE ||
	    !there(given->pContextData, given->ulContextDataLen, CONTEXT_MAX))
		return CKR_MECHANISM_PARAM_INVALID;
	ret_params->prehash = given->phFlag != CK_FALSE;
	ret_params->context = (struct sl_bytes){ given->pContextData, given->ulContextDataLen };
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
		return eddsa_params(mechanism, ret_params);
	case SL_PARAMS_NONE:
		return CKR_OK;
	default:
		return CKR_MECHANISM_PARAM_INVALID;
	}
}

/*
 * Section 2.12.3: CK_GCM_PARAMS. ulIvBits came with 2.40's errata and many callers leave it 0; the header of 2.40 as
 * first published, which others have, is without it. The length tells which.
 */
struct gcm_params_2_40 {
	CK_BYTE *pIv;
	CK_ULONG ulIvLen;
	CK_BYTE *pAAD;
	CK_ULONG ulAADLen;
	CK_ULONG ulTagBits;
};

static CK_RV
gcm_params(const CK_MECHANISM *mechanism, struct sl_cipher_params *ret_params)
{
	const struct gcm_params_2_40 *old = mechanism->pParameter;
	const CK_GCM_PARAMS *new = mechanism->pParameter;
	struct gcm_params_2_40 given;

	if (mechanism->pParameter == NULL)
		return CKR_MECHANISM_PARAM_INVALID;
	if (mechanism->ulParameterLen == sizeof(*new))
		given = (struct gcm_params_2_40){ new->pIv, new->ulIvLen != 0 ? new->ulIvLen : new->ulIvBits / 8, new->pAAD,
			new->ulAADLen,
			                          new->ulTagBits };
	else if (mechanism->ulParameterLen == sizeof(*old))
		given = *old;
	else
		return CKR_MECHANISM_PARAM_INVALID;
	if (given.ulIvLen == 0 || !there(given.pIv, given.ulIvLen, IV_MAX) || !there(given.pAAD, given.ulAADLen, AAD_MAX) ||
	    given.ulTagBits % 8 != 0 || given.ulTagBits > 8 * AES_BLOCK)
		return CKR_MECHANISM_PARAM_INVALID;
	ret_params->iv = given.pIv;
	ret_params->iv_len = given.ulIvLen;
	ret_params->aad = given.pAAD;
	ret_params->aad_len = given.ulAADLen;
	ret_params->tag_len = given.ulTagBits / 8;
	return CKR_OK;
}

/* Section 2.12.5 */
static CK_RV
ccm_params(const CK_MECHANISM *mechanism, struct sl_cipher_params *ret_params)
{
	const CK_CCM_PARAMS *given = mechanism->pParameter;

	if (given == NULL || mechanism->ulParameterLen != sizeof(*given))
		return CKR_MECHANISM_PARAM_INVALID;
	if (!there(given->pNonce, given->ulNonceLen, IV_MAX) || !there(given->pAAD, given->ulAADLen, AAD_MAX) ||
	    given->ulMACLen > AES_BLOCK)
		return CKR_MECHANISM_PARAM_INVALID;
	ret_params->iv = given->pNonce;
	ret_params->iv_len = given->ulNonceLen;
	ret_params->aad = given->pAAD;
	ret_params->aad_len = given->ulAADLen;
	ret_params->tag_len = given->ulMACLen;
	ret_params->data_len = given->ulDataLen;
	return CKR_OK;
}

/* Section 2.60 */
static CK_RV
chacha_params(const CK_MECHANISM *mechanism, struct sl_cipher_params *ret_params)
{
	const CK_SALSA20_CHACHA20_POLY1305_PARAMS *given = mechanism->pParameter;

	if (given == NULL || mechanism->ulParameterLen != sizeof(*given))
		return CKR_MECHANISM_PARAM_INVALID;
	if (!there(given->pNonce, given->ulNonceLen, IV_MAX) || !there(given->pAAD, given->ulAADLen, AAD_MAX))
		return CKR_MECHANISM_PARAM_INVALID;
	ret_params->iv = given->pNonce;
	ret_params->iv_len = given->ulNonceLen;
	ret_params->aad = given->pAAD;
	ret_params->aad_len = given->ulAADLen;
	ret_params->tag_len = AES_BLOCK;
	return CKR_OK;
}

/* Section 2.11.2 */
static CK_RV
ctr_params(const CK_MECHANISM *mechanism, struct sl_cipher_params *ret_params)
{
	const CK_AES_CTR_PARAMS *given = mechanism->pParameter;

	if (given == NULL || mechanism->ulParameterLen != sizeof(*given) || given->ulCounterBits == 0 ||
	    given->ulCounterBits > 8 * AES_BLOCK)
		return CKR_MECHANISM_PARAM_INVALID;
	ret_params->iv = given->cb;
	ret_params->iv_len = sizeof(given->cb);
	ret_params->counter_bits = (unsigned)given->ulCounterBits;
	return CKR_OK;
}

static CK_RV
iv_params(const CK_MECHANISM *mechanism, CK_ULONG len, bool may_be_none, struct sl_cipher_params *ret_params)
{
	if (mechanism->ulParameterLen == 0 && may_be_none)
		return CKR_OK;
	if (mechanism->ulParameterLen != len)
		return CKR_MECHANISM_PARAM_INVALID;
	ret_params->iv = mechanism->pParameter;
	ret_params->iv_len = len;
	return CKR_OK;
}

CK_RV
sl_mech_cipher_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_cipher_params *ret_params)
{
	*ret_params = (struct sl_cipher_params){ .mode = mech->mode };
	switch (mech->params) {
	case SL_PARAMS_NONE:
		return CKR_OK;
	case SL_PARAMS_GCM:
		return gcm_params(mechanism, ret_params);
	case SL_PARAMS_CCM:
		return ccm_params(mechanism, ret_params);
	case SL_PARAMS_CHACHA:
		return chacha_params(mechanism, ret_params);
	case SL_PARAMS_CTR:
		return ctr_params(mechanism, ret_params);
	case SL_PARAMS_IV:
		return iv_params(mechanism, AES_BLOCK, false, ret_params);
	case SL_PARAMS_IV8_OR_NONE:
		return iv_params(mechanism, 8, true, ret_params);
	case SL_PARAMS_IV4_OR_NONE:
		return iv_params(mechanism, 4, true, ret_params);
	default:
		return CKR_MECHANISM_PARAM_INVALID;
	}
}

CK_RV
sl_mech_mac_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_mac_params *ret_params,
                   size_t *ret_len)
{
	const size_t full = mech->mac == SL_MAC_HMAC ? sl_hash_len(mech->hash) : AES_BLOCK;
	const CK_ULONG *length = mechanism->pParameter;
	struct sl_cipher_params gcm = { .tag_len = 0 };
	CK_RV rv;

	*ret_params = (struct sl_mac_params){ .alg = mech->mac, .hash = mech->hash };
	*ret_len = full;
	switch (mech->params) {
	case SL_PARAMS_NONE:
		return CKR_OK;
	case SL_PARAMS_LENGTH:
		if (length == NULL || mechanism->ulParameterLen != sizeof(*length) || *length == 0 || *length > full)
			return CKR_MECHANISM_PARAM_INVALID;
		*ret_len = *length;
		return CKR_OK;
	case SL_PARAMS_GCM:
		/* "Uses a single parameter: the IV" in one edition, CK_GCM_PARAMS in others: the length tells which. */
		if (mechanism->ulParameterLen >= 1 && mechanism->ulParameterLen <= AES_BLOCK && mechanism->pParameter != NULL) {
			ret_params->iv = mechanism->pParameter;
			ret_params->iv_len = mechanism->ulParameterLen;
			return CKR_OK;
		}
		/* Section 2.12.7: the data is what is authenticated; there is no other. The tag as SP 800-38D 5.2.1.2 has it. */
		if ((rv = gcm_params(mechanism, &gcm)) != CKR_OK)
			return rv;
		if (gcm.aad_len != 0 || (gcm.tag_len < 12 && gcm.tag_len != 8 && gcm.tag_len != 4))
			return CKR_MECHANISM_PARAM_INVALID;
		ret_params->iv = gcm.iv;
		ret_params->iv_len = gcm.iv_len;
		*ret_len = gcm.tag_len;
		return CKR_OK;
	default:
		return CKR_MECHANISM_PARAM_INVALID;
	}
}

static CK_RV
oaep_params(const CK_RSA_PKCS_OAEP_PARAMS *given, struct sl_rsa_crypt *ret_params)
{
	ret_params->hash = sl_mech_hash(given->hashAlg);
	ret_params->mgf_hash = mgf_hash(given->mgf);
	/* Section 2.1.8: no source, or the label itself. */
	if (ret_params->hash == SL_HASH_NONE || ret_params->mgf_hash == SL_HASH_NONE || given->source > CKZ_DATA_SPECIFIED ||
	    !there(given->pSourceData, given->ulSourceDataLen, LABEL_MAX) || (given->source == 0 &&
	                                                                      given->ulSourceDataLen != 0))
		return CKR_MECHANISM_PARAM_INVALID;
	ret_params->label = given->pSourceData;
	ret_params->label_len = given->ulSourceDataLen;
	return CKR_OK;
}

CK_RV
sl_mech_rsa_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_rsa_crypt *ret_params)
{
	const SL_CK_RSA_AES_KEY_WRAP_PARAMS *both = mechanism->pParameter;

	*ret_params = (struct sl_rsa_crypt){ .padding = mech->padding };
	if (mech->params == SL_PARAMS_NONE)
		return CKR_OK;
	if (mech->params == SL_PARAMS_OAEP && both != NULL && mechanism->ulParameterLen == sizeof(CK_RSA_PKCS_OAEP_PARAMS))
		return oaep_params(mechanism->pParameter, ret_params);
	if (mech->params == SL_PARAMS_RSA_AES && both != NULL && mechanism->ulParameterLen == sizeof(*both) && both->pOAEPParams != NULL &&
	    (both->ulAESKeyBits == 128 || both->ulAESKeyBits == 192 || both->ulAESKeyBits == 256))
		return oaep_params(both->pOAEPParams, ret_params);
	return CKR_MECHANISM_PARAM_INVALID;
}

static bool
read_message(const struct sl_mech *mech, const void *param, CK_ULONG len, struct sl_message_params *ret)
{
	if (mech->params == SL_PARAMS_GCM && len == sizeof(CK_GCM_MESSAGE_PARAMS)) {
		const CK_GCM_MESSAGE_PARAMS *p = param;

		*ret = (struct sl_message_params){ p->pIv, p->ulIvLen, p->ulIvFixedBits, p->ivGenerator, p->pTag, p->ulTagBits / 8,
			0 };
		return p->ulTagBits % 8 == 0;
	}
	if (mech->params == SL_PARAMS_CCM && len == sizeof(CK_CCM_MESSAGE_PARAMS)) {
		const CK_CCM_MESSAGE_PARAMS *p = param;

		*ret = (struct sl_message_params){ p->pNonce, p->ulNonceLen, p->ulNonceFixedBits, p->nonceGenerator, p->pMAC,
			p->ulMACLen,
			                           p->ulDataLen };
		return true;
	}
	if (mech->params == SL_PARAMS_CHACHA && len == sizeof(CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS)) {
		const CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS *p = param;

		*ret = (struct sl_message_params){ p->pNonce, p->ulNonceLen, 0, CKG_NO_GENERATE, p->pTag, AES_BLOCK, 0 };
		return true;
	}
	return false;
}

CK_RV
sl_mech_message_params(const struct sl_mech *mech, const void *param, CK_ULONG len,
                       struct sl_message_params *ret_params)
{
	struct sl_message_params p;

	if (param == NULL || !read_message(mech, param, len, &p) || p.iv == NULL || p.iv_len == 0 || p.iv_len > IV_MAX ||
	    p.tag == NULL ||
	    p.tag_len == 0 || p.tag_len > AES_BLOCK || p.generator > CKG_GENERATE_COUNTER_XOR)
		return CKR_MECHANISM_PARAM_INVALID;
	*ret_params = p;
	return CKR_OK;
}
