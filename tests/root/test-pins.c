/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealtest.h"
#include "token/login_private.h"

#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>

/*
 * What PINs open, in the store and in NV: S, its life through every change, the tries that reach the TPM, and where C_InitToken can be interrupted. Beside a
 * software TPM, with the token's code and not the module.
 */

#define INDEX 0x01800300U
#define P(text) (struct sl_part){ (text), sizeof(text) - 1 }
#define SO P("the so's pin")
#define PIN P("the user's pin")

static struct sl_instance *instance;
static struct sl_token *token;
static struct sl_sessions sessions;
static uint32_t index_used; /* 0: the store */

static void
open_instance(void)
{
	struct sl_config *config = NULL;
	struct sl_msg msg = { .text = "" };

	if (sl_config_load(&config, &msg) != SL_OK)
		test_bail("%s", msg.text);
	config->tokens[0].pin_store = index_used;
	if (sl_instance_open(config, &instance, &msg) != SL_OK)
		test_bail("%s", msg.text);
	token = instance->tokens[0];
	sl_sessions_init(&sessions, instance);
}

static void
close_instance(void)
{
	sl_sessions_done(&sessions);
	sl_instance_close(&instance);
}

/* Another process, as far as the token can tell. */
static void
reopen(void)
{
	close_instance();
	open_instance();
}

static long long
number(const char *text)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *stmt = NULL;
	char path[4200];
	long long n = -1;

	(void)snprintf(path, sizeof(path), "%s/store.db", getenv("SEEDLEAF_STORE"));
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, text, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return n;
}

/* An object of the root, so that one can see when objects go. */
static void
add_object(void)
{
	SL_CLEANUP(sl_record_clear) struct sl_record record = { 0 };
	struct sl_record *records[] = { &record };
	int64_t root;

	if (sl_attrs_set_ulong(&record.attrs, CKA_CLASS, CKO_DATA) != SL_OK || sl_token_store_root(token, &root) != SL_OK ||
	    sl_store_add(instance->store, root, records, 1, false) != SL_OK)
		test_bail("an object");
}

static long long
objects(void)
{
	return number("SELECT count(*) FROM object");
}

static struct sl_secret
opened(enum sl_pin_role role, struct sl_part pin, const char *what)
{
	struct sl_secret secret = { 0 };

	test_eq(sl_pin_open(token, role, pin, &secret), SL_OK, "%s", what);
	return secret;
}

static bool
same(const struct sl_secret *a, const struct sl_secret *b)
{
	return a->len == SL_TOKEN_SECRET_LEN && sl_secret_equal(a->bytes, a->len, b->bytes, b->len);
}

static CK_RV
so_sets_user(struct sl_part so, struct sl_part pin)
{
	CK_SESSION_HANDLE s;
	CK_RV rv;

	if (sl_login_open(&sessions, token, true, &s) != CKR_OK)
		test_bail("a session");
	if ((rv = sl_login(&sessions, token, SL_PIN_SO, so)) == CKR_OK)
		rv = sl_login_init_pin(token, pin);
	(void)sl_session_close(&sessions, s);
	return rv;
}

static void
costs(const char *what, unsigned most)
{
	char *commands = tpmtest_log_commands();

	test_ok(tpmtest_log_count() <= most, "%s: %u commands: %s", what, tpmtest_log_count(), commands);
	free(commands);
	tpmtest_log_reset();
}

/* doc/pin.md computed by somebody else: Python's PBKDF2 opens the index, and knows the id of what is in it. */
static void
by_the_book(void)
{
	tpmtest_shell("/usr/bin/python3 -c 'import hashlib\n"
	              "pin = b\"the user\\x27s pin\"; index = 0x01800300\n"
	              "salt = hashlib.sha256(b\"seedleaf nv v1\\0\" + index.to_bytes(4, \"big\")).digest()\n"
	              "print(hashlib.pbkdf2_hmac(\"sha256\", pin, b\"seedleaf pin v1\\0\" + bytes([2, len(pin)]) + salt, 20000).hex())'"
	              " > %s/auth && tpm2_nvread -Q -C 0x%x -P hex:$(cat %s/auth) -o %s/s 0x%x"
	              " && /usr/bin/python3 -c 'import hashlib, sys\n"
	              "print(hashlib.sha256(b\"seedleaf token secret v1\\0\" + open(\"%s/s\", \"rb\").read()).hexdigest()[:32])' > %s/id",
	              tpmtest_dir(), INDEX, tpmtest_dir(), tpmtest_dir(), INDEX, tpmtest_dir(), tpmtest_dir());
	SL_SECRET secret = opened(SL_PIN_USER, PIN, "the user's PIN");
	struct sealtest_blob nv = sealtest_read("s");
	struct sealtest_blob id = sealtest_read("id");
	char text[100];

	test_mem(secret.bytes, secret.len, nv.bytes, nv.len, "an outsider's PBKDF2 opens the index, and there is S");
	(void)snprintf(text, sizeof(text), "SELECT count(*) FROM pin WHERE hex(secret_id) = upper('%.32s')", (const char *)id.bytes);
	test_eq((unsigned long long)number(text), 1, "whose id is on record");
	free(nv.bytes);
	free(id.bytes);
}

