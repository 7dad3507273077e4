/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A conversation for tests of dissectors: what is said goes through the real engine, records are kept. */
#ifndef PCAPDX_TESTS_DISSECT_RIG_H
#define PCAPDX_TESTS_DISSECT_RIG_H

#include "base/text.h"
#include "dissectors/session.h"

#define RIG_RECORDS_MAX 64

struct rig {
	struct dissect_engine *engine;
	struct session *session;
	struct record head;
	struct session_owner owner;
	size_t piece; /* bytes per chunk of a stream; 0: as they come */
	uint64_t frame;
	struct record *records;
	int count;
	struct text marks;	    /* "orig 3 GET /\n" */
	struct session_summary sum; /* after rig_close */
	char service[16];
};

/* 192.0.2.1:40000 > 192.0.2.2:port. */
void rig_open(struct rig *g, uint8_t proto, uint16_t port);
/* Each is a frame of its own, 1 ms after the one before. The string may not hold a NUL. */
void rig_say(struct rig *g, enum side side, const char *words);
void rig_bytes(struct rig *g, enum side side, const void *bytes, size_t n);
/* The same as hex digits, blanks allowed. */
void rig_hex(struct rig *g, enum side side, const char *hex);
void rig_wait(struct rig *g, double seconds);
void rig_lose(struct rig *g, enum side side, uint64_t missing);
void rig_fin(struct rig *g, enum side side);
/* Ends the conversation; the records stay. */
void rig_close(struct rig *g);
void rig_free(struct rig *g);
/* The n-th record of that kind (from 0), or a test failure. */
const struct record *rig_record(const struct rig *g, enum record_kind kind, int n);
int rig_count(const struct rig *g, enum record_kind kind);
/* All records as NDJSON, and the marks; owned by the caller. */
char *rig_text(const struct rig *g);
/* Plays the script with chunks of every size from 1 to 7 and as they come; all must tell the same. */
void rig_same_in_pieces(uint8_t proto, uint16_t port, void (*script)(struct rig *g));

#endif
