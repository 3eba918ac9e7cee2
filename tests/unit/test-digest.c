/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/digest.h"
#include "crypto/mac.h"
#include "crypto/ossl.h"
#include "crypto/rand.h"
#include "lib/test.h"

#include <string.h>
#include <sys/wait.h>
#include <time.h>

/* FIPS 180-4 and FIPS 202 examples: the digests of "abc". */
static const struct {
	const char *name;
	enum sl_hash hash;
	size_t block;
	const char *abc;
} hashes[] = {
	{ "SHA-1", SL_HASH_SHA1, 64, "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "SHA-224", SL_HASH_SHA224, 64, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ "SHA-256", SL_HASH_SHA256, 64, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "SHA-384", SL_HASH_SHA384, 128,
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7" },
	{ "SHA-512", SL_HASH_SHA512, 128,
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a"
	  "9ac94fa54ca49f" },
	{ "SHA-512/224", SL_HASH_SHA512_224, 128, "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa" },
	{ "SHA-512/256", SL_HASH_SHA512_256, 128, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23" },
	{ "SHA3-224", SL_HASH_SHA3_224, 144, "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf" },
	{ "SHA3-256", SL_HASH_SHA3_256, 136, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ "SHA3-384", SL_HASH_SHA3_384, 104,
	  "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25" },
	{ "SHA3-512", SL_HASH_SHA3_512, 72,
	  "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a565"
	  "92f8274eec53f0" },
};

static void
digests(enum sl_err (*new)(enum sl_hash, struct sl_digest **))
{
	for (size_t i = 0; i < SL_ARRAY_LEN(hashes); i++) {
		SL_CLEANUP(sl_digest_free) struct sl_digest *d = NULL;
		SL_CLEANUP(sl_digest_free) struct sl_digest *copy = NULL;
		uint8_t want[SL_HASH_MAX];
		uint8_t got[SL_HASH_MAX];
		const size_t len = test_hex(hashes[i].abc, want, sizeof(want));
		const char *name = hashes[i].name;

		test_ok(sl_hash_len(hashes[i].hash) == len &&
		        sl_hash_block(hashes[i].hash) == hashes[i].block, "%s sizes", name);
		if (sl_hash_once(hashes[i].hash, "abc", 3, got) != SL_OK || new(hashes[i].hash, &d) != SL_OK)
			test_bail("%s does not work", name);
		test_mem(got, len, want, len, "%s at once", name);
		test_ok(sl_digest_update(d, "ab", 2) == SL_OK && sl_digest_copy(d, &copy) == SL_OK &&
		        sl_digest_update(d, "c", 1) == SL_OK && sl_digest_update(d, NULL, 0) == SL_OK &&
		        sl_digest_final(d, got) == SL_OK && memcmp(got, want, len) == 0, "%s in pieces", name);
		test_ok(sl_digest_update(copy, "c", 1) == SL_OK && sl_digest_final(copy, got) == SL_OK &&
		        memcmp(got, want, len) == 0 &&
		        sl_digest_hash(copy) == hashes[i].hash, "%s copied midway", name);
		test_ok(sl_digest_update(d, "abc", 3) == SL_OK && sl_digest_final(d, got) == SL_OK &&
		        memcmp(got, want, len) == 0, "%s again after its end", name);
		test_ok(sl_digest_update(d, "x", 1) == SL_OK && sl_digest_reset(d) == SL_OK &&
		        sl_digest_update(d, "abc", 3) == SL_OK &&
		        sl_digest_final(d, got) == SL_OK && memcmp(got, want, len) == 0, "%s after a reset", name);
	}
}

/* A state at every length, taken to another running hash, gives what one hash over all gives. */
static void
saved(size_t i)
{
	SL_CLEANUP(sl_digest_free) struct sl_digest *from = NULL;
	SL_CLEANUP(sl_digest_free) struct sl_digest *to = NULL;
	const enum sl_hash hash = hashes[i].hash;
	uint8_t data[400];
	uint8_t state[SL_DIGEST_STATE_MAX];
	uint8_t want[SL_HASH_MAX];
	uint8_t got[SL_HASH_MAX];
	size_t len = 0;
	size_t right = 0;

	for (size_t k = 0; k < sizeof(data); k++)
		data[k] = (uint8_t)(k * 7);
	if (sl_digest_new_saveable(hash, &from) != SL_OK || sl_digest_new_saveable(hash, &to) != SL_OK ||
	    sl_hash_once(hash, data, sizeof(data), want) != SL_OK)
		test_bail("%s does not work", hashes[i].name);
	if (hash >= SL_HASH_SHA3_224) {
		test_eq(sl_digest_save(from, state, &len), SL_ERR_UNSUPPORTED, "%s has no state", hashes[i].name);
		test_eq(sl_digest_load(to, state, 8), SL_ERR_UNSUPPORTED, "%s takes none", hashes[i].name);
		return;
	}
	for (size_t n = 0; n <= sizeof(data); n++)
		right += sl_digest_reset(from) == SL_OK && sl_digest_update(from, data, n) == SL_OK && sl_digest_save(from, state, &len) == SL_OK &&
		         sl_digest_load(to, state, len) == SL_OK && sl_digest_update(to, data + n, sizeof(data) - n) == SL_OK &&
		         sl_digest_final(to, got) == SL_OK && memcmp(got, want, sl_hash_len(hash)) == 0;
	test_eq(right, sizeof(data) + 1, "%s saved and restored at each length", hashes[i].name);
	for (size_t n = 0; n < len; n++)
		if (sl_digest_load(to, state, n) != SL_ERR_FORMAT)
			test_bail("%s: %zu bytes of a state", hashes[i].name, n);
	state[0] = 0x20;
	test_eq(sl_digest_load(to, state, len), SL_ERR_FORMAT, "%s: more bytes than there can be", hashes[i].name);
}

static uint64_t
now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t
time_of(struct sl_digest *d, const uint8_t *data, size_t len, unsigned times)
{
	uint8_t out[SL_HASH_MAX];
	const uint64_t from = now_ns();

	for (unsigned i = 0; i < times; i++)
		if (sl_digest_reset(d) != SL_OK || sl_digest_update(d, data, len) != SL_OK || sl_digest_final(d, out) != SL_OK)
			test_bail("no digest");
	return now_ns() - from;
}

/* Short messages and long ones, the best of many turns, one after the other: what is saveable is as fast as what is not. */
static void
speed(enum sl_hash hash, const char *name)
{
	SL_CLEANUP(sl_digest_free) struct sl_digest *one = NULL;
	SL_CLEANUP(sl_digest_free) struct sl_digest *other = NULL;
	static uint8_t data[1 << 16];
	static const size_t lengths[] = { 64, sizeof(data) };

	if (sl_digest_new(hash, &one) != SL_OK || sl_digest_new_saveable(hash, &other) != SL_OK)
		test_bail("no digest");
	for (size_t i = 0; i < SL_ARRAY_LEN(lengths); i++) {
		uint64_t best[2] = { UINT64_MAX, UINT64_MAX };

		for (unsigned turn = 0; turn < 40; turn++) {
			const unsigned times = lengths[i] == 64 ? 2000 : 10;
			const uint64_t a = time_of(one, data, lengths[i], times);
			const uint64_t b = time_of(other, data, lengths[i], times);

			best[0] = a < best[0] ? a : best[0];
			best[1] = b < best[1] ? b : best[1];
		}
		test_note("%s, %zu bytes: %.3f of the other's time", name, lengths[i], (double)best[1] / (double)best[0]);
		test_ok(best[1] <= best[0] * 2, "%s, %zu bytes: takes less than twice what libcrypto's newer interface takes", name, lengths[i]);
	}
}

static void
digest_edges(void)
{
	struct sl_digest *d = NULL;
	uint8_t got[SL_HASH_MAX];
	uint8_t want[32];

	test_ok(sl_hash_len(SL_HASH_NONE) == 0 && sl_hash_block(SL_HASH_COUNT_) == 0, "no hash has no size");
	test_ok(sl_digest_new(SL_HASH_NONE, &d) == SL_ERR_ARG && d == NULL, "no hash cannot run");
	test_eq(sl_hash_once(SL_HASH_COUNT_, "", 0, got), SL_ERR_ARG, "an unknown hash");
	test_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", want, sizeof(want));
	test_ok(sl_hash_once(SL_HASH_SHA256, NULL, 0, got) == SL_OK &&
	        memcmp(got, want, 32) == 0, "SHA-256 of nothing");
	sl_digest_free(&d);
}

/* RFC 4231 4.3 and 4.8: a short key, and one longer than a block. */
static void
hmacs(void)
{
	static const char what[] = "what do ya want for nothing?";
	static const char big[] = "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
		"hashed before being used by the HMAC algorithm.";
	static const struct {
		const char *name;
		enum sl_hash hash;
		size_t jefe;
		const char *mac;
	} cases[] = {
		{ "HMAC-SHA-256", SL_HASH_SHA256, 1,
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "HMAC-SHA-384", SL_HASH_SHA384, 1,
		  "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649" },
		{ "HMAC-SHA-224, long key", SL_HASH_SHA224, 0,
		  "3a854166ac5d9f023f54d517d0b39dbd946770db9c2b95c9f6f565d1" },
		{ "HMAC-SHA-256, long key", SL_HASH_SHA256, 0,
		  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
	};
	uint8_t key[131];
	uint8_t got[SL_HASH_MAX];
	uint8_t want[SL_HASH_MAX];

	memset(key, 0xaa, sizeof(key));
	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		const struct sl_part one[] = { { what, 5 }, { NULL, 0 }, { what + 5, sizeof(what) - 6 } };
		const struct sl_part two[] = { { big, sizeof(big) - 1 } };
		const size_t len = test_hex(cases[i].mac, want, sizeof(want));
		const enum sl_err err = cases[i].jefe != 0 ? sl_hmac(cases[i].hash, "Jefe", 4, one, 3, got) :
			sl_hmac(cases[i].hash, key, sizeof(key), two, 1, got);

		test_eq(err, SL_OK, "%s", cases[i].name);
		test_mem(got, len, want, len, "%s: RFC 4231", cases[i].name);
	}
	test_hex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", want, sizeof(want));
	test_ok(sl_hmac(SL_HASH_SHA256, NULL, 0, NULL, 0, got) == SL_OK &&
	        memcmp(got, want, 32) == 0, "empty key, empty message");
	test_eq(sl_hmac(SL_HASH_NONE, "", 0, NULL, 0, got), SL_ERR_ARG, "no hash");
	test_eq(sl_hmac(SL_HASH_SHA256, "", 0, (const struct sl_part[9]){ { NULL, 0 } }, 9, got), SL_ERR_ARG,
	        "too many parts");
}

/* RFC 5869 A.1 and A.2, the second step of each. */
static void
hkdf(void)
{
	SL_SECRET okm = { 0 };
	SL_SECRET longest = { 0 };
	SL_SECRET none = { 0 };
	uint8_t prk[32];
	uint8_t info[80];
	uint8_t want[82];

	test_hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", prk, sizeof(prk));
	test_hex("f0f1f2f3f4f5f6f7f8f9", info, sizeof(info));
	test_hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865", want,
	         sizeof(want));
	if (sl_hkdf_expand_sha256(prk, 32, info, 10, 42, &okm) != SL_OK)
		test_bail("HKDF-Expand does not work");
	test_mem(okm.bytes, okm.len, want, 42, "HKDF-Expand: RFC 5869 A.1");
	sl_secret_clear(&okm);
	test_hex("06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244", prk, sizeof(prk));
	for (unsigned i = 0; i < 80; i++)
		info[i] = (uint8_t)(0xb0 + i);
	test_hex("b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8"
	         "367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87", want, sizeof(want));
	if (sl_hkdf_expand_sha256(prk, 32, info, 80, 82, &okm) != SL_OK)
		test_bail("HKDF-Expand does not work");
	test_mem(okm.bytes, okm.len, want, 82, "HKDF-Expand: RFC 5869 A.2");
	test_eq(sl_hkdf_expand_sha256(prk, 32, NULL, 0, 0, &none), SL_ERR_RANGE, "HKDF-Expand: nothing");
	test_eq(sl_hkdf_expand_sha256(prk, 32, NULL, 0, 255 * 32 + 1, &none), SL_ERR_RANGE, "HKDF-Expand: too much");
	test_ok(none.bytes == NULL, "a failure leaves the output alone");
	test_ok(sl_hkdf_expand_sha256(prk, 32, NULL, 0, 255 * 32, &longest) == SL_OK &&
	        longest.len == 255 * 32, "HKDF-Expand: the most");
}

static void
child_random(int fd)
{
	uint8_t b[32] = { 0 };

	if (sl_rand(b, sizeof(b)) != SL_OK || write(fd, b, sizeof(b)) != (ssize_t)sizeof(b))
		_exit(1);
	_exit(0);
}

static void
rand_fork(void)
{
	uint8_t theirs[32] = { 0 };
	uint8_t ours[32] = { 0 };
	int fds[2];
	int status = 1;
	pid_t pid;

	if (pipe(fds) != 0 || (pid = fork()) < 0)
		test_bail("fork");
	if (pid == 0)
		child_random(fds[1]);
	test_eq(sl_rand(ours, sizeof(ours)), SL_OK, "random in the parent");
	test_ok(waitpid(pid, &status, 0) == pid && status == 0 &&
	        read(fds[0], theirs, 32) == 32, "random in the child");
	test_ok(memcmp(ours, theirs, 32) != 0, "parent and child draw different bytes");
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
rands(void)
{
	static uint8_t big[3][100000];
	size_t zeros = 0;

	test_eq(sl_rand(big[0], sizeof(big[0])), SL_OK, "more than one request's worth");
	test_eq(sl_rand(big[1], sizeof(big[1])), SL_OK, "again");
	test_ok(memcmp(big[0], big[1], sizeof(big[0])) != 0, "not the same");
	for (size_t i = 0; i < sizeof(big[0]); i++)
		zeros += big[0][i] == 0;
	test_ok(zeros > 200 && zeros < 600, "every part is filled");
	test_eq(sl_rand(NULL, 0), SL_OK, "nothing");
	rand_fork();
}

int
main(void)
{
	test_eq(sl_ossl_ready(), SL_OK, "the library context");
	test_ok(!sl_ossl_gone(), "libcrypto is there");
	digests(sl_digest_new);
	digests(sl_digest_new_saveable);
	for (size_t i = 0; i < SL_ARRAY_LEN(hashes); i++)
		saved(i);
	speed(SL_HASH_SHA1, "SHA-1");
	speed(SL_HASH_SHA256, "SHA-256");
	speed(SL_HASH_SHA512, "SHA-512");
	digest_edges();
	hmacs();
	hkdf();
	rands();
	return test_done();
}
