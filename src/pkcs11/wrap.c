/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/wrap.h"

#include "crypto/rand.h"
#include "token/nested.h"
#include "token/root_key.h"
#include "token/rv.h"
#include "token/template.h"

#include <stdlib.h>
#include <string.h>

#define WRAP_MAX ((size_t)64 * 1024)

/*
 * What a mechanism can carry. A private key goes as its PrivateKeyInfo, which has any length; CBC and ECB without padding add zeros, so that the length has to be known when
 * it comes back (section 2.11.6): secret keys only.
 */
static bool
carries_any_length(const struct sl_mech *mech)
{
	if (mech->key_type == CKK_RSA)
		return mech->params == SL_PARAMS_RSA_AES;
	return mech->mode == SL_CIPHER_CBC_PAD || mech->mode == SL_CIPHER_KWP || mech->mode == SL_CIPHER_GCM || mech->mode == SL_CIPHER_CCM ||
	       mech->mode == SL_CIPHER_CHACHA20_POLY1305;
}

static bool
pads_with_zeros(const struct sl_mech *mech)
{
	return mech->key_type != CKK_RSA && (mech->mode == SL_CIPHER_CBC || mech->mode == SL_CIPHER_ECB);
}

/*
 * ECB and CBC do not notice what was changed. Who unwraps with a vector of his choice and is told whether the padding was right learns the plaintext of any
 * block, byte by byte (Vaudenay 2002; Bardou et al. 2012), or makes keys out of another's halves (Clulow 2003).
 */
static bool
is_authenticated(const struct sl_mech *mech)
{
	return mech->key_type == CKK_RSA || (mech->mode != SL_CIPHER_ECB && mech->mode != SL_CIPHER_CBC && mech->mode != SL_CIPHER_CBC_PAD);
}

/* The wrapping key: there, of the mechanism's type, and allowed to. */
static CK_RV
check_wrapper(const struct sl_object *object, const struct sl_mech *mech, bool wraps)
{
	const CK_RV handle = wraps ? CKR_WRAPPING_KEY_HANDLE_INVALID : CKR_UNWRAPPING_KEY_HANDLE_INVALID;
	const CK_RV type = wraps ? CKR_WRAPPING_KEY_TYPE_INCONSISTENT : CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT;
	const CK_OBJECT_CLASS class = object == NULL ? 0 : sl_object_class(object);

	if (object == NULL || (object->kind & SL_IS_KEY) == 0)
		return handle;
	if (sl_object_key_type(object) != mech->key_type ||
	    class != (mech->key_type != CKK_RSA ? CKO_SECRET_KEY : wraps ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY))
		return type;
	/* Nothing begins here that a PIN could be given for. */
	if (sl_attrs_bool(&object->attrs, CKA_ALWAYS_AUTHENTICATE, false))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	if (!sl_attrs_bool(&object->attrs, wraps ? CKA_WRAP : CKA_UNWRAP, false))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	/* A key that may carry what nobody may read (doc/attacks.md) does it in a mode that notices changes. */
	if (sl_template_only_wraps(&object->attrs) && !is_authenticated(mech))
		return CKR_MECHANISM_INVALID;
	return sl_object_allows(object, mech->type) ? CKR_OK : CKR_MECHANISM_INVALID;
}

/* The key that goes: it has to let itself be taken, by this wrapper. */
static CK_RV
check_wrapped(const struct sl_object *object, const struct sl_object *wrapper, const struct sl_mech *mech)
{
	const struct sl_attr *rule = sl_attrs_get(&wrapper->attrs, CKA_WRAP_TEMPLATE);

	if (object == NULL || (object->kind & (SL_IS_PRIVATE | SL_IS_SECRET)) == 0)
		return CKR_KEY_HANDLE_INVALID;
	if (sl_root_key_is(object) || !sl_attrs_bool(&object->attrs, CKA_EXTRACTABLE, false))
		return CKR_KEY_UNEXTRACTABLE;
	if (sl_attrs_bool(&object->attrs, CKA_WRAP_WITH_TRUSTED, false) && !sl_attrs_bool(&wrapper->attrs, CKA_TRUSTED, false))
		return CKR_KEY_NOT_WRAPPABLE;
	/* Who cannot read a key does not get it from a key that wraps and decrypts. What can be read anyway goes with any. */
	if (sl_object_class(wrapper) == CKO_SECRET_KEY && sl_attrs_bool(&object->attrs, CKA_SENSITIVE, true) &&
	    !sl_template_only_wraps(&wrapper->attrs))
		return CKR_KEY_NOT_WRAPPABLE;
	if (rule != NULL && !sl_nested_fits(rule, object))
		return CKR_KEY_HANDLE_INVALID; /* section 5.18.3 says so */
	if ((object->kind & SL_IS_PRIVATE) != 0 && !carries_any_length(mech))
		return CKR_KEY_NOT_WRAPPABLE;
	return CKR_OK;
}

