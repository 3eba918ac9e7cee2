/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/agree.h"
#include "crypto/key_internal.h"

/*
 * The peer's public key, on our curve: libcrypto checks that (SP 800-56A 5.6.2.3.3; the kinds of RFC 7748 take any
 * string).
 */
static enum sl_err
read_peer(const struct sl_key *key, const uint8_t *point, size_t len, struct sl_key **ret_peer)
{
	const struct sl_curve *curve = key->pub.curve;
	enum sl_err err;

	if (curve->kind == SL_KEY_EC)
		err = sl_key_from_ec_point(curve->oid.data, curve->oid.len, point, len, ret_peer);
	else
		err = sl_key_from_raw_public(curve->kind, point, len, ret_peer);
	return err == SL_ERR_FORMAT ? SL_ERR_ARG : err;
}

/* RFC 7748 6.1, 6.2: the peer's point had a small order. */
static bool
all_zero(const struct sl_secret *z)
{
	uint8_t any = 0;

	for (size_t i = 0; i < z->len; i++)
		any |= z->bytes[i];
	return any == 0;
}

enum sl_err
sl_agree(struct sl_key *private_key, const uint8_t *point, size_t len, struct sl_secret *ret_z)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const enum sl_key_kind kind = private_key->kind;
	const bool is_ec = kind == SL_KEY_EC;
	SL_CLEANUP(sl_key_unref) struct sl_key *peer = NULL;
	SL_SECRET z = { 0 };
	enum sl_err err;
	size_t got;

	if ((!is_ec && kind != SL_KEY_X25519 && kind != SL_KEY_X448) || !private_key->is_private)
		return SL_ERR_ARG;
	if ((err = sl_ossl_ready()) != SL_OK || (err = read_peer(private_key, point, len, &peer)) != SL_OK ||
	    (err = sl_secret_alloc(&z, sl_curve_width(private_key->pub.curve))) != SL_OK)
		return err;
	got = z.len;
	if (!sl_provider_agree(kind, private_key->keydata, peer->keydata, z.bytes, &got) || got != z.len)
		return is_ec ? SL_ERR_CRYPTO : SL_ERR_VERIFY;
	if (!is_ec && all_zero(&z))
		return SL_ERR_VERIFY;
	*ret_z = sl_secret_take(&z);
	return SL_OK;
}
