/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm_session.h"
#include "crypto/cfb.h"
#include "crypto/mac.h"
#include "crypto/rand.h"
#include "crypto/tpmkex.h"
#include "root/tpm.h"

#include <string.h>

#define HASH_LEN 32 /* of the session's SHA-256 */
#define AES_KEY 16
#define SECRET_LABEL "SECRET" /* used with its terminating zero */

/* Part 1, 11.4.10.2, SHA-256, one block. label with its terminating zero. */
static enum sl_err
kdfa(const struct sl_secret *key, const char *label, struct sl_tpm_nonces context, struct sl_secret *ret_out)
{
	static const uint8_t counter[4] = { 0, 0, 0, 1 };
	static const uint8_t bits[4] = { 0, 0, 1, 0 };
	const struct sl_part parts[] = {
		{ counter, sizeof(counter) },
		{ label, strlen(label) + 1 },
		{ context.newer, SL_TPM_NONCE },
		{ context.older, SL_TPM_NONCE },
		{ bits, sizeof(bits) },
	};
	SL_SECRET out = { 0 };
	enum sl_err err;

	if ((err = sl_secret_alloc(&out, HASH_LEN)) != SL_OK ||
	    (err = sl_hmac(SL_HASH_SHA256, key->bytes, key->len, parts, SL_ARRAY_LEN(parts), out.bytes)) != SL_OK)
		return err;
	*ret_out = sl_secret_take(&out);
	return SL_OK;
}

/* Part 1, 11.4.10.3, one block, for as many bits as the hash has: H(counter || Z || "SECRET" || 0 || ephemeral X || static X). */
static enum sl_err
kdfe(enum sl_hash hash, const struct sl_secret *z, const uint8_t *ephemeral_x, const uint8_t *static_x, struct sl_secret *ret_out)
{
	uint8_t room[4 + 32 + sizeof(SECRET_LABEL) + 32 + 32];
	struct sl_writer w = sl_writer_of(room, sizeof(room));
	SL_SECRET out = { 0 };
	enum sl_err err;

	sl_writer_u32be(&w, 1);
	sl_writer_bytes(&w, z->bytes, z->len);
	sl_writer_bytes(&w, SECRET_LABEL, sizeof(SECRET_LABEL));
	sl_writer_bytes(&w, ephemeral_x, 32);
	sl_writer_bytes(&w, static_x, 32);
	if ((err = sl_secret_alloc(&out, sl_hash_len(hash))) == SL_OK)
		err = sl_hash_once(hash, room, w.used, out.bytes);
	sl_secret_wipe(room, sizeof(room));
	if (err == SL_OK)
		*ret_out = sl_secret_take(&out);
	return err;
}

static enum sl_err
salt_ecc(const struct sl_tpm_public *key, struct sl_secret *ret_salt, struct sl_writer *w)
{
	SL_SECRET z = { 0 };
	uint8_t ephemeral[SL_TPMKEX_P256];
	enum sl_err err = sl_tpmkex_p256(key->point, ephemeral, &z);

	if (err != SL_OK)
		return err == SL_ERR_ARG ? SL_ERR_DEVICE : err;
	for (int i = 0; i < 2; i++) {
		sl_writer_u16be(w, 32);
		sl_writer_bytes(w, ephemeral + 32 * i, 32);
	}
	return kdfe(key->hash, &z, ephemeral, key->point, ret_salt);
}

static enum sl_err
salt_rsa(const struct sl_tpm_public *key, struct sl_secret *ret_salt, struct sl_writer *w)
{
	const struct sl_tpmkex_rsa rsa = { .n = key->n, .n_len = key->n_len, .e = key->e, .hash = key->hash };
	const struct sl_part label = { SECRET_LABEL, sizeof(SECRET_LABEL) };
	SL_SECRET salt = { 0 };
	uint8_t sealed[sizeof(key->n)];
	enum sl_err err;

	if ((err = sl_secret_alloc(&salt, sl_hash_len(key->hash))) != SL_OK || (err = sl_rand(salt.bytes, salt.len)) != SL_OK ||
	    (err = sl_tpmkex_oaep(&rsa, &label, &(struct sl_part){ salt.bytes, salt.len }, sealed)) != SL_OK)
		return err == SL_ERR_ARG ? SL_ERR_DEVICE : err;
	sl_writer_bytes(w, sealed, key->n_len);
	*ret_salt = sl_secret_take(&salt);
	return SL_OK;
}

enum sl_err
sl_tpm_session_salt(const struct sl_tpm_public *key, struct sl_secret *ret_salt, uint8_t *out, size_t *ret_len)
{
	struct sl_writer w = sl_writer_of(out, SL_TPM_SALT_MAX);
	SL_SECRET salt = { 0 };
	enum sl_err err;

	if (!key->salts)
		return SL_ERR_UNSUPPORTED;
	err = key->n_len == 0 ? salt_ecc(key, &salt, &w) : salt_rsa(key, &salt, &w);
	if (err != SL_OK || !sl_writer_ok(&w))
		return err != SL_OK ? err : SL_ERR_RANGE;
	*ret_len = w.used;
	*ret_salt = sl_secret_take(&salt);
	return SL_OK;
}

