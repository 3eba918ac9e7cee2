/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/newkey.h"

#include "crypto/cipher.h"
#include "crypto/digest.h"
#include "seedleaf.h"
#include "token/build.h"
#include "token/nested.h"
#include "token/rv.h"
#include "token/template.h"

#include <stdlib.h>
#include <string.h>

#define CHECK_LEN 3
#define CHECKED_FROM 16

void
sl_newkey_clear(struct sl_newkey *newkey)
{
	sl_attrs_clear(&newkey->attrs);
	sl_key_unref(&newkey->key);
}

CK_RV
sl_newkey_may_write(const struct sl_session *session, bool token_object)
{
	if (!token_object)
		return CKR_OK;
	if (!session->rw)
		return CKR_SESSION_READ_ONLY;
	return sl_store_writable(session->token->instance->store) ? CKR_OK : CKR_TOKEN_WRITE_PROTECTED;
}

static CK_RV
permitted(struct sl_session *session, struct sl_newkey *k)
{
	CK_RV rv = sl_view_trust(session->token, NULL, &k->attrs);

	if (rv == CKR_OK)
		rv = sl_view_make(session->token, &k->attrs, true, &k->view);
	return rv == CKR_OK ? sl_newkey_may_write(session, sl_attrs_bool(&k->attrs, CKA_TOKEN, false)) : rv;
}

CK_RV
sl_newkey_rule(struct sl_session *session, const struct sl_object *from, CK_ATTRIBUTE_TYPE rule, struct sl_newkey *k)
{
	const struct sl_attr *packed = sl_attrs_get(&from->attrs, rule);
	CK_RV rv;

	if (packed == NULL)
		return CKR_OK;
	rv = sl_nested_apply(packed, k->kind, SL_MAY_DERIVE, &k->attrs);
	return rv == CKR_OK ? permitted(session, k) : rv;
}

CK_RV
sl_newkey_begin(struct sl_session *session, const struct sl_newkey_default *otherwise, const CK_ATTRIBUTE *template, CK_ULONG n,
                struct sl_newkey *ret_newkey)
{
	struct sl_newkey k = { .mechanism = CK_UNAVAILABLE_INFORMATION };
	CK_RV rv;

