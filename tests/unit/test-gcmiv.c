/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/cipher.h"
#include "crypto/gcmiv.h"
#include "lib/test.h"

#include <string.h>

/*
 * Nonces that libcrypto does not take: against figures made by another implementation, from SP 800-38D alone; and the way to them on nonces of which libcrypto
 * knows the answer.
 */
static void
long_nonces(void)
{
	static const struct {
		size_t len;
		const char *out;
	} rows[] = {
		{ 200, "d8fae4bbd8e29e28708a78491b921e4e4670f81d5db81272b9ef667686c2488c35900d8bd0bf657d629965981e3d42eae6cdc4" },
		{ 256, "812dbe5c86ee0eed40620c8d8330f9a085725db1319cdeb7a276a540b4dc32b7e89a26a7fb844f0144017e6eb50dcd5564f677" },
	};
	static const char text[] = "a nonce longer than libcrypto takes";
	struct sl_cipher_params p = { .mode = SL_CIPHER_GCM, .tag_len = 16, .aad = (const uint8_t *)"aad", .aad_len = 3 };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	uint8_t bytes[32];
	uint8_t iv[256];
	unsigned right = 0;

	for (size_t i = 0; i < sizeof(iv); i++)
		iv[i] = (uint8_t)(7 * i + 1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	if (sl_key_from_secret(bytes, sizeof(bytes), &key) != SL_OK)
		test_bail("no key");
	p.iv = iv;
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *c = NULL;
		uint8_t want[64];
		uint8_t out[80];
		const size_t want_len = test_hex(rows[i].out, want, sizeof(want));
		size_t head = 0;
		size_t tail = 0;

		p.iv_len = rows[i].len;
		test_ok(sl_cipher_new(key, &p, true, &c) == SL_OK && sl_cipher_update(c, (const uint8_t *)text, sizeof(text) - 1, out, &head) == SL_OK &&
		        sl_cipher_final(c, out + head, &tail) == SL_OK, "a nonce of %zu bytes", rows[i].len);
		test_mem(out, head + tail, want, want_len, "and what comes out");
	}
	for (size_t len = 1; len <= 128; len++) {
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *one = NULL;
		SL_CLEANUP(sl_cipher_free) struct sl_cipher *two = NULL;
		uint8_t out[2][80];
		uint8_t iv16[SL_GCM_IV_LEN];
		size_t head = 0;
		size_t tail = 0;
		struct sl_cipher_params q = p;

		p.iv_len = len;
		q.iv = iv16;
		q.iv_len = sizeof(iv16);
		right += len == 12 || (sl_gcmiv(key, iv, len, iv16) == SL_OK && sl_cipher_new(key, &p, true, &one) == SL_OK && sl_cipher_new(key, &q, true, &two) == SL_OK &&
		         sl_cipher_update(one, iv, 64, out[0], &head) == SL_OK && sl_cipher_final(one, out[0] + 64, &tail) == SL_OK &&
		         sl_cipher_update(two, iv, 64, out[1], &head) == SL_OK && sl_cipher_final(two, out[1] + 64, &tail) == SL_OK && memcmp(out[0], out[1], 80) == 0);
	}
	test_eq(right, 128, "a nonce of 16 bytes for one of any other length");
}

int
main(void)
{
	long_nonces();
	return test_done();
}
