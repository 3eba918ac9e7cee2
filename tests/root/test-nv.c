/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealtest.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/*
 * Secrets in NV indices of a software TPM: who can read them, what goes over the bus, what a wrong auth costs, and that a change is one step.
 */

#define INDEX 0x01800100U
#define OTHER 0x01800200U

static const struct sl_root_spec spec = { .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_OWNER, .name_space = (char *)(uintptr_t)"nv" };
static const char pin[] = "the first of the two PINs";
static const char next_pin[] = "and the second one of them";
static struct sl_secret secret;
static struct sl_msg why;

static void
costs(const char *what, const char *commands)
{
	char *got = tpmtest_log_commands();

	test_str(got, commands, "%s: %u commands", what, tpmtest_log_count());
	free(got);
	tpmtest_log_reset();
}

static struct sl_secret
text(const char *auth)
{
	struct sl_secret value = { 0 };

	if (auth[0] != '\0' && sl_secret_copy(&value, auth, strlen(auth)) != SL_OK)
		test_bail("out of memory");
	return value;
}

/* Each on a device of its own; why is its trouble. */
static enum sl_err
finish(struct sl_root **root, struct sl_device **device, enum sl_err err)
{
	sl_device_trouble(*device, &why);
	tpmtest_close(root, device);
	return err;
}

static enum sl_err
present(uint32_t index)
{
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	return finish(&root, &device, sl_root_nv_present(root, index));
}

static enum sl_err
create(uint32_t index, const char *auth, const struct sl_secret *value)
{
	SL_SECRET a = text(auth);
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	return finish(&root, &device, sl_root_nv_create(root, index, &a, value));
}

/* SL_ERR_COUNT_: another secret than want. */
static enum sl_err
read_with(struct sl_root *root, uint32_t index, const char *auth, const struct sl_secret *want)
{
	SL_SECRET a = text(auth);
	SL_SECRET got = { 0 };
	const enum sl_err err = sl_root_nv_read(root, index, &a, &got);

	if (err == SL_OK && (got.len != want->len || memcmp(got.bytes, want->bytes, got.len) != 0))
		return SL_ERR_COUNT_;
	if (err != SL_OK && got.bytes != NULL)
		test_bail("a secret comes with an error");
	return err;
}

static enum sl_err
read_nv(uint32_t index, const char *auth, const struct sl_secret *want)
{
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	return finish(&root, &device, read_with(root, index, auth, want));
}

static enum sl_err
write_nv(uint32_t index, const char *auth, const struct sl_secret *value)
{
	SL_SECRET a = text(auth);
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	return finish(&root, &device, sl_root_nv_write(root, index, &a, value));
}

static enum sl_err
change(uint32_t index, const char *auth, const char *fresh)
{
	SL_SECRET a = text(auth);
	SL_SECRET f = text(fresh);
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	return finish(&root, &device, sl_root_nv_change(root, index, &a, &f));
}

static enum sl_err
remove_nv(uint32_t index)
{
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	return finish(&root, &device, sl_root_nv_remove(root, index));
}

static struct sl_lockout
lockout(void)
{
	struct sl_lockout l = { .max = 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);

	if (sl_root_lockout(root, &l) != SL_OK)
		test_bail("sl_root_lockout");
	tpmtest_close(&root, &device);
	return l;
}

static void
clear_lockout(void)
{
	tpmtest_shell("tpm2_dictionarylockout -s -n 3 -t 1000 -l 2000 && tpm2_dictionarylockout -c");
}

static void
nothing_left(const char *what)
{
	test_eq(tpmtest_loaded(), 0, "%s: nothing is left on the TPM", what);
}

