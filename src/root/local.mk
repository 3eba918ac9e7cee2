libseedleaf_la_SOURCES += \
	src/root/keyring.c src/root/keyring.h \
	src/root/keyring_cache.c src/root/keyring_cache.h \
	src/root/keyring_fscrypt.c \
	src/root/keyring_hash.c src/root/keyring_hash.h \
	src/root/keyring_load.c src/root/keyring_load.h \
	src/root/keyring_make.c src/root/keyring_make.h \
	src/root/keyring_seal.c \
	src/root/keyring_upcall.c \
	src/root/policy.c src/root/policy.h \
	src/root/policy_digest.c \
	src/root/policy_key.c \
	src/root/root.c src/root/root.h \
	src/root/sealed.c src/root/sealed.h \
	src/root/sealed_hybrid.c \
	src/root/tpm.h \
	src/root/tpm_bound.c src/root/tpm_bound.h \
	src/root/tpm_command.c \
	src/root/tpm_device.c \
	src/root/tpm_link.c src/root/tpm_link.h \
	src/root/tpm_nv.c \
	src/root/tpm_nvblob.c \
	src/root/tpm_nvcommand.c src/root/tpm_nvcommand.h \
	src/root/tpm_persist.c \
	src/root/tpm_plan.c src/root/tpm_plan.h \
	src/root/tpm_policy.c src/root/tpm_policy.h \
	src/root/tpm_primary.c \
	src/root/tpm_public.c src/root/tpm_public.h \
	src/root/tpm_rc.c src/root/tpm_rc.h \
	src/root/tpm_run.c \
	src/root/tpm_salt.c \
	src/root/tpm_seal.c \
	src/root/tpm_session.c src/root/tpm_session.h \
	src/root/tpm_wait.c src/root/tpm_wait.h \
	src/root/upcall_form.c src/root/upcall_form.h
