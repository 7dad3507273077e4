/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Protocols that are only named: a diagnosis that says "the AMQP service resets" helps more than one that says "port
 * 5672". One look at the first bytes, and no more is read.
 */
#include <string.h>

#include "base/reader.h"
#include "dissectors/line.h"

static enum dissect_verdict seen_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	(void)state, (void)s;
	*used = c->len;
	return DISSECT_DONE;
}

static enum dissect_verdict seen_datagram(void *state, struct session *s, const struct chunk *c)
{
	(void)state, (void)s, (void)c;
	return DISSECT_DONE;
}

/* --- streams --- */

static enum recognition amqp_recognise(const struct chunk *c)
{
	return line_recognise(c, "AMQP", RECOGNISE_YES);
}

/* HTTP/2 in clear: the client's preface (RFC 9113, section 3.4). */
static enum recognition http2_recognise(const struct chunk *c)
{
	return line_recognise(c, "PRI * HTTP/2.0\r\n", RECOGNISE_YES);
}

/* CONNECT with the protocol's name, of either length (MQTT 3.1.1 and 5.0, section 3.1). */
static enum recognition mqtt_recognise(const struct chunk *c)
{
	size_t at = 2;

	if (c->data[0] != 0x10)
		return RECOGNISE_NO;
	if (c->len < 10)
		return RECOGNISE_MORE;
	while (at < 5 && c->data[at - 1] & 0x80)
		at++;
	return !memcmp(c->data + at, "\0\4MQTT", 5) || !memcmp(c->data + at, "\0\6MQI", 5) ? RECOGNISE_YES
											   : RECOGNISE_NO;
}

/* An array of bulk strings: "*1\r\n$4\r\nPING". */
static enum recognition redis_recognise(const struct chunk *c)
{
	size_t i = 1;

	if (c->side != SIDE_ORIG || c->data[0] != '*')
		return RECOGNISE_NO;
	while (i < c->len && i < 6 && c->data[i] >= '0' && c->data[i] <= '9')
		i++;
	if (c->len < i + 3)
		return RECOGNISE_MORE;
	return i > 1 && !memcmp(c->data + i, "\r\n$", 3) ? RECOGNISE_YES : RECOGNISE_NO;
}

#define VERSIONED_MAX 512 /* longer is no first line */

/* RTSP and SIP requests look like HTTP's but for the version at the end of the first line. */
static enum recognition versioned(const struct chunk *c, const char *version)
{
	enum recognition first = line_recognise(c, version, RECOGNISE_YES);
	struct line l;
	size_t used;

	if (first != RECOGNISE_NO)
		return first;
	if (line_take(c, &l, &used))
		return l.len < VERSIONED_MAX && line_contains(&l, version) ? RECOGNISE_YES : RECOGNISE_NO;
	if (c->side == SIDE_ORIG && c->len < VERSIONED_MAX && c->data[0] >= 'A' && c->data[0] <= 'Z')
		return RECOGNISE_MORE;
	return c->len > VERSIONED_MAX ? RECOGNISE_NO : RECOGNISE_UNLIKELY;
}

static enum recognition rtsp_recognise(const struct chunk *c)
{
	return versioned(c, "RTSP/1.0");
}

static enum recognition sip_recognise(const struct chunk *c)
{
	return versioned(c, "SIP/2.0");
}

/* NetBIOS length, then the magic of SMB 1 or 2. */
static enum recognition smb_recognise(const struct chunk *c)
{
	if (c->data[0])
		return RECOGNISE_NO;
	if (c->len < 8)
		return RECOGNISE_MORE;
	return (c->data[4] == 0xff || c->data[4] == 0xfe) && !memcmp(c->data + 5, "SMB", 3) ? RECOGNISE_YES
											    : RECOGNISE_NO;
}

/* TPKT with an X.224 connection request or confirm that fills it (RFC 1006; MS-RDPBCGR, section 2.2.1). */
static enum recognition rdp_recognise(const struct chunk *c)
{
	if (c->data[0] != 3)
		return RECOGNISE_NO;
	if (c->len < 7)
		return RECOGNISE_MORE;
	return !c->data[1] && !c->data[2] && c->data[3] == c->data[4] + 5 && (c->data[5] & 0xe0) == 0xe0 ? RECOGNISE_YES
													 : RECOGNISE_NO;
}

