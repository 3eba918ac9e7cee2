/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "lib/test.h"
#include "root/fakekernel.h"
#include "root/root.h"
#include "root/sealed.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

/*
 * Roots that the kernel keeps, beside a kernel that is none: the vectors of doc/derivation.md and doc/sealed.md, and every way to fail. conformance/vm
 * has the real one.
 */
static char key_type[] = "user";
static char key_name[] = "seedleaf";
static char name_space[64] = "";
static struct sl_root_spec spec = { .kind = SL_ROOT_KEYRING, .key_type = key_type, .key_name = key_name, .name_space = name_space };
static struct sl_device *device;
static uint8_t key[128];
static size_t key_len;
static uint8_t context[32];

static struct sl_root *
fresh_root(void)
{
	struct sl_root *root = NULL;

	if (sl_root_open(device, &spec, &root) != SL_OK)
		test_bail("no root");
	return root;
}

static bool
field(const char *line, const char *name, char *out, size_t room)
{
	char want[32];
	const char *at;
	size_t len;

	(void)snprintf(want, sizeof(want), "\"%s\": \"", name);
	at = strstr(line, want);
	if (at == NULL || (len = strcspn(at + strlen(want), "\"")) >= room)
		return false;
	(void)snprintf(out, room, "%.*s", (int)len, at + strlen(want));
	return true;
}

static void
one_vector(const char *line)
{
	SL_CLEANUP(sl_root_close) struct sl_root *root = NULL;
	SL_SECRET secret = { 0 };
	struct sl_root_name name = { .len = 0 };
	uint8_t want[34];
	char text[300];

	if (!field(line, "namespace", name_space, sizeof(name_space)) || !field(line, "key", text, sizeof(text)))
		test_bail("the vectors have another form");
	key_len = test_hex(text, key, sizeof(key));
	fake_reset(key, key_len);
	if (!field(line, "context", text, sizeof(text)) || test_hex(text, context, sizeof(context)) != 32)
		test_bail("the vectors have another form");
	root = fresh_root();
	test_eq(sl_root_derive(root, NULL, context, 1, &secret, &name), SL_OK, "namespace '%s'", name_space);
	(void)field(line, "secret", text, sizeof(text));
	test_mem(secret.bytes, secret.len, want, test_hex(text, want, sizeof(want)), "its secret");
	(void)field(line, "identity", text, sizeof(text));
	test_mem(name.bytes, name.len, want, test_hex(text, want, sizeof(want)), "its identity");
	test_ok(fake.open == 0 && fake.inherited == 0, "no socket is left, none would have been inherited");
}

static void
vectors(void)
{
	const char *src = getenv("SL_SRC");
	SL_FREE char *text = NULL;
	struct sl_msg msg = { "" };
	char path[4096];
	unsigned n = 0;
	char *save = NULL;

	(void)snprintf(path, sizeof(path), "%s/doc/derivation-vectors.json", src != NULL ? src : ".");
	if (sl_fs_read_text(path, 1 << 20, &text, &msg) != SL_OK)
		test_bail("%s", msg.text);
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "{\"key\"", 6) != 0)
			continue;
		one_vector(line);
		n++;
	}
	test_ok(n >= 3, "%u rows", n);
	name_space[0] = '\0';
	key_len = 32;
	for (size_t i = 0; i < key_len; i++)
		key[i] = (uint8_t)i;
}

static void
identity(void)
{
	SL_CLEANUP(sl_root_close) struct sl_root *root = fresh_root();
	struct sl_secret secrets[3] = { { 0 } };
	struct sl_root_name first;
	struct sl_root_name other;
	struct sl_root_info info;
	uint8_t contexts[96] = { 1 };

	fake_reset(key, key_len);
	test_eq(sl_root_present(root, &info), SL_OK, "present");
	test_str(info.manufacturer, "Linux", "manufacturer");
	test_str(info.model, "kernel keyring", "model");
	test_ok(info.firmware_major >= 3, "the kernel's version, %u.%u", info.firmware_major, info.firmware_minor);
	test_eq(sl_root_name(root, &first), SL_OK, "name");
	test_eq(sl_root_derive(root, &first, contexts, 3, secrets, NULL), SL_OK, "three secrets");
	test_ok(memcmp(secrets[0].bytes, secrets[1].bytes, 32) != 0 && memcmp(secrets[1].bytes, secrets[2].bytes, 32) == 0,
	        "they follow their contexts");
	for (size_t i = 0; i < 3; i++)
		sl_secret_clear(&secrets[i]);
	fake.key[5] ^= 1;
	test_eq(sl_root_derive(root, &first, contexts, 3, secrets, &other), SL_ERR_MISMATCH, "another key in its place is seen at once");
	test_ok(secrets[0].bytes == NULL && other.len == 34 && memcmp(first.bytes, other.bytes, 34) != 0, "by its name; no secret came out");
	test_eq(sl_root_name(root, &first), SL_OK, "its name");
	test_mem(first.bytes, first.len, other.bytes, other.len, "is that one");
	test_eq(sl_root_derive(root, NULL, contexts, 257, secrets, NULL), SL_ERR_RANGE, "257 contexts");
}

