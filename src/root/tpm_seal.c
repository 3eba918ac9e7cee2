/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealed.h"
#include "root/tpm_bound.h"

#include <string.h>

#define ATTEMPTS 2

/*
 * Sealed data objects (TPM 2.0 Library, Part 1, 27.7; Part 3, 12.1, 12.2, 12.7) under the root's salt key. The session
 * is salted to that same key, so whoever could read the session could open the object, too: there is one key to pin,
 * not two.
 */
struct job {
	const struct sl_secret *auth; /* as the TPM has it: not empty, or NULL */
	/* seal */
	struct sl_tpm_creation *creation;
	struct sl_tpm_template tmpl;
	uint8_t policy[sizeof(((struct sl_tpm_bound *)NULL)->policy) + 32];
	size_t policy_len;
	bool guarded;
	uint32_t parent;
	/* unseal */
	const struct sl_sealed *sealed;
	struct sl_tpm_object object;
	bool by_policy;
	struct sl_bytes auth_policy; /* of the object */
	struct sl_tpm_plan plan;
	struct sl_secret data;
};

/* What is needed in each batch, and given back by done(). */
struct bench {
	struct sl_tpm_batch *batch;
	struct sl_tpm_root *root;
	struct sl_tpm_grant grant;
	struct sl_tpm_session session;
	struct sl_tpm_session policy;
	struct sl_tpm_object parent;
};

static void
drop_parent(struct bench *b)
{
	if (b->parent.handle != SL_TPM_SRK)
		sl_tpm_command_flush(b->batch, &b->parent.handle);
}

static void
done(struct bench *b)
{
	drop_parent(b);
	sl_tpm_session_end(b->batch, &b->session);
	sl_tpm_session_end(b->batch, &b->policy);
	sl_tpm_grant_end(b->batch, &b->grant);
}

static enum sl_err
begin(struct sl_tpm_batch *batch, struct sl_tpm_root *r, bool by_policy, struct bench *b)
{
	const struct sl_tpm_wish wish = { .session = &b->session, .policy = by_policy ? &b->policy : NULL, .parent = &b->parent };

	enum sl_err err;

	*b = (struct bench){ .batch = batch, .root = r, .grant = sl_tpm_grant_of(r, r->spec->hierarchy) };
	err = sl_tpm_salt_use(batch, r, &b->grant, &wish);
	sl_tpm_grant_end(batch, &b->grant); /* makes room for what is loaded next */
	return err;
}

/* Under the root's policy, and its auth after that. */
static enum sl_err
write_policy(const struct sl_tpm_root *r, struct job *job, uint8_t digest[SL_TPM_POLICY])
{
	struct sl_writer w = sl_writer_of(job->policy, sizeof(job->policy));
	struct sl_msg msg;

	sl_writer_bytes(&w, r->bound->policy, r->bound->policy_len);
	if (job->auth != NULL)
		sl_policy_write_auth_value(&w);
	job->policy_len = w.used;
	return sl_writer_ok(&w) ? sl_policy_digest((struct sl_bytes){ job->policy, w.used }, digest, &msg) : SL_ERR_RANGE;
}

static enum sl_err
seal_once(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	SL_CLEANUP(done) struct bench b = { .batch = batch };
	uint8_t digest[SL_TPM_POLICY];
	uint8_t tpml[SL_POLICY_SELECTION_MAX];
	enum sl_err err = sl_tpm_bound_check(batch, r);

	if (err == SL_OK && r->bound != NULL)
		err = write_policy(r, job, digest);
	if (err == SL_OK)
		err = begin(batch, r, false, &b);
	if (err != SL_OK)
		return err;
	sl_tpm_public_sealed(r->bound == NULL ? NULL : digest, job->guarded, &job->tmpl);
	b.session.last = true;
	job->parent = b.parent.handle == SL_TPM_SRK ? SL_TPM_SRK : sl_tpm_grant_handle(r->salt_hierarchy);
	/* Whoever told us other values on the bus would choose the state that opens it. */
	job->creation->pcrs = (struct sl_bytes){ tpml, 0 };
	job->creation->pcr_digest = sl_tpm_bound_now(r, tpml, &job->creation->pcrs.len);
	err = sl_tpm_command_create(batch, &b.parent, &b.session, job->creation);
	job->creation->pcrs = (struct sl_bytes){ NULL, 0 };
	if (err == SL_ERR_POLICY && job->creation->pcr_digest != NULL)
		sl_tpm_bound_failed(batch, r);
	return err;
}

/*
 * The blob names its parent by its hierarchy. Ours is the TCG's template with a `unique` of zeros; the specification of the TSS2 PRIVATE KEY has the
 * one with an empty `unique`, and so have the blobs of other tools. The session stays the one salted to our key. A key may have been put at the storage root key's handle after it was sealed; unless a pin
 * says which of the two it is, both are tried.
 */
