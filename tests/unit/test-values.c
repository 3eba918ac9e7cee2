/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "lib/test.h"
#include "token/values.h"

#include <stdlib.h>
#include <string.h>

/* Private values (doc/pin.md). The vector was made by another implementation (python3-cryptography) and is in that page. */

static const char key_hex[] = "75c701294789da64b27b302b58a7dc93b14ca8daadbbdae3cf7faea36754afbf";
static const char value_hex[] = "404142434445464748494a4b3450807cf8a19927c15f0cc11c75041e525fbc5250bb236cd2c0a48a96deef";
static const char unique[] = "00112233445566778899aabbccddeeff";
static const char text[] = "a private value";

static struct sl_values values;

static void
must(enum sl_err err)
{
	if (err != SL_OK)
		test_bail("setting up: %s", sl_err_text(err));
}

static void
begin(void)
{
	uint8_t s[32];
	struct sl_secret secret = { s, sizeof(s) };
	uint8_t key[32];

	for (size_t i = 0; i < sizeof(s); i++)
		s[i] = (uint8_t)i;
	must(sl_values_key(&secret, &values.key));
	test_mem(values.key.bytes, values.key.len, key, test_hex(key_hex, key, sizeof(key)), "the key that follows from S");
}

/* A data object, or what else class says, with nothing in it yet. */
static struct sl_attrs
object(CK_OBJECT_CLASS class, const char *id)
{
	struct sl_attrs attrs = { 0 };

	must(sl_attrs_set_ulong(&attrs, CKA_CLASS, class));
	must(sl_attrs_set_bool(&attrs, CKA_PRIVATE, true));
	must(sl_attrs_set(&attrs, CKA_UNIQUE_ID, id, strlen(id)));
	return attrs;
}

static enum sl_err
open_as(const struct sl_values *with, CK_OBJECT_CLASS class, const char *id, const struct sl_attrs *closed)
{
	struct sl_attrs attrs = object(class, id);
	const enum sl_err err = sl_values_open(with, closed, &attrs);

	sl_attrs_clear(&attrs);
	return err;
}

static void
vector(void)
{
	struct sl_attrs attrs = object(CKO_DATA, unique);
	struct sl_attrs closed = { 0 };
	uint8_t bytes[64];
	const size_t len = test_hex(value_hex, bytes, sizeof(bytes));
	const struct sl_attr *value;

	must(sl_attrs_set(&closed, CKA_VALUE, bytes, len));
	test_eq(sl_values_open(&values, &closed, &attrs), SL_OK, "the vector opens");
	value = sl_attrs_get(&attrs, CKA_VALUE);
	test_mem(value == NULL ? NULL : value->value, value == NULL ? 0 : value->len, text, strlen(text), "to what it says");
	sl_attrs_clear(&attrs);
	for (size_t i = 0; i < len; i++) {
		bytes[i] ^= 1;
		must(sl_attrs_set(&closed, CKA_VALUE, bytes, len));
		if (open_as(&values, CKO_DATA, unique, &closed) != SL_ERR_VERIFY)
			test_ok(false, "altered at %zu", i);
		bytes[i] ^= 1;
	}
	for (size_t i = 0; i < len; i++) {
		must(sl_attrs_set(&closed, CKA_VALUE, bytes, i));
		if (open_as(&values, CKO_DATA, unique, &closed) != SL_ERR_VERIFY)
			test_ok(false, "cut to %zu", i);
	}
	sl_attrs_clear(&closed);
}

