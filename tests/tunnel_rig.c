/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See tunnel_rig.h. */
#include "tunnel_rig.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

static void take(void *arg, const struct record *record)
{
	struct tunnel_rig *r = arg;

	if (record->kind == RECORD_TUNNEL && r->count < RIG_RECORDS)
		r->records[r->count++] = *record;
}

struct tunnel_rig *tunnel_rig_new(uint8_t proto, uint16_t orig_p, uint16_t resp_p)
{
	struct tunnel_rig *r = xcalloc(1, sizeof(*r));
	struct record_sink sink = {take, r};

	hash_init();
	record_init(&r->head, RECORD_CONN);
	r->head.ts_ns = RIG_START_NS;
	r->head.proto = proto;
	r->head.orig_p = orig_p;
	r->head.resp_p = resp_p;
	addr_parse("10.0.0.1", &r->head.orig_h);
	addr_parse("10.0.0.2", &r->head.resp_h);
	r->owner.head = &r->head;
	r->owner.first_fin = r->owner.first_rst = SIDE_NONE;
	r->engine = dissect_engine_new(&sink, NULL);
	return r;
}

static struct frame_ref next_frame(struct tunnel_rig *r, int64_t ms)
{
	r->owner.clock_ns = RIG_START_NS + ms * 1000000;
	return (struct frame_ref){.frame = ++r->frame, .at_ns = r->owner.clock_ns};
}

void tunnel_rig_give(struct tunnel_rig *r, enum side side, int64_t ms, const void *bytes, size_t n)
{
	struct chunk c = {.data = bytes, .len = n, .on_wire = n, .side = side, .ref = next_frame(r, ms)};

	if (r->head.proto != 6)
		session_datagram(r->engine, &r->session, &r->owner, &c);
	else
		session_stream(r->engine, &r->session, &r->owner, &c);
}

void tunnel_rig_fin(struct tunnel_rig *r, enum side side, int64_t ms)
{
	struct frame_ref ref = next_frame(r, ms);

	if (r->owner.first_fin == SIDE_NONE)
		r->owner.first_fin = side;
	session_end(r->engine, &r->session, &r->owner, side, &ref);
}

void tunnel_rig_close(struct tunnel_rig *r)
{
	struct session_summary summary;

	session_summarise(r->session, &summary);
	text_copy(r->service, sizeof(r->service), summary.service);
	session_close(r->engine, &r->session, &r->owner);
}

void tunnel_rig_free(struct tunnel_rig *r)
{
	session_close(r->engine, &r->session, &r->owner);
	dissect_engine_free(r->engine);
	free(r);
}

const struct record *tunnel_rig_find(const struct tunnel_rig *r, enum tunnel_event event, int n)
{
	for (int i = 0; i < r->count; i++)
		if (r->records[i].tunnel.event == event && n-- == 0)
			return &r->records[i];
	return NULL;
}

int tunnel_rig_count(const struct tunnel_rig *r, enum tunnel_event event)
{
	int n = 0;

	while (tunnel_rig_find(r, event, n))
		n++;
	return n;
}

const struct tunnel *tunnel_rig_summary(const struct tunnel_rig *r)
{
	const struct record *found = tunnel_rig_find(r, TUNNEL_SUMMARY, 0);

	return found ? &found->tunnel : NULL;
}
