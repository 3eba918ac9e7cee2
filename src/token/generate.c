/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/generate_private.h"

#include "crypto/digest.h"
#include "crypto/rand.h"
#include "seedleaf.h"
#include "token/build.h"
#include "token/newkey.h"
#include "token/rv.h"
#include "token/template.h"

#include <stdlib.h>
#include <string.h>

static void
clear_birth(struct sl_birth *b)
{
	sl_attrs_clear(&b->public);
	sl_attrs_clear(&b->private);
	sl_key_unref(&b->key);
	sl_material_unref(&b->material);
}

static bool
is_pair(const struct sl_birth *b)
{
	return b->spec->public != NULL;
}

/* CKA_CLASS and CKA_KEY_TYPE may be given, and have to be what the mechanism makes. */
static CK_RV
fix(struct sl_attrs *attrs, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	if (sl_attrs_get(attrs, type) != NULL && sl_attrs_ulong(attrs, type, value) != value)
		return CKR_TEMPLATE_INCONSISTENT;
	return sl_rv(sl_attrs_set_ulong(attrs, type, value));
}

static CK_RV
take_half(const struct sl_birth *b, const struct sl_half *half, CK_OBJECT_CLASS class, struct sl_attrs *attrs)
{
	const unsigned kind = sl_schema_kind(class, b->key_type);
	CK_RV rv;

	if (kind == 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	if ((rv = sl_template_take(kind, SL_MAY_GENERATE, half->template, half->n, attrs)) != CKR_OK ||
	    (rv = fix(attrs, CKA_CLASS, class)) != CKR_OK || (rv = fix(attrs, CKA_KEY_TYPE, b->key_type)) != CKR_OK)
		return rv;
	/* PKCS#11 3.0 current mechanisms, section 2.24.4: there is one length. */
	if (b->key_type == CKK_CHACHA20 && sl_attrs_get(attrs, CKA_VALUE_LEN) == NULL &&
	    (rv = sl_rv(sl_attrs_set_ulong(attrs, CKA_VALUE_LEN, 32))) != CKR_OK)
		return rv;
	/* What a pair needs is in its public half. */
	return class == CKO_PRIVATE_KEY ? CKR_OK : sl_template_complete(kind, SL_MUST_GENERATE, attrs);
}

static CK_RV
take_templates(struct sl_birth *b)
{
	const struct sl_generate_spec *spec = b->spec;
	CK_ULONG type = spec->key_type;
	CK_RV rv = CKR_OK;

	b->key_type = spec->key_type;
	if (!is_pair(b)) {
		rv = sl_template_peek_ulong(spec->private->template, spec->private->n, CKA_KEY_TYPE, type, &type);
		if (rv == CKR_OK && spec->mechanism == CKM_GENERIC_SECRET_KEY_GEN && type != CKK_AES)
			b->key_type = type;
		return rv == CKR_OK ? take_half(b, spec->private, CKO_SECRET_KEY, &b->private) : rv;
	}
	if ((rv = take_half(b, spec->public, CKO_PUBLIC_KEY, &b->public)) != CKR_OK)
		return rv;
	return take_half(b, spec->private, CKO_PRIVATE_KEY, &b->private);
}

static bool
is_private(const struct sl_birth *b)
{
	return sl_attrs_bool(&b->private, CKA_PRIVATE, true);
}

/* Both halves live in the same place (PKCS#11 3.0 section 5.18.2 lets us say so). */
static CK_RV
find_home(struct sl_birth *b)
{
	const bool private = sl_attrs_bool(&b->private, CKA_TOKEN, false);
	CK_RV rv;

	if (is_pair(b) && sl_attrs_bool(&b->public, CKA_TOKEN, private) != private)
		return CKR_TEMPLATE_INCONSISTENT;
	if ((rv = sl_view_make(b->session->token, &b->private, true, &b->view)) != CKR_OK)
		return rv;
	/* Of two views the one that sees private objects counts: a pair may have its public half alone as one. */
	if (is_pair(b) && (rv = sl_view_make(b->session->token, &b->public, false, is_private(b) ? &(struct sl_view){ .guarded = false } : &b->view)) != CKR_OK)
		return rv;
	b->on_token = private;
	if (!private)
		return CKR_OK;
	if (!b->session->rw)
		return CKR_SESSION_READ_ONLY;
	return sl_store_writable(b->session->token->instance->store) ? CKR_OK : CKR_TOKEN_WRITE_PROTECTED;
}

/* Neither the TPM's generator nor the kernel's is trusted alone: SHA-256 over both. */
static enum sl_err
draw_mixed(struct sl_token *token, uint8_t ret_bytes[32])
{
	uint8_t both[64];
	enum sl_err err;

	if ((err = sl_rand(both, 32)) == SL_OK && (err = sl_root_random(token->root, both + 32, 32)) == SL_OK)
		err = sl_hash_once(SL_HASH_SHA256, both, sizeof(both), ret_bytes);
	sl_secret_wipe(both, sizeof(both));
	return err;
}

/* The immutable name: the label it is born with. A fresh key without a usable one gets a name that says so; its salt makes it unique. */
static CK_RV
name_recipe(struct sl_birth *b, struct sl_recipe *recipe)
{
	const struct sl_attr *label = sl_attrs_get(&b->private, CKA_LABEL);

	if (label == NULL || label->len == 0)
		label = sl_attrs_get(&b->public, CKA_LABEL);
	if (label == NULL || label->len == 0 || label->len > SL_NAME_MAX || memchr(label->value, 0, label->len) != NULL) {
		if (!recipe->salted)
			return label == NULL || label->len == 0 ? CKR_TEMPLATE_INCOMPLETE : CKR_ATTRIBUTE_VALUE_INVALID;
		(void)snprintf(recipe->name, sizeof(recipe->name), "unnamed");
		return CKR_OK;
	}
	memcpy(recipe->name, label->value, label->len);
	recipe->name[label->len] = '\0';
	return CKR_OK;
}

static CK_RV
derive_on_token(struct sl_birth *b)
{
	struct sl_token *token = b->session->token;
	struct sl_recipe recipe = { .type = b->type, .version = 1 };
	SL_SECRET token_secret = { 0 };
	struct sl_root_name name;
	CK_RV rv;

	recipe.salted = token->config->generate == SL_GENERATE_DERIVED;
	b->recalled = !recipe.salted;
	if ((rv = name_recipe(b, &recipe)) != CKR_OK)
		return rv;
	if (recipe.salted && (rv = sl_rv(draw_mixed(token, recipe.salt))) != CKR_OK)
		return rv;
	if ((rv = sl_rv(sl_token_identify(token, &name, NULL))) != CKR_OK ||
	    (rv = sl_rv(sl_view_secret(token, &b->view, is_private(b), &token_secret))) != CKR_OK ||
	    (rv = sl_rv(sl_material_of_recipe(&recipe, token_secret.len != 0, NULL, &b->material))) != CKR_OK ||
	    (rv = sl_rv(sl_material_key(b->material, token->root, &name, &token_secret, &b->key))) != CKR_OK)
		return rv;
	b->hints = sl_material_hints(b->material);
	return CKR_OK;
}

/*
 * Random keys: those of a session, of libcrypto's generator, which the kernel seeds; and those that are sealed on the token, of the TPM's as well:
 * what derivation has a type for is its expansion of 32 mixed bytes, and for the others the TPM's bytes stir libcrypto's generator first.
 */
static CK_RV
draw(struct sl_birth *b)
{
	const struct sl_known unknown = { 0 };
	SL_SECRET secret = { 0 };
	CK_RV rv;

	if ((rv = sl_rv(sl_secret_alloc(&secret, SL_ROOT_SECRET_LEN))) != CKR_OK)
		return rv;
	rv = sl_rv(b->on_token ? draw_mixed(b->session->token, secret.bytes) : sl_rand(secret.bytes, secret.len));
	if (rv == CKR_OK && b->derivable)
		rv = sl_rv(sl_expand(secret.bytes, &b->type, &unknown, &b->key, NULL));
	if (rv == CKR_OK && !b->derivable && b->on_token)
		rv = sl_rv(sl_rand_stir(secret.bytes, secret.len));
	if (rv == CKR_OK && !b->derivable)
		rv = sl_generate_other(b);
	return rv != CKR_OK ? rv : sl_rv(sl_material_of_key(b->key, &b->material));
}

static enum sl_err
set_origin(const struct sl_birth *b, struct sl_attrs *attrs)
{
	enum sl_err err;

	if ((err = sl_attrs_set_bool(attrs, CKA_LOCAL, true)) != SL_OK)
		return err;
	return sl_attrs_set_ulong(attrs, CKA_KEY_GEN_MECHANISM, b->spec->mechanism);
}

static unsigned
usage_of(const struct sl_birth *b)
{
	return b->derivable ? sl_build_usage(&b->type) : sl_build_usage_of(b->key_type);
}

static enum sl_err
finish_closed_half(struct sl_birth *b)
{
	const struct sl_recipe *recipe = sl_material_recipe(b->material);
	struct sl_attrs *a = &b->private;
	enum sl_err err;

	if ((err = sl_build_defaults(a, is_pair(b) ? CKO_PRIVATE_KEY : CKO_SECRET_KEY, usage_of(b))) != SL_OK ||
	    (err = set_origin(b, a)) != SL_OK ||
	    (err = sl_attrs_set_bool(a, CKA_ALWAYS_SENSITIVE, sl_attrs_bool(a, CKA_SENSITIVE, true))) != SL_OK ||
	    (err = sl_attrs_set_bool(a, CKA_NEVER_EXTRACTABLE, !sl_attrs_bool(a, CKA_EXTRACTABLE, false))) != SL_OK)
		return err;
	if (b->on_token && (err = sl_attrs_set_ulong(a, CKA_SEEDLEAF_ORIGIN, recipe != NULL ? SEEDLEAF_ORIGIN_DERIVED : SEEDLEAF_ORIGIN_RANDOM)) != SL_OK)
		return err;
	return recipe == NULL ? SL_OK : sl_build_recipe(a, recipe);
}

/* The halves find each other by CKA_ID: one that was given to only one of them is for both. */
static enum sl_err
share_id(struct sl_birth *b)
{
	const struct sl_attr *private = sl_attrs_get(&b->private, CKA_ID);
	const struct sl_attr *public = sl_attrs_get(&b->public, CKA_ID);
	enum sl_err err;

	if (private == NULL && public == NULL) {
		if ((err = sl_build_default_id(&b->public, b->key)) != SL_OK)
			return err;
		public = sl_attrs_get(&b->public, CKA_ID);
	}
	if (private == NULL)
		return sl_attrs_set(&b->private, CKA_ID, public->value, public->len);
	return public == NULL ? sl_attrs_set(&b->public, CKA_ID, private->value, private->len) : SL_OK;
}

static enum sl_err
finish_pair(struct sl_birth *b)
{
	const struct sl_attr *params = sl_attrs_get(&b->public, CKA_EC_PARAMS);
	enum sl_err err;

	if ((err = share_id(b)) != SL_OK ||
	    (params != NULL && (err = sl_attrs_set(&b->private, CKA_EC_PARAMS, params->value, params->len)) != SL_OK) ||
	    (err = sl_build_public_parts(&b->private, b->key)) != SL_OK || (err = sl_build_public_parts(&b->public, b->key)) != SL_OK ||
	    (err = sl_attrs_set_bool(&b->public, CKA_TOKEN, b->on_token)) != SL_OK ||
	    (err = sl_build_defaults(&b->public, CKO_PUBLIC_KEY, usage_of(b))) != SL_OK)
		return err;
	return set_origin(b, &b->public);
}

/* Recalling a key replaced its objects in the store: their handles end here. */
static CK_RV
forget_replaced(struct sl_token *token)
{
	enum sl_err err;

	(void)pthread_rwlock_wrlock(&token->lock);
	token->generation = -1;
	err = sl_token_refresh_locked(token);
	(void)pthread_rwlock_unlock(&token->lock);
	return sl_rv(err);
}

static CK_RV
store(struct sl_birth *b, int64_t ret_rows[2])
{
	struct sl_record private = { .attrs = b->private, .hints = b->hints };
	struct sl_record public = { .attrs = b->public };
	struct sl_record *records[] = { &private, &public };
	struct sl_token *token = b->session->token;
	const struct sl_recipe *recipe = sl_material_recipe(b->material);
	int64_t root;
	CK_RV rv;

	private.no_pins = sl_view_without_pins(token, &b->view, &b->private);
	public.no_pins = sl_view_without_pins(token, &b->view, &b->public);
	rv = sl_rv(sl_token_store_root(token, &root));
	if (rv == CKR_OK && recipe != NULL) {
		private.has_recipe = true;
		private.recipe = *recipe;
		private.bound = sl_material_bound(b->material);
		if (private.bound)
			rv = sl_rv(sl_login_secret_id(token, private.secret_id));
	} else if (rv == CKR_OK) {
		rv = sl_newkey_seal(token, &b->view, b->key, &private);
	}
	if (rv == CKR_OK)
		rv = sl_rv(sl_store_add(token->instance->store, root, records, is_pair(b) ? 2 : 1, b->recalled));
	/* The lists grew in the records. */
	b->private = private.attrs;
	b->public = public.attrs;
	free(private.sealed);
	if (rv == CKR_OK && b->recalled)
		rv = forget_replaced(token);
	ret_rows[0] = private.row;
	ret_rows[1] = public.row;
	return rv;
}

static CK_RV
publish(struct sl_birth *b, struct sl_attrs *attrs, int64_t row, CK_OBJECT_HANDLE *ret_handle)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	SL_CLEANUP(sl_material_unref) struct sl_material *material = NULL;
	const struct sl_attr *spki = sl_attrs_get(attrs, CKA_PUBLIC_KEY_INFO);
	CK_RV rv = CKR_OK;

	if (attrs == &b->public)
		rv = sl_rv(sl_material_of_spki(spki->value, spki->len, &material));
	else
		material = sl_material_ref(b->material);
	if (rv != CKR_OK || (rv = sl_rv(sl_object_new(attrs, material, &object))) != CKR_OK)
		return rv;
	object->home = row != 0 ? SL_HOME_STORE : SL_HOME_SESSION;
	object->session = b->session->handle;
	object->row = row;
	rv = sl_view_publish(b->session->token, &b->view, object);
	if (rv == CKR_OK)
		*ret_handle = object->handle;
	return rv;
}

