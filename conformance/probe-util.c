/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

#include <stdio.h>

#define N(name) { CKR_##name, "CKR_" #name }
static const struct {
	CK_RV rv;
	const char *name;
} names[] = {
	N(OK), N(CANCEL), N(HOST_MEMORY), N(SLOT_ID_INVALID), N(GENERAL_ERROR), N(FUNCTION_FAILED), N(ARGUMENTS_BAD), N(NO_EVENT),
	N(NEED_TO_CREATE_THREADS), N(CANT_LOCK), N(ATTRIBUTE_READ_ONLY), N(ATTRIBUTE_SENSITIVE), N(ATTRIBUTE_TYPE_INVALID),
	N(ATTRIBUTE_VALUE_INVALID), N(ACTION_PROHIBITED), N(DATA_INVALID), N(DATA_LEN_RANGE), N(DEVICE_ERROR), N(DEVICE_MEMORY),
	N(DEVICE_REMOVED), N(ENCRYPTED_DATA_INVALID), N(ENCRYPTED_DATA_LEN_RANGE), N(FUNCTION_CANCELED), N(FUNCTION_NOT_PARALLEL),
	N(FUNCTION_NOT_SUPPORTED), N(KEY_HANDLE_INVALID), N(KEY_SIZE_RANGE), N(KEY_TYPE_INCONSISTENT), N(KEY_NOT_NEEDED),
	N(KEY_CHANGED), N(KEY_NEEDED), N(KEY_INDIGESTIBLE), N(KEY_FUNCTION_NOT_PERMITTED), N(KEY_NOT_WRAPPABLE), N(KEY_UNEXTRACTABLE),
	N(MECHANISM_INVALID), N(MECHANISM_PARAM_INVALID), N(OBJECT_HANDLE_INVALID), N(OPERATION_ACTIVE), N(OPERATION_NOT_INITIALIZED),
	N(PIN_INCORRECT), N(PIN_INVALID), N(PIN_LEN_RANGE), N(PIN_EXPIRED), N(PIN_LOCKED), N(SESSION_CLOSED), N(SESSION_COUNT),
	N(SESSION_HANDLE_INVALID), N(SESSION_PARALLEL_NOT_SUPPORTED), N(SESSION_READ_ONLY), N(SESSION_EXISTS),
	N(SESSION_READ_ONLY_EXISTS), N(SESSION_READ_WRITE_SO_EXISTS), N(SIGNATURE_INVALID), N(SIGNATURE_LEN_RANGE),
	N(TEMPLATE_INCOMPLETE), N(TEMPLATE_INCONSISTENT), N(TOKEN_NOT_PRESENT), N(TOKEN_NOT_RECOGNIZED), N(TOKEN_WRITE_PROTECTED),
	N(UNWRAPPING_KEY_HANDLE_INVALID), N(UNWRAPPING_KEY_SIZE_RANGE), N(UNWRAPPING_KEY_TYPE_INCONSISTENT),
	N(USER_ALREADY_LOGGED_IN), N(USER_NOT_LOGGED_IN), N(USER_PIN_NOT_INITIALIZED), N(USER_TYPE_INVALID),
	N(USER_ANOTHER_ALREADY_LOGGED_IN), N(USER_TOO_MANY_TYPES), N(WRAPPED_KEY_INVALID), N(WRAPPED_KEY_LEN_RANGE),
	N(WRAPPING_KEY_HANDLE_INVALID), N(WRAPPING_KEY_SIZE_RANGE), N(WRAPPING_KEY_TYPE_INCONSISTENT), N(RANDOM_SEED_NOT_SUPPORTED),
	N(RANDOM_NO_RNG), N(DOMAIN_PARAMS_INVALID), N(CURVE_NOT_SUPPORTED), N(BUFFER_TOO_SMALL), N(SAVED_STATE_INVALID),
	N(INFORMATION_SENSITIVE), N(STATE_UNSAVEABLE), N(CRYPTOKI_NOT_INITIALIZED), N(CRYPTOKI_ALREADY_INITIALIZED), N(MUTEX_BAD),
	N(PUBLIC_KEY_INVALID), N(FUNCTION_REJECTED),
	{ STD_CKR_AEAD_DECRYPT_FAILED, "CKR_AEAD_DECRYPT_FAILED" },
	{ STD_CKR_OPERATION_CANCEL_FAILED, "CKR_OPERATION_CANCEL_FAILED" },
};
#undef N

const char *
probe_rv_name(CK_RV rv)
{
	static char number[2][32];
	static unsigned turn;

	for (size_t i = 0; i < LEN(names); i++)
		if (names[i].rv == rv)
			return names[i].name;
	turn ^= 1;
	(void)snprintf(number[turn], sizeof(number[turn]), "0x%lx", rv);
	return number[turn];
}

/* ---- bytes */

