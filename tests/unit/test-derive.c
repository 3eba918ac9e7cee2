/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "base/log.h"
#include "crypto/mac.h"
#include "derive/context.h"
#include "derive/expand.h"
#include "lib/test.h"
#include "token/root_key.h"

#include <string.h>
#include <time.h>

#define FILE_MAX ((size_t)1 << 20)
#define TEXT_MAX 2048

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One line of doc/derivation-vectors.json is one key; its strings have no escapes. */
static bool
field(const char *line, const char *key, char *ret)
{
	char quoted[64];
	const char *at;
	size_t len;

	(void)snprintf(quoted, sizeof(quoted), "\"%s\": ", key);
	at = strstr(line, quoted);
	if (at == NULL)
		return false;
	at += strlen(quoted);
	at += *at == '"';
	len = strcspn(at, "\",}");
	if (len >= TEXT_MAX)
		test_bail("a vector's %s is too long", key);
	memcpy(ret, at, len);
	ret[len] = '\0';
	return true;
}

static size_t
hex_field(const char *line, const char *key, uint8_t *ret, size_t room)
{
	char text[TEXT_MAX];

	return field(line, key, text) ? test_hex(text, ret, room) : 0;
}

static uint32_t
number_field(const char *line, const char *key)
{
	char text[TEXT_MAX];

	return field(line, key, text) ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

struct row {
	char name[TEXT_MAX];
	char type[TEXT_MAX];
	uint8_t salt[32];
	uint8_t token_secret[32];
	char binder_text[TEXT_MAX];
	struct sl_binder binders[SL_BINDERS_MAX];
	struct sl_keyid id;
};

/* "binders": ["kind=value", ...] */
static size_t
binders(const char *line, struct row *row)
{
	const char *at = strstr(line, "\"binders\": [");
	size_t n = 0;
	char *save = NULL;

	if (at == NULL)
		return 0;
	at += strlen("\"binders\": [");
	(void)snprintf(row->binder_text, TEXT_MAX, "%.*s", (int)strcspn(at, "]"), at);
	for (char *b = strtok_r(row->binder_text, "\", ", &save); b != NULL; b = strtok_r(NULL, "\", ", &save)) {
		char *eq = strchr(b, '=');

		if (eq == NULL || n == SL_BINDERS_MAX)
			test_bail("a vector's binder");
		*eq = '\0';
		row->binders[n++] = (struct sl_binder){ b, eq + 1 };
	}
	return n;
}

static void
row_read(const char *line, struct row *row)
{
	if (!field(line, "name", row->name) || !field(line, "type", row->type))
		test_bail("a vector has no name");
	row->id = (struct sl_keyid){ .name = row->name, .type = row->type, .version = number_field(line, "version"),
		                     .binders = row->binders, .n_binders = binders(line, row) };
	if (hex_field(line, "salt", row->salt, 32) == 32)
		row->id.salt = row->salt;
	if (hex_field(line, "token_secret", row->token_secret, 32) == 32)
		row->id.token_secret = row->token_secret;
}

static void
same_part(const struct sl_key *key, enum sl_key_part part, const char *line, const char *json, const char *what)
{
	uint8_t want[1024];
	const size_t want_len = hex_field(line, json, want, sizeof(want));
	SL_SECRET got = { 0 };

	if (want_len == 0) {
		test_eq(sl_key_part(key, part, &got), SL_ERR_NOT_FOUND, "%s: no %s", what, json);
		return;
	}
	test_eq(sl_key_part(key, part, &got), SL_OK, "%s: has a %s", what, json);
	test_mem(got.bytes, got.len, want, want_len, "%s: %s", what, json);
}

/* The same again with what a store would know: by hints where there are some, and never another key. */
static void
with_known(const char *line, const uint8_t *secret, const struct sl_keytype *type, struct sl_rsa_hints hints)
{
	uint8_t spki[1024];
	struct sl_known known = { spki, hex_field(line, "spki", spki, sizeof(spki)), hints };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *none = NULL;
	struct sl_rsa_hints got = { 1, 1 };
	const double start = now();

	test_eq(sl_expand(secret, type, &known, &key, &got), SL_OK, "%s with its public key on record", type->name);
	if (hints.p != 0)
		test_note("%s by its hints: %.4f s", type->name, now() - start);
	test_ok(got.p == hints.p && got.q == hints.q, "%s: the hints are the same", type->name);
	spki[known.spki_len - 1] ^= 1;
	if (type->size < 4096) /* for a search takes its time */
		test_eq(sl_expand(secret, type, &known, &none, &got), SL_ERR_MISMATCH, "%s is not another key",
		        type->name);
	test_ok(none == NULL, "%s: a failure leaves the output alone", type->name);
}

static void
one_key(const char *line, const uint8_t root[32])
{
	static struct row row;
	uint8_t ctx[32];
	uint8_t secret[32];
	uint8_t want[32];
	struct sl_keytype type;
	struct sl_rsa_hints hints = { 9, 9 };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	double start;

	memset(&row, 0, sizeof(row));
	row_read(line, &row);
	test_eq(sl_keytype_parse(row.type, &type, NULL), SL_OK, "%s \"%.40s\"", row.type, row.name);
	if (sl_context(&row.id, ctx) != SL_OK)
		test_bail("no context for %s", row.name);
	test_mem(ctx, 32, want, hex_field(line, "context", want, 32), "%s: context", row.type);
	if (sl_context_index(&row.id, ctx) != SL_OK)
		test_bail("no index for %s", row.name);
	test_mem(ctx, 32, want, hex_field(line, "index", want, 32), "%s: index", row.type);
	if (sl_context(&row.id, ctx) != SL_OK ||
	    sl_hmac(SL_HASH_SHA256, root, 32, &(const struct sl_part){ ctx, 32 }, 1, secret) != SL_OK)
		test_bail("no secret for %s", row.name);
	test_mem(secret, 32, want, hex_field(line, "secret", want, 32), "%s: root secret", row.type);
	start = now();
	if (!test_eq(sl_expand(secret, &type, NULL, &key, &hints), SL_OK, "%s: expanded", row.type))
		return;
	test_note("%s: %.4f s", row.type, now() - start);
	same_part(key, SL_PART_SECRET, line, "value", row.type);
	same_part(key, SL_PART_SPKI, line, "spki", row.type);
	test_ok(hints.p == number_field(line, "hint_p") &&
	        hints.q == number_field(line, "hint_q"), "%s: hints", row.type);
	if (sl_keytype_is_pair(&type))
		with_known(line, secret, &type, hints);
}

/* The root as a PKCS#11 key: on a token with PINs the token secret is the last part. */
static void
one_root(const char *line, const uint8_t root[32])
{
	char label[TEXT_MAX];
	char text[TEXT_MAX];
	uint8_t bytes[8][64];
	uint8_t got[SL_HASH_MAX];
	uint8_t secret[32];
	uint8_t want[32];
	struct sl_part parts[8];
	SL_SECRET token_secret = { 0 };
	const char *at = strstr(line, "\"parts\": [");
	char *save = NULL;
	size_t n = 0;

	if (!field(line, "label", label) || at == NULL)
		test_bail("a root's vector");
	at += strlen("\"parts\": [");
	(void)snprintf(text, sizeof(text), "%.*s", (int)strcspn(at, "]"), at);
	for (char *p = strtok_r(text, "\", ", &save); p != NULL && n < 8; p = strtok_r(NULL, "\", ", &save), n++)
		parts[n] = (struct sl_part){ bytes[n], test_hex(p, bytes[n], sizeof(bytes[n])) };
	if (hex_field(line, "token_secret", want, 32) == 32 && sl_secret_copy(&token_secret, want, 32) != SL_OK)
		test_bail("out of memory");
	test_eq(sl_root_key_context(label, parts, n, &token_secret, got), SL_OK, "%s", label);
	test_mem(got, 32, want, hex_field(line, "context", want, 32), "%s: context", label);
	if (sl_hmac(SL_HASH_SHA256, root, 32, &(const struct sl_part){ got, 32 }, 1, secret) != SL_OK)
		test_bail("HMAC");
	test_mem(secret, 32, want, hex_field(line, "secret", want, 32), "%s: secret", label);
}

static void
vectors(void)
{
	const char *src = getenv("SL_SRC");
	char path[4096];
	char key[TEXT_MAX];
	SL_FREE char *text = NULL;
	struct sl_msg msg = { "" };
	uint8_t root[32];
	unsigned roots = 0;
	unsigned n = 0;
	char *save = NULL;

	(void)snprintf(path, sizeof(path), "%s/doc/derivation-vectors.json", src != NULL ? src : ".");
	if (sl_fs_read_text(path, FILE_MAX, &text, &msg) != SL_OK || !field(text, "root_key", key))
		test_bail("%s", msg.text);
	test_hex(key, root, sizeof(root));
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "{\"label\"", 8) == 0) {
			one_root(line, root);
			roots++;
		}
		if (strncmp(line, "{\"name\"", 7) != 0)
			continue;
		one_key(line, root);
		n++;
	}
	test_ok(n >= 16 && roots >= 4, "%u keys, %u rows of the root as a key", n, roots);
}

