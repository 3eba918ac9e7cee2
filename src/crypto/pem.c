/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/pem.h"
#include "crypto/armor.h"

#include <string.h>

enum sl_err
sl_pem_read(const char *text, const char *label, uint8_t **ret_der, size_t *ret_len)
{
	struct sl_reader r = sl_reader_of(text, strlen(text));

	for (;;) {
		SL_CLEANUP(sl_armor_clear) struct sl_armor block = { .label = "" };
		const enum sl_err err = sl_armor_next(&r, &block);
		uint8_t *der;

		if (err != SL_OK)
			return err;
		if (strcmp(block.label, label) != 0)
			continue;
		if ((der = malloc(block.body.len)) == NULL)
			return SL_ERR_MEMORY;
		memcpy(der, block.body.bytes, block.body.len);
		*ret_der = der;
		*ret_len = block.body.len;
		return SL_OK;
	}
}
