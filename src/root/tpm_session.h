/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_TPM_SESSION_H
#define SL_ROOT_TPM_SESSION_H

#include "base/secret.h"
#include "root/root.h"

struct sl_tpm_public;
struct sl_tpm_batch;

/*
 * HMAC sessions with parameter encryption (TPM 2.0 Library, Part 1, 19 and 21): salted, unbound, SHA-256, AES-128-CFB. Computed here over
 * src/crypto, since the tss2 libraries compute in libcrypto's default context, which belongs to our host.
 */
#define SL_TPM_NONCE 32

struct sl_tpm_session {
	uint32_t handle; /* 0: none */
	bool encrypts;   /* first parameters are encrypted, both ways where the command has them */
	bool last;       /* the next command that succeeds ends the session */
	bool policy;     /* a policy session: tpm_policy.h */
	bool by_auth;    /* policy: the auth value of what is used goes into the HMACs (TPM2_PolicyAuthValue) */
	uint8_t nonce_caller[SL_TPM_NONCE];
	uint8_t nonce_tpm[SL_TPM_NONCE];
	struct sl_secret key;
};

/* Draws a salt, and gives it encrypted to the salt key: a TPM2B_ENCRYPTED_SECRET's contents, at most 600 bytes. */
#define SL_TPM_SALT_MAX 600
SL_MUST_CHECK enum sl_err sl_tpm_session_salt(const struct sl_tpm_public *key, struct sl_secret *ret_salt, uint8_t *out,
                                              size_t *ret_len);

/* TPM2_StartAuthSession with key, which is loaded at handle. */
SL_MUST_CHECK enum sl_err sl_tpm_session_start(struct sl_tpm_batch *batch, uint32_t handle, const struct sl_tpm_public *key,
                                               struct sl_tpm_session *ret_session);
/* The same, with a policy session: what it allows is said by the commands of tpm_policy.h. */
SL_MUST_CHECK enum sl_err sl_tpm_session_start_policy(struct sl_tpm_batch *batch, uint32_t handle, const struct sl_tpm_public *key,
                                                      struct sl_tpm_session *ret_session);
/* Wipes it here; the TPM's half is flushed if it lives still. */
void sl_tpm_session_end(struct sl_tpm_batch *batch, struct sl_tpm_session *session);

/* The key of the session's HMACs and encryption: sessionKey || authValue. auth NULL: empty. */
SL_MUST_CHECK enum sl_err sl_tpm_session_value(const struct sl_tpm_session *session, const struct sl_secret *auth,
                                               struct sl_secret *ret_value);

/*
 * An auth value without the zeros at its end, which a TPM takes off (Part 1, 19.6.4.3); *ret_auth is empty where there is none. auth may be NULL.
 * SL_ERR_RANGE: longer than SL_SEAL_AUTH_MAX; SL_ERR_ARG: of zeros only.
 */
SL_MUST_CHECK enum sl_err sl_tpm_session_trim(const struct sl_secret *auth, struct sl_secret *ret_auth);

/* nonceNewer and nonceOlder of Part 1: caller and TPM in a command, the other way round in an answer. */
struct sl_tpm_nonces {
	const uint8_t *newer;
	const uint8_t *older;
};

/* Part 1, 21.3, in place. */
SL_MUST_CHECK enum sl_err sl_tpm_session_crypt(const struct sl_secret *value, struct sl_tpm_nonces nonces, bool encrypt, uint8_t *data,
                                               size_t len);

/* Part 1, 19.6.5: out has 32 bytes; hash is cpHash or rpHash. */
SL_MUST_CHECK enum sl_err sl_tpm_session_hmac(const struct sl_secret *value, const uint8_t *hash, struct sl_tpm_nonces nonces,
                                              uint8_t attributes, uint8_t *out);

#endif
