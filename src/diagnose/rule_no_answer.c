/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tcp-no-answer: SYNs repeated and never answered. Linux repeats after 1, 3, 7, 15, 31, 63 s; newer kernels every
 * second at first (tcp_syn_linear_timeouts).
 */
#include <string.h>

#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/fallback.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"

#define LONE_SYN_WAIT_S 3.0 /* a single SYN counts when the capture goes on this long: past the usual first repeats */
#define OTHERS_MIN 2 /* services that answer */
#define REPEAT_MIN_S 0.9    /* the least first time-out of a stack: SYNs closer together are one attempt */

static double waited(const struct conversation *c)
{
	uint32_t n = c->conn->syns < SYN_TIMES_MAX ? c->conn->syns : SYN_TIMES_MAX;
	int64_t last = n ? c->conn->syn_at_ns[n - 1] : 0;

	if (n == SYN_TIMES_MAX && c->conn->duration_ns > last)
		last = c->conn->duration_ns;
	return when_s(last > 0 ? last : 0);
}

enum sureness {
	SURE_NOT,     /* the capture ends too soon */
	SURE_OF_ONE,  /* one attempt, never repeated: its program gave up at once */
	SURE,
};

static enum sureness sureness(const struct conversation *c)
{
	if (c->conn->syns > 1 && waited(c) >= REPEAT_MIN_S)
		return SURE;
	return when_s(c->record->emitted_ns - c->record->ts_ns) < LONE_SYN_WAIT_S ? SURE_NOT : SURE_OF_ONE;
}

static bool on_claim(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out)
{
	uint32_t n = c->conn->syns < SYN_TIMES_MAX ? c->conn->syns : SYN_TIMES_MAX;

	(void)state;
	(void)x;
	if (!c->conn->syns || c->conn->answered != SYN_ANSWER_NONE || c->resp->pkts || c->cannot_tell)
		return false;
	out->code = "tcp-no-answer";
	out->delay_s = waited(c);
	out->number = (uint16_t)sureness(c);
	out->value = c->conn->syns;
	for (uint32_t i = 0; i < n && i < CLAIM_EVIDENCE_MAX; i++)
		claim_evidence(out, c->record,
			&(struct frame_ref){c->conn->syn_frames[i], c->conn->syn_at_ns[i], c->record->source},
			i ? "SYN again" : "SYN");
	return true;
}

static bool host_answers_elsewhere(const struct diagnosis_context *x, const struct addr *server, uint16_t port)
{
	for (struct table_entry *e = table_next(&x->services, NULL); e; e = table_next(&x->services, e)) {
		const struct service_key *k = table_key(e);
		const struct service_state *s = table_value(e);

		if (k->proto == 6 && k->port != port && addr_equal(&k->server, server) && s->established)
			return true;
	}
	return false;
}

/* Services of other hosts that answer; FTP makes a port for each file. */
static int count_others(const struct diagnosis_context *x, const struct claim_group *g)
{
	int n = 0;

	for (struct table_entry *e = table_next(&x->services, NULL); e; e = table_next(&x->services, e)) {
		const struct service_key *k = table_key(e);
		const struct service_state *s = table_value(e);

		n += k->proto == 6 && s->established && !addr_equal(&k->server, &g->server) && strcmp(s->service, "ftp-data") != 0;
	}
	return n;
}

static bool any_established(const struct diagnosis_context *x)
{
	for (struct table_entry *e = table_next(&x->services, NULL); e; e = table_next(&x->services, e))
		if (((const struct service_state *)table_value(e))->established)
			return true;
	return false;
}

