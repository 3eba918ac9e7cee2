/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/*
 * The life of an operation: 5.2 (lengths), 5.8 to 5.15 (who ends what). One table of conditions over one mechanism of each
 * kind, so that every kind of operation meets every condition.
 */

enum kind { DIGEST, SIGN, VERIFY, ENCRYPT, DECRYPT };

struct op {
	const char *name, *section;
	enum kind kind;
	CK_MECHANISM_TYPE mech;
	CK_ULONG out;       /* bytes of output for 32 bytes of input */
	bool one_part;      /* has no updates */
};

static const struct op ops[] = {
	{ "digest-sha256", "5.12", DIGEST, CKM_SHA256, 32, false },
	{ "sign-ecdsa", "5.13", SIGN, CKM_ECDSA, 64, true },
	{ "sign-rsa-sha256", "5.13", SIGN, CKM_SHA256_RSA_PKCS, 256, false },
	{ "sign-rsa", "5.13", SIGN, CKM_RSA_PKCS, 256, true },
	{ "sign-hmac", "5.13", SIGN, CKM_SHA256_HMAC, 32, false },
	{ "sign-cmac", "5.13", SIGN, STD_CKM_AES_CMAC, 16, false },
	{ "verify-ecdsa", "5.15", VERIFY, CKM_ECDSA, 0, true },
	{ "verify-rsa-sha256", "5.15", VERIFY, CKM_SHA256_RSA_PKCS, 0, false },
	{ "verify-hmac", "5.15", VERIFY, CKM_SHA256_HMAC, 0, false },
	{ "encrypt-cbc", "5.8", ENCRYPT, CKM_AES_CBC, 32, false },
	{ "encrypt-ecb", "5.8", ENCRYPT, CKM_AES_ECB, 32, false },
	{ "encrypt-cbc-pad", "5.8", ENCRYPT, CKM_AES_CBC_PAD, 48, false },
	{ "encrypt-ctr", "5.8", ENCRYPT, CKM_AES_CTR, 32, false },
	{ "encrypt-gcm", "5.8", ENCRYPT, CKM_AES_GCM, 48, false },
	{ "encrypt-rsa", "5.8", ENCRYPT, CKM_RSA_PKCS, 256, true },
	{ "decrypt-cbc", "5.10", DECRYPT, CKM_AES_CBC, 32, false },
	{ "decrypt-ecb", "5.10", DECRYPT, CKM_AES_ECB, 32, false },
	{ "decrypt-cbc-pad", "5.10", DECRYPT, CKM_AES_CBC_PAD, 0, false },
	{ "decrypt-ctr", "5.10", DECRYPT, CKM_AES_CTR, 32, false },
	{ "decrypt-gcm", "5.10", DECRYPT, CKM_AES_GCM, 0, false },
};

/* What one case works with. */
struct scene {
	const struct op *op;
	CK_MECHANISM m;
	CK_OBJECT_HANDLE key, other;      /* other: what makes the input of a verification or decryption */
	struct bin in, sig, out;
};

static void
add_key(struct scene *s)
{
	struct pair pair;

	switch (s->op->mech) {
	case CKM_SHA256: return;
	case CKM_ECDSA:
	case CKM_SHA256_RSA_PKCS:
	case CKM_RSA_PKCS:
		pair = s->op->mech == CKM_ECDSA ? key_pair(CKM_EC_KEY_PAIR_GEN, hex(curve_named("P-256")->params))
		                                : key_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, hex(""));
		s->key = s->op->kind == SIGN || s->op->kind == DECRYPT ? pair.private : pair.public;
		s->other = s->key == pair.private ? pair.public : pair.private;
		return;
	case CKM_SHA256_HMAC: s->key = s->other = key_secret(CKK_GENERIC_SECRET, pattern(32, 1)); return;
	default: s->key = s->other = key_aes(128); return;
	}
}

