/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/session.h"

#include "token/login.h"
#include "crypto/key.h"

#include <stdlib.h>
#include <string.h>

void
sl_sessions_init(struct sl_sessions *all, struct sl_instance *instance)
{
	sl_gate_init(&all->lock);
	all->by_handle = (struct sl_table){ 0 };
	all->instance = instance;
}

static void
unref(struct sl_session *session)
{
	if (__atomic_fetch_sub(&session->refs, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	if (session->front != NULL)
		session->free_front(session->front);
	free(session->found);
	(void)pthread_mutex_destroy(&session->lock);
	free(session);
}

void
sl_sessions_done(struct sl_sessions *all)
{
	sl_session_close_all(all, NULL);
	sl_table_clear(&all->by_handle);
	sl_gate_destroy(&all->lock);
}

enum sl_err
sl_session_open(struct sl_sessions *all, struct sl_token *token, bool rw, CK_SESSION_HANDLE *ret_handle)
{
	struct sl_session *session = aligned_alloc(_Alignof(struct sl_session), sizeof(*session));
	CK_SESSION_HANDLE handle;
	enum sl_err err;

	if (session == NULL)
		return SL_ERR_MEMORY;
	memset(session, 0, sizeof(*session));
	__atomic_store_n(&session->refs, 1, __ATOMIC_RELAXED);
	handle = sl_instance_handle(all->instance);
	session->handle = handle;
	session->token = token;
	session->rw = rw;
	session->login_epoch = sl_login_epoch(token);
	(void)pthread_mutex_init(&session->lock, NULL);
	sl_gate_close(&all->lock);
	err = sl_table_put(&all->by_handle, handle, session);
	sl_gate_open(&all->lock);
	if (err != SL_OK) {
		unref(session);
		return err;
	}
	*ret_handle = handle;
	return SL_OK;
}

/* The session's lock is held. */
static void
drop_work(struct sl_session *session)
{
	const unsigned epoch = sl_login_epoch(session->token);

	if (session->login_epoch == epoch)
		return;
	session->login_epoch = epoch;
	if (session->front != NULL)
		session->free_front(session->front);
	session->front = NULL;
	free(session->found);
	session->found = NULL;
	session->finding = false;
}

struct sl_session *
sl_session_acquire(struct sl_sessions *all, CK_SESSION_HANDLE handle)
{
	struct sl_session *session;

	sl_gate_enter(&all->lock);
	session = sl_table_get(&all->by_handle, handle);
	if (session != NULL)
		(void)__atomic_fetch_add(&session->refs, 1, __ATOMIC_RELAXED);
	sl_gate_leave(&all->lock);
	if (session == NULL)
		return NULL;
	(void)pthread_mutex_lock(&session->lock);
	if (session->closed)
		sl_session_release(&session);
	else
		drop_work(session);
	return session;
}

static bool
is_swept(const unsigned long *swept)
{
	return __atomic_load_n(swept, __ATOMIC_SEQ_CST) == sl_key_retirements();
}

/* The session is locked. */
static void
sweep(struct sl_session *session)
{
	const unsigned long now = sl_key_retirements();

	if (!session->lingers && is_swept(&session->swept))
		return;
	session->lingers = session->front != NULL && session->sweep_front(session->front);
	__atomic_store_n(&session->swept, now, __ATOMIC_SEQ_CST);
}

/* It is not locked. Whoever has it locked comes here when he has let it go. */
static void
tidy(struct sl_session *session)
{
	while (!is_swept(&session->swept) && pthread_mutex_trylock(&session->lock) == 0) {
		sweep(session);
		(void)pthread_mutex_unlock(&session->lock);
	}
}

void
sl_sessions_sweep(struct sl_sessions *all)
{
	const unsigned long now = sl_key_retirements();
	struct sl_session *session;
	size_t at = 0;

	if (is_swept(&all->swept))
		return;
	__atomic_store_n(&all->swept, now, __ATOMIC_SEQ_CST);
	sl_gate_enter(&all->lock);
	while ((session = sl_table_next(&all->by_handle, &at, NULL)) != NULL)
		tidy(session);
	sl_gate_leave(&all->lock);
}

void
sl_session_release(struct sl_session **psession)
{
	struct sl_session *session = *psession;

	*psession = NULL;
	if (session == NULL)
		return;
	sweep(session);
	(void)pthread_mutex_unlock(&session->lock);
	tidy(session);
	unref(session);
}

/* Out of the table already: nobody finds it any more, and who found it before is waited for. */
static void
finish(struct sl_session *session)
{
	(void)pthread_mutex_lock(&session->lock);
	session->closed = true;
	sl_token_drop_session_objects(session->token, session->handle);
	(void)pthread_mutex_unlock(&session->lock);
	unref(session);
}

bool
sl_session_close(struct sl_sessions *all, CK_SESSION_HANDLE handle)
{
	struct sl_session *session;
	struct sl_token *token;

	sl_gate_close(&all->lock);
	session = sl_table_remove(&all->by_handle, handle);
	sl_gate_open(&all->lock);
	if (session == NULL)
		return false;
	token = session->token;
	finish(session);
	sl_login_idle(all, token);
	return true;
}

static struct sl_session *
take_one(struct sl_sessions *all, const struct sl_token *token)
{
	struct sl_session *session;
	uint64_t handle;
	size_t at = 0;

	sl_gate_close(&all->lock);
	while ((session = sl_table_next(&all->by_handle, &at, &handle)) != NULL) {
		if (token != NULL && session->token != token)
			continue;
		(void)sl_table_remove(&all->by_handle, handle);
		break;
	}
	sl_gate_open(&all->lock);
	return session;
}

void
sl_session_close_all(struct sl_sessions *all, struct sl_token *token)
{
	struct sl_session *session;

	while ((session = take_one(all, token)) != NULL)
		finish(session);
	if (token != NULL)
		sl_login_idle(all, token);
}

/* The handle of the next session of the token after that one, or 0. */
static CK_SESSION_HANDLE
next_of(struct sl_sessions *all, const struct sl_token *token, CK_SESSION_HANDLE after)
{
	const struct sl_session *session;
	CK_SESSION_HANDLE next = 0;
	uint64_t handle;
	size_t at = 0;

	sl_gate_enter(&all->lock);
	while ((session = sl_table_next(&all->by_handle, &at, &handle)) != NULL)
		if (session->token == token && handle > after && (next == 0 || handle < next))
			next = handle;
	sl_gate_leave(&all->lock);
	return next;
}

/* One after the other, by handle, which only grow: acquiring one is what drops its work. */
void
sl_session_drop_work(struct sl_sessions *all, const struct sl_token *token)
{
	CK_SESSION_HANDLE handle = 0;

	while ((handle = next_of(all, token, handle)) != 0) {
		struct sl_session *session = sl_session_acquire(all, handle);

		sl_session_release(&session);
	}
}

void
sl_session_count(struct sl_sessions *all, const struct sl_token *token, CK_ULONG *ret_all, CK_ULONG *ret_rw)
{
	const struct sl_session *session;
	size_t at = 0;

	*ret_all = 0;
	*ret_rw = 0;
	sl_gate_enter(&all->lock);
	while ((session = sl_table_next(&all->by_handle, &at, NULL)) != NULL) {
		if (session->token != token)
			continue;
		*ret_all += 1;
		*ret_rw += session->rw ? 1 : 0;
	}
	sl_gate_leave(&all->lock);
}
