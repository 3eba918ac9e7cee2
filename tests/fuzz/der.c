/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fuzz/fuzz.h"

#include "crypto/cert.h"
#include "crypto/der.h"
#include "root/policy.h"

#include <stdlib.h>
#include <string.h>

void
fuzz_spki(struct sl_reader *r)
{
	SL_FREE uint8_t *der = NULL;
	struct sl_public pub;
	size_t len = 0;

	/* What we read we write again, the same: there is one encoding. */
	if (sl_der_read_spki(r->at, r->left, &pub) == SL_OK &&
	    (sl_der_write_spki(&pub, &der, &len) != SL_OK || len != r->left || memcmp(der, r->at, len) != 0))
		abort();
}

void
fuzz_certificate(struct sl_reader *r)
{
	struct sl_cert cert = { 0 };

	if (sl_cert_parse(r->at, r->left, &cert) == SL_OK)
		sl_cert_clear(&cert);
}

void
fuzz_signature(struct sl_reader *r)
{
	static const size_t widths[] = { 32, 48, 66 };
	const size_t width = widths[sl_reader_u8(r) % 3];
	uint8_t rs[132];
	uint8_t der[SL_DER_SIG_MAX];
	size_t len;

	if (r->bad || sl_der_read_ecdsa(r->at, r->left, width, rs) != SL_OK)
		return;
	len = sl_der_write_ecdsa(rs, width, der);
	if (len != r->left || memcmp(der, r->at, len) != 0)
		abort();
}

void
fuzz_policy(struct sl_reader *r)
{
	struct sl_reader list = *r;
	struct sl_reader alternatives = *r;
	struct sl_policy_statement s;
	struct sl_reader policy;
	uint8_t digest[SL_TPM_POLICY] = { 0 };
	uint8_t tpmt[SL_POLICY_SIGNATURE_MAX];
	size_t len = 0;

	while (sl_policy_next(&list, &s, NULL) == SL_OK) {
		(void)!sl_policy_extend(&s, digest);
		(void)!sl_policy_key_fingerprint(s.key, digest);
		if (sl_policy_signature(s.key, s.signature, tpmt, &len) == SL_OK && len > sizeof(tpmt))
			abort();
	}
	while (sl_policy_next_alternative(&alternatives, &policy, NULL) == SL_OK)
		(void)!sl_policy_next(&policy, &s, NULL);
}
