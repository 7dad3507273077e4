/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a rule is, and what it may use. One rule: one file in src/diagnose/, one constant struct, one row in
 * rule_table.c.
 *
 * Rules learn in two ways. `record` sees every record of its kinds, in order, and may keep state. All that other rules
 * and the core learned from the records before it is there, nothing of those behind it, though records come in runs
 * (diagnose_records): only memory is asked for ahead. `claim` is asked for each conversation that is over, in the order
 * of the table, until one rule takes it: one failed conversation gets one code, and the order of the rows is the
 * precedence. A claimed conversation becomes a `struct claim` in a bounded store.
 *
 * `finish` says what is found as of now. It runs once, in table order; a rule that stands higher can take claims from
 * those below it with claim_own (a port scan takes its refused connections), so it must run before them.
 */
#ifndef PCAPDX_DIAGNOSE_RULE_H
#define PCAPDX_DIAGNOSE_RULE_H

#include "diagnose/finding.h"

struct diagnosis_context; /* what the core knows: options, claims, services, gateways; see context.h */

/* What rules look for in conversations. A healthy one shows nothing but SHOWS_OPENED and SHOWS_CLOSED, unless it is TLS, a
 * tunnel, or lasts. */
enum shown {
	SHOWS_TLS = 1u << 0,
	SHOWS_TUNNEL = 1u << 1,
	SHOWS_HTTP = 1u << 2,	    /* a transaction that may explain a failure */
	SHOWS_RST = 1u << 3,
	SHOWS_ICMP = 1u << 4,
	SHOWS_NO_SYN_ACK = 1u << 5, /* its SYN was answered otherwise, or never, or is not in the capture */
	SHOWS_REUSED = 1u << 6,	    /* its ports were in use before */
	SHOWS_MUTE = 1u << 7,	    /* not a byte of payload from resp */
	SHOWS_UNANSWERED = 1u << 8, /* a request without an answer, a segment without its ACK, a gap that stays */
	SHOWS_UNCLOSED = 1u << 9,   /* FIN is missing of one side or both */
	SHOWS_UNASKED = 1u << 10,   /* not a byte of payload from orig */
	SHOWS_UNOPENED = 1u << 11,  /* TCP without the ACK that completes the handshake */
	SHOWS_REFUSED = 1u << 12,   /* its SYN was answered with RST */
	SHOWS_MISSING = 1u << 13,   /* one side is not in the capture, or bytes of it are not */
	SHOWS_REPAIRS = 1u << 14,   /* TCP: anything in struct tcp_loss, delayed ACKs that held data back, overlaps */
	SHOWS_MOVED = 1u << 15,	    /* TCP: MAC or TTL changed, or the two ways are different */
	SHOWS_OPENED = 1u << 16,    /* TCP with the ACK that completes the handshake */
	SHOWS_CLOSED = 1u << 17,    /* TCP with a FIN */
	SHOWS_RESENT_SYN = 1u << 18,
	SHOWS_FAR = 1u << 19,	    /* TCP: routers between resp and the capture, by its TTL */
	SHOWS_PACE = 1u << 20,	    /* TCP: a window closed, or one side's data, or its waits for the window, took long */
	SHOWS_FTP = 1u << 21,	    /* not by itself: something in the capture spoke FTP before */
	SHOWS_ANSWER = 1u << 22,    /* HTTP records: all of them; */
	SHOWS_STATUS = 1u << 23,    /* of 300 or more, */
	SHOWS_PROXY = 1u << 24,	    /* something asked of a proxy */
	SHOWS_ANYTHING = 1u << 25,  /* every one does */
};

#define SHOWN_SIGNS 26
#define PACE_MIN_NS INT64_C(500000000) /* for SHOWS_PACE: what ends sooner no window has slowed down for a user */
#define SHOWN_BY_SESSION (SHOWS_TLS | SHOWS_TUNNEL | SHOWS_HTTP) /* known when `claim` is asked, not yet to `record` */

/* A conversation that is over, with what its dissector said. */
struct conversation {
	uint32_t shows; /* of enum shown */
	const struct record *record; /* kind RECORD_CONN */
	const struct conn *conn;
	const struct conn_side *orig, *resp;
	const struct record *tls_record; /* NULL: no TLS seen */
	const struct tls *tls;
	const struct record *http_record; /* the last transaction; NULL */
	const struct http *http;
	const struct record *ftp_record; /* the last command of a control connection; NULL */
	const struct ftp *ftp;
	const struct record *tunnel_record; /* the summary; NULL */
	const struct tunnel *tunnel;
	bool cannot_tell; /* one-sided or with holes: verdicts about silence are withheld */
	double rtt_s;	  /* R: round trip of this connection; 0 unknown */
};

#define CLAIM_EVIDENCE_MAX 12

