/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/keyring_load.h"

#include "base/text.h"

#include <errno.h>
#include <keyutils.h>
#include <linux/fscrypt.h>
#include <string.h>

#define DESC_MAX 1024
#define ECRYPTFS_DESC 16 /* hex digits */

static const struct {
	const char *name;
	key_serial_t serial;
} rings[] = {
	{ "@s", KEY_SPEC_SESSION_KEYRING },
	{ "@u", KEY_SPEC_USER_KEYRING },
	{ "@us", KEY_SPEC_USER_SESSION_KEYRING },
};

static bool
is_type(const struct sl_keyring_place *place, const char *type)
{
	return strcmp(place->type, type) == 0;
}

static const char *
format_of(const struct sl_keyring_place *place)
{
	return place->format == NULL ? "default" : place->format;
}

static bool
is_word(const char *text, size_t max)
{
	const size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len >= 1 && len <= max;
}

static bool
is_master(const char *text)
{
	return text != NULL && ((strncmp(text, "trusted:", 8) == 0 && is_word(text + 8, 255)) || (strncmp(text, "user:", 5) == 0 && is_word(text + 5, 255)));
}

/* Linux, Documentation/security/keys/trusted-encrypted.rst: what each format takes. */
static const char *
wrong_encrypted(const struct sl_keyring_place *place, size_t len)
{
	if (!is_master(place->master))
		return "--master: expected the key that encrypts this one, trusted:NAME or user:NAME";
	if (strcmp(format_of(place), "default") == 0)
		return len < 20 || len > 128 ? "--size: expected 20 to 128 bytes for an encrypted key" : NULL;
	if (strcmp(format_of(place), "enc32") == 0)
		return len != 32 ? "--size: expected 32 bytes for the format enc32" : NULL;
	if (strcmp(format_of(place), "ecryptfs") != 0)
		return "--format: expected default, ecryptfs or enc32";
	if (strlen(place->desc) != ECRYPTFS_DESC || strspn(place->desc, "0123456789abcdef") != ECRYPTFS_DESC)
		return "--desc: expected 16 hex digits in small letters for the format ecryptfs";
	return len != 64 ? "--size: expected 64 bytes for the format ecryptfs" : NULL;
}

const char *
sl_keyring_load_wrong(const struct sl_keyring_place *place, size_t len)
{
	const size_t desc = strlen(place->desc);

	if (!sl_keyring_is_ring(place->ring))
		return "--keyring: expected @s, @u, @us or the serial number of a keyring";
	for (size_t i = 0; i < desc; i++)
		if (place->desc[i] < ' ' || place->desc[i] > '~')
			return "--desc: expected printable ASCII";
	if (desc < 1 || desc > DESC_MAX)
		return "--desc: expected 1 to 1024 characters";
	if (is_type(place, "encrypted"))
		return wrong_encrypted(place, len);
	if (place->master != NULL || place->format != NULL)
		return "--master and --format: expected with --type encrypted only";
	if (is_type(place, "logon") && (strchr(place->desc, ':') == NULL || place->desc[0] == ':'))
		return "--desc: expected PREFIX:NAME for a logon key";
	if (is_type(place, "fscrypt-provisioning"))
		return len < 16 || len > FSCRYPT_MAX_KEY_SIZE ? "--size: expected 16 to 64 bytes for fscrypt" : NULL;
	return is_type(place, "user") || is_type(place, "logon") ? NULL : "--type: expected logon, user, encrypted or fscrypt-provisioning";
}

static key_serial_t
ring_of(const char *text)
{
	uint32_t serial;

	for (size_t i = 0; i < SL_ARRAY_LEN(rings); i++)
		if (strcmp(text, rings[i].name) == 0)
			return rings[i].serial;
	return sl_text_u32(text, &serial) && serial > 0 && serial <= INT32_MAX ? (key_serial_t)serial : 0;
}

bool
sl_keyring_is_ring(const char *text)
{
	return ring_of(text) != 0;
}

static enum sl_err
failed(const char *what, int number, struct sl_msg *msg)
{
	sl_msg_set(msg, "%.300s: %s", what, sl_text_errno(number));
	switch (number) {
	case ENOKEY:
	case EKEYREVOKED:
	case EKEYEXPIRED:
		return SL_ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return SL_ERR_ACCESS;
	case EDQUOT:
		return SL_ERR_RANGE;
	case ENODEV:
	case ENOSYS:
		return SL_ERR_UNSUPPORTED;
	case ENOMEM:
		return SL_ERR_MEMORY;
	default:
		return SL_ERR_DEVICE;
	}
}