/* What is encrypted. */
static CK_RV
payload_of(struct sl_token *token, struct sl_object *object, const struct sl_mech *mech, struct sl_secret *ret_payload)
{
	SL_SECRET value = { 0 };
	struct sl_key *key = NULL;
	CK_RV rv = sl_rv(sl_token_key(token, object, &key));

	if (rv != CKR_OK)
		return rv;
	rv = sl_rv((object->kind & SL_IS_PRIVATE) != 0 ? sl_key_pkcs8(key, &value) : sl_key_part(key, SL_PART_SECRET, &value));
	sl_key_unref(&key);
	if (rv != CKR_OK || !pads_with_zeros(mech)) {
		if (rv == CKR_OK)
			*ret_payload = sl_secret_take(&value);
		return rv;
	}
	rv = sl_rv(sl_secret_alloc(ret_payload, (value.len + 15) / 16 * 16));
	if (rv == CKR_OK)
		memcpy(ret_payload->bytes, value.bytes, value.len);
	return rv;
}

static CK_RV
cipher_rv(enum sl_err err, bool encrypt)
{
	switch (err) {
	case SL_ERR_RANGE:
		return encrypt ? CKR_KEY_SIZE_RANGE : CKR_WRAPPED_KEY_LEN_RANGE;
	case SL_ERR_VERIFY:
		return encrypt ? CKR_FUNCTION_FAILED : CKR_WRAPPED_KEY_INVALID;
	default:
		return sl_rv(err);
	}
}

/* One shot through a cipher. *ret_out has all of it. */
static CK_RV
run_cipher(struct sl_key *key, const struct sl_cipher_params *params, bool encrypt, struct sl_in in, struct sl_secret *ret_out)
{
	struct sl_cipher *cipher = NULL;
	SL_SECRET room = { 0 };
	size_t head = 0;
	size_t tail = 0;
	enum sl_err err = sl_cipher_new(key, params, encrypt, &cipher);

	if (err != SL_OK)
		return err == SL_ERR_ARG ? CKR_MECHANISM_PARAM_INVALID : sl_rv(err);
	if ((err = sl_secret_alloc(&room, sl_cipher_total_max(cipher, in.len) + 1)) == SL_OK &&
	    (err = sl_cipher_update(cipher, in.data, in.len, room.bytes, &head)) == SL_OK)
		err = sl_cipher_final(cipher, room.bytes + head, &tail);
	sl_cipher_free(&cipher);
	if (err != SL_OK)
		return cipher_rv(err, encrypt);
	if (head + tail == 0)
		return CKR_WRAPPED_KEY_INVALID;
	return sl_rv(sl_secret_copy(ret_out, room.bytes, head + tail));
}

/* PKCS#11 3.0 current mechanisms, section 2.1.21: a key for this time, under RSA; and what is wrapped, under that key. */
static size_t
inner_len(const CK_MECHANISM *mechanism)
{
	const SL_CK_RSA_AES_KEY_WRAP_PARAMS *p = mechanism->pParameter;

	return p->ulAESKeyBits / 8;
}

static CK_RV
wrap_both(struct sl_key *key, const struct sl_rsa_crypt *rsa, size_t inner, const struct sl_secret *payload, struct sl_secret *ret_out)
{
	const struct sl_cipher_params kwp = { .mode = SL_CIPHER_KWP };
	SL_CLEANUP(sl_key_unref) struct sl_key *aes = NULL;
	const size_t head = sl_rsa_crypt_len(key);
	SL_SECRET bytes = { 0 };
	SL_SECRET tail = { 0 };
	SL_SECRET out = { 0 };
	enum sl_err err;
	CK_RV rv;

	if ((rv = sl_rv(sl_secret_alloc(&bytes, inner))) != CKR_OK || (rv = sl_rv(sl_rand(bytes.bytes, bytes.len))) != CKR_OK ||
	    (rv = sl_rv(sl_key_from_secret(bytes.bytes, bytes.len, &aes))) != CKR_OK ||
	    (rv = run_cipher(aes, &kwp, true, (struct sl_in){ payload->bytes, payload->len }, &tail)) != CKR_OK ||
	    (rv = sl_rv(sl_secret_alloc(&out, head + tail.len))) != CKR_OK)
		return rv;
	if ((err = sl_rsa_encrypt(key, rsa, bytes.bytes, bytes.len, out.bytes)) != SL_OK)
		return err == SL_ERR_RANGE ? CKR_WRAPPING_KEY_SIZE_RANGE : sl_rv(err);
	memcpy(out.bytes + head, tail.bytes, tail.len);
	*ret_out = sl_secret_take(&out);
	return CKR_OK;
}

