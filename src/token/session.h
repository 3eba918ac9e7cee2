/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_SESSION_H
#define SL_TOKEN_SESSION_H

#include "base/gate.h"
#include "token/token.h"

/*
 * One session. Reference counted; whoever calls with it holds its lock, so that one session does one thing at a time while others go on. What
 * an operation needs between calls hangs on it as `front`, which the PKCS#11 front owns.
 */
struct sl_session {
	unsigned refs; /* atomic */
	CK_SESSION_HANDLE handle;
	struct sl_token *token;
	bool rw;
	pthread_mutex_t lock; /* of what follows */
	bool closed;
	unsigned login_epoch; /* sl_login_epoch() when it last did something */
	CK_OBJECT_HANDLE *found; /* C_FindObjects: what is still to be given */
	size_t found_n;
	size_t found_at;
	bool finding;
	void *front;
	void (*free_front)(void *front);
	bool (*sweep_front)(void *front); /* lets retired keys go (crypto/key.h); true when an operation still needs one */
	bool lingers;                     /* what it said */
	unsigned long swept;              /* atomic: retirements that were seen to */
} __attribute__((aligned(64))); /* no line of memory in common with what another thread uses */

/* All sessions of an instance. */
struct sl_sessions {
	struct sl_gate lock;
	struct sl_table by_handle; /* one reference each */
	struct sl_instance *instance;
	unsigned long swept; /* atomic: as in the sessions */
};

void sl_sessions_init(struct sl_sessions *all, struct sl_instance *instance);
void sl_sessions_done(struct sl_sessions *all);

SL_MUST_CHECK enum sl_err sl_session_open(struct sl_sessions *all, struct sl_token *token, bool rw, CK_SESSION_HANDLE *ret_handle);

/*
 * Found, referenced and locked, or NULL. Release with sl_session_release(). What it was doing when its token was logged out is forgotten.
 */
struct sl_session *sl_session_acquire(struct sl_sessions *all, CK_SESSION_HANDLE handle);
void sl_session_release(struct sl_session **session);

/*
 * A destroyed key goes from every session that has it prepared for the next operation: now, or when the session's call or operation is over. Fine at the end of
 * every call, with no session held.
 */
void sl_sessions_sweep(struct sl_sessions *all);

/* Waits for a call that is under way in it; its session objects go too, and with a token's last session its login. false: no such session. */
bool sl_session_close(struct sl_sessions *all, CK_SESSION_HANDLE handle);
/* token NULL: of all tokens, which are about to go themselves. */
void sl_session_close_all(struct sl_sessions *all, struct sl_token *token);

/* Ends what the sessions of a token are doing, and drops the keys that they hold. Called with no session's lock held: it waits for each. */
void sl_session_drop_work(struct sl_sessions *all, const struct sl_token *token);

/* How many there are on a token. */
void sl_session_count(struct sl_sessions *all, const struct sl_token *token, CK_ULONG *ret_all, CK_ULONG *ret_rw);

#endif