static void
life(void)
{
	SL_SECRET other = sealtest_secret(SL_NV_SECRET, 2);

	test_eq(present(INDEX), SL_ERR_NOT_FOUND, "there is none");
	costs("asking", "NV_ReadPublic ");
	test_eq(read_nv(INDEX, pin, &secret), SL_ERR_NOT_FOUND, "none to read");
	test_eq(write_nv(INDEX, pin, &secret), SL_ERR_NOT_FOUND, "none to write");
	test_eq(change(INDEX, pin, next_pin), SL_ERR_NOT_FOUND, "none to change");
	tpmtest_log_reset();
	test_eq(remove_nv(INDEX), SL_OK, "none to remove, which is fine");
	costs("removing nothing", "NV_ReadPublic ");
	test_eq(create(INDEX, pin, &secret), SL_OK, "create: %s", why.text);
	/* TPM_RC_RETRY at the first use of what is guarded since the start: the TPM first notes that, for an unclean power-off. */
	costs("creating", "NV_ReadPublic ReadPublic CreatePrimary StartAuthSession FlushContext NV_DefineSpace NV_Write NV_Write ");
	test_eq(present(INDEX), SL_OK, "it is there");
	test_eq(create(INDEX, next_pin, &other), SL_ERR_EXISTS, "not twice");
	test_ok(strstr(why.text, "0x01800100") != NULL, "and it is said which: %s", why.text);
	tpmtest_log_reset();
	test_eq(read_nv(INDEX, pin, &secret), SL_OK, "read: %s", why.text);
	costs("reading", "ReadPublic CreatePrimary StartAuthSession FlushContext NV_ReadPublic NV_Read ");
	test_eq(write_nv(INDEX, pin, &other), SL_OK, "write: %s", why.text);
	costs("writing", "ReadPublic CreatePrimary StartAuthSession FlushContext NV_ReadPublic NV_Write ");
	test_eq(read_nv(INDEX, pin, &secret), SL_ERR_COUNT_, "another secret");
	test_eq(read_nv(INDEX, pin, &other), SL_OK, "the one that was written");
	test_eq(write_nv(INDEX, pin, &secret), SL_OK, "and back");
	tpmtest_log_reset();
	test_eq(change(INDEX, pin, next_pin), SL_OK, "change the auth: %s", why.text);
	costs("changing", "ReadPublic CreatePrimary StartAuthSession FlushContext NV_ReadPublic PolicyAuthValue PolicyCommandCode NV_ChangeAuth ");
	test_eq(read_nv(INDEX, next_pin, &secret), SL_OK, "the new one opens");
	test_eq(read_nv(INDEX, pin, &secret), SL_ERR_AUTH, "the old one does not: %s", why.text);
	test_eq(change(INDEX, pin, "x"), SL_ERR_AUTH, "nor does it change");
	test_eq(read_nv(INDEX, next_pin, &secret), SL_OK, "which changed nothing");
	test_eq(change(INDEX, next_pin, pin), SL_OK, "back again");
	test_eq(read_nv(INDEX, pin, &secret), SL_OK, "it opens");
	nothing_left("life");
	clear_lockout();
	tpmtest_log_reset();
	test_eq(remove_nv(INDEX), SL_OK, "remove");
	costs("removing", "NV_ReadPublic ReadPublic CreatePrimary StartAuthSession FlushContext NV_UndefineSpace ");
	test_eq(present(INDEX), SL_ERR_NOT_FOUND, "it is gone");
}

