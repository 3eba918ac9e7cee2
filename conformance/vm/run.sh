#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# run.sh: sealed keys and the trusted keys of a real kernel, in a virtual machine with a software TPM, as TAP. What Seedleaf sealed, the kernel loads
# (`keyctl add trusted NAME "load HEX"`), what the kernel sealed, `seedleaf key import` takes; and both compute the same with it. The cases are in
# conformance/vm/guest.sh, the guest's only program; conformance/vm/kernel.sh tells where the kernel comes from.
#
# `make conformance-vm` runs it; `make check` does not: it wants qemu, 200 MB once, and a minute. Skips, with the reason, where something is missing.
# Emulation only (TCG): 20 s. Needs on this machine, as Debian's packages: qemu-system-x86 swtpm tpm2-tools opensc
# openssl, and for the kernel gcc make xz-utils.
#
# SL_SRC and SL_BUILD name the source and the build tree; SL_VM_CACHE what is kept between runs, $SL_BUILD/conformance/vm-cache.
set -eu
SL_SRC=$(cd "${SL_SRC:-$(dirname "$0")/../..}" && pwd)
SL_BUILD=$(cd "${SL_BUILD:-.}" && pwd)
CACHE=${SL_VM_CACHE:-$SL_BUILD/conformance/vm-cache}
LIMIT=240
QEMU=
SWTPM=
umask 022

skip()
{
	echo "1..0 # SKIP $*"
	exit 0
}

bail()
{
	echo "Bail out! $*"
	exit 99
}

for program in qemu-system-x86_64 swtpm pkcs11-tool tpm2 openssl; do
	command -v $program >/dev/null || skip "no $program"
done
rc=0
why=$("$SL_SRC/conformance/vm/kernel.sh" "$CACHE" 2>&1) || rc=$?
[ $rc -ne 77 ] || skip "no kernel with trusted keys: $why"
[ $rc -eq 0 ] || bail "the kernel's modules do not build: $why"

DIR=$(mktemp -d)
cleanup()
{
	[ -z "$QEMU$SWTPM" ] || kill $QEMU $SWTPM 2>/dev/null || true
	rm -rf "$DIR"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# ---- the guest's file system: programs of this machine with their libraries
R=$DIR/root
mkdir -p "$R"/{usr/bin,usr/lib,usr/lib64,proc,sys,dev,tmp,run,applets,ko,etc}
for link in bin lib lib64; do
	ln -s usr/$link "$R/$link"
done

# put FILE TARGET   a program or library, and the libraries it wants
put()
{
	local library

	mkdir -p "$R$(dirname "$2")"
	cp -L "$1" "$R$2"
	{ ldd "$1" 2>/dev/null || true; } | grep -oE '/[^ )]+' | while read -r library; do
		[ -e "$R$library" ] || { mkdir -p "$R$(dirname "$library")" && cp -L "$library" "$R$library"; }
	done || true
}

LIBRARIES=/usr/lib/x86_64-linux-gnu
put "$CACHE/x/lib/x86_64-linux-gnu/libkeyutils.so.1" $LIBRARIES/libkeyutils.so.1
put $LIBRARIES/libtss2-tcti-device.so.0 $LIBRARIES/libtss2-tcti-device.so.0
put "$CACHE/x/bin/busybox" /bin/busybox
put "$CACHE/x/bin/keyctl" /bin/keyctl
put "$SL_BUILD/seedleaf" /bin/seedleaf
put "$SL_BUILD/.libs/seedleaf-pkcs11.so" /usr/lib/seedleaf-pkcs11.so
put "$SL_BUILD/conformance/vm/afalg" /bin/afalg
for program in pkcs11-tool tpm2 openssl; do
	put "$(command -v $program)" /bin/$program
done
printf 'root:x:0:0:root:/run:/bin/sh\n' >"$R/etc/passwd"
cp "$CACHE"/ko/*.ko "$R/ko/"
cp "$SL_SRC/conformance/vm/guest.sh" "$R/init"
chmod 755 "$R/init"
(cd "$R" && find . | "$CACHE/x/bin/busybox" cpio -o -H newc -R 0:0 2>/dev/null) >"$DIR/initrd"

# ---- one boot. swtpm ends when qemu closes its socket.
mkdir "$DIR/tpm"
swtpm socket --tpm2 --tpmstate dir="$DIR/tpm" --ctrl type=unixio,path="$DIR/tpm.sock" --flags startup-clear >"$DIR/swtpm.log" 2>&1 &
SWTPM=$!
timeout 10 sh -c "until [ -S '$DIR/tpm.sock' ]; do sleep 0.05; done" || bail "swtpm does not start: $(cat "$DIR/swtpm.log")"
timeout -k 5 $LIMIT qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none -machine q35 -accel tcg,thread=multi -cpu max \
	-smp 2 -m 512 -kernel "$CACHE/vmlinuz" -initrd "$DIR/initrd" -serial stdio \
	-object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
	-append 'console=ttyS0 quiet loglevel=1 panic=-1 tsc=reliable' \
	-chardev socket,id=tpm,path="$DIR/tpm.sock" -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-tis,tpmdev=tpm0 \
	</dev/null >"$DIR/serial" 2>"$DIR/qemu.log" &
QEMU=$!
wait $QEMU || true
QEMU=
tr -d '\r' <"$DIR/serial" >"$DIR/console"
grep -E '^(ok |not ok |# |1\.\.[0-9])' "$DIR/console" || true

# The guest tells its plan last.
plan=$(sed -n 's/^1\.\.\([0-9][0-9]*\)$/\1/p' "$DIR/console")
passed=$(grep -c '^ok ' "$DIR/console" || true)
if [ -z "$plan" ]; then
	tail -n 20 "$DIR/console" "$DIR/qemu.log" | sed 's/^/# /'
	bail "the guest did not come to its end within $LIMIT s"
fi
[ "$passed" -eq "$plan" ]
