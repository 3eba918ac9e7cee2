/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/make.h"

#include "crypto/cert.h"
#include "seedleaf.h"
#include "token/build.h"
#include "token/newkey.h"
#include "token/rv.h"
#include "token/template.h"

#include <string.h>

/* A copy of a sealed key is sealed by the same blob, and so bound to the token secret if that is: then only if. */
static CK_RV
take_sealed(const struct sl_sealed_key *sealed, struct sl_record *record)
{
	if ((record->sealed = malloc(sealed->len)) == NULL)
		return CKR_HOST_MEMORY;
	memcpy(record->sealed, sealed->blob, sealed->len);
	record->sealed_len = sealed->len;
	record->sealed_form = sealed->form;
	return CKR_OK;
}

/* A key that is no function of the root is kept sealed. */
static CK_RV
seal_material(struct sl_token *token, const struct sl_view *view, struct sl_material *material, struct sl_record *record)
{
	const struct sl_sealed_key *sealed = sl_material_sealed(material);
	struct sl_key *key;
	CK_RV rv;

	if (sealed != NULL)
		return take_sealed(sealed, record);
	if (sl_attrs_get(&record->attrs, CKA_SEEDLEAF_ORIGIN) == NULL &&
	    (rv = sl_rv(sl_attrs_set_ulong(&record->attrs, CKA_SEEDLEAF_ORIGIN, SEEDLEAF_ORIGIN_IMPORTED))) != CKR_OK)
		return rv;
	key = sl_material_have(material);
	rv = key == NULL ? CKR_GENERAL_ERROR : sl_newkey_seal(token, view, key, record);
	sl_key_unref(&key);
	return rv;
}

/*
 * What record holds is encrypted on its way to the store (values.h). It is bound to the user's S: not added when the token has another one meanwhile.
 */
static CK_RV
add_closed(struct sl_token *token, const struct sl_view *view, int64_t root, struct sl_record *record)
{
	SL_CLEANUP(sl_record_clear) struct sl_record kept = { .has_unique_id = true, .bound = true };
	struct sl_record *records[] = { &kept };
	const struct sl_values_of of = { &token->values, &record->attrs };
	enum sl_err err;

	if ((err = sl_build_unique_id(&record->attrs)) != SL_OK || (err = sl_view_values(token, view)) != SL_OK)
		return sl_rv(err);
	(void)pthread_rwlock_rdlock(&token->lock);
	err = sl_view_private(view, token) ? sl_values_close(&of, &record->attrs, &kept.attrs, &kept.closed) : SL_ERR_LOGIN;
	(void)pthread_rwlock_unlock(&token->lock);
	if (err == SL_OK && (err = sl_login_secret_id(token, kept.secret_id)) == SL_OK)
		err = sl_store_add(token->instance->store, root, records, 1, false);
	record->row = kept.row;
	return sl_rv(err);
}

/* record has the attributes. */
static CK_RV
store(struct sl_token *token, const struct sl_view *view, struct sl_material *material, struct sl_record *record)
{
	const struct sl_recipe *recipe = material == NULL ? NULL : sl_material_recipe(material);
	struct sl_record *records[] = { record };
	int64_t root = 0;
	CK_RV rv = CKR_OK;

	if (recipe != NULL) {
		record->has_recipe = true;
		record->recipe = *recipe;
		record->hints = sl_material_hints(material);
	} else if (material != NULL && sl_attrs_ulong(&record->attrs, CKA_CLASS, 0) != CKO_PUBLIC_KEY) {
		rv = seal_material(token, view, material, record);
	}
	if (rv == CKR_OK && material != NULL && sl_material_bound(material)) {
		record->bound = true;
		rv = sl_rv(sl_login_secret_id(token, record->secret_id));
	}
	if (rv == CKR_OK)
		rv = sl_rv(sl_token_store_root(token, &root));
	record->no_pins = sl_view_without_pins(token, view, &record->attrs);
	if (rv == CKR_OK && view->guarded && sl_values_apply(&record->attrs))
		return add_closed(token, view, root, record);
	return rv == CKR_OK ? sl_rv(sl_store_add(token->instance->store, root, records, 1, false)) : rv;
}

