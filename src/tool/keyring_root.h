/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_KEYRING_ROOT_H
#define SL_TOOL_KEYRING_ROOT_H

#include "tool/tool.h"

/*
 * `token init --root keyring:...` and `token load`: the kernel's key behind such a token, and its blob. Report what fails, and return the exit status.
 */
int sl_keyring_root_init(const struct sl_tool_args *args);

#endif
