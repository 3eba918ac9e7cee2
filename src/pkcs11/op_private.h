/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_PKCS11_OP_PRIVATE_H
#define SL_PKCS11_OP_PRIVATE_H

#include "pkcs11/op.h"

/*
 * What a session's front holds. Private to op*.c. Prepared contexts are kept between operations, since making them is
 * the slow part.
 */

/*
 * The key that an operation was begun with: as long as the token's objects are what they were (sl_token_changes()), the next one with the same key and
 * mechanism is allowed what that one was, and nothing is looked up. It ends with a logout, as all that sessions keep.
 */
struct sl_use {
	bool valid;
	CK_OBJECT_HANDLE handle;
	unsigned long changes;
};

struct sl_digest_op {
	bool active;
	bool updating;
	bool holds_key; /* C_DigestKey was called: the state is no one's to see */
	struct sl_digest *digest; /* saveable, where it can be */
};

struct sl_sign_op {
	bool active;
	bool updating;
	bool known;               /* C_VerifySignatureInit: the signature is there already */
	const struct sl_mech *mech;
	struct sl_use use;
	struct sl_key *key;       /* that signer or macop is prepared for */
	struct sl_sig_params params;
	struct sl_signer *signer;
	struct sl_mac_params mac_params;
	struct sl_macop *macop;
	size_t mac_len;           /* of the tag, cut */
	struct sl_digest *digest; /* for mechanisms that hash */
	uint8_t *parts;           /* for those that do not: the input so far */
	size_t parts_len;
	uint8_t *signature;       /* known */
	size_t signature_len;
};

struct sl_crypt_op {
	bool active;
	bool updating;
	const struct sl_mech *mech;
	struct sl_use use;
	struct sl_key *key;
	struct sl_cipher *cipher;     /* for that key */
	enum sl_cipher_mode mode;     /* of the cipher */
	struct sl_rsa_crypt rsa;      /* RSA mechanisms: the label is our copy */
	uint8_t *label;
	uint8_t *pending;             /* plaintext that waits for a buffer that takes it */
	size_t pending_len;
};

struct sl_recover_op {
	bool active;
	const struct sl_mech *mech;
	struct sl_key *key;
	struct sl_signer *signer; /* signing */
};

struct sl_message_op {
	bool active;
	bool begun;
	const struct sl_mech *mech;
	struct sl_key *key;
	struct sl_cipher *cipher; /* of the message under way, or of the last one */
	size_t tag_len;           /* of the message that was begun */
	uint64_t count;           /* messages whose nonce was counted */
	uint8_t base[256];        /* the nonce of the first of them */
	size_t base_len;
};

struct sl_msgsign_op {
	bool begun;
	struct sl_sign_op sign;
};

struct sl_ops {
	CK_FLAGS awaiting;        /* operations whose key wants the user's PIN for each use, and that wait for it: CKF_SIGN and so on */
	CK_FLAGS asking;          /* of these, and of those that got it: message operations ask again for each message */
	struct sl_digest_op digest;
	struct sl_sign_op sign;
	struct sl_sign_op verify;
	struct sl_recover_op sign_recover;
	struct sl_recover_op verify_recover;
	struct sl_crypt_op encrypt;
	struct sl_crypt_op decrypt;
	struct sl_message_op message_encrypt;
	struct sl_message_op message_decrypt;
	struct sl_msgsign_op message_sign;
	struct sl_msgsign_op message_verify;
};

/* The session's operations, made at first use; NULL when memory is short. */
struct sl_ops *sl_ops_of(struct sl_session *session);

/*
 * CKA_ALWAYS_AUTHENTICATE (PKCS#11 3.0 section 4.9): CKR_USER_NOT_LOGGED_IN while the operation waits for C_Login with CKU_CONTEXT_SPECIFIC. Whoever asks
 * ends the operation then.
 */
CK_RV sl_ops_may_use(struct sl_session *session, CK_FLAGS flag);
/* The next use of the same operation waits again. */
void sl_ops_ask_again(struct sl_session *session, CK_FLAGS flag);

/* A running hash of that kind in *d, ready to start: the one there, if it is of the kind. */
CK_RV sl_ops_digest(struct sl_digest **d, enum sl_hash hash);
CK_RV sl_ops_digest_end(struct sl_digest_op *op, CK_RV rv, bool again);

/*
 * The row, the object and its key for an operation, referenced: the key has to have the row's type, the class and the
 * usage that the flag asks for (CKF_SIGN and so on), and its CKA_ALLOWED_MECHANISMS has to hold the mechanism.
 */
CK_RV sl_ops_use(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE handle,
                 const struct sl_mech **ret_mech, struct sl_key **ret_key);

/* The same where the operation keeps its key and may be begun again: it writes *use, whose key the operation then holds as long as use is valid. */
CK_RV sl_ops_use_kept(struct sl_session *session, CK_FLAGS flag, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE handle, struct sl_use *use,
                      const struct sl_mech **ret_mech, struct sl_key **ret_key);
/* Whether that operation is the same one: mech, and the key that it holds. Both are right as they are then. */
bool sl_ops_again(const struct sl_session *session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE handle, const struct sl_use *use,
                  const struct sl_mech *mech);

/* Signing and verifying, whichever of the session's it is. flag: CKF_SIGN, CKF_VERIFY or the message's. */
CK_RV sl_signing_init(struct sl_session *session, struct sl_sign_op *op, CK_FLAGS flag, const CK_MECHANISM *mechanism,
                      CK_OBJECT_HANDLE key);
CK_RV sl_signing_update(struct sl_sign_op *op, struct sl_in in);
/* whole: all of the input at once, or NULL for what came in parts. */
CK_RV sl_signing_sign(struct sl_sign_op *op, const struct sl_in *whole, struct sl_out out);
CK_RV sl_signing_verify(struct sl_sign_op *op, const struct sl_in *whole, struct sl_in signature);
CK_RV sl_signing_end(struct sl_sign_op *op, CK_RV rv, bool again);
/* Ready for the next message of the same key and mechanism. */
CK_RV sl_signing_restart(struct sl_sign_op *op);
/* The length of every signature. */
size_t sl_signing_len(const struct sl_sign_op *op);
bool sl_signing_len_fits(const struct sl_sign_op *op, size_t len);
void sl_signing_free(struct sl_sign_op *op);
/* What was prepared for the key goes, and the key; the operation is not under way. */
void sl_signing_unprepare(struct sl_sign_op *op);

/* A prepared cipher for the parameters in *cipher: the one there, if it is for that key and mode. */
CK_RV sl_crypt_prepare(struct sl_cipher **cipher, bool same_key, struct sl_key *key,
                       const struct sl_cipher_params *params, bool encrypt);
/* What a failure of the crypto layer means. */
CK_RV sl_crypt_rv(enum sl_err err, bool encrypt);
CK_RV sl_crypt_end(struct sl_crypt_op *op, CK_RV rv, bool again);
/* The two halves of an update: *dst NULL means that there is nothing more to do. */
CK_RV sl_crypt_claim(struct sl_crypt_op *op, struct sl_in in, struct sl_out out, CK_BYTE_PTR *dst);
CK_RV sl_crypt_run(struct sl_crypt_op *op, bool encrypt, struct sl_in in, CK_BYTE_PTR dst, CK_ULONG *len);
void sl_crypt_free(struct sl_crypt_op *op);
void sl_crypt_unprepare(struct sl_crypt_op *op);

void sl_recover_free(struct sl_recover_op *op);
void sl_message_free(struct sl_message_op *op);

#endif
