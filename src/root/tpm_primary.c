/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_bound.h"

#include <string.h>

#define ATTEMPTS 2

static struct sl_tpm_root *
of(struct sl_root *root)
{
	return (struct sl_tpm_root *)root; /* base is its first member */
}

static void
root_close(struct sl_root *root)
{
	free(of(root)->bound);
	free(of(root));
}

static enum sl_err
root_present(struct sl_root *root, struct sl_root_info *ret_info)
{
	return sl_tpm_device_present(of(root), ret_info);
}

static void
root_trouble(struct sl_root *root, struct sl_msg *ret_msg)
{
	sl_device_trouble(of(root)->device, ret_msg);
}

static void
remember_name(struct sl_tpm_root *r, const struct sl_root_name *name)
{
	r->name = *name;
	r->has_name = true;
	r->name_epoch = r->device->epoch;
}

static bool
knows_name(const struct sl_tpm_root *r)
{
	return r->has_name && r->name_epoch == r->device->epoch;
}

/*
 * A primary of the endorsement hierarchy keeps its key over TPM2_Clear and still gets another Name: the Name covers a digest of the object's
 * obfuscation value, and that one is stirred with proofs that a clear changes. The Name of an asymmetric primary covers its public key instead,
 * which follows the seed alone. So there the identity is a digest of the salt key's Name and of our template.
 */
static bool
is_named_by_salt(const struct sl_tpm_root *r)
{
	return r->spec->kind == SL_ROOT_PRIMARY && r->spec->hierarchy == SL_HIERARCHY_ENDORSEMENT;
}

static enum sl_err
name_by_salt(const struct sl_tpm_root *r, const struct sl_root_name *salt, struct sl_root_name *ret_name)
{
	static const char label[] = "seedleaf endorsement root v1"; /* hashed with its terminating zero */
	uint8_t room[sizeof(label) + sizeof(salt->bytes) + sizeof(r->tmpl.bytes)];
	struct sl_writer w = sl_writer_of(room, sizeof(room));
	struct sl_root_name name = { .bytes = { TPM2_ALG_SHA256 >> 8, TPM2_ALG_SHA256 & 0xFF }, .len = 34 };
	enum sl_err err;

	sl_writer_bytes(&w, label, sizeof(label));
	sl_writer_bytes(&w, salt->bytes, salt->len);
	sl_writer_bytes(&w, r->tmpl.bytes, r->tmpl.len);
	if ((err = sl_hash_once(SL_HASH_SHA256, room, w.used, name.bytes + 2)) == SL_OK)
		*ret_name = name;
	return err;
}

/* The root's key, ready for use: created anew, or found at its handle. */
static enum sl_err
load(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct sl_tpm_grant *grant, struct sl_tpm_object *ret_object)
{
	struct sl_tpm_object object = { .handle = r->spec->handle };
	enum sl_err err;

	if (r->spec->kind == SL_ROOT_PRIMARY)
		err = sl_tpm_command_create_primary(batch, grant, &r->tmpl, &object);
	else
		err = sl_tpm_command_read_public(batch, object.handle, &object.key);
	if (err != SL_OK)
		return err == SL_ERR_NOT_FOUND ? SL_ERR_ABSENT : err;
	/* Any root of ours under this policy, whatever its namespace. */
	if (!sl_tpm_public_fits(&object.key, &r->tmpl)) {
		sl_tpm_device_trouble(batch->device, "%s: the key at 0x%08x is not a root%s", batch->device->tcti, object.handle,
		                      r->bound != NULL ? " under this policy" : " without a policy");
		return SL_ERR_MISMATCH;
	}
	if (!is_named_by_salt(r))
		remember_name(r, &object.key.name);
	*ret_object = object;
	return SL_OK;
}

static void
unload(struct sl_tpm_batch *batch, const struct sl_tpm_root *r, struct sl_tpm_object *object)
{
	if (r->spec->kind == SL_ROOT_PRIMARY)
		sl_tpm_command_flush(batch, &object->handle);
}

/* Asks the TPM; the name is in r afterwards. */
static enum sl_err
find_name(struct sl_tpm_batch *batch, struct sl_tpm_root *r)
{
	struct sl_tpm_grant grant = sl_tpm_grant_of(r, r->spec->hierarchy);
	struct sl_tpm_object object = { .handle = 0 };
	struct sl_root_name name = { .len = 0 };
	enum sl_err err = sl_tpm_bound_ready(batch, r);

	if (err != SL_OK)
		return err;
	if (is_named_by_salt(r)) {
		if ((err = sl_tpm_salt_start(batch, r, &grant, NULL, &name)) == SL_OK &&
		    (err = name_by_salt(r, &name, &name)) == SL_OK)
			remember_name(r, &name);
	} else {
		err = load(batch, r, &grant, &object);
		unload(batch, r, &object);
	}
	sl_tpm_grant_end(batch, &grant);
	return err;
}

