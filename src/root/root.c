/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/root.h"
#include "crypto/rand.h"
#include "root/keyring.h"
#include "root/sealed.h"
#include "root/tpm.h"

#include <string.h>

#define CONTEXTS_MAX 256
#define RANDOM_MAX 4096

enum sl_err
sl_root_open(struct sl_device *device, const struct sl_root_spec *spec, struct sl_root **ret_root)
{
	switch (spec->kind) {
	case SL_ROOT_PRIMARY:
	case SL_ROOT_PERSISTENT:
		return sl_tpm_primary_open(device, spec, ret_root);
	case SL_ROOT_KEYRING:
		return sl_keyring_open(device, spec, ret_root);
	case SL_ROOT_UPCALL:
		return sl_upcall_open(device, spec, ret_root);
	default:
		return SL_ERR_UNSUPPORTED;
	}
}

void
sl_root_close(struct sl_root **root)
{
	struct sl_root *r = *root;

	*root = NULL;
	if (r != NULL)
		r->ops->close(r);
}

enum sl_err
sl_root_present(struct sl_root *root, struct sl_root_info *ret_info)
{
	return root->ops->present(root, ret_info);
}

void
sl_root_trouble(struct sl_root *root, struct sl_msg *ret_msg)
{
	root->ops->trouble(root, ret_msg);
}

enum sl_err
sl_root_name(struct sl_root *root, struct sl_root_name *ret_name)
{
	return root->ops->name(root, ret_name);
}

enum sl_err
sl_root_derive(struct sl_root *root, const struct sl_root_name *expect, const uint8_t *contexts, size_t n,
               struct sl_secret *ret_secrets, struct sl_root_name *ret_name)
{
	if (n == 0 || n > CONTEXTS_MAX)
		return SL_ERR_RANGE;
	return root->ops->derive(root, expect, contexts, n, ret_secrets, ret_name);
}

enum sl_err
sl_root_random(struct sl_root *root, uint8_t *out, size_t len)
{
	if (len == 0 || len > RANDOM_MAX)
		return SL_ERR_RANGE;
	return root->ops->random(root, out, len);
}

enum sl_err
sl_root_salt_key(struct sl_root *root, struct sl_root_name *ret_name)
{
	return root->ops->salt_key == NULL ? SL_ERR_UNSUPPORTED : root->ops->salt_key(root, ret_name);
}

void
sl_root_pin(struct sl_root *root, const struct sl_root_name *salt_name)
{
	if (root->ops->pin != NULL)
		root->ops->pin(root, salt_name);
}

enum sl_err
sl_root_persist(struct sl_root *root, uint32_t handle, bool srk, struct sl_root_name *ret_name, struct sl_msg *msg)
{
	if (root->ops->persist != NULL)
		return root->ops->persist(root, handle, srk, ret_name, msg);
	sl_msg_set(msg, "this kind of root cannot be made persistent");
	return SL_ERR_UNSUPPORTED;
}

enum sl_err
sl_root_policy_state(struct sl_root *root, struct sl_policy_state *ret_state)
{
	return root->ops->policy_state == NULL ? SL_ERR_UNSUPPORTED : root->ops->policy_state(root, ret_state);
}

enum sl_err
sl_root_pcr_read(struct sl_root *root, const struct sl_pcr_selection *selection, uint8_t *out, size_t *ret_len)
{
	if (selection->pcrs == 0 || selection->pcrs >> 24 != 0 || selection->bank > SL_PCR_SHA512)
		return SL_ERR_RANGE;
	return root->ops->pcr_read == NULL ? SL_ERR_UNSUPPORTED : root->ops->pcr_read(root, selection, out, ret_len);
}

/* Neither the device's generator nor the kernel's is trusted alone. */
static enum sl_err
draw_key(struct sl_root *root, struct sl_secret *ret_key)
{
	SL_SECRET both = { 0 };
	SL_SECRET key = { 0 };
	enum sl_err err;

	if ((err = sl_secret_alloc(&both, 64)) != SL_OK || (err = sl_secret_alloc(&key, SL_SEALED_KEY)) != SL_OK ||
	    (err = sl_rand(both.bytes, 32)) != SL_OK || (err = sl_root_random(root, both.bytes + 32, 32)) != SL_OK ||
	    (err = sl_hash_once(SL_HASH_SHA256, both.bytes, both.len, key.bytes)) != SL_OK)
		return err;
	*ret_key = sl_secret_take(&key);
	return SL_OK;
}

