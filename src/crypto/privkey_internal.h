/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_PRIVKEY_INTERNAL_H
#define SL_CRYPTO_PRIVKEY_INTERNAL_H

#include "crypto/privkey.h"

/* For src/crypto alone; the errors of sl_privkey_read(), a wrong padding being SL_ERR_AUTH. */

/* EncryptedPrivateKeyInfo to PrivateKeyInfo. */
SL_MUST_CHECK enum sl_err sl_privkey_pbes2(const struct sl_secret *der, const struct sl_secret *passphrase, struct sl_secret *ret_plain,
                                           struct sl_msg *msg);
/* RFC 1423, with the key that OpenSSL makes of a passphrase. */
SL_MUST_CHECK enum sl_err sl_privkey_dek(const char *dek, const struct sl_secret *bytes, const struct sl_secret *passphrase,
                                         struct sl_secret *ret_plain, struct sl_msg *msg);

/* "openssh-key-v1" (PROTOCOL.key of OpenSSH). */
SL_MUST_CHECK enum sl_err sl_privkey_openssh(const struct sl_secret *bytes, const struct sl_secret *passphrase, struct sl_key **ret_key,
                                             struct sl_msg *msg);

/* Sets msg and returns err. */
SL_MUST_CHECK enum sl_err sl_privkey_refuse(struct sl_msg *msg, enum sl_err err, const char *why);
/* What sl_key_from_...() said of a key, in words. */
SL_MUST_CHECK enum sl_err sl_privkey_no_key(struct sl_msg *msg, enum sl_err err);

#endif
