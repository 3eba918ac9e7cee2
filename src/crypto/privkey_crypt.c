/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/text.h"
#include "crypto/der.h"
#include "crypto/kdf.h"
#include "crypto/ossl_internal.h"
#include "crypto/privkey_internal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <string.h>

/* More is no setting that anybody waits for: minutes, or memory that a small machine has not. */
#define ITERATIONS_MAX 100000000U
#define SCRYPT_MEMORY_MAX ((uint64_t)1 << 30)
#define SCRYPT_P_MAX 64

/* A DER OBJECT IDENTIFIER by its contents in a string literal. */
#define OID(text) { (const uint8_t *)(text), sizeof(text) - 1 }
static const struct sl_bytes oid_pbes2 = OID("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d");
static const struct sl_bytes oid_pbkdf2 = OID("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c");
static const struct sl_bytes oid_scrypt = OID("\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x04\x0b");

/* RFC 8018 B.1 */
#define HMAC(last) OID("\x06\x08\x2a\x86\x48\x86\xf7\x0d\x02" last)
static const struct {
	struct sl_bytes oid;
	enum sl_hash hash;
} prfs[] = {
	{ HMAC("\x07"), SL_HASH_SHA1 },   { HMAC("\x08"), SL_HASH_SHA224 }, { HMAC("\x09"), SL_HASH_SHA256 },
	{ HMAC("\x0a"), SL_HASH_SHA384 }, { HMAC("\x0b"), SL_HASH_SHA512 },
};

/* RFC 8018 B.2, and the names of DEK-Info, which are libcrypto's, too. */
#define AES(last) OID("\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01" last)
static const struct cbc {
	struct sl_bytes oid;
	const char *name;
	size_t key_len;
	size_t iv_len;
} ciphers[] = {
	{ AES("\x02"), "AES-128-CBC", 16, 16 },
	{ AES("\x16"), "AES-192-CBC", 24, 16 },
	{ AES("\x2a"), "AES-256-CBC", 32, 16 },
	{ OID("\x06\x08\x2a\x86\x48\x86\xf7\x0d\x03\x07"), "DES-EDE3-CBC", 24, 8 },
};

static const char wrong[] = "the passphrase is wrong, or the file is damaged";
static const char damaged[] = "damaged: how it is encrypted has not the form it has to have";
static const char wanted[] = "it is encrypted, and no passphrase was given";

static bool
same(struct sl_bytes a, struct sl_bytes b)
{
	return a.len == b.len && memcmp(a.data, b.data, b.len) == 0;
}

static void
clean_ctx(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static void
clean_cipher(EVP_CIPHER **cipher)
{
	EVP_CIPHER_free(*cipher);
}

static void
clean_kdf(EVP_KDF **kdf)
{
	EVP_KDF_free(*kdf);
}

static void
clean_kdf_ctx(EVP_KDF_CTX **ctx)
{
	EVP_KDF_CTX_free(*ctx);
}

static void
clean_md(EVP_MD **md)
{
	EVP_MD_free(*md);
}

/* CBC with the padding of PKCS #7. */
static enum sl_err
decrypt(const struct cbc *how, const struct sl_secret *key, const uint8_t *iv, struct sl_bytes in, struct sl_secret *ret_plain)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_cipher) EVP_CIPHER *cipher = EVP_CIPHER_fetch(sl_ossl_ctx(), how->name, NULL);
	SL_CLEANUP(clean_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	SL_SECRET room = { 0 };
	int first = 0;
	int last = 0;
	enum sl_err err;

	if (cipher == NULL || ctx == NULL)
		return SL_ERR_CRYPTO;
	if (in.len == 0 || in.len > INT_MAX / 2 || in.len % how->iv_len != 0)
		return SL_ERR_AUTH;
	if ((err = sl_secret_alloc(&room, in.len + how->iv_len)) != SL_OK)
		return err;
	if (EVP_DecryptInit_ex2(ctx, cipher, key->bytes, iv, NULL) != 1)
		return SL_ERR_CRYPTO;
	if (EVP_DecryptUpdate(ctx, room.bytes, &first, in.data, (int)in.len) != 1 ||
	    EVP_DecryptFinal_ex(ctx, room.bytes + first, &last) != 1 || first + last <= 0)
		return SL_ERR_AUTH;
	return sl_secret_copy(ret_plain, room.bytes, (size_t)first + (size_t)last);
}

