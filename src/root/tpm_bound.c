/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_bound.h"

#include <string.h>

static struct sl_pcr_selection
selection_of(const struct sl_policy_spec *spec)
{
	return (struct sl_pcr_selection){ .bank = spec->bank, .pcrs = spec->pcrs };
}

static bool
is_of_now(const struct sl_policy_spec *spec)
{
	return spec->kind == SL_POLICY_PCR && !spec->has_digest;
}

static enum sl_err
write_pcr(struct sl_tpm_batch *batch, const struct sl_policy_spec *spec, struct sl_tpm_bound *b, struct sl_writer *w)
{
	const struct sl_pcr_selection selection = selection_of(spec);
	enum sl_err err = SL_OK;

	if (spec->has_digest)
		memcpy(b->pcrs, spec->digest, SL_TPM_POLICY);
	else
		err = sl_tpm_plan_pcrs(batch, &selection, 1, b->pcrs);
	if (err == SL_OK)
		sl_policy_write_pcr(w, &selection, b->pcrs);
	return err;
}

static enum sl_err
write_authorize(struct sl_tpm_batch *batch, const struct sl_policy_spec *spec, struct sl_writer *w)
{
	uint8_t area[SL_TPM_PUBLIC_MAX];
	struct sl_bytes key = { area, 0 };
	struct sl_msg msg = { .text = "" };
	enum sl_err err = sl_policy_key_read(spec->key_file, area, &key.len, &msg);

	if (err == SL_OK)
		sl_policy_write_authorize(w, key, (struct sl_bytes){ spec->ref, spec->ref_len }, (struct sl_bytes){ NULL, 0 });
	else if (err != SL_ERR_MEMORY) {
		sl_tpm_device_trouble(batch->device, "%s", msg.text);
		err = SL_ERR_POLICY;
	}
	return err;
}

enum sl_err
sl_tpm_bound_ready(struct sl_tpm_batch *batch, struct sl_tpm_root *root)
{
	const struct sl_root_spec *spec = root->spec;
	struct sl_tpm_bound *b = root->bound;
	struct sl_writer w;
	struct sl_msg msg;
	enum sl_err err;

	if (b == NULL || (b->known && b->epoch == batch->device->epoch))
		return SL_OK;
	b->known = false;
	b->planned = false;
	w = sl_writer_of(b->policy, sizeof(b->policy));
	err = spec->policy.kind == SL_POLICY_PCR ? write_pcr(batch, &spec->policy, b, &w) : write_authorize(batch, &spec->policy, &w);
	if (err != SL_OK)
		return err;
	b->policy_len = w.used;
	if (!sl_writer_ok(&w))
		return SL_ERR_RANGE;
	if ((err = sl_policy_digest((struct sl_bytes){ b->policy, b->policy_len }, b->digest, &msg)) != SL_OK ||
	    (err = sl_tpm_public_root(spec->name_space == NULL ? "" : spec->name_space, b->digest, &root->tmpl)) != SL_OK)
		return err;
	b->known = true;
	b->epoch = batch->device->epoch;
	return SL_OK;
}

enum sl_err
sl_tpm_bound_plan(struct sl_tpm_batch *batch, struct sl_tpm_root *root)
{
	struct sl_tpm_bound *b = root->bound;
	struct sl_msg msg = { .text = "" };
	struct sl_tpm_policy_source source;
	enum sl_err err = sl_tpm_bound_ready(batch, root);

	if (b == NULL || err != SL_OK)
		return err;
	b->fresh = !b->planned;
	if (b->planned)
		return SL_OK;
	source = (struct sl_tpm_policy_source){ .policy = { b->policy, b->policy_len }, .signatures = root->spec->policy.signatures,
		                                .key_file = root->spec->policy.key_file };
	err = sl_tpm_plan_make(batch, &source, &b->plan, &msg);
	b->planned = err == SL_OK;
	if (err != SL_OK && msg.text[0] != '\0')
		sl_tpm_device_trouble(batch->device, "%s: %s", batch->device->tcti, msg.text);
	return err;
}

const uint8_t *
sl_tpm_bound_now(const struct sl_tpm_root *root, uint8_t *tpml, size_t *ret_len)
{
	const struct sl_pcr_selection selection = selection_of(&root->spec->policy);

	if (root->bound == NULL || !is_of_now(&root->spec->policy))
		return NULL;
	*ret_len = sl_policy_tpml(&selection, tpml);
	return root->bound->pcrs;
}

static void
say_moved(struct sl_tpm_batch *batch, const struct sl_policy_spec *spec)
{
	const struct sl_pcr_selection selection = selection_of(spec);
	char room[96];

	sl_tpm_device_trouble(batch->device, "%s: the PCRs (%s) moved since this root was looked up: it is another one now",
	                      batch->device->tcti, sl_policy_selection_text(&selection, room));
}

static void
say_pinned(struct sl_tpm_batch *batch, const struct sl_policy_spec *spec)
{
	const struct sl_pcr_selection selection = selection_of(spec);
	uint8_t now[SL_TPM_POLICY];
	char room[96];
	char hex[2][2 * SL_TPM_POLICY + 1];

	if (sl_tpm_plan_pcrs(batch, &selection, 1, now) != SL_OK)
		return; /* which has said why */
	sl_tpm_device_trouble(batch->device, "%s: the PCRs (%s) are not in the state of the policy: expected %s, they have %s",
	                      batch->device->tcti, sl_policy_selection_text(&selection, room),
	                      sl_policy_hex(spec->digest, SL_TPM_POLICY, hex[0]), sl_policy_hex(now, SL_TPM_POLICY, hex[1]));
}