static enum sl_err
load_by_template(struct bench *b, struct job *job, bool plain)
{
	struct sl_tpm_template storage;
	enum sl_err err;

	(plain ? sl_tpm_public_storage_plain : sl_tpm_public_storage)(&storage);
	b->grant.shared = &b->session;
	b->session.last = false;
	err = sl_tpm_command_create_primary(b->batch, &b->grant, &storage, &b->parent);
	sl_tpm_grant_end(b->batch, &b->grant);
	if (err != SL_OK)
		return err;
	b->session.last = job->by_policy;
	err = sl_tpm_command_load(b->batch, &b->parent, &b->session, &job->sealed->private_area, &job->object);
	drop_parent(b);
	return err;
}

/* At most two transient objects, the parent and ours, and that for a moment only. */
static enum sl_err
load(struct bench *b, struct job *job)
{
	const bool by_handle = b->parent.handle == SL_TPM_SRK;
	enum sl_err err;

	b->session.last = job->by_policy; /* it is for loading alone then */
	err = sl_tpm_command_load(b->batch, &b->parent, &b->session, &job->sealed->private_area, &job->object);
	drop_parent(b);
	if (err == SL_ERR_MISMATCH && by_handle && job->sealed->parent != SL_TPM_SRK && b->root->pin.len == 0)
		err = load_by_template(b, job, false);
	if (err == SL_ERR_MISMATCH && job->sealed->parent == sl_tpm_grant_handle(b->root->salt_hierarchy))
		err = load_by_template(b, job, true);
	if (err == SL_ERR_MISMATCH)
		sl_tpm_device_trouble(b->batch->device,
		                      "%s: the sealed key is not this TPM's: sealed by another one, before a clear, or altered",
		                      b->batch->device->tcti);
	return err;
}

static enum sl_err
refuse(struct sl_tpm_batch *batch, enum sl_err err, const char *why)
{
	sl_tpm_device_trouble(batch->device, "%s: %s", batch->device->tcti, why);
	return err;
}

/* What the blob's own policy takes, by now. */
static enum sl_err
plan(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	const struct sl_policy_spec *spec = &r->spec->policy;
	const struct sl_tpm_policy_source source = { .policy = job->sealed->policy, .alternatives = job->sealed->auth_policy,
		                                     .signatures = spec->signatures, .key_file = spec->key_file };
	struct sl_msg msg = { .text = "" };
	const enum sl_err err = sl_tpm_plan_make(batch, &source, &job->plan, &msg);

	if (err != SL_OK)
		return msg.text[0] == '\0' ? err : refuse(batch, err, msg.text);
	if (memcmp(job->plan.digest, job->auth_policy.data, SL_TPM_POLICY) != 0)
		return refuse(batch, SL_ERR_POLICY, "the sealed key is under another policy than the one that comes with it, or the PCRs moved");
	if (job->plan.by_auth && job->auth == NULL)
		return refuse(batch, SL_ERR_AUTH, "sealed key: its policy asks for an authorization, and none was given");
	/* It would still be in the key that the answer is encrypted with, and nothing would tell whether it was the right one (Part 1, 21.2). */
	if (!job->plan.by_auth && !job->sealed->empty_auth)
		return refuse(batch, SL_ERR_UNSUPPORTED, "sealed key: it has an authorization that its policy does not ask for");
	if (!job->plan.by_auth && job->auth != NULL)
		return refuse(batch, SL_ERR_AUTH, "sealed key: its policy asks for no authorization");
	return SL_OK;
}

static enum sl_err
open_by_policy(struct bench *b, struct job *job)
{
	unsigned tries = 0;
	enum sl_err err;

	b->policy.last = true;
	do {
		err = sl_tpm_plan_run(b->batch, &job->plan, &b->policy);
		if (err == SL_OK)
			err = sl_tpm_command_unseal(b->batch, &job->object, &b->policy, job->auth, &job->data);
	} while (sl_tpm_plan_again(b->batch, &b->policy, err, &tries));
	return err != SL_ERR_POLICY ? err : refuse(b->batch, err, "the machine is not in the state that the sealed key's policy wants");
}

static enum sl_err
open_by_auth(struct bench *b, struct job *job)
{
	b->session.last = true;
	return sl_tpm_command_unseal(b->batch, &job->object, &b->session, job->auth, &job->data);
}

static enum sl_err
unseal_once(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	SL_CLEANUP(done) struct bench b = { .batch = batch };
	enum sl_err err = job->by_policy ? plan(batch, r, job) : SL_OK;

	if (err == SL_OK)
		err = begin(batch, r, job->by_policy, &b);
	if (err == SL_OK)
		err = load(&b, job);
	if (err != SL_OK)
		return err;
	if (job->by_policy)
		err = open_by_policy(&b, job);
	else
		err = open_by_auth(&b, job);
	sl_tpm_command_flush(batch, &job->object.handle);
	/* The session was good for loading. */
	return err == SL_ERR_AUTH && job->auth == NULL ? SL_ERR_DEVICE : err;
}

/* What we remembered may be stale: see is_stale() in tpm_primary.c. */
static enum sl_err
try_twice(struct sl_tpm_root *r, enum sl_err (*once)(struct sl_tpm_batch *, struct sl_tpm_root *, struct job *),
          struct job *job)
{
	SL_TPM_BATCH batch = { .device = NULL };
	enum sl_err err;

