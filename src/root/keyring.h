/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_KEYRING_H
#define SL_ROOT_KEYRING_H

#include "root/root.h"

/*
 * Roots behind the kernel's keyrings: sl_root_open() for SL_ROOT_KEYRING (keyring.c: a key that the kernel computes with and never shows) and
 * SL_ROOT_UPCALL (keyring_upcall.c: a helper that the kernel starts derives for us). spec is borrowed; opening asks nothing.
 */
SL_MUST_CHECK enum sl_err sl_keyring_open(struct sl_device *device, const struct sl_root_spec *spec, struct sl_root **ret_root);
SL_MUST_CHECK enum sl_err sl_upcall_open(struct sl_device *device, const struct sl_root_spec *spec, struct sl_root **ret_root);

#endif
