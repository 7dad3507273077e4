/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known timers. Sources: vendors' manuals for load balancers and clouds (documented defaults), Linux
 * Documentation/networking/ip-sysctl, and the manuals of the servers named. Several devices share a round value, so a
 * match is a hint and worded as one.
 */
#include "diagnose/timers.h"

#include <math.h>
#include <stddef.h>

#define TOLERANCE 0.02 /* as for the equality of the delays themselves */

struct timer {
	double seconds;
	const char *known_as;
};

static const struct timer timers[] = {
	{ 10, "handshake timeout of F5 client-SSL profiles or of Kestrel (10 s)" },
	{ 15, "keep-alive timeout of some reverse proxies (15 s)" },
	{ 60, "read or idle timeout of nginx, HAProxy or an AWS application load balancer (60 s)" },
	{ 65, "keep-alive timeout of nginx's default configuration (65 s)" },
	{ 75, "keep-alive timeout of nginx (75 s)" },
	{ 130, "keep-alive timeout of Kestrel (130 s)" },
	{ 180, "a 3-minute idle timer" },
	{ 240, "idle timeout of Azure's load balancer (4 min)" },
	{ 300, "idle timeout of F5's TCP profile (300 s)" },
	{ 350, "idle timeout of AWS's network load balancer and NAT gateway (350 s)" },
	{ 600, "idle timeout of Google Cloud's NAT and firewall (10 min)" },
	{ 900, "idle timeout of some firewalls (15 min)" },
	{ 1800, "TCP session timeout of some firewalls (30 min)" },
	{ 3600, "TCP idle timeout of Palo Alto, Cisco ASA, Check Point and Fortinet (1 h)" },
	{ 7200, "Linux' keep-alive time (2 h)" },
};

const char *timer_known_as(double seconds)
{
	for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++)
		if (fabs(seconds - timers[i].seconds) <= TOLERANCE * timers[i].seconds)
			return timers[i].known_as;
	return NULL;
}
