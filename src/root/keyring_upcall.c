/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/keyring.h"

#include "base/log.h"
#include "base/text.h"
#include "crypto/mac.h"
#include "crypto/rand.h"
#include "root/keyring_cache.h"
#include "root/upcall_form.h"

#include <errno.h>
#include <keyutils.h>
#include <pthread.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#define KEY_TYPE "user"
#define OPTIONS "-" /* without any the kernel does not ask the helper */
#define NONCE 16
#define BUSY_SECONDS 30
#define LOOK_SECONDS 2 /* a token that cannot be asked now is an empty slot, soon */
#define PAUSE_MS 50
#define PAUSE_MAX_MS 6400

/*
 * doc/upcall.md, "The module". The key that answers a request lives in the calling thread's own keyring for as long as it takes to read it.
 */
struct upcall {
	struct sl_root base;
	struct sl_device *device; /* for its count of sl_device_forget() */
	const struct sl_root_spec *spec;
	pid_t pid;
	pthread_mutex_t lock; /* of what follows */
	bool has_name;
	uint64_t epoch;
	struct sl_root_name name;
	struct sl_msg why;
};

static struct upcall *
of(struct sl_root *root)
{
	return (struct upcall *)root; /* base is its first member */
}

static void
upcall_close(struct sl_root *root)
{
	if (of(root)->pid == getpid()) /* in a child a thread that is no more may hold it */
		(void)pthread_mutex_destroy(&of(root)->lock);
	free(root);
}

static void
upcall_trouble(struct sl_root *root, struct sl_msg *ret_msg)
{
	struct upcall *u = of(root);

	if (u->pid != getpid()) {
		sl_msg_set(ret_msg, "keyring:seedleaf:%s: opened by another process", u->spec->key_name);
		return;
	}
	(void)pthread_mutex_lock(&u->lock);
	*ret_msg = u->why;
	(void)pthread_mutex_unlock(&u->lock);
}

/* err 0: no trouble. */
static void
remember(struct upcall *u, const char *what, int err)
{
	struct sl_msg why = { .text = "" };

	if (err != 0) {
		sl_msg_set(&why, "keyring:seedleaf:%s: %s: %s", u->spec->key_name, what, strerror(err));
		sl_log(SL_LOG_DEBUG, "%s", why.text);
	}
	(void)pthread_mutex_lock(&u->lock);
	u->why = why;
	(void)pthread_mutex_unlock(&u->lock);
}

static enum sl_err
error_of(int number)
{
	switch (number) {
	case EBUSY:
	case EDQUOT: /* keys that are gone count until the kernel has swept them up */
		return SL_ERR_BUSY;
	case ETIMEDOUT: /* the TPM's time is over: once may be chance */
		return SL_ERR_DEVICE;
	case ENOMEM:
		return SL_ERR_MEMORY;
	default:
		return SL_ERR_ABSENT; /* the helper does not answer, or there is none */
	}
}

static int32_t
keyring_of(const struct upcall *u)
{
	return u->spec->cache && sl_keyring_cache_session() ? KEY_SPEC_SESSION_KEYRING : KEY_SPEC_THREAD_KEYRING;
}

/*
 * The kernel looks for the key in our keyrings before it asks anybody, and others may have access to those. A key that was made by the helper for us is ours,
 * and has permissions for its possessor alone.
 */
static bool
is_ours(int32_t key, const char *description)
{
	SL_FREE char *text = NULL;
	char want[64];
	size_t len;

	(void)snprintf(want, sizeof(want), KEY_TYPE ";%u;", (unsigned)geteuid());
	len = strlen(want);
	if (keyctl_describe_alloc(key, &text) < 0 || strncmp(text, want, len) != 0)
		return false;
	len += strcspn(text + len, ";");
	(void)snprintf(want, sizeof(want), ";%08x;", KEY_POS_VIEW | KEY_POS_READ | KEY_POS_SEARCH | KEY_POS_LINK);
	return strncmp(text + len, want, strlen(want)) == 0 && strcmp(text + len + strlen(want), description) == 0;
}

