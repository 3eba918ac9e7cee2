#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# /init of the guest of conformance/vm/disks.sh that writes the disk: by hand, with dmsetup and nothing of ours but the key.
# shellcheck shell=dash
. /lib.sh
modules
PATH=/usr/local/bin:$PATH
# As doc/disks.md says it.
open_by_hand() {
	keyctl session - sh -c 'seedleaf keyring load disk --type logon --desc seedleaf:hand --keyring @s &&
	dmsetup create hand --table "0 $(blockdev --getsz /dev/vda) crypt aes-xts-plain64 :64:logon:seedleaf:hand 0 /dev/vda 0"'
}
want yes 'dmsetup with the key' open_by_hand
dmsetup mknodes
want yes 'a file system with a system' /bin/mke2fs -q -t ext4 -d /new /dev/mapper/hand
want yes 'it is closed' dmsetup remove hand
finish
