/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_SIGN_H
#define SL_CRYPTO_SIGN_H

#include "crypto/digest.h"
#include "crypto/key.h"

/*
 * ECDSA: FIPS 186-5; the signature is r || s, each as wide as the group order. EdDSA: RFC 8032. PKCS #1: RFC
 * 8017 8.2; with SL_HASH_NONE the input, 1 byte or more, is padded as it is (CKM_RSA_PKCS). PSS: RFC 8017 8.1. Raw:
 * the integer operation alone (CKM_RSA_X_509); shorter input is padded with zeros on the left.
 */
enum sl_sig_alg {
	SL_SIG_ECDSA,
	SL_SIG_EDDSA,
	SL_SIG_RSA_PKCS1,
	SL_SIG_RSA_PSS,
	SL_SIG_RSA_RAW,
};

struct sl_sig_params {
	enum sl_sig_alg alg;
	enum sl_hash hash;     /* PSS, PKCS1: the hash whose digest is signed; NONE as said above */
	enum sl_hash mgf_hash; /* PSS */
	size_t salt_len;       /* PSS, bytes */
	/*
	 * EdDSA: at most 255 bytes, read by sl_signer_new() alone. Ed25519 with a context is Ed25519ctx. With one, or
	 * with prehash (Ed25519ph, Ed448ph; the input is the message nevertheless), SL_ERR_UNSUPPORTED where libcrypto
	 * has only the plain algorithms: before 3.2.
	 */
	struct sl_bytes context;
	bool prehash;
};

/*
 * A prepared context for one key and one set of parameters: making it is the slow part, so the front keeps it. Holds
 * a reference to the key. Used by one thread at a time. The input is the digest (ECDSA: of any length, truncated as
 * FIPS 186-5 says), the message for EdDSA.
 */
struct sl_signer;

/*
 * SL_ERR_ARG when the key and the parameters do not fit together; SL_ERR_UNSUPPORTED. for_verify needs only the
 * public half.
 */
SL_MUST_CHECK enum sl_err sl_signer_new(struct sl_key *key, const struct sl_sig_params *params, bool for_verify,
                                        struct sl_signer **ret_signer);
void sl_signer_free(struct sl_signer **signer);

/* The exact length in bytes of every signature that it makes. */
size_t sl_signer_len(const struct sl_signer *signer);

/*
 * sig has room for sl_signer_len() bytes, and gets just as many. SL_ERR_RANGE when the input is too long (RSA) or has
 * another length than the hash (PSS).
 */
SL_MUST_CHECK enum sl_err sl_signer_sign(struct sl_signer *signer, const uint8_t *in, size_t in_len, uint8_t *sig);

/*
 * The lengths that a signature to verify may have. PKCS#11 2.40, 2.3.1: r and s of ECDSA may both have lost as many leading zeros as the
 * longer one has; Java sends them so.
 */
bool sl_signer_len_fits(const struct sl_signer *signer, size_t sig_len);

/* SL_ERR_VERIFY when the signature is wrong; SL_ERR_RANGE when its length or the input's is. */
SL_MUST_CHECK enum sl_err sl_signer_verify(struct sl_signer *signer, const uint8_t *in, size_t in_len,
                                           const uint8_t *sig, size_t sig_len);

#endif
