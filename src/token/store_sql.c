/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/store_sql.h"

#include "base/log.h"

enum sl_err
sl_sql_err(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return SL_OK;
	case SQLITE_NOMEM:
		return SL_ERR_MEMORY;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return SL_ERR_BUSY;
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
		return SL_ERR_READONLY;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return SL_ERR_ACCESS;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
		return SL_ERR_FORMAT;
	case SQLITE_TOOBIG:
		return SL_ERR_RANGE;
	default:
		return SL_ERR_IO;
	}
}

static enum sl_err
failed(sqlite3 *db, int rc)
{
	sl_log(SL_LOG_INFO, "store: %s (SQLite %d)", sqlite3_errmsg(db), sqlite3_extended_errcode(db));
	return sl_sql_err(rc);
}

struct sl_sql
sl_sql_prepare(sqlite3 *db, const char *text)
{
	struct sl_sql sql = { .next = 1 };
	const int rc = sqlite3_prepare_v2(db, text, -1, &sql.stmt, NULL);

	sql.err = rc == SQLITE_OK ? SL_OK : failed(db, rc);
	return sql;
}

struct sl_sql
sl_sql_keep(sqlite3 *db, const char *text, sqlite3_stmt **kept)
{
	struct sl_sql sql = { .next = 1, .stmt = *kept };

	if (sql.stmt == NULL)
		sql = sl_sql_prepare(db, text);
	sql.kept = true;
	*kept = sql.stmt;
	return sql;
}

static void
rewind_statement(const struct sl_sql *sql)
{
	(void)sqlite3_reset(sql->stmt);
	(void)sqlite3_clear_bindings(sql->stmt);
}

void
sl_sql_end(struct sl_sql *sql)
{
	if (!sql->kept)
		(void)sqlite3_finalize(sql->stmt);
	else if (sql->stmt != NULL)
		rewind_statement(sql);
	sql->stmt = NULL;
}

static void
bound(struct sl_sql *sql, int rc)
{
	sql->next++;
	if (sql->err == SL_OK)
		sql->err = sl_sql_err(rc);
}

void
sl_sql_int(struct sl_sql *sql, int64_t value)
{
	if (sql->err == SL_OK)
		bound(sql, sqlite3_bind_int64(sql->stmt, sql->next, value));
}

void
sl_sql_blob(struct sl_sql *sql, const void *value, size_t len)
{
	if (sql->err == SL_OK)
		bound(sql, sqlite3_bind_blob64(sql->stmt, sql->next, len == 0 ? "" : value, len, SQLITE_TRANSIENT));
}

void
sl_sql_text(struct sl_sql *sql, const char *value)
{
	if (sql->err == SL_OK)
		bound(sql, sqlite3_bind_text(sql->stmt, sql->next, value, -1, SQLITE_TRANSIENT));
}

void
sl_sql_null(struct sl_sql *sql)
{
	if (sql->err == SL_OK)
		bound(sql, sqlite3_bind_null(sql->stmt, sql->next));
}

enum sl_err
sl_sql_step(struct sl_sql *sql, bool *ret_row)
{
	int rc;

	if (sql->err != SL_OK)
		return sql->err;
	rc = sqlite3_step(sql->stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return failed(sqlite3_db_handle(sql->stmt), rc);
	*ret_row = rc == SQLITE_ROW;
	return SL_OK;
}

enum sl_err
sl_sql_run(struct sl_sql *sql)
{
	bool row;
	const enum sl_err err = sl_sql_step(sql, &row);

	if (sql->stmt != NULL)
		rewind_statement(sql);
	sql->next = 1;
	return err;
}

enum sl_err
sl_sql_exec(sqlite3 *db, const char *text)
{
	const int rc = sqlite3_exec(db, text, NULL, NULL, NULL);

	return rc == SQLITE_OK ? SL_OK : failed(db, rc);
}

enum sl_err
sl_sql_number(sqlite3 *db, const char *text, int64_t *ret_number)
{
	SL_SQL sql = sl_sql_prepare(db, text);
	bool row = false;
	const enum sl_err err = sl_sql_step(&sql, &row);

	if (err != SL_OK)
		return err;
	if (!row)
		return SL_ERR_NOT_FOUND;
	*ret_number = sqlite3_column_int64(sql.stmt, 0);
	return SL_OK;
}
