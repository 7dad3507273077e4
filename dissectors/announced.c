/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/announced.h"

#include <string.h>

#include "base/table.h"
#include "base/text.h"
#include "record/record.h"

#define ANNOUNCED_MAX 4096

struct key {
	struct addr peer, listener;
	uint16_t port;
};

struct value {
	char service[16];
	int64_t at_ns;
};

static struct key key_of(const struct addr *peer, const struct addr *listener, uint16_t port)
{
	struct key key;

	memset(&key, 0, sizeof(key)); /* compared as bytes */
	key.peer = *peer;
	key.listener = *listener;
	key.port = port;
	return key;
}

void announced_init(struct table *t, size_t *held_bytes)
{
	table_init(t, sizeof(struct key), sizeof(struct value), ANNOUNCED_MAX);
	t->held_bytes = held_bytes;
}

void announced_add(struct table *t, const struct announced *a, int64_t at_ns)
{
	struct key key = key_of(&a->peer, &a->listener, a->port);
	struct value *v;

	table_remove(t, &key);
	v = table_add(t, &key);
	text_copy(v->service, sizeof(v->service), a->service);
	v->at_ns = at_ns;
}

bool announced_take(struct table *t, const struct record *head, bool stays, char service[16])
{
	struct key key = key_of(&head->orig_h, &head->resp_h, head->resp_p);
	const struct value *found = table_find(t, &key);

	if (!found || found->at_ns > head->ts_ns)
		return false;
	memcpy(service, found->service, sizeof(found->service));
	if (!stays)
		table_remove(t, &key);
	return true;
}
