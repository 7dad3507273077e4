/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core learns from records for all rules: services, names, which machines' frames are captured. */
#include "diagnose/context.h"

#include <string.h>

#include "base/text.h"
#include "diagnose/core.h"

#define MACS_MAX 20000
#define CAPTURE_POINT_SHARE 0.95

void context_init(struct diagnosis_context *x, const struct options *o)
{
	x->options = o;
	parties_init(x);
	names_init(&x->names, &x->held_bytes);
	table_init(&x->frames_of, sizeof(struct mac), sizeof(uint64_t), MACS_MAX);
	x->frames_of.held_bytes = &x->held_bytes;
}

void context_free(struct diagnosis_context *x)
{
	parties_free(x);
	names_free(&x->names);
	table_free(&x->reached);
	table_free(&x->frames_of);
}

static void learn_dns(struct diagnosis_context *x, const struct dns *d)
{
	uint32_t n = d->answer_count < DNS_ANSWERS_MAX ? d->answer_count : DNS_ANSWERS_MAX;

	if (d->mdns)
		return;
	for (uint32_t i = 0; i < n; i++)
		names_learn_first(&x->names, &d->answers[i], d->query);
}

bool context_is_capture_point(const struct diagnosis_context *x, const struct mac *m)
{
	const uint64_t *frames = table_find(&x->frames_of, m);

	return !x->unicast_frames || (frames && (double)*frames >= CAPTURE_POINT_SHARE * (double)x->unicast_frames);
}

void context_learn(struct diagnosis_context *x, const struct record *r, const struct parties_ahead *e)
{
	x->now = (struct parties){ 0 };
	switch ((enum record_kind)r->kind) {
	case RECORD_CONN:
		parties_find(x, r, e);
		parties_learn(x, r);
		if (r->proto == 6 && r->conn.duration_ns > x->longest_tcp_ns)
			x->longest_tcp_ns = r->conn.duration_ns;
		if (r->conn.end_reason != CONN_END_PART)
			x->capture_missing_bytes += r->conn.side[0].missing_bytes + r->conn.side[1].missing_bytes;
		break;
	case RECORD_TLS:
		names_learn(&x->names, &r->resp_h, r->tls.proxied_host[0] ? "" : r->tls.sni);
		break;
	case RECORD_HTTP:
		names_request(&x->names, r);
		break;
	case RECORD_DNS:
		learn_dns(x, &r->dns);
		break;
	case RECORD_NAME:
		names_learn_first(&x->names, &r->name.ip, r->name.name);
		break;
	case RECORD_ICMP:
		x->icmp_seen = true;
		break;
	case RECORD_CAPTURE:
		x->capture_filtered |= r->capture.filter[0] != '\0';
		break;
	case RECORD_FTP:
	case RECORD_ARP:
	case RECORD_DHCP:
	case RECORD_TUNNEL:
	case RECORD_LINK:
	case RECORD_SERIES:
	case RECORD_FRAGMENTED:
	case RECORD_SOCKS:
	case RECORD_KINDS:
		break;
	}
}
