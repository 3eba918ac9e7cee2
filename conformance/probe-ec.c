/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* ECDSA, EdDSA, ECDH with libcrypto on the other side. 6.3 */

/* ---- ECDSA: r || s, each as long as the order (6.3.1) */

struct ecdsa {
	const char *name, *hash;    /* NULL: of a digest */
	CK_MECHANISM_TYPE mech;
};

static const struct ecdsa ecdsas[] = {
	{ "raw", NULL, CKM_ECDSA },
	{ "SHA1", "SHA1", CKM_ECDSA_SHA1 },
	{ "SHA224", "SHA224", CKM_ECDSA_SHA224 },
	{ "SHA256", "SHA256", CKM_ECDSA_SHA256 },
	{ "SHA384", "SHA384", CKM_ECDSA_SHA384 },
	{ "SHA512", "SHA512", CKM_ECDSA_SHA512 },
	{ "SHA3_224", "SHA3_224", STD_CKM_ECDSA_SHA3_224 },
	{ "SHA3_256", "SHA3_256", STD_CKM_ECDSA_SHA3_256 },
	{ "SHA3_384", "SHA3_384", STD_CKM_ECDSA_SHA3_384 },
	{ "SHA3_512", "SHA3_512", STD_CKM_ECDSA_SHA3_512 },
};

struct job {
	const struct curve *curve;
	const struct ecdsa *alg;
};

enum how { SIGN, SIGN_IMPORTED, VERIFY, FLIPPED, OTHER_DATA, SHORT, ZERO, PARTS, LONG_DIGEST, SHORT_DIGEST, PARAM };

static struct ossl_sig
other_side(const struct ecdsa *a)
{
	return (struct ossl_sig){ .hash = a->hash == NULL ? NULL : hash_named(a->hash)->ossl };
}

/* The bare point of a key's CKA_EC_POINT. */
static struct bin
point_of(CK_OBJECT_HANDLE public)
{
	const struct bin der = attr(public, CKA_EC_POINT);
	const CK_ULONG skip = der.n > 129 ? 3 : 2;

	CHECK(der.n > skip && der.p[0] == 0x04, "CKA_EC_POINT is no DER OCTET STRING");
	return (struct bin){ der.p + skip, der.n - skip };
}

static struct pair
new_pair(const struct curve *c)
{
	CK_MECHANISM m = mech0(c->type == CKK_EC ? CKM_EC_KEY_PAIR_GEN : c->type == CKK_EC_EDWARDS ? CKM_EC_EDWARDS_KEY_PAIR_GEN
	                                                                                          : CKM_EC_MONTGOMERY_KEY_PAIR_GEN);
	struct tmpl public = { .n = 0 }, private = { .n = 0 };
	struct pair pair = { 0, 0 };
	CK_RV rv;

	need(m.mechanism, CKF_GENERATE_KEY_PAIR);
	t_bin(&public, CKA_EC_PARAMS, hex(c->params));
	t_bool(&public, CKA_TOKEN, false);
	t_bool(&private, CKA_TOKEN, false);
	if (c->type != CKK_EC_MONTGOMERY)
		t_bool(&private, CKA_SIGN, true);
	if (c->type != CKK_EC_EDWARDS)
		t_bool(&private, CKA_DERIVE, true);
	rv = P.f->C_GenerateKeyPair(P.s, &m, public.a, public.n, private.a, private.n, &pair.public, &pair.private);
	if (!c->must && (rv == CKR_CURVE_NOT_SUPPORTED || rv == CKR_DOMAIN_PARAMS_INVALID))
		probe_absent("curve %s", c->name);
	(void)probe_want("C_GenerateKeyPair", rv, (const CK_RV[]){ CKR_OK, PROBE_END });
	return pair;
}

static void
verifies(CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct bin data, struct bin sig, CK_RV wanted)
{
	(void)probe_want("C_Verify", do_verify(m, key, data, sig), (const CK_RV[]){ wanted, PROBE_END });
}

