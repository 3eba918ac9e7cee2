/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

static CK_UTF8CHAR wrong[] = "not the PIN";

static void
state_is(const char *what, CK_SESSION_HANDLE s, CK_STATE wanted)
{
	CK_SESSION_INFO info = { .state = 99 };

	OK(C_GetSessionInfo, s, &info);
	CHECK(info.state == wanted, "%s: state %lu, not %lu", what, info.state, wanted);
}

static CK_OBJECT_HANDLE
private_data(void)
{
	struct tmpl t = { .n = 0 };

	t_ulong(&t, CKA_CLASS, CKO_DATA);
	t_bool(&t, CKA_TOKEN, false);
	t_bool(&t, CKA_PRIVATE, true);
	t_text(&t, CKA_LABEL, "private probe");
	return make(&t);
}

static CK_ULONG
count_private(void)
{
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE found[4];
	CK_ULONG n = 0;

	t_text(&t, CKA_LABEL, "private probe");
	OK(C_FindObjectsInit, P.s, t.a, t.n);
	OK(C_FindObjects, P.s, found, LEN(found), &n);
	OK(C_FindObjectsFinal, P.s);
	return n;
}

enum login {
	L_TYPE,
	L_WRONG,
	L_TWICE,
	L_SO_TOO,
	L_OUT,
	L_OUT_TWICE,
	L_ALL_SESSIONS,
	L_RO_STATE,
	L_RW_STATE,
	L_LAST_SESSION,
	L_CONTEXT,
	L_EMPTY,
	L_LONG,
	L_CREATE_PRIVATE,
	L_PRIVATE_HIDDEN,
	L_PRIVATE_GONE,
	L_NEW_SESSION,
	L_INIT_PIN,
	L_SET_PIN_RO,
	L_SET_PIN_WRONG,
	L_SET_PIN_SHORT,
	L_SET_PIN,
	L_SIGN_LOGGED_OUT,
	L_COUNT_LOW,
	L_NULL_PIN,
	L_INIT_PIN_PUBLIC,
	L_SET_PIN_PUBLIC,
	L_STATE_OTHER,
};

static void
set_pin(void)
{
	CK_UTF8CHAR new_pin[] = PROBE_OTHER_PIN;

	OK(C_SetPIN, P.s, P.pin, P.pin_len, new_pin, sizeof(new_pin) - 1);
	OK(C_Logout, P.s);
	(void)WANT((CKR_PIN_INCORRECT), C_Login, P.s, CKU_USER, P.pin, P.pin_len);
	OK(C_Login, P.s, CKU_USER, new_pin, sizeof(new_pin) - 1);
	OK(C_SetPIN, P.s, new_pin, sizeof(new_pin) - 1, P.pin, P.pin_len);
	OK(C_Logout, P.s);
	OK(C_Login, P.s, CKU_USER, P.pin, P.pin_len);
}

