/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/declared.h"

#include "base/fs.h"
#include "base/log.h"
#include "crypto/cert.h"
#include "crypto/digest.h"
#include "seedleaf.h"
#include "token/build.h"

#include <stdlib.h>
#include <string.h>

#define CERTIFICATE_MAX ((size_t)64 * 1024)

/* The CKA_ID of a declared key that was given none: the same wherever the declaration is the same, another one for another version. */
static enum sl_err
default_id(const struct sl_recipe *recipe, const char *token, struct sl_attrs *attrs)
{
	char text[SL_NAME_MAX + 160];
	uint8_t digest[SL_HASH_MAX];
	const int len = snprintf(text, sizeof(text), "seedleaf id v1%c%s%c%s%c%s%c%u", 0, token, 0, recipe->name, 0, recipe->type.name, 0,
	                         recipe->version);
	const enum sl_err err = sl_hash_once(SL_HASH_SHA256, text, (size_t)len, digest);

	return err != SL_OK ? err : sl_attrs_set(attrs, CKA_ID, digest, 20);
}

static enum sl_err
set_identity(const struct sl_token *token, const struct sl_declared *d, struct sl_attrs *attrs)
{
	enum sl_err err;

	if ((err = sl_attrs_set(attrs, CKA_LABEL, d->file->label, strlen(d->file->label))) != SL_OK ||
	    (err = sl_attrs_set_bool(attrs, CKA_TOKEN, true)) != SL_OK ||
	    (err = sl_attrs_set_bool(attrs, CKA_MODIFIABLE, false)) != SL_OK ||
	    (err = sl_attrs_set_bool(attrs, CKA_DESTROYABLE, false)) != SL_OK)
		return err;
	if (d->current && d->file->id_len != 0)
		return sl_attrs_set(attrs, CKA_ID, d->file->id, d->file->id_len);
	return default_id(&d->recipe, token->config->name, attrs);
}

