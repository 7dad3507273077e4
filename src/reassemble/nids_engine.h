/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The second engine: libnids 1.26 orders the bytes. It sees surrogate packets only: no link layer, no fragments, no
 * IPv6, no checksums, no options, the largest window; a handshake is invented when there are bytes to be ordered.
 *
 * What libnids cannot say is said by the native engine, which runs beside it: where a stream starts and ends, which
 * holes are gaps (libnids is given filler for them, which is taken out again and told as a gap), and which frame
 * brought which bytes. Bytes that libnids dropped by one of its limits are offered to it again when they are due.
 *
 * libnids keeps its state in global variables: one such engine at a time in a process, used by one thread.
 */
#ifndef PCAPDX_REASSEMBLE_NIDS_ENGINE_H
#define PCAPDX_REASSEMBLE_NIDS_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "reassemble/reassemble.h"

struct nids_engine;
struct stream_pair;

/* How libnids fared. Directions, not connections. */
struct nids_score {
	uint64_t directions; /* that had bytes */
	uint64_t alone;	     /* all of them ordered without help */
	uint64_t late_start; /* helped: bytes came before the start of the stream was certain, or on the SYN */
	uint64_t queue;	     /* helped: libnids had dropped what waited behind a hole (it keeps 64 KiB) */
	uint64_t filled;     /* had gaps that were filled for it */
	uint64_t lost;	     /* not followed to the end: its table was full; the native engine's bytes were told */
	uint64_t differ;     /* other bytes than the native engine's */
};

/* Changes r->taker: the user's gets what the engine tells. */
struct nids_engine *nids_engine_new(struct reassembler *r);
void nids_engine_free(struct nids_engine *e);
size_t nids_engine_held_bytes(const struct nids_engine *e);
const struct nids_score *nids_engine_score(const struct nids_engine *e);

void nids_packet(struct nids_engine *e, struct stream_pair *pair, void *flow, enum side s, const struct packet *p);
void nids_close(struct nids_engine *e, struct stream_pair *pair, void *flow, const struct frame_ref *ref);

/* For tests: the score of a reassembler; NULL with the native engine. */
const struct nids_score *reassembler_nids_score(const struct reassembler *r);

#endif
