/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/cipher.h"
#include "lib/test.h"

#include <openssl/evp.h>
#include <string.h>

#define ROOM 8192

/* SP 800-38A appendix F: keys and plaintext. */
#define K128 "2b7e151628aed2a6abf7158809cf4f3c"
#define K192 "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"
#define K256 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define P38A "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
#define IV38A "000102030405060708090a0b0c0d0e0f"
#define CTR38A "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
/* The GCM specification's test cases 4 to 6, 10 to 12, 16 to 18. */
#define KG "feffe9928665731c6d6a8f9467308308"
#define PG "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define AG "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define IG60 "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b"
/* SP 800-38C appendix C. */
#define KC "404142434445464748494a4b4c4d4e4f"
/* IEEE 1619 annex B, vectors 15 to 18. */
#define KX "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0"
#define IX "9a785634120000000000000000000000"
/* RFC 3394 section 4. */
#define KW32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define PW32 "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f"
#define KP "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8" /* RFC 5649 section 6 */

static const struct known {
	const char *name;
	enum sl_cipher_mode mode;
	const char *key;
	const char *iv;
	const char *plain;
	const char *cipher;
	size_t tag_len;
	const char *aad;
} knowns[] = {
	{ "SP 800-38A F.1.1", SL_CIPHER_ECB, K128, "", P38A, "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
	  "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4" },
	{ "SP 800-38A F.1.3", SL_CIPHER_ECB, K192, "", P38A, "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef"
	  "ef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e" },
	{ "SP 800-38A F.1.5", SL_CIPHER_ECB, K256, "", P38A, "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"
	  "b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7" },
	{ "SP 800-38A F.2.1", SL_CIPHER_CBC, K128, IV38A, P38A, "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
	  "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7" },
	{ "SP 800-38A F.2.3", SL_CIPHER_CBC, K192, IV38A, P38A, "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
	  "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd" },
	{ "SP 800-38A F.2.5", SL_CIPHER_CBC, K256, IV38A, P38A, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
	  "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b" },
	{ "SP 800-38A F.5.1", SL_CIPHER_CTR, K128, CTR38A, P38A, "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
	  "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee" },
	{ "SP 800-38A F.5.3", SL_CIPHER_CTR, K192, CTR38A, P38A, "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
	  "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050" },
	{ "SP 800-38A F.5.5", SL_CIPHER_CTR, K256, CTR38A, P38A, "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
	  "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6" },
	{ "GCM test case 1", SL_CIPHER_GCM, "00000000000000000000000000000000", "000000000000000000000000", "",
	  "58e2fccefa7e3061367f1d57a4e7455a", 16 },
	{ "GCM test case 2", SL_CIPHER_GCM, "00000000000000000000000000000000", "000000000000000000000000",
	  "00000000000000000000000000000000", "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf", 16 },
	{ "GCM test case 4", SL_CIPHER_GCM, KG, "cafebabefacedbaddecaf888", PG, "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e"
	  "2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47", 16, AG },
	{ "GCM test case 5", SL_CIPHER_GCM, KG, "cafebabefacedbad", PG, "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423"
	  "73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f45983612d2e79e3b0785561be14aaca2fccb", 16, AG },
	{ "GCM test case 6", SL_CIPHER_GCM, KG, IG60, PG, "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca701e4a9a4fba43c"
	  "90ccdcb281d48c7c6fd62875d2aca417034c34aee5619cc5aefffe0bfa462af43c1699d050", 16, AG },
	{ "GCM test case 10", SL_CIPHER_GCM, KG "feffe9928665731c", "cafebabefacedbaddecaf888", PG, "3980ca0b3c00e841eb06fac4872a2757859e1c"
	  "eaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda27102519498e80f1478f37ba55bd6d27618c", 16, AG },
	{ "GCM test case 16", SL_CIPHER_GCM, KG KG, "cafebabefacedbaddecaf888", PG, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2"
	  "bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b", 16, AG },
	{ "GCM test case 18", SL_CIPHER_GCM, KG KG, IG60, PG, "5a8def2f0c9e53f1f75d7853659e2a20eeb2b22aafde6419a058ab4f6f746bf40fc0c3b78"
	  "0f244452da3ebf1c5d82cdea2418997200ef82e44ae7e3fa44a8266ee1c8eb0c8b5d4cf5ae9f19a", 16, AG },
	/* A shorter tag is a prefix: SP 800-38D 7.1, step 6. */
	{ "GCM test case 4, 4 of the tag", SL_CIPHER_GCM, KG, "cafebabefacedbaddecaf888", PG, "42831ec2217774244b7221b784d0d49ce3aa212f2c"
	  "02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc", 4, AG },
	{ "SP 800-38C C.1", SL_CIPHER_CCM, KC, "10111213141516", "20212223", "7162015b4dac255d", 4, "0001020304050607" },
	{ "SP 800-38C C.2", SL_CIPHER_CCM, KC, "1011121314151617", "202122232425262728292a2b2c2d2e2f",
	  "d2a1f0e051ea5f62081a7792073d593d1fc64fbfaccd", 6, "000102030405060708090a0b0c0d0e0f" },
	{ "SP 800-38C C.3", SL_CIPHER_CCM, KC, "101112131415161718191a1b", "202122232425262728292a2b2c2d2e2f3031323334353637",
	  "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951", 8, "000102030405060708090a0b0c0d0e0f10111213" },
	{ "IEEE 1619 vector 2", SL_CIPHER_XTS, "1111111111111111111111111111111122222222222222222222222222222222",
	  "33333333330000000000000000000000", "4444444444444444444444444444444444444444444444444444444444444444",
	  "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0" },
	{ "IEEE 1619 vector 10, its first two blocks", SL_CIPHER_XTS, "2718281828459045235360287471352662497757247093699959574966967627"
	  "3141592653589793238462643383279502884197169399375105820974944592", "ff000000000000000000000000000000",
	  KW32, "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b" },
	{ "IEEE 1619 vector 15", SL_CIPHER_XTS, KX, IX, "000102030405060708090a0b0c0d0e0f10", "6c1625db4671522d3d7599601de7ca09ed" },
	{ "IEEE 1619 vector 16", SL_CIPHER_XTS, KX, IX, "000102030405060708090a0b0c0d0e0f1011", "d069444b7a7e0cab09e24447d24deb1fedbf" },
	{ "IEEE 1619 vector 17", SL_CIPHER_XTS, KX, IX, "000102030405060708090a0b0c0d0e0f101112", "e5df1351c0544ba1350b3363cd8ef4beedbf9d" },
	{ "IEEE 1619 vector 18", SL_CIPHER_XTS, KX, IX, "000102030405060708090a0b0c0d0e0f10111213",
	  "9d84c813f719aa2c7be3f66171c7c5c2edbf9dac" },
	{ "RFC 3394 4.1", SL_CIPHER_KW, "000102030405060708090a0b0c0d0e0f", "", "00112233445566778899aabbccddeeff",
	  "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5" },
	{ "RFC 3394 4.2", SL_CIPHER_KW, "000102030405060708090a0b0c0d0e0f1011121314151617", "", "00112233445566778899aabbccddeeff",
	  "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d" },
	{ "RFC 3394 4.6", SL_CIPHER_KW, KW32, "", PW32, "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21" },
	{ "RFC 3394 4.6, its IV said", SL_CIPHER_KW, KW32, "a6a6a6a6a6a6a6a6", PW32,
	  "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21" },
	{ "RFC 5649 section 6, 20 bytes", SL_CIPHER_KWP, KP, "", "c37b7e6492584340bed12207808941155068f738",
	  "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a" },
	{ "RFC 5649 section 6, 7 bytes", SL_CIPHER_KWP, KP, "a65959a6", "466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f" },
	{ "RFC 8439 2.8.2", SL_CIPHER_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
	  "070000004041424344454647", "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f"
	  "756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c6420"
	  "62652069742e", "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e06"
	  "0b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"
	  "1ae10b594f09e26a7e902ecbd0600691", 16, "50515253c0c1c2c3c4c5c6c7" },
};

