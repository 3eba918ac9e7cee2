/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_KDF_H
#define SL_CRYPTO_KDF_H

#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/mac.h"
#include "crypto/key.h"

/*
 * Key derivation functions. Outputs are new secrets of len bytes, 1 to SL_SECRET_MAX or what the function can give: SL_ERR_RANGE. SL_ERR_ARG: no
 * such hash, or an empty key where there has to be one (the secrets of TLS and SP 800-108).
 */

/* RFC 5869: extract and expand are separate, as CKM_HKDF_DERIVE has them. salt NULL: zeros of the hash's length. The PRK has the
 * hash's length. len up to 255 times that. */
SL_MUST_CHECK enum sl_err sl_kdf_hkdf_extract(enum sl_hash hash, struct sl_part salt, struct sl_part ikm, struct sl_secret *ret_prk);
SL_MUST_CHECK enum sl_err sl_kdf_hkdf_expand(enum sl_hash hash, struct sl_part prk, struct sl_part info, size_t len, struct sl_secret *ret_okm);

/* RFC 8018 5.2. SL_ERR_ARG: no iterations. */
SL_MUST_CHECK enum sl_err sl_kdf_pbkdf2(enum sl_hash hash, struct sl_part password, struct sl_part salt, unsigned long iterations, size_t len,
                                        struct sl_secret *ret_key);

/* ANSI X9.63 (SEC 1, 3.6.1). */
SL_MUST_CHECK enum sl_err sl_kdf_x963(enum sl_hash hash, struct sl_part z, struct sl_part shared_info, size_t len, struct sl_secret *ret_key);

/* RFC 5246 section 5: P_hash(secret, label || seed). */
SL_MUST_CHECK enum sl_err sl_kdf_tls12(enum sl_hash hash, struct sl_part secret, const char *label, const struct sl_part *seeds, size_t n_seeds,
                                       size_t len, struct sl_secret *ret_key);

/*
 * SP 800-108r1, counter and feedback mode, over a list of data fields in the order the caller gives them (PKCS#11 3.0 section 2.42,
 * CK_PRF_DATA_PARAM). The PRF is HMAC with hash, or AES-CMAC when hash is SL_HASH_NONE.
 */
enum sl_kdf108_field { SL_KDF108_COUNTER, SL_KDF108_CHAINING, SL_KDF108_BYTES, SL_KDF108_LENGTH };
struct sl_kdf108_part {
	enum sl_kdf108_field field;
	unsigned width;           /* COUNTER and LENGTH: bits, 8 to 64 by 8 */
	bool little_endian;
	bool length_of_segments;  /* LENGTH: CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS rather than _SUM_OF_KEYS */
	struct sl_part bytes;
};
struct sl_kdf108 {
	enum sl_hash hash;
	bool feedback;
	struct sl_part iv;        /* feedback: K(0), may be empty */
	const struct sl_kdf108_part *parts;
	size_t n_parts;
	size_t keys_len;          /* bytes that LENGTH says with _SUM_OF_KEYS, where several keys are cut from whole segments; 0: len */
};
/*
 * len bytes: K(1) || K(2) ... cut off. Counter mode wants one COUNTER and no CHAINING, feedback one CHAINING and at most one COUNTER; either at
 * most one LENGTH: else SL_ERR_ARG, as for a width that is none and a key CMAC does not take. SL_ERR_RANGE: more blocks than the counter can
 * number, or a length its field cannot say.
 */
SL_MUST_CHECK enum sl_err sl_kdf_108(struct sl_part key, const struct sl_kdf108 *spec, size_t len, struct sl_secret *ret_key);

#endif
