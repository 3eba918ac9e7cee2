/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/text.h"
#include "tool/device.h"
#include "tool/tool.h"

#include <string.h>

#define OWNER_BASE 0x81010000U
#define PLATFORM_BASE 0x81810000U

/* The handle asked for; else the one it has; else one per token. */
static enum sl_err
choose_handle(const struct sl_config *config, const struct sl_token_config *token, const char *asked, uint32_t *ret_handle)
{
	uint8_t bytes[4];
	size_t len;

	if (asked == NULL && token->root.kind == SL_ROOT_PERSISTENT) {
		*ret_handle = token->root.handle;
		return SL_OK;
	}
	if (asked == NULL) {
		*ret_handle = (token->root.hierarchy == SL_HIERARCHY_PLATFORM ? PLATFORM_BASE : OWNER_BASE) + 1 +
		              (uint32_t)(token - config->tokens);
		return SL_OK;
	}
	if (strncmp(asked, "0x81", 4) != 0 || !sl_text_hex(asked + 2, bytes, sizeof(bytes), &len) || len != sizeof(bytes)) {
		sl_report("--handle: '%.80s', expected 0x81 and six more hex digits", asked);
		return SL_ERR_ARG;
	}
	*ret_handle = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	return SL_OK;
}

static enum sl_err
persist(const struct sl_config *config, const struct sl_root_spec *spec, bool srk, struct sl_root_name *ret_salt, struct sl_msg *msg)
{
	SL_TOOL_ROOT root = { .device = NULL };
	struct sl_root_spec primary = *spec;
	struct sl_root_name name;
	enum sl_err err;

	primary.kind = SL_ROOT_PRIMARY;
	if ((err = sl_device_root_open(config->tcti, &primary, &root)) != SL_OK)
		return err;
	err = sl_root_persist(root.root, spec->handle, srk, &name, msg);
	if (err == SL_OK)
		err = sl_root_salt_key(root.root, ret_salt);
	if (err != SL_OK && msg->text[0] == '\0')
		sl_device_trouble(root.device, msg);
	return err;
}

static void
print_settings(const struct sl_token_config *token, uint32_t handle, const struct sl_root_name *salt)
{
	printf("[token %s]\nroot = tpm:0x%08lx\nsalt-key = ", token->name, (unsigned long)handle);
	for (size_t i = 0; i < salt->len; i++)
		printf("%02x", salt->bytes[i]);
	printf("\n");
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	const struct sl_token_config *token;
	struct sl_root_name salt = { .len = 0 };
	struct sl_root_spec spec;
	struct sl_msg msg = { "" };
	enum sl_err err;
	int status = SL_EXIT_USAGE;

	config = sl_report_config(&status);
	if (config == NULL)
		return status;
	token = sl_config_token(config, args->operand);
	if (token == NULL || (token->root.kind != SL_ROOT_PRIMARY && token->root.kind != SL_ROOT_PERSISTENT) ||
	    (token->root.hierarchy != SL_HIERARCHY_OWNER && token->root.hierarchy != SL_HIERARCHY_PLATFORM)) {
		sl_report("token persist: '%.80s', expected %s", args->operand,
		          token == NULL ? "a token of the configuration" : "a token of the owner or platform hierarchy");
		return SL_EXIT_USAGE;
	}
	spec = token->root;
	if (choose_handle(config, token, sl_args_value(args, "handle"), &spec.handle) != SL_OK)
		return SL_EXIT_USAGE;
	err = persist(config, &spec, sl_args_value(args, "srk") != NULL, &salt, &msg);
	if (err != SL_OK)
		return sl_report_error(err, config->tcti, &msg);
	print_settings(token, spec.handle, &salt);
	return SL_EXIT_OK;
}

const struct sl_tool_command sl_cmd_token_persist = {
	.words = "token persist",
	.operand = "TOKEN",
	.summary = "Keep a token's root in the TPM; prints the settings to use it",
	.options = {
		{ "handle", "HANDLE", "a persistent handle, 0x81...... (default: one per token)" },
		{ "srk", NULL, "make the storage root key 0x81000001 too, if it is not there" },
	},
	.run = run,
};
