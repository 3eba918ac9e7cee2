bin_PROGRAMS += seedleaf
seedleaf_SOURCES = \
	src/tool/args.c \
	src/tool/cmd_config_check.c \
	src/tool/cmd_key_add.c \
	src/tool/cmd_key_export.c \
	src/tool/cmd_key_import.c \
	src/tool/cmd_key_list.c \
	src/tool/cmd_key_remove.c \
	src/tool/cmd_key_rotate.c \
	src/tool/cmd_key_show.c \
	src/tool/cmd_keyring_load.c \
	src/tool/cmd_keyring_unload.c \
	src/tool/cmd_policy_show.c \
	src/tool/cmd_policy_sign.c \
	src/tool/cmd_status.c \
	src/tool/cmd_token_init.c \
	src/tool/cmd_token_persist.c \
	src/tool/cmd_token_pin.c \
	src/tool/cmd_token_reseal.c \
	src/tool/cmd_token_reset.c \
	src/tool/device.c src/tool/device.h \
	src/tool/key_source.c src/tool/key_source.h \
	src/tool/keyset.c \
	src/tool/encode.c src/tool/encode.h \
	src/tool/export_tss2.c src/tool/export_tss2.h \
	src/tool/keyring_args.h \
	src/tool/keyring_root.c src/tool/keyring_root.h \
	src/tool/keys.c src/tool/keys.h \
	src/tool/main.c \
	src/tool/passphrase.c src/tool/passphrase.h \
	src/tool/pins.c src/tool/pins.h \
	src/tool/policy.h src/tool/policy_key.c src/tool/policy_values.c \
	src/tool/report.c \
	src/tool/secret_input.c src/tool/secret_input.h src/tool/terminal.c \
	src/tool/tool.h \
	src/tool/user.c src/tool/user.h
seedleaf_LDADD = libseedleaf.la

bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = completions/seedleaf
