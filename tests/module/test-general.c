/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <stdio.h>
#include <string.h>

/* General, slot, token and session functions: PKCS#11 3.0 sections 5.4 to 5.6. */

static CK_RV
make_mutex(void **mutex)
{
	*mutex = mutex;
	return CKR_OK;
}

static CK_RV
use_mutex(void *mutex)
{
	return mutex == NULL ? CKR_MUTEX_BAD : CKR_OK;
}

static void
initialize(void)
{
	static const struct {
		const char *name;
		CK_C_INITIALIZE_ARGS args;
		CK_RV rv;
	} cases[] = {
		{ "empty arguments", { NULL, NULL, NULL, NULL, 0, NULL }, CKR_OK },
		{ "the system's locks", { NULL, NULL, NULL, NULL, CKF_OS_LOCKING_OK, NULL }, CKR_OK },
		{ "the system's locks, no threads", { NULL, NULL, NULL, NULL, CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS, NULL },
		  CKR_OK },
		{ "all mutex functions", { make_mutex, use_mutex, use_mutex, use_mutex, CKF_OS_LOCKING_OK, NULL }, CKR_OK },
		{ "three mutex functions", { make_mutex, use_mutex, use_mutex, NULL, CKF_OS_LOCKING_OK, NULL }, CKR_ARGUMENTS_BAD },
		{ "one mutex function", { NULL, NULL, NULL, use_mutex, 0, NULL }, CKR_ARGUMENTS_BAD },
		{ "something reserved", { NULL, NULL, NULL, NULL, CKF_OS_LOCKING_OK, (void *)(uintptr_t)1 }, CKR_ARGUMENTS_BAD },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		CK_C_INITIALIZE_ARGS args = cases[i].args;

		test_eq(p11->C_Initialize(&args), cases[i].rv, "C_Initialize: %s", cases[i].name);
		test_eq(p11->C_Finalize(NULL), cases[i].rv == CKR_OK ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED, "and C_Finalize");
	}
	test_eq(p11->C_Initialize(NULL), CKR_OK, "C_Initialize(NULL)");
	test_eq(p11->C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED, "C_Initialize twice");
	test_eq(p11->C_Finalize((void *)(uintptr_t)1), CKR_ARGUMENTS_BAD, "C_Finalize with something reserved");
	test_eq(p11->C_GetInfo(&(CK_INFO){ .flags = 0 }), CKR_OK, "is still initialized");
	test_eq(p11->C_Finalize(NULL), CKR_OK, "C_Finalize");
	test_eq(p11->C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED, "C_Finalize twice");
	/* A configuration that cannot be read is no module, and a corrected one is. */
	mod_config("nonsense = 1\n");
	test_eq(p11->C_Initialize(NULL), CKR_GENERAL_ERROR, "C_Initialize with a bad configuration");
	mod_config("");
	test_eq(p11->C_Initialize(NULL), CKR_OK, "C_Initialize with a corrected one");
}

/* Padded with blanks, not terminated, and not empty unless it may be. */
static void
padded(const unsigned char *field, size_t len, const char *name)
{
	size_t n = len;

	while (n > 0 && field[n - 1] == ' ')
		n--;
	test_ok(n != 0 && memchr(field, 0, len) == NULL, "%s: '%.*s'", name, (int)n, field);
}

static void
info(void)
{
	CK_INFO i;

	memset(&i, 0xaa, sizeof(i));
	test_eq(p11->C_GetInfo(&i), CKR_OK, "C_GetInfo");
	test_ok(i.cryptokiVersion.major == 2 && i.cryptokiVersion.minor == 40, "version %d.%d", i.cryptokiVersion.major, i.cryptokiVersion.minor);
	test_eq(i.flags, 0, "no flags");
	padded(i.manufacturerID, sizeof(i.manufacturerID), "manufacturer");
	padded(i.libraryDescription, sizeof(i.libraryDescription), "description");
}

static void
slots(void)
{
	CK_SLOT_ID list[8];
	CK_ULONG n = 99;

	test_eq(p11->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK, "slots: length query");
	test_eq(n, 5, "four built-in slots and an added one");
	for (size_t i = 0; i < LEN(list); i++)
		list[i] = 77;
	n = 4;
	test_eq(p11->C_GetSlotList(CK_FALSE, list, &n), CKR_BUFFER_TOO_SMALL, "slots: one too few");
	test_ok(n == 5 && list[4] == 77, "the count is told, and nothing is written behind");
	n = 8;
	test_eq(p11->C_GetSlotList(CK_FALSE, list, &n), CKR_OK, "slots: more than enough");
	test_eq(n, 5, "as many as there are");
	test_ok(list[0] == 0 && list[1] == 1 && list[2] == 2 && list[3] == 3 && list[4] == 5, "ids do not depend on what is hidden");
	n = 0;
	test_eq(p11->C_GetSlotList(CK_TRUE, list, &n), CKR_BUFFER_TOO_SMALL, "slots with a token: no room");
	test_eq(n, 5, "a software TPM has all hierarchies");
	test_eq(p11->C_GetSlotInfo(4, &(CK_SLOT_INFO){ .flags = 0 }), CKR_SLOT_ID_INVALID, "a hidden slot is none");
	test_eq(p11->C_OpenSession(4, CKF_SERIAL_SESSION, NULL, NULL, &n), CKR_SLOT_ID_INVALID, "nor is it to be opened");
}

