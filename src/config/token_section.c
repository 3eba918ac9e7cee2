/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/text.h"
#include "config/load.h"

#include <string.h>

#define LABEL_MAX 32       /* CK_TOKEN_INFO */
#define NAMESPACE_MAX 255
#define PERSISTENT_FIRST 0x81000000U
#define PLATFORM_FIRST 0x81800000U /* TCG Registry of Reserved TPM 2.0 Handles, section 2.3 */
#define NV_FIRST 0x01000000U
#define NV_LAST 0x01fffffeU        /* the SO's index is the next one */

static const char *const hierarchies[SL_LOAD_BUILTIN] = {
	[SL_HIERARCHY_OWNER] = "owner",
	[SL_HIERARCHY_ENDORSEMENT] = "endorsement",
	[SL_HIERARCHY_PLATFORM] = "platform",
	[SL_HIERARCHY_NULL] = "null",
};

static enum sl_err
set_label(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_token_config *token = target;
	const size_t len = strlen(item->value);

	if (len < 1 || len > LABEL_MAX)
		return sl_ini_bad(ini, item, "1 to 32 bytes of text", msg);
	return sl_load_copy(&token->label, item->value);
}

static enum sl_err
set_hide(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	static const char *const words[] = { "no", "yes" };
	struct sl_token_config *token = target;
	enum sl_err err;
	size_t i;

	err = sl_load_word(words, SL_ARRAY_LEN(words), ini, item, &i, msg);
	if (err == SL_OK)
		token->hidden = i == 1;
	return err;
}

/* "0x81010001": all ten characters. */
static bool
parse_handle(const char *text, uint32_t *ret_handle)
{
	uint8_t bytes[4];
	size_t len;

	if (strncmp(text, "0x", 2) != 0 || !sl_text_hex(text + 2, bytes, sizeof(bytes), &len) || len != sizeof(bytes))
		return false;
	*ret_handle = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	return true;
}

static enum sl_err
set_root(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	static const char want[] = "tpm:owner, tpm:endorsement, tpm:platform, tpm:null, tpm:0x81...... (a persistent handle), "
	                           "keyring:TYPE:NAME or keyring:seedleaf[:TOKEN]";
	struct sl_root_spec *root = &((struct sl_token_config *)target)->root;
	const char *what = item->value + 4;
	uint32_t handle;

	if (strncmp(item->value, "keyring:", 8) == 0)
		return sl_load_keyring(target, ini, item, msg);
	if (strncmp(item->value, "tpm:", 4) != 0)
		return sl_ini_bad(ini, item, want, msg);
	for (size_t i = 0; i < SL_ARRAY_LEN(hierarchies); i++) {
		if (strcmp(what, hierarchies[i]) == 0) {
			root->kind = SL_ROOT_PRIMARY;
			root->hierarchy = (enum sl_hierarchy)i;
			return SL_OK;
		}
	}
	if (!parse_handle(what, &handle) || handle >> 24 != PERSISTENT_FIRST >> 24)
		return sl_ini_bad(ini, item, want, msg);
	root->kind = SL_ROOT_PERSISTENT;
	root->handle = handle;
	root->hierarchy = handle >= PLATFORM_FIRST ? SL_HIERARCHY_PLATFORM : SL_HIERARCHY_OWNER;
	return SL_OK;
}

/* A built-in token keeps its meaning: the same hierarchy, or a persistent key that came from it. */
static enum sl_err
set_builtin_root(struct sl_token_config *token, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	const enum sl_hierarchy own = token->root.hierarchy;
	enum sl_err err = set_root(token, ini, item, msg);
	char want[120];

	if (err != SL_OK)
		return err;
	if (token->root.kind != SL_ROOT_PERSISTENT) {
		(void)snprintf(want, sizeof(want), "tpm:%s%s: this token's hierarchy is built in", hierarchies[own],
		               own == SL_HIERARCHY_NULL ? "" : " or a persistent handle");
		return token->root.kind == SL_ROOT_PRIMARY && token->root.hierarchy == own ? SL_OK : sl_ini_bad(ini, item, want, msg);
	}
	if (own == SL_HIERARCHY_NULL)
		return sl_ini_bad(ini, item, "tpm:null: nothing of the null hierarchy can be made persistent", msg);
	if ((own == SL_HIERARCHY_PLATFORM) != (token->root.handle >= PLATFORM_FIRST))
		return sl_ini_bad(ini, item, own == SL_HIERARCHY_PLATFORM ? "a platform handle, 0x81800000 or above"
		                                                          : "an owner's handle, below 0x81800000", msg);
	token->root.hierarchy = own;
	return SL_OK;
}

static enum sl_err
set_namespace(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_token_config *token = target;

	if (strlen(item->value) > NAMESPACE_MAX)
		return sl_ini_bad(ini, item, "at most 255 bytes of text", msg);
	return sl_load_copy(&token->root.name_space, item->value);
}

