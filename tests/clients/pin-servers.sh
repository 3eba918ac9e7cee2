#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# servers.sh on a token with PINs, which runs its function "pins" too.
SL_SRC=${SL_SRC:-$(dirname "$0")/../..}
export SL_SRC SL_WITH="${SL_WITH:-$SL_SRC/tests/clients/with-pin}"
exec "$SL_SRC/tests/clients/servers.sh"
