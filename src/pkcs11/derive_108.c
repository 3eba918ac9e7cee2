/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/derive.h"

#include "base/log.h"
#include "crypto/kdf.h"
#include "token/rv.h"
#include "token/template.h"

/* SP 800-108 in counter and feedback mode: PKCS#11 3.0 current mechanisms, section 2.42. */

#define KDF_PARTS_MAX 16
#define KDF_KEYS_MAX 16 /* beside the caller's */
#define KDF_LEN_MAX 8192

/* Section 2.42: one field of the PRF's input */
static CK_RV
kdf108_part(const CK_PRF_DATA_PARAM *p, bool feedback, struct sl_kdf108_part *ret)
{
	const CK_SP800_108_COUNTER_FORMAT *counter = p->pValue;
	const CK_SP800_108_DKM_LENGTH_FORMAT *length = p->pValue;

	if (p->type == CK_SP800_108_BYTE_ARRAY) {
		*ret = (struct sl_kdf108_part){ .field = SL_KDF108_BYTES, .bytes = { p->pValue, p->ulValueLen } };
		return p->pValue == NULL && p->ulValueLen != 0 ? CKR_MECHANISM_PARAM_INVALID : CKR_OK;
	}
	if (p->type == CK_SP800_108_ITERATION_VARIABLE && feedback) {
		*ret = (struct sl_kdf108_part){ .field = SL_KDF108_CHAINING };
		return p->ulValueLen == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
	}
	if ((p->type == CK_SP800_108_ITERATION_VARIABLE || (p->type == CK_SP800_108_COUNTER && feedback)) && counter != NULL &&
	    p->ulValueLen == sizeof(*counter)) {
		*ret = (struct sl_kdf108_part){ .field = SL_KDF108_COUNTER, .width = (unsigned)counter->ulWidthInBits,
			                        .little_endian = counter->bLittleEndian != CK_FALSE };
		return counter->ulWidthInBits <= 64 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
	}
	if (p->type == CK_SP800_108_DKM_LENGTH && length != NULL && p->ulValueLen == sizeof(*length)) {
		*ret = (struct sl_kdf108_part){ .field = SL_KDF108_LENGTH, .width = (unsigned)length->ulWidthInBits,
			                        .little_endian = length->bLittleEndian != CK_FALSE,
			                        .length_of_segments = length->dkmLengthMethod == CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS };
		return length->ulWidthInBits <= 64 && (length->dkmLengthMethod == CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS ||
		                                       ret->length_of_segments) ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
	}
	return CKR_MECHANISM_PARAM_INVALID;
}

struct kdf108 {
	CK_MECHANISM_TYPE prf;
	const CK_PRF_DATA_PARAM *params;
	CK_ULONG n;
	CK_ULONG additional;
	const CK_DERIVED_KEY *keys; /* additional of them */
	bool feedback;
	struct sl_part iv;
};

/* The key of the PRF; of the root it is the TPM's own PRF over the name of ours. */
static CK_RV
kdf108_key(const struct sl_derive *d, CK_MECHANISM_TYPE prf, struct sl_secret *ret_key)
{
	uint8_t room[4];
	const struct sl_part part = sl_derive_prf_name(prf, room);

	return d->key == NULL ? sl_derive_from_root(d, "seedleaf pkcs11 sp800-108 v1", &part, 1, ret_key) : sl_derive_base_value(d, ret_key);
}

static CK_RV
read_params(const CK_MECHANISM *mechanism, struct kdf108 *ret)
{
	const CK_SP800_108_FEEDBACK_KDF_PARAMS *f = mechanism->pParameter;
	const CK_SP800_108_KDF_PARAMS *c = mechanism->pParameter;

	if (mechanism->mechanism == CKM_SP800_108_FEEDBACK_KDF && f != NULL && mechanism->ulParameterLen == sizeof(*f) && (f->pIV != NULL || f->ulIVLen == 0))
		*ret = (struct kdf108){ .prf = f->prfType, .params = f->pDataParams, .n = f->ulNumberOfDataParams, .additional = f->ulAdditionalDerivedKeys,
			                .keys = f->pAdditionalDerivedKeys, .feedback = true, .iv = { f->pIV, f->ulIVLen } };
	else if (mechanism->mechanism == CKM_SP800_108_COUNTER_KDF && c != NULL && mechanism->ulParameterLen == sizeof(*c))
		*ret = (struct kdf108){ .prf = c->prfType, .params = c->pDataParams, .n = c->ulNumberOfDataParams, .additional = c->ulAdditionalDerivedKeys,
			                .keys = c->pAdditionalDerivedKeys };
	else
		return CKR_MECHANISM_PARAM_INVALID;
	if (ret->n == 0 || ret->n > KDF_PARTS_MAX || ret->params == NULL || ret->additional > KDF_KEYS_MAX || (ret->keys == NULL && ret->additional != 0) ||
	    (sl_derive_prf(ret->prf) == SL_HASH_NONE && ret->prf != CKM_AES_CMAC))
		return CKR_MECHANISM_PARAM_INVALID;
	return CKR_OK;
}