	if ((err = sl_tpm_batch_begin(r->device, &batch)) != SL_OK)
		return err;
	for (int i = 0; i < ATTEMPTS; i++) {
		err = once(&batch, r, job);
		if (err != SL_ERR_VERIFY && err != SL_ERR_NOT_FOUND)
			break;
		r->device->salt[r->salt_hierarchy].known = false;
	}
	if (err == SL_OK)
		sl_tpm_device_trouble(r->device, NULL);
	return err == SL_ERR_VERIFY || err == SL_ERR_NOT_FOUND ? SL_ERR_DEVICE : err;
}

enum sl_err
sl_tpm_seal(struct sl_root *root, const struct sl_seal_spec *spec, const struct sl_secret *secret, uint8_t **ret_der,
            size_t *ret_len)
{
	struct sl_tpm_root *r = (struct sl_tpm_root *)root;
	SL_SECRET auth = { 0 };
	struct sl_tpm_creation creation = { .data = secret };
	struct job job = { .creation = &creation };
	struct sl_sealed sealed = { .parent = 0 };
	enum sl_err err;

	if ((err = sl_tpm_session_trim(spec->auth, &auth)) != SL_OK)
		return err;
	creation.tmpl = &job.tmpl;
	creation.auth = job.auth = auth.len == 0 ? NULL : &auth;
	job.guarded = auth.len != 0 && !spec->strong;
	if ((err = try_twice(r, seal_once, &job)) != SL_OK)
		return sl_tpm_device_used(r->device, err);
	sealed.empty_auth = auth.len == 0;
	sealed.parent = job.parent;
	if (job.policy_len != 0)
		sealed.policy = (struct sl_bytes){ job.policy, job.policy_len };
	sealed.public_area = (struct sl_bytes){ creation.key.bytes, creation.key.len };
	sealed.private_area = (struct sl_bytes){ creation.private_area, creation.private_len };
	return sl_sealed_write(&sealed, ret_der, ret_len);
}

/* What can be said without asking the TPM; a wrong guess there can cost one of the tries that lock it. */
static enum sl_err
check(struct job *job, const struct sl_secret *auth, struct sl_msg *msg)
{
	const struct sl_sealed *sealed = job->sealed;
	struct sl_tpm_public *key = &job->object.key;
	bool by_auth = false;
	enum sl_err err = sl_tpm_public_of(sealed->public_area.data, sealed->public_area.len, key);

	if (err != SL_OK || !sl_tpm_public_is_sealed(key, &by_auth, &job->auth_policy)) {
		sl_msg_set(msg, "sealed key: its public part is not that of sealed data");
		return err == SL_OK ? SL_ERR_FORMAT : err;
	}
	if (sealed->private_area.len > SL_TPM_PRIVATE_MAX) {
		sl_msg_set(msg, "sealed key: its private part is too long");
		return SL_ERR_FORMAT;
	}
	job->by_policy = !by_auth;
	if (!by_auth && sealed->policy.len == 0) {
		sl_msg_set(msg, "sealed key: only its policy opens it, and the blob does not say which that is");
		return SL_ERR_POLICY;
	}
	if (!by_auth && (key->hash != SL_HASH_SHA256 || job->auth_policy.len != SL_TPM_POLICY)) {
		sl_msg_set(msg, "sealed key: its policy has another hash than SHA-256");
		return SL_ERR_UNSUPPORTED;
	}
	if (by_auth && auth->len == 0 && !sealed->empty_auth) {
		sl_msg_set(msg, "sealed key: it has an authorization, and none was given");
		return SL_ERR_AUTH;
	}
	return SL_OK;
}

enum sl_err
sl_tpm_unseal(struct sl_root *root, const uint8_t *der, size_t len, const struct sl_secret *auth,
              struct sl_secret *ret_secret)
{
	struct sl_tpm_root *r = (struct sl_tpm_root *)root;
	SL_SECRET trimmed = { 0 };
	struct sl_sealed sealed;
	struct job job = { .sealed = &sealed };
	struct sl_msg msg = { .text = "" };
	enum sl_err err;

	if (r->device->pid != getpid())
		return SL_ERR_DEVICE;
	err = sl_tpm_session_trim(auth, &trimmed);
	if (err == SL_ERR_ARG || err == SL_ERR_RANGE) /* nobody can have sealed with that */
		return SL_ERR_AUTH;
	if (err == SL_OK && (err = sl_sealed_read(der, len, &sealed, &msg)) == SL_OK)
		err = check(&job, &trimmed, &msg);
	if (err != SL_OK) {
		sl_tpm_device_trouble(r->device, "%s: %s", r->device->tcti,
		                      msg.text[0] == '\0' ? sl_err_text(err) : msg.text);
		return sl_tpm_device_used(r->device, err);
	}
	job.auth = trimmed.len == 0 ? NULL : &trimmed;
	if ((err = try_twice(r, unseal_once, &job)) != SL_OK)
		return sl_tpm_device_used(r->device, err);
	*ret_secret = sl_secret_take(&job.data);
	return SL_OK;
}
