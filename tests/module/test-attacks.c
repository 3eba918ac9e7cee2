/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/attack.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The attacks of doc/attacks.md that take a key out through the API; the names of the functions are in its table. test-oracles.c has the others. */

static const CK_BYTE kek_value[32] = "the wrapping key of the attacker";
static const CK_MECHANISM_TYPE by_aes[] = { CKM_AES_ECB, CKM_AES_CBC, CKM_AES_CBC_PAD, CKM_AES_GCM, CKM_AES_CCM, CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP };

static bool
has_value(const CK_BYTE *p, CK_ULONG len, const CK_BYTE *value)
{
	for (CK_ULONG i = 0; i + 8 <= len; i++)
		for (CK_ULONG k = 0; k + 8 <= 32; k += 8)
			if (memcmp(p + i, value + k, 8) == 0)
				return true;
	return false;
}

/* A pair of the attacker's: whoever has the private half reads what is wrapped. */
static CK_OBJECT_HANDLE
attackers_rsa(void)
{
	static const CK_BYTE e[] = { 1, 0, 1 };
	CK_BYTE n[256];
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, CKO_PUBLIC_KEY), T_ULONG(CKA_KEY_TYPE, CKK_RSA), T_BYTES(CKA_MODULUS, n, 256),
		                    T_BYTES(CKA_PUBLIC_EXPONENT, e, 3), YES(CKA_WRAP) };
	CK_OBJECT_HANDLE key = 0;

	memset(n, 0xc5, sizeof(n));
	if (p11->C_CreateObject(attack_session, template, LEN(template), &key) != CKR_OK)
		test_bail("no RSA key of the attacker's");
	return key;
}

