/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_policy.h"
#include "root/policy.h"
#include "root/tpm_rc.h"

#include <string.h>

#define SNAPSHOTS 16 /* tries to read all PCRs in one state */

static void
write_2b(struct sl_writer *w, struct sl_bytes bytes)
{
	sl_writer_u16be(w, (uint16_t)bytes.len);
	if (bytes.len != 0)
		sl_writer_bytes(w, bytes.data, bytes.len);
}

/* One of the commands that take nothing but the session. */
static enum sl_err
say(struct sl_tpm_batch *batch, const struct sl_tpm_session *session, uint32_t code, const char *name)
{
	struct sl_tpm_command c = { .code = code, .name = name, .handles = { session->handle }, .n_handles = 1 };
	SL_TPM_ANSWER a = { .len = 0 };

	return sl_tpm_run(batch, &c, &a);
}

enum sl_err
sl_tpm_policy_pcr(struct sl_tpm_batch *batch, const struct sl_tpm_session *session, struct sl_bytes digest, struct sl_bytes selection)
{
	struct sl_tpm_command c = { .code = TPM2_CC_PolicyPCR, .name = "TPM2_PolicyPCR", .handles = { session->handle }, .n_handles = 1 };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };
	enum sl_err err;

	write_2b(&w, digest);
	sl_writer_bytes(&w, selection.data, selection.len);
	c.params_len = w.used;
	if (!sl_writer_ok(&w))
		return SL_ERR_RANGE;
	err = sl_tpm_run(batch, &c, &a);
	/* TPM_RC_VALUE of the first parameter: the digest is not that of now. */
	return sl_tpm_rc_is(batch->rc, TPM2_RC_VALUE) ? SL_ERR_POLICY : err;
}

enum sl_err
sl_tpm_policy_auth_value(struct sl_tpm_batch *batch, struct sl_tpm_session *session)
{
	const enum sl_err err = say(batch, session, TPM2_CC_PolicyAuthValue, "TPM2_PolicyAuthValue");

	if (err == SL_OK)
		session->by_auth = true;
	return err;
}

enum sl_err
sl_tpm_policy_command_code(struct sl_tpm_batch *batch, const struct sl_tpm_session *session, uint32_t code)
{
	struct sl_tpm_command c = { .code = TPM2_CC_PolicyCommandCode, .name = "TPM2_PolicyCommandCode",
		                    .handles = { session->handle }, .n_handles = 1, .params_len = 4 };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };

	sl_writer_u32be(&w, code);
	return sl_tpm_run(batch, &c, &a);
}

enum sl_err
sl_tpm_policy_restart(struct sl_tpm_batch *batch, struct sl_tpm_session *session)
{
	session->by_auth = false;
	return say(batch, session, TPM2_CC_PolicyRestart, "TPM2_PolicyRestart");
}

/* Into the TPM, without a private half; the ticket is of the hierarchy. */
static enum sl_err
load_external(struct sl_tpm_batch *batch, struct sl_bytes public_area, uint32_t hierarchy, struct sl_tpm_object *ret_object)
{
	struct sl_tpm_command c = { .code = TPM2_CC_LoadExternal, .name = "TPM2_LoadExternal", .gives_handle = true };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	struct sl_tpm_object object = { .handle = 0 };
	SL_TPM_ANSWER a = { .len = 0 };
	enum sl_err err;

	if ((err = sl_tpm_public_of(public_area.data, public_area.len, &object.key)) != SL_OK)
		return err;
	sl_writer_u16be(&w, 0); /* inPrivate */
	write_2b(&w, public_area);
	sl_writer_u32be(&w, hierarchy);
	c.params_len = w.used;
	err = sl_writer_ok(&w) ? sl_tpm_run(batch, &c, &a) : SL_ERR_RANGE;
	if (err != SL_OK)
		return err;
	object.handle = a.handle;
	*ret_object = object;
	return SL_OK;
}

