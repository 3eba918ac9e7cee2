/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOOL_SECRET_INPUT_H
#define SL_TOOL_SECRET_INPUT_H

#include "base/secret.h"

/* A PIN or a passphrase: from the terminal, a file, standard input or a systemd credential. Never from the command line or the environment. */
struct sl_secret_ask {
	const char *what;   /* "SO PIN of token owner": the prompt, and in messages */
	const char *option; /* "so-pin-file": in messages */
	const char *from;   /* its value: a path, "-" (a line of standard input), "credential:NAME"; NULL: the terminal */
	size_t min, max;    /* bytes */
	bool fresh;         /* a new one: the terminal is asked twice */
	bool optional;      /* no byte at all is fine, too */
};

/* Before the first secret; every command may compute keys: no core dumps, no debugger of the same user. */
void sl_secret_input_harden(void);

/*
 * *ret_secret stays empty where it is optional and nothing was given. SL_ERR_ARG, _RANGE, _FORMAT, _ACCESS, _NOT_FOUND, _IO, _MEMORY; msg says what and where,
 * and never the secret. A signal that ends the program at the prompt (or stops it) does so with the terminal as it was before.
 */
SL_MUST_CHECK enum sl_err sl_secret_input(const struct sl_secret_ask *ask, struct sl_secret *ret_secret, struct sl_msg *msg);

/* A whole file of secret text, as sl_secret_input() takes files: at most max bytes, nothing removed. */
SL_MUST_CHECK enum sl_err sl_secret_input_file(const char *path, size_t max, struct sl_secret *ret_secret, struct sl_msg *msg);

/* terminal.c: one line from /dev/tty without echo, without its newline. SL_ERR_NOT_FOUND: no terminal; SL_ERR_RANGE: longer than room. */
SL_MUST_CHECK enum sl_err sl_terminal_ask(const char *prompt, struct sl_secret *room, size_t *ret_len);

#endif
