/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_TOOL_H
#define SL_TOOL_TOOL_H

#include "base/err.h"
#include "config/config.h"
#include "config/keyfile.h"

/* Exit statuses: what was asked was done; it failed; the command line, the configuration or an input file is wrong. */
enum { SL_EXIT_OK = 0, SL_EXIT_FAILURE = 1, SL_EXIT_USAGE = 2 };

#define SL_TOOL_OPTIONS_MAX 12

/* arg NULL: an option that is there or not. */
struct sl_tool_option {
	const char *name;
	const char *arg;
	const char *text;
};

struct sl_tool_args;

/* One command of the table in main.c, which parsing, --help and the man page's test all follow. */
struct sl_tool_command {
	const char *words;   /* "key add" */
	const char *operand; /* its name in the help, or NULL when there is none */
	const char *summary;
	struct sl_tool_option options[SL_TOOL_OPTIONS_MAX];
	int (*run)(const struct sl_tool_args *args);
};

struct sl_tool_args {
	const struct sl_tool_command *command;
	const char *operand;
	const char *values[SL_TOOL_OPTIONS_MAX]; /* as in command->options; "" for an option without argument */
};

/* args.c: the words after the command's own. SL_ERR_ARG was reported already. *ret_help: --help was among them. */
SL_MUST_CHECK enum sl_err sl_args_parse(const struct sl_tool_command *command, char **words, struct sl_tool_args *ret_args,
                                        bool *ret_help);
/* The option's value, NULL when it was not given. */
const char *sl_args_value(const struct sl_tool_args *args, const char *name);
void sl_args_help(const struct sl_tool_command *command);

/* report.c: "seedleaf: TEXT" on stderr. */
void sl_report(const char *fmt, ...) SL_PRINTF(1, 2);
/* The message if there is one, else the error's own words; returns the exit status. */
int sl_report_error(enum sl_err err, const char *what, const struct sl_msg *msg);
/* Configuration and environment; a failure was reported and is *ret_status. NULL then. */
struct sl_config *sl_report_config(int *ret_status);

/* keyset.c: the declared key of that label. token NULL: on whichever token, as long as there is one such. */
SL_MUST_CHECK enum sl_err sl_keyset_find(const struct sl_keyfiles *files, const char *label, const char *token,
                                           const struct sl_keyfile **ret_file, struct sl_msg *msg);
/* Configuration and every key file, types and versions included; a failure was reported and is the exit status. */
int sl_keyset_load(struct sl_config **ret_config, struct sl_keyfiles *ret_files);

extern const struct sl_tool_command sl_cmd_config_check;
extern const struct sl_tool_command sl_cmd_key_add;
extern const struct sl_tool_command sl_cmd_key_export;
extern const struct sl_tool_command sl_cmd_key_import;
extern const struct sl_tool_command sl_cmd_key_list;
extern const struct sl_tool_command sl_cmd_key_remove;
extern const struct sl_tool_command sl_cmd_key_rotate;
extern const struct sl_tool_command sl_cmd_key_show;
extern const struct sl_tool_command sl_cmd_keyring_list;
extern const struct sl_tool_command sl_cmd_keyring_load;
extern const struct sl_tool_command sl_cmd_keyring_unload;
extern const struct sl_tool_command sl_cmd_policy_show;
extern const struct sl_tool_command sl_cmd_policy_sign;
extern const struct sl_tool_command sl_cmd_status;
extern const struct sl_tool_command sl_cmd_token_init;
extern const struct sl_tool_command sl_cmd_token_load;
extern const struct sl_tool_command sl_cmd_token_persist;
extern const struct sl_tool_command sl_cmd_token_pin;
extern const struct sl_tool_command sl_cmd_token_reseal;
extern const struct sl_tool_command sl_cmd_token_reset;

#endif
