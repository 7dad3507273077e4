/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels by the pair of their hosts. */
#include "diagnose/tunnel_pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/context.h"

static void drop_pair(void *owner, void *value)
{
	struct tunnel_pair *p = value;

	(void)owner;
	for (uint32_t i = 0; i < p->summary_count; i++)
		free(p->summaries[i]);
}

void tunnel_pairs_init(struct table *pairs)
{
	table_init(pairs, sizeof(struct tunnel_pair_key), sizeof(struct tunnel_pair), TUNNEL_PAIRS_MAX);
	pairs->drop = drop_pair;
}

void tunnel_pairs_free(struct table *pairs)
{
	table_free(pairs);
}

static struct tunnel_pair_key key_of(const struct record *r, uint8_t protocol)
{
	bool ordered = addr_compare(&r->orig_h, &r->resp_h) <= 0;
	struct tunnel_pair_key k;

	memset(&k, 0, sizeof(k));
	k.low = ordered ? r->orig_h : r->resp_h;
	k.high = ordered ? r->resp_h : r->orig_h;
	k.protocol = protocol;
	return k;
}

const struct addr *record_host(const struct record *r, uint8_t side)
{
	static const struct addr unset;

	return side == SIDE_ORIG ? &r->orig_h : side == SIDE_RESP ? &r->resp_h : &unset;
}

static struct tunnel_moment *add_moment(struct tunnel_pair *p)
{
	if (p->count == TUNNEL_MOMENTS_MAX) {
		p->left_out++;
		return NULL;
	}
	return &p->moments[p->count++];
}

static void learn_ends(struct tunnel_pair *p, const struct record *r)
{
	const struct tunnel *t = &r->tunnel;

	if (r->proto == 6 && strncmp(t->session, "000000000000", 12) != 0 && !strstr(t->session, ">000000000000"))
		text_copy(p->ends, sizeof(p->ends), t->session);
	if (p->by_tcp || (r->proto != 6 && addr_is_set(&p->client)))
		return;
	p->client = r->orig_h;
	p->server = r->resp_h;
	p->port = r->resp_p;
	p->proto = r->proto;
	p->by_tcp = r->proto == 6;
}

/* Handshakes of datagram tunnels repeat without end and are judged by their summaries. */
static bool is_wanted(const struct record *r)
{
	switch ((enum tunnel_event)r->tunnel.event) {
	case TUNNEL_HELLO:
	case TUNNEL_ANSWER:
		return r->proto == 6;
	case TUNNEL_REKEY:
	case TUNNEL_BAD_KEX:
	case TUNNEL_BAD_ORDER:
	case TUNNEL_SUMMARY:
		return false;
	case TUNNEL_ESTABLISHED:
	case TUNNEL_RESTART:
	case TUNNEL_REJECTED:
	case TUNNEL_META_LOST:
	case TUNNEL_OLD_KEY_DATA:
	case TUNNEL_TCP_FALLBACK:
		break;
	}
	return true;
}

static void take_event(struct tunnel_pair *p, const struct record *r)
{
	const struct tunnel *t = &r->tunnel;
	struct tunnel_moment *m = is_wanted(r) ? add_moment(p) : NULL;

	if (!m)
		return;
	m->event = t->event;
	m->proto = r->proto;
	m->source = t->ref.source;
	m->frame = t->ref.frame;
	m->at_ns = r->ts_ns + t->ref.at_ns;
	m->host = *record_host(r, t->side);
	text_copy(m->session, sizeof(m->session), t->session);
	text_copy(m->step, sizeof(m->step), t->step);
	text_copy(m->reason, sizeof(m->reason), t->reason);
	text_copy(m->uid, sizeof(m->uid), record_uid(r));
	if (t->side < SIDE_NONE)
		text_copy(m->name, sizeof(m->name), t->names[t->side]);
}

