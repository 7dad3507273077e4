/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets into conversations: finds the conversation of each packet, updates what is known of it, and says when it is
 * over. Knows nothing of payload. TCP ends by close, port reuse or memory pressure, never by idle time; UDP and other
 * protocols also after IDLE_END_NS. Links (MACs), ARP and ICMP have trackers of their own beside it.
 */
#ifndef PCAPDX_TRACK_TRACKER_H
#define PCAPDX_TRACK_TRACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode/packet.h"
#include "record/record.h"

struct frame;
struct flow_key;
struct stream_births;
struct flow; /* flow.h: hot and cold state of one conversation */
struct tracker;

struct tracker_owner {
	/* A conversation is over, or (CONN_END_PART) a part of a long one is due. The owner emits what it knows; after
	 * any other reason than PART the flow is gone when this returns. */
	void (*ended)(void *arg, struct flow *f, enum conn_end reason);
	void *arg;
};

/* What the packet turned out to be. */
struct tracked {
	struct flow *flow; /* NULL: not part of a conversation (ARP, fragments, other); for an ICMP error the conversation
			    * that it quotes, if that is known (feed is then false) */
	enum side side;	   /* who sent it */
	bool duplicate;	   /* the same frame again (SPAN, -i any): counted with its flow, if it has one; to be
			    * ignored by everyone after this, except that messages in datagrams are counted */
	bool feed;	   /* its payload or flags matter to reassembly or a datagram dissector */
	bool new_link;	   /* its side is new, or came from another MAC before */
	bool resent;	   /* TCP: it brings bytes again that were lost, or that its sender took for lost */
	int64_t rtt_ns;	   /* TCP: the round trip that it completes; 0: none */
	const struct flow_link *left; /* the packets from that other MAC; NULL: none. Until the next packet */
};

struct link_key {
	struct mac mac;
	uint16_t vlan; /* outermost; 0: none */
	struct addr ip;
};

/* Packets of one side that came from one MAC, counted with the conversation. */
struct flow_link {
	struct link_key key;
	uint32_t pkts;
	uint8_t ttl, ttl_min, ttl_max; /* ttl 0: says nothing */
	struct frame_ref last; /* absolute time */
};

struct tracker *tracker_new(const struct tracker_owner *owner, size_t memory_bytes);
void tracker_free(struct tracker *t);
/* Any packet of TCP, UDP or another IP protocol, or an ICMP message; the rest have no conversation. */
void tracker_packet(struct tracker *t, const struct packet *p, struct tracked *out);
/* Whether the packet is one of those; without a transport header that can be read no conversation can be named. */
static inline bool tracker_wants(const struct packet *p)
{
	if (p->verdict == PACKET_BAD)
		return false;
	if (p->kind == PACKET_TCP || p->kind == PACKET_UDP || p->kind == PACKET_ICMP)
		return true;
	return p->kind == PACKET_IP && p->proto != 6 && p->proto != 17 && p->proto != 1 && p->proto != 58;
}

/*
 * Gives a tuple a stream number because Wireshark would, though none of its packets is here: it is only quoted in an
 * ICMP error, or carries a tunnel.
 */
void tracker_count_stream(struct tracker *t, const struct flow_key *key, uint16_t source);

/* From now on streams get their numbers later (stream_births.h); `b` is the owner's. */
void tracker_number_later(struct tracker *t, struct stream_births *b);
/* They have them: what still goes by its place in that list takes its number. */
void tracker_numbered(struct tracker *t, const struct stream_births *b);

#define EXPECTED_MAX 32
#define AHEAD_MAX 6 /* packets */

/* What is known of a packet before its time. */
struct coming {
	struct flow *flow; /* of that hash: nearly always its own; NULL: nothing is known */
	uint8_t side;	   /* enum side, once its conversation was asked for */
	bool has_payload;
	bool from_low, named; /* for the tracker itself, as is `tag` */
	uint32_t tag;
};

/*
 * Announces up to EXPECTED_MAX packets that will come to tracker_packet next, in this order (some may stay away), so
 * that memory is on its way by then. Only a hint.
 */
