/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/op.h"

/* PKCS#11 3.0 sections 5.14 and 5.16: message-based signing and verifying functions */

CK_RV
C_MessageSignInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_msgsign_init(call.session, CKF_MESSAGE_SIGN, mechanism, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_SignMessage(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *data, CK_ULONG data_len,
              CK_BYTE *signature, CK_ULONG *signature_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_msgsign_sign(call.session, &(struct sl_message){ .param = param, .param_len = param_len }, true,
		                        (struct sl_in){ data, data_len }, (struct sl_out){ signature, signature_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_SignMessageBegin(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_msgsign_begin(call.session, CKF_MESSAGE_SIGN,
		                         &(struct sl_message){ .param = param, .param_len = param_len });
	return sl_call_end(&call, __func__, rv);
}

/* Without a length for the signature: there is more to come. */
CK_RV
C_SignMessageNext(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *part, CK_ULONG part_len,
                  CK_BYTE *signature, CK_ULONG *signature_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = signature_len == NULL ?
		     sl_op_msgsign_update(call.session, CKF_MESSAGE_SIGN,
		                          &(struct sl_message){ .param = param, .param_len = param_len },
		                          (struct sl_in){ part, part_len }) :
		     sl_op_msgsign_sign(call.session, &(struct sl_message){ .param = param, .param_len = param_len }, false,
		                        (struct sl_in){ part, part_len }, (struct sl_out){ signature, signature_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_MessageSignFinal(CK_SESSION_HANDLE session)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_msgsign_end(call.session, CKF_MESSAGE_SIGN);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_MessageVerifyInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_msgsign_init(call.session, CKF_MESSAGE_VERIFY, mechanism, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_VerifyMessage(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *data, CK_ULONG data_len,
                CK_BYTE *signature, CK_ULONG signature_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_msgsign_verify(call.session, &(struct sl_message){ .param = param, .param_len = param_len }, true,
		                          (struct sl_in){ data, data_len }, (struct sl_in){ signature, signature_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_VerifyMessageBegin(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_msgsign_begin(call.session, CKF_MESSAGE_VERIFY,
		                         &(struct sl_message){ .param = param, .param_len = param_len });
	return sl_call_end(&call, __func__, rv);
}

/* Without a signature: there is more to come. */
CK_RV
C_VerifyMessageNext(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *part, CK_ULONG part_len,
                    CK_BYTE *signature, CK_ULONG signature_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = signature == NULL ?
		     sl_op_msgsign_update(call.session, CKF_MESSAGE_VERIFY,
		                          &(struct sl_message){ .param = param, .param_len = param_len },
		                          (struct sl_in){ part, part_len }) :
		     sl_op_msgsign_verify(call.session, &(struct sl_message){ .param = param, .param_len = param_len }, false,
		                          (struct sl_in){ part, part_len }, (struct sl_in){ signature, signature_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_MessageVerifyFinal(CK_SESSION_HANDLE session)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_msgsign_end(call.session, CKF_MESSAGE_VERIFY);
	return sl_call_end(&call, __func__, rv);
}
