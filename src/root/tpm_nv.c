/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_nvcommand.h"
#include "root/tpm_policy.h"
#include "root/tpm_rc.h"

#include <string.h>

#define ATTEMPTS 2
#define FIRST 0x01000000U
#define LAST 0x01FFFFFFU

/*
 * Secrets in NV indices (TPM 2.0 Library, Part 1, 37; Part 3, 31). The number of wrong tries and the lockout are the
 * TPM's: one counter for all that it guards. What swtpm 0.7 does, and tests/root/test-nv-lockout.c checks:
 *
 * - A wrong auth, of an index or of sealed data, is TPM_RC_AUTH_FAIL (0x98e) and counts, by whatever command it is
 *   tried, TPM2_NV_ChangeAuth too. A right one does not set the counter back. A wrong auth of the owner, or of what
 *   has NO_DA, is TPM_RC_BAD_AUTH (0x9a2) and does not count.
 * - From MAX_AUTH_FAIL on it is TPM_RC_LOCKOUT (0x921) for both, even with the right auth; nothing is compared any
 *   more and nothing is counted. Meanwhile what has NO_DA (noDA) opens as ever, with an auth or without one: roots,
 *   sealed data without an auth, if their parent has it, too (the storage root key of the TCG's template does; one
 *   that tpm2_createprimary made does not). The owner can define and undefine.
 * - LOCKOUT_INTERVAL seconds take one failure off again. When it is 0, a wrong auth is TPM_RC_AUTH_FAIL still, but
 *   nothing is counted or locked.
 * - A power-off without TPM2_Shutdown counts as a failure if a guarded auth was used, rightly or wrongly, since the
 *   start: a guess might have been cut off before it was counted. An orderly one does not. To know that, the TPM
 *   answers the first use after a start by TPM_RC_RETRY. So a machine that loses power often locks its TPM by itself.
 */
struct job {
	uint32_t index;
	const struct sl_secret *auth;
	const struct sl_secret *fresh;  /* change */
	const struct sl_secret *secret; /* create, write */
	struct sl_secret data;          /* read */
	bool again;                     /* nothing that was remembered is in use */
};

/* What is needed in each batch, and given back by done(). */
struct bench {
	struct sl_tpm_batch *batch;
	struct sl_tpm_grant grant; /* for the salt key */
	struct sl_tpm_grant owner; /* its value alone */
	struct sl_tpm_session session;
};

static void
done(struct bench *b)
{
	sl_tpm_session_end(b->batch, &b->session);
	sl_tpm_grant_end(b->batch, &b->owner);
	sl_tpm_grant_end(b->batch, &b->grant);
}

/* SL_ERR_AUTH is about the index alone: a wrong authorization of a hierarchy must not look like a wrong PIN. */
static enum sl_err
hierarchy_err(struct sl_tpm_batch *batch, enum sl_err err)
{
	if (err != SL_ERR_AUTH && (err != SL_ERR_ABSENT || sl_tpm_rc_err(batch->rc) != SL_ERR_AUTH))
		return err;
	sl_tpm_device_trouble(batch->device,
	                      "%s: the TPM refused the authorization of the hierarchy: see `authorization` (response code 0x%03x)",
	                      batch->device->tcti, batch->rc);
	return SL_ERR_ACCESS;
}

static enum sl_err
begin(struct sl_tpm_batch *batch, struct sl_tpm_root *r, bool policy, struct bench *b)
{
	struct sl_tpm_wish wish = { .session = NULL };
	enum sl_err err;

	*b = (struct bench){ .batch = batch, .grant = sl_tpm_grant_of(r, r->spec->hierarchy),
		             .owner = sl_tpm_grant_of(r, SL_HIERARCHY_OWNER) };
	if (policy)
		wish.policy = &b->session;
	else
		wish.session = &b->session;
	err = sl_tpm_salt_use(batch, r, &b->grant, &wish);
	if (err == SL_ERR_NOT_FOUND) /* the storage root key that we remember: no index */
		return SL_ERR_VERIFY;
	return hierarchy_err(batch, err);
}

static enum sl_err
empty(struct sl_tpm_batch *batch, uint32_t index)
{
	sl_tpm_device_trouble(batch->device, "%s: nothing was written to the NV index 0x%08x", batch->device->tcti, index);
	return SL_ERR_NOT_FOUND;
}

/*
 * An authorization is tried only when the TPM has shown that it shares the session with us and that our index is
 * there: if it were something else that is wrong, it would count as a wrong PIN. SL_ERR_VERIFY: it does not share it.
 */
static enum sl_err
find(struct bench *b, uint32_t index, struct sl_tpm_nv *ret_nv)
{
	enum sl_err err = sl_tpm_nvcommand_look(b->batch, &b->session, index, ret_nv);

	if (err != SL_ERR_AUTH)
		return err;
	if ((err = sl_tpm_nvcommand_look(b->batch, NULL, index, ret_nv)) != SL_OK)
		return err;
	if (ret_nv->written)
		return SL_ERR_VERIFY;
	return empty(b->batch, index);
}

