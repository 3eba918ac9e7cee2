/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_INSTANCE_H
#define SL_TOKEN_INSTANCE_H

#include "config/config.h"
#include "config/keyfile.h"
#include "root/root.h"
#include "token/store.h"

/*
 * Everything that exists between C_Initialize and C_Finalize: configuration, device, store, tokens. A forked child makes one of its own and
 * never touches its parent's.
 */
struct sl_token;

struct sl_instance {
	struct sl_config *config;
	struct sl_keyfiles keyfiles;
	struct sl_device *device;
	struct sl_store *store;
	struct sl_token **tokens; /* by slot id */
	size_t n_tokens;
	uint64_t handles;         /* atomic: the last object or session handle given */
};

/*
 * Sends nothing to the device. take_config is taken over (and freed on failure too). Bad key files and a bad store are errors: SL_ERR_FORMAT,
 * _ACCESS, _EXISTS, _VERSION; msg says which file and why.
 */
SL_MUST_CHECK enum sl_err sl_instance_open(struct sl_config *take_config, struct sl_instance **ret_instance, struct sl_msg *msg);
void sl_instance_close(struct sl_instance **instance);

/* A number that was never given before in this process's instance. */
uint64_t sl_instance_handle(struct sl_instance *instance);

#endif