/* 1: an unextractable key goes under no key and no mechanism, whatever is set, copied or asked. */
static void
unextractable(enum home home)
{
	const CK_ATTRIBUTE uses[] = { YES(CKA_DERIVE), YES(CKA_ENCRYPT), YES(CKA_DECRYPT), YES(CKA_SIGN), NO(CKA_EXTRACTABLE) };
	const CK_OBJECT_HANDLE key = attack_key(home, uses, LEN(uses));
	const CK_OBJECT_HANDLE kek = attack_known(CKK_AES, kek_value, 32, NULL, 0);
	const CK_ATTRIBUTE pure[] = { YES(CKA_WRAP) };
	const CK_OBJECT_HANDLE only = attack_known(CKK_AES, kek_value, 32, pure, 1);
	const CK_OBJECT_HANDLE rsa = attackers_rsa();
	const char *name = home_names[home];
	CK_ATTRIBUTE by_value = T_BYTES(CKA_VALUE, attack_value, 32);
	CK_OBJECT_HANDLE copy = 4711;
	CK_BYTE blob[4096];
	CK_ULONG len;

	for (size_t i = 0; i < LEN(by_aes); i++) {
		test_eq(attack_wrap(by_aes[i], kek, key, blob, &len), CKR_KEY_UNEXTRACTABLE, "%s: not wrapped, 0x%lx", name, by_aes[i]);
		test_ok(attack_wrap(by_aes[i], only, key, blob, &len) != CKR_OK, "%s: nor by a key that only wraps, 0x%lx", name, by_aes[i]);
	}
	test_eq(attack_wrap(CKM_RSA_PKCS, rsa, key, blob, &len), CKR_KEY_UNEXTRACTABLE, "%s: nor by RSA", name);
	test_eq(attack_wrap(CKM_RSA_PKCS_OAEP, rsa, key, blob, &len), CKR_KEY_UNEXTRACTABLE, "%s: nor by OAEP", name);
	test_eq(attack_set(key, CKA_EXTRACTABLE, true), CKR_ATTRIBUTE_READ_ONLY, "%s: not made extractable", name);
	test_eq(attack_set(key, CKA_SENSITIVE, false), CKR_ATTRIBUTE_READ_ONLY, "%s: not made readable", name);
	test_eq(attack_copy(key, CKA_EXTRACTABLE, true, &copy), CKR_ATTRIBUTE_READ_ONLY, "%s: nor is a copy extractable", name);
	test_eq(attack_copy(key, CKA_SENSITIVE, false, &copy), CKR_ATTRIBUTE_READ_ONLY, "%s: nor readable", name);
	test_eq(attack_copy(key, CKA_TOKEN, home != DERIVED && home != SEALED, &copy), CKR_OK, "%s: a copy elsewhere", name);
	test_eq(attack_wrap(CKM_AES_KEY_WRAP, kek, copy, blob, &len), CKR_KEY_UNEXTRACTABLE, "%s: it is not wrapped", name);
	test_eq(mod_attr_rv(attack_session, copy, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "%s: it is not read", name);
	test_ok(mod_bool(attack_session, copy, CKA_SENSITIVE) && !mod_bool(attack_session, copy, CKA_EXTRACTABLE), "%s: and says so", name);
	test_eq(mod_attr_rv(attack_session, key, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "%s: the key is not read", name);
	test_eq(mod_find(attack_session, &by_value, 1, NULL, 0), 0, "%s: a search does not confirm the value", name);
	(void)p11->C_DestroyObject(attack_session, copy);
	(void)p11->C_DestroyObject(attack_session, key);
}

/* 2: Clulow 3.2, Tookan a1: wrap a sensitive key with a key that decrypts, or that encrypts in a counter mode. */
static void
wrap_and_decrypt(void)
{
	static const CK_ATTRIBUTE_TYPE uses[] = { CKA_DECRYPT, CKA_ENCRYPT, CKA_DERIVE, CKA_SIGN, CKA_VERIFY };
	const CK_ATTRIBUTE goes[] = { YES(CKA_EXTRACTABLE) };
	const CK_OBJECT_HANDLE open = attack_known(CKK_GENERIC_SECRET, attack_value, 32, NULL, 0);
	CK_MECHANISM ecb = { CKM_AES_ECB, NULL, 0 };
	CK_BYTE blob[4096];
	CK_ULONG len;
	CK_ULONG n = 32;

	for (enum home home = DERIVED; home < HOMES; home++) {
		const CK_OBJECT_HANDLE key = attack_key(home, goes, 1);

		for (size_t i = 0; i < LEN(uses); i++) {
			const CK_ATTRIBUTE both[] = { YES(CKA_WRAP), YES(uses[i]) };
			const CK_OBJECT_HANDLE dual = attack_key(SESSION, both, 2);

			test_eq(attack_wrap(CKM_AES_GCM, dual, key, blob, &len), CKR_KEY_NOT_WRAPPABLE, "%s: not by a key with 0x%lx", home_names[home], uses[i]);
			(void)p11->C_DestroyObject(attack_session, dual);
		}
		(void)p11->C_DestroyObject(attack_session, key);
	}
	{
		/* What may be read anyway goes, and this is the attack as it would be. */
		const CK_ATTRIBUTE both[] = { YES(CKA_WRAP), YES(CKA_DECRYPT) };
		const CK_OBJECT_HANDLE dual = attack_key(SESSION, both, 2);

		test_eq(attack_wrap(CKM_AES_ECB, dual, open, blob, &len), CKR_OK, "a readable key goes");
		test_ok(p11->C_DecryptInit(attack_session, &ecb, dual) == CKR_OK && p11->C_Decrypt(attack_session, blob, len, blob, &n) == CKR_OK &&
		        memcmp(blob, attack_value, 32) == 0, "and the attack gives it");
	}
}

/* 3: Delaune, Kremer, Steel: the two uses one after the other, or in two copies. */
static void
one_after_the_other(void)
{
	static const CK_ATTRIBUTE_TYPE others[] = { CKA_DECRYPT, CKA_ENCRYPT, CKA_DERIVE, CKA_SIGN, CKA_VERIFY };
	const CK_ATTRIBUTE wraps[] = { YES(CKA_WRAP), YES(CKA_UNWRAP) };
	const CK_ATTRIBUTE both[] = { YES(CKA_WRAP), YES(CKA_DECRYPT), NO(CKA_ENCRYPT), NO(CKA_DERIVE), NO(CKA_SIGN), NO(CKA_VERIFY) };
	const CK_ATTRIBUTE none[] = { NO(CKA_WRAP), NO(CKA_DECRYPT), NO(CKA_ENCRYPT), NO(CKA_DERIVE), NO(CKA_SIGN), NO(CKA_VERIFY) };

	for (enum home home = DERIVED; home < HOMES; home++) {
		const CK_OBJECT_HANDLE only = attack_key(home, wraps, 2);
		const CK_OBJECT_HANDLE dual = attack_key(home, both, LEN(both));
		const CK_OBJECT_HANDLE nothing = attack_key(home, none, LEN(none));
		const char *name = home_names[home];
		CK_OBJECT_HANDLE copy = 4711;

		for (size_t i = 0; i < LEN(others); i++) {
			test_ok(!mod_bool(attack_session, only, others[i]), "%s: a wrapping key has no other use unasked, 0x%lx", name, others[i]);
			test_eq(attack_set(only, others[i], true), CKR_ATTRIBUTE_READ_ONLY, "%s: nor is it given one", name);
			test_eq(attack_copy(only, others[i], true, &copy), CKR_ATTRIBUTE_READ_ONLY, "%s: nor is its copy", name);
		}
		test_eq(attack_set(only, CKA_WRAP, false), CKR_ATTRIBUTE_READ_ONLY, "%s: it does not stop to wrap, to decrypt next", name);
		test_eq(attack_copy(only, CKA_WRAP, false, &copy), CKR_ATTRIBUTE_READ_ONLY, "%s: nor does its copy", name);
		test_eq(attack_set(dual, CKA_DECRYPT, false), CKR_ATTRIBUTE_READ_ONLY, "%s: who decrypts does not become one that only wraps", name);
		test_eq(attack_copy(dual, CKA_DECRYPT, false, &copy), CKR_ATTRIBUTE_READ_ONLY, "%s: nor does its copy", name);
		test_eq(attack_set(nothing, CKA_WRAP, true), CKR_ATTRIBUTE_READ_ONLY, "%s: nor a key with no use", name);
		test_eq(attack_copy(nothing, CKA_WRAP, true, &copy), CKR_ATTRIBUTE_READ_ONLY, "%s: nor its copy", name);
		test_eq(attack_set(nothing, CKA_DECRYPT, true), CKR_OK, "%s: all else may change: decrypts now", name);
		test_eq(attack_set(nothing, CKA_WRAP, true), CKR_OK, "%s: and wraps, too", name);
		test_eq(attack_set(dual, CKA_WRAP, false), CKR_OK, "%s: and one that has both wraps no more", name);
		test_eq(copy, 4711, "%s: no handle", name);
		(void)p11->C_DestroyObject(attack_session, only);
		(void)p11->C_DestroyObject(attack_session, dual);
		(void)p11->C_DestroyObject(attack_session, nothing);
	}
}

/* 4: wrap, and come back as a key that can be read, or with another use: Clulow 3.3, Delaune et al. 2.3, Tookan a3. */
static void
come_back(void)
{
	CK_ATTRIBUTE rule[] = { YES(CKA_SENSITIVE), NO(CKA_EXTRACTABLE), NO(CKA_DERIVE) };
	const CK_ATTRIBUTE with_rule[] = { YES(CKA_WRAP), YES(CKA_UNWRAP), { CKA_UNWRAP_TEMPLATE, rule, sizeof(rule) } };
	const CK_ATTRIBUTE plain[] = { YES(CKA_WRAP), YES(CKA_UNWRAP) };
	const CK_ATTRIBUTE goes[] = { YES(CKA_EXTRACTABLE) };
	const CK_ATTRIBUTE open[] = { NO(CKA_SENSITIVE) };
	const CK_ATTRIBUTE again[] = { YES(CKA_EXTRACTABLE) };
	const CK_ATTRIBUTE derive[] = { YES(CKA_DERIVE) };
	const CK_OBJECT_HANDLE strict = attack_key(SESSION, with_rule, 3);
	const CK_OBJECT_HANDLE loose = attack_key(SESSION, plain, 2);
	CK_BYTE blob[4096];
	CK_ULONG len;

	for (enum home home = DERIVED; home < HOMES; home++) {
		const CK_OBJECT_HANDLE key = attack_key(home, goes, 1);
		CK_OBJECT_HANDLE back = 4711;

		test_eq(attack_wrap(CKM_AES_KEY_WRAP, strict, key, blob, &len), CKR_OK, "%s: wrapped", home_names[home]);
		test_ok(!has_value(blob, len, attack_value), "%s: the blob does not show it", home_names[home]);
		test_eq(attack_unwrap(CKM_AES_KEY_WRAP, strict, blob, len, open, 1, &back), CKR_TEMPLATE_INCONSISTENT, "CKA_UNWRAP_TEMPLATE: not readable");
		test_eq(attack_unwrap(CKM_AES_KEY_WRAP, strict, blob, len, again, 1, &back), CKR_TEMPLATE_INCONSISTENT, "not extractable");
		test_eq(attack_unwrap(CKM_AES_KEY_WRAP, strict, blob, len, derive, 1, &back), CKR_TEMPLATE_INCONSISTENT, "not for another use");
		test_eq(back, 4711, "no handle");
		test_eq(attack_unwrap(CKM_AES_KEY_WRAP, strict, blob, len, NULL, 0, &back), CKR_OK, "as the rule has it");
		test_eq(mod_attr_rv(attack_session, back, CKA_VALUE), CKR_ATTRIBUTE_SENSITIVE, "and closed");
		test_ok(!mod_bool(attack_session, back, CKA_ALWAYS_SENSITIVE) && !mod_bool(attack_session, back, CKA_NEVER_EXTRACTABLE) &&
		        !mod_bool(attack_session, back, CKA_LOCAL) && !mod_bool(attack_session, back, CKA_TRUSTED), "with no good history");
		for (size_t i = 0; i < 3; i++)
			test_ok(attack_unwrap(by_aes[i], strict, blob, 32, NULL, 0, &back) == CKR_MECHANISM_INVALID, "nor in a mode that notices no changes");
		/* What the standard means by extractable, and what CKA_UNWRAP_TEMPLATE and CKA_WRAP_WITH_TRUSTED are for. */
		test_eq(attack_wrap(CKM_AES_KEY_WRAP, loose, key, blob, &len), CKR_OK, "%s: with no rule", home_names[home]);
		test_eq(attack_unwrap(CKM_AES_KEY_WRAP, loose, blob, len, open, 1, &back), CKR_OK, "an extractable key comes back readable");
		(void)p11->C_DestroyObject(attack_session, key);
	}
}

static void
sql(const char *text)
{
	char path[4096];
	char *why = NULL;
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/store.db", getenv("SEEDLEAF_STORE"));
	if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, text, NULL, NULL, &why) != SQLITE_OK)
		test_bail("%s: %s", text, why == NULL ? "?" : why);
	(void)sqlite3_close(db);
}