static enum sl_err
seal_long(struct sl_root *root, const struct sl_seal_spec *spec, const struct sl_secret *secret, uint8_t **ret_blob, size_t *ret_len)
{
	uint8_t nonce[SL_SEALED_NONCE];
	SL_SECRET key = { 0 };
	SL_FREE uint8_t *der = NULL;
	struct sl_sealed_hybrid hybrid = { .key = &key, .nonce = nonce };
	enum sl_err err;

	if ((err = draw_key(root, &key)) != SL_OK || (err = sl_rand(nonce, sizeof(nonce))) != SL_OK ||
	    (err = root->ops->seal(root, spec, &key, &der, &hybrid.der.len)) != SL_OK)
		return err;
	hybrid.der.data = der;
	return sl_sealed_wrap(&hybrid, secret, ret_blob, ret_len);
}

enum sl_err
sl_root_seal(struct sl_root *root, const struct sl_seal_spec *spec, const struct sl_secret *secret, uint8_t **ret_blob, size_t *ret_len)
{
	const size_t max = root->ops->seal_max == 0 ? SL_SEAL_DATA_MAX : root->ops->seal_max;

	if (root->ops->seal == NULL)
		return SL_ERR_UNSUPPORTED;
	if (secret->len == 0 || secret->len > SL_SEAL_MAX)
		return SL_ERR_RANGE;
	if (secret->len <= max)
		return root->ops->seal(root, spec, secret, ret_blob, ret_len);
	return seal_long(root, spec, secret, ret_blob, ret_len);
}

enum sl_err
sl_root_unseal(struct sl_root *root, const uint8_t *blob, size_t len, const struct sl_secret *auth, struct sl_secret *ret_secret)
{
	SL_SECRET key = { 0 };
	struct sl_bytes der;
	enum sl_err err;

	if (root->ops->unseal == NULL)
		return SL_ERR_UNSUPPORTED;
	if (!sl_sealed_is_hybrid(blob, len))
		return root->ops->unseal(root, blob, len, auth, ret_secret);
	if ((err = sl_sealed_hybrid_key(blob, len, &der)) != SL_OK ||
	    (err = root->ops->unseal(root, der.data, der.len, auth, &key)) != SL_OK)
		return err;
	return sl_sealed_unwrap(blob, len, &key, ret_secret);
}

enum sl_err
sl_root_lockout(struct sl_root *root, struct sl_lockout *ret_lockout)
{
	return root->ops->lockout == NULL ? SL_ERR_UNSUPPORTED : root->ops->lockout(root, ret_lockout);
}

enum sl_err
sl_root_nv_present(struct sl_root *root, uint32_t index)
{
	return root->ops->nv == NULL ? SL_ERR_UNSUPPORTED : root->ops->nv->present(root, index);
}

enum sl_err
sl_root_nv_create(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *secret)
{
	return root->ops->nv == NULL ? SL_ERR_UNSUPPORTED : root->ops->nv->create(root, index, auth, secret);
}

enum sl_err
sl_root_nv_read(struct sl_root *root, uint32_t index, const struct sl_secret *auth, struct sl_secret *ret_secret)
{
	return root->ops->nv == NULL ? SL_ERR_UNSUPPORTED : root->ops->nv->read(root, index, auth, ret_secret);
}

enum sl_err
sl_root_nv_write(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *secret)
{
	return root->ops->nv == NULL ? SL_ERR_UNSUPPORTED : root->ops->nv->write(root, index, auth, secret);
}

enum sl_err
sl_root_nv_change(struct sl_root *root, uint32_t index, const struct sl_secret *auth, const struct sl_secret *fresh)
{
	return root->ops->nv == NULL ? SL_ERR_UNSUPPORTED : root->ops->nv->change(root, index, auth, fresh);
}

enum sl_err
sl_root_nv_remove(struct sl_root *root, uint32_t index)
{
	return root->ops->nv == NULL ? SL_ERR_UNSUPPORTED : root->ops->nv->remove(root, index);
}

enum sl_err
sl_root_nv_save(struct sl_root *root, uint32_t index, const uint8_t *bytes, size_t len)
{
	return root->ops->nv == NULL ? SL_ERR_UNSUPPORTED : root->ops->nv->save(root, index, bytes, len);
}

enum sl_err
sl_root_nv_load(struct sl_root *root, uint32_t index, uint8_t room[SL_NV_BLOB_MAX], size_t *ret_len)
{
	return root->ops->nv == NULL ? SL_ERR_UNSUPPORTED : root->ops->nv->load(root, index, room, ret_len);
}
