/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sptps-bad-kex: a handshake record of tinc's SPTPS, in clear, of a wrong length, type or version.
 * sptps-bad-order: SIG before KEX. The receiver closes the connection at once in either case.
 */
#include <string.h>

#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/tunnel_events.h"
#include "diagnose/tunnel_pairs.h"

struct sptps_state {
	struct table events;
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	tunnel_events_init(&((struct sptps_state *)state)->events);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	tunnel_events_take(&((struct sptps_state *)state)->events, r, 1u << TUNNEL_BAD_KEX | 1u << TUNNEL_BAD_ORDER);
}

static const struct frame_ref *closing_frame(const struct conversation *c)
{
	if (c->conn->first_fin < SIDE_NONE)
		return &c->conn->side[c->conn->first_fin].fin;
	return &c->conn->rsts[0].ref; /* frame 0 when there is none */
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	const struct tunnel_trouble *t = tunnel_events_of(&((struct sptps_state *)state)->events, c->record);
	const struct record *bad = t ? &t->first : NULL;

	(void)x;
	if (!bad)
		return false;
	out->code = bad->tunnel.event == TUNNEL_BAD_ORDER ? "sptps-bad-order" : "sptps-bad-kex";
	out->value = bad->tunnel.length;
	out->number = bad->tunnel.side;
	memcpy(out->text, bad->tunnel.step, sizeof(bad->tunnel.step));
	claim_evidence(out, bad, &bad->tunnel.ref, "%s record of %u bytes%s", bad->tunnel.step, bad->tunnel.length,
		bad->tunnel.event == TUNNEL_BAD_ORDER ? " before any KEX" : "");
	claim_evidence(out, c->record, closing_frame(c), "the connection is closed");
	return true;
}

static const char *sender_text(const struct claim *c, char out[ADDR_TEXT_SIZE])
{
	return addr_text(c->number == SIDE_ORIG ? &c->orig : &c->resp, out);
}

static void tell_kex(struct finding *f, const struct claim *first, int count)
{
	char sender[ADDR_TEXT_SIZE];

	finding_title(f, "%s sends a %s record of %.0f bytes%s that SPTPS does not allow (%d connection%s)",
		sender_text(first, sender), first->text, first->value, first->value == 65 ? ", of another version," : "",
		count, count == 1 ? "" : "s");
	finding_detail(f, "A KEX record has 65 bytes and version 0, a SIG record 64. tinc logs \"Invalid KEX record "
			  "length\" (or version) and closes the connection. ");
	finding_cause(f, 0.5, "the ends run versions of tinc that do not fit together", "the record has another shape");
	finding_cause(f, 0.3, "something on the way changes the stream", "lengths are in clear and not protected");
}

static void tell_order(struct finding *f, const struct claim *first, int count)
{
	char sender[ADDR_TEXT_SIZE];

	finding_title(f, "%s sends its SIG record before its KEX (%d connection%s)", sender_text(first, sender), count,
		count == 1 ? "" : "s");
	finding_detail(f,
		"The handshake is KEX, then SIG, in each direction; the other end closes the connection at that "
		"step. ");
	finding_cause(
		f, 0.6, "the program on that end is faulty or no tinc", "a right one cannot sign before the exchange");
	finding_cause(
		f, 0.2, "segments were put in a wrong order on the way by a proxy", "sequence numbers are in order");
}

static void each_pair(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	struct finding *f = finding_of_group(x, g);

	(void)arg;
	finding_text(f, "protocol", "tinc");
	finding_integer(f, "length", (int64_t)g->claims[0]->value);
	f->responsible = g->claims[0]->number == SIDE_ORIG ? RESPONSIBLE_CLIENT : RESPONSIBLE_SERVER;
	if (strcmp(g->code, "sptps-bad-order") == 0)
		tell_order(f, g->claims[0], g->count);
	else
		tell_kex(f, g->claims[0], g->count);
	finding_next(f, "Compare the versions: tincd --version on both ends");
	finding_next(f, "Raise the debug level (tinc -n NET debug 3) and read what the end that closes logs");
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "sptps-bad-kex", GROUP_BY_CLIENT_SERVICE, each_pair, NULL);
	claim_groups(x, "sptps-bad-order", GROUP_BY_CLIENT_SERVICE, each_pair, NULL);
}

static void on_free(void *state)
{
	table_free(&((struct sptps_state *)state)->events);
}

const struct rule rule_sptps = {
	.codes = {"sptps-bad-kex", "sptps-bad-order"},
	.spec = "tinc 1.1 manual, section 7.4",
	.state_size = sizeof(struct sptps_state),
	.init = on_init,
	.kinds = 1u << RECORD_TUNNEL,
	.record = on_record,
	.asked_if = SHOWS_TUNNEL,
	.claim = on_claim,
	.finish = on_finish,
	.free = on_free,
};
