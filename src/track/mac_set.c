/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open addressing with a few probes; the last two MACs are looked at first, as two hosts talk for a while. */
#include "track/mac_set.h"

#include <string.h>

#include "base/hash.h"

#define PROBES 8

/* The place of a MAC, or where it would go; NULL when its places are taken by others. */
static uint64_t *place_of(struct mac_set *set, uint64_t mac)
{
	uint64_t at = hash_seeded(&mac, sizeof(mac));

	for (int i = 0; i < PROBES; i++) {
		uint64_t *place = &set->places[(at + (unsigned)i) % MAC_SET_PLACES];

		if (*place == mac || !*place)
			return place;
	}
	return NULL;
}

bool mac_set_add(struct mac_set *set, const struct mac *m)
{
	uint64_t mac = mac_number(m), *place;

	if (mac_set_is_last(set, m) || !mac)
		return false;
	set->last[1] = set->last[0];
	set->last[0] = mac;
	place = place_of(set, mac);
	if (!place || *place)
		return false;
	*place = mac;
	return true;
}

bool mac_set_has(struct mac_set *set, const struct mac *m)
{
	uint64_t mac = mac_number(m), *place = place_of(set, mac);

	return mac && place && *place;
}
