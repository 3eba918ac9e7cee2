/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/fs.h"
#include "root/tpm.h"

#include <string.h>

#define AUTH_MAX 64 /* bytes; the longest digest a TPM has */

uint32_t
sl_tpm_grant_handle(enum sl_hierarchy hierarchy)
{
	switch (hierarchy) {
	case SL_HIERARCHY_OWNER:
		return TPM2_RH_OWNER;
	case SL_HIERARCHY_ENDORSEMENT:
		return TPM2_RH_ENDORSEMENT;
	case SL_HIERARCHY_PLATFORM:
		return TPM2_RH_PLATFORM;
	default:
		return TPM2_RH_NULL;
	}
}

/* The file speaks for the root's own hierarchy only. */
struct sl_tpm_grant
sl_tpm_grant_of(const struct sl_tpm_root *root, enum sl_hierarchy hierarchy)
{
	return (struct sl_tpm_grant){
		.hierarchy = hierarchy,
		.auth_file = hierarchy == root->spec->hierarchy && hierarchy != SL_HIERARCHY_NULL ? root->spec->auth_file : NULL,
	};
}

static enum sl_err
read_value(const char *path, struct sl_secret *ret_value)
{
	struct sl_msg msg;
	char *text = NULL;
	size_t len;
	enum sl_err err = sl_fs_read_text(path, AUTH_MAX + 1, &text, &msg);

	if (err != SL_OK)
		return err;
	len = strlen(text);
	if (len != 0 && text[len - 1] == '\n')
		len--;
	/* An empty value is a value, too; the session is then keyed by its salt alone. */
	err = len > AUTH_MAX ? SL_ERR_RANGE : len == 0 ? SL_OK : sl_secret_copy(ret_value, text, len);
	sl_secret_wipe(text, strlen(text));
	free(text);
	return err;
}

enum sl_err
sl_tpm_grant_value(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant)
{
	enum sl_err err;

	sl_secret_clear(&grant->value);
	if (grant->auth_file == NULL || (err = read_value(grant->auth_file, &grant->value)) == SL_OK)
		return SL_OK;
	sl_tpm_device_trouble(batch->device, "%s: %s", grant->auth_file, sl_err_text(err));
	return SL_ERR_ABSENT;
}

enum sl_err
sl_tpm_grant_ready(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant)
{
	struct sl_tpm_grant null = { .hierarchy = SL_HIERARCHY_NULL };
	struct sl_tpm_object key = { .handle = 0 };
	struct sl_tpm_template storage;
	enum sl_err err;

	if (grant->auth_file == NULL || grant->session.handle != 0)
		return SL_OK;
	if ((err = sl_tpm_grant_value(batch, grant)) != SL_OK)
		return err;
	sl_tpm_public_storage(&storage);
	if ((err = sl_tpm_command_create_primary(batch, &null, &storage, &key)) != SL_OK)
		return err;
	err = sl_tpm_session_start(batch, key.handle, &key.key, &grant->session);
	sl_tpm_command_flush(batch, &key.handle);
	return err;
}

void
sl_tpm_grant_end(struct sl_tpm_batch *batch, struct sl_tpm_grant *grant)
{
	sl_secret_clear(&grant->value);
	sl_tpm_session_end(batch, &grant->session);
}

static bool
is_pinned_to(const struct sl_tpm_root *root, const struct sl_tpm_public *key)
{
	return root->pin.len == 0 || sl_tpm_public_same_name(&root->pin, &key->name);
}

/* The sessions, salted to key, which is loaded at handle. */
static enum sl_err
start_sessions(struct sl_tpm_batch *batch, uint32_t handle, const struct sl_tpm_public *key, const struct sl_tpm_wish *wish)
{
	enum sl_err err = SL_OK;

	if (wish->session != NULL)
		err = sl_tpm_session_start(batch, handle, key, wish->session);
	if (err == SL_OK && wish->policy != NULL)
		err = sl_tpm_session_start_policy(batch, handle, key, wish->policy);
	return err;
}

