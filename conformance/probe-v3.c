/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* What 3.0 added: interfaces, messages, cancelling, profiles. Functions of the list behind 2.40's are called by these types. */

typedef CK_RV (*fn_get)(CK_UTF8CHAR *, CK_VERSION *, struct std_interface **, CK_FLAGS);
typedef CK_RV (*fn_cancel)(CK_SESSION_HANDLE, CK_FLAGS);
typedef CK_RV (*fn_login)(CK_SESSION_HANDLE, CK_USER_TYPE, CK_UTF8CHAR *, CK_ULONG, CK_UTF8CHAR *, CK_ULONG);
typedef CK_RV (*fn_init)(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE);
typedef CK_RV (*fn_message)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *,
							CK_ULONG *);
typedef CK_RV (*fn_begin)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG);
typedef CK_RV (*fn_next)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *, CK_FLAGS);
typedef CK_RV (*fn_final)(CK_SESSION_HANDLE);
typedef CK_RV (*fn_sign)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG *);
typedef CK_RV (*fn_verify)(CK_SESSION_HANDLE, void *, CK_ULONG, CK_BYTE *, CK_ULONG, CK_BYTE *, CK_ULONG);

static void *
entry(enum std_entry3 which)
{
	void *e;

	if (P.f3 == NULL)
		probe_absent("no 3.0 interface");
	e = P.f3->entry[which];
	CHECK(e != NULL, "the entry is NULL");
	return e;
}

#define CALL3(type, which) (*(type *)&(void *){ entry(which) })
#define IS(what, rv, ...) (void)probe_want(what, rv, (const CK_RV[]){ __VA_ARGS__, PROBE_END })

/* ---- interfaces: 5.4.5, 5.4.6 */

enum interface {
	I_COUNT,
	I_LIST,
	I_SHORT,
	I_NULL_COUNT,
	I_DEFAULT,
	I_NAME,
	I_240,
	I_30,
	I_BAD_VERSION,
	I_BAD_NAME,
	I_BAD_FLAGS,
	I_NULL_OUT,
	I_ENTRIES,
	I_ENTRIES_32,
	I_SAME_240,
	I_UNINIT,
	I_VERSIONS,
	I_FORK_FLAG,
	I_SELF,
};

static void
interface_list(enum interface how)
{
	struct std_interface list[16];
	CK_ULONG n = 0, m = LEN(list);
	bool has_240 = false, has_30 = false;

	IS("C_GetInterfaceList", P.get_interface_list(NULL, &n), CKR_OK);
	CHECK(n >= 2 && n <= LEN(list), "%lu interfaces", n);
	if (how == I_SHORT) {
		m = n - 1;
		IS("C_GetInterfaceList", P.get_interface_list(list, &m), CKR_BUFFER_TOO_SMALL);
		CHECK(m == n, "a short buffer gave the count %lu, not %lu", m, n);
		return;
	}
	IS("C_GetInterfaceList", P.get_interface_list(list, &m), CKR_OK);
	CHECK(m == n, "%lu interfaces, the length query said %lu", m, n);
	for (CK_ULONG i = 0; i < m; i++) {
		const CK_VERSION *v = list[i].list;

		CHECK(list[i].name != NULL && v != NULL, "interface %lu has no name or no list", i);
		if (strcmp((const char *)list[i].name, "PKCS 11") != 0)
			continue;
		has_240 = has_240 || (v->major == 2 && v->minor == 40);
		has_30 = has_30 || (v->major == 3 && v->minor == 0);
		CHECK(how != I_FORK_FLAG || (list[i].flags & ~1UL) == 0, "flags 0x%lx", list[i].flags);
	}
	if (how == I_VERSIONS)
		CHECK(has_240 && has_30, "no interface of version %s", has_240 ? "3.0" : "2.40");
}

static const struct std_interface *
get(CK_UTF8CHAR *name, int major, int minor)
{
	struct std_interface *i = NULL;
	CK_VERSION v = { (CK_BYTE)major, (CK_BYTE)minor };

	IS("C_GetInterface", P.get_interface(name, major < 0 ? NULL : &v, &i, 0), CKR_OK);
	CHECK(i != NULL && i->list != NULL, "no interface");
	CHECK(strcmp((const char *)i->name, "PKCS 11") == 0, "its name is \"%s\"", (const char *)i->name);
	return i;
}

