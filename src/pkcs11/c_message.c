/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/op.h"

/* PKCS#11 3.0 sections 5.9 and 5.11: message-based encryption and decryption functions */

CK_RV
C_MessageEncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_message_init(call.session, CKF_MESSAGE_ENCRYPT, mechanism, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_EncryptMessage(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *aad, CK_ULONG aad_len,
                 CK_BYTE *plaintext, CK_ULONG plaintext_len, CK_BYTE *ciphertext, CK_ULONG *ciphertext_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_message(call.session, CKF_MESSAGE_ENCRYPT, &(struct sl_message){ param, param_len, { aad, aad_len } },
		                   (struct sl_in){ plaintext, plaintext_len }, (struct sl_out){ ciphertext, ciphertext_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_EncryptMessageBegin(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *aad, CK_ULONG aad_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_message_begin(call.session, CKF_MESSAGE_ENCRYPT,
		                         &(struct sl_message){ param, param_len, { aad, aad_len } });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_EncryptMessageNext(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *part, CK_ULONG part_len,
                     CK_BYTE *ciphertext, CK_ULONG *ciphertext_len, CK_FLAGS flags)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_message_next(call.session, CKF_MESSAGE_ENCRYPT,
		                        &(struct sl_message){ .param = param, .param_len = param_len },
		                        (struct sl_in){ part, part_len }, (struct sl_out){ ciphertext, ciphertext_len },
		                        (flags & CKF_END_OF_MESSAGE) != 0);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_MessageEncryptFinal(CK_SESSION_HANDLE session)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_message_end(call.session, CKF_MESSAGE_ENCRYPT);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_MessageDecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_message_init(call.session, CKF_MESSAGE_DECRYPT, mechanism, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_DecryptMessage(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *aad, CK_ULONG aad_len,
                 CK_BYTE *ciphertext, CK_ULONG ciphertext_len, CK_BYTE *plaintext, CK_ULONG *plaintext_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_message(call.session, CKF_MESSAGE_DECRYPT, &(struct sl_message){ param, param_len, { aad, aad_len } },
		                   (struct sl_in){ ciphertext, ciphertext_len }, (struct sl_out){ plaintext, plaintext_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_DecryptMessageBegin(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *aad, CK_ULONG aad_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_message_begin(call.session, CKF_MESSAGE_DECRYPT,
		                         &(struct sl_message){ param, param_len, { aad, aad_len } });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_DecryptMessageNext(CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *part, CK_ULONG part_len,
                     CK_BYTE *plaintext, CK_ULONG *plaintext_len, CK_FLAGS flags)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_message_next(call.session, CKF_MESSAGE_DECRYPT,
		                        &(struct sl_message){ .param = param, .param_len = param_len },
		                        (struct sl_in){ part, part_len }, (struct sl_out){ plaintext, plaintext_len },
		                        (flags & CKF_END_OF_MESSAGE) != 0);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_MessageDecryptFinal(CK_SESSION_HANDLE session)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_message_end(call.session, CKF_MESSAGE_DECRYPT);
	return sl_call_end(&call, __func__, rv);
}