/* A wrong hint costs time, not the key; no hint is used without a public key to compare with. */
static void
wrong_hints(void)
{
	static const uint8_t secret[32] = { 42 };
	struct sl_keytype type;
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET spki = { 0 };
	struct sl_rsa_hints right = { 0, 0 };

	if (sl_keytype_parse("rsa:2048", &type, NULL) != SL_OK ||
	    sl_expand(secret, &type, NULL, &key, &right) != SL_OK ||
	    sl_key_part(key, SL_PART_SPKI, &spki) != SL_OK)
		test_bail("no RSA key");
	const struct {
		const char *name;
		const uint8_t *record;
		struct sl_rsa_hints hints;
	} cases[] = {
		{ "right", spki.bytes, right },
		{ "p one too low", spki.bytes, { right.p - 1, right.q } },
		{ "q one too high", spki.bytes, { right.p, right.q + 1 } },
		{ "swapped", spki.bytes, { right.q, right.p } },
		{ "absurd", spki.bytes, { UINT32_MAX - 1, UINT32_MAX } },
		{ "without a record", NULL, { right.p, right.q + 1 } },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		const struct sl_known known = { cases[i].record, cases[i].record != NULL ? spki.len : 0,
		                                cases[i].hints };
		SL_CLEANUP(sl_key_unref) struct sl_key *again = NULL;
		SL_SECRET got = { 0 };
		struct sl_rsa_hints hints = { 0, 0 };

		test_ok(sl_expand(secret, &type, &known, &again, &hints) == SL_OK && hints.p == right.p &&
		        hints.q == right.q,
		        "hints: %s", cases[i].name);
		if (again == NULL || sl_key_part(again, SL_PART_SPKI, &got) != SL_OK)
			test_bail("no key");
		test_mem(got.bytes, got.len, spki.bytes, spki.len, "hints: %s: the same key", cases[i].name);
	}
}

