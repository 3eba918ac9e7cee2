/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/load.h"

#include <stdlib.h>
#include <string.h>

#define KEY_NAME_MAX 255
#define TOKEN_NAME_MAX 32
#define WANT "keyring:TYPE:NAME, TYPE one of trusted, encrypted, user and NAME 1 to 255 printable characters of ASCII without blanks, or " \
             "keyring:seedleaf[:TOKEN]"

static bool
is_key_name(const char *text)
{
	const size_t len = strlen(text);

	if (len < 1 || len > KEY_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

static bool
is_token_name(const char *text)
{
	const size_t len = strlen(text);

	return len >= 1 && len <= TOKEN_NAME_MAX && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* keyring:seedleaf[:TOKEN]; what is what follows "seedleaf". */
static enum sl_err
set_upcall(struct sl_token_config *token, const char *what, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	const char *name = what[0] == ':' ? what + 1 : token->name;

	if ((what[0] != '\0' && what[0] != ':') || !is_token_name(name))
		return sl_ini_bad(ini, item, WANT, msg);
	token->root.kind = SL_ROOT_UPCALL;
	return sl_load_copy(&token->root.key_name, name);
}

enum sl_err
sl_load_keyring(struct sl_token_config *token, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	static const char *const types[] = { "trusted", "encrypted", "user" };
	const char *what = item->value + strlen("keyring:");
	enum sl_err err;

	if (strncmp(what, "seedleaf", 8) == 0)
		return set_upcall(token, what + 8, ini, item, msg);
	for (size_t i = 0; i < SL_ARRAY_LEN(types); i++) {
		const size_t len = strlen(types[i]);

		if (strncmp(what, types[i], len) != 0 || what[len] != ':' || !is_key_name(what + len + 1))
			continue;
		token->root.kind = SL_ROOT_KEYRING;
		err = sl_load_copy(&token->root.key_type, types[i]);
		return err != SL_OK ? err : sl_load_copy(&token->root.key_name, what + len + 1);
	}
	return sl_ini_bad(ini, item, WANT, msg);
}

enum sl_err
sl_load_keyring_end(const struct sl_token_config *token, unsigned line, const struct sl_ini *ini, struct sl_msg *msg)
{
	const struct sl_root_spec *root = &token->root;
	const char *what = root->policy.kind != SL_POLICY_NONE ? "policy"
	                   : root->auth_file != NULL           ? "authorization"
	                   : root->has_salt_name               ? "salt-key"
	                   : token->pin_store != 0             ? "pin-store"
	                                                       : NULL;

	if ((root->kind != SL_ROOT_KEYRING && root->kind != SL_ROOT_UPCALL) || what == NULL)
		return SL_OK;
	return sl_ini_complain(ini, line, msg, "[token %s] has %s, expected none: its root is kept by the kernel, not by a TPM", token->name,
	                       what);
}
