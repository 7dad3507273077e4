/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions of a tunnel that begin again, for the rules that judge them. */
#ifndef PCAPDX_DIAGNOSE_TUNNEL_RESTARTS_H
#define PCAPDX_DIAGNOSE_TUNNEL_RESTARTS_H

#include "diagnose/tunnel_pairs.h"

bool tunnel_is_restart(const struct tunnel_moment *m);
/* The control connection was established shortly before, and not for the first time. */
bool tunnel_after_new_meta(const struct tunnel_pair *p, const struct tunnel_moment *restart);
/* Evidence of all restarts; gives how many there are of the kind that tells most. */
uint32_t tunnel_tell_restarts(struct finding *f, const struct tunnel_pair *p);

/*
 * The end that closed the control connection makes the new one itself, and had not waited for an answer in vain: its
 * program was restarted. `lost` may be NULL.
 */
bool tunnel_quick_restart(const struct tunnel_moment *lost, const struct tunnel_moment *again);
/* No datagram of `host` came before `at_ns` for a while, although the other end went on sending. */
bool tunnel_was_away(const struct tunnel_pair *p, const struct addr *host, int64_t at_ns);
/* The failed conversations that are nothing but the end of this control connection are part of the finding. */
void tunnel_own_claims(struct diagnosis_context *x, const char *uid, const char *code);

#endif
