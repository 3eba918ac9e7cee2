#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# The manual pages say what the program says, no less and no more; completion offers it.
set -u
tool=${SL_BUILD:?}/seedleaf
man=${SL_SRC:?}/man
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/seedleaf-docs.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
export LC_ALL=C SEEDLEAF_CONF="$dir/conf"
n=0
failed=0

check() {
	n=$((n + 1))
	if [ "$2" = "$3" ] && [ -n "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		diff <(printf '%s\n' "$2") <(printf '%s\n' "$3") | sed 's/^</# expected:/; s/^>/# got:/; s/^[^#]/# &/'
		failed=1
	fi
}

# section FILE NAME: the lines of one section.
section() {
	awk -v want=".Sh $2" '/^\.Sh / { on = ($0 == want); next } on' "$1"
}

page=$man/seedleaf.1
commands=$("$tool" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z ]*[a-z]\).*/\1/p')
check "seedleaf.1: every command, in order" "$("$tool" --help | sed -n '/^Commands:/,/^$/s/^  \(.*[^ ]\)   *[A-Z].*/\1/p')" \
	"$(section "$page" COMMANDS | sed -n 's/^\.Ss //p')"
while read -r command; do
	# shellcheck disable=SC2086
	check "seedleaf.1: $command: options" "$("$tool" $command --help | sed -n 's/^  --\([^ ]*\( [^ ]\{1,\}\)\{0,1\}\)  .*/\1/p' | grep -v '^help *$' ; echo .)" \
		"$(section "$page" COMMANDS | awk -v want="$command" '
			/^\.Ss / { sub(/^\.Ss /, ""); sub(/ \[?[A-Z].*/, ""); on = ($0 == want) }
			on && /^\.It Fl -/ { sub(/^\.It Fl -/, ""); sub(/ Ar/, ""); print }' ; echo .)"
done <<<"$commands"
check "seedleaf.1: exit statuses" "$("$tool" --help | sed -n 's/^Exit status: \([0-9]\)[^0-9]*\([0-9]\)[^0-9]*\([0-9]\).*/\1 \2 \3/p')" \
	"$(section "$page" 'EXIT STATUS' | sed -n 's/^\.It //p' | xargs)"

# keys TEXT [KEYS]: the keys that the parser knows, from what it says of an unknown one.
known() {
	printf '%s' "$1" >"$dir/conf"
	"$tool" config check 2>&1 | sed -n "s/.*unknown key 'colour', expected //p" | sed 's/, /\n/g' | sort
}
documented() {
	section "$man/seedleaf.conf.5" "$1" | sed -n 's/^\.It Ic //p' | sort
}
check "seedleaf.conf.5: general settings" "$(known $'colour = red\n')" "$(documented 'GENERAL SETTINGS')"
check "seedleaf.conf.5: token settings" "$(known $'[token owner]\ncolour = red\n')" "$(documented 'TOKEN SETTINGS')"
mkdir "$dir/d"
printf 'colour = red\n' >"$dir/d/x.key"
check "seedleaf.conf.5: key files" "$(known "keys-dir = $dir/d"$'\n')" "$(documented 'KEY FILES')"
rm "$dir/d/x.key"
variables=$(grep -ohE '"SEEDLEAF_[A-Z]+"' "$SL_SRC"/src/config/*.c | tr -d '"' | sort -u)
check "seedleaf.1: environment" "$variables" "$(section "$page" ENVIRONMENT | sed -n 's/^\.It Ev //p' | sort)"
check "seedleaf-pkcs11.7: environment" "$variables" "$(section "$man/seedleaf-pkcs11.7" ENVIRONMENT | sed -n 's/^\.It Ev //p' | sort)"
check "seedleaf.conf.5: environment" "$variables" "$(section "$man/seedleaf.conf.5" ENVIRONMENT | sed -n 's/^\.It Ev //p' | sort)"
: >"$dir/conf"
types=$(section "$man/seedleaf.conf.5" 'KEY FILES' | sed -n '/^\.It Ic type/,/^\.It Ic name/p' | grep -oE '\b(ec|rsa|aes):[P0-9-]+|\b(ed|x)25519')
check "seedleaf.conf.5: key types are many" 11 "$(wc -l <<<"$types")"
for type in $types hmac:1 generic:512; do
	"$tool" key add "$type" --type "$type" --dir "$dir/d" >/dev/null 2>&1
	check "seedleaf.conf.5: type $type is one" 0 $?
done

for f in "$man"/*.[157]; do
	if command -v mandoc >/dev/null; then
		check "mandoc: $(basename "$f")" "." "$(mandoc -T lint -W style "$f" 2>/dev/null | grep -v 'referenced manual not found'; echo .)"
	else
		n=$((n + 1))
		echo "ok $n - mandoc: $(basename "$f") # SKIP no mandoc"
	fi
done

# complete_words WORD...: what bash completion offers for the last word.
PATH=$SL_BUILD:$PATH
. "$SL_SRC/completions/seedleaf"
complete_words() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_seedleaf
	printf '%s\n' "${COMPREPLY[@]}" | sort -u | xargs
}
check "completion: first word" "$( (sed 's/ .*//' <<<"$commands"; echo --help; echo --version) | sort -u | xargs)" "$(complete_words seedleaf "")"
check "completion: second word" "$( (sed -n 's/^key //p' <<<"$commands"; echo --help) | sort -u | xargs)" "$(complete_words seedleaf key "")"
check "completion: options" "$("$tool" key add --help | sed -n 's/^  \(--[a-z]*\).*/\1/p' | sort -u | xargs)" "$(complete_words seedleaf key add --)"
check "completion: a type" "ec:P-256 ec:P-384 ec:P-521 ed25519" "$(complete_words seedleaf key add --type e)"

echo "1..$n"
exit $failed