/* S through the life of a token. */
static void
life(const char *where)
{
	SL_SECRET first = { 0 };
	SL_SECRET none = { 0 };
	struct sl_pin_state state;

	test_eq(sl_pin_state(token, &state), SL_OK, "%s: the state", where);
	test_ok(!state.initialized && !state.user, "no PINs");
	test_ok(sl_login_secret(token, &none) == SL_OK && none.len == 0, "no S");
	test_eq(sl_pin_open(token, SL_PIN_USER, PIN, &none), SL_ERR_NOT_FOUND, "nothing to open");
	test_eq(sl_pin_init(token, SO, "label"), SL_OK, "initialized");
	tpmtest_log_reset();
	test_ok(sl_pin_state(token, &state) == SL_OK && state.initialized && !state.user && strcmp(state.label, "label") == 0, "by a SO");
	test_eq(sl_login_secret(token, &none), SL_ERR_LOGIN, "S is for those who log in");
	test_eq(so_sets_user(SO, PIN), CKR_OK, "who gives the user a PIN");
	first = opened(SL_PIN_SO, SO, "the SO's PIN");
	{
		SL_SECRET s = opened(SL_PIN_USER, PIN, "the user's");

		test_ok(same(&first, &s), "both open the same S");
	}
	test_eq(sl_pin_change(token, SL_PIN_USER, PIN, P("second")), SL_OK, "the user's PIN is changed");
	test_eq(sl_pin_change(token, SL_PIN_SO, SO, P("his second")), SL_OK, "and the SO's");
	reopen();
	{
		SL_SECRET s = opened(SL_PIN_USER, P("second"), "the new one opens");
		SL_SECRET t = opened(SL_PIN_SO, P("his second"), "and his");

		test_ok(same(&first, &s) && same(&first, &t), "the same S");
	}
	test_eq(so_sets_user(P("his second"), PIN), CKR_OK, "the SO gives the user another");
	{
		SL_SECRET s = opened(SL_PIN_USER, PIN, "which opens");

		test_ok(same(&first, &s), "the same S");
	}
	add_object();
	test_eq(sl_pin_init(token, P("his second"), "again"), SL_OK, "initialized again");
	test_eq((unsigned long long)objects(), 0, "without the objects");
	{
		SL_SECRET s = opened(SL_PIN_SO, P("his second"), "the SO's PIN is the same");

		test_ok(s.len == first.len && !same(&first, &s), "S is another");
	}
	test_ok(sl_pin_state(token, &state) == SL_OK && !state.user && strcmp(state.label, "again") == 0, "no user PIN; the new label");
	test_eq(sl_pin_change(token, SL_PIN_SO, P("his second"), SO), SL_OK, "back");
	test_eq(so_sets_user(SO, PIN), CKR_OK, "and a user");
}

