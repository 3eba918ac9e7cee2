/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_TPM_PUBLIC_H
#define SL_ROOT_TPM_PUBLIC_H

#include "crypto/digest.h"
#include "root/root.h"

/* Public areas (TPMT_PUBLIC): what we make, and what we are shown. */

#define SL_TPM_PUBLIC_MAX 640

/* A template, marshalled; the first `fixed` bytes must come back unchanged in the public area of the key that was made from it. */
struct sl_tpm_template {
	uint8_t bytes[160];
	size_t len;
	size_t fixed;
};

/*
 * The root: HMAC-SHA256 keyed hash, unique = SHA-256("seedleaf root v1" || 0x00 || namespace). Fixed for ever. With a policy (a digest of SL_TPM_POLICY bytes;
 * else NULL) only that opens it.
 */
#define SL_TPM_POLICY 32
SL_MUST_CHECK enum sl_err sl_tpm_public_root(const char *name_space, const uint8_t *policy, struct sl_tpm_template *ret_template);
/* TCG TPM v2.0 Provisioning Guidance 7.5.1: the P-256 storage root key. */
void sl_tpm_public_storage(struct sl_tpm_template *ret_template);
/* The same with an empty `unique`: another key, which other tools have. */
void sl_tpm_public_storage_plain(struct sl_tpm_template *ret_template);

/* A sealed data object; policy may be NULL. Without one its auth value opens it; guarded: the dictionary attack counter counts wrong tries. */
void sl_tpm_public_sealed(const uint8_t *policy, bool guarded, struct sl_tpm_template *ret_template);

/* What we know of a key: its Name, computed by us, and what a session is salted with. */
struct sl_tpm_public {
	struct sl_root_name name;
	uint8_t bytes[SL_TPM_PUBLIC_MAX];
	size_t len;
	enum sl_hash hash; /* nameAlg */
	bool salts;        /* a storage key of a kind that we can salt a session to: one of the two below is filled */
	uint8_t point[64]; /* P-256: X || Y */
	uint8_t n[512];    /* RSA */
	size_t n_len;      /* 0: EC */
	uint32_t e;
};

/* Reads a TPMT_PUBLIC; name is what the TPM said: SL_ERR_DEVICE when it is another than ours. */
SL_MUST_CHECK enum sl_err sl_tpm_public_read(const uint8_t *bytes, size_t len, const uint8_t *name, size_t name_len,
                                             struct sl_tpm_public *ret_public);
/* The same of a public area that no TPM has shown yet: the Name is what it must come to. SL_ERR_FORMAT. */
SL_MUST_CHECK enum sl_err sl_tpm_public_of(const uint8_t *bytes, size_t len, struct sl_tpm_public *ret_public);
/* Sealed data: nothing that signs or decrypts. *ret_by_auth: its auth value opens it, else only its policy does; *ret_policy: authPolicy, borrowed. */
struct sl_bytes;
bool sl_tpm_public_is_sealed(const struct sl_tpm_public *key, bool *ret_by_auth, struct sl_bytes *ret_policy);
/* The key was made from the template, as far as one can see. */
bool sl_tpm_public_fits(const struct sl_tpm_public *key, const struct sl_tpm_template *tmpl);

bool sl_tpm_public_same_name(const struct sl_root_name *a, const struct sl_root_name *b);

#endif