static void
verify(const struct job *j, CK_MECHANISM *m, struct bin data, enum how how)
{
	const struct ossl_sig other = other_side(j->alg);
	struct bin sig = ossl_sign(ossl_ec(j->curve, hex(j->curve->point), true), &other, data);
	const CK_OBJECT_HANDLE key = key_ec_public(j->curve);

	switch (how) {
	case VERIFY: verifies(m, key, data, sig, CKR_OK); break;
	case FLIPPED: sig.p[sig.n - 1] ^= 1; verifies(m, key, data, sig, CKR_SIGNATURE_INVALID); break;
	case OTHER_DATA: data.p[3] ^= 1; verifies(m, key, data, sig, CKR_SIGNATURE_INVALID); break;
	case ZERO: (void)memset(sig.p, 0, sig.n); verifies(m, key, data, sig, CKR_SIGNATURE_INVALID); break;
	default: /* SHORT */
		sig.n -= 2;
		(void)probe_want("C_Verify", do_verify(m, key, data, sig),
						 (const CK_RV[]){ CKR_SIGNATURE_LEN_RANGE, CKR_SIGNATURE_INVALID, PROBE_END });
		break;
	}
}

static void
ecdsa(const void *arg, unsigned long how)
{
	const struct job *j = arg;
	const struct ossl_sig other = other_side(j->alg);
	CK_MECHANISM m = mech0(j->alg->mech);
	struct bin data = pattern(j->alg->hash == NULL ? 20 : 300, 1), sig = room(200);
	struct pair pair;

	need(j->alg->mech, CKF_SIGN | CKF_VERIFY);
	if (how == LONG_DIGEST || how == SHORT_DIGEST)
		data = pattern(how == LONG_DIGEST ? 64 : 5, 4);
	if (how == VERIFY || how == FLIPPED || how == OTHER_DATA || how == ZERO || how == SHORT) {
		verify(j, &m, data, (enum how)how);
		return;
	}
	if (how == SIGN_IMPORTED) {
		sig = do_sign(&m, key_ec_private(j->curve), data);
		CHECK(sig.n == 2 * j->curve->bytes, "%lu bytes", sig.n);
		CHECK(ossl_verify(ossl_ec(j->curve, hex(j->curve->point), false), &other, data, sig), "libcrypto does not verify it");
		return;
	}
	pair = new_pair(j->curve);
	if (how == PARAM) {
		m = mech(j->alg->mech, data.p, 4);
		(void)WANT((CKR_MECHANISM_PARAM_INVALID), C_SignInit, P.s, &m, pair.private);
		return;
	}
	if (how == PARTS) {
		OK(C_SignInit, P.s, &m, pair.private);
		OK(C_SignUpdate, P.s, data.p, 10);
		OK(C_SignUpdate, P.s, data.p + 10, data.n - 10);
		OK(C_SignFinal, P.s, sig.p, &sig.n);
		OK(C_VerifyInit, P.s, &m, pair.public);
		OK(C_VerifyUpdate, P.s, data.p, data.n - 1);
		OK(C_VerifyUpdate, P.s, data.p + data.n - 1, 1);
		OK(C_VerifyFinal, P.s, sig.p, sig.n);
	} else
		sig = do_sign(&m, pair.private, data);
	CHECK(sig.n == 2 * j->curve->bytes, "%lu bytes, not %u", sig.n, 2 * j->curve->bytes);
	CHECK(ossl_verify(ossl_ec(j->curve, point_of(pair.public), false), &other, data, sig), "libcrypto does not verify it");
}

/* ---- EdDSA: RFC 8032, 7.1 TEST 1, 7.4 "Blank" by the keys; contexts and pre-hash by 7.2 and 7.3 */

static CK_MECHANISM
eddsa_mech(bool param, bool prehash, const char *context)
{
	struct std_eddsa *e = probe_alloc(sizeof(*e));

	*e = (struct std_eddsa){ prehash ? CK_TRUE : CK_FALSE, strlen(context), context[0] == '\0' ? NULL : text(context).p };
	return param ? mech(CKM_EDDSA, e, sizeof(*e)) : mech0(CKM_EDDSA);
}

