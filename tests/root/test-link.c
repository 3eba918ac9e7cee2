/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpmtest.h"
#include "root/tpm_link.h"

#include <fcntl.h>
#include <pthread.h>
#include <pty.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

/* How a TPM is reached, or not. */

static const struct sl_root_spec spec = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_OWNER, .name_space = (char *)(uintptr_t)"link" };
static uint8_t right[32];

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static enum sl_err
present(const char *tcti, double *ret_seconds, struct sl_msg *ret_trouble)
{
	struct sl_device *device = NULL;
	struct sl_root *root = NULL;
	const double start = now();
	enum sl_err err;

	if (sl_device_open(tcti, &device) != SL_OK || sl_root_open(device, &spec, &root) != SL_OK)
		test_bail("open");
	err = sl_root_present(root, NULL);
	*ret_seconds = now() - start;
	sl_device_trouble(device, ret_trouble);
	sl_root_close(&root);
	sl_device_close(&device);
	return err;
}

/* Nothing may reach the standard error output of our host: it is a pipe here. */
static void
absent(void)
{
	char refused[128];
	const char *const names[] = { "device:/nonexistent/tpm", "device:/dev/full/x", refused, "swtpm:path=/nonexistent", "swtpm:port",
		                      "swtpm:host=127.0.0.1,port=notanumber" };
	const int saved = dup(2);
	int ends[2];
	char noise[256];
	ssize_t heard;

	(void)snprintf(refused, sizeof(refused), "swtpm:host=127.0.0.1,port=1");
	if (saved < 0 || pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0 || dup2(ends[1], 2) < 0)
		test_bail("pipe");
	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
		struct sl_msg why;
		double seconds;

		test_eq(present(names[i], &seconds, &why), SL_ERR_ABSENT, "%s is absent", names[i]);
		test_ok(seconds < 0.05, "quickly: %.4f s", seconds);
		test_ok(strstr(why.text, names[i]) != NULL, "and says why: %s", why.text);
	}
	(void)dup2(saved, 2);
	(void)close(saved);
	heard = read(ends[0], noise, sizeof(noise));
	test_ok(heard < 0, "nothing on the standard error output");
	(void)close(ends[0]);
	(void)close(ends[1]);
}

static struct sl_tpm_link *
open_link(void)
{
	struct sl_tpm_link *link = NULL;
	struct sl_msg why;

	if (sl_tpm_link_open(tpmtest_tcti(), &link, &why) != SL_OK)
		test_bail("%s", why.text);
	return link;
}

static void
ask_random(struct sl_tpm_link *link)
{
	static const uint8_t command[] = { 0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7B, 0, 8 };
	uint8_t answer[SL_TPM_MESSAGE_MAX];
	size_t len = 0;

	test_eq(sl_tpm_link_exchange(link, command, sizeof(command), answer, &len), SL_OK, "a command by hand");
	test_eq(len, 20, "its answer");
}

static void
held(void)
{
	struct sl_tpm_link *other = open_link();
	struct sl_msg why;
	double seconds;

	ask_random(other);
	test_eq(present(tpmtest_tcti(), &seconds, &why), SL_ERR_ABSENT, "held by another client: absent");
	test_ok(seconds < 8, "in the end: %.1f s", seconds);
	sl_tpm_link_close(&other);
	test_eq(present(tpmtest_tcti(), &seconds, &why), SL_OK, "and back when it is gone");
}

