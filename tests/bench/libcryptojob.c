/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "bench.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <pthread.h>

/*
 * The same work on libcrypto: what a program does that has its key in a file. Prepared: one context for all steps, and only the operation is repeated;
 * else one is made for each step.
 */

static EVP_PKEY *keys[BENCH_KEYS];
static EVP_MAC *hmac;
static pthread_mutex_t keys_lock = PTHREAD_MUTEX_INITIALIZER;

static EVP_PKEY *
make_key(enum bench_key key)
{
	switch (key) {
	case BENCH_P256:
		return EVP_EC_gen("P-256");
	case BENCH_P384:
		return EVP_EC_gen("P-384");
	case BENCH_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	default:
		return EVP_RSA_gen(key == BENCH_RSA2048 ? 2048 : 3072);
	}
}

static EVP_PKEY *
key_of(enum bench_key key)
{
	(void)pthread_mutex_lock(&keys_lock);
	if (keys[key] == NULL)
		keys[key] = make_key(key);
	if (hmac == NULL)
		hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	(void)pthread_mutex_unlock(&keys_lock);
	return keys[key];
}

static bool
set_padding(EVP_PKEY_CTX *ctx, const struct bench_measure *m)
{
	if (m->mechanism == CKM_RSA_PKCS)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	return m->mechanism != CKM_RSA_PKCS_PSS ||
	       (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0 &&
	        EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, 32) > 0);
}

static EVP_PKEY_CTX *
new_ctx(const struct bench_job *job, bool verify)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(keys[job->measure->key], NULL);

	if (ctx != NULL && (verify ? EVP_PKEY_verify_init(ctx) : EVP_PKEY_sign_init(ctx)) > 0 && set_padding(ctx, job->measure))
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static bool
sign(struct bench_job *job)
{
	EVP_PKEY_CTX *ctx = job->ctx != NULL ? job->ctx : new_ctx(job, false);
	bool good;

	job->sig_len = sizeof(job->sig);
	good = ctx != NULL && EVP_PKEY_sign(ctx, job->sig, &job->sig_len, job->in, job->measure->size) > 0;
	if (job->ctx == NULL)
		EVP_PKEY_CTX_free(ctx);
	return good;
}

static bool
verify(struct bench_job *job)
{
	EVP_PKEY_CTX *ctx = job->ctx != NULL ? job->ctx : new_ctx(job, true);
	const bool good = ctx != NULL && EVP_PKEY_verify(ctx, job->sig, job->sig_len, job->in, job->measure->size) > 0;

	if (job->ctx == NULL)
		EVP_PKEY_CTX_free(ctx);
	return good;
}

static EVP_MD_CTX *
new_md_ctx(const struct bench_job *job, bool verify)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = keys[job->measure->key];

	if (ctx != NULL && (verify ? EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) : EVP_DigestSignInit(ctx, NULL, NULL, NULL, key)) > 0)
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

static bool
sign_message(struct bench_job *job)
{
	EVP_MD_CTX *ctx = job->ctx != NULL ? job->ctx : new_md_ctx(job, false);
	bool good;

	job->sig_len = sizeof(job->sig);
	good = ctx != NULL && EVP_DigestSign(ctx, job->sig, &job->sig_len, job->in, job->measure->size) > 0;
	if (job->ctx == NULL)
		EVP_MD_CTX_free(ctx);
	return good;
}

static bool
verify_message(struct bench_job *job)
{
	EVP_MD_CTX *ctx = job->ctx != NULL ? job->ctx : new_md_ctx(job, true);
	const bool good = ctx != NULL && EVP_DigestVerify(ctx, job->sig, job->sig_len, job->in, job->measure->size) > 0;

	if (job->ctx == NULL)
		EVP_MD_CTX_free(ctx);
	return good;
}

static bool
mac(struct bench_job *job)
{
	static const uint8_t key[32] = { 1 };
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("digest", (char[]){ "SHA256" }, 0), OSSL_PARAM_construct_end() };
	EVP_MAC_CTX *ctx = job->ctx != NULL ? job->ctx : EVP_MAC_CTX_new(hmac);
	bool good;

	if (ctx == NULL || EVP_MAC_init(ctx, job->ctx == NULL ? key : NULL, job->ctx == NULL ? 32 : 0, job->ctx == NULL ? params : NULL) <= 0)
		return false;
	good = EVP_MAC_update(ctx, job->in, job->measure->size) > 0 && EVP_MAC_final(ctx, job->sig, &job->sig_len, sizeof(job->sig)) > 0;
	if (job->ctx == NULL)
		EVP_MAC_CTX_free(ctx);
	return good;
}

static bool
encrypt(struct bench_job *job)
{
	static const uint8_t key[32] = { 1 };
	EVP_CIPHER_CTX *ctx = job->ctx != NULL ? job->ctx : EVP_CIPHER_CTX_new();
	const bool keyed = job->ctx != NULL && job->sig_len != 0;
	int len;
	bool good;

	job->nonce[0]++;
	good = ctx != NULL && EVP_EncryptInit_ex(ctx, keyed ? NULL : EVP_aes_256_gcm(), NULL, keyed ? NULL : key, job->nonce) > 0 &&
	       EVP_EncryptUpdate(ctx, job->out, &len, job->in, (int)job->measure->size) > 0 &&
	       EVP_EncryptFinal_ex(ctx, job->out + len, &len) > 0 &&
	       EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, job->out + job->measure->size) > 0;
	job->sig_len = 1;
	if (job->ctx == NULL)
		EVP_CIPHER_CTX_free(ctx);
	return good;
}

