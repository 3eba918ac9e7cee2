/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef FAULT_H
#define FAULT_H

#include "pkcs11-additions.h"

#include <stdbool.h>

/*
 * Faults, one at a time: the n-th call of a kind fails, and those after it too when the fault stays. For calls that our own objects make
 * (linker wrap), and for those that SQLite makes to its allocator and to the files. One thread only.
 */
enum fault_kind { FAULT_MEMORY, FAULT_SYSTEM, FAULT_SQLITE_MEMORY, FAULT_SQLITE_FILE, FAULT_KINDS, FAULT_DEATH };

/* Before SQLite's first use. */
void fault_set_up(void);
void fault_arm(enum fault_kind kind, unsigned long nth, bool stays);
/* Whether it struck. */
bool fault_disarm(void);

/*
 * One life of a host: C_Initialize, looking around, signing and verifying with the stored pair "kept", generating the stored pair "fresh", changing and
 * destroying it, a data object, a digest, session keys, C_Finalize. Ends at the first failure: *ret_what is what failed. The result is CKR_OK,
 * or legal; *ret_destroying: the objects were being destroyed by then.
 */
CK_RV scenario_run(const char **ret_what, bool *ret_destroying);

/* The store after that, without faults: whole pairs and nothing else, or NULL; else what is wrong. not_made: no new pair may be there. Removes what the scenario left. */
const char *scenario_check(bool destroying, bool not_made);

/* Makes "kept". */
void scenario_prepare(void);
/* Illegal results seen so far. */
unsigned scenario_illegal(void);

#endif
