# The benchmark's program loads any PKCS#11 module. It links libcrypto to compare with, and nothing of ours.
EXTRA_PROGRAMS += tests/bench/bench
CLEANFILES += tests/bench/bench
tests_bench_bench_SOURCES = tests/bench/bench.h tests/bench/main.c tests/bench/measures.c tests/bench/module.c tests/bench/modulejob.c \
	tests/bench/libcryptojob.c tests/bench/rates.c tests/bench/process.c tests/bench/handshakes.c
tests_bench_bench_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/bench
tests_bench_bench_LDADD = -lssl $(CRYPTO_LIBS) -lpthread -ldl

dist_check_SCRIPTS += tests/bench/check.py
EXTRA_DIST += tests/bench/bench.py tests/bench/report.py tests/bench/servers.py
# Two targets: one alone automake takes for a rule that replaces its own.
tests/bench/check.py.log tests/bench/check.py.trs: tests/bench/bench$(EXEEXT) seedleaf-pkcs11.la

# Takes about seven minutes, on an otherwise idle machine; SL_BENCH_SECONDS changes that (bench.py).
.PHONY: bench
bench: all tests/bench/bench$(EXEEXT)
	SL_SRC='$(abs_top_srcdir)' SL_BUILD='$(abs_top_builddir)' $(srcdir)/tests/with-tpm $(srcdir)/tests/bench/bench.py '$(abs_top_builddir)/bench.json'
	$(srcdir)/tests/bench/report.py bench.json >benchmarks.md
	$(srcdir)/tests/bench/report.py --svg bench.json >benchmarks.svg
	mv benchmarks.md benchmarks.svg $(srcdir)/doc/
CLEANFILES += bench.json
