#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# seedleaf-disk: its table and its words, as far as they go without a disk, with stand-ins for dmsetup, keyctl and seedleaf; what is taken into an
# initramfs; and the unit. What it does with a disk is in conformance/vm/disks.sh.
set -u
umask 022
DISK=${SL_BUILD:-.}/initramfs/seedleaf-disk
T=$(mktemp -d) || exit 99
trap 'rm -rf "$T"' EXIT
export SEEDLEAF_DISKS=$T/disks
n=0
failed=0

# says NAME STATUS TEXT LINE COMMAND...   with LINE as the table the command ends so and says that; - is the table that is there
says()
{
	local name=$1 status=$2 text=$3 rc=0
	n=$((n + 1))
	[ "$4" = - ] || printf '%b\n' "$4" >"$SEEDLEAF_DISKS"
	shift 4
	"$DISK" "$@" >"$T/out" 2>&1 </dev/null || rc=$?
	if [ $rc -eq "$status" ] && grep -qxF -- "$text" "$T/out"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed "s/^/# $rc: /" "$T/out"
		failed=1
	fi
}

check() # check NAME EXPECTED GOT
{
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
		failed=1
	fi
}

D=$T/disks
says 'no command' 2 "seedleaf-disk: unknown command ''" ''
says 'another command' 2 "seedleaf-disk: unknown command 'format'" '' format
says 'open what?' 2 'seedleaf-disk: open wants the name of a disk' '' open
says 'too many words' 2 "seedleaf-disk: unexpected 'more'" 'a /dev/a k' open a more
says 'close waits for nothing' 2 "seedleaf-disk: unexpected '--now'" 'a /dev/a k' close a --now
says 'no such disk' 1 "seedleaf-disk: $D has no disk 'b'" 'a /dev/a k' open b
says 'a line without a key' 1 "seedleaf-disk: $D:2: expected NAME DEVICE KEY [OPTIONS]" '# disks\na /dev/a' open a
says 'a strange name' 1 "seedleaf-disk: $D:1: a name is made of letters, digits and + . _ -, unlike 'a/b'" 'a/b /dev/a k' list
says 'a name like an option' 1 "seedleaf-disk: $D:1: a name is made of letters, digits and + . _ -, unlike '-a'" '-a /dev/a k' list
says 'no device' 1 "seedleaf-disk: $D:1: a device is a path below /dev, unlike 'UUID=1'" 'a UUID=1 k' open a
says 'an unknown option' 1 "seedleaf-disk: $D:1: unknown option 'swap'" 'a /dev/a k discard,swap' open a
says 'no number' 1 "seedleaf-disk: $D:1: key-size= wants a number of bytes, not '64b'" 'a /dev/a k key-size=64b' open a
says 'an octal number' 1 "seedleaf-disk: $D:1: offset= wants a number of 512-byte sectors, not '0100'" 'a /dev/a k offset=0100' open a
says 'a negative number' 1 "seedleaf-disk: $D:1: timeout= wants a number of seconds, not '-1'" 'a /dev/a k timeout=-1' open a
says 'an odd sector' 1 "seedleaf-disk: $D:1: sector-size= wants 512, 1024, 2048 or 4096, not '513'" 'a /dev/a k sector-size=513' open a
says 'options with blanks' 1 "seedleaf-disk: $D:1: 'discard' after the options; they have commas between them" 'a /dev/a k read-only discard' open a
says 'a name of another kind' 1 "seedleaf-disk: a name is made of letters, digits and + . _ -, unlike '../a'" 'a /dev/a k' close ../a
says 'list' 0 b 'a /dev/a k\n\n b /dev/b k initramfs,timeout=5   # c\n#c /dev/c k initramfs' list
check 'both of them' $'a\nb' "$(cat "$T/out")"
says 'list --initramfs' 0 b 'a /dev/a k\nb /dev/b k initramfs' list --initramfs
check 'only that' b "$(cat "$T/out")"

