/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ladder diagram of a typical conversation, as SVG: client, what is known to stand between, server, an arrow per key
 * frame. Long silences are drawn as such, the moment of failure is marked. Everything drawn is said in <desc> too.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"
#include "report/html.h"
#include "report/report_words.h"

#define WIDTH 500 /* narrow enough to be read on a phone */
#define CLIENT_X 84
#define SERVER_X 440
#define HEADS_CHARS 60 /* more in one row would touch */
#define ROW 34
#define GAP_ROW 40
#define GAP_NS (200 * NS_PER_MS) /* a silence worth drawing; usual round trips are below it */
#define LANES_MAX 2
#define EVIDENCE_LEAST 2

struct ladder {
	struct text *t, lanes, words; /* arrows and labels; what lies under them; the same in words */
	const struct result *result;
	const struct finding *finding;
	const struct record *record;
	const struct gateway *between[LANES_MAX];
	int between_count;
	int y, top;
	int fails_at; /* index of the key frame that is the failure, or after which the answer is missing; -1 none */
	bool missing; /* what failed is an answer that never came */
};

static bool silence_is_the_failure(const char *code)
{
	static const char *const codes[] = {"accept-loop-blocked", "connection-limit-block", "mtu-black-hole",
		"no-reply", "peer-vanished", "silent-after-idle", "stalled-transfer", "tcp-backlog-overflow",
		"tcp-half-open", "tcp-no-answer", "tls-handshake-stalled", "tls-silent-server", "tunnel-no-answer"};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(codes[i], code) == 0)
			return true;
	return false;
}

static bool is_evidence(const struct finding *f, const struct frame_ref *ref)
{
	for (int i = 0; i < f->evidence_count; i++)
		if (f->evidence[i].frame == ref->frame && f->evidence[i].source == ref->source)
			return true;
	return false;
}

static uint32_t key_frames(const struct conn *c)
{
	return c->key_frame_count < KEY_FRAMES_MAX ? c->key_frame_count : KEY_FRAMES_MAX;
}

static int evidence_in(const struct finding *f, const struct record *r)
{
	int n = 0;

	for (uint32_t i = 0; i < key_frames(&r->conn); i++)
		n += is_evidence(f, &r->conn.key_frames[i].ref);
	return n;
}

/* Where the rule named none: the conversation that holds most of the evidence, cause and effect at least. */
const struct record *html_ladder_of(const struct result *r, const struct finding *f)
{
	const struct record *best = f->typical;
	int most = EVIDENCE_LEAST - 1;

	for (int i = 0; !f->typical && f->evidence_count >= EVIDENCE_LEAST && i < r->connection_count; i++) {
		int n = evidence_in(f, r->connections[i].record);

		if (n > most) {
			most = n;
			best = r->connections[i].record;
		}
	}
	return best && best->kind == RECORD_CONN && best->conn.key_frame_count > 1 ? best : NULL;
}

/* The last key frame that the finding names; where it names none, the last RST. */
static int failing_frame(const struct finding *f, const struct conn *c)
{
	int named = -1, rst = -1;

	if (f->severity < SEVERITY_WARNING)
		return -1;
	for (uint32_t i = 0; i < key_frames(c); i++) {
		if (is_evidence(f, &c->key_frames[i].ref))
			named = (int)i;
		if (c->key_frames[i].flags & TCP_RST)
			rst = (int)i;
	}
	return named >= 0 ? named : rst;
}

/* An answer is missing after the last try: what the same side sends again belongs to it. */
static int last_try(const struct conn *c, int i)
{
	while (i >= 0 && i + 1 < (int)key_frames(c) && c->key_frames[i + 1].side == c->key_frames[i].side &&
		!(c->key_frames[i + 1].flags & (TCP_FIN | TCP_RST)))
		i++;
	return i;
}

static bool answered_after(const struct conn *c, int i)
{
	for (int k = i + 1; i >= 0 && k < (int)key_frames(c); k++)
		if (c->key_frames[k].side != c->key_frames[i].side)
			return true;
	return false;
}

static void add_gateway(struct ladder *l, const struct mac *mac)
{
	for (int i = 0; i < l->between_count; i++)
		if (mac_equal(&l->between[i]->mac, mac))
			return;
	for (int i = 0; i < l->result->gateway_count && l->between_count < LANES_MAX; i++)
		if (mac_equal(&l->result->gateways[i].mac, mac)) {
			l->between[l->between_count++] = &l->result->gateways[i];
			return;
		}
}

static int lane_x(const struct ladder *l, int i)
{
	return CLIENT_X + (SERVER_X - CLIENT_X) * (i + 1) / (l->between_count + 1);
}

/* The frames' sender is not who it claims to be: they come from the middle. */
static bool injected(const struct ladder *l, const struct key_frame *k)
{
	return (k->flags & TCP_RST) && strcmp(l->finding->code, "rst-injected") == 0 &&
	       is_evidence(l->finding, &k->ref);
}

