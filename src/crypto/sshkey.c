/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/buf.h"
#include "crypto/bcrypt.h"
#include "crypto/cipher.h"
#include "crypto/curve.h"
#include "crypto/privkey_internal.h"

#include <string.h>

/*
 * OpenSSH's own form (PROTOCOL.key): "openssh-key-v1" NUL, cipher, KDF, its options, the number of keys, the public key, and, encrypted, twice the same random
 * number, the private key and a padding of 1, 2, 3... Strict: what OpenSSH does not write is refused.
 */
static const char magic[] = "openssh-key-v1"; /* with its NUL */

#define ROUNDS_MAX 10000 /* of bcrypt: minutes */
#define TAG 16

static const struct ssh_cipher {
	const char *name;
	size_t key_len;
	size_t iv_len;
	size_t block;
	bool encrypts;
	enum sl_cipher_mode mode;
} ciphers[] = {
	{ "none", 0, 0, 8, false, SL_CIPHER_COUNT_ },
	{ "aes256-ctr", 32, 16, 16, true, SL_CIPHER_CTR },
	{ "aes192-ctr", 24, 16, 16, true, SL_CIPHER_CTR },
	{ "aes128-ctr", 16, 16, 16, true, SL_CIPHER_CTR },
	{ "aes256-cbc", 32, 16, 16, true, SL_CIPHER_CBC },
	{ "aes192-cbc", 24, 16, 16, true, SL_CIPHER_CBC },
	{ "aes128-cbc", 16, 16, 16, true, SL_CIPHER_CBC },
	{ "aes256-gcm@openssh.com", 32, 12, 16, true, SL_CIPHER_GCM },
	{ "aes128-gcm@openssh.com", 16, 12, 16, true, SL_CIPHER_GCM },
};

/* What stands before the private part; all of it points into the file. */
struct outside {
	const struct ssh_cipher *cipher;
	struct sl_bytes salt;
	uint32_t rounds;
	struct sl_bytes public;
	struct sl_bytes private;
	const uint8_t *tag; /* GCM */
};

static const char broken[] = "damaged: it has not the form of an OpenSSH private key";

/* RFC 4251 section 5 */
static struct sl_bytes
string(struct sl_reader *r)
{
	const size_t len = sl_reader_u32be(r);
	const uint8_t *at = sl_reader_bytes(r, len);

	return (struct sl_bytes){ at, at == NULL ? 0 : len };
}

/* Positive, in its shortest form; without its sign byte. */
static struct sl_bytes
mpint(struct sl_reader *r)
{
	struct sl_bytes n = string(r);

	if (r->bad || n.len == 0 || (n.data[0] & 0x80) != 0 || (n.data[0] == 0 && (n.len == 1 || (n.data[1] & 0x80) == 0))) {
		r->bad = true;
		return (struct sl_bytes){ NULL, 0 };
	}
	if (n.data[0] == 0)
		n = (struct sl_bytes){ n.data + 1, n.len - 1 };
	return n;
}

static bool
is(struct sl_bytes text, const char *want)
{
	return text.data != NULL && text.len == strlen(want) && memcmp(text.data, want, text.len) == 0;
}

