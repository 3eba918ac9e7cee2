/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef MODULE_H
#define MODULE_H

#include "lib/test.h"
#include "pkcs11-additions.h"
#include "seedleaf.h"

#include <stdint.h>

/*
 * For tests that use the built module as an application does: through its function list and nothing else. These programs do not link the
 * module's code. Slots of the built-in tokens:
 */
enum { SLOT_OWNER, SLOT_ENDORSEMENT, SLOT_PLATFORM, SLOT_NULL, SLOT_FIRST_ADDED };

extern CK_FUNCTION_LIST *p11;

/* Runs the program anew under tests/with-tpm unless that has happened, and loads $SEEDLEAF_MODULE. */
void mod_begin(char **argv);
/* The same with every TPM command written to $SL_TPM_LOG. */
void mod_begin_counted(char **argv);

/* Runs this program again, as another process, with one argument more; returns its exit status. */
unsigned mod_other(const char *argument);

/* "$SL_TPM_DIR/NAME" in one of eight rotating static buffers. */
const char *mod_path(const char *name);
void mod_write(const char *path, const char *text);
/* Replaces the configuration; `keys-dir` is added and is mod_path("keys"). Read at the next C_Initialize. */
void mod_config(const char *text);
/* A key file there. */
void mod_declare(const char *file, const char *text);

void mod_init(void);
void mod_fini(void);
CK_SESSION_HANDLE mod_open(CK_SLOT_ID slot, bool rw);
void mod_close(CK_SESSION_HANDLE session);

/* Gives the token of a slot, which has no session, a SO PIN ("so pin") and a user PIN. */
void mod_guard(CK_SLOT_ID slot, const char *user_pin);
CK_RV mod_login(CK_SESSION_HANDLE session, CK_USER_TYPE user, const char *pin);
#define MOD_SO_PIN "so pin"

/* Elements of a template. */
#define T_ULONG(type, value) { (type), &(CK_ULONG){ (value) }, sizeof(CK_ULONG) }
#define T_BOOL(type, value) { (type), &(CK_BBOOL){ (value) }, sizeof(CK_BBOOL) }
#define T_TEXT(type, text) { (type), (void *)(uintptr_t)(text), sizeof(text) - 1 }
#define T_BYTES(type, bytes, len) { (type), (void *)(uintptr_t)(bytes), (len) }
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* One value into a buffer; bails out when it is not there or too long. Returns its length. */
CK_ULONG mod_attr(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *buf, CK_ULONG room);
CK_ULONG mod_ulong(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
bool mod_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
/* What C_GetAttributeValue says to a length query. */
CK_RV mod_attr_rv(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

/* Number of objects that match; up to max of them in found (which may be NULL). */
CK_ULONG mod_find(CK_SESSION_HANDLE session, const CK_ATTRIBUTE *template, CK_ULONG n, CK_OBJECT_HANDLE *found, CK_ULONG max);
/* The only one that has the class and the label; bails out otherwise. */
CK_OBJECT_HANDLE mod_the(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label);

/* Curves as CKA_EC_PARAMS. */
#define OID_P256 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_P384 "\x06\x05\x2b\x81\x04\x00\x22"
#define OID_P521 "\x06\x05\x2b\x81\x04\x00\x23"
#define OID_K256 "\x06\x05\x2b\x81\x04\x00\x0a"
#define OID_ED25519 "\x06\x03\x2b\x65\x70"
#define OID_X25519 "\x06\x03\x2b\x65\x6e"
#define NAME_ED25519 "\x13\x0c" "edwards25519"
#define NAME_X25519 "\x13\x0a" "curve25519"

struct pair {
	CK_OBJECT_HANDLE public;
	CK_OBJECT_HANDLE private;
};

/* Generation with a label. Bails out when it fails. */
struct pair mod_ec(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mechanism, const char *params, const char *label, bool token);
struct pair mod_rsa(CK_SESSION_HANDLE session, CK_ULONG bits, const char *label, bool token);

/* C_SignInit and C_Sign; the length of the signature, or 0. */
CK_ULONG mod_sign(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, const char *data, CK_BYTE sig[1024]);
CK_RV mod_verify(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, const char *data, const CK_BYTE *sig,
                 CK_ULONG sig_len);

#endif
