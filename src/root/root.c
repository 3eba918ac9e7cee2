/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/root.h"
#include "root/tpm.h"

#define CONTEXTS_MAX 256
#define RANDOM_MAX 4096

enum sl_err
sl_root_open(struct sl_device *device, const struct sl_root_spec *spec, struct sl_root **ret_root)
{
	switch (spec->kind) {
	case SL_ROOT_PRIMARY:
	case SL_ROOT_PERSISTENT:
		return sl_tpm_primary_open(device, spec, ret_root);
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
	return root->ops->salt_key(root, ret_name);
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
