/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/log.h"
#include "root/tpm.h"

#include <stdarg.h>
#include <string.h>

void
sl_tpm_device_trouble(struct sl_device *device, const char *fmt, ...)
{
	struct sl_msg msg = { .text = "" };
	va_list args;

	if (fmt != NULL) {
		va_start(args, fmt);
		(void)vsnprintf(msg.text, sizeof(msg.text), fmt, args);
		va_end(args);
		sl_log(SL_LOG_DEBUG, "%s", msg.text);
	}
	(void)pthread_mutex_lock(&device->trouble_lock);
	device->trouble = msg;
	(void)pthread_mutex_unlock(&device->trouble_lock);
}

enum sl_err
sl_tpm_device_used(struct sl_device *device, enum sl_err err)
{
	struct sl_msg msg;

	if (err != SL_ERR_POLICY)
		return err;
	(void)pthread_mutex_lock(&device->trouble_lock);
	msg = device->trouble;
	(void)pthread_mutex_unlock(&device->trouble_lock);
	sl_log(SL_LOG_ERROR, "%s", msg.text[0] == '\0' ? sl_err_text(err) : msg.text);
	return err;
}

void
sl_device_trouble(struct sl_device *device, struct sl_msg *ret_msg)
{
	if (device->pid != getpid()) {
		sl_msg_set(ret_msg, "%s: opened by another process", device->tcti);
		return;
	}
	(void)pthread_mutex_lock(&device->trouble_lock);
	*ret_msg = device->trouble;
	(void)pthread_mutex_unlock(&device->trouble_lock);
}

enum sl_err
sl_device_open(const char *tcti, struct sl_device **ret_device)
{
	struct sl_device *device = calloc(1, sizeof(*device));
	char *copy = strdup(tcti);

	if (device == NULL || copy == NULL) {
		free(device);
		free(copy);
		return SL_ERR_MEMORY;
	}
	device->tcti = copy;
	device->bare = sl_tpm_link_bare(tcti);
	device->pid = getpid();
	(void)pthread_mutex_init(&device->lock, NULL);
	(void)pthread_mutex_init(&device->trouble_lock, NULL);
	*ret_device = device;
	return SL_OK;
}

void
sl_device_close(struct sl_device **device)
{
	struct sl_device *d = *device;

	*device = NULL;
	if (d == NULL)
		return;
	if (d->pid == getpid()) { /* in a child a thread that is no more may hold them */
		(void)pthread_mutex_destroy(&d->lock);
		(void)pthread_mutex_destroy(&d->trouble_lock);
	}
	free(d->tcti);
	free(d);
}

uint64_t
sl_device_epoch(const struct sl_device *device)
{
	return __atomic_load_n(&device->epoch, __ATOMIC_RELAXED);
}

void
sl_device_forget(struct sl_device *device)
{
	if (device->pid != getpid())
		return;
	(void)pthread_mutex_lock(&device->lock);
	(void)__atomic_add_fetch(&device->epoch, 1, __ATOMIC_RELAXED); /* sl_device_epoch() has no lock */
	device->asked = false;
	device->has_state = false;
	device->has_info = false;
	for (size_t i = 0; i < SL_ARRAY_LEN(device->salt); i++)
		device->salt[i].known = false;
	(void)pthread_mutex_unlock(&device->lock);
}

static enum sl_err
connect_locked(struct sl_device *device, struct sl_tpm_batch *batch)
{
	struct sl_msg why = { .text = "" };
	enum sl_err err;

	*batch = (struct sl_tpm_batch){ .device = device };
	err = sl_tpm_link_open(device->tcti, &batch->link, &why);
	if (err != SL_OK)
		sl_tpm_device_trouble(device, "%s", why.text);
	return err;
}

/* Gives back what is still there; a connection that broke is made anew for that. */
static void
disconnect_locked(struct sl_tpm_batch *batch)
{
	bool reconnected = false;

	for (size_t i = 0; i < SL_TPM_LIVE_MAX && batch->link != NULL; i++) {
		uint32_t handle = batch->live[i];

		if (handle != 0 && batch->broken && !reconnected) {
			reconnected = true;
			sl_tpm_link_close(&batch->link);
			batch->broken = sl_tpm_link_open(batch->device->tcti, &batch->link, NULL) != SL_OK;
		}
		if (!batch->broken)
			sl_tpm_command_flush(batch, &handle);
	}
	sl_tpm_link_close(&batch->link);
}

