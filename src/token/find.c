/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/token.h"

#include "base/log.h"
#include "token/builtin.h"
#include "token/declared.h"
#include "token/rv.h"
#include "token/template.h"

#include <stdlib.h>
#include <string.h>

struct handles {
	CK_OBJECT_HANDLE *at;
	size_t n;
	size_t room;
};

static void
free_handles(struct handles *h)
{
	free(h->at);
}

static enum sl_err
add(struct handles *h, CK_OBJECT_HANDLE handle)
{
	if (h->n == h->room) {
		const size_t room = h->room * 2 + 16;
		CK_OBJECT_HANDLE *at = reallocarray(h->at, room, sizeof(*at));

		if (at == NULL)
			return SL_ERR_MEMORY;
		h->at = at;
		h->room = room;
	}
	h->at[h->n++] = handle;
	return SL_OK;
}

struct search {
	const CK_ATTRIBUTE *template;
	CK_ULONG n;
	struct sl_view view;
	bool asks_edwards; /* names more than a class */
	bool asks_profile; /* names CKO_PROFILE */
	bool asks_mechanism;
};

/*
 * libp11 0.4 stops enumerating a token's private keys at the first Ed25519 one. So, unless the configuration says otherwise, those are shown to
 * searches that name a key type, an id, a label or anything else beside the class and where the object lives.
 */
static bool
names_more_than_class(const CK_ATTRIBUTE *template, CK_ULONG n)
{
	for (CK_ULONG i = 0; i < n; i++)
		if (template[i].type != CKA_CLASS && template[i].type != CKA_TOKEN && template[i].type != CKA_PRIVATE)
			return true;
	return false;
}

bool
sl_token_find_names(const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_CLASS class)
{
	CK_OBJECT_CLASS named;

	for (CK_ULONG i = 0; i < n; i++) {
		if (template[i].type != CKA_CLASS || template[i].ulValueLen != sizeof(named) || template[i].pValue == NULL)
			continue;
		memcpy(&named, template[i].pValue, sizeof(named));
		if (named == class)
			return true;
	}
	return false;
}

static bool
wanted(const struct sl_token *token, const struct search *s, const struct sl_object *object)
{
	if (!sl_object_matches(object, s->template, s->n))
		return false;
	return s->asks_edwards || token->config->edwards == SL_EDWARDS_ALWAYS || object->kind != SL_IS_EC_PRIVATE ||
	       sl_object_key_type(object) == CKK_EC;
}

/* Profiles are for those who ask for them, and one of them is only true of tokens with a user PIN. */
static bool
applies(const struct search *s, const struct sl_object *builtin)
{
	if (builtin->home != SL_HOME_PROFILE)
		return true;
	return s->asks_profile && (s->view.user_pin || sl_attrs_ulong(&builtin->attrs, CKA_PROFILE_ID, 0) != CKP_AUTHENTICATION_TOKEN);
}

/* Session objects and declared ones: all in memory. token.lock is held for writing. */
static enum sl_err
find_in_memory(struct sl_token *token, const struct search *s, struct handles *found)
{
	const struct sl_object *object;
	enum sl_err err = SL_OK;
	size_t at = 0;

	if (sl_view_private(&s->view, token) && ((err = sl_builtin_open_locked(token)) != SL_OK ||
	    (err = sl_declared_open_locked(token)) != SL_OK))
		return err;
	for (size_t i = 0; i < SL_ARRAY_LEN(token->builtin) && err == SL_OK; i++)
		if (token->builtin[i] != NULL && token->builtin[i]->handle != 0 && applies(s, token->builtin[i]) &&
		    wanted(token, s, token->builtin[i]))
			err = add(found, token->builtin[i]->handle);
	for (size_t i = 0; i < token->n_mechanisms && s->asks_mechanism && err == SL_OK; i++)
		if (wanted(token, s, token->mechanisms[i]))
			err = add(found, token->mechanisms[i]->handle);
	for (size_t i = 0; i < token->n_declared && err == SL_OK; i++) {
		for (size_t k = 0; k < SL_DECLARED_OBJECTS && err == SL_OK; k++) {
			object = token->declared[i].objects[k];
			if (object != NULL && !object->unfinished && object->handle != 0 && wanted(token, s, object))
				err = add(found, object->handle);
		}
	}
	while (err == SL_OK && (object = sl_table_next(&token->in_session, &at, NULL)) != NULL)
		if (wanted(token, s, object))
			err = add(found, object->handle);
	return err;
}

