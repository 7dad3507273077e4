/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input: a byte that chooses TCP, UDP, ESP or AH, then pieces, each with its length, its side and how much later it comes. All
 * of them go through the engine and the dissector that recognises them, or that the port chooses.
 */
#ifndef PCAPDX_TESTS_FUZZ_TUNNEL_H
#define PCAPDX_TESTS_FUZZ_TUNNEL_H

#include <stdbool.h>

#include "base/hash.h"
#include "base/reader.h"
#include "dissectors/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_take(void *arg, const struct record *r)
{
	(void)arg;
	(void)r;
}

static inline void fuzz_piece(
	struct dissect_engine *e, struct session **s, struct session_owner *o, struct reader *r, uint64_t frame)
{
	uint16_t how = rd_u16(r);
	size_t n = how & 0x3ff;
	int64_t later = how >> 11;
	const uint8_t *bytes = rd_bytes(r, n < rd_left(r) ? n : rd_left(r));
	struct frame_ref ref = {.frame = frame};
	struct chunk c = {.data = bytes, .side = (enum side)(how >> 10 & 1)};

	o->clock_ns += later * later * 100000000;
	ref.at_ns = o->clock_ns;
	c.ref = ref;
	c.len = bytes ? (size_t)(r->p - bytes) : 0;
	c.on_wire = c.len;
	if (o->head->proto != 6)
		session_datagram(e, s, o, &c);
	else if (later == 31)
		session_gap(e, s, o, c.side, c.len, &ref);
	else if (c.len)
		session_stream(e, s, o, &c);
}

static inline int fuzz_tunnel(const uint8_t *data, size_t size, uint16_t port)
{
	struct reader r = rd_make(data, size, size);
	struct record head;
	struct session_owner o = {.head = &head, .first_fin = SIDE_NONE, .first_rst = SIDE_NONE};
	struct record_sink sink = {fuzz_take, NULL};
	struct dissect_engine *e = dissect_engine_new(&sink, NULL);
	struct session *s = NULL;

	hash_init();
	record_init(&head, RECORD_CONN);
	head.proto = (const uint8_t[]){ 6, 17, 50, 51 }[rd_u8(&r) & 3];
	head.orig_p = 40000;
	head.resp_p = port;
	for (uint64_t frame = 1; rd_left(&r) > 2; frame++)
		fuzz_piece(e, &s, &o, &r, frame);
	session_close(e, &s, &o);
	dissect_engine_free(e);
	return 0;
}

#define FUZZ_TUNNEL(port) \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) \
	{ \
		return fuzz_tunnel(data, size, port); \
	}

#endif
