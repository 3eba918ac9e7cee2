/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/derive.h"

#include "token/build.h"
#include "token/root_key.h"
#include "token/rv.h"

#include <string.h>

/* Whether the new key has to be as closed as the base: true where the base can be computed back from the new key. */
enum closing { ONE_WAY, INVERTIBLE };

static const struct row {
	CK_MECHANISM_TYPE type;
	sl_derive_fn *make;
	enum closing closing;
	bool from_root;       /* the token's root can be its base */
	CK_KEY_TYPE key_type; /* of a new key whose template names none */
} rows[] = {
	{ CKM_ECDH1_DERIVE, sl_derive_ecdh, ONE_WAY, false, CK_UNAVAILABLE_INFORMATION },
	{ CKM_ECDH1_COFACTOR_DERIVE, sl_derive_ecdh, ONE_WAY, false, CK_UNAVAILABLE_INFORMATION },
	{ CKM_HKDF_DERIVE, sl_derive_hkdf, ONE_WAY, true, CKK_GENERIC_SECRET },
	{ CKM_SP800_108_COUNTER_KDF, sl_derive_kdf108, ONE_WAY, true, CKK_GENERIC_SECRET },
	{ CKM_SP800_108_FEEDBACK_KDF, sl_derive_kdf108, ONE_WAY, true, CKK_GENERIC_SECRET },
	{ CKM_CONCATENATE_BASE_AND_KEY, sl_derive_concat_key, INVERTIBLE, false, CKK_GENERIC_SECRET },
	{ CKM_CONCATENATE_BASE_AND_DATA, sl_derive_concat_data, INVERTIBLE, false, CKK_GENERIC_SECRET },
	{ CKM_CONCATENATE_DATA_AND_BASE, sl_derive_data_concat, INVERTIBLE, false, CKK_GENERIC_SECRET },
	{ CKM_XOR_BASE_AND_DATA, sl_derive_xor, INVERTIBLE, false, CKK_GENERIC_SECRET },
	{ CKM_EXTRACT_KEY_FROM_KEY, sl_derive_extract, INVERTIBLE, false, CKK_GENERIC_SECRET },
	{ CKM_AES_ECB_ENCRYPT_DATA, sl_derive_aes_ecb, ONE_WAY, false, CKK_GENERIC_SECRET },
	{ CKM_AES_CBC_ENCRYPT_DATA, sl_derive_aes_cbc, ONE_WAY, false, CKK_GENERIC_SECRET },
	{ CKM_TLS12_MASTER_KEY_DERIVE, sl_derive_tls12_master, ONE_WAY, false, CKK_GENERIC_SECRET },
	{ CKM_TLS12_MASTER_KEY_DERIVE_DH, sl_derive_tls12_master, ONE_WAY, false, CKK_GENERIC_SECRET },
	{ CKM_TLS12_KDF, sl_derive_tls_kdf, ONE_WAY, false, CKK_GENERIC_SECRET },
	{ CKM_TLS12_KEY_AND_MAC_DERIVE, NULL, ONE_WAY, false, CKK_GENERIC_SECRET },
	{ CKM_TLS12_KEY_SAFE_DERIVE, NULL, ONE_WAY, false, CKK_GENERIC_SECRET },
	{ CKM_HKDF_DATA, NULL, ONE_WAY, true, CKK_GENERIC_SECRET },
};

static const struct row *
row_of(CK_MECHANISM_TYPE type)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

static void
clear(struct sl_derive *d)
{
	sl_object_unref(&d->base);
	sl_key_unref(&d->key);
	sl_newkey_clear(&d->newkey);
}

static bool
is_ecdh(CK_MECHANISM_TYPE type)
{
	return type == CKM_ECDH1_DERIVE || type == CKM_ECDH1_COFACTOR_DERIVE;
}

