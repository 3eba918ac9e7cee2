/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/nvtest.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/*
 * Secrets in NV indices of a software TPM: who can read them, what goes over the bus, and that a change is one step.
 */

static void
life(void)
{
	SL_SECRET other = sealtest_secret(SL_NV_SECRET, 2);

	test_eq(nvtest_present(INDEX), SL_ERR_NOT_FOUND, "there is none");
	nvtest_costs("asking", "NV_ReadPublic ");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_ERR_NOT_FOUND, "none to read");
	test_eq(nvtest_write(INDEX, nvtest_pin, &nvtest_secret), SL_ERR_NOT_FOUND, "none to write");
	test_eq(nvtest_change(INDEX, nvtest_pin, nvtest_next_pin), SL_ERR_NOT_FOUND, "none to change");
	tpmtest_log_reset();
	test_eq(nvtest_remove(INDEX), SL_OK, "none to remove, which is fine");
	nvtest_costs("removing nothing", "NV_ReadPublic ");
	test_eq(nvtest_create(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "create: %s", nvtest_why.text);
	/*
	 * TPM_RC_RETRY at the first use of what is guarded since the start: the TPM first notes that, for an unclean
	 * power-off.
	 */
	nvtest_costs("creating", "NV_ReadPublic ReadPublic CreatePrimary StartAuthSession FlushContext NV_DefineSpace NV_Write NV_Write ");
	test_eq(nvtest_present(INDEX), SL_OK, "it is there");
	test_eq(nvtest_create(INDEX, nvtest_next_pin, &other), SL_ERR_EXISTS, "not twice");
	test_ok(strstr(nvtest_why.text, "0x01800100") != NULL, "and it is said which: %s", nvtest_why.text);
	tpmtest_log_reset();
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "read: %s", nvtest_why.text);
	nvtest_costs("reading", "ReadPublic CreatePrimary StartAuthSession FlushContext NV_ReadPublic NV_Read ");
	test_eq(nvtest_write(INDEX, nvtest_pin, &other), SL_OK, "write: %s", nvtest_why.text);
	nvtest_costs("writing", "ReadPublic CreatePrimary StartAuthSession FlushContext NV_ReadPublic NV_Write ");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_ERR_COUNT_, "another secret");
	test_eq(nvtest_read(INDEX, nvtest_pin, &other), SL_OK, "the one that was written");
	test_eq(nvtest_write(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "and back");
	tpmtest_log_reset();
	test_eq(nvtest_change(INDEX, nvtest_pin, nvtest_next_pin), SL_OK, "change the auth: %s", nvtest_why.text);
	nvtest_costs("changing", "ReadPublic CreatePrimary StartAuthSession FlushContext NV_ReadPublic PolicyAuthValue PolicyCommandCode NV_ChangeAuth ");
	test_eq(nvtest_read(INDEX, nvtest_next_pin, &nvtest_secret), SL_OK, "the new one opens");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_ERR_AUTH, "the old one does not: %s", nvtest_why.text);
	test_eq(nvtest_change(INDEX, nvtest_pin, "x"), SL_ERR_AUTH, "nor does it change");
	test_eq(nvtest_read(INDEX, nvtest_next_pin, &nvtest_secret), SL_OK, "which changed nothing");
	test_eq(nvtest_change(INDEX, nvtest_next_pin, nvtest_pin), SL_OK, "back again");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "it opens");
	nvtest_nothing_left("life");
	nvtest_clear_lockout();
	tpmtest_log_reset();
	test_eq(nvtest_remove(INDEX), SL_OK, "remove");
	nvtest_costs("removing", "NV_ReadPublic ReadPublic CreatePrimary StartAuthSession FlushContext NV_UndefineSpace ");
	test_eq(nvtest_present(INDEX), SL_ERR_NOT_FOUND, "it is gone");
}

