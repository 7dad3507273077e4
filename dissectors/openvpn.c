/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * OpenVPN (openvpn-wire-protocol, Internet-Draft): opcodes and session ids are in clear; with tls-crypt the rest of
 * control packets is not, with tls-auth an HMAC and a packet id stand before it. Over TCP each packet has a length
 * of two bytes before it.
 */
#include <stdio.h>
#include <string.h>

#include "base/reader.h"
#include "base/when.h"
#include "dissectors/openvpn_tls.h"
#include "dissectors/tunnel_life.h"

enum ovpn_opcode {
	OVPN_RESET_CLIENT_V1 = 1,
	OVPN_RESET_SERVER_V1,
	OVPN_SOFT_RESET,
	OVPN_CONTROL,
	OVPN_ACK,
	OVPN_DATA_V1,
	OVPN_RESET_CLIENT_V2,
	OVPN_RESET_SERVER_V2,
	OVPN_DATA_V2,
	OVPN_RESET_CLIENT_V3,
	OVPN_CONTROL_WKC,
};

/* Opcode and key id, session id, count of ACKs, message packet id. */
#define OVPN_RESET_LEN 14
#define OVPN_PACKET_ID_LEN 8 /* tls-auth and tls-crypt: number and time */
#define OVPN_CRYPT_TAG_LEN 32
#define OVPN_MIN_LEN 9
#define OVPN_ACKS_MAX 8 /* in one packet */
#define OVPN_TCP_MAX 16384
#define OVPN_DATA_MIN 20
#define OVPN_FIRST_NUMBERS 64
/* Client, server, client, server: the TLS handshake is over; what follows is the login and the settings. */
#define OVPN_TLS_TURNS 4
/* A client that pings and hears nothing; it begins anew after its ping-restart. */
#define OVPN_SILENCE_NS (5 * NS_PER_S)
#define OVPN_ALONE_PACKETS 2
#define OVPN_CLOCKS_APART_S (400 * INT64_C(86400))

/* Of tls-auth: none, MD5, SHA-1, SHA-224, -256, -384, -512. */
static const size_t hmac_lens[] = {0, 16, 20, 28, 32, 48, 64};

struct ovpn_state {
	struct tunnel_life life;
	uint8_t session[2][8]; /* of each side's last reset */
	bool has_session[2];
	bool answered;		  /* the hello at hand */
	size_t hmac_len;	  /* of tls-auth; 0: none */
	bool layout_known, clear; /* clear: control messages can be read */
	struct ovpn_tls tls;
	uint8_t key_id; /* of the TLS session in `tls` */
	uint32_t control[2];	  /* packets since the hello */
	uint32_t turns;		  /* how often the other side went on with control messages */
	enum side control_side;
	bool soft_reset;	  /* a renewal is under way */
};

static unsigned opcode_of(const struct chunk *c)
{
	return c->data[0] >> 3;
}

static bool is_reset(unsigned opcode)
{
	return opcode == OVPN_RESET_CLIENT_V1 || opcode == OVPN_RESET_CLIENT_V2 || opcode == OVPN_RESET_CLIENT_V3 ||
	       opcode == OVPN_RESET_SERVER_V1 || opcode == OVPN_RESET_SERVER_V2;
}

static bool is_server_reset(unsigned opcode)
{
	return opcode == OVPN_RESET_SERVER_V1 || opcode == OVPN_RESET_SERVER_V2;
}

/* The first packets of a session are numbered from 1, and its clock is more or less the capture's. */
static bool packet_id_plausible(const struct chunk *c, size_t skip)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	int64_t now_s = c->ref.at_ns / NS_PER_S, time_s;
	uint32_t number;

	rd_skip(&r, skip);
	number = rd_u32(&r);
	time_s = rd_u32(&r);
	return rd_ok(&r) && number > 0 && number <= OVPN_FIRST_NUMBERS && time_s > now_s - OVPN_CLOCKS_APART_S &&
	       time_s < now_s + OVPN_CLOCKS_APART_S;
}

/* Eight random bytes, as against the header of some other protocol. */
static bool session_id_plausible(const struct chunk *c)
{
	int zeros = 0;

	for (int i = 1; i <= 8; i++)
		zeros += c->data[i] == 0;
	return zeros <= 2;
}

