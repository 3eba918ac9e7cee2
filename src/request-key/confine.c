/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "request-key/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* /sbin/request-key leaves us what it has; the kernel gave it no files at all. */
static bool
close_files(void)
{
	int fd;

	if (syscall(SYS_close_range, 0U, ~0U, 0) != 0)
		for (fd = 0; fd < 1024; fd++)
			(void)close(fd);
	for (int i = 0; i < 3; i++)
		if ((fd = open("/dev/null", O_RDWR)) != i)
			return false;
	return true;
}

bool
sl_confine_begin(void)
{
	const struct rlimit no_core = { 0, 0 };

	(void)umask(077);
	return clearenv() == 0 && close_files() && chdir("/") == 0 && setrlimit(RLIMIT_CORE, &no_core) == 0 &&
	       prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* The effective and the permitted ones; nothing is inheritable, and no program is run. */
static bool
keep(uint64_t capabilities)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)capabilities, .permitted = (uint32_t)capabilities },
		{ .effective = (uint32_t)(capabilities >> 32), .permitted = (uint32_t)(capabilities >> 32) },
	};

	return syscall(SYS_capset, &head, data) == 0;
}

bool
sl_confine_none(void)
{
	return keep(0);
}

bool
sl_confine_worker(void)
{
	return keep(UINT64_C(1) << CAP_SYS_PTRACE | UINT64_C(1) << CAP_DAC_READ_SEARCH | UINT64_C(1) << CAP_DAC_OVERRIDE |
	            UINT64_C(1) << CAP_SYS_ADMIN | UINT64_C(1) << CAP_IPC_LOCK);
}