/* Stores or keeps in memory, and publishes. attrs is used up. */
static CK_RV
settle(struct sl_session *session, const struct sl_view *view, struct sl_attrs *attrs, struct sl_material *material,
       CK_OBJECT_HANDLE *ret_handle)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	SL_CLEANUP(sl_record_clear) struct sl_record record = { .attrs = *attrs };
	struct sl_token *token = session->token;
	const bool stored = sl_attrs_bool(attrs, CKA_TOKEN, false);
	CK_RV rv;

	*attrs = (struct sl_attrs){ 0 };
	rv = stored ? store(token, view, material, &record) : sl_rv(sl_build_unique_id(&record.attrs));
	if (rv != CKR_OK)
		return rv;
	if ((rv = sl_rv(sl_object_new(&record.attrs, material, &object))) == CKR_OK) {
		object->home = stored ? SL_HOME_STORE : SL_HOME_SESSION;
		object->session = session->handle;
		object->row = record.row;
		rv = sl_view_publish(token, view, object);
	}
	if (rv == CKR_OK)
		*ret_handle = object->handle;
	else
		sl_view_take_back(token, record.row);
	return rv;
}

/* The OCTET STRING's contents, or the raw point that some callers give: raw_len tells them apart, for a raw one can look like the other. */
static void
unwrap_point(const struct sl_attr *a, size_t raw_len, const unsigned char **ret_point, size_t *ret_len)
{
	const unsigned char *p = a->value;

	*ret_point = p;
	*ret_len = a->len;
	if (a->len == raw_len)
		return;
	if (a->len >= 2 && p[0] == 0x04 && p[1] < 0x80 && (size_t)p[1] + 2 == a->len) {
		*ret_point = p + 2;
		*ret_len = a->len - 2;
	} else if (a->len >= 3 && p[0] == 0x04 && p[1] == 0x81 && (size_t)p[2] + 3 == a->len) {
		*ret_point = p + 3;
		*ret_len = a->len - 3;
	}
}

