check_PROGRAMS += tests/threads/test-threads
tests_threads_test_threads_SOURCES = tests/threads/test-threads.c
tests_threads_test_threads_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/threads/test-finalize-threads
tests_threads_test_finalize_threads_SOURCES = tests/threads/test-finalize-threads.c
tests_threads_test_finalize_threads_LDADD = $(tpmtest_ldadd)

check_PROGRAMS += tests/threads/test-login-threads
tests_threads_test_login_threads_SOURCES = tests/threads/test-login-threads.c
tests_threads_test_login_threads_LDADD = $(tpmtest_ldadd)

threaded_tests = tests/threads/test-threads tests/threads/test-login-threads tests/threads/test-finalize-threads tests/root/test-threads

# The threaded tests under ThreadSanitizer, in a build folder of their own. Nothing needs to be suppressed.
.PHONY: check-tsan check-threaded
check-tsan:
	$(MKDIR_P) tsan
	cd tsan && { test -f config.status || $(abs_top_srcdir)/configure --enable-sanitizer=thread CC='$(CC)'; }
	$(MAKE) -C tsan check-threaded

check-threaded: all
	TSAN_OPTIONS='$(tsan_options)' $(MAKE) check TESTS='$(threaded_tests)'

tsan_options = halt_on_error=1:second_deadlock_stack=1
