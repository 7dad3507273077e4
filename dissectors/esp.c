/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ESP and AH straight over IP (RFC 4303, RFC 4302): each direction has a security association of its own, named by its
 * SPI, with numbers that count up from 1. A new SPI is a renewed key.
 */
#include <string.h>

#include "base/reader.h"
#include "dissectors/tunnel_life.h"

#define PROTO_AH 51
#define ESP_MIN_LEN 16 /* SPI, number, and what any suite adds */

struct esp_side {
	uint32_t spi;
	bool known;
	struct counter_track numbers;
};

struct esp_state {
	struct tunnel_life life;
	struct esp_side side[2];
};

/* The IP protocol says what it is. */
static enum recognition esp_recognise(const struct chunk *c)
{
	return c->on_wire >= ESP_MIN_LEN ? RECOGNISE_YES : RECOGNISE_NO;
}

static void keep_numbers(struct esp_state *e, enum side side)
{
	e->life.sum.reordered[side] += e->side[side].numbers.reordered;
	e->life.sum.lost[side] += e->side[side].numbers.missing;
	e->side[side].numbers = (struct counter_track){0};
}

static void on_spi(struct esp_state *e, struct session *s, const struct chunk *c, uint32_t spi)
{
	struct esp_side *from = &e->side[c->side];

	if (from->known && from->spi == spi)
		return;
	if (from->known)
		tunnel_event(&e->life, s, TUNNEL_REKEY, c->side, &c->ref, "SPI", NULL);
	keep_numbers(e, c->side);
	from->known = true;
	from->spi = spi;
	e->life.sum.esp_spi = spi;
	tunnel_name_session(&e->life, "%08x", spi);
}

static enum dissect_verdict esp_datagram(void *state, struct session *s, const struct chunk *c)
{
	struct esp_state *e = state;
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	uint32_t spi, number;

	tunnel_begin(&e->life, TUNNEL_ESP);
	if (session_proto(s) == PROTO_AH)
		rd_skip(&r, 4);
	spi = rd_u32(&r);
	number = rd_u32(&r);
	if (!rd_ok(&r))
		return DISSECT_BAD;
	on_spi(e, s, c, spi);
	tunnel_number(&e->life, c->side, &c->ref, &e->side[c->side].numbers, number);
	tunnel_data(&e->life, c->side, &c->ref, c->on_wire);
	return DISSECT_OK;
}

static void esp_finish(void *state, struct session *s)
{
	struct esp_state *e = state;

	keep_numbers(e, SIDE_ORIG);
	keep_numbers(e, SIDE_RESP);
	e->life.sum.established = e->life.sum.data_pkts[SIDE_ORIG] && e->life.sum.data_pkts[SIDE_RESP];
	tunnel_finish(&e->life, s);
}

const struct dissector dissector_esp = {
	.name = "esp",
	.spec = "RFC 4303, RFC 4302",
	.ip_protos = {50, PROTO_AH},
	.state_size = sizeof(struct esp_state),
	.recognise = esp_recognise,
	.datagram = esp_datagram,
	.finish = esp_finish,
};
