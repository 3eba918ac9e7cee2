/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_MAKE_H
#define SL_TOKEN_MAKE_H

#include "token/session.h"

/*
 * Objects come into being, change and go: the object and key generation chapters of PKCS#11 without its mechanisms. Each function checks the
 * whole template before it does anything, and leaves all as it was when it fails. The session is held by the caller.
 */

CK_RV sl_make_create(struct sl_session *session, const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *ret_handle);
CK_RV sl_make_copy(struct sl_session *session, CK_OBJECT_HANDLE from, const CK_ATTRIBUTE *template, CK_ULONG n,
                   CK_OBJECT_HANDLE *ret_handle);
CK_RV sl_make_change(struct sl_session *session, CK_OBJECT_HANDLE handle, const CK_ATTRIBUTE *template, CK_ULONG n);
CK_RV sl_make_destroy(struct sl_session *session, CK_OBJECT_HANDLE handle);

/* A template. */
struct sl_half {
	const CK_ATTRIBUTE *template;
	CK_ULONG n;
};

/* What a generation mechanism makes. */
struct sl_generate_spec {
	CK_MECHANISM_TYPE mechanism;
	CK_KEY_TYPE key_type;          /* when the template names none */
	const struct sl_half *public;  /* of a pair, else NULL */
	const struct sl_half *private; /* or the secret key */
};

/*
 * A new key. CKA_TOKEN = true derives a fresh or a recalled one from the root and keeps it in the store; else it is random and lives in the
 * session. ret_public is not touched for a secret key.
 */
CK_RV sl_make_key(struct sl_session *session, const struct sl_generate_spec *spec, CK_OBJECT_HANDLE *ret_public,
                  CK_OBJECT_HANDLE *ret_private);

#endif
