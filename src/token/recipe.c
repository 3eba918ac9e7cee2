/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/recipe.h"

#include <stdlib.h>

struct sl_keyid
sl_recipe_keyid(const struct sl_recipe *recipe)
{
	return (struct sl_keyid){
		.name = recipe->name,
		.type = recipe->type.name,
		.version = recipe->version,
		.salt = recipe->salted ? recipe->salt : NULL,
	};
}

void
sl_recorded_clear(struct sl_recorded *pub)
{
	free(pub->spki);
	*pub = (struct sl_recorded){ 0 };
}
