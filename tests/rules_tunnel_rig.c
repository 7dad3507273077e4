/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmocka_all.h"

#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "rules_tunnel_rig.h"

void begin(struct fixture *x)
{
	memset(x, 0, sizeof(*x));
	hash_init();
	options_defaults(&x->options);
	x->run = diagnose_new(&x->options);
}

void done(struct fixture *x)
{
	x->result = diagnose_finish(x->run);
}

void end(struct fixture *x)
{
	result_free(x->result);
	options_free(&x->options);
}

const struct finding *found(const struct fixture *x, const char *code)
{
	for (int i = 0; i < x->result->finding_count; i++)
		if (strcmp(x->result->findings[i]->code, code) == 0)
			return x->result->findings[i];
	return NULL;
}

int tunnel_findings(const struct fixture *x)
{
	int n = 0;

	for (int i = 0; i < x->result->finding_count; i++)
		n += strncmp(x->result->findings[i]->code, "tunnel-", 7) == 0 ||
		     strncmp(x->result->findings[i]->code, "sptps-", 6) == 0;
	return n;
}

void assert_only(const struct fixture *x, const char *code)
{
	assert_non_null(found(x, code));
	assert_int_equal(tunnel_findings(x), 1);
}

struct record head(struct fixture *x, enum record_kind kind, uint8_t proto, const char *uid, double at)
{
	struct record r;

	(void)x;
	record_init(&r, kind);
	text_copy(r.uid, sizeof(r.uid), uid);
	r.ts_ns = START_NS + S(at);
	r.proto = proto;
	r.orig_p = proto == 6 ? 40000 : 655;
	r.resp_p = 655;
	r.frame = 1;
	addr_parse("10.0.0.1", &r.orig_h);
	addr_parse("10.0.0.2", &r.resp_h);
	return r;
}

void give(struct fixture *x, struct record *r, double emitted)
{
	r->emitted_ns = START_NS + S(emitted);
	diagnose_record(x->run, r);
}

struct frame_ref ref(struct fixture *x, double at)
{
	return (struct frame_ref){.frame = ++x->frame, .at_ns = S(at)};
}

void event(struct fixture *x, uint8_t proto, const char *uid, enum tunnel_protocol protocol, enum tunnel_event e,
	enum side side, double at, const char *step)
{
	struct record r = head(x, RECORD_TUNNEL, proto, uid, 0);

	r.tunnel.protocol = (uint8_t)protocol;
	r.tunnel.event = (uint8_t)e;
	r.tunnel.side = (uint8_t)side;
	r.tunnel.ref = ref(x, at);
	text_copy(r.tunnel.step, sizeof(r.tunnel.step), step);
	text_copy(r.tunnel.names[0], sizeof(r.tunnel.names[0]), "alpha");
	text_copy(r.tunnel.names[1], sizeof(r.tunnel.names[1]), "beta");
	text_copy(r.tunnel.session, sizeof(r.tunnel.session),
		proto == 6 || side == SIDE_ORIG ? "aaaaaaaaaaaa>bbbbbbbbbbbb" : "bbbbbbbbbbbb>aaaaaaaaaaaa");
	give(x, &r, at);
}

void tinc_restart(struct fixture *x, enum side side, double at)
{
	event(x, 17, "U", TUNNEL_TINC, TUNNEL_RESTART, side, at, "seqno");
}

void meta(struct fixture *x, const char *uid, double at)
{
	event(x, 6, uid, TUNNEL_TINC, TUNNEL_HELLO, SIDE_ORIG, at, "ID");
	event(x, 6, uid, TUNNEL_TINC, TUNNEL_ANSWER, SIDE_RESP, at + 0.01, "ID");
	event(x, 6, uid, TUNNEL_TINC, TUNNEL_ESTABLISHED, SIDE_ORIG, at + 0.03, "");
}

void meta_lost_by(struct fixture *x, const char *uid, enum side side, double at, const char *reason)
{
	struct record r = head(x, RECORD_TUNNEL, 6, uid, 0);

	r.tunnel.protocol = TUNNEL_TINC;
	r.tunnel.event = TUNNEL_META_LOST;
	r.tunnel.side = (uint8_t)side;
	r.tunnel.ref = ref(x, at);
	text_copy(r.tunnel.reason, sizeof(r.tunnel.reason), reason);
	text_copy(r.tunnel.names[0], sizeof(r.tunnel.names[0]), "alpha");
	text_copy(r.tunnel.names[1], sizeof(r.tunnel.names[1]), "beta");
	text_copy(r.tunnel.session, sizeof(r.tunnel.session), "aaaaaaaaaaaa>bbbbbbbbbbbb");
	give(x, &r, at);
}

void meta_lost(struct fixture *x, const char *uid, enum side side, double at)
{
	meta_lost_by(x, uid, side, at, "");
}

void refused(struct fixture *x, double at)
{
	struct record r = head(x, RECORD_CONN, 6, "R", at);

	r.conn.syns = 1;
	r.conn.syn_at_ns[0] = 0;
	r.conn.answered = SYN_ANSWER_RST;
	r.conn.answer = ref(x, 0.001);
	give(x, &r, at + 1);
}

void over(struct fixture *x, const struct record *tunnel, double emitted)
{
	struct record t = *tunnel, r = head(x, RECORD_CONN, t.proto, t.uid, 0);

	r.ts_ns = t.ts_ns;
	r.conn.duration_ns = S(1);
	r.conn.side[0].pkts = r.conn.side[1].pkts = 5;
	r.conn.side[0].bytes = r.conn.side[1].bytes = 100;
	r.conn.answered = SYN_ANSWER_SYN_ACK;
	t.tunnel.event = TUNNEL_SUMMARY;
	give(x, &t, emitted);
	give(x, &r, emitted);
}

struct record summary(struct fixture *x, uint8_t proto, const char *uid, enum tunnel_protocol protocol)
{
	struct record r = head(x, RECORD_TUNNEL, proto, uid, 0);

	r.tunnel.protocol = (uint8_t)protocol;
	return r;
}
