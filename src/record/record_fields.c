/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of the record's head and of the smaller kinds, and what all tables have in common. */
#include "record/record_fields.h"

#include <string.h>

#include "record/record_rows.h"

const char *const side_names[] = {
	[SIDE_ORIG] = "orig",
	[SIDE_RESP] = "resp",
	[SIDE_NONE] = "none",
	NULL,
};

static const char *const tunnel_protocol_names[] = {
	[TUNNEL_TINC] = "tinc",
	[TUNNEL_WIREGUARD] = "wireguard",
	[TUNNEL_OPENVPN] = "openvpn",
	[TUNNEL_IKE] = "ike",
	[TUNNEL_ESP] = "esp",
	NULL,
};

static const char *const tunnel_event_names[] = {
	[TUNNEL_HELLO] = "hello",
	[TUNNEL_ANSWER] = "answer",
	[TUNNEL_ESTABLISHED] = "established",
	[TUNNEL_RESTART] = "restart",
	[TUNNEL_REKEY] = "rekey",
	[TUNNEL_REJECTED] = "rejected",
	[TUNNEL_BAD_KEX] = "bad-kex",
	[TUNNEL_BAD_ORDER] = "bad-order",
	[TUNNEL_META_LOST] = "meta-lost",
	[TUNNEL_SUMMARY] = "summary",
	[TUNNEL_OLD_KEY_DATA] = "old-key-data",
	[TUNNEL_TCP_FALLBACK] = "tcp-fallback",
	NULL,
};

const struct field frame_ref_fields[] = {
	SAME(frame_ref, frame),
	SPAN(frame_ref, "at", at_ns),
	SAME(frame_ref, source),
	{NULL},
};

const struct field record_head_fields[] = {
	TIME(record, "ts", ts_ns),
	TIME(record, "emitted", emitted_ns),
	SAME(record, uid),
	AS(record, "id.orig_h", orig_h),
	AS(record, "id.orig_p", orig_p),
	AS(record, "id.resp_h", resp_h),
	AS(record, "id.resp_p", resp_p),
	ROW(record, "proto", proto, FIELD_PROTO, 0),
	SAME(record, source),
	SAME(record, frame),
	{NULL},
};

static const struct field capture_fields[] = {
	SAME(capture, name),
	SAME(capture, format),
	SAME(capture, link_type),
	SAME(capture, filter),
	SAME(capture, comment),
	SAME(capture, snaplen),
	SAME(capture, packets),
	SAME(capture, bytes),
	SAME(capture, first_frame),
	TIME(capture, "first_ts", first_ts_ns),
	TIME(capture, "last_ts", last_ts_ns),
	SAME(capture, cut_short),
	SAME(capture, damaged),
	SAME(capture, unreadable),
	SAME(capture, has_packets),
	SAME(capture, cut_frame),
	SAME(capture, cut_frames),
	SAME(capture, drops),
	SAME(capture, drops_known),
	SAME(capture, malformed),
	SAME(capture, malformed_frame),
	SAME(capture, malformed_kinds),
	SAME(capture, duplicates),
	SAME(capture, duplicates_frame),
	SAME(capture, network_duplicates),
	SAME(capture, network_duplicates_frame),
	SAME(capture, offload_large),
	SAME(capture, offload_checksum),
	SAME(capture, offload_frame),
	SAME(capture, clock_jumps),
	SAME(capture, jump_frame),
	SPAN(capture, "clock_jump_max", clock_jump_max_ns),
	SAME(capture, evicted),
	SAME(capture, unknown_link),
	SAME(capture, tcp_packets),
	SAME(capture, udp_packets),
	SAME(capture, icmp_packets),
	SAME(capture, arp_packets),
	SAME(capture, other_packets),
	{NULL},
};

static const struct field http_fields[] = {
	SAME(http, method),
	SAME(http, uri),
	SAME(http, host),
	SAME(http, user_agent),
	SAME(http, content_type),
	SAME(http, location),
	SAME(http, server),
	SAME(http, via),
	SAME(http, proxied_host),
	AS(http, "status_code", status),
	SAME(http, proxy),
	SAME(http, keep_alive),
	SAME(http, on_tls_port_hint),
	SAME(http, request),
	SAME(http, request_end),
	SAME(http, response),
	SAME(http, response_end),
	AS(http, "request_body_len", request_body),
	AS(http, "response_body_len", response_body),
	ROW(http, "announced_body_len", announced_body, FIELD_UINT, -1),
	AS(http, "trans_depth", number),
	{NULL},
};

static const struct field ftp_fields[] = {
	SAME(ftp, command),
	SAME(ftp, arg),
	SAME(ftp, user),
	AS(ftp, "reply_code", code),
	AS(ftp, "reply_msg", message),
	SAME(ftp, request),
	SAME(ftp, response),
	ROW(ftp, "mode", mode, FIELD_LETTER, 0),
	SAME(ftp, data_addr),
	SAME(ftp, data_port),
	{NULL},
};

