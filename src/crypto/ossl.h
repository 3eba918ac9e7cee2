/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CRYPTO_OSSL_H
#define SL_CRYPTO_OSSL_H

#include "base/err.h"

#include <stdbool.h>

/*
 * The module's own libcrypto library context: default provider only, no configuration file, so that a host whose
 * openssl.cnf loads a PKCS#11 provider or engine does not come back to us. It is made once per process, at first use,
 * and kept until the process ends: a host may call C_Finalize from inside OPENSSL_cleanup, when nothing of libcrypto
 * may be touched any more.
 *
 * Call it first, and with no lock held: a libcrypto with engines reads openssl.cnf into the host's default context
 * when the first RSA or EC key is made, whatever the context; that may load a PKCS#11 provider, and that one may call
 * us from inside. So this function lets it happen at once, where nothing of ours is half done; the call from inside
 * is then like any other.
 */
SL_MUST_CHECK enum sl_err sl_ossl_ready(void);

/* True once libcrypto has begun its own clean-up at exit: release nothing of it then, only wipe. */
bool sl_ossl_gone(void);

#endif