static void
no_null(const void *list, size_t n, const char *what)
{
	void *const *e = (void *const *)list;

	for (size_t i = 1; i <= n; i++)
		CHECK(e[i] != NULL, "entry %zu of the %s list is NULL", i, what);
}

static void
interfaces(const void *arg, unsigned long how)
{
	CK_UTF8CHAR name[] = "PKCS 11", other[] = "Another";
	struct std_interface *i = NULL;
	CK_VERSION v = { 9, 9 }, three = { 3, 2 };
	CK_FUNCTION_LIST *list = NULL;
	const CK_VERSION *got;

	if (P.get_interface == NULL || P.get_interface_list == NULL)
		probe_absent("no C_GetInterface");
	switch ((enum interface)how) {
	case I_NULL_COUNT: IS("C_GetInterfaceList", P.get_interface_list(NULL, NULL), CKR_ARGUMENTS_BAD); break;
	case I_DEFAULT: case I_UNINIT: (void)get(NULL, -1, 0); break;
	case I_NAME: (void)get(name, -1, 0); break;
	case I_240:
		got = get(name, 2, 40)->list;
		CHECK(got->major == 2 && got->minor == 40, "version %u.%u", got->major, got->minor);
		break;
	case I_30:
		got = get(name, 3, 0)->list;
		CHECK(got->major == 3 && got->minor == 0, "version %u.%u", got->major, got->minor);
		break;
	case I_BAD_VERSION: IS("C_GetInterface", P.get_interface(name, &v, &i, 0), CKR_ARGUMENTS_BAD, CKR_FUNCTION_FAILED); break;
	case I_BAD_NAME: IS("C_GetInterface", P.get_interface(other, NULL, &i, 0), CKR_ARGUMENTS_BAD, CKR_FUNCTION_FAILED); break;
	case I_BAD_FLAGS:
		IS("C_GetInterface", P.get_interface(name, NULL, &i, 0x40000000UL), CKR_ARGUMENTS_BAD, CKR_FUNCTION_FAILED);
		break;
	case I_NULL_OUT: IS("C_GetInterface", P.get_interface(name, NULL, NULL, 0), CKR_ARGUMENTS_BAD); break;
	case I_ENTRIES: no_null(get(name, 3, 0)->list, sizeof(CK_FUNCTION_LIST) / sizeof(void *) - 1 + E3_COUNT, "3.0"); break;
	case I_ENTRIES_32:
		if (P.get_interface(name, &three, &i, 0) != CKR_OK)
			probe_absent("no 3.2 interface");
		no_null(i->list, sizeof(CK_FUNCTION_LIST) / sizeof(void *) - 1 + E3_COUNT_32, "3.2");
		break;
	case I_SAME_240:
		OK(C_GetFunctionList, &list);
		CHECK(list->version.major == 2 && list->version.minor == 40, "C_GetFunctionList gives version %u.%u",
			  list->version.major, list->version.minor);
		break;
	case I_SELF: IS("C_GetInterface of the list", CALL3(fn_get, E3_GetInterface)(NULL, NULL, &i, 0), CKR_OK); break;
	default: interface_list((enum interface)how); break;
	}
}

/* ---- C_SessionCancel (5.6.5), C_LoginUser (5.6.9) */

