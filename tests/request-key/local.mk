# The upcall helper's parts, beside a made-up /proc and no kernel; conformance/vm has the kernel.
check_PROGRAMS += tests/request-key/test-parse tests/request-key/test-requester tests/request-key/test-derive tests/request-key/test-module \
	tests/request-key/test-queue
requestkey_ldadd = librequestkey.la libtest.la libseedleaf.la $(KEYUTILS_LIBS)
tests_request_key_test_parse_SOURCES = tests/request-key/test-parse.c
tests_request_key_test_parse_LDADD = $(requestkey_ldadd)
tests_request_key_test_requester_SOURCES = tests/request-key/test-requester.c
tests_request_key_test_requester_LDADD = $(requestkey_ldadd)
tests_request_key_test_derive_SOURCES = tests/request-key/test-derive.c tests/request-key/vector.h
tests_request_key_test_derive_LDADD = libtpmtest.la $(requestkey_ldadd)
tests_request_key_test_module_SOURCES = tests/request-key/test-module.c
tests_request_key_test_module_LDADD = $(requestkey_ldadd)
tests_request_key_test_queue_SOURCES = tests/request-key/test-queue.c
tests_request_key_test_queue_LDADD = $(requestkey_ldadd)
dist_check_SCRIPTS += conformance/upcall.py tests/request-key/program.sh
EXTRA_DIST += doc/upcall.md doc/upcall-vectors.json