static const struct {
	const char *name;
	enum fake_step step;
	int number;
	enum sl_err err;
	const char *text;
} failures[] = {
	{ "revoked", FAKE_REQUEST, EKEYREVOKED, SL_ERR_ABSENT, "keyring:user:seedleaf: the key was revoked" },
	{ "expired", FAKE_REQUEST, EKEYEXPIRED, SL_ERR_ABSENT, "keyring:user:seedleaf: the key has expired" },
	{ "negative", FAKE_REQUEST, EKEYREJECTED, SL_ERR_ABSENT, "keyring:user:seedleaf: the key is no key but" },
	{ "no Search", FAKE_REQUEST, EACCES, SL_ERR_ABSENT, "does not let this process search for it" },
	{ "no keyrings", FAKE_REQUEST, ENOSYS, SL_ERR_ABSENT, "this kernel has no keyrings" },
	{ "keyrings forbidden", FAKE_REQUEST, EPERM, SL_ERR_ABSENT, "may not use the kernel's keyrings" },
	{ "no memory", FAKE_REQUEST, ENOMEM, SL_ERR_MEMORY, "keyring:user:seedleaf: keyctl_search: Cannot allocate memory" },
	{ "no AF_ALG", FAKE_SOCKET, EAFNOSUPPORT, SL_ERR_ABSENT, "this kernel has no AF_ALG sockets" },
	{ "AF_ALG forbidden", FAKE_SOCKET, EACCES, SL_ERR_ABSENT, "may not have AF_ALG sockets" },
	{ "no more files", FAKE_SOCKET, EMFILE, SL_ERR_DEVICE, "socket: Too many open files" },
	{ "no algif_hash", FAKE_BIND, ENOENT, SL_ERR_ABSENT, "no hmac(sha256) for AF_ALG (module algif_hash)" },
	{ "before 6.2", FAKE_SETSOCKOPT, ENOPROTOOPT, SL_ERR_ABSENT, "expected Linux 6.2 or later" },
	{ "not possessed", FAKE_SETSOCKOPT, EACCES, SL_ERR_ABSENT, "not linked to this process's session keyring" },
	{ "gone meanwhile", FAKE_SETSOCKOPT, ENOKEY, SL_ERR_ABSENT, "the key is in none of" },
	{ "revoked meanwhile", FAKE_SETSOCKOPT, EKEYREVOKED, SL_ERR_ABSENT, "the key was revoked" },
	{ "no second socket", FAKE_ACCEPT, ENFILE, SL_ERR_DEVICE, "hash: Too many open files in system" },
	{ "no memory to send", FAKE_SEND, ENOBUFS, SL_ERR_DEVICE, "hmac(sha256) fails: No buffer space available" },
	{ "no answer", FAKE_RECV, EIO, SL_ERR_DEVICE, "hmac(sha256) fails: Input/output error" },
};

