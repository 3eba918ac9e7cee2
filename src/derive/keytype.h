/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_DERIVE_KEYTYPE_H
#define SL_DERIVE_KEYTYPE_H

#include "crypto/key.h"

#define SL_KEYTYPE_NAME_MAX 16

enum sl_algorithm { SL_ALG_EC, SL_ALG_RSA, SL_ALG_ED25519, SL_ALG_X25519, SL_ALG_AES, SL_ALG_HMAC, SL_ALG_GENERIC };

/*
 * A key type of derivation version 1: "ec:P-256" "ec:P-384" "ec:P-521" "rsa:2048" "rsa:3072" "rsa:4096" "ed25519"
 * "x25519" "aes:128" "aes:192" "aes:256" (bits), "hmac:N" "generic:N" (N bytes, 1 to 512, no leading zeros). The name
 * goes into the context as it is.
 */
struct sl_keytype {
	char name[SL_KEYTYPE_NAME_MAX];
	enum sl_algorithm alg;
	unsigned size; /* EC, RSA, AES: bits; HMAC, generic: bytes; else 0 */
};

/* SL_ERR_ARG, with a message that lists the known types. */
SL_MUST_CHECK enum sl_err sl_keytype_parse(const char *name, struct sl_keytype *ret_type, struct sl_msg *msg);

/* The type of the given algorithm and size; SL_ERR_ARG when there is none. */
SL_MUST_CHECK enum sl_err sl_keytype_of(enum sl_algorithm alg, unsigned size, struct sl_keytype *ret_type);

/* True for the types that have a public half. */
bool sl_keytype_is_pair(const struct sl_keytype *type);

#endif
