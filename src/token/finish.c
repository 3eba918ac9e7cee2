/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/declared.h"

#include "base/log.h"
#include "token/build.h"

#include <stdlib.h>
#include <string.h>

/*
 * Declared keys come to life: their public halves are looked up, or computed in one batch on the root, and their objects published.
 */
#define BATCH_MAX 64

/* One declared key that a search wants to see. */
struct job {
	size_t index;                 /* into token->declared */
	struct sl_object *key;        /* its private or secret key object, referenced */
	uint8_t store_index[SL_CONTEXT_LEN];
	struct sl_recorded pub;         /* what is on record */
	struct sl_key *public_key;    /* what the objects will show */
	bool derived;                 /* it was computed: worth storing */
};

struct jobs {
	struct job at[BATCH_MAX];
	size_t n;
	const struct sl_view *view;
	unsigned epoch;
};

static void
clear_jobs(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		sl_object_unref(&jobs->at[i].key);
		sl_recorded_clear(&jobs->at[i].pub);
		sl_key_unref(&jobs->at[i].public_key);
	}
	jobs->n = 0;
}

/* Those not ready that the template may ask for, from number *at on, BATCH_MAX at a time. */
static void
collect(struct sl_token *token, const CK_ATTRIBUTE *template, CK_ULONG n, size_t *at, struct jobs *jobs)
{
	size_t i;

	(void)pthread_rwlock_rdlock(&token->lock);
	jobs->epoch = token->epoch;
	for (i = *at; i < token->n_declared && jobs->n < BATCH_MAX; i++) {
		const struct sl_declared *d = &token->declared[i];
		bool wanted = false;

		for (size_t k = 0; k < SL_DECLARED_OBJECTS; k++)
			wanted = wanted || (d->objects[k] != NULL && sl_object_matches(d->objects[k], template, n));
		if (!wanted || d->ready || d->objects[SL_DECLARED_KEY] == NULL)
			continue;
		jobs->at[jobs->n++] = (struct job){ .index = i, .key = sl_object_ref(d->objects[SL_DECLARED_KEY]) };
	}
	*at = i;
	(void)pthread_rwlock_unlock(&token->lock);
}

static const struct sl_recipe *
recipe_of(const struct job *job)
{
	return sl_material_recipe(job->key->material);
}

static bool
is_bound(const struct job *job)
{
	return sl_material_bound(job->key->material);
}

static bool
is_pair(const struct job *job)
{
	return sl_keytype_is_pair(&recipe_of(job)->type);
}

/* Public halves that are in the store. A secret key has none and needs nothing here. */
static enum sl_err
look_up(struct sl_token *token, int64_t store_root, struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->n; i++) {
		struct job *job = &jobs->at[i];
		const struct sl_keyid id = sl_recipe_keyid(recipe_of(job));
		enum sl_err err = sl_context_index(&id, job->store_index);

		if (err == SL_OK && store_root != 0 && is_pair(job))
			err = sl_store_public(token->instance->store, store_root, job->store_index, &job->pub);
		if (err == SL_OK && job->pub.spki != NULL)
			err = sl_key_from_spki(job->pub.spki, job->pub.spki_len, &job->public_key);
		/* One damaged row is no reason to lose sight of the whole token: the root tells it again. */
		if (err == SL_ERR_FORMAT || err == SL_ERR_UNSUPPORTED) {
			sl_log(SL_LOG_ERROR, "the public key on record of \"%s\" cannot be read: derived anew", recipe_of(job)->name);
			sl_recorded_clear(&job->pub);
			err = SL_ERR_NOT_FOUND;
		}
		if (err != SL_OK && err != SL_ERR_NOT_FOUND)
			return err;
	}
	return SL_OK;
}

static enum sl_err
record_public(struct job *job, const struct sl_rsa_hints *hints)
{
	SL_SECRET spki = { 0 };
	enum sl_err err;

	job->public_key = sl_material_have(job->key->material);
	if (job->public_key == NULL)
		return SL_ERR_CRYPTO;
	if ((err = sl_key_part(job->public_key, SL_PART_SPKI, &spki)) != SL_OK)
		return err;
	job->pub.spki = malloc(spki.len);
	if (job->pub.spki == NULL)
		return SL_ERR_MEMORY;
	memcpy(job->pub.spki, spki.bytes, spki.len);
	job->pub.spki_len = spki.len;
	job->pub.hints = *hints;
	job->derived = true;
	return SL_OK;
}

