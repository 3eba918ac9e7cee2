/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef PROBE_H
#define PROBE_H

#include "probe-std.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * Cases are registered first, and run by worker processes that load the module. A worker runs case after case; when it dies or hangs, the
 * case it was at is a crash, and another worker goes on with the next. Each case has a read/write session of its own.
 */

enum {
	ALONE = 1,        /* a worker of its own: the case disturbs the module's global state, or is likely to crash it */
	BARE = 2 | ALONE, /* the module is loaded, nothing more */
	PUBLIC = 4,       /* nobody is logged in */
};

struct probe {
	CK_FUNCTION_LIST *f;      /* what cases call; a saboteur's in self-tests */
	struct std_list3 *f3;     /* the 3.x list, or NULL */
	struct std_interface *interface3;
	CK_RV (*get_interface)(CK_UTF8CHAR *, CK_VERSION *, struct std_interface **, CK_FLAGS);
	CK_RV (*get_interface_list)(struct std_interface *, CK_ULONG *);
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE s;      /* the case's session */
	CK_UTF8CHAR *pin, *so_pin;   /* NULL: the token has none */
	CK_ULONG pin_len, so_pin_len;
	bool has_bare;
	CK_SLOT_ID bare;          /* has_bare: another token, without a PIN */
};

/* What the PIN is for a moment in one case; the next case finds it changed back, whatever happened to that one. */
#define PROBE_OTHER_PIN "another 1"

extern struct probe P;

typedef void (*probe_run)(const void *arg, unsigned long how);

struct probe_case {
	unsigned flags;
	const char *section;   /* of PKCS#11 3.1 */
	probe_run run;
	const void *arg;
	unsigned long how;
};

/* Registers one; id and title are formats for the same arguments, "ID|TITLE". */
void probe_case(unsigned flags, const char *section, probe_run run, const void *arg, unsigned long how, const char *id_and_title, ...)
	__attribute__((format(printf, 6, 7)));

