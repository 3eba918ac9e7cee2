/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A destroyed key is in no byte of this process any more, whichever session had it prepared for the next operation, and whether that was under way. The value is
 * looked for in all of the memory that can be written; this program has it masked.
 */
#define KEY_LEN 32
#define MASK 0x5a
#define SHADOW (1ul << 32) /* a sanitizer's shadow of the address space: terabytes of nothing, and no copy of anything */

static CK_BYTE masked[KEY_LEN];

static unsigned
in_piece(const CK_BYTE *at, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i + KEY_LEN <= len; i++) {
		size_t k = 0;

		while (k < KEY_LEN && at[i + k] == (masked[k] ^ MASK))
			k++;
		n += k == KEY_LEN;
	}
	return n;
}

static unsigned
in_memory(void)
{
	static CK_BYTE piece[1 << 16];
	FILE *maps = fopen("/proc/self/maps", "re");
	const int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char line[512];
	unsigned n = 0;

	if (maps == NULL || mem < 0)
		test_bail("/proc/self");
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long from;
		unsigned long to;
		char perms[5];

		if (sscanf(line, "%lx-%lx %4s", &from, &to, perms) != 3 || strncmp(perms, "rw", 2) != 0 || to - from > SHADOW)
			continue;
		for (unsigned long at = from; at < to; at += sizeof(piece) - KEY_LEN) {
			const size_t want = to - at < sizeof(piece) ? to - at : sizeof(piece);
			const ssize_t got = pread(mem, piece, want, (off_t)at);

			/* Not in our own buffer, which has what was just copied. */
			if (got > 0 && (at >= (unsigned long)(piece + sizeof(piece)) || at + want <= (unsigned long)piece))
				n += in_piece(piece, (size_t)got);
		}
	}
	memset(piece, 0, sizeof(piece));
	(void)fclose(maps);
	(void)close(mem);
	return n;
}

static CK_OBJECT_HANDLE
make(CK_SESSION_HANDLE s, CK_KEY_TYPE type, unsigned number)
{
	CK_BYTE value[KEY_LEN];
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, type), T_BYTES(CKA_VALUE, value, KEY_LEN) };
	CK_OBJECT_HANDLE key = 0;

	for (size_t i = 0; i < KEY_LEN; i++) {
		value[i] = (CK_BYTE)(37 * i + 11 * number + 3);
		masked[i] = value[i] ^ MASK;
	}
	if (p11->C_CreateObject(s, template, LEN(template), &key) != CKR_OK)
		test_bail("no key");
	explicit_bzero(value, sizeof(value));
	return key;
}

static CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };
static CK_MECHANISM hmac = { CKM_SHA256_HMAC, NULL, 0 };

static void
encrypt(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_BYTE block[16] = { 0 };
	CK_ULONG len = sizeof(block);

	if (p11->C_EncryptInit(s, &ecb, key) != CKR_OK || p11->C_Encrypt(s, block, 16, block, &len) != CKR_OK ||
	    p11->C_DecryptInit(s, &ecb, key) != CKR_OK || p11->C_Decrypt(s, block, 16, block, &len) != CKR_OK)
		test_bail("no encryption");
}

static void
sign(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key)
{
	CK_BYTE mac[32] = { 0 };
	CK_ULONG len = sizeof(mac);

	if (p11->C_SignInit(s, &hmac, key) != CKR_OK || p11->C_Sign(s, mac, 4, mac, &len) != CKR_OK || p11->C_VerifyInit(s, &hmac, key) != CKR_OK ||
	    p11->C_Verify(s, mac, 4, mac, len) == CKR_OK)
		test_bail("no MAC");
}

static void
one(const char *name, CK_SESSION_HANDLE s, CK_SESSION_HANDLE user, CK_KEY_TYPE type)
{
	static unsigned number;
	const CK_OBJECT_HANDLE key = make(s, type, ++number);

	(type == CKK_AES ? encrypt : sign)(user, key);
	test_ok(in_memory() > 0, "%s: there before", name);
	test_eq(p11->C_DestroyObject(s, key), CKR_OK, "%s: destroyed", name);
	test_eq(in_memory(), 0, "%s: nowhere afterwards", name);
}

static void
under_way(CK_SESSION_HANDLE s, CK_SESSION_HANDLE user)
{
	const CK_OBJECT_HANDLE key = make(s, CKK_AES, 100);
	CK_BYTE block[16] = { 0 };
	CK_ULONG len = sizeof(block);

	test_eq(p11->C_EncryptInit(user, &ecb, key), CKR_OK, "an operation begins");
	test_eq(p11->C_DestroyObject(s, key), CKR_OK, "its key is destroyed");
	test_ok(in_memory() > 0, "the operation still has it");
	test_eq(p11->C_EncryptUpdate(user, block, 16, block, &len), CKR_OK, "and goes on");
	len = 0;
	test_eq(p11->C_EncryptFinal(user, block, &len), CKR_OK, "to its end");
	test_eq(in_memory(), 0, "nowhere afterwards");
}