struct batch_secrets {
	struct sl_secret at[BATCH_MAX];
	size_t n;
};

static void
clear_secrets(struct batch_secrets *secrets)
{
	for (size_t i = 0; i < secrets->n; i++)
		sl_secret_clear(&secrets->at[i]);
}

/* One batch on the root for all that is not on record. */
static enum sl_err
derive(struct sl_token *token, const struct sl_root_name *name, struct jobs *jobs)
{
	SL_CLEANUP(clear_secrets) struct batch_secrets secrets = { .n = 0 };
	SL_SECRET token_secret = { 0 };
	uint8_t contexts[BATCH_MAX * SL_CONTEXT_LEN];
	struct job *missing[BATCH_MAX];
	size_t n = 0;
	enum sl_err err;

	/* SL_ERR_LOGIN: nobody may compute them now. */
	err = sl_view_secret(token, jobs->view, true, &token_secret);
	for (size_t i = 0; i < jobs->n && err == SL_OK; i++) {
		struct job *job = &jobs->at[i];
		struct sl_keyid id;

		if (!is_pair(job) || job->public_key != NULL)
			continue;
		id = sl_recipe_keyid(recipe_of(job));
		if (is_bound(job) != (token_secret.len != 0))
			err = SL_ERR_LOGIN; /* the token got its PINs, or lost them, since we looked */
		if (err != SL_OK)
			break;
		id.token_secret = is_bound(job) ? token_secret.bytes : NULL;
		err = sl_context(&id, contexts + n * SL_CONTEXT_LEN);
		missing[n++] = job;
	}
	secrets.n = n;
	if (err == SL_OK && n != 0)
		err = sl_root_derive(token->root, name, contexts, n, secrets.at, NULL);
	for (size_t i = 0; i < n && err == SL_OK; i++) {
		struct sl_rsa_hints hints = { 0, 0 };

		err = sl_material_fill(missing[i]->key->material, secrets.at[i].bytes, &hints);
		if (err == SL_OK)
			err = record_public(missing[i], &hints);
	}
	sl_secret_wipe(contexts, sizeof(contexts));
	return err;
}

/* So that the next process need not ask the root. A store that cannot be written is no reason to fail. */
static void
remember(struct sl_token *token, const struct jobs *jobs)
{
	uint8_t secret_id[SL_SECRET_ID];
	int64_t root = 0;
	enum sl_err err = SL_OK;

	for (size_t i = 0; i < jobs->n && err == SL_OK; i++) {
		if (!jobs->at[i].derived)
			continue;
		if (root == 0) {
			if (!sl_store_writable(token->instance->store))
				return;
			err = sl_token_store_root(token, &root);
		}
		if (err == SL_OK && is_bound(&jobs->at[i]))
			err = sl_login_secret_id(token, secret_id);
		if (err == SL_OK)
			err = sl_store_set_public(token->instance->store, root, jobs->at[i].store_index, &jobs->at[i].pub,
			                          is_bound(&jobs->at[i]) ? secret_id : NULL);
	}
	if (err != SL_OK)
		sl_log(SL_LOG_INFO, "public keys are not stored: %s", sl_err_text(err));
}

/* A finished snapshot of one object. */
static enum sl_err
finish_object(const struct sl_object *object, const struct job *job, struct sl_object **ret_object)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *fresh = NULL;
	const struct sl_known known = { .spki = job->pub.spki, .spki_len = job->pub.spki_len, .hints = job->pub.hints };
	enum sl_err err;

	if ((err = sl_object_clone(object, &fresh)) != SL_OK)
		return err;
	fresh->unfinished = false;
	if (job->public_key != NULL && (fresh->kind & (SL_IS_PUBLIC | SL_IS_PRIVATE)) != 0 &&
	    (err = sl_build_public_parts(&fresh->attrs, job->public_key)) != SL_OK)
		return err;
	/* One that is finished again after a logout has one from before. */
	if ((fresh->kind & SL_IS_PUBLIC) != 0) {
		sl_material_unref(&fresh->material);
		err = sl_material_of_spki(known.spki, known.spki_len, &fresh->material);
	}
	/* A key that is derived later, or again after a logout, is compared with what we show now. */
	if ((fresh->kind & SL_IS_PRIVATE) != 0 && (!job->derived || fresh->material != job->key->material)) {
		sl_material_unref(&fresh->material);
		err = sl_material_of_recipe(recipe_of(job), is_bound(job), &known, &fresh->material);
	}
	if (err == SL_OK)
		*ret_object = SL_TAKE(fresh);
	return err;
}

