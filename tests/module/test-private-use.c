/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* CKA_ALWAYS_AUTHENTICATE (PKCS#11 3.0 section 4.9), and logouts in the middle of something. */

#define PIN "user pin"
#define ROUNDS 12

static CK_SESSION_HANDLE s;
static CK_FUNCTION_LIST_3_0 *p30;
static CK_MECHANISM ecdsa = { CKM_ECDSA_SHA256, NULL, 0 };
static CK_MECHANISM pkcs1 = { CKM_RSA_PKCS, NULL, 0 };

static struct pair
make_always(CK_MECHANISM_TYPE type, bool rsa, CK_RV want)
{
	CK_MECHANISM m = { type, NULL, 0 };
	CK_ATTRIBUTE public[] = { rsa ? (CK_ATTRIBUTE)T_ULONG(CKA_MODULUS_BITS, 2048) : (CK_ATTRIBUTE)T_BYTES(CKA_EC_PARAMS, OID_P256, 10),
		T_BOOL(CKA_VERIFY_RECOVER, CK_TRUE) };
	CK_ATTRIBUTE private[] = { T_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE), T_BOOL(CKA_DERIVE, !rsa), T_BOOL(CKA_SIGN_RECOVER, CK_TRUE) };
	struct pair pair = { 0, 0 };

	test_eq(p11->C_GenerateKeyPair(s, &m, public, 2, private, 3, &pair.public, &pair.private), want, "a key with CKA_ALWAYS_AUTHENTICATE");
	return pair;
}

static CK_RV
pin(const char *text)
{
	return mod_login(s, CKU_CONTEXT_SPECIFIC, text);
}

static CK_RV
sign(CK_BYTE sig[256], CK_ULONG *len)
{
	*len = 256;
	return p11->C_Sign(s, (CK_BYTE *)(uintptr_t)"data", 4, sig, len);
}

static void
signing(const struct pair *ec)
{
	const struct pair free = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "free", false);
	CK_BYTE sig[256];
	CK_ULONG len;

	test_eq(pin(PIN), CKR_OPERATION_NOT_INITIALIZED, "no operation wants a PIN");
	test_eq(p11->C_SignInit(s, &ecdsa, free.private), CKR_OK, "an operation that wants none");
	test_eq(pin(PIN), CKR_OPERATION_NOT_INITIALIZED, "gets none");
	test_eq(sign(sig, &len), CKR_OK, "and signs");
	test_eq(p11->C_SignInit(s, &ecdsa, ec->private), CKR_OK, "C_SignInit");
	test_eq(sign(sig, &len), CKR_USER_NOT_LOGGED_IN, "nothing is signed before the PIN");
	test_eq(sign(sig, &len), CKR_OPERATION_NOT_INITIALIZED, "a failing C_Sign ends the operation");
	test_eq(p11->C_SignInit(s, &ecdsa, ec->private), CKR_OK, "once more");
	test_eq(pin("not the pin"), CKR_PIN_INCORRECT, "a wrong PIN");
	test_eq(pin(PIN), CKR_OK, "does not end it: the right one");
	test_eq(sign(sig, &len), CKR_OK, "signs");
	test_eq(mod_verify(s, &ecdsa, ec->public, "data", sig, len), CKR_OK, "and verifies");
	test_eq(p11->C_SignInit(s, &ecdsa, ec->private), CKR_OK, "the next operation");
	test_eq(sign(sig, &len), CKR_USER_NOT_LOGGED_IN, "asks again");
	test_eq(p11->C_SignInit(s, &ecdsa, ec->private), CKR_OK, "in parts");
	test_eq(p11->C_SignUpdate(s, (CK_BYTE *)(uintptr_t)"da", 2), CKR_USER_NOT_LOGGED_IN, "not without the PIN");
	test_eq(p11->C_SignInit(s, &ecdsa, ec->private), CKR_OK, "in parts");
	test_eq(pin(PIN), CKR_OK, "with it");
	test_eq(p11->C_SignUpdate(s, (CK_BYTE *)(uintptr_t)"da", 2), CKR_OK, "a part");
	test_eq(p11->C_SignUpdate(s, (CK_BYTE *)(uintptr_t)"ta", 2), CKR_OK, "and another");
	len = sizeof(sig);
	test_eq(p11->C_SignFinal(s, sig, &len), CKR_OK, "are signed by one PIN");
	test_eq(p11->C_SignInit(s, &ecdsa, ec->private), CKR_OK, "in parts, none");
	test_eq(p11->C_SignFinal(s, sig, &len), CKR_USER_NOT_LOGGED_IN, "not without it");
}

