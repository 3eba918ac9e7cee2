/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_STORE_PRIVATE_H
#define SL_TOKEN_STORE_PRIVATE_H

#include "token/store.h"
#include "token/store_sql.h"

#include <pthread.h>

#define SL_STORE_FINDS 8

/*
 * Shared by store.c (opening, roots), store_schema.c (versions), store_objects.c (objects, public halves), store_pin.c (PINs) and
 * store_move.c (from root to root). lock is held
 * around every use of db.
 */
struct sl_store {
	pthread_mutex_t lock;
	char *dir;
	char *path;
	sqlite3 *db;   /* NULL: there is none yet */
	sqlite3_stmt *generation; /* of db: kept, since every call asks it */
	sqlite3_stmt *finds[SL_STORE_FINDS]; /* likewise: searches, by what is asked for */
	char *has;     /* the token that was last found to have a root: roots stay */
	bool readonly;
	int version;   /* of the database's schema, when it was last asked for */
};

#define SL_STORE_VERSION 2

/* Makes the directory and the database where they are missing, and upgrades an old one; the lock is held. SL_ERR_READONLY. */
SL_MUST_CHECK enum sl_err sl_store_writing(struct sl_store *store);

/* Refuses what is not a store of a version we know. *ret_version is 0 for a database without any table: a store nobody has written to. */
SL_MUST_CHECK enum sl_err sl_store_schema_check(sqlite3 *db, const char *path, int *ret_version, struct sl_msg *msg);
SL_MUST_CHECK enum sl_err sl_store_schema_make(sqlite3 *db, const char *path, int *ret_version);
/* One transaction; nothing to do when the store is of our version, which another process may have seen to. */
SL_MUST_CHECK enum sl_err sl_store_schema_upgrade(struct sl_store *store);
/*
 * The version now, for a reader: another process may have upgraded a store that we opened before. What was found there after that is only read right
 * with the new columns.
 */
SL_MUST_CHECK enum sl_err sl_store_schema_now(struct sl_store *store, int *ret_version);

/* Whether the PIN row of root says secret_id (NULL: there is no row); SL_ERR_LOGIN when not. For use within a transaction. */
SL_MUST_CHECK enum sl_err sl_store_pin_check(sqlite3 *db, int64_t root, const uint8_t *secret_id);

/* For use within a transaction: what the functions of store.h do by themselves. */
SL_MUST_CHECK enum sl_err sl_store_make_root(sqlite3 *db, const char *token, const struct sl_root_name *name, int64_t *ret_root);
SL_MUST_CHECK enum sl_err sl_store_pin_salt_key(sqlite3 *db, int64_t root, const struct sl_root_name *name);
/* With the CKA_UNIQUE_ID that it has. */
SL_MUST_CHECK enum sl_err sl_store_insert(sqlite3 *db, int64_t root, struct sl_record *record);
SL_MUST_CHECK enum sl_err sl_store_pin_put(sqlite3 *db, int64_t root, const struct sl_pin_row *row);
SL_MUST_CHECK enum sl_err sl_store_pin_replace(sqlite3 *db, int64_t root, const struct sl_pin_change *change);
/* *ret_found false: no row. */
SL_MUST_CHECK enum sl_err sl_store_pin_id(sqlite3 *db, int64_t root, bool *ret_found, uint8_t ret_id[SL_SECRET_ID]);

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
