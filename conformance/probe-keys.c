/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "probe-keys.h"

/* Published keys where the source is named; their points were computed by another library and compared with the document's. */
const struct curve curves[] = {
	{ "P-256", CKK_EC, 32, "06082a8648ce3d030107",   /* RFC 6979 A.2.5 */
	  "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
	  "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b2"
	  "0c2d7e9f5177a3c294d4462299", true },
	{ "P-384", CKK_EC, 48, "06052b81040022",   /* RFC 6979 A.2.6 */
	  "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
	  "04ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc138015d9"
	  "b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720", true },
	{ "P-521", CKK_EC, 66, "06052b81040023",   /* RFC 6979 A.2.7 */
	  "00fad06daa62ba3b25d2fb40133da757205de67f5bb0018fee8c86e1b68c7e75caa896eb32f1f47c70855836a6d16fcc1466f6d8"
	  "fbec67db89ec0c08b0e996b83538",
	  "0401894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb633155d38"
	  "ffa16d2bd761dcac474b9a2f5023a400493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db2574"
	  "1b5b34a828008b22acc23f924faafbd4d33f81ea66956dfeaa2bfdfcf5", true },
	{ "P-224", CKK_EC, 28, "06052b81040021",   /* RFC 6979 A.2.4 */
	  "f220266e1105bfe3083e03ec7a3a654651f45e37167e88600bf257c1",
	  "0400cf08da5ad719e42707fa431292dea11244d64fc51610d94b130d6ceeab6f3debe455e3dbf85416f7030cbd94f34f2d6f232c"
	  "69f3c1385a", false },
	{ "secp256k1", CKK_EC, 32, "06052b8104000a",
	  "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35",
	  "0439a36013301597daef41fbe593a02cc513d0b55527ec2df1050e2e8ff49c85c23cbe7ded0e7ce6a594896b8f62888fdbc5c882"
	  "1305e2ea42bf01e37300116281", false },
	{ "brainpoolP256r1", CKK_EC, 32, "06092b2403030208010107",   /* RFC 7027 A.1 */
	  "81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d",
	  "0444106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be58ab4846f11caccb73ce49cbdd120f5a900a69f"
	  "d32c272223f789ef10eb089bdc", false },
	{ "brainpoolP384r1", CKK_EC, 48, "06092b240303020801010b",   /* RFC 7027 A.2 */
	  "1e20f5e048a5886f1f157c74e91bde2b98c8b52d58e5003d57053fc4b0bd65d6f15eb5d1ee1610df870795143627d042",
	  "0468b665dd91c195800650cdd363c625f4e742e8134667b767b1b476793588f885ab698c852d4a6e77a252d6380fcaf06855bc91"
	  "a39c9ec01dee36017b7d673a931236d2f1f5c83942d049e3fa20607493e0d038ff2fd30c2ab67d15c85f7faa59", false },
	{ "brainpoolP512r1", CKK_EC, 64, "06092b240303020801010d",   /* RFC 7027 A.3 */
	  "16302ff0dbbb5a8d733dab7141c1b45acbc8715939677f6a56850a38bd87bd59b09e80279609ff333eb9d4c061231fb26f92eeb0"
	  "4982a5f1d1764cad57665422",
	  "040a420517e406aac0acdce90fcd71487718d3b953efd7fbec5f7f27e28c6149999397e91e029e06457db2d3e640668b392c2a7e"
	  "737a7f0bf04436d11640fd09fd72e6882e8db28aad36237cd25d580db23783961c8dc52dfa2ec138ad472a0fcef3887cf62b623b"
	  "2a87de5c588301ea3e5fc269b373b60724f5e82a6ad147fde7", false },
	{ "Ed25519", CKK_EC_EDWARDS, 32, "06032b6570",   /* RFC 8032 7.1, TEST 1 */
	  "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", true },
	{ "Ed448", CKK_EC_EDWARDS, 57, "06032b6571",   /* RFC 8032 7.4, blank */
	  "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549"
	  "a20098f95b",
	  "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778edf124769b46c7061bd6783df1e50f6cd1fa1abe"
	  "afe8256180", false },
	{ "X25519", CKK_EC_MONTGOMERY, 32, "06032b656e",   /* RFC 7748 6.1, Bob */
	  "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", true },
	{ "X448", CKK_EC_MONTGOMERY, 56, "06032b656f",   /* RFC 7748 6.2, Bob */
	  "1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b6"
	  "5173992d",
	  "3eb7a829b0cd20f5bcfc0b599b6feccf6da4627107bdb0d4f345b43027d8b972fc3e34fb4232a13ca706dcb57aec3dae07bdc1c6"
	  "7bf33609", false },};
