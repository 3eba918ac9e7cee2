/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/test.h"
#include "token/store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The store against doc/store.md: one made by hand from that page is read, and one that we made is looked at with SQLite alone. */

static char dir[4000];
static char path[4096];
static const struct sl_root_name root_a = { .bytes = { 0, 11, 1 }, .len = 34 };
static const struct sl_root_name root_b = { .bytes = { 0, 11, 2 }, .len = 34 };

static void
sql(const char *text)
{
	sqlite3 *db = NULL;
	char *why = NULL;

	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		test_bail("%s: %s", text, why == NULL ? "cannot open" : why);
	(void)sqlite3_close(db);
}

static long long
number(const char *text)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	long long n = -1;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK && sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return n;
}

static void
fresh_dir(const char *name)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(dir, sizeof(dir), "%s/seedleaf-%s-XXXXXX", tmp == NULL ? "/tmp" : tmp, name);
	if (mkdtemp(dir) == NULL)
		test_bail("mkdtemp %s", dir);
	(void)snprintf(path, sizeof(path), "%s/store.db", dir);
}

static void
remove_dir(void)
{
	(void)unlink(path);
	(void)rmdir(dir);
}

static struct sl_store *
open_store(enum sl_err want, const char *name)
{
	struct sl_store *store = NULL;
	struct sl_msg msg = { "" };
	const enum sl_err err = sl_store_open(dir, &store, &msg);

	test_eq(err, want, "%s", name);
	if (want != SL_OK)
		test_ok(strstr(msg.text, dir) != NULL, "and the message names the path: %s", msg.text);
	return store;
}

static void
make_record(struct sl_record *r, const char *label, CK_OBJECT_CLASS class, bool recipe)
{
	if (sl_attrs_set_ulong(&r->attrs, CKA_CLASS, class) != SL_OK || sl_attrs_set(&r->attrs, CKA_LABEL, label, strlen(label)) != SL_OK ||
	    sl_attrs_set(&r->attrs, CKA_ID, "\1\2", 2) != SL_OK || sl_attrs_set_bool(&r->attrs, CKA_SIGN, true) != SL_OK ||
	    sl_attrs_set_ulong(&r->attrs, CKA_KEY_GEN_MECHANISM, CK_UNAVAILABLE_INFORMATION) != SL_OK)
		test_bail("out of memory");
	r->has_recipe = recipe;
	if (!recipe)
		return;
	r->recipe = (struct sl_recipe){ .version = 7, .salted = true };
	(void)snprintf(r->recipe.name, sizeof(r->recipe.name), "born %s", label);
	memset(r->recipe.salt, 0x5a, sizeof(r->recipe.salt));
	r->hints = (struct sl_rsa_hints){ 11, 22 };
	if (sl_keytype_parse("rsa:3072", &r->recipe.type, NULL) != SL_OK)
		test_bail("rsa:3072");
}

