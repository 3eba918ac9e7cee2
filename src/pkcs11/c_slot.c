/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "pkcs11/call.h"
#include "pkcs11/mech.h"
#include "pkcs11/pad.h"
#include "token/login.h"
#include "token/rv.h"

#include <string.h>

/* PKCS#11 3.0 section 5.5: slot and token management functions */

static bool
sessions_open(const struct sl_call *call)
{
	CK_ULONG all = 0;

	for (size_t i = 0; i < call->instance->n_tokens && all == 0; i++) {
		CK_ULONG rw;

		sl_session_count(call->sessions, call->instance->tokens[i], &all, &rw);
	}
	return all != 0;
}

static CK_RV
slot_list(const struct sl_call *call, bool present, CK_SLOT_ID *list, CK_ULONG *count)
{
	const CK_ULONG room = *count;
	CK_ULONG n = 0;

	/* A fresh look at the device, unless somebody is in the middle of using it. */
	if (present && list == NULL && !sessions_open(call))
		sl_device_forget(call->instance->device);
	for (size_t i = 0; i < call->instance->n_tokens; i++) {
		struct sl_token *token = call->instance->tokens[i];

		if (token->config->hidden || (present && sl_token_present(token, NULL) != SL_OK))
			continue;
		if (list != NULL && n < room)
			list[n] = token->slot;
		n++;
	}
	*count = n;
	return list != NULL && n > room ? CKR_BUFFER_TOO_SMALL : CKR_OK;
}

CK_RV
C_GetSlotList(CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *count)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_module(&call);

	if (rv == CKR_OK && count == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = slot_list(&call, present != CK_FALSE, list, count);
	return sl_call_end(&call, __func__, rv);
}

/* Two numbers of 16 bits in a TPM, of which there is room for the lower eight; `seedleaf status` shows them whole. */
static CK_VERSION
firmware(const struct sl_root_info *device)
{
	return (CK_VERSION){ (CK_BYTE)(device->firmware_major & 0xff), (CK_BYTE)(device->firmware_minor & 0xff) };
}

static void
describe_slot(struct sl_token *token, CK_SLOT_INFO *info)
{
	struct sl_root_info device;
	char text[80];

	*info = (CK_SLOT_INFO){ .hardwareVersion = { 0, 0 } };
	(void)snprintf(text, sizeof(text), "Seedleaf %s", token->config->name);
	sl_pad(info->slotDescription, sizeof(info->slotDescription), text);
	/* Section 3.2: a slot whose token may be absent has to say that it is removable. */
	info->flags = CKF_HW_SLOT | CKF_REMOVABLE_DEVICE;
	sl_pad(info->manufacturerID, sizeof(info->manufacturerID), "Seedleaf");
	if (sl_token_present(token, &device) != SL_OK)
		return;
	info->flags = CKF_HW_SLOT | CKF_TOKEN_PRESENT;
	sl_pad(info->manufacturerID, sizeof(info->manufacturerID), device.manufacturer);
	info->firmwareVersion = firmware(&device);
}

CK_RV
C_GetSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_slot(&call, slot);

	if (rv == CKR_OK && info == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		describe_slot(call.token, info);
	return sl_call_end(&call, __func__, rv);
}

/* One counter for everything on the device: it is both PINs'. */
static CK_FLAGS
counter_flags(struct sl_token *token)
{
	struct sl_lockout lockout;
	CK_FLAGS flags = 0;

	if (sl_root_lockout(token->root, &lockout) != SL_OK)
		return 0;
	if (sl_pin_count_low(token, lockout.failures))
		flags |= CKF_USER_PIN_COUNT_LOW | CKF_SO_PIN_COUNT_LOW;
	if (lockout.locked)
		flags |= CKF_USER_PIN_LOCKED | CKF_SO_PIN_LOCKED;
	else if (lockout.failures + 1 == lockout.max)
		flags |= CKF_USER_PIN_FINAL_TRY | CKF_SO_PIN_FINAL_TRY;
	return flags;
}

/*
 * Without CKF_LOGIN_REQUIRED, CKF_USER_PIN_INITIALIZED says that the token is usable as it is. NSS reads the two so and writes its own databases without
 * a password so; where the flag is missing it wants a SO's login and a new PIN before it imports a key.
 */