/* A key that the administrator trusts: written where only he writes. */
static CK_OBJECT_HANDLE
trusted(const char *label, const CK_ATTRIBUTE *more, CK_ULONG n)
{
	CK_ATTRIBUTE template[8] = { T_BYTES(CKA_LABEL, label, strlen(label)), YES(CKA_TOKEN), T_ULONG(CKA_VALUE_LEN, 32) };
	CK_MECHANISM gen = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_OBJECT_HANDLE key = 0;
	char text[400];

	memcpy(template + 3, more, n * sizeof(*more));
	if (p11->C_GenerateKey(attack_session, &gen, template, 3 + n, &key) != CKR_OK)
		test_bail("no key to trust");
	mod_fini();
	(void)snprintf(text, sizeof(text), "UPDATE attribute SET value = 1 WHERE type = %lu AND object = "
	               "(SELECT id FROM object WHERE label = CAST('%s' AS BLOB))", CKA_TRUSTED, label);
	sql(text);
	mod_init();
	attack_session = mod_open(SLOT_OWNER, true);
	key = mod_the(attack_session, CKO_SECRET_KEY, label);
	if (!mod_bool(attack_session, key, CKA_TRUSTED))
		test_bail("not trusted");
	return key;
}

/* 5: CKA_WRAP_WITH_TRUSTED, and how the trusted key could be come by. */
static void
only_trusted(void)
{
	const CK_ATTRIBUTE closed[] = { YES(CKA_EXTRACTABLE), YES(CKA_WRAP_WITH_TRUSTED) };
	const CK_ATTRIBUTE wraps[] = { YES(CKA_WRAP), YES(CKA_UNWRAP) };
	const CK_ATTRIBUTE both[] = { YES(CKA_WRAP), YES(CKA_DECRYPT) };
	const CK_ATTRIBUTE trust[] = { YES(CKA_TRUSTED) };
	const CK_ATTRIBUTE readable[] = { NO(CKA_SENSITIVE) };
	const CK_ATTRIBUTE free_again[] = { NO(CKA_WRAP_WITH_TRUSTED), YES(CKA_EXTRACTABLE) };
	const CK_ATTRIBUTE goes[] = { YES(CKA_EXTRACTABLE) };
	const CK_OBJECT_HANDLE first = trusted("trusted, decrypts", both, 2);
	const CK_OBJECT_HANDLE good = trusted("trusted", wraps, 2);
	const CK_OBJECT_HANDLE dual = first == 0 ? 0 : mod_the(attack_session, CKO_SECRET_KEY, "trusted, decrypts");
	const CK_OBJECT_HANDLE own = attack_key(SESSION, wraps, 2);
	CK_ATTRIBUTE create[] = { SECRET(CKK_AES), T_BYTES(CKA_VALUE, kek_value, 32), YES(CKA_TRUSTED) };
	CK_OBJECT_HANDLE got = 4711;
	CK_BYTE blob[4096];
	CK_ULONG len;

	test_eq(p11->C_CreateObject(attack_session, create, 4, &got), CKR_ATTRIBUTE_READ_ONLY, "no trusted key is imported");
	test_eq(attack_set(own, CKA_TRUSTED, true), CKR_ATTRIBUTE_READ_ONLY, "nor is one made by changing it");
	test_eq(attack_copy(own, CKA_TRUSTED, true, &got), CKR_ATTRIBUTE_READ_ONLY, "nor by copying it");
	for (enum home home = DERIVED; home < HOMES; home++) {
		const CK_OBJECT_HANDLE key = attack_key(home, closed, 2);
		CK_OBJECT_HANDLE back = 0;

		test_eq(attack_wrap(CKM_AES_KEY_WRAP, own, key, blob, &len), CKR_KEY_NOT_WRAPPABLE, "%s: not with the user's key", home_names[home]);
		test_eq(attack_wrap(CKM_RSA_PKCS_OAEP, attackers_rsa(), key, blob, &len), CKR_KEY_NOT_WRAPPABLE, "nor with an RSA key");
		test_eq(attack_wrap(CKM_AES_KEY_WRAP, dual, key, blob, &len), CKR_KEY_NOT_WRAPPABLE, "nor with a trusted key that decrypts");
		test_eq(attack_set(key, CKA_WRAP_WITH_TRUSTED, false), CKR_ATTRIBUTE_READ_ONLY, "it stays so");
		test_eq(attack_copy(key, CKA_WRAP_WITH_TRUSTED, false, &got), CKR_ATTRIBUTE_READ_ONLY, "its copy, too");
		test_eq(attack_wrap(CKM_AES_KEY_WRAP, good, key, blob, &len), CKR_OK, "with the trusted key");
		test_eq(attack_unwrap(CKM_AES_KEY_WRAP, good, blob, len, readable, 1, &got), CKR_TEMPLATE_INCONSISTENT, "it does not come back readable");
		test_eq(attack_unwrap(CKM_AES_KEY_WRAP, good, blob, len, free_again, 2, &got), CKR_TEMPLATE_INCONSISTENT, "nor for any wrapping key");
		test_eq(attack_unwrap(CKM_AES_KEY_WRAP, good, blob, len, trust, 1, &got), CKR_ATTRIBUTE_READ_ONLY, "nor trusted");
		test_eq(attack_unwrap(CKM_AES_KEY_WRAP, good, blob, len, goes, 1, &back), CKR_OK, "it comes back");
		test_ok(mod_bool(attack_session, back, CKA_SENSITIVE) && mod_bool(attack_session, back, CKA_WRAP_WITH_TRUSTED), "as it went");
		test_eq(attack_wrap(CKM_AES_KEY_WRAP, own, back, blob, &len), CKR_KEY_NOT_WRAPPABLE, "and goes with trusted keys only");
		(void)p11->C_DestroyObject(attack_session, key);
	}
	test_eq(got, 4711, "no handle");
}

