check_PROGRAMS += tests/budget/test-commands
tests_budget_test_commands_SOURCES = tests/budget/test-commands.c
tests_budget_test_commands_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/budget/test-absent
tests_budget_test_absent_SOURCES = tests/budget/test-absent.c
tests_budget_test_absent_LDADD = $(test_ldadd)
