/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wireshark's classes of segments. The order of the questions is part of the answer. */
#include "track/ws_analysis.h"

#include "base/seldom.h"
#include "base/seq.h"
#include "base/when.h"
#include "decode/packet.h"
#include "record/record.h"

#define SCALE_UNKNOWN (-1)
#define SCALE_NONE (-2)
#define SCALE_MAX 14
#define FAST_NS (20 * NS_PER_MS)	/* after the last ACK: a fast retransmission */
#define OUT_OF_ORDER_NS (3 * NS_PER_MS) /* after the furthest segment, when no round trip is known */

enum ws_class {
	RETRANSMISSION = 1 << 0,
	FAST_RETRANSMISSION = 1 << 1,
	SPURIOUS_RETRANSMISSION = 1 << 2,
	OUT_OF_ORDER = 1 << 3,
	DUPLICATE_ACK = 1 << 4,
	LOST_SEGMENT = 1 << 5,
	ACK_LOST_SEGMENT = 1 << 6,
	ZERO_WINDOW = 1 << 7,
	ZERO_WINDOW_PROBE = 1 << 8,
	ZERO_WINDOW_PROBE_ACK = 1 << 9,
	WINDOW_FULL = 1 << 10,
	WINDOW_UPDATE = 1 << 11,
	KEEP_ALIVE = 1 << 12,
	KEEP_ALIVE_ACK = 1 << 13,
	REUSED_PORTS = 1 << 14,
};

/* What is known of an end. */
enum ws_known {
	KNOWN_BASE = 1 << 0,
	KNOWN_WINDOW = 1 << 1,
	KNOWN_BEGINS = 1 << 2, /* no ACK without SYN came from it since its SYN */
	KNOWN_USUAL = KNOWN_BASE | KNOWN_WINDOW,
};

/* One segment, and the two ends as it sees them. */
struct seen {
	struct ws_analysis *a;
	struct ws_end *fwd, *rev;
	const struct tcp_header *tcp;
	uint32_t len;
	int64_t ns;
	bool plain;	   /* neither SYN nor FIN nor RST */
	bool takes_number; /* SYN or FIN */
	uint32_t class;
};

static inline bool in_line(const struct seen *s)
{
	return s->tcp->seq == s->fwd->next_seq;
}

static bool same_window(const struct seen *s)
{
	return (s->fwd->known & KNOWN_WINDOW) && s->tcp->window == s->fwd->window;
}

/* An ACK without data that repeats number and acknowledgment of the one before. */
static bool repeats_ack(const struct seen *s)
{
	return s->len == 0 && s->plain && in_line(s) && s->tcp->ack == s->fwd->last_ack;
}

static inline bool fills_window(const struct seen *s)
{
	const struct ws_end *rev = s->rev;
	int shift = (rev->known & KNOWN_BEGINS) || rev->scale == SCALE_NONE ? 0 : rev->scale;

	if (s->len == 0 || !s->plain || rev->scale == SCALE_UNKNOWN || !(rev->known & KNOWN_WINDOW))
		return false;
	return s->tcp->seq + s->len == rev->last_ack + ((uint32_t)rev->window << shift);
}

static bool is_zero_window_probe(const struct seen *s)
{
	return s->len == 1 && in_line(s) && (s->rev->known & KNOWN_WINDOW) && s->rev->window == 0;
}

static uint32_t window_classes(const struct seen *s)
{
	uint32_t class = 0;

	if (s->tcp->window == 0 && s->plain)
		class |= ZERO_WINDOW;
	if (s->fwd->next_seq && seq_after(s->tcp->seq, s->fwd->next_seq) && !(s->tcp->flags & TCP_RST))
		class |= LOST_SEGMENT;
	if (s->len <= 1 && s->plain && s->tcp->seq == s->fwd->next_seq - 1)
		class |= KEEP_ALIVE;
	if (repeats_ack(s) && s->tcp->window && !same_window(s))
		class |= WINDOW_UPDATE;
	if (fills_window(s))
		class |= WINDOW_FULL;
	return class;
}

static uint32_t ack_classes(struct seen *s)
{
	if (!repeats_ack(s) || !same_window(s))
		return 0;
	if (s->tcp->window && (s->rev->last_class & KEEP_ALIVE))
		return KEEP_ALIVE_ACK;
	if (s->tcp->window == 0)
		return s->rev->last_class & ZERO_WINDOW_PROBE ? ZERO_WINDOW_PROBE_ACK : 0;
	if (s->a->mptcp_kinds != s->fwd->mptcp_kinds)
		return 0; /* MPTCP repeats ACKs to carry its options (RFC 8684, section 4) */
	s->fwd->duplicate_acks = s->fwd->duplicate_acks == -1 ? 1 : s->fwd->duplicate_acks + 1;
	return DUPLICATE_ACK;
}

