/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core of the diagnosis keeps for all rules: services, hosts, gateways, names, the capture's own state. */
#ifndef PCAPDX_DIAGNOSE_CONTEXT_H
#define PCAPDX_DIAGNOSE_CONTEXT_H

#include "base/pool.h"
#include "base/samples.h"
#include "base/table.h"
#include "diagnose/names.h"
#include "diagnose/parties.h"
#include "diagnose/result.h"
#include "diagnose/rule.h"

struct oui_table;

struct diagnosis_context {
	const struct options *options;
	const struct oui_table *oui;
	struct result *result;	  /* findings, diagnoses and summary being made */
	struct table services;	  /* struct service_key -> struct service_state */
	struct table hosts;	  /* struct addr -> struct host */
	struct pool closes;	  /* struct close_chunk of closes.c, for hosts */
	struct table pairs;	  /* struct peers_key -> struct peers */
	struct parties now;	  /* those of the conn record at hand */
	struct names names;	  /* from DNS answers, SNI, Host; and how many requests went to each */
	struct table frames_of;	  /* struct mac -> uint64_t: unicast frames from or to it, as conversations tell; in `finish` */
	struct table reached;	  /* who reached whom when: see fallback.h; made when it is asked for */
	uint64_t unicast_frames;  /* all of them */
	struct claim **claims;	  /* bounded store, in order of emission */
	uint32_t claim_count, claim_room;
	uint64_t claims_lost;
	uint32_t typical_count;
	int64_t clock_ns;
	int64_t longest_tcp_ns;		/* of all TCP conversations and their parts */
	uint64_t capture_missing_bytes; /* acknowledged but never seen, over all conversations */
	bool capture_filtered;		/* "no ICMP" proves nothing */
	bool icmp_seen;
	size_t held_bytes;
	struct table_budget budget; /* of all tables of the diagnosis */
};

const struct service_state *context_service(const struct diagnosis_context *x, const struct addr *server, uint16_t port,
	uint8_t proto);								   /* NULL: never seen */
/* Whether that machine is at the capture point: it takes part in (nearly) all unicast frames. Unicast replies to any
 * other one may be missing from the capture. True when no unicast frame is there to tell. */
bool context_is_capture_point(const struct diagnosis_context *x, const struct mac *m);

/* Severity of a code in the catalogue; the place of a code in it; what it says in one line. */
enum severity catalogue_severity(const char *code);
const char *catalogue_summary(const char *code); /* NULL: no such code */
int catalogue_place(const char *code);		 /* place in the catalogue; catalogue_count() when unknown */
int catalogue_count(void);
const char *catalogue_code(int i);

#endif
