libseedleaf_la_SOURCES += \
	src/base/buf.c src/base/buf.h \
	src/base/clean.h \
	src/base/err.c src/base/err.h \
	src/base/fs.c src/base/fs.h \
	src/base/log.c src/base/log.h \
	src/base/num.h \
	src/base/secret.c src/base/secret.h
libseedleaf_la_SOURCES += src/base/table.c src/base/table.h src/base/utf8.c src/base/utf8.h
libseedleaf_la_SOURCES += src/base/text.c src/base/text.h
libseedleaf_la_SOURCES += src/base/gate.c src/base/gate.h
