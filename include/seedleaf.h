/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SEEDLEAF_H
#define SEEDLEAF_H

/*
 * Vendor-defined numbers of the Seedleaf PKCS#11 module. Include a PKCS#11 header first.
 * They are part of the module's interface and never change their meaning.
 */

/* CKA_VENDOR_DEFINED | "SL" << 8 */
#define CKA_SEEDLEAF_BASE    (0x80000000UL | 0x534c00UL)

/* What a derived key is a function of, beside the root (read-only; keys that are not derived have none). */
#define CKA_SEEDLEAF_NAME    (CKA_SEEDLEAF_BASE | 0x01UL) /* UTF-8 */
#define CKA_SEEDLEAF_TYPE    (CKA_SEEDLEAF_BASE | 0x02UL) /* e.g. "ec:P-256" */
#define CKA_SEEDLEAF_VERSION (CKA_SEEDLEAF_BASE | 0x03UL) /* CK_ULONG */

/* Where a key on the token comes from (read-only), CK_ULONG: */
#define CKA_SEEDLEAF_ORIGIN  (CKA_SEEDLEAF_BASE | 0x04UL)
#define SEEDLEAF_ORIGIN_DERIVED  1UL /* a function of the token's root */
#define SEEDLEAF_ORIGIN_RANDOM   2UL /* made here, from the TPM's generator and the kernel's; sealed */
#define SEEDLEAF_ORIGIN_IMPORTED 3UL /* brought, unwrapped, computed from another key, or copied from a session; sealed */

#endif
