/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/derive.h"

#include "crypto/cipher.h"
#include "token/rv.h"

#include <string.h>

/* PKCS#11 3.0 current mechanisms, section 2.44: keys made of keys and data. The frame keeps them as closed as their base. */

/*
 * The leading bytes that the template wants. Not fewer than there are of a key that may not be shown, whole: the length of whole. A piece of such a key is as
 * closed as the key, and of no use for that: with known bytes before it (CKM_CONCATENATE_DATA_AND_BASE) it has one unknown byte, which is guessed with
 * any MAC, and then the next one. Clulow, "On the Security of PKCS#11" (CHES 2003), section 2.4, reduced key space.
 */
static CK_RV
cut(const struct sl_derive *d, const struct sl_secret *all, size_t whole, struct sl_secret *ret_value)
{
	const size_t len = d->len != 0 ? d->len : all->len;

	if (len > all->len || (d->pieceless && len < whole))
		return CKR_KEY_SIZE_RANGE;
	return sl_rv(sl_secret_copy(ret_value, all->bytes, len));
}

static CK_RV
join(struct sl_derive *d, struct sl_part first, struct sl_part second, struct sl_secret *ret_value)
{
	SL_SECRET all = { 0 };
	CK_RV rv;

	if (first.len > SL_SECRET_MAX / 2 || second.len > SL_SECRET_MAX / 2)
		return CKR_KEY_SIZE_RANGE;
	if ((rv = sl_rv(sl_secret_alloc(&all, first.len + second.len))) != CKR_OK)
		return rv;
	if (first.len != 0)
		memcpy(all.bytes, first.data, first.len);
	if (second.len != 0)
		memcpy(all.bytes + first.len, second.data, second.len);
	return cut(d, &all, all.len, ret_value);
}

static CK_RV
string_param(const struct sl_derive *d, struct sl_part *ret_data)
{
	const CK_KEY_DERIVATION_STRING_DATA *p = d->mechanism->pParameter;

	if (p == NULL || d->mechanism->ulParameterLen != sizeof(*p) || (p->pData == NULL && p->ulLen != 0))
		return CKR_MECHANISM_PARAM_INVALID;
	*ret_data = (struct sl_part){ p->pData, p->ulLen };
	return CKR_OK;
}

/* The second key counts like the first: what comes out is as closed as either. */
static CK_RV
close_like(struct sl_derive *d, const struct sl_object *other)
{
	struct sl_attrs *a = &d->newkey.attrs;
	CK_RV rv = CKR_OK;

	if (sl_attrs_bool(&other->attrs, CKA_SENSITIVE, true))
		rv = sl_attrs_bool(a, CKA_SENSITIVE, true) ? sl_rv(sl_attrs_set_bool(a, CKA_SENSITIVE, true)) : CKR_TEMPLATE_INCONSISTENT;
	if (rv == CKR_OK && !sl_attrs_bool(&other->attrs, CKA_EXTRACTABLE, false))
		rv = !sl_attrs_bool(a, CKA_EXTRACTABLE, false) ? sl_rv(sl_attrs_set_bool(a, CKA_EXTRACTABLE, false)) : CKR_TEMPLATE_INCONSISTENT;
	d->pieceless = d->pieceless || sl_object_hides(other, CKA_VALUE);
	d->newkey.always_sensitive = d->newkey.always_sensitive && sl_attrs_bool(&other->attrs, CKA_ALWAYS_SENSITIVE, false);
	d->newkey.never_extractable = d->newkey.never_extractable && sl_attrs_bool(&other->attrs, CKA_NEVER_EXTRACTABLE, false);
	return rv;
}

CK_RV
sl_derive_concat_key(struct sl_derive *d, struct sl_secret *ret_value)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *other = NULL;
	SL_SECRET first = { 0 };
	SL_SECRET second = { 0 };
	CK_OBJECT_HANDLE handle;
	CK_RV rv;

	if (d->mechanism->pParameter == NULL || d->mechanism->ulParameterLen != sizeof(handle))
		return CKR_MECHANISM_PARAM_INVALID;
	memcpy(&handle, d->mechanism->pParameter, sizeof(handle));
	if ((rv = sl_derive_other(d, handle, &other, &second)) != CKR_OK || (rv = close_like(d, other)) != CKR_OK ||
	    (rv = sl_derive_base_value(d, &first)) != CKR_OK)
		return rv;
	return join(d, (struct sl_part){ first.bytes, first.len }, (struct sl_part){ second.bytes, second.len }, ret_value);
}

CK_RV
sl_derive_concat_data(struct sl_derive *d, struct sl_secret *ret_value)
{
	SL_SECRET base = { 0 };
	struct sl_part data;
	CK_RV rv;

	if ((rv = string_param(d, &data)) != CKR_OK || (rv = sl_derive_base_value(d, &base)) != CKR_OK)
		return rv;
	return join(d, (struct sl_part){ base.bytes, base.len }, data, ret_value);
}

CK_RV
sl_derive_data_concat(struct sl_derive *d, struct sl_secret *ret_value)
{
	SL_SECRET base = { 0 };
	struct sl_part data;
	CK_RV rv;

	if ((rv = string_param(d, &data)) != CKR_OK || (rv = sl_derive_base_value(d, &base)) != CKR_OK)
		return rv;
	return join(d, data, (struct sl_part){ base.bytes, base.len }, ret_value);
}

