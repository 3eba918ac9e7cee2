/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_ROOT_POLICY_H
#define SL_ROOT_POLICY_H

#include "base/buf.h"
#include "crypto/key.h"
#include "root/tpm_public.h"

/*
 * Policies outside the TPM (TPM 2.0 Library, Part 3, 23; doc/policy.md): their digests, always SHA-256, and the TPMPolicy form that sealed blobs carry
 * them in (doc/sealed.md). Nothing here asks a TPM.
 */

/* Command codes (Part 2, 6.5.2). */
enum {
	SL_POLICY_AUTHORIZE_CC = 0x16a,
	SL_POLICY_AUTH_VALUE_CC = 0x16b,
	SL_POLICY_COMMAND_CODE_CC = 0x16c,
	SL_POLICY_PCR_CC = 0x17f,
	SL_POLICY_PASSWORD_CC = 0x18c,
};
/* "TPM2_PolicyPCR" and so on, of other policies too; "TPM2_0x..." of no policy. */
const char *sl_policy_code_name(uint32_t code, char room[16]);

#define SL_POLICY_BANKS 4
#define SL_POLICY_SELECTION_MAX 32 /* a TPML_PCR_SELECTION of all of them */

/* One statement, in the form that it has in a TPMPolicy. Everything is borrowed. */
struct sl_policy_statement {
	uint32_t code;
	/* PolicyPCR */
	struct sl_bytes pcr_digest; /* 32 bytes, or empty: what the PCRs have now */
	struct sl_bytes selection;  /* TPML_PCR_SELECTION */
	struct sl_pcr_selection banks[SL_POLICY_BANKS];
	size_t n_banks;
	/* PolicyCommandCode */
	uint32_t command;
	/* PolicyAuthorize */
	struct sl_bytes key;        /* TPMT_PUBLIC */
	struct sl_bytes ref;
	struct sl_bytes signature;  /* TPMT_SIGNATURE; empty: none */
};

/* The next one of a SEQUENCE OF TPMPolicy's contents. SL_ERR_FORMAT, SL_ERR_UNSUPPORTED; msg says which. */
SL_MUST_CHECK enum sl_err sl_policy_next(struct sl_reader *list, struct sl_policy_statement *ret_statement, struct sl_msg *msg);
/* The next one of a SEQUENCE OF TPMAuthPolicy's: its list. */
SL_MUST_CHECK enum sl_err sl_policy_next_alternative(struct sl_reader *list, struct sl_reader *ret_policy, struct sl_msg *msg);

void sl_policy_write_pcr(struct sl_writer *w, const struct sl_pcr_selection *selection, const uint8_t *pcr_digest);
/* signature: TPMT_SIGNATURE; empty: to be found elsewhere. */
void sl_policy_write_authorize(struct sl_writer *w, struct sl_bytes key, struct sl_bytes ref, struct sl_bytes signature);
void sl_policy_write_auth_value(struct sl_writer *w);

/* The TPM_ALG_ID of a bank. */
uint16_t sl_policy_bank_alg(enum sl_pcr_bank bank);
/* A TPML_PCR_SELECTION of one bank: at most SL_POLICY_SELECTION_MAX bytes. */
size_t sl_policy_tpml(const struct sl_pcr_selection *selection, uint8_t *out);

/*
 * What the statement makes of a session's digest, in place; all zeros at first. A PolicyPCR has its pcr_digest here. Zeros and SL_ERR_FORMAT for a key that
 * is none.
 */
SL_MUST_CHECK enum sl_err sl_policy_extend(const struct sl_policy_statement *statement, uint8_t digest[SL_TPM_POLICY]);
/* The whole list's. */
SL_MUST_CHECK enum sl_err sl_policy_digest(struct sl_bytes list, uint8_t digest[SL_TPM_POLICY], struct sl_msg *msg);

/* The digest of TPM2_PolicyPCR alone, from PCRs' values: what a signed policy signs. */
SL_MUST_CHECK enum sl_err sl_policy_of_pcrs(const struct sl_pcr_selection *selection, const uint8_t *pcr_digest, uint8_t *out);

/*
 * The public area that systemd makes of a key: nameAlg SHA-256, sign, decrypt and userWithAuth, no scheme; RSA 2048 to 4096 with its exponent spelled out,
 * P-256, P-384 or P-521. SL_ERR_UNSUPPORTED.
 */
SL_MUST_CHECK enum sl_err sl_policy_key(struct sl_bytes spki, uint8_t area[SL_TPM_PUBLIC_MAX], size_t *ret_len);
/* From a PEM file, which nobody but us and root may write: it says whose word opens what is sealed from now on. msg names it. */
SL_MUST_CHECK enum sl_err sl_policy_key_read(const char *path, uint8_t area[SL_TPM_PUBLIC_MAX], size_t *ret_len, struct sl_msg *msg);
/* "pkfp" of a signature file: SHA-256 of DER RSAPublicKey (RFC 8017 A.1.1), or of the EC point 0x04 || X || Y. */
SL_MUST_CHECK enum sl_err sl_policy_key_fingerprint(struct sl_bytes area, uint8_t out[32]);

/* TPMT_SIGNATURE from what a signature file has. SL_ERR_FORMAT: not one that this key can have made. */
#define SL_POLICY_SIGNATURE_MAX 640
SL_MUST_CHECK enum sl_err sl_policy_signature(struct sl_bytes area, struct sl_bytes raw, uint8_t out[SL_POLICY_SIGNATURE_MAX],
                                              size_t *ret_len);

/* "sha256:7,11" */
const char *sl_policy_selection_text(const struct sl_pcr_selection *selection, char room[96]);
const char *sl_policy_hex(const uint8_t *bytes, size_t len, char *room);

#endif
