#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# The main job, shown on this machine with a software TPM of our own: an SSH server and its user live on keys that the TPM derives, and
# a "reboot" that loses the whole disk but a few declared text files changes no key; TLS 1.3 with such a key; a host key that was in a file; a token with a
# PIN; a key of one boot state; and TPM2_Clear ends them all.
# On a Debian 12, as root or with sudo. Everything happens in a private directory and on loopback ports; nothing is left behind but
# build/demo and the packages that were missing. Exit status 0 only when every step showed what it should.
set -u

build()
{
	local top=$1 log=$1/build/demo.log

	mkdir -p "$top/build/demo"
	# shellcheck source=tests/packages.sh
	. "$top/tests/packages.sh"
	if [ -n "$(sl_missing "${SL_PACKAGES_BUILD[@]}" "${SL_PACKAGES_DEMO[@]}")" ]; then
		echo '== Installing what is missing'
		sl_install "${SL_PACKAGES_BUILD[@]}" "${SL_PACKAGES_DEMO[@]}" </dev/null >"$log" 2>&1 || return 1
	fi
	echo '== Building in build/demo'
	# In a group of its own, which an interruption ends as a whole.
	setsid bash -ec "cd '$top'; [ -x configure ] || ./autogen.sh; cd build/demo; [ -e Makefile ] || ../../configure; make -j$(nproc)" \
		>"$log" 2>&1 </dev/null &
	BUILDER=$!
	trap 'kill -TERM -- "-$BUILDER" 2>/dev/null; exit 130' INT TERM HUP
	wait "$BUILDER"
}

if [ -z "${SL_IN_TPM:-}" ]; then
	SL_SRC=$(cd "$(dirname "$0")" && pwd) || exit 1
	export SL_SRC SL_BUILD=$SL_SRC/build/demo SL_LIMIT=110 TMPDIR=/tmp
	unset SEEDLEAF_CONF SEEDLEAF_STORE SEEDLEAF_TCTI SEEDLEAF_MODULE SL_WITH SL_PIN SL_TOKEN
	if ! build "$SL_SRC"; then
		tail -n 25 "$SL_SRC/build/demo.log"
		echo "The build failed: see build/demo.log" >&2
		exit 1
	fi
	trap - INT TERM HUP
	export SL_IN_TPM=1
	exec timeout --foreground -k 20 "$SL_LIMIT" "$SL_SRC/tests/with-tpm" "$SL_SRC/demo.sh"
fi

# From here on: beside a software TPM, with a private directory $T that goes away with us, as do the servers.
# shellcheck source=tests/clients/lib.sh
. "$SL_SRC/tests/clients/lib.sh"
KEYS=$T/etc/keys.d
ME=$(id -un)

# shown WHAT COMMAND...   one line, and the end of the demo when the command fails
shown()
{
	local what=$1
	shift

	if ! "$@" >"$T/step" 2>&1 </dev/null; then
		printf '   FAILED  %s\n' "$what"
		tail -n 25 "$T/step" | sed 's/^/   | /'
		exit 1
	fi
	printf '   %s\n' "$what"
}

declare_keys()
{
	seedleaf key add host --type ec:P-256 && seedleaf key add host-rsa --type rsa:3072 && seedleaf key add user --type ec:P-256 &&
		seedleaf key add tls --type ec:P-256
}

# The public keys as OpenSSH has them, in files: $T/run/host.pub and so on.
public_keys()
{
	local label

	rm -rf "$T/run"
	mkdir "$T/run"
	ssh-keygen -D "$MODULE" >"$T/run/all" || return 1
	for label in host host-rsa user; do
		grep " $label\$" "$T/run/all" | cut -d' ' -f1,2 >"$T/run/$label.pub"
		[ -s "$T/run/$label.pub" ] || { echo "no key $label in:"; cat "$T/run/all"; return 1; }
	done
	cp "$T/run/user.pub" "$T/run/authorized_keys"
}

fingerprints()
{
	local label

	for label in host host-rsa user; do
		printf '%-9s %s\n' "$label" "$(ssh-keygen -l -f "$T/run/$label.pub" | cut -d" " -f2)"
	done
}

agent()
{
	spawn agent ssh-agent -D -a "$T/run/agent.sock" -P "$MODULE"
	AGENT=$SPAWNED
	wait_for 20 test -S "$T/run/agent.sock" &&
		SSH_AUTH_SOCK=$T/run/agent.sock SSH_ASKPASS=/bin/true SSH_ASKPASS_REQUIRE=force bounded ssh-add -s "$MODULE"
}