# ---- with stand-ins. $T/dm/NAME is a device of the device mapper, with its UUID in it; $T/calls is who was called.
mkdir -p "$T/bin" "$T/dm"
cat >"$T/bin/dmsetup" <<STUB
#!/bin/sh
echo "dmsetup \$*" >>"$T/calls"
case \$1 in
info) shift \$((\$# - 1)); exec cat "$T/dm/\$1" ;;
remove) rm "$T/dm/\$2" ;;
esac
STUB
printf '#!/bin/sh\nshift 2\nexec "$@"\n' >"$T/bin/keyctl"
printf '#!/bin/sh\necho "seedleaf $*" >>"%s/calls"\n' "$T" >"$T/bin/seedleaf"
chmod +x "$T"/bin/*
PATH=$T/bin:$PATH
mine() # mine NAME...   are open
{
	local name

	rm -f "$T/calls" "$T"/dm/*
	for name; do
		echo "SEEDLEAF-$name" >"$T/dm/$name"
	done
}
mine b
says 'a wrong line keeps no other disk closed' 0 "seedleaf-disk: $D:1: expected NAME DEVICE KEY [OPTIONS]" 'a /dev/a\nb /dev/b k' open b
check 'it is told once' 1 "$(grep -c expected "$T/out")"
check 'what is open stays as it is' '' "$(grep -v 'dmsetup info' "$T/calls")"
says 'it is wrong for its own' 1 "seedleaf-disk: $D:1: expected NAME DEVICE KEY [OPTIONS]" 'a /dev/a\nb /dev/b k' open a
says 'list tells what is wrong' 1 "seedleaf-disk: $D:2: a device is a path below /dev, unlike 'b'" 'a /dev/a k\nb b k\nc /dev/c k' list
check 'and the others' $'a\nc' "$(grep -v seedleaf-disk "$T/out")"
says 'a name twice' 1 "seedleaf-disk: $D:3: there is a 'a' before this one" 'a /dev/a k\nb /dev/b k\na /dev/c k' open a --now
says 'for the others it is nothing' 0 "seedleaf-disk: $D:3: unknown option 'x'" 'a /dev/a k\nb /dev/b k\na /dev/c k x' open b
says 'list with a name twice' 1 "seedleaf-disk: $D:3: there is a 'a' before this one" 'a /dev/a k\nb /dev/b k\na /dev/c k' list
check 'without that' b "$(grep -v seedleaf-disk "$T/out")"
mine b c
says 'initramfs tells what is wrong' 1 "seedleaf-disk: $D:1: unknown option 'x'" 'a /dev/a k initramfs,x\nb /dev/b k initramfs\nc /dev/c k' initramfs --now
check 'and opens the others' 'dmsetup info -c --noheadings -o uuid b' "$(cat "$T/calls")"
says 'a device that is not there' 1 'seedleaf-disk: there is no /dev/seedleaf-none' 'a /dev/seedleaf-none k' open a --now
mine
echo CRYPT-LUKS2-0123-a >"$T/dm/a"
says "open what is somebody else's" 1 "seedleaf-disk: /dev/mapper/a was made by something else, with the UUID 'CRYPT-LUKS2-0123-a'" 'a /dev/a k' open a
says "close what is somebody else's" 1 "seedleaf-disk: /dev/mapper/a was made by something else, with the UUID 'CRYPT-LUKS2-0123-a'" '' close a
check 'it is still there' CRYPT-LUKS2-0123-a "$(cat "$T/dm/a")"
check 'and no key was asked for' '' "$(grep seedleaf "$T/calls")"
mine a
check 'close' 0 "$("$DISK" close a >/dev/null 2>&1; echo $?)"
check 'it is gone' '' "$(ls "$T/dm")"
check 'close what is not open' 0 "$("$DISK" close a >/dev/null 2>&1; echo $?)"

# ---- who may write the table
mine a
for mode in 664 646 777 620; do
	chmod $mode "$D"
	says "a table of the mode $mode" 1 "seedleaf-disk: $D may be written by others than its owner: mode $mode, expected 644" - list
	check 'neither is a disk of it opened' 1 "$("$DISK" open a >/dev/null 2>&1; echo $?)"
done
chmod 640 "$D"
echo 'a /dev/a k' >"$D"
says 'a table of the mode 640' 0 a - list
if [ "$(id -u)" -eq 0 ]; then
	chown 65534 "$D"
	says "somebody else's table" 1 "seedleaf-disk: $D belongs to the user 65534, expected root" - list
	chown 0 "$D"
else
	echo '# root alone can have a table of somebody else'
fi

# ---- a key's name is no option; only with a block device, which is read by nobody here
for block in /sys/class/block/*; do
	[ -b "/dev/${block##*/}" ] && [ "$(cat "$block/size")" -gt 0 ] && break
done
if [ -b "/dev/${block##*/}" ]; then
	mine
	printf 'a /dev/%s -k offset=0\n' "${block##*/}" >"$D"
	check 'open' 0 "$("$DISK" open a >/dev/null 2>&1; echo $?)"
	check 'the key is asked for' 'seedleaf keyring load --size 64 --type logon --desc seedleaf:a --keyring @s -- -k' "$(grep seedleaf.keyring "$T/calls")"
	check 'the device has our mark' 1 "$(grep -c 'dmsetup create a --uuid SEEDLEAF-a --table' "$T/calls")"
else
	echo '# no block device here'
fi

# ---- the hook of initramfs-tools, with stand-ins for what it calls
H=$T/etc/seedleaf
mkdir -p "$T/lib/x" "$T/programs" "$H/keys.d"
: >"$T/lib/x/libtss2-tcti-device.so.0"
ln -s "$(cd "$(dirname "$DISK")" && pwd)/seedleaf-disk" "$T/bin/seedleaf-disk"
printf '#!/bin/sh\necho "libc.so.6 => /lib/libc.so.6 (0x1)"\n' >"$T/bin/ldd"
chmod +x "$T/bin/ldd"
for program in sh sed grep dirname; do
	ln -s "$(command -v $program)" "$T/programs/"
