dist_check_SCRIPTS += conformance/derivation.py

# The probe loads any PKCS#11 module. It links libcrypto to compare with, and nothing of ours. Not a test by itself: conformance/check-*.sh.
EXTRA_PROGRAMS += conformance/probe
CLEANFILES += conformance/probe
conformance_probe_SOURCES = conformance/probe.c conformance/probe.h conformance/probe-std.h conformance/probe-keys.h conformance/probe-objects.h \
	conformance/probe-util.c conformance/probe-keys.c conformance/probe-ossl.c conformance/probe-sabotage.c conformance/probe-list.inc conformance/probe-list3.inc \
	conformance/probe-calls.inc conformance/probe-calls.c conformance/probe-general.c conformance/probe-session.c \
	conformance/probe-login.c conformance/probe-objects.c conformance/probe-defaults.c conformance/probe-attributes.c \
	conformance/probe-find.c conformance/probe-mechanisms.c conformance/probe-generate.c conformance/probe-ops.c \
	conformance/probe-digest.c conformance/probe-mac.c conformance/probe-cipher.c conformance/probe-aead.c \
	conformance/probe-rsa.c conformance/probe-ec.c conformance/probe-derive.c conformance/probe-wrap.c \
	conformance/probe-v3.c
conformance_probe_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/conformance
conformance_probe_CFLAGS = $(AM_CFLAGS)
conformance_probe_LDADD = $(CRYPTO_LIBS) -ldl
dist_check_SCRIPTS += conformance/check-seedleaf.sh conformance/check-bare.sh conformance/check-softhsm.sh
EXTRA_DIST += conformance/run.sh conformance/matrix.py conformance/known conformance/matrix.md
conformance/check-seedleaf.sh.log conformance/check-bare.sh.log conformance/check-softhsm.sh.log: conformance/probe$(EXEEXT) seedleaf-pkcs11.la

# Both modules side by side; and the test of the test.
.PHONY: conformance conformance-known conformance-sabotage
conformance: all conformance/probe$(EXEEXT)
	SL_SRC='$(abs_top_srcdir)' SL_BUILD='$(abs_top_builddir)' $(srcdir)/conformance/run.sh matrix $(srcdir)/conformance/matrix.md
conformance-known: all conformance/probe$(EXEEXT)
	SL_SRC='$(abs_top_srcdir)' SL_BUILD='$(abs_top_builddir)' $(srcdir)/conformance/run.sh known $(srcdir)/conformance/known
conformance-sabotage: all conformance/probe$(EXEEXT)
	SL_SRC='$(abs_top_srcdir)' SL_BUILD='$(abs_top_builddir)' $(srcdir)/conformance/run.sh sabotage

# Stories with a real kernel in virtual machines: need qemu, and 200 MB from the package mirror once. STORIES names some; all without.
# Real clients on three modules, row by row.
dist_check_SCRIPTS += conformance/check-clients.sh
EXTRA_DIST += conformance/clients conformance/clients.md
.PHONY: conformance-clients
conformance-clients: all
	SL_SRC='$(abs_top_srcdir)' SL_BUILD='$(abs_top_builddir)' $(srcdir)/conformance/clients/run.sh table $(srcdir)/conformance/clients.md

# Sealed keys as trusted keys of a real kernel, in a virtual machine: needs qemu, 200 MB from the package mirror once, and a minute.
EXTRA_PROGRAMS += conformance/vm/afalg
CLEANFILES += conformance/vm/afalg
conformance_vm_afalg_SOURCES = conformance/vm/afalg.c
conformance_vm_afalg_CFLAGS = $(AM_CFLAGS)
EXTRA_PROGRAMS += conformance/vm/asker
CLEANFILES += conformance/vm/asker conformance/vm/preload.so
conformance_vm_asker_SOURCES = conformance/vm/asker.c
conformance_vm_asker_CFLAGS = $(AM_CFLAGS)
conformance_vm_asker_LDADD = $(KEYUTILS_LIBS) -lpthread
conformance/vm/preload.so: $(srcdir)/conformance/vm/preload.c
	$(AM_V_CC)$(MKDIR_P) conformance/vm && $(CC) $(AM_CFLAGS) $(CFLAGS) -shared -fPIC -o $@ $(srcdir)/conformance/vm/preload.c $(KEYUTILS_LIBS)
EXTRA_DIST += conformance/vm/run.sh conformance/vm/kernel.sh conformance/vm/lib.sh conformance/vm/guest-lib.sh
EXTRA_DIST += conformance/vm/trusted.sh conformance/vm/guest-trusted.sh
EXTRA_DIST += conformance/vm/nas.sh conformance/vm/guest-nas.sh
EXTRA_DIST += conformance/vm/disks.sh conformance/vm/guest-disks.sh conformance/vm/guest-systemd.sh
EXTRA_DIST += conformance/vm/roots.sh conformance/vm/guest-roots.sh
EXTRA_DIST += conformance/vm/upcall.sh conformance/vm/guest-upcall.sh conformance/vm/preload.c
.PHONY: conformance-vm
conformance-vm: all conformance/vm/afalg$(EXEEXT) conformance/vm/asker$(EXEEXT) conformance/vm/preload.so
	SL_SRC='$(abs_top_srcdir)' SL_BUILD='$(abs_top_builddir)' $(srcdir)/conformance/vm/run.sh $(STORIES)
