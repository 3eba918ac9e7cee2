/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/store_private.h"

#include <stdlib.h>
#include <string.h>

/* Table `pin` (doc/store.md, doc/pin.md). */

void
sl_pin_row_clear(struct sl_pin_row *row)
{
	free(row->so.blob);
	free(row->user.blob);
	*row = (struct sl_pin_row){ 0 };
}

/* Not longer than room; NULL is empty. */
static enum sl_err
column_bytes(sqlite3_stmt *stmt, int column, void *out, size_t room, size_t *ret_len)
{
	const void *value = sqlite3_column_blob(stmt, column);
	const int len = sqlite3_column_bytes(stmt, column);

	if (len < 0 || (size_t)len > room)
		return SL_ERR_FORMAT;
	if (len > 0)
		memcpy(out, value, (size_t)len);
	*ret_len = (size_t)len;
	return SL_OK;
}

static enum sl_err
column_role(sqlite3_stmt *stmt, int column, struct sl_pin_blob *role)
{
	const enum sl_err err = column_bytes(stmt, column, role->salt, sizeof(role->salt), &role->salt_len);
	const void *blob = sqlite3_column_blob(stmt, column + 1);
	const int len = sqlite3_column_bytes(stmt, column + 1);

	if (err != SL_OK || len <= 0)
		return err;
	if ((role->blob = malloc((size_t)len)) == NULL)
		return SL_ERR_MEMORY;
	memcpy(role->blob, blob, (size_t)len);
	role->len = (size_t)len;
	return SL_OK;
}

enum sl_err
sl_store_pin_row(struct sl_store *store, int64_t root, struct sl_pin_row *ret_row)
{
	SL_STORE_HELD(store);
	SL_SQL sql = { 0 };
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = { .label = "" };
	size_t len;
	int version;
	bool more;
	enum sl_err err;

	if (store->db == NULL)
		return SL_ERR_NOT_FOUND;
	if ((err = sl_store_schema_now(store, &version)) != SL_OK)
		return err;
	if (version < 2)
		return SL_ERR_NOT_FOUND;
	sql = sl_sql_prepare(store->db, "SELECT label, secret_id, so_salt, so_blob, user_salt, user_blob, to_be_changed FROM pin WHERE root = ?");
	sl_sql_int(&sql, root);
	if ((err = sl_sql_step(&sql, &more)) != SL_OK)
		return err;
	if (!more)
		return SL_ERR_NOT_FOUND;
	if ((err = column_bytes(sql.stmt, 0, row.label, sizeof(row.label) - 1, &len)) != SL_OK ||
	    (err = column_bytes(sql.stmt, 1, row.secret_id, sizeof(row.secret_id), &len)) != SL_OK)
		return err;
	if (len != sizeof(row.secret_id))
		return SL_ERR_FORMAT;
	if ((err = column_role(sql.stmt, 2, &row.so)) != SL_OK || (err = column_role(sql.stmt, 4, &row.user)) != SL_OK)
		return err;
	row.to_be_changed = sqlite3_column_int64(sql.stmt, 6) != 0;
	*ret_row = row;
	row = (struct sl_pin_row){ 0 };
	return SL_OK;
}

enum sl_err
sl_store_pin_id(sqlite3 *db, int64_t root, bool *ret_found, uint8_t ret_id[SL_SECRET_ID])
{
	SL_SQL sql = sl_sql_prepare(db, "SELECT secret_id FROM pin WHERE root = ?");
	enum sl_err err;
	size_t len;

	sl_sql_int(&sql, root);
	if ((err = sl_sql_step(&sql, ret_found)) != SL_OK || !*ret_found)
		return err;
	if ((err = column_bytes(sql.stmt, 0, ret_id, SL_SECRET_ID, &len)) != SL_OK)
		return err;
	return len == SL_SECRET_ID ? SL_OK : SL_ERR_FORMAT;
}

enum sl_err
sl_store_pin_check(sqlite3 *db, int64_t root, const uint8_t *secret_id)
{
	uint8_t now[SL_SECRET_ID];
	bool found;
	enum sl_err err;

	if ((err = sl_store_pin_id(db, root, &found, now)) != SL_OK)
		return err;
	if (secret_id == NULL)
		return found ? SL_ERR_LOGIN : SL_OK;
	return found && memcmp(now, secret_id, sizeof(now)) == 0 ? SL_OK : SL_ERR_LOGIN;
}

