#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf token init, pin and reset with PINs from files, standard input and credentials, beside a software TPM.
set -u
if [ -z "${SL_PINS_INNER:-}" ]; then
	export SL_PINS_INNER=1
	exec timeout -k 10 280 "${SL_SRC:?}/tests/with-tpm" bash "$0"
fi
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
d=$SL_TPM_DIR
n=0
failed=0

check() {
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
		failed=1
	fi
}

# want STATUS MESSAGE NAME COMMAND...: exit status and all that is said on stderr (MESSAGE is a glob).
want() {
	local status=$1 message=$2 name=$3 got
	shift 3
	"$@" >"$d/out" 2>"$d/err" </dev/null
	got=$?
	check "$name: exit status" "$status" "$got"
	# shellcheck disable=SC2053
	if [[ $(cat "$d/err") == $message ]]; then check "$name: what it says" . .; else check "$name: what it says" "$message" "$(cat "$d/err")"; fi
}

pin() { # pin FILE TEXT: prints the path
	(umask 077 && printf '%s' "$2" >"$d/$1")
	printf '%s' "$d/$1"
}
status() { "$tool" status | awk -v slot="$1" '/^slot / { on = ($3 == slot ":") } on' | sed -n "s/^  $2: //p"; }
tries() { "$tool" status | sed -n 's/^wrong tries: //p'; }
# A private key of the token, to a program that logs in by this PIN.
keygen() { pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label "$1" ${3:+--login --pin "$3"} --keypairgen --key-type EC:prime256v1 --label "$2" >"$d/p11" 2>&1; }
signs() { echo data >"$d/data"; pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label "$1" --login --pin "$3" --sign --mechanism ECDSA-SHA256 --label "$2" -i "$d/data" -o "$d/sig" >"$d/p11" 2>&1; }

so=$(pin so $'so secret\n')
user=$(pin user 'user secret')
other=$(pin other 'other secret')

# Wrong usage changes nothing.
want 2 'seedleaf: --token: missing, expected a token of the configuration' 'no token' "$tool" token init
want 2 "seedleaf: --token: 'nobody', expected a token of the configuration" 'unknown token' "$tool" token init --token nobody
want 2 'seedleaf: --label: expected 1 to 32 bytes of UTF-8' 'an empty label' "$tool" token init --token owner --label ''
want 2 'seedleaf: --label: expected 1 to 32 bytes of UTF-8' 'a label of 33 bytes' "$tool" token init --token owner --label 012345678901234567890123456789012
want 2 'seedleaf: --label: expected 1 to 32 bytes of UTF-8' 'a label that is no text' "$tool" token init --token owner --label $'\xff'
want 2 "seedleaf: $d/none: No such file or directory" 'a PIN file that is not there' "$tool" token init --token owner --so-pin-file "$d/none"
chmod 0604 "$so"
want 1 "seedleaf: $so: mode 0604 lets others at the secret, expected 0600 or 0640" 'a PIN file for all to read' "$tool" token init --token owner --so-pin-file "$so"
chmod 0620 "$so"
want 1 "seedleaf: $so: mode 0620 lets others at the secret, expected 0600 or 0640" 'a PIN file for the group to write' "$tool" token init --token owner --so-pin-file "$so"
chmod 0640 "$so"
want 2 "seedleaf: $d: expected a file" 'a directory' "$tool" token init --token owner --so-pin-file "$d"
want 2 'seedleaf: New SO PIN of token owner: too short, expected 4 to 255 bytes' 'a PIN of 3 bytes' "$tool" token init --token owner --so-pin-file "$(pin p3 $'abc\n')"
want 2 'seedleaf: New SO PIN of token owner: too short, expected 4 to 255 bytes' 'no PIN' "$tool" token init --token owner --so-pin-file "$(pin p0 '')"
want 2 'seedleaf: New SO PIN of token owner: too long, expected 4 to 255 bytes' 'a PIN of 256 bytes' "$tool" token init --token owner --so-pin-file "$(pin p256 "$(printf 'x%.0s' {1..256})")"
want 2 'seedleaf: New SO PIN of token owner: too short, expected 4 to 255 bytes' 'an empty standard input' "$tool" token init --token owner --so-pin-file -
want 2 'seedleaf: New user PIN of token owner: too short, expected 4 to 255 bytes' 'a user PIN of no bytes' "$tool" token init --token owner --so-pin-file "$so" --pin-file "$d/p0"
want 2 "seedleaf: --so-pin-file: 'credential:', expected credential:NAME" 'a credential without a name' "$tool" token init --token owner --so-pin-file credential:
want 2 "seedleaf: --so-pin-file: 'credential:../so', expected credential:NAME" 'a credential that is elsewhere' env CREDENTIALS_DIRECTORY="$d" "$tool" token init --token owner --so-pin-file credential:../so
want 2 'seedleaf: --so-pin-file: credential:so: CREDENTIALS_DIRECTORY is not set*' 'no credentials' "$tool" token init --token owner --so-pin-file credential:so
want 2 "seedleaf: token init: unexpected 'secret'"* 'a PIN on the command line' "$tool" token init --token owner secret
want 2 "seedleaf: token init: unknown option '--pin'*" 'an option for that' "$tool" token init --token owner --pin secret
want 1 'seedleaf: token owner: there is no user PIN, expected token init first' 'pin without init' "$tool" token pin --token owner --pin-file "$so" --new-pin-file "$so"
want 1 'seedleaf: token owner: there is no SO PIN, expected token init first' 'pin --so without init' "$tool" token pin --token owner --so --pin-file "$so" --new-pin-file "$so"
want 1 'seedleaf: token owner: there is no SO PIN, expected token init first' 'reset without init' "$tool" token reset --token owner --so-pin-file "$so" --pin-file "$user"
check 'all that did nothing' none "$(status owner pin)"
check 'no try was used' '0 of 3' "$(tries)"

