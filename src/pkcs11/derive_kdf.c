/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/derive.h"

#include "crypto/agree.h"
#include "crypto/kdf.h"
#include "crypto/rand.h"
#include "token/build.h"
#include "token/make.h"
#include "token/rv.h"
#include "token/template.h"

#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum sl_hash
sl_derive_prf(CK_MECHANISM_TYPE prf)
{
	const struct sl_mech *mech = sl_mech_find(prf);

	return mech != NULL && mech->is_mac && mech->mac == SL_MAC_HMAC && mech->params == SL_PARAMS_NONE ? mech->hash : SL_HASH_NONE;
}

/* Of the length the template wants, or of its key type, or all there is. */
static size_t
wanted(const struct sl_derive *d, size_t all)
{
	return d->len != 0 ? d->len : all;
}

/* PKCS#11 3.0 current mechanisms, section 2.3.18: the KDF of ECDH */
static enum sl_hash
ecdh_hash(CK_ULONG kdf)
{
	static const struct {
		CK_ULONG kdf;
		enum sl_hash hash;
	} kdfs[] = {
		{ CKD_SHA1_KDF, SL_HASH_SHA1 }, { CKD_SHA224_KDF, SL_HASH_SHA224 }, { CKD_SHA256_KDF, SL_HASH_SHA256 },
		{ CKD_SHA384_KDF, SL_HASH_SHA384 }, { CKD_SHA512_KDF, SL_HASH_SHA512 }, { CKD_SHA3_224_KDF, SL_HASH_SHA3_224 },
		{ CKD_SHA3_256_KDF, SL_HASH_SHA3_256 }, { CKD_SHA3_384_KDF, SL_HASH_SHA3_384 }, { CKD_SHA3_512_KDF, SL_HASH_SHA3_512 },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(kdfs); i++)
		if (kdfs[i].kdf == kdf)
			return kdfs[i].hash;
	return SL_HASH_NONE;
}

/* The peer's point, in the OCTET STRING that CKA_EC_POINT has, or bare: by the length that the curve's points have. */
static CK_RV
agree(const struct sl_derive *d, const CK_ECDH1_DERIVE_PARAMS *p, struct sl_secret *ret_z)
{
	SL_SECRET own = { 0 };
	const uint8_t *point = p->pPublicData;
	size_t len = p->ulPublicDataLen;
	CK_RV rv = sl_rv(sl_key_part(d->key, SL_PART_POINT, &own));
	enum sl_err err;

	if (rv != CKR_OK)
		return rv;
	if (point == NULL || len < 2)
		return CKR_MECHANISM_PARAM_INVALID;
	if (len == own.len + 2 && point[0] == 0x04 && point[1] == own.len) {
		point += 2;
		len -= 2;
	} else if (len == own.len + 3 && point[0] == 0x04 && point[1] == 0x81 && point[2] == own.len) {
		point += 3;
		len -= 3;
	}
	err = sl_agree(d->key, point, len, ret_z);
	return err == SL_ERR_ARG || err == SL_ERR_VERIFY || err == SL_ERR_RANGE ? CKR_MECHANISM_PARAM_INVALID : sl_rv(err);
}

CK_RV
sl_derive_ecdh(struct sl_derive *d, struct sl_secret *ret_value)
{
	const CK_ECDH1_DERIVE_PARAMS *p = d->mechanism->pParameter;
	SL_SECRET z = { 0 };
	enum sl_hash hash;
	size_t len;
	CK_RV rv;

	if (p == NULL || d->mechanism->ulParameterLen != sizeof(*p) || (p->pSharedData == NULL && p->ulSharedDataLen != 0))
		return CKR_MECHANISM_PARAM_INVALID;
	hash = ecdh_hash(p->kdf);
	if ((p->kdf != CKD_NULL && hash == SL_HASH_NONE) || (p->kdf == CKD_NULL && p->ulSharedDataLen != 0))
		return CKR_MECHANISM_PARAM_INVALID;
	if ((rv = agree(d, p, &z)) != CKR_OK)
		return rv;
	if (hash != SL_HASH_NONE)
		return sl_rv(sl_kdf_x963(hash, (struct sl_part){ z.bytes, z.len }, (struct sl_part){ p->pSharedData, p->ulSharedDataLen },
		                         wanted(d, sl_hash_len(hash)), ret_value));
	/* "The truncation removes bytes from the leading end of the secret value." */
	len = wanted(d, z.len);
	if (len > z.len)
		return CKR_KEY_SIZE_RANGE;
	return sl_rv(sl_secret_copy(ret_value, z.bytes + z.len - len, len));
}