static void
bind_role(struct sl_sql *sql, const struct sl_pin_blob *role, bool needed)
{
	if (role->blob == NULL && !needed) {
		sl_sql_null(sql);
		sl_sql_null(sql);
		return;
	}
	sl_sql_blob(sql, role->salt, role->salt_len);
	sl_sql_blob(sql, role->blob, role->len);
}

enum sl_err
sl_store_pin_put(sqlite3 *db, int64_t root, const struct sl_pin_row *row)
{
	SL_SQL sql = sl_sql_prepare(db, "INSERT OR REPLACE INTO pin(root, label, secret_id, so_salt, so_blob, user_salt, user_blob, to_be_changed)"
	                                " VALUES(?, ?, ?, ?, ?, ?, ?, ?)");

	sl_sql_int(&sql, root);
	sl_sql_blob(&sql, row->label, strlen(row->label));
	sl_sql_blob(&sql, row->secret_id, sizeof(row->secret_id));
	bind_role(&sql, &row->so, true);
	bind_role(&sql, &row->user, false);
	sl_sql_int(&sql, row->to_be_changed);
	return sl_sql_run(&sql);
}

static enum sl_err
delete_all(sqlite3 *db, const char *text, int64_t root)
{
	SL_SQL sql = sl_sql_prepare(db, text);

	sl_sql_int(&sql, root);
	return sl_sql_run(&sql);
}

enum sl_err
sl_store_pin_reset(struct sl_store *store, int64_t root, const uint8_t *before, const struct sl_pin_row *row)
{
	SL_STORE_HELD(store);
	SL_TX tx = { 0 };
	uint8_t now[SL_SECRET_ID];
	bool found;
	enum sl_err err;

	if ((err = sl_store_writing(store)) != SL_OK || (err = sl_tx_begin(&tx, store->db)) != SL_OK ||
	    (err = sl_store_pin_id(store->db, root, &found, now)) != SL_OK)
		return err;
	if (found != (before != NULL) || (found && memcmp(now, before, sizeof(now)) != 0))
		return SL_ERR_LOGIN;
	if ((err = delete_all(store->db, "DELETE FROM object WHERE root = ?", root)) != SL_OK ||
	    (err = delete_all(store->db, "DELETE FROM public WHERE root = ?", root)) != SL_OK ||
	    (err = sl_store_pin_put(store->db, root, row)) != SL_OK)
		return err;
	return sl_tx_commit(&tx);
}

enum sl_err
sl_store_pin_note(struct sl_store *store, int64_t root, const struct sl_pin_row *row)
{
	SL_STORE_HELD(store);
	const enum sl_err err = sl_store_writing(store);

	return err == SL_OK ? sl_store_pin_put(store->db, root, row) : err;
}

enum sl_err
sl_store_pin_replace(sqlite3 *db, int64_t root, const struct sl_pin_change *change)
{
	static const char so[] = "UPDATE pin SET so_salt = ?, so_blob = ? WHERE root = ? AND secret_id = ? AND so_blob = coalesce(?, so_blob)";
	static const char user[] = "UPDATE pin SET user_salt = ?, user_blob = ?, to_be_changed = ? WHERE root = ? AND secret_id = ?"
	                           " AND user_blob IS coalesce(?, user_blob)";
	SL_SQL sql = sl_sql_prepare(db, change->user ? user : so);
	enum sl_err err;

	bind_role(&sql, change->after, true);
	if (change->user)
		sl_sql_int(&sql, change->to_be_changed);
	sl_sql_int(&sql, root);
	sl_sql_blob(&sql, change->secret_id, SL_SECRET_ID);
	if (change->before == NULL)
		sl_sql_null(&sql);
	else
		sl_sql_blob(&sql, change->before->blob, change->before->len);
	if ((err = sl_sql_run(&sql)) != SL_OK)
		return err;
	return sqlite3_changes(db) == 1 ? SL_OK : SL_ERR_LOGIN;
}

enum sl_err
sl_store_pin_change(struct sl_store *store, int64_t root, const struct sl_pin_change *change)
{
	SL_STORE_HELD(store);
	const enum sl_err err = sl_store_writing(store);

	return err == SL_OK ? sl_store_pin_replace(store->db, root, change) : err;
}
