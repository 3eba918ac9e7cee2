# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
# shellcheck shell=bash
#
# What the stories of the virtual machine share, on the host's side: a guest's file system, software TPMs, boots, TAP. A story begins with
# `. "$(dirname "$0")/lib.sh"` and ends with `finish`; conformance/vm/run.sh runs it. The guest's side is conformance/vm/guest-lib.sh.
#
# Needs on this machine, as Debian's packages: qemu-system-x86 swtpm, and for the kernel gcc make xz-utils (conformance/vm/kernel.sh).
#
# Set here:  DIR    private directory, gone afterwards        R      the guest's file system
#            CACHE  what is kept: kernel.sh tells           LIMIT  seconds for a boot
#            SMP    processors of the guest
set -u
SL_SRC=$(cd "${SL_SRC:-$(dirname "$0")/../..}" && pwd)
SL_BUILD=$(cd "${SL_BUILD:-.}" && pwd)
CACHE=${SL_VM_CACHE:-$SL_BUILD/conformance/vm-cache}
LIMIT=${LIMIT:-240}
SMP=${SMP:-1}
LIBRARIES=/usr/lib/x86_64-linux-gnu
QEMU=
SWTPM=
n=0
bad=0
umask 022
PATH=$PATH:/usr/sbin:/sbin

skip()
{
	echo "1..0 # SKIP $*"
	exit 0
}

bail()
{
	echo "not ok $((n + 1)) - $*"
	echo "1..$((n + 1))"
	exit 1
}

# need PROGRAM...   of this machine
need()
{
	local program

	for program; do
		command -v "$program" >/dev/null || skip "no $program"
	done
}

cleanup()
{
	# shellcheck disable=SC2086
	[ -z "$QEMU$SWTPM" ] || kill $QEMU $SWTPM 2>/dev/null
	rm -rf "$DIR"
}

need qemu-system-x86_64 swtpm
why=$("$SL_SRC/conformance/vm/kernel.sh" "$CACHE" 2>&1)
case $? in
0) ;;
77) skip "no kernel: $why" ;;
*) bail "the kernel's modules do not build: $why" ;;
esac
DIR=$(mktemp -d)
R=$DIR/root
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# ---- the guest's file system: programs of this machine with their libraries

# root_new GUEST [PROGRAM...]   with conformance/vm/GUEST as /init, Seedleaf, busybox and keyctl, and these programs of this machine
root_new()
{
	local guest=$1 link program
	shift

	rm -rf "$R"
	mkdir -p "$R"/{usr/bin,usr/lib,usr/lib64,usr/sbin,proc,sys,dev,tmp,run,applets,ko,etc}
	for link in bin sbin lib lib64; do
		ln -s usr/$link "$R/$link"
	done
	ln -s /applets/sh "$R/usr/bin/sh"
	put "$CACHE/x/lib/x86_64-linux-gnu/libkeyutils.so.1" $LIBRARIES/libkeyutils.so.1
	put $LIBRARIES/libtss2-tcti-device.so.0
	put "$CACHE/x/bin/busybox" /bin/busybox
	put "$CACHE/x/bin/keyctl" /bin/keyctl
	put "$SL_BUILD/seedleaf" /bin/seedleaf
	put "$SL_BUILD/.libs/seedleaf-pkcs11.so" /usr/lib/seedleaf-pkcs11.so
	for program; do
		put "$(command -v "$program")" "/bin/${program##*/}"
	done
	printf 'root:x:0:0:root:/run:/bin/sh\n' >"$R/etc/passwd"
	cp "$CACHE"/ko/*.ko "$R/ko/"
	cp "$SL_SRC/conformance/vm/guest-lib.sh" "$R/lib.sh"
	cp "$SL_SRC/conformance/vm/$guest" "$R/init"
	chmod 755 "$R/init"
}

# put FILE [TARGET]   a program or library, and the libraries it wants
put()
{
	local library target=${2:-$1}

	[ -e "$1" ] || bail "no $1 for the guest"
	mkdir -p "$R$(dirname "$target")"
	rm -f "$R$target"
	cp -L "$1" "$R$target"
	{ ldd "$1" 2>/dev/null || true; } | grep -oE '/[^ )]+' | while read -r library; do
		[ -e "$R$library" ] || { mkdir -p "$R$(dirname "$library")" && cp -L "$library" "$R$library"; }
	done || true
}

# modules NAME...   of the kernel's package, with those they want; `modules` in the guest loads them
modules()
{
	local name file release

	release=$(cat "$CACHE/ready")
	for name; do
		(exec -a modprobe "$CACHE/x/bin/kmod" -d "$CACHE/k" -S "$release" --show-depends "$name") 2>/dev/null ||
			bail "the kernel has no module $name"
	done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' >"$DIR/modules"
	while read -r file; do
		name=${file##*/}
		name=${name%.xz}
		case $file in
		*.xz) xz -dc "$file" >"$R/ko/$name" ;;
		*) cp "$file" "$R/ko/$name" ;;
		esac
		echo "$name" >>"$R/ko/order"
	done <"$DIR/modules"
}

