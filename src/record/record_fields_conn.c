/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields of a conn record. Names of Zeek's conn.log where it has them (orig_l2_addr: its MAC logging). */
#include "record/record_rows.h"

static const char *const stall_reason_names[] = {
	[STALL_SENDER_IDLE] = "sender-idle",
	[STALL_RECEIVER_WINDOW] = "receiver-window",
	[STALL_LOSS] = "loss",
	[STALL_DELAYED_ACK] = "delayed-ack",
	NULL,
};

static const char *const conn_end_names[] = {
	[CONN_END_OPEN] = "open",
	[CONN_END_FIN] = "fin",
	[CONN_END_RST] = "rst",
	[CONN_END_REUSE] = "reuse",
	[CONN_END_EVICTED] = "evicted",
	[CONN_END_PART] = "part",
	NULL,
};

static const char *const syn_answer_names[] = {
	[SYN_ANSWER_NONE] = "none",
	[SYN_ANSWER_SYN_ACK] = "syn-ack",
	[SYN_ANSWER_RST] = "rst",
	[SYN_ANSWER_ICMP] = "icmp",
	[SYN_ANSWER_UNSEEN] = "unseen",
	[SYN_ANSWER_ACK] = "ack",
	NULL,
};

static const struct field key_frame_fields[] = {
	OBJECT(key_frame, "ref", ref, frame_ref_fields),
	SAME(key_frame, len),
	SIDE(key_frame, side),
	SAME(key_frame, flags),
	SAME(key_frame, label),
	{NULL},
};

static const struct field rst_fields[] = {
	OBJECT(rst_seen, "ref", ref, frame_ref_fields),
	SAME(rst_seen, mac),
	UNSET_SPAN(rst_seen, "after_peer", after_peer_ns),
	UNSET_SPAN(rst_seen, "after_own", after_own_ns),
	ROW(rst_seen, "seq_delta", seq_delta, FIELD_INT, UNSET_DELTA),
	ROW(rst_seen, "ip_id_delta", ip_id_delta, FIELD_INT, UNSET_DELTA),
	SAME(rst_seen, ack),
	SAME(rst_seen, window),
	SAME(rst_seen, ip_id),
	SIDE(rst_seen, side),
	SAME(rst_seen, ttl),
	SAME(rst_seen, flags),
	SAME(rst_seen, acks_syn),
	SAME(rst_seen, has_timestamps),
	SAME(rst_seen, after_fin),
	SAME(rst_seen, after_peer_fin),
	SAME(rst_seen, data_continues),
	SAME(rst_seen, unread),
	SAME(rst_seen, reserved_bits),
	{NULL},
};

static const struct field icmp_seen_fields[] = {
	OBJECT(icmp_seen, "ref", ref, frame_ref_fields),
	SAME(icmp_seen, from),
	SAME(icmp_seen, type),
	SAME(icmp_seen, code),
	SAME(icmp_seen, v6),
	SAME(icmp_seen, mtu),
	SIDE(icmp_seen, side),
	SAME(icmp_seen, ttl),
	{NULL},
};

static const struct field stall_fields[] = {
	OBJECT(stall, "ref", ref, frame_ref_fields),
	SPAN(stall, "lasted", lasted_ns),
	SAME(stall, from_frame),
	ENUM(stall, "reason", reason, stall_reason_names, 0),
	SIDE(stall, side),
	{NULL},
};

const struct field analysis_fields[] = {
	SAME(tcp_analysis, retransmission),
	SAME(tcp_analysis, fast_retransmission),
	SAME(tcp_analysis, spurious_retransmission),
	SAME(tcp_analysis, out_of_order),
	SAME(tcp_analysis, duplicate_ack),
	SAME(tcp_analysis, lost_segment),
	SAME(tcp_analysis, ack_lost_segment),
	SAME(tcp_analysis, zero_window),
	SAME(tcp_analysis, zero_window_probe),
	SAME(tcp_analysis, zero_window_probe_ack),
	SAME(tcp_analysis, window_full),
	SAME(tcp_analysis, window_update),
	SAME(tcp_analysis, keep_alive),
	SAME(tcp_analysis, keep_alive_ack),
	SAME(tcp_analysis, reused_ports),
	{NULL},
};