static void
written(void)
{
	struct sl_store *store;
	SL_CLEANUP(sl_record_clear) struct sl_record a = { 0 };
	SL_CLEANUP(sl_record_clear) struct sl_record b = { 0 };
	SL_CLEANUP(sl_record_clear) struct sl_record back = { 0 };
	struct sl_record *both[] = { &a, &b };
	int64_t *rows = NULL;
	int64_t root;
	size_t n;
	struct stat st;

	fresh_dir("written");
	(void)rmdir(dir);
	store = open_store(SL_OK, "a directory that is not there is an empty store");
	test_eq(sl_store_root(store, "owner", &root_a, false, &root), SL_OK, "asking for a root");
	test_ok(root == 0 && stat(dir, &st) != 0, "makes nothing");
	make_record(&a, "k", CKO_PRIVATE_KEY, true);
	make_record(&b, "k", CKO_PUBLIC_KEY, false);
	test_eq(sl_store_root(store, "owner", &root_a, true, &root), SL_OK, "the first write makes it");
	test_ok(stat(dir, &st) == 0 && (st.st_mode & 07777) == 0700, "the directory is 0700");
	test_ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "the database is 0600");
	test_eq(sl_store_add(store, root, both, 2, false), SL_OK, "two objects");
	test_ok(a.row > 0 && b.row > a.row, "have rows");
	test_eq((unsigned long long)number("PRAGMA application_id"), 0x534c4631, "application_id");
	test_eq((unsigned long long)number("PRAGMA user_version"), 2, "user_version");
	test_eq((unsigned long long)number("SELECT count(*) FROM object WHERE class = 3 AND label = x'6b' AND key_id = x'0102'"), 1,
	        "the index columns repeat the attributes");
	test_eq((unsigned long long)number("SELECT value FROM attribute JOIN object ON object = id WHERE class = 3 AND type = 0x108"), 1,
	        "a truth value is an INTEGER");
	test_ok(number("SELECT value FROM attribute JOIN object ON object = id WHERE class = 3 AND type = 0x166") == -1,
	        "CK_UNAVAILABLE_INFORMATION is -1");
	test_eq((unsigned long long)number("SELECT count(*) FROM recipe WHERE name = 'born k' AND type = 'rsa:3072' AND version = 7 AND"
	                                   " length(salt) = 32 AND hint_p = 11 AND hint_q = 22"), 1, "the recipe");
	test_eq(sl_store_find(store, root, &(struct sl_store_query){ .has_class = true, .class = CKO_PRIVATE_KEY, .label = "k", .label_len = 1 }, &rows, &n), SL_OK, "find");
	test_ok(n == 1 && rows[0] == a.row, "by class and label");
	free(rows);
	test_eq(sl_store_load(store, a.row, &back), SL_OK, "load");
	test_ok(back.attrs.n == a.attrs.n && sl_attrs_bool(&back.attrs, CKA_SIGN, false) &&
	        sl_attrs_ulong(&back.attrs, CKA_KEY_GEN_MECHANISM, 0) == CK_UNAVAILABLE_INFORMATION, "the attributes come back");
	test_ok(back.has_recipe && memcmp(&back.recipe, &a.recipe, sizeof(a.recipe)) == 0 && back.hints.q == 22, "and the recipe");
	test_eq(sl_store_remove(store, a.row), SL_OK, "remove");
	test_eq((unsigned long long)number("SELECT (SELECT count(*) FROM recipe) + (SELECT count(*) FROM attribute WHERE object = 1)"), 0,
	        "takes attributes and recipe along");
	test_eq(sl_store_remove(store, a.row), SL_ERR_NOT_FOUND, "once");
	sl_record_clear(&back);
	test_eq(sl_store_load(store, a.row, &back), SL_ERR_NOT_FOUND, "gone");
	a.row = 0;
	test_eq(sl_store_add(store, root, both, 1, false), SL_OK, "another one");
	test_ok(a.row > b.row, "never has a row that was used before");
	sl_store_close(&store);
	remove_dir();
}

/* Typed in from doc/store.md, not by our code. */
static const char by_hand[] =
	"CREATE TABLE root(id INTEGER PRIMARY KEY AUTOINCREMENT, token, name, salt_key);"
	"CREATE TABLE object(id INTEGER PRIMARY KEY AUTOINCREMENT, root, class, label, key_id);"
	"CREATE TABLE attribute(object, type, value, PRIMARY KEY(object, type));"
	"CREATE TABLE recipe(object INTEGER PRIMARY KEY, name, type, version, salt, hint_p, hint_q);"
	"CREATE TABLE sealed(object INTEGER PRIMARY KEY, blob);"
	"CREATE TABLE public(root, idx, spki, hint_p, hint_q, PRIMARY KEY(root, idx));"
	"INSERT INTO root VALUES(1, 'owner', cast(x'000b01' || zeroblob(31) AS BLOB), NULL);"
	"INSERT INTO object VALUES(5, 1, 3, x'6b31', x'00');"
	"INSERT INTO attribute VALUES(5, 0, 3), (5, 3, x'6b31'), (5, 0x102, x'00'), (5, 0x108, 1), (5, 0x7ffffff0, x'01');"
	"INSERT INTO recipe VALUES(5, 'k1', 'ec:P-256', 1, zeroblob(32), 0, 0);"
	"INSERT INTO object VALUES(6, 1, 4, x'6b32', x'01'), (7, 1, 4, x'6b33', x'02');"
	"INSERT INTO attribute VALUES(6, 0, 4), (7, 0, 4);"
	"INSERT INTO sealed VALUES(6, x'3003020100'), (7, x'');"
	"PRAGMA application_id = 0x534c4631; PRAGMA user_version = 1;";

