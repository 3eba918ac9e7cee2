/* SPDX-License-Identifier: BSD-2-Clause
 * Copyright (c) 2026 The Seedleaf authors
 *
 * A library for LD_PRELOAD: inside whatever program it is loaded into it asks for the key that $ASK describes, prints it in hex, and ends the program. */
#include <keyutils.h>
#include <stdio.h>
#include <stdlib.h>

__attribute__((constructor)) static void
ask(void)
{
	const char *description = getenv("ASK");
	unsigned char key[32];
	int32_t id;

	if (description == NULL)
		return;
	id = request_key("user", description, "-", KEY_SPEC_THREAD_KEYRING);
	if (id < 0 || keyctl_read(id, (char *)key, sizeof(key)) != sizeof(key))
		_Exit(1);
	for (size_t i = 0; i < sizeof(key); i++)
		printf("%02x", key[i]);
	printf("\n");
	(void)fflush(stdout);
	_Exit(0);
}
