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
	{ "flip", FLIP },              /* a bit of each output, and of an interface's name */
	{ "length", LENGTH },          /* lengths and counts are one too much */
	{ "attribute", ATTRIBUTE },    /* a bit of each attribute */
	{ "about", ABOUT },            /* information on library, token, mechanisms, sessions, interfaces: every bit */
	{ "blank", BLANK },            /* the same: nothing but zeros, in the function lists too; no interfaces */
	{ "idle", IDLE },              /* what is to be changed is not */
	{ "mixup", MIXUP },            /* handles; another interface than the one asked for */
	{ "more", MORE },              /* C_FindObjects finds everything twice or nothing */
	{ "deny", DENY },              /* CKR_OK is CKR_FUNCTION_FAILED */
};

static CK_FUNCTION_LIST *truth, lies;
static struct std_list3 *truth3;
static CK_RV (*true_interface)(CK_UTF8CHAR *, CK_VERSION *, struct std_interface **, CK_FLAGS);
static CK_RV (*true_interface_list)(struct std_interface *, CK_ULONG *);
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

/* ---- 3.0 */

#define CALL_TRUE(name, params, args) (*(CK_RV (**) params)&truth3->entry[E3_##name]) args
#define FN(name, params, args, after) \
	static CK_RV lie_##name params { const CK_RV rv = CALL_TRUE(name, params, args); after; return answer(rv); }
#define EFFECT(name, params, args, after) \
	static CK_RV lie_##name params { \
		CK_RV rv; if (lie == IDLE) return CKR_OK; rv = CALL_TRUE(name, params, args); after; return answer(rv); }
#include "probe-list3.inc"
#undef FN
#undef EFFECT

static CK_RV lie_GetInterfaceList(struct std_interface *list, CK_ULONG *n);
static CK_RV lie_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, struct std_interface **interface, CK_FLAGS flags);

/* A list of the same version whose functions lie, with room for all entries: who takes it for a newer one finds NULL. */
static struct std_list3 *
lying_list(void *list)
{
	static struct std_list3 lists[3];
	const CK_VERSION *version = list;
	const size_t which = version->major < 3 ? 0 : version->minor < 2 ? 1 : 2;
	struct std_list3 *const l = &lists[which];

	l->base = lies;
	l->base.version = *version;
	if (which == 0)
		return l;
	(void)memcpy(l->entry, ((struct std_list3 *)list)->entry, (which == 1 ? E3_COUNT : E3_COUNT_32) * sizeof(l->entry[0]));
#define FN(name, params, args, after) *(CK_RV (**) params)&l->entry[E3_##name] = lie_##name;
#define EFFECT FN
	FN(GetInterfaceList, (struct std_interface *, CK_ULONG *), , )
	FN(GetInterface, (CK_UTF8CHAR *, CK_VERSION *, struct std_interface **, CK_FLAGS), , )
#include "probe-list3.inc"
#undef FN
#undef EFFECT
	return l;
}

static void
lying_interface(struct std_interface *i)
{
	static CK_UTF8CHAR wrong[] = "PKCS 10";
	static struct std_list3 blank;
	struct std_list3 *l = lying_list(i->list);

	if (lie == FLIP)
		i->name = wrong;
	if (lie == ABOUT) {
		l->base.version.major = 9;
		i->flags = ~i->flags;
	}
	i->list = lie == BLANK ? &blank : l;
}

static CK_RV
lie_GetInterfaceList(struct std_interface *list, CK_ULONG *n)
{
	const CK_ULONG space = n == NULL ? 0 : *n;
	const CK_RV rv = true_interface_list(list, n);

	if (n == NULL || (rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL))
		return answer(rv);
	for (CK_ULONG i = 0; rv == CKR_OK && list != NULL && i < *n; i++)
		if (lie == MIXUP && i != 0)
			list[i] = list[0];
		else
			lying_interface(&list[i]);
	if (lie == LENGTH && list != NULL && *n < space)
		list[*n] = (struct std_interface){ .name = NULL };
	COUNT(n);
	if (lie == BLANK)
		*n = 0;
	return answer(rv);
}

static CK_RV
lie_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, struct std_interface **interface, CK_FLAGS flags)
{
	static struct std_interface given;
	CK_RV rv = true_interface(name, version, interface, flags);
	CK_VERSION other = { 2, 40 };

	if (rv != CKR_OK || interface == NULL || *interface == NULL)
		return answer(rv);
	if (lie == MIXUP) {
		if (((CK_VERSION *)(*interface)->list)->major == 2)
			other = (CK_VERSION){ 3, 0 };
		rv = true_interface(name, &other, interface, flags);
		if (rv != CKR_OK)
			return rv;
	}
	given = **interface;
	lying_interface(&given);
	*interface = &given;
	return answer(rv);
}

/* A module without interfaces keeps none: there is nothing to lie about. */
static void
sabotage_interfaces(void)
{
	true_interface = P.get_interface;
	true_interface_list = P.get_interface_list;
	truth3 = P.f3;
	if (true_interface != NULL)
		P.get_interface = lie_GetInterface;
	if (true_interface_list != NULL)
		P.get_interface_list = lie_GetInterfaceList;
	if (truth3 != NULL)
		P.f3 = lying_list(truth3);
}

CK_FUNCTION_LIST *
probe_sabotage(CK_FUNCTION_LIST *list, const char *kind)
{
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
	sabotage_interfaces();
	return &lies;
}
