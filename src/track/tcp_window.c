/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows: closed ones (RFC 9293, section 3.8.6), small ones that the sender fills once per round trip, and small
 * writes that wait for a delayed ACK (Nagle's algorithm, RFC 896, against RFC 1122, section 4.2.3.2).
 */
#include "base/seldom.h"
#include "base/seq.h"
#include "track/tracker_impl.h"

#define WAIT_MIN_NS NS_PER_MS		     /* a shorter wait for the window is none */
#define DELAYED_ACK_MIN_NS (25 * NS_PER_MS)  /* delayed ACKs come after 40 ms (Linux) to 200 ms (Windows, BSD); */
#define DELAYED_ACK_MAX_NS (250 * NS_PER_MS) /* RFC 1122 allows 500 */
#define RELEASE_NS (5 * NS_PER_MS)	     /* what was held back goes out at once */
#define IDLE_STALL_NS (200 * NS_PER_MS)	     /* a sender that pauses within its own run of data */
#define USUAL_MSS 1460
#define READER_TRIPS 2 /* a wait for the window that is longer waits for the reader, not for the path */

static SELDOM void window_closed(struct passing *w)
{
	struct side_odd *o;

	if (w->own->flags & HALF_ZERO)
		return;
	o = flow_make_odd(w->f, w->side);
	w->own->flags |= HALF_ZERO;
	w->peer->flags |= HALF_BLOCKED;
	w->f->keep = true;
	o->zero_since_ns = w->now_ns;
	if (o->zero_windows++ == 0)
		o->zero_window_first = passing_ref(w);
	o->zero_window_open_ns = w->at_ns;
}

static SELDOM void window_opened(struct passing *w)
{
	struct side_odd *o = flow_make_odd(w->f, w->side);
	int64_t lasted = w->now_ns - o->zero_since_ns;

	w->f->keep = true;
	w->own->flags &= ~(uint32_t)HALF_ZERO;
	w->peer->flags &= ~(uint32_t)HALF_FULL;
	o->zero_window_ns += lasted;
	o->zero_window_open_ns = UNSET;
	stall_add(w, side_other(w->side), STALL_RECEIVER_WINDOW, lasted, w->peer->last_data.frame);
}

/* The window that a packet with ACK announces. Called before last_ack is brought up to date. */
void window_packet(struct passing *w)
{
	struct half *own = w->own;
	uint32_t window = w->p->tcp.window;
	bool scaled = (own->flags & HALF_SCALE) && (w->peer->flags & HALF_SCALE) && !(w->flags & TCP_SYN);

	if ((own->flags & HALF_ACK_SENT) && seq_before(w->p->tcp.ack, own->last_ack))
		return;
	if (scaled)
		window <<= own->scale;
	if (!(w->flags & TCP_SYN)) {
		own->window_min = window < own->window_min ? window : own->window_min;
		own->window_max = window > own->window_max ? window : own->window_max;
	}
	if (!window && !(w->flags & (TCP_SYN | TCP_FIN)) &&
		!(w->peer->flags & HALF_FIN)) /* after its FIN nobody waits */
		window_closed(w);
	else if (window && (own->flags & HALF_ZERO))
		window_opened(w);
	own->window = window;
	own->flags |= HALF_WINDOW;
}

static int64_t known(int64_t ns)
{
	return ns == UNSET ? 0 : ns;
}

/* Round trip between the capture and a side. */
static int64_t trip_to(const struct cold *c, enum side s)
{
	return known(s == SIDE_RESP ? c->rtt_server_ns : c->rtt_client_ns);
}

/* The same, as quick as it ever was: the handshake may have waited for ARP, data for a delayed ACK. */
static int64_t least_trip(const struct flow *f, enum side s)
{
	const struct rtts *asker = &cold_of(f)->rtt[side_other(s)];
	int64_t handshake = trip_to(cold_of(f), s);

	return asker->samples && (!handshake || asker->min_ns < handshake) ? asker->min_ns : handshake;
}

static SELDOM void small_released(struct passing *w)
{
	struct side_odd *o = flow_make_odd(w->f, w->side);
	int64_t waited = w->c->small_acked_ns[w->side] - w->own->last_data_ns;

	o->delayed_ack_stalls++;
	o->delayed_ack_ns += waited;
	if (!o->delayed_ack_first.frame)
		o->delayed_ack_first = passing_ref(w);
	stall_add(w, w->side, STALL_DELAYED_ACK, waited, w->own->last_data.frame);
}

/* A small write goes out while nothing else is under way: the next one has to wait for its ACK. */
static void small_data(struct passing *w)
{
	struct half *own = w->own;
	uint32_t mss = w->peer->mss ? w->peer->mss : USUAL_MSS;
	bool acked = (own->flags & HALF_SMALL_ACKED) != 0;

	own->flags &= ~(uint32_t)(HALF_SMALL | HALF_SMALL_ACKED);
	if (acked && w->seq == own->small_end &&
		w->now_ns - w->c->small_acked_ns[w->side] <= RELEASE_NS + trip_to(w->c, w->side)) {
		small_released(w);
		return;
	}
	if (!(own->flags & HALF_ACKED_SET) || own->acked != w->seq || w->len + 40 >= mss)
		return;
	own->flags |= HALF_SMALL;
	own->small_end = w->end;
}

void window_small_acked(struct passing *w)
{
	struct half *peer = w->peer;
	int64_t waited;

	if ((peer->flags & (HALF_SMALL | HALF_SMALL_ACKED)) != HALF_SMALL)
		return;
	waited = w->now_ns - peer->last_data_ns - trip_to(w->c, w->side);
	if (w->len || w->p->tcp.ack != peer->small_end || waited < DELAYED_ACK_MIN_NS || waited > DELAYED_ACK_MAX_NS) {
		peer->flags &= ~(uint32_t)HALF_SMALL;
		return;
	}
	peer->flags |= HALF_SMALL_ACKED;
	w->c->small_acked_ns[side_other(w->side)] = w->now_ns;
}

static void full_window(struct passing *w)
{
	struct half *own = w->own, *peer = w->peer;
	uint32_t room, mss = own->largest_len ? own->largest_len : 1;
	uint32_t needed = HALF_WINDOW | HALF_ACK_SENT | HALF_SYN;

	own->flags &= ~(uint32_t)(HALF_FULL | HALF_BLOCKED);
	if ((peer->flags & needed) != needed || !(own->flags & HALF_SYN) || !peer->window)
		return;
	room = peer->last_ack + peer->window - w->end;
	if (room == 0)
		flow_make_odd(w->f, w->side)->window_full++;
	if (room < mss && mss <= peer->window)
		own->flags |= HALF_FULL | HALF_BLOCKED;
}

/* The sender waited: for the window, for nothing that we can see, or (counted elsewhere) for a repair. */
static void note_wait(struct passing *w)
{
	struct half *own = w->own;
	const struct repair *r = w->f->repair[w->side];
	int64_t waited = w->now_ns - own->last_data_ns, trips;

	if (!own->last_data.frame || waited < WAIT_MIN_NS || (own->flags & HALF_ZERO))
		return;
	if (r && (r->stalled_until_ns > own->last_data_ns || loss_has_holes(w->f, w->side)))
		return;
	trips = least_trip(w->f, SIDE_RESP) + least_trip(w->f, SIDE_ORIG);
	if ((own->flags & HALF_BLOCKED) && waited > READER_TRIPS * trips)
		flow_make_odd(w->f, w->side)->window_wait_ns += waited - trips;
	if (own->flags & HALF_FULL)
		flow_make_odd(w->f, w->side)->window_limited_ns += waited;
	else if (w->f->talker != w->side || waited < IDLE_STALL_NS)
		return;
	if ((own->flags & HALF_FULL) && waited > READER_TRIPS * trips)
		stall_add(w, w->side, STALL_RECEIVER_WINDOW, waited, own->last_data.frame);
	else if (waited >= IDLE_STALL_NS && waited > 4 * trips && !(own->flags & HALF_BLOCKED))
		stall_add(w, w->side, STALL_SENDER_IDLE, waited, own->last_data.frame);
}

/* New data of this side; called before last_data and talker are brought up to date. */
void window_data(struct passing *w)
{
	struct half *own = w->own;
	uint32_t in_flight = (own->flags & HALF_ACKED_SET) ? own->next_seq - own->acked : 0;

	if (in_flight > own->highest_in_flight && in_flight < UINT32_C(1) << 30)
		own->highest_in_flight = in_flight;
	note_wait(w);
	small_data(w);
	full_window(w);
}