static const struct field loss_fields[] = {
	SAME(tcp_loss, lost),
	SAME(tcp_loss, retransmitted),
	SAME(tcp_loss, spurious),
	SAME(tcp_loss, reordered),
	SAME(tcp_loss, duplicated_by_capture),
	SAME(tcp_loss, duplicated_by_network),
	SAME(tcp_loss, bad_checksum),
	SPAN(tcp_loss, "stalled", stalled_ns),
	{NULL},
};

static const struct field turn_fields[] = {
	SAME(turn, ask),
	SAME(turn, ask_last),
	SAME(turn, acked),
	SAME(turn, answer),
	SAME(turn, ask_bytes),
	{NULL},
};

/* struct conn_side, flattened: p is "orig_" or "resp_", i the side. */
#define OF(p, i, m) AS(conn, p #m, side[i].m)
#define CONN_SIDE_COUNTS(p, i) \
	OF(p, i, pkts), OF(p, i, ip_bytes), OF(p, i, bytes), OF(p, i, resent_bytes), OF(p, i, missing_bytes), OF(p, i, missing_first), \
		SPAN(conn, p "late", side[i].late_ns), \
		OF(p, i, data_segments), AS(conn, p "l2_addr", side[i].mac), AS(conn, p "l2_peer", side[i].to_mac), \
		OF(p, i, mac_changed), OF(p, i, ttl), OF(p, i, ttl_min), OF(p, i, ttl_max), OF(p, i, syn_ttl), \
		OF(p, i, ttl_change), OF(p, i, ttl_before), OF(p, i, mac_change), OF(p, i, mac_before), \
		AS(conn, p "l2_after", side[i].mac_after), OF(p, i, mac_changes), OF(p, i, mac_after_pkts), OF(p, i, mss), \
		ROW(conn, p "window_scale", side[i].window_scale, FIELD_INT, -1), OF(p, i, sack_permitted), \
		OF(p, i, timestamps), OF(p, i, fast_open), OF(p, i, mptcp), OF(p, i, syn_data), \
		OF(p, i, window_min), OF(p, i, window_max), OF(p, i, highest_in_flight)
#define CONN_SIDE_ANSWERS(p, i) \
	OF(p, i, first_data), OF(p, i, last_data), OF(p, i, first_data_len), \
		UNSET_SPAN(conn, p "first_data_acked", side[i].first_data_acked_ns), OF(p, i, last_packet), \
		OF(p, i, unacked_bytes), OF(p, i, unanswered), OF(p, i, unanswered_len), \
		UNSET_SPAN(conn, p "unanswered_first", side[i].unanswered_first_ns), \
		UNSET_SPAN(conn, p "unanswered_last", side[i].unanswered_last_ns), \
		TRIMMED(conn, p "unanswered_frames", side[i].unanswered_frames), OF(p, i, unanswered_df), \
		OF(p, i, largest_acked_len), OF(p, i, largest_len)
#define CONN_SIDE_PACE(p, i) \
	UNSET_SPAN(conn, p "rtt_min", side[i].rtt_min_ns), UNSET_SPAN(conn, p "rtt_mean", side[i].rtt_mean_ns), \
		UNSET_SPAN(conn, p "rtt_max", side[i].rtt_max_ns), OF(p, i, rtt_samples), OF(p, i, zero_windows), \
		SPAN(conn, p "zero_window", side[i].zero_window_ns), \
		UNSET_SPAN(conn, p "zero_window_open", side[i].zero_window_open_ns), OF(p, i, zero_window_first), \
		OF(p, i, window_full), SPAN(conn, p "window_limited", side[i].window_limited_ns), \
		SPAN(conn, p "window_wait", side[i].window_wait_ns), \
		OF(p, i, delayed_ack_stalls), SPAN(conn, p "delayed_ack", side[i].delayed_ack_ns), \
		OF(p, i, delayed_ack_first), OF(p, i, keep_alives), OF(p, i, keep_alives_answered), \
		OF(p, i, gap_tail), OF(p, i, gap_first), OF(p, i, fin), \
		OF(p, i, doubled), OF(p, i, doubled_copy), OF(p, i, doubled_answer), OF(p, i, damaged), \
		OF(p, i, damaged_again), \
		OBJECT(conn, p "loss", side[i].loss, loss_fields)
#define CONN_SIDE(p, i) CONN_SIDE_COUNTS(p, i), CONN_SIDE_ANSWERS(p, i), CONN_SIDE_PACE(p, i)