static CK_RV
set_unique_ids(struct sl_birth *b)
{
	struct sl_attrs *halves[] = { &b->private, is_pair(b) ? &b->public : NULL };
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < 2 && rv == CKR_OK; i++)
		if (halves[i] != NULL)
			rv = sl_rv(sl_build_unique_id(halves[i]));
	return rv;
}

/* A key that nobody gets a handle of is none: what is stored already, or shown already, goes again. */
static void
take_back(const struct sl_birth *b, const int64_t rows[2], CK_OBJECT_HANDLE public)
{
	struct sl_token *token = b->session->token;
	SL_CLEANUP(sl_object_unref) struct sl_object *shown = public == 0 ? NULL : sl_token_object(token, public);

	for (size_t i = 0; i < 2; i++)
		sl_view_take_back(token, rows[i]);
	if (shown != NULL)
		sl_token_unpublish(token, shown);
}

static CK_RV
publish_all(struct sl_birth *b, const int64_t rows[2], CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
	CK_OBJECT_HANDLE public = 0;
	CK_RV rv = CKR_OK;

	if (is_pair(b))
		rv = publish(b, &b->public, rows[1], &public);
	if (rv == CKR_OK)
		rv = publish(b, &b->private, rows[0], ret_private);
	if (rv != CKR_OK)
		take_back(b, rows, public);
	else if (is_pair(b))
		*ret_public = public;
	return rv;
}

