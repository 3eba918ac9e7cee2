/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/tool.h"

#include <stdarg.h>

void
sl_report(const char *fmt, ...)
{
	va_list args;

	(void)fputs("seedleaf: ", stderr);
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
}

int
sl_report_error(enum sl_err err, const char *what, const struct sl_msg *msg)
{
	if (msg != NULL && msg->text[0] != '\0')
		sl_report("%s", msg->text);
	else
		sl_report("%s: %s", what, sl_err_text(err));
	switch (err) {
	case SL_ERR_ARG:
	case SL_ERR_RANGE:
	case SL_ERR_FORMAT:
	case SL_ERR_VERSION:
	case SL_ERR_EXISTS:    /* what was named is there already, */
	case SL_ERR_NOT_FOUND: /* or is not */
		return SL_EXIT_USAGE;
	default:
		return SL_EXIT_FAILURE;
	}
}

struct sl_config *
sl_report_config(int *ret_status)
{
	struct sl_config *config = NULL;
	struct sl_msg msg = { "" };
	const enum sl_err err = sl_config_load(&config, &msg);

	if (err == SL_OK) {
		sl_log_setup(config->log_level, config->log_file);
		return config;
	}
	*ret_status = sl_report_error(err, "configuration", &msg);
	/* A file that is missing or that others can write is a wrong configuration, too. */
	if (err != SL_ERR_MEMORY && err != SL_ERR_IO)
		*ret_status = SL_EXIT_USAGE;
	return NULL;
}
