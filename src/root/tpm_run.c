/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm.h"
#include "crypto/rand.h"
#include "root/tpm_rc.h"
#include "root/tpm_wait.h"

#include <string.h>

#define HEADER 10
#define HASH_LEN 32
#define PATIENCE_MS 5000 /* for a TPM that says "later" */
#define SWEEP_MAX 64     /* handles per question */

/* What one command needs from its building to the check of its answer. */
struct exchange {
	struct sl_secret value; /* sessionKey || authValue: parameter encryption */
	struct sl_secret proof; /* the HMACs' key: the same, but that a policy has to ask for the authValue (Part 1, 19.6.14) */
	uint8_t attributes;
	uint8_t bytes[SL_TPM_MESSAGE_MAX];
	size_t len;
};

static void
exchange_clear(struct exchange *x)
{
	sl_secret_clear(&x->value);
	sl_secret_clear(&x->proof);
	sl_secret_wipe(x, sizeof(*x));
}

void
sl_tpm_answer_clear(struct sl_tpm_answer *answer)
{
	sl_secret_wipe(answer, sizeof(*answer));
}

/* The parameters begin with a TPM2B: the one that a session can encrypt. Its data, or NULL. */
static uint8_t *
first_2b(uint8_t *params, size_t params_len, size_t *ret_len)
{
	const size_t len = params_len < 2 ? 0 : (size_t)params[0] << 8 | params[1];

	if (params_len < 2 || len > params_len - 2)
		return NULL;
	*ret_len = len;
	return params + 2;
}

/* Commands whose first parameter, and whose first answer, is a TPM2B with something to hide. */
static bool
hides(uint32_t code, bool answer)
{
	switch (code) {
	case TPM2_CC_HMAC:
	case TPM2_CC_SequenceComplete:
		return true;
	case TPM2_CC_GetRandom:
	case TPM2_CC_Unseal:
	case TPM2_CC_NV_Read:
	case TPM2_CC_NV_ReadPublic: /* no secret; but a session that authorizes nothing has to encrypt something */
		return answer;
	case TPM2_CC_Create:
	case TPM2_CC_NV_DefineSpace:
	case TPM2_CC_NV_Write:
	case TPM2_CC_NV_ChangeAuth:
		return !answer;
	default:
		return false;
	}
}

/* Part 1, 16.7: cpHash = H(commandCode || Names || parameters). */
static enum sl_err
cp_hash(const struct sl_tpm_command *c, const uint8_t *params, uint8_t *out)
{
	uint8_t room[4 + 2 * SL_ROOT_NAME_MAX + sizeof(c->params)];
	struct sl_writer w = sl_writer_of(room, sizeof(room));

	sl_writer_u32be(&w, c->code);
	for (size_t i = 0; i < c->n_handles; i++)
		sl_writer_bytes(&w, c->names[i].bytes, c->names[i].len);
	sl_writer_bytes(&w, params, c->params_len);
	return sl_hash_once(SL_HASH_SHA256, room, w.used, out);
}

/* Encrypts params, in place, and writes the authorization of the session. */
static enum sl_err
write_session(const struct sl_tpm_command *c, struct exchange *x, uint8_t *params, struct sl_writer *w)
{
	struct sl_tpm_session *s = c->session;
	const struct sl_tpm_nonces nonces = { s->nonce_caller, s->nonce_tpm };
	uint8_t hash[SL_HASH_MAX];
	uint8_t mac[SL_HASH_MAX];
	size_t len = 0;
	uint8_t *hidden = NULL;
	enum sl_err err;

	x->attributes = s->last ? 0 : TPMA_SESSION_CONTINUESESSION;
	if (s->encrypts && hides(c->code, true))
		x->attributes |= TPMA_SESSION_ENCRYPT;
	if (s->encrypts && hides(c->code, false) && (hidden = first_2b(params, c->params_len, &len)) != NULL)
		x->attributes |= TPMA_SESSION_DECRYPT;
	if ((err = sl_rand(s->nonce_caller, SL_TPM_NONCE)) != SL_OK ||
	    (err = sl_tpm_session_value(s, c->auth ? c->auth_value : NULL, &x->value)) != SL_OK ||
	    (err = sl_tpm_session_value(s, c->auth && (!s->policy || s->by_auth) ? c->auth_value : NULL, &x->proof)) != SL_OK)
		return err;
	if (hidden != NULL && (err = sl_tpm_session_crypt(&x->value, nonces, true, hidden, len)) != SL_OK)
		return err;
	if ((err = cp_hash(c, params, hash)) != SL_OK ||
	    (err = sl_tpm_session_hmac(&x->proof, hash, nonces, x->attributes, mac)) != SL_OK)
		return err;
	sl_writer_u32be(w, 4 + 2 + SL_TPM_NONCE + 1 + 2 + HASH_LEN);
	sl_writer_u32be(w, s->handle);
	sl_writer_u16be(w, SL_TPM_NONCE);
	sl_writer_bytes(w, s->nonce_caller, SL_TPM_NONCE);
	sl_writer_u8(w, x->attributes);
	sl_writer_u16be(w, HASH_LEN);
	sl_writer_bytes(w, mac, HASH_LEN);
	return SL_OK;
}