/* What EncryptedPrivateKeyInfo says; all of it points into the DER. */
struct pbes2 {
	const struct cbc *cipher;
	const uint8_t *iv;
	struct sl_bytes salt;
	enum sl_hash prf;       /* PBKDF2 */
	uint32_t iterations;    /* PBKDF2; 0: scrypt */
	uint32_t n, r, p;       /* scrypt */
	struct sl_bytes data;
};

static uint32_t
number(struct sl_reader *r)
{
	const struct sl_bytes n = sl_der_integer(r);
	uint32_t v = 0;

	if (n.len > 4)
		r->bad = true;
	for (size_t i = 0; i < n.len && n.len <= 4; i++)
		v = v << 8 | n.data[i];
	return v;
}

static struct sl_bytes
octets(struct sl_reader *r)
{
	const struct sl_reader in = sl_der_enter(r, SL_DER_OCTET_STRING);

	return in.bad ? (struct sl_bytes){ NULL, 0 } : (struct sl_bytes){ in.at, in.left };
}

/* keyLength INTEGER OPTIONAL: where it is there, the cipher's. */
static bool
key_len_fits(struct sl_reader *r, const struct cbc *cipher)
{
	return r->left == 0 || r->at[0] != SL_DER_INTEGER || number(r) == cipher->key_len;
}

/* RFC 8018 A.2 */
static enum sl_err
read_pbkdf2(struct sl_reader seq, struct pbes2 *e)
{
	struct sl_algorithm prf = { .kind = SL_DER_OTHER };

	e->salt = octets(&seq);
	e->iterations = number(&seq);
	if (seq.bad || e->iterations == 0 || !key_len_fits(&seq, e->cipher))
		return SL_ERR_FORMAT;
	if (e->iterations > ITERATIONS_MAX)
		return SL_ERR_UNSUPPORTED;
	e->prf = SL_HASH_SHA1;
	if (seq.left == 0 && !seq.bad)
		return SL_OK;
	e->prf = SL_HASH_NONE;
	if (!sl_der_algorithm(&seq, &prf) || !sl_reader_done(&seq))
		return SL_ERR_FORMAT;
	for (size_t i = 0; i < SL_ARRAY_LEN(prfs); i++)
		if (same(prf.oid, prfs[i].oid))
			e->prf = prfs[i].hash;
	return e->prf == SL_HASH_NONE ? SL_ERR_UNSUPPORTED : SL_OK;
}

/* RFC 7914 section 7 */
static enum sl_err
read_scrypt(struct sl_reader seq, struct pbes2 *e)
{
	e->salt = octets(&seq);
	e->n = number(&seq);
	e->r = number(&seq);
	e->p = number(&seq);
	if (seq.bad || e->n < 2 || (e->n & (e->n - 1)) != 0 || e->r == 0 || e->p == 0 || !key_len_fits(&seq, e->cipher) || !sl_reader_done(&seq))
		return SL_ERR_FORMAT;
	return e->r > SCRYPT_MEMORY_MAX / 128 / e->n || e->p > SCRYPT_P_MAX ? SL_ERR_UNSUPPORTED : SL_OK;
}

static enum sl_err
read_cipher(const struct sl_algorithm *alg, struct pbes2 *e)
{
	struct sl_reader params = sl_reader_of(alg->params.data, alg->params.len);
	const struct sl_bytes iv = octets(&params);

	for (size_t i = 0; i < SL_ARRAY_LEN(ciphers); i++)
		if (same(alg->oid, ciphers[i].oid))
			e->cipher = &ciphers[i];
	if (e->cipher == NULL)
		return SL_ERR_UNSUPPORTED;
	e->iv = iv.data;
	return iv.data != NULL && iv.len == e->cipher->iv_len && sl_reader_done(&params) ? SL_OK : SL_ERR_FORMAT;
}

