/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm.h"
#include "root/tpm_nvcommand.h"
#include "root/tpm_rc.h"

#include <string.h>

#define FIRST 0x01000000U
#define LAST 0x01FFFFFFU

/*
 * The owner writes it, anybody reads it, no wrong try is counted. TPMA_NV_WRITEALL: all of it is there, or nothing (Part 2, 13.4). What is in it is
 * no secret, and whoever uses it looks himself whether it is what he wants.
 */
#define ATTRIBUTES (TPMA_NV_OWNERWRITE | TPMA_NV_OWNERREAD | TPMA_NV_AUTHREAD | TPMA_NV_NO_DA | TPMA_NV_WRITEALL)

struct area {
	uint8_t bytes[14]; /* TPMS_NV_PUBLIC, without a policy */
	struct sl_root_name name;
	size_t size;
	bool written;
};

static enum sl_err
area_of(uint32_t index, size_t size, bool written, struct area *ret_area)
{
	struct area area = { .size = size, .written = written };
	struct sl_writer w = sl_writer_of(area.bytes, sizeof(area.bytes));
	enum sl_err err;

	sl_writer_u32be(&w, index);
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	sl_writer_u32be(&w, ATTRIBUTES | (written ? TPMA_NV_WRITTEN : 0));
	sl_writer_u16be(&w, 0);
	sl_writer_u16be(&w, (uint16_t)size);
	w = sl_writer_of(area.name.bytes, 2);
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	area.name.len = 2 + 32;
	if ((err = sl_hash_once(SL_HASH_SHA256, area.bytes, sizeof(area.bytes), area.name.bytes + 2)) != SL_OK)
		return err;
	*ret_area = area;
	return SL_OK;
}

static void
trouble(struct sl_tpm_batch *batch, uint32_t index, const char *why)
{
	sl_tpm_device_trouble(batch->device, "%s: the NV index 0x%08x %s", batch->device->tcti, index, why);
}

/* SL_ERR_NOT_FOUND; SL_ERR_MISMATCH: another one. */
static enum sl_err
look(struct sl_tpm_batch *batch, uint32_t index, struct area *ret_area)
{
	struct sl_tpm_command c = { .code = TPM2_CC_NV_ReadPublic, .handles = { index }, .n_handles = 1 };
	SL_TPM_ANSWER a = { .len = 0 };
	struct sl_reader r;
	const uint8_t *bytes;
	struct area area;
	enum sl_err err = sl_tpm_run(batch, &c, &a);

	if (err != SL_OK && sl_tpm_rc_is(batch->rc, TPM2_RC_HANDLE)) {
		trouble(batch, index, "is not there");
		return SL_ERR_NOT_FOUND;
	}
	if (err != SL_OK)
		return err == SL_ERR_AUTH || err == SL_ERR_NOT_FOUND ? SL_ERR_DEVICE : err;
	r = sl_reader_of(a.params, a.params_len);
	bytes = sl_reader_u16be(&r) == sizeof(area.bytes) ? sl_reader_bytes(&r, sizeof(area.bytes)) : NULL;
	for (int written = 0; bytes != NULL && written < 2; written++) {
		if ((err = area_of(index, (size_t)bytes[12] << 8 | bytes[13], written == 1, &area)) != SL_OK)
			return err;
		if (memcmp(bytes, area.bytes, sizeof(area.bytes)) != 0)
			continue;
		*ret_area = area;
		return SL_OK;
	}
	trouble(batch, index, "was not made by us, or for something else");
	return SL_ERR_MISMATCH;
}

static enum sl_err
define(struct sl_tpm_batch *batch, struct sl_tpm_grant *owner, const struct area *area)
{
	struct sl_tpm_command c = { .code = TPM2_CC_NV_DefineSpace, .name = "TPM2_NV_DefineSpace", .n_handles = 1 };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };

	sl_writer_u16be(&w, 0); /* no auth value */
	sl_writer_u16be(&w, sizeof(area->bytes));
	sl_writer_bytes(&w, area->bytes, sizeof(area->bytes));
	c.params_len = w.used;
	return sl_tpm_command_by(batch, owner, &c, &a);
}

static enum sl_err
undefine(struct sl_tpm_batch *batch, struct sl_tpm_grant *owner, uint32_t index, const struct area *area)
{
	struct sl_tpm_command c = { .code = TPM2_CC_NV_UndefineSpace, .handles = { 0, index }, .names = { { .len = 0 }, area->name }, .n_handles = 2 };
	SL_TPM_ANSWER a = { .len = 0 };

	return sl_tpm_command_by(batch, owner, &c, &a);
}

