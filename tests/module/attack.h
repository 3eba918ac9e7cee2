/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef ATTACK_H
#define ATTACK_H

#include "module/module.h"
#include "pkcs11-derive.h"

/* What the programs that attack the module share. All keys are AES keys of 32 bytes unless a name says otherwise. */

enum home { DERIVED, SEALED, SESSION, IMPORTED, HOMES };
extern const char *const home_names[HOMES];

#define YES(type) T_BOOL(type, CK_TRUE)
#define NO(type) T_BOOL(type, CK_FALSE)
#define SECRET(type) T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, type)

/* A session all programs use. */
extern CK_SESSION_HANDLE attack_session;
void attack_begin(char **argv);

/* A sensitive key; more: n attributes more. Generated ones have no known value, the others have attack_value. Bails out. */
extern const CK_BYTE attack_value[32];
CK_OBJECT_HANDLE attack_key(enum home home, const CK_ATTRIBUTE *more, CK_ULONG n);
/* Known to the attacker, and allowed everything. */
CK_OBJECT_HANDLE attack_known(CK_KEY_TYPE type, const void *value, CK_ULONG len, const CK_ATTRIBUTE *more, CK_ULONG n);

CK_RV attack_wrap(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE by, CK_OBJECT_HANDLE key, CK_BYTE blob[4096], CK_ULONG *len);
CK_RV attack_unwrap(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE by, const CK_BYTE *blob, CK_ULONG len, const CK_ATTRIBUTE *more, CK_ULONG n,
                    CK_OBJECT_HANDLE *ret_key);
CK_RV attack_derive(CK_MECHANISM_TYPE mechanism, void *param, CK_ULONG param_len, CK_OBJECT_HANDLE base, const CK_ATTRIBUTE *template, CK_ULONG n,
                    CK_OBJECT_HANDLE *ret_key);
/* The mechanism with the parameter these programs use. */
CK_MECHANISM attack_mechanism(CK_MECHANISM_TYPE type);
CK_RV attack_set(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, bool value);
CK_RV attack_copy(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, bool value, CK_OBJECT_HANDLE *ret_copy);

#endif
