/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/text.h"
#include "config/signature.h"
#include "lib/files.h"
#include "lib/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define OTHER "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define PCRS "\"pcrs\":[7,11]"
#define PKFP "\"pkfp\":\"" HEX32 "\""
#define POL "\"pol\":\"" HEX32 "\""
#define SIG "\"sig\":\"AAECAwQFBgc=\""
#define ENTRY "{" PCRS "," PKFP "," POL "," SIG "}"
#define WITH_REF "{" PCRS "," PKFP "," POL "," SIG ",\"ref\":\"7265\"}"
#define WANT_FILE "expected a JSON object of signed policies, such as tpm2-pcr-signature.json"

#define ALL SL_CLEANUP(sl_policy_signatures_clear) struct sl_policy_signatures

static enum sl_err
parse(const char *text, struct sl_policy_signatures *all, struct sl_msg *msg)
{
	*msg = (struct sl_msg){ "" };
	return sl_policy_signatures_parse(text, strlen(text), "f", all, msg);
}

static void
texts(void)
{
	static const struct {
		const char *hex, *text;
	} good[] = { { "66", "Zg==" }, { "666f", "Zm8=" }, { "666f6f", "Zm9v" }, { "666f6f62", "Zm9vYg==" }, { "fffefd00", "//79AA==" } };
	static const char *const bad[] = { "", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm9v====",
		                           "Zm-_", "=m9v", "Zm=v" };
	uint8_t bytes[8], want[8];
	char text[SL_TEXT_BASE64_ROOM(8)];
	size_t len = 77;

	for (size_t i = 0; i < SL_ARRAY_LEN(good); i++) {
		const size_t n = test_hex(good[i].hex, want, sizeof(want));

		test_ok(sl_text_base64(good[i].text, bytes, n, &len), "base64 %s", good[i].text);
		test_mem(bytes, len, want, n, "its bytes");
		test_ok(!sl_text_base64(good[i].text, bytes, n - 1, &len), "one byte less room");
		sl_text_to_base64(want, n, text);
		test_str(text, good[i].text, "and back");
		sl_text_to_hex(want, n, text);
		test_str(text, good[i].hex, "hex");
	}
	len = 77;
	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++)
		test_ok(!sl_text_base64(bad[i], bytes, sizeof(bytes), &len) && len == 77, "no base64: '%s'", bad[i]);
}

/* tests/data/policy/tpm2-pcr-signature.json is what systemd-measure 252 wrote: four phases of the boot in two banks. */
static char *
sample_path(void)
{
	static char path[4096];

	(void)snprintf(path, sizeof(path), "%s/tests/data/policy/tpm2-pcr-signature.json", getenv("SL_SRC"));
	return path;
}

static void
systemd(void)
{
	char *const paths[] = { sample_path(), NULL };
	ALL all = { 0 };
	struct sl_msg msg = { "" };
	uint8_t pol[32], pkfp[32];

	test_eq(sl_policy_signatures_load(paths, &all, &msg), SL_OK, "systemd-measure's file %s", msg.text);
	test_eq(all.n, 8, "signatures");
	if (all.n != 8)
		return;
	(void)test_hex("93204e88d30d8ecac43895979fbcc47d15144bc5d725d71c5aee7409a5d9b312", pol, 32);
	(void)test_hex("556a96ae14a7845cbc20a76c7e72420f5b10558c549ab5677565919b78e6dcac", pkfp, 32);
	for (size_t i = 0; i < all.n; i++)
		test_ok(all.at[i].pcrs == 1U << 11 && all.at[i].signature_len == 256 && all.at[i].ref_len == 0 &&
		            all.at[i].bank == (i < 4 ? SL_PCR_SHA1 : SL_PCR_SHA256) && strcmp(all.at[i].file, paths[0]) == 0 &&
		            memcmp(all.at[i].key_fingerprint, pkfp, 32) == 0, "entry %zu", i);
	test_mem(all.at[4].policy, 32, pol, 32, "pol");
	(void)test_hex("0c72a95c", pol, 4);
	test_mem(all.at[4].signature, 4, pol, 4, "sig");
}

