/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arp-no-answer: requests that nobody answers, for a target that says nothing else either (RFC 826). Replies are
 * unicast, so only those of a requester at the capture point are judged.
 */
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define ADDRESSES_MAX 20000
#define TRIES_MIN 3
#define SCAN_TARGETS 4 /* who asks for so many that nobody has is looking around: a scan, an inventory */
#define REPLIERS_MIN 2 /* a router that is answered by so many is at the capture point */

struct replies { /* to one requester */
	struct mac macs[REPLIERS_MIN];
	int count;
	bool is_router; /* it carries other addresses than its own */
};

struct requester {
	uint32_t unanswered;
	bool told;
};

struct asked {
	struct tally tally;
	struct mac requester_mac;
	uint32_t tries;
	struct addr requester;
	bool answered;
};

struct state {
	struct table asked;	 /* struct addr -> struct asked */
	struct table alive;	 /* struct addr -> uint8_t: sent something */
	struct table replies;	 /* struct mac of a requester -> struct replies */
	struct table requesters; /* struct mac -> struct requester; filled in the end */
};

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->asked, sizeof(struct addr), sizeof(struct asked), ADDRESSES_MAX);
	s->asked.drop = tally_drop;
	table_init(&s->alive, sizeof(struct addr), sizeof(uint8_t), ADDRESSES_MAX);
	table_init(&s->replies, sizeof(struct mac), sizeof(struct replies), ADDRESSES_MAX);
	table_init(&s->requesters, sizeof(struct mac), sizeof(struct requester), ADDRESSES_MAX);
}

/* Of IPv4; broadcast, multicast and "this host" answer nobody. */
static bool is_host_address(const struct addr *a)
{
	struct addr everyone, group, end;

	addr_parse("255.255.255.255", &everyone);
	addr_parse("224.0.0.0", &group);
	addr_parse("239.255.255.255", &end);
	return addr_is_set(a) && !addr_equal(a, &everyone) &&
	       (addr_compare(a, &group) < 0 || addr_compare(a, &end) > 0);
}

static void note_replier(struct state *s, const struct arp *a)
{
	struct replies *v = table_add(&s->replies, &a->sender_mac);

	for (int i = 0; i < v->count; i++)
		if (mac_equal(&v->macs[i], &a->target_mac))
			return;
	if (v->count < REPLIERS_MIN)
		v->macs[v->count++] = a->target_mac;
}

static void note_request(struct state *s, const struct record *r)
{
	const struct arp *a = &r->arp;
	struct asked *q;

	if (!a->request.frame || a->probe || a->gratuitous || !a->requester_unicast_seen || !is_host_address(&a->target_ip))
		return;
	q = table_add(&s->asked, &a->target_ip);
	q->answered |= a->response.frame != 0;
	q->tries += a->tries;
	q->requester = a->sender_ip;
	q->requester_mac = a->sender_mac;
	tally_count(&q->tally, r->ts_ns);
	tally_show(&q->tally, r, &a->request, "who has it?");
}

static void note_alive(struct state *s, const struct addr *ip)
{
	if (addr_is_set(ip))
		*(uint8_t *)table_add(&s->alive, ip) = 1;
}

static void note_arp(struct state *s, const struct record *r)
{
	const struct arp *a = &r->arp;

	if (a->nd)
		return;
	if (a->request.frame && a->response.frame) {
		note_alive(s, &a->target_ip);
		note_replier(s, a);
	}
	if (!a->probe)
		note_alive(s, &a->sender_ip);
	note_request(s, r);
}

/* A host may have a second address; packets that come from farther away have been counted down. */
static bool was_forwarded(const struct link *l)
{
	return l->ttl != 64 && l->ttl != 128 && l->ttl != 255;
}

static void note_link(struct state *s, const struct link *l)
{
	if (!l->pkts || !addr_is_set(&l->ip))
		return;
	note_alive(s, &l->ip);
	if (!l->claimed && addr_is_v4(&l->ip) && was_forwarded(l))
		((struct replies *)table_add(&s->replies, &l->mac))->is_router = true;
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	if (r->kind == RECORD_ARP)
		note_arp(state, r);
	else if (r->kind == RECORD_LINK)
		note_link(state, &r->link);
}

