/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_RESEAL_H
#define SL_TOKEN_RESEAL_H

#include "token/pin.h"
#include "token/token.h"

/*
 * What a token has under one policy, made ready for another one, before the machine's state changes: doc/policy.md, "Another state". Another policy is another
 * root. Its name is asked for now, and sealed keys, PINs and all that is not derived are copied to it, sealed anew. What they are copied from stays.
 */
struct sl_reseal {
	struct sl_token *token;
	struct sl_root_spec spec;      /* of the root to come, which is a primary even where the token's is persistent */
	struct sl_root *root;
	struct sl_root_name name;
	struct sl_root_name salt_key;
	bool same;                     /* it is the root that things are under already: nothing moves */
	bool is_present;               /* it is the token's root as configured */
	int64_t present;               /* the token's root in the store; 0: nothing is stored under it */
	int64_t from;                  /* the root that things come from */
	int64_t generation;
	struct sl_record *moves;
	size_t n_moves, n_sealed, n_bound;
	struct sl_record *stays;       /* derived keys, and their public halves: they belong to their root */
	size_t n_stays;
	size_t n_others;               /* objects of the token under other roots than the present one */
	bool pins;                     /* there are PINs, and so a SO's, */
	bool user;                     /* and a user's */
	bool in_nv;                    /* their secrets are in NV, under no policy */
	bool so_moved, user_moved;     /* sl_reseal_pin() */
	bool was_to_be_changed;
	struct sl_pin_row row;         /* as it will be */
	struct sl_secret secret;       /* S, once a PIN was given */
};

/*
 * Looks, and changes nothing. to: with PCRs' values to come, where it is about PCRs; from: the policy that things are under, NULL: the token's. Both are
 * borrowed. SL_ERR_ARG: to is about the values of now; SL_ERR_NOT_FOUND: the token has nothing under from; what sl_root_name() says.
 */
SL_MUST_CHECK enum sl_err sl_reseal_open(struct sl_token *token, const struct sl_policy_spec *to, const struct sl_policy_spec *from,
                                         struct sl_reseal **ret_reseal, struct sl_msg *msg);
void sl_reseal_close(struct sl_reseal **reseal);

/* One role's PIN: it opens S, which is sealed under it and the policy to come. What sl_pin_open() says. */
SL_MUST_CHECK enum sl_err sl_reseal_pin(struct sl_reseal *reseal, enum sl_pin_role role, struct sl_part pin);

/*
 * All that is sealed is opened and sealed anew, then the store is changed in one transaction. A role without its PIN: what the SO's opens, opens under the
 * policy of before alone; the user has none. replace: what the token has under other roots than the present one goes. SL_ERR_LOGIN: there are PINs, and none was
 * given; SL_ERR_EXISTS: the root to come has other PINs; SL_ERR_VERSION: somebody else changed the store meanwhile; what sl_seal_again() says; msg says which
 * object. Nothing is changed then.
 */
SL_MUST_CHECK enum sl_err sl_reseal_run(struct sl_reseal *reseal, bool replace, size_t *ret_removed, struct sl_msg *msg);

#endif