/* One message with all that belongs to it. */
struct message {
	struct sl_cipher_params params;
	struct sl_key *key;
	uint8_t iv[256];
	uint8_t aad[64];
	uint8_t plain[ROOM];
	size_t plain_len;
	uint8_t cipher[ROOM];
	size_t cipher_len;
};

static size_t
hex(const char *text, void *out, size_t room)
{
	return text == NULL || *text == '\0' ? 0 : test_hex(text, out, room);
}

static struct sl_key *
key_of(const uint8_t *bytes, size_t len)
{
	struct sl_key *key = NULL;

	if (sl_key_from_secret(bytes, len, &key) != SL_OK)
		test_bail("no key");
	return key;
}

static void
load(const struct known *k, struct message *m)
{
	uint8_t key[64];

	memset(m, 0, sizeof(*m));
	m->key = key_of(key, hex(k->key, key, sizeof(key)));
	m->plain_len = hex(k->plain, m->plain, ROOM);
	m->cipher_len = hex(k->cipher, m->cipher, ROOM);
	m->params = (struct sl_cipher_params){ .mode = k->mode, .iv = m->iv, .aad = m->aad, .tag_len = k->tag_len,
		.data_len = m->plain_len, .counter_bits = 128 };
	m->params.iv_len = hex(k->iv, m->iv, sizeof(m->iv));
	m->params.aad_len = hex(k->aad, m->aad, sizeof(m->aad));
}

static struct sl_cipher *
open_cipher(const struct message *m, bool encrypt)
{
	struct sl_cipher *c = NULL;

	if (sl_cipher_new(m->key, &m->params, encrypt, &c) != SL_OK)
		test_bail("no cipher of mode %d", (int)m->params.mode);
	return c;
}

/* One update at most as long as it said; in place: in and out are one buffer. */
static enum sl_err
step(struct sl_cipher *c, const uint8_t *in, size_t len, uint8_t *out, size_t *ret_len, bool in_place)
{
	const size_t most = sl_cipher_update_max(c, len);
	SL_FREE uint8_t *buf = malloc((len > most ? len : most) + 1); /* just as long as it has to be: for valgrind and ASan */
	SL_FREE uint8_t *from = malloc(len + 1);
	size_t n = SIZE_MAX;
	enum sl_err err;

	if (buf == NULL || from == NULL)
		test_bail("memory");
	memset(buf, 0x5a, (len > most ? len : most) + 1);
	memcpy(in_place ? buf : from, in, len);
	err = sl_cipher_update(c, in_place ? buf : from, len, buf, &n);
	if (err != SL_OK)
		return err;
	if (n > most || (!in_place && buf[most] != 0x5a))
		test_bail("update gave %zu of %zu", n, most);
	memcpy(out, buf, n);
	*ret_len = n;
	return SL_OK;
}

