#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf keyring load, unload and list, in keyrings of this test's own. What is in a key of the type user is what the module computes with.
set -u
if [ -z "${SL_KEYRING_INNER:-}" ]; then
	command -v keyctl >/dev/null || { echo '1..0 # SKIP no keyctl'; exit 0; }
	keyctl session - true >/dev/null 2>&1 || { echo '1..0 # SKIP this process may not have keyrings'; exit 0; }
	export SL_KEYRING_INNER=1
	exec keyctl session - "${SL_SRC:?}/tests/with-tpm" bash "$0" 2>/dev/null
fi
tool=${SL_BUILD:?}/seedleaf
[ -x "$tool" ] || { echo "Bail out! no $tool"; exit 99; }
command -v pkcs11-tool >/dev/null || { echo '1..0 # SKIP no pkcs11-tool'; exit 0; }
umask 077
mkdir "$SL_TPM_DIR/work" && cd "$SL_TPM_DIR/work" || exit 99
n=0
failed=0

check() { # check NAME EXPECTED GOT
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
		failed=1
	fi
}

want() { # want STATUS NAME ARGUMENT...
	local expected=$1 name=$2
	shift 2
	"$tool" keyring "$@" >out 2>err </dev/null
	local status=$?
	check "$name" "$expected" "$status"
	[ "$status" = "$expected" ] || sed 's/^/# /' out err
}

says() { # says PATTERN
	check "it says: $1" yes "$(grep -Eq "^seedleaf: .*$1" err && echo yes || cat err)"
}

bytes() { # bytes TYPE DESC: of a key of this keyring, in hex
	keyctl pipe "$(keyctl search "$ring" "$1" "$2" 2>/dev/null)" 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
}

state() { # state TYPE DESC: of the kernel's line on it: timeout and size; nothing when it is none
	awk -v "desc=$2: " -v "type=$1" 'index($0, desc) && $8 == substr(type, 1, 9) { print $4, $NF }' /proc/keys
}

expected_hmac() { # expected_hmac HEX FILE
	/usr/bin/python3 -c 'import hmac, sys; print(hmac.new(bytes.fromhex(sys.argv[1]), open(sys.argv[2], "rb").read(), "sha256").hexdigest())' "$1" "$2"
}

ring=$(keyctl newring "seedleaf-test-$$" @s)
other=$(keyctl newring "seedleaf-other-$$" @s)
mkdir keys
printf 'keys-dir = %s\n[token pin]\nroot = tpm:owner\nnamespace = pin\n' "$PWD/keys" >"$SEEDLEAF_CONF"
printf 'label = disk\nname = the disk\ntype = hmac:64\nid = 01\nkeep = 1\nversion = 2\n' >keys/disk.key
printf 'label = page\ntype = aes:256\n' >keys/page.key
printf 'label = host\ntype = ec:P-256\n' >keys/host.key
printf 'label = both\ntype = generic:32\n' >keys/both.key
printf 'label = both\ntoken = pin\ntype = generic:32\n' >keys/both-pin.key
head -c 100 /dev/urandom >text

