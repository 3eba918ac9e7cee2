/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fuzz/fuzz.h"

#include "crypto/privkey.h"

#include <stdlib.h>

/* No passphrase: what an encrypted file says of itself is read all the same, and no input makes a KDF run for minutes. */
static void
read_key(const struct sl_privkey *found)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	struct sl_msg msg = { "" };
	const enum sl_err err = sl_privkey_read(found, NULL, &key, &msg);

	if (err == SL_OK ? key == NULL || !sl_key_is_private(key) : key != NULL || (msg.text[0] == '\0' && found->form != SL_PRIVKEY_TSS2))
		abort(); /* every refusal says why */
}

void
fuzz_privkey(struct sl_reader *r)
{
	SL_CLEANUP(sl_privkey_clear) struct sl_privkey found = { .dek = "" };
	SL_SECRET file = { 0 };
	struct sl_msg msg = { "" };

	if (r->left == 0 || sl_secret_copy(&file, r->at, r->left) != SL_OK)
		return;
	if (sl_privkey_open(&file, &found, &msg) == SL_OK)
		read_key(&found);
	else if (msg.text[0] == '\0')
		abort();
}

void
fuzz_openssh(struct sl_reader *r)
{
	SL_CLEANUP(sl_privkey_clear) struct sl_privkey found = { .form = SL_PRIVKEY_OPENSSH };

	if (r->left != 0 && sl_secret_copy(&found.bytes, r->at, r->left) == SL_OK)
		read_key(&found);
}