static bool
same(struct sl_bytes a, struct sl_bytes b)
{
	return a.data != NULL && b.data != NULL && a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static enum sl_err
read_kdf(struct sl_bytes name, struct sl_bytes options, struct outside *o)
{
	struct sl_reader r = sl_reader_of(options.data, options.len);

	if (!o->cipher->encrypts)
		return is(name, "none") && options.len == 0 ? SL_OK : SL_ERR_FORMAT;
	if (!is(name, "bcrypt"))
		return SL_ERR_UNSUPPORTED;
	o->salt = string(&r);
	o->rounds = sl_reader_u32be(&r);
	if (!sl_reader_done(&r) || o->salt.len == 0 || o->rounds == 0)
		return SL_ERR_FORMAT;
	return o->rounds > ROUNDS_MAX ? SL_ERR_UNSUPPORTED : SL_OK;
}

static enum sl_err
read_outside(const struct sl_secret *bytes, struct outside *o)
{
	struct sl_reader r = sl_reader_of(bytes->bytes, bytes->len);
	const uint8_t *start = sl_reader_bytes(&r, sizeof(magic));
	const struct sl_bytes cipher = string(&r);
	const struct sl_bytes kdf = string(&r);
	const struct sl_bytes options = string(&r);
	const uint32_t keys = sl_reader_u32be(&r);
	enum sl_err err;

	if (start == NULL || memcmp(start, magic, sizeof(magic)) != 0 || r.bad || keys != 1)
		return SL_ERR_FORMAT;
	o->public = string(&r);
	o->private = string(&r);
	for (size_t i = 0; i < SL_ARRAY_LEN(ciphers); i++)
		if (is(cipher, ciphers[i].name))
			o->cipher = &ciphers[i];
	if (o->cipher == NULL)
		return SL_ERR_UNSUPPORTED;
	if ((err = read_kdf(kdf, options, o)) != SL_OK)
		return err;
	if (o->cipher->mode == SL_CIPHER_GCM)
		o->tag = sl_reader_bytes(&r, TAG);
	return sl_reader_done(&r) && o->private.len != 0 && o->private.len % o->cipher->block == 0 ? SL_OK : SL_ERR_FORMAT;
}

static enum sl_err
run_cipher(const struct outside *o, const struct sl_secret *key_iv, struct sl_secret *plain)
{
	const struct sl_cipher_params params = { .mode = o->cipher->mode, .iv = key_iv->bytes + o->cipher->key_len, .iv_len = o->cipher->iv_len,
		                                 .tag_len = o->tag == NULL ? 0 : TAG, .counter_bits = 128 };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_CLEANUP(sl_cipher_free) struct sl_cipher *cipher = NULL;
	SL_SECRET room = { 0 };
	size_t at = 0;
	size_t n = 0;
	enum sl_err err;

	if ((err = sl_key_from_secret(key_iv->bytes, o->cipher->key_len, &key)) != SL_OK ||
	    (err = sl_cipher_new(key, &params, false, &cipher)) != SL_OK ||
	    (err = sl_secret_alloc(&room, o->private.len + 4 * TAG)) != SL_OK ||
	    (err = sl_cipher_update(cipher, o->private.data, o->private.len, room.bytes, &n)) != SL_OK)
		return err;
	at = n;
	if (o->tag != NULL && (err = sl_cipher_update(cipher, o->tag, TAG, room.bytes + at, &n)) != SL_OK)
		return err;
	at += o->tag == NULL ? 0 : n;
	if (sl_cipher_final_max(cipher) > room.len - at)
		return SL_ERR_CRYPTO;
	if ((err = sl_cipher_final(cipher, room.bytes + at, &n)) != SL_OK)
		return err == SL_ERR_VERIFY ? SL_ERR_AUTH : err;
	if (at + n != o->private.len)
		return SL_ERR_CRYPTO;
	memcpy(plain->bytes, room.bytes, plain->len);
	return SL_OK;
}

static enum sl_err
decrypt(const struct outside *o, const struct sl_secret *passphrase, struct sl_secret *ret_plain)
{
	SL_SECRET plain = { 0 };
	SL_SECRET key_iv = { 0 };
	enum sl_err err = sl_secret_alloc(&plain, o->private.len);

	if (err != SL_OK)
		return err;
	if (o->cipher->encrypts && passphrase->len == 0)
		return SL_ERR_AUTH; /* OpenSSH does not encrypt with none */
	if (!o->cipher->encrypts)
		memcpy(plain.bytes, o->private.data, plain.len);
	else if ((err = sl_bcrypt_pbkdf(passphrase, o->salt, o->rounds, o->cipher->key_len + o->cipher->iv_len, &key_iv)) == SL_OK)
		err = run_cipher(o, &key_iv, &plain);
	if (err == SL_OK)
		*ret_plain = sl_secret_take(&plain);
	return err;
}

static enum sl_err
read_rsa(struct sl_reader *r, struct sl_key **ret_key)
{
	struct sl_rsa_parts parts = { .n = mpint(r) };

	parts.e = mpint(r);
	parts.d = mpint(r);
	parts.qinv = mpint(r);
	parts.p = mpint(r);
	parts.q = mpint(r);
	return r->bad ? SL_ERR_FORMAT : sl_key_from_rsa_parts(&parts, ret_key);
}

/* RFC 5656 10.1: the curve's name is the end of the type's. */
static enum sl_err
read_ecdsa(struct sl_reader *r, struct sl_bytes type, struct sl_key **ret_key)
{
	static const struct {
		const char *name;
		unsigned size;
	} curves[] = { { "nistp256", 256 }, { "nistp384", 384 }, { "nistp521", 521 } };
	const size_t prefix = strlen("ecdsa-sha2-");
	const struct sl_bytes curve = string(r);
	const struct sl_bytes point = string(r);
	const struct sl_bytes d = mpint(r);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET have = { 0 };
	enum sl_err err = SL_ERR_UNSUPPORTED;

	if (r->bad || type.len <= prefix || !same(curve, (struct sl_bytes){ type.data + prefix, type.len - prefix }))
		return SL_ERR_FORMAT;
	for (size_t i = 0; i < SL_ARRAY_LEN(curves); i++) {
		const struct sl_curve *c = sl_curve_of(SL_KEY_EC, curves[i].size);

		if (is(curve, curves[i].name))
			err = sl_key_from_ec_curve(c->oid.data, c->oid.len, d.data, d.len, &key);
	}
	if (err != SL_OK || (err = sl_key_part(key, SL_PART_POINT, &have)) != SL_OK)
		return err;
	if (!same(point, (struct sl_bytes){ have.bytes, have.len }))
		return SL_ERR_MISMATCH;
	*ret_key = SL_TAKE(key);
	return SL_OK;
}

/* The public key, and the seed with the public key once more. */
static enum sl_err
read_ed25519(struct sl_reader *r, struct sl_key **ret_key)
{
	enum { HALF = 32 };
	const struct sl_bytes public = string(r);
	const struct sl_bytes both = string(r);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET have = { 0 };
	enum sl_err err;

	if (r->bad || public.len != HALF || both.len != 2 * HALF)
		return SL_ERR_FORMAT;
	if ((err = sl_key_from_raw(SL_KEY_ED25519, both.data, HALF, &key)) != SL_OK ||
	    (err = sl_key_part(key, SL_PART_POINT, &have)) != SL_OK)
		return err;
	if (have.len != HALF || memcmp(have.bytes, public.data, HALF) != 0 || memcmp(have.bytes, both.data + HALF, HALF) != 0)
		return SL_ERR_MISMATCH;
	*ret_key = SL_TAKE(key);
	return SL_OK;
}

/* The public half outside: RFC 4253 6.6, RFC 5656 3.1, RFC 8709 section 4. */
static bool
public_agrees(struct sl_bytes blob, struct sl_bytes type, const struct sl_key *key)
{
	struct sl_reader r = sl_reader_of(blob.data, blob.len);
	const struct sl_bytes again = string(&r);
	SL_SECRET first = { 0 };
	SL_SECRET second = { 0 };
	struct sl_bytes e;

	if (!same(again, type))
		return false;
	if (sl_key_kind(key) == SL_KEY_RSA) {
		if (sl_key_part(key, SL_PART_E, &first) != SL_OK || sl_key_part(key, SL_PART_N, &second) != SL_OK)
			return false;
		e = mpint(&r);
		return same(e, (struct sl_bytes){ first.bytes, first.len }) &&
		       same(mpint(&r), (struct sl_bytes){ second.bytes, second.len }) && sl_reader_done(&r);
	}
	if (sl_key_part(key, SL_PART_POINT, &first) != SL_OK)
		return false;
	if (sl_key_kind(key) == SL_KEY_EC)
		(void)string(&r);
	return same(string(&r), (struct sl_bytes){ first.bytes, first.len }) && sl_reader_done(&r);
}

static enum sl_err
read_key(struct sl_reader *r, struct sl_bytes public, struct sl_key **ret_key, struct sl_msg *msg)
{
	const struct sl_bytes type = string(r);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	enum sl_err err;

	if (is(type, "ssh-rsa"))
		err = read_rsa(r, &key);
	else if (is(type, "ssh-ed25519"))
		err = read_ed25519(r, &key);
	else if (type.len > 11 && memcmp(type.data, "ecdsa-sha2-", 11) == 0)
		err = read_ecdsa(r, type, &key);
	else if (type.len > 3 && memcmp(type.data, "sk-", 3) == 0)
		return sl_privkey_refuse(msg, SL_ERR_UNSUPPORTED, "its private half is in a security key, which does not give it away");
	else
		err = type.data == NULL ? SL_ERR_FORMAT : SL_ERR_UNSUPPORTED;
	if (err == SL_OK && !public_agrees(public, type, key))
		err = SL_ERR_MISMATCH;
	if (err != SL_OK)
		return sl_privkey_no_key(msg, err);
	*ret_key = SL_TAKE(key);
	return SL_OK;
}

static enum sl_err
read_inside(const struct outside *o, const struct sl_secret *plain, struct sl_key **ret_key, struct sl_msg *msg)
{
	struct sl_reader r = sl_reader_of(plain->bytes, plain->len);
	const uint32_t check = sl_reader_u32be(&r);
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	enum sl_err err;

	if (sl_reader_u32be(&r) != check || r.bad)
		return o->cipher->encrypts ? sl_privkey_refuse(msg, SL_ERR_AUTH, "the passphrase is wrong, or the file is damaged") :
		       sl_privkey_refuse(msg, SL_ERR_FORMAT, broken);
	if ((err = read_key(&r, o->public, &key, msg)) != SL_OK)
		return err;
	(void)string(&r); /* the comment */
	if (r.bad || r.left >= o->cipher->block)
		return sl_privkey_refuse(msg, SL_ERR_FORMAT, broken);
	for (uint8_t i = 1; r.left != 0; i++)
		if (sl_reader_u8(&r) != i)
			return sl_privkey_refuse(msg, SL_ERR_FORMAT, broken);
	*ret_key = SL_TAKE(key);
	return SL_OK;
}

enum sl_err
sl_privkey_openssh(const struct sl_secret *bytes, const struct sl_secret *passphrase, struct sl_key **ret_key, struct sl_msg *msg)
{
	struct outside o = { .cipher = NULL };
	SL_SECRET plain = { 0 };
	enum sl_err err = read_outside(bytes, &o);

	if (err == SL_ERR_UNSUPPORTED)
		return sl_privkey_refuse(msg, err, "it is encrypted in a way that is not offered, expected bcrypt and AES; convert it with: "
		                         "ssh-keygen -p -m PKCS8 -f FILE");
	if (err != SL_OK)
		return sl_privkey_refuse(msg, err, broken);
	if (o.cipher->encrypts && passphrase == NULL)
		return sl_privkey_refuse(msg, SL_ERR_LOGIN, "it is encrypted, and no passphrase was given");
	err = decrypt(&o, passphrase, &plain);
	if (err == SL_ERR_AUTH)
		return sl_privkey_refuse(msg, err, "the passphrase is wrong, or the file is damaged");
	return err != SL_OK ? err : read_inside(&o, &plain, ret_key, msg);
}