# ---- what the kernel has is what the module has
want 0 "a key of the type user" load disk --type user --keyring "$ring"
check "it says the serial number" "$(keyctl search "$ring" user seedleaf:disk)" "$(cat out)"
disk=$(bytes user seedleaf:disk)
check "64 bytes" 128 ${#disk}
pkcs11-tool --module "$SEEDLEAF_MODULE" --token-label seedleaf-owner --sign --mechanism SHA256-HMAC --id 01 -i text -o mac >p11.out 2>&1
check "the newest version, as the module has it" "$(expected_hmac "$disk" text)" "$(od -An -v -tx1 mac | tr -d ' \n')"
want 0 "once more" load disk --type user --keyring "$ring" --desc 'another description'
check "the same key" "$disk" "$(bytes user 'another description')"
want 0 "of another size" load disk --type user --keyring "$ring" --desc short --size 20
short=$(bytes user short)
check "20 bytes" 40 ${#short}
check "that are no part of the others" no "$(case $disk in *"${short:0:16}"*) echo yes ;; *) echo no ;; esac)"
sed -i 's/hmac:64/generic:20/' keys/disk.key
want 0 "declared as generic:20" load disk --type user --keyring "$ring" --desc declared
check "it is that one" "$short" "$(bytes user declared)"
sed -i 's/generic:20/hmac:64/' keys/disk.key
want 0 "512 bytes" load page --type user --keyring "$ring" --desc long --size 512
check "they are" "- 512" "$(state user long | sed 's/^perm/-/')"
want 0 "an AES key" load page --type user --keyring "$ring"
check "32 bytes" 64 "$(bytes user seedleaf:page | wc -c)"
want 0 "the same with its size" load page --type user --keyring "$ring" --desc sized --size 32
check "the same key" "$(bytes user seedleaf:page)" "$(bytes user sized)"

# ---- logon keys
want 0 "a logon key, by default" load disk --keyring "$ring"
serial=$(cat out)
check "the kernel has 64 bytes" 64 "$(state logon seedleaf:disk | sed 's/.* //')"
check "nobody reads it" no "$(keyctl pipe "$serial" >/dev/null 2>&1 && echo yes || echo no)"
want 0 "in its place" load disk --keyring "$ring" --timeout 1000
check "it is another one" no "$([ "$(cat out)" = "$serial" ] && echo yes || echo no)"
check "one alone" 1 "$(keyctl rlist "$ring" | tr ' ' '\n' | while read -r key; do keyctl rdescribe "$key"; done | grep -c '^logon;.*;seedleaf:disk$')"
check "with its timeout" yes "$(case $(state logon seedleaf:disk) in 16m*|9[0-9][0-9]s*|1[67]m*) echo yes ;; *) state logon seedleaf:disk ;; esac)"
check "nothing is left in other keyrings" "" "$(keyctl rlist "$other")"
want 0 "into the session keyring" load disk --keyring @s --desc "seedleaf-test:$$"
check "it is there" "$(cat out)" "$(keyctl search @s logon "seedleaf-test:$$")"
want 0 "out of it" unload disk --keyring @s --desc "seedleaf-test:$$"
check "it is gone" no "$(keyctl search @s logon "seedleaf-test:$$" >/dev/null 2>&1 && echo yes || echo no)"
want 0 "the list" list --keyring "$ring"
for line in 'logon +seedleaf:disk' 'user +seedleaf:disk' 'user +another description' 'user +short'; do
	check "has $line" yes "$(grep -Eq "^ *[0-9]+  [0-9a-f]{8}  $line\$" out && echo yes || cat out)"
done
want 0 "unload" unload disk --keyring "$ring"
check "it is gone" no "$(keyctl search "$ring" logon seedleaf:disk >/dev/null 2>&1 && echo yes || echo no)"
check "the others are not" "$disk" "$(bytes user seedleaf:disk)"
want 2 "it is gone" unload disk --keyring "$ring"
says "$ring: logon seedleaf:disk: "
keyctl link "$(keyctl search "$ring" user short)" "$other"
want 0 "one that another keyring has, too" unload disk --type user --desc short --keyring "$ring"
check "is of no use there" "" "$(bytes user short)$(keyctl pipe "$(keyctl rlist "$other")" 2>/dev/null)"

# ---- on a token with PINs
printf '123456\n' >user
printf '87654321\n' >so
"$tool" token init --token pin --so-pin-file so --pin-file user >out 2>&1 || sed 's/^/# /' out
want 2 "on two tokens" load both --keyring "$ring"
says 'expected --token'
want 0 "with the PIN" load both --token pin --pin-file user --type user --keyring "$ring"
want 0 "on the other token" load both --token owner --type user --desc owner --keyring "$ring"
check "another key" no "$([ "$(bytes user seedleaf:both)" = "$(bytes user owner)" ] && echo yes || echo no)"
want 0 "with the PIN, of another size" load both --token pin --pin-file user --type user --desc pin --size 64 --keyring "$ring"
printf '000000\n' >wrong
want 2 "with another PIN" load both --token pin --pin-file wrong --type user --desc wrong --keyring "$ring"
says 'wrong PIN'
check "nothing is there" "" "$(state user wrong)"

# ---- what cannot be
want 2 "no such key" load nothing --keyring "$ring"
says 'no declared key of this label'
want 2 "a key pair" load host --keyring "$ring"
says 'ec:P-256, expected aes, hmac or generic'
for size in 0 513 -1 x 99999999999; do
	want 2 "size $size" load disk --size=$size --keyring "$ring"
	says "size: '$size', expected a number from 1 to 512"
done
want 2 "a timeout of 0" load disk --timeout 0 --keyring "$ring"
says "timeout: '0', expected a number from 1"
for name in '' @t @x 0 -3 12x 99999999999; do
	want 2 "keyring '$name'" load disk --keyring "$name"
	says 'keyring: expected @s, @u, @us or the serial number'
	want 2 "list '$name'" list --keyring "$name"
done
want 2 "no keyring" load disk --keyring 2147483647
says '2147483647: '
want 2 "a logon key without a prefix" load disk --keyring "$ring" --desc plain
says 'expected PREFIX:NAME'
want 2 "an empty prefix" load disk --keyring "$ring" --desc :plain
want 2 "an empty description" load disk --keyring "$ring" --type user --desc ''
want 2 "a control character" load disk --keyring "$ring" --type user --desc $'a\nb'
want 2 "another type" load disk --keyring "$ring" --type keyring
says 'type: expected logon, user, encrypted or fscrypt-provisioning'
want 2 "a master for none" load disk --keyring "$ring" --master user:x
keyctl restrict_keyring "$other"
want 1 "a keyring that takes none" load disk --keyring "$other" --type user
says "$other: Operation not permitted"

# ---- encrypted keys: with a given payload, where the kernel takes one
keyctl add user "master-$$" 0123456789abcdef0123456789abcdef @s >/dev/null
master=user:master-$$
want 2 "encrypted by nothing" load disk --type encrypted --keyring "$ring"
says 'master: expected'
want 2 "encrypted by a key that is not there" load disk --type encrypted --master user:no-such --keyring "$ring"
says 'user:no-such is in none'
want 2 "in another format" load disk --type encrypted --master $master --format xml --keyring "$ring"
want 2 "ecryptfs of another size" load disk --type encrypted --master $master --format ecryptfs --desc 0123456789abcdef --size 32 --keyring "$ring"
want 2 "ecryptfs of another name" load disk --type encrypted --master $master --format ecryptfs --keyring "$ring"
says 'expected 16 hex digits'
want 2 "enc32 of another size" load disk --type encrypted --master $master --format enc32 --keyring "$ring"
want 2 "too long" load disk --type encrypted --master $master --size 129 --keyring "$ring"
for form in "default --desc enc-$$" "ecryptfs --desc 0123456789abcdef" "enc32 --desc enc32-$$ --size 32"; do
	# shellcheck disable=SC2086
	"$tool" keyring load disk --type encrypted --master $master --format $form --keyring "$ring" >out 2>err
	case $? in
	0) check "a key of the format ${form%% *}" "$(cat out)" "$(keyctl rlist "$ring" | tr ' ' '\n' | grep -Fx "$(cat out)")" ;;
	1) says 'this kernel takes no given payload for encrypted keys .CONFIG_USER_DECRYPTED_DATA.' ;;
	*) check "a key of the format ${form%% *}" 0 "$(cat err)" ;;
	esac
