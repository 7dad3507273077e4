/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DHCP: one record per message. Which message answers which is for rules to say: they go by different addresses. */
#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "dissectors/dissector.h"

#define COOKIE 0x63825363
#define COOKIE_AT 236
#define OPTIONS_MAX 256
#define RELAY_DEPTH_MAX 4

enum {
	OPTION_PAD = 0,
	OPTION_ROUTER = 3,
	OPTION_HOSTNAME = 12,
	OPTION_REQUESTED = 50,
	OPTION_LEASE = 51,
	OPTION_MESSAGE_TYPE = 53,
	OPTION_SERVER = 54,
	OPTION_TEXT = 56,
	OPTION_END = 255,
};

static void emit(struct session *s, const struct dhcp *facts, const struct chunk *c, const char *label)
{
	struct dhcp told = *facts;

	told.ref = session_ref(s, &c->ref);
	session_tell(s, RECORD_DHCP, &told);
	session_mark(s, c->side, &c->ref, label);
}

/* --- version 4 (RFC 2131, RFC 2132) --- */

static enum recognition dhcp_recognise(const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	uint8_t op = rd_u8(&r);

	rd_skip(&r, COOKIE_AT - 1);
	if (rd_u32(&r) == COOKIE && (op == 1 || op == 2))
		return RECOGNISE_YES;
	return r.state == READER_CUT && (op == 1 || op == 2) ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

static struct addr read_v4(struct reader *r)
{
	const uint8_t *b = rd_bytes(r, 4);
	struct addr none;

	memset(&none, 0, sizeof(none));
	if (!b || !(b[0] | b[1] | b[2] | b[3]))
		return none;
	return addr_v4(b);
}

static void option_text(struct reader *value, char *out, size_t size)
{
	size_t n = rd_left(value);

	text_copy_bytes(out, size, rd_bytes(value, n), n);
}

static void read_option(struct dhcp *d, uint8_t code, struct reader *value, uint8_t *type)
{
	switch (code) {
	case OPTION_ROUTER:
		d->router = read_v4(value);
		break;
	case OPTION_HOSTNAME:
		option_text(value, d->hostname, sizeof(d->hostname));
		break;
	case OPTION_REQUESTED:
		if (!addr_is_set(&d->offered))
			d->offered = read_v4(value);
		break;
	case OPTION_LEASE:
		d->lease_s = rd_u32(value);
		break;
	case OPTION_MESSAGE_TYPE:
		*type = rd_u8(value);
		break;
	case OPTION_SERVER:
		d->server = read_v4(value);
		break;
	case OPTION_TEXT:
		option_text(value, d->text, sizeof(d->text));
		break;
	default:
		break;
	}
}

/* Gives the message type; 0: BOOTP without DHCP, or the capture ends before the option. */
static uint8_t read_options(struct dhcp *d, struct reader *r)
{
	uint8_t type = 0, code;
	int i;

	for (i = 0; i < OPTIONS_MAX && rd_left(r); i++) {
		struct reader value;

		code = rd_u8(r);
		if (code == OPTION_END)
			break;
		if (code == OPTION_PAD)
			continue;
		value = rd_sub(r, rd_u8(r));
		if (value.state == READER_OK)
			read_option(d, code, &value, &type);
	}
	return type;
}

static enum dissect_verdict dhcp_datagram(void *state, struct session *s, const struct chunk *c)
{
	static const char *const names[] = {
		NULL, "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM"};
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	struct dhcp d;
	const uint8_t *mac;
	uint8_t type;

	(void)state;
	memset(&d, 0, sizeof(d));
	rd_skip(&r, 4);
	d.xid = rd_u32(&r);
	rd_skip(&r, 4); /* seconds, flags */
	d.client = read_v4(&r);
	d.offered = read_v4(&r);
	d.server = read_v4(&r);
	rd_skip(&r, 4); /* relay agent */
	mac = rd_bytes(&r, 16);
	if (mac)
		memcpy(d.client_mac.b, mac, sizeof(d.client_mac.b));
	rd_skip(&r, COOKIE_AT - 44);
	if (rd_u32(&r) != COOKIE)
		return r.state == READER_CUT ? DISSECT_OK : DISSECT_BAD;
	type = read_options(&d, &r);
	if (!type || type >= sizeof(names) / sizeof(names[0]))
		return DISSECT_OK;
	text_copy(d.message, sizeof(d.message), names[type]);
	emit(s, &d, c, names[type]);
	return DISSECT_OK;
}

/* --- version 6 (RFC 8415) --- */

enum {
	V6_RELAY_FORWARD = 12,
	V6_RELAY_REPLY = 13,
	V6_CLIENT_ID = 1,
	V6_IA_NA = 3,
	V6_IA_ADDRESS = 5,
	V6_RELAY_MESSAGE = 9,
	V6_STATUS = 13,
};

static const char *v6_name(uint8_t type)
{
	static const char *const names[] = {NULL, "SOLICIT", "ADVERTISE", "REQUEST", "CONFIRM", "RENEW", "REBIND",
		"REPLY", "RELEASE", "DECLINE", "RECONFIGURE", "INFORM"};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

static enum recognition dhcp6_recognise(const struct chunk *c)
{
	return c->len >= 4 && c->data[0] >= 1 && c->data[0] <= V6_RELAY_REPLY ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* The link-layer address that a DUID of type 1 or 3 holds (RFC 8415, section 11). */
static void v6_client_mac(struct dhcp *d, struct reader *value)
{
	uint16_t type = rd_u16(value), hardware = rd_u16(value);
	const uint8_t *mac;

	if (type == 1)
		rd_skip(value, 4); /* time */
	mac = rd_bytes(value, 6);
	if (mac && hardware == 1 && (type == 1 || type == 3))
		memcpy(d->client_mac.b, mac, sizeof(d->client_mac.b));
}

static void v6_status(struct dhcp *d, struct reader *value)
{
	if (rd_u16(value) && rd_left(value))
		option_text(value, d->text, sizeof(d->text));
}

static void v6_options(struct dhcp *d, struct reader *r, int depth)
{
	int i;

	for (i = 0; i < OPTIONS_MAX && rd_left(r); i++) {
		uint16_t code = rd_u16(r);
		struct reader value = rd_sub(r, rd_u16(r));
		const uint8_t *address;

		if (code == V6_CLIENT_ID) {
			v6_client_mac(d, &value);
		} else if (code == V6_IA_NA && depth == 0) {
			rd_skip(&value, 12); /* id and two times */
			v6_options(d, &value, 1);
		} else if (code == V6_IA_ADDRESS && (address = rd_bytes(&value, 16))) {
			d->offered = addr_v6(address);
			rd_skip(&value, 4);
			d->lease_s = rd_u32(&value);
		} else if (code == V6_STATUS) {
			v6_status(d, &value);
		}
	}
}

/* The message inside those of relays; false: none. */
static bool v6_inside_relays(struct reader *r, uint8_t *type)
{
	int depth;

	for (depth = 0; depth < RELAY_DEPTH_MAX; depth++) {
		struct reader inner = {NULL};

		*type = rd_u8(r);
		if (*type != V6_RELAY_FORWARD && *type != V6_RELAY_REPLY)
			return rd_ok(r);
		rd_skip(r, 33); /* hops, two addresses */
		while (rd_left(r) && !inner.p) {
			uint16_t code = rd_u16(r);
			struct reader value = rd_sub(r, rd_u16(r));

			if (code == V6_RELAY_MESSAGE)
				inner = value;
		}
		if (!inner.p)
			return false;
		*r = inner;
	}
	return false;
}

static enum dissect_verdict dhcp6_datagram(void *state, struct session *s, const struct chunk *c)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	struct dhcp d;
	uint8_t type;

	(void)state;
	memset(&d, 0, sizeof(d));
	d.v6 = true;
	if (!v6_inside_relays(&r, &type) || !v6_name(type))
		return r.state == READER_CUT ? DISSECT_OK : DISSECT_BAD;
	d.xid = rd_u24(&r);
	v6_options(&d, &r, 0);
	text_copy(d.message, sizeof(d.message), v6_name(type));
	emit(s, &d, c, v6_name(type));
	return DISSECT_OK;
}

const struct dissector dissector_dhcp = {
	.name = "dhcp",
	.spec = "RFC 2131, RFC 2132",
	.udp_ports = {67, 68},
	.recognise = dhcp_recognise,
	.datagram = dhcp_datagram,
};

const struct dissector dissector_dhcp6 = {
	.name = "dhcp",
	.spec = "RFC 8415",
	.udp_ports = {546, 547},
	.recognise = dhcp6_recognise,
	.datagram = dhcp6_datagram,
};
