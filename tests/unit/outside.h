/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef UNIT_OUTSIDE_H
#define UNIT_OUTSIDE_H

#include "crypto/key.h"

/*
 * What is done with keys from outside, on every kind and curve, as TAP lines that begin with `how`: made, written and
 * read, signed with, agreed with, encrypted to. For tests that put the process into some state first, like leaf_all().
 */
void outside_all(const char *how);

/* The curves: a name, CKA_EC_PARAMS in hex, a private key from a standard and its public one (NULL: not known). */
struct outside_curve {
	const char *name;
	const char *params;
	const char *d;
	const char *point;
	size_t width;
};
extern const struct outside_curve outside_curves[];
extern const size_t outside_n_curves;

/* The private key of a row; its public half made anew from its SubjectPublicKeyInfo. They bail out. */
struct sl_key *outside_key(const struct outside_curve *c);
struct sl_key *outside_public(const struct sl_key *key);

/* The 1024-bit key of RSA Laboratories' OAEP vectors, by its parts; full: with its primes. Bails out. */
struct sl_key *outside_rsa(bool full);
/* Its parts n, e, d, p, q, dp, dq, qinv in hex. */
extern const char *const outside_rsa_parts[8];

#endif
