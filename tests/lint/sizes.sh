#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# No file above 800 lines, no function body above 70; files above 500 and functions above 40 are shown, to be looked at.
set -u
cd "${SL_SRC:-.}" || exit 99
sources=$(find src tests -name '*.[ch]' | sort)
[ -n "$sources" ] || { echo "Bail out! no sources under $PWD"; exit 99; }

# Bodies begin with a brace in the first column and end with one.
# shellcheck disable=SC2086
awk '
	function ends() { if (file != "") { files++; if (lines > 800) big = big "# " file ": " lines " lines\n"
		else if (lines > 500) tail = tail "# " file ": " lines " lines\n" } }
	FNR == 1 { ends(); file = FILENAME; start = 0; name = "" }
	{ lines = FNR }
	/^[A-Za-z_].*\(/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
	/^\{/ { start = FNR }
	/^\}/ && start {
		body = FNR - start - 1; start = 0; functions++; if (body > most) most = body
		where = "# " FILENAME ": " name "(): " body " lines\n"
		if (body > 70) long = long where
		else if (body > 40) tail = tail where
	}
	END {
		ends()
		printf "%sok 1 - no file of %d is above 800 lines\n%s", big == "" ? "" : "not ", files, big
		printf "%sok 2 - no body of %d functions is above 70 lines (longest: %d)\n%s", long == "" ? "" : "not ", functions, most, long
		printf "%sok 3 - functions were found\n", (functions > 0 ? "" : "not ")
		printf "# above 500 lines a file, 40 a function:\n%s1..3\n", tail
		exit (big == "" && long == "" && functions > 0) ? 0 : 1
	}' $sources
