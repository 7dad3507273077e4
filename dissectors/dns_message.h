/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One DNS message (RFC 1035, section 4; EDNS of RFC 6891; also mDNS and LLMNR, which share the format). */
#ifndef PCAPDX_DISSECTORS_DNS_MESSAGE_H
#define PCAPDX_DISSECTORS_DNS_MESSAGE_H

#include "base/reader.h"
#include "record/record.h"

#define DNS_TYPE_A 1
#define DNS_TYPE_CNAME 5
#define DNS_TYPE_AAAA 28
#define DNS_TYPE_OPT 41

struct dns_message {
	uint16_t id;
	uint8_t opcode;
	uint16_t rcode; /* with the upper bits of EDNS */
	bool response, authoritative, truncated, recursion_desired, recursion_available, reserved;
	uint16_t questions, answer_records, authority_records, additional_records;
	/* the first question; of an mDNS announcement the first owner of an address */
	char name[256];
	uint16_t type, class;
	bool netbios; /* a NetBIOS name: the format is the same, the protocol is not */
	/* addresses and the first alias among the answers */
	uint32_t answer_count;
	struct addr answers[DNS_ANSWERS_MAX];
	char cname[256];
	enum reader_state state; /* CUT: the capture ends before the message does; what was there is filled in */
};

/* Reads as much as is there. false: less than a header and, where there is one, a first question. */
bool dns_message_read(struct dns_message *m, const uint8_t *data, size_t here, size_t on_wire);

/* A name at r, in text without the last dot ("." for the root). Pointers may only lead backwards, so a loop cannot be
 * made. `whole` is the message from its first byte. r ends up behind the name, or BAD or CUT. */
void dns_name_read(struct reader *r, const struct reader *whole, char *out, size_t size);

#endif
