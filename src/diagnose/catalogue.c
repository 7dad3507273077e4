/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The codes of all findings: usual severity and what each says in a line. Users, tests and doc/findings/ quote them. */
#include <stddef.h>
#include <string.h>

#include "diagnose/context.h"

struct entry {
	const char *code;
	enum severity severity;
	const char *summary;
};

#define E SEVERITY_ERROR
#define W SEVERITY_WARNING
#define N SEVERITY_NOTE

static const struct entry entries[] = {
	{"capture-cut-short", N, "The capture file ends inside a record"},
	{"capture-snaplen", N, "Frames are stored shorter than they were on the wire"},
	{"capture-lost-packets", W, "The capture itself lost packets"},
	{"capture-one-sided", W, "Only one direction of conversations was captured"},
	{"capture-duplicates", N, "Packets are in the capture more than once"},
	{"capture-offload", N, "Segmentation or checksum offload of the capturing host"},
	{"capture-clock-jump", W, "The capture's clock jumps"},
	{"capture-filtered", N, "The capture was filtered: what is missing proves nothing"},
	{"capture-malformed", N, "Headers that contradict themselves"},
	{"capture-state-limited", W, "Conversations or other state were let go to stay inside the memory bound"},
	{"packet-duplicates", N, "The network delivers packets twice"},
	{"bad-checksum", W, "Segments arrive with a wrong checksum and are sent again"},
	{"stream-ambiguous", W, "Overlapping segments carry different bytes"},

	{"tcp-refused", E, "Connections are refused: nothing listens on the port"},
	{"tcp-no-answer", E, "Connection attempts get no answer"},
	{"icmp-rejected", E, "A device or host rejects packets by ICMP"},
	{"tcp-half-open", W, "Handshakes that are never completed"},
	{"tcp-backlog-overflow", E, "The server's listen queue overflows"},
	{"syn-flood", W, "A SYN flood on one service"},
	{"port-scan", W, "One source tries many ports"},

	{"rst-after-client-hello", E, "TLS connections are reset after the ClientHello"},
	{"rst-in-handshake", E, "TLS handshakes are reset half-way"},
	{"rst-after-request", E, "Connections are reset after the request"},
	{"rst-mid-transfer", E, "Connections are reset in mid transfer"},
	{"rst-after-idle", W, "Connections are reset when they are used again after a pause"},
	{"rst-on-close", N, "Resets that end connections which were done"},
	{"rst-injected", E, "Resets that the peer did not send"},
	{"rst-timer", W, "Resets after equal delays: a timer"},

	{"tls-alert", E, "A TLS alert ends connections"},
	{"tls-no-common-parameters", E, "Client and server have no TLS parameters in common"},
	{"tls-certificate-rejected", E, "The client rejects the server's certificate"},
	{"tls-client-certificate-required", E, "The server wants a client certificate and gets none"},
	{"tls-name-unrecognized", E, "The server does not know the requested name"},
	{"tls-encrypted-alert", W, "An encrypted alert right after the handshake"},
	{"tls-closed-after-client-hello", E, "The server closes instead of answering the ClientHello"},
	{"tls-silent-server", E, "The server never answers the ClientHello"},
	{"tls-handshake-stalled", E, "The TLS handshake stops half-way"},
	{"tls-handshake-abandoned", W, "The client gives the TLS handshake up"},
	{"tls-cert-expired", W, "The server's certificate has expired"},
	{"tls-cert-not-yet-valid", W, "The server's certificate is not valid yet"},
	{"tls-cert-name-mismatch", W, "The server's certificate is for another name"},
	{"tls-cert-self-signed", W, "The server's certificate is self-signed"},
	{"tls-interception", W, "A device in the path forges certificates"},
	{"tls-bad-record", E, "TLS records are damaged on the way"},
	{"tls-old-version", N, "An outdated version of TLS is in use"},
	{"plain-on-tls-port", E, "A client speaks plain text to a TLS port"},
	{"tls-on-plain-port", E, "A client speaks TLS to a plain-text port"},

	{"accept-loop-blocked", E, "A silent connection blocks the server's accept loop"},
	{"plain-health-check", N, "A health check connects without a byte"},
	{"peer-vanished", E, "The peer vanished in mid transfer"},
	{"client-retries", N, "A client repeats the same failing conversation"},
	{"no-reply", E, "Requests are acknowledged and never answered"},
	{"stalled-transfer", E, "Answers start and then stop for good"},
	{"slow-server", W, "The server takes long to answer"},
	{"slow-client", W, "The client is what takes the time"},
	{"slow-path", W, "The path is what takes the time"},
	{"zero-window", W, "The receiver stopped reading"},
	{"window-limited", N, "A small receive window sets the pace"},
	{"packet-loss", W, "Packets are lost on the path"},
	{"reordering", N, "Packets arrive out of order"},
	{"mtu-black-hole", E, "Large packets vanish: an MTU black hole"},
	{"mtu-discovery", N, "Path MTU discovery at work"},
	{"delayed-ack-stall", N, "Small writes wait for delayed ACKs"},
	{"silent-after-idle", E, "Connections are dead after a pause: a device forgot them"},
	{"proxy-auth-required", E, "The proxy wants a login"},
	{"proxy-denied", E, "The proxy denies the request"},
	{"proxy-unreachable", E, "The proxy cannot reach the target"},
	{"http-errors", W, "HTTP errors"},
	{"https-redirect", N, "Plain HTTP is redirected to HTTPS"},
	{"ftp-login-failed", E, "FTP logins fail"},
	{"ftp-data-failed", E, "FTP data connections fail"},
	{"dns-nxdomain", W, "Names do not exist"},
	{"dns-servfail", W, "The name server fails"},
	{"dns-no-answer", W, "The name server does not answer"},
	{"dns-slow", W, "The name server answers late"},
	{"arp-conflict", E, "One address is claimed by two machines"},
	{"arp-no-answer", W, "ARP requests are not answered"},
	{"dhcp-no-lease", E, "A client gets no DHCP lease"},
	{"router-advertisement-conflict", W, "Routers contradict each other"},

	{"time-wait-accumulation", W, "Sockets in TIME_WAIT pile up"},
	{"ftp-passive-churn", W, "Passive FTP opens a connection per file"},
	{"connection-limit-block", E, "A connection limit cuts a client off"},
	{"port-exhaustion", E, "The client runs out of ephemeral ports"},
	{"port-reuse-collision", E, "A reused port meets an old TIME_WAIT"},
	{"no-keep-alive", N, "One connection per request"},

	{"gateway", N, "A gateway and what is behind it"},
	{"gateway-in-failing-path", N, "The failing conversations run through this gateway"},
	{"asymmetric-path", N, "The two directions take different first hops"},
	{"gateway-changed", W, "A destination moved to another gateway"},
	{"ttl-changed", W, "The path to a host changed its length"},

	{"tunnel-no-answer", E, "Tunnel handshakes get no answer"},
	{"tunnel-stuck", E, "A tunnel makes no progress"},
	{"tunnel-restart-storm", E, "A tunnel restarts again and again"},
	{"tunnel-key-stale", W, "One end of a tunnel goes on with an old key"},
	{"tunnel-handshake-rejected", E, "A tunnel's handshake is refused at the same step each time"},
	{"tunnel-peer-restarted", W, "A tunnel's peer restarted"},
	{"tunnel-udp-lost", W, "A tunnel's UDP path died"},
	{"tunnel-meta-broken", W, "A tunnel's control connection was given up"},
	{"tunnel-reordering", N, "A tunnel's datagrams arrive out of order"},
	{"sptps-bad-kex", E, "An SPTPS key exchange record is malformed"},
	{"sptps-bad-order", E, "SPTPS handshake records come in the wrong order"},
};

#undef E
#undef W
#undef N

static const struct entry *find(const char *code)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++)
		if (strcmp(entries[i].code, code) == 0)
			return &entries[i];
	return NULL;
}

enum severity catalogue_severity(const char *code)
{
	const struct entry *e = find(code);

	return e ? e->severity : SEVERITY_NOTE;
}

const char *catalogue_summary(const char *code)
{
	const struct entry *e = find(code);

	return e ? e->summary : NULL;
}

int catalogue_count(void)
{
	return (int)(sizeof(entries) / sizeof(*entries));
}

const char *catalogue_code(int i)
{
	return entries[i].code;
}

int catalogue_place(const char *code)
{
	const struct entry *e = find(code);

	return e ? (int)(e - entries) : catalogue_count();
}