enum ed {
	E_SIGN,
	E_IMPORTED,
	E_VERIFY,
	E_FLIPPED,
	E_ANSWER,
	E_PARAM,
	E_SHORT,
	E_EMPTY,
	E_LONG,
	E_CUT_PARAM,
	E_CONTEXT,
	E_TWICE
};

static void
eddsa(const void *arg, unsigned long how)
{
	const struct curve *c = arg;
	const bool is448 = c->bytes == 57;
	const struct ossl_sig other = { .hash = NULL };
	CK_MECHANISM m = eddsa_mech(is448, false, "");
	struct bin data = pattern(how == E_EMPTY ? 0 : how == E_LONG ? 5000 : 100, 1), sig;
	struct pair pair;

	need(CKM_EDDSA, CKF_SIGN | CKF_VERIFY);
	if (how == E_IMPORTED || how == E_ANSWER) {
		if (how == E_ANSWER)
			data.n = 0;
		sig = do_sign(&m, key_ec_private(c), data);
		if (how == E_ANSWER)
			expect("RFC 8032", sig, hex(is448 ?
				"533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a"
				"9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600" :
				"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"));
		CHECK(ossl_verify(ossl_ec(c, hex(c->point), false), &other, data, sig), "libcrypto does not verify it");
		return;
	}
	if (how == E_VERIFY || how == E_FLIPPED || how == E_SHORT) {
		sig = ossl_sign(ossl_ec(c, hex(c->point), true), &other, data);
		if (how == E_FLIPPED)
			sig.p[1] ^= 1;
		sig.n -= how == E_SHORT;
		(void)probe_want("C_Verify", do_verify(&m, key_ec_public(c), data, sig),
						 (const CK_RV[]){ how == E_VERIFY ? CKR_OK : CKR_SIGNATURE_INVALID,
										  how == E_SHORT    ? CKR_SIGNATURE_LEN_RANGE
										  : how == E_VERIFY ? CKR_OK
															: CKR_SIGNATURE_INVALID,
										  PROBE_END });
		return;
	}
	pair = new_pair(c);
	if (how == E_CUT_PARAM) {
		m = eddsa_mech(true, false, "");
		m.ulParameterLen -= 1;
		(void)WANT((CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD), C_SignInit, P.s, &m, pair.private);
		return;
	}
	if (how == E_PARAM)
		m = eddsa_mech(true, false, "");
	if (how == E_CONTEXT) {
		/* Ed25519ctx and Ed448 with a context: whoever takes it must mean it. */
		m = eddsa_mech(true, false, "context");
		if (WANT((CKR_OK, CKR_MECHANISM_PARAM_INVALID), C_SignInit, P.s, &m, pair.private) != CKR_OK)
			probe_absent("contexts");
		sig = room(200);
		OK(C_Sign, P.s, data.p, data.n, sig.p, &sig.n);
		CHECK(!ossl_verify(ossl_ec(c, point_of(pair.public), false), &other, data, sig), "the context was not used");
		verifies(&m, pair.public, data, sig, CKR_OK);
		return;
	}
	sig = do_sign(&m, pair.private, data);
	CHECK(sig.n == 2 * c->bytes, "%lu bytes", sig.n);
	CHECK(ossl_verify(ossl_ec(c, point_of(pair.public), false), &other, data, sig), "libcrypto does not verify it");
	if (how == E_TWICE)
		CHECK(same(sig, do_sign(&m, pair.private, data)), "two signatures of one text differ");
}

/* ---- agreement */

/* X9.63 KDF (SEC 1, 3.6.1) */
static struct bin
x963(const char *hash, struct bin z, struct bin shared, CK_ULONG n)
{
	struct bin out = { NULL, 0 };

	for (CK_BYTE i = 1; out.n < n; i++)
		out = join(out, ossl_digest(hash, join(join(z, (struct bin){ (CK_BYTE[]){ 0, 0, 0, i }, 4 }), shared)));
	return cut(out, n);
}