/* What it is bound to. */
static void
bound(void)
{
	struct sl_values other = { .key = { .len = 0 } };
	struct sl_attrs attrs = object(CKO_DATA, unique);
	struct sl_attrs closed = { 0 };
	uint8_t bytes[64];
	const size_t len = test_hex(value_hex, bytes, sizeof(bytes));
	uint8_t s[32] = { 1 };

	must(sl_attrs_set(&closed, CKA_VALUE, bytes, len));
	test_eq(open_as(&values, CKO_DATA, unique, &closed), SL_OK, "its own");
	test_eq(open_as(&values, CKO_CERTIFICATE, unique, &closed), SL_ERR_VERIFY, "an object of another class");
	test_eq(open_as(&values, CKO_DATA, "00112233445566778899aabbccddeef0", &closed), SL_ERR_VERIFY, "another object");
	test_eq(open_as(&values, CKO_SECRET_KEY, unique, &closed), SL_ERR_VERIFY, "a class that has none");
	test_eq(open_as(&other, CKO_DATA, unique, &closed), SL_ERR_LOGIN, "nobody logged in");
	must(sl_values_key(&(struct sl_secret){ s, sizeof(s) }, &other.key));
	test_eq(open_as(&other, CKO_DATA, unique, &closed), SL_ERR_VERIFY, "another S");
	sl_secret_clear(&other.key);
	must(sl_attrs_set(&closed, CKA_APPLICATION, bytes, len));
	test_eq(open_as(&values, CKO_DATA, unique, &closed), SL_ERR_VERIFY, "another attribute");
	sl_attrs_remove(&closed, CKA_APPLICATION);
	must(sl_attrs_set(&attrs, CKA_APPLICATION, "in the clear", 12));
	test_eq(sl_values_open(&values, &closed, &attrs), SL_ERR_VERIFY, "with something in the clear");
	sl_attrs_clear(&attrs);
	attrs = object(CKO_DATA, unique);
	must(sl_attrs_set_bool(&attrs, CKA_PRIVATE, false));
	test_eq(sl_values_open(&values, &closed, &attrs), SL_ERR_VERIFY, "an object that is said to be public");
	sl_attrs_remove(&closed, CKA_VALUE);
	test_eq(open_as(&values, CKO_DATA, unique, &closed), SL_ERR_VERIFY, "without its value");
	sl_attrs_clear(&closed);
	sl_attrs_clear(&attrs);
}

static void
there_and_back(size_t len)
{
	struct sl_attrs attrs = object(CKO_DATA, unique);
	struct sl_attrs open = { 0 };
	struct sl_attrs closed = { 0 };
	struct sl_attrs again = { 0 };
	const struct sl_attr *value;
	unsigned char *bytes = calloc(1, len + 1);

	if (bytes == NULL)
		test_bail("memory");
	memset(bytes, 'x', len);
	must(sl_attrs_set(&attrs, CKA_VALUE, bytes, len));
	must(sl_attrs_set(&attrs, CKA_LABEL, "label", 5));
	must(sl_values_close(&(struct sl_values_of){ &values, &attrs }, &attrs, &open, &closed));
	test_ok(sl_attrs_get(&open, CKA_VALUE) == NULL && sl_attrs_get(&open, CKA_LABEL) != NULL, "%zu bytes: the label stays readable", len);
	value = sl_attrs_get(&closed, CKA_VALUE);
	test_ok(value != NULL && value->len == len + 28 && closed.n == 1, "the value is encrypted");
	test_ok(len < 8 || memmem(value->value, value->len, "xxxxxxxx", 8) == NULL, "not to be seen");
	test_eq(sl_values_open(&values, &closed, &open), SL_OK, "it opens");
	value = sl_attrs_get(&open, CKA_VALUE);
	test_ok(value != NULL && sl_attr_equal(value, bytes, len), "to what it was");
	sl_attrs_clear(&open);
	must(sl_values_close(&(struct sl_values_of){ &values, &attrs }, &attrs, &open, &again));
	value = sl_attrs_get(&closed, CKA_VALUE);
	test_ok(!sl_attr_equal(sl_attrs_get(&again, CKA_VALUE), value->value, value->len), "each time with another nonce");
	free(bytes);
	sl_attrs_clear(&attrs);
	sl_attrs_clear(&open);
	sl_attrs_clear(&closed);
	sl_attrs_clear(&again);
}

int
main(void)
{
	begin();
	vector();
	bound();
	there_and_back(0);
	there_and_back(1);
	there_and_back(SL_ATTR_VALUE_MAX);
	sl_values_clear(&values);
	return test_done();
}
