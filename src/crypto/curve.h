/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_CURVE_H
#define SL_CRYPTO_CURVE_H

#include "crypto/key.h"

#define SL_CURVE_BYTES_MAX 66
#define SL_CURVE_POINT_MAX (1 + 2 * SL_CURVE_BYTES_MAX)

/*
 * A curve, constant. On all of them a coordinate of a point is as wide as the group order, and those
 * of EC have cofactor 1.
 */
struct sl_curve {
	enum sl_key_kind kind;
	unsigned size;      /* key.h: sl_key_size() */
	const char *name;   /* EC: libcrypto's name of the group */
	int nid;            /* EC: libcrypto's number of it */
	struct sl_bytes oid;
	struct sl_bytes alias[2]; /* other CKA_EC_PARAMS with the same meaning */
};

/* As sl_key_curve(); NULL when there is none. */
const struct sl_curve *sl_curve_find(const uint8_t *params, size_t len);

/* The NIST curve of a size, or the one curve of another kind; NULL when there is none. */
const struct sl_curve *sl_curve_of(enum sl_key_kind kind, unsigned size);

/* Bytes of a scalar and of a coordinate; bytes of SL_PART_POINT. */
size_t sl_curve_width(const struct sl_curve *curve);
size_t sl_curve_point_len(const struct sl_curve *curve);

#endif
