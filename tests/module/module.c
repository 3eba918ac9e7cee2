/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

CK_FUNCTION_LIST *p11;
static char self[PATH_MAX];

static const char *
need(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		test_bail("%s is not set", name);
	return value;
}

static void
load(void)
{
	void *library = dlopen(need("SEEDLEAF_MODULE"), RTLD_NOW | RTLD_LOCAL);
	CK_C_GetFunctionList get;

	if (library == NULL)
		test_bail("%s", dlerror());
	*(void **)&get = dlsym(library, "C_GetFunctionList");
	if (get == NULL || get(&p11) != CKR_OK || p11 == NULL)
		test_bail("no function list");
}

static void
begin(char **argv, bool counted)
{
	char runner[PATH_MAX];
	const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		test_bail("who am I");
	self[len] = '\0';
	if (getenv("SL_TPM_DIR") != NULL) {
		load();
		return;
	}
	(void)snprintf(runner, sizeof(runner), "%s/tests/with-tpm", need("SL_SRC"));
	if (counted)
		(void)execl(runner, runner, "--count", self, argv[1], (char *)NULL);
	else
		(void)execl(runner, runner, self, argv[1], (char *)NULL);
	test_bail("%s: %s", runner, strerror(errno));
}

void
mod_begin(char **argv)
{
	begin(argv, false);
}

void
mod_begin_counted(char **argv)
{
	begin(argv, true);
}

unsigned
mod_other(const char *argument)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0) {
		(void)execl(self, self, argument, (char *)NULL);
		_exit(98);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		test_bail("another process: %s", strerror(errno));
	return (unsigned)(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

const char *
mod_path(const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 8];

	if (snprintf(path, PATH_MAX, "%s/%s", need("SL_TPM_DIR"), name) >= PATH_MAX)
		test_bail("path too long: %s", name);
	return path;
}

void
mod_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || chmod(path, 0600) != 0)
		test_bail("cannot write %s", path);
}

void
mod_config(const char *text)
{
	char *all;

	if (asprintf(&all, "keys-dir = %s\n%s", mod_path("keys"), text) < 0)
		test_bail("out of memory");
	(void)mkdir(mod_path("keys"), 0700);
	mod_write(need("SEEDLEAF_CONF"), all);
	free(all);
}

void
mod_declare(const char *file, const char *text)
{
	char name[256];

	(void)snprintf(name, sizeof(name), "keys/%s.key", file);
	mod_write(mod_path(name), text);
}

void
mod_init(void)
{
	const CK_RV rv = p11->C_Initialize(NULL);

	if (rv != CKR_OK)
		test_bail("C_Initialize: 0x%lx", rv);
}

void
mod_fini(void)
{
	const CK_RV rv = p11->C_Finalize(NULL);

	if (rv != CKR_OK)
		test_bail("C_Finalize: 0x%lx", rv);
}

CK_SESSION_HANDLE
mod_open(CK_SLOT_ID slot, bool rw)
{
	CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
	const CK_RV rv = p11->C_OpenSession(slot, CKF_SERIAL_SESSION | (rw ? CKF_RW_SESSION : 0), NULL, NULL, &session);

	if (rv != CKR_OK)
		test_bail("C_OpenSession on slot %lu: 0x%lx", slot, rv);
	return session;
}

void
mod_close(CK_SESSION_HANDLE session)
{
	const CK_RV rv = p11->C_CloseSession(session);

	if (rv != CKR_OK)
		test_bail("C_CloseSession: 0x%lx", rv);
}

CK_RV
mod_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin)
{
	return p11->C_Login(session, user, (CK_BYTE *)(uintptr_t)pin, strlen(pin));
}

void
mod_guard(CK_SLOT_ID slot, const char *user_pin)
{
	CK_BYTE label[32] = "guarded                        ";
	CK_SESSION_HANDLE session;
	CK_RV rv;

	label[31] = ' ';
	if ((rv = p11->C_InitToken(slot, (CK_BYTE *)(uintptr_t)MOD_SO_PIN, strlen(MOD_SO_PIN), label)) != CKR_OK)
		test_bail("C_InitToken: 0x%lx", rv);
	session = mod_open(slot, true);
	if ((rv = mod_login(session, CKU_SO, MOD_SO_PIN)) != CKR_OK ||
	    (rv = p11->C_InitPIN(session, (CK_BYTE *)(uintptr_t)user_pin, strlen(user_pin))) != CKR_OK ||
	    (rv = p11->C_Logout(session)) != CKR_OK)
		test_bail("the user's PIN: 0x%lx", rv);
	mod_close(session);
}

CK_ULONG
mod_attr(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *buf, CK_ULONG room)
{
	CK_ATTRIBUTE a = { type, buf, room };
	const CK_RV rv = p11->C_GetAttributeValue(session, object, &a, 1);

	if (rv != CKR_OK)
		test_bail("attribute 0x%lx of object %lu: 0x%lx", type, object, rv);
	return a.ulValueLen;
}

