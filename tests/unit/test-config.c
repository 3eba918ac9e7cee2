/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/config.h"
#include "lib/files.h"
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_HEX "000b000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define LONG_255 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
                 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
                 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static struct sl_config *
load(const char *text, enum sl_err want, struct sl_msg *msg)
{
	struct sl_config *config = NULL;
	enum sl_err err;

	*msg = (struct sl_msg){ "" };
	err = sl_config_load_file(test_file("conf", text, strlen(text), 0600), &config, msg);
	if (err != want)
		test_note("%s", msg->text);
	test_eq(err, want, "load: %.60s", text);
	return config;
}

static void
check_token(const struct sl_token_config *t, const char *name, const char *label, enum sl_hierarchy hierarchy, const char *space)
{
	test_str(t->name, name, "%s: name", name);
	test_str(t->label, label, "%s: label", name);
	test_eq(t->root.hierarchy, hierarchy, "%s: hierarchy", name);
	test_str(t->root.name_space, space, "%s: namespace", name);
}

static void
defaults(void)
{
	static const char *const names[] = { "owner", "endorsement", "platform", "null" };
	SL_CLEANUP(sl_config_free) struct sl_config *c = NULL;
	struct sl_msg msg;

	test_eq(sl_config_load_file(NULL, &c, &msg), SL_OK, "defaults alone");
	test_ok(c->path == NULL, "no file");
	test_str(c->tcti, "device:/dev/tpmrm0", "tcti");
	test_str(c->keys_dirs[0], SL_SYSCONFDIR "/seedleaf/keys.d", "keys-dir");
	test_ok(c->keys_dirs[1] == NULL, "one keys directory");
	test_ok(c->log_level == SL_LOG_ERROR && c->log_file == NULL, "log");
	test_eq(c->n_tokens, 4, "four tokens");
	for (unsigned i = 0; i < 4; i++) {
		const struct sl_token_config *t = &c->tokens[i];
		char label[40];

		(void)snprintf(label, sizeof(label), "seedleaf-%s", names[i]);
		check_token(t, names[i], label, (enum sl_hierarchy)i, "");
		test_ok(!t->hidden && t->root.kind == SL_ROOT_PRIMARY && t->root.auth_file == NULL && !t->root.has_salt_name &&
		            t->generate == SL_GENERATE_DERIVED && t->edwards == SL_EDWARDS_ASKED, "%s: the rest", names[i]);
	}
	test_ok(sl_config_token(c, "null") == &c->tokens[3] && sl_config_token(c, "other") == NULL, "lookup by name");
}

