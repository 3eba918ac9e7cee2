/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/armor.h"
#include "crypto/bcrypt.h"
#include "crypto/privkey.h"
#include "lib/test.h"

#include <string.h>

/* The pieces of private key files that have vectors of their own; whole files are tests/tool/import.sh's. */

static void
test_bcrypt(void)
{
	/* OpenBSD's regress/lib/libutil/bcrypt_pbkdf */
	static const struct {
		uint32_t rounds;
		const char *password;
		const char *salt;
		size_t salt_len;
		const char *want;
		size_t len;
	} rows[] = {
		{ 4, "password", "salt", 4,
		  "\x5b\xbf\x0c\xc2\x93\x58\x7f\x1c\x36\x35\x55\x5c\x27\x79\x65\x98\xd4\x7e\x57\x90\x71\xbf\x42\x7e\x9d\x8f\xbe\x84\x2a\xba\x34\xd9", 32 },
		{ 4, "password", "\0", 1, "\xc1\x2b\x56\x62\x35\xee\xe0\x4c\x21\x25\x98\x97\x0a\x57\x9a\x67", 16 },
		{ 8, "password", "salt", 4,
		  "\xe1\x36\x7e\xc5\x15\x1a\x33\xfa\xac\x4c\xc1\xc1\x44\xcd\x23\xfa\x15\xd5\x54\x84\x93\xec\xc9\x9b\x9b\x5d\x9c\x0d\x3b\x27\xbe\xc7"
		  "\x62\x27\xea\x66\x08\x8b\x84\x9b\x20\xab\x7a\xa4\x78\x01\x02\x46\xe7\x4b\xba\x51\x72\x3f\xef\xa9\xf9\x47\x4d\x65\x08\x84\x5e\x8d", 64 },
	};
	SL_SECRET none = { 0 };
	SL_SECRET key = { 0 };

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		SL_SECRET password = { 0 };
		SL_SECRET got = { 0 };

		test_eq((unsigned)sl_secret_copy(&password, rows[i].password, strlen(rows[i].password)), SL_OK, "row %zu", i);
		test_eq((unsigned)sl_bcrypt_pbkdf(&password, (struct sl_bytes){ (const uint8_t *)rows[i].salt, rows[i].salt_len }, rows[i].rounds,
		                                  rows[i].len, &got), SL_OK, "bcrypt_pbkdf: row %zu", i);
		test_mem(got.bytes, got.len, rows[i].want, rows[i].len, "its key: row %zu", i);
		test_eq((unsigned)sl_bcrypt_pbkdf(&password, (struct sl_bytes){ (const uint8_t *)"salt", 4 }, 0, 16, &key), SL_ERR_ARG, "no rounds");
		test_eq((unsigned)sl_bcrypt_pbkdf(&password, (struct sl_bytes){ NULL, 0 }, 1, 16, &key), SL_ERR_ARG, "no salt");
		test_eq((unsigned)sl_bcrypt_pbkdf(&password, (struct sl_bytes){ (const uint8_t *)"salt", 4 }, 1, 1025, &key), SL_ERR_RANGE, "too long");
	}
	test_eq((unsigned)sl_bcrypt_pbkdf(&none, (struct sl_bytes){ (const uint8_t *)"salt", 4 }, 1, 16, &key), SL_ERR_ARG, "no passphrase");
}

static void
test_armor(void)
{
	static const struct {
		const char *name;
		const char *text;
		enum sl_err err;
		const char *label;
		const char *body;
	} rows[] = {
		{ "nothing", "", SL_ERR_NOT_FOUND, NULL, NULL },
		{ "text", "no block\n", SL_ERR_NOT_FOUND, NULL, NULL },
		{ "three bytes", "-----BEGIN A B-----\nYWJj\n-----END A B-----\n", SL_OK, "A B", "abc" },
		{ "two bytes", "x\n-----BEGIN A-----\nYWI=\n-----END A-----", SL_OK, "A", "ab" },
		{ "one byte", "-----BEGIN A-----\r\nYQ==\r\n-----END A-----\r\n", SL_OK, "A", "a" },
		{ "digits on many lines", "-----BEGIN A-----\nY\nW\n\nJ\nj  \n-----END A-----\n", SL_OK, "A", "abc" },
		{ "headers", "-----BEGIN A-----\nX: y\n z\n\nYWJj\n-----END A-----\n", SL_OK, "A", "abc" },
		{ "headers and no more", "-----BEGIN A-----\nX: y\n-----END A-----\n", SL_ERR_FORMAT, NULL, NULL },
		{ "empty", "-----BEGIN A-----\n-----END A-----\n", SL_ERR_FORMAT, NULL, NULL },
		{ "no end", "-----BEGIN A-----\nYWJj\n", SL_ERR_FORMAT, NULL, NULL },
		{ "another end", "-----BEGIN A-----\nYWJj\n-----END B-----\n", SL_ERR_FORMAT, NULL, NULL },
		{ "a beginning inside", "-----BEGIN A-----\nYWJj\n-----BEGIN A-----\nYWJj\n-----END A-----\n", SL_ERR_FORMAT, NULL, NULL },
		{ "half a group", "-----BEGIN A-----\nYWJjY\n-----END A-----\n", SL_ERR_FORMAT, NULL, NULL },
		{ "no padding", "-----BEGIN A-----\nYWI\n-----END A-----\n", SL_ERR_FORMAT, NULL, NULL },
		{ "padding for nothing", "-----BEGIN A-----\nYWJj====\n-----END A-----\n", SL_ERR_FORMAT, NULL, NULL },
		{ "something after the padding", "-----BEGIN A-----\nYQ==YWJj\n-----END A-----\n", SL_ERR_FORMAT, NULL, NULL },
		{ "bits that belong to no byte", "-----BEGIN A-----\nYR==\n-----END A-----\n", SL_ERR_FORMAT, NULL, NULL },
		{ "a digit that is none", "-----BEGIN A-----\nYW-j\n-----END A-----\n", SL_ERR_FORMAT, NULL, NULL },
		{ "a long label", "-----BEGIN AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDD-----\nYWJj\n-----END AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDD-----\n",
		  SL_ERR_FORMAT, NULL, NULL },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		struct sl_reader r = sl_reader_of(rows[i].text, strlen(rows[i].text));
		SL_CLEANUP(sl_armor_clear) struct sl_armor block = { .label = "" };

		test_eq((unsigned)sl_armor_next(&r, &block), rows[i].err, "PEM: %s", rows[i].name);
		if (rows[i].err != SL_OK)
			continue;
		test_str(block.label, rows[i].label, "its label");
		test_mem(block.body.bytes, block.body.len, rows[i].body, strlen(rows[i].body), "its bytes");
	}
}

