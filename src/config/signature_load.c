/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "config/signature.h"

#include <string.h>
#include <sys/stat.h>

#define FILE_MAX ((size_t)1 << 20)

/* systemd-cryptsetup(8) and systemd-creds(1) look here, in this order. */
static const char *const systemd_places[] = {
	"/etc/systemd/tpm2-pcr-signature.json",
	"/run/systemd/tpm2-pcr-signature.json",
	"/usr/lib/systemd/tpm2-pcr-signature.json",
};

/*
 * Whoever can write the file can take signatures away, and no more than that: a signature counts once the TPM has verified it. So any owner and
 * mode will do.
 */
static enum sl_err
load_file(const char *path, struct sl_policy_signatures *signatures, struct sl_msg *msg)
{
	SL_FREE void *text = NULL;
	size_t len;
	const enum sl_err err = sl_fs_read(path, FILE_MAX, &text, &len, msg);

	if (err == SL_ERR_NOT_FOUND)
		return SL_OK;
	return err != SL_OK ? err : sl_policy_signatures_parse(text, len, path, signatures, msg);
}

static enum sl_err
load_dir(const char *path, struct sl_policy_signatures *signatures, struct sl_msg *msg)
{
	SL_CLEANUP(sl_fs_list_free) char **files = NULL;
	enum sl_err err = sl_fs_list(path, ".json", &files, msg);

	for (size_t i = 0; err == SL_OK && files[i] != NULL; i++)
		err = load_file(files[i], signatures, msg);
	return err;
}

static enum sl_err
load_path(const char *path, struct sl_policy_signatures *signatures, struct sl_msg *msg)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return load_dir(path, signatures, msg);
	return load_file(path, signatures, msg);
}

enum sl_err
sl_policy_signatures_load(char *const *paths, struct sl_policy_signatures *ret_signatures, struct sl_msg *msg)
{
	SL_CLEANUP(sl_policy_signatures_clear) struct sl_policy_signatures found = { 0 };
	enum sl_err err = SL_OK;

	for (size_t i = 0; paths == NULL && err == SL_OK && i < SL_ARRAY_LEN(systemd_places); i++)
		err = load_path(systemd_places[i], &found, msg);
	for (; paths != NULL && err == SL_OK && *paths != NULL; paths++)
		err = load_path(*paths, &found, msg);
	if (err != SL_OK)
		return err;
	*ret_signatures = found;
	found = (struct sl_policy_signatures){ 0 };
	return SL_OK;
}
