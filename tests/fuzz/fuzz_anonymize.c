/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any frame of any link type: its headers are rewritten inside its bounds, and no address of it stays. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "anonymize.h"
#include "base/hash.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t link_types[] = { 1, 101, 113, 276, 228, 229, 127, 107 };
	struct anonymizer *a;
	uint8_t *frame;

	if (size < 2)
		return 0;
	hash_init();
	a = anonymizer_new();
	frame = xmalloc(size - 1);
	memcpy(frame, data + 1, size - 1);
	anonymize_frame(a, frame, (uint32_t)(size - 1), link_types[data[0] % 8]);
	if (data[0] % 8 >= 6) /* no header of these is kept */
		for (size_t i = 0; i < size - 1; i++)
			assert(frame[i] == 0);
	free(frame);
	anonymizer_free(a);
	return 0;
}