/*
 * A process that has no session keyring would be given one of its own, which ends with it, by the first that writes to @s; by one that only asks it is given the
 * user-session keyring, which stays (Linux, lookup_user_key()): so we ask, and write to what we were told.
 */
static enum sl_err
open_ring(const char *text, key_serial_t *ret_ring, struct sl_msg *msg)
{
	const key_serial_t ring = ring_of(text);
	const key_serial_t serial = keyctl_get_keyring_ID(ring, 0);

	if (serial < 0)
		return failed(text, errno, msg);
	*ret_ring = ring == KEY_SPEC_SESSION_KEYRING ? serial : ring; /* of the others we are possessors by their names only */
	return SL_OK;
}

/* The kernel makes such a key without a look at its master, and of no use without it. */
static enum sl_err
check_master(const struct sl_keyring_place *place, struct sl_msg *msg)
{
	const char *name = strchr(place->master, ':') + 1;
	char type[8];

	(void)snprintf(type, sizeof(type), "%.*s", (int)(name - place->master - 1), place->master);
	if (request_key(type, name, NULL, 0) >= 0)
		return SL_OK;
	if (errno == ENOKEY || errno == ENODEV) {
		sl_msg_set(msg, "--master: %.255s is in none of the process's and session keyrings", place->master);
		return SL_ERR_NOT_FOUND;
	}
	return failed(place->master, errno, msg);
}

static enum sl_err
encrypted_payload(const struct sl_keyring_place *place, const struct sl_secret *secret, struct sl_secret *ret_payload)
{
	char head[320];
	const int len = snprintf(head, sizeof(head), "new %s %s %zu ", format_of(place), place->master, secret->len);
	const enum sl_err err = sl_secret_alloc(ret_payload, (size_t)len + 2 * secret->len + 1);

	if (err != SL_OK)
		return err;
	memcpy(ret_payload->bytes, head, (size_t)len);
	sl_text_to_hex(secret->bytes, secret->len, (char *)ret_payload->bytes + len);
	return SL_OK;
}

/* What add_key(2) wants for the type. */
static enum sl_err
payload_of(const struct sl_keyring_place *place, const struct sl_secret *secret, struct sl_secret *ret_payload)
{
	const struct fscrypt_provisioning_key_payload head = { .type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER };
	enum sl_err err;

	if (is_type(place, "encrypted"))
		return encrypted_payload(place, secret, ret_payload);
	if (!is_type(place, "fscrypt-provisioning"))
		return sl_secret_copy(ret_payload, secret->bytes, secret->len);
	if ((err = sl_secret_alloc(ret_payload, sizeof(head) + secret->len)) != SL_OK)
		return err;
	memcpy(ret_payload->bytes, &head, sizeof(head));
	memcpy(ret_payload->bytes + sizeof(head), secret->bytes, secret->len);
	return SL_OK;
}

static enum sl_err
refused(const struct sl_keyring_place *place, int number, struct sl_msg *msg)
{
	char what[300];

	if (number == EINVAL && is_type(place, "encrypted")) {
		sl_msg_set(msg, "%.200s: this kernel takes no given payload for encrypted keys (CONFIG_USER_DECRYPTED_DATA), expected another --type", place->desc);
		return SL_ERR_UNSUPPORTED;
	}
	if (number == ENODEV) {
		sl_msg_set(msg, "%.200s: this kernel has no keys of the type %s", place->desc, place->type);
		return SL_ERR_UNSUPPORTED;
	}
	(void)snprintf(what, sizeof(what), "%.200s: it cannot be added", place->desc);
	return failed(what, number, msg);
}

