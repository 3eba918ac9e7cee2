/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/secret_input.h"
#include "tool/tool.h"

#include <string.h>

static const struct sl_tool_command *const commands[] = {
	&sl_cmd_status,        &sl_cmd_key_list,    &sl_cmd_key_show,    &sl_cmd_key_export,  &sl_cmd_key_import,
	&sl_cmd_key_add,       &sl_cmd_key_remove,  &sl_cmd_key_rotate,  &sl_cmd_token_init,  &sl_cmd_token_load,  &sl_cmd_token_pin,
	&sl_cmd_token_reset,   &sl_cmd_token_reseal, &sl_cmd_token_persist, &sl_cmd_keyring_load, &sl_cmd_keyring_unload,
	&sl_cmd_keyring_list,  &sl_cmd_policy_show, &sl_cmd_policy_sign, &sl_cmd_config_check,
};

/* Help of all commands, or of those whose first word is group. */
static void
help(const char *group)
{
	printf("Usage: seedleaf COMMAND [OPTION...]\n\n"
	       "Manages the keys of the Seedleaf PKCS#11 module, which a TPM 2.0 derives.\n\nCommands:\n");
	for (size_t i = 0; i < SL_ARRAY_LEN(commands); i++) {
		const struct sl_tool_command *c = commands[i];
		char head[80];

		if (group != NULL && strncmp(c->words, group, strlen(group)) != 0)
			continue;
		(void)snprintf(head, sizeof(head), "%s%s%s", c->words, c->operand == NULL ? "" : " ", c->operand == NULL ? "" : c->operand);
		printf("  %-22s  %s\n", head, c->summary);
	}
	printf("\nOptions:\n"
	       "  --help                  show this, or after a command its options\n"
	       "  --version               show the version\n\n"
	       "Exit status: 0 done, 1 failed, 2 wrong usage, configuration or input.\n"
	       "See seedleaf(1), seedleaf.conf(5) and seedleaf-pkcs11(7).\n");
}

/* How many of the words the command's name takes; 0 when they are not its name. */
static int
matches(const struct sl_tool_command *command, int n, char **words)
{
	char joined[64] = "";

	if (n < 1)
		return 0;
	if (strcmp(command->words, words[0]) == 0)
		return 1;
	if (n < 2)
		return 0;
	(void)snprintf(joined, sizeof(joined), "%s %s", words[0], words[1]);
	return strcmp(command->words, joined) == 0 ? 2 : 0;
}

/* The first command of the group that word names, or NULL. */
static const char *
first_of(const char *word)
{
	const size_t len = strlen(word);

	for (size_t i = 0; i < SL_ARRAY_LEN(commands); i++)
		if (strncmp(commands[i]->words, word, len) == 0 && commands[i]->words[len] == ' ')
			return commands[i]->words;
	return NULL;
}

static bool
is_group(const char *word)
{
	return first_of(word) != NULL;
}

static int
run(const struct sl_tool_command *command, char **words)
{
	struct sl_tool_args args;
	bool wants_help = false;

	if (sl_args_parse(command, words, &args, &wants_help) != SL_OK) {
		sl_report("try: seedleaf %s --help", command->words);
		return SL_EXIT_USAGE;
	}
	if (wants_help) {
		sl_args_help(command);
		return SL_EXIT_OK;
	}
	return command->run(&args);
}

static int
dispatch(int n, char **words)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(commands); i++) {
		const int used = matches(commands[i], n, words);

		if (used > 0)
			return run(commands[i], words + used);
	}
	if (n >= 1 && strcmp(words[0], "--version") == 0) {
		printf("seedleaf %s\n", PACKAGE_VERSION);
		return SL_EXIT_OK;
	}
	if (n >= 1 && strcmp(words[0], "--help") == 0) {
		help(NULL);
		return SL_EXIT_OK;
	}
	if (n >= 2 && is_group(words[0]) && strcmp(words[1], "--help") == 0) {
		help(words[0]);
		return SL_EXIT_OK;
	}
	if (n == 0)
		sl_report("no command given");
	else if (is_group(words[0]))
		sl_report("%s: expected a command such as '%s'", words[0], first_of(words[0]));
	else
		sl_report("unknown command '%.80s'", words[0]);
	sl_report("try: seedleaf --help");
	return SL_EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	int status;

	sl_secret_input_harden();
	status = dispatch(argc - 1, argv + 1);
	/* A full disk behind stdout is a failure too. */
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		sl_report("cannot write the output");
		return SL_EXIT_FAILURE;
	}
	return status;
}
