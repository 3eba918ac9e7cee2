/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_KEYS_H
#define SL_TOOL_KEYS_H

#include "token/token.h"
#include "tool/tool.h"

/* Configuration, key files, store and tokens as the module sees them; a failure was reported and is *ret_status. NULL then. */
struct sl_instance *sl_keys_open(int *ret_status);

/* The token of that name (NULL: owner), which is present; NULL when it is not, and msg says so. */
struct sl_token *sl_keys_token(struct sl_instance *instance, const char *name, struct sl_msg *msg);

/* One key: its private or secret object, referenced. */
struct sl_found {
	struct sl_token *token;
	struct sl_object *object;
};

struct sl_founds {
	struct sl_found *at;
	size_t n;
};

/*
 * The private and secret keys of the tokens that are present: of one label (NULL: any), on one token (NULL: all). Hidden tokens are left out.
 */
SL_MUST_CHECK enum sl_err sl_keys_find(struct sl_instance *instance, const char *label, const char *token, struct sl_founds *ret_founds,
                                       struct sl_msg *msg);
void sl_keys_clear(struct sl_founds *founds);

/* The same, where there must be exactly one. */
SL_MUST_CHECK enum sl_err sl_keys_one(struct sl_instance *instance, const struct sl_tool_args *args, struct sl_founds *ret_founds,
                                      struct sl_msg *msg);

/* The objects of a class with that label and id on the token, referenced. */
SL_MUST_CHECK enum sl_err sl_keys_of_class(struct sl_token *token, CK_OBJECT_CLASS class, const struct sl_object *like,
                                           struct sl_founds *ret_founds);

/* The type as key files have it ("ec:P-256"), or in that form ("ec:secp256k1"), or "other"; and its label, NUL-terminated. */
#define SL_KEYS_TYPE 48
void sl_keys_type(const struct sl_object *object, char ret_type[SL_KEYS_TYPE]);
void sl_keys_label(const struct sl_object *object, char ret_label[256]);
/* CKA_ID and the like in hex. */
void sl_keys_print_hex(const struct sl_attr *attr);

#endif
