/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/privkey.h"

#include "base/text.h"
#include "crypto/der.h"
#include "crypto/armor.h"
#include "crypto/privkey_internal.h"

#include <string.h>

/* What is not for us, by its label in PEM, with the form it has where it is for us. */
static const struct known {
	const char *label;
	bool ours;
	bool beside; /* stands beside keys, and is passed over */
	enum sl_privkey_form form;
	const char *why;
} labels[] = {
	{ "PRIVATE KEY", true, false, SL_PRIVKEY_PKCS8, NULL },
	{ "ENCRYPTED PRIVATE KEY", true, false, SL_PRIVKEY_PKCS8_ENCRYPTED, NULL },
	{ "EC PRIVATE KEY", true, false, SL_PRIVKEY_EC, NULL },
	{ "RSA PRIVATE KEY", true, false, SL_PRIVKEY_RSA, NULL },
	{ "OPENSSH PRIVATE KEY", true, false, SL_PRIVKEY_OPENSSH, NULL },
	{ "TSS2 PRIVATE KEY", true, false, SL_PRIVKEY_TSS2, NULL },
	{ "CERTIFICATE", false, true, 0, "a certificate, expected a private key" },
	{ "TRUSTED CERTIFICATE", false, true, 0, "a certificate, expected a private key" },
	{ "X509 CRL", false, true, 0, "a list of revoked certificates, expected a private key" },
	{ "EC PARAMETERS", false, true, 0, "parameters of a curve, expected a private key" },
	{ "DH PARAMETERS", false, true, 0, "Diffie-Hellman parameters, expected a private key" },
	{ "PUBLIC KEY", false, true, 0, "a public key, expected a private key" },
	{ "RSA PUBLIC KEY", false, true, 0, "a public key, expected a private key" },
	{ "SSH2 PUBLIC KEY", false, true, 0, "a public key, expected a private key" },
	{ "CERTIFICATE REQUEST", false, true, 0, "a certificate request, expected a private key" },
	{ "DSA PRIVATE KEY", false, false, 0, "a DSA key, expected EC, RSA, Ed25519, Ed448, X25519 or X448" },
	{ "DSA PARAMETERS", false, true, 0, "parameters of DSA, expected a private key" },
};

enum sl_err
sl_privkey_refuse(struct sl_msg *msg, enum sl_err err, const char *why)
{
	sl_msg_set(msg, "%s", why);
	return err;
}

enum sl_err
sl_privkey_no_key(struct sl_msg *msg, enum sl_err err)
{
	switch (err) {
	case SL_ERR_FORMAT:
	case SL_ERR_RANGE:
		return sl_privkey_refuse(msg, SL_ERR_FORMAT, "damaged: its contents have not the form of a private key");
	case SL_ERR_ARG:
	case SL_ERR_MISMATCH:
		return sl_privkey_refuse(msg, SL_ERR_FORMAT, "damaged: its numbers contradict each other, so they are no key");
	case SL_ERR_UNSUPPORTED:
		return sl_privkey_refuse(msg, err, "a key of a type, curve or size that is not offered, expected EC on a named curve, RSA of "
		                         "1024 to 8192 bits, Ed25519, Ed448, X25519 or X448");
	default:
		return err;
	}
}

void
sl_privkey_clear(struct sl_privkey *found)
{
	sl_secret_clear(&found->bytes);
}

static bool
next_is(const struct sl_reader *r, uint8_t tag)
{
	return !r->bad && r->left != 0 && r->at[0] == tag;
}

/* SEQUENCE { INTEGER, ... }: a private key with its version first. */
static enum sl_err
form_by_version(struct sl_reader *seq, enum sl_privkey_form *ret_form, struct sl_msg *msg)
{
	const struct sl_bytes n = sl_der_integer(seq);
	const unsigned version = n.len == 1 ? n.data[0] : 0;

	if (seq->bad || n.len > 1)
		return SL_ERR_NOT_FOUND;
	if (version == 3 && next_is(seq, SL_DER_SEQUENCE))
		return sl_privkey_refuse(msg, SL_ERR_UNSUPPORTED,
		                         "a PKCS #12 file; take the key out of it with: openssl pkcs12 -nocerts -in FILE -out NEW");
	if (next_is(seq, SL_DER_SEQUENCE))
		*ret_form = SL_PRIVKEY_PKCS8;
	else if (version == 1 && next_is(seq, SL_DER_OCTET_STRING))
		*ret_form = SL_PRIVKEY_EC;
	else if (next_is(seq, SL_DER_INTEGER))
		*ret_form = SL_PRIVKEY_RSA;
	else
		return SL_ERR_NOT_FOUND;
	return SL_OK;
}