/* What a process asks for the second time. */
static void
budget(void)
{
	struct sl_device *device;
	struct sl_root *root;
	struct sl_root_name name;

	test_eq(nvtest_create(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "create");
	root = tpmtest_open(&nvtest_spec, &device);
	test_eq(nvtest_read_with(root, INDEX, nvtest_pin, &nvtest_secret), SL_OK, "read");
	tpmtest_log_reset();
	test_eq(nvtest_read_with(root, INDEX, nvtest_pin, &nvtest_secret), SL_OK, "again");
	nvtest_costs("each further reading", "CreatePrimary StartAuthSession FlushContext NV_ReadPublic NV_Read ");
	test_eq(sl_root_persist(root, 0x81010001, true, &name, NULL), SL_OK, "a storage root key");
	test_eq(nvtest_read_with(root, INDEX, nvtest_pin, &nvtest_secret), SL_OK, "read");
	tpmtest_log_reset();
	test_eq(nvtest_read_with(root, INDEX, nvtest_pin, &nvtest_secret), SL_OK, "again");
	nvtest_costs("with a storage root key", "StartAuthSession NV_ReadPublic NV_Read ");
	/* Another one at the same handle, while we run: that must not count as a wrong auth. */
	tpmtest_shell("tpm2_evictcontrol -Q -c 0x81000001 && tpm2_createprimary -Q -C o -G ecc -c %s && tpm2_evictcontrol -Q -c %s 0x81000001 && "
	              "tpm2_flushcontext -t", sealtest_path("other"), sealtest_path("other"));
	test_eq(nvtest_read_with(root, INDEX, nvtest_pin, &nvtest_secret), SL_OK, "another storage root key");
	test_eq(nvtest_lockout().failures, 0, "costs no try");
	tpmtest_close(&root, &device);
	tpmtest_shell("tpm2_evictcontrol -Q -c 0x81000001 && tpm2_evictcontrol -Q -c 0x81010001");
	nvtest_nothing_left("budget");
}

/* The owner's authorization, by a file with value; NULL: nobody gives it. */
static enum sl_err
as_owner(const char *value, uint32_t index, bool make)
{
	struct sl_root_spec with = nvtest_spec;
	SL_SECRET a = nvtest_text(nvtest_pin);
	struct sl_device *device;
	struct sl_root *root;

	if (value != NULL) {
		sealtest_write("owner", value, strlen(value));
		tpmtest_shell("chmod 600 %s", sealtest_path("owner"));
		with.auth_file = (char *)(uintptr_t)sealtest_path("owner");
	}
	root = tpmtest_open(&with, &device);
	return nvtest_finish(&root, &device, make ? sl_root_nv_create(root, index, &a, &nvtest_secret) : sl_root_nv_remove(root, index));
}

static void
owners(void)
{
	struct sl_device *device;
	struct sl_root *root;
	struct sl_root_name name;

	tpmtest_shell("tpm2_changeauth -c o 'the owner'");
	test_eq(as_owner(NULL, OTHER, true), SL_ERR_ACCESS, "nobody gave the owner's authorization");
	test_ok(strstr(nvtest_why.text, "authorization of the hierarchy") != NULL, "which is said: %s", nvtest_why.text);
	test_eq(as_owner("not the owner", OTHER, true), SL_ERR_ACCESS, "a wrong one");
	test_ok(strstr(nvtest_why.text, "authorization of the hierarchy") != NULL, "which is said: %s", nvtest_why.text);
	tpmtest_log_reset();
	test_eq(as_owner("the owner", OTHER, true), SL_OK, "the right one");
	test_ok(!tpmtest_log_has("the owner", 9) && !tpmtest_log_has(nvtest_pin, 12), "is not in the clear, nor what is defined");
	test_eq(as_owner("the owner", OTHER, false), SL_OK, "it removes, too");
	tpmtest_shell("tpm2_changeauth -c o -p 'the owner'");
	root = tpmtest_open(&nvtest_spec, &device);
	test_eq(sl_root_persist(root, 0x81010001, true, &name, NULL), SL_OK, "a storage root key");
	tpmtest_close(&root, &device);
	tpmtest_shell("tpm2_changeauth -c o 'the owner'");
	test_eq(as_owner(NULL, OTHER, true), SL_ERR_ACCESS, "beside a storage root key: nobody gave it");
	test_ok(strstr(nvtest_why.text, "authorization of the hierarchy") != NULL, "which is said: %s", nvtest_why.text);
	test_eq(as_owner("not the owner", OTHER, true), SL_ERR_ACCESS, "a wrong one");
	tpmtest_log_reset();
	test_eq(as_owner("the owner", OTHER, true), SL_OK, "the right one");
	nvtest_costs("which needs no session of its own", "NV_ReadPublic ReadPublic StartAuthSession NV_DefineSpace NV_Write ");
	test_eq(nvtest_read(OTHER, nvtest_pin, &nvtest_secret), SL_OK, "reading needs none: %s", nvtest_why.text);
	test_eq(nvtest_change(OTHER, nvtest_pin, nvtest_next_pin), SL_OK, "nor does a change");
	test_eq(as_owner(NULL, OTHER, false), SL_ERR_ACCESS, "removing does");
	test_eq(as_owner("not the owner", OTHER, false), SL_ERR_ACCESS, "a wrong one does not");
	test_eq(nvtest_read(OTHER, nvtest_next_pin, &nvtest_secret), SL_OK, "it is there still");
	test_eq(as_owner("the owner", OTHER, false), SL_OK, "with it, it is removed");
	test_eq(nvtest_lockout().failures, 0, "wrong owners are not counted");
	tpmtest_shell("tpm2_changeauth -c o -p 'the owner' && tpm2_evictcontrol -Q -c 0x81000001 && tpm2_evictcontrol -Q -c 0x81010001");
	nvtest_nothing_left("owners");
}

static void
bad_arguments(void)
{
	static const uint8_t zeros[4] = { 0 };
	static const uint8_t padded[6] = { 'a', 0, 'b', 0, 0, 0 };
	static const char too_long[] = "123456789012345678901234567890123";
	SL_SECRET thin = sealtest_secret(SL_NV_SECRET - 1, 4);
	SL_SECRET thick = sealtest_secret(SL_NV_SECRET + 1, 4);
	SL_SECRET none = { 0 };
	SL_SECRET got = { 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&nvtest_spec, &device);

	tpmtest_log_reset();
	test_eq(nvtest_create(OTHER, "", &nvtest_secret), SL_ERR_RANGE, "no auth");
	test_eq(nvtest_create(OTHER, too_long, &nvtest_secret), SL_ERR_RANGE, "33 bytes of auth");
	test_eq(nvtest_create(OTHER, nvtest_pin, &thin), SL_ERR_RANGE, "31 bytes");
	test_eq(nvtest_create(OTHER, nvtest_pin, &thick), SL_ERR_RANGE, "33 bytes");
	test_eq(nvtest_write(INDEX, nvtest_pin, &thin), SL_ERR_RANGE, "31 bytes written");
	test_eq(nvtest_change(INDEX, nvtest_pin, ""), SL_ERR_RANGE, "no new auth");
	test_eq(nvtest_change(INDEX, nvtest_pin, too_long), SL_ERR_RANGE, "a new auth of 33 bytes");
	test_eq(nvtest_read(INDEX, "", &nvtest_secret), SL_ERR_AUTH, "an empty auth is wrong");
	test_eq(nvtest_read(INDEX, too_long, &nvtest_secret), SL_ERR_AUTH, "so is one of 33 bytes");
	test_eq(nvtest_present(0x00FFFFFF), SL_ERR_RANGE, "a PCR's number");
	test_eq(nvtest_present(0x02000000), SL_ERR_RANGE, "a session's number");
	test_eq(nvtest_create(0x81000001, nvtest_pin, &nvtest_secret), SL_ERR_RANGE, "a key's number");
	test_eq(sl_secret_copy(&none, zeros, sizeof(zeros)), SL_OK, "zeros");
	test_eq(sl_root_nv_create(root, OTHER, &none, &nvtest_secret), SL_ERR_ARG, "an auth of zeros only");
	nvtest_costs("none of that asks the TPM: it would count", "");
	sl_secret_clear(&none);
	test_eq(sl_secret_copy(&none, padded, sizeof(padded)), SL_OK, "an auth that ends in zeros");
	test_eq(sl_root_nv_create(root, OTHER, &none, &nvtest_secret), SL_OK, "can be set");
	test_eq(sl_root_nv_read(root, OTHER, &none, &got), SL_OK, "and opens");
	test_mem(got.bytes, got.len, nvtest_secret.bytes, nvtest_secret.len, "the secret");
	test_eq(sl_root_nv_change(root, OTHER, &none, &none), SL_OK, "and is set again");
	sl_secret_clear(&got);
	test_eq(sl_root_nv_read(root, OTHER, &none, &got), SL_OK, "and opens");
	test_eq(sl_root_nv_remove(root, OTHER), SL_OK, "remove");
	tpmtest_close(&root, &device);
}

/* The attributes and the policy, as other tools see them. */
static void
form(void)
{
	tpmtest_shell("tpm2_startauthsession -Q -S %s && tpm2_policyauthvalue -Q -S %s && "
	              "tpm2_policycommandcode -Q -S %s -L %s TPM2_CC_NV_ChangeAuth && tpm2_flushcontext %s", sealtest_path("s"),
	              sealtest_path("s"), sealtest_path("s"), sealtest_path("policy"), sealtest_path("s"));
	tpmtest_shell("tpm2_nvreadpublic 0x%08x >%s && grep -q 'friendly: authwrite|authread|written' %s && grep -q 'size: 32$' %s && "
	              "grep -qi \"$(xxd -p -c 64 %s)\" %s", INDEX, sealtest_path("public"), sealtest_path("public"),
	              sealtest_path("public"), sealtest_path("policy"), sealtest_path("public"));
	test_ok(true, "attributes, size and policy are those of doc/pin.md");
	tpmtest_shell("! tpm2_nvread -C o 0x%08x >%s 2>&1", INDEX, sealtest_path("out"));
	tpmtest_shell("grep -qi 'authorization\\|0x149' %s", sealtest_path("out"));
	test_ok(true, "the owner cannot read it");
	tpmtest_shell("printf 0123456789abcdef0123456789abcdef | (! tpm2_nvwrite -C o -i- 0x%08x >%s 2>&1)", INDEX, sealtest_path("out"));
	test_ok(true, "nor write it");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "which changed nothing");
	tpmtest_shell("tpm2_nvread -C 0x%08x -P '%s' -s 32 -o %s 0x%08x", INDEX, nvtest_pin, sealtest_path("value"), INDEX);
	struct sealtest_blob blob = sealtest_read("value");

	test_mem(blob.bytes, blob.len, nvtest_secret.bytes, nvtest_secret.len, "tpm2_nvread reads it with the auth");
	free(blob.bytes);
	tpmtest_shell("tpm2_flushcontext -t; tpm2_flushcontext -l; tpm2_flushcontext -s");
}

