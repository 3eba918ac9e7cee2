/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors */
#include "bench.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A client that does nothing but TLS 1.3 handshakes: each is a new connection, with no session of an earlier one. */

#define CLIENTS_MAX 16

struct client {
	pthread_t thread;
	SSL_CTX *ctx;
	struct sockaddr_in to;
	uint64_t end;
	unsigned long done;
};

static int
dial(const struct sockaddr_in *to)
{
	/* No state is left in the kernel: tens of thousands of connections are closed. */
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) != 0 || connect(fd, (const struct sockaddr *)to, sizeof(*to)) != 0)
		bench_die("no connection to port %u", ntohs(to->sin_port));
	return fd;
}

static void
shake_hands(const struct client *c)
{
	const int fd = dial(&c->to);
	SSL *ssl = SSL_new(c->ctx);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
		bench_die("no TLS on port %u", ntohs(c->to.sin_port));
	(void)SSL_shutdown(ssl);
	SSL_free(ssl);
	(void)close(fd);
}

static void *
run(void *arg)
{
	struct client *c = arg;

	do {
		shake_hands(c);
		c->done++;
	} while (bench_now() < c->end);
	return NULL;
}

/* bench handshakes PORT MS CLIENTS: with the server on that port of 127.0.0.1. Certificates are not judged; the signature with their key is checked. */
int
bench_handshakes(int argc, char **argv)
{
	struct client clients[CLIENTS_MAX] = { 0 };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	const unsigned long n = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	const uint64_t begin = bench_now();
	unsigned long done = 0;

	if (n == 0 || n > CLIENTS_MAX || ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1)
		bench_die("bench handshakes PORT MS CLIENTS (1 to %d)", CLIENTS_MAX);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	for (unsigned long i = 0; i < n; i++) {
		clients[i] = (struct client){ .ctx = ctx, .end = begin + strtoull(argv[2], NULL, 10) * 1000000 };
		clients[i].to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr = { htonl(INADDR_LOOPBACK) } };
		if (pthread_create(&clients[i].thread, NULL, run, &clients[i]) != 0)
			bench_die("no thread");
	}
	for (unsigned long i = 0; i < n; i++) {
		(void)pthread_join(clients[i].thread, NULL);
		done += clients[i].done;
	}
	(void)printf("{\"handshakes\": %lu, \"ns\": %llu}\n", done, (unsigned long long)(bench_now() - begin));
	SSL_CTX_free(ctx);
	return 0;
}