/* The first reset of a client: no ACKs, message packet id 0, whatever stands between. */
static bool client_reset_fits(const struct chunk *c)
{
	static const uint8_t zeros[5];

	if (c->len < c->on_wire || c->len < OVPN_RESET_LEN || !session_id_plausible(c))
		return false;
	if (memcmp(c->data + c->len - 5, zeros, 5) == 0) {
		if (c->len == OVPN_RESET_LEN)
			return true;
		for (size_t i = 1; i < sizeof(hmac_lens) / sizeof(hmac_lens[0]); i++)
			if (c->len == OVPN_RESET_LEN + hmac_lens[i] + OVPN_PACKET_ID_LEN)
				return packet_id_plausible(c, OVPN_MIN_LEN + hmac_lens[i]);
	}
	/* tls-crypt: the packet id comes first; version 3 appends the wrapped client key. */
	return c->len >= OVPN_MIN_LEN + OVPN_PACKET_ID_LEN + OVPN_CRYPT_TAG_LEN + 5 &&
	       packet_id_plausible(c, OVPN_MIN_LEN);
}

/* In the middle of a conversation: data with a peer id as servers give them out (from 0), or none (all ones). */
static bool data_fits(const struct chunk *c)
{
	const uint8_t *peer = c->data + 1;

	return opcode_of(c) == OVPN_DATA_V2 && c->on_wire >= OVPN_DATA_MIN &&
	       ((!peer[0] && !peer[1]) || (peer[0] == 0xff && peer[1] == 0xff && peer[2] == 0xff));
}

/* MAYBE is enough when both sides of a stream look like it, so it must not fit text: "HTTP" has the opcode of data. */
static enum recognition recognise_packet(const struct chunk *c)
{
	static const uint8_t zeros[4];
	unsigned opcode;

	if (c->len < OVPN_MIN_LEN)
		return RECOGNISE_UNLIKELY;
	opcode = opcode_of(c);
	if (data_fits(c))
		return RECOGNISE_MAYBE;
	if ((c->data[0] & 7) || !is_reset(opcode) || c->on_wire < OVPN_RESET_LEN)
		return RECOGNISE_NO;
	if (!is_server_reset(opcode))
		return client_reset_fits(c) ? RECOGNISE_YES : RECOGNISE_NO;
	/* Its first message has the packet id 0 at the end, unless that is encrypted. */
	return c->len == c->on_wire && memcmp(c->data + c->len - 4, zeros, 4) == 0 ? RECOGNISE_MAYBE : RECOGNISE_NO;
}

/* Whether a stream that goes on may be told by its opcode, its own or that of a packet behind a length. */
static bool may_grow(const struct chunk *c)
{
	unsigned opcode = opcode_of(c), framed = c->data[2] >> 3;

	return opcode == OVPN_DATA_V2 || is_reset(opcode) || is_reset(framed);
}

/* Both transports come here: a stream's first bytes are a length that names the whole first packet. */
static enum recognition ovpn_recognise(const struct chunk *c)
{
	enum recognition plain = recognise_packet(c);
	struct chunk packet = *c;
	size_t n;

	if (plain == RECOGNISE_YES || c->len < 3)
		return plain;
	if (plain < RECOGNISE_MORE)
		plain = may_grow(c) ? RECOGNISE_UNLIKELY : RECOGNISE_NO;
	n = (size_t)(c->data[0] << 8 | c->data[1]);
	if (n < OVPN_RESET_LEN || n > c->len - 2)
		return plain;
	packet.data += 2;
	packet.len = packet.on_wire = n;
	if (recognise_packet(&packet) == RECOGNISE_YES)
		return RECOGNISE_YES;
	return plain;
}

static bool same_session(const struct ovpn_state *o, const struct chunk *c)
{
	return o->has_session[c->side] && memcmp(o->session[c->side], c->data + 1, 8) == 0;
}

