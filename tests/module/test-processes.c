/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Several processes on one store; a store that is not there, or cannot be written; who may read it. */

#define NOBODY 65534
#define ROUNDS 40

static CK_SESSION_HANDLE s;
static CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };

static CK_ULONG
count(const char *label)
{
	const CK_ATTRIBUTE template[] = { T_BYTES(CKA_LABEL, label, strlen(label)) };

	return mod_find(s, template, 1, NULL, 0);
}

static CK_OBJECT_HANDLE
make_data(const char *label)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_BYTES(CKA_LABEL, label, strlen(label)), T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_OBJECT_HANDLE object = 0;

	return p11->C_CreateObject(s, template, LEN(template), &object) == CKR_OK ? object : 0;
}

static CK_RV
set(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, const char *value)
{
	CK_ATTRIBUTE a = T_BYTES(type, value, strlen(value));

	return p11->C_SetAttributeValue(s, object, &a, 1);
}

/* What the other process does, by its argument: 0 when it went well. */
static int
other(const char *what)
{
	CK_BYTE sig[1024];

	mod_init();
	s = mod_open(SLOT_OWNER, true);
	if (strcmp(what, "make") == 0)
		return mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "theirs", true).private != 0 ? 0 : 1;
	if (strcmp(what, "use") == 0)
		return mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "ours"), "data", sig) == 64 ? 0 : 1;
	if (strcmp(what, "label") == 0)
		return set(mod_the(s, CKO_DATA, "note"), CKA_LABEL, "renamed") == CKR_OK ? 0 : 1;
	if (strcmp(what, "shut") == 0) {
		CK_ATTRIBUTE a[] = { T_BOOL(CKA_SENSITIVE, CK_TRUE), T_BOOL(CKA_EXTRACTABLE, CK_FALSE) };

		return p11->C_SetAttributeValue(s, mod_the(s, CKO_SECRET_KEY, "open"), a, 2) == CKR_OK ? 0 : 1;
	}
	if (strcmp(what, "delete") == 0)
		return p11->C_DestroyObject(s, mod_the(s, CKO_DATA, "renamed")) == CKR_OK ? 0 : 1;
	if (strcmp(what, "many") == 0) {
		for (unsigned i = 0; i < ROUNDS; i++)
			if (make_data("many") == 0)
				return 1;
		return 0;
	}
	return 2;
}

static void
two(void)
{
	const CK_ATTRIBUTE theirs[] = { T_TEXT(CKA_LABEL, "theirs") };
	CK_OBJECT_HANDLE note;
	CK_BYTE sig[1024];
	CK_BYTE value[64];

	s = mod_open(SLOT_OWNER, true);
	test_eq(mod_find(s, NULL, 0, NULL, 0), 0, "nothing in the beginning");
	test_eq(mod_other("make"), 0, "another process makes a key");
	test_eq(mod_find(s, theirs, 1, NULL, 0), 2, "it is seen in a session that was open");
	test_eq(mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "theirs"), "data", sig), 64, "and used");
	(void)mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "ours", true);
	test_eq(mod_other("use"), 0, "they use ours");
	note = make_data("note");
	test_eq(mod_other("label"), 0, "another process changes a label");
	/* Ours is another attribute of the same object: neither undoes the other. */
	test_eq(set(note, CKA_APPLICATION, "ours"), CKR_OK, "we change something else");
	test_eq(count("renamed"), 1, "the new label is there");
	test_eq(count("note"), 0, "the old one is not");
	test_mem(value, mod_attr(s, note, CKA_LABEL, value, sizeof(value)), "renamed", 7, "under the handle we had");
	test_mem(value, mod_attr(s, note, CKA_APPLICATION, value, sizeof(value)), "ours", 4, "our change, too");
	test_eq(mod_other("delete"), 0, "another process deletes it");
	test_eq(count("renamed"), 0, "it is not found");
	test_eq(mod_attr_rv(s, note, CKA_LABEL), CKR_OBJECT_HANDLE_INVALID, "its handle is none");
	note = make_data("renamed");
	test_eq(mod_other("delete"), 0, "another process deletes one more");
	test_eq(p11->C_DestroyObject(s, note), CKR_OBJECT_HANDLE_INVALID, "we come too late");
	test_eq(set(note, CKA_LABEL, "late"), CKR_OBJECT_HANDLE_INVALID, "for a change as well");
}