static void
logged_in(enum login how)
{
	CK_OBJECT_HANDLE object;
	CK_ULONG size;
	struct pair pair;
	CK_MECHANISM ecdsa = mech0(CKM_ECDSA);

	switch (how) {
	case L_TWICE: (void)WANT((CKR_USER_ALREADY_LOGGED_IN), C_Login, P.s, CKU_USER, P.pin, P.pin_len); break;
	case L_SO_TOO:
		if (P.so_pin == NULL)
			probe_absent("no SO PIN");
		(void)WANT((CKR_USER_ANOTHER_ALREADY_LOGGED_IN), C_Login, P.s, CKU_SO, P.so_pin, P.so_pin_len);
		break;
	case L_OUT:
		OK(C_Logout, P.s);
		state_is("after C_Logout", P.s, CKS_RW_PUBLIC_SESSION);
		break;
	case L_ALL_SESSIONS: state_is("a read-only session", open_session(false), CKS_RO_USER_FUNCTIONS); break;
	case L_RW_STATE: state_is("a read/write session", P.s, CKS_RW_USER_FUNCTIONS); break;
	case L_LAST_SESSION:
		OK(C_CloseAllSessions, P.slot);
		state_is("after the last session was closed", open_session(true), CKS_RW_PUBLIC_SESSION);
		break;
	case L_CREATE_PRIVATE: (void)private_data(); break;
	case L_PRIVATE_GONE:
		object = private_data();
		OK(C_Logout, P.s);
		(void)WANT((CKR_OBJECT_HANDLE_INVALID), C_GetObjectSize, P.s, object, &size);
		break;
	case L_PRIVATE_HIDDEN:
		(void)private_data();
		CHECK(count_private() != 0, "the user does not find a private object");
		OK(C_Logout, P.s);
		CHECK(count_private() == 0, "found without login");
		break;
	case L_SET_PIN_RO:
		(void)WANT((CKR_SESSION_READ_ONLY), C_SetPIN, open_session(false), P.pin, P.pin_len, P.pin, P.pin_len);
		break;
	case L_SET_PIN_WRONG:
		(void)WANT((CKR_PIN_INCORRECT), C_SetPIN, P.s, wrong, sizeof(wrong) - 1, P.pin, P.pin_len);
		OK(C_SetPIN, P.s, P.pin, P.pin_len, P.pin, P.pin_len);
		break;
	case L_SET_PIN_SHORT: (void)WANT((CKR_PIN_LEN_RANGE), C_SetPIN, P.s, P.pin, P.pin_len, wrong, 1); break;
	case L_SET_PIN: set_pin(); break;
	case L_INIT_PIN: (void)WANT((CKR_USER_NOT_LOGGED_IN), C_InitPIN, P.s, P.pin, P.pin_len); break;
	case L_CONTEXT:
		(void)WANT((CKR_OPERATION_NOT_INITIALIZED, CKR_USER_TYPE_INVALID), C_Login, P.s, CKU_CONTEXT_SPECIFIC, P.pin,
				   P.pin_len);
		break;
	default:
		pair = key_pair(CKM_EC_KEY_PAIR_GEN, hex(curve_named("P-256")->params));
		OK(C_Logout, P.s);
		(void)WANT((CKR_KEY_HANDLE_INVALID, CKR_USER_NOT_LOGGED_IN, CKR_OBJECT_HANDLE_INVALID), C_SignInit, P.s, &ecdsa,
				   pair.private);
		break;
	}
}

static void
login(const void *arg, unsigned long how)
{
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE object;
	CK_TOKEN_INFO info;
	CK_UTF8CHAR long_pin[1024];

	need_pin();
	(void)memset(long_pin, '7', sizeof(long_pin));
	switch ((enum login)how) {
	case L_TYPE: (void)WANT((CKR_USER_TYPE_INVALID), C_Login, P.s, 77, P.pin, P.pin_len); break;
	case L_WRONG:
		(void)WANT((CKR_PIN_INCORRECT), C_Login, P.s, CKU_USER, wrong, sizeof(wrong) - 1);
		state_is("after a wrong PIN", P.s, CKS_RW_PUBLIC_SESSION);
		OK(C_Login, P.s, CKU_USER, P.pin, P.pin_len);
		break;
	case L_COUNT_LOW:
		(void)WANT((CKR_PIN_INCORRECT), C_Login, P.s, CKU_USER, wrong, sizeof(wrong) - 1);
		OK(C_GetTokenInfo, P.slot, &info);
		CHECK((info.flags & CKF_USER_PIN_COUNT_LOW) != 0, "no CKF_USER_PIN_COUNT_LOW after a wrong PIN");
		OK(C_Login, P.s, CKU_USER, P.pin, P.pin_len);
		OK(C_GetTokenInfo, P.slot, &info);
		CHECK((info.flags & CKF_USER_PIN_COUNT_LOW) == 0, "CKF_USER_PIN_COUNT_LOW after a good PIN");
		break;
	case L_EMPTY: (void)WANT((CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE), C_Login, P.s, CKU_USER, wrong, 0); break;
	case L_LONG: (void)WANT((CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE), C_Login, P.s, CKU_USER, long_pin, sizeof(long_pin)); break;
	case L_NULL_PIN: (void)WANT((CKR_ARGUMENTS_BAD, CKR_PIN_INCORRECT), C_Login, P.s, CKU_USER, NULL, 4); break;
	case L_INIT_PIN_PUBLIC: (void)WANT((CKR_USER_NOT_LOGGED_IN), C_InitPIN, P.s, P.pin, P.pin_len); break;
	case L_SET_PIN_PUBLIC:
		OK(C_SetPIN, P.s, P.pin, P.pin_len, P.pin, P.pin_len);
		state_is("after C_SetPIN", P.s, CKS_RW_PUBLIC_SESSION);
		break;
	case L_STATE_OTHER:
		OK(C_Login, P.s, CKU_USER, P.pin, P.pin_len);
		OK(C_Logout, open_session(false));
		state_is("after C_Logout in another session", P.s, CKS_RW_PUBLIC_SESSION);
		break;
	case L_OUT_TWICE: (void)WANT((CKR_USER_NOT_LOGGED_IN), C_Logout, P.s); break;
	case L_RO_STATE:
		object = open_session(false);
		OK(C_Login, object, CKU_USER, P.pin, P.pin_len);
		state_is("the session that logged in", object, CKS_RO_USER_FUNCTIONS);
		state_is("another session", P.s, CKS_RW_USER_FUNCTIONS);
		break;
	case L_NEW_SESSION:
		t_ulong(&t, CKA_CLASS, CKO_DATA);
		t_bool(&t, CKA_PRIVATE, true);
		(void)WANT((CKR_USER_NOT_LOGGED_IN), C_CreateObject, P.s, t.a, t.n, &object);
		break;
	default: logged_in((enum login)how); break;
	}
}

