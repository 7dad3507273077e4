/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A finding: one fact about one subject, with the frames that prove it. Text in it is raw: whoever prints it escapes
 * it. Findings own everything they point to.
 */
#ifndef PCAPDX_DIAGNOSE_FINDING_H
#define PCAPDX_DIAGNOSE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "record/record.h"

/* Who a finding is about; unset parts are left out of reports. Also the key by which findings are joined. */
struct subject {
	struct addr client, server, host; /* host: where neither role fits (TIME_WAIT holder, gateway, ARP) */
	uint16_t port;
	uint8_t proto;	  /* 6, 17, ...; 0 unknown */
	char service[16]; /* tls, http, ... */
	char name[128];	  /* host name: SNI, URL host, DNS name */
	struct mac mac;
};

enum fact_type {
	FACT_NULL,
	FACT_NUMBER,
	FACT_INTEGER,
	FACT_BOOL,
	FACT_TEXT,
	FACT_LIST, /* of texts */
};

struct fact {
	char name[32];
	enum fact_type type;
	double number;
	int64_t integer; /* also BOOL */
	char *text;
	char **list;
	int list_count;
};

#define EVIDENCE_MAX 40

struct evidence {
	uint16_t source;
	uint64_t frame;
	int64_t ts_ns; /* absolute */
	char what[96]; /* "ClientHello (customerweb.example)", "RST from the server 5.0 s later" */
};

enum responsible {
	RESPONSIBLE_UNKNOWN,
	RESPONSIBLE_CLIENT,
	RESPONSIBLE_SERVER,
	RESPONSIBLE_PATH,
	RESPONSIBLE_MIDDLEBOX,
	RESPONSIBLE_CAPTURE,
};

struct cause {
	char *cause, *because;
	double likelihood; /* 0..1 */
};

struct finding {
	char id[12]; /* "F1": given when all findings are in their final order */
	const char *code;
	enum severity severity;
	bool cleared;
	struct subject subject;
	char *title, *detail; /* one sentence; a few sentences */
	uint64_t count, of;   /* conversations (or events) concerned, of how many; of 0: not known */
	int64_t first_ts_ns, last_ts_ns;
	double confidence; /* 0..1 */
	struct fact *facts;
	int fact_count;
	struct evidence evidence[EVIDENCE_MAX];
	int evidence_count;
	uint64_t evidence_left_out;
	char *filter; /* display filter; NULL: none */
	uint16_t filter_source;
	char **against; /* what speaks against it */
	int against_count;
	char **next; /* steps */
	int next_count;
	struct cause *causes; /* most likely first */
	int cause_count;
	enum responsible responsible;
	struct record *typical; /* conn record of a typical conversation, for the ladder; NULL */
	bool part_of_incident;	/* a diagnosis has taken it */
};

/* Facts are written once each; writing a name again replaces it. */
void finding_number(struct finding *f, const char *name, double value);
void finding_integer(struct finding *f, const char *name, int64_t value);
void finding_bool(struct finding *f, const char *name, bool value);
void finding_text(struct finding *f, const char *name, const char *value); /* "" or NULL: null */
void finding_address(struct finding *f, const char *name, const struct addr *a);
void finding_null(struct finding *f, const char *name);
void finding_list(struct finding *f, const char *name, const char *item); /* appends to a list */
const struct fact *finding_fact(const struct finding *f, const char *name);
double finding_fact_number(const struct finding *f, const char *name); /* 0 when null or absent */

void finding_title(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_detail(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3))); /* appends */
void finding_against(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_next(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
void finding_filter(struct finding *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Widens the filter to a single frame outside of what it selects; nothing when it is for another source. */
void finding_filter_also(struct finding *f, uint16_t source, uint64_t frame);

/* For commands in a next step: the word out of the capture, or the placeholder when a shell could take it for more than
 * a name, an address or host:port. */
const char *finding_word(const char *word, const char *placeholder);

/* A possible cause with its likelihood (0..1), and why it is thought of. */
void finding_cause(struct finding *f, double likelihood, const char *cause, const char *because, ...)
	__attribute__((format(printf, 4, 5)));

/* Evidence, in the order given; a frame that is there already is not added twice; past the bound it is counted. */
void finding_evidence(struct finding *f, uint16_t source, uint64_t frame, int64_t ts_ns, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* The same from a reference inside a record. */
void finding_evidence_ref(struct finding *f, const struct record *r, const struct frame_ref *ref, const char *format,
	...) __attribute__((format(printf, 4, 5)));

void finding_free(struct finding *f); /* NULL is fine */

#endif
