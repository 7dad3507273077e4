/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known timers: documented defaults, each with the setting that a manual names. Several devices share a round value, so
 * a match is a hint and worded as one. doc/findings/rst-timer.md shows the same table to users.
 */
#include "diagnose/timers.h"

#include <math.h>
#include <stddef.h>

#define TOLERANCE 0.02 /* as for the equality of the delays themselves */

struct timer {
	double seconds;
	unsigned kinds;
	const char *known_as;
};

#define H TIMER_HANDSHAKE
#define A TIMER_ANSWER
#define I TIMER_IDLE

static const struct timer timers[] = {
	{ 5, I, "keep-alive timeout of Apache httpd (KeepAliveTimeout) or Node.js (keepAliveTimeout), 5 s" },
	{ 10, H, "handshake timeout of an F5 client-SSL profile, of Kestrel or of MySQL (connect_timeout), 10 s" },
	{ 20, H | I, "first-request timeout of Apache httpd (RequestReadTimeout) or Tomcat (connectionTimeout), 20 s" },
	{ 30, H, "request-header timeout of Kestrel, 30 s" },
	{ 30, A, "answer timeout of gunicorn (timeout), of CloudFront, Heroku's router or Google Cloud's load balancer, 30 s" },
	{ 50, A | I, "client or server timeout of HAProxy as Debian configures it, 50 s" },
	{ 60, H, "first-request timeout of nginx (client_header_timeout) or authentication_timeout of PostgreSQL, 60 s" },
	{ 60, A | I, "read timeout of nginx (proxy_read_timeout) or Apache httpd (Timeout), or idle timeout of an AWS "
		     "application load balancer, 60 s" },
	{ 65, I, "keep-alive timeout of nginx as packaged, 65 s" },
	{ 75, I, "keep-alive timeout of nginx (keepalive_timeout), 75 s" },
	{ 90, I, "idle timeout of Go's HTTP client (IdleConnTimeout), 90 s" },
	{ 100, A, "answer timeout of Cloudflare, 100 s" },
	{ 120, H, "login timeout of OpenSSH (LoginGraceTime), 120 s" },
	{ 120, I, "connection timeout of IIS (connectionTimeout), 120 s" },
	{ 130, I, "keep-alive timeout of Kestrel, 130 s" },
	{ 180, I, "client idle timeout of a Citrix ADC (cltTimeout), 180 s" },
	{ 230, A, "answer timeout of Azure App Service, 230 s" },
	{ 240, I, "idle timeout of Azure's load balancer, 4 min" },
	{ 300, A, "stream idle timeout of Envoy, 300 s" },
	{ 300, I, "idle timeout of F5's TCP profile or of vsftpd (idle_session_timeout), 300 s" },
	{ 350, I, "idle timeout of AWS's network load balancer and NAT gateway, 350 s" },
	{ 360, I, "server idle timeout of a Citrix ADC (svrTimeout), 360 s" },
	{ 600, I, "connection tracking of Google Cloud's firewall or idle timeout of ProFTPD (TimeoutIdle), 10 min" },
	{ 900, A, "read timeout of Squid (read_timeout), 15 min" },
	{ 900, I, "idle timeout of Active Directory's LDAP (MaxConnIdleTime), 15 min" },
	{ 1200, I, "established-connection timeout of Google Cloud NAT, 20 min" },
	{ 1800, I, "TCP session timeout of Juniper SRX, 30 min" },
	{ 3600, I, "TCP idle timeout of Palo Alto, Cisco ASA, Check Point and Fortinet, 1 h" },
	{ 7200, I, "keep-alive time of Linux and Windows, 2 h" },
	{ 28800, I, "wait_timeout of MySQL, 8 h" },
	{ 432000, I, "Linux connection tracking (nf_conntrack_tcp_timeout_established), 5 days" },
};

#undef H
#undef A
#undef I

const char *timer_known_as(double seconds, unsigned kinds)
{
	for (size_t i = 0; i < sizeof(timers) / sizeof(*timers); i++)
		if ((timers[i].kinds & kinds) && fabs(seconds - timers[i].seconds) <= TOLERANCE * timers[i].seconds)
			return timers[i].known_as;
	return NULL;
}