/* A conversation (or event) that a rule holds responsible for a finding. */
struct claim {
	const char *code;
	char uid[20];
	struct addr orig, resp;
	uint16_t orig_p, resp_p;
	uint8_t proto;
	uint16_t source;
	uint32_t stream;
	int64_t ts_ns;
	int64_t ended_ns; /* absolute time of its last event */
	double delay_s;	  /* the rule's main measure; < 0: none */
	double value;	  /* a second one */
	uint64_t bytes;
	uint16_t number; /* alert code, status, ... */
	char text[128];	 /* SNI, URL host, ...; hostile */
	char service[16];
	char proxied_host[PROXIED_HOST_SIZE]; /* what the proxy was asked for, host:port; hostile; "" it is no proxy */
	struct mac resp_mac; /* whose frames the server's answers came in: the next hop */
	struct mac orig_mac;
	uint8_t resp_ttl;
	const char *owner; /* code of the rule that took it over in finish; NULL: its own */
	uint32_t place;	   /* in the store */
	int evidence_count;
	struct evidence evidence[CLAIM_EVIDENCE_MAX]; /* last: those past the count are not zeroed */
};

/* Claims of one code about one subject. */
struct claim_group {
	const char *code;
	struct claim **claims; /* in order of emission */
	int count;	       /* claims here */
	uint64_t total;	       /* also those that the store could not keep */
	struct addr client;    /* unset when clients differ */
	struct addr server;    /* unset when servers differ */
	uint16_t port;
	const struct record *typical; /* conn record of the first one; NULL */
};

#define RULE_CODES_MAX 8

struct rule {
	const char *codes[RULE_CODES_MAX]; /* NULL ends the list */
	const char *spec;		   /* RFC, kernel, paper */
	size_t state_size;		   /* zeroed by the core */
	void (*init)(void *state, const struct diagnosis_context *x);
	uint32_t kinds; /* of records that `record` is called for: a mask of 1u << enum record_kind; */
	uint32_t heard_if; /* those of conversations and of HTTP only when they show one of these (enum shown without
			    * SHOWN_BY_SESSION, which is asserted); 0: all */
	void (*record)(void *state, struct diagnosis_context *x, const struct record *r);
	void (*tick)(void *state, struct diagnosis_context *x, int64_t clock_ns); /* each second of capture time */
	uint32_t asked_if; /* enum shown: `claim` is asked about conversations that show one of these; 0: about all */
	/* True: this conversation failed (or stood out) in this rule's way. *out has the head filled in, but for the uid. */
	bool (*claim)(void *state, struct diagnosis_context *x, const struct conversation *c, struct claim *out);
	void (*finish)(void *state, struct diagnosis_context *x);
	void (*free)(void *state);
};

/* All rules; NULL ends the table. */
extern const struct rule *const rule_table[];

/* --- for claim --- */
void claim_evidence(struct claim *c, const struct record *r, const struct frame_ref *ref, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* --- for finish --- */

enum claim_grouping {
	GROUP_BY_SERVICE, /* server and port */
	GROUP_BY_PAIR,	  /* client and server */
	GROUP_BY_CLIENT,
	GROUP_BY_CLIENT_SERVICE, /* client, server and port */
	GROUP_BY_SERVER,
	GROUP_ALL,
};

/* Calls back for each group of claims of that code that nobody else owns, in order of first claim. */
void claim_groups(struct diagnosis_context *x, const char *code, enum claim_grouping by,
	void (*each)(void *arg, struct diagnosis_context *x, const struct claim_group *g), void *arg);

/* Takes a claim over: the rules below do not see it any more. */
void claim_own(struct claim *c, const char *code);
/* All claims that nobody owns, of any code (code NULL) or one; start with NULL. */
struct claim *claim_next(struct diagnosis_context *x, struct claim *after, const char *code);

/* A copy of its conn record when that was kept, owned by the caller; else NULL. */
struct record *claim_typical(const struct claim *c);

/* Median of the delays of a group; the least and greatest. */
double group_delay_median(const struct claim_group *g);
double group_delay_min(const struct claim_group *g);
double group_delay_max(const struct claim_group *g);

/* A finding of that code (its severity is the catalogue's) about that subject. Found again when it is there. */
struct finding *finding_open(struct diagnosis_context *x, const char *code, const struct subject *subject);
/* Opens a finding for a group: subject, count, of, times, typical conversation, evidence (the first conversation's
 * in full, cause and effect of the others), its confidence by how many agree, and a filter for exactly its conversations. */
struct finding *finding_of_group(struct diagnosis_context *x, const struct claim_group *g);
/* A finding of that code that is there already; start with NULL. code NULL: any. */
struct finding *finding_next_of(struct diagnosis_context *x, struct finding *after, const char *code);

#endif
