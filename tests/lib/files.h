/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <stddef.h>
#include <sys/types.h>

/* A directory for this test program, removed with all that is in it at exit. */
const char *test_dir(void);

/* "DIR/name" in one of eight rotating static buffers. */
const char *test_path(const char *name);

/* Writes a file there (its parent exists) and returns its path as test_path() does. */
const char *test_file(const char *name, const void *bytes, size_t len, mode_t mode);

#endif
