/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the conversations of tests of loss and waiting begin, and their two sides. */
#ifndef PCAPDX_TESTS_TRACK_FLOW_H
#define PCAPDX_TESTS_TRACK_FLOW_H

#include "track_rig.h"

/* Round trip 30 ms, captured at the client: what the server sends has lived through the path. */
#define HANDSHAKE \
	"0.000 > S win 64240 <mss 1460,sackOK,wscale 7>\n" \
	"0.030 < SA win 65160 id 0 <mss 1460,sackOK,wscale 7>\n" \
	"0.030 > A win 502\n" \
	"0.031 > PA 1:101(100) ack 1 win 502\n" \
	"0.061 < A ack 101 win 509 id 100\n"

/* Four segments before, so that the server's IP ids are known to count. */
#define FLOW \
	HANDSHAKE "0.062 < A 1:1001(1000) ack 101 id 101\n" \
		  "0.0621 < A 1001:2001(1000) ack 101 id 102\n" \
		  "0.0622 < A 2001:3001(1000) ack 101 id 103\n" \
		  "0.0623 < A 3001:4001(1000) ack 101 id 104\n" \
		  "0.0624 < A 4001:5001(1000) ack 101 id 105\n"

static inline const struct conn_side *resp_of(const char *text)
{
	return &track_one(text)->side[SIDE_RESP];
}

static inline const struct conn_side *orig_of(const char *text)
{
	return &track_one(text)->side[SIDE_ORIG];
}

#endif
