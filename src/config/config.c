/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "config/config.h"

#include "base/text.h"
#include "config/load.h"

#include <pwd.h>
#include <string.h>

#define KEYS_DIRS_MAX 16
#define DEFAULT_FILE SL_SYSCONFDIR "/seedleaf/seedleaf.conf"
#define DEFAULT_KEYS SL_SYSCONFDIR "/seedleaf/keys.d"
#define SYSTEM_STORE SL_LOCALSTATEDIR "/lib/seedleaf"

static const char *const log_words[] = { "off", "error", "info", "debug" };
_Static_assert(SL_LOG_OFF == 0 && SL_LOG_DEBUG == 3, "log_words is in the order of enum sl_log_level");

static enum sl_err
set_tcti(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_config *config = target;

	if (item->value[0] == '\0')
		return sl_ini_bad(ini, item, "a TCTI such as device:/dev/tpmrm0", msg);
	return sl_load_copy(&config->tcti, item->value);
}

static enum sl_err
set_store(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_config *config = target;

	return sl_load_path(&config->store, ini, item, msg);
}

static enum sl_err
set_keys_dir(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_config *config = target;
	size_t n = 0;

	for (; config->keys_dirs[n] != NULL; n++)
		if (strcmp(config->keys_dirs[n], item->value) == 0)
			return sl_ini_bad(ini, item, "each directory once", msg);
	if (n == KEYS_DIRS_MAX)
		return sl_ini_bad(ini, item, "at most 16 directories", msg);
	return sl_load_path(&config->keys_dirs[n], ini, item, msg);
}

static enum sl_err
set_log(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_config *config = target;
	enum sl_err err;
	size_t i;

	err = sl_load_word(log_words, SL_ARRAY_LEN(log_words), ini, item, &i, msg);
	if (err == SL_OK)
		config->log_level = (enum sl_log_level)i;
	return err;
}

static enum sl_err
set_log_file(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	struct sl_config *config = target;

	return sl_load_path(&config->log_file, ini, item, msg);
}

static enum sl_err
set_core_dumps(void *target, const struct sl_ini *ini, const struct sl_ini_item *item, struct sl_msg *msg)
{
	static const char *const words[] = { [SL_CORE_DUMPS_LEAVE] = "leave", [SL_CORE_DUMPS_OFF] = "off" };
	struct sl_config *config = target;
	enum sl_err err;
	size_t i;

	err = sl_load_word(words, SL_ARRAY_LEN(words), ini, item, &i, msg);
	if (err == SL_OK)
		config->core_dumps = (enum sl_core_dumps)i;
	return err;
}

static const struct sl_load_rule rules[] = {
	{ "tcti", set_tcti, false },
	{ "store", set_store, false },
	{ "keys-dir", set_keys_dir, true },
	{ "log", set_log, false },
	{ "log-file", set_log_file, false },
	{ "core-dumps", set_core_dumps, false },
};

/* What has been read of the file so far. */
struct reading {
	struct sl_config *config;
	const struct sl_ini *ini;
	uint32_t seen;     /* keys of [seedleaf] and of the lines before any section */
	bool seen_general; /* its header */
	size_t n_sections;
	bool in_token;
	struct sl_load_section sections[SL_LOAD_TOKENS_MAX];
};

static enum sl_err
begin_token(struct reading *r, const struct sl_ini_item *item, const char *name, struct sl_msg *msg)
{
	struct sl_load_section *section = &r->sections[r->n_sections];
	enum sl_err err;
	size_t index;

	if (!sl_text_name(name))
		return sl_ini_complain(r->ini, item->line, msg, "[token %.80s], expected a name of 1 to 32 of a-z, 0-9 and '-'", name);
	err = sl_load_token_begin(r->config, name, &index);
	if (err == SL_ERR_RANGE)
		return sl_ini_complain(r->ini, item->line, msg, "too many tokens, expected at most %d", SL_LOAD_TOKENS_MAX);
	if (err != SL_OK)
		return err;
	for (size_t i = 0; i < r->n_sections; i++)
		if (r->sections[i].index == index)
			return sl_ini_complain(r->ini, item->line, msg, "[token %s] begins a second time (line %u), expected it once", name,
			                       r->sections[i].line);
	*section = (struct sl_load_section){ .index = index, .line = item->line };
	r->n_sections++;
	r->in_token = true;
	return SL_OK;
}