/* 6: derivations that can be turned back, or that give pieces: Clulow 3.4 and 2.4; Delaune et al. on XOR. */
static void
derive_back(enum home home)
{
	static CK_BYTE zeros[32];
	const CK_ATTRIBUTE uses[] = { YES(CKA_DERIVE), YES(CKA_SIGN), NO(CKA_EXTRACTABLE) };
	const CK_OBJECT_HANDLE key = attack_key(home, uses, 3);
	const CK_OBJECT_HANDLE known = attack_known(CKK_GENERIC_SECRET, zeros, 1, uses, 1);
	CK_KEY_DERIVATION_STRING_DATA data = { zeros, 32 };
	CK_KEY_DERIVATION_STRING_DATA one = { zeros, 1 };
	CK_ULONG bit = 0;
	CK_OBJECT_HANDLE other = key;
	const struct {
		const char *name;
		CK_MECHANISM_TYPE mechanism;
		CK_OBJECT_HANDLE base;
		void *param;
		CK_ULONG len;
		CK_ULONG all;
	} ways[] = {
		{ "XOR", CKM_XOR_BASE_AND_DATA, key, &data, sizeof(data), 32 },
		{ "base and data", CKM_CONCATENATE_BASE_AND_DATA, key, &one, sizeof(one), 33 },
		{ "data and base", CKM_CONCATENATE_DATA_AND_BASE, key, &one, sizeof(one), 33 },
		{ "base and key", CKM_CONCATENATE_BASE_AND_KEY, known, &other, sizeof(other), 33 },
		{ "extract", CKM_EXTRACT_KEY_FROM_KEY, key, &bit, sizeof(bit), 32 },
	};

	for (size_t i = 0; i < LEN(ways); i++) {
		const char *name = ways[i].name;
		CK_OBJECT_HANDLE got = 4711;
		const CK_ATTRIBUTE readable[] = { NO(CKA_SENSITIVE), T_ULONG(CKA_VALUE_LEN, ways[i].all) };
		const CK_ATTRIBUTE goes[] = { YES(CKA_EXTRACTABLE), T_ULONG(CKA_VALUE_LEN, ways[i].all) };
		const CK_ATTRIBUTE closed[] = { T_ULONG(CKA_VALUE_LEN, ways[i].all) };

		test_eq(attack_derive(ways[i].mechanism, ways[i].param, ways[i].len, ways[i].base, readable, 2, &got), CKR_TEMPLATE_INCONSISTENT,
		        "%s, %s: not readable", home_names[home], name);
		test_eq(attack_derive(ways[i].mechanism, ways[i].param, ways[i].len, ways[i].base, goes, 2, &got), CKR_TEMPLATE_INCONSISTENT,
		        "%s: nor extractable", name);
		for (CK_ULONG n = 1; n < 32; n++) {
			const CK_ATTRIBUTE piece[] = { T_ULONG(CKA_VALUE_LEN, n) };

			if (attack_derive(ways[i].mechanism, ways[i].param, ways[i].len, ways[i].base, piece, 1, &got) == CKR_OK)
				test_bail("%s: a piece of %lu bytes", name, n);
		}
		test_eq(got, 4711, "%s: nor a piece of it", name);
		test_eq(attack_derive(ways[i].mechanism, ways[i].param, ways[i].len, ways[i].base, closed, 1, &got), CKR_OK, "%s: whole and closed", name);
		test_ok(mod_bool(attack_session, got, CKA_SENSITIVE) && !mod_bool(attack_session, got, CKA_EXTRACTABLE), "%s: as its base", name);
		test_ok(!mod_bool(attack_session, got, CKA_ALWAYS_SENSITIVE) ||
		        (mod_bool(attack_session, ways[i].base, CKA_ALWAYS_SENSITIVE) && mod_bool(attack_session, key, CKA_ALWAYS_SENSITIVE)),
		        "%s: no better history than its base", name);
	}
	(void)p11->C_DestroyObject(attack_session, key);
}

