/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP/1.x over a stream with gaps. */
#include "fuzz_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_talk(6, 80, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", data, size);
	return 0;
}
