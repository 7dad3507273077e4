/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TLS inside of OpenVPN's control channel, where it is in clear: its messages are counted and marked. It makes no
 * record of its own: certificates of a VPN come from a CA of its own, and what fails is told of the tunnel.
 */
#ifndef PCAPDX_DISSECTORS_OPENVPN_TLS_H
#define PCAPDX_DISSECTORS_OPENVPN_TLS_H

#include "dissectors/tls_state.h"

/* Packets that a sender has on the way at once: 4, or 6 since OpenVPN 2.6. */
#define OVPN_HELD_MAX 8

struct ovpn_held {
	uint8_t *bytes; /* NULL: free */
	size_t len;
	uint32_t id;
	struct frame_ref ref;
};

struct ovpn_tls_side {
	uint32_t next; /* packet id */
	bool known;    /* `next` is */
	bool over;     /* nothing more to read */
	uint8_t *rest; /* bytes of a record that has not ended */
	size_t rest_len, skip;
	struct ovpn_held held[OVPN_HELD_MAX]; /* came before the one that is next */
};

struct ovpn_tls { /* zeros: nothing yet */
	struct tls_state tls;
	struct ovpn_tls_side side[2];
};

/* A new session or key: the first packets of both sides will have that id. */
void ovpn_tls_begin(struct ovpn_tls *t, struct session *s, uint32_t first);
/* Frees what `t` holds; it is as new. */
void ovpn_tls_end(struct ovpn_tls *t, struct session *s);
/* What a control packet carries; `bytes` are borrowed. A packet that came before is left out. */
void ovpn_tls_packet(struct ovpn_tls *t, struct session *s, const struct chunk *c, uint32_t id, const uint8_t *bytes,
	size_t n);
/* Whether these bytes can be the beginning of a TLS session. */
bool ovpn_tls_looks_like_hello(const uint8_t *bytes, size_t n);

#endif
