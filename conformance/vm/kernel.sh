#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# kernel.sh DIR   makes a kernel with trusted keys in DIR: vmlinuz, ko/*.ko, the package's own modules and configuration in k/, and x/ with the
# busybox, keyctl and kmod of the guest. DIR/ready names the release.
#
# No Debian kernel has CONFIG_TRUSTED_KEYS. But it can be had as a module: trusted.ko is built out of tree for Debian's own 6.12 kernel, from
# the source package of that very version; and af_alg.ko once more, so that it knows keys of that type. 200 MB are downloaded with apt-get
# from where this machine has its packages from; nothing is installed, and 60 MB stay. Half a minute.
#
# SL_VM_LINUX   the kernel's series, 6.12
# Exit status: 0; 77 what is needed cannot be had; 1 it does not build. The reason is on standard error.
set -eu
mkdir -p "$1"
SELF=$(realpath "$0")
cd "$1"
# What another kernel.sh made is made again.
STAMP=$(cksum <"$SELF")
[ "$(cat stamp 2>/dev/null)" != "$STAMP" ] || exit 0
rm -f stamp
SERIES=${SL_VM_LINUX:-6.12}

absent()
{
	echo "$*" >&2
	exit 77
}

for program in apt-get apt-cache dpkg gcc make xz strip; do
	command -v $program >/dev/null || absent "no $program"
done
[ "$(dpkg --print-architecture)" = amd64 ] || absent 'only on amd64'

IMAGE=$(apt-cache search --names-only "^linux-image-${SERIES//./\\.}\..*-cloud-amd64\$" | cut -d' ' -f1 | sort -V | tail -n 1)
[ -n "$IMAGE" ] || absent "apt knows no cloud kernel $SERIES (apt-get update?)"
RELEASE=${IMAGE#linux-image-}
BASE=${RELEASE%-cloud-amd64}
VERSION=$(apt-cache show "$IMAGE" | sed -n 's/^Version: //p' | head -n 1)

mkdir -p debs x
(cd debs && apt-get -qq download "$IMAGE" "linux-headers-$RELEASE" "linux-headers-$BASE-common" "linux-kbuild-$BASE" \
	"linux-source-$SERIES=$VERSION" busybox-static keyutils libkeyutils1 kmod >../download.log 2>&1) ||
	absent "apt-get download: $(grep '^E:' download.log | head -n 1)"

rm -rf headers image source module ko k x
mkdir x
dpkg -x debs/"$IMAGE"_*.deb image
for deb in debs/linux-headers-*.deb debs/linux-kbuild-*.deb; do
	dpkg -x "$deb" headers
done
for deb in debs/busybox-static_*.deb debs/keyutils_*.deb debs/libkeyutils1_*.deb debs/kmod_*.deb; do
	dpkg -x "$deb" x
done

mkdir source module ko
S=linux-source-$SERIES
dpkg --fsys-tarfile debs/"${S}"_*.deb | tar -xOf - "./usr/src/$S.tar.xz" | tar -xJf - -C source "$S"/security/keys/trusted-keys "$S"/crypto/af_alg.c \
	"$S"/lib/asn1_encoder.c "$S"/scripts/asn1_compiler.c "$S"/include/linux/asn1{,_ber_bytecode}.h
cp source/"$S"/security/keys/trusted-keys/trusted_{core,tpm1,tpm2}.c source/"$S"/crypto/af_alg.c source/"$S"/lib/asn1_encoder.c module/
gcc -I"source/$S/include" -o asn1-compiler "source/$S/scripts/asn1_compiler.c"
./asn1-compiler "source/$S/security/keys/trusted-keys/tpm2key.asn1" module/tpm2key.asn1.c module/tpm2key.asn1.h
cat >module/Kbuild <<-'KBUILD'
	ccflags-y := -DCONFIG_TRUSTED_KEYS_MODULE=1 -DCONFIG_TRUSTED_KEYS_TPM=1 -I$(src)
	obj-m := trusted.o af_alg.o
	trusted-y := trusted_core.o trusted_tpm1.o trusted_tpm2.o tpm2key.asn1.o asn1_encoder.o
KBUILD
# Without the variables of a make that we may run under: they are not for the kernel's.
U=$PWD/headers/usr/src
env -i PATH="$PATH" HOME="$PWD" make -s -C "$U/linux-headers-$BASE-common" O="$U/linux-headers-$RELEASE" M="$PWD/module" \
	CONFIG_DEBUG_INFO_BTF_MODULES= modules >build.log 2>&1 || { tail -n 20 build.log >&2; exit 1; }
for name in trusted af_alg; do
	strip -g -o ko/$name.ko module/$name.ko
done
xz -dc image/lib/modules/"$RELEASE"/kernel/crypto/algif_hash.ko.xz >ko/algif_hash.ko
cp image/boot/vmlinuz-"$RELEASE" vmlinuz
mkdir -p k/lib k/boot
mv image/lib/modules k/lib/
cp image/boot/config-"$RELEASE" k/boot/
(exec -a depmod x/bin/kmod -b k "$RELEASE")
rm -rf debs headers image source module asn1-compiler
echo "$RELEASE" >ready
echo "$STAMP" >stamp
