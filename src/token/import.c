/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "token/import.h"

#include "token/build.h"
#include "token/newkey.h"

#include <string.h>

CK_KEY_TYPE
sl_import_type(const struct sl_import *import, const struct sl_key *key)
{
	switch (sl_key_kind(key)) {
	case SL_KEY_SECRET:
		return import->secret_type;
	case SL_KEY_RSA:
		return CKK_RSA;
	default:
		return sl_build_curve_type(sl_key_kind(key));
	}
}

/* What the front's codes mean here; the others are told by the device. */
static enum sl_err
err_of(CK_RV rv, struct sl_msg *msg)
{
	switch (rv) {
	case CKR_OK:
		return SL_OK;
	case CKR_HOST_MEMORY:
		return SL_ERR_MEMORY;
	case CKR_KEY_SIZE_RANGE:
	case CKR_ATTRIBUTE_VALUE_INVALID:
	case CKR_TEMPLATE_INCONSISTENT:
		sl_msg_set(msg, "a key of that type cannot be made of this");
		return SL_ERR_RANGE;
	case CKR_DATA_LEN_RANGE:
		sl_msg_set(msg, "longer than what can be sealed, %d bytes", SL_SEAL_MAX);
		return SL_ERR_RANGE;
	case CKR_TOKEN_WRITE_PROTECTED:
		sl_msg_set(msg, "the store cannot be written");
		return SL_ERR_READONLY;
	case CKR_USER_NOT_LOGGED_IN:
		sl_msg_set(msg, "the token has a PIN, expected --pin-file");
		return SL_ERR_LOGIN;
	case CKR_PIN_LOCKED:
		return SL_ERR_LOCKED;
	case CKR_TOKEN_NOT_PRESENT:
		return SL_ERR_ABSENT;
	default:
		return SL_ERR_DEVICE;
	}
}

/* Of the key's classes and the certificate's. */
static enum sl_err
none_yet(struct sl_token *token, const struct sl_import *import, bool pair, struct sl_msg *msg)
{
	static const struct {
		CK_OBJECT_CLASS class;
		const char *what;
	} classes[] = {
		{ CKO_PRIVATE_KEY, "private key" }, { CKO_PUBLIC_KEY, "public key" }, { CKO_SECRET_KEY, "secret key" }, { CKO_CERTIFICATE, "certificate" },
	};
	SL_FREE char *label = strdup(import->label);

	if (label == NULL)
		return SL_ERR_MEMORY;
	for (size_t i = 0; i < SL_ARRAY_LEN(classes); i++) {
		CK_OBJECT_CLASS class = classes[i].class;
		CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_LABEL, label, strlen(label) } };
		SL_FREE CK_OBJECT_HANDLE *handles = NULL;
		size_t n = 0;
		CK_RV rv;

		if (class == CKO_CERTIFICATE ? import->certificate == NULL : pair == (class == CKO_SECRET_KEY))
			continue;
		if ((rv = sl_token_find(token, template, SL_ARRAY_LEN(template), &handles, &n)) != CKR_OK)
			return err_of(rv, msg);
		if (n != 0) {
			sl_msg_set(msg, "token %s has a %s with the label \"%.200s\" already, expected another --label", token->config->name,
			           classes[i].what, import->label);
			return SL_ERR_EXISTS;
		}
	}
	return SL_OK;
}

static enum sl_err
certificate_fits(const struct sl_import *import, const struct sl_key *key, struct sl_msg *msg)
{
	SL_SECRET spki = { 0 };
	enum sl_err err;

	if (import->certificate == NULL)
		return SL_OK;
	err = sl_key_part(key, SL_PART_SPKI, &spki);
	if (err == SL_OK && spki.len == import->certificate->spki.len && memcmp(spki.bytes, import->certificate->spki.bytes, spki.len) == 0)
		return SL_OK;
	if (err != SL_OK && err != SL_ERR_NOT_FOUND)
		return err;
	sl_msg_set(msg, "the certificate is for another key");
	return SL_ERR_MISMATCH;
}

static enum sl_err
set_identity(const struct sl_import *import, struct sl_key *key, struct sl_attrs *attrs)
{
	enum sl_err err;

	if ((err = sl_attrs_set(attrs, CKA_LABEL, import->label, strlen(import->label))) != SL_OK ||
	    (err = sl_attrs_set_bool(attrs, CKA_TOKEN, true)) != SL_OK)
		return err;
	if (import->id_len != 0)
		return sl_attrs_set(attrs, CKA_ID, import->id, import->id_len);
	return sl_key_kind(key) == SL_KEY_SECRET ? SL_OK : sl_build_default_id(attrs, key);
}

