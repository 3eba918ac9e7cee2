/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "request-key/request.h"
#include "root/root.h"
#include "root/upcall_form.h"
#include "vector.h"

#include <errno.h>
#include <keyutils.h>
#include <sys/syscall.h>
#include <time.h>

/*
 * root = keyring:seedleaf without its helper. The kernel finds what is in the keyrings before it asks anybody, so the answers are put there beforehand,
 * which works for upcall-cache = yes and must not work without it.
 */
#define MASK 0x1b000000U

/* The kernel's answer to the next requests, as many as there are; and a clock that goes on by the pauses between them, which so cost nothing. */
static struct {
	unsigned refusals;
	int err;
	unsigned n_pauses;
	unsigned n_bad;
	int64_t pauses_ms[64];
	int64_t offset_ms;
} kernel;

key_serial_t
request_key(const char *type, const char *description, const char *callout_info, key_serial_t keyring)
{
	if (kernel.refusals == 0)
		return (key_serial_t)syscall(SYS_request_key, type, description, callout_info, keyring);
	kernel.refusals--;
	errno = kernel.err;
	return -1;
}

int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *pause, struct timespec *ret_left)
{
	(void)ret_left;
	if (clock != CLOCK_MONOTONIC || flags != 0 || pause->tv_sec < 0 || pause->tv_nsec < 0 || pause->tv_nsec >= 1000000000L) {
		kernel.n_bad++;
		kernel.offset_ms += 1; /* so that nobody waits for ever */
		return EINVAL;
	}
	kernel.pauses_ms[kernel.n_pauses++ % 64] = (int64_t)pause->tv_sec * 1000 + pause->tv_nsec / 1000000;
	kernel.offset_ms += kernel.pauses_ms[(kernel.n_pauses - 1) % 64];
	return 0;
}

int
clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	const int err = (int)syscall(SYS_clock_gettime, clock, ret_now);

	if (err == 0 && clock == CLOCK_MONOTONIC) {
		ret_now->tv_sec += kernel.offset_ms / 1000;
		ret_now->tv_nsec += kernel.offset_ms % 1000 * 1000000L;
		if (ret_now->tv_nsec >= 1000000000L) {
			ret_now->tv_sec++;
			ret_now->tv_nsec -= 1000000000L;
		}
	}
	return err;
}

static void
refuse_next(unsigned n, int err)
{
	const int64_t offset_ms = kernel.offset_ms;

	memset(&kernel, 0, sizeof(kernel));
	kernel.refusals = n;
	kernel.err = err;
	kernel.offset_ms = offset_ms;
}

static void
module_row(const char *line)
{
	char space[VECTOR_TEXT], want_name[VECTOR_TEXT], name[SL_UPCALL_NAME], description[600];
	uint8_t context[32], answer[32], want[34];
	SL_SECRET answered = { 0 };
	SL_SECRET secret = { 0 };
	struct sl_request request;
	struct sl_msg msg;

	if (!vector_text(line, "namespace", space) || !vector_text(line, "name", want_name) || vector_hex(line, "context", context, 32) != 32 ||
	    vector_hex(line, "answer", answer, 32) != 32 || vector_hex(line, "secret", want, 32) != 32)
		test_bail("a vector");
	test_ok(sl_upcall_form_name(space, context, name) == SL_OK, "namespace \"%s\"", space);
	test_str(name, want_name, "its name");
	(void)snprintf(description, sizeof(description), "seedleaf:web:%s#00", name);
	test_ok(sl_request_parse(description, "-", &request, &msg) == SL_OK && strcmp(request.name, name) == 0, "the helper understands it");
	if (sl_secret_copy(&answered, answer, 32) != SL_OK || sl_upcall_form_secret(&answered, context, &secret) != SL_OK)
		test_bail("the secret");
	test_mem(secret.bytes, secret.len, want, 32, "its secret");
}

/* A key as the helper makes it, for a context; *ret_key is its number, or -1 where the kernel has no keys for us. */
static void
plant_bytes(const char *space, const uint8_t context[32], const void *answer, size_t len, uint32_t mask, int32_t *ret_key)
{
	char name[SL_UPCALL_NAME], description[600];

	if (sl_upcall_form_name(space, context, name) != SL_OK)
		test_bail("the name");
	(void)snprintf(description, sizeof(description), "seedleaf:web:%s", name);
	*ret_key = add_key("user", description, answer, len, KEY_SPEC_SESSION_KEYRING);
	if (*ret_key < 0 || keyctl_setperm(*ret_key, mask) != 0)
		test_bail("add_key: %s", strerror(errno));
}

