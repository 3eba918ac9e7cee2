/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/policy.h"
#include "base/text.h"
#include "config/policy.h"
#include "crypto/der.h"

#include <string.h>

#define UTF8_STRING 0x0c

const char *
sl_policy_code_name(uint32_t code, char room[16])
{
	static const struct {
		uint32_t code;
		const char *name;
	} names[] = {
		{ 0x149, "TPM2_PolicyNV" }, { 0x151, "TPM2_PolicySecret" }, { 0x160, "TPM2_PolicySigned" }, { 0x163, "TPM2_PolicyCpHash" },
		{ SL_POLICY_AUTHORIZE_CC, "TPM2_PolicyAuthorize" }, { SL_POLICY_AUTH_VALUE_CC, "TPM2_PolicyAuthValue" },
		{ SL_POLICY_COMMAND_CODE_CC, "TPM2_PolicyCommandCode" }, { 0x16d, "TPM2_PolicyCounterTimer" }, { 0x16f, "TPM2_PolicyLocality" },
		{ 0x170, "TPM2_PolicyNameHash" }, { 0x171, "TPM2_PolicyOR" }, { 0x172, "TPM2_PolicyTicket" },
		{ SL_POLICY_PCR_CC, "TPM2_PolicyPCR" }, { 0x187, "TPM2_PolicyPhysicalPresence" },
		{ 0x188, "TPM2_PolicyDuplicationSelect" }, { SL_POLICY_PASSWORD_CC, "TPM2_PolicyPassword" },
		{ 0x18f, "TPM2_PolicyNvWritten" }, { 0x190, "TPM2_PolicyTemplate" }, { 0x192, "TPM2_PolicyAuthorizeNV" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
		if (names[i].code == code)
			return names[i].name;
	(void)snprintf(room, 16, "TPM2_0x%x", code);
	return room;
}

uint16_t
sl_policy_bank_alg(enum sl_pcr_bank bank)
{
	static const uint16_t algs[] = { [SL_PCR_SHA1] = 0x0004, [SL_PCR_SHA256] = 0x000b, [SL_PCR_SHA384] = 0x000c, [SL_PCR_SHA512] = 0x000d };

	return algs[bank];
}

static bool
bank_of(uint16_t alg, enum sl_pcr_bank *ret_bank)
{
	for (int i = SL_PCR_SHA1; i <= SL_PCR_SHA512; i++) {
		if (sl_policy_bank_alg((enum sl_pcr_bank)i) == alg) {
			*ret_bank = (enum sl_pcr_bank)i;
			return true;
		}
	}
	return false;
}

const char *
sl_policy_selection_text(const struct sl_pcr_selection *selection, char room[96])
{
	char list[SL_POLICY_LIST_MAX];

	sl_policy_list(selection->pcrs, list);
	(void)snprintf(room, 96, "%s:%s", sl_policy_bank_word(selection->bank), list);
	return room;
}

const char *
sl_policy_hex(const uint8_t *bytes, size_t len, char *room)
{
	sl_text_to_hex(bytes, len, room);
	return room;
}

size_t
sl_policy_tpml(const struct sl_pcr_selection *selection, uint8_t *out)
{
	struct sl_writer w = sl_writer_of(out, SL_POLICY_SELECTION_MAX);

	sl_writer_u32be(&w, 1);
	sl_writer_u16be(&w, sl_policy_bank_alg(selection->bank));
	sl_writer_u8(&w, 3); /* sizeofSelect: 24 PCRs */
	for (int i = 0; i < 3; i++)
		sl_writer_u8(&w, (uint8_t)(selection->pcrs >> 8 * i));
	return w.used;
}

/* ---- The form ---- */

static enum sl_err
refuse(struct sl_msg *msg, enum sl_err err, const char *why, const char *what)
{
	sl_msg_set(msg, "sealed key: %s%s", why, what);
	return err;
}

static struct sl_bytes
read_2b(struct sl_reader *r)
{
	const size_t len = sl_reader_u16be(r);
	const uint8_t *at = sl_reader_bytes(r, len);

	return (struct sl_bytes){ at, at == NULL ? 0 : len };
}

static enum sl_err
read_bank(struct sl_reader *r, struct sl_pcr_selection *ret_selection, struct sl_msg *msg)
{
	const uint16_t alg = sl_reader_u16be(r);
	const uint8_t size = sl_reader_u8(r);
	struct sl_pcr_selection s = { .pcrs = 0 };

	for (unsigned i = 0; i < size; i++) {
		const uint8_t bits = sl_reader_u8(r);

		if (i < 3)
			s.pcrs |= (uint32_t)bits << 8 * i;
		else if (bits != 0)
			return refuse(msg, SL_ERR_UNSUPPORTED, "its policy names a PCR above 23", "");
	}
	if (!r->bad && !bank_of(alg, &s.bank))
		return refuse(msg, SL_ERR_UNSUPPORTED, "its policy is over a bank of PCRs that is not known here", "");
	*ret_selection = s;
	return SL_OK;
}

static enum sl_err
read_pcr(struct sl_reader body, struct sl_policy_statement *s, struct sl_msg *msg)
{
	uint32_t count;
	enum sl_err err = SL_OK;

	s->pcr_digest = read_2b(&body);
	s->selection = (struct sl_bytes){ body.at, body.left };
	count = sl_reader_u32be(&body);
	if (body.bad || count > SL_POLICY_BANKS || s->selection.len > SL_POLICY_SELECTION_MAX ||
	    (s->pcr_digest.len != 0 && s->pcr_digest.len != SL_TPM_POLICY))
		return refuse(msg, SL_ERR_FORMAT, "a TPM2_PolicyPCR is not of the form it has to have", "");
	for (; err == SL_OK && s->n_banks < count; s->n_banks++)
		err = read_bank(&body, &s->banks[s->n_banks], msg);
	if (err == SL_OK && !sl_reader_done(&body))
		return refuse(msg, SL_ERR_FORMAT, "a TPM2_PolicyPCR is not of the form it has to have", "");
	return err;
}

static enum sl_err
read_authorize(struct sl_reader body, struct sl_policy_statement *s, struct sl_msg *msg)
{
	s->key = read_2b(&body);
	s->ref = read_2b(&body);
	s->signature = (struct sl_bytes){ body.at, body.left };
	if (body.bad || s->key.len == 0 || s->key.len > SL_TPM_PUBLIC_MAX || s->ref.len > SL_POLICY_REF_MAX ||
	    s->signature.len > SL_POLICY_SIGNATURE_MAX)
		return refuse(msg, SL_ERR_FORMAT, "a TPM2_PolicyAuthorize is not of the form it has to have", "");
	if (s->signature.len == 2 && s->signature.data[0] == 0 && s->signature.data[1] == 0x10) /* TPM_ALG_NULL */
		s->signature.len = 0;
	return SL_OK;
}

static enum sl_err
read_body(struct sl_reader body, struct sl_policy_statement *s, struct sl_msg *msg)
{
	char room[16];

	switch (s->code) {
	case SL_POLICY_PCR_CC:
		return read_pcr(body, s, msg);
	case SL_POLICY_AUTHORIZE_CC:
		return read_authorize(body, s, msg);
	case SL_POLICY_COMMAND_CODE_CC:
		s->command = sl_reader_u32be(&body);
		break;
	case SL_POLICY_AUTH_VALUE_CC:
	case SL_POLICY_PASSWORD_CC:
		break;
	default:
		return refuse(msg, SL_ERR_UNSUPPORTED, "its policy has a statement that is not offered here: ",
		              sl_policy_code_name(s->code, room));
	}
	return sl_reader_done(&body) ? SL_OK : refuse(msg, SL_ERR_FORMAT, "a policy statement is not of the form it has to have: ",
	                                              sl_policy_code_name(s->code, room));
}

enum sl_err
sl_policy_next(struct sl_reader *list, struct sl_policy_statement *ret_statement, struct sl_msg *msg)
{
	struct sl_reader one = sl_der_enter(list, SL_DER_SEQUENCE);
	struct sl_reader field = sl_der_enter(&one, SL_DER_CONTEXT_0);
	struct sl_bytes code = sl_der_integer(&field);
	struct sl_reader command = sl_der_enter(&one, SL_DER_CONTEXT_1);
	struct sl_reader body = sl_der_enter(&command, SL_DER_OCTET_STRING);
	struct sl_policy_statement s = { .code = 0 };
	enum sl_err err;

	if (body.bad || !sl_reader_done(&field) || !sl_reader_done(&command) || !sl_reader_done(&one) || code.len > 4) {
		list->bad = true;
		return refuse(msg, SL_ERR_FORMAT, "a policy is not of the form it has to have", "");
	}
	for (size_t i = 0; i < code.len; i++)
		s.code = s.code << 8 | code.data[i];
	if ((err = read_body(body, &s, msg)) == SL_OK)
		*ret_statement = s;
	return err;
}

enum sl_err
sl_policy_next_alternative(struct sl_reader *list, struct sl_reader *ret_policy, struct sl_msg *msg)
{
	struct sl_reader one = sl_der_enter(list, SL_DER_SEQUENCE);
	struct sl_reader field;
	struct sl_reader policy;

	if (!one.bad && one.left != 0 && one.at[0] == SL_DER_CONTEXT_0) {
		field = sl_der_enter(&one, SL_DER_CONTEXT_0);
		(void)sl_der_enter(&field, UTF8_STRING);
	}
	field = sl_der_enter(&one, SL_DER_CONTEXT_1);
	policy = sl_der_enter(&field, SL_DER_SEQUENCE);
	if (policy.bad || !sl_reader_done(&field) || !sl_reader_done(&one)) {
		list->bad = true;
		return refuse(msg, SL_ERR_FORMAT, "a policy is not of the form it has to have", "");
	}
	*ret_policy = policy;
	return SL_OK;
}

/* head, tail: what follows the code in the command's body. */
static void
write_statement(struct sl_writer *w, uint32_t code, const struct sl_bytes *parts, size_t n)
{
	const uint8_t bytes[2] = { (uint8_t)(code >> 8), (uint8_t)code };
	const struct sl_bytes number = { bytes, sizeof(bytes) };
	const size_t integer = sl_der_integer_len(number);
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len;
	sl_der_head(w, SL_DER_SEQUENCE, sl_der_len(integer) + sl_der_len(sl_der_len(len)));
	sl_der_head(w, SL_DER_CONTEXT_0, integer);
	sl_der_write_integer(w, number);
	sl_der_head(w, SL_DER_CONTEXT_1, sl_der_len(len));
	sl_der_head(w, SL_DER_OCTET_STRING, len);
	for (size_t i = 0; i < n; i++)
		if (parts[i].len != 0)
			sl_writer_bytes(w, parts[i].data, parts[i].len);
}

void
sl_policy_write_pcr(struct sl_writer *w, const struct sl_pcr_selection *selection, const uint8_t *pcr_digest)
{
	static const uint8_t len[2] = { 0, SL_TPM_POLICY };
	uint8_t list[SL_POLICY_SELECTION_MAX];
	const struct sl_bytes parts[] = {
		{ len, sizeof(len) }, { pcr_digest, SL_TPM_POLICY }, { list, sl_policy_tpml(selection, list) }
	};

	write_statement(w, SL_POLICY_PCR_CC, parts, SL_ARRAY_LEN(parts));
}

void
sl_policy_write_authorize(struct sl_writer *w, struct sl_bytes key, struct sl_bytes ref, struct sl_bytes signature)
{
	static const uint8_t none[2] = { 0, 0x10 }; /* TPMT_SIGNATURE: TPM_ALG_NULL */
	const uint8_t key_len[2] = { (uint8_t)(key.len >> 8), (uint8_t)key.len };
	const uint8_t ref_len[2] = { (uint8_t)(ref.len >> 8), (uint8_t)ref.len };
	const struct sl_bytes parts[] = { { key_len, 2 }, key, { ref_len, 2 }, ref,
		                          signature.len == 0 ? (struct sl_bytes){ none, sizeof(none) } : signature };

	write_statement(w, SL_POLICY_AUTHORIZE_CC, parts, SL_ARRAY_LEN(parts));
}

void
sl_policy_write_auth_value(struct sl_writer *w)
{
	write_statement(w, SL_POLICY_AUTH_VALUE_CC, NULL, 0);
}