static void keep_session(struct ovpn_state *o, const struct chunk *c)
{
	const uint8_t *id = c->data + 1;

	memcpy(o->session[c->side], id, 8);
	o->has_session[c->side] = true;
	tunnel_name_session(
		&o->life, "%02x%02x%02x%02x%02x%02x%02x%02x", id[0], id[1], id[2], id[3], id[4], id[5], id[6], id[7]);
}

static void learn_layout(struct ovpn_state *o, const struct chunk *c)
{
	static const uint8_t zeros[5];

	if (c->len < c->on_wire || c->len < OVPN_RESET_LEN)
		return;
	o->layout_known = true;
	o->clear = memcmp(c->data + c->len - 5, zeros, 5) == 0;
	o->hmac_len = 0;
	if (o->clear && c->len > OVPN_RESET_LEN + OVPN_PACKET_ID_LEN)
		o->hmac_len = c->len - OVPN_RESET_LEN - OVPN_PACKET_ID_LEN;
}

static bool heard_nothing(const struct ovpn_state *o, const struct chunk *c)
{
	const struct tunnel_run *alone = &o->life.alone[c->side];

	return o->life.data_side == c->side && alone->count >= OVPN_ALONE_PACKETS &&
	       c->ref.at_ns - alone->first.at_ns >= OVPN_SILENCE_NS;
}

/* A new session id where there was one: the client began again from nothing. */
static void new_client_session(struct ovpn_state *o, struct session *s, const struct chunk *c)
{
	if (!o->has_session[c->side])
		return;
	if (o->life.sum.established && heard_nothing(o, c)) /* it begins anew because the server has stopped answering */
		tunnel_event(&o->life, s, TUNNEL_RESTART, side_other(c->side), &c->ref, "hard reset", "silence");
	else if (o->life.sum.established)
		tunnel_event(&o->life, s, TUNNEL_RESTART, c->side, &c->ref, "hard reset", NULL);
	else if (o->answered) /* answered, and it came to nothing */
		tunnel_pending(&o->life, c->side, &c->ref, "TLS handshake");
}

static void on_client_reset(struct ovpn_state *o, struct session *s, const struct chunk *c)
{
	if (!same_session(o, c)) {
		new_client_session(o, s, c);
		o->answered = false;
		o->control[SIDE_ORIG] = o->control[SIDE_RESP] = o->turns = 0;
		o->control_side = SIDE_NONE;
		ovpn_tls_begin(&o->tls, s, 1); /* the resets themselves have 0 */
		o->key_id = 0;
	}
	if (o->answered && !o->control[c->side] && same_session(o, c)) /* the answer does not reach it */
		tunnel_pending(&o->life, c->side, &c->ref, "hard reset");
	keep_session(o, c);
	learn_layout(o, c);
	tunnel_hello(&o->life, s, c->side, &c->ref, "hard reset");
	session_mark(s, c->side, &c->ref, "client reset");
}

static void on_server_reset(struct ovpn_state *o, struct session *s, const struct chunk *c)
{
	if (!o->answered || !same_session(o, c)) {
		tunnel_answer(&o->life, s, c->side, &c->ref, "hard reset");
		session_mark(s, c->side, &c->ref, "server reset");
	}
	keep_session(o, c);
	o->answered = true;
}

/* What stands behind the header of a control message: acknowledgments, the id of the message, bytes of TLS. */
static struct reader control_bytes(const struct chunk *c, size_t hmac_len, uint32_t *id)
{
	struct reader r = rd_make(c->data, c->len, c->on_wire);
	uint8_t acks;

	rd_skip(&r, OVPN_MIN_LEN + hmac_len + (hmac_len ? OVPN_PACKET_ID_LEN : 0));
	acks = rd_u8(&r);
	if (acks > OVPN_ACKS_MAX)
		r.state = READER_BAD;
	rd_skip(&r, acks ? 4u * acks + 8 : 0);
	*id = rd_u32(&r);
	return r;
}

/* Without the reset: a message that carries the beginning of TLS shows where it is. */
static void guess_layout(struct ovpn_state *o, const struct chunk *c)
{
	for (size_t i = 0; i < sizeof(hmac_lens) / sizeof(hmac_lens[0]) && !o->layout_known; i++) {
		uint32_t id;
		struct reader r = control_bytes(c, hmac_lens[i], &id);

		if (!rd_ok(&r) || !ovpn_tls_looks_like_hello(r.p, rd_left(&r)))
			continue;
		o->layout_known = o->clear = true;
		o->hmac_len = hmac_lens[i];
	}
}

