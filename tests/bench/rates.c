/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "bench.h"

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * Operations per second. Every subject takes its turn with a measure before the next round begins, so that what else the machine does meanwhile
 * meets all of them; whoever reads the samples compares within a round, and takes medians.
 */
#define SUBJECTS_MAX 8
#define THREADS_MAX 64

struct settings {
	unsigned rounds;
	unsigned ms;
	unsigned long count; /* steps to do instead, for counting instructions; 0: by time */
	const char *only;    /* begins of the names, with commas */
	unsigned threads[8];
	size_t n_threads;
};

struct worker {
	struct bench_job job;
	pthread_t thread;
	pthread_barrier_t *barrier;
	uint64_t ns;         /* to run */
	unsigned long limit; /* steps; 0: none */
	unsigned long steps;
	uint64_t begin;
	uint64_t end;
	uint64_t cpu;        /* nanoseconds on a processor */
};

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t
bench_now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* The clock is read about every 20 microseconds. */
static unsigned long
batch_of(struct bench_job *job)
{
	uint64_t begin = bench_now();
	unsigned long n = 0;

	while (bench_now() - begin < 20000) {
		if (!job->step(job))
			bench_die("%s: %s fails", job->subject->name, job->measure->name);
		n++;
	}
	return n;
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	const unsigned long batch = w->limit != 0 ? 1 : batch_of(&w->job);
	uint64_t cpu;

	(void)pthread_barrier_wait(w->barrier);
	w->begin = bench_now();
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	do {
		for (unsigned long i = 0; i < batch; i++)
			if (!w->job.step(&w->job))
				bench_die("%s: %s fails", w->job.subject->name, w->job.measure->name);
		w->steps += batch;
		w->end = bench_now();
	} while (w->limit != 0 ? w->steps < w->limit : w->end - w->begin < w->ns);
	w->cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	return NULL;
}

static void
print_sample(const struct worker *w, unsigned n, unsigned round)
{
	double rate = 0;
	double cpu = 0;
	unsigned long steps = 0;

	for (unsigned i = 0; i < n; i++) {
		rate += (double)w[i].steps * 1e9 / (double)(w[i].end - w[i].begin);
		cpu += (double)w[i].cpu;
		steps += w[i].steps;
	}
	(void)printf("{\"measure\": \"%s\", \"subject\": \"%s\", \"threads\": %u, \"round\": %u, \"steps\": %lu, \"rate\": %.6g, \"cpu_ns\": %.6g}\n",
	             w->job.measure->name, w->job.subject->name, n, round, steps, rate, cpu / (double)steps);
	(void)fflush(stdout);
}

static void
sample(const struct settings *s, const struct bench_subject *subject, const struct bench_measure *measure, unsigned n, unsigned round)
{
	struct worker workers[THREADS_MAX];
	pthread_barrier_t barrier;
	unsigned ready = 0;

	(void)pthread_barrier_init(&barrier, NULL, n);
	memset(workers, 0, sizeof(workers));
	while (ready < n && bench_job_open(&workers[ready].job, subject, measure)) {
		workers[ready].barrier = &barrier;
		workers[ready].ns = (uint64_t)s->ms * 1000000;
		workers[ready++].limit = s->count;
	}
	if (ready == n) {
		for (unsigned i = 0; i < n; i++)
			if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
				bench_die("no thread");
		for (unsigned i = 0; i < n; i++)
			(void)pthread_join(workers[i].thread, NULL);
		print_sample(workers, n, round);
	}
	for (unsigned i = 0; i < ready; i++)
		bench_job_close(&workers[i].job);
	(void)pthread_barrier_destroy(&barrier);
}

static void
take_subject(struct bench_subject *subject, char *word)
{
	char *path = strchr(word, '=');

	*subject = (struct bench_subject){ .name = word, .prepared = strcmp(word, "libcrypto-prepared") == 0 };
	if (path == NULL) {
		if (!subject->prepared && strcmp(word, "libcrypto-loop") != 0)
			bench_die("%s: NAME=MODULE, libcrypto-loop or libcrypto-prepared was expected", word);
		return;
	}
	*path++ = '\0';
	subject->module = calloc(1, sizeof(*subject->module));
	if (subject->module == NULL)
		bench_die("out of memory");
	(void)snprintf(subject->module->name, sizeof(subject->module->name), "%s", word);
	subject->module->f = bench_load(path);
	bench_initialize(subject->module->f);
	bench_open(subject->module);
}

static void
take_threads(struct settings *s, const char *list)
{
	char *end;

	for (s->n_threads = 0; *list != '\0' && s->n_threads < 8; list = *end == ',' ? end + 1 : end) {
		const unsigned long n = strtoul(list, &end, 10);

		if (end == list || n == 0 || n > THREADS_MAX)
			bench_die("--threads: numbers from 1 to %d, with commas, were expected", THREADS_MAX);
		s->threads[s->n_threads++] = (unsigned)n;
	}
}

static int
take_options(struct settings *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "rounds", 1, NULL, 'r' }, { "ms", 1, NULL, 'm' }, { "threads", 1, NULL, 't' }, { "only", 1, NULL, 'o' }, { "count", 1, NULL, 'c' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'r')
			s->rounds = (unsigned)atoi(optarg);
		else if (c == 'm')
			s->ms = (unsigned)atoi(optarg);
		else if (c == 't')
			take_threads(s, optarg);
		else if (c == 'o')
			s->only = optarg;
		else if (c == 'c')
			s->count = strtoul(optarg, NULL, 10);
		else
			bench_die("bench rates [--rounds N] [--ms N] [--threads N,N...] [--only PREFIX,PREFIX...] [--count N] SUBJECT...");
	}
	return optind;
}

static bool
is_wanted(const char *only, const char *name)
{
	for (;;) {
		const size_t len = strcspn(only, ",");

		if (strncmp(name, only, len) == 0)
			return true;
		if (only[len] == '\0')
			return false;
		only += len + 1;
	}
}

int
bench_rates(int argc, char **argv)
{
	struct settings s = { .rounds = 5, .ms = 100, .only = "", .threads = { 1 }, .n_threads = 1 };
	struct bench_subject subjects[SUBJECTS_MAX];
	size_t n = 0;

	for (int i = take_options(&s, argc, argv); i < argc && n < SUBJECTS_MAX; i++)
		take_subject(&subjects[n++], argv[i]);
	for (size_t m = 0; m < bench_n_measures; m++) {
		if (!is_wanted(s.only, bench_measures[m].name))
			continue;
		for (size_t t = 0; t < s.n_threads; t++)
			for (unsigned round = 0; round < s.rounds; round++)
				/* Who goes first changes. */
				for (size_t i = 0; i < n; i++)
					sample(&s, &subjects[(i + round) % n], &bench_measures[m], s.threads[t], round);
	}
	for (size_t i = 0; i < n; i++)
		if (subjects[i].module != NULL)
			(void)subjects[i].module->f->C_Finalize(NULL);
	return 0;
}
