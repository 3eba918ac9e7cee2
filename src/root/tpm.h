/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_TPM_H
#define SL_ROOT_TPM_H

#include "base/buf.h"
#include "crypto/key.h"
#include "root/root.h"
#include "root/tpm_link.h"
#include "root/tpm_public.h"
#include "root/tpm_session.h"

#include <pthread.h>
#include <sys/types.h>
#include <tss2/tss2_tpm2_types.h>

/*
 * The TPM behind root.h; for src/root/tpm*.c alone. Commands are marshalled here, by base/buf.h: there are a dozen of them, the
 * bytes of secrets then lie in buffers of ours that are wiped, and nothing in between writes to our host's standard error.
 */
#define SL_TPM_SRK ((uint32_t)0x81000001)

/* First handles of the ranges (Part 2, 7.5). The ones of tss2 shift an int beyond its width. */
#define SL_TPM_FIRST_LOADED_SESSION 0x02000000U
#define SL_TPM_FIRST_SAVED_SESSION 0x03000000U
#define SL_TPM_FIRST_TRANSIENT 0x80000000U
#define SL_TPM_FIRST_PERSISTENT 0x81000000U
#define SL_TPM_FIRST_PLATFORM_PERSISTENT 0x81800000U
#define SL_TPM_LIVE_MAX 4
#define SL_TPM_PRIVATE_MAX 768 /* bytes; sealed data with its integrity value is about 300 */

struct sl_tpm_root;
struct sl_tpm_grant;
struct sl_tpm_bound;

/* The key that sessions are salted to, as last seen; one per hierarchy. */
struct sl_tpm_salt {
	bool known;
	uint32_t handle; /* SL_TPM_SRK, or 0 for the template */
	struct sl_tpm_public key;
};

struct sl_device {
	char *tcti;
	bool bare;
	pid_t pid;
	pthread_mutex_t lock; /* held from sl_tpm_batch_begin() to its end; everything below is under it */
	uint64_t epoch;       /* goes up with each sl_device_forget() */
	bool asked;           /* present is what the questions so far gave */
	enum sl_err present;
	bool has_state;
	uint32_t permanent;     /* TPMA_PERMANENT */
	uint32_t startup_clear; /* TPMA_STARTUP_CLEAR */
	bool has_info;
	struct sl_root_info info;
	struct sl_tpm_salt salt[4]; /* by enum sl_hierarchy */
	bool no_hmac;               /* TPM2_HMAC is not there */
	pthread_mutex_t trouble_lock;
	struct sl_msg trouble;
};

/* One connection, from its opening to its closing; holds the device's lock. What it made on the TPM goes with it. */
struct sl_tpm_batch {
	struct sl_device *device;
	struct sl_tpm_link *link;
	uint32_t live[SL_TPM_LIVE_MAX]; /* 0: free */
	uint32_t rc;                    /* of the last command */
	bool broken;                    /* the connection is */
};

SL_MUST_CHECK enum sl_err sl_tpm_batch_begin(struct sl_device *device, struct sl_tpm_batch *batch);
void sl_tpm_batch_end(struct sl_tpm_batch *batch);
#define SL_TPM_BATCH SL_CLEANUP(sl_tpm_batch_end) struct sl_tpm_batch

/* One command: tpm_run.c. */
struct sl_tpm_command {
	uint32_t code;
	uint32_t handles[2];
	size_t n_handles;
	struct sl_root_name names[2];       /* of the handles; needed with a session */
	bool auth;                          /* the first handle needs authorization: by session, or else by an empty password */
	struct sl_tpm_session *session;     /* authorizes the first handle if auth is set; encrypts parameters if it is one that does */
	const struct sl_secret *auth_value; /* of the first handle, with a session; NULL: empty */
	const struct sl_secret *answer_auth; /* the one that it has afterwards, by which the answer is authenticated; NULL: the same */
	bool gives_handle;
	const char *name;                   /* for messages; NULL: its failure is not worth one */
	uint8_t params[1024];
	size_t params_len;
};

/* Its answer; hold it with SL_TPM_ANSWER, which wipes. */
struct sl_tpm_answer {
	uint8_t raw[SL_TPM_MESSAGE_MAX];
	size_t len;
	uint32_t handle;
	uint8_t *params; /* decrypted */
	size_t params_len;
};
void sl_tpm_answer_clear(struct sl_tpm_answer *answer);
#define SL_TPM_ANSWER SL_CLEANUP(sl_tpm_answer_clear) struct sl_tpm_answer

/*
 * Sends the command, again while the TPM says that this can help, and takes the answer apart; an answer whose HMAC is wrong is SL_ERR_DEVICE.
 * A handle in the answer lives in the batch until it is flushed.
 */
