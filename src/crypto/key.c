/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/key.h"
#include "crypto/key_internal.h"

#include <openssl/core_names.h>
#include <string.h>


OSSL_PARAM
sl_key_param(const char *name, unsigned type, const void *data, size_t len)
{
	return (OSSL_PARAM){ name, type, (void *)(uintptr_t)data, len, 0 };
}

void
sl_key_to_native(uint8_t *dst, const uint8_t *src, size_t len)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	for (size_t i = 0; i < len; i++)
		dst[i] = src[len - 1 - i];
#else
	memcpy(dst, src, len);
#endif
}

static enum sl_err
alloc(enum sl_key_kind kind, unsigned size, struct sl_key **ret_key)
{
	struct sl_key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		return SL_ERR_MEMORY;
	atomic_init(&key->refs, 1);
	key->kind = kind;
	key->size = size;
	*ret_key = key;
	return SL_OK;
}

/* Appends the public parameters; scratch has room for n and e. */
static size_t
public_params(const struct sl_public *pub, OSSL_PARAM *params, size_t n, uint8_t *scratch)
{
	if (pub->kind == SL_KEY_RSA) {
		sl_key_to_native(scratch, pub->n.data, pub->n.len);
		sl_key_to_native(scratch + pub->n.len, pub->e.data, pub->e.len);
		params[n++] = sl_key_param(OSSL_PKEY_PARAM_RSA_N, OSSL_PARAM_UNSIGNED_INTEGER, scratch, pub->n.len);
		params[n++] = sl_key_param(OSSL_PKEY_PARAM_RSA_E, OSSL_PARAM_UNSIGNED_INTEGER, scratch + pub->n.len,
		                           pub->e.len);
		return n;
	}
	if (pub->kind == SL_KEY_EC) {
		const char *group = pub->curve->name;

		params[n++] = sl_key_param(OSSL_PKEY_PARAM_GROUP_NAME, OSSL_PARAM_UTF8_STRING, group, strlen(group));
	}
	if (pub->point.len != 0)
		params[n++] = sl_key_param(OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, pub->point.data,
		                           pub->point.len);
	return n;
}

static enum sl_err
import(const struct sl_public *pub, const OSSL_PARAM *secret, void **ret_keydata)
{
	SL_FREE uint8_t *scratch = malloc(pub->n.len + pub->e.len + 1);
	OSSL_PARAM params[SL_KEY_PARAMS_MAX + 1];
	size_t n = 0;

	if (scratch == NULL)
		return SL_ERR_MEMORY;
	while (secret != NULL && secret[n].key != NULL && n < SL_KEY_PARAMS_MAX - 2) {
		params[n] = secret[n];
		n++;
	}
	n = public_params(pub, params, n, scratch);
	params[n] = OSSL_PARAM_construct_end();
	*ret_keydata = sl_provider_import(pub->kind, secret != NULL, params);
	return *ret_keydata != NULL ? SL_OK : SL_ERR_ARG;
}

static enum sl_err
read_point(const struct sl_key *key, uint8_t *point, size_t len)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, len),
		OSSL_PARAM_construct_end(),
	};

	return sl_provider_get(key->kind, key->keydata, params) && params[0].return_size == len ? SL_OK : SL_ERR_CRYPTO;
}

enum sl_err
sl_key_build(const struct sl_public *pub, const OSSL_PARAM *secret, struct sl_key **ret_key)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	struct sl_public full = *pub;
	uint8_t point[SL_CURVE_POINT_MAX];
	enum sl_err err;

	if ((err = sl_ossl_ready()) != SL_OK || (err = alloc(pub->kind, pub->size, &key)) != SL_OK ||
	    (err = import(pub, secret, &key->keydata)) != SL_OK)
		return err;
	if (pub->kind != SL_KEY_RSA && pub->point.len == 0) { /* not EC: the provider has computed it */
		full.point = (struct sl_bytes){ point, sl_curve_point_len(pub->curve) };
		if ((err = read_point(key, point, full.point.len)) != SL_OK)
			return err;
	}
	if ((err = sl_der_write_spki(&full, &key->spki, &key->spki_len)) != SL_OK ||
	    (err = sl_der_read_spki(key->spki, key->spki_len, &key->pub)) != SL_OK)
		return err;
	key->size = key->pub.size;
	key->is_private = secret != NULL;
	*ret_key = SL_TAKE(key);
	return SL_OK;
}

/* Of the kinds that are plain bytes. */
static bool
raw_public(enum sl_key_kind kind, struct sl_public *ret_pub)
{
	static const unsigned sizes[SL_KEY_SECRET] = {
		[SL_KEY_ED25519] = 256, [SL_KEY_X25519] = 256, [SL_KEY_ED448] = 456, [SL_KEY_X448] = 448,
	};

	if ((unsigned)kind >= SL_ARRAY_LEN(sizes) || sizes[kind] == 0)
		return false;
	*ret_pub = (struct sl_public){ .kind = kind, .size = sizes[kind], .curve = sl_curve_of(kind, sizes[kind]) };
	return true;
}

enum sl_err
sl_key_from_raw(enum sl_key_kind kind, const uint8_t *bytes, size_t len, struct sl_key **ret_key)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	struct sl_public pub;
	const OSSL_PARAM secret[] = {
		sl_key_param(OSSL_PKEY_PARAM_PRIV_KEY, OSSL_PARAM_OCTET_STRING, bytes, len),
		OSSL_PARAM_construct_end(),
	};
	enum sl_err err;

	if (!raw_public(kind, &pub) || len != sl_curve_width(pub.curve))
		return SL_ERR_ARG;
	if ((err = sl_key_build(&pub, secret, &key)) != SL_OK ||
	    (err = sl_secret_copy(&key->secret, bytes, len)) != SL_OK)
		return err;
	*ret_key = SL_TAKE(key);
	return SL_OK;
}

