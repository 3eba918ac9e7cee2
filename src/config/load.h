/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CONFIG_LOAD_H
#define SL_CONFIG_LOAD_H

#include "config/config.h"
#include "config/ini.h"

/* Private to src/config: what the files that make up the loader share. */

/* One key a section may have. set copies the value into target or returns sl_ini_bad(). */
struct sl_load_rule {
	const char *key;
	enum sl_err (*set)(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg);
	bool repeats;
};

/*
 * Finds the rule of item's key and runs it. *seen has one bit for each rule: an unknown key, and a second value of a key that does
 * not repeat, are SL_ERR_FORMAT.
 */
SL_MUST_CHECK enum sl_err sl_load_item(const struct sl_load_rule *rules, size_t n, uint32_t *seen, void *target,
                                       const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg);

/* Replaces *field by a copy of text. */
SL_MUST_CHECK enum sl_err sl_load_copy(char **field, const char *text);

/* One of n words: *ret_index, or sl_ini_bad() with all of them. */
SL_MUST_CHECK enum sl_err sl_load_word(const char *const *words, size_t n, const struct sl_ini *ini,
                                       const struct sl_ini_item *item, size_t *ret_index, struct sl_msg *msg);

/* An absolute path without a component "..". */
#define SL_LOAD_PATH "an absolute path without '..'"
bool sl_load_path_fits(const char *path);
SL_MUST_CHECK enum sl_err sl_load_path(char **field, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg);

/* The tokens of a configuration: token_section.c. */
#define SL_LOAD_BUILTIN 4
#define SL_LOAD_TOKENS_MAX 64

/* A [token NAME] section while it is read. */
struct sl_load_section {
	size_t index;  /* of its token */
	unsigned line; /* of its header */
	uint32_t seen;
};

/* The four built-in tokens and their defaults; room for SL_LOAD_TOKENS_MAX. */
SL_MUST_CHECK enum sl_err sl_load_tokens_default(struct sl_config *config);
/* [token NAME]: *ret_index is that token, new if it is not built in. */
SL_MUST_CHECK enum sl_err sl_load_token_begin(struct sl_config *config, const char *name, size_t *ret_index);
/* One setting of it. */
SL_MUST_CHECK enum sl_err sl_load_token_item(struct sl_config *config, struct sl_load_section *section, const struct sl_ini *ini,
                                             const struct sl_ini_item *item, struct sl_msg *msg);
/* After the last section was read: what is missing is filled in, or refused. */
SL_MUST_CHECK enum sl_err sl_load_token_end(struct sl_config *config, const struct sl_load_section *section,
                                            const struct sl_ini *ini, struct sl_msg *msg);
void sl_load_token_clear(struct sl_token_config *token);

/* `policy` and `policy-signatures` of a token: policy.c. */
SL_MUST_CHECK enum sl_err sl_load_policy(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg);
SL_MUST_CHECK enum sl_err sl_load_policy_signatures(void *target, const struct sl_ini *ini, const struct sl_ini_item *item,
                                                    struct sl_msg *msg);
void sl_load_policy_clear(struct sl_policy_spec *policy);

/* `root = keyring:...` of a token: keyring.c. */
SL_MUST_CHECK enum sl_err sl_load_keyring(struct sl_token_config *token, const struct sl_ini *ini, const struct sl_ini_item *item,
                                          struct sl_msg *msg);
/* Refuses settings that are a TPM's. */
SL_MUST_CHECK enum sl_err sl_load_keyring_end(const struct sl_token_config *token, unsigned line, const struct sl_ini *ini,
                                              struct sl_msg *msg);

/* `binders`, `upcall-timeout`, `upcall-cache` and `login-cache` of a token: upcall.c. */
SL_MUST_CHECK enum sl_err sl_load_binders(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg);
SL_MUST_CHECK enum sl_err sl_load_upcall_timeout(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg);
SL_MUST_CHECK enum sl_err sl_load_upcall_cache(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg);
SL_MUST_CHECK enum sl_err sl_load_login_cache(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg);
/* Refuses them where they have no effect; fills in the default. */
SL_MUST_CHECK enum sl_err sl_load_upcall_end(struct sl_token_config *token, unsigned line, const struct sl_ini *ini, struct sl_msg *msg);

#endif
