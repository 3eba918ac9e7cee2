/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_SEAL_H
#define SL_TOKEN_SEAL_H

#include "derive/expand.h"
#include "root/root.h"

/* Keys as sealed secrets: doc/sealed.md, "Keys". */
struct sl_token;

/* A sealed key as it is kept. */
struct sl_sealed_key {
	const uint8_t *blob;
	size_t len;
	unsigned form; /* SL_SEAL_FORM_* */
	bool secret;   /* a secret key, else a private one: follows from the class of its object */
	bool bound;    /* opened by the token secret only */
};
#define SL_SEAL_FORM_HEADED 1 /* a head before the key says what it is */
#define SL_SEAL_FORM_RAW 2    /* the key and nothing else: what is written now */

/*
 * Seals a private or secret key to the token's root, in the form SL_SEAL_FORM_RAW; bound to token_secret where that is not NULL or empty. The caller
 * frees *ret_blob, which is no secret. SL_ERR_ARG: a public key; SL_ERR_RANGE: longer than SL_SEAL_MAX; what sl_root_seal() says.
 */
SL_MUST_CHECK enum sl_err sl_seal_key(struct sl_token *token, const struct sl_key *key, const struct sl_secret *token_secret,
                                      uint8_t **ret_blob, size_t *ret_len);

/*
 * The same for other tools on this device: a TSS2 PRIVATE KEY in DER, in one TPM object, opened by auth (NULL or empty: by everybody at the device). That gives the
 * key away from the token: who may have it is the caller's to ask. SL_ERR_RANGE: longer than SL_SEAL_DATA_MAX.
 */
SL_MUST_CHECK enum sl_err sl_seal_export(struct sl_token *token, const struct sl_key *key, const struct sl_secret *auth, uint8_t **ret_der,
                                         size_t *ret_len);

/*
 * And back; compared with known->spki where that is given (a secret key has none). SL_ERR_MISMATCH; SL_ERR_LOGIN: it is bound, and token_secret is
 * empty; SL_ERR_AUTH: bound to another; SL_ERR_FORMAT: what was sealed is no such key, SL_ERR_VERSION: or of a newer form; what sl_root_unseal() says.
 */
SL_MUST_CHECK enum sl_err sl_seal_open(struct sl_root *root, const struct sl_sealed_key *sealed, const struct sl_secret *token_secret,
                                       const struct sl_known *known, struct sl_key **ret_key);

/*
 * Opens it by one root and seals it to another one on the same device, whose policy may be another; bound to the same secret or to none, in the form
 * SL_SEAL_FORM_RAW. The caller frees the blob. What sl_seal_open() and sl_seal_key() say.
 */
struct sl_resealed {
	uint8_t *blob;
	size_t len;
};
SL_MUST_CHECK enum sl_err sl_seal_again(struct sl_root *from, struct sl_root *to, const struct sl_sealed_key *sealed,
                                        const struct sl_secret *token_secret, const struct sl_known *known,
                                        struct sl_resealed *ret_resealed);

#endif
