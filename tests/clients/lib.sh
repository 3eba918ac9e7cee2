# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash
#
# What the client tests share: TAP, a private directory, servers that never outlive the test, and one way to name the module.
# A test begins with `. "$SL_SRC/tests/clients/lib.sh"` and ends with `finish`. Through tests/with-tpm it meets Seedleaf;
# through tests/clients/with-pin, Seedleaf with PINs; through tests/clients/with-softhsm, another module, which tells a fault of the test
# from a fault of ours.
#
# Set here:  T       private directory, gone afterwards        MODULE  absolute path of the module under test
#            TOKEN   label of the token to use                 PIN     its user PIN, empty for a token that needs no login
#            OTHER   not empty: another module than ours
set -u

SL_LIMIT=${SL_LIMIT:-280}
# First round: into the surroundings (a private TPM), and under a limit of time. SL_IN_TPM says that we are there.
if [ -z "${SL_IN_TPM:-}" ]; then
	export SL_IN_TPM=1
	exec timeout --foreground -k 20 "$SL_LIMIT" "${SL_WITH:-$SL_SRC/tests/with-tpm}" "$0" "$@"
fi

# A test that says SL_PLAIN_USER=1 before it reads this file does not run as root: p11-kit, for one, reads no private configuration there.
if [ -n "${SL_PLAIN_USER:-}" ] && [ "$(id -u)" -eq 0 ]; then
	if unshare --user --map-user=1000 --map-group=1000 true 2>/dev/null; then
		exec unshare --user --map-user=1000 --map-group=1000 "$0" "$@"
	fi
	# A clone below /root is closed to others: then from a copy of what the test reads.
	if ! setpriv --reuid=65534 --regid=65534 --clear-groups test -r "$SEEDLEAF_MODULE" -a -x "$0"; then
		mkdir "$SL_TPM_DIR/plain"
		cp -R "$SL_SRC/tests" "$SL_SRC/conformance" "$SL_TPM_DIR/plain/"
		cp "$SEEDLEAF_MODULE" "$SL_TPM_DIR/plain/seedleaf-pkcs11.so"
		sl_self=$(realpath "$0")
		set -- "$SL_TPM_DIR/plain/${sl_self#"$(realpath "$SL_SRC")"/}" "$@"
		export SL_SRC="$SL_TPM_DIR/plain" SEEDLEAF_MODULE="$SL_TPM_DIR/plain/seedleaf-pkcs11.so"
	else
		set -- "$0" "$@"
	fi
	chown -R 65534 "$SL_TPM_DIR"
	exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
fi

MODULE=$(realpath -e "${SEEDLEAF_MODULE:?}" 2>/dev/null) || { echo "Bail out! no module at $SEEDLEAF_MODULE"; exit 99; }
TOKEN=${SL_TOKEN:-seedleaf-owner}
PIN=${SL_PIN:-}
OTHER=${SL_OTHER:-}
T=$(mktemp -d "${TMPDIR:-/tmp}/sl-client.XXXXXX") || exit 99
export HOME=$T/home XDG_CONFIG_HOME=$T/home/.config GNUTLS_PIN=$PIN
unset SSH_AUTH_SOCK SSH_AGENT_PID DISPLAY OPENSSL_CONF
mkdir -m 0700 "$HOME" "$HOME/.ssh"
PYTHON=/usr/bin/python3

sl_n=0
sl_bad=0
sl_pids=()

# ---- nothing outlives the test
sl_cleanup()
{
	local pid

	trap - EXIT INT TERM HUP
	for pid in ${sl_pids[@]+"${sl_pids[@]}"}; do
		sl_stop_pid "$pid"
	done
	rm -rf "$T"
}
trap sl_cleanup EXIT
trap 'exit 130' INT TERM HUP

