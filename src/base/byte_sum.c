/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums with registers of 32 bytes: halves of words in lanes of their own, so that nothing is carried out of them. */
#include "base/byte_sum.h"

#ifdef __x86_64__

typedef uint64_t lanes __attribute__((vector_size(32)));

#define STEP (2 * sizeof(lanes))
#define LOW UINT64_C(0xffffffff)

static __attribute__((target("avx2"))) size_t sum_avx2(struct byte_sum *s, const uint8_t *b, size_t n)
{
	lanes first, second, low = { 0 }, high = { 0 };
	size_t at = 0;
	uint64_t l, h;

	for (; at + STEP <= n; at += STEP) {
		memcpy(&first, b + at, sizeof(first));
		memcpy(&second, b + at + sizeof(first), sizeof(second));
		low += (first & LOW) + (second & LOW);
		high += (first >> 32) + (second >> 32);
	}
	l = low[0] + low[1] + low[2] + low[3];
	h = high[0] + high[1] + high[2] + high[3];
	byte_sum_word(s, l);
	byte_sum_word(s, h << 32);
	s->carried += h >> 32;
	return at;
}

size_t byte_sum_wide(struct byte_sum *s, const uint8_t *b, size_t n)
{
	return __builtin_cpu_supports("avx2") ? sum_avx2(s, b, n) : 0;
}

#else

size_t byte_sum_wide(struct byte_sum *s, const uint8_t *b, size_t n)
{
	(void)s, (void)b, (void)n;
	return 0;
}

#endif
