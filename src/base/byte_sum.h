/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sum of bytes as 64-bit words in the machine's order, the last one filled up with zeros. With what was carried out
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

#define BYTE_SUM_STEP 32 /* so many bytes tell texts of different lengths apart that begin alike */

/* As it is kept of a text, mixed, with a sum of its first bytes; perhaps it was made already. */
struct kept_sum {
	uint32_t mixed;
	uint16_t prefix;
	bool known;
};

/* Unlike a sum it tells where words stand: each has a factor of its own. 0: the text is short. */
static inline uint16_t byte_sum_prefix(const uint8_t *bytes, size_t n)
{
	uint64_t a, b, c, d;

	if (n < BYTE_SUM_STEP)
		return 0;
	memcpy(&a, bytes, sizeof(a));
	memcpy(&b, bytes + 8, sizeof(b));
	memcpy(&c, bytes + 16, sizeof(c));
	memcpy(&d, bytes + 24, sizeof(d));
	return (uint16_t)((a * UINT64_C(0x9e3779b97f4a7c15) + b * UINT64_C(0xbf58476d1ce4e5b9) +
				  c * UINT64_C(0x94d049bb133111eb) + d * UINT64_C(0xff51afd7ed558ccd)) >> 48);
}

static inline uint32_t byte_sum_mixed(struct byte_sum s)
{
	return (uint32_t)((s.sum ^ s.carried << 48) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

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

/* A word of the last bytes, fewer than eight but one at least, as if zeros followed. What is read twice is the same. */
static inline uint64_t byte_sum_end(const uint8_t *b, size_t n)
{
	uint32_t first, last;

	if (n < 4)
		return htole64(b[0] | (uint64_t)b[n / 2] << (8 * (n / 2)) | (uint64_t)b[n - 1] << (8 * (n - 1)));
	memcpy(&first, b, 4);
	memcpy(&last, b + n - 4, 4);
	return htole64(le32toh(first) | (uint64_t)le32toh(last) << (8 * (n - 4)));
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
	if (n & 16) {
		byte_sum_word(&s, byte_sum_load(b));
		byte_sum_word(&s, byte_sum_load(b + 8));
		b += 16;
	}
	if (n & 8) {
		byte_sum_word(&s, byte_sum_load(b));
		b += 8;
	}
	if (n & 7)
		byte_sum_word(&s, byte_sum_end(b, n & 7));
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
