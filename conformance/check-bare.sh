#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# The same on a token without PINs, as it is with no configuration. What is about logins is absent there.
exec "${SL_SRC:-.}/conformance/run.sh" bare --tap --expect "${SL_SRC:-.}/conformance/known"