static void
cancel(const void *arg, unsigned long how)
{
	const fn_cancel cancel_it = CALL3(fn_cancel, E3_SessionCancel);
	CK_MECHANISM sha = mech0(CKM_SHA256), ecdsa = mech0(CKM_ECDSA);
	struct bin out = room(100), data = pattern(20, 1);
	CK_OBJECT_HANDLE found;
	CK_ULONG n = 0;
	struct pair pair;

	switch (how) {
	/* What is not active is cancelled, or could not be: the standard leaves it open. */
	case 0: IS("C_SessionCancel", cancel_it(P.s, CKF_DIGEST), CKR_OK, STD_CKR_OPERATION_CANCEL_FAILED); break;
	case 1: IS("C_SessionCancel", cancel_it(0, CKF_DIGEST), CKR_SESSION_HANDLE_INVALID); break;
	case 2:
		OK(C_DigestInit, P.s, &sha);
		IS("C_SessionCancel", cancel_it(P.s, CKF_DIGEST), CKR_OK);
		(void)WANT((CKR_OPERATION_NOT_INITIALIZED), C_Digest, P.s, data.p, data.n, out.p, &out.n);
		break;
	case 3:
		OK(C_DigestInit, P.s, &sha);
		IS("C_SessionCancel", cancel_it(P.s, CKF_SIGN), CKR_OK, STD_CKR_OPERATION_CANCEL_FAILED);
		OK(C_Digest, P.s, data.p, data.n, out.p, &out.n);
		break;
	case 4:
		OK(C_FindObjectsInit, P.s, NULL, 0);
		IS("C_SessionCancel", cancel_it(P.s, STD_CKF_FIND_OBJECTS), CKR_OK);
		(void)WANT((CKR_OPERATION_NOT_INITIALIZED), C_FindObjects, P.s, &found, 1, &n);
		break;
	case 5:
		pair = key_pair(CKM_EC_KEY_PAIR_GEN, hex(curve_named("P-256")->params));
		OK(C_SignInit, P.s, &ecdsa, pair.private);
		IS("C_SessionCancel", cancel_it(P.s, CKF_SIGN), CKR_OK);
		(void)WANT((CKR_OPERATION_NOT_INITIALIZED), C_Sign, P.s, data.p, data.n, out.p, &out.n);
		break;
	default: /* 5.13.1 of 3.0: init with NULL ends it too */
		pair = key_pair(CKM_EC_KEY_PAIR_GEN, hex(curve_named("P-256")->params));
		OK(C_SignInit, P.s, &ecdsa, pair.private);
		(void)WANT((CKR_OK), C_SignInit, P.s, NULL, pair.private);
		(void)WANT((CKR_OPERATION_NOT_INITIALIZED), C_Sign, P.s, data.p, data.n, out.p, &out.n);
		break;
	}
}

static void
login_user(const void *arg, unsigned long how)
{
	const fn_login login = CALL3(fn_login, E3_LoginUser);
	CK_UTF8CHAR name[] = "nobody", pin[] = "1234";

	if (how == 0)
		IS("C_LoginUser", login(0, CKU_USER, pin, 4, name, 6), CKR_SESSION_HANDLE_INVALID);
	else if (how == 1)
		IS("C_LoginUser", login(P.s, 77, pin, 4, name, 6), CKR_USER_TYPE_INVALID);
	else if (P.pin == NULL)
		IS("C_LoginUser", login(P.s, CKU_USER, pin, 4, NULL, 0), CKR_USER_PIN_NOT_INITIALIZED);
	else
		IS("C_LoginUser", login(P.s, CKU_USER, P.pin, P.pin_len, NULL, 0), CKR_OK);
}

/* ---- messages: GCM specification, test case 4 */

#define GCM_TEXT                                                                                                               \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_IV "cafebabefacedbaddecaf888"
#define GCM_TAG "5bc94fbc3221a5db94fae95ae7121a47"
#define GCM_SEALED                                                                                                             \
	"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"

enum message { M_SEAL, M_OPEN, M_BAD_TAG, M_PARTS, M_OPEN_PARTS, M_TWO, M_NO_INIT, M_NO_FINAL, M_GENERATED, M_QUERY, M_TWICE };

