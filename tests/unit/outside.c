/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "unit/outside.h"

#include "crypto/agree.h"
#include "crypto/rsacrypt.h"
#include "crypto/sign.h"
#include "lib/test.h"

#include <string.h>

/*
 * RFC 6979 A.2.4 to A.2.7; SEC 2 2.4.1 (1 and the generator); RFC 7027 A.1 to A.3; RFC 8032 7.1, 7.4; RFC 7748 6.1,
 * 6.2. The two brainpool curves without a published key have one of ours.
 */
const struct outside_curve outside_curves[] = {
	{ "P-224", "06052b81040021", "f220266e1105bfe3083e03ec7a3a654651f45e37167e88600bf257c1",
	  "0400cf08da5ad719e42707fa431292dea11244d64fc51610d94b130d6ceeab6f3debe455e3dbf85416f7030cbd94f34f2d6f232c69f3c1385a", 28 },
	{ "P-256", "06082a8648ce3d030107", "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
	  "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
	  "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299", 32 },
	{ "P-384", "06052b81040022",
	  "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", NULL, 48 },
	{ "P-521", "06052b81040023",
	  "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8fbec67db89ec"
	  "0c08b0e996b83538", NULL, 66 },
	{ "secp256k1", "06052b8104000a", "01",
	  "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	  "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8", 32 },
	{ "brainpoolP224r1", "06092b2403030208010105", "39f155483cee191fbecfe9c81d8ab1a03cda6790e7184ace44bca161",
	  NULL, 28 },
	{ "brainpoolP256r1", "06092b2403030208010107", "81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d",
	  "0444106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be5"
	  "8ab4846f11caccb73ce49cbdd120f5a900a69fd32c272223f789ef10eb089bdc", 32 },
	{ "brainpoolP320r1", "06092b2403030208010109",
	  "7c9a1f03d2b5468e1107aa5f6ed0c3b29488f7e65d4c3b2a190817f6e5d4c3b2a1908f7e6d5c4b3a", NULL, 40 },
	{ "brainpoolP384r1", "06092b240303020801010b",
	  "1e20f5e048a5886f1f157c74e91bde2b98c8b52d58e5003d57053fc4b0bd65d6f15eb5d1ee1610df870795143627d042",
	  "0468b665dd91c195800650cdd363c625f4e742e8134667b767b1b476793588f885ab698c852d4a6e77a252d6380fcaf068"
	  "55bc91a39c9ec01dee36017b7d673a931236d2f1f5c83942d049e3fa20607493e0d038ff2fd30c2ab67d15c85f7faa59", 48 },
	{ "brainpoolP512r1", "06092b240303020801010d",
	  "16302ff0dbbb5a8d733dab7141c1b45acbc8715939677f6a56850a38bd87bd59b09e80279609ff333eb9d4c061231fb26f92eeb04982a5f1d1764cad57665422",
	  "040a420517e406aac0acdce90fcd71487718d3b953efd7fbec5f7f27e28c6149999397e91e029e06457db2d3e640668b392c2a7e737a7f0bf04436d11640fd09fd"
	  "72e6882e8db28aad36237cd25d580db23783961c8dc52dfa2ec138ad472a0fcef3887cf62b623b2a87de5c588301ea3e5fc269b373b60724f5e82a6ad147fde7",
	  64 },
	{ "Ed25519", "06032b6570", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", 32 },
	{ "Ed448", "06032b6571",
	  "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b",
	  "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180", 57 },
	{ "X25519", "06032b656e", "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	  "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", 32 },
	{ "X448", "06032b656f",
	  "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
	  "9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0", 56 },
};
const size_t outside_n_curves = SL_ARRAY_LEN(outside_curves);

/* PKCS #1 v2.1 test vectors (oaep-vect.txt), example 1. */
const char *const outside_rsa_parts[8] = {
	"a8b3b284af8eb50b387034a860f146c4919f318763cd6c5598c8ae4811a1e0abc4c7e0b082d693a5e7fced675cf4668512772c0cbc64a742c6c630f533c8cc72"
	"f62ae833c40bf25842e984bb78bdbf97c0107d55bdb662f5c4e0fab9845cb5148ef7392dd3aaff93ae1e6b667bb3d4247616d4f5ba10d4cfd226de88d39f16fb",
	"010001",
	"53339cfdb79fc8466a655c7316aca85c55fd8f6dd898fdaf119517ef4f52e8fd8e258df93fee180fa0e4ab29693cd83b152a553d4ac4d1812b8b9fa5af0e7f55"
	"fe7304df41570926f3311f15c4d65a732c483116ee3d3d2d0af3549ad9bf7cbfb78ad884f84d5beb04724dc7369b31def37d0cf539e9cfcdd3de653729ead5d1",
	"d32737e7267ffe1341b2d5c0d150a81b586fb3132bed2f8d5262864a9cb9f30af38be448598d413a172efb802c21acf1c11c520c2f26a471dcad212eac7ca39d",
	"cc8853d1d54da630fac004f471f281c7b8982d8224a490edbeb33d3e3d5cc93c4765703d1dd791642f1f116a0dd852be2419b2af72bfe9a030e860b0288b5d77",
	"0e12bf1718e9cef5599ba1c3882fe8046a90874eefce8f2ccc20e4f2741fb0a33a3848aec9c9305fbecbd2d76819967d4671acc6431e4037968db37878e695c1",
	"95297b0f95a2fa67d00707d609dfd4fc05c89dafc2ef6d6ea55bec771ea333734d9251e79082ecda866efef13c459e1a631386b7e354c899f5f112ca85d71583",
	"4f456c502493bdc0ed2ab756a3a6ed4d67352a697d4216e93212b127a63d5411ce6fa98d5dbefd73263e3728142743818166ed7dd63687dd2a8ca1d2f4fbd8e1",
};

struct sl_key *
outside_key(const struct outside_curve *c)
{
	uint8_t params[16];
	uint8_t d[66];
	const size_t params_len = test_hex(c->params, params, sizeof(params));
	struct sl_key *key = NULL;
	const enum sl_err err = sl_key_from_ec_curve(params, params_len, d, test_hex(c->d, d, sizeof(d)), &key);

	if (err != SL_OK)
		test_bail("no %s key: %s", c->name, sl_err_text(err));
	return key;
}

struct sl_key *
outside_public(const struct sl_key *key)
{
	SL_SECRET spki = { 0 };
	struct sl_key *public = NULL;

	if (sl_key_part(key, SL_PART_SPKI, &spki) != SL_OK || sl_key_from_spki(spki.bytes, spki.len, &public) != SL_OK)
		test_bail("no public key");
	return public;
}

struct sl_key *
outside_rsa(bool full)
{
	uint8_t bytes[8][128];
	struct sl_bytes p[8];
	struct sl_key *key = NULL;
	enum sl_err err;

	for (size_t i = 0; i < 8; i++)
		p[i] = (struct sl_bytes){ bytes[i], i < 3 || full ? test_hex(outside_rsa_parts[i], bytes[i], 128) : 0 };
	err = sl_key_from_rsa_parts(&(const struct sl_rsa_parts){ p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7] },
	      &key);
	if (err != SL_OK)
		test_bail("no RSA key: %s", sl_err_text(err));
	return key;
}

static bool
part_is(const struct sl_key *key, enum sl_key_part part, const char *hex)
{
	uint8_t want[200];
	const size_t len = test_hex(hex, want, sizeof(want));
	SL_SECRET got = { 0 };

	return sl_key_part(key, part, &got) == SL_OK && got.len == len && memcmp(got.bytes, want, len) == 0;
}

static bool
same_part(const struct sl_key *a, const struct sl_key *b, enum sl_key_part part)
{
	SL_SECRET of_a = { 0 };
	SL_SECRET of_b = { 0 };

	return sl_key_part(a, part, &of_a) == SL_OK && sl_key_part(b, part, &of_b) == SL_OK &&
	       sl_secret_equal(of_a.bytes, of_a.len, of_b.bytes, of_b.len);
}

static void
through_pkcs8(const char *how, const char *name, const struct sl_key *key)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *again = NULL;
	SL_SECRET der = { 0 };

	test_ok(sl_key_pkcs8(key, &der) == SL_OK && sl_key_from_pkcs8(der.bytes, der.len, &again) == SL_OK &&
	        sl_key_is_private(again) && same_part(key, again, SL_PART_SPKI) &&
	        same_part(key, again, SL_PART_SECRET),
	        "%s: %s: PKCS #8, there and back", how, name);
}

/* With the private and with the public key; a changed signature and another message are wrong. */
static void
signs(const char *how, const char *name, struct sl_key *key, enum sl_sig_alg alg, size_t want_len)
{
	const struct sl_sig_params params = { .alg = alg };
	SL_CLEANUP(sl_key_unref) struct sl_key *public = outside_public(key);
	SL_CLEANUP(sl_signer_free) struct sl_signer *s = NULL;
	SL_CLEANUP(sl_signer_free) struct sl_signer *v = NULL;
	uint8_t in[32] = "thirty-two bytes of some message";
	uint8_t sig[144];
	size_t len;

	if (sl_signer_new(key, &params, false, &s) != SL_OK || sl_signer_new(public, &params, true, &v) != SL_OK)
		test_bail("%s: no signer", name);
	len = sl_signer_len(s);
	test_ok(len == want_len && sl_signer_sign(s, in, sizeof(in), sig) == SL_OK &&
	        sl_signer_verify(v, in, sizeof(in), sig, len) == SL_OK, "%s: %s: signs", how, name);
	sig[len / 2] ^= 1;
	test_eq(sl_signer_verify(v, in, sizeof(in), sig, len), SL_ERR_VERIFY, "%s: %s: another signature", how, name);
	sig[len / 2] ^= 1;
	in[0] ^= 1;
	test_eq(sl_signer_verify(v, in, sizeof(in), sig, len), SL_ERR_VERIFY, "%s: %s: another message", how, name);
}

static void
agrees(const char *how, const char *name, struct sl_key *key, struct sl_key *other)
{
	SL_SECRET ours = { 0 };
	SL_SECRET theirs = { 0 };
	SL_SECRET a = { 0 };
	SL_SECRET b = { 0 };

	test_ok(sl_key_part(key, SL_PART_POINT, &ours) == SL_OK &&
	        sl_key_part(other, SL_PART_POINT, &theirs) == SL_OK &&
	        sl_agree(key, theirs.bytes, theirs.len, &a) == SL_OK &&
	        sl_agree(other, ours.bytes, ours.len, &b) == SL_OK &&
	        sl_secret_equal(a.bytes, a.len, b.bytes, b.len), "%s: %s: two agree", how, name);
}

static void
one_curve(const char *how, const struct outside_curve *c)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = outside_key(c);
	SL_CLEANUP(sl_key_unref) struct sl_key *public = outside_public(key);
	SL_CLEANUP(sl_key_unref) struct sl_key *random = NULL;
	const enum sl_key_kind kind = sl_key_kind(key);
	uint8_t params[16];
	const size_t len = test_hex(c->params, params, sizeof(params));

	test_ok(part_is(key, SL_PART_EC_OID, c->params) && sl_key_is_private(key) && !sl_key_is_private(public),
	        "%s: %s: private and public", how, c->name);
	test_str(sl_key_curve_name(params, len), c->name, "%s: %s: its name", how, c->name);
	if (c->point != NULL)
		test_ok(part_is(public, SL_PART_POINT, c->point), "%s: %s: the public key", how, c->name);
	test_ok(sl_key_generate_ec(params, len, &random) == SL_OK && !same_part(key, random, SL_PART_SECRET) &&
	        part_is(random, SL_PART_EC_OID, c->params), "%s: %s: a random key", how, c->name);
	if (random == NULL)
		test_bail("no random key");
	through_pkcs8(how, c->name, key);
	through_pkcs8(how, c->name, random);
	if (kind == SL_KEY_EC)
		signs(how, c->name, random, SL_SIG_ECDSA, 2 * c->width);
	else if (kind == SL_KEY_ED25519 || kind == SL_KEY_ED448)
		signs(how, c->name, random, SL_SIG_EDDSA, 2 * c->width);
	if (kind != SL_KEY_ED25519 && kind != SL_KEY_ED448)
		agrees(how, c->name, key, random);
}

