/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_TOKEN_STORE_H
#define SL_TOKEN_STORE_H

#include "root/root.h"
#include "token/attr.h"
#include "token/recipe.h"

/*
 * Where token objects and the public halves of derived keys are kept: doc/store.md. One SQLite database in a directory of ours; many
 * processes may use it at once. It never holds a secret. Every function is safe from any thread. After fork the child opens it anew.
 */
struct sl_store;

/* Tells one token secret S from another (doc/pin.md). */
#define SL_SECRET_ID 16

/* One stored object. */
struct sl_record {
	int64_t row; /* 0 before it is stored; never used again after the object is gone */
	struct sl_attrs attrs;
	struct sl_attrs closed; /* attributes that are kept encrypted (values.h): not in attrs then */
	bool has_unique_id;     /* for sl_store_add(): attrs have one, which the encryption is bound to */
	bool has_recipe;
	struct sl_recipe recipe;
	struct sl_rsa_hints hints;
	uint8_t *sealed; /* a sealed key's blob (doc/sealed.md), owned; NULL: it is none */
	size_t sealed_len;
	unsigned sealed_form; /* of what is sealed in it: doc/sealed.md, "Keys"; 0 is taken for 1 */
	bool bound;           /* S is in the recipe's context, in the sealed key's authorization, or encrypts closed (there: not kept) */
	bool no_pins;         /* for sl_store_add(): private, and not bound since the token has no PINs, as far as its maker knows */
	uint8_t secret_id[SL_SECRET_ID]; /* of that S, where bound: for sl_store_add() alone, not kept with the object */
};

void sl_record_clear(struct sl_record *record);

/* What a search can ask the index; NULL is "any". */
struct sl_store_query {
	bool has_class;
	CK_OBJECT_CLASS class;
	const void *label;
	size_t label_len;
	const void *id;
	size_t id_len;
};

/* Objects of one root that is not the token's root now. */
struct sl_orphans {
	char token[33];
	struct sl_root_name root;
	size_t objects;
};

/*
 * A missing directory or database is an empty store: it is made by the first write. A directory or database that others can write is
 * SL_ERR_ACCESS, one of a newer schema SL_ERR_VERSION, something else in its place SL_ERR_FORMAT; nothing is changed then. What cannot be
 * written is opened for reading.
 */
SL_MUST_CHECK enum sl_err sl_store_open(const char *dir, struct sl_store **ret_store, struct sl_msg *msg);
void sl_store_close(struct sl_store **store);

/*
 * No call is under way in the store between these two: SQLite's own state, which is the process's, is at rest when it is copied by fork(). The
 * child calls neither.
 */
void sl_store_hold(struct sl_store *store);
void sl_store_let_go(struct sl_store *store);

/* True when writes are possible, as far as one can tell beforehand. */
bool sl_store_writable(struct sl_store *store);

/* True when the token has objects or public halves here, of any root: without them nobody needs to ask for the root's name. */
SL_MUST_CHECK enum sl_err sl_store_has(struct sl_store *store, const char *token, bool *ret_has);

/* A number that is another one after another connection changed something. */
SL_MUST_CHECK enum sl_err sl_store_generation(struct sl_store *store, int64_t *ret_generation);

/* The row of a token's root; 0 when nothing of it is stored and create is false. */
SL_MUST_CHECK enum sl_err sl_store_root(struct sl_store *store, const char *token, const struct sl_root_name *name, bool create,
                                        int64_t *ret_root);

/* The salt key pinned for a root; len 0 when there is none. Setting it twice to different names is SL_ERR_MISMATCH. */
SL_MUST_CHECK enum sl_err sl_store_pin(struct sl_store *store, int64_t root, struct sl_root_name *ret_name);
SL_MUST_CHECK enum sl_err sl_store_set_pin(struct sl_store *store, int64_t root, const struct sl_root_name *name);

/* The pins of all roots of a token, newest last; at most max of them. */
struct sl_store_pins {
	struct sl_root_name root;
	struct sl_root_name salt_key;
};
SL_MUST_CHECK enum sl_err sl_store_pins(struct sl_store *store, const char *token, struct sl_store_pins *ret_pins, size_t max,
                                        size_t *ret_n);

/* Rows in order of creation; the caller frees *ret_rows. */
SL_MUST_CHECK enum sl_err sl_store_find(struct sl_store *store, int64_t root, const struct sl_store_query *query, int64_t **ret_rows,
                                        size_t *ret_n);

/* SL_ERR_NOT_FOUND when it is gone. */
SL_MUST_CHECK enum sl_err sl_store_load(struct sl_store *store, int64_t row, struct sl_record *ret_record);

/*
 * All of them or none, in one transaction; fills in row and CKA_UNIQUE_ID. replace: objects with the same recipe go first (a recalled key is one
 * object, however often it is recalled). SL_ERR_LOGIN and nothing added: a record is bound to another S than the token has now, or made without
 * one and the token has got one.
 */
