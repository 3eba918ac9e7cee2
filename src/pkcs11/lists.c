/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/lists.h"

#include "base/clean.h"

#include <stdbool.h>
#include <string.h>

/*
 * The function lists, in the order of the standard, and complete. The functions that give them out are the module's
 * only exports.
 */

#define EXPORT __attribute__((visibility("default")))
#define ENTRY(name) .name = name,
#define ALL_2_40(info) \
	.C_Initialize = C_Initialize, .C_Finalize = C_Finalize, .C_GetInfo = info, SL_CK_FUNCTIONS_REST_2_40(ENTRY)

#define ONE(name) +1
#define LENGTH(functions) (sizeof(void *) * (0 functions(ONE)))

/* A list is its version, padded to a pointer, and these pointers: no more, no less. */
_Static_assert(sizeof(CK_FUNCTION_LIST) == sizeof(void *) + LENGTH(SL_CK_FUNCTIONS_2_40), "list of 2.40");
_Static_assert(sizeof(CK_FUNCTION_LIST_3_0) == sizeof(CK_FUNCTION_LIST) + LENGTH(SL_CK_FUNCTIONS_3_0), "list of 3.0");
_Static_assert(sizeof(CK_FUNCTION_LIST_3_2) == sizeof(CK_FUNCTION_LIST_3_0) + LENGTH(SL_CK_FUNCTIONS_3_2),
               "list of 3.2");

static CK_FUNCTION_LIST list_2_40 = { .version = { 2, 40 }, ALL_2_40(C_GetInfo) };
static CK_FUNCTION_LIST_3_0 list_3_0 = {
	.version = { 3, 0 }, ALL_2_40(sl_general_info_3_0) SL_CK_FUNCTIONS_3_0(ENTRY)
};
static CK_FUNCTION_LIST_3_2 list_3_2 = {
	.version = { 3, 2 }, ALL_2_40(sl_general_info_3_2) SL_CK_FUNCTIONS_3_0(ENTRY) SL_CK_FUNCTIONS_3_2(ENTRY)
};

static CK_UTF8CHAR standard[] = "PKCS 11";

/*
 * The first one is what a caller without wishes gets. CKF_INTERFACE_FORK_SAFE would promise that sessions and handles
 * live on in a forked child; ours has to call C_Initialize.
 */
static CK_INTERFACE interfaces[] = {
	{ standard, &list_3_2, 0 },
	{ standard, &list_3_0, 0 },
	{ standard, &list_2_40, 0 },
};

EXPORT CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	if (list == NULL)
		return CKR_ARGUMENTS_BAD;
	*list = &list_2_40;
	return CKR_OK;
}

/* PKCS#11 3.0 sections 5.4.5 and 5.4.6; both may be called before C_Initialize. */
EXPORT CK_RV
C_GetInterfaceList(CK_INTERFACE *list, CK_ULONG *count)
{
	CK_ULONG room;

	if (count == NULL)
		return CKR_ARGUMENTS_BAD;
	room = *count;
	*count = SL_ARRAY_LEN(interfaces);
	if (list == NULL)
		return CKR_OK;
	if (room < SL_ARRAY_LEN(interfaces))
		return CKR_BUFFER_TOO_SMALL;
	memcpy(list, interfaces, sizeof(interfaces));
	return CKR_OK;
}

static bool
is_wanted(const CK_INTERFACE *interface, const CK_UTF8CHAR *name, const CK_VERSION *version, CK_FLAGS flags)
{
	const CK_VERSION *have = interface->pFunctionList;

	if (name != NULL && strcmp((const char *)name, (const char *)interface->pInterfaceName) != 0)
		return false;
	if (version != NULL && (version->major != have->major || version->minor != have->minor))
		return false;
	return (flags & interface->flags) == flags;
}

EXPORT CK_RV
C_GetInterface(CK_UTF8CHAR *name, CK_VERSION *version, CK_INTERFACE **interface, CK_FLAGS flags)
{
	if (interface == NULL)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < SL_ARRAY_LEN(interfaces); i++)
		if (is_wanted(&interfaces[i], name, version, flags)) {
			*interface = &interfaces[i];
			return CKR_OK;
		}
	return CKR_FUNCTION_FAILED;
}
