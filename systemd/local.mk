systemdsystemunitdir = $(prefix)/lib/systemd/system
nodist_systemdsystemunit_DATA = systemd/seedleaf-keyring@.service
sl_keyring_sbindir = $(sbindir)
nodist_sl_keyring_sbin_SCRIPTS = systemd/seedleaf-keyring
EXTRA_DIST += systemd/seedleaf-keyring@.service.in systemd/seedleaf-keyring.in
CLEANFILES += systemd/seedleaf-keyring@.service systemd/seedleaf-keyring

systemd_edit = $(AM_V_GEN)$(MKDIR_P) systemd && $(SED) 's|@bindir[@]|$(bindir)|g; s|@localstatedir[@]|$(localstatedir)|g'

systemd/seedleaf-keyring@.service: $(top_srcdir)/systemd/seedleaf-keyring@.service.in Makefile
	$(systemd_edit) '$(top_srcdir)/systemd/seedleaf-keyring@.service.in' > '$@.tmp' && mv '$@.tmp' '$@'
systemd/seedleaf-keyring: $(top_srcdir)/systemd/seedleaf-keyring.in Makefile
	$(systemd_edit) '$(top_srcdir)/systemd/seedleaf-keyring.in' > '$@.tmp' && chmod +x '$@.tmp' && mv '$@.tmp' '$@'
