/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_REQUEST_KEY_CONFINE_H
#define SL_REQUEST_KEY_CONFINE_H

#include "base/err.h"

#include <stdbool.h>

/*
 * What a program that the kernel starts as root does not need. First of all: no environment, no open files but /dev/null as 0, 1 and 2, no core dumps, no
 * new privileges, the directory /.
 */
SL_MUST_CHECK bool sl_confine_begin(void);

/* No capabilities at all, or those alone that looking at a process, opening a TPM and setting a key's permissions need. */
SL_MUST_CHECK bool sl_confine_none(void);
SL_MUST_CHECK bool sl_confine_worker(void);

#endif
