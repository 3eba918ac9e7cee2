#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Wrong configuration, key files and stores: the tool says where and what, with exit status 2; the module gives no token or an error,
# and neither changes a file.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
need pkcs11-tool
GOOD_STORE=$SEEDLEAF_STORE

begin() # begin: a good configuration with one declared key; returns with everything as it should be
{
	rm -rf "${T:?}/etc"
	mkdir -m 0755 "$T/etc" "$T/etc/keys.d"
	printf '[seedleaf]\nkeys-dir = %s\n' "$T/etc/keys.d" >"$T/etc/seedleaf.conf"
	printf 'label = good\ntype = ec:P-256\nid = 01\n' >"$T/etc/keys.d/good.key"
	chmod 0644 "$T/etc/seedleaf.conf" "$T/etc/keys.d/good.key"
	export SEEDLEAF_CONF=$T/etc/seedleaf.conf SEEDLEAF_STORE=$GOOD_STORE
}

sums()
{
	find "$T/etc" "$SEEDLEAF_STORE" \( -type f -exec sha256sum {} + \) -o -printf '%m %p\n' 2>&1 | sort
}

# tool_says PATTERN COMMAND...   exit status 2 and a message like that
tool_says()
{
	local pattern=$1 rc=0
	shift

	bounded "$@" >"$T/said.out" 2>"$T/said" || rc=$?
	[ "$rc" -eq "2" ] || { echo "exit status $rc"; cat "$T/said.out" "$T/said"; return 1; }
	[ "$(wc -l <"$T/said")" -le 3 ] || { echo 'too many words:'; cat "$T/said"; return 1; }
	has "$T/said" "$pattern"
}

# The module gives an error or no such token: nothing of it can be used, and the program ends by itself.
no_token()
{
	local rc=0

	bounded pkcs11-tool --module "$MODULE" --token-label "$TOKEN" -O >"$T/no-token" 2>&1 || rc=$?
	if [ "$rc" -eq 0 ] || [ "$rc" -ge 124 ]; then
		echo "exit status $rc"
		cat "$T/no-token"
		return 1
	fi
}

