/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/op.h"

/* PKCS#11 3.0 sections 5.8 and 5.10: encryption and decryption functions */

CK_RV
C_EncryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_crypt_init(call.session, CKF_ENCRYPT, mechanism, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_Encrypt(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *encrypted, CK_ULONG *encrypted_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_crypt(call.session, CKF_ENCRYPT, (struct sl_in){ data, data_len },
		                 (struct sl_out){ encrypted, encrypted_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_EncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len, CK_BYTE *encrypted,
                CK_ULONG *encrypted_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_crypt_update(call.session, CKF_ENCRYPT, (struct sl_in){ part, part_len },
		                        (struct sl_out){ encrypted, encrypted_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_EncryptFinal(CK_SESSION_HANDLE session, CK_BYTE *last, CK_ULONG *last_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_crypt_final(call.session, CKF_ENCRYPT, (struct sl_out){ last, last_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_DecryptInit(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_crypt_init(call.session, CKF_DECRYPT, mechanism, key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_Decrypt(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len, CK_BYTE *data, CK_ULONG *data_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_crypt(call.session, CKF_DECRYPT, (struct sl_in){ encrypted, encrypted_len },
		                 (struct sl_out){ data, data_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_DecryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len, CK_BYTE *part,
                CK_ULONG *part_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_crypt_update(call.session, CKF_DECRYPT, (struct sl_in){ encrypted, encrypted_len },
		                        (struct sl_out){ part, part_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_DecryptFinal(CK_SESSION_HANDLE session, CK_BYTE *last, CK_ULONG *last_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_crypt_final(call.session, CKF_DECRYPT, (struct sl_out){ last, last_len });
	return sl_call_end(&call, __func__, rv);
}

/* Section 5.17: dual-function cryptographic functions */

CK_RV
C_DigestEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len, CK_BYTE *encrypted,
                      CK_ULONG *encrypted_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_dual(call.session, CKF_ENCRYPT, CKF_DIGEST, (struct sl_in){ part, part_len },
		                (struct sl_out){ encrypted, encrypted_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_DecryptDigestUpdate(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len, CK_BYTE *part,
                      CK_ULONG *part_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_dual(call.session, CKF_DECRYPT, CKF_DIGEST, (struct sl_in){ encrypted, encrypted_len },
		                (struct sl_out){ part, part_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_SignEncryptUpdate(CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len, CK_BYTE *encrypted,
                    CK_ULONG *encrypted_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_dual(call.session, CKF_ENCRYPT, CKF_SIGN, (struct sl_in){ part, part_len },
		                (struct sl_out){ encrypted, encrypted_len });
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_DecryptVerifyUpdate(CK_SESSION_HANDLE session, CK_BYTE *encrypted, CK_ULONG encrypted_len, CK_BYTE *part,
                      CK_ULONG *part_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_op_dual(call.session, CKF_DECRYPT, CKF_VERIFY, (struct sl_in){ encrypted, encrypted_len },
		                (struct sl_out){ part, part_len });
	return sl_call_end(&call, __func__, rv);
}