/* What a process asks for the second time. */
static void
budget(void)
{
	struct sl_device *device;
	struct sl_root *root;
	struct sl_root_name name;

	test_eq(create(INDEX, pin, &secret), SL_OK, "create");
	root = tpmtest_open(&spec, &device);
	test_eq(read_with(root, INDEX, pin, &secret), SL_OK, "read");
	tpmtest_log_reset();
	test_eq(read_with(root, INDEX, pin, &secret), SL_OK, "again");
	costs("each further reading", "CreatePrimary StartAuthSession FlushContext NV_ReadPublic NV_Read ");
	test_eq(sl_root_persist(root, 0x81010001, true, &name, NULL), SL_OK, "a storage root key");
	test_eq(read_with(root, INDEX, pin, &secret), SL_OK, "read");
	tpmtest_log_reset();
	test_eq(read_with(root, INDEX, pin, &secret), SL_OK, "again");
	costs("with a storage root key", "StartAuthSession NV_ReadPublic NV_Read ");
	/* Another one at the same handle, while we run: that must not count as a wrong auth. */
	tpmtest_shell("tpm2_evictcontrol -Q -c 0x81000001 && tpm2_createprimary -Q -C o -G ecc -c %s && tpm2_evictcontrol -Q -c %s 0x81000001 && "
	              "tpm2_flushcontext -t", sealtest_path("other"), sealtest_path("other"));
	test_eq(read_with(root, INDEX, pin, &secret), SL_OK, "another storage root key");
	test_eq(lockout().failures, 0, "costs no try");
	tpmtest_close(&root, &device);
	tpmtest_shell("tpm2_evictcontrol -Q -c 0x81000001 && tpm2_evictcontrol -Q -c 0x81010001");
	nothing_left("budget");
}

/* The owner's authorization, by a file with value; NULL: nobody gives it. */
static enum sl_err
as_owner(const char *value, uint32_t index, bool make)
{
	struct sl_root_spec with = spec;
	SL_SECRET a = text(pin);
	struct sl_device *device;
	struct sl_root *root;

	if (value != NULL) {
		sealtest_write("owner", value, strlen(value));
		tpmtest_shell("chmod 600 %s", sealtest_path("owner"));
		with.auth_file = (char *)(uintptr_t)sealtest_path("owner");
	}
	root = tpmtest_open(&with, &device);
	return finish(&root, &device, make ? sl_root_nv_create(root, index, &a, &secret) : sl_root_nv_remove(root, index));
}

