/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens QUIC Initial packets: their keys come from a connection id that everybody sees (RFC 9001, section 5.2). */
#ifndef PCAPDX_DISSECTORS_QUIC_INITIAL_H
#define PCAPDX_DISSECTORS_QUIC_INITIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUIC_V1 0x00000001u
#define QUIC_V2 0x6b3343cfu /* RFC 9369 */
#define QUIC_V2_DRAFT_00 0xff020000u
#define QUIC_V2_DRAFT_01 0x709a50c4u
#define QUIC_DRAFT_23 0xff000017u
#define QUIC_DRAFT_29 0xff00001du
#define QUIC_T050 0x54303530u
#define QUIC_T051 0x54303531u
#define QUIC_CID_MAX 20

struct quic_key {
	uint8_t key[16], iv[12], header[16];
};

struct quic_initial {
	struct quic_key side[2]; /* client's, server's */
};

/* false: a version whose salt is not known (other drafts before 23, Google's Q versions). */
bool quic_initial_keys(uint32_t version, const uint8_t *cid, size_t cid_len, struct quic_initial *out);
bool quic_version_known(uint32_t version);
/* Versions with version 2's packet types and labels. */
bool quic_version_is_2(uint32_t version);
/* TLS handshake, frames as in Google's own versions. */
bool quic_version_is_google(uint32_t version);

/*
 * Opens a packet whose header has `header_len` bytes up to the packet number, and `len` bytes from there on. `plain`
 * has room for `len` bytes. false: the key does not fit, or the packet is damaged.
 */
bool quic_initial_open(const struct quic_key *k, const uint8_t *packet, size_t header_len, size_t len, uint8_t *plain,
	size_t *plain_len);

#endif