/* TPM_PT_FIRMWARE_VERSION_1, by somebody else. */
static unsigned long
firmware_of_tpm(void)
{
	FILE *f = popen("tpm2_getcap properties-fixed | sed -n '/^TPM2_PT_FIRMWARE_VERSION_1:/,/raw:/s/.*raw: *//p'", "r");
	unsigned long version = 0;

	if (f == NULL || fscanf(f, "%lx", &version) != 1)
		test_bail("tpm2_getcap");
	(void)pclose(f);
	return version;
}

static void
firmware(CK_SLOT_ID slot)
{
	const unsigned long version = firmware_of_tpm();
	const int major = (int)(version >> 16 & 0xff);
	const int minor = (int)(version & 0xff);
	CK_SLOT_INFO si = { .flags = 0 };
	CK_TOKEN_INFO ti = { .flags = 0 };

	test_ok(major != 0 && major != minor, "firmware 0x%08lx", version);
	test_eq(p11->C_GetSlotInfo(slot, &si), CKR_OK, "C_GetSlotInfo of slot %lu", slot);
	test_eq(p11->C_GetTokenInfo(slot, &ti), CKR_OK, "C_GetTokenInfo of slot %lu", slot);
	test_ok(si.firmwareVersion.major == major && si.firmwareVersion.minor == minor, "slot: firmware %d.%d", si.firmwareVersion.major,
	        si.firmwareVersion.minor);
	test_ok(ti.firmwareVersion.major == major && ti.firmwareVersion.minor == minor, "token: firmware %d.%d", ti.firmwareVersion.major,
	        ti.firmwareVersion.minor);
}

static void
slot_and_token(CK_SLOT_ID slot, const char *label, unsigned char serial[16])
{
	CK_SLOT_INFO si;
	CK_TOKEN_INFO ti;
	char text[33];

	memset(&si, 0xaa, sizeof(si));
	test_eq(p11->C_GetSlotInfo(slot, &si), CKR_OK, "C_GetSlotInfo of slot %lu", slot);
	padded(si.slotDescription, sizeof(si.slotDescription), "slot description");
	padded(si.manufacturerID, sizeof(si.manufacturerID), "slot manufacturer");
	test_ok((si.flags & CKF_TOKEN_PRESENT) != 0 && (si.flags & ~(CK_FLAGS)(CKF_TOKEN_PRESENT | CKF_REMOVABLE_DEVICE | CKF_HW_SLOT)) == 0,
	        "slot flags 0x%lx", si.flags);
	memset(&ti, 0xaa, sizeof(ti));
	test_eq(p11->C_GetTokenInfo(slot, &ti), CKR_OK, "C_GetTokenInfo of slot %lu", slot);
	(void)snprintf(text, sizeof(text), "%-32s", label);
	test_mem(ti.label, sizeof(ti.label), text, 32, "label %s", label);
	padded(ti.manufacturerID, sizeof(ti.manufacturerID), "token manufacturer");
	padded(ti.model, sizeof(ti.model), "model");
	padded(ti.serialNumber, sizeof(ti.serialNumber), "serial number");
	test_eq(ti.flags, CKF_RNG | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_DUAL_CRYPTO_OPERATIONS, "token flags: no login, writable");
	test_ok(ti.ulTotalPublicMemory == CK_UNAVAILABLE_INFORMATION && ti.ulFreePrivateMemory == CK_UNAVAILABLE_INFORMATION &&
	        ti.ulMaxSessionCount == CK_EFFECTIVELY_INFINITE, "no limits");
	test_ok(ti.ulMinPinLen == 4 && ti.ulMaxPinLen == 255, "lengths of the PINs that it could have");
	memcpy(serial, ti.serialNumber, 16);
}

