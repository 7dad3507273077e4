/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arp-conflict: one address is claimed by two MACs at once: the old one comes back after the new one spoke (a failover
 * moves an address once), or a MAC claims several addresses unasked and takes a gateway's traffic over (poisoning).
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "base/when.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/oui.h"
#include "diagnose/rule.h"
#include "diagnose/tally.h"

#define ADDRESSES_MAX 20000
#define CLAIMANTS_MAX 4
/* Two machines that have the same address answer the same question, or defend it at once (RFC 5227, section 2.4). */
#define CLASH_NS (5 * NS_PER_S)
#define PROXY_ADDRESSES 4 /* who answers for so many does so for others (proxy ARP, RFC 1027) */
#define BOND_DISTANCE 8	  /* ports of one card have MACs in a row */

struct claimed {
	struct tally tally;
	struct mac macs[CLAIMANTS_MAX];
	int mac_count, last; /* index of the MAC that claimed last */
	uint32_t returns;    /* an earlier MAC claims again after another one did */
	uint32_t clashes;    /* of them, at once */
	uint32_t doubles;    /* of those, answers to the same question */
	int64_t last_ns;
	struct addr last_to; /* whom the last claim was told; unset: everyone */
	bool unasked;
};

struct carried { /* who carries packets of an address that is not its own */
	struct mac first, later;
	bool moved;
	struct frame_ref *seen; /* absolute: first frames of that address from one of the MACs; room for a power of two */
	int seen_count;
};

struct owner { /* what one MAC claims */
	uint32_t addresses;
	bool unasked;
};

struct state {
	struct table claims; /* struct addr -> struct claimed */
	struct table owners; /* struct mac -> struct owner */
	struct table carried; /* struct addr -> struct carried */
};

static void drop_carried(void *owner, void *value)
{
	struct carried *c = value;

	(void)owner;
	table_charge(-(ptrdiff_t)((size_t)c->seen_count * sizeof(*c->seen)));
	free(c->seen);
	c->seen = NULL;
	c->seen_count = 0;
}

static void on_init(void *state, const struct diagnosis_context *x)
{
	struct state *s = state;

	(void)x;
	table_init(&s->claims, sizeof(struct addr), sizeof(struct claimed), ADDRESSES_MAX);
	s->claims.drop = tally_drop;
	table_init(&s->owners, sizeof(struct mac), sizeof(struct owner), ADDRESSES_MAX);
	table_init(&s->carried, sizeof(struct addr), sizeof(struct carried), ADDRESSES_MAX);
	s->carried.drop = drop_carried;
}

static int index_of(struct claimed *c, const struct mac *m)
{
	for (int i = 0; i < c->mac_count; i++)
		if (mac_equal(&c->macs[i], m))
			return i;
	if (c->mac_count == CLAIMANTS_MAX)
		return -1;
	c->macs[c->mac_count] = *m;
	return c->mac_count++;
}

/* An earlier MAC is back. `to`: whom it tells; NULL: everyone. */
static void note_return(struct claimed *c, int64_t at_ns, const struct addr *to)
{
	bool one = to && addr_equal(to, &c->last_to), all = !to || !addr_is_set(&c->last_to);
	bool at_once = at_ns - c->last_ns <= CLASH_NS;

	c->returns++;
	c->clashes += (one || all) && at_once;
	c->doubles += one && at_once;
}

static void note_claim(struct state *s, const struct record *r, const struct addr *ip, const struct mac *m,
	const struct frame_ref *ref, bool unasked, const struct addr *to)
{
	struct claimed *c;
	struct owner *o;
	char mac[MAC_TEXT_SIZE];
	int before, at;

	if (!addr_is_set(ip) || !mac_is_set(m) || !ref->frame)
		return;
	c = table_add(&s->claims, ip);
	before = c->mac_count;
	at = index_of(c, m);
	if (at < 0)
		return;
	o = table_add(&s->owners, m);
	o->addresses += c->mac_count > before;
	o->unasked |= unasked;
	if (before && at < before && at != c->last)
		note_return(c, r->ts_ns + ref->at_ns, to);
	c->last = at;
	c->last_ns = r->ts_ns + ref->at_ns;
	c->last_to = to ? *to : (struct addr){ 0 };
	c->unasked |= unasked;
	tally_count(&c->tally, r->ts_ns + ref->at_ns);
	tally_show(&c->tally, r, ref, "%s claims the address", mac_text(m, mac));
}

