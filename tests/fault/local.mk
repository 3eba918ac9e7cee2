check_PROGRAMS += tests/fault/test-faults
tests_fault_test_faults_SOURCES = tests/fault/test-faults.c tests/fault/scenario.c tests/fault/fault.c tests/fault/fault.h
tests_fault_test_faults_LDADD = $(tpmtest_ldadd) $(SQLITE_LIBS)
# Our own objects are linked in, so that their calls, and no library's, are the ones that fail.
tests_fault_test_faults_LDFLAGS = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=strdup \
	-Wl,--wrap=strndup,--wrap=asprintf,--wrap=__asprintf_chk,--wrap=mmap,--wrap=mmap64 \
	-Wl,--wrap=open,--wrap=open64,--wrap=__open_2,--wrap=__open64_2,--wrap=mkdir,--wrap=stat,--wrap=stat64,--wrap=lstat,--wrap=lstat64 \
	-Wl,--wrap=fstat,--wrap=fstat64,--wrap=access,--wrap=opendir,--wrap=socket,--wrap=connect,--wrap=send,--wrap=read,--wrap=__read_chk \
	-Wl,--wrap=poll,--wrap=chmod

check_PROGRAMS += tests/fault/test-pin-kill
tests_fault_test_pin_kill_SOURCES = tests/fault/test-pin-kill.c tests/fault/fault.c tests/fault/fault.h
tests_fault_test_pin_kill_LDADD = $(tpmtest_ldadd) $(SQLITE_LIBS)
tests_fault_test_pin_kill_LDFLAGS = $(tests_fault_test_faults_LDFLAGS)

check_PROGRAMS += tests/fault/test-pin-faults
tests_fault_test_pin_faults_SOURCES = tests/fault/test-pin-faults.c tests/fault/fault.c tests/fault/fault.h
tests_fault_test_pin_faults_LDADD = $(tpmtest_ldadd) $(SQLITE_LIBS)
tests_fault_test_pin_faults_LDFLAGS = $(tests_fault_test_faults_LDFLAGS)

check_PROGRAMS += tests/fault/test-kill
tests_fault_test_kill_SOURCES = tests/fault/test-kill.c
tests_fault_test_kill_LDADD = $(tpmtest_ldadd) $(SQLITE_LIBS)

check_PROGRAMS += tests/fault/test-reseal-kill
tests_fault_test_reseal_kill_SOURCES = tests/fault/test-reseal-kill.c tests/fault/fault.c tests/fault/fault.h
tests_fault_test_reseal_kill_LDADD = $(tpmtest_ldadd) $(SQLITE_LIBS)
tests_fault_test_reseal_kill_LDFLAGS = $(tests_fault_test_faults_LDFLAGS)
