/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STUN and TURN (RFC 8489, RFC 8656), up to the DTLS that WebRTC sends between the same ports (RFC 5764, RFC 7983).
 * What else is there (media, channels) is not looked at.
 */
#include "base/reader.h"
#include "dissectors/dissector.h"

#define MAGIC_COOKIE 0x2112a442u
#define HEADER 20
#define DTLS_FIRST 20 /* first bytes of DTLS records: RFC 7983, section 7 */
#define DTLS_LAST 63

static enum recognition stun_recognise(const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	uint16_t type = rd_u16(&r), length = rd_u16(&r);
	uint32_t cookie = rd_u32(&r);

	if (!rd_ok(&r) || type & 0xc000 || length % 4 || cookie != MAGIC_COOKIE || HEADER + (size_t)length > c->on_wire)
		return RECOGNISE_NO;
	return RECOGNISE_YES;
}

static bool is_dtls(const struct chunk *c)
{
	return c->len > 3 && c->data[0] >= DTLS_FIRST && c->data[0] <= DTLS_LAST && c->data[1] == 0xfe &&
		(c->data[2] == 0xff || c->data[2] == 0xfd);
}

static enum dissect_verdict stun_datagram(void *state, struct session *s, const struct chunk *c)
{
	(void)state;
	if (!is_dtls(c))
		return DISSECT_OK;
	session_hand_on(s, "dtls", "", "");
	return DISSECT_HANDOFF;
}

const struct dissector dissector_stun = {
	.name = "stun",
	.spec = "RFC 8489",
	.udp_ports = { 3478 },
	.recognise = stun_recognise,
	.datagram = stun_datagram,
};
