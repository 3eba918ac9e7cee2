/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/store.h"

#include "base/fs.h"
#include "token/store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define BUSY_MS 5000

static void
clean_db(sqlite3 **db)
{
	(void)sqlite3_close(*db);
}

void
sl_store_close(struct sl_store **pstore)
{
	struct sl_store *store = *pstore;

	if (store == NULL)
		return;
	(void)sqlite3_finalize(store->generation);
	for (size_t i = 0; i < SL_STORE_FINDS; i++)
		(void)sqlite3_finalize(store->finds[i]);
	(void)sqlite3_close(store->db);
	free(store->has);
	free(store->dir);
	free(store->path);
	(void)pthread_mutex_destroy(&store->lock);
	free(store);
	*pstore = NULL;
}

void
sl_store_hold(struct sl_store *store)
{
	(void)pthread_mutex_lock(&store->lock);
}

void
sl_store_let_go(struct sl_store *store)
{
	(void)pthread_mutex_unlock(&store->lock);
}

/* What a URI file name may not hold as it is. */
static enum sl_err
uri_of(const char *path, bool immutable, char **ret_uri)
{
	static const char hex[] = "0123456789abcdef";
	const size_t len = strlen(path);
	char *uri = malloc(len * 3 + 32);
	char *at = uri;

	if (uri == NULL)
		return SL_ERR_MEMORY;
	memcpy(at, "file:", 5);
	at += 5;
	for (size_t i = 0; i < len; i++) {
		if (strchr("%?#", path[i]) == NULL) {
			*at++ = path[i];
			continue;
		}
		*at++ = '%';
		*at++ = hex[(unsigned char)path[i] >> 4];
		*at++ = hex[(unsigned char)path[i] & 15];
	}
	memcpy(at, immutable ? "?immutable=1" : "", immutable ? sizeof("?immutable=1") : 1);
	*ret_uri = uri;
	return SL_OK;
}

/*
 * SQLite has no queue of writers, and its own handler waits longer and longer, up to 100 ms: beside somebody who writes all the time it never
 * gets a turn. Ours asks every few milliseconds.
 */
static int
wait_turn(void *unused, int tries)
{
	const struct timespec pause = { .tv_nsec = (1 + tries % 3) * 1000000L };

	(void)unused;
	(void)nanosleep(&pause, NULL);
	return tries < BUSY_MS / 2;
}