static enum sl_err
start_params(struct sl_tpm_command *c, const struct sl_tpm_session *s, const uint8_t *sealed, size_t sealed_len)
{
	struct sl_writer w = sl_writer_of(c->params, sizeof(c->params));

	sl_writer_u16be(&w, SL_TPM_NONCE);
	sl_writer_bytes(&w, s->nonce_caller, SL_TPM_NONCE);
	sl_writer_u16be(&w, (uint16_t)sealed_len);
	sl_writer_bytes(&w, sealed, sealed_len);
	sl_writer_u8(&w, s->policy ? TPM2_SE_POLICY : TPM2_SE_HMAC);
	sl_writer_u16be(&w, TPM2_ALG_AES);
	sl_writer_u16be(&w, AES_KEY * 8);
	sl_writer_u16be(&w, TPM2_ALG_CFB);
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	c->params_len = w.used;
	return sl_writer_ok(&w) ? SL_OK : SL_ERR_RANGE;
}

static enum sl_err
start(struct sl_tpm_batch *batch, uint32_t handle, const struct sl_tpm_public *key, bool policy, struct sl_tpm_session *ret_session)
{
	struct sl_tpm_command c = { .code = TPM2_CC_StartAuthSession, .name = "TPM2_StartAuthSession", .handles = { handle, TPM2_RH_NULL },
		                    .n_handles = 2, .gives_handle = true };
	struct sl_tpm_session s = { .encrypts = true, .policy = policy };
	SL_TPM_ANSWER a = { .len = 0 };
	SL_SECRET salt = { 0 };
	uint8_t sealed[SL_TPM_SALT_MAX];
	size_t sealed_len = 0;
	struct sl_reader r;
	const uint8_t *nonce;
	enum sl_err err;

	if ((err = sl_rand(s.nonce_caller, SL_TPM_NONCE)) != SL_OK ||
	    (err = sl_tpm_session_salt(key, &salt, sealed, &sealed_len)) != SL_OK ||
	    (err = start_params(&c, &s, sealed, sealed_len)) != SL_OK ||
	    (err = sl_tpm_run(batch, &c, &a)) != SL_OK)
		return err;
	s.handle = a.handle;
	r = sl_reader_of(a.params, a.params_len);
	nonce = sl_reader_u16be(&r) == SL_TPM_NONCE ? sl_reader_bytes(&r, SL_TPM_NONCE) : NULL;
	if (nonce == NULL || !sl_reader_done(&r))
		return SL_ERR_DEVICE;
	memcpy(s.nonce_tpm, nonce, SL_TPM_NONCE);
	err = kdfa(&salt, "ATH", (struct sl_tpm_nonces){ s.nonce_tpm, s.nonce_caller }, &s.key);
	if (err == SL_OK)
		*ret_session = s;
	return err;
}

enum sl_err
sl_tpm_session_start(struct sl_tpm_batch *batch, uint32_t handle, const struct sl_tpm_public *key, struct sl_tpm_session *ret_session)
{
	return start(batch, handle, key, false, ret_session);
}

enum sl_err
sl_tpm_session_start_policy(struct sl_tpm_batch *batch, uint32_t handle, const struct sl_tpm_public *key,
                            struct sl_tpm_session *ret_session)
{
	return start(batch, handle, key, true, ret_session);
}

void
sl_tpm_session_end(struct sl_tpm_batch *batch, struct sl_tpm_session *session)
{
	sl_secret_clear(&session->key);
	if (session->handle != 0)
		sl_tpm_command_flush(batch, &session->handle);
	sl_secret_wipe(session, sizeof(*session));
}

enum sl_err
sl_tpm_session_value(const struct sl_tpm_session *session, const struct sl_secret *auth, struct sl_secret *ret_value)
{
	const size_t extra = auth == NULL ? 0 : auth->len;
	SL_SECRET value = { 0 };
	enum sl_err err = sl_secret_alloc(&value, session->key.len + extra);

	if (err != SL_OK)
		return err;
	memcpy(value.bytes, session->key.bytes, session->key.len);
	if (extra != 0)
		memcpy(value.bytes + session->key.len, auth->bytes, extra);
	*ret_value = sl_secret_take(&value);
	return SL_OK;
}

enum sl_err
sl_tpm_session_trim(const struct sl_secret *auth, struct sl_secret *ret_auth)
{
	size_t len = auth == NULL ? 0 : auth->len;

	if (len > SL_SEAL_AUTH_MAX)
		return SL_ERR_RANGE;
	while (len != 0 && auth->bytes[len - 1] == 0)
		len--;
	if (len == 0)
		return auth != NULL && auth->len != 0 ? SL_ERR_ARG : SL_OK;
	return sl_secret_copy(ret_auth, auth->bytes, len);
}

enum sl_err
sl_tpm_session_crypt(const struct sl_secret *value, struct sl_tpm_nonces nonces, bool encrypt, uint8_t *data, size_t len)
{
	SL_SECRET stream = { 0 };
	enum sl_err err = kdfa(value, "CFB", nonces, &stream); /* key || IV, 256 bits in all */

	if (err != SL_OK)
		return err;
	return sl_cfb_crypt(stream.bytes, AES_KEY, stream.bytes + AES_KEY, encrypt, data, len);
}

enum sl_err
sl_tpm_session_hmac(const struct sl_secret *value, const uint8_t *hash, struct sl_tpm_nonces nonces, uint8_t attributes, uint8_t *out)
{
	const struct sl_part parts[] = {
		{ hash, HASH_LEN },
		{ nonces.newer, SL_TPM_NONCE },
		{ nonces.older, SL_TPM_NONCE },
		{ &attributes, 1 },
	};

	return sl_hmac(SL_HASH_SHA256, value->bytes, value->len, parts, SL_ARRAY_LEN(parts), out);
}
