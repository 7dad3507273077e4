/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is compared of the data: requests, answers, and who speaks at all. */
#include "base/text.h"
#include "compare.h"

static bool open(const struct talk *t)
{
	uint8_t answered = t->conn->conn.answered;

	return t->conn->proto != 6 || answered == SYN_ANSWER_SYN_ACK || answered == SYN_ANSWER_UNSEEN;
}

static void say_method(const struct talk *t, struct text *out)
{
	if (t->http)
		text_add(out, t->http->method);
}

static void say_host(const struct talk *t, struct text *out)
{
	if (t->http)
		text_add(out, t->http->host[0] ? t->http->host : "none");
}

static void say_proxy(const struct talk *t, struct text *out)
{
	if (t->http)
		text_add(out, t->http->proxy ? "a proxy" : "the server");
}

static void say_first_speaker(const struct talk *t, struct text *out)
{
	const struct frame_ref *client = &t->conn->conn.side[SIDE_ORIG].first_data;
	const struct frame_ref *server = &t->conn->conn.side[SIDE_RESP].first_data;

	if (!open(t) || t->conn->conn.midstream)
		return;
	if (!client->frame && !server->frame)
		text_add(out, "nobody");
	else if (!server->frame || (client->frame && client->at_ns <= server->at_ns))
		text_add(out, "the client");
	else
		text_add(out, "the server");
}

static void say_status(const struct talk *t, struct text *out)
{
	if (!t->http)
		return;
	if (t->http->status)
		text_printf(out, "%u", t->http->status);
	else
		text_add(out, "no answer");
}

static void say_data(const struct talk *t, struct text *out)
{
	if (open(t) && t->conn->conn.side[SIDE_ORIG].bytes)
		text_add(out, t->conn->conn.side[SIDE_RESP].bytes ? "some" : "none");
}

static int64_t first_byte(const struct talk *t)
{
	const struct http *h = t->http;
	const struct turn *turn = &t->conn->conn.first_turn;

	if (h && h->response.frame)
		return h->response.at_ns - (h->request_end.frame ? h->request_end.at_ns : h->request.at_ns);
	if (h || !turn->answer.frame || !turn->ask_last.frame)
		return UNSET;
	return turn->answer.at_ns - turn->ask_last.at_ns;
}

/* Of an answer that announced its length; HEAD and 304 announce one that does not come. */
static void say_whole(const struct talk *t, struct text *out)
{
	const struct http *h = t->http;

	if (!h || !h->status || h->announced_body == UINT64_MAX || h->status == 304 || h->method[0] == 'H')
		return;
	text_add(out, h->response_body < h->announced_body ? "shorter than announced" : "as long as announced");
}

static void say_redirect(const struct talk *t, struct text *out)
{
	if (t->http && t->http->status >= 300 && t->http->status < 400)
		text_add(out, t->http->location);
}

static void say_via(const struct talk *t, struct text *out)
{
	if (t->http && t->http->status)
		text_add(out, t->http->server[0] ? t->http->server : "not told");
}

const struct compare_item compare_data_items[] = {
	{"who speaks first", say_first_speaker, NULL, STEP_REQUEST, false, false, NULL},
	{"method", say_method, NULL, STEP_REQUEST, false, false, NULL},
	{"host", say_host, NULL, STEP_REQUEST, false, true, NULL},
	{"asked of", say_proxy, NULL, STEP_REQUEST, false, false, NULL},
	{"status", say_status, NULL, STEP_ANSWER, false, false, NULL},
	{"data from the server", say_data, NULL, STEP_ANSWER, false, false, NULL},
	{"first byte after", NULL, first_byte, STEP_ANSWER, false, false, NULL},
	{"body", say_whole, NULL, STEP_ANSWER, false, false, NULL},
	{"redirected to", say_redirect, NULL, STEP_ANSWER, false, true, NULL},
	{"server software", say_via, NULL, STEP_ANSWER, false, true, NULL},
	{NULL, NULL, NULL, STEPS, false, false, NULL},
};
