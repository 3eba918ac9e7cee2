/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/policytest.h"

#include <string.h>

char policytest_file[4200];
static char *policytest_files[] = { policytest_file, NULL };

struct sl_root_spec
policytest_spec(const char *key, const char *ref)
{
	static char paths[4][4200];
	static unsigned next;
	char *path = paths[next++ % 4];
	struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "signed");

	(void)snprintf(path, sizeof(paths[0]), "%s/%s.pub.pem", tpmtest_dir(), key);
	spec.policy = (struct sl_policy_spec){ .kind = SL_POLICY_AUTHORIZE, .key_file = path, .signatures = policytest_files,
		                               .ref_len = strlen(ref) };
	memcpy(spec.policy.ref, ref, strlen(ref));
	return spec;
}

void
policytest_key(const char *name, const char *how)
{
	tpmtest_shell("cd %s && openssl genpkey -quiet %s -out %s.pem 2>/dev/null || openssl genpkey %s -out %s.pem 2>/dev/null; "
	              "openssl pkey -in %s.pem -pubout -out %s.pub.pem", tpmtest_dir(), how, name, how, name, name, name);
}

void
policytest_sign(const char *key, const char *args)
{
	tpmtest_shell("\"$SL_SRC\"/tests/root/sign-policy.py --key %s/%s.pem --out %s %s", tpmtest_dir(), key, policytest_file, args);
	tpmtest_log_reset();
}

void
policytest_costs(const char *what, const char *commands)
{
	char *got = tpmtest_log_commands();

	test_str(got, commands, "%s: %u commands", what, tpmtest_log_count());
	free(got);
	tpmtest_log_reset();
}

void
policytest_nothing_left(void)
{
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	tpmtest_log_reset();
}

/* The storage root key at 0x81000001, for the tools. */
void
policytest_provision(void)
{
	const struct sl_root_spec spec = tpmtest_spec(SL_HIERARCHY_OWNER, "provision");
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(&spec, &device);
	struct sl_root_name name;
	struct sl_msg msg = { .text = "" };

	if (sl_root_persist(root, 0x81010099, true, &name, &msg) != SL_OK)
		test_bail("%s", msg.text);
	tpmtest_close(&root, &device);
}

void
policytest_begin(void)
{
	(void)snprintf(policytest_file, sizeof(policytest_file), "%s/signatures.json", tpmtest_dir());
}
