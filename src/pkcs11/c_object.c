/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/clean.h"
#include "pkcs11/call.h"
#include "pkcs11/mech.h"
#include "token/builtin.h"
#include "token/make.h"
#include "token/rv.h"
#include "token/template.h"

#include <stdlib.h>
#include <string.h>

/* PKCS#11 3.0 section 5.7: object management functions */

CK_RV
C_CreateObject(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *object)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && object == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = sl_make_create(call.session, template, n, object);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_CopyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *copy)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && copy == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = sl_make_copy(call.session, object, template, n, copy);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_DestroyObject(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_make_destroy(call.session, object);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_GetObjectSize(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, CK_ULONG *size)
{
	struct sl_call call;
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && size == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK && (object = sl_token_object(call.token, handle)) == NULL)
		rv = CKR_OBJECT_HANDLE_INVALID;
	if (rv == CKR_OK) {
		*size = sizeof(*object);
		for (size_t i = 0; i < object->attrs.n; i++)
			*size += sizeof(object->attrs.at[i]) + object->attrs.at[i].len;
	}
	return sl_call_end(&call, __func__, rv);
}

/* Every attribute is answered, whatever became of the others; the code is of the last that could not be. */
static CK_RV
read_all(const struct sl_object *object, CK_ATTRIBUTE *template, CK_ULONG n)
{
	CK_RV rv = CKR_OK;

	for (CK_ULONG i = 0; i < n; i++) {
		const CK_RV one = sl_object_read(object, &template[i]);

		if (one != CKR_OK)
			rv = one;
	}
	return rv;
}

CK_RV
C_GetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE *template, CK_ULONG n)
{
	struct sl_call call;
	SL_CLEANUP(sl_object_unref) struct sl_object *object = NULL;
	struct sl_key *key = NULL;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = n > SL_TEMPLATE_MAX || (template == NULL && n != 0) ? CKR_ARGUMENTS_BAD : CKR_OK;
	if (rv == CKR_OK && (object = sl_token_object(call.token, handle)) == NULL)
		rv = CKR_OBJECT_HANDLE_INVALID;
	if (rv == CKR_OK && sl_object_wants_key(object, template, n))
		rv = sl_rv(sl_token_key(call.token, object, &key));
	if (rv == CKR_OK)
		rv = read_all(object, template, n);
	sl_key_unref(&key);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_SetAttributeValue(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template, CK_ULONG n)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_make_change(call.session, object, template, n);
	return sl_call_end(&call, __func__, rv);
}

/* What the mechanisms are is known here, and told when somebody asks (PKCS#11 3.0 section 4.12). */
static CK_RV
tell_mechanisms(struct sl_token *token)
{
	size_t n;
	const struct sl_mech *rows = sl_mech_rows(&n);
	SL_FREE CK_MECHANISM_TYPE *types = calloc(n, sizeof(*types));

	if (types == NULL)
		return CKR_HOST_MEMORY;
	for (size_t i = 0; i < n; i++)
		types[i] = rows[i].type;
	return sl_rv(sl_builtin_mechanisms(token, types, n));
}

static CK_RV
find_init(struct sl_session *session, const CK_ATTRIBUTE *template, CK_ULONG n)
{
	CK_RV rv;

	if (session->finding)
		return CKR_OPERATION_ACTIVE;
	free(session->found);
	session->found = NULL;
	session->found_n = 0;
	session->found_at = 0;
	if (sl_token_find_names(template, n, CKO_MECHANISM) && (rv = tell_mechanisms(session->token)) != CKR_OK)
		return rv;
	rv = sl_token_find(session->token, template, n, &session->found, &session->found_n);
	session->finding = rv == CKR_OK;
	return rv;
}

CK_RV
C_FindObjectsInit(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG n)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_template_check(template, n);
	if (rv == CKR_OK)
		rv = find_init(call.session, template, n);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_FindObjects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG max, CK_ULONG *count)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && ((objects == NULL && max != 0) || count == NULL))
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK && !call.session->finding)
		rv = CKR_OPERATION_NOT_INITIALIZED;
	if (rv == CKR_OK) {
		struct sl_session *s = call.session;
		const size_t left = s->found_n - s->found_at;

		*count = left < max ? left : max;
		if (*count != 0)
			memcpy(objects, s->found + s->found_at, *count * sizeof(*objects));
		s->found_at += *count;
	}
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_FindObjectsFinal(CK_SESSION_HANDLE session)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK && !call.session->finding)
		rv = CKR_OPERATION_NOT_INITIALIZED;
	if (rv == CKR_OK)
		call.session->finding = false;
	return sl_call_end(&call, __func__, rv);
}
