/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * time-wait-accumulation: the modelled number of sockets in TIME_WAIT on one host. TIME_WAIT is held by whoever sent the
 * first FIN (both when simultaneous), for an assumed time after the close; a RST leaves none (RFC 9293, 3.6.1).
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "diagnose/closes.h"
#include "diagnose/context.h"
#include "diagnose/findings.h"
#include "diagnose/moments.h"
#include "diagnose/rule.h"

#define PLOTS_MAX 4
#define PLOT_FROM 30 /* a population below that is nothing to look at */

/* Linux net.ipv4.ip_local_port_range by default: 32768 to 60999, towards one service. */
#define EPHEMERAL_PORTS 28232

struct state {
	uint64_t closers;
};

static void enter(struct state *s, struct diagnosis_context *x, const struct record *r, enum side side)
{
	struct host *host = side == SIDE_ORIG ? x->now.orig : x->now.resp;
	const struct addr *peer = side == SIDE_ORIG ? &r->resp_h : &r->orig_h;
	const struct frame_ref *fin = &r->conn.side[side].fin;
	static const struct addr unset;
	struct closes *h;

	if (!host->closes)
		host->closes = parties_make(x, sizeof(*host->closes));
	h = host->closes;
	if (!h->n) {
		h->number = s->closers++;
		h->peer = *peer;
		h->port = r->resp_p;
		h->source = fin->source;
		h->first_fin = short_ref(fin->frame, fin->source, r->ts_ns + fin->at_ns);
	}
	if (!addr_equal(&h->peer, peer))
		h->peer = unset;
	if (h->port != r->resp_p)
		h->port = 0;
	h->last_fin = short_ref(fin->frame, fin->source, r->ts_ns + fin->at_ns);
	h->ftp_data += conn_speaks(&r->conn, "ftp-data");
	h->http_single += conn_speaks(&r->conn, "http") && r->conn.turns <= 1;
	closes_add(x, h, r->ts_ns + r->conn.duration_ns, fin->source == h->source ? r->conn.stream : NO_STREAM);
}

static void on_record(void *state, struct diagnosis_context *x, const struct record *r)
{
	const struct conn *c = &r->conn;

	if (r->kind != RECORD_CONN || r->proto != 6 || c->end_reason == CONN_END_PART || c->rst_count ||
		c->first_fin == SIDE_NONE || !c->side[0].fin.frame || !c->side[1].fin.frame)
		return;
	enter(state, x, r, (enum side)c->first_fin);
	if (c->simultaneous_close)
		enter(state, x, r, side_other((enum side)c->first_fin));
}

static void plot_population(struct diagnosis_context *x, const struct addr *host, const struct moments *at, int64_t life_ns)
{
	struct result *r = x->result;
	struct plot *p = NULL;
	struct plot_line *l;
	char name[ADDR_TEXT_SIZE];
	uint32_t out = 0;
	int64_t start = r->summary.has_packets ? r->summary.first_ts_ns : at->v[0];

	for (int i = 0; i < r->plot_count; i++)
		if (strcmp(r->plots[i]->id, "time-wait") == 0)
			p = r->plots[i];
	if (!p) {
		p = result_plot(r, "time-wait", "Sockets in TIME_WAIT", "time since the start (s)",
			"sockets (modelled)");
		p->x_is_time = p->steps = true;
		p->thresholds[0] = x->options->limit;
		p->threshold_labels[0] = "limit";
		p->threshold_count = 1;
		p->says = xstrdup("Modelled number of sockets in TIME_WAIT per host over time, with the limit.");
	}
	if (p->line_count == PLOTS_MAX)
		return;
	l = plot_line(p, addr_text(host, name));
	for (uint32_t in = 0; in < at->n; in++) {
		for (; at->v[out] + life_ns <= at->v[in]; out++)
			plot_point(l, when_s(at->v[out] + life_ns - start), (double)(in - out - 1));
		plot_point(l, when_s(at->v[in] - start), (double)(in - out + 1));
	}
}

static void say_rate(struct finding *f, const struct diagnosis_context *x, uint32_t per_minute, double safe)
{
	double plateau = per_minute * x->options->time_wait_s / 60;

	finding_number(f, "safe_per_minute", safe);
	finding_integer(f, "plateau", (int64_t)plateau);
	if (plateau > EPHEMERAL_PORTS)
		finding_number(f, "ports_last_s", EPHEMERAL_PORTS * 60.0 / per_minute);
	else
		finding_null(f, "ports_last_s");
	if (per_minute <= safe)
		return;
	finding_detail(f, "At that rate %.0f sockets stand at once in the long run; %.0f a minute keep it below %u.", plateau, safe,
		x->options->limit);
	if (plateau > EPHEMERAL_PORTS)
		finding_detail(f, "The %d ports of Linux' default range towards one service would be used up after %.0f s.",
			EPHEMERAL_PORTS, EPHEMERAL_PORTS * 60.0 / per_minute);
	else
		finding_detail(f, "Linux' default range of %d ports towards one service would bear it.", EPHEMERAL_PORTS);
}

/* To whom the sockets belong. */
static void say_what(struct finding *f, const struct closes *h)
{
	char peer[SERVICE_TEXT_SIZE];

	if (addr_is_set(&h->peer))
		finding_detail(f, "All of them are connections with %s.", subject_service_text(&h->peer, h->port, peer));
	if (h->ftp_data)
		finding_detail(f, "%u of %u are FTP data connections.", h->ftp_data, h->n);
	if (h->http_single)
		finding_detail(f, "%u of %u are HTTP connections with a single request.", h->http_single, h->n);
}