static void carried(struct text *raw, const struct key_frame *k)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} flags[] = {{TCP_SYN, "SYN"}, {TCP_FIN, "FIN"}, {TCP_RST, "RST"}, {TCP_ACK, "ACK"}};
	size_t start = raw->len;

	if (k->label[0])
		text_add(raw, k->label);
	for (size_t i = 0; i < 4; i++) {
		if (!(k->flags & flags[i].bit) || (k->label[0] && flags[i].bit == TCP_ACK) ||
			(k->label[0] && strstr(k->label, flags[i].name)))
			continue;
		text_printf(raw, "%s%s", raw->len > start ? ", " : "", flags[i].name);
	}
	if (k->len)
		text_printf(raw, "%s%" PRIu32 " bytes", raw->len > start ? ", " : "", k->len);
}

static void svg_text(struct text *t, int x, int y, const char *anchor, const char *class, const char *raw)
{
	text_printf(t, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor, class);
	html_text(t, raw);
	text_add(t, "</text>\n");
}

static void arrow(struct ladder *l, int from, int to, const char *class)
{
	int back = to > from ? -9 : 9;

	text_printf(l->t, "<g class=\"%s\"><path class=\"shaft\" d=\"M%d %dL%d %d\"/>", class, from, l->y, to, l->y);
	text_printf(l->t, "<path class=\"tip\" d=\"M%d %dl%d -5v10z\"/></g>\n", to, l->y, back);
}

static void frame_row(struct ladder *l, const struct key_frame *k, bool fails)
{
	struct text raw = {0};
	char duration[WHEN_TEXT_SIZE], frame[24];
	int from = k->side == SIDE_RESP ? SERVER_X : CLIENT_X, to = k->side == SIDE_RESP ? CLIENT_X : SERVER_X;
	const char *class = fails ? "arrow fails" : is_evidence(l->finding, &k->ref) ? "arrow named" : "arrow";

	if (injected(l, k))
		from = l->between_count ? lane_x(l, 0) : (from + to) / 2;
	carried(&raw, k);
	l->y += ROW;
	snprintf(frame, sizeof(frame), "#%" PRIu64, k->ref.frame);
	text_printf(&l->words, " After %s, frame %" PRIu64 " from the %s: %s%s.",
		when_duration(when_s(k->ref.at_ns), duration), k->ref.frame,
		injected(l, k)	       ? "middle"
		: k->side == SIDE_RESP ? "server"
				       : "client",
		text_str(&raw), fails ? " (here it fails)" : "");
	svg_text(l->t, CLIENT_X - 12, l->y + 4, "end", "time", duration);
	svg_text(l->t, (from + to) / 2, l->y - 6, "middle", fails ? "label fails" : "label", text_str(&raw));
	arrow(l, from, to, class);
	svg_text(l->t, SERVER_X + 8, l->y + 4, "start", "time", frame);
	if (fails) {
		l->y += 17;
		svg_text(l->t, (from + to) / 2, l->y, "middle", "label fails", "here it fails");
	}
	text_free(&raw);
}

static void lane_pieces(struct ladder *l, int from, int to, const char *class)
{
	text_printf(
		&l->lanes, "<path class=\"%s\" d=\"M%d %dV%dM%d %dV%d", class, CLIENT_X, from, to, SERVER_X, from, to);
	for (int i = 0; i < l->between_count; i++)
		text_printf(&l->lanes, "M%d %dV%d", lane_x(l, i), from, to);
	text_add(&l->lanes, "\"/>\n");
}

/* Lanes are drawn solid up to here, then dashed over the silence. */
static void gap_row(struct ladder *l, int64_t lasted_ns)
{
	char duration[WHEN_TEXT_SIZE], says[64];

	l->y += 12;
	lane_pieces(l, l->top, l->y, "lane");
	lane_pieces(l, l->y, l->y + GAP_ROW - 12, "lane silent");
	snprintf(says, sizeof(says), "%s of silence", when_duration(when_s(lasted_ns), duration));
	svg_text(l->t, (CLIENT_X + SERVER_X) / 2, l->y + 18, "middle", "gap", says);
	l->y += GAP_ROW - 12;
	l->top = l->y;
	text_printf(&l->words, " Then %s.", says);
}

static void missing_row(struct ladder *l)
{
	l->y += ROW;
	text_printf(l->t, "<path class=\"cross\" d=\"M%d %dl10 10m0 -10l-10 10\"/>\n", (CLIENT_X + SERVER_X) / 2 - 104,
		l->y - 10);
	svg_text(l->t, (CLIENT_X + SERVER_X) / 2 - 86, l->y - 1, "start", "label fails", "no answer: here it fails");
	text_add(&l->words, " No answer comes: here it fails.");
}

