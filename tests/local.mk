# Every test speaks TAP. tests/unit: one folder's code, no TPM. tests/module: the built module, through its function list.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
# A test that hangs is a failure like another one; sanitizers on a loaded machine take ten times as long as a test should.
LOG_COMPILER = timeout -k 60 $(SL_TEST_SECONDS)
SL_TEST_SECONDS = 900
AM_TESTS_ENVIRONMENT = SL_BUILD='$(abs_top_builddir)'; SL_SRC='$(abs_top_srcdir)'; export SL_BUILD SL_SRC;
EXTRA_DIST += build-aux/tap-driver.sh tests/with-tpm tests/tpm-proxy

check_LTLIBRARIES += libtest.la
libtest_la_SOURCES = tests/lib/test.c tests/lib/test.h tests/lib/files.c tests/lib/files.h tests/lib/host.c tests/lib/host.h
test_ldadd = libtest.la libseedleaf.la

include tests/unit/local.mk
include tests/root/local.mk
include tests/module/local.mk
include tests/request-key/local.mk
include tests/budget/local.mk
include tests/fork/local.mk
include tests/threads/local.mk
include tests/fault/local.mk
include tests/attack/local.mk
include tests/fuzz/local.mk
include tests/clients/local.mk
include tests/tool/local.mk
include tests/bench/local.mk
include tests/lint/local.mk
