/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/host.h"
#include "root/tpmtest.h"

#include <string.h>
#include <unistd.h>

/* doc/budget: how many TPM commands a process costs, and that nothing stays on the TPM. Counted by the proxy before the TPM. */
#define KEYS 3
#define SIGNATURES 10000

static const char persistent_conf[] =
	"[token owner]\nroot = tpm:0x81010001\n"
	"[token endorsement]\nhide = yes\n[token platform]\nhide = yes\n[token null]\nhide = yes\n";

/* What the TPM holds while the log is replayed. */
struct held {
	unsigned objects;
	unsigned sessions;
	unsigned most_objects;
	unsigned most_sessions;
};

static unsigned
word(const char *hex, size_t byte)
{
	char digits[9] = "";

	if (strlen(hex) < 2 * byte + 8)
		return 0;
	memcpy(digits, hex + 2 * byte, 8);
	return (unsigned)strtoul(digits, NULL, 16);
}

static void
count(unsigned *now, unsigned *most, int step)
{
	*now += (unsigned)step;
	if (*now > *most)
		*most = *now;
}

/* One "cmd NAME RC COMMAND ANSWER" line. A command with continueSession clear, or a flush, takes a session away. */
static void
replay(struct held *held, const char *name, const char *rc, const char *command, const char *answer)
{
	const bool auth = strncmp(command, "8002", 4) == 0;
	const size_t handles = strcmp(name, "EvictControl") == 0 ? 2 : 1;
	const size_t area = 10 + 4 * handles + 4; /* of the first session's handle */
	size_t nonce;
	unsigned flushed;

	if (strcmp(rc, "0") != 0)
		return;
	if (strcmp(name, "CreatePrimary") == 0 || strcmp(name, "Load") == 0 || strcmp(name, "LoadExternal") == 0)
		count(&held->objects, &held->most_objects, 1);
	if (strcmp(name, "StartAuthSession") == 0)
		count(&held->sessions, &held->most_sessions, 1);
	if (strcmp(name, "FlushContext") == 0) {
		flushed = word(command, 10);
		if (flushed >> 24 == 0x80)
			count(&held->objects, &held->most_objects, -1);
		else
			count(&held->sessions, &held->most_sessions, -1);
	}
	if (auth && (word(command, area) >> 24 == 0x02 || word(command, area) >> 24 == 0x03)) { /* an HMAC or a policy session */
		nonce = word(command, area + 4) >> 16;
		if ((word(command, area + 6 + nonce) >> 24 & 1) == 0)
			count(&held->sessions, &held->most_sessions, -1);
	}
	(void)answer;
}

static struct held
replay_log(void)
{
	struct held held = { 0 };
	FILE *f = fopen(getenv("SL_TPM_LOG"), "r");
	char *line = NULL;
	size_t room = 0;

	if (f == NULL)
		test_bail("SL_TPM_LOG");
	while (getline(&line, &room, f) > 0) {
		char *save = NULL;
		const char *kind = strtok_r(line, " \n", &save);
		const char *name = strtok_r(NULL, " \n", &save);
		const char *rc = strtok_r(NULL, " \n", &save);
		const char *command = strtok_r(NULL, " \n", &save);
		const char *answer = strtok_r(NULL, " \n", &save);

		if (strcmp(kind, "cmd") == 0 && answer != NULL)
			replay(&held, name, rc, command, answer);
	}
	free(line);
	(void)fclose(f);
	return held;
}

/* At most so many commands since the last reset; and nothing is loaded now. */
static unsigned
at_most(unsigned most, const char *what)
{
	char *names = tpmtest_log_commands();
	const unsigned n = tpmtest_log_count();
	const struct held held = replay_log();

	test_ok(n <= most, "%s: %u of at most %u commands", what, n, most);
	test_note("%s", names);
	test_eq(held.objects + held.sessions, 0, "%s: nothing is loaded after it", what);
	free(names);
	tpmtest_log_reset();
	return n;
}

