/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_VALUES_H
#define SL_TOKEN_VALUES_H

#include "base/secret.h"
#include "token/attr.h"

/*
 * What private data objects and certificates hold is kept encrypted on a token with PINs (doc/pin.md, "Private values"). Keys are not here: they are derived
 * or sealed with the token secret.
 */
struct sl_values {
	struct sl_secret key; /* empty: nobody may read them now */
};
void sl_values_clear(struct sl_values *values);

/* The key that follows from S. */
SL_MUST_CHECK enum sl_err sl_values_key(const struct sl_secret *token_secret, struct sl_secret *ret_key);

/* Whether it is such an object. */
bool sl_values_apply(const struct sl_attrs *attrs);

/* Whose values: CKA_CLASS and CKA_UNIQUE_ID of the object. */
struct sl_values_of {
	const struct sl_values *with;
	const struct sl_attrs *object;
};

/*
 * Divides attributes into those that are kept as they are and those that are encrypted. SL_ERR_LOGIN: there is no key. Both lists are to be empty before; after a
 * failure, too, they are the caller's to clear.
 */
SL_MUST_CHECK enum sl_err sl_values_close(const struct sl_values_of *of, const struct sl_attrs *attrs, struct sl_attrs *ret_open,
                                          struct sl_attrs *ret_closed);

/*
 * Adds what is in closed to attrs, which are what is on record in the clear. SL_ERR_LOGIN: there is no key. SL_ERR_VERIFY: some of it is another object's, another
 * attribute's, under another S, or altered, or in the clear though it should not be.
 */
SL_MUST_CHECK enum sl_err sl_values_open(const struct sl_values *values, const struct sl_attrs *closed, struct sl_attrs *attrs);

#endif
