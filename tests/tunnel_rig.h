/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One conversation through the dissection engine, packet by packet, and the tunnel records that come of it. */
#ifndef PCAPDX_TESTS_TUNNEL_RIG_H
#define PCAPDX_TESTS_TUNNEL_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "dissectors/session.h"
#include "record/record.h"

#define RIG_RECORDS 128
#define RIG_START_NS INT64_C(1700000000000000000)

struct tunnel_rig {
	struct record head;
	struct session_owner owner;
	struct dissect_engine *engine;
	struct session *session;
	struct record records[RIG_RECORDS];
	int count;
	uint64_t frame;
	char service[16]; /* after rig_close */
};

/* `proto` 6 or 17; ports as given. */
struct tunnel_rig *tunnel_rig_new(uint8_t proto, uint16_t orig_p, uint16_t resp_p);
/* Bytes of one side `ms` after the start: a datagram or a piece of a stream, by the rig's protocol. */
void tunnel_rig_give(struct tunnel_rig *r, enum side side, int64_t ms, const void *bytes, size_t n);
void tunnel_rig_fin(struct tunnel_rig *r, enum side side, int64_t ms);
void tunnel_rig_close(struct tunnel_rig *r); /* the conversation is over: the summary is the last record */
void tunnel_rig_free(struct tunnel_rig *r);

/* The n-th (from 0) record of that event; NULL: there is none. */
const struct record *tunnel_rig_find(const struct tunnel_rig *r, enum tunnel_event event, int n);
int tunnel_rig_count(const struct tunnel_rig *r, enum tunnel_event event);
const struct tunnel *tunnel_rig_summary(const struct tunnel_rig *r); /* NULL: none */

#endif
