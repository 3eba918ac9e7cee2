/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_CERT_H
#define SL_CRYPTO_CERT_H

#include "base/err.h"

#include <stddef.h>

/* An X.509 certificate (RFC 5280) and the DER of the fields that PKCS#11 shows. All owned. */
struct sl_cert_field {
	unsigned char *bytes;
	size_t len;
};

struct sl_cert {
	struct sl_cert_field der;
	struct sl_cert_field subject;
	struct sl_cert_field issuer;
	struct sl_cert_field serial; /* DER INTEGER */
	struct sl_cert_field spki;
};

/* data: DER, or PEM whose first certificate counts. SL_ERR_FORMAT. */
SL_MUST_CHECK enum sl_err sl_cert_parse(const void *data, size_t len, struct sl_cert *ret_cert);
void sl_cert_clear(struct sl_cert *cert);

#endif
