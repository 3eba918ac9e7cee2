/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_KEYRING_ARGS_H
#define SL_TOOL_KEYRING_ARGS_H

#include "root/keyring_load.h"
#include "tool/tool.h"

/* The key's place in the kernel, as the options of `keyring load` and `unload` have it; borrows from args. */
struct sl_keyring_args {
	struct sl_keyring_place place;
	char desc[300]; /* "seedleaf:LABEL", where no other is given */
};
/* What sl_keyring_load_wrong() tells is not asked. */
void sl_keyring_args(const struct sl_tool_args *args, struct sl_keyring_args *ret_args);

#endif
