/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fuzz/fuzz.h"

#include "config/config.h"
#include "config/keyfile.h"
#include "config/signature.h"
#include "pkcs11/mech.h"
#include "token/store.h"
#include "token/template.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

size_t
fuzz_take(struct sl_reader *r, void *out, size_t max)
{
	const size_t n = r->left < max ? r->left : max;
	const uint8_t *p = sl_reader_bytes(r, n);

	memset(out, 0, max);
	if (n != 0)
		memcpy(out, p, n);
	return n;
}

/* The rest as a text of its own, so that a read past its end is seen. */
static char *
rest_text(struct sl_reader *r)
{
	const size_t n = r->left;
	char *text = malloc(n + 1);

	if (text == NULL)
		abort();
	(void)fuzz_take(r, text, n);
	text[n] = '\0';
	return text;
}

static void
keyfile(struct sl_reader *r)
{
	SL_FREE char *text = rest_text(r);
	struct sl_keyfile file = { 0 };
	struct sl_msg msg = { "" };

	if (sl_keyfile_parse("/x/fuzz.key", text, &file, &msg) == SL_OK)
		sl_keyfile_clear(&file);
	else if (msg.text[0] == '\0')
		abort(); /* every refusal says why */
}

static const char *
write_file(const char *name, const void *data, size_t len)
{
	static char path[4096];
	const char *tmp = getenv("TMPDIR");
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", tmp == NULL ? "/tmp" : tmp, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) != 0)
		abort();
	return path;
}

static void
config(struct sl_reader *r)
{
	struct sl_config *c = NULL;
	struct sl_msg msg = { "" };

	if (sl_config_load_file(write_file("fuzz.conf", r->at, r->left), &c, &msg) == SL_OK)
		sl_config_free(&c);
	else if (msg.text[0] == '\0')
		abort();
}

/* Signed policies: what reads, reads again after one was added. */
static void
policies(struct sl_reader *r)
{
	SL_CLEANUP(sl_policy_signatures_clear) struct sl_policy_signatures all = { 0 };
	SL_FREE char *text = rest_text(r);
	SL_FREE char *more = NULL;
	struct sl_msg msg = { "" };
	const enum sl_err err = sl_policy_signatures_parse(text, strlen(text), "fuzz.json", &all, &msg);
	size_t n = all.n;

	if (err != SL_OK && msg.text[0] == '\0')
		abort();
	if (err != SL_OK || n == 0 || n > 255)
		return;
	all.at[0].pcrs ^= 1;
	if (all.at[0].pcrs != 0 && sl_policy_signatures_add(text, "fuzz.json", &all.at[0], &more, &msg) == SL_OK &&
	    (sl_policy_signatures_parse(more, strlen(more), "fuzz.json", &all, &msg) != SL_OK || all.n < 2 * n))
		abort();
}

static void
template(struct sl_reader *r)
{
	const unsigned kind = 1U << (sl_reader_u8(r) % 12);
	const unsigned may = 1U << (sl_reader_u8(r) % 4);
	SL_CLEANUP(sl_attrs_clear) struct sl_attrs attrs = { 0 };
	uint8_t values[16][64];
	CK_ATTRIBUTE list[16];
	const struct sl_attr_rule *rules;
	size_t n_rules;
	CK_ULONG n = 0;

	rules = sl_schema_rules(&n_rules);
	while (!r->bad && r->left != 0 && n < 16) {
		const uint8_t which = sl_reader_u8(r);
		const uint8_t len = sl_reader_u8(r) % 65;
		const size_t got = fuzz_take(r, values[n], len == 0 ? 1 : len);

		list[n] = (CK_ATTRIBUTE){ rules[which % n_rules].type, which == 0xff ? NULL : values[n], got < len ? got : len };
		n++;
	}
	if (sl_template_take(kind, may, list, n, &attrs) == CKR_OK) {
		(void)sl_template_complete(kind, SL_MUST_CREATE, &attrs);
		(void)sl_template_one_way(kind, &attrs, &attrs);
	}
}

