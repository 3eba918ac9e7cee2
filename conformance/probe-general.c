/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

#include <stdlib.h>

/* C_Initialize and C_Finalize, information on library, slots, token and mechanisms, random numbers. */

static CK_RV
no_mutex(void *mutex)
{
	return CKR_OK;
}

static CK_RV
new_mutex(void **mutex)
{
	static int a_mutex;

	*mutex = &a_mutex;
	return CKR_OK;
}

enum init {
	INIT_NULL,
	INIT_EMPTY,
	INIT_OS,
	INIT_NO_THREADS,
	INIT_OWN,
	INIT_BOTH,
	INIT_RESERVED,
	INIT_THREE,
	INIT_ONE,
	INIT_TWICE,
	INIT_AGAIN,
	INIT_TEN,
	FINI_RESERVED,
	FINI_TWICE,
};

static void
fill(CK_C_INITIALIZE_ARGS *args, enum init how)
{
	*args = (CK_C_INITIALIZE_ARGS){ .flags = 0 };
	if (how == INIT_OS || how == INIT_BOTH || how == INIT_NO_THREADS)
		args->flags = CKF_OS_LOCKING_OK;
	if (how == INIT_NO_THREADS)
		args->flags |= CKF_LIBRARY_CANT_CREATE_OS_THREADS;
	if (how == INIT_OWN || how == INIT_BOTH || how == INIT_THREE || how == INIT_ONE)
		args->CreateMutex = new_mutex;
	if (how == INIT_OWN || how == INIT_BOTH || how == INIT_THREE) {
		args->DestroyMutex = no_mutex;
		args->LockMutex = no_mutex;
	}
	if (how == INIT_OWN || how == INIT_BOTH)
		args->UnlockMutex = no_mutex;
	if (how == INIT_RESERVED)
		args->pReserved = args;
}

static void
initialize(const void *arg, unsigned long how)
{
	CK_C_INITIALIZE_ARGS args;
	CK_INFO info;

	fill(&args, (enum init)how);
	switch ((enum init)how) {
	case INIT_RESERVED:
	case INIT_THREE:
	case INIT_ONE:
		(void)WANT((CKR_ARGUMENTS_BAD), C_Initialize, &args);
		(void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_GetInfo, &info);
		return;
	case INIT_OWN:
		(void)WANT((CKR_OK, CKR_CANT_LOCK), C_Initialize, &args);
		return;
	case INIT_NO_THREADS:
		(void)WANT((CKR_OK, CKR_NEED_TO_CREATE_THREADS), C_Initialize, &args);
		return;
	case INIT_NULL:
		OK(C_Initialize, NULL);
		break;
	default:
		OK(C_Initialize, &args);
		break;
	}
	OK(C_GetInfo, &info);
	if (how == INIT_TWICE) {
		(void)WANT((CKR_CRYPTOKI_ALREADY_INITIALIZED), C_Initialize, NULL);
		OK(C_GetInfo, &info);
	}
	if (how == FINI_RESERVED) {
		(void)WANT((CKR_ARGUMENTS_BAD), C_Finalize, &info);
		OK(C_GetInfo, &info);
	}
	OK(C_Finalize, NULL);
	(void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_GetInfo, &info);
	if (how == FINI_TWICE)
		(void)WANT((CKR_CRYPTOKI_NOT_INITIALIZED), C_Finalize, NULL);
	for (int i = 0; i < (how == INIT_TEN ? 10 : how == INIT_AGAIN ? 1 : 0); i++) {
		OK(C_Initialize, NULL);
		OK(C_GetInfo, &info);
		OK(C_Finalize, NULL);
	}
}

/* 3.2: padded with blanks, never terminated. */
static void
padded(const char *what, const CK_UTF8CHAR *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		CHECK(text[i] != '\0', "%s has a NUL at %zu", what, i);
}

static void
get_info(const void *arg, unsigned long how)
{
	CK_INFO info;

	(void)memset(&info, 0, sizeof(info));
	info.flags = 77;
	OK(C_GetInfo, &info);
	if (how == 0)
		CHECK(info.cryptokiVersion.major == 2 ? info.cryptokiVersion.minor >= 1 : info.cryptokiVersion.major == 3,
		      "Cryptoki version %u.%u", info.cryptokiVersion.major, info.cryptokiVersion.minor);
	else if (how == 1)
		CHECK(info.flags == 0, "flags are 0x%lx", info.flags);
	else {
		padded("manufacturerID", info.manufacturerID, sizeof(info.manufacturerID));
		padded("libraryDescription", info.libraryDescription, sizeof(info.libraryDescription));
	}
}