static void
plant(const char *space, const uint8_t context[32], const uint8_t answer[32], uint32_t mask, int32_t *ret_key)
{
	plant_bytes(space, context, answer, 32, mask, ret_key);
}

static struct sl_root *
open_root(struct sl_device *device, struct sl_root_spec *spec, bool cache)
{
	static char name[] = "web", space[] = "web";
	struct sl_root *root = NULL;

	*spec = (struct sl_root_spec){ .kind = SL_ROOT_UPCALL, .key_name = name, .name_space = space, .cache = cache };
	if (sl_root_open(device, spec, &root) != SL_OK)
		test_bail("sl_root_open");
	return root;
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The whole way, by the last row of the vectors that is in namespace "web". */
static char line[VECTOR_TEXT];

static void
note_web(const char *row)
{
	if (strstr(row, "\"namespace\": \"web\"") != NULL)
		(void)snprintf(line, sizeof(line), "%s", row);
}

static void
answered(struct sl_device *device)
{
	uint8_t context[32], identity_context[32], answer[32], want[34], other[32] = { 1 };
	struct sl_root_spec spec;
	struct sl_root *root = open_root(device, &spec, true);
	struct sl_root_name name = { .len = 0 };
	SL_SECRET secret = { 0 };
	struct sl_msg why;
	int32_t key, id;

	if (vector_hex(line, "context", context, 32) != 32 || vector_hex(line, "answer", answer, 32) != 32 ||
	    sl_upcall_form_identity_context(identity_context) != SL_OK)
		test_bail("a vector");
	plant("web", context, answer, MASK, &key);
	test_ok(vector_hex(line, "secret", want, 34) == 32 && sl_root_derive(root, NULL, context, 1, &secret, NULL) == SL_OK, "an answer is taken");
	test_mem(secret.bytes, secret.len, want, 32, "and gives the secret");
	sl_secret_clear(&secret);
	test_eq(sl_root_present(root, NULL), SL_ERR_ABSENT, "no answer for the identity: absent");
	plant("web", identity_context, answer, MASK, &id);
	test_ok(sl_root_present(root, NULL) == SL_OK && sl_root_name(root, &name) == SL_OK && name.len == 34 && name.bytes[1] == 0x0b, "present with one");
	test_ok(sl_root_derive(root, &name, context, 1, &secret, NULL) == SL_OK, "it is the expected root");
	sl_secret_clear(&secret);
	(void)keyctl_invalidate(id);
	plant("web", identity_context, other, MASK, &id);
	test_eq(sl_root_derive(root, &name, context, 1, &secret, NULL), SL_ERR_MISMATCH, "then it is another");
	(void)keyctl_invalidate(id);
	(void)keyctl_invalidate(key);
	plant("web", context, answer, MASK | KEY_USR_VIEW, &key);
	test_eq(sl_root_derive(root, NULL, context, 1, &secret, NULL), SL_ERR_ACCESS, "not a key that others may look at");
	sl_root_trouble(root, &why);
	test_ok(strstr(why.text, "did not make") != NULL, "%s", why.text);
	(void)keyctl_invalidate(key);
	sl_root_close(&root);
}

static void
of_other_lengths(struct sl_device *device)
{
	static const size_t lengths[] = { 1, 5, 31, 33, 64 };
	static const uint8_t answer[64] = { 1 };
	struct sl_root_spec spec;
	struct sl_root *root = open_root(device, &spec, true);
	uint8_t context[32];
	struct sl_msg why;
	int32_t key;

	if (vector_hex(line, "context", context, 32) != 32)
		test_bail("a vector");
	for (size_t i = 0; i < SL_ARRAY_LEN(lengths); i++) {
		SL_SECRET secret = { 0 };

		plant_bytes("web", context, answer, lengths[i], MASK, &key);
		test_ok(sl_root_derive(root, NULL, context, 1, &secret, NULL) == SL_ERR_ABSENT && secret.bytes == NULL, "no answer: %zu bytes", lengths[i]);
		sl_root_trouble(root, &why);
		test_ok(strstr(why.text, "the answer: ") != NULL, "%s", why.text);
		(void)keyctl_invalidate(key);
	}
	sl_root_close(&root);
}

static void
busy(struct sl_device *device)
{
	struct sl_root_spec spec;
	struct sl_root *root = open_root(device, &spec, true);
	uint8_t context[32], answer[32];
	SL_SECRET secret = { 0 };
	int64_t limit = 50, start;
	int32_t key;

	if (vector_hex(line, "context", context, 32) != 32 || vector_hex(line, "answer", answer, 32) != 32)
		test_bail("a vector");
	plant("web", context, answer, MASK, &key);
	refuse_next(8, EBUSY);
	test_ok(sl_root_derive(root, NULL, context, 1, &secret, NULL) == SL_OK && kernel.refusals == 0, "who is refused with EBUSY asks again");
	test_ok(kernel.n_pauses == 8 && kernel.n_bad == 0, "after %u pauses, %u that the kernel does not know", kernel.n_pauses, kernel.n_bad);
	for (unsigned i = 0; i < kernel.n_pauses && i < 8; i++, limit *= 2)
		test_ok(kernel.pauses_ms[i] >= limit / 2 && kernel.pauses_ms[i] <= limit, "pause %u: %lld ms", i, (long long)kernel.pauses_ms[i]);
	sl_secret_clear(&secret);
	refuse_next(100000, EBUSY);
	start = kernel.offset_ms;
	test_eq(sl_root_derive(root, NULL, context, 1, &secret, NULL), SL_ERR_BUSY, "who is always refused is");
	test_ok(kernel.offset_ms - start > 28000 && kernel.offset_ms - start < 40000, "after %lld ms", (long long)(kernel.offset_ms - start));
	start = kernel.offset_ms;
	test_eq(sl_root_present(root, NULL), SL_ERR_BUSY, "so is who only looks");
	test_ok(kernel.offset_ms - start < 6000, "after %lld ms", (long long)(kernel.offset_ms - start));
	refuse_next(1, ETIMEDOUT);
	test_ok(sl_root_derive(root, NULL, context, 1, &secret, NULL) == SL_OK && kernel.refusals == 0, "ETIMEDOUT once: again");
	sl_secret_clear(&secret);
	refuse_next(2, ETIMEDOUT);
	test_ok(sl_root_derive(root, NULL, context, 1, &secret, NULL) == SL_ERR_ABSENT && kernel.refusals == 0, "twice: absent");
	refuse_next(0, 0);
	(void)keyctl_invalidate(key);
	sl_root_close(&root);
}

static void
unanswered(struct sl_device *device)
{
	uint8_t context[32], answer[32], identity_context[32];
	struct sl_root_spec spec;
	struct sl_root *root = open_root(device, &spec, false);
	SL_SECRET secret = { 0 };
	uint8_t random[3][16] = { { 0 } };
	const double start = now();
	struct sl_msg why;
	int32_t key, id;

	if (vector_hex(line, "context", context, 32) != 32 || vector_hex(line, "answer", answer, 32) != 32 ||
	    sl_upcall_form_identity_context(identity_context) != SL_OK)
		test_bail("a vector");
	plant("web", context, answer, MASK, &key);
	plant("web", identity_context, answer, MASK, &id);
	test_eq(sl_root_derive(root, NULL, context, 1, &secret, NULL), SL_ERR_ABSENT, "a planted answer is not found");
	test_eq(sl_root_present(root, NULL), SL_ERR_ABSENT, "no helper: absent");
	sl_root_trouble(root, &why);
	test_ok(strstr(why.text, "keyring:seedleaf:web: request_key: ") != NULL, "%s", why.text);
	test_ok(now() - start < 8, "in bounded time: %.2f s", now() - start);
	test_ok(sl_root_random(root, random[0], 16) == SL_OK && sl_root_random(root, random[1], 16) == SL_OK &&
	        memcmp(random[0], random[1], 16) != 0 && memcmp(random[0], random[2], 16) != 0, "random bytes need no helper");
	(void)keyctl_invalidate(key);
	(void)keyctl_invalidate(id);
	sl_root_close(&root);
}

int
main(void)
{
	struct sl_device *device = NULL;

	test_eq(vector_rows("token", module_row), 3, "all vectors");
	(void)vector_rows("token", note_web);
	if (keyctl_join_session_keyring(NULL) < 0) {
		test_skip(strerror(errno), "keys of this kernel");
		return test_done();
	}
	if (sl_device_open("device:/nonexistent/tpm", &device) != SL_OK)
		test_bail("sl_device_open");
	answered(device);
	of_other_lengths(device);
	unanswered(device);
	busy(device);
	sl_device_close(&device);
	return test_done();
}
