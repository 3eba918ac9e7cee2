/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef PROBE_STD_H
#define PROBE_STD_H

#include "pkcs11-additions.h"

/*
 * What the probe needs of PKCS#11 3.1 beyond the headers: structures under names of its own (the layout is the standard's), so that no
 * header's idea of them is tested by itself. The numbers are written from the standard too.
 */

struct std_gcm {
	CK_BYTE_PTR iv;
	CK_ULONG iv_len, iv_bits;
	CK_BYTE_PTR aad;
	CK_ULONG aad_len, tag_bits;
};

struct std_ccm {
	CK_ULONG data_len;
	CK_BYTE_PTR nonce;
	CK_ULONG nonce_len;
	CK_BYTE_PTR aad;
	CK_ULONG aad_len, mac_len;
};

struct std_chacha {
	CK_BYTE_PTR nonce;
	CK_ULONG nonce_len;
	CK_BYTE_PTR aad;
	CK_ULONG aad_len;
};

struct std_gcm_message {
	CK_BYTE_PTR iv;
	CK_ULONG iv_len, iv_fixed_bits, iv_generator;
	CK_BYTE_PTR tag;
	CK_ULONG tag_bits;
};

struct std_chacha_message {
	CK_BYTE_PTR nonce;
	CK_ULONG nonce_len;
	CK_BYTE_PTR tag;
};

struct std_ccm_message {
	CK_ULONG data_len;
	CK_BYTE_PTR nonce;
	CK_ULONG nonce_len, nonce_fixed_bits, nonce_generator;
	CK_BYTE_PTR mac;
	CK_ULONG mac_len;
};

struct std_ctr {
	CK_ULONG bits;
	CK_BYTE block[16];
};

struct std_oaep {
	CK_MECHANISM_TYPE hash;
	CK_ULONG mgf, source;
	CK_BYTE_PTR label;
	CK_ULONG label_len;
};

struct std_pss {
	CK_MECHANISM_TYPE hash;
	CK_ULONG mgf, salt_len;
};

struct std_ecdh {
	CK_ULONG kdf, shared_len;
	CK_BYTE_PTR shared;
	CK_ULONG public_len;
	CK_BYTE_PTR public;
};

struct std_eddsa {
	CK_BBOOL prehash;
	CK_ULONG context_len;
	CK_BYTE_PTR context;
};

struct std_hkdf {
	CK_BBOOL extract, expand;
	CK_MECHANISM_TYPE prf;
	CK_ULONG salt_type;
	CK_BYTE_PTR salt;
	CK_ULONG salt_len;
	CK_OBJECT_HANDLE salt_key;
	CK_BYTE_PTR info;
	CK_ULONG info_len;
};

struct std_prf_data {
	CK_ULONG type;
	void *value;
	CK_ULONG value_len;
};

struct std_counter_format {
	CK_BBOOL little_endian;
	CK_ULONG bits;
};

struct std_dkm_format {
	CK_ULONG method;
	CK_BBOOL little_endian;
	CK_ULONG bits;
};

struct std_kdf {
	CK_MECHANISM_TYPE prf;
	CK_ULONG n_data;
	struct std_prf_data *data;
	CK_ULONG n_more;
	void *more;
};

struct std_derived {
	CK_ATTRIBUTE *template;
	CK_ULONG n;
	CK_OBJECT_HANDLE *key;
};

struct std_feedback {
	CK_MECHANISM_TYPE prf;
	CK_ULONG n_data;
	struct std_prf_data *data;
	CK_ULONG iv_len;
	CK_BYTE_PTR iv;
	CK_ULONG n_more;
	void *more;
};

struct std_pbkdf2 {
	CK_ULONG salt_source;
	void *salt;
	CK_ULONG salt_len, iterations, prf;
	void *prf_data;
	CK_ULONG prf_data_len;
	CK_BYTE_PTR password;
	CK_ULONG password_len;
};

struct std_string {
	CK_BYTE_PTR data;
	CK_ULONG len;
};

struct std_randoms {
	CK_BYTE_PTR client;
	CK_ULONG client_len;
	CK_BYTE_PTR server;
	CK_ULONG server_len;
};

struct std_tls12_master {
	struct std_randoms randoms;
	CK_VERSION *version;
	CK_MECHANISM_TYPE prf;
};

struct std_tls12_out {
	CK_OBJECT_HANDLE client_mac, server_mac, client_key, server_key;
	CK_BYTE_PTR client_iv, server_iv;
};

struct std_tls12_keys {
	CK_ULONG mac_bits, key_bits, iv_bits;
	CK_BBOOL export;
	struct std_randoms randoms;
	struct std_tls12_out *out;
	CK_MECHANISM_TYPE prf;
};

struct std_tls_kdf {
	CK_MECHANISM_TYPE prf;
	CK_BYTE_PTR label;
	CK_ULONG label_len;
	struct std_randoms randoms;
	CK_BYTE_PTR context;
	CK_ULONG context_len;
};

struct std_cbc_data {
	CK_BYTE iv[16];
	CK_BYTE_PTR data;
	CK_ULONG len;
};

struct std_rsa_aes {
	CK_ULONG aes_bits;
	struct std_oaep *oaep;
};

struct std_interface {
	CK_UTF8CHAR *name;
	void *list;
	CK_FLAGS flags;
};