static int
make_keys(void *arg)
{
	CK_FUNCTION_LIST *p11 = host_load(NULL, NULL);
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;
	char label[8];

	(void)arg;
	if (p11->C_Initialize(NULL) != CKR_OK || host_open(p11, 0, &session) != CKR_OK)
		return 1;
	for (int i = 0; i < KEYS; i++) {
		(void)snprintf(label, sizeof(label), "key%d", i);
		if (host_pair(p11, session, label, true, NULL, &key) != CKR_OK)
			return 2;
	}
	return p11->C_Finalize(NULL) == CKR_OK ? 0 : 3;
}

struct budget {
	const char *name;
	unsigned first;
	unsigned further;
};

static CK_SESSION_HANDLE
discover(CK_FUNCTION_LIST *p11, const struct budget *b)
{
	CK_SLOT_ID slots[8];
	CK_ULONG n = 8;
	CK_TOKEN_INFO info;
	CK_SESSION_HANDLE session = 0;
	char what[64];

	test_eq(p11->C_Initialize(NULL), CKR_OK, "%s: C_Initialize", b->name);
	test_eq(p11->C_GetSlotList(CK_FALSE, NULL, &n), CKR_OK, "%s: C_GetSlotList(false)", b->name);
	n = 8;
	test_eq(p11->C_GetSlotList(CK_FALSE, slots, &n), CKR_OK, "%s: C_GetSlotList(false)", b->name);
	(void)snprintf(what, sizeof(what), "%s: C_Initialize, C_GetSlotList(false)", b->name);
	(void)at_most(0, what);
	test_eq(p11->C_GetSlotList(CK_TRUE, NULL, &n), CKR_OK, "%s: C_GetSlotList(true), how many", b->name);
	n = 8;
	test_eq(p11->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK, "%s: C_GetSlotList(true)", b->name);
	test_eq(slots[0], 0, "%s: the first is slot 0", b->name);
	test_eq(p11->C_GetTokenInfo(0, &info), CKR_OK, "%s: C_GetTokenInfo", b->name);
	test_eq(host_open(p11, 0, &session), CKR_OK, "%s: C_OpenSession", b->name);
	return session;
}

static void
sign_by_label(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, const char *label, CK_OBJECT_HANDLE *ret_key)
{
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG len;

	test_eq(host_find(p11, session, CKO_PRIVATE_KEY, label, ret_key), CKR_OK, "find %s", label);
	test_eq(host_sign(p11, session, *ret_key, "message", sig, &len), CKR_OK, "sign with %s", label);
}

static void
many_signatures(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CK_BYTE sig[HOST_SIG_MAX];
	CK_ULONG len;
	CK_RV rv = CKR_OK;

	for (int i = 0; i < SIGNATURES && rv == CKR_OK; i++)
		rv = host_sign(p11, session, key, "message", sig, &len);
	test_eq(rv, CKR_OK, "%d signatures", SIGNATURES);
}

static void
read_attributes(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
	CK_BYTE value[512];
	CK_ATTRIBUTE attribute = { CKA_EC_PARAMS, value, sizeof(value) };
	CK_ULONG n;

	test_eq(p11->C_GetAttributeValue(session, key, &attribute, 1), CKR_OK, "an attribute");
	attribute = (CK_ATTRIBUTE){ CKA_PUBLIC_KEY_INFO, value, sizeof(value) };
	test_eq(p11->C_GetAttributeValue(session, key, &attribute, 1), CKR_OK, "the public half");
	test_eq(host_count(p11, session, CKO_PUBLIC_KEY, NULL, &n), CKR_OK, "find public keys");
	test_eq(n, KEYS, "all of them");
	test_eq(host_count(p11, session, CK_UNAVAILABLE_INFORMATION, NULL, &n), CKR_OK, "find everything");
	test_eq(n, 2 * KEYS + 1, "all of it, and the root");
}