static enum sl_err
set_authorization(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_token_config *token = target;
	struct sl_ini_item path = *item;

	if (strncmp(item->value, "file:/", 6) != 0)
		return sl_ini_bad(ini, item, "file:/absolute/path", msg);
	path.value = item->value + 5;
	return sl_load_path(&token->root.auth_file, ini, &path, msg);
}

static enum sl_err
set_salt_key(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_root_spec *root = &((struct sl_token_config *)target)->root;
	uint8_t name[sizeof(root->salt_name)];
	size_t len;

	/* A Name begins with its hash algorithm: 0x000b is SHA-256. */
	if (!sl_text_hex(item->value, name, sizeof(name), &len) || len != sizeof(name) || name[0] != 0x00 || name[1] != 0x0b)
		return sl_ini_bad(ini, item, "a Name: 68 hex digits that begin with 000b", msg);
	memcpy(root->salt_name, name, sizeof(name));
	root->has_salt_name = true;
	return SL_OK;
}

static enum sl_err
set_generate(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	static const char *const words[] = {
		[SL_GENERATE_DERIVED] = "derived", [SL_GENERATE_RECALL] = "recall", [SL_GENERATE_SEALED] = "sealed"
	};
	struct sl_token_config *token = target;
	enum sl_err err;
	size_t i;

	err = sl_load_word(words, SL_ARRAY_LEN(words), ini, item, &i, msg);
	if (err == SL_OK)
		token->generate = (enum sl_generate)i;
	return err;
}

static enum sl_err
set_login(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	static const char *const words[] = { [SL_LOGIN_REQUIRED] = "required", [SL_LOGIN_EXPLICIT] = "explicit" };
	struct sl_token_config *token = target;
	enum sl_err err;
	size_t i;

	err = sl_load_word(words, SL_ARRAY_LEN(words), ini, item, &i, msg);
	if (err == SL_OK)
		token->login = (enum sl_login)i;
	return err;
}

static enum sl_err
set_pin_store(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_token_config *token = target;
	uint32_t index;

	if (strncmp(item->value, "nv:", 3) != 0 || !parse_handle(item->value + 3, &index) || index < NV_FIRST || index > NV_LAST)
		return sl_ini_bad(ini, item, "nv:0x01...... (an NV index from 0x01000000 to 0x01fffffe)", msg);
	token->pin_store = index;
	return SL_OK;
}

static enum sl_err
set_edwards(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	static const char *const words[] = { [SL_EDWARDS_ASKED] = "asked", [SL_EDWARDS_ALWAYS] = "always" };
	struct sl_token_config *token = target;
	enum sl_err err;
	size_t i;

	err = sl_load_word(words, SL_ARRAY_LEN(words), ini, item, &i, msg);
	if (err == SL_OK)
		token->edwards = (enum sl_show_edwards)i;
	return err;
}

static bool
is_builtin(const char *name)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(hierarchies); i++)
		if (strcmp(hierarchies[i], name) == 0)
			return true;
	return false;
}

static enum sl_err
set_any_root(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_token_config *token = target;

	return is_builtin(token->name) ? set_builtin_root(token, ini, item, msg) : set_root(token, ini, item, msg);
}

enum { RULE_LABEL, RULE_ROOT };

static const struct sl_load_rule rules[] = {
	[RULE_LABEL] = { "label", set_label, false },
	[RULE_ROOT] = { "root", set_any_root, false },
	{ "hide", set_hide, false },
	{ "namespace", set_namespace, false },
	{ "authorization", set_authorization, false },
	{ "salt-key", set_salt_key, false },
	{ "generate", set_generate, false },
	{ "login", set_login, false },
	{ "pin-store", set_pin_store, false },
	{ "login-cache", sl_load_login_cache, false },
	{ "policy", sl_load_policy, false },
	{ "policy-signatures", sl_load_policy_signatures, true },
	{ "edwards", set_edwards, false },
	{ "binders", sl_load_binders, false },
	{ "upcall-timeout", sl_load_upcall_timeout, false },
	{ "upcall-cache", sl_load_upcall_cache, false },
};

enum sl_err
sl_load_token_item(struct sl_config *config, struct sl_load_section *section, const struct sl_ini *ini,
                   const struct sl_ini_item *item, struct sl_msg *msg)
{
	return sl_load_item(rules, SL_ARRAY_LEN(rules), &section->seen, &config->tokens[section->index], ini, item, msg);
}

void
sl_load_token_clear(struct sl_token_config *token)
{
	free(token->name);
	free(token->label);
	free(token->root.key_type);
	free(token->root.key_name);
	free(token->root.name_space);
	free(token->root.auth_file);
	sl_load_policy_clear(&token->root.policy);
	*token = (struct sl_token_config){ 0 };
}

/* label and name_space stay NULL for an added token: sl_load_token_end() knows then that they were not given. */
static enum sl_err
add_token(struct sl_config *config, const char *name)
{
	struct sl_token_config *token = &config->tokens[config->n_tokens];

	token->name = strdup(name);
	if (token->name == NULL)
		return SL_ERR_MEMORY;
	config->n_tokens++;
	return SL_OK;
}

