/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "request-key/request.h"

#include "base/text.h"

#include <string.h>

#define PREFIX "seedleaf:"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZ" LOWER DIGITS "._/:+=-"
#define HEX_CHARS DIGITS "abcdefABCDEF"
#define NONCE_MAX 64

/* Moves the longest run of chars, 1 to max of them, from *text to out. */
static bool
take(const char **text, const char *chars, size_t max, char *out)
{
	const size_t len = strspn(*text, chars);

	if (len < 1 || len > max)
		return false;
	if (out != NULL) {
		memcpy(out, *text, len);
		out[len] = '\0';
	}
	*text += len;
	return true;
}

static bool
parse_description(const char *text, struct sl_request *request)
{
	char version[11];

	request->version = 1;
	if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
		return false;
	text += strlen(PREFIX);
	if (!take(&text, LOWER DIGITS "-", SL_REQUEST_TOKEN_MAX, request->token) || *text++ != ':' ||
	    !take(&text, NAME_CHARS, SL_REQUEST_NAME_MAX, request->name))
		return false;
	if (*text == '@') {
		text++;
		if (!take(&text, DIGITS, sizeof(version) - 1, version) || !sl_text_u32(version, &request->version) || request->version == 0)
			return false;
	}
	if (*text == '#') {
		text++;
		if (!take(&text, HEX_CHARS, NONCE_MAX, NULL))
			return false;
	}
	return *text == '\0';
}

enum sl_err
sl_request_parse(const char *description, const char *options, struct sl_request *ret_request, struct sl_msg *msg)
{
	static const char timeout[] = "timeout=";
	struct sl_request request = { .timeout = 0 };

	if (!parse_description(description, &request)) {
		sl_msg_set(msg, "a description of another form, expected seedleaf:TOKEN:NAME[@VERSION][#NONCE]");
		return SL_ERR_FORMAT;
	}
	if (strncmp(options, timeout, strlen(timeout)) == 0) {
		if (!sl_text_u32(options + strlen(timeout), &request.timeout) || request.timeout == 0) {
			sl_msg_set(msg, "timeout= is not followed by a number of seconds");
			return SL_ERR_FORMAT;
		}
	} else if (options[0] != '\0' && strcmp(options, "-") != 0) {
		sl_msg_set(msg, "unknown options, expected none, '-' or timeout=SECONDS");
		return SL_ERR_FORMAT;
	}
	*ret_request = request;
	return SL_OK;
}
