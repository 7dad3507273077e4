/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tcp-refused: a SYN is answered by a RST that acknowledges it: nothing listens there (RFC 9293, section 3.10.7.1). */
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/fallback.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

/* Windows sends the SYN again, twice, from the same port. */
static void show_repeats(struct claim *out, const struct conversation *c)
{
	for (uint32_t i = 1; i < c->conn->syns && i < SYN_TIMES_MAX && i < c->conn->rst_count && i < RSTS_MAX; i++) {
		claim_evidence(out, c->record,
			&(struct frame_ref){c->conn->syn_frames[i], c->conn->syn_at_ns[i], c->record->source}, "SYN again");
		claim_evidence(out, c->record, &c->conn->rsts[i].ref, "RST, ACK: refused again");
	}
}

static uint64_t count_syns(const struct claim_group *g)
{
	uint64_t n = 0;

	for (int i = 0; i < g->count; i++)
		n += (uint64_t)g->claims[i]->value;
	return n;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	(void)state;
	(void)x;
	if (c->conn->answered != SYN_ANSWER_RST)
		return false;
	out->code = "tcp-refused";
	out->number = c->conn->rst_count ? c->conn->rsts[0].ttl : 0;
	if (c->conn->answer_ns >= 0)
		out->delay_s = when_s(c->conn->answer_ns);
	out->value = c->conn->syns;
	claim_evidence(out, c->record, &(struct frame_ref){c->conn->syn_frames[0], 0, c->record->source}, "SYN");
	claim_evidence(out, c->record, &c->conn->answer, "RST, ACK: refused");
	show_repeats(out, c);
	return true;
}

/* The service did not come or go: it answered before the last refusal and after the first one. */
static bool is_interleaved(const struct claim_group *g, const struct service_state *s)
{
	return g->count > 1 && s->ok > 1 && s->first_ok_ns < g->claims[g->count - 1]->ts_ns && s->last_ok_ns > g->claims[0]->ts_ns;
}

static void each_service(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct service_state *s = context_service(x, &g->server, g->port, 6);
	char service[SERVICE_TEXT_SIZE], delay[WHEN_TEXT_SIZE];
	double median = group_delay_median(g);
	struct finding *f = finding_of_group(x, g);

	(void)arg;
	subject_service_text(&g->server, g->port, service);
	when_duration(median, delay);
	finding_number(f, "delay_median_s", median);
	finding_title(f, "%s refuses connections (%d of %llu)", service, g->count,
		(unsigned long long)(s ? s->total : (uint64_t)g->count));
	finding_detail(f, "Each SYN (%llu in all) is answered by a RST after %s: the host is up, and nothing listens on port %u.",
		(unsigned long long)count_syns(g), delay, g->port);
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.75, "the service is not running, or listens on another port or address",
		"a RST that acknowledges the SYN is what a kernel sends for a closed port");
	finding_cause(f, 0.2, "a firewall answers in the host's name (REJECT with tcp-reset)",
		"such a RST looks the same unless its TTL differs from the host's other packets");
	if (s && is_interleaved(g, s)) {
		finding_cause(f, 0.85, "one of several servers behind that address (a pool, a cluster) does not run the service",
			"refused and served connections alternate: %d refused, %llu served in between", g->count,
			(unsigned long long)s->ok);
		finding_next(f, "State of the pool's members on the load balancer, and of its health check, which leaves the dead one in");
	} else if (s && s->ok)
		finding_against(f, "%llu other connection%s to the same port worked: the service comes and goes",
			(unsigned long long)s->ok, s->ok == 1 ? "" : "s");
	finding_next(
		f, "On the server: ss -ltnp 'sport = :%u' (is anything listening, and on which address?)", g->port);
	finding_next(f, "If it is: look for a firewall in front of it that rejects with a reset");
	fallback_tell(x, f, g);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tcp-refused", GROUP_BY_SERVICE, each_service, NULL);
}

const struct rule rule_refused = {
	.codes = {"tcp-refused"},
	.spec = "RFC 9293, section 3.10.7.1",
	.asked_if = SHOWS_NO_SYN_ACK,
	.claim = on_claim,
	.finish = on_finish,
};