/* aHash = H(approvedPolicy || policyRef): Part 3, 23.16.1. */
static enum sl_err
signed_hash(const struct sl_tpm_authorization *authorization, uint8_t *out)
{
	uint8_t room[SL_TPM_POLICY + SL_POLICY_REF_MAX];
	struct sl_writer w = sl_writer_of(room, sizeof(room));

	sl_writer_bytes(&w, authorization->policy, SL_TPM_POLICY);
	if (authorization->ref.len != 0)
		sl_writer_bytes(&w, authorization->ref.data, authorization->ref.len);
	return sl_writer_ok(&w) ? sl_hash_once(SL_HASH_SHA256, room, w.used, out) : SL_ERR_RANGE;
}

static enum sl_err
verify_signature(struct sl_tpm_batch *batch, uint32_t key, const struct sl_tpm_authorization *authorization,
                 struct sl_tpm_ticket *ret_ticket)
{
	struct sl_tpm_command c = { .code = TPM2_CC_VerifySignature, .name = "TPM2_VerifySignature", .handles = { key }, .n_handles = 1 };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };
	uint8_t hash[SL_HASH_MAX];
	enum sl_err err;

	if ((err = signed_hash(authorization, hash)) != SL_OK)
		return err;
	write_2b(&w, (struct sl_bytes){ hash, sl_hash_len(SL_HASH_SHA256) });
	sl_writer_bytes(&w, authorization->signature.data, authorization->signature.len);
	c.params_len = w.used;
	if (!sl_writer_ok(&w))
		return SL_ERR_RANGE;
	err = sl_tpm_run(batch, &c, &a);
	/* A number that the key cannot have made is no signature of it either. */
	if (sl_tpm_rc_is(batch->rc, TPM2_RC_VALUE) || sl_tpm_rc_is(batch->rc, TPM2_RC_SIZE))
		return SL_ERR_POLICY;
	if (err != SL_OK)
		return err;
	if (a.params_len > sizeof(ret_ticket->bytes))
		return SL_ERR_DEVICE;
	memcpy(ret_ticket->bytes, a.params, a.params_len);
	ret_ticket->len = a.params_len;
	return SL_OK;
}

enum sl_err
sl_tpm_policy_verify(struct sl_tpm_batch *batch, const struct sl_tpm_authorization *authorization, struct sl_root_name *ret_name,
                     struct sl_tpm_ticket *ret_ticket)
{
	struct sl_tpm_object key = { .handle = 0 };
	enum sl_err err = load_external(batch, authorization->public_area, TPM2_RH_OWNER, &key);

	if (err == SL_ERR_ABSENT) /* a ticket of the null hierarchy would be empty (Part 2, 10.7.4) */
		err = load_external(batch, authorization->public_area, TPM2_RH_ENDORSEMENT, &key);
	if (err != SL_OK)
		return err;
	err = verify_signature(batch, key.handle, authorization, ret_ticket);
	sl_tpm_command_flush(batch, &key.handle);
	if (err == SL_OK)
		*ret_name = key.key.name;
	return err;
}

enum sl_err
sl_tpm_policy_authorize(struct sl_tpm_batch *batch, const struct sl_tpm_session *session,
                        const struct sl_tpm_authorization *authorization, const struct sl_root_name *name,
                        const struct sl_tpm_ticket *ticket)
{
	struct sl_tpm_command c = { .code = TPM2_CC_PolicyAuthorize, .name = "TPM2_PolicyAuthorize", .handles = { session->handle },
		                    .n_handles = 1 };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };
	enum sl_err err;

	write_2b(&w, (struct sl_bytes){ authorization->policy, SL_TPM_POLICY });
	write_2b(&w, authorization->ref);
	write_2b(&w, (struct sl_bytes){ name->bytes, name->len });
	sl_writer_bytes(&w, ticket->bytes, ticket->len);
	c.params_len = w.used;
	if (!sl_writer_ok(&w))
		return SL_ERR_RANGE;
	err = sl_tpm_run(batch, &c, &a);
	/* TPM_RC_VALUE: the session's digest is not the one that is signed. */
	return sl_tpm_rc_is(batch->rc, TPM2_RC_VALUE) ? SL_ERR_POLICY : err;
}

