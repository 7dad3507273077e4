/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmocka_all.h"

#include <string.h>

#include "reassemble_cases.h"

enum engine_kind engine;

void feed(struct rig *g, enum side side, uint8_t flags, uint32_t seq, uint32_t ack, const char *text)
{
	rig_feed(g, &(struct rig_segment){side, flags, seq, ack, text, (uint32_t)strlen(text), 0});
}

/* The log since the last look. */
void expect(struct rig *g, const char *want)
{
	assert_string_equal(text_str(&g->log), want);
	text_clear(&g->log);
}

void begin(struct rig *g)
{
	rig_open(g, engine, BIG, BIG / 4);
	rig_handshake(g); /* frames 1 to 3 */
	expect(g, "");
}

void end(struct rig *g)
{
	rig_close(g);
	assert_int_equal(reassembler_held_bytes(g->r), 0);
	assert_int_equal(g->ends[0], 1);
	assert_int_equal(g->ends[1], 1);
	rig_free(g);
}


int use_native(void **state)
{
	(void)state;
	engine = ENGINE_NATIVE;
	return 0;
}

int use_nids(void **state)
{
	(void)state;
	engine = ENGINE_NIDS;
	return 0;
}

int use_both(void **state)
{
	(void)state;
	engine = ENGINE_BOTH;
	return 0;
}
