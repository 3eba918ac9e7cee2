/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CONFIG_KEYFILE_H
#define SL_CONFIG_KEYFILE_H

#include "config/config.h"

#define SL_KEYFILE_MAX ((size_t)64 << 10) /* bytes */

/* The value of `usage`: false when it is not SL_KEYFILE_USAGE. */
#define SL_KEYFILE_USAGE "a list of sign, decrypt, derive, wrap and encrypt, each at most once"
bool sl_keyfile_usage(const char *text, unsigned *ret_usage);

enum sl_usage { SL_USE_SIGN = 1, SL_USE_DECRYPT = 2, SL_USE_DERIVE = 4, SL_USE_WRAP = 8, SL_USE_ENCRYPT = 16 };

/*
 * A declared key: one file of a keys.d directory, INI without sections:
 *   label = NAS host key        CKA_LABEL; 1 to 255 bytes UTF-8; required
 *   name = nas-host             goes into the derivation; default: the label
 *   token = owner               a token's name; default owner
 *   type = ec:P-256             required
 *   usage = sign, derive        sign decrypt derive wrap encrypt; default by type
 *   version = 1                 1 to 4294967295; default 1
 *   keep = 0                    list that many versions before it, for verification and decryption; 0 to 100
 *   id = 0a0b                   CKA_ID in hex, 1 to 64 bytes; default: computed from token, name, type and version
 *   certificate = nas.pem       X.509, PEM or DER, relative to the file's own directory
 */
struct sl_keyfile {
	char *path;
	char *label;
	char *name;
	char *token;
	char *type;       /* spelled as written; checked by derive/ */
	unsigned type_line;
	unsigned usage;   /* enum sl_usage bits; 0: default by type */
	uint32_t version;
	uint32_t keep;
	uint8_t id[64];
	size_t id_len;    /* 0: default */
	char *certificate; /* absolute path, or NULL */
};

/* One file. SL_ERR_FORMAT and "FILE:LINE: ..."; a file that others can write is SL_ERR_ACCESS. */
SL_MUST_CHECK enum sl_err sl_keyfile_load(const char *path, struct sl_keyfile *ret_file, struct sl_msg *msg);
/* The same from a text that would stand in path: nothing is opened. */
SL_MUST_CHECK enum sl_err sl_keyfile_parse(const char *path, const char *text, struct sl_keyfile *ret_file, struct sl_msg *msg);
void sl_keyfile_clear(struct sl_keyfile *file);

/*
 * Every *.key of every keys directory, in order of directory and name. Two files that declare the same (token, name, type) or the same
 * (token, label) are SL_ERR_EXISTS, and the message names both paths; an unknown token name is SL_ERR_FORMAT; a directory that others can
 * write is SL_ERR_ACCESS. A missing directory has no files.
 */
struct sl_keyfiles {
	struct sl_keyfile *files;
	size_t n;
	size_t room;
};
SL_MUST_CHECK enum sl_err sl_keyfiles_load(const struct sl_config *config, struct sl_keyfiles *ret_files, struct sl_msg *msg);
/* The same for one directory, whether or not it is one of the configuration's. */
SL_MUST_CHECK enum sl_err sl_keyfiles_load_dir(const struct sl_config *config, const char *dir, struct sl_keyfiles *ret_files,
                                               struct sl_msg *msg);
void sl_keyfiles_clear(struct sl_keyfiles *files);

/* The one of files beside which candidate could not be declared, or NULL. */
const struct sl_keyfile *sl_keyfiles_conflict(const struct sl_keyfiles *files, const struct sl_keyfile *candidate);

#endif
