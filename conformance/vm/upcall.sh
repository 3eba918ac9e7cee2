#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# upcall.sh: keys by upcall (doc/upcall.md) from a real kernel: who gets the same key and who another, for each binder; requesters that are killed, that
# execute something else meanwhile, that come in crowds; helpers and TPMs that fail; what path, csum and lsm do not protect from; and the module
# for users who have no access to the TPM. The cases are in conformance/vm/guest-upcall.sh, the requesters in conformance/vm/asker.c. Two minutes.
#
# Needs besides: tpm2-tools opensc openssl util-linux. Downloads the package apparmor (0.6 MB) once, for a security label.
# shellcheck disable=SC2034 # LIMIT is lib.sh's
LIMIT=${LIMIT:-270}
SMP=2
# shellcheck source=conformance/vm/lib.sh
. "$(dirname "$0")/lib.sh"
need pkcs11-tool tpm2 openssl setpriv make

# Where this build looks, and where its rule expects it.
read -r conf_dir sbin_dir < <(make -s --no-print-directory -C "$SL_BUILD" --eval='vm-paths:;@echo $(sysconfdir) $(sbindir)' vm-paths | tail -n 1)
[ -n "$sbin_dir" ] || bail 'make does not tell sysconfdir and sbindir'
if [ ! -x "$CACHE/apparmor/sbin/apparmor_parser" ]; then
	why=$(cd "$DIR" && apt-get -qq download apparmor 2>&1 && dpkg -x apparmor_*.deb "$CACHE/apparmor" 2>&1) || skip "no apparmor_parser: $why"
fi

root_new guest-upcall.sh pkcs11-tool tpm2 openssl setpriv
put "$CACHE/x/sbin/request-key" /sbin/request-key
put "$CACHE/apparmor/sbin/apparmor_parser" /sbin/apparmor_parser
put "$SL_BUILD/seedleaf-request-key" "$sbin_dir/seedleaf-request-key"
put "$SL_BUILD/conformance/vm/asker" /bin/asker
put "$SL_BUILD/conformance/vm/preload.so" /usr/lib/preload.so
mkdir -p "$R/etc/request-key.d" "$R$conf_dir/seedleaf"
cp "$CACHE/x/etc/request-key.conf" "$R/etc/"
cp "$SL_BUILD/request-key/seedleaf.conf" "$R/etc/request-key.d/"
ln -s "$conf_dir/seedleaf" "$R/conf"
ln -s "$sbin_dir/seedleaf-request-key" "$R/helper"
pack "$DIR/initrd"
boot upcall tpm "$DIR/initrd"
told upcall
finish