static void
forget(struct sl_tpm_root *root)
{
	root->bound->known = false;
	root->bound->planned = false;
	root->has_name = false;
}

enum sl_err
sl_tpm_bound_check(struct sl_tpm_batch *batch, struct sl_tpm_root *root)
{
	const bool knew = root->bound != NULL && root->bound->known && root->bound->epoch == batch->device->epoch;
	const struct sl_pcr_selection selection = selection_of(&root->spec->policy);
	uint8_t now[SL_TPM_POLICY];
	enum sl_err err = sl_tpm_bound_ready(batch, root);

	if (err != SL_OK || !knew || !is_of_now(&root->spec->policy))
		return err;
	if ((err = sl_tpm_plan_pcrs(batch, &selection, 1, now)) != SL_OK)
		return err;
	if (memcmp(now, root->bound->pcrs, SL_TPM_POLICY) == 0)
		return SL_OK;
	say_moved(batch, &root->spec->policy);
	forget(root);
	return SL_ERR_POLICY;
}

void
sl_tpm_bound_failed(struct sl_tpm_batch *batch, struct sl_tpm_root *root)
{
	const struct sl_policy_spec *spec = &root->spec->policy;
	struct sl_tpm_bound *b = root->bound;

	if (b == NULL)
		return;
	if (is_of_now(spec)) {
		say_moved(batch, spec);
		forget(root);
		return;
	}
	if (spec->kind == SL_POLICY_PCR)
		say_pinned(batch, spec);
	else
		sl_tpm_device_trouble(batch->device, "%s: the TPM refused the signed policy of %s", batch->device->tcti, b->plan.source);
	b->again = spec->kind == SL_POLICY_AUTHORIZE && !b->fresh;
	b->planned = false;
}

/* ---- For people ---- */

static enum sl_err
state_of_pcrs(struct sl_tpm_batch *batch, const struct sl_tpm_root *r, struct sl_policy_state *s)
{
	const struct sl_policy_spec *spec = &r->spec->policy;
	char room[96];
	char hex[2 * SL_TPM_POLICY + 1];
	enum sl_err err;

	s->selection = selection_of(spec);
	memcpy(s->wanted, r->bound->pcrs, SL_TPM_POLICY);
	if ((err = sl_tpm_plan_pcrs(batch, &s->selection, 1, s->digest)) != SL_OK)
		return err;
	s->satisfied = memcmp(s->digest, s->wanted, SL_TPM_POLICY) == 0;
	if (!s->satisfied)
		sl_msg_set(&s->why, "the PCRs (%s) have another state than the policy wants: %s",
		           sl_policy_selection_text(&s->selection, room), sl_policy_hex(s->digest, SL_TPM_POLICY, hex));
	return SL_OK;
}

static enum sl_err
state_of_signatures(struct sl_tpm_batch *batch, struct sl_tpm_root *r, struct sl_policy_state *s)
{
	enum sl_err err;

	r->bound->planned = false; /* looked at anew */
	err = sl_tpm_bound_plan(batch, r);
	if (err != SL_OK && err != SL_ERR_POLICY)
		return err;
	s->satisfied = err == SL_OK;
	if (s->satisfied)
		sl_msg_set(&s->why, "%s", r->bound->plan.source);
	else
		sl_device_trouble(r->device, &s->why);
	s->selection = r->bound->plan.selection;
	if (s->selection.pcrs == 0)
		return SL_OK;
	if ((err = sl_tpm_plan_pcrs(batch, &s->selection, 1, s->digest)) != SL_OK)
		return err;
	return sl_policy_of_pcrs(&s->selection, s->digest, s->approved);
}

enum sl_err
sl_tpm_bound_state(struct sl_root *root, struct sl_policy_state *ret_state)
{
	struct sl_tpm_root *r = (struct sl_tpm_root *)root;
	struct sl_policy_state s = { .kind = r->spec->policy.kind, .satisfied = true };
	SL_TPM_BATCH batch = { .device = NULL };
	enum sl_err err;

	if (r->bound == NULL) {
		*ret_state = s;
		return SL_OK;
	}
	if ((err = sl_tpm_batch_begin(r->device, &batch)) != SL_OK || (err = sl_tpm_bound_ready(&batch, r)) != SL_OK)
		return err;
	memcpy(s.policy, r->bound->digest, SL_TPM_POLICY);
	err = s.kind == SL_POLICY_PCR ? state_of_pcrs(&batch, r, &s) : state_of_signatures(&batch, r, &s);
	if (err == SL_OK)
		*ret_state = s;
	return err;
}

enum sl_err
sl_tpm_bound_pcr_read(struct sl_root *root, const struct sl_pcr_selection *selection, uint8_t *out, size_t *ret_len)
{
	struct sl_tpm_root *r = (struct sl_tpm_root *)root;
	SL_TPM_BATCH batch = { .device = NULL };
	enum sl_err err = sl_tpm_batch_begin(r->device, &batch);

	return err != SL_OK ? err : sl_tpm_policy_read_pcrs(&batch, selection, 1, out, ret_len);
}
