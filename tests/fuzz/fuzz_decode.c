/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames: the first byte chooses the link type, the rest is a list of frames, each behind its length in two bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "capture/capture.h"
#include "decode/decode.h"
#include "decode/packet.h"

static const uint8_t link_types[] = { 1, 0, 8, 9, 50, 51, 100, 101, 104, 105, 108, 109, 113, 119, 127, 163, 166, 178, 192,
	204, 205, 219, 228, 229, 239 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every payload byte is read, so that a wrong length is seen. */
static void use(struct packet *p)
{
	unsigned sum = packet_checksum(p);

	for (uint32_t i = 0; i < p->payload_len; i++)
		sum += p->payload[i];
	if (p->payload_len > p->payload_wire || p->tunnel_count > TUNNEL_DEPTH_MAX || (sum == 1 && p->kind > PACKET_FRAGMENT))
		abort();
}

/* A copy of its own, so that a read past the frame is seen. */
static void decode_one(struct decoder *d, struct frame *f, const uint8_t *data, uint16_t captured, uint16_t lost)
{
	uint8_t *copy = malloc(captured + 1u);
	struct packet p;

	memcpy(copy, data, captured);
	f->data = realloc(copy, captured ? captured : 1);
	f->captured = captured;
	f->on_wire = captured + lost;
	f->clock_ns = f->ts_ns += 1000000;
	f->number++;
	memset(&p, 0xa5, sizeof(p));
	decode_frame(d, f, &p);
	use(&p);
	free((void *)f->data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoder *d = decoder_new(100000);
	struct frame f = { 0 };

	if (size) {
		f.link_type = *data == 255 ? 276 : link_types[*data % sizeof(link_types)];
		data++;
		size--;
	}
	while (size > 3) {
		uint16_t length = (uint16_t)(data[0] << 8 | data[1]), lost = data[2];

		data += 3;
		size -= 3;
		if (length > size)
			length = (uint16_t)size;
		decode_one(d, &f, data, length, lost);
		data += length;
		size -= length;
	}
	decoder_free(d);
	return 0;
}
