#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# roots.sh: tokens whose root is a key of the kernel: a trusted one, made by `seedleaf token init`, which after a reboot is the same from its blob, and
# with another TPM none; an encrypted one under a user key; a user key of known bytes, where the kernel's results are those of
# conformance/derivation.py. And what `seedleaf keyring load` gives the kernel is what it computes with. The guest is conformance/vm/guest-roots.sh.
#
# Needs besides: opensc openssl strace tpm2-tools e2fsprogs python3 python3-cryptography.
# shellcheck source=conformance/vm/lib.sh
. "$(dirname "$0")/lib.sh"
need pkcs11-tool openssl strace tpm2 mke2fs /usr/bin/python3

root_new guest-roots.sh pkcs11-tool openssl strace tpm2 mke2fs
put "$SL_BUILD/conformance/vm/afalg" /bin/afalg
put "$SL_BUILD/systemd/seedleaf-keyring" /usr/sbin/seedleaf-keyring
mkdir -p "$R"/etc/seedleaf/keys.d "$R"/var/lib/seedleaf
cat >"$R/etc/seedleaf/seedleaf.conf" <<-CONF
	keys-dir = /etc/seedleaf/keys.d
	[token sealed]
	root = keyring:trusted:kmk
	[token wrapped]
	root = keyring:encrypted:evm
	[token known]
	root = keyring:user:known
	namespace = here
CONF
for token in sealed wrapped known; do
	printf 'label = %s host\ntoken = %s\ntype = ec:P-256\nusage = sign\nid = 01\n' $token $token >"$R/etc/seedleaf/keys.d/$token-host.key"
	printf 'label = %s disk\ntoken = %s\ntype = generic:64\n' $token $token >"$R/etc/seedleaf/keys.d/$token-disk.key"
done
for bytes in known master; do
	echo "$bytes, but not really secret" | openssl dgst -sha256 -binary >"$R/etc/$bytes.key"
done
modules loop
pack "$DIR/initrd"

boot first own "$DIR/initrd" -- make
told first
blob=$(noted first sealed-blob)
check 'the trusted key has a blob' yes "$([[ $blob =~ ^[0-9a-f]{200,}$ ]] && echo yes || echo "$blob")"
echo "$blob" >"$R/var/lib/seedleaf/sealed.blob"
noted first wrapped-blob >"$R/var/lib/seedleaf/wrapped.blob"
chmod 600 "$R"/var/lib/seedleaf/*
pack "$DIR/initrd"

boot second own "$DIR/initrd"
told second
for what in sealed wrapped known; do
	check "$what: the same key after a reboot" "$(noted first $what-pub)" "$(noted second $what-pub)"
	check "$what: the same disk key after a reboot" "$(noted first $what-disk)" "$(noted second $what-disk)"
done
check 'sealed: the same key from a blob in the TPM' "$(noted first sealed-pub)" "$(noted second nv-pub)"
check 'what was sealed under the trusted key is still there' "$(noted first import)" "$(noted second import)"
differs 'trusted and encrypted: two keys' "$(noted first sealed-pub)" "$(noted first wrapped-pub)"
boot third other "$DIR/initrd" -- other
told third

# ---- the same by another implementation
PYTHONPATH=$SL_SRC/conformance /usr/bin/python3 - "$R/etc/known.key" >"$DIR/expected" <<-'PYTHON'
	import hashlib, hmac, sys
	import derivation as d
	row = {"key": open(sys.argv[1], "rb").read().hex(), "namespace": "here"}
	def secret(name, kind):
	    ctx = d.context({"name": name, "type": kind, "version": 1}, b"seedleaf object v1", True)
	    return d.keyring_root(row, ctx)
	disk = bytes.fromhex(d.expand("generic:64", secret("known disk", "generic:64"))["value"])
	print("disk", disk.hex())
	one = hmac.new(bytes(64), disk, hashlib.sha512).digest()
	print("fscrypt", hmac.new(one, b"fscrypt\0\1\1", hashlib.sha512).hexdigest()[:32])
	print("pub", d.expand("ec:P-256", secret("known host", "ec:P-256"))["spki"])
PYTHON
expected()
{
	sed -n "s/^$1 //p" "$DIR/expected"
}
check 'a user key of known bytes: the disk key' "$(expected disk)" "$(noted first known-disk)"
check 'a user key of known bytes: fscrypt has that key' "$(expected fscrypt)" "$(noted first fscrypt)"
check 'a user key of known bytes: the P-256 key' "$(expected pub)" "$(noted first known-pub)"
finish