static CK_RV
hkdf_salt(struct sl_derive *d, const CK_HKDF_PARAMS *p, struct sl_secret *ret_room, struct sl_part *ret_salt)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	CK_RV rv;

	*ret_salt = (struct sl_part){ NULL, 0 };
	/* There is a salt where there is an extraction: RFC 5869 2.2. */
	if (!p->bExtract || p->ulSaltType == CKF_HKDF_SALT_NULL)
		return CKR_OK;
	if (p->ulSaltType == CKF_HKDF_SALT_DATA) {
		if (p->pSalt == NULL && p->ulSaltLen != 0)
			return CKR_MECHANISM_PARAM_INVALID;
		*ret_salt = (struct sl_part){ p->pSalt, p->ulSaltLen };
		return CKR_OK;
	}
	if (p->ulSaltType != CKF_HKDF_SALT_KEY)
		return CKR_MECHANISM_PARAM_INVALID;
	rv = sl_derive_other(d, p->hSaltKey, &object, ret_room);
	*ret_salt = (struct sl_part){ ret_room->bytes, ret_room->len };
	return rv;
}

struct sl_part
sl_derive_prf_name(CK_MECHANISM_TYPE type, uint8_t room[4])
{
	for (size_t i = 0; i < 4; i++)
		room[i] = (uint8_t)(type >> (24 - 8 * i));
	return (struct sl_part){ room, 4 };
}

/* With the root as input keying material, the TPM takes the place of HKDF-Extract. */
static CK_RV
extract(struct sl_derive *d, const CK_HKDF_PARAMS *p, enum sl_hash hash, struct sl_secret *ret_prk)
{
	SL_SECRET room = { 0 };
	SL_SECRET base = { 0 };
	struct sl_part salt;
	uint8_t prf[4];
	CK_RV rv = hkdf_salt(d, p, &room, &salt);

	if (rv != CKR_OK)
		return rv;
	if (d->key == NULL) {
		const struct sl_part parts[] = { sl_derive_prf_name(p->prfHashMechanism, prf), { p->bExtract ? "extract" : "expand", p->bExtract ? 7 : 6 }, salt };

		return sl_derive_from_root(d, "seedleaf pkcs11 hkdf v1", parts, SL_ARRAY_LEN(parts), ret_prk);
	}
	if ((rv = sl_derive_base_value(d, &base)) != CKR_OK)
		return rv;
	if (!p->bExtract)
		*ret_prk = sl_secret_take(&base);
	else
		rv = sl_rv(sl_kdf_hkdf_extract(hash, salt, (struct sl_part){ base.bytes, base.len }, ret_prk));
	return rv;
}

CK_RV
sl_derive_hkdf(struct sl_derive *d, struct sl_secret *ret_value)
{
	const CK_HKDF_PARAMS *p = d->mechanism->pParameter;
	SL_SECRET prk = { 0 };
	enum sl_hash hash;
	size_t len;
	CK_RV rv;

	if (p == NULL || d->mechanism->ulParameterLen != sizeof(*p) || (p->pInfo == NULL && p->ulInfoLen != 0) || (!p->bExtract && !p->bExpand))
		return CKR_MECHANISM_PARAM_INVALID;
	hash = sl_mech_hash(p->prfHashMechanism);
	if (hash == SL_HASH_NONE)
		return CKR_MECHANISM_PARAM_INVALID;
	if (p->bExpand && wanted(d, 0) > 255 * sl_hash_len(hash))
		return CKR_KEY_SIZE_RANGE;
	if ((rv = extract(d, p, hash, &prk)) != CKR_OK)
		return rv;
	len = wanted(d, p->bExpand ? sl_hash_len(hash) : prk.len);
	if (p->bExpand)
		return sl_rv(sl_kdf_hkdf_expand(hash, (struct sl_part){ prk.bytes, prk.len }, (struct sl_part){ p->pInfo, p->ulInfoLen }, len, ret_value));
	return len > prk.len ? CKR_KEY_SIZE_RANGE : sl_rv(sl_secret_copy(ret_value, prk.bytes, len));
}

