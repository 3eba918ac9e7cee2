/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/pemkey.h"
#include "crypto/ossl_internal.h"

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

struct passphrase {
	const struct sl_secret *given;
	bool asked;
};

static int
give(char *room, int size, int writing, void *arg)
{
	struct passphrase *p = arg;

	(void)writing;
	p->asked = true;
	if (p->given == NULL || p->given->len > (size_t)size)
		return -1;
	if (p->given->len != 0)
		memcpy(room, p->given->bytes, p->given->len);
	return (int)p->given->len;
}

static void
clean_pkey(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

static void
clean_bio(BIO **bio)
{
	(void)BIO_free(*bio);
}

static void
clean_info(PKCS8_PRIV_KEY_INFO **info)
{
	PKCS8_PRIV_KEY_INFO_free(*info);
}

static enum sl_err
encode(EVP_PKEY *pkey, struct sl_secret *ret_der)
{
	SL_CLEANUP(clean_info) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
	const int len = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
	unsigned char *at;
	enum sl_err err;

	if (len <= 0)
		return SL_ERR_UNSUPPORTED;
	if ((err = sl_secret_alloc(ret_der, (size_t)len)) != SL_OK)
		return err;
	at = ret_der->bytes;
	return i2d_PKCS8_PRIV_KEY_INFO(info, &at) == len ? SL_OK : SL_ERR_CRYPTO;
}

enum sl_err
sl_pemkey_read(const struct sl_secret *text, const struct sl_secret *passphrase, struct sl_key **ret_key)
{
	struct passphrase p = { .given = passphrase };
	SL_CLEANUP(clean_pkey) EVP_PKEY *pkey = NULL;
	SL_CLEANUP(clean_bio) BIO *bio = NULL;
	SL_SECRET der = { 0 };
	enum sl_err err = sl_ossl_ready();

	if (err != SL_OK)
		return err;
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	if (text->len == 0 || text->len > SL_PEMKEY_MAX)
		return SL_ERR_FORMAT;
	bio = BIO_new_mem_buf(text->bytes, (int)text->len);
	if (bio == NULL)
		return SL_ERR_MEMORY;
	pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, give, &p, sl_ossl_ctx(), NULL);
	if (pkey == NULL)
		return !p.asked ? SL_ERR_FORMAT : passphrase == NULL ? SL_ERR_LOGIN : SL_ERR_AUTH;
	err = encode(pkey, &der);
	return err != SL_OK ? err : sl_key_from_pkcs8(der.bytes, der.len, ret_key);
}