/* By the shape of the DER alone: what does not fit then is told by who reads it. */
static enum sl_err
form_of_der(const uint8_t *der, size_t len, enum sl_privkey_form *ret_form, struct sl_msg *msg)
{
	struct sl_reader r = sl_reader_of(der, len);
	struct sl_reader seq = sl_der_enter(&r, SL_DER_SEQUENCE);

	if (seq.bad || !sl_reader_done(&r))
		return SL_ERR_NOT_FOUND;
	if (next_is(&seq, SL_DER_INTEGER))
		return form_by_version(&seq, ret_form, msg);
	if (next_is(&seq, SL_DER_OID)) {
		*ret_form = SL_PRIVKEY_TSS2;
		return SL_OK;
	}
	if (sl_der_enter(&seq, SL_DER_SEQUENCE).bad)
		return SL_ERR_NOT_FOUND;
	if (next_is(&seq, SL_DER_BIT_STRING))
		return sl_privkey_refuse(msg, SL_ERR_UNSUPPORTED, "a public key, expected a private key");
	if (next_is(&seq, SL_DER_SEQUENCE))
		return sl_privkey_refuse(msg, SL_ERR_UNSUPPORTED, "a certificate or a certificate request, expected a private key");
	if (!next_is(&seq, SL_DER_OCTET_STRING))
		return SL_ERR_NOT_FOUND;
	*ret_form = SL_PRIVKEY_PKCS8_ENCRYPTED;
	return SL_OK;
}

/* A TSS2 PRIVATE KEY that is cut off must not be taken for the bytes of a key. */
static enum sl_err
not_cut_off(const uint8_t *bytes, size_t len, enum sl_err err, struct sl_msg *msg)
{
	static const uint8_t oid[] = { 0x06, 0x06, 0x67, 0x81, 0x05, 0x0a, 0x01 }; /* 2.23.133.10.1 and one more */
	const size_t head = 4 + sizeof(oid);

	if (err != SL_ERR_NOT_FOUND || memmem(bytes, len < head ? len : head, oid, sizeof(oid)) == NULL)
		return err;
	return sl_privkey_refuse(msg, SL_ERR_FORMAT, "damaged: a TSS2 PRIVATE KEY that does not end where it has to");
}

static unsigned
nibble(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - (unsigned)'0' : c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10 : c >= 'A' && c <= 'F' ? c - (unsigned)'A' + 10 : 16;
}

/* A kernel's trusted key, as keyctl pipe gives it. That is no secret. */
static enum sl_err
open_hex(const struct sl_secret *file, struct sl_privkey *found, struct sl_msg *msg)
{
	SL_SECRET der = { 0 };
	size_t len = file->len;
	enum sl_err err;

	while (len != 0 && memchr(" \r\n", file->bytes[len - 1], 3) != NULL)
		len--;
	if (len < 4 || len % 2 != 0)
		return SL_ERR_NOT_FOUND;
	if ((err = sl_secret_alloc(&der, len / 2)) != SL_OK)
		return err;
	for (size_t i = 0; i < len / 2; i++) {
		const unsigned high = nibble(file->bytes[2 * i]);
		const unsigned low = nibble(file->bytes[2 * i + 1]);

		if (high > 15 || low > 15)
			return SL_ERR_NOT_FOUND;
		der.bytes[i] = (uint8_t)(high << 4 | low);
	}
	if ((err = not_cut_off(der.bytes, der.len, form_of_der(der.bytes, der.len, &found->form, NULL), msg)) != SL_OK)
		return err == SL_ERR_FORMAT ? err : SL_ERR_NOT_FOUND;
	if (found->form != SL_PRIVKEY_TSS2)
		return SL_ERR_NOT_FOUND;
	found->bytes = sl_secret_take(&der);
	return SL_OK;
}

static const struct known *
find_label(const char *label)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(labels); i++)
		if (strcmp(labels[i].label, label) == 0)
			return &labels[i];
	return NULL;
}

