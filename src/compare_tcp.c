/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compared of a connection itself: its SYN, the answer, the path, its end and its round trips. */
#include "base/text.h"
#include "compare.h"
#include "diagnose/icmp_names.h"
#include "diagnose/oui.h"
#include "diagnose/path.h"

static const struct conn_side *client(const struct talk *t)
{
	return &t->conn->conn.side[SIDE_ORIG];
}

static const struct conn_side *server(const struct talk *t)
{
	return &t->conn->conn.side[SIDE_RESP];
}

static bool accepted(const struct talk *t)
{
	return t->conn->conn.answered == SYN_ANSWER_SYN_ACK;
}

static void say_mss_of(const struct conn_side *s, struct text *out)
{
	if (s->mss)
		text_printf(out, "%u", s->mss);
	else
		text_add(out, "not announced");
}

static void say_scale_of(const struct conn_side *s, struct text *out)
{
	if (s->window_scale >= 0)
		text_printf(out, "%d", s->window_scale);
	else
		text_add(out, "none");
}

static void say_bool(bool yes, struct text *out)
{
	text_add(out, yes ? "yes" : "no");
}

static void say_mss(const struct talk *t, struct text *out)
{
	if (t->conn->conn.syns)
		say_mss_of(client(t), out);
}

static void say_scale(const struct talk *t, struct text *out)
{
	if (t->conn->conn.syns)
		say_scale_of(client(t), out);
}

static void say_sack(const struct talk *t, struct text *out)
{
	if (t->conn->conn.syns)
		say_bool(client(t)->sack_permitted, out);
}

static void say_timestamps(const struct talk *t, struct text *out)
{
	if (t->conn->conn.syns)
		say_bool(client(t)->timestamps, out);
}

static void say_icmp(const struct conn *c, struct text *out)
{
	char buffer[64];
	const struct icmp_seen *i = &c->icmps[0];
	const char *name = c->icmp_count ? icmp_unreachable_name(i->v6, i->type, i->code, buffer) : NULL;

	text_printf(out, "ICMP%s%s", name ? ": " : "", name ? name : "");
}

static void say_answer(const struct talk *t, struct text *out)
{
	static const char *const names[] = {"none", "SYN-ACK", "RST", "ICMP", "", "ACK of something old"};
	const struct conn *c = &t->conn->conn;

	if (!c->syns)
		return;
	if (c->answered == SYN_ANSWER_ICMP)
		say_icmp(c, out);
	else if (c->answered <= SYN_ANSWER_ACK)
		text_add(out, names[c->answered]);
}

static int64_t answer_delay(const struct talk *t)
{
	return accepted(t) ? t->conn->conn.answer_ns : UNSET;
}

static void say_answer_mss(const struct talk *t, struct text *out)
{
	if (accepted(t))
		say_mss_of(server(t), out);
}

static void say_answer_scale(const struct talk *t, struct text *out)
{
	if (accepted(t))
		say_scale_of(server(t), out);
}

static void say_answer_sack(const struct talk *t, struct text *out)
{
	if (accepted(t) && client(t)->sack_permitted)
		say_bool(server(t)->sack_permitted, out);
}

static void say_answer_timestamps(const struct talk *t, struct text *out)
{
	if (accepted(t) && client(t)->timestamps)
		say_bool(server(t)->timestamps, out);
}

/* A vendor's devices differ in the rest of their addresses, which says nothing; without a vendor there is no more to
 * tell than that. */
static void say_mac(const struct talk *t, const struct mac *m, struct text *out)
{
	char vendor[64];
	bool masqueraded;

	if (!mac_is_set(m) || mac_is_group(m))
		return;
	oui_vendor(t->vendors ? t->vendors : oui_builtin(), m, vendor, sizeof(vendor), &masqueraded);
	text_add(out, vendor[0] ? vendor : "a device of unknown vendor");
}

static void say_next_hop(const struct talk *t, struct text *out)
{
	say_mac(t, &client(t)->to_mac, out);
}

static void say_answers_from(const struct talk *t, struct text *out)
{
	if (!mac_equal(&server(t)->mac, &client(t)->to_mac))
		say_mac(t, &server(t)->mac, out);
	else if (mac_is_set(&server(t)->mac))
		text_add(out, "the same device");
}

static void say_hops(uint8_t ttl, struct text *out)
{
	int hops = path_hops(ttl);

	if (hops >= 0)
		text_printf(out, "%d", hops);
}

static void say_hops_server(const struct talk *t, struct text *out)
{
	say_hops(server(t)->ttl, out);
}

static void say_hops_client(const struct talk *t, struct text *out)
{
	say_hops(client(t)->ttl, out);
}

static void say_vlan(const struct talk *t, struct text *out)
{
	if (t->conn->conn.vlan)
		text_printf(out, "VLAN %u", t->conn->conn.vlan);
	else
		text_add(out, "none");
}

