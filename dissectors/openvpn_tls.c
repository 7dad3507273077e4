/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control packets put in order by their ids, and read as one TLS stream (draft-openvpn-wire-protocol, section 4). */
#include "dissectors/openvpn_tls.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/tls_decrypt.h"

#define UNKNOWN_GAP (4 * TLS_RECORD_MAX) /* more than any record: its end is not known */

extern const struct dissector dissector_tls;

static void held_free(struct ovpn_held *h)
{
	free(h->bytes);
	*h = (struct ovpn_held){ 0 };
}

static void side_free(struct ovpn_tls_side *side)
{
	for (int i = 0; i < OVPN_HELD_MAX; i++)
		held_free(&side->held[i]);
	free(side->rest);
}

void ovpn_tls_begin(struct ovpn_tls *t, struct session *s, uint32_t first)
{
	ovpn_tls_end(t, s);
	for (int side = 0; side < 2; side++) {
		t->side[side].known = true;
		t->side[side].next = first;
	}
}

void ovpn_tls_end(struct ovpn_tls *t, struct session *s)
{
	tls_forget(&t->tls, s);
	for (int side = 0; side < 2; side++)
		side_free(&t->side[side]);
	*t = (struct ovpn_tls){ 0 };
}

bool ovpn_tls_looks_like_hello(const uint8_t *bytes, size_t n)
{
	return n > TLS_HEADER && bytes[0] == TLS_HANDSHAKE && tls_record_header(bytes, n) == TLS_HEADER_YES &&
		(bytes[TLS_HEADER] == TLS_MSG_CLIENT_HELLO || bytes[TLS_HEADER] == TLS_MSG_SERVER_HELLO);
}

static void give(struct ovpn_tls *t, struct session *s, enum side at, const struct frame_ref *ref)
{
	struct ovpn_tls_side *side = &t->side[at];
	struct chunk c = { side->rest, side->rest_len, side->rest_len, at, *ref };
	size_t used = 0;
	enum dissect_verdict verdict = dissector_tls.stream(&t->tls, s, &c, &used);

	side->over = verdict != DISSECT_OK && verdict != DISSECT_MORE;
	side->skip = used > side->rest_len ? used - side->rest_len : 0;
	used -= side->skip;
	side->rest_len -= used;
	memmove(side->rest, side->rest + used, side->rest_len);
}

static void in_order(struct ovpn_tls *t, struct session *s, enum side at, const struct frame_ref *ref,
	const uint8_t *bytes, size_t n)
{
	struct ovpn_tls_side *side = &t->side[at];
	size_t skip = side->skip < n ? side->skip : n;

	side->next++;
	side->skip -= skip;
	bytes += skip;
	n -= skip;
	if (!n || side->over)
		return;
	if (side->rest_len + n > STREAM_REST_MAX) {
		side->over = true;
		return;
	}
	side->rest = xrealloc(side->rest, side->rest_len + n);
	memcpy(side->rest + side->rest_len, bytes, n);
	side->rest_len += n;
	give(t, s, at, ref);
}

static struct ovpn_held *held_next(struct ovpn_tls_side *side)
{
	for (int i = 0; i < OVPN_HELD_MAX; i++)
		if (side->held[i].bytes && side->held[i].id == side->next)
			return &side->held[i];
	return NULL;
}

static void give_held(struct ovpn_tls *t, struct session *s, enum side at)
{
	struct ovpn_held *h;

	while ((h = held_next(&t->side[at]))) {
		in_order(t, s, at, &h->ref, h->bytes, h->len);
		held_free(h);
	}
}

/* Keeps a packet that came too early; false: there is no room. */
static bool hold(struct ovpn_tls_side *side, const struct frame_ref *ref, uint32_t id, const uint8_t *bytes, size_t n)
{
	struct ovpn_held *room = NULL;

	for (int i = 0; i < OVPN_HELD_MAX; i++) {
		if (side->held[i].bytes && side->held[i].id == id)
			return true;
		if (!side->held[i].bytes)
			room = &side->held[i];
	}
	if (!room)
		return false;
	*room = (struct ovpn_held){ xmalloc(n + 1), n, id, *ref };
	memcpy(room->bytes, bytes, n);
	return true;
}

/* The one that is waited for is not in the capture: goes on with the earliest that is. */
static void pass_over(struct ovpn_tls *t, struct session *s, enum side at, const struct frame_ref *ref)
{
	struct ovpn_tls_side *side = &t->side[at];
	uint32_t distance = UINT32_MAX;

	for (int i = 0; i < OVPN_HELD_MAX; i++)
		if (side->held[i].bytes && side->held[i].id - side->next < distance)
			distance = side->held[i].id - side->next;
	dissector_tls.gap(&t->tls, s, at, UNKNOWN_GAP, ref);
	side->rest_len = side->skip = 0;
	side->next += distance;
	give_held(t, s, at);
}

void ovpn_tls_packet(struct ovpn_tls *t, struct session *s, const struct chunk *c, uint32_t id, const uint8_t *bytes,
	size_t n)
{
	struct ovpn_tls_side *side = &t->side[c->side];

	if (!side->known) {
		side->next = id;
		side->known = true;
	}
	if (side->over || id - side->next > INT32_MAX)
		return;
	if (id != side->next) {
		if (hold(side, &c->ref, id, bytes, n))
			return;
		pass_over(t, s, c->side, &c->ref);
		if (id != side->next) { /* now there is room */
			hold(side, &c->ref, id, bytes, n);
			return;
		}
	}
	in_order(t, s, c->side, &c->ref, bytes, n);
	give_held(t, s, c->side);
}
