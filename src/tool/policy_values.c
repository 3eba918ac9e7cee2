/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/policy.h"

#include "base/fs.h"
#include "base/text.h"
#include "config/policy.h"
#include "crypto/digest.h"

#include <string.h>

#define FILE_MAX ((size_t)64 << 10)
#define BLANKS " \t\r"

static const enum sl_hash hashes[] = {
	[SL_PCR_SHA1] = SL_HASH_SHA1,
	[SL_PCR_SHA256] = SL_HASH_SHA256,
	[SL_PCR_SHA384] = SL_HASH_SHA384,
	[SL_PCR_SHA512] = SL_HASH_SHA512,
};

struct values {
	enum sl_pcr_bank bank;
	uint32_t seen;
	uint8_t at[SL_POLICY_PCRS][SL_HASH_MAX];
};

static char *
trim(char *text)
{
	text += strspn(text, BLANKS);
	for (size_t len = strlen(text); len > 0 && strchr(BLANKS, text[len - 1]) != NULL;)
		text[--len] = '\0';
	return text;
}

/* "7" or "sha256:7": one register. */
static bool
parse_register(const char *text, enum sl_pcr_bank *bank, unsigned *ret_pcr)
{
	uint32_t bit;

	if (strchr(text, ',') != NULL ||
	    !(strchr(text, ':') == NULL ? sl_policy_pcrs(text, &bit) : sl_policy_selection(text, strlen(text), bank, &bit)))
		return false;
	for (*ret_pcr = 0; (bit >> *ret_pcr & 1) == 0;)
		++*ret_pcr;
	return true;
}

/* False when line is neither REGISTER=HEX nor empty nor a comment. Other banks are passed over. */
static bool
take_line(struct values *values, char *line)
{
	enum sl_pcr_bank bank = values->bank;
	char *equals = strchr(line, '=');
	uint8_t value[SL_HASH_MAX];
	unsigned pcr;
	size_t len;
	char *hex;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (equals == NULL)
		return false;
	*equals = '\0';
	hex = trim(equals + 1);
	if (strncmp(hex, "0x", 2) == 0)
		hex += 2;
	if (!parse_register(trim(line), &bank, &pcr) || !sl_text_hex(hex, value, sizeof(value), &len) || len != sl_hash_len(hashes[bank]))
		return false;
	if (bank != values->bank)
		return true;
	if ((values->seen >> pcr & 1) != 0)
		return false;
	values->seen |= (uint32_t)1 << pcr;
	memcpy(values->at[pcr], value, len);
	return true;
}

static enum sl_err
digest_of(const struct values *values, uint32_t pcrs, uint8_t ret_digest[32])
{
	const size_t len = sl_hash_len(hashes[values->bank]);
	uint8_t all[SL_POLICY_PCRS * SL_HASH_MAX];
	size_t used = 0;

	for (unsigned i = 0; i < SL_POLICY_PCRS; i++) {
		if ((pcrs >> i & 1) == 0)
			continue;
		memcpy(all + used, values->at[i], len);
		used += len;
	}
	return sl_hash_once(SL_HASH_SHA256, all, used, ret_digest);
}

enum sl_err
sl_policy_values_read(const char *path, const struct sl_pcr_selection *selection, uint8_t ret_digest[32], struct sl_msg *msg)
{
	struct values values = { .bank = selection->bank };
	SL_FREE char *text = NULL;
	char missing[SL_POLICY_LIST_MAX];
	enum sl_err err = sl_fs_read_text(path, FILE_MAX, &text, msg);
	char *rest = text;

	if (err != SL_OK)
		return err;
	for (unsigned line = 1; rest != NULL; line++) {
		if (take_line(&values, strsep(&rest, "\n")))
			continue;
		sl_msg_set(msg, "%s:%u: expected PCR=HEX or BANK:PCR=HEX, a whole value, each register once", path, line);
		return SL_ERR_FORMAT;
	}
	if ((selection->pcrs & ~values.seen) != 0) {
		sl_policy_list(selection->pcrs & ~values.seen, missing);
		sl_msg_set(msg, "%s: no value of %s:%s, expected all that are to be signed", path, sl_policy_bank_word(selection->bank), missing);
		return SL_ERR_FORMAT;
	}
	return digest_of(&values, selection->pcrs, ret_digest);
}