static enum sl_err
public_half(const struct sl_import *import, struct sl_key *key, unsigned usage, struct sl_attrs *attrs)
{
	enum sl_err err;

	if ((err = sl_attrs_set_ulong(attrs, CKA_CLASS, CKO_PUBLIC_KEY)) != SL_OK ||
	    (err = sl_attrs_set_ulong(attrs, CKA_KEY_TYPE, sl_import_type(import, key))) != SL_OK ||
	    (err = set_identity(import, key, attrs)) != SL_OK || (err = sl_build_public_parts(attrs, key)) != SL_OK)
		return err;
	return sl_build_defaults(attrs, CKO_PUBLIC_KEY, usage);
}

static enum sl_err
certificate(const struct sl_import *import, struct sl_key *key, struct sl_attrs *attrs)
{
	enum sl_err err;

	if ((err = sl_build_certificate(attrs, import->certificate)) != SL_OK || (err = set_identity(import, key, attrs)) != SL_OK)
		return err;
	return sl_build_defaults(attrs, CKO_CERTIFICATE, 0);
}

static enum sl_err
begin(struct sl_session *session, const struct sl_import *import, struct sl_key *key, unsigned usage, struct sl_newkey *ret_newkey,
      struct sl_msg *msg)
{
	const bool pair = sl_key_kind(key) != SL_KEY_SECRET;
	const struct sl_newkey_default made = { SL_MAY_DERIVE, pair ? CKO_PRIVATE_KEY : CKO_SECRET_KEY, sl_import_type(import, key) };
	CK_BBOOL yes = CK_TRUE;
	CK_BBOOL extractable = import->extractable ? CK_TRUE : CK_FALSE;
	const CK_ATTRIBUTE template[] = { { CKA_TOKEN, &yes, sizeof(yes) }, { CKA_EXTRACTABLE, &extractable, sizeof(extractable) } };
	enum sl_err err;

	if ((err = err_of(sl_newkey_begin(session, &made, template, SL_ARRAY_LEN(template), ret_newkey), msg)) != SL_OK ||
	    (err = set_identity(import, key, &ret_newkey->attrs)) != SL_OK)
		return err;
	return sl_build_defaults(&ret_newkey->attrs, made.class, usage);
}

/* A private key is there already; a secret one is checked against its type. */
static enum sl_err
give_key(struct sl_newkey *k, struct sl_key *key, struct sl_msg *msg)
{
	SL_SECRET value = { 0 };
	enum sl_err err;

	if (sl_key_kind(key) != SL_KEY_SECRET) {
		k->key = sl_key_ref(key);
		return SL_OK;
	}
	if ((err = sl_key_part(key, SL_PART_SECRET, &value)) != SL_OK)
		return err;
	if ((err = err_of(sl_newkey_secret(k, value.bytes, value.len), msg)) == SL_ERR_RANGE)
		sl_msg_set(msg, "%zu bytes, expected %s", value.len,
		           k->key_type == CKK_AES ? "the 16, 24 or 32 of an AES key and nothing after them" : "1 to 8192");
	return err;
}

enum sl_err
sl_import_key(struct sl_session *session, const struct sl_import *import, struct sl_key *key, struct sl_msg *msg)
{
	const bool pair = sl_key_kind(key) != SL_KEY_SECRET;
	const unsigned can = sl_build_usage_of(sl_import_type(import, key));
	const unsigned usage = import->usage == 0 ? can : import->usage;
	SL_CLEANUP(sl_record_clear) struct sl_record public = { 0 };
	SL_CLEANUP(sl_record_clear) struct sl_record cert = { 0 };
	SL_NEWKEY k = { 0 };
	CK_OBJECT_HANDLE handle;
	enum sl_err err;

	if ((usage & ~can) != 0) {
		sl_msg_set(msg, "--usage: a key of this type cannot have that usage");
		return SL_ERR_ARG;
	}
	if ((err = certificate_fits(import, key, msg)) != SL_OK || (err = none_yet(session->token, import, pair, msg)) != SL_OK ||
	    (err = begin(session, import, key, usage, &k, msg)) != SL_OK || (err = give_key(&k, key, msg)) != SL_OK)
		return err;
	if (pair && (err = public_half(import, key, usage, &public.attrs)) != SL_OK)
		return err;
	if (import->certificate != NULL && (err = certificate(import, key, &cert.attrs)) != SL_OK)
		return err;
	k.beside[0] = pair ? &public : NULL;
	k.beside[1] = import->certificate != NULL ? &cert : NULL;
	return err_of(sl_newkey_finish(session, &k, &handle), msg);
}