static enum sl_err
set_unique_id(const struct sl_declared *d, const struct sl_token *token, CK_OBJECT_CLASS class, struct sl_attrs *attrs)
{
	char text[SL_NAME_MAX + 160];
	uint8_t digest[SL_HASH_MAX];
	char hex[33];
	const int len = snprintf(text, sizeof(text), "seedleaf unique v1%c%s%c%s%c%s%c%u%c%lu", 0, token->config->name, 0, d->recipe.name, 0,
	                         d->recipe.type.name, 0, d->recipe.version, 0, class);
	const enum sl_err err = sl_hash_once(SL_HASH_SHA256, text, (size_t)len, digest);

	for (size_t i = 0; err == SL_OK && i < 16; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return err != SL_OK ? err : sl_attrs_set(attrs, CKA_UNIQUE_ID, hex, 32);
}

/* An older version only verifies and decrypts. */
static enum sl_err
retire(struct sl_attrs *attrs, CK_OBJECT_CLASS class)
{
	enum sl_err err = SL_OK;

	if (class != CKO_PUBLIC_KEY && (err = sl_attrs_set_bool(attrs, CKA_SIGN, false)) != SL_OK)
		return err;
	if (class != CKO_PRIVATE_KEY && ((err = sl_attrs_set_bool(attrs, CKA_ENCRYPT, false)) != SL_OK ||
	    (err = sl_attrs_set_bool(attrs, CKA_WRAP, false)) != SL_OK))
		return err;
	return sl_attrs_set_bool(attrs, CKA_DERIVE, false);
}

static enum sl_err
secret_size(const struct sl_keytype *type, struct sl_attrs *attrs)
{
	return sl_attrs_set_ulong(attrs, CKA_VALUE_LEN, type->alg == SL_ALG_AES ? type->size / 8 : type->size);
}

/* One of the objects of a declared key, without what only the key itself can tell. */
static enum sl_err
build(const struct sl_token *token, const struct sl_declared *d, CK_OBJECT_CLASS class, struct sl_object **ret_object)
{
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs attrs = { 0 };
	SL_CLEANUP(sl_material_unref) struct sl_material *material = NULL;
	const struct sl_keytype *type = &d->recipe.type;
	const unsigned usage = d->file->usage != 0 ? d->file->usage : sl_build_usage(type);
	enum sl_err err;

	if ((err = sl_attrs_set_ulong(&attrs, CKA_CLASS, class)) != SL_OK ||
	    (err = sl_attrs_set_ulong(&attrs, CKA_KEY_TYPE, sl_build_key_type(type))) != SL_OK ||
	    (err = set_identity(token, d, &attrs)) != SL_OK ||
	    (err = set_unique_id(d, token, class, &attrs)) != SL_OK ||
	    (!d->current && (err = retire(&attrs, class)) != SL_OK) ||
	    (err = sl_build_defaults(&attrs, class, usage)) != SL_OK ||
	    (err = sl_attrs_set_bool(&attrs, CKA_LOCAL, true)) != SL_OK)
		return err;
	if (class != CKO_PUBLIC_KEY && ((err = sl_build_recipe(&attrs, &d->recipe)) != SL_OK ||
	    (err = sl_attrs_set_ulong(&attrs, CKA_SEEDLEAF_ORIGIN, SEEDLEAF_ORIGIN_DERIVED)) != SL_OK ||
	    (err = sl_attrs_set_bool(&attrs, CKA_ALWAYS_SENSITIVE, true)) != SL_OK ||
	    (err = sl_attrs_set_bool(&attrs, CKA_NEVER_EXTRACTABLE, true)) != SL_OK ||
	    (err = sl_material_of_recipe(&d->recipe, token->guarded, NULL, &material)) != SL_OK))
		return err;
	if (class == CKO_SECRET_KEY && (err = secret_size(type, &attrs)) != SL_OK)
		return err;
	if ((err = sl_object_new(&attrs, material, ret_object)) != SL_OK)
		return err;
	(*ret_object)->home = SL_HOME_DECLARED;
	(*ret_object)->unfinished = class != CKO_SECRET_KEY;
	return SL_OK;
}

static enum sl_err
build_certificate(const struct sl_token *token, struct sl_declared *d, struct sl_msg *msg)
{
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs attrs = { 0 };
	SL_CLEANUP(sl_cert_clear) struct sl_cert cert = { 0 };
	SL_FREE void *data = NULL;
	size_t len = 0;
	enum sl_err err;

	if ((err = sl_fs_read(d->file->certificate, CERTIFICATE_MAX, &data, &len, msg)) != SL_OK)
		return err;
	if ((err = sl_cert_parse(data, len, &cert)) != SL_OK) {
		sl_msg_set(msg, "%s: expected an X.509 certificate, PEM or DER", d->file->certificate);
		return err;
	}
	if ((err = sl_build_certificate(&attrs, &cert)) != SL_OK || (err = set_identity(token, d, &attrs)) != SL_OK ||
	    (err = set_unique_id(d, token, CKO_CERTIFICATE, &attrs)) != SL_OK ||
	    (err = sl_build_defaults(&attrs, CKO_CERTIFICATE, 0)) != SL_OK ||
	    (err = sl_object_new(&attrs, NULL, &d->objects[SL_DECLARED_CERTIFICATE])) != SL_OK)
		return err;
	d->objects[SL_DECLARED_CERTIFICATE]->home = SL_HOME_DECLARED;
	return SL_OK;
}

static enum sl_err
build_all(const struct sl_token *token, struct sl_declared *d, struct sl_msg *msg)
{
	enum sl_err err;

	if (!sl_keytype_is_pair(&d->recipe.type))
		err = build(token, d, CKO_SECRET_KEY, &d->objects[SL_DECLARED_KEY]);
	else if ((err = build(token, d, CKO_PRIVATE_KEY, &d->objects[SL_DECLARED_KEY])) == SL_OK)
		err = build(token, d, CKO_PUBLIC_KEY, &d->objects[SL_DECLARED_PUBLIC]);
	if (err == SL_OK && d->current && d->file->certificate != NULL)
		err = build_certificate(token, d, msg);
	return err;
}

/* The declared version and, of the keep before it, those that are at least 1. */
static enum sl_err
load_file(struct sl_token *token, const struct sl_keyfile *file, struct sl_msg *msg)
{
	const uint32_t kept = file->keep < file->version ? file->keep : file->version - 1;
	struct sl_declared *grown = reallocarray(token->declared, token->n_declared + kept + 1, sizeof(*grown));
	struct sl_keytype type;
	struct sl_msg why = { "" };
	enum sl_err err;

	if (grown == NULL)
		return SL_ERR_MEMORY;
	token->declared = grown;
	if ((err = sl_keytype_parse(file->type, &type, &why)) != SL_OK) {
		sl_msg_set(msg, "%s:%u: %.300s", file->path, file->type_line, why.text);
		return SL_ERR_FORMAT;
	}
	if ((file->usage & ~sl_build_usage(&type)) != 0) {
		sl_msg_set(msg, "%s:%u: a key of type %s cannot have that usage", file->path, file->type_line, type.name);
		return SL_ERR_FORMAT;
	}
	for (uint32_t back = 0; back <= kept; back++) {
		struct sl_declared *d = &token->declared[token->n_declared];

		*d = (struct sl_declared){ .file = file, .current = back == 0 };
		d->recipe.type = type;
		d->recipe.version = file->version - back;
		(void)snprintf(d->recipe.name, sizeof(d->recipe.name), "%s", file->name);
		token->n_declared++;
		if ((err = build_all(token, d, msg)) != SL_OK)
			return err;
	}
	return SL_OK;
}

enum sl_err
sl_declared_load(struct sl_token *token, struct sl_msg *msg)
{
	const struct sl_keyfiles *files = &token->instance->keyfiles;
	enum sl_err err;

	for (size_t i = 0; i < files->n; i++)
		if (strcmp(files->files[i].token, token->config->name) == 0 && (err = load_file(token, &files->files[i], msg)) != SL_OK)
			return err;
	return SL_OK;
}

void
sl_declared_free(struct sl_token *token)
{
	for (size_t i = 0; i < token->n_declared; i++)
		for (size_t k = 0; k < SL_DECLARED_OBJECTS; k++)
			sl_object_unref(&token->declared[i].objects[k]);
	free(token->declared);
	token->declared = NULL;
	token->n_declared = 0;
}

void
sl_declared_forget_locked(struct sl_token *token)
{
	for (size_t i = 0; i < token->n_declared; i++) {
		struct sl_declared *d = &token->declared[i];
		struct sl_declared fresh = { .file = d->file, .recipe = d->recipe, .current = d->current };

		/* Built once already: only memory can be short, and then the key is not listed. */
		if (build_all(token, &fresh, NULL) != SL_OK)
			sl_log(SL_LOG_ERROR, "out of memory: the key \"%s\" is not listed", d->file->label);
		for (size_t k = 0; k < SL_DECLARED_OBJECTS; k++)
			sl_object_unref(&d->objects[k]);
		*d = fresh;
	}
}

/* The same key, not computed yet; what is on record of it stays. */
static enum sl_err
without_key(const struct sl_declared *d, struct sl_object **ret_fresh)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *fresh = NULL;
	SL_CLEANUP(sl_material_unref) struct sl_material *material = NULL;
	const struct sl_object *object = d->objects[SL_DECLARED_KEY];
	const struct sl_attr *spki = sl_attrs_get(&object->attrs, CKA_PUBLIC_KEY_INFO);
	struct sl_known known = { .hints = d->hints };
	enum sl_err err;

	if (spki != NULL && spki->len != 0) {
		known.spki = spki->value;
		known.spki_len = spki->len;
	}
	if ((err = sl_material_of_recipe(&d->recipe, sl_material_bound(object->material), &known, &material)) != SL_OK ||
	    (err = sl_object_clone(object, &fresh)) != SL_OK)
		return err;
	sl_material_unref(&fresh->material);
	fresh->material = SL_TAKE(material);
	fresh->handle = 0;
	*ret_fresh = SL_TAKE(fresh);
	return SL_OK;
}

