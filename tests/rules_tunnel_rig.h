/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of tunnels made by hand, and what the rules say of them. */
#ifndef PCAPDX_TESTS_RULES_TUNNEL_RIG_H
#define PCAPDX_TESTS_RULES_TUNNEL_RIG_H

#include "diagnose/diagnose.h"
#include "diagnose/result.h"

#define START_NS INT64_C(1700000000000000000)
#define S(seconds) ((int64_t)((seconds)*1e9))

struct fixture {
	struct options options;
	struct diagnosis_run *run;
	struct result *result; /* after done() */
	uint64_t frame;
	int conversations;
};

/* begin, give records, done, look at what was found, end. */
void begin(struct fixture *x);
void done(struct fixture *x);
void end(struct fixture *x);
const struct finding *found(const struct fixture *x, const char *code);
int tunnel_findings(const struct fixture *x);
void assert_only(const struct fixture *x, const char *code);
/* A conversation between 10.0.0.1 and 10.0.0.2 that begins `at` seconds after the start. */
struct record head(struct fixture *x, enum record_kind kind, uint8_t proto, const char *uid, double at);
void give(struct fixture *x, struct record *r, double emitted);
struct frame_ref ref(struct fixture *x, double at);
/* An event `at` seconds after the start of the capture; conversations begin at 0 here. */
void event(struct fixture *x, uint8_t proto, const char *uid, enum tunnel_protocol protocol, enum tunnel_event e,
	enum side side, double at, const char *step);
void tinc_restart(struct fixture *x, enum side side, double at);
void meta(struct fixture *x, const char *uid, double at);
void meta_lost_by(struct fixture *x, const char *uid, enum side side, double at, const char *reason);
void meta_lost(struct fixture *x, const char *uid, enum side side, double at);
/* A SYN to the tunnel's port, answered by RST. */
void refused(struct fixture *x, double at);
void over(struct fixture *x, const struct record *tunnel, double emitted);
struct record summary(struct fixture *x, uint8_t proto, const char *uid, enum tunnel_protocol protocol);

#endif
