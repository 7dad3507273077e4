/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any text as a key log: reading it is safe, and a secret that went in comes out again. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "dissectors/keylog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char good[] = "\nCLIENT_RANDOM "
		"1111111111111111111111111111111111111111111111111111111111111111 "
		"222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222\n";
	struct keylog *k = keylog_new();
	uint8_t random[32];
	const uint8_t *secret;
	size_t n = 0;

	memset(random, 0x11, sizeof(random));
	keylog_add(k, (const char *)data, size);
	keylog_add(k, good, sizeof(good) - 1);
	secret = keylog_find(k, "CLIENT_RANDOM", random, &n);
	assert(secret && n == 48);
	for (size_t i = 0; i < n; i++)
		assert(secret[i] == 0x22);
	keylog_free(k);
	return 0;
}
