/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From frames to records: decode -> track -> reassemble -> dissectors -> record, in one thread or several. Here and in
 * lane.h are the only places where those steps are joined; each of them knows only the ones before it.
 */
#ifndef PCAPDX_PIPELINE_H
#define PCAPDX_PIPELINE_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct batch;
struct keylog;
struct options;
struct pipeline;

struct pipeline *pipeline_new(const struct options *o, const struct keylog *keys, const struct run_sink *sink);
void pipeline_batch(struct pipeline *p, const struct batch *b);
/* Time passes without frames (live): what is due until then is told. */
void pipeline_clock(struct pipeline *p, int64_t clock_ns);
/* Everything that came so far has been told, and until the next batch nobody reads the key log. */
void pipeline_rest(struct pipeline *p);
/* The same, and no thread holds anything until pipeline_thaw: the process may be copied (fork). In the copy only
 * pipeline_finish and what reads counters may follow. */
void pipeline_freeze(struct pipeline *p);
void pipeline_thaw(struct pipeline *p);
/* Memory that the owner of the sink holds; counts against the bound. */
void pipeline_charge(struct pipeline *p, size_t held_elsewhere);
/* Ends all conversations and emits what is left. */
void pipeline_finish(struct pipeline *p);
void pipeline_free(struct pipeline *p);

/* Counters that become part of the capture record of a source. */
void pipeline_source_counters(const struct pipeline *p, uint16_t source, struct capture *out);

#endif