/* Acknowledges bytes that were not seen. Told once for a hole. */
static uint32_t unseen_class(struct seen *s)
{
	struct ws_end *rev = s->rev;
	uint32_t class = 0;

	if (!(s->tcp->flags & TCP_ACK) || !rev->max_to_ack || !seq_after(s->tcp->ack, rev->max_to_ack))
		return 0;
	if (seq_before(rev->max_to_ack, rev->next_seq)) {
		rev->max_to_ack = rev->next_seq;
		return ACK_LOST_SEGMENT;
	}
	if (rev->duplicate_acks == 0)
		class = ACK_LOST_SEGMENT;
	rev->duplicate_acks = -1;
	return class;
}

static bool is_out_of_order(const struct seen *s)
{
	uint64_t limit = s->a->first_rtt_ns ? (uint64_t)s->a->first_rtt_ns : OUT_OF_ORDER_NS;

	if ((uint64_t)(s->ns - s->fwd->next_ns) >= limit) /* time that ran back is far away */
		return false;
	return s->fwd->next_seq != s->tcp->seq + s->len + s->takes_number;
}

static uint32_t resent_class(const struct seen *s)
{
	bool old = s->fwd->next_seq && seq_before(s->tcp->seq, s->fwd->next_seq);

	if ((s->len == 0 && !s->takes_number) || (s->class & KEEP_ALIVE))
		return 0;
	if (s->len > 1 && s->fwd->next_seq - 1 == s->tcp->seq)
		old = false; /* the byte before may have been a probe */
	if (s->len && s->rev->last_ack && !seq_after(s->tcp->seq + s->len, s->rev->last_ack))
		return SPURIOUS_RETRANSMISSION;
	if (!old)
		return 0;
	/* Wireshark's counter has no sign: "acknowledged something unseen" passes for many duplicates. */
	if ((uint32_t)s->rev->duplicate_acks >= 2 && s->rev->last_ack == s->tcp->seq &&
		(uint64_t)(s->ns - s->rev->last_ack_ns) < FAST_NS)
		return FAST_RETRANSMISSION;
	return is_out_of_order(s) ? OUT_OF_ORDER : RETRANSMISSION;
}

static void classify(struct seen *s)
{
	if (is_zero_window_probe(s)) {
		s->class |= ZERO_WINDOW_PROBE;
	} else {
		s->class |= window_classes(s);
		s->class |= ack_classes(s);
	}
	s->class |= unseen_class(s);
	s->class |= resent_class(s);
}

/* An IP packet that claims to be longer than its frame ends with the frame for Wireshark. */
static OFTEN uint32_t length_of(const struct packet *p)
{
	return p->fault == FAULT_IP_LENGTH ? p->payload_len : p->payload_wire;
}

/* By how much its windows are shifted; of an unknown scale the largest there is, within which nothing is remarked. */
static inline uint8_t shift_of(const struct ws_end *e)
{
	if (e->scale == SCALE_UNKNOWN)
		return SCALE_MAX;
	return (uint8_t)((e->known & KNOWN_BEGINS) || e->scale == SCALE_NONE ? 0 : e->scale);
}

/*
 * Next in line, acknowledges what was seen, and says something new: none of the classes. What remains to be looked at
 * is what it leaves behind.
 */
static OFTEN bool is_ordinary(
	const struct ws_end *fwd, const struct ws_end *rev, const struct tcp_header *t, uint32_t len)
{
	uint32_t ahead;

	if ((t->flags & (TCP_SYN | TCP_RST | TCP_ACK)) != TCP_ACK || !t->window)
		return false;
	if ((fwd->known & rev->known & KNOWN_USUAL) != KNOWN_USUAL || t->seq != fwd->next_seq || !t->seq)
		return false;
	if (!rev->max_to_ack || seq_after(t->ack, rev->max_to_ack))
		return false;
	if (len == 0)
		return t->ack != fwd->last_ack || (t->flags & TCP_FIN);
	ahead = t->seq + len - rev->last_ack;
	return rev->last_ack && ahead && ahead < (uint32_t)rev->window << rev->shift;
}

/* What a segment leaves behind that ends at `next`, SYN and FIN counted. */
static OFTEN void remember_number(struct ws_end *fwd, uint32_t seq, uint32_t next, int64_t ns)
{
	if (!fwd->next_seq || seq_after(next, fwd->next_seq)) {
		fwd->next_seq = next;
		fwd->next_ns = ns;
	}
	if (!fwd->max_to_ack || seq == fwd->max_to_ack)
		fwd->max_to_ack = fwd->next_seq;
}

