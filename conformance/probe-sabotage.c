/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/*
 * A module that lies, for the test of the test: a case that passes under every lie tests nothing. The lies are about one thing
 * each, and never about the session that a case is given, or it would not begin.
 */

static const struct {
	const char *name;
	enum lie { NONE, PERMIT, BLUR, FLIP, LENGTH, ATTRIBUTE, ABOUT, BLANK, IDLE, MIXUP, MORE, DENY } lie;
} kinds[] = {
	{ "permit", PERMIT },          /* errors are CKR_OK */
	{ "blur", BLUR },              /* errors are CKR_GENERAL_ERROR */
	{ "flip", FLIP },              /* a bit of each output */
	{ "length", LENGTH },          /* lengths and counts are one too much */
	{ "attribute", ATTRIBUTE },    /* a bit of each attribute */
	{ "about", ABOUT },            /* information on library, token, mechanisms and sessions: every bit */
	{ "blank", BLANK },            /* the same: nothing but zeros, in the function list too */
	{ "idle", IDLE },              /* what is to be changed is not */
	{ "mixup", MIXUP },            /* handles */
	{ "more", MORE },              /* C_FindObjects finds everything twice or nothing */
	{ "deny", DENY },              /* CKR_OK is CKR_FUNCTION_FAILED */
};

static CK_FUNCTION_LIST *truth;
static enum lie lie;

const char *
probe_sabotage_kinds(void)
{
	static char names[200];

	if (names[0] == '\0')
		for (size_t i = 0; i < LEN(kinds); i++) {
			(void)strcat(names, i == 0 ? "" : " ");
			(void)strcat(names, kinds[i].name);
		}
	return names;
}

static CK_RV
answer(CK_RV rv)
{
	if (rv != CKR_OK && lie == PERMIT)
		return CKR_OK;
	if (rv != CKR_OK && lie == BLUR)
		return CKR_GENERAL_ERROR;
	if (rv == CKR_OK && lie == DENY)
		return CKR_FUNCTION_FAILED;
	return rv;
}

static void
bytes(CK_RV rv, CK_BYTE *out, CK_ULONG *n)
{
	if (lie == FLIP && rv == CKR_OK && out != NULL && *n != 0)
		out[*n / 2] ^= 0x10;
	if (lie == LENGTH && n != NULL && (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL))
		*n += 1;
}

static void
attributes(CK_ATTRIBUTE *a, CK_ULONG n)
{
	for (CK_ULONG i = 0; a != NULL && i < n; i++) {
		if (a[i].pValue != NULL && a[i].ulValueLen != 0 && a[i].ulValueLen != CK_UNAVAILABLE_INFORMATION)
			*(CK_BYTE *)a[i].pValue ^= 1;
		else if (a[i].pValue == NULL)
			a[i].ulValueLen ^= 2;   /* a length query's answer, and -1 too */
	}
}

static void
found(CK_OBJECT_HANDLE *objects, CK_ULONG *n)
{
	if (n == NULL)
		return;
	if (lie == MORE)
		*n = *n == 0 ? 1 : 0;
	if (lie == MIXUP && objects != NULL && *n != 0)
		objects[0] += 1000;
}

static void
swap(CK_OBJECT_HANDLE *a, CK_OBJECT_HANDLE *b)
{
	const CK_OBJECT_HANDLE other = *a;

	*a = *b;
	*b = other;
}

/* Flags and texts and numbers alike. */
static void
about(void *info, size_t n)
{
	CK_BYTE *p = info;

	for (size_t i = 0; p != NULL && i < n; i++)
		p[i] = lie == BLANK ? 0 : (CK_BYTE)~p[i];
}

static void
blank_list(CK_FUNCTION_LIST **list)
{
	static CK_FUNCTION_LIST blank;

	*list = &blank;
}

#define NOTHING (void)0
#define ATTRS(a, n) if (lie == ATTRIBUTE) attributes(a, n)
#define COUNT(n) if (lie == LENGTH && (n) != NULL) *(n) += 1
#define FOUND(list, n) found(list, n)
#define RANDOM(p, n) if (lie == FLIP && (p) != NULL) (void)memset(p, 0x5a, (n) + 1)
#define LIST(p) if (lie == BLANK && rv == CKR_OK) blank_list(p)
#define INFO(p) if ((lie == ABOUT || lie == BLANK) && rv == CKR_OK) about(p, sizeof(*(p)))
#define SWAP(p, q) if (lie == MIXUP && rv == CKR_OK) swap(p, q)
#define HANDLE(h) if (lie == MIXUP && rv == CKR_OK) *(h) += 1000
#define SESSION_OF(h) if (lie == MIXUP && rv == CKR_OK) *(h) = P.s
#define BYTES(p, n) bytes(rv, p, n)

#define FN(fn, params, args, after) \
	static CK_RV lie_##fn params { const CK_RV rv = truth->fn args; after; return answer(rv); }
#define EFFECT(fn, params, args, after) \
	static CK_RV lie_##fn params { CK_RV rv; if (lie == IDLE) return CKR_OK; rv = truth->fn args; after; return answer(rv); }
#include "probe-list.inc"
#undef FN
#undef EFFECT

CK_FUNCTION_LIST *
probe_sabotage(CK_FUNCTION_LIST *list, const char *kind)
{
	static CK_FUNCTION_LIST lies;

	truth = list;
	for (size_t i = 0; i < LEN(kinds); i++)
		if (strcmp(kinds[i].name, kind) == 0)
			lie = kinds[i].lie;
	if (lie == NONE)
		return NULL;
	lies.version = list->version;
	if (lie == ABOUT)
		lies.version.major = 9;
#define FN(fn, params, args, after) lies.fn = lie_##fn;
#define EFFECT FN
#include "probe-list.inc"
#undef FN
#undef EFFECT
	return &lies;
}