const size_t n_curves = LEN(curves);

/* An RSA key of the probe's own, 2048 bits. */
static const char rsa_n[] =
	"c6794dcd4fc92f6ad4139a60727698a96105641be036e5cd9bfc17ac6f446f742d91546ce1223c32595536f8b7b636905bf11f36"
	"7ba9789541971a2a3c9f5590f9023e3e2d9dac65c5df0c0ae7d5c207f27ee3bb9aa946a0d6b66da76a52bdc2d0a7cd6bdbafca73"
	"0cb341541eb1af1c205d3dd56f722eaa224a428eb0504f32a34c5539068d8de61be48f97d48aeeccfc7a7e09b91ee4ad92372251"
	"45520854c39d929099277a001bb6dd88d5a179cb8049d4a8a9fb6a22e2210c4a470a607f1d5a6f967b753c61a49274367744e782"
	"5ef90e44d403e4b2954b2b7de3c34cd258d1334d4466d1fdadc7a2fb962457440e485cf67f3cf87505f474ff4401e84d";
static const char rsa_d[] =
	"58a1a21b5e166f5ceb01280f0afea834f795333bf9983a6e63caa37dc7208e0f192c4dc1e395e8c0e940d33025c632beabb85562"
	"7cbdd511fe3cee9bceffae73f3a74b4974107604eae4acd98fe756e33aa8eca5022fb6d12ba142fda0cefb5becd70ab6b05fe3ee"
	"15cd550eae3856051ef4d4a0a4489ecb2e4df0440d3b87e9bfcc2762caa188127399db6f8740b614a94f1055d7c2e5a7dee33cad"
	"5cf37d1846e4c49f88f64ddeff5738085699a081eb93e370954ff9acfd3eb33d70ed1151aeed87173bbdbf94b4806ba7b01de325"
	"132fb731e651b50e4378425f00113f200d915fc7e5a4a6a27e19ef821cb914023eb916244271659fcc6be68d9bd2d4d7";
static const char rsa_p[] =
	"feb3a55b76accc73a879bbadc6055805fa99ab0be7462a9ff7874d4374cec7e7b971fb5b6329f441959b719c42116f879af54719"
	"63b49cd69ac44a4a77c81fd6f85e34877ced621bc279d824e2f7763f4655912c98ad516aca829e46c0c41396a6a7907562b6befb"
	"1bcdffbfe369ea4f6fcfcd8289ab94dee944220616c560cb";
static const char rsa_q[] =
	"c77c499eb21b782f5df64af9348a198045098a88ebd7574ff8093a63b1838fd14dfca84af9232f5aae7283a32598f6180069cddc"
	"5034420af5b024018c8123705fe0db2d9ea3bea0bb1cf5c2f3e42ae5431970fbaf67649570d94dccde135a838002dd8e778c7f38"
	"6dd6328789ebbd84d1aa58a3d4fa962ecfc39dc5459a3047";
static const char rsa_dp[] =
	"9da5abcfb4e0b79b4ec82a3620bee600ad5fb7d3224ef7cb137697880d207ff3198147470555ce6d59a060ed8aa7281513008605"
	"5d05499e3b250ba69405364fe462cab8a1c67c571a4438587c7316a98b6b22f42b7bfb4cd2138ecbd43c88b3526b9caa4b73393a"
	"4bb77178dfd58ac5a83b42c46d59da472eb2912c9ba38789";
