libseedleaf_la_SOURCES += \
	src/derive/context.h src/derive/expand.h src/derive/keytype.h