/* Everything that crosses the bus from the making to the removal. */
static void
on_the_bus(void)
{
	SL_SECRET other = sealtest_secret(SL_NV_SECRET, 3);

	tpmtest_log_reset();
	test_eq(nvtest_create(OTHER, nvtest_pin, &nvtest_secret), SL_OK, "create");
	test_eq(nvtest_read(OTHER, nvtest_pin, &nvtest_secret), SL_OK, "read");
	test_eq(nvtest_write(OTHER, nvtest_pin, &other), SL_OK, "write");
	test_eq(nvtest_change(OTHER, nvtest_pin, nvtest_next_pin), SL_OK, "change");
	test_eq(nvtest_read(OTHER, nvtest_next_pin, &other), SL_OK, "read");
	test_ok(!tpmtest_log_has(nvtest_secret.bytes, 16) && !tpmtest_log_has(other.bytes, 16), "no secret in the clear");
	test_ok(!tpmtest_log_has(nvtest_pin, 12) && !tpmtest_log_has(nvtest_next_pin, 12), "nor an auth");
	tpmtest_shell("tpm2_nvread -C 0x%08x -P '%s' -s 32 -o %s 0x%08x", OTHER, nvtest_next_pin, sealtest_path("out"), OTHER);
	test_ok(tpmtest_log_has(other.bytes, 16), "the detector finds a secret that is read without encryption");
	tpmtest_shell("tpm2_nvdefine -Q -C o -s 32 -p '%s' 0x%08x && tpm2_nvundefine -Q -C o 0x%08x", nvtest_pin, OTHER + 1, OTHER + 1);
	test_ok(tpmtest_log_has(nvtest_pin, 12), "and an auth that is set so");
	test_eq(nvtest_remove(OTHER), SL_OK, "remove");
	nvtest_nothing_left("bus");
}

