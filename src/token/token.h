/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_TOKEN_H
#define SL_TOKEN_TOKEN_H

#include "base/table.h"
#include "token/instance.h"
#include "token/object.h"
#include "token/values.h"

#include <pthread.h>

/*
 * One token: a root and the objects on it. Lock order: session > token.finish_lock > token.name_lock > token.lock or login.lock > store > root. The root is asked,
 * which can take long, with token.lock never held.
 */
struct sl_declared;
struct sl_login_data;

struct sl_token {
	struct sl_instance *instance;
	const struct sl_token_config *config;
	CK_SLOT_ID slot;
	struct sl_root *root;

	pthread_mutex_t finish_lock; /* held while declared keys are computed, before all the others */
	pthread_mutex_t name_lock;  /* of the next four; held while the root is asked for its name */
	bool named;
	struct sl_root_name name;
	int64_t store_root;         /* row of the root in the store; 0: none yet */
	bool pinned;

	struct sl_login_data *login; /* login.h; has a lock of its own */

	pthread_rwlock_t lock;      /* of all that follows */
	unsigned epoch;             /* counts the roots seen: objects of an earlier one are gone */
	unsigned closed;            /* atomic, written with the lock held: sl_login_epoch() when private objects were last taken away */
	bool guarded;               /* atomic, likewise: the token has PINs, and private objects are there only for its user (view.h) */
	uint8_t secret_id[SL_SECRET_ID]; /* of the secret that declared keys were built for; zeros: not known */
	struct sl_values values;    /* opens what private objects hold: there, if anything is to be opened, while they are (view.h) */
	unsigned long changes;      /* atomic, written with the lock held: see sl_token_changes() */
	struct sl_table objects;    /* handle -> struct sl_object, one reference each */
	struct sl_table in_session; /* the same for SL_HOME_SESSION only; no reference */
	struct sl_table rows;       /* store row -> struct sl_object; no reference */
	int64_t generation;         /* of the store, when the objects of `rows` were read */
	struct sl_object *builtin[5]; /* builtin.h */
	struct sl_object **mechanisms;
	size_t n_mechanisms;
	struct sl_declared *declared;
	size_t n_declared;
};

SL_MUST_CHECK enum sl_err sl_token_new(struct sl_instance *instance, size_t slot, struct sl_token **ret_token, struct sl_msg *msg);
void sl_token_free(struct sl_token **token);

/* Whether the token is there: SL_OK or SL_ERR_ABSENT. ret_info may be NULL. */
SL_MUST_CHECK enum sl_err sl_token_present(struct sl_token *token, struct sl_root_info *ret_info);

/*
 * The root's name now, and what follows from it: its row in the store (0: nothing stored), its salt key's pin. When it is another root than
 * before, the objects of the old one are forgotten.
 */
SL_MUST_CHECK enum sl_err sl_token_identify(struct sl_token *token, struct sl_root_name *ret_name, int64_t *ret_store_root);

/* CK_TOKEN_INFO serialNumber: the first 8 bytes of SHA-256(name), 16 hex digits and a NUL. */
SL_MUST_CHECK enum sl_err sl_token_serial(struct sl_token *token, char ret_serial[17]);

/* The row of the root in the store, made when it is missing; pins the salt key. */
SL_MUST_CHECK enum sl_err sl_token_store_root(struct sl_token *token, int64_t *ret_store_root);

/* A referenced object, or NULL. */
struct sl_object *sl_token_object(struct sl_token *token, CK_OBJECT_HANDLE handle);

/*
 * Counts what comes, goes or changes among the objects of all handles. Asked before sl_token_object() and the same now: that handle means the same object, and
 * its attributes and its key are what they were, as long as nobody logged out (sl_login_epoch()). One atomic read.
 */
unsigned long sl_token_changes(const struct sl_token *token);

/*
 * What another process changed in the store: objects we know are read again under the handles they have. token.lock is held for writing.
 */
SL_MUST_CHECK enum sl_err sl_token_refresh_locked(struct sl_token *token);

/* Publishes an object under a new handle (when it has none) or in the place of its earlier snapshot. Keeps a reference of its own. */
SL_MUST_CHECK enum sl_err sl_token_publish(struct sl_token *token, struct sl_object *object);
/* The same with token.lock held for writing. */
SL_MUST_CHECK enum sl_err sl_token_publish_locked(struct sl_token *token, struct sl_object *object);
/* Takes an object out of the tables. */
void sl_token_unpublish(struct sl_token *token, const struct sl_object *object);
/* The same with token.lock held for writing. */
void sl_token_unpublish_locked(struct sl_token *token, CK_OBJECT_HANDLE handle);
/* All objects go, and are made again when somebody looks for them: the root, or its S, is another one. */
void sl_token_forget(struct sl_token *token);
/* Session objects of a session (of all sessions: 0). */
void sl_token_drop_session_objects(struct sl_token *token, CK_SESSION_HANDLE session);

/*
 * Nobody is logged in any more, or with another secret: handles of private objects end here for ever, private session objects are destroyed, and
 * private keys that were derived or unsealed are dropped. What is being made meanwhile with the old login is not published any more (view.h). To be
 * called after sl_login_epoch() says so, as soon as can be; whoever looks for objects first does it otherwise. Takes token.lock.
 */
void sl_token_forget_private(struct sl_token *token);

/*
 * Whether the token has PINs, and which secret. Where that is news, private objects of before are gone, and declared keys are others now. Takes
 * token.lock.
 */
struct sl_pin_state;
void sl_token_guard(struct sl_token *token, const struct sl_pin_state *pins);

/*
 * The key of an object, referenced; derived or unsealed now when it was not needed before. SL_ERR_ARG when it is not a key, SL_ERR_LOGIN
 * when it needs the user's login.
 */
SL_MUST_CHECK enum sl_err sl_token_key(struct sl_token *token, struct sl_object *object, struct sl_key **ret_key);

/* Whether a template names that class. */
bool sl_token_find_names(const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_CLASS class);

/* C_FindObjects: handles of all objects that match, in order of creation. The caller frees *ret_handles. */
CK_RV sl_token_find(struct sl_token *token, const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE **ret_handles, size_t *ret_n);

#endif
