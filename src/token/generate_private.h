/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_GENERATE_PRIVATE_H
#define SL_TOKEN_GENERATE_PRIVATE_H

#include "token/make.h"
#include "token/view.h"

/* Shared by generate.c, the life of a new key, and generate_type.c, what kind of key it is. */

/* Key generation: the two halves of a pair, or one secret key, from checked templates to published objects. */
struct sl_birth {
	struct sl_session *session;
	const struct sl_generate_spec *spec;
	CK_KEY_TYPE key_type;
	struct sl_view view;
	bool on_token;
	bool derivable;          /* one of the types that derivation version 1 has: `type` */
	struct sl_keytype type;
	struct sl_attrs public;
	struct sl_attrs private; /* or the secret key */
	struct sl_key *key;
	struct sl_material *material;
	struct sl_rsa_hints hints;
	bool recalled;
};

/* Which key the templates ask for: derivable and type. CKR_KEY_SIZE_RANGE, CKR_CURVE_NOT_SUPPORTED, CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV sl_generate_type(struct sl_birth *b);

/* A random key that derivation has no type for: RSA of other sizes and exponents, other curves, longer secrets. Sets b->key. */
CK_RV sl_generate_other(struct sl_birth *b);

#endif
