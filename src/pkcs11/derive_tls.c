/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/derive.h"

#include "crypto/kdf.h"
#include "token/rv.h"

#include <string.h>

/* PKCS#11 3.0 current mechanisms, section 2.40: TLS 1.2 (RFC 5246), what NSS and Java ask for */

#define MASTER_LEN 48
#define BLOCK_MAX 512

static bool
good_randoms(const CK_SSL3_RANDOM_DATA *r)
{
	return r->pClientRandom != NULL && r->ulClientRandomLen == 32 && r->pServerRandom != NULL && r->ulServerRandomLen == 32;
}

static CK_RV
prf(const struct sl_derive *d, enum sl_hash hash, const char *label, const struct sl_part *seeds, size_t len, struct sl_secret *ret_out)
{
	SL_SECRET base = { 0 };
	const CK_RV rv = sl_derive_base_value(d, &base);

	return rv != CKR_OK ? rv : sl_rv(sl_kdf_tls12(hash, (struct sl_part){ base.bytes, base.len }, label, seeds, 2, len, ret_out));
}

/* 48 bytes; with RSA key transport the pre-master secret begins with the client's version. */
CK_RV
sl_derive_tls12_master(struct sl_derive *d, struct sl_secret *ret_value)
{
	const CK_TLS12_MASTER_KEY_DERIVE_PARAMS *p = d->mechanism->pParameter;
	SL_SECRET base = { 0 };
	struct sl_part seeds[2];
	enum sl_hash hash;
	CK_RV rv;

	if (p == NULL || d->mechanism->ulParameterLen != sizeof(*p) || !good_randoms(&p->RandomInfo))
		return CKR_MECHANISM_PARAM_INVALID;
	hash = sl_mech_hash(p->prfHashMechanism);
	if (hash == SL_HASH_NONE)
		return CKR_MECHANISM_PARAM_INVALID;
	if (d->len != 0 && d->len != MASTER_LEN)
		return CKR_TEMPLATE_INCONSISTENT;
	if ((rv = sl_derive_base_value(d, &base)) != CKR_OK)
		return rv;
	if (d->mechanism->mechanism == CKM_TLS12_MASTER_KEY_DERIVE) {
		if (base.len != MASTER_LEN)
			return CKR_KEY_SIZE_RANGE;
		/*
		 * The first two bytes of a key: of one that may not be shown, put in front byte by byte by the derivations of section 2.44, they would be all of it in
		 * the end.
		 */
		if (p->pVersion != NULL && sl_derive_base_is_closed(d))
			return CKR_MECHANISM_PARAM_INVALID;
		if (p->pVersion != NULL)
			*p->pVersion = (CK_VERSION){ base.bytes[0], base.bytes[1] };
	} else if (p->pVersion != NULL) {
		return CKR_MECHANISM_PARAM_INVALID;
	}
	seeds[0] = (struct sl_part){ p->RandomInfo.pClientRandom, 32 };
	seeds[1] = (struct sl_part){ p->RandomInfo.pServerRandom, 32 };
	return prf(d, hash, "master secret", seeds, MASTER_LEN, ret_value);
}