static enum sl_err
root_name(struct sl_root *root, struct sl_root_name *ret_name)
{
	struct sl_tpm_root *r = of(root);
	SL_TPM_BATCH batch = { .device = NULL };
	enum sl_err err;

	if (r->device->pid != getpid())
		return SL_ERR_DEVICE;
	(void)pthread_mutex_lock(&r->device->lock);
	if (knows_name(r)) {
		*ret_name = r->name;
		(void)pthread_mutex_unlock(&r->device->lock);
		return SL_OK;
	}
	(void)pthread_mutex_unlock(&r->device->lock);
	if ((err = sl_tpm_batch_begin(r->device, &batch)) != SL_OK)
		return err;
	if ((err = find_name(&batch, r)) != SL_OK)
		return sl_tpm_device_used(r->device, err);
	sl_tpm_device_trouble(r->device, NULL);
	*ret_name = r->name;
	return SL_OK;
}

/* What derive has to do, and what it found. */
struct job {
	const struct sl_root_name *expect;
	const uint8_t *contexts;
	size_t n;
	size_t done;
	struct sl_secret *secrets; /* n of them, empty at first */
	struct sl_root_name name;
};

static void
job_clear(struct job *job)
{
	for (size_t i = 0; i < job->n; i++)
		sl_secret_clear(&job->secrets[i]);
}

static enum sl_err
check_expected(struct sl_tpm_batch *batch, const struct sl_tpm_root *r, const struct job *job)
{
	const bool is_of_now = r->spec->policy.kind == SL_POLICY_PCR && !r->spec->policy.has_digest;

	if (job->expect == NULL || sl_tpm_public_same_name(job->expect, &job->name))
		return SL_OK;
	sl_tpm_device_trouble(batch->device, "%s: the root is not the one on record%s", batch->device->tcti,
	                      is_of_now ? ": the PCRs of its policy have other values, or another TPM does" : "");
	return SL_ERR_MISMATCH;
}

/* A persistent root whose Name we know need not be read again: the TPM checks the Name that we compute with (cpHash). */
static enum sl_err
load_for(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct sl_tpm_grant *grant, struct job *job,
         struct sl_tpm_object *ret_object)
{
	const bool known = r->spec->kind == SL_ROOT_PERSISTENT && knows_name(r) &&
	                   (job->expect == NULL || sl_tpm_public_same_name(job->expect, &r->name));
	enum sl_err err = SL_OK;

	if (known)
		*ret_object = (struct sl_tpm_object){ .handle = r->spec->handle, .key = { .name = r->name } };
	else
		err = load(batch, r, grant, ret_object);
	if (err != SL_OK)
		return err;
	if (is_named_by_salt(r))
		return SL_OK;
	job->name = ret_object->key.name;
	return check_expected(batch, r, job);
}

/*
 * The plain session is for everything where there is no policy. With one it only keeps others from choosing the hierarchy for us, and completes
 * sequences.
 */
static bool
needs_plain(const struct sl_tpm_root *r)
{
	return r->bound == NULL || r->device->no_hmac || (r->spec->kind == SL_ROOT_PRIMARY && r->spec->auth_file == NULL);
}

static enum sl_err
start(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct sl_tpm_grant *grant, struct sl_tpm_sessions *sessions, struct job *job)
{
	const struct sl_tpm_wish wish = { .session = needs_plain(r) ? &sessions->plain : NULL,
		                          .policy = r->bound != NULL ? &sessions->policy : NULL };
	enum sl_err err = sl_tpm_salt_use(batch, r, grant, &wish);

	if (err == SL_OK && is_named_by_salt(r) &&
	    (err = name_by_salt(r, &r->device->salt[r->salt_hierarchy].key.name, &job->name)) == SL_OK) {
		remember_name(r, &job->name);
		err = check_expected(batch, r, job);
	}
	if (needs_plain(r)) {
		grant->shared = &sessions->plain; /* so nobody in between can choose another hierarchy */
		sessions->plain.last = r->bound != NULL && !r->device->no_hmac;
	}
	return err;
}

