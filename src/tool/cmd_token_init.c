/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/pins.h"

#include "base/utf8.h"
#include "tool/keyring_root.h"

#include <string.h>

#define LABEL_MAX 32

/* Stored objects of the token's root, private ones too. */
static enum sl_err
count_objects(struct sl_token *token, size_t *ret_n)
{
	const struct sl_store_query query = { 0 };
	SL_FREE int64_t *rows = NULL;
	struct sl_root_name name;
	int64_t root = 0;
	enum sl_err err = sl_token_identify(token, &name, &root);

	*ret_n = 0;
	if (err != SL_OK || root == 0)
		return err;
	return sl_store_find(token->instance->store, root, &query, &rows, ret_n);
}

static enum sl_err
check_objects(struct sl_token *token, const struct sl_pin_state *state, bool force, size_t *ret_n, struct sl_msg *msg)
{
	const enum sl_err err = count_objects(token, ret_n);

	if (err != SL_OK || *ret_n == 0 || force)
		return err;
	sl_msg_set(msg, "token %s: %zu stored objects would be gone for good%s, expected --force", token->config->name, *ret_n,
	           state->initialized ? ", and private declared keys be other ones" : "");
	return SL_ERR_EXISTS;
}

/* The one that is given, or that it has, or the configuration's. */
static enum sl_err
choose_label(const struct sl_tool_args *args, const struct sl_token *token, const struct sl_pin_state *state, const char **ret_label)
{
	const char *label = sl_args_value(args, "label");

	if (label != NULL && (label[0] == '\0' || strlen(label) > LABEL_MAX || !sl_utf8_valid(label, strlen(label)))) {
		sl_report("--label: expected 1 to 32 bytes of UTF-8");
		return SL_ERR_ARG;
	}
	*ret_label = label != NULL ? label : state->label[0] != '\0' ? state->label : token->config->label;
	return SL_OK;
}

struct pins {
	struct sl_secret so;
	struct sl_secret user; /* empty: none */
};

static void
clear_pins(struct pins *pins)
{
	sl_secret_clear(&pins->so);
	sl_secret_clear(&pins->user);
}

/* Both are known before anything is changed. Who is asked for the SO's at the terminal can give the user's there, too. */
static enum sl_err
ask_pins(const struct sl_tool_args *args, const struct sl_token *token, bool again, struct pins *pins, struct sl_msg *msg)
{
	const struct sl_pins_ask so = { .what = again ? "Present SO PIN" : "New SO PIN", .option = "so-pin-file", .fresh = !again };
	const struct sl_pins_ask user = {
		.what = "New user PIN", .option = "pin-file", .fresh = true, .optional = sl_args_value(args, "pin-file") == NULL
	};
	const enum sl_err err = sl_pins_input(args, token, &so, &pins->so, msg);

	if (err != SL_OK || (sl_args_value(args, "so-pin-file") != NULL && sl_args_value(args, "pin-file") == NULL))
		return err;
	return sl_pins_input(args, token, &user, &pins->user, msg);
}

static int
init(const struct sl_tool_args *args, struct sl_instance *instance, struct sl_token *token, const struct sl_pin_state *state)
{
	SL_CLEANUP(clear_pins) struct pins pins = { { 0 }, { 0 } };
	struct sl_msg msg = { "" };
	const char *label = NULL;
	size_t n = 0;
	enum sl_err err;

	if (choose_label(args, token, state, &label) != SL_OK)
		return SL_EXIT_USAGE;
	if (sl_root_lockout(token->root, &(struct sl_lockout){ .locked = false }) == SL_ERR_UNSUPPORTED)
		return sl_pins_report(SL_ERR_UNSUPPORTED, token, "token init", &msg);
	if ((err = check_objects(token, state, sl_args_value(args, "force") != NULL, &n, &msg)) != SL_OK ||
	    (err = ask_pins(args, token, state->initialized, &pins, &msg)) != SL_OK)
		return sl_pins_report(err, token, "token init", &msg);
	if ((err = sl_pin_init(token, sl_pins_part(&pins.so), label)) != SL_OK)
		return sl_pins_report(err, token, "SO PIN", &msg);
	if (n != 0)
		sl_report("token %s: %zu stored objects are gone", token->config->name, n);
	if (pins.user.len != 0 && (err = sl_pins_set_user(instance, token, &pins.so, &pins.user)) != SL_OK) {
		sl_report("token %s: initialized, and its user PIN was not set", token->config->name);
		return sl_pins_report(err, token, "SO PIN", &msg);
	}
	return SL_EXIT_OK;
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	struct sl_pin_state state = { .initialized = false };
	struct sl_token *token;
	int status = SL_EXIT_USAGE;

	if (sl_args_value(args, "root") != NULL || sl_args_value(args, "blob") != NULL)
		return sl_keyring_root_init(args);
	if (sl_args_value(args, "master") != NULL || sl_args_value(args, "keyhandle") != NULL) {
		sl_report("--master and --keyhandle: expected with --root only");
		return SL_EXIT_USAGE;
	}
	instance = sl_keys_open(&status);
	token = instance == NULL ? NULL : sl_pins_token(instance, args, &state, &status);
	return token == NULL ? status : init(args, instance, token, &state);
}

const struct sl_tool_command sl_cmd_token_init = {
	.words = "token init",
	.summary = "Give a token its PINs and a fresh secret, or the kernel's key it has for root",
	.options = {
		{ "token", "TOKEN", "the token (required, but with --root)" },
		{ "label", "LABEL", "its label, 1 to 32 bytes" },
		{ "so-pin-file", "FILE", "the SO PIN; '-' or credential:NAME (default: ask)" },
		{ "pin-file", "FILE", "the first user PIN, likewise" },
		{ "force", NULL, "even if the token's stored objects go" },
		{ "root", "ROOT", "make the kernel's key: keyring:trusted:NAME or keyring:encrypted:NAME" },
		{ "blob", "PLACE", "with --root: a new file for the key's encrypted form, or nv:0x01......" },
		{ "keyhandle", "HANDLE", "the TPM's storage key that encrypts it (default: 0x81000001)" },
		{ "master", "TYPE:NAME", "the kernel's key that encrypts it, for keyring:encrypted:..." },
	},
	.run = run,
};
