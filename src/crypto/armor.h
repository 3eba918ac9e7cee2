/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_ARMOR_H
#define SL_CRYPTO_ARMOR_H

#include "base/buf.h"
#include "crypto/key.h"

/*
 * Textual encodings (RFC 7468), and the headers that RFC 1421 had between the first line and the base64 text. Text before a block is passed
 * over, as are blanks at the ends of lines.
 */
#define SL_ARMOR_LABEL_MAX 40

struct sl_armor {
	char label[SL_ARMOR_LABEL_MAX]; /* "PRIVATE KEY" */
	struct sl_bytes headers;      /* the lines, borrowed; len 0: none */
	struct sl_secret body;        /* owned; empty where skipped */
};

/* Moves past one block. SL_ERR_NOT_FOUND: there is none any more; SL_ERR_FORMAT: it does not end, or its text is no base64. */
SL_MUST_CHECK enum sl_err sl_armor_next(struct sl_reader *text, struct sl_armor *ret_pem);
void sl_armor_clear(struct sl_armor *pem);

#endif
