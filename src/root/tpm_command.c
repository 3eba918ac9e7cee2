/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/tpm.h"
#include "crypto/key.h"

#include <string.h>

#define PROPERTIES_MAX 127
#define RANDOM_MAX 64 /* more than this no TPM gives at once */

struct sl_root_name
sl_tpm_command_handle_name(uint32_t handle)
{
	struct sl_root_name name = { .len = 4 };
	struct sl_writer w = sl_writer_of(name.bytes, 4);

	sl_writer_u32be(&w, handle);
	return name;
}

enum sl_err
sl_tpm_command_properties(struct sl_tpm_batch *batch, uint32_t first, struct sl_tpm_answer *answer, struct sl_reader *ret_list,
                          uint32_t *ret_count)
{
	struct sl_tpm_command c = { .code = TPM2_CC_GetCapability, .name = "TPM2_GetCapability" };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	struct sl_reader r;
	enum sl_err err;

	sl_writer_u32be(&w, TPM2_CAP_TPM_PROPERTIES);
	sl_writer_u32be(&w, first);
	sl_writer_u32be(&w, PROPERTIES_MAX);
	c.params_len = w.used;
	if ((err = sl_tpm_run(batch, &c, answer)) != SL_OK)
		return err;
	r = sl_reader_of(answer->params, answer->params_len);
	(void)sl_reader_u8(&r); /* moreData */
	if (sl_reader_u32be(&r) != TPM2_CAP_TPM_PROPERTIES)
		return SL_ERR_DEVICE;
	*ret_count = sl_reader_u32be(&r);
	if (r.bad || *ret_count > PROPERTIES_MAX)
		return SL_ERR_DEVICE;
	*ret_list = r;
	return SL_OK;
}

/* A TPM2B, in place. */
static const uint8_t *
read_2b(struct sl_reader *r, size_t *ret_len)
{
	*ret_len = sl_reader_u16be(r);
	return sl_reader_bytes(r, *ret_len);
}

enum sl_err
sl_tpm_command_read_public(struct sl_tpm_batch *batch, uint32_t handle, struct sl_tpm_public *ret_key)
{
	struct sl_tpm_command c = { .code = TPM2_CC_ReadPublic, .name = "TPM2_ReadPublic", .handles = { handle }, .n_handles = 1 };
	SL_TPM_ANSWER a = { .len = 0 };
	struct sl_reader r;
	const uint8_t *area;
	const uint8_t *name;
	size_t area_len;
	size_t name_len;
	size_t qualified_len;
	enum sl_err err;

	if ((err = sl_tpm_run(batch, &c, &a)) != SL_OK)
		return err;
	r = sl_reader_of(a.params, a.params_len);
	area = read_2b(&r, &area_len);
	name = read_2b(&r, &name_len);
	(void)read_2b(&r, &qualified_len);
	if (!sl_reader_done(&r))
		return SL_ERR_DEVICE;
	return sl_tpm_public_read(area, area_len, name, name_len, ret_key);
}

static enum sl_err
read_created(const struct sl_tpm_answer *a, struct sl_tpm_public *ret_key)
{
	struct sl_reader r = sl_reader_of(a->params, a->params_len);
	size_t area_len;
	size_t name_len;
	size_t len;
	const uint8_t *area = read_2b(&r, &area_len);
	const uint8_t *name;

	(void)read_2b(&r, &len); /* creationData */
	(void)read_2b(&r, &len); /* creationHash */
	(void)sl_reader_u16be(&r); /* creationTicket */
	(void)sl_reader_u32be(&r);
	(void)read_2b(&r, &len);
	name = read_2b(&r, &name_len);
	if (!sl_reader_done(&r))
		return SL_ERR_DEVICE;
	return sl_tpm_public_read(area, area_len, name, name_len, ret_key);
}

/* The hierarchy's authorization, for the first handle. */
static enum sl_err
apply_grant(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant, struct sl_tpm_command *c)
{
	enum sl_err err = sl_tpm_grant_ready(batch, grant);

	c->auth = true;
	c->handles[0] = sl_tpm_grant_handle(grant->hierarchy);
	c->names[0] = sl_tpm_command_handle_name(c->handles[0]);
	if (grant->auth_file != NULL) {
		c->session = &grant->session;
		c->auth_value = &grant->value;
	} else {
		c->session = grant->shared;
	}
	return err;
}