/* What is read of one selection, in as many commands as the TPM wants. */
struct reading {
	struct sl_pcr_selection left; /* pcrs: still to be read */
	uint32_t counter;             /* pcrUpdateCounter */
	struct sl_writer out;
};

/* TPM2_PCR_Read gives the first ones of those that are asked for (Part 3, 22.4), the lowest first. */
static enum sl_err
take_values(struct sl_tpm_answer *a, struct reading *reading)
{
	struct sl_reader r = sl_reader_of(a->params, a->params_len);
	uint32_t got = 0;
	uint32_t count;

	reading->counter = sl_reader_u32be(&r);
	if (sl_reader_u32be(&r) != 1 || sl_reader_u16be(&r) != sl_policy_bank_alg(reading->left.bank) || sl_reader_u8(&r) != 3)
		return SL_ERR_DEVICE;
	for (int i = 0; i < 3; i++)
		got |= (uint32_t)sl_reader_u8(&r) << 8 * i;
	count = sl_reader_u32be(&r);
	if (r.bad || (got & ~reading->left.pcrs) != 0 || count != (uint32_t)__builtin_popcount(got))
		return SL_ERR_DEVICE;
	if (count == 0)
		return SL_ERR_UNSUPPORTED;
	for (uint32_t i = 0; i < count; i++) {
		const size_t len = sl_reader_u16be(&r);
		const uint8_t *value = sl_reader_bytes(&r, len);

		if (value == NULL || len > SL_HASH_MAX)
			return SL_ERR_DEVICE;
		sl_writer_bytes(&reading->out, value, len);
	}
	reading->left.pcrs &= ~got;
	return sl_reader_done(&r) && sl_writer_ok(&reading->out) ? SL_OK : SL_ERR_DEVICE;
}

static enum sl_err
read_some(struct sl_tpm_batch *batch, struct reading *reading)
{
	struct sl_tpm_command c = { .code = TPM2_CC_PCR_Read, .name = "TPM2_PCR_Read" };
	SL_TPM_ANSWER a = { .len = 0 };
	enum sl_err err;

	c.params_len = sl_policy_tpml(&reading->left, c.params);
	err = sl_tpm_run(batch, &c, &a);
	return err != SL_OK ? err : take_values(&a, reading);
}

/* SL_ERR_BUSY: a PCR was extended in between. */
static enum sl_err
read_all(struct sl_tpm_batch *batch, const struct sl_pcr_selection *selections, size_t n, struct sl_writer *out)
{
	struct reading reading = { .counter = 0 };
	uint32_t first = 0;
	bool begun = false;

	for (size_t i = 0; i < n; i++) {
		reading.left = selections[i];
		reading.out = *out;
		while (reading.left.pcrs != 0) {
			const enum sl_err err = read_some(batch, &reading);

			if (err != SL_OK)
				return err;
			if (begun && reading.counter != first)
				return SL_ERR_BUSY;
			begun = true;
			first = reading.counter;
		}
		*out = reading.out;
	}
	return SL_OK;
}

enum sl_err
sl_tpm_policy_read_pcrs(struct sl_tpm_batch *batch, const struct sl_pcr_selection *selections, size_t n, uint8_t *out, size_t *ret_len)
{
	for (int i = 0; i < SNAPSHOTS; i++) {
		struct sl_writer w = sl_writer_of(out, n * SL_TPM_PCRS_MAX);
		const enum sl_err err = read_all(batch, selections, n, &w);

		if (err == SL_ERR_UNSUPPORTED)
			sl_tpm_device_trouble(batch->device, "%s: the TPM has not all of the PCRs that the policy names, in that bank",
			                      batch->device->tcti);
		if (err == SL_ERR_BUSY)
			continue;
		if (err == SL_OK)
			*ret_len = w.used;
		return err;
	}
	return SL_ERR_BUSY;
}
