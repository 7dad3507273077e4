/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests of decode/: frames as hex text, decoded one after another with one decoder. */
#ifndef PCAPDX_TESTS_DECODE_HEX_H
#define PCAPDX_TESTS_DECODE_HEX_H

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/when.h"
#include "capture/capture.h"
#include "decode/decode.h"
#include "decode/packet.h"

#define LINK_ETHER 1
#define LINK_RAW 101

#define MACS "0200 0000 0002 0200 0000 0001 "
/* 192.0.2.1 > 192.0.2.9, id 0x1234, DF, ttl 64, TCP, total length 52 */
#define IP_52 "4500 0034 1234 4000 4006 0000 c000 0201 c000 0209 "
/* 40000 > 443, seq 1000, ack 2000, PSH ACK, window 501, TS val 7 ecr 9 */
#define TCP_TS "9c40 01bb 0000 03e8 0000 07d0 8018 01f5 0000 0000 0101 080a 0000 0007 0000 0009 "

struct bench {
	struct decoder *d;
	struct frame f;
	struct packet p;
	uint8_t *bytes; /* of exactly the frame's size, so that sanitizers see every read beyond */
};

static inline int bench_setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	hash_init();
	b->d = decoder_new(1 << 20);
	b->f.link_type = LINK_ETHER;
	b->f.clock_ns = b->f.ts_ns = NS_PER_S;
	*state = b;
	return 0;
}

static inline int bench_teardown(void **state)
{
	struct bench *b = *state;

	decoder_free(b->d);
	free(b->bytes);
	free(b);
	return 0;
}

/* Bytes of hex text; blanks are for the reader. */
static inline size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; *hex; hex++) {
		char pair[3] = { hex[0], hex[1], 0 };

		if (isspace((unsigned char)*hex))
			continue;
		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
		hex++;
	}
	return n;
}

/* Decodes the frame of which `keep` bytes were captured. Fields that must be set are filled with rubbish before. */
static inline const struct packet *decode_kept(struct bench *b, const char *hex, size_t keep)
{
	size_t n;

	free(b->bytes);
	b->bytes = malloc(strlen(hex) / 2 + 1);
	n = from_hex(hex, b->bytes);
	b->bytes = realloc(b->bytes, keep < n ? keep : n);
	b->f.data = b->bytes;
	b->f.captured = (uint32_t)(keep < n ? keep : n);
	b->f.on_wire = (uint32_t)n;
	b->f.number++;
	memset(&b->p, 0xa5, sizeof(b->p));
	decode_frame(b->d, &b->f, &b->p);
	return &b->p;
}

static inline const struct packet *decode_hex(struct bench *b, const char *hex)
{
	return decode_kept(b, hex, SIZE_MAX);
}

#define assert_addr(a, text)                                     \
	do {                                                     \
		char addr_out[ADDR_TEXT_SIZE];                   \
		assert_string_equal(addr_text(&(a), addr_out), text); \
	} while (0)

/* A test of a list, with a bench of its own. */
#define bench_test(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

#endif