SL_MUST_CHECK enum sl_err sl_store_add(struct sl_store *store, int64_t root, struct sl_record *const *records, size_t n, bool replace);
/*
 * Sets these attributes and leaves the others; closed: those that are encrypted, NULL: none. SL_ERR_NOT_FOUND; SL_ERR_VERSION and nothing changed when another connection changed something
 * after sl_store_generation() said generation.
 */
SL_MUST_CHECK enum sl_err sl_store_update(struct sl_store *store, int64_t row, const struct sl_attrs *change, const struct sl_attrs *closed,
                                        int64_t generation);
SL_MUST_CHECK enum sl_err sl_store_remove(struct sl_store *store, int64_t row);

/* The public half of a derived key, by sl_context_index(). SL_ERR_NOT_FOUND. */
SL_MUST_CHECK enum sl_err sl_store_public(struct sl_store *store, int64_t root, const uint8_t index[SL_CONTEXT_LEN],
                                          struct sl_recorded *ret_public);
/* secret_id: of the S that the key was derived with, or NULL: with none. SL_ERR_LOGIN and nothing written when the token has another one now. */
SL_MUST_CHECK enum sl_err sl_store_set_public(struct sl_store *store, int64_t root, const uint8_t index[SL_CONTEXT_LEN],
                                              const struct sl_recorded *pub, const uint8_t *secret_id);

/* One role's sealed S; empty (blob NULL): there is none. blob is owned. */
struct sl_pin_blob {
	uint8_t salt[64];
	size_t salt_len;
	uint8_t *blob;
	size_t len;
};

/* A root's row in table `pin`. */
struct sl_pin_row {
	char label[33];
	uint8_t secret_id[SL_SECRET_ID];
	struct sl_pin_blob so;
	struct sl_pin_blob user;
	bool to_be_changed;
};

void sl_pin_row_clear(struct sl_pin_row *row);

/* SL_ERR_NOT_FOUND: the root has no PIN here. */
SL_MUST_CHECK enum sl_err sl_store_pin_row(struct sl_store *store, int64_t root, struct sl_pin_row *ret_row);

/*
 * C_InitToken, in one transaction: the row is replaced, and every object and public half of the root is removed. before: the secret_id that has to
 * be on record, NULL: there has to be none. SL_ERR_LOGIN when it is otherwise, and nothing is changed.
 */
SL_MUST_CHECK enum sl_err sl_store_pin_reset(struct sl_store *store, int64_t root, const uint8_t *before, const struct sl_pin_row *row);

/* Replaces the row alone, whatever it was: what is kept here of PINs whose secrets are elsewhere (pin-store = nv). */
SL_MUST_CHECK enum sl_err sl_store_pin_note(struct sl_store *store, int64_t root, const struct sl_pin_row *row);

/*
 * A new PIN of one role. SL_ERR_LOGIN, and nothing is changed, when secret_id is not on record any more, or before (may be NULL) is not the role's
 * blob any more: somebody else was faster.
 */
struct sl_pin_change {
	const uint8_t *secret_id;
	bool user;                       /* whose: the user's, or else the SO's */
	const struct sl_pin_blob *before;
	const struct sl_pin_blob *after;
	bool to_be_changed;              /* the user's */
};
SL_MUST_CHECK enum sl_err sl_store_pin_change(struct sl_store *store, int64_t root, const struct sl_pin_change *change);

/*
 * What is to be under another root of the same token, in one transaction: copies of objects and of PINs. Copies of an earlier time, told by their
 * CKA_UNIQUE_ID, are replaced. SL_ERR_VERSION: another connection changed something after sl_store_generation() said generation; SL_ERR_EXISTS: what is there
 * already belongs to other PINs; SL_ERR_MISMATCH: another salt key is pinned there. Nothing is changed then.
 */
struct sl_store_move {
	const char *token;
	int64_t generation;
	int64_t from;                        /* row of the root that they are of */
	const struct sl_root_name *to;       /* NULL: nothing is copied */
	const struct sl_root_name *salt_key;
	struct sl_record *records;
	size_t n;
	const struct sl_pin_row *pins;       /* NULL: none */
	bool so, user;                       /* whose PIN was sealed anew: what is there of the other one is better than ours */
	bool replace;                        /* before that, everything of the token goes that is not under the root keep (a row, or 0) */
	int64_t keep;
};
SL_MUST_CHECK enum sl_err sl_store_move(struct sl_store *store, const struct sl_store_move *move, size_t *ret_removed);

/* Roots of the token that have objects and are not current (NULL: all). The caller frees *ret_orphans. */
SL_MUST_CHECK enum sl_err sl_store_orphans(struct sl_store *store, const char *token, const struct sl_root_name *current,
                                           struct sl_orphans **ret_orphans, size_t *ret_n);

#endif