/* Of a key that nobody may compute now, and that is not on record, there is nothing to show. */
static bool
is_known(const struct job *job)
{
	return !is_pair(job) || job->public_key != NULL;
}

static enum sl_err
publish(struct sl_token *token, const struct job *job)
{
	struct sl_declared *d = &token->declared[job->index];
	enum sl_err err = SL_OK;

	for (size_t k = 0; k < SL_DECLARED_OBJECTS && err == SL_OK; k++) {
		SL_CLEANUP(sl_object_unref) struct sl_object *fresh = NULL;

		if (d->objects[k] == NULL)
			continue;
		if ((err = finish_object(d->objects[k], job, &fresh)) != SL_OK)
			break;
		if ((!token->guarded || !sl_object_is_private(fresh)) && (err = sl_token_publish_locked(token, fresh)) != SL_OK)
			break;
		sl_object_unref(&d->objects[k]);
		d->objects[k] = SL_TAKE(fresh);
	}
	d->hints = job->pub.hints;
	d->ready = err == SL_OK;
	return err;
}

static enum sl_err
publish_all(struct sl_token *token, const struct jobs *jobs)
{
	enum sl_err err = SL_OK;

	(void)pthread_rwlock_wrlock(&token->lock);
	/* Another root meanwhile, or another thread was first: then these are not the keys to show. */
	for (size_t i = 0; i < jobs->n && err == SL_OK && jobs->epoch == token->epoch; i++)
		if (!token->declared[jobs->at[i].index].ready && is_known(&jobs->at[i]))
			err = publish(token, &jobs->at[i]);
	(void)pthread_rwlock_unlock(&token->lock);
	return err;
}

/* A search that somebody makes, and how far we are with it. */
struct search {
	const struct sl_view *view;
	const CK_ATTRIBUTE *template;
	CK_ULONG n;
	size_t at;
	bool more; /* there may be others */
};

/* Up to BATCH_MAX of them; finish_lock is held. */
static enum sl_err
finish_some(struct sl_token *token, struct search *s)
{
	SL_CLEANUP(clear_jobs) struct jobs jobs = { .view = s->view };
	struct sl_root_name name;
	int64_t store_root;
	enum sl_err err;

	collect(token, s->template, s->n, &s->at, &jobs);
	s->more = jobs.n != 0;
	if (jobs.n == 0)
		return SL_OK;
	if ((err = sl_token_identify(token, &name, &store_root)) != SL_OK || (err = look_up(token, store_root, &jobs)) != SL_OK)
		return err;
	err = derive(token, &name, &jobs);
	if (err != SL_OK && err != SL_ERR_LOGIN) {
		if (err == SL_ERR_MISMATCH)
			sl_device_forget(token->instance->device);
		return err;
	}
	remember(token, &jobs);
	return publish_all(token, &jobs);
}

/* Whoever wants what is being computed by another thread waits for it; a search for what is there already does not. */
enum sl_err
sl_declared_finish(struct sl_token *token, const struct sl_view *view, const CK_ATTRIBUTE *template, CK_ULONG n)
{
	SL_CLEANUP(clear_jobs) struct jobs wanted = { .view = view };
	struct search s = { .view = view, .template = template, .n = n, .more = true };
	enum sl_err err = SL_OK;
	size_t at = 0;

	collect(token, template, n, &at, &wanted);
	if (wanted.n == 0)
		return SL_OK;
	(void)pthread_mutex_lock(&token->finish_lock);
	while (err == SL_OK && s.more)
		err = finish_some(token, &s);
	(void)pthread_mutex_unlock(&token->finish_lock);
	return err;
}
