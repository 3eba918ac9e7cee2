/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/encode.h"
#include "tool/export_tss2.h"
#include "tool/keys.h"
#include "tool/user.h"

static void
clean_key(struct sl_key **key)
{
	sl_key_unref(key);
}

/* The newest version comes first: the others are only kept. */
static const struct sl_attr *
public_of(const struct sl_founds *founds)
{
	for (size_t i = 0; i < founds->n; i++) {
		const struct sl_attr *spki = sl_attrs_get(&founds->at[i].object->attrs, CKA_PUBLIC_KEY_INFO);

		if (spki != NULL && spki->len != 0)
			return spki;
	}
	return NULL;
}

static enum sl_err
write_key(const struct sl_attr *spki, const struct sl_object *object, bool ssh)
{
	SL_CLEANUP(clean_key) struct sl_key *key = NULL;
	char label[256];
	enum sl_err err;

	if (!ssh) {
		sl_encode_pem(stdout, "PUBLIC KEY", spki->value, spki->len);
		return SL_OK;
	}
	sl_keys_label(object, label);
	err = sl_key_from_spki(spki->value, spki->len, &key);
	return err != SL_OK ? err : sl_encode_ssh(stdout, key, label);
}

static enum sl_err
export_public(const struct sl_tool_args *args, const struct sl_founds *keys, bool ssh, struct sl_msg *msg)
{
	SL_CLEANUP(sl_keys_clear) struct sl_founds publics = { 0 };
	const struct sl_found *first = &keys->at[0];
	const struct sl_attr *spki = public_of(keys);
	char type[SL_KEYS_TYPE];
	enum sl_err err;

	if (spki == NULL && (err = sl_keys_of_class(first->token, CKO_PUBLIC_KEY, first->object, &publics)) != SL_OK)
		return err;
	if (spki == NULL)
		spki = public_of(&publics);
	if (spki == NULL) {
		sl_msg_set(msg, "%.200s: a secret key, which has no public half", args->operand);
		return SL_ERR_UNSUPPORTED;
	}
	err = write_key(spki, first->object, ssh);
	sl_keys_type(first->object, type);
	if (err == SL_ERR_UNSUPPORTED)
		sl_msg_set(msg, "%.200s: SSH has no keys of type %s", args->operand, type);
	return err;
}

static enum sl_err
export(struct sl_instance *instance, const struct sl_tool_args *args, struct sl_msg *msg)
{
	SL_CLEANUP(sl_keys_clear) struct sl_founds founds = { 0 };
	const enum sl_err err = sl_keys_one(instance, args, &founds, msg);

	if (err != SL_OK)
		return err;
	if (sl_args_value(args, "tss2") == NULL)
		return export_public(args, &founds, sl_args_value(args, "ssh") != NULL, msg);
	if (founds.n > 1) {
		sl_msg_set(msg, "%.200s: there are several keys of this label", args->operand);
		return SL_ERR_ARG;
	}
	return sl_export_tss2(&founds.at[0], args, msg);
}

/* Private keys of a token with a PIN are there for its user only. */
static enum sl_err
export_as_user(struct sl_instance *instance, const struct sl_tool_args *args, struct sl_msg *msg)
{
	const bool given = sl_args_value(args, "pin-file") != NULL;
	SL_CLEANUP(sl_user_close) struct sl_user user = { .handle = 0 };
	struct sl_msg why = { "" };
	struct sl_token *token;
	SL_SECRET pin = { 0 };
	enum sl_err err = SL_ERR_NOT_FOUND;

	if (!given && (err = export(instance, args, msg)) != SL_ERR_NOT_FOUND)
		return err;
	token = sl_keys_token(instance, sl_args_value(args, "token"), &why);
	if (!given && (token == NULL || !sl_user_needed(token)))
		return err;
	if (token == NULL) {
		*msg = why;
		return SL_ERR_ARG;
	}
	if ((err = sl_user_pin(token, args, &pin, msg)) != SL_OK || (err = sl_user_open(token, &pin, &user, msg)) != SL_OK)
		return err;
	return export(instance, args, msg);
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	const bool tss2 = sl_args_value(args, "tss2") != NULL;
	const int forms = (sl_args_value(args, "ssh") != NULL) + (sl_args_value(args, "pem") != NULL) + tss2;
	struct sl_msg msg = { "" };
	int status = SL_EXIT_FAILURE;
	enum sl_err err;

	if (forms != 1) {
		sl_report("key export: expected one of --ssh, --pem and --tss2");
		return SL_EXIT_USAGE;
	}
	if (!tss2 && (sl_args_value(args, "output") != NULL || sl_args_value(args, "auth-file") != NULL || sl_args_value(args, "no-auth") != NULL)) {
		sl_report("--output, --auth-file and --no-auth: expected with --tss2 only");
		return SL_EXIT_USAGE;
	}
	if (sl_args_value(args, "auth-file") != NULL && sl_args_value(args, "no-auth") != NULL) {
		sl_report("--auth-file and --no-auth: expected one of them");
		return SL_EXIT_USAGE;
	}
	instance = sl_keys_open(&status);
	if (instance == NULL)
		return status;
	err = export_as_user(instance, args, &msg);
	if (err == SL_OK)
		return SL_EXIT_OK;
	status = sl_report_error(err, args->operand, &msg);
	return err == SL_ERR_AUTH ? SL_EXIT_USAGE : status; /* a wrong PIN */
}

const struct sl_tool_command sl_cmd_key_export = {
	.words = "key export",
	.operand = "LABEL",
	.summary = "Write a key's public half, or a sealed key for other TPM tools",
	.options = {
		{ "ssh", NULL, "as a line for authorized_keys or a HostKey file" },
		{ "pem", NULL, "as a PEM SubjectPublicKeyInfo" },
		{ "tss2", NULL, "a sealed key as a TSS2 PRIVATE KEY, which only this TPM opens" },
		{ "output", "FILE", "with --tss2: a new file (default: standard output)" },
		{ "auth-file", "FILE", "with --tss2: the authorization that is to open it" },
		{ "no-auth", NULL, "with --tss2: let a key that the PIN opens be opened without" },
		{ "pin-file", "FILE", "the token's user PIN" },
		{ "token", "TOKEN", "the key's token, where several have this label" },
	},
	.run = run,
};
