/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_OBJECT_H
#define SL_TOKEN_OBJECT_H

#include "token/attr.h"
#include "token/material.h"
#include "token/schema.h"

enum sl_home {
	SL_HOME_SESSION,  /* in memory, gone with its session */
	SL_HOME_DECLARED, /* described by a key file */
	SL_HOME_STORE,
	SL_HOME_ROOT,     /* the token's root as an object */
	SL_HOME_PROFILE,  /* what the module says of itself */
};

/*
 * One object as PKCS#11 shows it. A snapshot: what is inside never changes after it is published in a token's table; a change publishes another
 * snapshot under the same handle. Reference counted.
 */
struct sl_object {
	unsigned refs; /* atomic */
	CK_OBJECT_HANDLE handle;
	unsigned kind; /* enum sl_object_kind */
	enum sl_home home;
	CK_SESSION_HANDLE session; /* its owner, for SL_HOME_SESSION */
	int64_t row;               /* for SL_HOME_STORE */
	bool unfinished;           /* declared, and its public half is not known yet: never published */
	struct sl_attrs attrs;
	struct sl_material *material; /* NULL for data and certificates */
};

/* Takes the attributes over (they are empty afterwards); material is borrowed and may be NULL. kind follows from CKA_CLASS and the type. */
SL_MUST_CHECK enum sl_err sl_object_new(struct sl_attrs *take_attrs, struct sl_material *material, struct sl_object **ret_object);
/* A copy with the same identity, to be changed and published in its place. */
SL_MUST_CHECK enum sl_err sl_object_clone(const struct sl_object *object, struct sl_object **ret_copy);
struct sl_object *sl_object_ref(struct sl_object *object);
void sl_object_unref(struct sl_object **object);

CK_OBJECT_CLASS sl_object_class(const struct sl_object *object);
CK_KEY_TYPE sl_object_key_type(const struct sl_object *object);

/* CKA_PRIVATE: on a token with a PIN, the user's alone. */
bool sl_object_is_private(const struct sl_object *object);

/* PKCS#11 3.0 section 4.9: the private parts of a key that is sensitive or not extractable are shown to nobody. */
bool sl_object_hides(const struct sl_object *object, CK_ATTRIBUTE_TYPE type);

/*
 * Whether every attribute of the template has that value. A hidden value never matches, else a search would confirm guesses of it. For an
 * unfinished object what is not known yet counts as a match.
 */
bool sl_object_matches(const struct sl_object *object, const CK_ATTRIBUTE *template, CK_ULONG n);

/* Whether some attribute of the template is computed from the key itself and may be shown: then sl_token_key() has to come first. */
bool sl_object_wants_key(const struct sl_object *object, const CK_ATTRIBUTE *template, CK_ULONG n);

/*
 * C_GetAttributeValue for one attribute (PKCS#11 3.0 section 5.7.5): CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_SENSITIVE, CKR_BUFFER_TOO_SMALL,
 * ulValueLen set as it says.
 */
CK_RV sl_object_read(const struct sl_object *object, CK_ATTRIBUTE *attribute);

/* CKA_ALLOWED_MECHANISMS: true where there is none. */
bool sl_object_allows(const struct sl_object *object, CK_MECHANISM_TYPE type);

#endif
