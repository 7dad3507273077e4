/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lz4 (LZ4 Frame Format 1.6.3) and its legacy frames. Blocks are unpacked by liblz4; frames are read here, because a
 * block of up to 8 MiB that ends too early can be unpacked to where it ends, and the library would keep it.
 */
#include <lz4.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/text.h"
#include "capture/codec.h"

#define DICT_MAX ((size_t)64 << 10) /* how far back a match reaches */
#define LEGACY_BLOCK ((size_t)8 << 20)
#define MIN_MATCH 4

enum flag { /* of the frame descriptor */
	FLAG_DICT_ID = 0x01,
	FLAG_SUM = 0x04,
	FLAG_SIZE = 0x08,
	FLAG_BLOCK_SUMS = 0x10,
	FLAG_INDEPENDENT = 0x20,
};

enum expects {
	EXPECTS_MAGIC,
	EXPECTS_FLAGS,	   /* FLG and BD */
	EXPECTS_REST,	   /* of the frame descriptor */
	EXPECTS_BLOCK_SIZE,
	EXPECTS_BLOCK,	   /* with its checksum */
	EXPECTS_SUM,	   /* of the content */
	EXPECTS_NOTHING,
};

struct lz4 {
	enum expects expects;
	bool legacy, stored; /* stored: the block at hand is not packed */
	uint8_t flags;
	size_t block_max, block; /* block: bytes of the one at hand */
	uint8_t *in;		 /* what came of what is expected */
	size_t in_len, in_room, wanted;
	uint8_t *out;		 /* up to DICT_MAX bytes of before, then the block */
	size_t dict, made, given;
	XXH32_state_t sum;
};

