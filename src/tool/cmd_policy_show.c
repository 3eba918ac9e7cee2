/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/policy.h"
#include "tool/device.h"
#include "tool/tool.h"

#include <string.h>

static void
print_digest(const char *what, const uint8_t digest[32])
{
	printf("  %s: ", what);
	for (size_t i = 0; i < 32; i++)
		printf("%02x", digest[i]);
	printf("\n");
}

static void
print_wanted(const struct sl_policy_spec *policy)
{
	char list[SL_POLICY_LIST_MAX];

	switch (policy->kind) {
	case SL_POLICY_NONE:
		printf("  policy: none\n");
		break;
	case SL_POLICY_PCR:
		sl_policy_list(policy->pcrs, list);
		printf("  policy: pcr %s:%s\n", sl_policy_bank_word(policy->bank), list);
		break;
	case SL_POLICY_AUTHORIZE:
		printf("  policy: authorize %s%s%.*s\n", policy->key_file, policy->ref_len == 0 ? "" : ", ", (int)policy->ref_len,
		       (const char *)policy->ref);
		break;
	}
}

static void
print_state(const struct sl_policy_state *state)
{
	char list[SL_POLICY_LIST_MAX];

	print_digest("policy digest", state->policy);
	sl_policy_list(state->selection.pcrs, list);
	if (state->selection.pcrs != 0) {
		printf("  registers: %s:%s\n", sl_policy_bank_word(state->selection.bank), list);
		print_digest("values now", state->digest);
	}
	if (state->kind == SL_POLICY_PCR)
		print_digest("values wanted", state->wanted);
	else if (state->selection.pcrs != 0)
		print_digest("to be signed", state->approved);
	printf("  satisfied: %s\n", state->satisfied ? "yes" : "no");
	if (state->why.text[0] != '\0')
		printf("  %s: %s\n", state->satisfied ? "signature" : "why", state->why.text);
}

/* Whether it is satisfied. */
static bool
show(const struct sl_config *config, const struct sl_token_config *token)
{
	SL_TOOL_ROOT root = { .device = NULL };
	struct sl_policy_state state = { .kind = SL_POLICY_NONE };
	struct sl_msg msg = { "" };
	enum sl_err err;

	printf("token %s:\n", token->name);
	print_wanted(&token->root.policy);
	if (token->root.policy.kind == SL_POLICY_NONE)
		return true;
	if ((err = sl_device_root_open(config->tcti, &token->root, &root)) == SL_OK)
		err = sl_root_policy_state(root.root, &state);
	if (err != SL_OK) {
		if (state.why.text[0] != '\0')
			msg = state.why;
		else if (root.device != NULL)
			sl_device_trouble(root.device, &msg);
		printf("  trouble: %s\n", msg.text[0] != '\0' ? msg.text : sl_err_text(err));
		return false;
	}
	print_state(&state);
	return state.satisfied;
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	const char *name = sl_args_value(args, "token");
	int status = SL_EXIT_USAGE;
	bool all = true;

	config = sl_report_config(&status);
	if (config == NULL)
		return status;
	if (name != NULL && sl_config_token(config, name) == NULL) {
		sl_report("--token: '%.80s', expected a token of the configuration", name);
		return SL_EXIT_USAGE;
	}
	for (size_t i = 0; i < config->n_tokens; i++)
		if (name == NULL ? !config->tokens[i].hidden : strcmp(config->tokens[i].name, name) == 0)
			all = show(config, &config->tokens[i]) && all;
	return all ? SL_EXIT_OK : SL_EXIT_FAILURE;
}

const struct sl_tool_command sl_cmd_policy_show = {
	.words = "policy show",
	.summary = "Show what tokens want of the machine's state, and what it is now",
	.options = { { "token", "TOKEN", "only this token's" } },
	.run = run,
};