static OFTEN void remember(
	struct ws_analysis *a, struct ws_end *fwd, const struct tcp_header *t, uint32_t class, int64_t ns)
{
	if (t->ack != fwd->last_ack)
		fwd->duplicate_acks = 0;
	fwd->window = t->window;
	fwd->known |= KNOWN_WINDOW;
	fwd->last_ack = t->ack;
	fwd->last_ack_ns = ns;
	fwd->last_class = (uint16_t)class;
	fwd->mptcp_kinds = a->mptcp_kinds;
	a->mptcp_kinds = t->mptcp_kinds;
}

/* An ACK without SYN: the round trip of the handshake, and the scaling of windows. Known to the next segment only. */
static OFTEN void look_at_ack(struct ws_analysis *a, struct ws_end *fwd, const struct tcp_header *t, int64_t ns)
{
	if (a->syn_seen && a->first_rtt_ns == 0)
		a->first_rtt_ns = ns - a->syn_ns;
	if (!(fwd->known & KNOWN_BEGINS) && t->window_scale < 0)
		return;
	fwd->known &= (uint8_t)~KNOWN_BEGINS;
	if (t->window_scale >= 0)
		fwd->scale = t->window_scale;
	fwd->shift = shift_of(fwd);
}

static SELDOM void begin(struct ws_analysis *a)
{
	*a = (struct ws_analysis){ .begun = true };
	a->end[0].scale = a->end[1].scale = SCALE_UNKNOWN;
}

/* Whether ports are reused, and what that changes. */
static void find_conversation(struct seen *s)
{
	uint8_t kind = s->tcp->flags & (TCP_SYN | TCP_ACK);

	if (!(s->fwd->known & KNOWN_BASE) || !(kind & TCP_SYN))
		return;
	if (kind == TCP_SYN && s->tcp->seq != s->fwd->base_seq) {
		begin(s->a);
		s->class |= REUSED_PORTS;
	} else if (kind == TCP_SYN) {
		s->fwd->next_seq = s->fwd->max_to_ack;
	} else if (s->tcp->seq != s->fwd->base_seq) {
		s->fwd->base_seq = s->tcp->seq;
		s->class |= REUSED_PORTS;
	}
}

static void find_bases(struct seen *s)
{
	if (!(s->fwd->known & KNOWN_BASE))
		s->fwd->base_seq = s->tcp->seq - !(s->tcp->flags & TCP_SYN);
	s->fwd->known |= KNOWN_BASE;
	if ((s->rev->known & KNOWN_BASE) || !(s->tcp->flags & TCP_ACK))
		return;
	s->rev->base_seq = s->tcp->ack - 1;
	s->rev->known |= KNOWN_BASE;
}

static SELDOM void look_at_syn(struct seen *s, uint8_t kind)
{
	s->fwd->known |= KNOWN_BEGINS;
	if (kind == TCP_SYN) {
		s->a->syn_ns = s->ns;
		s->a->syn_seen = true;
	}
	if (s->fwd->scale == SCALE_UNKNOWN)
		s->fwd->scale = s->rev->scale = SCALE_NONE;
	else if (kind != TCP_SYN && s->rev->scale == SCALE_NONE)
		s->fwd->scale = SCALE_NONE;
}

static void look_at_handshake(struct seen *s)
{
	uint8_t kind = s->tcp->flags & (TCP_SYN | TCP_ACK);

	if (kind == TCP_ACK) {
		look_at_ack(s->a, s->fwd, s->tcp, s->ns);
		return;
	}
	if (s->tcp->window_scale >= 0)
		s->fwd->scale = s->tcp->window_scale;
	if (kind & TCP_SYN)
		look_at_syn(s, kind);
}

/* Wireshark files fast and spurious retransmissions under tcp.analysis.retransmission too. */
SELDOM void ws_count(uint32_t class, struct tcp_analysis *n)
{
	n->retransmission += (class & (RETRANSMISSION | FAST_RETRANSMISSION | SPURIOUS_RETRANSMISSION)) != 0;
	n->fast_retransmission += (class & FAST_RETRANSMISSION) != 0;
	n->spurious_retransmission += (class & SPURIOUS_RETRANSMISSION) != 0;
	n->out_of_order += (class & OUT_OF_ORDER) != 0;
	n->duplicate_ack += (class & DUPLICATE_ACK) != 0;
	n->lost_segment += (class & LOST_SEGMENT) != 0;
	n->ack_lost_segment += (class & ACK_LOST_SEGMENT) != 0;
	n->zero_window += (class & ZERO_WINDOW) != 0;
	n->zero_window_probe += (class & ZERO_WINDOW_PROBE) != 0;
	n->zero_window_probe_ack += (class & ZERO_WINDOW_PROBE_ACK) != 0;
	n->window_full += (class & WINDOW_FULL) != 0;
	n->window_update += (class & WINDOW_UPDATE) != 0;
	n->keep_alive += (class & KEEP_ALIVE) != 0;
	n->keep_alive_ack += (class & KEEP_ALIVE_ACK) != 0;
	n->reused_ports += (class & REUSED_PORTS) != 0;
}

