/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CONFIG_POLICY_H
#define SL_CONFIG_POLICY_H

#include "config/config.h"

#define SL_POLICY_PCRS 24
#define SL_POLICY_LIST_MAX 64 /* of sl_policy_list(), with its NUL */

/* "7,11": numbers from 0 to 23, each once, no blanks. *ret_pcrs is untouched on failure. */
bool sl_policy_pcrs(const char *text, uint32_t *ret_pcrs);

/* "sha256:7,11", of len bytes. */
bool sl_policy_selection(const char *text, size_t len, enum sl_pcr_bank *ret_bank, uint32_t *ret_pcrs);

/* "sha1" and so on, of len bytes. */
bool sl_policy_bank(const char *word, size_t len, enum sl_pcr_bank *ret_bank);
const char *sl_policy_bank_word(enum sl_pcr_bank bank);

/*
 * A policy as the configuration has it, into one that has none yet; policy->key_file is the caller's to free. SL_ERR_FORMAT: *ret_want says what was expected.
 */
SL_MUST_CHECK enum sl_err sl_policy_parse(const char *text, struct sl_policy_spec *policy, const char **ret_want);

/* The other way: "7,11". */
void sl_policy_list(uint32_t pcrs, char out[SL_POLICY_LIST_MAX]);

#endif