# refuses WHAT PATTERN [COMMAND...]   tool and module refuse; nothing is changed. The command is seedleaf config check by default.
refuses()
{
	local what=$1 pattern=$2
	shift 2
	[ $# -gt 0 ] || set -- seedleaf config check

	sums >"$T/sums.before"
	ok "$what: $*" tool_says "$pattern" "$@"
	ok "$what: the module gives no token" no_token
	sums >"$T/sums.after"
	ok "$what: no file changed" cmp "$T/sums.before" "$T/sums.after"
}

works()
{
	p11 -O --type pubkey >"$T/works" 2>&1 && has "$T/works" 'label: *good'
}

configuration()
{
	begin
	ok 'the good configuration works' works
	ok 'config check likes it' bounded seedleaf config check

	printf 'tctii = none\n' >>"$SEEDLEAF_CONF"
	refuses 'unknown key' "seedleaf.conf:3: .*tctii"
	begin
	printf '[nonsense]\n' >>"$SEEDLEAF_CONF"
	refuses 'unknown section' 'seedleaf.conf:3: .*nonsense'
	begin
	printf 'keys-dir\n' >>"$SEEDLEAF_CONF"
	refuses 'a line that is none' 'seedleaf.conf:3: '
	begin
	printf '[token owner]\nhide = perhaps\n' >>"$SEEDLEAF_CONF"
	refuses 'bad value' 'seedleaf.conf:4: .*hide.*perhaps.*expected'
	begin
	printf '[token mine]\nroot = tpm:nowhere\n' >>"$SEEDLEAF_CONF"
	refuses 'unknown root' 'seedleaf.conf:4: .*root.*expected'
	begin
	printf '[token owner]\npolicy = pcr:sha256:7,24\n' >>"$SEEDLEAF_CONF"
	refuses 'a policy with a PCR that is none' 'seedleaf.conf:4: .*policy.*7,24.*expected'
	begin
	printf '[token owner]\npin-store = nv:0x01ffffff\n' >>"$SEEDLEAF_CONF"
	refuses 'an NV index with no room for the second' 'seedleaf.conf:4: .*pin-store.*expected'
	begin
	printf '[token owner]\nlogin = maybe\n' >>"$SEEDLEAF_CONF"
	refuses 'a login that is none' 'seedleaf.conf:4: .*login.*maybe.*expected'
	begin
	export SEEDLEAF_CONF=$T/etc/absent.conf
	refuses 'configuration that is not there' 'absent.conf'
}

key_files()
{
	begin
	printf 'label = bad\ntype = ec:P-256\ncolour = blue\n' >"$T/etc/keys.d/bad.key"
	refuses 'unknown key in a key file' 'bad.key:3: .*colour'
	begin
	printf 'label = bad\ntype = ec:P-999\n' >"$T/etc/keys.d/bad.key"
	refuses 'unknown type' 'bad.key:2: .*P-999'
	begin
	printf 'this is no key file\n' >"$T/etc/keys.d/bad.key"
	refuses 'malformed key file' 'bad.key:1: '
	begin
	printf 'label = bad\ntype = ec:P-256\nversion = 0\n' >"$T/etc/keys.d/bad.key"
	refuses 'version 0' 'bad.key:3: .*version'
	begin
	printf 'label = bad\ntoken = nobody\ntype = ec:P-256\n' >"$T/etc/keys.d/bad.key"
	refuses 'a token that is not there' 'bad.key(:2)?: .*nobody'
	begin
	printf 'label = other\nname = good\ntype = ec:P-256\n' >"$T/etc/keys.d/twin.key"
	refuses 'two keys of one name' 'good.key.*twin.key|twin.key.*good.key'
	begin
	printf 'label = good\nname = other\ntype = ec:P-256\n' >"$T/etc/keys.d/twin.key"
	refuses 'two keys of one label' 'good.key.*twin.key|twin.key.*good.key'
	begin
	chmod 0666 "$T/etc/keys.d/good.key"
	refuses 'a key file that everybody can write' 'good.key'
}

stores()
{
	begin
	export SEEDLEAF_STORE=$T/store
	ok 'a key in a store' generate EC:prime256v1 31 stored

	chmod 0777 "$T/store"
	refuses 'a store that everybody can write' "$T/store" seedleaf status
	chmod 0700 "$T/store"
	chmod 0666 "$T/store/store.db"
	refuses 'a database that everybody can write' 'store.db' seedleaf status
	chmod 0600 "$T/store/store.db"
	ok 'after that the key is still there' pubkey_pem 31 "$T/stored.pem"

	cp -a "$T/store" "$T/newer"
	"$PYTHON" -c 'import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("pragma user_version = 99"); db.commit()' "$T/newer/store.db"
	SEEDLEAF_STORE=$T/newer
	refuses 'a store of a newer version' 'store.db.*99' seedleaf status

	mkdir -m 0700 "$T/garbage"
	head -c 8192 /dev/urandom >"$T/garbage/store.db"
	chmod 0600 "$T/garbage/store.db"
	SEEDLEAF_STORE=$T/garbage
	refuses 'a store that is no database' 'store.db' seedleaf status

	echo something >"$T/file"
	SEEDLEAF_STORE=$T/file
	refuses 'a file where the store should be' "$T/file" seedleaf status
	SEEDLEAF_STORE=relative/path
	refuses 'a relative path' 'SEEDLEAF_STORE'
	SEEDLEAF_STORE=$T/store
	ok 'the good store works as before' pubkey_pem 31 "$T/stored2.pem"
	ok 'with the same key' cmp "$T/stored.pem" "$T/stored2.pem"
	SEEDLEAF_STORE=$GOOD_STORE
}

# A TPM that is not there is an empty slot, at once, and seedleaf status says why.
no_tpm()
{
	local tcti

	begin
	for tcti in 'device:/nonexistent/tpmrm0' 'swtpm:host=127.0.0.1,port=1' 'nonsense:' 'device:/dev/null'; do
		(
			export SEEDLEAF_TCTI=$tcti
			ok "TCTI $tcti: no token, no crash" no_token
			ok "TCTI $tcti: the slots are there, empty" has <(bounded pkcs11-tool --module "$MODULE" -L 2>&1) 'empty'
			ok "TCTI $tcti: seedleaf status names it" has <(bounded seedleaf status 2>&1) "${tcti%%:*}"
			echo "$sl_n $sl_bad" >"$T/counts"
		)
		read -r sl_n sl_bad <"$T/counts"
	done
	ok 'with the right TCTI everything is as before' works
}

arguments()
{
	begin
	ok 'no command' tool_says 'command' seedleaf
	ok 'unknown command' tool_says 'frobnicate' seedleaf frobnicate
	ok 'unknown option' tool_says '--colour' seedleaf key add x --type ec:P-256 --colour red
	ok 'key add without a type' tool_says '--type' seedleaf key add x
	ok 'key add with an unknown type' tool_says 'P-999' seedleaf key add x --type ec:P-999
	ok 'key add of a label that is taken' tool_says 'good.key' seedleaf key add good --type ec:P-256
	ok 'key remove of a key that is not there' tool_says 'nothing' seedleaf key remove nothing
	ok 'and all that made no key file' same "$(ls "$T/etc/keys.d")" good.key
}

configuration
key_files
stores
no_tpm
arguments
finish