static void
copies(CK_SESSION_HANDLE s)
{
	const CK_OBJECT_HANDLE key = make(s, CKK_AES, 101);
	CK_OBJECT_HANDLE copy = 0;

	test_eq(p11->C_CopyObject(s, key, NULL, 0, &copy), CKR_OK, "a copy");
	encrypt(s, key);
	test_eq(p11->C_DestroyObject(s, key), CKR_OK, "the first is destroyed");
	encrypt(s, copy);
	test_ok(in_memory() > 0, "the copy is in use");
	test_eq(p11->C_DestroyObject(s, copy), CKR_OK, "the copy is destroyed");
	test_eq(in_memory(), 0, "nowhere afterwards");
}

static void
closing(CK_SESSION_HANDLE user)
{
	const CK_SESSION_HANDLE s = mod_open(SLOT_OWNER, true);
	const CK_OBJECT_HANDLE key = make(s, CKK_AES, 102);

	encrypt(user, key);
	test_ok(in_memory() > 0, "a session object that another session has prepared");
	mod_close(s);
	test_eq(in_memory(), 0, "goes with its session");
}

/* Many threads that make, use and destroy keys of each other's sessions. */
static CK_SESSION_HANDLE shared[2];

static void *
churn(void *unused)
{
	(void)unused;
	for (unsigned i = 0; i < 300; i++) {
		CK_BYTE value[KEY_LEN];
		CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, CKK_AES), T_BYTES(CKA_VALUE, value, KEY_LEN) };
		CK_OBJECT_HANDLE key = 0;
		CK_ULONG len = sizeof(value);

		for (size_t k = 0; k < KEY_LEN; k++)
			value[k] = masked[k] ^ MASK;
		if (p11->C_CreateObject(shared[i % 2], template, LEN(template), &key) != CKR_OK)
			test_bail("no key");
		explicit_bzero(value, sizeof(value));
		if (p11->C_EncryptInit(shared[(i + 1) % 2], &ecb, key) == CKR_OK)
			(void)p11->C_Encrypt(shared[(i + 1) % 2], value, 16, value, &len);
		if (p11->C_DestroyObject(shared[i % 2], key) != CKR_OK)
			test_bail("not destroyed");
	}
	return NULL;
}

static void
threads(CK_SESSION_HANDLE a, CK_SESSION_HANDLE b)
{
	pthread_t thread[4];

	shared[0] = a;
	shared[1] = b;
	for (size_t i = 0; i < LEN(thread); i++)
		if (pthread_create(&thread[i], NULL, churn, NULL) != 0)
			test_bail("no thread");
	for (size_t i = 0; i < LEN(thread); i++)
		(void)pthread_join(thread[i], NULL);
	for (size_t i = 0; i < 2; i++)
		(void)p11->C_EncryptInit(shared[i], NULL, 0);
	test_eq(in_memory(), 0, "nowhere after four threads' keys in two sessions");
}

/* A data object with the value that is looked for. */
static void
make_data(CK_SESSION_HANDLE s, bool token)
{
	CK_BYTE value[KEY_LEN];
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_BOOL(CKA_TOKEN, token), T_BOOL(CKA_PRIVATE, CK_TRUE), T_BYTES(CKA_VALUE, value, KEY_LEN),
		T_TEXT(CKA_LABEL, "data") };
	CK_OBJECT_HANDLE data = 0;

	for (size_t k = 0; k < KEY_LEN; k++)
		value[k] = masked[k] ^ MASK;
	if (p11->C_CreateObject(s, template, LEN(template), &data) != CKR_OK)
		test_bail("no data object");
	explicit_bzero(value, sizeof(value));
}

/* The user goes: in any session, while another one is at work with a key of his; and what he had on the token was read. */
static void
logout(void)
{
	CK_SESSION_HANDLE s;
	CK_SESSION_HANDLE user;
	const CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "data") };
	CK_OBJECT_HANDLE key;

	mod_guard(SLOT_NULL, "user pin");
	s = mod_open(SLOT_NULL, true);
	user = mod_open(SLOT_NULL, true);
	test_eq(mod_login(s, CKU_USER, "user pin"), CKR_OK, "a login");
	key = make(s, CKK_AES, 103);
	encrypt(user, key);
	test_eq(p11->C_EncryptInit(user, &ecb, key), CKR_OK, "an operation under way");
	make_data(s, true);
	make_data(s, false);
	test_ok(in_memory() > 0, "a key of the user's, and data");
	test_eq(p11->C_Logout(s), CKR_OK, "logged out");
	test_eq(in_memory(), 0, "nowhere");
	test_eq(mod_login(s, CKU_USER, "user pin"), CKR_OK, "a login");
	test_eq(mod_find(s, label, 1, NULL, 0), 1, "the data that was on the token");
	test_ok(in_memory() > 0, "is in memory");
	mod_close(user);
	mod_close(s);
	test_eq(in_memory(), 0, "and nowhere when the last session is closed");
}

int
main(int argc, char **argv)
{
	CK_SESSION_HANDLE a;
	CK_SESSION_HANDLE b;

	(void)argc;
	mod_begin(argv);
	mod_init();
	a = mod_open(SLOT_OWNER, true);
	b = mod_open(SLOT_OWNER, true);
	one("cipher, same session", a, a, CKK_AES);
	one("cipher, another session", a, b, CKK_AES);
	one("MAC, same session", a, a, CKK_GENERIC_SECRET);
	one("MAC, another session", b, a, CKK_GENERIC_SECRET);
	under_way(a, b);
	under_way(a, a);
	copies(a);
	closing(b);
	threads(a, b);
	logout();
	mod_fini();
	return test_done();
}