static void
everything(void)
{
	static const char text[] = "tcti = swtpm:host=127.0.0.1,port=2321\n"
	                           "keys-dir = /a\n"
	                           "[token web]\n"
	                           "label = Web server \xc3\xa4\n"
	                           "root = tpm:endorsement\n"
	                           "namespace = site one\n"
	                           "authorization = file:/etc/seedleaf/auth\n"
	                           "salt-key = " NAME_HEX "\n"
	                           "generate = recall\n"
	                           "edwards = always\n"
	                           "[seedleaf]\n"
	                           "store = /srv/seedleaf\n"
	                           "keys-dir = /b\n"
	                           "log = debug\n"
	                           "log-file = /var/log/seedleaf.log\n"
	                           "[token owner]\n"
	                           "root = tpm:0x81010001\n"
	                           "hide = no\n"
	                           "[token null]\n"
	                           "hide = yes\n"
	                           "[token\tplain]\n"
	                           "root = tpm:0x81FF0001\n"
	                           "namespace =\n"
	                           "[token endorsement]\nroot = tpm:0x81010002\n"
	                           "[token platform]\nroot = tpm:0x81800002\n";
	SL_CLEANUP(sl_config_free) struct sl_config *c = NULL;
	struct sl_msg msg;
	uint8_t name[34];

	c = load(text, SL_OK, &msg);
	if (c == NULL)
		return;
	test_str(c->path, test_path("conf"), "path");
	test_str(c->tcti, "swtpm:host=127.0.0.1,port=2321", "tcti");
	test_str(c->store, "/srv/seedleaf", "store");
	test_str(c->keys_dirs[0], "/a", "keys-dir before any section");
	test_str(c->keys_dirs[1], "/b", "keys-dir in [seedleaf]");
	test_ok(c->keys_dirs[2] == NULL, "no default beside them");
	test_eq(c->log_level, SL_LOG_DEBUG, "log");
	test_str(c->log_file, "/var/log/seedleaf.log", "log-file");
	test_eq(c->n_tokens, 6, "two tokens were added");
	check_token(&c->tokens[4], "web", "Web server \xc3\xa4", SL_HIERARCHY_ENDORSEMENT, "site one");
	test_str(c->tokens[4].root.auth_file, "/etc/seedleaf/auth", "authorization");
	(void)test_hex(NAME_HEX, name, sizeof(name));
	test_mem(c->tokens[4].root.salt_name, 34, name, 34, "salt-key");
	test_ok(c->tokens[4].root.has_salt_name && c->tokens[4].generate == SL_GENERATE_RECALL &&
	            c->tokens[4].edwards == SL_EDWARDS_ALWAYS, "the words of web");
	check_token(&c->tokens[0], "owner", "seedleaf-owner", SL_HIERARCHY_OWNER, "");
	test_ok(c->tokens[0].root.kind == SL_ROOT_PERSISTENT && c->tokens[0].root.handle == 0x81010001 && !c->tokens[0].hidden,
	        "owner is persistent");
	test_ok(c->tokens[3].hidden && c->tokens[3].root.kind == SL_ROOT_PRIMARY, "null is hidden");
	check_token(&c->tokens[5], "plain", "seedleaf-plain", SL_HIERARCHY_PLATFORM, "");
	test_ok(c->tokens[5].root.kind == SL_ROOT_PERSISTENT && c->tokens[5].root.handle == 0x81ff0001, "plain is persistent");
	check_token(&c->tokens[1], "endorsement", "seedleaf-endorsement", SL_HIERARCHY_ENDORSEMENT, "");
	check_token(&c->tokens[2], "platform", "seedleaf-platform", SL_HIERARCHY_PLATFORM, "");
}

static void
added_defaults(void)
{
	SL_CLEANUP(sl_config_free) struct sl_config *c = NULL;
	struct sl_msg msg;

	c = load("[token web]\nroot = tpm:null\n[token abcdefghijklmnopqrstuvw]\nroot = tpm:owner\n", SL_OK, &msg);
	if (c == NULL)
		return;
	check_token(&c->tokens[4], "web", "seedleaf-web", SL_HIERARCHY_NULL, "web");
	check_token(&c->tokens[5], "abcdefghijklmnopqrstuvw", "seedleaf-abcdefghijklmnopqrstuvw", SL_HIERARCHY_OWNER,
	            "abcdefghijklmnopqrstuvw");
}

#define ROOTS "tpm:owner, tpm:endorsement, tpm:platform, tpm:null or tpm:0x81...... (a persistent handle)"
#define TOKEN_KEYS "label, root, hide, namespace, authorization, salt-key, generate, edwards"

