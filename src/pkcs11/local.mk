libseedleaf_la_SOURCES += \
	src/pkcs11/c_crypt.c \
	src/pkcs11/c_digest.c \
	src/pkcs11/c_general.c \
	src/pkcs11/c_key.c \
	src/pkcs11/c_login.c \
	src/pkcs11/c_message.c \
	src/pkcs11/c_msgsign.c \
	src/pkcs11/c_object.c \
	src/pkcs11/c_random.c \
	src/pkcs11/c_session.c \
	src/pkcs11/c_sign.c \
	src/pkcs11/c_slot.c \
	src/pkcs11/c_unsupported.c \
	src/pkcs11/c_wrap.c \
	src/pkcs11/call.c src/pkcs11/call.h \
	src/pkcs11/derive.c src/pkcs11/derive.h \
	src/pkcs11/derive_108.c src/pkcs11/derive_kdf.c \
	src/pkcs11/derive_plain.c \
	src/pkcs11/derive_tls.c \
	src/pkcs11/lists.h \
	src/pkcs11/mech.c src/pkcs11/mech.h src/pkcs11/mech_params.c \
	src/pkcs11/op.c src/pkcs11/op.h \
	src/pkcs11/op_crypt.c src/pkcs11/op_digest.c src/pkcs11/op_dual.c src/pkcs11/op_message.c \
	src/pkcs11/op_private.h src/pkcs11/op_recover.c src/pkcs11/op_sign.c src/pkcs11/op_signs.c src/pkcs11/op_state.c src/pkcs11/op_use.c \
	src/pkcs11/out.c src/pkcs11/out.h \
	src/pkcs11/pad.h \
	src/pkcs11/wrap.c src/pkcs11/wrap.h

moduledir = $(module_dir)
module_LTLIBRARIES = seedleaf-pkcs11.la
seedleaf_pkcs11_la_SOURCES = src/pkcs11/lists.c
seedleaf_pkcs11_la_LIBADD = libseedleaf.la
seedleaf_pkcs11_la_LDFLAGS = -module -avoid-version -no-undefined -shared \
	-export-symbols-regex '^C_Get(FunctionList|Interface|InterfaceList)$$' -Wl,-z,relro,-z,now,-z,noexecstack,-z,nodelete,-Bsymbolic

noinst_HEADERS += include/pkcs11-3.h include/pkcs11-additions.h include/pkcs11-derive.h
include_HEADERS = include/seedleaf.h
install-data-hook:
	rm -f $(DESTDIR)$(moduledir)/seedleaf-pkcs11.la
# Without its .la, libtool cannot take the module away.
uninstall-hook:
	rm -f $(DESTDIR)$(moduledir)/seedleaf-pkcs11.so