/* SL_ERR_NOT_FOUND: there is no storage root key that we can use. */
static enum sl_err
from_persistent(struct sl_tpm_batch *batch, struct sl_tpm_root *root, const struct sl_tpm_wish *wish)
{
	struct sl_tpm_salt *salt = &batch->device->salt[root->salt_hierarchy];
	enum sl_err err;

	if (!salt->known || salt->handle != SL_TPM_SRK || !is_pinned_to(root, &salt->key)) {
		salt->known = false;
		if ((err = sl_tpm_command_read_public(batch, SL_TPM_SRK, &salt->key)) != SL_OK)
			return err == SL_ERR_UNSUPPORTED ? SL_ERR_NOT_FOUND : err;
		if (!salt->key.salts)
			return SL_ERR_NOT_FOUND;
		salt->known = true;
		salt->handle = SL_TPM_SRK;
	}
	if (!is_pinned_to(root, &salt->key))
		return SL_ERR_MISMATCH;
	if ((err = start_sessions(batch, SL_TPM_SRK, &salt->key, wish)) != SL_OK)
		return err;
	if (wish->parent != NULL)
		*wish->parent = (struct sl_tpm_object){ .handle = SL_TPM_SRK, .key = salt->key };
	return SL_OK;
}

static enum sl_err
from_template(struct sl_tpm_batch *batch, struct sl_tpm_root *root, struct sl_tpm_grant *grant, const struct sl_tpm_wish *wish)
{
	struct sl_tpm_salt *salt = &batch->device->salt[root->salt_hierarchy];
	struct sl_tpm_object object = { .handle = 0 };
	struct sl_tpm_template storage;
	enum sl_err err;

	sl_tpm_public_storage(&storage);
	if ((err = sl_tpm_command_create_primary(batch, grant, &storage, &object)) != SL_OK)
		return err;
	if (wish->session != NULL && wish->policy != NULL)
		sl_tpm_grant_end(batch, grant); /* never three sessions at once */
	*salt = (struct sl_tpm_salt){ .known = true, .handle = 0, .key = object.key };
	if (!is_pinned_to(root, &object.key))
		err = SL_ERR_MISMATCH;
	else
		err = start_sessions(batch, object.handle, &object.key, wish);
	if (err == SL_OK && wish->parent != NULL)
		*wish->parent = object;
	else
		sl_tpm_command_flush(batch, &object.handle);
	return err;
}

/*
 * The storage root key at its usual handle, or the key that the TCG's template gives. Where a Name is pinned, the one that has it: another storage
 * root key may have been put there since, which harms nobody.
 */
static enum sl_err
start_here(struct sl_tpm_batch *batch, struct sl_tpm_root *root, struct sl_tpm_grant *grant, const struct sl_tpm_wish *wish)
{
	const struct sl_tpm_salt *salt = &batch->device->salt[root->salt_hierarchy];
	const bool by_template = salt->known && salt->handle == 0 && is_pinned_to(root, &salt->key);
	enum sl_err err = SL_ERR_NOT_FOUND;

	if (root->salt_hierarchy == SL_HIERARCHY_OWNER && !by_template)
		err = from_persistent(batch, root, wish);
	if (err != SL_ERR_NOT_FOUND && err != SL_ERR_MISMATCH)
		return err;
	return from_template(batch, root, grant, wish);
}

/*
 * The keys of a hierarchy share its seed's life, so a pin does too. The platform's template needs platform authorization, which firmware keeps for
 * itself; a persistent root was put there for just that case, so its sessions are then salted to the owner's key.
 */
enum sl_err
sl_tpm_salt_use(struct sl_tpm_batch *batch, struct sl_tpm_root *root, struct sl_tpm_grant *grant, const struct sl_tpm_wish *wish)
{
	struct sl_tpm_grant owner = sl_tpm_grant_of(root, SL_HIERARCHY_OWNER);
	const bool fallen = root->salt_hierarchy != root->spec->hierarchy;
	enum sl_err err = start_here(batch, root, fallen ? &owner : grant, wish);

	if (err == SL_ERR_ABSENT && !fallen && root->spec->kind == SL_ROOT_PERSISTENT &&
	    root->spec->hierarchy == SL_HIERARCHY_PLATFORM) {
		root->salt_hierarchy = SL_HIERARCHY_OWNER;
		err = start_here(batch, root, &owner, wish);
	}
	if (err == SL_ERR_MISMATCH)
		sl_tpm_device_trouble(batch->device, "%s: the key that sessions are salted to is not the pinned one", batch->device->tcti);
	return err == SL_ERR_AUTH ? SL_ERR_DEVICE : err; /* of a command that authorizes nothing: no PIN is wrong */
}

enum sl_err
sl_tpm_salt_start(struct sl_tpm_batch *batch, struct sl_tpm_root *root, struct sl_tpm_grant *grant, struct sl_tpm_session *session,
                  struct sl_root_name *ret_name)
{
	const enum sl_err err = sl_tpm_salt_use(batch, root, grant, &(struct sl_tpm_wish){ .session = session });

	if (err == SL_OK && ret_name != NULL)
		*ret_name = batch->device->salt[root->salt_hierarchy].key.name;
	return err;
}