/* The whole message in chunks; SIZE_MAX for a failure. */
static size_t
through(struct sl_cipher *c, const uint8_t *in, size_t len, size_t chunk, uint8_t *out, bool in_place)
{
	const size_t total = sl_cipher_total_max(c, len);
	size_t used = 0;
	size_t most;
	size_t n = 0;

	for (size_t done = 0; done < len; done += n) {
		n = len - done < chunk ? len - done : chunk;
		size_t given = 0;

		if (step(c, in + done, n, out + used, &given, in_place) != SL_OK)
			return SIZE_MAX;
		used += given;
	}
	most = sl_cipher_final_max(c);
	out[used + most] = 0x5a;
	n = SIZE_MAX;
	if (sl_cipher_final(c, out + used, &n) != SL_OK)
		return SIZE_MAX;
	if (n > most || out[used + most] != 0x5a || used + n > total)
		test_bail("final gave %zu of %zu", n, most);
	return used + n;
}

static bool
same(const uint8_t *got, size_t got_len, const uint8_t *want, size_t want_len)
{
	return got_len == want_len && memcmp(got, want, want_len) == 0;
}

static const size_t chunks[] = { 1, 2, 3, 5, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 48, 63, 65, 100, 255, 1000, 4095, 4097, ROOM };

/* Every chunking, in place and not, on one cipher that is reset between. */
static void
chunked(const struct message *m, const char *name)
{
	static uint8_t got[ROOM + 64];

	for (unsigned way = 0; way < 4; way++) {
		const bool encrypt = (way & 1) == 0;
		const bool in_place = (way & 2) != 0;
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = open_cipher(m, encrypt);
		const uint8_t *in = encrypt ? m->plain : m->cipher;
		const uint8_t *want = encrypt ? m->cipher : m->plain;
		const size_t in_len = encrypt ? m->plain_len : m->cipher_len;
		const size_t want_len = encrypt ? m->cipher_len : m->plain_len;
		bool ok = true;

		for (size_t i = 0; ok && i < SL_ARRAY_LEN(chunks); i++) {
			const size_t len = through(c, in, in_len, chunks[i], got, in_place);

			ok = same(got, len, want, want_len);
			if (!ok)
				test_note("chunks of %zu", chunks[i]);
			ok = ok && sl_cipher_reset(c, &m->params) == SL_OK;
		}
		test_ok(ok, "%s: %s, all chunks%s", name, encrypt ? "encrypted" : "decrypted", in_place ? ", in place" : "");
	}
}

static void
exact_sizes(const struct message *m, const char *name)
{
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *e = open_cipher(m, true);
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *d = open_cipher(m, false);
	const bool padded = m->params.mode == SL_CIPHER_KWP || m->params.mode == SL_CIPHER_CBC_PAD;

	test_eq(sl_cipher_total_max(e, m->plain_len), m->cipher_len, "%s: length of the ciphertext", name);
	if (padded)
		test_ok(sl_cipher_total_max(d, m->cipher_len) >= m->plain_len, "%s: room for the plaintext", name);
	else
		test_eq(sl_cipher_total_max(d, m->cipher_len), m->plain_len, "%s: length of the plaintext", name);
}

/* Each byte of a sealed message, changed: nothing comes out. */
static void
tampered(struct message *m, const char *name)
{
	static uint8_t got[ROOM];
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = open_cipher(m, false);
	bool ok = true;

	for (size_t i = 0; ok && i < m->cipher_len; i++) {
		size_t n = 4711;

		memset(got, 0x5a, sizeof(got));
		m->cipher[i] ^= 0x10;
		ok = sl_cipher_update(c, m->cipher, m->cipher_len, got, &n) == SL_OK && n == 0 &&
			sl_cipher_final(c, got, &n) == SL_ERR_VERIFY && n == 0;
		for (size_t j = 0; j < sizeof(got); j++)
			ok = ok && got[j] == 0x5a;
		ok = ok && sl_cipher_final(c, got, &n) == SL_ERR_ARG && sl_cipher_reset(c, &m->params) == SL_OK;
		m->cipher[i] ^= 0x10;
	}
	test_ok(ok, "%s: each byte changed is found, and nothing written", name);
	if (m->params.aad_len != 0) {
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *other = NULL;
		uint8_t *aad = (uint8_t *)(uintptr_t)m->params.aad;
		size_t n = 0;

		aad[m->params.aad_len - 1] ^= 1;
		other = open_cipher(m, false);
		test_ok(sl_cipher_update(other, m->cipher, m->cipher_len, got, &n) == SL_OK &&
		        sl_cipher_final(other, got, &n) == SL_ERR_VERIFY, "%s: other additional data", name);
		aad[m->params.aad_len - 1] ^= 1;
	}
}

static bool
sealed(enum sl_cipher_mode mode)
{
	return mode == SL_CIPHER_GCM || mode == SL_CIPHER_CCM || mode == SL_CIPHER_KW || mode == SL_CIPHER_KWP ||
		mode == SL_CIPHER_CHACHA20_POLY1305;
}

