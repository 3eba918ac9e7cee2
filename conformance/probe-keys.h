/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef PROBE_KEYS_H
#define PROBE_KEYS_H

#include "probe.h"

/* Of the probe's RSA key: n e d p q, P and Q the exponents of p and q, i the coefficient. Hex. */
const char *rsa_part(char which);

#endif
