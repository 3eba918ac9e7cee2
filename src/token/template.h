/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_TEMPLATE_H
#define SL_TOKEN_TEMPLATE_H

#include "token/attr.h"
#include "token/schema.h"

/*
 * A caller's template, checked whole against the schema before anything is applied (PKCS#11 3.0 section 4.1).
 */

/* What every template has to be before anybody reads a value of it: CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV sl_template_check(const CK_ATTRIBUTE *template, CK_ULONG n);

/*
 * may: the one of SL_MAY_CREATE, _GENERATE, _SET, _COPY that asks. CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_READ_ONLY,
 * CKR_ATTRIBUTE_VALUE_INVALID, CKR_TEMPLATE_INCONSISTENT (one type, two values), CKR_HOST_MEMORY. ret_attrs is to be empty before.
 */
CK_RV sl_template_take(unsigned kind, unsigned may, const CK_ATTRIBUTE *template, CK_ULONG n, struct sl_attrs *ret_attrs);

/* CKR_TEMPLATE_INCOMPLETE unless every attribute that has to be given (must: SL_MUST_CREATE or SL_MUST_GENERATE) is there. */
CK_RV sl_template_complete(unsigned kind, unsigned must, const struct sl_attrs *attrs);

/* Whether a change keeps to the one-way rules: CKA_SENSITIVE only to true, CKA_EXTRACTABLE only to false... CKR_ATTRIBUTE_READ_ONLY. */
CK_RV sl_template_one_way(unsigned kind, const struct sl_attrs *now, const struct sl_attrs *change);

/* Peeks before the kind is known: a CK_ULONG or CK_BBOOL of the template, or otherwise. CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV sl_template_peek_ulong(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type, CK_ULONG otherwise, CK_ULONG *ret);
CK_RV sl_template_peek_bool(const CK_ATTRIBUTE *template, CK_ULONG n, CK_ATTRIBUTE_TYPE type, bool otherwise, bool *ret);

/* A longer template is CKR_ARGUMENTS_BAD. */
#define SL_TEMPLATE_MAX 256

/*
 * A key that wraps and unwraps and does nothing else. Only such a key can be trusted with others: one that may decrypt, too, shows what it wrapped, and with
 * AES in a counter mode (GCM, CCM) so does one that may encrypt, derive or make MACs. doc/attacks.md.
 */
bool sl_template_only_wraps(const struct sl_attrs *attrs);

/* Whether the template of a secret key says that it wraps or unwraps, and of no other use that it has it: then it gets none by default. */
bool sl_template_is_for_wrapping(const struct sl_attrs *attrs);

#endif
