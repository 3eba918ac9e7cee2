/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/keyring_root.h"

#include "base/fs.h"
#include "base/text.h"
#include "root/keyring_hash.h"
#include "root/keyring_make.h"
#include "tool/device.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_HANDLE "0x81000001"
#define WANT "expected keyring:trusted:NAME or keyring:encrypted:NAME"

/* What both commands are told. */
struct task {
	struct sl_root_spec spec; /* key_type and key_name, borrowed */
	const char *path;  /* the blob's place: a file, */
	uint32_t index;    /* or an NV index */
	const char *tcti;
	struct sl_root_spec owner;
	struct sl_keyring_recipe recipe;
};

static bool
is_handle(const char *text)
{
	uint8_t bytes[4];
	size_t len;

	return strncmp(text, "0x81", 4) == 0 && sl_text_hex(text + 2, bytes, sizeof(bytes), &len) && len == sizeof(bytes);
}

/* It goes into a line for the kernel, between blanks. */
static bool
is_name(const char *name)
{
	const size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return len >= 1 && len <= 255;
}

static bool
is_master(const char *text)
{
	return is_name(strncmp(text, "trusted:", 8) == 0 ? text + 8 : strncmp(text, "user:", 5) == 0 ? text + 5 : "");
}

/* keyring:TYPE:NAME, as the configuration has it. */
static bool
read_root(const char *text, struct sl_root_spec *ret_spec)
{
	static char trusted[] = "trusted";
	static char encrypted[] = "encrypted";
	static char name[256];
	const bool is_trusted = strncmp(text, "keyring:trusted:", 16) == 0;
	const char *rest = is_trusted ? text + 16 : strncmp(text, "keyring:encrypted:", 18) == 0 ? text + 18 : "";

	if (!is_name(rest))
		return false;
	(void)snprintf(name, sizeof(name), "%s", rest);
	*ret_spec = (struct sl_root_spec){ .kind = SL_ROOT_KEYRING, .key_type = is_trusted ? trusted : encrypted, .key_name = name };
	return true;
}

/* By its name in the configuration, or as it stands there, or both. */
static bool
choose_root(const struct sl_tool_args *args, const struct sl_config *config, struct sl_root_spec *ret_spec)
{
	const char *root = sl_args_value(args, "root");
	const char *name = sl_args_value(args, "token");
	const struct sl_token_config *token = name == NULL ? NULL : sl_config_token(config, name);

	if (root != NULL && !read_root(root, ret_spec)) {
		sl_report("--root: '%.80s', " WANT, root);
		return false;
	}
	if (name == NULL && root == NULL) {
		sl_report("--token: missing, expected a token of the configuration with such a root, or --root");
		return false;
	}
	if (name == NULL)
		return true;
	if (token == NULL || token->root.kind != SL_ROOT_KEYRING ||
	    (root != NULL && (strcmp(token->root.key_type, ret_spec->key_type) != 0 || strcmp(token->root.key_name, ret_spec->key_name) != 0))) {
		sl_report("--token: '%.80s', expected a token of the configuration with root = %.280s", name, root == NULL ? "keyring:..." : root);
		return false;
	}
	*ret_spec = token->root;
	return true;
}

static bool
read_recipe(const struct sl_tool_args *args, bool creates, struct task *task)
{
	const char *handle = sl_args_value(args, "keyhandle");
	const char *master = creates ? sl_args_value(args, "master") : NULL;
	const bool encrypted = strcmp(task->spec.key_type, "encrypted") == 0;

	if (strcmp(task->spec.key_type, "user") == 0) {
		sl_report("keyring:user:%.255s: a key of the type user has no encrypted form, " WANT, task->spec.key_name);
		return false;
	}
	if (handle != NULL && (encrypted || !is_handle(handle))) {
		sl_report("--keyhandle: '%.80s', expected %s", handle, encrypted ? "none for an encrypted key" : "0x81 and six more hex digits");
		return false;
	}
	if (creates && encrypted != (master != NULL)) {
		sl_report("--master: expected %s", encrypted ? "the key that encrypts this one, trusted:NAME or user:NAME" : "it for an encrypted key only");
		return false;
	}
	if (master != NULL && !is_master(master)) {
		sl_report("--master: '%.80s', expected trusted:NAME or user:NAME", master);
		return false;
	}
	task->recipe = (struct sl_keyring_recipe){ .key_handle = handle == NULL && creates ? DEFAULT_HANDLE : handle, .master = master };
	return true;
}

