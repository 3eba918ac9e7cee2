/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_plan.h"
#include "config/signature.h"
#include "root/tpm_rc.h"

#include <string.h>

#define TRIES 16 /* an initrd that measures into other PCRs moves their counter now and then */

/* What making a plan has at hand. */
struct maker {
	struct sl_tpm_batch *batch;
	const struct sl_tpm_policy_source *source;
	struct sl_tpm_plan *plan;
	struct sl_msg *msg;
	bool check; /* a PolicyPCR that is not so now: SL_ERR_POLICY at once, since there may be another way */
};

enum sl_err
sl_tpm_plan_pcrs(struct sl_tpm_batch *batch, const struct sl_pcr_selection *selections, size_t n, uint8_t out[SL_TPM_POLICY])
{
	uint8_t values[SL_TPM_BANKS * SL_TPM_PCRS_MAX];
	uint8_t hash[SL_HASH_MAX];
	size_t len = 0;
	enum sl_err err;

	if (n > SL_TPM_BANKS)
		return SL_ERR_RANGE;
	if ((err = sl_tpm_policy_read_pcrs(batch, selections, n, values, &len)) != SL_OK ||
	    (err = sl_hash_once(SL_HASH_SHA256, values, len, hash)) != SL_OK)
		return err;
	memcpy(out, hash, SL_TPM_POLICY);
	return SL_OK;
}

static enum sl_err
say(struct maker *m, enum sl_err err, const char *text)
{
	sl_msg_set(m->msg, "%s", text);
	return err;
}

/* Room for one more step; NULL: too many. */
static struct sl_tpm_step *
add(struct sl_tpm_plan *plan, const struct sl_policy_statement *s)
{
	struct sl_tpm_step *step = plan->n == SL_TPM_STEPS_MAX ? NULL : &plan->steps[plan->n];

	if (step == NULL)
		return NULL;
	plan->n++;
	*step = (struct sl_tpm_step){ .code = s->code };
	return step;
}

static enum sl_err
add_pcr(struct maker *m, struct sl_policy_statement *s, struct sl_tpm_step *step)
{
	uint8_t now[SL_TPM_POLICY] = { 0 };
	char room[96];
	enum sl_err err = SL_OK;

	if (s->pcr_digest.len == 0 || m->check)
		err = sl_tpm_plan_pcrs(m->batch, s->banks, s->n_banks, now);
	if (err != SL_OK)
		return err;
	if (s->pcr_digest.len != 0 && m->check && memcmp(now, s->pcr_digest.data, SL_TPM_POLICY) != 0) {
		sl_msg_set(m->msg, "the PCRs (%s) are in none of the states that the sealed key's policies allow",
		           s->n_banks == 0 ? "none" : sl_policy_selection_text(&s->banks[0], room));
		return SL_ERR_POLICY;
	}
	memcpy(step->digest, s->pcr_digest.len == 0 ? now : s->pcr_digest.data, SL_TPM_POLICY);
	s->pcr_digest = (struct sl_bytes){ step->digest, SL_TPM_POLICY };
	memcpy(step->selection, s->selection.data, s->selection.len);
	step->selection_len = s->selection.len;
	return SL_OK;
}

/* The TPM's word for the signature over the plan so far; the plan goes on with it. */
static enum sl_err
approve(struct maker *m, const struct sl_policy_statement *s, struct sl_bytes signature)
{
	const struct sl_tpm_authorization a = { .public_area = s->key, .ref = s->ref, .signature = signature, .policy = m->plan->digest };
	struct sl_tpm_step *step = add(m->plan, s);
	enum sl_err err;

	if (step == NULL)
		return say(m, SL_ERR_UNSUPPORTED, "sealed key: its policy has too many statements");
	memcpy(step->digest, m->plan->digest, SL_TPM_POLICY);
	if (s->ref.len != 0)
		memcpy(step->ref, s->ref.data, s->ref.len);
	step->ref_len = s->ref.len;
	if ((err = sl_tpm_policy_verify(m->batch, &a, &step->key, &step->ticket)) == SL_OK)
		return sl_policy_extend(s, m->plan->digest);
	m->plan->n--;
	return err;
}

/* ---- Signatures from files ---- */

/* How near a signature came, for the message. */
enum nearness { NONE, OTHER_KEY, OTHER_REF, OTHER_STATE, BAD };

