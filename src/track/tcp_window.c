/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows: closed ones (RFC 9293, section 3.8.6), small ones that the sender fills once per round trip, and small
 * writes that wait for a delayed ACK (Nagle's algorithm, RFC 896, against RFC 1122, section 4.2.3.2).
 */
#include "base/seldom.h"
#include "base/seq.h"
#include "track/tcp_steps.h"

#define RELEASE_NS (5 * NS_PER_MS) /* what was held back goes out at once */
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

/* Called before last_ack is brought up to date. */
void window_packet(struct passing *w)
{
	struct half *own = w->own;
	uint32_t window = w->p->tcp.window;

	if ((own->flags & HALF_ACK_SENT) && seq_before(w->p->tcp.ack, own->last_ack))
		return;
	if (!(w->flags & TCP_SYN))
		window = window_of(w);
	if (!window && !(w->flags & (TCP_SYN | TCP_FIN)) &&
		!(w->peer->flags & HALF_FIN)) /* after its FIN nobody waits */
		window_closed(w);
	else if (window && (own->flags & HALF_ZERO))
		window_opened(w);
	if (w->flags & TCP_SYN)
		own->window = window;
	else
		window_announced(own, window);
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
	const struct rtts *asker = flow_rtts(f, side_other(s));
	int64_t handshake = trip_to(cold_of(f), s);

	return asker->samples && (!handshake || asker->min_ns < handshake) ? asker->min_ns : handshake;
}

static void small_released(struct passing *w)
{
	struct side_odd *o = flow_make_odd(w->f, w->side);
	int64_t waited = w->c->small_acked_ns[w->side] - w->own->last_data_ns;

	o->delayed_ack_stalls++;
	o->delayed_ack_ns += waited;
	if (!o->delayed_ack_first.frame)
		o->delayed_ack_first = passing_ref(w);
	stall_add(w, w->side, STALL_DELAYED_ACK, waited, w->own->last_data.frame);
}

SELDOM bool window_small_released(struct passing *w)
{
	int64_t held = w->now_ns - w->c->small_acked_ns[w->side];

	if (w->seq != w->own->small_end || held > RELEASE_NS + trip_to(w->c, w->side))
		return false;
	small_released(w);
	return true;
}

void window_small_answered(struct passing *w)
{
	struct half *peer = w->peer;
	int64_t waited = w->now_ns - peer->last_data_ns - trip_to(w->c, w->side);

	if (waited < DELAYED_ACK_MIN_NS || waited > DELAYED_ACK_MAX_NS) {
		peer->flags &= ~(uint32_t)HALF_SMALL;
		return;
	}
	peer->flags |= HALF_SMALL_ACKED;
	w->c->small_acked_ns[side_other(w->side)] = w->now_ns;
}

SELDOM void window_is_full(struct passing *w, uint32_t room, uint32_t mss)
{
	if (room == 0)
		flow_make_odd(w->f, w->side)->window_full++;
	if (mss <= w->peer->window)
		w->own->flags |= HALF_FULL | HALF_BLOCKED;
}

/* The sender waited: for the window, for nothing that we can see, or (counted elsewhere) for a repair. */
SELDOM void window_waited(struct passing *w)
{
	struct half *own = w->own;
	const struct repair *r = own->flags & HALF_REPAIR ? w->f->repair[w->side] : NULL;
	int64_t waited = w->now_ns - own->last_data_ns, trips;
	bool idle = w->f->talker == w->side && waited >= IDLE_STALL_NS;

	if (!idle && !(own->flags & (HALF_FULL | HALF_BLOCKED)))
		return;
	if (!own->last_data.frame || (own->flags & HALF_ZERO))
		return;
	if (r && (r->stalled_until_ns > own->last_data_ns || loss_has_holes(w->f, w->side)))
		return;
	trips = least_trip(w->f, SIDE_RESP) + least_trip(w->f, SIDE_ORIG);
	if ((own->flags & HALF_BLOCKED) && waited > READER_TRIPS * trips)
		flow_make_odd(w->f, w->side)->window_wait_ns += waited - trips;
	if (own->flags & HALF_FULL)
		flow_make_odd(w->f, w->side)->window_limited_ns += waited;
	else if (!idle)
		return;
	if ((own->flags & HALF_FULL) && waited > READER_TRIPS * trips)
		stall_add(w, w->side, STALL_RECEIVER_WINDOW, waited, own->last_data.frame);
	else if (waited >= IDLE_STALL_NS && waited > 4 * trips && !(own->flags & HALF_BLOCKED))
		stall_add(w, w->side, STALL_SENDER_IDLE, waited, own->last_data.frame);
}
