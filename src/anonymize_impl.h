/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of --anonymize call of each other: pieces of a frame, rewritten in place, their lengths kept. */
#ifndef PCAPDX_ANONYMIZE_IMPL_H
#define PCAPDX_ANONYMIZE_IMPL_H

#include <stdbool.h>
#include <string.h>

#include "anonymize.h"

struct span {
	uint8_t *p;
	size_t n;
};

static inline struct span span_skip(struct span s, size_t n)
{
	n = n < s.n ? n : s.n;
	return (struct span){ s.p + n, s.n - n };
}

static inline struct span span_first(struct span s, size_t n)
{
	return (struct span){ s.p, n < s.n ? n : s.n };
}

/* Everything from `keep` on becomes zeros. */
static inline void span_wipe(struct span s, size_t keep)
{
	if (s.n > keep)
		memset(s.p + keep, 0, s.n - keep);
}

static inline unsigned span_u16(struct span s, size_t at)
{
	return s.n < at + 2 ? 0 : (unsigned)s.p[at] << 8 | s.p[at + 1];
}

/* Nothing where the span is too short. */
void map_mac_at(const struct anonymizer *a, struct span s, size_t at);
void map_v4_at(const struct anonymizer *a, struct span s, size_t at);
void map_v6_at(const struct anonymizer *a, struct span s, size_t at);

/* Payload of a datagram or segment: what carries a diagnosis stays (types, lengths, versions, status), names and
 * addresses are mapped, everything else becomes zeros. */
void map_payload(const struct anonymizer *a, struct span s, bool tcp, unsigned from_port, unsigned to_port);
void map_dns(const struct anonymizer *a, struct span s);
void map_dhcp(const struct anonymizer *a, struct span s);
bool map_tls(const struct anonymizer *a, struct span s); /* false: not TLS, untouched */
bool map_lines(const struct anonymizer *a, struct span s); /* HTTP, FTP and their like; as above */

/* Behind an Ethernet type. */
void map_by_type(const struct anonymizer *a, struct span s, unsigned type, int depth);
void map_ethernet(const struct anonymizer *a, struct span s, int depth);
/* After the payload: the checksum of a whole, unfragmented TCP, UDP or ICMP message under that IP header. `was` says
 * what it was worth before. */
enum sum_was {
	SUM_NONE,    /* not there, or the message is not whole: it becomes zero */
	SUM_RIGHT,
	SUM_PARTIAL, /* of the pseudo header: left to the network card */
	SUM_WRONG,
};
enum sum_was transport_sum_was(const uint8_t *ip, struct span transport, uint8_t proto);
void transport_sum(const uint8_t *ip, struct span transport, uint8_t proto, enum sum_was was);

#endif
