/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the time of a TCP conversation went: the server's thinking, the client that does not read (or does not send its
 * request on), the network, and the client's pauses between answer and next request, which nobody waits for.
 */
#ifndef PCAPDX_DIAGNOSE_SLOW_SPLIT_H
#define PCAPDX_DIAGNOSE_SLOW_SPLIT_H

#include "base/text.h"
#include "record/record.h"

/* Where the capture was taken, as the two halves of the round trip tell. */
enum capture_place {
	PLACE_UNKNOWN,
	PLACE_CLIENT,
	PLACE_SERVER,
	PLACE_BETWEEN,
};

/* In seconds. */
struct slow_split {
	double server_s;  /* from the whole request to the first byte of the answer, round trip taken off; its window too */
	double client_s;  /* the server stood before the client's closed or full window, or waited for the rest of a request */
	double network_s; /* round trips, transfer and repairs */
	double idle_s;	  /* between an answer and the next request */
	double late_s;	  /* between the handshake and the first request of a client that speaks first */
	double rtt_s;	  /* of the handshake; 0: not seen */
};

/* Least round trip of data, both halves together; 0: not measured. */
double slow_path_rtt_s(const struct conn *c);

struct slow_split slow_split(const struct record *conn);
enum capture_place slow_place(const struct conn *c);
/* Adds b to a: times only. */
void slow_split_add(struct slow_split *a, const struct slow_split *b);
/* "4.8 s (97 %) the server, ..." : where the time went, of what somebody waited for. */
void slow_split_say(const struct slow_split *s, struct text *out);

#endif
