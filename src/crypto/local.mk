libseedleaf_la_SOURCES += \
	src/crypto/agree.c src/crypto/agree.h \
	src/crypto/cert.c src/crypto/cert.h \
	src/crypto/curve.c src/crypto/curve.h \
	src/crypto/der.c src/crypto/der.h \
	src/crypto/detkey.c src/crypto/detkey.h \
	src/crypto/digest.c src/crypto/digest.h \
	src/crypto/drbg.c src/crypto/drbg.h \
	src/crypto/gcmiv.c src/crypto/gcmiv.h \
	src/crypto/key.c src/crypto/key.h src/crypto/key_internal.h \
	src/crypto/keymake.c \
	src/crypto/keypart.c \
	src/crypto/keyrsa.c \
	src/crypto/mac.c src/crypto/mac.h \
	src/crypto/oaep.c src/crypto/oaep.h \
	src/crypto/ossl.c src/crypto/ossl.h src/crypto/ossl_internal.h \
	src/crypto/pem.c src/crypto/pem.h \
	src/crypto/pkcs8.c \
	src/crypto/prime.c src/crypto/prime.h \
	src/crypto/provider.c src/crypto/provider.h \
	src/crypto/rand.c src/crypto/rand.h \
	src/crypto/rsacrypt.c src/crypto/rsacrypt.h \
	src/crypto/sha.c src/crypto/sha.h \
	src/crypto/sign.c src/crypto/sign.h
libseedleaf_la_SOURCES += \
	src/crypto/cfb.c src/crypto/cfb.h \
	src/crypto/tpmkex.c src/crypto/tpmkex.h
libseedleaf_la_SOURCES += src/crypto/cipher.h src/crypto/kdf.h src/crypto/macop.h
libseedleaf_la_SOURCES += src/crypto/agree.h src/crypto/rsacrypt.h
libseedleaf_la_SOURCES += \
	src/crypto/cipher.c src/crypto/cipher.h src/crypto/cipher_internal.h src/crypto/cipherstart.c \
	src/crypto/kdf.c src/crypto/kdf.h src/crypto/kdf108.c \
	src/crypto/macop.c src/crypto/macop.h
libseedleaf_la_SOURCES += \
	src/crypto/bcrypt.c src/crypto/bcrypt.h \
	src/crypto/armor.c src/crypto/armor.h \
	src/crypto/privkey.c src/crypto/privkey.h src/crypto/privkey_crypt.c src/crypto/privkey_internal.h \
	src/crypto/sshkey.c
