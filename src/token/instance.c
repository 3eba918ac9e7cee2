/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/instance.h"

#include "token/token.h"

#include <stdlib.h>

void
sl_instance_close(struct sl_instance **pinstance)
{
	struct sl_instance *in = *pinstance;

	if (in == NULL)
		return;
	for (size_t i = 0; i < in->n_tokens; i++)
		sl_token_free(&in->tokens[i]);
	free(in->tokens);
	sl_store_close(&in->store);
	sl_device_close(&in->device);
	sl_keyfiles_clear(&in->keyfiles);
	sl_config_free(&in->config);
	free(in);
	*pinstance = NULL;
}

enum sl_err
sl_instance_open(struct sl_config *take_config, struct sl_instance **ret_instance, struct sl_msg *msg)
{
	SL_CLEANUP(sl_instance_close) struct sl_instance *in = calloc(1, sizeof(*in));
	enum sl_err err;

	if (in == NULL) {
		sl_config_free(&take_config);
		return SL_ERR_MEMORY;
	}
	in->config = take_config;
	if ((err = sl_keyfiles_load(in->config, &in->keyfiles, msg)) != SL_OK ||
	    (err = sl_store_open(in->config->store, &in->store, msg)) != SL_OK)
		return err;
	if ((err = sl_device_open(in->config->tcti, &in->device)) != SL_OK) {
		sl_msg_set(msg, "tcti = %s: %s", in->config->tcti, sl_err_text(err));
		return err;
	}
	in->tokens = calloc(in->config->n_tokens, sizeof(struct sl_token *));
	if (in->tokens == NULL)
		return SL_ERR_MEMORY;
	for (; in->n_tokens < in->config->n_tokens; in->n_tokens++)
		if ((err = sl_token_new(in, in->n_tokens, &in->tokens[in->n_tokens], msg)) != SL_OK)
			return err;
	*ret_instance = SL_TAKE(in);
	return SL_OK;
}

uint64_t
sl_instance_handle(struct sl_instance *instance)
{
	return __atomic_add_fetch(&instance->handles, 1, __ATOMIC_RELAXED);
}