/* "F5 Networks", or what is known of it instead. */
static const char *gateway_name(const struct gateway *g)
{
	if (g->vendor[0])
		return g->vendor;
	return g->kind[0] ? g->kind : "Gateway";
}

static int place_length(const struct addr *a, uint16_t port)
{
	char place[ENDPOINT_TEXT_SIZE];

	return (int)strlen(words_endpoint(a, port, place));
}

static void end_head(struct ladder *l, bool server, int y)
{
	const struct record *r = l->record;
	char place[ENDPOINT_TEXT_SIZE];

	words_endpoint(server ? &r->resp_h : &r->orig_h, server ? r->resp_p : r->orig_p, place);
	svg_text(l->t, server ? WIDTH - 6 : 6, y, server ? "end" : "start", "head", server ? "Server" : "Client");
	svg_text(l->t, server ? WIDTH - 6 : 6, y + 17, server ? "end" : "start", "place", place);
	text_printf(&l->words, server ? " server %s." : "Client %s,", place);
}

static void gateway_head(struct ladder *l, int i)
{
	const struct gateway *g = l->between[i];
	char mac[MAC_TEXT_SIZE];

	svg_text(l->t, lane_x(l, i), l->y, "middle", "head", gateway_name(g));
	svg_text(l->t, lane_x(l, i), l->y + 15, "middle", "place", mac_text(&g->mac, mac));
	text_printf(&l->words, " Through %s %s.", gateway_name(g), mac);
	l->y += 34;
}

/* Long addresses (IPv6) get a row each; gateways stand below, one under the other. */
static void heads(struct ladder *l)
{
	const struct record *r = l->record;
	bool narrow = place_length(&r->orig_h, r->orig_p) + place_length(&r->resp_h, r->resp_p) > HEADS_CHARS;

	end_head(l, false, 18);
	end_head(l, true, narrow ? 56 : 18);
	l->y = narrow ? 96 : 58;
	for (int i = 0; i < l->between_count; i++)
		gateway_head(l, i);
	l->y -= 12;
	l->top = l->y;
}

static void rows(struct ladder *l)
{
	const struct conn *c = &l->record->conn;

	for (uint32_t i = 0; i < key_frames(c); i++) {
		const struct key_frame *k = &c->key_frames[i];

		if (i && k->ref.at_ns - c->key_frames[i - 1].ref.at_ns >= GAP_NS)
			gap_row(l, k->ref.at_ns - c->key_frames[i - 1].ref.at_ns);
		frame_row(l, k, (int)i == l->fails_at && !l->missing);
		if ((int)i == l->fails_at && l->missing)
			missing_row(l);
	}
	l->y += 14;
	lane_pieces(l, l->top, l->y, "lane");
	if (c->key_frames_left_out)
		text_printf(&l->words, " %" PRIu32 " frames are left out.", c->key_frames_left_out);
}

void html_ladder(
	struct text *t, const struct result *r, const struct finding *f, const struct record *conversation, const char *id)
{
	struct text drawing = {0};
	struct ladder l = {.t = &drawing, .result = r, .finding = f, .record = conversation};
	const struct conn *c = &conversation->conn;

	l.missing = silence_is_the_failure(f->code);
	l.fails_at = failing_frame(f, c);
	if (l.missing)
		l.fails_at = last_try(c, l.fails_at);
	if (l.missing && answered_after(c, l.fails_at))
		l.fails_at = -1; /* what fails is elsewhere: other conversations, or how long it took */
	add_gateway(&l, &c->side[SIDE_ORIG].mac); /* from left to right; a side that is silent has no MAC of its own */
	add_gateway(&l, &c->side[SIDE_RESP].to_mac);
	add_gateway(&l, &c->side[SIDE_ORIG].to_mac);
	add_gateway(&l, &c->side[SIDE_RESP].mac);
	heads(&l);
	rows(&l);
	text_printf(t,
		"<figure class=\"ladder\"><div class=\"scroll\">\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-labelledby=\"%s-t %s-d\"><title id=\"%s-t\">A typical conversation</title><desc id=\"%s-d\">",
		WIDTH, l.y + 8, id, id, id, id);
	html_text(t, text_str(&l.words));
	text_printf(t, "</desc>\n%s%s</svg></div>\n", text_str(&l.lanes), text_str(&drawing));
	text_printf(t,
		"<figcaption>A typical conversation of %s: time since its first packet on the left, frame numbers on "
		"the right.",
		f->id);
	if (c->key_frames_left_out)
		text_printf(t, " %" PRIu32 " less telling frames are left out.", c->key_frames_left_out);
	text_add(t, "</figcaption></figure>\n");
	text_free(&drawing);
	text_free(&l.lanes);
	text_free(&l.words);
}