CK_RV
sl_make_key(struct sl_session *session, const struct sl_generate_spec *spec, CK_OBJECT_HANDLE *ret_public,
            CK_OBJECT_HANDLE *ret_private)
{
	SL_CLEANUP(clear_birth) struct sl_birth b = { .session = session, .spec = spec };
	int64_t rows[2] = { 0, 0 };
	bool derives;
	CK_RV rv;

	if ((rv = take_templates(&b)) != CKR_OK || (rv = find_home(&b)) != CKR_OK || (rv = sl_generate_type(&b)) != CKR_OK)
		return rv;
	/* A key that comes back by the same call has to be a function of the root. */
	if (b.on_token && !b.derivable && session->token->config->generate == SL_GENERATE_RECALL)
		return is_pair(&b) && b.key_type != CKK_RSA ? CKR_CURVE_NOT_SUPPORTED : CKR_KEY_SIZE_RANGE;
	derives = b.on_token && b.derivable && session->token->config->generate != SL_GENERATE_SEALED;
	if ((rv = derives ? derive_on_token(&b) : draw(&b)) != CKR_OK)
		return rv;
	if ((is_pair(&b) && (rv = sl_rv(finish_pair(&b))) != CKR_OK) || (rv = sl_rv(finish_closed_half(&b))) != CKR_OK)
		return rv;
	if ((rv = b.on_token ? store(&b, rows) : set_unique_ids(&b)) != CKR_OK)
		return rv;
	return publish_all(&b, rows, ret_public, ret_private);
}
