/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a service that is slow, whose clients are, or to which the way is: the second half of rule_slow.c. */
#ifndef PCAPDX_DIAGNOSE_SLOW_TELL_H
#define PCAPDX_DIAGNOSE_SLOW_TELL_H

#include "base/samples.h"
#include "diagnose/context.h"
#include "diagnose/slow_split.h"
#include "diagnose/tally.h"

#define SLOW_THINK_S 0.9 /* answers that a user waits for; long polls and batch jobs are told by their share */
#define SLOW_HELLOS_MIN 2

enum slow_culprit {
	SLOW_SERVER,
	SLOW_CLIENT,
	SLOW_PATH,
	SLOW_CULPRITS,
};

struct slow {
	struct tally tally[SLOW_CULPRITS];
	struct samples times[SLOW_CULPRITS]; /* think, waits for the client, round trips */
	struct slow_split sum;
	uint64_t asks, slow_asks, conversations, slow[SLOW_CULPRITS];
	uint64_t near_client, near_server;
	uint64_t late_hellos; /* TLS clients whose ServerHello was late, */
	double hello_max_s;   /* by up to so long */
	uint64_t late;	    /* of the slow clients: those that only begin late */
	struct addr late_client;
	double rtt_least_s; /* of the conversations with a slow path, as their data shows it */
};

void slow_tell_server(struct diagnosis_context *x, const struct service_key *k, const struct slow *w);
/* preconnected: its late clients do other things meanwhile, and may have connected in advance. */
void slow_tell_client(struct diagnosis_context *x, const struct service_key *k, const struct slow *w, bool preconnected);
void slow_tell_path(struct diagnosis_context *x, const struct service_key *k, const struct slow *w);

#endif
