/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections that a host closed first: each holds a socket in TIME_WAIT there. See parties.h for closes_drop. */
#ifndef PCAPDX_DIAGNOSE_CLOSES_H
#define PCAPDX_DIAGNOSE_CLOSES_H

#include <stdint.h>

#include "diagnose/context.h"
#include "diagnose/moments.h"
#include "record/short_ref.h"

#define NO_STREAM UINT32_MAX

struct closes {
	uint32_t n, last; /* how many are kept; number of their last chunk */
	uint32_t stream_count;
	struct addr peer; /* of the first close; unset when they differ */
	uint16_t port, source;
	uint32_t ftp_data, http_single; /* of the closes */
	struct short_ref last_fin;	/* absolute, as the first one */
	/* what only the first one touches */
	struct short_ref first_fin;
	uint64_t number; /* in which the hosts closed first */
};

/* The closes of a host in order of time, and those to filter for in order of emission. */
struct population {
	struct moments at;
	uint32_t *streams;
	int stream_count;
};

/* Keeps one more, of that absolute time, while there are fewer than MOMENTS_MAX; stream NO_STREAM: not for the filter. */
void closes_add(struct diagnosis_context *x, struct closes *h, int64_t at_ns, uint32_t stream);
struct population population_of(const struct diagnosis_context *x, const struct closes *h); /* of one close at least */
void population_free(struct population *p);

#endif
