/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/reseal.h"

#include "token/login_private.h"
#include "token/seal.h"

#include <stdlib.h>
#include <string.h>

static void
clear_records(struct sl_record *records, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sl_record_clear(&records[i]);
	free(records);
}

void
sl_reseal_close(struct sl_reseal **preseal)
{
	struct sl_reseal *r = *preseal;

	if (r == NULL)
		return;
	clear_records(r->moves, r->n_moves);
	clear_records(r->stays, r->n_stays);
	sl_pin_row_clear(&r->row);
	sl_secret_clear(&r->secret);
	sl_root_close(&r->root);
	free(r);
	*preseal = NULL;
}

static bool
same_name(const struct sl_root_name *a, const struct sl_root_name *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/*
 * The token's root under another policy. A persistent one is a primary that was kept: what it will be when it is kept anew, the primary tells. Where
 * signatures are looked for does not depend on the policy.
 */
static enum sl_err
open_under(struct sl_token *token, const struct sl_policy_spec *policy, struct sl_root_spec *spec, struct sl_root **ret_root)
{
	*spec = token->config->root;
	spec->kind = SL_ROOT_PRIMARY;
	spec->policy = *policy;
	spec->policy.signatures = token->config->root.policy.signatures;
	return sl_root_open(token->instance->device, spec, ret_root);
}

static enum sl_err
find_from(struct sl_reseal *r, const struct sl_policy_spec *from, struct sl_root_name *ret_name)
{
	SL_CLEANUP(sl_root_close) struct sl_root *root = NULL;
	struct sl_root_spec spec;
	enum sl_err err = sl_token_identify(r->token, ret_name, &r->present);

	r->from = r->present;
	if (err != SL_OK || from == NULL)
		return err;
	if ((err = open_under(r->token, from, &spec, &root)) != SL_OK || (err = sl_root_name(root, ret_name)) != SL_OK ||
	    (err = sl_store_root(r->token->instance->store, r->token->config->name, ret_name, false, &r->from)) != SL_OK)
		return err;
	return r->from == 0 ? SL_ERR_NOT_FOUND : SL_OK;
}

/* One storage key for both: the one that is pinned where things are now. */
static enum sl_err
pin_salt_key(struct sl_reseal *r)
{
	enum sl_err err = r->from == 0 ? SL_OK : sl_store_pin(r->token->instance->store, r->from, &r->salt_key);

	if (err == SL_OK && r->salt_key.len == 0)
		err = sl_root_salt_key(r->token->root, &r->salt_key);
	if (err != SL_OK)
		return err;
	sl_root_pin(r->token->root, &r->salt_key);
	sl_root_pin(r->root, &r->salt_key);
	return SL_OK;
}

static enum sl_err
count_others(struct sl_reseal *r)
{
	SL_FREE struct sl_orphans *orphans = NULL;
	struct sl_root_name present;
	size_t n = 0;
	enum sl_err err;

	if ((err = sl_token_identify(r->token, &present, NULL)) != SL_OK ||
	    (err = sl_store_orphans(r->token->instance->store, r->token->config->name, &present, &orphans, &n)) != SL_OK)
		return err;
	for (size_t i = 0; i < n; i++)
		r->n_others += orphans[i].objects;
	r->is_present = same_name(&present, &r->name);
	return SL_OK;
}

static int
by_value(const void *a, const void *b)
{
	const struct sl_attr *x = *(const struct sl_attr *const *)a;
	const struct sl_attr *y = *(const struct sl_attr *const *)b;

	return x->len != y->len ? (x->len < y->len ? -1 : 1) : memcmp(x->value, y->value, x->len);
}

/* The public keys of the derived ones, sorted. */
static size_t
public_of_derived(const struct sl_record *all, size_t n, const struct sl_attr **out)
{
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		const struct sl_attr *spki = all[i].has_recipe ? sl_attrs_get(&all[i].attrs, CKA_PUBLIC_KEY_INFO) : NULL;

		if (spki != NULL && spki->len != 0)
			out[used++] = spki;
	}
	if (used != 0)
		qsort(out, used, sizeof(*out), by_value);
	return used;
}

/* A public key whose private half stays would be listed as a key that cannot be used. */
static bool
stays(const struct sl_record *record, const struct sl_attr *const *derived, size_t n)
{
	const struct sl_attr *spki = sl_attrs_get(&record->attrs, CKA_PUBLIC_KEY_INFO);

	if (record->has_recipe)
		return true;
	return sl_attrs_ulong(&record->attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) == CKO_PUBLIC_KEY && spki != NULL && n != 0 &&
	       bsearch(&spki, derived, n, sizeof(*derived), by_value) != NULL;
}

