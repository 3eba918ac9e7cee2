/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/policy.h"
#include "token/declared.h"
#include "token/reseal.h"
#include "tool/pins.h"
#include "tool/policy.h"
#include "tool/secret_input.h"

#include <string.h>

static void
clear_policy(struct sl_policy_spec *policy)
{
	free(policy->key_file);
}

static enum sl_err
parse_policy(const char *option, const char *text, struct sl_policy_spec *policy, struct sl_msg *msg)
{
	const char *want = NULL;
	enum sl_err err;

	if (strcmp(text, "none") == 0)
		return SL_OK;
	err = sl_policy_parse(text, policy, &want);
	if (err == SL_ERR_FORMAT)
		sl_msg_set(msg, "--%s: '%.120s', expected %s%s", option, text, want, strncmp(text, "pcr:", 4) == 0 ? "" : ", or none");
	return err;
}

/* The values to come, where the policy is about registers. */
static enum sl_err
add_values(const struct sl_tool_args *args, struct sl_policy_spec *to, struct sl_msg *msg)
{
	const char *values = sl_args_value(args, "values");
	const struct sl_pcr_selection selection = { .bank = to->bank, .pcrs = to->pcrs };
	enum sl_err err;

	if (to->kind == SL_POLICY_PCR && (values != NULL) == to->has_digest) {
		sl_msg_set(msg, "--to: the values to come, expected either =HEX or --values%s", values != NULL ? ", not both" : "");
		return SL_ERR_ARG;
	}
	if (to->kind != SL_POLICY_PCR && values != NULL) {
		sl_msg_set(msg, "--values: expected --to pcr:BANK:LIST with it");
		return SL_ERR_ARG;
	}
	if (values == NULL)
		return SL_OK;
	if ((err = sl_policy_values_read(values, &selection, to->digest, msg)) == SL_OK)
		to->has_digest = true;
	return err;
}

static enum sl_err
parse_policies(const struct sl_tool_args *args, struct sl_policy_spec *to, struct sl_policy_spec *from, struct sl_msg *msg)
{
	const char *from_text = sl_args_value(args, "from");
	enum sl_err err;

	if (sl_args_value(args, "to") == NULL) {
		sl_msg_set(msg, "--to: missing, expected the policy to come");
		return SL_ERR_ARG;
	}
	if ((err = parse_policy("to", sl_args_value(args, "to"), to, msg)) != SL_OK || (err = add_values(args, to, msg)) != SL_OK)
		return err;
	return from_text == NULL ? SL_OK : parse_policy("from", from_text, from, msg);
}

static void
print_policy(const struct sl_policy_spec *policy)
{
	char list[SL_POLICY_LIST_MAX];

	switch (policy->kind) {
	case SL_POLICY_NONE:
		printf("none");
		break;
	case SL_POLICY_PCR:
		sl_policy_list(policy->pcrs, list);
		printf("pcr:%s:%s=", sl_policy_bank_word(policy->bank), list);
		for (size_t i = 0; i < sizeof(policy->digest); i++)
			printf("%02x", policy->digest[i]);
		break;
	case SL_POLICY_AUTHORIZE:
		printf("authorize:%s%s%.*s", policy->key_file, policy->ref_len == 0 ? "" : ", ", (int)policy->ref_len, (const char *)policy->ref);
		break;
	}
}

static void
print_label(const struct sl_attr *label)
{
	for (size_t i = 0; label != NULL && i < label->len; i++)
		(void)putchar(label->value[i] < 0x20 || label->value[i] == 0x7f ? '?' : label->value[i]);
	(void)putchar('\n');
}

/* Derived keys, which are a function of their root. */
static void
print_staying(const struct sl_reseal *r)
{
	for (size_t i = 0; i < r->n_stays; i++) {
		if (!r->stays[i].has_recipe)
			continue;
		printf("  stays behind: derived key ");
		print_label(sl_attrs_get(&r->stays[i].attrs, CKA_LABEL));
	}
	for (size_t i = 0; i < r->token->n_declared; i++)
		if (r->token->declared[i].current)
			printf("  stays behind: declared key %s, which will be another one\n", r->token->declared[i].recipe.name);
}

/* When the configuration says it already, or will mean it when the registers have these values, nothing is to be done. */
static bool
is_configured(const struct sl_reseal *r)
{
	const struct sl_policy_spec *have = &r->token->config->root.policy;

	return r->is_present || (have->kind == SL_POLICY_PCR && !have->has_digest && r->spec.policy.kind == SL_POLICY_PCR &&
	                         have->bank == r->spec.policy.bank && have->pcrs == r->spec.policy.pcrs);
}

static void
print_next(const struct sl_reseal *r)
{
	const struct sl_token_config *config = r->token->config;

	if (!is_configured(r)) {
		printf("  next: in [token %s]: policy = ", config->name);
		print_policy(&r->spec.policy);
		printf("\n");
	}
	if (config->root.kind == SL_ROOT_PERSISTENT && !r->is_present)
		printf("  next: remove the key at 0x%08lx, then seedleaf token persist %s, when the state has changed\n",
		       (unsigned long)config->root.handle, config->name);
}

static void
print_plan(const struct sl_reseal *r, bool replace)
{
	printf("token %s: to ", r->token->config->name);
	print_policy(&r->spec.policy);
	printf("\n  root: ");
	for (size_t i = 0; i < r->name.len; i++)
		printf("%02x", r->name.bytes[i]);
	printf("\n");
	if (r->same)
		printf("  nothing moves: the root stays the same%s\n",
		       r->n_others != 0 && !replace ? "; --from names the policy that objects under other roots are to come from" : "");
	else
		printf("  moves: %zu sealed keys, %zu other objects\n", r->n_sealed, r->n_moves - r->n_sealed);
	if (!r->same)
		print_staying(r);
	if (replace)
		printf("  goes: %zu objects under other roots than the present one\n", r->n_others);
}

