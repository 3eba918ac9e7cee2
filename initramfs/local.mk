# Disks in plain dm-crypt: the command, and what takes it into the initramfs of initramfs-tools and of dracut. Both look below /usr.
nodist_sbin_SCRIPTS = initramfs/seedleaf-disk
initramfshooksdir = $(datadir)/initramfs-tools/hooks
nodist_initramfshooks_SCRIPTS = initramfs/hooks/seedleaf
initramfslocaltopdir = $(datadir)/initramfs-tools/scripts/local-top
nodist_initramfslocaltop_SCRIPTS = initramfs/local-top/seedleaf
dracutmoduledir = $(prefix)/lib/dracut/modules.d/90seedleaf
nodist_dracutmodule_SCRIPTS = initramfs/90seedleaf/module-setup.sh initramfs/90seedleaf/seedleaf-open.sh
sl_disk_unitdir = $(prefix)/lib/systemd/system
nodist_sl_disk_unit_DATA = systemd/seedleaf-disk@.service
sl_disk_made = $(nodist_sl_disk_unit_DATA) $(nodist_sbin_SCRIPTS) $(nodist_initramfshooks_SCRIPTS) $(nodist_initramfslocaltop_SCRIPTS) $(nodist_dracutmodule_SCRIPTS)
EXTRA_DIST += initramfs/seedleaf-disk.in initramfs/hooks/seedleaf.in initramfs/local-top/seedleaf.in
EXTRA_DIST += systemd/seedleaf-disk@.service.in initramfs/90seedleaf/module-setup.sh.in initramfs/90seedleaf/seedleaf-open.sh.in
CLEANFILES += $(sl_disk_made)
dist_man_MANS += man/seedleaf-disk.8
dist_check_SCRIPTS += tests/tool/disk.sh

$(sl_disk_made): %: $(top_srcdir)/%.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(SED) -e 's|@bindir[@]|$(bindir)|g' -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' \
	-e 's|@localstatedir[@]|$(localstatedir)|g' '$(top_srcdir)/$@.in' > '$@.tmp' && \
	case '$@' in systemd/*) ;; *) chmod 755 '$@.tmp' ;; esac && mv '$@.tmp' '$@'