static void
accepted(void)
{
	static const struct {
		const char *text;
		size_t n;
	} cases[] = {
		{ "{}", 0 },
		{ " {\n}\n", 0 },
		{ "{\"sha256\":[]}", 0 },
		{ "{\"sm3_256\":[{\"pcrs\":\"x\"}],\"comment\":1}", 0 },
		{ "{\"sha256\":[" ENTRY "]}", 1 },
		{ "{\"sha256\":[" ENTRY "," WITH_REF "],\"sha1\":[" ENTRY "]}", 3 },
		{ "{\"sha256\":[{\"new\":{\"pcrs\":[99]}," SIG "," POL ",\"x\":null," PKFP "," PCRS "}]}", 1 },
	};
	ALL all = { 0 };
	struct sl_msg msg;
	uint8_t digest[32];
	size_t n = 0;

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		test_eq(parse(cases[i].text, &all, &msg), SL_OK, "%s %s", cases[i].text, msg.text);
		n += cases[i].n;
		test_eq(all.n, n, "with %zu signatures", cases[i].n);
	}
	(void)test_hex(HEX32, digest, 32);
	test_ok(all.at[0].bank == SL_PCR_SHA256 && all.at[0].pcrs == 0x880 && all.at[0].ref_len == 0, "the first");
	test_mem(all.at[0].key_fingerprint, 32, digest, 32, "pkfp");
	test_mem(all.at[0].policy, 32, digest, 32, "pol");
	test_mem(all.at[0].signature, all.at[0].signature_len, digest, 8, "sig");
	test_str(all.at[0].file, "f", "file");
	test_mem(all.at[2].ref, all.at[2].ref_len, "re", 2, "ref");
	test_eq(all.at[3].bank, SL_PCR_SHA1, "the other bank");
}

