/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/ossl.h"
#include "crypto/ossl_internal.h"
#include "crypto/provider.h"

#include <dlfcn.h>
#include <link.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdatomic.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic(OSSL_LIB_CTX *) libctx;
static _Atomic(EVP_MAC *) hmac;
static _Atomic(EVP_MD *) mds[SL_HASH_COUNT_];
static atomic_bool gone;

static const char *const md_names[SL_HASH_COUNT_] = {
	[SL_HASH_SHA1] = "SHA1",
	[SL_HASH_SHA224] = "SHA2-224",
	[SL_HASH_SHA256] = "SHA2-256",
	[SL_HASH_SHA384] = "SHA2-384",
	[SL_HASH_SHA512] = "SHA2-512",
	[SL_HASH_SHA512_224] = "SHA2-512/224",
	[SL_HASH_SHA512_256] = "SHA2-512/256",
	[SL_HASH_SHA3_224] = "SHA3-224",
	[SL_HASH_SHA3_256] = "SHA3-256",
	[SL_HASH_SHA3_384] = "SHA3-384",
	[SL_HASH_SHA3_512] = "SHA3-512",
};

static void
at_libcrypto_exit(void)
{
	atomic_store(&gone, true);
}

/*
 * libcrypto calls at_libcrypto_exit() at the end of the process, so our code has to be there still, whatever
 * dlclose() our host did. (OPENSSL_atexit() pins its caller only on systems where libcrypto itself can be unloaded.)
 * In a program this finds the program: no harm.
 */
static void
pin(void)
{
	struct link_map *map = NULL;
	Dl_info info;
	void *self = NULL;
	void (*const handler)(void) = at_libcrypto_exit;

	_Static_assert(sizeof(self) == sizeof(handler), "POSIX: dlsym");
	__builtin_memcpy(&self, &handler, sizeof(self));
	if (dladdr1(self, &info, (void **)&map, RTLD_DL_LINKMAP) != 0 && map != NULL && map->l_name[0] != '\0')
		(void)dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

/*
 * OSSL_LIB_CTX_new() reads no configuration file, and loading a provider by name switches off the search for others.
 * The context is published only when it is complete, and never freed: see ossl.h.
 */
static void
set_up(void)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	OSSL_PROVIDER *provider;
	OSSL_LIB_CTX *ctx;

	pin();
	if (OPENSSL_atexit(at_libcrypto_exit) != 1 || (ctx = OSSL_LIB_CTX_new()) == NULL)
		return;
	if ((provider = OSSL_PROVIDER_load(ctx, "default")) == NULL || !sl_provider_open(provider)) {
		OSSL_LIB_CTX_free(ctx);
		return;
	}
	libctx = ctx;
}

#ifndef OPENSSL_NO_ENGINE
static void
settle_configuration(void)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();

	(void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
}
#endif

enum sl_err
sl_ossl_ready(void)
{
	if (sl_ossl_gone())
		return SL_ERR_CRYPTO;
	if (libctx != NULL)
		return SL_OK;
#ifndef OPENSSL_NO_ENGINE
	/* Outside of once: see ossl.h. From inside itself this does nothing. A bad file is our host's affair. */
	settle_configuration();
#endif
	(void)pthread_once(&once, set_up);
	return libctx != NULL ? SL_OK : SL_ERR_CRYPTO;
}

bool
sl_ossl_gone(void)
{
	return atomic_load(&gone);
}

OSSL_LIB_CTX *
sl_ossl_ctx(void)
{
	return libctx;
}

/* The first fetch of all takes libcrypto a third of a millisecond: not for a host that only lists what there is. */
EVP_MAC *
sl_ossl_hmac(void)
{
	EVP_MAC *mac = atomic_load(&hmac);
	EVP_MAC *other = NULL;

	if (mac != NULL || sl_ossl_ready() != SL_OK)
		return mac;
	mac = EVP_MAC_fetch(libctx, "HMAC", NULL);
	if (mac == NULL || atomic_compare_exchange_strong(&hmac, &other, mac))
		return mac;
	EVP_MAC_free(mac); /* another thread was faster */
	return other;
}

EVP_MD *
sl_ossl_md(enum sl_hash hash)
{
	EVP_MD *md;
	EVP_MD *other = NULL;

	if ((unsigned)hash >= SL_HASH_COUNT_ || md_names[hash] == NULL || sl_ossl_ready() != SL_OK)
		return NULL;
	md = atomic_load(&mds[hash]);
	if (md != NULL)
		return md;
	md = EVP_MD_fetch(libctx, md_names[hash], NULL);
	if (md == NULL || atomic_compare_exchange_strong(&mds[hash], &other, md))
		return md;
	EVP_MD_free(md); /* another thread was faster */
	return other;
}

struct sl_ossl_quiet
sl_ossl_quiet_begin(void)
{
	const struct sl_ossl_quiet quiet = { .active = !sl_ossl_gone() };

	/* On an empty queue no mark can be set; going back to it then empties the queue again. */
	if (quiet.active)
		(void)ERR_set_mark();
	return quiet;
}

void
sl_ossl_quiet_end(const struct sl_ossl_quiet *quiet)
{
	if (quiet->active)
		(void)ERR_pop_to_mark();
}

void
sl_ossl_clean_bn(BIGNUM **bn)
{
	BN_clear_free(*bn);
}

void
sl_ossl_clean_bn_ctx(BN_CTX **ctx)
{
	BN_CTX_free(*ctx);
}

void
sl_ossl_clean_mac_ctx(EVP_MAC_CTX **ctx)
{
	EVP_MAC_CTX_free(*ctx);
}
