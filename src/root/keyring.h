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

/*
 * Sealing for a root that has nothing but derive: AES-256-GCM under a key that is derived from it for this blob (doc/sealed.md, "Under a root that the
 * kernel keeps"); for sl_root_ops, with seal_max = SL_SEAL_MAX. An authorization that is not strong is SL_ERR_UNSUPPORTED.
 */
SL_MUST_CHECK enum sl_err sl_keyring_seal(struct sl_root *root, const struct sl_seal_spec *spec, const struct sl_secret *secret,
                                          uint8_t **ret_blob, size_t *ret_len);
SL_MUST_CHECK enum sl_err sl_keyring_unseal(struct sl_root *root, const uint8_t *blob, size_t len, const struct sl_secret *auth,
                                            struct sl_secret *ret_secret);

#endif
