/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_MECH_H
#define SL_PKCS11_MECH_H

#include "crypto/cipher.h"
#include "crypto/macop.h"
#include "crypto/rsacrypt.h"
#include "crypto/sign.h"
#include "pkcs11-additions.h"

/*
 * The one mechanism table: C_GetMechanismList, C_GetMechanismInfo and every C_*Init read these rows and nothing else.
 */

/* The form of a mechanism's parameter. */
enum sl_params {
	SL_PARAMS_NONE,
	SL_PARAMS_OWN,      /* read by the mechanism itself: generation and derivation */
	SL_PARAMS_PSS,
	SL_PARAMS_EDDSA,
	SL_PARAMS_OAEP,
	SL_PARAMS_RSA_AES,
	SL_PARAMS_LENGTH,   /* CK_MAC_GENERAL_PARAMS */
	SL_PARAMS_GCM,
	SL_PARAMS_CCM,
	SL_PARAMS_CHACHA,
	SL_PARAMS_CTR,
	SL_PARAMS_IV,       /* 16 bytes */
	SL_PARAMS_IV8_OR_NONE,
	SL_PARAMS_IV4_OR_NONE,
};

struct sl_mech {
	CK_MECHANISM_TYPE type;
	CK_MECHANISM_INFO info;
	CK_KEY_TYPE key_type;   /* generation: what it makes; all others: of the key */
	enum sl_params params;
	bool is_mac;            /* CKF_SIGN: a MAC, else a signature */
	enum sl_sig_alg alg;    /* signatures */
	enum sl_hash hash;      /* digests; signatures that hash their input first; HMAC */
	enum sl_mac_alg mac;    /* MACs */
	enum sl_cipher_mode mode;    /* CKF_ENCRYPT with secret keys */
	enum sl_rsa_padding padding; /* CKF_ENCRYPT with RSA keys */
};

/* NULL when we do not have it. */
const struct sl_mech *sl_mech_find(CK_MECHANISM_TYPE type);

/* The row, when it has the flag (CKF_SIGN and so on): CKR_MECHANISM_INVALID, CKR_ARGUMENTS_BAD for NULL. */
CK_RV sl_mech_use(const CK_MECHANISM *mechanism, CK_FLAGS flag, const struct sl_mech **ret_mech);

const struct sl_mech *sl_mech_rows(size_t *ret_n);

/* CKM_SHA256 and so on to our name of it; SL_HASH_NONE when it is none. */
enum sl_hash sl_mech_hash(CK_MECHANISM_TYPE type);

/* What follows is in mech_params.c: parameters are checked (CKR_MECHANISM_PARAM_INVALID) and read. */

/* Of a signature. */
CK_RV sl_mech_sign_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_sig_params *ret_params);

/* Of a MAC; *ret_len: bytes of the tag, at most the MAC's own length. Pointers are the caller's. */
CK_RV sl_mech_mac_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_mac_params *ret_params,
                         size_t *ret_len);

/* Of a symmetric cipher. Pointers are the caller's: good until C_EncryptInit returns, and not longer. */
CK_RV sl_mech_cipher_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism,
                            struct sl_cipher_params *ret_params);

/* Of RSA encryption, and of what CKM_RSA_AES_KEY_WRAP does with RSA. The label is the caller's. */
CK_RV sl_mech_rsa_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_rsa_crypt *ret_params);

/* The parameter of one message, CK_GCM_MESSAGE_PARAMS and so on, of whichever kind; the pointers are the caller's. */
struct sl_message_params {
	CK_BYTE *iv;
	size_t iv_len;
	CK_ULONG fixed_bits;
	CK_GENERATOR_FUNCTION generator;
	CK_BYTE *tag;
	size_t tag_len;
	size_t data_len; /* CCM */
};
CK_RV sl_mech_message_params(const struct sl_mech *mech, const void *param, CK_ULONG len,
                             struct sl_message_params *ret_params);

#endif
