/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef PKCS11_3_H
#define PKCS11_3_H

#include "pkcs11-additions.h"

/*
 * The functions and function lists of PKCS#11 3.0 and 3.2, for a header that is older. Included by pkcs11-additions.h.
 * Order and types are the OASIS standards'; a header that says it has them rules.
 */

#include <p11-kit/pkcs11.h>

/* Every function, in the order of the lists: the lists are made of these, so that none can be missing. */
#define SL_CK_FUNCTIONS_2_40(X) X(C_Initialize) X(C_Finalize) X(C_GetInfo) SL_CK_FUNCTIONS_REST_2_40(X)
#define SL_CK_FUNCTIONS_REST_2_40(X) \
	X(C_GetFunctionList) X(C_GetSlotList) X(C_GetSlotInfo) X(C_GetTokenInfo) \
	X(C_GetMechanismList) X(C_GetMechanismInfo) X(C_InitToken) X(C_InitPIN) X(C_SetPIN) X(C_OpenSession) X(C_CloseSession) \
	X(C_CloseAllSessions) X(C_GetSessionInfo) X(C_GetOperationState) X(C_SetOperationState) X(C_Login) X(C_Logout) \
	X(C_CreateObject) X(C_CopyObject) X(C_DestroyObject) X(C_GetObjectSize) X(C_GetAttributeValue) X(C_SetAttributeValue) \
	X(C_FindObjectsInit) X(C_FindObjects) X(C_FindObjectsFinal) X(C_EncryptInit) X(C_Encrypt) X(C_EncryptUpdate) \
	X(C_EncryptFinal) X(C_DecryptInit) X(C_Decrypt) X(C_DecryptUpdate) X(C_DecryptFinal) X(C_DigestInit) X(C_Digest) \
	X(C_DigestUpdate) X(C_DigestKey) X(C_DigestFinal) X(C_SignInit) X(C_Sign) X(C_SignUpdate) X(C_SignFinal) \
	X(C_SignRecoverInit) X(C_SignRecover) X(C_VerifyInit) X(C_Verify) X(C_VerifyUpdate) X(C_VerifyFinal) \
	X(C_VerifyRecoverInit) X(C_VerifyRecover) X(C_DigestEncryptUpdate) X(C_DecryptDigestUpdate) X(C_SignEncryptUpdate) \
	X(C_DecryptVerifyUpdate) X(C_GenerateKey) X(C_GenerateKeyPair) X(C_WrapKey) X(C_UnwrapKey) X(C_DeriveKey) \
	X(C_SeedRandom) X(C_GenerateRandom) X(C_GetFunctionStatus) X(C_CancelFunction) X(C_WaitForSlotEvent)
#define SL_CK_FUNCTIONS_3_0(X) \
	X(C_GetInterfaceList) X(C_GetInterface) X(C_LoginUser) X(C_SessionCancel) X(C_MessageEncryptInit) X(C_EncryptMessage) \
	X(C_EncryptMessageBegin) X(C_EncryptMessageNext) X(C_MessageEncryptFinal) X(C_MessageDecryptInit) X(C_DecryptMessage) \
	X(C_DecryptMessageBegin) X(C_DecryptMessageNext) X(C_MessageDecryptFinal) X(C_MessageSignInit) X(C_SignMessage) \
	X(C_SignMessageBegin) X(C_SignMessageNext) X(C_MessageSignFinal) X(C_MessageVerifyInit) X(C_VerifyMessage) \
	X(C_VerifyMessageBegin) X(C_VerifyMessageNext) X(C_MessageVerifyFinal)
#define SL_CK_FUNCTIONS_3_2(X) \
	X(C_EncapsulateKey) X(C_DecapsulateKey) X(C_VerifySignatureInit) X(C_VerifySignature) X(C_VerifySignatureUpdate) \
	X(C_VerifySignatureFinal) X(C_GetSessionValidationFlags) X(C_AsyncComplete) X(C_AsyncGetID) X(C_AsyncJoin) \
	X(C_WrapKeyAuthenticated) X(C_UnwrapKeyAuthenticated)

#define SL_CK_DECLARE(name, args) \
	typedef CK_RV (*CK_##name) args; \
	CK_RV name args
#define SL_CK_MEMBER(name) CK_##name name;

#if CRYPTOKI_VERSION_MAJOR < 3
typedef struct CK_INTERFACE {
	CK_UTF8CHAR *pInterfaceName;
	void *pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;
typedef CK_INTERFACE *CK_INTERFACE_PTR;
typedef CK_INTERFACE_PTR *CK_INTERFACE_PTR_PTR;

/* 3.0 base specification, sections 5.4, 5.6, 5.9, 5.11, 5.14, 5.16 */
SL_CK_DECLARE(C_GetInterfaceList, (CK_INTERFACE *list, CK_ULONG *count));
SL_CK_DECLARE(C_GetInterface, (CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface, CK_FLAGS flags));
SL_CK_DECLARE(C_LoginUser, (CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG pin_len,
                            CK_UTF8CHAR *username,
                            CK_ULONG username_len));
SL_CK_DECLARE(C_SessionCancel, (CK_SESSION_HANDLE session, CK_FLAGS flags));
SL_CK_DECLARE(C_MessageEncryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key));
SL_CK_DECLARE(C_EncryptMessage, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *aad,
                                 CK_ULONG aad_len,
                                 CK_BYTE *plaintext, CK_ULONG plaintext_len, CK_BYTE *ciphertext, CK_ULONG *ciphertext_len));
