# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash
#
# One client's rows of the table: a script sources this, and calls row for each. The surroundings (SL_WITH) have made a token with PINs.
# Rows do not judge the module beyond what the client was asked for; what they need of one another is in their order.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:?}/tests/clients/lib.sh"

# client NAME PACKAGE   whose rows follow
client()
{
	printf 'client %s (%s %s)\n' "$1" "$2" "$(dpkg-query -W -f='${Version}' "$2" 2>/dev/null || echo 'of unknown version')"
}

# reason FILE STATUS   what the client said, or how it ended, without what differs from run to run
reason()
{
	local line ends='' text

	case $2 in
	124 | 137) ends='no end in time; ' ;;
	134) ends='aborted; ' ;;
	139) ends='segmentation fault; ' ;;
	esac
	! grep -aq 'Segmentation fault' "$1" || ends='segmentation fault; '
	text=$(grep -av "^$SL_SRC\|did not come up\|Not Before\|Not After" "$1" | sed 's/^# //')
	line=$(grep -aEm 1 'CKR_[A-Z_]+' <<<"$text" || grep -aEim 1 "error|fail|cannot|can't|unable|unsupported|refused|invalid|no such|not " <<<"$text" ||
		grep -a . <<<"$text" | tail -n 1)
	line=${line//"$T"/}
	line=$(sed -E 's/[[:space:]]+/ /g; s/^ //; s/^[0-9A-F]{12,16}:error:/error:/; s/0x[0-9a-f]{9,}/0x/g; s/\|/\//g; s/pid[= ][0-9]+/pid/g; s/ $//' <<<"$line" | tr -cd ' -~')
	printf '%s%s' "$ends" "${line:0:150}"
}

# row TITLE COMMAND...   "W TITLE" or "F TITLE -- REASON"; servers that the command began end with it
row()
{
	local title=$1 rc=0 pid
	shift

	"$@" >"$T/row.out" 2>&1 </dev/null || rc=$?
	for pid in ${sl_pids[@]+"${sl_pids[@]}"}; do
		case " ${KEEP:-} " in *" $pid "*) ;; *) stop "$pid" ;; esac
	done
	if [ "$rc" -eq 0 ]; then
		printf 'W %s\n' "$title"
		return 0
	fi
	printf 'F %s -- %s\n' "$title" "$(reason "$T/row.out" "$rc")"
	[ -z "${SL_SHOW:-}" ] || sed 's/^/#   /' "$T/row.out"
	return 1
}

# told FILE REGEX   the lines "ok NAME" and "not ok NAME" of a program's report that match, at least one, are all ok
told()
{
	grep -E "^(not )?ok ($2)(:|\$)" "$1" >"$T/told" || { echo 'the program did not get that far'; return 1; }
	! grep '^not ok' "$T/told" | sed 's/^not ok [^:]*: //' | grep .
}

# Keys that rows use and none is about. certtool makes the certificate: it does so on every module.
made() # made TYPE ID LABEL   pub.LABEL, LABEL.crt
{
	generate "$@" && pubkey_pem "$2" "$T/pub.$3" && cp "$T/pub.$3" "$T/$3.pem" && certificate "$3"
} >"$T/made.$3" 2>&1

ready() # ready LABEL   or why it was not made
{
	[ -s "$T/$1.crt" ] || { tail -n 3 "$T/made.$1"; return 1; }
}