static void
encrypts(const char *how, struct sl_key *key)
{
	static const struct sl_rsa_crypt cases[] = {
		{ .padding = SL_RSA_PKCS1 },
		{ SL_RSA_OAEP, SL_HASH_SHA256, SL_HASH_SHA1, (const uint8_t *)"label", 5 },
		{ .padding = SL_RSA_NONE },
	};
	SL_CLEANUP(sl_key_unref) struct sl_key *public = outside_public(key);
	uint8_t in[] = "a session key";
	uint8_t out[512];

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_SECRET back = { 0 };

		test_ok(sl_rsa_encrypt(public, &cases[i], in, sizeof(in), out) == SL_OK &&
		        sl_rsa_decrypt(key, &cases[i], out, sl_rsa_crypt_len(key), &back) == SL_OK &&
		        back.len >= sizeof(in) &&
		        memcmp(back.bytes + back.len - sizeof(in), in, sizeof(in)) == 0,
		        "%s: RSA: padding %u, encrypted and decrypted", how, (unsigned)cases[i].padding);
	}
}

void
outside_all(const char *how)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *rsa = outside_rsa(true);
	SL_CLEANUP(sl_key_unref) struct sl_key *recovered = outside_rsa(false);
	SL_CLEANUP(sl_key_unref) struct sl_key *random = NULL;

	for (size_t i = 0; i < outside_n_curves; i++)
		one_curve(how, &outside_curves[i]);
	test_ok(part_is(recovered, SL_PART_P, outside_rsa_parts[3]) &&
	        part_is(recovered, SL_PART_QINV, outside_rsa_parts[7]),
	        "%s: RSA: primes recovered from n, e and d", how);
	test_ok(sl_key_generate_rsa(1024, NULL, 0, &random) == SL_OK && sl_key_size(random) == 1024 &&
	        part_is(random, SL_PART_E, "010001"),
	        "%s: RSA: a random key", how);
	if (random == NULL)
		test_bail("no random key");
	through_pkcs8(how, "RSA", rsa);
	through_pkcs8(how, "RSA", random);
	signs(how, "RSA", random, SL_SIG_RSA_PKCS1, 128);
	encrypts(how, rsa);
	encrypts(how, random);
}
