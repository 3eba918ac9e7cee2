# Real programs on the module, each script beside a software TPM of its own.
dist_check_SCRIPTS += \
	tests/clients/badinput.sh \
	tests/clients/gnutls.sh \
	tests/clients/hierarchies.sh \
	tests/clients/import.sh \
	tests/clients/java.sh \
	tests/clients/nss.sh \
	tests/clients/opensc.sh \
	tests/clients/openssh.sh \
	tests/clients/openssl.sh \
	tests/clients/p11kit.sh \
	tests/clients/pin-gnutls.sh \
	tests/clients/pin-java.sh \
	tests/clients/pin-nss.sh \
	tests/clients/pin-opensc.sh \
	tests/clients/pin-openssh.sh \
	tests/clients/pin-openssl.sh \
	tests/clients/pin-p11kit.sh \
	tests/clients/pin-pykcs11.sh \
	tests/clients/pin-servers.sh \
	tests/clients/policy.sh \
	tests/clients/pykcs11.sh \
	tests/clients/servers.sh \
	tests/clients/tries.sh
EXTRA_DIST += tests/clients/ClientTest.java tests/clients/pykcs11-test.py tests/clients/lib.sh tests/clients/opensc-lib.sh tests/clients/gnutls-lib.sh tests/clients/engine-lib.sh \
	tests/clients/servers-lib.sh tests/clients/openssh-lib.sh tests/clients/nss-lib.sh tests/clients/java-lib.sh \
	tests/clients/p11kit-lib.sh tests/clients/with-pin tests/clients/with-softhsm tests/packages.sh check.sh demo.sh
