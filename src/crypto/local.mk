libseedleaf_la_SOURCES += \
	src/crypto/cert.c src/crypto/cert.h src/crypto/detkey.h src/crypto/digest.h src/crypto/key.h src/crypto/mac.h src/crypto/ossl.h src/crypto/rand.h src/crypto/sign.h
