/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_RV_H
#define SL_TOKEN_RV_H

#include "base/err.h"
#include "pkcs11-additions.h"

/* The one translation from what lies below to PKCS#11's return values. */
CK_RV sl_rv(enum sl_err err);

#endif