/* SL_ERR_NOT_FOUND: there is none. One that has expired or was revoked is none: another can take its place. One that cannot be looked at is another's root. */
static enum sl_err
find_key(const struct task *task, int32_t *ret_serial, struct sl_msg *msg)
{
	struct sl_msg why = { "" };
	const enum sl_err err = sl_keyring_find(&task->spec, ret_serial, &why);

	if (err == SL_OK)
		return SL_OK;
	if (err == SL_ERR_ABSENT && (errno == ENOKEY || errno == EKEYEXPIRED || errno == EKEYREVOKED))
		return SL_ERR_NOT_FOUND;
	*msg = why;
	return err;
}

/* nv:0x01...... */
static bool
read_place(const struct sl_tool_args *args, const struct sl_config *config, struct task *task)
{
	const char *text = sl_args_value(args, "blob");
	const struct sl_token_config *owner = sl_config_token(config, "owner");
	uint8_t b[4];
	size_t len;

	if (text == NULL || text[0] == '\0') {
		sl_report("--blob: missing, expected a file or nv:0x01 and six more hex digits");
		return false;
	}
	task->path = text;
	task->tcti = config->tcti;
	/* The owner's authorization is where the configuration has it for that token. */
	task->owner = (struct sl_root_spec){ .kind = SL_ROOT_PRIMARY, .hierarchy = SL_HIERARCHY_OWNER, .name_space = owner->root.name_space,
		                             .auth_file = owner->root.auth_file };
	if (strncmp(text, "nv:", 3) != 0)
		return true;
	if (strncmp(text, "nv:0x01", 7) != 0 || !sl_text_hex(text + 5, b, sizeof(b), &len) || len != sizeof(b)) {
		sl_report("--blob: '%.80s', expected nv:0x01 and six more hex digits", text);
		return false;
	}
	task->index = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	return true;
}

/* What the device says of it is what it says. */
static enum sl_err
nv_err(const struct sl_tool_root *root, const struct task *task, enum sl_err err, struct sl_msg *msg)
{
	sl_device_trouble(root->device, msg);
	if (err == SL_ERR_EXISTS || err == SL_ERR_MISMATCH || msg->text[0] == '\0')
		sl_msg_set(msg, "%s: %s", task->path, err == SL_ERR_EXISTS ? "the NV index is in use, expected another one, or seedleaf token load"
		           : err == SL_ERR_MISMATCH ? "the NV index was not made for a blob" : sl_err_text(err));
	return err;
}

static enum sl_err
save_nv(const struct task *task, const char *blob, struct sl_msg *msg)
{
	SL_TOOL_ROOT root = { .device = NULL };
	enum sl_err err;

	if (strlen(blob) > SL_NV_BLOB_MAX) {
		sl_msg_set(msg, "%s: the blob has %zu characters and there is room for %d, expected a file", task->path, strlen(blob), SL_NV_BLOB_MAX);
		return SL_ERR_RANGE;
	}
	if ((err = sl_device_root_open(task->tcti, &task->owner, &root)) == SL_OK)
		err = sl_root_nv_save(root.root, task->index, (const uint8_t *)blob, strlen(blob));
	return err == SL_OK ? SL_OK : nv_err(&root, task, err, msg);
}

static enum sl_err
load_nv(const struct task *task, char **ret_text, struct sl_msg *msg)
{
	SL_TOOL_ROOT root = { .device = NULL };
	SL_FREE char *text = calloc(1, SL_NV_BLOB_MAX + 1);
	size_t len = 0;
	enum sl_err err;

	if (text == NULL)
		return SL_ERR_MEMORY;
	if ((err = sl_device_root_open(task->tcti, &task->owner, &root)) == SL_OK)
		err = sl_root_nv_load(root.root, task->index, (uint8_t *)text, &len);
	if (err != SL_OK)
		return nv_err(&root, task, err, msg);
	*ret_text = SL_TAKE(text);
	return SL_OK;
}

