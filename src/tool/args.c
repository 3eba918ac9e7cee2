/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/tool.h"

#include <string.h>

/* Index of the option that word ("--name" or "--name=value") names; SL_TOOL_OPTIONS_MAX when there is none. */
static size_t
find_option(const struct sl_tool_command *command, const char *word)
{
	const size_t len = strcspn(word + 2, "=");

	for (size_t i = 0; i < SL_TOOL_OPTIONS_MAX && command->options[i].name != NULL; i++)
		if (strlen(command->options[i].name) == len && strncmp(command->options[i].name, word + 2, len) == 0)
			return i;
	return SL_TOOL_OPTIONS_MAX;
}

/* Takes the option at words[0] and its argument; returns how many words that was, 0 after a complaint. */
static int
take_option(const struct sl_tool_command *command, char **words, struct sl_tool_args *args)
{
	const size_t i = find_option(command, words[0]);
	const char *equals = strchr(words[0], '=');
	const struct sl_tool_option *option = &command->options[i];

	if (i == SL_TOOL_OPTIONS_MAX) {
		sl_report("%s: unknown option '%.80s'", command->words, words[0]);
		return 0;
	}
	if (args->values[i] != NULL) {
		sl_report("--%s: given twice, expected it once", option->name);
		return 0;
	}
	if (option->arg == NULL) {
		args->values[i] = "";
		if (equals != NULL)
			sl_report("--%s: expected no argument", option->name);
		return equals == NULL ? 1 : 0;
	}
	args->values[i] = equals != NULL ? equals + 1 : words[1];
	if (args->values[i] == NULL)
		sl_report("--%s: expected %s", option->name, option->arg);
	return args->values[i] == NULL ? 0 : equals != NULL ? 1 : 2;
}

static enum sl_err
take_operand(const struct sl_tool_command *command, const char *word, struct sl_tool_args *args)
{
	if (command->operand == NULL || args->operand != NULL) {
		sl_report("%s: unexpected '%.80s'", command->words, word);
		return SL_ERR_ARG;
	}
	args->operand = word;
	return SL_OK;
}

enum sl_err
sl_args_parse(const struct sl_tool_command *command, char **words, struct sl_tool_args *ret_args, bool *ret_help)
{
	struct sl_tool_args args = { .command = command };
	bool options = true;

	while (*words != NULL) {
		int used = 1;

		if (options && strcmp(*words, "--help") == 0) {
			*ret_help = true;
			return SL_OK;
		}
		if (options && strcmp(*words, "--") == 0)
			options = false;
		else if (options && (*words)[0] == '-' && (*words)[1] == '-')
			used = take_option(command, words, &args);
		else if (options && (*words)[0] == '-' && (*words)[1] != '\0') {
			sl_report("%s: unknown option '%.80s'", command->words, *words);
			used = 0;
		} else if (take_operand(command, *words, &args) != SL_OK)
			used = 0;
		if (used == 0)
			return SL_ERR_ARG;
		words += used;
	}
	if (command->operand != NULL && command->operand[0] != '[' && args.operand == NULL) {
		sl_report("%s: expected %s", command->words, command->operand);
		return SL_ERR_ARG;
	}
	*ret_args = args;
	return SL_OK;
}

const char *
sl_args_value(const struct sl_tool_args *args, const char *name)
{
	for (size_t i = 0; i < SL_TOOL_OPTIONS_MAX && args->command->options[i].name != NULL; i++)
		if (strcmp(args->command->options[i].name, name) == 0)
			return args->values[i];
	return NULL;
}

void
sl_args_help(const struct sl_tool_command *command)
{
	printf("Usage: seedleaf %s%s%s%s\n\n%s.\n\nOptions:\n", command->words, command->operand == NULL ? "" : " ",
	       command->operand == NULL ? "" : command->operand, command->options[0].name == NULL ? "" : " [OPTION...]",
	       command->summary);
	for (size_t i = 0; i < SL_TOOL_OPTIONS_MAX && command->options[i].name != NULL; i++) {
		const struct sl_tool_option *option = &command->options[i];
		char head[60];

		(void)snprintf(head, sizeof(head), "--%s%s%s", option->name, option->arg == NULL ? "" : " ",
		               option->arg == NULL ? "" : option->arg);
		printf("  %-22s  %s\n", head, option->text);
	}
	printf("  %-22s  %s\n", "--help", "show this");
}