static void
add_parameter(struct scene *s)
{
	struct std_gcm *gcm = probe_alloc(sizeof(*gcm));
	struct std_ctr *ctr = probe_alloc(sizeof(*ctr));

	s->m = mech0(s->op->mech);
	*gcm = (struct std_gcm){ pattern(12, 1).p, 12, 96, NULL, 0, 128 };
	*ctr = (struct std_ctr){ .bits = 128 };
	if (s->op->mech == CKM_AES_GCM)
		s->m = mech(s->op->mech, gcm, sizeof(*gcm));
	else if (s->op->mech == CKM_AES_CTR)
		s->m = mech(s->op->mech, ctr, sizeof(*ctr));
	else if (s->op->mech == CKM_AES_CBC || s->op->mech == CKM_AES_CBC_PAD)
		s->m = mech(s->op->mech, pattern(16, 9).p, 16);
}

static void
set_scene(struct scene *s, const struct op *op)
{
	static const CK_FLAGS flags[] = { CKF_DIGEST, CKF_SIGN, CKF_VERIFY | CKF_SIGN, CKF_ENCRYPT, CKF_ENCRYPT | CKF_DECRYPT };

	*s = (struct scene){ .op = op };
	need(op->mech, flags[op->kind]);
	add_parameter(s);
	add_key(s);
	s->in = pattern(32, 7);
	s->out = room(600);
	if (op->kind == VERIFY)
		s->sig = do_sign(&s->m, s->other, s->in);
	if (op->kind == DECRYPT)
		s->in = do_encrypt(&s->m, s->other, s->in);
}

static CK_RV
init(const struct scene *s)
{
	CK_MECHANISM m = s->m;

	switch (s->op->kind) {
	case DIGEST: return P.f->C_DigestInit(P.s, &m);
	case SIGN: return P.f->C_SignInit(P.s, &m, s->key);
	case VERIFY: return P.f->C_VerifyInit(P.s, &m, s->key);
	case ENCRYPT: return P.f->C_EncryptInit(P.s, &m, s->key);
	default: return P.f->C_DecryptInit(P.s, &m, s->key);
	}
}

static CK_RV
once(const struct scene *s, CK_BYTE *out, CK_ULONG *n)
{
	switch (s->op->kind) {
	case DIGEST: return P.f->C_Digest(P.s, s->in.p, s->in.n, out, n);
	case SIGN: return P.f->C_Sign(P.s, s->in.p, s->in.n, out, n);
	case VERIFY: return P.f->C_Verify(P.s, s->in.p, s->in.n, s->sig.p, s->sig.n);
	case ENCRYPT: return P.f->C_Encrypt(P.s, s->in.p, s->in.n, out, n);
	default: return P.f->C_Decrypt(P.s, s->in.p, s->in.n, out, n);
	}
}

static CK_RV
update(const struct scene *s, CK_BYTE *out, CK_ULONG *n)
{
	switch (s->op->kind) {
	case DIGEST: return P.f->C_DigestUpdate(P.s, s->in.p, s->in.n);
	case SIGN: return P.f->C_SignUpdate(P.s, s->in.p, s->in.n);
	case VERIFY: return P.f->C_VerifyUpdate(P.s, s->in.p, s->in.n);
	case ENCRYPT: return P.f->C_EncryptUpdate(P.s, s->in.p, s->in.n, out, n);
	default: return P.f->C_DecryptUpdate(P.s, s->in.p, s->in.n, out, n);
	}
}

static CK_RV
final(const struct scene *s, CK_BYTE *out, CK_ULONG *n)
{
	switch (s->op->kind) {
	case DIGEST: return P.f->C_DigestFinal(P.s, out, n);
	case SIGN: return P.f->C_SignFinal(P.s, out, n);
	case VERIFY: return P.f->C_VerifyFinal(P.s, s->sig.p, s->sig.n);
	case ENCRYPT: return P.f->C_EncryptFinal(P.s, out, n);
	default: return P.f->C_DecryptFinal(P.s, out, n);
	}
}

static void
good(CK_RV rv, const char *what)
{
	(void)probe_want(what, rv, (const CK_RV[]){ CKR_OK, PROBE_END });
}

