/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/store_private.h"

#include "token/build.h"
#include "token/schema.h"

#include <stdlib.h>
#include <string.h>

void
sl_record_clear(struct sl_record *record)
{
	sl_attrs_clear(&record->attrs);
	sl_attrs_clear(&record->closed);
	free(record->sealed);
	*record = (struct sl_record){ 0 };
}

/* The index columns repeat three attributes. */
static void
bind_index(struct sl_sql *sql, const struct sl_attrs *attrs)
{
	const struct sl_attr *label = sl_attrs_get(attrs, CKA_LABEL);
	const struct sl_attr *id = sl_attrs_get(attrs, CKA_ID);

	sl_sql_int(sql, (int64_t)sl_attrs_ulong(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION));
	sl_sql_blob(sql, label == NULL ? NULL : label->value, label == NULL ? 0 : label->len);
	sl_sql_blob(sql, id == NULL ? NULL : id->value, id == NULL ? 0 : id->len);
}

/* Truth values and numbers are INTEGER, so that a store means the same on every machine; all else is a BLOB. */
static void
bind_value(struct sl_sql *sql, const struct sl_attrs *attrs, const struct sl_attr *a)
{
	enum sl_attr_form form;

	if (sl_schema_form(a->type, &form) && form == SL_FORM_ULONG && a->len == sizeof(CK_ULONG)) {
		sl_sql_int(sql, (int64_t)sl_attrs_ulong(attrs, a->type, 0));
		return;
	}
	if (sl_schema_form(a->type, &form) && form == SL_FORM_BOOL && a->len == sizeof(CK_BBOOL)) {
		sl_sql_int(sql, a->value[0] != CK_FALSE);
		return;
	}
	sl_sql_blob(sql, a->value, a->len);
}

static enum sl_err
write_attributes(sqlite3 *db, int64_t row, const struct sl_attrs *attrs)
{
	SL_SQL sql = sl_sql_prepare(db, "INSERT OR REPLACE INTO attribute(object, type, value) VALUES(?, ?, ?)");
	enum sl_err err = SL_OK;

	for (size_t i = 0; i < attrs->n && err == SL_OK; i++) {
		sl_sql_int(&sql, row);
		sl_sql_int(&sql, (int64_t)attrs->at[i].type);
		bind_value(&sql, attrs, &attrs->at[i]);
		err = sl_sql_run(&sql);
	}
	return err;
}

static enum sl_err
read_value(sqlite3_stmt *stmt, struct sl_attrs *attrs)
{
	const CK_ATTRIBUTE_TYPE type = (CK_ATTRIBUTE_TYPE)sqlite3_column_int64(stmt, 0);
	enum sl_attr_form form;

	if (!sl_schema_form(type, &form))
		return SL_OK; /* of a later version: not ours to show */
	if (form == SL_FORM_BOOL)
		return sl_attrs_set_bool(attrs, type, sqlite3_column_int64(stmt, 1) != 0);
	if (form == SL_FORM_ULONG)
		return sl_attrs_set_ulong(attrs, type, (CK_ULONG)sqlite3_column_int64(stmt, 1));
	return sl_attrs_set(attrs, type, sqlite3_column_blob(stmt, 1), (size_t)sqlite3_column_bytes(stmt, 1));
}

static enum sl_err
read_attributes(sqlite3 *db, int64_t row, struct sl_attrs *attrs)
{
	SL_SQL sql = sl_sql_prepare(db, "SELECT type, value FROM attribute WHERE object = ?");
	enum sl_err err;
	bool more;

	sl_sql_int(&sql, row);
	while ((err = sl_sql_step(&sql, &more)) == SL_OK && more)
		if ((err = read_value(sql.stmt, attrs)) != SL_OK)
			return err;
	return err;
}

static enum sl_err
write_closed(sqlite3 *db, int64_t row, const struct sl_attrs *closed)
{
	SL_SQL sql = sl_sql_prepare(db, "INSERT OR REPLACE INTO closed(object, type, value) VALUES(?, ?, ?)");
	enum sl_err err = SL_OK;

	for (size_t i = 0; i < closed->n && err == SL_OK; i++) {
		sl_sql_int(&sql, row);
		sl_sql_int(&sql, (int64_t)closed->at[i].type);
		sl_sql_blob(&sql, closed->at[i].value, closed->at[i].len);
		err = sl_sql_run(&sql);
	}
	return err;
}