/*
 * What a refused hierarchy means: nobody gave an authorization, or a wrong one. That must not look like a wrong authorization of a key, which is
 * somebody's PIN: SL_ERR_AUTH.
 */
static enum sl_err
grant_err(struct sl_tpm_batch *batch, const struct sl_tpm_grant *grant, enum sl_err err)
{
	if (err == SL_ERR_NOT_FOUND || (err == SL_ERR_AUTH && grant->auth_file == NULL))
		return SL_ERR_ABSENT;
	if (err != SL_ERR_AUTH)
		return err;
	sl_tpm_device_trouble(batch->device, "%s: the TPM refused the authorization of the hierarchy, which is in %s (response code 0x%03x)",
	                      batch->device->tcti, grant->auth_file, batch->rc);
	return SL_ERR_ACCESS;
}

enum sl_err
sl_tpm_command_by(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant, struct sl_tpm_command *command, struct sl_tpm_answer *answer)
{
	const enum sl_err err = apply_grant(batch, grant, command);

	return err != SL_OK ? err : grant_err(batch, grant, sl_tpm_run(batch, command, answer));
}

/*
 * A refusal of the shared session: the hierarchy has an authorization, or the TPM does not share the session with us. The empty password tells
 * which.
 */
static enum sl_err
without_session(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant, const struct sl_tpm_template *tmpl)
{
	struct sl_tpm_object object = { .handle = 0 };
	enum sl_err err;

	grant->shared = NULL;
	err = sl_tpm_command_create_primary(batch, grant, tmpl, &object);
	sl_tpm_command_flush(batch, &object.handle);
	return err == SL_OK ? SL_ERR_VERIFY : err;
}

enum sl_err
sl_tpm_command_create_primary(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant, const struct sl_tpm_template *tmpl,
                              struct sl_tpm_object *ret_object)
{
	struct sl_tpm_command c = { .code = TPM2_CC_CreatePrimary, .name = "TPM2_CreatePrimary", .n_handles = 1, .gives_handle = true };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	struct sl_tpm_object object = { .handle = 0 };
	SL_TPM_ANSWER a = { .len = 0 };
	enum sl_err err;

	sl_writer_u16be(&w, 4); /* inSensitive: no auth value, no data */
	sl_writer_u32be(&w, 0);
	sl_writer_u16be(&w, (uint16_t)tmpl->len);
	sl_writer_bytes(&w, tmpl->bytes, tmpl->len);
	sl_writer_u16be(&w, 0); /* outsideInfo */
	sl_writer_u32be(&w, 0); /* creationPCR */
	c.params_len = w.used;
	if ((err = apply_grant(batch, grant, &c)) != SL_OK)
		return err;
	err = sl_tpm_run(batch, &c, &a);
	if (err == SL_ERR_AUTH && grant->auth_file == NULL && grant->shared != NULL)
		return without_session(batch, grant, tmpl);
	if (err != SL_OK)
		return grant_err(batch, grant, err);
	object.handle = a.handle;
	err = read_created(&a, &object.key);
	/* A key of another form could be one that somebody in between made outside and knows. */
	if (err == SL_OK && !sl_tpm_public_fits(&object.key, tmpl))
		err = SL_ERR_DEVICE;
	if (err != SL_OK) {
		sl_tpm_command_flush(batch, &object.handle);
		return err;
	}
	*ret_object = object;
	return SL_OK;
}

void
sl_tpm_command_flush(struct sl_tpm_batch *batch, uint32_t *handle)
{
	struct sl_tpm_command c = { .code = TPM2_CC_FlushContext, .params_len = 4 };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };
	const uint32_t rc = batch->rc;

	sl_writer_u32be(&w, *handle);
	if (*handle != 0 && !batch->broken && sl_tpm_run(batch, &c, &a) == SL_OK)
		sl_tpm_run_gone(batch, *handle);
	*handle = 0;
	batch->rc = rc;
}