static void
known_answers(void)
{
	static struct message m;
	static uint8_t got[ROOM + 64];

	for (size_t i = 0; i < SL_ARRAY_LEN(knowns); i++) {
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = NULL;
		size_t len;

		load(&knowns[i], &m);
		c = open_cipher(&m, true);
		len = through(c, m.plain, m.plain_len, ROOM, got, false);
		test_mem(got, len == SIZE_MAX ? 0 : len, m.cipher, m.cipher_len, "%s", knowns[i].name);
		exact_sizes(&m, knowns[i].name);
		chunked(&m, knowns[i].name);
		if (sealed(m.params.mode))
			tampered(&m, knowns[i].name);
		sl_key_unref(&m.key);
	}
}

/* SP 800-38C C.4: 64 KiB of additional data. */
static void
ccm_long(void)
{
	static uint8_t aad[65536];
	static struct message m;
	static uint8_t got[ROOM];
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = NULL;
	const struct known k = { "SP 800-38C C.4", SL_CIPHER_CCM, KC, "101112131415161718191a1b1c",
		"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f", "69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484"
		"828529463ccf72b4ac6bec93e8598e7f0dadbcea5b", 14, NULL };

	for (size_t i = 0; i < sizeof(aad); i++)
		aad[i] = (uint8_t)i;
	load(&k, &m);
	m.params.aad = aad;
	m.params.aad_len = sizeof(aad);
	c = open_cipher(&m, true);
	test_eq(through(c, m.plain, m.plain_len, 7, got, false), m.cipher_len, "%s: length", k.name);
	test_mem(got, m.cipher_len, m.cipher, m.cipher_len, "%s", k.name);
	chunked(&m, k.name);
	tampered(&m, k.name);
	sl_key_unref(&m.key);
}

/* A sequence that is no pattern of blocks, and the same each time. */
static void
fill(uint8_t *out, size_t len, uint32_t seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		out[i] = (uint8_t)(seed >> 24);
	}
}

/* libcrypto by itself, all at once and in its own way. */
static size_t
reference(const struct message *m, const uint8_t *key, const char *name)
{
	const bool aead = m->params.mode == SL_CIPHER_GCM || m->params.mode == SL_CIPHER_CHACHA20_POLY1305;
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	static uint8_t got[ROOM];
	size_t len;
	int n = 0;
	int end = 0;

	if (cipher == NULL || EVP_EncryptInit_ex2(ctx, cipher, NULL, NULL, NULL) != 1)
		test_bail("%s", name);
	if (aead && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)m->params.iv_len, NULL) != 1)
		test_bail("%s", name);
	if (EVP_EncryptInit_ex2(ctx, NULL, key, m->iv, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(ctx, m->params.mode == SL_CIPHER_CBC_PAD) != 1 ||
	    (aead && EVP_EncryptUpdate(ctx, NULL, &n, m->aad, (int)m->params.aad_len) != 1) ||
	    EVP_EncryptUpdate(ctx, got, &n, m->plain, (int)m->plain_len) != 1 || EVP_EncryptFinal_ex(ctx, got + n, &end) != 1)
		test_bail("%s", name);
	len = (size_t)(n + end);
	if (aead && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)m->params.tag_len, got + len) != 1)
		test_bail("%s", name);
	len += aead ? m->params.tag_len : 0;
	memcpy((void *)(uintptr_t)m->cipher, got, len);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return len;
}

static void
against_libcrypto(void)
{
	static const struct {
		const char *name;
		enum sl_cipher_mode mode;
		size_t key_len;
		size_t iv_len;
		size_t tag_len;
		size_t by; /* lengths are multiples of it */
	} rows[] = {
		{ "AES-128-ECB", SL_CIPHER_ECB, 16, 0, 0, 16 }, { "AES-192-CBC", SL_CIPHER_CBC, 24, 16, 0, 16 },
		{ "AES-128-CBC", SL_CIPHER_CBC_PAD, 16, 16, 0, 1 }, { "AES-192-CBC", SL_CIPHER_CBC_PAD, 24, 16, 0, 1 },
		{ "AES-256-CBC", SL_CIPHER_CBC_PAD, 32, 16, 0, 1 }, { "AES-256-CTR", SL_CIPHER_CTR, 32, 16, 0, 1 },
		{ "AES-128-GCM", SL_CIPHER_GCM, 16, 1, 16, 1 }, { "AES-192-GCM", SL_CIPHER_GCM, 24, 12, 13, 1 },
		{ "AES-256-GCM", SL_CIPHER_GCM, 32, 128, 8, 1 }, { "AES-256-XTS", SL_CIPHER_XTS, 64, 16, 0, 1 },
		{ "ChaCha20-Poly1305", SL_CIPHER_CHACHA20_POLY1305, 32, 12, 16, 1 },
	};
	static const size_t lens[] = { 0, 1, 15, 16, 17, 31, 32, 33, 47, 112, 240, 256, 257, 4096, 4111, 8000 };
	static struct message m;

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		for (size_t j = 0; j < SL_ARRAY_LEN(lens); j++) {
			uint8_t key[64];
			char name[64];

			memset(&m, 0, sizeof(m));
			m.plain_len = lens[j] - lens[j] % rows[i].by;
			if (rows[i].mode == SL_CIPHER_XTS && m.plain_len < 16)
				continue;
			fill(key, sizeof(key), (uint32_t)(i + j));
			fill(m.iv, sizeof(m.iv), (uint32_t)(i + 99));
			fill(m.plain, m.plain_len, (uint32_t)(7 * i + j));
			m.key = key_of(key, rows[i].key_len);
			m.params = (struct sl_cipher_params){ .mode = rows[i].mode, .iv = m.iv, .iv_len = rows[i].iv_len,
				.tag_len = rows[i].tag_len, .aad = m.aad, .aad_len = rows[i].tag_len != 0 ? j : 0, .counter_bits = 64 };
			m.cipher_len = reference(&m, key, rows[i].name);
			(void)snprintf(name, sizeof(name), "%s%s of %zu", rows[i].name, rows[i].mode == SL_CIPHER_CBC_PAD ? " padded" : "",
			               m.plain_len);
			exact_sizes(&m, name);
			chunked(&m, name);
			sl_key_unref(&m.key);
		}
	}
}