static CK_RV
find_base(struct sl_derive *d, const struct row *row, CK_OBJECT_HANDLE handle)
{
	d->base = sl_token_object(d->session->token, handle);
	if (d->base == NULL || (d->base->kind & SL_IS_KEY) == 0)
		return CKR_KEY_HANDLE_INVALID;
	if (d->base->kind != SL_IS_SECRET && (d->base->kind != SL_IS_EC_PRIVATE || !is_ecdh(row->type)))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (is_ecdh(row->type) && (d->base->kind != SL_IS_EC_PRIVATE || sl_object_key_type(d->base) == CKK_EC_EDWARDS))
		return CKR_KEY_TYPE_INCONSISTENT;
	/* Nothing begins here that a PIN for each use could be given for. */
	if (!sl_attrs_bool(&d->base->attrs, CKA_DERIVE, false) || sl_attrs_bool(&d->base->attrs, CKA_ALWAYS_AUTHENTICATE, false))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	if (!sl_object_allows(d->base, row->type))
		return CKR_MECHANISM_INVALID;
	if (sl_root_key_is(d->base))
		return row->from_root ? CKR_OK : CKR_KEY_TYPE_INCONSISTENT;
	return sl_rv(sl_token_key(d->session->token, d->base, &d->key));
}

/*
 * PKCS#11 3.0, sections 2.30 and 2.44: what can be turned back is as sensitive and as unextractable as its base, else C_DeriveKey would
 * show a key that may not be shown. A template that wants it otherwise is refused.
 */
static CK_RV
close_like_base(struct sl_derive *d)
{
	struct sl_attrs *a = &d->newkey.attrs;
	const bool sensitive = sl_attrs_bool(&d->base->attrs, CKA_SENSITIVE, true);
	const bool extractable = sl_attrs_bool(&d->base->attrs, CKA_EXTRACTABLE, false);
	CK_RV rv = CKR_OK;

	if ((sensitive && !sl_attrs_bool(a, CKA_SENSITIVE, true)) || (!extractable && sl_attrs_bool(a, CKA_EXTRACTABLE, false)))
		return CKR_TEMPLATE_INCONSISTENT;
	if (sensitive)
		rv = sl_rv(sl_attrs_set_bool(a, CKA_SENSITIVE, true));
	if (rv == CKR_OK && !extractable)
		rv = sl_rv(sl_attrs_set_bool(a, CKA_EXTRACTABLE, false));
	return rv;
}

static CK_RV
begin_object(struct sl_derive *d, const struct row *row, const struct sl_half *template)
{
	const struct sl_newkey_default otherwise = { SL_MAY_DERIVE, CKO_SECRET_KEY, row->key_type };
	CK_RV rv = sl_newkey_begin(d->session, &otherwise, template->template, template->n, &d->newkey);

	if (rv == CKR_OK && d->newkey.kind != SL_IS_SECRET)
		rv = CKR_TEMPLATE_INCONSISTENT;
	if (rv == CKR_OK)
		rv = sl_newkey_rule(d->session, d->base, CKA_DERIVE_TEMPLATE, &d->newkey);
	if (rv == CKR_OK && row->closing == INVERTIBLE)
		rv = close_like_base(d);
	if (rv != CKR_OK)
		return rv;
	d->newkey.always_sensitive = sl_attrs_bool(&d->base->attrs, CKA_ALWAYS_SENSITIVE, false);
	d->newkey.never_extractable = sl_attrs_bool(&d->base->attrs, CKA_NEVER_EXTRACTABLE, false);
	d->newkey.closed = sl_root_key_is(d->base);
	d->newkey.derives = true; /* a step of a key schedule is made for the next one */
	d->pieceless = sl_derive_base_is_closed(d);
	d->len = sl_attrs_ulong(&d->newkey.attrs, CKA_VALUE_LEN, 0);
	return d->len <= 8192 ? CKR_OK : CKR_KEY_SIZE_RANGE;
}