/* Section 2.62.4: the same bytes as a data object, for those that are no key. */
CK_RV
sl_derive_hkdf_data(struct sl_session *session, struct sl_derive *d, const struct sl_half *template, CK_OBJECT_HANDLE *ret_object)
{
	CK_ATTRIBUTE with_value[SL_TEMPLATE_MAX + 2];
	CK_OBJECT_CLASS class = CKO_DATA;
	SL_SECRET value = { 0 };
	CK_ULONG n = 0;
	CK_RV rv;

	if (template->n > SL_TEMPLATE_MAX || (template->template == NULL && template->n != 0) || ret_object == NULL)
		return CKR_ARGUMENTS_BAD;
	/* It says what the keys made of this one have to be; data is none. */
	if (sl_attrs_get(&d->base->attrs, CKA_DERIVE_TEMPLATE) != NULL)
		return CKR_TEMPLATE_INCONSISTENT;
	for (CK_ULONG i = 0; i < template->n; i++) {
		const CK_ATTRIBUTE *a = &template->template[i];

		if (a->type == CKA_VALUE)
			return CKR_TEMPLATE_INCONSISTENT;
		if (a->type == CKA_VALUE_LEN) {
			if (a->ulValueLen != sizeof(CK_ULONG) || a->pValue == NULL)
				return CKR_ATTRIBUTE_VALUE_INVALID;
			memcpy(&d->len, a->pValue, sizeof(CK_ULONG));
			continue;
		}
		with_value[n++] = *a;
	}
	if (d->len > 8192)
		return CKR_KEY_SIZE_RANGE;
	if ((rv = sl_derive_hkdf(d, &value)) != CKR_OK)
		return rv;
	with_value[n++] = (CK_ATTRIBUTE){ CKA_CLASS, &class, sizeof(class) };
	with_value[n++] = (CK_ATTRIBUTE){ CKA_VALUE, value.bytes, value.len };
	return sl_make_create(session, with_value, n, ret_object);
}

/*
 * CK_PKCS5_PBKD2_PARAMS of before 2.40 has the length's address where CK_PKCS5_PBKD2_PARAMS2 has the length; NSS still sends it. What
 * is too large to be a length may be such an address, or rubbish: the kernel reads it, which does not fault.
 */
static CK_ULONG
password_len(CK_ULONG given)
{
	struct iovec there = { (void *)given, sizeof(given) };
	CK_ULONG len = 0;
	struct iovec here = { &len, sizeof(len) };

	if (given <= SL_ATTR_VALUE_MAX || process_vm_readv(getpid(), &here, 1, &there, 1, 0) != (ssize_t)sizeof(len))
		return given;
	return len;
}

/* Section 2.39. The password and the salt come in clear: the key is as strong as they are. */
CK_RV
sl_derive_pbkdf2(struct sl_session *session, const CK_MECHANISM *mechanism, const struct sl_half *template, CK_OBJECT_HANDLE *ret_key)
{
	static const enum sl_hash hashes[] = { SL_HASH_NONE, SL_HASH_SHA1, SL_HASH_NONE, SL_HASH_SHA224, SL_HASH_SHA256, SL_HASH_SHA384,
		                               SL_HASH_SHA512, SL_HASH_SHA512_224, SL_HASH_SHA512_256 };
	const struct sl_newkey_default otherwise = { SL_MAY_DERIVE, CKO_SECRET_KEY, CKK_GENERIC_SECRET };
	const CK_PKCS5_PBKD2_PARAMS2 *p = mechanism->pParameter;
	SL_NEWKEY k = { 0 };
	SL_SECRET value = { 0 };
	CK_ULONG password;
	enum sl_hash hash;
	size_t len;
	CK_RV rv;

	if (p == NULL || mechanism->ulParameterLen != sizeof(*p) || p->saltSource != CKZ_SALT_SPECIFIED || p->iterations == 0 ||
	    p->prf >= SL_ARRAY_LEN(hashes) || (p->pSaltSourceData == NULL && p->ulSaltSourceDataLen != 0) ||
	    (password = password_len(p->ulPasswordLen)) > SL_ATTR_VALUE_MAX || (p->pPassword == NULL && password != 0))
		return CKR_MECHANISM_PARAM_INVALID;
	hash = hashes[p->prf];
	if (hash == SL_HASH_NONE)
		return CKR_MECHANISM_PARAM_INVALID;
	if ((rv = sl_newkey_begin(session, &otherwise, template->template, template->n, &k)) != CKR_OK)
		return rv;
	len = sl_attrs_ulong(&k.attrs, CKA_VALUE_LEN, sl_hash_len(hash));
	if (k.kind != SL_IS_SECRET || len == 0 || len > 8192)
		return k.kind != SL_IS_SECRET ? CKR_TEMPLATE_INCONSISTENT : CKR_KEY_SIZE_RANGE;
	k.mechanism = mechanism->mechanism;
	k.always_sensitive = true;
	k.never_extractable = true;
	rv = sl_rv(sl_kdf_pbkdf2(hash, (struct sl_part){ p->pPassword, password },
	                         (struct sl_part){ p->pSaltSourceData, p->ulSaltSourceDataLen }, p->iterations, len, &value));
	if (rv == CKR_OK)
		rv = sl_newkey_secret(&k, value.bytes, value.len);
	return rv == CKR_OK ? sl_newkey_finish(session, &k, ret_key) : rv;
}
