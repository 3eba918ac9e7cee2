#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# What each hierarchy's keys live through: a power cycle, TPM2_Clear, another TPM. Declared keys come back from their files alone;
# stored ones of a lost root are orphans, reported and kept, but no keys.
# shellcheck source=tests/clients/lib.sh
. "${SL_SRC:-$(dirname "$0")/../..}/tests/clients/lib.sh"
need pkcs11-tool openssl swtpm
ALL=(owner endorsement platform null)

# declare_keys DIR: one P-256 key per hierarchy, and an RSA key and an Ed25519 key of the owner's
declare_keys()
{
	local token

	mkdir -m 0755 "$1"
	for token in "${ALL[@]}"; do
		printf 'label = declared\ntoken = %s\ntype = ec:P-256\nid = d1\n' "$token" >"$1/$token.key"
	done
	printf 'label = declared-rsa\ntype = rsa:2048\nid = d2\n' >"$1/rsa.key"
	printf 'label = declared-ed\ntype = ed25519\nid = d3\n' >"$1/ed.key"
	chmod 0644 "$1"/*.key
	printf '[seedleaf]\nkeys-dir = %s\n' "$1" >"$T/seedleaf.conf"
	export SEEDLEAF_CONF=$T/seedleaf.conf
}

# public TOKEN ID: the public key as one line of base64, on stdout; nothing when there is none
public()
{
	TOKEN=seedleaf-$1 pubkey_pem "$2" "$T/public.pem" >"$T/public.log" 2>&1 || return 1
	openssl pkey -pubin -in "$T/public.pem" -outform DER | base64 -w0
}

# all_public: "token id key" for each declared key, in order
all_public()
{
	local token id

	for token in "${ALL[@]}"; do
		echo "$token d1 $(public "$token" d1)"
	done
	for id in d2 d3; do
		echo "owner $id $(public owner "$id")"
	done
}

# Run by itself on another TPM: only the list.
if [ -n "${SL_OTHER_TPM:-}" ]; then
	declare_keys "$T/keys"
	all_public
	exit
fi

of() # of FILE TOKEN ID: that key of a list
{
	awk -v t="$2" -v i="$3" '$1 == t && $2 == i { print $3 }' "$1"
}

snapshot()
{
	all_public >"$T/$1.list"
}

complete() # complete LIST: no empty entry, no two keys alike
{
	[ "$(awk 'NF == 3' "$1" | wc -l)" -eq 6 ] && [ "$(cut -d' ' -f3 "$1" | sort -u | wc -l)" -eq 6 ] && return 0
	cat "$1" "$T/public.log"
	return 1
}

# kept OLD NEW TOKEN ID WHAT and lost OLD NEW TOKEN ID WHAT
kept()
{
	ok "$5: $3 key $4 is the same" same "$(of "$T/$2.list" "$3" "$4")" "$(of "$T/$1.list" "$3" "$4")"
}

lost()
{
	ok "$5: $3 key $4 is another" differ "$(of "$T/$2.list" "$3" "$4")" "$(of "$T/$1.list" "$3" "$4")"
}

# A signature by the declared key now, checked with the public key of a list.
signs_as()
{
	of "$T/$1.list" "$2" "$3" | base64 -d >"$T/list.der"
	head -c 32 /dev/urandom >"$T/digest"
	rm -f "$T/sig"
	TOKEN=seedleaf-$2 p11 --sign --id "$3" --mechanism ECDSA --signature-format openssl --input-file "$T/digest" --output-file "$T/sig" &&
		openssl pkeyutl -verify -pubin -keyform DER -inkey "$T/list.der" -sigfile "$T/sig" -in "$T/digest"
}

# Rows of the store, per table; nothing may go away on its own.
rows()
{
	"$PYTHON" - "$SEEDLEAF_STORE/store.db" <<'END'
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
for (name,) in db.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name").fetchall():
    print(name, db.execute('select count(*) from "%s"' % name).fetchone()[0])
END
}

not_fewer() # not_fewer BEFORE AFTER
{
	awk 'NR == FNR { n[$1] = $2; next } { seen[$1] = $2 } END { for (t in n) if (seen[t] + 0 < n[t]) bad = 1; exit bad || length(n) == 0 }' \
		"$1" "$2" && return 0
	paste "$1" "$2"
	return 1
}

labels() # labels TOKEN: of everything listed
{
	TOKEN=seedleaf-$1 p11 -O | sed -n 's/^ *label: *//p' | sort -u
}

reports_orphans() # reports_orphans TOKEN: two of them, the halves of a pair, in the part of seedleaf status that is about that token
{
	bounded seedleaf status >"$T/status" || return 1
	awk -v t="$1:" '/^slot / { on = $3 == t } on' "$T/status" >"$T/status.token"
	has "$T/status.token" 'orphans: 2 objects'
}

power_cycle()
{
	"$SL_SRC/tests/with-tpm" --power-cycle
}

clear_tpm()
{
	"$SL_SRC/tests/with-tpm" --clear
}

declared_keys()
{
	declare_keys "$T/keys"
	snapshot first
	ok 'every token has its declared key, all of them different' complete "$T/first.list" || bail 'no declared keys'
	for token in "${ALL[@]}"; do
		ok "$token: the declared key signs" signs_as first "$token" d1
	done
	snapshot again
	ok 'other processes see the same keys' cmp "$T/first.list" "$T/again.list"
	rm -rf "$SEEDLEAF_STORE"
	snapshot empty
	ok 'an empty store: the same keys' cmp "$T/first.list" "$T/empty.list"
	mkdir -m 0500 "$T/no-store"
	SEEDLEAF_STORE=$T/no-store/store snapshot nowhere
	ok 'no store: the same keys' cmp "$T/first.list" "$T/nowhere.list"
	SL_OTHER_TPM=1 "$SL_SRC/tests/with-tpm" "$0" >"$T/other.list" 2>"$T/other.err"
	ok 'another TPM has keys too' complete "$T/other.list"
	for token in "${ALL[@]}"; do
		lost first other "$token" d1 'another TPM'
	done
	lost first other owner d2 'another TPM'
	lost first other owner d3 'another TPM'
}