struct kdf {
	const char *name, *hash;
	CK_ULONG kdf;
};

static const struct kdf kdfs[] = {
	{ "raw", NULL, CKD_NULL },
	{ "SHA1", "SHA1", CKD_SHA1_KDF },
	{ "SHA224", "SHA224", CKD_SHA224_KDF },
	{ "SHA256", "SHA256", CKD_SHA256_KDF },
	{ "SHA384", "SHA384", CKD_SHA384_KDF },
	{ "SHA512", "SHA512", CKD_SHA512_KDF },
};

struct agreement {
	const struct curve *curve;
	const struct kdf *kdf;
};

enum agree {
	A_GENERATED,
	A_IMPORTED,
	A_DER_POINT,
	A_SHARED,
	A_SHORTER,
	A_TOO_LONG,
	A_COFACTOR,
	A_BAD_POINT,
	A_NO_POINT,
	A_NULL_SHARED,
	A_FORBIDDEN,
	A_AES,
	A_HISTORY
};

static void
t_derived(struct tmpl *t, CK_KEY_TYPE type, CK_ULONG n)
{
	t_key(t, CKO_SECRET_KEY, type);
	t_bool(t, CKA_SENSITIVE, false);
	t_bool(t, CKA_EXTRACTABLE, true);
	if (n != 0)
		t_ulong(t, CKA_VALUE_LEN, n);
}

static void
no_agreement(const struct agreement *a, struct std_ecdh *param, enum agree how)
{
	CK_MECHANISM m = mech(CKM_ECDH1_DERIVE, param, sizeof(*param));
	struct tmpl t = { .n = 0 }, k = { .n = 0 };
	CK_OBJECT_HANDLE key, made = 0;

	t_derived(&t, CKK_GENERIC_SECRET, how == A_TOO_LONG ? a->curve->bytes + 1 : 16);
	key = new_pair(a->curve).private;
	switch (how) {
	case A_TOO_LONG:
		(void)WANT((CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE, CKR_TEMPLATE_INCONSISTENT), C_DeriveKey, P.s, &m, key, t.a,
				   t.n, &made);
		return;
	case A_BAD_POINT: param->public = pattern(param->public_len, 3).p; param->public[0] = 4; break;
	case A_NO_POINT: param->public = NULL; break;
	case A_NULL_SHARED: param->shared_len = 4; break;
	default:
		t_key(&k, CKO_PRIVATE_KEY, a->curve->type);
		t_bool(&k, CKA_DERIVE, false);
		t_bin(&k, CKA_EC_PARAMS, hex(a->curve->params));
		t_bin(&k, CKA_VALUE, hex(a->curve->secret));
		(void)WANT((CKR_KEY_FUNCTION_NOT_PERMITTED), C_DeriveKey, P.s, &m, make(&k), t.a, t.n, &made);
		return;
	}
	(void)WANT((CKR_MECHANISM_PARAM_INVALID, CKR_ARGUMENTS_BAD), C_DeriveKey, P.s, &m, key, t.a, t.n, &made);
}

/* No module needs all key derivation functions; one that it does not have is a bad parameter. */
static CK_OBJECT_HANDLE
derive(const struct kdf *kdf, CK_MECHANISM *m, CK_OBJECT_HANDLE key, struct tmpl *t)
{
	CK_OBJECT_HANDLE made = 0;
	const CK_RV rv = P.f->C_DeriveKey(P.s, m, key, t->a, t->n, &made);

	if (kdf->hash != NULL && rv == CKR_MECHANISM_PARAM_INVALID)
		probe_absent("KDF %s", kdf->name);
	(void)probe_want("C_DeriveKey", rv, (const CK_RV[]){ CKR_OK, PROBE_END });
	return made;
}