/* Each goes to one of the two lists; all[i] is empty afterwards. */
static enum sl_err
sort_out(struct sl_reseal *r, struct sl_record *all, size_t n)
{
	SL_FREE const struct sl_attr **derived = calloc(n + 1, sizeof(*derived));
	SL_FREE bool *staying = calloc(n + 1, sizeof(*staying));
	size_t n_derived;

	r->moves = calloc(n + 1, sizeof(*r->moves));
	r->stays = calloc(n + 1, sizeof(*r->stays));
	if (derived == NULL || staying == NULL || r->moves == NULL || r->stays == NULL)
		return SL_ERR_MEMORY;
	n_derived = public_of_derived(all, n, derived);
	for (size_t i = 0; i < n; i++)
		staying[i] = stays(&all[i], derived, n_derived);
	for (size_t i = 0; i < n; i++) {
		r->n_sealed += all[i].sealed != NULL;
		r->n_bound += all[i].sealed != NULL && all[i].bound;
		if (staying[i])
			r->stays[r->n_stays++] = all[i];
		else
			r->moves[r->n_moves++] = all[i];
		all[i] = (struct sl_record){ 0 };
	}
	return SL_OK;
}

static enum sl_err
load_all(struct sl_reseal *r)
{
	const struct sl_store_query every = { 0 };
	struct sl_store *store = r->token->instance->store;
	SL_FREE int64_t *rows = NULL;
	struct sl_record *all;
	size_t n = 0;
	enum sl_err err = sl_store_find(store, r->from, &every, &rows, &n);

	if (err != SL_OK)
		return err;
	if ((all = calloc(n + 1, sizeof(*all))) == NULL)
		return SL_ERR_MEMORY;
	for (size_t i = 0; i < n && err == SL_OK; i++)
		err = sl_store_load(store, rows[i], &all[i]);
	if (err == SL_OK)
		err = sort_out(r, all, n);
	clear_records(all, n);
	return err;
}

/* What C_InitToken left unfinished in NV, the next login finishes. */
static enum sl_err
load_pins(struct sl_reseal *r, struct sl_msg *msg)
{
	enum sl_err err = sl_store_pin_row(r->token->instance->store, r->from, &r->row);

	r->in_nv = sl_pin_in_nv(r->token);
	if (err == SL_ERR_NOT_FOUND)
		return SL_OK;
	if (err != SL_OK)
		return err;
	if (r->in_nv && r->row.so.blob != NULL) {
		sl_msg_set(msg, "token %s: it was being initialized when that was cut off, expected a login first", r->token->config->name);
		return SL_ERR_LOGIN;
	}
	r->pins = true;
	r->user = r->in_nv || r->row.user.blob != NULL;
	r->was_to_be_changed = r->row.to_be_changed;
	/* Under the policy to come there is no user's yet. */
	free(r->row.user.blob);
	r->row.user = (struct sl_pin_blob){ .salt_len = 0 };
	r->row.to_be_changed = false;
	return SL_OK;
}

enum sl_err
sl_reseal_open(struct sl_token *token, const struct sl_policy_spec *to, const struct sl_policy_spec *from, struct sl_reseal **ret_reseal,
               struct sl_msg *msg)
{
	SL_CLEANUP(sl_reseal_close) struct sl_reseal *r = calloc(1, sizeof(*r));
	struct sl_root_name name;
	enum sl_err err;

	if (r == NULL)
		return SL_ERR_MEMORY;
	if (to->kind == SL_POLICY_PCR && !to->has_digest)
		return SL_ERR_ARG;
	r->token = token;
	if ((err = find_from(r, from, &name)) != SL_OK) {
		if (err == SL_ERR_NOT_FOUND)
			sl_msg_set(msg, "token %s: the store has nothing of it under the policy that it is to come from", token->config->name);
		return err;
	}
	if ((err = open_under(token, to, &r->spec, &r->root)) != SL_OK || (err = sl_root_name(r->root, &r->name)) != SL_OK ||
	    (err = sl_store_generation(token->instance->store, &r->generation)) != SL_OK || (err = count_others(r)) != SL_OK)
		return err;
	r->same = same_name(&name, &r->name);
	if (!r->same && r->from != 0 && ((err = pin_salt_key(r)) != SL_OK || (err = load_all(r)) != SL_OK || (err = load_pins(r, msg)) != SL_OK))
		return err;
	*ret_reseal = SL_TAKE(r);
	return SL_OK;
}

/* The same S as before, by whichever PIN; in NV it may be another one than the store knows of. */
static enum sl_err
take_secret(struct sl_reseal *r, struct sl_secret *secret)
{
	uint8_t id[SL_SECRET_ID];
	const enum sl_err err = sl_pin_secret_id(secret, id);

	if (err != SL_OK)
		return err;
	if (memcmp(id, r->row.secret_id, sizeof(id)) != 0)
		return SL_ERR_VERSION;
	sl_secret_clear(&r->secret);
	r->secret = sl_secret_take(secret);
	return SL_OK;
}