static void
read_by_hand(void)
{
	SL_CLEANUP(sl_record_clear) struct sl_record back = { 0 };
	struct sl_orphans *orphans = NULL;
	struct sl_store *store;
	int64_t *rows = NULL;
	int64_t root = 0;
	size_t n = 0;

	fresh_dir("by-hand");
	sql(by_hand);
	sql("UPDATE root SET name = (SELECT x'000b0100000000000000000000000000000000000000000000000000000000000000'), id = 1");
	store = open_store(SL_OK, "a store made by hand from doc/store.md");
	test_ok(sl_store_root(store, "owner", &root_a, false, &root) == SL_OK && root == 1, "its root");
	test_ok(sl_store_find(store, root, &(struct sl_store_query){ .id = "", .id_len = 1 }, &rows, &n) == SL_OK && n == 1, "its object by id");
	free(rows);
	test_eq(sl_store_load(store, 5, &back), SL_OK, "loads");
	test_ok(back.attrs.n == 4, "without the attribute of a later version");
	test_ok(back.sealed == NULL, "not sealed");
	test_ok(back.has_recipe && strcmp(back.recipe.name, "k1") == 0 && back.recipe.salted && back.recipe.type.size == 256, "with its recipe");
	sl_record_clear(&back);
	test_eq(sl_store_load(store, 6, &back), SL_OK, "a sealed key loads");
	test_mem(back.sealed, back.sealed_len, "\x30\x03\x02\x01\x00", 5, "with its blob");
	test_ok(!back.has_recipe, "and no recipe");
	sl_record_clear(&back);
	test_eq(sl_store_load(store, 7, &back), SL_ERR_FORMAT, "an empty blob is none");
	test_ok(sl_store_orphans(store, "owner", &root_a, &orphans, &n) == SL_OK && n == 0, "no orphans of the root itself");
	free(orphans);
	test_ok(sl_store_orphans(store, "owner", &root_b, &orphans, &n) == SL_OK && n == 1 && orphans[0].objects == 3, "orphans of another");
	free(orphans);
	test_eq(sl_store_set_pin(store, 1, &root_b), SL_OK, "pin a salt key");
	test_eq(sl_store_set_pin(store, 1, &root_b), SL_OK, "again the same");
	test_eq(sl_store_set_pin(store, 1, &root_a), SL_ERR_MISMATCH, "never another");
	sl_store_close(&store);
	remove_dir();
}

/* A bound secret key: its record is only taken while its S is on record. */
static void
bound_record(struct sl_record *r, const uint8_t *id)
{
	make_record(r, "bound", CKO_SECRET_KEY, true);
	r->bound = true;
	memcpy(r->secret_id, id, SL_SECRET_ID);
}

static const uint8_t id_a[SL_SECRET_ID] = "the id of an S.";
static const uint8_t id_b[SL_SECRET_ID] = "and of another.";

static struct sl_pin_row
pin_row(const char *label, const uint8_t *id, const char *so, const char *user)
{
	struct sl_pin_row row = { .so = { .salt = "salt", .salt_len = 4, .blob = (uint8_t *)strdup(so), .len = strlen(so) } };

	(void)snprintf(row.label, sizeof(row.label), "%s", label);
	memcpy(row.secret_id, id, SL_SECRET_ID);
	if (user != NULL)
		row.user = (struct sl_pin_blob){ .salt_len = 64, .blob = (uint8_t *)strdup(user), .len = strlen(user) };
	return row;
}

/* Version 1 is read as it is, by everybody, and becomes version 2 with the first write. */
static void
upgraded(void)
{
	SL_CLEANUP(sl_record_clear) struct sl_record back = { 0 };
	SL_CLEANUP(sl_record_clear) struct sl_record fresh = { 0 };
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = pin_row("l", id_a, "so", NULL);
	struct sl_record *records[] = { &fresh };
	struct sl_store *store;
	struct sl_store *early;
	struct sl_pin_row got;
	const pid_t child = (fresh_dir("version-1"), sql(by_hand), chmod(path, 0400), fork());
	int status = -1;

	if (child == 0) {
		test_obey_modes();
		_exit(sl_store_open(dir, &store, NULL) == SL_OK && sl_store_load(store, 5, &back) == SL_OK && back.has_recipe &&
		      sl_store_pin_row(store, 1, &got) == SL_ERR_NOT_FOUND && sl_store_pin_note(store, 1, &row) == SL_ERR_READONLY ? 0 : 1);
	}
	(void)waitpid(child, &status, 0);
	test_eq((unsigned long long)status, 0, "version 1, read-only: read as it is");
	(void)chmod(path, 0600);
	early = open_store(SL_OK, "another process that opened it before");
	store = open_store(SL_OK, "version 1");
	test_eq(sl_store_load(store, 6, &back), SL_OK, "a sealed key of version 1");
	test_ok(!back.bound && back.sealed_form == 1, "is not bound, and of the first form");
	sl_record_clear(&back);
	test_eq(sl_store_pin_row(store, 1, &got), SL_ERR_NOT_FOUND, "there is no PIN");
	test_eq((unsigned long long)number("PRAGMA user_version"), 1, "looking changes nothing");
	bound_record(&fresh, id_a);
	test_eq(sl_store_add(store, 1, records, 1, false), SL_ERR_LOGIN, "a bound record without a PIN row is refused");
	test_eq((unsigned long long)number("PRAGMA user_version"), 2, "the first write makes it version 2");
	test_eq((unsigned long long)number("SELECT count(*) FROM object"), 3, "with all that was there");
	test_eq(sl_store_pin_note(store, 1, &row), SL_OK, "a PIN row");
	test_eq(sl_store_add(store, 1, records, 1, false), SL_OK, "now a record that is bound to that S");
	test_eq(sl_store_load(early, fresh.row, &back), SL_OK, "the early process reads it");
	test_ok(back.bound, "as bound");
	sl_record_clear(&back);
	test_eq(sl_store_load(early, 5, &back), SL_OK, "and an old one");
	test_ok(!back.bound, "as not bound");
	sl_store_close(&early);
	sl_store_close(&store);
	remove_dir();
}

