/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <errno.h>
#include <keyutils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* login-cache: what a login leaves in the session keyring, for whom, and when it goes. */
enum { SLOT_KEPT = SLOT_FIRST_ADDED, SLOT_OTHER };
#define PIN "user pin"
#define PREFIX "seedleaf-login:"
#define NONE UINT32_MAX

/* How often the TPM was asked to unseal, since the last look. */
static unsigned
unseals(void)
{
	FILE *f = fopen(getenv("SL_TPM_LOG"), "r");
	char line[65536];
	unsigned n = 0;

	if (f == NULL)
		test_bail("SL_TPM_LOG");
	while (fgets(line, sizeof(line), f) != NULL) {
		char word[64] = "";

		n += sscanf(line, "cmd %63s", word) == 1 && strcmp(word, "Unseal") == 0;
	}
	(void)fclose(f);
	if (truncate(getenv("SL_TPM_LOG"), 0) != 0)
		test_bail("truncate");
	return n;
}

/* The keys that a login left, by the text of the session keyring: how many, and the last one. */
static unsigned
kept(int32_t *ret_key, char **ret_description)
{
	int32_t *keys = NULL;
	const long len = keyctl_read_alloc(KEY_SPEC_SESSION_KEYRING, (void **)&keys);
	unsigned n = 0;

	for (long i = 0; i < len / (long)sizeof(*keys); i++) {
		char *text = NULL;

		if (keyctl_describe_alloc(keys[i], &text) >= 0 && strstr(text, ";" PREFIX) != NULL) {
			n++;
			if (ret_key != NULL)
				*ret_key = keys[i];
			if (ret_description != NULL)
				(void)snprintf(*ret_description, 200, "%s", text);
		}
		free(text);
	}
	free(keys);
	return n;
}

/* A process of its own logs in; the number of unseals it took, or NONE. */
static unsigned
other_login(const char *pin)
{
	unsigned status;

	(void)unseals();
	status = mod_other(pin);
	return status == 0 ? unseals() : NONE;
}

static int
in_other(const char *argument)
{
	const bool out = argument[0] == '-';
	const CK_SLOT_ID slot = argument[0] == '+' ? SLOT_OTHER : SLOT_KEPT;
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_PRIVATE_KEY) };
	CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };
	CK_OBJECT_HANDLE key;
	CK_BYTE sig[1024];
	CK_SESSION_HANDLE s;
	CK_RV rv;

	mod_init();
	s = mod_open(slot, true);
	if ((rv = mod_login(s, CKU_USER, argument + (out || slot == SLOT_OTHER))) != CKR_OK)
		return rv == CKR_PIN_INCORRECT ? 10 : 1;
	if (mod_find(s, template, 1, &key, 1) != 1 || mod_sign(s, &ecdsa, key, "text", sig) == 0)
		return 2;
	if (out && p11->C_Logout(s) != CKR_OK)
		return 3;
	mod_fini();
	return 0;
}

static void
contents(void)
{
	char text[200], *description = text;
	unsigned char bytes[600];
	int32_t key = 0;
	char want[64];
	long len;

	test_eq(kept(&key, &description), 1, "one key is left in the session keyring");
	(void)snprintf(want, sizeof(want), "user;%u;%u;1b000000;" PREFIX, (unsigned)geteuid(), (unsigned)getegid());
	test_ok(strncmp(text, want, strlen(want)) == 0, "for its possessor alone: %s", text);
	len = keyctl_read(key, (char *)bytes, sizeof(bytes));
	test_ok(len > 32 && memmem(bytes, (size_t)len, PIN, strlen(PIN)) == NULL, "the PIN is not in it");
	/* One bit of it changed: nothing is opened, and the TPM is asked instead. */
	bytes[len - 1] ^= 1;
	(void)keyctl_unlink(key, KEY_SPEC_SESSION_KEYRING);
	key = add_key("user", strrchr(text, ';') + 1, bytes, (size_t)len, KEY_SPEC_SESSION_KEYRING);
	test_ok(key > 0 && other_login(PIN) == 1, "an altered one opens nothing");
}