static void
messages(const struct pair *ec)
{
	CK_BYTE sig[256];
	CK_ULONG len = sizeof(sig);

	test_eq(p30->C_MessageSignInit(s, &ecdsa, ec->private), CKR_OK, "C_MessageSignInit");
	test_eq(p30->C_SignMessage(s, NULL, 0, (CK_BYTE *)(uintptr_t)"data", 4, sig, &len), CKR_USER_NOT_LOGGED_IN, "not before the PIN");
	test_eq(p30->C_SignMessageBegin(s, NULL, 0), CKR_USER_NOT_LOGGED_IN, "in parts neither");
	test_eq(pin(PIN), CKR_OK, "the PIN");
	test_eq(p30->C_SignMessage(s, NULL, 0, (CK_BYTE *)(uintptr_t)"data", 4, NULL, &len), CKR_OK, "the length");
	test_eq(p30->C_SignMessage(s, NULL, 0, (CK_BYTE *)(uintptr_t)"data", 4, sig, &len), CKR_OK, "signs one message");
	test_eq(p30->C_SignMessage(s, NULL, 0, (CK_BYTE *)(uintptr_t)"data", 4, sig, &len), CKR_USER_NOT_LOGGED_IN, "not the next");
	test_eq(p30->C_MessageSignFinal(s), CKR_OK, "C_MessageSignFinal");
}

static void
rsa_uses(const struct pair *rsa)
{
	CK_BYTE sealed[256];
	CK_BYTE plain[256];
	CK_ULONG len = sizeof(sealed);
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_SECRET_KEY), T_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET) };
	CK_OBJECT_HANDLE key = 0;

	test_eq(p11->C_EncryptInit(s, &pkcs1, rsa->public), CKR_OK, "the public half");
	test_eq(p11->C_Encrypt(s, (CK_BYTE *)(uintptr_t)"a secret", 8, sealed, &len), CKR_OK, "asks for nothing");
	test_eq(p11->C_DecryptInit(s, &pkcs1, rsa->private), CKR_OK, "C_DecryptInit");
	len = sizeof(plain);
	test_eq(p11->C_Decrypt(s, sealed, 256, plain, &len), CKR_USER_NOT_LOGGED_IN, "nothing is decrypted before the PIN");
	test_eq(p11->C_DecryptInit(s, &pkcs1, rsa->private), CKR_OK, "C_DecryptInit");
	test_eq(pin("not the pin"), CKR_PIN_INCORRECT, "a wrong PIN");
	test_eq(p11->C_Decrypt(s, sealed, 256, plain, &len), CKR_USER_NOT_LOGGED_IN, "opens nothing");
	test_eq(p11->C_DecryptInit(s, &pkcs1, rsa->private), CKR_OK, "C_DecryptInit");
	test_eq(pin(PIN), CKR_OK, "the PIN");
	len = sizeof(plain);
	test_eq(p11->C_Decrypt(s, sealed, 256, plain, &len), CKR_OK, "decrypts");
	test_mem(plain, len, "a secret", 8, "what it was");
	test_eq(p11->C_UnwrapKey(s, &pkcs1, rsa->private, sealed, 256, template, 2, &key), CKR_KEY_FUNCTION_NOT_PERMITTED, "C_UnwrapKey cannot ask");
	test_eq(p11->C_SignRecoverInit(s, &pkcs1, rsa->private), CKR_OK, "C_SignRecoverInit");
	len = sizeof(sealed);
	test_eq(p11->C_SignRecover(s, plain, 8, sealed, &len), CKR_USER_NOT_LOGGED_IN, "not before the PIN");
	test_eq(p11->C_SignRecoverInit(s, &pkcs1, rsa->private), CKR_OK, "C_SignRecoverInit");
	test_eq(pin(PIN), CKR_OK, "the PIN");
	len = sizeof(sealed);
	test_eq(p11->C_SignRecover(s, plain, 8, sealed, &len), CKR_OK, "signs");
}

