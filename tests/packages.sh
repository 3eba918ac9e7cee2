# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash
#
# What a build and the tests need of Debian 12; read by check.sh and demo.sh.

# shellcheck disable=SC2034
SL_PACKAGES_BUILD=(autoconf automake libtool make gcc libc6-dev pkg-config libtss2-dev libp11-kit-dev libssl-dev libsqlite3-dev libkeyutils-dev)
# shellcheck disable=SC2034
SL_PACKAGES_DEMO=(python3 swtpm libtss2-tcti-swtpm0 openssh-client openssh-server openssl libengine-pkcs11-openssl opensc util-linux procps
	tpm2-tools)
# shellcheck disable=SC2034
SL_PACKAGES_CHECK=(clang libclang-rt-14-dev xz-utils python3-cryptography gnutls-bin p11-kit p11-kit-modules softhsm2 valgrind libc6-dbg
	mandoc shellcheck git libnss3-tools nginx-light stunnel4 curl openjdk-17-jdk-headless
	python3-pykcs11 keyutils strace sqlite3 xxd
	qemu-system-x86 kmod cpio udev systemd dmsetup cryptsetup-bin e2fsprogs initramfs-tools-core dracut-core)

sl_missing()
{
	local package

	for package; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
	done
}

sl_as_root()
{
	if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# sl_install PACKAGE...   installs those that are missing. Services that packages bring (an SSH server, for one) are neither started nor
# left enabled: the tests run servers of their own.
sl_install()
{
	local missing policy=/usr/sbin/policy-rc.d ours=no rc=0

	mapfile -t missing < <(sl_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "Installing ${missing[*]}"
	if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
		echo 'Not root, and there is no sudo.' >&2
		return 1
	fi
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' | sl_as_root tee $policy >/dev/null && sl_as_root chmod 0755 $policy && ours=yes
	fi
	sl_as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
		sl_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" || rc=1
	[ $ours = no ] || sl_as_root rm -f $policy
	if [[ " ${missing[*]} " == *' openssh-server '* ]] && [ -d /run/systemd/system ]; then
		sl_as_root systemctl disable --quiet --now ssh.service || true
	fi
	return $rc
}
