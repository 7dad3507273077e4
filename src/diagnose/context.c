/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core learns from records for all rules: services, names, which machines' frames are captured. */
#include "diagnose/context.h"

#include <string.h>

#include "base/text.h"
#include "diagnose/core.h"
#include "diagnose/fallback.h"

#define SERVICES_MAX 100000
#define NAMES_MAX 50000
#define MACS_MAX 20000
#define CAPTURE_POINT_SHARE 0.95

static void drop_service(void *value)
{
	samples_free(&((struct service_state *)value)->rtt_s);
}

void context_init(struct diagnosis_context *x, const struct options *o)
{
	x->options = o;
	table_init(&x->services, sizeof(struct service_key), sizeof(struct service_state), SERVICES_MAX);
	x->services.drop = drop_service;
	table_init(&x->names, sizeof(struct addr), 128, NAMES_MAX);
	table_init(&x->frames_of, sizeof(struct mac), sizeof(uint64_t), MACS_MAX);
	fallback_init(&x->reached, &x->held_bytes);
	x->services.held_bytes = x->names.held_bytes = x->frames_of.held_bytes = &x->held_bytes;
}

void context_free(struct diagnosis_context *x)
{
	table_free(&x->services);
	table_free(&x->names);
	table_free(&x->reached);
	table_free(&x->frames_of);
}

static struct service_key service_key(const struct addr *server, uint16_t port, uint8_t proto)
{
	struct service_key k;

	memset(&k, 0, sizeof(k));
	k.server = *server;
	k.port = port;
	k.proto = proto;
	return k;
}

const struct service_state *context_service(
	const struct diagnosis_context *x, const struct addr *server, uint16_t port, uint8_t proto)
{
	struct service_key k = service_key(server, port, proto);

	if (x->at_state && memcmp(&k, &x->at, sizeof(k)) == 0)
		return x->at_state;
	return table_find(&x->services, &k);
}

struct service_state *context_service_of(struct diagnosis_context *x, const struct record *r)
{
	struct service_key k = service_key(&r->resp_h, r->resp_p, r->proto);

	if (!x->at_state || memcmp(&k, &x->at, sizeof(k)) != 0) {
		x->at_state = table_add(&x->services, &k);
		x->at = k;
	}
	return x->at_state;
}

const char *context_name(const struct diagnosis_context *x, const struct addr *a)
{
	const char *name = table_find(&x->names, a);

	return name ? name : "";
}

static void learn_name(struct diagnosis_context *x, const struct addr *a, const char *name)
{
	if (*name && addr_is_set(a) && !addr_is_multicast(a))
		text_copy(table_add(&x->names, a), 128, name);
}

static void learn_dns(struct diagnosis_context *x, const struct dns *d)
{
	uint32_t n = d->answer_count < DNS_ANSWERS_MAX ? d->answer_count : DNS_ANSWERS_MAX;

	if (d->mdns)
		return;
	for (uint32_t i = 0; i < n; i++)
		if (!table_find(&x->names, &d->answers[i]))
			learn_name(x, &d->answers[i], d->query);
}

static void learn_macs(struct diagnosis_context *x, const struct conn *c)
{
	for (int s = 0; s < 2; s++) {
		const struct conn_side *o = &c->side[s];

		if (!o->pkts || !mac_is_set(&o->mac) || !mac_is_set(&o->to_mac) || mac_is_group(&o->to_mac))
			continue;
		x->unicast_frames += o->pkts;
		*(uint64_t *)table_add(&x->frames_of, &o->mac) += o->pkts;
		*(uint64_t *)table_add(&x->frames_of, &o->to_mac) += o->pkts;
	}
}

bool context_is_capture_point(const struct diagnosis_context *x, const struct mac *m)
{
	const uint64_t *frames = table_find(&x->frames_of, m);

	return !x->unicast_frames || (frames && (double)*frames >= CAPTURE_POINT_SHARE * (double)x->unicast_frames);
}

static void learn_service(struct diagnosis_context *x, const struct record *r)
{
	const struct conn *c = &r->conn;
	struct service_state *s = context_service_of(x, r);

	s->total++;
	s->established += c->handshake_ack.frame != 0;
	s->answered += c->side[SIDE_RESP].bytes > 0;
	s->tls += strcmp(c->service, "tls") == 0;
	s->http += strcmp(c->service, "http") == 0;
	if (c->rtt_server_ns >= 0)
		samples_add(&s->rtt_s, (double)c->rtt_server_ns / 1e9);
	if (c->service[0])
		text_copy(s->service, sizeof(s->service), c->service);
	if (c->side[SIDE_RESP].ttl)
		s->ttl = c->side[SIDE_RESP].ttl;
	if (mac_is_set(&c->side[SIDE_RESP].mac))
		s->mac = c->side[SIDE_RESP].mac;
	s->last_ns = r->ts_ns;
}

void context_learn(struct diagnosis_context *x, const struct record *r)
{
	switch ((enum record_kind)r->kind) {
	case RECORD_CONN:
		if (r->conn.end_reason == CONN_END_PART)
			break;
		learn_service(x, r);
		learn_macs(x, &r->conn);
		if (r->proto == 6 && r->conn.handshake_ack.frame)
			fallback_learn(&x->reached, r);
		x->capture_missing_bytes += r->conn.side[0].missing_bytes + r->conn.side[1].missing_bytes;
		break;
	case RECORD_TLS:
		learn_name(x, &r->resp_h, r->tls.proxied_host[0] ? "" : r->tls.sni);
		break;
	case RECORD_HTTP:
		learn_name(x, &r->resp_h, r->http.proxy ? "" : r->http.host);
		break;
	case RECORD_DNS:
		learn_dns(x, &r->dns);
		break;
	case RECORD_NAME:
		if (!table_find(&x->names, &r->name.ip))
			learn_name(x, &r->name.ip, r->name.name);
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
	case RECORD_KINDS:
		break;
	}
}
