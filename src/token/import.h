/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_IMPORT_H
#define SL_TOKEN_IMPORT_H

#include "crypto/cert.h"
#include "token/session.h"

/* A key out of a file becomes a sealed key of the token: what C_CreateObject would make of it, with its public half and its certificate. */
struct sl_import {
	const char *label;
	const uint8_t *id;
	size_t id_len;             /* 0: of a pair the one that its public half gives, else none */
	unsigned usage;            /* enum sl_usage; 0: all that such a key can have */
	CK_KEY_TYPE secret_type;   /* of a secret key */
	bool extractable;
	const struct sl_cert *certificate; /* NULL: none */
};

/* CKK_ of a key. */
CK_KEY_TYPE sl_import_type(const struct sl_import *import, const struct sl_key *key);

/*
 * All of them or none. SL_ERR_EXISTS: an object of one of these classes has the label; SL_ERR_MISMATCH: the certificate is another key's; SL_ERR_RANGE: its
 * length does not suit its type; SL_ERR_ARG: no such usage; SL_ERR_LOGIN; msg says why.
 */
SL_MUST_CHECK enum sl_err sl_import_key(struct sl_session *session, const struct sl_import *import, struct sl_key *key, struct sl_msg *msg);

#endif
