/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealed.h"
#include "root/tpm.h"

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
	uint32_t parent;
	/* unseal */
	const struct sl_sealed *sealed;
	struct sl_tpm_object object;
	struct sl_secret data;
};

/* What is needed in each batch, and given back by done(). */
struct bench {
	struct sl_tpm_batch *batch;
	struct sl_tpm_root *root;
	struct sl_tpm_grant grant;
	struct sl_tpm_session session;
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
	sl_tpm_grant_end(b->batch, &b->grant);
}

/*
 * SL_ERR_AUTH is about the sealed object alone: a wrong authorization of the hierarchy must not look like a wrong PIN.
 */
static enum sl_err
hierarchy_err(enum sl_err err)
{
	return err == SL_ERR_AUTH ? SL_ERR_ABSENT : err;
}

static enum sl_err
begin(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct bench *b)
{
	*b = (struct bench){ .batch = batch, .root = r, .grant = sl_tpm_grant_of(r, r->spec->hierarchy) };
	return hierarchy_err(sl_tpm_salt_parent(batch, r, &b->grant, &b->session, &b->parent));
}

static enum sl_err
seal_once(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	SL_CLEANUP(done) struct bench b;
	enum sl_err err = begin(batch, r, &b);

	if (err != SL_OK)
		return err;
	b.session.last = true;
	job->parent = b.parent.handle == SL_TPM_SRK ? SL_TPM_SRK : sl_tpm_grant_handle(r->salt_hierarchy);
	return sl_tpm_command_create(batch, &b.parent, &b.session, job->creation);
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
	if ((err = hierarchy_err(sl_tpm_command_create_primary(b->batch, &b->grant, &storage, &b->parent))) != SL_OK)
		return err;
	err = sl_tpm_command_load(b->batch, &b->parent, &b->session, &job->sealed->private_area, &job->object);
	drop_parent(b);
	return err;
}

/* At most two transient objects, the parent and ours, and that for a moment only. */
static enum sl_err
load(struct bench *b, struct job *job)
{
	const bool by_handle = b->parent.handle == SL_TPM_SRK;
	enum sl_err err = sl_tpm_command_load(b->batch, &b->parent, &b->session, &job->sealed->private_area,
	                                      &job->object);

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
unseal_once(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	SL_CLEANUP(done) struct bench b;
	enum sl_err err = begin(batch, r, &b);

	if (err == SL_OK)
		err = load(&b, job);
	if (err != SL_OK)
		return err;
	b.session.last = true;
	err = sl_tpm_command_unseal(batch, &job->object, &b.session, job->auth, &job->data);
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
	struct sl_tpm_template tmpl;
	struct sl_tpm_creation creation = { .tmpl = &tmpl, .data = secret };
	struct job job = { .creation = &creation };
	struct sl_sealed sealed = { .parent = 0 };
	enum sl_err err;

	if ((err = sl_tpm_session_trim(spec->auth, &auth)) != SL_OK)
		return err;
	sl_tpm_public_sealed(spec->policy, auth.len != 0 && !spec->strong, &tmpl);
	creation.auth = auth.len == 0 ? NULL : &auth;
	if ((err = try_twice(r, seal_once, &job)) != SL_OK)
		return err;
	sealed.empty_auth = auth.len == 0;
	sealed.parent = job.parent;
	sealed.public_area = (struct sl_bytes){ creation.key.bytes, creation.key.len };
	sealed.private_area = (struct sl_bytes){ creation.private_area, creation.private_len };
	return sl_sealed_write(&sealed, ret_der, ret_len);
}

/* What can be said without asking the TPM; a wrong guess there can cost one of the tries that lock it. */
static enum sl_err
check(const struct sl_sealed *sealed, const struct sl_secret *auth, struct sl_tpm_public *ret_key, struct sl_msg *msg)
{
	bool by_auth = false;
	enum sl_err err = sl_tpm_public_of(sealed->public_area.data, sealed->public_area.len, ret_key);

	if (err != SL_OK || !sl_tpm_public_is_sealed(ret_key, &by_auth)) {
		sl_msg_set(msg, "sealed key: its public part is not that of sealed data");
		return err == SL_OK ? SL_ERR_FORMAT : err;
	}
	if (sealed->private_area.len > SL_TPM_PRIVATE_MAX) {
		sl_msg_set(msg, "sealed key: its private part is too long");
		return SL_ERR_FORMAT;
	}
	if (!by_auth) {
		sl_msg_set(msg, "sealed key: only its policy opens it");
		return SL_ERR_POLICY;
	}
	if (auth->len == 0 && !sealed->empty_auth) {
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
		err = check(&sealed, &trimmed, &job.object.key, &msg);
	if (err != SL_OK) {
		sl_tpm_device_trouble(r->device, "%s: %s", r->device->tcti,
		                      msg.text[0] == '\0' ? sl_err_text(err) : msg.text);
		return err;
	}
	job.auth = trimmed.len == 0 ? NULL : &trimmed;
	if ((err = try_twice(r, unseal_once, &job)) != SL_OK)
		return err;
	*ret_secret = sl_secret_take(&job.data);
	return SL_OK;
}