struct search {
	const struct sl_policy_statement *statement;
	uint8_t fingerprint[32];
	struct sl_pcr_selection last; /* whose digests now these are */
	bool has_last;
	uint8_t pcrs[SL_TPM_POLICY];
	uint8_t policy[SL_TPM_POLICY];
	enum nearness nearest;
	const struct sl_policy_signature *near;
	struct sl_pcr_selection first;  /* of the first one of the key */
	uint8_t first_policy[SL_TPM_POLICY];
};

static void
came_near(struct search *search, enum nearness how, const struct sl_policy_signature *sig)
{
	if (how <= search->nearest)
		return;
	search->nearest = how;
	search->near = sig;
	if (how == OTHER_STATE) {
		search->first = search->last;
		memcpy(search->first_policy, search->policy, SL_TPM_POLICY);
	}
}

/* What a signature over these PCRs would have to be about now. */
static enum sl_err
look(struct maker *m, struct search *search, const struct sl_policy_signature *sig)
{
	const struct sl_pcr_selection selection = { .bank = sig->bank, .pcrs = sig->pcrs };
	enum sl_err err;

	if (search->has_last && search->last.bank == selection.bank && search->last.pcrs == selection.pcrs)
		return SL_OK;
	search->has_last = false;
	if ((err = sl_tpm_plan_pcrs(m->batch, &selection, 1, search->pcrs)) != SL_OK ||
	    (err = sl_policy_of_pcrs(&selection, search->pcrs, search->policy)) != SL_OK)
		return err;
	search->last = selection;
	search->has_last = true;
	return SL_OK;
}

/* One that says to be about the state of now. SL_ERR_POLICY: it is none of the key. */
static enum sl_err
try_signature(struct maker *m, struct search *search, const struct sl_policy_signature *sig)
{
	uint8_t list[SL_POLICY_SELECTION_MAX];
	uint8_t tpmt[SL_POLICY_SIGNATURE_MAX];
	struct sl_policy_statement pcr = { .code = SL_POLICY_PCR_CC, .pcr_digest = { search->pcrs, SL_TPM_POLICY },
		                           .selection = { list, 0 } };
	struct sl_bytes signature = { tpmt, 0 };
	struct sl_tpm_step *step;
	enum sl_err err = sl_policy_signature(search->statement->key, (struct sl_bytes){ sig->signature, sig->signature_len }, tpmt,
	                                      &signature.len);

	if (err != SL_OK)
		return err == SL_ERR_FORMAT ? SL_ERR_POLICY : err;
	pcr.selection.len = sl_policy_tpml(&search->last, list);
	*m->plan = (struct sl_tpm_plan){ .n = 0 };
	step = add(m->plan, &pcr);
	memcpy(step->digest, search->pcrs, SL_TPM_POLICY);
	memcpy(step->selection, list, pcr.selection.len);
	step->selection_len = pcr.selection.len;
	if ((err = sl_policy_extend(&pcr, m->plan->digest)) != SL_OK || (err = approve(m, search->statement, signature)) != SL_OK)
		return err;
	m->plan->selection = search->last;
	(void)snprintf(m->plan->source, sizeof(m->plan->source), "%s", sig->file == NULL ? "" : sig->file);
	return SL_OK;
}

/* SL_ERR_POLICY: not this one. */
static enum sl_err
consider(struct maker *m, struct search *search, const struct sl_policy_signature *sig)
{
	const struct sl_policy_statement *s = search->statement;
	enum nearness how = BAD;
	enum sl_err err = SL_OK;

	if (memcmp(sig->key_fingerprint, search->fingerprint, 32) != 0)
		how = OTHER_KEY;
	else if (sig->ref_len != s->ref.len || (s->ref.len != 0 && memcmp(sig->ref, s->ref.data, s->ref.len) != 0))
		how = OTHER_REF;
	if (how != BAD) {
		came_near(search, how, sig);
		return SL_ERR_POLICY;
	}
	err = look(m, search, sig);
	if (err == SL_ERR_UNSUPPORTED) { /* PCRs that this TPM has not got */
		came_near(search, OTHER_REF, sig);
		return SL_ERR_POLICY;
	}
	if (err != SL_OK)
		return err;
	if (memcmp(search->policy, sig->policy, SL_TPM_POLICY) != 0)
		how = OTHER_STATE;
	else if ((err = try_signature(m, search, sig)) != SL_ERR_POLICY)
		return err;
	came_near(search, how, sig);
	return SL_ERR_POLICY;
}

