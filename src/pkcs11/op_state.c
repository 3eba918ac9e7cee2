/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op_private.h"

#include "base/buf.h"
#include "token/rv.h"

#include <string.h>

/*
 * The state of an operation, saved and restored (PKCS#11 3.0 sections 5.6.6 and 5.6.7): of one hash with SHA-1 or SHA-2 that no key went into, and of nothing
 * else. SHA-3's is not to be had from libcrypto; those of keyed operations would be the keys' secrets.
 *
 * "SLd1" || u64be mechanism || u8 1 once there was an update || state (crypto/sha.h) || 16 bytes of the SHA-256 of what is before them. Whoever makes one up has
 * a hash of nothing: there is no secret in it, so it is enough that a damaged one is noticed.
 */
#define MAGIC "SLd1"
#define HEAD (4 + 8 + 1)
#define CHECK 16
#define STATE_MAX (HEAD + SL_DIGEST_STATE_MAX + CHECK)

static CK_RV
append_check(uint8_t *state, size_t len)
{
	uint8_t digest[SL_HASH_MAX];
	const enum sl_err err = sl_hash_once(SL_HASH_SHA256, state, len, digest);

	if (err == SL_OK)
		memcpy(state + len, digest, CHECK);
	return sl_rv(err);
}

static CK_MECHANISM_TYPE
mechanism_of(enum sl_hash hash)
{
	size_t n;
	const struct sl_mech *rows = sl_mech_rows(&n);

	for (size_t i = 0; i < n; i++)
		if ((rows[i].info.flags & CKF_DIGEST) != 0 && rows[i].hash == hash)
			return rows[i].type;
	return CK_UNAVAILABLE_INFORMATION;
}

/* More than one operation, or one that has a key. */
static bool
is_saveable(struct sl_session *session, struct sl_ops *ops)
{
	bool alone;

	if (!ops->digest.active || ops->digest.holds_key)
		return false;
	ops->digest.active = false;
	alone = !sl_op_any(session);
	ops->digest.active = true;
	return alone;
}

static CK_RV
write_state(const struct sl_digest_op *op, uint8_t state[STATE_MAX], size_t *ret_len)
{
	const CK_MECHANISM_TYPE type = mechanism_of(sl_digest_hash(op->digest));
	struct sl_writer w = sl_writer_of(state, HEAD);
	size_t len;
	CK_RV rv;

	sl_writer_bytes(&w, MAGIC, 4);
	sl_writer_u32be(&w, (uint32_t)((uint64_t)type >> 32));
	sl_writer_u32be(&w, (uint32_t)type);
	sl_writer_u8(&w, op->updating ? 1 : 0);
	if (sl_digest_save(op->digest, state + HEAD, &len) != SL_OK)
		return CKR_STATE_UNSAVEABLE;
	rv = append_check(state, HEAD + len);
	*ret_len = HEAD + len + CHECK;
	return rv;
}

CK_RV
sl_op_state_get(struct sl_session *session, struct sl_out out)
{
	struct sl_ops *ops = sl_ops_of(session);
	uint8_t state[STATE_MAX];
	CK_BYTE_PTR dst = NULL;
	size_t len = 0;
	CK_RV rv;

	if (out.len == NULL)
		return CKR_ARGUMENTS_BAD;
	if (ops == NULL || !sl_op_any(session))
		return ops == NULL ? CKR_HOST_MEMORY : CKR_OPERATION_NOT_INITIALIZED;
	if (!is_saveable(session, ops))
		return CKR_STATE_UNSAVEABLE;
	if ((rv = write_state(&ops->digest, state, &len)) == CKR_OK)
		rv = sl_out_claim(out, len, &dst);
	if (dst != NULL)
		memcpy(dst, state, len);
	sl_secret_wipe(state, sizeof(state));
	return rv;
}

/* The mechanism's row, whether there was an update, and the hash's state, within given; NULL: damaged, or of another make. */
static const struct sl_mech *
read_state(struct sl_in given, bool *ret_updating, struct sl_in *ret_hash_state)
{
	struct sl_reader r;
	uint8_t copy[STATE_MAX];
	const uint8_t *magic;
	uint64_t type;

	if (given.len < HEAD + CHECK || given.len > STATE_MAX)
		return NULL;
	memcpy(copy, given.data, given.len);
	if (append_check(copy, given.len - CHECK) != CKR_OK || memcmp(copy, given.data, given.len) != 0)
		return NULL;
	r = sl_reader_of(given.data, given.len - CHECK);
	magic = sl_reader_bytes(&r, 4);
	type = (uint64_t)sl_reader_u32be(&r) << 32;
	type |= sl_reader_u32be(&r);
	*ret_updating = sl_reader_u8(&r) != 0;
	*ret_hash_state = (struct sl_in){ r.at, r.left };
	if (magic == NULL || memcmp(magic, MAGIC, 4) != 0 || sl_mech_hash((CK_MECHANISM_TYPE)type) == SL_HASH_NONE)
		return NULL;
	return sl_mech_find((CK_MECHANISM_TYPE)type);
}

CK_RV
sl_op_state_set(struct sl_session *session, struct sl_in given, bool with_keys)
{
	SL_CLEANUP(sl_digest_free) struct sl_digest *digest = NULL;
	struct sl_ops *ops = sl_ops_of(session);
	const struct sl_mech *mech;
	struct sl_in state;
	bool updating;
	CK_RV rv;

	if (given.data == NULL)
		return CKR_ARGUMENTS_BAD;
	if (ops == NULL)
		return CKR_HOST_MEMORY;
	if ((mech = read_state(given, &updating, &state)) == NULL)
		return CKR_SAVED_STATE_INVALID;
	if (with_keys)
		return CKR_KEY_NOT_NEEDED;
	if ((rv = sl_rv(sl_digest_new_saveable(mech->hash, &digest))) != CKR_OK)
		return rv;
	if (sl_digest_load(digest, state.data, state.len) != SL_OK)
		return CKR_SAVED_STATE_INVALID;
	/* The saved one takes the place of whatever the session was at. */
	sl_op_cancel(session, ~(CK_FLAGS)CKF_FIND_OBJECTS);
	sl_digest_free(&ops->digest.digest);
	ops->digest = (struct sl_digest_op){ .active = true, .updating = updating, .digest = SL_TAKE(digest) };
	return CKR_OK;
}
