/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/export_tss2.h"

#include "base/fs.h"
#include "root/sealed.h"
#include "tool/encode.h"

static enum sl_err
refuse(struct sl_msg *msg, enum sl_err err, const char *label, const char *why)
{
	sl_msg_set(msg, "%.150s: %s", label, why);
	return err;
}

static enum sl_err
write_pem(const uint8_t *der, size_t len, const char *path, struct sl_msg *msg)
{
	SL_FREE char *text = NULL;
	size_t text_len;
	FILE *f = open_memstream(&text, &text_len);

	if (f == NULL)
		return SL_ERR_MEMORY;
	sl_encode_pem(f, "TSS2 PRIVATE KEY", der, len);
	if (fclose(f) != 0)
		return SL_ERR_MEMORY;
	if (path != NULL)
		return sl_fs_write_text(path, text, 0600, 0, msg);
	(void)fputs(text, stdout);
	return SL_OK;
}

enum sl_err
sl_export_tss2(const struct sl_found *found, const struct sl_tool_args *args, struct sl_msg *msg)
{
	const struct sl_material *material = found->object->material;
	const struct sl_sealed_key *sealed = material == NULL ? NULL : sl_material_sealed(material);
	const char *label = args->operand;

	if (sealed == NULL)
		return refuse(msg, SL_ERR_UNSUPPORTED, label, "a derived key: nothing of it is sealed, and what it is derived from stays in the TPM");
	if (sl_sealed_is_hybrid(sealed->blob, sealed->len))
		return refuse(msg, SL_ERR_UNSUPPORTED, label,
		              "longer than the 128 bytes that one TPM object holds, so it is kept encrypted under a sealed key, which no other tool "
		              "reads: a TSS2 PRIVATE KEY of it there is not");
	return write_pem(sealed->blob, sealed->len, sl_args_value(args, "output"), msg);
}