static void
owners(void)
{
	struct sl_device *device;
	struct sl_root *root;
	struct sl_root_name name;

	tpmtest_shell("tpm2_changeauth -c o 'the owner'");
	test_eq(as_owner(NULL, OTHER, true), SL_ERR_ACCESS, "nobody gave the owner's authorization");
	test_ok(strstr(why.text, "authorization of the hierarchy") != NULL, "which is said: %s", why.text);
	test_eq(as_owner("not the owner", OTHER, true), SL_ERR_ACCESS, "a wrong one");
	test_ok(strstr(why.text, "authorization of the hierarchy") != NULL, "which is said: %s", why.text);
	tpmtest_log_reset();
	test_eq(as_owner("the owner", OTHER, true), SL_OK, "the right one");
	test_ok(!tpmtest_log_has("the owner", 9) && !tpmtest_log_has(pin, 12), "is not in the clear, nor what is defined");
	test_eq(as_owner("the owner", OTHER, false), SL_OK, "it removes, too");
	tpmtest_shell("tpm2_changeauth -c o -p 'the owner'");
	root = tpmtest_open(&spec, &device);
	test_eq(sl_root_persist(root, 0x81010001, true, &name, NULL), SL_OK, "a storage root key");
	tpmtest_close(&root, &device);
	tpmtest_shell("tpm2_changeauth -c o 'the owner'");
	test_eq(as_owner(NULL, OTHER, true), SL_ERR_ACCESS, "beside a storage root key: nobody gave it");
	test_ok(strstr(why.text, "authorization of the hierarchy") != NULL, "which is said: %s", why.text);
	test_eq(as_owner("not the owner", OTHER, true), SL_ERR_ACCESS, "a wrong one");
	tpmtest_log_reset();
	test_eq(as_owner("the owner", OTHER, true), SL_OK, "the right one");
	costs("which needs no session of its own", "NV_ReadPublic ReadPublic StartAuthSession NV_DefineSpace NV_Write ");
	test_eq(read_nv(OTHER, pin, &secret), SL_OK, "reading needs none: %s", why.text);
	test_eq(change(OTHER, pin, next_pin), SL_OK, "nor does a change");
	test_eq(as_owner(NULL, OTHER, false), SL_ERR_ACCESS, "removing does");
	test_eq(as_owner("not the owner", OTHER, false), SL_ERR_ACCESS, "a wrong one does not");
	test_eq(read_nv(OTHER, next_pin, &secret), SL_OK, "it is there still");
	test_eq(as_owner("the owner", OTHER, false), SL_OK, "with it, it is removed");
	test_eq(lockout().failures, 0, "wrong owners are not counted");
	tpmtest_shell("tpm2_changeauth -c o -p 'the owner' && tpm2_evictcontrol -Q -c 0x81000001 && tpm2_evictcontrol -Q -c 0x81010001");
	nothing_left("owners");
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
	struct sl_root *root = tpmtest_open(&spec, &device);

	tpmtest_log_reset();
	test_eq(create(OTHER, "", &secret), SL_ERR_RANGE, "no auth");
	test_eq(create(OTHER, too_long, &secret), SL_ERR_RANGE, "33 bytes of auth");
	test_eq(create(OTHER, pin, &thin), SL_ERR_RANGE, "31 bytes");
	test_eq(create(OTHER, pin, &thick), SL_ERR_RANGE, "33 bytes");
	test_eq(write_nv(INDEX, pin, &thin), SL_ERR_RANGE, "31 bytes written");
	test_eq(change(INDEX, pin, ""), SL_ERR_RANGE, "no new auth");
	test_eq(change(INDEX, pin, too_long), SL_ERR_RANGE, "a new auth of 33 bytes");
	test_eq(read_nv(INDEX, "", &secret), SL_ERR_AUTH, "an empty auth is wrong");
	test_eq(read_nv(INDEX, too_long, &secret), SL_ERR_AUTH, "so is one of 33 bytes");
	test_eq(present(0x00FFFFFF), SL_ERR_RANGE, "a PCR's number");
	test_eq(present(0x02000000), SL_ERR_RANGE, "a session's number");
	test_eq(create(0x81000001, pin, &secret), SL_ERR_RANGE, "a key's number");
	test_eq(sl_secret_copy(&none, zeros, sizeof(zeros)), SL_OK, "zeros");
	test_eq(sl_root_nv_create(root, OTHER, &none, &secret), SL_ERR_ARG, "an auth of zeros only");
	costs("none of that asks the TPM: it would count", "");
	sl_secret_clear(&none);
	test_eq(sl_secret_copy(&none, padded, sizeof(padded)), SL_OK, "an auth that ends in zeros");
	test_eq(sl_root_nv_create(root, OTHER, &none, &secret), SL_OK, "can be set");
	test_eq(sl_root_nv_read(root, OTHER, &none, &got), SL_OK, "and opens");
	test_mem(got.bytes, got.len, secret.bytes, secret.len, "the secret");
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
	test_eq(read_nv(INDEX, pin, &secret), SL_OK, "which changed nothing");
	tpmtest_shell("tpm2_nvread -C 0x%08x -P '%s' -s 32 -o %s 0x%08x", INDEX, pin, sealtest_path("value"), INDEX);
	struct sealtest_blob blob = sealtest_read("value");

	test_mem(blob.bytes, blob.len, secret.bytes, secret.len, "tpm2_nvread reads it with the auth");
	free(blob.bytes);
	tpmtest_shell("tpm2_flushcontext -t; tpm2_flushcontext -l; tpm2_flushcontext -s");
}