/* The answer of TPM2_HMAC, and the beginning of that of TPM2_SequenceComplete. */
static enum sl_err
read_mac(const struct sl_tpm_answer *a, bool ticket, struct sl_secret *ret_mac)
{
	struct sl_reader r = sl_reader_of(a->params, a->params_len);
	size_t len;
	size_t digest_len;
	const uint8_t *mac = read_2b(&r, &len);

	if (ticket) {
		(void)sl_reader_u16be(&r);
		(void)sl_reader_u32be(&r);
		(void)read_2b(&r, &digest_len);
	}
	if (!sl_reader_done(&r) || len != SL_ROOT_SECRET)
		return SL_ERR_DEVICE;
	return sl_secret_copy(ret_mac, mac, len);
}

/* A session whose HMAC the TPM refuses is one that it does not share with us: another salt key, another key, or altered bytes. */
static enum sl_err
session_err(enum sl_err err)
{
	return err == SL_ERR_AUTH ? SL_ERR_VERIFY : err;
}

/*
 * The same in two steps, for chips without TPM2_HMAC. The sequence is a second transient object for a moment; it has an empty Name, an empty
 * auth value and no policy (Part 1, 32.4.5), and TPM2_SequenceComplete ends it.
 */
static enum sl_err
hmac_sequence(struct sl_tpm_batch *batch, const struct sl_tpm_object *key, struct sl_tpm_sessions *sessions, const uint8_t *context,
              struct sl_secret *ret_mac)
{
	struct sl_tpm_session *session = sessions->by_policy ? &sessions->policy : &sessions->plain;
	struct sl_tpm_command start = { .code = TPM2_CC_HMAC_Start, .name = "TPM2_HMAC_Start", .handles = { key->handle },
		                        .names = { key->key.name }, .n_handles = 1, .auth = true, .session = session,
		                        .gives_handle = true, .params_len = 4 };
	struct sl_tpm_command complete = { .code = TPM2_CC_SequenceComplete, .name = "TPM2_SequenceComplete", .n_handles = 1,
		                           .auth = true, .session = &sessions->plain };
	struct sl_writer w = sl_writer_of(start.params, sizeof(start.params));
	SL_TPM_ANSWER a = { .len = 0 };
	uint32_t sequence;
	enum sl_err err;

	if (sessions->plain.handle == 0)
		return SL_ERR_NOT_FOUND;
	sl_writer_u16be(&w, 0); /* auth */
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	session->last = sessions->by_policy && sessions->last;
	err = sl_tpm_run(batch, &start, &a);
	sessions->plain.last = sessions->last;
	if (err != SL_OK)
		return session_err(err);
	sequence = complete.handles[0] = a.handle;
	w = sl_writer_of(complete.params, sizeof(complete.params));
	sl_writer_u16be(&w, SL_ROOT_CONTEXT);
	sl_writer_bytes(&w, context, SL_ROOT_CONTEXT);
	sl_writer_u32be(&w, TPM2_RH_NULL);
	complete.params_len = w.used;
	err = sl_tpm_run(batch, &complete, &a);
	sl_secret_wipe(&complete, sizeof(complete));
	if (err != SL_OK) {
		sl_tpm_command_flush(batch, &sequence);
		return session_err(err);
	}
	sl_tpm_run_gone(batch, sequence);
	return read_mac(&a, true, ret_mac);
}

enum sl_err
sl_tpm_command_hmac(struct sl_tpm_batch *batch, const struct sl_tpm_object *key, struct sl_tpm_sessions *sessions,
                    const uint8_t *context, struct sl_secret *ret_mac)
{
	struct sl_tpm_session *session = sessions->by_policy ? &sessions->policy : &sessions->plain;
	struct sl_tpm_command c = { .code = TPM2_CC_HMAC, .name = "TPM2_HMAC", .handles = { key->handle }, .names = { key->key.name },
		                    .n_handles = 1, .auth = true, .session = session };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };
	enum sl_err err;

	if (batch->device->no_hmac)
		return hmac_sequence(batch, key, sessions, context, ret_mac);
	session->last = sessions->last;
	sl_writer_u16be(&w, SL_ROOT_CONTEXT);
	sl_writer_bytes(&w, context, SL_ROOT_CONTEXT);
	sl_writer_u16be(&w, TPM2_ALG_SHA256);
	c.params_len = w.used;
	err = sl_tpm_run(batch, &c, &a);
	sl_secret_wipe(&c, sizeof(c));
	if (err == SL_ERR_UNSUPPORTED) {
		batch->device->no_hmac = true;
		return hmac_sequence(batch, key, sessions, context, ret_mac);
	}
	return err != SL_OK ? session_err(err) : read_mac(&a, false, ret_mac);
}