enum sl_err
sl_tpm_batch_begin(struct sl_device *device, struct sl_tpm_batch *batch)
{
	enum sl_err err;

	if (device->pid != getpid())
		return SL_ERR_DEVICE;
	(void)pthread_mutex_lock(&device->lock);
	err = connect_locked(device, batch);
	if (err != SL_OK) {
		batch->device = NULL;
		(void)pthread_mutex_unlock(&device->lock);
	}
	return err;
}

void
sl_tpm_batch_end(struct sl_tpm_batch *batch)
{
	struct sl_device *device = batch->device;

	if (device == NULL)
		return;
	disconnect_locked(batch);
	batch->device = NULL;
	(void)pthread_mutex_unlock(&device->lock);
}

/* A four-character text of the TPM's, of which some pad with blanks or zeros. */
static void
append_text(char *text, size_t room, uint32_t value)
{
	size_t at = strlen(text);

	for (int shift = 24; shift >= 0 && at + 1 < room; shift -= 8) {
		const char c = (char)(value >> shift & 0x7F);

		if (c >= ' ' && c != 0x7F)
			text[at++] = c;
	}
	text[at] = '\0';
}

static void
trim(char *text)
{
	size_t len = strlen(text);

	while (len != 0 && text[len - 1] == ' ')
		text[--len] = '\0';
}

static void
take_property(struct sl_device *device, uint32_t property, uint32_t value)
{
	struct sl_root_info *info = &device->info;

	switch (property) {
	case TPM2_PT_MANUFACTURER:
		append_text(info->manufacturer, sizeof(info->manufacturer), value);
		break;
	case TPM2_PT_VENDOR_STRING_1:
	case TPM2_PT_VENDOR_STRING_2:
	case TPM2_PT_VENDOR_STRING_3:
	case TPM2_PT_VENDOR_STRING_4:
		append_text(info->model, sizeof(info->model), value);
		break;
	case TPM2_PT_FIRMWARE_VERSION_1:
		info->firmware_major = value >> 16;
		info->firmware_minor = value & 0xFFFF;
		break;
	case TPM2_PT_PERMANENT:
		device->permanent = value;
		break;
	case TPM2_PT_STARTUP_CLEAR:
		device->startup_clear = value;
		break;
	default:
		break;
	}
}

static enum sl_err
ask(struct sl_tpm_batch *batch, uint32_t first)
{
	SL_TPM_ANSWER answer = { .len = 0 };
	struct sl_reader list;
	uint32_t count;
	enum sl_err err = sl_tpm_command_properties(batch, first, &answer, &list, &count);

	for (uint32_t i = 0; err == SL_OK && i < count; i++) {
		const uint32_t property = sl_reader_u32be(&list);

		take_property(batch->device, property, sl_reader_u32be(&list));
	}
	return err == SL_OK && !sl_reader_done(&list) ? SL_ERR_DEVICE : err;
}

/*
 * TPM2_GetCapability gives properties of one group at a time (Part 3, 30.2): the variable ones say what is enabled, the fixed ones who made it.
 * Each is asked for when it is needed.
 */
static enum sl_err
ask_missing(struct sl_device *device, bool state, bool info)
{
	struct sl_tpm_batch batch = { .device = NULL };
	enum sl_err err = connect_locked(device, &batch);

	if (err == SL_OK && state && !device->has_state) {
		err = ask(&batch, TPM2_PT_PERMANENT);
		device->has_state = err == SL_OK;
	}
	if (err == SL_OK && info && !device->has_info) {
		device->info = (struct sl_root_info){ .firmware_major = 0 };
		err = ask(&batch, TPM2_PT_MANUFACTURER);
		trim(device->info.manufacturer);
		trim(device->info.model);
		device->has_info = err == SL_OK;
	}
	disconnect_locked(&batch);
	if (err == SL_OK)
		sl_tpm_device_trouble(device, NULL);
	return err == SL_ERR_BUSY ? SL_ERR_ABSENT : err;
}

/* What the properties say. For a persistent root, whether it can be read says more. */
static bool
is_open(const struct sl_device *d, const struct sl_root_spec *spec)
{
	const bool auth = spec->auth_file != NULL;

	if (spec->kind == SL_ROOT_PERSISTENT)
		return true;
	switch (spec->hierarchy) {
	case SL_HIERARCHY_OWNER:
		return (d->startup_clear & TPMA_STARTUP_CLEAR_SHENABLE) != 0 &&
		       (auth || (d->permanent & TPMA_PERMANENT_OWNERAUTHSET) == 0);
	case SL_HIERARCHY_ENDORSEMENT:
		return (d->startup_clear & TPMA_STARTUP_CLEAR_EHENABLE) != 0 &&
		       (auth || (d->permanent & TPMA_PERMANENT_ENDORSEMENTAUTHSET) == 0);
	case SL_HIERARCHY_PLATFORM:
		return (d->startup_clear & TPMA_STARTUP_CLEAR_PHENABLE) != 0;
	default:
		return true;
	}
}