# The host's private keys are nowhere but in the agent, which has them of the module.
server()
{
	printf '%s\n' 'ListenAddress 127.0.0.1' 'PidFile none' "UsePAM $(use_pam)" 'StrictModes no' 'PermitRootLogin yes' 'PasswordAuthentication no' \
		'KbdInteractiveAuthentication no' "AuthorizedKeysFile $T/run/authorized_keys" "HostKey $T/run/host.pub" \
		"HostKey $T/run/host-rsa.pub" "HostKeyAgent $T/run/agent.sock" >"$T/run/sshd_config"
	[ ! -e "$T/run/old.pub" ] || echo "HostKey $T/run/old.pub" >>"$T/run/sshd_config"
	[ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
	serve sshd /usr/sbin/sshd -D -e -f "$T/run/sshd_config" -o "Port=@PORT@" || { cat "$T/sshd.log"; return 1; }
	SSHD=$SPAWNED
}

# login HOST-KEY-ALGORITHM   with the user key of the module; the host is known by name, so that its port does not matter
login()
{
	ssh -F none -p "$PORT" -l "$ME" -o PKCS11Provider="$MODULE" -o IdentityFile=none -o HostKeyAlgorithms="$1" -o HostKeyAlias=demo.example \
		-o StrictHostKeyChecking=yes -o UserKnownHostsFile="$T/known_hosts" -o GlobalKnownHostsFile=none -o UpdateHostKeys=no \
		-o PasswordAuthentication=no -o KbdInteractiveAuthentication=no -o ConnectTimeout=20 127.0.0.1 'echo "logged in as $(id -un)"' \
		>"$T/login" 2>"$T/login.err" || { cat "$T/login.err"; return 1; }
	has "$T/login" "^logged in as $ME$" && silent "$T/login.err"
}

silent()
{
	! grep -v '^Warning: Permanently added' "$1" | grep .
}

logins()
{
	shown "ssh $ME@demo.example, host key P-256:    logged in, no question, no warning" login ecdsa-sha2-nistp256
	shown "ssh $ME@demo.example, host key RSA-3072: logged in, no question, no warning" login rsa-sha2-512,rsa-sha2-256
}

reboot()
{
	stop "$SSHD"
	stop "$AGENT"
	"$SL_SRC/tests/with-tpm" --power-cycle || return 1
	rm -rf "$SEEDLEAF_STORE" "$HOME" "$T/run" || return 1
	mkdir -m 0700 "$HOME"
}

tls_certificate()
{
	printf '%s\n' 'openssl_conf = all' '[all]' 'engines = engines' '[engines]' 'pkcs11 = pkcs11' '[pkcs11]' 'engine_id = pkcs11' \
		"dynamic_path = $(ls /usr/lib/*/engines-3/pkcs11.so)" "MODULE_PATH = $MODULE" 'init = 0' '[req]' 'distinguished_name = dn' 'prompt = no' \
		'x509_extensions = v3' '[dn]' 'CN = demo.example' '[v3]' 'basicConstraints = critical, CA:true' >"$T/openssl.cnf"
	OPENSSL_CONF=$T/openssl.cnf openssl req -x509 -new -engine pkcs11 -keyform engine -key "pkcs11:token=$TOKEN;object=tls;type=private" \
		-days 2 -out "$T/tls.crt"
}

tls_server()
{
	OPENSSL_CONF=$T/openssl.cnf serve tls env OPENSSL_CONF="$T/openssl.cnf" openssl s_server -accept 127.0.0.1:@PORT@ -www -tls1_3 -engine pkcs11 \
		-keyform engine -key "pkcs11:token=$TOKEN;object=tls;type=private" -cert "$T/tls.crt"
}

tls_client()
{
	bounded openssl s_client -connect "127.0.0.1:$PORT" -tls1_3 -CAfile "$T/tls.crt" -verify_return_error -brief
}

# A host key as ssh-keygen makes it moves into the TPM, and its file goes.
import_host_key()
{
	ssh-keygen -q -t ecdsa -b 384 -N '' -C '' -f "$T/run/old" &&
		seedleaf key import "$T/run/old" --label old --usage sign &&
		rm "$T/run/old" &&
		sed 's/^/demo.example /' "$T/run/old.pub" >>"$T/known_hosts"
}

# p11 PIN ARGUMENT...   on the token with a PIN
p11()
{
	local pin=$1
	shift

	bounded pkcs11-tool --module "$MODULE" --token-label seedleaf-vault --login --pin "$pin" "$@"
}

guard_token()
{
	printf '\n[token vault]\nroot = tpm:owner\n' >>"$SEEDLEAF_CONF"
	(umask 077 && echo 'so pin' >"$T/so" && echo 2468 >"$T/pin")
	seedleaf token init --token vault --so-pin-file "$T/so" --pin-file "$T/pin" &&
		seedleaf key add signer --token vault --type ec:P-256 --id 01
}

# signs PIN: its signature of a letter is good, by the public key that was told with the right PIN
signs()
{
	echo hello >"$T/letter"
	p11 "$1" --sign --id 01 --mechanism ECDSA-SHA256 --signature-format openssl --input-file "$T/letter" --output-file "$T/letter.sig" &&
		p11 "$1" --read-object --type pubkey --id 01 --output-file "$T/signer.der" &&
		openssl dgst -sha256 -verify "$T/signer.der" -keyform DER -signature "$T/letter.sig" "$T/letter"
}

wrong_pin()
{
	! signs 1357 >"$T/wrong" 2>&1 && has "$T/wrong" CKR_PIN_INCORRECT && [ ! -s "$T/letter.sig" ]
}

boot_key()
{
	printf '\n[token boot]\nroot = tpm:owner\npolicy = pcr:sha256:7\n' >>"$SEEDLEAF_CONF"
	bounded pkcs11-tool --module "$MODULE" --token-label seedleaf-boot --keypairgen --key-type EC:prime256v1 --id 02 --label boot-key &&
		seedleaf key export boot-key --token boot --pem >"$T/boot.pem"
}

# In the state of PCR 7 that it was made in, the key is listed and signs.
boot_key_signs()
{
	seedleaf key list --token boot | grep boot-key &&
		bounded pkcs11-tool --module "$MODULE" --token-label seedleaf-boot --sign --id 02 --mechanism ECDSA-SHA256 --signature-format openssl \
			--input-file "$T/letter" --output-file "$T/boot.sig" &&
		openssl dgst -sha256 -verify "$T/boot.pem" -signature "$T/boot.sig" "$T/letter"
}

boot_key_is_gone()
{
	seedleaf key list --token boot >"$T/list" && ! grep boot-key "$T/list"
}

echo '== First boot: declare keys, and use them'
mkdir -p "$KEYS"
printf '[seedleaf]\nkeys-dir = %s\n' "$KEYS" >"$T/etc/seedleaf.conf"
export SEEDLEAF_CONF=$T/etc/seedleaf.conf
shown 'seedleaf key add host, host-rsa, user, tls: four text files' declare_keys
shown 'seedleaf status:' seedleaf status
head -n 12 "$T/step" | sed 's/^/      /'
shown 'public keys, as ssh-keygen -D tells them:' public_keys
fingerprints >"$T/before"
sed 's/^/      /' "$T/before"
sed "s/^/demo.example /" "$T/run/host.pub" "$T/run/host-rsa.pub" >"$T/known_hosts"
sha256sum "$KEYS"/* >"$T/declared"
shown 'ssh-agent with ssh-add -s, and sshd with host keys in that agent' agent
shown "sshd listens" server
logins

echo '== Reboot: TPM off and on; store, home and run directories are lost; the key files stay'
shown 'power cycle' reboot
shown 'the key files are what they were' sha256sum -c --quiet "$T/declared"
shown 'public keys again' public_keys
fingerprints >"$T/after"
shown 'the same fingerprints' cmp "$T/before" "$T/after"
shown 'ssh-agent' agent
shown 'sshd' server
logins

echo '== TLS 1.3 with a key of the module'
shown 'a certificate, self-signed through the engine' tls_certificate
shown 'openssl s_server' tls_server
shown 'openssl s_client:' tls_client
grep -E '^(Protocol version|Verification|Peer certificate|Ciphersuite)' "$T/step" | sed 's/^/      /'
cp "$T/step" "$T/tls"
shown 'it is TLS 1.3, and the key is verified' eval 'has "$T/tls" "Protocol version: TLSv1.3" && has "$T/tls" "Verification: OK"'

echo '== A host key that was in a file'
stop "$SSHD"
stop "$AGENT"
shown 'seedleaf key import: P-384, sealed to the TPM; the file is deleted' import_host_key
shown 'ssh-agent and sshd with it' eval 'agent && server'
shown "ssh $ME@demo.example, host key P-384:    logged in, no question, no warning" login ecdsa-sha2-nistp384

echo '== A token with a PIN'
shown 'seedleaf token init, and a key' guard_token
shown 'a wrong PIN: CKR_PIN_INCORRECT, and no signature' wrong_pin
shown 'the right PIN: a good signature' signs 2468

echo '== A key of one boot state: policy = pcr:sha256:7'
shown 'a key is made, and signs' eval 'boot_key && boot_key_signs'
shown 'tpm2_pcrextend 7: something else was booted' tpm2_pcrextend "7:sha256=$(printf '%064d' 1)"
shown 'the key is gone' boot_key_is_gone
shown 'power cycle: PCR 7 is as before' "$SL_SRC/tests/with-tpm" --power-cycle
shown 'the key is there again, and signs' boot_key_signs

echo '== TPM2_Clear: all of these keys end'
stop "$SSHD"
stop "$AGENT"
shown 'TPM2_Clear' "$SL_SRC/tests/with-tpm" --clear
shown 'public keys, from the same key files:' public_keys
fingerprints >"$T/cleared"
sed 's/^/      /' "$T/cleared"
shown 'every fingerprint is another' eval '! grep -Fxf "$T/before" "$T/cleared"'
shown 'ssh-agent and sshd with the new keys' eval 'agent && server'
if login ecdsa-sha2-nistp256 >"$T/step" 2>&1 || ! has "$T/step" 'REMOTE HOST IDENTIFICATION HAS CHANGED'; then
	echo '   FAILED  ssh should have refused the host'
	cat "$T/step" "$T/login.err"
	exit 1
fi
echo '   ssh refuses the host: REMOTE HOST IDENTIFICATION HAS CHANGED'
echo "== Done in $SECONDS s: everything showed what it should"