SL_CK_DECLARE(C_EncryptMessageBegin, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *aad,
                                      CK_ULONG aad_len));
SL_CK_DECLARE(C_EncryptMessageNext, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *part,
                                     CK_ULONG part_len,
                                     CK_BYTE *ciphertext, CK_ULONG *ciphertext_len, CK_FLAGS flags));
SL_CK_DECLARE(C_MessageEncryptFinal, (CK_SESSION_HANDLE session));
SL_CK_DECLARE(C_MessageDecryptInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key));
SL_CK_DECLARE(C_DecryptMessage, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *aad,
                                 CK_ULONG aad_len,
                                 CK_BYTE *ciphertext, CK_ULONG ciphertext_len, CK_BYTE *plaintext, CK_ULONG *plaintext_len));
SL_CK_DECLARE(C_DecryptMessageBegin, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *aad,
                                      CK_ULONG aad_len));
SL_CK_DECLARE(C_DecryptMessageNext, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *part,
                                     CK_ULONG part_len,
                                     CK_BYTE *plaintext, CK_ULONG *plaintext_len, CK_FLAGS flags));
SL_CK_DECLARE(C_MessageDecryptFinal, (CK_SESSION_HANDLE session));
SL_CK_DECLARE(C_MessageSignInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key));
SL_CK_DECLARE(C_SignMessage, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *data,
                              CK_ULONG data_len,
                              CK_BYTE *signature, CK_ULONG *signature_len));
SL_CK_DECLARE(C_SignMessageBegin, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len));
SL_CK_DECLARE(C_SignMessageNext, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *part,
                                  CK_ULONG part_len,
                                  CK_BYTE *signature, CK_ULONG *signature_len));
SL_CK_DECLARE(C_MessageSignFinal, (CK_SESSION_HANDLE session));
SL_CK_DECLARE(C_MessageVerifyInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key));
SL_CK_DECLARE(C_VerifyMessage, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *data,
                                CK_ULONG data_len,
                                CK_BYTE *signature, CK_ULONG signature_len));
SL_CK_DECLARE(C_VerifyMessageBegin, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len));
SL_CK_DECLARE(C_VerifyMessageNext, (CK_SESSION_HANDLE session, void *param, CK_ULONG param_len, CK_BYTE *part,
                                    CK_ULONG part_len,
                                    CK_BYTE *signature, CK_ULONG signature_len));
SL_CK_DECLARE(C_MessageVerifyFinal, (CK_SESSION_HANDLE session));

typedef struct CK_FUNCTION_LIST_3_0 {
	CK_VERSION version;
	SL_CK_FUNCTIONS_2_40(SL_CK_MEMBER)
	SL_CK_FUNCTIONS_3_0(SL_CK_MEMBER)
} CK_FUNCTION_LIST_3_0;
typedef CK_FUNCTION_LIST_3_0 *CK_FUNCTION_LIST_3_0_PTR;

/* 3.0 current mechanisms, sections 2.12, 2.13, 2.26 and 2.3 */
typedef struct CK_CCM_PARAMS {
	CK_ULONG ulDataLen; /* of the plaintext */
	CK_BYTE *pNonce;
	CK_ULONG ulNonceLen;
	CK_BYTE *pAAD;
	CK_ULONG ulAADLen;
	CK_ULONG ulMACLen;
} CK_CCM_PARAMS;

typedef struct CK_SALSA20_CHACHA20_POLY1305_PARAMS {
	CK_BYTE *pNonce;
	CK_ULONG ulNonceLen;
	CK_BYTE *pAAD;
	CK_ULONG ulAADLen;
} CK_SALSA20_CHACHA20_POLY1305_PARAMS;

typedef struct CK_EDDSA_PARAMS {
	CK_BBOOL phFlag;
	CK_ULONG ulContextDataLen;
	CK_BYTE *pContextData;
} CK_EDDSA_PARAMS;

typedef CK_ULONG CK_GENERATOR_FUNCTION;
#define CKG_NO_GENERATE 0x00000000UL
#define CKG_GENERATE 0x00000001UL
#define CKG_GENERATE_COUNTER 0x00000002UL
#define CKG_GENERATE_RANDOM 0x00000003UL
#define CKG_GENERATE_COUNTER_XOR 0x00000004UL

