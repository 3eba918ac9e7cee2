/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "bench.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one process costs: its first signature, its first search, its memory. Each runs in a process of its own, with one module. */

static struct bench_module
module_of(int argc, char **argv)
{
	struct bench_module module = { .name = "" };

	if (argc < 2)
		bench_die("a module was expected");
	(void)snprintf(module.name, sizeof(module.name), "module");
	module.f = bench_load(argv[1]);
	return module;
}

static struct bench_module
ready_module(int argc, char **argv)
{
	struct bench_module module = module_of(argc, argv);

	bench_initialize(module.f);
	bench_open(&module);
	return module;
}

static unsigned long
number(int argc, char **argv, int at, unsigned long otherwise)
{
	return argc > at ? strtoul(argv[at], NULL, 10) : otherwise;
}

/* Of the TPM, so far, where tests/with-tpm --log counts them. -1: it does not. */
static long
commands_so_far(void)
{
	const char *path = getenv("SL_TPM_LOG");
	FILE *log = path == NULL ? NULL : fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	long n = 0;

	if (log == NULL)
		return -1;
	while (getline(&line, &room, log) > 0)
		n += strncmp(line, "cmd ", 4) == 0 ? 1 : 0;
	free(line);
	(void)fclose(log);
	return n;
}

struct step {
	uint64_t ns;
	long commands;
};

/* What happened since the last time. */
static void
print_step(const char *name, struct step *last)
{
	const uint64_t now = bench_now();
	const long commands = commands_so_far();

	(void)printf("{\"step\": \"%s\", \"ns\": %llu, \"commands\": %ld}\n", name, (unsigned long long)(now - last->ns),
	             commands < 0 ? -1 : commands - last->commands);
	last->commands = commands;
	last->ns = bench_now();
}

static const struct bench_measure *
measure_named(const char *name)
{
	for (size_t i = 0; i < bench_n_measures; i++)
		if (strcmp(bench_measures[i].name, name) == 0)
			return &bench_measures[i];
	bench_die("%s: no such measure", name);
}

/* bench start MODULE MEASURE [SINCE]: from nothing to a signature with a key that is there. SINCE: bench_now() when somebody started us. */
int
bench_start(int argc, char **argv)
{
	const struct bench_measure *measure = measure_named(argc > 2 ? argv[2] : "sign.ecdsa-p256");
	struct step last = { .ns = bench_now(), .commands = commands_so_far() };
	struct bench_module module;
	struct bench_subject subject = { .name = "module", .module = &module };
	struct bench_job job = { .subject = &subject, .measure = measure };
	CK_MECHANISM m = bench_mechanism(measure, job.nonce);
	CK_ULONG len = sizeof(job.sig);
	uint8_t in[BENCH_SIG_MAX] = { 0 };
	CK_OBJECT_HANDLE key;

	if (argc > 3) {
		last.ns = strtoull(argv[3], NULL, 10);
		print_step("process", &last);
	}
	module = module_of(argc, argv);
	print_step("load", &last);
	bench_initialize(module.f);
	print_step("C_Initialize", &last);
	bench_open(&module);
	print_step("open", &last);
	key = bench_find(&module, bench_is_secret(measure->key) ? CKO_SECRET_KEY : CKO_PRIVATE_KEY, bench_key_label(measure->key));
	if (key == CK_INVALID_HANDLE)
		bench_die("%s: no such key on the token", bench_key_label(measure->key));
	print_step("find", &last);
	if (module.f->C_SignInit(module.session, &m, key) != CKR_OK)
		bench_die("C_SignInit fails");
	print_step("C_SignInit", &last);
	if (module.f->C_Sign(module.session, in, measure->size, job.sig, &len) != CKR_OK)
		bench_die("C_Sign fails");
	print_step("C_Sign", &last);
	for (int i = 0; i < 1000 && last.commands >= 0; i++) {
		len = sizeof(job.sig);
		if (module.f->C_SignInit(module.session, &m, key) != CKR_OK ||
		    module.f->C_Sign(module.session, in, measure->size, job.sig, &len) != CKR_OK)
			bench_die("C_Sign fails");
	}
	if (last.commands >= 0)
		print_step("1000 more", &last);
	(void)module.f->C_Finalize(NULL);
	return 0;
}

/* A certificate of no meaning: every module stores one as it is. */
static void
create(struct bench_module *module, unsigned long i, bool on_token)
{
	static CK_BYTE der[] = { 0x30, 0x00 };
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL token = on_token ? CK_TRUE : CK_FALSE;
	CK_BBOOL private = CK_FALSE;
	CK_OBJECT_HANDLE object;
	char label[32];
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &token, sizeof(token) }, { CKA_PRIVATE, &private, sizeof(private) },
		{ CKA_LABEL, label, (CK_ULONG)snprintf(label, sizeof(label), "object-%lu", i) }, { CKA_VALUE, der, sizeof(der) },
	};
	const CK_RV rv = module->f->C_CreateObject(module->session, template, 5, &object);

	if (rv != CKR_OK)
		bench_die("C_CreateObject: 0x%08lx", rv);
}

