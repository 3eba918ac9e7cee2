/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The interfaces of PKCS#11 3.0 and 3.2: what is given out, and the functions that only they have. */

static CK_C_GetInterfaceList get_list;
static CK_C_GetInterface get;
static CK_FUNCTION_LIST_3_2 *p32;
static CK_SESSION_HANDLE s;
static CK_UTF8CHAR name[] = "PKCS 11";
static CK_UTF8CHAR other[] = "Vendor other";
static CK_BYTE text[] = "a message";

/* Where the standard's headers have them: entries before each, in the list. */
#define AT(list, function) (offsetof(list, function) / sizeof(void *) - 1)

static void
find(void)
{
	void *library = dlopen(getenv("SEEDLEAF_MODULE"), RTLD_NOW | RTLD_LOCAL);

	*(void **)&get_list = dlsym(library, "C_GetInterfaceList");
	*(void **)&get = dlsym(library, "C_GetInterface");
	if (get_list == NULL || get == NULL)
		test_bail("no interface functions");
}

static void
order(void)
{
	test_eq(AT(CK_FUNCTION_LIST_3_0, C_WaitForSlotEvent), 67, "C_WaitForSlotEvent ends the old list");
	test_eq(AT(CK_FUNCTION_LIST_3_0, C_GetInterfaceList), 68, "C_GetInterfaceList");
	test_eq(AT(CK_FUNCTION_LIST_3_0, C_GetInterface), 69, "C_GetInterface");
	test_eq(AT(CK_FUNCTION_LIST_3_0, C_LoginUser), 70, "C_LoginUser");
	test_eq(AT(CK_FUNCTION_LIST_3_0, C_SessionCancel), 71, "C_SessionCancel");
	test_eq(AT(CK_FUNCTION_LIST_3_0, C_MessageEncryptInit), 72, "C_MessageEncryptInit");
	test_eq(AT(CK_FUNCTION_LIST_3_0, C_MessageDecryptInit), 77, "C_MessageDecryptInit");
	test_eq(AT(CK_FUNCTION_LIST_3_0, C_MessageSignInit), 82, "C_MessageSignInit");
	test_eq(AT(CK_FUNCTION_LIST_3_0, C_MessageVerifyInit), 87, "C_MessageVerifyInit");
	test_eq(AT(CK_FUNCTION_LIST_3_0, C_MessageVerifyFinal), 91, "C_MessageVerifyFinal");
	test_eq(AT(CK_FUNCTION_LIST_3_2, C_EncapsulateKey), 92, "C_EncapsulateKey");
	test_eq(AT(CK_FUNCTION_LIST_3_2, C_VerifySignatureInit), 94, "C_VerifySignatureInit");
	test_eq(AT(CK_FUNCTION_LIST_3_2, C_GetSessionValidationFlags), 98, "C_GetSessionValidationFlags");
	test_eq(AT(CK_FUNCTION_LIST_3_2, C_AsyncComplete), 99, "C_AsyncComplete");
	test_eq(AT(CK_FUNCTION_LIST_3_2, C_WrapKeyAuthenticated), 102, "C_WrapKeyAuthenticated");
	test_eq(AT(CK_FUNCTION_LIST_3_2, C_UnwrapKeyAuthenticated), 103, "C_UnwrapKeyAuthenticated");
	test_eq(sizeof(CK_FUNCTION_LIST_3_2), 105 * sizeof(void *), "and that is all");
}

static void
whole(const CK_INTERFACE *i, CK_BYTE major, CK_BYTE minor, size_t entries)
{
	const CK_VERSION *version = i->pFunctionList;
	CK_INFO info;
	void *entry;

	test_str((const char *)i->pInterfaceName, "PKCS 11", "the name");
	test_eq(version->major * 100U + version->minor, major * 100U + minor, "%u.%u", major, minor);
	for (size_t e = 0; e < entries; e++) {
		memcpy(&entry, (const char *)i->pFunctionList + (e + 1) * sizeof(void *), sizeof(entry));
		if (entry == NULL)
			test_ok(false, "%u.%u: entry %zu is there", major, minor, e);
	}
	mod_init();
	test_eq(((CK_FUNCTION_LIST *)i->pFunctionList)->C_GetInfo(&info), CKR_OK, "its C_GetInfo");
	test_eq(info.cryptokiVersion.major * 100U + info.cryptokiVersion.minor, major * 100U + minor, "says the same version");
	mod_fini();
}