static void
function_list(const void *arg, unsigned long how)
{
	CK_FUNCTION_LIST *list = NULL, *again = NULL;
	void *entry[sizeof(CK_FUNCTION_LIST) / sizeof(void *)];

	OK(C_GetFunctionList, &list);
	OK(C_GetFunctionList, &again);
	CHECK(list != NULL && list == again, "another list each time");
	if (how == 0) {
		CHECK(list->version.major == 2 || list->version.major == 3, "version %u.%u", list->version.major, list->version.minor);
		return;
	}
	(void)memcpy(entry, (const char *)list, sizeof(entry));
	for (size_t i = 1; i < LEN(entry); i++)
		CHECK(entry[i] != NULL, "entry %zu of the function list is NULL", i);
}

/* ---- slots and token */

static void
slot_list(const void *arg, unsigned long how)
{
	const CK_BBOOL present = (CK_BBOOL)(how & 1);
	CK_SLOT_ID all[64], slots[64];
	CK_ULONG n = 0, m = LEN(slots), total = LEN(all);
	bool ours = false;

	OK(C_GetSlotList, present, NULL, &n);
	CHECK(n >= 1 && n <= LEN(slots), "%lu slots", n);
	switch (how >> 1) {
	case 0:
		OK(C_GetSlotList, present, slots, &m);
		CHECK(m == n, "%lu slots, the length query said %lu", m, n);
		for (CK_ULONG i = 0; i < m; i++)
			ours = ours || slots[i] == P.slot;
		CHECK(ours, "the token's slot is not in the list");
		break;
	case 1:
		m = n - 1;
		(void)WANT((CKR_BUFFER_TOO_SMALL), C_GetSlotList, present, slots, &m);
		CHECK(m == n, "a short buffer gave the count %lu, not %lu", m, n);
		break;
	case 2:
		m = n;
		OK(C_GetSlotList, present, slots, &m);
		CHECK(m == n, "exactly enough room gave %lu, not %lu", m, n);
		break;
	default:
		OK(C_GetSlotList, CK_FALSE, all, &total);
		OK(C_GetSlotList, CK_TRUE, slots, &m);
		for (CK_ULONG i = 0; i < m; i++) {
			ours = false;
			for (CK_ULONG k = 0; k < total; k++)
				ours = ours || all[k] == slots[i];
			CHECK(ours, "slot %lu has a token and is not in the list of all slots", slots[i]);
		}
		for (CK_ULONG i = 0; i < total; i++)
			for (CK_ULONG k = 0; k < i; k++)
				CHECK(all[i] != all[k], "slot %lu twice", all[i]);
		break;
	}
}

static void
slot_info(const void *arg, unsigned long how)
{
	CK_SLOT_INFO info;

	(void)memset(&info, 0, sizeof(info));
	OK(C_GetSlotInfo, P.slot, &info);
	if (how == 0) {
		padded("slotDescription", info.slotDescription, sizeof(info.slotDescription));
		padded("manufacturerID", info.manufacturerID, sizeof(info.manufacturerID));
	} else {
		CHECK((info.flags & CKF_TOKEN_PRESENT) != 0, "no CKF_TOKEN_PRESENT");
		CHECK((info.flags & ~(CKF_TOKEN_PRESENT | CKF_REMOVABLE_DEVICE | CKF_HW_SLOT)) == 0, "flags 0x%lx", info.flags);
	}
}

static void
token_info(const void *arg, unsigned long how)
{
	CK_TOKEN_INFO info;
	CK_ULONG before;

	(void)memset(&info, 0, sizeof(info));
	OK(C_GetTokenInfo, P.slot, &info);
	switch (how) {
	case 0:
		padded("label", info.label, sizeof(info.label));
		padded("manufacturerID", info.manufacturerID, sizeof(info.manufacturerID));
		padded("model", info.model, sizeof(info.model));
		padded("serialNumber", (CK_UTF8CHAR *)info.serialNumber, sizeof(info.serialNumber));
		break;
	case 1:
		CHECK((info.flags & CKF_TOKEN_INITIALIZED) != 0, "no CKF_TOKEN_INITIALIZED");
		break;
	case 2:
		/* A token that wants no login may say that its PIN is there: NSS would ask for a first one. */
		CHECK(P.pin == NULL || (info.flags & CKF_USER_PIN_INITIALIZED) != 0, "CKF_USER_PIN_INITIALIZED, flags 0x%lx", info.flags);
		CHECK((P.pin != NULL) == ((info.flags & CKF_LOGIN_REQUIRED) != 0), "CKF_LOGIN_REQUIRED, flags 0x%lx", info.flags);
		break;
	case 3:
		CHECK((info.flags & (CKF_USER_PIN_LOCKED | CKF_SO_PIN_LOCKED)) == 0, "flags 0x%lx", info.flags);
		break;
	case 4:
		CHECK(info.ulMinPinLen <= info.ulMaxPinLen, "PIN lengths %lu to %lu", info.ulMinPinLen, info.ulMaxPinLen);
		break;
	case 5:
		before = info.ulSessionCount;
		if (before == CK_UNAVAILABLE_INFORMATION)
			probe_absent("no count of sessions");
		(void)open_session(false);
		(void)open_session(true);
		OK(C_GetTokenInfo, P.slot, &info);
		CHECK(info.ulSessionCount == before + 2, "two sessions more made %lu of %lu", info.ulSessionCount, before);
		break;
	case 6:
		before = info.ulRwSessionCount;
		if (before == CK_UNAVAILABLE_INFORMATION)
			probe_absent("no count of sessions");
		(void)open_session(false);
		(void)open_session(true);
		OK(C_GetTokenInfo, P.slot, &info);
		CHECK(info.ulRwSessionCount == before + 1, "one R/W session more made %lu of %lu", info.ulRwSessionCount, before);
		break;
	default:
		CHECK((info.flags & CKF_RNG) != 0, "no CKF_RNG, and C_GenerateRandom works");
		break;
	}
}

