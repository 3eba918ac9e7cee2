/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/keyfile.h"
#include "lib/files.h"
#include "lib/test.h"

#include <string.h>
#include <sys/stat.h>

#define REQUIRED "label = L\ntype = ec:P-256\n"
#define LIST "a list of sign, decrypt, derive, wrap and encrypt, each at most once"
#define HEX_64 "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"

static enum sl_err
load(const char *text, struct sl_keyfile *file, struct sl_msg *msg)
{
	*msg = (struct sl_msg){ "" };
	return sl_keyfile_load(test_file("k.key", text, strlen(text), 0644), file, msg);
}

static void
smallest(void)
{
	SL_CLEANUP(sl_keyfile_clear) struct sl_keyfile f = { 0 };
	struct sl_msg msg;

	test_eq(load("\n" REQUIRED, &f, &msg), SL_OK, "the smallest file %s", msg.text);
	test_str(f.path, test_path("k.key"), "path");
	test_str(f.label, "L", "label");
	test_str(f.name, "L", "name: the label");
	test_str(f.token, "owner", "token");
	test_str(f.type, "ec:P-256", "type");
	test_eq(f.type_line, 3, "line of the type");
	test_ok(f.usage == 0 && f.version == 1 && f.keep == 0 && f.id_len == 0 && f.certificate == NULL, "the rest");
}

static void
everything(void)
{
	static const char text[] = "# a key\nlabel = NAS host key\nname = nas-host\ntoken = web\ntype = rsa:3072\n"
	                           "usage = sign, decrypt,derive , wrap,encrypt\nversion = 4294967295\nkeep = 100\nid = 0a0B\n"
	                           "certificate = certs/nas.pem\n";
	SL_CLEANUP(sl_keyfile_clear) struct sl_keyfile f = { 0 };
	struct sl_msg msg;

	test_eq(load(text, &f, &msg), SL_OK, "every key %s", msg.text);
	test_str(f.label, "NAS host key", "label");
	test_str(f.name, "nas-host", "name");
	test_str(f.token, "web", "token");
	test_str(f.type, "rsa:3072", "type");
	test_eq(f.usage, 31, "usage");
	test_eq(f.version, UINT32_MAX, "version");
	test_eq(f.keep, 100, "keep");
	test_mem(f.id, f.id_len, "\x0a\x0b", 2, "id");
	test_str(f.certificate, test_path("certs/nas.pem"), "certificate beside the file");
}

static void
single_values(void)
{
	static const struct {
		const char *word;
		unsigned usage;
	} uses[] = {
		{ "sign", SL_USE_SIGN }, { "decrypt", SL_USE_DECRYPT }, { "derive", SL_USE_DERIVE },
		{ "wrap", SL_USE_WRAP }, { "encrypt", SL_USE_ENCRYPT }, { "derive, sign", SL_USE_SIGN | SL_USE_DERIVE },
	};
	struct sl_keyfile f = { 0 };
	struct sl_msg msg;
	char text[300];

	for (size_t i = 0; i < SL_ARRAY_LEN(uses); i++) {
		(void)snprintf(text, sizeof(text), REQUIRED "usage = %s\n", uses[i].word);
		test_eq(load(text, &f, &msg), SL_OK, "usage %s", uses[i].word);
		test_eq(f.usage, uses[i].usage, "usage %s: bits", uses[i].word);
		sl_keyfile_clear(&f);
	}
	test_eq(load(REQUIRED "certificate = /etc/c.pem\nid = " HEX_64 "\n", &f, &msg), SL_OK, "absolute path, longest id");
	test_str(f.certificate, "/etc/c.pem", "an absolute path stays");
	test_eq(f.id_len, 64, "64 bytes");
	sl_keyfile_clear(&f);
}

static void
refusals(void)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "1: no label in the file, expected label = ... and type = ..." },
		{ "label = x\n", "1: no type in the file, expected label = ... and type = ..." },
		{ "type = x\n", "1: no label in the file, expected label = ... and type = ..." },
		{ REQUIRED "[x]\n", "3: [x], expected no section in a key file" },
		{ REQUIRED "colour = red\n",
		  "3: unknown key 'colour', expected label, name, token, type, usage, version, keep, id, certificate" },
		{ REQUIRED "label = M\n", "3: label: given a second time, expected it once" },
		{ "label =\ntype = x\n", "1: label: '', expected 1 to 255 bytes of text" },
		{ REQUIRED "name =\n", "3: name: '', expected 1 to 255 bytes of text" },
		{ REQUIRED "token = a b\n", "3: token: 'a b', expected the name of a token" },
		{ "type =\n", "1: type: '', expected a key type such as ec:P-256" },
		{ "type = 012345678901234567890123456789012\n",
		  "1: type: '012345678901234567890123456789012', expected a key type such as ec:P-256" },
		{ REQUIRED "usage =\n", "3: usage: '', expected " LIST },
		{ REQUIRED "usage = sing\n", "3: usage: 'sing', expected " LIST },
		{ REQUIRED "usage = sign,\n", "3: usage: 'sign,', expected " LIST },
		{ REQUIRED "usage = ,sign\n", "3: usage: ',sign', expected " LIST },
		{ REQUIRED "usage = sign derive\n", "3: usage: 'sign derive', expected " LIST },
		{ REQUIRED "usage = sign, sign\n", "3: usage: 'sign, sign', expected " LIST },
		{ REQUIRED "version = 0\n", "3: version: '0', expected a number from 1 to 4294967295" },
		{ REQUIRED "version = 4294967296\n", "3: version: '4294967296', expected a number from 1 to 4294967295" },
		{ REQUIRED "version = 1.0\n", "3: version: '1.0', expected a number from 1 to 4294967295" },
		{ REQUIRED "keep = 101\n", "3: keep: '101', expected a number from 0 to 100" },
		{ REQUIRED "keep = -1\n", "3: keep: '-1', expected a number from 0 to 100" },
		{ REQUIRED "id =\n", "3: id: '', expected 1 to 64 bytes in hex" },
		{ REQUIRED "id = 0\n", "3: id: '0', expected 1 to 64 bytes in hex" },
		{ REQUIRED "id = " HEX_64 "00\n",
		  "3: id: '000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f0001020304050607'..., expected 1 to 64 bytes in hex" },
		{ REQUIRED "certificate =\n", "3: certificate: '', expected the path of a certificate" },
		{ REQUIRED "nothing\n", "3: 'nothing', expected KEY = VALUE, [section] or a comment" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		struct sl_keyfile f = { 0 };
		struct sl_msg msg;
		char want[600];

		test_eq(load(cases[i].text, &f, &msg), SL_ERR_FORMAT, "refused: case %zu", i);
		(void)snprintf(want, sizeof(want), "%s:%s", test_path("k.key"), cases[i].message);
		test_str(msg.text, want, "refused: case %zu: message", i);
		test_ok(f.label == NULL && f.path == NULL, "refused: case %zu: output untouched", i);
	}
}