static void take_summary(struct tunnel_pair *p, const struct record *r)
{
	if (p->summary_count == TUNNEL_SUMMARIES_MAX) {
		free(p->summaries[0]);
		memmove(p->summaries, p->summaries + 1, (TUNNEL_SUMMARIES_MAX - 1) * sizeof(p->summaries[0]));
		p->summary_count--;
	}
	p->summaries[p->summary_count++] = record_keep(r);
}

/* A refused connection to the tunnel's port says that nobody listens there any more. */
static void take_refusal(struct table *pairs, const struct record *r, uint8_t protocol)
{
	struct tunnel_pair_key k = key_of(r, protocol);
	struct tunnel_pair *p = table_find(pairs, &k);
	struct tunnel_moment *m;

	if (!p || r->resp_p != p->port || p->proto != 6 || !(m = add_moment(p)))
		return;
	m->event = TUNNEL_SUMMARY;
	m->proto = 6;
	m->source = r->conn.answer.source;
	m->frame = r->conn.answer.frame;
	m->at_ns = r->ts_ns + r->conn.answer.at_ns;
	m->host = r->resp_h;
}

void tunnel_pairs_take(struct table *pairs, const struct record *r)
{
	struct tunnel_pair_key k;
	struct tunnel_pair *p;

	if (r->kind == RECORD_CONN && r->proto == 6 && r->conn.answered == SYN_ANSWER_RST) {
		take_refusal(pairs, r, TUNNEL_TINC);
		take_refusal(pairs, r, TUNNEL_OPENVPN);
	}
	if (r->kind != RECORD_TUNNEL)
		return;
	k = key_of(r, r->tunnel.protocol);
	p = table_add(pairs, &k);
	p->protocol = r->tunnel.protocol;
	learn_ends(p, r);
	take_event(p, r);
	if (r->tunnel.event == TUNNEL_SUMMARY)
		take_summary(p, r);
}

const char *tunnel_protocol_name(uint8_t protocol)
{
	static const char *const names[] = {"tinc", "wireguard", "openvpn", "ike", "esp"};

	return protocol < sizeof(names) / sizeof(names[0]) ? names[protocol] : "tunnel";
}

const char *tunnel_who(const struct tunnel_pair *p, const struct addr *host, char out[TUNNEL_WHO_SIZE])
{
	char address[ADDR_TEXT_SIZE];

	addr_text(host, address);
	snprintf(out, TUNNEL_WHO_SIZE, "%s", address);
	for (uint32_t i = 0; i < p->count; i++) {
		if (p->moments[i].name[0] && addr_equal(&p->moments[i].host, host)) {
			snprintf(out, TUNNEL_WHO_SIZE, "%s (%s)", p->moments[i].name, address);
			break;
		}
	}
	return out;
}

static struct subject subject_of(const struct diagnosis_context *x, const struct tunnel_pair *p)
{
	struct subject s = {.client = p->client, .server = p->server, .port = p->port, .proto = p->proto};

	text_copy(s.service, sizeof(s.service), tunnel_protocol_name(p->protocol));
	text_copy(s.name, sizeof(s.name), names_find(&x->names, &p->server));
	return s;
}

struct finding *tunnel_finding(struct diagnosis_context *x, const struct tunnel_pair *p, const char *code)
{
	struct subject s = subject_of(x, p);
	struct finding *f = finding_open(x, code, &s);

	finding_text(f, "protocol", tunnel_protocol_name(p->protocol));
	return f;
}

bool tunnel_has_finding(struct diagnosis_context *x, const struct tunnel_pair *p, const char *code)
{
	for (struct finding *f = NULL; (f = finding_next_of(x, f, code));)
		if (addr_equal(&f->subject.client, &p->client) && addr_equal(&f->subject.server, &p->server))
			return true;
	return false;
}

void tunnel_evidence(struct finding *f, const struct tunnel_moment *m, const char *what)
{
	if (!m->frame)
		return;
	if (!f->first_ts_ns || m->at_ns < f->first_ts_ns)
		f->first_ts_ns = m->at_ns;
	if (m->at_ns > f->last_ts_ns)
		f->last_ts_ns = m->at_ns;
	finding_evidence(f, m->source, m->frame, m->at_ns, "%s", what);
}
