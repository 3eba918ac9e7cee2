/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "root/sealtest.h"

#include <errno.h>
#include <string.h>

struct sl_secret
sealtest_secret(size_t len, unsigned seed)
{
	struct sl_secret secret = { 0 };

	if (sl_secret_alloc(&secret, len) != SL_OK)
		test_bail("out of memory");
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1103515245U + 12345U;
		secret.bytes[i] = (uint8_t)(seed >> 16);
	}
	return secret;
}

static const struct sl_secret *
auth_of(const char *auth, struct sl_secret *room)
{
	if (auth == NULL)
		return NULL;
	if (auth[0] != '\0' && sl_secret_copy(room, auth, strlen(auth)) != SL_OK)
		test_bail("out of memory");
	return room;
}

enum sl_err
sealtest_seal(const struct sl_root_spec *spec, const struct sl_secret *secret, const char *auth,
              struct sealtest_blob *ret_blob)
{
	SL_SECRET room = { 0 };
	const struct sl_seal_spec how = { .auth = auth_of(auth, &room) };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(spec, &device);
	const enum sl_err err = sl_root_seal(root, &how, secret, &ret_blob->bytes, &ret_blob->len);

	tpmtest_close(&root, &device);
	return err;
}

enum sl_err
sealtest_unseal(const struct sl_root_spec *spec, const struct sealtest_blob *blob, const char *auth,
                const struct sl_secret *secret,
                struct sl_msg *ret_why)
{
	SL_SECRET room = { 0 };
	SL_SECRET got = { 0 };
	struct sl_device *device;
	struct sl_root *root = tpmtest_open(spec, &device);
	enum sl_err err = sl_root_unseal(root, blob->bytes, blob->len, auth_of(auth, &room), &got);
	struct sl_msg msg = { .text = "" };

	sl_device_trouble(device, &msg);
	if (ret_why != NULL)
		*ret_why = msg;
	else if (err != SL_OK && msg.text[0] != '\0')
		test_note("%s", msg.text);
	tpmtest_close(&root, &device);
	if (err == SL_OK && (got.len != secret->len || memcmp(got.bytes, secret->bytes, got.len) != 0))
		err = SL_ERR_COUNT_;
	if (err != SL_OK && err != SL_ERR_COUNT_ && got.bytes != NULL)
		test_bail("a secret comes with an error");
	return err;
}

const char *
sealtest_path(const char *name)
{
	static char paths[8][4200];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", tpmtest_dir(), name);
	return path;
}

void
sealtest_write(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(name[0] == '/' ? name : sealtest_path(name), "w");

	if (f == NULL || fwrite(bytes, 1, len, f) != len || fclose(f) != 0)
		test_bail("%s: %s", name, strerror(errno));
}

struct sealtest_blob
sealtest_read(const char *name)
{
	FILE *f = fopen(name[0] == '/' ? name : sealtest_path(name), "r");
	struct sealtest_blob blob = { .bytes = malloc(20000) };

	if (f == NULL || blob.bytes == NULL)
		test_bail("%s: %s", name, strerror(errno));
	blob.len = fread(blob.bytes, 1, 20000, f);
	(void)fclose(f);
	return blob;
}

static void
print_octets(FILE *f, const char *field, const char *name)
{
	struct sealtest_blob part = sealtest_read(name);

	(void)fprintf(f, "%s = FORMAT:HEX,OCT:", field);
	for (size_t i = 0; i < part.len; i++)
		(void)fprintf(f, "%02x", part.bytes[i]);
	(void)fprintf(f, "\n");
	free(part.bytes);
}

struct sealtest_blob
sealtest_encode(const char *name, bool empty_auth, const char *parent)
{
	char part[300];
	FILE *f = fopen(sealtest_path("asn1.conf"), "w");

	if (f == NULL)
		test_bail("asn1.conf: %s", strerror(errno));
	(void)fprintf(f, "asn1 = SEQUENCE:key\n[key]\n1 = OID:2.23.133.10.1.5\n");
	if (empty_auth)
		(void)fprintf(f, "2 = EXPLICIT:0,BOOL:TRUE\n");
	(void)fprintf(f, "3 = INTEGER:%s\n", parent);
	(void)snprintf(part, sizeof(part), "%s.pub", name);
	print_octets(f, "4", part);
	(void)snprintf(part, sizeof(part), "%s.priv", name);
	print_octets(f, "5", part);
	if (fclose(f) != 0)
		test_bail("asn1.conf: %s", strerror(errno));
	tpmtest_shell("openssl asn1parse -noout -genconf %s -out %s", sealtest_path("asn1.conf"),
	              sealtest_path("asn1.der"));
	return sealtest_read("asn1.der");
}

static void
write_2b(const char *name, const char *suffix, struct sl_bytes area)
{
	char path[300];
	uint8_t bytes[2048] = { (uint8_t)(area.len >> 8), (uint8_t)area.len };

	if (area.len > sizeof(bytes) - 2)
		test_bail("%s is too long", name);
	memcpy(bytes + 2, area.data, area.len);
	(void)snprintf(path, sizeof(path), "%s.%s", name, suffix);
	sealtest_write(path, bytes, area.len + 2);
}

void
sealtest_split(const char *name, const struct sealtest_blob *blob)
{
	struct sl_msg msg = { .text = "" };
	struct sl_sealed sealed;

	if (sl_sealed_read(blob->bytes, blob->len, &sealed, &msg) != SL_OK)
		test_bail("%s: %s", name, msg.text);
	write_2b(name, "pub", sealed.public_area);
	write_2b(name, "priv", sealed.private_area);
}
