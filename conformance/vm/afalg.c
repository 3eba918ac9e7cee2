/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors
 *
 * afalg SERIAL: the HMAC-SHA256 of standard input, computed by the kernel under the key of that serial number in its keyrings, in hex. */
#include <linux/if_alg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef ALG_SET_KEY_BY_KEY_SERIAL
#define ALG_SET_KEY_BY_KEY_SERIAL 7	/* Linux 6.2; the headers of Debian 12 are of 6.1 */
#endif

static int
trouble(const char *what)
{
	perror(what);
	return 1;
}

int
main(int argc, char **argv)
{
	struct sockaddr_alg name = { .salg_family = AF_ALG, .salg_type = "hash", .salg_name = "hmac(sha256)" };
	unsigned char data[4096], mac[32];
	int32_t serial;
	ssize_t len;
	int alg, op;

	if (argc != 2) {
		fprintf(stderr, "usage: afalg SERIAL <data\n");
		return 2;
	}
	serial = (int32_t)strtol(argv[1], NULL, 0);
	if ((len = read(STDIN_FILENO, data, sizeof(data))) < 0)
		return trouble("read");
	if ((alg = socket(AF_ALG, SOCK_SEQPACKET, 0)) < 0)
		return trouble("socket");
	if (bind(alg, (struct sockaddr *)&name, sizeof(name)) != 0)
		return trouble("bind");
	if (setsockopt(alg, SOL_ALG, ALG_SET_KEY_BY_KEY_SERIAL, &serial, sizeof(serial)) != 0)
		return trouble("ALG_SET_KEY_BY_KEY_SERIAL");
	if ((op = accept(alg, NULL, NULL)) < 0)
		return trouble("accept");
	if (write(op, data, (size_t)len) != len || read(op, mac, sizeof(mac)) != sizeof(mac))
		return trouble("hash");
	for (size_t i = 0; i < sizeof(mac); i++)
		printf("%02x", mac[i]);
	putchar('\n');
	return 0;
}
