/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef UNIT_LEAF_H
#define UNIT_LEAF_H

#include "crypto/key.h"
#include "crypto/sign.h"

/*
 * Every constructor, signature and verification of the crypto layer, as TAP lines that begin with `how`. For tests
 * that put the process into some state first.
 */
void leaf_all(const char *how);

/* Fixed private keys: "P-256" "P-384" "P-521" "RSA-2048" "Ed25519" "X25519". Bails out when it cannot be made. */
struct sl_key *leaf_key(const char *name);

/* The public half of a key, made anew from its SubjectPublicKeyInfo. */
struct sl_key *leaf_public(const struct sl_key *key);

struct leaf_case {
	const char *name;
	const char *key;
	struct sl_sig_params params;
	size_t in_len;
};
extern const struct leaf_case leaf_cases[];
extern const size_t leaf_n_cases;

/* leaf_cases' input: its first in_len bytes. */
extern const uint8_t leaf_input[256];

/* Signs and verifies one case; sig has room for 256 bytes. Returns the length; bails out when there is no signature. */
size_t leaf_sign(const struct leaf_case *c, struct sl_key *key, uint8_t *sig);
enum sl_err leaf_verify(const struct leaf_case *c, struct sl_key *key, const uint8_t *sig, size_t len);

#endif
