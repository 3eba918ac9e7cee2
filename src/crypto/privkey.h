/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_PRIVKEY_H
#define SL_CRYPTO_PRIVKEY_H

#include "crypto/key.h"

/*
 * Private keys as files hold them: PKCS#8 (RFC 5208, RFC 5958), also encrypted by PBES2 (RFC 8018, RFC 7914); "EC PRIVATE KEY" (RFC 5915) and
 * "RSA PRIVATE KEY" (RFC 8017 A.1.2), also encrypted as RFC 1423 has it; OpenSSH's own form. Each in PEM or in DER, as far as it has both.
 */
#define SL_PRIVKEY_MAX ((size_t)64 << 10) /* bytes of a file */

enum sl_privkey_form {
	SL_PRIVKEY_PKCS8,
	SL_PRIVKEY_PKCS8_ENCRYPTED,
	SL_PRIVKEY_EC,
	SL_PRIVKEY_RSA,
	SL_PRIVKEY_OPENSSH,
	SL_PRIVKEY_TSS2, /* sealed to a TPM: the bytes are for root/sealed.h */
};

struct sl_privkey {
	enum sl_privkey_form form;
	struct sl_secret bytes; /* DER, or what OpenSSH has in its place; owned */
	char dek[80];           /* "AES-128-CBC,0123...": the value of DEK-Info; "": not encrypted that way */
};

/*
 * What a file holds: the one private key in it, whatever certificates and parameters stand beside it. A TSS2 PRIVATE KEY may also be hex digits, as
 * the kernel gives it. SL_ERR_NOT_FOUND: nothing that we know; SL_ERR_UNSUPPORTED: something that we know and that is no private key, or not ours
 * to read; SL_ERR_FORMAT: damaged, or more than one key. msg says what.
 */
SL_MUST_CHECK enum sl_err sl_privkey_open(const struct sl_secret *file, struct sl_privkey *ret_found, struct sl_msg *msg);
void sl_privkey_clear(struct sl_privkey *found);

/*
 * The key in it; not for SL_PRIVKEY_TSS2 (SL_ERR_ARG). SL_ERR_LOGIN: it is encrypted, and passphrase is NULL; SL_ERR_AUTH: not with that passphrase;
 * SL_ERR_FORMAT, SL_ERR_UNSUPPORTED. msg says what.
 */
SL_MUST_CHECK enum sl_err sl_privkey_read(const struct sl_privkey *found, const struct sl_secret *passphrase, struct sl_key **ret_key,
                                          struct sl_msg *msg);

#endif
