#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# The fences of doc/architecture.md: which folder may include which, and which words belong to which folder.
set -u
cd "${SL_SRC:-.}" || exit 99
n=0
failed=0
code=$(find src -name '*.[ch]' | sort | xargs awk -f tests/lint/strip.awk)
[ -n "$code" ] || { echo "Bail out! no sources under $PWD/src"; exit 99; }

# verdict NAME LINES: one check; it fails when there are lines.
verdict() {
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
		failed=1
	fi
}

# outside ALLOWED PATTERN: lines of code that match PATTERN in files that do not match ALLOWED (both extended expressions).
outside() {
	printf '%s\n' "$code" | grep -vE "^($1)[^:]*:" | grep -E "^[^:]*:[0-9]+:.*($2)"
}

includes() {
	printf '%s\n' "$code" | awk -F: '
		BEGIN {
			rank["base"] = 0; rank["crypto"] = rank["config"] = 1; rank["root"] = 2; rank["derive"] = 3
			rank["token"] = 4; rank["pkcs11"] = 5; rank["tool"] = rank["request-key"] = 6
		}
		$3 ~ /^[ \t]*#[ \t]*include[ \t]*"/ {
			split($1, path, "/")
			own = path[2]
			split($3, part, "\"")
			target = part[2]
			if (!(own in rank)) { print $0 "   (unknown folder " own ")"; next }
			if (index(target, "/") == 0) {   # include/: PKCS#11 additions
				if (rank[own] < 4) print
				next
			}
			split(target, to, "/")
			if (!(to[1] in rank)) { print $0 "   (unknown folder " to[1] ")"; next }
			if (to[1] == own) next
			if (rank[to[1]] >= rank[own] || (rank[own] == 6 && to[1] == "pkcs11")) print
		}'
}

word='(^|[^A-Za-z0-9_])'
library='src/(tool|request-key)/'
verdict "includes point one way: base < crypto, config < root < derive < token < pkcs11; nobody above includes pkcs11" "$(includes)"
verdict "PKCS#11 names (CK_, CKA_, ...) only in token, pkcs11 and tool" \
	"$(outside 'src/(token|pkcs11|tool)/' "${word}CK[A-Z]?_[A-Z]|#[ \t]*include[ \t]*<p11-kit")"
verdict "<openssl/*> only in crypto" "$(outside 'src/crypto/' '#[ \t]*include[ \t]*[<"]openssl/')"
verdict "<tss2/*> only in root/tpm*" "$(outside 'src/root/tpm' '#[ \t]*include[ \t]*[<"]tss2/')"
verdict "<keyutils.h> only in root/keyring* and request-key" "$(outside 'src/(root/keyring|request-key/)' '#[ \t]*include[ \t]*<keyutils')"
verdict "<sqlite3.h> only in token/store* and config/signature.c" "$(outside 'src/(token/store|config/signature\.c)' '#[ \t]*include[ \t]*<sqlite3')"
verdict "no unbounded string functions, no getenv" \
	"$(outside '//' "${word}(strcpy|strcat|stpcpy|sprintf|vsprintf|gets|getenv|alloca|strtok|tmpnam|mktemp)[ \t]*\(")"
verdict "no goto" "$(outside '//' "${word}goto${word}")"
verdict "the library does not print" \
	"$(outside "$library" "${word}(printf|vprintf|puts|putchar|perror|err|errx|warn|warnx)[ \t]*\(|${word}(stderr|stdout)(\$|[^A-Za-z0-9_])")"
verdict "the library does not end its host" "$(outside "$library" "${word}(abort|exit|_exit|_Exit|quick_exit|assert)[ \t]*\(")"
verdict "the library leaves signals and child processes alone" \
	"$(outside "$library" "${word}(signal|sigaction|raise|kill|alarm|system|popen|fork|vfork|posix_spawn|execv[pe]*|execl[pe]*)[ \t]*\(")"
verdict "each file begins with its licence" \
	"$(find src include tests -name '*.[ch]' | sort | while read -r f; do head -n 1 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$f"; done)"
verdict "no blanks at the end of a line" "$(find src include tests -name '*.[ch]' | sort | xargs grep -nE '[ 	]+$' /dev/null)"
echo "1..$n"
exit $failed
