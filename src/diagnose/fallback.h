/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients with both IP versions that reach over the other one what a dead address did not give them (happy eyeballs,
 * RFC 8305). Says so in the finding about the dead address: nobody is cut off, each connection starts later.
 */
#ifndef PCAPDX_DIAGNOSE_FALLBACK_H
#define PCAPDX_DIAGNOSE_FALLBACK_H

#include "diagnose/rule.h"

/* A finding about failed connections to one service: when each of them was followed by one over the other IP version that
 * worked, it becomes a warning (an error still, when that took long) which names the fallback and its delay. True: so it
 * was, and both addresses are of one name. */
bool fallback_tell(struct diagnosis_context *x, struct finding *f, const struct claim_group *g);

#endif
