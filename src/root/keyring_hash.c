/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/keyring_hash.h"

#include "base/text.h"

#include <errno.h>
#include <keyutils.h>
#include <linux/if_alg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef ALG_SET_KEY_BY_KEY_SERIAL
#define ALG_SET_KEY_BY_KEY_SERIAL 7 /* linux/if_alg.h of 6.2 */
#endif

/* What a failure means at each step. A number that is not here is trouble of another kind, in the system's own words. */
enum step { STEP_FIND, STEP_SOCKET, STEP_BIND, STEP_KEY, STEP_HASH };
static const char *const steps[] = { "keyctl_search", "socket", "bind", "ALG_SET_KEY_BY_KEY_SERIAL", "hash" };

#define ANY 0xff
static const struct {
	unsigned steps; /* bits */
	int number;
	const char *text;
} reasons[] = {
	{ ANY, ENOKEY, "is in none of the thread's, process's, session, user-session and user keyrings" },
	{ ANY, EKEYEXPIRED, "has expired" },
	{ ANY, EKEYREVOKED, "was revoked" },
	{ ANY, EKEYREJECTED, "is no key but the note that there is none" },
	{ 1U << STEP_FIND, EACCES, "does not let this process search for it (permission Search)" },
	{ 1U << STEP_KEY, EACCES, "is in the user keyring only, and that is not linked to this process's session keyring: expected the link, or "
	                          "permission Search for the key's user" },
	{ 1U << STEP_FIND, ENOSYS, "cannot be looked for: this kernel has no keyrings" },
	{ 1U << STEP_FIND, EPERM, "cannot be looked for: this process may not use the kernel's keyrings" },
	{ 1U << STEP_SOCKET, EAFNOSUPPORT, "cannot be computed with: this kernel has no AF_ALG sockets (CONFIG_CRYPTO_USER_API_HASH), or this "
	                                   "process may not have them" },
	{ 1U << STEP_SOCKET, EPERM, "cannot be computed with: this process may not have AF_ALG sockets" },
	{ 1U << STEP_SOCKET, EACCES, "cannot be computed with: this process may not have AF_ALG sockets" },
	{ 1U << STEP_BIND, ENOENT, "cannot be computed with: this kernel has no hmac(sha256) for AF_ALG (module algif_hash)" },
	{ 1U << STEP_KEY, ENOPROTOOPT, "cannot be computed with: this kernel takes no such key by its serial number, expected Linux 6.2 or later, with "
	                               "support for keys of this type" },
};

static enum sl_err
trouble(const struct sl_root_spec *spec, enum step step, int number, struct sl_msg *why)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(reasons); i++) {
		if (reasons[i].number != number || (reasons[i].steps >> step & 1) == 0)
			continue;
		sl_msg_set(why, "keyring:%s:%s: the key %s", spec->key_type, spec->key_name, reasons[i].text);
		errno = number;
		return SL_ERR_ABSENT;
	}
	sl_msg_set(why, "keyring:%s:%s: %s: %s", spec->key_type, spec->key_name, steps[step], sl_text_errno(number));
	return number == ENOMEM || number == ENOBUFS ? SL_ERR_MEMORY : SL_ERR_DEVICE;
}

/*
 * request_key(2) without a callout searches the first three keyrings, starts nothing and, unlike a search of KEY_SPEC_SESSION_KEYRING, does not give our
 * host's thread a session keyring that it had not.
 */
enum sl_err
sl_keyring_find(const struct sl_root_spec *spec, int32_t *ret_serial, struct sl_msg *why)
{
	static const key_serial_t rings[] = { KEY_SPEC_USER_SESSION_KEYRING, KEY_SPEC_USER_KEYRING };
	long serial = request_key(spec->key_type, spec->key_name, NULL, 0);
	int number = errno;

	for (size_t i = 0; i < SL_ARRAY_LEN(rings) && serial < 0; i++) {
		serial = keyctl_search(rings[i], spec->key_type, spec->key_name, 0);
		if (serial < 0 && (number == ENOKEY || number == 0)) /* the first keyring that says more than that is right */
			number = errno;
	}
	if (serial < 0)
		return trouble(spec, STEP_FIND, number, why);
	*ret_serial = (int32_t)serial;
	return SL_OK;
}

void
sl_keyring_hash_close(struct sl_keyring_hash *hash)
{
	sl_clean_close(&hash->work);
	sl_clean_close(&hash->key);
	*hash = (struct sl_keyring_hash){ -1, -1 };
}

enum sl_err
sl_keyring_hash_open(const struct sl_root_spec *spec, struct sl_keyring_hash *ret_hash, struct sl_msg *why)
{
	static const struct sockaddr_alg name = { .salg_family = AF_ALG, .salg_type = "hash", .salg_name = "hmac(sha256)" };
	SL_CLEANUP(sl_keyring_hash_close) struct sl_keyring_hash hash = { -1, -1 };
	int32_t serial;
	enum sl_err err = sl_keyring_find(spec, &serial, why);

	if (err != SL_OK)
		return err;
	if ((hash.key = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) < 0)
		return trouble(spec, STEP_SOCKET, errno, why);
	if (bind(hash.key, (const struct sockaddr *)&name, sizeof(name)) != 0)
		return trouble(spec, STEP_BIND, errno, why);
	if (setsockopt(hash.key, SOL_ALG, ALG_SET_KEY_BY_KEY_SERIAL, &serial, sizeof(serial)) != 0)
		return trouble(spec, STEP_KEY, errno, why);
	if ((hash.work = accept4(hash.key, NULL, NULL, SOCK_CLOEXEC)) < 0)
		return trouble(spec, STEP_HASH, errno, why);
	*ret_hash = hash;
	hash = (struct sl_keyring_hash){ -1, -1 };
	return SL_OK;
}

enum sl_err
sl_keyring_hash_run(const struct sl_keyring_hash *hash, const void *message, size_t len, uint8_t out[SL_KEYRING_HASH], struct sl_msg *why)
{
	ssize_t n;

	do
		n = send(hash->work, message, len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len)
		do
			n = recv(hash->work, out, SL_KEYRING_HASH, 0);
		while (n < 0 && errno == EINTR);
	else if (n >= 0)
		n = 0;
	if (n == SL_KEYRING_HASH)
		return SL_OK;
	sl_msg_set(why, "the kernel's hmac(sha256) fails: %s", n < 0 ? sl_text_errno(errno) : "it answers less than 32 bytes");
	return SL_ERR_DEVICE;
}
