/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one checked reader of packet bytes.
 *
 * A reader walks over bytes that it borrows. Beyond the last byte that was captured there may be bytes that were on
 * the wire and are lost (snap length, gap): reading into those sets CUT; reading past what was ever sent sets BAD.
 * After either, every read gives 0 and moves nothing, so a decoder reads straight down and tests the state once,
 * before it acts on a value.
 */
#ifndef PCAPDX_BASE_READER_H
#define PCAPDX_BASE_READER_H

#include <stddef.h>
#include <stdint.h>

enum reader_state {
	READER_OK,
	READER_CUT, /* the capture ran out: "capture more" */
	READER_BAD, /* the packet contradicts itself: "the sender is wrong" */
};

struct reader {
	const uint8_t *p;   /* next byte; p <= end */
	const uint8_t *end; /* one past the last byte that is here */
	size_t lost;	    /* bytes known to follow end on the wire, but not here */
	enum reader_state state;
};

/* A reader over `here` bytes at `data`, of which `on_wire` (>= here, else taken as here) were sent. */
static inline struct reader rd_make(const uint8_t *data, size_t here, size_t on_wire)
{
	struct reader r = { data, data ? data + here : data, on_wire > here ? on_wire - here : 0, READER_OK };
	return r;
}

static inline int rd_ok(const struct reader *r)
{
	return r->state == READER_OK;
}

/* Bytes that can still be read; 0 after an error. */
static inline size_t rd_left(const struct reader *r)
{
	return rd_ok(r) ? (size_t)(r->end - r->p) : 0;
}

/* The next n bytes, or NULL and CUT or BAD. A request of 0 bytes gives the place where the reader stands. */
static inline const uint8_t *rd_bytes(struct reader *r, size_t n)
{
	size_t left = (size_t)(r->end - r->p);
	const uint8_t *at = r->p;

	if (!rd_ok(r))
		return NULL;
	if (n > left) {
		r->state = n - left <= r->lost ? READER_CUT : READER_BAD;
		return NULL;
	}
	r->p += n;
	return at;
}

static inline void rd_skip(struct reader *r, size_t n)
{
	(void)rd_bytes(r, n);
}

static inline uint8_t rd_u8(struct reader *r)
{
	const uint8_t *b = rd_bytes(r, 1);
	return b ? b[0] : 0;
}

static inline uint16_t rd_u16(struct reader *r)
{
	const uint8_t *b = rd_bytes(r, 2);
	return b ? (uint16_t)(b[0] << 8 | b[1]) : 0;
}

static inline uint32_t rd_u24(struct reader *r)
{
	const uint8_t *b = rd_bytes(r, 3);
	return b ? (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2] : 0;
}

static inline uint32_t rd_u32(struct reader *r)
{
	const uint8_t *b = rd_bytes(r, 4);
	return b ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3] : 0;
}

static inline uint64_t rd_u64(struct reader *r)
{
	uint64_t high = rd_u32(r);
	return high << 32 | rd_u32(r);
}

static inline uint16_t rd_le16(struct reader *r)
{
	const uint8_t *b = rd_bytes(r, 2);
	return b ? (uint16_t)(b[1] << 8 | b[0]) : 0;
}

static inline uint32_t rd_le32(struct reader *r)
{
	const uint8_t *b = rd_bytes(r, 4);
	return b ? (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0] : 0;
}

static inline uint64_t rd_le64(struct reader *r)
{
	uint64_t low = rd_le32(r);
	return low | (uint64_t)rd_le32(r) << 32;
}

/*
 * A reader for the next n bytes (a length-prefixed part), which are skipped in r. Where the part reaches into lost
 * bytes, the sub-reader gets what is here and knows the rest as lost; r is then CUT. Where n is more than was ever
 * sent, both are BAD.
 */
static inline struct reader rd_sub(struct reader *r, size_t n)
{
	size_t left = (size_t)(r->end - r->p);
	struct reader sub = rd_make(r->p, n < left ? n : left, n);

	if (!rd_ok(r)) {
		sub.end = sub.p;
		sub.lost = 0;
		sub.state = r->state;
		return sub;
	}
	if (n > left + r->lost)
		sub.state = READER_BAD;
	rd_skip(r, n);
	return sub;
}

#endif
