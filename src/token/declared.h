/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_DECLARED_H
#define SL_TOKEN_DECLARED_H

#include "token/view.h"

/* A declared key and the objects it stands for: private and public key or secret key, and its certificate. */
enum {
	SL_DECLARED_KEY, /* the private or secret key */
	SL_DECLARED_PUBLIC,
	SL_DECLARED_CERTIFICATE,
	SL_DECLARED_OBJECTS
};

struct sl_declared {
	const struct sl_keyfile *file;
	struct sl_recipe recipe;
	bool current;                  /* the version that is declared; false: an older one that is kept */
	bool ready;                    /* the public half is known */
	struct sl_rsa_hints hints;     /* what is on record with it */
	struct sl_object *objects[SL_DECLARED_OBJECTS]; /* snapshots to publish; NULL: none */
};

/* Builds the objects of every key file that names this token, as far as they are known without the root. msg: file, line, what was expected. */
SL_MUST_CHECK enum sl_err sl_declared_load(struct sl_token *token, struct sl_msg *msg);
void sl_declared_free(struct sl_token *token);

/*
 * Publishes those that can match the template, after finding their public halves: in the store, or by one batch on the root; what is found out
 * is stored where the store can be written. On a token with PINs the root is asked for its user only, and the private objects are left to
 * sl_declared_open_locked(). Holds token.lock at no time when it asks the root.
 */
SL_MUST_CHECK enum sl_err sl_declared_finish(struct sl_token *token, const struct sl_view *view, const CK_ATTRIBUTE *template,
                                             CK_ULONG n);

/* Publishes what is finished and not published, for somebody who may see it. token.lock is held for writing. */
SL_MUST_CHECK enum sl_err sl_declared_open_locked(struct sl_token *token);

/* Back to what is known without the root: it is another one now. token.lock is held for writing. */
void sl_declared_forget_locked(struct sl_token *token);

/*
 * A logout: the private objects are other snapshots with no handle and without the keys, until they are published again. token.lock is held for
 * writing.
 */
void sl_declared_close_locked(struct sl_token *token);

/* Keys that were lost because memory was short when their objects were made anew: they are built again. Takes token.lock. */
SL_MUST_CHECK enum sl_err sl_declared_restore(struct sl_token *token);

#endif
