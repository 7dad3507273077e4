/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Titles, causes and next steps of what is wrong with name servers. */
#include "base/when.h"
#include "diagnose/dns_troubles.h"

bool dns_refuses(const struct dns_server *v)
{
	return 2 * v->of[TROUBLE_SERVFAIL].refused > v->of[TROUBLE_SERVFAIL].tally.count;
}

static void explain_refusal(struct finding *f, const char *server, const char *name)
{
	f->responsible = RESPONSIBLE_SERVER;
	finding_cause(f, 0.6, "the name server does not resolve for this client: its access list or views leave it out",
		"REFUSED is its policy, not a failure (RFC 1035, section 4.1.1)");
	finding_cause(f, 0.3, "it serves its own zones only (no recursion), and this name is in none of them",
		"the client asks the wrong server");
	finding_next(f, "dig @%s %s, from here and from a client that works; on the server: allow-query, allow-recursion, views",
		server, name);
	finding_next(f, "Which servers does /etc/resolv.conf (or the DHCP lease) name, and are they resolvers?");
}

static void explain(struct finding *f, enum trouble what, const struct dns_server *v, const char *server, const char *name)
{
	switch (what) {
	case TROUBLE_SERVFAIL:
		if (dns_refuses(v)) {
			explain_refusal(f, server, name);
			break;
		}
		f->responsible = RESPONSIBLE_SERVER;
		finding_cause(f, 0.6, "the name server cannot get the answer itself: its forwarder, the zone's servers or DNSSEC",
			"SERVFAIL says that it tried and failed");
		finding_next(f, "dig @%s %s, with +cd (DNSSEC?) and +trace; the name server's own log", server, name);
		finding_next(f, "Can the name server reach its forwarders and masters (UDP and TCP 53)?");
		break;
	case TROUBLE_NO_ANSWER:
		f->responsible = RESPONSIBLE_PATH;
		finding_cause(f, v->answered ? 0.4 : 0.7, "the name server is not reached: wrong address, down, or port 53 filtered",
			"%llu of %llu question%s answered", (unsigned long long)v->answered, (unsigned long long)v->asked,
			v->asked == 1 ? " is" : "s are");
		finding_next(f, "dig @%s %s (and +tcp); ping it; which servers does /etc/resolv.conf name?", server, name);
		break;
	case TROUBLE_SLOW:
		f->responsible = RESPONSIBLE_SERVER;
		finding_cause(f, 0.7, "the name server waits for others: a dead forwarder first in its list, or a slow zone",
			"its answers come, but late");
		finding_next(f, "dig @%s %s, twice: is the second (cached) answer fast? Then look at its forwarders", server, name);
		break;
	case TROUBLE_NXDOMAIN:
		f->responsible = RESPONSIBLE_CLIENT;
		finding_next(f, "Usual while a search list is tried; otherwise compare the name with the zone");
		break;
	case TROUBLES:
		break;
	}
}

static void title_of(struct finding *f, enum trouble what, const struct trouble_seen *t, const struct dns_server *v,
	const char *server)
{
	char waited[WHEN_TEXT_SIZE];
	unsigned long long n = t->tally.count, all = v->asked;

	when_duration(samples_median(&t->waited_s), waited);
	if (what == TROUBLE_SERVFAIL && dns_refuses(v))
		finding_title(f, "Name server %s refuses to answer for %s (REFUSED, %llu of %llu question%s)", server, t->names[0], n,
			all, all == 1 ? "" : "s");
	else if (what == TROUBLE_SERVFAIL)
		finding_title(f, "Name server %s fails for %s (SERVFAIL, %llu of %llu question%s)", server, t->names[0], n, all, all == 1 ? "" : "s");
	else if (what == TROUBLE_NO_ANSWER)
		finding_title(f, "Name server %s does not answer (%llu of %llu question%s, for example %s)", server, n, all,
			all == 1 ? "" : "s", t->names[0]);
	else if (what == TROUBLE_SLOW)
		finding_title(f, "Name server %s answers after %s (%llu of %llu question%s)", server, waited, n, all, all == 1 ? "" : "s");
	else
		finding_title(f, "Name server %s: %s%s not exist (%llu of %llu question%s)", server, t->names[0],
			t->name_count > 1 ? " and others do" : " does", n, all, all == 1 ? "" : "s");
}

void dns_say(struct finding *f, enum trouble what, const struct dns_server *v, const char *server)
{
	title_of(f, what, &v->of[what], v, server);
	explain(f, what, v, server, v->of[what].names[0]);
}
