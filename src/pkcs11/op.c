/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/op.h"

#include "pkcs11/op_private.h"
#include "token/rv.h"

#include <stdlib.h>

static void
free_ops(void *front)
{
	struct sl_ops *ops = front;

	sl_digest_free(&ops->digest.digest);
	sl_signing_free(&ops->sign);
	sl_signing_free(&ops->verify);
	sl_signing_free(&ops->message_sign.sign);
	sl_signing_free(&ops->message_verify.sign);
	sl_recover_free(&ops->sign_recover);
	sl_recover_free(&ops->verify_recover);
	sl_crypt_free(&ops->encrypt);
	sl_crypt_free(&ops->decrypt);
	sl_message_free(&ops->message_encrypt);
	sl_message_free(&ops->message_decrypt);
	free(ops);
}

/* Whether an operation with this key may be unprepared, since the key is retired; *lingers: it will have to be, later. */
static bool
is_over(const struct sl_key *key, bool active, bool *lingers)
{
	if (key == NULL || !sl_key_is_retired(key))
		return false;
	*lingers = *lingers || active;
	return !active;
}

static bool
sweep_ops(void *front)
{
	struct sl_ops *ops = front;
	struct sl_sign_op *signs[] = { &ops->sign, &ops->verify, &ops->message_sign.sign, &ops->message_verify.sign };
	struct sl_recover_op *recovers[] = { &ops->sign_recover, &ops->verify_recover };
	struct sl_crypt_op *crypts[] = { &ops->encrypt, &ops->decrypt };
	struct sl_message_op *messages[] = { &ops->message_encrypt, &ops->message_decrypt };
	bool lingers = false;

	for (size_t i = 0; i < SL_ARRAY_LEN(signs); i++)
		if (is_over(signs[i]->key, signs[i]->active, &lingers))
			sl_signing_unprepare(signs[i]);
	for (size_t i = 0; i < SL_ARRAY_LEN(recovers); i++)
		if (is_over(recovers[i]->key, recovers[i]->active, &lingers))
			sl_recover_free(recovers[i]);
	for (size_t i = 0; i < SL_ARRAY_LEN(crypts); i++)
		if (is_over(crypts[i]->key, crypts[i]->active, &lingers))
			sl_crypt_unprepare(crypts[i]);
	for (size_t i = 0; i < SL_ARRAY_LEN(messages); i++)
		if (is_over(messages[i]->key, messages[i]->active, &lingers))
			sl_message_free(messages[i]);
	return lingers;
}

struct sl_ops *
sl_ops_of(struct sl_session *session)
{
	if (session->front == NULL) {
		session->front = calloc(1, sizeof(struct sl_ops));
		session->free_front = free_ops;
		session->sweep_front = sweep_ops;
	}
	return session->front;
}

static void
cancel_messages(struct sl_ops *ops, CK_FLAGS flags)
{
	struct sl_msgsign_op *signs[] = { &ops->message_sign, &ops->message_verify };
	struct sl_message_op *crypts[] = { &ops->message_encrypt, &ops->message_decrypt };
	static const CK_FLAGS sign_flags[] = { CKF_MESSAGE_SIGN, CKF_MESSAGE_VERIFY };
	static const CK_FLAGS crypt_flags[] = { CKF_MESSAGE_ENCRYPT, CKF_MESSAGE_DECRYPT };

	for (size_t i = 0; i < SL_ARRAY_LEN(signs); i++) {
		if ((flags & sign_flags[i]) != 0) {
			(void)sl_signing_end(&signs[i]->sign, CKR_OK, false);
			signs[i]->begun = false;
		}
		if ((flags & crypt_flags[i]) != 0) {
			crypts[i]->active = false;
			crypts[i]->begun = false;
		}
	}
}

void
sl_op_cancel(struct sl_session *session, CK_FLAGS flags)
{
	struct sl_ops *ops = session->front;

	if ((flags & CKF_FIND_OBJECTS) != 0) {
		free(session->found);
		session->found = NULL;
		session->finding = false;
	}
	if (ops == NULL)
		return;
	if ((flags & CKF_DIGEST) != 0)
		(void)sl_ops_digest_end(&ops->digest, CKR_OK, false);
	if ((flags & CKF_SIGN) != 0)
		(void)sl_signing_end(&ops->sign, CKR_OK, false);
	if ((flags & CKF_VERIFY) != 0)
		(void)sl_signing_end(&ops->verify, CKR_OK, false);
	if ((flags & CKF_ENCRYPT) != 0)
		(void)sl_crypt_end(&ops->encrypt, CKR_OK, false);
	if ((flags & CKF_DECRYPT) != 0)
		(void)sl_crypt_end(&ops->decrypt, CKR_OK, false);
	if ((flags & CKF_SIGN_RECOVER) != 0)
		ops->sign_recover.active = false;
	if ((flags & CKF_VERIFY_RECOVER) != 0)
		ops->verify_recover.active = false;
	cancel_messages(ops, flags);
}

bool
sl_op_awaits_pin(const struct sl_session *session)
{
	const struct sl_ops *ops = session->front;

	return ops != NULL && ((ops->sign.active && (ops->awaiting & CKF_SIGN) != 0) ||
	                       (ops->decrypt.active && (ops->awaiting & CKF_DECRYPT) != 0) ||
	                       (ops->sign_recover.active && (ops->awaiting & CKF_SIGN_RECOVER) != 0) ||
	                       (ops->message_sign.sign.active && (ops->awaiting & CKF_MESSAGE_SIGN) != 0));
}

void
sl_op_pin_given(struct sl_session *session)
{
	struct sl_ops *ops = session->front;

	if (ops != NULL)
		ops->awaiting = 0;
}

CK_RV
sl_ops_may_use(struct sl_session *session, CK_FLAGS flag)
{
	const struct sl_ops *ops = session->front;

	return ops != NULL && (ops->awaiting & flag) != 0 ? CKR_USER_NOT_LOGGED_IN : CKR_OK;
}

void
sl_ops_ask_again(struct sl_session *session, CK_FLAGS flag)
{
	struct sl_ops *ops = session->front;

	if (ops != NULL)
		ops->awaiting |= ops->asking & flag;
}

bool
sl_op_any(const struct sl_session *session)
{
	const struct sl_ops *ops = session->front;

	return ops != NULL && (ops->digest.active || ops->sign.active || ops->verify.active || ops->encrypt.active ||
	                       ops->decrypt.active ||
	                       ops->sign_recover.active || ops->verify_recover.active || ops->message_encrypt.active ||
	                       ops->message_decrypt.active || ops->message_sign.sign.active || ops->message_verify.sign.active);
}