static void read_tls(struct ovpn_state *o, struct session *s, const struct chunk *c)
{
	uint8_t key_id = c->data[0] & 7;
	struct reader r;
	uint32_t id;

	if (!o->layout_known)
		guess_layout(o, c);
	if (!o->layout_known || !o->clear || c->len < c->on_wire)
		return;
	if (key_id != o->key_id) {
		if (opcode_of(c) == OVPN_SOFT_RESET)
			ovpn_tls_begin(&o->tls, s, 0);
		else
			ovpn_tls_end(&o->tls, s);
		o->key_id = key_id;
	}
	r = control_bytes(c, o->hmac_len, &id);
	if (rd_ok(&r))
		ovpn_tls_packet(&o->tls, s, c, id, r.p, rd_left(&r));
}

/* Control messages carry TLS records as they are; an alert in clear says why it ends. */
static void look_for_alert(struct ovpn_state *o, struct session *s, const struct chunk *c)
{
	uint8_t type, version;
	uint16_t length;
	char reason[32];
	struct reader r;
	uint32_t id;

	if (!o->layout_known || !o->clear)
		return;
	r = control_bytes(c, o->hmac_len, &id);
	type = rd_u8(&r);
	version = rd_u8(&r);
	rd_skip(&r, 1);
	length = rd_u16(&r);
	if (!rd_ok(&r) || type != 21 || version != 3 || length != 2 || rd_u8(&r) != 2)
		return;
	snprintf(reason, sizeof(reason), "TLS alert %u", rd_u8(&r));
	if (rd_ok(&r))
		tunnel_event(&o->life, s, TUNNEL_REJECTED, c->side, &c->ref, "TLS handshake", reason);
}

static const char *step_of(const struct ovpn_state *o)
{
	return o->turns >= OVPN_TLS_TURNS ? "authentication" : "TLS handshake";
}

static void on_control(struct ovpn_state *o, struct session *s, const struct chunk *c)
{
	o->control[c->side]++;
	tunnel_answered_unseen(&o->life, c->side);
	o->turns += o->turns == 0 || o->control_side != c->side;
	o->control_side = c->side;
	if (!o->life.sum.established)
		tunnel_pending(&o->life, c->side, &c->ref, step_of(o));
	if (o->life.sum.established && opcode_of(c) == OVPN_SOFT_RESET && !o->soft_reset) {
		tunnel_event(&o->life, s, TUNNEL_REKEY, c->side, &c->ref, "soft reset", NULL);
		o->soft_reset = true;
	}
	look_for_alert(o, s, c);
	read_tls(o, s, c);
}

static void on_data(struct ovpn_state *o, struct session *s, const struct chunk *c)
{
	o->soft_reset = false;
	tunnel_data(&o->life, c->side, &c->ref, c->on_wire);
	tunnel_answered_unseen(&o->life, c->side);
	tunnel_progress(&o->life); /* there is a key, whatever was seen of the handshake */
	/* A client may send data before the server is ready to; a server does only when all is well. */
	if (o->life.sum.data_pkts[SIDE_ORIG] && o->life.sum.data_pkts[SIDE_RESP]) {
		tunnel_established(&o->life, s, c->side, &c->ref);
		tunnel_progress(&o->life);
	}
}

static enum dissect_verdict on_packet(struct ovpn_state *o, struct session *s, const struct chunk *c)
{
	unsigned opcode;