static void
agree(const void *arg, unsigned long how)
{
	const struct agreement *a = arg;
	const struct curve *c = a->curve;
	struct bin peer = hex(c->point), z, wanted;
	struct std_ecdh param = { a->kdf->kdf, 0, NULL, peer.n, peer.p };
	CK_MECHANISM m = mech(how == A_COFACTOR ? STD_CKM_ECDH1_COFACTOR_DERIVE : CKM_ECDH1_DERIVE, &param, sizeof(param));
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE made;
	CK_ULONG n = a->kdf->hash == NULL ? c->bytes : 40;
	struct pair pair = { 0, 0 };

	need(m.mechanism, CKF_DERIVE);
	if (c->type == CKK_EC_MONTGOMERY)
		need(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, 0);
	if (how == A_TOO_LONG || how == A_BAD_POINT || how == A_NO_POINT || how == A_NULL_SHARED || how == A_FORBIDDEN) {
		no_agreement(a, &param, (enum agree)how);
		return;
	}
	if (how == A_DER_POINT) {
		param.public = ec_point(c).p;
		param.public_len = ec_point(c).n;
	}
	if (how == A_SHARED) {
		param.shared = text("shared info").p;
		param.shared_len = 11;
	}
	if (how == A_SHORTER || how == A_AES)
		n = 16;
	t_derived(&t, how == A_AES ? CKK_AES : CKK_GENERIC_SECRET, n);
	/* The probe's key is both sides' where it came; else the new pair agrees with it, and libcrypto does the same from the
	 * other side. */
	if (how == A_IMPORTED) {
		z = ossl_agree(ossl_ec(c, peer, true), ossl_ec(c, peer, false));
		made = derive(a->kdf, &m, key_ec_private(c), &t);
	} else {
		pair = new_pair(c);
		z = ossl_agree(ossl_ec(c, peer, true), ossl_ec(c, point_of(pair.public), false));
		made = derive(a->kdf, &m, pair.private, &t);
	}
	/* 6.3.17: a raw value is truncated by removing bytes from its leading end; a KDF is asked for what is needed. */
	wanted = a->kdf->hash == NULL ? (struct bin){ z.p + z.n - n, n }
								  : x963(hash_named(a->kdf->hash)->ossl, z, (struct bin){ param.shared, param.shared_len }, n);
	expect("derived", attr(made, CKA_VALUE), wanted);
	if (how == A_HISTORY) {
		CHECK(!attr_bool(made, CKA_LOCAL), "CKA_LOCAL of a derived key");
		CHECK(attr_ulong(made, CKA_KEY_GEN_MECHANISM) == CK_UNAVAILABLE_INFORMATION, "CKA_KEY_GEN_MECHANISM of a derived key");
	}
}

static void
register_agreement(const struct curve *c, const struct kdf *k)
{
	static const struct {
		enum agree how;
		const char *id, *title;
		bool raw_only, once;
	} rows[] = {
		{ A_GENERATED, "generated", "with a generated key", false, false },
		{ A_IMPORTED, "imported", "with a key that came", false, false },
		{ A_DER_POINT, "der-point", "with the point as DER", true, false },
		{ A_SHORTER, "shorter", "16 bytes", false, false },
		{ A_AES, "aes", "an AES key", true, false },
		{ A_HISTORY, "history", "a derived key was not generated", true, true },
		{ A_COFACTOR, "cofactor", "with cofactor", false, false },
		{ A_TOO_LONG, "long", "more bytes than there are", true, true },
		{ A_BAD_POINT, "bad-point", "with a point beside the curve", true, true },
		{ A_NO_POINT, "no-point", "without a point", true, true },
		{ A_NULL_SHARED, "null-shared", "CKD_NULL with shared data", true, true },
		{ A_FORBIDDEN, "forbidden", "with a key that may not derive", true, true },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		struct agreement *a = probe_alloc(sizeof(*a));

		*a = (struct agreement){ c, k };
		if ((rows[i].raw_only && k->hash != NULL) || (rows[i].once && strcmp(c->name, "P-256") != 0) ||
			(rows[i].how == A_COFACTOR && c->type != CKK_EC))
			continue;
		probe_case(0, "6.3.17", agree, a, rows[i].how, "ecdh-%s-%s-%s|ECDH %s, KDF %s, %s", c->name, k->name, rows[i].id,
				   c->name, k->name, rows[i].title);
	}
	if (k->hash != NULL) {
		struct agreement *a = probe_alloc(sizeof(*a));

		*a = (struct agreement){ c, k };
		probe_case(0, "6.3.17", agree, a, A_SHARED, "ecdh-%s-%s-shared|ECDH %s, KDF %s, with shared data", c->name, k->name,
				   c->name, k->name);
	}
}