/* Whichever part is wrong, the answer is one (Manger, CRYPTO 2001). */
static CK_RV
unwrap_both(struct sl_key *key, const struct sl_rsa_crypt *rsa, size_t inner, struct sl_in wrapped, struct sl_secret *ret_payload)
{
	const struct sl_cipher_params kwp = { .mode = SL_CIPHER_KWP };
	SL_CLEANUP(sl_key_unref) struct sl_key *aes = NULL;
	const size_t head = sl_rsa_crypt_len(key);
	const uint8_t *data = wrapped.data;
	SL_SECRET bytes = { 0 };
	enum sl_err err;
	CK_RV rv;

	if (wrapped.len <= head)
		return CKR_WRAPPED_KEY_LEN_RANGE;
	err = sl_rsa_decrypt(key, rsa, data, head, &bytes);
	if (err == SL_ERR_VERIFY || err == SL_ERR_RANGE || (err == SL_OK && bytes.len != inner))
		return CKR_WRAPPED_KEY_INVALID;
	if (err != SL_OK || (err = sl_key_from_secret(bytes.bytes, bytes.len, &aes)) != SL_OK)
		return sl_rv(err);
	rv = run_cipher(aes, &kwp, false, (struct sl_in){ data + head, wrapped.len - head }, ret_payload);
	return rv == CKR_OK || rv == CKR_HOST_MEMORY ? rv : CKR_WRAPPED_KEY_INVALID;
}

static CK_RV
encrypt(struct sl_key *key, const struct sl_mech *mech, const CK_MECHANISM *mechanism, const struct sl_secret *payload,
        struct sl_secret *ret_out)
{
	struct sl_cipher_params params;
	struct sl_rsa_crypt rsa;
	enum sl_err err;
	CK_RV rv;

	if (mech->key_type != CKK_RSA) {
		rv = sl_mech_cipher_params(mech, mechanism, &params);
		if (rv == CKR_OK && params.mode == SL_CIPHER_CCM && params.data_len == 0)
			params.data_len = payload->len;
		return rv == CKR_OK ? run_cipher(key, &params, true, (struct sl_in){ payload->bytes, payload->len }, ret_out) : rv;
	}
	if ((rv = sl_mech_rsa_params(mech, mechanism, &rsa)) != CKR_OK)
		return rv;
	if (mech->params == SL_PARAMS_RSA_AES)
		return wrap_both(key, &rsa, inner_len(mechanism), payload, ret_out);
	if ((rv = sl_rv(sl_secret_alloc(ret_out, sl_rsa_crypt_len(key)))) != CKR_OK)
		return rv;
	err = sl_rsa_encrypt(key, &rsa, payload->bytes, payload->len, ret_out->bytes);
	return err == SL_ERR_RANGE ? CKR_KEY_SIZE_RANGE : sl_rv(err);
}

CK_RV
sl_wrap_key(struct sl_session *session, const CK_MECHANISM *mechanism, const CK_OBJECT_HANDLE handles[2], struct sl_out out)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *wrapper = sl_token_object(session->token, handles[0]);
	SL_CLEANUP(sl_object_unref) struct sl_object *object = sl_token_object(session->token, handles[1]);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	const struct sl_mech *mech;
	SL_SECRET payload = { 0 };
	SL_SECRET wrapped = { 0 };
	CK_BYTE_PTR dst;
	CK_RV rv;

	if ((rv = sl_mech_use(mechanism, CKF_WRAP, &mech)) != CKR_OK || (rv = check_wrapper(wrapper, mech, true)) != CKR_OK ||
	    (rv = check_wrapped(object, wrapper, mech)) != CKR_OK || (rv = sl_rv(sl_token_key(session->token, wrapper, &key))) != CKR_OK ||
	    (rv = payload_of(session->token, object, mech, &payload)) != CKR_OK ||
	    (rv = encrypt(key, mech, mechanism, &payload, &wrapped)) != CKR_OK)
		return rv;
	rv = sl_out_claim(out, wrapped.len, &dst);
	if (dst != NULL)
		memcpy(dst, wrapped.bytes, wrapped.len);
	return rv;
}

