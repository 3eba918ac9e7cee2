/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

#include <openssl/rsa.h>

/* C_WrapKey and C_UnwrapKey: 5.18.3, 5.18.4, 6.1.6, 6.1.8, 6.1.24, 6.8, 6.11, 6.16. */

/* RFC 3394 section 4, RFC 5649 section 6 */
static const struct known {
	const char *name;
	CK_MECHANISM_TYPE mech;
	const char *kek, *key, *wrapped;
} known[] = {
	{ "rfc3394-1", STD_CKM_AES_KEY_WRAP, "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
	  "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5" },
	{ "rfc3394-2", STD_CKM_AES_KEY_WRAP, "000102030405060708090a0b0c0d0e0f1011121314151617", "00112233445566778899aabbccddeeff",
	  "96778b25ae6ca435f92b5b97c050aed2468ab8a17ad84e5d" },
	{ "rfc3394-6", STD_CKM_AES_KEY_WRAP, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	  "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
	  "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21" },
	{ "rfc5649-1", STD_CKM_AES_KEY_WRAP_KWP, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
	  "c37b7e6492584340bed12207808941155068f738", "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a" },
	{ "rfc5649-2", STD_CKM_AES_KEY_WRAP_KWP, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8", "466f7250617369",
	  "afbeb0f07dfbf5419200f2ccb50bb24f" },
};

static struct tmpl
unwrapped(CK_OBJECT_CLASS class, CK_KEY_TYPE type)
{
	struct tmpl t = { .n = 0 };

	t_key(&t, class, type);
	t_bool(&t, CKA_SENSITIVE, false);
	t_bool(&t, CKA_EXTRACTABLE, true);
	return t;
}

static struct bin
wrap(CK_MECHANISM *m, CK_OBJECT_HANDLE kek, CK_OBJECT_HANDLE key)
{
	struct bin out = room(4096);

	OK(C_WrapKey, P.s, m, kek, key, out.p, &out.n);
	return out;
}

enum known_how { K_WRAP, K_UNWRAP, K_BROKEN, K_QUERY, K_SHORT, K_HISTORY };

static void
known_answer(const void *arg, unsigned long how)
{
	const struct known *k = arg;
	CK_MECHANISM m = mech0(k->mech);
	struct tmpl t = unwrapped(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
	struct bin wrapped = copy(hex(k->wrapped)), out = room(wrapped.n);
	CK_OBJECT_HANDLE kek, key = 0;
	CK_ULONG n = 0;

	need(k->mech, CKF_WRAP | CKF_UNWRAP);
	kek = key_secret(CKK_AES, hex(k->kek));
	switch ((enum known_how)how) {
	case K_WRAP: expect("wrapped", wrap(&m, kek, key_secret(CKK_GENERIC_SECRET, hex(k->key))), wrapped); return;
	case K_QUERY:
		OK(C_WrapKey, P.s, &m, kek, key_secret(CKK_GENERIC_SECRET, hex(k->key)), NULL, &n);
		CHECK(n >= wrapped.n && n <= wrapped.n + 16, "the length is told as %lu, not %lu", n, wrapped.n);
		return;
	case K_SHORT:
		n = wrapped.n - 1;
		(void)WANT((CKR_BUFFER_TOO_SMALL), C_WrapKey, P.s, &m, kek, key_secret(CKK_GENERIC_SECRET, hex(k->key)), out.p, &n);
		CHECK(n >= wrapped.n, "the length is told as %lu, not %lu", n, wrapped.n);
		return;
	case K_BROKEN:
		wrapped.p[wrapped.n / 2] ^= 1;
		(void)WANT((CKR_WRAPPED_KEY_INVALID, CKR_WRAPPED_KEY_LEN_RANGE), C_UnwrapKey, P.s, &m, kek, wrapped.p, wrapped.n, t.a,
				   t.n, &key);
		return;
	default: break;
	}
	OK(C_UnwrapKey, P.s, &m, kek, wrapped.p, wrapped.n, t.a, t.n, &key);
	expect("unwrapped", attr(key, CKA_VALUE), hex(k->key));
	if (how == K_HISTORY) {
		CHECK(!attr_bool(key, CKA_LOCAL), "CKA_LOCAL of an unwrapped key");
		CHECK(!attr_bool(key, CKA_ALWAYS_SENSITIVE) && !attr_bool(key, CKA_NEVER_EXTRACTABLE), "history of an unwrapped key");
		CHECK(attr_ulong(key, CKA_KEY_GEN_MECHANISM) == CK_UNAVAILABLE_INFORMATION,
			  "CKA_KEY_GEN_MECHANISM of an unwrapped key");
	}
}

/* ---- every wrapping mechanism with every kind of key, there and back */

struct way {
	const char *name, *section;
	CK_MECHANISM_TYPE mech;
	bool rsa, any_length;      /* wrapped by an RSA key; wraps private keys too */
};

static const struct way ways[] = {
	{ "kw", "6.16", STD_CKM_AES_KEY_WRAP, false, false }, { "kwp", "6.16", STD_CKM_AES_KEY_WRAP_KWP, false, true },
	{ "kw-pad", "6.16", STD_CKM_AES_KEY_WRAP_PAD, false, true }, { "cbc", "6.11.6", CKM_AES_CBC, false, false },
	{ "cbc-pad", "6.11.7", CKM_AES_CBC_PAD, false, true }, { "gcm", "6.13.3", CKM_AES_GCM, false, true },
	{ "rsa", "6.1.6", CKM_RSA_PKCS, true, false }, { "oaep-sha1", "6.1.8", CKM_RSA_PKCS_OAEP, true, false },
	{ "rsa-aes", "6.1.24", STD_CKM_RSA_AES_KEY_WRAP, true, true },
};

static CK_MECHANISM
way_mech(const struct way *w)
{
	struct std_oaep *oaep = probe_alloc(sizeof(*oaep));
	struct std_gcm *gcm = probe_alloc(sizeof(*gcm));
	struct std_rsa_aes *both = probe_alloc(sizeof(*both));

	*oaep = (struct std_oaep){ CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 };
	*gcm = (struct std_gcm){ pattern(12, 1).p, 12, 96, NULL, 0, 128 };
	*both = (struct std_rsa_aes){ 256, oaep };
	switch (w->mech) {
	case CKM_AES_CBC: case CKM_AES_CBC_PAD: return mech(w->mech, pattern(16, 5).p, 16);
	case CKM_AES_GCM: return mech(w->mech, gcm, sizeof(*gcm));
	case CKM_RSA_PKCS_OAEP: return mech(w->mech, oaep, sizeof(*oaep));
	case STD_CKM_RSA_AES_KEY_WRAP: return mech(w->mech, both, sizeof(*both));
	default: return mech0(w->mech);
	}
}

static void
kek_of(const struct way *w, CK_OBJECT_HANDLE *ret_wrap, CK_OBJECT_HANDLE *ret_unwrap)
{
	struct pair pair;

	if (!w->rsa) {
		*ret_wrap = *ret_unwrap = key_aes(256);
		return;
	}
	pair = key_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, hex(""));
	*ret_wrap = pair.public;
	*ret_unwrap = pair.private;
}