static void
register_ecdsa(const struct curve *c, const struct ecdsa *a)
{
	static const struct {
		enum how how;
		const char *id, *title;
	} rows[] = {
		{ SIGN, "sign", "signs, and libcrypto verifies" },
		{ SIGN_IMPORTED, "sign-imported", "signs with a key that came, and libcrypto verifies" },
		{ VERIFY, "verify", "verifies what libcrypto signed" },
		{ FLIPPED, "flipped", "refuses a wrong signature" },
		{ OTHER_DATA, "other-data", "refuses other data" },
		{ SHORT, "short", "refuses a short signature" },
		{ ZERO, "zero", "refuses zeros" },
		{ PARTS, "parts", "in parts" },
		{ LONG_DIGEST, "long-digest", "a digest longer than the order" },
		{ SHORT_DIGEST, "short-digest", "a digest of 5 bytes" },
		{ PARAM, "param", "takes no parameter" },
	};

	for (size_t i = 0; i < LEN(rows); i++) {
		const bool raw = a->hash == NULL;
		struct job *j = probe_alloc(sizeof(*j));

		*j = (struct job){ c, a };
		/* Curves that are rare meet fewer conditions. */
		if ((rows[i].how == PARTS && raw) || ((rows[i].how == LONG_DIGEST || rows[i].how == SHORT_DIGEST) && !raw) ||
		    (!c->must && ((!raw && strcmp(a->name, "SHA256") != 0) || i > 4)))
			continue;
		probe_case(0, "6.3.12", ecdsa, j, rows[i].how, "ecdsa-%s-%s-%s|ECDSA %s %s %s", c->name, a->name, rows[i].id, c->name,
				   a->name, rows[i].title);
	}
}

void
probe_ec(void)
{
	static const struct {
		enum ed how;
		const char *id, *title;
	} ed_rows[] = {
		{ E_SIGN, "sign", "signs, and libcrypto verifies" },
		{ E_IMPORTED, "sign-imported", "signs with a key that came" },
		{ E_ANSWER, "answer", "as RFC 8032" },
		{ E_VERIFY, "verify", "verifies what libcrypto signed" },
		{ E_FLIPPED, "flipped", "refuses a wrong signature" },
		{ E_SHORT, "short", "refuses a short signature" },
		{ E_PARAM, "param", "with the parameter of pure EdDSA" },
		{ E_CUT_PARAM, "param-short", "with a parameter one byte short" },
		{ E_CONTEXT, "context", "with a context" },
		{ E_EMPTY, "empty", "signs nothing" },
		{ E_LONG, "long", "signs 5000 bytes" },
		{ E_TWICE, "twice", "draws nothing" },
	};

	for (size_t i = 0; i < n_curves; i++) {
		const struct curve *c = &curves[i];

		for (size_t k = 0; c->type == CKK_EC && k < LEN(ecdsas); k++)
			register_ecdsa(c, &ecdsas[k]);
		for (size_t k = 0; c->type == CKK_EC_EDWARDS && k < LEN(ed_rows); k++)
			probe_case(0, "6.3.16", eddsa, c, ed_rows[k].how, "eddsa-%s-%s|%s %s", c->name, ed_rows[k].id, c->name,
					   ed_rows[k].title);
		for (size_t k = 0; c->type != CKK_EC_EDWARDS && k < LEN(kdfs); k++)
			if (c->must || k == 0 || k == 3)
				register_agreement(c, &kdfs[k]);
	}
}
