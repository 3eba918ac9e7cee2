/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CONFIG_SIGNATURE_H
#define SL_CONFIG_SIGNATURE_H

#include "config/config.h"

/*
 * Signed policies, in the form of systemd's tpm2-pcr-signature.json (systemd-measure(1)):
 *   { "sha256": [ { "pcrs": [11], "pkfp": HEX, "pol": HEX, "sig": BASE64, "ref": HEX }, ... ] }
 * The outer name is the PCR bank; pkfp is the SHA-256 of the key, RSA as DER RSAPublicKey (RFC 8017 A.1.1), EC as its uncompressed point; pol the digest of TPM2_PolicyPCR (SHA-256); sig signs
 * pol || ref with SHA-256: RSASSA-PKCS1-v1_5, or ECDSA in DER. "ref" is ours, absent where the policyRef is empty, and systemd's own files
 * have none. doc/policy.md.
 */
struct sl_policy_signature {
	enum sl_pcr_bank bank;
	uint32_t pcrs;
	uint8_t key_fingerprint[32];
	uint8_t policy[32];
	uint8_t ref[SL_POLICY_REF_MAX];
	size_t ref_len;
	uint8_t *signature;  /* owned */
	size_t signature_len;
	char *file;          /* where it was found, owned */
};

struct sl_policy_signatures {
	struct sl_policy_signature *at;
	size_t n;
};

void sl_policy_signatures_clear(struct sl_policy_signatures *signatures);

/*
 * All signatures in the files and directories (*.json, in order of name) of paths, a NULL-terminated list; NULL: tpm2-pcr-signature.json in /etc/systemd,
 * /run/systemd and /usr/lib/systemd. What does not exist is passed over; a file that is none is SL_ERR_FORMAT and a message with its name. At most 256
 * signatures and 1 MiB a file.
 */
SL_MUST_CHECK enum sl_err sl_policy_signatures_load(char *const *paths, struct sl_policy_signatures *ret_signatures, struct sl_msg *msg);

/* The same from text in memory; file names it in messages. Adds to *signatures. */
SL_MUST_CHECK enum sl_err sl_policy_signatures_parse(const char *text, size_t len, const char *file, struct sl_policy_signatures *signatures,
                                                     struct sl_msg *msg);

/*
 * For the tool: text, a file of that form, with signature (its file does not count) added, or in the place of one of the same key, registers,
 * policy and ref. Everything else in it stays, but for white space. The caller frees *ret_text.
 */
SL_MUST_CHECK enum sl_err sl_policy_signatures_add(const char *text, const char *file, const struct sl_policy_signature *signature,
                                                   char **ret_text, struct sl_msg *msg);

#endif