static void
foreign(uint32_t index, const char *what, const char *options)
{
	SL_SECRET other = sealtest_secret(SL_NV_SECRET, 6);

	tpmtest_shell("tpm2_nvdefine -Q -C o 0x%08x %s", index, options);
	test_eq(nvtest_present(index), SL_ERR_MISMATCH, "%s: not ours", what);
	test_ok(strstr(nvtest_why.text, "not made by us") != NULL, "which is said: %s", nvtest_why.text);
	test_eq(nvtest_create(index, nvtest_pin, &other), SL_ERR_MISMATCH, "%s: not defined anew", what);
	test_eq(nvtest_read(index, nvtest_pin, &other), SL_ERR_MISMATCH, "%s: not read", what);
	test_eq(nvtest_write(index, nvtest_pin, &other), SL_ERR_MISMATCH, "%s: not written", what);
	test_eq(nvtest_change(index, nvtest_pin, nvtest_next_pin), SL_ERR_MISMATCH, "%s: not changed", what);
	test_eq(nvtest_remove(index), SL_ERR_MISMATCH, "%s: not removed", what);
	test_eq(nvtest_lockout().failures, 0, "%s: no auth was tried on it", what);
	tpmtest_shell("tpm2_nvreadpublic 0x%08x >/dev/null && tpm2_nvundefine -Q -C o 0x%08x", index, index);
}

