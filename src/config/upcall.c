/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/text.h"
#include "config/load.h"

#include <string.h>

#define SECONDS_MAX 86400
#define TIMEOUT_DEFAULT 60
#define BLANKS " \t"

enum sl_err
sl_load_binders(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	static const char want[] = "uid and what else of path, csum, unit and lsm is wanted, each once, with blanks between them";
	static const char *const kinds[] = { "uid", "path", "csum", "unit", "lsm" }; /* bit i of SL_BINDER_* */
	struct sl_token_config *token = target;
	const char *at = item->value;
	unsigned binders = 0;

	while (*(at += strspn(at, BLANKS)) != '\0') {
		const size_t len = strcspn(at, BLANKS);
		size_t i;

		for (i = 0; i < SL_ARRAY_LEN(kinds); i++)
			if (strlen(kinds[i]) == len && memcmp(kinds[i], at, len) == 0)
				break;
		if (i == SL_ARRAY_LEN(kinds) || (binders >> i & 1) != 0)
			return sl_ini_bad(ini, item, want, msg);
		binders |= 1U << i;
		at += len;
	}
	if ((binders & SL_BINDER_UID) == 0)
		return sl_ini_bad(ini, item, want, msg);
	token->upcall.binders = binders;
	return SL_OK;
}

static enum sl_err
load_seconds(const struct sl_ini *ini, const struct sl_ini_item *item, uint32_t *ret_seconds, struct sl_msg *msg)
{
	uint32_t seconds;

	if (!sl_text_u32(item->value, &seconds) || seconds < 1 || seconds > SECONDS_MAX)
		return sl_ini_bad(ini, item, "seconds, 1 to 86400", msg);
	*ret_seconds = seconds;
	return SL_OK;
}

enum sl_err
sl_load_login_cache(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_token_config *token = target;

	return load_seconds(ini, item, &token->login_cache, msg);
}

enum sl_err
sl_load_upcall_timeout(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_token_config *token = target;

	return load_seconds(ini, item, &token->upcall.timeout, msg);
}

enum sl_err
sl_load_upcall_cache(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	static const char *const words[] = { "no", "yes" };
	struct sl_token_config *token = target;
	enum sl_err err;
	size_t i;

	err = sl_load_word(words, SL_ARRAY_LEN(words), ini, item, &i, msg);
	if (err == SL_OK)
		token->root.cache = i == 1;
	return err;
}

enum sl_err
sl_load_upcall_end(struct sl_token_config *token, unsigned line, const struct sl_ini *ini, struct sl_msg *msg)
{
	const enum sl_root_kind kind = token->root.kind;

	if (token->upcall.binders != 0 && kind != SL_ROOT_PRIMARY && kind != SL_ROOT_PERSISTENT)
		return sl_ini_complain(ini, line, msg, "[token %s] has binders, expected a root in a TPM: only from those requests are answered",
		                       token->name);
	if (token->upcall.binders == 0 && token->upcall.timeout != 0)
		return sl_ini_complain(ini, line, msg, "[token %s] has upcall-timeout, expected binders beside it", token->name);
	if (token->root.cache && kind != SL_ROOT_UPCALL)
		return sl_ini_complain(ini, line, msg, "[token %s] has upcall-cache, expected root = keyring:seedleaf beside it", token->name);
	if (token->login_cache != 0 && (token->pin_store != 0 || (kind != SL_ROOT_PRIMARY && kind != SL_ROOT_PERSISTENT)))
		return sl_ini_complain(ini, line, msg, "[token %s] has login-cache, expected PINs in the store and a root in a TPM", token->name);
	/* Whoever has S reads private values, in whatever state the machine is then. */
	if (token->login_cache != 0 && token->root.policy.kind != SL_POLICY_NONE)
		return sl_ini_complain(ini, line, msg, "[token %s] has login-cache, expected no policy beside it", token->name);
	if (token->upcall.timeout == 0)
		token->upcall.timeout = TIMEOUT_DEFAULT;
	return SL_OK;
}