static size_t
step_of(const struct kdf108 *k)
{
	const enum sl_hash hash = sl_derive_prf(k->prf);

	return hash == SL_HASH_NONE ? 16 : sl_hash_len(hash);
}

/* len bytes, of which keys_len go into keys. */
static CK_RV
run(const struct sl_derive *d, const struct kdf108 *k, size_t len, size_t keys_len, struct sl_secret *ret_value)
{
	struct sl_kdf108_part parts[KDF_PARTS_MAX];
	const struct sl_kdf108 spec = { .hash = sl_derive_prf(k->prf), .feedback = k->feedback, .iv = k->iv, .parts = parts, .n_parts = k->n,
		                        .keys_len = keys_len };
	SL_SECRET key = { 0 };
	enum sl_err err;
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; i < k->n && rv == CKR_OK; i++)
		rv = kdf108_part(&k->params[i], k->feedback, &parts[i]);
	if (rv != CKR_OK || (rv = kdf108_key(d, k->prf, &key)) != CKR_OK)
		return rv;
	err = sl_kdf_108((struct sl_part){ key.bytes, key.len }, &spec, len, ret_value);
	return err == SL_ERR_ARG || err == SL_ERR_RANGE ? CKR_MECHANISM_PARAM_INVALID : sl_rv(err);
}

CK_RV
sl_derive_kdf108(struct sl_derive *d, struct sl_secret *ret_value)
{
	struct kdf108 k;
	const CK_RV rv = read_params(d->mechanism, &k);
	size_t len;

	if (rv != CKR_OK)
		return rv;
	len = d->len != 0 ? d->len : step_of(&k);
	return run(d, &k, len, len, ret_value);
}

bool
sl_derive_kdf108_has_more(const CK_MECHANISM *mechanism)
{
	struct kdf108 k;

	return read_params(mechanism, &k) == CKR_OK && k.additional != 0;
}

/* The keys of one call, the caller's first: of whole segments each, "disjoint" (section 2.42.7). */
struct keys {
	size_t n;
	size_t keys_len; /* all of them */
	size_t used;     /* bytes of their segments */
	struct {
		struct sl_half template;
		CK_OBJECT_HANDLE *handle;
		size_t at;
		size_t len;
	} key[KDF_KEYS_MAX + 1];
};

static CK_RV
add_key(struct keys *keys, const struct sl_half *template, CK_OBJECT_HANDLE *handle, size_t step)
{
	CK_ULONG len;
	CK_RV rv;

	if (handle == NULL)
		return CKR_MECHANISM_PARAM_INVALID;
	if ((rv = sl_template_peek_ulong(template->template, template->n, CKA_VALUE_LEN, step, &len)) != CKR_OK)
		return rv;
	if (len == 0 || len > KDF_LEN_MAX)
		return CKR_KEY_SIZE_RANGE;
	keys->key[keys->n].template = *template;
	keys->key[keys->n].handle = handle;
	keys->key[keys->n].at = keys->used;
	keys->key[keys->n].len = len;
	keys->n++;
	keys->keys_len += len;
	keys->used += (len + step - 1) / step * step;
	return CKR_OK;
}

/* All or none. Nobody has seen the handles yet. */
static void
unmake(struct sl_session *session, const struct keys *keys, size_t made)
{
	for (size_t i = 0; i < keys->n; i++) {
		SL_CLEANUP(sl_object_unref) struct sl_object *object = i < made ? sl_token_object(session->token, *keys->key[i].handle) : NULL;

		if (object != NULL && object->home == SL_HOME_STORE && sl_store_remove(session->token->instance->store, object->row) != SL_OK)
			sl_log(SL_LOG_ERROR, "a key that C_DeriveKey made before it failed stays in the store");
		if (object != NULL)
			sl_token_unpublish(session->token, object);
		*keys->key[i].handle = CK_INVALID_HANDLE;
	}
}

CK_RV
sl_derive_kdf108_keys(struct sl_derive *d, const struct sl_half *template, CK_OBJECT_HANDLE *ret_key)
{
	CK_OBJECT_HANDLE first = CK_INVALID_HANDLE;
	struct keys keys = { .n = 0 };
	SL_SECRET all = { 0 };
	struct kdf108 k;
	size_t made = 0;
	CK_RV rv;

	if ((rv = read_params(d->mechanism, &k)) == CKR_OK)
		rv = add_key(&keys, template, &first, step_of(&k));
	for (CK_ULONG i = 0; i < k.additional && rv == CKR_OK; i++)
		rv = add_key(&keys, &(struct sl_half){ k.keys[i].pTemplate, k.keys[i].ulAttributeCount }, k.keys[i].phKey, step_of(&k));
	if (rv == CKR_OK)
		rv = run(d, &k, keys.used, keys.keys_len, &all);
	while (rv == CKR_OK && made < keys.n) {
		rv = sl_derive_object(d, &keys.key[made].template, (struct sl_bytes){ all.bytes + keys.key[made].at, keys.key[made].len }, keys.key[made].handle);
		made += rv == CKR_OK;
	}
	if (rv == CKR_OK)
		*ret_key = first;
	else
		unmake(d->session, &keys, made);
	return rv;
}
