/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all rules know of the hosts, services and pairs of conversations. Each is looked up once for a conn record, and
 * rules share its entry: cheap counters stand in it, and what a rule keeps of the few that stand out is made on demand
 * (parties_keep) and goes with the entry.
 */
#ifndef PCAPDX_DIAGNOSE_PARTIES_H
#define PCAPDX_DIAGNOSE_PARTIES_H

#include "base/addr.h"
#include "base/samples.h"
#include "base/table.h"
#include "diagnose/moments.h"
#include "record/record.h"
#include "record/short_ref.h"

struct diagnosis_context;

/* What rules keep of the few that stand out: made with parties_make, given back by the function beside it; NULL is fine. */
struct checks;	/* rule_health_check.c */
struct closes;	/* closes.h, rule_time_wait.c */
struct flood;	/* rule_flood.c */
struct late;	/* rule_late_syn.c */
struct silence; /* rule_tls_no_hello.c */
struct slow;	/* rule_slow.c */
struct visit;	/* accept_visits.h */

void checks_drop(struct diagnosis_context *x, struct checks *c);
size_t close_chunk_size(void);
void closes_drop(struct diagnosis_context *x, struct closes *c);
void flood_drop(struct diagnosis_context *x, struct flood *f);
void late_drop(struct diagnosis_context *x, struct late *l);
void silence_drop(struct diagnosis_context *x, struct silence *s);
void slow_drop(struct diagnosis_context *x, struct slow *s);

/* Most conversations add to these, which are asked for before: first the thing itself, then the ends of its lists. */
void closes_fetch(const struct diagnosis_context *x, const struct closes *c, bool lists);
void slow_fetch(const struct slow *s, bool lists);

/* With its key and what the table needs it takes two lines. */
struct host {
	struct closes *closes;
	uint64_t conversations, failed, pkts, bytes;
	int64_t connected_ns; /* last TCP connection that it began; 0: none */
	uint64_t frames; /* between `from` and `to`, which `frames_of` has not heard of yet */
	struct mac from, to;
	struct mac mac; /* last one that its frames came from */
	uint8_t ttl;	/* of its packets that are no RST; 0: not known */
	bool ttl_varies : 1;
	bool client : 1, server : 1;
	bool sends : 1;	 /* it began a conversation: its own packets are in the capture */
	uint32_t judged; /* of its connections, those whose speed was looked at */
	struct short_ref ttl_shown; /* a SYN-ACK of it, at absolute time */
};

/* One service: an address and port that conversations go to. */
struct service_key {
	struct addr server;
	uint16_t port;
	uint8_t proto, pad;
};

/* Conversations that a server answered without a reset, by where its answers came from. */
struct hop {
	struct mac mac;
	uint64_t healthy;
};

#define HOPS_MAX 64 /* of one service */

/* Connections to it, as far as they say nothing or wait for its first answer: see accept_visits.h. */
struct visits {
	struct moments answered; /* when clients that did not wait were answered */
	uint64_t total;
	struct visit *list;
	uint32_t count, room;
};

/* What every conversation touches stands together. */
struct service_state {
	struct slow *slow;
	struct visits visits;
	uint64_t total, answered, ok, failed; /* conversations; answered: the server said anything in payload */
	uint64_t tls, http;		      /* of them, with that protocol */
	uint64_t established;		      /* TCP handshake completed */
	int64_t first_ok_ns, last_ok_ns, last_ns;
	struct samples rtt_s; /* SYN to SYN-ACK */
	char service[16];
	struct hop hop; /* the first one */
	struct mac mac; /* last next hop its packets came from */
	uint8_t ttl;	/* of its SYN-ACKs or data: most recent */
	/* what few touch */
	struct late *late;
	struct flood *flood;
	struct hop *hops; /* the other ones */
	int hop_count;	  /* of the others */
};

/* A connection that was made, as much as is kept of each. */
struct opened {
	int64_t ts_ns;
	uint64_t frame : FRAME_BITS;
	bool answered : 1;  /* SYN and SYN-ACK are in the capture */
	bool completed : 1; /* the handshake's last ACK is */
	bool single : 1;    /* HTTP, exactly one request, then a close */
	uint32_t stream;
	uint16_t port, source;
};

struct peers_key {
	struct addr client, server;
	uint16_t port, pad;
};

/* A client and the TCP service that it connects to. With its key and what the table needs it takes three lines. */
struct peers {
	struct checks *checks;
	struct silence *silence;
	struct opened *opened; /* the first OPENED_MAX, in order of emission */
	struct opened first;   /* room for one: most pairs have no more */
	uint32_t n, room;
	uint32_t answered, single; /* of them */
	uint32_t total;		   /* also those past OPENED_MAX, or of which only data is there */
	uint32_t http;		   /* connections with HTTP, */
	uint64_t requests;	   /* and their requests */
	int64_t first_ok_ns, last_ok_ns; /* requests that were answered; 0: none */
	int64_t last_answer_ns;		 /* last sign of life of the server on a connection that was made */
	/* with data, where its loss can be told; by enum side: who sent it */
	uint64_t sent_segments[2];
	uint32_t sent_conversations[2];
	struct mac client_mac;
	uint8_t ttl; /* of its last SYN-ACK */
	bool client_closes : 1, through_proxy : 1, client_spoke : 1;
};

/* Of the conn record at hand; NULL: there is none. */
struct parties {
	struct host *orig, *resp;
	struct service_state *service; /* not for parts */
	struct peers *pair;	       /* TCP that got beyond the SYN, not for parts */
	const struct tls *tls;	       /* its last TLS record, not for parts */
};

/* What a conn record will need: tags of its keys, and what stands in the tables for them as far as is known ahead. */
struct parties_ahead {
	struct service_key service_key;
	struct peers_key pair_key;
	uint32_t orig_tag, resp_tag, service_tag, pair_tag;
	bool has_service, has_pair;
	struct host *orig, *resp;
	struct service_state *service;
	struct peers *pair;
};

void parties_init(struct diagnosis_context *x);
void parties_free(struct diagnosis_context *x);
/* Memory for a conn record is asked for in steps, each of which reads what the one before has asked for: where they stand
 * in the tables; their entries; what rules keep of them; the ends of its lists. */
void parties_expect(const struct diagnosis_context *x, const struct record *r, struct parties_ahead *e);
void parties_fetch(const struct diagnosis_context *x, struct parties_ahead *e);
void parties_fetch_kept(const struct diagnosis_context *x, const struct parties_ahead *e, bool lists);
/* Finds or makes those of a conn record: x->now. */
void parties_find(struct diagnosis_context *x, const struct record *r, const struct parties_ahead *e);
/* Counts a conversation that is over. */
void parties_learn(struct diagnosis_context *x, const struct record *r);
/* Hosts tell frames_of what they have held back. */
void parties_settle(struct diagnosis_context *x);

/* Zeroed, and charged to the bound of all tables; and back. */
void *parties_make(struct diagnosis_context *x, size_t size);
void parties_give(struct diagnosis_context *x, void *made, size_t size);

void host_settle(struct diagnosis_context *x, struct host *h);
/* Of data that this side sent it can be said how much was lost. */
bool peers_tell_loss(const struct conn *c, enum side side);
struct peers *peers_add(struct diagnosis_context *x, const struct record *r);
const struct peers *peers_find(const struct diagnosis_context *x, const struct addr *client, const struct addr *server,
	uint16_t port); /* NULL: never seen */
const struct host *host_find(const struct diagnosis_context *x, const struct addr *a); /* NULL: never seen */

#endif
