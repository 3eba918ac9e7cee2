/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_ROOT_H
#define SL_ROOT_ROOT_H

#include "base/secret.h"
#include "config/config.h"

/*
 * A root turns a 32-byte context into a 32-byte secret and never shows its own. This is the seam to hardware: everything above it knows
 * roots by these operations alone. Nothing is held on the device between two calls; every call is one batch (one connection, closed at
 * its end). Safe from any thread: batches on one device take turns. After fork the child opens roots anew. A wrong authorization of the
 * hierarchy is SL_ERR_ACCESS everywhere; SL_ERR_AUTH is about the auth that the caller gave, alone.
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
struct sl_lockout;
struct sl_root_nv_ops;

/* Who may have a sealed secret back, beside this device in a state that the root's own policy allows (struct sl_root_spec: policy). */
struct sl_seal_spec {
	const struct sl_secret *auth; /* NULL or empty: everybody at the device; else the value it asks for, 1 to SL_SEAL_AUTH_MAX bytes */
	bool strong;                  /* auth cannot be guessed: the device need not count wrong tries, and its lockout does not matter */
};
#define SL_SEAL_AUTH_MAX 32
#define SL_SEAL_DATA_MAX 128  /* what a device seals by itself (MAX_SYM_DATA) */
#define SL_SEAL_MAX 8192

struct sl_policy_state;
struct sl_pcr_selection;
struct sl_root_ops {
	void (*close)(struct sl_root *root);
	enum sl_err (*present)(struct sl_root *root, struct sl_root_info *ret_info);
	void (*trouble)(struct sl_root *root, struct sl_msg *ret_msg);
	enum sl_err (*name)(struct sl_root *root, struct sl_root_name *ret_name);
	enum sl_err (*derive)(struct sl_root *root, const struct sl_root_name *expect, const uint8_t *contexts, size_t n,
	                      struct sl_secret *ret_secrets, struct sl_root_name *ret_name);
	enum sl_err (*random)(struct sl_root *root, uint8_t *out, size_t len);
	enum sl_err (*salt_key)(struct sl_root *root, struct sl_root_name *ret_name);  /* NULL: SL_ERR_UNSUPPORTED */
	void (*pin)(struct sl_root *root, const struct sl_root_name *salt_name);  /* NULL: nothing to pin */
	enum sl_err (*persist)(struct sl_root *root, uint32_t handle, bool srk, struct sl_root_name *ret_name,
	                       struct sl_msg *msg);                               /* NULL: SL_ERR_UNSUPPORTED */
	/* NULL: SL_ERR_UNSUPPORTED. At most seal_max bytes (0: SL_SEAL_DATA_MAX), and a form that root/sealed.h reads. */
	size_t seal_max;
	enum sl_err (*seal)(struct sl_root *root, const struct sl_seal_spec *spec, const struct sl_secret *secret, uint8_t **ret_der,
	                    size_t *ret_len);
	enum sl_err (*unseal)(struct sl_root *root, const uint8_t *der, size_t len, const struct sl_secret *auth,
	                      struct sl_secret *ret_secret);
	/* NULL: SL_ERR_UNSUPPORTED, and no policy. */
	enum sl_err (*policy_state)(struct sl_root *root, struct sl_policy_state *ret_state);
	enum sl_err (*pcr_read)(struct sl_root *root, const struct sl_pcr_selection *selection, uint8_t *out, size_t *ret_len);
	enum sl_err (*lockout)(struct sl_root *root, struct sl_lockout *ret_lockout);  /* NULL: SL_ERR_UNSUPPORTED */
	const struct sl_root_nv_ops *nv;                                               /* NULL: SL_ERR_UNSUPPORTED */
};