/* What has to be told before anybody asks for a passphrase. */
static void
test_shapes(void)
{
	static const struct {
		const char *name;
		const char *bytes;
		size_t len;
		enum sl_err err;
		enum sl_privkey_form form;
	} rows[] = {
#define ROW(name, text, ...) { name, text, sizeof(text) - 1, __VA_ARGS__ }
		ROW("PKCS #8", "\x30\x05\x02\x01\x00\x30\x00", SL_OK, SL_PRIVKEY_PKCS8),
		ROW("RSA", "\x30\x06\x02\x01\x00\x02\x01\x05", SL_OK, SL_PRIVKEY_RSA),
		ROW("EC", "\x30\x06\x02\x01\x01\x04\x01\x05", SL_OK, SL_PRIVKEY_EC),
		ROW("encrypted", "\x30\x05\x30\x00\x04\x01\x05", SL_OK, SL_PRIVKEY_PKCS8_ENCRYPTED),
		ROW("sealed", "\x30\x08\x06\x06\x67\x81\x05\x0a\x01\x05", SL_OK, SL_PRIVKEY_TSS2),
		ROW("sealed, in hex", "30080606678105" "0a0105\n", SL_OK, SL_PRIVKEY_TSS2),
		ROW("sealed, cut off", "\x30\x09\x06\x06\x67\x81\x05\x0a\x01\x05", SL_ERR_FORMAT, 0),
		ROW("sealed, cut off in hex", "30090606678105" "0A0105", SL_ERR_FORMAT, 0),
		ROW("other hex", "00112233445566778899aabbccddeeff", SL_ERR_NOT_FOUND, 0),
		ROW("a public key", "\x30\x05\x30\x00\x03\x01\x00", SL_ERR_UNSUPPORTED, 0),
		ROW("PKCS #12", "\x30\x05\x02\x01\x03\x30\x00", SL_ERR_UNSUPPORTED, 0),
		ROW("something after the end", "\x30\x05\x02\x01\x00\x30\x00\x00", SL_ERR_NOT_FOUND, 0),
		ROW("one byte", "\x30", SL_ERR_NOT_FOUND, 0),
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		SL_CLEANUP(sl_privkey_clear) struct sl_privkey found = { .dek = "" };
		SL_SECRET file = { 0 };
		struct sl_msg msg = { "" };

		test_eq((unsigned)sl_secret_copy(&file, rows[i].bytes, rows[i].len), SL_OK, "%s", rows[i].name);
		test_eq((unsigned)sl_privkey_open(&file, &found, &msg), rows[i].err, "%s", rows[i].name);
		if (rows[i].err == SL_OK)
			test_eq((unsigned)found.form, rows[i].form, "%s: its form", rows[i].name);
		else
			test_eq(msg.text[0] != '\0', 1, "%s: says why", rows[i].name);
	}
}

/* scrypt with N = 2^31 and r = 2^26: 2^64 bytes, which a product of 64 bits takes for none. */
static void
test_scrypt_size(void)
{
	static const char der[] =
		"\x30\x62\x30\x4e\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d\x30\x41\x30\x20\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b"
		"\x30\x13\x04\x01\x73\x02\x05\x00\x80\x00\x00\x00\x02\x04\x04\x00\x00\x00\x02\x01\x01\x30\x1d\x06\x09\x60\x86\x48\x01\x65"
		"\x03\x04\x01\x2a\x04\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x10\x00\x00\x00\x00\x00\x00"
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
	struct sl_privkey found = { .form = SL_PRIVKEY_PKCS8_ENCRYPTED };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET passphrase = { 0 };
	struct sl_msg msg = { "" };

	if (sl_secret_copy(&found.bytes, der, sizeof(der) - 1) != SL_OK || sl_secret_copy(&passphrase, "x", 1) != SL_OK)
		test_bail("out of memory");
	test_eq((unsigned)sl_privkey_read(&found, &passphrase, &key, &msg), SL_ERR_UNSUPPORTED, "more memory than there is: %s", msg.text);
	test_ok(strstr(msg.text, "encrypted in a way that is not offered") != NULL, "says why");
	sl_privkey_clear(&found);
}

int
main(void)
{
	test_bcrypt();
	test_armor();
	test_shapes();
	test_scrypt_size();
	return test_done();
}