SL_MUST_CHECK enum sl_err sl_tpm_run(struct sl_tpm_batch *batch, struct sl_tpm_command *command, struct sl_tpm_answer *answer);
/* Notes that the TPM has released handle by itself. */
void sl_tpm_run_gone(struct sl_tpm_batch *batch, uint32_t handle);

/* The commands: tpm_command.c. */
/* The Name of an entity that has no public area is its handle (Part 1, 16). */
struct sl_root_name sl_tpm_command_handle_name(uint32_t handle);
struct sl_tpm_object {
	uint32_t handle;
	struct sl_tpm_public key;
};

SL_MUST_CHECK enum sl_err sl_tpm_command_properties(struct sl_tpm_batch *batch, uint32_t first, struct sl_tpm_answer *answer,
                                                    struct sl_reader *ret_list, uint32_t *ret_count);
SL_MUST_CHECK enum sl_err sl_tpm_command_read_public(struct sl_tpm_batch *batch, uint32_t handle, struct sl_tpm_public *ret_key);
/* tmpl is a TPMT_PUBLIC of ours; the answer's has to be the same, unique apart. */
SL_MUST_CHECK enum sl_err sl_tpm_command_create_primary(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant,
                                                        const struct sl_tpm_template *tmpl, struct sl_tpm_object *ret_object);
/* Makes *handle 0. A failure is of no use to anybody: the batch's end tries again. */
void sl_tpm_command_flush(struct sl_tpm_batch *batch, uint32_t *handle);
/*
 * by_policy: the key is used by the policy session, once, and the plain one is needed where there is no TPM2_HMAC: SL_ERR_NOT_FOUND when that turns out and it
 * is not there. Else the plain one does it all. last: neither is needed again.
 */
struct sl_tpm_sessions {
	bool by_policy;
	bool last;
	struct sl_tpm_session plain;
	struct sl_tpm_session policy;
};
SL_MUST_CHECK enum sl_err sl_tpm_command_hmac(struct sl_tpm_batch *batch, const struct sl_tpm_object *key,
                                              struct sl_tpm_sessions *sessions, const uint8_t *context, struct sl_secret *ret_mac);
SL_MUST_CHECK enum sl_err sl_tpm_command_random(struct sl_tpm_batch *batch, struct sl_tpm_session *session, uint8_t *out, size_t len,
                                                size_t *ret_got);
/*
 * Whether the grant opens the owner or the platform hierarchy, by the cheapest command that needs it and changes nothing: TPM2_ClockRateAdjust by
 * TPM_CLOCK_NO_CHANGE. SL_ERR_ABSENT: it does not.
 */
SL_MUST_CHECK enum sl_err sl_tpm_command_try(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant);
/* A command whose first handle is the grant's hierarchy: handle, name and authorization are filled in. */
SL_MUST_CHECK enum sl_err sl_tpm_command_by(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant, struct sl_tpm_command *command,
                                            struct sl_tpm_answer *answer);
SL_MUST_CHECK enum sl_err sl_tpm_command_evict(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant,
                                               const struct sl_tpm_object *object, uint32_t persistent);

/* What Create is to make, and what came out; the buffers are as long as TPMs make them. */
struct sl_tpm_creation {
	const struct sl_tpm_template *tmpl;
	const struct sl_secret *auth; /* NULL: empty */
	const struct sl_secret *data;
	struct sl_bytes pcrs;         /* TPML_PCR_SELECTION of what the PCRs have to be meanwhile; empty: nothing */
	const uint8_t *pcr_digest;    /* SHA-256 over their values */
	struct sl_tpm_public key;
	uint8_t private_area[SL_TPM_PRIVATE_MAX];
	size_t private_len;
};
/* SL_ERR_POLICY: the PCRs were others; the TPM's answer says so, which TPM2_PCR_Read's, without an HMAC, cannot. */
SL_MUST_CHECK enum sl_err sl_tpm_command_create(struct sl_tpm_batch *batch, const struct sl_tpm_object *parent,
                                                struct sl_tpm_session *session, struct sl_tpm_creation *creation);
/* SL_ERR_MISMATCH: not made under this parent, or altered. object->key is known beforehand; the TPM has to agree with its Name. */
SL_MUST_CHECK enum sl_err sl_tpm_command_load(struct sl_tpm_batch *batch, const struct sl_tpm_object *parent,
                                              struct sl_tpm_session *session, const struct sl_bytes *private_area,
                                              struct sl_tpm_object *object);
