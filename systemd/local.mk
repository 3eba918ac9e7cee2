systemdsystemunitdir = $(prefix)/lib/systemd/system
nodist_systemdsystemunit_DATA = systemd/seedleaf-keyring@.service
EXTRA_DIST += systemd/seedleaf-keyring@.service.in
CLEANFILES += systemd/seedleaf-keyring@.service

systemd/seedleaf-keyring@.service: $(top_srcdir)/systemd/seedleaf-keyring@.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) systemd && \
	$(SED) 's|@bindir[@]|$(bindir)|g; s|@localstatedir[@]|$(localstatedir)|g' '$(top_srcdir)/systemd/seedleaf-keyring@.service.in' > '$@.tmp' && mv '$@.tmp' '$@'
