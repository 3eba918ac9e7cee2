/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_BUILD_H
#define SL_TOKEN_BUILD_H

#include "config/keyfile.h"
#include "crypto/cert.h"
#include "crypto/key.h"
#include "derive/keytype.h"
#include "token/attr.h"
#include "token/recipe.h"

/* The attributes that follow from what an object is. None of these replaces a value that is there already, unless it says so. */

/* enum sl_usage bits a key of that type has when nobody says otherwise; also all that it can have. */
unsigned sl_build_usage(const struct sl_keytype *type);

/* The same for a PKCS#11 key type, whatever its size. */
unsigned sl_build_usage_of(CK_KEY_TYPE type);

/* CKK_ of a type. */
CK_KEY_TYPE sl_build_key_type(const struct sl_keytype *type);

/* CKK_ of a curve's keys. */
CK_KEY_TYPE sl_build_curve_type(enum sl_key_kind kind);

/* Every attribute that objects of that class always have: defaults for what is missing. usage: enum sl_usage bits that are true. */
SL_MUST_CHECK enum sl_err sl_build_defaults(struct sl_attrs *attrs, CK_OBJECT_CLASS class, unsigned usage);

/*
 * The public parts of an asymmetric key: CKA_PUBLIC_KEY_INFO, CKA_MODULUS and so on, CKA_EC_POINT as a DER OCTET STRING. Replaces what is there, but
 * keeps the spelling of CKA_EC_PARAMS that a caller chose.
 */
SL_MUST_CHECK enum sl_err sl_build_public_parts(struct sl_attrs *attrs, struct sl_key *key);

/* The first 20 bytes of the SHA-256 of the SubjectPublicKeyInfo: the CKA_ID of a pair that was given none. */
SL_MUST_CHECK enum sl_err sl_build_default_id(struct sl_attrs *attrs, struct sl_key *key);

/* Class, type and what the certificate itself says; replaces what is there. */
SL_MUST_CHECK enum sl_err sl_build_certificate(struct sl_attrs *attrs, const struct sl_cert *cert);

/* CKA_UNIQUE_ID (PKCS#11 3.0 section 4.4.1): 128 random bits in hex, never given twice. */
SL_MUST_CHECK enum sl_err sl_build_unique_id(struct sl_attrs *attrs);

/* What a derived key is a function of, as the vendor attributes show it. */
SL_MUST_CHECK enum sl_err sl_build_recipe(struct sl_attrs *attrs, const struct sl_recipe *recipe);

#endif