static void
tokens(void)
{
	unsigned char serial[5][16];
	unsigned char again[16];

	slot_and_token(SLOT_OWNER, "seedleaf-owner", serial[0]);
	slot_and_token(SLOT_ENDORSEMENT, "seedleaf-endorsement", serial[1]);
	slot_and_token(SLOT_PLATFORM, "seedleaf-platform", serial[2]);
	slot_and_token(SLOT_NULL, "seedleaf-null", serial[3]);
	slot_and_token(5, "web servers \xc3\xa9", serial[4]);
	firmware(SLOT_OWNER);
	for (size_t i = 0; i < 5; i++)
		for (size_t k = 0; k < i; k++)
			if (memcmp(serial[i], serial[k], 16) == 0)
				test_ok(false, "serial numbers %zu and %zu differ", i, k);
	mod_fini();
	mod_init();
	slot_and_token(SLOT_OWNER, "seedleaf-owner", again);
	test_mem(again, 16, serial[0], 16, "the serial number is the same next time");
}

static void
sessions(void)
{
	CK_SESSION_HANDLE ro = mod_open(SLOT_OWNER, false);
	CK_SESSION_HANDLE rw = mod_open(SLOT_OWNER, true);
	CK_SESSION_HANDLE other = mod_open(SLOT_NULL, true);
	CK_ATTRIBUTE data[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_BOOL(CKA_TOKEN, CK_FALSE) };
	CK_ATTRIBUTE token_data[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_OBJECT_HANDLE a = 0;
	CK_OBJECT_HANDLE b = 0;
	CK_SESSION_INFO si;
	CK_TOKEN_INFO ti;

	test_eq(p11->C_GetSessionInfo(ro, &si), CKR_OK, "read-only session");
	test_ok(si.slotID == SLOT_OWNER && si.state == CKS_RO_PUBLIC_SESSION && si.flags == CKF_SERIAL_SESSION && si.ulDeviceError == 0,
	        "its state %lu and flags 0x%lx", si.state, si.flags);
	test_eq(p11->C_GetSessionInfo(rw, &si), CKR_OK, "read-write session");
	test_ok(si.state == CKS_RW_PUBLIC_SESSION && si.flags == (CKF_SERIAL_SESSION | CKF_RW_SESSION), "its state %lu and flags 0x%lx",
	        si.state, si.flags);
	test_eq(p11->C_GetTokenInfo(SLOT_OWNER, &ti), CKR_OK, "C_GetTokenInfo");
	test_ok(ti.ulSessionCount == 2 && ti.ulRwSessionCount == 1, "counts sessions: %lu, %lu", ti.ulSessionCount, ti.ulRwSessionCount);

	test_eq(p11->C_CreateObject(ro, token_data, 2, &a), CKR_SESSION_READ_ONLY, "a token object wants a read-write session");
	test_eq(p11->C_CreateObject(ro, data, 2, &a), CKR_OK, "a session object does not");
	test_eq(p11->C_CreateObject(rw, data, 2, &b), CKR_OK, "another one of another session");
	test_ok(a != 0 && a != b && a != ro && b != rw, "handles differ");
	test_eq(p11->C_GetObjectSize(rw, a, &(CK_ULONG){ 0 }), CKR_OK, "sessions on one token see each other's objects");
	test_eq(p11->C_GetObjectSize(other, a, &(CK_ULONG){ 0 }), CKR_OBJECT_HANDLE_INVALID, "those on another do not");
	test_eq(p11->C_DestroyObject(other, a), CKR_OBJECT_HANDLE_INVALID, "nor destroy them");
	mod_close(ro);
	test_eq(p11->C_GetObjectSize(rw, a, &(CK_ULONG){ 0 }), CKR_OBJECT_HANDLE_INVALID, "a session's objects go with it");
	test_eq(p11->C_GetObjectSize(rw, b, &(CK_ULONG){ 0 }), CKR_OK, "and others' stay");
	test_eq(p11->C_GetSessionInfo(ro, &si), CKR_SESSION_HANDLE_INVALID, "a closed session is none");
	test_eq(p11->C_CloseSession(ro), CKR_SESSION_HANDLE_INVALID, "and is closed once");

	test_eq(p11->C_CloseAllSessions(SLOT_OWNER), CKR_OK, "C_CloseAllSessions");
	test_eq(p11->C_GetSessionInfo(rw, &si), CKR_SESSION_HANDLE_INVALID, "closes those of the slot");
	test_eq(p11->C_GetSessionInfo(other, &si), CKR_OK, "and no others");
	rw = mod_open(SLOT_OWNER, true);
	test_eq(mod_find(rw, NULL, 0, NULL, 0), 0, "nothing is left on the token but its root");
	mod_fini();
	mod_init();
	test_eq(p11->C_GetSessionInfo(rw, &si), CKR_SESSION_HANDLE_INVALID, "C_Finalize closes sessions");
}

int
main(int argc, char **argv)
{
	(void)argc;
	mod_begin(argv);
	initialize();
	info();
	mod_fini();
	mod_config("[token quiet]\nroot = tpm:owner\nhide = yes\n"
	           "[token web]\nroot = tpm:owner\nlabel = web servers \xc3\xa9\n");
	mod_init();
	slots();
	tokens();
	sessions();
	mod_fini();
	return test_done();
}
