/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An outlet that makes each call at once: what a pipeline of one thread does, without its lanes. */
#ifndef PCAPDX_TESTS_OUTLET_RIG_H
#define PCAPDX_TESTS_OUTLET_RIG_H

#include "decode/packet.h"
#include "track/outlet.h"
#include "track/surroundings.h"

struct outlet_rig {
	struct surroundings *surroundings;
	struct record_sink sink;
};

static void rig_on_record(void *arg, const struct record *r)
{
	struct outlet_rig *rig = arg;

	surroundings_clock(rig->surroundings, r->emitted_ns);
	rig->sink.take(rig->sink.arg, r);
}

static void rig_on_link(void *arg, const struct flow_link *counted, int64_t clock_ns)
{
	struct outlet_rig *rig = arg;

	surroundings_clock(rig->surroundings, clock_ns);
	surroundings_link(rig->surroundings, counted);
}

static void rig_on_packet(void *arg, const struct packet *p)
{
	struct outlet_rig *rig = arg;

	surroundings_clock(rig->surroundings, p->clock_ns);
	if (p->has_macs && !mac_is_group(&p->mac_dst))
		surroundings_receiver(rig->surroundings, &p->mac_dst);
	surroundings_packet(rig->surroundings, p);
}

static void rig_on_count(void *arg, int64_t at_ns, const struct series_count *more)
{
	struct outlet_rig *rig = arg;

	surroundings_clock(rig->surroundings, at_ns);
	surroundings_count(rig->surroundings, at_ns, more);
}

static inline struct outlet outlet_onto(struct outlet_rig *rig)
{
	return (struct outlet){ .record = rig_on_record,
		.link = rig_on_link,
		.packet = rig_on_packet,
		.count = rig_on_count,
		.arg = rig };
}

#endif
