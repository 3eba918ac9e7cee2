moduleconfdir = $(module_config_dir)
nodist_moduleconf_DATA = p11-kit/seedleaf.module
EXTRA_DIST += p11-kit/seedleaf.module.in
CLEANFILES += p11-kit/seedleaf.module

# p11-kit takes a bare name from its own module directory; anywhere else needs the whole path.
p11-kit/seedleaf.module: $(top_srcdir)/p11-kit/seedleaf.module.in Makefile
	$(AM_V_GEN)$(MKDIR_P) p11-kit && if test "$(moduledir)" = "$$($(PKG_CONFIG) --variable=p11_module_path p11-kit-1)"; \
	then name=seedleaf-pkcs11.so; else name=$(moduledir)/seedleaf-pkcs11.so; fi; \
	$(SED) "s|^module: .*|module: $$name|" $(top_srcdir)/p11-kit/seedleaf.module.in > $@.tmp && mv $@.tmp $@