static struct finding *open_unanswered(struct diagnosis_context *x, const struct addr *ip, const struct asked *q)
{
	struct subject subject = { .host = *ip, .client = q->requester };
	struct finding *f = finding_open(x, "arp-no-answer", &subject);
	char target[ADDR_TEXT_SIZE];

	tally_tell(&q->tally, f);
	f->count = q->tries;
	finding_text(f, "ip", addr_text(ip, target));
	finding_null(f, "macs");
	return f;
}

static void tell_unanswered(struct diagnosis_context *x, const struct addr *ip, const struct asked *q)
{
	struct finding *f = open_unanswered(x, ip, q);
	char target[ADDR_TEXT_SIZE], requester[ADDR_TEXT_SIZE];

	addr_text(ip, target);
	addr_text(&q->requester, requester);
	f->responsible = RESPONSIBLE_SERVER;
	finding_title(f, "Nobody answers for %s: %u ARP requests of %s", target, q->tries, requester);
	finding_detail(f, "Nothing else from that address is in the capture either.");
	finding_cause(f, 0.7, "the host is down, or not on this segment", "no reply, no other packet");
	finding_cause(f, 0.2, "a wrong address or netmask at the requester", "it asks here for what may be behind a router");
	finding_next(f, "Is %s up and in this VLAN? Compare address and netmask of %s", target, requester);
}

static void tell_scan(struct diagnosis_context *x, const struct addr *ip, const struct asked *q, uint32_t targets)
{
	struct finding *f = open_unanswered(x, ip, q);
	char target[ADDR_TEXT_SIZE], requester[ADDR_TEXT_SIZE];

	addr_text(&q->requester, requester);
	f->severity = SEVERITY_NOTE;
	finding_title(f, "%s asks for %u addresses that nobody has, for example %s", requester, targets, addr_text(ip, target));
	finding_detail(f, "Who asks for many looks around: a scan, an inventory, or a router that is sent packets for them.");
	finding_next(f, "Is %s a scanner or a management station of yours?", requester);
}

/* Replies go to the requester alone, so the capture must be taken there. Of a router in a host's capture only what
 * concerns that host is seen. */
static bool would_see_reply(const struct state *s, const struct diagnosis_context *x, const struct asked *q)
{
	const struct replies *v = table_find(&s->replies, &q->requester_mac);

	return context_is_capture_point(x, &q->requester_mac) && (!v || !v->is_router || v->count >= REPLIERS_MIN);
}

static bool is_unanswered(
	const struct state *s, const struct diagnosis_context *x, const struct addr *ip, const struct asked *q)
{
	return !q->answered && q->tries >= TRIES_MIN && !table_find(&s->alive, ip) &&
	       would_see_reply(s, x, q);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;

	for (struct table_entry *e = table_next(&s->asked, NULL); e; e = table_next(&s->asked, e)) {
		const struct asked *q = table_value(e);

		if (is_unanswered(s, x, table_key(e), q))
			((struct requester *)table_add(&s->requesters, &q->requester_mac))->unanswered++;
	}
	for (struct table_entry *e = table_next(&s->asked, NULL); e; e = table_next(&s->asked, e)) {
		const struct asked *q = table_value(e);
		struct requester *who;

		if (!is_unanswered(s, x, table_key(e), q))
			continue;
		who = table_add(&s->requesters, &q->requester_mac);
		if (who->unanswered < SCAN_TARGETS)
			tell_unanswered(x, table_key(e), q);
		else if (!who->told)
			tell_scan(x, table_key(e), q, who->unanswered);
		who->told = true;
	}
}

static void on_free(void *state)
{
	struct state *s = state;

	table_free(&s->asked);
	table_free(&s->alive);
	table_free(&s->replies);
	table_free(&s->requesters);
}

const struct rule rule_arp_unanswered = {
	.codes = { "arp-no-answer" },
	.spec = "RFC 826; RFC 1122, section 2.3.2.1",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_ARP | 1u << RECORD_LINK,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
