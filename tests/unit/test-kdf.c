/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/kdf.h"
#include "lib/test.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

struct bytes {
	uint8_t data[256];
	size_t len;
};

static struct bytes
unhex(const char *text)
{
	struct bytes b = { .len = 0 };

	if (*text != '\0')
		b.len = test_hex(text, b.data, sizeof(b.data));
	return b;
}

static struct sl_part
part(const struct bytes *b)
{
	return (struct sl_part){ b->data, b->len };
}

static struct sl_part
text(const char *t)
{
	return (struct sl_part){ t, strlen(t) };
}

static void
is(enum sl_err err, struct sl_secret *got, const char *want, const char *name)
{
	const struct bytes b = unhex(want);

	if (test_eq(err, SL_OK, "%s: done", name))
		test_mem(got->bytes, got->len, b.data, b.len, "%s", name);
	sl_secret_clear(got);
}

#define N22 "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"
#define IKM80 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f" \
	"404142434445464748494a4b4c4d4e4f"
#define SALT80 "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f" \
	"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
#define INFO80 "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef" \
	"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"

/* RFC 5869 appendix A; salt NULL: not provided. */
static void
hkdf(void)
{
	static const struct {
		const char *name;
		enum sl_hash hash;
		const char *ikm;
		const char *salt;
		const char *info;
		const char *prk;
		const char *okm;
	} rows[] = {
		{ "RFC 5869 A.1", SL_HASH_SHA256, N22, "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		  "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
		  "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865" },
		{ "RFC 5869 A.2", SL_HASH_SHA256, IKM80, SALT80, INFO80, "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
		  "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
		  "cc30c58179ec3e87c14c01d5c1f3434f1d87" },
		{ "RFC 5869 A.3", SL_HASH_SHA256, N22, "", "", "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
		  "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8" },
		{ "RFC 5869 A.4", SL_HASH_SHA1, "0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		  "9b6c18c432a7bf8f0e71c8eb88f4b30baa2ba243",
		  "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2c22e422478d305f3f896" },
		{ "RFC 5869 A.5", SL_HASH_SHA1, IKM80, SALT80, INFO80, "8adae09a2a307059478d309b26c4115a224cfaf6",
		  "0bd770a74d1160f7c9f12cd5912a06ebff6adcae899d92191fe4305673ba2ffe8fa3f1a4e5ad79f3f334b3b202b2173c486ea37ce3d397ed034c7f9dfeb15c5e"
		  "927336d0441f4c4300e2cff0d0900b52d3b4" },
		{ "RFC 5869 A.6", SL_HASH_SHA1, N22, "", "", "da8c8a73c7fa77288ec6f5e7c297786aa0d32d01",
		  "0ac1af7002b3d761d1e55298da9d0506b9ae52057220a306e07b6b87e8df21d0ea00033de03984d34918" },
		{ "RFC 5869 A.7", SL_HASH_SHA1, "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", NULL, "", "2adccada18779e7c2077ad2eb19d3f3e731385dd",
		  "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5673a081d70cce7acfc48" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		const struct bytes ikm = unhex(rows[i].ikm);
		const struct bytes salt = unhex(rows[i].salt == NULL ? "" : rows[i].salt);
		const struct bytes info = unhex(rows[i].info);
		const struct bytes prk = unhex(rows[i].prk);
		SL_SECRET got = { 0 };

		is(sl_kdf_hkdf_extract(rows[i].hash, rows[i].salt == NULL ? (struct sl_part){ NULL, 0 } : part(&salt), part(&ikm), &got), &got,
		   rows[i].prk, rows[i].name);
		is(sl_kdf_hkdf_expand(rows[i].hash, part(&prk), part(&info), strlen(rows[i].okm) / 2, &got), &got, rows[i].okm, rows[i].name);
	}
}

/* RFC 7914 section 11 (SHA-256), RFC 6070 section 2 (SHA-1). */
static void
pbkdf2(void)
{
	SL_SECRET got = { 0 };

	is(sl_kdf_pbkdf2(SL_HASH_SHA256, text("passwd"), text("salt"), 1, 64, &got), &got, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b"
	   "9d57c20dacbc49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783", "RFC 7914 11, one round");
	is(sl_kdf_pbkdf2(SL_HASH_SHA256, text("Password"), text("NaCl"), 80000, 64, &got), &got, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c04"
	   "14aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d", "RFC 7914 11, 80000 rounds");
	is(sl_kdf_pbkdf2(SL_HASH_SHA1, text("password"), text("salt"), 1, 20, &got), &got, "0c60c80f961f0e71f3a9b524af6012062fe037a6", "RFC 6070, 1");
	is(sl_kdf_pbkdf2(SL_HASH_SHA1, text("password"), text("salt"), 4096, 20, &got), &got, "4b007901b765489abead49d926f721d065a429c1", "RFC 6070, 3");
	is(sl_kdf_pbkdf2(SL_HASH_SHA1, (struct sl_part){ "pass\0word", 9 }, (struct sl_part){ "sa\0lt", 5 }, 4096, 16, &got), &got,
	   "56fa6aa75548099dcc37d7f03425e0c3", "RFC 6070, 6");
	test_ok(sl_kdf_pbkdf2(SL_HASH_SHA512, (struct sl_part){ NULL, 0 }, (struct sl_part){ NULL, 0 }, 1, 7, &got) == SL_OK && got.len == 7,
	        "no password and no salt");
	sl_secret_clear(&got);
	test_eq(sl_kdf_pbkdf2(SL_HASH_SHA256, text("p"), text("s"), 0, 16, &got), SL_ERR_ARG, "no rounds");
	test_eq(sl_kdf_pbkdf2(SL_HASH_NONE, text("p"), text("s"), 1, 16, &got), SL_ERR_ARG, "no hash");
	test_eq(sl_kdf_pbkdf2(SL_HASH_SHA256, text("p"), text("s"), 1, 0, &got), SL_ERR_RANGE, "no length");
	test_eq(sl_kdf_pbkdf2(SL_HASH_SHA256, text("p"), text("s"), 1, SIZE_MAX, &got), SL_ERR_RANGE, "an absurd length");
	test_ok(got.bytes == NULL, "and no key");
}

/* NIST CAVP, ansx963_2001.rsp (CAVS 12.0): SHA-256, shared secrets of 192 bits. */
static void
x963(void)
{
	struct bytes z = unhex("96c05619d56c328ab95fe84b18264b08725b85e33fd34f08");
	const struct bytes info = unhex("75eef81aa3041e33b80971203d2c0c52");
	const struct sl_part none = { NULL, 0 };
	SL_SECRET got = { 0 };

	is(sl_kdf_x963(SL_HASH_SHA256, part(&z), none, 16, &got), &got, "443024c3dae66b95e6f5670601558f71", "X9.63, 128 bits");
	z = unhex("22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d");
	is(sl_kdf_x963(SL_HASH_SHA256, part(&z), part(&info), 128, &got), &got,
	   "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6cf92f30d0097111485"
	   "500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21",
	   "X9.63, 1024 bits with shared information");
	test_eq(sl_kdf_x963(SL_HASH_NONE, part(&z), none, 16, &got), SL_ERR_ARG, "X9.63 without hash");
	test_eq(sl_kdf_x963(SL_HASH_SHA256, part(&z), none, 0, &got), SL_ERR_RANGE, "X9.63 without length");
	test_ok(got.bytes == NULL, "and no key");
}

/* The vector every implementation of TLS 1.2 has: IETF TLS working group's list, message 03416. */
static void
tls12(void)
{
	const struct bytes secret = unhex("9bbe436ba940f017b17652849a71db35");
	const struct bytes seed = unhex("a0ba9f936cda311827a6f796ffd5198c");
	static const char want[] = "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17"
		"abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66";
	struct sl_part seeds[16];
	SL_SECRET got = { 0 };

	seeds[0] = part(&seed);
	is(sl_kdf_tls12(SL_HASH_SHA256, part(&secret), "test label", seeds, 1, 100, &got), &got, want, "TLS 1.2 PRF");
	for (size_t i = 0; i < 16; i++)
		seeds[i] = (struct sl_part){ seed.data + i, 1 };
	is(sl_kdf_tls12(SL_HASH_SHA256, part(&secret), "test label", seeds, 16, 100, &got), &got, want, "TLS 1.2 PRF, the seed in pieces");
	test_eq(sl_kdf_tls12(SL_HASH_NONE, part(&secret), "x", seeds, 1, 100, &got), SL_ERR_ARG, "no hash");
	test_eq(sl_kdf_tls12(SL_HASH_SHA256, (struct sl_part){ NULL, 0 }, "x", seeds, 1, 100, &got), SL_ERR_ARG, "no secret");
	test_eq(sl_kdf_tls12(SL_HASH_SHA256, part(&secret), "x", seeds, 1, 0, &got), SL_ERR_RANGE, "no length");
	test_ok(got.bytes == NULL, "and no key");
}

#define COUNTER(bits) { .field = SL_KDF108_COUNTER, .width = (bits) }
#define CHAINING { .field = SL_KDF108_CHAINING }
#define FIXED(b) { .field = SL_KDF108_BYTES, .bytes = { (b).data, (b).len } }

/* NIST CAVP, KBKDF test vectors, CAVS 14.4, KDFCTR_gen.rsp, CTRLOCATION=BEFORE_FIXED. */
static void
counter_mode(void)
{
	static const struct {
		const char *name;
		enum sl_hash prf;
		unsigned bits;
		const char *ki;
		const char *fixed;
		const char *ko;
	} rows[] = {
		{ "CAVP, HMAC-SHA-256, 32 bits, L 128", SL_HASH_SHA256, 32, "dd1d91b7d90b2bd3138533ce92b272fbf8a369316aefe242e659cc0ae238afe0",
		  "01322b96b30acd197979444e468e1c5c6859bf1b1cf951b7e725303e237e46b864a145fab25e517b08f8683d0315bb2911d80a0e8aba17f3b413faac",
		  "10621342bfb0fd40046c0e29f2cfdbf0" },
		{ "CAVP, HMAC-SHA-256, 32 bits, L 256", SL_HASH_SHA256, 32, "e204d6d466aad507ffaf6d6dab0a5b26152c9e21e764370464e360c8fbc765c6",
		  "7b03b98d9f94b899e591f3ef264b71b193fba7043c7e953cde23bc5384bc1a6293580115fae3495fd845dadbd02bd6455cf48d0f62b33e62364a3a80",
		  "770dfab6a6a4a4bee0257ff335213f78d8287b4fd537d5c1fffa956910e7c779" },
		{ "CAVP, HMAC-SHA-224, 32 bits", SL_HASH_SHA224, 32, "f5cb7cc6207f5920dd60155ddb68c3fbbdf5104365305d2c1abcd311",
		  "4e5ac7539803da89581ee088c7d10235a10536360054b72b8e9f18f77c25af01019b290656b60428024ce01fccf49022d831941407e6bd27ff9e2d28",
		  "0adbaab43edd532b560a322c84ac540e" },
		{ "CAVP, CMAC-AES-128, 8 bits", SL_HASH_NONE, 8, "dff1e50ac0b69dc40f1051d46c2b069c",
		  "c16e6e02c5a3dcc8d78b9ac1306877761310455b4e41469951d9e6c2245a064b33fd8c3b01203a7824485bf0a64060c4648b707d2607935699316ea5",
		  "8be8f0869b3c0ba97b71863d1b9f7813" },
		{ "CAVP, CMAC-AES-128, 8 bits, L 320", SL_HASH_NONE, 8, "c3ba16a8ec864c0f6f27cea220eccaaa",
		  "c20ff015ea1e1c97fed4e973b46a9b2626cb3ac9a8776cb08d73d4534d3837ccf88e93d1682c6e779ea9f2f9ede47a2e07ef281d8867722b310c1cae",
		  "ceeaab29648cff00b89f7330076298b1e036d73ed7c5e61f2e97bd5ce0920f0f45133eaca3d3712b" },
		{ "CAVP, CMAC-AES-192, 16 bits", SL_HASH_NONE, 16, "d7e8eefc503a39e70d931f16645958ad06fb789f0cbc518b",
		  "b10ea2d67904a8b3b7ce5eef7d9ee49768e8deb3506ee74a2ad8dd8661146fde74137a8f6dfc69a370945d15335e0d6403fa029da19d34140c7e3da0",
		  "95278b8883852f6676c587507b0aa162" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		const struct bytes ki = unhex(rows[i].ki);
		const struct bytes fixed = unhex(rows[i].fixed);
		const struct sl_kdf108_part parts[] = { COUNTER(rows[i].bits), FIXED(fixed) };
		const struct sl_kdf108 spec = { .hash = rows[i].prf, .parts = parts, .n_parts = 2 };
		SL_SECRET got = { 0 };

		is(sl_kdf_108(part(&ki), &spec, strlen(rows[i].ko) / 2, &got), &got, rows[i].ko, rows[i].name);
	}
}

/* NIST CAVP, KBKDF test vectors, feedback mode: no counter with an IV; a counter of 16 bits after the iteration variable, without IV. */
static void
feedback_mode(void)
{
	struct bytes ki = unhex("5c996c922f65de97d4408373229814c6");
	struct bytes fixed = unhex("62afe5fed91e797221a854336b0aadd8a05ad0e3c8345729897b2efcec5a1178a2fa4c063007b67a7015e0d6b7271ea8d86b44");
	const struct bytes iv = unhex("28dc945cb8337ab5336c3e9b5bad21c7");
	const struct sl_kdf108_part plain[] = { CHAINING, FIXED(fixed) };
	const struct sl_kdf108_part counted[] = { CHAINING, COUNTER(16), FIXED(fixed) };
	struct sl_kdf108 spec = { .feedback = true, .iv = part(&iv), .parts = plain, .n_parts = 2 };
	SL_SECRET got = { 0 };

	is(sl_kdf_108(part(&ki), &spec, 64, &got), &got, "88a9aae193abdd3fe8143bab66014ae41dc2d12ea9d08f5871588fc5d827924eb9942989d7a36d4b3b107997566472ca"
	   "d5942bd13cb5cff32b9dae30f1bb6300", "CAVP, feedback, CMAC-AES-128, an IV and no counter");
	ki = unhex("d7f5fa7551645de0b36aecd46565f954");
	fixed = unhex("fb5294ed40a0e4aa70a7be13913070a4c5cfc05f89b9f7dd26a493b8c63889c7c3b0b60dd6d598ffa296a426224c727a501946");
	spec = (struct sl_kdf108){ .feedback = true, .parts = counted, .n_parts = 3 };
	is(sl_kdf_108(part(&ki), &spec, 64, &got), &got, "7164471f559812581a53aaf7fb6d6c53a1293115cda873887efcc7ce6b3a026b2d19f0d38db8590e218a2676df88f53c"
	   "ab3313ed63bd1e4828f3c066ea5eb1fd", "CAVP, feedback, CMAC-AES-128, a counter and no IV");
}

/* libcrypto's own KBKDF, which has one order of fields: i (32 bits) || label || 0x00 || context || L (32 bits). */
static void
kbkdf_reference(const char *mode, const char *mac, const struct bytes *key, const struct bytes *iv, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	char name[3][16] = { "SHA2-384", "AES-256-CBC", "" };
	OSSL_PARAM params[9];
	size_t n = 0;

	params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, (char *)(uintptr_t)mode, 0);
	params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, (char *)(uintptr_t)mac, 0);
	params[n++] = strcmp(mac, "HMAC") == 0 ? OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name[0], 0) :
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_CIPHER, name[1], 0);
	params[n++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key->data, key->len);
	params[n++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)"label", 5);
	params[n++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)"context", 7);
	if (iv->len != 0)
		params[n++] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, (void *)(uintptr_t)iv->data, iv->len);
	params[n] = OSSL_PARAM_construct_end();
	if (EVP_KDF_derive(ctx, out, len, params) != 1)
		test_bail("KBKDF");
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void
kdf108_against_libcrypto(void)
{
	static const size_t lens[] = { 1, 15, 16, 17, 47, 48, 49, 96, 200 };
	const struct bytes key = unhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
	struct bytes iv[2] = { unhex(""), unhex("") };
	const struct sl_kdf108_part length = { .field = SL_KDF108_LENGTH, .width = 32 };
	const struct sl_kdf108_part label = { .field = SL_KDF108_BYTES, .bytes = { "label\0context", 13 } };
	const struct sl_kdf108_part counter[] = { COUNTER(32), label, length };
	const struct sl_kdf108_part feedback[] = { CHAINING, COUNTER(32), label, length };
	uint8_t want[200];
	bool ok = true;

	for (unsigned way = 0; way < 6; way++) {
		const bool cmac = way % 2 == 0;
		const struct sl_kdf108 spec = { .hash = cmac ? SL_HASH_NONE : SL_HASH_SHA384, .feedback = way >= 2, .iv = part(&iv[way >= 4]),
			.parts = way < 2 ? counter : feedback, .n_parts = way < 2 ? 3 : 4 };

		iv[1].len = cmac ? 16 : 48; /* libcrypto wants the PRF's length */
		memset(iv[1].data, 0x33, 48);
		for (size_t i = 0; i < SL_ARRAY_LEN(lens); i++) {
			const struct sl_kdf108 now = { .hash = spec.hash, .feedback = spec.feedback, .iv = part(&iv[way >= 4]), .parts = spec.parts,
				.n_parts = spec.n_parts };
			SL_SECRET got = { 0 };

			kbkdf_reference(way < 2 ? "counter" : "feedback", cmac ? "CMAC" : "HMAC", &key, &iv[way >= 4], want, lens[i]);
			ok = ok && sl_kdf_108(part(&key), &now, lens[i], &got) == SL_OK && got.len == lens[i] && memcmp(got.bytes, want, lens[i]) == 0;
			if (!ok)
				test_bail("KBKDF differs, way %u, %zu bytes", way, lens[i]);
		}
	}
	test_ok(ok, "libcrypto's KBKDF gives the same, both modes, both PRFs, all lengths");
}

