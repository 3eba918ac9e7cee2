/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/test.h"
#include "root/sealed.h"

#include <string.h>

/* The forms of doc/sealed.md, without a TPM. The vectors were made by another implementation (python3-cryptography) and are in that page. */

#define PUBLIC "0430002e0008000b000004520000001000201111111111111111111111111111111111111111111111111111111111111111"
#define PRIVATE "040a00082222222222222222"
#define OID "06066781050a0105"
#define OWNER "020440000001"

static const char der_hex[] = "3051" OID "a0030101ff" OWNER PUBLIC PRIVATE;
static const char blob_hex[] = "534c68310053" "3051" OID "a0030101ff" OWNER PUBLIC PRIVATE
	"404142434445464748494a4b8399c24c485ba770a8a76553eff53e2ace619c06bd80dd0278e412ebb0";

static enum sl_err
read_hex(const char *hex, struct sl_sealed *ret_sealed, struct sl_msg *msg)
{
	static uint8_t der[SL_SEALED_MAX];

	return sl_sealed_read(der, test_hex(hex, der, sizeof(der)), ret_sealed, msg);
}

static void
form(void)
{
	struct sl_sealed sealed;
	struct sl_msg msg = { .text = "" };
	uint8_t want[200];
	const size_t want_len = test_hex(der_hex, want, sizeof(want));
	uint8_t *der = NULL;
	size_t len = 0;

	test_eq(read_hex(der_hex, &sealed, &msg), SL_OK, "the vector %s", msg.text);
	test_ok(sealed.empty_auth && sealed.parent == 0x40000001 && sealed.policy.data == NULL && sealed.auth_policy.data == NULL,
	        "no auth, the owner's storage key, no policies");
	test_eq(sealed.public_area.len, 46, "public area");
	test_mem(sealed.private_area.data, sealed.private_area.len, "\x22\x22\x22\x22\x22\x22\x22\x22", 8, "private area");
	test_eq(sl_sealed_write(&sealed, &der, &len), SL_OK, "written");
	test_mem(der, len, want, want_len, "the same bytes");
	free(der);
	sealed.private_area.len = 0x2001;
	test_eq(sl_sealed_write(&sealed, &der, &len), SL_ERR_RANGE, "an area that is too long is not written");
}

/* Every parent has one encoding. */
static void
parents(void)
{
	static const uint32_t table[] = { 0, 1, 0x7f, 0x80, 0xff, 0x8000, 0x40000007, 0x4000000b, 0x81000001, 0xffffffff };
	static const uint8_t area[300] = { 1 };

	for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
		struct sl_sealed sealed = { .parent = table[i], .public_area = { area, i == 0 ? 300 : 100 }, .private_area = { area, 200 } };
		struct sl_sealed back;
		struct sl_msg msg = { .text = "" };
		uint8_t *der = NULL;
		size_t len = 0;

		test_eq(sl_sealed_write(&sealed, &der, &len), SL_OK, "parent 0x%x", table[i]);
		test_ok(sl_sealed_read(der, len, &back, &msg) == SL_OK && back.parent == table[i] && !back.empty_auth &&
		        back.private_area.len == 200, "comes back %s", msg.text);
		free(der);
	}
}

static void
accepted(void)
{
	static const struct { const char *name; const char *hex; bool empty; size_t policy; size_t auth_policy; } table[] = {
		{ "TRUE as the kernel writes it", "3051" OID "a003010101" OWNER PUBLIC PRIVATE, true, 0, 0 },
		{ "FALSE", "3051" OID "a003010100" OWNER PUBLIC PRIVATE, false, 0, 0 },
		{ "no emptyAuth", "304c" OID OWNER PUBLIC PRIVATE, false, 0, 0 },
		{ "a persistent parent", "304d" OID "02050081000001" PUBLIC PRIVATE, false, 0, 0 },
		{ "a description", "3052" OID "a4040c02c3a9" OWNER PUBLIC PRIVATE, false, 0, 0 },
		{ "rsaParent FALSE", "3051" OID "a503010100" OWNER PUBLIC PRIVATE, false, 0, 0 },
		{ "a policy", "3063" OID "a1153013" "3011a00402020 17f" "a1090407aabbccddeeff00" OWNER PUBLIC PRIVATE, false, 19, 0 },
		{ "an empty policy", "3050" OID "a1023000" OWNER PUBLIC PRIVATE, false, 0, 0 },
		{ "an auth policy", "305c" OID "a30e300c300aa0040c026162a1023000" OWNER PUBLIC PRIVATE, false, 0, 12 },
		{ "an auth policy without a name", "3056" OID "a30830063004a1023000" OWNER PUBLIC PRIVATE, false, 0, 6 },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
		struct sl_sealed s = { .parent = 0 };
		struct sl_msg msg = { .text = "" };
		char hex[2000] = "";
		uint8_t *der = NULL;
		size_t len = 0;

		for (const char *p = table[i].hex; *p != '\0'; p++)
			if (*p != ' ')
				strncat(hex, p, 1);
		test_eq(read_hex(hex, &s, &msg), SL_OK, "%s %s", table[i].name, msg.text);
		test_ok(s.empty_auth == table[i].empty && s.policy.len == table[i].policy && s.auth_policy.len == table[i].auth_policy,
		        "%s: what it says", table[i].name);
		if (table[i].policy == 0 && table[i].auth_policy == 0)
			continue;
		test_ok(sl_sealed_write(&s, &der, &len) == SL_OK && len * 2 == strlen(hex), "%s: and is written", table[i].name);
		free(der);
	}
}