static const struct {
	const char *text, *message;
} refused[] = {
	{ "colour = red\n", "1: unknown key 'colour', expected tcti, store, keys-dir, log, log-file" },
	{ "\n[seedleaf]\nlabel = x\n", "3: unknown key 'label', expected tcti, store, keys-dir, log, log-file" },
	{ "[token owner]\ntcti = x\n", "2: unknown key 'tcti', expected " TOKEN_KEYS },
	{ "[other]\n", "1: unknown section [other], expected [seedleaf] or [token NAME]" },
	{ "[token]\n", "1: unknown section [token], expected [seedleaf] or [token NAME]" },
	{ "[tokens x]\n", "1: unknown section [tokens x], expected [seedleaf] or [token NAME]" },
	{ "[token Web]\n", "1: [token Web], expected a name of 1 to 32 of a-z, 0-9 and '-'" },
	{ "[token a b]\n", "1: [token a b], expected a name of 1 to 32 of a-z, 0-9 and '-'" },
	{ "[token owner]\n[token owner]\n", "2: [token owner] begins a second time (line 1), expected it once" },
	{ "[seedleaf]\n[seedleaf]\n", "2: [seedleaf] begins a second time, expected it once" },
	{ "log = info\nlog = info\n", "2: log: given a second time, expected it once" },
	{ "tcti = a\n[seedleaf]\ntcti = b\n", "3: tcti: given a second time, expected it once" },
	{ "[token owner]\nhide = no\nhide = no\n", "3: hide: given a second time, expected it once" },
	{ "tcti =\n", "1: tcti: '', expected a TCTI such as device:/dev/tpmrm0" },
	{ "store = here\n", "1: store: 'here', expected an absolute path without '..'" },
	{ "store =\n", "1: store: '', expected an absolute path without '..'" },
	{ "store = /a/../b\n", "1: store: '/a/../b', expected an absolute path without '..'" },
	{ "store = /a/..\n", "1: store: '/a/..', expected an absolute path without '..'" },
	{ "keys-dir = keys.d\n", "1: keys-dir: 'keys.d', expected an absolute path without '..'" },
	{ "keys-dir = /a\nkeys-dir = /a\n", "2: keys-dir: '/a', expected each directory once" },
	{ "log = loud\n", "1: log: 'loud', expected off, error, info or debug" },
	{ "log-file = x\n", "1: log-file: 'x', expected an absolute path without '..'" },
	{ "[token x]\nhide = no\n", "1: [token x] has no root, expected root = tpm:..." },
	{ "[token abcdefghijklmnopqrstuvwx]\nroot = tpm:owner\n",
	  "1: [token abcdefghijklmnopqrstuvwx] has no label and seedleaf-abcdefghijklmnopqrstuvwx is longer than 32 bytes, expected "
	  "label = ..." },
	{ "[token owner]\nlabel =\n", "2: label: '', expected 1 to 32 bytes of text" },
	{ "[token owner]\nlabel = 012345678901234567890123456789012\n",
	  "2: label: '012345678901234567890123456789012', expected 1 to 32 bytes of text" },
	{ "[token owner]\nlabel = seedleaf-null\n",
	  "1: [token owner] has the label 'seedleaf-null' of token null, expected another" },
	{ "[token owner]\nlabel = seedleaf-b\n\n[token b]\nroot = tpm:owner\n",
	  "4: [token b] has the label 'seedleaf-b' of token owner, expected another" },
	{ "[token owner]\nhide = true\n", "2: hide: 'true', expected no or yes" },
	{ "[token x]\nroot = owner\n", "2: root: 'owner', expected " ROOTS },
	{ "[token x]\nroot = tpm:\n", "2: root: 'tpm:', expected " ROOTS },
	{ "[token x]\nroot = tpm:Owner\n", "2: root: 'tpm:Owner', expected " ROOTS },
	{ "[token x]\nroot = tpm:0x80000001\n", "2: root: 'tpm:0x80000001', expected " ROOTS },
	{ "[token x]\nroot = tpm:0x8101\n", "2: root: 'tpm:0x8101', expected " ROOTS },
	{ "[token x]\nroot = tpm:0x810100011\n", "2: root: 'tpm:0x810100011', expected " ROOTS },
	{ "[token x]\nroot = tpm:81010001\n", "2: root: 'tpm:81010001', expected " ROOTS },
	{ "[token x]\nroot = keyring:trusted:x\n", "2: root: 'keyring:trusted:x', expected " ROOTS },
	{ "[token owner]\nroot = tpm:platform\n",
	  "2: root: 'tpm:platform', expected tpm:owner or a persistent handle: this token's hierarchy is built in" },
	{ "[token null]\nroot = tpm:owner\n", "2: root: 'tpm:owner', expected tpm:null: this token's hierarchy is built in" },
	{ "[token null]\nroot = tpm:0x81010001\n",
	  "2: root: 'tpm:0x81010001', expected tpm:null: nothing of the null hierarchy can be made persistent" },
	{ "[token owner]\nroot = tpm:0x81800000\n", "2: root: 'tpm:0x81800000', expected an owner's handle, below 0x81800000" },
	{ "[token platform]\nroot = tpm:0x817fffff\n",
	  "2: root: 'tpm:0x817fffff', expected a platform handle, 0x81800000 or above" },
	{ "[token owner]\nauthorization = secret\n", "2: authorization: 'secret', expected file:/absolute/path" },
	{ "[token owner]\nauthorization = file:auth\n", "2: authorization: 'file:auth', expected file:/absolute/path" },
	{ "[token owner]\nsalt-key = 000b00\n", "2: salt-key: '000b00', expected a Name: 68 hex digits that begin with 000b" },
	{ "[token owner]\nsalt-key = " NAME_HEX "00\n",
	  "2: salt-key: '" NAME_HEX "00', expected a Name: 68 hex digits that begin with 000b" },
	{ "[token owner]\nsalt-key = 000c000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
	  "2: salt-key: '000c000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', expected a Name: 68 hex digits "
	  "that begin with 000b" },
	{ "[token owner]\ngenerate = sealed\n", "2: generate: 'sealed', expected derived or recall" },
	{ "[token owner]\nedwards = never\n", "2: edwards: 'never', expected asked or always" },
	{ "[token owner]\nnamespace = " LONG_255 "x\n",
	  "2: namespace: '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'..., expected at most 255 "
	  "bytes of text" },
	{ "what\n", "1: 'what', expected KEY = VALUE, [section] or a comment" },
};