done
cat >"$T/functions" <<'FUNCTIONS'
copy_exec() { [ -f "$1" ] && echo "exec ${1##*/}"; }
copy_file() { echo "file ${2##*/}"; return 1; }
copy_libgcc() { echo "libgcc $1"; }
manual_add_modules() { echo "modules $*"; }
copy_modules_dir() { echo "modules $*"; }
FUNCTIONS
stand_in() # stand_in SCRIPT   as it would be installed here
{
	sed -e "s|@sysconfdir@|$T/etc|g; s|@s*bindir@|$T/bin|g; s|/usr/lib/|$T/lib/|g" -e "s|/usr/share/initramfs-tools/hook-functions|$T/functions|" \
		-e "s|/scripts/functions|$T/functions|" "${SL_SRC:-.}/initramfs/$1.in"
}
stand_in hooks/seedleaf >"$T/hook"
hook() # hook NAME STATUS TEXT
{
	local rc=0
	n=$((n + 1))
	PATH=$T/bin:$T/programs SEEDLEAF_DISKS=$H/disks sh "$T/hook" >"$T/out" 2>&1 || rc=$?
	if [ $rc -eq "$2" ] && { [ -z "$3" ] && [ ! -s "$T/out" ] || grep -qxF -- "$3" "$T/out"; }; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		sed "s/^/# $rc: /" "$T/out"
		failed=1
	fi
}
hook 'no table: nothing, and the image is made' 0 ''
echo 'a /dev/a k' >"$H/disks"
hook 'no disk for the initramfs' 0 ''
printf 'a /dev/a k\nb /dev/b k initramfs,x\n' >"$H/disks"
hook 'a table that is not in order ends it' 1 "E: seedleaf: $H/disks is not in order"
echo 'a /dev/a k initramfs' >"$H/disks"
printf 'secret\n' | tee "$H/owner.auth" "$H/keys.d/pin" >"$H/keys.d/policy.pem"
printf 'log = /var/log/x\n[token boot]\n authorization = file:%s/owner.auth\npolicy = pcr:sha256:7,authorize:/etc/x.pem\n' "$H" >"$H/seedleaf.conf"
touch "$T/elsewhere" "$H/keys.d/one.key"
ln -s "$T/elsewhere" "$H/keys.d/two.key"
mkdir "$H/keys.d/old.key"
hook 'a disk' 0 "W: seedleaf: this file is not copied: authorization = file:$H/owner.auth"
check 'what goes into the image' 'file disks
file seedleaf.conf
file one.key
file two.key' "$(grep '^file' "$T/out")"
check 'and what opens the disk' 'exec seedleaf
exec seedleaf-disk
exec keyctl
exec dmsetup
exec libtss2-tcti-device.so.0' "$(grep '^exec' "$T/out")"
check 'and any TPM' 1 "$(grep -cx 'modules kernel/drivers/char/tpm' "$T/out")"
check 'what does not, with a name in the configuration' 2 "$(grep -c '^W: ' "$T/out")"
for program in keyctl dmsetup seedleaf; do
	mv "$T/bin/$program" "$T/gone"
	hook "without $program" 1 "E: seedleaf: there is no $([ $program != seedleaf ] || echo "$T/bin/")$program"
	mv "$T/gone" "$T/bin/$program"
done
rm "$T/lib/x/libtss2-tcti-device.so.0"
hook 'without the library for the TPM' 1 'E: seedleaf: there is no libtss2-tcti-device.so.0'

# ---- in an image that is not for such disks
echo 'wait_for_udev() { echo "waits for udev"; }' >"$T/functions"
stand_in local-top/seedleaf >"$T/hook"
rm "$T/bin/seedleaf-disk"
hook 'without seedleaf-disk: nothing' 0 ''

# ---- the unit
check 'the unit waits for the store' 1 "$(grep -cE '^RequiresMountsFor=/[^ ]*/seedleaf /[^ ]*/lib/seedleaf$' "${SL_BUILD:-.}/systemd/seedleaf-disk@.service")"
if command -v systemd-analyze >/dev/null; then
	mkdir "$T/units"
	sed 's|=.*/sbin/seedleaf-disk |=/bin/true |' "${SL_BUILD:-.}/systemd/seedleaf-disk@.service" >"$T/units/seedleaf-disk@x.service"
	rc=0
	systemd-analyze verify --man=no "$T/units/seedleaf-disk@x.service" >"$T/out" 2>&1 || rc=$?
	check 'the unit is one' '0 ' "$rc $(grep seedleaf-disk "$T/out")"
fi
rm "$D"
check 'no table' "seedleaf-disk: $D cannot be read" "$("$DISK" list 2>&1)"
echo "1..$n"
exit $failed
