#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# The commands that work on key files and the configuration, without a TPM.
set -u
umask 022
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/seedleaf-tool.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
n=0
failed=0
unset SEEDLEAF_TCTI SEEDLEAF_STORE SEEDLEAF_LOG
export SEEDLEAF_CONF="$dir/conf"
export LC_ALL=C

# want STATUS NAME COMMAND...: runs it and compares the exit status; the output is in $dir/out and $dir/err.
want() {
	expected=$1
	name=$2
	shift 2
	"$@" >"$dir/out" 2>"$dir/err"
	status=$?
	check "$name" "$expected" "$status"
	[ "$status" = "$expected" ] || sed 's/^/# /' "$dir/out" "$dir/err"
}

# check NAME EXPECTED GOT
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

cat >"$dir/conf" <<EOC
store = $dir/store
keys-dir = $dir/keys/d
[token web]
root = tpm:owner
EOC
key=$dir/keys/d/NAS-host-key.key

want 0 "help" "$tool" --help
check "help: lists the commands" 1 "$(grep -c '^  key add LABEL ' "$dir/out")"
want 0 "help of a group" "$tool" key --help
check "help of a group: only its commands" key "$(sed -n 's/^  \(key\|config\|token\) .*/\1/p' "$dir/out" | sort -u)"
want 0 "help of a command" "$tool" key add --help
check "help of a command: its options" 1 "$(grep -c '^  --type TYPE ' "$dir/out")"
want 0 "version" "$tool" --version
want 2 "no command" "$tool"
want 2 "unknown command" "$tool" frobnicate
check "unknown command: message" "seedleaf: unknown command 'frobnicate'" "$(head -1 "$dir/err")"
want 2 "half a command" "$tool" key
want 2 "unknown option" "$tool" key add L --colour red
want 2 "an option without its argument" "$tool" key add L --type
want 2 "an option twice" "$tool" key add L --type ed25519 --type ed25519
want 2 "two labels" "$tool" key add L M --type ed25519
want 2 "no label" "$tool" key add --type ed25519
want 2 "no type" "$tool" key add L
if [ -w /dev/full ]; then
	"$tool" --help >/dev/full 2>"$dir/err"
	check "a full disk behind stdout" 1 $?
fi

want 0 "add" "$tool" key add "NAS host key" --type ec:P-256 --usage "sign, derive" --name nas --id 0a0b --keep=2
check "add: prints the path" "$key" "$(cat "$dir/out")"
check "add: the file" "label = NAS host key
name = nas
type = ec:P-256
usage = sign, derive
keep = 2
id = 0a0b" "$(cat "$key")"
check "add: mode" 644 "$(stat -c %a "$key")"
check "add: nothing else is left" "NAS-host-key.key" "$(ls -A "$dir/keys/d")"
want 0 "config check" "$tool" config check
check "config check: counts it" 1 "$(grep -c '^declared keys: 1$' "$dir/out")"
want 2 "add: the same label" "$tool" key add "NAS host key" --type rsa:2048
want 2 "add: the same name and type" "$tool" key add other --name nas --type ec:P-256
check "add: message names the file" 1 "$(grep -c "^seedleaf: $key declares a key" "$dir/err")"
want 0 "add: the same on another token" "$tool" key add "NAS host key" --type ec:P-256 --name nas --token web
check "add: has a number" "$dir/keys/d/NAS-host-key-2.key" "$(cat "$dir/out")"
want 2 "add: unknown type" "$tool" key add x --type ec:P-255
want 2 "add: unknown token" "$tool" key add x --type ed25519 --token none
want 2 "add: bad usage" "$tool" key add x --type ed25519 --usage sing
want 2 "add: bad id" "$tool" key add x --type ed25519 --id 0
want 2 "add: version 0" "$tool" key add x --type ed25519 --version 0
want 2 "add: a label with a newline" "$tool" key add "x
version = 7" --type ed25519
want 2 "add: a label that ends in a blank" "$tool" key add "x " --type ed25519
want 2 "add: a name with a newline" "$tool" key add x --type ed25519 --name "y
version = 7"
want 2 "add: an empty label" "$tool" key add "" --type ed25519
want 2 "add: an id with a newline" "$tool" key add x --type ed25519 --id "00
version = 7"
want 2 "add: a certificate that is not there" "$tool" key add x --type ed25519 --certificate "$dir/none.pem"
check "add: none of these left a file" "NAS-host-key-2.key NAS-host-key.key" "$(ls -A "$dir/keys/d" | tr '\n' ' ' | sed 's/ $//')"
want 0 "add: a label of other characters" "$tool" key add --type ed25519 -- "--../\$(x) Übung"
check "add: gives a plain file name" "$dir/keys/d/x-bung.key" "$(cat "$dir/out")"
want 0 "add: a label without any plain character" "$tool" key add "–" --type ed25519
check "add: is called key" "$dir/keys/d/key.key" "$(cat "$dir/out")"
want 0 "add: to a directory that the configuration does not name" "$tool" key add image --type aes:256 --dir "$dir/image"
check "add: says so" 1 "$(grep -c 'is not a keys-dir' "$dir/err")"
want 2 "add: twice to that directory" "$tool" key add image --type aes:256 --dir "$dir/image"
want 2 "add: a relative directory" "$tool" key add r --type aes:256 --dir image
mkdir "$dir/open" && chmod 777 "$dir/open"
want 1 "add: to a directory that others can write" "$tool" key add o --type aes:256 --dir "$dir/open"

