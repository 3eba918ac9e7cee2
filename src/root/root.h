/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_ROOT_H
#define SL_ROOT_ROOT_H

#include "base/secret.h"
#include "config/config.h"

/*
 * A root turns a 32-byte context into a 32-byte secret and never shows its own. This is the seam to hardware: everything above it knows
 * roots by these operations alone. Nothing is held on the device between two calls; every call is one batch (one connection, closed at
 * its end). Safe from any thread: batches on one device take turns. After fork the child opens roots anew.
 */
#define SL_ROOT_NAME_MAX 66
#define SL_ROOT_CONTEXT 32
#define SL_ROOT_SECRET 32

/*
 * Public bytes that change exactly when the root's secret changes: for a TPM, the TPM2B_NAME's contents of the key; for a primary root of the
 * endorsement hierarchy, whose Name a clear changes though the key stays, a digest of the same form (root/tpm_primary.c).
 */
struct sl_root_name {
	uint8_t bytes[SL_ROOT_NAME_MAX];
	size_t len;
};

/* What the device says of itself: padded as it likes, NUL-terminated here. */
struct sl_root_info {
	char manufacturer[32];  /* TPM_PT_MANUFACTURER, e.g. "IBM" */
	char model[32];         /* TPM_PT_VENDOR_STRING_1..4, e.g. "SW   TPM" */
	unsigned firmware_major;
	unsigned firmware_minor;
};

struct sl_root;

struct sl_root_ops {
	void (*close)(struct sl_root *root);
	enum sl_err (*present)(struct sl_root *root, struct sl_root_info *ret_info);
	enum sl_err (*name)(struct sl_root *root, struct sl_root_name *ret_name);
	enum sl_err (*derive)(struct sl_root *root, const struct sl_root_name *expect, const uint8_t *contexts, size_t n,
	                      struct sl_secret *ret_secrets, struct sl_root_name *ret_name);
	enum sl_err (*random)(struct sl_root *root, uint8_t *out, size_t len);
	enum sl_err (*salt_key)(struct sl_root *root, struct sl_root_name *ret_name);
	void (*pin)(struct sl_root *root, const struct sl_root_name *salt_name);  /* NULL: nothing to pin */
	enum sl_err (*persist)(struct sl_root *root, uint32_t handle, bool srk, struct sl_root_name *ret_name,
	                       struct sl_msg *msg);                               /* NULL: SL_ERR_UNSUPPORTED */
};

struct sl_root {
	const struct sl_root_ops *ops;
};

/* One device per TCTI string, shared by the roots on it; opening sends nothing. */
struct sl_device;
SL_MUST_CHECK enum sl_err sl_device_open(const char *tcti, struct sl_device **ret_device);
/* After its roots are closed. Fine with NULL. */
void sl_device_close(struct sl_device **device);
/* Forgets what was asked of the device, so that the next question goes to it again. */
void sl_device_forget(struct sl_device *device);
/* Why the device was last found absent or failing, in words (TCTI, response code); "" when it was not. */
void sl_device_trouble(struct sl_device *device, struct sl_msg *ret_msg);

/* spec is borrowed for as long as the root is open. Sends nothing. SL_ERR_UNSUPPORTED for an unknown kind. */
SL_MUST_CHECK enum sl_err sl_root_open(struct sl_device *device, const struct sl_root_spec *spec, struct sl_root **ret_root);
void sl_root_close(struct sl_root **root);

/*
 * SL_OK when the root can be used as far as one capability query tells (asked once per device until sl_device_forget()); SL_ERR_ABSENT when
 * there is no device, it is busy, its hierarchy is disabled or needs an authorization nobody gave. Quick in every case.
 * ret_info may be NULL; otherwise it can cost one more query (once per device). Whether the platform hierarchy is locked costs one command,
 * once. That a persistent root is not there, or its hierarchy is disabled, only sl_root_name() finds out, which then is SL_ERR_ABSENT too.
 */
SL_MUST_CHECK enum sl_err sl_root_present(struct sl_root *root, struct sl_root_info *ret_info);

/* Remembered after the first time, until sl_device_forget(). */
SL_MUST_CHECK enum sl_err sl_root_name(struct sl_root *root, struct sl_root_name *ret_name);

/*
 * ret_secrets[i] = root secret applied to contexts[i]: n * SL_ROOT_CONTEXT bytes in, n secrets of SL_ROOT_SECRET bytes out, which the caller
 * clears; n from 1 to 256. The contexts and the secrets cross the bus encrypted. Where expect is given and the root turns out to have another name: SL_ERR_MISMATCH, and *ret_name
 * (may be NULL) tells which.
 */
SL_MUST_CHECK enum sl_err sl_root_derive(struct sl_root *root, const struct sl_root_name *expect, const uint8_t *contexts, size_t n,
                                         struct sl_secret *ret_secrets, struct sl_root_name *ret_name);

/* The device's own random generator, over an encrypted session; 1 to 4096 bytes. Not to be trusted alone. */
SL_MUST_CHECK enum sl_err sl_root_random(struct sl_root *root, uint8_t *out, size_t len);

/* Name of the key our sessions are salted to, for pinning (struct sl_root_spec: salt_name). */
SL_MUST_CHECK enum sl_err sl_root_salt_key(struct sl_root *root, struct sl_root_name *ret_name);

/*
 * Pins the salt key for the rest of this root's life: a session to any other key is refused with SL_ERR_MISMATCH. The store remembers pins
 * between processes.
 */
void sl_root_pin(struct sl_root *root, const struct sl_root_name *salt_name);

/*
 * Provisioning, for the tool: makes the root persistent at handle (owner: 0x81010000..., platform: 0x81810000...), and, where srk is true and
 * 0x81000001 is empty, the ECC P-256 storage root key there. Doing it twice is fine when the same keys are there; SL_ERR_EXISTS when something
 * else is. *ret_name is the persistent root's name, the same as that of the primary it came from.
 */
SL_MUST_CHECK enum sl_err sl_root_persist(struct sl_root *root, uint32_t handle, bool srk, struct sl_root_name *ret_name,
                                          struct sl_msg *msg);

#endif
