/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/signature.h"

#include "base/text.h"
#include "base/utf8.h"
#include "config/policy.h"

#include <sqlite3.h>
#include <string.h>

/*
 * The JSON is read by SQLite's functions, in a database that is in memory and empty. The text is bound as a parameter: nothing of it
 * becomes SQL.
 */
#define FILE_MAX ((size_t)1 << 20)
#define ENTRIES_MAX 256 /* in one file */
#define SIGNATURES_MAX 4096
#define SIGNATURE_MIN 8
#define SIGNATURE_MAX 1024

enum member { PCRS = 1, PKFP = 2, POL = 4, SIG = 8, REF = 16 };

struct reading {
	sqlite3 *db;
	const char *file;
	struct sl_msg *msg;
	struct sl_policy_signatures found;
	unsigned banks;                   /* seen so far: one bit each */
	enum sl_pcr_bank bank;            /* where we are */
	size_t entry;
	unsigned seen;                    /* enum member of the entry */
	struct sl_policy_signature *item; /* the entry */
};

static void
signature_clear(struct sl_policy_signature *signature)
{
	free(signature->signature);
	free(signature->file);
	*signature = (struct sl_policy_signature){ 0 };
}

void
sl_policy_signatures_clear(struct sl_policy_signatures *signatures)
{
	for (size_t i = 0; i < signatures->n; i++)
		signature_clear(&signatures->at[i]);
	free(signatures->at);
	*signatures = (struct sl_policy_signatures){ 0 };
}

static void
clean_db(sqlite3 **db)
{
	(void)sqlite3_close(*db);
}

static void
clean_stmt(sqlite3_stmt **stmt)
{
	(void)sqlite3_finalize(*stmt);
}

#define DB SL_CLEANUP(clean_db) sqlite3
#define STMT SL_CLEANUP(clean_stmt) sqlite3_stmt

static void
clean_reading(struct reading *r)
{
	sl_policy_signatures_clear(&r->found);
	(void)sqlite3_close(r->db);
}

static enum sl_err
open_memory(sqlite3 **ret_db)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;

	return sqlite3_open_v2(":memory:", ret_db, flags, NULL) == SQLITE_OK ? SL_OK : SL_ERR_MEMORY;
}

static enum sl_err
bad_file(const char *file, const char *what, struct sl_msg *msg)
{
	sl_msg_set(msg, "%s: %s, expected a JSON object of signed policies, such as tpm2-pcr-signature.json", file, what);
	return SL_ERR_FORMAT;
}

/* "FILE: sha256[0].pcrs: expected ..." */
static enum sl_err
bad_entry(const struct reading *r, const char *member, const char *want)
{
	sl_msg_set(r->msg, "%s: %s[%zu]%s: expected %s", r->file, sl_policy_bank_word(r->bank), r->entry, member, want);
	return SL_ERR_FORMAT;
}

/* One step: SL_OK with *ret_row. SQLite's own limits (depth) end here too. */
static enum sl_err
step(const struct reading *r, sqlite3_stmt *stmt, bool *ret_row)
{
	const int rc = sqlite3_step(stmt);

	if (rc == SQLITE_NOMEM)
		return SL_ERR_MEMORY;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return bad_file(r->file, sqlite3_errmsg(r->db), r->msg);
	*ret_row = rc == SQLITE_ROW;
	return SL_OK;
}

/* The columns of a row of json_each(). */
enum { KEY, TYPE, VALUE };

static bool
is_type(sqlite3_stmt *stmt, const char *type)
{
	const char *have = (const char *)sqlite3_column_text(stmt, TYPE);

	return have != NULL && strcmp(have, type) == 0;
}

/* The text in a column, NULL when it has a NUL inside. */
static const char *
text_of(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);

	return text != NULL && strlen(text) == (size_t)sqlite3_column_bytes(stmt, column) ? text : NULL;
}