/* RFC 5705: exported keying material. The label is the caller's. */
CK_RV
sl_derive_tls_kdf(struct sl_derive *d, struct sl_secret *ret_value)
{
	const CK_TLS_KDF_PARAMS *p = d->mechanism->pParameter;
	char label[256];
	uint8_t context_len[2];
	struct sl_part seeds[4];
	size_t n = 2;
	enum sl_hash hash;
	SL_SECRET base = { 0 };
	CK_RV rv;

	if (p == NULL || d->mechanism->ulParameterLen != sizeof(*p) || !good_randoms(&p->RandomInfo) || p->pLabel == NULL ||
	    p->ulLabelLength == 0 || p->ulLabelLength >= sizeof(label) || (p->pContextData == NULL && p->ulContextDataLength != 0) ||
	    p->ulContextDataLength > 65535 || memchr(p->pLabel, 0, p->ulLabelLength) != NULL)
		return CKR_MECHANISM_PARAM_INVALID;
	hash = sl_mech_hash(p->prfMechanism);
	if (hash == SL_HASH_NONE)
		return CKR_MECHANISM_PARAM_INVALID;
	if (d->len == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	memcpy(label, p->pLabel, p->ulLabelLength);
	label[p->ulLabelLength] = '\0';
	seeds[0] = (struct sl_part){ p->RandomInfo.pClientRandom, 32 };
	seeds[1] = (struct sl_part){ p->RandomInfo.pServerRandom, 32 };
	if (p->pContextData != NULL) {
		context_len[0] = (uint8_t)(p->ulContextDataLength >> 8);
		context_len[1] = (uint8_t)p->ulContextDataLength;
		seeds[n++] = (struct sl_part){ context_len, 2 };
		seeds[n++] = (struct sl_part){ p->pContextData, p->ulContextDataLength };
	}
	if ((rv = sl_derive_base_value(d, &base)) != CKR_OK)
		return rv;
	return sl_rv(sl_kdf_tls12(hash, (struct sl_part){ base.bytes, base.len }, label, seeds, n, d->len, ret_value));
}

static CK_RV
measure(const CK_TLS12_KEY_MAT_PARAMS *p, size_t *ret_mac, size_t *ret_key, size_t *ret_iv)
{
	if (p->ulMacSizeInBits % 8 != 0 || p->ulKeySizeInBits % 8 != 0 || p->ulIVSizeInBits % 8 != 0 || p->ulMacSizeInBits > 512 ||
	    p->ulKeySizeInBits > 512 || p->ulIVSizeInBits > 512 || p->bIsExport != CK_FALSE || p->pReturnedKeyMaterial == NULL)
		return CKR_MECHANISM_PARAM_INVALID;
	*ret_mac = p->ulMacSizeInBits / 8;
	*ret_key = p->ulKeySizeInBits / 8;
	*ret_iv = p->ulIVSizeInBits / 8;
	if (*ret_iv != 0 && (p->pReturnedKeyMaterial->pIVClient == NULL || p->pReturnedKeyMaterial->pIVServer == NULL))
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

/* The MAC keys are generic secrets that sign; the cipher keys are what the caller's template says. */
static CK_RV
make_objects(struct sl_derive *d, const uint8_t *block, const size_t len[2], CK_OBJECT_HANDLE *const handles[4])
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE generic = CKK_GENERIC_SECRET;
	CK_KEY_TYPE type = d->newkey.key_type;
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL sensitive = sl_attrs_bool(&d->newkey.attrs, CKA_SENSITIVE, false) ? CK_TRUE : CK_FALSE;
	CK_BBOOL extractable = sl_attrs_bool(&d->newkey.attrs, CKA_EXTRACTABLE, true) ? CK_TRUE : CK_FALSE;
	const CK_ATTRIBUTE mac[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &generic, sizeof(generic) },
		                     { CKA_SIGN, &yes, 1 }, { CKA_VERIFY, &yes, 1 }, { CKA_DERIVE, &yes, 1 },
		                     { CKA_SENSITIVE, &sensitive, 1 }, { CKA_EXTRACTABLE, &extractable, 1 } };
	const CK_ATTRIBUTE cipher[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) },
		                        { CKA_ENCRYPT, &yes, 1 }, { CKA_DECRYPT, &yes, 1 },
		                        { CKA_SENSITIVE, &sensitive, 1 }, { CKA_EXTRACTABLE, &extractable, 1 } };
	const struct sl_half halves[2] = { { mac, SL_ARRAY_LEN(mac) }, { cipher, SL_ARRAY_LEN(cipher) } };
	CK_RV rv = CKR_OK;

	/* All first: what is there before is the caller's, and unmake() must not meet it. */
	for (size_t i = 0; i < 4; i++)
		*handles[i] = CK_INVALID_HANDLE;
	for (size_t i = 0; i < 4 && rv == CKR_OK; i++) {
		if (len[i / 2] == 0)
			continue;
		rv = sl_derive_object(d, &halves[i / 2], (struct sl_bytes){ block, len[i / 2] }, handles[i]);
		block += len[i / 2];
	}
	return rv;
}

/* All or none: what was made before one failed goes again. */
static void
unmake(struct sl_derive *d, CK_OBJECT_HANDLE *const handles[4])
{
	for (size_t i = 0; i < 4; i++) {
		SL_CLEANUP(sl_object_unref) struct sl_object *object = sl_token_object(d->session->token, *handles[i]);

		if (object != NULL)
			sl_token_unpublish(d->session->token, object);
		*handles[i] = CK_INVALID_HANDLE;
	}
}

CK_RV
sl_derive_tls12_keys(struct sl_derive *d)
{
	const CK_TLS12_KEY_MAT_PARAMS *p = d->mechanism->pParameter;
	CK_SSL3_KEY_MAT_OUT *out;
	struct sl_part seeds[2];
	SL_SECRET block = { 0 };
	size_t len[2];
	size_t iv;
	enum sl_hash hash;
	CK_RV rv;

	if (p == NULL || d->mechanism->ulParameterLen != sizeof(*p) || !good_randoms(&p->RandomInfo))
		return CKR_MECHANISM_PARAM_INVALID;
	hash = sl_mech_hash(p->prfHashMechanism);
	if (hash == SL_HASH_NONE)
		return CKR_MECHANISM_PARAM_INVALID;
	if ((rv = measure(p, &len[0], &len[1], &iv)) != CKR_OK)
		return rv;
	if (sl_attrs_bool(&d->newkey.attrs, CKA_TOKEN, false))
		return CKR_TEMPLATE_INCONSISTENT; /* keys of one connection */
	/* Section 2.40.8: the server's random comes first here. CKM_TLS12_KEY_SAFE_DERIVE gives no IVs. */
	seeds[0] = (struct sl_part){ p->RandomInfo.pServerRandom, 32 };
	seeds[1] = (struct sl_part){ p->RandomInfo.pClientRandom, 32 };
	if (2 * (len[0] + len[1] + iv) == 0 || 2 * (len[0] + len[1] + iv) > BLOCK_MAX)
		return CKR_MECHANISM_PARAM_INVALID;
	if ((rv = prf(d, hash, "key expansion", seeds, 2 * (len[0] + len[1] + iv), &block)) != CKR_OK)
		return rv;
	out = p->pReturnedKeyMaterial;
	{
		CK_OBJECT_HANDLE *const handles[4] = { &out->hClientMacSecret, &out->hServerMacSecret, &out->hClientKey, &out->hServerKey };

		if ((rv = make_objects(d, block.bytes, len, handles)) != CKR_OK) {
			unmake(d, handles);
			return rv;
		}
	}
	if (iv != 0 && d->mechanism->mechanism == CKM_TLS12_KEY_AND_MAC_DERIVE) {
		memcpy(out->pIVClient, block.bytes + 2 * (len[0] + len[1]), iv);
		memcpy(out->pIVServer, block.bytes + 2 * (len[0] + len[1]) + iv, iv);
	}
	return CKR_OK;
}
