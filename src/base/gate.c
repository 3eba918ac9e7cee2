/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "base/gate.h"

#include <stddef.h>

/* This thread's lane, plus 1; 0: none yet. Initial-exec: the dynamic form allocates memory at first use, and ends the process when there is none. */
static _Thread_local unsigned lane __attribute__((tls_model("initial-exec")));
static unsigned next_lane; /* atomic */

static pthread_rwlock_t *
lane_of(struct sl_gate *gate)
{
	if (lane == 0)
		lane = 1 + __atomic_fetch_add(&next_lane, 1, __ATOMIC_RELAXED) % SL_GATE_LANES;
	return &gate->lanes[lane - 1].lock;
}

void
sl_gate_init(struct sl_gate *gate)
{
	static const struct sl_gate all_open = SL_GATE_OPEN;

	*gate = all_open;
}

void
sl_gate_destroy(struct sl_gate *gate)
{
	for (size_t i = 0; i < SL_GATE_LANES; i++)
		(void)pthread_rwlock_destroy(&gate->lanes[i].lock);
}

void
sl_gate_enter(struct sl_gate *gate)
{
	(void)pthread_rwlock_rdlock(lane_of(gate));
}

void
sl_gate_leave(struct sl_gate *gate)
{
	(void)pthread_rwlock_unlock(lane_of(gate));
}

bool
sl_gate_try_enter(struct sl_gate *gate)
{
	return pthread_rwlock_tryrdlock(lane_of(gate)) == 0;
}

void
sl_gate_close(struct sl_gate *gate)
{
	for (size_t i = 0; i < SL_GATE_LANES; i++)
		(void)pthread_rwlock_wrlock(&gate->lanes[i].lock);
}

static void
open_first(struct sl_gate *gate, size_t n)
{
	while (n-- > 0)
		(void)pthread_rwlock_unlock(&gate->lanes[n].lock);
}

void
sl_gate_open(struct sl_gate *gate)
{
	open_first(gate, SL_GATE_LANES);
}

bool
sl_gate_close_until(struct sl_gate *gate, const struct timespec *end)
{
	for (size_t i = 0; i < SL_GATE_LANES; i++) {
		if (pthread_rwlock_timedwrlock(&gate->lanes[i].lock, end) != 0) {
			open_first(gate, i);
			return false;
		}
	}
	return true;
}