static void
pins(void)
{
	SL_CLEANUP(sl_record_clear) struct sl_record a = { 0 };
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row row = pin_row("label", id_a, "so's blob", NULL);
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row again = pin_row("label 2", id_b, "so's second", NULL);
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row user = pin_row("", id_a, "x", "user's blob");
	SL_CLEANUP(sl_pin_row_clear) struct sl_pin_row got = { .label = "" };
	struct sl_pin_change change = { .secret_id = id_a, .user = true, .after = &user.user, .to_be_changed = true };
	const struct sl_recorded pub = { .spki = (uint8_t *)(uintptr_t)"spki", .spki_len = 4 };
	struct sl_record *records[] = { &a };
	uint8_t index[SL_CONTEXT_LEN] = { 1 };
	struct sl_store *store;
	int64_t other;
	int64_t root;

	fresh_dir("pins");
	store = open_store(SL_OK, "a store for PINs");
	if (sl_store_root(store, "owner", &root_a, true, &root) != SL_OK || sl_store_root(store, "owner", &root_b, true, &other) != SL_OK)
		test_bail("roots");
	test_eq(sl_store_pin_row(store, root, &got), SL_ERR_NOT_FOUND, "no PIN");
	make_record(&a, "k", CKO_SECRET_KEY, true);
	test_ok(sl_store_add(store, root, records, 1, false) == SL_OK && sl_store_add(store, other, records, 1, false) == SL_OK &&
	        sl_store_set_public(store, root, index, &pub, NULL) == SL_OK && sl_store_set_public(store, other, index, &pub, NULL) == SL_OK,
	        "objects and public halves of two roots");
	test_eq(sl_store_pin_reset(store, root, id_a, &row), SL_ERR_LOGIN, "C_InitToken by somebody who thinks there is a PIN");
	test_eq((unsigned long long)number("SELECT count(*) FROM object"), 2, "changes nothing");
	test_eq(sl_store_pin_reset(store, root, NULL, &row), SL_OK, "C_InitToken");
	test_ok(number("SELECT count(*) FROM object") == 1 && number("SELECT count(*) FROM public") == 1, "removes what is this root's");
	test_eq(sl_store_pin_row(store, root, &got), SL_OK, "the row");
	test_ok(strcmp(got.label, "label") == 0 && memcmp(got.secret_id, id_a, SL_SECRET_ID) == 0 && got.so.salt_len == 4 && got.user.blob == NULL &&
	        !got.to_be_changed, "comes back");
	test_mem(got.so.blob, got.so.len, "so's blob", 9, "with the blob");
	sl_pin_row_clear(&got);
	test_eq(sl_store_pin_change(store, root, &change), SL_OK, "a user PIN");
	test_ok(sl_store_pin_row(store, root, &got) == SL_OK && got.user.len == 11 && got.user.salt_len == 64 && got.to_be_changed, "is there");
	sl_pin_row_clear(&got);
	change.before = &row.so;
	test_eq(sl_store_pin_change(store, root, &change), SL_ERR_LOGIN, "not when the blob is another one now");
	change.before = &user.user;
	test_eq(sl_store_pin_change(store, root, &change), SL_OK, "but when it is that one");
	change = (struct sl_pin_change){ .secret_id = id_b, .after = &again.so };
	test_eq(sl_store_pin_change(store, root, &change), SL_ERR_LOGIN, "not with another S");
	change.secret_id = id_a;
	test_eq(sl_store_pin_change(store, root, &change), SL_OK, "the SO's PIN");
	test_ok(sl_store_pin_row(store, root, &got) == SL_OK && got.so.len == 11 && got.user.len == 11 && got.to_be_changed, "alone");
	test_eq(sl_store_set_public(store, root, index, &pub, id_b), SL_ERR_LOGIN, "a public half of a key with another S");
	test_eq(sl_store_set_public(store, root, index, &pub, id_a), SL_OK, "and with the right one");
	test_eq(sl_store_pin_reset(store, root, NULL, &again), SL_ERR_LOGIN, "C_InitToken by somebody who saw no PIN");
	test_eq(sl_store_pin_reset(store, root, id_a, &again), SL_OK, "and by the SO");
	bound_record(&a, id_a);
	test_eq(sl_store_add(store, root, records, 1, false), SL_ERR_LOGIN, "a key bound to the S before is too late");
	a.bound = false;
	a.no_pins = true;
	test_eq(sl_store_add(store, root, records, 1, false), SL_ERR_LOGIN, "and so is a private one of when there were no PINs");
	test_eq(sl_store_set_public(store, root, index, &pub, NULL), SL_ERR_LOGIN, "and the public half of a key that was derived then");
	test_eq(sl_store_add(store, other, records, 1, false), SL_OK, "which another root takes, that has none");
	test_eq((unsigned long long)number("SELECT count(*) FROM pin WHERE user_blob IS NULL AND NOT to_be_changed"), 1, "no user PIN any more");
	sl_store_close(&store);
	remove_dir();
}