static void
foreigners(void)
{
	const char *policy = sealtest_path("policy");
	char options[4400];

	foreign(OTHER, "another size", "-s 33 -a 'authread|authwrite' -p 'x'");
	foreign(OTHER, "no policy", "-s 32 -a 'authread|authwrite' -p 'x'");
	(void)snprintf(options, sizeof(options), "-s 32 -a 'authread|authwrite|ownerread' -L %s -p x", policy);
	foreign(OTHER, "an owner who can read", options);
	(void)snprintf(options, sizeof(options), "-s 32 -a 'authread|authwrite|no_da' -L %s -p x", policy);
	foreign(OTHER, "no counting", options);
	(void)snprintf(options, sizeof(options), "-s 32 -g sha384 -a 'authread|authwrite' -p x");
	foreign(OTHER, "another hash", options);
	foreign(OTHER, "a counter", "-a 'nt=counter|authread|authwrite' -p x");
}

/* An owner can undefine it and define the same again: another secret, and the old one is gone. */
static void
replaced(void)
{
	tpmtest_shell("tpm2_nvundefine -Q -C o 0x%08x && tpm2_nvdefine -Q -C o 0x%08x -s 32 -a 'authread|authwrite' -L %s -p '%s'", INDEX, INDEX,
	              sealtest_path("policy"), nvtest_pin);
	test_eq(nvtest_present(INDEX), SL_ERR_NOT_FOUND, "one that looks like ours and is empty is no secret: %s", nvtest_why.text);
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_ERR_NOT_FOUND, "nothing to read");
	test_eq(nvtest_change(INDEX, nvtest_pin, nvtest_next_pin), SL_ERR_NOT_FOUND, "nor to change");
	test_eq(nvtest_lockout().failures, 0, "and no try is lost");
	tpmtest_shell("printf 0123456789abcdef0123456789abcdef | tpm2_nvwrite -Q -C 0x%08x -P '%s' -i- 0x%08x", INDEX, nvtest_pin, INDEX);
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_ERR_COUNT_, "it holds another secret than before");
	test_eq(nvtest_remove(INDEX), SL_OK, "which is removed");
	test_eq(nvtest_create(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "and ours made again");
}