# Objects are not thrown away by chance.
check 'two objects' 0 "$(keygen seedleaf-owner early; echo $?)"
want 2 'seedleaf: token owner: 2 stored objects would be gone for good, expected --force' 'a token with objects' "$tool" token init --token owner --so-pin-file "$so"
check 'they are still there' 1 "$(status owner keys)"
want 0 'seedleaf: token owner: 2 stored objects are gone' 'with --force' "$tool" token init --token owner --so-pin-file "$so" --pin-file "$user" --label 'mine' --force
check 'they are gone' '0, and private ones behind the PIN' "$(status owner keys)"
check 'both PINs' 'SO and user, who should change his' "$(status owner pin)"
check 'its label' mine "$(status owner label)"

# The PINs are what was in the files: one newline at the end does not count.
check 'a key behind the PIN' 0 "$(keygen mine late 'user secret'; echo $?)"
check 'it signs' 0 "$(signs mine late 'user secret'; echo $?)"
want 0 '' 'another user PIN' "$tool" token pin --token owner --pin-file "$user" --new-pin-file "$other"
check 'the user changed it' 'SO and user' "$(status owner pin)"
check 'the key stays' 0 "$(signs mine late 'other secret'; echo $?)"
want 1 $'seedleaf: token owner: wrong user PIN\nseedleaf: 2 of the TPM\'s 3 tries are left' 'the old one' "$tool" token pin --token owner --pin-file "$user" --new-pin-file "$other"
check 'was counted' '1 of 3*' "$(tries | sed 's/3,.*/3*/')"
want 0 '' 'another SO PIN' "$tool" token pin --token owner --so --pin-file "$so" --new-pin-file "$user"
want 0 '' 'and back' "$tool" token pin --token owner --so --pin-file "$user" --new-pin-file "$so"
want 0 '' 'a reset' "$tool" token reset --token owner --so-pin-file "$so" --pin-file "$user"
check 'asks for a change' 'SO and user, who should change his' "$(status owner pin)"
check 'and the key stays' 0 "$(signs mine late 'user secret'; echo $?)"
want 2 'seedleaf: New user PIN of token owner: too short*' 'a new one that is too short' "$tool" token pin --token owner --pin-file "$user" --new-pin-file "$d/p3"
check 'changes nothing' 0 "$(signs mine late 'user secret'; echo $?)"