static void
bad_ids(void)
{
	static char longest[SL_NAME_MAX + 2];
	static const struct sl_binder unknown[] = { { "gid", "0" } };
	static const struct sl_binder empty[] = { { "uid", "" } };
	static const struct sl_binder latin1[] = { { "path", "/\xfc" } };
	static const struct sl_binder many[SL_BINDERS_MAX + 1] = { { "uid", "0" } };
	const struct {
		const char *what;
		struct sl_keyid id;
	} cases[] = {
		{ "empty name", { "", "ed25519", 1 } },
		{ "no name", { NULL, "ed25519", 1 } },
		{ "name of 256 bytes", { longest, "ed25519", 1 } },
		{ "stray continuation byte", { "a\x80", "ed25519", 1 } },
		{ "cut sequence", { "a\xc3", "ed25519", 1 } },
		{ "overlong in 2", { "\xc0\xaf", "ed25519", 1 } },
		{ "overlong in 3", { "\xe0\x80\xaf", "ed25519", 1 } },
		{ "overlong in 4", { "\xf0\x80\x80\xaf", "ed25519", 1 } },
		{ "surrogate", { "\xed\xa0\x80", "ed25519", 1 } },
		{ "beyond U+10FFFF", { "\xf4\x90\x80\x80", "ed25519", 1 } },
		{ "byte 0xff", { "\xff", "ed25519", 1 } },
		{ "empty type", { "a", "", 1 } },
		{ "long type", { "a", "ed25519ed25519ed", 1 } },
		{ "version 0", { "a", "ed25519", 0 } },
		{ "unknown binder", { "a", "ed25519", 1, NULL, unknown, 1 } },
		{ "empty binder", { "a", "ed25519", 1, NULL, empty, 1 } },
		{ "binder that is not UTF-8", { "a", "ed25519", 1, NULL, latin1, 1 } },
		{ "too many binders", { "a", "ed25519", 1, NULL, many, SL_BINDERS_MAX + 1 } },
	};
	uint8_t out[32] = { 7 };

	memset(longest, 'a', SL_NAME_MAX + 1);
	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++)
		test_ok(sl_context(&cases[i].id, out) == SL_ERR_ARG &&
		        sl_context_index(&cases[i].id, out) == SL_ERR_ARG, "%s",
		        cases[i].what);
	test_eq(out[0], 7, "a failure leaves the output alone");
	longest[SL_NAME_MAX] = '\0';
	test_eq(sl_context(&(const struct sl_keyid){ longest, "ed25519", 1 }, out), SL_OK, "name of 255 bytes");
	test_eq(sl_context(&(const struct sl_keyid){ "\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80\xc2\x80", "ed25519",
	  1 }, out), SL_OK,
	        "the last and the first of each length");
}

