# The kernel's upcall helper. A library beside it, so that the tests have its parts.
sbin_PROGRAMS += seedleaf-request-key
noinst_LTLIBRARIES += librequestkey.la
librequestkey_la_SOURCES = \
	src/request-key/answer.c src/request-key/answer.h \
	src/request-key/confine.c src/request-key/confine.h \
	src/request-key/procfs.c src/request-key/procfs.h \
	src/request-key/queue.c src/request-key/queue.h \
	src/request-key/request.c src/request-key/request.h \
	src/request-key/requester.c src/request-key/requester.h \
	src/request-key/work.c src/request-key/work.h
librequestkey_la_LIBADD = libseedleaf.la $(KEYUTILS_LIBS)
seedleaf_request_key_SOURCES = src/request-key/main.c
seedleaf_request_key_LDADD = librequestkey.la libseedleaf.la

# Where request-key(8) looks is in its own code, and no matter of our prefix, unless we are inside somebody's.
requestkeydir = $(request_key_dir)
nodist_requestkey_DATA = request-key/seedleaf.conf
EXTRA_DIST += request-key/seedleaf.conf.in
CLEANFILES += request-key/seedleaf.conf
request-key/seedleaf.conf: $(top_srcdir)/request-key/seedleaf.conf.in Makefile
	$(AM_V_GEN)$(MKDIR_P) request-key && $(SED) 's|[@]sbindir[@]|$(sbindir)|' $(top_srcdir)/request-key/seedleaf.conf.in > $@.tmp && mv $@.tmp $@