# Standard input has a line for each; a pipe and a credential are files.
check 'two lines' 0 "$(printf 'user secret\nother secret' | "$tool" token pin --token owner --pin-file - --new-pin-file -; echo $?)"
check 'a pipe' 0 "$("$tool" token pin --token owner --pin-file <(printf 'other secret\n') --new-pin-file "$user"; echo $?)"
want 0 '' 'a credential' env CREDENTIALS_DIRECTORY="$d" "$tool" token pin --token owner --pin-file credential:user --new-pin-file credential:other
want 0 '' 'and another' env CREDENTIALS_DIRECTORY="$d" "$tool" token reset --token owner --so-pin-file credential:so --pin-file "$user"
check 'the key is still there' 0 "$(signs mine late 'user secret'; echo $?)"
(umask 077 && printf 'a\0b\r\n\n' >"$d/bytes")
want 0 '' 'any bytes, and one newline' "$tool" token pin --token owner --pin-file "$user" --new-pin-file "$d/bytes"
(umask 077 && printf 'a\0b\r\n\n\n' >"$d/more")
want 1 '*wrong user PIN*' 'which are all meant' "$tool" token pin --token owner --pin-file "$d/more" --new-pin-file "$user"
want 0 '' 'they open it' "$tool" token pin --token owner --pin-file "$d/bytes" --new-pin-file "$user"

# Initialized again: by the SO alone.
want 2 'seedleaf: token owner: 2 stored objects would be gone for good, and private declared keys be other ones, expected --force' 'again, with objects' \
	"$tool" token init --token owner --so-pin-file "$so"
check 'the objects that are counted are there' 0 "$(signs mine late 'user secret'; echo $?)"
tpm2_dictionarylockout -c -Q
want 1 $'seedleaf: token owner: wrong SO PIN\n*' 'by another PIN' "$tool" token init --token owner --force --so-pin-file "$user"
check 'nothing went' 0 "$(signs mine late 'user secret'; echo $?)"
want 0 'seedleaf: token owner: 2 stored objects are gone' 'by the SO' "$tool" token init --token owner --force --so-pin-file "$so"
check 'its label stays' mine "$(status owner label)"
check 'there is no user' 'SO, no user' "$(status owner pin)"
want 1 'seedleaf: token owner: there is no user PIN, expected token reset first' 'no PIN to change' "$tool" token pin --token owner --pin-file "$user" --new-pin-file "$user"
want 0 '' 'reset sets the first one' "$tool" token reset --token owner --so-pin-file "$so" --pin-file "$user"
check 'the key is gone' 1 "$(signs mine late 'user secret'; [ $? -ne 0 ] && echo 1)"

# The TPM's count is for all.
for _ in 1 2 3 4; do "$tool" token pin --token owner --pin-file "$other" --new-pin-file "$other" >/dev/null 2>&1; printf 'x' >>"$other"; done
want 1 $'seedleaf: token owner: user PIN: locked after too many wrong PINs\nseedleaf: the TPM is locked: *' 'locked out' "$tool" token pin --token owner --pin-file "$user" --new-pin-file "$user"
check 'status tells' '3 of 3, locked, one is forgotten every 1000 seconds' "$(tries)"
want 1 'seedleaf: token owner: SO PIN: locked *' 'the SO too' "$tool" token reset --token owner --so-pin-file "$so" --pin-file "$user"
tpm2_dictionarylockout -c -Q
want 0 '' 'and open again' "$tool" token reset --token owner --so-pin-file "$so" --pin-file "$user"

# In NV.
printf '[token endorsement]\npin-store = nv:0x01500000\n' >>"$SEEDLEAF_CONF"
want 0 '' 'PINs in NV' "$tool" token init --token endorsement --so-pin-file "$so" --pin-file "$user"
check 'two indices' '0x1500000 0x1500001' "$(tpm2_getcap handles-nv-index | sed -n 's/^- //p' | grep 0x150 | xargs)"
check 'status says where' nv:0x01500000 "$(status endorsement pin-store)"
want 0 '' 'pin' "$tool" token pin --token endorsement --pin-file "$user" --new-pin-file "$so"
want 0 '' 'reset' "$tool" token reset --token endorsement --so-pin-file "$so" --pin-file "$user"

# Made before a clear.
tpm2_clear -Q
check 'after a clear the owner is another' none "$(status owner pin)"
# shellcheck disable=SC2031
export SEEDLEAF_TCTI=device:/nonexistent
want 1 'seedleaf: *nonexistent*' 'no TPM' "$tool" token init --token owner --so-pin-file "$so"
echo "1..$n"
exit $failed
