/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/text.h"
#include "base/utf8.h"
#include "base/fs.h"
#include "token/import.h"
#include "tool/key_source.h"
#include "tool/keys.h"
#include "tool/user.h"

#include <string.h>

#define CERTIFICATE_MAX ((size_t)64 << 10)
#define LABEL_MAX 255
#define ID_MAX 64

/* One import, from the command line to the stored key. */
struct job {
	const struct sl_tool_args *args;
	const char *token;
	struct sl_import import;
	uint8_t id[ID_MAX];
	struct sl_cert cert;
	struct sl_key_source source;
	struct sl_key *key;
	struct sl_secret pin; /* empty: none was given */
	bool unseen;          /* the token's policy keeps it shut now */
	struct sl_msg msg;
};

static void
clear_job(struct job *job)
{
	sl_cert_clear(&job->cert);
	sl_key_source_clear(&job->source);
	sl_key_unref(&job->key);
	sl_secret_clear(&job->pin);
}

static bool
take_type(const char *word, CK_KEY_TYPE *ret_type, unsigned *ret_usage)
{
	static const struct {
		const char *word;
		CK_KEY_TYPE type;
		unsigned usage;
	} types[] = {
		{ "aes", CKK_AES, SL_USE_ENCRYPT | SL_USE_DECRYPT | SL_USE_WRAP },
		{ "hmac", CKK_GENERIC_SECRET, SL_USE_SIGN },
		{ "generic", CKK_GENERIC_SECRET, SL_USE_SIGN | SL_USE_DERIVE },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(types); i++) {
		if (strcmp(types[i].word, word) == 0) {
			*ret_type = types[i].type;
			*ret_usage = types[i].usage;
			return true;
		}
	}
	return false;
}

static enum sl_err
bad_option(struct job *job, const char *option, const char *value, const char *want)
{
	sl_msg_set(&job->msg, "--%s: '%.80s', expected %s", option, value, want);
	return SL_ERR_ARG;
}

static enum sl_err
take_options(struct job *job)
{
	const char *label = sl_args_value(job->args, "label");
	const char *id = sl_args_value(job->args, "id");
	const char *usage = sl_args_value(job->args, "usage");
	const char *type = sl_args_value(job->args, "type");

	job->token = sl_args_value(job->args, "token") == NULL ? "owner" : sl_args_value(job->args, "token");
	if (label == NULL || label[0] == '\0' || strlen(label) > LABEL_MAX || !sl_utf8_valid(label, strlen(label)))
		return bad_option(job, "label", label == NULL ? "" : label, "1 to 255 bytes of UTF-8");
	job->import = (struct sl_import){ .label = label, .id = job->id, .extractable = sl_args_value(job->args, "extractable") != NULL };
	if (id != NULL && !sl_text_hex(id, job->id, sizeof(job->id), &job->import.id_len))
		return bad_option(job, "id", id, "1 to 64 bytes in hex");
	if (type != NULL && !take_type(type, &job->import.secret_type, &job->import.usage))
		return bad_option(job, "type", type, "aes, hmac or generic, for the bytes of a secret key");
	if (usage != NULL && !sl_keyfile_usage(usage, &job->import.usage))
		return bad_option(job, "usage", usage, SL_KEYFILE_USAGE);
	return SL_OK;
}

static enum sl_err
take_certificate(struct job *job)
{
	const char *path = sl_args_value(job->args, "certificate");
	SL_FREE void *data = NULL;
	size_t len = 0;
	enum sl_err err;

	if (path == NULL)
		return SL_OK;
	if ((err = sl_fs_read(path, CERTIFICATE_MAX, &data, &len, &job->msg)) != SL_OK)
		return err;
	if ((err = sl_cert_parse(data, len, &job->cert)) != SL_OK)
		sl_msg_set(&job->msg, "%.300s: expected an X.509 certificate, PEM or DER", path);
	job->import.certificate = &job->cert;
	return err;
}

static enum sl_err
find_token(struct job *job, struct sl_instance *instance, struct sl_token **ret_token)
{
	*ret_token = sl_keys_token(instance, job->token, &job->msg);
	if (*ret_token != NULL)
		return SL_OK;
	return sl_config_token(instance->config, job->token) == NULL ? SL_ERR_ARG : SL_ERR_ABSENT;
}

static enum sl_err
store_key(struct job *job, struct sl_user *user)
{
	struct sl_session *session = sl_session_acquire(&user->sessions, user->handle);
	enum sl_err err;

	if (session == NULL)
		return SL_ERR_MEMORY;
	err = sl_import_key(session, &job->import, job->key, &job->msg);
	sl_session_release(&session);
	if (err != SL_OK && job->msg.text[0] == '\0')
		sl_root_trouble(user->token->root, &job->msg);
	return err;
}

