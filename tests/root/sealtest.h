/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SEALTEST_H
#define SEALTEST_H

#include "root/sealed.h"
#include "root/tpmtest.h"

/* What the tests of sealing share. */
struct sealtest_blob {
	uint8_t *bytes;
	size_t len;
};

/* Bytes that follow from len and seed; the caller clears them. */
struct sl_secret sealtest_secret(size_t len, unsigned seed);

/* On a device of its own; the caller frees ret_blob->bytes. auth may be NULL. */
enum sl_err sealtest_seal(const struct sl_root_spec *spec, const struct sl_secret *secret, const char *auth,
                          struct sealtest_blob *ret_blob);
/*
 * SL_ERR_COUNT_ when it gave something else than secret. ret_why: the device's trouble; NULL: a note in the output
 * tells it.
 */
enum sl_err sealtest_unseal(const struct sl_root_spec *spec, const struct sealtest_blob *blob, const char *auth,
                            const struct sl_secret *secret,
                            struct sl_msg *ret_why);

/* DIR/name of the software TPM's folder; eight rotating buffers. */
const char *sealtest_path(const char *name);
void sealtest_write(const char *name, const void *bytes, size_t len);
/* The caller frees it. */
struct sealtest_blob sealtest_read(const char *name);

/* The DER form made by the openssl tool, from the TPM2Bs in NAME.pub and NAME.priv. */
struct sealtest_blob sealtest_encode(const char *name, bool empty_auth, const char *parent);
/* Writes NAME.pub and NAME.priv from a blob. */
void sealtest_split(const char *name, const struct sealtest_blob *blob);

#endif
