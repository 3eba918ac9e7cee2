/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/policy.h"

#include "base/text.h"
#include "config/load.h"

#include <string.h>

#define SIGNATURES_MAX 16

static const char *const banks[] = {
	[SL_PCR_SHA1] = "sha1",
	[SL_PCR_SHA256] = "sha256",
	[SL_PCR_SHA384] = "sha384",
	[SL_PCR_SHA512] = "sha512",
};

bool
sl_policy_bank(const char *word, size_t len, enum sl_pcr_bank *ret_bank)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(banks); i++) {
		if (strlen(banks[i]) == len && memcmp(banks[i], word, len) == 0) {
			*ret_bank = (enum sl_pcr_bank)i;
			return true;
		}
	}
	return false;
}

const char *
sl_policy_bank_word(enum sl_pcr_bank bank)
{
	return banks[bank];
}

/* One or two digits. */
static bool
pcr_number(const char *text, size_t len, uint32_t *ret_number)
{
	char digits[3] = "";

	if (len < 1 || len > 2)
		return false;
	memcpy(digits, text, len);
	return sl_text_u32(digits, ret_number) && *ret_number < SL_POLICY_PCRS;
}

static bool
pcr_list(const char *text, size_t len, uint32_t *ret_pcrs)
{
	const char *end = text + len;
	uint32_t pcrs = 0;

	for (;;) {
		const char *comma = memchr(text, ',', (size_t)(end - text));
		uint32_t number;

		if (!pcr_number(text, (size_t)((comma != NULL ? comma : end) - text), &number) || (pcrs >> number & 1) != 0)
			return false;
		pcrs |= (uint32_t)1 << number;
		if (comma == NULL)
			break;
		text = comma + 1;
	}
	*ret_pcrs = pcrs;
	return true;
}

bool
sl_policy_pcrs(const char *text, uint32_t *ret_pcrs)
{
	return pcr_list(text, strlen(text), ret_pcrs);
}

bool
sl_policy_selection(const char *text, size_t len, enum sl_pcr_bank *ret_bank, uint32_t *ret_pcrs)
{
	const char *colon = memchr(text, ':', len);
	enum sl_pcr_bank bank;

	if (colon == NULL || !sl_policy_bank(text, (size_t)(colon - text), &bank) ||
	    !pcr_list(colon + 1, len - (size_t)(colon + 1 - text), ret_pcrs))
		return false;
	*ret_bank = bank;
	return true;
}

void
sl_policy_list(uint32_t pcrs, char out[SL_POLICY_LIST_MAX])
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < SL_POLICY_PCRS; i++)
		if ((pcrs >> i & 1) != 0)
			used += (size_t)snprintf(out + used, SL_POLICY_LIST_MAX - used, "%s%u", used == 0 ? "" : ",", i);
}

/* "sha256:7,11" or "sha256:7,11=HEX" */
static enum sl_err
parse_pcr(const char *what, struct sl_policy_spec *policy, const char **ret_want)
{
	const char *equals = strchr(what, '=');
	size_t len;

	*ret_want = "pcr:BANK:LIST, BANK one of sha1, sha256, sha384, sha512 and LIST numbers from 0 to 23, each once, with commas between them";
	if (!sl_policy_selection(what, equals != NULL ? (size_t)(equals - what) : strlen(what), &policy->bank, &policy->pcrs))
		return SL_ERR_FORMAT;
	*ret_want = "64 hex digits after the '='";
	if (equals != NULL && (!sl_text_hex(equals + 1, policy->digest, sizeof(policy->digest), &len) || len != sizeof(policy->digest)))
		return SL_ERR_FORMAT;
	policy->has_digest = equals != NULL;
	policy->kind = SL_POLICY_PCR;
	return SL_OK;
}

/* "/abs/path.pem" or "/abs/path.pem, ref" */
static enum sl_err
parse_authorize(const char *what, struct sl_policy_spec *policy, const char **ret_want)
{
	const char *comma = strchr(what, ',');
	SL_FREE char *path = comma == NULL ? strdup(what) : strndup(what, (size_t)(comma - what));
	const char *ref;

	if (path == NULL)
		return SL_ERR_MEMORY;
	while (path[0] != '\0' && strchr(" \t", path[strlen(path) - 1]) != NULL)
		path[strlen(path) - 1] = '\0';
	*ret_want = SL_LOAD_PATH;
	if (!sl_load_path_fits(path))
		return SL_ERR_FORMAT;
	if (comma != NULL) {
		ref = comma + 1 + strspn(comma + 1, " \t");
		*ret_want = "1 to 64 bytes of text after the ','";
		if (ref[0] == '\0' || strlen(ref) > sizeof(policy->ref))
			return SL_ERR_FORMAT;
		policy->ref_len = strlen(ref);
		memcpy(policy->ref, ref, policy->ref_len);
	}
	policy->kind = SL_POLICY_AUTHORIZE;
	policy->key_file = SL_TAKE(path);
	return SL_OK;
}

enum sl_err
sl_policy_parse(const char *text, struct sl_policy_spec *policy, const char **ret_want)
{
	if (strncmp(text, "pcr:", 4) == 0)
		return parse_pcr(text + 4, policy, ret_want);
	if (strncmp(text, "authorize:", 10) == 0)
		return parse_authorize(text + 10, policy, ret_want);
	*ret_want = "pcr:BANK:LIST[=HEX] or authorize:/absolute/path.pem[, REF]";
	return SL_ERR_FORMAT;
}

enum sl_err
sl_load_policy(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	const char *want = NULL;
	const enum sl_err err = sl_policy_parse(item->value, &((struct sl_token_config *)target)->root.policy, &want);

	return err == SL_ERR_FORMAT ? sl_ini_bad(ini, item, want, msg) : err;
}

enum sl_err
sl_load_policy_signatures(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_policy_spec *policy = &((struct sl_token_config *)target)->root.policy;
	size_t n = 0;

	if (policy->signatures == NULL && (policy->signatures = calloc(SIGNATURES_MAX + 1, sizeof(*policy->signatures))) == NULL)
		return SL_ERR_MEMORY;
	for (; policy->signatures[n] != NULL; n++)
		if (strcmp(policy->signatures[n], item->value) == 0)
			return sl_ini_bad(ini, item, "each path once", msg);
	if (n == SIGNATURES_MAX)
		return sl_ini_bad(ini, item, "at most 16 paths", msg);
	return sl_load_path(&policy->signatures[n], ini, item, msg);
}

void
sl_load_policy_clear(struct sl_policy_spec *policy)
{
	for (size_t i = 0; policy->signatures != NULL && policy->signatures[i] != NULL; i++)
		free(policy->signatures[i]);
	free(policy->signatures);
	free(policy->key_file);
	*policy = (struct sl_policy_spec){ 0 };
}