static void
idle(CK_RV rv, const char *what)
{
	(void)probe_want(what, rv, (const CK_RV[]){ CKR_OPERATION_NOT_INITIALIZED, PROBE_END });
}

enum condition {
	WHOLE,
	NO_INIT_ONCE,
	NO_INIT_UPDATE,
	NO_INIT_FINAL,
	INIT_TWICE,
	ENDS,
	FINAL_ENDS,
	QUERY,
	SHORT,
	TOLD,
	UPDATE_THEN_ONCE,
	PARTS,
	TWO_SESSIONS,
	BAD_KEY,
	NULL_CANCELS,
	ERROR_ENDS,
	SESSION_FREE,
};

static void
lengths(struct scene *s, enum condition how)
{
	CK_ULONG n = how == SHORT ? s->op->out - 1 : 0;
	const CK_RV rv = once(s, how == SHORT ? s->out.p : NULL, &n);

	(void)probe_want("the call", rv, (const CK_RV[]){ how == SHORT ? CKR_BUFFER_TOO_SMALL : CKR_OK, PROBE_END });
	/* 5.2: a length may be told too large, within reason; never too small. */
	CHECK(n >= s->op->out && n <= s->op->out + 32, "the length is told as %lu, the output has %lu", n, s->op->out);
	CHECK(how != TOLD || s->op->kind == ENCRYPT || n == s->op->out, "the length is told as %lu", n);
	CHECK(same(s->out, room(600)), "the buffer was written");
	good(once(s, s->out.p, &s->out.n), "the call after it");
	CHECK(s->out.n == s->op->out, "%lu bytes", s->out.n);
	idle(once(s, s->out.p, &s->out.n), "once more");
}

/* An operation that fails is over: 5.13.2, "a call to C_Sign always terminates the active signing operation unless..." and its
 * like. */
static void
error_ends(struct scene *s)
{
	CK_RV rv;

	if (s->op->kind == VERIFY)
		s->sig.p[s->sig.n / 2] ^= 1;
	else if (s->op->kind == DECRYPT && s->op->mech == CKM_AES_GCM)
		s->in.p[3] ^= 1;
	else if (s->op->mech == CKM_AES_CBC || s->op->mech == CKM_AES_ECB ||
			 (s->op->mech == CKM_AES_CBC_PAD && s->op->kind == DECRYPT))
		s->in.n = 17;
	else if (s->op->mech == CKM_RSA_PKCS)
		s->in = pattern(250, 1);
	else
		probe_absent("this operation knows no error");
	rv = once(s, s->out.p, &s->out.n);
	CHECK(rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL && rv != CKR_OPERATION_NOT_INITIALIZED, "bad input gave %s",
		  probe_rv_name(rv));
	s->out.n = 600;
	idle(once(s, s->out.p, &s->out.n), "after an error");
}

static void
two_sessions(struct scene *s)
{
	const CK_SESSION_HANDLE mine = P.s, other = open_session(true);
	CK_ULONG n = s->out.n;

	good(init(s), "init");
	P.s = other;
	idle(once(s, s->out.p, &n), "in another session");
	n = s->out.n;
	good(init(s), "init in another session");
	good(once(s, s->out.p, &n), "in another session");
	P.s = mine;
	good(once(s, s->out.p, &s->out.n), "in the first session");
}

static void
in_parts(struct scene *s)
{
	CK_ULONG n = s->out.n, last;

	if (s->op->one_part)
		probe_absent("the mechanism has no parts");
	good(init(s), "init");
	good(update(s, s->out.p, &n), "update");
	last = s->out.n;
	if (s->op->kind == ENCRYPT || s->op->kind == DECRYPT) {
		last = s->out.n - n;
		good(final(s, s->out.p + n, &last), "final");
		CHECK(n + last == (s->op->kind == DECRYPT ? 32 : s->op->out), "%lu bytes", n + last);
	} else {
		good(final(s, s->out.p, &last), "final");
		CHECK(s->op->kind == VERIFY || last == s->op->out, "%lu bytes", last);
	}
	last = s->out.n;
	idle(final(s, s->out.p, &last), "final again");
}

