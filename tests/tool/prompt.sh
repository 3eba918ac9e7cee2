#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# PINs and passphrases at a terminal: tests/tool/prompt.py beside a software TPM.
exec timeout -k 10 ${SL_LIMIT:-280} "${SL_SRC:?}/tests/with-tpm" /usr/bin/python3 "$SL_SRC/tests/tool/prompt.py"
