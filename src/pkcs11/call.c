/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"

#include "base/log.h"
#include "token/rv.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_rwlock_t module_lock = PTHREAD_RWLOCK_INITIALIZER;
static struct sl_instance *instance; /* NULL: not initialised in this process */
static struct sl_sessions sessions;

static pthread_mutex_t wait_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wait_cond = PTHREAD_COND_INITIALIZER;
static unsigned long finalized; /* counts; wait_lock is held */

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

/* What the forking thread holds meanwhile. */
static _Thread_local bool fork_in_module;
static _Thread_local struct sl_store *fork_store;

/*
 * In a forked child our locks may be held by threads that are not there, and the connections are the parent's. So the child starts from
 * nothing: what it inherited is left alone, and roots and secrets read as zero there (MADV_WIPEONFORK).
 */
static void
in_child(void)
{
	module_lock = (pthread_rwlock_t)PTHREAD_RWLOCK_INITIALIZER;
	wait_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	wait_cond = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	instance = NULL;
	fork_store = NULL;
	fork_in_module = false;
	sl_log_after_fork();
}

/*
 * The store is at rest while the process is copied: SQLite keeps its locks on a file per process, and a child that inherits one in the middle of
 * something could never open the file. A fork from inside C_Initialize (a TCTI that starts a program) finds the module locked by itself, and
 * goes on without.
 */
static void
before_fork(void)
{
	fork_in_module = pthread_rwlock_rdlock(&module_lock) == 0;
	fork_store = fork_in_module && instance != NULL ? instance->store : NULL;
	if (fork_store != NULL)
		sl_store_hold(fork_store);
}

static void
in_parent(void)
{
	if (fork_store != NULL)
		sl_store_let_go(fork_store);
	if (fork_in_module)
		(void)pthread_rwlock_unlock(&module_lock);
	fork_store = NULL;
	fork_in_module = false;
}

static void
watch_forks(void)
{
	(void)pthread_atfork(before_fork, in_parent, in_child);
}

static CK_RV
open_instance(void)
{
	struct sl_config *config = NULL;
	struct sl_msg msg = { "" };
	enum sl_err err = sl_config_load(&config, &msg);

	if (err == SL_OK) {
		sl_log_setup(config->log_level, config->log_file);
		err = sl_instance_open(config, &instance, &msg);
	}
	if (err == SL_OK) {
		sl_sessions_init(&sessions, instance);
		return CKR_OK;
	}
	sl_log(SL_LOG_ERROR, "C_Initialize: %s", msg.text[0] != '\0' ? msg.text : sl_err_text(err));
	return err == SL_ERR_MEMORY ? CKR_HOST_MEMORY : CKR_GENERAL_ERROR;
}

CK_RV
sl_call_initialize(void)
{
	CK_RV rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;

	(void)pthread_once(&fork_once, watch_forks);
	(void)pthread_rwlock_wrlock(&module_lock);
	if (instance == NULL)
		rv = open_instance();
	(void)pthread_rwlock_unlock(&module_lock);
	return rv;
}

CK_RV
sl_call_finalize(void)
{
	CK_RV rv = CKR_CRYPTOKI_NOT_INITIALIZED;

	(void)pthread_rwlock_wrlock(&module_lock);
	if (instance != NULL) {
		sl_sessions_done(&sessions);
		sl_instance_close(&instance);
		(void)pthread_mutex_lock(&wait_lock);
		finalized++;
		(void)pthread_cond_broadcast(&wait_cond);
		(void)pthread_mutex_unlock(&wait_lock);
		rv = CKR_OK;
	}
	(void)pthread_rwlock_unlock(&module_lock);
	return rv;
}

CK_RV
sl_call_wait_for_finalize(void)
{
	struct sl_call call;
	unsigned long before;
	CK_RV rv;

	/* The count is read while we know that the module is initialised: a C_Finalize after that is seen. */
	rv = sl_call_begin_module(&call);
	(void)pthread_mutex_lock(&wait_lock);
	before = finalized;
	(void)pthread_mutex_unlock(&wait_lock);
	rv = sl_call_end(&call, "C_WaitForSlotEvent", rv);
	if (rv != CKR_OK)
		return rv;
	(void)pthread_mutex_lock(&wait_lock);
	while (finalized == before)
		(void)pthread_cond_wait(&wait_cond, &wait_lock);
	(void)pthread_mutex_unlock(&wait_lock);
	return CKR_CRYPTOKI_NOT_INITIALIZED;
}

CK_RV
sl_call_begin_module(struct sl_call *call)
{
	*call = (struct sl_call){ 0 };
	(void)pthread_rwlock_rdlock(&module_lock);
	call->in_module = true;
	if (instance == NULL)
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	call->instance = instance;
	call->sessions = &sessions;
	return CKR_OK;
}

CK_RV
sl_call_begin_slot(struct sl_call *call, CK_SLOT_ID slot)
{
	const CK_RV rv = sl_call_begin_module(call);

	if (rv != CKR_OK)
		return rv;
	if (slot >= call->instance->n_tokens || call->instance->tokens[slot]->config->hidden)
		return CKR_SLOT_ID_INVALID;
	call->token = call->instance->tokens[slot];
	return CKR_OK;
}

CK_RV
sl_call_begin(struct sl_call *call, CK_SESSION_HANDLE session)
{
	const CK_RV rv = sl_call_begin_module(call);

	if (rv != CKR_OK)
		return rv;
	call->session = sl_session_acquire(call->sessions, session);
	if (call->session == NULL)
		return CKR_SESSION_HANDLE_INVALID;
	call->token = call->session->token;
	return CKR_OK;
}

CK_RV
sl_call_end(struct sl_call *call, const char *function, CK_RV rv)
{
	sl_session_release(&call->session);
	if (call->in_module)
		(void)pthread_rwlock_unlock(&module_lock);
	call->in_module = false;
	if (rv != CKR_OK)
		sl_log(SL_LOG_DEBUG, "%s: 0x%08lx", function, rv);
	return rv;
}