/*
 * The owner's refusal of a session can mean that the session is stale; it counts nothing, so everything is looked up
 * and tried once more.
 */
static enum sl_err
owner_err(struct bench *b, const struct job *job, enum sl_err err)
{
	if (err == SL_ERR_AUTH && !job->again)
		return SL_ERR_VERIFY;
	return hierarchy_err(b->batch, err);
}

static enum sl_err
owner_of(struct bench *b, struct sl_tpm_nvowner *ret_owner)
{
	*ret_owner = (struct sl_tpm_nvowner){ &b->session, &b->owner.value };
	return sl_tpm_grant_value(b->batch, &b->owner);
}

/*
 * The first write. Somebody else who makes the same index at the same time may have taken ours for one that was left
 * behind; then what is there is his.
 */
static enum sl_err
fill(struct bench *b, const struct sl_tpm_nvowner *owner, const struct sl_tpm_nv *nv, const struct job *job)
{
	enum sl_err err;

	b->session.last = true;
	err = sl_tpm_nvcommand_write(b->batch, &b->session, nv, job->auth, job->secret);
	if (err == SL_ERR_AUTH || err == SL_ERR_NOT_FOUND)
		return SL_ERR_BUSY;
	/* Its Name says that it was not written to: if it was after all, this is refused. */
	if (err != SL_OK && !b->batch->broken && b->session.handle != 0) {
		struct sl_msg why;

		sl_device_trouble(b->batch->device, &why);
		(void)!sl_tpm_nvcommand_undefine(b->batch, owner, nv);
		sl_tpm_device_trouble(b->batch->device, "%s", why.text);
	}
	return err;
}

static enum sl_err
create_once(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	SL_CLEANUP(done) struct bench b = { .batch = batch };
	struct sl_tpm_nvowner owner;
	struct sl_tpm_nv nv;
	enum sl_err err = sl_tpm_nvcommand_look(batch, NULL, job->index, &nv);
	const bool left = err == SL_OK;

	if (err == SL_ERR_NOT_FOUND)
		err = sl_tpm_nvcommand_of(job->index, false, &nv);
	if (err != SL_OK)
		return err;
	if (nv.written) {
		sl_tpm_device_trouble(batch->device, "%s: the NV index 0x%08x is in use", batch->device->tcti,
		                      job->index);
		return SL_ERR_EXISTS;
	}
	if ((err = begin(batch, r, false, &b)) != SL_OK || (err = owner_of(&b, &owner)) != SL_OK)
		return err;
	if (left && (err = sl_tpm_nvcommand_undefine(batch, &owner, &nv)) != SL_OK)
		return owner_err(&b, job, err);
	if ((err = sl_tpm_nvcommand_define(batch, &owner, &nv, job->auth)) != SL_OK)
		return owner_err(&b, job, err);
	return fill(&b, &owner, &nv, job);
}

static enum sl_err
read_once(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	SL_CLEANUP(done) struct bench b = { .batch = batch };
	struct sl_tpm_nv nv;
	enum sl_err err;

	if ((err = begin(batch, r, false, &b)) != SL_OK || (err = find(&b, job->index, &nv)) != SL_OK)
		return err;
	b.session.last = true;
	return sl_tpm_nvcommand_read(batch, &b.session, &nv, job->auth, &job->data);
}

static enum sl_err
write_once(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	SL_CLEANUP(done) struct bench b = { .batch = batch };
	struct sl_tpm_nv nv;
	enum sl_err err;

	if ((err = begin(batch, r, false, &b)) != SL_OK || (err = find(&b, job->index, &nv)) != SL_OK)
		return err;
	b.session.last = true;
	return sl_tpm_nvcommand_write(batch, &b.session, &nv, job->auth, job->secret);
}

/* What is refused here is no auth of anybody's. */
static enum sl_err
say_policy(struct bench *b)
{
	enum sl_err err;

	if ((err = sl_tpm_policy_auth_value(b->batch, &b->session)) == SL_OK)
		err = sl_tpm_policy_command_code(b->batch, &b->session, TPM2_CC_NV_ChangeAuth);
	if (err == SL_ERR_NOT_FOUND)
		return SL_ERR_VERIFY;
	return err == SL_ERR_AUTH ? SL_ERR_DEVICE : err;
}

static enum sl_err
change_once(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	SL_CLEANUP(done) struct bench b = { .batch = batch };
	struct sl_tpm_nv nv;
	enum sl_err err;

	if ((err = begin(batch, r, true, &b)) != SL_OK || (err = find(&b, job->index, &nv)) != SL_OK ||
	    (err = say_policy(&b)) != SL_OK)
		return err;
	b.session.last = true;
	return sl_tpm_nvcommand_change(batch, &b.session, &nv, job->auth, job->fresh);
}