done

# ---- fscrypt
if keyctl add fscrypt-provisioning x y "$ring" 2>&1 | grep -q 'No such device'; then
	want 1 "provisioning keys" load disk --type fscrypt-provisioning --keyring "$ring"
	says 'no keys of the type fscrypt-provisioning'
else
	want 0 "provisioning keys" load disk --type fscrypt-provisioning --keyring "$ring"
	check "8 bytes and the key" 72 "$(awk '/ fscrypt-p seedleaf:disk: / { print $(NF - 1) }' /proc/keys | tail -n 1)"
	want 2 "of 15 bytes" load disk --type fscrypt-provisioning --size 15 --keyring "$ring"
fi
want 2 "fscrypt of 65 bytes" load disk --fscrypt / --size 65
says 'expected 16 to 64 bytes for fscrypt'
want 2 "fscrypt and a keyring" load disk --fscrypt / --keyring "$ring"
want 1 "a file system that does not encrypt" load disk --fscrypt /proc
says '/proc: its file system does not encrypt'
want 2 "one that is not there" load disk --fscrypt "$PWD/no-such"
want 2 "unload something else" unload disk --fscrypt /proc
says 'expected with --fscrypt the 32 hex digits'
want 1 "unload what is not there" unload 00112233445566778899aabbccddeeff --fscrypt /proc

# ---- the key goes into the kernel and nowhere else
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	strace -f -xx -s 70000 -o trace "$tool" keyring load disk --keyring "$ring" >out 2>&1
	x=$(echo "$disk" | sed 's/../\\\\x&/g')
	check "add_key gets it" 1 "$(grep -F 'add_key(' trace | grep -c "$x")"
	check "no other call does" "" "$(grep -v 'add_key(' trace | grep "$x" | cut -c1-60)"
else
	echo '# no strace'
fi
check "nothing on the file system has it" "" "$(grep -rlF "$disk" "$SL_TPM_DIR" 2>/dev/null)"
echo "1..$n"
exit $failed
