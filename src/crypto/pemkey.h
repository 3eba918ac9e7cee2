/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_PEMKEY_H
#define SL_CRYPTO_PEMKEY_H

#include "crypto/key.h"

/*
 * A private key from a PEM file's text: PKCS#8, encrypted or not, and what OpenSSL calls the traditional forms. For programs of our own alone: libcrypto's
 * decoders can ask the engines of a host (pkcs8.c). passphrase NULL: none is at hand; SL_ERR_LOGIN then says that one is needed. SL_ERR_AUTH: it is
 * the wrong one. SL_ERR_FORMAT: no such file; SL_ERR_UNSUPPORTED: another kind of key.
 */
#define SL_PEMKEY_MAX ((size_t)64 << 10)
SL_MUST_CHECK enum sl_err sl_pemkey_read(const struct sl_secret *text, const struct sl_secret *passphrase, struct sl_key **ret_key);

#endif
