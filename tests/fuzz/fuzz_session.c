/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine around all dissectors of the table: the first bytes choose transport and port. What a recogniser says NO to
 * stays NO. */
#include <stdlib.h>

#include "../recognise_final.h"
#include "fuzz_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t ports[] = { 21, 22, 25, 53, 80, 110, 143, 389, 443, 3306, 5432, 67, 547, 5353, 9999, 655,
		123, 137, 161, 445, 500, 514, 554, 1080, 1194, 1433, 1883, 1900, 3389, 4500, 5060, 5222, 5672, 5900, 6379,
		51820 };

	if (size < 2)
		return 0;
	if (recognise_takes_back(data[1] & 1 ? SIDE_RESP : SIDE_ORIG, data + 2, size - 2 < 128 ? size - 2 : 128))
		abort();
	fuzz_talk(data[0] & 1 ? 17 : 6, ports[data[1] % (sizeof(ports) / sizeof(ports[0]))], 0, data + 2, size - 2);
	return 0;
}