enum sl_err
sl_reseal_pin(struct sl_reseal *r, enum sl_pin_role role, struct sl_part pin)
{
	SL_LOGIN_HELD held = { .login = NULL };
	SL_SECRET secret = { 0 };
	struct sl_pin_blob fresh = { .blob = NULL };
	struct sl_pin_blob *blob = role == SL_PIN_SO ? &r->row.so : &r->row.user;
	enum sl_err err;

	if ((err = sl_login_hold(r->token, false, &held)) != SL_OK)
		return err;
	held.root = r->from; /* any root of the hierarchy opens what its own policy allows */
	if ((err = sl_pin_open_held(&held, role, pin, &secret)) != SL_OK || (err = take_secret(r, &secret)) != SL_OK || r->in_nv)
		return err;
	if ((err = sl_pin_seal(r->root, role, pin, &r->secret, &fresh)) != SL_OK)
		return err;
	free(blob->blob);
	*blob = fresh;
	if (role == SL_PIN_SO)
		r->so_moved = true;
	else
		r->row.to_be_changed = r->was_to_be_changed;
	r->user_moved = r->user_moved || role == SL_PIN_USER;
	return SL_OK;
}

static enum sl_err
seal_again(struct sl_reseal *r, struct sl_record *record)
{
	const CK_OBJECT_CLASS class = sl_attrs_ulong(&record->attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	const struct sl_attr *spki = sl_attrs_get(&record->attrs, CKA_PUBLIC_KEY_INFO);
	const struct sl_sealed_key sealed = {
		.blob = record->sealed, .len = record->sealed_len, .form = record->sealed_form, .secret = class == CKO_SECRET_KEY,
		.bound = record->bound,
	};
	struct sl_known known = { .spki = NULL };
	struct sl_resealed fresh = { .blob = NULL };
	enum sl_err err;

	if (class == CKO_PRIVATE_KEY && spki != NULL && spki->len != 0)
		known = (struct sl_known){ .spki = spki->value, .spki_len = spki->len };
	if ((err = sl_seal_again(r->token->root, r->root, &sealed, &r->secret, &known, &fresh)) != SL_OK)
		return err;
	free(record->sealed);
	record->sealed = fresh.blob;
	record->sealed_len = fresh.len;
	record->sealed_form = SL_SEAL_FORM_RAW;
	return SL_OK;
}

/* The device says of a policy what is missing; of a blob that was altered, only we know which. */
static enum sl_err
say_which(const struct sl_reseal *r, const struct sl_record *record, enum sl_err err, struct sl_msg *msg)
{
	const struct sl_attr *label = sl_attrs_get(&record->attrs, CKA_LABEL);
	struct sl_msg trouble = { "" };

	sl_device_trouble(r->token->instance->device, &trouble);
	sl_msg_set(msg, "token %s: its key '%.*s' cannot be sealed anew: %s%s%s; nothing was changed", r->token->config->name,
	           label == NULL ? 0 : label->len > 64 ? 64 : (int)label->len, label == NULL ? "" : (const char *)label->value, sl_err_text(err),
	           trouble.text[0] == '\0' ? "" : ": ", trouble.text);
	return err;
}

static enum sl_err
commit(struct sl_reseal *r, bool replace, size_t *ret_removed, struct sl_msg *msg)
{
	const struct sl_store_move move = {
		.token = r->token->config->name, .generation = r->generation, .from = r->from,
		.to = r->same || r->from == 0 ? NULL : &r->name, .salt_key = &r->salt_key, .records = r->moves, .n = r->n_moves,
		.pins = r->pins ? &r->row : NULL, .so = r->so_moved, .user = r->user_moved, .replace = replace, .keep = r->present,
	};
	const enum sl_err err = sl_store_move(r->token->instance->store, &move, ret_removed);

	if (err == SL_ERR_VERSION)
		sl_msg_set(msg, "token %s: its store was changed meanwhile; nothing was changed here, expected another try", r->token->config->name);
	if (err == SL_ERR_EXISTS)
		sl_msg_set(msg, "token %s: other PINs or none belong to what it has under the policy to come, expected --replace, which removes that",
		           r->token->config->name);
	return err;
}

enum sl_err
sl_reseal_run(struct sl_reseal *r, bool replace, size_t *ret_removed, struct sl_msg *msg)
{
	enum sl_err err;

	*ret_removed = 0;
	if ((r->same || r->from == 0) && (!replace || r->n_others == 0))
		return SL_OK;
	if (r->secret.len == 0 && (r->n_bound != 0 || (r->pins && !r->in_nv)))
		return SL_ERR_LOGIN;
	for (size_t i = 0; i < r->n_moves; i++)
		if (r->moves[i].sealed != NULL && (err = seal_again(r, &r->moves[i])) != SL_OK)
			return say_which(r, &r->moves[i], err, msg);
	return commit(r, replace, ret_removed, msg);
}