static const struct {
	const char *text, *message;
} refused[] = {
	{ "", "f: malformed JSON, " WANT_FILE },
	{ "\xff{}", "f: bytes that are not text, " WANT_FILE },
	{ "{", "f: malformed JSON, " WANT_FILE },
	{ "{} x", "f: malformed JSON, " WANT_FILE },
	{ "{'sha256':[]}", "f: malformed JSON, " WANT_FILE },
	{ "{\"sha256\":[" ENTRY ",]}", "f: malformed JSON, " WANT_FILE },
	{ "[]", "f: no object, " WANT_FILE },
	{ "1", "f: no object, " WANT_FILE },
	{ "null", "f: no object, " WANT_FILE },
	{ "{\"sha256\":{}}", "f: sha256: expected an array, once" },
	{ "{\"sha256\":null}", "f: sha256: expected an array, once" },
	{ "{\"sha1\":[],\"sha256\":[],\"sha1\":[]}", "f: sha1: expected an array, once" },
	{ "{\"sha256\":[1]}", "f: sha256[0]: expected an object" },
	{ "{\"sha256\":[" ENTRY ",[]]}", "f: sha256[1]: expected an object" },
	{ "{\"sha256\":[" ENTRY ",{}]}", "f: sha256[1]: expected pcrs, pkfp, pol and sig" },
	{ "{\"sha256\":[{" PCRS "," PKFP "," POL "}]}", "f: sha256[0]: expected pcrs, pkfp, pol and sig" },
	{ "{\"sha256\":[{" PCRS "," PKFP "," SIG "}]}", "f: sha256[0]: expected pcrs, pkfp, pol and sig" },
	{ "{\"sha256\":[{" PCRS "," POL "," SIG "}]}", "f: sha256[0]: expected pcrs, pkfp, pol and sig" },
	{ "{\"sha256\":[{" PKFP "," POL "," SIG "}]}", "f: sha256[0]: expected pcrs, pkfp, pol and sig" },
	{ "{\"sha512\":[{" PCRS "," PCRS "," PKFP "," POL "," SIG "}]}", "f: sha512[0]: expected each member once" },
	{ "{\"sha256\":[{\"pcrs\":7}]}", "f: sha256[0].pcrs: expected an array of numbers" },
	{ "{\"sha256\":[{\"pcrs\":[]}]}", "f: sha256[0].pcrs: expected one number or more" },
	{ "{\"sha256\":[{\"pcrs\":[7,7]}]}", "f: sha256[0].pcrs: expected numbers from 0 to 23, each once" },
	{ "{\"sha256\":[{\"pcrs\":[24]}]}", "f: sha256[0].pcrs: expected numbers from 0 to 23, each once" },
	{ "{\"sha256\":[{\"pcrs\":[-1]}]}", "f: sha256[0].pcrs: expected numbers from 0 to 23, each once" },
	{ "{\"sha256\":[{\"pcrs\":[7.0]}]}", "f: sha256[0].pcrs: expected numbers from 0 to 23, each once" },
	{ "{\"sha256\":[{\"pcrs\":[\"7\"]}]}", "f: sha256[0].pcrs: expected numbers from 0 to 23, each once" },
	{ "{\"sha256\":[{\"pcrs\":[true]}]}", "f: sha256[0].pcrs: expected numbers from 0 to 23, each once" },
	{ "{\"sha256\":[{\"pcrs\":[[7]]}]}", "f: sha256[0].pcrs: expected numbers from 0 to 23, each once" },
	{ "{\"sha256\":[{\"pcrs\":[18446744073709551623]}]}", "f: sha256[0].pcrs: expected numbers from 0 to 23, each once" },
	{ "{\"sha256\":[{\"pkfp\":1}]}", "f: sha256[0].pkfp: expected 64 hex digits" },
	{ "{\"sha256\":[{\"pkfp\":\"" HEX32 "00\"}]}", "f: sha256[0].pkfp: expected 64 hex digits" },
	{ "{\"sha256\":[{\"pol\":\"00\"}]}", "f: sha256[0].pol: expected 64 hex digits" },
	{ "{\"sha256\":[{\"pol\":\"\"}]}", "f: sha256[0].pol: expected 64 hex digits" },
	{ "{\"sha256\":[{\"pol\":[\"" HEX32 "\"]}]}", "f: sha256[0].pol: expected 64 hex digits" },
	{ "{\"sha256\":[{\"sig\":\"AAECAwQFBg==\"}]}", "f: sha256[0].sig: expected a signature of 8 to 1024 bytes in base64" },
	{ "{\"sha256\":[{\"sig\":\"AAEC AwQFBgc\"}]}", "f: sha256[0].sig: expected a signature of 8 to 1024 bytes in base64" },
	{ "{\"sha256\":[{\"sig\":7}]}", "f: sha256[0].sig: expected a signature of 8 to 1024 bytes in base64" },
	{ "{\"sha256\":[{\"sig\":\"AAECAwQFBgc=\",\"sig\":\"AAECAwQFBgc=\"}]}", "f: sha256[0]: expected each member once" },
	{ "{\"sha256\":[{\"ref\":\"\"}]}", "f: sha256[0].ref: expected 1 to 64 bytes in hex" },
	{ "{\"sha256\":[{\"ref\":\"" HEX32 HEX32 "00\"}]}", "f: sha256[0].ref: expected 1 to 64 bytes in hex" },
	{ "{\"sha256\":[{\"ref\":\"text\"}]}", "f: sha256[0].ref: expected 1 to 64 bytes in hex" },
};

static void
refusals(void)
{
	ALL all = { 0 };
	struct sl_msg msg;

	test_eq(parse("{\"sha1\":[" ENTRY "]}", &all, &msg), SL_OK, "one that was there before");
	for (size_t i = 0; i < SL_ARRAY_LEN(refused); i++) {
		test_eq(parse(refused[i].text, &all, &msg), SL_ERR_FORMAT, "%s", refused[i].text);
		test_str(msg.text, refused[i].message, "its message");
	}
	test_ok(all.n == 1 && all.at[0].bank == SL_PCR_SHA1, "is left alone by them");
	test_eq(sl_policy_signatures_parse("{}\0", 3, "f", &all, &msg), SL_ERR_FORMAT, "a NUL byte");
}