printf '# why\nlabel = NAS host key\ntype = ec:P-256\n\n ; old\n version=9 \nname = nas\n# end' >"$key"
want 0 "rotate" "$tool" key rotate "NAS host key" --token owner
check "rotate: only the version changed" "# why
label = NAS host key
type = ec:P-256

 ; old
version = 10
name = nas
# end" "$(cat "$key")"
chmod 600 "$key"
want 0 "rotate: keep" "$tool" key rotate "NAS host key" --token owner --keep 3
check "rotate: keep comes at the end" "# why
label = NAS host key
type = ec:P-256

 ; old
version = 11
name = nas
# end
keep = 3" "$(cat "$key")"
check "rotate: the mode stays" 600 "$(stat -c %a "$key")"
want 0 "rotate: a file without a version" "$tool" key rotate "NAS host key" --token web
check "rotate: is version 2 then" "version = 2" "$(tail -1 "$dir/keys/d/NAS-host-key-2.key")"
want 2 "rotate: which token" "$tool" key rotate "NAS host key"
want 2 "rotate: bad keep" "$tool" key rotate "NAS host key" --token web --keep 101
want 2 "rotate: no such key" "$tool" key rotate nothing
sed -i 's/^version.*/version = 4294967295/' "$key"
want 1 "rotate: the last version" "$tool" key rotate "NAS host key" --token owner
check "rotate: the last version stays" "version = 4294967295" "$(grep ^version "$key")"

want 2 "remove: which token" "$tool" key remove "NAS host key"
want 0 "remove" "$tool" key remove "NAS host key" --token owner
check "remove: the file is gone" no "$([ -e "$key" ] && echo yes || echo no)"
want 1 "remove: twice" "$tool" key remove "NAS host key" --token owner

want 0 "config check at the end" "$tool" config check
echo 'label = bad
type = ec:P-999' >"$dir/keys/d/bad.key"
want 2 "config check: a bad type" "$tool" config check
check "config check: file and line" 1 "$(grep -c "^seedleaf: $dir/keys/d/bad.key:2: type: " "$dir/err")"
printf 'label = bad\ntype = ed25519\ncertificate = none.pem\n' >"$dir/keys/d/bad.key"
want 2 "config check: a missing certificate" "$tool" config check
chmod 666 "$dir/keys/d/bad.key"
want 2 "config check: a key file that others can write" "$tool" config check
rm "$dir/keys/d/bad.key"
chmod 777 "$dir/keys/d"
want 2 "config check: a directory of key files that others can write" "$tool" config check
chmod 755 "$dir/keys/d"
want 0 "config check: and again when they cannot" "$tool" config check
echo 'colour = red' >>"$dir/conf"
want 2 "a bad configuration" "$tool" config check
check "a bad configuration: file and line" 1 "$(grep -c "^seedleaf: $dir/conf:5: unknown key 'colour'" "$dir/err")"
SEEDLEAF_CONF=$dir/none
want 2 "a configuration that is not there" "$tool" config check

echo "1..$n"
exit $failed
