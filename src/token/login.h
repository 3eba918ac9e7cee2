/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_LOGIN_H
#define SL_TOKEN_LOGIN_H

#include "token/session.h"

/*
 * Who is logged in to a token in this process, and the token secret S that the login gave (doc/pin.md). One state for all sessions of the token.
 * Lock: login.lock, which comes after token.name_lock and is a leaf but for the session table, the store and the root, which are asked with it held:
 * one login at a time. Functions that can ask the root for its name are called with no lock held but a session's and token.finish_lock.
 * After fork the child's instance is a new one: nobody is logged in there, and its parent's S reads as zeros.
 */
enum sl_login_state { SL_LOGIN_PUBLIC, SL_LOGIN_USER, SL_LOGIN_SO };

/* What can be known of a token's PINs without one. */
struct sl_pin_state {
	bool initialized;  /* C_InitToken was called: there is a SO PIN, and a token secret */
	bool user;         /* there is a user PIN */
	bool to_be_changed; /* the user's PIN was set by the SO and should be changed */
	uint8_t secret_id[SL_SECRET_ID]; /* of S, as far as it is on record, or somebody is logged in; else zeros */
	char label[33];    /* given to C_InitToken, without the padding; "": the configuration's */
};

/* PINs: any bytes. Lengths that C_InitToken, C_InitPIN and C_SetPIN take. */
#define SL_PIN_MIN 4
#define SL_PIN_MAX 255

struct sl_part;

SL_MUST_CHECK enum sl_err sl_login_new(struct sl_token *token);
void sl_login_free(struct sl_token *token);

/* Cheap after the first time: one look at the store, or one TPM command, until something changes. */
SL_MUST_CHECK enum sl_err sl_pin_state(struct sl_token *token, struct sl_pin_state *ret_state);

/* Whether that is an id, and not zeros. */
bool sl_login_id_known(const uint8_t id[SL_SECRET_ID]);

/* PINs in NV are looked for anew the next time: what another process did there, nobody tells us. */
void sl_pin_ask_again(struct sl_token *token);

/*
 * CKF_*_PIN_COUNT_LOW: a wrong PIN since the last right one, as far as this process knows. The device's counter, which is failures, does not go back for a
 * right one.
 */
bool sl_pin_count_low(struct sl_token *token, uint32_t failures);

/* Whether SEEDLEAF_LOGIN names the token: its names are separated by commas, or "*". */
bool sl_login_asked(const struct sl_config *config, const char *name);

/* One atomic read: fit for every call. */
enum sl_login_state sl_login_state(struct sl_token *token);

/*
 * A copy of S, SL_TOKEN_SECRET_LEN bytes, for keys with CKA_PRIVATE. *ret_secret is empty (len 0) on a token that has no PIN. SL_ERR_LOGIN: the user is not
 * logged in (the SO is nobody here).
 */
SL_MUST_CHECK enum sl_err sl_login_secret(struct sl_token *token, struct sl_secret *ret_secret);

/*
 * The id of that same S, for what is stored with it (struct sl_record: secret_id, sl_store_set_public()); where the PINs are in NV, it is put on record
 * first, if it was not. SL_ERR_LOGIN. Not for a token that has no PIN: SL_ERR_NOT_FOUND.
 */
SL_MUST_CHECK enum sl_err sl_login_secret_id(struct sl_token *token, uint8_t ret_id[SL_SECRET_ID]);

/* Counts logouts: another number means that whatever was made with S before has to go. One atomic read. */
unsigned sl_login_epoch(struct sl_token *token);

/*
 * What the PKCS#11 front does for a session of the token, whose lock it may hold but where it is said. all: the instance's sessions. A PIN whose
 * data is NULL was not given.
 */
enum sl_pin_role;
CK_RV sl_login(struct sl_sessions *all, struct sl_token *token, enum sl_pin_role role, struct sl_part pin);
/*
 * CKU_CONTEXT_SPECIFIC: the PIN of the user who is logged in, once more. Tried on the device, whoever gave it before. CKR_USER_NOT_LOGGED_IN,
 * CKR_PIN_INCORRECT, CKR_PIN_LOCKED.
 */
CK_RV sl_login_context(struct sl_token *token, struct sl_part pin);
/* With no session's lock held: what they are doing is ended. */
CK_RV sl_login_out(struct sl_sessions *all, struct sl_token *token);
/* Nobody stays logged in without a session. With no session's lock held. */
void sl_login_idle(struct sl_sessions *all, struct sl_token *token);
/* C_OpenSession: no read-only session beside the SO. */
CK_RV sl_login_open(struct sl_sessions *all, struct sl_token *token, bool rw, CK_SESSION_HANDLE *ret_handle);
/* C_InitToken, C_InitPIN, C_SetPIN (the SO's PIN where he is logged in, else the user's). */
CK_RV sl_login_init_token(struct sl_sessions *all, struct sl_token *token, struct sl_part pin, const char *label);
CK_RV sl_login_init_pin(struct sl_token *token, struct sl_part pin);
CK_RV sl_login_set_pin(struct sl_token *token, struct sl_part old, struct sl_part pin);

/* The token's root is another one: nobody is logged in to that. May be called with token.name_lock held. */
void sl_login_reset(struct sl_token *token);

#endif