static void
open_message(enum message how, CK_OBJECT_HANDLE key)
{
	const fn_init open_init = CALL3(fn_init, E3_MessageDecryptInit);
	const fn_message open = CALL3(fn_message, E3_DecryptMessage);
	const struct bin in = hex(GCM_TEXT), sealed = hex(GCM_SEALED), aad = hex(GCM_AAD), iv = hex(GCM_IV);
	struct bin tag = copy(hex(GCM_TAG)), out = room(100);
	struct std_gcm_message param = { iv.p, 12, 0, 0, tag.p, 128 };
	CK_MECHANISM m = mech0(CKM_AES_GCM);
	CK_ULONG n = 0;

	param.tag[0] ^= how == M_BAD_TAG;
	IS("C_MessageDecryptInit", open_init(P.s, &m, key), CKR_OK);
	if (how == M_OPEN_PARTS) {
		IS("C_DecryptMessageBegin", CALL3(fn_begin, E3_DecryptMessageBegin)(P.s, &param, sizeof(param), aad.p, aad.n),
		   CKR_OK);
		IS("C_DecryptMessageNext",
		   CALL3(fn_next, E3_DecryptMessageNext)(P.s, &param, sizeof(param), sealed.p, 16, out.p, &out.n, 0), CKR_OK);
		n = out.n;
		out.n = 60;
		IS("C_DecryptMessageNext",
		   CALL3(fn_next, E3_DecryptMessageNext)(P.s, &param, sizeof(param), sealed.p + 16, sealed.n - 16, out.p + n,
												 &out.n, STD_CKF_END_OF_MESSAGE),
		   CKR_OK);
		out.n += n;
	} else
		IS("C_DecryptMessage", open(P.s, &param, sizeof(param), aad.p, aad.n, sealed.p, sealed.n, out.p, &out.n),
		   how == M_BAD_TAG ? STD_CKR_AEAD_DECRYPT_FAILED : CKR_OK, how == M_BAD_TAG ? CKR_ENCRYPTED_DATA_INVALID : CKR_OK);
	if (how != M_BAD_TAG)
		expect("decrypted", out, in);
	IS("C_MessageDecryptFinal", CALL3(fn_final, E3_MessageDecryptFinal)(P.s), CKR_OK);
}

static void
message(const void *arg, unsigned long how)
{
	const fn_init init = CALL3(fn_init, E3_MessageEncryptInit);
	const fn_message seal = CALL3(fn_message, E3_EncryptMessage);
	const fn_final end = CALL3(fn_final, E3_MessageEncryptFinal);
	const struct bin in = hex(GCM_TEXT), sealed = hex(GCM_SEALED), aad = hex(GCM_AAD), right = hex(GCM_TAG);
	struct bin iv = hex(GCM_IV), tag = room(16), out = room(100);
	struct std_gcm_message param = { iv.p, 12, 0, 0, tag.p, 128 };
	CK_MECHANISM m = mech0(CKM_AES_GCM);
	CK_OBJECT_HANDLE key;
	CK_ULONG n = 0;

	if (how == M_NO_INIT) {
		IS("C_EncryptMessage", seal(P.s, &param, sizeof(param), aad.p, aad.n, in.p, in.n, out.p, &out.n),
		   CKR_OPERATION_NOT_INITIALIZED);
		return;
	}
	if (how == M_NO_FINAL) {
		IS("C_MessageEncryptFinal", end(P.s), CKR_OPERATION_NOT_INITIALIZED);
		return;
	}
	need(CKM_AES_GCM, STD_CKF_MESSAGE_ENCRYPT | STD_CKF_MESSAGE_DECRYPT);
	key = key_secret(CKK_AES, hex("feffe9928665731c6d6a8f9467308308"));
	if (how == M_OPEN || how == M_BAD_TAG || how == M_OPEN_PARTS) {
		open_message((enum message)how, key);
		return;
	}
	IS("C_MessageEncryptInit", init(P.s, &m, key), CKR_OK);
	switch ((enum message)how) {
	case M_TWICE: IS("C_MessageEncryptInit", init(P.s, &m, key), CKR_OPERATION_ACTIVE); break;
	case M_QUERY:
		IS("C_EncryptMessage", seal(P.s, &param, sizeof(param), aad.p, aad.n, in.p, in.n, NULL, &n), CKR_OK);
		CHECK(n >= in.n && n <= in.n + 16, "the length is told as %lu", n);
		break;
	case M_PARTS:
		IS("C_EncryptMessageBegin", CALL3(fn_begin, E3_EncryptMessageBegin)(P.s, &param, sizeof(param), aad.p, aad.n), CKR_OK);
		IS("C_EncryptMessageNext",
		   CALL3(fn_next, E3_EncryptMessageNext)(P.s, &param, sizeof(param), in.p, 16, out.p, &out.n, 0), CKR_OK);
		n = out.n;
		out.n = 60;
		IS("C_EncryptMessageNext",
		   CALL3(fn_next, E3_EncryptMessageNext)(P.s, &param, sizeof(param), in.p + 16, in.n - 16, out.p + n, &out.n,
												 STD_CKF_END_OF_MESSAGE),
		   CKR_OK);
		out.n += n;
		expect("encrypted", out, sealed);
		expect("tag", tag, right);
		break;
	case M_GENERATED:
		param.iv_generator = STD_CKG_GENERATE;
		param.iv = room(12).p;
		IS("C_EncryptMessage", seal(P.s, &param, sizeof(param), aad.p, aad.n, in.p, in.n, out.p, &out.n), CKR_OK);
		CHECK(memcmp(param.iv, room(12).p, 12) != 0, "no IV was generated");
		break;
	default:
		for (int i = 0; i < (how == M_TWO ? 2 : 1); i++) {
			out = room(100);
			IS("C_EncryptMessage", seal(P.s, &param, sizeof(param), aad.p, aad.n, in.p, in.n, out.p, &out.n), CKR_OK);
			expect("encrypted", out, sealed);
			expect("tag", tag, right);
		}
		break;
	}
	IS("C_MessageEncryptFinal", end(P.s), CKR_OK);
}