static enum sl_err
derive_one(struct sl_tpm_batch *batch, struct sl_tpm_root *r, const struct sl_tpm_object *object, struct sl_tpm_sessions *sessions,
           struct job *job)
{
	const uint8_t *context = job->contexts + SL_ROOT_CONTEXT * job->done;
	unsigned tries = 0;
	enum sl_err err;

	sessions->last = job->done + 1 == job->n;
	if (r->bound == NULL)
		return sl_tpm_command_hmac(batch, object, sessions, context, &job->secrets[job->done]);
	do {
		err = sl_tpm_plan_run(batch, &r->bound->plan, &sessions->policy);
		if (err == SL_OK)
			err = sl_tpm_command_hmac(batch, object, sessions, context, &job->secrets[job->done]);
	} while (sl_tpm_plan_again(batch, &sessions->policy, err, &tries));
	return err;
}

/* The sessions come first: their salt key has left the TPM before the root comes in. */
static enum sl_err
attempt(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	struct sl_tpm_grant grant = sl_tpm_grant_of(r, r->spec->hierarchy);
	struct sl_tpm_sessions sessions = { .by_policy = r->bound != NULL };
	struct sl_tpm_object object = { .handle = 0 };
	enum sl_err err = sl_tpm_bound_plan(batch, r);

	if (err != SL_OK)
		return err;
	if ((err = start(batch, r, &grant, &sessions, job)) == SL_OK)
		err = load_for(batch, r, &grant, job, &object);
	if (r->bound != NULL)
		sl_tpm_grant_end(batch, &grant);
	for (job->done = 0; err == SL_OK && job->done < job->n; job->done++)
		err = derive_one(batch, r, &object, &sessions, job);
	unload(batch, r, &object);
	sl_tpm_session_end(batch, &sessions.policy);
	sl_tpm_session_end(batch, &sessions.plain);
	sl_tpm_grant_end(batch, &grant);
	if (err != SL_OK)
		job_clear(job);
	if (err == SL_ERR_POLICY)
		sl_tpm_bound_failed(batch, r);
	return err;
}

/*
 * After a clear, a reset or a new provisioning, what we remember is stale, and the TPM refuses the session or the handle: then everything is looked
 * up once more. An answer with a wrong HMAC is no such case: that is a fault or an attack, and ends it.
 */
static bool
is_stale(enum sl_err err)
{
	return err == SL_ERR_VERIFY || err == SL_ERR_NOT_FOUND;
}

static void
forget_keys(struct sl_tpm_root *r)
{
	r->has_name = false;
	r->device->salt[r->salt_hierarchy].known = false;
}

static enum sl_err
try_twice(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	enum sl_err err = SL_OK;

	for (int i = 0; i < ATTEMPTS; i++) {
		err = attempt(batch, r, job);
		if (err == SL_ERR_AUTH) /* where there was nothing to authorize */
			return SL_ERR_DEVICE;
		if (err == SL_ERR_POLICY && r->bound != NULL && r->bound->again) {
			r->bound->again = false; /* the machine may have moved to another signed state */
			continue;
		}
		if (!is_stale(err))
			return err;
		forget_keys(r);
	}
	return err == SL_ERR_POLICY ? err : SL_ERR_DEVICE;
}

static enum sl_err
root_derive(struct sl_root *root, const struct sl_root_name *expect, const uint8_t *contexts, size_t n,
            struct sl_secret *ret_secrets, struct sl_root_name *ret_name)
{
	struct sl_tpm_root *r = of(root);
	SL_FREE struct sl_secret *secrets = calloc(n, sizeof(*secrets));
	struct job job = { .expect = expect, .contexts = contexts, .n = n, .secrets = secrets };
	SL_TPM_BATCH batch = { .device = NULL };
	enum sl_err err;

	if (secrets == NULL)
		return SL_ERR_MEMORY;
	if ((err = sl_tpm_batch_begin(r->device, &batch)) != SL_OK)
		return err;
	err = try_twice(&batch, r, &job);
	if (err == SL_OK || (err == SL_ERR_MISMATCH && job.name.len != 0)) {
		if (ret_name != NULL)
			*ret_name = job.name;
	}
	if (err != SL_OK)
		return sl_tpm_device_used(r->device, err);
	sl_tpm_device_trouble(r->device, NULL);
	memcpy(ret_secrets, secrets, n * sizeof(*secrets));
	return SL_OK;
}

