check_PROGRAMS += tests/unit/test-buf
tests_unit_test_buf_SOURCES = tests/unit/test-buf.c
tests_unit_test_buf_LDADD = $(test_ldadd)

check_PROGRAMS += tests/unit/test-ini tests/unit/test-config tests/unit/test-keyfile
tests_unit_test_ini_SOURCES = tests/unit/test-ini.c
tests_unit_test_ini_LDADD = $(test_ldadd)
tests_unit_test_config_SOURCES = tests/unit/test-config.c
tests_unit_test_config_LDADD = $(test_ldadd)
tests_unit_test_keyfile_SOURCES = tests/unit/test-keyfile.c
tests_unit_test_keyfile_LDADD = $(test_ldadd)
check_PROGRAMS += tests/unit/test-signature
tests_unit_test_signature_SOURCES = tests/unit/test-signature.c
tests_unit_test_signature_LDADD = $(test_ldadd)
EXTRA_DIST += tests/data/policy/tpm2-pcr-signature.json

check_PROGRAMS += tests/unit/test-digest
tests_unit_test_digest_SOURCES = tests/unit/test-digest.c
tests_unit_test_digest_LDADD = $(test_ldadd)

check_PROGRAMS += tests/unit/test-detkey
tests_unit_test_detkey_SOURCES = tests/unit/test-detkey.c
tests_unit_test_detkey_LDADD = $(test_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/test-derive
tests_unit_test_derive_SOURCES = tests/unit/test-derive.c
tests_unit_test_derive_LDADD = $(test_ldadd)

check_PROGRAMS += tests/unit/test-sign
tests_unit_test_sign_SOURCES = tests/unit/test-sign.c tests/unit/leaf.c tests/unit/leaf.h
tests_unit_test_sign_LDADD = $(test_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/test-key
tests_unit_test_key_SOURCES = tests/unit/test-key.c tests/unit/leaf.c tests/unit/leaf.h
tests_unit_test_key_LDADD = $(test_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/test-sealed
tests_unit_test_sealed_SOURCES = tests/unit/test-sealed.c
tests_unit_test_sealed_LDADD = $(test_ldadd)

check_PROGRAMS += tests/unit/test-table tests/unit/test-template tests/unit/test-store tests/unit/test-values
tests_unit_test_values_SOURCES = tests/unit/test-values.c
tests_unit_test_values_LDADD = $(test_ldadd)
tests_unit_test_table_SOURCES = tests/unit/test-table.c
tests_unit_test_table_LDADD = $(test_ldadd)
tests_unit_test_template_SOURCES = tests/unit/test-template.c
tests_unit_test_template_LDADD = $(test_ldadd)
tests_unit_test_store_SOURCES = tests/unit/test-store.c
tests_unit_test_store_LDADD = $(test_ldadd) $(SQLITE_LIBS)
# One host with an engine of the test's own, one with libp11's.
check_PROGRAMS += tests/unit/test-engine tests/unit/test-engine-p11
tests_unit_test_engine_SOURCES = tests/unit/test-engine.c tests/unit/leaf.c tests/unit/leaf.h \
	tests/unit/outside.c tests/unit/outside.h
tests_unit_test_engine_CPPFLAGS = $(AM_CPPFLAGS) -DCOUNTING=1
tests_unit_test_engine_LDADD = $(test_ldadd) $(CRYPTO_LIBS)
tests_unit_test_engine_p11_SOURCES = $(tests_unit_test_engine_SOURCES)
tests_unit_test_engine_p11_CPPFLAGS = $(AM_CPPFLAGS) -DCOUNTING=0
tests_unit_test_engine_p11_LDADD = $(test_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/test-guest
tests_unit_test_guest_SOURCES = tests/unit/test-guest.c tests/unit/leaf.c tests/unit/leaf.h
tests_unit_test_guest_LDADD = $(test_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/test-cipher tests/unit/test-mac tests/unit/test-kdf
check_PROGRAMS += tests/unit/test-gcmiv
tests_unit_test_gcmiv_SOURCES = tests/unit/test-gcmiv.c
tests_unit_test_gcmiv_LDADD = $(test_ldadd) $(CRYPTO_LIBS)
tests_unit_test_cipher_SOURCES = tests/unit/test-cipher.c
tests_unit_test_cipher_LDADD = $(test_ldadd) $(CRYPTO_LIBS)
tests_unit_test_mac_SOURCES = tests/unit/test-mac.c
tests_unit_test_mac_LDADD = $(test_ldadd) $(CRYPTO_LIBS)
tests_unit_test_kdf_SOURCES = tests/unit/test-kdf.c
tests_unit_test_kdf_LDADD = $(test_ldadd) $(CRYPTO_LIBS)
check_PROGRAMS += tests/unit/test-agree tests/unit/test-rsacrypt tests/unit/test-outside
outside_sources = tests/unit/leaf.c tests/unit/leaf.h tests/unit/outside.c tests/unit/outside.h
tests_unit_test_agree_SOURCES = tests/unit/test-agree.c $(outside_sources)
tests_unit_test_agree_LDADD = $(test_ldadd) $(CRYPTO_LIBS)
tests_unit_test_rsacrypt_SOURCES = tests/unit/test-rsacrypt.c $(outside_sources)
tests_unit_test_rsacrypt_LDADD = $(test_ldadd) $(CRYPTO_LIBS)
tests_unit_test_outside_SOURCES = tests/unit/test-outside.c $(outside_sources)
tests_unit_test_outside_LDADD = $(test_ldadd) $(CRYPTO_LIBS)

check_PROGRAMS += tests/unit/test-policy-form
tests_unit_test_policy_form_SOURCES = tests/unit/test-policy-form.c
tests_unit_test_policy_form_LDADD = $(test_ldadd)
check_PROGRAMS += tests/unit/test-privkey
tests_unit_test_privkey_SOURCES = tests/unit/test-privkey.c
tests_unit_test_privkey_LDADD = $(test_ldadd)

check_PROGRAMS += tests/unit/test-pages
tests_unit_test_pages_SOURCES = tests/unit/test-pages.c
tests_unit_test_pages_LDADD = $(test_ldadd)
