/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op_private.h"

/*
 * Two operations over the same data (PKCS#11 3.0 section 5.17). Nothing is done before the output has room; a failure
 * ends both.
 */

static bool
under_way(const struct sl_ops *ops, CK_FLAGS other)
{
	if (other == CKF_DIGEST)
		return ops->digest.active;
	return other == CKF_SIGN ? ops->sign.active : ops->verify.active && !ops->verify.known;
}

/*
 * The other operation takes plaintext: before encryption, since in and out may be the same buffer, and after
 * decryption.
 */
static CK_RV
feed(struct sl_session *session, CK_FLAGS other, struct sl_in plaintext)
{
	return other == CKF_DIGEST ? sl_op_digest_update(session, plaintext) : sl_op_sign_update(session, other, plaintext);
}

static CK_RV
run(struct sl_session *session, CK_FLAGS crypt, CK_FLAGS other, struct sl_in in, struct sl_out out)
{
	struct sl_ops *ops = sl_ops_of(session);
	struct sl_crypt_op *op = crypt == CKF_ENCRYPT ? &ops->encrypt : &ops->decrypt;
	CK_BYTE_PTR dst;
	CK_RV rv = sl_crypt_claim(op, in, out, &dst);

	if (dst == NULL)
		return rv;
	if (crypt == CKF_ENCRYPT && (rv = feed(session, other, in)) != CKR_OK)
		return rv;
	rv = sl_crypt_run(op, crypt == CKF_ENCRYPT, in, dst, out.len);
	if (crypt == CKF_DECRYPT && rv == CKR_OK)
		rv = feed(session, other, (struct sl_in){ dst, *out.len });
	return rv;
}

CK_RV
sl_op_dual(struct sl_session *session, CK_FLAGS crypt, CK_FLAGS other, struct sl_in in, struct sl_out out)
{
	const struct sl_ops *ops = sl_ops_of(session);
	CK_RV rv;

	if (ops == NULL || !under_way(ops, other) || !(crypt == CKF_ENCRYPT ? ops->encrypt.active : ops->decrypt.active))
		return CKR_OPERATION_NOT_INITIALIZED;
	rv = run(session, crypt, other, in, out);
	if (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL)
		sl_op_cancel(session, crypt | other);
	return rv;
}