/* An empty password: there is nothing to hide and nothing to prove. */
static void
write_password(struct sl_writer *w)
{
	sl_writer_u32be(w, 4 + 2 + 1 + 2);
	sl_writer_u32be(w, TPM2_RS_PW);
	sl_writer_u16be(w, 0);
	sl_writer_u8(w, TPMA_SESSION_CONTINUESESSION);
	sl_writer_u16be(w, 0);
}

static bool
has_sessions(const struct sl_tpm_command *c)
{
	return c->auth || c->session != NULL;
}

static enum sl_err
build(const struct sl_tpm_command *c, struct exchange *x)
{
	struct sl_writer w = sl_writer_of(x->bytes, sizeof(x->bytes));
	uint8_t params[sizeof(c->params)];
	enum sl_err err = SL_OK;

	memcpy(params, c->params, c->params_len);
	sl_writer_u16be(&w, has_sessions(c) ? TPM2_ST_SESSIONS : TPM2_ST_NO_SESSIONS);
	sl_writer_u32be(&w, 0);
	sl_writer_u32be(&w, c->code);
	for (size_t i = 0; i < c->n_handles; i++)
		sl_writer_u32be(&w, c->handles[i]);
	if (c->session != NULL)
		err = write_session(c, x, params, &w);
	else if (c->auth)
		write_password(&w);
	sl_writer_bytes(&w, params, c->params_len);
	sl_secret_wipe(params, sizeof(params));
	if (err != SL_OK || !sl_writer_ok(&w))
		return err != SL_OK ? err : SL_ERR_RANGE;
	x->len = w.used;
	w = sl_writer_of(x->bytes + 2, 4);
	sl_writer_u32be(&w, (uint32_t)x->len);
	return SL_OK;
}

/* Sends bytes and reads the header of the answer; batch->rc is the response code. */
static enum sl_err
send_once(struct sl_tpm_batch *batch, const uint8_t *bytes, size_t len, struct sl_tpm_answer *answer)
{
	struct sl_reader r;
	enum sl_err err = sl_tpm_link_exchange(batch->link, bytes, len, answer->raw, &answer->len);

	if (err != SL_OK) {
		batch->broken = true;
		return err;
	}
	r = sl_reader_of(answer->raw + 6, 4);
	batch->rc = sl_reader_u32be(&r);
	return SL_OK;
}

static bool
is_live(const struct sl_tpm_batch *batch, uint32_t handle)
{
	for (size_t i = 0; i < SL_TPM_LIVE_MAX; i++)
		if (batch->live[i] == handle)
			return true;
	return false;
}

static void
set_live(struct sl_tpm_batch *batch, uint32_t from, uint32_t to)
{
	for (size_t i = 0; i < SL_TPM_LIVE_MAX; i++) {
		if (batch->live[i] == from) {
			batch->live[i] = to;
			return;
		}
	}
}

void
sl_tpm_run_gone(struct sl_tpm_batch *batch, uint32_t handle)
{
	if (handle != 0)
		set_live(batch, handle, 0);
}