static enum sl_err
fill(struct sl_tpm_batch *batch, struct sl_tpm_grant *owner, uint32_t index, const struct area *area, const uint8_t *bytes)
{
	struct sl_tpm_command c = { .code = TPM2_CC_NV_Write, .name = "TPM2_NV_Write", .handles = { 0, index },
		                    .names = { { .len = 0 }, area->name }, .n_handles = 2 };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };

	sl_writer_u16be(&w, (uint16_t)area->size);
	sl_writer_bytes(&w, bytes, area->size);
	sl_writer_u16be(&w, 0); /* offset */
	c.params_len = w.used;
	return sl_tpm_command_by(batch, owner, &c, &a);
}

static enum sl_err
create(struct sl_tpm_batch *batch, struct sl_tpm_grant *owner, uint32_t index, const uint8_t *bytes, size_t len)
{
	struct area area;
	enum sl_err err = look(batch, index, &area);

	if ((err == SL_OK && area.written) || err == SL_ERR_MISMATCH) {
		trouble(batch, index, "is in use");
		return SL_ERR_EXISTS;
	}
	if (err == SL_OK) /* somebody died between defining and writing */
		err = undefine(batch, owner, index, &area);
	if ((err != SL_OK && err != SL_ERR_NOT_FOUND) || (err = area_of(index, len, false, &area)) != SL_OK ||
	    (err = define(batch, owner, &area)) != SL_OK)
		return err;
	err = fill(batch, owner, index, &area, bytes);
	if (err != SL_OK && !batch->broken)
		(void)!undefine(batch, owner, index, &area);
	return err;
}

static enum sl_err
read_all(struct sl_tpm_batch *batch, uint32_t index, uint8_t *room, size_t max, size_t *ret_len)
{
	struct sl_tpm_command c = { .code = TPM2_CC_NV_Read, .name = "TPM2_NV_Read", .handles = { index, index }, .n_handles = 2, .auth = true };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };
	struct sl_reader r;
	struct area area;
	const uint8_t *data;
	enum sl_err err;

	if ((err = look(batch, index, &area)) != SL_OK)
		return err;
	if (!area.written) {
		trouble(batch, index, "was not written to");
		return SL_ERR_NOT_FOUND;
	}
	if (area.size > max)
		return SL_ERR_RANGE;
	sl_writer_u16be(&w, (uint16_t)area.size);
	sl_writer_u16be(&w, 0); /* offset */
	c.params_len = w.used;
	if ((err = sl_tpm_run(batch, &c, &a)) != SL_OK)
		return err == SL_ERR_AUTH ? SL_ERR_DEVICE : err;
	r = sl_reader_of(a.params, a.params_len);
	data = sl_reader_u16be(&r) == area.size ? sl_reader_bytes(&r, area.size) : NULL;
	if (data == NULL || !sl_reader_done(&r))
		return SL_ERR_DEVICE;
	memcpy(room, data, area.size);
	*ret_len = area.size;
	return SL_OK;
}

enum sl_err
sl_tpm_nvblob_create(struct sl_root *root, uint32_t index, const uint8_t *bytes, size_t len)
{
	struct sl_tpm_root *r = (struct sl_tpm_root *)root;
	struct sl_tpm_grant owner = sl_tpm_grant_of(r, SL_HIERARCHY_OWNER);
	SL_TPM_BATCH batch = { .device = NULL };
	enum sl_err err;

	if (index < FIRST || index > LAST || len == 0 || len > SL_NV_BLOB_MAX)
		return SL_ERR_RANGE;
	if ((err = sl_tpm_batch_begin(r->device, &batch)) != SL_OK)
		return err;
	err = create(&batch, &owner, index, bytes, len);
	sl_tpm_grant_end(&batch, &owner);
	if (err == SL_OK)
		sl_tpm_device_trouble(r->device, NULL);
	return err;
}

enum sl_err
sl_tpm_nvblob_read(struct sl_root *root, uint32_t index, uint8_t room[SL_NV_BLOB_MAX], size_t *ret_len)
{
	struct sl_tpm_root *r = (struct sl_tpm_root *)root;
	SL_TPM_BATCH batch = { .device = NULL };
	enum sl_err err;

	if (index < FIRST || index > LAST)
		return SL_ERR_RANGE;
	if ((err = sl_tpm_batch_begin(r->device, &batch)) != SL_OK)
		return err;
	err = read_all(&batch, index, room, SL_NV_BLOB_MAX, ret_len);
	if (err == SL_OK)
		sl_tpm_device_trouble(r->device, NULL);
	return err;
}
