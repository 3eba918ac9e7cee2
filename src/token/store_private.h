/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_STORE_PRIVATE_H
#define SL_TOKEN_STORE_PRIVATE_H

#include "token/store.h"
#include "token/store_sql.h"

#include <pthread.h>

/* Shared by store.c (opening, roots) and store_objects.c (objects, public halves). lock is held around every use of db. */
struct sl_store {
	pthread_mutex_t lock;
	char *dir;
	char *path;
	sqlite3 *db;   /* NULL: there is none yet */
	bool readonly;
};

/* Makes the directory and the database where they are missing; the lock is held. SL_ERR_READONLY. */
SL_MUST_CHECK enum sl_err sl_store_writing(struct sl_store *store);

static inline struct sl_store *
sl_store_locked(struct sl_store *store)
{
	(void)pthread_mutex_lock(&store->lock);
	return store;
}

static inline void
sl_store_unlock(struct sl_store **store)
{
	(void)pthread_mutex_unlock(&(*store)->lock);
}

/* Holds the store's lock to the end of the scope. */
#define SL_STORE_HELD(store) \
	SL_CLEANUP(sl_store_unlock) __attribute__((unused)) struct sl_store *sl_held_ = sl_store_locked(store)

/* A transaction that is rolled back at the end of its scope unless it was committed. */
struct sl_tx {
	sqlite3 *db;
};

static inline void
sl_tx_end(struct sl_tx *tx)
{
	if (tx->db != NULL)
		(void)sqlite3_exec(tx->db, "ROLLBACK", NULL, NULL, NULL);
}

static inline enum sl_err
sl_tx_begin(struct sl_tx *tx, sqlite3 *db)
{
	const enum sl_err err = sl_sql_exec(db, "BEGIN IMMEDIATE");

	if (err == SL_OK)
		tx->db = db;
	return err;
}

static inline enum sl_err
sl_tx_commit(struct sl_tx *tx)
{
	const enum sl_err err = sl_sql_exec(tx->db, "COMMIT");

	if (err == SL_OK)
		tx->db = NULL;
	return err;
}

#define SL_TX SL_CLEANUP(sl_tx_end) struct sl_tx

#endif