/* n entries of a bank */
static char *
many(unsigned n, const char *entry)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		test_bail("no memory");
	(void)fputs("{\"sha256\":[", f);
	for (unsigned i = 0; i < n; i++)
		(void)fprintf(f, "%s%s", i == 0 ? "" : ",", entry);
	(void)fputs("]}", f);
	if (fclose(f) != 0)
		test_bail("no memory");
	return text;
}

static void
limits(void)
{
	SL_FREE char *most = many(256, ENTRY);
	SL_FREE char *more = many(257, ENTRY);
	SL_FREE char *deep = NULL;
	SL_FREE char *large = NULL;
	ALL all = { 0 };
	struct sl_msg msg;

	test_eq(parse(most, &all, &msg), SL_OK, "256 signatures %s", msg.text);
	test_eq(parse(more, &all, &msg), SL_ERR_FORMAT, "257 signatures");
	test_str(msg.text, "f: too many signatures, expected at most 256 in one file", "its message");
	for (unsigned i = 1; i < 16; i++)
		if (parse(most, &all, &msg) != SL_OK)
			test_bail("%s", msg.text);
	test_eq(all.n, 4096, "4096 in all");
	test_eq(parse("{\"sha1\":[" ENTRY "]}", &all, &msg), SL_ERR_RANGE, "one more");
	deep = malloc(200001);
	large = malloc((1 << 20) + 10);
	if (deep == NULL || large == NULL)
		test_bail("no memory");
	memset(deep, '[', 200000);
	deep[200000] = '\0';
	test_eq(parse(deep, &all, &msg), SL_ERR_FORMAT, "200000 brackets: %s", msg.text);
	memset(large, ' ', (1 << 20) + 9);
	memcpy(large, "{}", 2);
	large[1 << 20] = '\0';
	test_eq(parse(large, &all, &msg), SL_OK, "1 MiB %s", msg.text);
	large[1 << 20] = ' ';
	large[(1 << 20) + 1] = '\0';
	test_eq(parse(large, &all, &msg), SL_ERR_FORMAT, "a byte more: %s", msg.text);
	test_eq(all.n, 4096, "and nothing was lost");
}

static void
file_of(const char *name, const char *text)
{
	(void)test_file(name, text, strlen(text), 0644);
}

static void
files(void)
{
	ALL all = { 0 };
	struct sl_msg msg = { "" };
	char dir[300], missing[300], one[300];
	char *paths[] = { missing, dir, one, NULL };

	(void)snprintf(dir, sizeof(dir), "%s", test_path("d"));
	(void)snprintf(missing, sizeof(missing), "%s", test_path("missing.json"));
	if (mkdir(dir, 0755) != 0)
		test_bail("mkdir");
	file_of("d/b.json", "{\"sha256\":[" ENTRY "]}");
	file_of("d/a.json", "{\"sha1\":[" ENTRY "]}");
	file_of("d/c.txt", "nothing of ours");
	file_of("one", "{\"sha512\":[" ENTRY "]}");
	(void)snprintf(one, sizeof(one), "%s", test_path("one"));
	test_eq(sl_policy_signatures_load(paths, &all, &msg), SL_OK, "a directory and a file %s", msg.text);
	test_ok(all.n == 3 && all.at[0].bank == SL_PCR_SHA1 && all.at[1].bank == SL_PCR_SHA256 && all.at[2].bank == SL_PCR_SHA512,
	        "in order of name");
	test_str(all.n == 3 ? all.at[1].file : NULL, test_path("d/b.json"), "where it was found");
	file_of("d/bad.json", "{");
	sl_policy_signatures_clear(&all);
	test_eq(sl_policy_signatures_load(paths, &all, &msg), SL_ERR_FORMAT, "a bad one among them");
	test_ok(strstr(msg.text, "/d/bad.json: malformed JSON") != NULL && all.n == 0, "%s", msg.text);
	paths[1] = NULL;
	test_eq(sl_policy_signatures_load(paths, &all, &msg), SL_OK, "a missing file");
	test_eq(all.n, 0, "has none");
	if (access("/etc/systemd/tpm2-pcr-signature.json", F_OK) != 0)
		test_eq(sl_policy_signatures_load(NULL, &all, &msg), SL_OK, "systemd's places %s", msg.text);
}

