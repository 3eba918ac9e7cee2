/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_LOGIN_PRIVATE_H
#define SL_TOKEN_LOGIN_PRIVATE_H

#include "token/login.h"
#include "token/pin.h"

#include <time.h>

/* A wrong PIN, so that the device is not asked twice: a random salt and SHA-256(salt || auth), which says nothing of the right one. */
struct sl_pin_wrong {
	struct sl_secret digest; /* empty: none */
	struct timespec when;
};
#define SL_PIN_WRONG_SALT 16

#define SL_LOGIN_CACHE_PREFIX "seedleaf-login:"
#define SL_LOGIN_CACHE_NAME (sizeof(SL_LOGIN_CACHE_PREFIX) + 32)

/* Shared by login.c (who is logged in) and pin.c (what a PIN opens). */
struct sl_login_data {
	pthread_mutex_t lock;
	unsigned state;             /* enum sl_login_state; atomic: written with the lock held */
	unsigned epoch;             /* counts logouts; the same */
	struct sl_secret secret;    /* S; empty in SL_LOGIN_PUBLIC */
	uint8_t secret_id[SL_SECRET_ID]; /* of secret */

	bool seen;                  /* the next four are what is on record */
	int64_t seen_root;
	int64_t generation;         /* of the store, then */
	struct sl_pin_state pins;
	bool seen_nv;               /* pins says what NV has; stays until somebody asks anew */

	char kept[SL_LOGIN_CACHE_NAME]; /* login_cache.c: where the last login found or left S; "": nowhere */

	bool failed;                /* the last try was wrong, or found the device locked */
	struct sl_pin_wrong wrong[2];
	bool succeeded;             /* the last try was right, and the counter has not been read since */
	uint32_t forgiven;          /* what it was when it was */
};

/*
 * login.lock, held, and the row of the token's root in the store; 0: none. The row is found before the lock is taken, since that may ask the root for
 * its name.
 */
struct sl_login_held {
	struct sl_token *token;
	struct sl_login_data *login;
	int64_t root;
};

/* create: makes the row; a store that cannot be written is SL_ERR_READONLY, unless the PINs are elsewhere. */
SL_MUST_CHECK enum sl_err sl_login_hold(struct sl_token *token, bool create, struct sl_login_held *ret_held);
void sl_login_let_go(struct sl_login_held *held);
#define SL_LOGIN_HELD SL_CLEANUP(sl_login_let_go) struct sl_login_held

/* Brings login->pins up to date; logs out when S is not the one on record any more. */
SL_MUST_CHECK enum sl_err sl_login_look(struct sl_login_held *held);

/* Public from now on. */
void sl_login_drop(struct sl_login_data *login);

static inline bool
sl_pin_in_nv(const struct sl_token *token)
{
	return token->config->pin_store != 0;
}

/* One way of asking the device with an authorization made of a PIN. */
struct sl_pin_try {
	enum sl_pin_role role;
	struct sl_part pin;
	struct sl_part salt;
	enum sl_err (*ask)(struct sl_root *root, struct sl_pin_try *try, const struct sl_secret *auth);
	const struct sl_pin_blob *blob; /* in the store */
	uint32_t index;                 /* in NV */
	const struct sl_secret *fresh;  /* NV: the authorization from now on */
	struct sl_secret secret;        /* what came of it; the caller clears it */
};
SL_MUST_CHECK enum sl_err sl_pin_run(struct sl_login_held *held, struct sl_pin_try *try);

bool sl_pin_length_fits(struct sl_part pin);
SL_MUST_CHECK enum sl_err sl_pin_draw(struct sl_root *root, struct sl_secret *ret_secret);
SL_MUST_CHECK enum sl_err sl_pin_auth(enum sl_pin_role role, struct sl_part pin, struct sl_part salt, struct sl_secret *ret_auth);

/* S under a PIN, with a salt of its own; the caller frees ret_blob->blob. */
SL_MUST_CHECK enum sl_err sl_pin_seal(struct sl_root *root, enum sl_pin_role role, struct sl_part pin, const struct sl_secret *secret,
                                      struct sl_pin_blob *ret_blob);

/* pin_nv.c: the next four where the PINs are in NV. */
SL_MUST_CHECK enum sl_err sl_pin_nv_open(struct sl_login_held *held, enum sl_pin_role role, struct sl_part pin, struct sl_secret *ret_secret);
SL_MUST_CHECK enum sl_err sl_pin_nv_init(struct sl_login_held *held, struct sl_part pin, const char *label);
SL_MUST_CHECK enum sl_err sl_pin_nv_set_user(struct sl_login_held *held, struct sl_part pin);
SL_MUST_CHECK enum sl_err sl_pin_nv_change(struct sl_login_held *held, enum sl_pin_role role, struct sl_part old, struct sl_part fresh);

/* pin.h's, with the lock held. The caller looked. */
SL_MUST_CHECK enum sl_err sl_pin_open_held(struct sl_login_held *held, enum sl_pin_role role, struct sl_part pin, struct sl_secret *ret_secret);
SL_MUST_CHECK enum sl_err sl_pin_init_held(struct sl_login_held *held, struct sl_part pin, const char *label);
SL_MUST_CHECK enum sl_err sl_pin_set_user_held(struct sl_login_held *held, struct sl_part pin);
SL_MUST_CHECK enum sl_err sl_pin_change_held(struct sl_login_held *held, enum sl_pin_role role, struct sl_part old, struct sl_part fresh);

/*
 * `login-cache`: the user's S in the session keyring, encrypted under a key made of the PIN. Where it is not there, or the PIN is wrong, the TPM has to be asked,
 * which counts. drop: for a logout, and for a PIN that is none any more.
 */
SL_MUST_CHECK enum sl_err sl_login_cache_open(struct sl_login_held *held, struct sl_part pin, struct sl_secret *ret_secret);
void sl_login_cache_keep(struct sl_login_held *held, struct sl_part pin, const struct sl_secret *secret);
/* Where this login found or left it. */
void sl_login_cache_drop(struct sl_login_data *login);
/* The one of the user's PIN that is on record, whoever left it in this session: before another PIN, or another S, takes its place. */
void sl_login_cache_forget(const struct sl_login_held *held);

/* The first 16 bytes of SHA-256("seedleaf token secret v1" || 0x00 || S). */
SL_MUST_CHECK enum sl_err sl_pin_secret_id(const struct sl_secret *secret, uint8_t ret_id[SL_SECRET_ID]);

#endif
