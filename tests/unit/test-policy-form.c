/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/test.h"
#include "crypto/pem.h"
#include "root/policy.h"

#include <string.h>

/*
 * The digests and forms of doc/policy.md, without a TPM. The first digest, the two keys, their fingerprints and Names are from systemd's own tests
 * (test-tpm2.c), the others were made by another implementation (python3).
 */
#define PCR_DIGEST "9fce7bb675641abfdd10303891e44e46ef02278130de2541c37a5cca4b01663d"
#define PCR_POLICY "76532a0e16f7e6bf6b02918c11f75d99d729fab0cc81d0df2c4284a2c4fe6e05"
#define PCR_AUTH_POLICY "674a61bd8466a41706a4b790177e341c08284a0295c2b3e10535f17f5f2dffba"
#define PCR_DER "3036a0040202017fa12e042c0020" PCR_DIGEST "00000001000b03900100"
#define AUTH_DER "300aa0040202016ba1020400"
#define X "ae39c4b812ec225f6b869870caf5cd3e18f88c19cf0d79f22742bd532acd81de"
#define Y "92e40e764fea12bed9028fa66b9788571b7c004145e9a01952fad1eab51a8be5"
#define EC_AREA "0023000b00060040000000100010000300100020" X "0020" Y
#define REF "72656c65617365" /* "release" */
#define EC_DER "306da0040202016aa165046300560023000b00060040000000100010000300100020" X "0020" Y "0007" REF "0010"
#define EC_POLICY "d28b57fb594e711264d28a270338f8d90d85674c9b56bf720868decbd09aa264"
#define EC_REF_POLICY "4eb95aa3fba17ca2206f6fc2c6da214a69a68581b7d93a80c22d06a3a5d869ae"
#define EC_AUTH_POLICY "8f8c2ae38579440a268fb019ad07c520b4049413ee70620fee2cd65a23ca6dfd"
#define RSA_POLICY "322b390a8d63f6f2117b6ac047f7ed015346aed792cd030f0cd5388cbc75f4d6"

static const char ec_pem[] = "-----BEGIN PUBLIC KEY-----\n"
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAErjnEuBLsIl9rhphwyvXNPhj4jBnP\n"
	"DXnyJ0K9UyrNgd6S5A52T+oSvtkCj6Zrl4hXG3wAQUXpoBlS+tHqtRqL5Q==\n"
	"-----END PUBLIC KEY-----\n";
static const char rsa_pem[] = "before\n-----BEGIN PUBLIC KEY-----\n"
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyV9CIPe/PXR3zCocxpE0\n"
	"jWRbTl5hXXDCkG/XKy7Km/D9XIB3KsOZ1CjY77Uq7/gCY61pix8iuRujsA4dP1e8\n"
	"Y4E3lhUm7J3+dsvkboKdU2CbmRIL/fubwqiLMXzAg3BWRxtr4TuED53Rz764UFPd\n"
	"0zp0KhwR1Ib0DLgw/4NgVo1AFv3xxKMdxwMEh5ggkss082c2pl5JPN2XvwBotNkM\n"
	"TqRltZJ55RDCapinqS3Ew7fudlNsXQ5wFvlt27zv74KXQeampLYC07XOga0LglSk\n"
	"yuGtXkjPT/sUBTJpStaWigMZoqKtyV4cQZXCkJRhDYaLGXvsPB3hzvmVqcnkGeNT\n"
	"ewIDAQAB\n-----END PUBLIC KEY-----\nbehind\n";

static const struct sl_pcr_selection three = { .bank = SL_PCR_SHA256, .pcrs = 1U << 4 | 1U << 7 | 1U << 8 };

static void
is_hex(const uint8_t *bytes, size_t len, const char *hex, const char *what)
{
	uint8_t want[800];
	const size_t want_len = test_hex(hex, want, sizeof(want));

	test_mem(bytes, len, want, want_len, "%s", what);
}

static enum sl_err
digest_of(const char *hex, uint8_t *out, struct sl_msg *msg)
{
	uint8_t der[800];

	msg->text[0] = '\0';
	return sl_policy_digest((struct sl_bytes){ der, test_hex(hex, der, sizeof(der)) }, out, msg);
}