/* Everything that crosses the bus from the making to the removal. */
static void
on_the_bus(void)
{
	SL_SECRET other = sealtest_secret(SL_NV_SECRET, 3);

	tpmtest_log_reset();
	test_eq(create(OTHER, pin, &secret), SL_OK, "create");
	test_eq(read_nv(OTHER, pin, &secret), SL_OK, "read");
	test_eq(write_nv(OTHER, pin, &other), SL_OK, "write");
	test_eq(change(OTHER, pin, next_pin), SL_OK, "change");
	test_eq(read_nv(OTHER, next_pin, &other), SL_OK, "read");
	test_ok(!tpmtest_log_has(secret.bytes, 16) && !tpmtest_log_has(other.bytes, 16), "no secret in the clear");
	test_ok(!tpmtest_log_has(pin, 12) && !tpmtest_log_has(next_pin, 12), "nor an auth");
	tpmtest_shell("tpm2_nvread -C 0x%08x -P '%s' -s 32 -o %s 0x%08x", OTHER, next_pin, sealtest_path("out"), OTHER);
	test_ok(tpmtest_log_has(other.bytes, 16), "the detector finds a secret that is read without encryption");
	tpmtest_shell("tpm2_nvdefine -Q -C o -s 32 -p '%s' 0x%08x && tpm2_nvundefine -Q -C o 0x%08x", pin, OTHER + 1, OTHER + 1);
	test_ok(tpmtest_log_has(pin, 12), "and an auth that is set so");
	test_eq(remove_nv(OTHER), SL_OK, "remove");
	nothing_left("bus");
}

static void
wrong_auths(void)
{
	struct sl_lockout l;

	clear_lockout();
	tpmtest_log_reset();
	l = lockout();
	costs("the counter", "GetCapability ");
	test_ok(!l.locked && l.failures == 0 && l.max == 3 && l.interval == 1000 && l.recovery == 2000, "limits as set: %u %u %u", l.max,
	        l.interval, l.recovery);
	test_eq(read_nv(INDEX, "wrong", &secret), SL_ERR_AUTH, "a wrong auth: %s", why.text);
	l = lockout();
	test_ok(!l.locked && l.failures == 1, "is counted");
	test_eq(read_nv(INDEX, pin, &secret), SL_OK, "the right one");
	test_eq(lockout().failures, 1, "does not set the counter back");
	test_eq(change(INDEX, "wrong", next_pin), SL_ERR_AUTH, "a change with a wrong auth: %s", why.text);
	test_eq(lockout().failures, 2, "is counted");
	test_eq(read_nv(INDEX, pin, &secret), SL_OK, "and changes nothing");
	test_eq(write_nv(INDEX, "wrong", &secret), SL_ERR_AUTH, "a write with a wrong auth: %s", why.text);
	l = lockout();
	test_ok(l.locked && l.failures == 3, "is the last one");
	test_eq(read_nv(INDEX, pin, &secret), SL_ERR_LOCKED, "the right one is refused: %s", why.text);
	test_ok(strstr(why.text, "0x921") != NULL, "by TPM_RC_LOCKOUT");
	test_eq(read_nv(INDEX, "wrong", &secret), SL_ERR_LOCKED, "and so is a wrong one");
	test_eq(write_nv(INDEX, pin, &secret), SL_ERR_LOCKED, "writing is refused");
	test_eq(change(INDEX, pin, next_pin), SL_ERR_LOCKED, "so is changing");
	test_eq(lockout().failures, 3, "nothing more is counted");
	test_eq(present(INDEX), SL_OK, "one can look");
	nothing_left("locked");
}