# Each server is the leader of a session of its own, so its children go with it.
sl_stop_pid()
{
	local i

	kill -TERM -- "-$1" 2>/dev/null
	for ((i = 0; i < 100; i++)); do
		kill -0 -- "-$1" 2>/dev/null || break
		sleep 0.02
	done
	kill -KILL -- "-$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# ---- TAP
note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

sl_result()
{
	local verdict=$1
	shift

	sl_n=$((sl_n + 1))
	[ "$verdict" = ok ] || sl_bad=$((sl_bad + 1))
	# '#' begins a directive in TAP.
	printf '%s %d - %s\n' "$verdict" "$sl_n" "${*//\#/}"
}

# ok DESCRIPTION COMMAND...   passes when the command (a shell function too) succeeds
ok()
{
	local what=$1 rc=0
	shift

	"$@" >"$T/ok.out" 2>&1 </dev/null || rc=$?
	if [ "$rc" -eq 0 ]; then
		sl_result ok "$what"
		return 0
	fi
	sl_result 'not ok' "$what"
	note "exit status $rc of: $*"
	tail -n 25 "$T/ok.out" | sed 's/^/# /'
	return 1
}

# refused DESCRIPTION COMMAND...   passes when the command fails of itself: no success, no signal, no time-out. Its output stays in $T/out.
refused()
{
	local what=$1 rc=0
	shift

	"$@" >"$T/out" 2>&1 </dev/null || rc=$?
	if [ "$rc" -gt 0 ] && [ "$rc" -lt 124 ] || [ "$rc" -gt 159 ]; then
		sl_result ok "$what"
		return 0
	fi
	sl_result 'not ok' "$what"
	note "exit status $rc of: $*"
	tail -n 25 "$T/out" | sed 's/^/# /'
	return 1
}

# skip DESCRIPTION REASON
skip()
{
	sl_n=$((sl_n + 1))
	printf 'ok %d - %s # SKIP %s\n' "$sl_n" "$1" "$2"
}

bail()
{
	note "$(tail -n 25 "$T/ok.out" 2>/dev/null)"
	printf 'Bail out! %s\n' "$*"
	exit 99
}

finish()
{
	printf '1..%d\n' "$sl_n"
	[ "$sl_bad" -eq 0 ]
	exit
}

# need PROGRAM...   a missing program makes the whole script a skip
need()
{
	local prog

	for prog; do
		command -v "$prog" >/dev/null && continue
		[ -e "$prog" ] && continue
		printf '1..0 # SKIP %s is not installed\n' "$prog"
		exit 0
	done
}

# True where a script runs all that it has. With PINs on our own token, what a PIN changes nothing of is left to the run without.
whole()
{
	[ -z "$PIN" ] || [ -n "$OTHER" ]
}

# ---- small checks, to be used with ok
has() # has FILE PATTERN   (extended regular expression)
{
	grep -Eq -e "$2" "$1" && return 0
	echo "no line matches $2 in:"
	head -c 4000 "$1"
	return 1
}

shows() # shows PATTERN COMMAND...   succeeds and prints a line like that
{
	local pattern=$1
	shift

	"$@" >"$T/shown" 2>&1 || { cat "$T/shown"; return 1; }
	has "$T/shown" "$pattern"
}

says() # says PATTERN COMMAND...   prints a line like that, whatever its exit status
{
	local pattern=$1
	shift

	"$@" >"$T/listing" 2>&1
	has "$T/listing" "$pattern"
}

same()  # same A B   as texts, neither empty
{
	[ -n "$1" ] && [ "$1" = "$2" ] && return 0
	printf 'got  %s\nwant %s\n' "$1" "$2"
	return 1
}

differ() # differ A B   as texts, neither empty
{
	[ -n "$1" ] && [ -n "$2" ] && [ "$1" != "$2" ] && return 0
	printf 'both %s\n' "$1"
	return 1
}

# ---- servers
# wait_for SECONDS COMMAND...   polls until the command succeeds
wait_for()
{
	local end=$((SECONDS + $1))
	shift

	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.03
	done
}

# spawn NAME COMMAND...   in the background, output in $T/NAME.log; SPAWNED is its process id
spawn()
{
	local name=$1
	shift

	setsid "$@" >"$T/$name.log" 2>&1 </dev/null &
	SPAWNED=$!
	sl_pids+=("$SPAWNED")
}

# stop PID   ends what spawn or serve began
stop()
{
	local pid rest=()

	sl_stop_pid "$1"
	for pid in "${sl_pids[@]}"; do
		[ "$pid" = "$1" ] || rest+=("$pid")
	done
	sl_pids=(${rest[@]+"${rest[@]}"})
}

# True when something listens on that loopback port. Nothing is connected: a server may count its clients.
listening()
{
	local hex

	hex=$(printf ':%04X' "$1")
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		awk -v p="$hex" '$4 == "0A" && substr($2, length($2) - 4) == p { found = 1 } END { exit !found }'
}

# A port below the range that outgoing connections take, free a moment ago, and the one above it too.
free_port()
{
	local port i

	for ((i = 0; i < 200; i++)); do
		port=$((10000 + (RANDOM * 32768 + RANDOM) % 11000 * 2))
		listening "$port" || listening $((port + 1)) || { echo "$port"; return 0; }
	done
	return 1
}

# serve NAME COMMAND...   spawn, with every @PORT@ in the words replaced; back when it listens. PORT and SPAWNED are set.
# Another port is tried when somebody took ours in between.
serve()
{
	local name=$1 try
	shift

	for try in 1 2 3; do
		PORT=$(free_port) || return 1
		spawn "$name" "${@//@PORT@/$PORT}"
		wait_for 30 sl_up "$SPAWNED" "$PORT"
		kill -0 "$SPAWNED" 2>/dev/null && listening "$PORT" && return 0
		stop "$SPAWNED"
		note "$name did not come up (try $try):"
		note "$(tail -n 8 "$T/$name.log")"
	done
	return 1
}

sl_up() # listening, or gone for good
{
	kill -0 "$1" 2>/dev/null || return 0
	listening "$2"
}

s_client() # s_client PORT VERSION CA [OPTION...]   openssl, without the module, meets a server and verifies it
{
	local port=$1 version=$2 ca=$3
	shift 3

	bounded openssl s_client -connect "127.0.0.1:$port" "-tls${version/./_}" -CAfile "$ca" -verify_return_error -verify_hostname localhost "$@" </dev/null
}

# What UsePAM has to say in our sshd_config. Without PAM sshd refuses accounts that have no password ("!" in shadow, as root has on
# a system where everybody uses sudo).
use_pam()
{
	local hash

	hash=$(awk -F: -v me="$(id -un)" '$1 == me { print $2 }' /etc/shadow 2>/dev/null)
	case $hash in
	'!'*) echo yes ;;
	*) echo no ;;
	esac
}

