/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_nvcommand.h"
#include "root/policy.h"
#include "root/tpm_rc.h"

#include <string.h>

#define ATTRIBUTES (TPMA_NV_AUTHREAD | TPMA_NV_AUTHWRITE) /* and the type of an ordinary index, which is 0 */

/*
 * The role ADMIN, which TPM2_NV_ChangeAuth wants, can be had by a policy alone. This one lets the auth value change
 * itself. It opens nothing else: POLICYREAD and POLICYWRITE are not set.
 */
static enum sl_err
change_policy(uint8_t policy[SL_TPM_POLICY])
{
	static const struct sl_policy_statement statements[] = {
		{ .code = SL_POLICY_AUTH_VALUE_CC }, { .code = SL_POLICY_COMMAND_CODE_CC, .command = TPM2_CC_NV_ChangeAuth }
	};
	enum sl_err err = SL_OK;

	memset(policy, 0, SL_TPM_POLICY);
	for (size_t i = 0; err == SL_OK && i < SL_ARRAY_LEN(statements); i++)
		err = sl_policy_extend(&statements[i], policy);
	return err;
}

enum sl_err
sl_tpm_nvcommand_of(uint32_t index, bool written, struct sl_tpm_nv *ret_nv)
{
	struct sl_tpm_nv nv = { .index = index, .written = written };
	struct sl_writer w = sl_writer_of(nv.bytes, sizeof(nv.bytes));
	uint8_t policy[SL_TPM_POLICY];
	enum sl_err err;

	if ((err = change_policy(policy)) != SL_OK)
		return err;
	sl_writer_u32be(&w, index);
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	sl_writer_u32be(&w, ATTRIBUTES | (written ? TPMA_NV_WRITTEN : 0));
	sl_writer_u16be(&w, SL_TPM_POLICY);
	sl_writer_bytes(&w, policy, SL_TPM_POLICY);
	sl_writer_u16be(&w, SL_NV_SECRET);
	nv.len = w.used;
	w = sl_writer_of(nv.name.bytes, 2);
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	nv.name.len = 2 + 32;
	if ((err = sl_hash_once(SL_HASH_SHA256, nv.bytes, nv.len, nv.name.bytes + 2)) != SL_OK)
		return err;
	*ret_nv = nv;
	return SL_OK;
}

static bool
is_same(const struct sl_tpm_nv *nv, const uint8_t *bytes, size_t len)
{
	return len == nv->len && memcmp(bytes, nv->bytes, len) == 0;
}

static enum sl_err
recognize(uint32_t index, const struct sl_tpm_answer *a, struct sl_tpm_nv *ret_nv)
{
	struct sl_reader r = sl_reader_of(a->params, a->params_len);
	const size_t len = sl_reader_u16be(&r);
	const uint8_t *bytes = sl_reader_bytes(&r, len);
	const size_t name_len = sl_reader_u16be(&r);
	const uint8_t *name = sl_reader_bytes(&r, name_len);
	struct sl_tpm_nv nv;
	enum sl_err err;

	if (!sl_reader_done(&r))
		return SL_ERR_DEVICE;
	for (int written = 0; written < 2; written++) {
		if ((err = sl_tpm_nvcommand_of(index, written == 1, &nv)) != SL_OK)
			return err;
		if (!is_same(&nv, bytes, len))
			continue;
		if (name_len != nv.name.len || memcmp(name, nv.name.bytes, name_len) != 0)
			return SL_ERR_DEVICE;
		*ret_nv = nv;
		return SL_OK;
	}
	return SL_ERR_MISMATCH;
}

/* A session that is not there any more is no index that is not there. */
static enum sl_err
entity_err(struct sl_tpm_batch *batch, enum sl_err err)
{
	const bool index = sl_tpm_rc_is(batch->rc, TPM2_RC_HANDLE) || sl_tpm_rc_is(batch->rc, TPM2_RC_NV_UNINITIALIZED);

	return err == SL_ERR_NOT_FOUND && !index ? SL_ERR_VERIFY : err;
}

enum sl_err
sl_tpm_nvcommand_look(struct sl_tpm_batch *batch, struct sl_tpm_session *session, uint32_t index,
                      struct sl_tpm_nv *ret_nv)
{
	struct sl_tpm_command c = { .code = TPM2_CC_NV_ReadPublic, .handles = { index }, .n_handles = 1,
		                    .session = session };
	SL_TPM_ANSWER a = { .len = 0 };
	struct sl_tpm_nv nv;
	enum sl_err err;

	if (session != NULL) {
		if ((err = sl_tpm_nvcommand_of(index, true, &nv)) != SL_OK)
			return err;
		c.names[0] = nv.name;
	}
	err = entity_err(batch, sl_tpm_run(batch, &c, &a));
	if (err == SL_OK)
		err = recognize(index, &a, ret_nv);
	if (err == SL_ERR_AUTH && session == NULL) /* of nothing */
		err = SL_ERR_DEVICE;
	if (err == SL_ERR_MISMATCH)
		sl_tpm_device_trouble(batch->device, "%s: the NV index 0x%08x was not made by us, or for something else",
		                      batch->device->tcti, index);
	else if (err != SL_OK)
		sl_tpm_device_trouble(batch->device, "%s: TPM2_NV_ReadPublic of 0x%08x: %s (response code 0x%03x)",
		                      batch->device->tcti, index, sl_err_text(err), batch->rc);
	return err;
}

