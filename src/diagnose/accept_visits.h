/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections to one service, as far as they say nothing or wait for its first answer. */
#ifndef PCAPDX_DIAGNOSE_ACCEPT_VISITS_H
#define PCAPDX_DIAGNOSE_ACCEPT_VISITS_H

#include "diagnose/context.h"
#include "diagnose/moments.h"

/* What became of a wait. */
enum wait_end {
	WAIT_ANSWERED,
	WAIT_TOO_LATE, /* answered when the client had given up */
	WAIT_GIVEN_UP, /* it ended, by whichever side, and was never answered */
	WAIT_OPEN,     /* until the capture ends */
	WAIT_ENDS,
};

/* One connection to the service. */
struct visit {
	struct addr client;
	uint32_t stream;
	uint16_t source;
	bool silent;	   /* no byte of the client before `until` */
	bool waited;	   /* ClientHello (or request) unanswered for a second or more */
	uint8_t end;	   /* enum wait_end, of a wait */
	int64_t from_ns;   /* silent: SYN-ACK seen; waiting: ClientHello */
	int64_t until_ns;  /* end of the silence; first answer, or end of the wait without one */
	int64_t wait_ns;   /* how long the client waited */
	struct evidence from, until;
};

/* Takes notice of a conn record of the service; memory is told to x. */
void visits_note(struct visits *v, struct diagnosis_context *x, const struct record *r);
/* The wait began inside the silence and ended with it. */
bool visit_was_blocked_by(const struct visit *wait, const struct visit *silence);
/* The clients that one silence blocked; none when another one was answered while the first of them was waiting.
 * `answered` must be sorted. */
int visits_count_blocked(const struct visits *v, const struct visit *silence);

#endif
