/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole way of a packet: frames out of the input, through decode, track, reassemble, dissectors and rules, into
 * reports. The first byte chooses the link type, then each frame has its length and a step of time before it. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "capture/capture.h"
#include "diagnose/diagnose.h"
#include "diagnose/result.h"
#include "options.h"
#include "pipeline.h"
#include "report/report.h"

#define MEMORY_BYTES ((size_t)32 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *arg, const struct record *const *run, int count)
{
	diagnose_records(arg, run, count);
}

static void feed(struct pipeline *p, const uint8_t *data, size_t size)
{
	static const uint32_t link_types[] = { 1, 101, 113, 276, 105, 0 };
	struct frame f = { .link_type = link_types[data[0] % 6], .ts_ns = 1700000000000000000 };
	struct batch b = { .frames = &f, .count = 1 };

	for (data++, size--; size > 3;) {
		uint32_t n = (uint32_t)(data[0] << 8 | data[1]) % 2048;

		f.ts_ns += (int64_t)data[2] * data[2] * 1000000;
		f.clock_ns = f.ts_ns;
		data += 3;
		size -= 3;
		n = n < size ? n : (uint32_t)size;
		f.data = data;
		f.captured = f.on_wire = n;
		f.number = ++f.order;
		pipeline_batch(p, &b);
		data += n;
		size -= n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text out = { 0 };
	struct run_sink sink = { take, NULL };
	struct report_style style = { .width = 80, .verbose = 1 };
	struct options o;
	struct pipeline *p;
	struct result *r;

	if (!size)
		return 0;
	hash_init();
	options_defaults(&o);
	o.memory_bytes = MEMORY_BYTES;
	sink.arg = diagnose_new(&o);
	p = pipeline_new(&o, NULL, &sink);
	feed(p, data, size);
	pipeline_finish(p);
	pipeline_free(p);
	r = diagnose_finish(sink.arg);
	report_json(r, &out);
	report_terminal(r, &style, &out);
	text_free(&out);
	result_free(r);
	return 0;
}