/* ---- the security officer */

enum so {
	SO_RO_EXISTS,
	SO_STATE,
	SO_OPEN_RO,
	SO_WRONG,
	SO_USER_TOO,
	SO_INIT_PIN,
	SO_PRIVATE,
	SO_INIT_SHORT,
	SO_INIT_TOKEN,
	SO_TRUSTED,
	SO_TWICE,
	SO_OUT,
	SO_SET_PIN,
	SO_LAST_SESSION,
	SO_INIT_WRONG,
};

static void
security_officer(const void *arg, unsigned long how)
{
	CK_SESSION_HANDLE s;
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE object;
	CK_UTF8CHAR label[33] = "probe                           ";

	if (P.so_pin == NULL)
		probe_absent("no SO PIN");
	if (how == SO_INIT_TOKEN) {
		(void)WANT((CKR_SESSION_EXISTS), C_InitToken, P.slot, P.so_pin, P.so_pin_len, label);
		return;
	}
	if (how == SO_INIT_WRONG) {
		OK(C_CloseAllSessions, P.slot);
		(void)WANT((CKR_PIN_INCORRECT), C_InitToken, P.slot, wrong, sizeof(wrong) - 1, label);
		OK(C_Login, open_session(true), CKU_USER, P.pin, P.pin_len);
		return;
	}
	if (how == SO_RO_EXISTS) {
		(void)open_session(false);
		(void)WANT((CKR_SESSION_READ_ONLY_EXISTS), C_Login, P.s, CKU_SO, P.so_pin, P.so_pin_len);
		return;
	}
	if (how == SO_WRONG) {
		(void)WANT((CKR_PIN_INCORRECT), C_Login, P.s, CKU_SO, wrong, sizeof(wrong) - 1);
		OK(C_Login, P.s, CKU_SO, P.so_pin, P.so_pin_len);
		return;
	}
	OK(C_Login, P.s, CKU_SO, P.so_pin, P.so_pin_len);
	switch ((enum so)how) {
	case SO_STATE: state_is("the SO", P.s, CKS_RW_SO_FUNCTIONS); break;
	case SO_OPEN_RO:
		(void)WANT((CKR_SESSION_READ_WRITE_SO_EXISTS), C_OpenSession, P.slot, CKF_SERIAL_SESSION, NULL, NULL, &s);
		break;
	case SO_USER_TOO: (void)WANT((CKR_USER_ANOTHER_ALREADY_LOGGED_IN), C_Login, P.s, CKU_USER, P.pin, P.pin_len); break;
	case SO_INIT_PIN: OK(C_InitPIN, P.s, P.pin, P.pin_len); break;
	case SO_INIT_SHORT: (void)WANT((CKR_PIN_LEN_RANGE), C_InitPIN, P.s, P.pin, 1); break;
	case SO_TWICE: (void)WANT((CKR_USER_ALREADY_LOGGED_IN), C_Login, P.s, CKU_SO, P.so_pin, P.so_pin_len); break;
	case SO_OUT:
		OK(C_Logout, P.s);
		state_is("after the SO's C_Logout", P.s, CKS_RW_PUBLIC_SESSION);
		state_is("a read-only session after that", open_session(false), CKS_RO_PUBLIC_SESSION);
		break;
	case SO_SET_PIN:
		OK(C_SetPIN, P.s, P.so_pin, P.so_pin_len, P.so_pin, P.so_pin_len);
		(void)WANT((CKR_PIN_INCORRECT), C_SetPIN, P.s, P.pin, P.pin_len, P.so_pin, P.so_pin_len);
		state_is("after C_SetPIN", P.s, CKS_RW_SO_FUNCTIONS);
		break;
	case SO_LAST_SESSION:
		OK(C_CloseAllSessions, P.slot);
		state_is("after the SO's last session was closed", open_session(true), CKS_RW_PUBLIC_SESSION);
		break;
	case SO_TRUSTED:
		t_rsa_public(&t);
		t_bool(&t, CKA_PRIVATE, false);
		t_bool(&t, CKA_TRUSTED, true);
		object = make(&t);
		CHECK(attr_bool(object, CKA_TRUSTED), "CKA_TRUSTED is not true");
		break;
	default:
		t_ulong(&t, CKA_CLASS, CKO_DATA);
		t_bool(&t, CKA_PRIVATE, true);
		(void)WANT((CKR_USER_NOT_LOGGED_IN), C_CreateObject, P.s, t.a, t.n, &object);
		break;
	}
}