static enum sl_err
remove_once(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	SL_CLEANUP(done) struct bench b = { .batch = batch };
	struct sl_tpm_nvowner owner;
	struct sl_tpm_nv nv;
	enum sl_err err = sl_tpm_nvcommand_look(batch, NULL, job->index, &nv);

	if (err != SL_OK)
		return err == SL_ERR_NOT_FOUND ? SL_OK : err;
	if ((err = begin(batch, r, false, &b)) != SL_OK || (err = owner_of(&b, &owner)) != SL_OK)
		return err;
	b.session.last = true;
	return owner_err(&b, job, sl_tpm_nvcommand_undefine(batch, &owner, &nv));
}

static enum sl_err
present_once(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct job *job)
{
	struct sl_tpm_nv nv;
	enum sl_err err = sl_tpm_nvcommand_look(batch, NULL, job->index, &nv);

	(void)r;
	if (err != SL_OK || nv.written)
		return err;
	return empty(batch, job->index);
}

/* What we remembered may be stale: see is_stale() in tpm_primary.c. */
static enum sl_err
try_twice(struct sl_tpm_root *r, enum sl_err (*once)(struct sl_tpm_batch *, struct sl_tpm_root *, struct job *),
          struct job *job)
{
	SL_TPM_BATCH batch = { .device = NULL };
	enum sl_err err;

	if (job->index < FIRST || job->index > LAST)
		return SL_ERR_RANGE;
	if ((err = sl_tpm_batch_begin(r->device, &batch)) != SL_OK)
		return err;
	for (int i = 0; i < ATTEMPTS; i++) {
		if ((err = once(&batch, r, job)) != SL_ERR_VERIFY)
			break;
		r->device->salt[r->salt_hierarchy].known = false;
		job->again = true;
	}
	if (err == SL_OK)
		sl_tpm_device_trouble(r->device, NULL);
	return err == SL_ERR_VERIFY ? SL_ERR_DEVICE : err;
}

/* An auth to be set. */
static enum sl_err
trim_new(const struct sl_secret *auth, struct sl_secret *ret_auth)
{
	const enum sl_err err = sl_tpm_session_trim(auth, ret_auth);

	return err == SL_OK && ret_auth->len == 0 ? SL_ERR_RANGE : err;
}

/* An auth to be tried: one that cannot be set is wrong, and the TPM need not count that. */
static enum sl_err
trim_old(const struct sl_secret *auth, struct sl_secret *ret_auth)
{
	const enum sl_err err = trim_new(auth, ret_auth);

	return err == SL_ERR_RANGE || err == SL_ERR_ARG ? SL_ERR_AUTH : err;
}

static enum sl_err
nv_present(struct sl_root *root, uint32_t index)
{
	struct job job = { .index = index };

	return try_twice((struct sl_tpm_root *)root, present_once, &job);
}

static enum sl_err
nv_create(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *secret)
{
	SL_SECRET trimmed = { 0 };
	struct job job = { .index = index, .auth = &trimmed, .secret = secret };
	enum sl_err err;

	if (secret->len != SL_NV_SECRET)
		return SL_ERR_RANGE;
	if ((err = trim_new(auth, &trimmed)) != SL_OK)
		return err;
	return try_twice((struct sl_tpm_root *)root, create_once, &job);
}

static enum sl_err
nv_read(struct sl_root *root, uint32_t index, const struct sl_secret *auth, struct sl_secret *ret_secret)
{
	SL_SECRET trimmed = { 0 };
	struct job job = { .index = index, .auth = &trimmed };
	enum sl_err err;

	if ((err = trim_old(auth, &trimmed)) != SL_OK ||
	    (err = try_twice((struct sl_tpm_root *)root, read_once, &job)) != SL_OK)
		return err;
	*ret_secret = sl_secret_take(&job.data);
	return SL_OK;
}

static enum sl_err
nv_write(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *secret)
{
	SL_SECRET trimmed = { 0 };
	struct job job = { .index = index, .auth = &trimmed, .secret = secret };
	enum sl_err err;

	if (secret->len != SL_NV_SECRET)
		return SL_ERR_RANGE;
	if ((err = trim_old(auth, &trimmed)) != SL_OK)
		return err;
	return try_twice((struct sl_tpm_root *)root, write_once, &job);
}

static enum sl_err
nv_change(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *fresh)
{
	SL_SECRET trimmed = { 0 };
	SL_SECRET trimmed_fresh = { 0 };
	struct job job = { .index = index, .auth = &trimmed, .fresh = &trimmed_fresh };
	enum sl_err err;

	if ((err = trim_new(fresh, &trimmed_fresh)) != SL_OK || (err = trim_old(auth, &trimmed)) != SL_OK)
		return err;
	return try_twice((struct sl_tpm_root *)root, change_once, &job);
}

static enum sl_err
nv_remove(struct sl_root *root, uint32_t index)
{
	struct job job = { .index = index };

	return try_twice((struct sl_tpm_root *)root, remove_once, &job);
}

const struct sl_root_nv_ops sl_tpm_nv_ops = {
	.present = nv_present,
	.create = nv_create,
	.read = nv_read,
	.write = nv_write,
	.change = nv_change,
	.remove = nv_remove,
	.save = sl_tpm_nvblob_create,
	.load = sl_tpm_nvblob_read,
};
