#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# Every row of the table of clients on Seedleaf, as TAP: what works in conformance/clients.md, on whichever module, works here.
set -u
SL_SRC=${SL_SRC:-.}
for program in pkcs11-tool p11tool gnutls-serv curl nginx stunnel4 keytool certutil p11-kit sshd; do
	PATH=$PATH:/usr/sbin command -v "$program" >/dev/null && continue
	echo "1..0 # SKIP $program is not installed"
	exit 0
done
report=$(mktemp)
trap 'rm -f "$report"' EXIT
trap 'exit 130' INT TERM HUP
"$SL_SRC/conformance/clients/run.sh" seedleaf >"$report"
/usr/bin/python3 "$SL_SRC/conformance/clients/table.py" check "$SL_SRC/conformance/clients.md" "$report"
