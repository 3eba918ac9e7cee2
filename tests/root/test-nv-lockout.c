/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/nvtest.h"

#include <string.h>

/* The TPM's counter of wrong auths: what counts, what is locked, and what a power-off costs. */

static void
wrong_auths(void)
{
	struct sl_lockout l;

	nvtest_clear_lockout();
	tpmtest_log_reset();
	l = nvtest_lockout();
	nvtest_costs("the counter", "GetCapability ");
	test_ok(!l.locked && l.failures == 0 && l.max == 3 && l.interval == 1000 && l.recovery == 2000, "limits as set: %u %u %u", l.max,
	        l.interval, l.recovery);
	test_eq(nvtest_read(INDEX, "wrong", &nvtest_secret), SL_ERR_AUTH, "a wrong auth: %s", nvtest_why.text);
	l = nvtest_lockout();
	test_ok(!l.locked && l.failures == 1, "is counted");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "the right one");
	test_eq(nvtest_lockout().failures, 1, "does not set the counter back");
	test_eq(nvtest_change(INDEX, "wrong", nvtest_next_pin), SL_ERR_AUTH, "a change with a wrong auth: %s", nvtest_why.text);
	test_eq(nvtest_lockout().failures, 2, "is counted");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "and changes nothing");
	test_eq(nvtest_write(INDEX, "wrong", &nvtest_secret), SL_ERR_AUTH, "a write with a wrong auth: %s", nvtest_why.text);
	l = nvtest_lockout();
	test_ok(l.locked && l.failures == 3, "is the last one");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_ERR_LOCKED, "the right one is refused: %s", nvtest_why.text);
	test_ok(strstr(nvtest_why.text, "0x921") != NULL, "by TPM_RC_LOCKOUT");
	test_eq(nvtest_read(INDEX, "wrong", &nvtest_secret), SL_ERR_LOCKED, "and so is a wrong one");
	test_eq(nvtest_write(INDEX, nvtest_pin, &nvtest_secret), SL_ERR_LOCKED, "writing is refused");
	test_eq(nvtest_change(INDEX, nvtest_pin, nvtest_next_pin), SL_ERR_LOCKED, "so is changing");
	test_eq(nvtest_lockout().failures, 3, "nothing more is counted");
	test_eq(nvtest_present(INDEX), SL_OK, "one can look");
	nvtest_nothing_left("locked");
}

/* Locked still. */
static void
while_locked(void)
{
	SL_SECRET data = sealtest_secret(20, 5);
	struct sealtest_blob guarded = { NULL, 0 };
	struct sealtest_blob open = { NULL, 0 };
	uint8_t out[32];

	test_eq(sealtest_seal(&nvtest_spec, &data, "sealed", &guarded), SL_OK, "sealing works while locked");
	test_eq(sealtest_seal(&nvtest_spec, &data, NULL, &open), SL_OK, "without an auth, too");
	test_eq(sealtest_unseal(&nvtest_spec, &guarded, "sealed", &data, &nvtest_why), SL_ERR_LOCKED, "what has an auth does not open: %s", nvtest_why.text);
	test_ok(strstr(nvtest_why.text, "0x921") != NULL, "by TPM_RC_LOCKOUT");
	test_eq(sealtest_unseal(&nvtest_spec, &open, NULL, &data, NULL), SL_OK, "what has none does");
	test_eq(tpmtest_derive(&nvtest_spec, 1, out), SL_OK, "roots derive");
	tpmtest_shell("cd %s && tpm2_createprimary -Q -C o -G ecc -c p.ctx "
	              "-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' && tpm2_flushcontext -t && "
	              "printf data | tpm2_create -Q -C p.ctx -i- -p strong -a 'fixedtpm|fixedparent|userwithauth|noda' -u n.pub -r n.priv && "
	              "tpm2_flushcontext -t && tpm2_load -Q -C p.ctx -u n.pub -r n.priv -c n.ctx && tpm2_flushcontext -t && "
	              "test \"$(tpm2_unseal -c n.ctx -p strong)\" = data; s=$?; tpm2_flushcontext -t; exit $s", tpmtest_dir());
	test_ok(true, "with an auth and noDA it opens");
	test_eq(nvtest_create(OTHER, nvtest_pin, &nvtest_secret), SL_ERR_LOCKED, "a new index cannot be filled: %s", nvtest_why.text);
	test_eq(nvtest_present(OTHER), SL_ERR_NOT_FOUND, "and is not there");
	tpmtest_shell("! tpm2_nvreadpublic 0x%08x >/dev/null 2>&1", OTHER);
	test_ok(true, "not even an empty one");
	nvtest_clear_lockout();
	test_ok(!nvtest_lockout().locked, "unlocked by the lockout authorization");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "the right auth opens again, and the secret is the same");
	test_eq(sealtest_unseal(&nvtest_spec, &guarded, "sealed", &data, NULL), SL_OK, "and so does what is sealed");
	tpmtest_shell("tpm2_dictionarylockout -s -n 3 -t 0 -l 0");
	for (int i = 0; i < 5; i++)
		test_eq(nvtest_read(INDEX, "wrong", &nvtest_secret), SL_ERR_AUTH, "interval 0: wrong try %d", i + 1);
	test_ok(nvtest_lockout().failures == 0 && !nvtest_lockout().locked, "interval 0: nothing is counted");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "interval 0: nothing is locked");
	nvtest_clear_lockout();
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
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "it lives through a power cycle");
	test_eq(nvtest_lockout().failures, 0, "an orderly one");
	tpmtest_power_cycle();
	test_eq(nvtest_lockout().failures, 0, "is no failure");
	unclean_power_cycle();
	test_eq(nvtest_lockout().failures, 0, "nor is an unclean one when nothing guarded was used");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "after a use");
	unclean_power_cycle();
	test_eq(nvtest_lockout().failures, 1, "it is one, though the auth was right");
	test_eq(nvtest_read(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "and the secret is the same");
	nvtest_clear_lockout();
}

int
main(int argc, char **argv)
{
	(void)argc;
	nvtest_begin(argv);
	test_eq(nvtest_create(INDEX, nvtest_pin, &nvtest_secret), SL_OK, "create");
	wrong_auths();
	while_locked();
	power();
	sl_secret_clear(&nvtest_secret);
	return test_done();
}
