libseedleaf_la_SOURCES += \
	src/crypto/cfb.c src/crypto/cfb.h \
	src/crypto/detkey.h \
	src/crypto/digest.c src/crypto/digest.h \
	src/crypto/key.h \
	src/crypto/mac.c src/crypto/mac.h \
	src/crypto/ossl.c src/crypto/ossl.h src/crypto/ossl_internal.h \
	src/crypto/rand.c src/crypto/rand.h \
	src/crypto/sign.h \
	src/crypto/tpmkex.c src/crypto/tpmkex.h
