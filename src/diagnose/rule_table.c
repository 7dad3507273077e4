/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All rules. The order is the precedence: of two rules that would claim a failed conversation the upper one gets it,
 * and `finish` runs from top to bottom, so a rule that takes others' claims over stands above them, and one that looks
 * at finished groups stands below.
 */
#include "diagnose/rule.h"

/* Can the capture carry a conclusion? */
extern const struct rule rule_capture_source;
extern const struct rule rule_capture_sides;
/* Path, first: findings name the gateways. */
extern const struct rule rule_gateway;
extern const struct rule rule_path_change;
extern const struct rule rule_arp;
extern const struct rule rule_arp_unanswered;
extern const struct rule rule_dhcp;
extern const struct rule rule_fragments;
extern const struct rule rule_dns;
/* Services that are blocked by one of their clients. */
extern const struct rule rule_health_check;
extern const struct rule rule_accept_loop;
/* Limits and ports: they take unanswered connections over. */
extern const struct rule rule_connection_limit;
extern const struct rule rule_flood;
extern const struct rule rule_scan;
extern const struct rule rule_time_wait;
extern const struct rule rule_ftp_churn;
extern const struct rule rule_ftp_failures;
extern const struct rule rule_port_reuse;
extern const struct rule rule_ports;
/* TLS: a specific reason before a general one. */
extern const struct rule rule_mtu;
extern const struct rule rule_interception;
extern const struct rule rule_interception_path;
extern const struct rule rule_tls_certificate;
extern const struct rule rule_tls_mixed_up;
extern const struct rule rule_tls_bad_record;
extern const struct rule rule_tls_client_certificate;
extern const struct rule rule_tls_refused;
extern const struct rule rule_tls_parameters;
extern const struct rule rule_tls_alert;
extern const struct rule rule_tls_silent;
extern const struct rule rule_tls_stalled;
extern const struct rule rule_tls_no_hello;
/* Tunnels. */
extern const struct rule rule_sptps;
extern const struct rule rule_tunnel_rejected;
extern const struct rule rule_tunnel_no_answer;
extern const struct rule rule_tunnel_stuck;
extern const struct rule rule_tunnel_storm;
extern const struct rule rule_tunnel_stale;
extern const struct rule rule_tunnel_restart;
extern const struct rule rule_tunnel_meta;
extern const struct rule rule_tunnel_udp;
/* Resets. */
extern const struct rule rule_rst_injected;
extern const struct rule rule_rst;
/* Connecting. */
extern const struct rule rule_icmp_rejected;
extern const struct rule rule_icmp_quoted;
extern const struct rule rule_refused;
extern const struct rule rule_no_answer;
extern const struct rule rule_handshake;
/* Services. */
extern const struct rule rule_https_redirect;
extern const struct rule rule_proxy;
extern const struct rule rule_http_errors;
extern const struct rule rule_silence;
extern const struct rule rule_goodbye;
extern const struct rule rule_unanswered;
extern const struct rule rule_window;
extern const struct rule rule_loss;
extern const struct rule rule_late_syn;
extern const struct rule rule_packet_duplicates;
extern const struct rule rule_slow;
/* What the failing conversations have in common. */
extern const struct rule rule_retries;
extern const struct rule rule_rst_timer;
extern const struct rule rule_failing_gateway;

const struct rule *const rule_table[] = {
	&rule_capture_source,
	&rule_capture_sides,

	&rule_gateway,
	&rule_path_change,
	&rule_arp,
	&rule_arp_unanswered,
	&rule_dhcp,
	&rule_fragments,
	&rule_dns,

	&rule_health_check,
	&rule_accept_loop,

	&rule_flood,
	&rule_scan,
	&rule_connection_limit,
	&rule_time_wait,
	&rule_ftp_churn,
	&rule_ftp_failures,
	&rule_port_reuse,
	&rule_ports,

	&rule_mtu,

	&rule_interception,
	&rule_interception_path,
	&rule_tls_certificate,
	&rule_tls_mixed_up,
	&rule_tls_bad_record,
	&rule_tls_client_certificate,
	&rule_tls_refused,
	&rule_tls_parameters,
	&rule_tls_alert,
	&rule_tls_silent,
	&rule_tls_stalled,
	&rule_tls_no_hello,

	&rule_sptps,
	&rule_tunnel_rejected,
	&rule_tunnel_no_answer,
	&rule_tunnel_stuck,
	&rule_tunnel_storm,
	&rule_tunnel_stale,
	&rule_tunnel_restart,
	&rule_tunnel_meta,
	&rule_tunnel_udp,

	&rule_rst_injected,
	&rule_icmp_rejected,
	&rule_icmp_quoted,
	&rule_refused,
	&rule_no_answer,
	&rule_handshake,
	&rule_silence,
	&rule_goodbye,
	&rule_rst,
	&rule_unanswered,

	&rule_https_redirect,
	&rule_proxy,
	&rule_http_errors,
	&rule_window,
	&rule_loss,
	&rule_late_syn,
	&rule_packet_duplicates,
	&rule_slow,

	&rule_retries,
	&rule_rst_timer,
	&rule_failing_gateway,
	NULL,
};