static void
templates(const struct pair *ec)
{
	CK_ATTRIBUTE off[] = { T_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_FALSE) };
	CK_MECHANISM m = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public[] = { T_BYTES(CKA_EC_PARAMS, OID_P256, 10) };
	CK_ATTRIBUTE open[] = { T_BOOL(CKA_ALWAYS_AUTHENTICATE, CK_TRUE), T_BOOL(CKA_PRIVATE, CK_FALSE) };
	CK_OBJECT_HANDLE copy = 0;
	struct pair pair;

	test_eq(p11->C_CopyObject(s, ec->private, off, 1, &copy), CKR_TEMPLATE_INCONSISTENT, "no copy does without the PIN");
	test_eq(p11->C_SetAttributeValue(s, ec->private, off, 1), CKR_ATTRIBUTE_READ_ONLY, "and no change");
	test_eq(p11->C_GenerateKeyPair(s, &m, public, 1, open, 2, &pair.public, &pair.private), CKR_TEMPLATE_INCONSISTENT, "only private keys ask");
}

/* What was begun with private keys ends with the login. */
static void
in_the_middle(void)
{
	const CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "middle") };
	const CK_SESSION_HANDLE other = mod_open(SLOT_OWNER, true);
	const struct pair pair = mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "middle", true);
	CK_OBJECT_HANDLE found[4];
	CK_BYTE sig[256];
	CK_ULONG n = 0;
	CK_RV rv;

	test_eq(p11->C_FindObjectsInit(s, (CK_ATTRIBUTE *)(uintptr_t)label, 1), CKR_OK, "a search");
	test_eq(p11->C_SignInit(s, &ecdsa, pair.private), CKR_OK, "and a signature");
	test_eq(p11->C_Logout(other), CKR_OK, "the user leaves in another session");
	test_ok(sign(sig, &n) != CKR_OK, "nothing is signed");
	rv = p11->C_FindObjects(s, found, 4, &n);
	for (CK_ULONG i = 0; rv == CKR_OK && i < n; i++)
		test_ok(found[i] != pair.private, "the search gives no private handle");
	test_ok(rv == CKR_OK || rv == CKR_OPERATION_NOT_INITIALIZED, "or has ended");
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "he comes back");
	test_ok(sign(sig, &n) != CKR_OK, "the signature stays ended");
	mod_close(other);
}

/* Makes, finds and uses private keys for as long as the other thread comes and goes. */
struct busy {
	bool stop; /* atomic */
	unsigned made;     /* atomic */
	unsigned on_token; /* of these */
	unsigned refused;  /* atomic */
	CK_OBJECT_HANDLE handles[4096];
	CK_RV odd; /* atomic: the first code that nobody expects */
};

static void *
work(void *arg)
{
	struct busy *b = arg;
	const CK_SESSION_HANDLE session = mod_open(SLOT_OWNER, true);
	CK_MECHANISM m = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };
	CK_BYTE block[16] = { 0 };

	for (unsigned i = 0; !__atomic_load_n(&b->stop, __ATOMIC_ACQUIRE); i++) {
		CK_ATTRIBUTE template[] = { T_ULONG(CKA_VALUE_LEN, 16), T_BOOL(CKA_TOKEN, i % 2 == 0), T_TEXT(CKA_LABEL, "busy") };
		CK_OBJECT_HANDLE key = 0;
		CK_ULONG len = 16;
		CK_RV rv = p11->C_GenerateKey(session, &m, template, 3, &key);

		if (rv == CKR_OK)
			b->handles[__atomic_fetch_add(&b->made, 1, __ATOMIC_ACQ_REL) % LEN(b->handles)] = key;
		b->on_token += rv == CKR_OK && i % 2 == 0;
		if (rv == CKR_OK && (rv = p11->C_EncryptInit(session, &ecb, key)) == CKR_OK)
			rv = p11->C_Encrypt(session, block, 16, block, &len);
		if (rv == CKR_OK)
			continue;
		(void)__atomic_fetch_add(&b->refused, 1, __ATOMIC_ACQ_REL);
		if (b->odd == CKR_OK && rv != CKR_USER_NOT_LOGGED_IN && rv != CKR_KEY_HANDLE_INVALID && rv != CKR_OPERATION_NOT_INITIALIZED)
			__atomic_store_n(&b->odd, rv, __ATOMIC_RELEASE);
	}
	mod_close(session);
	return NULL;
}