/* What a try costs, and which are none. */
static void
tries(unsigned most)
{
	SL_SECRET s = { 0 };
	struct sl_lockout lockout;

	tpmtest_shell("tpm2_dictionarylockout -s -n 2 -t 1000 -l 1000 && tpm2_dictionarylockout -c");
	reopen();
	tpmtest_log_reset();
	s = opened(SL_PIN_USER, PIN, "a process begins");
	costs("the first login of a process", most);
	sl_secret_clear(&s);
	s = opened(SL_PIN_USER, PIN, "again");
	costs("the next", most);
	sl_secret_clear(&s);
	test_eq(sl_pin_open(token, SL_PIN_USER, P("123"), &s), SL_ERR_AUTH, "a PIN that is too short");
	costs("none", 0);
	test_eq(sl_pin_open(token, SL_PIN_USER, P("wrong"), &s), SL_ERR_AUTH, "a wrong one");
	test_ok(tpmtest_log_count() > 0, "is tried");
	tpmtest_log_reset();
	test_eq(sl_pin_open(token, SL_PIN_USER, P("wrong"), &s), SL_ERR_AUTH, "the same wrong one");
	costs("the counters alone", 1);
	test_ok(sl_root_lockout(token->root, &lockout) == SL_OK && lockout.failures == 1, "one failure");
	s = opened(SL_PIN_USER, PIN, "the right one after that");
	sl_secret_clear(&s);
	test_eq(sl_pin_open(token, SL_PIN_USER, P("wrong 2"), &s), SL_ERR_AUTH, "another wrong one locks the TPM");
	tpmtest_log_reset();
	test_eq(sl_pin_open(token, SL_PIN_USER, PIN, &s), SL_ERR_LOCKED, "which is told");
	costs("without a try", 1);
	reopen();
	test_eq(sl_pin_open(token, SL_PIN_USER, PIN, &s), SL_ERR_LOCKED, "to a process that does not know yet, too");
	test_eq(so_sets_user(SO, P("whatever")), CKR_PIN_LOCKED, "and to the SO");
	tpmtest_shell("tpm2_dictionarylockout -c");
	s = opened(SL_PIN_USER, PIN, "unlocked: the right PIN");
	sl_secret_clear(&s);
	test_eq(sl_pin_open(token, SL_PIN_USER, P("wrong"), &s), SL_ERR_AUTH, "and a wrong one");
	tpmtest_shell("tpm2_dictionarylockout -s -n 100 -t 1000 -l 1000 && tpm2_dictionarylockout -c");
}

/*
 * C_InitToken in NV, interrupted by a fault at each of its steps. Either the SO's PIN opens the S before, and the objects are there, or it opens a new one and the next
 * login finishes what was begun. The user's PIN never opens an S that is not the SO's.
 */
static void
interrupted(const char *rule, bool is_new, bool user)
{
	SL_SECRET before = opened(SL_PIN_SO, SO, "before");
	SL_SECRET by_user = { 0 };
	struct sl_pin_state state;

	add_object();
	tpmtest_rules(rule);
	test_ok(sl_pin_init(token, SO, "interrupted") != SL_OK, "C_InitToken with %s", rule);
	tpmtest_rules("");
	reopen();
	{
		SL_SECRET s = opened(SL_PIN_SO, SO, "the SO's PIN opens");

		test_ok(s.len == before.len && same(&before, &s) != is_new, "%s S", is_new ? "a new" : "the same");
	}
	test_ok((objects() == 0) == is_new, "and the objects are %s", is_new ? "gone" : "there");
	test_ok(sl_pin_state(token, &state) == SL_OK && state.user == user, "the user's PIN %s", user ? "is there" : "is gone");
	test_ok((strcmp(state.label, "interrupted") == 0) == is_new, "the label goes with S: %s", state.label);
	test_eq(sl_pin_open(token, SL_PIN_USER, PIN, &by_user), user ? SL_OK : SL_ERR_NOT_FOUND, "its PIN");
	test_ok(!user || same(&before, &by_user), "opens the S that counts, or nothing");
	test_eq(sl_pin_init(token, SO, "whole"), SL_OK, "C_InitToken without a fault");
	test_eq((unsigned long long)objects(), 0, "removes the objects");
	test_eq(so_sets_user(SO, PIN), CKR_OK, "and a user's PIN again");
}

/* C_SetPIN in NV: what the TPM did, counts, whatever we heard of it. */
static void
change_interrupted(void)
{
	SL_SECRET s = { 0 };

	tpmtest_rules("rc NV_ChangeAuth all 0x101");
	test_ok(sl_pin_change(token, SL_PIN_USER, PIN, P("next pin")) != SL_OK, "a change that does not reach the TPM");
	tpmtest_rules("");
	reopen();
	s = opened(SL_PIN_USER, PIN, "the old PIN is right");
	sl_secret_clear(&s);
	tpmtest_rules("cut-after NV_ChangeAuth 1");
	test_ok(sl_pin_change(token, SL_PIN_USER, PIN, P("next pin")) != SL_OK, "a change whose answer is lost");
	tpmtest_rules("");
	reopen();
	s = opened(SL_PIN_USER, P("next pin"), "the new one is right");
	sl_secret_clear(&s);
	test_eq(sl_pin_change(token, SL_PIN_USER, P("next pin"), PIN), SL_OK, "and can be changed");
}