static const struct field dns_fields[] = {
	SAME(dns, query),
	SAME(dns, qtype),
	SAME(dns, qclass),
	AS(dns, "trans_id", id),
	SAME(dns, rcode),
	SAME(dns, answered),
	SAME(dns, tcp),
	SAME(dns, mdns),
	AS(dns, "TC", truncated),
	AS(dns, "AA", authoritative),
	AS(dns, "RD", recursion_desired),
	AS(dns, "RA", recursion_available),
	SAME(dns, tries),
	UNSET_SPAN(dns, "rtt", rtt_ns),
	SAME(dns, request),
	SAME(dns, request_last),
	SAME(dns, response),
	COUNTED(dns, "answers", answers, answer_count),
	SAME(dns, cname),
	SAME(dns, client_moved_on),
	{NULL},
};

static const struct field icmp_fields[] = {
	SAME(icmp, v6),
	SAME(icmp, type),
	SAME(icmp, code),
	SAME(icmp, from),
	SAME(icmp, to),
	SAME(icmp, mtu),
	SAME(icmp, quoted_src),
	SAME(icmp, quoted_dst),
	SAME(icmp, quoted_sport),
	SAME(icmp, quoted_dport),
	ROW(icmp, "quoted_proto", quoted_proto, FIELD_PROTO, 0),
	SAME(icmp, ttl),
	SAME(icmp, quoted_uid),
	SAME(icmp, ra_prefix),
	SAME(icmp, ra_prefix_len),
	SAME(icmp, ra_lifetime),
	SAME(icmp, mac),
	SAME(icmp, ref),
	{NULL},
};

static const struct field arp_fields[] = {
	SAME(arp, nd),
	SAME(arp, reply),
	SAME(arp, gratuitous),
	SAME(arp, probe),
	SAME(arp, sender_ip),
	SAME(arp, target_ip),
	SAME(arp, sender_mac),
	SAME(arp, target_mac),
	SAME(arp, request),
	SAME(arp, response),
	SAME(arp, tries),
	SAME(arp, requester_unicast_seen),
	{NULL},
};

static const struct field dhcp_fields[] = {
	SAME(dhcp, message),
	SAME(dhcp, v6),
	SAME(dhcp, xid),
	AS(dhcp, "mac", client_mac),
	AS(dhcp, "client_addr", client),
	AS(dhcp, "server_addr", server),
	AS(dhcp, "offered_addr", offered),
	AS(dhcp, "router", router),
	AS(dhcp, "host_name", hostname),
	SAME(dhcp, lease_s),
	SAME(dhcp, ref),
	SAME(dhcp, text),
	{NULL},
};

static const struct field tunnel_fields[] = {
	ENUM(tunnel, "protocol", protocol, tunnel_protocol_names, TUNNEL_TINC),
	ENUM(tunnel, "event", event, tunnel_event_names, TUNNEL_HELLO),
	SIDE(tunnel, side),
	SAME(tunnel, step),
	BOTH(tunnel, "name", names),
	SAME(tunnel, session),
	SAME(tunnel, length),
	SAME(tunnel, attempt),
	SAME(tunnel, ref),
	BOTH(tunnel, "hellos", hellos),
	BOTH(tunnel, "answers", answers),
	BOTH(tunnel, "data_pkts", data_pkts),
	BOTH(tunnel, "data_bytes", data_bytes),
	BOTH(tunnel, "restarts", restarts),
	BOTH(tunnel, "rekeys", rekeys),
	BOTH(tunnel, "reordered", reordered),
	BOTH(tunnel, "lost", lost),
	BOTH_SPANS(tunnel, "first_data", first_data_ns),
	BOTH_SPANS(tunnel, "last_data", last_data_ns),
	BOTH_SPANS(tunnel, "hello_last", hello_last_ns),
	SAME(tunnel, established),
	SAME(tunnel, esp_spi),
	{NULL},
};

static const struct field link_fields[] = {
	SAME(link, mac),
	SAME(link, ip),
	SAME(link, vlan),
	SAME(link, pkts),
	SAME(link, ttl),
	SAME(link, ttl_min),
	SAME(link, ttl_max),
	SAME(link, claimed),
	SAME(link, router),
	SAME(link, first),
	SAME(link, last),
	{NULL},
};

static const struct field series_fields[] = {
	SAME(series, name),
	SAME(series, host),
	SAME(series, host2),
	SAME(series, port),
	SPAN(series, "bucket", bucket_ns),
	COUNTED(series, "values", values, value_count),
	{NULL},
};

#define KIND(s) \
	{ \
#s, s##_fields, sizeof(struct s) \
	}
const struct field_table record_kind_tables[RECORD_KINDS + 1] = {
	[RECORD_CAPTURE] = KIND(capture),
	[RECORD_CONN] = KIND(conn),
	[RECORD_TLS] = KIND(tls),
	[RECORD_HTTP] = KIND(http),
	[RECORD_FTP] = KIND(ftp),
	[RECORD_DNS] = KIND(dns),
	[RECORD_ICMP] = KIND(icmp),
	[RECORD_ARP] = KIND(arp),
	[RECORD_DHCP] = KIND(dhcp),
	[RECORD_TUNNEL] = KIND(tunnel),
	[RECORD_LINK] = KIND(link),
	[RECORD_SERIES] = KIND(series),
};
