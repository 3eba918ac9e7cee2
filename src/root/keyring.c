/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/keyring.h"

#include "base/log.h"
#include "crypto/mac.h"
#include "root/keyring_hash.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#define DIGEST 32
#define TPM_ALG_SHA256 0x0b /* a name begins as a TPM's does */

/*
 * doc/derivation.md, "A root that the kernel keeps". Nothing is remembered between two calls, not even the name: asking costs a dozen system calls, and a key
 * that was revoked or replaced is so at once.
 */
struct keyring {
	struct sl_root base;
	const struct sl_root_spec *spec;
	uint8_t space[DIGEST];
	pid_t pid;
	pthread_mutex_t lock; /* of why */
	struct sl_msg why;
};

static struct keyring *
of(struct sl_root *root)
{
	return (struct keyring *)root; /* base is its first member */
}

static void
keyring_close(struct sl_root *root)
{
	if (of(root)->pid == getpid()) /* in a child a thread that is no more may hold it */
		(void)pthread_mutex_destroy(&of(root)->lock);
	free(root);
}

/* An empty text: no trouble. */
static void
remember(struct keyring *k, const struct sl_msg *why)
{
	if (why->text[0] != '\0')
		sl_log(SL_LOG_DEBUG, "%s", why->text);
	(void)pthread_mutex_lock(&k->lock);
	k->why = *why;
	(void)pthread_mutex_unlock(&k->lock);
}

static void
keyring_trouble(struct sl_root *root, struct sl_msg *ret_msg)
{
	struct keyring *k = of(root);

	if (k->pid != getpid()) {
		sl_msg_set(ret_msg, "keyring:%s:%s: opened by another process", k->spec->key_type, k->spec->key_name);
		return;
	}
	(void)pthread_mutex_lock(&k->lock);
	*ret_msg = k->why;
	(void)pthread_mutex_unlock(&k->lock);
}

static enum sl_err
apply(const struct keyring *k, const struct sl_keyring_hash *hash, const uint8_t *context, struct sl_secret *ret_secret, struct sl_msg *why)
{
	uint8_t message[DIGEST + SL_ROOT_CONTEXT];
	SL_SECRET secret = { 0 };
	enum sl_err err = sl_secret_alloc(&secret, SL_ROOT_SECRET);

	if (err != SL_OK)
		return err;
	memcpy(message, k->space, DIGEST);
	memcpy(message + DIGEST, context, SL_ROOT_CONTEXT);
	err = sl_keyring_hash_run(hash, message, sizeof(message), secret.bytes, why);
	sl_secret_wipe(message, sizeof(message)); /* contexts can have the token secret in them */
	if (err == SL_OK)
		*ret_secret = sl_secret_take(&secret);
	return err;
}

static enum sl_err
identify(const struct keyring *k, const struct sl_keyring_hash *hash, struct sl_root_name *ret_name, struct sl_msg *why)
{
	static const char what[] = "seedleaf keyring identity v1";
	static const char label[] = "seedleaf keyring root v1"; /* hashed with its terminating zero */
	struct sl_root_name name = { .bytes = { 0, TPM_ALG_SHA256 }, .len = 2 + DIGEST };
	uint8_t context[SL_HASH_MAX];
	SL_SECRET text = { 0 };
	SL_SECRET secret = { 0 };
	enum sl_err err;

	if ((err = sl_hash_once(SL_HASH_SHA256, what, sizeof(what) - 1, context)) != SL_OK ||
	    (err = apply(k, hash, context, &secret, why)) != SL_OK ||
	    (err = sl_secret_alloc(&text, sizeof(label) + secret.len)) != SL_OK)
		return err;
	memcpy(text.bytes, label, sizeof(label));
	memcpy(text.bytes + sizeof(label), secret.bytes, secret.len);
	if ((err = sl_hash_once(SL_HASH_SHA256, text.bytes, text.len, name.bytes + 2)) != SL_OK)
		return err;
	*ret_name = name;
	return SL_OK;
}

/* What is to be derived beside the name; n 0: nothing. */
struct job {
	const struct sl_root_name *expect;
	const uint8_t *contexts;
	size_t n;
	struct sl_secret *secrets;
};