void tracker_expect(struct tracker *t, struct packet *const *packets, int n);
/* The second step, of each of them: whose it is. */
void tracker_expect_flow(struct tracker *t, int i);
/*
 * Looks ahead from one packet after the other, beginning AHEAD_MAX before the first of them; not beyond the last. Asks
 * for the conversation of the packet that is AHEAD_MAX further, in two parts.
 */
void tracker_fetch_flow(struct tracker *t);
void tracker_fetch_counts(struct tracker *t);
/* Asks for what the conversation points to of the packet that is so many further: fewer, so that it is there by then.
 * Gives what is known of that packet. */
const struct coming *tracker_fetch_rings(struct tracker *t, int further);
/* A conversation moves in its list once a second, for which two others are touched. */
void tracker_fetch_neighbours(const struct tracker *t, int further);
const struct coming *tracker_coming(const struct tracker *t, int further);

/*
 * The capture's clock has come to clock_ns: ends what is due. tracker_packet does that by itself; this is for times
 * without packets of this tracker's own (live, worker threads, before tracker_finish). A closed conversation is due
 * LINGER_NS after its last packet, one without close IDLE_END_NS after it (counted from a packet of its last second).
 * Which conversation is due when depends on its own packets only, and its record carries that time, not the time of
 * the packet that made the tracker look: so records merge in one order, whatever the number of threads.
 */
void tracker_clock(struct tracker *t, int64_t clock_ns);

/* Ends all conversations, in the order of source and first frame, at the clock told last. */
void tracker_finish(struct tracker *t);
/*
 * The same one by one: line them up, look at the first (false: none is left), end it or pass over it; after a rewind
 * those that were passed over are in line again. No packets may come between, and nothing may end before the rewind.
 */
void tracker_ending(struct tracker *t);
bool tracker_next_end(const struct tracker *t, uint16_t *source, uint64_t *frame);
struct flow *tracker_pass_next(struct tracker *t); /* as it will be when it ends */
void tracker_ending_rewind(struct tracker *t);
void tracker_end_next(struct tracker *t);
struct flow *tracker_ending_ahead(const struct tracker *t, size_t further); /* behind the next one; NULL: none */

size_t tracker_held_bytes(const struct tracker *t);
/* Memory that others hold on behalf of conversations; counts against the same bound. */
void tracker_charge(struct tracker *t, size_t held_elsewhere);
uint64_t tracker_evicted(const struct tracker *t);
/* Adds to duplicates (of ended conversations), udp_streams, late_fin, late_rst, late_analysis of a source's record. */
void tracker_late(const struct tracker *t, uint16_t source, struct capture *out);

/* Fills the conn part of a record (head included) from the flow. The service's fields are the caller's. */
void flow_record(const struct flow *f, enum conn_end reason, struct record *r);

/* Marks a frame of the flow as a key frame with a label. `absolute` carries absolute time. */
void flow_mark(struct flow *f, enum side side, const struct frame_ref *absolute, const char *label);

/* The MSS that the receiver of that side's segments announced; 0: not seen. */
uint16_t flow_peer_mss(const struct flow *f, enum side side);

/* A segment overlaps earlier bytes with different ones (told by reassembly): fills conn.overlaps_differ. */
void flow_overlap(struct flow *f, enum side side, const struct frame_ref *old, const struct frame_ref *new_one);

/* Nobody listens to the conversation's bytes any more: what others are spared when they know. */
bool flow_is_deaf(const struct flow *f);
void flow_make_deaf(struct flow *f);

/* Slots in which the pipeline keeps what belongs to the conversation. */
struct stream_pair;
struct session;
struct stream_pair **flow_stream_pair(struct flow *f);
struct session **flow_session(struct flow *f);

/* Who the conversation is: uid, addresses, ports, first frame in the head of *r (kind is left alone). */
void flow_identify(const struct flow *f, struct record *r);
/* What was counted since the last time, or since `new_link`. False: nothing. */
bool flow_take_link(struct flow *f, enum side s, struct flow_link *out);
enum side flow_first_fin(const struct flow *f); /* SIDE_NONE: none yet */
enum side flow_first_rst(const struct flow *f);
void flow_first_frame(const struct flow *f, uint16_t *source, uint64_t *frame);
int64_t flow_emitted_ns(const struct flow *f); /* inside `ended`: the clock that its records carry */

#endif
