/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the diagnosis hands to the reports: everything that they print, in its final order. */
#ifndef PCAPDX_DIAGNOSE_RESULT_H
#define PCAPDX_DIAGNOSE_RESULT_H

#include "diagnose/finding.h"

struct diagnosis {
	char id[12]; /* "D1" */
	char *title, *summary;
	struct subject subject;
	enum severity severity;
	double confidence;
	enum responsible responsible;
	struct cause *causes; /* most likely first */
	int cause_count;
	char **against, **next;
	int against_count, next_count;
	struct finding **findings; /* borrowed; the leading one first */
	int finding_count;
	char *path;	 /* "192.0.2.10 -> F5 (00:01:d7:3e:10:42) -> 198.51.100.20:443"; NULL unknown */
	uint64_t weight; /* failed conversations: orders diagnoses of one severity */
};

struct gateway {
	struct mac mac;
	char vendor[64], kind[24]; /* router, firewall, load-balancer, virtual-router, hypervisor; "" unknown */
	uint16_t vlan;
	uint32_t behind_hosts;
	int hops_min, hops_max; /* behind it, from TTLs; -1 unknown */
	struct addr example_hosts[4], own_ip;
	int example_count;
	char role[48];	  /* "towards the servers", "towards the clients" */
	bool masqueraded; /* local bit set over a known prefix */
};

struct host_row {
	struct addr host;
	struct mac mac;
	bool client, server;
	uint64_t conversations, failed, pkts, bytes;
	char name[128], vendor[64];
};

struct service_row {
	struct addr server;
	uint16_t port;
	uint8_t proto;
	char service[16], name[128];
	uint64_t conversations, ok, failed;
	double rtt_median_s; /* < 0 unknown */
};

enum outcome { /* what became of a conversation */
	OUTCOME_OK,
	OUTCOME_REFUSED,
	OUTCOME_NO_ANSWER,
	OUTCOME_REJECTED, /* by ICMP */
	OUTCOME_RESET,
	OUTCOME_TIMEOUT, /* silence in mid-session */
	OUTCOME_FAILED,	 /* an error of its protocol */
	OUTCOME_OPEN,	 /* unfinished, nothing wrong seen */
	OUTCOME_PARTIAL, /* the capture does not carry a verdict */
	OUTCOMES,
};

/* A row of the table of connections, and of CSV. */
struct connection_row {
	struct record *record; /* conn; owned */
	enum outcome outcome;
	const char *code; /* of the finding that it belongs to; NULL */
	char sni[128], vendor[32];
	uint16_t tls_version;
	uint8_t tls_stage;
};

struct tls_row {
	struct record *record; /* tls; owned */
};

/* A plot: points, with optional thresholds. Names are constants of ours, labels may be hostile. */
struct plot_line {
	char label[96];
	double *x, *y;
	int count;
};

struct plot {
	const char *id; /* "time-wait", "outcomes", "rst-delay", "tls-stages", "rtt", "loss", "throughput" */
	const char *title, *x_label, *y_label;
	bool x_is_time;	  /* seconds since the start of the capture */
	bool steps, bars; /* how to draw; neither: points joined by lines */
	struct plot_line *lines;
	int line_count;
	double thresholds[3];
	const char *threshold_labels[3];
	int threshold_count;
	char *says; /* text alternative: what it shows, in a sentence */
};

struct named_count {
	char name[32];
	uint64_t count;
};

struct time_wait_row {
	struct addr host;
	uint64_t peak;
	int64_t peak_ts_ns;
	double per_minute_peak;
};

struct name_row {
	struct addr addr;
	char name[128];
};

struct summary {
	struct capture *sources; /* one per source, in order */
	int source_count;
	uint64_t packets, bytes;
	int64_t first_ts_ns, last_ts_ns;
	bool has_packets;
	uint64_t tcp_total, udp_total, other_total;
	uint64_t tcp_outcomes[OUTCOMES], udp_outcomes[OUTCOMES];
	uint64_t tcp_packets, udp_packets;
	uint64_t flag_syn, flag_syn_ack, flag_fin, flag_rst;
	struct tcp_analysis analysis; /* summed; 32 bits a class are enough for 4 G segments */
	struct tcp_loss loss;
	struct fragmented fragments; /* its counters, summed */
	uint64_t udp_streams; /* as Wireshark counts them, carriers of tunnels included */
	uint64_t tls_completed;
	uint64_t tls_messages[TLS_MESSAGE_TYPES], tls_alerts[TLS_ALERT_CODES];
	uint64_t dns_queries, dns_responses, dns_rcodes[DNS_RCODES];
	double time_wait_assumed_s;
};

struct result {
	const struct options *options;
	struct summary summary;
	struct finding **findings;
	int finding_count, finding_room;
	struct diagnosis **diagnoses;
	int diagnosis_count, diagnosis_room;
	enum severity severity; /* of the verdict */
	char *headline;
	bool state_limited; /* something was let go, or left out, at the bound of memory */
	char *weak; /* what the capture cannot carry, in a sentence; NULL */
	struct gateway *gateways;
	int gateway_count;
	struct host_row *hosts;
	int host_count;
	uint64_t hosts_left_out;
	struct service_row *services;
	int service_count;
	uint64_t services_left_out;
	struct connection_row *connections; /* failed ones first in being kept; in time order here */
	int connection_count;
	uint64_t connections_left_out;
	struct tls_row *tls;
	int tls_count;
	uint64_t tls_left_out;
	struct time_wait_row *time_wait;
	int time_wait_count;
	struct name_row *names;
	int name_count;
	struct plot **plots;
	int plot_count, plot_room;
	bool plots_failed; /* set by the report when gnuplot is not there */
};

const char *severity_name(enum severity s); /* ok, note, warning, error */
const char *responsible_name(enum responsible r);
const char *outcome_name(enum outcome o);
struct plot *result_plot(struct result *r, const char *id, const char *title, const char *x_label, const char *y_label);
struct plot_line *plot_line(struct plot *p, const char *label);
void plot_point(struct plot_line *l, double x, double y);
void result_free(struct result *r);

#endif
