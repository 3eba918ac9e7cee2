/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "tool/key_source.h"

#include "root/sealed.h"
#include "tool/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PASSPHRASE_MAX 1024
#define PROMPT_MAX 200

void
sl_key_source_clear(struct sl_key_source *source)
{
	sl_secret_clear(&source->file);
	sl_privkey_clear(&source->found);
}

/* A key that others can read is taken, for it is not safer in the file; but whoever brings it here should know. */
static enum sl_err
check_file(int fd, const char *path, struct sl_msg *msg)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return SL_ERR_IO;
	if (S_ISDIR(st.st_mode)) {
		sl_msg_set(msg, "%.300s: a directory, expected a file", path);
		return SL_ERR_FORMAT;
	}
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		sl_report("%s: mode %03o: others may have read it", path, (unsigned)(st.st_mode & 0777));
	return SL_OK;
}

static enum sl_err
read_all(int fd, struct sl_secret *room, size_t *ret_len)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < room->len && n != 0) {
		n = read(fd, room->bytes + len, room->len - len);
		if (n < 0 && errno != EINTR)
			return SL_ERR_IO;
		len += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n;
	}
	*ret_len = len;
	return SL_OK;
}

enum sl_err
sl_key_source_file(const char *path, size_t max, struct sl_secret *ret_bytes, struct sl_msg *msg)
{
	const bool is_stdin = strcmp(path, "-") == 0;
	SL_CLOSE int opened = is_stdin ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	const int fd = is_stdin ? STDIN_FILENO : opened;
	SL_SECRET room = { 0 };
	size_t len = 0;
	enum sl_err err;

	if (fd < 0) {
		sl_msg_set(msg, "%.300s: %s", path, errno == ENOENT ? "there is no such file" : "it cannot be opened");
		return errno == ENOENT ? SL_ERR_NOT_FOUND : SL_ERR_ACCESS;
	}
	if ((!is_stdin && (err = check_file(fd, path, msg)) != SL_OK) || (err = sl_secret_alloc(&room, max + 1)) != SL_OK)
		return err;
	if ((err = read_all(fd, &room, &len)) != SL_OK) {
		sl_msg_set(msg, "%.300s: it cannot be read", path);
		return err;
	}
	if (len > max) {
		sl_msg_set(msg, "%.300s: longer than %zu bytes", path, max);
		return SL_ERR_RANGE;
	}
	if (len == 0) {
		sl_msg_set(msg, "%.300s: empty", path);
		return SL_ERR_FORMAT;
	}
	return sl_secret_copy(ret_bytes, room.bytes, len);
}

enum sl_err
sl_key_source_open(const char *path, bool typed, struct sl_key_source *ret_source, struct sl_msg *msg)
{
	SL_CLEANUP(sl_key_source_clear) struct sl_key_source source = { .path = path, .typed = typed };
	struct sl_msg why = { "" };
	enum sl_err err = sl_key_source_file(path, SL_PRIVKEY_MAX, &source.file, msg);

	if (err != SL_OK)
		return err;
	err = sl_privkey_open(&source.file, &source.found, &why);
	if (err == SL_ERR_NOT_FOUND && typed) {
		source.raw = true;
		err = SL_OK;
	} else if (err == SL_ERR_NOT_FOUND) {
		sl_msg_set(msg, "%.200s: %.150s (--type is for the plain bytes of a secret key)", path, why.text);
	} else if (err == SL_OK && typed && source.found.form != SL_PRIVKEY_TSS2) {
		sl_msg_set(msg, "%.300s: a private key, expected the bytes of a secret key, or no --type", path);
		err = SL_ERR_FORMAT;
	} else if (err != SL_OK) {
		sl_msg_set(msg, "%.200s: %.250s", path, why.text);
	}
	if (err != SL_OK)
		return err;
	*ret_source = source;
	source = (struct sl_key_source){ .path = NULL };
	return SL_OK;
}

/* The question for a secret of the file; prompt has PROMPT_MAX bytes. */
static struct sl_secret_ask
ask_of(const struct sl_key_source *source, const struct sl_tool_args *args, const char *what, const char *option, char *prompt)
{
	(void)snprintf(prompt, PROMPT_MAX, "%s of %.150s", what, source->path);
	return (struct sl_secret_ask){ .what = prompt, .option = option, .from = sl_args_value(args, option), .min = 1, .max = PASSPHRASE_MAX };
}

