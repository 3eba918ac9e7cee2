/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "fuzz/fuzz.h"
#include "lib/host.h"
#include "root/tpmtest.h"

#include <string.h>
#include <unistd.h>

/*
 * The fuzz targets without a fuzzer: the seeds as they are, then changed by a generator that is the same each time. A target that finds something
 * aborts, in a child of ours.
 */
#define INPUT_MAX 4096
#define LOADS { 6000, 3000, 6000, 3000, 6000, 6000, 6000, 300, 800, 3000, 6000, 3000, 3000 }

static const char *const names[FUZZ_TARGETS] = { "keyfile", "config", "spki", "certificate", "signature", "template", "mechanism", "store", "calls",
	                                         "policies", "statements", "privkey", "openssh" };

struct job {
	size_t target;
	unsigned load;
	uint8_t seed[INPUT_MAX];
	size_t len;
};

/* xorshift64*: the same everywhere. */
static uint64_t
draw(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static size_t
mutate(uint64_t *state, uint8_t *p, size_t len)
{
	const unsigned changes = (unsigned)(draw(state) % 8) + 1;

	for (unsigned i = 0; i < changes; i++) {
		const size_t at = 1 + (size_t)(draw(state) % (len - 1));
		const uint64_t how = draw(state) % 6;

		if (how < 3) {
			p[at] = (uint8_t)draw(state);
		} else if (how == 3 && len > 4) {
			memmove(p + at, p + at + 1, len - at - 1);
			len--;
		} else if (how == 4 && len < INPUT_MAX) {
			memmove(p + at + 1, p + at, len - at);
			p[at] = (uint8_t)draw(state);
			len++;
		} else {
			p[at] ^= (uint8_t)(1U << (draw(state) % 8));
		}
	}
	return len;
}

static int
run(void *arg)
{
	const struct job *job = arg;
	uint64_t state = UINT64_C(0x5eed1eaf) + job->target;
	uint8_t input[INPUT_MAX + 8];
	size_t len;

	(void)LLVMFuzzerTestOneInput(job->seed, job->len);
	for (unsigned i = 0; i < job->load; i++) {
		memcpy(input, job->seed, job->len);
		len = job->len;
		/* Half of the inputs of "calls" are noise, since any bytes are a sequence of calls. */
		if (job->target == 8 && i % 2 == 0)
			for (len = 1; len < 400; len++)
				input[len] = (uint8_t)draw(&state);
		(void)LLVMFuzzerTestOneInput(input, mutate(&state, input, len));
	}
	if (fuzz_calls_done != 0)
		test_note("%lu operations succeeded", fuzz_calls_done);
	return job->target == 8 && fuzz_calls_done < job->load / 4 ? 1 : 0;
}

int
main(int argc, char **argv)
{
	static const unsigned loads[FUZZ_TARGETS] = LOADS;
	static struct job job;

	(void)argc;
	tpmtest_begin(argv, NULL);
	(void)setenv("SEEDLEAF_LOG", "off", 1);
	for (size_t i = 0; i < FUZZ_TARGETS; i++) {
		char path[4096];
		FILE *f;

		(void)snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/%zu-%s", getenv("SL_SRC"), i, names[i]);
		f = fopen(path, "re");
		job = (struct job){ .target = i, .load = loads[i] };
		job.len = f == NULL ? 0 : fread(job.seed, 1, INPUT_MAX, f);
		if (job.len < 2 || fclose(f) != 0)
			test_bail("%s", path);
		const long long start = host_now_us();

		test_eq((unsigned)host_wait(host_fork(run, &job), 120), 0, "%s: %u inputs", names[i], job.load);
		test_note("%lld ms", (host_now_us() - start) / 1000);
	}
	test_eq(tpmtest_loaded(), 0, "nothing is left on the TPM");
	return test_done();
}
