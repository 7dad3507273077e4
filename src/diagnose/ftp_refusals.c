/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/ftp_refusals.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "dissectors/ftp_data.h"

#define CONTROLS_MAX 2000
#define NOT_LOGGED_IN 530
#define BAD_SEQUENCE 503 /* some say it for "log in first" */
#define NEEDS_ACCOUNT 532

struct pair_key {
	struct addr client, server;
	uint16_t port, pad;
};

void ftp_refusals_init(struct ftp_refusals *s)
{
	table_init(&s->open, UID_SIZE, sizeof(struct ftp_refusal), CONTROLS_MAX);
	table_init(&s->agreed, sizeof(struct pair_key), sizeof(int64_t), CONTROLS_MAX);
}

static bool is_one_of(const char *command, const char *const *list)
{
	for (; *list; list++)
		if (strcasecmp(command, *list) == 0)
			return true;
	return false;
}

bool ftp_is_transfer(const struct ftp *f)
{
	static const char *const commands[] = {"RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD", NULL};

	return is_one_of(f->command, commands);
}

static bool asks_for_port(const struct ftp *f)
{
	static const char *const commands[] = {"PORT", "EPRT", "PASV", "EPSV", NULL};

	return is_one_of(f->command, commands);
}

bool ftp_is_active(const char *command)
{
	static const char *const commands[] = {"PORT", "EPRT", NULL};

	return is_one_of(command, commands);
}

static bool is_refusal(const struct ftp *f)
{
	return asks_for_port(f) && f->code >= 500 && f->code < 600 && f->code != NOT_LOGGED_IN &&
	       f->code != BAD_SEQUENCE && f->code != NEEDS_ACCOUNT;
}

static struct pair_key pair_of(const struct addr *client, const struct addr *server, uint16_t port)
{
	struct pair_key k;

	memset(&k, 0, sizeof(k));
	k.client = *client;
	k.server = *server;
	k.port = port;
	return k;
}

static struct evidence at(const struct record *r, const struct frame_ref *ref)
{
	return (struct evidence){.source = ref->source, .frame = ref->frame, .ts_ns = r->ts_ns + ref->at_ns};
}

static void open_refusal(struct ftp_refusals *s, const struct record *r)
{
	struct ftp_refusal *v = table_add(&s->open, record_uid(r));
	const struct ftp *f = &r->ftp;
	struct line arg = {(const uint8_t *)f->arg, strlen(f->arg)};
	struct ftp_endpoint named = {.port = 0};

	memset(v, 0, sizeof(*v));
	v->client = r->orig_h;
	v->server = r->resp_h;
	v->port = r->resp_p;
	v->code = f->code;
	v->ts_ns = r->ts_ns + f->response.at_ns;
	text_copy(v->command, sizeof(v->command), f->command);
	text_copy(v->message, sizeof(v->message), f->message);
	v->asked = at(r, &f->request);
	text_copy(v->asked.what, sizeof(v->asked.what), f->command);
	if (ftp_is_active(f->command) && ftp_endpoint_read(&arg, &r->orig_h, &named))
		v->named = named.addr;
	v->refused = at(r, &f->response);
	snprintf(v->refused.what, sizeof(v->refused.what), "%u %.60s", f->code, f->message);
}

bool ftp_refusals_take(struct ftp_refusals *s, const struct record *r, ftp_refusal_fn *failed, void *arg)
{
	struct ftp_refusal *v = s->open.count ? table_find(&s->open, record_uid(r)) : NULL;

	if (is_refusal(&r->ftp)) {
		if (v && !strcmp(v->command, r->ftp.command))
			failed(arg, v); /* the next attempt */
		open_refusal(s, r);
		return true;
	}
	if (asks_for_port(&r->ftp) && r->ftp.code / 100 == 2) {
		struct pair_key k = pair_of(&r->orig_h, &r->resp_h, r->resp_p);

		*(int64_t *)table_add(&s->agreed, &k) = r->ts_ns + r->ftp.response.at_ns;
		if (v)
			table_remove(&s->open, record_uid(r));
		return false;
	}
	if (!v || r->ftp.code < 400 || !ftp_is_transfer(&r->ftp))
		return false;
	failed(arg, v);
	table_remove(&s->open, record_uid(r));
	return true;
}

void ftp_refusals_forget(struct ftp_refusals *s, const struct record *conn)
{
	if (s->open.count)
		table_remove(&s->open, record_uid(conn));
}

void ftp_refusals_finish(struct ftp_refusals *s, ftp_refusal_fn *failed, void *arg)
{
	for (struct table_entry *e = table_next(&s->open, NULL); e; e = table_next(&s->open, e))
		failed(arg, table_value(e));
}

bool ftp_refusal_fell_back(const struct ftp_refusals *s, const struct ftp_refusal *refusal)
{
	struct pair_key k = pair_of(&refusal->client, &refusal->server, refusal->port);
	const int64_t *agreed_ns = table_find(&s->agreed, &k);

	return agreed_ns && *agreed_ns > refusal->ts_ns;
}

void ftp_refusals_free(struct ftp_refusals *s)
{
	table_free(&s->open);
	table_free(&s->agreed);
}