static void
processes(void)
{
	test_eq(other_login(PIN), 1, "the first login asks the TPM");
	contents();
	test_eq(other_login(PIN), 0, "a second process does not");
	(void)unseals();
	test_eq(mod_other("wrong pin"), 10, "a wrong PIN is wrong");
	test_eq(unseals(), 1, "and the TPM has counted it");
	test_eq(other_login(PIN), 0, "the right one is still there");
	test_eq(other_login("+" PIN), 1, "a token without login-cache asks the TPM");
	test_eq(other_login("+" PIN), 1, "each time");
	test_eq(kept(NULL, NULL), 1, "and leaves nothing");
	test_eq(other_login("-" PIN), 0, "one that logs out");
	test_eq(kept(NULL, NULL), 0, "takes it away");
	test_eq(other_login(PIN), 1, "so the next one asks the TPM");
}

static void
changes(void)
{
	CK_SESSION_HANDLE s;

	mod_init();
	s = mod_open(SLOT_KEPT, true);
	test_eq(p11->C_SetPIN(s, (CK_BYTE *)(uintptr_t)PIN, strlen(PIN), (CK_BYTE *)(uintptr_t)"another", 7), CKR_OK, "another PIN, set without a login");
	test_eq(kept(NULL, NULL), 0, "what was kept is gone with the PIN before it");
	mod_fini();
	(void)unseals();
	test_eq(mod_other(PIN), 10, "the old PIN, which was kept, opens nothing");
	test_eq(other_login("another"), 1, "the new one asks the TPM");
	test_eq(other_login("another"), 0, "once");
	mod_init();
	s = mod_open(SLOT_KEPT, true);
	(void)unseals();
	test_eq(mod_login(s, CKU_SO, MOD_SO_PIN), CKR_OK, "the SO");
	test_eq(unseals(), 1, "is never kept");
	test_eq(p11->C_InitPIN(s, (CK_BYTE *)(uintptr_t)PIN, strlen(PIN)), CKR_OK, "and gives the user a PIN");
	test_eq(kept(NULL, NULL), 0, "what another process had kept of the one before is gone");
	mod_fini();
	test_eq(other_login(PIN), 1, "which is not what was kept: the TPM is asked");
	if (keyctl_join_session_keyring(NULL) < 0)
		test_bail("keyctl_join_session_keyring");
	test_eq(other_login(PIN), 1, "in another session the TPM is asked");
	/* As cron, sudo and others do, which make no session: the kernel takes one keyring for all of them. */
	if (keyctl_join_session_keyring("_uid_ses.test") < 0)
		test_bail("keyctl_join_session_keyring");
	test_eq(other_login(PIN), 1, "without a session of its own the TPM is asked");
	test_eq(kept(NULL, NULL), 0, "and nothing is kept");
	if (keyctl_join_session_keyring(NULL) < 0)
		test_bail("keyctl_join_session_keyring");
	test_eq(other_login(PIN), 1, "and again, for what follows");
}

static void
expiry(void)
{
	int32_t key;

	test_eq(kept(&key, NULL), 1, "it is there");
	if (keyctl_invalidate(key) != 0)
		test_bail("keyctl_invalidate");
	mod_config("[token kept]\nroot = tpm:owner\nlogin-cache = 1\n[token other]\nroot = tpm:owner\n");
	test_eq(other_login(PIN), 1, "kept for a second");
	for (int i = 0; i < 200 && kept(NULL, NULL) != 0; i++)
		(void)usleep(50000);
	test_eq(kept(NULL, NULL), 0, "then it is gone");
	test_eq(other_login(PIN), 1, "and the TPM is asked");
}

int
main(int argc, char **argv)
{
	mod_begin_counted(argv);
	if (argc > 1)
		return in_other(argv[1]);
	if (keyctl_join_session_keyring(NULL) < 0) {
		test_skip(strerror(errno), "keys of this kernel");
		return test_done();
	}
	mod_config("[token kept]\nroot = tpm:owner\nlogin-cache = 60\n[token other]\nroot = tpm:owner\n");
	mod_declare("kept", "label = kept\ntoken = kept\ntype = ec:P-256\n");
	mod_declare("other", "label = other\ntoken = other\ntype = ec:P-256\n");
	mod_init();
	mod_guard(SLOT_KEPT, PIN);
	mod_guard(SLOT_OTHER, PIN);
	mod_fini();
	processes();
	changes();
	expiry();
	return test_done();
}
