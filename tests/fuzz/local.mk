fuzz_sources = tests/fuzz/targets.c tests/fuzz/calls.c tests/fuzz/der.c tests/fuzz/privkey.c tests/fuzz/fuzz.h
fuzz_seeds = tests/fuzz/seeds/0-keyfile tests/fuzz/seeds/1-config tests/fuzz/seeds/2-spki tests/fuzz/seeds/3-certificate \
	tests/fuzz/seeds/4-signature tests/fuzz/seeds/5-template tests/fuzz/seeds/6-mechanism tests/fuzz/seeds/7-store tests/fuzz/seeds/8-calls \
	tests/fuzz/seeds/9-policies tests/fuzz/seeds/10-statements \
	tests/fuzz/seeds/11-privkey tests/fuzz/seeds/12-openssh
EXTRA_DIST += $(fuzz_seeds)

check_PROGRAMS += tests/fuzz/test-fuzz
tests_fuzz_test_fuzz_SOURCES = tests/fuzz/test-fuzz.c $(fuzz_sources)
tests_fuzz_test_fuzz_LDADD = $(tpmtest_ldadd)

# make fuzz FUZZ_SECONDS=600: the same targets under libFuzzer, with clang, in a build folder of their own.
EXTRA_PROGRAMS += tests/fuzz/fuzz
tests_fuzz_fuzz_SOURCES = $(fuzz_sources)
tests_fuzz_fuzz_LDADD = $(tpmtest_ldadd)
tests_fuzz_fuzz_LDFLAGS = -fsanitize=fuzzer
FUZZ_SECONDS = 60

.PHONY: fuzz fuzz-here
fuzz:
	$(MKDIR_P) fuzz/corpus
	cd fuzz && { test -f config.status || $(abs_top_srcdir)/configure --enable-sanitizer=fuzzer-no-link,address,undefined CC=clang; }
	$(MAKE) -C fuzz fuzz-here FUZZ_SECONDS=$(FUZZ_SECONDS)

fuzz-here: tests/fuzz/fuzz$(EXEEXT)
	SL_BUILD=$(abs_top_builddir) $(abs_top_srcdir)/tests/with-tpm ./tests/fuzz/fuzz -max_total_time=$(FUZZ_SECONDS) -detect_leaks=0 \
		corpus $(abs_top_srcdir)/tests/fuzz/seeds
