/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbor Discovery messages (RFC 4861) out of an ICMPv6 packet. */
#ifndef PCAPDX_TRACK_ND_MESSAGE_H
#define PCAPDX_TRACK_ND_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct packet;

enum nd_type {
	ND_ROUTER_ADVERTISEMENT = 134,
	ND_SOLICITATION = 135,
	ND_ADVERTISEMENT = 136,
};

struct nd_message {
	uint8_t type;	     /* enum nd_type */
	struct addr target;  /* of a solicitation or advertisement */
	struct mac mac;	     /* link-layer address option; unset: none */
	bool router;	     /* a router's advertisement, or its flag in a neighbor advertisement */
	uint16_t lifetime_s; /* of a router advertisement */
	uint8_t prefix_len;  /* its first prefix */
	struct addr prefix;
};

/* False: the packet is none of these, or is cut before its end. */
bool nd_read(const struct packet *p, struct nd_message *out);

#endif
