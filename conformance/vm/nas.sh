#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# nas.sh: a file server that keeps nothing but its TPM. Its system is an initramfs, read-only; its keys are three files of three lines in it; its
# disk is noise without header. Boots with the same TPM give the same SSH host keys and the same disk; with another TPM, or after
# TPM2_Clear, there are other host keys and the disk stays noise. The guest is conformance/vm/guest-nas.sh.
#
# Needs besides: tpm2-tools dmsetup cryptsetup-bin e2fsprogs openssh-client openssh-server.
# shellcheck source=conformance/vm/lib.sh
. "$(dirname "$0")/lib.sh"
need tpm2 dmsetup cryptsetup mke2fs ssh ssh-agent ssh-add ssh-keygen sshd /usr/lib/openssh/ssh-pkcs11-helper

root_new guest-nas.sh tpm2 dmsetup cryptsetup mke2fs ssh ssh-agent ssh-add ssh-keygen
put "$(command -v sshd)" /usr/sbin/sshd
put /usr/lib/openssh/ssh-pkcs11-helper
put "$SL_BUILD/initramfs/seedleaf-disk" /usr/sbin/seedleaf-disk
mkdir -p "$R"/etc/seedleaf/keys.d "$R"/etc/ssh "$R"/run/sshd "$R"/srv
printf 'root:x:0:0:root:/run:/bin/sh\nsshd:x:100:65534::/run/sshd:/bin/false\n' >"$R/etc/passwd"
# All there is of the keys.
cat >"$R/etc/seedleaf/keys.d/host-p256.key" <<-KEY
	label = host p256
	type = ec:P-256
	usage = sign
KEY
cat >"$R/etc/seedleaf/keys.d/host-rsa.key" <<-KEY
	label = host rsa
	type = rsa:2048
	usage = sign
KEY
cat >"$R/etc/seedleaf/keys.d/disk.key" <<-KEY
	label = disk
	type = generic:64
KEY
echo 'keys-dir = /etc/seedleaf/keys.d' >"$R/etc/seedleaf/seedleaf.conf"
echo 'nas /dev/vda disk' >"$R/etc/seedleaf/disks"
cat >"$R/etc/ssh/sshd_config" <<-CONFIG
	ListenAddress 127.0.0.1
	HostKeyAgent /run/agent.sock
	HostKey /run/p256.pub
	HostKey /run/rsa.pub
	AuthorizedKeysFile /run/user.pub
	PermitRootLogin yes
	PidFile none
	StrictModes no
CONFIG
modules dm-crypt xts aesni-intel virtio_blk
pack "$DIR/initrd"

truncate -s 16M "$DIR/disk"
nas() # nas NAME TPM WORD   one boot with that disk
{
	local name=$1 tpm=$2
	shift 2
	boot "$name" "$tpm" "$DIR/initrd" -- "$@" -drive file="$DIR/disk",if=none,format=raw,id=disk -device virtio-blk-pci,drive=disk,serial=nas
	told "$name"
}
host_keys()
{
	noted "$1" p256
	noted "$1" rsa
}

nas first own format
secret=$(noted first secret)
check 'the disk has the secret only enciphered' 0 "$(grep -ac -- "${secret:-nothing}" "$DIR/disk" || true)"
check 'and no header' none "$(head -c 4096 "$DIR/disk" | LC_ALL=C grep -qaE 'LUKS|seedleaf' && echo some || echo none)"
nas second own clear
check 'the same host keys after a reboot' "$(host_keys first)" "$(host_keys second)"
check 'the same file on the disk' "$secret" "$(noted second secret)"

nas cleared own noise
differs 'TPM2_Clear: another P-256 key' "$(noted first p256)" "$(noted cleared p256)"
differs 'TPM2_Clear: another RSA key' "$(noted first rsa)" "$(noted cleared rsa)"
nas other other noise
differs 'another TPM: another P-256 key' "$(noted first p256)" "$(noted other p256)"
differs 'another TPM: another RSA key' "$(noted first rsa)" "$(noted other rsa)"
differs 'nor that of the cleared one' "$(noted other p256)" "$(noted cleared p256)"
finish
