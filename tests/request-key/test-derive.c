/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/mac.h"
#include "request-key/work.h"
#include "root/tpmtest.h"
#include "vector.h"

static uint8_t root_key[32]; /* SHA-256 of "seedleaf test root" */

/* As sl_requester_look() would have filled it in. */
static void
requester_of(const char *line, struct sl_requester *r, char texts[5][VECTOR_TEXT])
{
	static const char *const kinds[] = { "uid", "path", "csum", "unit", "lsm" };

	*r = (struct sl_requester)SL_REQUESTER_NONE;
	for (size_t i = 0; i < SL_ARRAY_LEN(kinds); i++)
		if (vector_text(line, kinds[i], texts[i]))
			r->binders[r->n_binders++] = (struct sl_binder){ kinds[i], texts[i] };
}

static void
request_row(const char *line)
{
	static char texts[5][VECTOR_TEXT];
	char description[VECTOR_TEXT];
	uint8_t want[32];
	uint8_t context[32];
	struct sl_request request;
	struct sl_requester requester;
	SL_SECRET secret = { 0 };
	SL_SECRET answer = { 0 };
	struct sl_part part = { context, sizeof(context) };
	struct sl_msg msg;

	requester_of(line, &requester, texts);
	if (!vector_text(line, "description", description) || vector_hex(line, "context", want, 32) != 32 || requester.n_binders == 0)
		test_bail("a vector");
	test_ok(sl_request_parse(description, "", &request, &msg) == SL_OK && sl_work_context(&request, &requester, context) == SL_OK, "%.60s", description);
	test_mem(context, 32, want, 32, "its context");
	if (sl_secret_alloc(&secret, 32) != SL_OK || sl_hmac(SL_HASH_SHA256, root_key, 32, &part, 1, secret.bytes) != SL_OK ||
	    sl_work_expand(&secret, &answer) != SL_OK || vector_hex(line, "answer", want, 32) != 32)
		test_bail("the answer");
	test_mem(answer.bytes, answer.len, want, 32, "its answer");
}

/* What the TPM gives to name for a user. */
static void
ask(const struct sl_config *config, const char *description, const char *uid, uint8_t out[32])
{
	struct sl_requester requester = { .dir = -1, .binders = { { "uid", uid } }, .n_binders = 1 };
	struct sl_request request;
	SL_SECRET answer = { 0 };
	struct sl_msg msg = { "" };
	const struct sl_token_config *token;

	if (sl_request_parse(description, "", &request, &msg) != SL_OK || (token = sl_config_token(config, request.token)) == NULL)
		test_bail("%s", description);
	test_ok(sl_work_derive(config, token, &request, &requester, &answer, &msg) == SL_OK && answer.len == 32, "%s for %s: %s", description, uid, msg.text);
	if (answer.len == 32)
		memcpy(out, answer.bytes, 32);
}

static void
with_tpm(void)
{
	static const char text[] = "[token web]\nroot = tpm:owner\nbinders = uid\n[token other]\nroot = tpm:owner\nbinders = uid\n";
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	struct sl_requester requester = { .dir = -1, .binders = { { "uid", "1000" } }, .n_binders = 1 };
	struct sl_request request = { .token = "web", .name = "x", .version = 1 };
	uint8_t context[32], key[6][32];
	SL_SECRET secret = { 0 };
	SL_SECRET answer = { 0 };
	struct sl_device *device;
	struct sl_root *root;
	struct sl_msg msg = { "" };
	char path[4200];

	(void)snprintf(path, sizeof(path), "%s/upcall.conf", tpmtest_dir());
	if (sl_fs_write_text(path, text, 0600, 1, &msg) != SL_OK || sl_config_load_file(path, &config, &msg) != SL_OK)
		test_bail("%s", msg.text);
	free(config->tcti);
	config->tcti = strdup(tpmtest_tcti());
	root = tpmtest_open(&sl_config_token(config, "web")->root, &device);
	if (sl_work_context(&request, &requester, context) != SL_OK || sl_root_derive(root, NULL, context, 1, &secret, NULL) != SL_OK ||
	    sl_work_expand(&secret, &answer) != SL_OK)
		test_bail("the root");
	tpmtest_close(&root, &device);
	tpmtest_log_reset();
	ask(config, "seedleaf:web:x", "1000", key[0]);
	test_ok(tpmtest_log_count() > 0 && tpmtest_log_count() <= 12, "%u commands of the TPM", tpmtest_log_count());
	test_mem(key[0], 32, answer.bytes, 32, "the key is the root's for that context");
	test_ok(!tpmtest_log_has(key[0], 32) && !tpmtest_log_has(secret.bytes, 32), "it does not cross the bus");
	ask(config, "seedleaf:web:x", "1001", key[1]);
	ask(config, "seedleaf:web:y", "1000", key[2]);
	ask(config, "seedleaf:web:x@2", "1000", key[3]);
	ask(config, "seedleaf:other:x", "1000", key[4]);
	for (size_t i = 0; i < 5; i++)
		for (size_t j = 0; j < i; j++)
			test_ok(memcmp(key[i], key[j], 32) != 0, "keys %zu and %zu are different", i, j);
	ask(config, "seedleaf:web:x#00ff", "1000", key[5]);
	test_mem(key[5], 32, key[0], 32, "a nonce changes nothing");
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	requester.binders[0].value = "\xff";
	test_ok(sl_work_derive(config, sl_config_token(config, "web"), &request, &requester, &answer, &msg) == SL_ERR_ARG &&
	        strstr(msg.text, "UTF-8") != NULL, "a binder that is no text: %s", msg.text);
	requester.binders[0].value = "1";
	free(config->tcti);
	config->tcti = strdup("device:/nonexistent/tpm");
	test_ok(sl_work_derive(config, sl_config_token(config, "web"), &request, &requester, &answer, &msg) == SL_ERR_ABSENT &&
	        strstr(msg.text, "/nonexistent/tpm") != NULL, "no TPM: %s", msg.text);
}

int
main(int argc, char **argv)
{
	(void)argc;
	tpmtest_begin(argv, NULL);
	(void)test_hex("f00ce8d9c4c3bd61a2c71ef94b1ac33c7ef2ed6f3bbb89bd4a87c7eaa286b38d", root_key, sizeof(root_key));
	test_eq(vector_rows("description", request_row), 10, "all vectors");
	with_tpm();
	return test_done();
}
