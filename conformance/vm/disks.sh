#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# disks.sh: the recipes of doc/disks.md. A disk that was written with dmsetup alone is mounted by systemd from a line of /etc/fstab, and is the root
# file system behind an initramfs of initramfs-tools and behind one of dracut; each of them computes its key anew.
# The guest of the first boot is conformance/vm/guest-disks.sh, that of the second conformance/vm/guest-systemd.sh.
#
# Needs besides: dmsetup e2fsprogs systemd udev initramfs-tools-core dracut-core kmod util-linux, and may have to be root: the two make an initramfs in a
# mount namespace where /usr has Seedleaf and the guest's kernel in it.
# shellcheck source=conformance/vm/lib.sh
. "$(dirname "$0")/lib.sh"
need dmsetup mke2fs udevadm mkinitramfs lsinitramfs dracut unshare make /lib/systemd/systemd
# var NAME   a variable of the build
var()
{
	printf 'include Makefile\nsl-var:\n\t@echo $(%s)\n' "$1" | make -s --no-print-directory -C "$SL_BUILD" -f - sl-var
}
PREFIX=$(var prefix)
ETC=$(var sysconfdir)/seedleaf
[[ $PREFIX/ == /usr/* && $ETC == /usr/* ]] || skip "made for $PREFIX and $ETC: this wants both below /usr"
NAMESPACE=(unshare --mount)
[ "$(id -u)" -eq 0 ] || NAMESPACE=(unshare --mount --map-root-user)
"${NAMESPACE[@]}" true 2>/dev/null || skip 'unshare --mount is refused'

# ---- what `make install` installs, and an administrator's files
I=$DIR/installed
make -s -C "$SL_BUILD" install DESTDIR="$I" >"$DIR/install.log" 2>&1 || { cat "$DIR/install.log"; bail 'make install fails'; }
mkdir -p "$I$ETC/keys.d"
printf 'label = disk\ntype = generic:64\n' >"$I$ETC/keys.d/disk.key"
printf '# NAME DEVICE KEY OPTIONS\nnas /dev/disk/by-id/virtio-nas disk initramfs,discard\nmy-nas /dev/disk/by-id/virtio-nas disk\n' >"$I$ETC/disks"
: >"$I$ETC/seedleaf.conf"
printf 'secret\n' >"$I$ETC/owner.auth"
secret=$(head -c 24 /dev/urandom | base64)
truncate -s 24M "$DIR/disk"

machine() # machine NAME TPM INITRD [WORD...]   one boot with that disk
{
	local name=$1 tpm=$2 initrd=$3
	shift 3
	boot "$name" "$tpm" "$initrd" -- "$@" -drive file="$DIR/disk",if=none,format=raw,id=disk -device virtio-blk-pci,drive=disk,serial=nas
}

# ---- by hand. What is written is a root file system, too: its init tells the secret.
root_new guest-disks.sh dmsetup mke2fs
cp -R "$I"/. "$R"
modules dm-crypt xts aesni-intel virtio_blk
mkdir -p "$R"/new/{sbin,bin,dev,proc,sys,run,root,tmp,etc,usr/bin}
cp "$CACHE/x/bin/busybox" "$R/new/bin/"
ln -s busybox "$R/new/bin/sh"
echo "$secret" >"$R/new/secret"
cat >"$R/new/sbin/init" <<-'INIT'
	#!/bin/busybox sh
	exec >/dev/console 2>&1
	printf '\nnote root %s\n' "$(busybox cat /secret)"
	printf 'note mount %s\n' "$(busybox grep ' / ' /proc/mounts | busybox tail -n 1)"
	busybox poweroff -f
INIT
chmod 755 "$R/new/sbin/init"
pack "$DIR/initrd"
machine hand own "$DIR/initrd"
told hand
check 'the disk has the secret only enciphered' 0 "$(grep -ac -- "$secret" "$DIR/disk" || true)"
cp "$DIR/disk" "$DIR/disk.before"

# ---- systemd
root_new guest-systemd.sh udevadm systemctl mount umount readlink sleep
cp -R "$I"/. "$R"
modules dm-crypt xts aesni-intel virtio_blk
put "$(command -v dmsetup)" /sbin/dmsetup    # there a rule of udev looks for it
put /lib/systemd/systemd
ln -s ../../bin/udevadm "$R/lib/systemd/systemd-udevd"
put /lib/systemd/system-generators/systemd-fstab-generator
ln -s /init "$R/story"
cp -R /lib/systemd/system "$R/lib/systemd/"
mkdir -p "$R/lib/udev" "$R/srv" "$R/etc/systemd/system" "$R/sbin"
cp -R /lib/udev/rules.d "$R/lib/udev/"
for program in /lib/udev/*_id; do
	put "$program"
done
cp /etc/group "$R/etc/group"
echo '/dev/mapper/my-nas /srv ext4 ro 0 0' >"$R/etc/fstab"
systemctl --root="$R" enable 'seedleaf-disk@my\x2dnas.service' >"$DIR/enable.log" 2>&1 || sed 's/^/# /' "$DIR/enable.log"
cat >"$R/etc/systemd/system/story.service" <<-'UNIT'
	[Unit]
	DefaultDependencies=no
	Wants=systemd-udevd.service systemd-udev-trigger.service
	Requires=local-fs.target
	After=local-fs.target
	[Service]
	Type=oneshot
	StandardOutput=tty
	StandardError=tty
	ExecStart=/story
UNIT
pack "$DIR/initrd"
machine systemd own "$DIR/initrd" systemd.unit=story.service systemd.show_status=no systemd.default_standard_output=tty systemd.default_timeout_start_sec=60
[ -n "$(noted systemd secret)" ] || tail -n 40 "$DIR/systemd" | sed 's/^/# /'
check 'systemd opens the disk and mounts it' "$secret" "$(noted systemd secret)"
check 'its unit stays' active "$(noted systemd unit)"

# ---- initramfs
# made COMMAND...   with /usr and /boot of a machine where Seedleaf is installed for this kernel
release=$(cat "$CACHE/ready")
mkdir -p "$I"/usr/lib/modules "$I"/usr/lib/dracut/modules.d "$I"/usr/share/initramfs-tools
[ "$PREFIX" = /usr ] || {
	cp -R "$I$PREFIX"/lib/dracut/modules.d/. "$I"/usr/lib/dracut/modules.d/
	cp -R "$I$PREFIX"/share/initramfs-tools/. "$I"/usr/share/initramfs-tools/
}
cp -R "$CACHE/k/lib/modules/$release" "$I/usr/lib/modules/"
made()
{
	"${NAMESPACE[@]}" bash -c 'mount -t overlay -o "lowerdir=$1/usr:/usr" overlay /usr && mount --bind "$2" /boot && shift 2 && exec "$@"' \
		bash "$I" "$CACHE/k/boot" "$@" >"$DIR/made.log" 2>&1
}
mkdir -p "$DIR"/none "$DIR"/initramfs-tools/{hooks,scripts,conf.d}
printf '%s\n' MODULES=list BUSYBOX=n COMPRESS=gzip KEYMAP=n >"$DIR/initramfs-tools/initramfs.conf"
echo virtio_blk >"$DIR/initramfs-tools/modules"
if made mkinitramfs -d "$DIR/initramfs-tools" -o "$DIR/tools.initrd" "$release"; then
	lsinitramfs "$DIR/tools.initrd" >"$DIR/list"
	check 'mkinitramfs takes the table of disks, the key and what opens them' 7 "$(grep -cE \
		"^(${ETC#/}/(disks|keys.d/disk.key|seedleaf.conf)|scripts/local-top/seedleaf|.*/(libtss2-tcti-device.so.0|dm-crypt.ko|xts.ko))\$" "$DIR/list")"
	check 'and no other file beside them' 0 "$(grep -c owner.auth "$DIR/list")"
	machine tools own "$DIR/tools.initrd" root=/dev/mapper/nas ro
	check 'the root file system of initramfs-tools is on the disk' "$secret" "$(noted tools root)"
	[ -n "$(noted tools root)" ] || tail -n 20 "$DIR/tools" "$DIR/made.log" | sed 's/^/# /'
else
	result 'not ok' 'mkinitramfs'
	sed 's/^/# /' "$DIR/made.log"
fi
if made dracut --no-hostonly --no-hostonly-cmdline --conf /dev/null --confdir "$DIR/none" --kver "$release" --no-compress \
	--modules 'base fs-lib udev-rules rootfs-block dm seedleaf' --add-drivers 'virtio_blk' "$DIR/dracut.initrd"; then
	lsinitramfs "$DIR/dracut.initrd" >"$DIR/list" 2>/dev/null
	check 'dracut takes the same files' "$(printf '%s\n' disks keys.d/disk.key seedleaf.conf | sed "s|^|${ETC#/}/|")" \
		"$(grep "^${ETC#/}/.*[a-z]\$" "$DIR/list" | grep -v '/keys.d$' | sort)"
	machine dracut own "$DIR/dracut.initrd" root=/dev/mapper/nas ro
	check 'the root file system of dracut is on the disk' "$secret" "$(noted dracut root)"
	[ -n "$(noted dracut root)" ] || tail -n 20 "$DIR/dracut" "$DIR/made.log" | sed 's/^/# /'
else
	result 'not ok' 'dracut'
	sed 's/^/# /' "$DIR/made.log"
fi
finish
