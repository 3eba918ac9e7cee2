/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one table of what is measured. */
const struct bench_measure bench_measures[] = {
	{ "sign.ecdsa-p256", BENCH_SIGN, BENCH_P256, CKM_ECDSA, 32 },
	{ "sign.ecdsa-p384", BENCH_SIGN, BENCH_P384, CKM_ECDSA, 48 },
	{ "sign.rsa2048-pkcs", BENCH_SIGN, BENCH_RSA2048, CKM_RSA_PKCS, 51 },
	{ "sign.rsa2048-pss", BENCH_SIGN, BENCH_RSA2048, CKM_RSA_PKCS_PSS, 32 },
	{ "sign.rsa3072-pkcs", BENCH_SIGN, BENCH_RSA3072, CKM_RSA_PKCS, 51 },
	{ "sign.rsa3072-pss", BENCH_SIGN, BENCH_RSA3072, CKM_RSA_PKCS_PSS, 32 },
	{ "sign.ed25519", BENCH_SIGN, BENCH_ED25519, CKM_EDDSA, 32 },
	{ "sign.hmac-sha256", BENCH_SIGN, BENCH_HMAC, CKM_SHA256_HMAC, 64 },
	{ "verify.ecdsa-p256", BENCH_VERIFY, BENCH_P256, CKM_ECDSA, 32 },
	{ "verify.ecdsa-p384", BENCH_VERIFY, BENCH_P384, CKM_ECDSA, 48 },
	{ "verify.rsa2048-pkcs", BENCH_VERIFY, BENCH_RSA2048, CKM_RSA_PKCS, 51 },
	{ "verify.rsa3072-pkcs", BENCH_VERIFY, BENCH_RSA3072, CKM_RSA_PKCS, 51 },
	{ "verify.ed25519", BENCH_VERIFY, BENCH_ED25519, CKM_EDDSA, 32 },
	{ "encrypt.aes256-gcm-64", BENCH_ENCRYPT, BENCH_AES, CKM_AES_GCM, 64 },
	{ "encrypt.aes256-gcm-1k", BENCH_ENCRYPT, BENCH_AES, CKM_AES_GCM, 1024 },
	{ "encrypt.aes256-gcm-64k", BENCH_ENCRYPT, BENCH_AES, CKM_AES_GCM, 65536 },
	{ "agree.ecdh-p256", BENCH_AGREE, BENCH_P256, CKM_ECDH1_DERIVE, 0 },
	{ "digest.sha256-64", BENCH_DIGEST, BENCH_KEYS, CKM_SHA256, 64 },
	{ "digest.sha256-64k", BENCH_DIGEST, BENCH_KEYS, CKM_SHA256, 65536 },
	{ "random.32", BENCH_RANDOM, BENCH_KEYS, 0, 32 },
	{ "generate.ecdsa-p256", BENCH_GENERATE, BENCH_P256, 0, 0 },
	{ "generate.ed25519", BENCH_GENERATE, BENCH_ED25519, 0, 0 },
	{ "generate.rsa2048", BENCH_GENERATE, BENCH_RSA2048, 0, 0 },
};
const size_t bench_n_measures = sizeof(bench_measures) / sizeof(bench_measures[0]);

bool
bench_is_secret(enum bench_key key)
{
	return key == BENCH_AES || key == BENCH_HMAC;
}

const char *
bench_key_label(enum bench_key key)
{
	static const char *const labels[BENCH_KEYS] = { "bench-p256", "bench-p384", "bench-rsa2048", "bench-rsa3072", "bench-ed25519",
	                                                "bench-aes", "bench-hmac" };

	return labels[key];
}

CK_MECHANISM
bench_mechanism(const struct bench_measure *measure, uint8_t *nonce)
{
	static CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	static _Thread_local CK_GCM_PARAMS gcm;
	CK_MECHANISM m = { measure->mechanism, NULL, 0 };

	if (measure->mechanism == CKM_RSA_PKCS_PSS)
		m = (CK_MECHANISM){ measure->mechanism, &pss, sizeof(pss) };
	if (measure->mechanism == CKM_AES_GCM) {
		gcm = (CK_GCM_PARAMS){ .pIv = nonce, .ulIvLen = 12, .ulIvBits = 96, .ulTagBits = 128 };
		m = (CK_MECHANISM){ measure->mechanism, &gcm, sizeof(gcm) };
	}
	return m;
}

bool
bench_job_open(struct bench_job *job, const struct bench_subject *subject, const struct bench_measure *measure)
{
	static const uint8_t prefix[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	                                  0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };

	*job = (struct bench_job){ .subject = subject, .measure = measure };
	job->out_room = measure->size + BENCH_SIG_MAX;
	job->in = malloc(measure->size + 1);
	job->out = malloc(job->out_room);
	if (job->in == NULL || job->out == NULL)
		bench_die("out of memory");
	memset(job->in, 0x5a, measure->size);
	if (measure->mechanism == CKM_RSA_PKCS) /* DigestInfo of SHA-256 */
		memcpy(job->in, prefix, sizeof(prefix));
	if (subject->module != NULL ? bench_module_job(job) : bench_libcrypto_job(job))
		return true;
	bench_job_close(job);
	return false;
}

void
bench_job_close(struct bench_job *job)
{
	if (job->close != NULL)
		job->close(job);
	free(job->in);
	free(job->out);
	*job = (struct bench_job){ 0 };
}