/* Calls row() for each member of an object or an array. */
static enum sl_err
each(struct reading *r, const char *json, size_t len, enum sl_err (*row)(struct reading *r, sqlite3_stmt *stmt))
{
	STMT *stmt = NULL;
	enum sl_err err;
	bool more = false;

	if (sqlite3_prepare_v2(r->db, "SELECT key, type, value FROM json_each(?1)", -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(stmt, 1, json, (int)len, SQLITE_STATIC) != SQLITE_OK)
		return SL_ERR_MEMORY;
	while ((err = step(r, stmt, &more)) == SL_OK && more)
		if ((err = row(r, stmt)) != SL_OK)
			break;
	return err;
}

static enum sl_err
each_value(struct reading *r, sqlite3_stmt *stmt, enum sl_err (*row)(struct reading *r, sqlite3_stmt *stmt))
{
	const char *json = (const char *)sqlite3_column_text(stmt, VALUE);

	return json == NULL ? SL_ERR_MEMORY : each(r, json, (size_t)sqlite3_column_bytes(stmt, VALUE), row);
}

static enum sl_err
read_pcr(struct reading *r, sqlite3_stmt *stmt)
{
	static const char want[] = "numbers from 0 to 23, each once";
	int64_t number;

	if (!is_type(stmt, "integer") || sqlite3_column_type(stmt, VALUE) != SQLITE_INTEGER)
		return bad_entry(r, ".pcrs", want);
	number = sqlite3_column_int64(stmt, VALUE);
	if (number < 0 || number >= SL_POLICY_PCRS || (r->item->pcrs >> number & 1) != 0)
		return bad_entry(r, ".pcrs", want);
	r->item->pcrs |= (uint32_t)1 << number;
	return SL_OK;
}

static enum sl_err
read_pcrs(struct reading *r, sqlite3_stmt *stmt)
{
	enum sl_err err;

	if (!is_type(stmt, "array"))
		return bad_entry(r, ".pcrs", "an array of numbers");
	err = each_value(r, stmt, read_pcr);
	return err == SL_OK && r->item->pcrs == 0 ? bad_entry(r, ".pcrs", "one number or more") : err;
}

static enum sl_err
read_digest(struct reading *r, sqlite3_stmt *stmt, const char *member, uint8_t out[32])
{
	const char *text = is_type(stmt, "text") ? text_of(stmt, VALUE) : NULL;
	uint8_t digest[32];
	size_t len;

	if (text == NULL || !sl_text_hex(text, digest, sizeof(digest), &len) || len != sizeof(digest))
		return bad_entry(r, member, "64 hex digits");
	memcpy(out, digest, sizeof(digest));
	return SL_OK;
}

static enum sl_err
read_signature(struct reading *r, sqlite3_stmt *stmt)
{
	const char *text = is_type(stmt, "text") ? text_of(stmt, VALUE) : NULL;
	uint8_t bytes[SIGNATURE_MAX];
	size_t len;

	if (text == NULL || !sl_text_base64(text, bytes, sizeof(bytes), &len) || len < SIGNATURE_MIN)
		return bad_entry(r, ".sig", "a signature of 8 to 1024 bytes in base64");
	r->item->signature = malloc(len);
	if (r->item->signature == NULL)
		return SL_ERR_MEMORY;
	memcpy(r->item->signature, bytes, len);
	r->item->signature_len = len;
	return SL_OK;
}

static enum sl_err
read_ref(struct reading *r, sqlite3_stmt *stmt)
{
	const char *text = is_type(stmt, "text") ? text_of(stmt, VALUE) : NULL;

	if (text == NULL || !sl_text_hex(text, r->item->ref, sizeof(r->item->ref), &r->item->ref_len))
		return bad_entry(r, ".ref", "1 to 64 bytes in hex");
	return SL_OK;
}

static enum sl_err
read_member(struct reading *r, sqlite3_stmt *stmt)
{
	static const struct {
		const char *name;
		enum member bit;
	} members[] = { { "pcrs", PCRS }, { "pkfp", PKFP }, { "pol", POL }, { "sig", SIG }, { "ref", REF } };
	const char *key = text_of(stmt, KEY);
	enum member which = 0;

	for (size_t i = 0; key != NULL && i < SL_ARRAY_LEN(members); i++)
		if (strcmp(members[i].name, key) == 0)
			which = members[i].bit;
	if ((r->seen & which) != 0)
		return bad_entry(r, "", "each member once");
	r->seen |= which;
	switch (which) {
	case PCRS:
		return read_pcrs(r, stmt);
	case PKFP:
		return read_digest(r, stmt, ".pkfp", r->item->key_fingerprint);
	case POL:
		return read_digest(r, stmt, ".pol", r->item->policy);
	case SIG:
		return read_signature(r, stmt);
	case REF:
		return read_ref(r, stmt);
	}
	return SL_OK;
}

static enum sl_err
read_entry(struct reading *r, sqlite3_stmt *stmt)
{
	enum sl_err err;

	r->entry = (size_t)sqlite3_column_int64(stmt, KEY);
	if (!is_type(stmt, "object"))
		return bad_entry(r, "", "an object");
	if (r->found.n == ENTRIES_MAX) {
		sl_msg_set(r->msg, "%s: too many signatures, expected at most %d in one file", r->file, ENTRIES_MAX);
		return SL_ERR_FORMAT;
	}
	r->seen = 0;
	r->item = &r->found.at[r->found.n++];
	r->item->bank = r->bank;
	r->item->file = strdup(r->file);
	if (r->item->file == NULL)
		return SL_ERR_MEMORY;
	err = each_value(r, stmt, read_member);
	if (err == SL_OK && (r->seen | REF) != (PCRS | PKFP | POL | SIG | REF))
		return bad_entry(r, "", "pcrs, pkfp, pol and sig");
	return err;
}

/* What is not the name of a bank that we know is passed over. */
static enum sl_err
read_bank(struct reading *r, sqlite3_stmt *stmt)
{
	const char *key = text_of(stmt, KEY);

	if (key == NULL || !sl_policy_bank(key, strlen(key), &r->bank))
		return SL_OK;
	if (!is_type(stmt, "array") || (r->banks >> r->bank & 1) != 0) {
		sl_msg_set(r->msg, "%s: %s: expected an array, once", r->file, key);
		return SL_ERR_FORMAT;
	}
	r->banks |= 1U << r->bank;
	return each_value(r, stmt, read_entry);
}

/* json_valid() is RFC 8259 alone; the other functions of newer versions take more. */
static enum sl_err
check_json(const struct reading *r, const char *text, size_t len)
{
	STMT *stmt = NULL;
	bool row = false;
	enum sl_err err;

	if (len > FILE_MAX)
		return bad_file(r->file, "more than 1 MiB", r->msg);
	if (memchr(text, '\0', len) != NULL || !sl_utf8_valid(text, len))
		return bad_file(r->file, "bytes that are not text", r->msg);
	if (sqlite3_prepare_v2(r->db, "SELECT CASE WHEN json_valid(?1) THEN json_type(?1) END", -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(stmt, 1, text, (int)len, SQLITE_STATIC) != SQLITE_OK)
		return SL_ERR_MEMORY;
	err = step(r, stmt, &row);
	if (err != SL_OK)
		return err;
	if (!row || sqlite3_column_type(stmt, 0) == SQLITE_NULL)
		return bad_file(r->file, "malformed JSON", r->msg);
	return strcmp((const char *)sqlite3_column_text(stmt, 0), "object") == 0 ? SL_OK : bad_file(r->file, "no object", r->msg);
}

/* Moves what was found behind the others. */
static enum sl_err
append(struct sl_policy_signatures *to, struct sl_policy_signatures *from, const char *file, struct sl_msg *msg)
{
	struct sl_policy_signature *all;

	if (from->n == 0)
		return SL_OK;
	if (to->n + from->n > SIGNATURES_MAX) {
		sl_msg_set(msg, "%s: too many signatures, expected at most %d in all files", file, SIGNATURES_MAX);
		return SL_ERR_RANGE;
	}
	all = reallocarray(to->at, to->n + from->n, sizeof(*all));
	if (all == NULL)
		return SL_ERR_MEMORY;
	memcpy(all + to->n, from->at, from->n * sizeof(*all));
	to->at = all;
	to->n += from->n;
	from->n = 0;
	return SL_OK;
}

enum sl_err
sl_policy_signatures_parse(const char *text, size_t len, const char *file, struct sl_policy_signatures *signatures, struct sl_msg *msg)
{
	SL_CLEANUP(clean_reading) struct reading r = { .file = file, .msg = msg };
	enum sl_err err = open_memory(&r.db);

	if (err != SL_OK)
		return err;
	r.found.at = calloc(ENTRIES_MAX, sizeof(*r.found.at));
	if (r.found.at == NULL)
		return SL_ERR_MEMORY;
	if ((err = check_json(&r, text, len)) != SL_OK || (err = each(&r, text, len, read_bank)) != SL_OK)
		return err;
	return append(signatures, &r.found, file, msg);
}

/* Where the same key has signed the same policy and reference for the same registers; *ret_index counts in its bank. */
static bool
find_same(const struct sl_policy_signatures *have, const struct sl_policy_signature *s, size_t *ret_index)
{
	size_t index = 0;

	for (size_t i = 0; i < have->n; i++) {
		const struct sl_policy_signature *h = &have->at[i];

		if (h->bank != s->bank)
			continue;
		if (h->pcrs == s->pcrs && h->ref_len == s->ref_len && memcmp(h->ref, s->ref, s->ref_len) == 0 &&
		    memcmp(h->policy, s->policy, sizeof(s->policy)) == 0 &&
		    memcmp(h->key_fingerprint, s->key_fingerprint, sizeof(s->key_fingerprint)) == 0) {
			*ret_index = index;
			return true;
		}
		index++;
	}
	return false;
}

/* One entry as JSON: every text in it is ours, hex or base64. */
static enum sl_err
entry_json(const struct sl_policy_signature *s, char **ret_json)
{
	char list[SL_POLICY_LIST_MAX], pkfp[65], pol[65], ref[2 * SL_POLICY_REF_MAX + 1] = "";
	char sig[SL_TEXT_BASE64_ROOM(SIGNATURE_MAX)];

	if (s->signature_len < SIGNATURE_MIN || s->signature_len > SIGNATURE_MAX)
		return SL_ERR_RANGE;
	sl_policy_list(s->pcrs, list);
	sl_text_to_hex(s->key_fingerprint, sizeof(s->key_fingerprint), pkfp);
	sl_text_to_hex(s->policy, sizeof(s->policy), pol);
	sl_text_to_hex(s->ref, s->ref_len, ref);
	sl_text_to_base64(s->signature, s->signature_len, sig);
	if (asprintf(ret_json, "{\"pcrs\":[%s],\"pkfp\":\"%s\",\"pol\":\"%s\",\"sig\":\"%s\"%s%s%s}", list, pkfp, pol, sig,
	             s->ref_len == 0 ? "" : ",\"ref\":\"", ref, s->ref_len == 0 ? "" : "\"") < 0)
		return SL_ERR_MEMORY;
	return SL_OK;
}

/* Puts entry at place: "$.sha256[#]", the end of the bank's array, or "$.sha256[3]". */
static enum sl_err
edit(sqlite3 *db, const char *text, const char *bank, const char *place, const char *entry, char **ret_text)
{
	static const char sql[] = "SELECT json_set(CASE WHEN json_type(?1, ?2) IS NULL THEN json_set(?1, ?2, json('[]')) ELSE ?1 END,"
	                          " ?3, json(?4)) || char(10)";
	const char *const values[] = { text, bank, place, entry };
	STMT *stmt = NULL;
	const char *edited;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return SL_ERR_MEMORY;
	for (size_t i = 0; i < SL_ARRAY_LEN(values); i++)
		if (sqlite3_bind_text(stmt, (int)i + 1, values[i], -1, SQLITE_STATIC) != SQLITE_OK)
			return SL_ERR_MEMORY;
	if (sqlite3_step(stmt) != SQLITE_ROW || (edited = text_of(stmt, 0)) == NULL)
		return SL_ERR_FORMAT;
	*ret_text = strdup(edited);
	return *ret_text == NULL ? SL_ERR_MEMORY : SL_OK;
}

enum sl_err
sl_policy_signatures_add(const char *text, const char *file, const struct sl_policy_signature *signature, char **ret_text,
                         struct sl_msg *msg)
{
	SL_CLEANUP(sl_policy_signatures_clear) struct sl_policy_signatures have = { 0 };
	DB *db = NULL;
	SL_FREE char *entry = NULL;
	char bank[24], place[48];
	size_t index;
	enum sl_err err;

	if ((err = sl_policy_signatures_parse(text, strlen(text), file, &have, msg)) != SL_OK ||
	    (err = open_memory(&db)) != SL_OK || (err = entry_json(signature, &entry)) != SL_OK)
		return err;
	(void)snprintf(bank, sizeof(bank), "$.%s", sl_policy_bank_word(signature->bank));
	if (find_same(&have, signature, &index))
		(void)snprintf(place, sizeof(place), "%s[%zu]", bank, index);
	else
		(void)snprintf(place, sizeof(place), "%s[#]", bank);
	if (place[strlen(place) - 2] == '#' && have.n == ENTRIES_MAX) {
		sl_msg_set(msg, "%s: %d signatures, expected room for one more", file, ENTRIES_MAX);
		return SL_ERR_FORMAT;
	}
	return edit(db, text, bank, place, entry, ret_text);
}