/* A counter of n bits with three blocks left, among ones or zeros; and what lies beyond it must not move. */
static void
counters(void)
{
	static struct message m;
	static uint8_t got[ROOM];
	uint8_t key[16];
	bool ok = true;

	fill(key, sizeof(key), 1);
	memset(&m, 0, sizeof(m));
	m.key = key_of(key, sizeof(key));
	fill(m.plain, 64, 3);
	for (unsigned bits = 2; ok && bits <= 128; bits++) {
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = NULL;

		memset(m.iv, bits % 2 == 0 ? 0 : 0xa0, 16);
		for (unsigned b = 0; b < bits; b++)
			m.iv[15 - b / 8] |= (uint8_t)(1U << b % 8);
		m.iv[15] &= 0xfd; /* ...01: three left */
		m.params = (struct sl_cipher_params){ .mode = SL_CIPHER_CTR, .iv = m.iv, .iv_len = 16, .counter_bits = bits };
		m.plain_len = 48;
		m.cipher_len = reference(&m, key, "AES-128-CTR");
		c = open_cipher(&m, true);
		ok = same(got, through(c, m.plain, 48, 5, got, false), m.cipher, 48) && sl_cipher_reset(c, &m.params) == SL_OK &&
			through(c, m.plain, 49, 64, got, false) == SIZE_MAX && sl_cipher_reset(c, &m.params) == SL_OK &&
			through(c, m.plain, 49, 48, got, false) == SIZE_MAX && sl_cipher_reset(c, &m.params) == SL_OK &&
			through(c, m.plain, 47, 47, got, false) == 47;
		if (!ok)
			test_note("%u bits", bits);
	}
	test_ok(ok, "CTR: each width of the counter ends where it would wrap");
	for (unsigned value = 0; value < 2; value++) {
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = NULL;
		const size_t most = value == 0 ? 32 : 16;
		size_t n = 0;

		memset(m.iv, 0, 16);
		m.iv[15] = (uint8_t)value;
		m.params.counter_bits = 1;
		c = open_cipher(&m, true);
		test_eq(through(c, m.plain, most, 16, got, false), most, "CTR: one bit, at %u", value);
		test_ok(sl_cipher_reset(c, &m.params) == SL_OK && sl_cipher_update(c, m.plain, most + 1, got, &n) == SL_ERR_RANGE, "and no more");
	}
	sl_key_unref(&m.key);
}

static void
bad_padding(void)
{
	static const char *const lasts[] = { "00", "11", "ff", "0302", "010303", "0e0f0f0f0f0f0f0f0f0f0f0f0f0f0f",
		"0f101010101010101010101010101010" };
	static const char *const good[] = { "01", "0202", "10101010101010101010101010101010" };
	static struct message m;
	static uint8_t got[ROOM];
	const struct known k = { "", SL_CIPHER_CBC, K128, IV38A, P38A, "", 0, NULL };

	for (size_t i = 0; i < SL_ARRAY_LEN(lasts) + SL_ARRAY_LEN(good); i++) {
		const bool bad = i < SL_ARRAY_LEN(lasts);
		const char *text = bad ? lasts[i] : good[i - SL_ARRAY_LEN(lasts)];
		const size_t pad = strlen(text) / 2;
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *e = NULL;
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *d = NULL;
		size_t n = 4711;

		load(&k, &m);
		(void)hex(text, m.plain + 64 - pad, pad);
		e = open_cipher(&m, true);
		m.cipher_len = through(e, m.plain, 64, 64, m.cipher, false);
		m.params.mode = SL_CIPHER_CBC_PAD;
		d = open_cipher(&m, false);
		memset(got, 0x5a, sizeof(got));
		test_ok(sl_cipher_update_max(d, 64) == 48 && sl_cipher_update(d, m.cipher, 64, got, &n) == SL_OK && same(got, n, m.plain, 48),
		        "padding %s: all but the last block before the end", text);
		test_ok(got[48] == 0x5a && sl_cipher_final_max(d) == 15, "padding %s: the last block waits", text);
		n = 0;
		if (bad)
			test_ok(sl_cipher_final(d, got + 48, &n) == SL_ERR_VERIFY && n == 0 && got[48] == 0x5a && got[63] == 0x5a, "padding %s", text);
		else
			test_ok(sl_cipher_final(d, got + 48, &n) == SL_OK && same(got, 48 + n, m.plain, 64 - pad) && got[63] == 0x5a, "padding %s", text);
		sl_key_unref(&m.key);
	}
}