static unsigned
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	probe_fail("the probe's own data has a bad digit");
}

struct bin
hex(const char *digits)
{
	struct bin b = { .n = strlen(digits) / 2 };

	b.p = probe_alloc(b.n);
	for (CK_ULONG i = 0; i < b.n; i++)
		b.p[i] = (CK_BYTE)(digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]));
	return b;
}

struct bin
text(const char *s)
{
	struct bin b = { .n = strlen(s) };

	b.p = probe_alloc(b.n);
	if (b.n != 0)
		(void)memcpy(b.p, s, b.n);
	return b;
}

struct bin
room(CK_ULONG n)
{
	struct bin b = { probe_alloc(n), n };

	(void)memset(b.p, 0xa5, n);
	return b;
}

struct bin
pattern(CK_ULONG n, unsigned seed)
{
	struct bin b = { probe_alloc(n), n };

	for (CK_ULONG i = 0; i < n; i++)
		b.p[i] = (CK_BYTE)(i * 7 + seed * 31 + (i >> 8));
	return b;
}

struct bin
cut(struct bin b, CK_ULONG n)
{
	return (struct bin){ b.p, n };
}

struct bin
join(struct bin a, struct bin b)
{
	struct bin both = { probe_alloc(a.n + b.n), a.n + b.n };

	(void)memcpy(both.p, a.p, a.n);
	(void)memcpy(both.p + a.n, b.p, b.n);
	return both;
}

struct bin
copy(struct bin b)
{
	return join(b, (struct bin){ b.p, 0 });
}

bool
same(struct bin a, struct bin b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static void
print_hex(struct bin b, char *out, size_t size)
{
	CK_ULONG i;

	for (i = 0; i < b.n && 2 * i + 4 < size; i++)
		(void)snprintf(out + 2 * i, size - 2 * i, "%02x", b.p[i]);
	out[2 * i] = '\0';
	if (i < b.n)
		(void)strcat(out, "..");
}

void
expect(const char *what, struct bin got, struct bin wanted)
{
	char g[100], w[100];

	if (same(got, wanted))
		return;
	print_hex(got, g, sizeof(g));
	print_hex(wanted, w, sizeof(w));
	probe_fail("%s: %lu bytes %s, not %lu bytes %s", what, got.n, g, wanted.n, w);
}

/* ---- templates */

void
t_bin(struct tmpl *t, CK_ATTRIBUTE_TYPE type, struct bin value)
{
	if (t->n == LEN(t->a))
		probe_fail("the probe's own template is too small");
	t->a[t->n++] = (CK_ATTRIBUTE){ type, value.p, value.n };
}

void
t_ulong(struct tmpl *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
	struct bin b = room(sizeof(value));

	(void)memcpy(b.p, &value, sizeof(value));
	t_bin(t, type, b);
}

void
t_bool(struct tmpl *t, CK_ATTRIBUTE_TYPE type, bool value)
{
	struct bin b = room(sizeof(CK_BBOOL));

	b.p[0] = value ? CK_TRUE : CK_FALSE;
	t_bin(t, type, b);
}

void
t_text(struct tmpl *t, CK_ATTRIBUTE_TYPE type, const char *value)
{
	t_bin(t, type, text(value));
}

void
t_drop(struct tmpl *t, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG n = 0;

	for (CK_ULONG i = 0; i < t->n; i++)
		if (t->a[i].type != type)
			t->a[n++] = t->a[i];
	t->n = n;
}

void
t_key(struct tmpl *t, CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
	t_ulong(t, CKA_CLASS, class);
	t_ulong(t, CKA_KEY_TYPE, type);
	t_bool(t, CKA_TOKEN, false);
}

CK_MECHANISM
mech(CK_MECHANISM_TYPE type, void *param, size_t len)
{
	return (CK_MECHANISM){ type, param, len };
}

CK_MECHANISM
mech0(CK_MECHANISM_TYPE type)
{
	return (CK_MECHANISM){ type, NULL, 0 };
}

bool
has(CK_MECHANISM_TYPE type, CK_FLAGS flags)
{
	CK_MECHANISM_INFO info = { .flags = 0 };

	return WANT((CKR_OK, CKR_MECHANISM_INVALID), C_GetMechanismInfo, P.slot, type, &info) == CKR_OK && (info.flags & flags) == flags;
}

void
need(CK_MECHANISM_TYPE type, CK_FLAGS flags)
{
	if (!has(type, flags))
		probe_absent("mechanism 0x%lx", type);
}

void
need_pin(void)
{
	if (P.pin == NULL)
		probe_absent("the token has no PIN");
}

CK_OBJECT_HANDLE
make(const struct tmpl *t)
{
	struct tmpl copy_of = *t;
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

	OK(C_CreateObject, P.s, copy_of.a, copy_of.n, &object);
	CHECK(object != CK_INVALID_HANDLE, "C_CreateObject gave CKR_OK and no handle");
	return object;
}

CK_SESSION_HANDLE
open_session(bool rw)
{
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

	OK(C_OpenSession, P.slot, CKF_SERIAL_SESSION | (rw ? CKF_RW_SESSION : 0), NULL, NULL, &session);
	return session;
}

struct bin
attr(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ATTRIBUTE a = { type, NULL, 0 };
	struct bin value;

	if (P.f->C_GetAttributeValue(P.s, object, &a, 1) != CKR_OK)
		probe_fail("attribute 0x%lx: %s", type, probe_rv_name(P.f->C_GetAttributeValue(P.s, object, &a, 1)));
	CHECK(a.ulValueLen < 1 << 20, "attribute 0x%lx has an absurd length, %lu", type, a.ulValueLen);
	value = room(a.ulValueLen + 8);   /* a module that lies in its length query writes into our slack */
	value.n = a.ulValueLen;
	a.pValue = value.p;
	OK(C_GetAttributeValue, P.s, object, &a, 1);
	CHECK(a.ulValueLen <= value.n, "attribute 0x%lx is longer than the length query said", type);
	value.n = a.ulValueLen;
	return value;
}

CK_ULONG
attr_ulong(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	const struct bin value = attr(object, type);
	CK_ULONG number;

	CHECK(value.n == sizeof(number), "attribute 0x%lx has %lu bytes, a CK_ULONG has %zu", type, value.n, sizeof(number));
	(void)memcpy(&number, value.p, sizeof(number));
	return number;
}

bool
attr_bool(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	const struct bin value = attr(object, type);

	CHECK(value.n == sizeof(CK_BBOOL) && value.p[0] <= CK_TRUE, "attribute 0x%lx is no CK_BBOOL", type);
	return value.p[0] == CK_TRUE;
}

CK_RV
attr_rv(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ATTRIBUTE a = { type, NULL, 0 };

	return P.f->C_GetAttributeValue(P.s, object, &a, 1);
}

/* ---- whole operations. Outputs have room to spare; that lengths are told right is a matter of other cases. */

enum { SPARE = 512 };

struct bin
do_digest(CK_MECHANISM_TYPE type, struct bin data)
{
	CK_MECHANISM m = mech0(type);
	struct bin out = room(SPARE);

	OK(C_DigestInit, P.s, &m);
	OK(C_Digest, P.s, data.p, data.n, out.p, &out.n);
	return out;
}

struct bin
do_sign(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data)
{
	struct bin out = room(SPARE * 4);

	OK(C_SignInit, P.s, m, key);
	OK(C_Sign, P.s, data.p, data.n, out.p, &out.n);
	return out;
}

CK_RV
do_verify(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data, struct bin sig)
{
	OK(C_VerifyInit, P.s, m, key);
	return P.f->C_Verify(P.s, data.p, data.n, sig.p, sig.n);
}

struct bin
do_encrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data)
{
	struct bin out = room(data.n + SPARE);

	OK(C_EncryptInit, P.s, m, key);
	OK(C_Encrypt, P.s, data.p, data.n, out.p, &out.n);
	return out;
}