/* First where nobody else has it, then in its place. */
static enum sl_err
add(const struct sl_keyring_place *place, const struct sl_secret *payload, key_serial_t ring, int32_t *ret_serial, struct sl_msg *msg)
{
	/* A key of the type encrypted is given as text, and as one with its last zero. */
	const size_t len = payload->len - (is_type(place, "encrypted") ? 1 : 0);
	const key_serial_t serial = add_key(place->type, place->desc, payload->bytes, len, KEY_SPEC_PROCESS_KEYRING);
	int number = 0;

	if (serial < 0)
		return refused(place, errno, msg);
	if ((place->timeout != 0 && keyctl_set_timeout(serial, place->timeout) != 0) || keyctl_link(serial, ring) != 0)
		number = errno;
	if (number != 0)
		(void)keyctl_revoke(serial);
	(void)keyctl_unlink(serial, KEY_SPEC_PROCESS_KEYRING);
	if (number != 0)
		return failed(place->ring, number, msg);
	*ret_serial = serial;
	return SL_OK;
}

enum sl_err
sl_keyring_load(const struct sl_keyring_place *place, const struct sl_secret *secret, int32_t *ret_serial, struct sl_msg *msg)
{
	SL_SECRET payload = { 0 };
	key_serial_t ring = 0;
	enum sl_err err;

	if ((err = open_ring(place->ring, &ring, msg)) != SL_OK || (is_type(place, "encrypted") && (err = check_master(place, msg)) != SL_OK) ||
	    (err = payload_of(place, secret, &payload)) != SL_OK)
		return err;
	return add(place, &payload, ring, ret_serial, msg);
}

/*
 * Found by way of the keyring, which may be one that this process's own keyrings do not lead to: the link in the process's keyring makes it the
 * possessor's.
 */
enum sl_err
sl_keyring_unload(const struct sl_keyring_place *place, struct sl_msg *msg)
{
	key_serial_t ring = 0;
	long serial;
	int number = 0;
	enum sl_err err = open_ring(place->ring, &ring, msg);

	if (err != SL_OK)
		return err;
	serial = keyctl_search(ring, place->type, place->desc, KEY_SPEC_PROCESS_KEYRING);
	if (serial < 0) {
		char what[300];

		number = errno;
		(void)snprintf(what, sizeof(what), "%.20s: %.20s %.200s", place->ring, place->type, place->desc);
		return failed(what, number, msg);
	}
	if (keyctl_revoke((key_serial_t)serial) != 0)
		number = errno;
	/* In a keyring within this one it stays by name, and is none. */
	if (number == 0 && keyctl_unlink((key_serial_t)serial, ring) != 0 && errno != ENOENT)
		number = errno;
	(void)keyctl_unlink((key_serial_t)serial, KEY_SPEC_PROCESS_KEYRING);
	return number == 0 ? SL_OK : failed(place->desc, number, msg);
}

/* "type;uid;gid;perm;description". */
static void
describe(key_serial_t serial, struct sl_keyring_item *ret_item)
{
	SL_FREE char *text = NULL;
	struct sl_keyring_item item = { .serial = serial };
	int at = 0;

	if (keyctl_describe_alloc(serial, &text) >= 0 && sscanf(text, "%31[^;];%*d;%*d;%8x;%n", item.type, &item.perm, &at) == 2 && at != 0) {
		(void)snprintf(item.desc, sizeof(item.desc), "%s", text + at);
		for (char *c = item.desc; *c != '\0'; c++)
			if (*c < ' ' || *c > '~')
				*c = '?';
	} else
		item = (struct sl_keyring_item){ .serial = serial };
	*ret_item = item;
}

enum sl_err
sl_keyring_list(const char *ring, struct sl_keyring_item **ret_items, size_t *ret_n, struct sl_msg *msg)
{
	SL_FREE void *serials = NULL;
	struct sl_keyring_item *items = NULL;
	key_serial_t of = 0;
	size_t n = 0;
	int len;
	enum sl_err err = open_ring(ring, &of, msg);

	if (err != SL_OK)
		return err;
	len = keyctl_read_alloc(of, &serials);
	if (len < 0)
		return failed(ring, errno, msg);
	n = (size_t)len / sizeof(key_serial_t);
	if (n != 0 && (items = calloc(n, sizeof(*items))) == NULL)
		return SL_ERR_MEMORY;
	for (size_t i = 0; i < n; i++) {
		key_serial_t serial;

		memcpy(&serial, (const char *)serials + i * sizeof(serial), sizeof(serial));
		describe(serial, &items[i]);
	}
	*ret_items = items;
	*ret_n = n;
	return SL_OK;
}
