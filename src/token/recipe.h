/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_RECIPE_H
#define SL_TOKEN_RECIPE_H

#include "derive/context.h"
#include "derive/expand.h"
#include "derive/keytype.h"

/* What a derived key is a function of, owned: the storable form of struct sl_keyid. No secret. */
struct sl_recipe {
	char name[SL_NAME_MAX + 1];
	struct sl_keytype type;
	uint32_t version;
	bool salted;
	uint8_t salt[SL_SALT_LEN];
};

/* The derivation's view; borrows from recipe. */
struct sl_keyid sl_recipe_keyid(const struct sl_recipe *recipe);

/* What is on record of a derived key's public side. spki is owned. */
struct sl_recorded {
	uint8_t *spki;
	size_t spki_len;
	struct sl_rsa_hints hints;
};

void sl_recorded_clear(struct sl_recorded *pub);

#endif