struct bin
do_decrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data)
{
	struct bin out = room(data.n + SPARE);

	OK(C_DecryptInit, P.s, m, key);
	OK(C_Decrypt, P.s, data.p, data.n, out.p, &out.n);
	return out;
}

struct bin
do_parts(bool encrypt, CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data, CK_ULONG part)
{
	struct bin out = room(data.n + SPARE);
	CK_ULONG at = 0;
	CK_ULONG got;

	if (encrypt)
		OK(C_EncryptInit, P.s, m, key);
	else
		OK(C_DecryptInit, P.s, m, key);
	for (CK_ULONG i = 0; i < data.n; i += part) {
		const CK_ULONG n = data.n - i < part ? data.n - i : part;

		got = out.n - at;
		if (encrypt)
			OK(C_EncryptUpdate, P.s, data.p + i, n, out.p + at, &got);
		else
			OK(C_DecryptUpdate, P.s, data.p + i, n, out.p + at, &got);
		CHECK(got <= out.n - at, "an update gave more than there was room");
		at += got;
	}
	got = out.n - at;
	if (encrypt)
		OK(C_EncryptFinal, P.s, out.p + at, &got);
	else
		OK(C_DecryptFinal, P.s, out.p + at, &got);
	CHECK(got <= out.n - at, "the final part was more than there was room");
	return cut(out, at + got);
}

CK_OBJECT_HANDLE
do_derive(CK_MECHANISM *m, CK_OBJECT_HANDLE key, const struct tmpl *t)
{
	struct tmpl copy_of = *t;
	CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;

	OK(C_DeriveKey, P.s, m, key, copy_of.a, copy_of.n, &made);
	return made;
}