static enum sl_err
begin_section(struct reading *r, const struct sl_ini_item *item, struct sl_msg *msg)
{
	if (strncmp(item->section, "token", 5) == 0 && (item->section[5] == ' ' || item->section[5] == '\t'))
		return begin_token(r, item, item->section + 5 + strspn(item->section + 5, " \t"), msg);
	if (strcmp(item->section, "seedleaf") != 0)
		return sl_ini_complain(r->ini, item->line, msg, "unknown section [%.80s], expected [seedleaf] or [token NAME]",
		                       item->section);
	if (r->seen_general)
		return sl_ini_complain(r->ini, item->line, msg, "[seedleaf] begins a second time, expected it once");
	r->seen_general = true;
	r->in_token = false;
	return SL_OK;
}

static enum sl_err
read_item(struct reading *r, const struct sl_ini_item *item, struct sl_msg *msg)
{
	if (item->key == NULL)
		return begin_section(r, item, msg);
	if (r->in_token)
		return sl_load_token_item(r->config, &r->sections[r->n_sections - 1], r->ini, item, msg);
	return sl_load_item(rules, SL_ARRAY_LEN(rules), &r->seen, r->config, r->ini, item, msg);
}

static enum sl_err
read_ini(struct sl_config *config, const struct sl_ini *ini, struct sl_msg *msg)
{
	struct reading r = { .config = config, .ini = ini };
	enum sl_err err;

	for (size_t i = 0; i < ini->n; i++)
		if ((err = read_item(&r, &ini->items[i], msg)) != SL_OK)
			return err;
	for (size_t i = 0; i < r.n_sections; i++)
		if ((err = sl_load_token_end(config, &r.sections[i], ini, msg)) != SL_OK)
			return err;
	return SL_OK;
}

static enum sl_err
join(char **field, const char *dir, const char *rest)
{
	char *path;

	if (asprintf(&path, "%s%s", dir, rest) < 0)
		return SL_ERR_MEMORY;
	free(*field);
	*field = path;
	return SL_OK;
}

static enum sl_err
store_in_home(char **field)
{
	const char *home = secure_getenv("HOME");
	struct passwd *found = NULL;
	struct passwd entry;
	char room[4096];

	if (home != NULL && home[0] == '/')
		return join(field, home, "/.local/share/seedleaf");
	if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) == 0 && found != NULL && entry.pw_dir[0] == '/')
		return join(field, entry.pw_dir, "/.local/share/seedleaf");
	/* A user without a home has no store of its own. Declared keys need none. */
	return sl_load_copy(field, SYSTEM_STORE);
}

static enum sl_err
default_store(char **field)
{
	const char *data = secure_getenv("XDG_DATA_HOME");

	if (geteuid() == 0)
		return sl_load_copy(field, SYSTEM_STORE);
	/* XDG Base Directory Specification: a relative path is invalid and is to be ignored. */
	if (data != NULL && data[0] == '/')
		return join(field, data, "/seedleaf");
	return store_in_home(field);
}

/* What the file did not say. */
static enum sl_err
fill_defaults(struct sl_config *config)
{
	enum sl_err err;

	if (config->tcti == NULL && (err = sl_load_copy(&config->tcti, "device:/dev/tpmrm0")) != SL_OK)
		return err;
	if (config->store == NULL && (err = default_store(&config->store)) != SL_OK)
		return err;
	if (config->keys_dirs[0] == NULL)
		return sl_load_copy(&config->keys_dirs[0], DEFAULT_KEYS);
	return SL_OK;
}

void
sl_config_free(struct sl_config **config)
{
	struct sl_config *c = *config;

	if (c == NULL)
		return;
	for (size_t i = 0; i < c->n_tokens; i++)
		sl_load_token_clear(&c->tokens[i]);
	for (size_t i = 0; c->keys_dirs != NULL && c->keys_dirs[i] != NULL; i++)
		free(c->keys_dirs[i]);
	free(c->keys_dirs);
	free(c->tokens);
	free(c->path);
	free(c->tcti);
	free(c->store);
	free(c->log_file);
	free(c->login);
	free(c);
	*config = NULL;
}