static void note_arp(struct state *s, const struct record *r)
{
	const struct arp *a = &r->arp;

	if (a->nd)
		return;
	if (a->request.frame && a->response.frame)
		note_claim(s, r, &a->target_ip, &a->target_mac, &a->response, false, &a->sender_ip);
	if (!a->probe)
		note_claim(s, r, &a->sender_ip, &a->sender_mac, a->request.frame ? &a->request : &a->response,
			!a->request.frame && !a->gratuitous,
			a->request.frame || a->gratuitous ? NULL : &a->target_ip);
}

static void keep_seen(struct carried *c, struct frame_ref ref)
{
	int n = c->seen_count;

	if ((n & (n - 1)) == 0)
		c->seen = xrealloc(c->seen, (n ? (size_t)n * 2 : 1) * sizeof(*c->seen));
	c->seen[c->seen_count++] = ref;
	table_charge(sizeof(*c->seen));
}

static void note_link(struct state *s, const struct record *r)
{
	const struct link *l = &r->link;
	struct carried *c;

	if (!l->pkts || !addr_is_set(&l->ip) || l->claimed)
		return;
	c = table_add(&s->carried, &l->ip);
	if (!mac_is_set(&c->first))
		c->first = l->mac;
	else if (!mac_equal(&c->first, &l->mac)) {
		c->later = l->mac;
		c->moved = true;
	}
	if (l->first.frame && c->seen_count < TALLY_SHOWN_MAX)
		keep_seen(c, (struct frame_ref){ l->first.frame, r->ts_ns + l->first.at_ns, l->first.source });
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	(void)x;
	if (r->kind == RECORD_ARP)
		note_arp(state, r);
	else if (r->kind == RECORD_LINK)
		note_link(state, r);
}

static struct finding *open_conflict(struct diagnosis_context *x, const struct addr *ip, const struct tally *t)
{
	struct subject subject = { .host = *ip };
	struct finding *f = finding_open(x, "arp-conflict", &subject);
	char text[ADDR_TEXT_SIZE];

	tally_tell(t, f);
	finding_text(f, "ip", addr_text(ip, text));
	return f;
}

static void tell_conflict(struct diagnosis_context *x, const struct addr *ip, const struct claimed *c)
{
	struct finding *f = open_conflict(x, ip, &c->tally);
	char text[ADDR_TEXT_SIZE], a[MAC_TEXT_SIZE], b[MAC_TEXT_SIZE];

	for (int i = 0; i < c->mac_count; i++)
		finding_list(f, "macs", mac_text(&c->macs[i], a));
	finding_title(f, "%s is claimed by two machines at once: %s and %s", addr_text(ip, text), mac_text(&c->macs[0], a),
		mac_text(&c->macs[1], b));
	finding_detail(f, "Both go on answering for it; who of them gets a packet changes with each answer.");
	f->responsible = RESPONSIBLE_PATH;
	finding_cause(f, 0.8, "the same address is configured twice (a static one inside a DHCP range, a cloned machine)",
		"both MACs keep claiming it; a failover would move it once");
	finding_next(f, "Find both MACs in the switches' tables; give one machine another address");
}

static bool takes_over(const struct state *s, const struct mac *m, const struct carried **what)
{
	for (struct table_entry *e = table_next(&s->carried, NULL); e; e = table_next(&s->carried, e)) {
		*what = table_value(e);
		if ((*what)->moved && (mac_equal(&(*what)->later, m) || mac_equal(&(*what)->first, m)))
			return true;
	}
	return false;
}

