/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record: the seam of the program. Left of it everything is about one conversation; right of it rules relate
 * conversations to each other and see nothing but records. Flat values, no pointers, so a record is copied as bytes
 * (record_copy). Every field has a row in record_fields.c, which the NDJSON writer and reader both follow.
 *
 * Names follow Zeek's conn.log where Zeek has the field. `orig` is who opened the conversation, `resp` the other.
 * Offsets and durations are ns; an offset counts from the conversation's `ts_ns`. UNSET means: not seen.
 */
#ifndef PCAPDX_RECORD_RECORD_H
#define PCAPDX_RECORD_RECORD_H

#include "record/record_capture.h"
#include "record/record_conn.h"
#include "record/record_parts.h"
#include "record/record_said.h"
#include "record/record_tls.h"
#include "record/uid.h"

enum record_kind {
	RECORD_CAPTURE, /* one per source, at its end */
	RECORD_CONN,
	RECORD_TLS,
	RECORD_HTTP,
	RECORD_FTP,
	RECORD_DNS,
	RECORD_ICMP,
	RECORD_ARP,
	RECORD_DHCP,
	RECORD_TUNNEL,
	RECORD_LINK,
	RECORD_SERIES,
	RECORD_NAME,
	RECORD_FRAGMENTED,
	RECORD_SOCKS,
	RECORD_KINDS,
};

struct record {
	uint8_t kind;	  /* enum record_kind */
	bool uid_due;	  /* it is worked out when somebody asks for it: record_uid */
	uint32_t generation; /* a part of it: how often its tuple was used before */
	int64_t ts_ns;	  /* first packet of the conversation, or time of the event */
	int64_t emitted_ns; /* the capture's clock when it was emitted */
	char uid[UID_SIZE];  /* of the conversation: read by record_uid; "" for kinds without one */
	struct addr orig_h, resp_h;
	uint16_t orig_p, resp_p;
	uint8_t proto;	  /* IP protocol number: 6 TCP, 17 UDP, 1 ICMP, ... */
	uint16_t source;  /* of the first frame */
	uint64_t frame;	  /* first frame */
	union {
		struct capture capture;
		struct conn conn;
		struct tls tls;
		struct http http;
		struct ftp ftp;
		struct dns dns;
		struct icmp icmp;
		struct arp arp;
		struct dhcp dhcp;
		struct tunnel tunnel;
		struct link link;
		struct series series;
		struct name name;
		struct fragmented fragmented;
		struct socks socks;
	};
};

/* Makes an empty record of that kind: every field at its default (UNSET, SIDE_NONE, 0, ""). */
void record_init(struct record *r, enum record_kind kind);
/* The same but for lists of a conversation that are seldom filled, and key frames: who adds one sets all of it. */
void record_begin(struct record *r, enum record_kind kind);
const char *record_kind_name(enum record_kind kind);
/* Bytes from its start that hold a record of that kind, whatever is in it; most are far smaller than the largest. */
size_t record_kind_size(enum record_kind kind);
/* Bytes from its start that hold this record. Who is given a record reads no further. */
size_t record_size(const struct record *r);
/* Copies a record_size of bytes; what is behind them in `to` stays. */
void record_copy(struct record *to, const struct record *from);
struct record *record_keep(const struct record *r); /* a copy of record_size bytes; free() it */
/* The uid; worked out the first time, and then kept in the record, which counts as unchanged. */
const char *record_uid(const struct record *r);
/* Whether both are of one conversation: have the same uid. */
bool record_shares_uid(const struct record *a, const struct record *b);
/* Fills in what nobody needs before the record is shown. record_write does so by itself. */
void record_settle(struct record *r);

/* Where records go: the writer of NDJSON, the rules, a test. The record is borrowed for the call. */
struct record_sink {
	void (*take)(void *arg, const struct record *r);
	void *arg;
};

/* The same for several at once, at least one. How a stream of records is cut into runs means nothing. */
struct run_sink {
	void (*take)(void *arg, const struct record *const *run, int count);
	void *arg;
};

#endif
