/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A counter in clear in each datagram (tinc's seqno, WireGuard's counter, ESP's sequence number): order and loss. */
#ifndef PCAPDX_DISSECTORS_COUNTER_TRACK_H
#define PCAPDX_DISSECTORS_COUNTER_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#define COUNTER_WINDOW 256 /* as tinc's replay window; a multiple of 64 */

struct counter_track {
	uint64_t lowest, highest;
	uint64_t seen[COUNTER_WINDOW / 64]; /* ring of bits for the numbers up to `highest` */
	uint64_t missing;		    /* numbers that were jumped over and have not come since */
	uint64_t packets, reordered, doubled;
};

enum counter_place {
	COUNTER_NEXT,	 /* higher than all before it */
	COUNTER_LATE,	 /* jumped over before: out of order */
	COUNTER_DOUBLED, /* was there already */
	COUNTER_OLD,	 /* far below, or below the first that was seen */
};

/* Looks where a number stands, changes nothing. */
enum counter_place counter_place(const struct counter_track *t, uint64_t n);
/* Gives where it stood. */
enum counter_place counter_add(struct counter_track *t, uint64_t n);

#endif