static CK_RV
finish_object(struct sl_derive *d, struct sl_bytes value, CK_OBJECT_HANDLE *ret_key)
{
	CK_RV rv = sl_newkey_secret(&d->newkey, value.data, value.len);

	if (rv == CKR_OK)
		rv = sl_newkey_finish(d->session, &d->newkey, ret_key);
	return rv;
}

CK_RV
sl_derive_object(struct sl_derive *d, const struct sl_half *template, struct sl_bytes value, CK_OBJECT_HANDLE *ret_key)
{
	CK_RV rv;

	sl_newkey_clear(&d->newkey);
	if ((rv = begin_object(d, row_of(d->mechanism->mechanism), template)) != CKR_OK)
		return rv;
	if (d->len != 0 && d->len != value.len)
		return CKR_TEMPLATE_INCONSISTENT;
	return finish_object(d, value, ret_key);
}

CK_RV
sl_derive_key(struct sl_session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base, const struct sl_half *template,
              CK_OBJECT_HANDLE *ret_key)
{
	SL_CLEANUP(clear) struct sl_derive d = { .session = session, .mechanism = mechanism };
	SL_SECRET value = { 0 };
	const struct sl_mech *mech;
	const struct row *row;
	CK_RV rv;

	if ((rv = sl_mech_use(mechanism, CKF_DERIVE, &mech)) != CKR_OK)
		return rv;
	row = row_of(mech->type);
	if (row == NULL)
		return CKR_MECHANISM_INVALID;
	if ((rv = find_base(&d, row, base)) != CKR_OK)
		return rv;
	if (row->type == CKM_HKDF_DATA)
		return sl_derive_hkdf_data(session, &d, template, ret_key);
	if (ret_key == NULL && row->make != NULL)
		return CKR_ARGUMENTS_BAD;
	if ((rv = begin_object(&d, row, template)) != CKR_OK)
		return rv;
	if (row->make == NULL)
		return sl_derive_tls12_keys(&d);
	if (row->make == sl_derive_kdf108 && sl_derive_kdf108_has_more(mechanism))
		return sl_derive_kdf108_keys(&d, template, ret_key);
	if ((rv = row->make(&d, &value)) != CKR_OK)
		return rv;
	return finish_object(&d, (struct sl_bytes){ value.bytes, value.len }, ret_key);
}

bool
sl_derive_base_is_closed(const struct sl_derive *d)
{
	return sl_object_hides(d->base, CKA_VALUE);
}

CK_RV
sl_derive_other(struct sl_derive *d, CK_OBJECT_HANDLE handle, struct sl_object **ret_object, struct sl_secret *ret_value)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *other = sl_token_object(d->session->token, handle);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	CK_RV rv;

	if (other == NULL || other->kind != SL_IS_SECRET || sl_root_key_is(other))
		return CKR_KEY_HANDLE_INVALID;
	if (!sl_attrs_bool(&other->attrs, CKA_DERIVE, false))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	if (!sl_object_allows(other, d->mechanism->mechanism))
		return CKR_MECHANISM_INVALID;
	if ((rv = sl_newkey_rule(d->session, other, CKA_DERIVE_TEMPLATE, &d->newkey)) != CKR_OK ||
	    (rv = sl_rv(sl_token_key(d->session->token, other, &key))) != CKR_OK || (rv = sl_rv(sl_key_part(key, SL_PART_SECRET, ret_value))) != CKR_OK)
		return rv;
	*ret_object = SL_TAKE(other);
	return CKR_OK;
}

CK_RV
sl_derive_base_value(const struct sl_derive *d, struct sl_secret *ret_value)
{
	if (d->key == NULL)
		return CKR_KEY_TYPE_INCONSISTENT;
	return sl_rv(sl_key_part(d->key, SL_PART_SECRET, ret_value));
}

CK_RV
sl_derive_from_root(const struct sl_derive *d, const char *label, const struct sl_part *parts, size_t n, struct sl_secret *ret_secret)
{
	return sl_rv(sl_root_key_derive(d->session->token, label, parts, n, ret_secret));
}