static void
places(const struct maker *m, char *room, size_t len)
{
	size_t at = 0;

	(void)snprintf(room, len, "tpm2-pcr-signature.json in /etc/systemd, /run/systemd or /usr/lib/systemd");
	for (size_t i = 0; m->source->signatures != NULL && m->source->signatures[i] != NULL && at < len; i++)
		at += (size_t)snprintf(room + at, len - at, "%s%s", i == 0 ? "" : ", ", m->source->signatures[i]);
}

static enum sl_err
nothing_fits(struct maker *m, const struct search *search, const struct sl_policy_signatures *all)
{
	const char *file = search->near == NULL || search->near->file == NULL ? "" : search->near->file;
	const char *key = m->source->key_file == NULL ? "the policy's key" : m->source->key_file;
	char where[200];
	char pcrs[96];
	char hex[2 * SL_TPM_POLICY + 1];

	places(m, where, sizeof(where));
	switch (search->nearest) {
	case NONE:
		sl_msg_set(m->msg, "there is no signed policy in %s", where);
		break;
	case OTHER_KEY:
		sl_msg_set(m->msg, "none of the %zu signed policies is by %s: %s", all->n, key, where);
		break;
	case OTHER_REF:
		sl_msg_set(m->msg, "%s: the policies signed by %s are for another policyRef, or for PCRs that this TPM has not", file, key);
		break;
	case OTHER_STATE:
		sl_msg_set(m->msg, "no policy signed by %s is for the state of now, %s with policy %s: %s", key,
		           sl_policy_selection_text(&search->first, pcrs), sl_policy_hex(search->first_policy, SL_TPM_POLICY, hex), where);
		break;
	default:
		sl_msg_set(m->msg, "%s: the signature for the state of now is damaged, or not by %s", file, key);
		break;
	}
	if (search->has_last)
		m->plan->selection = search->nearest == OTHER_STATE ? search->first : search->last;
	return SL_ERR_POLICY;
}

static enum sl_err
from_files(struct maker *m, const struct sl_policy_statement *s)
{
	SL_CLEANUP(sl_policy_signatures_clear) struct sl_policy_signatures all = { .n = 0 };
	struct search search = { .statement = s };
	enum sl_err err;

	if ((err = sl_policy_key_fingerprint(s->key, search.fingerprint)) != SL_OK)
		return say(m, err, "sealed key: the key of its policy is of a kind that is not offered here");
	if ((err = sl_policy_signatures_load(m->source->signatures, &all, m->msg)) != SL_OK)
		return err == SL_ERR_MEMORY ? err : SL_ERR_POLICY;
	for (size_t i = 0; i < all.n; i++) {
		err = consider(m, &search, &all.at[i]);
		if (err != SL_ERR_POLICY)
			return err;
	}
	return nothing_fits(m, &search, &all);
}

/* ---- The list ---- */

static enum sl_err
add_statement(struct maker *m, struct sl_policy_statement *s)
{
	struct sl_tpm_step *step = add(m->plan, s);
	enum sl_err err = SL_OK;

	if (step == NULL)
		return say(m, SL_ERR_UNSUPPORTED, "sealed key: its policy has too many statements");
	switch (s->code) {
	case SL_POLICY_PCR_CC:
		err = add_pcr(m, s, step);
		break;
	case SL_POLICY_COMMAND_CODE_CC:
		step->command = s->command;
		break;
	default: /* the password itself would cross the bus in clear */
		step->code = SL_POLICY_AUTH_VALUE_CC;
		m->plan->by_auth = true;
		break;
	}
	return err != SL_OK ? err : sl_policy_extend(s, m->plan->digest);
}

