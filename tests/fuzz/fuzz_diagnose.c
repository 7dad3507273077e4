/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records that anyone may have written, through every rule into every report. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "diagnose/diagnose.h"
#include "diagnose/result.h"
#include "options.h"
#include "record/ndjson.h"
#include "report/report.h"

#define MEMORY_BYTES ((size_t)32 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void report_all(struct result *r)
{
	struct report_style style = { .width = 80, .verbose = 1 };
	struct text out = { 0 };

	report_json(r, &out);
	report_terminal(r, &style, &out);
	report_markdown(r, &out);
	report_csv(r, &out);
	assert(!memchr(out.s, 0x1b, out.len));
	text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct diagnosis_run *run;
	struct options o;
	struct result *r;
	struct record record;
	char error[200];

	hash_init();
	options_defaults(&o);
	o.memory_bytes = MEMORY_BYTES;
	run = diagnose_new(&o);
	while (at < end) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		line_end = line_end ? line_end : end;
		if (record_read(at, (size_t)(line_end - at), &record, error, sizeof(error)))
			diagnose_record(run, &record);
		at = line_end + 1;
	}
	r = diagnose_finish(run);
	report_all(r);
	result_free(r);
	return 0;
}
