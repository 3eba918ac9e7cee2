/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_LISTS_H
#define SL_PKCS11_LISTS_H

#include "pkcs11-additions.h"

/* C_GetInfo of the later function lists. */
CK_RV sl_general_info_3_0(CK_INFO *info);
CK_RV sl_general_info_3_2(CK_INFO *info);

#endif