static void
killed_at(const char *step, enum sl_err then)
{
	char rule[64];
	pid_t pid;
	int status;

	(void)snprintf(rule, sizeof(rule), "hold-after %s 1\n", step);
	tpmtest_rules(rule);
	tpmtest_log_reset();
	pid = fork();
	if (pid < 0)
		test_bail("fork");
	if (pid == 0) {
		SL_SECRET same = sealtest_secret(SL_NV_SECRET, 1); /* a child does not inherit secrets */

		(void)nvtest_create(OTHER, "of the dead", &same);
		_exit(0);
	}
	if (!tpmtest_log_wait_fault())
		test_bail("the child never came to %s", step);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	tpmtest_rules("");
	test_eq(nvtest_present(OTHER), then, "killed after %s", step);
}

static void
died(void)
{
	SL_SECRET other = sealtest_secret(SL_NV_SECRET, 7);

	killed_at("NV_DefineSpace", SL_ERR_NOT_FOUND);
	tpmtest_shell("tpm2_nvreadpublic 0x%08x >/dev/null", OTHER);
	test_eq(nvtest_read(OTHER, "of the dead", &nvtest_secret), SL_ERR_NOT_FOUND, "an empty index is no secret");
	tpmtest_log_reset();
	test_eq(nvtest_create(OTHER, nvtest_pin, &other), SL_OK, "it is made anew: %s", nvtest_why.text);
	nvtest_costs("over the one that was left",
	      "NV_ReadPublic ReadPublic CreatePrimary StartAuthSession FlushContext NV_UndefineSpace NV_DefineSpace NV_Write ");
	test_eq(nvtest_read(OTHER, nvtest_pin, &other), SL_OK, "with the new auth and the new secret");
	test_eq(nvtest_remove(OTHER), SL_OK, "remove");
	killed_at("NV_DefineSpace", SL_ERR_NOT_FOUND);
	test_eq(nvtest_remove(OTHER), SL_OK, "what was left can be removed, too");
	tpmtest_shell("! tpm2_nvreadpublic 0x%08x >/dev/null 2>&1", OTHER);
	killed_at("NV_Write", SL_OK);
	test_eq(nvtest_create(OTHER, nvtest_pin, &other), SL_ERR_EXISTS, "what was written is whole");
	test_eq(nvtest_read(OTHER, "of the dead", &nvtest_secret), SL_OK, "and opens with its auth");
	test_eq(nvtest_remove(OTHER), SL_OK, "remove");
	tpmtest_shell("tpm2_flushcontext -t; tpm2_flushcontext -l; tpm2_flushcontext -s");
}

int
main(int argc, char **argv)
{
	(void)argc;
	nvtest_begin(argv);
	life();
	budget();
	owners();
	bad_arguments();
	form();
	on_the_bus();
	foreigners();
	replaced();
	died();
	tpmtest_clear();
	test_eq(nvtest_present(INDEX), SL_ERR_NOT_FOUND, "it goes with TPM2_Clear");
	sl_secret_clear(&nvtest_secret);
	return test_done();
}