static void write_texts(struct finding *f, const struct diagnosis_context *x, const struct closes *h, const char *host,
	uint32_t peak, uint32_t per_minute, const char *when)
{
	double safe = x->options->limit * 60.0 / x->options->time_wait_s;

	finding_title(f, "%u sockets in TIME_WAIT pile up on %s", peak, host);
	finding_detail(f, "Whoever closes first holds the socket for some %.0f s. %u closes a minute at most; the peak is at "
			  "%s.", x->options->time_wait_s, per_minute, when);
	say_rate(f, x, per_minute, safe);
	say_what(f, h);
	finding_against(f, "the length of TIME_WAIT is assumed (%.0f s, --time-wait): Linux and FreeBSD 60, Windows 120, older "
			   "systems and some firewalls 240", x->options->time_wait_s);
	finding_cause(f, 0.8, "many short connections, one per request or file", "%u closes within a minute", per_minute);
	finding_next(f, "On %s: ss -tan state time-wait | wc -l", host);
	finding_next(f, "Keep connections open (HTTP keep-alive, a pool), or let the other side close first");
}

static void show_fin(struct finding *f, struct short_ref fin, const char *which, const char *host)
{
	struct frame_ref ref = long_ref(fin);

	finding_evidence(f, ref.source, ref.frame, ref.at_ns, "%s FIN of %s", which, host);
}

static void tell(struct diagnosis_context *x, const struct addr *host, const struct closes *h,
	const struct population *p, uint32_t peak, int64_t peak_ns, uint32_t per_minute)
{
	struct subject subject = { .host = *host, .proto = 6 };
	struct finding *f = finding_open(x, "time-wait-accumulation", &subject);
	char name[ADDR_TEXT_SIZE], when[WHEN_TEXT_SIZE];

	addr_text(host, name);
	when_rfc3339(peak_ns, when);
	f->count = peak;
	f->first_ts_ns = p->at.v[0];
	f->last_ts_ns = p->at.v[p->at.n - 1];
	f->confidence = 0.8;
	finding_text(f, "host", name);
	finding_integer(f, "peak", peak);
	finding_text(f, "peak_ts", when);
	finding_integer(f, "per_minute", per_minute);
	finding_number(f, "assumed_s", x->options->time_wait_s);
	write_texts(f, x, h, name, peak, per_minute, when);
	show_fin(f, h->first_fin, "first", name);
	show_fin(f, h->last_fin, "last", name);
	finding_filter_streams(f, 6, p->streams, p->stream_count);
	f->filter_source = h->source;
}

static void add_row(struct result *r, const struct addr *host, uint32_t peak, int64_t peak_ns, uint32_t per_minute)
{
	if ((r->time_wait_count & (r->time_wait_count - 1)) == 0)
		r->time_wait = xrealloc(r->time_wait,
			(size_t)(r->time_wait_count ? 2 * r->time_wait_count : 1) * sizeof(*r->time_wait));
	r->time_wait[r->time_wait_count++] = (struct time_wait_row){ *host, peak, peak_ns, per_minute };
}

static int by_peak(const void *a, const void *b)
{
	const struct time_wait_row *x = a, *y = b;

	if (x->peak != y->peak)
		return x->peak < y->peak ? 1 : -1;
	return addr_compare(&x->host, &y->host);
}

/* Hosts that closed first, in the order in which they began to. */
struct closer {
	const struct addr *host;
	struct closes *closes;
};

static int by_number(const void *a, const void *b)
{
	const struct closer *x = a, *y = b;

	return x->closes->number < y->closes->number ? -1 : 1;
}

static struct closer *list_closers(const struct diagnosis_context *x, size_t *count)
{
	struct closer *list = xcalloc(x->hosts.count, sizeof(*list));

	*count = 0;
	for (struct table_entry *e = table_next(&x->hosts, NULL); e; e = table_next(&x->hosts, e)) {
		struct closes *h = ((struct host *)table_value(e))->closes;

		if (h)
			list[(*count)++] = (struct closer){ table_key(e), h };
	}
	if (*count)
		qsort(list, *count, sizeof(*list), by_number);
	return list;
}

static void look_at(struct diagnosis_context *x, const struct addr *host, struct closes *h)
{
	int64_t life_ns = (int64_t)(x->options->time_wait_s * 1e9), peak_ns, minute_ns;
	struct population p = population_of(x, h);
	uint32_t peak, per_minute;

	peak = moments_peak(&p.at, life_ns, &peak_ns);
	per_minute = moments_peak(&p.at, 60 * NS_PER_S, &minute_ns);
	add_row(x->result, host, peak, peak_ns, per_minute);
	if (peak >= PLOT_FROM)
		plot_population(x, host, &p.at, life_ns);
	if (peak >= x->options->limit)
		tell(x, host, h, &p, peak, peak_ns, per_minute);
	population_free(&p);
}

static void on_finish(void *state, struct diagnosis_context *x)
{
	size_t count;
	struct closer *list = list_closers(x, &count);

	(void)state;
	for (size_t i = 0; i < count; i++)
		look_at(x, list[i].host, list[i].closes);
	free(list);
	if (x->result->time_wait_count)
		qsort(x->result->time_wait, (size_t)x->result->time_wait_count, sizeof(*x->result->time_wait), by_peak);
}

const struct rule rule_time_wait = {
	.codes = { "time-wait-accumulation" },
	.spec = "RFC 9293, section 3.6.1; Linux TCP_TIMEWAIT_LEN",
	.state_size = sizeof(struct state),
	.kinds = 1u << RECORD_CONN,
	.heard_if = SHOWS_CLOSED,
	.record = on_record,
	.finish = on_finish,
};