static void
condition(const void *arg, unsigned long how)
{
	struct scene s;
	CK_ULONG n;
	CK_RV rv;

	set_scene(&s, arg);
	n = s.out.n;
	switch ((enum condition)how) {
	case NO_INIT_ONCE: idle(once(&s, s.out.p, &n), "without init"); return;
	case NO_INIT_UPDATE: idle(update(&s, s.out.p, &n), "without init"); return;
	case NO_INIT_FINAL: idle(final(&s, s.out.p, &n), "without init"); return;
	case PARTS: in_parts(&s); return;
	case TWO_SESSIONS: two_sessions(&s); return;
	case BAD_KEY:
		s.key = 0x7fffff0;
		(void)probe_want("init", init(&s), (const CK_RV[]){ CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID, PROBE_END });
		idle(once(&s, s.out.p, &n), "after a failed init");
		return;
	default: break;
	}
	good(init(&s), "init");
	switch ((enum condition)how) {
	case WHOLE:
		good(once(&s, s.out.p, &n), "the call");
		CHECK(s.op->out == 0 || n == s.op->out, "%lu bytes", n);
		break;
	case INIT_TWICE:
		(void)probe_want("init", init(&s), (const CK_RV[]){ CKR_OPERATION_ACTIVE, PROBE_END });
		good(once(&s, s.out.p, &n), "the first operation");
		break;
	case ENDS:
		good(once(&s, s.out.p, &n), "the call");
		n = s.out.n;
		idle(once(&s, s.out.p, &n), "once more");
		good(init(&s), "init again");
		break;
	case QUERY: case SHORT: case TOLD: lengths(&s, (enum condition)how); break;
	case UPDATE_THEN_ONCE:
		if (s.op->one_part)
			probe_absent("the mechanism has no parts");
		good(update(&s, s.out.p, &n), "update");
		n = s.out.n;
		rv = once(&s, s.out.p, &n);
		(void)probe_want("a single-part call after an update", rv,
						 (const CK_RV[]){ CKR_OPERATION_ACTIVE, CKR_OPERATION_NOT_INITIALIZED, PROBE_END });
		break;
	case ERROR_ENDS: error_ends(&s); break;
	default: /* SESSION_FREE: closing a session ends what was under way */
		OK(C_CloseSession, P.s);
		P.s = open_session(true);
		idle(once(&s, s.out.p, &n), "in a new session");
		break;
	}
}

void
probe_ops(void)
{
	static const struct {
		enum condition how;
		const char *id, *title;
	} rows[] = {
		{ WHOLE, "whole", "in one call" },
		{ PARTS, "parts", "update and final" },
		{ NO_INIT_ONCE, "no-init", "without init" },
		{ NO_INIT_UPDATE, "no-init-update", "update without init" },
		{ NO_INIT_FINAL, "no-init-final", "final without init" },
		{ INIT_TWICE, "init-twice", "init while one is active" },
		{ ENDS, "ends", "is over after the call" },
		{ QUERY, "query", "a length query ends nothing" },
		{ SHORT, "short", "a short buffer ends nothing" },
		{ UPDATE_THEN_ONCE, "mixed", "a single-part call after an update" },
		{ ERROR_ENDS, "error-ends", "is over after an error" },
		{ TWO_SESSIONS, "two-sessions", "in two sessions at once" },
		{ BAD_KEY, "bad-key", "with a handle that is no key" },
		{ SESSION_FREE, "close", "goes with its session" },
	};

	for (size_t i = 0; i < LEN(ops); i++)
		for (size_t k = 0; k < LEN(rows); k++) {
			if (((rows[k].how == QUERY || rows[k].how == SHORT) && ops[i].out == 0) ||
				(rows[k].how == BAD_KEY && ops[i].kind == DIGEST))
				continue;
			probe_case(0, rows[k].how == QUERY || rows[k].how == SHORT ? "5.2" : ops[i].section, condition, &ops[i],
					   rows[k].how, "op-%s-%s|%s: %s", ops[i].name, rows[k].id, ops[i].name, rows[k].title);
		}
}
