/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP of both versions. */
#include "fuzz_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_talk(17, 67, 0, data, size);
	fuzz_talk(17, 547, 0, data, size);
	return 0;
}
