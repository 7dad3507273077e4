/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters and tables of the report: what was seen, by protocol, host and service; the connections themselves. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "diagnose/core.h"
#include "diagnose/oui.h"
#include "diagnose/timeline.h"

#define HOST_ROWS_MAX 200
#define SERVICE_ROWS_MAX 200
#define NAME_ROWS_MAX 500
#define CONNECTION_ROWS_MAX 2000
#define TLS_ROWS_MAX 1000
#define CONNECTION_ROWS_SHARE 16 /* of the memory bound, where that is fewer rows */
#define TLS_ROWS_SHARE 64

struct tallies {
	int rows_max, tls_rows_max;
	int replace_at;	    /* where to look for a healthy row to give up for a failed one */
	struct timeline timeline;
};

static int rows_within(size_t bytes, size_t row, int most)
{
	return bytes / row < (size_t)most ? (int)(bytes / row) : most;
}

struct tallies *tallies_new(size_t memory_bytes)
{
	struct tallies *t = xcalloc(1, sizeof(*t));

	t->rows_max = rows_within(memory_bytes / CONNECTION_ROWS_SHARE,
		sizeof(struct connection_row) + sizeof(struct record), CONNECTION_ROWS_MAX);
	t->tls_rows_max = rows_within(memory_bytes / TLS_ROWS_SHARE, sizeof(struct tls), TLS_ROWS_MAX);
	t->replace_at = t->rows_max - 1;
	return t;
}

void tallies_keep_no_rows(struct tallies *t)
{
	t->rows_max = t->tls_rows_max = 0;
	t->replace_at = -1;
}

void tallies_free(struct tallies *t)
{
	free(t);
}

static void add_analysis(struct tcp_analysis *sum, const struct tcp_analysis *a)
{
	sum->retransmission += a->retransmission;
	sum->fast_retransmission += a->fast_retransmission;
	sum->spurious_retransmission += a->spurious_retransmission;
	sum->out_of_order += a->out_of_order;
	sum->duplicate_ack += a->duplicate_ack;
	sum->lost_segment += a->lost_segment;
	sum->ack_lost_segment += a->ack_lost_segment;
	sum->zero_window += a->zero_window;
	sum->zero_window_probe += a->zero_window_probe;
	sum->zero_window_probe_ack += a->zero_window_probe_ack;
	sum->window_full += a->window_full;
	sum->window_update += a->window_update;
	sum->keep_alive += a->keep_alive;
	sum->keep_alive_ack += a->keep_alive_ack;
	sum->reused_ports += a->reused_ports;
}

static void count_messages(struct summary *s, const struct capture *c)
{
	for (int i = 0; i < TLS_MESSAGE_TYPES; i++)
		s->tls_messages[i] += c->tls_messages[i];
	for (int i = 0; i < TLS_ALERT_CODES; i++)
		s->tls_alerts[i] += c->tls_alerts[i];
	s->dns_queries += c->dns_queries;
	s->dns_responses += c->dns_responses;
	for (int i = 0; i < DNS_RCODES; i++)
		s->dns_rcodes[i] += c->dns_rcodes[i];
}

static void count_source(struct summary *s, const struct record *r)
{
	const struct capture *c = &r->capture;

	s->sources = xrealloc(s->sources, (size_t)(s->source_count + 1) * sizeof(*s->sources));
	s->sources[s->source_count++] = *c;
	s->packets += c->packets;
	s->bytes += c->bytes;
	s->tcp_packets += c->tcp_packets;
	s->udp_packets += c->udp_packets;
	s->udp_streams += c->udp_streams;
	count_messages(s, c);
	s->flag_fin += c->late_fin;
	s->flag_rst += c->late_rst;
	add_analysis(&s->analysis, &c->late_analysis);
	if (!c->has_packets)
		return;
	if (!s->has_packets || c->first_ts_ns < s->first_ts_ns)
		s->first_ts_ns = c->first_ts_ns;
	if (!s->has_packets || c->last_ts_ns > s->last_ts_ns)
		s->last_ts_ns = c->last_ts_ns;
	s->has_packets = true;
}

static void count_tls(const struct tallies *t, struct result *result, const struct record *r)
{
	result->summary.tls_completed += r->tls.stage == TLS_ESTABLISHED;
	if (result->tls_count == t->tls_rows_max) {
		result->tls_left_out++;
		return;
	}
	if ((result->tls_count & (result->tls_count - 1)) == 0)
		result->tls = xrealloc(
			result->tls, (size_t)(result->tls_count ? result->tls_count * 2 : 1) * sizeof(*result->tls));
	result->tls[result->tls_count].record = record_keep(r);
	result->tls_count++;
}

