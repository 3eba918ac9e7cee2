/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/store_private.h"

#include <string.h>

/* One statement with a text and a number, in this order; either may be missing (NULL, negative). */
static enum sl_err
run(sqlite3 *db, const char *text, const char *token, int64_t number)
{
	SL_SQL sql = sl_sql_prepare(db, text);

	if (token != NULL)
		sl_sql_text(&sql, token);
	if (number >= 0)
		sl_sql_int(&sql, number);
	return sl_sql_run(&sql);
}

/* The rows in `root` stay: they remember the salt keys. */
static enum sl_err
remove_others(sqlite3 *db, const struct sl_store_move *move, size_t *ret_removed)
{
	enum sl_err err;

	if ((err = run(db, "DELETE FROM object WHERE root IN (SELECT id FROM root WHERE token = ? AND id <> ?)", move->token, move->keep)) != SL_OK)
		return err;
	*ret_removed = (size_t)sqlite3_changes(db);
	if ((err = run(db, "DELETE FROM public WHERE root IN (SELECT id FROM root WHERE token = ? AND id <> ?)", move->token, move->keep)) != SL_OK)
		return err;
	return run(db, "DELETE FROM pin WHERE root IN (SELECT id FROM root WHERE token = ? AND id <> ?)", move->token, move->keep);
}

/* Objects of `to` that have the CKA_UNIQUE_ID of one of `from`. */
static enum sl_err
remove_copies(sqlite3 *db, int64_t from, int64_t to)
{
	SL_SQL sql = sl_sql_prepare(db, "DELETE FROM object WHERE root = ?1 AND id IN (SELECT a.object FROM object o JOIN attribute a ON a.object = o.id"
	                                " WHERE o.root = ?1 AND a.type = ?2 AND a.value IN (SELECT b.value FROM object p JOIN attribute b"
	                                " ON b.object = p.id WHERE p.root = ?3 AND b.type = ?2))");

	sl_sql_int(&sql, to);
	sl_sql_int(&sql, (int64_t)CKA_UNIQUE_ID);
	sl_sql_int(&sql, from);
	return sl_sql_run(&sql);
}

static enum sl_err
has_objects(sqlite3 *db, int64_t root, bool *ret_has)
{
	SL_SQL sql = sl_sql_prepare(db, "SELECT 1 FROM object WHERE root = ? LIMIT 1");

	sl_sql_int(&sql, root);
	return sl_sql_step(&sql, ret_has);
}

/* Keys that are bound to one S, or to none, are of no use beside another's. */
static enum sl_err
put_pins(sqlite3 *db, const struct sl_store_move *move, int64_t to)
{
	struct sl_pin_change change = { .to_be_changed = false };
	uint8_t there[SL_SECRET_ID];
	bool objects = false;
	bool pins = false;
	enum sl_err err;

	if ((err = sl_store_pin_id(db, to, &pins, there)) != SL_OK || (err = has_objects(db, to, &objects)) != SL_OK)
		return err;
	if (pins ? move->pins == NULL || memcmp(there, move->pins->secret_id, sizeof(there)) != 0 : objects && move->pins != NULL)
		return SL_ERR_EXISTS;
	if (move->pins == NULL)
		return SL_OK;
	if (!pins)
		return sl_store_pin_put(db, to, move->pins);
	change.secret_id = move->pins->secret_id;
	change.after = &move->pins->so;
	if (move->so && (err = sl_store_pin_replace(db, to, &change)) != SL_OK)
		return err;
	change = (struct sl_pin_change){ .secret_id = move->pins->secret_id, .user = true, .after = &move->pins->user,
		                         .to_be_changed = move->pins->to_be_changed };
	return move->user ? sl_store_pin_replace(db, to, &change) : SL_OK;
}

/* Copies are told by what they are copies of, which may be among what goes; where replace is set they go with all the rest, unless they are under `keep`. */
static enum sl_err
make_room(sqlite3 *db, const struct sl_store_move *move, int64_t *ret_to, size_t *ret_removed)
{
	enum sl_err err;

	*ret_removed = 0;
	if (move->to != NULL && ((err = sl_store_make_root(db, move->token, move->to, ret_to)) != SL_OK ||
	                         (err = sl_store_pin_salt_key(db, *ret_to, move->salt_key)) != SL_OK))
		return err;
	if (move->to != NULL && (!move->replace || *ret_to == move->keep) && (err = remove_copies(db, move->from, *ret_to)) != SL_OK)
		return err;
	return move->replace ? remove_others(db, move, ret_removed) : SL_OK;
}

enum sl_err
sl_store_move(struct sl_store *store, const struct sl_store_move *move, size_t *ret_removed)
{
	SL_STORE_HELD(store);
	SL_TX tx = { 0 };
	size_t removed;
	int64_t now;
	int64_t to = 0;
	enum sl_err err;

	if ((err = sl_store_writing(store)) != SL_OK || (err = sl_tx_begin(&tx, store->db)) != SL_OK ||
	    (err = sl_sql_number(store->db, "PRAGMA data_version", &now)) != SL_OK)
		return err;
	if (now != move->generation)
		return SL_ERR_VERSION;
	if ((err = make_room(store->db, move, &to, &removed)) != SL_OK || (move->to != NULL && (err = put_pins(store->db, move, to)) != SL_OK))
		return err;
	for (size_t i = 0; i < move->n; i++)
		if ((err = sl_store_insert(store->db, to, &move->records[i])) != SL_OK)
			return err;
	if ((err = sl_tx_commit(&tx)) == SL_OK)
		*ret_removed = removed;
	return err;
}