static const char rsa_dq[] =
	"6734841a186761cc8fbe46979b78ff2c7f8b2a232070ee792f08072f60bd8200756a8bdf0dfa081bd038eaa5d363c99e2d488ffa"
	"b57bf3d71bb91f47b5db71ec478e5b96c4864eaf755ecc3f2a531766394ac64b503a1badbd0e8fd3b7e92760f52f865498c11568"
	"aa5ab115b263464f9af1989e5a27b2df511a115be860972d";
static const char rsa_qi[] =
	"7b9399c6c5167de739ddf30460f0a9b54234285a95c5238df664c45597c293775e2396e91dacdfa8afbfe76bf3e783f0f0d92964"
	"b768983756b6771c188c8a02c601bbcd5e6ad8555a71713b4587982b0798de84f074e3db841de02ba25e1827cb4ea00c35fc17d9"
	"86f310a7bbc1824fa030296db539e25c26a5be077a8edd8e";

const char *
rsa_part(char which)
{
	switch (which) {
	case 'n': return rsa_n;
	case 'e': return "010001";
	case 'd': return rsa_d;
	case 'p': return rsa_p;
	case 'q': return rsa_q;
	case 'P': return rsa_dp;
	case 'Q': return rsa_dq;
	default: return rsa_qi;
	}
}

const struct hash hashes[] = {
	{ "SHA1", "SHA1", "6.20", CKM_SHA_1, CKM_SHA_1_HMAC, CKM_SHA_1_HMAC_GENERAL, CKK_SHA_1_HMAC, CKG_MGF1_SHA1, 20, 64 },
	{ "SHA224", "SHA224", "6.21", CKM_SHA224, CKM_SHA224_HMAC, CKM_SHA224_HMAC_GENERAL, CKK_SHA224_HMAC, CKG_MGF1_SHA224, 28,
	  64 },
	{ "SHA256", "SHA256", "6.22", CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_HMAC_GENERAL, CKK_SHA256_HMAC, CKG_MGF1_SHA256, 32,
	  64 },
	{ "SHA384", "SHA384", "6.23", CKM_SHA384, CKM_SHA384_HMAC, CKM_SHA384_HMAC_GENERAL, CKK_SHA384_HMAC, CKG_MGF1_SHA384, 48,
	  128 },
	{ "SHA512", "SHA512", "6.24", CKM_SHA512, CKM_SHA512_HMAC, CKM_SHA512_HMAC_GENERAL, CKK_SHA512_HMAC, CKG_MGF1_SHA512, 64,
	  128 },
	{ "SHA512_224", "SHA512-224", "6.25", CKM_SHA512_224, STD_CKM_SHA512_224_HMAC, STD_CKM_SHA512_224_HMAC + 1,
	  CKK_GENERIC_SECRET, 0, 28, 128 },
	{ "SHA512_256", "SHA512-256", "6.26", CKM_SHA512_256, STD_CKM_SHA512_256_HMAC, STD_CKM_SHA512_256_HMAC + 1,
	  CKK_GENERIC_SECRET, 0, 32, 128 },
	{ "SHA3_224", "SHA3-224", "6.28", CKM_SHA3_224, STD_CKM_SHA3_224_HMAC, STD_CKM_SHA3_224_HMAC + 1, STD_CKK_SHA3_224_HMAC, 6,
	  28, 144 },
	{ "SHA3_256", "SHA3-256", "6.29", CKM_SHA3_256, STD_CKM_SHA3_256_HMAC, STD_CKM_SHA3_256_HMAC + 1, STD_CKK_SHA3_256_HMAC, 7,
	  32, 136 },
	{ "SHA3_384", "SHA3-384", "6.30", CKM_SHA3_384, STD_CKM_SHA3_384_HMAC, STD_CKM_SHA3_384_HMAC + 1, STD_CKK_SHA3_384_HMAC, 8,
	  48, 104 },
	{ "SHA3_512", "SHA3-512", "6.31", CKM_SHA3_512, STD_CKM_SHA3_512_HMAC, STD_CKM_SHA3_512_HMAC + 1, STD_CKK_SHA3_512_HMAC, 9,
	  64, 72 },
};
const size_t n_hashes = LEN(hashes);