static void
refusals(void)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(refused); i++) {
		SL_CLEANUP(sl_config_free) struct sl_config *c = NULL;
		struct sl_msg msg;
		char want[600];

		c = load(refused[i].text, SL_ERR_FORMAT, &msg);
		(void)snprintf(want, sizeof(want), "%s:%s", test_path("conf"), refused[i].message);
		test_str(msg.text, want, "message of case %zu", i);
		test_ok(c == NULL, "case %zu gives no configuration", i);
	}
}

static void
limits(void)
{
	SL_CLEANUP(sl_config_free) struct sl_config *c = NULL;
	struct sl_msg msg;
	char text[8192] = "";
	size_t used = 0;

	c = load("[token owner]\nlabel = 01234567890123456789012345678901\nnamespace = " LONG_255 "\n", SL_OK, &msg);
	sl_config_free(&c);
	for (unsigned i = 0; i < 60; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "[token t%u]\nroot = tpm:owner\n", i);
	c = load(text, SL_OK, &msg);
	test_ok(c != NULL && c->n_tokens == 64, "64 tokens");
	sl_config_free(&c);
	(void)snprintf(text + used, sizeof(text) - used, "[token more]\nroot = tpm:owner\n");
	c = load(text, SL_ERR_FORMAT, &msg);
	test_ok(strstr(msg.text, ":121: too many tokens, expected at most 64") != NULL, "65 tokens: %s", msg.text);
	used = 0;
	for (unsigned i = 0; i < 17; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "keys-dir = /d%u\n", i);
	c = load(text, SL_ERR_FORMAT, &msg);
	test_ok(strstr(msg.text, ":17: keys-dir: '/d16', expected at most 16 directories") != NULL, "17 directories: %s", msg.text);
	text[used - strlen("keys-dir = /d16\n")] = '\0';
	c = load(text, SL_OK, &msg);
}

static void
set(const char *name, const char *value)
{
	if ((value == NULL ? unsetenv(name) : setenv(name, value, 1)) != 0)
		test_bail("cannot set %s", name);
}

static struct sl_config *
load_environment(enum sl_err want, const char *what, struct sl_msg *msg)
{
	struct sl_config *config = NULL;

	*msg = (struct sl_msg){ "" };
	test_eq(sl_config_load(&config, msg), want, "%s %s", what, msg->text);
	return config;
}