/* ---- mechanisms in general; each by itself in probe-mechanisms.c */

static void
mechanism_list(const void *arg, unsigned long how)
{
	CK_MECHANISM_TYPE list[1024];
	CK_ULONG n = 0, m = LEN(list);
	CK_MECHANISM_INFO info;

	OK(C_GetMechanismList, P.slot, NULL, &n);
	CHECK(n >= 1 && n <= LEN(list), "%lu mechanisms", n);
	if (how == 1) {
		m = n - 1;
		(void)WANT((CKR_BUFFER_TOO_SMALL), C_GetMechanismList, P.slot, list, &m);
		CHECK(m == n, "a short buffer gave the count %lu, not %lu", m, n);
		return;
	}
	OK(C_GetMechanismList, P.slot, list, &m);
	CHECK(m == n, "%lu mechanisms, the length query said %lu", m, n);
	for (CK_ULONG i = 0; i < m; i++) {
		if (how == 2)
			OK(C_GetMechanismInfo, P.slot, list[i], &info);
		for (CK_ULONG k = 0; k < i; k++)
			CHECK(how != 3 || list[i] != list[k], "mechanism 0x%lx twice", list[i]);
	}
	if (how == 4)
		(void)WANT((CKR_MECHANISM_INVALID), C_GetMechanismInfo, P.slot, 0x7fffff00UL, &info);
}

/* ---- random numbers, events */

static void
random_bytes(const void *arg, unsigned long how)
{
	struct bin a = room(how + 16), b = room(how + 16);
	size_t changed = 0;

	OK(C_GenerateRandom, P.s, a.p, how);
	OK(C_GenerateRandom, P.s, b.p, how);
	for (size_t i = how; i < how + 16; i++)
		CHECK(a.p[i] == 0xa5, "a byte behind the buffer was written");
	if (how < 16)
		return;
	CHECK(memcmp(a.p, b.p, how) != 0, "the same bytes twice");
	for (size_t i = how - 8; i < how; i++)
		changed += a.p[i] != 0xa5 || b.p[i] != 0xa5;
	CHECK(changed > 4, "the end of the buffer was not written");
}

static void
odds(const void *arg, unsigned long how)
{
	struct bin seed = pattern(32, 1);
	CK_SLOT_ID slot;

	switch (how) {
	case 0: (void)WANT((CKR_OK, CKR_RANDOM_SEED_NOT_SUPPORTED), C_SeedRandom, P.s, seed.p, seed.n); break;
	case 1: (void)WANT((CKR_FUNCTION_NOT_PARALLEL), C_GetFunctionStatus, P.s); break;
	case 2: (void)WANT((CKR_FUNCTION_NOT_PARALLEL), C_CancelFunction, P.s); break;
	case 3: (void)WANT((CKR_NO_EVENT, CKR_FUNCTION_NOT_SUPPORTED), C_WaitForSlotEvent, CKF_DONT_BLOCK, &slot, NULL); break;
	default:
		(void)WANT((CKR_ARGUMENTS_BAD, CKR_FUNCTION_NOT_SUPPORTED), C_WaitForSlotEvent, CKF_DONT_BLOCK, &slot, &slot);
		break;
	}
}