/* What sl_policy_signatures_add() makes of text. */
static void
add(const char *text, const char *ref, const char *policy, enum sl_pcr_bank bank, const char *want)
{
	uint8_t sig[8] = { 0xff, 1, 2, 3, 4, 5, 6, 7 };
	struct sl_policy_signature s = { .bank = bank, .pcrs = 0x880, .signature = sig, .signature_len = sizeof(sig) };
	SL_FREE char *got = NULL;
	struct sl_msg msg = { "" };

	s.ref_len = strlen(ref);
	memcpy(s.ref, ref, s.ref_len);
	(void)test_hex(HEX32, s.key_fingerprint, 32);
	(void)test_hex(policy, s.policy, 32);
	test_eq(sl_policy_signatures_add(text, "f", &s, &got, &msg), SL_OK, "add to %s %s", text, msg.text);
	test_str(got, want, "what it is then");
}

static void
additions(void)
{
#define FRESH(pol, ref) "{" PCRS "," PKFP ",\"pol\":\"" pol "\",\"sig\":\"/wECAwQFBgc=\"" ref "}"
	SL_FREE char *most = many(256, WITH_REF);
	struct sl_policy_signature s = { .pcrs = 1, .bank = SL_PCR_SHA256, .signature = (uint8_t[8]){ 0 }, .signature_len = 8 };
	SL_FREE char *got = NULL;
	struct sl_msg msg = { "" };

	add("{}", "", HEX32, SL_PCR_SHA256, "{\"sha256\":[" FRESH(HEX32, "") "]}\n");
	add("{}", "re", HEX32, SL_PCR_SHA1, "{\"sha1\":[" FRESH(HEX32, ",\"ref\":\"7265\"") "]}\n");
	add("{\"x\":[1],\"sha256\":[" ENTRY "]}", "re", HEX32, SL_PCR_SHA256,
	    "{\"x\":[1],\"sha256\":[" ENTRY "," FRESH(HEX32, ",\"ref\":\"7265\"") "]}\n");
	add("{\"sha256\":[" WITH_REF "," ENTRY "," WITH_REF "]}", "", HEX32, SL_PCR_SHA256,
	    "{\"sha256\":[" WITH_REF "," FRESH(HEX32, "") "," WITH_REF "]}\n");
	add("{\"sha1\":[" ENTRY "," ENTRY "],\"sha256\":[" WITH_REF "," ENTRY "]}", "", HEX32, SL_PCR_SHA256,
	    "{\"sha1\":[" ENTRY "," ENTRY "],\"sha256\":[" WITH_REF "," FRESH(HEX32, "") "]}\n");
	add("{\"sha256\":[" ENTRY "]}", "", OTHER, SL_PCR_SHA256, "{\"sha256\":[" ENTRY "," FRESH(OTHER, "") "]}\n");
	test_eq(sl_policy_signatures_add(most, "f", &s, &got, &msg), SL_ERR_FORMAT, "to a full file: %s", msg.text);
	test_eq(sl_policy_signatures_add("{", "f", &s, &got, &msg), SL_ERR_FORMAT, "to a bad file");
	s.signature_len = 2000;
	test_eq(sl_policy_signatures_add("{}", "f", &s, &got, &msg), SL_ERR_RANGE, "a signature that is too long");
	test_ok(got == NULL, "and nothing came of these");
}

int
main(void)
{
	texts();
	systemd();
	accepted();
	refusals();
	limits();
	files();
	additions();
	return test_done();
}
