/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef HOST_H
#define HOST_H

#include "pkcs11-additions.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * What a program that loads the module does again and again. Those that return CK_RV print nothing and may be called from any thread, and in
 * a forked child; the others bail out when they cannot do their work.
 */
#define HOST_SIG_MAX 512

/* dlopen() of path (NULL: $SEEDLEAF_MODULE) and C_GetFunctionList. *ret_handle (may be NULL) is for dlclose(). */
CK_FUNCTION_LIST *host_load(const char *path, void **ret_handle);

CK_RV host_open(CK_FUNCTION_LIST *p11, CK_SLOT_ID slot, CK_SESSION_HANDLE *ret_session);

/* A P-256 pair. ret_public may be NULL. */
CK_RV host_pair(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, const char *label, bool on_token, CK_OBJECT_HANDLE *ret_public,
                CK_OBJECT_HANDLE *ret_private);

/* The first match; CKR_OBJECT_HANDLE_INVALID when there is none. */
CK_RV host_find(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label, CK_OBJECT_HANDLE *ret_object);
/* How many match; class CK_UNAVAILABLE_INFORMATION: any, label NULL: any. */
CK_RV host_count(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label, CK_ULONG *ret_n);

/* CKM_ECDSA_SHA256 over text: sig has HOST_SIG_MAX bytes. */
CK_RV host_sign(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const char *text, CK_BYTE *sig, CK_ULONG *ret_len);
CK_RV host_verify(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const char *text, CK_BYTE *sig, CK_ULONG len);
/* Signs with a private key and verifies with the public one of that label. */
CK_RV host_use(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, const char *label);

/* fork(); the child runs body(arg) and exits with what it returns (0 to 99). */
pid_t host_fork(int (*body)(void *arg), void *arg);
/* Its exit status; 100 plus the signal that ended it; 255 when it did not end in time, and was killed. */
int host_wait(pid_t child, int seconds);
/* Both. */
int host_in_child(int (*body)(void *arg), void *arg);

/* Writes $SEEDLEAF_CONF. */
void host_config(const char *text);

/* What is written to standard output and standard error between the two calls. host_quiet_end() returns the number of bytes. */
void host_quiet_begin(void);
size_t host_quiet_end(void);

/* Open descriptors; of those, the ones that an exec() would keep. */
int host_descriptors(bool kept_by_exec);

long long host_now_us(void);

#endif