/* Two blocks by hand, fields wherever they may be: what is asked of HMAC says what the fields are. */
static void
fields(void)
{
	static const uint8_t key[] = { 'k' };
	static const struct {
		const char *name;
		struct sl_kdf108_part parts[4];
		size_t n;
		const char *first;
		const char *second;
		size_t keys_len;
	} rows[] = {
		{ "8 bits", { COUNTER(8) }, 1, "01", "02", 0 },
		{ "24 bits", { COUNTER(24) }, 1, "000001", "000002", 0 },
		{ "64 bits", { COUNTER(64) }, 1, "0000000000000001", "0000000000000002", 0 },
		{ "40 bits, little-endian", { { .field = SL_KDF108_COUNTER, .width = 40, .little_endian = true } }, 1, "0100000000", "0200000000", 0 },
		{ "between, and two texts", { { .field = SL_KDF108_BYTES, .bytes = { "ab", 2 } }, COUNTER(16), { .field = SL_KDF108_BYTES, .bytes = { "c", 1 } } },
		  3, "6162000163", "6162000263", 0 },
		{ "length of keys first", { { .field = SL_KDF108_LENGTH, .width = 16 }, COUNTER(8) }, 2, "014001", "014002", 0 },
		{ "length of segments, little-endian", { COUNTER(8), { .field = SL_KDF108_LENGTH, .width = 24, .length_of_segments = true, .little_endian = true } },
		  2, "01000200", "02000200", 0 },
		{ "length of keys shorter than what is cut", { COUNTER(8), { .field = SL_KDF108_LENGTH, .width = 16 } }, 2, "010108", "020108", 33 },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		const struct sl_kdf108 spec = { .hash = SL_HASH_SHA256, .parts = rows[i].parts, .n_parts = rows[i].n, .keys_len = rows[i].keys_len };
		const struct bytes first = unhex(rows[i].first);
		const struct bytes second = unhex(rows[i].second);
		const struct sl_part one = part(&first);
		const struct sl_part two = part(&second);
		SL_SECRET got = { 0 };
		uint8_t want[64];

		if (sl_hmac(SL_HASH_SHA256, key, 1, &one, 1, want) != SL_OK || sl_hmac(SL_HASH_SHA256, key, 1, &two, 1, want + 32) != SL_OK)
			test_bail("HMAC");
		test_eq(sl_kdf_108((struct sl_part){ key, 1 }, &spec, 40, &got), SL_OK, "%s: done", rows[i].name);
		test_mem(got.bytes, got.len, want, 40, "%s", rows[i].name);
	}
}

