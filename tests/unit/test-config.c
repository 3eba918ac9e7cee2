/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/config.h"
#include "config/policy.h"
#include "lib/files.h"
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_HEX "000b000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define WANTED "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define LONG_255 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
                 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
                 LONG_63
#define LONG_63 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define LONG_252 LONG_63 LONG_63 LONG_63 LONG_63

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
	test_eq(c->core_dumps, SL_CORE_DUMPS_LEAVE, "core-dumps");
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
	                           "core-dumps = off\n"
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
	test_eq(c->core_dumps, SL_CORE_DUMPS_OFF, "core-dumps");
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

static void
policies(void)
{
	static const char text[] = "[token owner]\npolicy = pcr:sha256:11,7,0,23\npin-store = nv:0x01fffffe\ngenerate = sealed\n"
	                           "login = explicit\n"
	                           "[token null]\npolicy = pcr:sha1:0\n"
	                           "[token endorsement]\npolicy = pcr:sha512:7=" WANTED "\npin-store = nv:0x01000000\nlogin = required\n"
	                           "[token a]\npolicy-signatures = /s1\npolicy = authorize:/etc/a key.pem ,  x, y z\nroot = tpm:owner\n"
	                           "policy-signatures = /s2\npin-store = nv:0x01000002\n"
	                           "[token b]\nroot = tpm:owner\npolicy = authorize:/b.pem\n";
	SL_CLEANUP(sl_config_free) struct sl_config *c = NULL;
	const struct sl_policy_spec *p;
	struct sl_msg msg;
	uint8_t wanted[32];

	c = load(text, SL_OK, &msg);
	if (c == NULL)
		return;
	p = &c->tokens[0].root.policy;
	test_ok(p->kind == SL_POLICY_PCR && p->bank == SL_PCR_SHA256 && p->pcrs == 0x800881 && !p->has_digest && p->signatures == NULL,
	        "owner: PCRs of now");
	test_ok(c->tokens[0].pin_store == 0x01fffffe && c->tokens[0].generate == SL_GENERATE_SEALED &&
	            c->tokens[0].login == SL_LOGIN_EXPLICIT, "owner: the rest");
	p = &c->tokens[1].root.policy;
	(void)test_hex(WANTED, wanted, sizeof(wanted));
	test_ok(p->kind == SL_POLICY_PCR && p->bank == SL_PCR_SHA512 && p->pcrs == 0x80 && p->has_digest, "endorsement: a stated digest");
	test_mem(p->digest, 32, wanted, 32, "endorsement: the digest");
	test_ok(c->tokens[1].pin_store == 0x01000000 && c->tokens[1].login == SL_LOGIN_REQUIRED, "endorsement: the rest");
	test_ok(c->tokens[2].root.policy.kind == SL_POLICY_NONE && c->tokens[2].pin_store == 0, "platform: nothing");
	p = &c->tokens[3].root.policy;
	test_ok(p->kind == SL_POLICY_PCR && p->bank == SL_PCR_SHA1 && p->pcrs == 1, "null: PCR 0");
	p = &c->tokens[4].root.policy;
	test_eq(p->kind, SL_POLICY_AUTHORIZE, "a: authorize");
	test_str(p->key_file, "/etc/a key.pem", "a: key");
	test_mem(p->ref, p->ref_len, "x, y z", 6, "a: ref");
	test_ok(p->signatures != NULL && strcmp(p->signatures[0], "/s1") == 0 && strcmp(p->signatures[1], "/s2") == 0 &&
	            p->signatures[2] == NULL, "a: signatures in order");
	p = &c->tokens[5].root.policy;
	test_ok(p->kind == SL_POLICY_AUTHORIZE && p->ref_len == 0 && p->signatures == NULL, "b: no ref, the default places");
	test_str(p->key_file, "/b.pem", "b: key");
}

