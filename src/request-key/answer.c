/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "request-key/answer.h"

#include "base/text.h"

#include <errno.h>
#include <keyutils.h>
#include <string.h>

#define PERMISSIONS (KEY_POS_VIEW | KEY_POS_READ | KEY_POS_SEARCH | KEY_POS_LINK)
/* Longer than a helper takes to end: one that has expired by then is ENOKEY, whatever it was refused with. */
#define REFUSED_SECONDS 3
/* Not the keyring that the kernel names us (%S), which is the requester's session keyring even if it asked for the key elsewhere. */
#define NO_OTHER_KEYRING 0

/* "1000;": moves *text behind it. */
static bool
number(const char **text, uint32_t *ret_number)
{
	const size_t len = strcspn(*text, ";");
	char word[16];

	if ((*text)[len] != ';' || len >= sizeof(word))
		return false;
	memcpy(word, *text, len);
	word[len] = '\0';
	*text += len + 1;
	return sl_text_u32(word, ret_number);
}

enum sl_err
sl_answer_parse(const char *text, struct sl_answer_record *ret_record)
{
	static const char type[] = "user;";
	uint32_t uid, gid;
	size_t len;

	if (strncmp(text, type, strlen(type)) != 0)
		return SL_ERR_FORMAT;
	text += strlen(type);
	if (!number(&text, &uid) || !number(&text, &gid) || (text = strchr(text, ';')) == NULL)
		return SL_ERR_FORMAT;
	len = strlen(++text);
	if (len >= sizeof(ret_record->description))
		return SL_ERR_FORMAT;
	ret_record->uid = uid;
	ret_record->gid = gid;
	memcpy(ret_record->description, text, len + 1);
	return SL_OK;
}

enum sl_err
sl_answer_begin(int32_t key, struct sl_answer_record *ret_record, struct sl_msg *msg)
{
	SL_FREE char *text = NULL;

	if (keyctl_assume_authority(key) < 0) {
		sl_msg_set(msg, "key %ld: no authority to instantiate it: %s", (long)key, strerror(errno));
		return SL_ERR_ACCESS;
	}
	if (keyctl_describe_alloc(key, &text) < 0 || sl_answer_parse(text, ret_record) != SL_OK) {
		sl_msg_set(msg, "key %ld is no key of type user that is asked for", (long)key);
		return SL_ERR_ACCESS;
	}
	return SL_OK;
}

enum sl_err
sl_answer_give(int32_t key, const struct sl_secret *secret, uint32_t seconds, struct sl_msg *msg)
{
	const char *what = "permissions";
	bool good = keyctl_setperm(key, PERMISSIONS) == 0;

	if (good) {
		what = "timeout";
		good = keyctl_set_timeout(key, seconds) == 0;
	}
	if (good) {
		what = "instantiation";
		good = keyctl_instantiate(key, secret->bytes, secret->len, NO_OTHER_KEYRING) == 0;
	}
	if (good)
		return SL_OK;
	sl_msg_set(msg, "the kernel refused the key's %s: %s", what, strerror(errno));
	return SL_ERR_IO;
}

void
sl_answer_refuse(int32_t key, int err)
{
	if (keyctl_assume_authority(key) >= 0) /* else it has been answered */
		(void)keyctl_reject(key, REFUSED_SECONDS, (unsigned)err, NO_OTHER_KEYRING);
}
