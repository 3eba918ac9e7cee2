/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_PROVIDER_H
#define SL_CRYPTO_PROVIDER_H

#include "crypto/der.h"

#include <openssl/core.h>
#include <openssl/provider.h>

/*
 * The default provider's keys and what is done with them, called as libcrypto's own EVP layer calls them
 * (provider-keymgmt(7), provider-signature(7), provider-keyexch(7), provider-asym_cipher(7)), and not through EVP_PKEY.
 * For EVP_PKEY asks ENGINEs by the name of the key's type, in every library context and for provided keys too. Where
 * our host made an engine the default for RSA and EC (libp11's PKCS#11 engine does that for itself),
 * EVP_PKEY_fromdata() by "RSA" and "EC" fails, and EVP_PKEY_sign() goes to the engine's method, whatever that does with
 * a key it does not know. (Names no engine knows can be had only from a provider of our own, and each use of one makes
 * libcrypto look through its host's configuration.)
 *
 * What is left: libcrypto gives each RSA and EC key the RSA_METHOD or EC_KEY_METHOD of the default engine, and ECDSA
 * asks the host's RAND_METHOD for nonces; there is no public way around that. libp11's methods hand a key that is not
 * theirs to libcrypto's. tests/unit/test-engine.c sees to it that signatures are right.
 *
 * All of it within SL_OSSL_QUIET, after sl_ossl_ready(), and not when sl_ossl_gone(). kind: an asymmetric one.
 */

/* Finds the functions. Called once, by ossl.c; false when one is missing. */
bool sl_provider_open(OSSL_PROVIDER *provider);

/* The parameters of provider-keymgmt(7), as for EVP_PKEY_fromdata(). NULL on failure. */
void *sl_provider_import(enum sl_key_kind kind, bool is_private, const OSSL_PARAM *params);
bool sl_provider_get(enum sl_key_kind kind, void *keydata, OSSL_PARAM *params);
/* Fine with NULL. */
void sl_provider_free(enum sl_key_kind kind, void *keydata);

/*
 * A signature context on a key, ready for any number of signatures (for_verify: verifications); params may be empty.
 * NULL on failure, for the kinds of RFC 7748, and where libcrypto takes no parameters. The key has to outlive it.
 */
void *sl_provider_sig_new(enum sl_key_kind kind, void *keydata, bool for_verify, const OSSL_PARAM *params);
void sl_provider_sig_free(enum sl_key_kind kind, void *ctx);

/* *len is the room before, the length after. EdDSA takes the message, the others a digest. */
bool sl_provider_sign(enum sl_key_kind kind, void *ctx, const struct sl_bytes *in, uint8_t *sig, size_t *len);
bool sl_provider_verify(enum sl_key_kind kind, void *ctx, const struct sl_bytes *in, const struct sl_bytes *sig);

/*
 * ECDH, X25519, X448 with a peer's public key of the same curve. *len is the room before, the length after. False also
 * for an all-zero result of the latter two.
 */
bool sl_provider_agree(enum sl_key_kind kind, void *keydata, void *peer, uint8_t *out, size_t *len);

/* RSAEP, RSADP (RFC 8017 5.1): in is as long as the modulus and below it, out as long. */
bool sl_provider_rsa(void *keydata, bool is_private, const struct sl_bytes *in, uint8_t *out);

#endif
