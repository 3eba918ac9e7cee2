/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef BENCH_H
#define BENCH_H

#include "pkcs11-additions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The benchmark knows nothing of our code: it loads PKCS#11 modules by their names, and does the same work on libcrypto. Everything that goes wrong
 * ends the program with a message (bench_die).
 */
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a module is made to do. */
enum bench_kind { BENCH_SIGN, BENCH_VERIFY, BENCH_ENCRYPT, BENCH_AGREE, BENCH_DIGEST, BENCH_RANDOM, BENCH_GENERATE };
enum bench_key { BENCH_P256, BENCH_P384, BENCH_RSA2048, BENCH_RSA3072, BENCH_ED25519, BENCH_AES, BENCH_HMAC, BENCH_KEYS };

struct bench_measure {
	const char *name;
	enum bench_kind kind;
	enum bench_key key;
	CK_MECHANISM_TYPE mechanism;
	size_t size; /* of the input in bytes */
};

extern const struct bench_measure bench_measures[];
extern const size_t bench_n_measures;
#define BENCH_SIZE_MAX 65536
#define BENCH_SIG_MAX 512

/* A module, loaded and initialised; its first token, initialised and logged in to. */
struct bench_module {
	char name[32];
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE private[BENCH_KEYS]; /* 0: not made yet; secret keys are here */
	CK_OBJECT_HANDLE public[BENCH_KEYS];
};

/* Each step of getting there, for those who time them. C_GetFunctionList; C_Initialize; slot and session, with the login where one is needed. */
CK_FUNCTION_LIST *bench_load(const char *path);
void bench_initialize(CK_FUNCTION_LIST *f);
void bench_open(struct bench_module *module);
CK_SESSION_HANDLE bench_session(const struct bench_module *module);
/* The key's objects, found by label on the token, or made there. False: the module has no such keys. */
bool bench_module_key(struct bench_module *module, enum bench_key key);
bool bench_generate(struct bench_module *module, CK_SESSION_HANDLE session, enum bench_key key, bool on_token, CK_OBJECT_HANDLE ret_keys[2]);
/* CK_INVALID_HANDLE when there is none. */
CK_OBJECT_HANDLE bench_find(const struct bench_module *module, CK_OBJECT_CLASS class, const char *label);
const char *bench_key_label(enum bench_key key);
bool bench_is_secret(enum bench_key key);
/* Parameters where the mechanism has them. nonce: 12 bytes for GCM. */
CK_MECHANISM bench_mechanism(const struct bench_measure *measure, uint8_t *nonce);

/* Who does the work: a module, or libcrypto, making a context for each operation or keeping one. */
struct bench_subject {
	const char *name;
	struct bench_module *module; /* NULL: libcrypto */
	bool prepared;
};

/* One thread's part of a measure: step() does it once. */
struct bench_job {
	const struct bench_measure *measure;
	const struct bench_subject *subject;
	bool (*step)(struct bench_job *job);
	void (*close)(struct bench_job *job);
	uint8_t *in;
	uint8_t *out;
	size_t out_room;
	uint8_t sig[BENCH_SIG_MAX];
	size_t sig_len;
	uint8_t nonce[12];
	CK_SESSION_HANDLE session;
	void *ctx; /* libcrypto's, prepared */
};

/* False: this subject does not have that. */
bool bench_job_open(struct bench_job *job, const struct bench_subject *subject, const struct bench_measure *measure);
void bench_job_close(struct bench_job *job);
bool bench_module_job(struct bench_job *job);
bool bench_libcrypto_job(struct bench_job *job);

uint64_t bench_now(void); /* nanoseconds, monotonic */

/* Commands of the program; each prints JSON, an object a line. */
int bench_rates(int argc, char **argv);
int bench_start(int argc, char **argv);
int bench_fill(int argc, char **argv);
int bench_search(int argc, char **argv);
int bench_memory(int argc, char **argv);
int bench_handshakes(int argc, char **argv);

#endif
