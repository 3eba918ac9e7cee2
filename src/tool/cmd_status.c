/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/policy.h"
#include "tool/keys.h"
#include "token/login.h"

static const char *const hierarchies[] = { "owner", "endorsement", "platform", "null" };

/* A TPM pads its strings as it likes. */
static void
print_plain(const char *text)
{
	for (; *text != '\0'; text++)
		(void)putchar(*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static bool
is_tpm(const struct sl_root_spec *root)
{
	return root->kind == SL_ROOT_PRIMARY || root->kind == SL_ROOT_PERSISTENT;
}

static void
print_root(const struct sl_root_spec *root)
{
	if (root->kind == SL_ROOT_KEYRING)
		printf("  root: keyring:%s:%s\n", root->key_type, root->key_name);
	else if (root->kind == SL_ROOT_UPCALL)
		printf("  root: keyring:seedleaf:%s\n", root->key_name);
	else if (root->kind == SL_ROOT_PERSISTENT)
		printf("  root: tpm:0x%08lx (%s)\n", (unsigned long)root->handle, hierarchies[root->hierarchy]);
	else
		printf("  root: tpm:%s\n", hierarchies[root->hierarchy]);
	if (root->name_space[0] != '\0')
		printf("  namespace: %s\n", root->name_space);
}

static void
print_orphans(struct sl_instance *instance, struct sl_token *token)
{
	SL_FREE struct sl_orphans *orphans = NULL;
	struct sl_root_name name;
	size_t n = 0;

	if (sl_token_identify(token, &name, NULL) != SL_OK ||
	    sl_store_orphans(instance->store, token->config->name, &name, &orphans, &n) != SL_OK)
		return;
	for (size_t i = 0; i < n; i++) {
		printf("  orphans: %zu objects of token %s, root ", orphans[i].objects, token->config->name);
		for (size_t b = 0; b < orphans[i].root.len; b++)
			printf("%02x", orphans[i].root.bytes[b]);
		printf("\n");
	}
}

static void
print_pins(struct sl_token *token, struct sl_pin_state *ret_state)
{
	struct sl_pin_state state = { .initialized = false };
	const enum sl_err err = sl_pin_state(token, &state);

	*ret_state = state;
	printf("  label: %s\n", state.label[0] != '\0' ? state.label : token->config->label);
	if (err != SL_OK)
		printf("  pin: %s\n", sl_err_text(err));
	else if (!state.initialized)
		printf("  pin: none\n");
	else
		printf("  pin: SO%s\n", !state.user ? ", no user" : state.to_be_changed ? " and user, who should change his" : " and user");
	if (token->config->pin_store != 0)
		printf("  pin-store: nv:0x%08lx\n", (unsigned long)token->config->pin_store);
}

static void
print_policy(struct sl_token *token)
{
	const struct sl_policy_spec *policy = &token->config->root.policy;
	struct sl_policy_state state = { .kind = SL_POLICY_NONE };
	char list[SL_POLICY_LIST_MAX];
	enum sl_err err;

	if (policy->kind == SL_POLICY_NONE)
		return;
	sl_policy_list(policy->pcrs, list);
	if (policy->kind == SL_POLICY_PCR)
		printf("  policy: pcr:%s:%s, ", sl_policy_bank_word(policy->bank), list);
	else
		printf("  policy: authorize:%s, ", policy->key_file);
	err = sl_root_policy_state(token->root, &state);
	if (err != SL_OK)
		sl_device_trouble(token->instance->device, &state.why);
	printf("%s\n", err == SL_OK && state.satisfied ? "satisfied" : "not satisfied");
	if (err != SL_OK || !state.satisfied)
		printf("  policy wants: %s\n", state.why.text[0] != '\0' ? state.why.text : sl_err_text(err));
}

static void
print_contents(struct sl_instance *instance, struct sl_token *token)
{
	SL_CLEANUP(sl_keys_clear) struct sl_founds founds = { 0 };
	struct sl_msg msg = { "" };
	struct sl_pin_state state;
	char serial[17];
	enum sl_err err = sl_token_serial(token, serial);

	print_pins(token, &state);
	if (err == SL_OK)
		printf("  serial: %s\n", serial);
	if (err == SL_OK)
		err = sl_keys_find(instance, NULL, token->config->name, &founds, &msg);
	if (err == SL_OK)
		printf("  keys: %zu%s\n", founds.n, state.initialized ? ", and private ones behind the PIN" : "");
	if (err != SL_OK) {
		sl_root_trouble(token->root, &msg);
		printf("  trouble: %s\n", msg.text[0] != '\0' ? msg.text : sl_err_text(err));
	}
	print_orphans(instance, token);
}

/* Whether the token is there. */
static bool
print_slot(struct sl_instance *instance, struct sl_token *token)
{
	struct sl_msg msg = { "" };
	struct sl_root_info info;
	const enum sl_err err = sl_token_present(token, &info);

	printf("slot %lu: %s: %s\n", (unsigned long)token->slot, token->config->name,
	       token->config->hidden ? "hidden" : err == SL_OK ? "present" : "absent");
	if (token->config->hidden)
		return false;
	if (err != SL_OK) {
		sl_root_trouble(token->root, &msg);
		printf("  why: %s\n", msg.text[0] != '\0' ? msg.text : sl_err_text(err));
	}
	if (err != SL_OK)
		printf("  label: %s\n", token->config->label);
	print_root(&token->config->root);
	if (err == SL_OK) {
		print_policy(token);
		print_contents(instance, token);
	}
	return err == SL_OK;
}

/* One count for everything on the TPM that somebody guards with a PIN or a password. */
static void
print_lockout(struct sl_token *token)
{
	struct sl_lockout lockout;

	if (sl_root_lockout(token->root, &lockout) != SL_OK)
		return;
	printf("wrong tries: %u of %u%s", lockout.failures, lockout.max, lockout.locked ? ", locked" : "");
	if (lockout.failures != 0 && lockout.interval != 0)
		printf(", one is forgotten every %u seconds", lockout.interval);
	printf("\n");
}

static void
print_tpm(struct sl_instance *instance)
{
	struct sl_root_info info;

	for (size_t i = 0; i < instance->n_tokens; i++) {
		if (!is_tpm(&instance->tokens[i]->config->root) || sl_token_present(instance->tokens[i], &info) != SL_OK)
			continue;
		printf("tpm: ");
		print_plain(info.manufacturer);
		printf(", ");
		print_plain(info.model);
		printf(", firmware %u.%u\n", info.firmware_major, info.firmware_minor);
		print_lockout(instance->tokens[i]);
		return;
	}
	printf("tpm: no token is present\n");
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	int status = SL_EXIT_FAILURE;
	bool present = false;

	(void)args;
	instance = sl_keys_open(&status);
	if (instance == NULL)
		return status;
	printf("configuration: %s\n", instance->config->path == NULL ? "none, all defaults" : instance->config->path);
	printf("store: %s%s\n", instance->config->store, sl_store_writable(instance->store) ? "" : " (cannot be written)");
	printf("declared keys: %zu\n", instance->keyfiles.n);
	printf("tcti: %s\n", instance->config->tcti);
	print_tpm(instance);
	for (size_t i = 0; i < instance->n_tokens; i++)
		present = print_slot(instance, instance->tokens[i]) || present;
	return present ? SL_EXIT_OK : SL_EXIT_FAILURE;
}

const struct sl_tool_command sl_cmd_status = {
	.words = "status",
	.summary = "Show configuration, TPM and every slot, and why one is empty",
	.run = run,
};
