# Beside a software TPM: each program runs itself anew under tests/with-tpm.
check_LTLIBRARIES += libtpmtest.la
libtpmtest_la_SOURCES = tests/root/tpmtest.c tests/root/tpmtest.h
tpmtest_ldadd = libtpmtest.la libtest.la libseedleaf.la

check_PROGRAMS += tests/root/test-budget
tests_root_test_budget_SOURCES = tests/root/test-budget.c
tests_root_test_budget_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/root/test-life
tests_root_test_life_SOURCES = tests/root/test-life.c
tests_root_test_life_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/root/test-faults
tests_root_test_faults_SOURCES = tests/root/test-faults.c
tests_root_test_faults_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/root/test-link
tests_root_test_link_SOURCES = tests/root/test-link.c
tests_root_test_link_LDADD = $(tpmtest_ldadd) -lutil

check_PROGRAMS += tests/root/test-threads
tests_root_test_threads_SOURCES = tests/root/test-threads.c
tests_root_test_threads_LDADD = $(tpmtest_ldadd)

dist_check_SCRIPTS += tests/root/test-with-tpm.sh
tests/root/test-with-tpm.log: tests/root/test-link

# No TPM: the arithmetic under the sessions.
check_PROGRAMS += tests/root/test-tpm-crypto
tests_root_test_tpm_crypto_SOURCES = tests/root/test-tpm-crypto.c
tests_root_test_tpm_crypto_LDADD = $(test_ldadd)

libtpmtest_la_SOURCES += tests/root/sealtest.c tests/root/sealtest.h
check_PROGRAMS += tests/root/test-seal
tests_root_test_seal_SOURCES = tests/root/test-seal.c
tests_root_test_seal_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/root/test-seal-faults
tests_root_test_seal_faults_SOURCES = tests/root/test-seal-faults.c
tests_root_test_seal_faults_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/root/test-seal-keys
tests_root_test_seal_keys_SOURCES = tests/root/test-seal-keys.c
tests_root_test_seal_keys_LDADD = $(tpmtest_ldadd) $(SQLITE_LIBS)

check_PROGRAMS += tests/root/test-policy
tests_root_test_policy_SOURCES = tests/root/test-policy.c
tests_root_test_policy_LDADD = $(tpmtest_ldadd)

libtpmtest_la_SOURCES += tests/root/policytest.c tests/root/policytest.h
check_PROGRAMS += tests/root/test-policy-blobs
tests_root_test_policy_blobs_SOURCES = tests/root/test-policy-blobs.c
tests_root_test_policy_blobs_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/root/test-policy-signed
tests_root_test_policy_signed_SOURCES = tests/root/test-policy-signed.c
tests_root_test_policy_signed_LDADD = $(tpmtest_ldadd)
EXTRA_DIST += tests/root/sign-policy.py
libtpmtest_la_SOURCES += tests/root/nvtest.c tests/root/nvtest.h
check_PROGRAMS += tests/root/test-nv
tests_root_test_nv_SOURCES = tests/root/test-nv.c
tests_root_test_nv_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/root/test-nv-faults
tests_root_test_nv_faults_SOURCES = tests/root/test-nv-faults.c
tests_root_test_nv_faults_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/root/test-nv-lockout
tests_root_test_nv_lockout_SOURCES = tests/root/test-nv-lockout.c
tests_root_test_nv_lockout_LDADD = $(tpmtest_ldadd)
check_PROGRAMS += tests/root/test-pins
tests_root_test_pins_SOURCES = tests/root/test-pins.c
tests_root_test_pins_LDADD = $(tpmtest_ldadd) $(SQLITE_LIBS)

# Roots that the kernel keeps, beside a kernel of the test's own.
check_PROGRAMS += tests/root/test-keyring
tests_root_test_keyring_SOURCES = tests/root/test-keyring.c tests/root/fakekernel.c tests/root/fakekernel.h
tests_root_test_keyring_LDADD = $(test_ldadd)
tests_root_test_keyring_LDFLAGS = -Wl,--wrap=request_key,--wrap=keyctl_search,--wrap=socket,--wrap=bind,--wrap=setsockopt,--wrap=accept4 \
	-Wl,--wrap=send,--wrap=recv,--wrap=close
check_PROGRAMS += tests/root/test-policy-attacks
tests_root_test_policy_attacks_SOURCES = tests/root/test-policy-attacks.c
tests_root_test_policy_attacks_LDADD = $(tpmtest_ldadd)
