/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/device.h"

enum sl_err
sl_device_root_open(const char *tcti, const struct sl_root_spec *spec, struct sl_tool_root *ret_root)
{
	SL_TOOL_ROOT root = { .device = NULL };
	enum sl_err err;

	if ((err = sl_device_open(tcti, &root.device)) != SL_OK || (err = sl_root_open(root.device, spec, &root.root)) != SL_OK)
		return err;
	*ret_root = root;
	root = (struct sl_tool_root){ .device = NULL };
	return SL_OK;
}

void
sl_device_root_close(struct sl_tool_root *root)
{
	sl_root_close(&root->root);
	sl_device_close(&root->device);
}
