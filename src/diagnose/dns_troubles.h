/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes wrong with a name server, as rule_dns.c counts it, and the words for it. */
#ifndef PCAPDX_DIAGNOSE_DNS_TROUBLES_H
#define PCAPDX_DIAGNOSE_DNS_TROUBLES_H

#include "base/samples.h"
#include "diagnose/tally.h"

#define NAMES_SHOWN 5

enum trouble {
	TROUBLE_SERVFAIL,
	TROUBLE_NO_ANSWER,
	TROUBLE_SLOW,
	TROUBLE_NXDOMAIN,
	TROUBLES,
};

struct trouble_seen {
	struct tally tally;
	struct samples waited_s;
	char names[NAMES_SHOWN][128];
	int name_count;
	uint64_t refused; /* of those of TROUBLE_SERVFAIL */
	struct addr client;
	bool several_clients;
};

struct dns_server {
	uint64_t answered, asked;
	struct trouble_seen of[TROUBLES];
};

/* Its failures are refusals (REFUSED) rather than SERVFAIL. */
bool dns_refuses(const struct dns_server *v);
/* Title, causes and next steps; `server` is its address as text. */
void dns_say(struct finding *f, enum trouble what, const struct dns_server *v, const char *server);

#endif
