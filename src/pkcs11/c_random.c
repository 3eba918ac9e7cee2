/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/rand.h"
#include "pkcs11/call.h"
#include "pkcs11/out.h"
#include "token/rv.h"

/* PKCS#11 3.0 section 5.20: random number generation functions. The generator is libcrypto's, seeded by the kernel: it takes no seed. */

CK_RV
C_SeedRandom(CK_SESSION_HANDLE session, CK_BYTE *seed, CK_ULONG seed_len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = seed == NULL && seed_len != 0 ? CKR_ARGUMENTS_BAD : CKR_RANDOM_SEED_NOT_SUPPORTED;
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin(&call, session);

	if (rv == CKR_OK)
		rv = sl_in_check((struct sl_in){ data, len });
	if (rv == CKR_OK && len != 0)
		rv = sl_rv(sl_rand(data, len));
	return sl_call_end(&call, __func__, rv);
}