enum sl_err
sl_tpm_command_random(struct sl_tpm_batch *batch, struct sl_tpm_session *session, uint8_t *out, size_t len, size_t *ret_got)
{
	struct sl_tpm_command c = { .code = TPM2_CC_GetRandom, .name = "TPM2_GetRandom", .session = session, .params_len = 2 };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };
	struct sl_reader r;
	const uint8_t *bytes;
	size_t got;
	enum sl_err err;

	sl_writer_u16be(&w, (uint16_t)(len < RANDOM_MAX ? len : RANDOM_MAX));
	if ((err = sl_tpm_run(batch, &c, &a)) != SL_OK)
		return session_err(err);
	r = sl_reader_of(a.params, a.params_len);
	bytes = read_2b(&r, &got);
	if (!sl_reader_done(&r) || got == 0 || got > len)
		return SL_ERR_DEVICE;
	memcpy(out, bytes, got);
	*ret_got = got;
	return SL_OK;
}

enum sl_err
sl_tpm_command_try(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant)
{
	struct sl_tpm_command c = { .code = TPM2_CC_ClockRateAdjust, .name = "TPM2_ClockRateAdjust", .handles = { 0 }, .n_handles = 1,
		                    .params = { TPM2_CLOCK_NO_CHANGE }, .params_len = 1 };
	SL_TPM_ANSWER a = { .len = 0 };
	const enum sl_err err = apply_grant(batch, grant, &c);

	return err != SL_OK ? err : grant_err(batch, grant, sl_tpm_run(batch, &c, &a));
}

enum sl_err
sl_tpm_command_evict(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant, const struct sl_tpm_object *object, uint32_t persistent)
{
	struct sl_tpm_command c = { .code = TPM2_CC_EvictControl, .name = "TPM2_EvictControl", .handles = { 0, object->handle },
		                    .n_handles = 2, .params_len = 4 };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };
	enum sl_err err;

	sl_writer_u32be(&w, persistent);
	if ((err = apply_grant(batch, grant, &c)) != SL_OK)
		return err;
	c.names[1] = object->key.name;
	return grant_err(batch, grant, sl_tpm_run(batch, &c, &a));
}

static void
write_2b(struct sl_writer *w, const void *bytes, size_t len)
{
	sl_writer_u16be(w, (uint16_t)len);
	if (len != 0)
		sl_writer_bytes(w, bytes, len);
}

/* TPMS_CREATION_DATA (Part 2, 15.1) begins with the PCRs and the digest of their values, by the object's nameAlg. */
static bool
is_created_in(const uint8_t *data, size_t len, const struct sl_tpm_creation *creation)
{
	struct sl_reader r = sl_reader_of(data, len);
	const uint8_t *pcrs = sl_reader_bytes(&r, creation->pcrs.len);
	const uint8_t *digest = sl_reader_u16be(&r) == SL_TPM_POLICY ? sl_reader_bytes(&r, SL_TPM_POLICY) : NULL;

	return digest != NULL && memcmp(pcrs, creation->pcrs.data, creation->pcrs.len) == 0 &&
	       memcmp(digest, creation->pcr_digest, SL_TPM_POLICY) == 0;
}

static enum sl_err
read_creation(const struct sl_tpm_answer *a, struct sl_tpm_creation *creation)
{
	struct sl_reader r = sl_reader_of(a->params, a->params_len);
	size_t area_len;
	size_t data_len;
	size_t len;
	const uint8_t *private = read_2b(&r, &creation->private_len);
	const uint8_t *area = read_2b(&r, &area_len);
	const uint8_t *data = read_2b(&r, &data_len); /* creationData */
	enum sl_err err;

	(void)read_2b(&r, &len); /* creationHash */
	(void)sl_reader_u16be(&r); /* creationTicket */
	(void)sl_reader_u32be(&r);
	(void)read_2b(&r, &len);
	if (!sl_reader_done(&r) || creation->private_len == 0 || creation->private_len > sizeof(creation->private_area))
		return SL_ERR_DEVICE;
	if (creation->pcrs.len != 0 && !is_created_in(data, data_len, creation))
		return SL_ERR_POLICY;
	if ((err = sl_tpm_public_of(area, area_len, &creation->key)) != SL_OK)
		return err == SL_ERR_FORMAT ? SL_ERR_DEVICE : err;
	memcpy(creation->private_area, private, creation->private_len);
	/* Another form than we asked for would be opened by others than we meant. */
	return sl_tpm_public_fits(&creation->key, creation->tmpl) ? SL_OK : SL_ERR_DEVICE;
}

