#!/bin/busybox sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# /init of the guest of conformance/vm/disks.sh that runs systemd; and the program of its last unit.
# shellcheck shell=dash
if [ "$$" -ne 1 ]; then
	printf '\nnote secret %s\n' "$(/bin/busybox cat /srv/secret)"
	printf 'note unit %s\n' "$(systemctl is-active 'seedleaf-disk@my\x2dnas.service')"
	/bin/busybox poweroff -f
fi
. /lib.sh
modules
unset SEEDLEAF_TCTI TPM2TOOLS_TCTI
exec /lib/systemd/systemd