static enum sl_err
run(const struct keyring *k, const struct job *job, struct sl_root_name *ret_name, struct sl_msg *why)
{
	SL_CLEANUP(sl_keyring_hash_close) struct sl_keyring_hash hash = { -1, -1 };
	enum sl_err err;
	size_t done = 0;

	if ((err = sl_keyring_hash_open(k->spec, &hash, why)) != SL_OK || (err = identify(k, &hash, ret_name, why)) != SL_OK)
		return err;
	if (job->expect != NULL && (job->expect->len != ret_name->len || memcmp(job->expect->bytes, ret_name->bytes, ret_name->len) != 0)) {
		sl_msg_set(why, "keyring:%s:%s: another key than before", k->spec->key_type, k->spec->key_name);
		return SL_ERR_MISMATCH;
	}
	while (done < job->n && (err = apply(k, &hash, job->contexts + done * SL_ROOT_CONTEXT, &job->secrets[done], why)) == SL_OK)
		done++;
	while (err != SL_OK && done > 0)
		sl_secret_clear(&job->secrets[--done]);
	return err;
}

/* *ret_name (may be NULL) is set where the key answered. */
static enum sl_err
ask(struct sl_root *root, const struct job *job, struct sl_root_name *ret_name)
{
	struct keyring *k = of(root);
	struct sl_root_name name = { .len = 0 };
	struct sl_msg why = { .text = "" };
	enum sl_err err;

	if (k->pid != getpid())
		return SL_ERR_DEVICE;
	err = run(k, job, &name, &why);
	remember(k, &why);
	if (ret_name != NULL && (err == SL_OK || err == SL_ERR_MISMATCH))
		*ret_name = name;
	return err;
}

static enum sl_err
keyring_name(struct sl_root *root, struct sl_root_name *ret_name)
{
	return ask(root, &(struct job){ .n = 0 }, ret_name);
}

static enum sl_err
keyring_derive(struct sl_root *root, const struct sl_root_name *expect, const uint8_t *contexts, size_t n, struct sl_secret *ret_secrets,
               struct sl_root_name *ret_name)
{
	return ask(root, &(struct job){ .expect = expect, .contexts = contexts, .n = n, .secrets = ret_secrets }, ret_name);
}

static enum sl_err
keyring_present(struct sl_root *root, struct sl_root_info *ret_info)
{
	struct sl_root_info info = { .manufacturer = "Linux", .model = "kernel keyring" };
	struct utsname system;
	enum sl_err err = ask(root, &(struct job){ .n = 0 }, NULL);

	if (err != SL_OK || ret_info == NULL)
		return err;
	if (uname(&system) == 0)
		(void)sscanf(system.release, "%5u.%5u", &info.firmware_major, &info.firmware_minor);
	*ret_info = info;
	return SL_OK;
}

/* There is no device that has a generator of its own. */
static enum sl_err
keyring_random(struct sl_root *root, uint8_t *out, size_t len)
{
	SL_SECRET room = { 0 };
	size_t got = 0;
	ssize_t n;
	enum sl_err err = sl_secret_alloc(&room, len);

	while (err == SL_OK && got < len) {
		n = getrandom(room.bytes + got, len - got, 0);
		if (n > 0)
			got += (size_t)n;
		else if (n == 0 || errno != EINTR)
			err = SL_ERR_DEVICE;
	}
	if (err == SL_OK)
		memcpy(out, room.bytes, len);
	return err;
}

static const struct sl_root_ops ops = {
	.close = keyring_close,
	.present = keyring_present,
	.trouble = keyring_trouble,
	.name = keyring_name,
	.derive = keyring_derive,
	.random = keyring_random,
	.seal_max = SL_SEAL_MAX,
	.seal = sl_keyring_seal,
	.unseal = sl_keyring_unseal,
};

enum sl_err
sl_keyring_open(struct sl_device *device, const struct sl_root_spec *spec, struct sl_root **ret_root)
{
	static const char label[] = "seedleaf root v1"; /* hashed with its terminating zero */
	const size_t len = strlen(spec->name_space);
	SL_FREE struct keyring *k = calloc(1, sizeof(*k));
	SL_FREE uint8_t *text = malloc(sizeof(label) + len);
	enum sl_err err;

	(void)device; /* no part of it */
	if (k == NULL || text == NULL)
		return SL_ERR_MEMORY;
	memcpy(text, label, sizeof(label));
	memcpy(text + sizeof(label), spec->name_space, len);
	if ((err = sl_hash_once(SL_HASH_SHA256, text, sizeof(label) + len, k->space)) != SL_OK)
		return err;
	k->base.ops = &ops;
	k->spec = spec;
	k->pid = getpid();
	(void)pthread_mutex_init(&k->lock, NULL);
	*ret_root = &SL_TAKE(k)->base;
	return SL_OK;
}
