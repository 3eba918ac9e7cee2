/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/op.h"

/* PKCS#11 3.0 sections 5.13 and 5.15: signing and verifying functions */

CK_RV
C_SignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_sign_init(call.session, CKF_SIGN, mechanism, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_Sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature, CK_ULONG *signature_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_sign(call.session, (struct sl_in){ data, data_len },
		                (struct sl_out){ signature, signature_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_SignUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_sign_update(call.session, CKF_SIGN, (struct sl_in){ part, part_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_SignFinal(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG *signature_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_sign_final(call.session, (struct sl_out){ signature, signature_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_VerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_sign_init(call.session, CKF_VERIFY, mechanism, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_Verify(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature, CK_ULONG signature_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_verify(call.session, (struct sl_in){ data, data_len },
		                  (struct sl_in){ signature, signature_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_VerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_sign_update(call.session, CKF_VERIFY, (struct sl_in){ part, part_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_VerifyFinal(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_verify_final(call.session, (struct sl_in){ signature, signature_len });
	return sl_call_end(&call, __func__, rv);
}

/* Sections 5.13.5 and 5.15.5: signatures that hold their message */

CK_RV
C_SignRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_recover_init(call.session, CKF_SIGN_RECOVER, mechanism, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_SignRecover(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *signature,
              CK_ULONG *signature_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_sign_recover(call.session, (struct sl_in){ data, data_len },
		                        (struct sl_out){ signature, signature_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_VerifyRecoverInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_recover_init(call.session, CKF_VERIFY_RECOVER, mechanism, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_VerifyRecover(CK_SESSION_HANDLE session, CK_BYTE *signature, CK_ULONG signature_len, CK_BYTE *data,
                CK_ULONG *data_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_verify_recover(call.session, (struct sl_in){ signature, signature_len },
		                          (struct sl_out){ data, data_len });
	return sl_call_end(&call, __func__, rv);
}

/* PKCS#11 3.2: the signature is known from the start */

CK_RV
C_VerifySignatureInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, CK_BYTE *signature,
                      CK_ULONG signature_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_known_init(call.session, mechanism, key, (struct sl_in){ signature, signature_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_VerifySignature(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_known(call.session, &(struct sl_in){ data, data_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_VerifySignatureUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_known_update(call.session, (struct sl_in){ part, part_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_VerifySignatureFinal(CK_SESSION_HANDLE session)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_known(call.session, NULL);
	return sl_call_end(&call, __func__, rv);
}
