/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened to the tunnels between two hosts: a tunnel has more than one conversation (tinc's meta connections and
 * its datagrams, IKE on two ports), so rules look at the pair of hosts. Each rule keeps a table of its own.
 */
#ifndef PCAPDX_DIAGNOSE_TUNNEL_PAIRS_H
#define PCAPDX_DIAGNOSE_TUNNEL_PAIRS_H

#include "base/table.h"
#include "diagnose/rule.h"

#define TUNNEL_PAIRS_MAX 256
#define TUNNEL_MOMENTS_MAX 160
#define TUNNEL_SUMMARIES_MAX 12

/* An event, with absolute time; `host` is who did it. */
struct tunnel_moment {
	uint8_t event; /* enum tunnel_event; TUNNEL_SUMMARY: a TCP connection between the two was refused by `host` */
	uint8_t proto;
	uint16_t source;
	uint64_t frame;
	int64_t at_ns;
	struct addr host;
	char session[40], step[16], reason[16], name[32], uid[20];
};

struct tunnel_pair_key {
	struct addr low, high;
	uint8_t protocol, pad[7]; /* enum tunnel_protocol */
};

struct tunnel_pair {
	struct addr client, server; /* of the first conversation; of a TCP one when there is any */
	uint16_t port;
	uint8_t proto, protocol;
	bool by_tcp;
	char ends[40]; /* tinc: "id>id" of the meta connection */
	uint32_t count, left_out;
	struct tunnel_moment moments[TUNNEL_MOMENTS_MAX];
	uint32_t summary_count;
	struct record *summaries[TUNNEL_SUMMARIES_MAX]; /* owned; the last ones */
};

void tunnel_pairs_init(struct table *pairs);
void tunnel_pairs_take(struct table *pairs, const struct record *r); /* any record; others are passed over */
void tunnel_pairs_free(struct table *pairs);

const char *tunnel_protocol_name(uint8_t protocol);

#define TUNNEL_WHO_SIZE 120
/* "beta (10.20.0.9)", or the address alone. */
const char *tunnel_who(const struct tunnel_pair *p, const struct addr *host, char out[TUNNEL_WHO_SIZE]);
/* The finding of that code about the pair. */
struct finding *tunnel_finding(struct diagnosis_context *x, const struct tunnel_pair *p, const char *code);
bool tunnel_has_finding(struct diagnosis_context *x, const struct tunnel_pair *p, const char *code);
/* Evidence of a moment; the times of the finding follow. */
void tunnel_evidence(struct finding *f, const struct tunnel_moment *m, const char *what);
/* The address of a side of a record. */
const struct addr *record_host(const struct record *r, uint8_t side);

#endif
