/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sum of bytes as 64-bit words in the machine's order, and what is behind them as smaller ones. With what was carried out
 * of it, and folded to 16 bits, it is the Internet checksum's (RFC 1071); as it is it tells other bytes from these, but
 * not where a word stands.
 */
#ifndef PCAPDX_BASE_BYTE_SUM_H
#define PCAPDX_BASE_BYTE_SUM_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BYTE_SUM_LONG 192 /* from here on it pays to ask for wider registers */

struct byte_sum {
	uint64_t sum, carried;
};

/* Perhaps it was made already. */
struct kept_sum {
	struct byte_sum of;
	bool known;
};

/* Of two sums in one's complement: what is carried out of the top comes in again at the bottom. */
static inline uint64_t carry_add(uint64_t sum, uint64_t other)
{
	sum += other;
	return sum + (sum < other);
}

static inline uint64_t byte_sum_load(const uint8_t *b)
{
	uint64_t word;

	memcpy(&word, b, 8);
	return word;
}

/* The last bytes, fewer than eight. */
static inline uint64_t byte_sum_end(const uint8_t *b, size_t n)
{
	uint64_t sum = 0;
	uint32_t four;
	uint16_t two;

	if (n & 4) {
		memcpy(&four, b, 4);
		sum += four;
		b += 4;
	}
	if (n & 2) {
		memcpy(&two, b, 2);
		sum += two;
		b += 2;
	}
	if (n & 1)
		sum += le16toh(*b);
	return sum;
}

/* Carries are counted apart: compilers need fewer instructions for that, and no addition waits for the carry before. */
static inline void byte_sum_word(struct byte_sum *s, uint64_t word)
{
	s->sum += word;
	s->carried += s->sum < word;
}

/* Adds bytes to a sum. */
static inline struct byte_sum byte_sum_add(struct byte_sum s, const uint8_t *b, size_t n)
{
	for (; n >= 32; b += 32, n -= 32) {
		byte_sum_word(&s, byte_sum_load(b));
		byte_sum_word(&s, byte_sum_load(b + 8));
		byte_sum_word(&s, byte_sum_load(b + 16));
		byte_sum_word(&s, byte_sum_load(b + 24));
	}
	for (; n >= 8; b += 8, n -= 8)
		byte_sum_word(&s, byte_sum_load(b));
	if (n)
		byte_sum_word(&s, byte_sum_end(b, n));
	return s;
}

/* The same with wider registers where the processor has them. */
struct byte_sum byte_sum_long(const uint8_t *b, size_t n);

static inline struct byte_sum byte_sum_short(const uint8_t *b, size_t n)
{
	return byte_sum_add((struct byte_sum){ 0, 0 }, b, n);
}

static inline struct byte_sum byte_sum(const uint8_t *b, size_t n)
{
	return n < BYTE_SUM_LONG ? byte_sum_short(b, n) : byte_sum_long(b, n);
}

/* In one's complement, as the Internet checksum takes it. */
static inline uint64_t byte_sum_ones(const uint8_t *b, size_t n)
{
	struct byte_sum s = byte_sum(b, n);

	return carry_add(s.sum, s.carried);
}

#endif
