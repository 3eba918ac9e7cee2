/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "crypto/agree.h"
#include "lib/test.h"
#include "unit/leaf.h"
#include "unit/outside.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

/* A private key and a peer's point. z NULL: err. */
struct known {
	const char *name;
	const char *params;
	const char *d;
	const char *point;
	const char *z;
	enum sl_err err;
};

static void
check(const struct known *k)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET got = { 0 };
	uint8_t params[16], d[70], point[140], z[70];
	const size_t params_len = test_hex(k->params, params, sizeof(params));
	const size_t d_len = test_hex(k->d, d, sizeof(d));
	const size_t point_len = test_hex(k->point, point, sizeof(point));
	const size_t z_len = k->z == NULL ? 0 : test_hex(k->z, z, sizeof(z));

	if (sl_key_from_ec_curve(params, params_len, d, d_len, &key) != SL_OK)
		test_bail("%s: no key", k->name);
	test_eq(sl_agree(key, point, point_len, &got), k->err, "%s", k->name);
	if (k->z != NULL)
		test_mem(got.bytes, got.len, z, z_len, "%s: Z", k->name);
	else
		test_ok(got.bytes == NULL, "%s: nothing comes out", k->name);
}

#define P224 "06052b81040021"
#define P256 "06082a8648ce3d030107"
#define P521 "06052b81040023"
#define BP256 "06092b2403030208010107"
#define X25519 "06032b656e"
#define X448 "06032b656f"

/* NIST CAVS 11.0, ECC static unified, ZZOnly, initiator: EB 2, 9 (a leading zero), 3, 6 (bad points); EE 28. */
static const struct known cavs[] = {
	{ "CAVS P-224, 2", P224, "f5be242c86dea13fc5dafa745d9893e048883336f3d5d90819b1dbec",
	  "048f830b86e7ce6bbdeb07ddd04fb284f158436fa7b1e2bb35e9134713cacf98c3cdd034cf8c905b2be797140632d9abaf5d1d986933fe3856",
	  "d5812f73fd4972e6cdbf9a2a2484207c136fb12ac35534eb9a21fb9b", SL_OK },
	{ "CAVS P-224, 9: leading zero", P224, "a3d09d7ba80d4fed96f9be7301d8ae9f176ade3685ddb7371c092876",
	  "0466149b8085c5e22a8d8ce0dddbb2d7db97c66a1fab0b9c4531f7dff92966ab80b37e70507d7e230b7b3a007e43cd405b2b19aadfcecc7784",
	  "0226d63e8bada732c304d91d6ef521ef98ad9b8c5ae05a364fc63418", SL_OK },
	{ "CAVS P-224, 3: Y fails", P224, "ad5bb6663b542278c0f90b9a29b08a6b3d8f87919873a0b43baff52e",
	  "046bac303ef4500df0c820b7f8ccc014285f5010224c41527ac2377ba9759a1d0c955fdc90abeed68c43eea02d61a1d9cfb073446fb609a73b", NULL,
	  SL_ERR_ARG },
	{ "CAVS P-224, 6: X fails", P224, "61e34fd304575f584c605c0a54c1d8a7debf68dba54be6ead8189f1c",
	  "042c14136e1e5b70804e16e28a685f1eab59e7d09b892a29198e25f05aa730f0fb53f26f46c2bbd5877c4f7dd1720699139bf0208014228ab6", NULL,
	  SL_ERR_ARG },
	{ "CAVS P-521, 28", P521,
	  "00" "7f74c6079465264e68bfe699f5562424ce3f9c5003e7e38c26b171811c7116951e2a7a2eb27579914ffc77d4aada0af710bfcd5cb018f5eb13c9b68216ac052b50",
	  "04" "01df85ae0780de72639e4a673647abf9f0965055c8d6d027e194275c9959ba8c3149dbcd770a326fee0e629580f5b4fa048d927a3e8dbe470cf3890945a9b21c476a"
	  "00dee623db36b05d4d94b1156e1bd38e03441e4059232bad9570d870562a9baeff0b33d99244af7715fb6809d1bd81b3dfdf45e08798bd63a59540b23d92dfa8f520",
	  "0180faa59e1ae9bcdf2d454534cac2b8ef8d7b92735161dec90b6c1e0fa84af53787afb430c7784a69bb9bd4c801123ccc708186f3c9b002500bca22cffd3d38ce1c",
	  SL_OK },
};

