/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dissectors/message_counts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DNS_HEADER 12

struct message_counts {
	uint64_t tls_messages[TLS_MESSAGE_TYPES], tls_alerts[TLS_ALERT_CODES];
	uint64_t dns_queries, dns_responses, dns_rcodes[DNS_RCODES];
};

struct message_counts *message_counts_of(struct source_messages *all, uint16_t source)
{
	if (source >= all->count) {
		uint16_t count = (uint16_t)(source + 1);

		all->by_source = xrealloc(all->by_source, count * sizeof(*all->by_source));
		memset(all->by_source + all->count, 0, (count - all->count) * sizeof(*all->by_source));
		all->count = count;
	}
	return &all->by_source[source];
}

void message_counts_free(struct source_messages *all)
{
	free(all->by_source);
	all->by_source = NULL;
	all->count = 0;
}

void count_tls_message(struct message_counts *n, uint8_t type)
{
	if (type < TLS_MESSAGE_TYPES)
		n->tls_messages[type]++;
}

void count_tls_alert(struct message_counts *n, uint8_t code)
{
	if (code < TLS_ALERT_CODES)
		n->tls_alerts[code]++;
}

void count_dns_message(struct message_counts *n, const uint8_t *bytes, size_t len)
{
	if (len < DNS_HEADER)
		return;
	if (!(bytes[2] & 0x80)) {
		n->dns_queries++;
		return;
	}
	n->dns_responses++;
	n->dns_rcodes[bytes[3] & 0x0f]++;
}

static void add(uint64_t *sums, const uint64_t *more, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sums[i] += more[i];
}

void message_counts_fill(const struct source_messages *all, uint16_t source, struct capture *out)
{
	const struct message_counts *n;

	if (source >= all->count)
		return;
	n = &all->by_source[source];
	add(out->tls_messages, n->tls_messages, TLS_MESSAGE_TYPES);
	add(out->tls_alerts, n->tls_alerts, TLS_ALERT_CODES);
	add(out->dns_rcodes, n->dns_rcodes, DNS_RCODES);
	out->dns_queries += n->dns_queries;
	out->dns_responses += n->dns_responses;
}