static void
mechanism(struct sl_reader *r)
{
	struct sl_sig_params params;
	uint8_t value[128];
	const struct sl_mech *rows;
	size_t n_rows;
	const uint8_t which = sl_reader_u8(r);
	const uint8_t len = sl_reader_u8(r);
	CK_MECHANISM mech;

	rows = sl_mech_rows(&n_rows);
	(void)fuzz_take(r, value, sizeof(value));
	/* A pointer inside the parameter is the host's word: we only tell lengths wrong, never where its context is. */
	mech = (CK_MECHANISM){ rows[which % n_rows].type, value, len % (sizeof(value) + 1) };
	(void)sl_mech_sign_params(&rows[which % n_rows], &mech, &params);
}

/* A store that somebody has damaged: a base of ours, with bytes changed where the input says. */
static void
damaged_store(struct sl_reader *r)
{
	static uint8_t *base;
	static size_t base_len;
	const char *tmp = getenv("TMPDIR");
	struct sl_store_query query = { 0 };
	struct sl_store *store = NULL;
	struct sl_msg msg = { "" };
	SL_FREE int64_t *rows = NULL;
	SL_FREE uint8_t *copy = NULL;
	char dir[4096];
	size_t n = 0;

	(void)snprintf(dir, sizeof(dir), "%s/fuzz-store", tmp == NULL ? "/tmp" : tmp);
	(void)mkdir(dir, 0700);
	if (base == NULL) {
		const struct sl_root_name name = { .bytes = { 1 }, .len = 34 };
		SL_CLEANUP(sl_record_clear) struct sl_record record = { 0 };
		struct sl_record *records[] = { &record };
		void *data = NULL;
		int64_t root;
		char path[4110];

		(void)snprintf(path, sizeof(path), "%s/store.db", dir);
		(void)unlink(path);
		if (sl_store_open(dir, &store, &msg) != SL_OK || sl_store_root(store, "owner", &name, true, &root) != SL_OK ||
		    sl_attrs_set_ulong(&record.attrs, CKA_CLASS, CKO_DATA) != SL_OK ||
		    sl_attrs_set(&record.attrs, CKA_LABEL, "label", 5) != SL_OK || sl_store_add(store, root, records, 1, false) != SL_OK)
			abort();
		sl_store_close(&store);
		FILE *f = fopen(path, "re");

		data = malloc(1 << 20);
		base_len = f == NULL || data == NULL ? 0 : fread(data, 1, 1 << 20, f);
		if (base_len == 0 || fclose(f) != 0)
			abort();
		base = data;
	}
	copy = malloc(base_len);
	if (copy == NULL)
		abort();
	memcpy(copy, base, base_len);
	while (!r->bad && r->left >= 3) {
		const size_t at = (size_t)sl_reader_u16be(r) % base_len;

		copy[at] = sl_reader_u8(r);
	}
	(void)write_file("fuzz-store/store.db", copy, base_len);
	if (sl_store_open(dir, &store, &msg) != SL_OK)
		return;
	if (sl_store_find(store, 1, &query, &rows, &n) == SL_OK)
		for (size_t i = 0; i < n && i < 16; i++) {
			struct sl_record record = { 0 };

			if (sl_store_load(store, rows[i], &record) == SL_OK)
				sl_record_clear(&record);
		}
	sl_store_close(&store);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const targets[FUZZ_TARGETS])(struct sl_reader *) = {
		keyfile, config, fuzz_spki, fuzz_certificate, fuzz_signature, template, mechanism, damaged_store, fuzz_calls,
		policies, fuzz_policy, fuzz_privkey, fuzz_openssh,
	};
	struct sl_reader r = sl_reader_of(data, len);
	const uint8_t target = sl_reader_u8(&r);

	if (r.bad || target < '0')
		return 0;
	targets[(target - '0') % FUZZ_TARGETS](&r);
	return 0;
}
