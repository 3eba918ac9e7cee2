/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "module/attack.h"

#include <string.h>

const char *const home_names[HOMES] = { "derived", "sealed", "session", "imported" };
const CK_BYTE attack_value[32] = "what nobody may ever come to see";
CK_SESSION_HANDLE attack_session;

void
attack_begin(char **argv)
{
	mod_begin(argv);
	mod_init();
	attack_session = mod_open(SLOT_OWNER, true);
}

CK_OBJECT_HANDLE
attack_key(enum home home, const CK_ATTRIBUTE *more, CK_ULONG n)
{
	const bool token = home == DERIVED || home == SEALED;
	const bool generated = home == DERIVED || home == SESSION;
	CK_MECHANISM gen = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ATTRIBUTE template[20] = { SECRET(CKK_AES), YES(CKA_SENSITIVE), T_BOOL(CKA_TOKEN, token),
		                      T_ULONG(CKA_VALUE_LEN, 32), T_TEXT(CKA_LABEL, "victim") };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv;

	if (!generated)
		template[4] = (CK_ATTRIBUTE)T_BYTES(CKA_VALUE, attack_value, 32);
	memcpy(template + 6, more, n * sizeof(*more));
	rv = generated ? p11->C_GenerateKey(attack_session, &gen, template, 6 + n, &key) : p11->C_CreateObject(attack_session, template, 6 + n, &key);
	if (rv != CKR_OK)
		test_bail("no %s key: 0x%lx", home_names[home], rv);
	return key;
}

CK_OBJECT_HANDLE
attack_known(CK_KEY_TYPE type, const void *value, CK_ULONG len, const CK_ATTRIBUTE *more, CK_ULONG n)
{
	CK_ATTRIBUTE template[20] = { SECRET(type), NO(CKA_SENSITIVE), YES(CKA_EXTRACTABLE), T_BYTES(CKA_VALUE, value, len) };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv;

	if (n != 0)
		memcpy(template + 5, more, n * sizeof(*more));
	rv = p11->C_CreateObject(attack_session, template, 5 + n, &key);
	if (rv != CKR_OK)
		test_bail("no known key: 0x%lx", rv);
	return key;
}

CK_MECHANISM
attack_mechanism(CK_MECHANISM_TYPE type)
{
	static CK_BYTE iv[16] = { 7 };
	static CK_GCM_PARAMS gcm = { iv, 12, 96, NULL, 0, 128 };
	static CK_CCM_PARAMS ccm = { 0, iv, 12, NULL, 0, 16 };
	static CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0 };

	switch (type) {
	case CKM_AES_CBC:
	case CKM_AES_CBC_PAD:
		return (CK_MECHANISM){ type, iv, sizeof(iv) };
	case CKM_AES_GCM:
		return (CK_MECHANISM){ type, &gcm, sizeof(gcm) };
	case CKM_AES_CCM:
		return (CK_MECHANISM){ type, &ccm, sizeof(ccm) };
	case CKM_RSA_PKCS_OAEP:
		return (CK_MECHANISM){ type, &oaep, sizeof(oaep) };
	default:
		return (CK_MECHANISM){ type, NULL, 0 };
	}
}

CK_RV
attack_wrap(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE by, CK_OBJECT_HANDLE key, CK_BYTE blob[4096], CK_ULONG *len)
{
	CK_MECHANISM m = attack_mechanism(mechanism);

	*len = 4096;
	return p11->C_WrapKey(attack_session, &m, by, key, blob, len);
}

CK_RV
attack_unwrap(CK_MECHANISM_TYPE mechanism, CK_OBJECT_HANDLE by, const CK_BYTE *blob, CK_ULONG len, const CK_ATTRIBUTE *more, CK_ULONG n,
              CK_OBJECT_HANDLE *ret_key)
{
	CK_MECHANISM m = attack_mechanism(mechanism);
	CK_ATTRIBUTE template[20] = { SECRET(CKK_AES) };

	if (n != 0)
		memcpy(template + 2, more, n * sizeof(*more));
	return p11->C_UnwrapKey(attack_session, &m, by, (CK_BYTE *)(uintptr_t)blob, len, template, 2 + n, ret_key);
}

CK_RV
attack_derive(CK_MECHANISM_TYPE mechanism, void *param, CK_ULONG param_len, CK_OBJECT_HANDLE base, const CK_ATTRIBUTE *template, CK_ULONG n,
              CK_OBJECT_HANDLE *ret_key)
{
	CK_MECHANISM m = { mechanism, param, param_len };

	return p11->C_DeriveKey(attack_session, &m, base, (CK_ATTRIBUTE *)(uintptr_t)template, n, ret_key);
}

CK_RV
attack_set(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, bool value)
{
	CK_ATTRIBUTE a = T_BOOL(type, value);

	return p11->C_SetAttributeValue(attack_session, key, &a, 1);
}

CK_RV
attack_copy(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, bool value, CK_OBJECT_HANDLE *ret_copy)
{
	CK_ATTRIBUTE a = T_BOOL(type, value);

	return p11->C_CopyObject(attack_session, key, &a, 1, ret_copy);
}
