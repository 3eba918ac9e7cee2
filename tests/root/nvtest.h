/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef NVTEST_H
#define NVTEST_H

#include "root/sealtest.h"

/* What the tests of secrets in NV indices share. */
#define INDEX 0x01800100U
#define OTHER 0x01800200U

extern const struct sl_root_spec nvtest_spec;
extern const char nvtest_pin[26];
extern const char nvtest_next_pin[27];
extern struct sl_secret nvtest_secret;
extern struct sl_msg nvtest_why; /* the trouble of the device that was used last */

/* Beside a software TPM whose limits are 3 tries, 1000 and 2000 seconds. */
void nvtest_begin(char **argv);

/* The commands logged since the last time are these. */
void nvtest_costs(const char *what, const char *commands);
void nvtest_nothing_left(const char *what);
/* The caller clears it. */
struct sl_secret nvtest_text(const char *auth);

/* Each call on a device of its own, which nvtest_finish() closes. */
enum sl_err nvtest_finish(struct sl_root **root, struct sl_device **device, enum sl_err err);
enum sl_err nvtest_present(uint32_t index);
enum sl_err nvtest_create(uint32_t index, const char *auth, const struct sl_secret *value);
/* SL_ERR_COUNT_: another secret than want. */
enum sl_err nvtest_read_with(struct sl_root *root, uint32_t index, const char *auth, const struct sl_secret *want);
enum sl_err nvtest_read(uint32_t index, const char *auth, const struct sl_secret *want);
enum sl_err nvtest_write(uint32_t index, const char *auth, const struct sl_secret *value);
enum sl_err nvtest_change(uint32_t index, const char *auth, const char *fresh);
enum sl_err nvtest_remove(uint32_t index);

struct sl_lockout nvtest_lockout(void);
/* Sets the limits again, and the counter to 0. */
void nvtest_clear_lockout(void);

#endif
