/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/secret_input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>

/*
 * What would leave the terminal without echo: caught while it is so. They are blocked except within ppoll(), so that none is lost between a look
 * at `caught` and the waiting.
 */
static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE, SIGALRM };

static volatile sig_atomic_t caught;

static void
catch(int signal)
{
	caught = signal;
}

/* The state before. */
struct quiet {
	int fd;
	struct termios terminal;
	sigset_t mask;
	struct sigaction actions[SL_ARRAY_LEN(signals)];
};

/* Blocks the signals and catches those that are not ignored. */
static void
hold_signals(struct quiet *quiet)
{
	struct sigaction action = { .sa_handler = catch };
	sigset_t all;

	(void)sigemptyset(&all);
	(void)sigfillset(&action.sa_mask);
	for (size_t i = 0; i < SL_ARRAY_LEN(signals); i++)
		(void)sigaddset(&all, signals[i]);
	(void)sigprocmask(SIG_BLOCK, &all, &quiet->mask);
	caught = 0;
	for (size_t i = 0; i < SL_ARRAY_LEN(signals); i++)
		if (sigaction(signals[i], NULL, &quiet->actions[i]) == 0 && quiet->actions[i].sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
}

/* Whatever is pending takes its usual course after this: the terminal has to be as it was. */
static void
release_signals(const struct quiet *quiet)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(signals); i++)
		(void)sigaction(signals[i], &quiet->actions[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &quiet->mask, NULL);
}

/* With SIGTTOU blocked a process in the background could change the terminal under the one in front. */
static bool
in_front(int fd)
{
	return tcgetpgrp(fd) == getpgrp();
}

static enum sl_err
set_quiet(struct quiet *quiet, const char *prompt)
{
	struct termios silent;

	if (tcgetattr(quiet->fd, &quiet->terminal) != 0)
		return SL_ERR_NOT_FOUND;
	silent = quiet->terminal;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	silent.c_lflag |= ICANON | ISIG;
	if (tcsetattr(quiet->fd, TCSAFLUSH, &silent) != 0)
		return SL_ERR_IO;
	return write(quiet->fd, prompt, strlen(prompt)) < 0 ? SL_ERR_IO : SL_OK;
}

static void
end_quiet(const struct quiet *quiet)
{
	(void)tcsetattr(quiet->fd, TCSAFLUSH, &quiet->terminal);
	if (write(quiet->fd, "\n", 1) != 1)
		return; /* nobody sees that line either */
}

/* SL_ERR_BUSY: a signal came. */
static enum sl_err
wait_input(const struct quiet *quiet)
{
	for (;;) {
		struct pollfd poll = { .fd = quiet->fd, .events = POLLIN };
		const int n = ppoll(&poll, 1, NULL, &quiet->mask);

		if (caught != 0)
			return SL_ERR_BUSY;
		if (n > 0)
			return SL_OK;
		if (n < 0 && errno != EINTR)
			return SL_ERR_IO;
	}
}

/* The terminal gives whole lines; a long one in parts, whose rest is read and forgotten. */
static enum sl_err
read_line(const struct quiet *quiet, struct sl_secret *room, size_t *ret_len)
{
	uint8_t byte = 0;
	size_t used = 0;
	enum sl_err err;

	for (;;) {
		ssize_t n;

		if ((err = wait_input(quiet)) != SL_OK)
			break;
		n = read(quiet->fd, &byte, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (n == 0 && used == 0)) {
			err = SL_ERR_IO; /* the end of the file, or of the terminal */
			break;
		}
		if (n == 0 || byte == '\n')
			break;
		if (used < room->len)
			room->bytes[used] = byte;
		used++;
	}
	sl_secret_wipe(&byte, sizeof(byte));
	if (err == SL_OK && used > room->len)
		return SL_ERR_RANGE;
	if (err == SL_OK)
		*ret_len = used;
	return err;
}

/* One try: SL_ERR_BUSY and *ret_signal when a signal interrupted it. */
static enum sl_err
ask_once(int fd, const char *prompt, struct sl_secret *room, size_t *ret_len, int *ret_signal)
{
	struct quiet quiet = { .fd = fd };
	enum sl_err err;

	hold_signals(&quiet);
	if (!in_front(fd)) {
		*ret_signal = SIGTTIN;
		release_signals(&quiet);
		return SL_ERR_BUSY;
	}
	err = set_quiet(&quiet, prompt);
	if (err == SL_OK)
		err = read_line(&quiet, room, ret_len);
	if (err != SL_ERR_NOT_FOUND)
		end_quiet(&quiet);
	if (err == SL_ERR_BUSY) {
		*ret_signal = caught;
		sl_secret_wipe(room->bytes, room->len);
	}
	release_signals(&quiet);
	return err;
}

enum sl_err
sl_terminal_ask(const char *prompt, struct sl_secret *room, size_t *ret_len)
{
	SL_CLOSE int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	enum sl_err err = fd < 0 ? SL_ERR_NOT_FOUND : SL_ERR_BUSY;
	bool background = false;
	int signal = 0;

	while (err == SL_ERR_BUSY) {
		err = ask_once(fd, prompt, room, ret_len, &signal);
		/* Nobody is there who could bring an orphaned group to the front: the signal does not stop it. */
		if (err == SL_ERR_BUSY && signal == SIGTTIN && background)
			return SL_ERR_NOT_FOUND;
		background = signal == SIGTTIN;
		/* As if it came now. One that stopped us: asked again afterwards. */
		if (err == SL_ERR_BUSY && kill(getpid(), signal) != 0)
			return SL_ERR_IO;
	}
	return err;
}
