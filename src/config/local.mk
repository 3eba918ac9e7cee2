libseedleaf_la_SOURCES += \
	src/config/config.h src/config/keyfile.h
