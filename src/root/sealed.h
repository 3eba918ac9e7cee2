/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_SEALED_H
#define SL_ROOT_SEALED_H

#include "crypto/key.h"

/* The forms of a sealed secret outside the TPM: doc/sealed.md. Nothing here asks a TPM. */

/* More than this is no blob of ours, nor of anybody who seals keys. */
#define SL_SEALED_MAX 16384

/* `TSS2 PRIVATE KEY` of a sealed data object. Everything is borrowed. */
struct sl_sealed {
	bool empty_auth;
	uint32_t parent;               /* handle of the parent, or of the hierarchy whose storage key it is */
	struct sl_bytes policy;        /* contents of SEQUENCE OF TPMPolicy; data NULL: absent */
	struct sl_bytes auth_policy;   /* contents of SEQUENCE OF TPMAuthPolicy; likewise */
	struct sl_bytes public_area;   /* TPMT_PUBLIC */
	struct sl_bytes private_area;  /* what is in the TPM2B_PRIVATE */
};

/* The caller frees *ret_der. SL_ERR_RANGE. */
SL_MUST_CHECK enum sl_err sl_sealed_write(const struct sl_sealed *sealed, uint8_t **ret_der, size_t *ret_len);

/*
 * Strict DER, but for the kernel's way to write TRUE (01). SL_ERR_FORMAT; SL_ERR_UNSUPPORTED: a key of another kind
 * than sealed data, or a field that we do not know how to honour; msg says which.
 */
SL_MUST_CHECK enum sl_err sl_sealed_read(const uint8_t *der, size_t len, struct sl_sealed *ret_sealed,
                                         struct sl_msg *msg);

/* The hybrid form for secrets that are longer than a TPM can hold: a sealed 32-byte key, and AES-256-GCM under it. */
#define SL_SEALED_KEY 32
#define SL_SEALED_NONCE 12

bool sl_sealed_is_hybrid(const uint8_t *blob, size_t len);
/* The same layout, with what a kernel's root derives the key from in place of a sealed key. */
bool sl_sealed_is_keyed(const uint8_t *blob, size_t len);

/* der: the sealed key, or what stands in its place. The nonce is given, so that doc/sealed.md can have a vector. The caller frees *ret_blob. */
struct sl_sealed_hybrid {
	bool keyed;
	struct sl_bytes der;
	const struct sl_secret *key;
	const uint8_t *nonce;
};
SL_MUST_CHECK enum sl_err sl_sealed_wrap(const struct sl_sealed_hybrid *hybrid, const struct sl_secret *secret,
                                         uint8_t **ret_blob,
                                         size_t *ret_len);

/* The sealed key in a hybrid blob, or what stands in its place, borrowed. SL_ERR_FORMAT. */
SL_MUST_CHECK enum sl_err sl_sealed_hybrid_key(const uint8_t *blob, size_t len, struct sl_bytes *ret_der);

/* SL_ERR_VERIFY: not what was encrypted under key. */
SL_MUST_CHECK enum sl_err sl_sealed_unwrap(const uint8_t *blob, size_t len, const struct sl_secret *key,
                                           struct sl_secret *ret_secret);

#endif
