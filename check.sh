#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Everything we check, on a Debian 12 from a fresh clone, as root or with sudo: installs what is missing, builds with gcc and clang, runs the
# tests, the sanitizers, distcheck and the lints in build/check, and ends with one line "N passed, N failed, N skipped".
# Exit status 0 only when nothing failed. With CI=true a skip that is not on the list below counts as a failure.
#
#   SL_QUICK=1          without clang, sanitizers and distcheck
#   SL_STEPS="gcc ..."  only these: gcc vm clang asan tsan distcheck lint
set -u
cd "$(dirname "$0")" || exit 1
TOP=$PWD
OUT=$TOP/build/check
JOBS=$(nproc)
LIMIT=2400
STEPS=${SL_STEPS:-gcc vm clang asan tsan distcheck lint}
[ -z "${SL_QUICK:-}" ] || STEPS='gcc lint'
export LC_ALL=C.UTF-8
unset MAKEFLAGS MFLAGS SEEDLEAF_CONF SEEDLEAF_STORE SEEDLEAF_TCTI SEEDLEAF_MODULE SL_IN_TPM SL_WITH

# Skips that are no failure even in CI, as extended regular expressions over "TEST: RESULT LINE".
ALLOWED_SKIPS=(
	'det-keygen'    # the published vectors are not part of this repository
	'wrong RSA hints'
	'conformance/check-(seedleaf|bare).*absent:'    # what the module says that it does not have, or a token without PINs
	'this OpenSSH takes no Ed25519 keys from PKCS#11'
)

PASSED=0
FAILED=0
SKIPPED=0
REPORT=()
RUNNING=

# ---- steps
interrupted()
{
	trap - INT TERM HUP
	if [ -n "$RUNNING" ]; then
		kill -TERM -- "-$RUNNING" 2>/dev/null
		timeout 40 bash -c "while kill -0 -- -$RUNNING 2>/dev/null; do sleep 0.1; done"
		kill -KILL -- "-$RUNNING" 2>/dev/null
	fi
	echo 'Interrupted.'
	exit 130
}
trap interrupted INT TERM HUP

failed()
{
	FAILED=$((FAILED + 1))
	REPORT+=("FAIL $*")
}

# run NAME COMMAND...   in a process group of its own, output in $OUT/NAME.log; $LIMIT seconds at most
run()
{
	local name=$1 rc=0 began=$SECONDS
	shift

	printf '== %-22s ' "$name"
	setsid timeout --foreground -k 60 "$LIMIT" "$@" >"$OUT/$name.log" 2>&1 </dev/null &
	RUNNING=$!
	wait "$RUNNING" || rc=$?
	kill -TERM -- "-$RUNNING" 2>/dev/null
	RUNNING=
	printf '%s (%d s)\n' "$([ $rc -eq 0 ] && echo ok || echo "FAILED, exit status $rc: $OUT/$name.log")" $((SECONDS - began))
	[ $rc -eq 0 ] || tail -n 15 "$OUT/$name.log" | sed 's/^/   | /'
	return $rc
}

# step NAME COMMAND...   the same, counted as one check
step()
{
	if run "$@"; then
		PASSED=$((PASSED + 1))
	else
		failed "step $1: see $OUT/$1.log"
		return 1
	fi
}

# build NAME CONFIGURE-ARGUMENT...   configure and make everything in $OUT/NAME, the test programs too
build()
{
	local name=$1
	shift

	mkdir -p "$OUT/$name"
	step "$name-configure" env -C "$OUT/$name" "$TOP/configure" "$@" &&
		step "$name-make" make -C "$OUT/$name" -j"$JOBS" all &&
		step "$name-make-tests" make -C "$OUT/$name" -j"$JOBS" check TESTS=
}

# tests_of NAME   the tests of a build, one a line
tests_of()
{
	printf 'include Makefile\nsl-print-tests:\n\t@printf "%%s\\n" $(TESTS)\n' | make -s --no-print-directory -C "$OUT/$1" -f - sl-print-tests
}

# tests NAME [TEST...]   make check in that build; its results are counted one by one
tests()
{
	local name=$1 before=$FAILED
	shift

	find "$OUT/$name" -name '*.trs' -delete
	if [ $# -gt 0 ]; then
		run "$name-check" make -C "$OUT/$name" -j"$JOBS" -k check TESTS="$*"
	else
		run "$name-check" make -C "$OUT/$name" -j"$JOBS" -k check
	fi
	local rc=$?
	count_results "$name" || failed "step $name-check: no results"
	[ $rc -eq 0 ] || [ "$FAILED" -gt "$before" ] || failed "step $name-check: see $OUT/$name-check.log"
}

allowed()
{
	local pattern

	for pattern in "${ALLOWED_SKIPS[@]}"; do
		[[ $1 =~ $pattern ]] && return 0
	done
	return 1
}

# details LOG   a line for each result of a TAP log that did not pass, with its name; after a failure the notes that follow
details()
{
	awk '
		function flush() { if (line != "") print line; line = "" }
		/^(SKIP|FAIL|XPASS|ERROR): / { flush(); line = $0; notes = /^SKIP/ ? 3 : 0; next }
		/^# / { if (line != "" && notes++ < 3) line = line " |" substr($0, 2); next }
		{ flush() }
		END { flush() }' "$1"
}

# count_results NAME   sums the .trs files of that build; false when there are none. The log's lines, in the same order, tell the reasons.
count_results()
{
	local build=$1 file line any=1 results reasons

	while IFS= read -r file; do
		mapfile -t results < <(sed -n 's/^:test-result: *//p' "$file")
		mapfile -t reasons < <(details "${file%.trs}.log")
		for line in "${results[@]}"; do
			any=0
			case $line in
			PASS* | XFAIL*)
				PASSED=$((PASSED + 1))
				continue
				;;
			SKIP*) count_skip "$build: ${reasons[0]:-$file: no reason given}" ;;
			*) failed "$build: ${reasons[0]:-$line: $file}" ;;
			esac
			reasons=("${reasons[@]:1}")
		done
	done < <(find "$OUT/$build" -name '*.trs' | sort)
	return $any
}