static uint32_t le32(const uint8_t *b)
{
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void expect(struct lz4 *z, enum expects what, size_t n)
{
	z->expects = what;
	z->wanted = n;
	z->in_len = 0;
}

static void *lz4_open_as(bool legacy)
{
	struct lz4 *z = xcalloc(1, sizeof(*z));

	z->legacy = legacy;
	expect(z, EXPECTS_MAGIC, 4);
	return z;
}

static void *lz4_open(void)
{
	return lz4_open_as(false);
}

static void *lz4_legacy_open(void)
{
	return lz4_open_as(true);
}

static void lz4_close(void *state)
{
	struct lz4 *z = state;

	if (!z)
		return;
	free(z->in);
	free(z->out);
	free(z);
}

/* True: all that is expected is here. Room grows with what comes, not with what is promised. */
static bool gather(struct lz4 *z, struct codec_span *s)
{
	size_t n = z->wanted - z->in_len < s->in_left ? z->wanted - z->in_len : s->in_left;

	if (z->in_len + n > z->in_room) {
		z->in_room = (z->in_len + n) * 2;
		z->in = xrealloc(z->in, z->in_room);
	}
	if (n)
		memcpy(z->in + z->in_len, s->in, n);
	z->in_len += n;
	s->in += n;
	s->in_left -= n;
	return z->in_len == z->wanted;
}

static bool give(struct lz4 *z, struct codec_span *s)
{
	size_t n = z->made - z->given < s->out_left ? z->made - z->given : s->out_left;

	if (n)
		memcpy(s->out, z->out + z->dict + z->given, n);
	s->out += n;
	s->out_left -= n;
	z->given += n;
	return z->given == z->made;
}

/* What was made last stays as far as the next block may look back. */
static void make_dict(struct lz4 *z)
{
	size_t have = z->dict + z->made, keep = have < DICT_MAX ? have : DICT_MAX;

	if (z->legacy || z->flags & FLAG_INDEPENDENT)
		keep = 0;
	memmove(z->out, z->out + have - keep, keep);
	z->dict = keep;
	z->made = z->given = 0;
}

static bool begin_frame(struct lz4 *z, size_t block_max)
{
	z->block_max = block_max;
	z->dict = z->made = z->given = 0;
	z->out = xrealloc(z->out, DICT_MAX + block_max);
	XXH32_reset(&z->sum, 0);
	expect(z, EXPECTS_BLOCK_SIZE, 4);
	return true;
}

static bool read_flags(struct lz4 *z)
{
	unsigned code = z->in[1] >> 4 & 7;

	z->flags = z->in[0];
	if (z->flags >> 6 != 1 || code < 4)
		return false;
	z->block_max = (size_t)1 << (8 + 2 * code);
	expect(z, EXPECTS_REST, (z->flags & FLAG_SIZE ? 8u : 0u) + (z->flags & FLAG_DICT_ID ? 4u : 0u) + 1);
	return true;
}

static bool read_block_size(struct lz4 *z)
{
	uint32_t size = le32(z->in);

	make_dict(z);
	if (!z->legacy && size == 0) {
		expect(z, z->flags & FLAG_SUM ? EXPECTS_SUM : EXPECTS_NOTHING, z->flags & FLAG_SUM ? 4 : 0);
		return true;
	}
	z->stored = !z->legacy && size >> 31;
	z->block = z->legacy ? size : size & 0x7fffffff;
	if (z->block == 0 || z->block > (z->legacy ? (size_t)LZ4_COMPRESSBOUND(LEGACY_BLOCK) : z->block_max))
		return false;
	expect(z, EXPECTS_BLOCK, z->block + (z->flags & FLAG_BLOCK_SUMS ? 4u : 0u));
	return true;
}

static bool unpack_block(struct lz4 *z)
{
	uint8_t *out = z->out + z->dict;
	int n;

	if (z->flags & FLAG_BLOCK_SUMS && XXH32(z->in, z->block, 0) != le32(z->in + z->block))
		return false;
	if (z->stored) {
		memcpy(out, z->in, z->block);
		n = (int)z->block;
	} else {
		n = LZ4_decompress_safe_usingDict((const char *)z->in, (char *)out, (int)z->block, (int)z->block_max,
			(const char *)z->out, (int)z->dict);
	}
	if (n < 0)
		return false;
	z->made = (size_t)n;
	XXH32_update(&z->sum, out, z->made);
	expect(z, EXPECTS_BLOCK_SIZE, 4);
	return true;
}

/* All that is expected is here; false: it makes no sense. */
static bool read_part(struct lz4 *z)
{
	switch (z->expects) {
	case EXPECTS_MAGIC:
		if (z->legacy)
			return begin_frame(z, LEGACY_BLOCK);
		expect(z, EXPECTS_FLAGS, 2);
		return true;
	case EXPECTS_FLAGS:
		return read_flags(z);
	case EXPECTS_REST:
		return begin_frame(z, z->block_max);
	case EXPECTS_BLOCK_SIZE:
		return read_block_size(z);
	case EXPECTS_BLOCK:
		return unpack_block(z);
	case EXPECTS_SUM:
		expect(z, EXPECTS_NOTHING, 0);
		return XXH32_digest(&z->sum) == le32(z->in);
	case EXPECTS_NOTHING:
		break;
	}
	return true;
}

static enum codec_status lz4_step(void *state, struct codec_span *s, const char **why)
{
	struct lz4 *z = state;

	while (give(z, s)) {
		if (z->expects == EXPECTS_NOTHING)
			return CODEC_ENDED;
		if (!gather(z, s))
			return CODEC_MORE;
		if (!read_part(z)) {
			*why = "damaged";
			return CODEC_FAILED;
		}
	}
	return CODEC_MORE;
}

/* A length: 15 in its nibble says that bytes follow, of which the first below 255 is the last. */
static size_t length(const uint8_t **p, const uint8_t *end, size_t nibble)
{
	uint8_t more = 255;

	while (nibble >= 15 && more == 255 && *p < end) {
		more = *(*p)++;
		nibble += more;
	}
	return nibble;
}

/* The sequences of a block up to where it ends (LZ4 Block Format); never more than the block may hold. */
static void unpack_cut(struct lz4 *z, const uint8_t *p, const uint8_t *end)
{
	uint8_t *begin = z->out, *at = z->out + z->dict, *limit = at + z->block_max;

	while (p < end) {
		uint8_t token = *p++;
		size_t n = length(&p, end, token >> 4), back;

		n = n < (size_t)(end - p) ? n : (size_t)(end - p);
		n = n < (size_t)(limit - at) ? n : (size_t)(limit - at);
		memcpy(at, p, n);
		p += n;
		at += n;
		if (end - p < 2)
			break;
		back = (size_t)(p[0] | p[1] << 8);
		p += 2;
		if ((token & 15) == 15 && p == end)
			break; /* the length is cut */
		n = length(&p, end, token & 15) + MIN_MATCH;
		if (back == 0 || back > (size_t)(at - begin))
			break;
		for (; n && at < limit; n--, at++)
			*at = *(at - back);
	}
	z->made = (size_t)(at - begin) - z->dict;
}

/* A legacy file ends behind any of its blocks. */
static bool lz4_rest(void *state, struct codec_span *s)
{
	struct lz4 *z = state;
	size_t n = z->in_len < z->block ? z->in_len : z->block;

	if (z->expects == EXPECTS_BLOCK) {
		if (z->stored) {
			memcpy(z->out + z->dict, z->in, n);
			z->made = n;
		} else {
			unpack_cut(z, z->in, z->in + n);
		}
		expect(z, EXPECTS_NOTHING, 0);
	}
	return give(z, s) && z->legacy && z->expects == EXPECTS_BLOCK_SIZE && z->in_len == 0;
}

const struct codec codec_lz4 = {
	.name = "lz4",
	.magic = {0x04, 0x22, 0x4d, 0x18},
	.magic_size = 4,
	.open = lz4_open,
	.step = lz4_step,
	.rest = lz4_rest,
	.close = lz4_close,
};

const struct codec codec_lz4_legacy = {
	.name = "lz4",
	.magic = {0x02, 0x21, 0x4c, 0x18},
	.magic_size = 4,
	.open = lz4_legacy_open,
	.step = lz4_step,
	.rest = lz4_rest,
	.close = lz4_close,
};