static void
signed_message(const void *arg, unsigned long how)
{
	const fn_init init = CALL3(fn_init, E3_MessageSignInit), verify_init = CALL3(fn_init, E3_MessageVerifyInit);
	const fn_sign sign = CALL3(fn_sign, E3_SignMessage);
	const fn_verify verify = CALL3(fn_verify, E3_VerifyMessage);
	CK_MECHANISM m = mech0(CKM_ECDSA);
	struct bin data = pattern(32, 1), out = room(100);
	struct pair pair;

	if (how == 0) {
		IS("C_SignMessage", sign(P.s, NULL, 0, data.p, data.n, out.p, &out.n), CKR_OPERATION_NOT_INITIALIZED);
		return;
	}
	need(CKM_ECDSA, STD_CKF_MESSAGE_SIGN | STD_CKF_MESSAGE_VERIFY);
	pair = key_pair(CKM_EC_KEY_PAIR_GEN, hex(curve_named("P-256")->params));
	IS("C_MessageSignInit", init(P.s, &m, pair.private), CKR_OK);
	for (int i = 0; i < 2; i++) {
		out = room(100);
		IS("C_SignMessage", sign(P.s, NULL, 0, data.p, data.n, out.p, &out.n), CKR_OK);
	}
	IS("C_MessageSignFinal", CALL3(fn_final, E3_MessageSignFinal)(P.s), CKR_OK);
	IS("C_MessageVerifyInit", verify_init(P.s, &m, pair.public), CKR_OK);
	out.p[5] ^= how == 2;
	IS("C_VerifyMessage", verify(P.s, NULL, 0, data.p, data.n, out.p, out.n), how == 2 ? CKR_SIGNATURE_INVALID : CKR_OK);
	IS("C_MessageVerifyFinal", CALL3(fn_final, E3_MessageVerifyFinal)(P.s), CKR_OK);
}

/* ---- profiles (4.13) and mechanism objects (4.12) */

static void
described(const void *arg, unsigned long class)
{
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE found[64];
	CK_ULONG n = 0;

	t_ulong(&t, CKA_CLASS, class);
	OK(C_FindObjectsInit, P.s, t.a, t.n);
	OK(C_FindObjects, P.s, found, LEN(found), &n);
	OK(C_FindObjectsFinal, P.s);
	if (n == 0)
		probe_absent("no such objects");
	for (CK_ULONG i = 0; i < n; i++)
		CHECK(attr_ulong(found[i], class == STD_CKO_PROFILE ? STD_CKA_PROFILE_ID : CKA_MECHANISM_TYPE) !=
				  CK_UNAVAILABLE_INFORMATION,
			  "object %lu says nothing", i);
	for (CK_ULONG i = 0; i < n && class == CKO_MECHANISM; i++)
		CHECK(has(attr_ulong(found[i], CKA_MECHANISM_TYPE), 0), "object %lu is a mechanism that is not in the list", i);
	(void)WANT((CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_READ_ONLY,
				CKR_ACTION_PROHIBITED),
			   C_CreateObject, P.s, t.a, t.n, found);
}

