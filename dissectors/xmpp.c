/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XMPP of clients and of servers among themselves, followed up to STARTTLS (RFC 6120, section 5). */
#include <string.h>

#include "dissectors/line.h"

#define TAG_MAX 128 /* a tag that is looked for, with its namespace */

struct xmpp_state {
	bool asked;
};

static enum recognition xmpp_recognise(const struct chunk *c)
{
	struct line l = { c->data, c->len };
	bool xml = line_starts(&l, "<?xml") || line_starts(&l, "<stream:stream");

	if (!xml)
		return c->data[0] == '<' && c->len < 14 ? RECOGNISE_MORE : RECOGNISE_NO;
	if (line_contains(&l, "http://etherx.jabber.org/streams"))
		return RECOGNISE_YES;
	return c->len < 512 ? RECOGNISE_MORE : RECOGNISE_UNLIKELY;
}

/* Where the tag that begins with `name` ends; 0: it is not here, or not whole. */
static size_t tag_end(const struct chunk *c, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n <= c->len; i++) {
		const uint8_t *end;

		if (memcmp(c->data + i, name, n) != 0)
			continue;
		end = memchr(c->data + i, '>', c->len - i);
		return end ? (size_t)(end + 1 - c->data) : 0;
	}
	return 0;
}

static enum dissect_verdict pass_over(const struct chunk *c, size_t *used)
{
	*used = c->len > TAG_MAX ? c->len - TAG_MAX : 0; /* a tag may have begun in the rest */
	return DISSECT_MORE;
}

static enum dissect_verdict xmpp_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct xmpp_state *st = state;
	size_t end = tag_end(c, c->side == SIDE_ORIG ? "<starttls" : "<proceed");

	if (c->side == SIDE_ORIG && st->asked) {
		*used = c->len; /* <required/></starttls>: it says nothing more before the answer */
		return DISSECT_OK;
	}
	if (c->side == SIDE_ORIG && !end)
		return tag_end(c, "<auth") ? DISSECT_DONE : pass_over(c, used);
	if (c->side == SIDE_ORIG) {
		st->asked = true;
		*used = end;
		session_mark(s, c->side, &c->ref, "starttls");
		return DISSECT_OK;
	}
	if (!end || !st->asked)
		return tag_end(c, "<failure") ? DISSECT_DONE : pass_over(c, used);
	*used = end;
	session_mark(s, c->side, &c->ref, "proceed");
	session_hand_on(s, "tls", "xmpp", NULL);
	return DISSECT_HANDOFF;
}

const struct dissector dissector_xmpp = {
	.name = "xmpp",
	.spec = "RFC 6120",
	.tcp_ports = { 5222, 5269 },
	.state_size = sizeof(struct xmpp_state),
	.recognise = xmpp_recognise,
	.stream = xmpp_stream,
};