	if (c->len < OVPN_MIN_LEN)
		return o->life.heard ? DISSECT_BAD : DISSECT_NOT_MINE;
	opcode = opcode_of(c);
	if (opcode == OVPN_RESET_CLIENT_V1 || opcode == OVPN_RESET_CLIENT_V2 || opcode == OVPN_RESET_CLIENT_V3)
		on_client_reset(o, s, c);
	else if (is_server_reset(opcode))
		on_server_reset(o, s, c);
	else if (opcode == OVPN_SOFT_RESET || opcode == OVPN_CONTROL || opcode == OVPN_CONTROL_WKC)
		on_control(o, s, c);
	else if ((opcode == OVPN_DATA_V1 || opcode == OVPN_DATA_V2) && c->on_wire >= OVPN_DATA_MIN)
		on_data(o, s, c);
	else if (opcode != OVPN_ACK)
		return o->life.heard ? DISSECT_BAD : DISSECT_NOT_MINE;
	return DISSECT_OK;
}

static enum dissect_verdict ovpn_datagram(void *state, struct session *s, const struct chunk *c)
{
	struct ovpn_state *o = state;

	tunnel_begin(&o->life, TUNNEL_OPENVPN);
	return on_packet(o, s, c);
}

static enum dissect_verdict ovpn_stream(void *state, struct session *s, const struct chunk *c, size_t *used)
{
	struct ovpn_state *o = state;
	struct chunk packet = *c;

	tunnel_begin(&o->life, TUNNEL_OPENVPN);
	while (c->len - *used >= 2) {
		size_t n = (size_t)(c->data[*used] << 8 | c->data[*used + 1]);

		if (n < OVPN_MIN_LEN || n > OVPN_TCP_MAX)
			return DISSECT_BAD;
		if (n > c->len - *used - 2)
			return DISSECT_MORE;
		packet.data = c->data + *used + 2;
		packet.len = packet.on_wire = n;
		if (on_packet(o, s, &packet) != DISSECT_OK)
			return o->life.heard ? DISSECT_BAD : DISSECT_NOT_MINE;
		*used += n + 2;
	}
	return c->len > *used ? DISSECT_MORE : DISSECT_OK;
}

static enum dissect_verdict ovpn_gap(
	void *state, struct session *s, enum side side, uint64_t missing, const struct frame_ref *ref)
{
	(void)state;
	(void)s;
	(void)side;
	(void)missing;
	(void)ref;
	return DISSECT_BAD;
}

/* A length and an opcode that fit together, and another pair right behind it or the end of what is here. */
static size_t ovpn_resync(void *state, const struct chunk *c)
{
	(void)state;
	for (size_t at = 0; at + 3 <= c->len; at++) {
		size_t n = (size_t)(c->data[at] << 8 | c->data[at + 1]), next = at + 2 + n;
		unsigned opcode = c->data[at + 2] >> 3;

		if (n < OVPN_DATA_MIN || n > OVPN_TCP_MAX || opcode < OVPN_SOFT_RESET || opcode > OVPN_DATA_V2)
			continue;
		if (next == c->len)
			return at;
		if (next + 3 <= c->len && c->data[next] < OVPN_TCP_MAX >> 8 && c->data[next + 2] == c->data[at + 2])
			return at;
	}
	return c->len;
}

/* TCP: whoever closes before the tunnel stands has refused it. */
static void ovpn_end(void *state, struct session *s, enum side side, const struct frame_ref *ref)
{
	struct ovpn_state *o = state;

	if (!ref->frame)
		return;
	if (o->life.sum.established)
		tunnel_event(&o->life, s, TUNNEL_META_LOST, side, ref, "", NULL);
	else if (o->answered && o->control[SIDE_ORIG] && o->control[SIDE_RESP] && session_first_fin(s) == side)
		tunnel_event(&o->life, s, TUNNEL_REJECTED, side, ref, step_of(o), NULL);
}

static void ovpn_finish(void *state, struct session *s)
{
	struct ovpn_state *o = state;

	ovpn_tls_end(&o->tls, s);
	tunnel_finish(&o->life, s);
}

const struct dissector dissector_openvpn = {
	.name = "openvpn",
	.spec = "draft-openvpn-wire-protocol",
	.udp_ports = {1194},
	.tcp_ports = {1194},
	.state_size = sizeof(struct ovpn_state),
	.recognise = ovpn_recognise,
	.stream = ovpn_stream,
	.gap = ovpn_gap,
	.resync = ovpn_resync,
	.datagram = ovpn_datagram,
	.end = ovpn_end,
	.finish = ovpn_finish,
};
