/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* PINs and the TPM's counter, beside a software TPM: what wrong ones cost, what unlocks it, and what C_InitToken leaves of what was before. */

#define SO "the so's pin"
#define PIN "1234"
#define TRIES 4 /* of the TPM, until it locks */

struct pin {
	const void *bytes;
	CK_ULONG len;
};
#define P(text) (struct pin){ (text), sizeof(text) - 1 }

static CK_RV
login(CK_SESSION_HANDLE s, CK_USER_TYPE user, struct pin pin)
{
	return p11->C_Login(s, user, (CK_BYTE *)(uintptr_t)pin.bytes, pin.len);
}

/* In a session of its own, closed again. */
static CK_RV
try_login(CK_SLOT_ID slot, CK_USER_TYPE user, struct pin pin)
{
	const CK_SESSION_HANDLE s = mod_open(slot, true);
	const CK_RV rv = login(s, user, pin);

	mod_close(s);
	return rv;
}

static CK_RV
init_token(CK_SLOT_ID slot, struct pin pin, const char *label)
{
	CK_BYTE padded[32];

	memset(padded, ' ', sizeof(padded));
	memcpy(padded, label, strlen(label));
	return p11->C_InitToken(slot, (CK_BYTE *)(uintptr_t)pin.bytes, pin.len, padded);
}

static CK_RV
init_pin(CK_SLOT_ID slot, struct pin so, struct pin pin)
{
	const CK_SESSION_HANDLE s = mod_open(slot, true);
	CK_RV rv = login(s, CKU_SO, so);

	if (rv == CKR_OK)
		rv = p11->C_InitPIN(s, (CK_BYTE *)(uintptr_t)pin.bytes, pin.len);
	mod_close(s);
	return rv;
}

static CK_RV
set_pin(CK_SLOT_ID slot, struct pin old, struct pin fresh)
{
	const CK_SESSION_HANDLE s = mod_open(slot, true);
	const CK_RV rv = p11->C_SetPIN(s, (CK_BYTE *)(uintptr_t)old.bytes, old.len, (CK_BYTE *)(uintptr_t)fresh.bytes, fresh.len);

	mod_close(s);
	return rv;
}

static CK_TOKEN_INFO
info(CK_SLOT_ID slot)
{
	CK_TOKEN_INFO token;

	if (p11->C_GetTokenInfo(slot, &token) != CKR_OK)
		test_bail("C_GetTokenInfo");
	return token;
}

#define COUNTERS \
	(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED | CKF_SO_PIN_COUNT_LOW | CKF_SO_PIN_FINAL_TRY | CKF_SO_PIN_LOCKED)
#define LOW (CKF_USER_PIN_COUNT_LOW | CKF_SO_PIN_COUNT_LOW)
#define FINAL (CKF_USER_PIN_FINAL_TRY | CKF_SO_PIN_FINAL_TRY)
#define LOCKED (CKF_USER_PIN_LOCKED | CKF_SO_PIN_LOCKED)

static CK_FLAGS
counters(void)
{
	return info(SLOT_OWNER).flags & COUNTERS;
}

static void
shell(const char *command)
{
	if (system(command) != 0)
		test_bail("%s", command);
}

static void
clear_lockout(void)
{
	shell("tpm2_dictionarylockout -c");
}

static CK_ULONG
objects(void)
{
	const CK_ATTRIBUTE template[] = { T_BOOL(CKA_TOKEN, CK_TRUE), T_ULONG(CKA_CLASS, CKO_PUBLIC_KEY) };
	const CK_SESSION_HANDLE s = mod_open(SLOT_OWNER, false);
	const CK_ULONG n = mod_find(s, template, LEN(template), NULL, 0);

	mod_close(s);
	return n;
}

static void
first(void)
{
	CK_TOKEN_INFO token;
	CK_SESSION_HANDLE s;

	mod_init();
	s = mod_open(SLOT_OWNER, true);
	(void)mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "of nobody", true);
	mod_close(s);
	test_eq(objects(), 1, "a key of a token without a PIN");
	test_eq(init_token(SLOT_OWNER, P(SO), "the label of the token, 32 bytes"), CKR_OK, "C_InitToken");
	test_eq(objects(), 0, "removes what was there");
	token = info(SLOT_OWNER);
	test_mem(token.label, 32, "the label of the token, 32 bytes", 32, "its label");
	test_ok(token.ulMinPinLen == 4 && token.ulMaxPinLen == 255, "the lengths of PINs");
	test_eq(counters(), 0, "nothing wrong yet");
	test_eq(init_pin(SLOT_OWNER, P(SO), P(PIN)), CKR_OK, "C_InitPIN");
	mod_fini();
	mod_init();
	test_eq(try_login(SLOT_OWNER, CKU_USER, P(PIN)), CKR_OK, "after a restart the PIN is right");
	test_mem(info(SLOT_OWNER).label, 7, "the lab", 7, "and the label is there");
}