CK_ULONG
mod_ulong(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG value;

	if (mod_attr(session, object, type, &value, sizeof(value)) != sizeof(value))
		test_bail("attribute 0x%lx is no number", type);
	return value;
}

bool
mod_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value;

	if (mod_attr(session, object, type, &value, sizeof(value)) != sizeof(value))
		test_bail("attribute 0x%lx is no truth value", type);
	return value != CK_FALSE;
}

CK_RV
mod_attr_rv(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
	CK_ATTRIBUTE a = { type, NULL, 0 };

	return p11->C_GetAttributeValue(session, object, &a, 1);
}

/* Every token shows its root: in every search that it fits, and never what a test made. */
static bool
is_root(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	char unique[64] = "";
	CK_ATTRIBUTE a = { CKA_UNIQUE_ID, unique, sizeof(unique) };

	return p11->C_GetAttributeValue(session, object, &a, 1) == CKR_OK && a.ulValueLen > 5 && memcmp(unique, "root-", 5) == 0;
}

CK_ULONG
mod_find(CK_SESSION_HANDLE session, const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *found, CK_ULONG max)
{
	CK_OBJECT_HANDLE some[7];
	CK_ULONG total = 0;
	CK_ULONG got;
	CK_RV rv = p11->C_FindObjectsInit(session, (CK_ATTRIBUTE *)(uintptr_t)template, n);

	if (rv != CKR_OK)
		test_bail("C_FindObjectsInit: 0x%lx", rv);
	do {
		rv = p11->C_FindObjects(session, some, LEN(some), &got);
		if (rv != CKR_OK || got > LEN(some))
			test_bail("C_FindObjects: 0x%lx", rv);
		for (CK_ULONG i = 0; i < got; i++) {
			if (is_root(session, some[i]))
				continue;
			if (found != NULL && total < max)
				found[total] = some[i];
			total++;
		}
	} while (got != 0);
	rv = p11->C_FindObjectsFinal(session);
	if (rv != CKR_OK)
		test_bail("C_FindObjectsFinal: 0x%lx", rv);
	return total;
}

CK_OBJECT_HANDLE
mod_the(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label)
{
	const CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, class), T_BYTES(CKA_LABEL, label, strlen(label)) };
	CK_OBJECT_HANDLE found[2] = { 0, 0 };
	const CK_ULONG n = mod_find(session, template, LEN(template), found, LEN(found));

	if (n != 1)
		test_bail("%lu objects of class %lu have the label %s", n, class, label);
	return found[0];
}

struct pair
mod_ec(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, const char *params, const char *label, bool token)
{
	CK_MECHANISM m = { mechanism, NULL, 0 };
	/* Both forms, OBJECT IDENTIFIER and PrintableString, tell their length. */
	CK_ATTRIBUTE public[] = {
		T_BYTES(CKA_EC_PARAMS, params, (CK_ULONG)params[1] + 2), T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_TOKEN, token),
	};
	CK_ATTRIBUTE private[] = { T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_TOKEN, token) };
	struct pair pair = { 0, 0 };
	const CK_RV rv = p11->C_GenerateKeyPair(session, &m, public, LEN(public), private, LEN(private), &pair.public, &pair.private);

	if (rv != CKR_OK)
		test_bail("generating %s: 0x%lx", label, rv);
	return pair;
}

struct pair
mod_rsa(CK_SESSION_HANDLE session, CK_ULONG bits, const char *label, bool token)
{
	CK_MECHANISM m = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = {
		T_ULONG(CKA_MODULUS_BITS, bits), T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_TOKEN, token),
	};
	CK_ATTRIBUTE private[] = { T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_TOKEN, token) };
	struct pair pair = { 0, 0 };
	const CK_RV rv = p11->C_GenerateKeyPair(session, &m, public, LEN(public), private, LEN(private), &pair.public, &pair.private);

	if (rv != CKR_OK)
		test_bail("generating %s: 0x%lx", label, rv);
	return pair;
}

CK_ULONG
mod_sign(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, const char *data, CK_BYTE sig[1024])
{
	CK_ULONG len = 1024;
	CK_RV rv = p11->C_SignInit(session, mechanism, key);

	if (rv == CKR_OK)
		rv = p11->C_Sign(session, (CK_BYTE *)(uintptr_t)data, strlen(data), sig, &len);
	if (rv != CKR_OK)
		test_note("signing with mechanism 0x%lx: 0x%lx", mechanism->mechanism, rv);
	return rv == CKR_OK ? len : 0;
}

CK_RV
mod_verify(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, const char *data, const CK_BYTE *sig, CK_ULONG sig_len)
{
	const CK_RV rv = p11->C_VerifyInit(session, mechanism, key);

	if (rv != CKR_OK)
		test_bail("C_VerifyInit: 0x%lx", rv);
	return p11->C_Verify(session, (CK_BYTE *)(uintptr_t)data, strlen(data), (CK_BYTE *)(uintptr_t)sig, sig_len);
}
