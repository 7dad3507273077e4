/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of words: how many are zero, how many follow that are not, these; each number in a byte. */
#include "base/packed.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define WORD sizeof(uint64_t)
#define RUN_MAX UINT8_MAX
#define RUNS_MAX(n) ((n) + 2 * ((n) / WORD / RUN_MAX + 2)) /* a run of zeros is worth its two bytes */

static inline uint64_t word(const uint8_t *from, size_t at)
{
	uint64_t w;

	memcpy(&w, from + at * WORD, WORD);
	return w;
}

static inline uint64_t any_of_four(const uint8_t *from, size_t at)
{
	return word(from, at) | word(from, at + 1) | word(from, at + 2) | word(from, at + 3);
}

/* How many of the n words at `from` are zero, RUN_MAX at most. Most are, so eight are looked at together. */
static size_t zeros(const uint8_t *from, size_t n)
{
	size_t count = 0;

	if (n > RUN_MAX)
		n = RUN_MAX;
	while (n - count >= 8 && !(any_of_four(from, count) | any_of_four(from, count + 4)))
		count += 8;
	while (count < n && !word(from, count))
		count++;
	return count;
}

/* Copies words until the next that is zero, RUN_MAX at most; gives how many. */
static size_t copy_others(uint8_t *to, const uint8_t *from, size_t n)
{
	size_t count = 0;

	if (n > RUN_MAX)
		n = RUN_MAX;
	for (; count < n && word(from, count); count++)
		memcpy(to + count * WORD, from + count * WORD, WORD);
	return count;
}

/* Gives how many bytes it takes. */
static size_t write_runs(uint8_t *to, const uint8_t *from, size_t words)
{
	uint8_t *out = to;

	while (words) {
		size_t none = zeros(from, words), some = copy_others(out + 2, from + none * WORD, words - none);

		out[0] = (uint8_t)none;
		out[1] = (uint8_t)some;
		out += 2 + some * WORD;
		from += (none + some) * WORD;
		words -= none + some;
	}
	return (size_t)(out - to);
}

struct packed *packed_make(const void *from, size_t n)
{
	uint8_t runs[RUNS_MAX(PACKED_MAX)];
	struct packed *p;
	size_t len;

	assert(n % WORD == 0 && n <= PACKED_MAX);
	len = write_runs(runs, from, n / WORD);
	p = xmalloc(sizeof(*p) + len);
	p->len = (uint32_t)len;
	memcpy(p->bytes, runs, len);
	return p;
}

void packed_open(const struct packed *p, void *to, size_t n)
{
	uint8_t *out = to;
	size_t at = 0, done = 0;

	while (at < p->len && done + p->bytes[at] * WORD < n) {
		size_t others = p->bytes[at + 1] * WORD;

		done += p->bytes[at] * WORD;
		if (others > n - done)
			others = n - done;
		memcpy(out + done, p->bytes + at + 2, others);
		done += others;
		at += 2 + p->bytes[at + 1] * WORD;
	}
}

size_t packed_size(const struct packed *p)
{
	return p ? sizeof(*p) + p->len : 0;
}
