/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts what Wireshark 4.0 with default preferences would say of each segment (its display filters
 * tcp.analysis.*), mistakes included: people compare. Nothing is concluded from these counters; our own judgement of
 * losses is in tcp_loss.c.
 *
 * One state belongs to one pair of addresses and ports. It lives through the reuse of the ports, because Wireshark
 * decides by itself, here as there, when a SYN begins a new conversation.
 */
#ifndef PCAPDX_TRACK_WS_ANALYSIS_H
#define PCAPDX_TRACK_WS_ANALYSIS_H

#include <stdbool.h>
#include <stdint.h>

struct packet;
struct tcp_analysis;

/* What one end sent, in raw sequence numbers; 0 stands for unknown, as it does in Wireshark. */
struct ws_end {
	int64_t next_ns, last_ack_ns; /* when next_seq, last_ack were set */
	uint32_t base_seq;
	uint32_t next_seq;	/* highest end of a segment */
	uint32_t max_to_ack;	/* end of the stretch without holes */
	uint32_t last_ack;	/* acknowledged last, not highest */
	int32_t duplicate_acks; /* -1: it acknowledged something unseen */
	uint16_t window;	/* as in the header */
	uint16_t mptcp_kinds;	/* as known at its last segment, see there */
	uint16_t last_class;	/* what its last segment was; bits private to ws_analysis.c */
	int8_t scale;		/* WS_SCALE_UNKNOWN, WS_SCALE_NONE, or the shift */
	uint8_t known, shift;	/* private to ws_analysis.c */
};

struct ws_analysis {
	struct ws_end end[2];
	int64_t syn_ns;	      /* time of the last SYN */
	int64_t first_rtt_ns; /* from it to the first ACK; 0: not known */
	uint16_t mptcp_kinds; /* options of the last segment of either end: Wireshark reads them after its analysis */
	bool syn_seen, begun;
};

/* One segment, sent by end 0 or 1 of the pair. A zeroed state is a fresh one. Gives its classes, to be counted. */
uint32_t ws_segment(struct ws_analysis *a, struct ws_end *fwd, struct ws_end *rev, const struct packet *p);
static inline uint32_t ws_analyse(struct ws_analysis *a, int end, const struct packet *p)
{
	return ws_segment(a, &a->end[end], &a->end[1 - end], p);
}

void ws_count(uint32_t class, struct tcp_analysis *counts);

/* What ordinary segments of an end change, as its last ones left it; the window as in the header. */
struct ws_pace {
	uint32_t next_seq, last_ack;
	uint16_t window;
	int64_t next_ns, last_ack_ns;
};

/* An end of a conversation that went the ordinary way from its SYN, each segment next in line. */
struct ws_course {
	struct ws_pace pace;
	uint32_t base_seq;
	int8_t scale; /* announced; -1: none */
	bool begun;   /* something came from it; else the rest is not looked at */
	bool begins;  /* and nothing but its SYN */
};

/* What is known of such a conversation; `opener` is the end that sent the SYN. first_rtt_ns: 0 before the first ACK. */
void ws_begin_course(struct ws_analysis *a, int opener, const struct ws_course course[2], int64_t syn_ns,
	int64_t first_rtt_ns);

/* Whether the end is in the middle of such segments, and stands there. */
bool ws_in_step(const struct ws_analysis *a, int end, const struct ws_pace *p);
/* Ordinary segments came since, and nothing else. */
void ws_catch_up(struct ws_analysis *a, int end, const struct ws_pace *p);
/* Whether it can be told that data fills that end's window, which its next segments shift by *shift. */
bool ws_knows_scale(const struct ws_analysis *a, int end, int *shift);

#endif