static enum sl_err
sealed_material(const struct sl_record *record, const struct sl_known *known, struct sl_material **ret_material)
{
	const struct sl_sealed_key sealed = {
		.blob = record->sealed,
		.len = record->sealed_len,
		.form = record->sealed_form == 0 ? SL_SEAL_FORM_HEADED : record->sealed_form,
		.secret = sl_attrs_ulong(&record->attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) == CKO_SECRET_KEY,
		.bound = record->bound,
	};

	return sl_material_of_sealed(&sealed, known, ret_material);
}

static enum sl_err
object_of_record(struct sl_record *record, struct sl_object **ret_object)
{
	const struct sl_attr *spki = sl_attrs_get(&record->attrs, CKA_PUBLIC_KEY_INFO);
	const CK_OBJECT_CLASS class = sl_attrs_ulong(&record->attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	struct sl_known known = { .hints = record->hints };
	SL_CLEANUP(sl_material_unref) struct sl_material *material = NULL;
	enum sl_err err = SL_OK;

	if (spki != NULL && spki->len != 0) {
		known.spki = spki->value;
		known.spki_len = spki->len;
	}
	if (record->has_recipe)
		err = sl_material_of_recipe(&record->recipe, record->bound, &known, &material);
	else if (record->sealed != NULL)
		err = sealed_material(record, &known, &material);
	else if (class == CKO_PUBLIC_KEY && known.spki != NULL)
		err = sl_material_of_spki(known.spki, known.spki_len, &material);
	if (err != SL_OK || (err = sl_object_new(&record->attrs, material, ret_object)) != SL_OK)
		return err;
	(*ret_object)->home = SL_HOME_STORE;
	(*ret_object)->row = record->row;
	return SL_OK;
}

/*
 * Whether a record is what was stored; opens what is encrypted in it. SL_ERR_NOT_FOUND: it cannot be now, or is not what was stored. A private object in the clear is one that was stored
 * without a PIN, or by somebody who is not the user: not shown to him as his.
 */
static enum sl_err
admit(const struct sl_token *token, struct sl_record *record)
{
	enum sl_err err;

	/* A logout takes private objects: one that is bound to S and goes by another name would stay, with its key. */
	if (record->bound && !sl_attrs_bool(&record->attrs, CKA_PRIVATE, false)) {
		sl_log(SL_LOG_ERROR, "token %s: the store says that a key of the user's (%lld) is public: not listed", token->config->name,
		       (long long)record->row);
		return SL_ERR_NOT_FOUND;
	}
	if (record->closed.n == 0 && (!token->guarded || !sl_values_apply(&record->attrs)))
		return SL_OK;
	err = sl_values_open(&token->values, &record->closed, &record->attrs);
	if (err == SL_ERR_VERIFY)
		sl_log(SL_LOG_ERROR, "token %s: a private object in the store (%lld) is not what was stored, or not with this token's PINs: not listed",
		       token->config->name, (long long)record->row);
	return err == SL_ERR_VERIFY || err == SL_ERR_LOGIN ? SL_ERR_NOT_FOUND : err;
}

/*
 * The object of a row, from memory or from the store; SL_ERR_NOT_FOUND: it is gone, or not to be seen. token.lock is held for writing. The reference is
 * the table's.
 */
static enum sl_err
stored_object(struct sl_token *token, const struct sl_view *view, int64_t row, const struct sl_object **ret_object)
{
	SL_CLEANUP(sl_record_clear) struct sl_record record = { 0 };
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	enum sl_err err;

	*ret_object = sl_table_get(&token->rows, (uint64_t)row);
	if (*ret_object != NULL)
		return SL_OK;
	if ((err = sl_store_load(token->instance->store, row, &record)) != SL_OK)
		return err;
	if (sl_attrs_bool(&record.attrs, CKA_PRIVATE, false) && !sl_view_private(view, token))
		return SL_ERR_NOT_FOUND;
	if ((err = admit(token, &record)) != SL_OK)
		return err;
	if ((err = object_of_record(&record, &object)) != SL_OK || (err = sl_token_publish_locked(token, object)) != SL_OK)
		return err;
	*ret_object = object;
	return SL_OK;
}

static void
narrow(struct sl_store_query *query, const struct search *s)
{
	for (CK_ULONG i = 0; i < s->n; i++) {
		const CK_ATTRIBUTE *a = &s->template[i];

		if (a->type == CKA_CLASS && a->ulValueLen == sizeof(query->class)) {
			memcpy(&query->class, a->pValue, sizeof(query->class));
			query->has_class = true;
		}
		/* No label and an empty one are the same column value: let the match decide. */
		if (a->type == CKA_LABEL && a->ulValueLen != 0) {
			query->label = a->pValue;
			query->label_len = a->ulValueLen;
		}
		if (a->type == CKA_ID && a->ulValueLen != 0) {
			query->id = a->pValue;
			query->id_len = a->ulValueLen;
		}
	}
}

enum sl_err
sl_token_refresh_locked(struct sl_token *token)
{
	struct sl_object *object;
	int64_t generation;
	uint64_t row;
	size_t at = 0;
	enum sl_err err;

	if ((err = sl_store_generation(token->instance->store, &generation)) != SL_OK || generation == token->generation)
		return err;
	while ((object = sl_table_next(&token->rows, &at, &row)) != NULL) {
		SL_CLEANUP(sl_record_clear) struct sl_record record = { 0 };
		SL_CLEANUP(sl_object_unref) struct sl_object *fresh = NULL;

		if ((err = sl_store_load(token->instance->store, (int64_t)row, &record)) == SL_OK)
			err = admit(token, &record);
		if (err == SL_ERR_NOT_FOUND) {
			sl_token_unpublish_locked(token, object->handle);
			continue;
		}
		if (err != SL_OK || (err = sl_object_clone(object, &fresh)) != SL_OK)
			return err;
		sl_attrs_clear(&fresh->attrs);
		fresh->attrs = record.attrs;
		record.attrs = (struct sl_attrs){ 0 };
		if ((err = sl_token_publish_locked(token, fresh)) != SL_OK)
			return err;
	}
	token->generation = generation;
	return SL_OK;
}

/* token.lock is held for writing. */
static enum sl_err
find_in_store(struct sl_token *token, int64_t root, const struct search *s, struct handles *found)
{
	struct sl_store_query query = { 0 };
	SL_FREE int64_t *rows = NULL;
	size_t n = 0;
	enum sl_err err;

	narrow(&query, s);
	if ((err = sl_token_refresh_locked(token)) != SL_OK || (err = sl_store_find(token->instance->store, root, &query, &rows, &n)) != SL_OK)
		return err;
	for (size_t i = 0; i < n; i++) {
		const struct sl_object *object;

		err = stored_object(token, &s->view, rows[i], &object);
		if (err == SL_ERR_NOT_FOUND)
			continue;
		if (err != SL_OK)
			return err;
		if (wanted(token, s, object) && (err = add(found, object->handle)) != SL_OK)
			return err;
	}
	return SL_OK;
}

CK_RV
sl_token_find(struct sl_token *token, const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE **ret_handles, size_t *ret_n)
{
	struct search s = {
		.template = template,
		.n = n,
		.asks_edwards = names_more_than_class(template, n),
		.asks_profile = sl_token_find_names(template, n, CKO_PROFILE),
		.asks_mechanism = sl_token_find_names(template, n, CKO_MECHANISM),
	};
	SL_CLEANUP(free_handles) struct handles found = { 0 };
	struct sl_root_name name;
	int64_t root = 0;
	bool stored = false;
	int64_t generation;
	enum sl_err err;

	/* A token with nothing declared and nothing stored costs the TPM nothing. */
	if ((err = sl_store_generation(token->instance->store, &generation)) != SL_OK ||
	    (err = sl_store_has(token->instance->store, token->config->name, &stored)) != SL_OK)
		return sl_rv(err);
	if ((err = sl_view_take(token, &s.view)) != SL_OK)
		return sl_rv(err);
	if ((stored || token->n_declared != 0) && (err = sl_token_identify(token, &name, &root)) != SL_OK)
		return sl_rv(err);
	if (token->n_declared != 0 && ((err = sl_declared_restore(token)) != SL_OK || (err = sl_declared_finish(token, &s.view, template, n)) != SL_OK))
		return sl_rv(err);
	if (root != 0 && (err = sl_view_values(token, &s.view)) != SL_OK)
		return sl_rv(err);
	(void)pthread_rwlock_wrlock(&token->lock);
	if ((err = find_in_memory(token, &s, &found)) == SL_OK && root != 0)
		err = find_in_store(token, root, &s, &found);
	(void)pthread_rwlock_unlock(&token->lock);
	if (err != SL_OK)
		return sl_rv(err);
	*ret_handles = found.at;
	*ret_n = found.n;
	found.at = NULL;
	return CKR_OK;
}
