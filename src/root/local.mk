libseedleaf_la_SOURCES += \
	src/root/root.h
