/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/text.h"
#include "tool/keyring_args.h"

static int
unload_fscrypt(const struct sl_tool_args *args, const char *mount)
{
	uint8_t id[SL_FSCRYPT_ID];
	struct sl_msg msg = { "" };
	size_t len = 0;
	enum sl_err err;

	if (!sl_text_hex(args->operand, id, sizeof(id), &len) || len != sizeof(id)) {
		sl_report("keyring unload: '%.80s', expected with --fscrypt the 32 hex digits that keyring load printed", args->operand);
		return SL_EXIT_USAGE;
	}
	err = sl_fscrypt_unload(mount, id, &msg);
	return err == SL_OK ? SL_EXIT_OK : sl_report_error(err, args->operand, &msg);
}

static int
run_unload(const struct sl_tool_args *args)
{
	const char *mount = sl_args_value(args, "fscrypt");
	struct sl_keyring_args where;
	struct sl_msg msg = { "" };
	enum sl_err err;

	if (mount != NULL)
		return unload_fscrypt(args, mount);
	sl_keyring_args(args, &where);
	if (!sl_keyring_is_ring(where.place.ring)) {
		sl_report("--keyring: '%.80s', expected @s, @u, @us or the serial number of a keyring", where.place.ring);
		return SL_EXIT_USAGE;
	}
	err = sl_keyring_unload(&where.place, &msg);
	return err == SL_OK ? SL_EXIT_OK : sl_report_error(err, args->operand, &msg);
}

static int
run_list(const struct sl_tool_args *args)
{
	const char *ring = sl_args_value(args, "keyring");
	SL_FREE struct sl_keyring_item *items = NULL;
	struct sl_msg msg = { "" };
	size_t n = 0;
	enum sl_err err;

	if (ring == NULL)
		ring = "@u";
	if (!sl_keyring_is_ring(ring)) {
		sl_report("--keyring: '%.80s', expected @s, @u, @us or the serial number of a keyring", ring);
		return SL_EXIT_USAGE;
	}
	if ((err = sl_keyring_list(ring, &items, &n, &msg)) != SL_OK)
		return sl_report_error(err, ring, &msg);
	for (size_t i = 0; i < n; i++) {
		if (items[i].type[0] == '\0')
			printf("%10ld  (not to be viewed)\n", (long)items[i].serial);
		else
			printf("%10ld  %08lx  %-20s  %s\n", (long)items[i].serial, (unsigned long)items[i].perm, items[i].type, items[i].desc);
	}
	return SL_EXIT_OK;
}

const struct sl_tool_command sl_cmd_keyring_unload = {
	.words = "keyring unload",
	.operand = "LABEL",
	.summary = "Revoke a key in a keyring of the kernel, and take it out",
	.options = {
		{ "type", "TYPE", "as it was loaded (default: logon)" },
		{ "desc", "TEXT", "likewise (default: seedleaf:LABEL)" },
		{ "keyring", "RING", "@u (default), @s, @us or a serial number" },
		{ "fscrypt", "DIRECTORY", "of its file system; LABEL is what keyring load printed" },
	},
	.run = run_unload,
};

const struct sl_tool_command sl_cmd_keyring_list = {
	.words = "keyring list",
	.summary = "List the keys in a keyring of the kernel",
	.options = {
		{ "keyring", "RING", "@u (default), @s, @us or a serial number" },
	},
	.run = run_list,
};
