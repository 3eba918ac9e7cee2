/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_MATERIAL_H
#define SL_TOKEN_MATERIAL_H

#include "root/root.h"
#include "token/recipe.h"
#include "token/seal.h"

/*
 * Where an object's key comes from, shared by the objects and the snapshots of objects that use it. The key itself is made at first use and
 * kept: ten thousand signatures cost the TPM what one does. Reference counted; safe from any thread.
 */
struct sl_material;

/* A key that exists: session keys. Takes a reference of its own. */
SL_MUST_CHECK enum sl_err sl_material_of_key(struct sl_key *key, struct sl_material **ret_material);

/* A public key, made from its SubjectPublicKeyInfo at first use. */
SL_MUST_CHECK enum sl_err sl_material_of_spki(const void *spki, size_t len, struct sl_material **ret_material);

/* A derived key; known may be NULL. bound: the token secret is in its context (doc/pin.md). */
SL_MUST_CHECK enum sl_err sl_material_of_recipe(const struct sl_recipe *recipe, bool bound, const struct sl_known *known,
                                                struct sl_material **ret_material);

/* A sealed key: copies the blob; known may be NULL, its hints are not used. SL_ERR_FORMAT: an empty blob. */
SL_MUST_CHECK enum sl_err sl_material_of_sealed(const struct sl_sealed_key *sealed, const struct sl_known *known,
                                                struct sl_material **ret_material);

struct sl_material *sl_material_ref(struct sl_material *m);
void sl_material_unref(struct sl_material **m);

/* NULL when it is not a derived key. */
const struct sl_recipe *sl_material_recipe(const struct sl_material *m);

/* Borrowed; NULL when it is not a sealed key. */
const struct sl_sealed_key *sl_material_sealed(const struct sl_material *m);

/* Whether sl_material_key() needs the token secret: derived or sealed with it. */
bool sl_material_bound(const struct sl_material *m);

/* Whether sl_material_key() asks the root when the key is not there yet. */
bool sl_material_needs_root(const struct sl_material *m);

/* The RSA hints on record, or found since. */
struct sl_rsa_hints sl_material_hints(struct sl_material *m);

/* The key if it is there already, referenced; else NULL. Never touches the root. */
struct sl_key *sl_material_have(struct sl_material *m);

/*
 * Gives what came back from sl_root_derive(): expands it, compares it with what is on record, and keeps the key. *ret_hints (may be NULL): the
 * right RSA hints. SL_ERR_MISMATCH.
 */
SL_MUST_CHECK enum sl_err sl_material_fill(struct sl_material *m, const uint8_t secret[SL_ROOT_SECRET_LEN],
                                           struct sl_rsa_hints *ret_hints);

/*
 * The key, referenced; when it is not there yet, derived from root, which has to be the one called name, or unsealed by it: by one thread, while the
 * others wait. token_secret may be NULL for a key that is not bound; else SL_ERR_LOGIN. SL_ERR_MISMATCH: it is not the one on record.
 */
SL_MUST_CHECK enum sl_err sl_material_key(struct sl_material *m, struct sl_root *root, const struct sl_root_name *name,
                                          const struct sl_secret *token_secret, struct sl_key **ret_key);

#endif