static void
refused(void)
{
	static const uint8_t key[16] = { 1 };
	static const struct {
		const char *name;
		struct sl_kdf108_part parts[3];
		size_t n;
		bool feedback;
		size_t len;
		enum sl_err err;
	} rows[] = {
		{ "no field", { CHAINING }, 0, false, 16, SL_ERR_ARG },
		{ "counter mode without counter", { { .field = SL_KDF108_BYTES, .bytes = { "x", 1 } } }, 1, false, 16, SL_ERR_ARG },
		{ "counter mode with two", { COUNTER(8), COUNTER(8) }, 2, false, 16, SL_ERR_ARG },
		{ "counter mode with chaining", { COUNTER(8), CHAINING }, 2, false, 16, SL_ERR_ARG },
		{ "feedback without chaining", { COUNTER(8) }, 1, true, 16, SL_ERR_ARG },
		{ "feedback with two counters", { COUNTER(8), CHAINING, COUNTER(8) }, 3, true, 16, SL_ERR_ARG },
		{ "feedback chained twice", { CHAINING, CHAINING }, 2, true, 16, SL_ERR_ARG },
		{ "a counter of no bits", { COUNTER(0) }, 1, false, 16, SL_ERR_ARG },
		{ "a counter of 12 bits", { COUNTER(12) }, 1, false, 16, SL_ERR_ARG },
		{ "a counter of 72 bits", { COUNTER(72) }, 1, false, 16, SL_ERR_ARG },
		{ "two lengths", { COUNTER(8), { .field = SL_KDF108_LENGTH, .width = 8 }, { .field = SL_KDF108_LENGTH, .width = 8 } }, 3, false, 16, SL_ERR_ARG },
		{ "a field that is none", { COUNTER(8), { .field = (enum sl_kdf108_field)4 } }, 2, false, 16, SL_ERR_ARG },
		{ "the most an 8-bit counter can number", { COUNTER(8) }, 1, false, 255 * 32, SL_OK },
		{ "one more", { COUNTER(8) }, 1, false, 255 * 32 + 1, SL_ERR_RANGE },
		{ "one more in feedback mode", { CHAINING, COUNTER(8) }, 2, true, 255 * 32 + 1, SL_ERR_RANGE },
		{ "more without a counter", { CHAINING }, 1, true, 255 * 32 + 1, SL_OK },
		{ "a length of 8 bits can say 248 bits", { COUNTER(8), { .field = SL_KDF108_LENGTH, .width = 8 } }, 2, false, 31, SL_OK },
		{ "and no more", { COUNTER(8), { .field = SL_KDF108_LENGTH, .width = 8 } }, 2, false, 32, SL_ERR_RANGE },
		{ "nothing to derive", { COUNTER(8) }, 1, false, 0, SL_ERR_RANGE },
		{ "an absurd length", { COUNTER(64) }, 1, false, SIZE_MAX, SL_ERR_RANGE },
	};
	const struct sl_kdf108_part counter = COUNTER(8);
	struct sl_kdf108 spec = { .hash = SL_HASH_NONE, .parts = &counter, .n_parts = 1 };
	SL_SECRET got = { 0 };

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		const struct sl_kdf108 now = { .hash = SL_HASH_SHA256, .feedback = rows[i].feedback, .parts = rows[i].parts, .n_parts = rows[i].n };

		test_eq(sl_kdf_108((struct sl_part){ key, 16 }, &now, rows[i].len, &got), rows[i].err, "%s", rows[i].name);
		test_ok((got.bytes != NULL) == (rows[i].err == SL_OK), "%s: key or no key", rows[i].name);
		sl_secret_clear(&got);
	}
	test_eq(sl_kdf_108((struct sl_part){ key, 15 }, &spec, 16, &got), SL_ERR_ARG, "CMAC with 15 bytes");
	test_eq(sl_kdf_108((struct sl_part){ key, 0 }, &spec, 16, &got), SL_ERR_ARG, "no key");
	spec.hash = SL_HASH_COUNT_;
	test_eq(sl_kdf_108((struct sl_part){ key, 16 }, &spec, 16, &got), SL_ERR_ARG, "no hash");
	test_eq(sl_kdf_hkdf_extract(SL_HASH_NONE, text("s"), text("i"), &got), SL_ERR_ARG, "HKDF without hash");
	test_eq(sl_kdf_hkdf_expand(SL_HASH_NONE, text("s"), text("i"), 16, &got), SL_ERR_ARG, "HKDF without hash");
	test_eq(sl_kdf_hkdf_expand(SL_HASH_SHA1, text("s"), text("i"), 255 * 20 + 1, &got), SL_ERR_RANGE, "HKDF, more than there is");
	test_eq(sl_kdf_hkdf_expand(SL_HASH_SHA1, text("s"), text("i"), 0, &got), SL_ERR_RANGE, "HKDF, nothing");
	test_ok(got.bytes == NULL, "and no key");
	test_eq(sl_kdf_hkdf_expand(SL_HASH_SHA3_512, text("s"), text("i"), 255 * 64, &got), SL_OK, "HKDF, all there is");
	sl_secret_clear(&got);
}

int
main(void)
{
	hkdf();
	pbkdf2();
	x963();
	tls12();
	counter_mode();
	feedback_mode();
	kdf108_against_libcrypto();
	fields();
	refused();
	return test_done();
}
