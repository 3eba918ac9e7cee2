/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef POLICYTEST_H
#define POLICYTEST_H

#include "root/sealtest.h"

/* What the tests of signed policies share. */

extern char policytest_file[4200]; /* the one signature file */
void policytest_begin(void);

/* KEY.pem and KEY.pub.pem in the software TPM's folder; how: arguments of openssl genpkey. */
void policytest_key(const char *name, const char *how);
/* A root of the owner hierarchy under the policies that key signs. */
struct sl_root_spec policytest_spec(const char *key, const char *ref);
/* tests/root/sign-policy.py; the log begins anew. */
void policytest_sign(const char *key, const char *args);

/* The commands since the log began anew, and again. */
void policytest_costs(const char *what, const char *commands);
void policytest_nothing_left(void);

/* The storage root key at 0x81000001, for the tools. */
void policytest_provision(void);

#endif