static CK_FLAGS
pin_flags(const struct sl_call *call, const struct sl_pin_state *pins)
{
	const struct sl_token_config *config = call->token->config;
	CK_FLAGS flags = 0;

	if (!pins->initialized)
		return CKF_USER_PIN_INITIALIZED;
	if (config->login == SL_LOGIN_REQUIRED || sl_login_asked(call->instance->config, config->name))
		flags |= CKF_LOGIN_REQUIRED;
	if (pins->user)
		flags |= CKF_USER_PIN_INITIALIZED;
	if (pins->to_be_changed)
		flags |= CKF_USER_PIN_TO_BE_CHANGED;
	return flags | counter_flags(call->token);
}

static CK_RV
describe_token(const struct sl_call *call, CK_TOKEN_INFO *info)
{
	struct sl_root_info device;
	struct sl_pin_state pins;
	char serial[17];
	CK_RV rv;

	if ((rv = sl_rv(sl_token_present(call->token, &device))) != CKR_OK || (rv = sl_rv(sl_token_serial(call->token, serial))) != CKR_OK)
		return rv == CKR_HOST_MEMORY ? rv : CKR_TOKEN_NOT_PRESENT;
	sl_pin_ask_again(call->token);
	if ((rv = sl_rv(sl_pin_state(call->token, &pins))) != CKR_OK)
		return rv;
	*info = (CK_TOKEN_INFO){
		.flags = CKF_RNG | CKF_TOKEN_INITIALIZED | CKF_DUAL_CRYPTO_OPERATIONS | pin_flags(call, &pins),
		.ulMinPinLen = SL_PIN_MIN,
		.ulMaxPinLen = SL_PIN_MAX,
		.ulMaxSessionCount = CK_EFFECTIVELY_INFINITE,
		.ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE,
		.ulTotalPublicMemory = CK_UNAVAILABLE_INFORMATION,
		.ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION,
		.ulTotalPrivateMemory = CK_UNAVAILABLE_INFORMATION,
		.ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION,
		.firmwareVersion = firmware(&device),
	};
	if (!sl_store_writable(call->instance->store))
		info->flags |= CKF_WRITE_PROTECTED;
	sl_pad(info->label, sizeof(info->label), pins.label[0] != '\0' ? pins.label : call->token->config->label);
	sl_pad(info->manufacturerID, sizeof(info->manufacturerID), device.manufacturer);
	sl_pad(info->model, sizeof(info->model), device.model);
	sl_pad(info->serialNumber, sizeof(info->serialNumber), serial);
	memset(info->utcTime, ' ', sizeof(info->utcTime));
	sl_session_count(call->sessions, call->token, &info->ulSessionCount, &info->ulRwSessionCount);
	return CKR_OK;
}

CK_RV
C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_slot(&call, slot);

	if (rv == CKR_OK && info == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = describe_token(&call, info);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_WaitForSlotEvent(CK_FLAGS flags, CK_SLOT_ID *slot, void *reserved)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_module(&call);

	if (rv == CKR_OK && (slot == NULL || reserved != NULL))
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK && (flags & CKF_DONT_BLOCK) != 0)
		rv = CKR_NO_EVENT;
	rv = sl_call_end(&call, __func__, rv);
	return rv == CKR_OK ? sl_call_wait_for_finalize() : rv;
}

static CK_RV
mechanism_list(CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	const CK_ULONG room = *count;
	size_t n;
	const struct sl_mech *mechs = sl_mech_rows(&n);

	*count = n;
	if (list != NULL && room < n)
		return CKR_BUFFER_TOO_SMALL;
	for (size_t i = 0; list != NULL && i < n; i++)
		list[i] = mechs[i].type;
	return CKR_OK;
}

CK_RV
C_GetMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_slot(&call, slot);

	if (rv == CKR_OK && count == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = sl_rv(sl_token_present(call.token, NULL));
	if (rv == CKR_OK)
		rv = mechanism_list(list, count);
	return sl_call_end(&call, __func__, rv);
}

CK_RV
C_GetMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info)
{
	struct sl_call call;
	CK_RV rv = sl_call_begin_slot(&call, slot);
	const struct sl_mech *mech = sl_mech_find(type);

	if (rv == CKR_OK && info == NULL)
		rv = CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = sl_rv(sl_token_present(call.token, NULL));
	if (rv == CKR_OK && mech == NULL)
		rv = CKR_MECHANISM_INVALID;
	if (rv == CKR_OK)
		*info = mech->info;
	return sl_call_end(&call, __func__, rv);
}
