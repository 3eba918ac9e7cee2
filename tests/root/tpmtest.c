/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpmtest.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static long log_from;

static const char *
need(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		test_bail("%s is not set", name);
	return value;
}

void
tpmtest_begin(char **argv, const char *const *options)
{
	char self[4096];
	char runner[4096];
	const char *args[24] = { runner, "--count" };
	size_t n = 2;
	ssize_t len;

	if (getenv("SL_TPM_DIR") != NULL)
		return;
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (len <= 0)
		test_bail("who am I");
	self[len] = '\0';
	(void)snprintf(runner, sizeof(runner), "%s/tests/with-tpm", need("SL_SRC"));
	for (; options != NULL && *options != NULL && n < 16; options++)
		args[n++] = *options;
	args[n++] = self;
	for (char **arg = argv + 1; *arg != NULL && n < 23; arg++)
		args[n++] = *arg;
	args[n] = NULL;
	(void)execv(runner, (char *const *)(uintptr_t)args);
	test_bail("%s: %s", runner, strerror(errno));
}

void
tpmtest_shell(const char *fmt, ...)
{
	char command[4096];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	if (system(command) != 0)
		test_bail("failed: %s", command);
}

void
tpmtest_power_cycle(void)
{
	tpmtest_shell("%s/tests/with-tpm --power-cycle", need("SL_SRC"));
}

void
tpmtest_clear(void)
{
	tpmtest_shell("%s/tests/with-tpm --clear", need("SL_SRC"));
}

void
tpmtest_rules(const char *rules)
{
	char temp[4200];
	FILE *f;

	(void)snprintf(temp, sizeof(temp), "%s.new", need("SL_TPM_RULES"));
	f = fopen(temp, "w");
	if (f == NULL || fputs(rules, f) < 0 || fclose(f) != 0 || rename(temp, need("SL_TPM_RULES")) != 0)
		test_bail("%s: %s", temp, strerror(errno));
}

void
tpmtest_log_reset(void)
{
	struct stat st;

	if (stat(need("SL_TPM_LOG"), &st) != 0)
		test_bail("%s: %s", need("SL_TPM_LOG"), strerror(errno));
	log_from = (long)st.st_size;
}

static char *
read_log(void)
{
	FILE *f = fopen(need("SL_TPM_LOG"), "r");
	char *text = NULL;
	size_t room = 0;
	size_t have = 0;

	if (f == NULL || fseek(f, log_from, SEEK_SET) != 0)
		test_bail("%s: %s", need("SL_TPM_LOG"), strerror(errno));
	for (;;) {
		if (have + 4096 > room) {
			room = room * 2 + 8192;
			text = realloc(text, room);
			if (text == NULL)
				test_bail("out of memory");
		}
		const size_t n = fread(text + have, 1, room - have - 1, f);

		if (n == 0)
			break;
		have += n;
	}
	text[have] = '\0';
	(void)fclose(f);
	return text;
}

char *
tpmtest_log_commands(void)
{
	char *text = read_log();
	char *names = calloc(1, strlen(text) + 1);
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "cmd ", 4) != 0)
			continue;
		strncat(names, line + 4, strcspn(line + 4, " "));
		strcat(names, " ");
	}
	free(text);
	return names;
}

unsigned
tpmtest_log_count(void)
{
	char *names = tpmtest_log_commands();
	unsigned n = 0;

	for (const char *p = names; *p != '\0'; p++)
		n += *p == ' ';
	free(names);
	return n;
}

bool
tpmtest_log_has(const void *bytes, size_t len)
{
	char *text = read_log();
	char hex[1024] = "";
	bool found;

	for (size_t i = 0; i < len && 2 * i + 2 < sizeof(hex); i++)
		(void)sprintf(hex + 2 * i, "%02x", ((const unsigned char *)bytes)[i]);
	found = strstr(text, hex) != NULL;
	free(text);
	return found;
}

bool
tpmtest_log_wait_fault(void)
{
	for (int i = 0; i < 4000; i++) {
		char *text = read_log();
		const bool found = strstr(text, "fault ") != NULL;

		free(text);
		if (found)
			return true;
		(void)poll(NULL, 0, 5);
	}
	return false;
}

static unsigned
loaded_of(const char *what)
{
	char command[256];
	char line[256];
	unsigned n = 0;
	FILE *f;

	(void)snprintf(command, sizeof(command), "tpm2_getcap %s", what);
	f = popen(command, "r");
	if (f == NULL)
		test_bail("tpm2_getcap");
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, "0x") != NULL;
	if (pclose(f) != 0)
		test_bail("tpm2_getcap %s failed", what);
	return n;
}

unsigned
tpmtest_loaded(void)
{
	return loaded_of("handles-transient") + loaded_of("handles-loaded-session") + loaded_of("handles-saved-session");
}

const char *
tpmtest_tcti(void)
{
	return need("SEEDLEAF_TCTI");
}

const char *
tpmtest_dir(void)
{
	return need("SL_TPM_DIR");
}

struct sl_device *
tpmtest_device(void)
{
	struct sl_device *device = NULL;

	if (sl_device_open(tpmtest_tcti(), &device) != SL_OK)
		test_bail("sl_device_open");
	return device;
}

struct sl_root *
tpmtest_open(const struct sl_root_spec *spec, struct sl_device **ret_device)
{
	struct sl_root *root = NULL;

	*ret_device = tpmtest_device();
	if (sl_root_open(*ret_device, spec, &root) != SL_OK)
		test_bail("sl_root_open");
	return root;
}

void
tpmtest_close(struct sl_root **root, struct sl_device **device)
{
	sl_root_close(root);
	sl_device_close(device);
}

struct sl_root_spec
tpmtest_spec(enum sl_hierarchy hierarchy, const char *name_space)
{
	return (struct sl_root_spec){ .kind = SL_ROOT_PRIMARY, .hierarchy = hierarchy, .name_space = (char *)(uintptr_t)name_space };
}

struct sl_root_name
tpmtest_name(const struct sl_root_spec *spec)
{
	struct sl_root_name name = { .len = 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(spec, &device);
	struct sl_msg msg;

	if (sl_root_name(root, &name) != SL_OK) {
		sl_device_trouble(device, &msg);
		test_note("%s", msg.text);
	}
	tpmtest_close(&root, &device);
	return name;
}

enum sl_err
tpmtest_derive(const struct sl_root_spec *spec, int fill, uint8_t *out)
{
	uint8_t context[SL_ROOT_CONTEXT];
	struct sl_secret secret = { 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(spec, &device);
	struct sl_msg msg;
	enum sl_err err;

	memset(context, fill, sizeof(context));
	err = sl_root_derive(root, NULL, context, 1, &secret, NULL);
	if (err != SL_OK) {
		sl_device_trouble(device, &msg);
		test_note("%s", msg.text);
	} else {
		memcpy(out, secret.bytes, SL_ROOT_SECRET);
	}
	sl_secret_clear(&secret);
	tpmtest_close(&root, &device);
	return err;
}

bool
tpmtest_same(const struct sl_root_name *a, const struct sl_root_name *b)
{
	return a->len != 0 && a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}
