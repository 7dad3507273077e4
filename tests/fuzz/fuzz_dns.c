/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DNS over datagrams, and the same over a stream. */
#include "fuzz_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_talk(17, 53, 0, data, size);
	fuzz_talk(6, 53, 0, data, size);
	return 0;
}
