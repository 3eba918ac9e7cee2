/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_VIEW_H
#define SL_TOKEN_VIEW_H

#include "token/login.h"

/*
 * Who looks at a token, and so what he sees (PKCS#11 3.0 sections 4.4 and 5.6): on a token with PINs private objects are the user's, while he is
 * logged in; the SO sees public ones only. On a token without they are everybody's.
 *
 * The token's tables hold what may be seen now and nothing else: a handle that is found there is a good one. Taken once at the beginning of a call,
 * before any lock; what a logout ends meanwhile stays ended, whoever logs in then.
 */
struct sl_view {
	bool guarded;  /* the token has PINs */
	bool user_pin; /* one of them is a user's */
	enum sl_login_state who;
	unsigned epoch; /* sl_login_epoch() */
};

/* Asks for the state of the PINs. Where that is another one than before, private objects and declared keys are built anew. */
SL_MUST_CHECK enum sl_err sl_view_take(struct sl_token *token, struct sl_view *ret_view);

/* Whether private objects are there for this view; with token.lock held, until it is let go. */
bool sl_view_private(const struct sl_view *view, struct sl_token *token);

/*
 * Whether an object with these attributes may be made now, and for whom; private: CKA_PRIVATE where they do not say. CKR_USER_NOT_LOGGED_IN; for a
 * CKA_ALWAYS_AUTHENTICATE that cannot be: CKR_ATTRIBUTE_VALUE_INVALID (there is no PIN to ask for), CKR_TEMPLATE_INCONSISTENT (it is public).
 */
CK_RV sl_view_make(struct sl_token *token, const struct sl_attrs *attrs, bool private, struct sl_view *ret_view);

/*
 * PKCS#11 3.0 table 19: CKA_TRUSTED is made true by the SO only, else CKR_ATTRIBUTE_READ_ONLY. now: what the object has already; NULL: it is a new one.
 */
CK_RV sl_view_trust(struct sl_token *token, const struct sl_attrs *now, const struct sl_attrs *change);

/*
 * sl_token_publish() for a new object. CKR_USER_NOT_LOGGED_IN when it is private and its maker was logged out meanwhile.
 */
CK_RV sl_view_publish(struct sl_token *token, const struct sl_view *view, struct sl_object *object);
/* An object that its maker gets no handle of is none: it goes from the store again. row 0: it is not there. */
void sl_view_take_back(struct sl_token *token, int64_t row);

/* The token secret for a key that is to be bound to it; empty where that key is not bound: it is public, or the token has no PIN. */
SL_MUST_CHECK enum sl_err sl_view_secret(struct sl_token *token, const struct sl_view *view, bool private, struct sl_secret *ret_secret);

/*
 * token.values, for a view that sees private objects of a token with PINs; fine, and nothing, for another. To be called before token.lock is taken by whoever
 * is going to open or close values: what he then finds there is gone only with the objects.
 */
SL_MUST_CHECK enum sl_err sl_view_values(struct sl_token *token, const struct sl_view *view);

/*
 * Whether a private object is kept without S because the token has no PINs (struct sl_record: no_pins). What is in NV the store does not know for sure: there
 * it is not said.
 */
bool sl_view_without_pins(const struct sl_token *token, const struct sl_view *view, const struct sl_attrs *attrs);

/* Marks a record as bound where secret (sl_view_secret()'s) is not empty. */
SL_MUST_CHECK enum sl_err sl_view_bind(struct sl_token *token, const struct sl_secret *secret, struct sl_record *record);

#endif