static void
faults(void)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(failures); i++) {
		SL_CLEANUP(sl_root_close) struct sl_root *root = fresh_root();
		struct sl_root_name name = { .len = 7 };
		struct sl_secret secret = { 0 };
		struct sl_msg msg;

		fake_reset(key, key_len);
		fake.fails[failures[i].step] = failures[i].number;
		if (failures[i].step == FAKE_REQUEST) /* the other keyrings have it not */
			fake.fails[FAKE_SEARCH_USER] = fake.fails[FAKE_SEARCH_USER_SESSION] = ENOKEY;
		test_eq(sl_root_name(root, &name), failures[i].err, "%s", failures[i].name);
		sl_root_trouble(root, &msg);
		test_ok(strstr(msg.text, failures[i].text) != NULL, "%s: %s", failures[i].name, msg.text);
		test_eq(sl_root_derive(root, NULL, context, 1, &secret, &name), failures[i].err, "%s: derive", failures[i].name);
		test_ok(name.len == 7 && secret.bytes == NULL && fake.open == 0, "%s: nothing comes out, nothing is left", failures[i].name);
		memset(fake.fails, 0, sizeof(fake.fails));
		test_eq(sl_root_present(root, NULL), SL_OK, "%s: and back", failures[i].name);
		sl_root_trouble(root, &msg);
		test_str(msg.text, "", "%s: no trouble any more", failures[i].name);
	}
}

static void
keyrings(void)
{
	SL_CLEANUP(sl_root_close) struct sl_root *root = fresh_root();
	struct sl_msg msg;

	fake_reset(key, key_len);
	test_eq(sl_root_present(root, NULL), SL_OK, "in the session keyring");
	test_ok(fake.calls[FAKE_SEARCH_USER_SESSION] == 0 && fake.calls[FAKE_SEARCH_USER] == 0, "the others are not asked");
	fake.fails[FAKE_REQUEST] = ENOKEY;
	test_eq(sl_root_present(root, NULL), SL_OK, "in the user-session keyring");
	test_ok(fake.calls[FAKE_SEARCH_USER_SESSION] == 1 && fake.calls[FAKE_SEARCH_USER] == 0, "the last is not asked");
	fake.fails[FAKE_SEARCH_USER_SESSION] = ENOKEY;
	test_eq(sl_root_present(root, NULL), SL_OK, "in the user keyring");
	fake.fails[FAKE_REQUEST] = EKEYREVOKED;
	test_eq(sl_root_present(root, NULL), SL_OK, "a revoked one before it does not matter");
	fake.fails[FAKE_SEARCH_USER] = ENOKEY;
	test_eq(sl_root_present(root, NULL), SL_ERR_ABSENT, "in none");
	sl_root_trouble(root, &msg);
	test_ok(strstr(msg.text, "was revoked") != NULL, "what the first says is told: %s", msg.text);
	fake.fails[FAKE_REQUEST] = ENOKEY;
	test_eq(sl_root_present(root, NULL), SL_ERR_ABSENT, "in none at all");
	sl_root_trouble(root, &msg);
	test_str(msg.text, "keyring:user:seedleaf: the key is in none of the thread's, process's, session, user-session and user keyrings", "so it says");
}

static void
transfers(void)
{
	SL_CLEANUP(sl_root_close) struct sl_root *root = fresh_root();
	struct sl_secret secrets[4] = { { 0 } };
	struct sl_root_name plain;
	struct sl_root_name name;
	const uint8_t contexts[128] = { 0 };
	bool none = true;

	fake_reset(key, key_len);
	test_eq(sl_root_name(root, &plain), SL_OK, "a name");
	fake.interrupts = true;
	test_eq(sl_root_name(root, &name), SL_OK, "signals do not matter");
	test_mem(name.bytes, name.len, plain.bytes, plain.len, "the same");
	fake_reset(key, key_len);
	fake.is_short = true;
	test_eq(sl_root_name(root, &name), SL_ERR_DEVICE, "a short answer");
	fake_reset(key, key_len);
	fake.fails[FAKE_SEND] = EIO;
	fake.after = 3; /* the name and two secrets */
	test_eq(sl_root_derive(root, NULL, contexts, 4, secrets, NULL), SL_ERR_DEVICE, "a failure in the middle");
	for (size_t i = 0; i < 4; i++)
		none = none && secrets[i].bytes == NULL;
	test_ok(none && fake.open == 0, "no secret is left");
}