enum there {
	T_AES,
	T_GENERIC,
	T_EC,
	T_RSA,
	T_UNEXTRACTABLE,
	T_TRUSTED_ONLY,
	T_NO_WRAP,
	T_NO_UNWRAP,
	T_BAD_KEY,
	T_WRONG_KEK,
	T_GARBAGE,
	T_TEMPLATE
};

static void
refused(const struct way *w, CK_MECHANISM *m, enum there how)
{
	struct tmpl t = { .n = 0 };
	CK_OBJECT_HANDLE to, from, key, made = 0;
	struct bin out = room(1024), junk = pattern(w->rsa ? 256 : 40, 3);

	kek_of(w, &to, &from);
	t_key(&t, CKO_SECRET_KEY, CKK_AES);
	t_bool(&t, CKA_EXTRACTABLE, how != T_UNEXTRACTABLE);
	if (how == T_TRUSTED_ONLY)
		t_bool(&t, CKA_WRAP_WITH_TRUSTED, true);
	if (how == T_NO_WRAP)
		t_bool(&t, CKA_WRAP, false);
	if (how == T_NO_UNWRAP)
		t_bool(&t, CKA_UNWRAP, false);
	t_bin(&t, CKA_VALUE, pattern(32, 1));
	key = make(&t);
	switch (how) {
	case T_UNEXTRACTABLE: (void)WANT((CKR_KEY_UNEXTRACTABLE), C_WrapKey, P.s, m, to, key, out.p, &out.n); return;
	case T_TRUSTED_ONLY: (void)WANT((CKR_KEY_NOT_WRAPPABLE), C_WrapKey, P.s, m, to, key, out.p, &out.n); return;
	case T_BAD_KEY: (void)WANT((CKR_KEY_HANDLE_INVALID), C_WrapKey, P.s, m, to, 0x7fffff0, out.p, &out.n); return;
	case T_WRONG_KEK: (void)WANT((CKR_WRAPPING_KEY_HANDLE_INVALID), C_WrapKey, P.s, m, 0x7fffff0, key, out.p, &out.n); return;
	case T_NO_WRAP:
		if (w->rsa)
			probe_absent("for AES keys only");
		(void)WANT((CKR_KEY_FUNCTION_NOT_PERMITTED), C_WrapKey, P.s, m, key, to, out.p, &out.n);
		return;
	default: break;
	}
	t = unwrapped(CKO_SECRET_KEY, CKK_AES);
	if (how == T_NO_UNWRAP) {
		if (w->rsa)
			probe_absent("for AES keys only");
		(void)WANT((CKR_KEY_FUNCTION_NOT_PERMITTED), C_UnwrapKey, P.s, m, key, junk.p, junk.n, t.a, t.n, &made);
		return;
	}
	if (how == T_TEMPLATE)
		t_drop(&t, CKA_CLASS);
	else if (w->mech == CKM_AES_CBC)
		junk.n = 33;
	(void)WANT((how == T_TEMPLATE ? CKR_TEMPLATE_INCOMPLETE : CKR_WRAPPED_KEY_INVALID,
				how == T_TEMPLATE ? CKR_TEMPLATE_INCONSISTENT : CKR_WRAPPED_KEY_LEN_RANGE),
			   C_UnwrapKey, P.s, m, from, junk.p, junk.n, t.a, t.n, &made);
}