static void say_tunnel(const struct talk *t, struct text *out)
{
	text_add(out, t->conn->conn.tunnel[0] ? t->conn->conn.tunnel : "none");
}

static void say_end(const struct talk *t, struct text *out)
{
	static const char *const who[] = {"client", "server"};
	const struct conn *c = &t->conn->conn;
	const struct rst_seen *rst = c->rst_count ? &c->rsts[0] : NULL;
	bool fin = c->first_fin < SIDE_NONE;

	if (t->conn->proto != 6 || (c->answered != SYN_ANSWER_SYN_ACK && c->answered != SYN_ANSWER_UNSEEN))
		return;
	if (rst && rst->side < SIDE_NONE && (!fin || rst->ref.at_ns < c->side[c->first_fin].fin.at_ns))
		text_printf(out, "RST from the %s", who[rst->side]);
	else if (fin)
		text_printf(out, "FIN from the %s", who[c->first_fin]);
	else if (c->end_reason == CONN_END_OPEN)
		text_add(out, "still open");
}

static int64_t end_after(const struct talk *t)
{
	const struct conn *c = &t->conn->conn;

	if (c->first_fin < SIDE_NONE)
		return c->side[c->first_fin].fin.at_ns;
	return c->rst_count && accepted(t) ? c->rsts[0].ref.at_ns : UNSET;
}

static int64_t rtt_server(const struct talk *t)
{
	return t->conn->conn.rtt_server_ns;
}

static int64_t rtt_client(const struct talk *t)
{
	return t->conn->conn.rtt_client_ns;
}

static int64_t think(const struct talk *t)
{
	return t->conn->conn.turns ? t->conn->conn.think_p50_ns : UNSET;
}

static int64_t longest_pause(const struct talk *t)
{
	return accepted(t) ? t->conn->conn.idle_max_ns : UNSET;
}

static void say_lost(const struct talk *t, struct text *out)
{
	if (accepted(t))
		text_add(out, client(t)->loss.lost + server(t)->loss.lost ? "some" : "none");
}

static void say_client_port(const struct talk *t, struct text *out)
{
	text_printf(out, "%u", t->conn->orig_p);
}

static void say_client_address(const struct talk *t, struct text *out)
{
	char address[ADDR_TEXT_SIZE];

	text_add(out, addr_text(&t->conn->orig_h, address));
}

const struct compare_item compare_tcp_items[] = {
	{"MSS", say_mss, NULL, STEP_SYN, false, false, NULL},
	{"window scale", say_scale, NULL, STEP_SYN, false, false, NULL},
	{"selective acknowledgement", say_sack, NULL, STEP_SYN, false, false, NULL},
	{"timestamps", say_timestamps, NULL, STEP_SYN, false, false, NULL},
	{"answer", say_answer, NULL, STEP_SYN_ANSWER, false, false, NULL},
	{"delay", NULL, answer_delay, STEP_SYN_ANSWER, false, false, NULL},
	{"MSS", say_answer_mss, NULL, STEP_SYN_ANSWER, false, true, NULL},
	{"window scale", say_answer_scale, NULL, STEP_SYN_ANSWER, false, true, NULL},
	{"selective acknowledgement", say_answer_sack, NULL, STEP_SYN_ANSWER, false, true, NULL},
	{"timestamps", say_answer_timestamps, NULL, STEP_SYN_ANSWER, false, true, NULL},
	{"next hop towards the server", say_next_hop, NULL, STEP_PATH, false, false, NULL},
	{"answers come from", say_answers_from, NULL, STEP_PATH, false, false, NULL},
	{"hops from the server", say_hops_server, NULL, STEP_PATH, false, true, NULL},
	{"hops from the client", say_hops_client, NULL, STEP_PATH, false, false, NULL},
	{"VLAN", say_vlan, NULL, STEP_PATH, false, false, NULL},
	{"tunnel", say_tunnel, NULL, STEP_PATH, false, false, NULL},
	{"who ends it", say_end, NULL, STEP_END, false, false, NULL},
	{"lost segments", say_lost, NULL, STEP_TIMING, false, false, NULL},
	{"round trip to the server", NULL, rtt_server, STEP_TIMING, false, false, NULL},
	{"round trip to the client", NULL, rtt_client, STEP_TIMING, false, false, NULL},
	{"time the server thinks", NULL, think, STEP_TIMING, false, false, NULL},
	{"longest pause", NULL, longest_pause, STEP_TIMING, false, false, NULL},
	{"end after", NULL, end_after, STEP_TIMING, false, false, NULL},
	{"client ports", say_client_port, NULL, STEP_NOTHING, false, false, NULL},
	{"client addresses", say_client_address, NULL, STEP_NOTHING, false, false, NULL},
	{NULL, NULL, NULL, STEPS, false, false, NULL},
};
