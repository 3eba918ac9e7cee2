/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/token.h"

#include "base/log.h"
#include "crypto/digest.h"
#include "token/builtin.h"
#include "token/declared.h"
#include "token/login.h"

#include <stdlib.h>
#include <string.h>

enum sl_err
sl_token_new(struct sl_instance *instance, size_t slot, struct sl_token **ret_token, struct sl_msg *msg)
{
	SL_CLEANUP(sl_token_free) struct sl_token *token = calloc(1, sizeof(*token));
	enum sl_err err;

	if (token == NULL)
		return SL_ERR_MEMORY;
	token->instance = instance;
	token->config = &instance->config->tokens[slot];
	token->slot = slot;
	(void)pthread_mutex_init(&token->finish_lock, NULL);
	(void)pthread_mutex_init(&token->name_lock, NULL);
	(void)pthread_rwlock_init(&token->lock, NULL);
	if ((err = sl_login_new(token)) != SL_OK)
		return err;
	if ((err = sl_root_open(instance->device, &token->config->root, &token->root)) != SL_OK) {
		sl_msg_set(msg, "token %s: %s", token->config->name, sl_err_text(err));
		return err;
	}
	if ((err = sl_builtin_build(token)) != SL_OK || (err = sl_declared_load(token, msg)) != SL_OK)
		return err;
	*ret_token = SL_TAKE(token);
	return SL_OK;
}

unsigned long
sl_token_changes(const struct sl_token *token)
{
	return __atomic_load_n(&token->changes, __ATOMIC_ACQUIRE);
}

static void
count_change_locked(struct sl_token *token)
{
	(void)__atomic_add_fetch(&token->changes, 1, __ATOMIC_RELEASE);
}

static void
drop_all_locked(struct sl_token *token)
{
	struct sl_object *object;
	size_t at = 0;

	count_change_locked(token);
	while ((object = sl_table_next(&token->objects, &at, NULL)) != NULL)
		sl_object_unref(&object);
	sl_table_clear(&token->objects);
	sl_table_clear(&token->in_session);
	sl_table_clear(&token->rows);
}

void
sl_token_free(struct sl_token **ptoken)
{
	struct sl_token *token = *ptoken;

	if (token == NULL)
		return;
	drop_all_locked(token);
	sl_declared_free(token);
	sl_builtin_free(token);
	sl_root_close(&token->root);
	sl_login_free(token);
	sl_values_clear(&token->values);
	(void)pthread_rwlock_destroy(&token->lock);
	(void)pthread_mutex_destroy(&token->name_lock);
	(void)pthread_mutex_destroy(&token->finish_lock);
	free(token);
	*ptoken = NULL;
}

enum sl_err
sl_token_present(struct sl_token *token, struct sl_root_info *ret_info)
{
	const struct sl_root_spec *spec = &token->config->root;
	struct sl_root_info info;
	struct sl_root_name name;
	enum sl_err err;

	if (token->config->hidden)
		return SL_ERR_ABSENT;
	err = sl_root_present(token->root, &info);
	/* Whether a persistent root is there, only reading it tells; its name is needed soon anyway. */
	if (err == SL_OK && spec->kind == SL_ROOT_PERSISTENT)
		err = sl_root_name(token->root, &name);
	if (err == SL_OK && ret_info != NULL)
		*ret_info = info;
	return err == SL_OK ? SL_OK : SL_ERR_ABSENT;
}

/* The objects of another root are gone from view; what sessions made themselves stays theirs only while the root is the same. */
void
sl_token_forget(struct sl_token *token)
{
	(void)pthread_rwlock_wrlock(&token->lock);
	token->epoch++;
	drop_all_locked(token);
	sl_values_clear(&token->values);
	sl_declared_forget_locked(token);
	if (sl_builtin_publish_locked(token) != SL_OK)
		sl_log(SL_LOG_ERROR, "out of memory: token %s does not list its root", token->config->name);
	(void)pthread_rwlock_unlock(&token->lock);
}

static void
unlock(pthread_mutex_t **lock)
{
	(void)pthread_mutex_unlock(*lock);
}

