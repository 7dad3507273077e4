/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapdx compare: at which step failing conversations of one capture first differ from working ones of another.
 *
 * Both captures become talks (a conversation with what TLS and HTTP said in it and what became of it). Failing talks
 * of one service and one finding are a group; the closest working talks of the other capture are its counterpart. A
 * table of items, in the order in which things happen on a connection, gives each talk's value as text or as a time;
 * an item differs when most of the failing values occur in no working talk.
 */
#ifndef PCAPDX_COMPARE_H
#define PCAPDX_COMPARE_H

#include "base/table.h"
#include "diagnose/result.h"

struct oui_table;
struct options;
struct text;

struct talk {
	const struct record *conn; /* borrowed from the result */
	const struct tls *tls;	   /* NULL: none seen */
	const struct http *http;   /* a failed exchange, or else the last; NULL */
	const struct oui_table *vendors;
	enum outcome outcome;
	const char *code; /* NULL: no finding */
};

/* One capture. */
struct talks {
	const char *path;
	struct result *result;
	struct table said; /* uid -> struct said */
	struct talk *v;
	int count;
	bool damaged;
};

/* What dissectors said in a conversation. */
struct said {
	struct tls *tls;
	struct http *http;
};

/* Reads a capture or records (.ndjson, .jsonl) and diagnoses them. -1 and a sentence in `error` when that cannot be
 * done; talks_free is right in any case. */
int talks_load(struct talks *t, const struct options *o, const char *path, const struct oui_table *vendors, char *error,
	size_t error_size);
/* The same from records, one by one: begin, take each, end. */
void talks_begin(struct talks *t);
void talks_take(struct talks *t, const struct record *r);
void talks_end(struct talks *t, struct result *result, const struct oui_table *vendors); /* owns the result */
void talks_free(struct talks *t);
bool talk_failed(const struct talk *t);
const char *talk_name(const struct talk *t); /* SNI or host; "" unknown; hostile */

enum compare_step {
	STEP_SYN,
	STEP_SYN_ANSWER,
	STEP_PATH,
	STEP_TLS_OFFER,
	STEP_TLS_ANSWER,
	STEP_REQUEST,
	STEP_ANSWER,
	STEP_END,
	STEP_TIMING,
	STEP_NOTHING, /* differences that explain nothing */
	STEPS,
};

/* One thing to compare. `say` appends a talk's value, nothing when it has none or never came so far; `measure` gives a
 * time in ns instead, UNSET when there is none. */
struct compare_item {
	const char *name;
	void (*say)(const struct talk *t, struct text *out);
	int64_t (*measure)(const struct talk *t);
	enum compare_step step;
	bool is_set;	    /* the value is a list, "a, b, c": what is in only one of them is shown */
	bool of_server;	    /* means nothing where the working talks went to another service */
	const char *unless; /* means nothing where the item of that name differs; NULL */
};

/* False: a difference in that item of TLS cannot be why this talk failed as it did. */
bool compare_tls_explains(const struct talk *bad, const struct compare_item *item);

extern const struct compare_item compare_tcp_items[]; /* end with a NULL name */
extern const struct compare_item compare_tls_items[];
extern const struct compare_item compare_data_items[];

enum compare_match {
	MATCH_SERVICE, /* same port and name */
	MATCH_SERVER,  /* same address and port */
	MATCH_PORT,
	MATCH_KIND, /* the same protocol on another port */
	MATCH_NONE,
};

#define COMPARED_MAX 200 /* talks of one group that are kept, on either side: values are compared each with each */

struct difference {
	const struct compare_item *item;
	enum compare_step step; /* the item's, or STEP_NOTHING where it cannot explain how these talks failed */
	char *good, *bad;     /* typical values, raw */
	int bad_with, bad_of; /* talks with a value that no working one has, of those that have any; 0: medians */
};

/* One group of failing talks with its counterpart. */
struct comparison {
	const struct talk **bad, **good; /* the first of them stands for all */
	int bad_count, good_count;	 /* all of them, also those past COMPARED_MAX */
	enum compare_match match;
	struct difference *differences; /* in the order of the steps */
	int difference_count;
	bool compared[STEPS]; /* something of that step was seen on both sides */
};

struct comparisons {
	const struct talks *good, *bad;
	struct comparison *v;
	int count, left_out;
	int failing; /* talks of the bad capture that failed; 0: all of its talks are compared */
	int working; /* talks of the good capture that worked */
};

void compare_talks(const struct talks *good, const struct talks *bad, struct comparisons *out);
void comparisons_free(struct comparisons *c);
/* Fills in the differences of a comparison whose talks are chosen. */
void compare_steps(struct comparison *c);

const char *compare_step_name(enum compare_step s);
void compare_text(const struct comparisons *c, struct text *out);
void compare_json(const struct comparisons *c, struct text *out);

/* `pcapdx compare [options] GOOD BAD`; argv[0] is the program. Gives the exit status. */
int compare_main(int argc, char **argv);

#endif