const struct hash *
hash_named(const char *name)
{
	for (size_t i = 0; i < n_hashes; i++)
		if (strcmp(hashes[i].name, name) == 0)
			return &hashes[i];
	probe_fail("the probe has no hash %s", name);
}

const struct curve *
curve_named(const char *name)
{
	for (size_t i = 0; i < n_curves; i++)
		if (strcmp(curves[i].name, name) == 0)
			return &curves[i];
	probe_fail("the probe has no curve %s", name);
}

static void
uses(struct tmpl *t, bool private, bool secret)
{
	if (!private || secret) {
		t_bool(t, CKA_ENCRYPT, true);
		t_bool(t, CKA_VERIFY, true);
		t_bool(t, CKA_WRAP, true);
	}
	if (private || secret) {
		t_bool(t, CKA_DECRYPT, true);
		t_bool(t, CKA_SIGN, true);
		t_bool(t, CKA_UNWRAP, true);
		t_bool(t, CKA_SENSITIVE, false);
		t_bool(t, CKA_EXTRACTABLE, true);
	}
}

CK_OBJECT_HANDLE
key_secret(CK_KEY_TYPE type, struct bin value)
{
	struct tmpl t = { .n = 0 };

	t_key(&t, CKO_SECRET_KEY, type);
	uses(&t, true, true);
	t_bool(&t, CKA_DERIVE, true);
	t_bin(&t, CKA_VALUE, value);
	return make(&t);
}

