/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/policytest.h"

#include <string.h>

/* What is sealed under policies, where things are not as they usually are: other parents, few sessions, somebody on the bus. */

static struct sl_root_spec
bound(const char *name_space, uint32_t pcrs)
{
	struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, name_space);

	spec.policy = (struct sl_policy_spec){ .kind = SL_POLICY_PCR, .bank = SL_PCR_SHA256, .pcrs = pcrs };
	return spec;
}

/* Sealed under the template's key, before another key was put at the storage root key's place. */
static void
other_parent(void)
{
	const struct sl_root_spec spec = bound("parent", 1U << 23);
	SL_SECRET secret = sealtest_secret(32, 1);
	struct sealtest_blob blob = { NULL, 0 };
	struct sealtest_blob locked = { NULL, 0 };

	test_eq(sealtest_seal(&spec, &secret, NULL, &blob), SL_OK, "sealed under PCRs and the template's key");
	test_eq(sealtest_seal(&spec, &secret, "a pin", &locked), SL_OK, "and under an authorization, too");
	tpmtest_shell("cd %s && tpm2_createprimary -Q -C o -G rsa2048 -c rsa.ctx && tpm2_evictcontrol -Q -C o -c rsa.ctx 0x81000001 && "
	              "tpm2_flushcontext -t", tpmtest_dir());
	test_eq(sealtest_unseal(&spec, &blob, NULL, &secret, NULL), SL_OK, "opens with another storage root key beside it");
	test_eq(sealtest_unseal(&spec, &locked, "a pin", &secret, NULL), SL_OK, "with its authorization, too");
	policytest_nothing_left();
	tpmtest_shell("tpm2_evictcontrol -Q -C o -c 0x81000001");
	free(blob.bytes);
	free(locked.bytes);
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	other_parent();
	return test_done();
}
