/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* Sessions and login: PKCS#11 3.1 sections 5.6 and 2 (the state machine of figure 4). */

static CK_STATE
state(CK_SESSION_HANDLE s)
{
	CK_SESSION_INFO info = { .state = 99 };

	OK(C_GetSessionInfo, s, &info);
	CHECK(info.slotID == P.slot, "the session is of slot %lu", info.slotID);
	return info.state;
}

static void
state_is(const char *what, CK_SESSION_HANDLE s, CK_STATE wanted)
{
	const CK_STATE got = state(s);

	CHECK(got == wanted, "%s: state %lu, not %lu", what, got, wanted);
}

enum session {
	OPEN_NO_SERIAL,
	OPEN_RO,
	OPEN_RW,
	OPEN_FLAGS_RO,
	OPEN_FLAGS_RW,
	OPEN_DISTINCT,
	OPEN_MANY,
	CLOSE,
	CLOSE_TWICE,
	CLOSE_ALL,
	CLOSE_ALL_NONE,
	CLOSE_KEEPS_OTHERS,
	OBJECTS_GO,
	OBJECTS_STAY,
	HANDLE_NOT_REUSED,
	OPEN_NOTIFY,
};

static CK_OBJECT_HANDLE
data_object(const char *label)
{
	struct tmpl t = { .n = 0 };

	t_ulong(&t, CKA_CLASS, CKO_DATA);
	t_bool(&t, CKA_TOKEN, false);
	t_bool(&t, CKA_PRIVATE, false);
	t_text(&t, CKA_LABEL, label);
	return make(&t);
}

static CK_RV
notify(CK_SESSION_HANDLE session, CK_NOTIFICATION event, void *application)
{
	return CKR_OK;
}

static void
open_many(void)
{
	CK_SESSION_HANDLE s[200];

	for (size_t i = 0; i < LEN(s); i++) {
		s[i] = open_session(i % 2 != 0);
		for (size_t k = 0; k < i; k++)
			CHECK(s[i] != s[k], "one handle for two sessions");
	}
	for (size_t i = 0; i < LEN(s); i++)
		OK(C_CloseSession, s[i]);
}

static void
close_some(enum session how)
{
	CK_SESSION_HANDLE other = open_session(false);
	CK_SESSION_HANDLE mine = P.s;
	CK_SESSION_INFO info;
	CK_OBJECT_HANDLE object;
	CK_ULONG size;

	switch (how) {
	case CLOSE_TWICE:
		OK(C_CloseSession, other);
		(void)WANT((CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED), C_CloseSession, other);
		break;
	case CLOSE_ALL:
		OK(C_CloseAllSessions, P.slot);
		(void)WANT((CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED), C_GetSessionInfo, other, &info);
		(void)WANT((CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED), C_GetSessionInfo, mine, &info);
		break;
	case CLOSE_ALL_NONE:
		OK(C_CloseAllSessions, P.slot);
		OK(C_CloseAllSessions, P.slot);
		break;
	case CLOSE_KEEPS_OTHERS:
		OK(C_CloseSession, other);
		OK(C_GetSessionInfo, mine, &info);
		break;
	case OBJECTS_GO:
	case OBJECTS_STAY:
		P.s = other;
		object = data_object("of a session");
		P.s = mine;
		OK(C_GetObjectSize, mine, object, &size);
		if (how == OBJECTS_STAY)
			break;
		OK(C_CloseSession, other);
		(void)WANT((CKR_OBJECT_HANDLE_INVALID), C_GetObjectSize, mine, object, &size);
		break;
	default:
		OK(C_CloseSession, other);
		CHECK(open_session(false) != mine, "the handle of an open session again");
		break;
	}
}

static void
session(const void *arg, unsigned long how)
{
	CK_SESSION_HANDLE s, s2;
	CK_SESSION_INFO info;

	switch ((enum session)how) {
	case OPEN_NO_SERIAL:
		(void)WANT((CKR_SESSION_PARALLEL_NOT_SUPPORTED), C_OpenSession, P.slot, CKF_RW_SESSION, NULL, NULL, &s);
		break;
	case OPEN_NOTIFY:
		OK(C_OpenSession, P.slot, CKF_SERIAL_SESSION, &s, notify, &s2);
		OK(C_CloseSession, s2);
		break;
	case OPEN_RO:
	case OPEN_RW:
		s = open_session(how == OPEN_RW);
		state_is("nobody logged in", s, how == OPEN_RW ? CKS_RW_PUBLIC_SESSION : CKS_RO_PUBLIC_SESSION);
		break;
	case OPEN_FLAGS_RO:
	case OPEN_FLAGS_RW:
		s = open_session(how == OPEN_FLAGS_RW);
		OK(C_GetSessionInfo, s, &info);
		CHECK(info.flags == (CKF_SERIAL_SESSION | (how == OPEN_FLAGS_RW ? CKF_RW_SESSION : 0)), "flags 0x%lx", info.flags);
		break;
	case OPEN_DISTINCT:
		s = open_session(true);
		s2 = open_session(true);
		CHECK(s != s2 && s != P.s && s2 != P.s, "one handle for two sessions");
		break;
	case OPEN_MANY:
		open_many();
		break;
	case CLOSE:
		OK(C_CloseSession, open_session(false));
		break;
	default:
		close_some((enum session)how);
		break;
	}
}

void
probe_session(void)
{
	static const struct {
		enum session how;
		unsigned flags;
		const char *section, *name;
	} rows[] = {
		{ OPEN_NO_SERIAL, 0, "5.6.1", "open-parallel|C_OpenSession without CKF_SERIAL_SESSION" },
		{ OPEN_NOTIFY, 0, "5.6.1", "open-notify|C_OpenSession with a callback" },
		{ OPEN_RO, PUBLIC, "5.6.4", "state-ro-public|state of a read-only session" },
		{ OPEN_RW, PUBLIC, "5.6.4", "state-rw-public|state of a read/write session" },
		{ OPEN_FLAGS_RO, 0, "5.6.4", "session-flags-ro|flags of a read-only session" },
		{ OPEN_FLAGS_RW, 0, "5.6.4", "session-flags-rw|flags of a read/write session" },
		{ OPEN_DISTINCT, 0, "5.6.1", "open-distinct|two sessions have two handles" },
		{ OPEN_MANY, 0, "5.6.1", "open-many|200 sessions at once" },
		{ CLOSE, 0, "5.6.2", "close|C_CloseSession" },
		{ CLOSE_TWICE, 0, "5.6.2", "close-twice|C_CloseSession twice" },
		{ CLOSE_ALL, ALONE, "5.6.3", "close-all|C_CloseAllSessions" },
		{ CLOSE_ALL_NONE, ALONE, "5.6.3", "close-all-none|C_CloseAllSessions when there is none" },
		{ CLOSE_KEEPS_OTHERS, 0, "5.6.2", "close-others|C_CloseSession leaves other sessions alone" },
		{ OBJECTS_STAY, 0, "4.4", "session-object-shared|another session of the application sees a session's object" },
		{ OBJECTS_GO, 0, "5.6.2", "session-object-gone|session objects go with the session that made them" },
		{ HANDLE_NOT_REUSED, 0, "5.6.1", "handle-unique|a new session does not take an open one's handle" },
	};

	for (size_t i = 0; i < LEN(rows); i++)
		probe_case(rows[i].flags, rows[i].section, session, NULL, rows[i].how, "%s", rows[i].name);
}