/* FIPS 197 appendix C keys: 00 01 02 ... */
CK_OBJECT_HANDLE
key_aes(unsigned bits)
{
	return key_secret(CKK_AES, cut(hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"), bits / 8));
}

void
t_rsa_public(struct tmpl *t)
{
	t_key(t, CKO_PUBLIC_KEY, CKK_RSA);
	t_bin(t, CKA_MODULUS, hex(rsa_part('n')));
	t_bin(t, CKA_PUBLIC_EXPONENT, hex(rsa_part('e')));
}

void
t_rsa_private(struct tmpl *t)
{
	t_key(t, CKO_PRIVATE_KEY, CKK_RSA);
	t_bin(t, CKA_MODULUS, hex(rsa_part('n')));
	t_bin(t, CKA_PUBLIC_EXPONENT, hex(rsa_part('e')));
	t_bin(t, CKA_PRIVATE_EXPONENT, hex(rsa_part('d')));
	t_bin(t, CKA_PRIME_1, hex(rsa_part('p')));
	t_bin(t, CKA_PRIME_2, hex(rsa_part('q')));
	t_bin(t, CKA_EXPONENT_1, hex(rsa_part('P')));
	t_bin(t, CKA_EXPONENT_2, hex(rsa_part('Q')));
	t_bin(t, CKA_COEFFICIENT, hex(rsa_part('i')));
}

CK_OBJECT_HANDLE
key_rsa_public(unsigned bits)
{
	struct tmpl t = { .n = 0 };

	(void)bits;
	t_rsa_public(&t);
	uses(&t, false, false);
	return make(&t);
}

CK_OBJECT_HANDLE
key_rsa_private(unsigned bits)
{
	struct tmpl t = { .n = 0 };

	(void)bits;
	t_rsa_private(&t);
	uses(&t, true, false);
	return make(&t);
}

struct bin
ec_point(const struct curve *c)
{
	const struct bin point = hex(c->point);

	if (point.n < 128)
		return join((struct bin){ (CK_BYTE[]){ 0x04, (CK_BYTE)point.n }, 2 }, point);
	return join((struct bin){ (CK_BYTE[]){ 0x04, 0x81, (CK_BYTE)point.n }, 3 }, point);
}

/* Curves that not everybody has are absent when they are refused as curves. */
static CK_OBJECT_HANDLE
make_ec(const struct curve *c, struct tmpl *t)
{
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_RV rv;

	rv = P.f->C_CreateObject(P.s, t->a, t->n, &object);
	if (!c->must && (rv == CKR_CURVE_NOT_SUPPORTED || rv == CKR_DOMAIN_PARAMS_INVALID))
		probe_absent("curve %s", c->name);
	(void)probe_want("C_CreateObject", rv, (const CK_RV[]){ CKR_OK, PROBE_END });
	return object;
}

CK_OBJECT_HANDLE
key_ec_public(const struct curve *c)
{
	struct tmpl t = { .n = 0 };

	t_key(&t, CKO_PUBLIC_KEY, c->type);
	t_bool(&t, CKA_VERIFY, true);
	t_bin(&t, CKA_EC_PARAMS, hex(c->params));
	t_bin(&t, CKA_EC_POINT, ec_point(c));
	return make_ec(c, &t);
}

CK_OBJECT_HANDLE
key_ec_private(const struct curve *c)
{
	struct tmpl t = { .n = 0 };

	t_key(&t, CKO_PRIVATE_KEY, c->type);
	t_bool(&t, CKA_SIGN, true);
	t_bool(&t, CKA_DERIVE, true);
	t_bool(&t, CKA_SENSITIVE, false);
	t_bool(&t, CKA_EXTRACTABLE, true);
	t_bin(&t, CKA_EC_PARAMS, hex(c->params));
	t_bin(&t, CKA_VALUE, hex(c->secret));
	return make_ec(c, &t);
}

static struct pair new_pair(CK_MECHANISM_TYPE gen, struct bin params);

/* RSA keys are slow to make: one for many cases, in a session of its own, as long as it lives (a logout ends it). */
static struct pair
rsa_pair(void)
{
	static struct pair kept;
	static CK_SESSION_HANDLE session;
	const CK_SESSION_HANDLE mine = P.s;
	CK_ULONG size;

	if (kept.private != 0 && P.f->C_GetObjectSize(P.s, kept.private, &size) == CKR_OK)
		return kept;
	kept.private = 0;
	if (session == 0)
		session = open_session(true);
	P.s = session;
	kept = new_pair(CKM_RSA_PKCS_KEY_PAIR_GEN, hex(""));
	P.s = mine;
	return kept;
}

struct pair
key_pair(CK_MECHANISM_TYPE gen, struct bin params)
{
	need(gen, CKF_GENERATE_KEY_PAIR);
	return gen == CKM_RSA_PKCS_KEY_PAIR_GEN ? rsa_pair() : new_pair(gen, params);
}

static struct pair
new_pair(CK_MECHANISM_TYPE gen, struct bin params)
{
	CK_MECHANISM m = mech0(gen);
	struct tmpl public = { .n = 0 };
	struct tmpl private = { .n = 0 };
	struct pair pair = { CK_INVALID_HANDLE, CK_INVALID_HANDLE };
	const bool rsa = gen == CKM_RSA_PKCS_KEY_PAIR_GEN;
	const bool agree = gen == CKM_EC_MONTGOMERY_KEY_PAIR_GEN;

	t_bool(&public, CKA_TOKEN, false);
	t_bool(&private, CKA_TOKEN, false);
	if (!agree) {
		t_bool(&public, CKA_VERIFY, true);
		t_bool(&private, CKA_SIGN, true);
	}
	if (rsa) {
		t_ulong(&public, CKA_MODULUS_BITS, 2048);
		t_bin(&public, CKA_PUBLIC_EXPONENT, hex("010001"));
		uses(&public, false, false);
		t_drop(&private, CKA_SIGN);
		t_drop(&public, CKA_VERIFY);
		t_bool(&public, CKA_VERIFY, true);
		uses(&private, true, false);
	} else {
		t_bin(&public, CKA_EC_PARAMS, params);
		t_bool(&private, CKA_DERIVE, gen != CKM_EC_EDWARDS_KEY_PAIR_GEN);
		t_bool(&private, CKA_SENSITIVE, false);
		t_bool(&private, CKA_EXTRACTABLE, true);
	}
	OK(C_GenerateKeyPair, P.s, &m, public.a, public.n, private.a, private.n, &pair.public, &pair.private);
	return pair;
}