/* Each input changes the context, and the token secret not the index. */
static void
each_input_counts(void)
{
	static const uint8_t a[32] = { 1 };
	static const uint8_t b[32] = { 2 };
	static const struct sl_binder uid[] = { { "uid", "1" }, { "unit", "u" } };
	static const struct sl_binder swapped[] = { { "unit", "u" }, { "uid", "1" } };
	const struct sl_keyid ids[] = {
		{ "n", "ed25519", 1 },
		{ "m", "ed25519", 1 },
		{ "n", "x25519", 1 },
		{ "n", "ed25519", 2 },
		{ "n", "ed25519", 1, a },
		{ "n", "ed25519", 1, b },
		{ "n", "ed25519", 1, NULL, uid, 1 },
		{ "n", "ed25519", 1, NULL, uid, 2 },
		{ "n", "ed25519", 1, NULL, swapped, 2 },
		{ "n", "ed25519", 1, NULL, NULL, 0, a },
		{ "n", "ed25519", 1, NULL, NULL, 0, b },
	};
	uint8_t ctx[SL_ARRAY_LEN(ids)][32];
	uint8_t index[SL_ARRAY_LEN(ids)][32];
	unsigned equal = 0;

	for (size_t i = 0; i < SL_ARRAY_LEN(ids); i++) {
		if (sl_context(&ids[i], ctx[i]) != SL_OK || sl_context_index(&ids[i], index[i]) != SL_OK)
			test_bail("context %zu", i);
		for (size_t k = 0; k < i; k++)
			equal += memcmp(ctx[i], ctx[k], 32) == 0 || memcmp(ctx[i], index[k], 32) == 0;
	}
	test_eq(equal, 0, "no two contexts are the same, and none is an index");
	test_ok(memcmp(index[0], index[9], 32) == 0 &&
	        memcmp(index[9], index[10], 32) == 0, "the token secret is not in the index");
	test_ok(memcmp(index[0], index[4], 32) != 0 && memcmp(index[0], index[6], 32) != 0, "salt and binders are");
}

static void
keytypes(void)
{
	static const char *const good[] = { "ec:P-256", "ec:P-384", "ec:P-521", "rsa:2048", "rsa:3072", "rsa:4096",
		                            "ed25519", "x25519", "aes:128", "aes:192", "aes:256", "hmac:1", "hmac:512", "generic:32",
		                            "generic:512" };
	static const char *const bad[] = { "", "ec:P-224", "ec:p-256", "rsa:1024", "rsa:02048", "ed25519 ", "aes:512",
		                           "hmac:0", "hmac:", "hmac:01", "hmac:513", "hmac:+1", "generic:4294967297",
		                           "generic:1x", "hmac",
		                           "generic:18446744073709551617", "ml-dsa:65" };
	struct sl_keytype type;
	struct sl_keytype same;
	struct sl_msg msg = { "" };

	for (size_t i = 0; i < SL_ARRAY_LEN(good); i++) {
		test_ok(sl_keytype_parse(good[i], &type, NULL) == SL_OK && strcmp(type.name, good[i]) == 0 &&
		        sl_keytype_of(type.alg, type.size, &same) == SL_OK &&
		        strcmp(same.name, good[i]) == 0, "type %s", good[i]);
		test_ok(sl_keytype_is_pair(&type) == (i < 8), "%s: a pair or not", good[i]);
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++)
		test_eq(sl_keytype_parse(bad[i], &type, &msg), SL_ERR_ARG, "no type \"%s\"", bad[i]);
	test_ok(strstr(msg.text, "ml-dsa:65") != NULL &&
	        strstr(msg.text, "ec:P-256") != NULL, "the message lists the known ones");
	test_eq(sl_keytype_of(SL_ALG_EC, 224, &type), SL_ERR_ARG, "no EC type of 224 bits");
	test_eq(sl_keytype_of(SL_ALG_GENERIC, 513, &type), SL_ERR_ARG, "no generic type of 513 bytes");
}

int
main(void)
{
	sl_log_setup(SL_LOG_OFF, NULL);
	keytypes();
	bad_ids();
	each_input_counts();
	vectors();
	wrong_hints();
	return test_done();
}
