/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "diagnose/names.h"

#include <stddef.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"

#define KNOWN_MAX 50000
#define SITES_MAX 4000

struct site {
	struct addr server;
	uint16_t port;
	char host[NAME_SIZE];
};

/* Most names are far shorter than their room. */
static uint32_t tag_of(const struct site *k)
{
	return (uint32_t)hash_seeded(k, offsetof(struct site, host) + strlen(k->host));
}

static struct site site_of(const struct addr *server, uint16_t port, const char *host)
{
	struct site k;

	memset(&k, 0, sizeof(k));
	k.server = *server;
	k.port = port;
	memcpy(k.host, host, strnlen(host, sizeof(k.host) - 1));
	return k;
}

static void count(struct names *n, const struct addr *server, uint16_t port, const char *host, uint64_t requests)
{
	struct site k = site_of(server, port, host);

	*(uint64_t *)table_add_tagged(&n->requests, &k, tag_of(&k)) += requests;
}

static void settle(struct names *n, struct known_name *k)
{
	if (k->requests)
		count(n, table_key_of(&n->known, k), k->port, k->text, k->requests);
	k->requests = 0;
}

static void drop(void *owner, void *value)
{
	settle(owner, value);
}

void names_init(struct names *n, size_t *held_bytes)
{
	table_init(&n->known, sizeof(struct addr), sizeof(struct known_name), KNOWN_MAX);
	table_init(&n->requests, sizeof(struct site), sizeof(uint64_t), SITES_MAX);
	n->known.drop = drop;
	n->known.owner = n;
	n->known.held_bytes = n->requests.held_bytes = held_bytes;
}

void names_free(struct names *n)
{
	table_free(&n->known);
	table_free(&n->requests);
}

/* NULL: nothing that could be named, or no name. */
static struct known_name *learn(struct names *n, const struct addr *a, const char *name)
{
	uint32_t tag = table_tag(&n->known, a);
	struct known_name *k;

	if (!*name)
		return NULL;
	k = table_find_tagged(&n->known, a, tag);
	if (!k && (!addr_is_set(a) || addr_is_multicast(a)))
		return NULL;
	k = k ? k : table_add_tagged(&n->known, a, tag);
	if (strcmp(k->text, name) != 0) {
		settle(n, k);
		text_copy(k->text, sizeof(k->text), name);
	}
	return k;
}

void names_learn(struct names *n, const struct addr *a, const char *name)
{
	learn(n, a, name);
}

void names_learn_first(struct names *n, const struct addr *a, const char *name)
{
	if (!table_find(&n->known, a))
		learn(n, a, name);
}

void names_request(struct names *n, const struct record *r)
{
	const struct http *h = &r->http;
	struct known_name *k = h->proxied_host[0] ? NULL : learn(n, &r->resp_h, h->host);

	if (!h->status)
		return;
	if (!k) {
		count(n, &r->resp_h, r->resp_p, h->host, 1);
		return;
	}
	if (k->port != r->resp_p)
		settle(n, k);
	k->port = r->resp_p;
	k->requests++;
}

void names_expect(const struct names *n, const struct record *const *requests, int count)
{
	uint32_t tags[NAMES_AHEAD];

	for (int i = 0; i < count && i < NAMES_AHEAD; i++) {
		tags[i] = table_tag(&n->known, &requests[i]->resp_h);
		table_fetch_slot(&n->known, tags[i]);
	}
	for (int i = 0; i < count && i < NAMES_AHEAD; i++)
		table_fetch_entry(&n->known, tags[i]);
}

void names_settle(struct names *n)
{
	for (struct table_entry *e = table_next(&n->known, NULL); e; e = table_next(&n->known, e))
		settle(n, table_value(e));
}

const char *names_find(const struct names *n, const struct addr *a)
{
	const struct known_name *k = table_find(&n->known, a);

	return k ? k->text : "";
}

uint64_t names_requests(const struct names *n, const struct addr *server, uint16_t port, const char *host)
{
	struct site k = site_of(server, port, host);
	const uint64_t *requests = table_find_tagged(&n->requests, &k, tag_of(&k));

	return requests ? *requests : 0;
}