static const struct {
	enum sl_pin_role role;
	const char *what, *option, *without, *cost;
} roles[] = {
	{ SL_PIN_SO, "SO PIN", "so-pin-file", "without-so",
	  "under the policy to come nobody can then set a forgotten user PIN, or initialize the token again" },
	{ SL_PIN_USER, "user PIN", "pin-file", "without-user", "under the policy to come there is then no user PIN until the SO sets one" },
};

/* Each PIN opens a blob of its own, so each role that is there has to be asked, or given up on purpose. Where S is in NV, any will do. */
static int
take_pin(const struct sl_tool_args *args, struct sl_reseal *r, size_t i)
{
	const struct sl_pins_ask ask = { .what = roles[i].what, .option = roles[i].option };
	SL_SECRET pin = { 0 };
	struct sl_msg msg = { "" };
	enum sl_err err = sl_pins_input(args, r->token, &ask, &pin, &msg);

	if (err != SL_OK) {
		const int status = sl_report_error(err, roles[i].what, &msg);

		if (sl_args_value(args, roles[i].option) == NULL && !r->in_nv)
			sl_report("or --%s: %s", roles[i].without, roles[i].cost);
		return status;
	}
	err = sl_reseal_pin(r, roles[i].role, sl_pins_part(&pin));
	return err == SL_OK ? SL_EXIT_OK : sl_pins_report(err, r->token, roles[i].what, &msg);
}

static bool
is_asked(const struct sl_tool_args *args, const struct sl_reseal *r, size_t i)
{
	const bool user = roles[i].role == SL_PIN_USER;

	if (r->in_nv) /* the user's, unless the SO's is what there is */
		return r->n_bound != 0 && user == (sl_args_value(args, "so-pin-file") == NULL);
	return r->pins && (!user || r->user) && sl_args_value(args, roles[i].without) == NULL;
}

static int
take_pins(const struct sl_tool_args *args, struct sl_reseal *r)
{
	size_t asked = 0;

	for (size_t i = 0; i < SL_ARRAY_LEN(roles); i++) {
		int status;

		if (!is_asked(args, r, i))
			continue;
		asked++;
		if ((status = take_pin(args, r, i)) != SL_EXIT_OK)
			return status;
	}
	if (asked != 0 || !r->pins || (r->in_nv && r->n_bound == 0))
		return SL_EXIT_OK;
	sl_report("token %s: nobody could ever use its private keys under the policy to come, expected a PIN", r->token->config->name);
	return SL_EXIT_USAGE;
}

static int
reseal(const struct sl_tool_args *args, struct sl_reseal *r)
{
	const bool replace = sl_args_value(args, "replace") != NULL;
	struct sl_msg msg = { "" };
	size_t removed = 0;
	enum sl_err err;
	int status;

	print_plan(r, replace);
	if (sl_args_value(args, "dry-run") != NULL) {
		print_next(r);
		return SL_EXIT_OK;
	}
	(void)fflush(stdout);
	if ((status = take_pins(args, r)) != SL_EXIT_OK)
		return status;
	if ((err = sl_reseal_run(r, replace, &removed, &msg)) != SL_OK)
		return sl_report_error(err, r->token->config->name, &msg);
	if (replace)
		printf("  gone: %zu objects\n", removed);
	print_next(r);
	return SL_EXIT_OK;
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(clear_policy) struct sl_policy_spec to = { .kind = SL_POLICY_NONE };
	SL_CLEANUP(clear_policy) struct sl_policy_spec from = { .kind = SL_POLICY_NONE };
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	SL_CLEANUP(sl_reseal_close) struct sl_reseal *r = NULL;
	struct sl_pin_state state = { .initialized = false };
	struct sl_msg msg = { "" };
	struct sl_token *token;
	enum sl_err err;
	int status = SL_EXIT_USAGE;

	sl_secret_input_harden();
	if ((err = parse_policies(args, &to, &from, &msg)) != SL_OK)
		return sl_report_error(err, "--to", &msg);
	instance = sl_keys_open(&status);
	token = instance == NULL ? NULL : sl_pins_token(instance, args, &state, &status);
	if (token == NULL)
		return status;
	err = sl_reseal_open(token, &to, sl_args_value(args, "from") == NULL ? NULL : &from, &r, &msg);
	if (err != SL_OK) {
		if (msg.text[0] == '\0')
			sl_device_trouble(instance->device, &msg);
		return sl_report_error(err, token->config->name, &msg);
	}
	return reseal(args, r);
}

const struct sl_tool_command sl_cmd_token_reseal = {
	.words = "token reseal",
	.summary = "Seal a token's secrets anew for a state of the machine to come",
	.options = {
		{ "token", "TOKEN", "the token (required)" },
		{ "to", "POLICY", "the policy to come: pcr:BANK:LIST=HEX, authorize:FILE, none (required)" },
		{ "values", "FILE", "the registers' values to come, instead of =HEX" },
		{ "from", "POLICY", "the policy they are under (default: the token's)" },
		{ "so-pin-file", "FILE", "the SO PIN; '-' or credential:NAME (default: ask)" },
		{ "pin-file", "FILE", "the user PIN, likewise" },
		{ "without-so", NULL, "leave the SO's PIN where it is" },
		{ "without-user", NULL, "and the user's" },
		{ "replace", NULL, "remove what the token has under other roots than the present one" },
		{ "dry-run", NULL, "say what would move, and change nothing" },
	},
	.run = run,
};
