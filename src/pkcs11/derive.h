/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_DERIVE_H
#define SL_PKCS11_DERIVE_H

#include "crypto/mac.h"
#include "pkcs11-derive.h"
#include "pkcs11/mech.h"
#include "token/make.h"
#include "token/newkey.h"

/*
 * C_DeriveKey (PKCS#11 3.0 section 5.18.5). derive.c has the frame: checks, the base key, the new object. Each mechanism is one function that
 * makes bytes of a base key and its parameter; derive_kdf.c and derive_tls.c have them.
 */
struct sl_derive {
	struct sl_session *session;
	const CK_MECHANISM *mechanism;
	struct sl_object *base;
	struct sl_key *key;      /* the base key; NULL: the base is the token's root */
	size_t len;              /* bytes that the new key wants; 0: as many as the mechanism gives */
	bool pieceless;          /* a key that may not be shown takes part: derive_plain.c gives no pieces of it */
	struct sl_newkey newkey; /* the template, checked */
};

/* Makes the value of the new key: d->len bytes where that is not 0. */
typedef CK_RV sl_derive_fn(struct sl_derive *d, struct sl_secret *ret_value);

CK_RV sl_derive_key(struct sl_session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base, const struct sl_half *template,
                    CK_OBJECT_HANDLE *ret_key);

sl_derive_fn sl_derive_ecdh;
sl_derive_fn sl_derive_hkdf;
sl_derive_fn sl_derive_kdf108;
sl_derive_fn sl_derive_concat_key;
sl_derive_fn sl_derive_concat_data;
sl_derive_fn sl_derive_data_concat;
sl_derive_fn sl_derive_xor;
sl_derive_fn sl_derive_extract;
sl_derive_fn sl_derive_aes_ecb;
sl_derive_fn sl_derive_aes_cbc;
sl_derive_fn sl_derive_tls12_master;
sl_derive_fn sl_derive_tls_kdf;

/* Mechanisms that make several objects, or one that is no key: they do all themselves, after the frame's checks. */
CK_RV sl_derive_tls12_keys(struct sl_derive *d);
CK_RV sl_derive_hkdf_data(struct sl_session *session, struct sl_derive *d, const struct sl_half *template, CK_OBJECT_HANDLE *ret_object);

/* SP 800-108 with additional keys; whether there are any. */
CK_RV sl_derive_kdf108_keys(struct sl_derive *d, const struct sl_half *template, CK_OBJECT_HANDLE *ret_key);
bool sl_derive_kdf108_has_more(const CK_MECHANISM *mechanism);

/* A secret key object of these bytes from a template of its own, as the frame makes it. */
CK_RV sl_derive_object(struct sl_derive *d, const struct sl_half *template, struct sl_bytes value, CK_OBJECT_HANDLE *ret_key);

/* Another secret key that takes part: allowed to, by its own attributes. CKR_KEY_HANDLE_INVALID, CKR_KEY_FUNCTION_NOT_PERMITTED. */
CK_RV sl_derive_other(struct sl_derive *d, CK_OBJECT_HANDLE handle, struct sl_object **ret_object, struct sl_secret *ret_value);

/* Whether the base's value may be shown to nobody. */
bool sl_derive_base_is_closed(const struct sl_derive *d);

/* The bytes of a secret base key. */
CK_RV sl_derive_base_value(const struct sl_derive *d, struct sl_secret *ret_value);

/* The token's root applied to a label and parts (doc/derivation.md, "The root as a PKCS#11 key"): 32 bytes. */
CK_RV sl_derive_from_root(const struct sl_derive *d, const char *label, const struct sl_part *parts, size_t n, struct sl_secret *ret_secret);

/* C_GenerateKey with CKM_PKCS5_PBKD2 (section 2.39). */
CK_RV sl_derive_pbkdf2(struct sl_session *session, const CK_MECHANISM *mechanism, const struct sl_half *template, CK_OBJECT_HANDLE *ret_key);

/* What the context of a root key says of the PRF: u32be of the number that PKCS#11 gives it. */
struct sl_part sl_derive_prf_name(CK_MECHANISM_TYPE type, uint8_t room[4]);

/* CKM_SHA256_HMAC and so on; SL_HASH_NONE when it is none. */
enum sl_hash sl_derive_prf(CK_MECHANISM_TYPE prf);

#endif