/* SL_ERR_AUTH: auth is not its auth value. */
SL_MUST_CHECK enum sl_err sl_tpm_command_unseal(struct sl_tpm_batch *batch, const struct sl_tpm_object *object,
                                                struct sl_tpm_session *session, const struct sl_secret *auth,
                                                struct sl_secret *ret_data);

/* One root. Its mutable members are under the device's lock. */
struct sl_tpm_root {
	struct sl_root base;
	struct sl_device *device;
	const struct sl_root_spec *spec;
	struct sl_tpm_bound *bound;       /* its policy: tpm_bound.h; NULL: none */
	struct sl_tpm_template tmpl;      /* with a policy: after sl_tpm_bound_ready() */
	enum sl_hierarchy salt_hierarchy; /* whose storage key sessions are salted to */
	struct sl_root_name pin;          /* of the salt key; len 0: none */
	bool tried;                       /* whether it opens has been tried; opens is what came out */
	uint64_t tried_epoch;
	enum sl_err opens;
	bool has_name;
	uint64_t name_epoch;
	struct sl_root_name name;
};

/*
 * Authorization to use a hierarchy: an empty password, or the value in auth_file in an HMAC session, which is salted to a primary
 * key of the null hierarchy: that one needs no authorization itself. The session is started at first use.
 */
struct sl_tpm_grant {
	enum sl_hierarchy hierarchy;
	const char *auth_file; /* NULL: empty */
	struct sl_secret value;
	struct sl_tpm_session session;
	struct sl_tpm_session *shared; /* one that is there anyway, to be used instead of the empty password */
};
struct sl_tpm_grant sl_tpm_grant_of(const struct sl_tpm_root *root, enum sl_hierarchy hierarchy);
SL_MUST_CHECK enum sl_err sl_tpm_grant_ready(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant);
/* The value alone, for a session that is there anyway. */
SL_MUST_CHECK enum sl_err sl_tpm_grant_value(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant);
void sl_tpm_grant_end(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant);
uint32_t sl_tpm_grant_handle(enum sl_hierarchy hierarchy);

/* What a batch wants of the salt key; each may be NULL. */
struct sl_tpm_wish {
	struct sl_tpm_session *session; /* an HMAC session */
	struct sl_tpm_session *policy;  /* a policy session: tpm_policy.h */
	struct sl_tpm_object *parent;   /* the key itself stays, to load or make objects under it: at SL_TPM_SRK, or to be flushed */
};
SL_MUST_CHECK enum sl_err sl_tpm_salt_use(struct sl_tpm_batch *batch, struct sl_tpm_root *root, struct sl_tpm_grant *grant,
                                          const struct sl_tpm_wish *wish);

/*
 * Finds the root's salt key and, where session is not NULL, starts a session salted to it. grant is the root's. SL_ERR_MISMATCH when there
 * is no such key with the pinned Name.
 */
SL_MUST_CHECK enum sl_err sl_tpm_salt_start(struct sl_tpm_batch *batch, struct sl_tpm_root *root, struct sl_tpm_grant *grant,
                                            struct sl_tpm_session *session, struct sl_root_name *ret_name);

SL_MUST_CHECK enum sl_err sl_tpm_primary_open(struct sl_device *device, const struct sl_root_spec *spec, struct sl_root **ret_root);
void sl_tpm_primary_pin(struct sl_root *root, const struct sl_root_name *salt_name);
SL_MUST_CHECK enum sl_err sl_tpm_persist(struct sl_root *root, uint32_t handle, bool srk, struct sl_root_name *ret_name,
                                         struct sl_msg *msg);
SL_MUST_CHECK enum sl_err sl_tpm_seal(struct sl_root *root, const struct sl_seal_spec *spec, const struct sl_secret *secret,
                                      uint8_t **ret_der, size_t *ret_len);
SL_MUST_CHECK enum sl_err sl_tpm_unseal(struct sl_root *root, const uint8_t *der, size_t len, const struct sl_secret *auth,
                                        struct sl_secret *ret_secret);
extern const struct sl_root_nv_ops sl_tpm_nv_ops;
SL_MUST_CHECK enum sl_err sl_tpm_device_lockout(struct sl_root *root, struct sl_lockout *ret_lockout);
SL_MUST_CHECK enum sl_err sl_tpm_device_present(struct sl_tpm_root *root, struct sl_root_info *ret_info);
/* Remembers why, in words; fmt NULL: no trouble. */
void sl_tpm_device_trouble(struct sl_device *device, const char *fmt, ...) SL_PRINTF(2, 3);
/* What came of a use, which is returned. That a policy refused it, no CKR code tells: the trouble goes into the log. */
enum sl_err sl_tpm_device_used(struct sl_device *device, enum sl_err err);

#endif