/* RFC 5208 section 6; RFC 8018 A.4 */
static enum sl_err
read_encrypted(const struct sl_secret *der, struct pbes2 *e)
{
	struct sl_reader r = sl_reader_of(der->bytes, der->len);
	struct sl_reader seq = sl_der_enter(&r, SL_DER_SEQUENCE);
	struct sl_algorithm alg = { .kind = SL_DER_OTHER };
	struct sl_algorithm kdf = { .kind = SL_DER_OTHER };
	struct sl_algorithm cipher = { .kind = SL_DER_OTHER };
	const bool good = sl_der_algorithm(&seq, &alg);
	struct sl_reader params;
	struct sl_reader both;
	enum sl_err err;

	e->data = octets(&seq);
	if (!good || e->data.data == NULL || !sl_reader_done(&seq) || !sl_reader_done(&r))
		return SL_ERR_FORMAT;
	if (!same(alg.oid, oid_pbes2))
		return SL_ERR_UNSUPPORTED;
	params = sl_reader_of(alg.params.data, alg.params.len);
	both = sl_der_enter(&params, SL_DER_SEQUENCE);
	if (!sl_der_algorithm(&both, &kdf) || !sl_der_algorithm(&both, &cipher) || !sl_reader_done(&both) || !sl_reader_done(&params))
		return SL_ERR_FORMAT;
	if ((err = read_cipher(&cipher, e)) != SL_OK)
		return err;
	params = sl_reader_of(kdf.params.data, kdf.params.len);
	both = sl_der_enter(&params, SL_DER_SEQUENCE);
	if (!sl_reader_done(&params))
		return SL_ERR_FORMAT;
	return same(kdf.oid, oid_pbkdf2) ? read_pbkdf2(both, e) : same(kdf.oid, oid_scrypt) ? read_scrypt(both, e) : SL_ERR_UNSUPPORTED;
}

static OSSL_PARAM
param(const char *name, unsigned type, const void *data, size_t len)
{
	return (OSSL_PARAM){ name, type, len == 0 ? (void *)(uintptr_t)"" : (void *)(uintptr_t)data, len, 0 };
}

static enum sl_err
scrypt(const struct pbes2 *e, const struct sl_secret *passphrase, struct sl_secret *ret_key)
{
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_kdf) EVP_KDF *kdf = EVP_KDF_fetch(sl_ossl_ctx(), "SCRYPT", NULL);
	SL_CLEANUP(clean_kdf_ctx) EVP_KDF_CTX *ctx = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	const uint64_t n = e->n;
	const uint64_t most = 2 * SCRYPT_MEMORY_MAX; /* beside its big table it wants a little */
	const OSSL_PARAM params[] = {
		param(OSSL_KDF_PARAM_PASSWORD, OSSL_PARAM_OCTET_STRING, passphrase->bytes, passphrase->len),
		param(OSSL_KDF_PARAM_SALT, OSSL_PARAM_OCTET_STRING, e->salt.data, e->salt.len),
		param(OSSL_KDF_PARAM_SCRYPT_N, OSSL_PARAM_UNSIGNED_INTEGER, &n, sizeof(n)),
		param(OSSL_KDF_PARAM_SCRYPT_R, OSSL_PARAM_UNSIGNED_INTEGER, &e->r, sizeof(e->r)),
		param(OSSL_KDF_PARAM_SCRYPT_P, OSSL_PARAM_UNSIGNED_INTEGER, &e->p, sizeof(e->p)),
		param(OSSL_KDF_PARAM_SCRYPT_MAXMEM, OSSL_PARAM_UNSIGNED_INTEGER, &most, sizeof(most)),
		OSSL_PARAM_construct_end(),
	};
	SL_SECRET key = { 0 };
	enum sl_err err;

	if (ctx == NULL)
		return SL_ERR_CRYPTO;
	if ((err = sl_secret_alloc(&key, e->cipher->key_len)) != SL_OK)
		return err;
	if (EVP_KDF_derive(ctx, key.bytes, key.len, params) != 1)
		return SL_ERR_CRYPTO;
	*ret_key = sl_secret_take(&key);
	return SL_OK;
}