static void
flush_once(struct sl_tpm_batch *batch, uint32_t handle)
{
	uint8_t bytes[HEADER + 4];
	struct sl_writer w = sl_writer_of(bytes, sizeof(bytes));
	SL_TPM_ANSWER answer = { .len = 0 };

	sl_writer_u16be(&w, TPM2_ST_NO_SESSIONS);
	sl_writer_u32be(&w, sizeof(bytes));
	sl_writer_u32be(&w, TPM2_CC_FlushContext);
	sl_writer_u32be(&w, handle);
	(void)!send_once(batch, bytes, sizeof(bytes), &answer);
}

/*
 * Flushes what is loaded and not ours. On a bare TPM we hold the only connection, so what lies there was left by clients that died: nobody
 * else would ever remove it.
 */
static void
sweep(struct sl_tpm_batch *batch, uint32_t first)
{
	uint8_t bytes[HEADER + 12];
	struct sl_writer w = sl_writer_of(bytes, sizeof(bytes));
	SL_TPM_ANSWER answer = { .len = 0 };
	struct sl_reader r;
	uint32_t count;

	sl_writer_u16be(&w, TPM2_ST_NO_SESSIONS);
	sl_writer_u32be(&w, sizeof(bytes));
	sl_writer_u32be(&w, TPM2_CC_GetCapability);
	sl_writer_u32be(&w, TPM2_CAP_HANDLES);
	sl_writer_u32be(&w, first);
	sl_writer_u32be(&w, SWEEP_MAX);
	if (send_once(batch, bytes, sizeof(bytes), &answer) != SL_OK || batch->rc != TPM2_RC_SUCCESS)
		return;
	r = sl_reader_of(answer.raw + HEADER, answer.len - HEADER);
	(void)sl_reader_u8(&r);
	(void)sl_reader_u32be(&r);
	count = sl_reader_u32be(&r);
	for (uint32_t i = 0; i < count && i < SWEEP_MAX; i++) {
		const uint32_t handle = sl_reader_u32be(&r);

		if (!r.bad && !is_live(batch, handle))
			flush_once(batch, handle);
	}
}

static void
cure(struct sl_tpm_batch *batch, enum sl_tpm_cure what)
{
	if (!batch->device->bare)
		return;
	if (what == SL_TPM_CURE_OBJECTS)
		sweep(batch, SL_TPM_FIRST_TRANSIENT);
	if (what == SL_TPM_CURE_SESSIONS)
		sweep(batch, SL_TPM_FIRST_LOADED_SESSION);
	if (what == SL_TPM_CURE_SAVED) {
		sweep(batch, SL_TPM_FIRST_SAVED_SESSION);
		sweep(batch, SL_TPM_FIRST_LOADED_SESSION);
	}
}

/* A response code that is an error leaves the session's nonces as they were (Part 1, 19.6.3), so the same bytes can be sent again. */
static enum sl_err
send_patiently(struct sl_tpm_batch *batch, const struct exchange *x, struct sl_tpm_answer *answer)
{
	struct sl_tpm_wait wait = sl_tpm_wait_begin(PATIENCE_MS);

	for (unsigned tries = 0;; tries++) {
		enum sl_err err = send_once(batch, x->bytes, x->len, answer);
		const uint32_t rc = batch->rc;

		if (err != SL_OK)
			return err;
		if (sl_tpm_rc_cure(rc) == SL_TPM_CURE_NONE || !sl_tpm_wait_again(&wait))
			return sl_tpm_rc_err(rc);
		if (tries == 1)
			cure(batch, sl_tpm_rc_cure(rc));
		batch->rc = rc;
	}
}

/* Part 1, 16.8: rpHash = H(responseCode || commandCode || parameters), with responseCode 0. */
static enum sl_err
rp_hash(uint32_t code, const uint8_t *params, size_t len, uint8_t *out)
{
	uint8_t room[8 + SL_TPM_MESSAGE_MAX];
	struct sl_writer w = sl_writer_of(room, sizeof(room));

	sl_writer_u32be(&w, TPM2_RC_SUCCESS);
	sl_writer_u32be(&w, code);
	sl_writer_bytes(&w, params, len);
	return sl_hash_once(SL_HASH_SHA256, room, w.used, out);
}

