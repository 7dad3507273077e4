/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the two halves of the tinc dissector share: SPTPS lengths and node ids. */
#ifndef PCAPDX_DISSECTORS_TINC_H
#define PCAPDX_DISSECTORS_TINC_H

#include "dissectors/counter_track.h"
#include "dissectors/tunnel_life.h"

#define TINC_ID_LEN 6

/* --- the meta connection, tinc_meta.c --- */

struct tinc_meta_side {
	bool identified, kex, sig, encrypted; /* what it has sent */
	uint8_t id[TINC_ID_LEN];	      /* the beginning of SHA-512(name) */
	uint32_t request;		      /* length of the last record if it can announce a packet; 0 */
	bool asked;			      /* for a new session, not answered yet */
	bool renewal_kex, renewal_sig;	      /* of the renewal under way */
	struct frame_ref asked_ref;
	int64_t packet_ns; /* last tunnelled packet; 0: none */
};

struct tinc_meta {
	struct tinc_meta_side side[2];
	uint32_t sessions; /* between the two ends that were begun */
	bool broken;	   /* one side will close now; its bytes mean nothing any more */
	bool over;	   /* the end was told */
	bool spoiled;	   /* a bad record was told */
	bool legacy;
	int64_t renewed_ns, last_ns[2];
	struct frame_ref last;
	struct tunnel_run stood; /* a renewal, from its only KEX to the new session */
	enum side stood_side;
};

enum dissect_verdict tinc_meta_stream(
	struct tinc_meta *m, struct tunnel_life *life, struct session *s, const struct chunk *c, size_t *used);
void tinc_meta_end(
	struct tinc_meta *m, struct tunnel_life *life, struct session *s, enum side side, const struct frame_ref *ref);
/* The conversation is over: a renewal that stood still and ended in a new session goes into the summary. */
void tinc_meta_finish(const struct tinc_meta *m, struct tunnel_life *life);

/*
 * "0 <name> 17.<minor>\n", or "17" alone in old versions. Gives its length with the newline, 0 when more bytes are
 * wanted, -1 when it is no ID line. `minor` is 0 where there is none.
 */
int tinc_id_line(const uint8_t *p, size_t n, size_t *name_len, unsigned *minor);
/* Of the first bytes: an ID line. */
enum recognition tinc_meta_recognise(const struct chunk *c);

/* --- tunnelled packets over UDP, tinc_udp.c --- */

#define TINC_PAIRS_MAX 8
#define TINC_RECENT 64

/* One direction between two nodes; several share a conversation where a node relays. */
struct tinc_pair {
	uint8_t from[TINC_ID_LEN], to[TINC_ID_LEN];
	uint8_t side;
	bool used;
	struct counter_track numbers;
	uint32_t recent[TINC_RECENT]; /* hash of the packet with that number: a copy is no new session */
	bool fallen;		      /* numbers fell back; the next one decides */
	uint32_t fallen_to;
	struct frame_ref fallen_ref;
	int64_t began_ns, peer_began_ns; /* last new session; of the way back, when this way has not followed */
	uint32_t old_key_packets;
};

struct tinc_udp {
	struct tinc_pair pairs[TINC_PAIRS_MAX];
	uint32_t fitting;	      /* datagrams that looked like tinc's, up to TINC_TRIAL */
	uint8_t node[2][TINC_ID_LEN]; /* who sends directly from that side */
	bool node_known[2];
};

enum recognition tinc_udp_recognise(const struct chunk *c);
enum dissect_verdict tinc_udp_datagram(
	struct tinc_udp *u, struct tunnel_life *life, struct session *s, const struct chunk *c);
void tinc_udp_finish(struct tinc_udp *u, struct tunnel_life *life);

#endif