/* Lengths no message of the mode can have. */
static void
bad_lengths(void)
{
	static const struct {
		enum sl_cipher_mode mode;
		bool encrypt;
		size_t len;
		enum sl_err err;
	} rows[] = {
		{ SL_CIPHER_ECB, true, 15, SL_ERR_RANGE }, { SL_CIPHER_ECB, false, 17, SL_ERR_RANGE }, { SL_CIPHER_ECB, true, 0, SL_OK },
		{ SL_CIPHER_CBC, true, 1, SL_ERR_RANGE }, { SL_CIPHER_CBC, false, 31, SL_ERR_RANGE },
		{ SL_CIPHER_CBC_PAD, false, 0, SL_ERR_RANGE }, { SL_CIPHER_CBC_PAD, false, 24, SL_ERR_RANGE },
		{ SL_CIPHER_XTS, true, 0, SL_ERR_RANGE }, { SL_CIPHER_XTS, false, 15, SL_ERR_RANGE },
		{ SL_CIPHER_KW, true, 0, SL_ERR_RANGE }, { SL_CIPHER_KW, true, 8, SL_ERR_RANGE }, { SL_CIPHER_KW, true, 17, SL_ERR_RANGE },
		{ SL_CIPHER_KW, false, 16, SL_ERR_RANGE }, { SL_CIPHER_KW, false, 25, SL_ERR_RANGE },
		{ SL_CIPHER_KWP, true, 0, SL_ERR_RANGE }, { SL_CIPHER_KWP, true, 1, SL_OK }, { SL_CIPHER_KWP, false, 8, SL_ERR_RANGE },
		{ SL_CIPHER_KWP, false, 23, SL_ERR_RANGE }, { SL_CIPHER_GCM, false, 15, SL_ERR_RANGE }, { SL_CIPHER_GCM, false, 0, SL_ERR_RANGE },
		{ SL_CIPHER_CCM, true, 31, SL_ERR_RANGE }, { SL_CIPHER_CCM, true, 0, SL_ERR_RANGE }, { SL_CIPHER_CCM, false, 47, SL_ERR_RANGE },
		{ SL_CIPHER_CHACHA20_POLY1305, false, 3, SL_ERR_RANGE },
	};
	static const size_t iv_lens[SL_CIPHER_COUNT_] = { [SL_CIPHER_CBC] = 16, [SL_CIPHER_CBC_PAD] = 16, [SL_CIPHER_XTS] = 16,
		[SL_CIPHER_GCM] = 12, [SL_CIPHER_CCM] = 12, [SL_CIPHER_CHACHA20_POLY1305] = 12 };
	static struct message m;
	static uint8_t got[ROOM];
	uint8_t key[32];

	fill(key, sizeof(key), 5);
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = NULL;
		size_t n = 0;

		memset(&m, 0, sizeof(m));
		m.key = key_of(key, sizeof(key));
		m.params = (struct sl_cipher_params){ .mode = rows[i].mode, .iv = m.iv, .iv_len = iv_lens[rows[i].mode], .tag_len = 16,
			.data_len = 32 };
		c = open_cipher(&m, rows[i].encrypt);
		test_eq(sl_cipher_update(c, m.plain, rows[i].len, got, &n), SL_OK, "mode %d, %zu bytes: put in", (int)rows[i].mode, rows[i].len);
		test_eq(sl_cipher_final(c, got, &n), rows[i].err, "mode %d, %zu bytes: the end", (int)rows[i].mode, rows[i].len);
		test_ok(sl_cipher_update(c, m.plain, 1, got, &n) == SL_ERR_ARG && sl_cipher_final(c, got, &n) == SL_ERR_ARG, "and then nothing");
		sl_key_unref(&m.key);
	}
}