static CK_RV
ec_key_of(const struct sl_attrs *attrs, struct sl_key **ret_key)
{
	const struct sl_attr *params = sl_attrs_get(attrs, CKA_EC_PARAMS);
	enum sl_key_kind kind;
	const unsigned char *raw;
	size_t raw_len;
	unsigned size;
	enum sl_err err;

	if (sl_key_curve(params->value, params->len, &kind, &size) != SL_OK)
		return CKR_CURVE_NOT_SUPPORTED;
	if (sl_attrs_ulong(attrs, CKA_KEY_TYPE, CKK_EC) != sl_build_curve_type(kind))
		return CKR_TEMPLATE_INCONSISTENT;
	raw_len = kind == SL_KEY_EC ? 1 + 2 * (size_t)((size + 7) / 8) : size / 8;
	unwrap_point(sl_attrs_get(attrs, CKA_EC_POINT), raw_len, &raw, &raw_len);
	if (kind == SL_KEY_EC)
		err = sl_key_from_ec_point(params->value, params->len, raw, raw_len, ret_key);
	else
		err = sl_key_from_raw_public(kind, raw, raw_len, ret_key);
	return err == SL_OK || err == SL_ERR_MEMORY ? sl_rv(err) : CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_RV
public_key_of(unsigned kind, const struct sl_attrs *attrs, struct sl_key **ret_key)
{
	const struct sl_attr *n = sl_attrs_get(attrs, CKA_MODULUS);
	const struct sl_attr *e = sl_attrs_get(attrs, CKA_PUBLIC_EXPONENT);
	enum sl_err err;

	if (kind != SL_IS_RSA_PUBLIC)
		return ec_key_of(attrs, ret_key);
	err = sl_key_from_rsa_public(n->value, n->len, e->value, e->len, ret_key);
	return err == SL_OK || err == SL_ERR_MEMORY ? sl_rv(err) : CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_RV
complete_public(unsigned kind, struct sl_attrs *attrs, struct sl_material **ret_material)
{
	struct sl_key *key = NULL;
	const struct sl_attr *spki;
	CK_RV rv = public_key_of(kind, attrs, &key);

	if (rv != CKR_OK)
		return rv;
	rv = sl_rv(sl_build_public_parts(attrs, key));
	sl_key_unref(&key);
	spki = sl_attrs_get(attrs, CKA_PUBLIC_KEY_INFO);
	return rv != CKR_OK ? rv : sl_rv(sl_material_of_spki(spki->value, spki->len, ret_material));
}

/* CKA_PUBLIC_KEY_INFO of a certificate comes from its value; a value we cannot read is kept as it is. */
static CK_RV
complete_certificate(struct sl_attrs *attrs)
{
	const struct sl_attr *value = sl_attrs_get(attrs, CKA_VALUE);
	SL_CLEANUP(sl_cert_clear) struct sl_cert cert = { 0 };

	if (sl_cert_parse(value->value, value->len, &cert) != SL_OK)
		return CKR_OK;
	return sl_rv(sl_attrs_set(attrs, CKA_PUBLIC_KEY_INFO, cert.spki.bytes, cert.spki.len));
}

static CK_RV
kind_of_template(const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_CLASS *ret_class, unsigned *ret_kind)
{
	CK_ULONG type = CK_UNAVAILABLE_INFORMATION;
	CK_RV rv = sl_template_peek_ulong(template, n, CKA_CLASS, CK_UNAVAILABLE_INFORMATION, ret_class);

	if (rv == CKR_OK && *ret_class == CK_UNAVAILABLE_INFORMATION)
		return CKR_TEMPLATE_INCOMPLETE;
	if (rv == CKR_OK && *ret_class > CKO_SECRET_KEY)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if (rv == CKR_OK && *ret_class != CKO_DATA)
		rv = sl_template_peek_ulong(template, n, *ret_class == CKO_CERTIFICATE ? CKA_CERTIFICATE_TYPE : CKA_KEY_TYPE, type, &type);
	if (rv != CKR_OK)
		return rv;
	if (*ret_class != CKO_DATA && type == CK_UNAVAILABLE_INFORMATION)
		return CKR_TEMPLATE_INCOMPLETE;
	*ret_kind = sl_schema_kind(*ret_class, type);
	return *ret_kind == 0 ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK;
}

static CK_RV
create_key(struct sl_session *session, const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret_handle)
{
	const struct sl_newkey_default none = { SL_MAY_CREATE, CK_UNAVAILABLE_INFORMATION, CK_UNAVAILABLE_INFORMATION };
	SL_NEWKEY k = { 0 };
	CK_RV rv;

	if ((rv = sl_newkey_begin(session, &none, template, n, &k)) != CKR_OK || (rv = sl_newkey_import(&k)) != CKR_OK)
		return rv;
	return sl_newkey_finish(session, &k, ret_handle);
}

/* Of a public key that says nothing about it. */
static unsigned
usage_of(unsigned kind, const struct sl_attrs *attrs)
{
	if (kind == SL_IS_RSA_PUBLIC)
		return SL_USE_SIGN | SL_USE_DECRYPT;
	return sl_attrs_ulong(attrs, CKA_KEY_TYPE, CKK_EC) == CKK_EC_MONTGOMERY ? 0 : SL_USE_SIGN;
}

CK_RV
sl_make_create(struct sl_session *session, const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret_handle)
{
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs attrs = { 0 };
	SL_CLEANUP(sl_material_unref) struct sl_material *material = NULL;
	struct sl_view view;
	CK_OBJECT_CLASS class;
	unsigned kind;
	CK_RV rv = kind_of_template(template, n, &class, &kind);

	if (rv != CKR_OK)
		return rv;
	if ((kind & (SL_IS_PRIVATE | SL_IS_SECRET)) != 0)
		return create_key(session, template, n, ret_handle);
	if ((kind & (SL_IS_PROFILE | SL_IS_MECHANISM)) != 0)
		return CKR_ATTRIBUTE_VALUE_INVALID; /* they say what the module is */
	if ((rv = sl_template_take(kind, SL_MAY_CREATE, template, n, &attrs)) != CKR_OK ||
	    (rv = sl_template_complete(kind, SL_MUST_CREATE, &attrs)) != CKR_OK ||
	    (rv = sl_view_trust(session->token, NULL, &attrs)) != CKR_OK ||
	    (rv = sl_view_make(session->token, &attrs, false, &view)) != CKR_OK ||
	    (rv = sl_newkey_may_write(session, sl_attrs_bool(&attrs, CKA_TOKEN, false))) != CKR_OK)
		return rv;
	if ((kind & SL_IS_PUBLIC) != 0)
		rv = complete_public(kind, &attrs, &material);
	else if (kind == SL_IS_CERT)
		rv = complete_certificate(&attrs);
	if (rv == CKR_OK)
		rv = sl_rv(sl_build_defaults(&attrs, class, usage_of(kind, &attrs)));
	return rv == CKR_OK ? settle(session, &view, &attrs, material, ret_handle) : rv;
}

/*
 * What the copy of a key may not get rid of, on a token with PINs: the user's login, and his PIN for each use. Trust is not copied: whoever sets the
 * usage of the copy would have a trusted key of his own.
 */
static CK_RV
check_copy(const struct sl_object *from, const struct sl_view *view, struct sl_attrs *attrs)
{
	const bool key = (from->kind & SL_IS_KEY) != 0;

	if (key && view->guarded && sl_object_is_private(from) && !sl_attrs_bool(attrs, CKA_PRIVATE, false))
		return CKR_TEMPLATE_INCONSISTENT;
	if (sl_attrs_bool(&from->attrs, CKA_ALWAYS_AUTHENTICATE, false) && !sl_attrs_bool(attrs, CKA_ALWAYS_AUTHENTICATE, false))
		return CKR_TEMPLATE_INCONSISTENT;
	if (sl_attrs_bool(attrs, CKA_TRUSTED, false) && view->who != SL_LOGIN_SO)
		return sl_rv(sl_attrs_set_bool(attrs, CKA_TRUSTED, false));
	return CKR_OK;
}

/* The copy is an object of its own: of a declared key it may be changed and destroyed unless the template says otherwise. */
static CK_RV
set_free(const struct sl_attrs *change, struct sl_attrs *attrs)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_MODIFIABLE, CKA_DESTROYABLE };
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < SL_ARRAY_LEN(types) && rv == CKR_OK; i++)
		if (sl_attrs_get(change, types[i]) == NULL)
			rv = sl_rv(sl_attrs_set_bool(attrs, types[i], true));
	return rv;
}