static void
given_out(void)
{
	CK_INTERFACE list[8];
	CK_INTERFACE *one = NULL;
	CK_ULONG n = 0;

	test_eq(get_list(NULL, NULL), CKR_ARGUMENTS_BAD, "C_GetInterfaceList without a count");
	test_eq(get_list(NULL, &n), CKR_OK, "length query");
	test_eq(n, 3, "three interfaces");
	n = 2;
	test_eq(get_list(list, &n), CKR_BUFFER_TOO_SMALL, "one too few");
	test_eq(n, 3, "the count is told");
	n = LEN(list);
	test_eq(get_list(list, &n), CKR_OK, "C_GetInterfaceList");
	whole(&list[0], 3, 2, 104);
	whole(&list[1], 3, 0, 92);
	whole(&list[2], 2, 40, 68);
	test_ok(list[2].pFunctionList == p11, "the old one is C_GetFunctionList's");
	test_eq(get(name, NULL, NULL, 0), CKR_ARGUMENTS_BAD, "C_GetInterface without room");
	test_ok(get(NULL, NULL, &one, 0) == CKR_OK && one->pFunctionList == list[0].pFunctionList, "no wishes: the latest");
	p32 = one->pFunctionList;
	test_ok(get(name, NULL, &one, 0) == CKR_OK && one->pFunctionList == list[0].pFunctionList, "by name: the latest");
	test_ok(get(name, &(CK_VERSION){ 3, 0 }, &one, 0) == CKR_OK && one->pFunctionList == list[1].pFunctionList, "3.0");
	test_ok(get(NULL, &(CK_VERSION){ 2, 40 }, &one, 0) == CKR_OK && one->pFunctionList == list[2].pFunctionList, "2.40");
	test_eq(get(name, &(CK_VERSION){ 3, 1 }, &one, 0), CKR_FUNCTION_FAILED, "3.1 never was");
	test_eq(get(other, NULL, &one, 0), CKR_FUNCTION_FAILED, "another name");
	test_eq(get(name, NULL, &one, CKF_INTERFACE_FORK_SAFE), CKR_FUNCTION_FAILED, "sessions do not survive a fork");
}

static void
careless(void)
{
	CK_ULONG n = 0;
	CK_FLAGS flags = 7;
	CK_MECHANISM m = { CKM_SHA256, NULL, 0 };
	CK_OBJECT_HANDLE key;

	test_eq(p32->C_SessionCancel(s, 0), CKR_CRYPTOKI_NOT_INITIALIZED, "before C_Initialize");
	mod_init();
	test_eq(p32->C_SessionCancel(999, 0), CKR_SESSION_HANDLE_INVALID, "no session");
	s = mod_open(SLOT_OWNER, true);
	test_eq(p32->C_EncapsulateKey(s, &m, 1, NULL, 0, NULL, &n, &key), CKR_FUNCTION_NOT_SUPPORTED, "C_EncapsulateKey");
	test_eq(p32->C_DecapsulateKey(s, &m, 1, NULL, 0, NULL, 0, &key), CKR_FUNCTION_NOT_SUPPORTED, "C_DecapsulateKey");
	test_eq(p32->C_DecapsulateKey(999, &m, 1, NULL, 0, NULL, 0, &key), CKR_SESSION_HANDLE_INVALID, "without a session");
	test_eq(p32->C_AsyncComplete(s, name, &(CK_ASYNC_DATA){ 0 }), CKR_FUNCTION_NOT_SUPPORTED, "C_AsyncComplete");
	test_eq(p32->C_AsyncGetID(s, name, &n), CKR_FUNCTION_NOT_SUPPORTED, "C_AsyncGetID");
	test_eq(p32->C_AsyncJoin(s, name, 1, text, 1), CKR_FUNCTION_NOT_SUPPORTED, "C_AsyncJoin");
	test_eq(p32->C_WrapKeyAuthenticated(s, &m, 1, 1, NULL, 0, NULL, &n), CKR_FUNCTION_NOT_SUPPORTED,
	        "C_WrapKeyAuthenticated");
	test_eq(p32->C_UnwrapKeyAuthenticated(s, &m, 1, NULL, 0, NULL, 0, NULL, 0, &key), CKR_FUNCTION_NOT_SUPPORTED,
	        "C_UnwrapKeyAuthenticated");
	test_eq(p32->C_GetSessionValidationFlags(s, CKS_LAST_VALIDATION_OK, &flags), CKR_OK, "C_GetSessionValidationFlags");
	test_eq(flags, 0, "nothing is validated");
	test_eq(p32->C_GetSessionValidationFlags(s, 9, &flags), CKR_ARGUMENTS_BAD, "an unknown type");
	test_eq(p32->C_LoginUser(s, CKU_USER, text, 4, NULL, 0), p11->C_Login(s, CKU_USER, text, 4),
	        "C_LoginUser without a name");
	test_eq(p32->C_LoginUser(s, CKU_USER, text, 4, name, 7), CKR_USER_TYPE_INVALID, "with one");
}