/* Whether the TPM gives back what it was given: the only copy may be deleted next. */
static enum sl_err
compare(struct job *job, struct sl_instance *instance)
{
	const enum sl_key_part part = sl_key_kind(job->key) == SL_KEY_SECRET ? SL_PART_SECRET : SL_PART_SPKI;
	SL_CLEANUP(sl_user_close) struct sl_user user = { .handle = 0 };
	SL_CLEANUP(sl_keys_clear) struct sl_founds founds = { 0 };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET ours = { 0 };
	SL_SECRET theirs = { 0 };
	struct sl_token *token;
	enum sl_err err;

	if ((err = find_token(job, instance, &token)) != SL_OK || (err = sl_user_open(token, &job->pin, &user, &job->msg)) != SL_OK ||
	    (err = sl_keys_find(instance, job->import.label, job->token, &founds, &job->msg)) != SL_OK)
		return err;
	for (size_t i = 0; i < founds.n; i++) {
		if (founds.at[i].object->home != SL_HOME_STORE)
			continue;
		if ((err = sl_token_key(founds.at[i].token, founds.at[i].object, &key)) != SL_OK ||
		    (err = sl_key_part(key, part, &theirs)) != SL_OK || (err = sl_key_part(job->key, part, &ours)) != SL_OK)
			return err;
		return sl_secret_equal(ours.bytes, ours.len, theirs.bytes, theirs.len) ? SL_OK : SL_ERR_MISMATCH;
	}
	return SL_ERR_NOT_FOUND;
}

/* In an instance of its own, which has nothing but the store and the TPM. */
static enum sl_err
verify(struct job *job)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	int status;
	enum sl_err err = SL_ERR_DEVICE;

	if ((instance = sl_keys_open(&status)) != NULL)
		err = compare(job, instance);
	job->unseen = err == SL_ERR_POLICY;
	if (err != SL_OK && !job->unseen) {
		sl_msg_set(&job->msg, "the key was stored, but does not come back out of the TPM (%s): keep %.200s", sl_err_text(err),
		           job->source.path);
		return SL_ERR_DEVICE;
	}
	return SL_OK;
}

static void
tell(const struct job *job, const struct sl_instance *instance)
{
	const bool pair = sl_key_kind(job->key) != SL_KEY_SECRET;

	printf("%s: sealed to token %s, in %s%s\n", job->import.label, job->token, instance->config->store,
	       !pair ? "" : job->import.certificate != NULL ? ", with its public half and its certificate" : ", with its public half");
	if (job->unseen)
		printf("the token's policy is not satisfied now, so that it could not be compared: keep %s until the key was used\n", job->source.path);
	else if (strcmp(job->source.path, "-") != 0)
		printf("%s is not needed any more and can be deleted (as every copy of it)\n", job->source.path);
}

static enum sl_err
import(struct job *job, struct sl_instance *instance)
{
	SL_CLEANUP(sl_user_close) struct sl_user user = { .handle = 0 };
	struct sl_token *token;
	enum sl_err err;

	if ((err = find_token(job, instance, &token)) != SL_OK || (err = sl_user_pin(token, job->args, &job->pin, &job->msg)) != SL_OK ||
	    (err = sl_user_open(token, &job->pin, &user, &job->msg)) != SL_OK || (err = sl_key_source_key(&job->source, job->args, token, &job->key, &job->msg)) != SL_OK ||
	    (err = store_key(job, &user)) != SL_OK)
		return err;
	sl_user_close(&user);
	return verify(job);
}

/* What is wrong with the file or its passphrase is wrong with the input. */
static int
report(const struct job *job, enum sl_err err)
{
	const int status = sl_report_error(err, job->args->operand, &job->msg);

	return err == SL_ERR_AUTH || err == SL_ERR_LOGIN || err == SL_ERR_UNSUPPORTED || err == SL_ERR_MISMATCH || err == SL_ERR_ACCESS
	       ? SL_EXIT_USAGE : status;
}

static int
run(const struct sl_tool_args *args)
{
	SL_CLEANUP(clear_job) struct job job = { .args = args };
	SL_CLEANUP(sl_instance_close) struct sl_instance *instance = NULL;
	int status = SL_EXIT_FAILURE;
	enum sl_err err;

	if ((err = take_options(&job)) != SL_OK || (err = take_certificate(&job)) != SL_OK ||
	    (err = sl_key_source_open(args->operand, sl_args_value(args, "type") != NULL, &job.source, &job.msg)) != SL_OK)
		return report(&job, err);
	instance = sl_keys_open(&status);
	if (instance == NULL)
		return status;
	if ((err = import(&job, instance)) != SL_OK)
		return report(&job, err);
	tell(&job, instance);
	return SL_EXIT_OK;
}

const struct sl_tool_command sl_cmd_key_import = {
	.words = "key import",
	.operand = "FILE",
	.summary = "Seal a key that a file holds to the TPM; - is standard input",
	.options = {
		{ "label", "LABEL", "its label on the token (required)" },
		{ "token", "TOKEN", "the token it is sealed to (default: owner)" },
		{ "id", "HEX", "CKA_ID (default: of a key pair, computed)" },
		{ "usage", "USE,USE", "sign, decrypt, derive, wrap, encrypt (default: by type)" },
		{ "type", "TYPE", "aes, hmac or generic: the bytes are a secret key" },
		{ "certificate", "FILE", "its X.509 certificate, PEM or DER" },
		{ "extractable", NULL, "let PKCS#11 wrap it under other keys" },
		{ "passphrase-file", "FILE", "the passphrase of an encrypted key" },
		{ "auth-file", "FILE", "the authorization of a TSS2 PRIVATE KEY" },
		{ "pin-file", "FILE", "the token's user PIN" },
	},
	.run = run,
};
