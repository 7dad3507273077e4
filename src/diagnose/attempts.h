/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many attempts to connect, told once: how many, when, the earliest as evidence, all of them in the filter. */
#ifndef PCAPDX_DIAGNOSE_ATTEMPTS_H
#define PCAPDX_DIAGNOSE_ATTEMPTS_H

#include "diagnose/rule.h"

#define ATTEMPTS_SHOWN 8

struct attempts {
	uint64_t count, packets; /* conversations; what their openers sent to open them */
	int64_t first_ns, last_ns;
	struct evidence shown[ATTEMPTS_SHOWN][2]; /* the first packet and its answer; earliest first */
	int shown_count;
	uint32_t *streams; /* owned */
	uint32_t stream_count, stream_room;
	uint16_t source; /* of the streams */
	uint8_t proto;
};

/* Counts a conn record. Grows *held_bytes by what it keeps. */
void attempts_add(struct attempts *a, const struct record *conn, size_t *held_bytes);
/* Conversations a second, over at least one second. */
double attempts_per_s(const struct attempts *a, uint64_t n);
/* Count, times, evidence and filter into the finding. */
void attempts_tell(const struct attempts *a, struct finding *f);
void attempts_free(struct attempts *a);

#endif
