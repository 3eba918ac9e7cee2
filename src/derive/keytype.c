/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "derive/keytype.h"

#include <string.h>

#define BYTES_MAX 512 /* of hmac: and generic: */

static const struct sl_keytype fixed[] = {
	{ "ec:P-256", SL_ALG_EC, 256 },   { "ec:P-384", SL_ALG_EC, 384 },   { "ec:P-521", SL_ALG_EC, 521 },
	{ "rsa:2048", SL_ALG_RSA, 2048 }, { "rsa:3072", SL_ALG_RSA, 3072 }, { "rsa:4096", SL_ALG_RSA, 4096 },
	{ "ed25519", SL_ALG_ED25519, 0 }, { "x25519", SL_ALG_X25519, 0 },
	{ "aes:128", SL_ALG_AES, 128 },   { "aes:192", SL_ALG_AES, 192 },   { "aes:256", SL_ALG_AES, 256 },
};

static const struct {
	enum sl_algorithm alg;
	const char *prefix;
} sized[] = {
	{ SL_ALG_HMAC, "hmac:" },
	{ SL_ALG_GENERIC, "generic:" },
};

/* The type's name is part of the derivation, so each type has exactly one spelling: it is what is written here. */
enum sl_err
sl_keytype_of(enum sl_algorithm alg, unsigned size, struct sl_keytype *ret_type)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(fixed); i++) {
		if (fixed[i].alg == alg && fixed[i].size == size) {
			*ret_type = fixed[i];
			return SL_OK;
		}
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(sized); i++) {
		if (sized[i].alg == alg && size >= 1 && size <= BYTES_MAX) {
			struct sl_keytype type = { .alg = alg, .size = size };

			(void)snprintf(type.name, sizeof(type.name), "%s%u", sized[i].prefix, size);
			*ret_type = type;
			return SL_OK;
		}
	}
	return SL_ERR_ARG;
}

static unsigned
digits(const char *text)
{
	unsigned n = 0;

	for (; *text >= '0' && *text <= '9' && n <= BYTES_MAX; text++)
		n = 10 * n + (unsigned)(*text - '0');
	return *text == '\0' ? n : 0;
}

enum sl_err
sl_keytype_parse(const char *name, struct sl_keytype *ret_type, struct sl_msg *msg)
{
	struct sl_keytype type;

	for (size_t i = 0; i < SL_ARRAY_LEN(fixed); i++) {
		if (strcmp(name, fixed[i].name) == 0) {
			*ret_type = fixed[i];
			return SL_OK;
		}
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(sized); i++) {
		const size_t len = strlen(sized[i].prefix);

		if (strncmp(name, sized[i].prefix, len) == 0 &&
		    sl_keytype_of(sized[i].alg, digits(name + len), &type) == SL_OK && strcmp(name, type.name) == 0) {
			*ret_type = type;
			return SL_OK;
		}
	}
	sl_msg_set(msg, "unknown key type \"%.32s\", expected ec:P-256, ec:P-384, ec:P-521, rsa:2048, rsa:3072, "
	           "rsa:4096, ed25519, x25519, aes:128, aes:192, aes:256, hmac:N or generic:N (N bytes, 1 to %d)",
	           name, BYTES_MAX);
	return SL_ERR_ARG;
}

bool
sl_keytype_is_pair(const struct sl_keytype *type)
{
	return type->alg == SL_ALG_EC || type->alg == SL_ALG_RSA || type->alg == SL_ALG_ED25519 ||
		type->alg == SL_ALG_X25519;
}