/* Locked still. */
static void
while_locked(void)
{
	SL_SECRET data = sealtest_secret(20, 5);
	struct sealtest_blob guarded = { NULL, 0 };
	struct sealtest_blob open = { NULL, 0 };
	uint8_t out[32];

	test_eq(sealtest_seal(&spec, &data, "sealed", &guarded), SL_OK, "sealing works while locked");
	test_eq(sealtest_seal(&spec, &data, NULL, &open), SL_OK, "without an auth, too");
	test_eq(sealtest_unseal(&spec, &guarded, "sealed", &data, &why), SL_ERR_LOCKED, "what has an auth does not open: %s", why.text);
	test_ok(strstr(why.text, "0x921") != NULL, "by TPM_RC_LOCKOUT");
	test_eq(sealtest_unseal(&spec, &open, NULL, &data, NULL), SL_OK, "what has none does");
	test_eq(tpmtest_derive(&spec, 1, out), SL_OK, "roots derive");
	tpmtest_shell("cd %s && tpm2_createprimary -Q -C o -G ecc -c p.ctx "
	              "-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' && tpm2_flushcontext -t && "
	              "printf data | tpm2_create -Q -C p.ctx -i- -p strong -a 'fixedtpm|fixedparent|userwithauth|noda' -u n.pub -r n.priv && "
	              "tpm2_flushcontext -t && tpm2_load -Q -C p.ctx -u n.pub -r n.priv -c n.ctx && tpm2_flushcontext -t && "
	              "test \"$(tpm2_unseal -c n.ctx -p strong)\" = data; s=$?; tpm2_flushcontext -t; exit $s", tpmtest_dir());
	test_ok(true, "with an auth and noDA it opens");
	test_eq(create(OTHER, pin, &secret), SL_ERR_LOCKED, "a new index cannot be filled: %s", why.text);
	test_eq(present(OTHER), SL_ERR_NOT_FOUND, "and is not there");
	tpmtest_shell("! tpm2_nvreadpublic 0x%08x >/dev/null 2>&1", OTHER);
	test_ok(true, "not even an empty one");
	clear_lockout();
	test_ok(!lockout().locked, "unlocked by the lockout authorization");
	test_eq(read_nv(INDEX, pin, &secret), SL_OK, "the right auth opens again, and the secret is the same");
	test_eq(sealtest_unseal(&spec, &guarded, "sealed", &data, NULL), SL_OK, "and so does what is sealed");
	tpmtest_shell("tpm2_dictionarylockout -s -n 3 -t 0 -l 0");
	for (int i = 0; i < 5; i++)
		test_eq(read_nv(INDEX, "wrong", &secret), SL_ERR_AUTH, "interval 0: wrong try %d", i + 1);
	test_ok(lockout().failures == 0 && !lockout().locked, "interval 0: nothing is counted");
	test_eq(read_nv(INDEX, pin, &secret), SL_OK, "interval 0: nothing is locked");
	clear_lockout();
	free(guarded.bytes);
	free(open.bytes);
}

/* A connection that stays open keeps with-tpm from TPM2_Shutdown. */
static void
unclean_power_cycle(void)
{
	tpmtest_shell("python3 -c 'import os,re,socket,subprocess\n"
	              "p=int(re.search(r\"port=(\\d+)\",os.environ[\"SEEDLEAF_TCTI\"]).group(1))\n"
	              "s=socket.create_connection((\"127.0.0.1\",p))\n"
	              "s.sendall(bytes.fromhex(\"80010000000c0000017b0004\")); assert s.recv(64)\n"
	              "subprocess.run([os.environ[\"SL_SRC\"]+\"/tests/with-tpm\",\"--power-cycle\"],check=True)'");
}

static void
power(void)
{
	tpmtest_power_cycle();
	test_eq(read_nv(INDEX, pin, &secret), SL_OK, "it lives through a power cycle");
	test_eq(lockout().failures, 0, "an orderly one");
	tpmtest_power_cycle();
	test_eq(lockout().failures, 0, "is no failure");
	unclean_power_cycle();
	test_eq(lockout().failures, 0, "nor is an unclean one when nothing guarded was used");
	test_eq(read_nv(INDEX, pin, &secret), SL_OK, "after a use");
	unclean_power_cycle();
	test_eq(lockout().failures, 1, "it is one, though the auth was right");
	test_eq(read_nv(INDEX, pin, &secret), SL_OK, "and the secret is the same");
	clear_lockout();
}

