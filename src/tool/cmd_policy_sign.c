/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "base/text.h"
#include "config/policy.h"
#include "crypto/digest.h"
#include "root/policy.h"
#include "tool/device.h"
#include "tool/policy.h"
#include "tool/tool.h"

#include <string.h>

#define FILE_MAX ((size_t)1 << 20)

/* The registers' values of now. */
static enum sl_err
read_now(const struct sl_pcr_selection *selection, uint8_t ret_digest[32], struct sl_msg *msg)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	SL_TOOL_ROOT root = { .device = NULL };
	uint8_t values[SL_POLICY_PCRS * SL_HASH_MAX];
	size_t len = 0;
	enum sl_err err = sl_config_load(&config, msg);

	if (err != SL_OK)
		return err;
	if ((err = sl_device_root_open(config->tcti, &config->tokens[0].root, &root)) == SL_OK)
		err = sl_root_pcr_read(root.root, selection, values, &len);
	if (err == SL_OK)
		return sl_hash_once(SL_HASH_SHA256, values, len, ret_digest);
	if (root.device != NULL)
		sl_device_trouble(root.device, msg);
	if (msg->text[0] == '\0')
		sl_msg_set(msg, "%s: %s", config->tcti, sl_err_text(err));
	return err;
}

static enum sl_err
read_digest(const char *hex, uint8_t ret_digest[32], struct sl_msg *msg)
{
	uint8_t bytes[32];
	size_t len;

	if (!sl_text_hex(hex, bytes, sizeof(bytes), &len) || len != sizeof(bytes)) {
		sl_msg_set(msg, "--digest: '%.80s', expected 64 hex digits", hex);
		return SL_ERR_ARG;
	}
	memcpy(ret_digest, bytes, sizeof(bytes));
	return SL_OK;
}

/* bank, pcrs, ref and policy of what is to be signed. */
static enum sl_err
state_policy(const struct sl_tool_args *args, struct sl_policy_signature *s, struct sl_msg *msg)
{
	const char *pcrs = sl_args_value(args, "pcrs"), *ref = sl_args_value(args, "ref");
	const char *values = sl_args_value(args, "values"), *hex = sl_args_value(args, "digest");
	struct sl_pcr_selection selection;
	uint8_t digest[SL_HASH_MAX];
	enum sl_err err;

	if (pcrs == NULL || !sl_policy_selection(pcrs, strlen(pcrs), &selection.bank, &selection.pcrs)) {
		sl_msg_set(msg, "--pcrs: %s%.80s%s, expected BANK:LIST, such as sha256:7,11", pcrs == NULL ? "missing" : "'",
		           pcrs == NULL ? "" : pcrs, pcrs == NULL ? "" : "'");
		return SL_ERR_ARG;
	}
	if (ref != NULL && (ref[0] == '\0' || strlen(ref) > sizeof(s->ref))) {
		sl_msg_set(msg, "--ref: expected 1 to %zu bytes", sizeof(s->ref));
		return SL_ERR_ARG;
	}
	if (values != NULL && hex != NULL) {
		sl_msg_set(msg, "--values and --digest: expected one of them");
		return SL_ERR_ARG;
	}
	err = values != NULL ? sl_policy_values_read(values, &selection, digest, msg)
	      : hex != NULL  ? read_digest(hex, digest, msg)
	                     : read_now(&selection, digest, msg);
	if (err != SL_OK)
		return err;
	s->bank = selection.bank;
	s->pcrs = selection.pcrs;
	s->ref_len = ref == NULL ? 0 : strlen(ref);
	if (ref != NULL)
		memcpy(s->ref, ref, s->ref_len);
	return sl_policy_of_pcrs(&selection, digest, s->policy);
}

static enum sl_err
put_out(const char *path, const struct sl_policy_signature *s, struct sl_msg *msg)
{
	SL_FREE char *before = NULL;
	SL_FREE char *after = NULL;
	SL_CLOSE int lock = -1;
	enum sl_err err = SL_ERR_NOT_FOUND;

	if (path != NULL && (err = sl_fs_lock_parent(path, &lock, msg)) == SL_OK)
		err = sl_fs_read_text(path, FILE_MAX, &before, msg);
	if (err == SL_ERR_NOT_FOUND && (path == NULL || lock >= 0))
		err = (before = strdup("{}")) == NULL ? SL_ERR_MEMORY : SL_OK;
	if (err == SL_OK)
		err = sl_policy_signatures_add(before, path == NULL ? "standard output" : path, s, &after, msg);
	if (err != SL_OK)
		return err;
	if (path != NULL)
		return sl_fs_write_text(path, after, 0644, 1, msg);
	(void)fputs(after, stdout);
	return SL_OK;
}

static void
clear(struct sl_policy_signature *s)
{
	free(s->signature);
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_CLEANUP(clear) struct sl_policy_signature s = { .pcrs = 0 };
	const char *path = sl_args_value(args, "key");
	struct sl_msg msg = { "" };
	enum sl_err err;

	if (path == NULL) {
		sl_report("policy sign: expected --key KEY.pem");
		return SL_EXIT_USAGE;
	}
	if ((err = state_policy(args, &s, &msg)) != SL_OK ||
	    (err = sl_policy_key_open(path, sl_args_value(args, "passphrase-file"), &key, &msg)) != SL_OK)
		return sl_report_error(err, path, &msg);
	msg = (struct sl_msg){ "" };
	if ((err = sl_policy_key_sign(key, &s)) != SL_OK || (err = put_out(sl_args_value(args, "output"), &s, &msg)) != SL_OK)
		return sl_report_error(err, "policy sign", &msg);
	return SL_EXIT_OK;
}

const struct sl_tool_command sl_cmd_policy_sign = {
	.words = "policy sign",
	.summary = "Sign a state of the machine for tokens with policy = authorize:",
	.options = {
		{ "key", "FILE", "the private key, PEM (required)" },
		{ "pcrs", "BANK:LIST", "the registers, such as sha256:7,11 (required)" },
		{ "ref", "TEXT", "the policy's REF" },
		{ "values", "FILE", "the registers' values (default: what the TPM has now)" },
		{ "digest", "HEX", "the SHA-256 over their values instead" },
		{ "output", "FILE", "add the signature to this file (default: standard output)" },
		{ "passphrase-file", "FILE", "the key's passphrase; '-' or credential:NAME (default: ask)" },
	},
	.run = run,
};
