libseedleaf_la_SOURCES += \
	src/config/config.c src/config/config.h \
	src/config/ini.c src/config/ini.h \
	src/config/keyfile.c src/config/keyfile.h \
	src/config/keyring.c \
	src/config/load.c src/config/load.h \
	src/config/policy.c src/config/policy.h \
	src/config/signature.c src/config/signature.h src/config/signature_load.c \
	src/config/token_section.c \
	src/config/upcall.c
