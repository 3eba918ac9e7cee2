check_PROGRAMS += tests/fork/test-fork
tests_fork_test_fork_SOURCES = tests/fork/test-fork.c
tests_fork_test_fork_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/fork/test-load
tests_fork_test_load_SOURCES = tests/fork/test-load.c
tests_fork_test_load_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/fork/test-exit
tests_fork_test_exit_SOURCES = tests/fork/test-exit.c
tests_fork_test_exit_LDADD = $(tpmtest_ldadd) $(CRYPTO_LIBS)
