/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op_private.h"
#include "token/rv.h"

#include <string.h>

/* Which keys an operation takes. */

static const struct use {
	CK_FLAGS flag;
	CK_ATTRIBUTE_TYPE usage;
	CK_OBJECT_CLASS class; /* of asymmetric keys */
} uses[] = {
	{ CKF_SIGN, CKA_SIGN, CKO_PRIVATE_KEY },
	{ CKF_VERIFY, CKA_VERIFY, CKO_PUBLIC_KEY },
	{ CKF_MESSAGE_SIGN, CKA_SIGN, CKO_PRIVATE_KEY },
	{ CKF_MESSAGE_VERIFY, CKA_VERIFY, CKO_PUBLIC_KEY },
	{ CKF_ENCRYPT, CKA_ENCRYPT, CKO_PUBLIC_KEY },
	{ CKF_DECRYPT, CKA_DECRYPT, CKO_PRIVATE_KEY },
	{ CKF_MESSAGE_ENCRYPT, CKA_ENCRYPT, CKO_PUBLIC_KEY },
	{ CKF_MESSAGE_DECRYPT, CKA_DECRYPT, CKO_PRIVATE_KEY },
	{ CKF_SIGN_RECOVER, CKA_SIGN_RECOVER, CKO_PRIVATE_KEY },
	{ CKF_VERIFY_RECOVER, CKA_VERIFY_RECOVER, CKO_PUBLIC_KEY },
};

static const struct use *
use_of(CK_FLAGS flag)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(uses); i++)
		if (uses[i].flag == flag)
			return &uses[i];
	return NULL;
}

static bool
is_asymmetric(CK_KEY_TYPE type)
{
	return type == CKK_RSA || type == CKK_EC || type == CKK_EC_EDWARDS || type == CKK_EC_MONTGOMERY;
}

/* HMAC takes generic secrets, too (PKCS#11 3.0 current mechanisms, section 2.20). */
static bool
right_type(const struct sl_mech *mech, CK_KEY_TYPE type)
{
	return type == mech->key_type || (mech->is_mac && mech->mac == SL_MAC_HMAC && type == CKK_GENERIC_SECRET);
}

static CK_RV
fits(const struct sl_object *object, const struct sl_mech *mech, const struct use *use)
{
	const CK_OBJECT_CLASS class = sl_object_class(object);

	if (class != (is_asymmetric(mech->key_type) ? use->class : CKO_SECRET_KEY))
		return (object->kind & SL_IS_KEY) != 0 ? CKR_KEY_TYPE_INCONSISTENT : CKR_KEY_HANDLE_INVALID;
	if (!right_type(mech, sl_object_key_type(object)))
		return CKR_KEY_TYPE_INCONSISTENT;
	if (!sl_attrs_bool(&object->attrs, use->usage, false))
		return CKR_KEY_FUNCTION_NOT_PERMITTED;
	return sl_object_allows(object, mech->type) ? CKR_OK : CKR_MECHANISM_INVALID;
}

/* A key that wants the user's PIN for each use: the operation that begins waits for it. The PIN of an earlier one does not count. */
static CK_RV
ask(struct sl_session *session, CK_FLAGS flag, const struct sl_object *object)
{
	struct sl_ops *ops = sl_ops_of(session);

	if (ops == NULL)
		return CKR_HOST_MEMORY;
	ops->awaiting &= ~flag;
	ops->asking &= ~flag;
	if (sl_attrs_bool(&object->attrs, CKA_ALWAYS_AUTHENTICATE, false)) {
		ops->awaiting |= flag;
		ops->asking |= flag;
	}
	return CKR_OK;
}

CK_RV
sl_ops_use(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE handle,
           const struct sl_mech **ret_mech, struct sl_key **ret_key)
{
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	const struct use *use = use_of(flag);
	CK_RV rv;

	if (use == NULL)
		return CKR_GENERAL_ERROR;
	if ((rv = sl_mech_use(mechanism, flag, ret_mech)) != CKR_OK)
		return rv;
	object = sl_token_object(session->token, handle);
	if (object == NULL)
		return CKR_KEY_HANDLE_INVALID;
	if ((rv = fits(object, *ret_mech, use)) != CKR_OK)
		return rv;
	rv = sl_rv(sl_token_key(session->token, object, ret_key));
	return rv == CKR_OK ? ask(session, flag, object) : rv;
}

/* Of a key that asks for the PIN each time nothing is kept. */
CK_RV
sl_ops_use_kept(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE handle, struct sl_use *use,
                const struct sl_mech **ret_mech, struct sl_key **ret_key)
{
	const unsigned long changes = sl_token_changes(session->token);
	const struct sl_ops *ops = sl_ops_of(session);
	CK_RV rv;

	use->valid = false;
	if ((rv = sl_ops_use(session, flag, mechanism, handle, ret_mech, ret_key)) != CKR_OK)
		return rv;
	*use = (struct sl_use){ .valid = (ops->asking & flag) == 0, .handle = handle, .changes = changes };
	return CKR_OK;
}

bool
sl_ops_again(const struct sl_session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE handle, const struct sl_use *use,
             const struct sl_mech *mech)
{
	if (!use->valid || mechanism == NULL || handle != use->handle || mechanism->mechanism != mech->type ||
	    use->changes != sl_token_changes(session->token))
		return false;
	return mechanism->ulParameterLen == 0 || (mechanism->pParameter != NULL && mech->params != SL_PARAMS_NONE);
}