static void
refused(void)
{
	static const struct { const char *name; const char *hex; enum sl_err err; } table[] = {
		{ "something after the end", "3051" OID "a0030101ff" OWNER PUBLIC PRIVATE "00", SL_ERR_FORMAT },
		{ "a length that is longer than it has to be", "308151" OID "a0030101ff" OWNER PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "an indefinite length", "3080" OID "a0030101ff" OWNER PUBLIC PRIVATE "0000", SL_ERR_FORMAT },
		{ "no sequence", "3151" OID "a0030101ff" OWNER PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "a loadable key", "3051" "06066781050a0103" "a0030101ff" OWNER PUBLIC PRIVATE, SL_ERR_UNSUPPORTED },
		{ "another number altogether", "3051" "06066781050a0205" "a0030101ff" OWNER PUBLIC PRIVATE, SL_ERR_UNSUPPORTED },
		{ "a truth value of two bytes", "3052" OID "a0040102ffff" OWNER PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "a truth value that is neither", "3051" OID "a003010142" OWNER PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "emptyAuth twice", "3056" OID "a0030101ffa0030101ff" OWNER PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "fields in the wrong order", "3055" OID "a1023000a0030101ff" OWNER PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "a key to be imported", "3050" OID "a2020400" OWNER PUBLIC PRIVATE, SL_ERR_UNSUPPORTED },
		{ "an RSA parent", "3051" OID "a5030101ff" OWNER PUBLIC PRIVATE, SL_ERR_UNSUPPORTED },
		{ "a field of later versions", "3051" OID "a6030101ff" OWNER PUBLIC PRIVATE, SL_ERR_UNSUPPORTED },
		{ "a policy that is none", "3051" OID "a103300100" OWNER PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "a description in another form", "3050" OID "a4020400" OWNER PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "a negative parent", "304c" OID "020481000001" PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "a parent with a needless zero", "304d" OID "02050040000001" PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "a parent of 33 bits", "304d" OID "02050140000001" PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "no parent", "3046" OID PUBLIC PRIVATE, SL_ERR_FORMAT },
		{ "no private part", "3040" OID OWNER PUBLIC, SL_ERR_FORMAT },
		{ "an area shorter than it says", "304c" OID OWNER PUBLIC "040a00092222222222222222", SL_ERR_FORMAT },
		{ "an area longer than it says", "304c" OID OWNER PUBLIC "040a00072222222222222222", SL_ERR_FORMAT },
		{ "an empty area", "3044" OID OWNER PUBLIC "04020000", SL_ERR_FORMAT },
	};
	uint8_t der[200];
	const size_t len = test_hex(der_hex, der, sizeof(der));
	struct sl_sealed sealed;

	for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
		struct sl_msg msg = { .text = "" };

		test_eq(read_hex(table[i].hex, &sealed, &msg), table[i].err, "%s", table[i].name);
		test_ok(strncmp(msg.text, "sealed key: ", 12) == 0, "and why: %s", msg.text);
	}
	for (size_t n = 0; n < len; n++)
		if (sl_sealed_read(der, n, &sealed, NULL) == SL_OK)
			test_ok(false, "cut after %zu bytes", n);
	test_ok(true, "cut anywhere");
}

static struct sl_secret
vector_key(void)
{
	struct sl_secret key = { 0 };

	if (sl_secret_alloc(&key, SL_SEALED_KEY) != SL_OK)
		test_bail("out of memory");
	for (size_t i = 0; i < key.len; i++)
		key.bytes[i] = (uint8_t)i;
	return key;
}

static void
hybrid(void)
{
	SL_SECRET key = vector_key();
	SL_SECRET secret = { 0 };
	SL_SECRET got = { 0 };
	uint8_t der[200];
	uint8_t want[300];
	const size_t der_len = test_hex(der_hex, der, sizeof(der));
	const size_t want_len = test_hex(blob_hex, want, sizeof(want));
	const struct sl_sealed_hybrid how = { .der = { der, der_len }, .key = &key, .nonce = (const uint8_t *)"@ABCDEFGHIJK" };
	struct sl_bytes inner;
	uint8_t *blob = NULL;
	size_t len = 0;

	if (sl_secret_copy(&secret, "a long secret", 13) != SL_OK)
		test_bail("out of memory");
	test_eq(sl_sealed_wrap(&how, &secret, &blob, &len), SL_OK, "the hybrid vector");
	test_mem(blob, len, want, want_len, "as another implementation made it");
	test_ok(sl_sealed_is_hybrid(blob, len) && !sl_sealed_is_hybrid(der, der_len), "is told from the other form");
	test_ok(sl_sealed_hybrid_key(blob, len, &inner) == SL_OK && inner.len == der_len && memcmp(inner.data, der, der_len) == 0, "holds its key");
	test_eq(sl_sealed_unwrap(blob, len, &key, &got), SL_OK, "opens");
	test_mem(got.bytes, got.len, secret.bytes, secret.len, "the secret");
	sl_secret_clear(&got);
	for (size_t i = 0; i < len; i++) {
		blob[i] ^= 1;
		if (sl_sealed_unwrap(blob, len, &key, &got) == SL_OK)
			test_ok(false, "altered byte %zu", i);
		blob[i] ^= 1;
	}
	test_ok(got.bytes == NULL, "no byte of it can be altered");
	for (size_t n = 0; n < len; n++)
		if (sl_sealed_unwrap(blob, n, &key, &got) == SL_OK)
			test_ok(false, "cut after %zu bytes", n);
	test_ok(got.bytes == NULL, "nor cut off");
	key.bytes[31] ^= 1;
	test_eq(sl_sealed_unwrap(blob, len, &key, &got), SL_ERR_VERIFY, "another key does not open it");
	free(blob);
}

int
main(void)
{
	form();
	parents();
	accepted();
	refused();
	hybrid();
	return test_done();
}