void
probe_v3(void)
{
	static const struct {
		enum interface how;
		unsigned flags;
		const char *section, *name;
	} rows[] = {
		{ I_COUNT, 0, "5.4.5", "interface-count|two interfaces at least" },
		{ I_LIST, 0, "5.4.5", "interface-list|the list of interfaces" },
		{ I_SHORT, 0, "5.4.5", "interface-list-short|a short buffer" },
		{ I_NULL_COUNT, ALONE, "5.4.5", "interface-list-null|NULL for the count" },
		{ I_VERSIONS, 0, "5.4.5", "interface-versions|versions 2.40 and 3.0" },
		{ I_FORK_FLAG, 0, "5.4.5", "interface-flags|no unknown flags" },
		{ I_DEFAULT, 0, "5.4.6", "interface-default|neither name nor version" },
		{ I_UNINIT, BARE, "5.4.6", "interface-uninit|before C_Initialize" },
		{ I_NAME, 0, "5.4.6", "interface-name|by name" },
		{ I_240, 0, "5.4.6", "interface-2.40|version 2.40" },
		{ I_30, 0, "5.4.6", "interface-3.0|version 3.0" },
		{ I_BAD_VERSION, 0, "5.4.6", "interface-9.9|version 9.9" },
		{ I_BAD_NAME, 0, "5.4.6", "interface-other-name|another name" },
		{ I_BAD_FLAGS, 0, "5.4.6", "interface-bad-flags|flags nobody has" },
		{ I_NULL_OUT, ALONE, "5.4.6", "interface-null|NULL for the interface" },
		{ I_ENTRIES, 0, "5.4.6", "interface-entries-3.0|no entry of 3.0 is NULL" },
		{ I_ENTRIES_32, 0, "5.4.6", "interface-entries-3.2|no entry of 3.2 is NULL" },
		{ I_SAME_240, 0, "5.4.4", "interface-function-list|C_GetFunctionList stays at 2.40" },
		{ I_SELF, 0, "5.4.6", "interface-self|C_GetInterface of the list itself" },
	};
	static const char *const cancels[] = {
		"nothing|nothing to cancel",
		"no-session|without a session",
		"digest|a digest",
		"other|an operation of another kind stays",
		"find|a search",
		"sign|a signature",
		"null-init|init with NULL cancels",
	};
	static const char *const logins[] = { "no-session|without a session", "type|an unknown type of user", "user|the user" };
	static const char *const messages[] = {
		"seal|encrypts",
		"open|decrypts",
		"bad-tag|refuses a wrong tag",
		"seal-parts|encrypts in parts",
		"open-parts|decrypts in parts",
		"two|two messages",
		"no-init|without init",
		"no-final|final without init",
		"generated|generates the IV",
		"query|tells the length",
		"init-twice|init while active",
	};
	static const char *const signatures[] = { "no-init|without init", "sign|signs and verifies",
											  "flipped|refuses a wrong signature" };

	for (size_t i = 0; i < LEN(rows); i++)
		probe_case(rows[i].flags, rows[i].section, interfaces, NULL, rows[i].how, "%s", rows[i].name);
	for (size_t i = 0; i < LEN(cancels); i++)
		probe_case(0, "5.6.5", cancel, NULL, i, "cancel-%s", cancels[i]);
	for (size_t i = 0; i < LEN(logins); i++)
		probe_case(PUBLIC, "5.6.9", login_user, NULL, i, "login-user-%s", logins[i]);
	for (size_t i = 0; i < LEN(messages); i++)
		probe_case(0, i == M_OPEN || i == M_BAD_TAG || i == M_OPEN_PARTS ? "5.11" : "5.9", message, NULL, i, "message-%s",
				   messages[i]);
	for (size_t i = 0; i < LEN(signatures); i++)
		probe_case(0, i == 2 ? "5.16" : "5.14", signed_message, NULL, i, "message-sign-%s", signatures[i]);
	probe_case(0, "4.13", described, NULL, STD_CKO_PROFILE, "profile-objects|profile objects");
	probe_case(0, "4.12", described, NULL, CKO_MECHANISM, "mechanism-objects|mechanism objects");
}
