/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#ifndef SL_BASE_GATE_H
#define SL_BASE_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

/*
 * A lock that is read by every call and hardly ever written. Readers on several processors do not touch the same memory: each thread has a lane, a lock on
 * lines of its own; who writes takes all of them, in their order. A writer that waits keeps new readers out, so a thread must not enter twice. Leave
 * in the thread that entered.
 */
#define SL_GATE_LANES 16

struct sl_gate_lane {
	pthread_rwlock_t lock;
} __attribute__((aligned(128))); /* processors fetch lines in pairs */

struct sl_gate {
	struct sl_gate_lane lanes[SL_GATE_LANES];
};

#define SL_GATE_OPEN { { [0 ... SL_GATE_LANES - 1] = { PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP } } }

/* All open, whatever it was before: also for the child of a fork, which has none of the threads that held it. */
void sl_gate_init(struct sl_gate *gate);
void sl_gate_destroy(struct sl_gate *gate);

void sl_gate_enter(struct sl_gate *gate);
void sl_gate_leave(struct sl_gate *gate);
/* False: somebody writes, or waits to. */
bool sl_gate_try_enter(struct sl_gate *gate);

void sl_gate_close(struct sl_gate *gate);
void sl_gate_open(struct sl_gate *gate);
/* False: it could not be had until then (CLOCK_REALTIME), and is as before. */
bool sl_gate_close_until(struct sl_gate *gate, const struct timespec *end);

#endif
