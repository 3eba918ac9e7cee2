/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/store_private.h"

/* doc/store.md. A database of another application_id or of a newer user_version is not ours to touch. */
#define APPLICATION_ID 0x534c4631 /* "SLF1" */

/* What version 2 added to version 1. */
#define SCHEMA_PIN \
	"CREATE TABLE pin(root INTEGER PRIMARY KEY REFERENCES root(id) ON DELETE CASCADE, label BLOB NOT NULL, secret_id BLOB NOT NULL," \
	" so_salt BLOB NOT NULL, so_blob BLOB NOT NULL, user_salt BLOB, user_blob BLOB, to_be_changed INTEGER NOT NULL DEFAULT 0);" \
	"CREATE TABLE closed(object INTEGER NOT NULL REFERENCES object(id) ON DELETE CASCADE, type INTEGER NOT NULL, value BLOB NOT NULL," \
	" PRIMARY KEY(object, type)) WITHOUT ROWID;" \
	"PRAGMA user_version = 2;"

static const char schema[] =
	"CREATE TABLE root(id INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL, name BLOB NOT NULL, salt_key BLOB,"
	" UNIQUE(token, name));"
	"CREATE TABLE object(id INTEGER PRIMARY KEY AUTOINCREMENT, root INTEGER NOT NULL REFERENCES root(id), class INTEGER NOT NULL,"
	" label BLOB NOT NULL, key_id BLOB NOT NULL);"
	"CREATE INDEX object_label ON object(root, label);"
	"CREATE INDEX object_key_id ON object(root, key_id);"
	"CREATE INDEX object_class ON object(root, class);"
	"CREATE TABLE attribute(object INTEGER NOT NULL REFERENCES object(id) ON DELETE CASCADE, type INTEGER NOT NULL, value,"
	" PRIMARY KEY(object, type)) WITHOUT ROWID;"
	"CREATE TABLE recipe(object INTEGER PRIMARY KEY REFERENCES object(id) ON DELETE CASCADE, name TEXT NOT NULL, type TEXT NOT NULL,"
	" version INTEGER NOT NULL, salt BLOB, hint_p INTEGER NOT NULL DEFAULT 0, hint_q INTEGER NOT NULL DEFAULT 0,"
	" bound INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE public(root INTEGER NOT NULL REFERENCES root(id), idx BLOB NOT NULL, spki BLOB NOT NULL,"
	" hint_p INTEGER NOT NULL DEFAULT 0, hint_q INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(root, idx)) WITHOUT ROWID;"
	"CREATE TABLE sealed(object INTEGER PRIMARY KEY REFERENCES object(id) ON DELETE CASCADE, blob BLOB NOT NULL,"
	" bound INTEGER NOT NULL DEFAULT 0, form INTEGER NOT NULL DEFAULT 1);"
	"PRAGMA application_id = 1397507633;" SCHEMA_PIN;
_Static_assert(APPLICATION_ID == 1397507633, "the number in the schema");

static const char upgrade[] =
	"ALTER TABLE recipe ADD COLUMN bound INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE sealed ADD COLUMN bound INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE sealed ADD COLUMN form INTEGER NOT NULL DEFAULT 1;" SCHEMA_PIN;
_Static_assert(SL_STORE_VERSION == 2, "the number at the end of SCHEMA_PIN");

enum sl_err
sl_store_schema_check(sqlite3 *db, const char *path, int *ret_version, struct sl_msg *msg)
{
	int64_t application;
	int64_t version;
	int64_t tables;
	enum sl_err err;

	if ((err = sl_sql_number(db, "PRAGMA application_id", &application)) != SL_OK ||
	    (err = sl_sql_number(db, "PRAGMA user_version", &version)) != SL_OK ||
	    (err = sl_sql_number(db, "SELECT count(*) FROM sqlite_schema", &tables)) != SL_OK) {
		sl_msg_set(msg, "%s: %s, expected a Seedleaf store", path, sqlite3_errmsg(db));
		return err;
	}
	if (application == 0 && version == 0 && tables == 0) {
		*ret_version = 0;
		return SL_OK;
	}
	if (application != APPLICATION_ID) {
		sl_msg_set(msg, "%s: application id %lld, expected a Seedleaf store", path, (long long)application);
		return SL_ERR_FORMAT;
	}
	if (version < 1 || version > SL_STORE_VERSION) {
		sl_msg_set(msg, "%s: store version %lld, expected 1 to %d: written by a newer Seedleaf", path, (long long)version,
		           SL_STORE_VERSION);
		return SL_ERR_VERSION;
	}
	*ret_version = (int)version;
	return SL_OK;
}

enum sl_err
sl_store_schema_make(sqlite3 *db, const char *path, int *ret_version)
{
	SL_TX tx = { 0 };
	int version;
	enum sl_err err;

	/* Somebody else may have been first: look again now that nobody can write. */
	if ((err = sl_tx_begin(&tx, db)) != SL_OK || (err = sl_store_schema_check(db, path, &version, NULL)) != SL_OK)
		return err;
	if (version == 0 && (err = sl_sql_exec(db, schema)) != SL_OK)
		return err;
	*ret_version = version == 0 ? SL_STORE_VERSION : version;
	return sl_tx_commit(&tx);
}

enum sl_err
sl_store_schema_now(struct sl_store *store, int *ret_version)
{
	int64_t version = store->version;
	enum sl_err err = SL_OK;

	if (version < SL_STORE_VERSION)
		err = sl_sql_number(store->db, "PRAGMA user_version", &version);
	if (err != SL_OK)
		return err;
	store->version = version > SL_STORE_VERSION ? SL_STORE_VERSION : (int)version;
	*ret_version = store->version;
	return SL_OK;
}

enum sl_err
sl_store_schema_upgrade(struct sl_store *store)
{
	SL_TX tx = { 0 };
	int version;
	enum sl_err err;

	if (store->version >= SL_STORE_VERSION)
		return SL_OK;
	if ((err = sl_tx_begin(&tx, store->db)) != SL_OK || (err = sl_store_schema_now(store, &version)) != SL_OK)
		return err;
	if (version < SL_STORE_VERSION && (err = sl_sql_exec(store->db, upgrade)) != SL_OK)
		return err;
	if ((err = sl_tx_commit(&tx)) == SL_OK)
		store->version = SL_STORE_VERSION;
	return err;
}