static void explain(struct finding *f, const struct diagnosis_context *x, const struct claim_group *g)
{
	const struct service_state *s = context_service(x, &g->server, g->port, 6);

	f->responsible = RESPONSIBLE_PATH;
	if (s && s->established) {
		finding_cause(f, 0.5, "the service or a device before it drops some connections: a full listen queue, a limit",
			"%llu other connection%s to the same port %s set up", (unsigned long long)s->established,
			s->established == 1 ? "" : "s", s->established == 1 ? "was" : "were");
		if (s->ok > 1 && g->count > 1 && s->first_ok_ns < g->claims[g->count - 1]->ts_ns && s->last_ok_ns > g->claims[0]->ts_ns)
			finding_cause(f, 0.55, "one of several servers behind that address (a pool, a cluster) is dead",
				"unanswered and served connections alternate");
		finding_cause(f, 0.3, "a firewall lets some sources or moments through and drops the others",
			"what fails gets no RST and no ICMP");
	} else if (host_answers_elsewhere(x, &g->server, g->port)) {
		finding_detail(f, "Other ports of the same host answer, so the host is up and reachable.");
		finding_cause(f, 0.85, "a firewall drops packets to this port silently",
			"the host answers on other ports, and not even a RST comes back from this one");
	} else {
		finding_cause(f, 0.5, "a firewall drops the packets silently", "no RST and no ICMP comes back");
		finding_cause(f, 0.4, "the host is down, or there is no route to it or back from it",
			"nothing else from this host is in the capture");
	}
	if (count_others(x, g) >= OTHERS_MIN)
		finding_detail(f, "%d other services answer in this capture: the trouble is not general.",
			count_others(x, g));
	if (x->capture_filtered)
		finding_against(f, "the capture was filtered: an ICMP answer would perhaps not be in it");
	finding_next(f,
		"Capture on the server or behind the firewall: tcpdump -ni any 'tcp port %u' (do the SYNs arrive?)",
		g->port);
	finding_next(f, "If they arrive there: look at the server's own packet filter and at its route back");
}

/* A lone attempt may be a program's that gave up at once; several of them say that nobody answers. */
static enum sureness group_sureness(const struct claim_group *g)
{
	enum sureness best = SURE_NOT;
	int of_one = 0;

	for (int i = 0; i < g->count; i++) {
		best = g->claims[i]->number > best ? (enum sureness)g->claims[i]->number : best;
		of_one += g->claims[i]->number == SURE_OF_ONE;
	}
	return of_one > 1 ? SURE : best;
}

static void tone_down(struct finding *f, enum sureness sure)
{
	if (sure == SURE)
		return;
	f->severity = SEVERITY_NOTE;
	f->confidence = 0.3;
	finding_against(f, sure == SURE_NOT ? "the capture ends too soon to tell: an answer may have come later" :
					      "the SYN was sent once only: its sender gave up at once, or went another way");
}

static void tell_wait(struct finding *f, const struct claim_group *g)
{
	double longest = group_delay_max(g);
	char text[WHEN_TEXT_SIZE];

	if (longest > 0)
		finding_detail(f, "The SYNs are repeated for up to %s; no SYN-ACK, no RST and no ICMP comes back.",
			when_duration(longest, text));
	else
		finding_detail(f, "No SYN-ACK, no RST and no ICMP comes back.");
}

static void each_service(void *arg, struct diagnosis_context *x, const struct claim_group *g)
{
	const struct service_state *s = context_service(x, &g->server, g->port, 6);
	char service[SERVICE_TEXT_SIZE];
	enum sureness sure = group_sureness(g);
	uint64_t attempts = 0;
	struct finding *f;

	(void)arg;
	if (sure != SURE && s && s->established)
		return;
	if (sure == SURE_NOT && any_established(x))
		return; /* the last moment of a capture in which others connect: a handshake under way */
	f = finding_of_group(x, g);
	for (int i = 0; i < g->count; i++)
		attempts += (uint64_t)g->claims[i]->value;
	subject_service_text(&g->server, g->port, service);
	finding_integer(f, "attempts", (int64_t)attempts);
	finding_number(f, "waited_s", group_delay_max(g));
	finding_title(f, "%s does not answer: %llu SYN%s of %d connection%s in vain", service, (unsigned long long)attempts,
		attempts == 1 ? "" : "s", g->count, g->count == 1 ? "" : "s");
	tell_wait(f, g);
	if (fallback_tell(x, f, g) && sure == SURE_OF_ONE)
		sure = SURE;
	tone_down(f, sure);
	explain(f, x, g);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	(void)state;
	claim_groups(x, "tcp-no-answer", GROUP_BY_SERVICE, each_service, NULL);
}

const struct rule rule_no_answer = {
	.codes = {"tcp-no-answer"},
	.spec = "RFC 9293, section 3.8.1; Linux tcp_syn_retries, tcp_syn_linear_timeouts",
	.asked_if = SHOWS_MUTE,
	.claim = on_claim,
	.finish = on_finish,
};