enum sl_err
sl_privkey_pbes2(const struct sl_secret *der, const struct sl_secret *passphrase, struct sl_secret *ret_plain, struct sl_msg *msg)
{
	struct pbes2 e = { .cipher = NULL };
	SL_SECRET key = { 0 };
	enum sl_err err = read_encrypted(der, &e);

	if (err == SL_ERR_UNSUPPORTED)
		return sl_privkey_refuse(msg, err, "it is encrypted in a way that is not offered, expected PBES2 with PBKDF2 or scrypt and AES or "
		                         "triple DES; convert it with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW");
	if (err != SL_OK)
		return sl_privkey_refuse(msg, err, damaged);
	if (passphrase == NULL)
		return sl_privkey_refuse(msg, SL_ERR_LOGIN, wanted);
	if ((err = sl_ossl_ready()) != SL_OK)
		return err;
	if (e.iterations == 0)
		err = scrypt(&e, passphrase, &key);
	else
		err = sl_kdf_pbkdf2(e.prf, (struct sl_part){ passphrase->bytes, passphrase->len }, (struct sl_part){ e.salt.data, e.salt.len },
		                    e.iterations, e.cipher->key_len, &key);
	if (err == SL_OK)
		err = decrypt(e.cipher, &key, e.iv, e.data, ret_plain);
	return err == SL_ERR_AUTH ? sl_privkey_refuse(msg, err, wrong) : err;
}

/* OpenSSL's EVP_BytesToKey with MD5, once round: D(i) = MD5(D(i - 1) || passphrase || first 8 bytes of the IV). */
static enum sl_err
dek_key(const struct sl_secret *passphrase, const uint8_t *iv, size_t len, struct sl_secret *ret_key)
{
	enum { MD5 = 16, SALT = 8 };
	SL_OSSL_QUIET quiet = sl_ossl_quiet_begin();
	SL_CLEANUP(clean_md) EVP_MD *md = EVP_MD_fetch(sl_ossl_ctx(), "MD5", NULL);
	SL_SECRET in = { 0 };
	SL_SECRET key = { 0 };
	enum sl_err err;

	if (md == NULL)
		return SL_ERR_UNSUPPORTED; /* some systems have taken it away */
	if ((err = sl_secret_alloc(&in, MD5 + passphrase->len + SALT)) != SL_OK || (err = sl_secret_alloc(&key, 2 * MD5)) != SL_OK)
		return err;
	if (passphrase->len != 0)
		memcpy(in.bytes + MD5, passphrase->bytes, passphrase->len);
	memcpy(in.bytes + MD5 + passphrase->len, iv, SALT);
	for (size_t done = 0; done < len; done += MD5) {
		const size_t skip = done == 0 ? MD5 : 0;

		if (EVP_Digest(in.bytes + skip, in.len - skip, key.bytes + done, NULL, md, NULL) != 1)
			return SL_ERR_CRYPTO;
		memcpy(in.bytes, key.bytes + done, MD5);
	}
	return sl_secret_copy(ret_key, key.bytes, len);
}

enum sl_err
sl_privkey_dek(const char *dek, const struct sl_secret *bytes, const struct sl_secret *passphrase, struct sl_secret *ret_plain,
               struct sl_msg *msg)
{
	const char *comma = strchr(dek, ',');
	const struct cbc *how = NULL;
	uint8_t iv[16];
	size_t iv_len = 0;
	SL_SECRET key = { 0 };
	enum sl_err err;

	if (comma == NULL || !sl_text_hex(comma + 1, iv, sizeof(iv), &iv_len))
		return sl_privkey_refuse(msg, SL_ERR_FORMAT, damaged);
	for (size_t i = 0; i < SL_ARRAY_LEN(ciphers); i++)
		if (strlen(ciphers[i].name) == (size_t)(comma - dek) && strncmp(ciphers[i].name, dek, (size_t)(comma - dek)) == 0)
			how = &ciphers[i];
	if (how == NULL)
		return sl_privkey_refuse(msg, SL_ERR_UNSUPPORTED, "it is encrypted in a way that is not offered, expected AES-128-CBC, "
		                         "AES-192-CBC, AES-256-CBC or DES-EDE3-CBC; convert it with openssl pkey -in FILE -aes256 -out NEW");
	if (iv_len != how->iv_len)
		return sl_privkey_refuse(msg, SL_ERR_FORMAT, damaged);
	if (passphrase == NULL)
		return sl_privkey_refuse(msg, SL_ERR_LOGIN, wanted);
	if ((err = sl_ossl_ready()) != SL_OK || (err = dek_key(passphrase, iv, how->key_len, &key)) != SL_OK)
		return err;
	err = decrypt(how, &key, iv, (struct sl_bytes){ bytes->bytes, bytes->len }, ret_plain);
	return err == SL_ERR_AUTH ? sl_privkey_refuse(msg, err, wrong) : err;
}