/* What the module says of itself is as it is; other objects have an attribute about it. */
static bool
lets(const struct sl_object *object, CK_ATTRIBUTE_TYPE type)
{
	return object->home != SL_HOME_PROFILE && sl_attrs_bool(&object->attrs, type, true);
}

CK_RV
sl_make_copy(struct sl_session *session, CK_OBJECT_HANDLE from, const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret_handle)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *object = sl_token_object(session->token, from);
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs change = { 0 };
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs attrs = { 0 };
	struct sl_view seen;
	struct sl_view view;
	bool to_token;
	CK_RV rv;

	if (object == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if ((rv = sl_template_take(object->kind, SL_MAY_COPY, template, n, &change)) != CKR_OK)
		return rv;
	to_token = sl_attrs_bool(&change, CKA_TOKEN, sl_attrs_bool(&object->attrs, CKA_TOKEN, false));
	if (!lets(object, CKA_COPYABLE))
		return CKR_ACTION_PROHIBITED;
	if ((rv = sl_newkey_may_write(session, to_token)) != CKR_OK ||
	    (rv = sl_template_one_way(object->kind, &object->attrs, &change)) != CKR_OK ||
	    (rv = sl_rv(sl_attrs_merge(&attrs, &object->attrs))) != CKR_OK || (rv = sl_rv(sl_attrs_merge(&attrs, &change))) != CKR_OK ||
	    (rv = sl_rv(sl_view_take(session->token, &seen))) != CKR_OK || (rv = check_copy(object, &seen, &attrs)) != CKR_OK ||
	    (rv = sl_view_make(session->token, &attrs, false, &view)) != CKR_OK)
		return rv;
	if (object->home == SL_HOME_DECLARED)
		rv = set_free(&change, &attrs);
	return rv == CKR_OK ? settle(session, &view, &attrs, object->material, ret_handle) : rv;
}

