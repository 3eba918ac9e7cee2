/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_MECH_H
#define SL_PKCS11_MECH_H

#include "crypto/sign.h"
#include "pkcs11-additions.h"

/* The one mechanism table: C_GetMechanismList, C_GetMechanismInfo and every C_*Init read these rows and nothing else. */

/* The form of a mechanism's parameter. */
enum sl_params { SL_PARAMS_NONE, SL_PARAMS_PSS, SL_PARAMS_EDDSA };

struct sl_mech {
	CK_MECHANISM_TYPE type;
	CK_MECHANISM_INFO info;
	CK_KEY_TYPE key_type;   /* signatures: of the key; generation: what it makes */
	enum sl_params params;
	enum sl_sig_alg alg;    /* signatures */
	enum sl_hash hash;      /* digests; signatures that hash their input first */
};

/* NULL when we do not have it. */
const struct sl_mech *sl_mech_find(CK_MECHANISM_TYPE type);

/* The row, when it has the flag (CKF_SIGN and so on): CKR_MECHANISM_INVALID, CKR_ARGUMENTS_BAD for NULL. */
CK_RV sl_mech_use(const CK_MECHANISM *mechanism, CK_FLAGS flag, const struct sl_mech **ret_mech);

const struct sl_mech *sl_mech_rows(size_t *ret_n);

/* The parameter of a signature, checked and copied: CKR_MECHANISM_PARAM_INVALID. */
CK_RV sl_mech_sign_params(const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_sig_params *ret_params);

/* CKM_SHA256 and so on to our name of it; SL_HASH_NONE when it is none. */
enum sl_hash sl_mech_hash(CK_MECHANISM_TYPE type);

#endif