static void
environment(void)
{
	static const char text[] = "tcti = one\nstore = /one\nlog = off\n";
	SL_CLEANUP(sl_config_free) struct sl_config *c = NULL;
	struct sl_msg msg;

	set("SEEDLEAF_CONF", test_file("env", text, strlen(text), 0644));
	c = load_environment(SL_OK, "SEEDLEAF_CONF", &msg);
	test_ok(c != NULL && strcmp(c->tcti, "one") == 0 && strcmp(c->store, "/one") == 0 && c->log_level == SL_LOG_OFF, "the file");
	sl_config_free(&c);
	set("SEEDLEAF_TCTI", "two");
	set("SEEDLEAF_STORE", "/two");
	set("SEEDLEAF_LOG", "info");
	c = load_environment(SL_OK, "all variables", &msg);
	test_ok(c != NULL && strcmp(c->tcti, "two") == 0 && strcmp(c->store, "/two") == 0 && c->log_level == SL_LOG_INFO,
	        "the environment overrides");
	sl_config_free(&c);
	set("SEEDLEAF_TCTI", "");
	set("SEEDLEAF_STORE", "");
	set("SEEDLEAF_LOG", "");
	c = load_environment(SL_OK, "empty variables", &msg);
	test_ok(c != NULL && strcmp(c->tcti, "one") == 0 && strcmp(c->store, "/one") == 0, "empty is not set");
	sl_config_free(&c);
	set("SEEDLEAF_LOG", "loud");
	c = load_environment(SL_ERR_FORMAT, "bad SEEDLEAF_LOG", &msg);
	test_str(msg.text, "SEEDLEAF_LOG: 'loud', expected off, error, info or debug", "bad SEEDLEAF_LOG: message");
	set("SEEDLEAF_LOG", NULL);
	set("SEEDLEAF_STORE", "relative");
	c = load_environment(SL_ERR_FORMAT, "bad SEEDLEAF_STORE", &msg);
	test_str(msg.text, "SEEDLEAF_STORE: 'relative', expected an absolute path", "bad SEEDLEAF_STORE: message");
	set("SEEDLEAF_STORE", NULL);
	set("SEEDLEAF_CONF", test_path("missing"));
	c = load_environment(SL_ERR_NOT_FOUND, "a named file that is missing", &msg);
	test_ok(strstr(msg.text, "missing") != NULL, "its message names it");
	set("SEEDLEAF_CONF", test_file("env", text, strlen(text), 0666));
	c = load_environment(SL_ERR_ACCESS, "a named file that others can write", &msg);
	set("SEEDLEAF_CONF", NULL);
	if (access(SL_SYSCONFDIR "/seedleaf/seedleaf.conf", F_OK) == 0) {
		test_skip("this machine has a configuration", "a missing default file is fine");
	} else {
		c = load_environment(SL_OK, "a missing default file", &msg);
		test_ok(c != NULL && c->path == NULL, "a missing default file is fine");
	}
}

/* The default store of another user; run in a child, since we cannot come back. */
static void
check_store(const char *data, const char *home, const char *want, const char *what)
{
	SL_CLEANUP(sl_config_free) struct sl_config *c = NULL;
	struct sl_msg msg;

	set("XDG_DATA_HOME", data);
	set("HOME", home);
	if (sl_config_load_file(NULL, &c, &msg) != SL_OK)
		test_bail("defaults: %s", msg.text);
	test_str(c->store, want, "store: %s", what);
}

static void
stores(void)
{
	if (geteuid() == 0)
		check_store("/data", "/home/x", SL_LOCALSTATEDIR "/lib/seedleaf", "root's");
	/* A uid that no passwd entry has; root may become it, others stay what they are. */
	if (geteuid() == 0 && setresuid(3999999999U, 3999999999U, 0) != 0)
		test_bail("cannot become another user");
	check_store("/data", "/home/x", "/data/seedleaf", "XDG_DATA_HOME");
	check_store("data", "/home/x", "/home/x/.local/share/seedleaf", "a relative XDG_DATA_HOME is ignored");
	check_store(NULL, "/home/x", "/home/x/.local/share/seedleaf", "HOME");
	if (geteuid() == 3999999999U)
		check_store(NULL, NULL, SL_LOCALSTATEDIR "/lib/seedleaf", "no home at all");
	if (getuid() != geteuid() || geteuid() == 3999999999U)
		(void)!setresuid(0, 0, 0);
}

int
main(void)
{
	defaults();
	everything();
	added_defaults();
	refusals();
	limits();
	environment();
	stores();
	return test_done();
}
