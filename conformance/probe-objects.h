/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef PROBE_OBJECTS_H
#define PROBE_OBJECTS_H

#include "probe.h"

/* Kinds of objects that C_CreateObject makes. */
struct kind {
	const char *name, *section;
	void (*fill)(struct tmpl *t);
	CK_OBJECT_CLASS class;
	CK_MECHANISM_TYPE witness;      /* without it, the key type need not be there */
	CK_ATTRIBUTE_TYPE needed[3];    /* 0 ends; CKA_CLASS, which is 0, is needed by all */
};

extern const struct kind kinds[];
extern const size_t n_kinds;

void kind_fill(const struct kind *k, struct tmpl *t);
CK_OBJECT_HANDLE kind_make(const struct kind *k);

#endif
