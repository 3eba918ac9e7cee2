/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/ossl_internal.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/provider.h>
#include <string.h>

/*
 * The default provider's own key types, under other names, in our library context: for two things go by the *name* of a key's type.
 *
 * Engines: libcrypto 3 asks ENGINEs by it, in every library context and for provided keys too. Where our host made an engine the default for RSA and
 * EC (libp11's PKCS#11 engine does that for itself), EVP_PKEY_fromdata() by "RSA" and "EC" fails, and EVP_PKEY_sign() goes to the engine's
 * method, whatever that does with a key it does not know. (By object identifier the first one works, the second does not improve.)
 *
 * openssl.cnf: a name that is not in libcrypto's table of objects makes it look for objects the host's configuration may have added, and so
 * load that configuration into the *default* context, at a time of our choosing. It may name a PKCS#11 provider, and that one us.
 *
 * So the names are those of objects that every libcrypto has in its own table, as both short and long name, and that are no keys: X.520
 * attributes. And this provider hands out the default
 * provider's functions, called with the default provider's context: nothing is implemented here. tests/unit/test-engine.c and
 * tests/unit/test-guest.c see to it that both hold.
 *
 * Below all this, libcrypto still gives each RSA and EC key the RSA_METHOD or EC_KEY_METHOD of the default engine; there is no public way
 * around that. libp11's hand a key that is not theirs to libcrypto's, and the signatures stay right.
 */
#define PROPERTIES "provider=seedleaf"

/*
 * Signatures are asked for by the key type's name, or by what its query function says where it has one: libcrypto's name. Which types have
 * one differs between versions, so there are both. (Two names in one row would be taken for one algorithm, and clash.)
 */
static const struct {
	int operation;
	const char *of;
	const char *name;
} wanted[] = {
	{ OSSL_OP_KEYMGMT, "RSA", SL_OSSL_RSA },
	{ OSSL_OP_KEYMGMT, "EC", SL_OSSL_EC },
	{ OSSL_OP_KEYMGMT, "ED25519", SL_OSSL_ED25519 },
	{ OSSL_OP_KEYMGMT, "X25519", SL_OSSL_X25519 },
	{ OSSL_OP_SIGNATURE, "RSA", SL_OSSL_RSA },
	{ OSSL_OP_SIGNATURE, "RSA", "RSA" },
	{ OSSL_OP_SIGNATURE, "ECDSA", SL_OSSL_EC },
	{ OSSL_OP_SIGNATURE, "ECDSA", "ECDSA" },
	{ OSSL_OP_SIGNATURE, "ED25519", SL_OSSL_ED25519 },
	{ OSSL_OP_SIGNATURE, "ED25519", "ED25519" },
};

#define ROOM (SL_ARRAY_LEN(wanted) + 1)

/* Written once, under ossl.c's once. */
static OSSL_ALGORITHM keymgmts[ROOM];
static OSSL_ALGORITHM signatures[ROOM];
static OSSL_PROVIDER *source;

static const OSSL_ALGORITHM *
query(void *ctx, int operation, int *no_cache)
{
	(void)ctx;
	*no_cache = 0;
	return operation == OSSL_OP_KEYMGMT ? keymgmts : operation == OSSL_OP_SIGNATURE ? signatures : NULL;
}

/* Whether name is one of "A:B:C". */
static bool
is_among(const char *names, const char *name)
{
	const size_t len = strlen(name);

	for (; names != NULL; names = strchr(names, ':') != NULL ? strchr(names, ':') + 1 : NULL)
		if (strncmp(names, name, len) == 0 && (names[len] == '\0' || names[len] == ':'))
			return true;
	return false;
}

static const OSSL_DISPATCH *
find(int operation, const char *name)
{
	int no_cache = 0;
	const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(source, operation, &no_cache);
	const OSSL_DISPATCH *found = NULL;

	for (const OSSL_ALGORITHM *a = all; a != NULL && a->algorithm_names != NULL && found == NULL; a++)
		if (is_among(a->algorithm_names, name))
			found = a->implementation;
	OSSL_PROVIDER_unquery_operation(source, operation, all);
	return found;
}

static int
init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in, const OSSL_DISPATCH **out, void **ctx)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
		{ 0, NULL },
	};

	(void)handle;
	(void)in;
	*out = functions;
	*ctx = OSSL_PROVIDER_get0_provider_ctx(source);
	return 1;
}

bool
sl_provider_load(OSSL_LIB_CTX *ctx, OSSL_PROVIDER *from)
{
	size_t n[2] = { 0, 0 };

	source = from;
	for (size_t i = 0; i < SL_ARRAY_LEN(wanted); i++) {
		const bool key = wanted[i].operation == OSSL_OP_KEYMGMT;
		OSSL_ALGORITHM *to = key ? &keymgmts[n[0]++] : &signatures[n[1]++];

		*to = (OSSL_ALGORITHM){ wanted[i].name, PROPERTIES, find(wanted[i].operation, wanted[i].of), NULL };
		if (to->implementation == NULL)
			return false;
	}
	return OSSL_PROVIDER_add_builtin(ctx, "seedleaf", init) == 1 && OSSL_PROVIDER_load(ctx, "seedleaf") != NULL;
}