/* Platform authorization is not among the properties: only trying tells. A chip without the command has its CreatePrimary asked, later. */
static enum sl_err
try_locked(struct sl_tpm_root *root)
{
	struct sl_tpm_grant grant = sl_tpm_grant_of(root, root->spec->hierarchy);
	struct sl_tpm_batch batch = { .device = NULL };
	enum sl_err err = connect_locked(root->device, &batch);

	if (err != SL_OK)
		return err;
	err = sl_tpm_command_try(&batch, &grant);
	sl_tpm_grant_end(&batch, &grant);
	disconnect_locked(&batch);
	return err == SL_ERR_UNSUPPORTED ? SL_OK : err;
}

static enum sl_err
opens_locked(struct sl_tpm_root *root)
{
	const struct sl_root_spec *spec = root->spec;

	if (!is_open(root->device, spec))
		return SL_ERR_ABSENT;
	if (spec->kind != SL_ROOT_PRIMARY || spec->hierarchy != SL_HIERARCHY_PLATFORM)
		return SL_OK;
	if (!root->tried || root->tried_epoch != root->device->epoch) {
		root->opens = try_locked(root);
		root->tried = true;
		root->tried_epoch = root->device->epoch;
	}
	return root->opens;
}

enum sl_err
sl_tpm_device_present(struct sl_tpm_root *root, struct sl_root_info *ret_info)
{
	struct sl_device *device = root->device;
	const bool state = root->spec->kind == SL_ROOT_PRIMARY;
	const bool info = ret_info != NULL || !state;
	enum sl_err err;

	if (device->pid != getpid())
		return SL_ERR_DEVICE;
	(void)pthread_mutex_lock(&device->lock);
	if (!device->asked || (device->present == SL_OK && ((state && !device->has_state) || (info && !device->has_info)))) {
		device->present = ask_missing(device, state, info);
		device->asked = true;
	}
	err = device->present;
	if (err == SL_OK)
		err = opens_locked(root);
	if (err == SL_OK && ret_info != NULL)
		*ret_info = device->info;
	(void)pthread_mutex_unlock(&device->lock);
	return err;
}

static enum sl_err
ask_lockout(struct sl_tpm_batch *batch, struct sl_lockout *ret_lockout)
{
	struct sl_lockout l = { .locked = false };
	SL_TPM_ANSWER answer = { .len = 0 };
	struct sl_reader list;
	uint32_t count;
	unsigned got = 0;
	enum sl_err err = sl_tpm_command_properties(batch, TPM2_PT_PERMANENT, &answer, &list, &count);

	for (uint32_t i = 0; err == SL_OK && i < count; i++) {
		const uint32_t property = sl_reader_u32be(&list);
		const uint32_t value = sl_reader_u32be(&list);
		uint32_t ignored;
		uint32_t *to = property == TPM2_PT_LOCKOUT_COUNTER    ? &l.failures
		               : property == TPM2_PT_MAX_AUTH_FAIL    ? &l.max
		               : property == TPM2_PT_LOCKOUT_INTERVAL ? &l.interval
		               : property == TPM2_PT_LOCKOUT_RECOVERY ? &l.recovery
		                                                      : &ignored;

		*to = value;
		if (property == TPM2_PT_PERMANENT)
			l.locked = (value & TPMA_PERMANENT_INLOCKOUT) != 0;
		got += to != &ignored || property == TPM2_PT_PERMANENT;
	}
	if (err == SL_OK && (!sl_reader_done(&list) || got != 5))
		err = SL_ERR_DEVICE;
	if (err == SL_OK)
		*ret_lockout = l;
	return err;
}

enum sl_err
sl_tpm_device_lockout(struct sl_root *root, struct sl_lockout *ret_lockout)
{
	struct sl_device *device = ((struct sl_tpm_root *)root)->device;
	SL_TPM_BATCH batch = { .device = NULL };
	enum sl_err err;

	if ((err = sl_tpm_batch_begin(device, &batch)) != SL_OK || (err = ask_lockout(&batch, ret_lockout)) != SL_OK)
		return err;
	sl_tpm_device_trouble(device, NULL);
	return SL_OK;
}