/* These end the case. */
void probe_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void probe_absent(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Ends the case as failed unless rv is one of the wanted, which ends with PROBE_END. */
#define PROBE_END (~0UL)
CK_RV probe_want(const char *function, CK_RV rv, const CK_RV *wanted);
const char *probe_rv_name(CK_RV rv);

#define UNPAREN(...) __VA_ARGS__
#define WANT(codes, fn, ...) probe_want(#fn, P.f->fn(__VA_ARGS__), (const CK_RV[]){ UNPAREN codes, PROBE_END })
#define OK(fn, ...) WANT((CKR_OK), fn, __VA_ARGS__)
#define CHECK(condition, ...) do { if (!(condition)) probe_fail(__VA_ARGS__); } while (0)
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Bytes that live as long as the case. */
struct bin {
	CK_BYTE *p;
	CK_ULONG n;
};

void *probe_alloc(size_t n);
struct bin hex(const char *digits);
struct bin text(const char *s);
struct bin room(CK_ULONG n);                   /* filled with 0xA5 */
struct bin pattern(CK_ULONG n, unsigned seed);
struct bin cut(struct bin b, CK_ULONG n);      /* its first n bytes */
struct bin join(struct bin a, struct bin b);
struct bin copy(struct bin b);
bool same(struct bin a, struct bin b);
void expect(const char *what, struct bin got, struct bin wanted);

/* Templates. */
struct tmpl {
	CK_ATTRIBUTE a[40];
	CK_ULONG n;
};

void t_bin(struct tmpl *t, CK_ATTRIBUTE_TYPE type, struct bin value);
void t_ulong(struct tmpl *t, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void t_bool(struct tmpl *t, CK_ATTRIBUTE_TYPE type, bool value);
void t_text(struct tmpl *t, CK_ATTRIBUTE_TYPE type, const char *value);
void t_drop(struct tmpl *t, CK_ATTRIBUTE_TYPE type);
void t_key(struct tmpl *t, CK_OBJECT_CLASS class, CK_KEY_TYPE type);   /* class, key type, TOKEN = false */

CK_MECHANISM mech(CK_MECHANISM_TYPE type, void *param, size_t len);
CK_MECHANISM mech0(CK_MECHANISM_TYPE type);
/* Ends the case as absent when the token does not have the mechanism for all these uses. */
void need(CK_MECHANISM_TYPE type, CK_FLAGS flags);
bool has(CK_MECHANISM_TYPE type, CK_FLAGS flags);
void need_pin(void);

CK_OBJECT_HANDLE make(const struct tmpl *t);
CK_SESSION_HANDLE open_session(bool rw);

/* One attribute; fail the case when it cannot be read. */
struct bin attr(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
CK_ULONG attr_ulong(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
bool attr_bool(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
CK_RV attr_rv(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

/* Keys as session objects, with all uses. probe-keys.c */
CK_OBJECT_HANDLE key_secret(CK_KEY_TYPE type, struct bin value);
CK_OBJECT_HANDLE key_aes(unsigned bits);
struct pair {
	CK_OBJECT_HANDLE public, private;
};
struct pair key_pair(CK_MECHANISM_TYPE gen, struct bin params);   /* generated; params: EC_PARAMS, or of RSA the empty one */
CK_OBJECT_HANDLE key_rsa_public(unsigned bits);
CK_OBJECT_HANDLE key_rsa_private(unsigned bits);                  /* imported: the probe's own key */
void t_rsa_public(struct tmpl *t);
void t_rsa_private(struct tmpl *t);

struct curve {
	const char *name;
	CK_KEY_TYPE type;
	unsigned bytes;
	const char *params;    /* DER of CKA_EC_PARAMS, hex */
	const char *secret;    /* a key, hex */
	const char *point;     /* its public half: X9.62 uncompressed, or RFC 8032/7748 bytes, hex */
	bool must;             /* of the curves everybody has */
};

extern const struct curve curves[];
extern const size_t n_curves;
const struct curve *curve_named(const char *name);
struct bin ec_point(const struct curve *c);       /* DER OCTET STRING of the point */
CK_OBJECT_HANDLE key_ec_public(const struct curve *c);
CK_OBJECT_HANDLE key_ec_private(const struct curve *c);

/* Whole operations; fail the case unless CKR_OK. */
struct bin do_digest(CK_MECHANISM_TYPE type, struct bin data);
struct bin do_sign(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data);
CK_RV do_verify(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data, struct bin sig);
struct bin do_encrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data);
struct bin do_decrypt(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data);
CK_OBJECT_HANDLE do_derive(CK_MECHANISM *m, CK_OBJECT_HANDLE key, const struct tmpl *t);
/* Like do_encrypt and do_decrypt, in parts of the given size. */
struct bin do_parts(bool encrypt, CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data, CK_ULONG part);

/* libcrypto, in probe-ossl.c. Hash names as libcrypto has them. */
struct bin ossl_digest(const char *hash, struct bin data);
struct bin ossl_hmac(const char *hash, struct bin key, struct bin data);
/* A public key as SubjectPublicKeyInfo or parts; verify a PKCS#11 signature. padding: 0 none, else RSA_PKCS1_PADDING... */
struct ossl_sig {
	const char *hash;      /* NULL: data is what is signed itself */
	int padding;           /* RSA; 0 for other keys */
	const char *mgf;       /* PSS */
	int salt_len;
};
void *ossl_rsa(bool private);                                     /* the probe's own key; freed by nobody: a worker is short-lived */
void *ossl_rsa_public(struct bin modulus, struct bin exponent);
void *ossl_ec(const struct curve *c, struct bin point, bool private);   /* point: the curve's form; private: the curve's own key */
bool ossl_verify(void *key, const struct ossl_sig *how, struct bin data, struct bin sig);
struct bin ossl_sign(void *key, const struct ossl_sig *how, struct bin data);
struct bin ossl_rsa_encrypt(void *key, const struct ossl_sig *how, struct bin label, struct bin data);
struct bin ossl_rsa_decrypt(void *key, const struct ossl_sig *how, struct bin label, struct bin data);
struct bin ossl_agree(void *key, void *peer);
struct bin ossl_cipher(const char *name, bool encrypt, struct bin key, struct bin iv, struct bin data);

/* Hashes that PKCS#11 and libcrypto both have. */
struct hash {
	const char *name;          /* for ids */
	const char *ossl;
	const char *section;
	CK_MECHANISM_TYPE digest, hmac, hmac_general;
	CK_KEY_TYPE hmac_key;
	CK_ULONG mgf;              /* 0: none in the standard */
	unsigned bytes, block;
};

extern const struct hash hashes[];
extern const size_t n_hashes;
const struct hash *hash_named(const char *name);

/* Registration, one function a file. */
void probe_general(void);
void probe_calls(void);
void probe_session(void);
void probe_login(void);
void probe_objects(void);
void probe_defaults(void);
void probe_attributes(void);
void probe_find(void);
void probe_mechanisms(void);
void probe_digest(void);
void probe_mac(void);
void probe_ops(void);
void probe_cipher(void);
void probe_aead(void);
void probe_rsa(void);
void probe_ec(void);
void probe_derive(void);
void probe_wrap(void);
void probe_generate(void);
void probe_v3(void);

/* The self-test: a copy of the list whose functions lie; P's interfaces lie from then on too. probe-sabotage.c */
CK_FUNCTION_LIST *probe_sabotage(CK_FUNCTION_LIST *list, const char *kind);
const char *probe_sabotage_kinds(void);

#endif
