/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zeek's `history` and `conn_state` of a conversation, as its documentation of conn.log defines them. */
#include <string.h>

#include "track/tracker_impl.h"

#define LOWER ('a' - 'A')

void history_first(struct flow *f, enum side side, char letter)
{
	struct cold *c = cold_of(f);

	f->history_seen |= history_bit(side, letter);
	f->keep = true;
	if (c->history_len + 1u < sizeof(c->history))
		c->history[c->history_len++] = (char)(side == SIDE_RESP ? letter + LOWER : letter);
}

/* Letters that are told again at the 10th, 100th, ... time. */
void history_again(struct flow *f, enum side side, char letter)
{
	static const char letters[] = "CGTW";
	uint32_t n = ++flow_rare(f)->again[side][strchr(letters, letter) - letters], power = 1;

	while (power < n && power <= UINT32_MAX / 10)
		power *= 10;
	if (n != power)
		return;
	f->history_seen &= ~history_bit(side, letter);
	history_add(f, side, letter);
}

static void history_flags(struct passing *w)
{
	uint8_t f = w->flags;

	if ((f & TCP_SYN) && (f & (TCP_FIN | TCP_RST)))
		history_add(w->f, w->side, 'Q');
	else if (f & TCP_SYN)
		history_add(w->f, w->side, f & TCP_ACK ? 'H' : 'S');
	if (f & TCP_RST)
		history_add(w->f, w->side, 'R');
	else if (f & TCP_FIN)
		history_add(w->f, w->side, 'F');
}

void history_packet(struct passing *w)
{
	if (w->flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
		history_flags(w);
		return;
	}
	if (!w->len && (w->flags & TCP_ACK))
		history_add(w->f, w->side, 'A');
	if (!w->p->tcp.window)
		history_again(w->f, w->side, 'W');
}

#define STATE(text) ((struct conn_state){text})

/* Of a side whose SYN is not in the capture Zeek says that it is inactive, until it ends. */
static struct conn_state partial_state(uint32_t orig, uint32_t resp)
{
	bool fin_orig = (orig & HALF_FIN) != 0, fin_resp = (resp & HALF_FIN) != 0;

	if (fin_orig && fin_resp)
		return STATE("SF");
	if (resp & HALF_RST_SEEN)
		return fin_orig ? STATE("RSTR") : STATE("RSTRH");
	if (orig & HALF_RST_SEEN)
		return fin_resp ? STATE("RSTO") : STATE("RSTOS0");
	if (fin_orig)
		return STATE("SH");
	return fin_resp ? STATE("SHR") : STATE("OTH");
}

static struct conn_state tcp_state(const struct flow *f)
{
	const struct cold *c = cold_of(f);
	uint32_t orig = f->half[SIDE_ORIG].flags, resp = f->half[SIDE_RESP].flags;
	bool fin_orig = (orig & HALF_FIN) != 0, fin_resp = (resp & HALF_FIN) != 0;
	bool rst_orig = (orig & HALF_RST_SEEN) != 0, rst_resp = (resp & HALF_RST_SEEN) != 0;

	if (f->midstream || (!c->syns && !f->half[SIDE_ORIG].pkts))
		return partial_state(orig, resp);
	if (!c->syn_acks)
		return rst_resp ? STATE("REJ") : rst_orig ? STATE("RSTOS0") : fin_orig ? STATE("SH") : STATE("S0");
	if (fin_orig && fin_resp)
		return STATE("SF");
	if (rst_orig || rst_resp)
		return f->first_rst == SIDE_ORIG ? STATE("RSTO") : STATE("RSTR");
	if (fin_orig)
		return STATE("S2");
	return fin_resp ? STATE("S3") : STATE("S1");
}

struct conn_state conn_state(const struct flow *f)
{
	if (f->key.proto == 6)
		return tcp_state(f);
	if (f->key.proto != 17)
		return STATE("OTH");
	if (!f->half[SIDE_ORIG].pkts)
		return STATE("SHR");
	return f->half[SIDE_RESP].pkts ? STATE("SF") : STATE("S0");
}