static void count_fragments(struct summary *s, const struct fragmented *f)
{
	struct fragmented *sum = &s->fragments;

	sum->pkts += f->pkts;
	sum->first_pkts += f->first_pkts;
	sum->later_pkts += f->later_pkts;
	sum->joined += f->joined;
	sum->lost_first_only += f->lost_first_only;
	sum->lost_rest_only += f->lost_rest_only;
	sum->lost_holes += f->lost_holes;
	sum->unfinished += f->unfinished;
	sum->let_go += f->let_go;
}

void tallies_record(struct tallies *t, struct result *result, const struct record *r)
{
	struct summary *s = &result->summary;

	if (r->kind == RECORD_CAPTURE)
		count_source(s, r);
	else if (r->kind == RECORD_SERIES)
		timeline_record(&t->timeline, r);
	else if (r->kind == RECORD_TLS)
		count_tls(t, result, r);
	else if (r->kind == RECORD_FRAGMENTED)
		count_fragments(s, &r->fragmented);
}

static void add_loss(struct tcp_loss *sum, const struct tcp_loss *l)
{
	sum->lost += l->lost;
	sum->retransmitted += l->retransmitted;
	sum->spurious += l->spurious;
	sum->reordered += l->reordered;
	sum->duplicated_by_capture += l->duplicated_by_capture;
	sum->duplicated_by_network += l->duplicated_by_network;
	sum->bad_checksum += l->bad_checksum;
	sum->stalled_ns += l->stalled_ns;
}

static void count_host(struct host *h, const struct conn_side *side, bool server, bool failed)
{
	h->conversations++;
	h->failed += failed;
	h->pkts += side->pkts;
	h->bytes += side->bytes;
	h->client |= !server;
	h->server |= server;
	if (mac_is_set(&side->mac))
		h->mac = side->mac;
}

static bool is_failed(enum outcome o)
{
	return o != OUTCOME_OK && o != OUTCOME_OPEN && o != OUTCOME_PARTIAL;
}

/* A place for a row: a new one, or that of a healthy connection when this one failed; NULL when there is none. */
static struct connection_row *row_place(struct tallies *t, struct result *r, enum outcome outcome)
{
	if (r->connection_count < t->rows_max) {
		if (!r->connections)
			r->connections = xcalloc((size_t)t->rows_max, sizeof(*r->connections));
		return &r->connections[r->connection_count++];
	}
	r->connections_left_out++;
	if (!is_failed(outcome))
		return NULL;
	for (; t->replace_at >= 0; t->replace_at--)
		if (!is_failed(r->connections[t->replace_at].outcome))
			return &r->connections[t->replace_at--];
	return NULL;
}

static void keep_row(struct tallies *t, struct result *r, const struct conversation *c, const struct claim *claim,
	enum outcome outcome)
{
	struct connection_row *row = row_place(t, r, outcome);

	if (!row)
		return;
	free(row->record);
	row->record = record_keep(c->record);
	record_settle(row->record);
	row->outcome = outcome;
	row->code = claim ? claim->code : NULL;
	row->sni[0] = '\0';
	if (c->tls) {
		text_copy(row->sni, sizeof(row->sni), c->tls->sni);
		row->tls_version = c->tls->version;
		row->tls_stage = c->tls->stage;
	}
}

void tallies_conversation(struct tallies *t, struct diagnosis_context *x, const struct conversation *c,
	const struct claim *claim, enum outcome outcome)
{
	struct summary *s = &x->result->summary;
	const struct record *r = c->record;
	bool failed = is_failed(outcome);

	if (r->proto == 6) {
		s->tcp_total += !c->conn->same_stream;
		s->tcp_outcomes[outcome]++;
		s->flag_syn += c->conn->flag_syn;
		s->flag_syn_ack += c->conn->flag_syn_ack;
		s->flag_fin += c->conn->flag_fin;
		s->flag_rst += c->conn->flag_rst;
		add_analysis(&s->analysis, &c->conn->analysis);
		add_loss(&s->loss, &c->orig->loss);
		add_loss(&s->loss, &c->resp->loss);
	} else if (r->proto == 17) {
		s->udp_total++;
		s->udp_outcomes[outcome]++;
	} else {
		s->other_total++;
	}
	count_host(x->now.orig, c->orig, false, failed);
	count_host(x->now.resp, c->resp, true, failed);
	keep_row(t, x->result, c, claim, outcome);
}

