/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the rules about resets have in common. */
#ifndef PCAPDX_DIAGNOSE_RULE_RST_H
#define PCAPDX_DIAGNOSE_RULE_RST_H

#include "diagnose/rule.h"

/* The connection was idle, and its first RST answers the first segment after the pause. */
bool rst_ends_pause(const struct conversation *c);

/* Nothing moved for a while before this RST and nothing was outstanding: an idle timer, whoever runs it. */
bool rst_ends_quiet(const struct conversation *c, const struct rst_seen *rst);

/* The only TTL of everything but RSTs that this side sent; 0: several, or none. */
uint8_t rst_peer_ttl(const struct conn_side *side);

#endif
