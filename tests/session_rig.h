/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Toy protocols in a table of their own, a conversation in them, and what was told of it. */
#ifndef PCAPDX_TESTS_SESSION_RIG_H
#define PCAPDX_TESTS_SESSION_RIG_H

#include "base/text.h"
#include "dissectors/session.h"

/*
 * "line": the client says "LINE", then lines up to '\n', each told as an ftp record. A line "skip N" passes over N
 * bytes, "tls" hands on to "shout", "any" to whoever recognises what follows, "done" ends it; a line that starts with
 * '!' makes no sense; "other" is not its protocol after all. New lines start with '>' where it lost its way.
 */
struct talk {
	struct dissect_engine *engine;
	struct session *session;
	struct record head;
	struct session_owner owner;
	struct text told;
	size_t piece; /* bytes per chunk; 0: as they come */
	uint64_t frame;
};

void talk_begin(struct talk *t, uint16_t port);
/* Each call is a frame; times are seconds. */
void say(struct talk *t, enum side side, double at, const char *words);
void lose(struct talk *t, enum side side, uint64_t missing);
void fin(struct talk *t, enum side side);
void assert_service(struct talk *t, const char *service);
void assert_lost(struct talk *t, uint32_t restarts, uint64_t skipped);
void talk_end(struct talk *t, const char *told);

#endif
