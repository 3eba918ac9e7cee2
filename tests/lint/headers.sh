#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Each header compiles alone, and twice in one file. SL_COMPILE comes from make: compiler and preprocessor flags.
set -u
cd "${SL_SRC:-.}" || exit 99
: "${SL_COMPILE:?run by make check or make lint}"
n=0
failed=0
for header in $(find src include -name '*.h' | sort); do
	n=$((n + 1))
	if out=$(printf '#include "%s"\n#include "%s"\n' "$PWD/$header" "$PWD/$header" |
	         eval "$SL_COMPILE -std=gnu11 -Wall -Wextra -Wstrict-prototypes -Werror -fsyntax-only -x c -" 2>&1); then
		echo "ok $n - $header"
	else
		echo "not ok $n - $header"
		printf '%s\n' "$out" | head -20 | sed 's/^/# /'
		failed=1
	fi
done
[ "$n" -gt 0 ] || { echo "Bail out! no headers under $PWD"; exit 99; }
echo "1..$n"
exit $failed