static inline struct seen seen_of(struct ws_analysis *a, struct ws_end *fwd, struct ws_end *rev, const struct packet *p)
{
	struct seen s = {.a = a, .fwd = fwd, .rev = rev, .tcp = &p->tcp, .len = length_of(p), .ns = p->ts_ns};

	s.plain = !(p->tcp.flags & (TCP_SYN | TCP_FIN | TCP_RST));
	s.takes_number = (p->tcp.flags & (TCP_SYN | TCP_FIN)) != 0;
	return s;
}

static SELDOM uint32_t judge(struct ws_analysis *a, struct ws_end *fwd, struct ws_end *rev, const struct packet *p)
{
	struct seen s = seen_of(a, fwd, rev, p);

	if (!a->begun)
		begin(a);
	find_conversation(&s);
	find_bases(&s);
	classify(&s);
	if (!(s.class & ZERO_WINDOW_PROBE))
		remember_number(fwd, s.tcp->seq, s.tcp->seq + s.len + s.takes_number, s.ns);
	remember(a, fwd, s.tcp, s.class, s.ns);
	look_at_handshake(&s);
	fwd->shift = shift_of(fwd);
	rev->shift = shift_of(rev);
	return s.class;
}

uint32_t ws_segment(struct ws_analysis *a, struct ws_end *fwd, struct ws_end *rev, const struct packet *p)
{
	uint32_t len = length_of(p), end = p->tcp.seq + len + ((p->tcp.flags & TCP_FIN) != 0);

	if (!is_ordinary(fwd, rev, &p->tcp, len))
		return judge(a, fwd, rev, p);
	remember_number(fwd, p->tcp.seq, end, p->ts_ns);
	remember(a, fwd, &p->tcp, 0, p->ts_ns);
	look_at_ack(a, fwd, &p->tcp, p->ts_ns);
	return 0;
}

/* Windows are scaled where both SYNs announce it. */
static int8_t scale_of(const struct ws_course *c, const struct ws_course *other)
{
	if (c->begun && other->begun)
		return c->scale >= 0 && other->scale >= 0 ? c->scale : SCALE_NONE;
	if (c->begun)
		return c->scale >= 0 ? c->scale : SCALE_NONE;
	return other->scale >= 0 ? SCALE_UNKNOWN : SCALE_NONE;
}

static void set_course(struct ws_end *e, const struct ws_course *c, const struct ws_course *other)
{
	*e = (struct ws_end){ .scale = scale_of(c, other) };
	if (c->begun) {
		e->next_ns = c->pace.next_ns;
		e->last_ack_ns = c->pace.last_ack_ns;
		e->base_seq = c->base_seq;
		e->next_seq = e->max_to_ack = c->pace.next_seq;
		e->last_ack = c->pace.last_ack;
		e->window = c->pace.window;
		e->known = KNOWN_USUAL | (c->begins ? KNOWN_BEGINS : 0);
	}
	e->shift = shift_of(e);
}

void ws_begin_course(
	struct ws_analysis *a, int opener, const struct ws_course course[2], int64_t syn_ns, int64_t first_rtt_ns)
{
	set_course(&a->end[opener], &course[0], &course[1]);
	set_course(&a->end[1 - opener], &course[1], &course[0]);
	a->syn_ns = syn_ns;
	a->first_rtt_ns = first_rtt_ns;
	a->mptcp_kinds = 0;
	a->syn_seen = a->begun = true;
}

bool ws_in_step(const struct ws_analysis *a, int end, const struct ws_pace *p)
{
	const struct ws_end *e = &a->end[end];

	if ((a->syn_seen && a->first_rtt_ns == 0) || a->mptcp_kinds || e->mptcp_kinds || e->last_class)
		return false;
	return (e->known & (KNOWN_USUAL | KNOWN_BEGINS)) == KNOWN_USUAL && e->next_seq == p->next_seq &&
	       e->max_to_ack == p->next_seq && e->last_ack == p->last_ack && e->last_ack_ns == p->last_ack_ns &&
	       e->window == p->window;
}

void ws_catch_up(struct ws_analysis *a, int end, const struct ws_pace *p)
{
	struct ws_end *e = &a->end[end];

	if (e->next_seq != p->next_seq) {
		e->next_seq = e->max_to_ack = p->next_seq;
		e->next_ns = p->next_ns;
	}
	if (e->last_ack != p->last_ack)
		e->duplicate_acks = 0;
	e->last_ack = p->last_ack;
	e->last_ack_ns = p->last_ack_ns;
	e->window = p->window;
}

bool ws_knows_scale(const struct ws_analysis *a, int end, int *shift)
{
	*shift = a->end[end].shift;
	return a->end[end].scale != SCALE_UNKNOWN;
}
