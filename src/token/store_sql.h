/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_STORE_SQL_H
#define SL_TOKEN_STORE_SQL_H

#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* What the store needs of SQLite, with our errors. Private to store*.c. */

/* A prepared statement that is finalized, or kept, at the end of its scope. */
struct sl_sql {
	sqlite3_stmt *stmt;
	bool kept;
	int next; /* the next parameter to bind, from 1 */
	enum sl_err err;
};

/* A failed preparation stays in err: binding and stepping then do nothing, and step returns it. */
struct sl_sql sl_sql_prepare(sqlite3 *db, const char *text);
/* From *kept, where it is put when it is not there: the owner of *kept finalizes it. Not to be used within itself. */
struct sl_sql sl_sql_keep(sqlite3 *db, const char *text, sqlite3_stmt **kept);
void sl_sql_end(struct sl_sql *sql);
#define SL_SQL SL_CLEANUP(sl_sql_end) struct sl_sql

void sl_sql_int(struct sl_sql *sql, int64_t value);
void sl_sql_blob(struct sl_sql *sql, const void *value, size_t len);
void sl_sql_text(struct sl_sql *sql, const char *value);
void sl_sql_null(struct sl_sql *sql);

/* SL_OK with *ret_row true for a row, false at the end. */
SL_MUST_CHECK enum sl_err sl_sql_step(struct sl_sql *sql, bool *ret_row);
/* For statements that give no rows; ready to be bound again afterwards. */
SL_MUST_CHECK enum sl_err sl_sql_run(struct sl_sql *sql);

/* One statement or several without parameters. */
SL_MUST_CHECK enum sl_err sl_sql_exec(sqlite3 *db, const char *text);
/* The single integer that a statement gives. */
SL_MUST_CHECK enum sl_err sl_sql_number(sqlite3 *db, const char *text, int64_t *ret_number);

enum sl_err sl_sql_err(int rc);

#endif