static bool
same_name(const struct sl_root_name *a, const struct sl_root_name *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* name_lock is held. */
static enum sl_err
pin_from_store(struct sl_token *token)
{
	struct sl_root_name pin = { .len = 0 };
	enum sl_err err = SL_OK;

	if (token->store_root == 0 || token->pinned)
		return SL_OK;
	if ((err = sl_store_pin(token->instance->store, token->store_root, &pin)) == SL_OK && pin.len != 0) {
		sl_root_pin(token->root, &pin);
		token->pinned = true;
	}
	return err;
}

/* name_lock is held. */
static enum sl_err
identify_locked(struct sl_token *token)
{
	struct sl_root_name name;
	int64_t row;
	enum sl_err err;

	if ((err = sl_root_name(token->root, &name)) != SL_OK)
		return err;
	if (token->named && same_name(&name, &token->name) && token->store_root != 0)
		return SL_OK;
	if (token->named && !same_name(&name, &token->name)) {
		sl_log(SL_LOG_INFO, "token %s: another root than before", token->config->name);
		token->pinned = false;
		sl_token_forget(token);
		sl_login_reset(token);
	}
	if ((err = sl_store_root(token->instance->store, token->config->name, &name, false, &row)) != SL_OK)
		return err;
	token->name = name;
	token->named = true;
	token->store_root = row;
	return pin_from_store(token);
}

enum sl_err
sl_token_identify(struct sl_token *token, struct sl_root_name *ret_name, int64_t *ret_store_root)
{
	SL_CLEANUP(unlock) pthread_mutex_t *held = &token->name_lock;
	enum sl_err err;

	(void)pthread_mutex_lock(held);
	if ((err = identify_locked(token)) != SL_OK)
		return err;
	*ret_name = token->name;
	if (ret_store_root != NULL)
		*ret_store_root = token->store_root;
	return SL_OK;
}

enum sl_err
sl_token_store_root(struct sl_token *token, int64_t *ret_store_root)
{
	SL_CLEANUP(unlock) pthread_mutex_t *held = &token->name_lock;
	struct sl_root_name salt_key;
	enum sl_err err;

	(void)pthread_mutex_lock(held);
	if ((err = identify_locked(token)) != SL_OK)
		return err;
	if (token->store_root == 0 &&
	    (err = sl_store_root(token->instance->store, token->config->name, &token->name, true, &token->store_root)) != SL_OK)
		return err;
	if (!token->pinned && (err = sl_root_salt_key(token->root, &salt_key)) != SL_ERR_UNSUPPORTED) {
		if (err != SL_OK || (err = sl_store_set_pin(token->instance->store, token->store_root, &salt_key)) != SL_OK)
			return err;
		sl_root_pin(token->root, &salt_key);
		token->pinned = true;
	}
	*ret_store_root = token->store_root;
	return SL_OK;
}

enum sl_err
sl_token_serial(struct sl_token *token, char ret_serial[17])
{
	struct sl_root_name name;
	uint8_t digest[SL_HASH_MAX];
	enum sl_err err;

	if ((err = sl_token_identify(token, &name, NULL)) != SL_OK ||
	    (err = sl_hash_once(SL_HASH_SHA256, name.bytes, name.len, digest)) != SL_OK)
		return err;
	for (size_t i = 0; i < 8; i++)
		(void)snprintf(ret_serial + 2 * i, 3, "%02x", digest[i]);
	return SL_OK;
}

struct sl_object *
sl_token_object(struct sl_token *token, CK_OBJECT_HANDLE handle)
{
	struct sl_object *object;

	if (sl_login_epoch(token) != __atomic_load_n(&token->closed, __ATOMIC_ACQUIRE))
		sl_token_forget_private(token);
	(void)pthread_rwlock_rdlock(&token->lock);
	object = sl_table_get(&token->objects, handle);
	if (object != NULL)
		object = sl_object_ref(object);
	(void)pthread_rwlock_unlock(&token->lock);
	return object;
}

enum sl_err
sl_token_publish_locked(struct sl_token *token, struct sl_object *object)
{
	struct sl_object *before;
	enum sl_err err;

	if (object->handle == 0)
		object->handle = sl_instance_handle(token->instance);
	before = sl_table_get(&token->objects, object->handle);
	/* The side tables first: what is only there can be taken back while we hold the lock. */
	if (object->home == SL_HOME_SESSION && (err = sl_table_put(&token->in_session, object->handle, object)) != SL_OK)
		return err;
	if (object->home == SL_HOME_STORE && (err = sl_table_put(&token->rows, (uint64_t)object->row, object)) != SL_OK)
		return err;
	if ((err = sl_table_put(&token->objects, object->handle, object)) != SL_OK) {
		(void)sl_table_remove(&token->in_session, object->handle);
		(void)sl_table_remove(&token->rows, (uint64_t)object->row);
		return err;
	}
	(void)sl_object_ref(object);
	count_change_locked(token);
	sl_object_unref(&before);
	return SL_OK;
}

enum sl_err
sl_token_publish(struct sl_token *token, struct sl_object *object)
{
	enum sl_err err;

	(void)pthread_rwlock_wrlock(&token->lock);
	err = sl_token_publish_locked(token, object);
	(void)pthread_rwlock_unlock(&token->lock);
	return err;
}

void
sl_token_unpublish_locked(struct sl_token *token, CK_OBJECT_HANDLE handle)
{
	struct sl_object *object = sl_table_remove(&token->objects, handle);

	if (object == NULL)
		return;
	count_change_locked(token);
	(void)sl_table_remove(&token->in_session, handle);
	if (object->home == SL_HOME_STORE)
		(void)sl_table_remove(&token->rows, (uint64_t)object->row);
	sl_object_unref(&object);
}

void
sl_token_unpublish(struct sl_token *token, const struct sl_object *object)
{
	(void)pthread_rwlock_wrlock(&token->lock);
	sl_token_unpublish_locked(token, object->handle);
	(void)pthread_rwlock_unlock(&token->lock);
}

void
sl_token_drop_session_objects(struct sl_token *token, CK_SESSION_HANDLE session)
{
	const struct sl_object *object;
	uint64_t handle;
	size_t at = 0;

	(void)pthread_rwlock_wrlock(&token->lock);
	while ((object = sl_table_next(&token->in_session, &at, &handle)) != NULL)
		if (session == 0 || object->session == session)
			sl_token_unpublish_locked(token, handle);
	(void)pthread_rwlock_unlock(&token->lock);
}

static void
close_private_locked(struct sl_token *token)
{
	const struct sl_object *object;
	uint64_t handle;
	size_t at = 0;

	__atomic_store_n(&token->closed, sl_login_epoch(token), __ATOMIC_RELEASE);
	while ((object = sl_table_next(&token->objects, &at, &handle)) != NULL)
		if (sl_object_is_private(object))
			sl_token_unpublish_locked(token, handle);
	sl_values_clear(&token->values);
	sl_declared_close_locked(token);
	sl_builtin_close_locked(token);
}

void
sl_token_forget_private(struct sl_token *token)
{
	(void)pthread_rwlock_wrlock(&token->lock);
	close_private_locked(token);
	(void)pthread_rwlock_unlock(&token->lock);
}

/* Declared keys are other keys with another secret. */
static void
rebuild_declared_locked(struct sl_token *token)
{
	const struct sl_object *object;
	uint64_t handle;
	size_t at = 0;

	token->epoch++;
	while ((object = sl_table_next(&token->objects, &at, &handle)) != NULL)
		if (object->home == SL_HOME_DECLARED)
			sl_token_unpublish_locked(token, handle);
	sl_declared_forget_locked(token);
}

/* Ids are not known of PINs that are in NV, until somebody logs in. */
static bool
same_secret(const struct sl_token *token, const struct sl_pin_state *pins)
{
	return token->guarded == pins->initialized && (memcmp(token->secret_id, pins->secret_id, SL_SECRET_ID) == 0 ||
	                                               !sl_login_id_known(token->secret_id) || !sl_login_id_known(pins->secret_id));
}

/* Nothing to do: the same secret, and nothing to learn of it. What is known is kept for a comparison with the S of the next login. */
static bool
settled(const struct sl_token *token, const struct sl_pin_state *pins)
{
	return same_secret(token, pins) && (sl_login_id_known(token->secret_id) || !sl_login_id_known(pins->secret_id));
}

void
sl_token_guard(struct sl_token *token, const struct sl_pin_state *pins)
{
	bool same;

	(void)pthread_rwlock_rdlock(&token->lock);
	same = settled(token, pins);
	(void)pthread_rwlock_unlock(&token->lock);
	if (same)
		return;
	(void)pthread_rwlock_wrlock(&token->lock);
	same = same_secret(token, pins);
	__atomic_store_n(&token->guarded, pins->initialized, __ATOMIC_RELEASE);
	if (!same || sl_login_id_known(pins->secret_id))
		memcpy(token->secret_id, pins->secret_id, SL_SECRET_ID);
	if (!same) {
		close_private_locked(token);
		rebuild_declared_locked(token);
	}
	(void)pthread_rwlock_unlock(&token->lock);
}

enum sl_err
sl_token_key(struct sl_token *token, struct sl_object *object, struct sl_key **ret_key)
{
	struct sl_root_name name = { .len = 0 };
	SL_SECRET secret = { 0 };
	enum sl_err err;

	if (object->material == NULL)
		return SL_ERR_ARG;
	*ret_key = sl_material_have(object->material);
	if (*ret_key != NULL)
		return SL_OK;
	/* For a sealed key the name does not matter, but the pin of the salt key comes with it. */
	if (sl_material_needs_root(object->material) && (err = sl_token_identify(token, &name, NULL)) != SL_OK)
		return err;
	if (sl_material_bound(object->material) && (err = sl_login_secret(token, &secret)) != SL_OK)
		return err;
	err = sl_material_key(object->material, token->root, &name, &secret, ret_key);
	if (err == SL_ERR_MISMATCH)
		sl_device_forget(token->instance->device); /* the next question goes to the TPM */
	return err;
}