/* "Proc-Type: 4,ENCRYPTED" and "DEK-Info: ..."; other headers do not matter. */
static enum sl_err
take_headers(const struct sl_armor *pem, struct sl_privkey *found, struct sl_msg *msg)
{
	static const char name[] = "DEK-Info:";
	const char *at = memmem(pem->headers.data, pem->headers.len, name, strlen(name));
	const char *stop;
	size_t len;

	if (at == NULL)
		return memmem(pem->headers.data, pem->headers.len, "ENCRYPTED", 9) == NULL ? SL_OK :
		       sl_privkey_refuse(msg, SL_ERR_FORMAT, "damaged: encrypted, and no DEK-Info line says how");
	at += strlen(name);
	stop = memchr(at, '\n', (size_t)((const char *)pem->headers.data + pem->headers.len - at));
	while (at != stop && *at == ' ')
		at++;
	len = stop == NULL ? 0 : (size_t)(stop - at);
	while (len != 0 && (at[len - 1] == '\r' || at[len - 1] == ' '))
		len--;
	if (len == 0 || len >= sizeof(found->dek) || memchr(at, '\0', len) != NULL)
		return sl_privkey_refuse(msg, SL_ERR_FORMAT, "damaged: the DEK-Info line has not the form it has to have");
	memcpy(found->dek, at, len);
	found->dek[len] = '\0';
	return SL_OK;
}

static enum sl_err
take_block(struct sl_armor *pem, const struct known *known, struct sl_privkey *found, struct sl_msg *msg)
{
	const enum sl_err err = pem->headers.len == 0 ? SL_OK : take_headers(pem, found, msg);

	if (err != SL_OK)
		return err;
	found->form = known->form;
	found->bytes = sl_secret_take(&pem->body);
	return SL_OK;
}

/* The one key among the blocks. SL_ERR_NOT_FOUND: there is no block at all. */
static enum sl_err
open_pem(const struct sl_secret *file, struct sl_privkey *found, struct sl_msg *msg)
{
	struct sl_reader text = sl_reader_of(file->bytes, file->len);
	const char *other = NULL;

	for (;;) {
		SL_CLEANUP(sl_armor_clear) struct sl_armor pem = { .label = "" };
		const struct known *known;
		enum sl_err err = sl_armor_next(&text, &pem);

		if (err == SL_ERR_NOT_FOUND)
			break;
		if (err == SL_ERR_FORMAT)
			return sl_privkey_refuse(msg, err, "damaged: a block in PEM does not end where it has to, or its text is no base64");
		if (err != SL_OK)
			return err;
		known = find_label(pem.label);
		if (known == NULL || !known->ours) {
			other = known != NULL ? known->why : "a block in PEM that is no private key as we know them";
			if (known != NULL && known->beside)
				continue;
			return sl_privkey_refuse(msg, SL_ERR_UNSUPPORTED, other);
		}
		if (found->bytes.len != 0)
			return sl_privkey_refuse(msg, SL_ERR_FORMAT, "more than one private key, expected one");
		if ((err = take_block(&pem, known, found, msg)) != SL_OK)
			return err;
	}
	if (found->bytes.len != 0)
		return SL_OK;
	return other == NULL ? SL_ERR_NOT_FOUND : sl_privkey_refuse(msg, SL_ERR_UNSUPPORTED, other);
}

static bool
begins(const struct sl_secret *file, const char *with)
{
	return file->len >= strlen(with) && memcmp(file->bytes, with, strlen(with)) == 0;
}

enum sl_err
sl_privkey_open(const struct sl_secret *file, struct sl_privkey *ret_found, struct sl_msg *msg)
{
	SL_CLEANUP(sl_privkey_clear) struct sl_privkey found = { .dek = "" };
	enum sl_err err = open_pem(file, &found, msg);

	if (err == SL_ERR_NOT_FOUND && begins(file, "PuTTY-User-Key-File-"))
		return sl_privkey_refuse(msg, SL_ERR_UNSUPPORTED,
		                         "a key of PuTTY's; convert it with: puttygen FILE -O private-openssh-new -o NEW");
	if (err == SL_ERR_NOT_FOUND && (begins(file, "ssh-") || begins(file, "ecdsa-sha2-") || begins(file, "sk-")))
		return sl_privkey_refuse(msg, SL_ERR_UNSUPPORTED, "a public key, expected a private key");
	if (err == SL_ERR_NOT_FOUND)
		err = open_hex(file, &found, msg);
	if (err == SL_ERR_NOT_FOUND &&
	    (err = not_cut_off(file->bytes, file->len, form_of_der(file->bytes, file->len, &found.form, msg), msg)) == SL_OK)
		err = sl_secret_copy(&found.bytes, file->bytes, file->len);
	if (err == SL_ERR_NOT_FOUND)
		return sl_privkey_refuse(msg, err, "no private key in PEM, DER or OpenSSH's form");
	if (err != SL_OK)
		return err;
	*ret_found = found;
	found.bytes = (struct sl_secret){ 0 };
	return SL_OK;
}

