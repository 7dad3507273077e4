/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmocka_all.h"

#include "track_rig.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/text.h"

static void keep(void *arg, struct flow *f, enum conn_end reason)
{
	struct track_rig *rig = arg;

	if (rig->count < TRACK_RIG_MAX)
		flow_record(f, reason, &rig->records[rig->count]);
	rig->count++;
}

struct track_rig *track_run_within(const char *text, size_t memory_bytes)
{
	struct track_rig *rig = xcalloc(1, sizeof(*rig));
	struct tracker_owner owner = { keep, rig };
	struct scenario *s = scenario_read(text);
	struct tracker *t;

	hash_init();
	t = tracker_new(&owner, memory_bytes);
	for (int i = 0; i < scenario_count(s); i++) {
		struct tracked tracked;

		tracker_packet(t, scenario_packet(s, i), &tracked);
		rig->duplicates += tracked.duplicate;
		if (tracker_held_bytes(t) > rig->held_most)
			rig->held_most = tracker_held_bytes(t);
	}
	tracker_finish(t);
	rig->evicted = tracker_evicted(t);
	tracker_free(t);
	scenario_free(s);
	return rig;
}

struct track_rig *track_run(const char *scenario)
{
	return track_run_within(scenario, (size_t)64 << 20);
}

const struct conn *track_one(const char *scenario)
{
	static struct record only;
	struct track_rig *rig = track_run(scenario);

	assert_int_equal(rig->count, 1);
	only = rig->records[0];
	free(rig);
	return &only.conn;
}
