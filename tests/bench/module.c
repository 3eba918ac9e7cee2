/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "bench.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* Getting a module, its token and its keys. */

#define SLOTS_MAX 16
static CK_BYTE so_pin[] = "12345678";
static CK_BYTE user_pin[] = "1234";
static CK_BBOOL yes = CK_TRUE;

static void
must(CK_RV rv, const char *what)
{
	if (rv != CKR_OK)
		bench_die("%s: 0x%08lx", what, rv);
}

CK_FUNCTION_LIST *
bench_load(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	CK_FUNCTION_LIST *f = NULL;
	CK_RV (*get)(CK_FUNCTION_LIST **list);

	if (handle == NULL)
		bench_die("%s", dlerror());
	*(void **)&get = dlsym(handle, "C_GetFunctionList");
	if (get == NULL || get(&f) != CKR_OK)
		bench_die("%s: no C_GetFunctionList", path);
	return f;
}

void
bench_initialize(CK_FUNCTION_LIST *f)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	must(f->C_Initialize(&args), "C_Initialize");
}

CK_SESSION_HANDLE
bench_session(const struct bench_module *module)
{
	CK_SESSION_HANDLE session;

	must(module->f->C_OpenSession(module->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session), "C_OpenSession");
	return session;
}

static void
init_token(const struct bench_module *module)
{
	CK_UTF8CHAR label[32];
	CK_SESSION_HANDLE session;

	memset(label, ' ', sizeof(label));
	memcpy(label, "bench", 5);
	must(module->f->C_InitToken(module->slot, so_pin, sizeof(so_pin) - 1, label), "C_InitToken");
	session = bench_session(module);
	must(module->f->C_Login(session, CKU_SO, so_pin, sizeof(so_pin) - 1), "C_Login, SO");
	must(module->f->C_InitPIN(session, user_pin, sizeof(user_pin) - 1), "C_InitPIN");
	must(module->f->C_CloseSession(session), "C_CloseSession");
}

void
bench_open(struct bench_module *module)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG n = SLOTS_MAX;
	CK_TOKEN_INFO info;

	must(module->f->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	if (n == 0)
		bench_die("%s: no token", module->name);
	module->slot = slots[0];
	must(module->f->C_GetTokenInfo(module->slot, &info), "C_GetTokenInfo");
	if ((info.flags & CKF_TOKEN_INITIALIZED) == 0) {
		init_token(module);
		must(module->f->C_GetTokenInfo(module->slot, &info), "C_GetTokenInfo");
	}
	module->session = bench_session(module);
	if ((info.flags & CKF_LOGIN_REQUIRED) != 0)
		must(module->f->C_Login(module->session, CKU_USER, user_pin, sizeof(user_pin) - 1), "C_Login");
}

CK_OBJECT_HANDLE
bench_find(const struct bench_module *module, CK_OBJECT_CLASS class, const char *label)
{
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_LABEL, (void *)(uintptr_t)label, strlen(label) } };
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_ULONG n = 0;

	must(module->f->C_FindObjectsInit(module->session, template, 2), "C_FindObjectsInit");
	must(module->f->C_FindObjects(module->session, &object, 1, &n), "C_FindObjects");
	must(module->f->C_FindObjectsFinal(module->session), "C_FindObjectsFinal");
	return n == 0 ? CK_INVALID_HANDLE : object;
}

static bool
generate_secret(struct bench_module *module, CK_SESSION_HANDLE session, enum bench_key key, CK_BBOOL on_token, CK_OBJECT_HANDLE ret_keys[2])
{
	CK_MECHANISM mechanism = { key == BENCH_AES ? CKM_AES_KEY_GEN : CKM_GENERIC_SECRET_KEY_GEN, NULL, 0 };
	CK_ULONG len = 32;
	CK_ATTRIBUTE template[] = {
		{ CKA_TOKEN, &on_token, sizeof(on_token) }, { CKA_VALUE_LEN, &len, sizeof(len) },
		{ CKA_LABEL, (void *)(uintptr_t)bench_key_label(key), strlen(bench_key_label(key)) },
		{ key == BENCH_AES ? CKA_ENCRYPT : CKA_SIGN, &yes, sizeof(yes) },
	};

	ret_keys[0] = CK_INVALID_HANDLE;
	return module->f->C_GenerateKey(session, &mechanism, template, 4, &ret_keys[1]) == CKR_OK;
}