/* RFC 5915 section 3: on its own, the key names its curve itself. */
static enum sl_err
curve_of(const struct sl_secret *der, const struct sl_curve **ret_curve)
{
	struct sl_reader r = sl_reader_of(der->bytes, der->len);
	struct sl_reader seq = sl_der_enter(&r, SL_DER_SEQUENCE);
	struct sl_reader params;

	(void)sl_der_integer(&seq);
	(void)sl_der_enter(&seq, SL_DER_OCTET_STRING);
	params = sl_der_enter(&seq, SL_DER_CONTEXT_0);
	if (seq.bad || params.bad)
		return SL_ERR_FORMAT;
	*ret_curve = sl_curve_find(params.at, params.left);
	return *ret_curve == NULL || (*ret_curve)->kind != SL_KEY_EC ? SL_ERR_UNSUPPORTED : SL_OK;
}

/* The same as a PrivateKeyInfo: there is one reader of keys. */
static enum sl_err
read_inner(const struct sl_public *kind, const struct sl_secret *der, struct sl_key **ret_key)
{
	static const uint8_t version[] = { SL_DER_INTEGER, 1, 0 };
	SL_SECRET info = { 0 };
	struct sl_bytes oid;
	struct sl_bytes params;
	struct sl_writer w;
	enum sl_err err;
	size_t body;

	sl_der_algorithm_of(kind, &oid, &params);
	body = sizeof(version) + sl_der_len(oid.len + params.len) + sl_der_len(der->len);
	if (body > SL_DER_LEN_MAX)
		return SL_ERR_FORMAT;
	if ((err = sl_secret_alloc(&info, sl_der_len(body))) != SL_OK)
		return err;
	w = sl_writer_of(info.bytes, info.len);
	sl_der_head(&w, SL_DER_SEQUENCE, body);
	sl_writer_bytes(&w, version, sizeof(version));
	sl_der_head(&w, SL_DER_SEQUENCE, oid.len + params.len);
	sl_writer_bytes(&w, oid.data, oid.len);
	sl_writer_bytes(&w, params.data, params.len);
	sl_der_head(&w, SL_DER_OCTET_STRING, der->len);
	sl_writer_bytes(&w, der->bytes, der->len);
	return sl_writer_ok(&w) ? sl_key_from_pkcs8(info.bytes, w.used, ret_key) : SL_ERR_CRYPTO;
}

static enum sl_err
read_plain(enum sl_privkey_form form, const struct sl_secret *der, struct sl_key **ret_key)
{
	struct sl_public kind = { .kind = SL_KEY_RSA };
	enum sl_err err;

	if (form == SL_PRIVKEY_PKCS8 || form == SL_PRIVKEY_PKCS8_ENCRYPTED)
		return sl_key_from_pkcs8(der->bytes, der->len, ret_key);
	if (form == SL_PRIVKEY_EC) {
		kind.kind = SL_KEY_EC;
		if ((err = curve_of(der, &kind.curve)) != SL_OK)
			return err;
	}
	return read_inner(&kind, der, ret_key);
}

enum sl_err
sl_privkey_read(const struct sl_privkey *found, const struct sl_secret *passphrase, struct sl_key **ret_key, struct sl_msg *msg)
{
	SL_SECRET plain = { 0 };
	bool encrypted = true;
	enum sl_err err;

	if (found->form == SL_PRIVKEY_TSS2)
		return SL_ERR_ARG;
	if (found->form == SL_PRIVKEY_OPENSSH)
		return sl_privkey_openssh(&found->bytes, passphrase, ret_key, msg);
	if (found->form == SL_PRIVKEY_PKCS8_ENCRYPTED)
		err = sl_privkey_pbes2(&found->bytes, passphrase, &plain, msg);
	else if (found->dek[0] != '\0')
		err = sl_privkey_dek(found->dek, &found->bytes, passphrase, &plain, msg);
	else {
		encrypted = false;
		err = SL_OK;
	}
	if (err != SL_OK)
		return err;
	err = read_plain(found->form, encrypted ? &plain : &found->bytes, ret_key);
	/* One in 256 wrong passphrases ends in a good padding. */
	if (encrypted && err == SL_ERR_FORMAT)
		return sl_privkey_refuse(msg, SL_ERR_AUTH, "the passphrase is wrong, or the file is damaged");
	return err == SL_OK ? SL_OK : sl_privkey_no_key(msg, err);
}