static CK_RV
decrypt(struct sl_key *key, const struct sl_mech *mech, const CK_MECHANISM *mechanism, struct sl_in wrapped, struct sl_secret *ret_payload)
{
	struct sl_cipher_params params;
	struct sl_rsa_crypt rsa;
	enum sl_err err;
	CK_RV rv;

	if (wrapped.len == 0 || wrapped.len > WRAP_MAX)
		return CKR_WRAPPED_KEY_LEN_RANGE;
	if (mech->key_type != CKK_RSA) {
		rv = sl_mech_cipher_params(mech, mechanism, &params);
		/* CCM has to know the length beforehand; a caller who says none means all that there is. */
		if (rv == CKR_OK && params.mode == SL_CIPHER_CCM && params.data_len == 0 && wrapped.len > params.tag_len)
			params.data_len = wrapped.len - params.tag_len;
		return rv == CKR_OK ? run_cipher(key, &params, false, wrapped, ret_payload) : rv;
	}
	if ((rv = sl_mech_rsa_params(mech, mechanism, &rsa)) != CKR_OK)
		return rv;
	if (mech->params == SL_PARAMS_RSA_AES)
		return unwrap_both(key, &rsa, inner_len(mechanism), wrapped, ret_payload);
	err = sl_rsa_decrypt(key, &rsa, wrapped.data, wrapped.len, ret_payload);
	return err == SL_ERR_RANGE ? CKR_WRAPPED_KEY_LEN_RANGE : err == SL_ERR_VERIFY ? CKR_WRAPPED_KEY_INVALID : sl_rv(err);
}

/* The key of the decrypted bytes. Zeros that fill a block are no part of it. */
static CK_RV
key_of_payload(struct sl_newkey *k, const struct sl_mech *mech, const struct sl_secret *payload)
{
	size_t len = payload->len;
	enum sl_err err;
	CK_RV rv;

	if (k->kind != SL_IS_SECRET) {
		err = sl_key_from_pkcs8(payload->bytes, payload->len, &k->key);
		return err == SL_OK || err == SL_ERR_MEMORY ? sl_rv(err) : CKR_WRAPPED_KEY_INVALID;
	}
	if (pads_with_zeros(mech))
		len = sl_attrs_ulong(&k->attrs, CKA_VALUE_LEN, len);
	if (len > payload->len || len == 0)
		return CKR_WRAPPED_KEY_INVALID;
	for (size_t i = len; i < payload->len; i++)
		if (payload->bytes[i] != 0)
			return CKR_WRAPPED_KEY_INVALID;
	rv = sl_newkey_secret(k, payload->bytes, len);
	return rv == CKR_KEY_SIZE_RANGE ? CKR_WRAPPED_KEY_INVALID : rv;
}

/*
 * What a trusted key brings back is as closed as what it takes: CKA_WRAP_WITH_TRUSTED would mean nothing if the key came back without it, or to be read.
 * The template may not say otherwise.
 */
static CK_RV
close_like_trusted(const struct sl_object *wrapper, struct sl_newkey *k)
{
	static const CK_ATTRIBUTE_TYPE closing[] = { CKA_SENSITIVE, CKA_WRAP_WITH_TRUSTED };
	CK_RV rv = CKR_OK;

	if (!sl_attrs_bool(&wrapper->attrs, CKA_TRUSTED, false))
		return CKR_OK;
	for (size_t i = 0; i < SL_ARRAY_LEN(closing) && rv == CKR_OK; i++)
		rv = sl_attrs_bool(&k->attrs, closing[i], true) ? sl_rv(sl_attrs_set_bool(&k->attrs, closing[i], true)) : CKR_TEMPLATE_INCONSISTENT;
	return rv;
}

CK_RV
sl_unwrap_key(struct sl_session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE unwrapping_key, struct sl_in wrapped,
              const struct sl_half *template, CK_OBJECT_HANDLE *ret_key)
{
	const struct sl_newkey_default none = { SL_MAY_DERIVE, CK_UNAVAILABLE_INFORMATION, CK_UNAVAILABLE_INFORMATION };
	SL_CLEANUP(sl_object_unref) struct sl_object *wrapper = sl_token_object(session->token, unwrapping_key);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	const struct sl_mech *mech;
	SL_SECRET payload = { 0 };
	SL_NEWKEY k = { 0 };
	CK_RV rv;

	if ((rv = sl_in_check(wrapped)) != CKR_OK || (rv = sl_mech_use(mechanism, CKF_UNWRAP, &mech)) != CKR_OK ||
	    (rv = check_wrapper(wrapper, mech, false)) != CKR_OK ||
	    (rv = sl_newkey_begin(session, &none, template->template, template->n, &k)) != CKR_OK ||
	    (rv = sl_newkey_rule(session, wrapper, CKA_UNWRAP_TEMPLATE, &k)) != CKR_OK || (rv = close_like_trusted(wrapper, &k)) != CKR_OK ||
	    (rv = sl_rv(sl_token_key(session->token, wrapper, &key))) != CKR_OK ||
	    (rv = decrypt(key, mech, mechanism, wrapped, &payload)) != CKR_OK || (rv = key_of_payload(&k, mech, &payload)) != CKR_OK)
		return rv;
	return sl_newkey_finish(session, &k, ret_key);
}