/* One of the blob's own ways to the signed state, which ends in the signature. */
static enum sl_err
follow(struct maker *m, struct sl_reader list, const struct sl_policy_statement *want)
{
	struct sl_policy_statement s;
	enum sl_err err = SL_OK;

	*m->plan = (struct sl_tpm_plan){ .n = 0 };
	while (err == SL_OK && list.left != 0) {
		if ((err = sl_policy_next(&list, &s, m->msg)) != SL_OK)
			return err;
		if (s.code != SL_POLICY_AUTHORIZE_CC) {
			err = add_statement(m, &s);
			continue;
		}
		if (list.left != 0 || s.signature.len == 0)
			return say(m, SL_ERR_UNSUPPORTED, "sealed key: a signed policy that does not end in its signature");
		if (s.key.len != want->key.len || memcmp(s.key.data, want->key.data, s.key.len) != 0 || s.ref.len != want->ref.len ||
		    (s.ref.len != 0 && memcmp(s.ref.data, want->ref.data, s.ref.len) != 0))
			return say(m, SL_ERR_POLICY, "the signed policy in the sealed key is by another key, or for another policyRef");
		err = approve(m, &s, s.signature);
		return err == SL_ERR_POLICY ? say(m, err, "the signature in the sealed key is damaged, or not by its policy's key") : err;
	}
	return err != SL_OK ? err : say(m, SL_ERR_FORMAT, "sealed key: a signed policy without a signature");
}

/* The first statement says whose word is asked for: the blob itself may have it, or a file. */
static enum sl_err
choose(struct maker *m, const struct sl_policy_statement *s)
{
	struct sl_reader list = sl_reader_of(m->source->alternatives.data, m->source->alternatives.len);
	const bool has_own = list.left != 0;
	struct sl_reader policy;
	enum sl_err err = SL_ERR_POLICY;

	m->check = true;
	while (err == SL_ERR_POLICY && list.left != 0) {
		if ((err = sl_policy_next_alternative(&list, &policy, m->msg)) == SL_OK)
			err = follow(m, policy, s);
	}
	m->check = false;
	if (err == SL_ERR_POLICY && (!has_own || m->source->signatures != NULL))
		err = from_files(m, s);
	return err;
}

enum sl_err
sl_tpm_plan_make(struct sl_tpm_batch *batch, const struct sl_tpm_policy_source *source, struct sl_tpm_plan *ret_plan, struct sl_msg *msg)
{
	struct sl_reader list = sl_reader_of(source->policy.data, source->policy.len);
	struct sl_tpm_plan plan = { .n = 0 };
	struct maker m = { .batch = batch, .source = source, .plan = &plan, .msg = msg };
	struct sl_policy_statement s;
	enum sl_err err = SL_OK;

	for (bool first = true; err == SL_OK && list.left != 0; first = false) {
		if ((err = sl_policy_next(&list, &s, msg)) != SL_OK)
			break;
		if (s.code != SL_POLICY_AUTHORIZE_CC)
			err = add_statement(&m, &s);
		else if (s.signature.len != 0)
			err = approve(&m, &s, s.signature);
		else if (first)
			err = choose(&m, &s);
		else
			err = say(&m, SL_ERR_UNSUPPORTED, "sealed key: a TPM2_PolicyAuthorize that is neither first nor signed");
	}
	if (err == SL_OK || err == SL_ERR_POLICY)
		*ret_plan = plan; /* what was found out is worth telling */
	return err;
}

static enum sl_err
run_step(struct sl_tpm_batch *batch, const struct sl_tpm_step *step, struct sl_tpm_session *session)
{
	const struct sl_tpm_authorization a = { .ref = { step->ref, step->ref_len }, .policy = step->digest };

	switch (step->code) {
	case SL_POLICY_PCR_CC:
		return sl_tpm_policy_pcr(batch, session, (struct sl_bytes){ step->digest, SL_TPM_POLICY },
		                         (struct sl_bytes){ step->selection, step->selection_len });
	case SL_POLICY_AUTHORIZE_CC:
		return sl_tpm_policy_authorize(batch, session, &a, &step->key, &step->ticket);
	case SL_POLICY_COMMAND_CODE_CC:
		return sl_tpm_policy_command_code(batch, session, step->command);
	default:
		return sl_tpm_policy_auth_value(batch, session);
	}
}

enum sl_err
sl_tpm_plan_run(struct sl_tpm_batch *batch, const struct sl_tpm_plan *plan, struct sl_tpm_session *session)
{
	enum sl_err err = SL_OK;

	for (size_t i = 0; err == SL_OK && i < plan->n; i++)
		err = run_step(batch, &plan->steps[i], session);
	return err;
}

bool
sl_tpm_plan_again(struct sl_tpm_batch *batch, struct sl_tpm_session *session, enum sl_err err, unsigned *tries)
{
	return err == SL_ERR_POLICY && sl_tpm_rc_is(batch->rc, TPM2_RC_PCR_CHANGED) && ++*tries < TRIES &&
	       sl_tpm_policy_restart(batch, session) == SL_OK;
}
