/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/module.h"

#include <string.h>

/* Objects that say what the token is: profiles and mechanisms (PKCS#11 3.0 sections 4.12 and 4.13). */

static CK_SESSION_HANDLE s;

static void
fixed(CK_OBJECT_CLASS class, const char *name)
{
	CK_ATTRIBUTE template[] = { T_ULONG(CKA_CLASS, class) };
	CK_ATTRIBUTE label[] = { T_TEXT(CKA_LABEL, "mine") };
	CK_OBJECT_HANDLE object = 0;
	CK_OBJECT_HANDLE copy = 4711;
	const CK_ULONG n = mod_find(s, template, 1, &object, 1);

	test_eq(p11->C_DestroyObject(s, object), CKR_ACTION_PROHIBITED, "%s: not destroyed", name);
	test_eq(p11->C_CopyObject(s, object, NULL, 0, &copy), CKR_ACTION_PROHIBITED, "%s: not copied", name);
	test_ok(p11->C_SetAttributeValue(s, object, label, 1) != CKR_OK && copy == 4711, "%s: not changed", name);
	test_eq(mod_find(s, template, 1, NULL, 0), n, "%s: all there still", name);
}

int
main(int argc, char **argv)
{
	CK_ATTRIBUTE by_class[] = { T_ULONG(CKA_CLASS, CKO_MECHANISM) };
	CK_ATTRIBUTE by_type[] = { T_ULONG(CKA_CLASS, CKO_MECHANISM), T_ULONG(CKA_MECHANISM_TYPE, CKM_ECDSA) };
	CK_ATTRIBUTE by_none[] = { T_ULONG(CKA_CLASS, CKO_MECHANISM), T_ULONG(CKA_MECHANISM_TYPE, 0x4711) };
	CK_OBJECT_HANDLE found[256];
	CK_MECHANISM_TYPE list[256];
	CK_ULONG n_list = LEN(list);
	CK_ULONG same = 0;
	CK_ULONG n;

	(void)argc;
	mod_begin(argv);
	mod_init();
	s = mod_open(SLOT_OWNER, true);
	test_eq(mod_find(s, NULL, 0, NULL, 0), 0, "a search for everything finds nothing");
	n = mod_find(s, by_class, 1, found, LEN(found));
	test_eq(p11->C_GetMechanismList(SLOT_OWNER, list, &n_list), CKR_OK, "the list");
	test_eq(n, n_list, "as many mechanism objects as mechanisms");
	for (CK_ULONG i = 0; i < n && i < n_list; i++)
		for (CK_ULONG k = 0; k < n_list; k++)
			same += mod_ulong(s, found[i], CKA_MECHANISM_TYPE) == list[k];
	test_eq(same, n, "and the same");
	test_eq(mod_find(s, by_type, 2, found, 1), 1, "one by its type");
	test_eq(mod_ulong(s, found[0], CKA_MECHANISM_TYPE), CKM_ECDSA, "is it");
	test_eq(mod_find(s, by_none, 2, NULL, 0), 0, "none by a type that is none");
	test_eq(mod_find(s, by_class, 1, found + 100, 1), 1 + n_list - 1, "the same number again");
	test_eq(mod_find(s, NULL, 0, NULL, 0), 0, "a search for everything finds none of them");
	fixed(CKO_MECHANISM, "a mechanism");
	fixed(CKO_PROFILE, "a profile");
	mod_fini();
	return test_done();
}
