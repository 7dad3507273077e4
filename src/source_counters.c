/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters by source, told in the record of each. */
#include "source_counters.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "capture/capture.h"
#include "decode/decode.h"

void source_counters_free(struct source_counters *all)
{
	free(all->list);
}

void source_counters_reach(struct source_counters *all, uint16_t source)
{
	all->list = xrealloc(all->list, (source + 1u) * sizeof(*all->list));
	memset(all->list + all->count, 0, (source + 1u - all->count) * sizeof(*all->list));
	all->count = (uint16_t)(source + 1);
}

void source_count_odd(struct source_count *n, const struct frame *f, const struct packet *p)
{
	if (p->verdict == PACKET_BAD || p->fault == FAULT_UDP_LENGTH) {
		n->faults[p->fault]++;
		if (!n->first_fault)
			n->first_fault = f->number;
	}
	if (p->kind == PACKET_OTHER && !decode_knows(f->link_type))
		n->unknown_link++;
}

static void list_faults(const struct source_count *n, struct capture *out)
{
	struct text t = { 0 };

	for (int i = 1; i < FAULT_KINDS; i++)
		if (n->faults[i]) {
			text_printf(&t, "%s%s %llu", t.len ? ", " : "", decode_fault_name(i),
				(unsigned long long)n->faults[i]);
			out->malformed += n->faults[i];
		}
	text_copy(out->malformed_kinds, sizeof(out->malformed_kinds), text_str(&t));
	text_free(&t);
	out->malformed_frame = n->first_fault;
}

void source_counters_tell(const struct source_counters *all, uint16_t source, struct capture *out)
{
	const struct source_count *n;

	if (source >= all->count)
		return;
	n = &all->list[source];
	list_faults(n, out);
	out->tcp_packets = n->kinds[PACKET_TCP];
	out->udp_packets = n->kinds[PACKET_UDP];
	out->icmp_packets = n->kinds[PACKET_ICMP];
	out->arp_packets = n->kinds[PACKET_ARP];
	out->other_packets = n->kinds[PACKET_OTHER] + n->kinds[PACKET_IP] + n->kinds[PACKET_FRAGMENT];
	out->unknown_link = n->unknown_link;
	out->duplicates = n->duplicates;
	out->duplicates_frame = n->duplicates_frame;
}
