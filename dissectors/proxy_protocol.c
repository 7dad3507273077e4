/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header in which a proxy tells a server who its client is (HAProxy's PROXY protocol, versions 1 and 2), before the
 * stream that it forwards: what follows is chosen anew, as if the header were not there.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "dissectors/line.h"

#define V1_MAX 107 /* with the line end */
#define V2_HEADER 16
#define V2_FIXED 12
#define V2_VERSION 0x20 /* upper half: version, lower: command */

enum family {
	FAMILY_IPV4 = 1,
	FAMILY_IPV6 = 2,
};

static const uint8_t v2_start[V2_FIXED] = { 13, 10, 13, 10, 0, 13, 10, 'Q', 'U', 'I', 'T', 10 };

static enum recognition proxy_recognise(const struct chunk *c)
{
	size_t n = c->len < V2_FIXED ? c->len : V2_FIXED;

	if (c->side != SIDE_ORIG)
		return RECOGNISE_NO;
	if (c->data[0] == 'P')
		return line_recognise_any(c, (const char *const[]){ "PROXY TCP", "PROXY UNKNOWN", NULL }, RECOGNISE_YES);
	if (memcmp(c->data, v2_start, n) != 0)
		return RECOGNISE_NO;
	return n == V2_FIXED ? RECOGNISE_YES : RECOGNISE_MORE;
}

static enum dissect_verdict forwarded(struct session *s, const struct chunk *c, const char *client)
{
	char label[sizeof(((struct key_frame *)0)->label)];

	snprintf(label, sizeof(label), "PROXY %.*s", (int)sizeof(label) - 7, client);
	session_mark(s, c->side, &c->ref, label);
	session_hand_on(s, NULL, "", "");
	return DISSECT_HANDOFF;
}

/* PROXY, family, source, destination, two ports. */
static enum dissect_verdict version_1(struct session *s, const struct chunk *c, size_t *used)
{
	struct line l, word = { 0 };
	char client[INET6_ADDRSTRLEN];

	if (!line_take(c, &l, used))
		return c->len > V1_MAX ? DISSECT_NOT_MINE : DISSECT_MORE;
	for (int i = 0; i < 3; i++)
		word = line_word(&l);
	line_text(&word, client, sizeof(client));
	return forwarded(s, c, client);
}

static enum dissect_verdict version_2(struct session *s, const struct chunk *c, size_t *used)
{
	struct reader r = rd_make(c->data, c->len, c->len), addresses;
	char client[INET6_ADDRSTRLEN] = "";
	uint8_t version, family;
	const uint8_t *source;

	rd_skip(&r, V2_FIXED);
	version = rd_u8(&r);
	family = rd_u8(&r) >> 4;
	addresses = rd_sub(&r, rd_u16(&r));
	if (c->len >= V2_HEADER && (version & 0xf0) != V2_VERSION)
		return DISSECT_NOT_MINE;
	if (!rd_ok(&r))
		return DISSECT_MORE;
	source = rd_bytes(&addresses, family == FAMILY_IPV6 ? 16 : 4);
	if (source && (family == FAMILY_IPV4 || family == FAMILY_IPV6))
		inet_ntop(family == FAMILY_IPV6 ? AF_INET6 : AF_INET, source, client, sizeof(client));
	*used = c->len - rd_left(&r);
	return forwarded(s, c, client);
}

static enum dissect_verdict proxy_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	(void)state;
	if (c->side != SIDE_ORIG)
		return DISSECT_MORE; /* the server's greeting, before the header is whole */
	return c->data[0] == 'P' ? version_1(s, c, used) : version_2(s, c, used);
}

const struct dissector dissector_proxy_protocol = {
	.name = "proxy-protocol",
	.spec = "HAProxy: The PROXY protocol, versions 1 and 2",
	.recognise = proxy_recognise,
	.stream = proxy_stream,
};
