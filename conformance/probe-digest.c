/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe.h"

/* Digests: FIPS 180-4 and FIPS 202 examples, and the conventions of 5.2 and 5.12 for each hash. */

static const struct {
	const char *hash, *empty, *abc;
} answers[] = {
	{ "SHA1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "SHA224", "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
	  "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ "SHA256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "SHA384", "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7" },
	{ "SHA512",
	  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327a"
	  "f927da3e",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94f"
	  "a54ca49f" },
	{ "SHA512_224", "6ed0dd02806fa89e25de060c19d3ac86cabb87d6a0ddd05c333b84f4",
	  "4634270f707b6a54daae7530460842e20e37ed265ceee9a43e8924aa" },
	{ "SHA512_256", "c672b8d1ef56ed28ab87c3622c5114069bdd3ad7b8f9737498d0c01ecef0967a",
	  "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23" },
	{ "SHA3_224", "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7",
	  "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf" },
	{ "SHA3_256", "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
	  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ "SHA3_384", "0c63a75b845e4f7d01107d852e4c2485c51a50aaaa94fc61995e71bbee983a2ac3713831264adb47fb6bd1e058d5f004",
	  "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25" },
	{ "SHA3_512",
	  "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a615b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586"
	  "281dcd26",
	  "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f827"
	  "4eec53f0" },
};

static struct bin
answer(const struct hash *h, bool abc)
{
	for (size_t i = 0; i < LEN(answers); i++)
		if (strcmp(answers[i].hash, h->name) == 0)
			return hex(abc ? answers[i].abc : answers[i].empty);
	probe_fail("the probe has no answer for %s", h->name);
}

enum how {
	EMPTY,
	ABC,
	BLOCKS,
	LONG,
	PARTS,
	BYTEWISE,
	NO_PARTS,
	EMPTY_PART,
	QUERY,
	SHORT,
	QUERY_FINAL,
	SHORT_FINAL,
	PARAM,
	IN_PLACE,
	STATE,
	STATE_LEFT,
	STATE_DAMAGED
};

/* One update for each length in a row of odd lengths. */
static struct bin
in_parts(const struct hash *h, struct bin data, CK_ULONG step)
{
	CK_MECHANISM m = mech0(h->digest);
	struct bin out = room(100);
	CK_ULONG i = 0;

	OK(C_DigestInit, P.s, &m);
	for (CK_ULONG part = step; i < data.n; i += part, part += step == 1 ? 0 : 13) {
		if (part > data.n - i)
			part = data.n - i;
		OK(C_DigestUpdate, P.s, data.p + i, part);
	}
	OK(C_DigestFinal, P.s, out.p, &out.n);
	return out;
}

/* 5.2: NULL asks for the length, a short buffer is told it; neither ends the operation, nothing is written. */
static void
lengths(const struct hash *h, enum how how)
{
	CK_MECHANISM m = mech0(h->digest);
	struct bin data = text("abc"), out = room(100);
	const bool final = how == QUERY_FINAL || how == SHORT_FINAL;
	const bool query = how == QUERY || how == QUERY_FINAL;
	CK_ULONG n = query ? 0 : h->bytes - 1;
	CK_RV rv;

	OK(C_DigestInit, P.s, &m);
	if (final) {
		OK(C_DigestUpdate, P.s, data.p, data.n);
		rv = P.f->C_DigestFinal(P.s, query ? NULL : out.p, &n);
	} else
		rv = P.f->C_Digest(P.s, data.p, data.n, query ? NULL : out.p, &n);
	(void)probe_want(final ? "C_DigestFinal" : "C_Digest", rv,
					 (const CK_RV[]){ query ? CKR_OK : CKR_BUFFER_TOO_SMALL, PROBE_END });
	CHECK(n == h->bytes, "the length is told as %lu", n);
	CHECK(same(out, room(100)), "the buffer was written");
	out.n = h->bytes;
	if (final)
		OK(C_DigestFinal, P.s, out.p, &out.n);
	else
		OK(C_Digest, P.s, data.p, data.n, out.p, &out.n);
	expect("digest after it", out, answer(h, true));
	(void)WANT((CKR_OPERATION_NOT_INITIALIZED), C_DigestFinal, P.s, out.p, &out.n);
}

