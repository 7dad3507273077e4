/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many messages of a kind a source holds, as Wireshark's display filters tls.handshake.type, tls.alert_message.desc
 * and dns.flags.rcode select them. For the totals of a report only: what happened in which conversation is in records.
 */
#ifndef PCAPDX_DISSECTORS_MESSAGE_COUNTS_H
#define PCAPDX_DISSECTORS_MESSAGE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "record/record.h"

struct message_counts;

/* Grows with the number of the source; free with message_counts_free. */
struct source_messages {
	struct message_counts *by_source; /* owned */
	uint16_t count;
};

struct message_counts *message_counts_of(struct source_messages *all, uint16_t source);
void message_counts_free(struct source_messages *all);

/* Handshake messages in clear or decrypted; types beyond the known ones are not counted. */
void count_tls_message(struct message_counts *n, uint8_t type);
void count_tls_alert(struct message_counts *n, uint8_t code);
/* By the first four bytes of the message (RFC 1035, section 4.1.1); shorter ones do not count. */
void count_dns_message(struct message_counts *n, const uint8_t *bytes, size_t len);

/* Adds to the fields of these counts in a source's record. */
void message_counts_fill(const struct source_messages *all, uint16_t source, struct capture *out);

#endif