static void
digests(void)
{
	static const struct { const char *der, *digest; } table[] = {
		{ PCR_DER, PCR_POLICY }, { PCR_DER AUTH_DER, PCR_AUTH_POLICY }, { EC_DER, EC_REF_POLICY },
		{ PCR_DER EC_DER, EC_REF_POLICY }, /* what was before does not count */
		{ "300aa0040202018ca1020400", "8fcd2169ab92694e0c633f1ab772842b8241bbc20288981fc7ac1eddc1fddb0e" },
		{ AUTH_DER AUTH_DER, "759ebd5ed65100e0b4aa2d04b4b789c2672d92ecc9cdda4b5fa16a303132e008" },
	};
	struct sl_msg msg;
	uint8_t got[32];
	uint8_t pcrs[32];

	for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
		test_eq(digest_of(table[i].der, got, &msg), SL_OK, "policy %zu %s", i, msg.text);
		is_hex(got, 32, table[i].digest, "its digest");
	}
	(void)test_hex(PCR_DIGEST, pcrs, sizeof(pcrs));
	test_eq(sl_policy_of_pcrs(&three, pcrs, got), SL_OK, "of PCRs");
	is_hex(got, 32, PCR_POLICY, "the same");
}

static void
written(void)
{
	uint8_t room[800];
	uint8_t pcrs[32];
	uint8_t area[200];
	char text[96];
	const struct sl_bytes key = { area, test_hex(EC_AREA, area, sizeof(area)) };
	const struct sl_bytes none = { NULL, 0 };
	struct sl_writer w = sl_writer_of(room, sizeof(room));

	(void)test_hex(PCR_DIGEST, pcrs, sizeof(pcrs));
	sl_policy_write_pcr(&w, &three, pcrs);
	sl_policy_write_auth_value(&w);
	is_hex(room, w.used, PCR_DER AUTH_DER, "PolicyPCR, PolicyAuthValue");
	w = sl_writer_of(room, sizeof(room));
	sl_policy_write_authorize(&w, key, (struct sl_bytes){ (const uint8_t *)"release", 7 }, none);
	is_hex(room, w.used, EC_DER, "PolicyAuthorize");
	test_str(sl_policy_selection_text(&three, text), "sha256:4,7,8", "in words");
}

static void
keys(void)
{
	static const struct { const char *pem, *fingerprint, *name, *policy; } table[] = {
		{ ec_pem, "cd3373293b62a52b48c12100e80ea9bfd806266ce76893a5ec31cb128052d97c",
		  "000b5c127e4dbaf8fb7bac641e8db25a84a48db876ca7ee3bd317ae1a4554ff72f17", EC_POLICY },
		{ rsa_pem, "d9186d13a7fd5b3644cee05448f49ad3574e82a2942ff93cf89598d36cca78a9",
		  "000be1bd75c7976e7a30e9e82223b81a9eff0d42c30618e588db592ed5da94455e81", RSA_POLICY },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
		uint8_t *der = NULL;
		uint8_t area[SL_TPM_PUBLIC_MAX];
		uint8_t fingerprint[32];
		uint8_t digest[32] = { 0 };
		struct sl_policy_statement s = { .code = SL_POLICY_AUTHORIZE_CC };
		struct sl_tpm_public key;
		size_t der_len = 0;
		size_t len = 0;

		test_eq(sl_pem_read(table[i].pem, "PUBLIC KEY", &der, &der_len), SL_OK, "PEM");
		test_eq(sl_policy_key((struct sl_bytes){ der, der_len }, area, &len), SL_OK, "as a public area");
		test_ok(sl_tpm_public_of(area, len, &key) == SL_OK, "that is one");
		is_hex(key.name.bytes, key.name.len, table[i].name, "with the Name that systemd gives it");
		test_eq(sl_policy_key_fingerprint((struct sl_bytes){ area, len }, fingerprint), SL_OK, "its fingerprint");
		is_hex(fingerprint, 32, table[i].fingerprint, "is systemd's, too");
		s.key = (struct sl_bytes){ area, len };
		test_eq(sl_policy_extend(&s, digest), SL_OK, "the policy it authorizes");
		is_hex(digest, 32, table[i].policy, "has the digest");
		for (size_t cut = 0; cut < len; cut++)
			if (sl_policy_key_fingerprint((struct sl_bytes){ area, cut }, fingerprint) == SL_OK)
				test_ok(false, "cut after %zu bytes", cut);
		free(der);
	}
}

static void
signatures(void)
{
	static const uint8_t der[] = { 0x30, 6, 2, 1, 5, 2, 1, 7 };
	uint8_t area[200];
	uint8_t out[SL_POLICY_SIGNATURE_MAX];
	const struct sl_bytes key = { area, test_hex(EC_AREA, area, sizeof(area)) };
	size_t len = 0;

	test_eq(sl_policy_signature(key, (struct sl_bytes){ der, sizeof(der) }, out, &len), SL_OK, "an ECDSA signature");
	is_hex(out, len, "0018000b0020" "0000000000000000000000000000000000000000000000000000000000000005"
	       "0020" "0000000000000000000000000000000000000000000000000000000000000007", "as a TPM takes it");
	test_eq(sl_policy_signature(key, (struct sl_bytes){ der, 5 }, out, &len), SL_ERR_FORMAT, "half of it");
	test_eq(sl_policy_signature((struct sl_bytes){ area, 30 }, (struct sl_bytes){ der, sizeof(der) }, out, &len), SL_ERR_UNSUPPORTED,
	        "half a key");
}

