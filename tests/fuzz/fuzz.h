/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef FUZZ_H
#define FUZZ_H

#include "base/buf.h"

/* libFuzzer's entry. The first byte chooses the target, the rest is its input. Aborts when something is wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
#define FUZZ_TARGETS 13

/* A sequence of PKCS#11 calls, directly into our own objects. */
void fuzz_calls(struct sl_reader *r);
extern unsigned long fuzz_calls_done; /* of them, signatures, digests and verifications that succeeded */

/* What is DER. */
void fuzz_spki(struct sl_reader *r);
void fuzz_certificate(struct sl_reader *r);
void fuzz_signature(struct sl_reader *r);
void fuzz_policy(struct sl_reader *r); /* the policy of a sealed blob, its key and its signature */

/* Private key files. */
void fuzz_privkey(struct sl_reader *r);
void fuzz_openssh(struct sl_reader *r);

/* Up to max bytes, fewer at the end of the input. */
size_t fuzz_take(struct sl_reader *r, void *out, size_t max);

#endif
