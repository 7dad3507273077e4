/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A capture file through decoding, reassembly and dissection, without the rest of the program: records out. */
#ifndef PCAPDX_TESTS_TLS_RIG_H
#define PCAPDX_TESTS_TLS_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "record/record.h"

struct keylog;

struct rig_options {
	uint32_t split; /* 0: segments as they are; n: chunks of 1 to n bytes, drawn from `seed` */
	uint32_t seed;
	const struct keylog *keys;
	struct keylog *secrets; /* where secrets in the capture itself go; usually the same as keys */
	void (*mark)(void *arg, const struct record *head, enum side side, uint64_t frame, const char *label);
	void *mark_arg;
};

/* Gives the records of the file to the sink, in the order of the conversations' first frames. -1: cannot be read. */
int rig_file(const char *path, const struct rig_options *o, const struct record_sink *sink);

#endif
