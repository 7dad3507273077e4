/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a scenario through a tracker and keeps the records of its conversations in the order of their emission. */
#ifndef PCAPDX_TESTS_TRACK_RIG_H
#define PCAPDX_TESTS_TRACK_RIG_H

#include "record/record.h"
#include "scenario.h"
#include "track/tracker.h"

#define TRACK_RIG_MAX 256
#define MS(n) (INT64_C(1000000) * (n))

struct track_rig {
	int count; /* of all records; the first TRACK_RIG_MAX are kept */
	struct record records[TRACK_RIG_MAX];
	int duplicates;
	uint64_t evicted;
	size_t held_most;
};

/* The caller frees it. */
struct track_rig *track_run(const char *scenario);
struct track_rig *track_run_within(const char *scenario, size_t memory_bytes);
/* The conn part of the only record; the test fails when there are more or fewer. It stays until the next call. */
const struct conn *track_one(const char *scenario);

#endif