enum sl_err
sl_tpm_command_create(struct sl_tpm_batch *batch, const struct sl_tpm_object *parent, struct sl_tpm_session *session,
                      struct sl_tpm_creation *creation)
{
	struct sl_tpm_command c = { .code = TPM2_CC_Create, .name = "TPM2_Create", .handles = { parent->handle }, .names = { parent->key.name },
		                    .n_handles = 1, .auth = true, .session = session };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	const size_t auth_len = creation->auth == NULL ? 0 : creation->auth->len;
	SL_TPM_ANSWER a = { .len = 0 };
	enum sl_err err;

	sl_writer_u16be(&w, (uint16_t)(4 + auth_len + creation->data->len)); /* inSensitive */
	write_2b(&w, auth_len == 0 ? NULL : creation->auth->bytes, auth_len);
	write_2b(&w, creation->data->bytes, creation->data->len);
	write_2b(&w, creation->tmpl->bytes, creation->tmpl->len);
	sl_writer_u16be(&w, 0); /* outsideInfo */
	if (creation->pcrs.len != 0)
		sl_writer_bytes(&w, creation->pcrs.data, creation->pcrs.len);
	else
		sl_writer_u32be(&w, 0); /* creationPCR */
	c.params_len = w.used;
	err = sl_writer_ok(&w) ? sl_tpm_run(batch, &c, &a) : SL_ERR_RANGE;
	sl_secret_wipe(&c, sizeof(c));
	return err != SL_OK ? session_err(err) : read_creation(&a, creation);
}

enum sl_err
sl_tpm_command_load(struct sl_tpm_batch *batch, const struct sl_tpm_object *parent, struct sl_tpm_session *session,
                    const struct sl_bytes *private_area, struct sl_tpm_object *object)
{
	struct sl_tpm_command c = { .code = TPM2_CC_Load, .name = "TPM2_Load", .handles = { parent->handle }, .names = { parent->key.name },
		                    .n_handles = 1, .auth = true, .session = session, .gives_handle = true };
	struct sl_writer w = sl_writer_of(c.params, sizeof(c.params));
	SL_TPM_ANSWER a = { .len = 0 };
	struct sl_reader r;
	const uint8_t *name;
	size_t len;
	enum sl_err err;

	write_2b(&w, private_area->data, private_area->len);
	write_2b(&w, object->key.bytes, object->key.len);
	c.params_len = w.used;
	if (!sl_writer_ok(&w))
		return SL_ERR_RANGE;
	if ((err = sl_tpm_run(batch, &c, &a)) != SL_OK)
		return session_err(err);
	r = sl_reader_of(a.params, a.params_len);
	name = read_2b(&r, &len);
	object->handle = a.handle;
	if (sl_reader_done(&r) && len == object->key.name.len && memcmp(name, object->key.name.bytes, len) == 0)
		return SL_OK;
	sl_tpm_command_flush(batch, &object->handle);
	return SL_ERR_DEVICE;
}

enum sl_err
sl_tpm_command_unseal(struct sl_tpm_batch *batch, const struct sl_tpm_object *object, struct sl_tpm_session *session,
                      const struct sl_secret *auth, struct sl_secret *ret_data)
{
	struct sl_tpm_command c = { .code = TPM2_CC_Unseal, .name = "TPM2_Unseal", .handles = { object->handle },
		                    .names = { object->key.name }, .n_handles = 1, .auth = true, .session = session, .auth_value = auth };
	SL_TPM_ANSWER a = { .len = 0 };
	struct sl_reader r;
	const uint8_t *data;
	size_t len;
	enum sl_err err;

	if ((err = sl_tpm_run(batch, &c, &a)) != SL_OK)
		return err;
	r = sl_reader_of(a.params, a.params_len);
	data = read_2b(&r, &len);
	return !sl_reader_done(&r) || len == 0 ? SL_ERR_DEVICE : sl_secret_copy(ret_data, data, len);
}
