#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 The Seedleaf authors
#
# The probe on a token of Seedleaf with PINs, as TAP. conformance/known lists the cases that are known to fail: the shorter the better.
exec "${SL_SRC:-.}/conformance/run.sh" seedleaf --tap --expect "${SL_SRC:-.}/conformance/known"