static void tell_poisoning(struct diagnosis_context *x, const struct addr *ip, const struct claimed *c,
	const struct carried *moved)
{
	struct finding *f = open_conflict(x, ip, &c->tally);
	const struct mac *other = mac_equal(&moved->first, &c->macs[0]) ? &moved->later : &moved->first;
	char text[ADDR_TEXT_SIZE], a[MAC_TEXT_SIZE], b[MAC_TEXT_SIZE];

	mac_text(&c->macs[0], a);
	mac_text(other, b);
	finding_list(f, "macs", a);
	finding_list(f, "macs", b);
	for (int i = 0; i < moved->seen_count; i++)
		finding_evidence(f, moved->seen[i].source, moved->seen[i].frame, moved->seen[i].at_ns,
			"first frame of that address from this MAC");
	finding_filter_frames(f);
	finding_title(f, "%s claims %s unasked and takes over the traffic of %s: ARP poisoning, it seems", a,
		addr_text(ip, text), b);
	finding_detail(f, "The same MAC claims another address of its own; packets from outside that came from %s come from it "
			  "since.", b);
	f->responsible = RESPONSIBLE_MIDDLEBOX;
	f->confidence = 0.8;
	finding_cause(f, 0.75, "a machine in the middle: it claims the gateway's address to see or change the traffic",
		"unasked replies, two addresses of one MAC, and the traffic follows");
	finding_against(f, "a gateway that was replaced by hand would look similar, without the second address");
	finding_next(f, "Find %s in the switches' tables; switch dynamic ARP inspection on", a);
}

static bool poisons(const struct state *s, const struct claimed *c, const struct carried **moved)
{
	const struct owner *o = c->mac_count == 1 ? table_find(&s->owners, &c->macs[0]) : NULL;

	return o && c->unasked && o->addresses >= 2 && takes_over(s, &c->macs[0], moved);
}

static bool is_virtual(const struct mac *m)
{
	return strcmp(oui_kind(m, ""), "virtual-router") == 0;
}

static bool answers_for_others(const struct state *s, const struct mac *m)
{
	const struct owner *o = table_find(&s->owners, m);

	return o && o->addresses >= PROXY_ADDRESSES;
}

/* The ports of a bond answer in turn, each client by another one: never two at once, and with MACs in a row. */
static bool is_bond(const struct claimed *c)
{
	const uint8_t *a = c->macs[0].b, *b = c->macs[1].b;

	return !c->clashes && memcmp(a, b, 5) == 0 && a[5] - b[5] <= BOND_DISTANCE && b[5] - a[5] <= BOND_DISTANCE;
}

/* A failover moves an address once, and a failback back once, some time later. */
static bool is_conflict(const struct state *s, const struct claimed *c)
{
	if (c->mac_count < 2 || (!c->clashes && c->returns < 2) || is_bond(c))
		return false;
	for (int i = 0; i < c->mac_count; i++)
		if ((is_virtual(&c->macs[i]) && !c->doubles) || answers_for_others(s, &c->macs[i]))
			return false;
	return true;
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	struct state *s = state;
	const struct carried *moved;

	for (struct table_entry *e = table_next(&s->claims, NULL); e; e = table_next(&s->claims, e)) {
		const struct claimed *c = table_value(e);

		if (is_conflict(s, c))
			tell_conflict(x, table_key(e), c);
		else if (poisons(s, c, &moved))
			tell_poisoning(x, table_key(e), c, moved);
	}
}

static void on_free(void *state)
{
	struct state *s = state;

	table_free(&s->claims);
	table_free(&s->owners);
	table_free(&s->carried);
}

const struct rule rule_arp = {
	.codes = { "arp-conflict" },
	.spec = "RFC 826; RFC 5227, section 2.4",
	.state_size = sizeof(struct state),
	.init = on_init,
	.kinds = 1u << RECORD_ARP | 1u << RECORD_LINK,
	.record = on_record,
	.finish = on_finish,
	.free = on_free,
};
