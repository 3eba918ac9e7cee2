/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "bench.h"

#include <string.h>

/* One step of each kind on a PKCS#11 module. A session for each job. */

static CK_FUNCTION_LIST *
f_of(const struct bench_job *job)
{
	return job->subject->module->f;
}

static bool
sign(struct bench_job *job)
{
	CK_FUNCTION_LIST *f = f_of(job);
	CK_MECHANISM m = bench_mechanism(job->measure, job->nonce);
	CK_ULONG len = sizeof(job->sig);

	if (f->C_SignInit(job->session, &m, job->subject->module->private[job->measure->key]) != CKR_OK ||
	    f->C_Sign(job->session, job->in, job->measure->size, job->sig, &len) != CKR_OK)
		return false;
	job->sig_len = len;
	return true;
}

static bool
verify(struct bench_job *job)
{
	CK_FUNCTION_LIST *f = f_of(job);
	CK_MECHANISM m = bench_mechanism(job->measure, job->nonce);

	return f->C_VerifyInit(job->session, &m, job->subject->module->public[job->measure->key]) == CKR_OK &&
	       f->C_Verify(job->session, job->in, job->measure->size, job->sig, job->sig_len) == CKR_OK;
}

/* A counter: no nonce twice. */
static void
next_nonce(struct bench_job *job)
{
	uint64_t count;

	memcpy(&count, job->nonce, sizeof(count));
	count++;
	memcpy(job->nonce, &count, sizeof(count));
}

static bool
encrypt(struct bench_job *job)
{
	CK_FUNCTION_LIST *f = f_of(job);
	CK_MECHANISM m = bench_mechanism(job->measure, job->nonce);
	CK_ULONG len = job->out_room;

	next_nonce(job);
	return f->C_EncryptInit(job->session, &m, job->subject->module->private[job->measure->key]) == CKR_OK &&
	       f->C_Encrypt(job->session, job->in, job->measure->size, job->out, &len) == CKR_OK;
}

static bool
digest(struct bench_job *job)
{
	CK_FUNCTION_LIST *f = f_of(job);
	CK_MECHANISM m = bench_mechanism(job->measure, job->nonce);
	CK_ULONG len = job->out_room;

	return f->C_DigestInit(job->session, &m) == CKR_OK && f->C_Digest(job->session, job->in, job->measure->size, job->out, &len) == CKR_OK;
}

static bool
draw(struct bench_job *job)
{
	return f_of(job)->C_GenerateRandom(job->session, job->out, job->measure->size) == CKR_OK;
}

/* With the key's own public half; the result is a session object, destroyed at once. */
static bool
agree(struct bench_job *job)
{
	CK_FUNCTION_LIST *f = f_of(job);
	CK_ECDH1_DERIVE_PARAMS params = { .kdf = CKD_NULL, .ulPublicDataLen = job->sig_len, .pPublicData = job->sig };
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &params, sizeof(params) };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ULONG len = 32;
	CK_BBOOL no = CK_FALSE;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &type, sizeof(type) }, { CKA_VALUE_LEN, &len, sizeof(len) },
		{ CKA_TOKEN, &no, sizeof(no) },
	};
	CK_OBJECT_HANDLE secret;

	return f->C_DeriveKey(job->session, &m, job->subject->module->private[BENCH_P256], template, 4, &secret) == CKR_OK &&
	       f->C_DestroyObject(job->session, secret) == CKR_OK;
}

static bool
generate(struct bench_job *job)
{
	CK_FUNCTION_LIST *f = f_of(job);
	CK_OBJECT_HANDLE keys[2];

	return bench_generate(job->subject->module, job->session, job->measure->key, false, keys) &&
	       f->C_DestroyObject(job->session, keys[0]) == CKR_OK && f->C_DestroyObject(job->session, keys[1]) == CKR_OK;
}

/* Without its DER header: both forms are taken by both sides. */
static bool
read_point(struct bench_job *job)
{
	CK_BYTE point[128];
	CK_ATTRIBUTE a = { CKA_EC_POINT, point, sizeof(point) };

	if (f_of(job)->C_GetAttributeValue(job->session, job->subject->module->public[BENCH_P256], &a, 1) != CKR_OK || a.ulValueLen != 67)
		return false;
	memcpy(job->sig, point + 2, job->sig_len = 65);
	return true;
}

static void
close_job(struct bench_job *job)
{
	(void)f_of(job)->C_CloseSession(job->session);
}

bool
bench_module_job(struct bench_job *job)
{
	static bool (*const steps[])(struct bench_job *job) = {
		[BENCH_SIGN] = sign, [BENCH_VERIFY] = verify, [BENCH_ENCRYPT] = encrypt, [BENCH_AGREE] = agree,
		[BENCH_DIGEST] = digest, [BENCH_RANDOM] = draw, [BENCH_GENERATE] = generate,
	};

	job->step = steps[job->measure->kind];
	if (job->measure->kind != BENCH_GENERATE && !bench_module_key(job->subject->module, job->measure->key))
		return false;
	job->session = bench_session(job->subject->module);
	job->close = close_job;
	memcpy(job->nonce + 8, &(uint32_t){ (uint32_t)job->session }, 4);
	if (job->measure->kind == BENCH_VERIFY && !sign(job))
		return false;
	if (job->measure->kind == BENCH_AGREE && !read_point(job))
		return false;
	return job->step(job);
}