static void
long_texts(void)
{
	struct sl_keyfile f = { 0 };
	struct sl_msg msg;
	char text[400];

	for (int len = 255; len <= 256; len++) {
		(void)snprintf(text, sizeof(text), "type = x\nlabel = %0*d\n", len, 7);
		test_eq(load(text, &f, &msg), len == 255 ? SL_OK : SL_ERR_FORMAT, "a label of %d bytes", len);
		sl_keyfile_clear(&f);
	}
	test_eq(sl_keyfile_load(test_file("w.key", REQUIRED, strlen(REQUIRED), 0664), &f, &msg), SL_ERR_ACCESS, "a file others can write");
	test_eq(sl_keyfile_load(test_path("no.key"), &f, &msg), SL_ERR_NOT_FOUND, "a missing file");
}

static void
put(const char *name, const char *text)
{
	(void)test_file(name, text, strlen(text), 0644);
}

static enum sl_err
load_all(struct sl_keyfiles *files, struct sl_msg *msg)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	char text[9000];

	(void)snprintf(text, sizeof(text), "keys-dir = %s\nkeys-dir = %s\nkeys-dir = %s\n[token web]\nroot = tpm:owner\n",
	               test_path("d2"), test_path("d1"), test_path("d-missing"));
	if (sl_config_load_file(test_file("conf", text, strlen(text), 0600), &config, msg) != SL_OK)
		test_bail("%s", msg->text);
	*msg = (struct sl_msg){ "" };
	return sl_keyfiles_load(config, files, msg);
}

static void
check_clash(const char *name, const char *text, enum sl_err want, const char *what, const char *part)
{
	struct sl_keyfiles files = { 0 };
	struct sl_msg msg;

	put(name, text);
	test_eq(load_all(&files, &msg), want, "%s", what);
	test_ok(strstr(msg.text, test_path(name)) != NULL && strstr(msg.text, part) != NULL, "%s: message: %s", what, msg.text);
	test_ok(files.files == NULL && files.n == 0, "%s: output untouched", what);
	(void)remove(test_path(name));
}

static void
directories(void)
{
	static const char *const want[] = { "second", "A", "B", "web's A" };
	struct sl_keyfiles files = { 0 };
	struct sl_msg msg;

	if (mkdir(test_path("d1"), 0755) != 0 || mkdir(test_path("d2"), 0755) != 0)
		test_bail("mkdir");
	put("d1/b.key", "label = B\nname = A\ntype = ec:P-384\n");
	put("d1/a.key", "label = A\ntype = ec:P-256\n");
	put("d1/c.key", "label = web's A\nname = A\ntype = ec:P-256\ntoken = web\n");
	put("d1/ignored.conf", "nonsense\n");
	put("d1/.hidden.key", "nonsense\n");
	put("d2/z.key", "label = second\ntype = ed25519\n");
	test_eq(load_all(&files, &msg), SL_OK, "two directories, a third is missing %s", msg.text);
	test_eq(files.n, SL_ARRAY_LEN(want), "all files");
	for (size_t i = 0; i < files.n && i < SL_ARRAY_LEN(want); i++)
		test_str(files.files[i].label, want[i], "file %zu in order", i);
	sl_keyfiles_clear(&files);
	test_ok(files.files == NULL && files.n == 0, "cleared");
	check_clash("d2/same.key", "label = other\nname = A\ntype = ec:P-256\nversion = 2\n", SL_ERR_EXISTS,
	            "the same token, name and type", test_path("d1/a.key"));
	check_clash("d2/same.key", "label = A\nname = other\ntype = ec:P-256\n", SL_ERR_EXISTS, "the same token and label",
	            test_path("d1/a.key"));
	check_clash("d2/lost.key", "label = X\ntype = ec:P-256\ntoken = unknown\n", SL_ERR_FORMAT, "an unknown token",
	            "token: 'unknown', expected a token of the configuration");
	check_clash("d2/bad.key", "label = X\n", SL_ERR_FORMAT, "a bad file among good ones", ":1: no type");
	(void)chmod(test_path("d2"), 0777);
	test_eq(load_all(&files, &msg), SL_ERR_ACCESS, "a directory that others can write");
	(void)chmod(test_path("d2"), 0755);
	test_eq(load_all(&files, &msg), SL_OK, "good again %s", msg.text);
	sl_keyfiles_clear(&files);
}

int
main(void)
{
	smallest();
	everything();
	single_values();
	refusals();
	long_texts();
	directories();
	return test_done();
}
