/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/policy.h"

#include "crypto/der.h"
#include "crypto/sign.h"
#include "root/policy.h"
#include "tool/passphrase.h"

#include <string.h>

#define PASSPHRASE_MAX 1023
#define RSA_BYTES_MAX 512

static enum sl_err
read_key(const char *path, const char *passphrase_from, struct sl_key **ret_key, struct sl_msg *msg)
{
	const struct sl_secret_ask ask = {
		.what = "Passphrase of the key", .option = "passphrase-file", .from = passphrase_from, .min = 1, .max = PASSPHRASE_MAX
	};
	SL_CLEANUP(sl_privkey_clear) struct sl_privkey found = { .dek = "" };
	SL_SECRET text = { 0 };
	struct sl_msg why = { "" };
	enum sl_err err = sl_secret_input_file(path, SL_PRIVKEY_MAX, &text, msg);

	if (err != SL_OK)
		return err;
	if ((err = sl_privkey_open(&text, &found, &why)) != SL_OK)
		sl_msg_set(msg, "%.200s: %.250s", path, why.text[0] == '\0' ? sl_err_text(err) : why.text);
	else
		err = sl_passphrase_key(&found, &ask, path, ret_key, msg);
	return err == SL_ERR_UNSUPPORTED || err == SL_ERR_NOT_FOUND ? SL_ERR_FORMAT : err;
}

/* What the TPM has to know of it; SL_ERR_UNSUPPORTED for a key that no policy can name. */
static enum sl_err
public_area(const struct sl_key *key, uint8_t area[SL_TPM_PUBLIC_MAX], size_t *ret_len)
{
	SL_SECRET spki = { 0 };
	const enum sl_err err = sl_key_part(key, SL_PART_SPKI, &spki);

	return err == SL_ERR_NOT_FOUND ? SL_ERR_UNSUPPORTED
	       : err != SL_OK          ? err
	                               : sl_policy_key((struct sl_bytes){ spki.bytes, spki.len }, area, ret_len);
}

enum sl_err
sl_policy_key_open(const char *path, const char *passphrase_from, struct sl_key **ret_key, struct sl_msg *msg)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	uint8_t area[SL_TPM_PUBLIC_MAX];
	size_t len;
	enum sl_err err = read_key(path, passphrase_from, &key, msg);

	if (err == SL_OK)
		err = public_area(key, area, &len);
	if (err == SL_OK)
		*ret_key = SL_TAKE(key);
	if (err != SL_ERR_UNSUPPORTED)
		return err;
	sl_msg_set(msg, "%s: expected an RSA key of 2048 to 4096 bits, or one on P-256, P-384 or P-521", path);
	return SL_ERR_FORMAT;
}

static enum sl_err
fingerprint(const struct sl_key *key, uint8_t out[32])
{
	uint8_t area[SL_TPM_PUBLIC_MAX];
	size_t len = 0;
	const enum sl_err err = public_area(key, area, &len);

	return err != SL_OK ? err : sl_policy_key_fingerprint((struct sl_bytes){ area, len }, out);
}

enum sl_err
sl_policy_key_sign(struct sl_key *key, struct sl_policy_signature *s)
{
	const bool rsa = sl_key_kind(key) == SL_KEY_RSA;
	const struct sl_sig_params params = { .alg = rsa ? SL_SIG_RSA_PKCS1 : SL_SIG_ECDSA, .hash = SL_HASH_SHA256 };
	SL_CLEANUP(sl_signer_free) struct sl_signer *signer = NULL;
	uint8_t text[sizeof(s->policy) + SL_POLICY_REF_MAX];
	uint8_t digest[SL_HASH_MAX], raw[RSA_BYTES_MAX], der[SL_DER_SIG_MAX];
	size_t len;
	enum sl_err err;

	/* TPM 2.0 Library, Part 3, 23.16: aHash = H(approvedPolicy || policyRef). */
	memcpy(text, s->policy, sizeof(s->policy));
	memcpy(text + sizeof(s->policy), s->ref, s->ref_len);
	if ((err = fingerprint(key, s->key_fingerprint)) != SL_OK ||
	    (err = sl_hash_once(SL_HASH_SHA256, text, sizeof(s->policy) + s->ref_len, digest)) != SL_OK ||
	    (err = sl_signer_new(key, &params, false, &signer)) != SL_OK ||
	    (err = sl_signer_sign(signer, digest, sl_hash_len(SL_HASH_SHA256), raw)) != SL_OK)
		return err;
	len = sl_signer_len(signer);
	if (!rsa)
		len = sl_der_write_ecdsa(raw, len / 2, der);
	s->signature = malloc(len);
	if (s->signature == NULL)
		return SL_ERR_MEMORY;
	memcpy(s->signature, rsa ? raw : der, len);
	s->signature_len = len;
	return SL_OK;
}
