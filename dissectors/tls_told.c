/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a TLS conversation: at rest between the messages that tell it, joined into the record at the end. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissectors/tls_decrypt.h"
#include "dissectors/tls_state.h"

_Static_assert(sizeof(struct tls_told) % sizeof(uint64_t) == 0, "it can be packed");

struct tls_told *tls_told(struct tls_state *st)
{
	if (st->told)
		return st->told;
	st->told = xcalloc(1, sizeof(*st->told));
	if (st->resting)
		packed_open(st->resting, st->told, sizeof(*st->told));
	return st->told;
}

static void set_resting(struct tls_state *st, struct session *s, struct packed *p)
{
	session_charge(s, (ptrdiff_t)packed_size(p) - (ptrdiff_t)packed_size(st->resting));
	free(st->resting);
	st->resting = p;
}

void tls_rest(struct tls_state *st, struct session *s)
{
	if (!st->told)
		return;
	set_resting(st, s, packed_make(st->told, sizeof(*st->told)));
	free(st->told);
	st->told = NULL;
}

static void add_talk(struct tls *t, const struct tls_talk *talk)
{
	t->dtls = talk->dtls;
	t->quic = talk->quic;
	t->client = talk->client;
	t->handshake_cut = talk->handshake_cut;
	t->version = talk->version;
	t->cipher = talk->cipher;
	t->early_data = talk->early_data;
	t->resumed = talk->resumed;
	t->decrypted = talk->decrypted;
	t->tickets = talk->tickets;
	t->inferred_tickets = talk->inferred_tickets;
	t->stage = talk->stage;
	t->inferred_empty_client_cert = talk->inferred_empty_client_cert;
	t->inferred_refusal = talk->inferred_refusal;
	t->inferred_client_alert = talk->inferred_client_alert;
	t->record_version = talk->record_version;
	t->client_hellos = talk->client_hellos;
	t->server_hellos = talk->server_hellos;
	t->certificates_seen = talk->certificates_seen;
	memcpy(t->ends_in_record, talk->ends_in_record, sizeof(t->ends_in_record));
	memcpy(t->hidden_records, talk->hidden_records, sizeof(t->hidden_records));
	memcpy(t->app_data, talk->app_data, sizeof(t->app_data));
	memcpy(t->app_bytes, talk->app_bytes, sizeof(t->app_bytes));
	memcpy(t->at, talk->at, sizeof(t->at));
	memcpy(t->first_record, talk->first_record, sizeof(t->first_record));
}

void tls_emit(struct tls_state *st, struct session *s)
{
	struct tls *t = session_facts(s, RECORD_TLS);

	if (st->told)
		memcpy(t, &st->told->t, sizeof(*t));
	else if (st->resting)
		packed_open(st->resting, t, sizeof(*t));
	add_talk(t, &st->t);
	text_copy(t->via, sizeof(t->via), session_via(s));
	text_copy(t->proxied_host, sizeof(t->proxied_host), session_proxied_host(s));
	session_tell_facts(s, RECORD_TLS);
}

void tls_forget(struct tls_state *st, struct session *s)
{
	tls_crypt_free(st);
	tls_handshake_forget(&st->dir[SIDE_ORIG]);
	tls_handshake_forget(&st->dir[SIDE_RESP]);
	set_resting(st, s, NULL);
	free(st->told);
	st->told = NULL;
}
