/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel-restart-storm: a tunnel's session begins again and again, at the beat of a limiter (tinc restarts a session
 * at most once per 10 s and end), while its control connection stays up.
 */
#include <string.h>

#include "base/samples.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/tunnel_restarts.h"

#define STORM_RESTARTS 3
#define STORM_BEAT_MIN_S 8.0
#define STORM_BEAT_MAX_S 15.0
#define BURST_RESTARTS 5
#define BURST_NS (10 * NS_PER_S)

struct storm_state {
	struct table pairs;
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	(void)x;
	tunnel_pairs_init(&((struct storm_state *)state)->pairs);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	tunnel_pairs_take(&((struct storm_state *)state)->pairs, r);
}

/* Restarts of one kind: those of one direction, as its numbers tell, or of one end, as it asks for them. */
static bool same_series(const struct tunnel_moment *a, const struct tunnel_moment *b)
{
	return strcmp(a->step, b->step) == 0 && addr_equal(&a->host, &b->host) &&
	       (strcmp(a->step, "seqno") != 0 || strcmp(a->session, b->session) == 0);
}

struct beat {
	double period_s; /* median of the gaps */
	uint32_t restarts;
	bool storm;
};

static struct beat beat_of(const struct tunnel_pair *p, const struct tunnel_moment *one)
{
	int64_t times[TUNNEL_MOMENTS_MAX];
	struct samples gaps = {0};
	struct beat b = {0};

	for (uint32_t i = 0; i < p->count; i++)
		if (tunnel_is_restart(&p->moments[i]) && same_series(&p->moments[i], one) &&
			!tunnel_after_new_meta(p, &p->moments[i]))
			times[b.restarts++] = p->moments[i].at_ns;
	for (uint32_t i = 1; i < b.restarts; i++)
		samples_add(&gaps, when_s(times[i] - times[i - 1]));
	b.period_s = b.restarts > 1 ? samples_median(&gaps) : 0;
	samples_free(&gaps);
	if (b.restarts >= STORM_RESTARTS && b.period_s >= STORM_BEAT_MIN_S && b.period_s <= STORM_BEAT_MAX_S)
		b.storm = true;
	for (uint32_t i = BURST_RESTARTS - 1; i < b.restarts; i++)
		if (times[i] - times[i - (BURST_RESTARTS - 1)] <= BURST_NS)
			b.storm = true;
	return b;
}

/* The longest storm among the pair's series. */
static struct beat worst_beat(const struct tunnel_pair *p)
{
	struct beat worst = {0};

	for (uint32_t i = 0; i < p->count; i++) {
		struct beat b;

		if (!tunnel_is_restart(&p->moments[i]))
			continue;
		b = beat_of(p, &p->moments[i]);
		if (b.storm && b.restarts > worst.restarts)
			worst = b;
	}
	return worst;
}

static void find_storm(struct diagnosis_context *x, const struct tunnel_pair *p, const struct beat *b)
{
	struct finding *f = tunnel_finding(x, p, "tunnel-restart-storm");
	char a[TUNNEL_WHO_SIZE], c[TUNNEL_WHO_SIZE];
	uint32_t restarts = tunnel_tell_restarts(f, p);

	f->count = restarts;
	f->confidence = 0.9;
	finding_integer(f, "restarts", restarts);
	finding_number(f, "period_s", b->period_s);
	finding_title(f, "The %s tunnel between %s and %s begins a new session again and again, %.1f s apart",
		tunnel_protocol_name(p->protocol), tunnel_who(p, &p->client, a), tunnel_who(p, &p->server, c),
		b->period_s);
	finding_detail(f,
		"%u restarts were seen while the control connection stayed up. Packets arrive, but are not "
		"accepted; each time the restart limit allows it, the receiver asks for a new session. ",
		restarts);
	finding_cause(f, 0.6, "packets are damaged or changed on the way, under checksums that are right",
		"the same keys fail again after each new handshake");
	finding_cause(
		f, 0.3, "one end encrypts or numbers packets wrongly", "a fault of the software would look the same");
	finding_next(f, "Read the log of both ends for \"Failed to decrypt and verify packet\": the end that logs it "
			"receives damaged packets");
	finding_next(f, "Capture on both ends at once and compare the payload of one datagram (same sequence number)");
	finding_next(f, "Let the tunnel use TCP for a while (tinc: TCPOnly = yes): when it works, the UDP path changes "
			"packets");
	finding_filter_frames(f);
}

static void judge(struct diagnosis_context *x, const struct tunnel_pair *p)
{
	struct beat b = worst_beat(p);

	if (b.storm)
		find_storm(x, p, &b);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct storm_state *s = state;

	for (struct table_entry *e = table_next(&s->pairs, NULL); e; e = table_next(&s->pairs, e))
		judge(x, table_value(e));
}

static void on_free(void *state)
{
	tunnel_pairs_free(&((struct storm_state *)state)->pairs);
}

const struct rule rule_tunnel_storm = {
	.codes = {"tunnel-restart-storm"},
	.spec = "tinc 1.1 (net_packet.c: at most one restart per 10 s)",
	.state_size = sizeof(struct storm_state),
	.init = on_init,
	.kinds = 1u << RECORD_CONN | 1u << RECORD_TUNNEL,
	.heard_if = SHOWS_REFUSED,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
