/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_DERIVE_EXPAND_H
#define SL_DERIVE_EXPAND_H

#include "crypto/detkey.h"
#include "derive/keytype.h"

#define SL_ROOT_SECRET_LEN 32

/* What is on record of a key; all optional. */
struct sl_known {
	const uint8_t *spki; /* DER SubjectPublicKeyInfo, or NULL */
	size_t spki_len;
	struct sl_rsa_hints hints;
};

/*
 * doc/derivation.md, "Expansion": the key of a type from root.derive(ctx). Compared with known->spki where that is
 * given: SL_ERR_MISMATCH. RSA hints are used only together with spki; a wrong hint falls back to the search.
 * *ret_hints (may be NULL) are the right ones for RSA, else 0.
 */
SL_MUST_CHECK enum sl_err sl_expand(const uint8_t secret[SL_ROOT_SECRET_LEN], const struct sl_keytype *type,
                                    const struct sl_known *known, struct sl_key **ret_key,
                                    struct sl_rsa_hints *ret_hints);

#endif
