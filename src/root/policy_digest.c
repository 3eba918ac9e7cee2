/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/policy.h"

#include <string.h>

/* digest = H(digest || code || parts): PolicyUpdate() of Part 3, 23.2.3. */
static enum sl_err
update(uint8_t digest[SL_TPM_POLICY], uint32_t code, struct sl_bytes a, struct sl_bytes b)
{
	uint8_t room[SL_TPM_POLICY + 4 + SL_POLICY_SELECTION_MAX + SL_ROOT_NAME_MAX];
	struct sl_writer w = sl_writer_of(room, sizeof(room));

	sl_writer_bytes(&w, digest, SL_TPM_POLICY);
	sl_writer_u32be(&w, code);
	if (a.len != 0)
		sl_writer_bytes(&w, a.data, a.len);
	if (b.len != 0)
		sl_writer_bytes(&w, b.data, b.len);
	return sl_writer_ok(&w) ? sl_hash_once(SL_HASH_SHA256, room, w.used, digest) : SL_ERR_RANGE;
}

/* Part 3, 23.16.1: starts from zeros, whatever was before; the policyRef is hashed in by itself. */
static enum sl_err
extend_authorize(const struct sl_policy_statement *s, uint8_t digest[SL_TPM_POLICY])
{
	uint8_t room[SL_TPM_POLICY + SL_POLICY_REF_MAX];
	struct sl_writer w = sl_writer_of(room, sizeof(room));
	struct sl_tpm_public key = { .len = 0 };
	enum sl_err err;

	memset(digest, 0, SL_TPM_POLICY);
	if ((err = sl_tpm_public_of(s->key.data, s->key.len, &key)) != SL_OK ||
	    (err = update(digest, s->code, (struct sl_bytes){ key.name.bytes, key.name.len }, (struct sl_bytes){ NULL, 0 })) != SL_OK)
		return err;
	sl_writer_bytes(&w, digest, SL_TPM_POLICY);
	if (s->ref.len != 0)
		sl_writer_bytes(&w, s->ref.data, s->ref.len);
	return sl_writer_ok(&w) ? sl_hash_once(SL_HASH_SHA256, room, w.used, digest) : SL_ERR_RANGE;
}

enum sl_err
sl_policy_extend(const struct sl_policy_statement *statement, uint8_t digest[SL_TPM_POLICY])
{
	const uint32_t command = statement->command;
	const uint8_t bytes[4] = { (uint8_t)(command >> 24), (uint8_t)(command >> 16), (uint8_t)(command >> 8), (uint8_t)command };
	const struct sl_bytes nothing = { NULL, 0 };

	switch (statement->code) {
	case SL_POLICY_PCR_CC:
		return statement->pcr_digest.len != SL_TPM_POLICY ? SL_ERR_ARG :
		       update(digest, statement->code, statement->selection, statement->pcr_digest);
	case SL_POLICY_AUTHORIZE_CC:
		return extend_authorize(statement, digest);
	case SL_POLICY_COMMAND_CODE_CC:
		return update(digest, statement->code, (struct sl_bytes){ bytes, sizeof(bytes) }, nothing);
	default: /* TPM2_PolicyPassword extends by the other's code (Part 3, 23.18.1) */
		return update(digest, SL_POLICY_AUTH_VALUE_CC, nothing, nothing);
	}
}

enum sl_err
sl_policy_digest(struct sl_bytes list, uint8_t digest[SL_TPM_POLICY], struct sl_msg *msg)
{
	struct sl_reader r = sl_reader_of(list.data, list.len);
	struct sl_policy_statement s;
	enum sl_err err = SL_OK;

	memset(digest, 0, SL_TPM_POLICY);
	while (err == SL_OK && r.left != 0) {
		if ((err = sl_policy_next(&r, &s, msg)) == SL_OK)
			err = sl_policy_extend(&s, digest);
	}
	return err;
}

enum sl_err
sl_policy_of_pcrs(const struct sl_pcr_selection *selection, const uint8_t *pcr_digest, uint8_t *out)
{
	uint8_t list[SL_POLICY_SELECTION_MAX];
	uint8_t digest[SL_HASH_MAX] = { 0 };
	const struct sl_bytes l = { list, sl_policy_tpml(selection, list) };
	const enum sl_err err = update(digest, SL_POLICY_PCR_CC, l, (struct sl_bytes){ pcr_digest, SL_TPM_POLICY });

	if (err == SL_OK)
		memcpy(out, digest, SL_TPM_POLICY);
	return err;
}
