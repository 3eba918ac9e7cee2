/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_KEYRING_MAKE_H
#define SL_ROOT_KEYRING_MAKE_H

#include "config/config.h"

/*
 * Provisioning, for the tool: trusted and encrypted keys are made by the kernel, which hands out their encrypted form, the blob, and takes it back. A key
 * that is made or loaded is first in this process's own keyring, where nobody else has it; sl_keyring_make_keep() puts it into the keyring of the user.
 */
#define SL_KEYRING_BLOB_MAX 4096 /* characters; trusted keys have about 500 */

struct sl_keyring_recipe {
	const char *key_handle; /* trusted: the parent in the TPM, "0x81000001"; for sl_keyring_make_load() NULL: the one that the blob names */
	const char *master;     /* encrypted, for sl_keyring_make(): the key that encrypts it, TYPE:NAME */
};

/* A new key of 32 bytes, random. The caller frees *ret_blob: text, and no secret. SL_ERR_UNSUPPORTED: the type user, which has no blob. */
SL_MUST_CHECK enum sl_err sl_keyring_make(const struct sl_root_spec *spec, const struct sl_keyring_recipe *recipe, int32_t *ret_serial,
                                          char **ret_blob, struct sl_msg *msg);
/* The blob of a key that is there. */
SL_MUST_CHECK enum sl_err sl_keyring_make_blob(const struct sl_root_spec *spec, int32_t serial, char **ret_blob, struct sl_msg *msg);
/* SL_ERR_FORMAT: no blob, told without asking the kernel. */
SL_MUST_CHECK enum sl_err sl_keyring_make_load(const struct sl_root_spec *spec, const struct sl_keyring_recipe *recipe, const char *blob,
                                               int32_t *ret_serial, struct sl_msg *msg);
/* Into the user keyring, in the place of one of the same name; every process of the user may compute with it. */
SL_MUST_CHECK enum sl_err sl_keyring_make_keep(const struct sl_root_spec *spec, int32_t serial, struct sl_msg *msg);

#endif