/* A child has no part in the connection of its parent, and none in its device. */
static void
forked(void)
{
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_tpm_link *link = open_link();
	struct sl_root_name name;
	uint8_t context[32] = { 0 };
	struct sl_secret secret = { 0 };
	int hold[2];
	int status = -1;
	pid_t pid;
	char c;

	ask_random(link);
	test_eq(sl_root_present(root, NULL) == SL_ERR_ABSENT, true, "held by ourselves");
	if (pipe2(hold, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		test_bail("fork");
	if (pid == 0) {
		bool ok = sl_root_present(root, NULL) == SL_ERR_DEVICE && sl_root_name(root, &name) == SL_ERR_DEVICE &&
		          sl_root_derive(root, NULL, context, 1, &secret, NULL) == SL_ERR_DEVICE &&
		          sl_root_random(root, context, 8) == SL_ERR_DEVICE && sl_root_salt_key(root, &name) == SL_ERR_DEVICE;

		tpmtest_close(&root, &device);
		(void)close(hold[1]);
		ok = read(hold[0], &c, 1) == 0 && ok; /* we live until the parent has closed */
		_exit(ok && tpmtest_derive(&spec, 1, context) == SL_OK && memcmp(context, right, 32) == 0 ? 0 : 1);
	}
	sl_tpm_link_close(&link);
	sl_device_forget(device);
	test_eq(sl_root_present(root, NULL), SL_OK, "the connection closes although a child was forked");
	(void)close(hold[1]);
	(void)waitpid(pid, &status, 0);
	test_ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child cannot use our device, and can use its own");
	(void)close(hold[0]);
	tpmtest_close(&root, &device);
}

/* A character device made of a pseudo-terminal: whole commands in, answers in pieces out. */
struct bridge {
	int master;
	unsigned commands;
};

static size_t
need_more(const uint8_t *p, size_t have)
{
	const size_t want = have < 6 ? 6 : (size_t)p[4] << 8 | p[5];

	return have < want ? want - have : 0;
}

static void *
carry(void *arg)
{
	struct bridge *b = arg;
	struct sl_tpm_link *link = NULL;

	for (;;) {
		uint8_t command[SL_TPM_MESSAGE_MAX];
		uint8_t answer[SL_TPM_MESSAGE_MAX];
		size_t have = 0;
		size_t len = 0;
		size_t more;

		while ((more = need_more(command, have)) != 0) {
			const ssize_t n = read(b->master, command + have, more);

			if (n <= 0)
				return NULL;
			have += (size_t)n;
		}
		link = open_link();
		if (sl_tpm_link_exchange(link, command, have, answer, &len) != SL_OK)
			return NULL;
		sl_tpm_link_close(&link);
		b->commands++;
		for (size_t at = 0; at < len; at += 7)
			if (write(b->master, answer + at, len - at < 7 ? len - at : 7) < 0)
				return NULL;
	}
}

static void
device(void)
{
	struct bridge bridge = { .commands = 0 };
	struct termios raw;
	struct sl_device *dev = NULL;
	struct sl_root *root = NULL;
	struct sl_secret secret = { 0 };
	uint8_t context[32];
	char path[256];
	char tcti[300];
	pthread_t thread;
	int slave = -1;

	memset(context, 1, sizeof(context));
	memset(&raw, 0, sizeof(raw));
	cfmakeraw(&raw);
	if (openpty(&bridge.master, &slave, path, &raw, NULL) != 0 || pthread_create(&thread, NULL, carry, &bridge) != 0)
		test_bail("openpty");
	(void)snprintf(tcti, sizeof(tcti), "device:%s", path);
	if (sl_device_open(tcti, &dev) != SL_OK || sl_root_open(dev, &spec, &root) != SL_OK)
		test_bail("open %s", tcti);
	test_eq(sl_root_derive(root, NULL, context, 1, &secret, NULL), SL_OK, "a secret through a character device");
	test_mem(secret.bytes, secret.len, right, 32, "the right one");
	sl_secret_clear(&secret);
	tpmtest_close(&root, &dev);
	(void)close(slave);
	(void)pthread_join(thread, NULL);
	test_eq(bridge.commands, 7, "every command went that way");
	(void)close(bridge.master);
}

static void
other_names(void)
{
	char names[2][512];

	(void)snprintf(names[0], sizeof(names[0]), "swtpm:path=%s/data.sock", tpmtest_dir());
	(void)snprintf(names[1], sizeof(names[1]), "libtss2-tcti-swtpm.so.0:%s", tpmtest_tcti() + strlen("swtpm:"));
	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
		struct sl_device *dev = NULL;
		struct sl_root *root = NULL;
		struct sl_secret secret = { 0 };
		uint8_t context[32];

		memset(context, 1, sizeof(context));
		if (sl_device_open(names[i], &dev) != SL_OK || sl_root_open(dev, &spec, &root) != SL_OK)
			test_bail("open");
		test_eq(sl_root_derive(root, NULL, context, 1, &secret, NULL), SL_OK, "a secret through %s", names[i]);
		test_mem(secret.bytes, secret.len, right, 32, "the right one");
		sl_secret_clear(&secret);
		tpmtest_close(&root, &dev);
	}
}

static void
managed(void)
{
	test_ok(!sl_tpm_link_bare("device:/dev/tpmrm0"), "the kernel's resource manager");
	test_ok(sl_tpm_link_bare("device:/dev/tpm0"), "a bare device");
	test_ok(sl_tpm_link_bare(tpmtest_tcti()), "a bare software TPM");
	test_ok(!sl_tpm_link_bare("tabrmd:bus_type=session"), "a resource manager");
}

int
main(int argc, char **argv)
{
	tpmtest_begin(argv, NULL);
	if (argc == 2 && strcmp(argv[1], "unstarted") == 0) { /* under with-tpm --no-startup */
		struct sl_msg why;
		double seconds;

		test_eq(present(tpmtest_tcti(), &seconds, &why), SL_ERR_ABSENT, "no TPM2_Startup: absent: %s", why.text);
		return test_done();
	}
	if (tpmtest_derive(&spec, 1, right) != SL_OK)
		test_bail("no secret to compare with");
	managed();
	absent();
	other_names();
	device();
	held();
	forked();
	return test_done();
}