/* bench fill MODULE FROM TO: token objects. FROM = TO: the keys that bench start needs; of KINDS kinds, if that is given. */
int
bench_fill(int argc, char **argv)
{
	struct bench_module module = ready_module(argc, argv);
	const unsigned long from = number(argc, argv, 2, 0);
	const unsigned long to = number(argc, argv, 3, 0);
	const uint64_t begin = bench_now();

	for (unsigned long i = from; i < to; i++)
		create(&module, i, true);
	if (from == to)
		for (unsigned long key = 0; key < BENCH_KEYS && key < number(argc, argv, 4, BENCH_KEYS); key++)
			(void)bench_module_key(&module, (enum bench_key)key);
	(void)printf("{\"fill\": %lu, \"ns\": %llu}\n", to - from, (unsigned long long)(bench_now() - begin));
	(void)module.f->C_Finalize(NULL);
	return 0;
}

static int
by_size(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a;
	const uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

#define SEARCH_NS 300000000

/*
 * bench search MODULE NUMBER TIMES: C_Initialize and the search for that object in a new process; and the searches after that, as many as there is time
 * for, their median.
 */
int
bench_search(int argc, char **argv)
{
	struct bench_module module = module_of(argc, argv);
	const unsigned long times = number(argc, argv, 3, 1);
	uint64_t *took = calloc(times + 1, sizeof(*took));
	const uint64_t begin = bench_now();
	uint64_t initialized;
	uint64_t opened;
	unsigned long n = 0;
	char label[32];

	if (took == NULL)
		bench_die("out of memory");
	(void)snprintf(label, sizeof(label), "object-%lu", number(argc, argv, 2, 0));
	bench_initialize(module.f);
	initialized = bench_now();
	bench_open(&module);
	opened = bench_now();
	for (; n <= times && (n < 2 || bench_now() - opened < SEARCH_NS); n++) {
		const uint64_t from = bench_now();

		if (bench_find(&module, CKO_DATA, label) == CK_INVALID_HANDLE)
			bench_die("%s: not found", label);
		took[n] = bench_now() - from;
	}
	qsort(took + 1, n - 1, sizeof(*took), by_size);
	(void)printf("{\"initialize_ns\": %llu, \"open_ns\": %llu, \"first_ns\": %llu, \"warm_ns\": %llu}\n",
	             (unsigned long long)(initialized - begin), (unsigned long long)(opened - initialized), (unsigned long long)took[0],
	             (unsigned long long)took[1 + (n - 1) / 2]);
	free(took);
	(void)module.f->C_Finalize(NULL);
	return 0;
}

static double
in_use(void)
{
	const struct mallinfo2 info = mallinfo2();

	return (double)info.uordblks + (double)info.hblkhd;
}

/* bench memory MODULE NUMBER: bytes of the heap for a session that is open, for one that signs, and for an object. */
int
bench_memory(int argc, char **argv)
{
	struct bench_module module = ready_module(argc, argv);
	struct bench_subject subject = { .name = "module", .module = &module };
	struct bench_job *jobs;
	const unsigned long n = number(argc, argv, 2, 1000);
	double open;
	double signing;
	double objects;

	jobs = calloc(n, sizeof(*jobs));
	if (jobs == NULL || !bench_module_key(&module, BENCH_P256))
		bench_die("no key");
	(void)bench_session(&module);
	open = in_use();
	for (unsigned long i = 0; i < n; i++)
		jobs[i].session = bench_session(&module);
	open = in_use() - open;
	signing = in_use();
	for (unsigned long i = 0; i < n; i++) {
		jobs[i].subject = &subject;
		jobs[i].measure = measure_named("sign.ecdsa-p256");
		jobs[i].in = jobs[i].sig;
		if (!(module.f->C_SignInit(jobs[i].session, &(CK_MECHANISM){ CKM_ECDSA, NULL, 0 }, module.private[BENCH_P256]) == CKR_OK &&
		      module.f->C_Sign(jobs[i].session, jobs[i].in, 32, jobs[i].sig, &(CK_ULONG){ BENCH_SIG_MAX }) == CKR_OK))
			bench_die("C_Sign fails");
	}
	signing = in_use() - signing;
	objects = in_use();
	for (unsigned long i = 0; i < n; i++)
		create(&module, i, false);
	objects = in_use() - objects;
	(void)printf("{\"number\": %lu, \"session_bytes\": %.0f, \"signing_bytes\": %.0f, \"object_bytes\": %.0f}\n", n, open / (double)n,
	             signing / (double)n, objects / (double)n);
	free(jobs);
	(void)module.f->C_Finalize(NULL);
	return 0;
}