static enum recognition vnc_recognise(const struct chunk *c)
{
	return line_recognise(c, "RFB 00", RECOGNISE_YES);
}

/* TDS pre-login: type 0x12, end of message, its own length. */
static enum recognition mssql_recognise(const struct chunk *c)
{
	if (c->data[0] != 0x12 || c->side != SIDE_ORIG)
		return RECOGNISE_NO;
	if (c->len < 9)
		return RECOGNISE_MORE;
	return c->data[1] == 1 && ((size_t)c->data[2] << 8 | c->data[3]) <= 4096 && !c->data[8] ? RECOGNISE_YES
												: RECOGNISE_NO;
}

/* --- datagrams --- */

static enum recognition ntp_recognise(const struct chunk *c)
{
	uint8_t version = c->data[0] >> 3 & 7, mode = c->data[0] & 7;

	return c->on_wire >= 48 && version >= 1 && version <= 4 && mode >= 1 && mode <= 5 ? RECOGNISE_MAYBE
											  : RECOGNISE_NO;
}

/* "<134>": facility and severity (RFC 3164, RFC 5424). */
static enum recognition syslog_recognise(const struct chunk *c)
{
	size_t i = 1;

	if (c->data[0] != '<')
		return RECOGNISE_NO;
	while (i < c->len && i < 4 && c->data[i] >= '0' && c->data[i] <= '9')
		i++;
	return i > 1 && i < c->len && c->data[i] == '>' ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

static enum recognition ssdp_recognise(const struct chunk *c)
{
	static const char *const words[] = {"M-SEARCH * HTTP/1.1", "NOTIFY * HTTP/1.1", NULL};

	return line_recognise_any(c, words, RECOGNISE_YES);
}

/* A sequence that starts with version 0, 1 or 3. */
static enum recognition snmp_recognise(const struct chunk *c)
{
	size_t at = 2;

	if (c->len < 8 || c->data[0] != 0x30)
		return RECOGNISE_NO;
	if (c->data[1] & 0x80)
		at += c->data[1] & 3;
	return c->data[at] == 2 && c->data[at + 1] == 1 && c->data[at + 2] <= 3 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* One question for a name of 32 letters, or a datagram of the datagram service. */
static enum recognition nbns_recognise(const struct chunk *c)
{
	return c->len > 12 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

#define SEEN_STREAM(symbol, service, says, ...) \
	const struct dissector dissector_##symbol = {.name = service, \
		.spec = says, \
		.tcp_ports = {__VA_ARGS__}, \
		.recognise = symbol##_recognise, \
		.stream = seen_stream}
#define SEEN_DATAGRAM(symbol, service, says, ...) \
	const struct dissector dissector_##symbol = {.name = service, \
		.spec = says, \
		.udp_ports = {__VA_ARGS__}, \
		.recognise = symbol##_recognise, \
		.datagram = seen_datagram}

SEEN_STREAM(amqp, "amqp", "AMQP 0-9-1, 1.0", 5672);
SEEN_STREAM(http2, "http2", "RFC 9113", 80);
SEEN_STREAM(mqtt, "mqtt", "MQTT 3.1.1, 5.0", 1883);
SEEN_STREAM(mssql, "mssql", "MS-TDS", 1433);
SEEN_STREAM(rdp, "rdp", "MS-RDPBCGR", 3389);
SEEN_STREAM(redis, "redis", "RESP", 6379);
SEEN_STREAM(rtsp, "rtsp", "RFC 2326", 554);
SEEN_STREAM(smb, "smb", "MS-SMB2", 445, 139);
SEEN_STREAM(vnc, "vnc", "RFC 6143", 5900);
const struct dissector dissector_sip = {.name = "sip",
	.spec = "RFC 3261",
	.tcp_ports = {5060},
	.udp_ports = {5060},
	.recognise = sip_recognise,
	.stream = seen_stream,
	.datagram = seen_datagram};
SEEN_DATAGRAM(nbns, "netbios", "RFC 1002", 137, 138);
SEEN_DATAGRAM(ntp, "ntp", "RFC 5905", 123);
SEEN_DATAGRAM(snmp, "snmp", "RFC 3416", 161, 162);
SEEN_DATAGRAM(ssdp, "ssdp", "UPnP 2.0", 1900);
SEEN_DATAGRAM(syslog, "syslog", "RFC 3164, RFC 5424", 514);