static enum sl_err
draw(struct sl_tpm_batch *batch, struct sl_tpm_root *r, uint8_t *out, size_t len)
{
	struct sl_tpm_grant grant = sl_tpm_grant_of(r, r->spec->hierarchy);
	struct sl_tpm_session session = { .handle = 0 };
	enum sl_err err = sl_tpm_salt_start(batch, r, &grant, &session, NULL);
	size_t have = 0;

	while (err == SL_OK && have < len) {
		size_t got = 0;

		err = sl_tpm_command_random(batch, &session, out + have, len - have, &got);
		have += got;
	}
	sl_tpm_session_end(batch, &session);
	sl_tpm_grant_end(batch, &grant);
	return err;
}

static enum sl_err
root_random(struct sl_root *root, uint8_t *out, size_t len)
{
	struct sl_tpm_root *r = of(root);
	SL_TPM_BATCH batch = { .device = NULL };
	SL_SECRET bytes = { 0 };
	enum sl_err err;

	if ((err = sl_secret_alloc(&bytes, len)) != SL_OK || (err = sl_tpm_batch_begin(r->device, &batch)) != SL_OK)
		return err;
	err = draw(&batch, r, bytes.bytes, len);
	if (is_stale(err)) {
		forget_keys(r);
		err = draw(&batch, r, bytes.bytes, len);
	}
	if (err != SL_OK)
		return is_stale(err) ? SL_ERR_DEVICE : err;
	sl_tpm_device_trouble(r->device, NULL);
	memcpy(out, bytes.bytes, len);
	return SL_OK;
}

static enum sl_err
root_salt_key(struct sl_root *root, struct sl_root_name *ret_name)
{
	struct sl_tpm_root *r = of(root);
	struct sl_tpm_grant grant = sl_tpm_grant_of(r, r->spec->hierarchy);
	const struct sl_tpm_salt *salt;
	SL_TPM_BATCH batch = { .device = NULL };
	enum sl_err err;
	bool done;

	if (r->device->pid != getpid())
		return SL_ERR_DEVICE;
	(void)pthread_mutex_lock(&r->device->lock);
	salt = &r->device->salt[r->salt_hierarchy];
	done = salt->known && (r->pin.len == 0 || sl_tpm_public_same_name(&r->pin, &salt->key.name));
	if (done)
		*ret_name = salt->key.name;
	(void)pthread_mutex_unlock(&r->device->lock);
	if (done)
		return SL_OK;
	if ((err = sl_tpm_batch_begin(r->device, &batch)) != SL_OK)
		return err;
	err = sl_tpm_salt_start(&batch, r, &grant, NULL, ret_name);
	sl_tpm_grant_end(&batch, &grant);
	return is_stale(err) ? SL_ERR_DEVICE : err;
}

void
sl_tpm_primary_pin(struct sl_root *root, const struct sl_root_name *salt_name)
{
	struct sl_tpm_root *r = of(root);

	if (r->device->pid != getpid())
		return;
	(void)pthread_mutex_lock(&r->device->lock);
	r->pin = *salt_name;
	(void)pthread_mutex_unlock(&r->device->lock);
}

static const struct sl_root_ops ops = {
	.close = root_close,
	.present = root_present,
	.name = root_name,
	.trouble = root_trouble,
	.derive = root_derive,
	.random = root_random,
	.salt_key = root_salt_key,
	.pin = sl_tpm_primary_pin,
	.persist = sl_tpm_persist,
	.seal = sl_tpm_seal,
	.unseal = sl_tpm_unseal,
	.policy_state = sl_tpm_bound_state,
	.pcr_read = sl_tpm_bound_pcr_read,
	.lockout = sl_tpm_device_lockout,
	.nv = &sl_tpm_nv_ops,
};

enum sl_err
sl_tpm_primary_open(struct sl_device *device, const struct sl_root_spec *spec, struct sl_root **ret_root)
{
	SL_FREE struct sl_tpm_root *r = calloc(1, sizeof(*r));
	enum sl_err err;

	if (r == NULL)
		return SL_ERR_MEMORY;
	r->base.ops = &ops;
	r->device = device;
	r->spec = spec;
	r->salt_hierarchy = spec->hierarchy;
	if (spec->has_salt_name) {
		memcpy(r->pin.bytes, spec->salt_name, sizeof(spec->salt_name));
		r->pin.len = sizeof(spec->salt_name);
	}
	if (spec->policy.kind == SL_POLICY_NONE)
		err = sl_tpm_public_root(spec->name_space == NULL ? "" : spec->name_space, NULL, &r->tmpl);
	else
		err = (r->bound = calloc(1, sizeof(*r->bound))) == NULL ? SL_ERR_MEMORY : SL_OK;
	if (err != SL_OK)
		return err;
	*ret_root = &SL_TAKE(r)->base;
	return SL_OK;
}
