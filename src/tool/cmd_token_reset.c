/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/pins.h"

static int
reset(const struct sl_tool_args *args, struct sl_instance *instance, struct sl_token *token)
{
	const struct sl_pins_ask ask_so = { .what = "SO PIN", .option = "so-pin-file" };
	const struct sl_pins_ask ask_user = { .what = "New user PIN", .option = "pin-file", .fresh = true };
	SL_SECRET so = { 0 };
	SL_SECRET user = { 0 };
	struct sl_msg msg = { "" };
	enum sl_err err;

	if ((err = sl_pins_input(args, token, &ask_so, &so, &msg)) == SL_OK &&
	    (err = sl_pins_input(args, token, &ask_user, &user, &msg)) == SL_OK)
		err = sl_pins_set_user(instance, token, &so, &user);
	return err == SL_OK ? SL_EXIT_OK : sl_pins_report(err, token, "SO PIN", &msg);
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	struct sl_pin_state state = { .initialized = false };
	struct sl_token *token;
	int status = SL_EXIT_USAGE;

	instance = sl_keys_open(&status);
	token = instance == NULL ? NULL : sl_pins_token(instance, args, &state, &status);
	if (token == NULL)
		return status;
	if (!state.initialized) {
		sl_report("token %s: there is no SO PIN, expected token init first", token->config->name);
		return SL_EXIT_FAILURE;
	}
	return reset(args, instance, token);
}

const struct sl_tool_command sl_cmd_token_reset = {
	.words = "token reset",
	.summary = "Set a token's user PIN with the SO PIN; keys stay",
	.options = {
		{ "token", "TOKEN", "the token (required)" },
		{ "so-pin-file", "FILE", "the SO PIN; '-' or credential:NAME (default: ask)" },
		{ "pin-file", "FILE", "the new user PIN, likewise" },
	},
	.run = run,
};