/* 5.6.6, 5.6.7: a state goes on in another session, and leaves the operation that it was taken from as it was. */
static void
states(const struct hash *h, enum how how)
{
	CK_MECHANISM m = mech0(h->digest);
	const CK_SESSION_HANDLE other = open_session(false);
	struct bin data = pattern(500, 2), state = room(2000), out = room(100);
	CK_RV rv;

	OK(C_DigestInit, P.s, &m);
	OK(C_DigestUpdate, P.s, data.p, 200);
	rv = P.f->C_GetOperationState(P.s, state.p, &state.n);
	if (rv == CKR_STATE_UNSAVEABLE || rv == CKR_FUNCTION_NOT_SUPPORTED)
		probe_absent("no state of this hash");
	(void)probe_want("C_GetOperationState", rv, (const CK_RV[]){ CKR_OK, PROBE_END });
	if (how == STATE_DAMAGED) {
		state.n -= 1;
		(void)WANT((CKR_SAVED_STATE_INVALID), C_SetOperationState, other, state.p, state.n, 0, 0);
		return;
	}
	OK(C_SetOperationState, other, state.p, state.n, 0, 0);
	if (how == STATE_LEFT)
		OK(C_DigestUpdate, other, data.p, 77);
	OK(C_DigestUpdate, how == STATE ? other : P.s, data.p + 200, 300);
	OK(C_DigestFinal, how == STATE ? other : P.s, out.p, &out.n);
	expect("digest", out, ossl_digest(h->ossl, data));
}

static void
digest(const void *arg, unsigned long how)
{
	const struct hash *h = arg;
	CK_MECHANISM m = mech(h->digest, &m, 1);
	struct bin data, out;

	need(h->digest, CKF_DIGEST);
	switch ((enum how)how) {
	case EMPTY: expect("digest of nothing", do_digest(h->digest, text("")), answer(h, false)); break;
	case ABC: expect("digest of \"abc\"", do_digest(h->digest, text("abc")), answer(h, true)); break;
	case BLOCKS:
		for (unsigned n = h->block - 20; n <= h->block * 2 + 1; n++) {
			data = pattern(n, 3);
			expect("digest about a block's end", do_digest(h->digest, data), ossl_digest(h->ossl, data));
		}
		break;
	case LONG:
		data = pattern(100003, 5);
		expect("digest of 100003 bytes", do_digest(h->digest, data), ossl_digest(h->ossl, data));
		break;
	case PARTS: expect("digest in parts", in_parts(h, pattern(3000, 1), 7), ossl_digest(h->ossl, pattern(3000, 1))); break;
	case BYTEWISE: expect("digest byte by byte", in_parts(h, pattern(300, 1), 1), ossl_digest(h->ossl, pattern(300, 1))); break;
	case NO_PARTS: expect("C_DigestFinal at once", in_parts(h, text(""), 1), answer(h, false)); break;
	case EMPTY_PART:
		m = mech0(h->digest);
		data = text("abc");
		out = room(100);
		OK(C_DigestInit, P.s, &m);
		OK(C_DigestUpdate, P.s, data.p, 3);
		OK(C_DigestUpdate, P.s, data.p, 0);
		OK(C_DigestFinal, P.s, out.p, &out.n);
		expect("digest", out, answer(h, true));
		break;
	case PARAM: (void)WANT((CKR_MECHANISM_PARAM_INVALID), C_DigestInit, P.s, &m); break;
	case IN_PLACE:
		m = mech0(h->digest);
		data = join(text("abc"), room(100));
		OK(C_DigestInit, P.s, &m);
		OK(C_Digest, P.s, data.p, 3, data.p, &data.n);
		expect("digest over its input", data, answer(h, true));
		break;
	case STATE: case STATE_LEFT: case STATE_DAMAGED: states(h, (enum how)how); break;
	default: lengths(h, (enum how)how); break;
	}
}

void
probe_digest(void)
{
	static const struct {
		enum how how;
		const char *id, *title;
	} rows[] = {
		{ EMPTY, "empty", "of nothing" }, { ABC, "abc", "of \"abc\"" }, { BLOCKS, "blocks", "about the ends of blocks" },
		{ LONG, "long", "of 100003 bytes" }, { PARTS, "parts", "in parts" }, { BYTEWISE, "bytewise", "byte by byte" },
		{ NO_PARTS, "no-parts", "C_DigestFinal at once" }, { EMPTY_PART, "empty-part", "with an empty part" },
		{ QUERY, "query", "a length query ends nothing" }, { SHORT, "short", "a short buffer ends nothing" },
		{ QUERY_FINAL, "query-final", "a length query of C_DigestFinal ends nothing" },
		{ SHORT_FINAL, "short-final", "a short buffer for C_DigestFinal ends nothing" },
		{ PARAM, "param", "takes no parameter" }, { IN_PLACE, "in-place", "over its own input" },
		{ STATE, "state", "goes on in another session" }, { STATE_LEFT, "state-left", "goes on where its state was taken" },
		{ STATE_DAMAGED, "state-damaged", "does not go on with a damaged state" },
	};

	for (size_t i = 0; i < n_hashes; i++)
		for (size_t k = 0; k < LEN(rows); k++)
			probe_case(0, k >= 8 && k < 12 ? "5.2" : k >= 14 ? "5.6.7" : hashes[i].section, digest, &hashes[i], rows[k].how,
					   "digest-%s-%s|%s digest %s", hashes[i].name, rows[k].id, hashes[i].name, rows[k].title);
}
