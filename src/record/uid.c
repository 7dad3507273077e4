/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "C" and 17 digits of base 62, of two hashes that take turns. */
#include "record/uid.h"

#include <string.h>

#include "base/hash.h"

struct hashed {
	struct addr low, high;
	uint16_t low_port, high_port;
	uint8_t proto, zero[3];
	int64_t ts_ns;
	uint32_t generation, half;
};

_Static_assert(sizeof(struct hashed) == 56, "no padding: it is hashed as bytes");

static struct hashed hashed(const struct identity *i)
{
	int order = memcmp(i->a, i->b, sizeof(*i->a));
	bool a_is_low = order < 0 || (order == 0 && i->a_port <= i->b_port);

	return (struct hashed){ .low = a_is_low ? *i->a : *i->b,
		.high = a_is_low ? *i->b : *i->a,
		.low_port = a_is_low ? i->a_port : i->b_port,
		.high_port = a_is_low ? i->b_port : i->a_port,
		.proto = i->proto,
		.ts_ns = i->ts_ns,
		.generation = i->generation };
}

void uid_make(const struct identity *i, char out[UID_SIZE])
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	struct hashed id = hashed(i);
	uint64_t h[2];

	h[0] = hash_fixed(&id, sizeof(id));
	id.half = 1;
	h[1] = hash_fixed(&id, sizeof(id));
	memset(out, 0, UID_SIZE);
	out[0] = 'C';
	for (int n = 1; n <= 17; n++) {
		out[n] = digits[h[n & 1] % 62];
		h[n & 1] /= 62;
	}
}