static enum sl_err
read_private(const struct sl_key_source *source, const struct sl_tool_args *args, struct sl_key **ret_key, struct sl_msg *msg)
{
	char prompt[PROMPT_MAX];
	const struct sl_secret_ask ask = ask_of(source, args, "passphrase", "passphrase-file", prompt);

	return sl_passphrase_key(&source->found, &ask, source->path, ret_key, msg);
}

static enum sl_err
sealed_trouble(const struct sl_key_source *source, const struct sl_sealed *sealed, const struct sl_token *token, enum sl_err err,
               struct sl_msg *msg)
{
	struct sl_msg why = { "" };

	if (err == SL_ERR_MISMATCH) {
		sl_msg_set(msg, "%.200s: this TPM does not open it: sealed by another one, before it was cleared, altered, or under another parent "
		                "than the storage key of token %s (the file says 0x%08lx)",
		           source->path, token->config->name, (unsigned long)sealed->parent);
	} else if (err == SL_ERR_AUTH) {
		sl_msg_set(msg, "%.200s: the TPM does not accept that authorization", source->path);
	} else {
		sl_root_trouble(token->root, &why);
		sl_msg_set(msg, "%.200s: %.250s", source->path, why.text[0] == '\0' ? sl_err_text(err) : why.text);
	}
	return err;
}

static enum sl_err
unseal(const struct sl_key_source *source, const struct sl_tool_args *args, struct sl_token *token, struct sl_secret *ret_secret,
       struct sl_msg *msg)
{
	char prompt[PROMPT_MAX];
	const struct sl_secret_ask ask = ask_of(source, args, "authorization", "auth-file", prompt);
	const struct sl_secret *der = &source->found.bytes;
	struct sl_sealed sealed;
	struct sl_root_name name;
	struct sl_msg why = { "" };
	SL_SECRET auth = { 0 };
	enum sl_err err;

	if ((err = sl_sealed_read(der->bytes, der->len, &sealed, &why)) != SL_OK) {
		sl_msg_set(msg, "%.200s: %.250s", source->path, why.text);
		return err;
	}
	if (!sealed.empty_auth && (err = sl_secret_input(&ask, &auth, msg)) != SL_OK)
		return err;
	/* The pin of the salt key comes with the name. */
	if ((err = sl_token_identify(token, &name, NULL)) == SL_OK)
		err = sl_root_unseal(token->root, der->bytes, der->len, auth.len == 0 ? NULL : &auth, ret_secret);
	return err == SL_OK ? SL_OK : sealed_trouble(source, &sealed, token, err, msg);
}

/* What somebody sealed is a private key in DER, or bytes that only he knows the meaning of. */
static enum sl_err
read_sealed(const struct sl_key_source *source, const struct sl_tool_args *args, struct sl_token *token, struct sl_key **ret_key,
            struct sl_msg *msg)
{
	SL_SECRET secret = { 0 };
	SL_CLEANUP(sl_privkey_clear) struct sl_privkey inside = { .dek = "" };
	struct sl_msg why = { "" };
	enum sl_err err = unseal(source, args, token, &secret, msg);

	if (err != SL_OK)
		return err;
	if (source->typed)
		return sl_key_from_secret(secret.bytes, secret.len, ret_key);
	err = sl_privkey_open(&secret, &inside, &why);
	if (err == SL_ERR_NOT_FOUND) {
		sl_msg_set(msg, "%.200s: %zu sealed bytes that are no private key, expected --type aes, hmac or generic", source->path, secret.len);
		return SL_ERR_FORMAT;
	}
	if (err == SL_OK && inside.form == SL_PRIVKEY_TSS2)
		err = SL_ERR_FORMAT;
	if (err == SL_OK)
		err = sl_privkey_read(&inside, NULL, ret_key, &why);
	if (err != SL_OK)
		sl_msg_set(msg, "%.200s: what is sealed in it: %.200s", source->path, why.text[0] == '\0' ? sl_err_text(err) : why.text);
	return err;
}

enum sl_err
sl_key_source_key(const struct sl_key_source *source, const struct sl_tool_args *args, struct sl_token *token, struct sl_key **ret_key,
                  struct sl_msg *msg)
{
	if (source->raw)
		return sl_key_from_secret(source->file.bytes, source->file.len, ret_key);
	if (source->found.form == SL_PRIVKEY_TSS2)
		return read_sealed(source, args, token, ret_key, msg);
	return read_private(source, args, ret_key, msg);
}