/* Somebody with the owner's authorization puts indices of his own there, or somebody copies a store: objects stay, the id on record follows. */
static void
foreign(void)
{
	SL_SECRET s = { 0 };

	add_object();
	(void)number("UPDATE pin SET secret_id = zeroblob(16) RETURNING 1");
	reopen();
	s = opened(SL_PIN_USER, PIN, "an S that nobody announced");
	test_eq((unsigned long long)objects(), 1, "leaves the objects");
	test_eq((unsigned long long)number("SELECT count(*) FROM pin WHERE secret_id = zeroblob(16)"), 0, "and is on record from then on");
}

/* In the store: blobs that somebody exchanged are an error, and no S. */
static void
exchanged(void)
{
	SL_SECRET s = { 0 };
	struct sl_pin_row row;
	int64_t root;

	(void)number("UPDATE pin SET secret_id = zeroblob(16) RETURNING 1");
	reopen();
	test_eq(sl_pin_open(token, SL_PIN_USER, PIN, &s), SL_ERR_MISMATCH, "another S than the one on record");
	test_ok(s.bytes == NULL, "is not given out");
	test_eq(sl_pin_change(token, SL_PIN_USER, PIN, P("next pin")), SL_ERR_MISMATCH, "nor sealed again");
	test_ok(sl_token_store_root(token, &root) == SL_OK && sl_store_pin_row(instance->store, root, &row) == SL_OK, "the row");
	test_eq(sl_store_pin_reset(instance->store, root, (const uint8_t *)"not the right id", &row), SL_ERR_LOGIN, "is replaced by who knows it alone");
	sl_pin_row_clear(&row);
}

/* What a forked child has of its parent's login: zeros. */
static void
after_fork(void)
{
	CK_SESSION_HANDLE s;
	int status = -1;
	uint8_t sum = 0;
	pid_t child;

	if (sl_login_open(&sessions, token, true, &s) != CKR_OK || sl_login(&sessions, token, SL_PIN_USER, PIN) != CKR_OK)
		test_bail("a login");
	for (size_t i = 0; i < token->login->secret.len; i++)
		sum |= token->login->secret.bytes[i];
	test_ok(sum != 0 && sl_login_state(token) == SL_LOGIN_USER, "S is there while the user is logged in");
	if ((child = fork()) == 0) {
		sum = 0;
		for (size_t i = 0; i < token->login->secret.len; i++)
			sum |= token->login->secret.bytes[i];
		_exit(sum == 0 ? 0 : 1);
	}
	(void)waitpid(child, &status, 0);
	test_eq((unsigned long long)status, 0, "and not in a forked child");
	test_ok(sl_session_close(&sessions, s) && token->login->secret.bytes == NULL, "nor when the last session is closed");
}

static void
asked(void)
{
	static const struct {
		const char *names;
		bool owner;
	} rows[] = {
		{ NULL, false }, { "", false }, { "*", true }, { "owner", true }, { "null,owner", true }, { "owner,null", true }, { "a,*", true },
		{ "owners", false }, { "owne", false }, { "null", false }, { "null,", false },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
		test_eq(sl_login_asked(&(struct sl_config){ .login = (char *)(uintptr_t)rows[i].names }, "owner"), rows[i].owner, "SEEDLEAF_LOGIN=%s",
		        rows[i].names == NULL ? "(not set)" : rows[i].names);
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	tpmtest_shell("tpm2_dictionarylockout -s -n 100 -t 1000 -l 1000");
	open_instance();
	life("in the store");
	tries(9);
	after_fork();
	asked();
	exchanged();
	close_instance();
	(void)number("DELETE FROM pin RETURNING 1");
	index_used = INDEX;
	open_instance();
	life("in NV");
	tries(10);
	by_the_book();
	interrupted("rc NV_UndefineSpace all 0x101", false, true);
	interrupted("cut-after NV_UndefineSpace 1", false, false);
	interrupted("rc NV_Write all 0x101", false, false);
	interrupted("cut-after NV_Write 1", true, false);
	change_interrupted();
	foreign();
	close_instance();
	return test_done();
}