/* What another process has closed cannot be opened again by one that remembers it open. */
static void
one_way(void)
{
	CK_MECHANISM m = { CKM_GENERIC_SECRET_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE open[] = { T_ULONG(CKA_VALUE_LEN, 16), T_TEXT(CKA_LABEL, "open"), T_BOOL(CKA_TOKEN, CK_TRUE),
		T_BOOL(CKA_SENSITIVE, CK_FALSE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE) };
	CK_ATTRIBUTE again[] = { T_BOOL(CKA_SENSITIVE, CK_FALSE), T_BOOL(CKA_EXTRACTABLE, CK_TRUE) };
	CK_OBJECT_HANDLE key = 0;

	test_eq(p11->C_GenerateKey(s, &m, open, LEN(open), &key), CKR_OK, "a key that may be read");
	test_eq(mod_attr_rv(s, key, CKA_VALUE), CKR_OK, "is read");
	test_eq(mod_other("shut"), 0, "another process closes it");
	test_eq(p11->C_SetAttributeValue(s, key, again, 2), CKR_ATTRIBUTE_READ_ONLY, "we cannot open it");
	test_eq(set(key, CKA_LABEL, "shut"), CKR_OK, "a label can be changed");
	test_eq(mod_attr_rv(s, key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "and does not open it");
}

static void
crowd(void)
{
	pid_t pids[3];
	unsigned good = 0;

	for (size_t i = 0; i < LEN(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit((int)mod_other("many"));
	}
	for (unsigned i = 0; i < ROUNDS; i++)
		good += make_data("many") != 0;
	test_eq(good, ROUNDS, "writing while others do");
	for (size_t i = 0; i < LEN(pids); i++) {
		int status = 1;

		(void)waitpid(pids[i], &status, 0);
		test_eq((unsigned)status, 0, "they, too");
	}
	test_eq(count("many"), ROUNDS * (LEN(pids) + 1), "nothing is lost");
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 ? 0 : (unsigned)st.st_mode & 07777;
}

static void
modes(void)
{
	const char *dir = getenv("SEEDLEAF_STORE");
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/store.db", dir);
	test_eq(mode_of(dir), 0700, "the store's directory is ours alone");
	test_eq(mode_of(path), 0600, "so is the file");
	mod_fini();
	(void)chmod(path, 0666);
	test_eq(p11->C_Initialize(NULL), CKR_GENERAL_ERROR, "a store that others can write is refused");
	(void)chmod(path, 0600);
	(void)chmod(dir, 0777);
	test_eq(p11->C_Initialize(NULL), CKR_GENERAL_ERROR, "one in a directory that others can write as well");
	(void)chmod(dir, 0700);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
}

/* As root nothing is read-only: a child that is not root does this. */
static int
read_only(void)
{
	CK_TOKEN_INFO info;
	CK_ATTRIBUTE token[] = { T_ULONG(CKA_CLASS, CKO_DATA), T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_ATTRIBUTE session[] = { T_ULONG(CKA_CLASS, CKO_DATA) };
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE aes[] = { T_ULONG(CKA_VALUE_LEN, 16), T_BOOL(CKA_TOKEN, CK_TRUE) };
	CK_OBJECT_HANDLE object = 0;
	CK_BYTE sig[1024];
	CK_RV rv;

	mod_init();
	s = mod_open(SLOT_OWNER, true);
	if (p11->C_GetTokenInfo(SLOT_OWNER, &info) != CKR_OK || (info.flags & CKF_WRITE_PROTECTED) == 0)
		return 1;
	if ((rv = p11->C_CreateObject(s, token, 2, &object)) != CKR_TOKEN_WRITE_PROTECTED)
		return 2;
	if (p11->C_CreateObject(s, session, 1, &object) != CKR_OK)
		return 3;
	if (p11->C_GenerateKey(s, &m, aes, 2, &object) != CKR_TOKEN_WRITE_PROTECTED)
		return 4;
	if (mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "declared"), "data", sig) != 64)
		return 5;
	if (getenv("SL_EXPECT_OURS") != NULL) {
		if (mod_sign(s, &ecdsa, mod_the(s, CKO_PRIVATE_KEY, "ours"), "data", sig) != 64)
			return 6;
		if (set(mod_the(s, CKO_PRIVATE_KEY, "ours"), CKA_LABEL, "x") != CKR_TOKEN_WRITE_PROTECTED)
			return 7;
		if (p11->C_DestroyObject(s, mod_the(s, CKO_PRIVATE_KEY, "ours")) != CKR_TOKEN_WRITE_PROTECTED)
			return 8;
	}
	mod_fini();
	return 0;
}

static int
as_nobody(int (*run)(void), const char *store)
{
	const pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		(void)setenv("SEEDLEAF_STORE", store, 1);
		if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
			_exit(97);
		_exit(run());
	}
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void
give(const char *path, mode_t mode)
{
	if ((geteuid() == 0 && chown(path, NOBODY, NOBODY) != 0) || chmod(path, mode) != 0)
		test_bail("%s: %s", path, strerror(errno));
}

static void
protected(void)
{
	const char *store = getenv("SEEDLEAF_STORE");
	char path[4096];

	mod_fini();
	(void)snprintf(path, sizeof(path), "%s/store.db", store);
	/* The folder of this test and what is in it, for somebody else. */
	(void)chmod(getenv("SL_TPM_DIR"), 0755);
	give(getenv("SEEDLEAF_CONF"), 0600);
	give(mod_path("keys"), 0700);
	give(mod_path("keys/declared.key"), 0600);
	give(path, 0400);
	give(store, 0500);
	(void)setenv("SL_EXPECT_OURS", "1", 1);
	test_eq((unsigned)as_nobody(read_only, store), 0, "a store that cannot be written");
	(void)unsetenv("SL_EXPECT_OURS");
	(void)mkdir(mod_path("nothing"), 0700);
	give(mod_path("nothing"), 0500);
	test_eq((unsigned)as_nobody(read_only, mod_path("nothing")), 0, "no store, and no way to make one");
	test_eq((unsigned)as_nobody(read_only, mod_path("nothing/at/all")), 0, "not even a directory");
	test_ok(access(mod_path("nothing/store.db"), F_OK) != 0, "nothing was made there");
	give(store, 0700);
	give(path, 0600);
}

int
main(int argc, char **argv)
{
	mod_begin(argv);
	if (argc > 1)
		return other(argv[1]);
	mod_config("");
	mod_init();
	test_ok(access(getenv("SEEDLEAF_STORE"), F_OK) != 0, "C_Initialize makes no store");
	two();
	one_way();
	crowd();
	modes();
	mod_declare("declared", "label = declared\ntype = ec:P-256\n");
	protected();
	return test_done();
}