static bool
agree(struct bench_job *job)
{
	EVP_PKEY *key = keys[job->measure->key];
	EVP_PKEY_CTX *ctx = job->ctx != NULL ? job->ctx : EVP_PKEY_CTX_new(key, NULL);
	size_t len = job->out_room;
	const bool ready = ctx != NULL && (job->ctx != NULL || (EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, key) > 0));
	const bool good = ready && EVP_PKEY_derive(ctx, job->out, &len) > 0;

	if (job->ctx == NULL)
		EVP_PKEY_CTX_free(ctx);
	return good;
}

static bool
digest(struct bench_job *job)
{
	EVP_MD_CTX *ctx = job->ctx != NULL ? job->ctx : EVP_MD_CTX_new();
	const bool good = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) > 0 &&
	                  EVP_DigestUpdate(ctx, job->in, job->measure->size) > 0 && EVP_DigestFinal_ex(ctx, job->out, NULL) > 0;

	if (job->ctx == NULL)
		EVP_MD_CTX_free(ctx);
	return good;
}

static bool
draw(struct bench_job *job)
{
	return RAND_bytes(job->out, (int)job->measure->size) > 0;
}

static bool
generate(struct bench_job *job)
{
	EVP_PKEY *key = make_key(job->measure->key);
	const bool good = key != NULL;

	EVP_PKEY_free(key);
	return good;
}

static void
close_pkey(struct bench_job *job)
{
	EVP_PKEY_CTX_free(job->ctx);
}

static void
close_md(struct bench_job *job)
{
	EVP_MD_CTX_free(job->ctx);
}

static void
close_mac(struct bench_job *job)
{
	EVP_MAC_CTX_free(job->ctx);
}

static void
close_cipher(struct bench_job *job)
{
	EVP_CIPHER_CTX_free(job->ctx);
}

static bool
prepare_mac(struct bench_job *job)
{
	static const uint8_t key[32] = { 1 };
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string("digest", (char[]){ "SHA256" }, 0), OSSL_PARAM_construct_end() };

	job->ctx = EVP_MAC_CTX_new(hmac);
	job->close = close_mac;
	return job->ctx != NULL && EVP_MAC_init(job->ctx, key, sizeof(key), params) > 0;
}

static bool
prepare_agree(struct bench_job *job)
{
	EVP_PKEY *key = keys[job->measure->key];

	job->ctx = EVP_PKEY_CTX_new(key, NULL);
	job->close = close_pkey;
	return job->ctx != NULL && EVP_PKEY_derive_init(job->ctx) > 0 && EVP_PKEY_derive_set_peer(job->ctx, key) > 0;
}

static bool
prepare(struct bench_job *job)
{
	const bool verifies = job->measure->kind == BENCH_VERIFY;

	switch (job->measure->kind) {
	case BENCH_SIGN:
	case BENCH_VERIFY:
		if (job->measure->key == BENCH_HMAC)
			return prepare_mac(job);
		job->ctx = job->measure->key == BENCH_ED25519 ? (void *)new_md_ctx(job, verifies) : (void *)new_ctx(job, verifies);
		job->close = job->measure->key == BENCH_ED25519 ? close_md : close_pkey;
		break;
	case BENCH_AGREE:
		return prepare_agree(job);
	case BENCH_ENCRYPT:
		job->ctx = EVP_CIPHER_CTX_new();
		job->close = close_cipher;
		break;
	case BENCH_DIGEST:
		job->ctx = EVP_MD_CTX_new();
		job->close = close_md;
		break;
	default:
		return false; /* there is nothing to prepare */
	}
	return job->ctx != NULL;
}

static bool
first_signature(struct bench_job *job)
{
	return job->measure->key == BENCH_ED25519 ? sign_message(job) : sign(job);
}

bool
bench_libcrypto_job(struct bench_job *job)
{
	static bool (*const steps[])(struct bench_job *job) = {
		[BENCH_SIGN] = sign, [BENCH_VERIFY] = verify, [BENCH_ENCRYPT] = encrypt, [BENCH_AGREE] = agree,
		[BENCH_DIGEST] = digest, [BENCH_RANDOM] = draw, [BENCH_GENERATE] = generate,
	};
	const enum bench_kind kind = job->measure->kind;
	const enum bench_key key = job->measure->key;

	job->step = steps[kind];
	if (key == BENCH_ED25519 && (kind == BENCH_SIGN || kind == BENCH_VERIFY))
		job->step = kind == BENCH_SIGN ? sign_message : verify_message;
	if (key == BENCH_HMAC)
		job->step = mac;
	if (key != BENCH_KEYS && kind != BENCH_GENERATE && (key_of(bench_is_secret(key) ? BENCH_P256 : key) == NULL))
		return false;
	if (kind == BENCH_VERIFY && !first_signature(job))
		return false;
	return (!job->subject->prepared || prepare(job)) && job->step(job);
}