static void
process(const struct budget *b)
{
	CK_FUNCTION_LIST *p11;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key = 0;
	char what[64];

	test_eq((unsigned)host_in_child(make_keys, NULL), 0, "%s: keys are made by another process", b->name);
	tpmtest_log_reset();
	p11 = host_load(NULL, NULL);
	session = discover(p11, b);
	sign_by_label(p11, session, "key0", &key);
	(void)snprintf(what, sizeof(what), "%s: first signature", b->name);
	(void)at_most(b->first, what);
	for (int i = 1; i < KEYS; i++) {
		char label[8];

		(void)snprintf(label, sizeof(label), "key%d", i);
		sign_by_label(p11, session, label, &key);
		(void)snprintf(what, sizeof(what), "%s: one more key", b->name);
		(void)at_most(b->further, what);
	}
	many_signatures(p11, session, key);
	read_attributes(p11, session, key);
	test_eq(p11->C_Finalize(NULL), CKR_OK, "%s: C_Finalize", b->name);
	(void)snprintf(what, sizeof(what), "%s: all the rest", b->name);
	(void)at_most(0, what);
	test_eq(tpmtest_loaded(), 0, "%s: the TPM says so too", b->name);
}

/* Nothing declared, nothing stored: a search costs nothing, on any token. */
static void
empty(void)
{
	CK_FUNCTION_LIST *p11 = host_load(NULL, NULL);
	CK_SESSION_HANDLE session;
	CK_ULONG n = 1;
	char *names;

	tpmtest_log_reset();
	test_eq(p11->C_Initialize(NULL), CKR_OK, "empty: C_Initialize");
	for (CK_SLOT_ID slot = 0; slot < 4; slot += slot == 1 ? 2 : 1) {
		test_eq(host_open(p11, slot, &session), CKR_OK, "empty: session on slot %lu", slot);
		test_eq(host_count(p11, session, CK_UNAVAILABLE_INFORMATION, NULL, &n), CKR_OK, "empty: find on slot %lu", slot);
		test_eq(n, 1, "empty: nothing but the root on slot %lu", slot);
	}
	test_eq(p11->C_Finalize(NULL), CKR_OK, "empty: C_Finalize");
	names = tpmtest_log_commands();
	test_ok(strstr(names, "CreatePrimary") == NULL, "empty: no key is made for that: %s", names);
	free(names);
}

/* doc/policy.md: what policies add. A store of its own each, since it is another root. */
static void
policies(void)
{
	const struct budget pcr = { "pcr", 15, 8 };
	const struct budget authorize = { "authorize", 19, 9 };
	char conf[8300];

	tpmtest_shell("rm -rf \"$SEEDLEAF_STORE\"");
	host_config("[token owner]\npolicy = pcr:sha256:11\n");
	process(&pcr);
	tpmtest_shell("cd %s && umask 077 && openssl ecparam -name prime256v1 -genkey -noout -out boot.pem && openssl pkey -in boot.pem -pubout"
	              " -out boot.pub && rm -rf \"$SEEDLEAF_STORE\" && seedleaf policy sign --key boot.pem --pcrs sha256:11 --output boot.json",
	              tpmtest_dir());
	(void)snprintf(conf, sizeof(conf), "[token owner]\npolicy = authorize:%s/boot.pub\npolicy-signatures = %s/boot.json\n", tpmtest_dir(),
	               tpmtest_dir());
	host_config(conf);
	process(&authorize);
	tpmtest_shell("rm -rf \"$SEEDLEAF_STORE\"");
	host_config("");
}

int
main(int argc, char **argv)
{
	const char *locked[] = { "--platform-locked", NULL };
	const struct budget defaults = { "default", 12, 6 };
	const struct budget persistent = { "persistent", 5, 2 };

	(void)argc;
	tpmtest_begin(argv, locked);
	empty();
	policies();
	process(&defaults);
	/* Before the SRK at its usual handle: the same store then belongs to the same root, under another salt key. */
	tpmtest_shell("rm -r \"$SEEDLEAF_STORE\"; seedleaf token persist owner --srk >/dev/null");
	host_config(persistent_conf);
	process(&persistent);
	const struct held held = replay_log();

	test_ok(held.most_objects <= 1, "never more than one transient object: %u", held.most_objects);
	test_ok(held.most_sessions <= 2, "never more than two sessions: %u", held.most_sessions);
	test_ok(held.most_objects == 1 && held.most_sessions >= 1, "and the replay saw them");
	return test_done();
}
