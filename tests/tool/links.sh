#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Every file that README.md, the other *.md and the manual pages name is there; so is every test program, every make target and every command of seedleaf.
set -u
cd "${SL_SRC:?}" || exit 99
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
n=0
failed=0

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

# there FILE NAME: whether FILE, which is in DIR, may name this: relative to itself, to the top, or to src.
there() {
	local at

	for at in "$(dirname "$1")" . src; do
		compgen -G "$at/$2" >/dev/null && return 0
	done
	return 1
}

links() {
	grep -oE '\]\([^)]+\)' "$1" | sed 's/^](//; s/)$//; s/#.*//' | grep -v '://' | while read -r name; do
		[ -e "$(dirname "$1")/$name" ] || echo "$1: ($name)"
	done
}

# What is quoted as code and looks like a path of ours: a folder of ours and a slash, or a name with one of our suffixes.
paths() {
	grep -v '^    ' "$1" | grep -oE '`[^` ]+`' | tr -d '`' | grep -E '^(\./)?(src|tests|doc|man|conformance|include|p11-kit|completions|base|config|crypto|derive|root|token|pkcs11|tool)/' |
		sed 's/[(),:].*//; s/\/$//' | sort -u | while read -r name; do
		there "$1" "$name" || there "$1" "$name.c" || echo "$1: $name"
	done
}

# `test-x`, `x.sh` and `x.py`, wherever they are.
tests() {
	grep -oE '`(test-[a-z0-9-]+|[a-z0-9-]+\.(sh|py))`' "$1" | tr -d '`' | sort -u | while read -r name; do
		found=$(find tests conformance . -maxdepth 2 \( -name "$name" -o -name "$name.c" \) 2>/dev/null | head -n 1)
		[ -n "$found" ] || echo "$1: $name"
	done
}

# `make X`
targets() {
	grep -oE '`make [a-z-]+`|^    make [a-z-]+' "$1" | sed 's/.*make //; s/`//' | sort -u | while read -r name; do
		case $name in
		check | install) ;;
		*) grep -rqE "^(\.PHONY:.* )?$name( |:)" --include=local.mk --include=Makefile.am . || echo "$1: make $name" ;;
		esac
	done
}

# Lines of code that begin with `seedleaf X Y`, and quoted ones of a group that there is: the command is one.
commands() {
	grep -oE '^    seedleaf [a-z]+( [a-z]+)?|`seedleaf (key|token|policy|config|status)( [a-z]+)?' "$1" | sed 's/^[ `]*seedleaf //' | sort -u | while read -r words; do
		# shellcheck disable=SC2086
		"$tool" $words --help 2>/dev/null | grep -q '^Usage' || "$tool" ${words%% *} --help 2>/dev/null | grep -q "^Usage: seedleaf ${words%% *}\( \[\|$\)" ||
			echo "$1: seedleaf $words"
	done
}

shipped() {
	local dist

	dist=$(cat Makefile.am ./*/local.mk ./*/*/local.mk)
	for f in doc/*; do
		[ "$f" = doc/local.mk ] || grep -qF "$f" <<<"$dist" || echo "$f is not in EXTRA_DIST"
	done
}

pages=(README.md doc/*.md)
for f in "${pages[@]}"; do
	verdict "$f: links" "$(links "$f")"
	verdict "$f: paths, tests, targets, commands" "$(paths "$f"; tests "$f"; targets "$f"; commands "$f")"
done
verdict "every page is distributed" "$(shipped)"
verdict "the checks find what they look for" "$(
	found=$(cat "${pages[@]}")
	for pattern in '](doc/' '`src/' '`test-' '`make ' '    seedleaf key'; do
		grep -qF -- "$pattern" <<<"$found" || echo "no $pattern"
	done)"
echo "1..$n"
exit $failed
