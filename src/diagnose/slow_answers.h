/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which answers of a server somebody waits for: what is asked and answered, and what is pushed or held back on purpose. */
#ifndef PCAPDX_DIAGNOSE_SLOW_ANSWERS_H
#define PCAPDX_DIAGNOSE_SLOW_ANSWERS_H

#include "record/record.h"

/* A protocol in which each request has its answer, by the service of a conn record. */
bool slow_answers_requests(const char *service);
/* A protocol in which a server that says nothing for long has not been asked: shells, brokers, screens, tunnels. */
bool slow_is_interactive(const struct record *conn);
/* WebSocket, event stream, long poll: a late answer is meant. */
bool slow_is_held_back(const struct http *h);
/* The server speaks unasked, or answers now early, now late, in a protocol that is not known. */
bool slow_pushes(const struct conn *c);
/* The wait for the first answer within TLS, asked for at that offset; NULL: it came at once, or as an ordinary turn. */
const struct stall *slow_wait_within_tls(const struct conn *c, int64_t asked_ns, double rtt_s);
/* From the ClientHello to the ServerHello, where nothing was lost: the time in which the program had not read it; else 0. */
double slow_hello_wait_s(const struct conn *c);

#endif
