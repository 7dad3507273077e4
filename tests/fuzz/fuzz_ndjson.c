/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any line: reading it is safe, and what was taken is written the same after another reading. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "record/ndjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text first = {0}, second = {0};
	char error[100];
	struct record r;

	if (record_read((const char *)data, size, &r, error, sizeof(error))) {
		record_write(&r, &first);
		assert(record_read(first.s, first.len, &r, error, sizeof(error)));
		record_write(&r, &second);
		assert(strcmp(first.s, second.s) == 0);
	}
	text_free(&first);
	text_free(&second);
	return 0;
}