static CK_ATTRIBUTE
size_attribute(enum bench_key key)
{
	static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	static CK_BYTE p384[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
	static CK_BYTE ed25519[] = "\x13\x0c" "edwards25519";
	static CK_ULONG bits[] = { 2048, 3072 };

	switch (key) {
	case BENCH_P256:
		return (CK_ATTRIBUTE){ CKA_EC_PARAMS, p256, sizeof(p256) };
	case BENCH_P384:
		return (CK_ATTRIBUTE){ CKA_EC_PARAMS, p384, sizeof(p384) };
	case BENCH_ED25519:
		return (CK_ATTRIBUTE){ CKA_EC_PARAMS, ed25519, sizeof(ed25519) - 1 };
	default:
		return (CK_ATTRIBUTE){ CKA_MODULUS_BITS, &bits[key == BENCH_RSA3072], sizeof(CK_ULONG) };
	}
}

static CK_MECHANISM_TYPE
generator(enum bench_key key)
{
	if (key == BENCH_ED25519)
		return CKM_EC_EDWARDS_KEY_PAIR_GEN;
	return key == BENCH_P256 || key == BENCH_P384 ? CKM_EC_KEY_PAIR_GEN : CKM_RSA_PKCS_KEY_PAIR_GEN;
}

bool
bench_generate(struct bench_module *module, CK_SESSION_HANDLE session, enum bench_key key, bool on_token, CK_OBJECT_HANDLE ret_keys[2])
{
	static CK_BYTE e[] = { 1, 0, 1 };
	const char *label = bench_key_label(key);
	const bool rsa = key == BENCH_RSA2048 || key == BENCH_RSA3072;
	CK_MECHANISM mechanism = { generator(key), NULL, 0 };
	CK_BBOOL token = on_token ? CK_TRUE : CK_FALSE;
	CK_ATTRIBUTE public[] = {
		{ CKA_TOKEN, &token, sizeof(token) }, { CKA_VERIFY, &yes, sizeof(yes) },
		{ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) }, { CKA_ID, (void *)(uintptr_t)label, strlen(label) }, size_attribute(key),
		{ CKA_PUBLIC_EXPONENT, e, sizeof(e) },
	};
	CK_ATTRIBUTE private[] = {
		{ CKA_TOKEN, &token, sizeof(token) }, { CKA_PRIVATE, &yes, sizeof(yes) }, { CKA_SIGN, &yes, sizeof(yes) },
		{ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) }, { CKA_ID, (void *)(uintptr_t)label, strlen(label) },
		{ CKA_DERIVE, &yes, sizeof(yes) },
	};

	if (bench_is_secret(key))
		return generate_secret(module, session, key, token, ret_keys);
	return module->f->C_GenerateKeyPair(session, &mechanism, public, rsa ? 6 : 5, private, key == BENCH_P256 ? 6 : 5, &ret_keys[0],
	                                    &ret_keys[1]) == CKR_OK;
}

bool
bench_module_key(struct bench_module *module, enum bench_key key)
{
	const bool secret = bench_is_secret(key);
	CK_OBJECT_HANDLE keys[2];

	if (key == BENCH_KEYS || module->private[key] != CK_INVALID_HANDLE)
		return true;
	module->private[key] = bench_find(module, secret ? CKO_SECRET_KEY : CKO_PRIVATE_KEY, bench_key_label(key));
	if (module->private[key] != CK_INVALID_HANDLE) {
		module->public[key] = secret ? CK_INVALID_HANDLE : bench_find(module, CKO_PUBLIC_KEY, bench_key_label(key));
		return true;
	}
	if (!bench_generate(module, module->session, key, true, keys))
		return false;
	module->public[key] = keys[0];
	module->private[key] = keys[1];
	return true;
}