void
probe_general(void)
{
	static const struct {
		enum init how;
		const char *name;
	} inits[] = {
		{ INIT_NULL, "init-null|C_Initialize(NULL)" },
		{ INIT_EMPTY, "init-empty|C_Initialize with neither flags nor functions" },
		{ INIT_OS, "init-os-locking|C_Initialize with CKF_OS_LOCKING_OK" },
		{ INIT_NO_THREADS, "init-no-threads|C_Initialize with CKF_LIBRARY_CANT_CREATE_OS_THREADS" },
		{ INIT_OWN, "init-own-mutexes|C_Initialize with the application's mutexes only" },
		{ INIT_BOTH, "init-both|C_Initialize with mutexes and CKF_OS_LOCKING_OK" },
		{ INIT_RESERVED, "init-reserved|pReserved is set" },
		{ INIT_THREE, "init-three-functions|three of four mutex functions" },
		{ INIT_ONE, "init-one-function|one of four mutex functions" },
		{ INIT_TWICE, "init-twice|C_Initialize twice" },
		{ INIT_AGAIN, "init-again|C_Initialize after C_Finalize" },
		{ INIT_TEN, "init-ten-times|ten lives" },
	};

	for (size_t i = 0; i < LEN(inits); i++)
		probe_case(BARE, "5.4.1", initialize, NULL, inits[i].how, "%s", inits[i].name);
	probe_case(BARE, "5.4.2", initialize, NULL, FINI_RESERVED, "finalize-reserved|C_Finalize with pReserved");
	probe_case(BARE, "5.4.2", initialize, NULL, FINI_TWICE, "finalize-twice|C_Finalize twice");
	probe_case(0, "5.4.3", get_info, NULL, 0, "info-version|the Cryptoki version");
	probe_case(0, "5.4.3", get_info, NULL, 1, "info-flags|flags are 0");
	probe_case(0, "5.4.3", get_info, NULL, 2, "info-padded|texts padded with blanks");
	probe_case(0, "5.4.4", function_list, NULL, 0, "function-list-version|version of the function list");
	probe_case(0, "5.4.4", function_list, NULL, 1, "function-list-entries|no entry is NULL");
	for (unsigned long i = 0; i < 2; i++) {
		const char *what = i ? "present" : "all";

		probe_case(0, "5.5.1", slot_list, NULL, i, "slot-list-%s|list with room to spare (%s)", what, what);
		probe_case(0, "5.5.1", slot_list, NULL, i + 2, "slot-list-%s-short|short buffer (%s)", what, what);
		probe_case(0, "5.5.1", slot_list, NULL, i + 4, "slot-list-%s-exact|exactly enough room (%s)", what, what);
	}
	probe_case(0, "5.5.1", slot_list, NULL, 6, "slot-list-subset|slots with a token are among all slots, none twice");
	probe_case(0, "5.5.2", slot_info, NULL, 0, "slot-info-padded|texts padded with blanks");
	probe_case(0, "5.5.2", slot_info, NULL, 1, "slot-info-flags|flags of a slot with a token");
	probe_case(0, "5.5.3", token_info, NULL, 0, "token-info-padded|texts padded with blanks");
	probe_case(0, "5.5.3", token_info, NULL, 1, "token-info-initialized|CKF_TOKEN_INITIALIZED");
	probe_case(0, "5.5.3", token_info, NULL, 2, "token-info-pin|flags tell whether there is a PIN");
	probe_case(0, "5.5.3", token_info, NULL, 3, "token-info-not-locked|no PIN is locked");
	probe_case(0, "5.5.3", token_info, NULL, 4, "token-info-pin-length|the shortest PIN is not longer than the longest");
	probe_case(0, "5.5.3", token_info, NULL, 5, "token-info-sessions|sessions are counted");
	probe_case(0, "5.5.3", token_info, NULL, 6, "token-info-rw-sessions|read/write sessions are counted");
	probe_case(0, "5.5.3", token_info, NULL, 7, "token-info-rng|CKF_RNG");
	probe_case(0, "5.5.5", mechanism_list, NULL, 0, "mechanism-list|list with room to spare");
	probe_case(0, "5.5.5", mechanism_list, NULL, 1, "mechanism-list-short|short buffer");
	probe_case(0, "5.5.6", mechanism_list, NULL, 2, "mechanism-list-info|each has its information");
	probe_case(0, "5.5.5", mechanism_list, NULL, 3, "mechanism-list-once|none twice");
	probe_case(0, "5.5.6", mechanism_list, NULL, 4, "mechanism-info-unknown|a mechanism that is not");
	for (unsigned long n = 1; n <= 65536; n *= 16)
		probe_case(0, "5.19.2", random_bytes, NULL, n, "random-%lu|%lu random bytes", n, n);
	probe_case(0, "5.19.2", random_bytes, NULL, 0, "random-0|no random bytes");
	probe_case(0, "5.19.1", odds, NULL, 0, "seed|C_SeedRandom");
	probe_case(0, "5.20.1", odds, NULL, 1, "function-status|C_GetFunctionStatus");
	probe_case(0, "5.20.2", odds, NULL, 2, "cancel-function|C_CancelFunction");
	probe_case(0, "5.5.4", odds, NULL, 3, "slot-event|no event yet");
	probe_case(0, "5.5.4", odds, NULL, 4, "slot-event-reserved|C_WaitForSlotEvent with pReserved");
}
