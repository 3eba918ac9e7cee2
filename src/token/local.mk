libseedleaf_la_SOURCES += \
	src/token/attr.c src/token/attr.h \
	src/token/build.c src/token/build.h \
	src/token/declared.c src/token/declared.h \
	src/token/find.c \
	src/token/finish.c \
	src/token/generate.c src/token/generate_private.h src/token/generate_type.c \
	src/token/import.c src/token/import.h \
	src/token/instance.c src/token/instance.h \
	src/token/login.c src/token/login.h src/token/login_private.h src/token/login_session.c src/token/login_cache.c \
	src/token/make.c src/token/make.h \
	src/token/material.c src/token/material.h \
	src/token/builtin.c src/token/builtin.h \
	src/token/nested.c src/token/nested.h \
	src/token/newkey.c src/token/newkey.h \
	src/token/object.c src/token/object.h \
	src/token/pin.c src/token/pin.h src/token/pin_nv.c \
	src/token/recipe.c src/token/recipe.h \
	src/token/reseal.c src/token/reseal.h \
	src/token/root_key.c src/token/root_key.h \
	src/token/rv.c src/token/rv.h \
	src/token/schema.c src/token/schema.h \
	src/token/seal.c src/token/seal.h \
	src/token/session.c src/token/session.h \
	src/token/store.c src/token/store.h \
	src/token/store_move.c \
	src/token/store_objects.c src/token/store_private.h \
	src/token/store_pin.c src/token/store_schema.c \
	src/token/store_sql.c src/token/store_sql.h \
	src/token/template.c src/token/template.h \
	src/token/token.c src/token/token.h \
	src/token/values.c src/token/values.h \
	src/token/view.c src/token/view.h