static const struct known rfcs[] = {
	{ "RFC 5903 8.1", P256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
	  "04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
	  "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de", SL_OK },
	{ "RFC 7027 A.1, A", BP256, "81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d",
	  "048d2d688c6cf93e1160ad04cc4429117dc2c41825e1e9fca0addd34e6f1b39f7b990c57520812be512641e47034832106bc7d3e8dd0e4c7f1136d7006547cec6a",
	  "89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b", SL_OK },
	{ "RFC 7027 A.1, B", BP256, "55e40bc41e37e3e2ad25c3c6654511ffa8474a91a0032087593852d3e7d76bd3",
	  "0444106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be58ab4846f11caccb73ce49cbdd120f5a900a69fd32c272223f789ef10eb089bdc",
	  "89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b", SL_OK },
	{ "RFC 7027 A.2", "06092b240303020801010b",
	  "1e20f5e048a5886f1f157c74e91bde2b98c8b52d58e5003d57053fc4b0bd65d6f15eb5d1ee1610df870795143627d042",
	  "044d44326f269a597a5b58bba565da5556ed7fd9a8a9eb76c25f46db69d19dc8ce6ad18e404b15738b2086df37e71d1eb4"
	  "62d692136de56cbe93bf5fa3188ef58bc8a3a0ec6c1e151a21038a42e9185329b5b275903d192f8d4e1f32fe9cc78c48",
	  "0bd9d3a7ea0b3d519d09d8e48d0785fb744a6b355e6304bc51c229fbbce239bbadf6403715c35d4fb2a5444f575d4f42", SL_OK },
	{ "RFC 7027 A.3", "06092b240303020801010d",
	  "16302ff0dbbb5a8d733dab7141c1b45acbc8715939677f6a56850a38bd87bd59b09e80279609ff333eb9d4c061231fb26f92eeb04982a5f1d1764cad57665422",
	  "049d45f66de5d67e2e6db6e93a59ce0bb48106097ff78a081de781cdb31fce8ccbaaea8dd4320c4119f1e9cd437a2eab3731fa9668ab268d871deda55a5473199f"
	  "2fdc313095bcdd5fb3a91636f07a959c8e86b5636a1e930e8396049cb481961d365cc11453a06c719835475b12cb52fc3c383bce35e27ef194512b71876285fa",
	  "a7927098655f1f9976fa50a9d566865dc530331846381c87256baf3226244b76d36403c024d7bbf0aa0803eaff405d3d24f11a9b5c0bef679fe1454b21c4cd1f",
	  SL_OK },
	{ "RFC 7748 6.1", X25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", SL_OK },
	{ "RFC 7748 6.1, the unused bit set", X25519, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882bcf",
	  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", SL_OK },
	{ "RFC 7748 5.2, X448, 1", X448,
	  "3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121700a779c984c24f8cdd78fbff44943eba368f54b29259a4f1c600ad3",
	  "06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9814dc031ddbdc38c19c6da2583fa5429db94ada18aa7a7fb4ef8a086",
	  "ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239fe14fbaadeb445fc66a01b0779d98223961111e21766282f73dd96b6f", SL_OK },
	{ "RFC 7748 6.2", X448,
	  "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b",
	  "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c67bf33609",
	  "07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d", SL_OK },
};

#define D25519 "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
#define D448 "9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b"
#define D256 "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"
#define ZERO16 "00000000000000000000000000000000"
#define FF16 "ffffffffffffffffffffffffffffffff"

/* The points of small order of RFC 7748's curves, also as numbers that are not reduced; and what is no point at all. */
static const struct known bad[] = {
	{ "X25519: 0", X25519, D25519, ZERO16 ZERO16, NULL, SL_ERR_VERIFY },
	{ "X25519: 1", X25519, D25519, "01000000000000000000000000000000" ZERO16, NULL, SL_ERR_VERIFY },
	{ "X25519: order 8", X25519, D25519, "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800", NULL, SL_ERR_VERIFY },
	{ "X25519: order 8 too", X25519, D25519, "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157", NULL, SL_ERR_VERIFY },
	{ "X25519: p - 1", X25519, D25519, "ecffffffffffffffffffffffffffffff" "ffffffffffffffffffffffffffffff7f",
	  NULL, SL_ERR_VERIFY },
	{ "X25519: p", X25519, D25519, "edffffffffffffffffffffffffffffff" "ffffffffffffffffffffffffffffff7f", NULL,
	  SL_ERR_VERIFY },
	{ "X25519: p + 1", X25519, D25519, "eeffffffffffffffffffffffffffffff" "ffffffffffffffffffffffffffffff7f",
	  NULL, SL_ERR_VERIFY },
	{ "X25519: a byte short", X25519, D25519, ZERO16 "000000000000000000000000000009", NULL, SL_ERR_ARG },
	{ "X25519: nothing", X25519, D25519, "", NULL, SL_ERR_ARG },
	{ "X448: 0", X448, D448, ZERO16 ZERO16 ZERO16 "0000000000000000", NULL, SL_ERR_VERIFY },
	{ "X448: 1", X448, D448, "01000000000000000000000000000000" ZERO16 ZERO16 "0000000000000000", NULL,
	  SL_ERR_VERIFY },
	{ "X448: p - 1", X448, D448,
	  "feffffffffffffffffffffffffffffff" "ffffffffffffffffffffffff" "feffffff" FF16 "ffffffffffffffff", NULL,
	  SL_ERR_VERIFY },
	{ "X448: X25519's length", X448, D448, ZERO16 ZERO16, NULL, SL_ERR_ARG },
	{ "P-256: infinity", P256, D256, "00", NULL, SL_ERR_ARG },
	{ "P-256: (0, 0)", P256, D256, "04" ZERO16 ZERO16 ZERO16 ZERO16, NULL, SL_ERR_ARG },
	{ "P-256: not reduced", P256, D256, "04" FF16 FF16 FF16 FF16, NULL, SL_ERR_ARG },
	{ "P-256: compressed", P256, D256, "03d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63", NULL, SL_ERR_ARG },
	{ "P-256: hybrid", P256, D256,
	  "07d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab", NULL,
	  SL_ERR_ARG },
	{ "P-256: a point of brainpoolP256r1", P256, D256,
	  "0444106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be58ab4846f11caccb73ce49cbdd120f5a900a69fd32c272223f789ef10eb089bdc", NULL,
	  SL_ERR_ARG },
	{ "secp256k1: a point of its twist's sort, (0, 1)", "06052b8104000a", "02",
	  "04" ZERO16 ZERO16 ZERO16 "00000000000000000000000000000001", NULL, SL_ERR_ARG },
};

static void
table(const struct known *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check(&rows[i]);
}

static EVP_PKEY *
theirs(const struct sl_key *key)
{
	SL_SECRET der = { 0 };
	const uint8_t *p;
	EVP_PKEY *pkey;

	if (sl_key_pkcs8(key, &der) != SL_OK)
		test_bail("no PKCS #8");
	p = der.bytes;
	pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.len);
	if (pkey == NULL)
		test_bail("libcrypto does not read our PKCS #8");
	return pkey;
}

/* libcrypto's own way, in the default context, over keys it has read itself. */
static void
others_agree(const struct outside_curve *c)
{
	SL_CLEANUP(sl_key_unref) struct sl_key *a = outside_key(c);
	SL_CLEANUP(sl_key_unref) struct sl_key *b = NULL;
	uint8_t params[16];
	const size_t params_len = test_hex(c->params, params, sizeof(params));
	SL_SECRET point = { 0 };
	SL_SECRET z = { 0 };
	uint8_t want[80];
	size_t len = sizeof(want);
	EVP_PKEY *ours;
	EVP_PKEY *peer;
	EVP_PKEY_CTX *ctx;

	if (sl_key_kind(a) == SL_KEY_ED25519 || sl_key_kind(a) == SL_KEY_ED448)
		return;
	if (sl_key_generate_ec(params, params_len, &b) != SL_OK || sl_key_part(b, SL_PART_POINT, &point) != SL_OK)
		test_bail("no peer");
	ours = theirs(a);
	peer = theirs(b);
	ctx = EVP_PKEY_CTX_new(ours, NULL);
	if (EVP_PKEY_derive_init(ctx) != 1 || EVP_PKEY_derive_set_peer(ctx, peer) != 1 ||
	    EVP_PKEY_derive(ctx, want, &len) != 1)
		test_bail("EVP_PKEY_derive");
	test_eq(sl_agree(a, point.bytes, point.len, &z), SL_OK, "%s: agrees", c->name);
	test_mem(z.bytes, z.len, want, len, "%s: as libcrypto", c->name);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(ours);
	EVP_PKEY_free(peer);
}

static void
misfits(void)
{
	static const char *const names[] = { "Ed25519", "RSA-2048" };
	SL_CLEANUP(sl_key_unref) struct sl_key *x = leaf_key("X25519");
	SL_CLEANUP(sl_key_unref) struct sl_key *public = leaf_public(x);
	SL_CLEANUP(sl_key_unref) struct sl_key *secret = NULL;
	SL_SECRET none = { 0 };
	uint8_t nine[32] = { 9 };

	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
		SL_CLEANUP(sl_key_unref) struct sl_key *key = leaf_key(names[i]);

		test_eq(sl_agree(key, nine, 32, &none), SL_ERR_ARG, "%s does not agree", names[i]);
	}
	if (sl_key_from_secret(nine, 32, &secret) != SL_OK)
		test_bail("no secret");
	test_eq(sl_agree(secret, nine, 32, &none), SL_ERR_ARG, "a secret does not agree");
	test_eq(sl_agree(public, nine, 32, &none), SL_ERR_ARG, "a public key does not agree");
	ERR_clear_error();
	test_eq(sl_agree(x, (const uint8_t[32]){ 0 }, 32, &none), SL_ERR_VERIFY, "a zero");
	test_ok(ERR_peek_error() == 0, "it leaves no error behind");
	test_ok(none.bytes == NULL, "a failure leaves the output alone");
}

int
main(void)
{
	table(cavs, SL_ARRAY_LEN(cavs));
	table(rfcs, SL_ARRAY_LEN(rfcs));
	table(bad, SL_ARRAY_LEN(bad));
	for (size_t i = 0; i < outside_n_curves; i++)
		others_agree(&outside_curves[i]);
	misfits();
	return test_done();
}
