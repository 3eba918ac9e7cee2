/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_DEVICE_H
#define SL_TOOL_DEVICE_H

#include "root/root.h"

/* A root with a device of its own, for commands that need no store. Closed at the end of its scope. */
struct sl_tool_root {
	struct sl_device *device;
	struct sl_root *root;
};
SL_MUST_CHECK enum sl_err sl_device_root_open(const char *tcti, const struct sl_root_spec *spec, struct sl_tool_root *ret_root);
void sl_device_root_close(struct sl_tool_root *root);
#define SL_TOOL_ROOT SL_CLEANUP(sl_device_root_close) struct sl_tool_root

#endif
