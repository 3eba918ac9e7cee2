/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_OP_PRIVATE_H
#define SL_PKCS11_OP_PRIVATE_H

#include "pkcs11/op.h"

/* What a session's front holds. Private to op*.c. */

struct sl_digest_op {
	bool active;
	bool updating;
	struct sl_digest *digest; /* kept between operations */
};

struct sl_sign_op {
	bool active;
	bool updating;
	const struct sl_mech *mech;
	struct sl_sig_params params;
	/* Prepared for the key below; kept between operations, since making it is the slow part. */
	struct sl_signer *signer;
	struct sl_key *key;
	struct sl_digest *digest; /* for mechanisms that hash */
	uint8_t *parts;           /* for those that do not: the input so far */
	size_t parts_len;
};

struct sl_ops {
	struct sl_digest_op digest;
	struct sl_sign_op sign;
	struct sl_sign_op verify;
};

/* The session's operations, made at first use; NULL when memory is short. */
struct sl_ops *sl_ops_of(struct sl_session *session);

/* A running hash of that kind in *d, ready to start: the one there, if it is of the kind. */
CK_RV sl_ops_digest(struct sl_digest **d, enum sl_hash hash);

#endif