static void
bad_params(void)
{
	static const uint8_t b[256];
	static const struct {
		const char *name;
		size_t key_len;
		enum sl_err err;
		struct sl_cipher_params p;
	} rows[] = {
		{ "a mode that is none", 16, SL_ERR_UNSUPPORTED, { .mode = SL_CIPHER_COUNT_ } },
		{ "ECB with an IV", 16, SL_ERR_ARG, { .mode = SL_CIPHER_ECB, .iv = b, .iv_len = 16 } },
		{ "AES with 15 bytes", 15, SL_ERR_ARG, { .mode = SL_CIPHER_ECB } },
		{ "AES with 64 bytes", 64, SL_ERR_ARG, { .mode = SL_CIPHER_ECB } },
		{ "AES with a byte", 1, SL_ERR_ARG, { .mode = SL_CIPHER_ECB } },
		{ "CBC with 8 bytes of IV", 16, SL_ERR_ARG, { .mode = SL_CIPHER_CBC, .iv = b, .iv_len = 8 } },
		{ "CBC without IV", 16, SL_ERR_ARG, { .mode = SL_CIPHER_CBC_PAD, .iv_len = 16 } },
		{ "CTR with no bit", 16, SL_ERR_ARG, { .mode = SL_CIPHER_CTR, .iv = b, .iv_len = 16 } },
		{ "CTR with 129 bits", 16, SL_ERR_ARG, { .mode = SL_CIPHER_CTR, .iv = b, .iv_len = 16, .counter_bits = 129 } },
		{ "GCM without IV", 16, SL_ERR_ARG, { .mode = SL_CIPHER_GCM, .tag_len = 16 } },
		{ "GCM with too long an IV", 16, SL_ERR_ARG, { .mode = SL_CIPHER_GCM, .iv = b, .iv_len = 257, .tag_len = 16 } },
		{ "GCM with a tag of 5", 16, SL_ERR_ARG, { .mode = SL_CIPHER_GCM, .iv = b, .iv_len = 12, .tag_len = 5 } },
		{ "GCM with no tag", 16, SL_ERR_ARG, { .mode = SL_CIPHER_GCM, .iv = b, .iv_len = 12, .tag_len = 0 } },
		{ "GCM with a tag of 17", 16, SL_ERR_ARG, { .mode = SL_CIPHER_GCM, .iv = b, .iv_len = 12, .tag_len = 17 } },
		{ "GCM, additional data at NULL", 16, SL_ERR_ARG, { .mode = SL_CIPHER_GCM, .iv = b, .iv_len = 12, .tag_len = 16, .aad_len = 1 } },
		{ "GCM, absurd additional data", 16, SL_ERR_ARG,
		  { .mode = SL_CIPHER_GCM, .iv = b, .iv_len = 12, .tag_len = 16, .aad = b, .aad_len = SIZE_MAX } },
		{ "CCM with 6 bytes of nonce", 16, SL_ERR_ARG, { .mode = SL_CIPHER_CCM, .iv = b, .iv_len = 6, .tag_len = 16 } },
		{ "CCM with 14 bytes of nonce", 16, SL_ERR_ARG, { .mode = SL_CIPHER_CCM, .iv = b, .iv_len = 14, .tag_len = 16 } },
		{ "CCM with an odd tag", 16, SL_ERR_ARG, { .mode = SL_CIPHER_CCM, .iv = b, .iv_len = 12, .tag_len = 13 } },
		{ "CCM, 64 KiB and 2 bytes of length", 16, SL_ERR_ARG,
		  { .mode = SL_CIPHER_CCM, .iv = b, .iv_len = 13, .tag_len = 16, .data_len = 65536 } },
		{ "CCM, absurdly long", 16, SL_ERR_RANGE,
		  { .mode = SL_CIPHER_CCM, .iv = b, .iv_len = 7, .tag_len = 16, .data_len = SIZE_MAX } },
		{ "XTS with 192 bits", 48, SL_ERR_ARG, { .mode = SL_CIPHER_XTS, .iv = b, .iv_len = 16 } },
		{ "XTS with half a key", 16, SL_ERR_ARG, { .mode = SL_CIPHER_XTS, .iv = b, .iv_len = 16 } },
		{ "XTS with an odd key", 33, SL_ERR_ARG, { .mode = SL_CIPHER_XTS, .iv = b, .iv_len = 16 } },
		{ "XTS with a short tweak", 32, SL_ERR_ARG, { .mode = SL_CIPHER_XTS, .iv = b, .iv_len = 8 } },
		{ "KW with 4 bytes of IV", 16, SL_ERR_ARG, { .mode = SL_CIPHER_KW, .iv = b, .iv_len = 4 } },
		{ "KWP with 8 bytes of IV", 16, SL_ERR_ARG, { .mode = SL_CIPHER_KWP, .iv = b, .iv_len = 8 } },
		{ "ChaCha20 with 16 bytes of key", 16, SL_ERR_ARG, { .mode = SL_CIPHER_CHACHA20_POLY1305, .iv = b, .iv_len = 12, .tag_len = 16 } },
		{ "ChaCha20 with 8 bytes of nonce", 32, SL_ERR_ARG, { .mode = SL_CIPHER_CHACHA20_POLY1305, .iv = b, .iv_len = 8, .tag_len = 16 } },
		{ "ChaCha20 with a short tag", 32, SL_ERR_ARG, { .mode = SL_CIPHER_CHACHA20_POLY1305, .iv = b, .iv_len = 12, .tag_len = 12 } },
	};
	uint8_t key[64];

	fill(key, sizeof(key), 6);
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *k = key_of(key, rows[i].key_len);
		struct sl_cipher *c = NULL;

		test_eq(sl_cipher_new(k, &rows[i].p, true, &c), rows[i].err, "%s", rows[i].name);
		test_ok(c == NULL && sl_cipher_new(k, &rows[i].p, false, &c) == rows[i].err && c == NULL, "%s: decryption too", rows[i].name);
	}
}

static void
bad_keys(void)
{
	const struct sl_cipher_params xts = { .mode = SL_CIPHER_XTS, .iv = (const uint8_t[16]){ 0 }, .iv_len = 16 };
	const struct sl_cipher_params ecb = { .mode = SL_CIPHER_ECB };
	SL_CLEANUP(sl_key_unref) struct sl_key *equal = NULL;
	SL_CLEANUP(sl_key_unref) struct sl_key *other = NULL;
	struct sl_cipher *c = NULL;
	uint8_t bytes[64];

	for (size_t half = 16; half <= 32; half += 16) {
		fill(bytes, half, 8);
		memcpy(bytes + half, bytes, half);
		equal = key_of(bytes, 2 * half);
		test_ok(sl_cipher_new(equal, &xts, true, &c) == SL_ERR_ARG && sl_cipher_new(equal, &xts, false, &c) == SL_ERR_ARG,
		        "XTS refuses %zu equal bytes", half);
		sl_key_unref(&equal);
	}
	if (sl_key_from_raw(SL_KEY_X25519, bytes, 32, &other) != SL_OK)
		test_bail("no key");
	test_ok(sl_cipher_new(other, &ecb, true, &c) == SL_ERR_ARG && c == NULL, "a private key is no AES key");
	sl_cipher_free(&c);
}