/* Nothing of the answer is used before this has said that it comes from the TPM that knows the salt. */
static enum sl_err
check_session(const struct sl_tpm_command *c, struct exchange *x, struct sl_reader *auth, struct sl_tpm_answer *answer)
{
	struct sl_tpm_session *s = c->session;
	const uint8_t *nonce = sl_reader_u16be(auth) == SL_TPM_NONCE ? sl_reader_bytes(auth, SL_TPM_NONCE) : NULL;
	const uint8_t attributes = sl_reader_u8(auth);
	const uint8_t *mac = sl_reader_u16be(auth) == HASH_LEN ? sl_reader_bytes(auth, HASH_LEN) : NULL;
	const struct sl_tpm_nonces nonces = { nonce, s->nonce_caller };
	uint8_t expected[SL_HASH_MAX];
	uint8_t hash[SL_HASH_MAX];
	uint8_t *hidden;
	size_t len = 0;
	enum sl_err err;

	if (nonce == NULL || mac == NULL || !sl_reader_done(auth))
		return SL_ERR_DEVICE;
	if (c->answer_auth != NULL) {
		sl_secret_clear(&x->proof);
		if ((err = sl_tpm_session_value(s, c->answer_auth, &x->proof)) != SL_OK)
			return err;
	}
	if ((err = rp_hash(c->code, answer->params, answer->params_len, hash)) != SL_OK ||
	    (err = sl_tpm_session_hmac(&x->proof, hash, nonces, attributes, expected)) != SL_OK)
		return err;
	if (!sl_secret_equal(mac, HASH_LEN, expected, HASH_LEN))
		return SL_ERR_DEVICE;
	memcpy(s->nonce_tpm, nonce, SL_TPM_NONCE);
	if (c->auth && s->policy)
		s->by_auth = false; /* a use resets the policy (Part 1, 19.7.1) */
	if ((x->attributes & TPMA_SESSION_ENCRYPT) == 0)
		return SL_OK;
	if ((attributes & TPMA_SESSION_ENCRYPT) == 0 || (hidden = first_2b(answer->params, answer->params_len, &len)) == NULL)
		return SL_ERR_DEVICE;
	return sl_tpm_session_crypt(&x->value, nonces, false, hidden, len);
}

static enum sl_err
take_apart(struct sl_tpm_batch *batch, const struct sl_tpm_command *c, struct exchange *x, struct sl_tpm_answer *answer)
{
	struct sl_reader r = sl_reader_of(answer->raw + HEADER, answer->len - HEADER);
	const uint16_t tag = (uint16_t)(answer->raw[0] << 8 | answer->raw[1]);
	const uint8_t *params;

	if (c->gives_handle) {
		answer->handle = sl_reader_u32be(&r);
		if (r.bad || answer->handle == 0)
			return SL_ERR_DEVICE;
		set_live(batch, 0, answer->handle);
	}
	if (tag != (has_sessions(c) ? TPM2_ST_SESSIONS : TPM2_ST_NO_SESSIONS))
		return SL_ERR_DEVICE;
	answer->params_len = has_sessions(c) ? sl_reader_u32be(&r) : r.left;
	params = sl_reader_bytes(&r, answer->params_len);
	if (params == NULL)
		return SL_ERR_DEVICE;
	answer->params = answer->raw + (params - answer->raw);
	if (c->session == NULL)
		return SL_OK;
	if (c->session->last) {
		sl_tpm_run_gone(batch, c->session->handle);
		c->session->handle = 0;
	}
	return check_session(c, x, &r, answer);
}

enum sl_err
sl_tpm_run(struct sl_tpm_batch *batch, struct sl_tpm_command *command, struct sl_tpm_answer *answer)
{
	SL_CLEANUP(exchange_clear) struct exchange x = { .len = 0 };
	enum sl_err err = build(command, &x);

	batch->rc = TPM2_RC_SUCCESS;
	if (err == SL_OK)
		err = send_patiently(batch, &x, answer);
	if (err == SL_OK)
		err = take_apart(batch, command, &x, answer);
	if (err != SL_OK && command->name != NULL)
		sl_tpm_device_trouble(batch->device, "%s: %s: %s (response code 0x%03x)", batch->device->tcti, command->name,
		                      err == sl_tpm_rc_err(batch->rc) ? sl_tpm_rc_text(batch->rc) : sl_err_text(err), batch->rc);
	return err;
}
