/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/keyring.h"

enum sl_err
sl_upcall_open(struct sl_device *device, const struct sl_root_spec *spec, struct sl_root **ret_root)
{
	return SL_ERR_UNSUPPORTED;
}
