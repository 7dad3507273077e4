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
	struct series_second counted;
};

static void rig_pass_count(struct outlet_rig *rig)
{
	if (!rig->counted.sum.packets)
		return;
	surroundings_clock(rig->surroundings, rig->counted.at_ns);
	surroundings_count(rig->surroundings, rig->counted.at_ns, &rig->counted.sum);
	rig->counted.sum = (struct series_count){ 0 };
}

static void rig_until(struct outlet_rig *rig, int64_t clock_ns)
{
	rig_pass_count(rig);
	surroundings_clock(rig->surroundings, clock_ns);
}

static void rig_on_record(void *arg, const struct record *r)
{
	struct outlet_rig *rig = arg;

	rig_until(rig, r->emitted_ns);
	rig->sink.take(rig->sink.arg, r);
}

static void rig_on_link(void *arg, const struct flow_link *counted, int64_t clock_ns)
{
	struct outlet_rig *rig = arg;

	rig_until(rig, clock_ns);
	surroundings_link(rig->surroundings, counted);
}

static void rig_on_packet(void *arg, const struct packet *p)
{
	struct outlet_rig *rig = arg;

	rig_until(rig, p->clock_ns);
	if (p->has_macs && !mac_is_group(&p->mac_dst))
		surroundings_receiver(rig->surroundings, &p->mac_dst);
	surroundings_packet(rig->surroundings, p);
}

static void rig_on_second(void *arg, int64_t at_ns)
{
	struct outlet_rig *rig = arg;

	rig_pass_count(rig);
	series_second_begin(&rig->counted, at_ns);
}

static inline struct outlet outlet_onto(struct outlet_rig *rig)
{
	return (struct outlet){ .record = rig_on_record,
		.link = rig_on_link,
		.packet = rig_on_packet,
		.counted = &rig->counted,
		.second = rig_on_second,
		.arg = rig };
}

static inline void rig_finish(struct outlet_rig *rig)
{
	rig_pass_count(rig);
	surroundings_finish(rig->surroundings);
}

#endif
