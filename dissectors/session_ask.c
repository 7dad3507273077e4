/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a dissector may ask of its session, and say through it. */
#include <string.h>

#include "base/text.h"
#include "dissectors/announced.h"
#include "dissectors/session_state.h"

#define HEAD offsetof(struct record, capture) /* what all kinds have */

/* Of the next record what is its own. */
static void *next_facts(struct dissect_engine *e)
{
	e->told = e->room ? e->room(e->room_arg) : NULL;
	if (!e->told)
		e->told = &e->own;
	return (char *)e->told + HEAD;
}

void *session_facts(struct session *s, enum record_kind kind)
{
	return memset(next_facts(s->engine), 0, record_kind_size(kind) - HEAD);
}

void session_tell_facts(struct session *s, enum record_kind kind)
{
	struct record *r = s->engine->told;

	memcpy(r, session_head(s), HEAD);
	r->kind = (uint8_t)kind;
	r->emitted_ns = s->engine->owner->clock_ns;
	s->engine->sink.take(s->engine->sink.arg, r);
}

void session_tell(struct session *s, enum record_kind kind, const void *facts)
{
	memcpy(next_facts(s->engine), facts, record_kind_size(kind) - HEAD);
	session_tell_facts(s, kind);
}

void *session_part(struct session *s)
{
	struct pool *parts = &s->engine->parts[s->row];

	if (!parts->size)
		pool_init_objects(parts, s->dissector->part_size);
	session_charge(s, (ptrdiff_t)s->dissector->part_size);
	return pool_new(parts);
}

void session_part_free(struct session *s, void *part)
{
	session_charge(s, -(ptrdiff_t)s->dissector->part_size);
	pool_delete(&s->engine->parts[s->row], part);
}

/* Wishes of a dissector that another one asks inside its own messages (TLS in OpenVPN's) are about no bytes of the
 * stream, and the one that reads the stream counts nothing. */
void session_quiet(struct session *s, enum side side, uint64_t n)
{
	if (!s->dissector->passed)
		return;
	s->side[side].quiet = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

void session_skim(struct session *s, enum side side, uint8_t sort)
{
	if (!s->dissector->skim)
		return;
	s->side[side].skim = sort;
}

void session_charge(struct session *s, ptrdiff_t bytes)
{
	s->engine->held_bytes += (size_t)bytes;
}

void session_mark(struct session *s, enum side side, const struct frame_ref *ref, const char *label)
{
	if (s->engine->owner->mark)
		s->engine->owner->mark(s->engine->owner->flow, side, ref, label);
}

struct frame_ref session_ref(const struct session *s, const struct frame_ref *absolute)
{
	int64_t begun_ns = absolute->frame ? session_head(s)->ts_ns : 0;

	return (struct frame_ref){
		.frame = absolute->frame, .at_ns = absolute->at_ns - begun_ns, .source = absolute->source };
}

static const struct dissector *dissector_named(const char *name)
{
	int i;

	for (i = 0; name && dissector_table[i]; i++)
		if (!strcmp(dissector_table[i]->name, name))
			return dissector_table[i];
	return NULL;
}

void session_hand_on(struct session *s, const char *dissector, const char *via, const char *proxied_host)
{
	if (!s->handed_on) {
		s->handed_on = xcalloc(1, sizeof(*s->handed_on));
		s->engine->held_bytes += sizeof(*s->handed_on);
	}
	s->came_by = true;
	s->handed_on->to = dissector_named(dissector);
	text_copy(s->handed_on->via, sizeof(s->handed_on->via), via ? via : "");
	text_copy(s->handed_on->proxied_host, sizeof(s->handed_on->proxied_host), proxied_host ? proxied_host : "");
}

const char *session_via(const struct session *s)
{
	return s->came_by ? s->handed_on->via : "";
}

const char *session_proxied_host(const struct session *s)
{
	return s->came_by ? s->handed_on->proxied_host : "";
}

const struct addr *session_addr(const struct session *s, enum side side)
{
	return side == SIDE_ORIG ? &session_head(s)->orig_h : &session_head(s)->resp_h;
}

uint16_t session_port(const struct session *s, enum side side)
{
	return side == SIDE_ORIG ? session_head(s)->orig_p : session_head(s)->resp_p;
}

uint8_t session_proto(const struct session *s)
{
	return session_head(s)->proto;
}

bool session_is_udp(const struct session *s)
{
	return session_head(s)->proto == 17;
}

void session_expect(
	struct session *s, enum side connects, const struct addr *listener, uint16_t port, const char *service)
{
	const struct record *head = session_head(s);
	const struct addr *other = connects == SIDE_ORIG ? &head->resp_h : &head->orig_h;
	struct announced a = { .peer = connects == SIDE_ORIG ? head->orig_h : head->resp_h,
		.listener = *listener,
		.port = port };

	text_copy(a.service, sizeof(a.service), service);
	if (addr_equal(listener, other) || !s->engine->announce)
		announced_add(&s->engine->expected, &a, INT64_MIN);
	else
		s->engine->announce(s->engine->announce_arg, &a, s->engine->owner->clock_ns);
}

const struct keylog *session_keylog(const struct session *s)
{
	return s->engine->keys;
}

struct memo *session_memo(const struct session *s, enum session_memo which)
{
	return &s->engine->memos[which];
}

enum side session_first_fin(const struct session *s)
{
	const struct session_owner *o = s->engine->owner;

	return o->fin_of ? o->fin_of(o->flow) : o->first_fin;
}

enum side session_first_rst(const struct session *s)
{
	const struct session_owner *o = s->engine->owner;

	return o->rst_of ? o->rst_of(o->flow) : o->first_rst;
}
