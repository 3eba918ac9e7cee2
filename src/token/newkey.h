/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_NEWKEY_H
#define SL_TOKEN_NEWKEY_H

#include "token/store.h"
#include "token/view.h"

/*
 * A private or secret key that comes from somewhere: C_CreateObject, C_UnwrapKey, C_DeriveKey, a copy from a session to the token. What they have in common: the
 * template is checked first, then the key is made, then the object. On the token such a key is sealed to the TPM.
 */
#define SL_NEWKEY_BESIDE 2 /* a public key and a certificate */
struct sl_newkey {
	unsigned kind;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
	struct sl_attrs attrs;       /* as the template says */
	struct sl_key *key;          /* owned; set between begin and finish */
	CK_MECHANISM_TYPE mechanism; /* CKA_KEY_GEN_MECHANISM, with CKA_LOCAL = true; CK_UNAVAILABLE_INFORMATION: not generated here */
	bool always_sensitive;       /* what CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE can be at most */
	bool never_extractable;
	struct sl_view view;         /* of who makes it */
	bool derives;                /* CKA_DERIVE is true unless the template says otherwise */
	bool closed;                 /* sensitive and not extractable unless the template says otherwise */
	struct sl_record *beside[SL_NEWKEY_BESIDE]; /* borrowed: stored with a key on the token, in one transaction; NULL: none */
};

#define SL_NEWKEY SL_CLEANUP(sl_newkey_clear) struct sl_newkey
void sl_newkey_clear(struct sl_newkey *newkey);

/*
 * may: SL_MAY_CREATE or SL_MAY_DERIVE. class and key_type: when the template names none (CK_UNAVAILABLE_INFORMATION: it has to). The codes of template.h,
 * and CKR_SESSION_READ_ONLY, CKR_TOKEN_WRITE_PROTECTED.
 */
struct sl_newkey_default {
	unsigned may;
	CK_OBJECT_CLASS class;
	CK_KEY_TYPE key_type;
};
CK_RV sl_newkey_begin(struct sl_session *session, const struct sl_newkey_default *otherwise, const CK_ATTRIBUTE *template, CK_ULONG n,
                      struct sl_newkey *ret_newkey);

/*
 * Applies the CKA_UNWRAP_TEMPLATE or CKA_DERIVE_TEMPLATE of a key that the new one comes from; fine when it has none. The codes of sl_newkey_begin().
 */
CK_RV sl_newkey_rule(struct sl_session *session, const struct sl_object *from, CK_ATTRIBUTE_TYPE rule, struct sl_newkey *newkey);

/* C_CreateObject: makes newkey->key of the values in its template, which are gone from it then. */
CK_RV sl_newkey_import(struct sl_newkey *newkey);

/* Makes newkey->key of len bytes: the value of a secret key. CKR_ATTRIBUTE_VALUE_INVALID or CKR_KEY_SIZE_RANGE when they do not suit its type. */
CK_RV sl_newkey_secret(struct sl_newkey *newkey, const uint8_t *value, size_t len);

/* Checks that the key is one of the kind, completes the attributes, seals it where CKA_TOKEN is true, and publishes it. newkey is used up. */
CK_RV sl_newkey_finish(struct sl_session *session, struct sl_newkey *newkey, CK_OBJECT_HANDLE *ret_handle);

/* Seals the key for the record of it (attrs say whether it is private): blob, form and binding. */
CK_RV sl_newkey_seal(struct sl_token *token, const struct sl_view *view, const struct sl_key *key, struct sl_record *record);

/* PKCS#11 3.0 section 5.6: a read-only session makes, changes and destroys no token objects. */
CK_RV sl_newkey_may_write(const struct sl_session *session, bool token_object);

#endif
