#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# trusted.sh: sealed keys and the trusted keys of a real kernel. What Seedleaf sealed, the kernel loads (`keyctl add trusted NAME "load HEX"`), what
# the kernel sealed, `seedleaf key import` takes; and both compute the same with it. The cases are in conformance/vm/guest-trusted.sh. 20 s.
#
# Needs besides: tpm2-tools opensc openssl.
# shellcheck source=conformance/vm/lib.sh
. "$(dirname "$0")/lib.sh"
need pkcs11-tool tpm2 openssl

root_new guest-trusted.sh pkcs11-tool tpm2 openssl
put "$SL_BUILD/conformance/vm/afalg" /bin/afalg
pack "$DIR/initrd"
boot trusted tpm "$DIR/initrd"
told trusted
finish
