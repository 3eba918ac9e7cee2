/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "request-key/work.h"

#include "base/log.h"
#include "derive/expand.h"
#include "request-key/answer.h"
#include "root/root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define KEY_TYPE "generic:32"

enum sl_err
sl_work_context(const struct sl_request *request, const struct sl_requester *requester, uint8_t ret_context[SL_CONTEXT_LEN])
{
	const struct sl_keyid id = { .name = request->name, .type = KEY_TYPE, .version = request->version, .binders = requester->binders,
		                     .n_binders = requester->n_binders };

	return sl_context(&id, ret_context);
}

enum sl_err
sl_work_expand(const struct sl_secret *secret, struct sl_secret *ret_answer)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	struct sl_keytype type;
	enum sl_err err;

	if ((err = sl_keytype_parse(KEY_TYPE, &type, NULL)) != SL_OK || (err = sl_expand(secret->bytes, &type, NULL, &key, NULL)) != SL_OK)
		return err;
	return sl_key_part(key, SL_PART_SECRET, ret_answer);
}

static enum sl_err
ask_root(const struct sl_config *config, const struct sl_root_spec *spec, const uint8_t *context, struct sl_secret *ret_secret, struct sl_msg *msg)
{
	SL_CLEANUP(sl_device_close) struct sl_device *device = NULL;
	SL_CLEANUP(sl_root_close) struct sl_root *root = NULL;
	enum sl_err err;

	if ((err = sl_device_open(config->tcti, &device)) != SL_OK)
		return err;
	if ((err = sl_root_open(device, spec, &root)) == SL_OK)
		err = sl_root_derive(root, NULL, context, 1, ret_secret, NULL);
	if (err != SL_OK)
		sl_device_trouble(device, msg);
	return err;
}

enum sl_err
sl_work_derive(const struct sl_config *config, const struct sl_token_config *token, const struct sl_request *request,
               const struct sl_requester *requester, struct sl_secret *ret_answer, struct sl_msg *msg)
{
	uint8_t context[SL_CONTEXT_LEN];
	SL_SECRET secret = { 0 };
	enum sl_err err;

	msg->text[0] = '\0';
	if ((err = sl_work_context(request, requester, context)) != SL_OK)
		sl_msg_set(msg, "a binder is no text in UTF-8 of at most 4096 bytes");
	else if ((err = ask_root(config, &token->root, context, &secret, msg)) == SL_OK)
		err = sl_work_expand(&secret, ret_answer);
	if (err != SL_OK && msg->text[0] == '\0')
		sl_msg_set(msg, "%s", sl_err_text(err));
	return err;
}

/* Only the number of the key is taken from the arguments; the rest has to be what the kernel says. */
static enum sl_err
read_request(const struct sl_work_args *args, struct sl_answer_record *record, struct sl_request *request, struct sl_msg *msg)
{
	const enum sl_err err = sl_answer_begin(args->key, record, msg);

	if (err != SL_OK)
		return err;
	if (strcmp(record->description, args->description) != 0 || record->uid != args->uid || record->gid != args->gid) {
		sl_msg_set(msg, "the kernel knows another request than the arguments tell");
		return SL_ERR_ACCESS;
	}
	return sl_request_parse(record->description, args->options, request, msg);
}

struct work {
	const struct sl_config *config;
	const struct sl_work_args *args;
	struct sl_request request;
	struct sl_requester requester;
	uint32_t seconds;
};

static enum sl_err
give(struct work *work, const struct sl_token_config *token, struct sl_msg *msg)
{
	SL_SECRET secret = { 0 };
	enum sl_err err;

	work->seconds = token->upcall.timeout;
	if (work->request.timeout != 0 && work->request.timeout < work->seconds)
		work->seconds = work->request.timeout;
	if ((err = sl_requester_look(&work->requester, token->upcall.binders, msg)) != SL_OK ||
	    (err = sl_work_derive(work->config, token, &work->request, &work->requester, &secret, msg)) != SL_OK ||
	    (err = sl_requester_still(&work->requester, msg)) != SL_OK)
		return err;
	return sl_answer_give(work->args->key, &secret, work->seconds, msg);
}

static enum sl_err
answer(struct work *work, struct sl_msg *msg)
{
	SL_CLOSE int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct sl_token_config *token;
	struct sl_answer_record record;
	enum sl_err err;

	if ((err = read_request(work->args, &record, &work->request, msg)) != SL_OK ||
	    (err = sl_requester_open(proc, work->args->key, record.uid, record.gid, &work->requester, msg)) != SL_OK)
		return err;
	token = sl_config_token(work->config, work->request.token);
	if (token == NULL || token->upcall.binders == 0) {
		sl_msg_set(msg, token == NULL ? "there is no such token" : "the token's section has no binders");
		return SL_ERR_NOT_FOUND;
	}
	return give(work, token, msg);
}

int
sl_work_answer(const struct sl_config *config, const struct sl_work_args *args)
{
	struct work work = { .config = config, .args = args, .requester = SL_REQUESTER_NONE };
	struct sl_msg msg = { "" };
	const enum sl_err err = answer(&work, &msg);
	char program[256];

	sl_requester_program(&work.requester, program, sizeof(program));
	if (err == SL_OK)
		sl_log(SL_LOG_INFO, "request-key: uid %lu, thread %ld, %s: token %s, name %s, version %lu: given for %lu s", (unsigned long)args->uid,
		       (long)work.requester.tid, program, work.request.token, work.request.name, (unsigned long)work.request.version,
		       (unsigned long)work.seconds);
	else
		sl_log(SL_LOG_ERROR, "request-key: uid %lu, thread %ld, %s: token %s, name %s, version %lu: refused: %s", (unsigned long)args->uid,
		       (long)work.requester.tid, program, work.request.token, work.request.name, (unsigned long)work.request.version, msg.text);
	sl_requester_close(&work.requester);
	return err == SL_OK ? 0 : err == SL_ERR_BUSY ? EBUSY : ENOKEY;
}
