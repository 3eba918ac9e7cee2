/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/upcall_form.h"

#include "base/text.h"
#include "crypto/mac.h"

#include <string.h>

#define TPM_ALG_SHA256 0x0b /* a name begins as a TPM's does */

/* The parts one after the other; they may be secret. */
static enum sl_err
hash(const struct sl_part *parts, size_t n, uint8_t ret_digest[32])
{
	SL_CLEANUP(sl_digest_free) struct sl_digest *d = NULL;
	enum sl_err err = sl_digest_new(SL_HASH_SHA256, &d);

	for (size_t i = 0; err == SL_OK && i < n; i++)
		err = sl_digest_update(d, parts[i].data, parts[i].len);
	return err == SL_OK ? sl_digest_final(d, ret_digest) : err;
}

enum sl_err
sl_upcall_form_name(const char *name_space, const uint8_t context[SL_ROOT_CONTEXT], char ret_name[SL_UPCALL_NAME])
{
	static const char label[] = "seedleaf upcall request v1"; /* hashed with its terminating zero */
	const size_t len = strlen(name_space);
	const uint8_t len_bytes[] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len };
	const struct sl_part parts[] = {
		{ label, sizeof(label) }, { len_bytes, sizeof(len_bytes) }, { name_space, len }, { context, SL_ROOT_CONTEXT }
	};
	uint8_t digest[32];
	const enum sl_err err = hash(parts, SL_ARRAY_LEN(parts), digest);

	if (err != SL_OK)
		return err;
	memcpy(ret_name, "ctx-", 4);
	sl_text_to_hex(digest, sizeof(digest), ret_name + 4);
	return SL_OK;
}

enum sl_err
sl_upcall_form_secret(const struct sl_secret *answer, const uint8_t context[SL_ROOT_CONTEXT], struct sl_secret *ret_secret)
{
	static const char label[] = "seedleaf upcall answer v1"; /* hashed with its terminating zero */
	const struct sl_part parts[] = { { label, sizeof(label) }, { context, SL_ROOT_CONTEXT } };
	SL_SECRET secret = { 0 };
	enum sl_err err;

	if ((err = sl_secret_alloc(&secret, SL_ROOT_SECRET)) != SL_OK ||
	    (err = sl_hmac(SL_HASH_SHA256, answer->bytes, answer->len, parts, SL_ARRAY_LEN(parts), secret.bytes)) != SL_OK)
		return err;
	*ret_secret = sl_secret_take(&secret);
	return SL_OK;
}

enum sl_err
sl_upcall_form_identity_context(uint8_t ret_context[SL_ROOT_CONTEXT])
{
	static const char text[] = "seedleaf upcall identity context v1";

	return sl_hash_once(SL_HASH_SHA256, text, sizeof(text) - 1, ret_context);
}

enum sl_err
sl_upcall_form_identity(const struct sl_secret *secret, struct sl_root_name *ret_name)
{
	static const char label[] = "seedleaf upcall identity v1"; /* hashed with its terminating zero */
	const struct sl_part parts[] = { { label, sizeof(label) }, { secret->bytes, secret->len } };
	struct sl_root_name name = { .bytes = { 0, TPM_ALG_SHA256 }, .len = 2 + 32 };
	const enum sl_err err = hash(parts, SL_ARRAY_LEN(parts), name.bytes + 2);

	if (err == SL_OK)
		*ret_name = name;
	return err;
}