static unsigned
count_alive(const struct busy *b)
{
	const unsigned made = __atomic_load_n(&b->made, __ATOMIC_ACQUIRE);
	unsigned alive = 0;

	/* The last one may not have been written down yet. */
	for (unsigned i = 0; i < made && i < LEN(b->handles); i++)
		alive += b->handles[i] != 0 && mod_attr_rv(s, b->handles[i], CKA_CLASS) == CKR_OK;
	return alive;
}

/* Logged out, and the call that was under way then has come to its end: whatever it gave is nothing. */
static unsigned
alive_after_refusals(const struct busy *b)
{
	const unsigned before = __atomic_load_n(&b->refused, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&b->refused, __ATOMIC_ACQUIRE) < before + 3)
		;
	return count_alive(b);
}

static void
from_another_thread(void)
{
	const CK_ATTRIBUTE busy[] = { T_TEXT(CKA_LABEL, "busy") };
	static struct busy b;
	pthread_t thread;
	unsigned alive = 0;

	if (pthread_create(&thread, NULL, work, &b) != 0)
		test_bail("a thread");
	for (unsigned i = 0; i < ROUNDS; i++) {
		const unsigned before = __atomic_load_n(&b.made, __ATOMIC_ACQUIRE);

		while (__atomic_load_n(&b.made, __ATOMIC_ACQUIRE) == before && __atomic_load_n(&b.odd, __ATOMIC_ACQUIRE) == CKR_OK)
			;
		if (p11->C_Logout(s) != CKR_OK)
			test_bail("going");
		alive += alive_after_refusals(&b);
		if (i + 1 < ROUNDS && mod_login(s, CKU_USER, PIN) != CKR_OK)
			test_bail("coming");
	}
	__atomic_store_n(&b.stop, true, __ATOMIC_RELEASE);
	(void)pthread_join(thread, NULL);
	alive += count_alive(&b);
	test_note("%u keys made, %u times refused", b.made, b.refused);
	test_eq(b.odd, CKR_OK, "logouts beside another thread: it fails as it should");
	test_eq(alive, 0, "no private handle outlives the login");
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "he comes back");
	test_eq(count_alive(&b), 0, "and none comes back");
	test_eq(mod_find(s, busy, 1, NULL, 0), b.on_token, "a key that could not be given to its maker is not in the store");
}

int
main(int argc, char **argv)
{
	CK_C_GetInterface get;
	CK_INTERFACE *interface = NULL;
	struct pair ec;
	struct pair rsa;

	(void)argc;
	mod_begin(argv);
	*(void **)&get = dlsym(dlopen(getenv("SEEDLEAF_MODULE"), RTLD_NOW | RTLD_LOCAL), "C_GetInterface");
	if (get == NULL || get(NULL, &(CK_VERSION){ 3, 0 }, &interface, 0) != CKR_OK)
		test_bail("no interface 3.0");
	p30 = interface->pFunctionList;
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	(void)make_always(CKM_EC_KEY_PAIR_GEN, false, CKR_ATTRIBUTE_VALUE_INVALID);
	mod_close(s);
	mod_guard(SLOT_OWNER, PIN);
	s = mod_open(SLOT_OWNER, true);
	test_eq(mod_login(s, CKU_USER, PIN), CKR_OK, "the user logs in");
	ec = make_always(CKM_EC_KEY_PAIR_GEN, false, CKR_OK);
	rsa = make_always(CKM_RSA_PKCS_KEY_PAIR_GEN, true, CKR_OK);
	signing(&ec);
	messages(&ec);
	rsa_uses(&rsa);
	templates(&ec);
	in_the_middle();
	from_another_thread();
	mod_fini();
	return test_done();
}
