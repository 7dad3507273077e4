/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams, and packets of IP protocols that we do not follow further: counted per direction. */
#include "track/tcp_steps.h"

void udp_track(struct passing *w, struct tracked *out)
{
	struct half *own = w->own;

	if (duplicate_in_flow(w, false)) {
		duplicate_noted(w);
		out->duplicate = true;
		return;
	}
	flow_count(w);
	if (w->len) {
		own->bytes += w->len;
		own->data_segments++;
		turns_data(w);
		data_noted(w);
		history_add(w->f, w->side, 'D');
	}
	key_frame_packet(w);
	packet_remember(w);
	w->f->last_side = (uint8_t)w->side;
	w->f->last_ns = w->now_ns;
	out->feed = w->p->kind == PACKET_UDP && w->len > 0;
}