typedef struct CK_GCM_MESSAGE_PARAMS {
	CK_BYTE *pIv;
	CK_ULONG ulIvLen;
	CK_ULONG ulIvFixedBits;
	CK_GENERATOR_FUNCTION ivGenerator;
	CK_BYTE *pTag;
	CK_ULONG ulTagBits;
} CK_GCM_MESSAGE_PARAMS;

typedef struct CK_CCM_MESSAGE_PARAMS {
	CK_ULONG ulDataLen; /* of the plaintext */
	CK_BYTE *pNonce;
	CK_ULONG ulNonceLen;
	CK_ULONG ulNonceFixedBits;
	CK_GENERATOR_FUNCTION nonceGenerator;
	CK_BYTE *pMAC;
	CK_ULONG ulMACLen;
} CK_CCM_MESSAGE_PARAMS;

typedef struct CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS {
	CK_BYTE *pNonce;
	CK_ULONG ulNonceLen;
	CK_BYTE *pTag;
} CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS;

#define CKF_INTERFACE_FORK_SAFE 0x00000001UL
#define CKF_END_OF_MESSAGE 0x00000001UL
#define CKF_MESSAGE_ENCRYPT 0x00000002UL
#define CKF_MESSAGE_DECRYPT 0x00000004UL
#define CKF_MESSAGE_SIGN 0x00000008UL
#define CKF_MESSAGE_VERIFY 0x00000010UL
#define CKF_MULTI_MESSAGE 0x00000020UL
#define CKF_FIND_OBJECTS 0x00000040UL
#endif

#if CRYPTOKI_VERSION_MAJOR < 3 || (CRYPTOKI_VERSION_MAJOR == 3 && CRYPTOKI_VERSION_MINOR < 2)
typedef CK_ULONG CK_SESSION_VALIDATION_FLAGS_TYPE;

typedef struct CK_ASYNC_DATA {
	CK_ULONG ulVersion;
	CK_BYTE *pValue;
	CK_ULONG ulValue;
	CK_OBJECT_HANDLE hObject;
	CK_OBJECT_HANDLE hAdditionalObject;
} CK_ASYNC_DATA;
typedef CK_ASYNC_DATA *CK_ASYNC_DATA_PTR;

SL_CK_DECLARE(C_EncapsulateKey, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE public_key,
                                 CK_ATTRIBUTE *template,
                                 CK_ULONG n, CK_BYTE *ciphertext, CK_ULONG *ciphertext_len, CK_OBJECT_HANDLE *key));
SL_CK_DECLARE(C_DecapsulateKey, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE private_key,
                                 CK_ATTRIBUTE *template,
                                 CK_ULONG n, CK_BYTE *ciphertext, CK_ULONG ciphertext_len, CK_OBJECT_HANDLE *key));
SL_CK_DECLARE(C_VerifySignatureInit, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key,
                                      CK_BYTE *signature,
                                      CK_ULONG signature_len));
SL_CK_DECLARE(C_VerifySignature, (CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len));
SL_CK_DECLARE(C_VerifySignatureUpdate, (CK_SESSION_HANDLE session, CK_BYTE *part, CK_ULONG part_len));
SL_CK_DECLARE(C_VerifySignatureFinal, (CK_SESSION_HANDLE session));
SL_CK_DECLARE(C_GetSessionValidationFlags, (CK_SESSION_HANDLE session, CK_SESSION_VALIDATION_FLAGS_TYPE type,
                                            CK_FLAGS *flags));
SL_CK_DECLARE(C_AsyncComplete, (CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ASYNC_DATA *result));
SL_CK_DECLARE(C_AsyncGetID, (CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ULONG *id));
SL_CK_DECLARE(C_AsyncJoin, (CK_SESSION_HANDLE session, CK_UTF8CHAR *function, CK_ULONG id, CK_BYTE *data,
                            CK_ULONG data_len));
SL_CK_DECLARE(C_WrapKeyAuthenticated, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                       CK_OBJECT_HANDLE wrapping_key,
                                       CK_OBJECT_HANDLE key, CK_BYTE *aad, CK_ULONG aad_len, CK_BYTE *wrapped, CK_ULONG *wrapped_len));
SL_CK_DECLARE(C_UnwrapKeyAuthenticated, (CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
                                         CK_OBJECT_HANDLE unwrapping_key,
                                         CK_BYTE *wrapped, CK_ULONG wrapped_len, CK_ATTRIBUTE *template, CK_ULONG n, CK_BYTE *aad,
                                         CK_ULONG aad_len, CK_OBJECT_HANDLE *key));

typedef struct CK_FUNCTION_LIST_3_2 {
	CK_VERSION version;
	SL_CK_FUNCTIONS_2_40(SL_CK_MEMBER)
	SL_CK_FUNCTIONS_3_0(SL_CK_MEMBER)
	SL_CK_FUNCTIONS_3_2(SL_CK_MEMBER)
} CK_FUNCTION_LIST_3_2;
typedef CK_FUNCTION_LIST_3_2 *CK_FUNCTION_LIST_3_2_PTR;

#define CKS_LAST_VALIDATION_OK 0x00000001UL
#endif

#endif