enum sl_err
sl_load_tokens_default(struct sl_config *config)
{
	config->tokens = calloc(SL_LOAD_TOKENS_MAX, sizeof(*config->tokens));
	if (config->tokens == NULL)
		return SL_ERR_MEMORY;
	for (size_t i = 0; i < SL_LOAD_BUILTIN; i++) {
		struct sl_token_config *token = &config->tokens[i];
		enum sl_err err = add_token(config, hierarchies[i]);

		if (err != SL_OK || (err = sl_load_copy(&token->root.name_space, "")) != SL_OK)
			return err;
		token->root.hierarchy = (enum sl_hierarchy)i;
		if (asprintf(&token->label, "seedleaf-%s", token->name) < 0) {
			token->label = NULL;
			return SL_ERR_MEMORY;
		}
	}
	return SL_OK;
}

enum sl_err
sl_load_token_begin(struct sl_config *config, const char *name, size_t *ret_index)
{
	enum sl_err err;

	for (size_t i = 0; i < config->n_tokens; i++) {
		if (strcmp(config->tokens[i].name, name) == 0) {
			*ret_index = i;
			return SL_OK;
		}
	}
	if (config->n_tokens == SL_LOAD_TOKENS_MAX)
		return SL_ERR_RANGE;
	err = add_token(config, name);
	if (err == SL_OK)
		*ret_index = config->n_tokens - 1;
	return err;
}

static enum sl_err
default_label(struct sl_token_config *token, const struct sl_ini *ini, unsigned line, struct sl_msg *msg)
{
	char label[64];

	(void)snprintf(label, sizeof(label), "seedleaf-%s", token->name);
	if (strlen(label) > LABEL_MAX)
		return sl_ini_complain(ini, line, msg, "[token %s] has no label and %s is longer than 32 bytes, expected label = ...",
		                       token->name, label);
	return sl_load_copy(&token->label, label);
}

static enum sl_err
check_label(const struct sl_config *config, const struct sl_load_section *section, const struct sl_ini *ini, struct sl_msg *msg)
{
	const struct sl_token_config *token = &config->tokens[section->index];

	for (size_t i = 0; i < config->n_tokens; i++)
		if (i != section->index && config->tokens[i].label != NULL && strcmp(config->tokens[i].label, token->label) == 0)
			return sl_ini_complain(ini, section->line, msg, "[token %s] has the label '%s' of token %s, expected another",
			                       token->name, token->label, config->tokens[i].name);
	return SL_OK;
}

/* A token takes two indices: the user's, and the SO's after it. */
static enum sl_err
check_pin_store(const struct sl_config *config, const struct sl_load_section *section, const struct sl_ini *ini, struct sl_msg *msg)
{
	const struct sl_token_config *token = &config->tokens[section->index];

	if (token->pin_store == 0)
		return SL_OK;
	if (token->root.hierarchy == SL_HIERARCHY_NULL)
		return sl_ini_complain(ini, section->line, msg, "[token %s] has a pin-store in NV, expected none: NV outlives the null "
		                       "hierarchy's keys", token->name);
	for (size_t i = 0; i < config->n_tokens; i++) {
		const struct sl_token_config *other = &config->tokens[i];

		if (i != section->index && other->pin_store != 0 && token->pin_store <= other->pin_store + 1 &&
		    other->pin_store <= token->pin_store + 1)
			return sl_ini_complain(ini, section->line, msg, "[token %s] and token %s have pin-stores at 0x%08x and 0x%08x, expected "
			                       "different indices: each token takes two, that one and the next", token->name, other->name,
			                       token->pin_store, other->pin_store);
	}
	return SL_OK;
}

enum sl_err
sl_load_token_end(struct sl_config *config, const struct sl_load_section *section, const struct sl_ini *ini, struct sl_msg *msg)
{
	struct sl_token_config *token = &config->tokens[section->index];
	enum sl_err err;

	if (section->index >= SL_LOAD_BUILTIN && (section->seen >> RULE_ROOT & 1) == 0)
		return sl_ini_complain(ini, section->line, msg, "[token %s] has no root, expected root = tpm:... or root = keyring:...", token->name);
	if (token->label == NULL && (err = default_label(token, ini, section->line, msg)) != SL_OK)
		return err;
	if (token->root.name_space == NULL && (err = sl_load_copy(&token->root.name_space, token->name)) != SL_OK)
		return err;
	if (token->root.policy.signatures != NULL && token->root.policy.kind != SL_POLICY_AUTHORIZE)
		return sl_ini_complain(ini, section->line, msg, "[token %s] has policy-signatures, expected policy = authorize:... beside them",
		                       token->name);
	if ((err = sl_load_keyring_end(token, section->line, ini, msg)) != SL_OK ||
	    (err = sl_load_upcall_end(token, section->line, ini, msg)) != SL_OK ||
	    (err = check_label(config, section, ini, msg)) != SL_OK)
		return err;
	return check_pin_store(config, section, ini, msg);
}
