/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_REQUEST_KEY_ANSWER_H
#define SL_REQUEST_KEY_ANSWER_H

#include "base/secret.h"

#include <sys/types.h>

/* The kernel's side of a request: the authority to instantiate its key, which this process has from the kernel. */

/* What the kernel has noted of the key that is asked for. */
struct sl_answer_record {
	uid_t uid; /* of the requester, in the initial user namespace */
	gid_t gid;
	char description[4096];
};

/* Takes the authority, and asks for the record. SL_ERR_ACCESS: it is not ours to answer, or no key of type user. */
SL_MUST_CHECK enum sl_err sl_answer_begin(int32_t key, struct sl_answer_record *ret_record, struct sl_msg *msg);

/* The text of KEYCTL_DESCRIBE: "user;UID;GID;PERM;DESCRIPTION". SL_ERR_FORMAT. */
SL_MUST_CHECK enum sl_err sl_answer_parse(const char *text, struct sl_answer_record *ret_record);

/*
 * Gives the key to the requester, where it asked for it and nowhere else: for its possessor alone, for so many seconds. Nothing is given unless the permissions
 * and the time are set first.
 */
SL_MUST_CHECK enum sl_err sl_answer_give(int32_t key, const struct sl_secret *secret, uint32_t seconds, struct sl_msg *msg);

/* A negative key, for three seconds: its requester gets err, an errno. Harmless when the key has been given. */
void sl_answer_refuse(int32_t key, int err);

#endif