/* The entries of a 3.0 list behind those of 2.40, in the order of pkcs11f.h. Those of 3.2 follow. */
enum std_entry3 {
	E3_GetInterfaceList, E3_GetInterface, E3_LoginUser, E3_SessionCancel,
	E3_MessageEncryptInit, E3_EncryptMessage, E3_EncryptMessageBegin, E3_EncryptMessageNext, E3_MessageEncryptFinal,
	E3_MessageDecryptInit, E3_DecryptMessage, E3_DecryptMessageBegin, E3_DecryptMessageNext, E3_MessageDecryptFinal,
	E3_MessageSignInit, E3_SignMessage, E3_SignMessageBegin, E3_SignMessageNext, E3_MessageSignFinal,
	E3_MessageVerifyInit, E3_VerifyMessage, E3_VerifyMessageBegin, E3_VerifyMessageNext, E3_MessageVerifyFinal,
	E3_COUNT,
	E3_COUNT_32 = E3_COUNT + 12   /* encapsulation, verification with the signature first, C_GetSessionValidationFlags, async, authenticated wrapping */
};

struct std_list3 {
	CK_FUNCTION_LIST base;
	void *entry[E3_COUNT_32];
};

/* Numbers; those that a header has are equal, or the compiler would complain. */
#define STD_CKM_AES_XTS 0x1071UL
#define STD_CKM_AES_XTS_KEY_GEN 0x1072UL
#define STD_CKM_CHACHA20_KEY_GEN 0x1225UL
#define STD_CKM_CHACHA20 0x1226UL
#define STD_CKM_CHACHA20_POLY1305 0x4021UL
#define STD_CKM_HKDF_DERIVE 0x402aUL
#define STD_CKM_HKDF_DATA 0x402bUL
#define STD_CKM_HKDF_KEY_GEN 0x402cUL
#define STD_CKM_SP800_108_COUNTER_KDF 0x3acUL
#define STD_CKM_SP800_108_FEEDBACK_KDF 0x3adUL
#define STD_CKM_SP800_108_DOUBLE_PIPELINE_KDF 0x3aeUL
#define STD_CKM_AES_KEY_WRAP 0x2109UL
#define STD_CKM_AES_KEY_WRAP_PAD 0x210aUL
#define STD_CKM_AES_KEY_WRAP_KWP 0x210bUL
#define STD_CKM_RSA_AES_KEY_WRAP 0x1054UL
#define STD_CKM_SHA512_224_HMAC 0x49UL
#define STD_CKM_SHA512_256_HMAC 0x4dUL
#define STD_CKM_SHA3_256_HMAC 0x2b1UL
#define STD_CKM_SHA3_224_HMAC 0x2b6UL
#define STD_CKM_SHA3_384_HMAC 0x2c1UL
#define STD_CKM_SHA3_512_HMAC 0x2d1UL
#define STD_CKM_TLS12_MASTER_KEY_DERIVE 0x3e0UL
#define STD_CKM_TLS12_KEY_AND_MAC_DERIVE 0x3e1UL
#define STD_CKM_TLS12_KEY_SAFE_DERIVE 0x3e3UL
#define STD_CKM_TLS_KDF 0x3e5UL
#define STD_CKM_EC_KEY_PAIR_GEN_W_EXTRA_BITS 0x140bUL
#define STD_CKM_SHA3_256_RSA_PKCS 0x60UL
#define STD_CKM_SHA3_384_RSA_PKCS 0x61UL
#define STD_CKM_SHA3_512_RSA_PKCS 0x62UL
#define STD_CKM_SHA3_224_RSA_PKCS 0x66UL
#define STD_CKM_ECDSA_SHA3_224 0x1047UL
#define STD_CKM_ECDSA_SHA3_256 0x1048UL
#define STD_CKM_ECDSA_SHA3_384 0x1049UL
#define STD_CKM_ECDSA_SHA3_512 0x104aUL
#define STD_CKM_AES_GMAC 0x108eUL
#define STD_CKM_AES_CMAC_GENERAL 0x108bUL
#define STD_CKM_AES_CMAC 0x108aUL
#define STD_CKM_PKCS5_PBKD2 0x3b0UL
#define STD_CKM_ECDH1_COFACTOR_DERIVE 0x1051UL

#define STD_CKK_CHACHA20 0x33UL
#define STD_CKK_AES_XTS 0x35UL
#define STD_CKK_HKDF 0x42UL
#define STD_CKK_SHA3_224_HMAC 0x36UL
#define STD_CKK_SHA3_256_HMAC 0x37UL
#define STD_CKK_SHA3_384_HMAC 0x38UL
#define STD_CKK_SHA3_512_HMAC 0x39UL

#define STD_CKO_PROFILE 9UL
#define STD_CKA_PROFILE_ID 0x601UL
#define STD_CKR_AEAD_DECRYPT_FAILED 0x42UL
#define STD_CKR_OPERATION_CANCEL_FAILED 0x202UL
#define STD_CKF_MESSAGE_ENCRYPT 0x2UL
#define STD_CKF_MESSAGE_DECRYPT 0x4UL
#define STD_CKF_MESSAGE_SIGN 0x8UL
#define STD_CKF_MESSAGE_VERIFY 0x10UL
#define STD_CKF_FIND_OBJECTS 0x40UL
#define STD_CKF_END_OF_MESSAGE 1UL
#define STD_CKG_GENERATE 1UL
#define STD_CKG_GENERATE_COUNTER 2UL

#endif