/* Each wrong PIN once: the same again costs nothing. */
static void
wrong(void)
{
	clear_lockout();
	test_eq(try_login(SLOT_OWNER, CKU_USER, P("0001")), CKR_PIN_INCORRECT, "a wrong PIN");
	test_eq(counters(), LOW, "is counted");
	for (int i = 0; i < 2 * TRIES; i++)
		if (try_login(SLOT_OWNER, CKU_USER, P("0001")) != CKR_PIN_INCORRECT)
			test_bail("the same wrong PIN again");
	test_eq(counters(), LOW, "the same one again is not");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P("123")), CKR_PIN_INCORRECT, "a PIN that cannot be right");
	test_eq(counters(), LOW, "is not counted either");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P("0002")), CKR_PIN_INCORRECT, "a second wrong PIN");
	test_eq(try_login(SLOT_OWNER, CKU_SO, P("0003")), CKR_PIN_INCORRECT, "a third, for the SO: the counter is the TPM's");
	test_eq(counters(), LOW | FINAL, "one try is left");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P(PIN)), CKR_OK, "the right PIN");
	test_eq(counters(), FINAL, "does not give tries back: the TPM counts for everybody");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P("0004")), CKR_PIN_INCORRECT, "the last try");
	test_eq(counters(), LOW | LOCKED, "locked");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P(PIN)), CKR_PIN_LOCKED, "even for the right PIN");
	test_eq(try_login(SLOT_OWNER, CKU_SO, P(SO)), CKR_PIN_LOCKED, "and for the SO's");
	test_eq(set_pin(SLOT_OWNER, P(PIN), P("4321")), CKR_PIN_LOCKED, "no C_SetPIN");
	test_eq(init_token(SLOT_OWNER, P(SO), "x"), CKR_PIN_LOCKED, "no C_InitToken");
	clear_lockout();
	test_eq(counters(), 0, "after tpm2_dictionarylockout --clear-lockout");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P(PIN)), CKR_OK, "the right PIN is right");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P("0004")), CKR_PIN_INCORRECT, "and a wrong one wrong");
	clear_lockout();
}

/* Any bytes, 4 to 255 of them. */
static void
bytes(void)
{
	char longest[256];

	memset(longest, 'x', sizeof(longest));
	test_eq(set_pin(SLOT_OWNER, P(PIN), P("\0\0\0\0")), CKR_OK, "a PIN of zero bytes");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P("\0\0\0\0\0")), CKR_PIN_INCORRECT, "is not one with another zero");
	test_eq(set_pin(SLOT_OWNER, P("\0\0\0\0"), P("ab\0cd")), CKR_OK, "a zero byte within");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P("ab\0ce")), CKR_PIN_INCORRECT, "ends nothing");
	test_eq(set_pin(SLOT_OWNER, P("ab\0cd"), (struct pin){ longest, 256 }), CKR_PIN_LEN_RANGE, "256 bytes are too many");
	test_eq(set_pin(SLOT_OWNER, P("ab\0cd"), (struct pin){ longest, 255 }), CKR_OK, "255 are not");
	test_eq(try_login(SLOT_OWNER, CKU_USER, (struct pin){ longest, 254 }), CKR_PIN_INCORRECT, "all of them count");
	test_eq(set_pin(SLOT_OWNER, (struct pin){ longest, 255 }, P(PIN)), CKR_OK, "back");
	clear_lockout();
}

