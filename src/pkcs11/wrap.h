/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_WRAP_H
#define SL_PKCS11_WRAP_H

#include "pkcs11/mech.h"
#include "pkcs11/out.h"
#include "token/make.h"
#include "token/newkey.h"

/* PKCS#11 3.0 sections 5.18.3 and 5.18.4: keys that leave under another key, and come back. */
CK_RV sl_wrap_key(struct sl_session *session, const CK_MECHANISM *mechanism, const CK_OBJECT_HANDLE handles[2] /* wrapping key, key */,
                  struct sl_out out);
CK_RV sl_unwrap_key(struct sl_session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapping_key, struct sl_in wrapped,
                    const struct sl_half *template, CK_OBJECT_HANDLE *ret_key);

#endif