static void
foreign(uint32_t index, const char *what, const char *options)
{
	SL_SECRET other = sealtest_secret(SL_NV_SECRET, 6);

	tpmtest_shell("tpm2_nvdefine -Q -C o 0x%08x %s", index, options);
	test_eq(present(index), SL_ERR_MISMATCH, "%s: not ours", what);
	test_ok(strstr(why.text, "not made by us") != NULL, "which is said: %s", why.text);
	test_eq(create(index, pin, &other), SL_ERR_MISMATCH, "%s: not defined anew", what);
	test_eq(read_nv(index, pin, &other), SL_ERR_MISMATCH, "%s: not read", what);
	test_eq(write_nv(index, pin, &other), SL_ERR_MISMATCH, "%s: not written", what);
	test_eq(change(index, pin, next_pin), SL_ERR_MISMATCH, "%s: not changed", what);
	test_eq(remove_nv(index), SL_ERR_MISMATCH, "%s: not removed", what);
	test_eq(lockout().failures, 0, "%s: no auth was tried on it", what);
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
	              sealtest_path("policy"), pin);
	test_eq(present(INDEX), SL_ERR_NOT_FOUND, "one that looks like ours and is empty is no secret: %s", why.text);
	test_eq(read_nv(INDEX, pin, &secret), SL_ERR_NOT_FOUND, "nothing to read");
	test_eq(change(INDEX, pin, next_pin), SL_ERR_NOT_FOUND, "nor to change");
	test_eq(lockout().failures, 0, "and no try is lost");
	tpmtest_shell("printf 0123456789abcdef0123456789abcdef | tpm2_nvwrite -Q -C 0x%08x -P '%s' -i- 0x%08x", INDEX, pin, INDEX);
	test_eq(read_nv(INDEX, pin, &secret), SL_ERR_COUNT_, "it holds another secret than before");
	test_eq(remove_nv(INDEX), SL_OK, "which is removed");
	test_eq(create(INDEX, pin, &secret), SL_OK, "and ours made again");
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

		(void)create(OTHER, "of the dead", &same);
		_exit(0);
	}
	if (!tpmtest_log_wait_fault())
		test_bail("the child never came to %s", step);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	tpmtest_rules("");
	test_eq(present(OTHER), then, "killed after %s", step);
}

static void
died(void)
{
	SL_SECRET other = sealtest_secret(SL_NV_SECRET, 7);

	killed_at("NV_DefineSpace", SL_ERR_NOT_FOUND);
	tpmtest_shell("tpm2_nvreadpublic 0x%08x >/dev/null", OTHER);
	test_eq(read_nv(OTHER, "of the dead", &secret), SL_ERR_NOT_FOUND, "an empty index is no secret");
	tpmtest_log_reset();
	test_eq(create(OTHER, pin, &other), SL_OK, "it is made anew: %s", why.text);
	costs("over the one that was left",
	      "NV_ReadPublic ReadPublic CreatePrimary StartAuthSession FlushContext NV_UndefineSpace NV_DefineSpace NV_Write ");
	test_eq(read_nv(OTHER, pin, &other), SL_OK, "with the new auth and the new secret");
	test_eq(remove_nv(OTHER), SL_OK, "remove");
	killed_at("NV_DefineSpace", SL_ERR_NOT_FOUND);
	test_eq(remove_nv(OTHER), SL_OK, "what was left can be removed, too");
	tpmtest_shell("! tpm2_nvreadpublic 0x%08x >/dev/null 2>&1", OTHER);
	killed_at("NV_Write", SL_OK);
	test_eq(create(OTHER, pin, &other), SL_ERR_EXISTS, "what was written is whole");
	test_eq(read_nv(OTHER, "of the dead", &secret), SL_OK, "and opens with its auth");
	test_eq(remove_nv(OTHER), SL_OK, "remove");
	tpmtest_shell("tpm2_flushcontext -t; tpm2_flushcontext -l; tpm2_flushcontext -s");
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	secret = sealtest_secret(SL_NV_SECRET, 1);
	clear_lockout();
	tpmtest_log_reset();
	life();
	budget();
	owners();
	bad_arguments();
	form();
	on_the_bus();
	wrong_auths();
	while_locked();
	power();
	foreigners();
	replaced();
	died();
	tpmtest_clear();
	test_eq(present(INDEX), SL_ERR_NOT_FOUND, "it goes with TPM2_Clear");
	sl_secret_clear(&secret);
	return test_done();
}