/* The user forgot his PIN: the SO gives him another, and the keys are the same. C_InitToken: they are gone. */
static void
reset(void)
{
	CK_SESSION_HANDLE s = mod_open(SLOT_OWNER, true);
	CK_RV rv = login(s, CKU_USER, P(PIN));

	test_eq(rv, CKR_OK, "the user");
	(void)mod_ec(s, CKM_EC_KEY_PAIR_GEN, OID_P256, "of the user", true);
	mod_close(s);
	test_eq(init_pin(SLOT_OWNER, P(SO), P("a new one")), CKR_OK, "the SO gives another PIN");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P(PIN)), CKR_PIN_INCORRECT, "the old one is wrong now");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P("a new one")), CKR_OK, "the new one right");
	test_eq(objects(), 1, "the keys are there");
	test_eq(init_token(SLOT_OWNER, P("not it"), "x"), CKR_PIN_INCORRECT, "C_InitToken by somebody else");
	test_eq(init_token(SLOT_OWNER, P("x"), "x"), CKR_PIN_INCORRECT, "with a PIN that cannot be right");
	test_eq(objects(), 1, "changes nothing");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P("a new one")), CKR_OK, "nor does the PIN");
	test_eq(init_token(SLOT_OWNER, P(SO), "again"), CKR_OK, "C_InitToken by the SO");
	test_eq(objects(), 0, "removes them");
	test_eq(try_login(SLOT_OWNER, CKU_USER, P("a new one")), CKR_USER_PIN_NOT_INITIALIZED, "and the user's PIN");
	test_mem(info(SLOT_OWNER).label, 6, "again ", 6, "the new label");
	test_eq(init_pin(SLOT_OWNER, P(SO), P(PIN)), CKR_OK, "the SO's PIN is the same");
	clear_lockout();
}

/* Another process: the number of the first that is not as it should be, or 0. */
static int
without_writing(void)
{
	test_obey_modes();
	mod_init();
	if ((info(SLOT_OWNER).flags & CKF_WRITE_PROTECTED) == 0)
		return 1;
	if (try_login(SLOT_OWNER, CKU_USER, P(PIN)) != CKR_OK)
		return 2;
	if (set_pin(SLOT_OWNER, P(PIN), P("4321")) != CKR_TOKEN_WRITE_PROTECTED)
		return 3;
	if (init_pin(SLOT_OWNER, P(SO), P("4321")) != CKR_TOKEN_WRITE_PROTECTED)
		return 4;
	if (init_token(SLOT_OWNER, P(SO), "x") != CKR_TOKEN_WRITE_PROTECTED)
		return 5;
	if (init_token(SLOT_NULL, P(SO), "x") != CKR_TOKEN_WRITE_PROTECTED)
		return 6;
	if (set_pin(SLOT_OWNER, P("not it"), P("4321")) != CKR_PIN_INCORRECT)
		return 7;
	return try_login(SLOT_OWNER, CKU_USER, P(PIN)) == CKR_OK ? 0 : 8;
}

static void
read_only(void)
{
	const char *store = getenv("SEEDLEAF_STORE");

	mod_fini();
	if (chmod(store, 0500) != 0)
		test_bail("%s", store);
	test_eq(mod_other("read-only"), 0, "a store that cannot be written: PINs open, and do not change");
	(void)chmod(store, 0700);
	clear_lockout();
	mod_init();
}

/* The endorsement root lives on after a clear; what is sealed does not, and with it the PINs: the token can be initialized as a new one. */
static void
cleared(void)
{
	char command[4200];

	test_eq(init_token(SLOT_ENDORSEMENT, P(SO), "e"), CKR_OK, "a token in the endorsement hierarchy");
	test_eq(init_pin(SLOT_ENDORSEMENT, P(SO), P(PIN)), CKR_OK, "with a user");
	mod_fini();
	(void)snprintf(command, sizeof(command), "%s/tests/with-tpm --clear", getenv("SL_SRC"));
	shell(command);
	mod_init();
	test_eq(try_login(SLOT_OWNER, CKU_USER, P(PIN)), CKR_USER_PIN_NOT_INITIALIZED, "after a clear the owner's token is another one");
	test_eq(try_login(SLOT_ENDORSEMENT, CKU_USER, P(PIN)), CKR_DEVICE_ERROR, "the endorsement token's PINs open nothing");
	test_eq(init_token(SLOT_ENDORSEMENT, P("any PIN"), "f"), CKR_OK, "it can be initialized again");
	test_eq(init_pin(SLOT_ENDORSEMENT, P("any PIN"), P(PIN)), CKR_OK, "and used");
	test_eq(try_login(SLOT_ENDORSEMENT, CKU_USER, P(PIN)), CKR_OK, "by its user");
}

int
main(int argc, char **argv)
{
	mod_begin(argv);
	if (argc > 1)
		return without_writing();
	shell("tpm2_dictionarylockout -s -n 4 -t 1000 -l 1000 && tpm2_dictionarylockout -c");
	first();
	wrong();
	bytes();
	reset();
	read_only();
	cleared();
	mod_fini();
	return test_done();
}
