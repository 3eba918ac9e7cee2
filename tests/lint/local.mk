# What can be checked of the sources without running them. `make lint` runs only these.
lint_scripts = tests/lint/layers.sh tests/lint/sizes.sh tests/lint/headers.sh
dist_check_SCRIPTS += $(lint_scripts)
EXTRA_DIST += tests/lint/strip.awk

lint_compile = $(CC) $(DEFS) -I$(top_builddir) $(AM_CPPFLAGS) $(CPPFLAGS)
AM_TESTS_ENVIRONMENT += SL_COMPILE='cd $(abs_top_builddir) && $(lint_compile)'; export SL_COMPILE;

.PHONY: lint
lint:
	@status=0; $(AM_TESTS_ENVIRONMENT) \
	for script in $(lint_scripts); do $(SHELL) $(top_srcdir)/$$script || status=1; done; exit $$status