static int by_trouble(const void *a, const void *b)
{
	const struct host_row *x = a, *y = b;

	if (x->failed != y->failed)
		return x->failed < y->failed ? 1 : -1;
	if (x->conversations != y->conversations)
		return x->conversations < y->conversations ? 1 : -1;
	return addr_compare(&x->host, &y->host);
}

static void name_host(struct host_row *h, const struct diagnosis_context *x)
{
	bool masqueraded;

	text_copy(h->name, sizeof(h->name), names_find(&x->names, &h->host));
	if (mac_is_set(&h->mac))
		oui_vendor(x->oui, &h->mac, h->vendor, sizeof(h->vendor), &masqueraded);
}

static struct host_row host_row(const struct addr *a, const struct host *h)
{
	return (struct host_row){ .host = *a, .mac = h->mac, .client = h->client, .server = h->server,
		.conversations = h->conversations, .failed = h->failed, .pkts = h->pkts, .bytes = h->bytes };
}

static void make_host_rows(struct diagnosis_context *x)
{
	struct result *r = x->result;
	int n = 0;

	r->hosts = xcalloc(x->hosts.count, sizeof(*r->hosts));
	for (struct table_entry *e = table_next(&x->hosts, NULL); e; e = table_next(&x->hosts, e)) {
		const struct host *h = table_value(e);

		if (h->conversations) /* the others' have not ended yet */
			r->hosts[n++] = host_row(table_key(e), h);
	}
	if (n)
		qsort(r->hosts, (size_t)n, sizeof(*r->hosts), by_trouble);
	r->host_count = n < HOST_ROWS_MAX ? n : HOST_ROWS_MAX;
	for (int i = 0; i < r->host_count; i++)
		name_host(&r->hosts[i], x);
	r->hosts_left_out = (uint64_t)(n - r->host_count) + x->hosts.evicted;
}

static int by_service_trouble(const void *a, const void *b)
{
	const struct service_row *x = a, *y = b;

	if (x->failed != y->failed)
		return x->failed < y->failed ? 1 : -1;
	if (x->conversations != y->conversations)
		return x->conversations < y->conversations ? 1 : -1;
	if (addr_compare(&x->server, &y->server))
		return addr_compare(&x->server, &y->server);
	return x->port != y->port ? x->port - y->port : x->proto - y->proto;
}

static void make_service_rows(struct diagnosis_context *x)
{
	struct result *r = x->result;
	int n = 0;

	r->services = xcalloc(x->services.count, sizeof(*r->services));
	for (struct table_entry *e = table_next(&x->services, NULL); e; e = table_next(&x->services, e)) {
		const struct service_key *k = table_key(e);
		const struct service_state *s = table_value(e);
		struct service_row *row = &r->services[n++];

		row->server = k->server;
		row->port = k->port;
		row->proto = k->proto;
		row->conversations = s->total;
		row->ok = s->ok;
		row->failed = s->failed;
		row->rtt_median_s = s->rtt_s.n ? samples_median(&s->rtt_s) : -1;
		text_copy(row->service, sizeof(row->service), s->service);
		text_copy(row->name, sizeof(row->name), names_find(&x->names, &k->server));
	}
	if (n)
		qsort(r->services, (size_t)n, sizeof(*r->services), by_service_trouble);
	r->service_count = n < SERVICE_ROWS_MAX ? n : SERVICE_ROWS_MAX;
	r->services_left_out = (uint64_t)(n - r->service_count) + x->services.evicted;
}

static void make_name_rows(struct diagnosis_context *x)
{
	struct result *r = x->result;

	r->names = xcalloc(NAME_ROWS_MAX, sizeof(*r->names));
	for (struct table_entry *e = table_next(&x->names.known, NULL); e && r->name_count < NAME_ROWS_MAX;
		e = table_next(&x->names.known, e)) {
		struct name_row *row = &r->names[r->name_count++];

		memcpy(&row->addr, table_key(e), sizeof(row->addr));
		text_copy(row->name, sizeof(row->name), ((const struct known_name *)table_value(e))->text);
	}
}

static int by_start(const void *a, const void *b)
{
	const struct record *x = ((const struct connection_row *)a)->record;
	const struct record *y = ((const struct connection_row *)b)->record;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	if (x->source != y->source)
		return x->source - y->source;
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

void tallies_finish(struct tallies *t, struct diagnosis_context *x)
{
	struct result *r = x->result;

	make_host_rows(x);
	make_service_rows(x);
	make_name_rows(x);
	timeline_plots(&t->timeline, r);
	if (r->connection_count)
		qsort(r->connections, (size_t)r->connection_count, sizeof(*r->connections), by_start);
}
