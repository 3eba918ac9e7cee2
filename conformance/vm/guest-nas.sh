#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# /init of the guest of conformance/vm/nas.sh. Words on the kernel's command line: format, in the first boot; noise, where the disk is to be none;
# clear, to clear the TPM at the end.
# shellcheck shell=dash
. /lib.sh
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mkdir -p /run/sshd /run/mnt /dev/pts
chmod 755 /run /run/sshd
mount -t devpts devpts /dev/pts
cd /run || finish
export SEEDLEAF_CONF=/etc/seedleaf/seedleaf.conf SEEDLEAF_STORE=/run/none SEEDLEAF_DISKS=/etc/seedleaf/disks
modules
ip link set lo up
mount -o remount,ro /
want no 'the root is read-only' touch /here

# ---- the disk
want yes 'the disk is opened with a key of the TPM' seedleaf-disk open nas
check 'its table names the key' ':64:logon:seedleaf:nas' "$(dmsetup table --showkeys nas | cut -d' ' -f5)"
check 'no keyring has it any more' 0 "$(grep -c seedleaf:nas /proc/keys)"
want yes 'to open it again does nothing' seedleaf-disk open nas
if said noise; then
	want no 'the disk is noise here' mount -t ext4 -o ro /dev/mapper/nas /run/mnt
	want no 'nothing finds a file system on it' blkid /dev/mapper/nas
else
	if said format; then
		want yes 'make a file system' /bin/mke2fs -q -t ext4 /dev/mapper/nas
		want yes 'mount it' mount -t ext4 /dev/mapper/nas /run/mnt
		head -c 24 /dev/urandom | base64 >/run/mnt/secret
	else
		want yes 'mount it' mount -t ext4 -o ro /dev/mapper/nas /run/mnt
	fi
fi

# ---- the SSH server: its host keys are in an agent, which has the module
printf '#!/bin/sh\necho\n' >askpass
chmod 755 askpass
export SSH_ASKPASS=/run/askpass SSH_ASKPASS_REQUIRE=force SSH_AUTH_SOCK=/run/agent.sock
ssh-agent -a /run/agent.sock -P $MODULE >/dev/null
want yes 'the agent takes the module' ssh-add -s $MODULE
ssh-add -L >keys
grep '^ecdsa-sha2-nistp256 ' keys >p256.pub
grep '^ssh-rsa ' keys >rsa.pub
note p256 "$(cut -d' ' -f2 p256.pub)"
note rsa "$(cut -d' ' -f2 rsa.pub)"
ssh-keygen -q -t ed25519 -N '' -f user
/usr/sbin/sshd -f /etc/ssh/sshd_config -E /run/sshd.log

# A login proves that the server has the private key of the type that is asked for.
login() { # login ALGORITHM FILE
	echo "127.0.0.1 $(cut -d' ' -f1,2 "$2")" >known
	timeout 20 ssh -F none -l root -i user -o StrictHostKeyChecking=yes -o UserKnownHostsFile=known -o HostKeyAlgorithms="$1" \
		-o IdentityAgent=none 127.0.0.1 "PATH=/applets; cat /run/mnt/secret 2>/dev/null || echo nothing"
}
by_p256=$(login ecdsa-sha2-nistp256 p256.pub 2>err) || sed 's/^/# /' err sshd.log
by_rsa=$(login rsa-sha2-256 rsa.pub 2>err) || sed 's/^/# /' err sshd.log
if said noise; then
	check 'a login by the P-256 host key finds nothing' nothing "$by_p256"
	check 'a login by the RSA host key finds nothing' nothing "$by_rsa"
else
	check 'a login by the P-256 host key reads the disk' "$(cat mnt/secret)" "$by_p256"
	check 'a login by the RSA host key reads the disk' "$(cat mnt/secret)" "$by_rsa"
	note secret "$by_rsa"
	umount /run/mnt
fi
want yes 'the disk is closed' seedleaf-disk close nas
want no 'it is gone' test -e /dev/mapper/nas

# cryptsetup opens the same disk, as the manual says; its key is in the table in the clear.
want yes 'cryptsetup opens the disk, too' keyctl session - sh -c 'seedleaf keyring load disk --size 64 --type user --desc nas --keyring @s &&
	keyctl pipe %user:nas | cryptsetup open --type plain --cipher aes-xts-plain64 --hash plain --key-size 512 --key-file - /dev/vda nas'
if ! said noise; then
	want yes 'it is the same' mount -t ext4 -o ro /dev/mapper/nas /run/mnt
	check 'the same file' "$by_rsa" "$(cat mnt/secret)"
	umount /run/mnt
fi
want yes 'cryptsetup closes it' cryptsetup close nas
if said clear; then
	want yes 'TPM2_Clear' tpm2 clear -c lockout
fi
finish