static void
refused(void)
{
	struct sl_store *store;
	FILE *f;

	fresh_dir("refused");
	sql(by_hand);
	sql("PRAGMA user_version = 3");
	store = open_store(SL_ERR_VERSION, "a newer version");
	sql("PRAGMA user_version = 1; PRAGMA application_id = 7");
	store = open_store(SL_ERR_FORMAT, "somebody else's database");
	sql("PRAGMA application_id = 0x534c4631");
	(void)chmod(path, 0666);
	store = open_store(SL_ERR_ACCESS, "a database that everybody can write");
	(void)chmod(path, 0600);
	(void)chmod(dir, 0777);
	store = open_store(SL_ERR_ACCESS, "a directory that everybody can write");
	(void)chmod(dir, 0700);
	store = open_store(SL_OK, "with the right modes it opens");
	sl_store_close(&store);
	f = fopen(path, "w");
	if (f == NULL || fputs("this is no database, it is a text that is long enough to be looked at as one", f) < 0 || fclose(f) != 0)
		test_bail("%s", path);
	store = open_store(SL_ERR_FORMAT, "a text file in its place");
	(void)unlink(path);
	(void)rmdir(dir);
	f = fopen(dir, "w");
	if (f == NULL || fclose(f) != 0)
		test_bail("%s", dir);
	store = open_store(SL_ERR_FORMAT, "a file where the directory should be");
	(void)unlink(dir);
	(void)store;
}

static void
sealed_written(void)
{
	static const uint8_t blob[] = { 0x30, 0x00, 0xff, 0x01 };
	SL_CLEANUP(sl_record_clear) struct sl_record a = { .sealed_len = sizeof(blob) };
	SL_CLEANUP(sl_record_clear) struct sl_record b = { 0 };
	SL_CLEANUP(sl_record_clear) struct sl_record back = { 0 };
	struct sl_record *both[] = { &a, &b };
	struct sl_store *store;
	int64_t root;

	fresh_dir("sealed");
	store = open_store(SL_OK, "a store for sealed keys");
	make_record(&a, "s", CKO_SECRET_KEY, false);
	make_record(&b, "c", CKO_CERTIFICATE, false);
	if ((a.sealed = malloc(sizeof(blob))) == NULL)
		test_bail("out of memory");
	memcpy(a.sealed, blob, sizeof(blob));
	test_eq(sl_store_root(store, "owner", &root_a, true, &root), SL_OK, "its root");
	test_eq(sl_store_add(store, root, both, 2, false), SL_OK, "a sealed key, and an object that is none");
	test_eq((unsigned long long)number("SELECT count(*) FROM sealed WHERE blob = x'3000ff01'"), 1, "the blob is in its table");
	test_eq((unsigned long long)number("SELECT count(*) FROM sealed"), 1, "alone");
	test_eq(sl_store_load(store, a.row, &back), SL_OK, "load");
	test_mem(back.sealed, back.sealed_len, blob, sizeof(blob), "the blob comes back");
	test_eq(sl_store_remove(store, a.row), SL_OK, "remove");
	test_eq((unsigned long long)number("SELECT count(*) FROM sealed"), 0, "takes it along");
	sl_store_close(&store);
	remove_dir();
}

int
main(void)
{
	written();
	sealed_written();
	read_by_hand();
	upgraded();
	pins();
	refused();
	return test_done();
}
