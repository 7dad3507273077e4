/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MACs that were seen: bounded, nothing is ever taken out; past the bound further ones are not known. */
#ifndef PCAPDX_TRACK_MAC_SET_H
#define PCAPDX_TRACK_MAC_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#define MAC_SET_PLACES (1u << 14)

struct mac_set { /* zeroed to begin with */
	uint64_t last[2]; /* of a conversation both */
	uint64_t places[MAC_SET_PLACES]; /* 0: free */
};

/* Whether it is one of those that were added last. Without a branch: which of them it is cannot be foreseen. */
static inline bool mac_set_is_last(const struct mac_set *set, const struct mac *m)
{
	uint64_t mac = mac_number(m), first = mac ^ set->last[0], second = mac ^ set->last[1];

	return ((first - 1) | (second - 1)) >> 63; /* one is 0: they have 48 bits */
}

/* True: it is new, and there was room for it. */
bool mac_set_add(struct mac_set *set, const struct mac *m);
bool mac_set_has(struct mac_set *set, const struct mac *m);

#endif