/* Section 2.44.6: as long as the shorter of the two. */
CK_RV
sl_derive_xor(struct sl_derive *d, struct sl_secret *ret_value)
{
	SL_SECRET base = { 0 };
	SL_SECRET all = { 0 };
	struct sl_part data;
	size_t len;
	CK_RV rv;

	if ((rv = string_param(d, &data)) != CKR_OK || (rv = sl_derive_base_value(d, &base)) != CKR_OK)
		return rv;
	len = data.len < base.len ? data.len : base.len;
	if (len == 0)
		return CKR_MECHANISM_PARAM_INVALID;
	if ((rv = sl_rv(sl_secret_copy(&all, base.bytes, len))) != CKR_OK)
		return rv;
	for (size_t i = 0; i < len; i++)
		all.bytes[i] ^= ((const uint8_t *)data.data)[i];
	return cut(d, &all, base.len, ret_value);
}

/* Section 2.44.7: bits of the base from a position on, round its end. */
CK_RV
sl_derive_extract(struct sl_derive *d, struct sl_secret *ret_value)
{
	SL_SECRET base = { 0 };
	SL_SECRET all = { 0 };
	CK_ULONG bit;
	CK_RV rv;

	if (d->mechanism->pParameter == NULL || d->mechanism->ulParameterLen != sizeof(bit))
		return CKR_MECHANISM_PARAM_INVALID;
	memcpy(&bit, d->mechanism->pParameter, sizeof(bit));
	if ((rv = sl_derive_base_value(d, &base)) != CKR_OK)
		return rv;
	if (bit >= base.len * 8)
		return CKR_MECHANISM_PARAM_INVALID;
	if (d->len == 0)
		return CKR_TEMPLATE_INCOMPLETE;
	if (d->len > base.len)
		return CKR_KEY_SIZE_RANGE;
	if ((rv = sl_rv(sl_secret_alloc(&all, d->len))) != CKR_OK)
		return rv;
	for (size_t i = 0; i < d->len * 8; i++) {
		const size_t from = (bit + i) % (base.len * 8);
		const unsigned one = (unsigned)base.bytes[from / 8] >> (7 - from % 8) & 1U;

		all.bytes[i / 8] = (uint8_t)(all.bytes[i / 8] | one << (7 - i % 8));
	}
	return cut(d, &all, base.len, ret_value);
}

/*
 * Section 2.17: the ciphertext of data that the caller chose. It tells nothing about the base key; who may use it that way sees what C_Encrypt would give him.
 * A shorter key is made of the trailing bytes, as with ECDH.
 */
static CK_RV
encrypt_data(struct sl_derive *d, const struct sl_cipher_params *params, struct sl_part data, struct sl_secret *ret_value)
{
	struct sl_cipher *cipher = NULL;
	SL_SECRET all = { 0 };
	size_t head = 0;
	size_t tail = 0;
	size_t len;
	CK_RV rv;

	if (sl_object_key_type(d->base) != CKK_AES)
		return CKR_KEY_TYPE_INCONSISTENT;
	if (data.data == NULL || data.len == 0 || data.len % 16 != 0 || data.len > 8192)
		return CKR_MECHANISM_PARAM_INVALID;
	if ((rv = sl_rv(sl_secret_alloc(&all, data.len + 16))) != CKR_OK || (rv = sl_rv(sl_cipher_new(d->key, params, true, &cipher))) != CKR_OK)
		return rv;
	rv = sl_rv(sl_cipher_update(cipher, data.data, data.len, all.bytes, &head));
	if (rv == CKR_OK)
		rv = sl_rv(sl_cipher_final(cipher, all.bytes + head, &tail));
	sl_cipher_free(&cipher);
	len = d->len != 0 ? d->len : head + tail;
	if (rv == CKR_OK && len > head + tail)
		rv = CKR_KEY_SIZE_RANGE;
	return rv == CKR_OK ? sl_rv(sl_secret_copy(ret_value, all.bytes + head + tail - len, len)) : rv;
}

CK_RV
sl_derive_aes_ecb(struct sl_derive *d, struct sl_secret *ret_value)
{
	const struct sl_cipher_params params = { .mode = SL_CIPHER_ECB };
	struct sl_part data;
	const CK_RV rv = string_param(d, &data);

	return rv == CKR_OK ? encrypt_data(d, &params, data, ret_value) : rv;
}

CK_RV
sl_derive_aes_cbc(struct sl_derive *d, struct sl_secret *ret_value)
{
	const CK_AES_CBC_ENCRYPT_DATA_PARAMS *p = d->mechanism->pParameter;
	struct sl_cipher_params params = { .mode = SL_CIPHER_CBC, .iv_len = 16 };

	if (p == NULL || d->mechanism->ulParameterLen != sizeof(*p))
		return CKR_MECHANISM_PARAM_INVALID;
	params.iv = p->iv;
	return encrypt_data(d, &params, (struct sl_part){ p->pData, p->length }, ret_value);
}
