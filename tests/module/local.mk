# Against the built module, beside a software TPM: each program runs itself anew under tests/with-tpm. None links the module's code.
check_LTLIBRARIES += libmodtest.la
libmodtest_la_SOURCES = tests/module/module.c tests/module/module.h
modtest_ldadd = libmodtest.la libtest.la -ldl
EXTRA_DIST += tests/data/exports

check_PROGRAMS += tests/module/test-list
tests_module_test_list_SOURCES = tests/module/test-list.c tests/module/calls.inc tests/module/careless.inc
tests_module_test_list_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-general
tests_module_test_general_SOURCES = tests/module/test-general.c
tests_module_test_general_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-mechanisms
tests_module_test_mechanisms_SOURCES = tests/module/test-mechanisms.c tests/module/secret.inc
tests_module_test_mechanisms_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-objects
tests_module_test_objects_SOURCES = tests/module/test-objects.c
tests_module_test_objects_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-change
tests_module_test_change_SOURCES = tests/module/test-change.c
tests_module_test_change_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-find
tests_module_test_find_SOURCES = tests/module/test-find.c
tests_module_test_find_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-generate
tests_module_test_generate_SOURCES = tests/module/test-generate.c
tests_module_test_generate_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-sign
tests_module_test_sign_SOURCES = tests/module/test-sign.c
tests_module_test_sign_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-recall
tests_module_test_recall_SOURCES = tests/module/test-recall.c
tests_module_test_recall_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-hints
tests_module_test_hints_SOURCES = tests/module/test-hints.c
tests_module_test_hints_LDADD = $(modtest_ldadd) $(SQLITE_LIBS)

check_PROGRAMS += tests/module/test-declared
tests_module_test_declared_SOURCES = tests/module/test-declared.c
tests_module_test_declared_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-secret
tests_module_test_secret_SOURCES = tests/module/test-secret.c tests/module/secret.inc
tests_module_test_secret_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-rsa
tests_module_test_rsa_SOURCES = tests/module/test-rsa.c
tests_module_test_rsa_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-message
tests_module_test_message_SOURCES = tests/module/test-message.c
tests_module_test_message_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-interface
tests_module_test_interface_SOURCES = tests/module/test-interface.c
tests_module_test_interface_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)
check_PROGRAMS += tests/module/test-processes
tests_module_test_processes_SOURCES = tests/module/test-processes.c
tests_module_test_processes_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-fork
tests_module_test_fork_SOURCES = tests/module/test-fork.c
tests_module_test_fork_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-create
tests_module_test_create_SOURCES = tests/module/test-create.c
tests_module_test_create_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-wrap
tests_module_test_wrap_SOURCES = tests/module/test-wrap.c
tests_module_test_wrap_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-derive
tests_module_test_derive_SOURCES = tests/module/test-derive.c
tests_module_test_derive_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-root-key
tests_module_test_root_key_SOURCES = tests/module/test-root-key.c
tests_module_test_root_key_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-login
tests_module_test_login_SOURCES = tests/module/test-login.c
tests_module_test_login_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-pin
tests_module_test_pin_SOURCES = tests/module/test-pin.c
tests_module_test_pin_LDADD = $(modtest_ldadd)
check_PROGRAMS += tests/module/test-private
tests_module_test_private_SOURCES = tests/module/test-private.c
tests_module_test_private_LDADD = $(modtest_ldadd) $(SQLITE_LIBS)

check_PROGRAMS += tests/module/test-private-data
tests_module_test_private_data_SOURCES = tests/module/test-private-data.c
tests_module_test_private_data_LDADD = $(modtest_ldadd) $(SQLITE_LIBS)

check_PROGRAMS += tests/module/test-login-attacks
tests_module_test_login_attacks_SOURCES = tests/module/test-login-attacks.c
tests_module_test_login_attacks_LDADD = $(modtest_ldadd) $(SQLITE_LIBS)

check_PROGRAMS += tests/module/test-private-make
tests_module_test_private_make_SOURCES = tests/module/test-private-make.c
tests_module_test_private_make_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-private-use
tests_module_test_private_use_SOURCES = tests/module/test-private-use.c
tests_module_test_private_use_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-sealed-token
tests_module_test_sealed_token_SOURCES = tests/module/test-sealed-token.c
tests_module_test_sealed_token_LDADD = $(modtest_ldadd) $(SQLITE_LIBS)
check_PROGRAMS += tests/module/test-forget
tests_module_test_forget_SOURCES = tests/module/test-forget.c
tests_module_test_forget_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-attacks
tests_module_test_attacks_SOURCES = tests/module/test-attacks.c tests/module/attack.c tests/module/attack.h
tests_module_test_attacks_LDADD = $(modtest_ldadd) $(SQLITE_LIBS)

check_PROGRAMS += tests/module/test-oracles
tests_module_test_oracles_SOURCES = tests/module/test-oracles.c tests/module/attack.c tests/module/attack.h
tests_module_test_oracles_LDADD = $(modtest_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/module/test-state
tests_module_test_state_SOURCES = tests/module/test-state.c
tests_module_test_state_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-described
tests_module_test_described_SOURCES = tests/module/test-described.c
tests_module_test_described_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-derive-keys
tests_module_test_derive_keys_SOURCES = tests/module/test-derive-keys.c
tests_module_test_derive_keys_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-again
tests_module_test_again_SOURCES = tests/module/test-again.c
tests_module_test_again_LDADD = $(modtest_ldadd)
check_PROGRAMS += tests/module/test-core-dumps
tests_module_test_core_dumps_SOURCES = tests/module/test-core-dumps.c
tests_module_test_core_dumps_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-explicit
tests_module_test_explicit_SOURCES = tests/module/test-explicit.c
tests_module_test_explicit_LDADD = $(modtest_ldadd)

check_PROGRAMS += tests/module/test-login-cache
tests_module_test_login_cache_SOURCES = tests/module/test-login-cache.c
tests_module_test_login_cache_LDADD = $(modtest_ldadd) $(KEYUTILS_LIBS)