static void
there_and_back(const void *arg, unsigned long how)
{
	const struct way *w = arg;
	CK_MECHANISM m = way_mech(w), sign = mech0(CKM_ECDSA), rsa_sign = mech0(CKM_SHA256_RSA_PKCS);
	CK_OBJECT_HANDLE to, from, key, made = 0;
	struct tmpl t;
	struct bin wrapped;

	need(w->mech, CKF_WRAP | CKF_UNWRAP);
	if (how > T_RSA) {
		refused(w, &m, (enum there)how);
		return;
	}
	kek_of(w, &to, &from);
	switch ((enum there)how) {
	case T_AES:
		t = unwrapped(CKO_SECRET_KEY, CKK_AES);
		key = key_aes(256);
		break;
	case T_GENERIC:
		t = unwrapped(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
		key = key_secret(CKK_GENERIC_SECRET, pattern(w->any_length ? 21 : 32, 6));
		break;
	case T_EC:
		t = unwrapped(CKO_PRIVATE_KEY, CKK_EC);
		key = key_ec_private(curve_named("P-256"));
		break;
	default:
		t = unwrapped(CKO_PRIVATE_KEY, CKK_RSA);
		key = key_rsa_private(2048);
		break;
	}
	if (how >= T_EC)
		t_bool(&t, CKA_SIGN, true);
	wrapped = wrap(&m, to, key);
	OK(C_UnwrapKey, P.s, &m, from, wrapped.p, wrapped.n, t.a, t.n, &made);
	if (how <= T_GENERIC)
		expect("the key", attr(made, CKA_VALUE), attr(key, CKA_VALUE));
	else if (how == T_EC) {
		const struct ossl_sig other = { .hash = NULL };

		CHECK(ossl_verify(ossl_ec(curve_named("P-256"), hex(curve_named("P-256")->point), false), &other, pattern(32, 1),
						  do_sign(&sign, made, pattern(32, 1))),
			  "the unwrapped key is another");
	} else {
		const struct ossl_sig other = { "SHA256", RSA_PKCS1_PADDING, NULL, 0 };

		CHECK(ossl_verify(ossl_rsa(false), &other, pattern(32, 1), do_sign(&rsa_sign, made, pattern(32, 1))),
			  "the unwrapped key is another");
	}
}

void
probe_wrap(void)
{
	static const char *const known_names[] = { "wrap", "unwrap", "broken", "query", "short", "history" };
	static const struct {
		enum there how;
		const char *id, *section, *title;
	} rows[] = {
		{ T_AES, "aes", NULL, "an AES key there and back" },
		{ T_GENERIC, "generic", NULL, "a generic secret there and back" },
		{ T_EC, "ec", "6.8", "an EC key there and back" },
		{ T_RSA, "rsa", "6.8", "an RSA key there and back" },
		{ T_UNEXTRACTABLE, "unextractable", "5.18.3", "a key that is not extractable" },
		{ T_TRUSTED_ONLY, "trusted-only", "5.18.3", "a key that only a trusted key may wrap" },
		{ T_NO_WRAP, "no-wrap", "5.18.3", "with a key that may not wrap" },
		{ T_NO_UNWRAP, "no-unwrap", "5.18.4", "with a key that may not unwrap" },
		{ T_BAD_KEY, "bad-key", "5.18.3", "a handle that is no key" },
		{ T_WRONG_KEK, "bad-kek", "5.18.3", "with a handle that is no key" },
		{ T_GARBAGE, "garbage", "5.18.4", "what nobody wrapped" },
		{ T_TEMPLATE, "no-class", "5.18.4", "to an object without a class" },
	};

	for (size_t i = 0; i < LEN(known); i++)
		for (unsigned long k = 0; k < LEN(known_names); k++)
			probe_case(0, "6.16", known_answer, &known[i], k, "wrap-%s-%s|%s: %s", known[i].name, known_names[k], known[i].name,
					   known_names[k]);
	for (size_t i = 0; i < LEN(ways); i++)
		for (size_t k = 0; k < LEN(rows); k++)
			if (ways[i].any_length || (rows[k].how != T_EC && rows[k].how != T_RSA))
				probe_case(0, rows[k].section == NULL ? ways[i].section : rows[k].section, there_and_back, &ways[i],
						   rows[k].how, "wrap-%s-%s|wrap by %s: %s", ways[i].name, rows[k].id, ways[i].name, rows[k].title);
}
