/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_PINS_H
#define SL_TOOL_PINS_H

#include "tool/keys.h"
#include "token/pin.h"

/* What `seedleaf token init`, `pin` and `reset` share. */

/* The token that --token names, if it is present, and its PINs; a failure was reported and is *ret_status. NULL then. */
struct sl_token *sl_pins_token(struct sl_instance *instance, const struct sl_tool_args *args, struct sl_pin_state *ret_state, int *ret_status);

/* A PIN of the token: what is "SO PIN", "new user PIN"; option: its value tells where it comes from. optional: empty is none. */
struct sl_pins_ask {
	const char *what;
	const char *option;
	bool fresh;
	bool optional;
};
SL_MUST_CHECK enum sl_err sl_pins_input(const struct sl_tool_args *args, const struct sl_token *token, const struct sl_pins_ask *ask,
                                        struct sl_secret *ret_pin, struct sl_msg *msg);

/* The SO sets the user's PIN. SL_ERR_AUTH: not his PIN. */
SL_MUST_CHECK enum sl_err sl_pins_set_user(struct sl_instance *instance, struct sl_token *token, const struct sl_secret *so,
                                           const struct sl_secret *user);

/* Reports why a PIN could not be used or set, what was tried, and how many tries are left; returns the exit status. */
int sl_pins_report(enum sl_err err, struct sl_token *token, const char *what, const struct sl_msg *msg);

struct sl_part sl_pins_part(const struct sl_secret *pin);

#endif