static enum sl_err
open_db(struct sl_store *store, int flags, struct sl_msg *msg)
{
	SL_CLEANUP(clean_db) sqlite3 *db = NULL;
	SL_FREE char *uri = NULL;
	/* Nobody changes a read-only file system; where only we may not write, somebody else may. */
	const bool immutable = access(store->dir, W_OK) != 0 && errno == EROFS;
	int version = 0;
	enum sl_err err;
	int rc;

	if ((err = uri_of(store->path, immutable, &uri)) != SL_OK)
		return err;
	rc = sqlite3_open_v2(uri, &db, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
	if (rc != SQLITE_OK) {
		sl_msg_set(msg, "%s: %s", store->path, db == NULL ? "out of memory" : sqlite3_errmsg(db));
		return sl_sql_err(rc);
	}
	(void)sqlite3_busy_handler(db, wait_turn, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if ((err = sl_sql_exec(db, "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON")) != SL_OK ||
	    (err = sl_store_schema_check(db, store->path, &version, msg)) != SL_OK)
		return err;
	if (version == 0 && (flags & SQLITE_OPEN_READONLY) != 0)
		return SL_OK; /* as good as none */
	if (version == 0 && (err = sl_store_schema_make(db, store->path, &version)) != SL_OK) {
		sl_msg_set(msg, "%s: %s", store->path, sqlite3_errmsg(db));
		return err;
	}
	store->db = SL_TAKE(db);
	store->version = version;
	return SL_OK;
}

static enum sl_err
open_existing(struct sl_store *store, struct sl_msg *msg)
{
	struct stat st;
	enum sl_err err;

	if ((err = sl_fs_private_dir(store->dir, 0, msg)) != SL_OK || (err = sl_fs_private_file(store->path, msg)) != SL_OK) {
		/* Not there is fine. A store that is there and closed to us is not. */
		if (err == SL_ERR_NOT_FOUND && (lstat(store->dir, &st) != 0 || S_ISDIR(st.st_mode)))
			return SL_OK;
		return err;
	}
	if (access(store->path, R_OK) != 0) {
		sl_msg_set(msg, "%s: %s", store->path, "not readable for this user");
		return SL_ERR_ACCESS;
	}
	store->readonly = access(store->path, W_OK) != 0 || access(store->dir, W_OK) != 0;
	return open_db(store, store->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, msg);
}

enum sl_err
sl_store_open(const char *dir, struct sl_store **ret_store, struct sl_msg *msg)
{
	SL_CLEANUP(sl_store_close) struct sl_store *store = calloc(1, sizeof(*store));
	enum sl_err err;

	if (store == NULL)
		return SL_ERR_MEMORY;
	(void)pthread_mutex_init(&store->lock, NULL);
	store->dir = strdup(dir);
	if (store->dir == NULL || asprintf(&store->path, "%s/store.db", dir) < 0) {
		store->path = NULL;
		return SL_ERR_MEMORY;
	}
	if ((err = open_existing(store, msg)) != SL_OK)
		return err;
	*ret_store = SL_TAKE(store);
	return SL_OK;
}

enum sl_err
sl_store_writing(struct sl_store *store)
{
	struct sl_msg msg = { "" };
	enum sl_err err;

	if (store->readonly)
		return SL_ERR_READONLY;
	if (store->db != NULL)
		return sl_store_schema_upgrade(store);
	if ((err = sl_fs_private_dir(store->dir, 1, &msg)) != SL_OK ||
	    ((err = sl_fs_private_file(store->path, &msg)) != SL_OK && err != SL_ERR_NOT_FOUND)) {
		sl_log(SL_LOG_INFO, "store: %s", msg.text);
		return err == SL_ERR_ACCESS || err == SL_ERR_NOT_FOUND ? SL_ERR_READONLY : err;
	}
	/* The directory is 0700: the file needs no umask of its own, which would be the whole process's. */
	err = open_db(store, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &msg);
	if (err != SL_OK) {
		sl_log(SL_LOG_ERROR, "store: %s", msg.text);
		return err;
	}
	(void)chmod(store->path, 0600);
	return sl_store_schema_upgrade(store);
}

/* Whether mkdir -p would work, as far as permissions tell. */
static bool
creatable(const char *dir)
{
	SL_FREE char *copy = strdup(dir);

	while (copy != NULL && copy[0] != '\0') {
		char *slash = strrchr(copy, '/');

		if (access(copy, F_OK) == 0)
			return access(copy, W_OK | X_OK) == 0;
		if (slash == NULL)
			return access(".", W_OK) == 0;
		*slash = '\0';
	}
	return access("/", W_OK) == 0;
}

bool
sl_store_writable(struct sl_store *store)
{
	SL_STORE_HELD(store);

	if (store->readonly)
		return false;
	return store->db != NULL || creatable(store->dir);
}

enum sl_err
sl_store_has(struct sl_store *store, const char *token, bool *ret_has)
{
	SL_STORE_HELD(store);
	SL_SQL sql = { 0 };
	enum sl_err err;

	*ret_has = store->has != NULL && strcmp(store->has, token) == 0;
	if (*ret_has || store->db == NULL)
		return SL_OK;
	sql = sl_sql_prepare(store->db, "SELECT 1 FROM root WHERE token = ? LIMIT 1");
	sl_sql_text(&sql, token);
	if ((err = sl_sql_step(&sql, ret_has)) == SL_OK && *ret_has) {
		free(store->has);
		store->has = strdup(token); /* without memory it is asked again */
	}
	return err;
}

/* The lock is held, and there is a database. */
static enum sl_err
generation(struct sl_store *store, int64_t *ret_generation)
{
	int rc = SQLITE_OK;

	if (store->generation == NULL)
		rc = sqlite3_prepare_v2(store->db, "PRAGMA data_version", -1, &store->generation, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(store->generation);
	if (rc == SQLITE_ROW)
		*ret_generation = sqlite3_column_int64(store->generation, 0);
	(void)sqlite3_reset(store->generation);
	return rc == SQLITE_ROW ? SL_OK : rc == SQLITE_DONE ? SL_ERR_NOT_FOUND : sl_sql_err(rc);
}

enum sl_err
sl_store_generation(struct sl_store *store, int64_t *ret_generation)
{
	SL_STORE_HELD(store);

	if (store->db == NULL) {
		struct sl_msg msg;

		/* Another process may have made it meanwhile. */
		(void)open_existing(store, &msg);
	}
	if (store->db == NULL) {
		*ret_generation = 0;
		return SL_OK;
	}
	return generation(store, ret_generation);
}

static enum sl_err
find_root(sqlite3 *db, const char *token, const struct sl_root_name *name, int64_t *ret_root)
{
	SL_SQL sql = sl_sql_prepare(db, "SELECT id FROM root WHERE token = ? AND name = ?");
	bool row;
	enum sl_err err;

	sl_sql_text(&sql, token);
	sl_sql_blob(&sql, name->bytes, name->len);
	if ((err = sl_sql_step(&sql, &row)) != SL_OK)
		return err;
	*ret_root = row ? sqlite3_column_int64(sql.stmt, 0) : 0;
	return SL_OK;
}

enum sl_err
sl_store_make_root(sqlite3 *db, const char *token, const struct sl_root_name *name, int64_t *ret_root)
{
	SL_SQL sql = sl_sql_prepare(db, "INSERT OR IGNORE INTO root(token, name) VALUES(?, ?)");
	enum sl_err err;

	sl_sql_text(&sql, token);
	sl_sql_blob(&sql, name->bytes, name->len);
	if ((err = sl_sql_run(&sql)) != SL_OK)
		return err;
	return find_root(db, token, name, ret_root);
}

enum sl_err
sl_store_root(struct sl_store *store, const char *token, const struct sl_root_name *name, bool create, int64_t *ret_root)
{
	SL_STORE_HELD(store);
	int64_t root = 0;
	enum sl_err err = SL_OK;

	if (store->db != NULL)
		err = find_root(store->db, token, name, &root);
	if (err == SL_OK && root == 0 && create && (err = sl_store_writing(store)) == SL_OK)
		err = sl_store_make_root(store->db, token, name, &root);
	if (err == SL_OK)
		*ret_root = root;
	return err;
}

static enum sl_err
column_name(sqlite3_stmt *stmt, int column, struct sl_root_name *ret_name)
{
	const int len = sqlite3_column_bytes(stmt, column);
	const void *value = sqlite3_column_blob(stmt, column);

	*ret_name = (struct sl_root_name){ .len = 0 };
	if (len < 0 || (size_t)len > sizeof(ret_name->bytes))
		return SL_ERR_FORMAT;
	if (len > 0)
		memcpy(ret_name->bytes, value, (size_t)len);
	ret_name->len = (size_t)len;
	return SL_OK;
}

static enum sl_err
get_pin(sqlite3 *db, int64_t root, struct sl_root_name *ret_name)
{
	SL_SQL sql = sl_sql_prepare(db, "SELECT salt_key FROM root WHERE id = ?");
	bool row;
	enum sl_err err;

	sl_sql_int(&sql, root);
	if ((err = sl_sql_step(&sql, &row)) != SL_OK)
		return err;
	return row ? column_name(sql.stmt, 0, ret_name) : SL_ERR_NOT_FOUND;
}

enum sl_err
sl_store_pin(struct sl_store *store, int64_t root, struct sl_root_name *ret_name)
{
	SL_STORE_HELD(store);

	return store->db == NULL ? SL_ERR_NOT_FOUND : get_pin(store->db, root, ret_name);
}

enum sl_err
sl_store_pin_salt_key(sqlite3 *db, int64_t root, const struct sl_root_name *name)
{
	SL_SQL sql = sl_sql_prepare(db, "UPDATE root SET salt_key = ? WHERE id = ? AND salt_key IS NULL");
	struct sl_root_name now;
	enum sl_err err;

	sl_sql_blob(&sql, name->bytes, name->len);
	sl_sql_int(&sql, root);
	if ((err = sl_sql_run(&sql)) != SL_OK || (err = get_pin(db, root, &now)) != SL_OK)
		return err;
	return now.len == name->len && memcmp(now.bytes, name->bytes, now.len) == 0 ? SL_OK : SL_ERR_MISMATCH;
}

enum sl_err
sl_store_set_pin(struct sl_store *store, int64_t root, const struct sl_root_name *name)
{
	SL_STORE_HELD(store);
	const enum sl_err err = sl_store_writing(store);

	return err == SL_OK ? sl_store_pin_salt_key(store->db, root, name) : err;
}

enum sl_err
sl_store_pins(struct sl_store *store, const char *token, struct sl_store_pins *ret_pins, size_t max, size_t *ret_n)
{
	SL_STORE_HELD(store);
	SL_SQL sql = { 0 };
	enum sl_err err;
	size_t n = 0;
	bool row;

	*ret_n = 0;
	if (store->db == NULL)
		return SL_OK;
	sql = sl_sql_prepare(store->db, "SELECT name, salt_key FROM root WHERE token = ? AND salt_key IS NOT NULL ORDER BY id");
	sl_sql_text(&sql, token);
	while ((err = sl_sql_step(&sql, &row)) == SL_OK && row && n < max) {
		if ((err = column_name(sql.stmt, 0, &ret_pins[n].root)) != SL_OK ||
		    (err = column_name(sql.stmt, 1, &ret_pins[n].salt_key)) != SL_OK)
			return err;
		n++;
	}
	*ret_n = n;
	return err;
}

enum sl_err
sl_store_orphans(struct sl_store *store, const char *token, const struct sl_root_name *current, struct sl_orphans **ret_orphans,
                 size_t *ret_n)
{
	SL_STORE_HELD(store);
	SL_SQL sql = { 0 };
	SL_FREE struct sl_orphans *list = NULL;
	size_t n = 0;
	enum sl_err err;
	bool row;

	*ret_orphans = NULL;
	*ret_n = 0;
	if (store->db == NULL)
		return SL_OK;
	sql = sl_sql_prepare(store->db, "SELECT root.name, count(object.id) FROM root JOIN object ON object.root = root.id"
	                                " WHERE token = ? AND root.name IS NOT ? GROUP BY root.id ORDER BY root.id");
	sl_sql_text(&sql, token);
	if (current == NULL)
		sl_sql_null(&sql);
	else
		sl_sql_blob(&sql, current->bytes, current->len);
	while ((err = sl_sql_step(&sql, &row)) == SL_OK && row) {
		struct sl_orphans *more = reallocarray(list, n + 1, sizeof(*more));

		if (more == NULL)
			return SL_ERR_MEMORY;
		list = more;
		list[n] = (struct sl_orphans){ .objects = (size_t)sqlite3_column_int64(sql.stmt, 1) };
		(void)snprintf(list[n].token, sizeof(list[n].token), "%s", token);
		if ((err = column_name(sql.stmt, 0, &list[n].root)) != SL_OK)
			return err;
		n++;
	}
	if (err == SL_OK) {
		*ret_orphans = SL_TAKE(list);
		*ret_n = n;
	}
	return err;
}