	if ((rv = sl_template_peek_ulong(template, n, CKA_CLASS, otherwise->class, &k.class)) != CKR_OK ||
	    (rv = sl_template_peek_ulong(template, n, CKA_KEY_TYPE, otherwise->key_type, &k.key_type)) != CKR_OK)
		return rv;
	if (k.class == CK_UNAVAILABLE_INFORMATION || k.key_type == CK_UNAVAILABLE_INFORMATION)
		return CKR_TEMPLATE_INCOMPLETE;
	k.kind = sl_schema_kind(k.class, k.key_type);
	if (k.kind == 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if ((k.kind & (SL_IS_PRIVATE | SL_IS_SECRET)) == 0)
		return CKR_TEMPLATE_INCONSISTENT;
	if ((rv = sl_template_take(k.kind, otherwise->may, template, n, &k.attrs)) == CKR_OK &&
	    (rv = sl_rv(sl_attrs_set_ulong(&k.attrs, CKA_CLASS, k.class))) == CKR_OK)
		rv = sl_rv(sl_attrs_set_ulong(&k.attrs, CKA_KEY_TYPE, k.key_type));
	if (rv == CKR_OK && otherwise->may == SL_MAY_CREATE)
		rv = sl_template_complete(k.kind, SL_MUST_CREATE, &k.attrs);
	if (rv == CKR_OK)
		rv = permitted(session, &k);
	if (rv != CKR_OK) {
		sl_newkey_clear(&k);
		return rv;
	}
	*ret_newkey = k;
	return CKR_OK;
}

static struct sl_bytes
bytes_of(const struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type)
{
	const struct sl_attr *a = sl_attrs_get(attrs, type);

	return a == NULL ? (struct sl_bytes){ NULL, 0 } : (struct sl_bytes){ a->value, a->len };
}

static enum sl_err
import_rsa(const struct sl_attrs *a, struct sl_key **ret_key)
{
	static const uint8_t f4[] = { 1, 0, 1 };
	struct sl_rsa_parts parts = {
		.n = bytes_of(a, CKA_MODULUS),
		.e = bytes_of(a, CKA_PUBLIC_EXPONENT),
		.d = bytes_of(a, CKA_PRIVATE_EXPONENT),
		.p = bytes_of(a, CKA_PRIME_1),
		.q = bytes_of(a, CKA_PRIME_2),
		.dp = bytes_of(a, CKA_EXPONENT_1),
		.dq = bytes_of(a, CKA_EXPONENT_2),
		.qinv = bytes_of(a, CKA_COEFFICIENT),
	};

	/* The standard lets a private key come without its public exponent: then it is the usual one, or the key does not fit together. */
	if (parts.e.len == 0)
		parts.e = (struct sl_bytes){ f4, sizeof(f4) };
	return sl_key_from_rsa_parts(&parts, ret_key);
}

static enum sl_err
import_ec(CK_KEY_TYPE key_type, const struct sl_attrs *a, struct sl_key **ret_key)
{
	const struct sl_bytes params = bytes_of(a, CKA_EC_PARAMS);
	const struct sl_bytes value = bytes_of(a, CKA_VALUE);
	enum sl_key_kind kind;
	unsigned size;
	enum sl_err err;

	if ((err = sl_key_curve(params.data, params.len, &kind, &size)) != SL_OK)
		return SL_ERR_UNSUPPORTED;
	if (key_type != sl_build_curve_type(kind))
		return SL_ERR_MISMATCH;
	return kind == SL_KEY_EC ? sl_key_from_ec_curve(params.data, params.len, value.data, value.len, ret_key) :
	       sl_key_from_raw(kind, value.data, value.len, ret_key);
}

/* What was only there to make the key is kept nowhere but in the key. */
static void
forget_values(struct sl_newkey *k)
{
	size_t n;
	const struct sl_attr_rule *rules = sl_schema_rules(&n);

	for (size_t i = 0; i < n; i++)
		if ((rules[i].on & k->kind) != 0 && (rules[i].may & SL_HIDDEN) != 0)
			sl_attrs_remove(&k->attrs, rules[i].type);
}

/* An RSA key of another size is no mechanism that we lack, and not everything that is wrong is wrong with the device. */
static CK_RV
import_rv(unsigned kind, enum sl_err err)
{
	switch (err) {
	case SL_ERR_UNSUPPORTED:
		return kind == SL_IS_EC_PRIVATE ? CKR_CURVE_NOT_SUPPORTED : CKR_ATTRIBUTE_VALUE_INVALID;
	case SL_ERR_MISMATCH:
		return CKR_TEMPLATE_INCONSISTENT;
	case SL_ERR_RANGE:
	case SL_ERR_FORMAT:
		return CKR_ATTRIBUTE_VALUE_INVALID;
	default:
		return sl_rv(err);
	}
}

CK_RV
sl_newkey_import(struct sl_newkey *k)
{
	const struct sl_attr *value = sl_attrs_get(&k->attrs, CKA_VALUE);
	enum sl_err err;
	CK_RV rv;

	if (k->kind == SL_IS_SECRET) {
		rv = sl_newkey_secret(k, value->value, value->len);
		if (rv == CKR_KEY_SIZE_RANGE)
			rv = CKR_ATTRIBUTE_VALUE_INVALID;
	} else {
		err = k->kind == SL_IS_RSA_PRIVATE ? import_rsa(&k->attrs, &k->key) : import_ec(k->key_type, &k->attrs, &k->key);
		rv = import_rv(k->kind, err);
	}
	forget_values(k);
	return rv;
}

static bool
length_suits(CK_KEY_TYPE type, size_t len)
{
	switch (type) {
	case CKK_AES:
		return len == 16 || len == 24 || len == 32;
	case CKK_AES_XTS:
		return len == 32 || len == 64;
	case CKK_CHACHA20:
		return len == 32;
	default:
		return len >= 1 && len <= 8192;
	}
}

CK_RV
sl_newkey_secret(struct sl_newkey *k, const uint8_t *value, size_t len)
{
	const CK_ULONG said = sl_attrs_ulong(&k->attrs, CKA_VALUE_LEN, len);

	if (!length_suits(k->key_type, len) || said != len)
		return CKR_KEY_SIZE_RANGE;
	return sl_rv(sl_key_from_secret(value, len, &k->key));
}

/* PKCS#11 3.0 section 4.10.2: AES: of a block of zeros in ECB mode; else of the value's SHA-1. */
static enum sl_err
check_value(const struct sl_newkey *k, uint8_t ret_check[CHECK_LEN])
{
	const struct sl_cipher_params ecb = { .mode = SL_CIPHER_ECB };
	struct sl_cipher *cipher = NULL;
	SL_SECRET value = { 0 };
	uint8_t block[SL_HASH_MAX] = { 0 };
	size_t len = 0;
	enum sl_err err;

	if (k->key_type == CKK_AES) {
		if ((err = sl_cipher_new(k->key, &ecb, true, &cipher)) == SL_OK)
			err = sl_cipher_update(cipher, block, 16, block, &len);
		sl_cipher_free(&cipher);
	} else if ((err = sl_key_part(k->key, SL_PART_SECRET, &value)) == SL_OK) {
		err = sl_hash_once(SL_HASH_SHA1, value.bytes, value.len, block);
	}
	if (err == SL_OK)
		memcpy(ret_check, block, CHECK_LEN);
	return err;
}

static CK_RV
complete_secret(struct sl_newkey *k)
{
	const struct sl_attr *said;
	uint8_t check[CHECK_LEN];
	CK_RV rv;

	if ((rv = sl_rv(sl_attrs_set_ulong(&k->attrs, CKA_VALUE_LEN, sl_key_size(k->key) / 8))) != CKR_OK ||
	    (rv = sl_rv(check_value(k, check))) != CKR_OK)
		return rv;
	said = sl_attrs_get(&k->attrs, CKA_CHECK_VALUE);
	/* An empty one in the template asks for none. */
	if (said != NULL && said->len == 0)
		return CKR_OK;
	if (said != NULL && !sl_attr_equal(said, check, sizeof(check)))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	/* Of a short value (a password) it would confirm guesses, to whoever reads the store, too. */
	if (sl_key_size(k->key) < 8 * CHECKED_FROM) {
		sl_attrs_remove(&k->attrs, CKA_CHECK_VALUE);
		return CKR_OK;
	}
	return sl_rv(sl_attrs_set(&k->attrs, CKA_CHECK_VALUE, check, sizeof(check)));
}

static CK_RV
complete_private(struct sl_newkey *k)
{
	static const struct {
		enum sl_key_kind kind;
		CK_KEY_TYPE type;
	} types[] = {
		{ SL_KEY_EC, CKK_EC }, { SL_KEY_RSA, CKK_RSA }, { SL_KEY_ED25519, CKK_EC_EDWARDS }, { SL_KEY_ED448, CKK_EC_EDWARDS },
		{ SL_KEY_X25519, CKK_EC_MONTGOMERY }, { SL_KEY_X448, CKK_EC_MONTGOMERY },
	};
	const struct sl_attr *said = sl_attrs_get(&k->attrs, CKA_PUBLIC_KEY_INFO);
	SL_SECRET spki = { 0 };
	bool fits = false;
	CK_RV rv;

	for (size_t i = 0; i < SL_ARRAY_LEN(types); i++)
		fits = fits || (types[i].kind == sl_key_kind(k->key) && types[i].type == k->key_type);
	if (!fits)
		return CKR_TEMPLATE_INCONSISTENT;
	if ((rv = sl_rv(sl_key_part(k->key, SL_PART_SPKI, &spki))) != CKR_OK)
		return rv;
	if (said != NULL && !sl_attr_equal(said, spki.bytes, spki.len))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return sl_rv(sl_build_public_parts(&k->attrs, k->key));
}

/* Who came in clear was seen by somebody; who stays in a session was made to be used up by its maker. */
static CK_RV
complete_secrecy(struct sl_newkey *k)
{
	struct sl_attrs *a = &k->attrs;
	const bool open = !k->closed && k->kind == SL_IS_SECRET && !sl_attrs_bool(a, CKA_TOKEN, false);
	CK_RV rv = CKR_OK;

	if (open && sl_attrs_get(a, CKA_SENSITIVE) == NULL)
		rv = sl_rv(sl_attrs_set_bool(a, CKA_SENSITIVE, false));
	if (rv == CKR_OK && open && sl_attrs_get(a, CKA_EXTRACTABLE) == NULL)
		rv = sl_rv(sl_attrs_set_bool(a, CKA_EXTRACTABLE, true));
	if (rv == CKR_OK)
		rv = sl_rv(sl_build_defaults(a, k->class, sl_build_usage_of(k->key_type) & (k->derives ? ~0U : ~(unsigned)SL_USE_DERIVE)));
	if (rv == CKR_OK)
		rv = sl_rv(sl_attrs_set_bool(a, CKA_ALWAYS_SENSITIVE, k->always_sensitive && sl_attrs_bool(a, CKA_SENSITIVE, true)));
	if (rv == CKR_OK)
		rv = sl_rv(sl_attrs_set_bool(a, CKA_NEVER_EXTRACTABLE, k->never_extractable && !sl_attrs_bool(a, CKA_EXTRACTABLE, false)));
	return rv;
}

CK_RV
sl_newkey_seal(struct sl_token *token, const struct sl_view *view, const struct sl_key *key, struct sl_record *record)
{
	SL_SECRET token_secret = { 0 };
	CK_RV rv = sl_rv(sl_view_secret(token, view, sl_attrs_bool(&record->attrs, CKA_PRIVATE, true), &token_secret));

	if (rv == CKR_OK)
		rv = sl_rv(sl_seal_key(token, key, &token_secret, &record->sealed, &record->sealed_len));
	record->sealed_form = SL_SEAL_FORM_RAW;
	return rv == CKR_OK ? sl_rv(sl_view_bind(token, &token_secret, record)) : rv;
}

static CK_RV
store(struct sl_session *session, struct sl_newkey *k, int64_t *ret_row, struct sl_material **ret_material)
{
	SL_CLEANUP(sl_record_clear) struct sl_record record = { 0 };
	struct sl_record *records[1 + SL_NEWKEY_BESIDE] = { &record };
	struct sl_token *token = session->token;
	size_t n = 1;
	int64_t root;
	CK_RV rv;

	if ((rv = sl_rv(sl_token_store_root(token, &root))) != CKR_OK ||
	    (rv = sl_rv(sl_attrs_set_ulong(&k->attrs, CKA_SEEDLEAF_ORIGIN, SEEDLEAF_ORIGIN_IMPORTED))) != CKR_OK)
		return rv;
	record.attrs = k->attrs;
	k->attrs = (struct sl_attrs){ 0 };
	for (size_t i = 0; i < SL_NEWKEY_BESIDE; i++)
		if (k->beside[i] != NULL)
			records[n++] = k->beside[i];
	record.no_pins = sl_view_without_pins(token, &k->view, &record.attrs);
	rv = sl_newkey_seal(token, &k->view, k->key, &record);
	if (rv == CKR_OK)
		rv = sl_rv(sl_store_add(token->instance->store, root, records, n, false));
	k->attrs = record.attrs;
	record.attrs = (struct sl_attrs){ 0 };
	if (rv == CKR_OK)
		*ret_row = record.row;
	return rv != CKR_OK ? rv : sl_rv(sl_material_of_key(k->key, ret_material));
}

static void
take_back(struct sl_token *token, const struct sl_newkey *k, int64_t row)
{
	if (row == 0)
		return;
	sl_view_take_back(token, row);
	for (size_t i = 0; i < SL_NEWKEY_BESIDE; i++)
		if (k->beside[i] != NULL)
			sl_view_take_back(token, k->beside[i]->row);
}

CK_RV
sl_newkey_finish(struct sl_session *session, struct sl_newkey *k, CK_OBJECT_HANDLE *ret_handle)
{
	SL_CLEANUP(sl_material_unref) struct sl_material *material = NULL;
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	const bool stored = sl_attrs_bool(&k->attrs, CKA_TOKEN, false);
	int64_t row = 0;
	CK_RV rv;

	if ((rv = k->kind == SL_IS_SECRET ? complete_secret(k) : complete_private(k)) != CKR_OK ||
	    (rv = complete_secrecy(k)) != CKR_OK ||
	    (rv = sl_rv(sl_attrs_set_bool(&k->attrs, CKA_LOCAL, k->mechanism != CK_UNAVAILABLE_INFORMATION))) != CKR_OK ||
	    (rv = sl_rv(sl_attrs_set_ulong(&k->attrs, CKA_KEY_GEN_MECHANISM, k->mechanism))) != CKR_OK)
		return rv;
	if (stored)
		rv = store(session, k, &row, &material);
	else if ((rv = sl_rv(sl_build_unique_id(&k->attrs))) == CKR_OK)
		rv = sl_rv(sl_material_of_key(k->key, &material));
	if (rv == CKR_OK && (rv = sl_rv(sl_object_new(&k->attrs, material, &object))) == CKR_OK) {
		object->home = stored ? SL_HOME_STORE : SL_HOME_SESSION;
		object->session = session->handle;
		object->row = row;
		rv = sl_view_publish(session->token, &k->view, object);
	}
	if (rv == CKR_OK)
		*ret_handle = object->handle;
	else
		take_back(session->token, k, row);
	return rv;
}