static void
refused(void)
{
	static const struct { const char *der; enum sl_err err; const char *says; } table[] = {
		{ "300ba0040202016fa103040101", SL_ERR_UNSUPPORTED, "TPM2_PolicyLocality" },
		{ "300aa00402020171a1020400", SL_ERR_UNSUPPORTED, "TPM2_PolicyOR" },
		{ "300aa00402020123a1020400", SL_ERR_UNSUPPORTED, "TPM2_0x123" },
		{ "300ba0040202016ba103040101", SL_ERR_FORMAT, "TPM2_PolicyAuthValue" },     /* a body where none is */
		{ "300aa0040202016ba1020400" "00", SL_ERR_FORMAT, "not of the form" },
		{ "300ca0040202017fa104040200" "20", SL_ERR_FORMAT, "TPM2_PolicyPCR" },
		{ "301ba0040202017fa1130411000000000002000b03900100000d0380", SL_ERR_FORMAT, "not of the form" },
		{ "3016a0040202017fa10e040c0000000000010012" "03900100", SL_ERR_UNSUPPORTED, "bank" },
		{ "3017a0040202017fa10f040d000000000001000b" "0400000001", SL_ERR_UNSUPPORTED, "above 23" },
		{ "3012a0040202016aa10a04080000000000000010", SL_ERR_FORMAT, "TPM2_PolicyAuthorize" },
	};
	uint8_t digest[32];
	uint8_t der[800];
	struct sl_msg msg;

	for (size_t i = 0; i < SL_ARRAY_LEN(table); i++) {
		test_eq(digest_of(table[i].der, digest, &msg), table[i].err, "policy %zu", i);
		test_ok(strstr(msg.text, table[i].says) != NULL, "says: %s", msg.text);
	}
	for (size_t n = test_hex(EC_DER, der, sizeof(der)) - 1; n > 0; n--)
		if (sl_policy_digest((struct sl_bytes){ der, n }, digest, &msg) == SL_OK)
			test_ok(false, "cut after %zu bytes", n);
	test_ok(true, "nor anything that is cut off");
}

static void
pem(void)
{
	static const struct { const char *text; enum sl_err err; } table[] = {
		{ "", SL_ERR_NOT_FOUND },
		{ "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", SL_ERR_NOT_FOUND },
		{ "-----BEGIN PUBLIC KEY-----\nAAAA\n", SL_ERR_FORMAT },
		{ "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", SL_ERR_FORMAT },
		{ "-----BEGIN PUBLIC KEY-----\nAAA\n-----END PUBLIC KEY-----\n", SL_ERR_FORMAT },
		{ "-----BEGIN PUBLIC KEY-----\nAA=A\n-----END PUBLIC KEY-----\n", SL_ERR_FORMAT },
		{ "-----BEGIN PUBLIC KEY-----\nA===\n-----END PUBLIC KEY-----\n", SL_ERR_FORMAT },
		{ "-----BEGIN PUBLIC KEY-----\nAB==\n-----END PUBLIC KEY-----\n", SL_ERR_FORMAT }, /* bits that are lost */
		{ "-----BEGIN PUBLIC KEY-----\nAA-A\n-----END PUBLIC KEY-----\n", SL_ERR_FORMAT },
		{ "-----BEGIN PUBLIC KEY-----\nAA==AAAA\n-----END PUBLIC KEY-----\n", SL_ERR_FORMAT },
	};
	uint8_t *der = NULL;
	size_t len = 0;

	for (size_t i = 0; i < SL_ARRAY_LEN(table); i++)
		test_eq(sl_pem_read(table[i].text, "PUBLIC KEY", &der, &len), table[i].err, "PEM %zu", i);
	test_eq(sl_pem_read("-----BEGIN PUBLIC KEY-----\r\nAQ I=\r\n-----END PUBLIC KEY-----", "PUBLIC KEY", &der, &len), SL_OK, "line ends");
	test_mem(der, len, "\1\2", 2, "the bytes");
	free(der);
}

int
main(void)
{
	digests();
	written();
	keys();
	signatures();
	refused();
	pem();
	return test_done();
}
