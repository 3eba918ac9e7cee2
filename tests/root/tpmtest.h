/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef TPMTEST_H
#define TPMTEST_H

#include "lib/test.h"
#include "root/root.h"

/*
 * For tests that run beside a software TPM. tpmtest_begin() runs the program anew under tests/with-tpm --count and options
 * (NULL-terminated, may be NULL), unless that has happened.
 */
void tpmtest_begin(char **argv, const char *const *options);

/* Starts with-tpm --power-cycle or --clear. */
void tpmtest_power_cycle(void);
void tpmtest_clear(void);
/* A shell command; bails out when it fails. */
void tpmtest_shell(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Replaces the proxy's rules (see tests/tpm-proxy --help); "" for none. */
void tpmtest_rules(const char *rules);

/* Forgets what the proxy has logged so far. */
void tpmtest_log_reset(void);
/* What it logged since: the names of the commands, one blank after each. The caller frees it. */
char *tpmtest_log_commands(void);
unsigned tpmtest_log_count(void);
/* The bytes occur in a command or an answer logged since. */
bool tpmtest_log_has(const void *bytes, size_t len);
/* Waits, up to 20 seconds, for a fault that a rule made. */
bool tpmtest_log_wait_fault(void);

/* Number of transient objects and loaded sessions on the TPM now. */
unsigned tpmtest_loaded(void);

const char *tpmtest_tcti(void);
const char *tpmtest_dir(void);
struct sl_device *tpmtest_device(void);
/* On a device of its own (which *ret_device is); close both with tpmtest_close(). */
struct sl_root *tpmtest_open(const struct sl_root_spec *spec, struct sl_device **ret_device);
void tpmtest_close(struct sl_root **root, struct sl_device **device);
struct sl_root_spec tpmtest_spec(enum sl_hierarchy hierarchy, const char *name_space);
/* The name, or len 0. */
struct sl_root_name tpmtest_name(const struct sl_root_spec *spec);
/* One context, all bytes of which are fill, on a device of its own; out has 32 bytes. */
enum sl_err tpmtest_derive(const struct sl_root_spec *spec, int fill, uint8_t *out);
bool tpmtest_same(const struct sl_root_name *a, const struct sl_root_name *b);

#endif