/* No byte is read beyond what is there when the length is too much anyway. */
static void
too_much(void)
{
	static uint8_t chunk[(size_t)1 << 20];
	static const uint8_t iv[16];
	uint8_t key[32];
	static const struct sl_cipher_params huge[] = {
		{ .mode = SL_CIPHER_GCM, .iv = iv, .iv_len = 12, .tag_len = 16 },
		{ .mode = SL_CIPHER_CHACHA20_POLY1305, .iv = iv, .iv_len = 12, .tag_len = 16 },
		{ .mode = SL_CIPHER_CTR, .iv = iv, .iv_len = 16, .counter_bits = 32 },
		{ .mode = SL_CIPHER_CCM, .iv = iv, .iv_len = 12, .tag_len = 16, .data_len = 100 },
		{ .mode = SL_CIPHER_ECB },
	};
	SL_CLEANUP(sl_key_unref) struct sl_key *k = NULL;
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *held = NULL;
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *unit = NULL;
	const struct sl_cipher_params gcm = { .mode = SL_CIPHER_GCM, .iv = iv, .iv_len = 12, .tag_len = 16 };
	const struct sl_cipher_params xts = { .mode = SL_CIPHER_XTS, .iv = iv, .iv_len = 16 };
	bool ok = true;
	size_t n = 0;

	fill(key, sizeof(key), 9);
	k = key_of(key, sizeof(key));
	for (size_t i = 0; i < SL_ARRAY_LEN(huge); i++) {
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = NULL;

		if (sl_cipher_new(k, &huge[i], true, &c) != SL_OK)
			test_bail("no cipher");
		(void)sl_cipher_total_max(c, SIZE_MAX);
		test_eq(sl_cipher_update(c, chunk, SIZE_MAX - 5, chunk, &n), SL_ERR_RANGE, "mode %d: absurd length", (int)huge[i].mode);
		test_eq(sl_cipher_final(c, chunk, &n), SL_ERR_ARG, "and it is over");
	}
	if (sl_cipher_new(k, &gcm, false, &held) != SL_OK || sl_cipher_new(k, &xts, true, &unit) != SL_OK)
		test_bail("no cipher");
	for (size_t i = 0; i < SL_CIPHER_HELD_MAX / sizeof(chunk); i++)
		ok = ok && sl_cipher_update(held, chunk, sizeof(chunk), NULL, &n) == SL_OK && n == 0;
	ok = ok && sl_cipher_update(held, chunk, 16, NULL, &n) == SL_OK;
	test_ok(ok && sl_cipher_final_max(held) == SL_CIPHER_HELD_MAX, "64 MiB and a tag can be held");
	test_eq(sl_cipher_update(held, chunk, 1, NULL, &n), SL_ERR_RANGE, "and no more");
	for (size_t i = 0; i < 16; i++)
		ok = ok && sl_cipher_update(unit, chunk, sizeof(chunk), NULL, &n) == SL_OK;
	test_ok(ok && sl_cipher_update(unit, chunk, 1, NULL, &n) == SL_ERR_RANGE, "XTS: 2^20 blocks and no more");
}

/* Another mode is not a reset; a failed one leaves nothing to go on with; another IV is. */
static void
resets(void)
{
	static struct message m;
	static uint8_t one[ROOM];
	static uint8_t two[ROOM];
	const struct known k = { "", SL_CIPHER_GCM, KG, "cafebabefacedbaddecaf888", PG, "", 16, AG };
	struct sl_cipher_params other;
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = NULL;
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *fresh = NULL;
	size_t n = 0;

	load(&k, &m);
	c = open_cipher(&m, true);
	sl_key_unref(&m.key); /* the cipher has one of its own */
	test_ok(sl_cipher_update(c, m.plain, 10, one, &n) == SL_OK && n == 10, "midway");
	other = m.params;
	other.mode = SL_CIPHER_CCM;
	test_eq(sl_cipher_reset(c, &other), SL_ERR_ARG, "reset to another mode");
	test_eq(sl_cipher_update(c, m.plain, 10, one, &n), SL_ERR_ARG, "and it is over");
	load(&knowns[13], &m);
	test_eq(sl_cipher_reset(c, &m.params), SL_OK, "reset to a longer IV");
	fresh = open_cipher(&m, true);
	test_ok(through(c, m.plain, m.plain_len, 9, one, false) == through(fresh, m.plain, m.plain_len, 60, two, false) &&
	        memcmp(one, two, m.plain_len + 16) == 0 && memcmp(one, m.cipher, m.cipher_len) == 0, "as good as new");
	sl_key_unref(&m.key);
	sl_cipher_free(&c);
	sl_cipher_free(&c);
	test_ok(c == NULL, "freed twice");
}

int
main(void)
{
	known_answers();
	ccm_long();
	against_libcrypto();
	counters();
	bad_padding();
	bad_lengths();
	bad_params();
	bad_keys();
	too_much();
	resets();
	return test_done();
}
