/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums with registers of 32 bytes. */
#include "base/byte_sum.h"

#ifdef __x86_64__

typedef uint64_t lanes __attribute__((vector_size(32)));

#define STEP (2 * sizeof(lanes))

/* Adds the first bytes, a multiple of 32; gives how many. Carries are known from the sums of the words' upper halves,
 * which overflow in no packet. */
static __attribute__((target("avx2"))) size_t sum_avx2(struct byte_sum *s, const uint8_t *b, size_t n)
{
	lanes first, second, all = { 0 }, high = { 0 };
	size_t at = 0;
	uint64_t low, upper;

	for (; at + STEP <= n; at += STEP) {
		memcpy(&first, b + at, sizeof(first));
		memcpy(&second, b + at + sizeof(first), sizeof(second));
		all += first + second;
		high += (first >> 32) + (second >> 32);
	}
	if (at + sizeof(first) <= n) {
		memcpy(&first, b + at, sizeof(first));
		all += first;
		high += first >> 32;
		at += sizeof(first);
	}
	all -= high << 32;
	low = all[0] + all[1] + all[2] + all[3];
	upper = high[0] + high[1] + high[2] + high[3];
	byte_sum_word(s, low);
	byte_sum_word(s, upper << 32);
	s->carried += upper >> 32;
	return at;
}

static size_t sum_wide(struct byte_sum *s, const uint8_t *b, size_t n)
{
	return __builtin_cpu_supports("avx2") ? sum_avx2(s, b, n) : 0;
}

#else

static size_t sum_wide(struct byte_sum *s, const uint8_t *b, size_t n)
{
	(void)s, (void)b, (void)n;
	return 0;
}

#endif

struct byte_sum byte_sum_long(const uint8_t *b, size_t n)
{
	struct byte_sum s = { 0, 0 };
	size_t wide = sum_wide(&s, b, n);

	return byte_sum_add(s, b + wide, n - wide);
}