# count_tap NAME   the lines of $OUT/NAME.log, a TAP report; a report that does not come to its end is a failure
count_tap()
{
	local name=$1 line told=0 plan=''

	while IFS= read -r line; do
		case $line in
		1..*) plan=${line#1..} ;;
		'ok '* | 'not ok '*)
			told=$((told + 1))
			case $line in
			not*) failed "$name: $line" ;;
			*'# SKIP'*) count_skip "$name: $line" ;;
			*) PASSED=$((PASSED + 1)) ;;
			esac
			;;
		esac
	done <"$OUT/$name.log"
	[ "$told" -gt 0 ] && [ "$plan" = "$told" ] || failed "step $name: $told results, and a plan of ${plan:-none}: see $OUT/$name.log"
}

count_skip()
{
	if [ "${CI:-}" = true ] && ! allowed "$1"; then
		failed "$1 (no skips in CI)"
	else
		SKIPPED=$((SKIPPED + 1))
		REPORT+=("$1")
	fi
}

# ---- what is checked
check_gcc()
{
	build gcc CC=gcc --enable-werror && tests gcc
}

# With a kernel and a TPM of its own. The kernel is a download, from where this machine has its packages.
check_vm()
{
	[ -e "$OUT/gcc/Makefile" ] || build gcc CC=gcc --enable-werror || return
	[ -n "$(apt-cache search --names-only '^linux-image-6\.12\..*-cloud-amd64$' 2>/dev/null)" ] ||
		sl_as_root apt-get update -qq >>"$OUT/packages.log" 2>&1 </dev/null
	run vm make -C "$OUT/gcc" conformance-vm
	count_tap vm
}

check_clang()
{
	build clang CC=clang --enable-werror
}

# These end libcrypto while objects of it live, as a host does that exits on an error; what is lost then is lost on purpose.
LOSES_ON_PURPOSE='/test-(engine|guest|exit)$'

# Programs only: a foreign program would have to load the sanitizer's library first. Warnings are no errors here: under a sanitizer gcc
# loses sight of ranges, and -Wconversion finds what is not there.
check_asan()
{
	local selected

	build asan CC=gcc --enable-sanitizer=address,undefined || return
	export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
	mapfile -t selected < <(tests_of asan | grep -Ev '\.(sh|py)$' | grep -Ev "$LOSES_ON_PURPOSE")
	tests asan "${selected[@]}"
	mapfile -t selected < <(tests_of asan | grep -E "$LOSES_ON_PURPOSE")
	ASAN_OPTIONS+=:detect_leaks=0
	[ ${#selected[@]} -eq 0 ] || tests asan "${selected[@]}"
	unset ASAN_OPTIONS UBSAN_OPTIONS
}

check_tsan()
{
	local selected

	build tsan CC=gcc --enable-sanitizer=thread || return
	mapfile -t selected < <(tests_of tsan | grep -Ev '\.(sh|py)$' | grep -E 'thread|parallel')
	[ ${#selected[@]} -gt 0 ] || { failed 'tsan: there is no threaded test'; return; }
	export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
	tests tsan "${selected[@]}"
	unset TSAN_OPTIONS
}

# From the tarball, out of its tree, installed and removed again. Its tests are the ones without real clients: those have run above.
check_distcheck()
{
	local selected

	[ -e "$OUT/gcc/Makefile" ] || build gcc CC=gcc --enable-werror || return
	mapfile -t selected < <(tests_of gcc | grep -Ev '/(check-)?clients[./]')
	step distcheck make -C "$OUT/gcc" -j"$JOBS" distcheck DISTCHECK_CONFIGURE_FLAGS=--enable-werror TESTS="${selected[*]}"
}

scripts()
{
	{ git ls-files 2>/dev/null || find . -path ./build -prune -o -type f -printf '%P\n'; } | while IFS= read -r file; do
		head -c 64 "$file" 2>/dev/null | head -n 1 | grep -aqE '^#!.*\b(ba)?sh$' && echo "$file"
	done
}

check_lint()
{
	local files pages

	mapfile -t files < <(scripts)
	step shellcheck shellcheck -x -S warning -e SC2317,SC2034 "${files[@]}"
	mapfile -t pages < <(find man -name '*.[1-8]')
	if [ ${#pages[@]} -gt 0 ]; then
		step mandoc mandoc -Tlint -W warning "${pages[@]}"
	else
		failed 'mandoc: there are no man pages'
	fi
}

mkdir -p "$OUT"
# shellcheck source=tests/packages.sh
. tests/packages.sh
printf '== packages\n'
if ! sl_install "${SL_PACKAGES_BUILD[@]}" "${SL_PACKAGES_DEMO[@]}" "${SL_PACKAGES_CHECK[@]}" </dev/null >"$OUT/packages.log" 2>&1; then
	tail -n 15 "$OUT/packages.log"
	failed "packages: see $OUT/packages.log"
fi
if step autogen ./autogen.sh; then
	for name in $STEPS; do
		if declare -F "check_$name" >/dev/null; then "check_$name"; else failed "unknown step $name"; fi
	done
fi

echo
[ ${#REPORT[@]} -eq 0 ] || printf '%s\n' "${REPORT[@]}"
printf '%d s in all\n' "$SECONDS"
printf '%d passed, %d failed, %d skipped\n' "$PASSED" "$FAILED" "$SKIPPED"
[ "$FAILED" -eq 0 ]
