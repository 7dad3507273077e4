/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/http_exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define MARKS_USUAL 4
#define MARKS_FAILED 6

struct exchange *exchange_oldest(const struct exchanges *e)
{
	return e->count ? e->list[0] : NULL;
}

static struct exchange *take(struct exchanges *e)
{
	if (e->usual_taken)
		return xcalloc(1, sizeof(struct exchange));
	e->usual_taken = true;
	memset(&e->usual, 0, sizeof(e->usual));
	return &e->usual;
}

static void give(struct exchanges *e, struct exchange *x)
{
	if (x == &e->usual)
		e->usual_taken = false;
	else
		free(x);
}

void exchange_drop(struct exchanges *e, struct session *s, bool told)
{
	struct exchange *x = e->list[0];
	struct record r;

	if (told) {
		session_record(s, &r, RECORD_HTTP);
		r.http = x->facts;
		r.http.on_tls_port_hint |= http_hint_found(&x->hint);
		session_emit(s, &r);
	}
	if (e->asking == x)
		e->asking = NULL;
	give(e, x);
	memmove(e->list, e->list + 1, (size_t)--e->count * sizeof(e->list[0]));
}

struct exchange *exchange_open(struct exchanges *e, struct session *s)
{
	struct exchange *x;

	if (e->count == EXCHANGES_MAX)
		exchange_drop(e, s, true);
	x = take(e);
	x->facts.announced_body = UINT64_MAX;
	x->facts.number = ++e->number;
	e->list[e->count++] = x;
	return x;
}

bool exchange_tunnel_asked(const struct exchanges *e)
{
	return e->count && !strcmp(e->list[e->count - 1]->facts.method, "CONNECT");
}

void exchange_mark_request(struct exchanges *e, struct session *s, struct exchange *x, bool always)
{
	char label[30];

	if (x->marked || !x->facts.method[0] || (!always && e->marks++ >= MARKS_USUAL))
		return;
	snprintf(label, sizeof(label), "%.10s %.18s", x->facts.method, x->facts.uri);
	session_mark(s, SIDE_ORIG, &x->request, label);
	x->marked = true;
}

void exchange_mark_response(struct exchanges *e, struct session *s, struct exchange *x, const struct frame_ref *ref)
{
	bool failed = x->facts.status >= 400;
	char label[30];

	if (!x->marked && !(failed && e->marks_failed++ < MARKS_FAILED))
		return;
	exchange_mark_request(e, s, x, true);
	snprintf(label, sizeof(label), "%u", (unsigned)x->facts.status);
	session_mark(s, SIDE_RESP, ref, label);
}
