/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"

#include "base/gate.h"
#include "base/log.h"
#include "crypto/ossl.h"
#include "token/rv.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define FORK_WAIT_MS 1000

/* Writers first: C_Finalize and fork() must come through however many threads are signing. Calls do not nest. */
static struct sl_gate module_lock = SL_GATE_OPEN;
static struct sl_instance *instance; /* NULL: not initialised in this process */
static struct sl_sessions sessions;

static pthread_mutex_t wait_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wait_cond = PTHREAD_COND_INITIALIZER;
static unsigned long finalized; /* counts; wait_lock is held */

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

/* This thread holds the module's lock. Initial-exec: the dynamic form allocates memory at first use, and ends the process when there is none. */
static _Thread_local bool inside __attribute__((tls_model("initial-exec")));
/* What the forking thread holds meanwhile: the module's lock for writing; or, where a call takes too long, for reading, and the store's. */
static _Thread_local bool fork_alone __attribute__((tls_model("initial-exec")));
static _Thread_local struct sl_store *fork_store __attribute__((tls_model("initial-exec")));

/*
 * Before a fork we let the calls that are under way come to their end, so that no thread is in the middle of libcrypto or SQLite: those have locks and
 * global tables of their own, which the child could not put right (SQLite would take a lock of its parent's for one of its own, for ever). A call
 * that takes long, since its TPM does, is not waited for any longer than this: then at least the store is at rest, and the TPM's own state is
 * left alone by the child anyway.
 */
static void
before_fork(void)
{
	struct timespec end;

	if (inside) /* a TCTI that starts a program */
		return;
	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += FORK_WAIT_MS / 1000;
	if (sl_gate_close_until(&module_lock, &end)) {
		fork_alone = true;
	} else if (sl_gate_try_enter(&module_lock)) {
		if (instance != NULL)
			sl_store_hold(fork_store = instance->store);
		else
			sl_gate_leave(&module_lock);
	}
}

static void
in_parent(void)
{
	if (fork_store != NULL) {
		sl_store_let_go(fork_store);
		sl_gate_leave(&module_lock);
	}
	if (fork_alone)
		sl_gate_open(&module_lock);
	fork_alone = false;
	fork_store = NULL;
}

/*
 * In a forked child our locks may be held by threads that are not there, and the connections are the parent's. So the child starts from
 * nothing: what it inherited is left alone, and roots and secrets read as zero there (MADV_WIPEONFORK).
 */
static void
in_child(void)
{
	sl_gate_init(&module_lock);
	fork_alone = false;
	inside = false;
	wait_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	wait_cond = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	instance = NULL;
	fork_store = NULL;
	sl_log_after_fork();
}

static void
watch_forks(void)
{
	(void)pthread_atfork(before_fork, in_parent, in_child);
}

/* Before there is a secret; for good, whatever C_Finalize does: keys that the application copied out of here may still be in its memory. */
static enum sl_err
hide_process(const struct sl_config *config, struct sl_msg *msg)
{
	const enum sl_err err = config->core_dumps == SL_CORE_DUMPS_OFF ? sl_secret_hide_process() : SL_OK;

	if (err != SL_OK)
		sl_msg_set(msg, "core-dumps = off: the process may not call prctl(PR_SET_DUMPABLE)");
	return err;
}

static CK_RV
open_instance(void)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	struct sl_msg msg = { "" };
	enum sl_err err = sl_config_load(&config, &msg);

	if (err == SL_OK) {
		sl_log_setup(config->log_level, config->log_file);
		err = hide_process(config, &msg);
	}
	if (err == SL_OK)
		err = sl_instance_open(SL_TAKE(config), &instance, &msg);
	if (err == SL_OK) {
		sl_sessions_init(&sessions, instance);
		return CKR_OK;
	}
	sl_log(SL_LOG_ERROR, "C_Initialize: %s", msg.text[0] != '\0' ? msg.text : sl_err_text(err));
	return err == SL_ERR_MEMORY ? CKR_HOST_MEMORY : CKR_GENERAL_ERROR;
}

static void
lock_for_writing(void)
{
	sl_gate_close(&module_lock);
	inside = true;
}

static void
unlock_for_writing(void)
{
	inside = false;
	sl_gate_open(&module_lock);
}

CK_RV
sl_call_initialize(void)
{
	CK_RV rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;

	(void)pthread_once(&fork_once, watch_forks);
	/* With no lock held: libcrypto may read the host's configuration now, and what that loads may call us (ossl.h). */
	if (sl_ossl_ready() != SL_OK)
		return CKR_GENERAL_ERROR;
	lock_for_writing();
	if (instance == NULL)
		rv = open_instance();
	unlock_for_writing();
	return rv;
}

CK_RV
sl_call_finalize(void)
{
	CK_RV rv = CKR_CRYPTOKI_NOT_INITIALIZED;

	lock_for_writing();
	if (instance != NULL) {
		sl_sessions_done(&sessions);
		sl_instance_close(&instance);
		(void)pthread_mutex_lock(&wait_lock);
		finalized++;
		(void)pthread_cond_broadcast(&wait_cond);
		(void)pthread_mutex_unlock(&wait_lock);
		rv = CKR_OK;
	}
	unlock_for_writing();
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
	sl_gate_enter(&module_lock);
	inside = true;
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
	if (call->sessions != NULL)
		sl_sessions_sweep(call->sessions);
	/* A fork waits for us until we are out: its child must not find syslog's lock taken. */
	if (rv != CKR_OK)
		sl_log(SL_LOG_DEBUG, "%s: 0x%08lx", function, rv);
	if (call->in_module) {
		inside = false;
		sl_gate_leave(&module_lock);
	}
	call->in_module = false;
	return rv;
}