/* Secrets of a device's own memory: sl_root_nv_present() and the next. */
struct sl_root_nv_ops {
	enum sl_err (*present)(struct sl_root *root, uint32_t index);
	enum sl_err (*create)(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *secret);
	enum sl_err (*read)(struct sl_root *root, uint32_t index, const struct sl_secret *auth, struct sl_secret *ret_secret);
	enum sl_err (*write)(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *secret);
	enum sl_err (*change)(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *fresh);
	enum sl_err (*remove)(struct sl_root *root, uint32_t index);
	enum sl_err (*save)(struct sl_root *root, uint32_t index, const uint8_t *bytes, size_t len);
	enum sl_err (*load)(struct sl_root *root, uint32_t index, uint8_t *room, size_t *ret_len);
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
/* Goes up with each of these: for roots that remember something and are not on the device. */
uint64_t sl_device_epoch(const struct sl_device *device);
/* Why the device was last found absent or failing, in words (TCTI, response code); "" when it was not. sl_root_trouble() knows more. */
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

/* Why the root was last found absent or failing, in words; "" when it was not. For a TPM's, what its device says. */
void sl_root_trouble(struct sl_root *root, struct sl_msg *ret_msg);

/* May be remembered after the first time, until sl_device_forget(). */
SL_MUST_CHECK enum sl_err sl_root_name(struct sl_root *root, struct sl_root_name *ret_name);

/*
 * ret_secrets[i] = root secret applied to contexts[i]: n * SL_ROOT_CONTEXT bytes in, n secrets of SL_ROOT_SECRET bytes out, which the caller
 * clears; n from 1 to 256. The contexts and the secrets cross the bus encrypted. Where expect is given and the root turns out to have another name: SL_ERR_MISMATCH, and *ret_name
 * (may be NULL) tells which.
 */
SL_MUST_CHECK enum sl_err sl_root_derive(struct sl_root *root, const struct sl_root_name *expect, const uint8_t *contexts, size_t n,
                                         struct sl_secret *ret_secrets, struct sl_root_name *ret_name);

/* The device's own random generator, over an encrypted session; 1 to 4096 bytes. Not to be trusted alone. Behind a kernel's key: the kernel's. */
SL_MUST_CHECK enum sl_err sl_root_random(struct sl_root *root, uint8_t *out, size_t len);

/* Name of the key our sessions are salted to, for pinning (struct sl_root_spec: salt_name). SL_ERR_UNSUPPORTED: this kind of root has no sessions. */
SL_MUST_CHECK enum sl_err sl_root_salt_key(struct sl_root *root, struct sl_root_name *ret_name);

/*
 * Pins the salt key for the rest of this root's life: a session to any other key is refused with SL_ERR_MISMATCH. The store remembers pins
 * between processes.
 */
void sl_root_pin(struct sl_root *root, const struct sl_root_name *salt_name);

/*
 * Encrypts a secret of 1 to SL_SEAL_MAX bytes so that only this device can give it back: doc/sealed.md. The caller frees *ret_blob, which is no secret.
 * SL_ERR_RANGE; SL_ERR_ARG: an auth of zero bytes only, which would be none; SL_ERR_UNSUPPORTED: an auth that is not strong, and no device to count wrong
 * tries.
 */
SL_MUST_CHECK enum sl_err sl_root_seal(struct sl_root *root, const struct sl_seal_spec *spec, const struct sl_secret *secret,
                                       uint8_t **ret_blob, size_t *ret_len);

/*
 * And back. auth may be NULL. SL_ERR_MISMATCH: sealed by another device, before this one was cleared, or altered; SL_ERR_AUTH: not that auth (the
 * device counts failures), SL_ERR_LOCKED: too many of them; SL_ERR_POLICY: only a policy opens it; SL_ERR_VERIFY: the long secret beside the sealed key
 * was altered; SL_ERR_FORMAT, SL_ERR_UNSUPPORTED: no blob that we can read.
 */
SL_MUST_CHECK enum sl_err sl_root_unseal(struct sl_root *root, const uint8_t *blob, size_t len, const struct sl_secret *auth,
                                         struct sl_secret *ret_secret);

/*
 * The device's count of wrong authorizations, one for everything on it (TPM 2.0 Library, Part 1, 19.8). Asked anew each time: one command.
 */
struct sl_lockout {
	bool locked;            /* TPMA_PERMANENT inLockout: nothing that is guarded opens, whatever the authorization */
	uint32_t failures;      /* TPM_PT_LOCKOUT_COUNTER */
	uint32_t max;           /* TPM_PT_MAX_AUTH_FAIL: locked from so many on */
	uint32_t interval;      /* TPM_PT_LOCKOUT_INTERVAL, seconds until one failure is forgotten; 0: nothing is counted */
	uint32_t recovery;      /* TPM_PT_LOCKOUT_RECOVERY, seconds */
};
SL_MUST_CHECK enum sl_err sl_root_lockout(struct sl_root *root, struct sl_lockout *ret_lockout);

/*
 * A secret of SL_NV_SECRET bytes in an NV index of the device, opened by auth alone (1 to SL_SEAL_AUTH_MAX bytes), wrong tries counted by the device:
 * attributes AUTHREAD, AUTHWRITE, no NO_DA, no OWNERREAD; authPolicy = PolicyAuthValue, PolicyCommandCode(NV_ChangeAuth). Neither auth nor secret crosses the
 * bus in clear. SL_ERR_AUTH, SL_ERR_LOCKED as for sl_root_unseal(); SL_ERR_NOT_FOUND: no such index, or nothing was written to it;
 * SL_ERR_MISMATCH: an index of another make lies there.
 */
#define SL_NV_SECRET 32
SL_MUST_CHECK enum sl_err sl_root_nv_present(struct sl_root *root, uint32_t index);
/* Defines and writes it; SL_ERR_EXISTS when there is one that was written to; one that was not (we died in between) is defined anew. */
SL_MUST_CHECK enum sl_err sl_root_nv_create(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *secret);
SL_MUST_CHECK enum sl_err sl_root_nv_read(struct sl_root *root, uint32_t index, const struct sl_secret *auth, struct sl_secret *ret_secret);
SL_MUST_CHECK enum sl_err sl_root_nv_write(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *secret);
/* TPM2_NV_ChangeAuth: the old auth or the new one opens it, whatever happens. */
SL_MUST_CHECK enum sl_err sl_root_nv_change(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *fresh);
/* Needs the owner's authorization only. Fine when there is none. */
SL_MUST_CHECK enum sl_err sl_root_nv_remove(struct sl_root *root, uint32_t index);

/*
 * What is no secret, in an NV index: 1 to SL_NV_BLOB_MAX bytes that the owner writes once, all or nothing, and everybody reads. SL_ERR_EXISTS: the index is in
 * use. SL_ERR_NOT_FOUND, SL_ERR_MISMATCH as above.
 */
#define SL_NV_BLOB_MAX 512
SL_MUST_CHECK enum sl_err sl_root_nv_save(struct sl_root *root, uint32_t index, const uint8_t *bytes, size_t len);
SL_MUST_CHECK enum sl_err sl_root_nv_load(struct sl_root *root, uint32_t index, uint8_t room[SL_NV_BLOB_MAX], size_t *ret_len);

/* What the root's policy wants, and what the machine has now. */
struct sl_policy_state {
	enum sl_policy_kind kind;
	bool satisfied;
	uint8_t policy[32];      /* the policy digest of the root and of what is sealed beside it */
	struct sl_pcr_selection {
		enum sl_pcr_bank bank;
		uint32_t pcrs;
	} selection;             /* pcr: as configured; authorize: of the signature that fits, or else of the first one that was found */
	uint8_t digest[32];      /* SHA-256 over the selected PCRs' values now */
	uint8_t wanted[32];      /* pcr: what the configuration pins (else the same as digest) */
	uint8_t approved[32];    /* authorize: the digest of TPM2_PolicyPCR over selection now, which needs a signature */
	struct sl_msg why;       /* not satisfied: what is missing, in words; satisfied: which file had the signature */
};
SL_MUST_CHECK enum sl_err sl_root_policy_state(struct sl_root *root, struct sl_policy_state *ret_state);

/* Values of PCRs now, the lowest first: each as long as the bank's hash. out has 24 * 64 bytes. */
SL_MUST_CHECK enum sl_err sl_root_pcr_read(struct sl_root *root, const struct sl_pcr_selection *selection, uint8_t *out, size_t *ret_len);

/*
 * Provisioning, for the tool: makes the root persistent at handle (owner: 0x81010000..., platform: 0x81810000...), and, where srk is true and
 * 0x81000001 is empty, the ECC P-256 storage root key there. Doing it twice is fine when the same keys are there; SL_ERR_EXISTS when something
 * else is. *ret_name is the persistent root's name, the same as that of the primary it came from.
 */
SL_MUST_CHECK enum sl_err sl_root_persist(struct sl_root *root, uint32_t handle, bool srk, struct sl_root_name *ret_name,
                                          struct sl_msg *msg);

#endif