static void
write_2b(struct sl_writer *w, const void *bytes, size_t len)
{
	sl_writer_u16be(w, (uint16_t)len);
	sl_writer_bytes(w, bytes, len);
}

/* Runs it, and wipes what it carried. */
static enum sl_err
run(struct sl_tpm_batch *batch, struct sl_tpm_command *c, const struct sl_writer *w, struct sl_tpm_answer *answer)
{
	enum sl_err err = SL_ERR_RANGE;

	c->params_len = w->used;
	if (sl_writer_ok(w))
		err = sl_tpm_run(batch, c, answer);
	sl_secret_wipe(c->params, sizeof(c->params));
	return entity_err(batch, err);
}

enum sl_err
sl_tpm_nvcommand_define(struct sl_tpm_batch *batch, const struct sl_tpm_nvowner *owner, const struct sl_tpm_nv *nv,
                        const struct sl_secret *auth)
{
	struct sl_tpm_command c = { .code = TPM2_CC_NV_DefineSpace, .name = "TPM2_NV_DefineSpace",
		                    .handles = { TPM2_RH_OWNER }, .names = { sl_tpm_command_handle_name(TPM2_RH_OWNER) },
		                    .n_handles = 1, .auth = true, .session = owner->session, .auth_value = owner->value };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };

	write_2b(&w, auth->bytes, auth->len);
	write_2b(&w, nv->bytes, nv->len);
	return run(batch, &c, &w, &a);
}

enum sl_err
sl_tpm_nvcommand_undefine(struct sl_tpm_batch *batch, const struct sl_tpm_nvowner *owner, const struct sl_tpm_nv *nv)
{
	struct sl_tpm_command c = { .code = TPM2_CC_NV_UndefineSpace, .name = "TPM2_NV_UndefineSpace",
		                    .handles = { TPM2_RH_OWNER, nv->index },
		                    .names = { sl_tpm_command_handle_name(TPM2_RH_OWNER), nv->name }, .n_handles = 2,
		                    .auth = true, .session = owner->session, .auth_value = owner->value };
	SL_TPM_ANSWER a = { .len = 0 };

	return entity_err(batch, sl_tpm_run(batch, &c, &a));
}

/*
 * TPM_RC_AUTH_FAIL says that the auth was wrong, and was counted. A refusal without counting is about something else.
 */
static enum sl_err
auth_err(struct sl_tpm_batch *batch, enum sl_err err)
{
	if (err != SL_ERR_AUTH || sl_tpm_rc_is(batch->rc, TPM2_RC_AUTH_FAIL))
		return err;
	sl_tpm_device_trouble(batch->device,
	                      "%s: the TPM refused the command, but not for a wrong authorization (response code 0x%03x)",
	                      batch->device->tcti, batch->rc);
	return SL_ERR_DEVICE;
}

/* The index authorizes the access to itself. */
static struct sl_tpm_command
by_index(const struct sl_tpm_nv *nv, struct sl_tpm_session *session, const struct sl_secret *auth)
{
	return (struct sl_tpm_command){ .handles = { nv->index, nv->index }, .names = { nv->name, nv->name }, .n_handles = 2,
		                        .auth = true, .session = session, .auth_value = auth };
}

enum sl_err
sl_tpm_nvcommand_write(struct sl_tpm_batch *batch, struct sl_tpm_session *session, const struct sl_tpm_nv *nv,
                       const struct sl_secret *auth, const struct sl_secret *secret)
{
	struct sl_tpm_command c = by_index(nv, session, auth);
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };

	c.code = TPM2_CC_NV_Write;
	c.name = "TPM2_NV_Write";
	write_2b(&w, secret->bytes, secret->len);
	sl_writer_u16be(&w, 0); /* offset */
	return auth_err(batch, run(batch, &c, &w, &a));
}

enum sl_err
sl_tpm_nvcommand_read(struct sl_tpm_batch *batch, struct sl_tpm_session *session, const struct sl_tpm_nv *nv,
                      const struct sl_secret *auth, struct sl_secret *ret_secret)
{
	struct sl_tpm_command c = by_index(nv, session, auth);
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };
	struct sl_reader r;
	const uint8_t *data;
	enum sl_err err;

	c.code = TPM2_CC_NV_Read;
	c.name = "TPM2_NV_Read";
	sl_writer_u16be(&w, SL_NV_SECRET);
	sl_writer_u16be(&w, 0); /* offset */
	if ((err = run(batch, &c, &w, &a)) != SL_OK)
		return auth_err(batch, err);
	r = sl_reader_of(a.params, a.params_len);
	data = sl_reader_u16be(&r) == SL_NV_SECRET ? sl_reader_bytes(&r, SL_NV_SECRET) : NULL;
	return data == NULL || !sl_reader_done(&r) ? SL_ERR_DEVICE : sl_secret_copy(ret_secret, data, SL_NV_SECRET);
}

enum sl_err
sl_tpm_nvcommand_change(struct sl_tpm_batch *batch, struct sl_tpm_session *session, const struct sl_tpm_nv *nv,
                        const struct sl_secret *auth, const struct sl_secret *fresh)
{
	struct sl_tpm_command c = by_index(nv, session, auth);
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };

	c.code = TPM2_CC_NV_ChangeAuth;
	c.name = "TPM2_NV_ChangeAuth";
	c.n_handles = 1;
	c.answer_auth = fresh;
	write_2b(&w, fresh->bytes, fresh->len);
	return auth_err(batch, run(batch, &c, &w, &a));
}