# ---- PKCS#11
bounded()
{
	timeout --foreground -k 5 60 "$@"
}

# pkcs11-tool on our token
p11()
{
	bounded pkcs11-tool --module "$MODULE" --token-label "$TOKEN" ${PIN:+--login --pin "$PIN"} "$@"
}

# The same without login, whatever the token asks for.
p11_nologin()
{
	bounded pkcs11-tool --module "$MODULE" --token-label "$TOKEN" "$@"
}

# pkcs11-tool on a token by another name: as_user LABEL PIN OPTION..., as_officer LABEL SO-PIN OPTION...
as_user()
{
	bounded pkcs11-tool --module "$MODULE" --token-label "$1" --login --pin "${@:2}"
}

as_officer()
{
	bounded pkcs11-tool --module "$MODULE" --token-label "$1" --login --login-type so --so-pin "${@:2}"
}

first_slot() # first_slot LABEL   the number of the slot with that token, as pkcs11-tool takes it
{
	bounded pkcs11-tool --module "$MODULE" -L 2>/dev/null | awk -v want="$1" '/^Slot / { id = $3; gsub(/[()]/, "", id) }
		/token label/ { sub(/^[^:]*: */, ""); if ($0 == want) print id }'
}

# uri KIND LABEL   a PKCS#11 URI; KIND private, public, cert, or all
uri()
{
	local kind=";type=$1"

	[ "$1" != all ] || kind=
	printf 'pkcs11:token=%s;object=%s%s%s' "$TOKEN" "$2" "$kind" "${PIN:+?pin-value=$PIN}"
}

# generate TYPE ID LABEL   a key pair; TYPE in pkcs11-tool's words
generate()
{
	p11 --keypairgen --key-type "$1" --id "$2" --label "$3"
}

# pubkey_pem ID FILE   the public key with that id, as PEM. Elliptic keys are put together from the attributes that pkcs11-tool lists,
# since its own export knows neither P-384 nor Edwards keys.
pubkey_pem()
{
	rm -f "$2" "$2.der"
	p11_nologin -O --type pubkey >"$2.list" 2>&1 || { cat "$2.list"; return 1; }
	"$PYTHON" - "$2.list" "$1" "$2.der" <<'END' || return 1
import re, sys
blocks = [b for b in re.split(r"(?m)^(?=Public Key Object)", open(sys.argv[1]).read()) if re.search(r"(?m)^  ID: *%s$" % sys.argv[2], b)]
assert len(blocks) == 1, "%d public keys with id %s" % (len(blocks), sys.argv[2])
if "EC_POINT:" not in blocks[0]:
    sys.exit(0)
point, params = (bytes.fromhex(re.search(word + r": *([0-9a-f]+)", blocks[0]).group(1)) for word in ("EC_POINT", "EC_PARAMS"))
def der(tag, body):
    size = len(body)
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else bytes([0x82, size >> 8, size & 255])) + body
head = 3 if point[1] == 0x81 else 2
assert point[0] == 4 and len(point) - head == point[head - 1], "CKA_EC_POINT is no DER OCTET STRING"
edwards = b"edwards25519" in params or params == bytes.fromhex("06032b6570")
kind = bytes.fromhex("06032b6570") if edwards else bytes.fromhex("06072a8648ce3d0201") + params
open(sys.argv[3], "wb").write(der(0x30, der(0x30, kind) + der(3, b"\0" + point[head:])))
END
	[ -s "$2.der" ] || p11_nologin --read-object --type pubkey --id "$1" --output-file "$2.der" || return 1
	openssl pkey -pubin -inform DER -in "$2.der" -out "$2"
}