static void
keyrings(void)
{
	static const char text[] = "[token t]\nroot = keyring:trusted:seedleaf\n"
	                           "[token e]\nroot = keyring:encrypted:a:b\nnamespace = n\nlogin = explicit\ngenerate = recall\n"
	                           "[token u]\nroot = keyring:user:~!/" LONG_252 "\n"
	                           "[token web]\nroot = keyring:seedleaf\n"
	                           "[token other]\nroot = keyring:seedleaf:owner\n";
	static const struct {
		enum sl_root_kind kind;
		const char *type, *name, *space;
	} want[] = {
		{ SL_ROOT_KEYRING, "trusted", "seedleaf", "t" },
		{ SL_ROOT_KEYRING, "encrypted", "a:b", "n" },
		{ SL_ROOT_KEYRING, "user", "~!/" LONG_252, "u" },
		{ SL_ROOT_UPCALL, "", "web", "web" },
		{ SL_ROOT_UPCALL, "", "owner", "other" },
	};
	SL_CLEANUP(sl_config_free) struct sl_config *c = NULL;
	struct sl_msg msg;

	c = load(text, SL_OK, &msg);
	for (size_t i = 0; c != NULL && i < SL_ARRAY_LEN(want); i++) {
		const struct sl_root_spec *root = &c->tokens[4 + i].root;

		test_eq(root->kind, want[i].kind, "keyring %zu: kind", i);
		test_str(root->key_type == NULL ? "" : root->key_type, want[i].type, "keyring %zu: type", i);
		test_str(root->key_name, want[i].name, "keyring %zu: name", i);
		test_str(root->name_space, want[i].space, "keyring %zu: namespace", i);
	}
}

static void
upcalls(void)
{
	static const char text[] = "[token owner]\nbinders = uid\nlogin-cache = 600\n[token a]\nroot = tpm:null\nbinders =  lsm\tuid csum unit  path \nupcall-timeout = 86400\n"
	                           "[token b]\nroot = keyring:seedleaf\nupcall-cache = yes\n[token c]\nroot = keyring:seedleaf:a\nupcall-cache = no\n";
	SL_CLEANUP(sl_config_free) struct sl_config *c = NULL;
	struct sl_msg msg;

	c = load(text, SL_OK, &msg);
	if (c == NULL)
		return;
	test_eq(c->tokens[0].upcall.binders, SL_BINDER_UID, "binders = uid");
	test_eq(c->tokens[0].upcall.timeout, 60, "for a minute");
	test_eq(c->tokens[1].upcall.binders, 0, "a token without binders answers nobody");
	test_eq(c->tokens[4].upcall.binders, 31, "all binders, in any order");
	test_eq(c->tokens[4].upcall.timeout, 86400, "for a day");
	test_eq(c->tokens[0].login_cache, 600, "login-cache");
	test_eq(c->tokens[1].login_cache, 0, "which is off");
	test_ok(!c->tokens[4].root.cache && c->tokens[5].root.cache && !c->tokens[6].root.cache, "upcall-cache");
}

static void
selections(void)
{
	enum sl_pcr_bank bank = SL_PCR_SHA512;
	char list[SL_POLICY_LIST_MAX];
	uint32_t pcrs = 5;

	test_ok(!sl_policy_pcrs("", &pcrs) && !sl_policy_pcrs("1 ", &pcrs) && !sl_policy_pcrs("-1", &pcrs) && pcrs == 5, "no lists");
	test_ok(!sl_policy_selection("sha256:7=", 9, &bank, &pcrs) && !sl_policy_selection(":7", 2, &bank, &pcrs) &&
	            bank == SL_PCR_SHA512 && pcrs == 5, "no selections");
	test_ok(sl_policy_selection("sha384:7,11x", 11, &bank, &pcrs) && bank == SL_PCR_SHA384 && pcrs == 0x880, "sha384:7,11");
	sl_policy_list(pcrs, list);
	test_str(list, "7,11", "and back");
	sl_policy_list(0xffffff, list);
	test_str(list, "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23", "all of them");
	test_ok(sl_policy_pcrs(list, &pcrs) && pcrs == 0xffffff, "and back");
}

#define ROOTS "tpm:owner, tpm:endorsement, tpm:platform, tpm:null, tpm:0x81...... (a persistent handle), keyring:TYPE:NAME or " \
              "keyring:seedleaf[:TOKEN]"
#define KEYRINGS "keyring:TYPE:NAME, TYPE one of trusted, encrypted, user and NAME 1 to 255 printable characters of ASCII without blanks, or " \
                 "keyring:seedleaf[:TOKEN]"
