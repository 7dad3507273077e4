/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FTP control connections over a stream with gaps. */
#include "fuzz_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_talk(6, 21, "USER a\r\nPASV\r\nPORT 1,2,3,4,5,6\r\n", data, size);
	return 0;
}