static void
unlock_token(struct sl_token **token)
{
	if (*token != NULL)
		(void)pthread_rwlock_unlock(&(*token)->lock);
}

/* token.lock is held for writing. */
static enum sl_err
update(struct sl_token *token, const struct sl_object *object, const struct sl_attrs *change)
{
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs open = { 0 };
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs closed = { 0 };
	const struct sl_values_of of = { &token->values, &object->attrs };
	struct sl_store *store = token->instance->store;
	enum sl_err err;

	if (!token->guarded || !sl_values_apply(&object->attrs))
		return sl_store_update(store, object->row, change, NULL, token->generation);
	err = sl_values_close(&of, change, &open, &closed);
	return err == SL_OK ? sl_store_update(store, object->row, &open, &closed, token->generation) : err;
}

/* One try on what the object is now, for us and in the store. *ret_again: another process was faster. token.lock is held for writing. */
static CK_RV
change_once(struct sl_token *token, CK_OBJECT_HANDLE handle, const struct sl_attrs *change, bool *ret_again)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *fresh = NULL;
	const struct sl_object *object;
	enum sl_err err = SL_OK;
	CK_RV rv;

	*ret_again = false;
	if ((rv = sl_rv(sl_token_refresh_locked(token))) != CKR_OK)
		return rv;
	object = sl_table_get(&token->objects, handle);
	if (object == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (!lets(object, CKA_MODIFIABLE))
		return CKR_ACTION_PROHIBITED;
	if ((rv = sl_template_one_way(object->kind, &object->attrs, change)) != CKR_OK)
		return rv;
	if ((rv = sl_rv(sl_object_clone(object, &fresh))) != CKR_OK || (rv = sl_rv(sl_attrs_merge(&fresh->attrs, change))) != CKR_OK)
		return rv;
	if (object->home == SL_HOME_STORE)
		err = update(token, object, change);
	*ret_again = err == SL_ERR_VERSION;
	return err == SL_OK ? sl_rv(sl_token_publish_locked(token, fresh)) : sl_rv(err);
}

CK_RV
sl_make_change(struct sl_session *session, CK_OBJECT_HANDLE handle, const CK_ATTRIBUTE *template, CK_ULONG n)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *object = sl_token_object(session->token, handle);
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs change = { 0 };
	SL_CLEANUP(unlock_token) struct sl_token *held = NULL;
	bool again = true;
	CK_RV rv;

	if (object == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (!lets(object, CKA_MODIFIABLE))
		return CKR_ACTION_PROHIBITED;
	if ((rv = sl_newkey_may_write(session, object->home != SL_HOME_SESSION)) != CKR_OK ||
	    (rv = sl_template_take(object->kind, SL_MAY_SET, template, n, &change)) != CKR_OK ||
	    (rv = sl_view_trust(session->token, &object->attrs, &change)) != CKR_OK)
		return rv;
	held = session->token;
	(void)pthread_rwlock_wrlock(&held->lock);
	/* A bound, for nobody should wait for ever on a store that others write to all the time. */
	for (unsigned tries = 0; again && tries < 100; tries++)
		rv = change_once(held, handle, &change, &again);
	return rv;
}

CK_RV
sl_make_destroy(struct sl_session *session, CK_OBJECT_HANDLE handle)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *object = sl_token_object(session->token, handle);
	CK_RV rv;

	if (object == NULL)
		return CKR_OBJECT_HANDLE_INVALID;
	if (!lets(object, CKA_DESTROYABLE))
		return CKR_ACTION_PROHIBITED;
	if ((rv = sl_newkey_may_write(session, object->home != SL_HOME_SESSION)) != CKR_OK)
		return rv;
	if (object->home == SL_HOME_STORE)
		rv = sl_rv(sl_store_remove(session->token->instance->store, object->row));
	/* Another process may have been first: then it is gone for us, too. */
	if (rv == CKR_OK || rv == CKR_OBJECT_HANDLE_INVALID)
		sl_token_unpublish(session->token, object);
	return rv;
}
