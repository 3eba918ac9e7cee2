/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_SEAL_H
#define SL_TOKEN_SEAL_H

#include "derive/expand.h"
#include "root/root.h"

/* Keys as sealed secrets: doc/sealed.md, "Keys". */
struct sl_token;

/*
 * Seals a private or secret key to the token's root, for struct sl_record and sl_material_of_sealed(). The caller frees
 * *ret_blob, which is no secret. SL_ERR_ARG: a public key; SL_ERR_RANGE: longer than SL_SEAL_MAX; what sl_root_seal()
 * says.
 */
SL_MUST_CHECK enum sl_err sl_seal_key(struct sl_token *token, const struct sl_key *key, uint8_t **ret_blob,
                                      size_t *ret_len);

/*
 * And back; compared with known->spki where that is given (a secret key has none). SL_ERR_MISMATCH; SL_ERR_FORMAT: what
 * was sealed is no key, SL_ERR_VERSION: or one of a newer form; what sl_root_unseal() says.
 */
SL_MUST_CHECK enum sl_err sl_seal_open(struct sl_root *root, const uint8_t *blob, size_t len,
                                       const struct sl_known *known,
                                       struct sl_key **ret_key);

#endif