# pack FILE   the guest's file system as an initramfs
pack()
{
	(cd "$R" && find . | "$CACHE/x/bin/busybox" cpio -o -H newc -R 0:0 2>/dev/null) >"$1"
}

# ---- boots

# tpm_start TPM   a software TPM with its state in $DIR/tpm.TPM, new where there is none. It ends when qemu closes its socket.
tpm_start()
{
	mkdir -p "$DIR/tpm.$1"
	rm -f "$DIR/tpm.sock"
	swtpm socket --tpm2 --tpmstate dir="$DIR/tpm.$1" --ctrl type=unixio,path="$DIR/tpm.sock" --flags startup-clear >"$DIR/swtpm.log" 2>&1 &
	SWTPM=$!
	timeout 10 sh -c "until [ -S '$DIR/tpm.sock' ]; do sleep 0.05; done" || bail "swtpm does not start: $(cat "$DIR/swtpm.log")"
}

# boot NAME TPM INITRD [-- WORD...] [QEMU-OPTION...]   until the guest powers off; its console is then $DIR/NAME. The words are for the guest
# (`said` in guest-lib.sh), on the kernel's command line.
boot()
{
	local name=$1 tpm=$2 initrd=$3 words=''
	shift 3

	if [ "${1:-}" = -- ]; then
		shift
		while [ $# -gt 0 ] && [[ $1 != -* ]]; do
			words+=" $1"
			shift
		done
	fi
	tpm_start "$tpm"
	timeout -k 5 "$LIMIT" qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none -machine q35 -accel tcg,thread=multi -cpu max \
		-smp "$SMP" -m 512 -kernel "$CACHE/vmlinuz" -initrd "$initrd" -serial stdio \
		-object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
		-append "console=ttyS0 quiet loglevel=1 panic=-1 tsc=reliable$words" \
		-chardev socket,id=tpm,path="$DIR/tpm.sock" -tpmdev emulator,id=tpm0,chardev=tpm -device tpm-tis,tpmdev=tpm0 "$@" \
		</dev/null >"$DIR/serial" 2>"$DIR/qemu.log" &
	QEMU=$!
	wait $QEMU || true
	QEMU=
	wait $SWTPM || true
	SWTPM=
	tr -d '\r' <"$DIR/serial" >"$DIR/$name"
}

# told NAME   the guest's results as the story's own; without its plan, which comes last, it did not come to its end
told()
{
	local line count=0 plan=''

	while IFS= read -r line; do
		if [[ $line =~ ^(ok|not\ ok)\ [0-9]+\ -\ (.*)$ ]]; then
			count=$((count + 1))
			result "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
		elif [[ $line =~ ^1\.\.([0-9]+)$ ]]; then
			plan=${BASH_REMATCH[1]}
		elif [[ $line == '# '* ]]; then
			echo "$line"
		fi
	done <"$DIR/$1"
	if [ "$plan" != "$count" ]; then
		tail -n 20 "$DIR/$1" "$DIR/qemu.log" | sed 's/^/# /'
		bail "the guest did not come to its end within $LIMIT s: $count results, plan ${plan:-none}"
	fi
}

# noted NAME WORD   what the guest noted under that word (`note` in guest-lib.sh)
noted()
{
	sed -n "s/^note $2 //p" "$DIR/$1"
}

# ---- TAP
result() # result "ok"|"not ok" NAME
{
	n=$((n + 1))
	[ "$1" = ok ] || bad=$((bad + 1))
	printf '%s %d - %s\n' "$1" $n "$2"
}

# check NAME EXPECTED GOT   nothing is no result
check()
{
	if [ -n "$2" ] && [ "$2" = "$3" ]; then
		result ok "$1"
	else
		result 'not ok' "$1"
		printf 'expected: %s\ngot: %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

# differs NAME ONE OTHER   nothing is no result
differs()
{
	if [ -n "$2" ] && [ -n "$3" ] && [ "$2" != "$3" ]; then
		result ok "$1"
	else
		result 'not ok' "$1"
		printf 'one: %s\nother: %s\n' "$2" "$3" | sed 's/^/# /'
	fi
}

finish()
{
	echo "# ${0##*/}: $SECONDS s"
	echo "1..$n"
	[ $bad -eq 0 ]
	exit
}
