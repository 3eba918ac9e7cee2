# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash disable=SC2034
#
# The module behind p11-kit: for p11kit.sh, and for the table of clients. Sourced after lib.sh, not as root.

libdir=$(dirname "$(ls /usr/lib/*/p11-kit-proxy.so 2>/dev/null)")
proxy=$libdir/p11-kit-proxy.so
client=$libdir/pkcs11/p11-kit-client.so
head -c 3000 /dev/urandom >"$T/data"
openssl dgst -sha256 -binary -out "$T/digest" "$T/data"
mkdir -p "$XDG_CONFIG_HOME/pkcs11/modules"
# Not the modules of the system, which may hold the same token.
echo 'user-config: only' >"$XDG_CONFIG_HOME/pkcs11/pkcs11.conf"

configured() # configured module|remote   p11-kit loads the module, or runs it in another process
{
	case $1 in
	module) printf 'module: %s\n' "$MODULE" ;;
	remote) printf 'remote: |%s remote %s\n' "$(command -v p11-kit)" "$MODULE" ;;
	esac >"$XDG_CONFIG_HOME/pkcs11/modules/under-test.module"
}

# through MODULE COMMAND...   the same commands on another module
through()
{
	local MODULE=$1
	shift
	"$@"
}

modules()
{
	bounded p11-kit list-modules >"$T/modules" 2>&1 || { cat "$T/modules"; return 1; }
	sed -n '/^under-test:/,/^[a-z]/p' "$T/modules" >"$T/module"
	has "$T/module" "token: $TOKEN"
}

signs() # signs ID MECHANISM: with MODULE, checked with the key that the module itself told
{
	rm -f "$T/sig"
	p11 --sign --id "$1" --mechanism "$2" --input-file "$T/data" --output-file "$T/sig" --signature-format openssl &&
		openssl dgst -sha256 -verify "$T/pub.$1" -signature "$T/sig" "$T/data"
}

ecdsa() # the same over a digest
{
	rm -f "$T/sig"
	p11 --sign --id "$1" --mechanism ECDSA --input-file "$T/digest" --output-file "$T/sig" --signature-format openssl &&
		openssl pkeyutl -verify -pubin -inkey "$T/pub.$1" -sigfile "$T/sig" -in "$T/digest"
}

makes_key()
{
	generate EC:prime256v1 "$2" "$1" && pubkey_pem "$2" "$T/pub.$2" && ecdsa "$2"
}

lists()
{
	p11_nologin -O --type pubkey >"$T/objects" 2>&1 && has "$T/objects" 'label: *k-rsa' && has "$T/objects" 'label: *k-ec'
}

server()
{
	spawn server p11-kit server --foreground --provider "$MODULE" --name "$T/p11.sock" "pkcs11:token=$TOKEN"
	wait_for 20 test -S "$T/p11.sock"
}

configured module