/* 7: what CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE say has always been so. */
static void
history(void)
{
	const CK_ATTRIBUTE open[] = { YES(CKA_EXTRACTABLE) };
	const CK_ATTRIBUTE derives[] = { YES(CKA_DERIVE) };
	CK_BYTE zeros[32] = { 0 };
	CK_KEY_DERIVATION_STRING_DATA data = { zeros, 32 };
	const CK_OBJECT_HANDLE known = attack_known(CKK_AES, attack_value, 32, derives, 1);
	CK_OBJECT_HANDLE got = 0;
	CK_OBJECT_HANDLE copy = 0;

	for (enum home home = DERIVED; home < HOMES; home++) {
		const CK_OBJECT_HANDLE key = attack_key(home, open, 0);
		const CK_OBJECT_HANDLE goes = attack_key(home, open, 1);
		const bool here = home == DERIVED || home == SESSION;

		test_ok(mod_bool(attack_session, key, CKA_ALWAYS_SENSITIVE) == here && mod_bool(attack_session, key, CKA_NEVER_EXTRACTABLE) == here &&
		        mod_bool(attack_session, key, CKA_LOCAL) == here, "%s: good only where it was generated", home_names[home]);
		test_eq(attack_set(goes, CKA_EXTRACTABLE, false), CKR_OK, "%s: unextractable from now on", home_names[home]);
		test_ok(!mod_bool(attack_session, goes, CKA_NEVER_EXTRACTABLE), "%s: not since ever", home_names[home]);
		test_eq(attack_copy(goes, CKA_MODIFIABLE, true, &copy), CKR_OK, "%s: a copy", home_names[home]);
		test_ok(!mod_bool(attack_session, copy, CKA_NEVER_EXTRACTABLE), "%s: nor its copy", home_names[home]);
		test_eq(attack_set(key, CKA_ALWAYS_SENSITIVE, true), CKR_ATTRIBUTE_READ_ONLY, "%s: nobody says so himself", home_names[home]);
		(void)p11->C_DestroyObject(attack_session, key);
		(void)p11->C_DestroyObject(attack_session, goes);
		(void)p11->C_DestroyObject(attack_session, copy);
	}
	test_eq(attack_set(known, CKA_SENSITIVE, true), CKR_OK, "a readable key becomes sensitive");
	test_eq(attack_derive(CKM_XOR_BASE_AND_DATA, &data, sizeof(data), known, NULL, 0, &got), CKR_OK, "and another is made of it");
	test_ok(!mod_bool(attack_session, known, CKA_ALWAYS_SENSITIVE) && !mod_bool(attack_session, got, CKA_ALWAYS_SENSITIVE), "neither was always");
}

int
main(int argc, char **argv)
{
	(void)argc;
	attack_begin(argv);
	for (enum home home = DERIVED; home < HOMES; home++) {
		unextractable(home);
		derive_back(home);
	}
	wrap_and_decrypt();
	one_after_the_other();
	come_back();
	history();
	only_trusted();
	mod_fini();
	return test_done();
}
