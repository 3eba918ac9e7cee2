/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/cert.h"

#include "crypto/ossl.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static void
free_x509(X509 **x)
{
	X509_free(*x);
}

static void
free_bio(BIO **b)
{
	(void)BIO_free(*b);
}

void
sl_cert_clear(struct sl_cert *cert)
{
	free(cert->der.bytes);
	free(cert->subject.bytes);
	free(cert->issuer.bytes);
	free(cert->serial.bytes);
	free(cert->spki.bytes);
	*cert = (struct sl_cert){ 0 };
}

/* Takes what an i2d function allocated. */
static enum sl_err
keep(struct sl_cert_field *field, unsigned char *der, int len)
{
	enum sl_err err = SL_ERR_FORMAT;

	if (len > 0) {
		field->bytes = malloc((size_t)len);
		err = field->bytes == NULL ? SL_ERR_MEMORY : SL_OK;
	}
	if (err == SL_OK) {
		memcpy(field->bytes, der, (size_t)len);
		field->len = (size_t)len;
	}
	OPENSSL_free(der);
	return err;
}

static X509 *
read_x509(const void *data, size_t len)
{
	SL_CLEANUP(free_bio) BIO *bio = BIO_new_mem_buf(data, (int)len);
	const unsigned char *p = data;
	X509 *x = NULL;

	if (bio != NULL)
		x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	if (x == NULL)
		x = d2i_X509(NULL, &p, (long)len);
	ERR_clear_error();
	return x;
}

enum sl_err
sl_cert_parse(const void *data, size_t len, struct sl_cert *ret_cert)
{
	SL_CLEANUP(sl_cert_clear) struct sl_cert cert = { 0 };
	SL_CLEANUP(free_x509) X509 *x = NULL;
	unsigned char *der = NULL;
	enum sl_err err;
	int n;

	if (len > INT_MAX)
		return SL_ERR_RANGE;
	if ((err = sl_ossl_ready()) != SL_OK)
		return err;
	x = read_x509(data, len);
	if (x == NULL)
		return SL_ERR_FORMAT;
	n = i2d_X509(x, &der);
	if ((err = keep(&cert.der, der, n)) != SL_OK)
		return err;
	der = NULL;
	n = i2d_X509_NAME(X509_get_subject_name(x), &der);
	if ((err = keep(&cert.subject, der, n)) != SL_OK)
		return err;
	der = NULL;
	n = i2d_X509_NAME(X509_get_issuer_name(x), &der);
	if ((err = keep(&cert.issuer, der, n)) != SL_OK)
		return err;
	der = NULL;
	n = i2d_ASN1_INTEGER(X509_get_serialNumber(x), &der);
	if ((err = keep(&cert.serial, der, n)) != SL_OK)
		return err;
	der = NULL;
	n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	if ((err = keep(&cert.spki, der, n)) != SL_OK)
		return err;
	*ret_cert = cert;
	cert = (struct sl_cert){ 0 };
	return SL_OK;
}