static enum sl_err
take(struct upcall *u, int32_t key, const char *description, struct sl_secret *ret_answer)
{
	SL_SECRET answer = { 0 };
	enum sl_err err = sl_secret_alloc(&answer, SL_ROOT_SECRET + 1);
	long len;

	if (err != SL_OK)
		return err;
	if (!is_ours(key, description)) {
		remember(u, "a key that the helper did not make for us", EKEYREJECTED);
		return SL_ERR_ACCESS;
	}
	len = keyctl_read(key, (char *)answer.bytes, answer.len);
	if (len != SL_ROOT_SECRET) {
		remember(u, "the answer", len < 0 ? errno : EBADMSG);
		return SL_ERR_ABSENT;
	}
	return sl_secret_copy(ret_answer, answer.bytes, SL_ROOT_SECRET);
}

static enum sl_err
ask_once(struct upcall *u, const char *name, struct sl_secret *ret_answer)
{
	const int32_t keyring = keyring_of(u);
	char description[512];
	char hex[2 * NONCE + 1] = "";
	uint8_t nonce[NONCE];
	enum sl_err err;
	int32_t key;

	if (keyring == KEY_SPEC_THREAD_KEYRING) {
		if ((err = sl_rand(nonce, sizeof(nonce))) != SL_OK)
			return err;
		sl_text_to_hex(nonce, sizeof(nonce), hex);
	}
	(void)snprintf(description, sizeof(description), "seedleaf:%s:%s%s%s", u->spec->key_name, name, hex[0] == '\0' ? "" : "#", hex);
	key = request_key(KEY_TYPE, description, OPTIONS, keyring);
	if (key < 0) {
		const int number = errno;

		remember(u, "request_key", number);
		return error_of(number);
	}
	err = take(u, key, description, ret_answer);
	if (keyring == KEY_SPEC_THREAD_KEYRING)
		(void)keyctl_invalidate(key);
	return err;
}

static int64_t
now_ms(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Longer each time, and for each process another: the helper takes one request of a user at a time. */
static void
pause_before(unsigned *limit_ms)
{
	struct timespec pause;
	uint8_t random = 0;
	unsigned ms;

	if (sl_rand(&random, 1) != SL_OK)
		random = 0; /* then all wait alike */
	ms = *limit_ms / 2 + *limit_ms * random / 512;
	pause = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L };
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	if (*limit_ms < PAUSE_MAX_MS)
		*limit_ms *= 2;
}

static enum sl_err
ask(struct upcall *u, const char *name, unsigned seconds, struct sl_secret *ret_answer)
{
	const int64_t end = now_ms() + (int64_t)seconds * 1000;
	unsigned limit_ms = PAUSE_MS;
	unsigned slow = 0;
	enum sl_err err;

	while (((err = ask_once(u, name, ret_answer)) == SL_ERR_BUSY && now_ms() < end) || (err == SL_ERR_DEVICE && slow++ == 0))
		pause_before(&limit_ms);
	if (err == SL_ERR_DEVICE)
		err = SL_ERR_ABSENT;
	if (err == SL_OK)
		remember(u, "", 0);
	return err;
}

static enum sl_err
apply(struct upcall *u, const uint8_t *context, unsigned seconds, struct sl_secret *ret_secret)
{
	SL_SECRET answer = { 0 };
	char name[SL_UPCALL_NAME];
	enum sl_err err;

	if ((err = sl_upcall_form_name(u->spec->name_space, context, name)) != SL_OK || (err = ask(u, name, seconds, &answer)) != SL_OK)
		return err;
	return sl_upcall_form_secret(&answer, context, ret_secret);
}

