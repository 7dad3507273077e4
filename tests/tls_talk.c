/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tls_talk.h"

#include <ctype.h>
#include <string.h>


static void take(void *arg, const struct record *r)
{
	struct talk *t = arg;

	if (r->kind != RECORD_TLS)
		return;
	t->records++;
	record_copy(&t->got, r);
}

static void note_mark(void *arg, enum side side, const struct frame_ref *absolute, const char *label)
{
	struct talk *t = arg;

	(void)side;
	text_printf(&t->marks, "%d %s\n", (int)absolute->frame, label);
}

void talk_open(struct talk *t, uint8_t proto, uint16_t port, const struct keylog *keys)
{
	struct record_sink sink = { take, t };

	memset(t, 0, sizeof(*t));
	t->engine = dissect_engine_new(&sink, keys);
	t->head.proto = proto;
	t->head.orig_p = 40000;
	t->head.resp_p = port;
	t->owner.head = &t->head;
	t->owner.first_fin = t->owner.first_rst = SIDE_NONE;
	t->owner.mark = note_mark;
	t->owner.flow = t;
}

void talk_say(struct talk *t, enum side side, const void *bytes, size_t n)
{
	talk_say_cut(t, side, bytes, n, n);
}

void talk_say_cut(struct talk *t, enum side side, const void *bytes, size_t n, size_t on_wire)
{
	struct chunk c = { .data = bytes, .len = n, .on_wire = on_wire, .side = side };

	t->now_ns += 1000000;
	c.ref = (struct frame_ref){ ++t->frame, t->now_ns, 0 };
	t->owner.clock_ns = t->now_ns;
	if (t->head.proto == 17)
		session_datagram(t->engine, &t->session, &t->owner, &c);
	else
		session_stream(t->engine, &t->session, &t->owner, &c);
}

size_t talk_bytes(const char *hex, uint8_t *out, size_t size)
{
	size_t n = 0;

	for (; *hex && n < size; hex++) {
		unsigned value = 0;

		if (!isxdigit((unsigned char)*hex))
			continue;
		for (int i = 0; i < 2; i++, hex++)
			value = value << 4 |
				(unsigned)(isdigit((unsigned char)*hex) ? *hex - '0' : (*hex | 0x20) - 'a' + 10);
		hex--;
		out[n++] = (uint8_t)value;
	}
	return n;
}

void talk_hex(struct talk *t, enum side side, const char *hex)
{
	uint8_t bytes[4096];
	size_t n = talk_bytes(hex, bytes, sizeof(bytes));

	talk_say(t, side, bytes, n);
}

void talk_gap(struct talk *t, enum side side, uint64_t missing)
{
	struct frame_ref ref = { ++t->frame, t->now_ns += 1000000, 0 };

	session_gap(t->engine, &t->session, &t->owner, side, missing, &ref);
}

const struct tls *talk_close(struct talk *t)
{
	session_close(t->engine, &t->session, &t->owner);
	dissect_engine_free(t->engine);
	return &t->got.tls;
}