static void
sealed_vectors(void)
{
	static const char head[] = "534c6b310021";
	static const struct { const char *flags, *tail; bool auth; } rows[] = {
		{ "00", "57f9dc8d952e03910aa1693da9f13eba08efbce353e6c5c73500b7aa84", false },
		{ "01", "8e07f1f15b03b861dbe2da21ce53c18496f8ea3d115c516e2a3ef4ce44", true },
	};
	uint8_t auth_bytes[33];
	struct sl_secret auth = { auth_bytes, 32 };

	for (size_t i = 0; i < sizeof(auth_bytes); i++)
		auth_bytes[i] = (uint8_t)(i + 1);
	fake_reset(key, 32);
	(void)test_hex("66fcc438a9ce5ada829015534f6d14e0be0d1dc1e63d4c779b410cfc4b4db2f4", fake.key, 32);
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		SL_CLEANUP(sl_root_close) struct sl_root *root = fresh_root();
		SL_SECRET secret = { 0 };
		uint8_t blob[200];
		char hex[400];
		size_t len;

		(void)snprintf(hex, sizeof(hex), "%s%s606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f404142434445464748494a4b%s", head,
		               rows[i].flags, rows[i].tail);
		len = test_hex(hex, blob, sizeof(blob));
		test_eq(sl_root_unseal(root, blob, len, rows[i].auth ? &auth : NULL, &secret), SL_OK, "vector %zu", i);
		test_mem(secret.bytes, secret.len, "a kept secret", 13, "is the secret");
	}
}

/* Every bit counts. */
static void
altered(struct sl_root *root, const uint8_t *blob, size_t len, const struct sl_secret *auth)
{
	SL_FREE uint8_t *copy = malloc(len);
	unsigned opened = 0;
	unsigned bad = 0;

	if (copy == NULL)
		test_bail("no memory");
	for (size_t i = 0; i < len; i++) {
		SL_SECRET secret = { 0 };
		enum sl_err err;

		memcpy(copy, blob, len);
		copy[i] ^= 1;
		err = sl_root_unseal(root, copy, len, auth, &secret);
		opened += err == SL_OK;
		bad += err != SL_ERR_MISMATCH && err != SL_ERR_AUTH && err != SL_ERR_FORMAT && err != SL_ERR_VERSION;
	}
	for (size_t cut = 0; cut < len; cut++) {
		SL_SECRET secret = { 0 };

		opened += sl_root_unseal(root, blob, cut, auth, &secret) == SL_OK;
	}
	test_ok(opened == 0 && bad == 0, "%zu altered bytes and %zu cuts: %u opened, %u other errors", len, len, opened, bad);
}

static void
sealing(void)
{
	static const size_t lengths[] = { 1, 32, 128, 129, SL_SEAL_MAX };
	static uint8_t data[SL_SEAL_MAX + 1];
	SL_CLEANUP(sl_root_close) struct sl_root *root = fresh_root();
	uint8_t auth_bytes[40] = { 9, 9, 0 };
	struct sl_secret auth = { auth_bytes, 2 };
	const struct sl_seal_spec plain = { .auth = NULL };
	const struct sl_seal_spec strong = { .auth = &auth, .strong = true };

	fake_reset(key, key_len);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < 2 * SL_ARRAY_LEN(lengths); i++) {
		const struct sl_secret in = { data, lengths[i / 2] };
		SL_FREE uint8_t *blob = NULL;
		SL_FREE uint8_t *again = NULL;
		SL_SECRET out = { 0 };
		size_t len = 0;
		size_t again_len = 0;

		test_eq(sl_root_seal(root, i % 2 == 0 ? &plain : &strong, &in, &blob, &len), SL_OK, "seal %zu bytes", in.len);
		test_eq(len, 4 + 2 + 33 + 12 + in.len + 16, "no longer than it says");
		test_eq(sl_root_seal(root, i % 2 == 0 ? &plain : &strong, &in, &again, &again_len), SL_OK, "once more");
		test_ok(len == again_len && memcmp(blob + 7, again + 7, 32) != 0 && memcmp(blob + 51, again + 51, in.len + 16) != 0, "under another key");
		test_eq(sl_root_unseal(root, blob, len, i % 2 == 0 ? NULL : &auth, &out), SL_OK, "unseal");
		test_mem(out.bytes, out.len, data, in.len, "the same");
		if (in.len <= 32)
			altered(root, blob, len, i % 2 == 0 ? NULL : &auth);
		sl_secret_clear(&out);
		if (i % 2 == 1) {
			test_eq(sl_root_unseal(root, blob, len, NULL, &out), SL_ERR_AUTH, "not without the authorization");
			auth_bytes[1] ^= 1;
			test_eq(sl_root_unseal(root, blob, len, &auth, &out), SL_ERR_AUTH, "nor with another");
			auth_bytes[1] ^= 1;
			auth.len = 3;
			test_eq(sl_root_unseal(root, blob, len, &auth, &out), SL_OK, "zeros at its end do not count");
			auth.len = 2;
			sl_secret_clear(&out);
		}
		fake.key[0] ^= 1;
		test_eq(sl_root_unseal(root, blob, len, i % 2 == 0 ? NULL : &auth, &out), i % 2 == 0 ? SL_ERR_MISMATCH : SL_ERR_AUTH, "not by another key");
		fake.key[0] ^= 1;
		fake.fails[FAKE_SOCKET] = EAFNOSUPPORT;
		test_eq(sl_root_unseal(root, blob, len, &auth, &out), SL_ERR_ABSENT, "not without a kernel");
		fake.fails[FAKE_SOCKET] = 0;
		test_ok(out.bytes == NULL, "nothing came out");
	}
}

