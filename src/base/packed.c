/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of words: how many are zero, how many follow that are not, these; each number in a byte. */
#include "base/packed.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define WORD sizeof(uint64_t)
#define RUN_MAX UINT8_MAX

/* How many of the n words at `from`, RUN_MAX at most, are zero, or are not. */
static uint8_t run(const uint8_t *from, size_t n, bool zero)
{
	size_t count = 0;

	for (; count < n && count < RUN_MAX; count++) {
		uint64_t word;

		memcpy(&word, from + count * WORD, WORD);
		if ((word == 0) != zero)
			break;
	}
	return (uint8_t)count;
}

/* Gives how many bytes it takes; `to` NULL: they are not written. */
static size_t write_runs(const uint8_t *from, size_t words, uint8_t *to)
{
	size_t len = 0;

	while (words) {
		uint8_t zeros = run(from, words, true), others = run(from + zeros * WORD, words - zeros, false);

		if (to) {
			to[len] = zeros;
			to[len + 1] = others;
			memcpy(to + len + 2, from + zeros * WORD, others * WORD);
		}
		len += 2 + others * WORD;
		from += (zeros + others) * WORD;
		words -= (size_t)zeros + others;
	}
	return len;
}

struct packed *packed_make(const void *from, size_t n)
{
	size_t len = write_runs(from, n / WORD, NULL);
	struct packed *p = xmalloc(sizeof(*p) + len);

	assert(n % WORD == 0);
	p->len = (uint32_t)len;
	write_runs(from, n / WORD, p->bytes);
	return p;
}

void packed_open(const struct packed *p, void *to, size_t n)
{
	uint8_t *out = to;
	size_t at = 0, done = 0;

	while (at < p->len) {
		size_t others = p->bytes[at + 1] * WORD;

		done += p->bytes[at] * WORD;
		assert(done + others <= n);
		memcpy(out + done, p->bytes + at + 2, others);
		done += others;
		at += 2 + others;
	}
}

size_t packed_size(const struct packed *p)
{
	return p ? sizeof(*p) + p->len : 0;
}