static enum sl_err
read_closed(sqlite3 *db, int version, int64_t row, struct sl_attrs *closed)
{
	SL_SQL sql = { 0 };
	enum sl_err err;
	bool more;

	if (version < 2)
		return SL_OK;
	sql = sl_sql_prepare(db, "SELECT type, value FROM closed WHERE object = ?");
	sl_sql_int(&sql, row);
	while ((err = sl_sql_step(&sql, &more)) == SL_OK && more)
		if ((err = sl_attrs_set(closed, (CK_ATTRIBUTE_TYPE)sqlite3_column_int64(sql.stmt, 0), sqlite3_column_blob(sql.stmt, 1),
		                        (size_t)sqlite3_column_bytes(sql.stmt, 1))) != SL_OK)
			return err;
	return err;
}

static enum sl_err
write_recipe(sqlite3 *db, int64_t row, const struct sl_record *record)
{
	SL_SQL sql = sl_sql_prepare(db, "INSERT INTO recipe(object, name, type, version, salt, hint_p, hint_q, bound)"
	                                " VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
	const struct sl_recipe *recipe = &record->recipe;

	sl_sql_int(&sql, row);
	sl_sql_text(&sql, recipe->name);
	sl_sql_text(&sql, recipe->type.name);
	sl_sql_int(&sql, recipe->version);
	if (recipe->salted)
		sl_sql_blob(&sql, recipe->salt, sizeof(recipe->salt));
	else
		sl_sql_null(&sql);
	sl_sql_int(&sql, record->hints.p);
	sl_sql_int(&sql, record->hints.q);
	sl_sql_int(&sql, record->bound);
	return sl_sql_run(&sql);
}

static enum sl_err
recipe_of_row(sqlite3_stmt *stmt, struct sl_record *record)
{
	const char *name = (const char *)sqlite3_column_text(stmt, 0);
	const char *type = (const char *)sqlite3_column_text(stmt, 1);
	const int64_t version = sqlite3_column_int64(stmt, 2);
	struct sl_recipe *recipe = &record->recipe;

	if (name == NULL || type == NULL || strlen(name) > SL_NAME_MAX || version < 1 || version > UINT32_MAX ||
	    sl_keytype_parse(type, &recipe->type, NULL) != SL_OK)
		return SL_ERR_FORMAT;
	memcpy(recipe->name, name, strlen(name) + 1);
	recipe->version = (uint32_t)version;
	recipe->salted = sqlite3_column_type(stmt, 3) != SQLITE_NULL;
	if (recipe->salted) {
		if (sqlite3_column_bytes(stmt, 3) != SL_SALT_LEN)
			return SL_ERR_FORMAT;
		memcpy(recipe->salt, sqlite3_column_blob(stmt, 3), SL_SALT_LEN);
	}
	record->hints.p = (uint32_t)sqlite3_column_int64(stmt, 4);
	record->hints.q = (uint32_t)sqlite3_column_int64(stmt, 5);
	record->bound = sqlite3_column_int64(stmt, 6) != 0;
	record->has_recipe = true;
	return SL_OK;
}

static enum sl_err
read_recipe(sqlite3 *db, int version, int64_t row, struct sl_record *record)
{
	SL_SQL sql = sl_sql_prepare(db, version >= 2 ? "SELECT name, type, version, salt, hint_p, hint_q, bound FROM recipe WHERE object = ?" :
	                                "SELECT name, type, version, salt, hint_p, hint_q, 0 FROM recipe WHERE object = ?");
	enum sl_err err;
	bool more;

	sl_sql_int(&sql, row);
	if ((err = sl_sql_step(&sql, &more)) != SL_OK)
		return err;
	return more ? recipe_of_row(sql.stmt, record) : SL_OK;
}

static enum sl_err
write_sealed(sqlite3 *db, int64_t row, const struct sl_record *record)
{
	SL_SQL sql = sl_sql_prepare(db, "INSERT INTO sealed(object, blob, bound, form) VALUES(?, ?, ?, ?)");

	sl_sql_int(&sql, row);
	sl_sql_blob(&sql, record->sealed, record->sealed_len);
	sl_sql_int(&sql, record->bound);
	sl_sql_int(&sql, record->sealed_form == 0 ? 1 : record->sealed_form);
	return sl_sql_run(&sql);
}

static enum sl_err
read_sealed(sqlite3 *db, int version, int64_t row, struct sl_record *record)
{
	SL_SQL sql = sl_sql_prepare(db, version >= 2 ? "SELECT blob, bound, form FROM sealed WHERE object = ?" :
	                                "SELECT blob, 0, 1 FROM sealed WHERE object = ?");
	const void *blob;
	int len;
	enum sl_err err;
	bool more;

	sl_sql_int(&sql, row);
	if ((err = sl_sql_step(&sql, &more)) != SL_OK || !more)
		return err;
	blob = sqlite3_column_blob(sql.stmt, 0);
	len = sqlite3_column_bytes(sql.stmt, 0);
	if (blob == NULL || len <= 0 || sqlite3_column_int64(sql.stmt, 2) < 1)
		return SL_ERR_FORMAT;
	record->bound = sqlite3_column_int64(sql.stmt, 1) != 0;
	record->sealed_form = (unsigned)sqlite3_column_int64(sql.stmt, 2);
	if ((record->sealed = malloc((size_t)len)) == NULL)
		return SL_ERR_MEMORY;
	memcpy(record->sealed, blob, (size_t)len);
	record->sealed_len = (size_t)len;
	return SL_OK;
}

enum sl_err
sl_store_load(struct sl_store *store, int64_t row, struct sl_record *ret_record)
{
	SL_STORE_HELD(store);
	SL_CLEANUP(sl_record_clear) struct sl_record record = { .row = row };
	enum sl_err err;
	int version;

	if (store->db == NULL)
		return SL_ERR_NOT_FOUND;
	if ((err = sl_store_schema_now(store, &version)) != SL_OK || (err = read_attributes(store->db, row, &record.attrs)) != SL_OK ||
	    (err = read_closed(store->db, version, row, &record.closed)) != SL_OK ||
	    (err = read_recipe(store->db, version, row, &record)) != SL_OK || (err = read_sealed(store->db, version, row, &record)) != SL_OK)
		return err;
	if (record.attrs.n == 0)
		return SL_ERR_NOT_FOUND;
	*ret_record = record;
	record = (struct sl_record){ 0 };
	return SL_OK;
}

enum sl_err
sl_store_insert(sqlite3 *db, int64_t root, struct sl_record *record)
{
	SL_SQL sql = sl_sql_prepare(db, "INSERT INTO object(root, class, label, key_id) VALUES(?, ?, ?, ?)");
	enum sl_err err;

	sl_sql_int(&sql, root);
	bind_index(&sql, &record->attrs);
	if ((err = sl_sql_run(&sql)) != SL_OK)
		return err;
	record->row = sqlite3_last_insert_rowid(db);
	if ((err = write_attributes(db, record->row, &record->attrs)) != SL_OK || (err = write_closed(db, record->row, &record->closed)) != SL_OK)
		return err;
	if (record->sealed != NULL && (err = write_sealed(db, record->row, record)) != SL_OK)
		return err;
	return record->has_recipe ? write_recipe(db, record->row, record) : SL_OK;
}

/*
 * Forgets objects with the same recipe, bound to S or not as it is (else it is another key, and not its maker's to remove) and, of a pair, their public halves: those with the same CKA_PUBLIC_KEY_INFO that we made ourselves
 * (CKA_LOCAL).
 */
static enum sl_err
forget_twins(sqlite3 *db, int64_t root, const struct sl_record *record)
{
	const struct sl_attr *spki = sl_attrs_get(&record->attrs, CKA_PUBLIC_KEY_INFO);
	const bool local = sl_attrs_bool(&record->attrs, CKA_LOCAL, false);
	SL_SQL recipe = sl_sql_prepare(db, "DELETE FROM object WHERE root = ? AND id IN (SELECT object FROM recipe WHERE name = ? AND type = ?"
	                                   " AND version = ? AND salt IS NULL AND bound = ?)");
	SL_SQL public = sl_sql_prepare(db, "DELETE FROM object WHERE root = ? AND class = ? AND id IN (SELECT object FROM attribute WHERE"
	                                   " type = ? AND value = ?) AND id IN (SELECT object FROM attribute WHERE type = ? AND value = 1)");
	enum sl_err err = SL_OK;

	if (record->has_recipe && !record->recipe.salted) {
		sl_sql_int(&recipe, root);
		sl_sql_text(&recipe, record->recipe.name);
		sl_sql_text(&recipe, record->recipe.type.name);
		sl_sql_int(&recipe, record->recipe.version);
		sl_sql_int(&recipe, record->bound);
		err = sl_sql_run(&recipe);
	}
	if (err == SL_OK && spki != NULL && local && sl_attrs_ulong(&record->attrs, CKA_CLASS, 0) == CKO_PUBLIC_KEY) {
		sl_sql_int(&public, root);
		sl_sql_int(&public, CKO_PUBLIC_KEY);
		sl_sql_int(&public, (int64_t)CKA_PUBLIC_KEY_INFO);
		sl_sql_blob(&public, spki->value, spki->len);
		sl_sql_int(&public, (int64_t)CKA_LOCAL);
		err = sl_sql_run(&public);
	}
	return err;
}

enum sl_err
sl_store_add(struct sl_store *store, int64_t root, struct sl_record *const *records, size_t n, bool replace)
{
	SL_STORE_HELD(store);
	SL_TX tx = { 0 };
	enum sl_err err;

	if ((err = sl_store_writing(store)) != SL_OK || (err = sl_tx_begin(&tx, store->db)) != SL_OK)
		return err;
	for (size_t i = 0; i < n; i++)
		if ((records[i]->bound || records[i]->no_pins) &&
		    (err = sl_store_pin_check(store->db, root, records[i]->bound ? records[i]->secret_id : NULL)) != SL_OK)
			return err;
	for (size_t i = 0; i < n && replace; i++)
		if ((err = forget_twins(store->db, root, records[i])) != SL_OK)
			return err;
	for (size_t i = 0; i < n; i++)
		if ((!records[i]->has_unique_id && (err = sl_build_unique_id(&records[i]->attrs)) != SL_OK) ||
		    (err = sl_store_insert(store->db, root, records[i])) != SL_OK)
			return err;
	return sl_tx_commit(&tx);
}

static void
bind_change(struct sl_sql *sql, const struct sl_attr *a)
{
	if (a == NULL)
		sl_sql_null(sql);
	else
		sl_sql_blob(sql, a->value, a->len);
}

enum sl_err
sl_store_update(struct sl_store *store, int64_t row, const struct sl_attrs *change, const struct sl_attrs *closed, int64_t generation)
{
	SL_STORE_HELD(store);
	SL_TX tx = { 0 };
	SL_SQL sql = { 0 };
	int64_t now;
	enum sl_err err;

	if ((err = sl_store_writing(store)) != SL_OK || (err = sl_tx_begin(&tx, store->db)) != SL_OK ||
	    (err = sl_sql_number(store->db, "PRAGMA data_version", &now)) != SL_OK)
		return err;
	if (now != generation)
		return SL_ERR_VERSION;
	sql = sl_sql_prepare(store->db, "UPDATE object SET label = coalesce(?, label), key_id = coalesce(?, key_id) WHERE id = ?");
	bind_change(&sql, sl_attrs_get(change, CKA_LABEL));
	bind_change(&sql, sl_attrs_get(change, CKA_ID));
	sl_sql_int(&sql, row);
	if ((err = sl_sql_run(&sql)) != SL_OK)
		return err;
	if (sqlite3_changes(store->db) == 0)
		return SL_ERR_NOT_FOUND;
	if ((err = write_attributes(store->db, row, change)) != SL_OK ||
	    (closed != NULL && (err = write_closed(store->db, row, closed)) != SL_OK))
		return err;
	return sl_tx_commit(&tx);
}

enum sl_err
sl_store_remove(struct sl_store *store, int64_t row)
{
	SL_STORE_HELD(store);
	SL_SQL sql = { 0 };
	enum sl_err err;

	if ((err = sl_store_writing(store)) != SL_OK)
		return err;
	sql = sl_sql_prepare(store->db, "DELETE FROM object WHERE id = ?");
	sl_sql_int(&sql, row);
	if ((err = sl_sql_run(&sql)) != SL_OK)
		return err;
	return sqlite3_changes(store->db) == 0 ? SL_ERR_NOT_FOUND : SL_OK;
}

/* Only the columns that are asked for, so that SQLite can use an index. */
static struct sl_sql
prepare_find(struct sl_store *store, const struct sl_store_query *q)
{
	const unsigned kind = (q->label != NULL ? 1U : 0) + (q->id != NULL ? 2U : 0) + (q->has_class ? 4U : 0);
	char text[200];

	(void)snprintf(text, sizeof(text), "SELECT id FROM object WHERE root = ?%s%s%s ORDER BY id",
	               q->label != NULL ? " AND label = ?" : "", q->id != NULL ? " AND key_id = ?" : "",
	               !q->has_class ? "" : q->label != NULL || q->id != NULL ? " AND +class = ?" : " AND class = ?");
	return sl_sql_keep(store->db, text, &store->finds[kind]);
}

enum sl_err
sl_store_find(struct sl_store *store, int64_t root, const struct sl_store_query *query, int64_t **ret_rows, size_t *ret_n)
{
	SL_STORE_HELD(store);
	SL_SQL sql = { 0 };
	SL_FREE int64_t *rows = NULL;
	size_t n = 0;
	size_t room = 0;
	enum sl_err err;
	bool more;

	*ret_rows = NULL;
	*ret_n = 0;
	if (store->db == NULL)
		return SL_OK;
	sql = prepare_find(store, query);
	sl_sql_int(&sql, root);
	if (query->label != NULL)
		sl_sql_blob(&sql, query->label, query->label_len);
	if (query->id != NULL)
		sl_sql_blob(&sql, query->id, query->id_len);
	if (query->has_class)
		sl_sql_int(&sql, (int64_t)query->class);
	while ((err = sl_sql_step(&sql, &more)) == SL_OK && more) {
		if (n == room) {
			int64_t *bigger = reallocarray(rows, room * 2 + 64, sizeof(*bigger));

			if (bigger == NULL)
				return SL_ERR_MEMORY;
			rows = bigger;
			room = room * 2 + 64;
		}
		rows[n++] = sqlite3_column_int64(sql.stmt, 0);
	}
	if (err == SL_OK) {
		*ret_rows = SL_TAKE(rows);
		*ret_n = n;
	}
	return err;
}

enum sl_err
sl_store_public(struct sl_store *store, int64_t root, const uint8_t index[SL_CONTEXT_LEN], struct sl_recorded *ret_public)
{
	SL_STORE_HELD(store);
	SL_SQL sql = { 0 };
	struct sl_recorded pub = { 0 };
	enum sl_err err;
	bool row;

	if (store->db == NULL)
		return SL_ERR_NOT_FOUND;
	sql = sl_sql_prepare(store->db, "SELECT spki, hint_p, hint_q FROM public WHERE root = ? AND idx = ?");
	sl_sql_int(&sql, root);
	sl_sql_blob(&sql, index, SL_CONTEXT_LEN);
	if ((err = sl_sql_step(&sql, &row)) != SL_OK)
		return err;
	if (!row || sqlite3_column_bytes(sql.stmt, 0) <= 0)
		return SL_ERR_NOT_FOUND;
	pub.spki_len = (size_t)sqlite3_column_bytes(sql.stmt, 0);
	pub.spki = malloc(pub.spki_len);
	if (pub.spki == NULL)
		return SL_ERR_MEMORY;
	memcpy(pub.spki, sqlite3_column_blob(sql.stmt, 0), pub.spki_len);
	pub.hints.p = (uint32_t)sqlite3_column_int64(sql.stmt, 1);
	pub.hints.q = (uint32_t)sqlite3_column_int64(sql.stmt, 2);
	*ret_public = pub;
	return SL_OK;
}

enum sl_err
sl_store_set_public(struct sl_store *store, int64_t root, const uint8_t index[SL_CONTEXT_LEN], const struct sl_recorded *pub,
                    const uint8_t *secret_id)
{
	SL_STORE_HELD(store);
	SL_TX tx = { 0 };
	SL_SQL sql = { 0 };
	enum sl_err err;

	if ((err = sl_store_writing(store)) != SL_OK || (err = sl_tx_begin(&tx, store->db)) != SL_OK)
		return err;
	if ((err = sl_store_pin_check(store->db, root, secret_id)) != SL_OK)
		return err;
	sql = sl_sql_prepare(store->db, "INSERT OR REPLACE INTO public(root, idx, spki, hint_p, hint_q) VALUES(?, ?, ?, ?, ?)");
	sl_sql_int(&sql, root);
	sl_sql_blob(&sql, index, SL_CONTEXT_LEN);
	sl_sql_blob(&sql, pub->spki, pub->spki_len);
	sl_sql_int(&sql, pub->hints.p);
	sl_sql_int(&sql, pub->hints.q);
	if ((err = sl_sql_run(&sql)) != SL_OK)
		return err;
	return sl_tx_commit(&tx);
}