/* Each operation is there, is cancelled by its flag and by no other, and is gone. */
static void
cancel(void)
{
	CK_MECHANISM sha = { CKM_SHA256, NULL, 0 };
	CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };
	const struct pair ec = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "ec", false);
	CK_OBJECT_HANDLE found;
	CK_ULONG n;

	test_eq(p32->C_SessionCancel(s, ~0UL), CKR_OK, "nothing to cancel");
	(void)p11->C_DigestInit(s, &sha);
	(void)p11->C_SignInit(s, &ecdsa, ec.private);
	(void)p11->C_VerifyInit(s, &ecdsa, ec.public);
	(void)p11->C_FindObjectsInit(s, NULL, 0);
	test_eq(p32->C_SessionCancel(s, CKF_SIGN), CKR_OK, "the signature");
	test_eq(p11->C_SignUpdate(s, text, 1), CKR_OPERATION_NOT_INITIALIZED, "is gone");
	test_eq(p11->C_DigestUpdate(s, text, 1), CKR_OK, "the digest is not");
	test_eq(p11->C_VerifyUpdate(s, text, 1), CKR_OK, "nor the verification");
	test_eq(p11->C_FindObjects(s, &found, 1, &n), CKR_OK, "nor the search");
	test_eq(p32->C_SessionCancel(s, CKF_DIGEST | CKF_VERIFY | CKF_FIND_OBJECTS), CKR_OK, "all of them");
	test_eq(p11->C_DigestUpdate(s, text, 1), CKR_OPERATION_NOT_INITIALIZED, "no digest");
	test_eq(p11->C_VerifyUpdate(s, text, 1), CKR_OPERATION_NOT_INITIALIZED, "no verification");
	test_eq(p11->C_FindObjects(s, &found, 1, &n), CKR_OPERATION_NOT_INITIALIZED, "no search");
}

static void
known_signature(void)
{
	CK_MECHANISM m = { CKM_ECDSA_SHA256, NULL, 0 };
	const struct pair ec = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "ec", false);
	CK_BYTE sig[64];
	CK_ULONG n = sizeof(sig);

	(void)p11->C_SignInit(s, &m, ec.private);
	test_eq(p11->C_Sign(s, text, sizeof(text), sig, &n), CKR_OK, "a signature");
	test_eq(p32->C_VerifySignatureInit(s, &m, ec.public, sig, 63), CKR_SIGNATURE_LEN_RANGE,
	        "C_VerifySignatureInit, a byte short");
	test_eq(p32->C_VerifySignatureInit(s, &m, ec.public, NULL, 64), CKR_ARGUMENTS_BAD, "without the signature");
	test_eq(p32->C_VerifySignature(s, text, sizeof(text)), CKR_OPERATION_NOT_INITIALIZED, "neither began anything");
	test_eq(p32->C_VerifySignatureInit(s, &m, ec.public, sig, n), CKR_OK, "C_VerifySignatureInit");
	test_eq(p11->C_Verify(s, text, sizeof(text), sig, n), CKR_OPERATION_NOT_INITIALIZED, "is not C_Verify's");
	test_eq(p11->C_VerifyInit(s, &m, ec.public), CKR_OPERATION_ACTIVE, "and is in its place");
	memset(sig, 0, sizeof(sig));
	test_eq(p32->C_VerifySignature(s, text, sizeof(text)), CKR_OK, "the signature was copied");
	test_eq(p32->C_VerifySignatureInit(s, &m, ec.public, sig, n), CKR_OK, "another one");
	test_eq(p32->C_VerifySignatureUpdate(s, text, 3), CKR_OK, "in parts");
	test_eq(p32->C_VerifySignatureFinal(s), CKR_SIGNATURE_INVALID, "it is wrong");
	n = sizeof(sig);
	(void)p11->C_SignInit(s, &m, ec.private);
	(void)p11->C_Sign(s, text, sizeof(text), sig, &n);
	(void)p32->C_VerifySignatureInit(s, &m, ec.public, sig, n);
	(void)p32->C_VerifySignatureUpdate(s, text, 3);
	(void)p32->C_VerifySignatureUpdate(s, text + 3, sizeof(text) - 3);
	test_eq(p32->C_VerifySignatureFinal(s), CKR_OK, "and a right one");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	find();
	order();
	given_out();
	careless();
	cancel();
	known_signature();
	mod_fini();
	return test_done();
}
