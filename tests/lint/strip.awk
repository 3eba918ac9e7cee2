# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Prints "FILE:LINE: CODE" for C sources, with comments, strings and character constants taken out of the code. #include lines stay whole.
FNR == 1 { in_comment = 0 }
{
	rest = $0
	code = ""
	if (!in_comment && rest ~ /^[ \t]*#[ \t]*include/) {
		print FILENAME ":" FNR ": " rest
		next
	}
	while (rest != "") {
		if (in_comment) {
			end = index(rest, "*/")
			if (end == 0)
				break
			rest = substr(rest, end + 2)
			in_comment = 0
			code = code " "
			continue
		}
		if (!match(rest, /"([^"\\]|\\.)*"|'([^'\\]|\\.)*'|\/\*|\/\//)) {
			code = code rest
			break
		}
		what = substr(rest, RSTART, 2)
		code = code substr(rest, 1, RSTART - 1)
		if (what == "//")
			break
		rest = substr(rest, RSTART + RLENGTH)
		if (what == "/*")
			in_comment = 1
		else
			code = code "\"\""
	}
	print FILENAME ":" FNR ": " code
}