damaged_hints()
{
	"$PYTHON" - "$SEEDLEAF_STORE/store.db" <<'END'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
done = 0
for (table,) in db.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'").fetchall():
    for column in [c[1] for c in db.execute('pragma table_info("%s")' % table) if "hint" in c[1]]:
        done += db.execute('update "%s" set "%s" = 1 where "%s" is not null' % (table, column, column)).rowcount
db.commit()
sys.exit(0 if done else 1)
END
}

hints()
{
	if damaged_hints >"$T/hints" 2>&1; then
		ok 'wrong RSA hints: the declared key signs all the same' rsa_signs
	else
		skip 'wrong RSA hints' 'the store keeps none for this key'
	fi
}

rsa_signs()
{
	of "$T/first.list" owner d2 | base64 -d >"$T/list.der"
	rm -f "$T/sig"
	p11 --sign --id d2 --mechanism SHA256-RSA-PKCS --input-file "$T/first.list" --output-file "$T/sig" &&
		openssl dgst -sha256 -verify "$T/list.der" -keyform DER -signature "$T/sig" "$T/first.list"
}

fresh_keys()
{
	local token

	for token in "${ALL[@]}"; do
		ok "$token: generate a key" fresh "$token"
		public "$token" f1 >"$T/fresh.$token"
	done
	rows >"$T/rows.before"
}

fresh()
{
	TOKEN=seedleaf-$1 generate EC:prime256v1 f1 "fresh-$1"
}

alive() # alive TOKEN: the generated key is listed, the same, and signs
{
	same "$(public "$1" f1)" "$(cat "$T/fresh.$1")" || return 1
	head -c 32 /dev/urandom >"$T/digest"
	base64 -d <"$T/fresh.$1" >"$T/fresh.der"
	TOKEN=seedleaf-$1 p11 --sign --id f1 --mechanism ECDSA --signature-format openssl --input-file "$T/digest" --output-file "$T/sig" &&
		openssl pkeyutl -verify -pubin -keyform DER -inkey "$T/fresh.der" -sigfile "$T/sig" -in "$T/digest"
}

orphan() # orphan TOKEN: not listed, no signature, reported, and nothing deleted
{
	ok "$1: the lost key is not listed" not_listed "$1"
	TOKEN=seedleaf-$1 refused "$1: the lost key does not sign" \
		p11 --sign --id f1 --mechanism ECDSA --input-file "$T/digest" --output-file "$T/sig.none"
	ok "$1: seedleaf status reports it" reports_orphans "$1"
	rows >"$T/rows.after"
	ok "$1: nothing was deleted" not_fewer "$T/rows.before" "$T/rows.after"
}

not_listed()
{
	labels "$1" >"$T/labels"
	has "$T/labels" '^declared$' && ! grep -q "^fresh-$1\$" "$T/labels"
}

after_power_cycle()
{
	ok 'power cycle' power_cycle
	snapshot cycled
	for token in owner endorsement platform; do
		kept first cycled "$token" d1 'power cycle'
		ok "power cycle: the $token key that was generated lives" alive "$token"
	done
	kept first cycled owner d2 'power cycle'
	kept first cycled owner d3 'power cycle'
	ok 'power cycle: the declared key signs' signs_as first owner d1
	lost first cycled null d1 'power cycle'
	orphan null
}

after_clear()
{
	refused 'seedleaf status reports no orphans of a root that is there' reports_orphans owner
	ok 'TPM2_Clear' clear_tpm
	snapshot cleared
	for token in endorsement platform; do
		kept first cleared "$token" d1 'TPM2_Clear'
		ok "TPM2_Clear: the $token key that was generated lives" alive "$token"
	done
	for id in d1 d2 d3; do
		lost first cleared owner "$id" 'TPM2_Clear'
	done
	ok 'TPM2_Clear: the new declared key signs' signs_as cleared owner d1
	orphan owner
	ok 'a key can be generated after it' fresh owner
	ok 'only the new one is listed' same "$(labels owner | grep -c '^fresh-owner$')" 1
}

# Tokens whose hierarchy is closed to us are empty slots, not errors.
closed()
{
	local what=$1 token=$2
	shift 2

	"$SL_SRC/tests/with-tpm" "$@" bash -c 'pkcs11-tool --module "$SEEDLEAF_MODULE" -L; seedleaf status >&2' >"$T/slots" 2>"$T/slots.err"
	ok "$what: no $token token" lacks "$T/slots" "token label *: seedleaf-$token"
	ok "$what: four slots all the same" same "$(grep -c '^Slot ' "$T/slots")" 4
	ok "$what: an empty slot" has "$T/slots" '\(empty\)'
	ok "$what: the endorsement token is there" has "$T/slots" 'token label *: seedleaf-endorsement'
}

lacks()
{
	[ -s "$1" ] && ! grep -Eq -e "$2" "$1" && return 0
	cat "$1"
	return 1
}

declared_keys
fresh_keys
hints
after_power_cycle
after_clear
closed 'platform locked by firmware' platform --platform-locked
closed 'platform disabled' platform --platform-off
closed 'owner authorization that nobody gave' owner --owner-auth secret
finish
