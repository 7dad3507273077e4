/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all tunnels share: the level is noted, the inside is decoded in place of the outside, and when the inside is
 * nothing that we follow, the packet is the outer one again.
 */
#ifndef PCAPDX_DECODE_TUNNEL_H
#define PCAPDX_DECODE_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

/* No EtherTypes, which are 0x0600 and more. */
enum inside_frame {
	INSIDE_WIFI = 1, /* IEEE 802.11 */
	INSIDE_WIFI_CAPWAP, /* the same as controllers write it */
};

struct decoder;
struct packet;
struct reader;

struct inside {
	const char *kind;    /* as in struct tunnel_level */
	uint32_t id;
	uint16_t ether_type; /* of what follows; ETHER_TEB for Ethernet, ETHER_PPP for PPP, one of enum inside_frame */
	bool guess;	     /* only a port number says that this is a tunnel: a broken inside means that it is none */
};

/* Goes on with what the tunnel carries, from where *r stands. */
void tunnel_follow(struct decoder *d, struct packet *p, struct reader *r, const struct inside *in);

/* The EtherType of an IP packet by its version, 0 when it is none. */
uint16_t ip_version_type(const struct reader *r);

#endif
