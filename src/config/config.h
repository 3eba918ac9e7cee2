/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_CONFIG_CONFIG_H
#define SL_CONFIG_CONFIG_H

#include "base/err.h"
#include "base/log.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sl_root_kind {
	SL_ROOT_PRIMARY,    /* tpm:owner and so on */
	SL_ROOT_PERSISTENT, /* tpm:0x81...... */
	SL_ROOT_KEYRING,    /* keyring:trusted:NAME, keyring:encrypted:NAME, keyring:user:NAME: a key that the kernel keeps */
	SL_ROOT_UPCALL,     /* keyring:seedleaf, keyring:seedleaf:TOKEN: the kernel asks seedleaf-request-key(8) */
};
enum sl_hierarchy { SL_HIERARCHY_OWNER, SL_HIERARCHY_ENDORSEMENT, SL_HIERARCHY_PLATFORM, SL_HIERARCHY_NULL };

/*
 * `policy = pcr:sha256:7,11[=HEX]` or `policy = authorize:/path/PUBKEY.pem[, ref]`: in which state of the machine the root and what is sealed
 * beside it can be used.
 */
enum sl_policy_kind { SL_POLICY_NONE, SL_POLICY_PCR, SL_POLICY_AUTHORIZE };
enum sl_pcr_bank { SL_PCR_SHA1, SL_PCR_SHA256, SL_PCR_SHA384, SL_PCR_SHA512 };
#define SL_POLICY_REF_MAX 64

struct sl_policy_spec {
	enum sl_policy_kind kind;
	enum sl_pcr_bank bank;       /* pcr */
	uint32_t pcrs;               /* pcr: bit i is PCR i, 0 to 23 */
	bool has_digest;             /* pcr: `=HEX`, the SHA-256 over the selected PCRs' values that is wanted; else the values of now */
	uint8_t digest[32];
	char *key_file;              /* authorize: PEM SubjectPublicKeyInfo, RSA 2048 to 4096 or P-256, P-384, P-521 */
	uint8_t ref[SL_POLICY_REF_MAX]; /* authorize: policyRef */
	size_t ref_len;
	char **signatures;           /* `policy-signatures = PATH` (may repeat), NULL-terminated: files, or directories of *.json; NULL: systemd's places */
};

/* What a token's root is: `root = tpm:owner` and so on, or `root = tpm:0x81010001`. */
struct sl_root_spec {
	enum sl_root_kind kind;
	enum sl_hierarchy hierarchy; /* persistent: where the key came from: 0x81800000 and above platform, else owner */
	uint32_t handle;             /* persistent */
	char *key_type;              /* keyring: "trusted", "encrypted" or "user" */
	char *key_name;              /* keyring: the key's description; upcall: the helper's token, default the token's own name */
	char *name_space;            /* goes into the primary's template */
	char *auth_file;             /* file with the hierarchy's authorization (no trailing newline is removed but one), or NULL */
	uint8_t salt_name[34];       /* `salt-key = HEX`: the pinned Name of the salt key */
	bool has_salt_name;
	bool cache;                  /* upcall: `upcall-cache = yes`: answers stay in the session keyring for their time */
	struct sl_policy_spec policy;
};

/* `binders = uid path csum unit lsm`: what seedleaf-request-key(8) makes a token's keys depend on; doc/upcall.md. */
enum {
	SL_BINDER_UID = 1 << 0,
	SL_BINDER_PATH = 1 << 1,
	SL_BINDER_CSUM = 1 << 2,
	SL_BINDER_UNIT = 1 << 3,
	SL_BINDER_LSM = 1 << 4,
};
struct sl_upcall_config {
	unsigned binders;  /* 0: no requests are answered from this token; else with SL_BINDER_UID */
	uint32_t timeout;  /* `upcall-timeout = SECONDS`: how long an answer lives in a keyring */
};

enum sl_generate { SL_GENERATE_DERIVED, SL_GENERATE_RECALL, SL_GENERATE_SEALED };
enum sl_login { SL_LOGIN_REQUIRED, SL_LOGIN_EXPLICIT };
enum sl_core_dumps { SL_CORE_DUMPS_LEAVE, SL_CORE_DUMPS_OFF };
enum sl_show_edwards { SL_EDWARDS_ASKED, SL_EDWARDS_ALWAYS };

struct sl_token_config {
	char *name;    /* the section's name: "owner", or the administrator's; 1 to 32 of [a-z0-9-] */
	char *label;   /* CK_TOKEN_INFO label, at most 32 bytes UTF-8; default "seedleaf-" name */
	bool hidden;   /* `hide = yes`: the slot keeps its id and is not listed */
	struct sl_root_spec root;
	enum sl_generate generate;
	enum sl_login login;     /* `login = required|explicit`: explicit leaves CKF_LOGIN_REQUIRED clear unless SEEDLEAF_LOGIN names the token */
	uint32_t pin_store;      /* `pin-store = nv:0x01......`: NV index of the user's token secret, the SO's is the next one; 0: in the store */
	uint32_t login_cache;    /* `login-cache = SECONDS`: how long a login's secret is kept in the session keyring; 0: not at all */
	struct sl_upcall_config upcall; /* what the helper does with it */
	enum sl_show_edwards edwards; /* `edwards = asked|always`: asked keeps Edwards private keys out of searches that name only a class */
};

/* Everything the administrator can say, after defaults. Tokens: the four built-in ones first (slot ids 0 to 3), then the others in file order. */
struct sl_config {
	char *path;      /* the file it was read from; NULL: there is none, all defaults */
	char *tcti;      /* default "device:/dev/tpmrm0" */
	char *store;     /* directory */
	char **keys_dirs; /* NULL-terminated: "/etc/seedleaf/keys.d" unless `keys-dir` names others (it may repeat) */
	enum sl_log_level log_level;
	char *log_file;  /* NULL: syslog */
	enum sl_core_dumps core_dumps; /* `core-dumps = leave|off`: of the host process, which is not ours */
	char *login;     /* SEEDLEAF_LOGIN: names of tokens, separated by commas, or "*"; NULL: not set */
	struct sl_token_config *tokens;
	size_t n_tokens;
};

/*
 * Reads SEEDLEAF_CONF or /etc/seedleaf/seedleaf.conf (a missing default file is fine, a missing named one is not), then lets SEEDLEAF_TCTI,
 * SEEDLEAF_STORE and SEEDLEAF_LOG override; all by secure_getenv. Strict: an unknown section or key, a bad or repeated value is SL_ERR_FORMAT and a message
 * "FILE:LINE: what, expected what". Free with sl_config_free().
 */
SL_MUST_CHECK enum sl_err sl_config_load(struct sl_config **ret_config, struct sl_msg *msg);

/* The same from a named file, without the environment; for tests and the tool. path NULL: defaults alone. */
SL_MUST_CHECK enum sl_err sl_config_load_file(const char *path, struct sl_config **ret_config, struct sl_msg *msg);
void sl_config_free(struct sl_config **config);

/* The token of that name, or NULL. */
const struct sl_token_config *sl_config_token(const struct sl_config *config, const char *name);

#endif