const struct field conn_fields[] = {
	SAME(conn, service),
	SAME(conn, conn_state),
	SAME(conn, history),
	SAME(conn, community_id),
	SAME(conn, tunnel),
	SAME(conn, vlan),
	SAME(conn, stream),
	SPAN(conn, "duration", duration_ns),
	ENUM(conn, "end_reason", end_reason, conn_end_names, CONN_END_OPEN),
	SAME(conn, part),
	SAME(conn, one_sided),
	SAME(conn, midstream),
	SAME(conn, cut_frames),

	SAME(conn, syns),
	SAME(conn, syn_acks),
	{LIST_ROW(conn, "syn_at", syn_at_ns, FIELD_SPAN, LIST_TRIMMED), .default_value = UNSET},
	TRIMMED(conn, "syn_frames", syn_frames),
	SAME(conn, syn_acks_after_ack),
	SAME(conn, syn_ack),
	SAME(conn, handshake_ack),
	ENUM(conn, "answered", answered, syn_answer_names, SYN_ANSWER_NONE),
	SAME(conn, answer),
	UNSET_SPAN(conn, "answer_after", answer_ns),
	UNSET_SPAN(conn, "rtt_server", rtt_server_ns),
	UNSET_SPAN(conn, "rtt_client", rtt_client_ns),
	SAME(conn, same_stream),
	SAME(conn, port_reused),
	UNSET_SPAN(conn, "reused_after", reused_after_ns),
	SIDE(conn, reused_closer),
	SAME(conn, old_acks),
	SAME(conn, ignored_data),

	SIDE(conn, first_fin),
	SAME(conn, simultaneous_close),
	SAME(conn, rst_count),
	COUNTED_OBJECTS(conn, "rsts", rsts, rst_count, LIST_OVER, rst_fields),
	SAME(conn, icmp_count),
	COUNTED_OBJECTS(conn, "icmps", icmps, icmp_count, LIST_OVER, icmp_seen_fields),

	SAME(conn, turns),
	OBJECT(conn, "first_turn", first_turn, turn_fields),
	OBJECT(conn, "last_turn", last_turn, turn_fields),
	UNSET_SPAN(conn, "think_min", think_min_ns),
	UNSET_SPAN(conn, "think_p50", think_p50_ns),
	UNSET_SPAN(conn, "think_p95", think_p95_ns),
	UNSET_SPAN(conn, "think_max", think_max_ns),
	UNSET_SPAN(conn, "time_server", time_server_ns),
	UNSET_SPAN(conn, "time_client", time_client_ns),
	UNSET_SPAN(conn, "time_network", time_network_ns),
	SIDE(conn, pending),
	SPAN(conn, "idle_max", idle_max_ns),
	SAME(conn, idle_before),
	SAME(conn, idle_after),
	SIDE(conn, idle_after_side),
	SAME(conn, idle_after_rst),
	SAME(conn, idle_after_unanswered),

	SAME(conn, stall_count),
	COUNTED_OBJECTS(conn, "stalls", stalls, stall_count, LIST_OVER, stall_fields),
	SAME(conn, engines_compared),
	SAME(conn, engines_differ),
	SAME(conn, overlaps_differ),
	SAME(conn, overlap_old),
	SAME(conn, overlap_new),
	TRIMMED(conn, "overlap_frames", overlap_frames),
	SAME(conn, restarts),
	SAME(conn, skipped_bytes),
	BOTH(conn, "gap_bytes", gap_bytes),

	CONN_SIDE("orig_", SIDE_ORIG),
	CONN_SIDE("resp_", SIDE_RESP),
	OBJECT(conn, "analysis", analysis, analysis_fields),
	SAME(conn, flag_syn),
	SAME(conn, flag_syn_ack),
	SAME(conn, flag_fin),
	SAME(conn, flag_rst),
	SAME(conn, key_frames_left_out),
	COUNTED_OBJECTS(conn, "key_frames", key_frames, key_frame_count, LIST_COUNTED, key_frame_fields),
	{NULL},
};

const struct field_table record_conn_tables[] = {
	{"key_frame", key_frame_fields, sizeof(struct key_frame)},
	{"rst_seen", rst_fields, sizeof(struct rst_seen)},
	{"icmp_seen", icmp_seen_fields, sizeof(struct icmp_seen)},
	{"stall", stall_fields, sizeof(struct stall)},
	{"tcp_analysis", analysis_fields, sizeof(struct tcp_analysis)},
	{"tcp_loss", loss_fields, sizeof(struct tcp_loss)},
	{"turn", turn_fields, sizeof(struct turn)},
	{"conn", conn_fields, sizeof(struct conn)},
	{NULL},
};