/* ---- a token without a PIN */

static void
no_pin(const void *arg, unsigned long how)
{
	const CK_SLOT_ID slot = P.pin == NULL ? P.slot : P.bare;
	CK_UTF8CHAR pin[] = "1234";
	CK_SESSION_HANDLE s = P.s;
	CK_TOKEN_INFO info;

	if (P.pin != NULL && !P.has_bare)
		probe_absent("the token has a PIN");
	if (P.pin != NULL)
		OK(C_OpenSession, slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s);
	if (how == 0)
		(void)WANT((CKR_USER_PIN_NOT_INITIALIZED), C_Login, s, CKU_USER, pin, 4);
	else if (how == 1)
		(void)WANT((CKR_USER_NOT_LOGGED_IN), C_Logout, s);
	else if (how == 2)
		(void)WANT((CKR_USER_TYPE_INVALID), C_Login, s, 77, pin, 4);
	else {
		OK(C_GetTokenInfo, slot, &info);
		CHECK((info.flags & CKF_LOGIN_REQUIRED) == 0, "CKF_LOGIN_REQUIRED, and nobody can log in");
	}
	if (s != P.s)
		OK(C_CloseSession, s);
}

void
probe_login(void)
{
	static const struct {
		enum login how;
		unsigned flags;
		const char *section, *name;
	} rows[] = {
		{ L_TYPE, PUBLIC, "5.6.8", "login-type|C_Login of an unknown user type" },
		{ L_WRONG, PUBLIC, "5.6.8", "login-wrong|C_Login with a wrong PIN, then with the right one" },
		{ L_COUNT_LOW, PUBLIC, "5.5.3", "login-count-low|CKF_USER_PIN_COUNT_LOW comes and goes" },
		{ L_EMPTY, PUBLIC, "5.6.8", "login-empty|C_Login with an empty PIN" },
		{ L_LONG, PUBLIC, "5.6.8", "login-long|C_Login with a PIN of 1024 bytes" },
		{ L_NULL_PIN, PUBLIC | ALONE, "5.6.8", "login-null|C_Login with NULL and a length" },
		{ L_TWICE, 0, "5.6.8", "login-twice|C_Login of the user twice" },
		{ L_SO_TOO, 0, "5.6.8", "login-so-too|C_Login of the SO beside the user" },
		{ L_CONTEXT, 0, "5.6.8", "login-context|C_Login for an operation that is not" },
		{ L_OUT, ALONE, "5.6.10", "logout|C_Logout" },
		{ L_OUT_TWICE, PUBLIC, "5.6.10", "logout-nobody|C_Logout when nobody is logged in" },
		{ L_ALL_SESSIONS, 0, "5.6.8", "state-ro-user|login counts for every session, read-only ones too" },
		{ L_RW_STATE, 0, "5.6.8", "state-rw-user|login counts for a read/write session opened later" },
		{ L_RO_STATE, PUBLIC, "5.6.8", "login-in-ro|login through a read-only session" },
		{ L_LAST_SESSION, ALONE, "5.6.3", "logout-last-session|closing the last session logs out" },
		{ L_CREATE_PRIVATE, 0, "5.7.1", "private-create|the user makes a private object" },
		{ L_NEW_SESSION, PUBLIC, "5.7.1", "private-create-public|nobody makes a private object without login" },
		{ L_PRIVATE_HIDDEN, ALONE, "5.7.7", "private-hidden|private objects are not found without login" },
		{ L_PRIVATE_GONE, ALONE, "5.6.10", "private-logout|private session objects end with C_Logout" },
		{ L_SIGN_LOGGED_OUT, ALONE, "5.6.10", "private-key-logout|a private key is of no use after C_Logout" },
		{ L_INIT_PIN, 0, "5.5.8", "init-pin-user|C_InitPIN is the SO's" },
		{ L_SET_PIN_RO, 0, "5.5.9", "set-pin-ro|C_SetPIN in a read-only session" },
		{ L_SET_PIN_WRONG, 0, "5.5.9", "set-pin-wrong|C_SetPIN with a wrong old PIN, then with the right one" },
		{ L_SET_PIN_SHORT, 0, "5.5.9", "set-pin-short|C_SetPIN with a PIN of one byte" },
		{ L_SET_PIN, ALONE, "5.5.9", "set-pin|C_SetPIN there and back" },
		{ L_INIT_PIN_PUBLIC, PUBLIC, "5.5.8", "init-pin-public|C_InitPIN when nobody is logged in" },
		{ L_SET_PIN_PUBLIC, PUBLIC, "5.5.9", "set-pin-public|C_SetPIN in a public session is about the user's PIN" },
		{ L_STATE_OTHER, PUBLIC, "5.6.10", "logout-other|C_Logout in one session counts for all" },
	};
	static const struct {
		enum so how;
		const char *section, *name;
	} so_rows[] = {
		{ SO_RO_EXISTS, "5.6.8", "so-read-only|C_Login of the SO beside a read-only session" },
		{ SO_STATE, "5.6.8", "so-state|state of the SO's session" },
		{ SO_OPEN_RO, "5.6.1", "so-open-ro|a read-only session beside the SO" },
		{ SO_WRONG, "5.6.8", "so-wrong|a wrong SO PIN, then the right one" },
		{ SO_USER_TOO, "5.6.8", "so-user-too|C_Login of the user beside the SO" },
		{ SO_INIT_PIN, "5.5.8", "so-init-pin|C_InitPIN" },
		{ SO_INIT_SHORT, "5.5.8", "so-init-pin-short|C_InitPIN with a PIN of one byte" },
		{ SO_PRIVATE, "5.7.1", "so-private|the SO makes no private objects" },
		{ SO_INIT_TOKEN, "5.5.7", "init-token-session|C_InitToken while there is a session" },
		{ SO_TRUSTED, "4.7", "so-trusted|the SO makes a trusted public key" },
		{ SO_TWICE, "5.6.8", "so-twice|C_Login of the SO twice" },
		{ SO_OUT, "5.6.10", "so-logout|C_Logout of the SO" },
		{ SO_SET_PIN, "5.5.9", "so-set-pin|C_SetPIN by the SO is about his own PIN" },
		{ SO_LAST_SESSION, "5.6.3", "so-last-session|closing the last session logs the SO out" },
		{ SO_INIT_WRONG, "5.5.7", "init-token-wrong|C_InitToken with a wrong SO PIN changes nothing" },
	};
	static const char *const no_pins[] = {
		"no-pin-login|C_Login where no PIN is set", "no-pin-logout|C_Logout where nobody can log in",
		"no-pin-type|C_Login of an unknown user type, without a PIN", "no-pin-flags|a token without a PIN requires no login",
	};

	for (size_t i = 0; i < LEN(rows); i++)
		probe_case(rows[i].flags, rows[i].section, login, NULL, rows[i].how, "%s", rows[i].name);
	for (size_t i = 0; i < LEN(so_rows); i++)
		probe_case(PUBLIC | ALONE, so_rows[i].section, security_officer, NULL, so_rows[i].how, "%s", so_rows[i].name);
	for (size_t i = 0; i < LEN(no_pins); i++)
		probe_case(PUBLIC, "5.6.8", no_pin, NULL, i, "%s", no_pins[i]);
}
