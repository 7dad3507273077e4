/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams, and packets of IP protocols that we do not follow further: counted per direction. */
#include "track/tracker_impl.h"

static void remember(struct passing *w)
{
	w->own->last = passing_ref(w);
	w->own->last_ns = w->now_ns;
	w->own->last_ip_id = w->p->ip_id;
	w->own->last_len = w->len;
	w->f->last_side = (uint8_t)w->side;
	w->f->last_ns = w->now_ns;
}

void udp_track(struct passing *w, struct tracked *out)
{
	struct half *own = w->own;

	if (duplicate_in_flow(w)) {
		duplicate_noted(w);
		out->duplicate = true;
		return;
	}
	flow_count(w);
	if (w->len) {
		own->bytes += w->len;
		own->data_segments++;
		own->last_data = passing_ref(w);
		own->last_data_ns = w->now_ns;
		if (!(own->flags & HALF_DATA)) {
			own->flags |= HALF_DATA;
			w->c->start[w->side].first_data = passing_ref(w);
			w->c->start[w->side].first_data_len = w->len;
		}
		if (w->len > own->largest_len)
			own->largest_len = w->len;
		turns_data(w);
		history_add(w->f, w->side, 'D');
	}
	key_frame_packet(w);
	remember(w);
	out->feed = w->p->kind == PACKET_UDP && w->len > 0;
}