enum sl_err
sl_key_from_secret(const uint8_t *bytes, size_t len, struct sl_key **ret_key)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	enum sl_err err;

	if (len == 0 || len > SL_SECRET_MAX)
		return SL_ERR_RANGE;
	if ((err = alloc(SL_KEY_SECRET, (unsigned)(len * 8), &key)) != SL_OK ||
	    (err = sl_secret_copy(&key->secret, bytes, len)) != SL_OK)
		return err;
	key->is_private = true;
	*ret_key = SL_TAKE(key);
	return SL_OK;
}

/* SL_ERR_ARG from libcrypto is a point off its curve, or numbers that are no key. */
static enum sl_err
build_public(const struct sl_public *pub, struct sl_key **ret_key)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	const enum sl_err err = sl_key_build(pub, NULL, ret_key);

	if (err == SL_ERR_ARG && pub->kind == SL_KEY_EC && !sl_key_has_curve(pub->curve))
		return SL_ERR_UNSUPPORTED;
	return err == SL_ERR_ARG ? SL_ERR_FORMAT : err;
}

bool
sl_key_rsa_size_ok(unsigned bits, struct sl_bytes e)
{
	return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX && (bits <= RSA_BITS_ANY_E || e.len <= 8);
}

/* Of numbers without leading zeros. */
static bool
less(struct sl_bytes a, struct sl_bytes b)
{
	return a.len != b.len ? a.len < b.len : memcmp(a.data, b.data, a.len) < 0;
}

static enum sl_err
build_rsa_public(const struct sl_public *pub, struct sl_key **ret_key)
{
	if (!sl_key_rsa_size_ok(pub->size, pub->e))
		return SL_ERR_UNSUPPORTED;
	if ((pub->n.data[pub->n.len - 1] & 1) == 0 || (pub->e.data[pub->e.len - 1] & 1) == 0 ||
	    (pub->e.len == 1 && pub->e.data[0] == 1) || !less(pub->e, pub->n))
		return SL_ERR_FORMAT;
	return build_public(pub, ret_key);
}

enum sl_err
sl_key_from_spki(const uint8_t *der, size_t len, struct sl_key **ret_key)
{
	struct sl_public pub;
	const enum sl_err err = sl_der_read_spki(der, len, &pub);

	if (err != SL_OK)
		return err;
	return pub.kind == SL_KEY_RSA ? build_rsa_public(&pub, ret_key) : build_public(&pub, ret_key);
}

enum sl_err
sl_key_from_ec_point(const uint8_t *oid, size_t oid_len, const uint8_t *point, size_t point_len,
                     struct sl_key **ret_key)
{
	const struct sl_curve *curve = sl_curve_find(oid, oid_len);
	struct sl_public pub = { .kind = SL_KEY_EC, .curve = curve, .point = { point, point_len } };

	if (curve == NULL || curve->kind != SL_KEY_EC)
		return SL_ERR_UNSUPPORTED;
	if (point_len != sl_curve_point_len(curve) || point[0] != 4)
		return SL_ERR_FORMAT;
	pub.size = curve->size;
	return build_public(&pub, ret_key);
}

struct sl_bytes
sl_key_trim(const uint8_t *bytes, size_t len)
{
	while (len != 0 && bytes[0] == 0) {
		bytes++;
		len--;
	}
	return (struct sl_bytes){ bytes, len };
}

enum sl_err
sl_key_from_rsa_public(const uint8_t *n, size_t n_len, const uint8_t *e, size_t e_len, struct sl_key **ret_key)
{
	struct sl_public pub = { .kind = SL_KEY_RSA, .n = sl_key_trim(n, n_len), .e = sl_key_trim(e, e_len) };

	if (pub.n.len == 0 || pub.e.len == 0)
		return SL_ERR_FORMAT;
	if (pub.n.len > RSA_BITS_MAX / 8)
		return SL_ERR_UNSUPPORTED;
	pub.size = (unsigned)(pub.n.len * 8) - (unsigned)__builtin_clz((unsigned)pub.n.data[0] << 24);
	return build_rsa_public(&pub, ret_key);
}

enum sl_err
sl_key_from_raw_public(enum sl_key_kind kind, const uint8_t *bytes, size_t len, struct sl_key **ret_key)
{
	struct sl_public pub;

	if (!raw_public(kind, &pub))
		return SL_ERR_ARG;
	pub.point = (struct sl_bytes){ bytes, len };
	return len == sl_curve_point_len(pub.curve) ? build_public(&pub, ret_key) : SL_ERR_FORMAT;
}

struct sl_key *
sl_key_ref(struct sl_key *key)
{
	atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
	return key;
}

void
sl_key_unref(struct sl_key **key)
{
	struct sl_key *k = *key;

	*key = NULL;
	if (k == NULL || atomic_fetch_sub_explicit(&k->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (!sl_ossl_gone())
		sl_provider_free(k->kind, k->keydata);
	sl_secret_clear(&k->secret);
	free(k->spki);
	free(k);
}

static atomic_ulong retirements;

void
sl_key_retire(struct sl_key *key)
{
	atomic_store(&key->retired, true);
	(void)atomic_fetch_add(&retirements, 1);
}

bool
sl_key_is_retired(const struct sl_key *key)
{
	return atomic_load(&key->retired);
}

unsigned long
sl_key_retirements(void)
{
	return atomic_load(&retirements);
}

enum sl_key_kind
sl_key_kind(const struct sl_key *key)
{
	return key->kind;
}

unsigned
sl_key_size(const struct sl_key *key)
{
	return key->size;
}

bool
sl_key_is_private(const struct sl_key *key)
{
	return key->is_private;
}