static enum sl_err
identify(struct upcall *u, unsigned seconds, struct sl_root_name *ret_name)
{
	const uint64_t epoch = sl_device_epoch(u->device);
	uint8_t context[SL_ROOT_CONTEXT];
	SL_SECRET secret = { 0 };
	struct sl_root_name name;
	enum sl_err err;

	if ((err = sl_upcall_form_identity_context(context)) != SL_OK || (err = apply(u, context, seconds, &secret)) != SL_OK ||
	    (err = sl_upcall_form_identity(&secret, &name)) != SL_OK)
		return err;
	(void)pthread_mutex_lock(&u->lock);
	u->has_name = true;
	u->epoch = epoch;
	u->name = name;
	(void)pthread_mutex_unlock(&u->lock);
	*ret_name = name;
	return SL_OK;
}

static enum sl_err
upcall_name(struct sl_root *root, struct sl_root_name *ret_name)
{
	struct upcall *u = of(root);
	const uint64_t epoch = sl_device_epoch(u->device);
	bool known;

	if (u->pid != getpid())
		return SL_ERR_DEVICE;
	(void)pthread_mutex_lock(&u->lock);
	known = u->has_name && u->epoch == epoch;
	if (known)
		*ret_name = u->name;
	(void)pthread_mutex_unlock(&u->lock);
	return known ? SL_OK : identify(u, LOOK_SECONDS, ret_name);
}

static enum sl_err
upcall_present(struct sl_root *root, struct sl_root_info *ret_info)
{
	struct sl_root_info info = { .manufacturer = "Linux", .model = "key upcall" };
	struct sl_root_name name;
	struct utsname system;
	const enum sl_err err = upcall_name(root, &name);

	if (err != SL_OK || ret_info == NULL)
		return err;
	if (uname(&system) == 0)
		(void)sscanf(system.release, "%5u.%5u", &info.firmware_major, &info.firmware_minor);
	*ret_info = info;
	return SL_OK;
}

/* That it is the expected root is asked each time: behind the helper the TPM can have been cleared. */
static enum sl_err
upcall_derive(struct sl_root *root, const struct sl_root_name *expect, const uint8_t *contexts, size_t n, struct sl_secret *ret_secrets,
              struct sl_root_name *ret_name)
{
	struct upcall *u = of(root);
	struct sl_root_name name;
	enum sl_err err = SL_OK;
	size_t done = 0;

	if (u->pid != getpid())
		return SL_ERR_DEVICE;
	if ((expect != NULL || ret_name != NULL) && (err = identify(u, BUSY_SECONDS, &name)) != SL_OK)
		return err;
	if (ret_name != NULL)
		*ret_name = name;
	if (expect != NULL && (expect->len != name.len || memcmp(expect->bytes, name.bytes, name.len) != 0))
		return SL_ERR_MISMATCH;
	while (done < n && (err = apply(u, contexts + done * SL_ROOT_CONTEXT, BUSY_SECONDS, &ret_secrets[done])) == SL_OK)
		done++;
	while (err != SL_OK && done > 0)
		sl_secret_clear(&ret_secrets[--done]);
	return err;
}

/* There is no device that we could ask. */
static enum sl_err
upcall_random(struct sl_root *root, uint8_t *out, size_t len)
{
	(void)root;
	return sl_rand(out, len);
}

static const struct sl_root_ops ops = {
	.close = upcall_close,
	.present = upcall_present,
	.trouble = upcall_trouble,
	.name = upcall_name,
	.derive = upcall_derive,
	.random = upcall_random,
	.seal_max = SL_SEAL_MAX,
	.seal = sl_keyring_seal,
	.unseal = sl_keyring_unseal,
};

enum sl_err
sl_upcall_open(struct sl_device *device, const struct sl_root_spec *spec, struct sl_root **ret_root)
{
	struct upcall *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return SL_ERR_MEMORY;
	u->base.ops = &ops;
	u->device = device;
	u->spec = spec;
	u->pid = getpid();
	(void)pthread_mutex_init(&u->lock, NULL);
	*ret_root = &u->base;
	return SL_OK;
}