enum sl_err
sl_config_load_file(const char *path, struct sl_config **ret_config, struct sl_msg *msg)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = calloc(1, sizeof(*config));
	SL_CLEANUP(sl_ini_clear) struct sl_ini ini = { 0 };
	enum sl_err err;

	if (config == NULL || (config->keys_dirs = calloc(KEYS_DIRS_MAX + 1, sizeof(*config->keys_dirs))) == NULL)
		return SL_ERR_MEMORY;
	config->log_level = SL_LOG_ERROR;
	err = sl_load_tokens_default(config);
	if (err != SL_OK)
		return err;
	if (path != NULL &&
	    ((err = sl_load_copy(&config->path, path)) != SL_OK || (err = sl_ini_load(path, SL_INI_FILE_MAX, &ini, msg)) != SL_OK ||
	     (err = read_ini(config, &ini, msg)) != SL_OK))
		return err;
	err = fill_defaults(config);
	if (err != SL_OK)
		return err;
	*ret_config = SL_TAKE(config);
	return SL_OK;
}

/* An empty variable is one that is not set. */
static const char *
environment(const char *name)
{
	const char *value = secure_getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

static enum sl_err
override_log(struct sl_config *config, const char *word, struct sl_msg *msg)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(log_words); i++) {
		if (strcmp(log_words[i], word) == 0) {
			config->log_level = (enum sl_log_level)i;
			return SL_OK;
		}
	}
	sl_msg_set(msg, "SEEDLEAF_LOG: '%.80s', expected off, error, info or debug", word);
	return SL_ERR_FORMAT;
}

/* Which tokens a program that asks for a PIN wants: "*", or names with commas between them. */
static enum sl_err
override_login(struct sl_config *config, const char *names, struct sl_msg *msg)
{
	SL_FREE char *copy = strdup(names);
	char *rest = copy;

	if (copy == NULL)
		return SL_ERR_MEMORY;
	while (strcmp(names, "*") != 0 && rest != NULL) {
		const char *name = strsep(&rest, ",");

		if (sl_config_token(config, name) == NULL) {
			sl_msg_set(msg, "SEEDLEAF_LOGIN: '%.80s', expected '*' or names of tokens with commas between them", names);
			return SL_ERR_FORMAT;
		}
	}
	return sl_load_copy(&config->login, names);
}

static enum sl_err
override(struct sl_config *config, struct sl_msg *msg)
{
	const char *tcti = environment("SEEDLEAF_TCTI");
	const char *store = environment("SEEDLEAF_STORE");
	const char *log = environment("SEEDLEAF_LOG");
	const char *login = environment("SEEDLEAF_LOGIN");
	enum sl_err err;

	if (tcti != NULL && (err = sl_load_copy(&config->tcti, tcti)) != SL_OK)
		return err;
	if (store != NULL && store[0] != '/') {
		sl_msg_set(msg, "SEEDLEAF_STORE: '%.80s', expected an absolute path", store);
		return SL_ERR_FORMAT;
	}
	if (store != NULL && (err = sl_load_copy(&config->store, store)) != SL_OK)
		return err;
	if (login != NULL && (err = override_login(config, login, msg)) != SL_OK)
		return err;
	return log != NULL ? override_log(config, log, msg) : SL_OK;
}

enum sl_err
sl_config_load(struct sl_config **ret_config, struct sl_msg *msg)
{
	SL_CLEANUP(sl_config_free) struct sl_config *config = NULL;
	const char *named = environment("SEEDLEAF_CONF");
	enum sl_err err;

	err = sl_config_load_file(named != NULL ? named : DEFAULT_FILE, &config, msg);
	if (err == SL_ERR_NOT_FOUND && named == NULL)
		err = sl_config_load_file(NULL, &config, msg);
	if (err == SL_OK)
		err = override(config, msg);
	if (err == SL_OK)
		*ret_config = SL_TAKE(config);
	return err;
}

const struct sl_token_config *
sl_config_token(const struct sl_config *config, const char *name)
{
	for (size_t i = 0; i < config->n_tokens; i++)
		if (strcmp(config->tokens[i].name, name) == 0)
			return &config->tokens[i];
	return NULL;
}