static enum sl_err
save(const struct task *task, const char *blob, struct sl_msg *msg)
{
	char text[SL_KEYRING_BLOB_MAX + 2];

	if (task->index != 0)
		return save_nv(task, blob, msg);
	(void)snprintf(text, sizeof(text), "%s\n", blob);
	return sl_fs_write_text(task->path, text, 0600, 0, msg);
}

/*
 * The file is written before anybody can use the key: a key that is in use and nowhere on record would be gone, and all that was derived from it, with
 * the next boot.
 */
static enum sl_err
create(const struct task *task, struct sl_msg *msg)
{
	SL_FREE char *blob = NULL;
	int32_t serial = 0;
	enum sl_err err;

	if (task->index == 0 && access(task->path, F_OK) == 0) {
		sl_msg_set(msg, "%.300s is there already; expected a new file, or seedleaf token load", task->path);
		return SL_ERR_EXISTS;
	}
	if ((err = find_key(task, &serial, msg)) == SL_OK) {
		err = sl_keyring_make_blob(&task->spec, serial, &blob, msg);
		return err != SL_OK ? err : save(task, blob, msg);
	}
	if (err != SL_ERR_NOT_FOUND)
		return err;
	if ((err = sl_keyring_make(&task->spec, &task->recipe, &serial, &blob, msg)) != SL_OK || (err = save(task, blob, msg)) != SL_OK)
		return err;
	return sl_keyring_make_keep(&task->spec, serial, msg);
}

static enum sl_err
load(const struct task *task, struct sl_msg *msg)
{
	SL_FREE char *text = NULL;
	struct sl_msg why = { "" };
	size_t len;
	int32_t serial = 0;
	enum sl_err err;

	if (task->index != 0)
		err = load_nv(task, &text, msg);
	else
		err = sl_fs_read_private_text(task->path, SL_KEYRING_BLOB_MAX + 1, &text, msg);
	if (err != SL_OK)
		return err;
	len = strlen(text);
	if (len > 0 && text[len - 1] == '\n')
		text[len - 1] = '\0';
	if ((err = find_key(task, &serial, msg)) != SL_ERR_NOT_FOUND)
		return err;
	if ((err = sl_keyring_make_load(&task->spec, &task->recipe, text, &serial, &why)) != SL_OK) {
		sl_msg_set(msg, "%.150s: %.300s", task->path, why.text);
		return err;
	}
	return sl_keyring_make_keep(&task->spec, serial, msg);
}

static int
run(const struct sl_tool_args *args, bool creates)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	struct task task = { .path = NULL };
	struct sl_msg msg = { "" };
	int status = SL_EXIT_USAGE;
	enum sl_err err;

	config = sl_report_config(&status);
	if (config == NULL)
		return status;
	if (!choose_root(args, config, &task.spec) || !read_recipe(args, creates, &task) || !read_place(args, config, &task))
		return SL_EXIT_USAGE;
	err = creates ? create(&task, &msg) : load(&task, &msg);
	return err == SL_OK ? SL_EXIT_OK : sl_report_error(err, args->command->words, &msg);
}

int
sl_keyring_root_init(const struct sl_tool_args *args)
{
	static const char *const others[] = { "label", "so-pin-file", "pin-file", "force" };

	for (size_t i = 0; i < SL_ARRAY_LEN(others); i++) {
		if (sl_args_value(args, others[i]) == NULL)
			continue;
		sl_report("--%s: expected without --root and --blob only: tokens of the kernel's keys have no PINs", others[i]);
		return SL_EXIT_USAGE;
	}
	return run(args, true);
}

static int
run_load(const struct sl_tool_args *args)
{
	return run(args, false);
}

const struct sl_tool_command sl_cmd_token_load = {
	.words = "token load",
	.summary = "Load the kernel's key behind a token from its blob, after a boot",
	.options = {
		{ "token", "TOKEN", "a token with root = keyring:trusted:... or keyring:encrypted:..." },
		{ "root", "ROOT", "or its root" },
		{ "blob", "PLACE", "the key's encrypted form: a file, or nv:0x01...... (required)" },
		{ "keyhandle", "HANDLE", "the TPM's storage key (default: the one that the blob names)" },
	},
	.run = run_load,
};
