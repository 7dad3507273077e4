/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the writer and the reader of NDJSON agree upon beyond the field tables. */
#ifndef PCAPDX_RECORD_NDJSON_LIMITS_H
#define PCAPDX_RECORD_NDJSON_LIMITS_H

#include <stdint.h>

/*
 * Below this (about 50 days) the seconds of a duration, read as a double, still give back each nanosecond. Longer ones
 * are written as a text of the same digits.
 */
#define SPAN_EXACT_NS INT64_C(4320000000000000)

/* A line longer than this is no record of ours: the longest possible one is some tens of KB. */
#define NDJSON_LINE_MAX (1024 * 1024)

struct proto_name {
	uint8_t number;
	const char *name;
};

static const struct proto_name proto_names[] = {{6, "tcp"}, {17, "udp"}, {1, "icmp"}, {58, "icmp6"}, {0}};

#endif
