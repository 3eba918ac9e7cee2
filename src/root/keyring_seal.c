/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/keyring.h"

#include "base/buf.h"
#include "crypto/mac.h"
#include "crypto/rand.h"
#include "root/sealed.h"

#include <string.h>

/* doc/sealed.md, "Under a root that the kernel keeps". */
#define SALT 32
enum { FLAG_AUTH = 1 };

struct head {
	uint8_t flags;
	uint8_t salt[SALT];
};

static size_t
auth_len(const struct sl_secret *auth)
{
	size_t len = auth == NULL ? 0 : auth->len;

	while (len > 0 && auth->bytes[len - 1] == 0)
		len--;
	return len;
}

static enum sl_err
derive_key(struct sl_root *root, const struct head *head, const struct sl_secret *auth, struct sl_secret *ret_key)
{
	static const char context_label[] = "seedleaf keyring seal v1"; /* both hashed with their terminating zero */
	static const char key_label[] = "seedleaf keyring seal key v1";
	const bool has_auth = (head->flags & FLAG_AUTH) != 0;
	const struct sl_part parts[] = { { key_label, sizeof(key_label) }, { has_auth ? auth->bytes : NULL, has_auth ? auth_len(auth) : 0 } };
	uint8_t text[sizeof(context_label) + 1 + SALT];
	uint8_t context[SL_HASH_MAX];
	SL_SECRET secret = { 0 };
	SL_SECRET key = { 0 };
	enum sl_err err;

	memcpy(text, context_label, sizeof(context_label));
	text[sizeof(context_label)] = head->flags;
	memcpy(text + sizeof(context_label) + 1, head->salt, SALT);
	if ((err = sl_hash_once(SL_HASH_SHA256, text, sizeof(text), context)) != SL_OK ||
	    (err = sl_root_derive(root, NULL, context, 1, &secret, NULL)) != SL_OK ||
	    (err = sl_secret_alloc(&key, SL_SEALED_KEY)) != SL_OK ||
	    (err = sl_hmac(SL_HASH_SHA256, secret.bytes, secret.len, parts, has_auth ? 2 : 1, key.bytes)) != SL_OK)
		return err;
	*ret_key = sl_secret_take(&key);
	return SL_OK;
}

enum sl_err
sl_keyring_seal(struct sl_root *root, const struct sl_seal_spec *spec, const struct sl_secret *secret, uint8_t **ret_blob, size_t *ret_len)
{
	const bool has_auth = spec->auth != NULL && spec->auth->len != 0;
	struct head head = { .flags = has_auth ? FLAG_AUTH : 0 };
	uint8_t room[1 + SALT];
	uint8_t nonce[SL_SEALED_NONCE];
	SL_SECRET key = { 0 };
	const struct sl_sealed_hybrid hybrid = { .keyed = true, .der = { room, sizeof(room) }, .key = &key, .nonce = nonce };
	enum sl_err err;

	if (has_auth && (auth_len(spec->auth) == 0 || spec->auth->len > SL_SEAL_AUTH_MAX))
		return SL_ERR_ARG;
	/* Nobody counts wrong tries here: what can be guessed would be, by whoever has the blob and may use the key. */
	if (has_auth && !spec->strong)
		return SL_ERR_UNSUPPORTED;
	if ((err = sl_rand(head.salt, SALT)) != SL_OK || (err = sl_rand(nonce, sizeof(nonce))) != SL_OK ||
	    (err = derive_key(root, &head, spec->auth, &key)) != SL_OK)
		return err;
	room[0] = head.flags;
	memcpy(room + 1, head.salt, SALT);
	return sl_sealed_wrap(&hybrid, secret, ret_blob, ret_len);
}

static enum sl_err
read_head(const uint8_t *blob, size_t len, struct head *ret_head)
{
	struct sl_bytes room;
	enum sl_err err = sl_sealed_is_keyed(blob, len) ? sl_sealed_hybrid_key(blob, len, &room) : SL_ERR_MISMATCH;

	if (err != SL_OK)
		return err;
	if (room.len != 1 + SALT)
		return SL_ERR_FORMAT;
	if (room.data[0] > FLAG_AUTH)
		return SL_ERR_VERSION;
	ret_head->flags = room.data[0];
	memcpy(ret_head->salt, room.data + 1, SALT);
	return SL_OK;
}

enum sl_err
sl_keyring_unseal(struct sl_root *root, const uint8_t *blob, size_t len, const struct sl_secret *auth, struct sl_secret *ret_secret)
{
	SL_SECRET key = { 0 };
	struct head head;
	enum sl_err err;

	if ((err = read_head(blob, len, &head)) != SL_OK)
		return err;
	if ((head.flags & FLAG_AUTH) != 0 && auth_len(auth) == 0)
		return SL_ERR_AUTH;
	if ((err = derive_key(root, &head, auth, &key)) != SL_OK)
		return err;
	err = sl_sealed_unwrap(blob, len, &key, ret_secret);
	if (err == SL_ERR_VERIFY) /* with an authorization, that is the likelier reason */
		err = (head.flags & FLAG_AUTH) != 0 ? SL_ERR_AUTH : SL_ERR_MISMATCH;
	return err;
}
