libseedleaf_la_SOURCES += \
	src/derive/context.c src/derive/context.h \
	src/derive/expand.c src/derive/expand.h \
	src/derive/keytype.c src/derive/keytype.h
