/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_bound.h"

/* What lies at a persistent handle. */
static enum sl_err
look(struct sl_tpm_batch *batch, uint32_t handle, bool *ret_there, struct sl_tpm_public *ret_key)
{
	enum sl_err err = sl_tpm_command_read_public(batch, handle, ret_key);

	*ret_there = err == SL_OK || err == SL_ERR_UNSUPPORTED;
	return *ret_there || err == SL_ERR_NOT_FOUND ? SL_OK : err;
}

/* Makes the template's key and keeps it at handle, unless it is there already. */
static enum sl_err
keep(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant, const struct sl_tpm_template *tmpl, uint32_t handle,
     struct sl_root_name *ret_name)
{
	struct sl_tpm_public there = { .len = 0 };
	struct sl_tpm_object object = { .handle = 0 };
	bool taken = false;
	enum sl_err err;

	if ((err = look(batch, handle, &taken, &there)) != SL_OK ||
	    (err = sl_tpm_command_create_primary(batch, grant, tmpl, &object)) != SL_OK)
		return err;
	if (taken)
		err = sl_tpm_public_same_name(&there.name, &object.key.name) ? SL_OK : SL_ERR_EXISTS;
	else
		err = sl_tpm_command_evict(batch, grant, &object, handle);
	sl_tpm_command_flush(batch, &object.handle);
	if (err == SL_OK)
		*ret_name = object.key.name;
	return err;
}

static enum sl_err
keep_storage(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant)
{
	struct sl_tpm_public there = { .len = 0 };
	struct sl_tpm_template storage;
	struct sl_root_name name;
	bool taken = false;
	enum sl_err err = look(batch, SL_TPM_SRK, &taken, &there);

	if (err != SL_OK || taken)
		return err;
	sl_tpm_public_storage(&storage);
	return keep(batch, grant, &storage, SL_TPM_SRK, &name);
}

static enum sl_err
check(const struct sl_tpm_root *r, uint32_t handle, struct sl_msg *msg)
{
	const bool owner = r->spec->hierarchy == SL_HIERARCHY_OWNER;
	const bool platform = r->spec->hierarchy == SL_HIERARCHY_PLATFORM;
	const uint32_t first = owner ? SL_TPM_FIRST_PERSISTENT : SL_TPM_FIRST_PLATFORM_PERSISTENT;

	if (r->spec->kind != SL_ROOT_PRIMARY || (!owner && !platform)) {
		sl_msg_set(msg, "only a root of the owner or platform hierarchy can be made persistent");
		return SL_ERR_UNSUPPORTED;
	}
	if (handle < first || handle > first + 0x7FFFFF || handle == SL_TPM_SRK) {
		sl_msg_set(msg, "0x%08x: expected a handle from 0x%08x to 0x%08x", handle, first + 0x10000, first + 0x7FFFFF);
		return SL_ERR_ARG;
	}
	return SL_OK;
}

enum sl_err
sl_tpm_persist(struct sl_root *root, uint32_t handle, bool srk, struct sl_root_name *ret_name, struct sl_msg *msg)
{
	struct sl_tpm_root *r = (struct sl_tpm_root *)root;
	struct sl_tpm_grant grant = sl_tpm_grant_of(r, r->spec->hierarchy);
	SL_TPM_BATCH batch = { .device = NULL };
	struct sl_root_name name = { .len = 0 };
	enum sl_err err;

	if ((err = check(r, handle, msg)) != SL_OK)
		return err;
	if ((err = sl_tpm_batch_begin(r->device, &batch)) == SL_OK) {
		if ((err = sl_tpm_bound_ready(&batch, r)) == SL_OK)
			err = keep(&batch, &grant, &r->tmpl, handle, &name);
		if (err == SL_OK && srk && r->spec->hierarchy == SL_HIERARCHY_OWNER)
			err = keep_storage(&batch, &grant);
		sl_tpm_grant_end(&batch, &grant);
	}
	if (err == SL_ERR_EXISTS)
		sl_msg_set(msg, "0x%08x: another key is there already", handle);
	else if (err != SL_OK)
		sl_device_trouble(r->device, msg);
	if (err != SL_OK)
		return err;
	r->device->salt[r->spec->hierarchy].known = false; /* sessions begin to use the storage root key */
	sl_tpm_device_trouble(r->device, NULL);
	*ret_name = name;
	return SL_OK;
}
