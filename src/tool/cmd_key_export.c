/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/encode.h"
#include "tool/keys.h"

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
		sl_encode_pem(stdout, spki->value, spki->len);
		return SL_OK;
	}
	sl_keys_label(object, label);
	err = sl_key_from_spki(spki->value, spki->len, &key);
	return err != SL_OK ? err : sl_encode_ssh(stdout, key, label);
}

static enum sl_err
export(struct sl_instance *instance, const struct sl_tool_args *args, bool ssh, struct sl_msg *msg)
{
	SL_CLEANUP(sl_keys_clear) struct sl_founds founds = { 0 };
	SL_CLEANUP(sl_keys_clear) struct sl_founds publics = { 0 };
	const struct sl_attr *spki;
	enum sl_err err;

	if ((err = sl_keys_one(instance, args, &founds, msg)) != SL_OK)
		return err;
	spki = public_of(&founds);
	if (spki == NULL && (err = sl_keys_of_class(founds.at[0].token, CKO_PUBLIC_KEY, founds.at[0].object, &publics)) != SL_OK)
		return err;
	if (spki == NULL)
		spki = public_of(&publics);
	if (spki == NULL) {
		sl_msg_set(msg, "%.200s: a secret key, which has no public half", args->operand);
		return SL_ERR_UNSUPPORTED;
	}
	err = write_key(spki, founds.at[0].object, ssh);
	if (err == SL_ERR_UNSUPPORTED)
		sl_msg_set(msg, "%.200s: SSH has no keys of type %s", args->operand, sl_keys_type(founds.at[0].object));
	return err;
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	const bool ssh = sl_args_value(args, "ssh") != NULL;
	const bool pem = sl_args_value(args, "pem") != NULL;
	struct sl_msg msg = { "" };
	int status = SL_EXIT_FAILURE;
	enum sl_err err;

	if (ssh == pem) {
		sl_report("key export: expected either --ssh or --pem");
		return SL_EXIT_USAGE;
	}
	instance = sl_keys_open(&status);
	if (instance == NULL)
		return status;
	err = export(instance, args, ssh, &msg);
	return err == SL_OK ? SL_EXIT_OK : sl_report_error(err, args->operand, &msg);
}

const struct sl_tool_command sl_cmd_key_export = {
	.words = "key export",
	.operand = "LABEL",
	.summary = "Write a key's public half",
	.options = {
		{ "ssh", NULL, "as a line for authorized_keys or a HostKey file" },
		{ "pem", NULL, "as a PEM SubjectPublicKeyInfo" },
		{ "token", "TOKEN", "the key's token, where several have this label" },
	},
	.run = run,
};
