/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of ICMP destination unreachable codes. */
#include "diagnose/icmp_names.h"

#include <stdio.h>

/* traceroute over UDP counts on "port unreachable" from these ports (traceroute(8): 33434 plus one per probe). */
#define TRACEROUTE_FIRST 33434
#define TRACEROUTE_LAST 33625

const char *icmp_unreachable_name(bool v6, uint8_t type, uint8_t code, char out[64])
{
	static const char *const v4_names[] = {"network unreachable", "host unreachable", "protocol unreachable",
		"port unreachable", "fragmentation needed", "source route failed", "network unknown", "host unknown",
		"source host isolated", "network prohibited", "host prohibited",
		"network unreachable for type of service", "host unreachable for type of service",
		"communication administratively prohibited", "host precedence violation", "precedence cutoff"};
	static const char *const v6_names[] = {"no route to destination", "communication administratively prohibited",
		"beyond scope of source address", "address unreachable", "port unreachable",
		"source address failed policy", "reject route to destination"};
	unsigned known = v6 ? sizeof(v6_names) / sizeof(*v6_names) : sizeof(v4_names) / sizeof(*v4_names);

	if (type == (v6 ? 1 : 3) && code < known)
		snprintf(out, 64, "%s", v6 ? v6_names[code] : v4_names[code]);
	else
		snprintf(out, 64, "type %u code %u", type, code);
	return out;
}

bool icmp_is_port_unreachable(bool v6, uint8_t type, uint8_t code)
{
	return v6 ? type == 1 && code == 4 : type == 3 && code == 3;
}

bool icmp_is_prohibited(bool v6, uint8_t type, uint8_t code)
{
	if (v6)
		return type == 1 && (code == 1 || code == 5 || code == 6);
	return type == 3 && (code == 9 || code == 10 || code == 13);
}

bool icmp_is_rejection(const struct icmp_seen *i)
{
	return i->v6 ? i->type == 1 : i->type == 3 && i->code != 4;
}

bool icmp_ends_traceroute(const struct record *conn, const struct icmp_seen *i)
{
	return conn->proto == 17 && icmp_is_port_unreachable(i->v6, i->type, i->code) &&
	       conn->resp_p >= TRACEROUTE_FIRST && conn->resp_p <= TRACEROUTE_LAST;
}
