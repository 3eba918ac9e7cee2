/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/export_tss2.h"

#include "base/fs.h"
#include "root/sealed.h"
#include "token/seal.h"
#include "tool/encode.h"
#include "tool/secret_input.h"

static enum sl_err
refuse(struct sl_msg *msg, enum sl_err err, const char *label, const char *why)
{
	sl_msg_set(msg, "%.150s: %s", label, why);
	return err;
}

static enum sl_err
write_pem(const uint8_t *der, size_t len, const char *path, struct sl_msg *msg)
{
	SL_FREE char *text = NULL;
	size_t text_len;
	FILE *f = open_memstream(&text, &text_len);

	if (f == NULL)
		return SL_ERR_MEMORY;
	sl_encode_pem(f, "TSS2 PRIVATE KEY", der, len);
	if (fclose(f) != 0)
		return SL_ERR_MEMORY;
	if (path != NULL)
		return sl_fs_write_text(path, text, 0600, 0, msg);
	(void)fputs(text, stdout);
	return SL_OK;
}

/*
 * A key that is bound to the token secret opens with the PIN alone. Without that binding, whoever has the file and the TPM has the key: so much as
 * CKA_EXTRACTABLE allows, and no more where it may only be wrapped by trusted keys.
 */
static enum sl_err
may_leave(const struct sl_object *object, const struct sl_tool_args *args, struct sl_msg *msg)
{
	const bool open = sl_args_value(args, "no-auth") != NULL;

	if (!sl_attrs_bool(&object->attrs, CKA_EXTRACTABLE, false))
		return refuse(msg, SL_ERR_ACCESS, args->operand, "only the token's PIN opens it, and it is not extractable (CKA_EXTRACTABLE): it stays here");
	if (sl_attrs_bool(&object->attrs, CKA_WRAP_WITH_TRUSTED, false))
		return refuse(msg, SL_ERR_ACCESS, args->operand, "only the token's PIN opens it, and only trusted keys may wrap it: it stays here");
	if (!open && sl_args_value(args, "auth-file") == NULL)
		return refuse(msg, SL_ERR_ARG, args->operand, "the token's PIN opens it; expected --auth-file with what is to open the file, or --no-auth");
	return SL_OK;
}

static enum sl_err
seal_anew(const struct sl_found *found, const struct sl_tool_args *args, struct sl_msg *msg)
{
	const char *path = sl_args_value(args, "auth-file");
	const struct sl_secret_ask ask = { .what = "authorization", .option = "auth-file", .from = path, .min = 1, .max = SL_SEAL_AUTH_MAX };
	SL_CLEANUP(sl_key_unref) struct sl_key *key = NULL;
	SL_SECRET auth = { 0 };
	SL_FREE uint8_t *der = NULL;
	size_t len = 0;
	enum sl_err err;

	if (path != NULL && (err = sl_secret_input(&ask, &auth, msg)) != SL_OK)
		return err;
	if ((err = sl_token_key(found->token, found->object, &key)) == SL_OK)
		err = sl_seal_export(found->token, key, &auth, &der, &len);
	if (err == SL_ERR_RANGE)
		return refuse(msg, SL_ERR_UNSUPPORTED, args->operand,
		              "longer than the 128 bytes that one TPM object holds; it is kept encrypted under a sealed key, which no other tool "
		              "reads: there is no TSS2 PRIVATE KEY of it");
	if (err != SL_OK) {
		sl_root_trouble(found->token->root, msg);
		return err;
	}
	return write_pem(der, len, sl_args_value(args, "output"), msg);
}

enum sl_err
sl_export_tss2(const struct sl_found *found, const struct sl_tool_args *args, struct sl_msg *msg)
{
	const struct sl_material *material = found->object->material;
	const struct sl_sealed_key *sealed = material == NULL ? NULL : sl_material_sealed(material);
	enum sl_err err;

	if (sealed == NULL)
		return refuse(msg, SL_ERR_UNSUPPORTED, args->operand,
		              "a derived key: nothing of it is sealed, and what it is derived from stays in the TPM");
	if (sl_sealed_is_keyed(sealed->blob, sealed->len))
		return refuse(msg, SL_ERR_UNSUPPORTED, args->operand, "sealed by a key that the kernel keeps: no TPM opens it");
	if (sealed->bound && (err = may_leave(found->object, args, msg)) != SL_OK)
		return err;
	/* What is kept is what anybody with the store has. */
	if (sealed->bound || sealed->form != SL_SEAL_FORM_RAW || sl_sealed_is_hybrid(sealed->blob, sealed->len) ||
	    sl_args_value(args, "auth-file") != NULL)
		return seal_anew(found, args, msg);
	return write_pem(sealed->blob, sealed->len, sl_args_value(args, "output"), msg);
}
