/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/lists.h"
#include "pkcs11/pad.h"

/* PKCS#11 3.0 section 5.4: general-purpose functions */

/*
 * Our locks are the system's whatever the application offers; so all its mutex functions, or none, is all we ask. We make no threads, so
 * CKF_LIBRARY_CANT_CREATE_OS_THREADS is fine.
 */
static CK_RV
check_args(const CK_C_INITIALIZE_ARGS *args)
{
	size_t given;

	if (args == NULL)
		return CKR_OK;
	if (args->pReserved != NULL)
		return CKR_ARGUMENTS_BAD;
	given = (args->CreateMutex != NULL ? 1U : 0U) + (args->DestroyMutex != NULL ? 1U : 0U) + (args->LockMutex != NULL ? 1U : 0U) +
	        (args->UnlockMutex != NULL ? 1U : 0U);
	return given == 0 || given == 4 ? CKR_OK : CKR_ARGUMENTS_BAD;
}

CK_RV
C_Initialize(void *args)
{
	const CK_RV rv = check_args(args);

	return rv == CKR_OK ? sl_call_initialize() : rv;
}

CK_RV
C_Finalize(void *reserved)
{
	return reserved != NULL ? CKR_ARGUMENTS_BAD : sl_call_finalize();
}

/* Through an interface of a later version, the version is that of the interface: they have functions of their own. */
static CK_RV
info_of(CK_INFO *info, CK_VERSION version, const char *function)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_module(&call);

	if (rv == CKR_OK && info == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK) {
		*info = (CK_INFO){ .cryptokiVersion = version, .libraryVersion = { SL_VERSION_MAJOR, SL_VERSION_MINOR } };
		sl_pad(info->manufacturerID, sizeof(info->manufacturerID), "Seedleaf");
		sl_pad(info->libraryDescription, sizeof(info->libraryDescription), "Seedleaf TPM-derived keys");
	}
	return sl_call_end(&call, function, rv);
}

CK_RV
C_GetInfo(CK_INFO *info)
{
	return info_of(info, (CK_VERSION){ 2, 40 }, __func__);
}

CK_RV
sl_general_info_3_0(CK_INFO *info)
{
	return info_of(info, (CK_VERSION){ 3, 0 }, "C_GetInfo");
}

CK_RV
sl_general_info_3_2(CK_INFO *info)
{
	return info_of(info, (CK_VERSION){ 3, 2 }, "C_GetInfo");
}
