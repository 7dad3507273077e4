/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tinc 1.1 (SPTPS): the meta connection over TCP and the packets over UDP, on the same port. */
#include "dissectors/tinc.h"

struct tinc_state {
	struct tunnel_life life;
	struct tinc_meta meta;
	struct tinc_udp udp;
};

static enum recognition tinc_recognise(const struct chunk *c)
{
	enum recognition meta = tinc_meta_recognise(c), udp;

	if (meta > RECOGNISE_UNLIKELY)
		return meta;
	udp = tinc_udp_recognise(c);
	return udp > meta ? udp : meta;
}

static enum dissect_verdict tinc_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct tinc_state *t = state;

	tunnel_begin(&t->life, TUNNEL_TINC);
	return tinc_meta_stream(&t->meta, &t->life, s, c, used);
}

/* A gap inside a record that is skipped never comes here. Behind any other the framing is lost. */
static enum dissect_verdict tinc_gap(
	void *state, struct session *s, enum side side, uint64_t missing, const struct frame_ref *ref)
{
	struct tinc_state *t = state;

	(void)s;
	(void)missing;
	(void)ref;
	t->meta.side[side].request = 0;
	return DISSECT_BAD;
}

/* Nothing in encrypted bytes shows where a record begins, but tinc writes whole ones: the next segment starts one. */
static size_t tinc_resync(void *state, const struct chunk *c)
{
	(void)state;
	return c->len;
}

static void tinc_end(void *state, struct session *s, enum side side, const struct frame_ref *ref)
{
	struct tinc_state *t = state;

	tinc_meta_end(&t->meta, &t->life, s, side, ref);
}

static enum dissect_verdict tinc_datagram(void *state, struct session *s, const struct chunk *c)
{
	struct tinc_state *t = state;

	tunnel_begin(&t->life, TUNNEL_TINC);
	return tinc_udp_datagram(&t->udp, &t->life, s, c);
}

static void tinc_finish(void *state, struct session *s)
{
	struct tinc_state *t = state;

	if (!session_is_udp(s) && session_first_rst(s) != SIDE_NONE)
		tinc_meta_end(&t->meta, &t->life, s, session_first_rst(s), &t->meta.last);
	tinc_meta_finish(&t->meta, &t->life);
	if (session_is_udp(s))
		tinc_udp_finish(&t->udp, &t->life);
	tunnel_finish(&t->life, s);
}

const struct dissector dissector_tinc = {
	.name = "tinc",
	.spec = "tinc 1.1 manual, chapter 7; its protocol 17.7",
	.tcp_ports = {655},
	.udp_ports = {655},
	.state_size = sizeof(struct tinc_state),
	.recognise = tinc_recognise,
	.stream = tinc_stream,
	.gap = tinc_gap,
	.resync = tinc_resync,
	.datagram = tinc_datagram,
	.end = tinc_end,
	.finish = tinc_finish,
};