#define BINDERS "expected uid and what else of path, csum, unit and lsm is wanted, each once, with blanks between them"
#define KEPT ", expected none: its root is kept by the kernel, not by a TPM"
#define TOKEN_KEYS "label, root, hide, namespace, authorization, salt-key, generate, login, pin-store, login-cache, policy, policy-signatures, edwards, binders, upcall-timeout, upcall-cache"
#define PCRS "pcr:BANK:LIST, BANK one of sha1, sha256, sha384, sha512 and LIST numbers from 0 to 23, each once, with commas between them"
#define POLICIES "pcr:BANK:LIST[=HEX] or authorize:/absolute/path.pem[, REF]"
#define NVS "nv:0x01...... (an NV index from 0x01000000 to 0x01fffffe)"

static const struct {
	const char *text, *message;
} refused[] = {
	{ "colour = red\n", "1: unknown key 'colour', expected tcti, store, keys-dir, log, log-file, core-dumps" },
	{ "\n[seedleaf]\nlabel = x\n", "3: unknown key 'label', expected tcti, store, keys-dir, log, log-file, core-dumps" },
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
	{ "core-dumps = no\n", "1: core-dumps: 'no', expected leave or off" },
	{ "log-file = x\n", "1: log-file: 'x', expected an absolute path without '..'" },
	{ "[token x]\nhide = no\n", "1: [token x] has no root, expected root = tpm:... or root = keyring:..." },
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
	{ "[token x]\nroot = keyring\n", "2: root: 'keyring', expected " ROOTS },
	{ "[token x]\nroot = keyring:\n", "2: root: 'keyring:', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:x\n", "2: root: 'keyring:x', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:trusted\n", "2: root: 'keyring:trusted', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:trusted:\n", "2: root: 'keyring:trusted:', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:trustedx:x\n", "2: root: 'keyring:trustedx:x', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:Trusted:x\n", "2: root: 'keyring:Trusted:x', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:logon:a:b\n", "2: root: 'keyring:logon:a:b', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:user:a b\n", "2: root: 'keyring:user:a b', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:user:\xc3\xa4\n", "2: root: 'keyring:user:\xc3\xa4', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:user:x" LONG_255 "\n",
	  "2: root: 'keyring:user:x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01'..., expected " KEYRINGS },
	{ "[token x]\nroot = keyring:seedleaf:\n", "2: root: 'keyring:seedleaf:', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:seedleafy\n", "2: root: 'keyring:seedleafy', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:seedleaf:Web\n", "2: root: 'keyring:seedleaf:Web', expected " KEYRINGS },
	{ "[token x]\nroot = keyring:seedleaf:a:b\n", "2: root: 'keyring:seedleaf:a:b', expected " KEYRINGS },
	{ "[token owner]\nbinders = \n", "2: binders: '', " BINDERS },
	{ "[token owner]\nbinders = path\n", "2: binders: 'path', " BINDERS },
	{ "[token owner]\nbinders = uid gid\n", "2: binders: 'uid gid', " BINDERS },
	{ "[token owner]\nbinders = uid,path\n", "2: binders: 'uid,path', " BINDERS },
	{ "[token owner]\nbinders = uid uid\n", "2: binders: 'uid uid', " BINDERS },
	{ "[token owner]\nbinders = uid\nupcall-timeout = 0\n", "3: upcall-timeout: '0', expected seconds, 1 to 86400" },
	{ "[token owner]\nbinders = uid\nupcall-timeout = 86401\n", "3: upcall-timeout: '86401', expected seconds, 1 to 86400" },
	{ "[token owner]\nbinders = uid\nupcall-timeout = 1m\n", "3: upcall-timeout: '1m', expected seconds, 1 to 86400" },
	{ "[token owner]\nupcall-timeout = 5\n", "1: [token owner] has upcall-timeout, expected binders beside it" },
	{ "[token x]\nroot = keyring:seedleaf\nbinders = uid\n", "1: [token x] has binders, expected a root in a TPM: only from those requests are answered" },
	{ "[token x]\nroot = keyring:user:x\nbinders = uid\n", "1: [token x] has binders, expected a root in a TPM: only from those requests are answered" },
	{ "[token owner]\nlogin-cache = 0\n", "2: login-cache: '0', expected seconds, 1 to 86400" },
	{ "[token owner]\nlogin-cache = 5\npin-store = nv:0x01800000\n", "1: [token owner] has login-cache, expected PINs in the store and a root in a TPM" },
	{ "[token owner]\nlogin-cache = 5\npolicy = pcr:sha256:7\n", "1: [token owner] has login-cache, expected no policy beside it" },
	{ "[token x]\nroot = keyring:seedleaf\nlogin-cache = 5\n", "1: [token x] has login-cache, expected PINs in the store and a root in a TPM" },
	{ "[token x]\nroot = tpm:owner\nupcall-cache = yes\n", "1: [token x] has upcall-cache, expected root = keyring:seedleaf beside it" },
	{ "[token x]\nroot = keyring:seedleaf\nupcall-cache = 5\n", "3: upcall-cache: '5', expected no or yes" },
	{ "[token owner]\nroot = keyring:user:x\n",
	  "2: root: 'keyring:user:x', expected tpm:owner or a persistent handle: this token's hierarchy is built in" },
	{ "[token null]\nroot = keyring:seedleaf\n", "2: root: 'keyring:seedleaf', expected tpm:null: this token's hierarchy is built in" },
	{ "[token x]\nroot = keyring:user:x\npolicy = pcr:sha256:7\n", "1: [token x] has policy" KEPT },
	{ "[token x]\npin-store = nv:0x01000000\nroot = keyring:user:x\n", "1: [token x] has pin-store" KEPT },
	{ "[token x]\nroot = keyring:encrypted:x\nauthorization = file:/a\n", "1: [token x] has authorization" KEPT },
	{ "[token x]\nroot = keyring:trusted:x\nsalt-key = " NAME_HEX "\n", "1: [token x] has salt-key" KEPT },
	{ "[token x]\nroot = keyring:seedleaf\npolicy = authorize:/a.pem\n", "1: [token x] has policy" KEPT },
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
	{ "[token owner]\ngenerate = Sealed\n", "2: generate: 'Sealed', expected derived, recall or sealed" },
	{ "[token owner]\nlogin = never\n", "2: login: 'never', expected required or explicit" },
	{ "[token owner]\npin-store = 0x01500000\n", "2: pin-store: '0x01500000', expected " NVS },
	{ "[token owner]\npin-store = nv:0x02000000\n", "2: pin-store: 'nv:0x02000000', expected " NVS },
	{ "[token owner]\npin-store = nv:0x00ffffff\n", "2: pin-store: 'nv:0x00ffffff', expected " NVS },
	{ "[token owner]\npin-store = nv:0x01ffffff\n", "2: pin-store: 'nv:0x01ffffff', expected " NVS },
	{ "[token owner]\npin-store = nv:0x1500000\n", "2: pin-store: 'nv:0x1500000', expected " NVS },
	{ "[token owner]\npin-store = nv:\n", "2: pin-store: 'nv:', expected " NVS },
	{ "[token null]\npin-store = nv:0x01500000\n",
	  "1: [token null] has a pin-store in NV, expected none: NV outlives the null hierarchy's keys" },
	{ "[token a]\npin-store = nv:0x01500000\nroot = tpm:null\n",
	  "1: [token a] has a pin-store in NV, expected none: NV outlives the null hierarchy's keys" },
	{ "[token owner]\npin-store = nv:0x01500001\n[token a]\nroot = tpm:owner\npin-store = nv:0x01500000\n",
	  "1: [token owner] and token a have pin-stores at 0x01500001 and 0x01500000, expected different indices: each token takes two, "
	  "that one and the next" },
	{ "[token owner]\npin-store = nv:0x01500000\n[token a]\nroot = tpm:owner\npin-store = nv:0x01500000\n",
	  "1: [token owner] and token a have pin-stores at 0x01500000 and 0x01500000, expected different indices: each token takes two, "
	  "that one and the next" },
	{ "[token owner]\npin-store = nv:0x01500000\n[token a]\nroot = tpm:owner\npin-store = nv:0x01500001\n",
	  "1: [token owner] and token a have pin-stores at 0x01500000 and 0x01500001, expected different indices: each token takes two, "
	  "that one and the next" },
	{ "[token owner]\npolicy =\n", "2: policy: '', expected " POLICIES },
	{ "[token owner]\npolicy = sha256:7\n", "2: policy: 'sha256:7', expected " POLICIES },
	{ "[token owner]\npolicy = pcr:\n", "2: policy: 'pcr:', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha256\n", "2: policy: 'pcr:sha256', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha256:\n", "2: policy: 'pcr:sha256:', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha3:7\n", "2: policy: 'pcr:sha3:7', expected " PCRS },
	{ "[token owner]\npolicy = pcr:SHA256:7\n", "2: policy: 'pcr:SHA256:7', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha256:24\n", "2: policy: 'pcr:sha256:24', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha256:7,7\n", "2: policy: 'pcr:sha256:7,7', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha256:7,\n", "2: policy: 'pcr:sha256:7,', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha256:,7\n", "2: policy: 'pcr:sha256:,7', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha256:7, 11\n", "2: policy: 'pcr:sha256:7, 11', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha256:07\n", "2: policy: 'pcr:sha256:07', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha256:7=\n", "2: policy: 'pcr:sha256:7=', expected 64 hex digits after the '='" },
	{ "[token owner]\npolicy = pcr:sha256:7=00\n", "2: policy: 'pcr:sha256:7=00', expected 64 hex digits after the '='" },
	{ "[token owner]\npolicy = pcr:sha256:=" NAME_HEX "\n",
	  "2: policy: 'pcr:sha256:=000b000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', expected " PCRS },
	{ "[token owner]\npolicy = pcr:sha256:7=" NAME_HEX "\n",
	  "2: policy: 'pcr:sha256:7=000b000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1'..., expected 64 hex digits after the '='" },
	{ "[token owner]\npolicy = authorize:key.pem\n", "2: policy: 'authorize:key.pem', expected an absolute path without '..'" },
	{ "[token owner]\npolicy = authorize:\n", "2: policy: 'authorize:', expected an absolute path without '..'" },
	{ "[token owner]\npolicy = authorize:, ref\n", "2: policy: 'authorize:, ref', expected an absolute path without '..'" },
	{ "[token owner]\npolicy = authorize:/a.pem,\n", "2: policy: 'authorize:/a.pem,', expected 1 to 64 bytes of text after the ','" },
	{ "[token owner]\npolicy = authorize:/a.pem, 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0\n",
	  "2: policy: 'authorize:/a.pem, 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd'..., expected 1 to 64 bytes of text "
	  "after the ','" },
	{ "[token owner]\npolicy = pcr:sha256:7\npolicy = pcr:sha256:8\n", "3: policy: given a second time, expected it once" },
	{ "[token owner]\npolicy-signatures = /a\n",
	  "1: [token owner] has policy-signatures, expected policy = authorize:... beside them" },
	{ "[token owner]\npolicy = pcr:sha256:7\npolicy-signatures = /a\n",
	  "1: [token owner] has policy-signatures, expected policy = authorize:... beside them" },
	{ "[token owner]\npolicy-signatures = a\n", "2: policy-signatures: 'a', expected an absolute path without '..'" },
	{ "[token owner]\npolicy-signatures = /a\npolicy-signatures = /a\n", "3: policy-signatures: '/a', expected each path once" },
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
	test_ok(c != NULL && c->login == NULL, "SEEDLEAF_LOGIN is not set");
	sl_config_free(&c);
	set("SEEDLEAF_LOGIN", "owner,null");
	c = load_environment(SL_OK, "SEEDLEAF_LOGIN", &msg);
	test_str(c != NULL ? c->login : NULL, "owner,null", "SEEDLEAF_LOGIN names tokens");
	sl_config_free(&c);
	set("SEEDLEAF_LOGIN", "*");
	c = load_environment(SL_OK, "SEEDLEAF_LOGIN=*", &msg);
	test_str(c != NULL ? c->login : NULL, "*", "SEEDLEAF_LOGIN names all");
	sl_config_free(&c);
	set("SEEDLEAF_LOGIN", "owner,nobody");
	c = load_environment(SL_ERR_FORMAT, "SEEDLEAF_LOGIN with an unknown name", &msg);
	test_str(msg.text, "SEEDLEAF_LOGIN: 'owner,nobody', expected '*' or names of tokens with commas between them", "its message");
	set("SEEDLEAF_LOGIN", "owner,");
	c = load_environment(SL_ERR_FORMAT, "SEEDLEAF_LOGIN with an empty name", &msg);
	set("SEEDLEAF_LOGIN", "");
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
	policies();
	keyrings();
	upcalls();
	selections();
	refusals();
	limits();
	environment();
	stores();
	return test_done();
}