void
sl_declared_close_locked(struct sl_token *token)
{
	for (size_t i = 0; i < token->n_declared; i++) {
		struct sl_declared *d = &token->declared[i];
		struct sl_object *fresh = NULL;

		if (d->objects[SL_DECLARED_KEY] == NULL || !sl_object_is_private(d->objects[SL_DECLARED_KEY]))
			continue;
		if (without_key(d, &fresh) != SL_OK)
			sl_log(SL_LOG_ERROR, "out of memory: the key \"%s\" has to be built anew", d->file->label);
		sl_object_unref(&d->objects[SL_DECLARED_KEY]);
		d->objects[SL_DECLARED_KEY] = fresh;
	}
}

static enum sl_err
restore(const struct sl_token *token, struct sl_declared *d)
{
	const bool pair = sl_keytype_is_pair(&d->recipe.type);
	enum sl_err err = SL_OK;

	if (d->objects[SL_DECLARED_KEY] == NULL) {
		d->ready = false;
		err = build(token, d, pair ? CKO_PRIVATE_KEY : CKO_SECRET_KEY, &d->objects[SL_DECLARED_KEY]);
	}
	if (err == SL_OK && pair && d->objects[SL_DECLARED_PUBLIC] == NULL) {
		d->ready = false;
		err = build(token, d, CKO_PUBLIC_KEY, &d->objects[SL_DECLARED_PUBLIC]);
	}
	return err;
}

enum sl_err
sl_declared_restore(struct sl_token *token)
{
	enum sl_err err = SL_OK;

	(void)pthread_rwlock_wrlock(&token->lock);
	for (size_t i = 0; i < token->n_declared && err == SL_OK; i++)
		err = restore(token, &token->declared[i]);
	(void)pthread_rwlock_unlock(&token->lock);
	return err;
}

enum sl_err
sl_declared_open_locked(struct sl_token *token)
{
	enum sl_err err = SL_OK;

	for (size_t i = 0; i < token->n_declared && err == SL_OK; i++) {
		struct sl_object *key = token->declared[i].objects[SL_DECLARED_KEY];

		if (key != NULL && token->declared[i].ready && key->handle == 0)
			err = sl_token_publish_locked(token, key);
	}
	return err;
}