static void
refused(void)
{
	static uint8_t data[SL_SEAL_MAX + 1];
	static const uint8_t der[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
	SL_CLEANUP(sl_root_close) struct sl_root *root = fresh_root();
	uint8_t auth_bytes[SL_SEAL_AUTH_MAX + 1] = { 1 };
	struct sl_secret auth = { auth_bytes, 6 };
	struct sl_secret in = { data, 32 };
	struct sl_seal_spec guard = { .auth = &auth };
	struct sl_secret out = { 0 };
	struct sl_lockout lockout;
	struct sl_root_name name;
	uint8_t *blob = NULL;
	size_t len = 0;
	uint8_t bytes[4096];

	fake_reset(key, key_len);
	test_eq(sl_root_seal(root, &guard, &in, &blob, &len), SL_ERR_UNSUPPORTED, "what can be guessed guards nothing here");
	guard.strong = true;
	auth_bytes[0] = 0;
	test_eq(sl_root_seal(root, &guard, &in, &blob, &len), SL_ERR_ARG, "zeros alone are no authorization");
	auth_bytes[0] = 1;
	auth.len = sizeof(auth_bytes);
	test_eq(sl_root_seal(root, &guard, &in, &blob, &len), SL_ERR_ARG, "33 bytes are too many");
	in.len = sizeof(data);
	test_eq(sl_root_seal(root, &(struct sl_seal_spec){ .auth = NULL }, &in, &blob, &len), SL_ERR_RANGE, "8193 bytes");
	test_eq(sl_root_unseal(root, der, sizeof(der), NULL, &out), SL_ERR_MISMATCH, "what a TPM sealed");
	test_ok(blob == NULL && out.bytes == NULL, "nothing came out");
	test_eq(sl_root_lockout(root, &lockout), SL_ERR_UNSUPPORTED, "no lockout");
	test_eq(sl_root_salt_key(root, &name), SL_ERR_UNSUPPORTED, "no salt key");
	test_eq(sl_root_nv_present(root, 0x01000000), SL_ERR_UNSUPPORTED, "no NV");
	test_eq(sl_root_policy_state(root, &(struct sl_policy_state){ .kind = SL_POLICY_NONE }), SL_ERR_UNSUPPORTED, "no policy");
	test_eq(fake.calls[FAKE_REQUEST], 0, "and none of this asks for the key");
	memset(bytes, 0, sizeof(bytes));
	test_eq(sl_root_random(root, bytes, sizeof(bytes)), SL_OK, "random");
	test_ok(memcmp(bytes, data, 32) != 0 && memcmp(bytes + 4064, data, 32) != 0 && memcmp(bytes, bytes + 32, 32) != 0, "it is filled to its end");
}

static void
forked(void)
{
	SL_CLEANUP(sl_root_close) struct sl_root *root = fresh_root();
	int status = -1;
	pid_t child;

	fake_reset(key, key_len);
	child = fork();
	if (child == 0) {
		struct sl_root_name name;
		const enum sl_err err = sl_root_name(root, &name);

		sl_root_close(&root);
		_exit(err == SL_ERR_DEVICE ? 0 : 1);
	}
	test_ok(child > 0 && waitpid(child, &status, 0) == child && status == 0, "a child opens its roots anew");
}

int
main(void)
{
	if (sl_device_open("device:/nonexistent", &device) != SL_OK)
		test_bail("no device");
	vectors();
	identity();
	faults();
	keyrings();
	transfers();
	sealed_vectors();
	sealing();
	refused();
	forked();
	sl_device_close(&device);
	return test_done();
}
